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

#include "predict/bell.h"
#include "predict/recall.h"

#define LAGS		4
#define PAST_MIN	300	/* steps: beyond what the analogs see */
#define PAST_MAX	3072	/* the largest ring there is: series.c */
#define FAR		8191	/* four of them are less than INT16_MAX */
#define BLOCK		8
#define ROUND		16
#define GROUPS		64	/* of moments: twice as many as are chosen */

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

static void to_moves(const int16_t *restrict x, unsigned int n,
		     int16_t *restrict move)
{
	move[0] = 0;
	for (unsigned int i = 1; i < n; i++)
		move[i] = (int16_t)(x[i] - x[i - 1]);
}

/* Moments that may be chosen; some more than @n are written, and some read. */
struct candidates {
	unsigned int n;
	int16_t d[PAST_MAX + GROUPS];
	uint16_t at[PAST_MAX + GROUPS];
};

static inline int16_t apart(int16_t a, int16_t b)
{
	int16_t diff = (int16_t)(a - b);

	diff = diff < 0 ? -diff : diff;
	return diff > FAR ? FAR : diff;
}

/* Of @count moments from @x on, from the one at @now; up to ROUND more are written. */
static void distances(const int16_t *restrict x, int count, const int16_t *now,
		      int16_t *restrict d)
{
	int16_t a = now[0], b = now[-1], c = now[-2], e = now[-3];

	count = (count + ROUND - 1) & -ROUND;
	for (int i = 0; i < count; i++)
		d[i] = (int16_t)(apart(x[i], a) + apart(x[i - 1], b) +
				 apart(x[i - 2], c) + apart(x[i - 3], e));
}

/* How many of @d are up to @most; up to a multiple of BLOCK are read. */
static unsigned int count_up_to(const int16_t *d, unsigned int n, int16_t most)
{
	s8 sum = { 0 };
	uint64_t part[2];

	for (unsigned int i = 0; i < n; i += BLOCK)
		sum -= *(const s8 *)(d + i) <= most;
	/* None of its parts has more than 16 bits, nor has their sum. */
	memcpy(part, &sum, sizeof(part));
	return (unsigned int)((part[0] + part[1]) * 0x0001000100010001 >> 48);
}

/* The least distance from @low to @high up to which there are enough. */
static int16_t bisect(const int16_t *d, unsigned int n, int low, int high)
{
	while (low < high) {
		int middle = (low + high) / 2;

		bool enough = count_up_to(d, n, (int16_t)middle) >=
			      PREDICT_RECALLED;

		high = enough ? middle : high;
		low = enough ? low : middle + 1;
	}
	return (int16_t)low;
}

/* A distance up to which there are enough, and seldom many more; *@least: of all. */
static int16_t far_enough(const int16_t *d, unsigned int n, int16_t *least)
{
	int16_t nearest[GROUPS];

	*least = INT16_MAX - 1;

	/* Where enough groups have one, there are enough. */
	memcpy(nearest, d, sizeof(nearest));
	for (unsigned int i = GROUPS; i < n; i += GROUPS)
		for (unsigned int k = 0; k < GROUPS; k++)
			nearest[k] = d[i + k] < nearest[k] ? d[i + k] :
							     nearest[k];
	for (unsigned int k = 0; k < GROUPS; k++)
		*least = nearest[k] < *least ? nearest[k] : *least;
	return bisect(nearest, GROUPS, *least, INT16_MAX - 1);
}

static bool any_up_to(const int16_t *d, int16_t most)
{
	s8 found = *(const s8 *)d <= most;
	uint64_t part[2];

	memcpy(part, &found, sizeof(part));
	return (part[0] | part[1]) != 0;
}

/*
 * Moments up to @most, the latest first, to @c, until there are @enough; a whole number
 * of blocks. First the blocks that have any, then from these: which ones cannot be
 * guessed.
 */
static void gather(const int16_t *d, unsigned int n, int16_t most,
		   unsigned int enough, struct candidates *c)
{
	uint16_t block[(PAST_MAX + GROUPS) / BLOCK + 1];
	unsigned int blocks = 0, found = 0;

	for (unsigned int end = n; end; end -= BLOCK) {
		block[blocks] = (uint16_t)(end - BLOCK);
		blocks += any_up_to(d + end - BLOCK, most);
	}
	for (unsigned int k = 0; k < blocks && found < enough; k++) {
		for (unsigned int i = BLOCK; i--;) {
			unsigned int at = block[k] + i;

			c->d[found] = d[at];
			c->at[found] = (uint16_t)at;
			found += d[at] <= most;
		}
	}
	c->n = found;
	for (unsigned int i = c->n; i % BLOCK; i++)
		c->d[i] = INT16_MAX;
}

