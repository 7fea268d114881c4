// SPDX-License-Identifier: GPL-2.0-only
/* netlink_put - what the module tells, attribute by attribute. */
#include <linux/math64.h>
#include <linux/ktime.h>
#include <net/netlink.h>

#include "affinity.h"
#include "app.h"
#include "decide/fields.h"
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

static void put_u64(struct preswap_put *p, int attr, u64 value)
{
	if (!p->err)
		p->err = nla_put_u64_64bit(p->skb, attr, value, p->pad);
}

static void put_s64(struct preswap_put *p, int attr, s64 value)
{
	if (!p->err)
		p->err = nla_put_s64(p->skb, attr, value, p->pad);
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

int preswap_put_info(struct sk_buff *skb)
{
	struct preswap_put p = { skb, PRESWAP_A_INFO_PAD };
	const struct preswap_node *node = &preswap_node;
	char device[IFNAMSIZ];

	lockdep_assert_held(&preswap_lock);
	put_string(&p, PRESWAP_A_INFO_VERSION, PRESWAP_VERSION);
	put_u8(&p, PRESWAP_A_INFO_ENABLED, preswap_knob(enabled));
	put_u8(&p, PRESWAP_A_INFO_DRY_RUN, preswap_knob(dry_run));
	put_u32(&p, PRESWAP_A_INFO_TICK_MS, preswap_knob(tick_ms));
	put_u32(&p, PRESWAP_A_INFO_LEAD_MS, preswap_knob(lead_ms));
	put_u32(&p, PRESWAP_A_INFO_USAGE_MS, preswap_knob(usage_ms));
	put_u8(&p, PRESWAP_A_INFO_MIN_PRIORITY, preswap_knob(min_priority));
	put_u32(&p, PRESWAP_A_INFO_THRESHOLD_CPU_PCT,
		preswap_knob(threshold_pct[DECIDE_CPU]));
	put_u32(&p, PRESWAP_A_INFO_THRESHOLD_MEMORY_PCT,
		preswap_knob(threshold_pct[DECIDE_MEMORY]));
	put_u64(&p, PRESWAP_A_INFO_CPU_CAPACITY_MILLI,
		node->capacity[DECIDE_CPU]);
	put_u64(&p, PRESWAP_A_INFO_CPU_USED_MILLI, node->used[DECIDE_CPU]);
	put_u64(&p, PRESWAP_A_INFO_MEM_CAPACITY_BYTES,
		node->capacity[DECIDE_MEMORY]);
	put_u64(&p, PRESWAP_A_INFO_MEM_USED_BYTES, node->used[DECIDE_MEMORY]);
	put_u64(&p, PRESWAP_A_INFO_SWAP_FREE_BYTES, node->swap_free);
	put_u32(&p, PRESWAP_A_INFO_APPS, preswap_app_count());
	put_u32(&p, PRESWAP_A_INFO_TASKS, preswap_task_count());
	put_u32(&p, PRESWAP_A_INFO_LEASES, preswap_lease_count());
	put_u64(&p, PRESWAP_A_INFO_TICKS, node->ticks);
	put_u64(&p, PRESWAP_A_INFO_TICK_LAST_NS, node->tick_last_ns);
	put_u64(&p, PRESWAP_A_INFO_TICK_MAX_NS, node->tick_max_ns);
	put_u64(&p, PRESWAP_A_INFO_LEASES_BEGUN, preswap_lease_begun());
	put_u64(&p, PRESWAP_A_INFO_RECLAIMED_BYTES, preswap_reclaim_total());
	put_u64(&p, PRESWAP_A_INFO_TASKS_MOVED, preswap_affinity_moved());
	put_u64(&p, PRESWAP_A_INFO_TASKS_LOST, preswap_task_lost());
	put_u8(&p, PRESWAP_A_INFO_AB_UNIT, preswap_knob(ab_unit));
	put_u32(&p, PRESWAP_A_INFO_AB_CONTROL_PCT,
		preswap_knob(ab_control_pct));
	put_u32(&p, PRESWAP_A_INFO_AB_SLICE_MS, preswap_knob(ab_slice_ms));
	put_u32(&p, PRESWAP_A_INFO_AB_SEED, preswap_knob(ab_seed));
	put_u64(&p, PRESWAP_A_INFO_INPUT_PRESSES, preswap_activity.presses);
	put_u64(&p, PRESWAP_A_INFO_INPUT_MOVES, preswap_activity.moves);
	put_u64(&p, PRESWAP_A_INFO_INPUT_IDLE_MS,
		div_u64(ktime_get_boottime_ns() - preswap_activity.active_ns,
			NSEC_PER_MSEC));
	put_u32(&p, PRESWAP_A_INFO_THRESHOLD_IO_PCT,
		preswap_knob(threshold_pct[DECIDE_IO]));
	put_u64(&p, PRESWAP_A_INFO_IO_CAPACITY_BYTES,
		node->capacity[DECIDE_IO]);
	put_u64(&p, PRESWAP_A_INFO_IO_USED_BYTES, node->used[DECIDE_IO]);
	put_u32(&p, PRESWAP_A_INFO_IO_DEVICE, preswap_knob(io_device));
	put_u32(&p, PRESWAP_A_INFO_THRESHOLD_NET_PCT,
		preswap_knob(threshold_pct[DECIDE_NET]));
	put_u64(&p, PRESWAP_A_INFO_NET_CAPACITY_BYTES,
		node->capacity[DECIDE_NET]);
	put_u64(&p, PRESWAP_A_INFO_NET_USED_BYTES, node->used[DECIDE_NET]);
	preswap_net_device(device);
	if (*device)
		put_string(&p, PRESWAP_A_INFO_NET_DEVICE, device);
	return p.err;
}

static void put_usage(struct preswap_put *p, const struct preswap_app *app)
{
	put_u64(p, PRESWAP_A_APP_CPU_NS,
		READ_ONCE(app->total.cpu_ns));
	put_u64(p, PRESWAP_A_APP_RUN_DELAY_NS,
		READ_ONCE(app->total.run_delay_ns));
	put_u64(p, PRESWAP_A_APP_MAJOR_FAULTS,
		READ_ONCE(app->total.major_faults));
	put_u64(p, PRESWAP_A_APP_READ_BYTES,
		READ_ONCE(app->total.read_bytes));
	put_u64(p, PRESWAP_A_APP_WRITE_BYTES,
		READ_ONCE(app->total.write_bytes));
	put_u64(p, PRESWAP_A_APP_SWITCHES,
		READ_ONCE(app->total.switches));
	put_u64(p, PRESWAP_A_APP_FORKS, atomic64_read(&app->forks));
	put_u64(p, PRESWAP_A_APP_EXECS, atomic64_read(&app->execs));
	put_u64(p, PRESWAP_A_APP_EXITS, atomic64_read(&app->exits));
}

static s64 per_second(s64 per_tick)
{
	return div_s64(per_tick * MSEC_PER_SEC, preswap_knob(tick_ms));
}

int preswap_put_app(struct sk_buff *skb, const struct preswap_app *app)
{
	struct preswap_put p = { skb, PRESWAP_A_APP_PAD };
	struct nlattr *policy;
	int len;

	lockdep_assert_held(&preswap_lock);
	len = preswap_app_path(app, preswap_put_path, sizeof(preswap_put_path));
	/* too long is an error or, on older kernels, the length */
	if (len < 0 || len >= (int)sizeof(preswap_put_path))
		preswap_put_path[0] = '\0';
	put_u64(&p, PRESWAP_A_APP_ID, app->id);
	put_string(&p, PRESWAP_A_APP_PATH, preswap_put_path);
	put_u64(&p, PRESWAP_A_APP_CPU_MILLI, app->cpu_milli);
	put_u64(&p, PRESWAP_A_APP_MEM_BYTES, app->mem_own);
	put_usage(&p, app);
	put_u64(&p, PRESWAP_A_APP_RSS_BYTES, app->rss_bytes);
	put_u64(&p, PRESWAP_A_APP_SWAP_BYTES, app->swap_own);
	put_u32(&p, PRESWAP_A_APP_TASKS, app->tasks);
	put_u64(&p, PRESWAP_A_APP_PSI_CPU_SOME_US,
		preswap_app_psi_us(app, PSI_CPU_SOME));
	put_u64(&p, PRESWAP_A_APP_PSI_MEM_SOME_US,
		preswap_app_psi_us(app, PSI_MEM_SOME));
	put_u64(&p, PRESWAP_A_APP_PSI_MEM_FULL_US,
		preswap_app_psi_us(app, PSI_MEM_FULL));
	put_s64(&p, PRESWAP_A_APP_TREND_CPU_MILLI,
		per_second(app->trend[DECIDE_CPU].slope));
	put_s64(&p, PRESWAP_A_APP_TREND_MEM_BYTES,
		per_second(app->trend[DECIDE_MEMORY].slope));
	put_u64(&p, PRESWAP_A_APP_IO_BYTES, app->io.mean);
	put_s64(&p, PRESWAP_A_APP_TREND_IO_BYTES,
		per_second(app->trend[DECIDE_IO].slope));
	put_u64(&p, PRESWAP_A_APP_NET_BYTES, app->net.mean);
	put_s64(&p, PRESWAP_A_APP_TREND_NET_BYTES,
		per_second(app->trend[DECIDE_NET].slope));
	put_u32(&p, PRESWAP_A_APP_DOWNTIME_US, app->effect.spent_us);
	if (p.err || !app->policy.priority)
		return p.err;
	policy = nla_nest_start(skb, PRESWAP_A_APP_POLICY);
	if (!policy || preswap_put_policy(skb, app))
		return -EMSGSIZE;
	nla_nest_end(skb, policy);
	return 0;
}

int preswap_put_task(struct sk_buff *skb, const struct preswap_task_view *task)
{
	struct preswap_put p = { skb, PRESWAP_A_TASK_PAD };

	put_u64(&p, PRESWAP_A_TASK_APP_ID, task->app_id);
	put_u32(&p, PRESWAP_A_TASK_PID, task->pid);
	put_u32(&p, PRESWAP_A_TASK_TGID, task->tgid);
	put_string(&p, PRESWAP_A_TASK_COMM, task->comm);
	put_u64(&p, PRESWAP_A_TASK_CPU_NS, task->usage.cpu_ns);
	put_u64(&p, PRESWAP_A_TASK_RUN_DELAY_NS, task->usage.run_delay_ns);
	put_u64(&p, PRESWAP_A_TASK_RSS_BYTES, task->rss_bytes);
	put_u64(&p, PRESWAP_A_TASK_SWAP_BYTES, task->swap_bytes);
	put_u64(&p, PRESWAP_A_TASK_MAJOR_FAULTS, task->usage.major_faults);
	put_u64(&p, PRESWAP_A_TASK_READ_BYTES, task->usage.read_bytes);
	put_u64(&p, PRESWAP_A_TASK_WRITE_BYTES, task->usage.write_bytes);
	put_u64(&p, PRESWAP_A_TASK_SWITCHES, task->usage.switches);
	put_u8(&p, PRESWAP_A_TASK_MOVED, task->moved);
	return p.err;
}

static u32 preswap_approved_ms(const struct preswap_app *app)
{
	u64 now_ns = ktime_get_boottime_ns();

	return app->approved_until_ns <= now_ns ? 0 :
	       div_u64(app->approved_until_ns - now_ns, NSEC_PER_MSEC);
}

int preswap_put_policy(struct sk_buff *skb, const struct preswap_app *app)
{
	struct preswap_put p = { skb, PRESWAP_A_POLICY_PAD };
	const struct preswap_policy *policy = &app->policy;

	put_u64(&p, PRESWAP_A_POLICY_APP_ID, app->id);
	put_u8(&p, PRESWAP_A_POLICY_PRIORITY, policy->priority);
	put_u8(&p, PRESWAP_A_POLICY_SENSITIVITY, policy->sensitivity);
	put_u8(&p, PRESWAP_A_POLICY_SWAP_ELIGIBLE, policy->eligible);
	put_u64(&p, PRESWAP_A_POLICY_FLOOR_CPU_MILLI,
		policy->floor[DECIDE_CPU]);
	put_u64(&p, PRESWAP_A_POLICY_FLOOR_MEM_BYTES,
		policy->floor[DECIDE_MEMORY]);
	put_u64(&p, PRESWAP_A_POLICY_FLOOR_IO_BYTES, policy->floor[DECIDE_IO]);
	put_u64(&p, PRESWAP_A_POLICY_FLOOR_NET_BYTES,
		policy->floor[DECIDE_NET]);
	put_u8(&p, PRESWAP_A_POLICY_GIVES, policy->gives);
	put_u8(&p, PRESWAP_A_POLICY_MAX_STALL_PCT, policy->max_stall_pct);
	if (policy->max_downtime_ms)
		put_u32(&p, PRESWAP_A_POLICY_MAX_DOWNTIME_MS,
			policy->max_downtime_ms);
	put_u8(&p, PRESWAP_A_POLICY_NEEDS_APPROVAL, policy->needs_approval);
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

#define WHY(member)	DECIDE_FIELD(decide_why, member)

/* By attribute, from PRESWAP_A_LEASE_MEDIAN on. */
static const struct decide_field preswap_put_why[] = {
	WHY(median)
	WHY(spread)
	WHY(carried)
	WHY(base)
	WHY(room)
	WHY(shortage)
	WHY(chance_permille)
	WHY(threshold_pct)
	WHY(donors[DECIDE_GIVES])
	WHY(donors[DECIDE_BARRED])
	WHY(donors[DECIDE_NESTED])
	WHY(donors[DECIDE_AT_FLOOR])
	WHY(donors[DECIDE_TOO_LITTLE])
	WHY(donors[DECIDE_TOO_DEAR])
	{}
};

static void put_why(struct preswap_put *p, const struct decide_why *why)
{
	const struct decide_field *field = preswap_put_why;
	int attr = PRESWAP_A_LEASE_MEDIAN;
	u64 value;

	for (; field->name; field++, attr++) {
		value = decide_field_get(field, why, 0);
		if (field->width == sizeof(value))
			put_u64(p, attr, value);
		else
			put_u32(p, attr, value);
	}
}

int preswap_put_lease(struct sk_buff *skb,
		      const struct preswap_lease_info *lease, u64 now_ns)
{
	struct preswap_put p = { skb, PRESWAP_A_LEASE_PAD };

	put_u32(&p, PRESWAP_A_LEASE_ID, lease->id);
	put_u8(&p, PRESWAP_A_LEASE_KIND, lease->kind);
	put_u64(&p, PRESWAP_A_LEASE_DONOR_ID, lease->donor_id);
	if (lease->receiver_id)
		put_u64(&p, PRESWAP_A_LEASE_RECEIVER_ID, lease->receiver_id);
	put_u64(&p, PRESWAP_A_LEASE_AMOUNT, lease->amount);
	put_u32(&p, PRESWAP_A_LEASE_LEFT_MS,
		lease->end_ns || now_ns >= lease->until_ns ? 0 :
		div_u64(lease->until_ns - now_ns, NSEC_PER_MSEC));
	put_u64(&p, PRESWAP_A_LEASE_BEGIN_NS, lease->begin_ns);
	if (lease->end_ns)
		put_u64(&p, PRESWAP_A_LEASE_END_NS, lease->end_ns);
	put_u64(&p, PRESWAP_A_LEASE_DONE, lease->done);
	if (lease->full_ns)
		put_u64(&p, PRESWAP_A_LEASE_FULL_NS, lease->full_ns);
	put_u32(&p, PRESWAP_A_LEASE_TASKS, lease->tasks);
	if (lease->device)
		put_u32(&p, PRESWAP_A_LEASE_DEVICE, lease->device);
	put_u8(&p, PRESWAP_A_LEASE_REASON, lease->reason);
	put_u64(&p, PRESWAP_A_LEASE_BENEFIT, lease->benefit);
	put_u64(&p, PRESWAP_A_LEASE_COST, lease->cost);
	put_u8(&p, PRESWAP_A_LEASE_ENDED, lease->ended);
	put_u8(&p, PRESWAP_A_LEASE_DRY_RUN, lease->dry_run);
	if (lease->why.threshold_pct)
		put_why(&p, &lease->why);
	return p.err;
}
