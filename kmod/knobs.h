/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The settings that an administrator may change while the module runs. Plain
 * words, each written by sysfs alone and read with READ_ONCE() by the rest:
 * no reader needs two of them to agree.
 */
#ifndef PRESWAP_KNOBS_H
#define PRESWAP_KNOBS_H

#include <linux/compiler.h>
#include <linux/types.h>

#include "decide/decide.h"

struct preswap_knobs {
	unsigned int enabled;		/* 0: sense only */
	unsigned int dry_run;		/* 1: decide and report, do not act */
	unsigned int tick_ms;
	unsigned int lead_ms;		/* act on what is expected until then */
	unsigned int lead_resource_ms[DECIDE_RESOURCES];	/* at most */
	unsigned int hold_ms;		/* a lease lasts at least this long */
	unsigned int review_ms;		/* of whether leases pay, as they go on */
	unsigned int usage_ms;		/* period of usage notifications */
	unsigned int threshold_pct[DECIDE_RESOURCES];
	unsigned int min_priority;	/* receivers must exceed it */
	unsigned int reclaim_rate_mib;	/* MiB per second, all donors */
	unsigned int io_device;		/* major << 20 | minor; 0: none */
	unsigned int io_capacity_mib;	/* MiB per second; 0: not decided on */
	unsigned int net_capacity_mib;	/* MiB per second; 0: not looked at */
	unsigned int swap_speed;	/* 0 unknown, 1 memory, 2 flash, 3 rotating */
	unsigned int swap_reserve_mib;	/* of swap, never filled by reclaim */
	unsigned int yield_wait_pct;	/* so much makes others yield; 0: never */
	unsigned int yield_weight;	/* cpu.weight of those who do */
	unsigned int correlation_pct;	/* of apps' demand, allowed for */
	unsigned int ab_unit;		/* enum decide_ab_unit */
	unsigned int ab_control_pct;
	unsigned int ab_slice_ms;
	unsigned int ab_seed;
};

extern struct preswap_knobs preswap_knobs;

#define preswap_knob(name)	READ_ONCE(preswap_knobs.name)

#endif /* PRESWAP_KNOBS_H */
