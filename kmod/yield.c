// SPDX-License-Identifier: GPL-2.0-only
/*
 * yield - who waits for CPUs is let through: the cheapest act there is.
 *
 * Cores are freed ahead, where the node is expected to run out of them. But an app may
 * wait for a CPU without that: in a burst that nobody foresaw, as a hypervisor gives
 * less than it shows, as two threads share a core. While an app that suffers from
 * latency waits, those of lower priority that may give CPU, and use it, have a
 * cpu.weight of yield_weight, or their own where that is less. They still get all that
 * nobody else wants: nothing has to be worked out beforehand, and no task moves.
 *
 * It waits when its tasks together stood in run queues for yield_wait_pct of about the
 * last half second, and for half as long as they ran: many that run wait a little all
 * the time. Half of that is enough to go on.
 *
 * A weight counts among a cgroup's siblings, so only those can yield whose parent
 * holds the waiting app, too, at any depth. It counts for all that is inside, so those do
 * not that hold other apps: these may have a higher priority, or be no donors.
 *
 * A weight guarantees no amount: what it comes to hangs on what all others want. Where
 * a donor is kept below its floor while it yields, its weight is doubled, after one and a
 * half seconds at the earliest, until it has that again, or its own weight. One that waits
 * less than it lacks of the floor wants no more.
 *
 * Nothing is reclaimed for leases while an app waits: the burst is there, and the time for
 * that is over. What the kernel frees then, for those who need it, costs CPU enough.
 *
 * Yielding takes away its own reason. So it goes on for hold_ms after the last that
 * was seen of it (and leases for another hold_ms, as any); and where the app waits again
 * within four times as long, for twice as long as the last time, up to review_ms: what
 * wants CPUs all day makes a few long leases, not thousands of short ones.
 */
#include <linux/cgroup.h>
#include <linux/minmax.h>

#include "app.h"
#include "engine.h"
#include "knobs.h"
#include "lease.h"
#include "share.h"
#include "yield.h"

/* Of more who wait at once the rest go without: a tick takes no longer. */
#define PRESWAP_YIELD_WAITING		16
/* With as many in force none begins: the rest is for decisions and for people. */
#define PRESWAP_YIELD_LEASES		(PRESWAP_LEASES_MAX / 2)
/* After a weight was written, what it does is seen this much later. */
#define PRESWAP_YIELD_SETTLE_NS		(1500 * NSEC_PER_MSEC)

bool preswap_yield_waiting;	/* preswap_lock */

/*
 * Does it wait, or did it lately? Times are in units of 2^30 ns, about seconds. @dry: of
 * that nothing follows.
 */
static bool preswap_yield_for(struct preswap_app *app, bool dry, u32 now)
{
	struct preswap_app_yield *yield = &app->yield;
	bool goes_on = now < yield->until;
	u32 least = preswap_knob(yield_wait_pct) * 10;

	if (app->wait_tick_milli <
	    max(least, app->cpu_tick_milli / 2) >> goes_on)
		return goes_on;
	if (!goes_on)
		yield->hold = now - yield->until < 4 * yield->hold ?
			min(2 * yield->hold, preswap_knob(review_ms) >> 10) :
			1 + (preswap_knob(hold_ms) >> 10);
	yield->until = now + yield->hold;
	preswap_yield_waiting |= !dry;
	return true;
}

/* A weight that leaves the donor more; at most its own, see @tightens. */
static void preswap_yield_less(struct preswap_lease *lease)
{
	const struct preswap_share_value value = {
		.amount = lease->info.amount *= 2,
		.tightens = true,
	};

	lease->info.full_ns = 0;
	preswap_share_change(lease->share, &value);
}

/*
 * Has it a weight that counts for the receiver? Without the file a lease would fail, and
 * the donor be left alone for that.
 */
static bool preswap_yield_can(const struct preswap_app *donor,
			      const struct preswap_app *receiver)
{
	struct cgroup *above = cgroup_parent(donor->cgroup);

	return above && !donor->has_nested &&
	       READ_ONCE(above->subtree_control) & BIT(cpu_cgrp_id) &&
	       cgroup_is_descendant(receiver->cgroup, above);
}

/* One that may yield to one that waits. */
static void preswap_yield_pair(struct preswap_app *donor,
			       struct preswap_app *receiver, bool dry,
			       u64 now_ns)
{
	const struct preswap_lease_request request = {
		.donor = donor,
		.receiver = receiver,
		.kind = PRESWAP_LEASE_KIND_CPU_WEIGHT,
		.reason = PRESWAP_REASON_WAIT,
		.amount = preswap_knob(yield_weight),
		.benefit = receiver->wait_tick_milli,
		.duration_ms = preswap_knob(hold_ms),
		.dry_run = dry,
	};
	struct preswap_lease *lease = preswap_lease_find(&request);
	u64 floor = donor->policy.floor[DECIDE_CPU];

	if (!lease) {
		/* no memory: the next tick tries again */
		if (donor->cpu_tick_milli >= floor + DECIDE_CPU_DONOR_MILLI &&
		    preswap_lease_count() < PRESWAP_YIELD_LEASES &&
		    !preswap_share_taken(donor, request.kind, 0))
			preswap_lease_begin(&request, now_ns, NULL);
		return;
	}
	if (lease->receiver == receiver)
		preswap_lease_renew(lease, lease->info.amount, 0, now_ns);
	if (donor->cpu_tick_milli < floor &&
	    donor->cpu_tick_milli + donor->wait_tick_milli >= floor &&
	    lease->info.full_ns &&
	    lease->info.amount < PRESWAP_WEIGHT_MAX &&
	    /* it may have been written since the tick began */
	    now_ns > lease->info.full_ns + PRESWAP_YIELD_SETTLE_NS)
		preswap_yield_less(lease);
}

/**
 * preswap_yield_tick() - begin and renew what apps yield to those that wait
 * @s: the tick's snapshot, after the decision
 * @of: the app at each index of it
 * @now_ns: CLOCK_BOOTTIME
 *
 * Whose lease it is says for whom it began: a weight is lower for all.
 */
void preswap_yield_tick(const struct decide_snapshot *s,
			struct preswap_app * const *of, u64 now_ns)
{
	const struct decide_app *apps = s->apps;
	u32 to, from, waiting = 0;
	bool dry;

	lockdep_assert_held(&preswap_lock);
	preswap_yield_waiting = false;
	if (!preswap_knob(yield_wait_pct))
		return;
	for (to = 0; to < s->nr_apps && waiting < PRESWAP_YIELD_WAITING; to++) {
		if (apps[to].priority <= s->min_priority ||
		    apps[to].never_gets >> DECIDE_CPU & 1 ||
		    apps[to].sensitivity != DECIDE_LATENCY)
			continue;
		dry = preswap_engine_dry(of[to], now_ns);
		if (!preswap_yield_for(of[to], dry, now_ns >> 30))
			continue;
		waiting++;
		for (from = 0; from < s->nr_apps; from++)
			if (apps[from].eligible &&
			    decide_may_give(s, DECIDE_CPU, from, to) ==
			    DECIDE_GIVES &&
			    preswap_yield_can(of[from], of[to]))
				preswap_yield_pair(of[from], of[to], dry,
						   now_ns);
	}
}
