/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A sliding window of floats, kept sorted: its quantiles cost nothing. */
#ifndef PREDICT_POOL_H
#define PREDICT_POOL_H

#include <stddef.h>

/*
 * @sorted: the window's values, ascending; @used of @size.
 * @fifo: the same values in order of arrival, a ring; @next is the oldest
 *	once full.
 */
struct predict_pool {
	float *sorted;
	float *fifo;
	unsigned int size, used, next;
};

/* @room: 2 * @size floats. */
void predict_pool_init(struct predict_pool *p, float *room, unsigned int size);
/* Adds a finite value; the oldest goes when the window is full. */
void predict_pool_add(struct predict_pool *p, float value);

#endif /* PREDICT_POOL_H */
