// SPDX-License-Identifier: GPL-2.0-only
/*
 * engine - the tick: sense, decide, act.
 *
 * decide() proposes, the engine disposes: it alone begins, renews and ends
 * leases. A tick takes the use of all tasks, puts what is known of every app
 * into a snapshot, lets decide() say which leases should be in force, and
 * makes it so. Nothing here waits for reclaim or for migrations of tasks:
 * those have workers of their own.
 */
#include <linux/cpumask.h>
#include <linux/math64.h>
#include <linux/mm.h>
#include <linux/sched/clock.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>

#include "affinity.h"
#include "app.h"
#include "compat/compat.h"
#include "cores.h"
#include "decide/ab.h"
#include "engine.h"
#include "input.h"
#include "knobs.h"
#include "lease.h"
#include "net.h"
#include "netlink.h"
#include "noise.h"
#include "reclaim.h"
#include "regrow.h"
#include "share.h"
#include "task.h"
#include "throttle.h"
#include "trace.h"
#include "yield.h"

#define PRESWAP_ENGINE_PROPOSALS	256	/* in one tick, 64 of each resource */
#define PRESWAP_ENGINE_MEMORY_NS	NSEC_PER_SEC
#define PRESWAP_ENGINE_SCAN_NS		(5ULL * NSEC_PER_SEC)
/* An app without policy and without tasks is forgotten after this. */
#define PRESWAP_ENGINE_IDLE_S		60
/* The trend is not believed further than this. */
#define PRESWAP_ENGINE_TREND_MS		2000
/* After CPUs came or went, the kernel sets masks anew for about this long. */
#define PRESWAP_ENGINE_HOTPLUG_NS	NSEC_PER_SEC
/* A shortage is reported again only after this. */
#define PRESWAP_ENGINE_REPORT_S		10

struct preswap_node preswap_node;

struct preswap_knobs preswap_knobs = {
	.enabled = 1,
	.tick_ms = 100,
	.lead_ms = 10000,
	/*
	 * Tasks move within a tick, and a core that is freed earlier only
	 * costs the donor: enough for the forecast to be a second or two late.
	 * The same of I/O and network.
	 */
	.lead_resource_ms = { 3000, 10000, 3000, 3000 },
	.hold_ms = 3000,
	.review_ms = 300000,
	.usage_ms = 1000,
	.threshold_pct = { 80, 80, 80, 80 },
	.min_priority = 1,
	.reclaim_rate_mib = 256,
	.swap_reserve_mib = 64,
	.yield_wait_pct = 5,
	.yield_weight = 10,
	.correlation_pct = 50,
	.ab_control_pct = 50,
	.ab_slice_ms = 60000,
};

/* The snapshot and its scratch space: the tick's own, grown as needed. */
static struct {
	u32 size;	/* apps that fit */
	struct decide_app *apps;
	struct preswap_app **of;	/* the app at each index */
	struct decide_entry *entries;
	u64 *taken, *held;
	struct decide_lease leases[PRESWAP_LEASES_MAX];
	struct decide_proposal proposals[PRESWAP_ENGINE_PROPOSALS];
	struct decide_why whys[PRESWAP_ENGINE_PROPOSALS];
	struct decide_shortage shortages[PRESWAP_ENGINE_PROPOSALS];
	u32 lease_ids[PRESWAP_LEASES_MAX];
	struct preswap_noise noise[DECIDE_RESOURCES];
	struct preswap_decision last;	/* in these arrays; preswap_lock */
} preswap_engine;

/*
 * By swap_speed: not told, memory, flash, a disk that rotates. A page is read back from
 * its file in order, but from swap one by one.
 */
static const u16 preswap_engine_slow[] = { 0, 0, 500, 4000 };

static struct workqueue_struct *preswap_engine_wq;
static struct delayed_work preswap_engine_work;

/* What there is of each app. */
#define PRESWAP_ENGINE_ARRAY(name, times)				\
	{ (void **)&preswap_engine.name, (times) * sizeof(*preswap_engine.name) }
static const struct {
	void **at;
	size_t size;
} preswap_engine_arrays[] = {
	PRESWAP_ENGINE_ARRAY(apps, 1),
	PRESWAP_ENGINE_ARRAY(of, 1),
	PRESWAP_ENGINE_ARRAY(entries, 2),
	PRESWAP_ENGINE_ARRAY(taken, 1),
	PRESWAP_ENGINE_ARRAY(held, 1),
};

