/* SPDX-License-Identifier: GPL-2.0 WITH Linux-syscall-note */
/*
 * preswap generic netlink ABI.
 *
 * Source of truth: Documentation/netlink/specs/preswap.yaml; selftests/abi
 * checks that this header agrees with it.
 *
 * Units: CPU in milli-CPU (1000 = one core busy), memory in bytes, I/O and
 * network in bytes per second, times in the unit that the name ends with.
 * "ns" timestamps are CLOCK_BOOTTIME. An app is named by its cgroup v2 id
 * (the inode number of the cgroup's directory).
 */
#ifndef _UAPI_LINUX_PRESWAP_H
#define _UAPI_LINUX_PRESWAP_H

#define PRESWAP_FAMILY_NAME		"preswap"
#define PRESWAP_FAMILY_VERSION		1

#define PRESWAP_MCGRP_USAGE		"usage"
#define PRESWAP_MCGRP_EVENTS		"events"

/* Bounds that the kernel checks. */
#define PRESWAP_PRIORITY_MIN		1
#define PRESWAP_PRIORITY_MAX		10
#define PRESWAP_POINTS_MAX		16	/* horizons of one forecast */
#define PRESWAP_HORIZON_MAX_MS		86400000	/* one day */
#define PRESWAP_FORECAST_VALID_MAX_MS	3600000
#define PRESWAP_LEASE_MAX_MS		3600000
#define PRESWAP_APPROVAL_MAX_MS		604800000	/* a week */
#define PRESWAP_DOWNTIME_MIN_MS		10
#define PRESWAP_DOWNTIME_MAX_MS		3600000	/* an hour of each hour */
#define PRESWAP_WEIGHT_MAX		10000
#define PRESWAP_GIVES_ALL		15	/* CPU, memory, I/O, network */
#define PRESWAP_CPU_MAX_MILLI		(1ULL << 32)
#define PRESWAP_BYTES_MAX		(1ULL << 44)	/* 16 TiB */

enum preswap_resource {
	PRESWAP_RESOURCE_CPU,
	PRESWAP_RESOURCE_MEMORY,
	PRESWAP_RESOURCE_IO,
	PRESWAP_RESOURCE_NET,		/* what is sent; not given yet */

	__PRESWAP_RESOURCE_MAX,
	PRESWAP_RESOURCE_MAX = __PRESWAP_RESOURCE_MAX - 1
};

enum preswap_sensitivity {
	PRESWAP_SENSITIVITY_LATENCY,
	PRESWAP_SENSITIVITY_NORMAL,
	PRESWAP_SENSITIVITY_BATCH,

	__PRESWAP_SENSITIVITY_MAX,
	PRESWAP_SENSITIVITY_MAX = __PRESWAP_SENSITIVITY_MAX - 1
};

enum preswap_lease_kind {
	PRESWAP_LEASE_KIND_RECLAIM,	/* memory, through memory.reclaim */
	PRESWAP_LEASE_KIND_AFFINITY,	/* CPU, through the tasks' masks */
	/* a value in a file of the app's cgroup, for a while; by hand, but for weights
	 * of those who yield to one that waits */
	PRESWAP_LEASE_KIND_CPU_WEIGHT,	/* 1..10000 */
	PRESWAP_LEASE_KIND_CPU_MAX,	/* milli-CPU */
	PRESWAP_LEASE_KIND_IO_WEIGHT,	/* 1..10000 */
	PRESWAP_LEASE_KIND_IO_MAX,	/* bytes per second each way, of a device */
	PRESWAP_LEASE_KIND_MEMORY_LOW,	/* bytes */
	PRESWAP_LEASE_KIND_MEMORY_HIGH,	/* bytes */
	/* the engine's alone */
	PRESWAP_LEASE_KIND_THROTTLE,	/* I/O, through io.max */

	__PRESWAP_LEASE_KIND_MAX,
	PRESWAP_LEASE_KIND_MAX = __PRESWAP_LEASE_KIND_MAX - 1
};

