/* SPDX-License-Identifier: GPL-2.0-only */
/* Taking cold memory from donors, at a bounded rate. */
#ifndef PRESWAP_RECLAIM_H
#define PRESWAP_RECLAIM_H

#include <linux/atomic.h>
#include <linux/types.h>

struct preswap_app;

extern atomic64_t preswap_reclaim_bytes;	/* since load */

int preswap_reclaim_init(void);
void preswap_reclaim_exit(void);
void preswap_reclaim_hold(struct preswap_app *app, u64 bytes);
void preswap_reclaim_kick(void);
u64 preswap_reclaim_done(const struct preswap_app *app);
u64 preswap_reclaim_rate(void);
u64 preswap_reclaim_floor(const struct preswap_app *app);
u64 preswap_reclaim_swap_free(void);
u64 preswap_reclaim_anon(const struct preswap_app *app);

#endif /* PRESWAP_RECLAIM_H */
