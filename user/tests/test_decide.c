// SPDX-License-Identifier: GPL-2.0-or-later
/* The decision: examples with numbers, and properties on random snapshots. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/decide/decide.h"
#include "../../selftests/ktap.h"
#include "draw.h"

#define promise(kept, ...)	ktap_assert(kept, __VA_ARGS__)
#include "promises.h"

#define MIB		DRAW_MIB
#define MB		(1000ULL << 10)	/* a hundredth of it is whole */
#define APPS		DRAW_APPS
#define LEASES		DRAW_LEASES
#define PROPOSALS	128
#define REASONS		(DECIDE_RESOURCES * APPS * APPS)

static struct decide_app apps[APPS];
static struct decide_lease leases[LEASES];
static struct decide_proposal proposals[PROPOSALS];
static struct decide_shortage shortages[PROPOSALS];
static struct decide_why whys[PROPOSALS];
static struct decide_need needs[DECIDE_RESOURCES * APPS];
static struct decide_reason reasons[REASONS];
static struct decide_entry entries[2 * APPS];
static __u64 taken[APPS], held[APPS];
static struct decide_snapshot snapshot;
static struct decide_result result;

static void run_with(uint32_t proposals_max, uint32_t needs_max,
		     uint32_t reasons_max)
{
	result = (struct decide_result){
		.proposals = proposals,
		.proposals_max = proposals_max,
		.whys = whys,
		.shortages = shortages,
		.shortages_max = PROPOSALS,
		.entries = entries,
		.taken = taken,
		.held = held,
		.needs = needs_max ? needs : NULL,
		.needs_max = needs_max,
		.reasons = reasons_max ? reasons : NULL,
		.reasons_max = reasons_max,
	};
	decide(&snapshot, &result);
}

static void run(void)
{
	run_with(PROPOSALS, 0, 0);
}

static void explain(void)
{
	run_with(PROPOSALS, DECIDE_RESOURCES * APPS, REASONS);
}

/* 4 cores, 1000 MiB, 100 MiB/s, 10 MB/s, thresholds of 80 %, no apps. */
static void node(void)
{
	memset(apps, 0, sizeof(apps));
	memset(leases, 0, sizeof(leases));
	snapshot = (struct decide_snapshot){
		.capacity = { 4000, 1000 * MIB, 100 * MIB, 10 * MB },
		.threshold_pct = { 80, 80, 80, 80 },
		.min_priority = 1,
		.apps = apps,
		.leases = leases,
	};
}

/* What it uses, and the node with it. */
static void use(struct decide_app *app, int resource, uint64_t used)
{
	snapshot.used[resource] += used - app->use[resource].used;
	app->use[resource].used = used;
	app->use[resource].base = used;
}

static struct decide_app *add(unsigned int priority, unsigned int sensitivity,
			      bool eligible, uint64_t cpu, uint64_t memory)
{
	struct decide_app *app = &apps[snapshot.nr_apps];

	*app = (struct decide_app){
		.id = 100 + snapshot.nr_apps++,
		.priority = priority,
		.sensitivity = sensitivity,
		.eligible = eligible,
		.parent = DECIDE_NONE,
	};
	use(app, DECIDE_CPU, cpu);
	use(app, DECIDE_MEMORY, memory);
	return app;
}

static void expect(struct decide_app *app, int resource, uint64_t q50,
		   uint64_t q95)
{
	app->use[resource].q50 = q50;
	app->use[resource].q95 = q95;
	app->use[resource].source = DECIDE_FROM_FORECAST;
}

static uint64_t given_by(const struct decide_app *app, uint32_t resource)
{
	return promised_sum(&result, donor, (uint32_t)(app - apps), resource,
			    amount);
}

/* The example above decide.c: batch 900 MiB, a service 50 that will be 250. */
static void test_example(void)
{
	struct decide_app *batch, *service;

	node();
	batch = add(1, DECIDE_BATCH, true, 0, 900 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 50 * MIB);
	expect(service, DECIDE_MEMORY, 250 * MIB, 250 * MIB);
	run();
	ktap_assert(result.nr_proposals == 1, "%u", result.nr_proposals);
	ktap_assert(given_by(batch, DECIDE_MEMORY) == 200 * MIB, "%llu",
		    (unsigned long long)given_by(batch, DECIDE_MEMORY));
	ktap_assert(proposals[0].benefit > proposals[0].cost, "not worth it");

	/* carried out: the same lease is proposed again, burst or not */
	snapshot.nr_leases = 1;
	leases[0] = (struct decide_lease){ 0, 1, DECIDE_MEMORY, 200 * MIB,
					   200 * MIB };
	batch->use[DECIDE_MEMORY].used = 700 * MIB;
	batch->use[DECIDE_MEMORY].had = 900 * MIB;
	batch->use[DECIDE_MEMORY].given = 200 * MIB;
	snapshot.used[DECIDE_MEMORY] = 750 * MIB;
	run();
	ktap_assert(given_by(batch, DECIDE_MEMORY) == 200 * MIB, "after act");
	service->use[DECIDE_MEMORY].used = 250 * MIB;
	snapshot.used[DECIDE_MEMORY] = 950 * MIB;
	run();
	ktap_assert(given_by(batch, DECIDE_MEMORY) == 200 * MIB, "in burst");

	/* passed: nothing is proposed */
	service->use[DECIDE_MEMORY].used = 50 * MIB;
	expect(service, DECIDE_MEMORY, 50 * MIB, 50 * MIB);
	snapshot.used[DECIDE_MEMORY] = 750 * MIB;
	run();
	ktap_assert(result.nr_proposals == 0, "after the burst");
}

/*
 * zram keeps 40 % of what goes to it: 200 MiB are freed by taking 333. That is what the
 * lease costs, and what it frees is all that counts as freed.
 */
static void test_kept(void)
{
	struct decide_app *batch, *other, *service;
	uint64_t cost;
	uint32_t kept;

	node();
	batch = add(1, DECIDE_BATCH, true, 0, 900 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 50 * MIB);
	expect(service, DECIDE_MEMORY, 250 * MIB, 250 * MIB);
	run();
	cost = proposals[0].cost;
	batch->use[DECIDE_MEMORY].zram_permille = 400;
	run();
	ktap_assert(result.nr_proposals == 1 && !result.nr_shortages, "%u, %u",
		    result.nr_proposals, result.nr_shortages);
	ktap_assert(proposals[0].amount / 1024 == 200 * 1024 * 1000 / 600 &&
		    proposals[0].gain / 1024 == 200 * 1024, "%llu for %llu KiB",
		    (unsigned long long)proposals[0].amount / 1024,
		    (unsigned long long)proposals[0].gain / 1024);
	ktap_assert(proposals[0].cost / 100 == cost * 10 / 6 / 100,
		    "cost %llu, without zram %llu",
		    (unsigned long long)proposals[0].cost,
		    (unsigned long long)cost);

	/* carried out: used is 333 - 133 MiB less, and the same lease goes on */
	snapshot.nr_leases = 1;
	leases[0] = (struct decide_lease){ 0, 1, DECIDE_MEMORY,
					   proposals[0].amount,
					   proposals[0].gain };
	batch->use[DECIDE_MEMORY].had = 900 * MIB;
	batch->use[DECIDE_MEMORY].given = proposals[0].amount;
	batch->use[DECIDE_MEMORY].used -= proposals[0].amount;
	snapshot.used[DECIDE_MEMORY] = 750 * MIB;
	run();
	ktap_assert(proposals[0].amount == leases[0].amount &&
		    !result.nr_shortages, "another lease, of %llu KiB",
		    (unsigned long long)proposals[0].amount / 1024);

	/* by any part that is kept: enough, and not a byte too much */
	for (kept = 0; kept < 700; kept++) {
		node();
		batch = add(1, DECIDE_BATCH, true, 0, 900 * MIB);
		service = add(9, DECIDE_LATENCY, false, 0, 50 * MIB);
		expect(service, DECIDE_MEMORY, 250 * MIB + kept * kept,
		       250 * MIB + kept * kept);
		batch->use[DECIDE_MEMORY].zram_permille = kept;
		run();
		ktap_assert(result.nr_proposals == 1 && !result.nr_shortages &&
			    proposals[0].gain >= 200 * MIB + kept * kept &&
			    (proposals[0].amount - 1) * (1000 - kept) / 1000 <
			    200 * MIB + kept * kept,
			    "%u: %llu bytes are taken, %llu freed", kept,
			    (unsigned long long)proposals[0].amount,
			    (unsigned long long)proposals[0].gain);
	}

	/* of equals, the one whose memory is freed as a whole gives */
	node();
	batch = add(1, DECIDE_BATCH, true, 0, 500 * MIB);
	other = add(1, DECIDE_BATCH, true, 0, 400 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 50 * MIB);
	expect(service, DECIDE_MEMORY, 250 * MIB, 250 * MIB);
	batch->use[DECIDE_MEMORY].zram_permille = 100;
	run();
	ktap_assert(given_by(batch, DECIDE_MEMORY) == 0 &&
		    given_by(other, DECIDE_MEMORY) == 200 * MIB, "the dearer");

	/* nothing is taken where nothing would be freed */
	batch->use[DECIDE_MEMORY].zram_permille = 1000;
	other->use[DECIDE_MEMORY].zram_permille = 1000;
	run();
	ktap_assert(!result.nr_proposals && result.nr_shortages == 1 &&
		    shortages[0].missing == 200 * MIB, "taken in vain");
}

/* Swap of 120 MiB: who gives first fills it, files need none of it. */
static void test_swap(void)
{
	struct decide_app *first, *second, *service;

	node();
	first = add(1, DECIDE_BATCH, true, 0, 300 * MIB);
	second = add(2, DECIDE_BATCH, true, 0, 600 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 50 * MIB);
	expect(service, DECIDE_MEMORY, 450 * MIB, 450 * MIB);
	snapshot.swap_free = 120 * MIB;
	first->use[DECIDE_MEMORY].anon = 300 * MIB;
	second->use[DECIDE_MEMORY].anon = 500 * MIB;
	run();
	ktap_assert(given_by(first, DECIDE_MEMORY) == 120 * MIB, "%llu MiB",
		    (unsigned long long)(given_by(first, DECIDE_MEMORY) / MIB));
	ktap_assert(given_by(second, DECIDE_MEMORY) == 100 * MIB, "%llu MiB",
		    (unsigned long long)(given_by(second, DECIDE_MEMORY) / MIB));
	ktap_assert(result.nr_shortages == 1 &&
		    shortages[0].missing == 180 * MIB, "%llu MiB are missing",
		    (unsigned long long)(shortages[0].missing / MIB));

	/* what is there already needs no more of it */
	first->use[DECIDE_MEMORY].had = 300 * MIB;
	first->use[DECIDE_MEMORY].given = 120 * MIB;
	first->use[DECIDE_MEMORY].used = 180 * MIB;
	first->use[DECIDE_MEMORY].anon = 180 * MIB;
	snapshot.used[DECIDE_MEMORY] -= 120 * MIB;
	snapshot.swap_free = 0;
	run();
	ktap_assert(given_by(first, DECIDE_MEMORY) == 120 * MIB &&
		    given_by(second, DECIDE_MEMORY) == 100 * MIB,
		    "%llu and %llu MiB",
		    (unsigned long long)(given_by(first, DECIDE_MEMORY) / MIB),
		    (unsigned long long)(given_by(second, DECIDE_MEMORY) / MIB));
}

