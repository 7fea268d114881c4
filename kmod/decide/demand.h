/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What apps are expected to need beyond what they have, as distributions, and
 * how these add up on a node.
 *
 * One app. Its need is uniform between median - w and median + w, where w =
 * spread / 0.9: so that "median + spread" is passed with a probability of 5 %.
 * Rough, but it has the two numbers that a forecast brings, and integrals by hand.
 *
 * Several. Adding up upper bounds would serve a case in which all apps are at
 * their worst at once. The spread of a sum of apps with spreads s1, s2, ... is
 *
 *	sigma = sqrt(rho (s1 + s2 + ...)^2 + (1 - rho) (s1^2 + s2^2 + ...))
 *
 * with rho the correlation that is allowed for. Each receiver is counted with
 * what it adds to the sigma of those served before it, so the first one with
 * all of its own, and no later one changes that. What is freed is free for
 * all, so the sum is what matters.
 *
 * Example: three services of median 0 and spread 100, rho 50 %: sigma is 100,
 * 173, 245: they are counted with 100, 73 and 72, not with 300 together.
 */
#ifndef PRESWAP_DECIDE_DEMAND_H
#define PRESWAP_DECIDE_DEMAND_H

#include "number.h"

/*
 * One app's need, beyond what it has. @median is negative where the median
 * is below what it had before its leases.
 */
struct decide_demand {
	__s64 median;
	__u64 spread;		/* to the 95 % quantile */
	__u64 counted;		/* of that, by the app's sensitivity, > 0 */
};

/* How much of the uncertainty counts is the app's choice. */
static inline __u64 decide_counted(const struct decide_app *app, __u64 spread)
{
	if (app->sensitivity == DECIDE_LATENCY)
		return spread;
	return app->sensitivity == DECIDE_NORMAL ? spread / 2 : 0;
}

/* Of @app, no more in all than @capacity. */
static inline struct decide_demand decide_demand(const struct decide_app *app,
				   __u32 resource, __u64 capacity)
{
	const struct decide_use *use = &app->use[resource];
	__u64 used = decide_bound(use->used), base = decide_bound(use->base);
	__u64 median = used, high = used, given = 0;
	struct decide_demand demand;

	if (use->source != DECIDE_FROM_NOTHING) {
		/* a forecast is of all that it would use, given or not */
		if (use->source == DECIDE_FROM_FORECAST)
			given = decide_bound(use->given);
		median = decide_smaller(use->q50, capacity);
		median = decide_larger(decide_less(median, given), used);
		high = decide_smaller(use->q95, capacity);
		high = decide_less(high, given);
		high = decide_larger(high, median);
	}
	demand.median = (__s64)median - (__s64)base;
	demand.spread = high - median;
	/* what lies below the base is there already */
	demand.counted = decide_less(median + decide_counted(app, demand.spread),
				     decide_larger(median, base));
	return demand;
}

/* What is to be served if the app were alone: median and counted spread. */
static inline __u64 decide_demand_alone(const struct decide_demand *demand)
{
	return (demand->median > 0 ? (__u64)demand->median : 0) +
	       demand->counted;
}

/* Probability, in 1/1000, that the need exceeds @room. */
__u32 decide_demand_chance(const struct decide_demand *demand, __u64 room);

/* The mean of what is needed beyond @room and no further than @covered. */
__u64 decide_demand_expected(const struct decide_demand *demand, __u64 room,
			     __u64 covered);

/* The spread of a sum. */
struct decide_spread {
	__u64 sum;		/* both in units of 2^shift */
	__u64 squares;
	__u64 sigma;
	__u32 shift;
	__u32 correlation_pct;
};

/* For at most @count spreads of at most @largest. */
void decide_spread_init(struct decide_spread *sum, __u64 largest, __u32 count,
			__u32 correlation_pct);
/* Without working out sigma. */
static inline void decide_spread_gather(struct decide_spread *sum, __u64 spread)
{
	__u64 units = spread >> sum->shift;

	sum->sum += units;
	sum->squares += units * units;
}

__u64 decide_spread_sigma(const struct decide_spread *sum);
/* Return: what this one adds to sigma. */
__u64 decide_spread_add(struct decide_spread *sum, __u64 spread);

#endif /* PRESWAP_DECIDE_DEMAND_H */