static void preswap_engine_free(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(preswap_engine_arrays); i++) {
		kvfree(*preswap_engine_arrays[i].at);
		*preswap_engine_arrays[i].at = NULL;
	}
	preswap_engine.size = 0;
}

/* Before the lock is taken: allocation may wait. */
static bool preswap_engine_reserve(u32 apps)
{
	u32 size = roundup_pow_of_two(max_t(u32, apps + apps / 8, 64)), i;
	void *array;

	if (apps <= preswap_engine.size)
		return true;
	/* the last decision, which somebody may be reading, lies there */
	mutex_lock(&preswap_lock);
	preswap_engine.last.saw.apps = NULL;
	preswap_engine_free();
	mutex_unlock(&preswap_lock);
	for (i = 0; i < ARRAY_SIZE(preswap_engine_arrays); i++) {
		array = kvcalloc(size, preswap_engine_arrays[i].size,
				 GFP_KERNEL | __GFP_NOWARN);
		if (!array) {
			preswap_engine_free();
			return false;
		}
		*preswap_engine_arrays[i].at = array;
	}
	preswap_engine.size = size;
	return true;
}

static void preswap_engine_sense_node(void)
{
	struct preswap_node *node = &preswap_node;
	struct sysinfo info;
	struct preswap_app *app;
	u64 available;

	si_meminfo(&info);
	available = (u64)max(si_mem_available(), 0L) << PAGE_SHIFT;
	node->capacity[DECIDE_MEMORY] = (u64)info.totalram << PAGE_SHIFT;
	node->used[DECIDE_MEMORY] = node->capacity[DECIDE_MEMORY] -
		min(node->capacity[DECIDE_MEMORY], available);
	node->capacity[DECIDE_CPU] = num_online_cpus() * DECIDE_MILLI_PER_CPU;
	node->capacity[DECIDE_IO] = preswap_knob(io_device) ?
		(u64)preswap_knob(io_capacity_mib) << 20 : 0;
	node->capacity[DECIDE_NET] = preswap_net_capacity();
	node->used[DECIDE_CPU] = 0;
	node->used[DECIDE_IO] = 0;
	node->used[DECIDE_NET] = 0;
	preswap_for_each_app(app) {
		node->used[DECIDE_CPU] += app->cpu_tick_milli;
		node->used[DECIDE_IO] += preswap_app_io(app);
		node->used[DECIDE_NET] += app->net.rate;
	}
	/* less than none while one is switched off */
	node->swap_free = (u64)max(get_nr_swap_pages(), 0L) << PAGE_SHIFT;
}

static bool preswap_engine_keeps(const struct preswap_app *app, u64 now_ns)
{
	if (preswap_app_is_dead(app))
		return false;
	if (app->policy.priority || app->tasks)
		return true;
	/* the app that covers it has its tasks, and shall have its memory */
	if (preswap_app_is_covered(app))
		return false;
	return !app->idle_since_s ||
	       preswap_seconds(now_ns) - app->idle_since_s <
	       PRESWAP_ENGINE_IDLE_S;
}

/* Apps whose cgroup is gone, or that nothing keeps in the table. */
static void preswap_engine_reap(u64 now_ns)
{
	struct preswap_app *app, *next;

	list_for_each_entry_safe(app, next, &preswap_apps, list) {
		if (preswap_engine_keeps(app, now_ns))
			continue;
		preswap_lease_end_app(app, PRESWAP_LEASE_END_DONOR_GONE,
				      PRESWAP_LEASE_END_RECEIVER_GONE);
		preswap_netlink_app_gone(app->id);
		preswap_app_remove(app);
	}
}

static void preswap_engine_demand(const struct preswap_app *app, u64 now_ns,
				  enum decide_resource r,
				  struct decide_use *use)
{
	u32 lead_ms = min(preswap_knob(lead_ms),
			  preswap_knob(lead_resource_ms[r]));
	u32 ticks = min_t(u32, lead_ms, PRESWAP_ENGINE_TREND_MS) /
		    preswap_knob(tick_ms);
	struct preswap_demand demand;
	u64 rise;

