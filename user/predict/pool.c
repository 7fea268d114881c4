// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "predict/pool.h"

void predict_pool_init(struct predict_pool *p, float *room, unsigned int size)
{
	*p = (struct predict_pool){
		.fifo = room,
		.order = (uint8_t *)(room + size),
		.size = size,
	};
}

/* The first rank whose value is >= @value. */
static unsigned int pool_find(const struct predict_pool *p, float value)
{
	unsigned int lo = 0, hi = p->used;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (p->fifo[p->order[mid]] < value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

static void pool_drop(struct predict_pool *p, uint8_t index)
{
	uint8_t *at = memchr(p->order, index, p->used);

	p->used--;
	memmove(at, at + 1, p->order + p->used - at);
}

void predict_pool_add(struct predict_pool *p, float value)
{
	unsigned int at;

	if (p->used == p->size)
		pool_drop(p, (uint8_t)p->next);
	at = pool_find(p, value);
	memmove(p->order + at + 1, p->order + at, p->used - at);
	p->order[at] = (uint8_t)p->next;
	p->used++;
	p->fifo[p->next] = value;
	p->next = (p->next + 1) % p->size;
}

/* How many of the newest @skip values are up to @value. */
static unsigned int newest_up_to(const struct predict_pool *p,
				 unsigned int skip, float value)
{
	unsigned int late = skip < p->next ? skip : p->next, count = 0;

	for (unsigned int i = p->next - late; i < p->next; i++)
		count += p->fifo[i] <= value;
	for (unsigned int i = p->size - (skip - late); i < p->size; i++)
		count += p->fifo[i] <= value;
	return count;
}

/*
 * The value of rank r among those left is the first of the order, of rank i, with i = r +
 * what is skipped up to it: from i = r on, what is skipped up to there moves i up, never
 * beyond that value.
 */
void predict_pool_quantiles(const struct predict_pool *p, unsigned int skip,
			    const double *probs, unsigned int count, float *q)
{
	unsigned int left = p->used > skip ? p->used - skip : 1;

	for (unsigned int k = 0; k < count; k++) {
		unsigned int rank = (unsigned int)(probs[k] * (left - 1) + 0.5);
		unsigned int at = rank, before;

		do {
			before = at;
			q[k] = p->fifo[p->order[at]];
			at = rank + newest_up_to(p, p->used - left, q[k]);
		} while (at > before);
	}
}
