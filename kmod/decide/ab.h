/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A/B: which slices of time, or which apps, are served and which are only decided
 * for. By a seeded hash: nobody chooses, the module and who reads its
 * results agree without a word, and the same seed gives the same assignment.
 */
#ifndef PRESWAP_DECIDE_AB_H
#define PRESWAP_DECIDE_AB_H

#include <linux/types.h>
#ifndef __KERNEL__
#include <stdbool.h>
#endif

/* Numbers of the knob ab_unit. */
enum decide_ab_unit {
	DECIDE_AB_OFF,
	DECIDE_AB_TIME,		/* slices of CLOCK_BOOTTIME */
	DECIDE_AB_APP,		/* receivers, by cgroup id */
};

/* Mixes all bits of 64 (the finalizer of splitmix64, by Stafford). */
static inline __u64 decide_ab_mix(__u64 x)
{
	x ^= x >> 30;
	x *= 0xbf58476d1ce4e5b9ULL;
	x ^= x >> 27;
	x *= 0x94d049bb133111ebULL;
	return x ^ x >> 31;
}

/**
 * decide_ab_control() - is this one of the control group?
 * @seed: of the experiment
 * @which: number of the slice, or id of the app
 * @control_pct: share of the control group
 */
static inline bool decide_ab_control(__u32 seed, __u64 which,
				     __u32 control_pct)
{
	__u64 hash = decide_ab_mix(decide_ab_mix(which) + seed *
				   0x9e3779b97f4a7c15ULL);

	return (hash >> 32) * 100 >> 32 < control_pct;
}

#endif /* PRESWAP_DECIDE_AB_H */
