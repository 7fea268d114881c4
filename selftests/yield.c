// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Who waits for CPUs is let through: donors have a lower cpu.weight while
 * an app that suffers from latency waits, and their own again afterwards.
 *
 * Each of the two apps has as many tasks that never rest as there are CPUs, so that
 * each gets half of the node while all have the same weight.
 */
#include <stdio.h>

#include "../kmod/decide/ab.h"
#include "guest.h"

#define HOLD_MS		1000

static struct preswap_ctx *ctx;
static uint64_t app_id, donor_id;

static struct search look(void)
{
	return find_leases(ctx, PRESWAP_LEASE_KIND_CPU_WEIGHT, donor_id);
}

static unsigned int weight(void)
{
	return (unsigned int)read_u64(group_file("donor", "cpu.weight"));
}

static uint64_t cpu_ns(uint64_t id)
{
	return app_of(ctx, id).cpu_ns;
}

/* Of what both used in two seconds, the app's part, in percent. */
static unsigned int part_pct(void)
{
	uint64_t app = cpu_ns(app_id), donor = cpu_ns(donor_id);

	sleep_ms(2000);
	app = cpu_ns(app_id) - app;
	donor = cpu_ns(donor_id) - donor;
	return (unsigned int)(app * 100 / (app + donor + 1));
}

static void set_donor(uint8_t priority, bool eligible, uint32_t floor_milli)
{
	struct preswap_policy policy = {
		.size = sizeof(policy), .fields = PRESWAP_POLICY_PRIORITY |
			PRESWAP_POLICY_SENSITIVITY |
			PRESWAP_POLICY_SWAP_ELIGIBLE | PRESWAP_POLICY_FLOOR_CPU,
		.app_id = donor_id, .priority = priority,
		.sensitivity = PRESWAP_SENSITIVITY_BATCH,
		.swap_eligible = eligible, .floor_cpu_milli = floor_milli,
	};

	must(ctx, preswap_policy_set(ctx, &policy));
}

static void spawn(const char *group)
{
	long cpus = sysconf(_SC_NPROCESSORS_ONLN);

	while (cpus-- > 0)
		group_spawn(group, spin, NULL);
}

static void setup(void)
{
	if (!ctx)
		ctx = open_preswap();
	set_knob("enabled", 0);
	set_knob("dry_run", 0);
	set_knob("hold_ms", HOLD_MS);
	set_knob("min_priority", 1);
	/* no leases of cores: the node is never short of any */
	set_knob("threshold_cpu_pct", 100);
	set_knob("threshold_memory_pct", 100);
	set_knob("yield_wait_pct", 50);
	set_knob("yield_weight", 10);
	group_remove("donor/inner");
	group_remove("other/app");
	group_remove("other/donor");
	group_remove("other");
	group_remove("late");
	group_remove("store");
	set_knob("ab_unit", 0);
	group_remove("app");
	group_remove("donor");
	app_id = group_make("app");
	donor_id = group_make("donor");
	if (access(group_file("donor", "cpu.weight"), F_OK))
		ktap_skip("no cpu.weight");
	set_policy(ctx, app_id, 9, PRESWAP_SENSITIVITY_LATENCY, false, 0, 0);
	set_donor(1, true, 0);
	spawn("donor");
	set_knob("enabled", 1);
}

static void teardown(void)
{
	set_knob("enabled", 0);
	group_remove("app");
	group_remove("donor");
	set_knob("yield_wait_pct", 0);
	set_knob("threshold_cpu_pct", 80);
	set_knob("threshold_memory_pct", 80);
}

#define yields() wait_until(5000, ({					\
	struct search s_ = look();					\
	s_.in_force && s_.found.full_ns; }))

/* What spoke for it has gone: the app ends, and is there as a cgroup. */
static void app_rests(void)
{
	must_write(group_file("app", "cgroup.kill"), "1");
}