/* On a disk: who holds files gives before who holds none, both of one priority. */
static void test_slow_swap(void)
{
	struct decide_app *anon, *files, *service;

	node();
	anon = add(2, DECIDE_BATCH, true, 0, 500 * MIB);
	files = add(2, DECIDE_BATCH, true, 0, 400 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 50 * MIB);
	expect(service, DECIDE_MEMORY, 250 * MIB, 250 * MIB);
	snapshot.swap_free = 1000 * MIB;
	anon->use[DECIDE_MEMORY].anon = 500 * MIB;
	files->use[DECIDE_MEMORY].anon = 100 * MIB;
	run();
	ktap_assert(given_by(anon, DECIDE_MEMORY) == 200 * MIB,
		    "fast: the larger one gives");
	snapshot.swap_slow_permille = 2000;
	run();
	ktap_assert(given_by(files, DECIDE_MEMORY) == 200 * MIB,
		    "slow: the one with files gives");
	/* 200 MiB x 4 x (1 + 2 x a quarter) */
	ktap_assert(proposals[0].cost == 200 * 1024 * 4 * 3 / 2, "cost %llu",
		    (unsigned long long)proposals[0].cost);
}

static void test_headroom(void)
{
	struct decide_app *service;

	node();
	add(1, DECIDE_BATCH, true, 0, 500 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 50 * MIB);
	expect(service, DECIDE_MEMORY, 250 * MIB, 250 * MIB);
	run();		/* 550 + 200 < 800 */
	ktap_assert(result.nr_proposals == 0, "below the threshold");
	snapshot.used[DECIDE_MEMORY] = 700 * MIB;
	run();		/* 700 + 200 = 900: 100 too much */
	ktap_assert(result.need[DECIDE_MEMORY] == 100 * MIB, "need %llu",
		    (unsigned long long)result.need[DECIDE_MEMORY]);
}

static void test_order_and_floor(void)
{
	struct decide_app *low, *mid, *never, *service;

	node();
	mid = add(3, DECIDE_NORMAL, true, 0, 300 * MIB);
	never = add(1, DECIDE_BATCH, false, 0, 300 * MIB);
	low = add(1, DECIDE_BATCH, true, 0, 150 * MIB);
	low->use[DECIDE_MEMORY].floor = 100 * MIB;
	service = add(9, DECIDE_LATENCY, false, 0, 50 * MIB);
	expect(service, DECIDE_MEMORY, 250 * MIB, 250 * MIB);
	run();
	ktap_assert(given_by(low, DECIDE_MEMORY) == 50 * MIB, "low");
	ktap_assert(given_by(mid, DECIDE_MEMORY) == 150 * MIB, "mid");
	ktap_assert(given_by(never, DECIDE_MEMORY) == 0, "not eligible");
	mid->use[DECIDE_MEMORY].floor = 250 * MIB;
	run();
	ktap_assert(result.nr_shortages == 1, "no shortage told");
	ktap_assert(shortages[0].missing == 100 * MIB, "missing %llu",
		    (unsigned long long)shortages[0].missing);
}

/*
 * What an app never gets is no need, and what it will use comes first of the
 * headroom, as it is with an app without priority; another resource is as before.
 */
static void test_never_gets(void)
{
	struct decide_app *batch, *service, *other;

	node();
	batch = add(1, DECIDE_BATCH, true, 2000, 600 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 100 * MIB);
	service->never_gets = 1U << DECIDE_MEMORY;
	expect(service, DECIDE_MEMORY, 300 * MIB, 300 * MIB);
	run();
	ktap_assert(!result.nr_proposals && !result.nr_receivers, "it gets");
	/* 100 of headroom, 200 of them used up before */
	other = add(5, DECIDE_LATENCY, false, 0, 0);
	expect(other, DECIDE_MEMORY, 50 * MIB, 50 * MIB);
	run();
	ktap_assert(given_by(batch, DECIDE_MEMORY) == 50 * MIB, "%llu MiB",
		    (unsigned long long)given_by(batch, DECIDE_MEMORY) / MIB);
	service->never_gets = 1U << DECIDE_CPU;
	run();
	ktap_assert(given_by(batch, DECIDE_MEMORY) == 150 * MIB, "%llu MiB",
		    (unsigned long long)given_by(batch, DECIDE_MEMORY) / MIB);
}

/* The next gives instead, to others the donor still does. */
static void test_never_to(void)
{
	struct decide_app *first, *second, *service;

	node();
	first = add(1, DECIDE_BATCH, true, 0, 500 * MIB);
	second = add(2, DECIDE_BATCH, true, 0, 300 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 0);
	expect(service, DECIDE_MEMORY, 100 * MIB, 100 * MIB);
	first->never_to = 1U << 31 | 1;
	service->groups = 6;
	run();
	ktap_assert(given_by(first, DECIDE_MEMORY) == 100 * MIB, "another group");
	service->groups = 1U << 31;
	run();
	ktap_assert(!given_by(first, DECIDE_MEMORY) &&
		    given_by(second, DECIDE_MEMORY) == 100 * MIB, "the next");
	second->never_to = 1U << 31;
	run();
	ktap_assert(!result.nr_proposals && result.nr_shortages == 1 &&
		    shortages[0].missing == 100 * MIB, "nobody");
}

static void test_priority_first(void)
{
	struct decide_app *batch, *first, *second;

	node();
	batch = add(1, DECIDE_BATCH, true, 0, 200 * MIB);
	second = add(5, DECIDE_LATENCY, false, 0, 300 * MIB);
	first = add(8, DECIDE_LATENCY, false, 0, 300 * MIB);
	expect(first, DECIDE_MEMORY, 450 * MIB, 450 * MIB);
	expect(second, DECIDE_MEMORY, 500 * MIB, 500 * MIB);
	run();
	ktap_assert(given_by(batch, DECIDE_MEMORY) == 200 * MIB, "all of it");
	ktap_assert(proposals[0].receiver == 2 &&
		    proposals[0].amount == 150 * MIB, "first in need first");
	ktap_assert(shortages[0].receiver == 1, "the second goes without");
}

/* Donors that leave the same cores share the others, and have their floors there. */
static void test_shared_floors(void)
{
	struct decide_app *one, *two;

	node();
	one = add(1, DECIDE_BATCH, true, 1800, 0);
	two = add(1, DECIDE_BATCH, true, 1800, 0);
	expect(add(9, DECIDE_LATENCY, false, 300, 0), DECIDE_CPU, 3000, 3000);
	run();
	ktap_assert(given_by(one, DECIDE_CPU) == 3000 &&
		    given_by(two, DECIDE_CPU) == 3000, "without floors");
	one->use[DECIDE_CPU].floor = 1000;
	two->use[DECIDE_CPU].floor = 1000;
	run();
	ktap_assert(given_by(one, DECIDE_CPU) == 3000 &&
		    given_by(two, DECIDE_CPU) == 2000, "%llu, %llu",
		    (unsigned long long)given_by(one, DECIDE_CPU),
		    (unsigned long long)given_by(two, DECIDE_CPU));
}

/* As the module says what is in force by hand. */
static void take_by_hand(uint32_t donor, uint32_t resource, uint64_t amount)
{
	leases[snapshot.nr_leases++] = (struct decide_lease){
		donor, DECIDE_NONE, resource, amount, amount
	};
	decide_by_hand(&apps[donor].use[resource], amount);
}

/* What a person has taken from a donor is as much less above its floor. */
static void test_by_hand(void)
{
	struct decide_app *low, *mid;

	node();
	low = add(1, DECIDE_BATCH, true, 3000, 600 * MIB);
	mid = add(2, DECIDE_BATCH, true, 900, 300 * MIB);
	expect(add(9, DECIDE_LATENCY, false, 100, 0), DECIDE_CPU, 900, 900);
	low->use[DECIDE_CPU].floor = 3000;
	run();
	ktap_assert(given_by(low, DECIDE_CPU) == 1000, "alone: %llu",
		    (unsigned long long)given_by(low, DECIDE_CPU));
	take_by_hand(0, DECIDE_CPU, 1000);
	run();
	ktap_assert(!given_by(low, DECIDE_CPU) &&
		    given_by(mid, DECIDE_CPU) == 3000, "%llu, %llu",
		    (unsigned long long)given_by(low, DECIDE_CPU),
		    (unsigned long long)given_by(mid, DECIDE_CPU));

	/* 300 MiB above the floor, 100 and 120 of them by hand */
	expect(&apps[2], DECIDE_MEMORY, 200 * MIB, 200 * MIB);
	low->use[DECIDE_MEMORY].floor = 300 * MIB;
	take_by_hand(0, DECIDE_MEMORY, 100 * MIB);
	take_by_hand(0, DECIDE_MEMORY, 120 * MIB);
	run();
	ktap_assert(given_by(low, DECIDE_MEMORY) == 80 * MIB &&
		    given_by(mid, DECIDE_MEMORY) == 120 * MIB, "%llu, %llu",
		    (unsigned long long)given_by(low, DECIDE_MEMORY),
		    (unsigned long long)given_by(mid, DECIDE_MEMORY));
}

/* Of 16 cores the first donor uses 8 and so half of each. */
static void test_cores_in_order(void)
{
	struct decide_app *low, *mid;
	int i;

	for (i = 0; i < 2; i++) {
		node();
		snapshot.capacity[DECIDE_CPU] = 16000;
		low = add(1, DECIDE_BATCH, true, 8000, 0);
		mid = add(5, DECIDE_NORMAL, i == 0, 6000, 0);
		expect(add(9, DECIDE_LATENCY, false, 2000, 0), DECIDE_CPU,
		       3000, 3000);
		run();
		/* 1000 are missing: 2 cores' part of 8000 */
		ktap_assert(given_by(low, DECIDE_CPU) == 2000 &&
			    !given_by(mid, DECIDE_CPU) &&
			    !result.nr_shortages, "%llu, %llu",
			    (unsigned long long)given_by(low, DECIDE_CPU),
			    (unsigned long long)given_by(mid, DECIDE_CPU));
	}
	/* all that it may, and only then the next, which shares what is left */
	low->use[DECIDE_CPU].floor = 15000;
	mid->eligible = true;
	run();
	ktap_assert(given_by(low, DECIDE_CPU) == 1000 &&
		    given_by(mid, DECIDE_CPU) == 1000, "%llu, %llu",
		    (unsigned long long)given_by(low, DECIDE_CPU),
		    (unsigned long long)given_by(mid, DECIDE_CPU));
	mid->use[DECIDE_CPU].floor = 1000;
	run();
	ktap_assert(given_by(low, DECIDE_CPU) == 1000 &&
		    !given_by(mid, DECIDE_CPU), "no core for both floors: %llu, %llu",
		    (unsigned long long)given_by(low, DECIDE_CPU),
		    (unsigned long long)given_by(mid, DECIDE_CPU));
}

