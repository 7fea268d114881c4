// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>

#include "daemon/apply.h"
#include "daemon/log.h"
#include "daemon/owned.h"

enum apply_step apply_decide(const struct preswap_policy *want,
			     const struct series_app *known,
			     const struct preswap_app *app)
{
	uint64_t has = app->has_policy ? owned_hash(&app->policy) : 0;

	if (known->policy_checked)
		return APPLY_NOTHING;
	if (!want)
		return has && has == known->policy_set ? APPLY_DELETE :
							 APPLY_NOTHING;
	return has == owned_hash(want) ? APPLY_NOTHING : APPLY_SET;
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
			known->policy_set = want ? owned_hash(want) : 0;
		known->policy_checked = true;
		return 0;
	case APPLY_SET:
		policy = *want;
		policy.app_id = app->id;
		err = preswap_policy_set(ctx, &policy);
		if (!err)
			known->policy_set = owned_hash(want);
		break;
	case APPLY_DELETE:
		err = preswap_policy_del(ctx, app->id);
		if (!apply_again(err))
			known->policy_set = 0;
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
