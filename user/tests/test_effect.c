// SPDX-License-Identifier: GPL-2.0-or-later
/* What leases cost a donor, as effect.h says it is. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef int64_t s64;

#define U32_MAX			UINT32_MAX
#define NSEC_PER_SEC		1000000000L
#define NSEC_PER_USEC		1000L
#define USEC_PER_MSEC		1000L
#define USEC_PER_SEC		1000000L
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define div64_u64(a, b)		((u64)(a) / (u64)(b))

#include "../../kmod/effect.h"
#include "../../selftests/ktap.h"

#define PERIODS_AN_HOUR	1800

struct donor {
	struct preswap_effect effect;
	struct preswap_stalls stalls;
	u64 now_ns;
	u32 bound_ms;
};

static struct preswap_pain *pain_of(struct donor *d, u32 resource)
{
	return &d->effect.pain[resource];
}

/* Two seconds, with or without a lease at their end. */
static void period(struct donor *d, u32 resource, u64 part, u64 of)
{
	if (part)
		preswap_effect_hold(&d->effect, resource, part, of);
	d->now_ns += 2 * NSEC_PER_SEC;
	preswap_effect_update(&d->effect, &d->stalls, d->now_ns, d->bound_ms);
	if (part)
		preswap_effect_hold(&d->effect, resource, part, of);
}

/* The same, of which it stands still for want of memory for @full_us. */
static void pass(struct donor *d, bool leased, u32 full_us)
{
	d->stalls.us[DECIDE_MEMORY] += full_us;
	d->stalls.full_us += full_us;
	period(d, DECIDE_MEMORY, leased, 0);
}

/* It stands still for want of another resource, and runs on @cpus. */
static void work(struct donor *d, u32 resource, u64 part, u64 of,
		 u32 still_ms, u32 ran_ms)
{
	d->stalls.us[resource] += still_ms * USEC_PER_MSEC;
	d->stalls.ran_us += ran_ms * USEC_PER_MSEC;
	period(d, resource, part, of);
}

/* Long there, with totals that wrap soon, but little in a second. */
static struct donor donor(u32 bound_ms)
{
	struct donor d = {
		.stalls = { .us = { U32_MAX - 3000, U32_MAX - 5000,
				    U32_MAX - 7000 },
			    .full_us = U32_MAX - 5000, .faults = 77,
			    .ran_us = U32_MAX - 9000 },
		.now_ns = 10000000ULL * NSEC_PER_SEC,
		.bound_ms = bound_ms,
	};

	pass(&d, false, 0);
	return d;
}

static void test_fills(void)
{
	struct donor d = donor(500);

	pass(&d, false, 400000);
	ktap_assert(!d.effect.spent_us, "%u us without a lease",
		    d.effect.spent_us);
	pass(&d, true, 300000);
	ktap_assert(d.effect.spent_us == 300000 && !d.effect.overspent, "%u us",
		    d.effect.spent_us);
	/* it was in force when this began; then what was taken comes back */
	pass(&d, false, 100000);
	pass(&d, false, 50000);
	ktap_assert(d.effect.spent_us > 449000 && d.effect.spent_us <= 450000,
		    "%u us after the lease", d.effect.spent_us);
	pass(&d, false, 400000);
	ktap_assert(d.effect.spent_us < 450000 && !d.effect.overspent,
		    "%u us of its own", d.effect.spent_us);
}

static void test_drains(void)
{
	struct donor d = donor(500);
	int i;

	pass(&d, true, 500000);
	ktap_assert(!d.effect.overspent, "at the bound");
	pass(&d, false, 1000);
	ktap_assert(d.effect.overspent, "above it");
	pass(&d, false, 0);
	ktap_assert(d.effect.overspent, "below it, but not empty");
	for (i = 0; i < PERIODS_AN_HOUR / 2; i++)
		pass(&d, false, 900);
	ktap_assert(d.effect.spent_us > 245000 && d.effect.spent_us < 255000 &&
		    d.effect.overspent, "%u us after half an hour",
		    d.effect.spent_us);
	for (i = 0; i < PERIODS_AN_HOUR / 2 + 10; i++)
		pass(&d, false, 0);
	ktap_assert(!d.effect.spent_us && !d.effect.overspent,
		    "%u us after an hour", d.effect.spent_us);
}

