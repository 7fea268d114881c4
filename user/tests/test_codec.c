// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Netlink messages to structures and back, without a socket.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <string.h>

#include "../../selftests/ktap.h"
#include "lib/codec.h"

static struct preswap_forecast forecast(uint64_t id, uint32_t points)
{
	struct preswap_forecast f = {
		.size = sizeof(f), .app_id = id,
		.resource = PRESWAP_RESOURCE_MEMORY, .valid_ms = 5000,
		.points_count = points,
	};

	for (uint32_t i = 0; i < points; i++)
		f.points[i] = (struct preswap_point){
			.horizon_ms = 1000 * (i + 1), .mean = id * 100 + i,
			.q05 = i, .q50 = PRESWAP_BYTES_MAX - 1,
			.q95 = PRESWAP_BYTES_MAX,
		};
	return f;
}

static struct nl_msg *new_msg(uint8_t cmd, size_t size)
{
	struct nl_msg *msg = preswap_msg_new(cmd, 0, size);

	ktap_assert(msg, "no memory");
	return msg;
}

struct seen {
	size_t count;
	struct preswap_forecast last;
};

static int on_forecast(void *data, const struct preswap_forecast *f)
{
	struct seen *seen = data;
	struct preswap_forecast want = forecast(f->app_id, f->points_count);

	seen->count++;
	seen->last = *f;
	return memcmp(&want, f, sizeof(want)) ? -EILSEQ : 0;
}

static void test_batch(void)
{
	struct preswap_forecast all[5];
	struct nl_msg *msg = new_msg(PRESWAP_CMD_FORECAST_SET, 16384);
	struct seen seen = {};
	size_t bad = 99;
	int err;

	for (int i = 0; i < 5; i++)
		all[i] = forecast(1000 + i, i == 4 ? PRESWAP_POINTS_MAX : i + 1);
	ktap_assert(preswap_put_batch(msg, all, sizeof(all[0]), 5, &bad) == 5,
		    "all five fit");
	ktap_assert(genlmsg_hdr(nlmsg_hdr(msg))->cmd ==
		    PRESWAP_CMD_FORECAST_SET, "command");
	err = preswap_get_batch(nlmsg_hdr(msg), on_forecast, &seen);
	ktap_assert(!err && seen.count == 5, "%d after %zu", err, seen.count);
	ktap_assert(seen.last.points_count == PRESWAP_POINTS_MAX, "%u",
		    seen.last.points_count);
	nlmsg_free(msg);
}

/* A message is as long as what goes into it, and holds it. */
static void test_room(void)
{
	static struct preswap_forecast all[1000];
	struct nl_msg *msg;
	size_t bad, room, one;
	int put;

	for (int i = 0; i < 1000; i++)
		all[i] = forecast(i + 1, 1 + i % PRESWAP_POINTS_MAX);
	one = preswap_batch_room(all, sizeof(all[0]), 0);
	for (size_t n = 1; n <= 100; n += 9) {
		room = preswap_batch_room(all, sizeof(all[0]), n);
		msg = new_msg(PRESWAP_CMD_FORECAST_SET, room);
		put = preswap_put_batch(msg, all, sizeof(all[0]), n, &bad);
		ktap_assert(put == (int)n, "%d of %zu", put, n);
		ktap_assert(nlmsg_hdr(msg)->nlmsg_len + one == room +
			    NLMSG_HDRLEN + GENL_HDRLEN, "%zu: %u bytes in %zu",
			    n, nlmsg_hdr(msg)->nlmsg_len, room);
		nlmsg_free(msg);
	}
	ktap_assert(one > 16 * 60 && one < 1100, "%zu", one);
	room = preswap_batch_room(all, sizeof(all[0]), 1000);
	ktap_assert(room == PRESWAP_MSG_MAX, "%zu", room);
	all[0].points_count = 1U << 31;
	room = preswap_batch_room(all, sizeof(all[0]), 1);
	ktap_assert(room == one, "%zu", room);
}

