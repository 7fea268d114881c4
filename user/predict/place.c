// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Where are samples that are in no order, among values that are?
 *
 * Each finds its gap, between which two of the values it falls, by counting
 * without a branch; those of a gap are a list. All in order, with a list as long
 * as both, are more than a quantile needs: it is in one gap, of some 160 samples
 * among 224 values with one or two in it, and only these are sorted, then.
 *
 * Example: 5 1 7 among 2 6: gaps 1 0 2. Of all five the median is the third; one
 * is in gap 0, then 2, one in gap 1: it is 5.
 */
#include <limits.h>
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "predict/bell.h"
#include "predict/place.h"

#define BLOCK	16
#define NO_GAP	UINT_MAX

void predict_places_init(struct predict_places *p,
			 const struct predict_ordered *among)
{
	p->n = 0;
	p->many_gap = NO_GAP;
	memset(p->first, 0xff, (among->n + 1) * sizeof(*p->first));
}

/* How many whole blocks of @among are up to each item: to @below. */
PREDICT_BOTH
void find_blocks(const struct predict_places *p,
		 const struct predict_ordered *among, unsigned int from,
		 unsigned int *below, bool wide)
{
	unsigned int blocks = (among->n + BLOCK - 1) / BLOCK;

	for (unsigned int i = from; i < p->n && wide; i += 16) {
		const v8 *v = (const v8 *)(p->value + i);
		m8 count[2] = { 0 };

		for (unsigned int k = 0; k < blocks; k++) {
			float last = among->value[BLOCK * k + BLOCK - 1];

			for (int j = 0; j < 2; j++)
				count[j] -= last <= v[j];
		}
		memcpy(below + i, count, sizeof(count));
	}
	for (unsigned int i = from; i < p->n && !wide; i += 16) {
		const v4 *v = (const v4 *)(p->value + i);
		m4 count[4] = { 0 };

		for (unsigned int k = 0; k < blocks; k++) {
			float last = among->value[BLOCK * k + BLOCK - 1];

			for (int j = 0; j < 4; j++)
				count[j] -= last <= v[j];
		}
		memcpy(below + i, count, sizeof(count));
	}
}

PREDICT_BOTH
unsigned int count_in_block(const float *value, float v, bool wide)
{
	m8 some;

	if (!wide)
		return predict_count_up_to(value, 1, v);
	some = (*(const v8 *)value <= v) + (*(const v8 *)(value + 8) <= v);
	return predict_sum4(-(PREDICT_LOW(some) + PREDICT_HIGH(some)));
}

/*
 * To @gap, for each item from @from on how many of @among are up to it. The block first,
 * then the place in it: nothing to guess.
 */
PREDICT_BOTH
void find_gaps(struct predict_places *p, const struct predict_ordered *among,
	       unsigned int from, bool wide)
{
	unsigned int below[PREDICT_ITEMS + 16];

	find_blocks(p, among, from, below, wide);
	for (unsigned int i = from; i < p->n; i++) {
		unsigned int at = BLOCK * below[i];

		p->gap[i] = (uint16_t)(at + count_in_block(among->value + at,
							   p->value[i], wide));
	}
}

PREDICT_WIDE
static void find_gaps_wide(struct predict_places *p,
			   const struct predict_ordered *among,
			   unsigned int from)
{
	find_gaps(p, among, from, true);
}

void predict_places_find(struct predict_places *p,
			 const struct predict_ordered *among,
			 unsigned int from)
{
	p->many_gap = NO_GAP;
	if (predict_is_wide())
		find_gaps_wide(p, among, from);
	else
		find_gaps(p, among, from, false);
	for (unsigned int i = from; i < p->n; i++) {
		p->next[i] = p->first[p->gap[i]];
		p->first[p->gap[i]] = (uint16_t)i;
	}
}

/* By counting for each how many are less. */
static void sort_many(const struct predict_places *p, uint16_t *item,
		      unsigned int n)
{
	float value[PREDICT_ITEMS + BLOCK];
	uint16_t old[PREDICT_ITEMS], equal[PREDICT_ITEMS] = { 0 };
	bool sorted = true;

	for (unsigned int i = 0; i < n; i++) {
		value[i] = p->value[item[i]];
		sorted = sorted && (!i || value[i] >= value[i - 1]);
	}
	if (sorted)
		return;
	for (unsigned int i = n; i < n + BLOCK; i++)
		value[i] = INFINITY;
	memcpy(old, item, n * sizeof(*old));
	for (unsigned int i = 0; i < n; i++) {
		unsigned int at = predict_count_below(value, (n + BLOCK - 1) /
						      BLOCK, value[i]);

		item[at + equal[at]++] = old[i];
	}
}

static void sort_few(const struct predict_places *p, uint16_t *item,
		     unsigned int n)
{
	uint16_t old[PREDICT_FEW];
	float value[PREDICT_FEW];
	int before[PREDICT_FEW];

	if (n < 2)
		return;
	for (unsigned int i = 0; i < n; i++) {
		old[i] = item[i];
		value[i] = p->value[old[i]];
	}
	predict_order(value, n, before);
	for (unsigned int i = 0; i < n; i++)
		item[before[i]] = old[i];
}

PREDICT_HOT
const uint16_t *predict_places_sorted(struct predict_places *p,
				      unsigned int gap, unsigned int *n)
{
	unsigned int count = 0;
	uint16_t i = p->first[gap];

	if (gap == p->many_gap) {
		*n = p->nmany;
		return p->many;
	}
	for (; i != PREDICT_NO_ITEM && count < PREDICT_FEW; i = p->next[i])
		p->few[count++] = i;
	*n = count;
	if (i == PREDICT_NO_ITEM) {
		sort_few(p, p->few, count);
		return p->few;
	}
	memcpy(p->many, p->few, sizeof(p->few));
	for (; i != PREDICT_NO_ITEM; i = p->next[i])
		p->many[count++] = i;
	sort_many(p, p->many, count);
	p->many_gap = gap;
	p->nmany = count;
	*n = count;
	return p->many;
}