static void test_cores(void)
{
	struct decide_app *batch, *service;

	node();
	batch = add(1, DECIDE_BATCH, true, 3900, 0);
	service = add(9, DECIDE_LATENCY, false, 100, 0);
	expect(service, DECIDE_CPU, 1500, 1500);
	run();
	ktap_assert(given_by(batch, DECIDE_CPU) == 2000, "%llu",
		    (unsigned long long)given_by(batch, DECIDE_CPU));
	batch->use[DECIDE_CPU].floor = 2500;	/* keeps 3 cores of 4 */
	run();
	ktap_assert(given_by(batch, DECIDE_CPU) == 1000, "floor");
	batch->use[DECIDE_CPU].floor = 0;
	snapshot.capacity[DECIDE_CPU] = 1000;	/* one core: never the last */
	run();
	ktap_assert(given_by(batch, DECIDE_CPU) == 0, "the last core");
}

/* Eight CPUs, two to a core: nobody has half of one for himself. */
static void test_threads(void)
{
	struct decide_app *batch, *service;

	node();
	snapshot.capacity[DECIDE_CPU] = 8000;
	snapshot.core_milli = 2000;
	batch = add(1, DECIDE_BATCH, true, 7000, 0);
	service = add(9, DECIDE_LATENCY, false, 100, 0);
	expect(service, DECIDE_CPU, 500, 500);
	run();
	ktap_assert(given_by(batch, DECIDE_CPU) == 2000, "%llu",
		    (unsigned long long)given_by(batch, DECIDE_CPU));
	expect(service, DECIDE_CPU, 2900, 2900);
	run();
	ktap_assert(given_by(batch, DECIDE_CPU) == 4000, "%llu",
		    (unsigned long long)given_by(batch, DECIDE_CPU));
	batch->use[DECIDE_CPU].floor = 4100;	/* keeps 3 cores of 4 */
	run();
	ktap_assert(given_by(batch, DECIDE_CPU) == 2000, "floor: %llu",
		    (unsigned long long)given_by(batch, DECIDE_CPU));
	batch->use[DECIDE_CPU].floor = 0;
	snapshot.capacity[DECIDE_CPU] = 2000;
	run();
	ktap_assert(given_by(batch, DECIDE_CPU) == 0, "the last core");
	snapshot.core_milli = UINT32_MAX;	/* absurd: no core is so large */
	run();
	ktap_assert(!result.nr_proposals, "part of a core");
}

/*
 * Eight cores, of which the donor uses 7000 and the receiver wants 5250: that are 6, and
 * 2 of these are not among the 4 of one node and its cache.
 */
static void far_node(uint32_t llcs, uint32_t nodes, uint32_t donor_priority,
		     uint32_t priority, uint32_t sensitivity)
{
	node();
	snapshot.capacity[DECIDE_CPU] = 8000;
	snapshot.topology[DECIDE_CPUS] = 8;
	snapshot.topology[DECIDE_CORES] = 8;
	snapshot.topology[DECIDE_LLCS] = llcs;
	snapshot.topology[DECIDE_NODES] = nodes;
	add(donor_priority, donor_priority > 1 ? DECIDE_NORMAL : DECIDE_BATCH,
	    true, 7000, 0);
	expect(add(priority, sensitivity, false, 100, 0), DECIDE_CPU, 5350,
	       5350);
}

/* What is left beyond one cache, one node or both costs more. */
static void test_far_cost(void)
{
	static const struct {
		uint32_t llcs, nodes, cost;
	} cases[] = {
		{ 0, 0, 5250 }, { 1, 1, 5250 },
		{ 2, 1, 3500 + 1855 },	/* 1.06 of a third */
		{ 1, 2, 3500 + 2100 },	/* 1.2 of a third */
		{ 2, 2, 3500 + 2205 },	/* the example above decide.c */
		{ 4, 2, 1750 + 1855 + 2205 },	/* 2 cores to a cache */
		{ 2, 4, 1750 + 2100 + 2205 },	/* a cache of two nodes */
		{ 8, 8, 875 + 5512 },
		{ 100, UINT32_MAX, 875 + 5512 },	/* a core in each at least */
	};
	uint32_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		far_node(cases[i].llcs, cases[i].nodes, 1, 9, DECIDE_LATENCY);
		run();
		ktap_assert(result.nr_proposals == 1 &&
			    proposals[0].amount == 6000 &&
			    proposals[0].gain == 5250 &&
			    proposals[0].benefit == 5250 * 324 &&
			    proposals[0].cost == cases[i].cost,
			    "%u: %llu cores for %llu", i,
			    (unsigned long long)proposals[0].amount,
			    (unsigned long long)proposals[0].cost);
	}
}

/*
 * Where weights are near, 49 against 32, 4/5 of the benefit of cores beyond a cache
 * exceed their cost, 39.2 against 33.9, and beyond a node they do not: 40.3.
 */
static void test_stays_near(void)
{
	static const struct {
		uint32_t llcs, nodes, cores;
	} cases[] = {
		{ 0, 0, 6 }, { 1, 1, 6 }, { 2, 1, 6 }, { 2, 2, 4 }, { 1, 2, 6 },
		{ 4, 4, 2 }, { 4, 2, 4 },
	};
	uint32_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		far_node(cases[i].llcs, cases[i].nodes, 4, 7, DECIDE_BATCH);
		run();
		ktap_assert(result.nr_proposals == 1 &&
			    proposals[0].amount == 1000 * cases[i].cores &&
			    proposals[0].gain == 875 * cases[i].cores, "%u: %llu",
			    i, (unsigned long long)proposals[0].amount);
		/* what the near ones do not free is told */
		ktap_assert(result.nr_shortages == (cases[i].cores < 6) &&
			    (!result.nr_shortages || shortages[0].missing ==
			     5250 - 875 * cases[i].cores), "%u: missing", i);
	}
	/* a lease that is no longer than its node does not grow out of it */
	far_node(2, 2, 4, 7, DECIDE_BATCH);
	snapshot.nr_leases = 1;
	leases[0] = (struct decide_lease){ 0, 1, DECIDE_CPU, 4000, 3500 };
	run();
	ktap_assert(given_by(&apps[0], DECIDE_CPU) == 4000, "grown: %llu",
		    (unsigned long long)given_by(&apps[0], DECIDE_CPU));
	/* and one that is has 5/4: 61 */
	leases[0] = (struct decide_lease){ 0, 1, DECIDE_CPU, 6000, 5250 };
	run();
	ktap_assert(given_by(&apps[0], DECIDE_CPU) == 6000, "cut: %llu",
		    (unsigned long long)given_by(&apps[0], DECIDE_CPU));
	/* regret of 3/5 more: 53.8 or 59.5, and then 62.6 and 68.3 of the far ones */
	apps[0].use[DECIDE_CPU].regret_permille = 600;
	run();
	ktap_assert(given_by(&apps[0], DECIDE_CPU) == 6000, "cut: %llu",
		    (unsigned long long)given_by(&apps[0], DECIDE_CPU));
	apps[0].use[DECIDE_CPU].regret_permille = 750;
	run();
	ktap_assert(given_by(&apps[0], DECIDE_CPU) == 4000, "not cut: %llu",
		    (unsigned long long)given_by(&apps[0], DECIDE_CPU));
}

/* What is left for the first receiver comes first: the second has the far cores. */
static void test_far_second(void)
{
	far_node(2, 2, 1, 9, DECIDE_LATENCY);
	expect(&apps[1], DECIDE_CPU, 2725, 2725);	/* 2625: 3 cores */
	expect(add(8, DECIDE_LATENCY, false, 0, 0), DECIDE_CPU, 2625, 2625);
	run();
	ktap_assert(result.nr_proposals == 2, "%u", result.nr_proposals);
	ktap_assert(proposals[0].amount == 3000 && proposals[0].cost == 2625,
		    "the first: %llu", (unsigned long long)proposals[0].cost);
	/* 2 of 3 are beyond */
	ktap_assert(proposals[1].amount == 3000 &&
		    proposals[1].cost == 875 + 2205,
		    "the second: %llu", (unsigned long long)proposals[1].cost);
}

/* A backup of 60 MiB/s, a report of 30, a service of 5 that will need 35. */
static void test_io(void)
{
	struct decide_app *backup, *report, *service;

	node();
	report = add(3, DECIDE_BATCH, true, 0, 0);
	backup = add(1, DECIDE_BATCH, true, 0, 0);
	service = add(9, DECIDE_LATENCY, false, 0, 0);
	use(report, DECIDE_IO, 30 * MIB);
	use(backup, DECIDE_IO, 60 * MIB);
	use(service, DECIDE_IO, 5 * MIB);
	expect(service, DECIDE_IO, 35 * MIB, 35 * MIB);
	run();		/* 95 of 80 */
	ktap_assert(result.nr_proposals == 1, "%u", result.nr_proposals);
	ktap_assert(given_by(backup, DECIDE_IO) == 30 * MIB, "%llu",
		    (unsigned long long)given_by(backup, DECIDE_IO));
	ktap_assert(proposals[0].gain == 30 * MIB &&
		    proposals[0].benefit == 30 * 1024 * 324 &&
		    proposals[0].cost == 30 * 1024, "%llu for %llu",
		    (unsigned long long)proposals[0].benefit,
		    (unsigned long long)proposals[0].cost);
	backup->use[DECIDE_IO].floor = 40 * MIB;
	report->use[DECIDE_IO].floor = 22 * MIB;
	run();
	ktap_assert(given_by(backup, DECIDE_IO) == 20 * MIB, "to its floor");
	ktap_assert(given_by(report, DECIDE_IO) == 8 * MIB, "the next one");
	ktap_assert(result.nr_shortages == 1 &&
		    shortages[0].resource == DECIDE_IO &&
		    shortages[0].missing == 2 * MIB, "missing %llu",
		    (unsigned long long)shortages[0].missing);
}

/*
 * A sender of 6 MB/s, a web server of 1 that will need 3. Nothing takes network
 * from apps yet: then the shortage is told, with why.
 */
