/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values in order, and where each came from; scratch of a step. */
#ifndef PREDICT_PLACE_H
#define PREDICT_PLACE_H

#include <stdint.h>

#include "predict/expert.h"
#include "predict/recur.h"

/* Where the samples' weights are: of the window, of changes, of recurrence. */
#define PREDICT_FIRST_CHANGE	(PREDICT_HISTORY + 8)
#define PREDICT_FIRST_RECUR	(PREDICT_FIRST_CHANGE + \
				 PREDICT_CHANGE_EXPERTS * PREDICT_CHANGES)
#define PREDICT_SOURCES		(PREDICT_FIRST_RECUR + PREDICT_RECUR_SAMPLES)

/* Sorted values and where their weights are; room to read past the end. */
struct predict_sources {
	unsigned int n;
	float value[PREDICT_SOURCES + 32];
	uint16_t source[PREDICT_SOURCES];
};

/* Values that are in no order, as those of all change experts. */
struct predict_items {
	unsigned int n;
	float value[PREDICT_CHANGE_EXPERTS * PREDICT_CHANGES];
	uint16_t source[PREDICT_CHANGE_EXPERTS * PREDICT_CHANGES];
};

/* @to becomes @from and @items, in order. */
void predict_place(const struct predict_sources *from,
		   const struct predict_items *items,
		   struct predict_sources *to);

#endif /* PREDICT_PLACE_H */