/* As the kernel's strict validation wants it. */
static void test_attributes(void)
{
	static struct nla_policy policy[PRESWAP_A_FORECAST_MAX + 1] = {
		[PRESWAP_A_FORECAST_APP_ID] = { .type = NLA_U64 },
		[PRESWAP_A_FORECAST_RESOURCE] = { .type = NLA_U8 },
		[PRESWAP_A_FORECAST_VALID_MS] = { .type = NLA_U32 },
		[PRESWAP_A_FORECAST_POINT] = { .type = NLA_NESTED },
	};
	struct nlattr *tb[PRESWAP_A_FORECAST_MAX + 1], *nest;
	struct nl_msg *msg = new_msg(PRESWAP_CMD_FORECAST_SET, 4096);
	struct preswap_forecast f = forecast(7, 2);

	ktap_assert(!preswap_put_forecast(msg, &f), "fits");
	nest = genlmsg_attrdata(genlmsg_hdr(nlmsg_hdr(msg)), 0);
	ktap_assert(nest->nla_type ==
		    (PRESWAP_A_BATCH_FORECAST | NLA_F_NESTED),
		    "%x: a nest without its flag is refused", nest->nla_type);
	ktap_assert(!nla_parse_nested(tb, PRESWAP_A_FORECAST_MAX, nest,
				      policy), "types");
	ktap_assert(nla_get_u64(tb[PRESWAP_A_FORECAST_APP_ID]) == 7 &&
		    nla_get_u8(tb[PRESWAP_A_FORECAST_RESOURCE]) == 1 &&
		    nla_get_u32(tb[PRESWAP_A_FORECAST_VALID_MS]) == 5000,
		    "values");
	ktap_assert(!tb[PRESWAP_A_FORECAST_AGE_MS] &&
		    !tb[PRESWAP_A_FORECAST_PAD], "only what was asked for");
	nlmsg_free(msg);
}

static void test_split(void)
{
	static struct preswap_forecast all[1000];
	struct nl_msg *msg;
	struct seen seen = {};
	size_t done = 0, bad;
	int messages = 0, put;

	for (int i = 0; i < 1000; i++)
		all[i] = forecast(i + 1, 8);
	while (done < 1000) {
		msg = new_msg(PRESWAP_CMD_FORECAST_SET, PRESWAP_MSG_MAX);
		put = preswap_put_batch(msg, &all[done], sizeof(all[0]),
					1000 - done, &bad);
		ktap_assert(put > 0, "%d after %zu", put, done);
		ktap_assert(nlmsg_hdr(msg)->nlmsg_len <= PRESWAP_MSG_MAX,
			    "%u bytes", nlmsg_hdr(msg)->nlmsg_len);
		ktap_assert(!preswap_get_batch(nlmsg_hdr(msg), on_forecast,
					       &seen), "whole at %zu", done);
		nlmsg_free(msg);
		done += put;
		messages++;
	}
	ktap_assert(seen.count == 1000 && seen.last.app_id == 1000, "%zu",
		    seen.count);
	ktap_assert(messages > 1 && messages <= 5, "%d messages", messages);
}

static void test_bad_forecast(void)
{
	struct nl_msg *msg = new_msg(PRESWAP_CMD_FORECAST_SET, 4096);
	struct preswap_forecast all[2] = { forecast(1, 1), forecast(2, 1) };
	size_t bad = 9;

	all[1].points_count = PRESWAP_POINTS_MAX + 1;
	ktap_assert(preswap_put_batch(msg, all, sizeof(all[0]), 2, &bad) ==
		    -EINVAL && bad == 1, "too many points, bad is %zu", bad);
	all[1].points_count = 0;
	ktap_assert(preswap_put_batch(msg, all, sizeof(all[0]), 2, &bad) ==
		    -EINVAL, "no point");
	all[1] = forecast(2, 1);
	all[1].size = 8;
	ktap_assert(preswap_put_batch(msg, all, sizeof(all[0]), 2, &bad) ==
		    -EINVAL, "another size");
	nlmsg_free(msg);
}