static void test_net(void)
{
	enum { STEP = 128 << 10 };
	struct decide_app *sender, *web;

	node();
	sender = add(1, DECIDE_BATCH, true, 0, 0);
	web = add(9, DECIDE_LATENCY, false, 0, 0);
	use(sender, DECIDE_NET, 6 * MB);
	use(web, DECIDE_NET, MB);
	expect(web, DECIDE_NET, 3 * MB, 3 * MB);
	run();		/* 9 of 8 */
	ktap_assert(result.nr_proposals == 1 && !result.nr_shortages &&
		    given_by(sender, DECIDE_NET) == MB, "%llu",
		    (unsigned long long)given_by(sender, DECIDE_NET));
	sender->use[DECIDE_NET].bar = DECIDE_NO_MEANS;
	explain();
	ktap_assert(!result.nr_proposals && result.nr_shortages == 1 &&
		    shortages[0].resource == DECIDE_NET &&
		    shortages[0].receiver == 1 &&
		    shortages[0].missing == MB, "%u, %u",
		    result.nr_proposals, result.nr_shortages);
	/* 128 KiB/s are worth a lease, where the device does 16 MB/s or less */
	sender->use[DECIDE_NET].bar = DECIDE_NOT_BARRED;
	expect(web, DECIDE_NET, 2 * MB + STEP - 1, 2 * MB + STEP - 1);
	run();
	ktap_assert(!result.nr_proposals, "for less");
	expect(web, DECIDE_NET, 2 * MB + STEP, 2 * MB + STEP);
	run();
	ktap_assert(given_by(sender, DECIDE_NET) == STEP, "%llu",
		    (unsigned long long)given_by(sender, DECIDE_NET));
	snapshot.capacity[DECIDE_NET] = 0;
	run();
	ktap_assert(!result.nr_proposals && !result.nr_shortages,
		    "without a capacity");
}

/* 1 MiB/s, or the 128th part of the device, is worth a lease; less is not. */
static void test_io_threshold(void)
{
	struct decide_app *backup, *service;

	node();
	backup = add(1, DECIDE_BATCH, true, 0, 0);
	service = add(9, DECIDE_LATENCY, false, 0, 0);
	use(backup, DECIDE_IO, 50 * MIB);
	expect(service, DECIDE_IO, 30 * MIB, 30 * MIB);
	run();		/* 50 + 30 = 80 */
	ktap_assert(!result.nr_proposals, "below the threshold");
	expect(service, DECIDE_IO, 31 * MIB - 1, 31 * MIB - 1);
	run();
	ktap_assert(!result.nr_proposals, "less than 1 MiB/s");
	expect(service, DECIDE_IO, 31 * MIB, 31 * MIB);
	run();
	ktap_assert(given_by(backup, DECIDE_IO) == MIB, "%llu",
		    (unsigned long long)given_by(backup, DECIDE_IO));
	snapshot.capacity[DECIDE_IO] = 256 * MIB;
	snapshot.used[DECIDE_IO] = 204 * MIB;
	expect(service, DECIDE_IO, 2 * MIB, 2 * MIB);
	run();		/* 206 of 204.8 */
	ktap_assert(!result.nr_proposals, "less than 256 / 128");
	expect(service, DECIDE_IO, 3 * MIB, 3 * MIB);
	run();
	ktap_assert(result.nr_proposals == 1, "more than that");
	/* nobody said what the device can do */
	snapshot.capacity[DECIDE_IO] = 0;
	run();
	ktap_assert(!result.nr_proposals && !result.nr_receivers,
		    "without a capacity");
}

/* The example above decide.c: 1 core and 600 threads cost a fifth more. */
static void test_moving(void)
{
	static const struct {
		uint32_t moves, price;		/* permille */
	} cases[] = {
		{ 0, 1000 }, { 3, 1000 }, { 6, 1001 }, { 600, 1199 },
		{ 12000, 4996 }, { 13000, 5000 }, { UINT32_MAX, 5000 },
	};
	struct decide_app *many, *few;
	uint32_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		node();
		many = add(2, DECIDE_BATCH, true, 1000, 0);
		few = add(2, DECIDE_BATCH, true, 1000, 0);
		expect(add(9, DECIDE_LATENCY, false, 0, 0), DECIDE_CPU, 250,
		       250);
		snapshot.used[DECIDE_CPU] = 4000;
		many->use[DECIDE_CPU].moves = cases[i].moves;
		few->use[DECIDE_CPU].moves = 4;
		few->use[DECIDE_CPU].bar = DECIDE_FORBIDDEN;
		run();
		ktap_assert(result.nr_proposals == 1 &&
			    proposals[0].gain == 250 &&
			    proposals[0].cost == 250ULL * 4 *
			    cases[i].price / 1000, "%u: %llu", i,
			    (unsigned long long)proposals[0].cost);
		few->use[DECIDE_CPU].bar = DECIDE_NOT_BARRED;
		run();
		ktap_assert(given_by(cases[i].moves > 100 ? few : many,
				     DECIDE_CPU) == 1000, "%u: other", i);
	}
}

static void test_sensitivity(void)
{
	struct decide_app *service;

	node();
	add(1, DECIDE_BATCH, true, 0, 900 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 50 * MIB);
	expect(service, DECIDE_MEMORY, 50 * MIB, 250 * MIB);
	run();
	ktap_assert(result.need[DECIDE_MEMORY] == 200 * MIB, "latency: q95");
	service->sensitivity = DECIDE_NORMAL;
	run();
	ktap_assert(result.need[DECIDE_MEMORY] == 100 * MIB, "normal: between");
	service->sensitivity = DECIDE_BATCH;
	run();
	ktap_assert(result.nr_proposals == 0, "batch: median");
}

static void test_nested(void)
{
	struct decide_app *outer, *service;

	node();
	outer = add(1, DECIDE_BATCH, true, 0, 900 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 50 * MIB);
	service->parent = 0;
	expect(service, DECIDE_MEMORY, 250 * MIB, 250 * MIB);
	run();
	ktap_assert(given_by(outer, DECIDE_MEMORY) == 0,
		    "taken from around the receiver");
}

static void test_hysteresis(void)
{
	struct decide_app *service;

	node();
	add(1, DECIDE_BATCH, true, 0, 900 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 50 * MIB);
	expect(service, DECIDE_MEMORY, 56 * MIB, 56 * MIB);
	run();
	ktap_assert(result.nr_proposals == 0, "6 MiB are not worth a lease");
	snapshot.nr_leases = 1;
	leases[0] = (struct decide_lease){ 0, 1, DECIDE_MEMORY, 8 * MIB,
					   8 * MIB };
	run();
	ktap_assert(result.nr_proposals == 1, "6 MiB keep one alive");
	ktap_assert(proposals[0].amount == 8 * MIB, "a small change is none");
	expect(service, DECIDE_MEMORY, 53 * MIB, 53 * MIB);
	run();
	ktap_assert(result.nr_proposals == 0, "3 MiB do not");

	leases[0].amount = 200 * MIB;
	leases[0].gain = 200 * MIB;
	expect(service, DECIDE_MEMORY, 99 * MIB, 99 * MIB);
	run();
	ktap_assert(result.nr_proposals == 0,
		    "49 MiB keep 200 MiB alive: the burst has passed");
	expect(service, DECIDE_MEMORY, 101 * MIB, 101 * MIB);
	run();
	ktap_assert(result.nr_proposals == 1 &&
		    proposals[0].amount == 51 * MIB,
		    "51 MiB keep it, and no more of it");
}

#define assert_reason(n, d, v, a, b, c) do {				\
	const struct decide_reason *why = &reasons[n];			\
									\
	ktap_assert((n) < result.nr_reasons, "%u reasons",		\
		    result.nr_reasons);					\
	ktap_assert(why->donor == (d), "donor %u", why->donor);		\
	ktap_assert(why->verdict == (v), "verdict %u", why->verdict);	\
	ktap_assert(why->amount == (a), "amount %llu", why->amount);	\
	ktap_assert(why->benefit == (b), "benefit %llu", why->benefit);	\
	ktap_assert(why->cost == (c), "cost %llu", why->cost);		\
} while (0)

/*
 * 900 MiB used of 800: a service of weight 9 x 9 x 4 = 324 needs 200 MiB more,
 * 204800 KiB.
 */
static void test_verdicts(void)
{
	struct decide_app *service;

	node();
	add(1, DECIDE_BATCH, true, 0, 50 * MIB);
	apps[0].use[DECIDE_MEMORY].bar = DECIDE_BACKS_OFF;
	add(1, DECIDE_BATCH, true, 0, 45 * MIB);
	apps[1].parent = 6;
	add(1, DECIDE_BATCH, true, 0, 40 * MIB);
	apps[2].use[DECIDE_MEMORY].floor = 38 * MIB;
	add(2, DECIDE_BATCH, true, 0, 60 * MIB);
	add(3, DECIDE_BATCH, true, 0, 70 * MIB);
	apps[4].never_to = 5;
	add(9, DECIDE_LATENCY, true, 0, 585 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 50 * MIB);
	service->groups = 12;
	expect(service, DECIDE_MEMORY, 250 * MIB, 250 * MIB);
	explain();
	ktap_assert(result.nr_reasons == 6, "%u", result.nr_reasons);
	assert_reason(0, 0, DECIDE_BARRED, 0, 0, 0);
	assert_reason(1, 1, DECIDE_NESTED, 0, 0, 0);
	assert_reason(2, 2, DECIDE_AT_FLOOR, 2 * MIB, 0, 0);
	assert_reason(3, 3, DECIDE_GIVES, 60 * MIB, 60 * 1024 * 324,
		      60 * 1024 * 4);
	assert_reason(4, 4, DECIDE_BANNED, 0, 0, 0);
	assert_reason(5, 5, DECIDE_NOT_LOWER, 0, 0, 0);
	/* the first and the third have nothing for anybody, the last is above */
	ktap_assert(result.nr_refused == 2, "%u", result.nr_refused);

	run_with(0, 0, REASONS);
	assert_reason(3, 3, DECIDE_FULL, 60 * MIB, 60 * 1024 * 324,
		      60 * 1024 * 4);
	/* 6 x 6 x 1 = 36 for what costs 5 x 5 x 4 = 100 */
	service->priority = 6;
	service->sensitivity = DECIDE_BATCH;
	apps[3].priority = 5;
	apps[3].sensitivity = DECIDE_LATENCY;
	explain();
	assert_reason(4, 3, DECIDE_TOO_DEAR, 60 * MIB, 60 * 1024 * 36,
		      60 * 1024 * 100);
}

