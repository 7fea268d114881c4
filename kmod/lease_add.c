// SPDX-License-Identifier: GPL-2.0-only
/*
 * lease_add - a lease that a person asks for: what speaks against it is said in
 * words, and a share's answer waits until its file is written.
 */
#include <linux/delay.h>
#include <linux/ktime.h>
#include <linux/netlink.h>

#include "knobs.h"
#include "lease.h"
#include "netlink.h"
#include "reclaim.h"
#include "share.h"

/* A person who asks for a share hears whether it could be written. */
#define PRESWAP_LEASE_SETTLE_MS	1000
#define PRESWAP_LEASE_SETTLE_STEP_MS	5

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
	case PRESWAP_LEASE_KIND_IO_MAX:
		return request->amount < app->policy.floor[DECIDE_IO] ?
		       "below the app's floor" : NULL;
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

	if (bad)
		return preswap_say(extack, -EINVAL, bad);
	if (preswap_share_taken(request->donor, request->kind,
				request->device))
		return preswap_say(extack, -EBUSY,
				   "another lease has this file of the app");
	return 0;
}

/* What its policy has to say of what may be taken from the app. */
static int preswap_lease_check_policy(const struct preswap_lease_request *request,
				      struct netlink_ext_ack *extack)
{
	const struct preswap_policy *policy = &request->donor->policy;
	const struct preswap_app *receiver = request->receiver;
	u8 gives;

	switch (request->kind) {
	case PRESWAP_LEASE_KIND_MEMORY_LOW:
		return 0;	/* takes nothing from it */
	case PRESWAP_LEASE_KIND_IO_WEIGHT:
	case PRESWAP_LEASE_KIND_IO_MAX:
		gives = 1U << DECIDE_IO;
		break;
	case PRESWAP_LEASE_KIND_RECLAIM:
	case PRESWAP_LEASE_KIND_MEMORY_HIGH:
		gives = 1U << DECIDE_MEMORY;
		break;
	default:
		gives = 1U << DECIDE_CPU;
	}
	if (!policy->priority || !policy->eligible)
		return preswap_say(extack, -EPERM,
				   "the donor's policy does not make it eligible");
	if (!(policy->gives & gives))
		return preswap_say(extack, -EPERM,
				   "the donor's policy excludes this kind of lease");
	if (receiver && (policy->never_to & receiver->policy.groups ||
			 (receiver->policy.priority &&
			  !(receiver->policy.receives & gives))))
		return preswap_say(extack, -EPERM,
				   "a policy bans this donor from giving to this receiver");
	return 0;
}

static int preswap_lease_check(const struct preswap_lease_request *request,
			       struct netlink_ext_ack *extack)
{
	const struct preswap_app *donor = request->donor;
	u64 used = preswap_app_memory_now(donor) + preswap_reclaim_done(donor);
	u64 floor = preswap_reclaim_floor(donor);
	int err;

	if (!preswap_knob(enabled) || preswap_knob(dry_run))
		return preswap_say(extack, -EPERM,
				   "preswap is not enabled, or in dry run");
	if (donor->gone || (request->receiver && request->receiver->gone))
		return preswap_say(extack, -ENOENT, "the app is gone");
	if (request->kind == PRESWAP_LEASE_KIND_THROTTLE) {
		return preswap_say(extack, -EINVAL,
				   "throttle is the engine's; io.max does it by hand");
	}
	if (request->device && request->kind != PRESWAP_LEASE_KIND_IO_MAX)
		return preswap_say(extack, -EINVAL, "only io.max has a device");
	err = preswap_lease_check_policy(request, extack);
	if (err)
		return err;
	if (donor == request->receiver)
		return preswap_say(extack, -EINVAL,
				   "donor and receiver are the same app");
	if (preswap_is_share(request->kind))
		return preswap_lease_check_share(request, extack);
	if (request->kind == PRESWAP_LEASE_KIND_RECLAIM) {
		if (!donor->has_memcg)
			return preswap_say(extack, -EOPNOTSUPP,
					   "the donor's cgroup has no memory controller");
		if (donor->mem_own != donor->mem_bytes)
			return preswap_say(extack, -EOPNOTSUPP,
					   "the donor holds other apps, which would give too: take from one of these");
		if (request->amount + donor->reclaim.held + floor > used)
			return preswap_say(extack, -ERANGE,
					   "the donor would fall below its floor");
	} else if (request->amount + donor->affinity.cores *
		   DECIDE_MILLI_PER_CPU > preswap_lease_cpu_most(donor)) {
		return preswap_say(extack, -ERANGE,
				   "the donor would fall below its floor, or lose its last core");
	}
	return 0;
}

/* What has become of a share: in force as far as is known, or its error. */
static int preswap_lease_settle(struct preswap_lease_info *info,
				struct netlink_ext_ack *extack)
{
	bool in_force;
	unsigned int ms;

	for (ms = 0; ms < PRESWAP_LEASE_SETTLE_MS;
	     ms += PRESWAP_LEASE_SETTLE_STEP_MS) {
		msleep(PRESWAP_LEASE_SETTLE_STEP_MS);
		mutex_lock(&preswap_lock);
		in_force = preswap_lease_look(info->id, info);
		mutex_unlock(&preswap_lock);
		if (!in_force || info->full_ns)
			break;
	}
	switch (info->error) {
	case 0:
		return 0;
	case -ENOENT:
		return preswap_say(extack, -ENOENT,
				   "the app's cgroup has no such file: is its controller enabled?");
	case -EOVERFLOW:
		return preswap_say(extack, -EOVERFLOW,
				   "the app's file is longer than the 4 KiB that are read: it needs fewer lines");
	case -ENODEV:
		/* which says elsewhere that there is no preswap */
		return preswap_say(extack, -ENXIO,
				   "there is no such block device");
	}
	return preswap_say(extack, info->error, "the kernel refuses this value");
}

/* preswap_lease_begin() for a person: checks first. Error text in @extack. */
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
		if (err == -ESHUTDOWN)
			preswap_say(extack, err,
				    "the module is being loaded or unloaded");
		else if (err)
			preswap_say(extack, err,
				    "too many leases in force, or no memory");
	}
	mutex_unlock(&preswap_lock);
	if (!err && preswap_is_share(request->kind))
		err = preswap_lease_settle(info, extack);
	return err;
}