/*
 * Those nearer than @most, and the latest at it; to @at, the latest first. One more may
 * be written.
 */
static unsigned int choose(const struct candidates *c, int16_t most,
			   uint16_t *at)
{
	unsigned int chosen = 0, ties = PREDICT_RECALLED;

	if (most > 0)
		ties -= count_up_to(c->d, c->n, (int16_t)(most - 1));
	for (unsigned int i = 0; i < c->n && chosen < PREDICT_RECALLED; i++) {
		bool tie = (c->d[i] == most) & (ties > 0);

		at[chosen] = c->at[i];
		chosen += (c->d[i] < most) | tie;
		ties -= tie;
	}
	return chosen;
}

/* Where the moment @ago steps before the newest is in the ring. */
static unsigned int place_of(const struct predict_ring *past, unsigned int ago)
{
	return past->next > ago ? past->next - 1 - ago :
				  past->next + past->size - 1 - ago;
}

/* The moments of @x, all of @past, that are most like the last. */
static void find(const struct predict_ring *past, const int16_t *x,
		 unsigned int longest, struct predict_recall *out)
{
	/* d[i] is of moment LAGS + i. */
	unsigned int n = past->used, count = n - longest - LAGS;
	int16_t d[PAST_MAX + GROUPS], least, most;
	uint16_t chosen[PREDICT_RECALLED + 1];
	struct candidates c;
	float sum = 0;

	distances(x + LAGS, (int)count, x + n - 1, d);
	for (; count % GROUPS; count++)
		d[count] = INT16_MAX;
	most = far_enough(d, count, &least);
	/* Where all of them are equally near, as when it stands, the latest do. */
	gather(d, count, most, least < most ? count : PREDICT_RECALLED, &c);
	most = bisect(c.d, c.n, least, most);
	out->n = choose(&c, most, chosen);
	for (unsigned int k = 0; k < out->n; k++) {
		unsigned int ago = n - 1 - LAGS - chosen[k];
		float near = 1;

		if (most > 0)
			near = 1.05f - d[chosen[k]] / (float)most;
		out->at[k] = (uint16_t)place_of(past, ago);
		out->value[k] = predict_ring_at(past, ago);
		out->weight[k] = near;
		sum += near;
	}
	for (unsigned int k = 0; k < out->n; k++)
		out->weight[k] /= sum;
}

PREDICT_HOT
void predict_recall_find(const struct predict_ring *past, unsigned int longest,
			 struct predict_recall *like,
			 struct predict_recall *moves)
{
	int16_t x[PAST_MAX + ROUND], move[PAST_MAX + ROUND];
	unsigned int n = past->used;

	like->n = moves->n = 0;
	if (n < PAST_MIN || n > PAST_MAX || n < 2 * longest)
		return;
	unroll(past, x);
	memset(x + n, 0, ROUND * sizeof(*x));
	memset(move + n, 0, ROUND * sizeof(*move));
	to_moves(x, n, move);
	find(past, x, longest, like);
	find(past, move, longest, moves);
}

PREDICT_HOT
void predict_recall_samples(const struct predict_recall *r,
			    const struct predict_ring *past, bool moves,
			    unsigned int steps, struct predict_changes *out)
{
	float now = past->used ? predict_ring_at(past, 0) : 0;
	float value[PREDICT_RECALLED];

	out->n = r->n;
	memcpy(out->weight, r->weight, r->n * sizeof(*out->weight));
	for (unsigned int k = 0; k < r->n; k++) {
		unsigned int at = r->at[k] + steps;

		value[k] = past->code[at < past->size ? at : at - past->size];
	}
	for (unsigned int k = 0; k < r->n; k++)
		value[k] = past->base + past->scale * value[k];
	for (unsigned int k = 0; k < r->n && moves; k++)
		value[k] = now + (value[k] - r->value[k]);
	memcpy(out->value, value, r->n * sizeof(*value));
}
