// SPDX-License-Identifier: LGPL-2.1-or-later
#include <string.h>

#include "predict/pool.h"

void predict_pool_init(struct predict_pool *p, float *room, unsigned int size)
{
	*p = (struct predict_pool){
		.sorted = room,
		.fifo = room + size,
		.size = size,
	};
}

/* The first index whose value is >= @value. */
static unsigned int pool_find(const struct predict_pool *p, float value)
{
	unsigned int lo = 0, hi = p->used;

	while (lo < hi) {
		unsigned int mid = (lo + hi) / 2;

		if (p->sorted[mid] < value)
			lo = mid + 1;
		else
			hi = mid;
	}
	return lo;
}

void predict_pool_add(struct predict_pool *p, float value)
{
	unsigned int at;

	if (p->used == p->size) {
		at = pool_find(p, p->fifo[p->next]);
		p->used--;
		memmove(p->sorted + at, p->sorted + at + 1,
			(p->used - at) * sizeof(*p->sorted));
	}
	at = pool_find(p, value);
	memmove(p->sorted + at + 1, p->sorted + at,
		(p->used - at) * sizeof(*p->sorted));
	p->sorted[at] = value;
	p->used++;
	p->fifo[p->next] = value;
	p->next = (p->next + 1) % p->size;
}
