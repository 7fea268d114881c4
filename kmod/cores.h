/* SPDX-License-Identifier: GPL-2.0-only */
/* Which CPUs donors leave, in which order. */
#ifndef PRESWAP_CORES_H
#define PRESWAP_CORES_H

#include <linux/cpumask.h>
#include <linux/types.h>

struct decide_snapshot;

enum preswap_cores_order {
	PRESWAP_CORES_NOW,
	PRESWAP_CORES_BEFORE,	/* the order that was in force before that */
};

int preswap_cores_init(void);
void preswap_cores_exit(void);
void preswap_cores_aim(int home);
void preswap_cores_first(enum preswap_cores_order order, unsigned int number,
			 struct cpumask *first);
void preswap_cores_describe(struct decide_snapshot *to);
bool preswap_cores_changed(void);

#endif /* PRESWAP_CORES_H */