static void test_at_most(void)
{
	struct donor d = donor(10);
	int i;

	/* two hours, not the 200 that 2 s are at this bound */
	pass(&d, true, 2000000);
	ktap_assert(d.effect.spent_us == 20000 && d.effect.overspent, "%u us",
		    d.effect.spent_us);
	/* a sleep of a day is one period */
	d.now_ns += 86400ULL * NSEC_PER_SEC;
	pass(&d, false, 0);
	pass(&d, false, 0);
	ktap_assert(d.effect.spent_us <= 10000, "%u us after a day",
		    d.effect.spent_us);
	/* evenly more than it drains: seen, by twice the bound within an hour */
	d = donor(1000);
	for (i = 0; !d.effect.overspent && i < PERIODS_AN_HOUR; i++)
		pass(&d, true, 4000);
	ktap_assert(i >= 285 && i <= 300, "after %d periods", i);
	d = donor(3600000);
	for (i = 0; i < 2 * PERIODS_AN_HOUR; i++)
		pass(&d, true, 2000000);
	ktap_assert(!d.effect.overspent, "an hour of each hour");
}

static void test_no_bound(void)
{
	struct donor d = donor(0);

	pass(&d, true, 2000000);
	ktap_assert(!d.effect.spent_us && !d.effect.overspent, "%u us",
		    d.effect.spent_us);
	ktap_assert(pain_of(&d, DECIDE_MEMORY)->permille == 1000,
		    "but it suffers: %u",
		    pain_of(&d, DECIDE_MEMORY)->permille);
	/* a bound begins: what was before is not held against it */
	d.bound_ms = 10;
	pass(&d, true, 5000);
	ktap_assert(d.effect.spent_us == 5000 && !d.effect.overspent, "%u us",
		    d.effect.spent_us);
}

/* The share of time, over faults and a total that wraps. */
static void test_pain(void)
{
	struct donor d = donor(0);
	struct preswap_pain *pain = pain_of(&d, DECIDE_MEMORY);

	pass(&d, true, 100000);
	ktap_assert(pain->permille == 50 && pain->regret_permille == 250,
		    "%u, %u", pain->permille, pain->regret_permille);
	d.stalls.faults += 20000;
	pass(&d, true, 0);
	ktap_assert(pain->permille == 100, "by faults: %u", pain->permille);
	pass(&d, false, 0);
	pass(&d, false, 0);
	pass(&d, false, 160000);
	ktap_assert(!pain->permille && pain->calm_permille == 10, "%u, %u",
		    pain->permille, pain->calm_permille);
	/* of memory nothing is due, however much it runs meanwhile */
	d.stalls.ran_us += 2000000;
	pass(&d, true, 200000);
	ktap_assert(pain->permille == 90, "%u", pain->permille);
}

/* What losing cores must cost is no pain; standing still beyond that is. */
static void test_cores(void)
{
	struct donor d = donor(0);
	struct preswap_pain *pain = pain_of(&d, DECIDE_CPU);

	/* it used both CPUs, and is left one: half of its time */
	work(&d, DECIDE_CPU, 1, 2, 0, 2000);
	ktap_assert(!pain->permille && !pain->regret_permille, "runs: %u",
		    pain->permille);
	work(&d, DECIDE_CPU, 1, 2, 1000, 1000);
	ktap_assert(!pain->permille && !pain->regret_permille, "half: %u",
		    pain->permille);
	/* others have that one too */
	work(&d, DECIDE_CPU, 1, 2, 1800, 200);
	ktap_assert(pain->permille == 400 && pain->regret_permille == 2000,
		    "crowded out: %u, %u", pain->permille,
		    pain->regret_permille);
	/* what it had no time to run in is not due: 600 ms of work, 500 of it */
	work(&d, DECIDE_CPU, 1, 2, 500, 100);
	ktap_assert(pain->permille == 100, "mostly idle: %u", pain->permille);
	/* a core that is given back was missed for a part of the period */
	preswap_effect_hold(&d.effect, DECIDE_CPU, 1, 4);
	work(&d, DECIDE_CPU, 0, 0, 1600, 400);
	ktap_assert(pain->permille == 300, "of two first: %u", pain->permille);
	work(&d, DECIDE_CPU, 0, 0, 0, 0);
	work(&d, DECIDE_CPU, 1, 4, 1600, 400);
	ktap_assert(pain->permille == 550, "of four: %u", pain->permille);
}

