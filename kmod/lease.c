// SPDX-License-Identifier: GPL-2.0-only
/*
 * lease - what was taken from whom, for whom, until when.
 *
 * An act is never done to an app directly. A lease begins or ends, and what
 * is asked of the donor is worked out anew from all its leases: the bytes
 * that reclaim holds back, the cores that affinity keeps it off, the I/O that it
 * is to leave. So leases may begin and end in any order, and the last one's end
 * leaves nothing.
 * A share is its lease's own, see share.c.
 */
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/ktime.h>

#include "affinity.h"
#include "knobs.h"
#include "lease.h"
#include "netlink.h"
#include "reclaim.h"
#include "share.h"
#include "throttle.h"
#include "trace.h"
#include "yield.h"

LIST_HEAD(preswap_leases);

unsigned int preswap_lease_number;
u64 preswap_lease_total;
static u32 preswap_lease_last_id;
static struct preswap_lease_info preswap_lease_ended[PRESWAP_LEASE_LOG];
static unsigned int preswap_lease_ended_next;
static bool preswap_lease_closed = true;	/* not loaded yet, or unloading */

/*
 * Milli-CPU of cores that the donor may be kept off. The decision sees to it, with what
 * a person has taken; the floor holds all the same.
 */
u64 preswap_lease_cpu_most(const struct preswap_app *donor)
{
	u64 node = num_online_cpus() * DECIDE_MILLI_PER_CPU;

	return node - min(node, max(donor->policy.floor[DECIDE_CPU],
				    DECIDE_MILLI_PER_CPU));
}

/* Ask of the donor what its leases say together. */
static void preswap_lease_apply(struct preswap_app *donor)
{
	struct preswap_lease *lease;
	u64 bytes = 0, milli = 0, io = 0;

	list_for_each_entry(lease, &preswap_leases, list) {
		if (lease->donor != donor || lease->info.dry_run)
			continue;
		if (lease->info.kind == PRESWAP_LEASE_KIND_RECLAIM)
			bytes += lease->info.amount;
		else if (lease->info.kind == PRESWAP_LEASE_KIND_AFFINITY)
			milli += lease->info.amount;
		else if (lease->info.kind == PRESWAP_LEASE_KIND_THROTTLE)
			io += lease->info.amount;
	}
	preswap_throttle_hold(donor, io);
	preswap_reclaim_hold(donor, bytes);
	preswap_affinity_set(donor, div_u64(min(milli,
						preswap_lease_cpu_most(donor)),
					    DECIDE_MILLI_PER_CPU));
}

static u64 preswap_lease_used(const struct preswap_app *app,
			      enum decide_resource resource)
{
	switch (resource) {
	case DECIDE_CPU:
		return app->cpu_tick_milli;
	case DECIDE_IO:
		return preswap_app_io(app);
	default:
		return app->mem_own;
	}
}

/* Does it free an amount for a receiver? Who yields frees what is wanted, no more. */
static bool preswap_lease_frees(const struct preswap_lease *lease)
{
	return lease->receiver && lease->info.reason != PRESWAP_REASON_WAIT;
}

/**
 * preswap_lease_begin() - take from a donor
 * @request: what, checked by the caller
 * @now_ns: CLOCK_BOOTTIME
 * @info: the lease as it began; may be NULL
 *
 * Return: 0, -ENOMEM, -ENOSPC with PRESWAP_LEASES_MAX in force, or -ESHUTDOWN
 * while the module is loaded or unloaded.
 */
