/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What another policy would have decided on recorded snapshots.
 *
 * Each snapshot is decided on as it was recorded: use and leases in force are those
 * of the policy that was, and what another one would have done to them is not
 * simulated. So it tells what would have been decided at each of these moments.
 */
#ifndef PLAN_WHATIF_H
#define PLAN_WHATIF_H

#include <preswap/preswap.h>

#include "plan/replay.h"

/*
 * @policy: of an app by its path, or NULL to leave it as it was; @data is its.
 *	May be NULL itself.
 * @threshold_pct, @correlation_pct, @min_priority: below 0 as they were.
 */
struct whatif {
	const struct preswap_policy *(*policy)(const void *data,
					       const char *path);
	const void *data;
	int threshold_pct[DECIDE_RESOURCES];
	int correlation_pct;
	int min_priority;
};

/* Changes what @snapshot saw. Floors get the module's margin for memory. */
void whatif_apply(const struct whatif *whatif, struct snapshot *snapshot);

/* A silence longer than this is no time in which a decision held. */
#define WHATIF_GAP_NS	5000000000ULL

/* Who gives what to whom. */
struct whatif_lease {
	uint64_t donor, receiver;
	uint32_t resource;
};

/*
 * What a number of decisions come to; begins as {}.
 *
 * @with_leases, @with_shortages: of the @decisions, those that proposed some,
 *	and those that left somebody short.
 * @begun: leases that the decision before did not propose.
 * @taken_s: what was proposed, times the seconds until the next decision: byte
 *	seconds, milli-CPU seconds, and of I/O and network bytes.
 */
struct whatif_sum {
	unsigned long decisions, with_leases, with_shortages, begun;
	double taken_s[DECIDE_RESOURCES];
	/* its own: of the last decision */
	struct whatif_lease *last;
	uint32_t nr_last;
	uint64_t last_ns;
	double last_taken[DECIDE_RESOURCES];
};

/* The next decision, @answer on @snapshot. 0 or -ENOMEM. */
int whatif_add(struct whatif_sum *sum, const struct snapshot *snapshot,
	       const struct decide_result *answer);
void whatif_free(struct whatif_sum *sum);

#endif /* PLAN_WHATIF_H */