static void test_lets_through(void)
{
	unsigned int during, after;
	uint64_t began_ms;
	struct search s;

	setup();
	sleep_ms(1500);
	ktap_assert(!look().in_force && weight() == 100,
		    "it yields to nobody");
	spawn("app");
	began_ms = now_ms();
	ktap_assert(yields(), "it does not yield");
	printf("# it yields after %llu ms\n",
	       (unsigned long long)(now_ms() - began_ms));
	s = look();
	ktap_assert(s.found.receiver_id == app_id && s.found.amount == 10 &&
		    s.found.reason == PRESWAP_REASON_WAIT,
		    "%llu for %llu, reason %u",
		    (unsigned long long)s.found.amount,
		    (unsigned long long)s.found.receiver_id, s.found.reason);
	/* all of the app's tasks wait half of the time, of two CPUs one in all */
	ktap_assert(s.found.benefit >= 500 && s.found.benefit <= 2000,
		    "%llu waited", (unsigned long long)s.found.benefit);
	ktap_assert(weight() == 10, "its weight is %u", weight());
	during = part_pct();
	/* 10:1 is 91 % */
	ktap_assert(during >= 75, "the app has %u %%", during);
	app_rests();
	ktap_assert(wait_until(10000, !look().in_force), "it yields for ever");
	s = look();
	ktap_assert(s.ended.ended == PRESWAP_LEASE_END_EXPIRED, "ended as %u",
		    s.ended.ended);
	ktap_assert(wait_until(3000, weight() == 100), "its weight stays %u",
		    weight());
	after = app_of(ctx, donor_id).cpu_milli;
	printf("# the app has %u %% of both, and rests: the donor uses %u\n",
	       during, after);
	teardown();
}

/* One that waits for CPUs all the time makes few leases, each longer. */
static void test_chronic(void)
{
	unsigned int begun = 0, was = 0, i;
	uint32_t last = 0;
	struct search s;

	setup();
	/* one task beside others on a CPU waits for half of the time, clearly more
	 * than this; while they yield for a tenth, and nothing is seen of it */
	set_knob("yield_wait_pct", 30);
	group_spawn("app", spin, NULL);
	must_write(group_file("app", "cpuset.cpus"), "0");
	must_write(group_file("donor", "cpuset.cpus"), "0");
	for (i = 0; i < 400; i++) {
		s = look();
		if (s.in_force && s.found.id != last) {
			last = s.found.id;
			begun++;
		}
		if (i == 100)
			was = begun;
		sleep_ms(100);
	}
	printf("# %u leases in 40 s, %u of them in the first 10\n", begun, was);
	/* of 1, 2, 4, 8, 16 s and one more: 6; without doubling 15 */
	ktap_assert(begun >= 1 && begun <= 8, "%u leases in 40 s", begun);
	teardown();
}

static void test_not_from(void)
{
	static const struct {
		const char *what;
		uint8_t app, donor, min, sensitivity;
		bool eligible;
	} cases[] = {
		{ "is not eligible", 9, 1, 1, PRESWAP_SENSITIVITY_LATENCY, false },
		{ "has the same priority", 5, 5, 1, PRESWAP_SENSITIVITY_LATENCY,
		  true },
		{ "yields to one that only works", 9, 1, 1,
		  PRESWAP_SENSITIVITY_NORMAL, true },
		{ "yields to one that gets nothing", 9, 1, 9,
		  PRESWAP_SENSITIVITY_LATENCY, true },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		setup();
		set_knob("min_priority", cases[i].min);
		set_policy(ctx, app_id, cases[i].app, cases[i].sensitivity,
			   false, 0, 0);
		set_donor(cases[i].donor, cases[i].eligible, 0);
		spawn("app");
		sleep_ms(5000);
		ktap_assert(!look().in_force && weight() == 100,
			    "a donor that %s: weight %u", cases[i].what,
			    weight());
	}
	teardown();
}

/*
 * Of two CPUs 10:1 leaves it 0.18: less than its floor, of which it can be owed 2.5 seconds
 * of a CPU. 40:100 are 0.57.
 */
