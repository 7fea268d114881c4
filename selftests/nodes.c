// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Several NUMA nodes: what there is of each is known, and a donor's memory is taken
 * on whichever it is. Skipped where there is one (tools/check, topology-6.12).
 */
#include <linux/mempolicy.h>
#include <sched.h>
#include <sys/syscall.h>

#include "guest.h"
#include "plan/snapshot.h"
#include "sense/inventory.h"

#define NODES_MAX	8
#define HELD		(48 * MIB)
#define TAKEN		(32 * MIB)

static struct preswap_ctx *ctx;
static struct inventory *inventory;

/* As the kernel has them, not as the inventory does. */
static int nodes;
static uint64_t node_bytes[NODES_MAX];
static unsigned int node_cpus[NODES_MAX];

/* "MemTotal:" of a node, or of the machine (-1). */
static uint64_t mem_total(int node)
{
	char path[64] = "/proc/meminfo";

	if (node >= 0)
		snprintf(path, sizeof(path),
			 "/sys/devices/system/node/node%d/meminfo", node);
	return meminfo_bytes(path, "MemTotal:");
}

/* Where a CPU says that it is when one runs on it. */
static unsigned int node_of(int cpu)
{
	unsigned int at, node;
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	ktap_assert(!sched_setaffinity(0, sizeof(set), &set), "CPU %d: %s", cpu,
		    strerror(errno));
	ktap_assert(!syscall(SYS_getcpu, &at, &node, NULL) && (int)at == cpu,
		    "CPU %d is %u", cpu, at);
	return node;
}

static void look(void)
{
	int cpus = (int)sysconf(_SC_NPROCESSORS_ONLN), cpu, err;
	cpu_set_t all;

	for (nodes = 0; nodes < NODES_MAX; nodes++) {
		node_bytes[nodes] = mem_total(nodes);
		if (!node_bytes[nodes])
			break;
	}
	if (nodes < 2)
		ktap_skip("needs two NUMA nodes");
	ktap_assert(!sched_getaffinity(0, sizeof(all), &all), "%s",
		    strerror(errno));
	memset(node_cpus, 0, sizeof(node_cpus));
	for (cpu = 0; cpu < cpus; cpu++)
		node_cpus[node_of(cpu) % NODES_MAX]++;
	sched_setaffinity(0, sizeof(all), &all);
	inventory_free(inventory);
	err = inventory_read("", &inventory);
	ktap_assert(!err, "inventory: %s", strerror(-err));
}

static void test_inventory(void)
{
	cpu_set_t all;
	uint64_t sum = 0;
	size_t i;
	int cpu;

	look();
	ktap_assert(inventory->nr_nodes == (size_t)nodes, "%zu nodes of %d",
		    inventory->nr_nodes, nodes);
	ktap_assert(!sched_getaffinity(0, sizeof(all), &all), "%s",
		    strerror(errno));
	for (i = 0; i < inventory->nr_cpus; i++) {
		cpu = (int)inventory->cpus[i].id;
		ktap_assert(inventory->cpus[i].node == node_of(cpu),
			    "CPU %d is on node %u", cpu,
			    inventory->cpus[i].node);
	}
	sched_setaffinity(0, sizeof(all), &all);
	for (i = 0; i < inventory->nr_nodes; i++) {
		ktap_assert(inventory->nodes[i].id == i &&
			    inventory->nodes[i].mem_bytes == node_bytes[i],
			    "node %u: %llu bytes", inventory->nodes[i].id,
			    (unsigned long long)inventory->nodes[i].mem_bytes);
		ktap_assert(inventory->nodes[i].cpus == node_cpus[i], "node %zu: %u CPUs",
			    i, inventory->nodes[i].cpus);
		sum += node_bytes[i];
	}
	ktap_assert(inventory->nr_cpus == (size_t)sysconf(_SC_NPROCESSORS_ONLN),
		    "%zu CPUs", inventory->nr_cpus);
	ktap_assert(sum == inventory->mem_bytes && sum == mem_total(-1),
		    "%llu bytes of %llu", (unsigned long long)sum,
		    (unsigned long long)mem_total(-1));
}

/* A node that has memory and no CPUs is one for the inventory, and none here. */
static void test_module(void)
{
	static struct snapshot_reader reader;
	static struct snapshot got;
	struct decide_snapshot *saw = &got.saw;
	uint32_t with_cpus = 0, seen[DECIDE_LEVELS];
	uint64_t memory;
	int i, n;

	look();
	set_knob("enabled", 1);
	sleep_ms(1500);
	memset(&reader, 0, sizeof(reader));
	reader.from = fopen("/sys/kernel/debug/preswap/snapshot", "r");
	ktap_assert(reader.from, "snapshot: %s", strerror(errno));
	n = snapshot_read(&reader, &got);
	fclose(reader.from);
	ktap_assert(n == 1, "%d: %s", n, reader.error);
	memcpy(seen, saw->topology, sizeof(seen));
	memory = saw->capacity[DECIDE_MEMORY];
	snapshot_free(&got);
	for (i = 0; i < nodes; i++)
		with_cpus += !!node_cpus[i];
	printf("# %u CPUs, %u cores, %u caches, %u nodes with CPUs of %d\n",
	       seen[DECIDE_CPUS], seen[DECIDE_CORES], seen[DECIDE_LLCS],
	       seen[DECIDE_NODES], nodes);
	ktap_assert(seen[DECIDE_NODES] == with_cpus, "%u nodes, not %u",
		    seen[DECIDE_NODES], with_cpus);
	ktap_assert(seen[DECIDE_CPUS] == (uint32_t)sysconf(_SC_NPROCESSORS_ONLN),
		    "%u CPUs", seen[DECIDE_CPUS]);
	ktap_assert(memory == mem_total(-1), "%llu bytes",
		    (unsigned long long)memory);
}

