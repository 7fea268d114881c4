// SPDX-License-Identifier: GPL-2.0-only
/*
 * task - who runs, what it has used, and whose it is.
 *
 * The model. Every user task has an entry from its fork to the moment the
 * kernel frees it. The kernel keeps the counters (in task_struct, growing,
 * per task); the entry remembers what of them has been added to the task's
 * app. A tick adds what is new. The free tracepoint adds the rest, so that
 * nothing is lost however short a task lives: a task that forks, computes
 * for 3 ms and dies between two ticks is seen twice, at fork and at free,
 * and its 3 ms are in its app's total at the next tick.
 *
 * Why the free tracepoint and not the exit one: a task still runs for a while
 * after the exit tracepoint, and its run time is only brought up to date when
 * the scheduler takes it off its CPU for the last time.
 *
 * Why sum_exec_runtime and not utime: the latter is sampled by the timer tick
 * and was seen wrong by a factor of two.
 *
 * Several CPUs. An entry is reached through its bucket, and read and written
 * under the bucket's lock. While that is held and the entry is there, its
 * task_struct is valid: sched_process_free removes the entry under the same
 * lock before the kernel frees the task. The lock is taken in softirq context
 * (free comes from RCU), hence BH. Nothing that itself sleeps or takes
 * task_lock() is done under it: what needs that takes a reference to the task
 * and lets go of the lock first.
 *
 * Kernel threads belong to no app and have no entry.
 */
#include <linux/cgroup.h>
#include <linux/hash.h>
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "compat/compat.h"
#include "task.h"

struct preswap_task {
	struct hlist_node node;
	struct task_struct *task;
	struct preswap_app *app;	/* reference; NULL without memory */
	u64 cgroup_id;			/* where it was when app was found */
	u64 generation;			/* of the app table, then */
	struct preswap_usage last;	/* already added to app */
	struct preswap_task_affinity affinity;
	u32 pass;			/* last memory pass that counted it */
};

static struct preswap_task_bucket {
	spinlock_t lock;	/* the list and the entries on it */
	struct hlist_head list;
} preswap_task_buckets[PRESWAP_TASK_BUCKETS];

/*
 * Buckets with entries, as seen under their locks: mostly these are few, and the tick
 * looks at no others.
 */
static DECLARE_BITMAP(preswap_task_full, PRESWAP_TASK_BUCKETS);

static struct kmem_cache *preswap_task_cache;
atomic_t preswap_task_number = ATOMIC_INIT(0);
static bool preswap_task_look;	/* some task may be out of line: see the tick */
atomic64_t preswap_task_missed = ATOMIC64_INIT(0);

/* What the batches below hold at a time, on the stack. */
#define PRESWAP_TASK_BATCH	16

/* Masks are changed or were: the next tick looks at all tasks. */
void preswap_task_look_at_all(void)
{
	WRITE_ONCE(preswap_task_look, true);
}

static struct preswap_task_bucket *
preswap_task_bucket(const struct task_struct *task)
{
	return &preswap_task_buckets[hash_ptr(task, PRESWAP_TASK_BUCKET_BITS)];
}

static struct preswap_task *
preswap_task_find(struct preswap_task_bucket *bucket,
		  const struct task_struct *task)
{
	struct preswap_task *entry;

	lockdep_assert_held(&bucket->lock);
	hlist_for_each_entry(entry, &bucket->list, node)
		if (entry->task == task)
			return entry;
	return NULL;
}

static bool preswap_task_known(const struct task_struct *task)
{
	struct preswap_task_bucket *bucket = preswap_task_bucket(task);
	bool known;

	spin_lock_bh(&bucket->lock);
	known = preswap_task_find(bucket, task);
	spin_unlock_bh(&bucket->lock);
	return known;
}

