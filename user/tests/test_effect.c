// SPDX-License-Identifier: GPL-2.0-or-later
/* What leases cost a donor, as effect.h says it is. */
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;

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
	struct preswap_pain pain;
	struct preswap_stalls stalls;
	u64 now_ns;
	u32 bound_ms;
};

/* Two seconds, of which it stands still for @full_us. */
static void pass(struct donor *d, bool leased, u32 full_us)
{
	d->now_ns += 2 * NSEC_PER_SEC;
	d->stalls.some_us += full_us;
	d->stalls.full_us += full_us;
	preswap_pain_update(&d->pain, &d->stalls, d->now_ns, leased,
			    d->bound_ms);
}

/* Long there, with totals that wrap soon. */
static struct donor donor(u32 bound_ms)
{
	struct donor d = {
		.stalls = { .some_us = U32_MAX - 5000,
			    .full_us = U32_MAX - 5000, .faults = 77 },
		.now_ns = NSEC_PER_SEC,
		.bound_ms = bound_ms,
	};

	pass(&d, false, 0);
	return d;
}

static void test_fills(void)
{
	struct donor d = donor(500);

	pass(&d, false, 400000);
	ktap_assert(!d.pain.spent_us, "%u us without a lease",
		    d.pain.spent_us);
	pass(&d, true, 300000);
	ktap_assert(d.pain.spent_us == 300000 && !d.pain.overspent, "%u us",
		    d.pain.spent_us);
	/* it was in force when this began; then what was taken comes back */
	pass(&d, false, 100000);
	pass(&d, false, 50000);
	ktap_assert(d.pain.spent_us > 449000 && d.pain.spent_us <= 450000,
		    "%u us after the lease", d.pain.spent_us);
	pass(&d, false, 400000);
	ktap_assert(d.pain.spent_us < 450000 && !d.pain.overspent,
		    "%u us of its own", d.pain.spent_us);
}

static void test_drains(void)
{
	struct donor d = donor(500);
	int i;

	pass(&d, true, 500000);
	ktap_assert(!d.pain.overspent, "at the bound");
	pass(&d, false, 1000);
	ktap_assert(d.pain.overspent, "above it");
	pass(&d, false, 0);
	ktap_assert(d.pain.overspent, "below it, but not empty");
	for (i = 0; i < PERIODS_AN_HOUR / 2; i++)
		pass(&d, false, 900);
	ktap_assert(d.pain.spent_us > 245000 && d.pain.spent_us < 255000 &&
		    d.pain.overspent, "%u us after half an hour",
		    d.pain.spent_us);
	for (i = 0; i < PERIODS_AN_HOUR / 2 + 10; i++)
		pass(&d, false, 0);
	ktap_assert(!d.pain.spent_us && !d.pain.overspent,
		    "%u us after an hour", d.pain.spent_us);
}

static void test_at_most(void)
{
	struct donor d = donor(10);
	int i;

	/* two hours, not the 200 that 2 s are at this bound */
	pass(&d, true, 2000000);
	ktap_assert(d.pain.spent_us == 20000 && d.pain.overspent, "%u us",
		    d.pain.spent_us);
	/* a sleep of a day is one period */
	d.now_ns += 86400ULL * NSEC_PER_SEC;
	pass(&d, false, 0);
	pass(&d, false, 0);
	ktap_assert(d.pain.spent_us <= 10000, "%u us after a day",
		    d.pain.spent_us);
	/* evenly more than it drains: seen, by twice the bound within an hour */
	d = donor(1000);
	for (i = 0; !d.pain.overspent && i < PERIODS_AN_HOUR; i++)
		pass(&d, true, 4000);
	ktap_assert(i >= 285 && i <= 300, "after %d periods", i);
	d = donor(3600000);
	for (i = 0; i < 2 * PERIODS_AN_HOUR; i++)
		pass(&d, true, 2000000);
	ktap_assert(!d.pain.overspent, "an hour of each hour");
}

static void test_no_bound(void)
{
	struct donor d = donor(0);

	pass(&d, true, 2000000);
	ktap_assert(!d.pain.spent_us && !d.pain.overspent, "%u us",
		    d.pain.spent_us);
	ktap_assert(d.pain.permille == 1000, "but it suffers: %u",
		    d.pain.permille);
	/* a bound begins: what was before is not held against it */
	d.bound_ms = 10;
	pass(&d, true, 5000);
	ktap_assert(d.pain.spent_us == 5000 && !d.pain.overspent, "%u us",
		    d.pain.spent_us);
}

/* The share of time, over faults and a total that wraps. */
static void test_pain(void)
{
	struct donor d = donor(0);

	pass(&d, true, 100000);
	ktap_assert(d.pain.permille == 50 && d.pain.regret_permille == 250,
		    "%u, %u", d.pain.permille, d.pain.regret_permille);
	d.stalls.faults += 20000;
	pass(&d, true, 0);
	ktap_assert(d.pain.permille == 100, "by faults: %u", d.pain.permille);
	pass(&d, false, 0);
	pass(&d, false, 0);
	pass(&d, false, 160000);
	ktap_assert(!d.pain.permille && d.pain.calm_permille == 10, "%u, %u",
		    d.pain.permille, d.pain.calm_permille);
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
		{}
	});
}
