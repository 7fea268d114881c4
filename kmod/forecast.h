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

/* The greatest demand over a window. */
struct preswap_demand {
	u64 q50, q95;
};

bool preswap_forecast_fresh(const struct preswap_forecast *forecast,
			    u64 now_ns);
bool preswap_forecast_demand(const struct preswap_forecast *forecast,
			     u64 now_ns, u32 lead_ms,
			     struct preswap_demand *demand);

#endif /* PRESWAP_FORECAST_H */
