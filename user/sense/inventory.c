// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "sense/inventory.h"

#define CPUS	"sys/devices/system/cpu"
#define NODES	"sys/devices/system/node"

struct reader {
	const char *root;
	struct inventory *to;
	bool no_memory;
};

/* Opens the file of that name under the root; NULL if there is none. */
__attribute__((format(printf, 2, 3)))
static FILE *file_open(const struct reader *r, const char *format, ...)
{
	char path[PATH_MAX];
	va_list args;
	int used = snprintf(path, sizeof(path), "%s/", r->root);

	va_start(args, format);
	vsnprintf(path + used, sizeof(path) - used, format, args);
	va_end(args);
	return fopen(path, "re");
}

/* The first line of the file, without its end; false and "" if there is none. */
static bool line_of(FILE *file, char *line, size_t size)
{
	bool ok = file && fgets(line, size, file);

	if (file)
		fclose(file);
	if (!ok)
		*line = 0;
	line[strcspn(line, "\n")] = 0;
	return ok;
}

static uint64_t number_of(FILE *file)
{
	char line[64];

	return line_of(file, line, sizeof(line)) ? strtoull(line, NULL, 10) : 0;
}

/* Room for one more, zeroed, at the end of a table. */
#define APPEND(r, table, count) ({					\
	typeof(table) grown_ = reallocarray(table, (count) + 1,		\
					    sizeof(*(table)));		\
	if (grown_) {							\
		(table) = grown_;					\
		grown_ += (count)++;					\
		memset(grown_, 0, sizeof(*grown_));			\
	} else {							\
		(r)->no_memory = true;					\
	}								\
	grown_;								\
})

/* Calls @fn with each name in the folder, in order; whether it is there. */
static bool each_name(struct reader *r, const char *folder,
		      void (*fn)(struct reader *r, const char *name))
{
	char path[PATH_MAX];
	struct dirent **names;
	int count;

	snprintf(path, sizeof(path), "%s/%s", r->root, folder);
	count = scandir(path, &names, NULL, versionsort);
	if (count < 0)
		return false;
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.')
			fn(r, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	return true;
}

/* "cpu12" with @prefix "cpu" is 12; -1: it is not of that form. */
static int number_after(const char *name, const char *prefix)
{
	size_t len = strlen(prefix);
	char *end;
	long number;

	if (strncmp(name, prefix, len) ||
	    !isdigit((unsigned char)name[len]))
		return -1;
	number = strtol(name + len, &end, 10);
	return *end || number > INT_MAX ? -1 : (int)number;
}

/* Is the CPU in a list like "0-3,8,10-11"? */
static bool in_list(const char *list, unsigned int cpu)
{
	unsigned long first, last;
	char *end;

	for (; isdigit((unsigned char)*list); list = end + (*end == ',')) {
		first = strtoul(list, &end, 10);
		last = first;
		if (*end == '-')
			last = strtoul(end + 1, &end, 10);
		if (cpu >= first && cpu <= last)
			return true;
	}
	return false;
}

/* The list of CPUs that share its last level cache, "" if none is told. */
static void shared_cache(const struct reader *r, unsigned int cpu, char *list,
			 size_t size)
{
	uint64_t level, most = 0;

	*list = 0;
	for (int i = 0; i < 8; i++) {
		level = number_of(file_open(r, CPUS "/cpu%u/cache/index%d/level",
					    cpu, i));
		if (level <= most)
			continue;
		most = level;
		line_of(file_open(r, CPUS "/cpu%u/cache/index%d/shared_cpu_list",
				  cpu, i), list, size);
	}
}

/*
 * The number that an earlier CPU of the list has, or the next new one: so each
 * core and cache is counted once, whatever the kernel calls it.
 */
#define GROUP(r, cpu, list, member, count) ({				\
	unsigned int number_ = (count);					\
	for (size_t i_ = 0; i_ + 1 < (r)->to->nr_cpus; i_++)		\
		if (in_list(list, (r)->to->cpus[i_].id)) {		\
			number_ = (r)->to->cpus[i_].member;		\
			break;						\
		}							\
	(count) += number_ == (count);					\
	(cpu)->member = number_;					\
})