static void test_floor(void)
{
	unsigned int used;
	uint64_t began_ms;
	struct search s;

	setup();
	/* it goes on yielding though the app hardly waits any more */
	set_knob("hold_ms", 20000);
	set_donor(1, true, 500);
	spawn("app");
	ktap_assert(yields(), "it does not yield");
	began_ms = now_ms();
	/* a burst of this length is over by then */
	sleep_ms(4000);
	ktap_assert(weight() == 10, "its weight is %u at once", weight());
	ktap_assert(wait_until(30000, look().found.amount >= 40),
		    "its weight stays %u", weight());
	printf("# weight %u after %llu ms\n", weight(),
	       (unsigned long long)(now_ms() - began_ms));
	sleep_ms(3000);
	used = app_of(ctx, donor_id).cpu_milli;
	s = look();
	printf("# weight %u, it uses %u\n", weight(), used);
	ktap_assert(s.in_force && s.found.amount == weight() &&
		    weight() >= 40 && weight() <= 80, "lease %u of %llu, weight %u",
		    s.in_force, (unsigned long long)s.found.amount, weight());
	ktap_assert(used >= 400, "it uses %u", used);
	/* it gets more than its floor, and what it was owed: it can yield again */
	app_rests();
	ktap_assert(wait_until(15000, weight() == 10), "its weight stays %u",
		    weight());
	s = look();
	ktap_assert(s.in_force && s.found.amount == 10, "lease %u of %llu",
		    s.in_force, (unsigned long long)s.found.amount);
	teardown();
}

static void __attribute__((noreturn)) work(unsigned int busy_ms,
					   unsigned int rest_ms)
{
	for (;;) {
		uint64_t begin = now_ms();

		while (now_ms() < begin + busy_ms)
			;
		sleep_ms(rest_ms);
	}
}

static void work_a_little(void *arg)
{
	(void)arg;
	work(2, 98);
}

static void work_half(void *arg)
{
	(void)arg;
	work(30, 30);
}

/* Who uses less than its floor, as there is less to do, is kept from nothing. */
static void test_wants_less(void)
{
	struct search s;

	setup();
	set_donor(1, true, 600);
	/* so many that they wait for each other */
	spawn("app");
	spawn("app");
	ktap_assert(yields(), "it does not yield");
	must_write(group_file("donor", "cgroup.kill"), "1");
	group_spawn("donor", work_a_little, NULL);
	sleep_ms(8000);
	s = look();
	printf("# weight %u, it uses %llu\n", weight(),
	       (unsigned long long)app_of(ctx, donor_id).cpu_milli);
	ktap_assert(s.in_force && s.found.amount == 10 && weight() == 10,
		    "lease %u of %llu, weight %u", s.in_force,
		    (unsigned long long)s.found.amount, weight());
	/* nor is one that was kept from it before */
	spawn("donor");
	ktap_assert(wait_until(30000, weight() >= 20), "its weight stays %u",
		    weight());
	must_write(group_file("donor", "cgroup.kill"), "1");
	group_spawn("donor", work_a_little, NULL);
	ktap_assert(wait_until(60000, weight() == 10), "its weight stays %u",
		    weight());
	ktap_assert(look().in_force, "it yields no more");
	teardown();
}

/* A floor beyond what its own weight comes to: it has that, and no more. */
static void test_own_weight(void)
{
	struct search s;

	setup();
	set_knob("hold_ms", 20000);
	/* before what it uses falls below its floor */
	set_knob("yield_wait_pct", 5);
	set_donor(1, true, 1300);
	sleep_ms(1500);
	spawn("app");
	ktap_assert(yields(), "it does not yield");
	ktap_assert(wait_until(60000, weight() == 100), "its weight stays %u",
		    weight());
	sleep_ms(5000);
	s = look();
	printf("# lease of %llu, done %llu\n",
	       (unsigned long long)s.found.amount,
	       (unsigned long long)s.found.done);
	ktap_assert(s.in_force && s.found.amount == 160 &&
		    s.found.done == 100, "lease of %llu, done %llu",
		    (unsigned long long)s.found.amount,
		    (unsigned long long)s.found.done);
	ktap_assert(weight() == 100, "its weight is %u", weight());
	teardown();
}

/* While anybody waits it is one lease, which knows what the donor is owed. */
static void test_takes_turns(void)
{
	uint32_t id;

	setup();
	set_policy(ctx, group_make("late"), 9, PRESWAP_SENSITIVITY_LATENCY,
		   false, 0, 0);
	spawn("app");
	spawn("app");
	ktap_assert(yields(), "it does not yield");
	id = look().found.id;
	spawn("late");
	spawn("late");
	sleep_ms(1000);
	app_rests();
	/* it goes on for two seconds, and the lease for one */
	sleep_ms(8000);
	ktap_assert(look().in_force && look().found.id == id,
		    "lease %u ended as %u", id, look().ended.ended);
	group_remove("late");
	teardown();
}

