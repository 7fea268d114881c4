/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The text side of cgroup names.
 */
#ifndef PRESWAP_LIB_CGROUP_H
#define PRESWAP_LIB_CGROUP_H

#include "internal.h"

/*
 * Whether a line of mountinfo is the mount of the whole cgroup v2 tree; its
 * mount point is then *@mount_point, inside @line, which is changed.
 */
bool cgroup_mount_of(char *line, char **mount_point);
bool cgroup_has_dotdot(const char *path);
/* What is left of a path from the root, or absolute: without slashes before it. */
const char *cgroup_from_root(const char *root, const char *path);
/* The absolute path of a cgroup named as preswap_cgroup_id() takes it. */
char *cgroup_full_path(const char *root, const char *path);

#endif /* PRESWAP_LIB_CGROUP_H */
