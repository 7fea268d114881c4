/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The window of recent values, laid out for the experts; scratch of a step. */
#ifndef PREDICT_HISTORY_H
#define PREDICT_HISTORY_H

#include <stdbool.h>
#include <stdint.h>

#include "predict/pool.h"
#include "predict/ring.h"

#define PREDICT_HISTORY		PREDICT_POOL_MAX

/* How far each moment of the window is from now, by one measure, squared. */
enum predict_measure {
	PREDICT_BY_NONE,	/* equally near, all of them: has no distances */
	PREDICT_BY_RANK,	/* the value's rank, 0..1 */
	PREDICT_BY_LEVEL,	/* a level of 3 steps, in mean deviations */
	PREDICT_BY_SLOW,	/* a level of 10 steps, likewise */
	PREDICT_BY_SHAPE4,	/* the last 4 values, in mean deviations */
	PREDICT_BY_SHAPE12,	/* the last 12 */
	PREDICT_MEASURES
};

/*
 * Index 0 is the oldest value, n - 1 the newest.
 *
 * @value: outcomes, what is forecast; @state: what the experts look at; they
 *	differ where a step is a mean, see predict_series_update_pair().
 * @there: 1, or 0 where the value was missing; @whole: it was nowhere. It and @value
 *	are 0 up to 16 past the end.
 * @sorted: indices by ascending outcome.
 * @level, @slow: exponential smoothing of @state, alpha 0.3 and 0.1; @base: the last of
 *	alpha 0.03 (smooth.c).
 */
struct predict_history {
	unsigned int n;
	bool whole;
	float base;
	float value[PREDICT_HISTORY + 16];
	float state[PREDICT_HISTORY];
	float there[PREDICT_HISTORY + 16];
	float level[PREDICT_HISTORY];
	float slow[PREDICT_HISTORY];
	float rank[PREDICT_HISTORY];
	float distance[PREDICT_MEASURES][PREDICT_HISTORY];
	uint8_t sorted[PREDICT_HISTORY];
};

/*
 * All but what is smoothed, and the distances.
 *
 * @pool: the outcomes; @past: the states, of the same steps; @missing: a bit
 * per place of the pool.
 */
void predict_history_fill(struct predict_history *h,
			  const struct predict_pool *pool,
			  const struct predict_ring *past,
			  const uint8_t *missing);
/* The distances, from what is smoothed; of one value or more. */
void predict_history_measure(struct predict_history *h);

#endif /* PREDICT_HISTORY_H */
