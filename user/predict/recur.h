/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recurrence expert: bursts that come back. */
#ifndef PREDICT_RECUR_H
#define PREDICT_RECUR_H

#include <stdbool.h>

#include "predict/grid.h"
#include "predict/period.h"
#include "predict/predict.h"
#include "predict/ring.h"

#define PREDICT_RECUR_CLASSES	3	/* short, middle, long periods */
#define PREDICT_RECUR_SLOTS	(2 * PREDICT_RECUR_CLASSES)
#define PREDICT_RECUR_BACK	6	/* periods looked back */
#define PREDICT_RECUR_SAMPLES	(3 * PREDICT_RECUR_BACK)

/*
 * A period under watch; @period 0: free.
 *
 * @own: discounted pinball loss of its forecasts, @other: that of the rest of
 *	the mixture, per horizon; the memory is one period.
 */
struct predict_recur_slot {
	float period;
	float age;
	float own;
	float other[PREDICT_HORIZONS_MAX];
};

struct predict_recur {
	struct predict_period found;
	struct predict_recur_slot slot[PREDICT_RECUR_SLOTS];
	float rate[PREDICT_HORIZONS_MAX];	/* recent loss of the rest */
	unsigned int nhorizons;
	unsigned int until_scan;
};

/* @room: PREDICT_PERIOD_ROOM(@period_max) floats. */
void predict_recur_init(struct predict_recur *r, float *room,
			unsigned int period_max, unsigned int nhorizons);
/* The next value and its single sample, before @past gets it. */
void predict_recur_score(struct predict_recur *r,
			 const struct predict_ring *past, double sample,
			 const double *probs, unsigned int nprobs);
/* The loss that the rest of the mixture had, for this step and @steps - 1 more. */
void predict_recur_other(struct predict_recur *r, unsigned int horizon,
			 unsigned int steps, double loss);
/* Looks for periods; after score() and other(), before @past gets it. */
void predict_recur_learn(struct predict_recur *r,
			 const struct predict_ring *past, double value);
/*
 * The weight 0..1 against the rest of the mixture for horizon @horizon, and
 * the period that earned it.
 */
double predict_recur_weight(const struct predict_recur *r,
			    unsigned int horizon, double *period);
/* The same for the horizon that has most, and for targets that are calm. */
double predict_recur_proven(const struct predict_recur *r, double *period);
/*
 * Do all of these but the ends, 5 % each, lie close together, compared with the
 * series? @s: from predict_recur_samples(), @n of them, 1 or more.
 */
bool predict_recur_is_calm(const struct predict_recur *r,
			   const struct predict_sample *s, unsigned int n);
/*
 * The forecast @h steps after the newest value of @past: sorted samples, their
 * weights summing to 1. Returns how many; 0: @past is too short.
 */
unsigned int predict_recur_samples(const struct predict_ring *past,
				   double period, unsigned int h,
				   struct predict_sample *out);

#endif /* PREDICT_RECUR_H */
