/* SPDX-License-Identifier: GPL-2.0-only */
/* Tables for people, in /sys/kernel/debug/preswap/. Not an ABI. */
#ifndef PRESWAP_DEBUGFS_H
#define PRESWAP_DEBUGFS_H

void preswap_debugfs_init(void);
void preswap_debugfs_exit(void);

#endif /* PRESWAP_DEBUGFS_H */