/* The same in brief, for who gives no room for needs and reasons. */
static void test_why(void)
{
	struct decide_app *service;
	const struct decide_why *why = &whys[0];

	node();
	add(1, DECIDE_BATCH, true, 0, 50 * MIB);
	apps[0].use[DECIDE_MEMORY].bar = DECIDE_BACKS_OFF;
	add(1, DECIDE_BATCH, true, 0, 45 * MIB);
	apps[1].parent = 4;
	add(1, DECIDE_BATCH, true, 0, 40 * MIB);
	apps[2].use[DECIDE_MEMORY].floor = 38 * MIB;
	add(2, DECIDE_BATCH, true, 0, 600 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 15 * MIB);
	expect(service, DECIDE_MEMORY, 215 * MIB, 255 * MIB);
	run();
	ktap_assert(result.nr_proposals == 1 && decide_new_why(proposals, 0),
		    "%u", result.nr_proposals);
	/* 50 of 800 MiB are free: of 240 more than it has, 190 are missing */
	ktap_assert(why->median == 215 * MIB && why->spread == 40 * MIB &&
		    !why->carried && why->base == 15 * MIB &&
		    why->room == 50 * MIB && why->shortage == 190 * MIB,
		    "%llu MiB short", why->shortage / MIB);
	/* 200 MiB more, give or take 40 / 0.9: surely more than 50 */
	ktap_assert(why->chance_permille == 1000 && why->threshold_pct == 80,
		    "%u", why->chance_permille);
	ktap_assert(why->donors[DECIDE_GIVES] == 1 &&
		    why->donors[DECIDE_BARRED] == 1 &&
		    why->donors[DECIDE_NESTED] == 1 &&
		    why->donors[DECIDE_AT_FLOOR] == 1 &&
		    !why->donors[DECIDE_TOO_DEAR] &&
		    !why->donors[DECIDE_TOO_LITTLE], "counts");
	/* 2 x 2 for what costs 1 from the large one, and 9 from the small one */
	service->priority = 2;
	service->sensitivity = DECIDE_BATCH;
	apps[3].priority = 1;
	apps[3].use[DECIDE_MEMORY].floor = 500 * MIB;
	apps[1].parent = DECIDE_NONE;
	apps[1].use[DECIDE_MEMORY].regret_permille = 8000;
	run();
	ktap_assert(result.nr_proposals == 1 && why->shortage == 150 * MIB &&
		    why->donors[DECIDE_GIVES] == 1 &&
		    why->donors[DECIDE_NESTED] == 0 &&
		    why->donors[DECIDE_TOO_DEAR] == 1, "%u, %u too dear",
		    result.nr_proposals, why->donors[DECIDE_TOO_DEAR]);
	result.whys = NULL;
	decide(&snapshot, &result);
	ktap_assert(result.nr_proposals == 1, "nobody wants to know");
}

/* 3900 of 4000 milli-CPU used, 1400 needed: 2 cores of a donor that uses 3800. */
static void test_verdicts_cpu(void)
{
	node();
	add(1, DECIDE_BATCH, true, 3800, 0);
	add(1, DECIDE_BATCH, true, 40, 0);	/* frees nothing */
	expect(add(9, DECIDE_LATENCY, false, 60, 0), DECIDE_CPU, 1460, 1460);
	explain();
	ktap_assert(result.nr_reasons == 1, "%u", result.nr_reasons);
	assert_reason(0, 0, DECIDE_GIVES, 2000, 1400 * 324, 1900);
	apps[0].use[DECIDE_CPU].floor = 4000;
	explain();
	ktap_assert(result.nr_reasons == 2, "%u", result.nr_reasons);
	assert_reason(0, 0, DECIDE_AT_FLOOR, 0, 0, 0);
	assert_reason(1, 1, DECIDE_AT_FLOOR, 3000, 0, 0);
}

/* 700 MiB used of 800: the first gets the headroom, the second none. */
static void test_needs(void)
{
	struct decide_app *first, *second;

	node();
	add(1, DECIDE_BATCH, true, 0, 600 * MIB);
	first = add(9, DECIDE_LATENCY, false, 0, 60 * MIB);
	second = add(5, DECIDE_BATCH, false, 0, 40 * MIB);
	expect(first, DECIDE_MEMORY, 100 * MIB, 220 * MIB);
	expect(second, DECIDE_MEMORY, 140 * MIB, 500 * MIB);
	second->use[DECIDE_MEMORY].source = DECIDE_FROM_TREND;
	explain();
	ktap_assert(result.nr_needs == 2, "%u", result.nr_needs);
	ktap_assert(needs[0].receiver == 1 && needs[1].receiver == 2, "order");
	ktap_assert(needs[0].resource == DECIDE_MEMORY, "resource");
	ktap_assert(needs[0].source == DECIDE_FROM_FORECAST &&
		    needs[1].source == DECIDE_FROM_TREND, "source");
	ktap_assert(needs[0].median == 100 * MIB &&
		    needs[1].median == 140 * MIB, "median");
	ktap_assert(needs[0].spread == 120 * MIB && !needs[1].spread,
		    "spread");
	ktap_assert(needs[0].base == 60 * MIB && needs[1].base == 40 * MIB,
		    "base");
	ktap_assert(needs[0].room == 100 * MIB && !needs[1].room, "room");
	ktap_assert(needs[0].shortage == 60 * MIB &&
		    needs[1].shortage == 100 * MIB, "shortage");
	run_with(PROPOSALS, 1, 0);
	ktap_assert(result.nr_needs == 1, "%u", result.nr_needs);
}

/*
 * Three services, median 0 and spread 100 MiB each, rho 1/2. Sigma is 100,
 * sqrt(40000 / 2 + 20000 / 2) = 173.2, sqrt(90000 / 2 + 30000 / 2) = 244.9.
 */
static void test_spread(void)
{
	uint32_t i;

	node();
	snapshot.capacity[DECIDE_MEMORY] = 9000 * MIB;
	snapshot.correlation_pct = 50;
	add(1, DECIDE_BATCH, true, 0, 900 * MIB);
	for (i = 0; i < 3; i++)
		expect(add(9 - i, DECIDE_LATENCY, false, 0, 50 * MIB),
		       DECIDE_MEMORY, 50 * MIB, 150 * MIB);
	snapshot.used[DECIDE_MEMORY] = 8000 * MIB;
	explain();
	ktap_assert(result.nr_needs == 3, "%u", result.nr_needs);
	ktap_assert(needs[0].spread == 100 * MIB, "%llu", needs[0].spread);
	ktap_assert(needs[1].spread >> 10 == 74962, "%llu KiB",
		    needs[1].spread >> 10);
	ktap_assert(needs[2].spread >> 10 == 73465, "%llu KiB",
		    needs[2].spread >> 10);
	ktap_assert(result.outlook[DECIDE_MEMORY].rise == 0, "rise");
	ktap_assert(result.outlook[DECIDE_MEMORY].spread >> 20 == 244, "%llu",
		    result.outlook[DECIDE_MEMORY].spread >> 20);
	snapshot.correlation_pct = 100;
	explain();
	ktap_assert(needs[2].spread == 100 * MIB, "%llu", needs[2].spread);
	/*
	 * Independent: 41 MiB are too little for a lease (9000 / 128 = 70), so
	 * the last one is served with its 32 and these.
	 */
	snapshot.correlation_pct = 0;
	explain();
	ktap_assert(result.nr_needs == 2 && needs[1].receiver == 3, "%u",
		    result.nr_needs);
	ktap_assert(needs[1].carried >> 10 == 42415, "%llu KiB",
		    needs[1].carried >> 10);
	ktap_assert(needs[1].shortage >> 10 == 74962, "%llu KiB",
		    needs[1].shortage >> 10);
}

/*
 * A need of 0 to 180 MiB more, in the middle 90 of them, 5 % above 171: half
 * width 90 = 81 / 0.9. With room for 45, three quarters of the cases are short,
 * by 45 KiB x 3/4 x 3/4 ... on average.
 */
static void test_risk(void)
{
	struct decide_app *service;

	node();
	add(1, DECIDE_BATCH, true, 0, 600 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 155 * MIB);
	expect(service, DECIDE_MEMORY, 245 * MIB, 326 * MIB);
	explain();
	ktap_assert(needs[0].room == 45 * MIB, "%llu", needs[0].room);
	ktap_assert(needs[0].chance_permille == 750, "%u",
		    needs[0].chance_permille);
	ktap_assert(needs[0].shortage == 126 * MIB, "%llu", needs[0].shortage);
	/* from 45 to 171: the mean of 0.75 and 0.05, times 126 */
	ktap_assert(needs[0].risk == 126 * 1024 * 400 / 1000 * 324ULL, "%llu",
		    needs[0].risk);
	ktap_assert(proposals[0].benefit == needs[0].risk, "%llu",
		    proposals[0].benefit);
	ktap_assert(result.outlook[DECIDE_MEMORY].chance_permille == 750, "%u",
		    result.outlook[DECIDE_MEMORY].chance_permille);
	/* certain, and more than there is room for */
	expect(service, DECIDE_MEMORY, 245 * MIB, 245 * MIB);
	explain();
	ktap_assert(needs[0].chance_permille == 1000, "%u",
		    needs[0].chance_permille);
	ktap_assert(needs[0].risk == 45 * 1024 * 324, "%llu", needs[0].risk);
	/* half of it came to nothing before */
	service->use[DECIDE_MEMORY].unused_permille = 500;
	explain();
	ktap_assert(proposals[0].benefit == 45 * 1024 * 162, "%llu",
		    proposals[0].benefit);
	ktap_assert(needs[0].risk == 45 * 1024 * 324, "%llu", needs[0].risk);
}

/* The example above decide.c: 48 MiB in 8 s at 16 MiB/s. */
static void test_just_in_time(void)
{
	struct decide_app *service;

	node();
	add(1, DECIDE_BATCH, true, 0, 750 * MIB);
	service = add(9, DECIDE_LATENCY, false, 0, 50 * MIB);
	snapshot.rate[DECIDE_MEMORY] = 16 * MIB;
	expect(service, DECIDE_MEMORY, 98 * MIB, 98 * MIB);
	service->use[DECIDE_MEMORY].in_ms = 8000;
	explain();
	ktap_assert(!result.nr_proposals && !result.nr_shortages, "too early");
	ktap_assert(result.nr_receivers == 1 && result.nr_waiting == 1, "%u %u",
		    result.nr_receivers, result.nr_waiting);
	ktap_assert(needs[0].wait_ms == 2250, "%u", needs[0].wait_ms);
	service->use[DECIDE_MEMORY].in_ms = 5750;
	explain();
	ktap_assert(result.nr_proposals == 1 && !result.nr_waiting, "too late");
	/* what has begun does not stop to wait */
	service->use[DECIDE_MEMORY].in_ms = 8000;
	snapshot.nr_leases = 1;
	leases[0] = (struct decide_lease){ 0, 1, DECIDE_MEMORY, 48 * MIB,
					   48 * MIB };
	explain();
	ktap_assert(result.nr_proposals == 1, "stopped to wait");
	/* another one's 80 MiB are freed before: 8 s for both, 10 and 2 more */
	snapshot.nr_leases = 0;
	service->use[DECIDE_MEMORY].in_ms = 12500;
	expect(add(10, DECIDE_LATENCY, false, 0, 0), DECIDE_MEMORY, 80 * MIB,
	       80 * MIB);
	explain();
	ktap_assert(result.nr_waiting == 1 && needs[1].wait_ms == 500, "%u",
		    needs[1].wait_ms);
}

