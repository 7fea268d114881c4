// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Which cores are freed. It wants a machine where that makes a difference: several
 * packages, several NUMA nodes, and several threads to a core, and no order of CPU
 * numbers that happens to be the right one (tools/check, topology-6.12).
 */
#include <sched.h>
#include <stdio.h>

#include "guest.h"
#include "plan/snapshot.h"

#define CPUS_MAX	64
#define NODES_MAX	8
#define DONORS_MAX	12
#define SNAPSHOT_FILE	"/sys/kernel/debug/preswap/snapshot"
#define LAST_ONLINE	"/sys/devices/system/cpu/cpu%d/online"

static struct preswap_ctx *ctx;
static uint64_t receiver, donor, second;

static struct {
	int count, threads, cores, packages, places;
	int package[CPUS_MAX];
	int core[CPUS_MAX];	/* the first of its threads */
	int place[CPUS_MAX];	/* its NUMA node */
} node;

/* Donor number i leaves i + 1 cores. */
static struct donor {
	char name[16];
	uint32_t lease;
	pid_t wide, narrow;	/* one that may run anywhere, one in a package */
	cpu_set_t had[2], off;
} donors[DONORS_MAX];

static int read_topology(int cpu, const char *file)
{
	char path[128];

	snprintf(path, sizeof(path),
		 "/sys/devices/system/cpu/cpu%d/topology/%s", cpu, file);
	return (int)read_u64(path);
}

static int read_place(int cpu)
{
	char path[128];
	int place;

	for (place = 0; place < NODES_MAX; place++) {
		snprintf(path, sizeof(path),
			 "/sys/devices/system/cpu/cpu%d/node%d", cpu, place);
		if (!access(path, F_OK))
			return place;
	}
	return 0;
}

/* How many different ones. */
static int kinds(const int *of)
{
	int cpu, other, count = 0;

	for (cpu = 0; cpu < node.count; cpu++) {
		for (other = 0; of[other] != of[cpu]; other++)
			;
		count += other == cpu;
	}
	return count;
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
		node.place[cpu] = read_place(cpu);
	}
	node.cores = kinds(node.core);
	node.packages = kinds(node.package);
	node.places = kinds(node.place);
	node.threads = node.count / node.cores;
	if (node.packages < 2)
		ktap_skip("needs two packages");
}

static void look_for_threads(void)
{
	look();
	if (node.threads < 2)
		ktap_skip("needs two threads to a core");
}

static void spin_on(void *arg)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(*(int *)arg, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		_exit(97);
	spin(NULL);
}

