// SPDX-License-Identifier: GPL-2.0-only
/* What apps are expected to need; see demand.h. */
#include "demand.h"
#include "number.h"

/* No sum of spreads exceeds this many units: squares x 100 fit 64 bits. */
#define SPREAD_SUM_BITS	28

/* Half the width of the uniform distribution. */
static __s64 half_width(const struct decide_demand *demand)
{
	return (__s64)(demand->spread / 9 * 10 + demand->spread % 9 * 10 / 9);
}

/* For @need within the distribution, and a width above 0. */
static __u32 chance_above(const struct decide_demand *demand, __s64 width,
			  __s64 need)
{
	return (__u32)((demand->median + width - need) * 500 / width);
}

__u32 decide_demand_chance(const struct decide_demand *demand, __u64 room)
{
	__s64 width = half_width(demand), need = (__s64)decide_bound(room);

	if (need < demand->median - width)
		return 1000;
	if (need >= demand->median + width)
		return 0;
	return chance_above(demand, width, need);
}

__u64 decide_demand_expected(const struct decide_demand *demand, __u64 room,
			     __u64 covered)
{
	__s64 width = half_width(demand);
	__s64 lowest = demand->median - width, highest = demand->median + width;
	__s64 from = (__s64)decide_bound(room);
	__s64 to = from + (__s64)decide_bound(covered);
	__u64 sum = 0;

	if (from < lowest) {
		/* so much is needed in any case */
		__s64 sure = to < lowest ? to : lowest;

		sum = (__u64)(sure - from);
		from = sure;
	}
	if (to > highest)
		to = highest;
	if (from < to)
		sum += decide_permille((__u64)(to - from),
				       (chance_above(demand, width, from) +
					chance_above(demand, width, to)) / 2);
	return sum;
}

static __u32 bits(__u64 value)
{
	__u32 n = 0;

	for (; value; value >>= 1)
		n++;
	return n;
}

void decide_spread_init(struct decide_spread *sum, __u64 largest, __u32 count,
			__u32 correlation_pct)
{
	__u32 most = bits(largest) + bits(count);

	*sum = (struct decide_spread){
		.shift = most > SPREAD_SUM_BITS ? most - SPREAD_SUM_BITS : 0,
		.correlation_pct = correlation_pct < 100 ? correlation_pct : 100,
	};
}

/* Newton's method, from above: @guess must not be below the root. */
static __u64 root(__u64 value, __u64 guess)
{
	__u64 next;

	if (!value)
		return 0;
	for (;;) {
		next = (guess + value / guess) / 2;
		if (next >= guess)
			return guess;
		guess = next;
	}
}

/* Before the shift back; @guess as for root(). */
static __u64 sigma(const struct decide_spread *sum, __u64 guess)
{
	__u64 together = sum->sum * sum->sum;
	__u32 rho = sum->correlation_pct;

	return root((together * rho + sum->squares * (100 - rho)) / 100, guess);
}

__u64 decide_spread_sigma(const struct decide_spread *sum)
{
	return sigma(sum, sum->sum) << sum->shift;
}

__u64 decide_spread_add(struct decide_spread *sum, __u64 spread)
{
	__u64 before = sum->sigma, units = spread >> sum->shift;

	decide_spread_gather(sum, spread);
	if (sum->sum == units) {
		/* the first one, which is not rounded */
		sum->sigma = units;
		return spread;
	}
	sum->sigma = sigma(sum, before + units + 1);
	return decide_less(sum->sigma, before) << sum->shift;
}
