// SPDX-License-Identifier: GPL-2.0-only
/*
 * affinity - keep a donor's tasks off some cores, and undo it exactly.
 *
 * A lease says for how many CPUs; these are the same for every donor, so that
 * they become really free, see cores.c for which. One worker brings
 * tasks in line with their app, whatever the reason that they are not: a
 * lease began, grew or ended, the task was forked, it came from another app.
 *
 * For each task the mask found (saved) and the mask set are kept. Undo puts
 * the saved mask back only where the set one is still in force: where it is
 * not, the user or a cpuset has spoken meanwhile, and theirs stands. The
 * saved mask is cut to what the task's cpuset allows now, since
 * set_cpus_allowed_ptr() does not look at cpusets.
 *
 * Forks. A child gets its parent's mask early in copy_process(), and we see
 * it at the end. Between the two its parent's mask may be set or restored:
 *
 *	parent forking			worker
 *	child's mask = set
 *					parent's mask = saved
 *					parent's state: not active
 *	fork tracepoint: child takes
 *	over parent's @mask
 *
 * So the parent's @mask stays when it is restored, and a child whose mask
 * equals @mask's set is active, out of line, and restored by the worker. The
 * other way round (child's mask = saved, then the parent's is set) the child
 * is not active, and out of line, and the worker sets it. When the parent's
 * mask was changed from one lease's to another's meanwhile, the child has a
 * mask that is in nobody's state (torn), but that is the saved one less the first
 * so many of cores.c's order: the worker recognises it by that. On unload the
 * tracepoints stay until such children have come out; see
 * preswap_affinity_settle().
 */
#include <linux/cgroup.h>
#include <linux/cpumask.h>
#include <linux/delay.h>
#include <linux/sched/task.h>
#include <linux/slab.h>
#include <linux/workqueue.h>

#include "affinity.h"
#include "app.h"
#include "cgroupfs.h"
#include "compat/compat.h"
#include "cores.h"
#include "task.h"
#include "trace.h"

#define PRESWAP_AFFINITY_BATCH	8

/* Used by the worker alone; too large for its stack. */
struct preswap_affinity_scratch {
	cpumask_var_t off;	/* cores to stay off; when restoring, scratch */
	cpumask_var_t current_mask;
	cpumask_var_t target;
	cpumask_var_t cpuset;	/* what cpuset_id's cpuset allows */
	u64 cpuset_id;
	struct preswap_mask *last;	/* most tasks of an app share a mask */
	bool failed;		/* no memory for this task's mask */
	bool again;		/* nor for one of the run: the next tick tries again */
};

static struct preswap_affinity_scratch preswap_affinity_scratch;
static struct workqueue_struct *preswap_affinity_wq;
static struct work_struct preswap_affinity_work;
atomic64_t preswap_affinity_changes = ATOMIC64_INIT(0);
static u64 preswap_affinity_seq;	/* preswap_lock */
unsigned int preswap_affinity_donors;

void preswap_mask_put(struct preswap_mask *mask)
{
	if (mask && refcount_dec_and_test(&mask->ref))
		kfree(mask);
}

static struct preswap_mask *preswap_mask_new(const struct cpumask *saved,
					     const struct cpumask *set)
{
	size_t longs = BITS_TO_LONGS(nr_cpumask_bits);
	struct preswap_mask *mask;

	mask = kzalloc(struct_size(mask, bits, 2 * longs), GFP_KERNEL);
	if (!mask)
		return NULL;
	refcount_set(&mask->ref, 1);
	cpumask_copy(preswap_mask_saved(mask), saved);
	cpumask_copy(preswap_mask_set(mask), set);
	return mask;
}

/* A mask object for this pair: the last one if it fits. */
static struct preswap_mask *
preswap_mask_share(struct preswap_affinity_scratch *s,
		   const struct cpumask *saved, const struct cpumask *set)
{
	if (s->last && cpumask_equal(preswap_mask_saved(s->last), saved) &&
	    cpumask_equal(preswap_mask_set(s->last), set))
		return preswap_mask_get(s->last);
	preswap_mask_put(s->last);
	s->last = preswap_mask_new(saved, set);
	s->failed |= !s->last;
	return preswap_mask_get(s->last);
}

