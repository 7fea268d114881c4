/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sliding window of floats that knows its order. */
#ifndef PREDICT_POOL_H
#define PREDICT_POOL_H

#include <stdint.h>

#define PREDICT_POOL_MAX	256	/* an index is a byte */

/*
 * @fifo: the values, a ring; @next is the oldest once it is full.
 * @order: their indices by ascending value; @used of @size.
 */
struct predict_pool {
	float *fifo;
	uint8_t *order;
	unsigned int size, used, next;
};

/* Floats of room for @size values, a multiple of 4. */
#define PREDICT_POOL_ROOM(size) ((size) + (size) / 4)

void predict_pool_init(struct predict_pool *p, float *room, unsigned int size);
/* Adds a finite value; the oldest goes when the window is full. */
void predict_pool_add(struct predict_pool *p, float value);

/*
 * The values at the @count ascending probabilities @probs of all but the newest @skip
 * values; of the oldest one, if there are no more. One is there.
 */
void predict_pool_quantiles(const struct predict_pool *p, unsigned int skip,
			    const double *probs, unsigned int count, float *q);

#endif /* PREDICT_POOL_H */
