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

#define LAGS_FEW	4	/* of the two shapes */
#define LAGS		12
#define FAR		1e6f	/* no such moment: the window begins there */

/* From places in the ring to places in time; all modulo 256, as they are in the end. */
static void turn(const uint8_t *restrict order, unsigned int n, uint8_t oldest,
		 uint8_t size, uint8_t *restrict sorted)
{
	for (unsigned int i = 0; i < n; i++)
		sorted[i] = (uint8_t)(order[i] - oldest +
				      (order[i] < oldest ? size : 0));
}

static void lay_out(struct predict_history *h, const struct predict_pool *pool,
		    const struct predict_ring *past, const uint8_t *missing)
{
	unsigned int n = pool->used, oldest = n < pool->size ? 0 : pool->next;
	unsigned int late = n - oldest;

	h->n = n;
	memcpy(h->value, pool->fifo + oldest, late * sizeof(*h->value));
	memcpy(h->value + late, pool->fifo, oldest * sizeof(*h->value));
	memset(h->value + n, 0, 16 * sizeof(*h->value));
	predict_ring_last(past, n, h->state);
	for (unsigned int i = 0; i < n; i++)
		h->there[i] = 1;
	memset(h->there + n, 0, 16 * sizeof(*h->there));
	h->whole = true;
	for (unsigned int at = 0; at < n; at++) {
		if (!(at % 8) && !missing[at / 8]) {
			at += 7;
		} else if (missing[at / 8] >> at % 8 & 1) {
			h->there[at >= oldest ? at - oldest : at + late] = 0;
			h->whole = false;
		}
	}
	turn(pool->order, n, (uint8_t)oldest, (uint8_t)pool->size, h->sorted);
}

/* Equal values have equal ranks, the middle one. */
static void rank(struct predict_history *h)
{
	float ordered[PREDICT_HISTORY], r[PREDICT_HISTORY];
	unsigned int n = h->n, equal = 0, end;

	for (unsigned int i = 0; i < n; i++)
		ordered[i] = h->value[h->sorted[i]];
	for (unsigned int i = 1; i < n; i++)
		equal += ordered[i] == ordered[i - 1];
	for (unsigned int i = 0; i < n; i++)
		r[i] = 0.5f * (float)(int)(2 * i + 1) / (float)n;
	for (unsigned int i = 0; i < n && equal; i = end) {
		for (end = i + 1; end < n && ordered[end] == ordered[i];)
			end++;
		for (unsigned int k = i; k < end; k++)
			r[k] = 0.5f * (float)(i + end) / (float)n;
	}
	for (unsigned int i = 0; i < n; i++)
		h->rank[h->sorted[i]] = r[i];
}

/* The mean distance of @x from @from; never 0. */
static float spread(const float *x, unsigned int n, float from)
{
	float tiny = FLT_MIN * 1e6f, mean;
	v4 sum = { 0 };

	for (unsigned int i = 0; i + 4 <= n; i += 4)
		sum += predict_magnitude4(*(const v4 *)(x + i) - from);
	for (unsigned int i = n / 4 * 4; i < n; i++)
		sum[0] += fabsf(x[i] - from);
	mean = ((sum[0] + sum[1]) + (sum[2] + sum[3])) / (float)n;
	return mean > tiny ? mean : tiny;
}

/* ((x - now) / unit)^2 */
static inline float square(float x, float now, float inv)
{
	float d = (x - now) * inv;

	/* Beyond this all are equally far, and squares stay finite. */
	d = d > 1e3f ? 1e3f : d;
	d = d < -1e3f ? -1e3f : d;
	return d * d;
}

static void to_squares(const float *restrict x, unsigned int n, float unit,
		       float *restrict out)
{
	float now = x[n - 1], inv = 1 / unit;

	for (unsigned int i = 0; i < n; i++)
		out[i] = square(x[i], now, inv);
}

/* The sum of the squares of a moment and those before, of 4 and of 12. */
static void shapes(const float *restrict x, int n, float unit,
		   float *restrict four, float *restrict all)
{
	float now[LAGS], inv = 1 / unit;
	int i;

	for (int lag = 0; lag < LAGS; lag++)
		now[lag] = lag < n ? x[n - 1 - lag] : 0;
	for (i = 0; i < n && i < LAGS - 1; i++) {
		four[i] = i < LAGS_FEW - 1 ? FAR : 0;
		for (int lag = 0; lag < LAGS_FEW && i >= LAGS_FEW - 1; lag++)
			four[i] += square(x[i - lag], now[lag], inv);
		all[i] = FAR;
	}
	/* Signed: what may wrap is not read eight at a time. */
	for (; i < n; i++) {
		float sum = 0;

		for (int lag = 0; lag < LAGS_FEW; lag++)
			sum += square(x[i - lag], now[lag], inv);
		four[i] = sum;
		for (int lag = LAGS_FEW; lag < LAGS; lag++)
			sum += square(x[i - lag], now[lag], inv);
		all[i] = sum;
	}
}

PREDICT_HOT
void predict_history_fill(struct predict_history *h,
			  const struct predict_pool *pool,
			  const struct predict_ring *past,
			  const uint8_t *missing)
{
	lay_out(h, pool, past, missing);
	rank(h);
}

PREDICT_HOT
void predict_history_measure(struct predict_history *h)
{
	unsigned int n = h->n;

	to_squares(h->level, n, spread(h->level, n, h->level[n - 1]),
		   h->distance[PREDICT_BY_LEVEL]);
	to_squares(h->slow, n, spread(h->slow, n, h->slow[n - 1]),
		   h->distance[PREDICT_BY_SLOW]);
	to_squares(h->rank, n, 1, h->distance[PREDICT_BY_RANK]);
	shapes(h->state, (int)n, spread(h->state, n, h->base),
	       h->distance[PREDICT_BY_SHAPE4],
	       h->distance[PREDICT_BY_SHAPE12]);
}
