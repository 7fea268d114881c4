// SPDX-License-Identifier: GPL-2.0-only
/*
 * reclaim - hold a donor's memory below a goal while leases last.
 *
 * A donor that used @base bytes when its first lease began, and whose leases
 * hold @held bytes back, has the goal base - held. While it is above the
 * goal, the worker asks the kernel to reclaim from its cgroup: the kernel
 * chooses the coldest pages. A donor that refills is brought back to the
 * goal again: what was freed is for somebody else. Where a part of the base is
 * gone, as others have it now, the goal is lower by that: see regrow.h.
 *
 * The rate. The worker may ask for reclaim_rate_mib per second in all, in
 * batches of up to 4 MiB: a token bucket that holds a tenth of a second's
 * worth. A batch costs what it freed where that is more than was asked.
 * Example: 256 MiB/s fill the bucket with 26 MiB at most; an app of 200 MiB is
 * freed in 0.7 s if the kernel is as fast as that.
 *
 * What has been asked for cannot be taken back, and takes CPU from whoever waits for some by
 * then: a batch is no more than the last ones' speed makes of about 60 ms.
 *
 * The floor. Kernel 6.1 reclaims up to 42 % more than it is asked for, and
 * all kernels take a huge page (2 MiB) as a whole. So near the floor (and near
 * the goal) a batch is half of what is left, and the last 4 MiB above the
 * floor are not asked for.
 *
 * The swap. Filling it to the end would leave the node no way out: below
 * swap_reserve_mib only file pages are taken, where the kernel can be told so.
 *
 * What zram keeps. Pages that go there stay in memory, compressed: of each batch, what
 * the node's pool of compressed pages grew by is not freed. A mean over some 32 MiB
 * of a donor tells what the next ones will free. What holds a donor near its goal
 * does not count: it fills the holes that its fetching back has left in the
 * pool, and the next lease finds none. What zswap keeps is another matter: it counts as
 * the donor's memory.
 *
 * A write that says EAGAIN has reclaimed less than was asked, maybe all that
 * there was: what counts is the donor's use before and after. A donor that
 * gave nothing three times in a row is left alone for five seconds.
 */
#include <linux/cgroup.h>
#include <linux/slab.h>
#include <linux/swap.h>
#include <linux/ktime.h>
#include <linux/workqueue.h>

#include "app.h"
#include "cgroupfs.h"
#include "compat/compat.h"
#include "knobs.h"
#include "reclaim.h"
#include "regrow.h"
#include "trace.h"
#include "yield.h"

#define PRESWAP_RECLAIM_BATCH		(4ULL << 20)
#define PRESWAP_RECLAIM_BATCH_MIN	(256ULL << 10)
#define PRESWAP_RECLAIM_BATCHES		16	/* in a second, at least */
#define PRESWAP_RECLAIM_MEAN		(8 * PRESWAP_RECLAIM_BATCH)
#define PRESWAP_RECLAIM_MARGIN		(4ULL << 20)
#define PRESWAP_RECLAIM_WAIT_MS		20
#define PRESWAP_RECLAIM_FAILURES	3
#define PRESWAP_RECLAIM_PAUSE_S		5
#define PRESWAP_RECLAIM_SPEED_MIN	(1ULL << 20)

/* Where compressed pages count: in memory.current (zswap), or only on the node. */
enum preswap_reclaim_pool {
	PRESWAP_POOL_UNKNOWN,
	PRESWAP_POOL_NODE,
	PRESWAP_POOL_DONOR,
};

static struct workqueue_struct *preswap_reclaim_wq;
static struct delayed_work preswap_reclaim_work;
static bool preswap_reclaim_stop;		/* preswap_lock */
static u64 preswap_reclaim_tokens;		/* bytes; the worker's */
static u64 preswap_reclaim_filled_ns;		/* the worker's */
atomic64_t preswap_reclaim_bytes = ATOMIC64_INIT(0);
u32 preswap_reclaim_there = PRESWAP_REGROW_ALL;
/* bytes per second; to begin with, what a slow disk writes */
static u64 preswap_reclaim_speed = 32ULL << 20;

/*
 * Bytes that a donor is left with at least. Above what its policy and its
 * memory.min and memory.low ask, the margin that a batch may overshoot by.
 */
u64 preswap_reclaim_floor(const struct preswap_app *app)
{
	return max(app->policy.floor[DECIDE_MEMORY], app->mem_protected) +
	       PRESWAP_RECLAIM_MARGIN;
}

