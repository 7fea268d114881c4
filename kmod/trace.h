/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace events, in /sys/kernel/tracing/events/preswap/. Scalars only, printed
 * as key=value; ids of apps are cgroup ids, amounts milli-CPU, bytes, or bytes
 * per second.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM preswap

#if !defined(PRESWAP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define PRESWAP_TRACE_H

#include <linux/tracepoint.h>

#include "decide/decide.h"
#include "lease.h"

#define PRESWAP_TRACE_TEXT	64

#define preswap_trace_kind(kind)						\
	__print_symbolic(kind,						\
		{ PRESWAP_LEASE_KIND_RECLAIM, "reclaim" }, \
		{ PRESWAP_LEASE_KIND_AFFINITY, "affinity" }, \
		{ PRESWAP_LEASE_KIND_CPU_WEIGHT, "cpu.weight" }, \
		{ PRESWAP_LEASE_KIND_CPU_MAX, "cpu.max" }, \
		{ PRESWAP_LEASE_KIND_IO_WEIGHT, "io.weight" }, \
		{ PRESWAP_LEASE_KIND_IO_MAX, "io.max" }, \
		{ PRESWAP_LEASE_KIND_MEMORY_LOW, "memory.low" }, \
		{ PRESWAP_LEASE_KIND_MEMORY_HIGH, "memory.high" }, \
		{ PRESWAP_LEASE_KIND_THROTTLE, "throttle" })

TRACE_EVENT(preswap_decide,
	TP_PROTO(const struct decide_snapshot *snapshot,
		 const struct decide_result *result, bool dry_run),
	TP_ARGS(snapshot, result, dry_run),
	TP_STRUCT__entry(
		__field(u32, apps)
		/* proposals, shortages, receivers, waiting, refused */
		__array(u32, counts, 5)
		__array(u64, used, DECIDE_RESOURCES)
		__array(u64, need, DECIDE_RESOURCES)
		__field(bool, dry_run)
	),
	TP_fast_assign(
		__entry->apps = snapshot->nr_apps;
		memcpy(__entry->counts, (const char *)result +
		       offsetof(struct decide_result, nr_proposals),
		       sizeof(__entry->counts));
		memcpy(__entry->used, snapshot->used, sizeof(__entry->used));
		memcpy(__entry->need, result->need, sizeof(__entry->need));
		__entry->dry_run = dry_run;
	),
	TP_printk("apps=%u receivers=%u proposals=%u refused=%u shortages=%u cpu_used=%llu cpu_need=%llu mem_used=%llu mem_need=%llu io_used=%llu io_need=%llu net_used=%llu net_need=%llu dry_run=%d",
		  __entry->apps, __entry->counts[2], __entry->counts[0],
		  __entry->counts[4], __entry->counts[1],
		  __entry->used[DECIDE_CPU], __entry->need[DECIDE_CPU],
		  __entry->used[DECIDE_MEMORY], __entry->need[DECIDE_MEMORY],
		  __entry->used[DECIDE_IO], __entry->need[DECIDE_IO],
		  __entry->used[DECIDE_NET], __entry->need[DECIDE_NET],
		  __entry->dry_run)
);

static_assert(offsetofend(struct decide_why, donors) ==
	      6 * sizeof(u64) + (2 + DECIDE_VERDICTS) * sizeof(u32));

