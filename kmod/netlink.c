// SPDX-License-Identifier: GPL-2.0-only
/*
 * netlink - the generic netlink family "preswap".
 *
 * Requests are checked here, whole, before anything changes: a batch of
 * forecasts with one bad value in it changes nothing. Every refusal carries
 * extack text. What changes state, and what tells of single tasks, needs
 * CAP_NET_ADMIN in the initial user namespace.
 */
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/ktime.h>
#include <net/genetlink.h>

#include "app.h"
#include "compat/compat.h"
#include "lease.h"
#include "netlink.h"
#include "netlink_family.h"
#include "netlink_put.h"
#include "task.h"

#define PRESWAP_FORECASTS_MAX	4096	/* in one message */

static const struct nla_policy preswap_app_policy[] = {
	[PRESWAP_A_APP_ID] = { .type = NLA_U64 },
};

static const struct nla_policy preswap_task_policy[] = {
	[PRESWAP_A_TASK_APP_ID] = { .type = NLA_U64 },
};

static const struct nla_policy preswap_policy_id_policy[] = {
	[PRESWAP_A_POLICY_APP_ID] = { .type = NLA_U64 },
};

/* Not const: 6.1's policies point to them as to variables. */
#define PRESWAP_RANGE(name, least, most)				\
	static struct netlink_range_validation preswap_##name##_range = {	\
		.min = least,						\
		.max = most,						\
	}

PRESWAP_RANGE(cpu, 0, PRESWAP_CPU_MAX_MILLI);
PRESWAP_RANGE(bytes, 0, PRESWAP_BYTES_MAX);
/* of either resource: the larger bound, the handler knows which it is */
PRESWAP_RANGE(amount, 1, PRESWAP_BYTES_MAX);
PRESWAP_RANGE(horizon, 1, PRESWAP_HORIZON_MAX_MS);
PRESWAP_RANGE(valid, 1, PRESWAP_FORECAST_VALID_MAX_MS);
PRESWAP_RANGE(duration, 1, PRESWAP_LEASE_MAX_MS);
PRESWAP_RANGE(approval, 0, PRESWAP_APPROVAL_MAX_MS);
PRESWAP_RANGE(reserve, 0, PRESWAP_BYTES_MAX >> 20);
PRESWAP_RANGE(downtime, PRESWAP_DOWNTIME_MIN_MS, PRESWAP_DOWNTIME_MAX_MS);

static const struct nla_policy preswap_policy_policy[] = {
	[PRESWAP_A_POLICY_APP_ID] = { .type = NLA_U64 },
	[PRESWAP_A_POLICY_PRIORITY] =
		NLA_POLICY_RANGE(NLA_U8, PRESWAP_PRIORITY_MIN,
				 PRESWAP_PRIORITY_MAX),
	[PRESWAP_A_POLICY_SENSITIVITY] =
		NLA_POLICY_MAX(NLA_U8, PRESWAP_SENSITIVITY_MAX),
	[PRESWAP_A_POLICY_SWAP_ELIGIBLE] = NLA_POLICY_MAX(NLA_U8, 1),
	[PRESWAP_A_POLICY_FLOOR_CPU_MILLI] =
		NLA_POLICY_FULL_RANGE(NLA_U64, &preswap_cpu_range),
	[PRESWAP_A_POLICY_FLOOR_MEM_BYTES] =
		NLA_POLICY_FULL_RANGE(NLA_U64, &preswap_bytes_range),
	[PRESWAP_A_POLICY_GIVES] =
		NLA_POLICY_RANGE(NLA_U8, 1, PRESWAP_GIVES_ALL),
	[PRESWAP_A_POLICY_MAX_STALL_PCT] = NLA_POLICY_RANGE(NLA_U8, 1, 100),
	[PRESWAP_A_POLICY_NEEDS_APPROVAL] = NLA_POLICY_MAX(NLA_U8, 1),
	[PRESWAP_A_POLICY_FLOOR_IO_BYTES] =
		NLA_POLICY_FULL_RANGE(NLA_U64, &preswap_bytes_range),
	[PRESWAP_A_POLICY_FLOOR_NET_BYTES] =
		NLA_POLICY_FULL_RANGE(NLA_U64, &preswap_bytes_range),
	[PRESWAP_A_POLICY_MAX_DOWNTIME_MS] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &preswap_downtime_range),
	[PRESWAP_A_POLICY_RECEIVES] = NLA_POLICY_MAX(NLA_U8, PRESWAP_GIVES_ALL),
	[PRESWAP_A_POLICY_GROUPS] = { .type = NLA_U32 },
	[PRESWAP_A_POLICY_NEVER_TO] = { .type = NLA_U32 },
	[PRESWAP_A_POLICY_RESERVE_MEM_MIB] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &preswap_reserve_range),
};