static void test_policy(void)
{
	struct preswap_policy in = {
		.size = sizeof(in), .app_id = 77,
		.fields = PRESWAP_POLICY_PRIORITY | PRESWAP_POLICY_FLOOR_MEM |
			  PRESWAP_POLICY_GIVES | PRESWAP_POLICY_MAX_STALL |
			  PRESWAP_POLICY_MAX_DOWNTIME |
			  PRESWAP_POLICY_RECEIVES | PRESWAP_POLICY_GROUPS |
			  PRESWAP_POLICY_NEVER_TO |
			  PRESWAP_POLICY_RESERVE_MEM,
		.reserve_mem_mib = 1 << 24,
		.receives = 0, .groups = 1U << 31, .never_to = 5,
		.priority = 9, .sensitivity = 2, .floor_mem_bytes = 1 << 26,
		.gives = 2, .max_stall_pct = 30, .needs_approval = 1,
		.max_downtime_ms = 500,
	}, out;
	struct nl_msg *msg = new_msg(PRESWAP_CMD_POLICY_SET, 4096);

	ktap_assert(!preswap_put_policy(msg, &in), "fits");
	ktap_assert(!preswap_get_policy(nlmsg_hdr(msg), &out), "reads");
	ktap_assert(out.app_id == 77 && out.priority == 9 &&
		    out.floor_mem_bytes == 1 << 26 && out.gives == 2 &&
		    out.max_stall_pct == 30 && out.max_downtime_ms == 500 &&
		    !out.receives && out.groups == 1U << 31 &&
		    out.never_to == 5 &&
		    out.reserve_mem_mib == 1 << 24, "values");
	ktap_assert(out.fields == in.fields && out.sensitivity == 0 &&
		    out.needs_approval == 0,
		    "fields %x: what is not named is not sent", out.fields);
	nlmsg_free(msg);
}

/* An older kernel refuses what it does not know. */
static void test_policy_older(void)
{
	struct preswap_policy in = {
		.size = sizeof(in), .app_id = 77, .fields = PRESWAP_POLICY_ALL,
		.priority = 9, .gives = PRESWAP_GIVES_ALL,
		.receives = PRESWAP_GIVES_ALL,
	}, out;
	struct nl_msg *msg = new_msg(PRESWAP_CMD_POLICY_SET, 4096);

	ktap_assert(!preswap_put_policy(msg, &in), "fits");
	ktap_assert(!preswap_get_policy(nlmsg_hdr(msg), &out), "reads");
	ktap_assert(!(out.fields & (PRESWAP_POLICY_GIVES |
				    PRESWAP_POLICY_FLOOR_IO |
				    PRESWAP_POLICY_FLOOR_NET |
				    PRESWAP_POLICY_RECEIVES |
				    PRESWAP_POLICY_GROUPS |
				    PRESWAP_POLICY_NEVER_TO |
				    PRESWAP_POLICY_MAX_DOWNTIME)),
		    "fields %x: the defaults are sent", out.fields);
	nlmsg_free(msg);
	in.gives = 1 << PRESWAP_RESOURCE_IO;
	in.floor_io_bytes = 5 << 20;
	in.floor_net_bytes = 3 << 20;
	msg = new_msg(PRESWAP_CMD_POLICY_SET, 4096);
	ktap_assert(!preswap_put_policy(msg, &in), "fits");
	ktap_assert(!preswap_get_policy(nlmsg_hdr(msg), &out), "reads");
	ktap_assert(out.gives == 4 && out.floor_io_bytes == 5 << 20 &&
		    out.fields & PRESWAP_POLICY_FLOOR_IO &&
		    out.floor_net_bytes == 3 << 20 &&
		    out.fields & PRESWAP_POLICY_FLOOR_NET, "values");
	nlmsg_free(msg);
}

