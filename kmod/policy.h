/* SPDX-License-Identifier: GPL-2.0-only */
/* What an administrator declared about an app. */
#ifndef PRESWAP_POLICY_H
#define PRESWAP_POLICY_H

#include <linux/types.h>
#include <uapi/linux/preswap.h>

#include "decide/decide.h"

struct netlink_ext_ack;
struct preswap_app;

struct preswap_policy {
	u8 priority;		/* 1..10; 0: no policy */
	u8 sensitivity;		/* enum preswap_sensitivity */
	bool eligible;		/* may give */
	u8 gives;		/* bits 1 << enum decide_resource */
	u8 receives;		/* likewise */
	u8 max_stall_pct;
	bool needs_approval;
	u32 max_downtime_ms;	/* an hour, for its leases; 0: any */
	u32 groups;		/* it is in, by bits */
	u32 never_to;		/* groups that it does not give to */
	u32 reserve_mem_mib;	/* kept free for it, beyond what it uses */
	u64 floor[DECIDE_RESOURCES];
};

bool preswap_policy_unapproved(const struct preswap_app *app, u64 now_ns);
bool preswap_policy_back_off(struct preswap_app *app, enum decide_resource r,
			     u64 now_ns);
int preswap_policy_set(u64 app_id, const struct preswap_policy *policy,
		       struct netlink_ext_ack *extack);
int preswap_policy_approve(u64 app_id, u32 duration_ms,
			   struct netlink_ext_ack *extack);
int preswap_policy_delete(u64 app_id, struct netlink_ext_ack *extack);

#endif /* PRESWAP_POLICY_H */
