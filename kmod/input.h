/* SPDX-License-Identifier: GPL-2.0-only */
/* How much a person at this machine does; never what. */
#ifndef PRESWAP_INPUT_H
#define PRESWAP_INPUT_H

#include <linux/types.h>

/* As of the last second that is over; preswap_lock. */
struct preswap_activity {
	u64 presses;	/* of keys and buttons, since load */
	u64 moves;	/* of pointers and wheels, one for each axis, since load */
	u64 active_ns;	/* CLOCK_BOOTTIME, by when one of them had last grown */
};

extern struct preswap_activity preswap_activity;

int preswap_input_init(void);
void preswap_input_exit(void);
void preswap_input_tick(u64 now_ns);

#endif /* PRESWAP_INPUT_H */