static void preswap_task_read(const struct task_struct *task,
			      struct preswap_usage *usage)
{
	usage->cpu_ns = READ_ONCE(task->se.sum_exec_runtime);
	usage->run_delay_ns = READ_ONCE(task->sched_info.run_delay);
	usage->major_faults = READ_ONCE(task->maj_flt);
	usage->read_bytes = READ_ONCE(task->ioac.read_bytes);
	usage->write_bytes = READ_ONCE(task->ioac.write_bytes);
	usage->switches = READ_ONCE(task->nvcsw) + READ_ONCE(task->nivcsw);
}

/* Counters only grow; one that was reset (by exec or a bug) adds nothing. */
static u64 preswap_task_grow(u64 *sum, u64 *last, u64 now)
{
	s64 delta = now - *last;

	/* most are as they were: few tasks fault or read between two ticks */
	if (!delta)
		return 0;
	*last = now;
	if (delta < 0)
		return 0;
	*sum += delta;
	return delta;
}

static bool preswap_task_has_run(const struct preswap_task *entry)
{
	return READ_ONCE(entry->task->se.sum_exec_runtime) !=
	       entry->last.cpu_ns;
}

/*
 * Add to @to what the task has used since the last time. It is most of what a
 * tick costs.
 *
 * Return: ns of CPU.
 */
static __always_inline u64 preswap_task_collect(struct preswap_task *entry,
						struct preswap_usage *to)
{
	struct preswap_usage now;

	preswap_task_read(entry->task, &now);
	preswap_task_grow(&to->run_delay_ns, &entry->last.run_delay_ns,
			  now.run_delay_ns);
	preswap_task_grow(&to->major_faults, &entry->last.major_faults,
			  now.major_faults);
	preswap_task_grow(&to->read_bytes, &entry->last.read_bytes,
			  now.read_bytes);
	preswap_task_grow(&to->write_bytes, &entry->last.write_bytes,
			  now.write_bytes);
	preswap_task_grow(&to->switches, &entry->last.switches, now.switches);
	return preswap_task_grow(&to->cpu_ns, &entry->last.cpu_ns, now.cpu_ns);
}

/* Add it to the task's app at once. */
static void preswap_task_account(struct preswap_task *entry)
{
	struct preswap_usage delta = {};

	/* a task that has not run has changed none of the others either */
	if (!entry->app || !preswap_task_has_run(entry))
		return;
	preswap_task_collect(entry, &delta);
	preswap_app_account(entry->app, &delta);
}

/* Neither the task nor the table has changed. Under RCU. */
static bool preswap_task_is_home(const struct preswap_task *entry,
				 u64 generation)
{
	return entry->app && entry->generation == generation &&
	       entry->cgroup_id == cgroup_id(task_dfl_cgroup(entry->task));
}

/* Find the app anew when the task or the table has changed. */
static void preswap_task_regroup(struct preswap_task *entry)
{
	u64 generation = preswap_app_generation(), id;
	struct preswap_app *app;
	struct cgroup *cgroup;

	rcu_read_lock();
	if (preswap_task_is_home(entry, generation)) {
		rcu_read_unlock();
		return;
	}
	cgroup = task_dfl_cgroup(entry->task);
	id = cgroup_id(cgroup);
	app = preswap_app_of_cgroup(cgroup);
	rcu_read_unlock();
	if (!app)
		return;		/* no memory: again at the next tick */
	/* what it used before belongs to where it was */
	preswap_task_account(entry);
	if (entry->app)
		preswap_app_put(entry->app);
	entry->app = app;
	entry->cgroup_id = id;
	entry->generation = generation;
}

/*
 * A child mostly is where its parent is: no need to look for its app then.
 * Softirqs are disabled.
 *
 * It has the mask that its parent had when the fork began, and so what is
 * known of that mask; see affinity.c for what may have happened since. A mask
 * that the parent has now, and not from us, is not ours in the child either,
 * even if it looks like it.
 */
