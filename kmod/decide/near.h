/* SPDX-License-Identifier: GPL-2.0-only */
/* The cores of the node, and how many of them are near each other. */
#ifndef PRESWAP_DECIDE_NEAR_H
#define PRESWAP_DECIDE_NEAR_H

#include "number.h"

#define DECIDE_CORES_MAX	(1ULL << 20)

/* The milli-CPU of a core. */
static inline __u64 decide_core_milli(const struct decide_snapshot *s)
{
	__u64 milli = decide_smaller(s->core_milli, DECIDE_CORE_MILLI_MAX);

	return milli ? milli : DECIDE_MILLI_PER_CPU;
}

/* What there is of CPU, in milli-CPU. */
static inline __u64 decide_cpu_capacity(const struct decide_snapshot *s)
{
	return decide_smaller(s->capacity[DECIDE_CPU],
			      DECIDE_CORES_MAX * DECIDE_MILLI_PER_CPU);
}

/*
 * Of the @cores of the node, those that share a cache or a NUMA node (@level) with the
 * first that donors leave, less the @taken of them that one leaves already. On average:
 * of 12 cores in two caches, 6 share one.
 */
static inline __u64 decide_near(const struct decide_snapshot *s, __u32 level,
				__u64 cores, __u64 taken)
{
	cores /= decide_larger(s->topology[level], 1);
	return decide_less(decide_larger(cores, 1), taken);
}

#endif /* PRESWAP_DECIDE_NEAR_H */
