// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "plan/whatif.h"

/* kmod/reclaim.c stops this far above a floor. */
#define FLOOR_MARGIN_BYTES	(4ULL << 20)

/*
 * A bar that comes from the policy; others are of the moment, and stay. A policy that
 * forbids hides in a recording that there is no means, which of the network is so of all.
 */
static uint32_t bar_of(const struct preswap_policy *policy, uint32_t resource,
		       uint32_t was)
{
	if (resource == DECIDE_NET)
		return was;
	if (!(policy->gives & 1U << resource))
		return DECIDE_FORBIDDEN;
	if (policy->needs_approval)
		return DECIDE_UNAPPROVED;
	return was == DECIDE_FORBIDDEN || was == DECIDE_UNAPPROVED ?
	       DECIDE_NOT_BARRED : was;
}

/*
 * Of what was expected below a reserve that was kept then, nothing is recorded: a smaller
 * one here is looked at as if that was nothing.
 */
static void apply_reserve(const struct preswap_policy *policy,
			  struct decide_use *use)
{
	if (use->source == DECIDE_FROM_RESERVE) {
		use->source = DECIDE_FROM_NOTHING;
		use->q50 = 0;
		use->q95 = 0;
	}
	decide_reserve(use, (uint64_t)policy->reserve_mem_mib << 20);
}

static void apply_policy(const struct preswap_policy *policy,
			 const struct decide_snapshot *saw, uint32_t index,
			 struct decide_app *app)
{
	app->priority = policy->priority;
	app->sensitivity = policy->sensitivity;
	app->eligible = policy->swap_eligible;
	app->never_gets = ~policy->receives & PRESWAP_GIVES_ALL;
	app->groups = policy->groups;
	app->never_to = policy->never_to;
	app->use[DECIDE_CPU].floor = policy->floor_cpu_milli;
	app->use[DECIDE_MEMORY].floor = policy->floor_mem_bytes +
					FLOOR_MARGIN_BYTES;
	apply_reserve(policy, &app->use[DECIDE_MEMORY]);
	app->use[DECIDE_IO].floor = policy->floor_io_bytes;
	app->use[DECIDE_NET].floor = policy->floor_net_bytes;
	for (uint32_t r = 0; r < DECIDE_RESOURCES; r++) {
		app->use[r].bar = bar_of(policy, r, app->use[r].bar);
		decide_by_hand(&app->use[r], snapshot_by_hand(saw, index, r));
	}
}

void whatif_apply(const struct whatif *whatif, struct snapshot *snapshot)
{
	struct decide_snapshot *saw = &snapshot->saw;
	const struct preswap_policy *policy;

	for (uint32_t r = 0; r < DECIDE_RESOURCES; r++)
		if (whatif->threshold_pct[r] >= 0)
			saw->threshold_pct[r] = whatif->threshold_pct[r];
	if (whatif->correlation_pct >= 0)
		saw->correlation_pct = whatif->correlation_pct;
	if (whatif->min_priority >= 0)
		saw->min_priority = whatif->min_priority;
	for (uint32_t i = 0; whatif->policy && i < saw->nr_apps; i++) {
		if (!snapshot->paths[i])
			continue;
		policy = whatif->policy(whatif->data, snapshot->paths[i]);
		if (policy)
			apply_policy(policy, saw, i, &snapshot->apps[i]);
	}
}

static bool was_there(const struct whatif_sum *sum,
		      const struct whatif_lease *lease)
{
	for (uint32_t i = 0; i < sum->nr_last; i++)
		if (sum->last[i].donor == lease->donor &&
		    sum->last[i].receiver == lease->receiver &&
		    sum->last[i].resource == lease->resource)
			return true;
	return false;
}

static void add_time(struct whatif_sum *sum, uint64_t time_ns)
{
	uint64_t passed_ns = time_ns - sum->last_ns;

	if (sum->last_ns && time_ns > sum->last_ns &&
	    passed_ns <= WHATIF_GAP_NS)
		for (uint32_t r = 0; r < DECIDE_RESOURCES; r++)
			sum->taken_s[r] += sum->last_taken[r] * passed_ns / 1e9;
	sum->last_ns = time_ns;
	memset(sum->last_taken, 0, sizeof(sum->last_taken));
}

int whatif_add(struct whatif_sum *sum, const struct snapshot *snapshot,
	       const struct decide_result *answer)
{
	struct whatif_lease *now = calloc(answer->nr_proposals + 1UL,
					  sizeof(*now));

	if (!now)
		return -ENOMEM;
	add_time(sum, snapshot->time_ns);
	for (uint32_t i = 0; i < answer->nr_proposals; i++) {
		const struct decide_proposal *p = &answer->proposals[i];

		now[i] = (struct whatif_lease){
			.donor = snapshot->apps[p->donor].id,
			.receiver = snapshot->apps[p->receiver].id,
			.resource = p->resource,
		};
		sum->begun += !was_there(sum, &now[i]);
		sum->last_taken[p->resource] += p->amount;
	}
	free(sum->last);
	sum->last = now;
	sum->nr_last = answer->nr_proposals;
	sum->decisions++;
	sum->with_leases += answer->nr_proposals > 0;
	sum->with_shortages += answer->nr_shortages > 0;
	return 0;
}

void whatif_free(struct whatif_sum *sum)
{
	free(sum->last);
	*sum = (struct whatif_sum){};
}
