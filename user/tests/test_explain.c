// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What people are told of a recording: "preswapctl explain" and preswap-replay,
 * as programs, on the example of decide.c: a batch app of 900 MiB gives 200 to a
 * service that has 50 and is expected to need 250.
 */
#include <stdlib.h>

#include <jansson.h>

#include "told.h"
#include "plan/replay.h"
#include "plan/snapshot.h"
#include "show/why.h"

#define MIB	(1ULL << 20)

static char recording[] = "/tmp/test_explain.XXXXXX";
static uint32_t resource = DECIDE_MEMORY;	/* of the example */
static uint32_t bar;				/* of its donor */
static long first_end;		/* where the first decision ends in the file */

/* The donor's: what zram keeps of it, and what can go to swap only. */
static uint32_t kept;
static uint64_t anon;

/* The decision @seq; from the second on lease 7 is in force. */
static void put_decision(FILE *to, uint64_t seq, uint64_t expected)
{
	static char batch[] = "/batch", service[] = "/service";
	char *paths[] = { batch, service };
	uint32_t ids[] = { 7 };
	struct decide_app apps[2] = {
		{
			.id = 11, .priority = 1, .sensitivity = DECIDE_BATCH,
			.eligible = 1, .parent = DECIDE_NONE,
		}, {
			.id = 12, .priority = 9, .sensitivity = DECIDE_LATENCY,
			.parent = DECIDE_NONE,
		},
	};
	struct decide_lease lease = { 0, 1, resource, 200 * MIB,
				      200 * MIB };
	struct snapshot s = {
		.seq = seq, .time_ns = seq * 1000000000,
		.apps = apps, .leases = &lease, .paths = paths,
		.lease_ids = ids,
		.saw = {
			.capacity = { 4000 },
			.threshold_pct = { 80, 80, 80, 80 },
			.core_milli = 1000,
			.min_priority = 1, .nr_apps = 2, .nr_leases = seq > 1,
			.apps = apps, .leases = &lease,
		},
	};
	const struct decide_result limits = {
		.proposals_max = 64, .shortages_max = 64,
	};

	apps[0].use[resource] = (struct decide_use){
		.used = (seq == 1 ? 900 : 700) * MIB,
		.base = 900 * MIB,
		.had = 900 * MIB,
		.given = (seq == 1 ? 0 : 200) * MIB,
		.bar = bar,
		.zram_permille = kept,
		.anon = anon,
	};
	apps[1].use[resource] = (struct decide_use){
		.used = 50 * MIB,
		.base = 50 * MIB,
		.q50 = expected,
		.q95 = expected,
		.source = DECIDE_FROM_FORECAST,
	};
	s.saw.capacity[resource] = 1000 * MIB;
	s.saw.used[resource] = (seq == 1 ? 950 : 750) * MIB;
	ktap_assert(!replay_decide(&s.saw, &limits, &s.answered), "no memory");
	snapshot_write(&s, to);
	replay_free(&s.answered);
}

/* Begun, needed on, not needed any more. */
static void record(uint64_t from)
{
	FILE *to = fopen(recording, "w");

	ktap_assert(to, "%s: %s", recording, strerror(errno));
	for (uint64_t seq = from; seq <= 3; seq++) {
		put_decision(to, seq, (seq == 3 ? 50 : 250) * MIB);
		if (seq == from)
			first_end = ftell(to);
	}
	ktap_assert(!fclose(to), "%s", strerror(errno));
}

/* Its exit status; all that it says is in @said. */
static int tell(const char *command)
{
	char line[8192];

	snprintf(line, sizeof(line), "%s/%s%s 2>&1", programs, command,
		 recording);
	return tell_line(line);
}

#define says_not(text) \
	ktap_assert(!strstr(said, text), "'%s' in:\n%s", text, said)

static void test_began(void)
{
	record(1);
	ktap_assert(!tell("preswapctl explain 7 --file="), "%s", said);
	says("Decision 1, 1.000 s after boot.");
	says("Lease 7: ");
	says("/batch");
	says("/service");
	says("200.0 MiB");
	says("This decision began it.");
	says_not("It goes on");
}