/* By the same rule, of a donor that waits for its disk anyway. */
static void test_io(void)
{
	struct donor d = donor(0);
	struct preswap_pain *pain = pain_of(&d, DECIDE_IO);
	int i;

	for (i = 0; i < 60; i++)
		work(&d, DECIDE_IO, 0, 0, 1000, 1000);
	ktap_assert(pain->calm_permille > 490 && pain->calm_permille <= 500,
		    "calm %u", pain->calm_permille);
	/* half of the 500 that it did not wait in */
	work(&d, DECIDE_IO, 3 << 20, 6 << 20, 1500, 500);
	ktap_assert(pain->permille < 10, "at half the speed: %u",
		    pain->permille);
	work(&d, DECIDE_IO, 3 << 20, 6 << 20, 2000, 0);
	ktap_assert(pain->permille > 250 && pain->permille < 260,
		    "stopped: %u", pain->permille);
	/* more is held than it had */
	work(&d, DECIDE_IO, 2 << 20, 1 << 20, 2000, 0);
	ktap_assert(!pain->permille, "all was to be left: %u", pain->permille);
}

/* One resource's lease is no other's pain, calm or downtime. */
static void test_apart(void)
{
	struct donor d = donor(500);

	d.stalls.us[DECIDE_MEMORY] += 160000;
	d.stalls.full_us += 160000;
	work(&d, DECIDE_CPU, 1, 4, 2000, 0);
	ktap_assert(pain_of(&d, DECIDE_CPU)->permille == 750 &&
		    !pain_of(&d, DECIDE_MEMORY)->permille &&
		    !pain_of(&d, DECIDE_IO)->permille, "%u, %u, %u",
		    pain_of(&d, DECIDE_CPU)->permille,
		    pain_of(&d, DECIDE_MEMORY)->permille,
		    pain_of(&d, DECIDE_IO)->permille);
	ktap_assert(pain_of(&d, DECIDE_MEMORY)->calm_permille == 10 &&
		    !d.effect.spent_us, "calm %u, %u us spent",
		    pain_of(&d, DECIDE_MEMORY)->calm_permille,
		    d.effect.spent_us);
	ktap_assert(pain_of(&d, DECIDE_CPU)->regret_permille == 3750 &&
		    !pain_of(&d, DECIDE_MEMORY)->regret_permille, "%u, %u",
		    pain_of(&d, DECIDE_CPU)->regret_permille,
		    pain_of(&d, DECIDE_MEMORY)->regret_permille);
}

/* A look that comes when PSI has added up twice, or not at all. */
static void test_when(void)
{
	struct donor d = donor(0);
	const u64 s = NSEC_PER_SEC, at = d.now_ns;

	ktap_assert(preswap_effect_due(&d.effect, at + 2 * s, at + 3 * s) ==
		    at + 2 * s, "PSI's time");
	ktap_assert(!preswap_effect_due(&d.effect, at, at + 3 * s) &&
		    !preswap_effect_due(&d.effect, at - s, at - s) &&
		    !preswap_effect_due(&d.effect, 0, at + 6 * s - 1),
		    "nothing new");
	ktap_assert(preswap_effect_due(&d.effect, at, at + 6 * s) ==
		    at + 6 * s, "it is idle");
	/* two of PSI's periods are twice the time, too */
	d.now_ns += 2 * s;
	work(&d, DECIDE_CPU, 1, 2, 2800, 1200);
	ktap_assert(pain_of(&d, DECIDE_CPU)->permille == 200, "%u",
		    pain_of(&d, DECIDE_CPU)->permille);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-24 downtime is what leases have a part in", test_fills },
		{ "R-24 downtime drains in an hour", test_drains },
		{ "R-24 downtime is bounded, and so is its memory",
		  test_at_most },
		{ "R-24 no bound on downtime", test_no_bound },
		{ "R-28 pain is stalls or faults, beyond the calm",
		  test_pain },
		{ "R-24 R-33 cores: pain is beyond what losing them costs",
		  test_cores },
		{ "R-24 R-33 I/O: pain is beyond what losing it costs",
		  test_io },
		{ "R-33 shares are of the time that PSI tells of", test_when },
		{ "R-33 each resource has its own pain", test_apart },
		{}
	});
}
