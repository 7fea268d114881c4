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
