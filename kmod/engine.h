/* SPDX-License-Identifier: GPL-2.0-only */
/* The tick: sense, decide, act. */
#ifndef PRESWAP_ENGINE_H
#define PRESWAP_ENGINE_H

#include <linux/types.h>

#include "decide/decide.h"

struct preswap_app;

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

/* What the last tick that decided saw, and what it answered; preswap_lock. */
struct preswap_decision {
	u64 seq;			/* counts them, from 1 */
	u64 time_ns;
	struct decide_snapshot saw;
	struct decide_result answered;
	const u32 *lease_ids;		/* of saw.leases */
};

int preswap_engine_init(void);
void preswap_engine_exit(void);
void preswap_engine_mode_changed(void);
const struct preswap_decision *preswap_engine_last(void);
bool preswap_engine_dry(const struct preswap_app *receiver, u64 now_ns);

#endif /* PRESWAP_ENGINE_H */
