// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which cores are freed. It wants a node where that makes a difference: several
 * packages, and several threads to a core (tools/vm/run --topology 2,1,2).
 */
#include <sched.h>
#include <stdio.h>

#include "guest.h"
#include "plan/snapshot.h"

#define CPUS_MAX	64
#define SNAPSHOT_FILE	"/sys/kernel/debug/preswap/snapshot"
#define LAST_ONLINE	"/sys/devices/system/cpu/cpu%d/online"

static struct preswap_ctx *ctx;
static uint64_t receiver, donor, second;

static struct {
	int count, threads;
	int package[CPUS_MAX];
	int core[CPUS_MAX];	/* the first of its threads */
} node;

static int read_topology(int cpu, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path),
		 "/sys/devices/system/cpu/cpu%d/topology/%s", cpu, file);
	return (int)read_u64(path);
}

/* CPUs are numbered without gaps here. */
static void look(void)
{
	int cpu;

	node.count = (int)sysconf(_SC_NPROCESSORS_ONLN);
	ktap_assert(node.count <= CPUS_MAX, "%d CPUs", node.count);
	for (cpu = 0; cpu < node.count; cpu++) {
		node.package[cpu] = read_topology(cpu, "physical_package_id");
		node.core[cpu] = read_topology(cpu, "thread_siblings_list");
	}
	node.threads = 0;
	for (cpu = 0; cpu < node.count; cpu++)
		node.threads += node.core[cpu] == node.core[0];
	if (node.threads < 2 || node.package[node.count - 1] == node.package[0])
		ktap_skip("needs two packages and two threads to a core");
}

static void spin_on(void *arg)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(*(int *)arg, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		_exit(97);
	for (;;)
		__asm__ volatile("" ::: "memory");
}

