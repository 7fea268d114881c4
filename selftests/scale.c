// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * many apps and many tasks: what the module takes for each, that none is lost,
 * and that all of it comes back.
 *
 * PRESWAP_SCALE="APPS PROCESSES THREADS": so many cgroups with a policy, so many of them
 * with a process of so many threads.
 */
#include <dirent.h>
#include <sched.h>
#include <stdio.h>
#include <sys/syscall.h>

#include "guest.h"

#define TASK_BYTES	256
#define APP_BYTES	1024
#define PIDS		(1 << 22)
#define STACK		1024
#define SLACK_BYTES	(128 << 10)	/* of caches, to be found in use */

static struct preswap_ctx *ctx;
static unsigned int nr_apps = 500, nr_processes = 50, nr_threads = 40;

/* Of our cgroups, by number. */
static struct group {
	uint64_t id;
	pid_t pid;		/* 0: without a process */
	uint32_t tasks;		/* by the list of tasks */
	unsigned int seen;	/* in the list of apps */
} *groups;

static struct {
	uint32_t apps, tasks;
	uint64_t task_bytes, app_bytes, kmalloc_bytes;
} before;

static struct preswap_info get_info(void)
{
	struct preswap_info info = { .size = sizeof(info) };

	must(ctx, preswap_info_get(ctx, &info));
	return info;
}

/* ---- memory ---- */

/* Bytes of all objects in use of kmalloc's caches. */
static uint64_t kmalloc_bytes(void)
{
	unsigned long long active, all, size;
	char line[512], name[64];
	uint64_t bytes = 0;
	FILE *file = fopen("/proc/slabinfo", "re");

	ktap_assert(file, "%s", strerror(errno));
	while (fgets(line, sizeof(line), file))
		if (sscanf(line, "%63s %llu %llu %llu", name, &active, &all,
			   &size) == 4 && !strncmp(name, "kmalloc", 7))
			bytes += active * size;
	fclose(file);
	return bytes;
}

/* What an object takes with what its cache rounds it up to. */
static uint64_t object_bytes(const char *cache)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/slab_size", cache);
	return read_u64(path);
}

/* Of a cache's objects in use, which others may have, too: caches are merged. */
static uint64_t slab_bytes(const char *cache)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/objects", cache);
	return read_u64(path) * object_bytes(cache);
}

/* ---- tasks ---- */

__attribute__((noreturn))
static int wait_for_end(void *arg)
{
	(void)arg;
	for (;;)
		syscall(SYS_pause);
}