static void preswap_task_inherit(struct preswap_task *child,
				 const struct task_struct *parent)
{
	struct preswap_task_bucket *bucket = preswap_task_bucket(parent);
	const struct cpumask *has = &child->task->cpus_mask;
	struct preswap_mask *mask = NULL;
	struct preswap_task *entry;
	bool active = false;

	spin_lock(&bucket->lock);
	entry = preswap_task_find(bucket, parent);
	if (entry) {
		mask = preswap_mask_get(entry->affinity.mask);
		active = entry->affinity.active;
		child->app = entry->app;
		child->cgroup_id = entry->cgroup_id;
		child->generation = entry->generation;
		if (child->app)
			refcount_inc(&child->app->ref);
	}
	spin_unlock(&bucket->lock);
	if (!mask)
		return;
	preswap_task_look_at_all();
	child->affinity.mask = mask;
	child->affinity.seq = PRESWAP_AFFINITY_UNKNOWN;
	if (!active && cpumask_equal(has, &parent->cpus_mask))
		return;
	child->affinity.active = cpumask_equal(has, preswap_mask_set(mask));
	child->affinity.torn = !child->affinity.active &&
			       !cpumask_equal(has, &parent->cpus_mask);
}

static void preswap_task_free(struct preswap_task *entry)
{
	if (entry->app)
		preswap_app_put(entry->app);
	preswap_mask_put(entry->affinity.mask);
	kmem_cache_free(preswap_task_cache, entry);
}

/* Make an entry, unless there is one. Caller holds RCU or is the parent. */
static bool preswap_task_add(struct task_struct *task,
			     const struct task_struct *parent, bool fresh)
{
	struct preswap_task_bucket *bucket = preswap_task_bucket(task);
	struct preswap_task *entry;

	entry = kmem_cache_zalloc(preswap_task_cache,
				  GFP_ATOMIC | __GFP_NOWARN);
	if (!entry) {
		atomic64_inc(&preswap_task_missed);
		return false;
	}
	entry->task = task;
	if (!fresh)
		preswap_task_read(task, &entry->last);

	local_bh_disable();
	preswap_task_inherit(entry, parent);
	spin_lock(&bucket->lock);
	if (preswap_task_find(bucket, task)) {
		spin_unlock_bh(&bucket->lock);
		preswap_task_free(entry);
		return false;
	}
	preswap_task_regroup(entry);
	if (fresh && entry->app)
		atomic64_inc(&entry->app->forks);
	/* words are shared: nothing is written that is there */
	if (hlist_empty(&bucket->list))
		set_bit(bucket - preswap_task_buckets, preswap_task_full);
	hlist_add_head(&entry->node, &bucket->list);
	spin_unlock_bh(&bucket->lock);
	atomic_inc(&preswap_task_number);
	return true;
}

static void preswap_task_release(struct preswap_task *entry)
{
	preswap_task_free(entry);
	atomic_dec(&preswap_task_number);
}

static void preswap_task_on_fork(void *data, struct task_struct *parent,
				 struct task_struct *child)
{
	if (!(child->flags & PF_KTHREAD))
		preswap_task_add(child, parent, true);
}

/* Count an event for the task's app; @counter is its offset in the app. */
static void preswap_task_count_event(const struct task_struct *task,
				     size_t counter)
{
	struct preswap_task_bucket *bucket = preswap_task_bucket(task);
	struct preswap_task *entry;

	spin_lock_bh(&bucket->lock);
	entry = preswap_task_find(bucket, task);
	/* it may have been moved here just for this: do not wait for the tick */
	if (entry)
		preswap_task_regroup(entry);
	if (entry && entry->app)
		atomic64_inc((void *)entry->app + counter);
	spin_unlock_bh(&bucket->lock);
}

static void preswap_task_on_exec(void *data, struct task_struct *task,
				 pid_t old_pid, struct linux_binprm *bprm)
{
	/* a kernel thread that turns into a program was not seen at its fork */
	if (!preswap_task_known(task)) {
		rcu_read_lock();
		preswap_task_add(task, rcu_dereference(task->real_parent),
				 true);
		rcu_read_unlock();
	}
	preswap_task_count_event(task, offsetof(struct preswap_app, execs));
}

static void preswap_task_on_exit(void *data, struct task_struct *task)
{
	preswap_task_count_event(task, offsetof(struct preswap_app, exits));
}

