/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The recent history of a series, two bytes a value: value = base + scale x
 * code. Base and scale follow what the ring holds, so a value is off by at
 * most 1/16384 of the range, for up to a round after an outlier has left by
 * more, and by nothing where all are equal. 0 stays 0, and above
 * 0 a value that it stands at is just that again after a round.
 */
#ifndef PREDICT_RING_H
#define PREDICT_RING_H

#include <stdint.h>

/* @next: where the next value goes; @used: how many there are, up to @size. */
struct predict_ring {
	int16_t *code;
	float base, scale;
	unsigned int size, next, used;
};

void predict_ring_init(struct predict_ring *r, int16_t *room,
		       unsigned int size);
void predict_ring_push(struct predict_ring *r, float value);

/* The value @ago steps before the newest; @ago < used. */
static inline float predict_ring_at(const struct predict_ring *r,
				    unsigned int ago)
{
	unsigned int back = ago + 1;

	return r->base + r->scale * r->code[r->next >= back ? r->next - back :
					    r->next + r->size - back];
}

/* From the least to the greatest of all that it holds. */
double predict_ring_range(const struct predict_ring *r);

/* The last @n values, oldest first; @n is up to @r->used. */
void predict_ring_last(const struct predict_ring *r, unsigned int n,
		       float *value);

#endif /* PREDICT_RING_H */
