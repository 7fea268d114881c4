/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the kselftests share: cgroups of their own, processes in them, knobs.
 *
 * They run as root in a guest with the module loaded (selftests/run loads it)
 * and stop the test case with a message at the first thing that fails.
 */
#ifndef PRESWAP_SELFTESTS_GUEST_H
#define PRESWAP_SELFTESTS_GUEST_H

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <linux/preswap.h>
#include <preswap/preswap.h>

#include "ktap.h"

#define GUEST_HELD	"/sys/fs/cgroup/preswap_held"
#define GUEST_ROOT	"/sys/fs/cgroup/preswap_test"
#define MIB		(1024ULL * 1024)

static inline uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static inline void sleep_ms(unsigned int ms)
{
	struct timespec ts = { ms / 1000, (long)(ms % 1000) * 1000000 };

	while (nanosleep(&ts, &ts) && errno == EINTR)
		;
}

/* 0 or -errno. */
static inline int try_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (write(fd, text, strlen(text)) < 0)
		err = -errno;
	close(fd);
	return err;
}

static inline void must_write(const char *path, const char *text)
{
	int err = try_write(path, text);

	ktap_assert(!err, "%s > %s: %s", text, path, strerror(-err));
}

static inline int try_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return -errno;
	n = read(fd, buf, size - 1);
	close(fd);
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	return 0;
}

static inline uint64_t read_u64(const char *path)
{
	char text[64];
	int err = try_read(path, text, sizeof(text));

	ktap_assert(!err, "%s: %s", path, strerror(-err));
	return strtoull(text, NULL, 10);
}

static inline void set_knob(const char *name, unsigned int value)
{
	char path[128], text[16];

	snprintf(path, sizeof(path), "/sys/kernel/preswap/%s", name);
	snprintf(text, sizeof(text), "%u", value);
	must_write(path, text);
}

/* Path of a file of one of our cgroups; a static buffer, used at once. */
static inline const char *group_file(const char *group, const char *file)
{
	static char path[256];

	snprintf(path, sizeof(path), GUEST_ROOT "/%s/%s", group, file);
	return path;
}

static inline uint64_t group_memory(const char *group)
{
	return read_u64(group_file(group, "memory.current"));
}

/* What a line as "MemTotal: 1 kB" says in /proc/meminfo or a node's; 0: not there. */
static inline uint64_t meminfo_bytes(const char *path, const char *line)
{
	unsigned long long kib = 0;
	char text[8192], *at;

	if (try_read(path, text, sizeof(text)))
		return 0;
	at = strstr(text, line);
	ktap_assert(at && sscanf(at + strlen(line), " %llu", &kib) == 1, "%s",
		    path);
	return kib << 10;
}

/* In a process of its own: hold so many bytes of memory until it is killed. */
static inline void hold_bytes(void *bytes)
{
	char *memory = mmap(NULL, (size_t)bytes, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(98);
	memset(memory, 1, (size_t)bytes);
	for (;;)
		pause();
}

/* As much, of which compression leaves a quarter. */
static inline void hold_noise(void *arg)
{
	size_t size = (size_t)arg;
	uint64_t *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), x = 88172645463325252;

	/* a huge page is taken as a whole */
	if (memory == MAP_FAILED || madvise(memory, size, MADV_NOHUGEPAGE))
		_exit(98);
	for (size_t i = 0; i < size / sizeof(*memory); i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		/* one in four: three quarters are gained */
		memory[i] = i % 4 ? 0 : x;
	}
	for (;;)
		pause();
}

/*
 * Likewise: use a CPU. Where the guest's time is counted in instructions, emulation takes
 * hardly any for those that do nothing, if they are in a row.
 */
static inline void spin(void *arg)
{
	(void)arg;
	for (;;)
		__asm__ volatile(".fill 400, 1, 0x90" ::: "memory");
}

/*
 * One cgroup with a limit for as long as the guest lives: then those that come
 * with cpu.max leases and go do not switch the scheduler's code between "there are
 * some" and "there are none". An emulated CPU can run into code that another just
 * changes: "Oops: int3", in about one of ten runs of stress.
 */