static const struct nla_policy
preswap_approve_policy[PRESWAP_A_POLICY_MAX + 1] = {
	[PRESWAP_A_POLICY_APP_ID] = { .type = NLA_U64 },
	[PRESWAP_A_POLICY_APPROVED_MS] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &preswap_approval_range),
};

static const struct nla_policy preswap_point_policy[] = {
	[PRESWAP_A_POINT_HORIZON_MS] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &preswap_horizon_range),
	[PRESWAP_A_POINT_MEAN] =
		NLA_POLICY_FULL_RANGE(NLA_U64, &preswap_bytes_range),
	[PRESWAP_A_POINT_Q05] =
		NLA_POLICY_FULL_RANGE(NLA_U64, &preswap_bytes_range),
	[PRESWAP_A_POINT_Q50] =
		NLA_POLICY_FULL_RANGE(NLA_U64, &preswap_bytes_range),
	[PRESWAP_A_POINT_Q95] =
		NLA_POLICY_FULL_RANGE(NLA_U64, &preswap_bytes_range),
};

static const struct nla_policy
preswap_forecast_policy[PRESWAP_A_FORECAST_MAX + 1] = {
	[PRESWAP_A_FORECAST_APP_ID] = { .type = NLA_U64 },
	[PRESWAP_A_FORECAST_RESOURCE] =
		NLA_POLICY_MAX(NLA_U8, PRESWAP_RESOURCE_MAX),
	[PRESWAP_A_FORECAST_VALID_MS] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &preswap_valid_range),
	[PRESWAP_A_FORECAST_POINT] = NLA_POLICY_NESTED(preswap_point_policy),
};

static_assert((int)PRESWAP_RESOURCE_MAX + 1 == DECIDE_RESOURCES);

static const struct nla_policy preswap_batch_policy[] = {
	[PRESWAP_A_BATCH_FORECAST] =
		NLA_POLICY_NESTED(preswap_forecast_policy),
};

static const struct nla_policy preswap_lease_add_policy[] = {
	[PRESWAP_A_LEASE_KIND] =
		NLA_POLICY_MAX(NLA_U8, PRESWAP_LEASE_KIND_MAX),
	[PRESWAP_A_LEASE_DONOR_ID] = { .type = NLA_U64 },
	[PRESWAP_A_LEASE_RECEIVER_ID] = { .type = NLA_U64 },
	[PRESWAP_A_LEASE_AMOUNT] =
		NLA_POLICY_FULL_RANGE(NLA_U64, &preswap_amount_range),
	[PRESWAP_A_LEASE_DURATION_MS] =
		NLA_POLICY_FULL_RANGE(NLA_U32, &preswap_duration_range),
	[PRESWAP_A_LEASE_DEVICE] = { .type = NLA_U32 },
};

static const struct nla_policy preswap_lease_end_policy[] = {
	[PRESWAP_A_LEASE_ID] = { .type = NLA_U32 },
};

static const struct genl_multicast_group preswap_groups[] = {
	[PRESWAP_GROUP_USAGE] = { .name = PRESWAP_MCGRP_USAGE },
	[PRESWAP_GROUP_EVENTS] = { .name = PRESWAP_MCGRP_EVENTS },
};

/* Why not, for the error @err; @text is constant. Smaller than NL_SET_ERR_MSG(). */
int preswap_say(struct netlink_ext_ack *extack, int err, const char *text)
{
	if (extack)
		extack->_msg = text;
	return err;
}

/* Refuse: the attribute that is wrong, and why; @text is constant. */
static int preswap_refuse(struct netlink_ext_ack *extack,
			  const struct nlattr *attr, const char *text)
{
	if (extack)
		extack->bad_attr = attr;
	return preswap_say(extack, -EINVAL, text);
}

