/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The app table: one entry for each cgroup v2 that has a policy or tasks.
 *
 * A task belongs to the nearest cgroup above it (its own included) that has a
 * policy; without one, to its own cgroup. So each task counts once, and a
 * policy on a service covers the cgroups inside it.
 *
 * Locks, outermost first:
 *
 *	preswap_lock		mutex; policies, forecasts, leases, removal of
 *				apps, everything in struct preswap_app not
 *				named below
 *	preswap_app_table_lock	BH spinlock; insertion into the table, also
 *				from the tracepoint of a dying task
 *	preswap_app.lock	BH spinlock; the counters that dying tasks add to
 *
 * An app may be looked up under RCU; whoever keeps the pointer takes a
 * reference. The table holds one until preswap_app_remove().
 */
#ifndef PRESWAP_APP_H
#define PRESWAP_APP_H

#include <linux/cgroup.h>
#include <linux/list.h>
#include <linux/math64.h>
#include <linux/mutex.h>
#include <linux/psi_types.h>
#include <linux/refcount.h>
#include <linux/rcupdate.h>
#include <linux/spinlock.h>
#include <linux/time64.h>

#include "decide/decide.h"
#include "effect.h"
#include "forecast.h"
#include "policy.h"
#include "trend.h"

struct preswap_share;

/* What a task or an app has used since it was first seen. */
struct preswap_usage {
	u64 cpu_ns;
	u64 run_delay_ns;
	u64 major_faults;
	u64 read_bytes;
	u64 write_bytes;
	u64 switches;
};

/* The affinity of an app's tasks; see affinity.c. */
struct preswap_app_affinity {
	unsigned int cores;	/* cores its tasks stay off; app->lock */
	unsigned int keeps;	/* cores that are left to each of its tasks; likewise */
	u64 seq;		/* new with each @cores; app->lock */
	unsigned int moved;	/* tasks kept off them, at the last tick */
	unsigned int moved_counting;
};

#define PRESWAP_ZRAM_ALL	64000	/* 1000 would lose small batches to rounding */

/* The memory that leases hold back from an app; see reclaim.c. */
struct preswap_app_reclaim {
	u64 base;		/* what it used when the first lease began */
	u64 held;		/* sum of the leases' amounts, 0: none */
	u16 regrow_s;		/* until this second it may grow back, or while something
				 * is held: that is not seen yet; see regrow.h */
	u8 failures:7;		/* attempts in a row that freed nothing */
	u8 renewed:1;		/* a lease of it, by the last decision */
	u8 pool;		/* where compressed pages count; the worker's */
	u16 zram_part;		/* of what is taken, what zram keeps in memory, of
				 * PRESWAP_ZRAM_ALL */
	u16 gone_mib;		/* of @base, what it could not have any more */
};

/* What leases hold back of an app's I/O; see throttle.c. */
struct preswap_app_throttle {
	struct preswap_share *share;	/* or NULL */
	u64 base;		/* what it did when the first lease began */
	u64 held;		/* sum of the leases' amounts, 0: none */
	u32 device;		/* of the share: major << 20 | minor */
	u16 reads_permille;	/* of @base */
	bool in_force;		/* the file says it */
};

/* Others yield to it, as it waits for CPUs; see yield.c. */
struct preswap_app_yield {
	u32 until;		/* in units of 2^30 ns; 0: never yet */
	u32 hold;		/* for how long at least, the last time */
};

/* An app's I/O, in bytes per second. */
struct preswap_app_io {
	u64 reads, writes;	/* about the last one and a half seconds */
	u64 mean;		/* over the last usage period */
	u64 read_tick, written_tick;	/* of total, at the last tick */
	u64 period;		/* their sum when the usage period began */
};

/* What an app sends, in bytes per second; see net.c. */
struct preswap_app_net {
	atomic64_t sent;	/* bytes, since the last tick; any context */
	u64 rate;		/* about the last one and a half seconds */
	u64 mean;		/* over the last usage period */
	u64 period;		/* bytes since the usage period began */
};

struct preswap_app {
	u64 id;			/* cgroup id; never changes */
	struct cgroup *cgroup;	/* reference; never changes */
	refcount_t ref;
	u32 index;		/* in the tick's snapshot */
	struct rcu_head rcu;
	struct hlist_node hash;	/* by id; preswap_app_table_lock, RCU */
	struct list_head list;	/* preswap_app_table_lock, RCU; removal also
				 * preswap_lock: its holder may walk freely */
	bool gone;		/* removed from the table; preswap_lock */
	bool has_memcg;		/* with its files */
	bool has_nested;	/* is some app's parent; as @parent */
	u8 files_pct;		/* of mem_bytes, what is in files; of donors */

	spinlock_t lock;	/* total, affinity */
	struct preswap_usage total;
	struct preswap_usage fresh;	/* found by this tick, and not yet in total;
					 * the tick's */
	atomic64_t forks, execs, exits;

	unsigned int tasks;	/* live threads, when all were last counted */
	unsigned int tasks_counting;
	u64 rss_bytes;		/* RSS and swap: once a second */
	u64 swap_bytes;
	u32 rss_counting, swap_counting;	/* pages */
	u64 swap_own;		/* swap_bytes less that of nested apps */

