/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The cgroups that have a section of the configuration. The module reports only those that
 * have tasks or a policy, and not those inside of one with a policy: the others are found
 * in the tree of cgroups, which is looked through again and again, a little at a time.
 */
#ifndef DAEMON_REACH_H
#define DAEMON_REACH_H

#include <dirent.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "daemon/config.h"

#define REACH_DEPTH_MAX	32	/* slashes; deeper ones only if the module reports them */
#define REACH_PATH_MAX	2048	/* the module does not tell a longer one */
#define REACH_LEFT_MAX	65536

struct reach_left {
	uint64_t id;
	bool seen;			/* in this walk, or new since it began */
};

/*
 * @dirs: that are being read, from the root on; none: no walk is under way.
 * @ends: of each one's path in @path.
 * @ended: a walk has, since the configuration was read.
 * @partial: something could not be read in this walk.
 * @met: sections that some cgroup has, in walks since the configuration was read.
 * @left: had it applied, and the module has no app of them any more: in order of ids.
 */
struct reach {
	DIR *dirs[REACH_DEPTH_MAX];
	size_t ends[REACH_DEPTH_MAX];
	unsigned int depth;
	char path[REACH_PATH_MAX];
	dev_t dev;

	bool ended, partial;
	bool met[CONFIG_POLICIES_MAX];
	struct reach_left *left;
	size_t nr_left, left_room;
};

/* @path is as the module has it: "/a/b". */
typedef void (*reach_fn)(void *data, uint64_t id, const char *path);

/*
 * Goes on for so long, and at least by one cgroup; or begins anew. @found is called for
 * each cgroup that has a section and was not left alone. True: that was all of them;
 * after the first time, sections without any are in the log. False also where @root
 * cannot be read.
 */
bool reach_walk(struct reach *reach, const char *root,
		const struct config *config, uint64_t limit_ns, reach_fn found,
		void *data);
/* There is another configuration, or module. Also at the end. */
void reach_reset(struct reach *reach);

/*
 * The configuration was applied to it, and its app is gone, perhaps as a person deleted
 * its policy: that is not done again for as long as the cgroup is there.
 */
void reach_leave(struct reach *reach, uint64_t id);
bool reach_has_left(const struct reach *reach, uint64_t id);

#endif /* DAEMON_REACH_H */
