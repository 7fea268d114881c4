/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Launch forecasts: how likely a program starts within each horizon.
 *
 * One struct launch for each program and user, fed with the moments at which
 * it starts and with the time that passes. It is flat, without pointers, and
 * may be copied or written to a file as it is (launch_valid() when it comes
 * back). Nothing is allocated and nothing fails. Equal input gives equal
 * output. What a launch brings with it is in predict/profile.h.
 *
 * Times are seconds since 1970 in UTC, fractions count; @offset_s is the local
 * time minus UTC at that moment. Any number is taken: a time that is not
 * finite is ignored, one before the last is a clock that was set back (what
 * was between is not known then), and so is a step of more than
 * LAUNCH_STEP_MAX_S.
 */
#ifndef PREDICT_LAUNCH_H
#define PREDICT_LAUNCH_H

#include <stdbool.h>
#include <stdint.h>

#include "predict/launch_state.h"

/* A longer time without a call was not watched. */
#define LAUNCH_STEP_MAX_S	(56 * 86400.0)

/* 1 2 5 10 30 60 300 900 s, 1 h, 4 h, 1 day */
extern const double launch_horizon_s[LAUNCH_HORIZONS];

/*
 * @probability: of at least one start after now and not later than now +
 *	horizon; inside (0, 1), not falling with the horizon.
 * @loss_ratio: rolling log loss divided by that of a constant rate learned
 *	from the same starts. Below 1 is better; 1 until something was scored.
 */
struct launch_point {
	double horizon_s;
	double probability;
	double loss_ratio;
};

/*
 * @starts: seen so far. @rate_per_day: the long-term mean.
 * @ready: there were enough starts (LAUNCH_READY) to mean something.
 * @trusted: the name of the expert with the largest weight at 60 s.
 */
#define LAUNCH_READY	3
struct launch_forecast {
	uint64_t starts;
	double rate_per_day;
	bool ready;
	const char *trusted;
	struct launch_point at[LAUNCH_HORIZONS];
};

void launch_init(struct launch *l, double now, int32_t offset_s);
/* It starts now. Time up to now was watched. */
void launch_start(struct launch *l, double now, int32_t offset_s);
/* Up to now it was watched, and did not start. */
void launch_pass(struct launch *l, double now, int32_t offset_s);
/* Since the last call nobody watched (the daemon or the machine was off). */
void launch_blind(struct launch *l, double now, int32_t offset_s);

/*
 * As of the last call: of a start within launch_horizon_s[@horizon], on its own
 * (not made to rise with the horizon).
 */
double launch_probability(const struct launch *l, int horizon);
/* All horizons. */
void launch_forecast(const struct launch *l, struct launch_forecast *out);

/* Whether a state that came from a file can be used. */
bool launch_valid(const struct launch *l);

#endif /* PREDICT_LAUNCH_H */
