/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What differs between the supported kernels, and nothing else. The rest of
 * the module is written for the newest one.
 */
#ifndef PRESWAP_COMPAT_H
#define PRESWAP_COMPAT_H

#include <linux/cgroup.h>
#include <linux/topology.h>
#include <linux/version.h>
#include <net/genetlink.h>

#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 1, 0)
#error "preswap needs Linux 6.1 or newer: memory.reclaim is not in older ones"
#endif
#if BITS_PER_LONG < 64 || IS_ENABLED(CONFIG_PREEMPT_RT)
#error "preswap needs 64 bits, and tracepoints that may take a spinlock: no PREEMPT_RT"
#endif
#if !IS_ENABLED(CONFIG_CGROUPS) || !IS_ENABLED(CONFIG_MEMCG) || \
	!IS_ENABLED(CONFIG_CGROUP_SCHED) || !IS_ENABLED(CONFIG_PSI) || \
	!IS_ENABLED(CONFIG_SCHED_INFO) || \
	!IS_ENABLED(CONFIG_TASK_IO_ACCOUNTING) || \
	!IS_ENABLED(CONFIG_TRACEPOINTS) || !IS_ENABLED(CONFIG_INPUT)
#error "preswap needs CGROUPS MEMCG CGROUP_SCHED PSI SCHED_INFO TASK_IO_ACCOUNTING TRACEPOINTS INPUT"
#endif

/* cgroup_psi() refers to psi_system, which is not exported. */
static inline struct psi_group *preswap_cgroup_psi(struct cgroup *cgroup)
{
	return cgroup->psi;
}

/*
 * The last-level cache of a CPU: its number, or that of its package where the
 * kernel does not tell modules.
 */
static inline unsigned int preswap_cpu_cache(unsigned int cpu)
{
#if defined(CONFIG_X86) && LINUX_VERSION_CODE >= KERNEL_VERSION(6, 7, 0)
	return cpu_data(cpu).topo.llc_id;
#else
	return topology_physical_package_id(cpu);
#endif
}

/* Added to a write to memory.reclaim: no swap for it. NULL: cannot be said. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 10, 0)
#define PRESWAP_RECLAIM_FILES	NULL
#else
#define PRESWAP_RECLAIM_FILES	" swappiness=0"
#endif

/* Options of cgroup2 that older kernels do not have. */
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 7, 0)
#define CGRP_ROOT_MEMORY_HUGETLB_ACCOUNTING	0
#endif
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 11, 0)
#define CGRP_ROOT_PIDS_LOCAL_EVENTS	0
#endif

/* Since 6.16 probes of sched_process_exit are told one thing more. */
#define PRESWAP_EXIT_TELLS_TASK						\
	__builtin_types_compatible_p(typeof(&trace_sched_process_exit),	\
				     void (*)(struct task_struct *))

/* The attributes of a dump request, by type. */
static inline struct nlattr **
preswap_dump_attrs(const struct genl_dumpit_info *dump)
{
#if LINUX_VERSION_CODE < KERNEL_VERSION(6, 6, 0)
	return dump->attrs;
#else
	return dump->info.attrs;
#endif
}

#endif /* PRESWAP_COMPAT_H */
