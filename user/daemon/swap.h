/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How slow the swap is, told to the module: it cannot see which devices are behind it.
 */
#ifndef DAEMON_SWAP_H
#define DAEMON_SWAP_H

#include "sense/inventory.h"

/*
 * @root: "" for this machine; for tests, a folder that holds proc and sys.
 * @told: what was told before, INVENTORY_UNKNOWN at first. What a person has written
 * to the module's swap_speed stands. 0, or -errno from that file.
 */
int swap_tell(const char *root, enum inventory_speed *told);

#endif /* DAEMON_SWAP_H */