	if (preswap_forecast_demand(app->forecast[r], now_ns, lead_ms,
				    use->used, &demand)) {
		use->source = DECIDE_FROM_FORECAST;
		use->q50 = demand.q50;
		use->q95 = demand.q95;
		use->in_ms = demand.in_ms;
	}
	if (r == DECIDE_MEMORY)
		decide_reserve(use, (u64)app->policy.reserve_mem_mib << 20);
	rise = preswap_trend_unforeseen(&app->trend[r], ticks, use->used,
					use->q95);
	if (rise) {
		use->source = DECIDE_FROM_TREND;
		use->q50 = use->used + rise;
		use->q95 = use->used + rise;
		use->in_ms = 0;
	}
}

/*
 * What a receiver has grown by keeps its leases in force, as the burst that
 * they are for may go on. But memory that has not grown for a lead time was no
 * burst, or one that left it behind: the receiver has it now, and what it uses
 * is its new base. Else a cache that was filled once would keep its donors small
 * for ever. CPU is taken anew every moment: its base stays.
 */
static void preswap_engine_rebase(struct preswap_app *app, u64 now_ns)
{
	u64 *base = &app->base[DECIDE_MEMORY];
	u32 lead_ms = min(preswap_knob(lead_ms),
			  preswap_knob(lead_resource_ms[DECIDE_MEMORY]));
	u32 now = now_ns >> 20;

	if (app->mem_own > app->mem_peak + (app->mem_peak >> 6)) {
		app->mem_peak = app->mem_own;
		app->mem_grown = now;
	}
	/* that 2^20 ns are more than a ms makes a lead time of 5 % more */
	if (app->mem_own < *base || now - app->mem_grown >= lead_ms) {
		*base = app->mem_own;
		app->mem_peak = app->mem_own;
		app->mem_grown = now;
	}
}

static enum decide_bar preswap_engine_bar(const struct preswap_app *app,
					  enum decide_resource r, u64 now_ns)
{
	if (!(app->policy.gives & (1U << r)))
		return DECIDE_FORBIDDEN;
	if (preswap_policy_unapproved(app, now_ns))
		return DECIDE_UNAPPROVED;
	switch (r) {
	case DECIDE_MEMORY:
		if (!app->has_memcg)
			return DECIDE_NO_MEANS;
		/* it reaches into nested apps: they give, not what is around */
		if (app->mem_own != app->mem_bytes)
			return DECIDE_HOLDS_NESTED;
		break;
	case DECIDE_IO:
		/* as io.max does */
		if (app->has_nested)
			return DECIDE_HOLDS_NESTED;
		if (!preswap_throttle_possible(app))
			return DECIDE_BACKS_OFF;
		break;
	case DECIDE_NET:
		return DECIDE_NO_MEANS;
	default:
		break;
	}
	return preswap_app_is_paused(app, r, now_ns) ? DECIDE_BACKS_OFF :
						       DECIDE_NOT_BARRED;
}

/* Leases hold back so much @of what it had; see preswap_effect_hold(). */
static void preswap_engine_feel_one(struct preswap_app *app,
				    enum decide_resource r, u64 now_ns,
				    u64 held, u64 of)
{
	if (held)
		preswap_effect_hold(&app->effect, r, held, of);
	/* it is gone, by its own refusal maybe: not the next one yet */
	else
		preswap_policy_back_off(app, r, now_ns);
}

/* What leases did to it as a donor. */
static void preswap_engine_feel(struct preswap_app *app, u64 now_ns)
{
	const struct psi_group *psi = preswap_cgroup_psi(app->cgroup);
	u64 until_ns = preswap_effect_due(&app->effect,
			psi ? READ_ONCE(psi->avg_last_update) : 0,
			sched_clock());

	if (until_ns) {
		const struct preswap_stalls stalls = {
			.us = {
				preswap_app_psi_us(app, PSI_CPU_FULL),
				preswap_app_psi_us(app, PSI_MEM_SOME),
				preswap_app_psi_us(app, PSI_IO_FULL),
			},
			.full_us = preswap_app_psi_us(app, PSI_MEM_FULL),
			.faults = READ_ONCE(app->total.major_faults),
			.ran_us = div_u64(app->cpu_ns_tick, NSEC_PER_USEC),
		};

		preswap_effect_update(&app->effect, &stalls, until_ns,
				      app->policy.max_downtime_ms);
	}
	preswap_engine_feel_one(app, DECIDE_CPU, now_ns, app->affinity.cores,
				num_online_cpus());
	preswap_engine_feel_one(app, DECIDE_MEMORY, now_ns, app->reclaim.held,
				0);
	preswap_engine_feel_one(app, DECIDE_IO, now_ns, app->throttle.held,
				app->throttle.base);
}

