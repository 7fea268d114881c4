// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * everything at once, for a kernel that watches (tools/vm/debug-kernel).
 *
 * Programs fork and exec, move between cgroups, fill memory that is limited;
 * cgroups come and go; leases, policies and forecasts are asked for at random;
 * all that can be read is read, all knobs are turned, events are traced, a
 * keyboard comes and types and goes, a CPU goes and comes back - and now and
 * then the module is unloaded and loaded. What the module answers is not looked
 * at, other tests do that: it lives, it goes, and the kernel says nothing.
 *
 *	stress [SECONDS [SEED]]
 *
 * selftests/run does not load the module for this one; it says where it is in
 * PRESWAP_MODULE.
 */
#include <dirent.h>
#include <linux/uinput.h>
#include <poll.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "guest.h"
#include "module.h"

#define APPS	4
#define HELD	(24 * MIB)
#define CPU_1	"/sys/devices/system/cpu/cpu1/online"

static unsigned int seconds = 10;
static uint64_t seed, state;
static uint64_t apps[APPS];

/* How often each did something, of all processes. */
static struct counts {
	uint64_t forks, moves, groups, leases, policies, forecasts, reads, knobs;
	uint64_t heard, traces, keys;
	bool pause;	/* let go of what pins the module */
} *counts;

/* xorshift64*, of each process its own */
static uint32_t below(uint32_t limit)
{
	state ^= state >> 12;
	state ^= state << 25;
	state ^= state >> 27;
	return (uint32_t)((state * 0x2545f4914f6cdd1dULL) >> 32) % limit;
}

static void count(uint64_t *number)
{
	__atomic_add_fetch(number, 1, __ATOMIC_RELAXED);
}

/* Where all is slow, something of the module would always be open. */
static void pause_while_asked(void)
{
	while (__atomic_load_n(&counts->pause, __ATOMIC_RELAXED))
		sleep_ms(20);
}

static const char *app_name(unsigned int i)
{
	static char name[32];

	snprintf(name, sizeof(name), "stress_%u", i);
	return name;
}

static uint64_t any_app(void)
{
	return apps[below(APPS)];
}

/* ---- programs ---- */

static void move_to(unsigned int app)
{
	if (!try_write(group_file(app_name(app), "cgroup.procs"), "0"))
		count(&counts->moves);
}

static void run_forks(void)
{
	signal(SIGCHLD, SIG_IGN);
	for (;;) {
		pid_t pid = fork();

		if (!pid) {
			state += (uint64_t)getpid() << 20;
			if (below(2))
				move_to(below(APPS));
			if (!below(4))
				execl("/bin/true", "true", NULL);
			sleep_ms(below(100));
			_exit(0);
		}
		count(&counts->forks);
		sleep_ms(pid < 0 ? 50 : 5 + below(20));
	}
}

static void run_memory(void)
{
	size_t size = HELD;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(1);
	for (;;) {
		for (size_t at = 0; at < size; at += 4096)
			memory[at]++;
		if (!below(8))
			madvise(memory, size, MADV_DONTNEED);
		if (!below(4))
			move_to(below(APPS));
		sleep_ms(below(100));
	}
}

static void run_groups(void)
{
	for (unsigned int n = 0;; n++) {
		char name[32];
		pid_t pid;

		snprintf(name, sizeof(name), "stress_gone_%u", n % 3);
		if (mkdir(group_file(name, ""), 0755) && errno != EEXIST)
			continue;
		pid = fork();
		if (!pid) {
			try_write(group_file(name, "cgroup.procs"), "0");
			for (;;)
				sleep_ms(5);
		}
		sleep_ms(below(300));
		if (pid > 0)
			reap(pid);
		rmdir(group_file(name, ""));
		count(&counts->groups);
	}
}

/* ---- the module's users ---- */

/* The module may be away just now. */
static struct preswap_ctx *try_open(void)
{
	struct preswap_ctx *ctx;

	while (preswap_new(&ctx))
		sleep_ms(20);
	return ctx;
}

