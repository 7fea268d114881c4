/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Moments of the longer past that were like now (recall.c). */
#ifndef PREDICT_RECALL_H
#define PREDICT_RECALL_H

#include <stdbool.h>
#include <stdint.h>

#include "predict/expert.h"
#include "predict/ring.h"

#define PREDICT_RECALLED	32	/* moments */

/*
 * Scratch of a step. @at: places in the ring, @value: what is there; @weight: of sum 1.
 */
struct predict_recall {
	unsigned int n;
	uint16_t at[PREDICT_RECALLED];
	float value[PREDICT_RECALLED];
	float weight[PREDICT_RECALLED];
};

/*
 * The moments that were most like now, and those that moved most like now, of
 * which the next @longest steps are known; none while @past is short.
 */
void predict_recall_find(const struct predict_ring *past, unsigned int longest,
			 struct predict_recall *like,
			 struct predict_recall *moves);
/* What came @steps after them, up to the same @longest. */
void predict_recall_samples(const struct predict_recall *r,
			    const struct predict_ring *past, bool moves,
			    unsigned int steps, struct predict_changes *out);

#endif /* PREDICT_RECALL_H */
