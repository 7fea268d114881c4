/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The module's last decision, read from debugfs.
 */
#ifndef CTL_SNAPSHOTS_H
#define CTL_SNAPSHOTS_H

#include "plan/snapshot.h"

/*
 * Return: 1, it was read; 0, nothing was decided yet; -errno, after saying why.
 */
int snapshots_now(struct snapshot *snapshot);

#endif /* CTL_SNAPSHOTS_H */