static void preswap_engine_fill_app(struct preswap_app *app, u64 now_ns,
				    struct decide_app *to,
				    struct preswap_regrow *regrow)
{
	u32 r;

	if (app->receives[DECIDE_MEMORY])
		preswap_engine_rebase(app, now_ns);
	*to = (struct decide_app){
		.id = app->id,
		.priority = app->policy.priority,
		.sensitivity = app->policy.sensitivity,
		.eligible = app->policy.eligible,
		.parent = app->parent ? app->parent->index : DECIDE_NONE,
		.never_gets = ~app->policy.receives & PRESWAP_GIVES_ALL,
		.groups = app->policy.groups,
		.never_to = app->policy.never_to,
	};
	to->use[DECIDE_CPU].used = app->cpu_tick_milli;
	to->use[DECIDE_CPU].moves = app->affinity.cores ? 0 : app->tasks;
	to->use[DECIDE_IO].used = preswap_app_io(app);
	to->use[DECIDE_IO].given = preswap_throttle_done(app);
	to->use[DECIDE_IO].had = app->throttle.held ? app->throttle.base : 0;
	to->use[DECIDE_NET].used = app->net.rate;
	to->use[DECIDE_MEMORY].used = app->mem_own;
	to->use[DECIDE_MEMORY].anon = preswap_reclaim_anon(app);
	preswap_reclaim_regrow(app, app->mem_own -
				    to->use[DECIDE_MEMORY].anon, regrow);
	to->use[DECIDE_MEMORY].given = preswap_reclaim_done(app);
	to->use[DECIDE_MEMORY].had = app->reclaim.held ?
				     preswap_reclaim_base(app) : 0;
	to->use[DECIDE_MEMORY].zram_permille =
		READ_ONCE(app->reclaim.zram_part) / (PRESWAP_ZRAM_ALL / 1000);
	for (r = 0; r < DECIDE_RESOURCES; r++) {
		struct decide_use *use = &to->use[r];

		use->floor = app->policy.floor[r];
		use->bar = preswap_engine_bar(app, r, now_ns);
		use->base = app->receives[r] ? app->base[r] : use->used;
		use->unused_permille = app->payoff[r].lost_permille;
		if (r < PRESWAP_EFFECT_GIVEN)
			use->regret_permille =
				app->effect.pain[r].regret_permille;
		preswap_engine_demand(app, now_ns, r, use);
	}
	to->use[DECIDE_MEMORY].floor = preswap_reclaim_floor(app);
	regrow->have += app->mem_own - to->use[DECIDE_MEMORY].base;
}

/* A donor that has left cores would use them again. */
static void preswap_engine_fill_moved(struct decide_use *use, u64 gain)
{
	use->given += gain;
	use->had = use->used + use->given;
}

static void preswap_engine_fill_leases(struct decide_snapshot *snapshot)
{
	struct preswap_lease *lease;
	u32 n = 0;

	list_for_each_entry(lease, &preswap_leases, list) {
		struct decide_lease *to = &preswap_engine.leases[n];
		u32 donor = lease->donor->index;
		struct decide_use *use;

		if (preswap_is_share(lease->info.kind))
			continue;
		preswap_engine.lease_ids[n++] = lease->info.id;
		to->donor = donor;
		to->resource = preswap_lease_resource(&lease->info);
		to->amount = lease->info.amount;
		to->gain = lease->info.gain;
		use = &preswap_engine.apps[donor].use[to->resource];
		/* the engine's all have a receiver */
		if (lease->info.reason != PRESWAP_REASON_MANUAL) {
			to->receiver = lease->receiver->index;
		} else {
			to->receiver = DECIDE_NONE;
			decide_by_hand(use, to->amount);
		}
		if (to->resource == DECIDE_CPU && lease->info.full_ns)
			preswap_engine_fill_moved(use, to->gain);
	}
	snapshot->leases = preswap_engine.leases;
	snapshot->nr_leases = n;
}

