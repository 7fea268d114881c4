/* SPDX-License-Identifier: GPL-2.0-only */
/* Module state into netlink attributes; each returns 0 or -EMSGSIZE. A policy back. */
#ifndef PRESWAP_NETLINK_PUT_H
#define PRESWAP_NETLINK_PUT_H

#include <linux/types.h>

struct preswap_app;
struct nlattr;
struct preswap_lease_info;
struct preswap_policy;
struct preswap_task_view;
struct sk_buff;

/* A path buffer for preswap_put_app(); callers hold preswap_lock. */
int preswap_put_info(struct sk_buff *skb);
int preswap_put_app(struct sk_buff *skb, const struct preswap_app *app);
int preswap_put_task(struct sk_buff *skb, const struct preswap_task_view *task);
int preswap_put_policy(struct sk_buff *skb, const struct preswap_app *app);
void preswap_get_policy(struct nlattr **attrs, struct preswap_policy *policy);
int preswap_put_forecast(struct sk_buff *skb, const struct preswap_app *app,
			 u32 resource, u64 now_ns);
int preswap_put_lease(struct sk_buff *skb,
		      const struct preswap_lease_info *lease, u64 now_ns);

#endif /* PRESWAP_NETLINK_PUT_H */