/* The attribute, or NULL and the text that it is missing. */
#define preswap_required(info, attr, name) ({				\
	struct nlattr *__attr = (info)->attrs[attr];			\
	if (!__attr)							\
		preswap_refuse((info)->extack, NULL, name " is missing");	\
	__attr;								\
})

/* --- answers of one message --- */

struct preswap_reply {
	struct sk_buff *skb;
	void *header;
};

static int preswap_reply_begin(struct preswap_reply *reply,
			       struct genl_info *info)
{
	reply->skb = genlmsg_new(GENLMSG_DEFAULT_SIZE, GFP_KERNEL);
	if (!reply->skb)
		return -ENOMEM;
	reply->header = genlmsg_put_reply(reply->skb, info, &preswap_family, 0,
					  info->genlhdr->cmd);
	if (reply->header)
		return 0;
	nlmsg_free(reply->skb);
	return -EMSGSIZE;
}

static int preswap_reply_end(struct preswap_reply *reply,
			     struct genl_info *info, int err)
{
	if (err) {
		nlmsg_free(reply->skb);
		return err;
	}
	genlmsg_end(reply->skb, reply->header);
	return genlmsg_reply(reply->skb, info);
}

static int preswap_info_get(struct sk_buff *skb, struct genl_info *info)
{
	struct preswap_reply reply;
	int err = preswap_reply_begin(&reply, info);

	if (err)
		return err;
	mutex_lock(&preswap_lock);
	err = preswap_put_info(reply.skb);
	mutex_unlock(&preswap_lock);
	return preswap_reply_end(&reply, info, err);
}

static int preswap_app_get_one(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = preswap_required(info, PRESWAP_A_APP_ID, "id");
	struct preswap_reply reply;
	struct preswap_app *app;
	int err;

	if (!id)
		return -EINVAL;
	err = preswap_reply_begin(&reply, info);
	if (err)
		return err;
	mutex_lock(&preswap_lock);
	app = preswap_app_find(nla_get_u64(id));
	if (app) {
		err = preswap_put_app(reply.skb, app);
	} else {
		err = preswap_say(info->extack, -ENOENT, "no app has this id");
	}
	mutex_unlock(&preswap_lock);
	return preswap_reply_end(&reply, info, err);
}

static int preswap_policy_get_one(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = preswap_required(info, PRESWAP_A_POLICY_APP_ID,
					     "app-id");
	struct preswap_reply reply;
	struct preswap_app *app;
	int err;

	if (!id)
		return -EINVAL;
	err = preswap_reply_begin(&reply, info);
	if (err)
		return err;
	mutex_lock(&preswap_lock);
	app = preswap_app_find(nla_get_u64(id));
	if (app && app->policy.priority) {
		err = preswap_put_policy(reply.skb, app);
	} else {
		err = preswap_say(info->extack, -ENOENT,
				  "the app has no policy");
	}
	mutex_unlock(&preswap_lock);
	return preswap_reply_end(&reply, info, err);
}

/* --- dumps --- */

/* One element of a dump into @skb; -EMSGSIZE: no room, again later. */
typedef int (*preswap_dump_put)(struct sk_buff *skb, const void *item,
				u32 index, u64 now_ns);

static int preswap_dump_one(struct sk_buff *skb, struct netlink_callback *cb,
			    u8 cmd, preswap_dump_put put, const void *item,
			    u32 index)
{
	void *header;
	int err;

	header = genlmsg_put(skb, NETLINK_CB(cb->skb).portid,
			     cb->nlh->nlmsg_seq, &preswap_family, NLM_F_MULTI,
			     cmd);
	if (!header)
		return -EMSGSIZE;
	genl_dump_check_consistent(cb, header);
	err = put(skb, item, index, ktime_get_boottime_ns());
	if (err) {
		genlmsg_cancel(skb, header);
		return err;
	}
	genlmsg_end(skb, header);
	return 0;
}

/*
 * Dump apps, or @per_app things of each. cb->args[0] counts what is done; a
 * table that changed meanwhile is told by the sequence number.
 */