/* As newer kernels call it: kCFI stops a call of another type. */
static void preswap_task_on_group_exit(void *data, struct task_struct *task,
				       bool group_dead)
{
	preswap_task_on_exit(data, task);
}

static void preswap_task_on_free(void *data, struct task_struct *task)
{
	struct preswap_task_bucket *bucket = preswap_task_bucket(task);
	struct preswap_task *entry;

	spin_lock_bh(&bucket->lock);
	entry = preswap_task_find(bucket, task);
	if (entry) {
		hlist_del(&entry->node);
		if (hlist_empty(&bucket->list))
			clear_bit(bucket - preswap_task_buckets,
				  preswap_task_full);
		preswap_task_account(entry);
	}
	spin_unlock_bh(&bucket->lock);
	if (entry)
		preswap_task_release(entry);
}

/**
 * preswap_task_scan() - find tasks that no tracepoint told of
 * @at_load: the tasks that were there before: what they used is not counted
 *
 * Later calls find io_uring workers, which fork without the tracepoint, and
 * forks for which there was no memory.
 */
void preswap_task_scan(bool at_load)
{
	struct task_struct *process, *thread;
	unsigned int count = 0;

	rcu_read_lock();
	for_each_process_thread(process, thread) {
		struct task_struct *parent;

		/* of one that is not whole yet the tracepoint tells, and its cgroup */
		if (READ_ONCE(thread->flags) & PF_KTHREAD ||
		    READ_ONCE(thread->__state) == TASK_NEW)
			continue;
		/* a thread's real_parent is its process's */
		parent = thread == process ?
			 rcu_dereference(thread->real_parent) : process;
		if (!preswap_task_known(thread))
			preswap_task_add(thread, parent, !at_load);
		/* the list cannot be left and found again: bound the work */
		if (++count == 1U << 20)
			break;
	}
	rcu_read_unlock();
}

struct preswap_task_item {
	struct task_struct *task;
	struct preswap_app *app;
};

static void preswap_task_memory(struct task_struct *task, u64 *rss, u64 *swap)
{
	struct mm_struct *mm;

	*rss = 0;
	*swap = 0;
	task_lock(task);
	mm = task->mm;
	if (mm) {
		*rss = (u64)get_mm_rss(mm) << PAGE_SHIFT;
		*swap = (u64)get_mm_counter(mm, MM_SWAPENTS) << PAGE_SHIFT;
	}
	task_unlock(task);
}

/* Group leaders of a bucket that this memory pass has not counted yet. */
static unsigned int preswap_task_leaders(struct preswap_task_bucket *bucket,
					 struct preswap_task_item *items,
					 u32 pass)
{
	struct preswap_task *entry;
	unsigned int n = 0;

	spin_lock_bh(&bucket->lock);
	hlist_for_each_entry(entry, &bucket->list, node) {
		if (entry->pass == pass || !entry->app ||
		    !thread_group_leader(entry->task))
			continue;
		entry->pass = pass;
		refcount_inc(&entry->app->ref);
		items[n].app = entry->app;
		items[n].task = get_task_struct(entry->task);
		if (++n == PRESWAP_TASK_BATCH)
			break;
	}
	spin_unlock_bh(&bucket->lock);
	return n;
}

static void preswap_task_tick_memory(struct preswap_task_bucket *bucket,
				     u32 pass)
{
	struct preswap_task_item items[PRESWAP_TASK_BATCH];
	unsigned int n, i;
	u64 rss, swap;

	do {
		n = preswap_task_leaders(bucket, items, pass);
		for (i = 0; i < n; i++) {
			preswap_task_memory(items[i].task, &rss, &swap);
			items[i].app->rss_counting += rss;
			items[i].app->swap_counting += swap;
			put_task_struct(items[i].task);
			preswap_app_put(items[i].app);
		}
	} while (n == PRESWAP_TASK_BATCH);
}

/*
 * The tick looks at the tasks that have run, and at all of them where that can
 * tell more: once a second, when the table of apps has changed, and while masks
 * are changed. An idle task that moves to another app is found once a second, or
 * when it runs.
 *
 * Return: whether the task is not in line with its app.
 */