/* Bytes of swap that may be filled. */
u64 preswap_reclaim_swap_free(void)
{
	u64 free = (u64)max(get_nr_swap_pages(), 0L) << PAGE_SHIFT;

	return free - min(free, (u64)preswap_knob(swap_reserve_mib) << 20);
}

/* Is the rest of the swap for others? None at all is no rest. */
static bool preswap_reclaim_is_tight(void)
{
	return get_nr_swap_pages() > 0 && !preswap_reclaim_swap_free();
}

/* Bytes that the donor holds and that can go nowhere but to swap. */
u64 preswap_reclaim_anon(const struct preswap_app *app)
{
	/* where files cannot be taken alone, nothing is */
	if (!PRESWAP_RECLAIM_FILES && preswap_reclaim_is_tight())
		return app->mem_own;
	return app->mem_own - div_u64(app->mem_own * app->files_pct, 100);
}

static void preswap_reclaim_until(struct preswap_app *app, u32 seconds)
{
	app->reclaim.regrow_s = (u32)ktime_get_seconds() + seconds;
}

static u16 preswap_reclaim_regrow_left_s(const struct preswap_app *app)
{
	return app->reclaim.regrow_s - (u32)ktime_get_seconds();
}

/* Bytes that a donor, which has @used, would grow by without leases if they are there. */
static u64 preswap_reclaim_back(const struct preswap_app *app, u64 used)
{
	return preswap_regrow_base(used, app->reclaim.base,
				   app->reclaim.held ? 0 :
				   preswap_reclaim_regrow_left_s(app)) - used;
}

/* Bytes that a donor is above its goal by; 0: too little to do anything. */
static u64 preswap_reclaim_left(const struct preswap_app *app)
{
	u64 used = preswap_app_memory_now(app);
	u64 base = preswap_reclaim_base(app);
	u64 goal = max(base - min(base, app->reclaim.held),
		       preswap_reclaim_floor(app));

	return used < goal + PRESWAP_RECLAIM_BATCH_MIN ? 0 : used - goal;
}

/* Bytes to ask of it for now. */
static u64 preswap_reclaim_batch(u64 left)
{
	u64 most = clamp(READ_ONCE(preswap_reclaim_speed) /
			 PRESWAP_RECLAIM_BATCHES,
			 PRESWAP_RECLAIM_BATCH_MIN, PRESWAP_RECLAIM_BATCH);

	return clamp(left / 2, PRESWAP_RECLAIM_BATCH_MIN / 2, most);
}

/* The next donor that is above its goal, with a reference. @left: by how much. */
static struct preswap_app *preswap_reclaim_next(u64 now_ns, u64 from,
						u64 *left)
{
	struct preswap_app *app, *first = NULL;
	u64 bytes;

	lockdep_assert_held(&preswap_lock);
	if (preswap_reclaim_stop || preswap_yield_waiting ||
	    (!PRESWAP_RECLAIM_FILES && preswap_reclaim_is_tight()))
		return NULL;
	/* in turn: ids from @from on, then those before it */
	preswap_for_each_app(app) {
		if (!app->reclaim.held ||
		    preswap_app_is_paused(app, DECIDE_MEMORY, now_ns) ||
		    (first && app->id - from > first->id - from))
			continue;
		bytes = preswap_reclaim_left(app);
		if (!bytes)
			continue;
		first = app;
		*left = bytes;
	}
	if (first)
		refcount_inc(&first->ref);
	return first;
}

static void preswap_reclaim_fill(u64 now_ns)
{
	u64 rate = (u64)preswap_knob(reclaim_rate_mib) << 20;
	u64 most = max_t(u64, rate / 10, PRESWAP_RECLAIM_BATCH);
	u64 elapsed = min_t(u64, now_ns - preswap_reclaim_filled_ns,
			    NSEC_PER_SEC);

	preswap_reclaim_filled_ns = now_ns;
	preswap_reclaim_tokens += mul_u64_u64_div_u64(rate, elapsed,
						      NSEC_PER_SEC);
	preswap_reclaim_tokens = min(preswap_reclaim_tokens, most);
}

/* Exponential mean over some eight batches of bytes and of time. */
static void preswap_reclaim_measure(u64 freed, u64 took_ns)
{
	static u64 bytes, ns;

	bytes += freed - bytes / 8;
	ns += took_ns - ns / 8;
	/* less than a page a millisecond is not told from nothing */
	WRITE_ONCE(preswap_reclaim_speed,
		   max_t(u64, mul_u64_u64_div_u64(bytes, NSEC_PER_SEC,
						  max(ns, 1ULL)),
			 PRESWAP_RECLAIM_SPEED_MIN));
}