/* What an older kernel does not tell is 0. */
static void test_info(void)
{
	struct preswap_info info;
	struct nl_msg *msg = new_msg(PRESWAP_CMD_INFO_GET, 4096);

	nla_put_u32(msg, PRESWAP_A_INFO_TICK_MS, 100);
	memset(&info, 0xff, sizeof(info));
	ktap_assert(!preswap_get_info(nlmsg_hdr(msg), &info), "reads");
	ktap_assert(info.tick_ms == 100 && !info.io_capacity_bytes &&
		    !info.io_used_bytes && !info.io_device &&
		    !info.threshold_io_pct && !info.net_capacity_bytes &&
		    !info.net_used_bytes && !*info.net_device &&
		    !info.threshold_net_pct, "older");
	nla_put_u32(msg, PRESWAP_A_INFO_THRESHOLD_IO_PCT, 80);
	nla_put_u64(msg, PRESWAP_A_INFO_IO_CAPACITY_BYTES, 200 << 20);
	nla_put_u64(msg, PRESWAP_A_INFO_IO_USED_BYTES, 12 << 20);
	nla_put_u32(msg, PRESWAP_A_INFO_IO_DEVICE, 8 << 20 | 16);
	nla_put_u32(msg, PRESWAP_A_INFO_THRESHOLD_NET_PCT, 70);
	nla_put_u64(msg, PRESWAP_A_INFO_NET_CAPACITY_BYTES, 100 << 20);
	nla_put_u64(msg, PRESWAP_A_INFO_NET_USED_BYTES, 9 << 20);
	nla_put_string(msg, PRESWAP_A_INFO_NET_DEVICE, "enp0s31f6.4094x");
	ktap_assert(!preswap_get_info(nlmsg_hdr(msg), &info), "reads");
	ktap_assert(info.threshold_io_pct == 80 &&
		    info.io_capacity_bytes == 200 << 20 &&
		    info.io_used_bytes == 12 << 20 &&
		    info.io_device == (8 << 20 | 16), "values");
	ktap_assert(info.threshold_net_pct == 70 &&
		    info.net_capacity_bytes == 100 << 20 &&
		    info.net_used_bytes == 9 << 20 &&
		    !strcmp(info.net_device, "enp0s31f6.4094x"), "'%s'",
		    info.net_device);
	nlmsg_free(msg);
}

static void test_lease(void)
{
	struct preswap_lease_opts opts = {
		.size = sizeof(opts), .kind = PRESWAP_LEASE_KIND_AFFINITY,
		.donor_id = 5, .amount = 1500, .duration_ms = 30000,
	};
	struct nl_msg *msg = new_msg(PRESWAP_CMD_LEASE_ADD, 4096);
	struct nlattr *tb[PRESWAP_A_LEASE_MAX + 1];
	struct preswap_lease lease;

	ktap_assert(!preswap_put_lease(msg, &opts), "fits");
	genlmsg_parse(nlmsg_hdr(msg), 0, tb, PRESWAP_A_LEASE_MAX, NULL);
	ktap_assert(!tb[PRESWAP_A_LEASE_RECEIVER_ID],
		    "nobody is absent, not 0");
	ktap_assert(!preswap_get_lease(nlmsg_hdr(msg), &lease), "reads");
	ktap_assert(lease.kind == 1 && lease.donor_id == 5 &&
		    lease.amount == 1500 && !lease.receiver_id, "values");
	ktap_assert(nla_get_u32(tb[PRESWAP_A_LEASE_DURATION_MS]) == 30000,
		    "duration");
	nlmsg_free(msg);
}

