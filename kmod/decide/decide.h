/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * decide - who gives what to whom, as a pure function over a snapshot.
 *
 * Integers only, no allocation, no locks, no calls out: the same source runs
 * in the module, in the userspace tests and in the fuzzers, and the same
 * snapshot gives the same decision everywhere.
 *
 * Units: CPU in milli-CPU, memory in bytes, I/O and network in bytes per second.
 * Values above DECIDE_MAX are treated as DECIDE_MAX, so that no sum of
 * DECIDE_APPS_MAX values overflows.
 */
#ifndef PRESWAP_DECIDE_H
#define PRESWAP_DECIDE_H

#include <linux/types.h>
#ifdef __KERNEL__
#include <linux/stddef.h>
#else
#include <stdbool.h>
#include <stddef.h>
#endif

#define DECIDE_MAX		(1ULL << 44)	/* 16 TiB, 10^10 cores */
#define DECIDE_APPS_MAX		(1U << 17)
#define DECIDE_NONE		0xffffffffU
#define DECIDE_MILLI_PER_CPU	1000ULL
#define DECIDE_CORE_MILLI_MAX	64000U
#define DECIDE_ZRAM_MAX		750U

/*
 * The smallest shortage worth a lease. Of all but CPU it is 1/128 of the capacity if
 * that is more.
 */
#define DECIDE_STEP_CPU		250ULL
#define DECIDE_STEP_MEMORY	(8ULL << 20)
#define DECIDE_STEP_IO		(1ULL << 20)
#define DECIDE_STEP_NET		(128ULL << 10)
#define DECIDE_STEP_SHIFT	7

/* A donor that uses less CPU than this is left alone. */
#define DECIDE_CPU_DONOR_MILLI	50ULL

enum decide_resource {
	DECIDE_CPU,
	DECIDE_MEMORY,
	DECIDE_IO,
	DECIDE_NET,
	DECIDE_RESOURCES
};

enum decide_sensitivity {
	DECIDE_LATENCY,
	DECIDE_NORMAL,
	DECIDE_BATCH
};

/* What CPUs are counted in, from the smallest on. */
enum decide_level {
	DECIDE_CPUS,
	DECIDE_CORES,		/* with at least one thread */
	DECIDE_LLCS,		/* last-level caches */
	DECIDE_NODES,		/* of NUMA, with CPUs */
	DECIDE_LEVELS
};

/* Where a demand comes from. */
enum decide_source {
	DECIDE_FROM_NOTHING,
	DECIDE_FROM_FORECAST,
	DECIDE_FROM_TREND,
	DECIDE_FROM_RESERVE	/* its policy's */
};

/* Why nothing can be taken from an app, whoever wants it. */
enum decide_bar {
	DECIDE_NOT_BARRED,
	DECIDE_NO_MEANS,	/* no such controller, or no file of it */
	DECIDE_HOLDS_NESTED,	/* what it holds is nested apps' */
	DECIDE_BACKS_OFF,	/* it suffered, or gave nothing: left alone */
	DECIDE_FORBIDDEN,	/* its policy excludes this kind */
	DECIDE_UNAPPROVED,	/* its policy asks for an approval */
};

/*
 * One app's view of one resource. @q50 and @q95 are of the greatest demand
 * within the lead time.
 */
struct decide_use {
	__u64 used;	/* now */
	__u64 base;	/* when its first lease as receiver began; else used */
	__u64 q50;	/* 0: unknown */
	__u64 q95;
	__u64 floor;	/* never leave it less than this; what is taken from it by
			 * hand is in it */
	__u64 had;	/* when its first lease as donor began; else used */
	__u64 given;	/* what leases in force took from it (effect so far) */
	__u32 source;	/* enum decide_source */
	__u32 in_ms;	/* how far off the rise to q95 is; 0: at hand */
	__u32 bar;	/* enum decide_bar */
	__u32 regret_permille;	/* what taking from it has cost beyond its weight
				 * lately: 1000 is once more */
	__u32 unused_permille;	/* of what was freed for it lately, the part
				 * that it had no use for */
	__u32 moves;	/* tasks that giving would move; CPU only */
	__u32 zram_permille;	/* of what is taken, the part that stays on the
				 * node: zram keeps it, compressed. Above
				 * DECIDE_ZRAM_MAX nothing is taken */
	__u64 anon;	/* of @used, what can go nowhere but to swap */
};

/*
 * What a person takes from an app is not there for the decision to take as well: it
 * keeps as much more.
 */
static inline void decide_by_hand(struct decide_use *use, __u64 amount)
{
	use->floor += amount;
}

