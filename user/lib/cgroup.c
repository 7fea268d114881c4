// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Paths of cgroups and their ids.
 */
#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "cgroup.h"

/* mountinfo writes space, tab, newline, backslash as three octal digits. */
static void unescape(char *text)
{
	char *to = text;

	for (; *text; to++) {
		unsigned int c;

		if (sscanf(text, "\\%3o", &c) == 1) {
			*to = c;
			text += 4;
		} else {
			*to = *text++;
		}
	}
	*to = 0;
}

bool cgroup_mount_of(char *line, char **mount_point)
{
	char *dash = strstr(line, " - "), *root, *at;
	char type[16];

	if (!dash || sscanf(dash, " - %15s", type) != 1 ||
	    strcmp(type, "cgroup2"))
		return false;
	*dash = 0;
	strtok_r(line, " ", &at);	/* mount id */
	strtok_r(NULL, " ", &at);	/* parent */
	strtok_r(NULL, " ", &at);	/* device */
	root = strtok_r(NULL, " ", &at);
	*mount_point = root ? strtok_r(NULL, " ", &at) : NULL;
	if (!*mount_point || strcmp(root, "/"))
		return false;
	unescape(*mount_point);
	return true;
}

static char *find_root(void)
{
	__cleanup_str char *line = NULL;
	char *found = NULL, *mount_point;
	size_t room = 0;
	FILE *file = fopen("/proc/self/mountinfo", "re");

	if (!file)
		return NULL;
	while (!found && getline(&line, &room, file) > 0)
		if (cgroup_mount_of(line, &mount_point))
			found = strdup(mount_point);
	fclose(file);
	return found;
}

PRESWAP_EXPORT int preswap_cgroup_root(struct preswap_ctx *ctx,
				       const char **root)
{
	if (!ctx->cgroup_root)
		ctx->cgroup_root = find_root();
	if (!ctx->cgroup_root)
		return preswap_fail(ctx, -ENOENT, "no cgroup v2 mounted");
	*root = ctx->cgroup_root;
	return 0;
}

bool cgroup_has_dotdot(const char *path)
{
	for (const char *at = path; (at = strstr(at, "..")); at += 2)
		if ((at == path || at[-1] == '/') &&
		    (at[2] == '/' || !at[2]))
			return true;
	return false;
}

const char *cgroup_from_root(const char *root, const char *path)
{
	size_t len = strlen(root);

	if (!strncmp(path, root, len) && (path[len] == '/' || !path[len]))
		path += len;
	return path + strspn(path, "/");
}

char *cgroup_full_path(const char *root, const char *path)
{
	char *full;

	if (asprintf(&full, "%s/%s", root, cgroup_from_root(root, path)) < 0)
		return NULL;
	return full;
}

PRESWAP_EXPORT int preswap_cgroup_id(struct preswap_ctx *ctx, const char *path,
				     uint64_t *id)
{
	__cleanup_str char *full = NULL;
	const char *root;
	struct statfs fs;
	struct stat st;
	int err = preswap_cgroup_root(ctx, &root);

	if (err)
		return err;
	/* a script's variable that is not set; the root is "/" */
	if (!*path)
		return preswap_fail(ctx, -EINVAL, "the path is empty");
	if (cgroup_has_dotdot(path))
		return preswap_fail(ctx, -EINVAL, "%s: '..' in the path", path);
	full = cgroup_full_path(root, path);
	if (!full)
		return preswap_fail(ctx, -ENOMEM, "out of memory");
	if (stat(full, &st) < 0 || statfs(full, &fs) < 0) {
		err = errno == EACCES ? -EACCES : -ENOENT;
		return preswap_fail(ctx, err, "%s: %s", full, strerror(errno));
	}
	if (!S_ISDIR(st.st_mode) || fs.f_type != CGROUP2_SUPER_MAGIC)
		return preswap_fail(ctx, -EINVAL, "%s: is no cgroup", full);
	*id = st.st_ino;
	return 0;
}

/* As kernfs encodes it, since Linux 5.5. */
#define KERNFS_HANDLE	0xfe

/* Where a cgroup of this id is, in one step; -EPERM where that is not allowed. */
static int path_by_handle(const char *root, uint64_t id, char **path)
{
	union {
		struct file_handle handle;
		char room[sizeof(struct file_handle) + sizeof(id)];
	} named = { .handle = { .handle_bytes = sizeof(id),
				.handle_type = KERNFS_HANDLE } };
	char link[40], full[PATH_MAX];
	int mount, fd, err = 0;
	ssize_t len;

	memcpy(named.handle.f_handle, &id, sizeof(id));
	mount = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (mount < 0)
		return -errno;
	fd = open_by_handle_at(mount, &named.handle,
			       O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		err = errno == ESTALE || errno == ENOENT ? -ENOENT : -EPERM;
	close(mount);
	if (err)
		return err;
	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	len = readlink(link, full, sizeof(full) - 1);
	close(fd);
	if (len < (ssize_t)strlen(root) || strncmp(full, root, strlen(root)))
		return -EPERM;
	full[len] = '\0';
	*path = strdup(full[strlen(root)] ? full + strlen(root) : "/");
	return *path ? 0 : -ENOMEM;
}

/* By looking at all. */
static void path_by_search(struct preswap_ctx *ctx, const char *root,
			   uint64_t id, char **path)
{
	char *start[2] = { ctx->cgroup_root };
	const char *rest;
	FTSENT *entry;
	FTS *tree = fts_open(start, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);

	while (tree && !*path && (entry = fts_read(tree))) {
		if (entry->fts_info != FTS_D || entry->fts_statp->st_ino != id)
			continue;
		rest = entry->fts_path + strlen(root);
		*path = strdup(*rest ? rest : "/");
	}
	if (tree)
		fts_close(tree);
}

PRESWAP_EXPORT int preswap_cgroup_path(struct preswap_ctx *ctx, uint64_t id,
				       char **path)
{
	const char *root;
	int err = preswap_cgroup_root(ctx, &root);

	if (err)
		return err;
	*path = NULL;
	err = path_by_handle(root, id, path);
	if (err == -ENOMEM)
		return preswap_fail(ctx, err, "out of memory");
	if (err && err != -ENOENT)
		path_by_search(ctx, root, id, path);
	if (!*path)
		return preswap_fail(ctx, -ENOENT, "no cgroup has id %llu",
				    (unsigned long long)id);
	return 0;
}
