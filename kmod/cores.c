// SPDX-License-Identifier: GPL-2.0-only
/*
 * cores - which CPUs donors leave, in which order.
 *
 * All donors leave the same ones, or none would really be free: the first of one
 * order, which stays as it is while any donor is off some.
 *
 * Nearest to the receiver first: CPUs that share its last-level cache, where its
 * data is, then those of its NUMA node, where its memory is, then node by node.
 * Among these the threads of a core follow each other, since half a core is not
 * free while a donor uses the other half; and the last core comes first, since
 * much of the kernel's own work is on the first one.
 *
 * Example: two nodes of two cores of two threads, CPU numbers as Linux gives
 * them (core 0 is 0 and 4), and a receiver that runs on CPU 1, node 0:
 *
 *	node 0: cores {0,4} {1,5}	order 5 1 4 0 7 3 6 2
 *	node 1: cores {2,6} {3,7}
 *
 * CPUs that are offline when the order is made come last.
 */
#include <linux/cpu.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/sort.h>
#include <linux/topology.h>

#include "compat/compat.h"
#include "cores.h"
#include "decide/decide.h"

/*
 * A CPU's place, the smaller the earlier. Node, cache and core are counted
 * down, so that the last comes first; numbers beyond a field's room only make
 * the order a worse one.
 */
#define PRESWAP_CORES_OFFLINE	BIT_ULL(63)
#define PRESWAP_CORES_NODE	BIT_ULL(62)	/* another than the receiver's */
#define PRESWAP_CORES_CACHE	BIT_ULL(61)
#define PRESWAP_CORES_BITS	15
/* a DECIDE_LEVEL each: 60 bits */
#define PRESWAP_CORES_FIELD	((1U << PRESWAP_CORES_BITS) - 1)

#define PRESWAP_CORES_SPARE	(PRESWAP_CORES_BEFORE + 1)	/* for a new one */
#define PRESWAP_CORES_ORDERS	(PRESWAP_CORES_SPARE + 1)

/* As last seen; preswap_lock. */
static cpumask_var_t preswap_cores_online;
static u32 preswap_cores_topology[DECIDE_LEVELS];
static u32 preswap_cores_threads;	/* of a core, at most */

static DEFINE_MUTEX(preswap_cores_lock);
/* nr_cpu_ids keys each, ascending; preswap_cores_lock */
static u64 *preswap_cores_keys[PRESWAP_CORES_ORDERS];

static u64 preswap_cores_field(unsigned int number)
{
	return PRESWAP_CORES_FIELD - (number & PRESWAP_CORES_FIELD);
}

static unsigned int preswap_cores_cpu(u64 key)
{
	return PRESWAP_CORES_FIELD - (key & PRESWAP_CORES_FIELD);
}

/* @home: a CPU near which cores are wanted, or -1. */
static u64 preswap_cores_key(unsigned int cpu, int home)
{
	unsigned int core = cpumask_first(topology_sibling_cpumask(cpu));
	u64 key;

	if (core >= nr_cpu_ids)
		core = cpu;
	key = preswap_cores_field(cpu_to_node(cpu));
	key = key << PRESWAP_CORES_BITS |
	      preswap_cores_field(preswap_cpu_cache(cpu));
	key = key << PRESWAP_CORES_BITS | preswap_cores_field(core);
	key = key << PRESWAP_CORES_BITS | preswap_cores_field(cpu);
	if (!cpu_online(cpu))
		key |= PRESWAP_CORES_OFFLINE;
	if (home < 0)
		return key;
	if (cpu_to_node(cpu) != cpu_to_node(home))
		key |= PRESWAP_CORES_NODE;
	if (preswap_cpu_cache(cpu) != preswap_cpu_cache(home))
		key |= PRESWAP_CORES_CACHE;
	return key;
}

static int preswap_cores_compare(const void *a, const void *b)
{
	u64 x = *(const u64 *)a, y = *(const u64 *)b;

	return x < y ? -1 : x > y;
}

static void preswap_cores_fill(u64 *keys, int home)
{
	unsigned int cpu;

	for (cpu = 0; cpu < nr_cpu_ids; cpu++)
		keys[cpu] = cpu_possible(cpu) ? preswap_cores_key(cpu, home) :
						U64_MAX;
	sort(keys, nr_cpu_ids, sizeof(*keys), preswap_cores_compare, NULL);
}

