// SPDX-License-Identifier: GPL-2.0-only
/*
 * app - the table of apps, and what is known of each.
 *
 * Lookups run under RCU from the tracepoints. Apps appear when a task is seen
 * in a cgroup that no app covers, or when a policy names a cgroup; they go
 * when their cgroup does, or when they have neither policy nor tasks.
 */
#include <linux/hashtable.h>
#include <linux/memcontrol.h>
#include <linux/slab.h>

#include "app.h"
#include "compat/compat.h"

DEFINE_MUTEX(preswap_lock);
LIST_HEAD(preswap_apps);

static struct kmem_cache *preswap_app_cache;
static DEFINE_SPINLOCK(preswap_app_table_lock);
static DEFINE_HASHTABLE(preswap_app_table, 10);
/* Cgroups that are looked at for what is in files, of an app. */
#define PRESWAP_APP_FILES_MAX	4096

atomic64_t preswap_app_gen = ATOMIC64_INIT(1);
atomic_t preswap_app_number = ATOMIC_INIT(0);

/* Look an app up by cgroup id. Caller holds RCU or preswap_lock. */
struct preswap_app *preswap_app_find(u64 id)
{
	struct preswap_app *app;

	hash_for_each_possible_rcu(preswap_app_table, app, hash, id,
				   lockdep_is_held(&preswap_lock))
		if (app->id == id)
			return app;
	return NULL;
}

/* The same with a reference, or NULL. */
struct preswap_app *preswap_app_get(u64 id)
{
	struct preswap_app *app;

	rcu_read_lock();
	app = preswap_app_find(id);
	if (app && !refcount_inc_not_zero(&app->ref))
		app = NULL;
	rcu_read_unlock();
	return app;
}

/* Under RCU. The root's counter holds nothing of its own tasks: NULL. */
static struct mem_cgroup *preswap_app_memcg(const struct preswap_app *app)
{
	if (app->id == 1)
		return NULL;
	return mem_cgroup_from_css(rcu_dereference(
			app->cgroup->subsys[memory_cgrp_id]));
}

static void preswap_app_free(struct rcu_head *rcu)
{
	struct preswap_app *app = container_of(rcu, struct preswap_app, rcu);
	u32 r;

	for (r = 0; r < DECIDE_RESOURCES; r++)
		kfree(app->forecast[r]);
	cgroup_put(app->cgroup);
	kmem_cache_free(preswap_app_cache, app);
}

void preswap_app_put(struct preswap_app *app)
{
	if (refcount_dec_and_test(&app->ref))
		call_rcu(&app->rcu, preswap_app_free);
}

/**
 * preswap_app_create() - the app of exactly this cgroup, made if need be
 * @cgroup: any cgroup; the app takes its own reference
 *
 * Safe in any context that may take a BH spinlock.
 *
 * Return: the app with a reference for the caller, or NULL without memory or
 * when the cgroup has been removed.
 */
struct preswap_app *preswap_app_create(struct cgroup *cgroup)
{
	struct preswap_app *app, *other;
	u64 id = cgroup_id(cgroup);

	/* a task on its way out may still be in it; no app comes back for that */
	if (!preswap_cgroup_is_online(cgroup))
		return NULL;
	app = kmem_cache_zalloc(preswap_app_cache, GFP_ATOMIC | __GFP_NOWARN);
	if (!app)
		return NULL;
	if (!cgroup_tryget(cgroup)) {
		kmem_cache_free(preswap_app_cache, app);
		return NULL;
	}
	app->id = id;
	app->cgroup = cgroup;
	app->home_cpu = -1;
	rcu_read_lock();
	app->has_memcg = preswap_app_memcg(app);
	rcu_read_unlock();
	spin_lock_init(&app->lock);
	refcount_set(&app->ref, 2);	/* the table's and the caller's */

