/* SPDX-License-Identifier: GPL-2.0-only */
/* The knobs in /sys/kernel/preswap/. */
#ifndef PRESWAP_SYSFS_H
#define PRESWAP_SYSFS_H

int preswap_sysfs_init(void);
void preswap_sysfs_exit(void);

#endif /* PRESWAP_SYSFS_H */
