/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which periods does a series show? Online autocorrelation. */
#ifndef PREDICT_PERIOD_H
#define PREDICT_PERIOD_H

#include "predict/ring.h"

#define PREDICT_PERIOD_MIN	4	/* steps; shorter ones are noise */
#define PREDICT_PERIOD_GROUPS	11
#define PREDICT_PERIOD_TOP	3

/*
 * @c: per lag 0..max + 2 the discounted sum of products z(t) z(t - lag).
 * @power: per group of lags (one per octave, lags of a group share their
 *	memory) the discounted sum of z(t)^2.
 * @mean, @var: slow moments of the values, for z = (x - mean) / sd.
 */
struct predict_period {
	float *c;
	unsigned int max;
	float power[PREDICT_PERIOD_GROUPS];
	double mean, var, seen;
};

/* Floats of room for periods up to @max. */
#define PREDICT_PERIOD_ROOM(max) ((max) + 3)

void predict_period_init(struct predict_period *p, float *room,
			 unsigned int max);
/* The value that comes next; @past holds those before it. */
void predict_period_update(struct predict_period *p,
			   const struct predict_ring *past, double value);
/*
 * The strongest periods, best first, with fractions where multiples of the
 * period tell them. Returns how many, up to PREDICT_PERIOD_TOP.
 */
unsigned int predict_period_find(const struct predict_period *p,
				 double *period);

#endif /* PREDICT_PERIOD_H */
