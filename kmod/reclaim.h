/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking cold memory from donors, at a bounded rate. */
#ifndef PRESWAP_RECLAIM_H
#define PRESWAP_RECLAIM_H

#include <linux/atomic.h>
#include <linux/types.h>

#include "app.h"

struct preswap_regrow;

extern atomic64_t preswap_reclaim_bytes;	/* since load */
extern u32 preswap_reclaim_there;	/* see preswap_regrow_there(); preswap_lock */

/*
 * Bytes that a donor would have without leases. It gives
 * no more than twice what they hold back.
 */
static inline u64 preswap_reclaim_base(const struct preswap_app *app)
{
	return app->reclaim.base - min((u64)app->reclaim.gone_mib << 20,
				       app->reclaim.held);
}

int preswap_reclaim_init(void);
void preswap_reclaim_exit(void);
void preswap_reclaim_hold(struct preswap_app *app, u64 bytes);
void preswap_reclaim_kick(void);
void preswap_reclaim_regrow(struct preswap_app *app, u64 files,
			    struct preswap_regrow *all);
u64 preswap_reclaim_done(const struct preswap_app *app);
u64 preswap_reclaim_rate(void);
u64 preswap_reclaim_floor(const struct preswap_app *app);
u64 preswap_reclaim_swap_free(void);
u64 preswap_reclaim_anon(const struct preswap_app *app);

#endif /* PRESWAP_RECLAIM_H */