static void add_cpu(struct reader *r, const char *name)
{
	struct inventory *to = r->to;
	struct inventory_cpu *cpu;
	int id = number_after(name, "cpu");
	char list[4096], online[8];

	/* one that cannot go offline has no such file */
	if (id < 0 ||
	    (line_of(file_open(r, CPUS "/cpu%d/online", id), online,
		     sizeof(online)) && !strcmp(online, "0")))
		return;
	cpu = APPEND(r, to->cpus, to->nr_cpus);
	if (!cpu)
		return;
	cpu->id = id;
	line_of(file_open(r, CPUS "/cpu%d/topology/thread_siblings_list", id),
		list, sizeof(list));
	GROUP(r, cpu, list, core, to->nr_cores);
	shared_cache(r, id, list, sizeof(list));
	GROUP(r, cpu, list, llc, to->nr_llcs);
}

/* "Node 0 MemTotal:   1234 kB", "MemTotal:   1234 kB" */
static uint64_t mem_total(FILE *file)
{
	unsigned long long kib = 0;
	const char *found;
	char line[256];

	if (!file)
		return 0;
	while (fgets(line, sizeof(line), file)) {
		found = strstr(line, "MemTotal:");
		if (found && sscanf(found, "MemTotal: %llu kB", &kib) == 1)
			break;
	}
	fclose(file);
	return kib * 1024;
}

static void add_node(struct reader *r, const char *name)
{
	struct inventory *to = r->to;
	struct inventory_node *node;
	int id = number_after(name, "node");
	char list[4096];

	if (id < 0)
		return;
	node = APPEND(r, to->nodes, to->nr_nodes);
	if (!node)
		return;
	node->id = id;
	node->mem_bytes = mem_total(file_open(r, NODES "/node%d/meminfo", id));
	line_of(file_open(r, NODES "/node%d/cpulist", id), list, sizeof(list));
	for (size_t i = 0; i < to->nr_cpus; i++) {
		if (!in_list(list, to->cpus[i].id))
			continue;
		to->cpus[i].node = id;
		node->cpus++;
	}
}

static enum inventory_speed disk_speed(const struct reader *r,
				       const char *name)
{
	char rotational[8];

	if (number_after(name, "zram") >= 0)
		return INVENTORY_MEMORY;
	if (!line_of(file_open(r, "sys/block/%s/queue/rotational", name),
		     rotational, sizeof(rotational)))
		return INVENTORY_UNKNOWN;
	return strcmp(rotational, "0") ? INVENTORY_ROTATING : INVENTORY_FLASH;
}

static void add_disk(struct reader *r, const char *name)
{
	struct inventory *to = r->to;
	uint64_t sectors = number_of(file_open(r, "sys/block/%s/size", name));
	struct inventory_disk *disk;

	/* loops are files of other disks; without a size nothing is in it */
	if (!sectors || number_after(name, "loop") >= 0 ||
	    number_after(name, "ram") >= 0)
		return;
	disk = APPEND(r, to->disks, to->nr_disks);
	if (!disk)
		return;
	snprintf(disk->name, sizeof(disk->name), "%.*s",
		 (int)sizeof(disk->name) - 1, name);
	disk->speed = disk_speed(r, name);
	disk->size_bytes = sectors * 512;
}

/* The disk that holds a partition or itself: the longest name it begins with. */
static enum inventory_speed speed_by_name(const struct reader *r,
					  const char *name)
{
	const struct inventory *to = r->to;
	enum inventory_speed speed = INVENTORY_UNKNOWN;
	size_t best = 0, len;

	for (size_t i = 0; i < to->nr_disks; i++) {
		len = strlen(to->disks[i].name);
		if (len > best && !strncmp(name, to->disks[i].name, len)) {
			best = len;
			speed = to->disks[i].speed;
		}
	}
	return speed;
}

/* A file's: that of the device that its file system is on. */
static enum inventory_speed swap_speed(const struct reader *r,
				       const char *name)
{
	char path[PATH_MAX], link[PATH_MAX], *last;
	struct stat st;
	ssize_t len;

	if (!strncmp(name, "/dev/", 5))
		return speed_by_name(r, name + 5);
	snprintf(path, sizeof(path), "%s%s", r->root, name);
	if (stat(path, &st))
		return INVENTORY_UNKNOWN;
	snprintf(path, sizeof(path), "%s/sys/dev/block/%u:%u", r->root,
		 major(st.st_dev), minor(st.st_dev));
	len = readlink(path, link, sizeof(link) - 1);
	if (len < 0)
		return INVENTORY_UNKNOWN;
	link[len] = 0;
	last = strrchr(link, '/');
	return speed_by_name(r, last ? last + 1 : link);
}

