// SPDX-License-Identifier: GPL-2.0-only
/* preswap - loads and unloads. The order is the architecture's. */
#include <linux/module.h>

#include "affinity.h"
#include "app.h"
#include "cgroupfs.h"
#include "debugfs.h"
#include "engine.h"
#include "input.h"
#include "net.h"
#include "netlink.h"
#include "reclaim.h"
#include "share.h"
#include "sysfs.h"
#include "task.h"
#include "version.h"

static int __init preswap_init(void)
{
	int err;

	err = preswap_cgroupfs_init();
	if (err)
		return err;
	err = preswap_affinity_init();
	if (err)
		goto err_cgroupfs;
	err = preswap_app_init();
	if (err)
		goto err_affinity;
	err = preswap_reclaim_init();
	if (err)
		goto err_app;
	err = preswap_share_init();
	if (err)
		goto err_reclaim;
	err = preswap_task_init();
	if (err)
		goto err_share;
	err = preswap_netlink_init();
	if (err)
		goto err_task;
	err = preswap_input_init();
	if (err)
		goto err_netlink;
	preswap_net_init();
	err = preswap_engine_init();
	if (err)
		goto err_input;
	err = preswap_sysfs_init();
	if (err)
		goto err_engine;
	preswap_debugfs_init();
	return 0;

err_engine:
	preswap_engine_exit();
	preswap_net_exit();
err_input:
	preswap_input_exit();
err_netlink:
	preswap_netlink_exit();
err_task:
	preswap_task_exit();
err_share:
	preswap_share_exit();
err_reclaim:
	preswap_reclaim_exit();
err_app:
	/* the tracepoints may have made some before a later one failed */
	preswap_app_exit();
err_affinity:
	preswap_affinity_exit();
err_cgroupfs:
	preswap_cgroupfs_exit();
	return err;
}

static void __exit preswap_exit(void)
{
	preswap_debugfs_exit();
	preswap_sysfs_exit();
	/* listeners hear the last leases end; then nobody adds new ones */
	preswap_engine_exit();
	preswap_net_exit();
	preswap_input_exit();
	preswap_netlink_exit();
	preswap_share_exit();
	preswap_task_exit();
	preswap_reclaim_exit();
	preswap_app_exit();
	preswap_affinity_exit();
	preswap_cgroupfs_exit();
}

module_init(preswap_init);
module_exit(preswap_exit);

MODULE_LICENSE("GPL");
MODULE_AUTHOR("The preswap developers");
MODULE_DESCRIPTION("Moves resources between apps before anyone feels the shortage");
MODULE_VERSION(PRESWAP_VERSION);
