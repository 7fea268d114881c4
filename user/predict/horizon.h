/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One horizon of a series: forecasts under way, their losses, their weights. */
#ifndef PREDICT_HORIZON_H
#define PREDICT_HORIZON_H

#include <stdbool.h>
#include <stdint.h>

#include "predict/calibrate.h"
#include "predict/mixture.h"
#include "predict/predict.h"

/* What all horizons of a series have in common; only the bounds ever change. */
struct predict_setup {
	double probs[PREDICT_PROBS_MAX];
	unsigned int nprobs;
	double lower, upper;
	int only;		/* an expert's index, or -1 for all */
};

/* predict_setup.only beyond the others */
#define PREDICT_ONLY_RECUR	PREDICT_EXPERTS

/*
 * @stride: every so many steps a forecast is kept, to be scored @steps later.
 * @slot: the kept ones, a ring of @slots, see horizon.c.
 * @loss: discounted loss [nprobs][PREDICT_EXPERTS].
 * @naive_error: discounted mean absolute error of naive.
 * @own, @naive, @usual, @inside, @width, @weight: discounted sums for predict_score.
 * @out_*: the current forecast.
 */
struct predict_horizon {
	unsigned int steps, stride, slots;
	unsigned char *slot;
	float *loss;
	struct predict_calibration calibration;
	float naive_error;
	float own, naive, inside, width, weight;
	uint64_t scored;
	float usual, out_mean, out_q[PREDICT_PROBS_MAX], out_recurrence;
};

/* Floats of room for a horizon of @steps that keeps up to @pending forecasts. */
size_t predict_horizon_room(unsigned int steps, unsigned int pending,
			    unsigned int nprobs);
void predict_horizon_init(struct predict_horizon *h, float *room,
			  unsigned int steps, unsigned int pending,
			  unsigned int nprobs);

/*
 * The outcome @value at time @now, for the forecast of @steps ago; @window: the values
 * before it. False when that forecast was not kept; else *@rest is the loss of all but
 * recurrence, what that is compared with.
 */
bool predict_horizon_score(struct predict_horizon *h,
			   const struct predict_setup *setup,
			   const struct predict_pool *window, uint64_t now,
			   double value, double *rest);

/*
 * Forecasts from the experts' weights in @step and @nrecur samples of the
 * recurrence expert with weight @recurrence.
 */
void predict_horizon_forecast(struct predict_horizon *h,
			      const struct predict_setup *setup, uint64_t now,
			      const struct predict_step *step,
			      const struct predict_sample *recur,
			      unsigned int nrecur, double recurrence);

/*
 * What was forecast last stands for now, too, and is scored as such; @last: the value
 * now. A forecast was kept a stride before.
 */
void predict_horizon_repeat(struct predict_horizon *h,
			    const struct predict_setup *setup, uint64_t now,
			    float last);

/* ---- for the evaluation; neither is used to forecast ---- */

/*
 * A mixture before recurrence and calibration, by probability.
 *
 * @q: its quantiles.
 * @weight: its experts' weights, of sum 1, 0 for those asleep.
 * @said: F_e(q) in units of 1/254, or PREDICT_ASLEEP.
 */
struct predict_mix {
	float q[PREDICT_PROBS_MAX];
	float weight[PREDICT_PROBS_MAX][PREDICT_EXPERTS];
	unsigned char said[PREDICT_PROBS_MAX][PREDICT_EXPERTS];
};

/*
 * What @weight, by probability and expert, would forecast now; NULL: the
 * horizon's own weights. False: nothing is known yet, or all of them sleep.
 */
bool predict_horizon_mix(const struct predict_horizon *h,
			 const struct predict_setup *setup,
			 const struct predict_step *step,
			 const float (*weight)[PREDICT_EXPERTS],
			 struct predict_mix *out);

/* s / 2 mean (horizon.c) at the @k-th of a mixture's quantiles @q. */
float predict_horizon_scale(const struct predict_setup *setup, const float *q,
			    unsigned int k, float mean);

#endif /* PREDICT_HORIZON_H */