/* As the kernel tells a lease of the engine, and one begun by hand. */
static void test_lease_why(void)
{
	struct nl_msg *msg = new_msg(PRESWAP_CMD_LEASE_GET, 4096);
	struct preswap_lease lease;
	const struct preswap_why *why = &lease.why;

	nla_put_u32(msg, PRESWAP_A_LEASE_ID, 7);
	ktap_assert(!preswap_get_lease(nlmsg_hdr(msg), &lease), "reads");
	ktap_assert(!why->threshold_pct && !why->shortage, "by hand");
	for (int attr = PRESWAP_A_LEASE_MEDIAN; attr <= PRESWAP_A_LEASE_SHORTAGE;
	     attr++)
		nla_put_u64(msg, attr, (1ULL << 40) + attr -
			    PRESWAP_A_LEASE_MEDIAN);
	for (int attr = PRESWAP_A_LEASE_CHANCE_PERMILLE;
	     attr <= PRESWAP_A_LEASE_BANNED; attr++)
		nla_put_u32(msg, attr, attr - PRESWAP_A_LEASE_MEDIAN);
	ktap_assert(!preswap_get_lease(nlmsg_hdr(msg), &lease), "reads");
	ktap_assert(why->median == 1ULL << 40 &&
		    why->spread == (1ULL << 40) + 1 &&
		    why->carried == (1ULL << 40) + 2 &&
		    why->base == (1ULL << 40) + 3 &&
		    why->room == (1ULL << 40) + 4 &&
		    why->shortage == (1ULL << 40) + 5, "amounts");
	ktap_assert(why->chance_permille == 6 && why->threshold_pct == 7 &&
		    why->give == 8 && why->barred == 9 && why->nested == 10 &&
		    why->at_floor == 11 && why->too_little == 12 &&
		    why->too_dear == 13 && why->banned == 14, "counts");
	nlmsg_free(msg);
}

static void put_app(struct nl_msg *msg, uint64_t id, int id_len)
{
	struct nlattr *app = nla_nest_start(msg, PRESWAP_A_USAGE_APP), *policy;
	int64_t trend = -250;

	nla_put(msg, PRESWAP_A_APP_ID, id_len, &id);
	nla_put_string(msg, PRESWAP_A_APP_PATH, "a.slice/b");
	nla_put_u64(msg, PRESWAP_A_APP_CPU_MILLI, 1234);
	nla_put(msg, PRESWAP_A_APP_TREND_CPU_MILLI, 8, &trend);
	nla_put_u64(msg, PRESWAP_A_APP_IO_BYTES, 5 << 20);
	nla_put(msg, PRESWAP_A_APP_TREND_IO_BYTES, 8, &trend);
	nla_put_u64(msg, PRESWAP_A_APP_NET_BYTES, 6 << 20);
	nla_put(msg, PRESWAP_A_APP_TREND_NET_BYTES, 8, &trend);
	nla_put_u32(msg, PRESWAP_A_APP_DOWNTIME_US, 20000);
	nla_put_u64(msg, 60, 5);	/* of a later kernel */
	policy = nla_nest_start(msg, PRESWAP_A_APP_POLICY);
	nla_put_u8(msg, PRESWAP_A_POLICY_PRIORITY, 8);
	nla_nest_end(msg, policy);
	nla_nest_end(msg, app);
}

static struct nl_msg *usage_msg(void)
{
	struct nl_msg *msg = new_msg(PRESWAP_CMD_USAGE_NTF, 8192);

	nla_put_u64(msg, PRESWAP_A_USAGE_TIME_NS, 99);
	nla_put_u32(msg, PRESWAP_A_USAGE_SEQ, 3);
	put_app(msg, 10, 8);
	put_app(msg, 11, 8);
	return msg;
}

static uint64_t usage_ids;