/* Who asked for a lease, and what the engine saw when it did. */
enum preswap_reason {
	PRESWAP_REASON_FORECAST,	/* the daemon's forecast */
	PRESWAP_REASON_TREND,		/* the module's own ramp detection */
	PRESWAP_REASON_MANUAL,		/* lease-add */
	PRESWAP_REASON_WAIT,		/* the receiver waited for CPUs */
	PRESWAP_REASON_RESERVE,		/* the receiver's policy keeps one */

	__PRESWAP_REASON_MAX,
	PRESWAP_REASON_MAX = __PRESWAP_REASON_MAX - 1
};

enum preswap_lease_end {
	PRESWAP_LEASE_END_NONE,		/* in force */
	PRESWAP_LEASE_END_EXPIRED,
	PRESWAP_LEASE_END_REQUESTED,	/* lease-end */
	PRESWAP_LEASE_END_DONOR_GONE,
	PRESWAP_LEASE_END_RECEIVER_GONE,
	PRESWAP_LEASE_END_POLICY,	/* a new policy forbids it */
	PRESWAP_LEASE_END_DISABLED,	/* enabled=0 or dry_run=1 */
	PRESWAP_LEASE_END_UNLOAD,
	PRESWAP_LEASE_END_BACKOFF,	/* the donor suffered too much */
	PRESWAP_LEASE_END_FAILED,	/* the act could not be carried out */
	PRESWAP_LEASE_END_AB,		/* A/B: it is the other group's turn */
	PRESWAP_LEASE_END_CHANGED,	/* by others: a share's file, the CPUs */

	__PRESWAP_LEASE_END_MAX,
	PRESWAP_LEASE_END_MAX = __PRESWAP_LEASE_END_MAX - 1
};

enum preswap_event_kind {
	PRESWAP_EVENT_LEASE_BEGIN,
	PRESWAP_EVENT_LEASE_END,
	PRESWAP_EVENT_SHORTAGE,		/* need seen, no donor could cover it */
	PRESWAP_EVENT_APP_GONE,

	__PRESWAP_EVENT_MAX,
	PRESWAP_EVENT_MAX = __PRESWAP_EVENT_MAX - 1
};

enum preswap_cmd {
	PRESWAP_CMD_UNSPEC,
	PRESWAP_CMD_INFO_GET,		/* do */
	PRESWAP_CMD_APP_GET,		/* do (by id), dump */
	PRESWAP_CMD_TASK_GET,		/* dump, optionally of one app; admin */
	PRESWAP_CMD_POLICY_SET,		/* do; admin */
	PRESWAP_CMD_POLICY_GET,		/* do (by app), dump */
	PRESWAP_CMD_POLICY_DEL,		/* do; admin */
	PRESWAP_CMD_FORECAST_SET,	/* do, a batch, all or nothing; admin */
	PRESWAP_CMD_FORECAST_GET,	/* dump */
	PRESWAP_CMD_LEASE_GET,		/* dump */
	PRESWAP_CMD_LEASE_ADD,		/* do, answers with the lease; admin */
	PRESWAP_CMD_LEASE_END,		/* do; admin */
	PRESWAP_CMD_USAGE_NTF,		/* multicast: usage */
	PRESWAP_CMD_EVENT_NTF,		/* multicast: events */
	PRESWAP_CMD_POLICY_APPROVE,	/* do; admin */

	__PRESWAP_CMD_MAX,
	PRESWAP_CMD_MAX = __PRESWAP_CMD_MAX - 1
};

