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

/*
 * keep^age of each expert, the newest at PREDICT_HISTORY - 1, then 0; of those without
 * a measure all of the weight.
 */
static float faded[PREDICT_ANALOG_EXPERTS][PREDICT_HISTORY + 16];

/* In steps of four, one for each of four chains. */
PREDICT_AT_START
static void fill_faded(void)
{
	for (int e = 0; e < PREDICT_ANALOG_EXPERTS; e++) {
		float *to = faded[e], keep = predict_experts[e].keep;
		float age[4] = { 1 }, four;

		for (int k = 1; k < 4; k++)
			age[k] = age[k - 1] * keep;
		four = age[3] * keep;
		_Static_assert(PREDICT_HISTORY % 4 == 0, "filled by four");
		for (unsigned int i = PREDICT_HISTORY; i; i -= 4)
			for (int k = 0; k < 4; k++) {
				to[i - 1 - k] = age[k];
				age[k] *= four;
			}
		for (int i = 0; i < PREDICT_HISTORY; i++)
			if (predict_experts[e].by[0] == PREDICT_BY_NONE)
				to[i] *= 1 + FLOOR;
	}
}

static void weigh_one(const float *restrict d, float a,
		      const float *restrict age, unsigned int n,
		      float *restrict weight)
{
	for (unsigned int i = 0; i < n; i++)
		weight[i] = (predict_decay(a * d[i]) + FLOOR) * age[i];
}

static void weigh_two(const float *restrict d, float a,
		      const float *restrict f, float b,
		      const float *restrict age, unsigned int n,
		      float *restrict weight)
{
	for (unsigned int i = 0; i < n; i++)
		weight[i] = (predict_decay(a * d[i] + b * f[i]) + FLOOR) *
			    age[i];
}

PREDICT_HOT
const float *predict_analog_weigh(unsigned int expert,
				  const struct predict_history *h, float *room)
{
	const struct predict_expert *e = &predict_experts[expert];
	const float *age = faded[expert] + PREDICT_HISTORY - h->n;
	float a = 0.5f / (e->width[0] * e->width[0]);
	float b = 0.5f / (e->width[1] * e->width[1]);

	if (e->by[0] == PREDICT_BY_NONE)
		return age;
	if (e->by[1] == PREDICT_BY_NONE)
		weigh_one(h->distance[e->by[0]], a, age, h->n, room);
	else
		weigh_two(h->distance[e->by[0]], a, h->distance[e->by[1]], b,
			  age, h->n, room);
	memset(room + h->n, 0, 16 * sizeof(*room));
	return room;
}