static int preswap_dump_apps(struct sk_buff *skb, struct netlink_callback *cb,
			     u8 cmd, u32 per_app,
			     bool (*wanted)(const struct preswap_app *, u32),
			     preswap_dump_put put)
{
	struct preswap_app *app;
	unsigned long done = 0;
	int err = 0;
	u32 i;

	mutex_lock(&preswap_lock);
	cb->seq = (unsigned int)preswap_app_generation();
	preswap_for_each_app(app) {
		for (i = 0; i < per_app; i++, done++) {
			if (done < cb->args[0])
				continue;
			if (wanted(app, i))
				err = preswap_dump_one(skb, cb, cmd, put, app,
						       i);
			if (err)
				goto out;
		}
	}
out:
	mutex_unlock(&preswap_lock);
	cb->args[0] = done;
	/* a part that did not fit comes first in the next message */
	return err && !skb->len ? err : skb->len;
}

static bool preswap_dump_any(const struct preswap_app *app, u32 i)
{
	return true;
}

static int preswap_dump_put_app(struct sk_buff *skb, const void *app, u32 i,
				u64 now_ns)
{
	return preswap_put_app(skb, app);
}

static int preswap_app_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	return preswap_dump_apps(skb, cb, PRESWAP_CMD_APP_GET, 1,
				 preswap_dump_any, preswap_dump_put_app);
}

static bool preswap_dump_has_policy(const struct preswap_app *app, u32 i)
{
	return app->policy.priority;
}

static int preswap_dump_put_policy(struct sk_buff *skb, const void *app, u32 i,
				   u64 now_ns)
{
	return preswap_put_policy(skb, app);
}

static int preswap_policy_dump(struct sk_buff *skb,
			       struct netlink_callback *cb)
{
	return preswap_dump_apps(skb, cb, PRESWAP_CMD_POLICY_GET, 1,
				 preswap_dump_has_policy,
				 preswap_dump_put_policy);
}

static bool preswap_dump_has_forecast(const struct preswap_app *app, u32 i)
{
	return preswap_forecast_fresh(app->forecast[i],
				      ktime_get_boottime_ns());
}

static int preswap_dump_put_forecast(struct sk_buff *skb, const void *app,
				     u32 i, u64 now_ns)
{
	return preswap_put_forecast(skb, app, i, now_ns);
}

static int preswap_forecast_dump(struct sk_buff *skb,
				 struct netlink_callback *cb)
{
	return preswap_dump_apps(skb, cb, PRESWAP_CMD_FORECAST_GET,
				 DECIDE_RESOURCES, preswap_dump_has_forecast,
				 preswap_dump_put_forecast);
}

static int preswap_dump_put_lease(struct sk_buff *skb, const void *lease,
				  u32 i, u64 now_ns)
{
	return preswap_put_lease(skb, lease, now_ns);
}

/* Leases in force, oldest first; then ended ones, the last ended first. */
static int preswap_lease_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct preswap_lease_info *info;
	struct preswap_lease *lease;
	unsigned long done = 0;
	unsigned int back;
	int err = 0;

	mutex_lock(&preswap_lock);
	/* both a begin and an end count: either moves what comes after it */
	cb->seq = 2 * (unsigned int)preswap_lease_total -
		  preswap_lease_number + 1;
	list_for_each_entry(lease, &preswap_leases, list) {
		if (done++ < cb->args[0])
			continue;
		err = preswap_dump_one(skb, cb, PRESWAP_CMD_LEASE_GET,
				       preswap_dump_put_lease, &lease->info, 0);
		if (err)
			goto out;
		cb->args[0] = done;
	}
	for (back = 0; (info = preswap_lease_log(back)); back++) {
		if (done++ < cb->args[0])
			continue;
		err = preswap_dump_one(skb, cb, PRESWAP_CMD_LEASE_GET,
				       preswap_dump_put_lease, info, 0);
		if (err)
			goto out;
		cb->args[0] = done;
	}
out:
	mutex_unlock(&preswap_lock);
	return err && !skb->len ? err : skb->len;
}

struct preswap_task_dump {
	struct sk_buff *skb;
	struct netlink_callback *cb;
};

static int preswap_dump_put_task(struct sk_buff *skb, const void *view, u32 i,
				 u64 now_ns)
{
	return preswap_put_task(skb, view);
}

