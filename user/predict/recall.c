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
#define FAR		8191	/* four of them fit an int16_t */
#define BLOCK		8

typedef int16_t s8 __attribute__((vector_size(16), aligned(2), may_alias));

/* Oldest first, a quarter of each code. */
static void unroll(const struct predict_ring *past, int16_t *x)
{
	unsigned int oldest = past->used < past->size ? 0 : past->next;
	unsigned int n = past->used - oldest;

	for (unsigned int i = 0; i < n; i++)
		x[i] = (int16_t)(past->code[oldest + i] / 4);
	for (unsigned int i = 0; i < oldest; i++)
		x[n + i] = (int16_t)(past->code[i] / 4);
}

static void to_moves(int16_t *x, unsigned int n)
{
	for (unsigned int i = n; --i;)
		x[i] = (int16_t)(x[i] - x[i - 1]);
	x[0] = 0;
}

/* d(first..last), with room to write a block past the end. */
static void distances(const int16_t *x, unsigned int n, unsigned int first,
		      unsigned int last, int16_t *d)
{
	for (unsigned int i = first; i <= last; i += BLOCK) {
		s8 sum = { 0 };

		for (unsigned int l = 0; l < LAGS; l++) {
			s8 diff = *(const s8 *)(x + i - l) - x[n - 1 - l];
			s8 sign = diff < 0;

			diff = (diff ^ sign) - sign;
			sign = diff > FAR;
			sum += (diff & ~sign) | (sign & FAR);
		}
		*(s8 *)(d + i) = sum;
	}
}

static bool any_below(const int16_t *d, int16_t most)
{
	s8 below = *(const s8 *)d < most;
	uint64_t part[2];

	memcpy(part, &below, sizeof(part));
	return (part[0] | part[1]) != 0;
}

/* The nearest so far, in order. */
struct nearest {
	unsigned int n;
	int16_t d[PREDICT_RECALLED];
	uint16_t at[PREDICT_RECALLED];
};

static void insert(struct nearest *b, int16_t d, unsigned int at)
{
	unsigned int k = b->n < PREDICT_RECALLED ? b->n++ : b->n - 1;

	for (; k && b->d[k - 1] > d; k--) {
		b->d[k] = b->d[k - 1];
		b->at[k] = b->at[k - 1];
	}
	b->d[k] = d;
	b->at[k] = (uint16_t)at;
}

/* From the latest back, in blocks: few of them have one that is near. */
static void choose(const int16_t *d, unsigned int first, unsigned int last,
		   struct nearest *b)
{
	int16_t most = INT16_MAX;

	for (unsigned int end = last + 1; end > first;) {
		unsigned int from = end - first < BLOCK ? first : end - BLOCK;

		if (end - from == BLOCK && !any_below(d + from, most)) {
			end = from;
			continue;
		}
		while (end-- > from)
			if (d[end] < most) {
				insert(b, d[end], end);
				if (b->n == PREDICT_RECALLED)
					most = b->d[b->n - 1];
			}
		end = from;
	}
}

void predict_recall_find(const struct predict_ring *past, unsigned int longest,
			 bool moves, struct predict_recall *out)
{
	int16_t x[PAST_MAX + BLOCK] = { 0 }, d[PAST_MAX + BLOCK];
	unsigned int n = past->used, first = LAGS, last;
	struct nearest b = { 0 };
	float worst, sum = 0;

	out->n = 0;
	if (n < PAST_MIN || n > PAST_MAX || n < 2 * longest)
		return;
	last = n - 1 - longest;
	unroll(past, x);
	if (moves)
		to_moves(x, n);
	distances(x, n, first, last, d);
	choose(d, first, last, &b);
	worst = b.d[b.n - 1];
	for (unsigned int k = 0; k < b.n; k++) {
		out->ago[k] = (uint16_t)(n - 1 - b.at[k]);
		out->weight[k] = worst > 0 ? 1.05f - b.d[k] / worst : 1;
		sum += out->weight[k];
	}
	for (unsigned int k = 0; k < b.n; k++)
		out->weight[k] /= sum;
	out->n = b.n;
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
