// SPDX-License-Identifier: GPL-2.0-or-later
/* The inventory, of made-up machines in a folder, and of this one. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../selftests/ktap.h"
#include "daemon/swap.h"
#include "sense/inventory.h"

static char root[] = "/tmp/inventory.XXXXXX";

/* Writes a file of that name under the root, and the folders it is in. */
__attribute__((format(printf, 2, 3)))
static void file(const char *text, const char *format, ...)
{
	char name[256], command[512];
	va_list args;
	FILE *to;

	va_start(args, format);
	vsnprintf(name, sizeof(name), format, args);
	va_end(args);
	snprintf(command, sizeof(command), "mkdir -p \"$(dirname %s/%s)\"",
		 root, name);
	ktap_assert(!system(command), "%s", command);
	snprintf(command, sizeof(command), "%s/%s", root, name);
	to = fopen(command, "we");
	ktap_assert(to && fputs(text, to) >= 0 && !fclose(to), "%s", name);
}

static void begin(void)
{
	strcpy(root + strlen(root) - 6, "XXXXXX");
	ktap_assert(mkdtemp(root), "no folder");
	file("MemTotal:       16384 kB\nMemFree: 1 kB\n", "proc/meminfo");
}

static void end(void)
{
	char command[64];

	snprintf(command, sizeof(command), "rm -r %s", root);
	ktap_assert(!system(command), "%s", command);
}

static void cpu(int id, const char *siblings, const char *llc)
{
	file(siblings, "sys/devices/system/cpu/cpu%d/topology/thread_siblings_list",
	     id);
	file("1\n", "sys/devices/system/cpu/cpu%d/cache/index0/level", id);
	file(siblings,
	     "sys/devices/system/cpu/cpu%d/cache/index0/shared_cpu_list", id);
	file("3\n", "sys/devices/system/cpu/cpu%d/cache/index3/level", id);
	file(llc, "sys/devices/system/cpu/cpu%d/cache/index3/shared_cpu_list",
	     id);
}

/* Two nodes of two cores with two threads each, numbered as Intel does. */
static void test_topology(void)
{
	static const unsigned int core[] = { 0, 1, 2, 3, 0, 1, 2, 3 };
	struct inventory *found;
	char siblings[8];
	size_t i;

	begin();
	for (i = 0; i < 8; i++) {
		snprintf(siblings, sizeof(siblings), "%zu,%zu\n", i % 4,
			 i % 4 + 4);
		cpu(i, siblings, i % 4 < 2 ? "0-1,4-5\n" : "2-3,6-7\n");
	}
	file("1\n", "sys/devices/system/cpu/cpu1/online");
	file("x\n", "sys/devices/system/cpu/cpufreq/x");
	file("0-1,4-5\n", "sys/devices/system/node/node0/cpulist");
	file("Node 0 MemTotal: 8192 kB\n", "sys/devices/system/node/node0/meminfo");
	file("2-3,6-7\n", "sys/devices/system/node/node1/cpulist");
	file("Node 1 MemTotal: 8000 kB\n", "sys/devices/system/node/node1/meminfo");
	ktap_assert(!inventory_read(root, &found), "refused");
	ktap_assert(found->nr_cpus == 8 && found->nr_cores == 4 &&
		    found->nr_llcs == 2 && found->nr_nodes == 2,
		    "%zu CPUs, %u cores, %u caches, %zu nodes", found->nr_cpus,
		    found->nr_cores, found->nr_llcs, found->nr_nodes);
	for (i = 0; i < 8; i++)
		ktap_assert(found->cpus[i].id == i &&
			    found->cpus[i].core == core[i] &&
			    found->cpus[i].llc == core[i] / 2 &&
			    found->cpus[i].node == core[i] / 2, "CPU %zu", i);
	ktap_assert(found->mem_bytes == 16384 * 1024 &&
		    found->nodes[1].mem_bytes == 8000 * 1024 &&
		    found->nodes[1].cpus == 4, "memory");
	inventory_free(found);

	/* one is taken offline: its sibling stays a core */
	file("0\n", "sys/devices/system/cpu/cpu5/online");
	ktap_assert(!inventory_read(root, &found), "refused");
	ktap_assert(found->nr_cpus == 7 && found->nr_cores == 4, "%zu, %u",
		    found->nr_cpus, found->nr_cores);
	ktap_assert(found->nodes[0].cpus == 3, "%u", found->nodes[0].cpus);
	inventory_free(found);
	end();
}

