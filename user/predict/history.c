// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * How far is each moment of the recent past from now?
 *
 * The experts forecast with what came after moments that looked like this one
 * (analog.c). What "like" means differs: the rank of the value, the level that
 * it fluctuates around, the shape of the last few values. Ranks are robust
 * and right for counts and for heavy tails; levels see drift; shapes see
 * patterns that repeat. Distances are in units of the window's own spread, so
 * that no constant depends on the unit of the series.
 */
#include <float.h>
#include <math.h>
#include <string.h>

#include "predict/bell.h"
#include "predict/history.h"

#define LEVEL_ALPHA	0.3f
#define SLOW_ALPHA	0.1f
#define BASE_ALPHA	0.03f
#define FAR		1e6f	/* no such moment: the window begins there */

static void lay_out(struct predict_history *h, const struct predict_pool *pool,
		    const struct predict_ring *past, const uint8_t *missing)
{
	unsigned int n = pool->used, oldest = n < pool->size ? 0 : pool->next;
	unsigned int late = n - oldest;

	h->n = n;
	memcpy(h->value, pool->fifo + oldest, late * sizeof(*h->value));
	memcpy(h->value + late, pool->fifo, oldest * sizeof(*h->value));
	memset(h->value + n, 0, (PREDICT_HISTORY - n) * sizeof(float));
	predict_ring_last(past, n, h->state);
	for (unsigned int i = 0; i < n; i++)
		h->there[i] = 1;
	for (unsigned int at = 0; at < n; at++) {
		if (!(at % 8) && !missing[at / 8])
			at += 7;
		else if (missing[at / 8] >> at % 8 & 1)
			h->there[at >= oldest ? at - oldest : at + late] = 0;
	}
	for (unsigned int i = 0; i < n; i++)
		h->sorted[i] = pool->order[i] >= oldest ?
			pool->order[i] - oldest :
			pool->order[i] + pool->size - oldest;
}

/* Equal values have equal ranks, the middle one. */
static void rank(struct predict_history *h)
{
	unsigned int end;

	for (unsigned int i = 0; i < h->n; i = end) {
		float v = h->value[h->sorted[i]];

		for (end = i + 1; end < h->n; end++)
			if (h->value[h->sorted[end]] != v)
				break;
		for (unsigned int k = i; k < end; k++)
			h->rank[h->sorted[k]] =
				0.5f * (float)(i + end) / (float)h->n;
	}
}

/* Exponential smoothing; the three levels at once, as each has to wait. */
static float smooth(struct predict_history *h)
{
	float level = h->state[0], slow = level, base = level;

	for (unsigned int i = 0; i < h->n; i++) {
		float a = i < 34 ? 1 / (float)(i + 1) : 0, x = h->state[i];

		level += (a > LEVEL_ALPHA ? a : LEVEL_ALPHA) * (x - level);
		slow += (a > SLOW_ALPHA ? a : SLOW_ALPHA) * (x - slow);
		base += (a > BASE_ALPHA ? a : BASE_ALPHA) * (x - base);
		h->level[i] = level;
		h->slow[i] = slow;
	}
	return base;
}

/* The mean distance of @x from @from; never 0. */
static float spread(const float *x, unsigned int n, float from)
{
	float sum[4] = { 0 }, tiny = FLT_MIN * 1e6f, mean;

	for (unsigned int i = 0; i + 4 <= n; i += 4)
		for (unsigned int k = 0; k < 4; k++)
			sum[k] += fabsf(x[i + k] - from);
	for (unsigned int i = n / 4 * 4; i < n; i++)
		sum[0] += fabsf(x[i] - from);
	mean = ((sum[0] + sum[1]) + (sum[2] + sum[3])) / (float)n;
	return mean > tiny ? mean : tiny;
}

/* out[i] (+)= ((x[i - lag] - x[n - 1 - lag]) / unit)^2 */
static void add_square(float *out, const float *x, unsigned int n,
		       unsigned int lag, float unit)
{
	float now = lag < n ? x[n - 1 - lag] : 0, inv = 1 / unit;

	for (unsigned int i = 0; i < lag && i < n; i++)
		out[i] = FAR;
	for (unsigned int i = lag; i < n; i++) {
		float d = (x[i - lag] - now) * inv;

		/* Beyond this all are equally far, and squares stay finite. */
		d = d > 1e3f ? 1e3f : d < -1e3f ? -1e3f : d;
		out[i] += d * d;
	}
}

PREDICT_HOT
void predict_history_fill(struct predict_history *h,
			  const struct predict_pool *pool,
			  const struct predict_ring *past,
			  const uint8_t *missing)
{
	float unit;
	unsigned int n;

	lay_out(h, pool, past, missing);
	n = h->n;
	if (!n)
		return;
	rank(h);
	unit = spread(h->state, n, smooth(h));
	memset(h->distance, 0, sizeof(h->distance));
	add_square(h->distance[PREDICT_BY_LEVEL], h->level, n, 0,
		   spread(h->level, n, h->level[n - 1]));
	add_square(h->distance[PREDICT_BY_SLOW], h->slow, n, 0,
		   spread(h->slow, n, h->slow[n - 1]));
	add_square(h->distance[PREDICT_BY_RANK], h->rank, n, 0, 1);
	for (unsigned int lag = 0; lag < 12; lag++) {
		add_square(h->distance[PREDICT_BY_SHAPE12], h->state, n, lag,
			   unit);
		if (lag == 3)
			memcpy(h->distance[PREDICT_BY_SHAPE4],
			       h->distance[PREDICT_BY_SHAPE12],
			       n * sizeof(float));
	}
}
