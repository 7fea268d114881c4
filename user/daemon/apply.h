/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The configuration's policies, given to the module as apps appear.
 */
#ifndef DAEMON_APPLY_H
#define DAEMON_APPLY_H

#include "daemon/config.h"
#include "sense/series.h"

enum apply_step { APPLY_NOTHING, APPLY_SET, APPLY_DELETE };

/*
 * What is to be done about an app that was reported as @app: once for each
 * configuration and load of the module. What a person changed or deleted by hand
 * since then stays so.
 */
enum apply_step apply_decide(const struct preswap_policy *want,
			     const struct series_app *known,
			     const struct preswap_app *app);
/* Whether what failed so may succeed later. */
bool apply_again(int err);
/* Does it; 0, or -errno, logged unless -ENODEV; see apply_again(). */
int apply_policy(struct preswap_ctx *ctx, const struct config *config,
		 struct series_app *known, const struct preswap_app *app);

#endif /* DAEMON_APPLY_H */