/**
 * preswap_cores_aim() - put the cores near a CPU first
 * @home: that CPU, or -1: the last ones
 *
 * For when no donor is off any.
 */
void preswap_cores_aim(int home)
{
	u64 **keys = preswap_cores_keys;

	mutex_lock(&preswap_cores_lock);
	preswap_cores_fill(keys[PRESWAP_CORES_SPARE], home);
	if (memcmp(keys[PRESWAP_CORES_SPARE], keys[PRESWAP_CORES_NOW],
		   nr_cpu_ids * sizeof(u64))) {
		swap(keys[PRESWAP_CORES_BEFORE], keys[PRESWAP_CORES_SPARE]);
		swap(keys[PRESWAP_CORES_NOW], keys[PRESWAP_CORES_BEFORE]);
	}
	mutex_unlock(&preswap_cores_lock);
}

/* The first @number online CPUs of that order. */
void preswap_cores_first(enum preswap_cores_order order, unsigned int number,
			 struct cpumask *first)
{
	unsigned int i, cpu;
	u64 key;

	cpumask_clear(first);
	mutex_lock(&preswap_cores_lock);
	for (i = 0; i < nr_cpu_ids && number; i++) {
		key = preswap_cores_keys[order][i];
		if (key == U64_MAX)
			break;
		cpu = preswap_cores_cpu(key);
		if (!cpu_online(cpu))
			continue;
		cpumask_set_cpu(cpu, first);
		number--;
	}
	mutex_unlock(&preswap_cores_lock);
}

/*
 * What there is online. In an order, CPUs of a core, a cache, a node follow each
 * other: a new one begins where that part of the key changes. (A cache that several
 * nodes share counts in each.)
 */
static void preswap_cores_look(void)
{
	u64 *keys = preswap_cores_keys[PRESWAP_CORES_SPARE], change;
	u32 *topology = preswap_cores_topology, threads = 0, i, level;

	mutex_lock(&preswap_cores_lock);
	cpumask_copy(preswap_cores_online, cpu_online_mask);
	preswap_cores_fill(keys, -1);
	memset(topology, 0, sizeof(preswap_cores_topology));
	preswap_cores_threads = 1;
	for (i = 0; i < nr_cpu_ids && keys[i] < PRESWAP_CORES_OFFLINE; i++) {
		change = i ? keys[i] ^ keys[i - 1] : U64_MAX;
		threads = change >> PRESWAP_CORES_BITS ? 1 : threads + 1;
		preswap_cores_threads = max(preswap_cores_threads, threads);
		for (level = 0; level < DECIDE_LEVELS; level++) {
			topology[level] += !!change;
			change >>= PRESWAP_CORES_BITS;
		}
	}
	mutex_unlock(&preswap_cores_lock);
}

/* Have CPUs come or gone since the last time? */
bool preswap_cores_changed(void)
{
	if (cpumask_equal(preswap_cores_online, cpu_online_mask))
		return false;
	preswap_cores_look();
	return true;
}

/* In what there is to decide with. */
void preswap_cores_describe(struct decide_snapshot *to)
{
	memcpy(to->topology, preswap_cores_topology, sizeof(to->topology));
	to->core_milli = preswap_cores_threads * DECIDE_MILLI_PER_CPU;
}

int preswap_cores_init(void)
{
	int i;

	if (!zalloc_cpumask_var(&preswap_cores_online, GFP_KERNEL))
		return -ENOMEM;
	for (i = 0; i < PRESWAP_CORES_ORDERS; i++) {
		preswap_cores_keys[i] = kcalloc(nr_cpu_ids, sizeof(u64),
						GFP_KERNEL);
		if (!preswap_cores_keys[i]) {
			preswap_cores_exit();
			return -ENOMEM;
		}
		preswap_cores_fill(preswap_cores_keys[i], -1);
	}
	preswap_cores_look();
	return 0;
}

void preswap_cores_exit(void)
{
	int i;

	free_cpumask_var(preswap_cores_online);
	for (i = 0; i < PRESWAP_CORES_ORDERS; i++) {
		kfree(preswap_cores_keys[i]);
		preswap_cores_keys[i] = NULL;
	}
}