static int preswap_task_dump_visit(const struct preswap_task_view *view,
				   void *data)
{
	struct preswap_task_dump *dump = data;

	return preswap_dump_one(dump->skb, dump->cb, PRESWAP_CMD_TASK_GET,
				preswap_dump_put_task, view, 0);
}

static int preswap_task_dump(struct sk_buff *skb, struct netlink_callback *cb)
{
	const struct genl_dumpit_info *info = genl_dumpit_info(cb);
	struct nlattr **attrs = preswap_dump_attrs(info);
	struct nlattr *id = attrs ? attrs[PRESWAP_A_TASK_APP_ID] : NULL;
	struct preswap_task_dump dump = { skb, cb };
	struct preswap_task_cursor cursor = {
		.bucket = cb->args[0],
		.skip = cb->args[1],
	};
	int err;

	err = preswap_task_walk(&cursor, id ? nla_get_u64(id) : 0,
				preswap_task_dump_visit, &dump);
	cb->args[0] = cursor.bucket;
	cb->args[1] = cursor.skip;
	return err && !skb->len ? err : skb->len;
}

/* --- requests that change something --- */

static int preswap_policy_set_one(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = preswap_required(info, PRESWAP_A_POLICY_APP_ID,
					     "app-id");
	struct nlattr *priority = preswap_required(info,
						   PRESWAP_A_POLICY_PRIORITY,
						   "priority");
	/* what stands still longer than that would be better off without */
	static const u8 max_stall_pct[] = {
		[PRESWAP_SENSITIVITY_LATENCY] = 5,
		[PRESWAP_SENSITIVITY_NORMAL] = 20,
		[PRESWAP_SENSITIVITY_BATCH] = 60,
	};
	struct preswap_policy policy = {
		.sensitivity = PRESWAP_SENSITIVITY_NORMAL,
		.gives = PRESWAP_GIVES_ALL,
		.receives = PRESWAP_GIVES_ALL,
	};

	if (!id || !priority)
		return -EINVAL;
	preswap_get_policy(info->attrs, &policy);
	if (!policy.max_stall_pct)
		policy.max_stall_pct = max_stall_pct[policy.sensitivity];
	return preswap_policy_set(nla_get_u64(id), &policy, info->extack);
}

static int preswap_policy_approve_one(struct sk_buff *skb,
				      struct genl_info *info)
{
	struct nlattr *id = preswap_required(info, PRESWAP_A_POLICY_APP_ID,
					     "app-id");
	struct nlattr *duration = preswap_required(info,
						   PRESWAP_A_POLICY_APPROVED_MS,
						   "approved-ms");

	if (!id || !duration)
		return -EINVAL;
	return preswap_policy_approve(nla_get_u64(id), nla_get_u32(duration),
				      info->extack);
}

static int preswap_policy_del(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = preswap_required(info, PRESWAP_A_POLICY_APP_ID,
					     "app-id");

	if (!id)
		return -EINVAL;
	return preswap_policy_delete(nla_get_u64(id), info->extack);
}

/* A forecast on its way from the message into the app. */
struct preswap_forecast_item {
	const struct nlattr *attr;
	u64 app_id;
	u8 resource;
	struct preswap_forecast *forecast;
};

static int preswap_parse_point(const struct nlattr *nest,
			       struct preswap_forecast *to,
			       struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[PRESWAP_A_POINT_MAX + 1];
	struct preswap_point *point;
	int err, i;

	err = nla_parse_nested(attrs, PRESWAP_A_POINT_MAX, nest,
			       preswap_point_policy, extack);
	if (err)
		return err;
	for (i = PRESWAP_A_POINT_HORIZON_MS; i <= PRESWAP_A_POINT_MAX; i++)
		if (!attrs[i])
			return preswap_refuse(extack, nest,
				"a point needs horizon-ms, mean, q05, q50, q95");
	point = &to->point[to->nr_points];
	point->horizon_ms = nla_get_u32(attrs[PRESWAP_A_POINT_HORIZON_MS]);
	point->mean = nla_get_u64(attrs[PRESWAP_A_POINT_MEAN]);
	point->q05 = nla_get_u64(attrs[PRESWAP_A_POINT_Q05]);
	point->q50 = nla_get_u64(attrs[PRESWAP_A_POINT_Q50]);
	point->q95 = nla_get_u64(attrs[PRESWAP_A_POINT_Q95]);
	if (point->q05 > point->q50 || point->q50 > point->q95)
		return preswap_refuse(extack, nest,
				      "quantiles are not in ascending order");
	if (to->nr_points && point->horizon_ms <= point[-1].horizon_ms)
		return preswap_refuse(extack, nest,
				      "horizons are not in ascending order");
	to->nr_points++;
	return 0;
}