/* Return: false if there is no room: apps came since it was reserved. */
static bool preswap_engine_snapshot(struct decide_snapshot *snapshot,
				    u64 now_ns)
{
	/* programs and libraries that run count as available, and are not */
	unsigned long mapped = global_node_page_state(NR_FILE_MAPPED);
	unsigned long shmem = global_node_page_state(NR_SHMEM);
	struct preswap_regrow regrow = {
		.have = preswap_node.capacity[DECIDE_MEMORY] -
			preswap_node.used[DECIDE_MEMORY] -
			((u64)(mapped - min(mapped, shmem)) << PAGE_SHIFT),
	};
	struct preswap_app *app;
	u32 n = 0, r;

	preswap_for_each_app(app) {
		if (n == preswap_engine.size)
			return false;
		app->index = n;
		preswap_engine.of[n++] = app;
	}
	snapshot->nr_apps = n;
	for (n = 0; n < snapshot->nr_apps; n++) {
		preswap_engine_feel(preswap_engine.of[n], now_ns);
		preswap_engine_fill_app(preswap_engine.of[n], now_ns,
					&preswap_engine.apps[n], &regrow);
	}
	preswap_reclaim_there = preswap_regrow_there(&regrow);
	snapshot->apps = preswap_engine.apps;
	for (r = 0; r < DECIDE_RESOURCES; r++) {
		snapshot->capacity[r] = preswap_node.capacity[r];
		snapshot->used[r] = preswap_node.used[r];
		snapshot->noise[r] =
			preswap_noise_most(&preswap_engine.noise[r]);
		snapshot->threshold_pct[r] = preswap_knob(threshold_pct[r]);
	}
	preswap_cores_describe(snapshot);
	snapshot->rate[DECIDE_MEMORY] = preswap_reclaim_rate();
	snapshot->correlation_pct = preswap_knob(correlation_pct);
	snapshot->min_priority = preswap_knob(min_priority);
	snapshot->swap_free = preswap_reclaim_swap_free();
	snapshot->swap_slow_permille =
		preswap_engine_slow[preswap_knob(swap_speed)];
	preswap_engine_fill_leases(snapshot);
	return true;
}

/* Is what is decided for the receiver not to be carried out? */
bool preswap_engine_dry(const struct preswap_app *receiver, u64 now_ns)
{
	u64 which = receiver->id;

	if (preswap_knob(dry_run))
		return true;
	switch (preswap_knob(ab_unit)) {
	case DECIDE_AB_TIME:
		which = div64_u64(now_ns, preswap_knob(ab_slice_ms) *
				  (u64)NSEC_PER_MSEC);
		fallthrough;
	case DECIDE_AB_APP:
		return decide_ab_control(preswap_knob(ab_seed), which,
					 preswap_knob(ab_control_pct));
	}
	return false;
}

/* A/B: what was begun under the other assignment ends now. */
static void preswap_engine_reassign(u64 now_ns)
{
	struct preswap_lease *lease, *next;

	list_for_each_entry_safe(lease, next, &preswap_leases, list)
		if (lease->receiver &&
		    lease->info.reason != PRESWAP_REASON_MANUAL &&
		    lease->info.dry_run !=
		    preswap_engine_dry(lease->receiver, now_ns))
			preswap_lease_end(lease, PRESWAP_LEASE_END_AB);
}

/*
 * When a CPU comes or goes the kernel gives tasks in cpusets other masks than those
 * that leases set. Leases of cores end, and begin anew with the CPUs there are.
 */
static bool preswap_engine_hotplug(u64 now_ns)
{
	static u64 last_ns;

	if (preswap_cores_changed()) {
		preswap_lease_end_kind(PRESWAP_LEASE_KIND_AFFINITY, NULL,
				       PRESWAP_LEASE_END_CHANGED);
		last_ns = now_ns;
	}
	return last_ns && now_ns - last_ns < PRESWAP_ENGINE_HOTPLUG_NS;
}

