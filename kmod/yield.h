/* SPDX-License-Identifier: GPL-2.0-only */
/* Who waits for CPUs is let through by those of lower priority. */
#ifndef PRESWAP_YIELD_H
#define PRESWAP_YIELD_H

#include <linux/bits.h>
#include <linux/types.h>
#include <uapi/linux/preswap.h>

/* Whose lease a person ended, or whose file is another's, is left alone for so long. */
#define PRESWAP_YIELD_ALONE_S	60
#define PRESWAP_YIELD_ALONE	(BIT(PRESWAP_LEASE_END_REQUESTED) |	\
				 BIT(PRESWAP_LEASE_END_FAILED) |	\
				 BIT(PRESWAP_LEASE_END_CHANGED))

struct decide_snapshot;
struct preswap_app;

/* Some app waits: reclaim is in nobody's way then. */
extern bool preswap_yield_waiting;

void preswap_yield_tick(const struct decide_snapshot *s,
			struct preswap_app * const *of, u64 now_ns);

#endif /* PRESWAP_YIELD_H */