static bool preswap_task_tick_one(struct preswap_task *entry, u64 generation,
				  bool all)
{
	bool ran = preswap_task_has_run(entry);
	struct preswap_app *app;
	u32 used_us;
	u64 used;

	if (!ran && !all)
		return false;
	/* the dead stay with their last app, even when it is gone */
	if (!preswap_task_is_home(entry, generation) &&
	    !READ_ONCE(entry->task->exit_state))
		preswap_task_regroup(entry);
	app = entry->app;
	if (!app)
		return false;
	if (ran) {
		used = preswap_task_collect(entry, &app->fresh);
		/* about us; what wraps after an hour only chooses another home */
		used_us = 1 + (u32)(used >> 10);
		if (used_us > app->busiest_us) {
			app->busiest_us = used_us;
			app->busiest_cpu = task_cpu(entry->task);
		}
	}
	if (!all || READ_ONCE(entry->task->exit_state))
		return false;
	app->tasks_counting++;
	app->affinity.moved_counting += entry->affinity.active;
	return entry->affinity.seq != READ_ONCE(app->affinity.seq);
}

/*
 * Some buckets at once: what disabling softirqs costs is paid for all of them,
 * and is more than a task's part. In a function of its own, the loop's variables
 * have registers.
 */
static noinline bool
preswap_task_tick_buckets(struct preswap_task_bucket *first,
			  unsigned long full, u64 generation, bool all)
{
	struct preswap_task_bucket *bucket;
	struct preswap_task *entry;
	bool stray = false;

	local_bh_disable();
	rcu_read_lock();
	for (; full; full &= full - 1) {
		bucket = first + __ffs(full);
		spin_lock(&bucket->lock);
		hlist_for_each_entry(entry, &bucket->list, node)
			stray |= preswap_task_tick_one(entry, generation, all);
		spin_unlock(&bucket->lock);
	}
	rcu_read_unlock();
	local_bh_enable();
	return stray;
}

/* What the tick has found is the app's now. */
static void preswap_task_tick_app(struct preswap_app *app, bool all,
				  bool with_memory)
{
	if (app->busiest_us) {
		app->home_cpu = app->busiest_cpu;
		app->busiest_us = 0;
		preswap_app_account(app, &app->fresh);
		app->fresh = (struct preswap_usage){};
	}
	if (all) {
		app->tasks = app->tasks_counting;
		app->tasks_counting = 0;
		app->affinity.moved = app->affinity.moved_counting;
		app->affinity.moved_counting = 0;
	}
	if (with_memory) {
		WRITE_ONCE(app->rss_bytes, app->rss_counting);
		app->rss_counting = 0;
		app->swap_bytes = app->swap_counting;
		app->swap_counting = 0;
	}
}

/**
 * preswap_task_tick() - bring every app's counters up to date
 * @with_memory: resident and swapped memory and the number of tasks too, which
 *	costs more
 *
 * Only the engine's tick calls this, one at a time, without preswap_lock.
 *
 * Return: whether some task's mask is not what its app's leases ask for.
 */
bool preswap_task_tick(bool with_memory)
{
	static u64 last_generation;
	static u32 pass;	/* 0 is what a new entry has */
	u64 generation = preswap_app_generation();
	bool all = with_memory || generation != last_generation;
	struct preswap_app *app;
	bool stray = false;
	u32 i;

	if (with_memory)
		pass++;
	last_generation = generation;
	if (READ_ONCE(preswap_task_look)) {
		WRITE_ONCE(preswap_task_look, false);
		all = true;
	}
	for (i = 0; i < PRESWAP_TASK_BUCKETS / BITS_PER_LONG; i++) {
		struct preswap_task_bucket *first =
			&preswap_task_buckets[i * BITS_PER_LONG];
		unsigned long full = READ_ONCE(preswap_task_full[i]);

		if (!full)
			continue;
		stray |= preswap_task_tick_buckets(first, full, generation,
						   all);
		for (; with_memory && full; full &= full - 1)
			preswap_task_tick_memory(first + __ffs(full), pass);
		cond_resched();
	}

	mutex_lock(&preswap_lock);
	preswap_for_each_app(app)
		preswap_task_tick_app(app, all, with_memory);
	if (stray || preswap_affinity_in_use())
		preswap_task_look_at_all();
	mutex_unlock(&preswap_lock);
	return stray;
}

