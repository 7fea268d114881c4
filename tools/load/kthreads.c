// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Prints what the kernel's threads have run so far, "NAME NS" a line, summed
 * by their names without numbers (kworker, kswapd, kdamond ...): the work that
 * somebody has the kernel do is in nobody's cgroup. In C, as it runs beside what
 * is being measured.
 */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <stdbool.h>
#include <unistd.h>

#include "load.h"

#define KINDS_MAX	256
#define PF_KTHREAD	0x00200000UL

static struct kind {
	char name[16];
	uint64_t ns;
} kinds[KINDS_MAX];
static unsigned int nr_kinds;

/* Reads a small file of a task; false if the task is gone. */
static bool read_file(const char *task, const char *file, char *buf, size_t size)
{
	char path[320];
	ssize_t len;
	int fd;

	snprintf(path, sizeof(path), "/proc/%s/%s", task, file);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return false;
	len = read(fd, buf, size - 1);
	close(fd);
	if (len <= 0)
		return false;
	buf[len] = '\0';
	return true;
}

static void add(const char *name, uint64_t ns)
{
	unsigned int i;

	for (i = 0; i < nr_kinds; i++) {
		if (!strcmp(kinds[i].name, name))
			break;
	}
	if (i == KINDS_MAX)
		die("more than %d kinds of kernel threads", KINDS_MAX);
	if (i == nr_kinds) {
		snprintf(kinds[i].name, sizeof(kinds[i].name), "%s", name);
		nr_kinds++;
	}
	kinds[i].ns += ns;
}

static void count_task(const char *task)
{
	char stat[1024], schedstat[128], name[16], *p, *end;
	unsigned long flags;

	if (!read_file(task, "stat", stat, sizeof(stat)) ||
	    !read_file(task, "schedstat", schedstat, sizeof(schedstat)))
		return;
	p = strchr(stat, '(');
	end = strrchr(stat, ')');
	if (!p || !end ||
	    sscanf(end + 1, " %*c %*d %*d %*d %*d %*d %lu", &flags) != 1)
		die("/proc/%s/stat is not as it should be", task);
	if (!(flags & PF_KTHREAD))
		return;
	*end = '\0';
	snprintf(name, sizeof(name), "%s", p + 1);
	name[strcspn(name, "/:.0123456789")] = '\0';
	add(*name ? name : "other", strtoull(schedstat, NULL, 10));
}

int main(void)
{
	DIR *proc = opendir("/proc");
	struct dirent *entry;
	unsigned int i;

	if (!proc)
		die("/proc: %s", strerror(errno));
	while ((entry = readdir(proc))) {
		if (isdigit((unsigned char)entry->d_name[0]))
			count_task(entry->d_name);
	}
	closedir(proc);
	for (i = 0; i < nr_kinds; i++)
		printf("%s %llu\n", kinds[i].name,
		       (unsigned long long)kinds[i].ns);
	return 0;
}