enum preswap_attr_info {
	PRESWAP_A_INFO_UNSPEC,
	PRESWAP_A_INFO_PAD,
	PRESWAP_A_INFO_VERSION,		/* string, the module's version */
	PRESWAP_A_INFO_ENABLED,		/* u8 */
	PRESWAP_A_INFO_DRY_RUN,		/* u8 */
	PRESWAP_A_INFO_TICK_MS,		/* u32 */
	PRESWAP_A_INFO_LEAD_MS,		/* u32 */
	PRESWAP_A_INFO_USAGE_MS,	/* u32, period of usage-ntf */
	PRESWAP_A_INFO_MIN_PRIORITY,	/* u8 */
	PRESWAP_A_INFO_THRESHOLD_CPU_PCT,	/* u32 */
	PRESWAP_A_INFO_THRESHOLD_MEMORY_PCT,	/* u32 */
	PRESWAP_A_INFO_CPU_CAPACITY_MILLI,	/* u64 */
	PRESWAP_A_INFO_CPU_USED_MILLI,	/* u64 */
	PRESWAP_A_INFO_MEM_CAPACITY_BYTES,	/* u64 */
	PRESWAP_A_INFO_MEM_USED_BYTES,	/* u64, capacity - MemAvailable */
	PRESWAP_A_INFO_SWAP_FREE_BYTES,	/* u64 */
	PRESWAP_A_INFO_APPS,		/* u32 */
	PRESWAP_A_INFO_TASKS,		/* u32 */
	PRESWAP_A_INFO_LEASES,		/* u32, in force */
	PRESWAP_A_INFO_TICKS,		/* u64, since load */
	PRESWAP_A_INFO_TICK_LAST_NS,	/* u64, cost of the last tick */
	PRESWAP_A_INFO_TICK_MAX_NS,	/* u64 */
	PRESWAP_A_INFO_LEASES_BEGUN,	/* u64, since load */
	PRESWAP_A_INFO_RECLAIMED_BYTES,	/* u64, since load */
	PRESWAP_A_INFO_TASKS_MOVED,	/* u64, masks changed since load */
	PRESWAP_A_INFO_TASKS_LOST,	/* u64, forks seen late: no memory */
	PRESWAP_A_INFO_AB_UNIT,		/* u8, A/B: 0 off, 1 time, 2 apps */
	PRESWAP_A_INFO_AB_CONTROL_PCT,	/* u32, share of the control group */
	PRESWAP_A_INFO_AB_SLICE_MS,	/* u32, of CLOCK_BOOTTIME */
	PRESWAP_A_INFO_AB_SEED,		/* u32 */
	PRESWAP_A_INFO_INPUT_PRESSES,	/* u64, since load, by full seconds */
	PRESWAP_A_INFO_INPUT_MOVES,	/* u64, since load, by full seconds */
	PRESWAP_A_INFO_INPUT_IDLE_MS,	/* u64, since one of them has grown */
	PRESWAP_A_INFO_THRESHOLD_IO_PCT,	/* u32 */
	PRESWAP_A_INFO_IO_CAPACITY_BYTES,	/* u64, 0: no decisions about I/O */
	PRESWAP_A_INFO_IO_USED_BYTES,	/* u64 */
	PRESWAP_A_INFO_IO_DEVICE,	/* u32, major << 20 | minor; 0: none */
	PRESWAP_A_INFO_THRESHOLD_NET_PCT,	/* u32 */
	PRESWAP_A_INFO_NET_CAPACITY_BYTES,	/* u64, 0: network is not looked at */
	PRESWAP_A_INFO_NET_USED_BYTES,	/* u64 */
	PRESWAP_A_INFO_NET_DEVICE,	/* string, its name; absent: none */

	__PRESWAP_A_INFO_MAX,
	PRESWAP_A_INFO_MAX = __PRESWAP_A_INFO_MAX - 1
};