int preswap_lease_begin(const struct preswap_lease_request *request,
			u64 now_ns, struct preswap_lease_info *info)
{
	struct preswap_app *receiver = request->receiver;
	struct preswap_lease *lease;

	lockdep_assert_held(&preswap_lock);
	if (preswap_lease_closed)
		return -ESHUTDOWN;
	if (preswap_lease_number >= PRESWAP_LEASES_MAX)
		return -ENOSPC;
	/* under memory pressure do without rather than wait with the lock */
	lease = kzalloc(sizeof(*lease), GFP_NOWAIT | __GFP_NOWARN);
	if (!lease)
		return -ENOMEM;
	lease->donor = request->donor;
	lease->review_ns = now_ns;
	lease->info = (struct preswap_lease_info){
		.id = ++preswap_lease_last_id,
		.kind = request->kind,
		.reason = request->reason,
		.dry_run = request->dry_run,
		.donor_id = request->donor->id,
		.receiver_id = receiver ? receiver->id : 0,
		.amount = request->amount,
		.gain = request->gain,
		.benefit = request->benefit,
		.cost = request->cost,
		.device = request->device,
		.begin_ns = now_ns,
		.until_ns = now_ns + (u64)request->duration_ms * NSEC_PER_MSEC,
	};
	if (request->why)
		lease->info.why = *request->why;
	if (preswap_is_share(request->kind) && !request->dry_run) {
		struct preswap_share_value value = {
			.amount = request->amount,
			.amount_out = request->amount,
			.device = request->device,
			.tightens = request->reason == PRESWAP_REASON_WAIT,
		};

		lease->share = preswap_share_begin(lease->donor, request->kind,
						   &value, lease->info.id);
		if (!lease->share) {
			kfree(lease);
			return -ENOMEM;
		}
	}
	refcount_inc(&lease->donor->ref);
	if (receiver) {
		refcount_inc(&receiver->ref);
		lease->receiver = receiver;
	}
	if (preswap_lease_frees(lease)) {
		enum decide_resource r = preswap_lease_resource(&lease->info);

		receiver->gets[r] += request->gain;
		if (!receiver->receives[r]++) {
			receiver->base[r] = preswap_lease_used(receiver, r);
			if (r == DECIDE_MEMORY) {
				receiver->mem_peak = receiver->base[r];
				receiver->mem_grown = now_ns >> 20;
			}
		}
	}
	list_add_tail(&lease->list, &preswap_leases);
	preswap_lease_number++;
	preswap_lease_total++;
	if (request->kind == PRESWAP_LEASE_KIND_AFFINITY && !request->dry_run)
		preswap_affinity_aim(receiver);
	preswap_lease_apply(lease->donor);
	trace_preswap_lease_begin(&lease->info);
	preswap_netlink_lease_event(PRESWAP_EVENT_LEASE_BEGIN, &lease->info);
	if (info)
		*info = lease->info;
	return 0;
}

/* The lease in force of this number, or NULL. */
static struct preswap_lease *preswap_lease_by_id(u32 id)
{
	struct preswap_lease *lease;

	list_for_each_entry(lease, &preswap_leases, list)
		if (lease->info.id == id)
			return lease;
	return NULL;
}

/* The same of one that has ended lately. */
static struct preswap_lease_info *preswap_lease_ended_by_id(u32 id)
{
	struct preswap_lease_info *info;

	for (info = preswap_lease_ended;
	     info < preswap_lease_ended + PRESWAP_LEASE_LOG; info++)
		if (info->id == id)
			return info;
	return NULL;
}

/* The reason stands: let it run on, and adjust what it takes. */
void preswap_lease_renew(struct preswap_lease *lease, u64 amount, u64 gain,
			 u64 now_ns)
{
	u64 until = now_ns + (u64)preswap_knob(hold_ms) * NSEC_PER_MSEC;

	lockdep_assert_held(&preswap_lock);
	if (lease->info.kind == PRESWAP_LEASE_KIND_RECLAIM)
		lease->donor->reclaim.renewed = 1;
	lease->info.until_ns = max(lease->info.until_ns, until);
	if (lease->info.amount == amount)
		return;
	if (amount > lease->info.amount)
		lease->info.full_ns = 0;
	if (preswap_lease_frees(lease))
		lease->receiver->gets[preswap_lease_resource(&lease->info)] +=
			gain - lease->info.gain;
	lease->info.amount = amount;
	lease->info.gain = gain;
	preswap_lease_apply(lease->donor);
}