static bool preswap_task_view(struct preswap_task *entry, u64 app_id,
			      struct preswap_task_view *view)
{
	/* the dead that nobody has waited for yet are no tasks any more */
	if (!entry->app || READ_ONCE(entry->task->exit_state) ||
	    (app_id && entry->app->id != app_id))
		return false;
	view->app_id = entry->app->id;
	view->pid = task_pid_nr(entry->task);
	view->tgid = task_tgid_nr(entry->task);
	/* may be torn while it is changed, but always ends: comm[15] is 0 */
	strscpy(view->comm, entry->task->comm, sizeof(view->comm));
	preswap_task_read(entry->task, &view->usage);
	view->moved = entry->affinity.active;
	view->rss_bytes = 0;
	view->swap_bytes = 0;
	return true;
}

/* One task of a bucket, the @skip'th; its memory is read afterwards. */
static bool preswap_task_nth(struct preswap_task_bucket *bucket, u32 skip,
			     u64 app_id, struct preswap_task_view *view,
			     bool *wanted)
{
	struct task_struct *leader = NULL;
	struct preswap_task *entry;
	bool found = false;

	*wanted = false;
	spin_lock_bh(&bucket->lock);
	hlist_for_each_entry(entry, &bucket->list, node) {
		if (skip--)
			continue;
		found = true;
		*wanted = preswap_task_view(entry, app_id, view);
		if (*wanted && thread_group_leader(entry->task))
			leader = get_task_struct(entry->task);
		break;
	}
	spin_unlock_bh(&bucket->lock);
	if (leader) {
		preswap_task_memory(leader, &view->rss_bytes,
				    &view->swap_bytes);
		put_task_struct(leader);
	}
	return found;
}

/**
 * preswap_task_walk() - show tasks one by one
 * @cursor: where to begin; where it stopped
 * @app_id: only tasks of this app; 0: all
 * @visit: called in process context without locks; nonzero stops the walk at
 *	this task, which the next walk shows again
 * @data: for @visit
 *
 * Tasks that come and go meanwhile may be missed or shown twice.
 *
 * Return: what @visit returned last, 0 at the end.
 */
int preswap_task_walk(struct preswap_task_cursor *cursor, u64 app_id,
		      preswap_task_visit visit, void *data)
{
	struct preswap_task_view view;
	bool wanted;
	int ret;

	for (; cursor->bucket < PRESWAP_TASK_BUCKETS; cursor->bucket++) {
		struct preswap_task_bucket *bucket =
			&preswap_task_buckets[cursor->bucket];

		while (preswap_task_nth(bucket, cursor->skip, app_id, &view,
					&wanted)) {
			ret = wanted ? visit(&view, data) : 0;
			if (ret)
				return ret;
			cursor->skip++;
		}
		cursor->skip = 0;
		cond_resched();
	}
	return 0;
}

/**
 * preswap_task_stray() - tasks whose mask is not what their app's leases ask
 * @bucket: 0 to PRESWAP_TASK_BUCKETS - 1
 * @items: filled, with references to task and mask
 * @max: its size
 *
 * Return: how many; less than @max when these were all.
 */
unsigned int preswap_task_stray(u32 bucket, struct preswap_affinity_item *items,
				unsigned int max)
{
	struct preswap_task_bucket *b = &preswap_task_buckets[bucket];
	struct preswap_task *entry;
	unsigned int n = 0;

	if (hlist_empty(&b->list))
		return 0;
	spin_lock_bh(&b->lock);
	hlist_for_each_entry(entry, &b->list, node) {
		struct preswap_app *app = entry->app;

		if (!app)
			continue;
		spin_lock(&app->lock);
		items[n].cores = app->affinity.cores;
		items[n].seq = app->affinity.seq;
		spin_unlock(&app->lock);
		if (entry->affinity.seq == items[n].seq)
			continue;
		items[n].state = entry->affinity;
		preswap_mask_get(entry->affinity.mask);
		items[n].task = get_task_struct(entry->task);
		if (++n == max)
			break;
	}
	spin_unlock_bh(&b->lock);
	return n;
}

