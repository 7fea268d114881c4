// SPDX-License-Identifier: LGPL-2.1-or-later
#include <math.h>
#include <string.h>

#include "predict/ring.h"

#define CODE_MAX	32000.0f
#define CODE_FEW	8192	/* a range this small has room for finer steps */
#define SCALE_MIN	1e-36f	/* the first value that differs sets it right */

void predict_ring_init(struct predict_ring *r, int16_t *room,
		       unsigned int size)
{
	memset(r, 0, sizeof(*r));
	r->code = room;
	r->size = size;
	r->scale = SCALE_MIN;
}

/* The power of two that puts @range into half of the codes there are. */
static float scale_for(double range)
{
	int e;

	if (!(range > 0))
		return SCALE_MIN;
	frexp(range / 32768, &e);
	return fmaxf((float)ldexp(1, e), SCALE_MIN);
}

static int16_t encode(double value, double base, double scale)
{
	return (int16_t)lrint(fmin(fmax((value - base) / scale, -CODE_MAX),
				   CODE_MAX));
}

/* What @code stands for: @value, where that cannot be told from it. */
static float held(const struct predict_ring *r, int16_t code, float value)
{
	float v = r->base + r->scale * code;

	return fabs((double)value - v) <= 0.5 * (double)r->scale ? value : v;
}

/*
 * Base and scale for all that is held, and for @value. A series often stands at a
 * value, and naive then knows just what comes: so that must be kept just as it
 * is. Where the range goes down to 0, that is exact, and of a scale up to 1 whole
 * numbers are: the base is a multiple of the scale. Else @value is the base.
 */
static void recode(struct predict_ring *r, float value)
{
	float low = value, high = value, base, scale;

	for (unsigned int i = 0; i < r->used; i++) {
		float v = held(r, r->code[i], value);

		low = v < low ? v : low;
		high = v > high ? v : high;
	}
	scale = scale_for((double)high - low);
	base = value;
	if (low <= 0 && low < high)
		base = (float)(rint((0.5 * low + 0.5 * high) / scale) * scale);
	else if (fmax((double)high - value, (double)value - low) >
		 CODE_MAX * (double)scale)
		scale *= 2;
	for (unsigned int i = 0; i < r->used; i++)
		r->code[i] = encode(held(r, r->code[i], value), base, scale);
	r->base = base;
	r->scale = scale;
}

static int code_range(const struct predict_ring *r)
{
	int16_t low = r->code[0], high = r->code[0];

	for (unsigned int i = 1; i < r->used; i++) {
		low = r->code[i] < low ? r->code[i] : low;
		high = r->code[i] > high ? r->code[i] : high;
	}
	return high - low;
}

void predict_ring_push(struct predict_ring *r, float value)
{
	if (!r->used)
		r->base = value;
	else if (fabs((double)value - r->base) > CODE_MAX * (double)r->scale ||
		 (!r->next && code_range(r) < CODE_FEW))
		recode(r, value);
	r->code[r->next] = encode(value, r->base, r->scale);
	r->next = r->next + 1 == r->size ? 0 : r->next + 1;
	if (r->used < r->size)
		r->used++;
}

double predict_ring_range(const struct predict_ring *r)
{
	return r->used ? (double)r->scale * code_range(r) : 0;
}

static void decode(const struct predict_ring *r, const int16_t *code,
		   unsigned int n, float *value)
{
	for (unsigned int i = 0; i < n; i++)
		value[i] = r->base + r->scale * code[i];
}

void predict_ring_last(const struct predict_ring *r, unsigned int n,
		       float *value)
{
	unsigned int late = n < r->next ? n : r->next, early = n - late;

	decode(r, r->code + r->size - early, early, value);
	decode(r, r->code + r->next - late, late, value + early);
}
