// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What a person takes: beside what the engine takes, from several donors at once, from
 * those whose cgroup changes, that hold others, whose approval ends.
 */
#include <sched.h>

#include "guest.h"

static struct preswap_ctx *ctx;
static uint64_t recv_id, low_id, mid_id;

/* Touch as much by 2 MiB every 100 ms, and keep it. */
static void grow(void *arg)
{
	size_t left = (size_t)arg, step = 2 * MIB;
	char *memory;

	for (; left; left -= step) {
		memory = mmap(NULL, step, PROT_READ | PROT_WRITE,
			      MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		if (memory == MAP_FAILED)
			_exit(98);
		memset(memory, (int)(left / step) | 1, step);
		sleep_ms(100);
	}
	for (;;)
		pause();
}

static void group_hog(const char *group, uint64_t bytes)
{
	group_spawn(group, hold_bytes, (void *)bytes);
	ktap_assert(wait_until(30000, group_memory(group) >= bytes),
		    "%s has only %llu MiB", group,
		    (unsigned long long)(group_memory(group) / MIB));
}

/* Groups recv (9), low (1), mid (3); nothing is decided before arm(). */
static void setup(void)
{
	ctx = ctx ? ctx : open_preswap();
	group_remove("recv");
	group_remove("low");
	group_remove("mid");
	set_knob("enabled", 0);
	set_knob("hold_ms", 1000);
	set_knob("reclaim_rate_mib", 1024);
	set_knob("threshold_memory_pct", 10);
	set_knob("min_priority", 1);
	recv_id = group_make("recv");
	low_id = group_make("low");
	mid_id = group_make("mid");
	set_policy(ctx, recv_id, 9, PRESWAP_SENSITIVITY_LATENCY, false, 0, 0);
	set_policy(ctx, low_id, 1, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	set_policy(ctx, mid_id, 3, PRESWAP_SENSITIVITY_NORMAL, true, 0, 0);
}

/* What came to its size has no trend any more. */
static void arm(void)
{
	sleep_ms(2500);
	set_knob("enabled", 1);
}

static uint32_t lent;	/* the last one's id */

static int lend(uint64_t donor, uint8_t kind, uint64_t amount)
{
	struct preswap_lease lease = { .size = sizeof(lease) };
	int err;
	struct preswap_lease_opts opts = {
		.size = sizeof(opts),
		.kind = kind,
		.donor_id = donor,
		.receiver_id = recv_id,
		.amount = amount,
		.duration_ms = 60000,
	};

	err = preswap_lease_add(ctx, &opts, &lease);
	lent = lease.id;
	return err;
}

/* Of the engine, in force. */
struct engine_leases {
	uint64_t donor;
	int count;
};

static int count_lease(void *data, const struct preswap_lease *lease)
{
	struct engine_leases *found = data;

	if (!lease->ended && lease->reason != PRESWAP_REASON_MANUAL &&
	    lease->donor_id == found->donor)
		found->count++;
	return 0;
}

static int engine_leases(uint64_t donor)
{
	struct engine_leases found = { .donor = donor };

	return preswap_leases(ctx, count_lease, &found) ? 0 : found.count;
}

#define TRACING		"/sys/kernel/tracing/"
#define BATCHES_MAX	512

struct batch {
	double ms;	/* when it ended */
	uint64_t asked, freed;
};

/* In the order of the trace; how many. */
static unsigned int batches(struct batch *batch)
{
	static char text[1 << 18];
	char *at = text, *begin;
	unsigned int n = 0;
	double s;

	if (try_read(TRACING "trace", text, sizeof(text)))
		return 0;
	for (; n < BATCHES_MAX && (at = strstr(at, ": preswap_reclaim: "));
	     at++) {
		for (begin = at; begin > text && begin[-1] != ' '; begin--)
			;
		if (sscanf(begin, "%lf: preswap_reclaim: donor=%*s asked=%lu freed=%lu",
			   &s, &batch[n].asked, &batch[n].freed) == 3)
			batch[n++].ms = s * 1000;
	}
	return n;
}

/*
 * What was asked for cannot be taken back: where others have most of the CPUs, so that
 * reclaim is slow, a batch is small.
 */
static void test_batches(void)
{
	static struct batch batch[BATCHES_MAX];
	unsigned int n, i, large = 0;
	uint64_t freed = 0, speed;

	setup();
	set_knob("min_priority", 10);	/* by hand alone */
	group_spawn("low", hold_noise, (void *)(160 * MIB));
	ktap_assert(wait_until(60000, group_memory("low") >= 160 * MIB),
		    "too slow");
	arm();
	group_make("busy");
	/* a kernel worker's is 100 */
	must_write(GUEST_ROOT "/cpu.weight", "300");
	must_write(group_file("busy", "cpu.weight"), "10000");
	for (i = 0; i < (unsigned int)sysconf(_SC_NPROCESSORS_ONLN); i++)
		group_spawn("busy", spin, NULL);
	must_write(TRACING "trace", "");
	must_write(TRACING "events/preswap/preswap_reclaim/enable", "1");
	must(ctx, lend(low_id, PRESWAP_LEASE_KIND_RECLAIM, 100 * MIB));
	wait_until(30000, group_memory("low") <= 120 * MIB);
	must_write(TRACING "events/preswap/preswap_reclaim/enable", "0");
	must_write(GUEST_ROOT "/cpu.weight", "100");
	group_remove("busy");
	n = batches(batch);
	ktap_assert(n >= 8, "%u batches", n);
	/* the first ones are by an older speed */
	for (i = 4; i < n; i++)
		freed += batch[i].freed;
	speed = (uint64_t)((double)freed * 1000 / (batch[n - 1].ms - batch[3].ms));
	if (speed >= 24 * MIB)
		ktap_skip("reclaim is too fast here");
	/* an eighth of a second, and what is the least */
	for (i = 4; i < n; i++)
		large += batch[i].asked > speed / 8 + MIB / 4;
	printf("# %u batches, %llu KiB/s, the last %llu KiB, %u of them large\n",
	       n, (unsigned long long)speed / 1024,
	       (unsigned long long)batch[n - 1].asked / 1024, large);
	ktap_assert(large <= n / 4, "%u of %u batches are large", large, n);
}

/*
 * A donor that grows faster than may be taken is above its goal all the time. The
 * other one's lease is for somebody, too.
 */
static void test_turns(void)
{
	uint64_t before;

	setup();
	set_knob("min_priority", 10);	/* by hand alone */
	group_hog("low", 60 * MIB);
	group_hog("mid", 100 * MIB);
	arm();
	set_knob("reclaim_rate_mib", 8);
	group_spawn("low", grow, (void *)(200 * MIB));
	sleep_ms(300);
	before = group_memory("mid");
	must(ctx, lend(low_id, PRESWAP_LEASE_KIND_RECLAIM, 40 * MIB));
	must(ctx, lend(mid_id, PRESWAP_LEASE_KIND_RECLAIM, 40 * MIB));
	sleep_ms(5000);
	printf("# of %llu MiB the second donor has %llu\n",
	       (unsigned long long)(before / MIB),
	       (unsigned long long)(group_memory("mid") / MIB));
	ktap_assert(group_memory("mid") + 8 * MIB <= before,
		    "the first one had all turns");
}

/*
 * One core may be taken, and a person has it: the engine's part for the receiver is
 * another donor's.
 */
static void test_floor(void)
{
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), i;
	uint64_t end;
	cpu_set_t set;
	pid_t pid = 0;

	if (cpus < 2)
		ktap_skip("needs 2 CPUs");
	setup();
	set_policy(ctx, low_id, 1, PRESWAP_SENSITIVITY_BATCH, true, 0,
		   (uint64_t)(cpus - 1) * 1000);
	for (i = 0; i < cpus; i++) {
		pid = group_spawn("low", spin, NULL);
		group_spawn("mid", spin, NULL);
	}
	arm();
	must(ctx, lend(low_id, PRESWAP_LEASE_KIND_AFFINITY, 1000));
	set_policy(ctx, mid_id, 3, PRESWAP_SENSITIVITY_NORMAL, false, 0, 0);
	sleep_ms(500);
	set_need(ctx, recv_id, PRESWAP_RESOURCE_CPU, 900);
	for (end = now_ms() + 3000; now_ms() < end; sleep_ms(50)) {
		ktap_assert(!engine_leases(low_id),
			    "the engine takes what a person has");
		ktap_assert(!sched_getaffinity(pid, sizeof(set), &set), "%s",
			    strerror(errno));
		ktap_assert(CPU_COUNT(&set) == cpus - 1 || end - now_ms() > 2000,
			    "of %d CPUs it is left %d", cpus, CPU_COUNT(&set));
	}
	/* once another one may give, it is its part */
	set_policy(ctx, mid_id, 3, PRESWAP_SENSITIVITY_NORMAL, true, 0, 0);
	ktap_assert(wait_until(5000, engine_leases(mid_id)),
		    "nor from another donor");
	ktap_assert(!engine_leases(low_id), "the engine takes it after all");
}

/* io keeps the counter where memory is switched off above; its files are gone. */
static void test_controller_back(void)
{
	uint64_t before;

	setup();
	set_knob("min_priority", 10);
	group_hog("low", 60 * MIB);
	arm();
	must_write(GUEST_ROOT "/cgroup.subtree_control", "-memory");
	sleep_ms(1000);
	ktap_assert(lend(low_id, PRESWAP_LEASE_KIND_RECLAIM, 16 * MIB) ==
		    -EOPNOTSUPP, "taken without a controller");
	must_write(GUEST_ROOT "/cgroup.subtree_control", "+memory");
	sleep_ms(1000);
	before = group_memory("low");
	must(ctx, lend(low_id, PRESWAP_LEASE_KIND_RECLAIM, 16 * MIB));
	ktap_assert(wait_until(10000, group_memory("low") + 12 * MIB <= before),
		    "nothing is taken from who has it back");
}

static uint64_t available(void)
{
	return meminfo_bytes("/proc/meminfo", "MemAvailable:");
}

/*
 * What a donor gave is others' by the time that it would grow back. The next lease holds
 * back what it could have now, so that there is as much: not what it had once.
 */
static void test_gone(void)
{
	uint64_t had, there, left;

	setup();
	set_knob("min_priority", 10);
	group_hog("low", 160 * MIB);
	arm();
	must(ctx, lend(low_id, PRESWAP_LEASE_KIND_RECLAIM, 60 * MIB));
	ktap_assert(wait_until(20000, get_lease(ctx, lent).full_ns),
		    "the first one is not full");
	group_make("others");
	group_hog("others", available() - 16 * MIB);
	sleep_ms(1000);
	must(ctx, preswap_lease_end(ctx, lent));
	sleep_ms(500);
	had = group_memory("low");
	there = available();
	must(ctx, lend(low_id, PRESWAP_LEASE_KIND_RECLAIM, 60 * MIB));
	wait_until(20000, get_lease(ctx, lent).full_ns);
	left = group_memory("low");
	printf("# of %llu MiB, and %llu available, it is left with %llu\n",
	       (unsigned long long)(had / MIB), (unsigned long long)(there / MIB),
	       (unsigned long long)(left / MIB));
	ktap_assert(had >= 80 * MIB && there < 40 * MIB, "not what this tests");
	/* free pages that CPUs keep for themselves come and go: not available() */
	ktap_assert(left <= had + there + 4 * MIB - 60 * MIB, "too much");
	ktap_assert(left + 8 * MIB >= had + there - 60 * MIB, "too little");
	group_remove("others");
}

/* A donor, and a cgroup inside that has no policy yet. */
static void make_nested(uint64_t *outer, uint64_t *inner)
{
	setup();
	set_knob("min_priority", 10);
	*outer = group_make("outer");
	must_write(group_file("outer", "cgroup.subtree_control"), "+memory");
	*inner = group_make("outer/inner");
	set_policy(ctx, *outer, 1, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
}

/* Reclaim reaches into what is nested, which may be an app that never gives. */
static void test_nested(void)
{
	uint64_t outer, inner, before;

	make_nested(&outer, &inner);
	set_policy(ctx, inner, 5, PRESWAP_SENSITIVITY_NORMAL, false, 0, 0);
	group_hog("outer/inner", 60 * MIB);
	arm();
	before = group_memory("outer/inner");
	ktap_assert(lend(outer, PRESWAP_LEASE_KIND_RECLAIM, 16 * MIB) ==
		    -EOPNOTSUPP, "taken from the one inside");
	sleep_ms(1000);
	ktap_assert(group_memory("outer/inner") + MIB > before,
		    "the one inside has lost memory");
	/* without a policy it is a part of what is around it */
	must(ctx, preswap_policy_del(ctx, inner));
	ktap_assert(wait_until(5000, !lend(outer, PRESWAP_LEASE_KIND_RECLAIM,
					   16 * MIB)),
		    "nothing is taken from who holds no app");
	ktap_assert(wait_until(10000, group_memory("outer") + 12 * MIB <=
			       before), "nothing is freed");
	group_remove("outer/inner");
	group_remove("outer");
}

/* The same, where the one inside is there first and gets its policy later. */
static void test_nested_later(void)
{
	uint64_t outer, inner, before;
	struct preswap_lease lease = { .size = sizeof(lease) };
	struct preswap_lease_opts opts;

	make_nested(&outer, &inner);
	group_hog("outer/inner", 60 * MIB);
	arm();
	opts = (struct preswap_lease_opts){
		.size = sizeof(opts), .kind = PRESWAP_LEASE_KIND_RECLAIM,
		.donor_id = outer, .amount = 16 * MIB, .duration_ms = 60000,
	};
	must(ctx, preswap_lease_add(ctx, &opts, &lease));
	ktap_assert(wait_until(10000, get_lease(ctx, lease.id).full_ns),
		    "nothing is freed");
	set_policy(ctx, inner, 9, PRESWAP_SENSITIVITY_LATENCY, false, 0, 0);
	ktap_assert(wait_until(1000, get_lease(ctx, lease.id).ended ==
			       PRESWAP_LEASE_END_POLICY),
		    "it ended as %u", get_lease(ctx, lease.id).ended);
	before = group_memory("outer/inner");
	group_spawn("outer/inner", hold_bytes, (void *)(40 * MIB));
	ktap_assert(wait_until(20000, group_memory("outer/inner") >=
			       before + 40 * MIB), "it does not grow");
	sleep_ms(1000);
	ktap_assert(group_memory("outer/inner") >= before + 40 * MIB - MIB,
		    "of what it grew by it lost %llu KiB", (unsigned long long)
		    (before + 40 * MIB - group_memory("outer/inner")) >> 10);
	group_remove("outer/inner");
	group_remove("outer");
}

static void test_revoke(void)
{
	struct preswap_policy p = { .size = sizeof(p) };

	setup();
	group_hog("low", 120 * MIB);
	must(ctx, preswap_policy_get(ctx, recv_id, &p));
	p.fields |= PRESWAP_POLICY_NEEDS_APPROVAL;
	p.needs_approval = 1;
	must(ctx, preswap_policy_set(ctx, &p));
	arm();
	must(ctx, lend(low_id, PRESWAP_LEASE_KIND_RECLAIM, 32 * MIB));
	must(ctx, preswap_policy_approve(ctx, recv_id, 0));
	ktap_assert(app_of(ctx, recv_id).id == recv_id &&
		    lend(low_id, PRESWAP_LEASE_KIND_RECLAIM, 90 * MIB) ==
		    -ERANGE, "what it gets has ended");
}

int main(void)
{
	int status = ktap_run((struct ktap_case[]){
		{ "R-28 donors take turns", test_turns },
		{ "R-28 no batch takes long", test_batches },
		{ "R-28 what a donor could not have any more is not held back",
		  test_gone },
		{ "R-23 a core by hand is none for the engine to take",
		  test_floor },
		{ "R-32 a memory controller that comes back", test_controller_back },
		{ "R-28 who holds other apps does not give for them by hand",
		  test_nested },
		{ "R-28 nor once what they hold has become an app",
		  test_nested_later },
		{ "R-32 an approval that is revoked is of what an app gives",
		  test_revoke },
		{} });

	group_remove("recv");
	group_remove("low");
	group_remove("mid");
	rmdir(GUEST_ROOT);
	return status;
}