/* Remember what was done to a task's mask. Takes the reference to the mask. */
void preswap_task_set_affinity(struct task_struct *task,
			       const struct preswap_task_affinity *state)
{
	struct preswap_task_bucket *bucket = preswap_task_bucket(task);
	struct preswap_mask *drop = state->mask;
	struct preswap_task *entry;

	spin_lock_bh(&bucket->lock);
	entry = preswap_task_find(bucket, task);
	if (entry) {
		drop = entry->affinity.mask;
		entry->affinity = *state;
	}
	spin_unlock_bh(&bucket->lock);
	preswap_mask_put(drop);
}

/*
 * The scheduler's tracepoints are not exported one by one; walking the
 * kernel's own list is the way that is left open to modules.
 */
static struct preswap_task_probe {
	const char *name;
	void *func;
	struct tracepoint *tracepoint;
	bool registered;
} preswap_task_probes[] = {
	/* free before fork: what is added must be removed */
	{ "sched_process_free", preswap_task_on_free },
	{ "sched_process_exit", PRESWAP_EXIT_TELLS_TASK ?
				(void *)preswap_task_on_exit :
				(void *)preswap_task_on_group_exit },
	{ "sched_process_exec", preswap_task_on_exec },
	{ "sched_process_fork", preswap_task_on_fork },
};

static void preswap_task_match(struct tracepoint *tracepoint, void *data)
{
	unsigned int i;

	for (i = 0; i < ARRAY_SIZE(preswap_task_probes); i++)
		if (!strcmp(tracepoint->name, preswap_task_probes[i].name))
			preswap_task_probes[i].tracepoint = tracepoint;
}

static void preswap_task_unregister(void)
{
	unsigned int i;

	/* fork first: nothing new comes while the rest goes */
	for (i = ARRAY_SIZE(preswap_task_probes); i-- > 0;) {
		struct preswap_task_probe *probe = &preswap_task_probes[i];

		if (probe->registered)
			tracepoint_probe_unregister(probe->tracepoint,
						    probe->func, NULL);
		probe->registered = false;
	}
	tracepoint_synchronize_unregister();
}

static int preswap_task_register(void)
{
	unsigned int i;
	int err;

	for_each_kernel_tracepoint(preswap_task_match, NULL);
	for (i = 0; i < ARRAY_SIZE(preswap_task_probes); i++) {
		struct preswap_task_probe *probe = &preswap_task_probes[i];

		if (!probe->tracepoint) {
			pr_err("this kernel has no tracepoint %s\n",
			       probe->name);
			return -EOPNOTSUPP;
		}
		err = tracepoint_probe_register(probe->tracepoint, probe->func,
						NULL);
		if (err)
			return err;
		probe->registered = true;
	}
	return 0;
}

int preswap_task_init(void)
{
	unsigned int i;
	int err;

	for (i = 0; i < PRESWAP_TASK_BUCKETS; i++)
		spin_lock_init(&preswap_task_buckets[i].lock);
	preswap_task_cache = KMEM_CACHE(preswap_task, 0);
	if (!preswap_task_cache)
		return -ENOMEM;
	err = preswap_task_register();
	if (err) {
		preswap_task_exit();
		return err;
	}
	preswap_task_scan(true);
	return 0;
}

void preswap_task_exit(void)
{
	struct preswap_task *entry;
	struct hlist_node *next;
	unsigned int i;

	preswap_task_unregister();
	for (i = 0; i < PRESWAP_TASK_BUCKETS; i++)
		hlist_for_each_entry_safe(entry, next,
					  &preswap_task_buckets[i].list, node)
			preswap_task_release(entry);
	kmem_cache_destroy(preswap_task_cache);
}
