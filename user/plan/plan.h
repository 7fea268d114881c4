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
	PLAN_WITHHOLD,		/* no better than naive */
};

/*
 * Fills @out for PLAN_PUSH. A horizon that is not ready, or at which the
 * rolling loss is not below naive's, is left out; when no horizon up to
 * PLAN_NEAR_S remains, nothing is pushed.
 */
enum plan_verdict plan_forecast(const struct predict_demand_forecast *in,
				uint64_t app_id, uint8_t resource,
				uint32_t valid_ms,
				struct preswap_forecast *out);

#endif /* PLAN_PLAN_H */