static void read_swaps(struct reader *r)
{
	FILE *file = file_open(r, "proc/swaps");
	unsigned long long size_kib, used_kib;
	char line[PATH_MAX + 128], name[PATH_MAX];
	struct inventory_swap *swap;
	int priority;

	while (file && fgets(line, sizeof(line), file)) {
		/* the heading has no numbers */
		if (sscanf(line, "%4095s %*s %llu %llu %d", name, &size_kib,
			   &used_kib, &priority) != 4)
			continue;
		swap = APPEND(r, r->to->swaps, r->to->nr_swaps);
		if (!swap)
			break;
		snprintf(swap->name, sizeof(swap->name), "%.*s",
			 (int)sizeof(swap->name) - 1, name);
		swap->speed = swap_speed(r, name);
		swap->size_bytes = size_kib * 1024;
		swap->used_bytes = used_kib * 1024;
		swap->priority = priority;
	}
	if (file)
		fclose(file);
}

static void add_link(struct reader *r, const char *name)
{
	struct inventory_link *link;
	char text[32];
	long mbit = 0;

	if (!strcmp(name, "lo"))
		return;
	link = APPEND(r, r->to->links, r->to->nr_links);
	if (!link)
		return;
	snprintf(link->name, sizeof(link->name), "%.*s",
		 (int)sizeof(link->name) - 1, name);
	/* -1, or an error on reading: it does not know */
	if (line_of(file_open(r, "sys/class/net/%s/speed", name), text,
		    sizeof(text)))
		mbit = strtol(text, NULL, 10);
	if (mbit > 0)
		link->bytes_per_s = mbit * 1000000ULL / 8;
	line_of(file_open(r, "sys/class/net/%s/operstate", name), text,
		sizeof(text));
	link->up = !strcmp(text, "up");
}

static bool read_zswap(const struct reader *r)
{
	char zswap[8];

	line_of(file_open(r, "sys/module/zswap/parameters/enabled"), zswap,
		sizeof(zswap));
	return !strcmp(zswap, "Y");
}

static int read_all(struct reader *r)
{
	struct inventory *to = r->to;

	to->mem_bytes = mem_total(file_open(r, "proc/meminfo"));
	if (!to->mem_bytes)
		return -ENOENT;
	each_name(r, CPUS, add_cpu);
	if (!to->nr_cpus && !r->no_memory)
		return -ENOENT;
	each_name(r, NODES, add_node);
	each_name(r, "sys/block", add_disk);
	read_swaps(r);
	each_name(r, "sys/class/net", add_link);
	to->zswap = read_zswap(r);
	return r->no_memory ? -ENOMEM : 0;
}

int inventory_read(const char *root, struct inventory **out)
{
	struct reader r = {
		.root = root,
		.to = calloc(1, sizeof(*r.to)),
	};
	int err;

	if (!r.to)
		return -ENOMEM;
	err = read_all(&r);
	if (err)
		inventory_free(r.to);
	else
		*out = r.to;
	return err;
}

void inventory_free(struct inventory *inventory)
{
	if (!inventory)
		return;
	free(inventory->cpus);
	free(inventory->nodes);
	free(inventory->swaps);
	free(inventory->disks);
	free(inventory->links);
	free(inventory);
}

enum inventory_speed inventory_swap_speed(const char *root)
{
	struct inventory found = {};
	struct reader r = { .root = root, .to = &found };
	const struct inventory_swap *first = NULL;
	enum inventory_speed speed = INVENTORY_UNKNOWN;
	size_t i;

	each_name(&r, "sys/block", add_disk);
	read_swaps(&r);
	for (i = 0; i < found.nr_swaps; i++)
		if (!first || found.swaps[i].priority > first->priority)
			first = &found.swaps[i];
	if (first)
		speed = read_zswap(&r) ? INVENTORY_MEMORY : first->speed;
	free(found.swaps);
	free(found.disks);
	return speed;
}

const char *inventory_speed_name(enum inventory_speed speed)
{
	static const char * const names[] = {
		[INVENTORY_UNKNOWN] = "unknown",
		[INVENTORY_MEMORY] = "memory",
		[INVENTORY_FLASH] = "flash",
		[INVENTORY_ROTATING] = "rotating",
	};

	return names[speed];
}