static void preswap_engine_dispose(const struct decide_proposal *p,
				   const struct decide_why *why, u64 now_ns)
{
	static const u8 reason[] = {
		[DECIDE_FROM_FORECAST] = PRESWAP_REASON_FORECAST,
		[DECIDE_FROM_TREND] = PRESWAP_REASON_TREND,
		[DECIDE_FROM_RESERVE] = PRESWAP_REASON_RESERVE,
	};
	/* of the network nobody gives */
	static const u8 kind[DECIDE_RESOURCES] = {
		[DECIDE_CPU] = PRESWAP_LEASE_KIND_AFFINITY,
		[DECIDE_MEMORY] = PRESWAP_LEASE_KIND_RECLAIM,
		[DECIDE_IO] = PRESWAP_LEASE_KIND_THROTTLE,
	};
	struct preswap_app *donor = preswap_engine.of[p->donor];
	struct preswap_app *receiver = preswap_engine.of[p->receiver];
	const struct preswap_lease_request request = {
		.donor = donor,
		.receiver = receiver,
		.kind = kind[p->resource],
		.reason = reason[p->source],
		.amount = p->amount,
		.gain = p->gain,
		.benefit = p->benefit,
		.cost = p->cost,
		.why = why,
		.duration_ms = preswap_knob(hold_ms),
		.dry_run = preswap_engine_dry(receiver, now_ns),
	};
	struct preswap_lease *lease = preswap_lease_find(&request);

	if (lease)
		preswap_lease_renew(lease, p->amount, p->gain, now_ns);
	else
		/* no memory or too many: the next tick proposes it again */
		preswap_lease_begin(&request, now_ns, NULL);
}

static void preswap_engine_report(const struct decide_shortage *shortage,
				  u64 now_ns)
{
	struct preswap_app *app = preswap_engine.of[shortage->receiver];
	u32 *last = &app->shortage_s[shortage->resource];
	u32 now_s = preswap_seconds(now_ns);

	if (*last && now_s - *last < PRESWAP_ENGINE_REPORT_S)
		return;
	*last = now_s;
	preswap_netlink_shortage(app->id, shortage->resource,
				 shortage->missing);
}

/* NULL: there is none yet. */
const struct preswap_decision *preswap_engine_last(void)
{
	lockdep_assert_held(&preswap_lock);
	return preswap_engine.last.saw.apps ? &preswap_engine.last : NULL;
}

/* What it sees and answers is kept for who wants to know how it came about. */
static void preswap_engine_decide(u64 now_ns)
{
	struct preswap_decision *last = &preswap_engine.last;
	struct decide_snapshot *snapshot = &last->saw;
	struct decide_result *result = &last->answered;
	const struct decide_why *why = NULL;
	bool hotplug;
	u32 i;

	hotplug = preswap_engine_hotplug(now_ns);
	if (!preswap_knob(enabled))
		return;
	preswap_engine_reassign(now_ns);
	*snapshot = (struct decide_snapshot){};
	if (!preswap_engine_snapshot(snapshot, now_ns))
		return;
	*result = (struct decide_result){
		.proposals = preswap_engine.proposals,
		.whys = preswap_engine.whys,
		.proposals_max = PRESWAP_ENGINE_PROPOSALS,
		.shortages = preswap_engine.shortages,
		.shortages_max = PRESWAP_ENGINE_PROPOSALS,
		.entries = preswap_engine.entries,
		.taken = preswap_engine.taken,
		.held = preswap_engine.held,
	};
	decide(snapshot, result);
	last->seq++;
	last->time_ns = now_ns;
	last->lease_ids = preswap_engine.lease_ids;
	for (i = 0; i < DECIDE_RESOURCES; i++)
		preswap_noise_update(&preswap_engine.noise[i],
				     &result->outlook[i], now_ns);
	if (result->nr_receivers)
		trace_preswap_decide(snapshot, result, preswap_knob(dry_run));
	for (i = 0; i < result->nr_proposals; i++) {
		if (decide_new_why(result->proposals, i))
			why = &result->whys[i];
		if (!hotplug || result->proposals[i].resource != DECIDE_CPU)
			preswap_engine_dispose(&result->proposals[i],
					       why, now_ns);
	}
	for (i = 0; i < result->nr_shortages; i++)
		preswap_engine_report(&result->shortages[i], now_ns);
	preswap_yield_tick(snapshot, preswap_engine.of, now_ns);
}

/*
 * A tick comes some microseconds sooner or later. When a period was a full second or
 * more, most lasted a tick longer, and what recurs came at another phase each
 * time.
 */
