// SPDX-License-Identifier: GPL-2.0-only
/*
 * cgroupfs - the cgroup files that the module reads and writes.
 *
 * Reclaim, cpusets and shares have no other interface for modules. A mount of our own
 * gives the same files in every mount namespace, and in kernel threads, which
 * on newer kernels have no root directory.
 */
#include <linux/cgroup.h>
#include <linux/cpumask.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/limits.h>
#include <linux/module.h>
#include <linux/mount.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "cgroupfs.h"
#include "compat/compat.h"

static struct vfsmount *preswap_cgroupfs_mount;

/* Room for a path and "/memory.reclaim" after it. */
#define PRESWAP_CGROUPFS_PATH	(PATH_MAX + 64)

static struct file *preswap_cgroupfs_open(struct cgroup *cgroup,
					  const char *name, int flags)
{
	struct path root = {
		.mnt = preswap_cgroupfs_mount,
		.dentry = preswap_cgroupfs_mount->mnt_root,
	};
	struct file *file;
	char *path;
	int len;

	path = kmalloc(PRESWAP_CGROUPFS_PATH, GFP_KERNEL);
	if (!path)
		return ERR_PTR(-ENOMEM);
	len = cgroup_path(cgroup, path, PATH_MAX);
	if (len < 0 || len >= PATH_MAX) {
		kfree(path);
		return ERR_PTR(-ENAMETOOLONG);
	}
	strcat(path, "/");
	strcat(path, name);
	/* cgroup paths begin with "/"; file_open_root wants a relative one */
	file = file_open_root(&root, path + strspn(path, "/"), flags, 0);
	kfree(path);
	/* a later cgroup may have the path of one that is gone */
	if (!IS_ERR(file) && d_inode(file->f_path.dentry->d_parent)->i_ino !=
			     (ino_t)cgroup_id(cgroup)) {
		filp_close(file, NULL);
		return ERR_PTR(-ENOENT);
	}
	return file;
}

/**
 * preswap_cgroupfs_write() - write to a cgroup's file
 * @cgroup: may be removed meanwhile
 * @name: such as "cpu.weight"
 * @text: as userspace would write it
 *
 * May sleep for as long as the file's handler works.
 *
 * Return: 0 or -errno, as a write from userspace would get.
 */
int preswap_cgroupfs_write(struct cgroup *cgroup, const char *name,
			   const char *text)
{
	struct file *file = preswap_cgroupfs_open(cgroup, name, O_WRONLY);
	loff_t pos = 0;
	ssize_t n;

	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_write(file, text, strlen(text), &pos);
	filp_close(file, NULL);
	return n < 0 ? n : 0;
}

/* All of a file. Return: 0 or -errno, -EOVERFLOW of one with @size - 1 bytes or more. */
int preswap_cgroupfs_read(struct cgroup *cgroup, const char *name, char *buf,
			  size_t size)
{
	struct file *file;
	loff_t pos = 0;
	ssize_t n;

	file = preswap_cgroupfs_open(cgroup, name, O_RDONLY);
	if (IS_ERR(file))
		return PTR_ERR(file);
	n = kernel_read(file, buf, size - 1, &pos);
	filp_close(file, NULL);
	if (n < 0)
		return n;
	buf[n] = '\0';
	return n < size - 1 ? 0 : -EOVERFLOW;
}

/**
 * preswap_cgroupfs_cpuset() - the CPUs that a cgroup's tasks may use
 * @cgroup: without the cpuset controller, what its nearest ancestor says
 * @mask: the answer
 *
 * Return: 0, or -errno and @mask undefined.
 */
int preswap_cgroupfs_cpuset(struct cgroup *cgroup, struct cpumask *mask)
{
	char *text = kmalloc(PAGE_SIZE, GFP_KERNEL);
	struct cgroup *at;
	int err = -ENOENT;

	if (!text)
		return -ENOMEM;
	for (at = cgroup; at && err == -ENOENT; at = cgroup_parent(at)) {
		err = preswap_cgroupfs_read(at, "cpuset.cpus.effective", text,
					    PAGE_SIZE);
		if (!err)
			err = cpulist_parse(strim(text), mask);
		if (!err && cpumask_empty(mask))
			err = -ENODATA;
	}
	kfree(text);
	return err;
}

/* The options of cgroup2, by the flag of its root that each sets. */
static const struct {
	unsigned int flag;
	const char *name;
} preswap_cgroupfs_names[] __initconst = {
	{ CGRP_ROOT_NS_DELEGATE, "nsdelegate," },
	{ CGRP_ROOT_FAVOR_DYNMODS, "favordynmods," },
	{ CGRP_ROOT_MEMORY_LOCAL_EVENTS, "memory_localevents," },
	{ CGRP_ROOT_MEMORY_RECURSIVE_PROT, "memory_recursiveprot," },
	{ CGRP_ROOT_MEMORY_HUGETLB_ACCOUNTING, "memory_hugetlb_accounting," },
	{ CGRP_ROOT_PIDS_LOCAL_EVENTS, "pids_localevents," },
};

/*
 * Mounting sets the options of all that is mounted of this type, so ours are those in
 * force: else namespaces would be no bounds of delegation any more, and memory.low
 * no protection of what is inside. Return: 0, or -EOPNOTSUPP where some has no name here.
 */
static int __init preswap_cgroupfs_options(char *text, size_t size)
{
	unsigned int left = cgrp_dfl_root.flags, i;

	for (i = 0; i < ARRAY_SIZE(preswap_cgroupfs_names); i++) {
		if (!(left & preswap_cgroupfs_names[i].flag))
			continue;
		left &= ~preswap_cgroupfs_names[i].flag;
		strlcat(text, preswap_cgroupfs_names[i].name, size);
	}
	if (!left)
		return 0;
	pr_err("cgroup2 is mounted with options that preswap does not know (%#x), and would undo\n",
	       left);
	return -EOPNOTSUPP;
}

int __init preswap_cgroupfs_init(void)
{
	struct file_system_type *type;
	struct vfsmount *mount;
	char options[128] = "";
	int err;

	err = preswap_cgroupfs_options(options, sizeof(options));
	if (err)
		return err;
	type = get_fs_type("cgroup2");
	if (!type)
		return -ENODEV;
	mount = vfs_kern_mount(type, SB_KERNMOUNT, type->name, options);
	/* the mount holds the type while it needs it */
	module_put(type->owner);
	if (IS_ERR(mount))
		return PTR_ERR(mount);
	/* seen from a cgroup namespace, our paths would name other cgroups */
	if (d_inode(mount->mnt_root)->i_ino != 1) {
		pr_err("load it from the initial cgroup namespace\n");
		mntput(mount);
		return -EXDEV;
	}
	preswap_cgroupfs_mount = mount;
	return 0;
}

void preswap_cgroupfs_exit(void)
{
	mntput(preswap_cgroupfs_mount);
}
