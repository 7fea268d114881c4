// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Recall: when was it like this before, however long ago?
 *
 * The analogs (analog.c) see the last 256 steps; this sees all that the ring
 * holds, 1000 and more. The 32 moments i are taken for which
 *
 *	d(i) = sum over l = 0..3 of |x(i - l) - x(now - l)|		"recall"
 *	d(i) = the same of the steps x(j) - x(j - 1)		"recall-moves"
 *
 * is least, of equal ones the latest, with weights 1.05 - d(i) / d(32nd). The
 * forecast for h steps is x(i + h), for "recall-moves" x(now) + x(i + h) - x(i).
 * Assumption: what is rare here, a burst and how it dies down, a job's course, a
 * ramp, was there before and goes on as it did then; for "recall-moves" on any
 * level, as of memory that grows and is freed.
 *
 * Example: 0 0 5 9 3 0 ... 0 0 5, h = 1: the moment of the first 5 has d = 0,
 * and 9 came then.
 *
 * The ring's codes are compared as they are, in steps of four codes: at most
 * 1/4096 of the range. A difference beyond half of all codes counts as that.
 */
#include <string.h>

#include "predict/recall.h"

#define LAGS		4
#define PAST_MIN	300	/* steps: beyond what the analogs see */
#define PAST_MAX	3072	/* the largest ring there is: series.c */
#define FAR		8191	/* four of them are less than INT16_MAX */
#define BLOCK		8

typedef int16_t s8 __attribute__((vector_size(16), aligned(2), may_alias));

/* Oldest first, a quarter of each code. */
static void unroll(const struct predict_ring *past, int16_t *x)
{
	unsigned int oldest = past->used < past->size ? 0 : past->next;
	unsigned int n = past->used - oldest;

	memcpy(x, past->code + oldest, n * sizeof(*x));
	memcpy(x + n, past->code, oldest * sizeof(*x));
	for (unsigned int i = 0; i < past->used; i += BLOCK)
		*(s8 *)(x + i) >>= 2;
}

static void to_moves(int16_t *x, unsigned int n)
{
	for (unsigned int i = n; --i;)
		x[i] = (int16_t)(x[i] - x[i - 1]);
	x[0] = 0;
}

/* Of @count moments from @x on, from the one at @now; by blocks. */
static void distances(const int16_t *x, unsigned int count, const int16_t *now,
		      int16_t *d)
{
	for (unsigned int i = 0; i < count; i += BLOCK) {
		s8 sum = { 0 };

		for (int l = 0; l < LAGS; l++) {
			s8 diff = *(const s8 *)(x + i - l) - now[-l];
			s8 sign = diff < 0;

			diff = (diff ^ sign) - sign;
			sign = diff > FAR;
			sum += (diff & ~sign) | (sign & FAR);
		}
		*(s8 *)(d + i) = sum;
	}
}

/* How many of @d are up to @most; @n is a multiple of BLOCK. */
static unsigned int count_up_to(const int16_t *d, unsigned int n, int16_t most)
{
	s8 sum = { 0 };
	int total = 0;

	for (unsigned int i = 0; i < n; i += BLOCK)
		sum -= *(const s8 *)(d + i) <= most;
	for (unsigned int k = 0; k < BLOCK; k++)
		total += sum[k];
	return (unsigned int)total;
}

/* The least distance up to which there are enough. */
static int16_t farthest(const int16_t *d, unsigned int n)
{
	int low = 0, high = INT16_MAX - 1;

	while (low < high) {
		int middle = (low + high) / 2;

		if (count_up_to(d, n, (int16_t)middle) >= PREDICT_RECALLED)
			high = middle;
		else
			low = middle + 1;
	}
	return (int16_t)low;
}

static bool any_up_to(const int16_t *d, int16_t most)
{
	s8 found = *(const s8 *)d <= most;
	uint64_t part[2];

	memcpy(part, &found, sizeof(part));
	return (part[0] | part[1]) != 0;
}

/* Those nearer than @most, and the latest at it; to @at, the latest first. */
static unsigned int choose(const int16_t *d, unsigned int n, int16_t most,
			   uint16_t *at)
{
	unsigned int chosen = 0, ties = PREDICT_RECALLED;

	if (most > 0)
		ties -= count_up_to(d, n, (int16_t)(most - 1));
	for (unsigned int end = n; end; end -= BLOCK) {
		if (!any_up_to(d + end - BLOCK, most))
			continue;
		for (unsigned int i = end; i-- > end - BLOCK;) {
			if (d[i] > most || (d[i] == most && !ties))
				continue;
			ties -= d[i] == most;
			at[chosen++] = (uint16_t)i;
		}
	}
	return chosen;
}

void predict_recall_find(const struct predict_ring *past, unsigned int longest,
			 bool moves, struct predict_recall *out)
{
	int16_t x[PAST_MAX + BLOCK], d[PAST_MAX + BLOCK], most;
	unsigned int n = past->used, count;
	float sum = 0;

	out->n = 0;
	if (n < PAST_MIN || n > PAST_MAX || n < 2 * longest)
		return;
	unroll(past, x);
	memset(x + n, 0, BLOCK * sizeof(*x));
	if (moves)
		to_moves(x, n);
	/* d[i] is of moment LAGS + i. */
	count = n - longest - LAGS;
	distances(x + LAGS, count, x + n - 1, d);
	for (unsigned int i = count; i % BLOCK; i++)
		d[i] = INT16_MAX;
	count = (count + BLOCK - 1) / BLOCK * BLOCK;
	most = farthest(d, count);
	out->n = choose(d, count, most, out->ago);
	for (unsigned int k = 0; k < out->n; k++) {
		float near = 1;

		if (most > 0)
			near = 1.05f - d[out->ago[k]] / (float)most;
		out->ago[k] = (uint16_t)(n - 1 - LAGS - out->ago[k]);
		out->weight[k] = near;
		sum += near;
	}
	for (unsigned int k = 0; k < out->n; k++)
		out->weight[k] /= sum;
}

void predict_recall_samples(const struct predict_recall *r,
			    const struct predict_ring *past, bool moves,
			    unsigned int steps, struct predict_changes *out)
{
	float value[PREDICT_CHANGES], now;

	out->n = 0;
	if (!r->n)
		return;
	now = predict_ring_at(past, 0);
	for (unsigned int k = 0; k < r->n; k++) {
		value[k] = predict_ring_at(past, r->ago[k] - steps);
		if (moves)
			value[k] = now + (value[k] -
					  predict_ring_at(past, r->ago[k]));
	}
	predict_changes_sort(value, r->weight, r->n, out);
}