static void preswap_engine_usage(u64 now_ns)
{
	struct preswap_node *node = &preswap_node;
	u64 elapsed = now_ns - node->usage_time_ns;
	u64 slack = (u64)preswap_knob(tick_ms) * (NSEC_PER_MSEC / 4);

	if (elapsed + slack < (u64)preswap_knob(usage_ms) * NSEC_PER_MSEC)
		return;
	preswap_app_period(elapsed);
	node->usage_time_ns = now_ns;
	node->usage_seq++;
	preswap_netlink_usage(now_ns);
}

/* Ticks keep their pace: a timer comes a jiffy late, and work takes its time. */
static void preswap_engine_next_tick(void)
{
	static unsigned long due;
	unsigned long period = msecs_to_jiffies(preswap_knob(tick_ms));

	due += period;
	if (time_before_eq(due, jiffies) ||
	    time_after(due, jiffies + period))
		due = jiffies + period;
	queue_delayed_work(preswap_engine_wq, &preswap_engine_work,
			   due - jiffies);
}

static void preswap_engine_tick(struct work_struct *work)
{
	static u64 last_ns, memory_ns, scan_ns;
	struct preswap_node *node = &preswap_node;
	u64 now_ns = ktime_get_boottime_ns(), cost_ns;
	bool with_memory = now_ns - memory_ns >= PRESWAP_ENGINE_MEMORY_NS;
	bool room, stray, leases;

	if (now_ns - scan_ns >= PRESWAP_ENGINE_SCAN_NS) {
		preswap_task_scan();
		scan_ns = now_ns;
	}
	if (with_memory)
		memory_ns = now_ns;
	preswap_net_tick();
	stray = preswap_task_tick(with_memory);
	room = preswap_engine_reserve(preswap_app_count() + 8);

	mutex_lock(&preswap_lock);
	preswap_engine_sense_node();
	/* before the sample, which leaves pointers from app to app */
	preswap_engine_reap(now_ns);
	if (last_ns)
		preswap_app_sample(now_ns, max(now_ns - last_ns, 1ULL));
	last_ns = now_ns;
	if (with_memory)
		preswap_app_sample_files();
	preswap_lease_tick(now_ns, stray);
	preswap_share_tick(now_ns);
	if (room)
		preswap_engine_decide(now_ns);
	preswap_engine_usage(now_ns);
	preswap_input_tick(now_ns);
	leases = preswap_lease_number;
	node->ticks++;
	cost_ns = ktime_get_boottime_ns() - now_ns;
	node->tick_last_ns = cost_ns;
	node->tick_max_ns = max(node->tick_max_ns, cost_ns);
	mutex_unlock(&preswap_lock);

	if (stray)
		preswap_affinity_kick();
	if (leases)
		preswap_reclaim_kick();
	preswap_engine_next_tick();
}

/* enabled or dry_run was written: leases of the other mode end now. */
void preswap_engine_mode_changed(void)
{
	mutex_lock(&preswap_lock);
	preswap_lease_end_all(PRESWAP_LEASE_END_DISABLED);
	mutex_unlock(&preswap_lock);
}

int preswap_engine_init(void)
{
	preswap_node.usage_time_ns = ktime_get_boottime_ns();
	INIT_DELAYED_WORK(&preswap_engine_work, preswap_engine_tick);
	preswap_engine_wq = alloc_workqueue("preswap_engine",
			WQ_UNBOUND | WQ_HIGHPRI | WQ_MEM_RECLAIM, 1);
	if (!preswap_engine_wq)
		return -ENOMEM;
	/* what fails after this comes to preswap_engine_exit() */
	preswap_lease_open();
	queue_delayed_work(preswap_engine_wq, &preswap_engine_work, 0);
	return 0;
}

/* Stop ticking, give everything back. */
void preswap_engine_exit(void)
{
	cancel_delayed_work_sync(&preswap_engine_work);
	destroy_workqueue(preswap_engine_wq);
	mutex_lock(&preswap_lock);
	preswap_lease_close();
	mutex_unlock(&preswap_lock);
	/* forks that there was no memory for have masks to give back too */
	preswap_task_scan();
	preswap_affinity_settle();
	preswap_engine_free();
}
