// SPDX-License-Identifier: GPL-2.0-only
/*
 * policy - set and removed as a whole, by cgroup. A person's approval is no
 * part of it: it stands when the same policy is set again.
 *
 * A changed policy ends the leases of its app: the next tick decides anew
 * under the new one.
 */
#include <linux/cgroup.h>
#include <linux/err.h>
#include <linux/ktime.h>
#include <linux/netlink.h>

#include "app.h"
#include "lease.h"
#include "netlink.h"
#include "policy.h"

/*
 * A forking task looks whether there is a priority, without the lock
 * (preswap_app_of_cgroup()): a byte, and what it finds there too late the new
 * generation tells it.
 */
static void preswap_policy_put(struct preswap_app *app,
			       const struct preswap_policy *policy)
{
	lockdep_assert_held(&preswap_lock);
	data_race(app->policy = *policy);
	/* by the new bound, when stalls are looked at again */
	app->effect.overspent = false;
}

/*
 * The cgroup's app with a reference and preswap_lock, or NULL, without both. One that
 * has just been made may be taken out by the tick before it has its policy.
 */
static struct preswap_app *preswap_policy_app(struct cgroup *cgroup)
{
	struct preswap_app *app;

	while ((app = preswap_app_create(cgroup))) {
		mutex_lock(&preswap_lock);
		if (!app->gone)
			break;
		mutex_unlock(&preswap_lock);
		preswap_app_put(app);
	}
	return app;
}

/**
 * preswap_policy_set() - give an app its policy, in place of the one it had
 * @app_id: cgroup id; the app is made if no task was seen in it yet
 * @policy: within its bounds
 * @extack: error text
 *
 * Return: 0, -ENOENT without such a cgroup, -EINVAL for the root, -ENOMEM.
 */
int preswap_policy_set(u64 app_id, const struct preswap_policy *policy,
		       struct netlink_ext_ack *extack)
{
	struct preswap_app *app;
	struct cgroup *cgroup;
	int err = 0;

	cgroup = cgroup_get_from_id(app_id);
	if (IS_ERR_OR_NULL(cgroup))
		return preswap_say(extack, -ENOENT, "no cgroup v2 has this id");
	if (!cgroup->self.parent) {
		preswap_say(extack, 0, "the root cgroup cannot have a policy");
		cgroup_put(cgroup);
		return -EINVAL;
	}
	app = preswap_policy_app(cgroup);
	if (app) {
		bool adopted = !app->policy.priority;

		preswap_lease_end_app(app, PRESWAP_LEASE_END_POLICY,
				      PRESWAP_LEASE_END_POLICY);
		preswap_policy_put(app, policy);
		if (adopted)
			preswap_app_regroup();
		mutex_unlock(&preswap_lock);
		preswap_app_put(app);
	} else if (preswap_cgroup_is_online(cgroup)) {
		err = preswap_say(extack, -ENOMEM, "no memory for another app");
	} else {
		err = preswap_say(extack, -ENOENT,
				  "the cgroup is being removed");
	}
	cgroup_put(cgroup);
	return err;
}

/* Is nothing to be taken for want of a person's approval? */
bool preswap_policy_unapproved(const struct preswap_app *app, u64 now_ns)
{
	return app->policy.needs_approval && now_ns >= app->approved_until_ns;
}

/* Leave it alone for a while if leases' pain exceeds what the policy allows. */
bool preswap_policy_back_off(struct preswap_app *app, enum decide_resource r,
			     u64 now_ns)
{
	const struct preswap_effect *effect = &app->effect;

	if (effect->pain[r].permille <= app->policy.max_stall_pct * 10U &&
	    (r != DECIDE_MEMORY || !effect->overspent))
		return false;
	preswap_app_pause(app, r, now_ns, PRESWAP_EFFECT_ALONE_S);
	return true;
}

/**
 * preswap_policy_approve() - let an app give that needs approval for it
 * @app_id: cgroup id
 * @duration_ms: from now on; 0 revokes, and ends what the app gives
 * @extack: error text
 *
 * Return: 0, or -ENOENT if the app has no policy.
 */
int preswap_policy_approve(u64 app_id, u32 duration_ms,
			   struct netlink_ext_ack *extack)
{
	struct preswap_app *app;
	int err = -ENOENT;

	mutex_lock(&preswap_lock);
	app = preswap_app_find(app_id);
	if (app && app->policy.priority) {
		app->approved_until_ns = ktime_get_boottime_ns() +
					 (u64)duration_ms * NSEC_PER_MSEC;
		if (!duration_ms && app->policy.needs_approval)
			preswap_lease_end_app(app, PRESWAP_LEASE_END_POLICY,
					      PRESWAP_LEASE_END_NONE);
		err = 0;
	}
	mutex_unlock(&preswap_lock);
	return err ? preswap_say(extack, err, "the app has no policy") : 0;
}

/* Forget an app's policy. Return: 0, or -ENOENT if it has none. */
int preswap_policy_delete(u64 app_id, struct netlink_ext_ack *extack)
{
	struct preswap_app *app;
	int err = -ENOENT;

	mutex_lock(&preswap_lock);
	app = preswap_app_find(app_id);
	if (app && app->policy.priority) {
		preswap_lease_end_app(app, PRESWAP_LEASE_END_POLICY,
				      PRESWAP_LEASE_END_POLICY);
		preswap_policy_put(app, &(struct preswap_policy){});
		app->approved_until_ns = 0;
		preswap_app_regroup();
		err = 0;
	}
	mutex_unlock(&preswap_lock);
	return err ? preswap_say(extack, err, "the app has no policy") : 0;
}