static inline void hold_cpu_max(void)
{
	if (!mkdir(GUEST_HELD, 0755))
		must_write(GUEST_HELD "/cpu.max", "100000 100000");
}

/* A cgroup below GUEST_ROOT with all controllers that its parent can give. */
static inline uint64_t group_make(const char *group)
{
	struct stat st;

	hold_cpu_max();
	if (mkdir(GUEST_ROOT, 0755) && errno != EEXIST)
		ktap_assert(false, "mkdir " GUEST_ROOT ": %s", strerror(errno));
	must_write(GUEST_ROOT "/cgroup.subtree_control",
		   "+cpu +memory +cpuset +io +pids");
	if (mkdir(group_file(group, ""), 0755) && errno != EEXIST)
		ktap_assert(false, "mkdir %s: %s", group, strerror(errno));
	ktap_assert(!stat(group_file(group, ""), &st), "%s", strerror(errno));
	return st.st_ino;
}

/* Kill what is in it, and remove it. Does nothing if it is not there. */
static inline void group_remove(const char *group)
{
	int i;

	if (access(group_file(group, ""), F_OK))
		return;
	try_write(group_file(group, "cgroup.kill"), "1");
	for (i = 0; i < 500 && rmdir(group_file(group, "")); i++) {
		while (waitpid(-1, NULL, WNOHANG) > 0)
			;
		sleep_ms(10);
	}
	ktap_assert(i < 500, "cannot remove %s: %s", group, strerror(errno));
}

/* A child process in the cgroup that runs @run; its pid. */
static inline pid_t group_spawn(const char *group, void (*run)(void *),
				void *arg)
{
	char path[256];
	pid_t pid;

	snprintf(path, sizeof(path), "%s", group_file(group, "cgroup.procs"));
	fflush(stdout);
	pid = fork();
	ktap_assert(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		if (try_write(path, "0"))
			_exit(99);
		run(arg);
		_exit(0);
	}
	return pid;
}

static inline void reap(pid_t pid)
{
	kill(pid, SIGKILL);
	waitpid(pid, NULL, 0);
}

/* Wait until @cond holds, at most @ms; false if it never did. */
#define wait_until(ms, cond) ({						\
	uint64_t __end = now_ms() + (ms);				\
	bool __ok;							\
									\
	while (!(__ok = (cond)) && now_ms() < __end)			\
		sleep_ms(20);						\
	__ok;								\
})

static inline struct preswap_ctx *open_preswap(void)
{
	struct preswap_ctx *ctx;
	int err = preswap_new(&ctx);

	ktap_assert(!err, "preswap_new: %s", strerror(-err));
	/* tests load CPUs for other reasons; yield.c sets it */
	set_knob("yield_wait_pct", 0);
	return ctx;
}

#define must(ctx, call) do {						\
	int __err = (call);						\
									\
	ktap_assert(!__err, "%s: %s (%d)", #call, preswap_strerror(ctx),	\
		    __err);						\
} while (0)

static inline int keep_app(void *data, const struct preswap_app *app)
{
	memcpy(data, app, sizeof(*app));
	return 0;
}

/* What the module knows of an app that is there; but its path is gone by then. */
static inline struct preswap_app app_of(struct preswap_ctx *ctx, uint64_t id)
{
	struct preswap_app app = {};

	must(ctx, preswap_app_by_id(ctx, id, keep_app, &app));
	return app;
}

/* What the last decision knew of an app, by the name of a field; -1: it is not there. */
static inline long decided_of(uint64_t id, unsigned int resource,
			      const char *field)
{
	static char text[1 << 18];
	char line[64], *at;
	long value;

	if (try_read("/sys/kernel/debug/preswap/snapshot", text, sizeof(text)))
		return -1;
	snprintf(line, sizeof(line), "app id=%llu ", (unsigned long long)id);
	at = strstr(text, line);
	snprintf(line, sizeof(line), "\nuse resource=%u ", resource);
	at = at ? strstr(at, line) : NULL;
	snprintf(line, sizeof(line), " %s=", field);
	at = at ? strstr(at, line) : NULL;
	return at && sscanf(at + strlen(line), "%ld", &value) == 1 ? value : -1;
}