static u32 preswap_count_attrs(const struct nlattr *head, int len, int type)
{
	const struct nlattr *attr;
	u32 n = 0;
	int left;

	nla_for_each_attr(attr, head, len, left)
		n += nla_type(attr) == type;
	return n;
}

static int preswap_parse_forecast(const struct nlattr *nest,
				  struct preswap_forecast_item *item,
				  u64 now_ns, struct netlink_ext_ack *extack)
{
	struct nlattr *attrs[PRESWAP_A_FORECAST_MAX + 1];
	struct preswap_forecast *forecast;
	const struct nlattr *attr;
	u32 points, i;
	int err, left;

	err = nla_parse_nested(attrs, PRESWAP_A_FORECAST_MAX, nest,
			       preswap_forecast_policy, extack);
	if (err)
		return err;
	if (!attrs[PRESWAP_A_FORECAST_APP_ID] ||
	    !attrs[PRESWAP_A_FORECAST_RESOURCE] ||
	    !attrs[PRESWAP_A_FORECAST_VALID_MS] ||
	    !attrs[PRESWAP_A_FORECAST_POINT])
		return preswap_refuse(extack, nest,
			"a forecast needs app-id, resource, valid-ms, point");
	item->attr = attrs[PRESWAP_A_FORECAST_APP_ID];
	item->app_id = nla_get_u64(item->attr);
	item->resource = nla_get_u8(attrs[PRESWAP_A_FORECAST_RESOURCE]);
	points = preswap_count_attrs(nla_data(nest), nla_len(nest),
				     PRESWAP_A_FORECAST_POINT);
	if (points > PRESWAP_POINTS_MAX)
		return preswap_refuse(extack, nest,
				      "a forecast has too many points");
	forecast = preswap_forecast_alloc(points);
	if (!forecast)
		return -ENOMEM;
	item->forecast = forecast;
	forecast->valid_ms = nla_get_u32(attrs[PRESWAP_A_FORECAST_VALID_MS]);
	forecast->time_ns = now_ns;
	nla_for_each_nested(attr, nest, left) {
		if (nla_type(attr) != PRESWAP_A_FORECAST_POINT)
			continue;
		err = preswap_parse_point(attr, forecast, extack);
		if (err)
			return err;
	}
	for (i = 0; item->resource == DECIDE_CPU && i < points; i++)
		if (forecast->point[i].q95 > PRESWAP_CPU_MAX_MILLI ||
		    forecast->point[i].mean > PRESWAP_CPU_MAX_MILLI)
			return preswap_refuse(extack, nest,
				"more milli-CPU than any machine has");
	return 0;
}

/*
 * All of them, or none: an unknown app refuses the batch. The items are left
 * with the forecasts that are not used, or not any more.
 */
static int preswap_apply_forecasts(struct preswap_forecast_item *items,
				   u32 count, struct netlink_ext_ack *extack)
{
	struct preswap_app *app;
	u32 i;

	mutex_lock(&preswap_lock);
	for (i = 0; i < count; i++) {
		if (preswap_app_find(items[i].app_id))
			continue;
		mutex_unlock(&preswap_lock);
		preswap_refuse(extack, items[i].attr, "no app has this id");
		return -ENOENT;
	}
	for (i = 0; i < count; i++) {
		app = preswap_app_find(items[i].app_id);
		preswap_forecast_replace(&app->forecast[items[i].resource],
					 &items[i].forecast);
	}
	mutex_unlock(&preswap_lock);
	return 0;
}

