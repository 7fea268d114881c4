/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a probable launch to a forecast of the cgroup around it: nothing
 * with the probability that it does not start, and else what former launches
 * used at the age that it would then have.
 */
#ifndef PREDICT_EXPECT_H
#define PREDICT_EXPECT_H

#include "predict/event.h"

#define EXPECT_HORIZONS_MAX	16

/*
 * @horizon_s, @probability: of a start within each, both ascending; @index is
 * the horizon that is asked for.
 * @level: what the cgroup uses now. @upper: no answer exceeds it; 0: no bound.
 */
struct expect_query {
	int resource;
	const double *horizon_s, *probability;
	int index;
	double level, upper;
};

/*
 * Quantile by quantile what @without says, or more; false: nothing is known of
 * former launches, or @without is not ready, and @out is @without. All finite
 * and in order if @without is.
 */
bool expect_launch(const struct profile *profile, const struct expect_query *q,
		   const struct event_quantiles *without,
		   struct event_quantiles *out);

#endif /* PREDICT_EXPECT_H */