/* 6 x 6 = 36 for what costs 5 x 5 = 25: four fifths of 36 are 28.8. */
static void test_margin(void)
{
	struct decide_app *from, *to;

	node();
	from = add(5, DECIDE_BATCH, true, 0, 850 * MIB);
	to = add(6, DECIDE_BATCH, false, 0, 50 * MIB);
	expect(to, DECIDE_MEMORY, 150 * MIB, 150 * MIB);
	explain();
	ktap_assert(result.nr_proposals == 1, "25 of 28.8");
	from->use[DECIDE_MEMORY].regret_permille = 200;
	explain();
	assert_reason(0, 0, DECIDE_TOO_DEAR, 100 * MIB, 100 * 1024 * 36,
		      100 * 1024 * 30);
	snapshot.nr_leases = 1;
	leases[0] = (struct decide_lease){ 0, 1, DECIDE_MEMORY, 100 * MIB,
					   100 * MIB };
	explain();
	ktap_assert(result.nr_proposals == 1, "30 of 36 does not go on");
	from->use[DECIDE_MEMORY].regret_permille = 500;
	explain();
	ktap_assert(result.nr_proposals == 1, "37.5 of 36 does not, by a margin");
	from->use[DECIDE_MEMORY].regret_permille = 790;
	explain();
	ktap_assert(result.nr_proposals == 1, "44.75 of 36 does not");
	from->use[DECIDE_MEMORY].regret_permille = 800;
	explain();
	ktap_assert(result.nr_proposals == 0, "45 of 36 goes on");
}

/* The larger one would give, had it not stood still for it lately. */
static void test_regret(void)
{
	struct decide_app *sore, *other;

	node();
	sore = add(2, DECIDE_BATCH, true, 0, 500 * MIB);
	other = add(2, DECIDE_BATCH, true, 0, 350 * MIB);
	expect(add(9, DECIDE_LATENCY, false, 0, 50 * MIB), DECIDE_MEMORY,
	       150 * MIB, 150 * MIB);
	run();
	ktap_assert(given_by(sore, DECIDE_MEMORY) == 100 * MIB, "the larger");
	sore->use[DECIDE_MEMORY].regret_permille = 100;
	run();
	ktap_assert(given_by(other, DECIDE_MEMORY) == 100 * MIB, "the cheaper");
	/* priority comes before cost */
	other->priority = 3;
	run();
	ktap_assert(given_by(sore, DECIDE_MEMORY) == 100 * MIB, "the lower");
}

/* An app that cannot receive is not held back: it uses up headroom. */
static void test_others(void)
{
	struct decide_app *other;

	node();
	add(1, DECIDE_BATCH, true, 0, 550 * MIB);
	expect(add(9, DECIDE_LATENCY, false, 0, 50 * MIB), DECIDE_MEMORY,
	       150 * MIB, 150 * MIB);
	other = add(0, DECIDE_NORMAL, false, 0, 100 * MIB);
	run();
	ktap_assert(!result.nr_proposals, "700 and 100 are not above 800");
	expect(other, DECIDE_MEMORY, 160 * MIB, 400 * MIB);
	explain();
	ktap_assert(result.need[DECIDE_MEMORY] == 60 * MIB &&
		    given_by(&apps[0], DECIDE_MEMORY) == 60 * MIB,
		    "need %llu", result.need[DECIDE_MEMORY]);
	ktap_assert(needs[0].room == 40 * MIB, "%llu", needs[0].room);
}

/* --- random snapshots --- */

static void draw_snapshot(void)
{
	node();
	draw_node(&snapshot, apps, leases);
}

#define ROUNDS	1000000

/* Kept of the answer before. */
static struct decide_result was;
static struct decide_proposal proposals_was[PROPOSALS];
static struct decide_shortage shortages_was[PROPOSALS];

static void remember(void)
{
	was = result;
	was.proposals = memcpy(proposals_was, proposals, sizeof(proposals));
	was.shortages = memcpy(shortages_was, shortages, sizeof(shortages));
}

static void test_properties(void)
{
	uint64_t gave = 0;
	int round;

	draw_seed = 0x5eed;
	for (round = 0; round < ROUNDS; round++) {
		draw_snapshot();
		run();
		promises(&snapshot, &result);
		gave += result.nr_proposals;
		remember();
		run();
		promises_same(&was, &result);
	}
	ktap_assert(gave > ROUNDS / 20, "only %llu proposals: nothing tested",
		    (unsigned long long)gave);
}

static void test_not_at_higher_cost(void)
{
	uint64_t served = 0;
	uint32_t least;
	int round;

	draw_seed = 0xcafe;
	for (round = 0; round < ROUNDS; round++) {
		draw_snapshot();
		promise_make_separable(&snapshot, apps);
		run();
		least = 1 + draw(10);
		remember();
		promise_no_needs_below(&snapshot, apps, least);
		run();
		served += promises_above(&snapshot, &was, &result, least);
	}
	ktap_assert(served > ROUNDS / 50, "only %llu served",
		    (unsigned long long)served);
}

static void test_monotone(void)
{
	uint64_t before, after, less[DECIDE_RESOURCES] = {};
	uint32_t i, of;
	int round;

	draw_seed = 0x5caff01d;
	for (round = 0; round < ROUNDS; round++) {
		draw_snapshot();
		i = draw(snapshot.nr_apps);
		of = DECIDE_MEMORY + draw(3);
		if (!promise_make_monotone(&snapshot, apps, i, of))
			continue;
		explain();
		before = promised_lack(&result, i, of);
		apps[i].priority++;
		explain();
		after = promised_lack(&result, i, of);
		promise_monotone(&snapshot, of, before, after);
		less[of] += after < before;
	}
	for (of = DECIDE_MEMORY; of < DECIDE_RESOURCES; of++)
		ktap_assert(less[of] > 500, "only %llu had more of %u",
			    (unsigned long long)less[of], of);
}

/* Of a unit, in 1/1000 of a weight of 1. */
static uint64_t price_of(const struct decide_app *app, uint32_t resource)
{
	return app->priority * app->priority *
	       (1000 + app->use[resource].regret_permille);
}

/*
 * The cheapest of all sets of donors that frees at least what decide() did, where
 * lower priorities give all that they can before higher ones are touched. Cores
 * are given by each donor as decide() would have it, or not at all; of all else
 * the dearest of the set's highest priority gives what is still missing.
 */
static uint64_t cheapest(uint32_t resource, uint64_t freed, uint64_t cores)
{
	uint64_t best = UINT64_MAX;
	uint32_t set, i, j;

	for (set = 1; set < 1U << (snapshot.nr_apps - 1); set++) {
		uint64_t gain = 0, cost = 0, last = 0, last_part = 0;
		bool in_order = true;

		for (i = 0; i + 1 < snapshot.nr_apps; i++) {
			uint64_t weight = price_of(&apps[i], resource);
			const struct decide_use *use = &apps[i].use[resource];
			uint64_t part = use->used + use->given;

			if (!(set & 1U << i)) {
				for (j = 0; j + 1 < snapshot.nr_apps; j++)
					in_order &= !(set & 1U << j) ||
						    apps[j].priority <=
						    apps[i].priority;
				continue;
			}
			if (resource == DECIDE_CPU)
				part = part * cores / 16;
			gain += part;
			cost += part * weight;
			weight += (uint64_t)apps[i].priority << 32;
			last_part = weight > last ? part :
				    weight < last ? last_part :
				    last_part + part;
			last = weight > last ? weight : last;
		}
		if (!in_order || gain < freed)
			continue;
		/* one that is not needed at all makes no cheaper set */
		if (resource != DECIDE_CPU && gain - freed > last_part)
			continue;
		if (resource != DECIDE_CPU)
			cost -= (gain - freed) * (uint32_t)last;
		best = cost < best ? cost : best;
	}
	return best;
}

static void need(struct decide_app *app, uint32_t resource, uint64_t more)
{
	uint64_t sum = app->use[resource].used + more;

	expect(app, resource, sum, sum);
}

/* What was decided is in force, and its donors use that much less. */
static void carry_out(void)
{
	uint32_t i;

	for (i = 0; i < result.nr_proposals; i++) {
		const struct decide_proposal *p = &proposals[i];
		struct decide_use *use = &apps[p->donor].use[p->resource];

		leases[i] = (struct decide_lease){ p->donor, p->receiver,
						   p->resource, p->amount,
						   p->gain };
		use->had = use->used + use->given;
		use->given += p->gain;
		use->used -= p->gain;
		snapshot.used[p->resource] -= p->gain;
	}
	snapshot.nr_leases = result.nr_proposals;
}

/*
 * @leased: another need was met before, up to twice this one or half of it; of those,
 * @held: against the best set that frees as much as is held, not as is needed.
 */
static double cost_over_optimum(uint32_t resource, bool leased, bool held)
{
	static const uint64_t usual_of[DECIDE_RESOURCES] = {
		[DECIDE_CPU] = 4000,
		[DECIDE_MEMORY] = 300 * MIB,
		[DECIDE_IO] = 30 * MIB,
		[DECIDE_NET] = 3 * MIB,
	};
	uint64_t usual = usual_of[resource], freed, cost;
	double sum = 0;
	uint32_t i, cases = 0;
	int round;

	for (round = 0; round < 20000; round++) {
		struct decide_app *service;
		bool uneven = false;

		node();
		snapshot.capacity[DECIDE_CPU] = 16000;
		for (i = 2 + draw(6); i; i--) {
			struct decide_app *donor;

			donor = add(1 + draw(3), DECIDE_BATCH, true, 0, 0);
			use(donor, resource, usual / 8 + draw(usual));
			if (draw(2))
				donor->use[resource].regret_permille =
					draw(3000);
		}
		service = add(9, DECIDE_LATENCY, false, 0, 0);
		use(service, resource, usual / 16);
		snapshot.used[resource] = snapshot.capacity[resource];
		i = 300 + draw(3000);
		if (leased) {
			need(service, resource,
			     usual * i / 4000 * (50 + draw(151)) / 100);
			run();
			carry_out();
		}
		need(service, resource, usual * i / 4000);
		run();
		freed = 0;
		cost = 0;
		for (i = 0; i < result.nr_proposals; i++) {
			freed += proposals[i].gain;
			cost += proposals[i].gain *
				price_of(&apps[proposals[i].donor], resource);
			/* some must leave more, for the rest could not do it */
			uneven |= proposals[i].amount != proposals[0].amount;
		}
		if (result.nr_shortages || !result.nr_proposals ||
		    (resource == DECIDE_CPU && uneven))
			continue;
		if (!held && freed > result.need[resource])
			freed = result.need[resource];
		sum += (double)cost / cheapest(resource, freed,
					       proposals[0].amount / 1000);
		cases++;
	}
	ktap_assert(cases > 5000, "only %u cases", cases);
	return sum / cases;
}