static int ask_lease(struct preswap_ctx *ctx)
{
	struct preswap_lease lease = { .size = sizeof(lease) };
	struct preswap_lease_opts opts = {
		.size = sizeof(opts),
		.kind = (uint8_t)below(PRESWAP_LEASE_KIND_MAX + 1),
		.donor_id = any_app(),
		.duration_ms = 1 + below(3000),
	};
	int err;

	switch (opts.kind) {
	case PRESWAP_LEASE_KIND_RECLAIM:
		opts.amount = MIB + below(8 * MIB);
		opts.receiver_id = any_app();
		break;
	case PRESWAP_LEASE_KIND_AFFINITY:
		opts.amount = 1000;
		opts.receiver_id = any_app();
		break;
	case PRESWAP_LEASE_KIND_MEMORY_LOW:
	case PRESWAP_LEASE_KIND_MEMORY_HIGH:
		opts.amount = 32 * MIB + below(64 * MIB);
		break;
	default:
		opts.amount = 1 + below(1000);
	}
	err = preswap_lease_add(ctx, &opts, &lease);
	if (err)
		return err;
	count(&counts->leases);
	sleep_ms(below(50));
	return below(2) ? preswap_lease_end(ctx, lease.id) : 0;
}

static int ask_policy(struct preswap_ctx *ctx)
{
	struct preswap_policy policy = {
		.size = sizeof(policy),
		.app_id = any_app(),
		.fields = PRESWAP_POLICY_PRIORITY | PRESWAP_POLICY_SENSITIVITY |
			  PRESWAP_POLICY_SWAP_ELIGIBLE |
			  PRESWAP_POLICY_RECEIVES | PRESWAP_POLICY_GROUPS |
			  PRESWAP_POLICY_NEVER_TO,
		.receives = below(4) ? PRESWAP_GIVES_ALL : below(16),
		.groups = below(8),
		.never_to = below(4) ? 0 : below(8),
		.priority = (uint8_t)(1 + below(PRESWAP_PRIORITY_MAX)),
		.sensitivity = (uint8_t)below(3),
		.swap_eligible = below(4) > 0,
	};

	count(&counts->policies);
	if (!below(8))
		return preswap_policy_del(ctx, policy.app_id);
	return preswap_policy_set(ctx, &policy);
}

static int ask_forecast(struct preswap_ctx *ctx)
{
	uint64_t burst = 100 + below(64 * MIB);
	struct preswap_forecast forecast = {
		.size = sizeof(forecast),
		.app_id = any_app(),
		.resource = (uint8_t)below(2),
		.valid_ms = 1 + below(5000),
		.points_count = 2,
		.points = {
			{ 1 + below(500), 100, 100, 100, 100 },
			{ 600 + below(2000), burst, burst, burst, burst },
		},
	};

	count(&counts->forecasts);
	return preswap_forecasts_set(ctx, &forecast, 1, NULL);
}

static void run_asker(void)
{
	for (;;) {
		struct preswap_ctx *ctx = try_open();

		for (int i = 0; i < 200; i++) {
			switch (below(4)) {
			case 0: ask_policy(ctx); break;
			case 1: ask_forecast(ctx); break;
			default: ask_lease(ctx);
			}
			sleep_ms(below(10));
		}
		preswap_unref(ctx);
	}
}

static int seen_app(void *data, const struct preswap_app *app)
{
	(void)data, (void)app;
	return 0;
}

static int seen_task(void *data, const struct preswap_task *task)
{
	(void)data, (void)task;
	return 0;
}

static int seen_lease(void *data, const struct preswap_lease *lease)
{
	(void)data, (void)lease;
	return 0;
}

static int seen_forecast(void *data, const struct preswap_forecast *forecast)
{
	(void)data, (void)forecast;
	return 0;
}

static int seen_policy(void *data, const struct preswap_policy *policy)
{
	(void)data, (void)policy;
	return 0;
}

/* All of a file, in parts, so that it changes meanwhile. */
static void read_all(const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	char part[700];

	if (fd < 0)
		return;
	while (read(fd, part, sizeof(part)) > 0)
		;
	close(fd);
	count(&counts->reads);
}

static void read_folder(const char *folder)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	char path[512];

	if (!dir)
		return;
	while ((entry = readdir(dir))) {
		snprintf(path, sizeof(path), "%s/%s", folder, entry->d_name);
		read_all(path);
	}
	closedir(dir);
}

static void run_lists(void)
{
	for (;;) {
		struct preswap_info info = { .size = sizeof(info) };
		struct preswap_ctx *ctx = try_open();

		for (int i = 0; i < 30; i++) {
			preswap_info_get(ctx, &info);
			preswap_apps(ctx, seen_app, NULL);
			preswap_tasks(ctx, 0, seen_task, NULL);
			preswap_leases(ctx, seen_lease, NULL);
			preswap_forecasts(ctx, seen_forecast, NULL);
			preswap_policies(ctx, seen_policy, NULL);
			count(&counts->reads);
			sleep_ms(below(50));
			pause_while_asked();
		}
		preswap_unref(ctx);
	}
}

