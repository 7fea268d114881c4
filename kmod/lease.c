// SPDX-License-Identifier: GPL-2.0-only
/*
 * lease - what was taken from whom, for whom, until when.
 *
 * An act is never done to an app directly. A lease begins or ends, and what
 * is asked of the donor is worked out anew from all its leases: the bytes
 * that reclaim holds back, the cores that affinity keeps it off. So leases
 * may begin and end in any order, and the last one's end leaves nothing.
 * A share is its lease's own, see share.c.
 */
#include <linux/delay.h>
#include <linux/netlink.h>
#include <linux/slab.h>
#include <linux/ktime.h>

#include "affinity.h"
#include "knobs.h"
#include "lease.h"
#include "netlink.h"
#include "reclaim.h"
#include "share.h"
#include "trace.h"

/* A person who asks for a share hears whether it could be written. */
#define PRESWAP_LEASE_SETTLE_MS	1000
#define PRESWAP_LEASE_SETTLE_STEP_MS	5

LIST_HEAD(preswap_leases);

static unsigned int preswap_lease_number;	/* preswap_lock, as all here */
static u64 preswap_lease_total;
static u32 preswap_lease_last_id;
static struct preswap_lease_info preswap_lease_ended[PRESWAP_LEASE_LOG];
static unsigned int preswap_lease_ended_next;
static bool preswap_lease_closed;	/* unloading: none begins */

/* Ask of the donor what its leases say together. */
static void preswap_lease_apply(struct preswap_app *donor)
{
	struct preswap_lease *lease;
	u64 bytes = 0, milli = 0;

	list_for_each_entry(lease, &preswap_leases, list) {
		if (lease->donor != donor || lease->info.dry_run)
			continue;
		if (lease->info.kind == PRESWAP_LEASE_KIND_RECLAIM)
			bytes += lease->info.amount;
		else if (lease->info.kind == PRESWAP_LEASE_KIND_AFFINITY)
			milli += lease->info.amount;
	}
	preswap_reclaim_hold(donor, bytes);
	preswap_affinity_set(donor, div_u64(milli, DECIDE_MILLI_PER_CPU));
}

static u64 preswap_lease_used(const struct preswap_app *app,
			      enum decide_resource resource)
{
	return resource == DECIDE_CPU ? app->cpu_tick_milli : app->mem_own;
}

/**
 * preswap_lease_begin() - take from a donor
 * @request: what, checked by the caller
 * @now_ns: CLOCK_BOOTTIME
 * @info: the lease as it began; may be NULL
 *
 * Return: 0, -ENOMEM, or -ENOSPC with PRESWAP_LEASES_MAX in force.
 */