enum preswap_attr_app {
	PRESWAP_A_APP_UNSPEC,
	PRESWAP_A_APP_PAD,
	PRESWAP_A_APP_ID,		/* u64, cgroup id */
	PRESWAP_A_APP_PATH,		/* string, from the cgroup root */
	PRESWAP_A_APP_CPU_MILLI,	/* u64, over the last second */
	PRESWAP_A_APP_MEM_BYTES,	/* u64, memory.current or sum of RSS */
	PRESWAP_A_APP_CPU_NS,		/* u64, since seen */
	PRESWAP_A_APP_RUN_DELAY_NS,	/* u64, since seen */
	PRESWAP_A_APP_RSS_BYTES,	/* u64 */
	PRESWAP_A_APP_SWAP_BYTES,	/* u64 */
	PRESWAP_A_APP_MAJOR_FAULTS,	/* u64, since seen */
	PRESWAP_A_APP_READ_BYTES,	/* u64, since seen */
	PRESWAP_A_APP_WRITE_BYTES,	/* u64, since seen */
	PRESWAP_A_APP_SWITCHES,		/* u64, context switches since seen */
	PRESWAP_A_APP_TASKS,		/* u32, live threads */
	PRESWAP_A_APP_FORKS,		/* u64, since seen */
	PRESWAP_A_APP_EXECS,		/* u64, since seen */
	PRESWAP_A_APP_EXITS,		/* u64, since seen */
	PRESWAP_A_APP_PSI_CPU_SOME_US,	/* u64, cgroup's total */
	PRESWAP_A_APP_PSI_MEM_SOME_US,	/* u64 */
	PRESWAP_A_APP_PSI_MEM_FULL_US,	/* u64 */
	PRESWAP_A_APP_TREND_CPU_MILLI,	/* s64, change per second */
	PRESWAP_A_APP_TREND_MEM_BYTES,	/* s64, change per second */
	PRESWAP_A_APP_POLICY,		/* nest of preswap_attr_policy, if any */
	PRESWAP_A_APP_IO_BYTES,		/* u64, per second, over the last second */
	PRESWAP_A_APP_TREND_IO_BYTES,	/* s64, change per second */
	PRESWAP_A_APP_DOWNTIME_US,	/* u32, spent of its max-downtime-ms */
	PRESWAP_A_APP_NET_BYTES,	/* u64, per second, over the last second */
	PRESWAP_A_APP_TREND_NET_BYTES,	/* s64, change per second */

	__PRESWAP_A_APP_MAX,
	PRESWAP_A_APP_MAX = __PRESWAP_A_APP_MAX - 1
};

enum preswap_attr_task {
	PRESWAP_A_TASK_UNSPEC,
	PRESWAP_A_TASK_PAD,
	PRESWAP_A_TASK_APP_ID,		/* u64; in a request: only this app */
	PRESWAP_A_TASK_PID,		/* u32, initial pid namespace */
	PRESWAP_A_TASK_TGID,		/* u32 */
	PRESWAP_A_TASK_COMM,		/* string */
	PRESWAP_A_TASK_CPU_NS,		/* u64, since the task's start */
	PRESWAP_A_TASK_RUN_DELAY_NS,	/* u64 */
	PRESWAP_A_TASK_RSS_BYTES,	/* u64, 0 for all but group leaders */
	PRESWAP_A_TASK_SWAP_BYTES,	/* u64, same */
	PRESWAP_A_TASK_MAJOR_FAULTS,	/* u64 */
	PRESWAP_A_TASK_READ_BYTES,	/* u64 */
	PRESWAP_A_TASK_WRITE_BYTES,	/* u64 */
	PRESWAP_A_TASK_SWITCHES,	/* u64 */
	PRESWAP_A_TASK_MOVED,		/* u8, 1: its mask is changed by a lease */

	__PRESWAP_A_TASK_MAX,
	PRESWAP_A_TASK_MAX = __PRESWAP_A_TASK_MAX - 1
};

