// SPDX-License-Identifier: GPL-2.0-only
/*
 * sysfs - the knobs in /sys/kernel/preswap/, a number each.
 *
 * See Documentation/ABI/testing/sysfs-kernel-preswap. A number out of range
 * is ERANGE, anything else that is no number EINVAL; the old value stays.
 */
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/sysfs.h>
#include <linux/types.h>
#include <linux/kdev_t.h>
#include <linux/string.h>
#include <uapi/linux/preswap.h>

#include "engine.h"
#include "knobs.h"
#include "net.h"
#include "sysfs.h"

struct preswap_knob_file {
	struct kobj_attribute attr;
	unsigned int *value;
	unsigned int min, max;
	bool mode;		/* leases end when it changes */
};

static ssize_t preswap_knob_show(struct kobject *kobj,
				 struct kobj_attribute *attr, char *buf)
{
	struct preswap_knob_file *file =
		container_of(attr, struct preswap_knob_file, attr);

	return sysfs_emit(buf, "%u\n", READ_ONCE(*file->value));
}

static ssize_t preswap_knob_store(struct kobject *kobj,
				  struct kobj_attribute *attr, const char *buf,
				  size_t count)
{
	struct preswap_knob_file *file =
		container_of(attr, struct preswap_knob_file, attr);
	unsigned int value;
	int err = kstrtouint(buf, 10, &value);

	if (err)
		return err;
	if (value < file->min || value > file->max)
		return -ERANGE;
	if (value == READ_ONCE(*file->value))
		return count;
	WRITE_ONCE(*file->value, value);
	if (file->mode)
		preswap_engine_mode_changed();
	return count;
}

/* "MAJOR:MINOR" as io.max has it, or "none" */
static ssize_t preswap_io_device_show(struct kobject *kobj,
				      struct kobj_attribute *attr, char *buf)
{
	unsigned int device = preswap_knob(io_device);

	if (!device)
		return sysfs_emit(buf, "none\n");
	return sysfs_emit(buf, "%u:%u\n", MAJOR(device), MINOR(device));
}

static ssize_t preswap_io_device_store(struct kobject *kobj,
				       struct kobj_attribute *attr,
				       const char *buf, size_t count)
{
	unsigned int major = 0, minor = 0, device;
	int end = 0;

	if (!sysfs_streq(buf, "none") &&
	    (sscanf(buf, "%u:%u %n", &major, &minor, &end) != 2 || !major ||
	     buf[end]))
		return -EINVAL;
	if (major > MAJOR(~0U) || minor > MINORMASK)
		return -ERANGE;
	device = MKDEV(major, minor);
	if (device == preswap_knob(io_device))
		return count;
	/* what leases hold back is of the one before */
	WRITE_ONCE(preswap_knobs.io_device, device);
	preswap_engine_mode_changed();
	return count;
}

static struct kobj_attribute preswap_knob_io_device =
	__ATTR(io_device, 0644, preswap_io_device_show,
	       preswap_io_device_store);

/* An interface's name, or "none" */
static ssize_t preswap_net_device_show(struct kobject *kobj,
				       struct kobj_attribute *attr, char *buf)
{
	char name[IFNAMSIZ];

	preswap_net_device(name);
	return sysfs_emit(buf, "%s\n", *name ? name : "none");
}

static ssize_t preswap_net_device_store(struct kobject *kobj,
					struct kobj_attribute *attr,
					const char *buf, size_t count)
{
	char name[IFNAMSIZ] = "";
	size_t len = strcspn(buf, "\n");
	int err;

	if (!len || len >= sizeof(name) || len + 1 < count)
		return -EINVAL;
	if (!sysfs_streq(buf, "none"))
		memcpy(name, buf, len);
	err = preswap_net_set_device(name);
	return err ?: count;
}

static struct kobj_attribute preswap_knob_net_device =
	__ATTR(net_device, 0644, preswap_net_device_show,
	       preswap_net_device_store);

#define PRESWAP_KNOB(name_, field_, min_, max_, mode_)			\
	static struct preswap_knob_file preswap_knob_##name_ = {	\
		.attr = __ATTR(name_, 0644, preswap_knob_show,		\
			       preswap_knob_store),			\
		.value = &preswap_knobs.field_,				\
		.min = min_,						\
		.max = max_,						\
		.mode = mode_,						\
	}

PRESWAP_KNOB(enabled, enabled, 0, 1, true);
PRESWAP_KNOB(dry_run, dry_run, 0, 1, true);
PRESWAP_KNOB(tick_ms, tick_ms, 10, 1000, false);
PRESWAP_KNOB(lead_ms, lead_ms, 100, 900000, false);
PRESWAP_KNOB(lead_cpu_ms, lead_resource_ms[DECIDE_CPU], 100, 900000, false);
PRESWAP_KNOB(lead_memory_ms, lead_resource_ms[DECIDE_MEMORY], 100, 900000,
	     false);