static int preswap_forecast_set(struct sk_buff *skb, struct genl_info *info)
{
	const struct nlattr *head = genlmsg_data(info->genlhdr), *attr;
	int len = genlmsg_len(info->genlhdr), left, err = 0;
	u64 now_ns = ktime_get_boottime_ns();
	struct preswap_forecast_item *items;
	u32 count, n = 0;

	if (!preswap_required(info, PRESWAP_A_BATCH_FORECAST, "forecast"))
		return -EINVAL;
	count = preswap_count_attrs(head, len, PRESWAP_A_BATCH_FORECAST);
	if (count > PRESWAP_FORECASTS_MAX)
		return preswap_say(info->extack, -E2BIG,
				   "too many forecasts in a message");
	items = kvcalloc(count, sizeof(*items), GFP_KERNEL);
	if (!items) {
		err = -ENOMEM;
		goto out;
	}
	nla_for_each_attr(attr, head, len, left) {
		if (nla_type(attr) != PRESWAP_A_BATCH_FORECAST)
			continue;
		err = preswap_parse_forecast(attr, &items[n++], now_ns,
					     info->extack);
		if (err)
			break;
	}
	if (!err)
		err = preswap_apply_forecasts(items, count, info->extack);
	while (n)
		kfree(items[--n].forecast);
	kvfree(items);
out:
	if (err == -ENOMEM)
		preswap_say(info->extack, err,
			    "no memory for this many forecasts");
	return err;
}

/* The app that an attribute names, with a reference. */
static struct preswap_app *preswap_named_app(struct genl_info *info, int attr)
{
	struct preswap_app *app;

	app = preswap_app_get(nla_get_u64(info->attrs[attr]));
	if (!app) {
		NL_SET_BAD_ATTR(info->extack, info->attrs[attr]);
		preswap_say(info->extack, 0, "no app has this id");
	}
	return app;
}

static int preswap_lease_add_checked(struct genl_info *info,
				     struct preswap_lease_request *request)
{
	struct preswap_lease_info lease;
	struct preswap_reply reply;
	int err;

	/* the answer's memory first: a lease that nobody hears of is worse */
	err = preswap_reply_begin(&reply, info);
	if (err)
		return err;
	err = preswap_lease_add(request, &lease, info->extack);
	if (!err)
		err = preswap_put_lease(reply.skb, &lease,
					ktime_get_boottime_ns());
	return preswap_reply_end(&reply, info, err);
}

static int preswap_lease_add_one(struct sk_buff *skb, struct genl_info *info)
{
	struct preswap_lease_request request = {
		.reason = PRESWAP_REASON_MANUAL,
	};
	int err = -ENOENT;

	if (!preswap_required(info, PRESWAP_A_LEASE_KIND, "kind") ||
	    !preswap_required(info, PRESWAP_A_LEASE_DONOR_ID, "donor-id") ||
	    !preswap_required(info, PRESWAP_A_LEASE_AMOUNT, "amount") ||
	    !preswap_required(info, PRESWAP_A_LEASE_DURATION_MS, "duration-ms"))
		return -EINVAL;
	request.kind = nla_get_u8(info->attrs[PRESWAP_A_LEASE_KIND]);
	request.amount = nla_get_u64(info->attrs[PRESWAP_A_LEASE_AMOUNT]);
	request.duration_ms =
		nla_get_u32(info->attrs[PRESWAP_A_LEASE_DURATION_MS]);
	if (info->attrs[PRESWAP_A_LEASE_DEVICE])
		request.device =
			nla_get_u32(info->attrs[PRESWAP_A_LEASE_DEVICE]);
	if ((request.kind == PRESWAP_LEASE_KIND_AFFINITY ||
	     request.kind == PRESWAP_LEASE_KIND_CPU_MAX) &&
	    request.amount > PRESWAP_CPU_MAX_MILLI)
		return preswap_refuse(info->extack,
				      info->attrs[PRESWAP_A_LEASE_AMOUNT],
				      "more milli-CPU than any machine has");
	if (request.kind == PRESWAP_LEASE_KIND_AFFINITY)
		request.amount = roundup(request.amount,
					 DECIDE_MILLI_PER_CPU);
	request.gain = request.amount;
	request.donor = preswap_named_app(info, PRESWAP_A_LEASE_DONOR_ID);
	if (!request.donor)
		return -ENOENT;
	if (info->attrs[PRESWAP_A_LEASE_RECEIVER_ID]) {
		request.receiver =
			preswap_named_app(info, PRESWAP_A_LEASE_RECEIVER_ID);
		if (!request.receiver)
			goto out;
	}
	err = preswap_lease_add_checked(info, &request);
	if (request.receiver)
		preswap_app_put(request.receiver);
out:
	preswap_app_put(request.donor);
	return err;
}

