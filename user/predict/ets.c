// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * ETS: exponential smoothing, of a level and perhaps of a trend that dies away
 * (Hyndman's ANN and AAdN), with its own errors as its distribution.
 *
 *	foreseen(i) = level(i - 1) + phi trend(i - 1),	e = x(i) - foreseen(i)
 *	level(i) = foreseen(i) + a e
 *	trend(i) = phi trend(i - 1) + a b e,		phi = 0.9
 *	f(i, h) = level(i) + (phi + phi^2 + ... + phi^h) trend(i)
 *
 * for four models: a = 0.1, 0.3 and 1 without a trend (b = 0), and a = 0.3 with
 * one of b = 0.1. That with the least mean |e|, of a memory of 100 steps, is
 * taken: how quick the level is, and whether there is a trend, is found. The
 * forecast h steps ahead is, for the last 64 moments i whose outcome is known,
 *
 *	f(now, h) + value(i + h) - f(i, h),	weight 0.985^age
 *
 * Assumption: noise is around a level that moves slowly, and errors come again.
 * With a = 1 the level is the last value, and what repeats is its changes, as of
 * a random walk. So it can forecast what was never seen, as "recall-moves"
 * (recall.c) and the walk can. Seasons are recurrence's (recur.c).
 *
 * Example: 10 20 30 40, a = 1, h = 2: the changes over two steps were 20 and 20:
 * 60. After 100 and 110 in no order, a = 0.1 has a level near 105 and errors near
 * 5 either way: 100 and 110, whatever came last.
 */
#include <string.h>

#include "predict/bell.h"
#include "predict/expert.h"

#define KEEP_ERRORS	0.985f	/* weight of an error, a step of age */

/* All weights, where no value is missing: the same each time. */
static float all_weights[PREDICT_CHANGES];

static void to_shares(float *weight, unsigned int n, float sum)
{
	for (unsigned int i = 0; i < n; i++)
		weight[i] /= sum;
}

PREDICT_AT_START
static void fill_weights(void)
{
	float age = 1, sum = 0;

	for (int i = 0; i < PREDICT_CHANGES; i++, age *= KEEP_ERRORS) {
		all_weights[i] = age;
		sum += age;
	}
	to_shares(all_weights, PREDICT_CHANGES, sum);
}

/* Of PREDICT_CHANGES moments, the newest first. */
static void all_samples(const float *restrict value, const float *restrict from,
			float now, struct predict_changes *restrict out)
{
	memcpy(out->weight, all_weights, sizeof(out->weight));
	for (int i = 0; i < PREDICT_CHANGES; i++)
		out->value[i] = now + (value[PREDICT_CHANGES - 1 - i] -
				       from[PREDICT_CHANGES - 1 - i]);
	out->n = PREDICT_CHANGES;
}

static void some_samples(const struct predict_history *h,
			 unsigned int steps, const float *from,
			 struct predict_changes *out)
{
	float age = 1, sum = 0;
	unsigned int n = 0;

	for (unsigned int i = h->n - steps; i-- && n < PREDICT_CHANGES;
	     age *= KEEP_ERRORS) {
		if (!(h->there[i + steps] > 0))
			continue;
		out->weight[n] = age;
		out->value[n] = from[h->n - 1] + (h->value[i + steps] - from[i]);
		sum += out->weight[n++];
	}
	to_shares(out->weight, n, sum);
	out->n = n;
}

PREDICT_HOT
void predict_ets_samples(const struct predict_ets *e,
			 const struct predict_history *h, unsigned int steps,
			 struct predict_changes *out)
{
	float from[PREDICT_HISTORY], far = 0, power = PREDICT_ETS_PHI;

	for (unsigned int k = 0; k < steps; k++, power *= PREDICT_ETS_PHI)
		far += power;
	for (unsigned int i = 0; i < h->n; i++)
		from[i] = e->level[i] + far * e->trend[i];
	if (h->whole && h->n - steps >= PREDICT_CHANGES)
		all_samples(h->value + h->n - PREDICT_CHANGES,
			    from + h->n - steps - PREDICT_CHANGES,
			    from[h->n - 1], out);
	else
		some_samples(h, steps, from, out);
}