/* The same of what is counted per second: its words, and the key of programs. */
static void say_flow(uint32_t of, const char *word, const char *key)
{
	char text[192];

	resource = of;
	record(1);
	ktap_assert(!tell("preswapctl explain 7 --file="), "%s", said);
	snprintf(text, sizeof(text),
		 "%s: 950.0 MiB/s of 1000.0 MiB/s used, the threshold is 80 %%. Apps will rise by 200.0 MiB/s together, and 0 B/s of uncertainty: it is passed already.",
		 word);
	says(text);
	says("memory: nothing is decided about it, its capacity is not known.");
	snprintf(text, sizeof(text),
		 "Lease 7: 200.0 MiB/s of %s from /batch to /service.", word);
	says(text);
	snprintf(text, sizeof(text), "will be short of %s.", word);
	says(text);
	says("gives 200.0 MiB/s; benefit");
	says("KiB/s x weight.");
	says("Freed: 200.0 MiB/s, by 1 app.");
	ktap_assert(!tell("preswapctl --json explain 7 --file="), "%s", said);
	snprintf(text, sizeof(text), "\"resource\": \"%s\"", key);
	says(text);
	says("\"unit\": \"bytes_per_second\"");
	snprintf(text, sizeof(text), "preswap-replay --threshold-%s 100 ", key);
	ktap_assert(!tell(text), "%s", said);
	snprintf(text, sizeof(text), "%s taken, MiB", word);
	says(text);
	says("3 snapshots: 1 would be decided the same, 2 otherwise");
}

static uint64_t hand, cores_floor;	/* cores taken by hand, and the donor's floor */

/*
 * A batch app that uses 3200 of 4 cores leaves one of them for each 800 that are wanted;
 * each core has a cache of its own, and the node two NUMA nodes or one.
 */
static void tell_cores(uint64_t wanted, uint32_t nodes)
{
	static char batch[] = "/batch", service[] = "/service";
	char *paths[] = { batch, service };
	struct decide_app apps[2] = {
		{
			.id = 11, .priority = 1, .sensitivity = DECIDE_BATCH,
			.eligible = 1, .parent = DECIDE_NONE,
			.use[DECIDE_CPU] = {
				.used = 3200, .base = 3200, .floor = cores_floor,
			},
		}, {
			.id = 12, .priority = 9, .sensitivity = DECIDE_LATENCY,
			.parent = DECIDE_NONE,
			.use[DECIDE_CPU] = {
				.used = 200, .base = 200, .q50 = 200 + wanted,
				.q95 = 200 + wanted,
				.source = DECIDE_FROM_FORECAST,
			},
		},
	};
	struct decide_lease lease = { 0, DECIDE_NONE, DECIDE_CPU, hand, hand };
	uint32_t ids[] = { 7 };
	struct snapshot s = {
		.seq = 1, .time_ns = 1000000000, .apps = apps, .paths = paths,
		.leases = &lease, .lease_ids = ids,
		.saw = {
			.capacity = { 4000 }, .used = { 3400 },
			.threshold_pct = { 80, 80, 80, 80 },
			.core_milli = 1000, .topology = { 4, 4, 4, nodes },
			.min_priority = 1, .nr_apps = 2, .nr_leases = !!hand,
			.apps = apps, .leases = &lease,
		},
	};
	const struct decide_result limits = {
		.proposals_max = 64, .shortages_max = 64,
	};
	FILE *to = fopen(recording, "w");

	ktap_assert(to, "%s: %s", recording, strerror(errno));
	decide_by_hand(&apps[0].use[DECIDE_CPU], hand);
	ktap_assert(!replay_decide(&s.saw, &limits, &s.answered), "no memory");
	snapshot_write(&s, to);
	replay_free(&s.answered);
	ktap_assert(!fclose(to), "%s", strerror(errno));
	ktap_assert(!tell("preswapctl explain --file="), "%s", said);
}

static void test_cores(void)
{
	tell_cores(800, 1);
	says("The node has 4 CPUs, 4 cores, 4 last-level caches, 1 NUMA node.");
	says("CPU: 3.40 cores of 4.00 cores used, the threshold is 80 %.");
	says("/batch (priority 1, batch) leaves 1 of 4 cores, which frees 0.80 cores; benefit");
	says("milli-CPU x weight.");
	says("Freed: 0.80 cores, by 1 app.");
	tell_cores(2400, 2);
	says("The node has 4 CPUs, 4 cores, 4 last-level caches, 2 NUMA nodes.");
	says("leaves 3 of 4 cores, 2 of them beyond one last-level cache, 1 of them beyond one NUMA node, which frees 2.40 cores; benefit");
	/* what may be taken is taken by hand */
	hand = 1000;
	cores_floor = 3000;
	tell_cores(800, 2);
	says("no, too little is left above its floor of 3.00 cores and the 1.00 cores taken by hand.");
	hand = 0;
	cores_floor = 0;
}

/* The first decision, which is the only one there is. */
static void tell_first(void)
{
	record(1);
	ktap_assert(!truncate(recording, first_end), "%s", strerror(errno));
	ktap_assert(!tell("preswapctl explain --file="), "%s", said);
}

static void test_swap(void)
{
	kept = 375;
	tell_first();
	says("/batch (priority 1, batch) gives 320.0 MiB, which frees 200.0 MiB; ");
	kept = 950;
	tell_first();
	says("no, zram would keep 95.0 % of what is taken");
	kept = 0;
	anon = 898 * MIB;
	tell_first();
	says("no, 2.0 MiB of it is in files, and the swap has room for 0 B");
	anon = 0;
}