static u64 preswap_reclaim_pool_pages(void)
{
#if IS_ENABLED(CONFIG_ZSMALLOC)
	return global_zone_page_state(NR_ZSPAGES);
#else
	return 0;
#endif
}

/* Once for each time that leases begin: zswap may be switched on and off. */
static u8 preswap_reclaim_pool_of(const struct preswap_app *app)
{
	char text[24];
	u64 bytes;

	if (!preswap_cgroupfs_read(app->cgroup, "memory.zswap.current", text,
				   sizeof(text)) &&
	    !kstrtou64(strim(text), 10, &bytes) && bytes)
		return PRESWAP_POOL_DONOR;
	return PRESWAP_POOL_NODE;
}

/*
 * The pool has grown by @grown bytes while @freed, not 0, were taken from the donor, which
 * was above its goal by @left. Return: what of these is still in memory.
 */
static u64 preswap_reclaim_kept(struct preswap_app *app, u64 grown, u64 freed,
				u64 left)
{
	u32 kib = min(freed, PRESWAP_RECLAIM_BATCH) >> 10;
	u32 of = PRESWAP_RECLAIM_MEAN >> 10;
	u64 kept = min(grown, freed);
	u8 pool = READ_ONCE(app->reclaim.pool);
	u32 part;

	if (kept && pool == PRESWAP_POOL_UNKNOWN) {
		pool = preswap_reclaim_pool_of(app);
		WRITE_ONCE(app->reclaim.pool, pool);
	}
	if (pool == PRESWAP_POOL_DONOR)
		kept = 0;
	if (left < PRESWAP_RECLAIM_BATCH)
		return kept;
	part = (READ_ONCE(app->reclaim.zram_part) * (of - kib) +
		(u32)div64_u64(kept * PRESWAP_ZRAM_ALL, freed) * kib) / of;
	/* to be forgotten in four minutes, and not tried again at once */
	if (part > PRESWAP_ZRAM_ALL / 1000 * DECIDE_ZRAM_MAX)
		part = PRESWAP_ZRAM_ALL;
	WRITE_ONCE(app->reclaim.zram_part, part);
	return kept;
}

/* Return: bytes that this has freed, which may be more than asked. */
static u64 preswap_reclaim_once(struct preswap_app *app, u64 batch, u64 left)
{
	u64 before = preswap_app_memory_now(app), after, freed;
	u64 pool = preswap_reclaim_pool_pages(), grown;
	u64 took_ns = ktime_get_ns();
	char text[48];
	int err;

	snprintf(text, sizeof(text), "%llu%s", batch,
		 preswap_reclaim_is_tight() ? PRESWAP_RECLAIM_FILES ?: "" : "");
	err = preswap_cgroupfs_write(app->cgroup, "memory.reclaim", text);
	after = preswap_app_memory_now(app);
	freed = before - min(before, after);
	atomic64_add(freed, &preswap_reclaim_bytes);
	grown = max_t(s64, preswap_reclaim_pool_pages() - pool, 0) << PAGE_SHIFT;
	took_ns = ktime_get_ns() - took_ns;
	if (freed)
		preswap_reclaim_measure(freed - preswap_reclaim_kept(app, grown,
								     freed, left),
					took_ns);
	trace_preswap_reclaim(app->id, batch, freed, after, err);

	mutex_lock(&preswap_lock);
	/* the donor allocates meanwhile: success is the kernel's to say */
	if (!err || freed >= batch / 4)
		app->reclaim.failures = 0;
	else if (++app->reclaim.failures >= PRESWAP_RECLAIM_FAILURES) {
		app->reclaim.failures = 0;
		preswap_app_pause(app, DECIDE_MEMORY, ktime_get_boottime_ns(),
				  PRESWAP_RECLAIM_PAUSE_S);
	}
	mutex_unlock(&preswap_lock);
	return freed;
}

static void preswap_reclaim_run(struct work_struct *work)
{
	/* whose turn it is: a run may have been one batch only */
	static u64 from;
	struct preswap_app *app;
	u64 now_ns, left, batch, freed;

	for (;;) {
		now_ns = ktime_get_boottime_ns();
		preswap_reclaim_fill(now_ns);
		mutex_lock(&preswap_lock);
		app = preswap_reclaim_next(now_ns, from, &left);
		mutex_unlock(&preswap_lock);
		if (!app)
			return;		/* the next tick looks again */
		batch = preswap_reclaim_batch(left);
		if (batch > preswap_reclaim_tokens) {
			preswap_app_put(app);
			queue_delayed_work(preswap_reclaim_wq,
				&preswap_reclaim_work,
				msecs_to_jiffies(PRESWAP_RECLAIM_WAIT_MS));
			return;
		}
		/* huge pages, and all of 6.1's reclaim, give more than asked */
		freed = preswap_reclaim_once(app, batch, left);
		preswap_reclaim_tokens -= min(preswap_reclaim_tokens,
					      max(batch, freed));
		from = app->id + 1;
		preswap_app_put(app);
		cond_resched();
	}
}

