// SPDX-License-Identifier: GPL-2.0-only
/*
 * netlink_put - what the module tells, attribute by attribute; and a policy read back, by
 * the table that tells it.
 */
#include <linux/math64.h>
#include <linux/ktime.h>
#include <net/netlink.h>

#include "affinity.h"
#include "app.h"
#include "engine.h"
#include "input.h"
#include "knobs.h"
#include "lease.h"
#include "net.h"
#include "netlink_put.h"
#include "reclaim.h"
#include "task.h"
#include "version.h"

/*
 * A longer path is left out: an app that fits into no message would end every
 * dump, and whoever may make cgroups can make such a one.
 */
#define PRESWAP_PUT_PATH_MAX	2048

static char preswap_put_path[PRESWAP_PUT_PATH_MAX];	/* preswap_lock */

/* After the first failure the rest is skipped: one check at the end. */
struct preswap_put {
	struct sk_buff *skb;
	int pad;
	int err;
};

/* And a signed one, which looks the same there. */
static void put_u64(struct preswap_put *p, int attr, u64 value)
{
	if (!p->err)
		p->err = nla_put_u64_64bit(p->skb, attr, value, p->pad);
}

static void put_u32(struct preswap_put *p, int attr, u32 value)
{
	if (!p->err)
		p->err = nla_put_u32(p->skb, attr, value);
}

static void put_u8(struct preswap_put *p, int attr, u8 value)
{
	if (!p->err)
		p->err = nla_put_u8(p->skb, attr, value);
}

static void put_string(struct preswap_put *p, int attr, const char *value)
{
	if (!p->err)
		p->err = nla_put_string(p->skb, attr, value);
}

/*
 * A member of a structure that is told as it is: a table of them takes a third of the
 * text that calls would.
 */
struct preswap_put_member {
	u8 attr;
	u8 as;		/* bytes of the attribute's number */
	u8 width;	/* bytes of the member */
	u16 offset;
};

#define PUT_MEMBER(attr_, as_, type, member)				\
	{ PRESWAP_A_ ## attr_, sizeof(as_), sizeof(((type *)0)->member), \
	  offsetof(type, member) }

static void put_members(struct preswap_put *p,
			const struct preswap_put_member *member,
			const void *from)
{
	const void *at;
	u64 value;

	for (; member->attr; member++) {
		at = from + member->offset;
		if (member->width == sizeof(u64))
			value = READ_ONCE(*(const u64 *)at);
		else if (member->width == sizeof(u32))
			value = READ_ONCE(*(const u32 *)at);
		else
			value = READ_ONCE(*(const u8 *)at);
		if (member->as == sizeof(u64))
			put_u64(p, member->attr, value);
		else if (member->as == sizeof(u32))
			put_u32(p, member->attr, value);
		else
			put_u8(p, member->attr, value);
	}
}

