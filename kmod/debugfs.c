// SPDX-License-Identifier: GPL-2.0-only
/*
 * debugfs - tables for people, in /sys/kernel/debug/preswap/.
 *
 * Programs use netlink: these tables change as they please. "snapshot" alone
 * has a form that programs read; it says its version.
 */
#include <linux/debugfs.h>
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/seq_file.h>

#include "app.h"
#include "debugfs.h"
#include "snapshot.h"
#include "task.h"

static struct dentry *preswap_debugfs_dir;

static void preswap_debugfs_path(struct seq_file *m,
				 const struct preswap_app *app)
{
	static char path[PATH_MAX];	/* preswap_lock */

	lockdep_assert_held(&preswap_lock);
	if (preswap_app_path(app, path, sizeof(path)) >= 0)
		seq_puts(m, path);
	seq_putc(m, '\n');
}

static int apps_show(struct seq_file *m, void *unused)
{
	struct preswap_app *app;

	seq_puts(m, "id prio eligible cpu_milli mem_kib swap_kib tasks forks exits moved held_kib path\n");
	mutex_lock(&preswap_lock);
	preswap_for_each_app(app) {
		seq_printf(m, "%llu %u %d %u %llu %llu %u %lld %lld %u %llu ",
			   app->id, app->policy.priority, app->policy.eligible,
			   app->cpu_tick_milli, app->mem_own >> 10,
			   app->swap_own >> 10, app->tasks,
			   atomic64_read(&app->forks),
			   atomic64_read(&app->exits), app->affinity.moved,
			   app->reclaim.held >> 10);
		preswap_debugfs_path(m, app);
	}
	mutex_unlock(&preswap_lock);
	return 0;
}
DEFINE_SHOW_ATTRIBUTE(apps);

static int tasks_show_one(const struct preswap_task_view *t, void *data)
{
	seq_printf(data, "%d %d %llu %llu %llu %llu %llu %llu %llu %llu %d %s\n",
		   t->pid, t->tgid, t->app_id,
		   div_u64(t->usage.cpu_ns, NSEC_PER_MSEC),
		   div_u64(t->usage.run_delay_ns, NSEC_PER_MSEC),
		   t->rss_bytes >> 10, t->swap_bytes >> 10,
		   t->usage.major_faults,
		   (t->usage.read_bytes + t->usage.write_bytes) >> 10,
		   t->usage.switches, t->moved, t->comm);
	return 0;
}

static int tasks_show(struct seq_file *m, void *unused)
{
	struct preswap_task_cursor cursor = {};

	seq_puts(m, "pid tgid app cpu_ms delay_ms rss_kib swap_kib majflt io_kib switches moved comm\n");
	return preswap_task_walk(&cursor, 0, tasks_show_one, m);
}
DEFINE_SHOW_ATTRIBUTE(tasks);

DEFINE_SHOW_ATTRIBUTE(preswap_snapshot);

/* debugfs may be absent; then there are no tables, and no error. */
void preswap_debugfs_init(void)
{
	struct dentry *dir = debugfs_create_dir("preswap", NULL);

	preswap_debugfs_dir = dir;
	debugfs_create_file("apps", 0400, dir, NULL, &apps_fops);
	debugfs_create_file("tasks", 0400, dir, NULL, &tasks_fops);
	debugfs_create_file("snapshot", 0400, dir, NULL,
			    &preswap_snapshot_fops);
}

void preswap_debugfs_exit(void)
{
	debugfs_remove(preswap_debugfs_dir);
}
