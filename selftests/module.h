/* SPDX-License-Identifier: GPL-2.0-or-later */
/* For the tests that load and unload the module by themselves. */
#ifndef PRESWAP_SELFTESTS_MODULE_H
#define PRESWAP_SELFTESTS_MODULE_H

#include <linux/perf_event.h>
#include <sys/syscall.h>

#include "guest.h"

/* What selftests/run found for this kernel. */
static inline const char *module_path(void)
{
	return getenv("PRESWAP_MODULE") ?: "";
}

/* 0 or -errno. */
static inline int module_load(const char *path, const char *args)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC), err = 0;

	if (fd < 0)
		return -errno;
	if (syscall(SYS_finit_module, fd, args, 0))
		err = -errno;
	close(fd);
	return err;
}

static inline int module_unload(void)
{
	return syscall(SYS_delete_module, "preswap", O_NONBLOCK) ? -errno : 0;
}

static inline void must_load(void)
{
	int err = module_load(module_path(), "");

	ktap_assert(!err, "load: %s", strerror(-err));
}

static inline void must_unload(void)
{
	int err = module_unload();

	ktap_assert(!err, "unload: %s", strerror(-err));
}

static inline void assert_gone(void)
{
	static const char *const paths[] = {
		"/sys/kernel/preswap", "/sys/module/preswap",
		"/sys/kernel/debug/preswap",
		"/sys/kernel/tracing/events/preswap",
	};
	unsigned int i;

	for (i = 0; i < sizeof(paths) / sizeof(paths[0]); i++)
		ktap_assert(access(paths[i], F_OK) && errno == ENOENT,
			    "%s is still there", paths[i]);
}

/* ---- the tracepoints ---- */

/*
 * Two probes of others on each tracepoint that the module uses: then its own
 * coming and going changes a list, and not the kernel's code in fork and exit.
 * QEMU with a thread per CPU can run into code that is being changed ("Oops:
 * int3"), which is no fault of the module's, and a storm of forks finds it
 * within a hundred cycles.
 */
/* @name: "SYSTEM/EVENT" */
static inline void hold_tracepoint(const char *name)
{
	struct perf_event_attr attr = {
		.type = PERF_TYPE_TRACEPOINT,
		.size = sizeof(attr),
		.disabled = 1,
	};
	char path[128];

	snprintf(path, sizeof(path),
		 "/sys/kernel/tracing/events/%s/enable", name);
	must_write(path, "1");
	snprintf(path, sizeof(path), "/sys/kernel/tracing/events/%s/id", name);
	attr.config = read_u64(path);
	/* held until this process ends */
	ktap_assert(syscall(SYS_perf_event_open, &attr, -1, 0, -1,
			    PERF_FLAG_FD_CLOEXEC) >= 0, "%s: %s", name,
		    strerror(errno));
}

static inline void hold_tracepoints(void)
{
	hold_tracepoint("sched/sched_process_fork");
	hold_tracepoint("sched/sched_process_exec");
	hold_tracepoint("sched/sched_process_exit");
	hold_tracepoint("sched/sched_process_free");
}

#endif /* PRESWAP_SELFTESTS_MODULE_H */