PRESWAP_KNOB(lead_io_ms, lead_resource_ms[DECIDE_IO], 100, 900000, false);
PRESWAP_KNOB(lead_net_ms, lead_resource_ms[DECIDE_NET], 100, 900000, false);
PRESWAP_KNOB(hold_ms, hold_ms, 100, 60000, false);
PRESWAP_KNOB(review_ms, review_ms, 1000, PRESWAP_LEASE_MAX_MS, false);
PRESWAP_KNOB(usage_ms, usage_ms, 100, 60000, false);
PRESWAP_KNOB(threshold_cpu_pct, threshold_pct[DECIDE_CPU], 1, 100, false);
PRESWAP_KNOB(threshold_memory_pct, threshold_pct[DECIDE_MEMORY], 1, 100,
	     false);
PRESWAP_KNOB(threshold_io_pct, threshold_pct[DECIDE_IO], 1, 100, false);
PRESWAP_KNOB(threshold_net_pct, threshold_pct[DECIDE_NET], 1, 100, false);
PRESWAP_KNOB(io_capacity_mib, io_capacity_mib, 0, 1048576, false);
PRESWAP_KNOB(net_capacity_mib, net_capacity_mib, 0, 1048576, false);
PRESWAP_KNOB(min_priority, min_priority, 0, PRESWAP_PRIORITY_MAX, false);
PRESWAP_KNOB(reclaim_rate_mib, reclaim_rate_mib, 1, 65536, false);
PRESWAP_KNOB(swap_speed, swap_speed, 0, 3, false);
PRESWAP_KNOB(swap_reserve_mib, swap_reserve_mib, 0, 1048576, false);
PRESWAP_KNOB(yield_wait_pct, yield_wait_pct, 0, 1000, false);
PRESWAP_KNOB(yield_weight, yield_weight, 1, PRESWAP_WEIGHT_MAX, false);
PRESWAP_KNOB(correlation_pct, correlation_pct, 0, 100, false);
PRESWAP_KNOB(ab_unit, ab_unit, 0, 2, false);
PRESWAP_KNOB(ab_control_pct, ab_control_pct, 0, 100, false);
PRESWAP_KNOB(ab_slice_ms, ab_slice_ms, 1000, 86400000, false);
PRESWAP_KNOB(ab_seed, ab_seed, 0, 4294967295U, false);

static struct attribute *preswap_knob_attrs[] = {
	&preswap_knob_enabled.attr.attr,
	&preswap_knob_dry_run.attr.attr,
	&preswap_knob_tick_ms.attr.attr,
	&preswap_knob_lead_ms.attr.attr,
	&preswap_knob_lead_cpu_ms.attr.attr,
	&preswap_knob_lead_memory_ms.attr.attr,
	&preswap_knob_lead_io_ms.attr.attr,
	&preswap_knob_lead_net_ms.attr.attr,
	&preswap_knob_hold_ms.attr.attr,
	&preswap_knob_review_ms.attr.attr,
	&preswap_knob_usage_ms.attr.attr,
	&preswap_knob_threshold_cpu_pct.attr.attr,
	&preswap_knob_threshold_memory_pct.attr.attr,
	&preswap_knob_threshold_io_pct.attr.attr,
	&preswap_knob_threshold_net_pct.attr.attr,
	&preswap_knob_io_device.attr,
	&preswap_knob_io_capacity_mib.attr.attr,
	&preswap_knob_net_device.attr,
	&preswap_knob_net_capacity_mib.attr.attr,
	&preswap_knob_min_priority.attr.attr,
	&preswap_knob_reclaim_rate_mib.attr.attr,
	&preswap_knob_swap_speed.attr.attr,
	&preswap_knob_swap_reserve_mib.attr.attr,
	&preswap_knob_yield_wait_pct.attr.attr,
	&preswap_knob_yield_weight.attr.attr,
	&preswap_knob_correlation_pct.attr.attr,
	&preswap_knob_ab_unit.attr.attr,
	&preswap_knob_ab_control_pct.attr.attr,
	&preswap_knob_ab_slice_ms.attr.attr,
	&preswap_knob_ab_seed.attr.attr,
	NULL
};

static const struct attribute_group preswap_knob_group = {
	.attrs = preswap_knob_attrs,
};

static struct kobject *preswap_sysfs_kobject;

/* Out of sysfs at once, whoever else holds it: its name may be wanted again. */
static void preswap_sysfs_drop(void)
{
	kobject_del(preswap_sysfs_kobject);
	kobject_put(preswap_sysfs_kobject);
}

int preswap_sysfs_init(void)
{
	int err;

	preswap_sysfs_kobject = kobject_create_and_add("preswap", kernel_kobj);
	if (!preswap_sysfs_kobject)
		return -ENOMEM;
	err = sysfs_create_group(preswap_sysfs_kobject, &preswap_knob_group);
	if (err)
		preswap_sysfs_drop();
	return err;
}

void preswap_sysfs_exit(void)
{
	/* waits for writers: no knob changes after this */
	sysfs_remove_group(preswap_sysfs_kobject, &preswap_knob_group);
	preswap_sysfs_drop();
}
