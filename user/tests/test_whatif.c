// SPDX-License-Identifier: GPL-2.0-or-later
/* What another policy would have decided, on a node with numbers to check. */
#include <stdint.h>
#include <string.h>

#include "../../selftests/ktap.h"
#include "plan/whatif.h"

#define MIB	(1024ULL * 1024)
#define SECOND	1000000000ULL

static struct decide_app apps[2];
static char *paths[2] = { "/batch", "/service" };
static struct snapshot snapshot;

/* decide.c's example: the batch app gives 200 MiB of 900 to the service. */
static void begin(void)
{
	memset(apps, 0, sizeof(apps));
	apps[0] = (struct decide_app){
		.id = 100, .priority = 1, .sensitivity = DECIDE_BATCH,
		.eligible = 1, .parent = DECIDE_NONE,
	};
	apps[1] = (struct decide_app){
		.id = 101, .priority = 9, .sensitivity = DECIDE_LATENCY,
		.parent = DECIDE_NONE,
	};
	apps[0].use[DECIDE_MEMORY].used = 900 * MIB;
	apps[0].use[DECIDE_MEMORY].base = 900 * MIB;
	apps[1].use[DECIDE_MEMORY] = (struct decide_use){
		.used = 50 * MIB, .base = 50 * MIB, .q50 = 250 * MIB,
		.q95 = 250 * MIB, .source = DECIDE_FROM_FORECAST,
	};
	snapshot = (struct snapshot){
		.saw = {
			.capacity = { 4000, 1000 * MIB },
			.used = { 0, 950 * MIB },
			.threshold_pct = { 80, 80 },
			.min_priority = 1,
			.nr_apps = 2,
			.apps = apps,
		},
		.apps = apps,
		.paths = paths,
		.answered = { .proposals_max = 8, .shortages_max = 8 },
	};
}

static const struct preswap_policy *policy_of(const void *data,
					      const char *path)
{
	return strcmp(path, "/batch") ? NULL : data;
}

static uint64_t proposed(void)
{
	struct decide_result answer;
	uint64_t sum = 0;
	uint32_t i;

	ktap_assert(!replay_decide(&snapshot.saw, &snapshot.answered, &answer),
		    "no memory");
	for (i = 0; i < answer.nr_proposals; i++)
		sum += answer.proposals[i].amount;
	replay_free(&answer);
	return sum;
}

static const struct preswap_policy *service_policy_of(const void *data,
						      const char *path)
{
	return strcmp(path, "/service") ? NULL : data;
}

static void test_reserve(void)
{
	struct preswap_policy policy = {
		.priority = 9, .sensitivity = PRESWAP_SENSITIVITY_LATENCY,
		.gives = PRESWAP_GIVES_ALL, .receives = PRESWAP_GIVES_ALL,
	};
	struct whatif whatif = {
		.policy = service_policy_of, .data = &policy,
		.threshold_pct = { -1, -1, -1, -1 }, .correlation_pct = -1,
		.min_priority = -1,
	};
	/* the first two with the forecast of 200, the others recorded with a reserve */
	static const uint32_t tries[][2] = {
		{ 100, 200 }, { 300, 300 }, { 120, 120 }, { 0, 0 }, { 40, 40 },
	};

	begin();
	for (size_t i = 0; i < sizeof(tries) / sizeof(tries[0]); i++) {
		policy.reserve_mem_mib = tries[i][0];
		whatif_apply(&whatif, &snapshot);
		ktap_assert(proposed() == tries[i][1] * MIB, "%u: %llu MiB",
			    tries[i][0],
			    (unsigned long long)proposed() / MIB);
	}
	apps[1].use[DECIDE_MEMORY].in_ms = 5000;
	apps[1].use[DECIDE_MEMORY].unused_permille = 800;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(!apps[1].use[DECIDE_MEMORY].in_ms &&
		    !apps[1].use[DECIDE_MEMORY].unused_permille,
		    "a reserve is always at hand, and never unused");
}