static void test_no_recording(void)
{
	FILE *to = fopen(recording, "w");

	ktap_assert(to, "%s: %s", recording, strerror(errno));
	fclose(to);
	ktap_assert(tell("preswap-replay ") == 2, "%s", said);
	says(recording);
	says(": no decision that can be read is in it; preswapctl record writes such a file\n");
	to = fopen(recording, "w");
	ktap_assert(to, "%s: %s", recording, strerror(errno));
	fputs("root:x:0\n", to);
	fclose(to);
	ktap_assert(tell("preswap-replay ") == 1, "%s", said);
	says("line 1: 'root:x:0' where a snapshot must begin");
	says("preswapctl record writes such a file\n");
}

static void test_io(void)
{
	say_flow(DECIDE_IO, "I/O", "io");
	resource = DECIDE_MEMORY;
}

static void test_net(void)
{
	say_flow(DECIDE_NET, "network", "net");
	/* what the module says of all donors, for now */
	bar = DECIDE_NO_MEANS;
	record(1);
	ktap_assert(!truncate(recording, first_end), "%s", strerror(errno));
	ktap_assert(!tell("preswapctl explain --file="), "%s", said);
	says("nothing takes network from apps yet");
	bar = DECIDE_NOT_BARRED;
	resource = DECIDE_MEMORY;
}

/* Recording began later: the first decision at which it was in force. */
static void test_in_force(void)
{
	record(2);
	ktap_assert(!tell("preswapctl explain 7 --file="), "%s", said);
	says("Decision 2, 2.000 s after boot.");
	says("It goes on: 200.0 MiB of it are still needed.");
	record(3);
	ktap_assert(!tell("preswapctl explain 7 --file="), "%s", said);
	says("Decision 3, ");
	says("It is not needed any more");
}

static void test_last(void)
{
	record(1);
	ktap_assert(!tell("preswapctl explain --file="), "%s", said);
	says("Decision 3, 3.000 s after boot.");
	says("nothing is taken");
}

static void test_refused(void)
{
	record(1);
	ktap_assert(tell("preswapctl explain 8 --file=") == 1, "%s", said);
	says("lease 8 is in none of its decisions");
	ktap_assert(tell("preswapctl explain 0 --file=") == 2, "%s", said);
	ktap_assert(!truncate(recording, 100), "%s", strerror(errno));
	ktap_assert(tell("preswapctl explain --file=") == 1, "%s", said);
	ktap_assert(tell("preswapctl explain --file=/nonexistent") == 1, "%s",
		    said);
	says("No such file");
}

static long long number(const json_t *o, const char *key)
{
	const json_t *value = json_object_get(o, key);

	ktap_assert(json_is_integer(value), "no %s in:\n%s", key, said);
	return json_integer_value(value);
}

static void test_json(void)
{
	const json_t *lease, *need, *donor;
	json_t *o;

	record(1);
	ktap_assert(!tell("preswapctl --json explain 7 --file="), "%s", said);
	o = json_loads(said, 0, NULL);
	ktap_assert(o, "no JSON:\n%s", said);
	ktap_assert(number(o, "seq") == 1, "%s", said);
	lease = json_object_get(o, "lease");
	ktap_assert(number(lease, "id") == 7 &&
		    json_is_true(json_object_get(lease, "begins")) &&
		    number(lease, "amount") == (long long)(200 * MIB), "%s",
		    said);
	need = json_array_get(json_object_get(o, "receivers"), 0);
	ktap_assert(number(need, "shortage") == (long long)(200 * MIB) &&
		    number(need, "taken") == (long long)(200 * MIB) &&
		    !number(need, "missing"), "%s", said);
	donor = json_array_get(json_object_get(need, "donors"), 0);
	ktap_assert(number(donor, "benefit") > number(donor, "cost") &&
		    number(donor, "cost") > 0, "%s", said);
	json_decref(o);
}

