/* SPDX-License-Identifier: GPL-2.0-only */
/* The only place that opens cgroup files. */
#ifndef PRESWAP_CGROUPFS_H
#define PRESWAP_CGROUPFS_H

#include <linux/types.h>

struct cgroup;
struct cpumask;

int preswap_cgroupfs_init(void);
void preswap_cgroupfs_exit(void);
int preswap_cgroupfs_read(struct cgroup *cgroup, const char *file, char *text,
			  size_t size);
int preswap_cgroupfs_write(struct cgroup *cgroup, const char *file,
			   const char *text);
int preswap_cgroupfs_cpuset(struct cgroup *cgroup, struct cpumask *mask);

#endif /* PRESWAP_CGROUPFS_H */