static void preswap_affinity_read(struct task_struct *task,
				  struct cpumask *mask)
{
	unsigned long flags;

	raw_spin_lock_irqsave(&task->pi_lock, flags);
	cpumask_copy(mask, &task->cpus_mask);
	raw_spin_unlock_irqrestore(&task->pi_lock, flags);
}

static struct cgroup *preswap_affinity_cgroup(struct task_struct *task)
{
	struct cgroup *cgroup;

	rcu_read_lock();
	cgroup = task_dfl_cgroup(task);
	if (!cgroup_tryget(cgroup))
		cgroup = NULL;
	rcu_read_unlock();
	return cgroup;
}

/*
 * Cut a mask to the task's cpuset; if nothing is left, it is the cpuset. A
 * cpuset's effective CPUs are online ones: a mask whose online CPUs are all
 * allowed keeps its offline ones.
 */
static void preswap_affinity_clip(struct preswap_affinity_scratch *s,
				  struct task_struct *task,
				  struct cpumask *mask)
{
	struct cgroup *cgroup = preswap_affinity_cgroup(task);

	if (!cgroup)
		return;
	if (s->cpuset_id != cgroup_id(cgroup)) {
		s->cpuset_id = 0;
		if (!preswap_cgroupfs_cpuset(cgroup, s->cpuset))
			s->cpuset_id = cgroup_id(cgroup);
	}
	if (!s->cpuset_id)
		goto out;
	cpumask_and(s->off, mask, cpu_online_mask);
	if (!cpumask_subset(s->off, s->cpuset) &&
	    !cpumask_and(mask, mask, s->cpuset))
		cpumask_copy(mask, s->cpuset);
out:
	cgroup_put(cgroup);
}

static bool preswap_affinity_movable(const struct task_struct *task)
{
	/* a deadline task was admitted for all CPUs of its domain */
	return READ_ONCE(task->policy) != SCHED_DEADLINE &&
	       !(READ_ONCE(task->flags) &
		 (PF_NO_SETAFFINITY | PF_KTHREAD | PF_EXITING));
}

/*
 * Set the task's mask to @s->target. A cpuset that was written after we looked and
 * before we set it is not in force now. Look again: one that is written later comes
 * after ours. The mask saved, cut to it, is what the task would have without us.
 */
static int preswap_affinity_apply(struct preswap_affinity_scratch *s,
				  struct preswap_affinity_item *item)
{
	struct task_struct *task = item->task;
	int err;

	for (;;) {
		err = set_cpus_allowed_ptr(task, s->target);
		if (!err)
			atomic64_inc(&preswap_affinity_changes);
		trace_preswap_affinity(task_pid_nr(task),
				       cpumask_weight(s->target), err);
		s->cpuset_id = 0;
		preswap_affinity_read(task, s->current_mask);
		cpumask_copy(s->target, s->current_mask);
		preswap_affinity_clip(s, task, s->target);
		if (err || cpumask_equal(s->target, s->current_mask))
			return err;
		cpumask_copy(s->target, preswap_mask_saved(item->state.mask));
		preswap_affinity_clip(s, task, s->target);
	}
}

/* Give a task back the mask it had. */
static void preswap_affinity_restore(struct preswap_affinity_scratch *s,
				     struct preswap_affinity_item *item)
{
	struct preswap_mask *mask = item->state.mask;

	preswap_affinity_read(item->task, s->current_mask);
	if (cpumask_equal(s->current_mask, preswap_mask_set(mask))) {
		cpumask_copy(s->target, preswap_mask_saved(mask));
		preswap_affinity_clip(s, item->task, s->target);
		preswap_affinity_apply(s, item);
	}
	item->state.active = false;
}

/* Is the current mask the saved one less the first CPUs of the order? */
static bool preswap_affinity_is_ours(struct preswap_affinity_scratch *s,
				     const struct cpumask *saved,
				     enum preswap_cores_order order)
{
	unsigned int cores;

	for (cores = 1; cores < num_online_cpus(); cores++) {
		preswap_cores_first(order, cores, s->off);
		cpumask_andnot(s->target, saved, s->off);
		if (cpumask_equal(s->target, s->current_mask))
			return true;
	}
	return false;
}