/* Its policy keeps @reserve free for it at all times, beyond what it has; 0: none. */
static inline void decide_reserve(struct decide_use *use, __u64 reserve)
{
	if (!reserve || use->base + reserve <= use->q50)
		return;
	use->source = DECIDE_FROM_RESERVE;
	use->q50 = use->base + reserve;
	if (use->q95 < use->q50)
		use->q95 = use->q50;
	use->in_ms = 0;
	use->unused_permille = 0;	/* that is what it is for */
}

struct decide_app {
	__u64 id;		/* breaks ties, so that order never matters */
	__u32 priority;		/* 1..10; 0: no policy, neither gives nor gets */
	__u32 sensitivity;	/* enum decide_sensitivity */
	__u32 eligible;		/* may give */
	__u32 parent;		/* index of the app it is nested in, or NONE */
	__u32 never_gets;	/* bits 1 << enum decide_resource */
	__u32 groups;		/* it is in, by bits */
	__u32 never_to;		/* groups: it gives to none that is in one of them */
	struct decide_use use[DECIDE_RESOURCES];
};

struct decide_lease {
	__u32 donor;		/* index into apps */
	__u32 receiver;		/* index into apps, or DECIDE_NONE: manual */
	__u32 resource;		/* enum decide_resource */
	__u64 amount;
	__u64 gain;		/* what it is expected to free */
};

struct decide_snapshot {
	__u64 capacity[DECIDE_RESOURCES];
	__u64 used[DECIDE_RESOURCES];
	__u64 rate[DECIDE_RESOURCES];	/* freed in a second; 0: at once */
	__u64 noise[DECIDE_RESOURCES];	/* by which the sum of needs less what there
					 * is swings, either way, at most */
	__u32 threshold_pct[DECIDE_RESOURCES];	/* 1..100 */
	__u32 core_milli;	/* CPU is given in multiples of this: 1000 for
				 * each thread of a core; 0: 1000 */
	__u32 topology[DECIDE_LEVELS];	/* how many of each are online; 0: not
					 * known, as 1 */
	__u32 correlation_pct;	/* 0: apps vary independently, 100: together */
	__u32 min_priority;	/* a receiver's priority must exceed this */
	__u32 swap_slow_permille;	/* by how much dearer it is to have a page
				 * in swap than to read it from its file */
	__u64 swap_free;	/* bytes that may yet be filled */
	__u32 nr_apps;
	__u32 nr_leases;
	const struct decide_app *apps;
	const struct decide_lease *leases;	/* in force */
};

/*
 * A lease that should be in force now. The caller begins it, or lets the one
 * that exists for the same donor, receiver and resource run on. A lease of
 * the engine that is in force and not proposed has lost its reason.
 */
struct decide_proposal {
	__u32 donor;
	__u32 receiver;
	__u32 resource;
	__u32 source;		/* enum decide_source */
	__u64 amount;		/* for CPU whole cores */
	__u64 gain;		/* expected to become free on the node */
	__u64 benefit;		/* both in KiB, milli-CPU or KiB/s x weight, see */
	__u64 cost;		/* decide.c */
};

enum decide_verdict {
	DECIDE_GIVES,
	DECIDE_NOT_LOWER,	/* its priority is not below the receiver's */
	DECIDE_BARRED,		/* see its bar */
	DECIDE_NESTED,		/* contains the receiver, or lies in it */
	DECIDE_AT_FLOOR,	/* what is above its floor is used up or too little */
	DECIDE_TOO_LITTLE,	/* what is still missing is no lease worth */
	DECIDE_TOO_DEAR,	/* the benefit does not exceed its cost enough */
	DECIDE_FULL,		/* no room for another proposal */
	DECIDE_BANNED,		/* its policy bans a group that the receiver is in */
	DECIDE_VERDICTS
};

/*
 * Why somebody is to receive: what it needs, what there is for that, and what was
 * thought of those who could give. In donors, DECIDE_BARRED and _AT_FLOOR are all
 * that may give and have nothing for anybody, and those of the other verdicts were
 * looked at for this receiver; those that need not be are not counted.
 * Shortage = what the median exceeds the base by + spread + carried - room.
 */
struct decide_why {
	__u64 median;		/* demand within the lead time */
	__u64 spread;		/* what is counted on top of the median */
	__u64 carried;		/* for others, whose shortage is too small */
	__u64 base;		/* what it had before its leases */
	__u64 room;		/* headroom left for it, 0 when none */
	__u64 shortage;
	__u32 chance_permille;	/* of needing more than the room */
	__u32 threshold_pct;
	__u32 donors[DECIDE_VERDICTS];
};

/* Does proposal @i begin what is for another receiver, or of another resource? */
static inline bool decide_new_why(const struct decide_proposal *proposals,
				  __u32 i)
{
	return !i || proposals[i].receiver != proposals[i - 1].receiver ||
	       proposals[i].resource != proposals[i - 1].resource;
}

