// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Answers: netlink attributes to structures, by one table per structure.
 */
#include <errno.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <string.h>

#include "codec.h"

/*
 * A number has the size of its member. A string goes into an array of
 * characters, or its address into a const char *.
 */
struct field {
	uint16_t attr;
	uint16_t offset;
	uint16_t size;
	enum { NUMBER, ARRAY, POINTER } form;
	bool required;
};

#define FORM(member) _Generic((member), char *: ARRAY,			\
			      const char *: POINTER, default: NUMBER)
#define FIELD(kind, name, member, must) {				\
	.attr = name,							\
	.offset = offsetof(struct preswap_##kind, member),		\
	.size = sizeof(((struct preswap_##kind *)NULL)->member),	\
	.form = FORM(((struct preswap_##kind *)NULL)->member),		\
	.required = must }
#define INFO(name, member) FIELD(info, PRESWAP_A_INFO_##name, member, false)
#define APP(name, member) FIELD(app, PRESWAP_A_APP_##name, member, false)
#define TASK(name, member) FIELD(task, PRESWAP_A_TASK_##name, member, false)
#define POLICY(name, member)						\
	FIELD(policy, PRESWAP_A_POLICY_##name, member, false)
#define POINT(name, member) FIELD(point, PRESWAP_A_POINT_##name, member, true)
#define FORECAST(name, member, must)					\
	FIELD(forecast, PRESWAP_A_FORECAST_##name, member, must)
#define LEASE(name, member) FIELD(lease, PRESWAP_A_LEASE_##name, member, false)
#define EVENT(name, member) FIELD(event, PRESWAP_A_EVENT_##name, member, false)

static const struct field info_fields[] = {
	INFO(VERSION, version),
	INFO(ENABLED, enabled),
	INFO(DRY_RUN, dry_run),
	INFO(TICK_MS, tick_ms),
	INFO(LEAD_MS, lead_ms),
	INFO(USAGE_MS, usage_ms),
	INFO(MIN_PRIORITY, min_priority),
	INFO(THRESHOLD_CPU_PCT, threshold_cpu_pct),
	INFO(THRESHOLD_MEMORY_PCT, threshold_memory_pct),
	INFO(CPU_CAPACITY_MILLI, cpu_capacity_milli),
	INFO(CPU_USED_MILLI, cpu_used_milli),
	INFO(MEM_CAPACITY_BYTES, mem_capacity_bytes),
	INFO(MEM_USED_BYTES, mem_used_bytes),
	INFO(SWAP_FREE_BYTES, swap_free_bytes),
	INFO(APPS, apps),
	INFO(TASKS, tasks),
	INFO(LEASES, leases),
	INFO(TICKS, ticks),
	INFO(TICK_LAST_NS, tick_last_ns),
	INFO(TICK_MAX_NS, tick_max_ns),
	INFO(LEASES_BEGUN, leases_begun),
	INFO(RECLAIMED_BYTES, reclaimed_bytes),
	INFO(TASKS_MOVED, tasks_moved),
	INFO(TASKS_LOST, tasks_lost),
	INFO(AB_UNIT, ab_unit),
	INFO(AB_CONTROL_PCT, ab_control_pct),
	INFO(AB_SLICE_MS, ab_slice_ms),
	INFO(AB_SEED, ab_seed),
	INFO(INPUT_PRESSES, input_presses),
	INFO(INPUT_MOVES, input_moves),
	INFO(INPUT_IDLE_MS, input_idle_ms),
	INFO(THRESHOLD_IO_PCT, threshold_io_pct),
	INFO(IO_CAPACITY_BYTES, io_capacity_bytes),
	INFO(IO_USED_BYTES, io_used_bytes),
	INFO(IO_DEVICE, io_device),
	INFO(THRESHOLD_NET_PCT, threshold_net_pct),
	INFO(NET_CAPACITY_BYTES, net_capacity_bytes),
	INFO(NET_USED_BYTES, net_used_bytes),
	INFO(NET_DEVICE, net_device),
};

static const struct field policy_fields[] = {
	POLICY(APP_ID, app_id),
	POLICY(PRIORITY, priority),
	POLICY(SENSITIVITY, sensitivity),
	POLICY(SWAP_ELIGIBLE, swap_eligible),
	POLICY(FLOOR_CPU_MILLI, floor_cpu_milli),
	POLICY(FLOOR_MEM_BYTES, floor_mem_bytes),
	POLICY(GIVES, gives),
	POLICY(MAX_STALL_PCT, max_stall_pct),
	POLICY(NEEDS_APPROVAL, needs_approval),
	POLICY(APPROVED_MS, approved_ms),
	POLICY(FLOOR_IO_BYTES, floor_io_bytes),
	POLICY(MAX_DOWNTIME_MS, max_downtime_ms),
	POLICY(FLOOR_NET_BYTES, floor_net_bytes),
	POLICY(RECEIVES, receives),
	POLICY(GROUPS, groups),
	POLICY(NEVER_TO, never_to),
	POLICY(RESERVE_MEM_MIB, reserve_mem_mib),
};

static const struct field app_fields[] = {
	FIELD(app, PRESWAP_A_APP_ID, id, true),
	APP(PATH, path),
	APP(CPU_MILLI, cpu_milli),
	APP(MEM_BYTES, mem_bytes),
	APP(CPU_NS, cpu_ns),
	APP(RUN_DELAY_NS, run_delay_ns),
	APP(RSS_BYTES, rss_bytes),
	APP(SWAP_BYTES, swap_bytes),
	APP(MAJOR_FAULTS, major_faults),
	APP(READ_BYTES, read_bytes),
	APP(WRITE_BYTES, write_bytes),
	APP(SWITCHES, switches),
	APP(TASKS, tasks),
	APP(FORKS, forks),
	APP(EXECS, execs),
	APP(EXITS, exits),
	APP(PSI_CPU_SOME_US, psi_cpu_some_us),
	APP(PSI_MEM_SOME_US, psi_mem_some_us),
	APP(PSI_MEM_FULL_US, psi_mem_full_us),
	APP(TREND_CPU_MILLI, trend_cpu_milli),
	APP(TREND_MEM_BYTES, trend_mem_bytes),
	APP(IO_BYTES, io_bytes),
	APP(TREND_IO_BYTES, trend_io_bytes),
	APP(DOWNTIME_US, downtime_us),
	APP(NET_BYTES, net_bytes),
	APP(TREND_NET_BYTES, trend_net_bytes),
};

static const struct field task_fields[] = {
	TASK(APP_ID, app_id),
	FIELD(task, PRESWAP_A_TASK_PID, pid, true),
	TASK(TGID, tgid),
	TASK(COMM, comm),
	TASK(CPU_NS, cpu_ns),
	TASK(RUN_DELAY_NS, run_delay_ns),
	TASK(RSS_BYTES, rss_bytes),
	TASK(SWAP_BYTES, swap_bytes),
	TASK(MAJOR_FAULTS, major_faults),
	TASK(READ_BYTES, read_bytes),
	TASK(WRITE_BYTES, write_bytes),
	TASK(SWITCHES, switches),
	TASK(MOVED, moved),
};

static const struct field point_fields[] = {
	POINT(HORIZON_MS, horizon_ms),
	POINT(MEAN, mean),
	POINT(Q05, q05),
	POINT(Q50, q50),
	POINT(Q95, q95),
};

static const struct field forecast_fields[] = {
	FORECAST(APP_ID, app_id, true),
	FORECAST(RESOURCE, resource, true),
	FORECAST(VALID_MS, valid_ms, false),
	FORECAST(AGE_MS, age_ms, false),
};

static const struct field lease_fields[] = {
	LEASE(ID, id),
	LEASE(KIND, kind),
	LEASE(DONOR_ID, donor_id),
	LEASE(RECEIVER_ID, receiver_id),
	LEASE(AMOUNT, amount),
	LEASE(LEFT_MS, left_ms),
	LEASE(BEGIN_NS, begin_ns),
	LEASE(END_NS, end_ns),
	LEASE(DONE, done),
	LEASE(FULL_NS, full_ns),
	LEASE(TASKS, tasks),
	LEASE(REASON, reason),
	LEASE(BENEFIT, benefit),
	LEASE(COST, cost),
	LEASE(ENDED, ended),
	LEASE(DRY_RUN, dry_run),
	LEASE(DEVICE, device),
	LEASE(MEDIAN, why.median),
	LEASE(SPREAD, why.spread),
	LEASE(CARRIED, why.carried),
	LEASE(BASE, why.base),
	LEASE(ROOM, why.room),
	LEASE(SHORTAGE, why.shortage),
	LEASE(CHANCE_PERMILLE, why.chance_permille),
	LEASE(THRESHOLD_PCT, why.threshold_pct),
	LEASE(GIVE, why.give),
	LEASE(BARRED, why.barred),
	LEASE(NESTED, why.nested),
	LEASE(AT_FLOOR, why.at_floor),
	LEASE(TOO_LITTLE, why.too_little),
	LEASE(TOO_DEAR, why.too_dear),
	LEASE(BANNED, why.banned),
};

static const struct field event_fields[] = {
	FIELD(event, PRESWAP_A_EVENT_KIND, kind, true),
	EVENT(TIME_NS, time_ns),
	EVENT(APP_ID, app_id),
	EVENT(RESOURCE, resource),
	EVENT(NEED, need),
};

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))
#define ATTRS_MAX	48	/* of any set */

_Static_assert((int)PRESWAP_A_INFO_MAX <= ATTRS_MAX &&
	       (int)PRESWAP_A_APP_MAX <= ATTRS_MAX &&
	       (int)PRESWAP_A_TASK_MAX <= ATTRS_MAX &&
	       (int)PRESWAP_A_LEASE_MAX <= ATTRS_MAX, "ATTRS_MAX is too small");

/* A dump has a dozen of them for each task: copies of fixed size are one move. */
static int store(const struct field *field, const struct nlattr *attr,
		 void *out)
{
	char *to = (char *)out + field->offset;
	const char *from = (const char *)attr + NLA_HDRLEN, *end;
	size_t len = attr->nla_len - NLA_HDRLEN;

	if (field->form == NUMBER) {
		if (len != field->size)
			return -EBADMSG;
		if (len == sizeof(uint64_t))
			memcpy(to, from, sizeof(uint64_t));
		else if (len == sizeof(uint32_t))
			memcpy(to, from, sizeof(uint32_t));
		else
			memcpy(to, from, len);
		return 0;
	}
	end = memchr(from, 0, len);
	if (!end)
		return -EBADMSG;
	if (field->form == POINTER) {
		memcpy(to, &from, sizeof(from));
		return 0;
	}
	len = end - from;
	if (len >= field->size)
		len = field->size - 1;
	memcpy(to, from, len);
	to[len] = 0;
	return 0;
}

/*
 * The attributes that the table knows; unknown ones are from a later kernel.
 * @tb (may be NULL) gets all attributes up to ATTRS_MAX, for nests.
 */
static int decode(const struct field *fields, size_t count, void *attrs,
		  int len, void *out, struct nlattr **tb)
{
	struct nlattr *found[ATTRS_MAX + 1];

	if (nla_parse(found, ATTRS_MAX, attrs, len, NULL) < 0)
		return -EBADMSG;
	for (size_t i = 0; i < count; i++) {
		const struct nlattr *attr = found[fields[i].attr];

		if (!attr && fields[i].required)
			return -EBADMSG;
		if (attr && store(&fields[i], attr, out) < 0)
			return -EBADMSG;
	}
	if (tb)
		memcpy(tb, found, sizeof(found));
	return 0;
}

#define DECODE(kind, attrs, len, out, tb)				\
	decode(kind##_fields, COUNT(kind##_fields), attrs, len, out, tb)

static int decode_info(void *attrs, int len, struct preswap_info *out)
{
	*out = (struct preswap_info){ .size = sizeof(*out) };
	return DECODE(info, attrs, len, out, NULL);
}

static int decode_task(void *attrs, int len, struct preswap_task *out)
{
	*out = (struct preswap_task){ .size = sizeof(*out) };
	return DECODE(task, attrs, len, out, NULL);
}

static int decode_policy(void *attrs, int len, struct preswap_policy *out)
{
	static const uint32_t bits[][2] = {
		{ PRESWAP_A_POLICY_PRIORITY, PRESWAP_POLICY_PRIORITY },
		{ PRESWAP_A_POLICY_SENSITIVITY, PRESWAP_POLICY_SENSITIVITY },
		{ PRESWAP_A_POLICY_SWAP_ELIGIBLE,
		  PRESWAP_POLICY_SWAP_ELIGIBLE },
		{ PRESWAP_A_POLICY_FLOOR_CPU_MILLI, PRESWAP_POLICY_FLOOR_CPU },
		{ PRESWAP_A_POLICY_FLOOR_MEM_BYTES, PRESWAP_POLICY_FLOOR_MEM },
		{ PRESWAP_A_POLICY_GIVES, PRESWAP_POLICY_GIVES },
		{ PRESWAP_A_POLICY_MAX_STALL_PCT, PRESWAP_POLICY_MAX_STALL },
		{ PRESWAP_A_POLICY_NEEDS_APPROVAL,
		  PRESWAP_POLICY_NEEDS_APPROVAL },
		{ PRESWAP_A_POLICY_FLOOR_IO_BYTES, PRESWAP_POLICY_FLOOR_IO },
		{ PRESWAP_A_POLICY_MAX_DOWNTIME_MS,
		  PRESWAP_POLICY_MAX_DOWNTIME },
		{ PRESWAP_A_POLICY_FLOOR_NET_BYTES, PRESWAP_POLICY_FLOOR_NET },
		{ PRESWAP_A_POLICY_RECEIVES, PRESWAP_POLICY_RECEIVES },
		{ PRESWAP_A_POLICY_GROUPS, PRESWAP_POLICY_GROUPS },
		{ PRESWAP_A_POLICY_NEVER_TO, PRESWAP_POLICY_NEVER_TO },
		{ PRESWAP_A_POLICY_RESERVE_MEM_MIB,
		  PRESWAP_POLICY_RESERVE_MEM },
	};
	struct nlattr *tb[ATTRS_MAX + 1];
	int err;

	*out = (struct preswap_policy){ .size = sizeof(*out) };
	err = DECODE(policy, attrs, len, out, tb);
	if (err)
		return err;
	for (size_t i = 0; i < COUNT(bits); i++)
		if (tb[bits[i][0]])
			out->fields |= bits[i][1];
	return 0;
}

static int decode_app(void *attrs, int len, struct preswap_app *out)
{
	struct nlattr *tb[ATTRS_MAX + 1], *policy;
	int err;

	*out = (struct preswap_app){ .size = sizeof(*out), .path = "" };
	err = DECODE(app, attrs, len, out, tb);
	if (err)
		return err;
	policy = tb[PRESWAP_A_APP_POLICY];
	if (!policy)
		return 0;
	err = decode_policy(nla_data(policy), nla_len(policy), &out->policy);
	if (err)
		return err;
	out->policy.app_id = out->id;
	out->has_policy = true;
	return 0;
}

static int decode_forecast(void *attrs, int len, struct preswap_forecast *out)
{
	struct nlattr *attr;
	int rest, err;

	*out = (struct preswap_forecast){ .size = sizeof(*out) };
	err = DECODE(forecast, attrs, len, out, NULL);
	if (err)
		return err;
	nla_for_each_attr(attr, (struct nlattr *)attrs, len, rest) {
		if (nla_type(attr) != PRESWAP_A_FORECAST_POINT)
			continue;
		if (out->points_count == PRESWAP_POINTS_MAX)
			return -EBADMSG;
		err = DECODE(point, nla_data(attr), nla_len(attr),
			     &out->points[out->points_count], NULL);
		if (err)
			return err;
		out->points_count++;
	}
	return 0;
}

static int decode_lease(void *attrs, int len, struct preswap_lease *out)
{
	*out = (struct preswap_lease){ .size = sizeof(*out) };
	return DECODE(lease, attrs, len, out, NULL);
}

static int decode_event(void *attrs, int len, struct preswap_event *out)
{
	struct nlattr *tb[ATTRS_MAX + 1], *lease;
	int err;

	*out = (struct preswap_event){ .size = sizeof(*out) };
	err = DECODE(event, attrs, len, out, tb);
	lease = err ? NULL : tb[PRESWAP_A_EVENT_LEASE];
	if (!lease)
		return err;
	out->has_lease = true;
	return decode_lease(nla_data(lease), nla_len(lease), &out->lease);
}

/* The length of the attributes, or -EBADMSG. */
static int message_attrs(const struct nlmsghdr *nlh, struct nlattr **attrs)
{
	struct genlmsghdr *hdr;

	if (!genlmsg_valid_hdr((struct nlmsghdr *)nlh, 0))
		return -EBADMSG;
	hdr = genlmsg_hdr((struct nlmsghdr *)nlh);
	*attrs = genlmsg_attrdata(hdr, 0);
	return genlmsg_attrlen(hdr, 0);
}

#define GET(kind)							\
int preswap_get_##kind(const struct nlmsghdr *nlh,			\
		       struct preswap_##kind *out)			\
{									\
	struct nlattr *attrs;						\
	int len = message_attrs(nlh, &attrs);				\
									\
	return len < 0 ? len : decode_##kind(attrs, len, out);		\
}

GET(info)
GET(app)
GET(task)
GET(policy)
GET(forecast)
GET(lease)
GET(event)

int preswap_get_usage(const struct nlmsghdr *nlh, preswap_usage_fn fn,
		      void *data)
{
	struct nlattr *attrs, *attr, *tb[PRESWAP_A_USAGE_MAX + 1];
	int len = message_attrs(nlh, &attrs), rest, bad = 0;
	struct preswap_app app;

	if (len < 0 || nla_parse(tb, PRESWAP_A_USAGE_MAX, attrs, len, NULL) ||
	    !tb[PRESWAP_A_USAGE_SEQ] || !tb[PRESWAP_A_USAGE_TIME_NS] ||
	    nla_len(tb[PRESWAP_A_USAGE_SEQ]) != sizeof(uint32_t) ||
	    nla_len(tb[PRESWAP_A_USAGE_TIME_NS]) != sizeof(uint64_t))
		return -EBADMSG;
	nla_for_each_attr(attr, attrs, len, rest) {
		if (nla_type(attr) != PRESWAP_A_USAGE_APP)
			continue;
		if (decode_app(nla_data(attr), nla_len(attr), &app))
			bad++;
		else
			fn(data, nla_get_u32(tb[PRESWAP_A_USAGE_SEQ]),
			   nla_get_u64(tb[PRESWAP_A_USAGE_TIME_NS]), &app);
	}
	return bad;
}

int preswap_get_batch(const struct nlmsghdr *nlh, preswap_forecast_fn fn,
		      void *data)
{
	struct nlattr *attrs, *attr;
	int len = message_attrs(nlh, &attrs), rest, err;
	struct preswap_forecast forecast;

	if (len < 0)
		return len;
	nla_for_each_attr(attr, attrs, len, rest) {
		if (nla_type(attr) != PRESWAP_A_BATCH_FORECAST)
			continue;
		err = decode_forecast(nla_data(attr), nla_len(attr),
				      &forecast);
		err = err ?: fn(data, &forecast);
		if (err)
			return err;
	}
	return 0;
}