/**
 * preswap_reclaim_hold() - how much leases hold back from a donor now
 * @app: the donor; caller holds preswap_lock
 * @bytes: the sum of its leases; 0 leaves it alone again
 */
void preswap_reclaim_hold(struct preswap_app *app, u64 bytes)
{
	u64 used, back;

	lockdep_assert_held(&preswap_lock);
	if (bytes == app->reclaim.held)
		return;
	if (!app->reclaim.held) {
		used = preswap_app_memory_now(app);
		back = preswap_reclaim_back(app, used);
		app->reclaim.base = used + back;
		app->reclaim.gone_mib =
			preswap_regrow_gone(back, preswap_reclaim_there);
		app->reclaim.failures = 0;
		WRITE_ONCE(app->reclaim.pool, PRESWAP_POOL_UNKNOWN);
	}
	app->reclaim.held = bytes;
	preswap_reclaim_until(app, bytes ? PRESWAP_REGROW_SETTLE_S :
					   PRESWAP_REGROW_S);
	preswap_reclaim_kick();
}

/**
 * preswap_reclaim_regrow() - count an app, maybe a donor, among those that grow back
 * @app: it; caller holds preswap_lock
 * @files: bytes of its memory that are in files
 * @all: where it is added; preswap_reclaim_there is of the last tick's
 *
 * What is there now is no longer gone. More may be gone, as others grow. That counts
 * only while a lease's reason stands, as the growth may be what the lease was for, and
 * not while what was reclaimed is not seen yet, as CPUs keep free pages for themselves.
 */
void preswap_reclaim_regrow(struct preswap_app *app, u64 files,
			    struct preswap_regrow *all)
{
	u64 back = preswap_reclaim_back(app, app->mem_own);
	u16 gone_mib = preswap_regrow_gone(back, preswap_reclaim_there);

	if (app->reclaim.renewed &&
	    preswap_reclaim_regrow_left_s(app) > PRESWAP_REGROW_SETTLE_S &&
	    gone_mib > app->reclaim.gone_mib + PRESWAP_REGROW_STEP_MIB)
		preswap_reclaim_until(app, PRESWAP_REGROW_SETTLE_S);
	else if (gone_mib > app->reclaim.gone_mib)
		gone_mib = app->reclaim.gone_mib;
	app->reclaim.gone_mib = gone_mib;
	app->reclaim.renewed = 0;
	if (!back)
		return;
	/* what comes back from zram leaves it */
	all->want += back - div_u64(back, PRESWAP_ZRAM_ALL) *
			    app->reclaim.zram_part;
	all->have -= files;
}

void preswap_reclaim_kick(void)
{
	queue_delayed_work(preswap_reclaim_wq, &preswap_reclaim_work, 0);
}

/* Bytes that are held back from a donor at this moment. */
u64 preswap_reclaim_done(const struct preswap_app *app)
{
	u64 base = preswap_reclaim_base(app);

	return min(base - min(base, preswap_app_memory_now(app)),
		   app->reclaim.held);
}

/*
 * Bytes that can be freed in a second: what is allowed, or what the last
 * batches took, where that is less.
 */
u64 preswap_reclaim_rate(void)
{
	return min((u64)preswap_knob(reclaim_rate_mib) << 20,
		   READ_ONCE(preswap_reclaim_speed));
}

int preswap_reclaim_init(void)
{
	INIT_DELAYED_WORK(&preswap_reclaim_work, preswap_reclaim_run);
	/* as kswapd: nothing is written to swap beside an image of hibernation */
	preswap_reclaim_wq = alloc_workqueue("preswap_reclaim",
			WQ_UNBOUND | WQ_FREEZABLE | WQ_MEM_RECLAIM, 1);
	return preswap_reclaim_wq ? 0 : -ENOMEM;
}

void preswap_reclaim_exit(void)
{
	mutex_lock(&preswap_lock);
	preswap_reclaim_stop = true;
	mutex_unlock(&preswap_lock);
	cancel_delayed_work_sync(&preswap_reclaim_work);
	destroy_workqueue(preswap_reclaim_wq);
}