static int preswap_lease_end_one(struct sk_buff *skb, struct genl_info *info)
{
	struct nlattr *id = preswap_required(info, PRESWAP_A_LEASE_ID, "id");

	if (!id)
		return -EINVAL;
	return preswap_lease_end_id(nla_get_u32(id), info->extack);
}

/* --- the family --- */

#define PRESWAP_ATTRS(policy_)	\
	.policy = policy_, .maxattr = ARRAY_SIZE(policy_) - 1

static const struct genl_ops preswap_ops[] = {
	{
		.cmd = PRESWAP_CMD_INFO_GET,
		.doit = preswap_info_get,
	},
	{
		.cmd = PRESWAP_CMD_APP_GET,
		.doit = preswap_app_get_one,
		.dumpit = preswap_app_dump,
		PRESWAP_ATTRS(preswap_app_policy),
	},
	{
		.cmd = PRESWAP_CMD_TASK_GET,
		.flags = GENL_ADMIN_PERM,
		.dumpit = preswap_task_dump,
		PRESWAP_ATTRS(preswap_task_policy),
	},
	{
		.cmd = PRESWAP_CMD_POLICY_SET,
		.flags = GENL_ADMIN_PERM,
		.doit = preswap_policy_set_one,
		PRESWAP_ATTRS(preswap_policy_policy),
	},
	{
		.cmd = PRESWAP_CMD_POLICY_GET,
		.doit = preswap_policy_get_one,
		.dumpit = preswap_policy_dump,
		PRESWAP_ATTRS(preswap_policy_id_policy),
	},
	{
		.cmd = PRESWAP_CMD_POLICY_DEL,
		.flags = GENL_ADMIN_PERM,
		.doit = preswap_policy_del,
		PRESWAP_ATTRS(preswap_policy_id_policy),
	},
	{
		.cmd = PRESWAP_CMD_FORECAST_SET,
		.flags = GENL_ADMIN_PERM,
		.doit = preswap_forecast_set,
		PRESWAP_ATTRS(preswap_batch_policy),
	},
	{
		.cmd = PRESWAP_CMD_FORECAST_GET,
		.dumpit = preswap_forecast_dump,
	},
	{
		.cmd = PRESWAP_CMD_LEASE_GET,
		.dumpit = preswap_lease_dump,
	},
	{
		.cmd = PRESWAP_CMD_LEASE_ADD,
		.flags = GENL_ADMIN_PERM,
		.doit = preswap_lease_add_one,
		PRESWAP_ATTRS(preswap_lease_add_policy),
	},
	{
		.cmd = PRESWAP_CMD_LEASE_END,
		.flags = GENL_ADMIN_PERM,
		.doit = preswap_lease_end_one,
		PRESWAP_ATTRS(preswap_lease_end_policy),
	},
	{
		.cmd = PRESWAP_CMD_POLICY_APPROVE,
		.flags = GENL_ADMIN_PERM,
		.doit = preswap_policy_approve_one,
		PRESWAP_ATTRS(preswap_approve_policy),
	},
};

struct genl_family preswap_family = {
	.name = PRESWAP_FAMILY_NAME,
	.version = PRESWAP_FAMILY_VERSION,
	.module = THIS_MODULE,
	.ops = preswap_ops,
	.n_ops = ARRAY_SIZE(preswap_ops),
	.resv_start_op = PRESWAP_CMD_INFO_GET,
	/* else a share that is slow to be written holds up every other family */
	.parallel_ops = true,
	.mcgrps = preswap_groups,
	.n_mcgrps = ARRAY_SIZE(preswap_groups),
};

int preswap_netlink_init(void)
{
	return genl_register_family(&preswap_family);
}

void preswap_netlink_exit(void)
{
	genl_unregister_family(&preswap_family);
}
