// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "daemon/apply.h"
#include "daemon/log.h"

static bool same(const struct preswap_policy *a,
		 const struct preswap_policy *b)
{
	return a->priority == b->priority && a->sensitivity == b->sensitivity &&
	       a->swap_eligible == b->swap_eligible &&
	       a->floor_cpu_milli == b->floor_cpu_milli &&
	       a->floor_mem_bytes == b->floor_mem_bytes &&
	       a->floor_io_bytes == b->floor_io_bytes &&
	       a->floor_net_bytes == b->floor_net_bytes &&
	       a->gives == b->gives && a->max_stall_pct == b->max_stall_pct &&
	       a->max_downtime_ms == b->max_downtime_ms &&
	       a->needs_approval == b->needs_approval &&
	       a->receives == b->receives && a->groups == b->groups &&
	       a->never_to == b->never_to;
}

enum apply_step apply_decide(const struct preswap_policy *want,
			     const struct series_app *known,
			     const struct preswap_app *app)
{
	bool lost = known->policy_set && !app->has_policy;

	if (known->policy_checked && !lost)
		return APPLY_NOTHING;
	if (!want)
		return known->policy_set && app->has_policy ? APPLY_DELETE :
							      APPLY_NOTHING;
	if (app->has_policy && same(want, &app->policy))
		return APPLY_NOTHING;
	return APPLY_SET;
}

/* The kernel may be short of memory, or wait for a lock. */
bool apply_again(int err)
{
	return err == -ENODEV || err == -ETIMEDOUT || err == -EAGAIN ||
	       err == -ENOMEM || err == -ENOBUFS;
}

int apply_policy(struct preswap_ctx *ctx, const struct config *config,
		 struct series_app *known, const struct preswap_app *app)
{
	const struct preswap_policy *want = config_match(config, app->path);
	struct preswap_policy policy;
	int err = 0;

	switch (apply_decide(want, known, app)) {
	case APPLY_NOTHING:
		/* It may have been set by a daemon before this one. */
		if (!known->policy_checked)
			known->policy_set = want != NULL;
		known->policy_checked = true;
		return 0;
	case APPLY_SET:
		policy = *want;
		policy.app_id = app->id;
		err = preswap_policy_set(ctx, &policy);
		known->policy_set = !err;
		break;
	case APPLY_DELETE:
		err = preswap_policy_del(ctx, app->id);
		known->policy_set = apply_again(err);
		break;
	}
	if (err == -ENODEV)
		return err;
	known->policy_checked = !apply_again(err);
	if (err)
		log_msg(LOG_WARNING, "policy of %s: %s", app->path,
			preswap_strerror(ctx));
	else if (known->policy_set && want)
		log_msg(LOG_DEBUG, "policy of %s: priority %u", app->path,
			want->priority);
	return err;
}
