/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The recent history of a series. */
#ifndef PREDICT_RING_H
#define PREDICT_RING_H

/* @next: where the next value goes; @used: how many there are, up to @size. */
struct predict_ring {
	float *v;
	unsigned int size, next, used;
};

static inline void predict_ring_push(struct predict_ring *r, float value)
{
	r->v[r->next] = value;
	r->next = r->next + 1 == r->size ? 0 : r->next + 1;
	if (r->used < r->size)
		r->used++;
}

/* The value @ago steps before the newest; @ago < used. */
static inline float predict_ring_at(const struct predict_ring *r,
				    unsigned int ago)
{
	unsigned int back = ago + 1;

	return r->v[r->next >= back ? r->next - back :
				      r->next + r->size - back];
}

#endif /* PREDICT_RING_H */
