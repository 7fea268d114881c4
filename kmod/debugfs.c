// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs - what was decided last, in /sys/kernel/debug/preswap/snapshot: tables of the
 * node, apps, leases and proposals, for people and for the replay; it says its version.
 *
 * Apps and tasks have none of their own, programs have netlink: a file here is made as a
 * whole in memory before it is read, of 100,000 tasks 10 MB.
 */
#include <linux/debugfs.h>

#include "debugfs.h"
#include "snapshot.h"

static struct dentry *preswap_debugfs_dir;

DEFINE_SHOW_ATTRIBUTE(preswap_snapshot);

/* debugfs may be absent; then there is no table, and no error. */
void preswap_debugfs_init(void)
{
	preswap_debugfs_dir = debugfs_create_dir("preswap", NULL);
	debugfs_create_file("snapshot", 0400, preswap_debugfs_dir, NULL,
			    &preswap_snapshot_fops);
}

void preswap_debugfs_exit(void)
{
	debugfs_remove(preswap_debugfs_dir);
}
