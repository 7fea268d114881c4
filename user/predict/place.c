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
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "predict/bell.h"
#include "predict/place.h"

#define BLOCK	16
#define BLOCKS	(PREDICT_HISTORY / BLOCK)
#define FEW	12	/* insertion is as fast */

void predict_places_init(struct predict_places *p,
			 const struct predict_ordered *among)
{
	p->n = 0;
	memset(p->first, 0xff, (among->n + 1) * sizeof(*p->first));
}

/* To @gap, for each item from @from on how many of @among are up to it. */
static void find_gaps(struct predict_places *p,
		      const struct predict_ordered *among, unsigned int from)
{
	unsigned int blocks = (among->n + BLOCK - 1) / BLOCK;
	unsigned int below[PREDICT_ITEMS + 16];

	/* The block first, then the place in it: nothing to guess. */
	for (unsigned int i = from; i < p->n; i += 16) {
		const v8 *v = (const v8 *)(p->value + i);
		m8 a = { 0 }, b = { 0 };

		for (unsigned int k = 0; k < blocks; k++) {
			v8 last = (v8){ 0 } + among->value[BLOCK * k + BLOCK - 1];

			a -= last <= v[0];
			b -= last <= v[1];
		}
		*(m8 *)(below + i) = a;
		*(m8 *)(below + i + 8) = b;
	}
	for (unsigned int i = from; i < p->n; i++) {
		unsigned int at = BLOCK * below[i];

		p->gap[i] = (uint16_t)(at + predict_count_up_to(
					among->value + at, 1, p->value[i]));
	}
}

PREDICT_HOT
void predict_places_find(struct predict_places *p,
			 const struct predict_ordered *among,
			 unsigned int from)
{
	find_gaps(p, among, from);
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
	for (unsigned int i = 1; i < n; i++) {
		uint16_t x = item[i];
		unsigned int k = i;

		for (; k && p->value[item[k - 1]] > p->value[x]; k--)
			item[k] = item[k - 1];
		item[k] = x;
	}
}

PREDICT_HOT
unsigned int predict_places_sorted(struct predict_places *p, unsigned int gap,
				   uint16_t item[PREDICT_ITEMS])
{
	unsigned int n = 0;

	for (uint16_t i = p->first[gap]; i != PREDICT_NO_ITEM; i = p->next[i])
		item[n++] = i;
	if (n <= FEW) {
		sort_few(p, item, n);
		return n;
	}
	sort_many(p, item, n);
	/* On a ramp all are in one gap, which is asked for often: so they stay. */
	p->first[gap] = item[0];
	for (unsigned int i = 0; i + 1 < n; i++)
		p->next[item[i]] = item[i + 1];
	p->next[item[n - 1]] = PREDICT_NO_ITEM;
	return n;
}