#define KNOB(attr, as, member)						\
	PUT_MEMBER(INFO_ ## attr, as, struct preswap_knobs, member)
#define NODE(attr, as, member)						\
	PUT_MEMBER(INFO_ ## attr, as, struct preswap_node, member)

static const struct preswap_put_member preswap_put_knobs[] = {
	KNOB(ENABLED, u8, enabled),
	KNOB(DRY_RUN, u8, dry_run),
	KNOB(TICK_MS, u32, tick_ms),
	KNOB(LEAD_MS, u32, lead_ms),
	KNOB(USAGE_MS, u32, usage_ms),
	KNOB(MIN_PRIORITY, u8, min_priority),
	KNOB(THRESHOLD_CPU_PCT, u32, threshold_pct[DECIDE_CPU]),
	KNOB(THRESHOLD_MEMORY_PCT, u32, threshold_pct[DECIDE_MEMORY]),
	KNOB(THRESHOLD_IO_PCT, u32, threshold_pct[DECIDE_IO]),
	KNOB(THRESHOLD_NET_PCT, u32, threshold_pct[DECIDE_NET]),
	KNOB(AB_UNIT, u8, ab_unit),
	KNOB(AB_CONTROL_PCT, u32, ab_control_pct),
	KNOB(AB_SLICE_MS, u32, ab_slice_ms),
	KNOB(AB_SEED, u32, ab_seed),
	KNOB(IO_DEVICE, u32, io_device),
	{}
};

static const struct preswap_put_member preswap_put_node[] = {
	NODE(CPU_CAPACITY_MILLI, u64, capacity[DECIDE_CPU]),
	NODE(CPU_USED_MILLI, u64, used[DECIDE_CPU]),
	NODE(MEM_CAPACITY_BYTES, u64, capacity[DECIDE_MEMORY]),
	NODE(MEM_USED_BYTES, u64, used[DECIDE_MEMORY]),
	NODE(SWAP_FREE_BYTES, u64, swap_free),
	NODE(TICKS, u64, ticks),
	NODE(TICK_LAST_NS, u64, tick_last_ns),
	NODE(TICK_MAX_NS, u64, tick_max_ns),
	NODE(IO_CAPACITY_BYTES, u64, capacity[DECIDE_IO]),
	NODE(IO_USED_BYTES, u64, used[DECIDE_IO]),
	NODE(NET_CAPACITY_BYTES, u64, capacity[DECIDE_NET]),
	NODE(NET_USED_BYTES, u64, used[DECIDE_NET]),
	{}
};

int preswap_put_info(struct sk_buff *skb)
{
	struct preswap_put p = { skb, PRESWAP_A_INFO_PAD };
	char device[IFNAMSIZ];

	lockdep_assert_held(&preswap_lock);
	put_string(&p, PRESWAP_A_INFO_VERSION, PRESWAP_VERSION);
	put_members(&p, preswap_put_knobs, &preswap_knobs);
	put_members(&p, preswap_put_node, &preswap_node);
	put_u32(&p, PRESWAP_A_INFO_APPS, preswap_app_count());
	put_u32(&p, PRESWAP_A_INFO_TASKS, atomic_read(&preswap_task_number));
	put_u32(&p, PRESWAP_A_INFO_LEASES, preswap_lease_number);
	put_u64(&p, PRESWAP_A_INFO_LEASES_BEGUN, preswap_lease_total);
	put_u64(&p, PRESWAP_A_INFO_RECLAIMED_BYTES, atomic64_read(&preswap_reclaim_bytes));
	put_u64(&p, PRESWAP_A_INFO_TASKS_MOVED, preswap_affinity_moved());
	put_u64(&p, PRESWAP_A_INFO_TASKS_LOST,
		atomic64_read(&preswap_task_missed));
	put_u64(&p, PRESWAP_A_INFO_INPUT_PRESSES, preswap_activity.presses);
	put_u64(&p, PRESWAP_A_INFO_INPUT_MOVES, preswap_activity.moves);
	put_u64(&p, PRESWAP_A_INFO_INPUT_IDLE_MS,
		div_u64(ktime_get_boottime_ns() - preswap_activity.active_ns,
			NSEC_PER_MSEC));
	preswap_net_device(device);
	if (*device)
		put_string(&p, PRESWAP_A_INFO_NET_DEVICE, device);
	return p.err;
}

#define APP(attr, as, member)						\
	PUT_MEMBER(APP_ ## attr, as, struct preswap_app, member)

static const struct preswap_put_member preswap_put_app_members[] = {
	APP(ID, u64, id),
	APP(CPU_MILLI, u64, cpu_milli),
	APP(MEM_BYTES, u64, mem_own),
	APP(CPU_NS, u64, total.cpu_ns),
	APP(RUN_DELAY_NS, u64, total.run_delay_ns),
	APP(MAJOR_FAULTS, u64, total.major_faults),
	APP(READ_BYTES, u64, total.read_bytes),
	APP(WRITE_BYTES, u64, total.write_bytes),
	APP(SWITCHES, u64, total.switches),
	APP(RSS_BYTES, u64, rss_bytes),
	APP(SWAP_BYTES, u64, swap_own),
	APP(TASKS, u32, tasks),
	APP(IO_BYTES, u64, io.mean),
	APP(NET_BYTES, u64, net.mean),
	APP(DOWNTIME_US, u32, effect.spent_us),
	{}
};

static s64 per_second(s64 per_tick)
{
	return div_s64(per_tick * MSEC_PER_SEC, preswap_knob(tick_ms));
}

int preswap_put_app(struct sk_buff *skb, const struct preswap_app *app)
{
	static const struct { u8 attr, state; } psi[] = {
		{ PRESWAP_A_APP_PSI_CPU_SOME_US, PSI_CPU_SOME },
		{ PRESWAP_A_APP_PSI_MEM_SOME_US, PSI_MEM_SOME },
		{ PRESWAP_A_APP_PSI_MEM_FULL_US, PSI_MEM_FULL },
	};
	static const u8 trend[DECIDE_RESOURCES] = {
		[DECIDE_CPU] = PRESWAP_A_APP_TREND_CPU_MILLI,
		[DECIDE_MEMORY] = PRESWAP_A_APP_TREND_MEM_BYTES,
		[DECIDE_IO] = PRESWAP_A_APP_TREND_IO_BYTES,
		[DECIDE_NET] = PRESWAP_A_APP_TREND_NET_BYTES,
	};
	struct preswap_put p = { skb, PRESWAP_A_APP_PAD };
	struct nlattr *policy;
	unsigned int i;
	int len;

	lockdep_assert_held(&preswap_lock);
	len = preswap_app_path(app, preswap_put_path, sizeof(preswap_put_path));
	/* too long is an error or, on older kernels, the length */
	if (len < 0 || len >= (int)sizeof(preswap_put_path))
		preswap_put_path[0] = '\0';
	put_string(&p, PRESWAP_A_APP_PATH, preswap_put_path);
	put_members(&p, preswap_put_app_members, app);
	put_u64(&p, PRESWAP_A_APP_FORKS, atomic64_read(&app->forks));
	put_u64(&p, PRESWAP_A_APP_EXECS, atomic64_read(&app->execs));
	put_u64(&p, PRESWAP_A_APP_EXITS, atomic64_read(&app->exits));
	for (i = 0; i < ARRAY_SIZE(psi); i++)
		put_u64(&p, psi[i].attr, preswap_app_psi_us(app, psi[i].state));
	for (i = 0; i < DECIDE_RESOURCES; i++)
		put_u64(&p, trend[i], per_second(app->trend[i].slope));
	if (p.err || !app->policy.priority)
		return p.err;
	policy = nla_nest_start(skb, PRESWAP_A_APP_POLICY);
	if (!policy || preswap_put_policy(skb, app))
		return -EMSGSIZE;
	nla_nest_end(skb, policy);
	return 0;
}

#define TASK(attr, as, member)						\
	PUT_MEMBER(TASK_ ## attr, as, struct preswap_task_view, member)

static const struct preswap_put_member preswap_put_task_members[] = {
	TASK(APP_ID, u64, app_id),
	TASK(PID, u32, pid),
	TASK(TGID, u32, tgid),
	TASK(CPU_NS, u64, usage.cpu_ns),
	TASK(RUN_DELAY_NS, u64, usage.run_delay_ns),
	TASK(RSS_BYTES, u64, rss_bytes),
	TASK(SWAP_BYTES, u64, swap_bytes),
	TASK(MAJOR_FAULTS, u64, usage.major_faults),
	TASK(READ_BYTES, u64, usage.read_bytes),
	TASK(WRITE_BYTES, u64, usage.write_bytes),
	TASK(SWITCHES, u64, usage.switches),
	TASK(MOVED, u8, moved),
	{}
};

int preswap_put_task(struct sk_buff *skb, const struct preswap_task_view *task)
{
	struct preswap_put p = { skb, PRESWAP_A_TASK_PAD };

	put_members(&p, preswap_put_task_members, task);
	put_string(&p, PRESWAP_A_TASK_COMM, task->comm);
	return p.err;
}

static u32 preswap_approved_ms(const struct preswap_app *app)
{
	u64 now_ns = ktime_get_boottime_ns();

	return app->approved_until_ns <= now_ns ? 0 :
	       div_u64(app->approved_until_ns - now_ns, NSEC_PER_MSEC);
}

/* Of the width of their attributes, as they are read by these, too. */
#define POLICY(attr, as, member)					\
	PUT_MEMBER(POLICY_ ## attr, as, struct preswap_policy, member)

static const struct preswap_put_member preswap_policy_members[] = {
	POLICY(PRIORITY, u8, priority),
	POLICY(SENSITIVITY, u8, sensitivity),
	POLICY(SWAP_ELIGIBLE, u8, eligible),
	POLICY(FLOOR_CPU_MILLI, u64, floor[DECIDE_CPU]),
	POLICY(FLOOR_MEM_BYTES, u64, floor[DECIDE_MEMORY]),
	POLICY(FLOOR_IO_BYTES, u64, floor[DECIDE_IO]),
	POLICY(FLOOR_NET_BYTES, u64, floor[DECIDE_NET]),
	POLICY(GIVES, u8, gives),
	POLICY(MAX_STALL_PCT, u8, max_stall_pct),
	POLICY(NEEDS_APPROVAL, u8, needs_approval),
	POLICY(RECEIVES, u8, receives),
	POLICY(GROUPS, u32, groups),
	POLICY(NEVER_TO, u32, never_to),
	POLICY(RESERVE_MEM_MIB, u32, reserve_mem_mib),
	{}
};

/* The other way round: what @attrs has of it, as it was checked, into @policy. */
void preswap_get_policy(struct nlattr **attrs, struct preswap_policy *policy)
{
	const struct preswap_put_member *member = preswap_policy_members;

	for (; member->attr; member++)
		if (attrs[member->attr])
			nla_memcpy((void *)policy + member->offset,
				   attrs[member->attr], member->width);
	if (attrs[PRESWAP_A_POLICY_MAX_DOWNTIME_MS])
		policy->max_downtime_ms =
			nla_get_u32(attrs[PRESWAP_A_POLICY_MAX_DOWNTIME_MS]);
}

int preswap_put_policy(struct sk_buff *skb, const struct preswap_app *app)
{
	struct preswap_put p = { skb, PRESWAP_A_POLICY_PAD };
	const struct preswap_policy *policy = &app->policy;

	put_u64(&p, PRESWAP_A_POLICY_APP_ID, app->id);
	put_members(&p, preswap_policy_members, policy);
	if (policy->max_downtime_ms)
		put_u32(&p, PRESWAP_A_POLICY_MAX_DOWNTIME_MS,
			policy->max_downtime_ms);
	if (policy->needs_approval)
		put_u32(&p, PRESWAP_A_POLICY_APPROVED_MS,
			preswap_approved_ms(app));
	return p.err;
}

static int put_point(struct sk_buff *skb, const struct preswap_point *point)
{
	struct preswap_put p = { skb, PRESWAP_A_POINT_PAD };
	struct nlattr *nest = nla_nest_start(skb, PRESWAP_A_FORECAST_POINT);

	if (!nest)
		return -EMSGSIZE;
	put_u32(&p, PRESWAP_A_POINT_HORIZON_MS, point->horizon_ms);
	put_u64(&p, PRESWAP_A_POINT_MEAN, point->mean);
	put_u64(&p, PRESWAP_A_POINT_Q05, point->q05);
	put_u64(&p, PRESWAP_A_POINT_Q50, point->q50);
	put_u64(&p, PRESWAP_A_POINT_Q95, point->q95);
	if (!p.err)
		nla_nest_end(skb, nest);
	return p.err;
}

int preswap_put_forecast(struct sk_buff *skb, const struct preswap_app *app,
			 u32 resource, u64 now_ns)
{
	const struct preswap_forecast *forecast = app->forecast[resource];
	struct preswap_put p = { skb, PRESWAP_A_FORECAST_PAD };
	u32 i;

	put_u64(&p, PRESWAP_A_FORECAST_APP_ID, app->id);
	put_u8(&p, PRESWAP_A_FORECAST_RESOURCE, resource);
	put_u32(&p, PRESWAP_A_FORECAST_VALID_MS, forecast->valid_ms);
	put_u32(&p, PRESWAP_A_FORECAST_AGE_MS,
		preswap_forecast_age_ms(forecast, now_ns));
	for (i = 0; !p.err && i < forecast->nr_points; i++)
		p.err = put_point(skb, &forecast->point[i]);
	return p.err;
}

#define WHY(attr, as, member)						\
	PUT_MEMBER(LEASE_ ## attr, as, struct decide_why, member)

static const struct preswap_put_member preswap_put_why[] = {
	WHY(MEDIAN, u64, median),
	WHY(SPREAD, u64, spread),
	WHY(CARRIED, u64, carried),
	WHY(BASE, u64, base),
	WHY(ROOM, u64, room),
	WHY(SHORTAGE, u64, shortage),
	WHY(CHANCE_PERMILLE, u32, chance_permille),
	WHY(THRESHOLD_PCT, u32, threshold_pct),
	WHY(GIVE, u32, donors[DECIDE_GIVES]),
	WHY(BARRED, u32, donors[DECIDE_BARRED]),
	WHY(NESTED, u32, donors[DECIDE_NESTED]),
	WHY(AT_FLOOR, u32, donors[DECIDE_AT_FLOOR]),
	WHY(TOO_LITTLE, u32, donors[DECIDE_TOO_LITTLE]),
	WHY(TOO_DEAR, u32, donors[DECIDE_TOO_DEAR]),
	WHY(BANNED, u32, donors[DECIDE_BANNED]),
	{}
};

#define LEASE(attr, as, member)						\
	PUT_MEMBER(LEASE_ ## attr, as, struct preswap_lease_info, member)

static const struct preswap_put_member preswap_put_lease_members[] = {
	LEASE(ID, u32, id),
	LEASE(KIND, u8, kind),
	LEASE(DONOR_ID, u64, donor_id),
	LEASE(AMOUNT, u64, amount),
	LEASE(BEGIN_NS, u64, begin_ns),
	LEASE(DONE, u64, done),
	LEASE(TASKS, u32, tasks),
	LEASE(REASON, u8, reason),
	LEASE(BENEFIT, u64, benefit),
	LEASE(COST, u64, cost),
	LEASE(ENDED, u8, ended),
	LEASE(DRY_RUN, u8, dry_run),
	{}
};

int preswap_put_lease(struct sk_buff *skb,
		      const struct preswap_lease_info *lease, u64 now_ns)
{
	struct preswap_put p = { skb, PRESWAP_A_LEASE_PAD };

	put_members(&p, preswap_put_lease_members, lease);
	if (lease->receiver_id)
		put_u64(&p, PRESWAP_A_LEASE_RECEIVER_ID, lease->receiver_id);
	put_u32(&p, PRESWAP_A_LEASE_LEFT_MS,
		lease->end_ns || now_ns >= lease->until_ns ? 0 :
		div_u64(lease->until_ns - now_ns, NSEC_PER_MSEC));
	if (lease->end_ns)
		put_u64(&p, PRESWAP_A_LEASE_END_NS, lease->end_ns);
	if (lease->full_ns)
		put_u64(&p, PRESWAP_A_LEASE_FULL_NS, lease->full_ns);
	if (lease->device)
		put_u32(&p, PRESWAP_A_LEASE_DEVICE, lease->device);
	if (lease->why.threshold_pct)
		put_members(&p, preswap_put_why, &lease->why);
	return p.err;
}
