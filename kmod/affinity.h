/* SPDX-License-Identifier: GPL-2.0-only */
/* Keeping a donor's tasks off some cores, and undoing it exactly. */
#ifndef PRESWAP_AFFINITY_H
#define PRESWAP_AFFINITY_H

#include <linux/atomic.h>
#include <linux/cpumask.h>
#include <linux/refcount.h>
#include <linux/types.h>

struct preswap_app;
struct task_struct;

/* A mask before and after; shared by the tasks that inherit it. Immutable. */
struct preswap_mask {
	refcount_t ref;
	unsigned long bits[];	/* the mask saved, then the mask set */
};

static inline struct cpumask *preswap_mask_saved(struct preswap_mask *mask)
{
	return to_cpumask(mask->bits);
}

static inline struct cpumask *preswap_mask_set(struct preswap_mask *mask)
{
	return to_cpumask(mask->bits + BITS_TO_LONGS(nr_cpumask_bits));
}

static inline struct preswap_mask *preswap_mask_get(struct preswap_mask *mask)
{
	if (mask)
		refcount_inc(&mask->ref);
	return mask;
}

void preswap_mask_put(struct preswap_mask *mask);

/* A task whose @seq differs from this is looked at by the worker. */
#define PRESWAP_AFFINITY_UNKNOWN	U64_MAX

/*
 * A task's part. @mask outlives the lease: a child forked from a mask that is
 * restored a moment later is recognised by it. @active: the mask in force is
 * (as far as we know) the one set by us. @torn: the parent's mask changed while
 * it forked, and what the child copied is neither the last one set nor the
 * parent's.
 */
struct preswap_task_affinity {
	struct preswap_mask *mask;	/* reference, or NULL */
	u64 seq;			/* the app's, when last brought in line */
	bool active;
	bool torn;
};

/* A task to be brought in line, with references. */
struct preswap_affinity_item {
	struct task_struct *task;
	struct preswap_task_affinity state;
	unsigned int cores, keeps;
	u64 seq;
};

int preswap_affinity_init(void);
void preswap_affinity_exit(void);
void preswap_affinity_aim(const struct preswap_app *receiver);
void preswap_affinity_set(struct preswap_app *app, unsigned int cores);
void preswap_affinity_kick(void);
void preswap_affinity_settle(void);

extern atomic64_t preswap_affinity_changes;
extern unsigned int preswap_affinity_donors;	/* off some; preswap_lock */

/* Masks changed since load. */
static inline u64 preswap_affinity_moved(void)
{
	return atomic64_read(&preswap_affinity_changes);
}

#endif /* PRESWAP_AFFINITY_H */