/*
 * An app that waits a little on an ordinary day waits long in a burst: by then the others
 * yield. Each task works for 2 ms of 100, beside one that never rests: it waits a
 * few ms each time.
 */
static void test_ahead(void)
{
	struct search s;

	setup();
	set_knob("yield_wait_pct", 5);
	for (int i = 0; i < 4; i++)
		group_spawn("app", work_a_little, NULL);
	ktap_assert(wait_until(10000, weight() == 10), "its weight stays %u",
		    weight());
	s = look();
	printf("# the app uses %llu, and waited %llu\n",
	       (unsigned long long)app_of(ctx, app_id).cpu_milli,
	       (unsigned long long)s.found.benefit);
	ktap_assert(s.found.benefit >= 50 && s.found.benefit < 500, "%llu waited",
		    (unsigned long long)s.found.benefit);
	teardown();
}

static void test_theirs(void)
{
	struct search s;

	setup();
	spawn("app");
	ktap_assert(yields(), "it does not yield");
	must_write(group_file("donor", "cpu.weight"), "50");
	ktap_assert(wait_until(5000, look().has_ended), "nobody noticed");
	s = look();
	ktap_assert(s.ended.ended == PRESWAP_LEASE_END_CHANGED, "ended as %u",
		    s.ended.ended);
	sleep_ms(5000);
	ktap_assert(weight() == 50 && !look().in_force, "its weight is %u",
		    weight());
	teardown();
}

/* A weight that is less already is not raised, and a person's lease stands. */
static void test_less_already(void)
{
	struct preswap_lease lease = { .size = sizeof(lease) };
	struct preswap_lease_opts opts = {
		.size = sizeof(opts), .kind = PRESWAP_LEASE_KIND_CPU_WEIGHT,
		.amount = 70, .duration_ms = 60000,
	};

	setup();
	set_knob("yield_weight", 90);
	must_write(group_file("donor", "cpu.weight"), "80");
	spawn("app");
	ktap_assert(yields(), "it does not yield");
	ktap_assert(weight() == 80, "its weight is %u", weight());

	setup();
	opts.donor_id = donor_id;
	must(ctx, preswap_lease_add(ctx, &opts, &lease));
	spawn("app");
	sleep_ms(3000);
	ktap_assert(weight() == 70 && look().in_force == 1 &&
		    look().found.id == lease.id,
		    "its weight is %u, %u leases", weight(), look().in_force);
	teardown();
}

static void test_dry_run(void)
{
	setup();
	set_knob("dry_run", 1);
	spawn("app");
	ktap_assert(wait_until(5000, look().in_force), "not decided");
	ktap_assert(look().found.dry_run && weight() == 100, "carried out");
	set_knob("dry_run", 0);
	set_knob("yield_wait_pct", 0);
	sleep_ms(2000);
	ktap_assert(!look().in_force && weight() == 100, "with the knob at 0");
	teardown();
}

/* Their parent does not hold the app: a weight there would change nothing. */
static void test_elsewhere(void)
{
	setup();
	/* it comes into its cgroup by itself, and had better not when that goes */
	sleep_ms(500);
	group_remove("donor");
	group_make("other");
	must_write(group_file("other", "cgroup.subtree_control"), "+cpu");
	donor_id = group_make("other/donor");
	set_donor(1, true, 0);
	spawn("other/donor");
	spawn("app");
	sleep_ms(5000);
	ktap_assert(!look().in_force &&
		    read_u64(group_file("other/donor", "cpu.weight")) == 100,
		    "it yields");
	group_remove("other/donor");
	group_remove("other");
	teardown();
}

/* A weight counts for all that is in a cgroup, and these are no donors. */
static void test_holds_apps(void)
{
	struct search s;

	setup();
	set_policy(ctx, group_make("donor/inner"), 9,
		   PRESWAP_SENSITIVITY_NORMAL, false, 0, 0);
	spawn("app");
	sleep_ms(5000);
	s = look();
	ktap_assert(!s.in_force && !s.has_ended && weight() == 100,
		    "it yields, with an app that may not: weight %u", weight());
	group_remove("donor/inner");
	ktap_assert(yields(), "it does not yield alone");
	teardown();
}

/*
 * Without a weight nobody yields, and that is no failure: cores may be taken from such a
 * donor, and one whose lease has failed is left alone.
 */