static inline long regret_of(uint64_t id, unsigned int resource)
{
	return decided_of(id, resource, "regret_permille");
}

static inline void set_policy(struct preswap_ctx *ctx, uint64_t app,
			      unsigned int priority, unsigned int sensitivity,
			      bool eligible, uint64_t floor_mem_bytes,
			      uint64_t floor_cpu_milli)
{
	struct preswap_policy policy = {
		.size = sizeof(policy),
		.app_id = app,
		.fields = PRESWAP_POLICY_PRIORITY |
			  PRESWAP_POLICY_SENSITIVITY |
			  PRESWAP_POLICY_SWAP_ELIGIBLE |
			  PRESWAP_POLICY_FLOOR_CPU | PRESWAP_POLICY_FLOOR_MEM,
		.priority = (uint8_t)priority,
		.sensitivity = (uint8_t)sensitivity,
		.swap_eligible = eligible,
		.floor_mem_bytes = floor_mem_bytes,
		.floor_cpu_milli = floor_cpu_milli,
	};

	must(ctx, preswap_policy_set(ctx, &policy));
}

/* Demand from @from_ms on, nothing before: a burst that is foreseen. */
static inline void set_forecast(struct preswap_ctx *ctx, uint64_t app,
				unsigned int resource, uint64_t before,
				uint64_t burst, uint32_t from_ms,
				uint32_t valid_ms)
{
	struct preswap_forecast forecast = {
		.size = sizeof(forecast),
		.app_id = app,
		.resource = (uint8_t)resource,
		.valid_ms = valid_ms,
		.points_count = 2,
		.points = {
			{ from_ms / 2, before, before, before, before },
			{ from_ms, burst, burst, burst, burst },
		},
	};

	must(ctx, preswap_forecasts_set(ctx, &forecast, 1, NULL));
}

/* What the app is expected to use in the next minute, from now on. */
static inline void set_need(struct preswap_ctx *ctx, uint64_t app,
			    uint8_t resource, uint64_t amount)
{
	struct preswap_forecast forecast = {
		.size = sizeof(forecast),
		.app_id = app,
		.resource = resource,
		.valid_ms = 60000,
		.points_count = 2,
		.points = {
			{ 1000, amount, amount, amount, amount },
			{ 60000, amount, amount, amount, amount },
		},
	};

	must(ctx, preswap_forecasts_set(ctx, &forecast, 1, NULL));
}

/* ---- leases ---- */

struct guest_lease {
	uint32_t id;
	struct preswap_lease lease;
};

static inline int guest_keep_lease(void *data, const struct preswap_lease *lease)
{
	struct guest_lease *wanted = data;

	if (lease->id == wanted->id)
		wanted->lease = *lease;
	return 0;
}

/* In force, or ended lately. */
static inline struct preswap_lease get_lease(struct preswap_ctx *ctx, uint32_t id)
{
	struct guest_lease wanted = { .id = id };
	int i, err = -EAGAIN;

	for (i = 0; i < 10 && err == -EAGAIN; i++)
		err = preswap_leases(ctx, guest_keep_lease, &wanted);
	ktap_assert(!err && wanted.lease.id == id, "no lease %u: %d", id, err);
	return wanted.lease;
}

/* A donor's leases of a kind. */
struct search {
	uint8_t kind;
	uint64_t donor;
	unsigned int in_force;
	struct preswap_lease found;	/* the last one in force */
	struct preswap_lease ended;	/* the last one that ended */
	bool has_ended;
};

static inline int guest_match_lease(void *data, const struct preswap_lease *lease)
{
	struct search *s = data;

	if (lease->kind != s->kind || lease->donor_id != s->donor)
		return 0;
	if (lease->ended) {
		if (!s->has_ended)
			s->ended = *lease;
		s->has_ended = true;
	} else {
		s->found = *lease;
		s->in_force++;
	}
	return 0;
}

static inline struct search find_leases(struct preswap_ctx *ctx, uint8_t kind,
					uint64_t donor)
{
	struct search s = { .kind = kind, .donor = donor };

	must(ctx, preswap_leases(ctx, guest_match_lease, &s));
	return s;
}

#endif /* PRESWAP_SELFTESTS_GUEST_H */