static void on_usage(void *data, uint32_t seq, uint64_t time_ns,
		     const struct preswap_app *app)
{
	bool *strict = data;

	usage_ids += app->id;
	if (!*strict)
		return;
	ktap_assert(seq == 3 && time_ns == 99, "%u %llu", seq,
		    (unsigned long long)time_ns);
	ktap_assert(!strcmp(app->path, "a.slice/b") &&
		    app->cpu_milli == 1234 && app->trend_cpu_milli == -250,
		    "%s", app->path);
	ktap_assert(app->io_bytes == 5 << 20 && app->trend_io_bytes == -250,
		    "%llu", (unsigned long long)app->io_bytes);
	ktap_assert(app->net_bytes == 6 << 20 &&
		    app->trend_net_bytes == -250 &&
		    app->downtime_us == 20000, "%llu, %u",
		    (unsigned long long)app->net_bytes, app->downtime_us);
	ktap_assert(app->has_policy && app->policy.priority == 8 &&
		    app->policy.app_id == app->id, "policy");
}

static void test_usage(void)
{
	struct nl_msg *msg = usage_msg();
	bool strict = true;
	int bad;

	usage_ids = 0;
	bad = preswap_get_usage(nlmsg_hdr(msg), on_usage, &strict);
	ktap_assert(!bad && usage_ids == 21, "%d %llu", bad,
		    (unsigned long long)usage_ids);
	put_app(msg, 12, 4);
	put_app(msg, 13, 8);
	usage_ids = 0;
	bad = preswap_get_usage(nlmsg_hdr(msg), on_usage, &strict);
	ktap_assert(bad == 1 && usage_ids == 34,
		    "one app is malformed, the others count: %d, %llu", bad,
		    (unsigned long long)usage_ids);
	nlmsg_free(msg);
}

static void test_malformed(void)
{
	struct nl_msg *msg = new_msg(PRESWAP_CMD_TASK_GET, 4096);
	struct preswap_task task;
	struct preswap_event event;

	ktap_assert(preswap_get_task(nlmsg_hdr(msg), &task) == -EBADMSG,
		    "a task without its pid");
	nla_put_u32(msg, PRESWAP_A_TASK_PID, 5);
	nla_put(msg, PRESWAP_A_TASK_COMM, 40,
		"a-name-that-is-longer-than-any-of-linux");
	ktap_assert(!preswap_get_task(nlmsg_hdr(msg), &task), "with it");
	ktap_assert(strlen(task.comm) == sizeof(task.comm) - 1, "cut: %s",
		    task.comm);
	nla_put(msg, PRESWAP_A_TASK_COMM, 4, "abcd");
	ktap_assert(preswap_get_task(nlmsg_hdr(msg), &task) == -EBADMSG,
		    "a string without an end");
	nlmsg_free(msg);
	msg = new_msg(PRESWAP_CMD_EVENT_NTF, 4096);
	nla_put_u32(msg, PRESWAP_A_EVENT_KIND, 1);
	ktap_assert(preswap_get_event(nlmsg_hdr(msg), &event) == -EBADMSG,
		    "u32 where u8 is");
	nlmsg_hdr(msg)->nlmsg_len = NLMSG_HDRLEN;
	ktap_assert(preswap_get_event(nlmsg_hdr(msg), &event) == -EBADMSG,
		    "no generic netlink header");
	nlmsg_free(msg);
}

/* Lossy, mutated input: read or refused, never past its end (ASan). */
static void test_mutated(void)
{
	struct nl_msg *msg = usage_msg();
	size_t len = nlmsg_hdr(msg)->nlmsg_len, cut, skip = GENL_HDRLEN;
	unsigned int seed = 7, whole = 0;
	bool strict = false;
	uint8_t *copy;

	skip += NLMSG_HDRLEN;
	for (int i = 0; i < 20000; i++) {
		cut = skip + rand_r(&seed) % (len - skip + 1);
		copy = malloc(cut);
		memcpy(copy, nlmsg_hdr(msg), cut);
		((struct nlmsghdr *)copy)->nlmsg_len = cut;
		for (int k = rand_r(&seed) % 4; k > 0 && cut > skip; k--)
			copy[skip + rand_r(&seed) % (cut - skip)] =
				rand_r(&seed);
		whole += !preswap_get_usage((void *)copy, on_usage, &strict);
		preswap_get_batch((void *)copy, on_forecast, &(struct seen){});
		free(copy);
	}
	nlmsg_free(msg);
	ktap_assert(whole > 100 && whole < 19900, "%u of 20000 whole", whole);
}