/* A torn child, whose mask was copied from a parent that we have changed. */
static void preswap_affinity_recognise(struct preswap_affinity_scratch *s,
				       struct preswap_affinity_item *item)
{
	const struct cpumask *saved = preswap_mask_saved(item->state.mask);
	struct preswap_mask *mask;

	preswap_affinity_read(item->task, s->current_mask);
	if (cpumask_equal(s->current_mask, saved))
		return;
	if (!preswap_affinity_is_ours(s, saved, PRESWAP_CORES_NOW) &&
	    !preswap_affinity_is_ours(s, saved, PRESWAP_CORES_BEFORE))
		return;
	mask = preswap_mask_share(s, saved, s->target);
	if (!mask)
		return;
	preswap_mask_put(item->state.mask);
	item->state.mask = mask;
	item->state.active = true;
}

/*
 * The saved mask less @item->cores cores in @s->target: fewer where the task would not
 * have what its app is to keep, or what it has, where that is less. Return: is it less?
 */
static bool preswap_affinity_less(struct preswap_affinity_scratch *s,
				  const struct preswap_affinity_item *item,
				  const struct cpumask *saved)
{
	unsigned int least = min(item->keeps,
				 cpumask_weight_and(saved, cpu_online_mask));
	unsigned int cores, left;

	for (cores = item->cores; cores; cores--) {
		preswap_cores_first(PRESWAP_CORES_NOW, cores, s->off);
		cpumask_andnot(s->target, saved, s->off);
		left = cpumask_weight_and(s->target, cpu_online_mask);
		/* one that has no others stays where it is */
		if (!left || left >= least)
			return left;
	}
	return false;
}

/* Keep a task off @item->cores cores, as far as its own mask has others. */
static void preswap_affinity_shift(struct preswap_affinity_scratch *s,
				   struct preswap_affinity_item *item)
{
	const struct cpumask *saved = s->current_mask;
	struct preswap_mask *mask;

	preswap_affinity_read(item->task, s->current_mask);
	if (item->state.active) {
		/* somebody else has set it meanwhile: theirs stands */
		if (!cpumask_equal(s->current_mask,
				   preswap_mask_set(item->state.mask))) {
			item->state.active = false;
			return;
		}
		saved = preswap_mask_saved(item->state.mask);
	}
	if (!preswap_affinity_less(s, item, saved)) {
		if (item->state.active)
			preswap_affinity_restore(s, item);
		return;
	}
	/* some cores come back, and a cpuset may have lost them meanwhile */
	if (!cpumask_subset(s->target, s->current_mask))
		preswap_affinity_clip(s, item->task, s->target);
	if (cpumask_equal(s->target, s->current_mask))
		return;

	mask = preswap_mask_share(s, saved, s->target);
	if (!mask)
		return;
	preswap_mask_put(item->state.mask);
	item->state.mask = mask;
	item->state.active = true;
	/* known before it is done: a child forked in between inherits it */
	preswap_mask_get(mask);
	preswap_task_set_affinity(item->task, &item->state);
	if (preswap_affinity_apply(s, item))
		item->state.active = false;
}

static void preswap_affinity_item(struct preswap_affinity_scratch *s,
				  struct preswap_affinity_item *item)
{
	s->failed = false;
	if (preswap_affinity_movable(item->task)) {
		if (item->state.torn) {
			preswap_affinity_recognise(s, item);
			item->state.torn = s->failed;
		}
		/* else what is ours would be taken for the user's */
		if (item->cores && !item->state.torn)
			preswap_affinity_shift(s, item);
		else if (!item->cores && item->state.active)
			preswap_affinity_restore(s, item);
	}
	if (!s->failed)
		item->state.seq = item->seq;
	s->again |= s->failed;
	preswap_task_set_affinity(item->task, &item->state);
	put_task_struct(item->task);
}

