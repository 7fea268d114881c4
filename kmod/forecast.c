// SPDX-License-Identifier: GPL-2.0-only
/*
 * forecast - what the daemon expects, and for how long it is believed.
 *
 * A forecast is points in time: horizon h, counted from its receipt. Between
 * points demand is what an earlier forecast said of that second, see
 * PRESWAP_TIMELINE_S; else what the next point says, which is the cautious
 * reading of a forecast that rises. Example: received 3 s ago with
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
#include <linux/overflow.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/time64.h>

#include "forecast.h"

/* Room for this many points, the rest zero; or NULL. May wait. */
struct preswap_forecast *preswap_forecast_alloc(u32 points)
{
	struct preswap_forecast *forecast;

	return kzalloc(struct_size(forecast, point, points), GFP_KERNEL);
}

/* @forecast may be none. A tick that has begun may be older than a forecast. */
bool preswap_forecast_fresh(const struct preswap_forecast *forecast,
			    u64 now_ns)
{
	return forecast &&
	       now_ns <= forecast->time_ns +
			 (u64)forecast->valid_ms * NSEC_PER_MSEC;
}

u64 preswap_forecast_age_ms(const struct preswap_forecast *forecast,
			    u64 now_ns)
{
	return div_u64(now_ns - min(now_ns, forecast->time_ns), NSEC_PER_MSEC);
}

void preswap_forecast_expire(struct preswap_forecast **forecast, u64 now_ns)
{
	if (preswap_forecast_fresh(*forecast, now_ns))
		return;
	kfree(*forecast);
	*forecast = NULL;
}

static u64 rise(u64 from, u64 to, u64 part, u64 whole)
{
	return to <= from ? to : from + mul_u64_u64_div_u64(to - from, part,
							    whole);
}

static u64 due_ns(const struct preswap_forecast *forecast, u32 i)
{
	return forecast->time_ns +
	       (u64)forecast->point[i].horizon_ms * NSEC_PER_MSEC;
}

/* Remember what a new forecast says of the seconds that its points fall in. */
static void note(struct preswap_forecast *forecast)
{
	u32 now_s = (u32)div_u64(forecast->time_ns, NSEC_PER_SEC), second;
	u32 i;

	for (i = 0; i < forecast->nr_points; i++) {
		second = (u32)div_u64(due_ns(forecast, i), NSEC_PER_SEC);
		if (second - now_s >= PRESWAP_TIMELINE_S)
			break;
		forecast->timeline[second % PRESWAP_TIMELINE_S] =
			(struct preswap_moment){
				.second = second,
				.q50 = forecast->point[i].q50,
				.q95 = forecast->point[i].q95,
			};
	}
}

/* Put a new forecast in an old one's place; @by becomes the old one, or NULL. */
void preswap_forecast_replace(struct preswap_forecast **forecast,
			      struct preswap_forecast **by)
{
	swap(*forecast, *by);
	if (*by)
		memcpy((*forecast)->timeline, (*by)->timeline,
		       sizeof((*by)->timeline));
	note(*forecast);
}

/* What the points say of the window; see the example above. */
static bool points_demand(const struct preswap_forecast *forecast, u64 now_ns,
			  u32 lead_ms, struct preswap_demand *demand)
{
	static const struct preswap_point receipt;
	const struct preswap_point *last = &receipt;
	u64 age_ms = preswap_forecast_age_ms(forecast, now_ns);
	u64 until_ms = age_ms + lead_ms;
	u32 i;

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
			demand->q50 = max(demand->q50,
					  rise(last->q50, p->q50,
					       until_ms - from, span));
			demand->q95 = max(demand->q95,
					  rise(last->q95, p->q95,
					       until_ms - from, span));
			last = p;
			break;
		}
		demand->q50 = max_t(u64, demand->q50, p->q50);
		demand->q95 = max_t(u64, demand->q95, p->q95);
		last = p;
		if (p->horizon_ms >= until_ms)
			break;
	}
	return last != &receipt && last->horizon_ms >= age_ms;
}

/* q95 in @second, of the timeline or of the next point; 0: nothing is known. */
static u64 q95_at(const struct preswap_forecast *forecast, u32 second)
{
	u32 i = second % PRESWAP_TIMELINE_S;

	if (forecast->timeline[i].second == second)
		return forecast->timeline[i].q95;
	for (i = 0; i < forecast->nr_points; i++)
		if (due_ns(forecast, i) >= (u64)second * NSEC_PER_SEC)
			return forecast->point[i].q95;
	return 0;
}

/**
 * preswap_forecast_demand() - greatest demand from now until the lead time
 * @forecast: the forecast; may be none
 * @now_ns: CLOCK_BOOTTIME
 * @lead_ms: length of the window
 * @used: now
 * @demand: the answer, unchanged if there is none
 *
 * Return: false if there is no fresh forecast that reaches beyond now.
 */
bool preswap_forecast_demand(const struct preswap_forecast *forecast,
			     u64 now_ns, u32 lead_ms, u64 used,
			     struct preswap_demand *demand)
{
	u32 now_s = (u32)div_u64(now_ns, NSEC_PER_SEC), second;
	u32 seconds = min_t(u32, lead_ms / MSEC_PER_SEC,
			    PRESWAP_TIMELINE_S - 1);
	const struct preswap_moment *at;
	struct preswap_demand found = {};
	u64 twice;	/* what is halfway */

	if (!preswap_forecast_fresh(forecast, now_ns) ||
	    !points_demand(forecast, now_ns, lead_ms, &found))
		return false;
	for (second = now_s + 1; second <= now_s + seconds; second++) {
		at = &forecast->timeline[second % PRESWAP_TIMELINE_S];
		if (at->second != second)
			continue;
		found.q50 = max_t(u64, found.q50, at->q50);
		found.q95 = max_t(u64, found.q95, at->q95);
	}
	if (found.q95 > used) {
		twice = used + found.q95;
		found.in_ms = min_t(u32, lead_ms,
				    PRESWAP_TIMELINE_S * MSEC_PER_SEC);
		for (second = now_s; second <= now_s + seconds; second++) {
			if (2 * q95_at(forecast, second) < twice)
				continue;
			found.in_ms = div_u64(max((u64)second * NSEC_PER_SEC,
						  now_ns) - now_ns,
					      NSEC_PER_MSEC);
			break;
		}
	}
	*demand = found;
	return true;
}