static void test_preswapctl(void)
{
	char text[4096], want[64];
	size_t n;
	FILE *f;
	int i;

	look();
	f = popen("build/user/preswapctl inventory", "r");
	ktap_assert(f, "preswapctl: %s", strerror(errno));
	n = fread(text, 1, sizeof(text) - 1, f);
	pclose(f);
	text[n] = '\0';
	snprintf(want, sizeof(want), ", %d NUMA nodes\n", nodes);
	ktap_assert(strstr(text, want), "not %s", want);
	for (i = 0; i < nodes; i++) {
		snprintf(want, sizeof(want), "\n  node %d  %.1f MiB, %u CPUs\n", i,
			 (double)node_bytes[i] / MIB, node_cpus[i]);
		ktap_assert(strstr(text, want), "%s, not%s", text, want);
	}
}

/* ---- memory on each node ---- */

static void hold_on(void *node)
{
	unsigned long mask = 1UL << *(int *)node;

	if (syscall(SYS_set_mempolicy, MPOL_BIND, &mask, 8 * sizeof(mask)))
		_exit(97);
	hold_bytes((void *)HELD);
}

/* Anonymous memory of the cgroup there. */
static uint64_t anon_on(const char *group, int node)
{
	char text[8192], name[16], *at, *end;

	ktap_assert(!try_read(group_file(group, "memory.numa_stat"), text,
			      sizeof(text)), "%s: numa_stat", group);
	ktap_assert(!strncmp(text, "anon ", 5), "%.20s", text);
	end = strchr(text, '\n');
	if (end)
		*end = '\0';
	snprintf(name, sizeof(name), " N%d=", node);
	at = strstr(text, name);
	return at ? strtoull(at + strlen(name), NULL, 10) : 0;
}

/* Two donors on two nodes, and one of them gives. */
static void take_on(int node, int other)
{
	struct preswap_lease lease = { .size = sizeof(lease) };
	uint64_t before, there;
	struct preswap_lease_opts opts = {
		.size = sizeof(opts),
		.kind = PRESWAP_LEASE_KIND_RECLAIM,
		.amount = TAKEN,
		.duration_ms = 60000,
	};

	set_knob("enabled", 0);
	set_knob("reclaim_rate_mib", 1024);
	set_knob("min_priority", 10);	/* only we take */
	group_remove("donor");
	group_remove("other");
	opts.donor_id = group_make("donor");
	group_make("other");
	set_policy(ctx, opts.donor_id, 1, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	group_spawn("donor", hold_on, &node);
	group_spawn("other", hold_on, &other);
	ktap_assert(wait_until(30000, anon_on("donor", node) >= HELD &&
			       anon_on("other", other) >= HELD),
		    "of node %d it has only %llu MiB", node,
		    (unsigned long long)(anon_on("donor", node) / MIB));
	sleep_ms(2500);
	set_knob("enabled", 1);
	before = anon_on("donor", node);
	there = anon_on("other", other);
	must(ctx, preswap_lease_add(ctx, &opts, &lease));
	ktap_assert(wait_until(20000, anon_on("donor", node) + TAKEN * 7 / 8 <=
			       before), "node %d: %llu MiB of %llu are left", node,
		    (unsigned long long)(anon_on("donor", node) / MIB),
		    (unsigned long long)(before / MIB));
	printf("# node %d: %llu of %llu MiB taken\n", node,
	       (unsigned long long)((before - anon_on("donor", node)) / MIB),
	       (unsigned long long)(TAKEN / MIB));
	ktap_assert(anon_on("other", other) + MIB >= there,
		    "the other donor, on node %d, has lost %llu KiB", other,
		    (unsigned long long)(there - anon_on("other", other)) >> 10);
	must(ctx, preswap_lease_end(ctx, lease.id));
}

static void test_memory(void)
{
	int node;

	look();
	for (node = 0; node < nodes; node++)
		take_on(node, (node + 1) % nodes);
}

int main(void)
{
	int status;

	if (preswap_new(&ctx))
		return 1;
	status = ktap_run((struct ktap_case[]){
		{ "R-18 the inventory has each node", test_inventory },
		{ "R-18 a decision knows those with CPUs, and all memory",
		  test_module },
		{ "R-18 preswapctl prints each node", test_preswapctl },
		{ "R-28 memory is taken on the node where it is", test_memory },
		{}
	});
	group_remove("donor");
	group_remove("other");
	inventory_free(inventory);
	preswap_unref(ctx);
	return status;
}