/* Threads of a stack that has room for a system call, no more. */
static void run_threads(void *arg)
{
	const int flags = CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND |
			  CLONE_THREAD | CLONE_SYSVSEM;
	char *stacks = mmap(NULL, (size_t)nr_threads * STACK,
			    PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	unsigned int i;

	if (stacks == MAP_FAILED)
		_exit(98);
	/* to find the function takes more stack than to call it */
	syscall(SYS_getppid);
	for (i = 1; i < nr_threads; i++)
		if (clone(wait_for_end, stacks + i * STACK, flags, NULL) < 0)
			_exit(97);
	if (write(*(int *)arg, "x", 1) != 1)
		_exit(96);
	wait_for_end(NULL);
}

static const char *name_of(unsigned int i)
{
	static char name[32];

	snprintf(name, sizeof(name), "scale/a%u", i);
	return name;
}

static void make_groups(void)
{
	struct stat st;
	unsigned int i;

	group_make("scale");
	must_write(group_file("scale", "cgroup.subtree_control"), "+memory");
	for (i = 0; i < nr_apps; i++) {
		ktap_assert(!mkdir(group_file(name_of(i), ""), 0755), "%u: %s",
			    i, strerror(errno));
		ktap_assert(!stat(group_file(name_of(i), ""), &st));
		groups[i].id = st.st_ino;
	}
}

static void make_processes(void)
{
	int ready[2];
	unsigned int i;
	char byte;

	must_write("/proc/sys/kernel/pid_max", "4194304");
	must_write("/proc/sys/kernel/threads-max", "1000000");
	for (i = 0; i < nr_processes; i++) {
		ktap_assert(!pipe(ready), "%s", strerror(errno));
		groups[i].pid = group_spawn(name_of(i), run_threads, &ready[1]);
		close(ready[1]);
		ktap_assert(read(ready[0], &byte, 1) == 1, "no threads: status %x",
			    waitpid(groups[i].pid, &ready[0], WNOHANG) > 0 ?
			    (unsigned int)ready[0] : 0);
		close(ready[0]);
	}
	printf("# %u processes\n", i);
}

/* ---- cases ---- */

static void setup(void)
{
	const char *scale = getenv("PRESWAP_SCALE");

	if (ctx)
		return;
	if (scale && sscanf(scale, "%u %u %u", &nr_apps, &nr_processes,
			    &nr_threads) != 3)
		ktap_assert(false, "PRESWAP_SCALE is '%s'", scale);
	ctx = open_preswap();
	groups = calloc(nr_apps, sizeof(*groups));
	ktap_assert(groups && nr_processes <= nr_apps);
	set_knob("enabled", 0);
	set_knob("usage_ms", 60000);
	make_groups();
	sleep_ms(1500);
	before.apps = get_info().apps;
	before.tasks = get_info().tasks;
	before.task_bytes = slab_bytes("preswap_task");
	before.app_bytes = slab_bytes("preswap_app");
	before.kmalloc_bytes = kmalloc_bytes();
}

static void test_apps(void)
{
	uint64_t bytes, more;
	unsigned int i;

	setup();
	printf("# %u cgroups\n", nr_apps);
	for (i = 0; i < nr_apps; i++)
		set_policy(ctx, groups[i].id, 5, PRESWAP_SENSITIVITY_NORMAL,
			   true, 0, 0);
	/* others come and go meanwhile, and CPUs keep some for themselves */
	more = kmalloc_bytes() - before.kmalloc_bytes - SLACK_BYTES;
	bytes = object_bytes("preswap_app") +
		((int64_t)more > 0 ? more / nr_apps : 0);
	printf("# %u apps of %llu bytes\n", nr_apps, (unsigned long long)bytes);
	ktap_assert(bytes <= APP_BYTES);
	ktap_assert(get_info().apps == before.apps + nr_apps, "%u, then %u",
		    before.apps, get_info().apps);
}

static void test_tasks(void)
{
	uint32_t want = nr_processes * nr_threads, more;
	uint64_t bytes = object_bytes("preswap_task");

	make_processes();
	wait_until(10000, get_info().tasks >= before.tasks + want);
	more = get_info().tasks - before.tasks;
	printf("# %u tasks of %llu bytes\n", more, (unsigned long long)bytes);
	ktap_assert(bytes <= TASK_BYTES);
	/* others of the guest come and go */
	ktap_assert(more + 20 >= want && more <= want + 20, "%u tasks, not %u", more, want);
	ktap_assert(get_info().tasks_lost == 0, "%llu lost",
		    (unsigned long long)get_info().tasks_lost);
}

static int compare(const void *a, const void *b)
{
	const struct group *x = a, *y = b;

	return x->id < y->id ? -1 : x->id > y->id;
}

static struct group *group_of(uint64_t id)
{
	struct group key = { .id = id };

	return bsearch(&key, groups, nr_apps, sizeof(*groups), compare);
}

static uint8_t *pids;		/* how often it was listed */

static int see_task(void *data, const struct preswap_task *task)
{
	struct group *group = group_of(task->app_id);

	(void)data;
	pids[task->pid % PIDS]++;
	if (group && (pid_t)task->tgid == group->pid)
		group->tasks++;
	return 0;
}

static int see_app(void *data, const struct preswap_app *app)
{
	struct group *group = group_of(app->id);
	uint64_t *sum = data;

	if (!group)
		return 0;
	group->seen++;
	*sum += app->tasks;
	ktap_assert(app->tasks == group->tasks, "%s has %u tasks, %u listed",
		    app->path, app->tasks, group->tasks);
	return 0;
}

/* Each thread that /proc has of the process is in the list, once. */
static unsigned int check_process(pid_t pid)
{
	unsigned int count = 0;
	struct dirent *entry;
	char path[64];
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	ktap_assert(dir, "%s: %s", path, strerror(errno));
	while ((entry = readdir(dir))) {
		int tid = atoi(entry->d_name);

		if (!tid)
			continue;
		count++;
		ktap_assert(pids[tid] == 1, "task %d is listed %u times", tid,
			    pids[tid]);
	}
	closedir(dir);
	return count;
}

/* What the module says of an app's memory is what its cgroup says. */
static void check_memory(const struct group *group, unsigned int number)
{
	uint64_t by_cgroup = group_memory(name_of(number));
	uint64_t by_us = app_of(ctx, group->id).mem_bytes;
	uint64_t least = by_us < by_cgroup ? by_us : by_cgroup;

	ktap_assert(by_us + by_cgroup - 2 * least <= MIB / 4, "%llu, not %llu",
		    (unsigned long long)by_us, (unsigned long long)by_cgroup);
}

static void test_lists(void)
{
	uint64_t sum = 0, by_proc = 0;
	unsigned int i, listed = 0;

	/* an app's are counted once a second, or later where that takes long */
	sleep_ms(2000 + nr_processes * nr_threads / 20);
	for (i = 0; i < nr_processes; i += nr_processes / 20 + 1)
		check_memory(&groups[i], i);
	qsort(groups, nr_apps, sizeof(*groups), compare);
	pids = calloc(PIDS, 1);
	ktap_assert(pids, "no memory");
	must(ctx, preswap_tasks(ctx, 0, see_task, NULL));
	for (i = 0; i < nr_apps; i++) {
		if (!groups[i].pid)
			continue;
		by_proc += check_process(groups[i].pid);
		listed += groups[i].tasks;
	}
	must(ctx, preswap_apps(ctx, see_app, &sum));
	for (i = 0; i < nr_apps; i++)
		ktap_assert(groups[i].seen == 1, "app %llu is listed %u times",
			    (unsigned long long)groups[i].id, groups[i].seen);
	printf("# %u tasks listed, %llu in apps, %llu in /proc\n", listed,
	       (unsigned long long)sum, (unsigned long long)by_proc);
	ktap_assert(listed == nr_processes * nr_threads && sum == listed &&
		    by_proc == listed);
	free(pids);
}

static void remove_groups(void)
{
	unsigned int i;

	must_write(group_file("scale", "cgroup.kill"), "1");
	while (waitpid(-1, NULL, 0) > 0)
		;
	for (i = 0; i < nr_apps; i++)
		ktap_assert(wait_until(30000,
			    !rmdir(group_file(name_of(i), ""))), "%u: %s", i,
			    strerror(errno));
	group_remove("scale");
}

/* A cache counts what its CPUs keep for themselves as in use: some slabs of it. */
static bool is_back(const char *cache, uint64_t bytes)
{
	return slab_bytes(cache) <= bytes + SLACK_BYTES;
}

static void test_back(void)
{
	remove_groups();
	ktap_assert(wait_until(60000, get_info().apps <= before.apps),
		    "%u apps, there were %u", get_info().apps, before.apps);
	ktap_assert(wait_until(60000, get_info().tasks <= before.tasks + 20),
		    "%u tasks, there were %u", get_info().tasks, before.tasks);
	ktap_assert(wait_until(60000, is_back("preswap_task", before.task_bytes) &&
			       is_back("preswap_app", before.app_bytes)),
		    "%llu and %llu bytes stay, there were %llu and %llu",
		    (unsigned long long)slab_bytes("preswap_task"),
		    (unsigned long long)slab_bytes("preswap_app"),
		    (unsigned long long)before.task_bytes,
		    (unsigned long long)before.app_bytes);
	printf("# %llu and %llu bytes, there were %llu and %llu\n",
	       (unsigned long long)slab_bytes("preswap_task"),
	       (unsigned long long)slab_bytes("preswap_app"),
	       (unsigned long long)before.task_bytes,
	       (unsigned long long)before.app_bytes);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-2 many apps: memory of each, none is lost", test_apps },
		{ "R-1 many tasks: memory of each, none is lost", test_tasks },
		{ "R-1 R-2 all are listed, once, where they are", test_lists },
		{ "R-32 all of it comes back", test_back },
		{}
	});
}
