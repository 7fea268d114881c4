// SPDX-License-Identifier: GPL-2.0-only
/*
 * task_hook - have the kernel tell of each fork, exec and exit, and make the table
 * that task.c keeps.
 */
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/tracepoint.h>
#include <trace/events/sched.h>

#include "compat/compat.h"
#include "task_table.h"

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
	preswap_task_loaded_ns = ktime_get_boottime_ns();
	preswap_task_cache = KMEM_CACHE(preswap_task, 0);
	if (!preswap_task_cache)
		return -ENOMEM;
	err = preswap_task_register();
	if (err) {
		preswap_task_exit();
		return err;
	}
	preswap_task_scan();
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
