// SPDX-License-Identifier: GPL-2.0-only
/*
 * netlink_notify - what listeners are told without asking.
 *
 * Called with preswap_lock held, by the tick among others: nothing here waits
 * for memory or for a listener. A message that cannot be made or delivered is
 * lost, and a listener that was too slow learns that from its socket.
 */
#include <linux/ktime.h>

#include "app.h"
#include "engine.h"
#include "lease.h"
#include "netlink.h"
#include "netlink_family.h"
#include "netlink_put.h"

static void *preswap_notify_begin(struct sk_buff **skb, u8 cmd, size_t size)
{
	void *header;

	/* with preswap_lock held: rather lose a message than wait */
	*skb = genlmsg_new(size, GFP_NOWAIT | __GFP_NOWARN);
	if (!*skb)
		return NULL;
	header = genlmsg_put(*skb, 0, 0, &preswap_family, 0, cmd);
	if (!header)
		nlmsg_free(*skb);
	return header;
}

static void preswap_notify_end(struct sk_buff *skb, void *header, int group,
			       bool ok)
{
	if (!ok) {
		nlmsg_free(skb);
		return;
	}
	genlmsg_end(skb, header);
	/* nobody listens, or too slowly: theirs to notice */
	genlmsg_multicast(&preswap_family, skb, 0, group, GFP_NOWAIT);
}

static bool preswap_nobody(int group)
{
	return !genl_has_listeners(&preswap_family, &init_net, group);
}

static void *preswap_event_begin(struct sk_buff **skb,
				 enum preswap_event_kind kind)
{
	void *header;

	if (preswap_nobody(PRESWAP_GROUP_EVENTS))
		return NULL;
	header = preswap_notify_begin(skb, PRESWAP_CMD_EVENT_NTF,
				      GENLMSG_DEFAULT_SIZE);
	if (!header)
		return NULL;
	/* a default message has room for the largest event */
	nla_put_u8(*skb, PRESWAP_A_EVENT_KIND, kind);
	nla_put_u64_64bit(*skb, PRESWAP_A_EVENT_TIME_NS,
			  ktime_get_boottime_ns(), PRESWAP_A_EVENT_PAD);
	return header;
}

void preswap_netlink_lease_event(enum preswap_event_kind kind,
				 const struct preswap_lease_info *lease)
{
	struct nlattr *nest;
	struct sk_buff *skb;
	void *header = preswap_event_begin(&skb, kind);
	bool ok = false;

	if (!header)
		return;
	nest = nla_nest_start(skb, PRESWAP_A_EVENT_LEASE);
	if (nest && !preswap_put_lease(skb, lease, ktime_get_boottime_ns())) {
		nla_nest_end(skb, nest);
		ok = true;
	}
	preswap_notify_end(skb, header, PRESWAP_GROUP_EVENTS, ok);
}

void preswap_netlink_shortage(u64 app_id, u32 resource, u64 missing)
{
	struct sk_buff *skb;
	void *header = preswap_event_begin(&skb, PRESWAP_EVENT_SHORTAGE);
	bool ok;

	if (!header)
		return;
	ok = !nla_put_u64_64bit(skb, PRESWAP_A_EVENT_APP_ID, app_id,
				PRESWAP_A_EVENT_PAD) &&
	     !nla_put_u8(skb, PRESWAP_A_EVENT_RESOURCE, resource) &&
	     !nla_put_u64_64bit(skb, PRESWAP_A_EVENT_NEED, missing,
				PRESWAP_A_EVENT_PAD);
	preswap_notify_end(skb, header, PRESWAP_GROUP_EVENTS, ok);
}

void preswap_netlink_app_gone(u64 app_id)
{
	struct sk_buff *skb;
	void *header = preswap_event_begin(&skb, PRESWAP_EVENT_APP_GONE);
	bool ok;

	if (!header)
		return;
	ok = !nla_put_u64_64bit(skb, PRESWAP_A_EVENT_APP_ID, app_id,
				PRESWAP_A_EVENT_PAD);
	preswap_notify_end(skb, header, PRESWAP_GROUP_EVENTS, ok);
}

static bool preswap_usage_app(struct sk_buff *skb,
			      const struct preswap_app *app)
{
	struct nlattr *nest = nla_nest_start(skb, PRESWAP_A_USAGE_APP);

	if (!nest)
		return false;
	if (preswap_put_app(skb, app)) {
		nla_nest_cancel(skb, nest);
		return false;
	}
	nla_nest_end(skb, nest);
	return true;
}

/* Every app, in as many messages as it takes. */
void preswap_netlink_usage(u64 now_ns)
{
	struct sk_buff *skb = NULL;
	struct preswap_app *app;
	void *header = NULL;
	bool empty = true;

	if (preswap_nobody(PRESWAP_GROUP_USAGE))
		return;
	preswap_for_each_app(app) {
again:
		if (!header) {
			header = preswap_notify_begin(&skb,
						      PRESWAP_CMD_USAGE_NTF,
						      NLMSG_GOODSIZE);
			if (!header)
				return;
			nla_put_u64_64bit(skb, PRESWAP_A_USAGE_TIME_NS, now_ns,
					  PRESWAP_A_USAGE_PAD);
			nla_put_u32(skb, PRESWAP_A_USAGE_SEQ,
				    preswap_node.usage_seq);
			empty = true;
		}
		if (preswap_usage_app(skb, app)) {
			empty = false;
			continue;
		}
		/* an app that does not fit into an empty one never will */
		preswap_notify_end(skb, header, PRESWAP_GROUP_USAGE, !empty);
		header = NULL;
		if (!empty)
			goto again;
	}
	if (header)
		preswap_notify_end(skb, header, PRESWAP_GROUP_USAGE, !empty);
}