static void test_devices(void)
{
	struct inventory *found;

	begin();
	cpu(0, "0\n", "0\n");
	file("1000000\n", "sys/block/sda/size");
	file("1\n", "sys/block/sda/queue/rotational");
	file("2000000\n", "sys/block/nvme0n1/size");
	file("0\n", "sys/block/nvme0n1/queue/rotational");
	file("8192\n", "sys/block/zram0/size");
	file("0\n", "sys/block/zram0/queue/rotational");
	file("10\n", "sys/block/loop0/size");
	file("0\n", "sys/block/sr0/size");
	file("Filename Type Size Used Priority\n"
	     "/dev/zram0 partition 4096 12 100\n"
	     "/dev/sda2 partition 100000 0 -2\n"
	     "/dev/nvme0n1p3 partition 50000 1 -3\n"
	     "/gone/swapfile file 7 0 -4\n", "proc/swaps");
	file("1000\n", "sys/class/net/eth0/speed");
	file("up\n", "sys/class/net/eth0/operstate");
	file("-1\n", "sys/class/net/veth1/speed");
	file("down\n", "sys/class/net/veth1/operstate");
	file("unknown\n", "sys/class/net/lo/operstate");
	file("Y\n", "sys/module/zswap/parameters/enabled");
	ktap_assert(!inventory_read(root, &found), "refused");
	ktap_assert(found->nr_disks == 3, "%zu disks", found->nr_disks);
	ktap_assert(!strcmp(found->disks[1].name, "sda") &&
		    found->disks[1].speed == INVENTORY_ROTATING &&
		    found->disks[1].size_bytes == 512000000, "sda");
	ktap_assert(found->nr_swaps == 4, "%zu swaps", found->nr_swaps);
	ktap_assert(found->swaps[0].speed == INVENTORY_MEMORY &&
		    found->swaps[0].size_bytes == 4096 * 1024 &&
		    found->swaps[0].used_bytes == 12 * 1024 &&
		    found->swaps[0].priority == 100, "zram");
	ktap_assert(found->swaps[1].speed == INVENTORY_ROTATING &&
		    found->swaps[2].speed == INVENTORY_FLASH &&
		    found->swaps[3].speed == INVENTORY_UNKNOWN, "speeds");
	ktap_assert(found->nr_links == 2 && found->links[0].up &&
		    found->links[0].bytes_per_s == 125000000, "eth0");
	ktap_assert(!found->links[1].up && !found->links[1].bytes_per_s,
		    "veth1");
	ktap_assert(found->zswap, "zswap");
	inventory_free(found);
	ktap_assert(inventory_swap_speed(root) == INVENTORY_MEMORY, "zswap first");
	file("N\n", "sys/module/zswap/parameters/enabled");
	ktap_assert(inventory_swap_speed(root) == INVENTORY_MEMORY, "zram first");
	file("Filename Type Size Used Priority\n"
	     "/dev/zram0 partition 4096 12 -4\n"
	     "/dev/sda2 partition 100000 0 -2\n", "proc/swaps");
	ktap_assert(inventory_swap_speed(root) == INVENTORY_ROTATING, "sda first");
	end();
}

static unsigned int told(void)
{
	char path[64];
	unsigned int speed;
	FILE *from;

	snprintf(path, sizeof(path), "%s/sys/kernel/preswap/swap_speed", root);
	from = fopen(path, "re");
	ktap_assert(from && fscanf(from, "%u", &speed) == 1, "%s", path);
	fclose(from);
	return speed;
}

/* Another file of that name, as a sysfs that was made again. */
static void reload(void)
{
	char from[64], to[64];

	snprintf(from, sizeof(from), "%s/sys/kernel/preswap/new", root);
	snprintf(to, sizeof(to), "%s/sys/kernel/preswap/swap_speed", root);
	ktap_assert(!rename(from, to), "%s", to);
}