	spin_lock_bh(&preswap_app_table_lock);
	rcu_read_lock();
	other = preswap_app_find(id);
	if (other && !refcount_inc_not_zero(&other->ref))
		other = NULL;
	rcu_read_unlock();
	if (!other) {
		/* who finds it as a parent finds it in the list, too */
		list_add_tail_rcu(&app->list, &preswap_apps);
		hash_add_rcu(preswap_app_table, &app->hash, id);
		atomic_inc(&preswap_app_number);
	}
	spin_unlock_bh(&preswap_app_table_lock);
	if (other) {
		cgroup_put(cgroup);
		kmem_cache_free(preswap_app_cache, app);
		return other;
	}
	return app;
}

/**
 * preswap_app_nearest() - the app that a cgroup's tasks belong to, if it is there
 * @cgroup: under RCU
 *
 * Safe in any context. Return: the app, valid under RCU, or NULL.
 */
struct preswap_app *preswap_app_nearest(struct cgroup *cgroup)
{
	struct preswap_app *app, *own = NULL;
	struct cgroup *at;

	for (at = cgroup; at; at = cgroup_parent(at)) {
		app = preswap_app_find(cgroup_id(at));
		if (app && READ_ONCE(app->policy.priority))
			return app;
		if (at == cgroup)
			own = app;
	}
	return own;
}

/**
 * preswap_app_of_cgroup() - the same, made if need be
 * @cgroup: under RCU
 *
 * Return: the app with a reference, or NULL without memory, or with too many of them.
 */
struct preswap_app *preswap_app_of_cgroup(struct cgroup *cgroup)
{
	struct preswap_app *app = preswap_app_nearest(cgroup);

	/* one that is being removed: the new generation has it found anew */
	if (app && refcount_inc_not_zero(&app->ref))
		return app;
	/* who may make cgroups could have a tick look at any number of apps */
	if (preswap_app_count() >= PRESWAP_APPS_MAX)
		return NULL;
	return preswap_app_create(cgroup);
}

/* Take an app out of the table. Its leases have ended. */
void preswap_app_remove(struct preswap_app *app)
{
	lockdep_assert_held(&preswap_lock);
	if (app->gone)
		return;
	app->gone = true;
	spin_lock_bh(&preswap_app_table_lock);
	hash_del_rcu(&app->hash);
	list_del_rcu(&app->list);
	spin_unlock_bh(&preswap_app_table_lock);
	atomic_dec(&preswap_app_number);
	preswap_app_regroup();
	preswap_app_put(app);
}

/* Who wants one of the sums reads it without the lock. */
static void preswap_app_add(u64 *sum, u64 delta)
{
	WRITE_ONCE(*sum, *sum + delta);
}

void preswap_app_account(struct preswap_app *app,
			 const struct preswap_usage *delta)
{
	spin_lock_bh(&app->lock);
	preswap_app_add(&app->total.cpu_ns, delta->cpu_ns);
	preswap_app_add(&app->total.run_delay_ns, delta->run_delay_ns);
	preswap_app_add(&app->total.major_faults, delta->major_faults);
	preswap_app_add(&app->total.read_bytes, delta->read_bytes);
	preswap_app_add(&app->total.write_bytes, delta->write_bytes);
	preswap_app_add(&app->total.switches, delta->switches);
	spin_unlock_bh(&app->lock);
}

/* Path from the cgroup root. Return: its length, or -errno. */
int preswap_app_path(const struct preswap_app *app, char *buf, size_t len)
{
	return cgroup_path(app->cgroup, buf, len);
}

/* memory.current at this moment; without the controller, the last RSS. */
u64 preswap_app_memory_now(const struct preswap_app *app)
{
	struct mem_cgroup *memcg;
	/* the reclaim worker asks without the lock, too */
	u64 bytes = READ_ONCE(app->rss_bytes);

	rcu_read_lock();
	memcg = preswap_app_memcg(app);
	if (memcg)
		bytes = (u64)page_counter_read(&memcg->memory) << PAGE_SHIFT;
	rcu_read_unlock();
	return bytes;
}