/* A need that no donor could cover. */
struct decide_shortage {
	__u32 receiver;
	__u32 resource;
	__u64 missing;
};

/* An app that will be short, and how that follows. */
struct decide_need {
	__u32 receiver;
	__u32 resource;
	__u32 source;		/* enum decide_source */
	__u32 chance_permille;	/* of needing more than the room */
	__u32 wait_ms;		/* served this much later; 0: now */
	__u64 median;		/* demand within the lead time */
	__u64 spread;		/* what is counted on top of the median */
	__u64 carried;		/* for others, whose shortage is too small */
	__u64 kept;		/* beyond its shortage, which noise may bring back */
	__u64 base;		/* what it had before its leases */
	__u64 room;		/* headroom left for it, 0 when none */
	__u64 shortage;
	__u64 risk;		/* expected shortage x weight, as benefits */
};

/*
 * What was thought of a donor for a receiver. There is one for each donor that
 * was considered, in that order: those that come after the shortage is covered
 * are not.
 */
struct decide_reason {
	__u32 receiver;
	__u32 donor;
	__u32 resource;
	__u32 verdict;		/* enum decide_verdict */
	__u64 amount;		/* as in the proposal; 0 unless it was worked out */
	__u64 benefit;		/* both 0 unless the verdict is one of */
	__u64 cost;		/* DECIDE_GIVES, _TOO_DEAR and _FULL */
};

/* What the node is in for within the lead time, leases left out. */
struct decide_outlook {
	__u64 rise;		/* sum of the medians of all that rise */
	__u64 spread;		/* from there to the 95 % quantile of the sum */
	__u64 room;		/* below the threshold, before the rise */
	__u64 over;		/* above the threshold already */
	__u32 chance_permille;	/* of passing the threshold */
};

struct decide_entry {
	__u64 key;
	__u32 index;
	__u32 skip;	/* 0; of a pivot the one before (order.h), and of a donor in
			 * order that is spent who may be next */
};

struct decide_result {
	/* set by the caller */
	struct decide_proposal *proposals;
	__u32 proposals_max;
	struct decide_shortage *shortages;
	__u32 shortages_max;
	struct decide_entry *entries;	/* scratch, 2 x nr_apps */
	__u64 *taken;			/* scratch, nr_apps */
	__u64 *held;			/* scratch, nr_apps */
	struct decide_why *whys;	/* proposals_max, may be NULL: there is one
					 * where decide_new_why() says so */
	/* set by the caller, may be NULL with max 0: how it came about */
	struct decide_need *needs;
	__u32 needs_max;
	struct decide_reason *reasons;
	__u32 reasons_max;
	/* set by decide() */
	__u32 nr_proposals;
	__u32 nr_shortages;
	__u32 nr_receivers;	/* apps that are short, waiting ones included */
	__u32 nr_waiting;	/* of these, apps whose turn is later */
	__u32 nr_refused;	/* donors looked at and refused; those that have
				 * nothing more for anybody are not looked at */
	__u32 nr_needs;		/* as many as there was room for */
	__u32 nr_reasons;	/* likewise */
	__u64 need[DECIDE_RESOURCES];	/* sum of shortages before giving */
	struct decide_outlook outlook[DECIDE_RESOURCES];
};

/**
 * decide() - propose the leases that should be in force
 * @snapshot: what is known now; not changed
 * @result: where the answer goes; its scratch space is overwritten
 *
 * Never proposes to take from an app that is not eligible, has no lower
 * priority than the receiver, contains or is contained in the receiver, may not
 * give to a group that the receiver is in, or would be left below its floor, and
 * never for an app that may not get it. Does nothing on a snapshot that makes no
 * sense (more than DECIDE_APPS_MAX apps, thresholds of 0 or above 100).
 *
 * Once there is no room for a shortage, and none for a proposal or nobody who
 * gives, the receivers that are left are not looked at, and not counted.
 *
 * Each resource has an equal part of the room for proposals and for shortages.
 *
 * Room for needs and reasons changes nothing of the rest of the answer. Reasons
 * can be as many as receivers times donors for each resource: who wants them
 * replays a recorded snapshot, and the module gives no room.
 */
void decide(const struct decide_snapshot *snapshot,
	    struct decide_result *result);

/**
 * decide_may_give() - what speaks against taking from @donor for @receiver
 * @snapshot: with these two at least
 * @resource: enum decide_resource
 * @donor: index into apps, of one that is eligible
 * @receiver: likewise, of one that may receive
 *
 * Return: DECIDE_GIVES, or what decide() has against it before any amount is worked
 * out: priorities, bars, bans, nesting.
 */
enum decide_verdict decide_may_give(const struct decide_snapshot *snapshot,
				    __u32 resource, __u32 donor,
				    __u32 receiver);

#endif /* PRESWAP_DECIDE_H */
