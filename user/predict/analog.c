// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Analogs: what came after moments like this one?
 *
 * With the distance d of moment i from now by a measure of bandwidth b,
 *
 *	weight(i) = keep^(n - 1 - i) (exp(-d^2 / 2 b^2) + 0.001)
 *
 * and the forecast for h steps is the values at i + h, so weighted: a kernel
 * estimate of the distribution given the present (Nadaraya 1964, Watson 1964;
 * of quantiles: Stone 1977). Two measures multiply. Without one (the "recent"
 * experts and "values") it is the exponentially forgotten distribution of all
 * values. Assumption: the future depends on what the measure sees, and in the
 * same way as in the window. The 0.001 answers a state never seen before with
 * the distribution of all values.
 *
 * Example, h = 1, values 0 9 0 9 0 9 0, by rank with b = 0.15: now is 0; the
 * three earlier zeros are at distance 0, weight 1.001, the nines at rank
 * distance 0.5, weight 0.004 + 0.001. After zeros came 9, after nines 0: the
 * forecast is 9 with probability 3.003 / 3.018 = 99.5 %. Of all values less
 * than half are 9.
 *
 * exp() is that of bell.h.
 */
#include <string.h>

#include "predict/bell.h"
#include "predict/expert.h"

#define FLOOR	0.001f

PREDICT_HOT
void predict_analog_weigh(const struct predict_expert *e,
			  const struct predict_history *h, float *weight)
{
	const float *d0 = h->distance[e->by[0]], *d1 = h->distance[e->by[1]];
	float a = 0.5f / (e->width[0] * e->width[0]);
	float b = 0.5f / (e->width[1] * e->width[1]);
	float age = 1;
	v4 ages;
	unsigned int n = h->n, i;

	for (i = 0; i < n; i += 4)
		*(v4 *)(weight + i) =
			predict_decay4(a * *(const v4 *)(d0 + i) +
				       b * *(const v4 *)(d1 + i)) + FLOOR;
	memset(weight + n, 0, (PREDICT_HISTORY - n) * sizeof(*weight));
	if (e->keep == 1)
		return;
	/* Four ages at a time: one after the other they would wait. */
	for (int k = 4; k--; age *= e->keep)
		ages[k] = age;
	for (i = n; i >= 4; i -= 4) {
		*(v4 *)(weight + i - 4) *= ages;
		ages *= age;
	}
	for (unsigned int k = 3; i--; k--)
		weight[i] *= ages[k];
}