static u64 preswap_pages(unsigned long pages)
{
	/* "max" is PAGE_COUNTER_MAX; its bytes would overflow nothing */
	return (u64)pages << PAGE_SHIFT;
}

static void preswap_app_sample_memory(struct preswap_app *app)
{
	struct mem_cgroup *memcg;

	rcu_read_lock();
	memcg = preswap_app_memcg(app);
	/* io keeps the counter of a cgroup whose memory files are gone */
	app->has_memcg = memcg && memcg->css.flags & CSS_VISIBLE;
	app->mem_protected = 0;
	if (memcg) {
		app->swap_bytes = preswap_pages(page_counter_read(&memcg->swap));
		app->mem_protected =
			preswap_pages(max(READ_ONCE(memcg->memory.min),
					  READ_ONCE(memcg->memory.low)));
	}
	rcu_read_unlock();
	app->mem_bytes = preswap_app_memory_now(app);
}

/* Pages of the cgroup's own that reclaim may take, in files or not. */
static u64 preswap_app_lru(const struct mem_cgroup *memcg, bool files)
{
	enum lru_list lru = files ? LRU_INACTIVE_FILE : LRU_INACTIVE_ANON;
	const struct mem_cgroup_per_node *at;
	int node, zone, i;
	s64 pages = 0;

	for_each_online_node(node) {
		at = memcg->nodeinfo[node];
		for (zone = 0; zone < MAX_NR_ZONES; zone++) {
			for (i = 0; i <= LRU_ACTIVE; i++)
				pages += READ_ONCE(at->lru_zone_size[zone]
								    [lru + i]);
#ifdef CONFIG_LRU_GEN
			/* where generations are in use these are the pages */
			for (i = 0; i < MAX_NR_GENS; i++)
				pages += READ_ONCE(at->lruvec.lrugen.nr_pages
						   [i][files][zone]);
#endif
		}
	}
	return max(pages, 0LL);
}

/*
 * How much of what may be taken is in files, with all cgroups inside, of which the kernel
 * keeps many that have been removed: some thousands say what the others are like.
 */
static u32 preswap_app_files_pct(const struct preswap_app *app)
{
	struct cgroup_subsys_state *css;
	u64 files = 0, anon = 0;
	struct mem_cgroup *memcg;
	u32 n = 0;

	rcu_read_lock();
	memcg = preswap_app_memcg(app);
	if (memcg) {
		css_for_each_descendant_pre(css, &memcg->css) {
			memcg = mem_cgroup_from_css(css);
			files += preswap_app_lru(memcg, true);
			anon += preswap_app_lru(memcg, false);
			if (++n == PRESWAP_APP_FILES_MAX)
				break;
		}
	}
	rcu_read_unlock();
	return div64_u64(files * 100, max(files + anon, 1ULL));
}

void preswap_app_sample_files(void)
{
	struct preswap_app *app;

	lockdep_assert_held(&preswap_lock);
	preswap_for_each_app(app) {
		if (!app->policy.eligible || !app->mem_bytes)
			continue;
		app->files_pct = preswap_app_files_pct(app);
		/* data change: in four minutes all is three quarters; half stays */
		if (!app->reclaim.held &&
		    app->reclaim.zram_part > PRESWAP_ZRAM_ALL / 2)
			WRITE_ONCE(app->reclaim.zram_part,
				   app->reclaim.zram_part -
				   (app->reclaim.zram_part >> 9));
	}
}

/* The time that its cgroup has spent so, in all. */
u64 preswap_app_psi_us(const struct preswap_app *app, enum psi_states state)
{
	const struct psi_group *psi = preswap_cgroup_psi(app->cgroup);

	/* the kernel adds to it at any time */
	return psi ? div_u64(READ_ONCE(psi->total[PSI_AVGS][state]),
			     NSEC_PER_USEC) : 0;
}

