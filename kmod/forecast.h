/* SPDX-License-Identifier: GPL-2.0-only */
/* What the daemon expects an app to use. */
#ifndef PRESWAP_FORECAST_H
#define PRESWAP_FORECAST_H

#include <linux/types.h>
#include <uapi/linux/preswap.h>

/* Small, as there may be many: PRESWAP_BYTES_MAX fits 48 bits. */
struct preswap_point {
	u32 horizon_ms;		/* from the moment of receipt */
	u64 mean : 48, q05 : 48, q50 : 48, q95 : 48;
} __packed __aligned(4);

/*
 * What was last forecast for each of the next seconds. Horizons are few, but as
 * forecasts come every second each second was once at one of them: between
 * horizons it is known from a forecast some seconds ago.
 */
#define PRESWAP_TIMELINE_S	16

struct preswap_moment {
	u32 second;		/* CLOCK_BOOTTIME */
	u64 q50 : 48, q95 : 48;
} __packed __aligned(4);

/* With 8 points it fits 512 bytes. */
struct preswap_forecast {
	u64 time_ns;		/* of receipt, CLOCK_BOOTTIME */
	u32 valid_ms;
	u32 nr_points;
	struct preswap_moment timeline[PRESWAP_TIMELINE_S];
	struct preswap_point point[];	/* horizons ascending */
};

/* The greatest demand over a window. */
struct preswap_demand {
	u64 q50, q95;
	u32 in_ms;	/* until it is halfway from @used to q95 */
};

struct preswap_forecast *preswap_forecast_alloc(u32 points);
void preswap_forecast_replace(struct preswap_forecast **forecast,
			      struct preswap_forecast **by);
void preswap_forecast_expire(struct preswap_forecast **forecast, u64 now_ns);

bool preswap_forecast_fresh(const struct preswap_forecast *forecast,
			    u64 now_ns);
u64 preswap_forecast_age_ms(const struct preswap_forecast *forecast,
			    u64 now_ns);
bool preswap_forecast_demand(const struct preswap_forecast *forecast,
			     u64 now_ns, u32 lead_ms, u64 used,
			     struct preswap_demand *demand);

#endif /* PRESWAP_FORECAST_H */