static void sleeper(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

/* A user has bound it to a package. */
static void sleep_in(void *package)
{
	cpu_set_t set;
	int cpu;

	CPU_ZERO(&set);
	for (cpu = 0; cpu < node.count; cpu++)
		if (node.package[cpu] == *(int *)package)
			CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		_exit(97);
	sleeper(NULL);
}

static void remove_donors(void)
{
	struct donor *d;

	for (d = donors; d < donors + DONORS_MAX; d++)
		if (*d->name)
			group_remove(d->name);
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
	remove_donors();
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

	look_for_threads();
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

/* ---- one order for all, near a receiver ---- */

static cpu_set_t mask_of(pid_t pid)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	ktap_assert(!sched_getaffinity(pid, sizeof(set), &set),
		    "getaffinity %d: %s", pid, strerror(errno));
	return set;
}

static bool mask_is(pid_t pid, cpu_set_t want)
{
	cpu_set_t set = mask_of(pid);

	return CPU_EQUAL(&set, &want);
}

static cpu_set_t minus(cpu_set_t set, cpu_set_t less)
{
	CPU_AND(&less, &set, &less);
	CPU_XOR(&set, &set, &less);
	return set;
}

/* Where no receiver is (-1), none is nearer than another. */
static int distance(int cpu, int home)
{
	if (home < 0 || node.package[cpu] == node.package[home])
		return 0;
	return node.place[cpu] == node.place[home] ? 1 : 2;
}

/* Of how many cores, packages or nodes (@of) is a part in the set, and not all? */
static int broken(cpu_set_t set, const int *of)
{
	int cpu, other, count = 0;
	bool first, mixed;

	for (cpu = 0; cpu < node.count; cpu++) {
		first = true;
		mixed = false;
		for (other = 0; other < node.count; other++) {
			if (of[other] != of[cpu])
				continue;
			first &= other >= cpu;
			mixed |= !CPU_ISSET(other, &set) !=
				 !CPU_ISSET(cpu, &set);
		}
		count += first && mixed;
	}
	return count;
}

/* So many whole cores, none of them farther than one that is not in the set. */
static void must_be_near(cpu_set_t off, int cores, int home)
{
	int cpu, other;

	ktap_assert(CPU_COUNT(&off) == cores * node.threads,
		    "%d CPUs, not %d cores", CPU_COUNT(&off), cores);
	ktap_assert(!broken(off, node.core), "of %d cores, %d have CPUs left",
		    cores, broken(off, node.core));
	for (cpu = 0; cpu < node.count; cpu++)
		for (other = 0; other < node.count; other++)
			ktap_assert(!CPU_ISSET(cpu, &off) ||
				    CPU_ISSET(other, &off) ||
				    distance(cpu, home) <= distance(other, home),
				    "%d cores near CPU %d: CPU %d before %d",
				    cores, home, cpu, other);
	/* a package is used up before the next one, and so is a node */
	ktap_assert(broken(off, node.package) <= 1, "%d cores of %d packages",
		    cores, broken(off, node.package));
	ktap_assert(broken(off, node.place) <= 1, "%d cores of %d nodes",
		    cores, broken(off, node.place));
}

static void make_donor(struct donor *d)
{
	int package = node.package[(d - donors) * 5 % node.count];
	uint64_t id;

	snprintf(d->name, sizeof(d->name), "donor%d", (int)(d - donors));
	id = group_make(d->name);
	set_policy(ctx, id, 1, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	d->wide = group_spawn(d->name, sleeper, NULL);
	d->narrow = group_spawn(d->name, sleep_in, &package);
	d->had[0] = mask_of(d->wide);
	ktap_assert(wait_until(3000, !mask_is(d->narrow, d->had[0])),
		    "%s is not bound", d->name);
	d->had[1] = mask_of(d->narrow);
	ktap_assert(CPU_COUNT(&d->had[0]) == node.count, "%s begins with %d CPUs",
		    d->name, CPU_COUNT(&d->had[0]));
}

static cpu_set_t left_by(pid_t pid, cpu_set_t had)
{
	return minus(had, mask_of(pid));
}

/* What a task is left with: where it may not run anywhere else, all that it had. */
static cpu_set_t left_of(cpu_set_t had, cpu_set_t off)
{
	cpu_set_t left = minus(had, off);

	return CPU_COUNT(&left) ? left : had;
}

static bool runs_off(pid_t pid, cpu_set_t off)
{
	char path[64], text[1024], *at;
	int cpu = -1, field;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (try_read(path, text, sizeof(text)))
		return false;
	/* the name is the second and may have blanks; the CPU is the 39th */
	at = strrchr(text, ')');
	for (field = 2; at && field < 39; field++)
		at = strchr(at + 1, ' ');
	return at && sscanf(at, "%d", &cpu) == 1 && !CPU_ISSET(cpu, &off);
}

static void tell_order(int home, int number)
{
	int i, cpu;

	printf("# near CPU %d:", home);
	for (i = 0; i < number; i++)
		for (cpu = 0; cpu < node.count; cpu++)
			if (CPU_ISSET(cpu, &donors[i].off) &&
			    (!i || !CPU_ISSET(cpu, &donors[i - 1].off)))
				printf("%s%d", cpu == node.core[cpu] ? " " : ",",
				       cpu);
	printf("\n");
}

/* All but one of the cores are left, by one more donor each. */
static void order_near(int home)
{
	int number = node.cores - 1, i, j;
	struct donor *d;
	pid_t busy;

	ktap_assert(number <= DONORS_MAX, "%d cores", node.cores);
	setup();
	for (i = 0; i < number; i++)
		make_donor(&donors[i]);
	if (home >= 0)
		group_spawn("receiver", spin_on, &home);
	busy = group_spawn(donors[number - 1].name, spin, NULL);
	sleep_ms(1500);
	for (i = 0; i < number; i++) {
		d = &donors[i];
		d->lease = take(group_make(d->name), receiver,
				(unsigned int)((i + 1) * node.threads));
	}
	for (i = 0; i < number; i++) {
		d = &donors[i];
		ktap_assert(wait_until(5000, !mask_is(d->wide, d->had[0])),
			    "%s goes nowhere", d->name);
		d->off = left_by(d->wide, d->had[0]);
		must_be_near(d->off, i + 1, home);
		ktap_assert(wait_until(3000, mask_is(d->narrow,
						     left_of(d->had[1], d->off))),
			    "who is bound to a package has not left %d cores",
			    i + 1);
	}
	tell_order(home, number);
	ktap_assert(wait_until(3000, runs_off(busy, donors[number - 1].off)),
		    "it runs where it may not");
	for (i = 0; i < number; i++) {
		must(ctx, preswap_lease_end(ctx, donors[i].lease));
		for (j = 0; j < number; j++) {
			cpu_set_t none, *off = &donors[j].off;

			d = &donors[j];
			CPU_ZERO(&none);
			if (j <= i)
				off = &none;
			ktap_assert(wait_until(3000, mask_is(d->wide,
						left_of(d->had[0], *off)) &&
					       mask_is(d->narrow,
						left_of(d->had[1], *off))),
				    "donor %d, when %d have ended", j, i + 1);
		}
	}
	ktap_assert(wait_until(3000, mask_is(busy, donors[0].had[0])),
		    "the busy one is not back");
}

static void test_order(void)
{
	int cpu, other;

	look();
	for (cpu = 0; cpu < node.count; cpu++) {
		for (other = 0; node.package[other] != node.package[cpu]; other++)
			;
		if (other == cpu)
			order_near(cpu);
	}
}

static void test_order_for_none(void)
{
	order_near(-1);
}

/* The engine's own leases, of at least a package. */
static void decide_near(int home)
{
	cpu_set_t all, off;
	pid_t pid = 0;
	int i;

	setup();
	set_knob("enabled", 0);
	set_knob("min_priority", 1);
	group_spawn("receiver", spin_on, &home);
	for (i = 0; i < node.count; i++)
		pid = group_spawn("donor", spin, NULL);
	all = mask_of(pid);
	sleep_ms(2500);
	set_knob("enabled", 1);
	set_forecast(ctx, receiver, PRESWAP_RESOURCE_CPU, 1000, 6000, 8000, 20000);
	ktap_assert(wait_until(9000, ({
			off = left_by(pid, all);
			CPU_COUNT(&off) >= node.count / node.packages;
		    })),
		    "%d CPUs are left, less than a package has", CPU_COUNT(&off));
	printf("# near CPU %d: %d CPUs\n", home, CPU_COUNT(&off));
	must_be_near(off, CPU_COUNT(&off) / node.threads, home);
}

static void test_decided_near(void)
{
	int cpu, last;

	look();
	if (node.places < 2)
		ktap_skip("needs two NUMA nodes");
	for (last = 0, cpu = 0; cpu < node.count; cpu++)
		if (node.place[cpu] > node.place[last])
			last = cpu;
	decide_near(0);
	decide_near(last);
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

static bool sees(int cpus)
{
	uint32_t t[DECIDE_LEVELS], core_milli;

	return see(t, &core_milli) && t[DECIDE_CPUS] == (uint32_t)cpus &&
	       t[DECIDE_CORES] == (uint32_t)node.cores &&
	       t[DECIDE_LLCS] == (uint32_t)node.packages &&
	       t[DECIDE_NODES] == (uint32_t)node.places &&
	       core_milli == (uint32_t)node.threads * 1000;
}

/* Each package has a cache; a thread of the last core goes, and comes back. */
static void test_topology(void)
{
	char file[128];

	look_for_threads();
	setup();
	ktap_assert(wait_until(3000, sees(node.count)),
		    "not %d CPUs, %d cores, %d packages, %d nodes", node.count,
		    node.cores, node.packages, node.places);
	snprintf(file, sizeof(file), LAST_ONLINE, node.count - 1);
	must_write(file, "0");
	ktap_assert(wait_until(5000, sees(node.count - 1)),
		    "one CPU less is not seen");
	must_write(file, "1");
	ktap_assert(wait_until(5000, sees(node.count)), "and back");
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
		{ "R-29 each core in its turn, near a receiver in each package",
		  test_order },
		{ "R-29 and where no receiver runs", test_order_for_none },
		{ "R-29 a decision frees whole cores", test_whole_cores },
		{ "R-29 a decision frees those on the receiver's NUMA node",
		  test_decided_near },
		{ "R-18 a decision knows cores, caches and nodes", test_topology },
		{}
	});
	group_remove("receiver");
	group_remove("donor");
	group_remove("second");
	remove_donors();
	preswap_unref(ctx);
	return status;
}