/* Leave a donor alone for so long, or up to a second more, or as long as it is already. */
void preswap_app_pause(struct preswap_app *app, enum decide_resource r,
		       u64 now_ns, u32 seconds)
{
	u32 *until_s = &app->effect.pain[r].alone_until_s;

	lockdep_assert_held(&preswap_lock);
	*until_s = max(*until_s, preswap_seconds(now_ns) + seconds);
}

bool preswap_app_is_paused(const struct preswap_app *app,
			   enum decide_resource r, u64 now_ns)
{
	return preswap_seconds(now_ns) <= app->effect.pain[r].alone_until_s;
}

#define PRESWAP_APP_CPU_MS	500
/* Run delay is kept in 1024 ns: what is added between ticks is less than 32 bits. */
#define PRESWAP_APP_DELAY_SHIFT	10
/* I/O comes in lumps, of a few MiB at a time; what is sent, in bursts. */
#define PRESWAP_APP_IO_MS	1500

/*
 * Exponential mean, with a time constant of @mean_ms, of what was @added since the
 * last tick, in a time of @unit_ns.
 */
static u64 preswap_app_rate(u64 rate, u64 added, u64 unit_ns, u32 mean_ms,
			    u64 elapsed_ns)
{
	u64 tick_ms = max_t(u64, div_u64(elapsed_ns, NSEC_PER_MSEC), 1), now;

	if (!added && !rate)
		return 0;
	now = mul_u64_u64_div_u64(added, unit_ns, elapsed_ns);
	return div64_u64(rate * mean_ms + now * tick_ms, tick_ms + mean_ms);
}

/* The sum counts from nothing: the first lump of a new app is its own. */
static u64 preswap_app_added(u64 sum, u64 *last)
{
	u64 added = sum - *last;

	*last = sum;
	return added;
}

static void preswap_app_sample_rates(struct preswap_app *app, u64 elapsed_ns)
{
	struct preswap_app_io *io = &app->io;
	struct preswap_app_net *net = &app->net;
	u64 cpu_ns, added, read, written, sent;
	u32 run_delay;

	spin_lock_bh(&app->lock);
	cpu_ns = app->total.cpu_ns;
	run_delay = app->total.run_delay_ns >> PRESWAP_APP_DELAY_SHIFT;
	read = app->total.read_bytes;
	written = app->total.write_bytes;
	spin_unlock_bh(&app->lock);
	added = preswap_app_added(cpu_ns, &app->cpu_ns_tick);
	/*
	 * More than there is: a task was found late, and this is what it used before. Twice,
	 * as running tasks are brought up to date some ms sooner or later.
	 */
	if (added > 2 * elapsed_ns * num_online_cpus()) {
		app->cpu_ns_period += added;
		added = 0;
	}
	/* milli-CPU are us per ms */
	app->cpu_tick_milli = preswap_app_rate(app->cpu_tick_milli, added, 1000,
					       PRESWAP_APP_CPU_MS, elapsed_ns);
	app->wait_tick_milli = preswap_app_rate(app->wait_tick_milli,
			run_delay - app->run_delay_tick,
			1000 << PRESWAP_APP_DELAY_SHIFT, PRESWAP_APP_CPU_MS,
			elapsed_ns);
	app->run_delay_tick = run_delay;
	io->reads = preswap_app_rate(io->reads,
			preswap_app_added(read, &io->read_tick), NSEC_PER_SEC,
			PRESWAP_APP_IO_MS, elapsed_ns);
	io->writes = preswap_app_rate(io->writes,
			preswap_app_added(written, &io->written_tick),
			NSEC_PER_SEC, PRESWAP_APP_IO_MS, elapsed_ns);
	sent = atomic64_read(&net->sent) ? atomic64_xchg(&net->sent, 0) : 0;
	net->period += sent;
	net->rate = preswap_app_rate(net->rate, sent, NSEC_PER_SEC,
				     PRESWAP_APP_IO_MS, elapsed_ns);
}