static void test_no_file(void)
{
	setup();
	sleep_ms(500);
	group_remove("app");
	group_remove("donor");
	group_make("other");
	app_id = group_make("other/app");
	donor_id = group_make("other/donor");
	set_policy(ctx, app_id, 9, PRESWAP_SENSITIVITY_LATENCY, false, 0, 0);
	set_donor(1, true, 0);
	spawn("other/donor");
	spawn("other/app");
	sleep_ms(5000);
	ktap_assert(!look().in_force && !look().has_ended, "it yields");
	ktap_assert(!decided_of(donor_id, PRESWAP_RESOURCE_CPU, "bar"),
		    "no cores are taken: bar %ld",
		    decided_of(donor_id, PRESWAP_RESOURCE_CPU, "bar"));
	/* files come some time after the kernel says that they are there */
	set_knob("yield_wait_pct", 0);
	must_write(group_file("other", "cgroup.subtree_control"), "+cpu");
	set_knob("yield_wait_pct", 50);
	ktap_assert(yields(), "it does not yield with one: ended %u", look().ended.ended);
	group_remove("other/app");
	group_remove("other/donor");
	group_remove("other");
	teardown();
}

/* Take by hand. Return: the lease's id. */
static uint32_t lend(uint8_t kind, uint64_t donor, uint64_t amount)
{
	struct preswap_lease lease = { .size = sizeof(lease) };
	struct preswap_lease_opts opts = {
		.size = sizeof(opts), .kind = kind, .donor_id = donor,
		.amount = amount, .duration_ms = 60000,
	};

	must(ctx, preswap_lease_add(ctx, &opts, &lease));
	return lease.id;
}

/* A donor of memory alone. */
static uint64_t make_store(void)
{
	uint64_t id;

	id = group_make("store");
	/* with such a floor it does not yield itself */
	set_policy(ctx, id, 1, PRESWAP_SENSITIVITY_BATCH, true, 0, 1000000);
	group_spawn("store", hold_bytes, (void *)(64 * MIB));
	ktap_assert(wait_until(30000, group_memory("store") >= 64 * MIB),
		    "the store is too small");
	return id;
}

/* Of the control group nothing follows: neither for the others, nor for memory. */
static void test_control(void)
{
	uint32_t seed = 0, id;
	uint64_t late_id, store_id;

	setup();
	late_id = group_make("late");
	set_policy(ctx, late_id, 9, PRESWAP_SENSITIVITY_LATENCY, false, 0, 0);
	store_id = make_store();
	while (!decide_ab_control(seed, app_id, 50) ||
	       decide_ab_control(seed, late_id, 50))
		seed++;
	set_knob("ab_seed", seed);
	set_knob("ab_control_pct", 50);
	set_knob("ab_unit", 2);
	spawn("app");
	ktap_assert(wait_until(5000, look().in_force), "not decided");
	ktap_assert(look().found.dry_run && weight() == 100, "carried out");
	id = lend(PRESWAP_LEASE_KIND_RECLAIM, store_id, 16 * MIB);
	ktap_assert(wait_until(5000, get_lease(ctx, id).full_ns),
		    "the control group holds up reclaim: %llu KiB",
		    (unsigned long long)get_lease(ctx, id).done / 1024);
	spawn("late");
	ktap_assert(wait_until(5000, weight() == 10),
		    "the control group holds up the other");
	set_knob("ab_unit", 0);
	group_remove("late");
	group_remove("store");
	teardown();
}

/* Nothing is reclaimed while an app waits for long; where it waits a little, it is. */
static void test_reclaim(void)
{
	uint64_t store_id;
	uint32_t id;

	setup();
	set_knob("yield_wait_pct", 5);
	store_id = make_store();
	spawn("app");
	spawn("app");
	ktap_assert(yields(), "it does not yield");
	id = lend(PRESWAP_LEASE_KIND_RECLAIM, store_id, 16 * MIB);
	sleep_ms(4000);
	ktap_assert(!get_lease(ctx, id).full_ns, "it is reclaimed");
	app_rests();
	ktap_assert(wait_until(10000, get_lease(ctx, id).full_ns),
		    "it is not reclaimed when nobody waits");
	must(ctx, preswap_lease_end(ctx, id));
	for (int i = 0; i < 4; i++)
		group_spawn("app", work_a_little, NULL);
	sleep_ms(1000);
	id = lend(PRESWAP_LEASE_KIND_RECLAIM, store_id, 32 * MIB);
	ktap_assert(wait_until(10000, get_lease(ctx, id).full_ns) &&
		    weight() == 10, "it is not reclaimed, weight %u", weight());
	group_remove("store");
	teardown();
}