static void preswap_affinity_run(struct work_struct *work)
{
	struct preswap_affinity_scratch *s = &preswap_affinity_scratch;
	struct preswap_affinity_item items[PRESWAP_AFFINITY_BATCH];
	unsigned int n, i;
	u32 bucket;

	/*
	 * Without cpus_read_lock(): making a cgroup takes it inside the lock
	 * of the directory that reading the cpuset looks into. A mask without
	 * an online CPU is refused by the scheduler.
	 */
	s->cpuset_id = 0;
	s->again = false;
	for (bucket = 0; bucket < PRESWAP_TASK_BUCKETS; bucket++) {
		do {
			n = preswap_task_stray(bucket, items,
					       ARRAY_SIZE(items));
			for (i = 0; i < n; i++)
				preswap_affinity_item(s, &items[i]);
			cond_resched();
		} while (n == ARRAY_SIZE(items) && !s->again);
	}
	preswap_mask_put(s->last);
	s->last = NULL;
}

/**
 * preswap_affinity_aim() - whom the next lease frees cores for
 * @receiver: or NULL
 *
 * While any donor is off some, the cores are those of who came first.
 */
void preswap_affinity_aim(const struct preswap_app *receiver)
{
	lockdep_assert_held(&preswap_lock);
	if (!preswap_affinity_donors)
		preswap_cores_aim(receiver ? receiver->home_cpu : -1);
}

/**
 * preswap_affinity_set() - how many CPUs an app's tasks stay off
 * @app: the donor; caller holds preswap_lock
 * @cores: 0 gives all back
 *
 * Returns at once; the worker does it.
 */
void preswap_affinity_set(struct preswap_app *app, unsigned int cores)
{
	lockdep_assert_held(&preswap_lock);
	if (app->affinity.cores == cores)
		return;
	preswap_affinity_donors += !!cores - !!app->affinity.cores;
	spin_lock_bh(&app->lock);
	app->affinity.cores = cores;
	app->affinity.keeps = div_u64(app->policy.floor[DECIDE_CPU] +
				      DECIDE_MILLI_PER_CPU - 1,
				      DECIDE_MILLI_PER_CPU);
	WRITE_ONCE(app->affinity.seq, ++preswap_affinity_seq);
	spin_unlock_bh(&app->lock);
	preswap_task_look_at_all();
	preswap_affinity_kick();
}

/* Tasks are out of line: let the worker look. */
void preswap_affinity_kick(void)
{
	queue_work(preswap_affinity_wq, &preswap_affinity_work);
}

/**
 * preswap_affinity_settle() - wait until every mask is back, before unload
 *
 * All leases have ended. Forks that copied a shifted mask come out at their
 * tracepoint within milliseconds (the copying of a large address space takes
 * the longest); go on until a few rounds in a row found none.
 */
void preswap_affinity_settle(void)
{
	u64 before;
	int quiet = 0, rounds = 0;

	/* what the worker has begun may change a mask yet */
	flush_work(&preswap_affinity_work);
	if (!preswap_affinity_moved())
		return;		/* nothing was ever changed */
	while (quiet < 4 && rounds++ < 100) {
		before = preswap_affinity_moved();
		preswap_affinity_kick();
		flush_work(&preswap_affinity_work);
		quiet = preswap_affinity_moved() == before &&
			!preswap_affinity_scratch.again ? quiet + 1 : 0;
		msleep(25);
	}
}

int preswap_affinity_init(void)
{
	struct preswap_affinity_scratch *s = &preswap_affinity_scratch;

	INIT_WORK(&preswap_affinity_work, preswap_affinity_run);
	if (preswap_cores_init())
		return -ENOMEM;
	if (!zalloc_cpumask_var(&s->off, GFP_KERNEL) ||
	    !zalloc_cpumask_var(&s->current_mask, GFP_KERNEL) ||
	    !zalloc_cpumask_var(&s->target, GFP_KERNEL) ||
	    !zalloc_cpumask_var(&s->cpuset, GFP_KERNEL))
		goto err;
	preswap_affinity_wq = alloc_workqueue("preswap_affinity",
					      WQ_UNBOUND | WQ_MEM_RECLAIM, 1);
	if (!preswap_affinity_wq)
		goto err;
	return 0;
err:
	preswap_affinity_exit();
	return -ENOMEM;
}

void preswap_affinity_exit(void)
{
	struct preswap_affinity_scratch *s = &preswap_affinity_scratch;

	if (preswap_affinity_wq)
		destroy_workqueue(preswap_affinity_wq);
	free_cpumask_var(s->off);
	free_cpumask_var(s->current_mask);
	free_cpumask_var(s->target);
	free_cpumask_var(s->cpuset);
	preswap_cores_exit();
}