/* What is left when no decision is: the module's own words on a lease. */
static void test_kept(void)
{
	struct preswap_lease lease = {
		.kind = PRESWAP_LEASE_KIND_RECLAIM,
		.reason = PRESWAP_REASON_FORECAST,
		.benefit = 66355200, .cost = 204800,
		.why = {
			.median = 240 * MIB, .spread = 20 * MIB,
			.carried = 5 * MIB, .base = 50 * MIB,
			.room = 15 * MIB, .shortage = 200 * MIB,
			.chance_permille = 987, .threshold_pct = 80,
			.give = 1, .barred = 2, .too_dear = 3, .banned = 4,
		},
	};
	char text[WHY_MAX];
	FILE *to;

	memset(said, 0, sizeof(said));
	to = fmemopen(said, sizeof(said), "w");
	why_put(to, &lease);
	fclose(to);
	says("  Expected within the lead time: 240.0 MiB, and 20.0 MiB more of uncertainty (forecast); the receiver had 50.0 MiB.\n");
	says("  Below the threshold (80 %) there was room for 15.0 MiB of it: 200.0 MiB were short, with a probability of 98.7 %.\n");
	says("  5.0 MiB of that were for others");
	says("  Donors: 1 gave; refused: 2 from which nothing could be taken then, 4 whose policy bans a group that the receiver is in, 3 where the benefit did not exceed the cost enough.\n");
	says("  Benefit 66355200, cost 204800.\n");
	ktap_assert(!strcmp(why_short(text, &lease),
			    "expects 260.0 MiB, had 50.0 MiB, room for 15.0 MiB: 200.0 MiB short (98.7 %)"),
		    "'%s'", text);
	lease.kind = PRESWAP_LEASE_KIND_AFFINITY;
	lease.why = (struct preswap_why){
		.median = 2500, .base = 500, .room = 1000, .shortage = 1000,
		.chance_permille = 1000, .threshold_pct = 80,
	};
	ktap_assert(!strcmp(why_short(text, &lease),
			    "expects 2.50 cores, had 0.50 cores, room for 1.00 cores: 1.00 cores short (100.0 %)"),
		    "'%s'", text);
	lease.why.threshold_pct = 0;
	ktap_assert(!strcmp(why_short(text, &lease), "-"), "'%s'", text);
	/* R-27 who yields: how many tasks waited, not a forecast, not by hand */
	lease.kind = PRESWAP_LEASE_KIND_CPU_WEIGHT;
	lease.reason = PRESWAP_REASON_WAIT;
	lease.benefit = 1059;
	ktap_assert(!strcmp(why_short(text, &lease),
			    "1.05 tasks waited for a CPU"), "'%s'", text);
	memset(said, 0, sizeof(said));
	to = fmemopen(said, sizeof(said), "w");
	why_put(to, &lease);
	fclose(to);
	says("  1.05 of the receiver's tasks, on average, were waiting for a CPU.");
	ktap_assert(!strstr(said, "by hand") && !strstr(said, "Benefit"),
		    "%s", said);
}

static void test_replayed(void)
{
	record(1);
	ktap_assert(!tell("preswap-replay "), "%s", said);
	says("3 snapshots: 3 decided the same, 0 differ, 0 damaged");
}

/* The donor may not give any more: of three decisions two are others. */
static void test_other_policy(void)
{
	char config[sizeof(recording) + 8], command[128];
	FILE *to;

	record(1);
	snprintf(config, sizeof(config), "%s.conf", recording);
	to = fopen(config, "w");
	ktap_assert(to, "%s: %s", config, strerror(errno));
	fputs("[policy \"batch\"]\npriority=1\nswap_eligible=no\n", to);
	ktap_assert(!fclose(to), "%s", strerror(errno));
	snprintf(command, sizeof(command), "preswap-replay --policy %s ",
		 config);
	ktap_assert(!tell(command), "%s", said);
	unlink(config);
	says("decisions with leases                       2      0\n");
	says("decisions that leave somebody short         0      2\n");
	says("3 snapshots: 1 would be decided the same, 2 otherwise, 0 are damaged");
	/* 150 MiB do, but what is in force is not made smaller for so little */
	ktap_assert(!tell("preswap-replay --threshold-memory 100 "), "%s", said);
	says("memory taken, MiB seconds                 400    350\n");
	ktap_assert(tell("preswap-replay --threshold-memory 101 ") == 2, "%s",
		    said);
	says("--threshold-memory is 1 to 100, not '101'");
}

int main(void)
{
	int fd = mkstemp(recording), status;

	if (fd < 0 || !find_programs())
		return 1;
	close(fd);
	status = ktap_run((struct ktap_case[]){
		{ "R-27 a lease is explained by the decision that began it",
		  test_began },
		{ "R-18 R-27 zram and swap, in words", test_swap },
		{ "R-27 and so is one of I/O", test_io },
		{ "R-27 network, in its words", test_net },
		{ "R-27 cores left, and what that frees", test_cores },
		{ "R-27 or by the first at which it was in force",
		  test_in_force },
		{ "R-27 all needs by the last decision", test_last },
		{ "R-27 what cannot be explained is said", test_refused },
		{ "R-27 the same as JSON", test_json },
		{ "R-27 a lease alone says why it began", test_kept },
		{ "R-27 recorded decisions are replayed", test_replayed },
		{ "R-54 R-60 another policy and threshold, side by side",
		  test_other_policy },
		{ "R-25 a file that is no recording", test_no_recording },
		{}
	});
	unlink(recording);
	return status;
}