/* Does an app above have a policy? Then new tasks in here belong to that. */
bool preswap_app_is_covered(const struct preswap_app *app)
{
	struct cgroup *at = app->cgroup;
	struct preswap_app *above;

	lockdep_assert_held(&preswap_lock);
	while ((at = cgroup_parent(at))) {
		above = preswap_app_find(cgroup_id(at));
		if (above && above->policy.priority)
			return true;
	}
	return false;
}

static void preswap_app_find_parent(struct preswap_app *app)
{
	struct cgroup *at = app->cgroup;
	struct preswap_app *above;

	app->parent = NULL;
	while ((at = cgroup_parent(at))) {
		above = preswap_app_find(cgroup_id(at));
		if (above && cgroup_id(at) != 1) {
			app->parent = above;
			return;
		}
	}
}

/* Bring every app up to date. @elapsed_ns: since the last time. */
void preswap_app_sample(u64 now_ns, u64 elapsed_ns)
{
	struct preswap_app *app;
	u32 r;

	lockdep_assert_held(&preswap_lock);
	preswap_for_each_app(app) {
		for (r = 0; r < DECIDE_RESOURCES; r++)
			preswap_forecast_expire(&app->forecast[r], now_ns);
		preswap_app_sample_memory(app);
		preswap_app_sample_rates(app, elapsed_ns);
		preswap_app_find_parent(app);
		app->has_nested = false;
		app->mem_own = app->mem_bytes;
		app->swap_own = app->swap_bytes;
		if (app->tasks)
			app->idle_since_s = 0;
		else if (!app->idle_since_s)
			app->idle_since_s = preswap_seconds(now_ns);
	}
	preswap_for_each_app(app) {
		if (!app->parent)
			continue;
		app->parent->has_nested = true;
		app->parent->mem_own -= min(app->parent->mem_own,
					    app->mem_bytes);
		app->parent->swap_own -= min(app->parent->swap_own,
					     app->swap_bytes);
	}
	preswap_for_each_app(app) {
		preswap_trend_update(&app->trend[DECIDE_CPU],
				     app->cpu_tick_milli);
		preswap_trend_update(&app->trend[DECIDE_MEMORY], app->mem_own);
		preswap_trend_update(&app->trend[DECIDE_IO],
				     preswap_app_io(app));
		preswap_trend_update(&app->trend[DECIDE_NET], app->net.rate);
	}
}

static void preswap_app_period_io(struct preswap_app_io *io, u64 elapsed_ns)
{
	u64 sum = io->read_tick + io->written_tick;

	io->mean = io->period ?
		mul_u64_u64_div_u64(sum - io->period, NSEC_PER_SEC,
				    elapsed_ns) : io->reads + io->writes;
	io->period = sum;
}

/* End of a usage period: the mean use of CPU, I/O and network over exactly that time. */
void preswap_app_period(u64 elapsed_ns)
{
	struct preswap_app *app;

	lockdep_assert_held(&preswap_lock);
	preswap_for_each_app(app) {
		app->cpu_milli = app->cpu_ns_period ?
			div64_u64((app->cpu_ns_tick - app->cpu_ns_period) *
				  1000, elapsed_ns) : app->cpu_tick_milli;
		app->cpu_ns_period = app->cpu_ns_tick;
		preswap_app_period_io(&app->io, elapsed_ns);
		app->net.mean = mul_u64_u64_div_u64(app->net.period,
						    NSEC_PER_SEC, elapsed_ns);
		app->net.period = 0;
	}
}

int preswap_app_init(void)
{
	preswap_app_cache = KMEM_CACHE(preswap_app, 0);
	return preswap_app_cache ? 0 : -ENOMEM;
}

void preswap_app_exit(void)
{
	struct preswap_app *app;

	mutex_lock(&preswap_lock);
	while ((app = list_first_entry_or_null(&preswap_apps,
					       struct preswap_app, list)))
		preswap_app_remove(app);
	mutex_unlock(&preswap_lock);
	rcu_barrier();
	kmem_cache_destroy(preswap_app_cache);
}
