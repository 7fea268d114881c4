// SPDX-License-Identifier: GPL-2.0-only
/*
 * task_look - looks at the tasks in the table one by one: for dumps, for what they hold
 * of memory, for masks that are out of line. See task.c for the table and its locks.
 *
 * No fork and no exit waits for anything here.
 */
#include <linux/mm.h>
#include <linux/sched/signal.h>
#include <linux/sched/task.h>

#include "compat/compat.h"
#include "task_table.h"

/* What the batches below hold at a time, on the stack. */
#define PRESWAP_TASK_BATCH	16
/* Tasks that are looked at under RCU at a time: about half a ms. */
#define PRESWAP_TASK_SCAN	1024

static bool preswap_task_look;	/* some task may be out of line: see the tick */

/* Masks are changed or were: the next tick looks at all tasks. */
void preswap_task_look_at_all(void)
{
	WRITE_ONCE(preswap_task_look, true);
}

/* Let others run in between. Return: is the list of tasks to be gone on with from here? */
static bool preswap_task_scan_pause(struct task_struct *process,
				    struct task_struct *thread)
{
	bool alive;

	get_task_struct(process);
	get_task_struct(thread);
	rcu_read_unlock();
	cond_resched();
	rcu_read_lock();
	alive = pid_alive(process) && pid_alive(thread);
	put_task_struct(thread);
	put_task_struct(process);
	return alive;
}

/**
 * preswap_task_scan() - find tasks that no tracepoint told of
 *
 * First those that were there before the module. Later io_uring workers, which fork
 * without the tracepoint, and forks for which there was no memory: what these have used
 * is in their app's sums then. Where a task ends just where a pause is, the next call
 * finds the rest.
 */
void preswap_task_scan(void)
{
	struct task_struct *process, *thread;
	unsigned int count = 0;

	rcu_read_lock();
	for_each_process_thread(process, thread) {
		struct task_struct *parent;

		if (++count % PRESWAP_TASK_SCAN == 0 &&
		    !preswap_task_scan_pause(process, thread))
			goto out;
		/* of one that is not whole yet the tracepoint tells, and its cgroup */
		if (READ_ONCE(thread->flags) & PF_KTHREAD ||
		    READ_ONCE(thread->__state) == TASK_NEW)
			continue;
		/* a thread's real_parent is its process's */
		parent = thread == process ?
			 rcu_dereference(thread->real_parent) : process;
		if (!preswap_task_known(thread))
			preswap_task_add(thread, parent);
	}
out:
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

/* What a bucket's tasks hold is counted for their apps, each task once in a @pass. */
static void preswap_task_tick_memory(struct preswap_task_bucket *bucket, u32 pass)
{
	struct preswap_task_item items[PRESWAP_TASK_BATCH];
	unsigned int n, i;
	u64 rss, swap;

	do {
		n = preswap_task_leaders(bucket, items, pass);
		for (i = 0; i < n; i++) {
			preswap_task_memory(items[i].task, &rss, &swap);
			items[i].app->rss_counting += rss >> PAGE_SHIFT;
			items[i].app->swap_counting += swap >> PAGE_SHIFT;
			put_task_struct(items[i].task);
			preswap_app_put(items[i].app);
		}
	} while (n == PRESWAP_TASK_BATCH);
}

/* What the tick has found is the app's now. */
static void preswap_task_tick_app(struct preswap_app *app, bool all,
				  bool with_memory)
{
	if (app->busiest_ns) {
		app->home_cpu = app->busiest_cpu;
		app->busiest_ns = 0;
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
		WRITE_ONCE(app->rss_bytes,
			   (u64)app->rss_counting << PAGE_SHIFT);
		app->rss_counting = 0;
		app->swap_bytes = (u64)app->swap_counting << PAGE_SHIFT;
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
	if (stray || preswap_affinity_donors)
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
		items[n].keeps = app->affinity.keeps;
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
