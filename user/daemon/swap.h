/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * How slow the swap is, told to the module: it cannot see which devices are behind it.
 */
#ifndef DAEMON_SWAP_H
#define DAEMON_SWAP_H

#include "sense/inventory.h"

/*
 * What was told before, nothing at first. @file: to which inode: a module that was
 * loaded again has a new one, and knows of nothing.
 */
struct swap_told {
	enum inventory_speed speed;
	uint64_t file;
};

/*
 * @root: "" for this machine; for tests, a folder that holds proc and sys. What a
 * person has written to the module's swap_speed stands. 0, or -errno from that file.
 */
int swap_tell(const char *root, struct swap_told *told);

#endif /* DAEMON_SWAP_H */
