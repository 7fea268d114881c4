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
 * last half second, and for an eighth as long as they ran: many that run wait a little all
 * the time. Half of that is enough to go on. That is little, as yielding costs next to
 * nothing, and what is to help in a burst's first second has to be there before it: who
 * waits a little on an ordinary day waits long in a burst.
 *
 * A weight counts among a cgroup's siblings, so only those can yield whose parent
 * holds the waiting app, too, at any depth. It counts for all that is inside, so those do
 * not that hold other apps: these may have a higher priority, or be no donors.
 *
 * A weight guarantees no amount: what it comes to hangs on what all others want. A donor
 * that is kept below its floor while it yields is owed what it lacks; one that waits
 * less than that wants no more, and is kept from nothing. Once 5 s of its floor are owed, the
 * weight is doubled, each one and a half seconds, until the donor has its floor again, or
 * its own weight. When nothing is owed any more it is halved as slowly.
 *
 * Nothing is reclaimed for leases while an app waits for a quarter of the time, and an
 * eighth as long as it runs: the burst is there, and the time for that is over. What the
 * kernel frees then, for those who need it, costs CPU enough.
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

/* For so many who wait donors are sought in a tick, for the others in the next ones. */
#define PRESWAP_YIELD_WAITING		16
/* With as many in force none begins: the rest is for decisions and for people. */
#define PRESWAP_YIELD_LEASES		(PRESWAP_LEASES_MAX / 2)
/* After a weight was written, what it does is seen this much later. */
#define PRESWAP_YIELD_SETTLE_NS		(1500 * NSEC_PER_MSEC)
/* A donor can be owed its floor of so long. */
#define PRESWAP_YIELD_OWED_MS		5000
/* Tasks that wait x 1000: a burst is there. */
#define PRESWAP_YIELD_BURST_MILLI	250

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
	u32 part = app->cpu_tick_milli / 8;

	if (!dry && app->wait_tick_milli >=
	    max_t(u32, PRESWAP_YIELD_BURST_MILLI, part))
		preswap_yield_waiting = true;
	if (app->wait_tick_milli < max(least, part) >> goes_on)
		return goes_on;
	if (!goes_on)
		yield->hold = now - yield->until < 4 * yield->hold ?
			min(2 * yield->hold, preswap_knob(review_ms) >> 10) :
			1 + (preswap_knob(hold_ms) >> 10);
	yield->until = now + yield->hold;
	return true;
}

/*
 * What the donor is owed of its floor, in units of 2^20 ns x 1000, about microseconds, and
 * the weight that follows. What was between is not known where the last look was long ago;
 * who looks again in the same tick adds nothing.
 */
static void preswap_yield_floor(struct preswap_lease *lease, s64 floor,
				u64 now_ns)
{
	const struct preswap_app *donor = lease->donor;
	struct preswap_lease_info *info = &lease->info;
	s64 used = donor->cpu_tick_milli, most = floor * PRESWAP_YIELD_OWED_MS;
	bool kept = used < floor && used + donor->wait_tick_milli >= floor;
	s64 ms = min_t(u64, (now_ns - lease->looked_ns) >> 20,
		       2 * preswap_knob(tick_ms));
	u64 weight;

	lease->looked_ns = now_ns;
	lease->owed += ms * (kept ? floor - used :
				    -max_t(s64, used - floor, floor / 8));
	lease->owed = clamp_t(s64, lease->owed, 0, most);
	if (!lease->written_ns ||
	    /* it may have been written since the tick began */
	    now_ns <= lease->written_ns + PRESWAP_YIELD_SETTLE_NS)
		return;
	if (kept && lease->owed == most && info->done == info->amount)
		weight = min_t(u64, 2 * info->amount, PRESWAP_WEIGHT_MAX);
	else if (!kept && !lease->owed)
		weight = max_t(u64, info->amount / 2,
			       min_t(u64, info->amount,
				     preswap_knob(yield_weight)));
	else
		return;
	if (weight == info->amount)
		return;
	info->amount = weight;
	lease->written_ns = 0;
	/* at most the donor's own, see @tightens */
	preswap_share_change(lease->share, weight, 0);
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
		    preswap_lease_number < PRESWAP_YIELD_LEASES &&
		    !preswap_share_taken(donor, request.kind, 0))
			preswap_lease_begin(&request, now_ns, NULL);
		return;
	}
	/* whoever waits: a new lease would know nothing of what is owed */
	preswap_lease_renew(lease, lease->info.amount, 0, now_ns);
	preswap_yield_floor(lease, floor, now_ns);
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
	static u32 turn;	/* preswap_lock; where those begin who get donors */
	const struct decide_app *apps = s->apps;
	u32 i, to, from, waiting = 0, next = 0;
	bool dry;

	lockdep_assert_held(&preswap_lock);
	preswap_yield_waiting = false;
	if (!preswap_knob(yield_wait_pct))
		return;
	for (i = 0; i < s->nr_apps; i++) {
		to = (turn + i) % s->nr_apps;
		if (apps[to].priority <= s->min_priority ||
		    apps[to].never_gets >> DECIDE_CPU & 1 ||
		    apps[to].sensitivity != DECIDE_LATENCY)
			continue;
		dry = preswap_engine_dry(of[to], now_ns);
		if (!preswap_yield_for(of[to], dry, now_ns >> 30) ||
		    waiting == PRESWAP_YIELD_WAITING)
			continue;
		if (++waiting == PRESWAP_YIELD_WAITING)
			next = to + 1;
		for (from = 0; from < s->nr_apps; from++)
			if (apps[from].eligible &&
			    decide_may_give(s, DECIDE_CPU, from, to) ==
			    DECIDE_GIVES &&
			    preswap_yield_can(of[from], of[to]))
				preswap_yield_pair(of[from], of[to], dry,
						   now_ns);
	}
	turn = next;
}
