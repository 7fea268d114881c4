/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * From a forecast in floating point to what the module is told: integers with
 * units, inside the ABI's bounds, and only what is worth acting on. Pure.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include <preswap/preswap.h>
#include "predict/predict.h"

/* The module acts within its lead time; what is further is only shown. */
#define PLAN_NEAR_S	10

enum plan_verdict {
	PLAN_PUSH,
	PLAN_NOT_READY,		/* too few values seen so far */
	PLAN_WITHHOLD,		/* not worth acting on */
};

/*
 * Up to this a horizon is taken for noise's victim when the near horizons are
 * together better than naive: one rolling loss is a mean of few values.
 */
#define PLAN_LOSS_NOISE	1.1
/*
 * The same beside what is usual, which right forecasts need not beat: of bursts that come
 * at any time there is no more to know. Those of another time were at 1.25 and
 * more beside Redis (Documentation/forecasting.rst, Wrong forecasts).
 */
#define PLAN_USUAL_NOISE	1.15

/*
 * Fills @out for PLAN_PUSH. A horizon that is not ready, or at which the
 * rolling loss is not below naive's, is left out, but for one within
 * PLAN_LOSS_NOISE if the mean over the horizons up to PLAN_NEAR_S is better
 * than naive. So is one whose loss is not below that of what is usual, but for one
 * within PLAN_USUAL_NOISE if that mean is, too. When none of those remains, nothing
 * is pushed. The horizons beyond
 * an hour come along: for people, as the module looks no further than its lead.
 */
enum plan_verdict plan_forecast(const struct predict_demand_forecast *in,
				uint64_t app_id, uint8_t resource,
				uint32_t valid_ms,
				struct preswap_forecast *out);

#endif /* PLAN_PLAN_H */
