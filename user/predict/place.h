/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Samples in no order, each between values that are; scratch of a step. */
#ifndef PREDICT_PLACE_H
#define PREDICT_PLACE_H

#include <stdint.h>

#include "predict/expert.h"
#include "predict/recur.h"

/* Of all change experts, and of recurrence. */
#define PREDICT_ITEMS	(PREDICT_CHANGE_EXPERTS * PREDICT_CHANGES + \
			 PREDICT_RECUR_SAMPLES)
#define PREDICT_NO_ITEM	UINT16_MAX
#define PREDICT_FEW	12	/* a multiple of four */

/* Values in ascending order, then INFINITY: there is room to read past the end. */
struct predict_ordered {
	unsigned int n;
	float value[PREDICT_HISTORY + 32];
};

/*
 * @value: of @n items. @gap: how many of the ordered values are up to it.
 * @first: an item of each gap, @next: another of the same, PREDICT_NO_ITEM: no
 *	more.
 * @few, @many: items of a gap in order. On a ramp, or where all are equal, one
 *	gap has nearly all and is asked for often: @many stay, of @many_gap.
 */
struct predict_places {
	unsigned int n;
	float value[PREDICT_ITEMS + 16];
	uint16_t gap[PREDICT_ITEMS + 16];
	uint16_t first[PREDICT_HISTORY + 1], next[PREDICT_ITEMS];
	uint16_t few[PREDICT_FEW], many[PREDICT_ITEMS];
	unsigned int nmany, many_gap;
};

void predict_places_init(struct predict_places *p,
			 const struct predict_ordered *among);
/* Finds the gaps of items from @from on. */
void predict_places_find(struct predict_places *p,
			 const struct predict_ordered *among,
			 unsigned int from);
/* The @n items of @gap in order; until the next call. */
const uint16_t *predict_places_sorted(struct predict_places *p,
				      unsigned int gap, unsigned int *n);

#endif /* PREDICT_PLACE_H */
