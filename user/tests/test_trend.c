// SPDX-License-Identifier: GPL-2.0-or-later
/* The module's short trend, as its header says it is. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef int32_t s32;
typedef int64_t s64;
typedef uint8_t u8;
typedef uint64_t u64;
typedef uint32_t u32;

#include "../../kmod/trend.h"
#include "../../selftests/ktap.h"

#define MIB		(1LL << 20)
#define AHEAD		20	/* ticks of a lead of 2 s */

static uint64_t seed;

/* -range .. range, even */
static s64 noise(s64 range)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return (s64)(seed % (uint64_t)(2 * range + 1)) - range;
}

static struct preswap_trend settled(s64 value)
{
	struct preswap_trend t = {};
	int i;

	for (i = 0; i < 100; i++)
		preswap_trend_update(&t, (u64)value);
	return t;
}

static s64 rise(const struct preswap_trend *t)
{
	return (s64)preswap_trend_rise(t, AHEAD);
}

static void test_steep_ramp(void)
{
	static const s64 least[] = { 0, 32, 48, 64, 64, 110 };
	static const s64 most[] = { 0, 32, 48, 80, 110, 160 };
	struct preswap_trend t = settled(100 * MIB);
	int i;

	for (i = 0; i < 6; i++) {
		preswap_trend_update(&t, (u64)((116 + 16 * i) * MIB));
		/* the first tick of a ramp is a step, for all that is known */
		ktap_assert(rise(&t) >= least[i] * MIB &&
			    rise(&t) <= most[i] * MIB, "tick %d: %lld KiB",
			    i + 1, (long long)(rise(&t) >> 10));
	}
	for (; i < 60; i++)
		preswap_trend_update(&t, (u64)((116 + 16 * i) * MIB));
	ktap_assert(rise(&t) > 300 * MIB && rise(&t) < 340 * MIB,
		    "after 6 s: %lld MiB", (long long)(rise(&t) >> 20));
}

static void test_gentle_ramp(void)
{
	struct preswap_trend t = settled(100 * MIB);
	int i;

	for (i = 1; i <= 10; i++)
		preswap_trend_update(&t, (u64)((100 + 4 * i) * MIB));
	ktap_assert(t.slope > 2 * MIB && t.slope < 4 * MIB, "slope %lld KiB",
		    (long long)(t.slope >> 10));
	ktap_assert(rise(&t) == AHEAD * t.slope, "not believed");
}

/* As it comes in one tick, so it may have been all. */
static void test_step(void)
{
	struct preswap_trend t = settled(100 * MIB);
	int i;

	for (i = 0; i < 100; i++) {
		preswap_trend_update(&t, 200ULL * MIB);
		ktap_assert(!rise(&t), "tick %d: %lld MiB", i,
			    (long long)(rise(&t) >> 20));
	}
}

static void test_short_run(void)
{
	struct preswap_trend t = settled(100 * MIB);

	preswap_trend_update(&t, 150ULL * MIB);
	preswap_trend_update(&t, 200ULL * MIB);
	ktap_assert(rise(&t) >= 100 * MIB, "%lld", (long long)rise(&t));
	preswap_trend_update(&t, 200ULL * MIB);
	ktap_assert(!rise(&t), "%lld MiB", (long long)(rise(&t) >> 20));
}

/* What grows in lumps, one each third tick. */
static void test_lumps(void)
{
	struct preswap_trend t = settled(100 * MIB);
	int i;

	for (i = 0; i < 30; i++)
		preswap_trend_update(&t, (u64)((100 + i / 3 * 24) * MIB));
	ktap_assert(rise(&t) > 100 * MIB && rise(&t) < 250 * MIB,
		    "8 MiB a tick are taken for %lld in 20",
		    (long long)(rise(&t) >> 20));
}

/* A day at 10 Hz: how often is noise taken for what is worth a lease? */
static void test_noise(void)
{
	struct preswap_trend t = settled(100 * MIB);
	unsigned int runs = 0, rises = 0;
	int i;

	seed = 88172645463325252ULL;
	for (i = 0; i < 864000; i++) {
		preswap_trend_update(&t, (u64)(100 * MIB + noise(4 * MIB)));
		runs += t.run >= 2;
		rises += rise(&t) >= 8 * MIB;
	}
	printf("# %u runs, %u rises of 8 MiB in a day\n", runs, rises);
	ktap_assert(!runs, "%u runs", runs);
	ktap_assert(rises < 864, "%u rises", rises);
}

static void test_settle(void)
{
	struct preswap_trend t = {};
	int i;

	/* of what is new nothing is known */
	for (i = 0; i < PRESWAP_TREND_SETTLE - 1; i++) {
		preswap_trend_update(&t, (u64)(i * 50 * MIB));
		ktap_assert(!rise(&t), "after %d values", i + 1);
	}
	/* nor does it fall for ever */
	t = settled(100 * MIB);
	for (i = 0; i < 50; i++)
		preswap_trend_update(&t, (u64)((100 - 2 * i) * MIB));
	ktap_assert(!rise(&t) && t.slope < 0, "rises by %lld",
		    (long long)rise(&t));
}

/*
 * A burst of 40 MiB in two seconds, as those of the redis workload: what is thought of
 * its height while it rises. A forecast that knew of it is right, and one that did not
 * is overtaken at once.
 */
static void test_foreseen(void)
{
	static const struct {
		u64 q95, least, most;
	} forecasts[] = {
		{ 62 * MIB, 0, 62 * MIB },
		/* "as now", and none at all */
		{ 21 * MIB, 75 * MIB, 110 * MIB },
		{ 0, 75 * MIB, 110 * MIB },
	};

	for (size_t i = 0; i < sizeof(forecasts) / sizeof(*forecasts); i++) {
		struct preswap_trend t = settled(20 * MIB);
		u64 used = 20 * MIB, most = 0, more;

		for (int tick = 0; tick < 20; tick++) {
			used += 2 * MIB;
			preswap_trend_update(&t, used);
			more = preswap_trend_unforeseen(&t, AHEAD, used,
							forecasts[i].q95);
			if (more && used + more > most)
				most = used + more;
		}
		ktap_assert(most >= forecasts[i].least &&
			    most <= forecasts[i].most, "forecast %zu: %llu MiB",
			    i, (unsigned long long)(most >> 20));
	}
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-19 a steep ramp is expected from its second tick on",
		  test_steep_ramp },
		{ "R-19 a gentle ramp is believed within a second",
		  test_gentle_ramp },
		{ "R-19 a step is no ramp", test_step },
		{ "R-19 growth that ends is not expected to go on",
		  test_short_run },
		{ "R-19 growth in lumps is a ramp", test_lumps },
		{ "R-22 noise is no ramp", test_noise },
		{ "R-19 new and falling: nothing rises", test_settle },
		{ "R-19 a ramp below what is forecast is the foreseen one",
		  test_foreseen },
		{}
	});
}
