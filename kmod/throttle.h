/* SPDX-License-Identifier: GPL-2.0-only */
/* Hold a donor's I/O below what its leases leave it. */
#ifndef PRESWAP_THROTTLE_H
#define PRESWAP_THROTTLE_H

#include <linux/types.h>

#include "lease.h"

void preswap_throttle_hold(struct preswap_app *app, u64 held);
u64 preswap_throttle_done(const struct preswap_app *app);
bool preswap_throttle_settle(struct preswap_app *app);
void preswap_throttle_written(struct preswap_app *app,
			      const struct preswap_share *share);
void preswap_throttle_lost(struct preswap_app *app,
			   const struct preswap_share *share,
			   enum preswap_lease_end why);
bool preswap_throttle_possible(const struct preswap_app *app);

#endif /* PRESWAP_THROTTLE_H */
