/* SPDX-License-Identifier: GPL-2.0-only */
/* Every task of the node: what it has used, and whose it is. */
#ifndef PRESWAP_TASK_H
#define PRESWAP_TASK_H

#include <linux/sched.h>

#include "affinity.h"
#include "app.h"

#define PRESWAP_TASK_BUCKET_BITS	12
#define PRESWAP_TASK_BUCKETS		(1U << PRESWAP_TASK_BUCKET_BITS)

/* What a walk shows of a task. */
struct preswap_task_view {
	u64 app_id;
	pid_t pid, tgid;	/* in the initial pid namespace */
	char comm[TASK_COMM_LEN];
	struct preswap_usage usage;	/* since the task's start */
	u64 rss_bytes, swap_bytes;	/* of group leaders; else 0 */
	bool moved;		/* its mask is changed by a lease */
};

/* Where a walk is; zero it to begin. */
struct preswap_task_cursor {
	u32 bucket;
	u32 skip;
};

typedef int (*preswap_task_visit)(const struct preswap_task_view *view,
				  void *data);

extern atomic_t preswap_task_number;	/* tasks that are tracked */
extern atomic64_t preswap_task_missed;	/* for want of memory, since load */

int preswap_task_init(void);
void preswap_task_exit(void);
bool preswap_task_tick(bool with_memory);
void preswap_task_look_at_all(void);
void preswap_task_scan(void);
int preswap_task_walk(struct preswap_task_cursor *cursor, u64 app_id,
		      preswap_task_visit visit, void *data);

/* For affinity.c: the tasks that are not in line with their app. */
unsigned int preswap_task_stray(u32 bucket, struct preswap_affinity_item *items,
				unsigned int max);
void preswap_task_set_affinity(struct task_struct *task,
			       const struct preswap_task_affinity *state);

#endif /* PRESWAP_TASK_H */