/* The kernel takes no weight for an idle one, which yields to all anyway. */
static void test_idle(void)
{
	struct search s;

	setup();
	if (access(group_file("donor", "cpu.idle"), F_OK))
		ktap_skip("no cpu.idle");
	must_write(group_file("donor", "cpu.idle"), "1");
	set_knob("yield_wait_pct", 5);
	/* they wait for each other, and leave something idle */
	for (int i = 0; i < 3; i++)
		group_spawn("app", work_half, NULL);
	ktap_assert(yields(), "it does not yield: ended as %u", look().ended.ended);
	sleep_ms(3000);
	s = look();
	printf("# %u in force, weight %u\n", s.in_force, weight());
	ktap_assert(s.in_force && !s.has_ended, "ended as %u", s.ended.ended);
	ktap_assert(!decided_of(donor_id, PRESWAP_RESOURCE_CPU, "bar"),
		    "no cores are taken: bar %ld",
		    decided_of(donor_id, PRESWAP_RESOURCE_CPU, "bar"));
	app_rests();
	ktap_assert(wait_until(10000, !look().in_force), "it yields for ever");
	must_write(group_file("donor", "cpu.idle"), "0");
	ktap_assert(weight() == 100, "its weight is %u", weight());
	teardown();
}

/* Who yields leaves half of all leases that there can be, 256, to the rest. */
static void test_leaves_room(void)
{
	uint32_t first = 0, id;
	uint64_t store_id;

	setup();
	store_id = make_store();
	for (int i = 0; i < 128; i++) {
		id = lend(PRESWAP_LEASE_KIND_RECLAIM, store_id, 1);
		first = first ? first : id;
	}
	spawn("app");
	sleep_ms(5000);
	ktap_assert(!look().has_ended && !look().in_force, "it yields");
	for (uint32_t i = 0; i < 4; i++)
		must(ctx, preswap_lease_end(ctx, first + i));
	ktap_assert(yields(), "it does not yield: ended %u", look().ended.ended);
	group_remove("store");
	teardown();
}

/* Who has left a core by hand may yield those that it has. */
static void test_by_hand(void)
{
	setup();
	lend(PRESWAP_LEASE_KIND_AFFINITY, donor_id, 1000);
	sleep_ms(1500);
	/* they wait for each other as well */
	spawn("app");
	spawn("app");
	ktap_assert(yields(), "it does not yield");
	teardown();
}

int main(void)
{
	hold_cpu_max();
	return ktap_run((struct ktap_case[]){
		{ "R-30 who waits for CPUs is let through, for as long as that",
		  test_lets_through },
		{ "R-30 who waits all the time makes few leases", test_chronic },
		{ "R-20 R-23 who may not give, or to whom, does not yield",
		  test_not_from },
		{ "R-23 who yields keeps its floor, over seconds", test_floor },
		{ "R-30 who wants less than its floor goes on yielding",
		  test_wants_less },
		{ "R-23 who yields has its own weight at most", test_own_weight },
		{ "R-23 who yields to several has one lease", test_takes_turns },
		{ "R-30 who waits a little is let through, before it waits long",
		  test_ahead },
		{ "R-30 a weight that others write stands", test_theirs },
		{ "R-30 a weight that is less, or a person's, stays",
		  test_less_already },
		{ "R-25 a dry run yields nothing", test_dry_run },
		{ "R-30 donors whose weight would not count do not yield",
		  test_elsewhere },
		{ "R-20 R-23 who holds other apps does not yield",
		  test_holds_apps },
		{ "R-30 who has no weight does not yield, and may give cores",
		  test_no_file },
		{ "R-26 of who waits in the control group nothing follows",
		  test_control },
		{ "R-28 nothing is reclaimed while an app waits for long",
		  test_reclaim },
		{ "R-30 an idle cgroup has no weight to yield, and may give cores",
		  test_idle },
		{ "R-30 who yields leaves room for other leases",
		  test_leaves_room },
		{ "R-23 R-30 who gives a core by hand yields", test_by_hand },
		{}
	});
}