enum preswap_attr_policy {
	PRESWAP_A_POLICY_UNSPEC,
	PRESWAP_A_POLICY_PAD,
	PRESWAP_A_POLICY_APP_ID,	/* u64 */
	PRESWAP_A_POLICY_PRIORITY,	/* u8, 1..10 */
	PRESWAP_A_POLICY_SENSITIVITY,	/* u8, enum preswap_sensitivity */
	PRESWAP_A_POLICY_SWAP_ELIGIBLE,	/* u8, 1: may give */
	PRESWAP_A_POLICY_FLOOR_CPU_MILLI,	/* u64, default 0 */
	PRESWAP_A_POLICY_FLOOR_MEM_BYTES,	/* u64, default 0 */
	PRESWAP_A_POLICY_GIVES,		/* u8, bits 1 << resource; default all */
	PRESWAP_A_POLICY_MAX_STALL_PCT,	/* u8, of its time, for its leases */
	PRESWAP_A_POLICY_NEEDS_APPROVAL,	/* u8, 1: gives only if approved */
	PRESWAP_A_POLICY_APPROVED_MS,	/* u32, 0 revokes; answers: what is left */
	PRESWAP_A_POLICY_FLOOR_IO_BYTES,	/* u64, per second, default 0 */
	PRESWAP_A_POLICY_MAX_DOWNTIME_MS,	/* u32, an hour; default: any */
	PRESWAP_A_POLICY_FLOOR_NET_BYTES,	/* u64, per second, default 0 */
	PRESWAP_A_POLICY_RECEIVES,	/* u8, bits 1 << resource; default all */
	PRESWAP_A_POLICY_GROUPS,	/* u32, that it is in, by bits; default 0 */
	PRESWAP_A_POLICY_NEVER_TO,	/* u32, groups it does not give to; 0 */
	PRESWAP_A_POLICY_RESERVE_MEM_MIB,	/* u32, kept free for it; default 0 */

	__PRESWAP_A_POLICY_MAX,
	PRESWAP_A_POLICY_MAX = __PRESWAP_A_POLICY_MAX - 1
};

enum preswap_attr_point {
	PRESWAP_A_POINT_UNSPEC,
	PRESWAP_A_POINT_PAD,
	PRESWAP_A_POINT_HORIZON_MS,	/* u32, from the moment of receipt */
	PRESWAP_A_POINT_MEAN,		/* u64, the resource's unit */
	PRESWAP_A_POINT_Q05,		/* u64; q05 <= q50 <= q95 */
	PRESWAP_A_POINT_Q50,		/* u64 */
	PRESWAP_A_POINT_Q95,		/* u64 */

	__PRESWAP_A_POINT_MAX,
	PRESWAP_A_POINT_MAX = __PRESWAP_A_POINT_MAX - 1
};

enum preswap_attr_forecast {
	PRESWAP_A_FORECAST_UNSPEC,
	PRESWAP_A_FORECAST_PAD,
	PRESWAP_A_FORECAST_APP_ID,	/* u64 */
	PRESWAP_A_FORECAST_RESOURCE,	/* u8, enum preswap_resource */
	PRESWAP_A_FORECAST_VALID_MS,	/* u32, forgotten after this time */
	PRESWAP_A_FORECAST_POINT,	/* nest, multi, horizons ascending */
	PRESWAP_A_FORECAST_AGE_MS,	/* u32, in answers: since receipt */

	__PRESWAP_A_FORECAST_MAX,
	PRESWAP_A_FORECAST_MAX = __PRESWAP_A_FORECAST_MAX - 1
};

/* forecast-set: one message carries many forecasts. */
enum preswap_attr_batch {
	PRESWAP_A_BATCH_UNSPEC,
	PRESWAP_A_BATCH_FORECAST,	/* nest of preswap_attr_forecast, multi */

	__PRESWAP_A_BATCH_MAX,
	PRESWAP_A_BATCH_MAX = __PRESWAP_A_BATCH_MAX - 1
};