static void test_apply(void)
{
	struct preswap_policy policy = {
		.priority = 2, .sensitivity = PRESWAP_SENSITIVITY_BATCH,
		.swap_eligible = 1, .floor_mem_bytes = 800 * MIB,
		.gives = PRESWAP_GIVES_ALL, .receives = PRESWAP_GIVES_ALL,
	};
	struct whatif whatif = {
		.policy = policy_of, .data = &policy,
		.threshold_pct = { -1, -1, -1, -1 }, .correlation_pct = -1,
		.min_priority = -1,
	};

	begin();
	ktap_assert(proposed() == 200 * MIB, "as recorded");
	whatif_apply(&whatif, &snapshot);
	/* 900 less the floor less the margin of 4 */
	ktap_assert(proposed() == 96 * MIB, "%llu MiB",
		    (unsigned long long)proposed() / MIB);
	ktap_assert(apps[1].priority == 9, "another app's policy changed");
	/* 40 of the 100 are taken by hand */
	snapshot.saw.leases = &(struct decide_lease){
		0, DECIDE_NONE, DECIDE_MEMORY, 40 * MIB, 40 * MIB
	};
	snapshot.saw.nr_leases = 1;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(proposed() == 56 * MIB, "%llu MiB",
		    (unsigned long long)proposed() / MIB);
	snapshot.saw.nr_leases = 0;
	policy.receives = 0;
	policy.groups = 1;
	policy.never_to = 2;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(proposed() == 96 * MIB &&
		    apps[0].never_gets == PRESWAP_GIVES_ALL, "it only gives");
	apps[1].groups = 2;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(!proposed(), "given to a banned group");
	policy.never_to = 1;
	policy.receives = PRESWAP_GIVES_ALL;
	policy.gives = 1 << PRESWAP_RESOURCE_CPU;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(!proposed(), "given though excluded");
	policy.gives = PRESWAP_GIVES_ALL;
	policy.needs_approval = 1;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(!proposed(), "given though not approved");
	policy.needs_approval = 0;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(proposed() == 96 * MIB, "still barred");
	apps[0].use[DECIDE_MEMORY].bar = DECIDE_BACKS_OFF;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(!proposed(), "a policy does not end a back-off");

	/* 60 of 100 MiB/s used, of which 50 are the batch app's; 30 more needed */
	begin();
	policy.gives = PRESWAP_GIVES_ALL;
	policy.floor_mem_bytes = 896 * MIB;
	snapshot.saw.capacity[DECIDE_IO] = 100 * MIB;
	snapshot.saw.used[DECIDE_IO] = 60 * MIB;
	apps[0].use[DECIDE_IO].used = 50 * MIB;
	apps[0].use[DECIDE_IO].base = 50 * MIB;
	apps[1].use[DECIDE_IO] = (struct decide_use){
		.q50 = 30 * MIB, .q95 = 30 * MIB,
		.source = DECIDE_FROM_FORECAST,
	};
	whatif_apply(&whatif, &snapshot);
	ktap_assert(!proposed(), "without a threshold");
	whatif.threshold_pct[DECIDE_IO] = 80;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(proposed() == 10 * MIB, "%llu MiB",
		    (unsigned long long)proposed() / MIB);
	policy.floor_io_bytes = 45 * MIB;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(proposed() == 5 * MIB, "%llu MiB",
		    (unsigned long long)proposed() / MIB);
	whatif.threshold_pct[DECIDE_IO] = -1;

	/* the same of network, if something could take it */
	begin();
	snapshot.saw.capacity[DECIDE_NET] = 100 * MIB;
	snapshot.saw.used[DECIDE_NET] = 60 * MIB;
	apps[0].use[DECIDE_NET].used = 50 * MIB;
	apps[0].use[DECIDE_NET].base = 50 * MIB;
	apps[0].use[DECIDE_NET].bar = DECIDE_NO_MEANS;
	apps[1].use[DECIDE_NET] = apps[1].use[DECIDE_IO];
	apps[1].use[DECIDE_NET].q50 = 30 * MIB;
	apps[1].use[DECIDE_NET].q95 = 30 * MIB;
	apps[1].use[DECIDE_NET].source = DECIDE_FROM_FORECAST;
	whatif.threshold_pct[DECIDE_NET] = 80;
	policy.floor_net_bytes = 45 * MIB;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(!proposed(), "a policy is no means");
	/* recorded of an app that no policy let give: it hid that there is none */
	apps[0].use[DECIDE_NET].bar = DECIDE_FORBIDDEN;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(!proposed(), "a policy is no means, whatever was before it");
	apps[0].use[DECIDE_NET].bar = DECIDE_NOT_BARRED;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(proposed() == 5 * MIB, "%llu MiB",
		    (unsigned long long)proposed() / MIB);
	whatif.threshold_pct[DECIDE_NET] = -1;

	/* 950 used and 200 more are 150 above 100 % */
	begin();
	whatif.policy = NULL;
	whatif.threshold_pct[DECIDE_MEMORY] = 100;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(proposed() == 150 * MIB, "%llu MiB",
		    (unsigned long long)proposed() / MIB);
	whatif.min_priority = 9;
	whatif_apply(&whatif, &snapshot);
	ktap_assert(!proposed(), "given to the least priority");
}

static void decided(struct whatif_sum *sum, uint64_t time_ns, bool gives)
{
	struct decide_proposal p = {
		.donor = 0, .receiver = 1, .resource = DECIDE_MEMORY,
		.amount = 10 * MIB,
	};
	struct decide_result answer = {
		.proposals = &p, .nr_proposals = gives,
		.nr_shortages = !gives,
	};

	snapshot.time_ns = time_ns;
	ktap_assert(!whatif_add(sum, &snapshot, &answer), "no memory");
}

static void test_sum(void)
{
	struct whatif_sum sum = {};

	begin();
	decided(&sum, 10 * SECOND, true);
	decided(&sum, 11 * SECOND, true);	/* the same lease */
	decided(&sum, 13 * SECOND, false);
	decided(&sum, 14 * SECOND, true);	/* begun again */
	decided(&sum, 30 * SECOND, true);	/* a gap: nobody knows */
	decided(&sum, 31 * SECOND, true);
	ktap_assert(sum.decisions == 6 && sum.with_leases == 5 &&
		    sum.with_shortages == 1, "%lu, %lu, %lu", sum.decisions,
		    sum.with_leases, sum.with_shortages);
	ktap_assert(sum.begun == 2, "%lu begun", sum.begun);
	/* 10 MiB from 10 to 13 and from 30 to 31 s */
	ktap_assert(sum.taken_s[DECIDE_MEMORY] == 40.0 * MIB, "%f",
		    sum.taken_s[DECIDE_MEMORY]);
	whatif_free(&sum);
	ktap_assert(!sum.last && !sum.decisions, "not empty");
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-60 another policy and its limits", test_apply },
		{ "R-60 another reserve", test_reserve },
		{ "R-60 what decisions come to", test_sum },
		{}
	});
}
