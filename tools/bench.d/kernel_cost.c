// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * kernel_cost - what the module costs, measured in a guest by tools/bench kernel.
 *
 *	kernel_cost CASE...
 *
 * Prints a line "NAME VALUE" for each number; nothing else but lines that begin
 * with "#". The cases pingpong and fork need no module; the others do.
 */
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <linux/futex.h>

#include "../../selftests/guest.h"

#define PINGPONGS	20000
#define FORKS		1000
#define TASKS		10000
#define TICKS		12
#define APPS		1000
#define HORIZONS	8	/* that the daemon pushes */
#define READ_MAX	(1 << 18)

static struct preswap_ctx *ctx;

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

static void tell(const char *name, double value)
{
	printf("%s %.17g\n", name, value);
}

static int compare(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

static uint64_t median(uint64_t *values, size_t n)
{
	qsort(values, n, sizeof(*values), compare);
	return values[n / 2];
}

/* ---- with and without the module ---- */

/* With two CPUs, what one waits for the other would count. */
static void pin(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(0, &set);
	ktap_assert(!sched_setaffinity(0, sizeof(set), &set), "%s",
		    strerror(errno));
}

/* Two processes on one CPU that wake each other by pipes. */
static void case_pingpong(void)
{
	int there[2], back[2], i;
	char byte = 0;
	uint64_t begin;
	pid_t pid;

	pin();
	ktap_assert(!pipe(there) && !pipe(back), "%s", strerror(errno));
	pid = fork();
	ktap_assert(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		while (read(there[0], &byte, 1) == 1 &&
		       write(back[1], &byte, 1) == 1)
			;
		_exit(0);
	}
	begin = now_ns();
	for (i = 0; i < PINGPONGS; i++)
		ktap_assert(write(there[1], &byte, 1) == 1 &&
			    read(back[0], &byte, 1) == 1, "pipe");
	tell("pingpong_ns", (double)(now_ns() - begin) / PINGPONGS);
	reap(pid);
}

/* fork(), exit() and wait(), one after the other. */
static void case_fork(void)
{
	uint64_t begin;
	int i;

	pin();
	begin = now_ns();
	for (i = 0; i < FORKS; i++) {
		pid_t pid = fork();

		ktap_assert(pid >= 0, "fork: %s", strerror(errno));
		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	tell("fork_ns", (double)(now_ns() - begin) / FORKS);
}

/* ---- ticks over many tasks ---- */

static struct preswap_info get_info(void)
{
	struct preswap_info info = { .size = sizeof(info) };

	must(ctx, preswap_info_get(ctx, &info));
	return info;
}

static volatile uint32_t *round_;	/* a futex that all children wait on */

static void child(bool works)
{
	uint32_t seen = 0;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		if (!works)
			pause();
		syscall(SYS_futex, round_, FUTEX_WAIT, seen, NULL, NULL, 0);
		seen = *round_;
	}
}

static void wake_all(void)
{
	++*round_;
	syscall(SYS_futex, round_, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

/*
 * The median tick's cost, and the dearest, which also has counted memory; with
 * @works all tasks run once before each.
 */
static void ticks(const char *name, bool works, uint32_t tasks)
{
	uint64_t cost[TICKS], last = get_info().ticks, most = 0, middle;
	char text[64];
	int i;

	for (i = 0; i < TICKS; i++) {
		struct preswap_info info;

		if (works)
			wake_all();
		ktap_assert(wait_until(20000, get_info().ticks > last),
			    "no tick");
		info = get_info();
		last = info.ticks;
		cost[i] = info.tick_last_ns;
		most = cost[i] > most ? cost[i] : most;
	}
	middle = median(cost, TICKS);
	snprintf(text, sizeof(text), "tick_%s_ns", name);
	tell(text, (double)middle);
	snprintf(text, sizeof(text), "tick_%s_most_ns", name);
	tell(text, (double)most);
	printf("# %s: %u tasks\n", name, tasks);
}

static void spawn_many(bool works)
{
	struct rlimit limit = { 4 * TASKS, 4 * TASKS };
	int i;

	setrlimit(RLIMIT_NPROC, &limit);
	must_write("/proc/sys/kernel/pid_max", "65536");
	try_write("/proc/sys/kernel/threads-max", "65536");
	group_make("many");
	for (i = 0; i < TASKS; i++) {
		pid_t pid = fork();

		ktap_assert(pid >= 0, "fork %d: %s", i, strerror(errno));
		if (!pid)
			child(works);
		if (i % 1000 == 0)
			sleep_ms(50);
	}
}

static void kill_many(void)
{
	signal(SIGTERM, SIG_IGN);
	kill(0, SIGTERM);
	while (waitpid(-1, NULL, 0) > 0)
		;
}

/* Up to READ_MAX - 1 bytes, as text; a static buffer. Empty if there is none. */
static char *read_whole(const char *path)
{
	static char buf[READ_MAX];
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t all = 0;
	ssize_t n = 0;

	while (fd >= 0 && all < sizeof(buf) - 1 &&
	       (n = read(fd, buf + all, sizeof(buf) - 1 - all)) > 0)
		all += (size_t)n;
	if (fd >= 0)
		close(fd);
	buf[all] = '\0';
	return buf;
}

static int count_task(void *data, const struct preswap_task *task)
{
	(void)task;
	++*(uint32_t *)data;
	return 0;
}

/* All tasks through libpreswap, and the same from /proc. */
static void dump(void)
{
	static const char *const files[] = { "stat", "status", "io" };
	uint64_t begin = now_ns(), by_us, by_proc;
	uint32_t count = 0, processes = 0;
	char path[64];
	int pid;

	must(ctx, preswap_tasks(ctx, 0, count_task, &count));
	by_us = now_ns() - begin;
	begin = now_ns();
	for (pid = 1; pid < 65536 && processes < count; pid++) {
		size_t i;

		snprintf(path, sizeof(path), "/proc/%d/stat", pid);
		if (!*read_whole(path))
			continue;
		for (i = 1; i < sizeof(files) / sizeof(*files); i++) {
			snprintf(path, sizeof(path), "/proc/%d/%s", pid,
				 files[i]);
			read_whole(path);
		}
		processes++;
	}
	by_proc = now_ns() - begin;
	printf("# %u tasks, %u processes\n", count, processes);
	tell("dump_task_ns", (double)by_us / count);
	tell("proc_task_ns", (double)by_proc / processes);
}

/* What an object of a cache takes, with what the cache rounds it up to. */
static double slab_bytes(const char *name)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/slab/%s/slab_size", name);
	ktap_assert(!access(path, R_OK), "%s: %s", path, strerror(errno));
	return (double)read_u64(path);
}

static void case_many(void)
{
	uint32_t few = get_info().tasks;

	round_ = mmap(NULL, sizeof(*round_), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	ktap_assert(round_ != MAP_FAILED, "%s", strerror(errno));
	setpgid(0, 0);
	set_knob("enabled", 1);
	/* all that were woken sleep again by then, as their time would count */
	set_knob("tick_ms", 300);
	ticks("few", false, few);
	spawn_many(true);
	tell("tasks", get_info().tasks - few);
	ticks("idle", false, get_info().tasks);
	ticks("busy", true, get_info().tasks);
	dump();
	tell("task_bytes", slab_bytes("preswap_task"));
	kill_many();
}

/* ---- memory of an app ---- */

/* Bytes of all objects of kmalloc's caches. */
static double kmalloc_bytes(void)
{
	char *line, *rest = read_whole("/proc/slabinfo");
	double bytes = 0;

	while ((line = strsep(&rest, "\n"))) {
		unsigned long long active, all, size;
		char name[64];

		if (sscanf(line, "%63s %llu %llu %llu", name, &active, &all,
			   &size) == 4 && !strncmp(name, "kmalloc", 7))
			bytes += (double)active * (double)size;
	}
	return bytes;
}

static void case_apps(void)
{
	static struct preswap_forecast forecasts[2 * APPS];
	static uint64_t ids[APPS];
	double before, bytes;
	uint64_t begin;
	char name[32];
	uint32_t k;
	int i;

	for (i = 0; i < APPS; i++) {
		snprintf(name, sizeof(name), "app%d", i);
		ids[i] = group_make(name);
	}
	sleep_ms(2000);
	before = kmalloc_bytes();
	for (i = 0; i < APPS; i++)
		set_policy(ctx, ids[i], 5, PRESWAP_SENSITIVITY_NORMAL, true, 0,
			   0);
	bytes = slab_bytes("preswap_app") + (kmalloc_bytes() - before) / APPS;
	tell("app_bytes", bytes);
	for (i = 0; i < 2 * APPS; i++) {
		forecasts[i] = (struct preswap_forecast){
			.size = sizeof(forecasts[i]),
			.app_id = ids[i / 2],
			.resource = i % 2 ? PRESWAP_RESOURCE_MEMORY :
					    PRESWAP_RESOURCE_CPU,
			.valid_ms = 10000,
			.points_count = HORIZONS,
		};
		for (k = 0; k < HORIZONS; k++)
			forecasts[i].points[k] = (struct preswap_point){
				1000 * (k + 1), 1, 1, 1, 1 };
	}
	before = kmalloc_bytes();
	begin = now_ns();
	must(ctx, preswap_forecasts_set(ctx, forecasts, 2 * APPS, NULL));
	tell("forecast_ns", (double)(now_ns() - begin) / (2 * APPS));
	tell("app_forecast_bytes",
	     bytes + (kmalloc_bytes() - before) / APPS);
	for (i = 0; i < APPS; i++) {
		snprintf(name, sizeof(name), "app%d", i);
		group_remove(name);
	}
}

/* ---- how soon it acts ---- */

static void hog(void *arg)
{
	size_t size = (size_t)arg;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(98);
	memset(memory, 1, size);
	for (;;)
		pause();
}

struct found {
	uint64_t donor;
	struct preswap_lease lease;
};

static int match(void *data, const struct preswap_lease *lease)
{
	struct found *found = data;

	if (!lease->ended && lease->donor_id == found->donor)
		found->lease = *lease;
	return 0;
}

static bool has_begun(struct found *found)
{
	found->lease.begin_ns = 0;
	must(ctx, preswap_leases(ctx, match, found));
	return found->lease.begin_ns;
}

/* What the module's tracing says of an event's first time, ns; 0: none. */
static uint64_t first_event(const char *name)
{
	char *text = read_whole("/sys/kernel/tracing/trace"), *at;
	double seconds;

	at = strstr(text, name);
	if (!at)
		return 0;
	while (at > text && at[-1] != '\n')
		at--;
	/* "task-pid [cpu] flags seconds: name: ..." */
	at = strstr(at, name);
	while (at[-1] != ' ' || at[-2] == ':')
		at--;
	while (at[-1] != ' ')
		at--;
	seconds = strtod(at, NULL);
	return (uint64_t)(seconds * 1e9);
}

static uint64_t receiver, donor;

/* Processes that stayed would keep our standard output open. */
static void groups_gone(void)
{
	group_remove("receiver");
	group_remove("donor");
}

static void donor_and_receiver(void)
{
	set_knob("enabled", 0);
	set_knob("lead_ms", 10000);
	set_knob("threshold_memory_pct", 10);
	set_knob("min_priority", 1);
	groups_gone();
	receiver = group_make("receiver");
	donor = group_make("donor");
	set_policy(ctx, receiver, 9, PRESWAP_SENSITIVITY_LATENCY, false, 0, 0);
	set_policy(ctx, donor, 1, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	group_spawn("donor", hog, (void *)(300 * MIB));
	sleep_ms(3000);
	set_knob("enabled", 1);
	sleep_ms(500);
}

/* A forecast of what is needed now, to the lease and to the first reclaim. */
static void case_forecast(void)
{
	struct found found = {};
	struct preswap_forecast f = {
		.size = sizeof(f),
		.resource = PRESWAP_RESOURCE_MEMORY,
		.valid_ms = 60000,
		.points_count = 2,
		.points = {
			{ 1000, 50 * MIB, 50 * MIB, 50 * MIB, 50 * MIB },
			{ 60000, 50 * MIB, 50 * MIB, 50 * MIB, 50 * MIB },
		},
	};
	uint64_t begin, reclaimed;

	donor_and_receiver();
	f.app_id = receiver;
	found.donor = donor;
	must_write("/sys/kernel/tracing/trace_clock", "boot");
	must_write("/sys/kernel/tracing/trace", "");
	must_write("/sys/kernel/tracing/events/preswap/preswap_reclaim/enable",
		   "1");
	begin = now_ns();
	must(ctx, preswap_forecasts_set(ctx, &f, 1, NULL));
	ktap_assert(wait_until(5000, has_begun(&found)), "no lease");
	ktap_assert(wait_until(5000, first_event("preswap_reclaim:")),
		    "no reclaim");
	reclaimed = first_event("preswap_reclaim:");
	tell("forecast_to_lease_ms",
	     (double)(found.lease.begin_ns - begin) / 1e6);
	/* the event comes after the first batch */
	tell("forecast_to_freed_ms", ((double)reclaimed - (double)begin) / 1e6);
	tell("tick_ms", get_info().tick_ms);
	must_write("/sys/kernel/tracing/events/preswap/preswap_reclaim/enable",
		   "0");
	groups_gone();
}

/*
 * Grows by 16 MiB each 100 ms, which is about what an emulated CPU can fill. @arg:
 * gets the moment at which that begins, once the process is where it belongs.
 */
static void ramp(void *arg)
{
	uint64_t begin = now_ns(), due, now;
	int i;

	*(volatile uint64_t *)arg = begin;
	for (i = 1; i <= 20; i++) {
		char *memory = mmap(NULL, 16 * MIB, PROT_READ | PROT_WRITE,
				    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

		if (memory == MAP_FAILED)
			_exit(98);
		memset(memory, i, 16 * MIB);
		due = begin + (uint64_t)i * 100000000;
		now = now_ns();
		if (now < due)
			sleep_ms((unsigned int)((due - now) / 1000000));
	}
	for (;;)
		pause();
}

/* Growth of 16 MiB each 100 ms that nobody forecast, to the lease. */
static void case_ramp(void)
{
	struct found found = {};
	uint64_t *begin = mmap(NULL, sizeof(*begin), PROT_READ | PROT_WRITE,
			       MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	ktap_assert(begin != MAP_FAILED, "%s", strerror(errno));
	donor_and_receiver();
	found.donor = donor;
	group_spawn("receiver", ramp, begin);
	ktap_assert(wait_until(5000, has_begun(&found)), "no lease");
	tell("ramp_to_lease_ms", (double)(found.lease.begin_ns - *begin) / 1e6);
	groups_gone();
}

int main(int argc, char **argv)
{
	static const struct ktap_case cases[] = {
		{ "pingpong", case_pingpong }, { "fork", case_fork },
		{ "many", case_many }, { "apps", case_apps },
		{ "forecast", case_forecast }, { "ramp", case_ramp }, {}
	};
	int i, k, status = 0;

	for (i = 1; i < argc; i++) {
		for (k = 0; cases[k].name && strcmp(cases[k].name, argv[i]); k++)
			;
		if (!cases[k].name) {
			fprintf(stderr, "kernel_cost: no case %s\n", argv[i]);
			return 2;
		}
		if (k > 1 && !ctx && preswap_new(&ctx)) {
			fprintf(stderr, "kernel_cost: no libpreswap context\n");
			return 1;
		}
		if (ktap_run_case(&cases[k]) != KTAP_PASS)
			status = 1;
		fflush(stdout);
	}
	return status;
}
