/* SPDX-License-Identifier: GPL-2.0-only */
/* Who waits for CPUs is let through by those of lower priority. */
#ifndef PRESWAP_YIELD_H
#define PRESWAP_YIELD_H

#include <linux/types.h>

/* Who did not yield to the end is left alone for so long. */
#define PRESWAP_YIELD_ALONE_S	60

struct decide_snapshot;
struct preswap_app;

/* Apps that wait; reclaim is in nobody's way then. */
extern u32 preswap_yield_waiting;

void preswap_yield_tick(const struct decide_snapshot *s,
			struct preswap_app * const *of, u64 now_ns);

#endif /* PRESWAP_YIELD_H */
