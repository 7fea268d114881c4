// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Paths of cgroups and their ids.
 */
#include <errno.h>
#include <fts.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

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

char *cgroup_full_path(const char *root, const char *path)
{
	size_t len = strlen(root);
	char *full;

	if (!strncmp(path, root, len) && (path[len] == '/' || !path[len]))
		path += len;
	while (*path == '/')
		path++;
	if (asprintf(&full, "%s/%s", root, path) < 0)
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

PRESWAP_EXPORT int preswap_cgroup_path(struct preswap_ctx *ctx, uint64_t id,
				       char **path)
{
	char *start[2] = {};
	const char *root, *rest;
	FTSENT *entry;
	FTS *tree;
	int err = preswap_cgroup_root(ctx, &root);

	if (err)
		return err;
	start[0] = ctx->cgroup_root;
	*path = NULL;
	tree = fts_open(start, FTS_PHYSICAL | FTS_XDEV | FTS_NOCHDIR, NULL);
	while (tree && !*path && (entry = fts_read(tree))) {
		if (entry->fts_info != FTS_D || entry->fts_statp->st_ino != id)
			continue;
		rest = entry->fts_path + strlen(root);
		*path = strdup(*rest ? rest : "/");
	}
	if (tree)
		fts_close(tree);
	if (!*path)
		return preswap_fail(ctx, -ENOENT, "no cgroup has id %llu",
				    (unsigned long long)id);
	return 0;
}
