// SPDX-License-Identifier: GPL-2.0-only
/*
 * forecast - what the daemon expects, and for how long it is believed.
 *
 * A forecast is points in time: horizon h, counted from its receipt. Between
 * points demand is taken to be what the next point says, which is the
 * cautious reading of a forecast that rises. Example: received 3 s ago with
 * points at 1, 2, 5, 10, 30 s, and a lead time of 10 s: the window is 3 s to
 * 13 s after receipt, so the points at 5, 10 and 30 s count. The point past
 * the window (30 s) stands for the time from 10 to 13 s.
 *
 * That last point may be far past the window and must not bring its burst
 * forward, so it counts in proportion to the part of its span that the window
 * covers: here (13 - 10) / (30 - 10) of the rise over the point at 10 s. A first
 * point beyond the window rises from nothing at the time of receipt.
 */
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>

#include "forecast.h"

bool preswap_forecast_fresh(const struct preswap_forecast *forecast,
			    u64 now_ns)
{
	return forecast->time_ns &&
	       now_ns - forecast->time_ns <=
	       (u64)forecast->valid_ms * NSEC_PER_MSEC;
}

static u64 rise(u64 from, u64 to, u64 part, u64 whole)
{
	return to <= from ? to : from + mul_u64_u64_div_u64(to - from, part,
							    whole);
}

/**
 * preswap_forecast_demand() - greatest demand from now until the lead time
 * @forecast: the forecast; may be none
 * @now_ns: CLOCK_BOOTTIME
 * @lead_ms: length of the window
 * @demand: the answer, unchanged if there is none
 *
 * Return: false if there is no fresh forecast that reaches beyond now.
 */
bool preswap_forecast_demand(const struct preswap_forecast *forecast,
			     u64 now_ns, u32 lead_ms,
			     struct preswap_demand *demand)
{
	static const struct preswap_point receipt;
	const struct preswap_point *last = &receipt;
	u64 age_ms, until_ms, q50 = 0, q95 = 0;
	u32 i;

	if (!preswap_forecast_fresh(forecast, now_ns))
		return false;
	age_ms = div_u64(now_ns - forecast->time_ns, NSEC_PER_MSEC);
	until_ms = age_ms + lead_ms;

	for (i = 0; i < forecast->nr_points; i++) {
		const struct preswap_point *p = &forecast->point[i];
		u64 span;

		if (p->horizon_ms < age_ms) {
			last = p;
			continue;
		}
		if (p->horizon_ms > until_ms) {
			u64 from = max_t(u64, last->horizon_ms, age_ms);

			span = p->horizon_ms - last->horizon_ms;
			q50 = max(q50, rise(last->q50, p->q50,
					    until_ms - from, span));
			q95 = max(q95, rise(last->q95, p->q95,
					    until_ms - from, span));
			last = p;
			break;
		}
		q50 = max(q50, p->q50);
		q95 = max(q95, p->q95);
		last = p;
		if (p->horizon_ms >= until_ms)
			break;
	}
	if (last->horizon_ms < age_ms || last == &receipt)
		return false;
	demand->q50 = q50;
	demand->q95 = q95;
	return true;
}
