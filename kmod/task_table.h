/* SPDX-License-Identifier: GPL-2.0-only */
/* The table of tasks, for task.c, which keeps it, and task_look.c, which looks. */
#ifndef PRESWAP_TASK_TABLE_H
#define PRESWAP_TASK_TABLE_H

#include <linux/hash.h>
#include <linux/list.h>
#include <linux/spinlock.h>

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

struct preswap_task_bucket {
	spinlock_t lock;	/* the list and the entries on it */
	struct hlist_head list;
};

extern struct preswap_task_bucket preswap_task_buckets[PRESWAP_TASK_BUCKETS];

static inline struct preswap_task_bucket *
preswap_task_bucket(const struct task_struct *task)
{
	return &preswap_task_buckets[hash_ptr(task, PRESWAP_TASK_BUCKET_BITS)];
}

static inline struct preswap_task *
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

/* All but the time on a CPU. */
static inline void preswap_task_read_rest(const struct task_struct *task,
					  struct preswap_usage *usage)
{
	usage->run_delay_ns = READ_ONCE(task->sched_info.run_delay);
	usage->major_faults = READ_ONCE(task->maj_flt);
	usage->read_bytes = READ_ONCE(task->ioac.read_bytes);
	usage->write_bytes = READ_ONCE(task->ioac.write_bytes);
	usage->switches = READ_ONCE(task->nvcsw) + READ_ONCE(task->nivcsw);
}

static inline void preswap_task_read(const struct task_struct *task,
				     struct preswap_usage *usage)
{
	usage->cpu_ns = READ_ONCE(task->se.sum_exec_runtime);
	preswap_task_read_rest(task, usage);
}

extern struct kmem_cache *preswap_task_cache;
extern u64 preswap_task_loaded_ns;
extern unsigned long preswap_task_full[];

/* task.c */
void preswap_task_release(struct preswap_task *entry);
void preswap_task_on_fork(void *data, struct task_struct *parent,
			  struct task_struct *child);
void preswap_task_on_exec(void *data, struct task_struct *task,
			  pid_t old_pid, struct linux_binprm *bprm);
void preswap_task_on_exit(void *data, struct task_struct *task);
void preswap_task_on_group_exit(void *data, struct task_struct *task,
				bool group_dead);
void preswap_task_on_free(void *data, struct task_struct *task);
bool preswap_task_known(const struct task_struct *task);
bool preswap_task_add(struct task_struct *task,
		      const struct task_struct *parent);
bool preswap_task_tick_buckets(struct preswap_task_bucket *first,
			       unsigned long full, u64 generation, bool all);

#endif /* PRESWAP_TASK_TABLE_H */