/* The module learns it, again when it changes, unless a person has said it. */
static void test_tell(void)
{
	struct swap_told before = {};

	begin();
	ktap_assert(!swap_tell(root, &before) && !before.speed, "no swap, no module");
	file("8192\n", "sys/block/zram0/size");
	file("8192\n", "sys/block/sda/size");
	file("/dev/zram0 partition 4096 12 100\n", "proc/swaps");
	ktap_assert(swap_tell(root, &before) == -ENOENT && !before.speed, "no module");
	file("0\n", "sys/kernel/preswap/swap_speed");
	ktap_assert(!swap_tell(root, &before) && told() == INVENTORY_MEMORY,
		    "%u is told", told());
	file("1\n", "sys/block/sda/queue/rotational");
	file("/dev/sda2 partition 4096 12 100\n", "proc/swaps");
	ktap_assert(!swap_tell(root, &before) && told() == INVENTORY_ROTATING,
		    "then %u", told());
	file("2\n", "sys/kernel/preswap/swap_speed");
	file("/dev/zram0 partition 4096 12 100\n", "proc/swaps");
	ktap_assert(!swap_tell(root, &before) && told() == 2, "not by hand");
	/* the daemon before this one had told it: it is not a person's */
	before = (struct swap_told){};
	file("1\n", "sys/kernel/preswap/swap_speed");
	ktap_assert(!swap_tell(root, &before) && told() == INVENTORY_MEMORY);
	file("/dev/sda2 partition 4096 12 100\n", "proc/swaps");
	ktap_assert(!swap_tell(root, &before) && told() == INVENTORY_ROTATING,
		    "%u after a restart of the daemon", told());
	/* the module is loaded again before anybody sees that it was gone */
	file("0\n", "sys/kernel/preswap/new");
	reload();
	ktap_assert(!swap_tell(root, &before) && told() == INVENTORY_ROTATING,
		    "%u after a reload of the module", told());
	file("/dev/zram0 partition 4096 12 100\n", "proc/swaps");
	file("x\n", "sys/kernel/preswap/swap_speed");
	ktap_assert(swap_tell(root, &before) == -EBADMSG, "no number");
	end();
}

/* Missing and damaged files: what there is, or a clear error. */
static void test_damaged(void)
{
	struct inventory *found;

	begin();
	ktap_assert(inventory_read(root, &found) == -ENOENT, "no CPU");
	file("", "sys/devices/system/cpu/cpu0/topology/thread_siblings_list");
	file("x-y,,3-\n", "sys/devices/system/cpu/cpu1/topology/thread_siblings_list");
	file("x\n", "sys/devices/system/node/node0/cpulist");
	file("garbage\n1 2\n", "proc/swaps");
	ktap_assert(!inventory_read(root, &found), "refused");
	ktap_assert(found->nr_cpus == 2 && found->nr_cores == 2 &&
		    found->nr_llcs == 2 && !found->nr_swaps && !found->nr_links,
		    "%zu CPUs, %u cores", found->nr_cpus, found->nr_cores);
	inventory_free(found);
	file("", "proc/meminfo");
	ktap_assert(inventory_read(root, &found) == -ENOENT, "no memory");
	end();
}

static void test_here(void)
{
	struct inventory *found;

	ktap_assert(!inventory_read("", &found), "refused");
	ktap_assert(found->nr_cpus == (size_t)sysconf(_SC_NPROCESSORS_ONLN),
		    "%zu CPUs", found->nr_cpus);
	ktap_assert(found->nr_cores >= 1 && found->nr_cores <= found->nr_cpus,
		    "%u cores", found->nr_cores);
	ktap_assert(found->mem_bytes / sysconf(_SC_PAGESIZE) ==
		    (uint64_t)sysconf(_SC_PHYS_PAGES), "memory");
	inventory_free(found);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-18 cores, siblings, caches, nodes", test_topology },
		{ "R-18 disks, swap and links with their speed", test_devices },
		{ "R-18 the module is told how slow the swap is", test_tell },
		{ "R-18 damaged and missing files", test_damaged },
		{ "R-18 this machine", test_here },
		{}
	});
}