	u64 mem_bytes;		/* memory.current, or RSS without memcg */
	u64 mem_protected;	/* memory.min or memory.low, the greater */
	u64 mem_own;		/* mem_bytes less that of nested apps */
	u32 cpu_milli;		/* over the last usage period */
	u32 cpu_tick_milli;	/* about the last half second */
	u32 wait_tick_milli;	/* likewise, tasks that waited for a CPU x 1000 */
	u32 run_delay_tick;	/* total.run_delay_ns at the last tick, in 1024 ns */
	u64 cpu_ns_period;	/* total.cpu_ns when that began */
	u64 cpu_ns_tick;	/* total.cpu_ns at the last tick */
	struct preswap_app_io io;
	struct preswap_app_net net;
	s16 home_cpu;		/* where its busiest task ran last; -1: none */
	s16 busiest_cpu;	/* the same while a tick looks at its tasks */
	u32 busiest_ns;		/* 0: none has run */
	u32 idle_since_s;	/* without tasks since then; 0: has some */
	u32 mem_grown;		/* when mem_peak grew, in units of 2^20 ns, which
				 * wrap */
	struct preswap_trend trend[DECIDE_RESOURCES];

	struct preswap_policy policy;
	u64 approved_until_ns;	/* by a person, where the policy asks for it */
	struct preswap_forecast *forecast[DECIDE_RESOURCES];	/* NULL: none */
	struct preswap_app *parent;	/* nearest app above, no reference:
					 * set anew by each tick */
	u64 base[DECIDE_RESOURCES];	/* use when it began to receive */
	u64 mem_peak;		/* most held since then */
	u16 receives[DECIDE_RESOURCES];	/* leases in force */
	u64 gets[PRESWAP_EFFECT_GIVEN];	/* sum of their gains */
	struct preswap_effect effect;		/* of leases, on it as donor */
	struct preswap_payoff payoff[DECIDE_RESOURCES];	/* as receiver */
	u32 shortage_s[DECIDE_RESOURCES];	/* last reported; 0: never */
	struct preswap_app_affinity affinity;
	struct preswap_app_reclaim reclaim;
	struct preswap_app_throttle throttle;
	struct preswap_app_yield yield;
};

/* With as many no cgroup becomes an app without a policy. */
#define PRESWAP_APPS_MAX	(DECIDE_APPS_MAX / 4)

extern struct mutex preswap_lock;
extern struct list_head preswap_apps;
extern atomic64_t preswap_app_gen;
extern atomic_t preswap_app_number;

#define preswap_for_each_app(app) \
	list_for_each_entry_rcu(app, &preswap_apps, list, \
				lockdep_is_held(&preswap_lock))

struct preswap_app *preswap_app_find(u64 id);
struct preswap_app *preswap_app_get(u64 id);
struct preswap_app *preswap_app_nearest(struct cgroup *cgroup);
struct preswap_app *preswap_app_create(struct cgroup *cgroup);
struct preswap_app *preswap_app_of_cgroup(struct cgroup *cgroup);
void preswap_app_put(struct preswap_app *app);
void preswap_app_remove(struct preswap_app *app);
void preswap_app_account(struct preswap_app *app,
			 const struct preswap_usage *delta);
bool preswap_app_is_covered(const struct preswap_app *app);
int preswap_app_path(const struct preswap_app *app, char *buf, size_t len);
void preswap_app_sample(u64 now_ns, u64 elapsed_ns);
void preswap_app_sample_files(void);
void preswap_app_period(u64 elapsed_ns);
u64 preswap_app_memory_now(const struct preswap_app *app);
u64 preswap_app_psi_us(const struct preswap_app *app, enum psi_states state);
void preswap_app_pause(struct preswap_app *app, enum decide_resource r,
		       u64 now_ns, u32 seconds);
bool preswap_app_is_paused(const struct preswap_app *app,
			   enum decide_resource r, u64 now_ns);
int preswap_app_init(void);
void preswap_app_exit(void);

/* Bytes per second, read and written. */
static inline u64 preswap_app_io(const struct preswap_app *app)
{
	return app->io.reads + app->io.writes;
}

/* Of CLOCK_BOOTTIME, for what is kept in 32 bits; never 0. */
static inline u32 preswap_seconds(u64 now_ns)
{
	return 1 + (u32)div_u64(now_ns, NSEC_PER_SEC);
}

static inline bool preswap_cgroup_is_online(const struct cgroup *cgroup)
{
	return READ_ONCE(cgroup->self.flags) & CSS_ONLINE;
}

static inline bool preswap_app_is_dead(const struct preswap_app *app)
{
	return !preswap_cgroup_is_online(app->cgroup);
}

static inline unsigned int preswap_app_count(void)
{
	return atomic_read(&preswap_app_number);
}

/*
 * Tasks find their app anew when this number has changed. Who has the new number
 * finds the new table, or its task would stay with the old app for good:
 *
 *	table, policy = new		number = generation (acquire)
 *	generation++ (release)		look into table, policy
 */
static inline u64 preswap_app_generation(void)
{
	return atomic64_read_acquire(&preswap_app_gen);
}

static inline void preswap_app_regroup(void)
{
	atomic64_fetch_inc_release(&preswap_app_gen);
}

#endif /* PRESWAP_APP_H */