/* Return: whether the lease @id is in force; @info: as it is, or as it ended. */
bool preswap_lease_look(u32 id, struct preswap_lease_info *info)
{
	const struct preswap_lease *lease = preswap_lease_by_id(id);
	const struct preswap_lease_info *ended;

	lockdep_assert_held(&preswap_lock);
	ended = lease ? &lease->info : preswap_lease_ended_by_id(id);
	if (ended)
		*info = *ended;
	return lease;
}

/*
 * What a receiver has of what was freed for it; manual ones and reserves prove nothing. What
 * goes on and on is reviewed as if it had ended: a lease that nobody uses loses its
 * worth, one that is used is not interrupted.
 */
static void preswap_lease_payoff(const struct preswap_lease *lease, u64 now_ns)
{
	enum decide_resource r = preswap_lease_resource(&lease->info);
	struct preswap_app *receiver = lease->receiver;
	u64 used = preswap_lease_used(receiver, r);
	u32 shift = r == DECIDE_CPU ? 0 : 12;
	struct preswap_lease *other;

	if (lease->info.dry_run ||
	    lease->info.reason == PRESWAP_REASON_MANUAL ||
	    lease->info.reason == PRESWAP_REASON_RESERVE)
		return;
	/* of bytes, pages: 16 TiB of them are 32 bits */
	preswap_payoff_update(&receiver->payoff[r],
			      (used - min(used, receiver->base[r])) >> shift,
			      receiver->gets[r] >> shift);
	if (now_ns - lease->review_ns <
	    (u64)preswap_knob(review_ms) * NSEC_PER_MSEC)
		return;
	preswap_payoff_end(&receiver->payoff[r]);
	/* of all its leases at once */
	list_for_each_entry(other, &preswap_leases, list)
		if (other->receiver == receiver &&
		    preswap_lease_resource(&other->info) == r)
			other->review_ns = now_ns;
}

static void preswap_lease_release(struct preswap_lease *lease)
{
	enum decide_resource r = preswap_lease_resource(&lease->info);
	struct preswap_app *receiver = lease->receiver;

	receiver->gets[r] -= lease->info.gain;
	if (!--receiver->receives[r])
		preswap_payoff_end(&receiver->payoff[r]);
}

void preswap_lease_end(struct preswap_lease *lease, enum preswap_lease_end why)
{
	lockdep_assert_held(&preswap_lock);
	lease->info.ended = why;
	lease->info.end_ns = ktime_get_boottime_ns();
	list_del(&lease->list);
	preswap_lease_number--;
	if (preswap_lease_frees(lease))
		preswap_lease_release(lease);
	if (lease->info.reason == PRESWAP_REASON_WAIT &&
	    BIT(why) & PRESWAP_YIELD_ALONE)
		preswap_app_pause(lease->donor, DECIDE_CPU,
				  lease->info.end_ns, PRESWAP_YIELD_ALONE_S);
	if (lease->share)
		preswap_share_end(lease->share);
	preswap_lease_apply(lease->donor);
	preswap_lease_ended[preswap_lease_ended_next] = lease->info;
	preswap_lease_ended_next =
		(preswap_lease_ended_next + 1) % PRESWAP_LEASE_LOG;
	trace_preswap_lease_end(&lease->info);
	preswap_netlink_lease_event(PRESWAP_EVENT_LEASE_END, &lease->info);
	if (lease->receiver)
		preswap_app_put(lease->receiver);
	preswap_app_put(lease->donor);
	kfree(lease);
}