enum preswap_attr_lease {
	PRESWAP_A_LEASE_UNSPEC,
	PRESWAP_A_LEASE_PAD,
	PRESWAP_A_LEASE_ID,		/* u32 */
	PRESWAP_A_LEASE_KIND,		/* u8, enum preswap_lease_kind */
	PRESWAP_A_LEASE_DONOR_ID,	/* u64 */
	PRESWAP_A_LEASE_RECEIVER_ID,	/* u64; absent: manual, for nobody */
	PRESWAP_A_LEASE_AMOUNT,		/* u64, bytes, milli-CPU, bytes/s */
	PRESWAP_A_LEASE_DURATION_MS,	/* u32, lease-add: 1..LEASE_MAX_MS */
	PRESWAP_A_LEASE_LEFT_MS,	/* u32, in answers */
	PRESWAP_A_LEASE_BEGIN_NS,	/* u64 */
	PRESWAP_A_LEASE_END_NS,		/* u64, lease ended */
	PRESWAP_A_LEASE_DONE,		/* u64, how much of the amount */
	PRESWAP_A_LEASE_FULL_NS,	/* u64, when the amount was first free */
	PRESWAP_A_LEASE_TASKS,		/* u32, tasks moved, affinity */
	PRESWAP_A_LEASE_REASON,		/* u8, enum preswap_reason */
	PRESWAP_A_LEASE_BENEFIT,	/* u64, the decision's cost unit */
	PRESWAP_A_LEASE_COST,		/* u64, same unit */
	PRESWAP_A_LEASE_ENDED,		/* u8, enum preswap_lease_end */
	PRESWAP_A_LEASE_DRY_RUN,	/* u8, 1: decided, not carried out */
	PRESWAP_A_LEASE_DEVICE,		/* u32, io-max: major << 20 | minor */
	/*
	 * Of the engine's, why it began: its receiver's shortage = what the
	 * median exceeds the base by + spread + carried - room, in the amount's
	 * unit, and how many apps, as donors for that, gave or were refused.
	 */
	PRESWAP_A_LEASE_MEDIAN,		/* u64, demand within the lead time */
	PRESWAP_A_LEASE_SPREAD,		/* u64, counted on top of the median */
	PRESWAP_A_LEASE_CARRIED,	/* u64, for others, too little alone */
	PRESWAP_A_LEASE_BASE,		/* u64, what it had */
	PRESWAP_A_LEASE_ROOM,		/* u64, below the threshold, for it */
	PRESWAP_A_LEASE_SHORTAGE,	/* u64 */
	PRESWAP_A_LEASE_CHANCE_PERMILLE,	/* u32, of needing more than the room */
	PRESWAP_A_LEASE_THRESHOLD_PCT,	/* u32, of the capacity */
	PRESWAP_A_LEASE_GIVE,		/* u32, donors */
	PRESWAP_A_LEASE_BARRED,		/* u32, nothing may be taken now */
	PRESWAP_A_LEASE_NESTED,		/* u32, in the receiver, or around it */
	PRESWAP_A_LEASE_AT_FLOOR,	/* u32, too little above the floor */
	PRESWAP_A_LEASE_TOO_LITTLE,	/* u32, what was missing still was */
	PRESWAP_A_LEASE_TOO_DEAR,	/* u32, for the benefit */
	PRESWAP_A_LEASE_BANNED,		/* u32, not to a group of the receiver's */

	__PRESWAP_A_LEASE_MAX,
	PRESWAP_A_LEASE_MAX = __PRESWAP_A_LEASE_MAX - 1
};

enum preswap_attr_usage {
	PRESWAP_A_USAGE_UNSPEC,
	PRESWAP_A_USAGE_PAD,
	PRESWAP_A_USAGE_TIME_NS,	/* u64 */
	PRESWAP_A_USAGE_SEQ,		/* u32, same for all parts of a period */
	PRESWAP_A_USAGE_APP,		/* nest of preswap_attr_app, multi */

	__PRESWAP_A_USAGE_MAX,
	PRESWAP_A_USAGE_MAX = __PRESWAP_A_USAGE_MAX - 1
};

enum preswap_attr_event {
	PRESWAP_A_EVENT_UNSPEC,
	PRESWAP_A_EVENT_PAD,
	PRESWAP_A_EVENT_KIND,		/* u8, enum preswap_event_kind */
	PRESWAP_A_EVENT_TIME_NS,	/* u64 */
	PRESWAP_A_EVENT_LEASE,		/* nest of preswap_attr_lease */
	PRESWAP_A_EVENT_APP_ID,		/* u64: shortage, app-gone */
	PRESWAP_A_EVENT_RESOURCE,	/* u8: shortage */
	PRESWAP_A_EVENT_NEED,		/* u64: shortage, what was missing */

	__PRESWAP_A_EVENT_MAX,
	PRESWAP_A_EVENT_MAX = __PRESWAP_A_EVENT_MAX - 1
};

#endif /* _UAPI_LINUX_PRESWAP_H */