static void run_files(void)
{
	for (;;) {
		read_folder("/sys/kernel/debug/preswap");
		read_folder("/sys/kernel/preswap");
		sleep_ms(below(300));
		pause_while_asked();
	}
}

/* Leaves the module enabled, and its tick short, most of the time. */
static void run_knobs(void)
{
	static const struct {
		const char *name;
		unsigned int from, to;
	} knobs[] = {
		{ "tick_ms", 10, 50 }, { "usage_ms", 100, 500 },
		{ "hold_ms", 100, 500 }, { "lead_ms", 100, 5000 },
		{ "threshold_cpu_pct", 1, 100 }, { "min_priority", 0, 10 },
		{ "threshold_memory_pct", 1, 100 }, { "dry_run", 0, 1 },
		{ "reclaim_rate_mib", 1, 512 }, { "correlation_pct", 0, 100 },
		{ "ab_unit", 0, 2 }, { "ab_control_pct", 0, 100 },
		{ "enabled", 0, 1 }, { "enabled", 1, 1 }, { "enabled", 1, 1 },
	};

	for (;;) {
		unsigned int i = below(sizeof(knobs) / sizeof(knobs[0]));
		char path[128], text[16];

		snprintf(path, sizeof(path), "/sys/kernel/preswap/%s",
			 knobs[i].name);
		snprintf(text, sizeof(text), "%u", knobs[i].from +
			 below(knobs[i].to - knobs[i].from + 1));
		if (!try_write(path, text))
			count(&counts->knobs);
		sleep_ms(20 + below(100));
	}
}

static void on_usage(void *data, uint32_t seq, uint64_t time_ns,
		     const struct preswap_app *app)
{
	(void)data, (void)seq, (void)time_ns, (void)app;
	count(&counts->heard);
}

static void on_event(void *data, const struct preswap_event *event)
{
	(void)data, (void)event;
	count(&counts->heard);
}

static void run_listener(void)
{
	struct preswap_subscribe_opts opts = {
		.size = sizeof(opts),
		.groups = PRESWAP_SUBSCRIBE_USAGE | PRESWAP_SUBSCRIBE_EVENTS,
		.usage = on_usage,
		.event = on_event,
	};

	for (;;) {
		struct preswap_ctx *ctx = try_open();

		if (!preswap_subscribe(ctx, &opts)) {
			for (int i = 0; i < 20; i++) {
				struct pollfd fd = { preswap_fd(ctx), POLLIN, 0 };

				if (poll(&fd, 1, 50) > 0 && below(4))
					preswap_dispatch(ctx);
			}
		}
		preswap_unref(ctx);
	}
}

/* ---- around it ---- */

static void run_trace(void)
{
	for (;;) {
		if (!try_write("/sys/kernel/tracing/events/preswap/enable", "1"))
			count(&counts->traces);
		sleep_ms(200 + below(300));
		read_all("/sys/kernel/tracing/trace");
		try_write("/sys/kernel/tracing/trace", "");
		try_write("/sys/kernel/tracing/events/preswap/enable", "0");
		sleep_ms(below(500));
	}
}

static void type_key(int fd, int value)
{
	struct input_event key = { .type = EV_KEY, .code = KEY_A,
				   .value = value };
	struct input_event report = { .type = EV_SYN };

	if (write(fd, &key, sizeof(key)) > 0 &&
	    write(fd, &report, sizeof(report)) > 0)
		count(&counts->keys);
}

static void run_keyboard(void)
{
	struct uinput_setup setup = { .name = "preswap stress" };

	for (;;) {
		int fd = open("/dev/uinput", O_WRONLY | O_CLOEXEC);

		if (fd < 0)
			return;		/* this kernel has none */
		ioctl(fd, UI_SET_EVBIT, EV_KEY);
		for (int key = KEY_ESC; key <= KEY_SPACE; key++)
			ioctl(fd, UI_SET_KEYBIT, key);
		if (!ioctl(fd, UI_DEV_SETUP, &setup) &&
		    !ioctl(fd, UI_DEV_CREATE)) {
			for (int i = 0; i < 100; i++) {
				type_key(fd, 1);
				type_key(fd, 0);
				sleep_ms(below(10));
			}
		}
		close(fd);
		sleep_ms(below(200));
	}
}