int preswap_lease_end_id(u32 id, struct netlink_ext_ack *extack)
{
	struct preswap_lease *lease;

	mutex_lock(&preswap_lock);
	lease = preswap_lease_by_id(id);
	if (lease)
		preswap_lease_end(lease, PRESWAP_LEASE_END_REQUESTED);
	mutex_unlock(&preswap_lock);
	if (lease)
		return 0;
	return preswap_say(extack, -ENOENT,
			   "no lease in force has this id");
}

/* A share has been written; @most: its file had less. */
void preswap_lease_written(u32 id, u64 most)
{
	struct preswap_lease *lease = preswap_lease_by_id(id);

	lockdep_assert_held(&preswap_lock);
	if (!lease)
		return;
	lease->info.done = min(lease->info.amount, most);
	lease->written_ns = ktime_get_boottime_ns();
	if (!lease->info.full_ns)
		lease->info.full_ns = lease->written_ns;
}

/* A share could not be written. */
void preswap_lease_fail(u32 id, int error)
{
	struct preswap_lease *lease = preswap_lease_by_id(id);

	lockdep_assert_held(&preswap_lock);
	if (!lease)
		return;
	lease->info.error = error;
	preswap_lease_end(lease, PRESWAP_LEASE_END_FAILED);
}

/* Somebody else has written to a share's file, in force or before its undoing. */
void preswap_lease_changed(u32 id)
{
	struct preswap_lease *lease = preswap_lease_by_id(id);
	struct preswap_lease_info *ended;

	lockdep_assert_held(&preswap_lock);
	if (lease) {
		preswap_lease_end(lease, PRESWAP_LEASE_END_CHANGED);
		return;
	}
	ended = preswap_lease_ended_by_id(id);
	if (ended && ended->ended != PRESWAP_LEASE_END_DONOR_GONE)
		ended->ended = PRESWAP_LEASE_END_CHANGED;
}

/*
 * End what an app gives and gets, as it is gone or its policy has changed; without
 * @get_why only what it gives.
 */
void preswap_lease_end_app(struct preswap_app *app,
			   enum preswap_lease_end give_why,
			   enum preswap_lease_end get_why)
{
	struct preswap_lease *lease, *next;

	list_for_each_entry_safe(lease, next, &preswap_leases, list) {
		if (lease->donor == app)
			preswap_lease_end(lease, give_why);
		else if (lease->receiver == app && get_why)
			preswap_lease_end(lease, get_why);
	}
}

void preswap_lease_end_all(enum preswap_lease_end why)
{
	struct preswap_lease *lease, *next;

	list_for_each_entry_safe(lease, next, &preswap_leases, list)
		preswap_lease_end(lease, why);
}

/* Those of a kind: what @donor gives, or all with NULL. */
void preswap_lease_end_kind(u8 kind, const struct preswap_app *donor,
			    enum preswap_lease_end why)
{
	struct preswap_lease *lease, *next;

	list_for_each_entry_safe(lease, next, &preswap_leases, list)
		if (lease->info.kind == kind &&
		    (!donor || lease->donor == donor))
			preswap_lease_end(lease, why);
}

/* From here on leases begin; a load that fails later has to close them again. */
void preswap_lease_open(void)
{
	mutex_lock(&preswap_lock);
	preswap_lease_closed = false;
	mutex_unlock(&preswap_lock);
}

/*
 * For unload: what is in force ends, and nothing begins. Requests come until
 * the netlink family has gone, which is after the engine.
 */
void preswap_lease_close(void)
{
	lockdep_assert_held(&preswap_lock);
	preswap_lease_closed = true;
	preswap_lease_end_all(PRESWAP_LEASE_END_UNLOAD);
}

