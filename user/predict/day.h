/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Hours ahead: demand.c's third resolution, steps of 15 min. */
#ifndef PREDICT_DAY_H
#define PREDICT_DAY_H

#include <stdbool.h>
#include <stdint.h>

#include "predict/predict.h"

#define PREDICT_DAY_STEP	900u	/* s */
#define PREDICT_DAY_STEPS	96u	/* of a day */
#define PREDICT_DAY_FACTORS	3

/*
 * What is learned for one horizon.
 *
 * @a, @b: sums of products of the factors, and with what came of them.
 * @q: quantiles of what came less what was expected, @size: its mean size.
 * @naive_q, @naive_size: the same where the last step is repeated.
 */
struct predict_day_ahead {
	float a[PREDICT_DAY_FACTORS][PREDICT_DAY_FACTORS];
	float b[PREDICT_DAY_FACTORS];
	float q[3], size;
	float naive_q[3], naive_size;
	float own, naive, inside, width, weight;
	uint32_t scored;
};

/*
 * Flat, no pointers.
 *
 * @clock: seconds, of which the slot of the day follows; @steps: ended so far.
 * @profile: the usual value of each slot, NaN where none was seen.
 * @last: each slot's latest step, NaN if that is not within a day.
 * @sum, @sample, @count: of the step under way. @most: ever seen.
 * @stands: so many seconds more @clock stands, as it was set back by them.
 */
struct predict_day {
	uint64_t clock, steps;
	float profile[PREDICT_DAY_STEPS];
	float last[PREDICT_DAY_STEPS];
	double sum, most;
	float sample;
	uint32_t count, stands;
	float level, spread;
	struct predict_day_ahead ahead[PREDICT_DAY_HORIZONS];
};

void predict_day_init(struct predict_day *d);
/* The second that follows is @clock, e.g. since 1970; to keep slots in place. */
void predict_day_set_clock(struct predict_day *d, uint64_t clock);
/* This second's value; NaN: missing. */
void predict_day_update(struct predict_day *d, double value);
/* Of horizon predict_day_horizon_s[@index]; within 0 and @upper. */
void predict_day_forecast(const struct predict_day *d, unsigned int index,
			  double upper, struct predict_demand_point *out);
/* Is it one that predict_day_update() may have left behind? */
bool predict_day_is_sane(const struct predict_day *d);

#endif /* PREDICT_DAY_H */
