/* SPDX-License-Identifier: GPL-2.0-only */
/* What the daemon expects an app to use. */
#ifndef PRESWAP_FORECAST_H
#define PRESWAP_FORECAST_H

#include <linux/types.h>
#include <uapi/linux/preswap.h>

struct preswap_point {
	u32 horizon_ms;		/* from the moment of receipt */
	u64 mean, q05, q50, q95;
};

struct preswap_forecast {
	u64 time_ns;		/* of receipt, CLOCK_BOOTTIME; 0: none */
	u32 valid_ms;
	u32 nr_points;		/* horizons ascending */
	struct preswap_point point[PRESWAP_POINTS_MAX];
};

/*
 * What was last forecast for each of the next seconds. Horizons are few, but as
 * forecasts come every second each second was once at one of them: between
 * horizons it is known from a forecast some seconds ago.
 */
#define PRESWAP_TIMELINE_S	16

struct preswap_timeline {
	struct {
		u64 second;	/* CLOCK_BOOTTIME */
		u64 q50, q95;
	} at[PRESWAP_TIMELINE_S];
};

/* The greatest demand over a window. */
struct preswap_demand {
	u64 q50, q95;
	u32 in_ms;	/* until it is halfway from @used to q95 */
};

void preswap_forecast_note(const struct preswap_forecast *forecast,
			   struct preswap_timeline *timeline);

bool preswap_forecast_fresh(const struct preswap_forecast *forecast,
			    u64 now_ns);
bool preswap_forecast_demand(const struct preswap_forecast *forecast,
			     const struct preswap_timeline *timeline,
			     u64 now_ns, u32 lead_ms, u64 used,
			     struct preswap_demand *demand);

#endif /* PRESWAP_FORECAST_H */