/* What is done by now. The donor's bytes count for its oldest lease first. */
static void preswap_lease_progress(struct preswap_lease *lease, u64 now_ns,
				   bool stray)
{
	struct preswap_lease_info *info = &lease->info;
	struct preswap_lease *older;
	u64 done, goal = info->gain;

	if (info->dry_run || preswap_is_share(info->kind))
		return;
	if (info->kind == PRESWAP_LEASE_KIND_AFFINITY) {
		info->tasks = lease->donor->affinity.moved;
		done = info->tasks && !stray ? info->gain : info->done;
	} else if (info->kind == PRESWAP_LEASE_KIND_THROTTLE) {
		done = preswap_throttle_settle(lease->donor) ? info->amount :
							       info->done;
	} else {
		done = preswap_reclaim_done(lease->donor);
		list_for_each_entry(older, &preswap_leases, list) {
			if (older == lease)
				break;
			if (older->donor == lease->donor &&
			    older->info.kind == info->kind &&
			    !older->info.dry_run)
				done -= min(done, older->info.amount);
		}
		done = min(done, info->amount);
		goal = info->amount;
	}
	info->done = done;
	/* reclaim stops a batch short of the goal */
	if (!info->full_ns && done && done >= goal - goal / 32)
		info->full_ns = now_ns;
}

/*
 * Does the donor stand still for more of its time than its policy allows? What a
 * person has asked for is not ended.
 */
static bool preswap_lease_hurts(const struct preswap_lease *lease, u64 now_ns)
{
	return lease->info.reason != PRESWAP_REASON_MANUAL &&
	       !lease->info.dry_run &&
	       preswap_policy_back_off(lease->donor,
				       preswap_lease_resource(&lease->info),
				       now_ns);
}

/*
 * Has an app inside the donor got a policy since? Reclaim would reach into it. So does a
 * throttle, but that is never by hand: it is not renewed, and soon runs out.
 */
static bool preswap_lease_reaches(const struct preswap_lease *lease)
{
	return lease->info.kind == PRESWAP_LEASE_KIND_RECLAIM &&
	       lease->donor->mem_own != lease->donor->mem_bytes;
}

/**
 * preswap_lease_tick() - progress, expiry, back-off
 * @now_ns: CLOCK_BOOTTIME
 * @stray: some task's mask is not yet what leases ask for
 */
void preswap_lease_tick(u64 now_ns, bool stray)
{
	struct preswap_lease *lease, *next;

	lockdep_assert_held(&preswap_lock);
	list_for_each_entry_safe(lease, next, &preswap_leases, list) {
		preswap_lease_progress(lease, now_ns, stray);
		if (preswap_lease_frees(lease))
			preswap_lease_payoff(lease, now_ns);
		if (preswap_lease_hurts(lease, now_ns))
			preswap_lease_end(lease, PRESWAP_LEASE_END_BACKOFF);
		else if (preswap_lease_reaches(lease))
			preswap_lease_end(lease, PRESWAP_LEASE_END_POLICY);
		else if (now_ns >= lease->info.until_ns)
			preswap_lease_end(lease, PRESWAP_LEASE_END_EXPIRED);
	}
}

/* The engine's lease of this kind and donor for the receiver, or for any that waits. */
struct preswap_lease *
preswap_lease_find(const struct preswap_lease_request *like)
{
	struct preswap_lease *lease;

	list_for_each_entry(lease, &preswap_leases, list)
		if (lease->donor == like->donor &&
		    (lease->receiver == like->receiver ||
		     like->reason == PRESWAP_REASON_WAIT) &&
		    lease->info.reason != PRESWAP_REASON_MANUAL &&
		    lease->info.kind == like->kind &&
		    lease->info.dry_run == like->dry_run)
			return lease;
	return NULL;
}

/* Ended leases: @back 0 is the last one. NULL when there are no more. */
const struct preswap_lease_info *preswap_lease_log(unsigned int back)
{
	unsigned int slot;

	if (back >= PRESWAP_LEASE_LOG)
		return NULL;
	slot = (preswap_lease_ended_next + PRESWAP_LEASE_LOG - 1 - back) %
	       PRESWAP_LEASE_LOG;
	return preswap_lease_ended[slot].id ? &preswap_lease_ended[slot] : NULL;
}
