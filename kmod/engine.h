/* SPDX-License-Identifier: GPL-2.0-only */
/* The tick: sense, decide, act. */
#ifndef PRESWAP_ENGINE_H
#define PRESWAP_ENGINE_H

#include <linux/types.h>

#include "decide/decide.h"

/* What the last tick saw of the node; preswap_lock. */
struct preswap_node {
	u64 capacity[DECIDE_RESOURCES];
	u64 used[DECIDE_RESOURCES];
	u64 swap_free;
	u64 ticks;
	u64 tick_last_ns, tick_max_ns;
	u32 usage_seq;
	u64 usage_time_ns;
};

extern struct preswap_node preswap_node;

int preswap_engine_init(void);
void preswap_engine_exit(void);
void preswap_engine_mode_changed(void);

#endif /* PRESWAP_ENGINE_H */