static struct nlmsghdr *ack(char *buffer, bool capped, uint16_t type)
{
	struct nlmsghdr *nlh = (void *)buffer;
	struct nlmsgerr *err = nlmsg_data(nlh);
	struct nlattr *attr;
	size_t head = type == NLMSG_DONE ? sizeof(int) : sizeof(*err);

	*nlh = (struct nlmsghdr){ .nlmsg_type = type,
				  .nlmsg_flags = NLM_F_ACK_TLVS };
	err->error = -EINVAL;
	if (type == NLMSG_ERROR) {
		err->msg.nlmsg_len = NLMSG_HDRLEN + 20;
		nlh->nlmsg_flags |= capped ? NLM_F_CAPPED : 0;
		head += capped ? 0 : 20;
	}
	attr = (void *)(buffer + NLMSG_HDRLEN + NLMSG_ALIGN(head));
	attr->nla_type = NLMSGERR_ATTR_MSG;
	attr->nla_len = NLA_HDRLEN + 5;
	strcpy((char *)attr + NLA_HDRLEN, "oops");
	nlh->nlmsg_len = NLMSG_HDRLEN + NLMSG_ALIGN(head) + NLA_HDRLEN + 5;
	return nlh;
}

static void test_extack(void)
{
	_Alignas(8) char buffer[256] = {};
	struct nlmsghdr *nlh;
	const char *text;

	text = preswap_get_extack(ack(buffer, true, NLMSG_ERROR));
	ktap_assert(text && !strcmp(text, "oops"), "capped");
	text = preswap_get_extack(ack(buffer, false, NLMSG_ERROR));
	ktap_assert(text && !strcmp(text, "oops"), "with the request");
	text = preswap_get_extack(ack(buffer, false, NLMSG_DONE));
	ktap_assert(text && !strcmp(text, "oops"), "end of a dump");
	nlh = ack(buffer, true, NLMSG_ERROR);
	nlh->nlmsg_len--;
	ktap_assert(!preswap_get_extack(nlh), "cut off");
	nlh = ack(buffer, false, NLMSG_ERROR);
	((struct nlmsgerr *)nlmsg_data(nlh))->msg.nlmsg_len = 1 << 30;
	ktap_assert(!preswap_get_extack(nlh), "a length that lies");
	nlh = ack(buffer, true, NLMSG_ERROR);
	nlh->nlmsg_flags &= ~NLM_F_ACK_TLVS;
	ktap_assert(!preswap_get_extack(nlh), "without attributes");
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-10 a batch of forecasts comes back", test_batch },
		{ "R-10 a message has the room it needs", test_room },
		{ "R-10 attributes are what the kernel checks",
		  test_attributes },
		{ "R-10 only what does not fit is split off", test_split },
		{ "R-10 a malformed forecast is named", test_bad_forecast },
		{ "R-8 a policy has only what was named", test_policy },
		{ "R-8 a policy for an older kernel", test_policy_older },
		{ "R-1 the node's state, of an older kernel, too", test_info },
		{ "R-32 a lease's request", test_lease },
		{ "R-27 a lease tells why it began", test_lease_why },
		{ "R-2 usage, with attributes of a later kernel", test_usage },
		{ "R-1 malformed answers are refused", test_malformed },
		{ "R-2 mutated usage does no harm", test_mutated },
		{ "R-53 the kernel's text is found", test_extack },
		{}
	});
}
