/* SPDX-License-Identifier: GPL-2.0-only */
/* The generic netlink family: translates and checks, decides nothing. */
#ifndef PRESWAP_NETLINK_H
#define PRESWAP_NETLINK_H

#include <linux/types.h>
#include <uapi/linux/preswap.h>

struct netlink_ext_ack;
struct preswap_app;
struct preswap_lease_info;

int preswap_say(struct netlink_ext_ack *extack, int err, const char *text);

int preswap_netlink_init(void);
void preswap_netlink_exit(void);

/* Notifications; all need preswap_lock, none waits, all may be lost. */
void preswap_netlink_lease_event(enum preswap_event_kind kind,
				 const struct preswap_lease_info *lease);
void preswap_netlink_shortage(u64 app_id, u32 resource, u64 missing);
void preswap_netlink_app_gone(u64 app_id);
void preswap_netlink_usage(u64 now_ns);

#endif /* PRESWAP_NETLINK_H */