static void (*const workers[])(void) = {
	run_forks, run_forks, run_memory, run_memory, run_groups, run_asker,
	run_asker, run_lists, run_files, run_knobs, run_listener, run_listener,
	run_trace, run_keyboard,
};

#define WORKERS	(sizeof(workers) / sizeof(workers[0]))

static pid_t start(unsigned int i)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	setpgid(0, 0);
	state = seed * 97 + i + 1;
	workers[i]();
	_exit(0);
}

/* ---- the test ---- */

/* Refused while something of it is open. */
static bool unload(void)
{
	bool gone = wait_until(500, !module_unload());

	if (!gone) {
		__atomic_store_n(&counts->pause, true, __ATOMIC_RELAXED);
		gone = wait_until(30000, !module_unload());
		__atomic_store_n(&counts->pause, false, __ATOMIC_RELAXED);
	}
	return gone;
}

static bool all_happened(void)
{
	return counts->leases && counts->groups && counts->reads &&
	       counts->knobs && counts->heard;
}

static void test_all(void)
{
	uint64_t end = now_ms() + seconds * 1000ULL;
	/* on a slow machine, longer: until there is something to judge */
	uint64_t last = end + 5 * seconds * 1000ULL;
	unsigned int loads = 0, turns = 0, i;
	pid_t pids[WORKERS];
	bool gone = true;

	printf("# seed %llu\n", (unsigned long long)seed);
	hold_tracepoints();
	if (access("/dev/uinput", F_OK) && system("modprobe uinput"))
		printf("# no keyboard\n");
	counts = mmap(NULL, sizeof(*counts), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	for (i = 0; i < APPS; i++) {
		apps[i] = group_make(app_name(i));
		must_write(group_file(app_name(i), "pids.max"), "100");
		must_write(group_file(app_name(i), "memory.high"), "64M");
	}
	must_load();
	fflush(stdout);
	for (i = 0; i < WORKERS; i++)
		pids[i] = start(i);
	while (gone && now_ms() < (all_happened() ? end : last)) {
		sleep_ms(2000 + below(4000));
		if (below(4)) {
			turns += !try_write(CPU_1, "0");
			sleep_ms(below(300));
			try_write(CPU_1, "1");
		}
		gone = unload();
		if (!gone || module_load(module_path(), ""))
			break;
		loads++;
	}
	for (i = 0; i < WORKERS; i++)
		kill(-pids[i], SIGKILL);
	for (i = 0; i < APPS; i++)
		try_write(group_file(app_name(i), "cgroup.kill"), "1");
	for (i = 0; i < WORKERS; i++)
		reap(pids[i]);
	printf("# loaded %u times again, CPU 1 gone %u times; forks %llu, moves %llu, cgroups %llu\n",
	       loads, turns, (unsigned long long)counts->forks,
	       (unsigned long long)counts->moves,
	       (unsigned long long)counts->groups);
	printf("# leases %llu, policies %llu, forecasts %llu, reads %llu, knobs %llu, heard %llu, traces %llu, keys %llu\n",
	       (unsigned long long)counts->leases,
	       (unsigned long long)counts->policies,
	       (unsigned long long)counts->forecasts,
	       (unsigned long long)counts->reads,
	       (unsigned long long)counts->knobs,
	       (unsigned long long)counts->heard,
	       (unsigned long long)counts->traces,
	       (unsigned long long)counts->keys);
	ktap_assert(gone, "it could not be unloaded");
	ktap_assert(loads, "never loaded again");
	ktap_assert(all_happened(), "something never happened");
	try_write("/sys/kernel/tracing/events/preswap/enable", "0");
	ktap_assert(unload(), "it could not be unloaded in the end");
	assert_gone();
	for (i = 0; i < APPS; i++)
		group_remove(app_name(i));
	for (i = 0; i < 3; i++) {
		char name[32];

		snprintf(name, sizeof(name), "stress_gone_%u", i);
		group_remove(name);
	}
}

int main(int argc, char **argv)
{
	if (argc > 1)
		seconds = (unsigned int)strtoul(argv[1], NULL, 0);
	seed = argc > 2 ? strtoull(argv[2], NULL, 0) : now_ms();
	state = seed + 1;
	return ktap_run((struct ktap_case[]){
		{ "R-55 all at once, and the module comes and goes", test_all },
		{}
	});
}