static void test_optimum(void)
{
	double memory, cpu, io, net, kept_memory, kept_cpu, held_memory;

	draw_seed = 0x0b7;
	memory = cost_over_optimum(DECIDE_MEMORY, false, false);
	cpu = cost_over_optimum(DECIDE_CPU, false, false);
	io = cost_over_optimum(DECIDE_IO, false, false);
	net = cost_over_optimum(DECIDE_NET, false, false);
	kept_memory = cost_over_optimum(DECIDE_MEMORY, true, false);
	kept_cpu = cost_over_optimum(DECIDE_CPU, true, false);
	held_memory = cost_over_optimum(DECIDE_MEMORY, true, true);
	printf("# cost over that of the best set: memory %.4f, cores %.4f, I/O %.4f, network %.4f\n",
	       memory, cpu, io, net);
	printf("# with others in force: memory %.4f, cores %.4f\n",
	       kept_memory, kept_cpu);
	printf("# memory, of the best set that frees what is held: %.4f\n",
	       held_memory);
	ktap_assert(memory >= 0.999 && memory <= 1.05, "%f", memory);
	ktap_assert(cpu >= 0.999 && cpu <= 1.05, "%f", cpu);
	ktap_assert(io >= 0.999 && io <= 1.05, "%f", io);
	ktap_assert(net >= 0.999 && net <= 1.05, "%f", net);
	/*
	 * Not to disturb what is in force has its price: it frees more than is needed
	 * now. For what it frees it is the best set.
	 */
	ktap_assert(held_memory >= 0.999 && held_memory <= 1.01, "%f",
		    held_memory);
	ktap_assert(kept_memory >= 0.999 && kept_memory <= 1.25, "%f",
		    kept_memory);
	ktap_assert(kept_cpu >= 0.999 && kept_cpu <= 1.25, "%f", kept_cpu);
}

/*
 * Of two receivers of cores, with all that was decided for them in force. It stays as
 * it is for a step and an eighth of it, which may be missing then.
 */
static void test_monotone_in_force(void)
{
	uint64_t before, after, less = 0, more = 0;
	struct decide_app *two[2];
	uint32_t i;
	int round;

	draw_seed = 0x1ea5e;
	for (round = 0; round < 20000; round++) {
		node();
		snapshot.capacity[DECIDE_CPU] = 16000;
		for (i = 1 + draw(4); i; i--)
			use(add(1 + draw(3), DECIDE_BATCH, true, 0, 0),
			    DECIDE_CPU, 500 + draw(4000));
		for (i = 0; i < 2; i++) {
			two[i] = add(4 + draw(3), DECIDE_LATENCY, false, 0, 0);
			use(two[i], DECIDE_CPU, 250);
			need(two[i], DECIDE_CPU, 300 + draw(3000));
		}
		snapshot.used[DECIDE_CPU] = 12800;
		run();
		carry_out();
		explain();
		i = snapshot.nr_apps - 1;
		before = promised_lack(&result, i, DECIDE_CPU);
		two[1]->priority++;
		explain();
		after = promised_lack(&result, i, DECIDE_CPU);
		less += after < before;
		more += after >= before + 250 +
				 promised_sum(&result, receiver, i, DECIDE_CPU,
					      gain) / 8;
	}
	ktap_assert(!more, "%llu are short of more", (unsigned long long)more);
	ktap_assert(less > 500, "only %llu had more",
		    (unsigned long long)less);
}

/*
 * Many receivers, and before the only donor that can give as many that hold too
 * little: the first in need is served, and the looks at donors stay bounded.
 */
static void test_many(void)
{
	enum { EACH = 1000, MANY = 2 * EACH + 1, SHARE = (PROPOSALS + 1) / 4 };
	static struct decide_app many[MANY];
	static struct decide_entry many_entries[2 * MANY];
	static __u64 many_taken[MANY], many_held[MANY];
	uint32_t i;

	node();
	for (i = 0; i < MANY; i++) {
		struct decide_app *app = &many[i];
		struct decide_use *use = &app->use[DECIDE_MEMORY];

		*app = (struct decide_app){
			.id = i + 1,
			.priority = i < EACH ? 9 : i < 2 * EACH ? 1 : 2,
			.sensitivity = i < EACH ? DECIDE_LATENCY : DECIDE_BATCH,
			.eligible = i >= EACH,
			.parent = DECIDE_NONE,
		};
		use->used = i < MANY - 1 ? MIB : 500 * MIB;
		use->base = use->used;
		if (i < EACH)
			expect(app, DECIDE_MEMORY, 21 * MIB, 21 * MIB);
	}
	snapshot.apps = many;
	snapshot.nr_apps = MANY;
	snapshot.used[DECIDE_MEMORY] = 950 * MIB;
	result = (struct decide_result){
		.proposals = proposals,
		.proposals_max = PROPOSALS,
		.shortages = shortages,
		.shortages_max = PROPOSALS,
		.entries = many_entries,
		.taken = many_taken,
		.held = many_held,
	};
	decide(&snapshot, &result);
	/* 500 MiB at 20 each */
	ktap_assert(result.nr_proposals == 25, "%u", result.nr_proposals);
	ktap_assert(proposals[0].receiver == 0 &&
		    proposals[0].donor == MANY - 1 &&
		    proposals[0].amount == 20 * MIB, "the first in need");
	ktap_assert(result.nr_receivers == 25 + SHARE, "%u",
		    result.nr_receivers);
	ktap_assert(result.need[DECIDE_MEMORY] == EACH * 20 * MIB, "%llu",
		    result.need[DECIDE_MEMORY]);
	ktap_assert(result.nr_shortages == SHARE, "%u",
		    result.nr_shortages);
	ktap_assert(result.nr_refused <= 1U << 14, "%u looks for nothing",
		    result.nr_refused);
}

/* Where the answer has little room, each resource has its part of it. */
static void test_room(void)
{
	struct decide_app *important, *other;
	int i;

	node();
	snapshot.capacity[DECIDE_CPU] = 32000;
	for (i = 0; i < 3; i++)
		use(add(1, DECIDE_BATCH, true, 9000, 300 * MIB), DECIDE_IO,
		    30 * MIB);
	other = add(5, DECIDE_NORMAL, false, 1000, 10 * MIB);
	important = add(9, DECIDE_LATENCY, false, 1000, 10 * MIB);
	expect(other, DECIDE_CPU, 32000, 32000);
	expect(important, DECIDE_MEMORY, 110 * MIB, 110 * MIB);
	expect(important, DECIDE_IO, 10 * MIB, 10 * MIB);
	run();
	ktap_assert(result.nr_proposals == 5, "%u", result.nr_proposals);
	run_with(4, 0, 0);
	ktap_assert(result.nr_proposals == 3, "%u", result.nr_proposals);
	ktap_assert(proposals[0].receiver == 3 &&
		    proposals[0].resource == DECIDE_CPU, "the other's cores");
	ktap_assert(proposals[1].receiver == 4 &&
		    proposals[1].resource == DECIDE_MEMORY &&
		    proposals[1].amount == 100 * MIB,
		    "the important one's memory");
	ktap_assert(proposals[2].receiver == 4 &&
		    proposals[2].resource == DECIDE_IO &&
		    proposals[2].amount == 10 * MIB, "its I/O");
	run_with(3, 0, 0);
	ktap_assert(result.nr_proposals == 2 && proposals[0].receiver == 4 &&
		    proposals[1].receiver == 4, "%u", result.nr_proposals);
}

/* Of equal donors, the one whose own forecast lets it give; with its numbers. */
static void test_wanted(void)
{
	static const struct {
		uint64_t q50, q95;
		uint32_t price;		/* permille */
	} cases[] = {
		{ 400, 400, 1000 }, { 500, 600, 1250 }, { 900, 900, 2000 },
		{ 400, 800, 1000 }, { 100, 400, 1000 }, { 50, 100, 625 },
		{ 0, 0, 500 },
	};
	struct decide_app *donor, *other;
	uint32_t i;

	for (i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		node();
		donor = add(2, DECIDE_BATCH, true, 0, 400 * MIB);
		other = add(2, DECIDE_BATCH, true, 0, 390 * MIB);
		expect(add(9, DECIDE_LATENCY, false, 0, 50 * MIB),
		       DECIDE_MEMORY, 100 * MIB, 100 * MIB);
		expect(donor, DECIDE_MEMORY, cases[i].q50 * MIB,
		       cases[i].q95 * MIB);
		/* what it grows by is taken from the headroom alike */
		snapshot.used[DECIDE_MEMORY] = 800 * MIB;
		other->use[DECIDE_MEMORY].bar = DECIDE_FORBIDDEN;
		run();
		ktap_assert(result.nr_proposals == 1 &&
			    proposals[0].cost == 50ULL * 1024 * 4 *
			    cases[i].price / 1000, "%u: %llu", i,
			    (unsigned long long)proposals[0].cost);
		other->use[DECIDE_MEMORY].bar = DECIDE_NOT_BARRED;
		run();
		ktap_assert(given_by(cases[i].price > 1000 ? other : donor,
				     DECIDE_MEMORY) == 50 * MIB, "%u: other", i);
	}
}

/* A forecast knows what a donor would use without leases, a trend what it uses. */
static void test_given(void)
{
	struct decide_app *donor;

	node();
	donor = add(2, DECIDE_BATCH, true, 0, 300 * MIB);
	donor->use[DECIDE_MEMORY].given = 100 * MIB;
	expect(donor, DECIDE_MEMORY, 450 * MIB, 450 * MIB);
	run();
	ktap_assert(result.outlook[DECIDE_MEMORY].rise == 50 * MIB, "%lld",
		    (long long)result.outlook[DECIDE_MEMORY].rise);
	donor->use[DECIDE_MEMORY].source = DECIDE_FROM_TREND;
	run();
	ktap_assert(result.outlook[DECIDE_MEMORY].rise == 150 * MIB, "%lld",
		    (long long)result.outlook[DECIDE_MEMORY].rise);
}

