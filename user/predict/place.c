// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Puts values that are in no order among others that are.
 *
 * Each finds its gap, between which two of the others it falls, by counting
 * without a branch; a pass over the others then copies them and leaves room in
 * each gap. What shares a gap is put in order last: of some 160 values among 224
 * that is one or two, of all in one gap, as on a ramp, they are counted again.
 *
 * Example: 5 1 7 among 2 6: gaps 1 0 2, so 1 2 5 6 7.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "predict/bell.h"
#include "predict/place.h"

#define BLOCK	16
#define BLOCKS	((PREDICT_SOURCES + BLOCK - 1) / BLOCK)
#define LAST	((BLOCKS + BLOCK - 1) / BLOCK)	/* blocks of last values */
#define FEW	12	/* insertion is as fast */

/* To @gap, for each item how many of @from are up to it. */
static void find_gaps(const struct predict_sources *from,
		      const struct predict_items *items, uint16_t *gap)
{
	unsigned int blocks = (from->n + BLOCK - 1) / BLOCK;
	unsigned int lasts = (blocks + BLOCK - 1) / BLOCK;
	float last[LAST * BLOCK];

	for (unsigned int i = 0; i < lasts * BLOCK; i++)
		last[i] = i < blocks ? from->value[BLOCK * i + BLOCK - 1] :
				       INFINITY;
	/* The block first, then the place in it: nothing to guess. */
	for (unsigned int i = 0; i < items->n; i++) {
		float v = items->value[i];
		unsigned int b = BLOCK * predict_count_up_to(last, lasts, v);

		gap[i] = (uint16_t)(b + predict_count_up_to(from->value + b, 1,
							    v));
	}
}

static bool in_order(const float *value, unsigned int n)
{
	for (unsigned int i = 1; i < n; i++)
		if (value[i] < value[i - 1])
			return false;
	return true;
}

/* By counting for each how many are less. */
static void sort_many(float *value, uint16_t *source, unsigned int n)
{
	float old[PREDICT_CHANGE_EXPERTS * PREDICT_CHANGES];
	uint16_t from[PREDICT_CHANGE_EXPERTS * PREDICT_CHANGES];
	uint16_t equal[PREDICT_CHANGE_EXPERTS * PREDICT_CHANGES] = { 0 };

	if (in_order(value, n))
		return;
	memcpy(old, value, n * sizeof(*old));
	memcpy(from, source, n * sizeof(*from));
	for (unsigned int i = n; i % BLOCK; i++)
		old[i] = INFINITY;
	for (unsigned int i = 0; i < n; i++) {
		unsigned int at = predict_count_below(old, (n + BLOCK - 1) /
						      BLOCK, old[i]);

		at += equal[at]++;
		value[at] = old[i];
		source[at] = from[i];
	}
}

static void insert(float *value, uint16_t *source, unsigned int i)
{
	float v = value[i];
	uint16_t s = source[i];

	for (; i && value[i - 1] > v; i--) {
		value[i] = value[i - 1];
		source[i] = source[i - 1];
	}
	value[i] = v;
	source[i] = s;
}

/* Up to 8 more than @n are read, and none of them moved: they are INFINITY. */
static void sort_nearly_sorted(float *value, uint16_t *source, unsigned int n)
{
	for (unsigned int i = 1; i < n; i += 8) {
		const v4 *v = (const v4 *)(value + i);
		const v4 *before = (const v4 *)(value + i - 1);

		if (!predict_any((v[0] < before[0]) | (v[1] < before[1])))
			continue;
		for (unsigned int k = i; k < i + 8; k++)
			if (value[k] < value[k - 1])
				insert(value, source, k);
	}
}

/* @b and @a change places where @mask is all ones, not where it is 0. */
static inline void swap_masked(uint32_t *a, uint32_t *b, uint32_t mask)
{
	mask &= *a ^ *b;
	*a ^= mask;
	*b ^= mask;
}

/*
 * To @at, or just before it if that is larger: so two that share a gap are in
 * order. None is less than what was before its gap. No branch: it would be
 * guessed wrong as often as not.
 */
static inline void put(struct predict_sources *to, unsigned int at, float value,
		       uint16_t source)
{
	unsigned int before = at - (at > 0);
	uint32_t mask = -(uint32_t)(to->value[before] > value), last, new;
	uint32_t last_source = to->source[before], new_source = source;

	memcpy(&last, &to->value[before], sizeof(last));
	memcpy(&new, &value, sizeof(new));
	swap_masked(&last, &new, mask);
	swap_masked(&last_source, &new_source, mask);
	memcpy(&to->value[before], &last, sizeof(last));
	to->source[before] = (uint16_t)last_source;
	memcpy(&to->value[at], &new, sizeof(new));
	to->source[at] = (uint16_t)new_source;
}

PREDICT_HOT
void predict_place(const struct predict_sources *from,
		   const struct predict_items *items,
		   struct predict_sources *to)
{
	uint16_t gap[PREDICT_CHANGE_EXPERTS * PREDICT_CHANGES];
	uint16_t end[PREDICT_SOURCES + 1] = { 0 };	/* first the count */
	unsigned int n = from->n, moved = 0, most = 0;

	find_gaps(from, items, gap);
	for (unsigned int i = 0; i < items->n; i++) {
		unsigned int count = ++end[gap[i]];

		most = count > most ? count : most;
	}
	to->value[0] = -INFINITY;
	for (unsigned int i = 0; i < n; i++) {
		unsigned int count = end[i];

		end[i] = (uint16_t)(i + moved);
		moved += count;
		to->value[i + moved] = from->value[i];
		to->source[i + moved] = from->source[i];
	}
	end[n] = (uint16_t)(n + moved);
	for (unsigned int i = 0; i < items->n; i++)
		put(to, end[gap[i]]++, items->value[i], items->source[i]);
	to->n = n + items->n;
	for (unsigned int i = 0; i <= n && most > FEW; i++) {
		unsigned int begin = i ? end[i - 1] + 1 : 0;

		if (end[i] - begin > FEW)
			sort_many(to->value + begin, to->source + begin,
				  end[i] - begin);
	}
	for (unsigned int i = to->n; i < to->n + 32; i++)
		to->value[i] = INFINITY;
	sort_nearly_sorted(to->value, to->source, to->n);
}
