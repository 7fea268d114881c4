// SPDX-License-Identifier: GPL-2.0-or-later
/* The rival Senpai's rules: bounds, curves, and what a second does. */
#include <math.h>

#include "../../selftests/ktap.h"
#include "../../tools/rivals/senpai.h"

#define MIB		(1ULL << 20)
#define MACHINE		(1024 * MIB)

static void test_probe(void)
{
	/* The whole 1 % up to a tenth of the target, 1 ms; 1 % of it at 10 ms. */
	static const struct {
		uint64_t stalled_us;
		double share;
	} cases[] = {
		{ 0, 0.01 }, { 1, 0.01 }, { 1000, 0.01 }, { 2000, 0.0025 },
		{ 5000, 0.0004 }, { 10000, 0.0001 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double share = senpai_probe(cases[i].stalled_us);

		ktap_assert(fabs(share - cases[i].share) < 1e-9, "%llu us: %g",
			    (unsigned long long)cases[i].stalled_us, share);
	}
}

static void test_backoff(void)
{
	/* 10 % from 20 times the target on, 200 ms. */
	static const struct {
		uint64_t stalled_us;
		double share;
	} cases[] = {
		{ 10000, 0.00025 }, { 20000, 0.001 }, { 100000, 0.025 },
		{ 200000, 0.1 }, { 6000000, 0.1 },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double share = senpai_backoff(cases[i].stalled_us);

		ktap_assert(fabs(share - cases[i].share) < 1e-9, "%llu us: %g",
			    (unsigned long long)cases[i].stalled_us, share);
	}
}

static void test_quiet(void)
{
	struct senpai s = { .limit = 400 * MIB, .wait_s = 5 };
	unsigned int second, probes = 0;

	for (second = 1; second <= 60; second++) {
		if (senpai_tick(&s, 0, MACHINE) != SENPAI_PROBE)
			continue;
		probes++;
		ktap_assert(second % SENPAI_INTERVAL_S == 0, "at second %u",
			    second);
	}
	ktap_assert(probes == 10, "%u probes in a minute", probes);
	ktap_assert(s.limit > 361 * MIB && s.limit < 362 * MIB,
		    "%llu left of 400 MiB after ten of 1 %%",
		    (unsigned long long)(s.limit / MIB));
	ktap_assert(s.limit % SENPAI_PAGE == 0, "whole pages");
}

static void test_pressed(void)
{
	struct senpai s = { .limit = 400 * MIB, .wait_s = 3 };

	/* Under the target the interval goes on, over it the answer is at once. */
	ktap_assert(senpai_tick(&s, 6000, MACHINE) == SENPAI_WAIT, "6 ms");
	ktap_assert(senpai_tick(&s, 194000, MACHINE) == SENPAI_BACKOFF,
		    "200 ms in all");
	ktap_assert(s.limit == 440 * MIB, "%llu",
		    (unsigned long long)s.limit);
	ktap_assert(!s.stalled_us && s.wait_s == SENPAI_INTERVAL_S - 1,
		    "a new interval");
	/* No further than the machine's memory, however long it goes on. */
	for (int i = 0; i < 100; i++)
		senpai_tick(&s, 1000000, MACHINE);
	ktap_assert(s.limit == MACHINE, "%llu", (unsigned long long)s.limit);
}

static void test_floor(void)
{
	struct senpai s = { .limit = 101 * MIB };

	for (int i = 0; i < 100; i++)
		senpai_tick(&s, 0, MACHINE);
	ktap_assert(s.limit == SENPAI_MIN_BYTES, "%llu",
		    (unsigned long long)s.limit);
}

static void test_reclaim(void)
{
	ktap_assert(senpai_reclaim(400 * MIB, 0) == 4 * MIB, "1 %% in quiet");
	/* 3 ms of 6 s are half of the threshold. */
	ktap_assert(senpai_reclaim(400 * MIB, 3000) == 2 * MIB, "half");
	ktap_assert(!senpai_reclaim(400 * MIB, 6000), "at the threshold");
	ktap_assert(!senpai_reclaim(400 * MIB, 6000000), "above it");
	ktap_assert(senpai_reclaim(SENPAI_MIN_BYTES + SENPAI_PAGE, 0) ==
		    SENPAI_PAGE, "down to the floor");
	ktap_assert(!senpai_reclaim(SENPAI_MIN_BYTES, 0), "not below it");
	ktap_assert(!senpai_reclaim(0, 0), "an empty cgroup");
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "a probe takes at most 1 %", test_probe },
		{ "a back-off gives at most 10 %", test_backoff },
		{ "without pressure it probes every 6 s", test_quiet },
		{ "pressure is answered at once, up to a bound", test_pressed },
		{ "the limit has a floor", test_floor },
		{ "without a limit it pauses above the threshold", test_reclaim },
		{}
	});
}
