// SPDX-License-Identifier: GPL-2.0-only
/*
 * task - who runs, what it has used, and whose it is.
 *
 * The model. Every user task has an entry from its fork to the moment the
 * kernel frees it; an io_uring worker, whose fork nobody tells of, from when
 * the scan finds it (task_look.c). The kernel keeps the counters (in task_struct, growing,
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
#include <linux/sched/signal.h>
#include <linux/sched/task.h>
#include <linux/slab.h>

#include "compat/compat.h"
#include "task.h"
#include "task_table.h"

struct preswap_task_bucket preswap_task_buckets[PRESWAP_TASK_BUCKETS];

/*
 * Buckets with entries, as seen under their locks: mostly these are few, and the tick
 * looks at no others.
 */
DECLARE_BITMAP(preswap_task_full, PRESWAP_TASK_BUCKETS);

u64 preswap_task_loaded_ns;	/* CLOCK_BOOTTIME; never changes */
struct kmem_cache *preswap_task_cache;
atomic_t preswap_task_number = ATOMIC_INIT(0);
atomic64_t preswap_task_missed = ATOMIC64_INIT(0);

bool preswap_task_known(const struct task_struct *task)
{
	struct preswap_task_bucket *bucket = preswap_task_bucket(task);
	bool known;

	spin_lock_bh(&bucket->lock);
	known = preswap_task_find(bucket, task);
	spin_unlock_bh(&bucket->lock);
	return known;
}

/* Counters only grow; one that was reset (by exec or a bug) adds nothing. */
static __always_inline u64 preswap_task_grow(u64 *sum, u64 *last, u64 now)
{
	s64 delta = now - *last;

	*last = now;
	if (delta < 0)
		return 0;
	*sum += delta;
	return delta;
}

/*
 * Add to @to what the task has used since the last time; @cpu_ns is what it has used
 * of CPU. It is most of what a tick costs: few tasks fault or read between two.
 *
 * Return: ns of CPU.
 */
static __always_inline u64 preswap_task_collect(struct preswap_task *entry,
						u64 cpu_ns,
						struct preswap_usage *to)
{
	struct preswap_usage *last = &entry->last, now = { .cpu_ns = cpu_ns };

	preswap_task_read_rest(entry->task, &now);
	preswap_task_grow(&to->run_delay_ns, &last->run_delay_ns,
			  now.run_delay_ns);
	preswap_task_grow(&to->switches, &last->switches, now.switches);
	if (unlikely(now.major_faults != last->major_faults))
		preswap_task_grow(&to->major_faults, &last->major_faults,
				  now.major_faults);
	if (unlikely(now.read_bytes != last->read_bytes))
		preswap_task_grow(&to->read_bytes, &last->read_bytes,
				  now.read_bytes);
	if (unlikely(now.write_bytes != last->write_bytes))
		preswap_task_grow(&to->write_bytes, &last->write_bytes,
				  now.write_bytes);
	return preswap_task_grow(&to->cpu_ns, &last->cpu_ns, cpu_ns);
}

/* Add it to the task's app at once. */
static void preswap_task_account(struct preswap_task *entry)
{
	u64 cpu_ns = READ_ONCE(entry->task->se.sum_exec_runtime);
	struct preswap_usage delta = {};

	/* a task that has not run has changed none of the others either */
	if (!entry->app || cpu_ns == entry->last.cpu_ns)
		return;
	preswap_task_collect(entry, cpu_ns, &delta);
	preswap_app_account(entry->app, &delta);
}

/* Neither the task nor the table has changed. Under RCU. */
static bool preswap_task_is_home(const struct preswap_task *entry,
				 u64 generation)
{
	return likely(entry->app) && likely(entry->generation == generation) &&
	       likely(entry->cgroup_id ==
		      cgroup_id(task_dfl_cgroup(entry->task)));
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

/*
 * Make an entry, unless there is one. Caller holds RCU or is the parent. What a task that
 * was there before the module has used is not counted.
 */
bool preswap_task_add(struct task_struct *task,
		      const struct task_struct *parent)
{
	bool fresh = task->start_boottime >= preswap_task_loaded_ns;
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

void preswap_task_release(struct preswap_task *entry)
{
	preswap_task_free(entry);
	atomic_dec(&preswap_task_number);
}

void preswap_task_on_fork(void *data, struct task_struct *parent,
			  struct task_struct *child)
{
	if (!(child->flags & PF_KTHREAD))
		preswap_task_add(child, parent);
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

void preswap_task_on_exec(void *data, struct task_struct *task,
			  pid_t old_pid, struct linux_binprm *bprm)
{
	/* a kernel thread that turns into a program was not seen at its fork */
	if (!preswap_task_known(task)) {
		rcu_read_lock();
		preswap_task_add(task, rcu_dereference(task->real_parent));
		rcu_read_unlock();
	}
	preswap_task_count_event(task, offsetof(struct preswap_app, execs));
}

void preswap_task_on_exit(void *data, struct task_struct *task)
{
	preswap_task_count_event(task, offsetof(struct preswap_app, exits));
}

/* As newer kernels call it: kCFI stops a call of another type. */
void preswap_task_on_group_exit(void *data, struct task_struct *task,
				bool group_dead)
{
	preswap_task_on_exit(data, task);
}

void preswap_task_on_free(void *data, struct task_struct *task)
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
	struct task_struct *task = entry->task;
	u64 cpu_ns = READ_ONCE(task->se.sum_exec_runtime);
	bool ran = cpu_ns != entry->last.cpu_ns;
	struct preswap_app *app;
	u32 used;

	if (!ran && !all)
		return false;
	/* the dead stay with their last app, even when it is gone */
	if (!preswap_task_is_home(entry, generation) &&
	    !READ_ONCE(task->exit_state))
		preswap_task_regroup(entry);
	app = entry->app;
	if (!app)
		return false;
	if (ran) {
		/* ns; what wraps after 4 s of a tick only chooses another home */
		used = preswap_task_collect(entry, cpu_ns, &app->fresh);
		if (used > app->busiest_ns) {
			app->busiest_ns = used;
			app->busiest_cpu = task_cpu(task);
		}
	}
	if (!all || READ_ONCE(task->exit_state))
		return false;
	app->tasks_counting++;
	app->affinity.moved_counting += entry->affinity.active;
	return entry->affinity.seq != READ_ONCE(app->affinity.seq);
}

/*
 * Some buckets at once: what disabling softirqs costs is paid for all of them,
 * and is more than a task's part.
 */
bool preswap_task_tick_buckets(struct preswap_task_bucket *first,
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