/* Who gives stays the first until another is cheaper by more than an eighth. */
static void test_incumbent(void)
{
	struct decide_app *gives, *other;

	node();
	gives = add(2, DECIDE_BATCH, true, 0, 350 * MIB);
	other = add(2, DECIDE_BATCH, true, 0, 500 * MIB);
	expect(add(9, DECIDE_LATENCY, false, 0, 50 * MIB), DECIDE_MEMORY,
	       150 * MIB, 150 * MIB);
	snapshot.used[DECIDE_MEMORY] = 900 * MIB;
	run();
	ktap_assert(given_by(other, DECIDE_MEMORY) == 100 * MIB, "the larger");
	leases[0] = (struct decide_lease){ 0, 2, DECIDE_MEMORY, 100 * MIB,
					   100 * MIB };
	snapshot.nr_leases = 1;
	run();
	ktap_assert(given_by(gives, DECIDE_MEMORY) == 100 * MIB, "who gives");
	gives->use[DECIDE_MEMORY].regret_permille = 140;
	run();
	ktap_assert(given_by(gives, DECIDE_MEMORY) == 100 * MIB,
		    "not yet an eighth dearer");
	gives->use[DECIDE_MEMORY].regret_permille = 160;
	run();
	ktap_assert(given_by(other, DECIDE_MEMORY) == 100 * MIB, "dearer");
	/* of the other resource it says nothing */
	gives->use[DECIDE_MEMORY].regret_permille = 0;
	leases[0].resource = DECIDE_CPU;
	run();
	ktap_assert(given_by(other, DECIDE_MEMORY) == 100 * MIB, "the larger");
}

static uint32_t count_reasons(const struct decide_proposal *p,
			      enum decide_verdict verdict)
{
	uint32_t n = 0, i;

	for (i = 0; i < result.nr_reasons; i++)
		n += reasons[i].receiver == p->receiver &&
		     reasons[i].resource == p->resource &&
		     reasons[i].verdict == verdict;
	return n;
}

/* What is said in brief is what is said at length. */
static void check_why(const struct decide_proposal *p,
		      const struct decide_why *why)
{
	const struct decide_need *need = needs;

	while (need->receiver != p->receiver || need->resource != p->resource)
		ktap_assert(++need < needs + result.nr_needs, "no need");
	ktap_assert(why->median == need->median &&
		    why->spread == need->spread &&
		    why->carried == need->carried && why->base == need->base &&
		    why->room == need->room &&
		    why->shortage == need->shortage &&
		    why->chance_permille == need->chance_permille,
		    "another need");
	ktap_assert(why->donors[DECIDE_GIVES] ==
		    count_reasons(p, DECIDE_GIVES), "who gives");
	ktap_assert(why->donors[DECIDE_BARRED] >=
		    count_reasons(p, DECIDE_BARRED), "barred");
	/* those that need not be looked at are told of, and not counted */
	ktap_assert(why->donors[DECIDE_NESTED] <=
		    count_reasons(p, DECIDE_NESTED) &&
		    why->donors[DECIDE_TOO_LITTLE] <=
		    count_reasons(p, DECIDE_TOO_LITTLE) &&
		    why->donors[DECIDE_TOO_DEAR] <=
		    count_reasons(p, DECIDE_TOO_DEAR), "refused");
}

/* Room for needs and reasons changes nothing, and is not exceeded. */
static void test_explained(void)
{
	static struct decide_why brief[PROPOSALS];
	uint32_t verdicts[DECIDE_VERDICTS] = {}, i, room;
	int round;

	draw_seed = 0xbeca;
	for (round = 0; round < ROUNDS / 2; round++) {
		draw_snapshot();
		room = draw(8) ? PROPOSALS : draw(3);
		run_with(room, 0, 0);
		ktap_assert(!result.nr_needs && !result.nr_reasons, "no room");
		remember();
		memcpy(brief, whys, sizeof(brief));
		run_with(room, DECIDE_RESOURCES * APPS, REASONS);
		promises_same(&was, &result);
		promises_reasons(&result);
		for (i = 0; i < result.nr_proposals; i++) {
			if (!decide_new_why(proposals, i))
				continue;
			ktap_assert(!memcmp(&brief[i], &whys[i],
					    sizeof(*whys)), "other whys");
			check_why(&proposals[i], &whys[i]);
		}
		for (i = 0; i < result.nr_reasons; i++)
			verdicts[reasons[i].verdict]++;
		reasons[1].donor = 12345;
		run_with(room, 1, 1);
		promises_same(&was, &result);
		ktap_assert(result.nr_needs <= 1 && result.nr_reasons <= 1 &&
			    reasons[1].donor == 12345, "beyond the room");
	}
	for (i = 0; i < DECIDE_VERDICTS; i++)
		ktap_assert(verdicts[i] > (i == DECIDE_TOO_LITTLE ? 5 :
					   ROUNDS / 1000),
			    "verdict %u: only %u", i, verdicts[i]);
}

/* One node with one cache is as none that is known: the same answer, to the bit. */
static void test_one_cache(void)
{
	uint64_t cores = 0, other = 0;
	uint32_t i;
	int round;

	draw_seed = 0xcac4e;
	for (round = 0; round < ROUNDS / 2; round++) {
		draw_snapshot();
		memset(snapshot.topology, 0, sizeof(snapshot.topology));
		run();
		remember();
		for (i = 0; i < DECIDE_LEVELS; i++)
			snapshot.topology[i] = i < DECIDE_LLCS ?
					       (uint32_t)draw(64) : 1;
		run();
		promises_same(&was, &result);
		for (i = 0; i < result.nr_proposals; i++)
			cores += proposals[i].resource == DECIDE_CPU;
		snapshot.topology[DECIDE_LLCS] = 4;
		snapshot.topology[DECIDE_NODES] = 2;
		run();
		other += result.nr_proposals != was.nr_proposals ||
			 memcmp(proposals, proposals_was,
				was.nr_proposals * sizeof(*proposals));
	}
	ktap_assert(cores > ROUNDS / 100 && other > ROUNDS / 200,
		    "%llu leases of cores, %llu other with more caches: nothing tested",
		    (unsigned long long)cores, (unsigned long long)other);
}

/* The order of the apps in the snapshot must not matter. */
static void test_permutation(void)
{
	static struct decide_app kept[APPS];
	uint64_t before[APPS];
	uint32_t i;
	int round;

	draw_seed = 0xfeed;
	for (round = 0; round < 100000; round++) {
		draw_snapshot();
		snapshot.nr_leases = 0;
		for (i = 0; i < snapshot.nr_apps; i++)
			apps[i].parent = DECIDE_NONE;
		run();
		for (i = 0; i < snapshot.nr_apps; i++)
			before[i] = given_by(&apps[i], DECIDE_MEMORY);
		memcpy(kept, apps, sizeof(kept));
		for (i = 0; i < snapshot.nr_apps; i++)
			apps[i] = kept[snapshot.nr_apps - 1 - i];
		run();
		for (i = 0; i < snapshot.nr_apps; i++)
			ktap_assert(before[apps[i].id] ==
				    given_by(&apps[i], DECIDE_MEMORY),
				    "round %d app %u", round, i);
	}
}

static void test_absurd(void)
{
	node();
	run();
	ktap_assert(!result.nr_proposals, "no apps");
	snapshot.nr_apps = DECIDE_APPS_MAX + 1;
	run();
	ktap_assert(!result.nr_proposals, "too many apps");
	node();
	add(1, DECIDE_BATCH, true, 0, 900 * MIB);
	expect(add(9, DECIDE_LATENCY, false, 0, 50 * MIB), DECIDE_MEMORY,
	       250 * MIB, 250 * MIB);
	snapshot.threshold_pct[DECIDE_MEMORY] = 0;
	run();
	ktap_assert(!result.nr_proposals, "a threshold of 0");
	snapshot.threshold_pct[DECIDE_MEMORY] = 101;
	run();
	ktap_assert(!result.nr_proposals, "a threshold of 101");
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-20 the example, and the lease stays through the burst",
		  test_example },
		{ "R-18 what zram keeps is not freed", test_kept },
		{ "R-18 no more to swap than there is room", test_swap },
		{ "R-18 R-21 slow swap makes a donor dearer", test_slow_swap },
		{ "R-19 only what is above the threshold", test_headroom },
		{ "R-23 lowest priority first, down to the floor",
		  test_order_and_floor },
		{ "R-21 the highest priority is served first",
		  test_priority_first },
		{ "R-29 whole cores, never the last", test_cores },
		{ "R-23 donors of cores keep their floors together",
		  test_shared_floors },
		{ "R-23 what is taken by hand counts for the floor",
		  test_by_hand },
		{ "R-23 cores of the lowest first, down to its floor",
		  test_cores_in_order },
		{ "R-29 a core is all of its threads", test_threads },
		{ "R-18 cores beyond a cache or a node cost more",
		  test_far_cost },
		{ "R-18 R-22 a lease stays in a node where more is not worth it",
		  test_stays_near },
		{ "R-18 the near cores are the first receiver's",
		  test_far_second },
		{ "R-18 one node with one cache changes no answer",
		  test_one_cache },
		{ "R-21 I/O: lowest priority first, down to the floor", test_io },
		{ "R-20 network: given, or told that nobody can", test_net },
		{ "R-19 I/O: only what is above the threshold, and enough",
		  test_io_threshold },
		{ "R-21 tasks that must move make a donor dearer",
		  test_moving },
		{ "R-20 certainty by sensitivity", test_sensitivity },
		{ "R-23 nothing from around the receiver", test_nested },
		{ "R-14 what several need is less than the sum of their worst",
		  test_spread },
		{ "R-15 chance and risk, and what they make a lease worth",
		  test_risk },
		{ "R-19 not earlier than freeing takes", test_just_in_time },
		{ "R-22 a margin to begin, and one to go on", test_margin },
		{ "R-21 R-33 a donor that suffered is dearer", test_regret },
		{ "R-20 a donor's own forecast makes it dearer, or cheaper",
		  test_wanted },
		{ "R-14 what a donor gives is no growth to its forecast, but to its trend",
		  test_given },
		{ "R-22 who gives already stays the first", test_incumbent },
		{ "R-19 what cannot receive uses up headroom", test_others },
		{ "R-22 small needs begin nothing, and keep what has begun",
		  test_hysteresis },
		{ "R-23 properties on 1,000,000 random snapshots",
		  test_properties },
		{ "R-21 never at the cost of a higher receiver",
		  test_not_at_higher_cost },
		{ "R-21 cores for one leave room for another's memory and I/O",
		  test_room },
		{ "R-21 monotone in priority", test_monotone },
		{ "R-21 and of cores, with leases in force",
		  test_monotone_in_force },
		{ "R-20 within 5 % of the cheapest of all sets", test_optimum },
		{ "R-25 what an app never gets", test_never_gets },
		{ "R-25 groups that a donor never gives to", test_never_to },
		{ "R-27 each verdict, with its numbers", test_verdicts },
		{ "R-27 a proposal's reason in brief", test_why },
		{ "R-27 cores given and not given, with reasons",
		  test_verdicts_cpu },
		{ "R-27 how a need follows", test_needs },
		{ "R-27 the same answer with and without reasons",
		  test_explained },
		{ "R-27 the order of apps does not matter", test_permutation },
		{ "R-20 many apps: the first is served, looks are bounded",
		  test_many },
		{ "R-20 absurd snapshots change nothing", test_absurd },
		{}
	});
}
