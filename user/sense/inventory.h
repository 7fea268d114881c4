/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What a node has: cores and how they hang together, memory, swap, block
 * devices, network links. Read from /proc and /sys, once; nothing is measured.
 *
 * Where the kernel does not tell something it is 0 or "unknown", never guessed.
 */
#ifndef SENSE_INVENTORY_H
#define SENSE_INVENTORY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INVENTORY_NAME	64

/* How fast a device is, by kind: each some ten times slower than the last. */
enum inventory_speed {
	INVENTORY_UNKNOWN,
	INVENTORY_MEMORY,	/* zram: compressed in memory */
	INVENTORY_FLASH,	/* NVMe, SSD, and virtual disks that say so */
	INVENTORY_ROTATING,
};

/*
 * An online CPU. @core, @llc, @node: numbers from 0 in the order of CPUs; CPUs
 * with the same @core are its SMT siblings, with the same @llc they share the
 * last level cache.
 */
struct inventory_cpu {
	unsigned int id, core, llc, node;
};

struct inventory_node {
	unsigned int id;
	unsigned int cpus;
	uint64_t mem_bytes;
};

struct inventory_swap {
	char name[INVENTORY_NAME];	/* "/dev/zram0", "/swapfile" */
	enum inventory_speed speed;
	uint64_t size_bytes, used_bytes;
	int priority;
};

struct inventory_disk {
	char name[INVENTORY_NAME];	/* "vda"; whole devices, not loops */
	enum inventory_speed speed;
	uint64_t size_bytes;
};

struct inventory_link {
	char name[INVENTORY_NAME];	/* "eth0"; not lo */
	uint64_t bytes_per_s;		/* 0: it does not tell */
	bool up;
};

struct inventory {
	struct inventory_cpu *cpus;
	struct inventory_node *nodes;
	struct inventory_swap *swaps;
	struct inventory_disk *disks;
	struct inventory_link *links;
	size_t nr_cpus, nr_nodes, nr_swaps, nr_disks, nr_links;
	unsigned int nr_cores, nr_llcs;
	uint64_t mem_bytes;
	bool zswap;			/* swap is compressed in memory first */
};

/*
 * @root: "" for this machine; for tests, a folder that holds proc and sys.
 * 0, -ENOMEM, or another -errno if there is no proc/meminfo or no CPU.
 */
int inventory_read(const char *root, struct inventory **out);
void inventory_free(struct inventory *inventory);

/* Of the swap that is filled first; with zswap, memory. */
enum inventory_speed inventory_swap_speed(const char *root);

const char *inventory_speed_name(enum inventory_speed speed);

#endif /* SENSE_INVENTORY_H */