static void setup(void)
{
	look();
	set_knob("enabled", 0);
	set_knob("lead_ms", 10000);
	set_knob("hold_ms", 1000);
	set_knob("threshold_cpu_pct", 80);
	set_knob("min_priority", 9);	/* only we take */
	group_remove("receiver");
	group_remove("donor");
	group_remove("second");
	receiver = group_make("receiver");
	donor = group_make("donor");
	second = group_make("second");
	set_policy(ctx, receiver, 9, PRESWAP_SENSITIVITY_LATENCY, false, 0, 0);
	set_policy(ctx, donor, 1, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	set_policy(ctx, second, 2, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	set_knob("enabled", 1);
}

static uint32_t take(uint64_t from, uint64_t for_whom, unsigned int cpus)
{
	struct preswap_lease lease = { .size = sizeof(lease) };
	struct preswap_lease_opts opts = {
		.size = sizeof(opts),
		.kind = PRESWAP_LEASE_KIND_AFFINITY,
		.donor_id = from,
		.receiver_id = for_whom,
		.amount = cpus * 1000,
		.duration_ms = 60000,
	};

	must(ctx, preswap_lease_add(ctx, &opts, &lease));
	return lease.id;
}

/* Is it off all threads of the last core of the package, and of no other? */
static bool off_last_core_of(pid_t pid, int package)
{
	cpu_set_t set;
	int cpu, last = -1;

	if (sched_getaffinity(pid, sizeof(set), &set))
		return false;
	for (cpu = 0; cpu < node.count; cpu++)
		if (node.package[cpu] == package && node.core[cpu] > last)
			last = node.core[cpu];
	for (cpu = 0; cpu < node.count; cpu++)
		if (!CPU_ISSET(cpu, &set) != (node.core[cpu] == last))
			return false;
	return true;
}

static void near_package(int package)
{
	int cpu, home = -1;
	pid_t pid;
	uint32_t id;

	setup();
	for (cpu = 0; cpu < node.count; cpu++)
		if (node.package[cpu] == package)
			home = cpu;
	group_spawn("receiver", spin_on, &home);
	pid = group_spawn("donor", spin, NULL);
	sleep_ms(1500);
	id = take(donor, receiver, (unsigned int)node.threads);
	ktap_assert(wait_until(3000, off_last_core_of(pid, package)),
		    "not off the last core of package %d", package);
	must(ctx, preswap_lease_end(ctx, id));
	ktap_assert(wait_until(3000, !off_last_core_of(pid, package)),
		    "not back");
}

static void test_near_first(void)
{
	near_package(read_topology(0, "physical_package_id"));
}

static void test_near_last(void)
{
	int last = (int)sysconf(_SC_NPROCESSORS_ONLN) - 1;

	near_package(read_topology(last, "physical_package_id"));
}

/* The second receiver is elsewhere; what is freed stays in one place. */
static void test_same_for_all(void)
{
	pid_t pid, other, busy;
	int home, package;
	uint32_t id;

	setup();
	home = 0;
	package = node.package[home];
	busy = group_spawn("receiver", spin_on, &home);
	pid = group_spawn("donor", spin, NULL);
	sleep_ms(1500);
	id = take(donor, receiver, (unsigned int)node.threads);
	ktap_assert(wait_until(3000, off_last_core_of(pid, package)), "not off");
	home = node.count - 1;
	other = group_spawn("second", spin, NULL);
	reap(busy);
	group_spawn("receiver", spin_on, &home);
	sleep_ms(1500);
	take(second, receiver, (unsigned int)node.threads);
	ktap_assert(wait_until(3000, off_last_core_of(other, package)),
		    "the second donor has left other cores");
	must(ctx, preswap_lease_end(ctx, id));
	ktap_assert(off_last_core_of(other, package), "they have changed");
}

static int last_amount(void *data, const struct preswap_lease *lease)
{
	if (!lease->ended)
		*(uint64_t *)data = lease->amount;
	return 0;
}

static uint64_t amount_in_force(void)
{
	uint64_t amount = 0;

	must(ctx, preswap_leases(ctx, last_amount, &amount));
	return amount;
}

/* Half a CPU is wanted: that is a core with all of its threads. */
static void test_whole_cores(void)
{
	int cpu;

	setup();
	set_knob("enabled", 0);
	set_knob("min_priority", 1);
	for (cpu = 0; cpu < node.count; cpu++)
		group_spawn("donor", spin, NULL);
	sleep_ms(2500);
	set_knob("enabled", 1);
	set_forecast(ctx, receiver, PRESWAP_RESOURCE_CPU, 0, 600, 8000, 20000);
	ktap_assert(wait_until(6000, amount_in_force()), "nothing is freed");
	ktap_assert(amount_in_force() == (uint64_t)node.threads * 1000,
		    "%llu milli-CPU", (unsigned long long)amount_in_force());
}

/* What the last decision saw of the node; false before the first one. */
static bool see(uint32_t *topology, uint32_t *core_milli)
{
	static struct snapshot_reader reader;
	static struct snapshot got;
	int n;

	memset(&reader, 0, sizeof(reader));
	reader.from = fopen(SNAPSHOT_FILE, "r");
	ktap_assert(reader.from, SNAPSHOT_FILE ": %s", strerror(errno));
	n = snapshot_read(&reader, &got);
	fclose(reader.from);
	ktap_assert(n >= 0, "%s", reader.error);
	memcpy(topology, got.saw.topology, sizeof(got.saw.topology));
	*core_milli = got.saw.core_milli;
	return n;
}

static bool sees(int cpus, int cores, int packages)
{
	uint32_t t[DECIDE_LEVELS], core_milli;

	return see(t, &core_milli) && t[DECIDE_CPUS] == (uint32_t)cpus &&
	       t[DECIDE_CORES] == (uint32_t)cores &&
	       t[DECIDE_LLCS] == (uint32_t)packages && t[DECIDE_NODES] == 1 &&
	       core_milli == (uint32_t)node.threads * 1000;
}

/* Each package has a cache; a thread of the last core goes, and comes back. */
static void test_topology(void)
{
	int cpu, other, cores = 0, packages = 0, new_core, new_package;
	char file[128];

	setup();
	for (cpu = 0; cpu < node.count; cpu++) {
		new_core = new_package = 1;
		for (other = 0; other < cpu; other++) {
			new_core &= node.core[other] != node.core[cpu];
			new_package &= node.package[other] != node.package[cpu];
		}
		cores += new_core;
		packages += new_package;
	}
	set_knob("enabled", 1);
	ktap_assert(wait_until(3000, sees(node.count, cores, packages)),
		    "not %d CPUs, %d cores, %d packages", node.count, cores,
		    packages);
	snprintf(file, sizeof(file), LAST_ONLINE, node.count - 1);
	must_write(file, "0");
	ktap_assert(wait_until(5000, sees(node.count - 1, cores, packages)),
		    "one CPU less is not seen");
	must_write(file, "1");
	ktap_assert(wait_until(5000, sees(node.count, cores, packages)),
		    "and back");
}

int main(void)
{
	int status;

	if (preswap_new(&ctx))
		return 1;
	status = ktap_run((struct ktap_case[]){
		{ "R-29 cores near a receiver in the first package",
		  test_near_first },
		{ "R-29 cores near a receiver in the last package",
		  test_near_last },
		{ "R-29 all donors leave the same cores", test_same_for_all },
		{ "R-29 a decision frees whole cores", test_whole_cores },
		{ "R-18 a decision knows cores, caches and nodes", test_topology },
		{}
	});
	group_remove("receiver");
	group_remove("donor");
	group_remove("second");
	preswap_unref(ctx);
	return status;
}
