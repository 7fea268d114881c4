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

/*
 * A CPU's place, the smaller the earlier. Node, cache and core are counted
 * down, so that the last comes first; numbers beyond a field's room only make
 * the order a worse one.
 */
#define PRESWAP_CORES_OFFLINE	BIT_ULL(63)
#define PRESWAP_CORES_NODE	BIT_ULL(62)	/* another than the receiver's */
#define PRESWAP_CORES_CACHE	BIT_ULL(61)
#define PRESWAP_CORES_FIELD	0x7fffU		/* 4 of them: 60 bits */

#define PRESWAP_CORES_SPARE	(PRESWAP_CORES_BEFORE + 1)	/* for a new one */
#define PRESWAP_CORES_ORDERS	(PRESWAP_CORES_SPARE + 1)

static cpumask_var_t preswap_cores_online;	/* as last seen; preswap_lock */
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
	key = preswap_cores_field(cpu_to_node(cpu)) << 45 |
	      preswap_cores_field(preswap_cpu_cache(cpu)) << 30 |
	      preswap_cores_field(core) << 15 | preswap_cores_field(cpu);
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

/* Online CPUs that share a core, at most. */
unsigned int preswap_cores_threads(void)
{
	unsigned int cpu, threads = 1;

	for_each_online_cpu(cpu)
		threads = max(threads, (unsigned int)cpumask_weight(
					       topology_sibling_cpumask(cpu)));
	return threads;
}

/* Have CPUs come or gone since the last time? */
bool preswap_cores_changed(void)
{
	if (cpumask_equal(preswap_cores_online, cpu_online_mask))
		return false;
	cpumask_copy(preswap_cores_online, cpu_online_mask);
	return true;
}

int preswap_cores_init(void)
{
	int i;

	if (!zalloc_cpumask_var(&preswap_cores_online, GFP_KERNEL))
		return -ENOMEM;
	cpumask_copy(preswap_cores_online, cpu_online_mask);
	for (i = 0; i < PRESWAP_CORES_ORDERS; i++) {
		preswap_cores_keys[i] = kcalloc(nr_cpu_ids, sizeof(u64),
						GFP_KERNEL);
		if (!preswap_cores_keys[i]) {
			preswap_cores_exit();
			return -ENOMEM;
		}
		preswap_cores_fill(preswap_cores_keys[i], -1);
	}
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