DECLARE_EVENT_CLASS(preswap_lease,
	TP_PROTO(const struct preswap_lease_info *lease),
	TP_ARGS(lease),
	TP_STRUCT__entry(
		__field(u32, id)
		__field(u8, kind)
		__field(u8, reason)
		__field(u8, ended)
		__field(bool, dry_run)
		__field(u64, donor)
		__field(u64, receiver)
		__field(u64, amount)
		__field(u64, done)
		__field(u64, benefit)
		__field(u64, cost)
		/* struct decide_why, in its order; all 0: begun by hand */
		__array(u64, need, 6)
		__array(u32, counts, 2 + DECIDE_VERDICTS)
	),
	TP_fast_assign(
		__entry->id = lease->id;
		__entry->kind = lease->kind;
		__entry->reason = lease->reason;
		__entry->ended = lease->ended;
		__entry->dry_run = lease->dry_run;
		__entry->donor = lease->donor_id;
		__entry->receiver = lease->receiver_id;
		__entry->amount = lease->amount;
		__entry->done = lease->done;
		__entry->benefit = lease->benefit;
		__entry->cost = lease->cost;
		memcpy(__entry->need, &lease->why, sizeof(__entry->need));
		memcpy(__entry->counts,
		       (const char *)&lease->why + sizeof(__entry->need),
		       sizeof(__entry->counts));
	),
	TP_printk("id=%u kind=%s donor=%llu receiver=%llu amount=%llu done=%llu reason=%s benefit=%llu cost=%llu ended=%u dry_run=%d median=%llu spread=%llu carried=%llu base=%llu room=%llu shortage=%llu chance_permille=%u threshold_pct=%u give=%u barred=%u nested=%u at_floor=%u too_little=%u too_dear=%u banned=%u",
		  __entry->id,
		  preswap_trace_kind(__entry->kind),
		  __entry->donor, __entry->receiver, __entry->amount,
		  __entry->done,
		  __print_symbolic(__entry->reason,
				   { PRESWAP_REASON_FORECAST, "forecast" },
				   { PRESWAP_REASON_TREND, "trend" },
				   { PRESWAP_REASON_MANUAL, "manual" },
				   { PRESWAP_REASON_WAIT, "wait" },
				   { PRESWAP_REASON_RESERVE, "reserve" }),
		  __entry->benefit, __entry->cost, __entry->ended,
		  __entry->dry_run, __entry->need[0], __entry->need[1],
		  __entry->need[2], __entry->need[3], __entry->need[4],
		  __entry->need[5], __entry->counts[0], __entry->counts[1],
		  __entry->counts[2 + DECIDE_GIVES],
		  __entry->counts[2 + DECIDE_BARRED],
		  __entry->counts[2 + DECIDE_NESTED],
		  __entry->counts[2 + DECIDE_AT_FLOOR],
		  __entry->counts[2 + DECIDE_TOO_LITTLE],
		  __entry->counts[2 + DECIDE_TOO_DEAR],
		  __entry->counts[2 + DECIDE_BANNED])
);

DEFINE_EVENT(preswap_lease, preswap_lease_begin,
	TP_PROTO(const struct preswap_lease_info *lease),
	TP_ARGS(lease)
);

DEFINE_EVENT(preswap_lease, preswap_lease_end,
	TP_PROTO(const struct preswap_lease_info *lease),
	TP_ARGS(lease)
);

TRACE_EVENT(preswap_reclaim,
	TP_PROTO(u64 donor, u64 asked, u64 freed, u64 left, int err),
	TP_ARGS(donor, asked, freed, left, err),
	TP_STRUCT__entry(
		__field(u64, donor)
		__field(u64, asked)
		__field(u64, freed)
		__field(u64, left)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->donor = donor;
		__entry->asked = asked;
		__entry->freed = freed;
		__entry->left = left;
		__entry->err = err;
	),
	TP_printk("donor=%llu asked=%llu freed=%llu left=%llu err=%d",
		  __entry->donor, __entry->asked, __entry->freed,
		  __entry->left, __entry->err)
);

TRACE_EVENT(preswap_affinity,
	TP_PROTO(int pid, unsigned int cpus, int err),
	TP_ARGS(pid, cpus, err),
	TP_STRUCT__entry(
		__field(int, pid)
		__field(unsigned int, cpus)
		__field(int, err)
	),
	TP_fast_assign(
		__entry->pid = pid;
		__entry->cpus = cpus;
		__entry->err = err;
	),
	TP_printk("pid=%d cpus=%u err=%d", __entry->pid, __entry->cpus,
		  __entry->err)
);

TRACE_EVENT(preswap_share,
	TP_PROTO(u32 lease, u64 app, u8 kind, const char *text, int err),
	TP_ARGS(lease, app, kind, text, err),
	TP_STRUCT__entry(
		__field(u64, app)
		__field(u32, lease)
		__field(int, err)
		__field(u8, kind)
		__array(char, text, PRESWAP_TRACE_TEXT)
	),
	TP_fast_assign(
		__entry->app = app;
		__entry->lease = lease;
		__entry->err = err;
		__entry->kind = kind;
		/* of a longer buffer */
		memcpy(__entry->text, text, PRESWAP_TRACE_TEXT - 1);
		__entry->text[PRESWAP_TRACE_TEXT - 1] = '\0';
	),
	TP_printk("lease=%u app=%llu file=%s wrote=\"%s\" err=%d",
		  __entry->lease, __entry->app,
		  preswap_trace_kind(__entry->kind), __entry->text,
		  __entry->err)
);

#endif /* PRESWAP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE trace
#include <trace/define_trace.h>
