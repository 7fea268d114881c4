/* SPDX-License-Identifier: GPL-2.0-only */
/* A value in a file of an app's cgroup, for as long as a lease lasts. */
#ifndef PRESWAP_SHARE_H
#define PRESWAP_SHARE_H

#include <linux/types.h>
#include <uapi/linux/preswap.h>

struct preswap_app;
struct preswap_share;

/* What a file is to say. io.max has two amounts, bytes in and out per second. */
struct preswap_share_value {
	u64 amount, amount_out;
	u32 device;		/* of io.max: major << 20 | minor */
	bool tightens;		/* what the file has stays where that is less */
};

/* Is it a lease of a share? */
static inline bool preswap_is_share(u8 kind)
{
	return kind > PRESWAP_LEASE_KIND_AFFINITY &&
	       kind < PRESWAP_LEASE_KIND_THROTTLE;
}

int preswap_share_init(void);
void preswap_share_exit(void);
struct preswap_share *
preswap_share_begin(struct preswap_app *app, u8 kind,
		    const struct preswap_share_value *value, u32 lease_id);
void preswap_share_change(struct preswap_share *share, u64 amount,
			  u64 amount_out);
void preswap_share_end(struct preswap_share *share);
bool preswap_share_taken(const struct preswap_app *app, u8 kind, u32 device);
void preswap_share_tick(u64 now_ns);

#endif /* PRESWAP_SHARE_H */
