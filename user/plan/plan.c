// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>

#include "plan/plan.h"

static uint64_t clamp(double value, double max)
{
	if (!(value > 0))
		return 0;
	return value < max ? (uint64_t)value : (uint64_t)max;
}

/*
 * Outward at the quantiles, so that rounding does not narrow the interval.
 * The order is made sure of: the kernel refuses the whole batch without it.
 */
static struct preswap_point round_point(const struct predict_demand_point *in,
					double max)
{
	struct preswap_point out = {
		.horizon_ms = in->horizon_s * 1000,
		.mean = clamp(round(in->mean), max),
		.q05 = clamp(floor(in->q05), max),
		.q50 = clamp(round(in->q50), max),
		.q95 = clamp(ceil(in->q95), max),
	};

	if (out.q50 < out.q05)
		out.q50 = out.q05;
	if (out.q95 < out.q50)
		out.q95 = out.q50;
	return out;
}

static bool finite_point(const struct predict_demand_point *p)
{
	return isfinite(p->mean) && isfinite(p->q05) && isfinite(p->q50) &&
	       isfinite(p->q95);
}

/* Losses against another's: the last value's, and those of what is usual. */
struct losses {
	double naive, usual;
};

/* Means over the near horizons; NaN: not known. */
static struct losses near_losses(const struct predict_demand_forecast *in)
{
	struct losses sum = {};
	int count = 0;

	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++) {
		const struct predict_demand_point *p = &in->at[i];

		if (p->horizon_s > PLAN_NEAR_S || !p->ready)
			continue;
		sum.naive += p->score.loss_ratio;
		sum.usual += p->score.usual_ratio;
		count++;
	}
	sum.naive = count ? sum.naive / count : NAN;
	sum.usual = count ? sum.usual / count : NAN;
	return sum;
}

/* R-16; all written so that a NaN is worse. */
static bool beats_naive(const struct predict_demand_point *p, double near)
{
	if (p->score.loss_ratio < 1)
		return true;
	return p->horizon_s <= PLAN_NEAR_S && near < 1 &&
	       p->score.loss_ratio < PLAN_LOSS_NOISE;
}

/*
 * Where load comes in bursts, naive is beaten by who says at any time that there may
 * be one, and so by who says it at the wrong times.
 */
static bool stands_beside_usual(const struct predict_demand_point *p,
				double near)
{
	if (p->score.usual_ratio < 1)
		return true;
	return p->score.usual_ratio < PLAN_USUAL_NOISE &&
	       (p->horizon_s > PLAN_NEAR_S || near < PLAN_USUAL_NOISE);
}

static bool worth_pushing(const struct predict_demand_point *p,
			  const struct losses *near)
{
	return beats_naive(p, near->naive) &&
	       stands_beside_usual(p, near->usual);
}

enum plan_verdict plan_forecast(const struct predict_demand_forecast *in,
				uint64_t app_id, uint8_t resource,
				uint32_t valid_ms,
				struct preswap_forecast *out)
{
	double max = resource == PRESWAP_RESOURCE_CPU ?
		     PRESWAP_CPU_MAX_MILLI : PRESWAP_BYTES_MAX;
	const struct losses losses = near_losses(in);
	bool ready = false, near = false;

	*out = (struct preswap_forecast){
		.size = sizeof(*out), .app_id = app_id, .resource = resource,
		.valid_ms = valid_ms,
	};
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++) {
		const struct predict_demand_point *p = &in->at[i];

		if (!p->ready || !finite_point(p))
			continue;
		if (p->horizon_s <= PLAN_NEAR_S)
			ready = true;
		if (!worth_pushing(p, &losses))
			continue;
		if (p->horizon_s <= PLAN_NEAR_S)
			near = true;
		out->points[out->points_count++] = round_point(p, max);
	}
	for (int i = 0; i < PREDICT_DAY_HORIZONS && near; i++) {
		const struct predict_demand_point *p = &in->day[i];

		if (p->ready && finite_point(p) && p->score.loss_ratio < 1)
			out->points[out->points_count++] = round_point(p, max);
	}
	if (near)
		return PLAN_PUSH;
	return ready ? PLAN_WITHHOLD : PLAN_NOT_READY;
}