int preswap_lease_begin(const struct preswap_lease_request *request,
			u64 now_ns, struct preswap_lease_info *info)
{
	struct preswap_app *receiver = request->receiver;
	struct preswap_lease *lease;

	lockdep_assert_held(&preswap_lock);
	if (preswap_lease_number >= PRESWAP_LEASES_MAX)
		return -ENOSPC;
	/* under memory pressure do without rather than wait with the lock */
	lease = kzalloc(sizeof(*lease), GFP_NOWAIT | __GFP_NOWARN);
	if (!lease)
		return -ENOMEM;
	lease->donor = request->donor;
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
	if (preswap_is_share(request->kind)) {
		lease->share = preswap_share_begin(lease->donor, &lease->info);
		if (!lease->share) {
			kfree(lease);
			return -ENOMEM;
		}
	}
	refcount_inc(&lease->donor->ref);
	if (receiver) {
		enum decide_resource r = preswap_lease_resource(&lease->info);

		refcount_inc(&receiver->ref);
		lease->receiver = receiver;
		receiver->gets[r] += request->gain;
		if (!receiver->receives[r]++) {
			receiver->base[r] = preswap_lease_used(receiver, r);
			if (r == DECIDE_MEMORY) {
				receiver->mem_peak = receiver->base[r];
				receiver->mem_grown_ns = now_ns;
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

/* Cores that the donor's policy lets a person take. */
static u64 preswap_lease_cores(const struct preswap_app *donor)
{
	u64 keep = DIV_ROUND_UP_ULL(donor->policy.floor[DECIDE_CPU],
				    DECIDE_MILLI_PER_CPU);
	u64 left = num_online_cpus() - min_t(u64, num_online_cpus(),
					     max_t(u64, keep, 1));

	return left - min_t(u64, left, donor->affinity.cores);
}

/* What speaks against a share, in words, or NULL. */
static const char *
preswap_lease_bad_share(const struct preswap_lease_request *request)
{
	const struct preswap_app *app = request->donor;

	if (request->receiver)
		return "a share has no receiver";
	if (request->kind == PRESWAP_LEASE_KIND_IO_MAX && !request->device)
		return "io.max needs a device";
	switch (request->kind) {
	case PRESWAP_LEASE_KIND_CPU_WEIGHT:
	case PRESWAP_LEASE_KIND_IO_WEIGHT:
		return request->amount > PRESWAP_WEIGHT_MAX ?
		       "a weight is 1 to 10000" : NULL;
	case PRESWAP_LEASE_KIND_CPU_MAX:
		return request->amount < app->policy.floor[DECIDE_CPU] ?
		       "below the app's floor" : NULL;
	case PRESWAP_LEASE_KIND_MEMORY_HIGH:
		return request->amount < app->policy.floor[DECIDE_MEMORY] ?
		       "below the app's floor" : NULL;
	}
	return NULL;
}

static int preswap_lease_check_share(const struct preswap_lease_request *request,
				     struct netlink_ext_ack *extack)
{
	const char *bad = preswap_lease_bad_share(request);

	if (bad) {
		/* a literal, as extack wants it; the request is netlink's */
		extack->_msg = bad;
		return -EINVAL;
	}
	if (preswap_share_taken(request->donor, request->kind,
				request->device)) {
		NL_SET_ERR_MSG(extack,
			       "another lease has this file of the app");
		return -EBUSY;
	}
	return 0;
}

/* What its policy has to say of what may be taken from the app. */
static int preswap_lease_check_policy(const struct preswap_lease_request *request,
				      struct netlink_ext_ack *extack)
{
	const struct preswap_policy *policy = &request->donor->policy;
	u8 gives;

	switch (request->kind) {
	case PRESWAP_LEASE_KIND_MEMORY_LOW:
		return 0;	/* takes nothing from it */
	case PRESWAP_LEASE_KIND_IO_WEIGHT:
	case PRESWAP_LEASE_KIND_IO_MAX:
		gives = PRESWAP_GIVES_ALL;
		break;
	case PRESWAP_LEASE_KIND_RECLAIM:
	case PRESWAP_LEASE_KIND_MEMORY_HIGH:
		gives = 1U << DECIDE_MEMORY;
		break;
	default:
		gives = 1U << DECIDE_CPU;
	}
	if (!policy->priority || !policy->eligible) {
		NL_SET_ERR_MSG(extack,
			       "the donor's policy does not make it eligible");
		return -EPERM;
	}
	if (!(policy->gives & gives)) {
		NL_SET_ERR_MSG(extack,
			       "the donor's policy excludes this kind of lease");
		return -EPERM;
	}
	return 0;
}

static int preswap_lease_check(const struct preswap_lease_request *request,
			       struct netlink_ext_ack *extack)
{
	const struct preswap_app *donor = request->donor;
	u64 used = preswap_app_memory_now(donor) + preswap_reclaim_done(donor);
	u64 floor = preswap_reclaim_floor(donor);
	int err;

	if (preswap_lease_closed) {
		NL_SET_ERR_MSG(extack, "the module is being unloaded");
		return -ESHUTDOWN;
	}
	if (!preswap_knob(enabled) || preswap_knob(dry_run)) {
		NL_SET_ERR_MSG(extack, "preswap is not enabled, or in dry run");
		return -EPERM;
	}
	if (donor->gone || (request->receiver && request->receiver->gone)) {
		NL_SET_ERR_MSG(extack, "the app is gone");
		return -ENOENT;
	}
	if (request->device && request->kind != PRESWAP_LEASE_KIND_IO_MAX) {
		NL_SET_ERR_MSG(extack, "only io.max has a device");
		return -EINVAL;
	}
	err = preswap_lease_check_policy(request, extack);
	if (err)
		return err;
	if (donor == request->receiver) {
		NL_SET_ERR_MSG(extack, "donor and receiver are the same app");
		return -EINVAL;
	}
	if (preswap_is_share(request->kind))
		return preswap_lease_check_share(request, extack);
	if (request->kind == PRESWAP_LEASE_KIND_RECLAIM) {
		if (!donor->has_memcg || donor->reclaim.no_file) {
			NL_SET_ERR_MSG(extack,
				       "the donor's cgroup has no memory controller");
			return -EOPNOTSUPP;
		}
		if (request->amount + donor->reclaim.held + floor > used) {
			NL_SET_ERR_MSG(extack,
				       "the donor would fall below its floor");
			return -ERANGE;
		}
	} else if (div_u64(request->amount, DECIDE_MILLI_PER_CPU) >
		   preswap_lease_cores(donor)) {
		NL_SET_ERR_MSG(extack,
			       "the donor would fall below its floor, or lose its last core");
		return -ERANGE;
	}
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

/* What has become of a share: in force as far as is known, or its error. */
static int preswap_lease_settle(struct preswap_lease_info *info,
				struct netlink_ext_ack *extack)
{
	const struct preswap_lease_info *ended;
	struct preswap_lease *lease;
	unsigned int ms;

	for (ms = 0; ms < PRESWAP_LEASE_SETTLE_MS;
	     ms += PRESWAP_LEASE_SETTLE_STEP_MS) {
		msleep(PRESWAP_LEASE_SETTLE_STEP_MS);
		mutex_lock(&preswap_lock);
		lease = preswap_lease_by_id(info->id);
		ended = lease ? NULL : preswap_lease_ended_by_id(info->id);
		if (lease || ended)
			*info = lease ? lease->info : *ended;
		mutex_unlock(&preswap_lock);
		if (!lease || info->full_ns)
			break;
	}
	if (!info->error)
		return 0;
	switch (info->error) {
	case -ENOENT:
		NL_SET_ERR_MSG(extack,
			       "the app's cgroup has no such file: is its controller enabled?");
		break;
	case -ENODEV:
		/* which says elsewhere that there is no preswap */
		NL_SET_ERR_MSG(extack, "there is no such block device");
		return -ENXIO;
	default:
		NL_SET_ERR_MSG(extack, "the kernel refuses this value");
	}
	return info->error;
}

/* The same for a person: checks first. Error text in @extack. */
int preswap_lease_add(const struct preswap_lease_request *request,
		      struct preswap_lease_info *info,
		      struct netlink_ext_ack *extack)
{
	int err;

	mutex_lock(&preswap_lock);
	err = preswap_lease_check(request, extack);
	if (!err) {
		err = preswap_lease_begin(request, ktime_get_boottime_ns(),
					  info);
		if (err)
			NL_SET_ERR_MSG(extack,
				       "too many leases in force, or no memory");
	}
	mutex_unlock(&preswap_lock);
	if (!err && preswap_is_share(request->kind))
		err = preswap_lease_settle(info, extack);
	return err;
}

/* The reason stands: let it run on, and adjust what it takes. */
void preswap_lease_renew(struct preswap_lease *lease, u64 amount, u64 gain,
			 u64 now_ns)
{
	u64 most = lease->info.begin_ns +
		   (u64)preswap_knob(max_lease_ms) * NSEC_PER_MSEC;
	u64 until = now_ns + (u64)preswap_knob(hold_ms) * NSEC_PER_MSEC;

	lockdep_assert_held(&preswap_lock);
	lease->info.until_ns = max(lease->info.until_ns, min(until, most));
	if (lease->info.amount == amount)
		return;
	if (amount > lease->info.amount)
		lease->info.full_ns = 0;
	if (lease->receiver)
		lease->receiver->gets[preswap_lease_resource(&lease->info)] +=
			gain - lease->info.gain;
	lease->info.amount = amount;
	lease->info.gain = gain;
	preswap_lease_apply(lease->donor);
}

/* What a receiver has of what was freed for it; manual ones prove nothing. */
static void preswap_lease_payoff(const struct preswap_lease *lease)
{
	enum decide_resource r = preswap_lease_resource(&lease->info);
	struct preswap_app *receiver = lease->receiver;
	u64 used = preswap_lease_used(receiver, r);

	if (lease->info.dry_run ||
	    lease->info.reason == PRESWAP_REASON_MANUAL)
		return;
	preswap_payoff_update(&receiver->payoff[r],
			      used - min(used, receiver->base[r]),
			      receiver->gets[r]);
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
	if (lease->receiver)
		preswap_lease_release(lease);
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
	NL_SET_ERR_MSG(extack, "no lease in force has this id");
	return -ENOENT;
}

/* A share has been written. */
void preswap_lease_full(u32 id)
{
	struct preswap_lease *lease = preswap_lease_by_id(id);

	lockdep_assert_held(&preswap_lock);
	if (!lease)
		return;
	lease->info.done = lease->info.amount;
	lease->info.full_ns = ktime_get_boottime_ns();
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

/* End the leases of an app that is gone, or whose policy has changed. */
void preswap_lease_end_app(struct preswap_app *app, bool gone)
{
	struct preswap_lease *lease, *next;

	list_for_each_entry_safe(lease, next, &preswap_leases, list) {
		if (lease->donor == app)
			preswap_lease_end(lease, gone ?
					  PRESWAP_LEASE_END_DONOR_GONE :
					  PRESWAP_LEASE_END_POLICY);
		else if (lease->receiver == app)
			preswap_lease_end(lease, gone ?
					  PRESWAP_LEASE_END_RECEIVER_GONE :
					  PRESWAP_LEASE_END_POLICY);
	}
}

void preswap_lease_end_all(enum preswap_lease_end why)
{
	struct preswap_lease *lease, *next;

	list_for_each_entry_safe(lease, next, &preswap_leases, list)
		preswap_lease_end(lease, why);
}

void preswap_lease_end_kind(u8 kind, enum preswap_lease_end why)
{
	struct preswap_lease *lease, *next;

	list_for_each_entry_safe(lease, next, &preswap_leases, list)
		if (lease->info.kind == kind)
			preswap_lease_end(lease, why);
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
	u64 done;

	if (info->dry_run || preswap_is_share(info->kind))
		return;
	if (info->kind == PRESWAP_LEASE_KIND_AFFINITY) {
		info->tasks = lease->donor->affinity.moved;
		done = info->tasks && !stray ? info->gain : info->done;
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
	}
	info->done = done;
	/* reclaim stops a batch short of the goal */
	if (!info->full_ns && done && done >= info->gain - info->gain / 32)
		info->full_ns = now_ns;
}

/*
 * Does the donor stand still for more of its time than its policy allows? What a
 * person has asked for is not ended.
 */
static bool preswap_lease_hurts(const struct preswap_lease *lease)
{
	return lease->info.kind == PRESWAP_LEASE_KIND_RECLAIM &&
	       lease->info.reason != PRESWAP_REASON_MANUAL &&
	       !lease->info.dry_run && preswap_policy_hurt(lease->donor);
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
		if (lease->receiver)
			preswap_lease_payoff(lease);
		if (preswap_lease_hurts(lease)) {
			preswap_reclaim_pause(lease->donor, now_ns);
			preswap_lease_end(lease, PRESWAP_LEASE_END_BACKOFF);
		} else if (now_ns >= lease->info.until_ns) {
			preswap_lease_end(lease, PRESWAP_LEASE_END_EXPIRED);
		}
	}
}

/* The engine's lease between these, or NULL. */
struct preswap_lease *preswap_lease_find(const struct preswap_app *donor,
					 const struct preswap_app *receiver,
					 enum decide_resource resource)
{
	struct preswap_lease *lease;

	list_for_each_entry(lease, &preswap_leases, list)
		if (lease->donor == donor && lease->receiver == receiver &&
		    lease->info.reason != PRESWAP_REASON_MANUAL &&
		    preswap_lease_resource(&lease->info) == resource)
			return lease;
	return NULL;
}

unsigned int preswap_lease_count(void)
{
	return preswap_lease_number;
}

u64 preswap_lease_begun(void)
{
	return preswap_lease_total;
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
