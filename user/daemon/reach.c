// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fcntl.h>
#include <fnmatch.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/log.h"
#include "daemon/measure.h"
#include "daemon/reach.h"

#define TOLD_MAX	8		/* sections that no cgroup has, in the log */

/* ---- what was left alone ---- */

/* Where it is, or would be. */
static size_t find(const struct reach *r, uint64_t id)
{
	size_t low = 0, high = r->nr_left;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (r->left[middle].id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

bool reach_has_left(const struct reach *r, uint64_t id)
{
	size_t at = find(r, id);

	return at < r->nr_left && r->left[at].id == id;
}

void reach_leave(struct reach *r, uint64_t id)
{
	size_t at = find(r, id);
	struct reach_left *left = r->left;
	size_t room;

	if (reach_has_left(r, id) || r->nr_left == REACH_LEFT_MAX)
		return;
	if (r->nr_left == r->left_room) {
		room = r->left_room ? 2 * r->left_room : 64;
		left = reallocarray(left, room, sizeof(*left));
		if (!left)
			return;
		r->left = left;
		r->left_room = room;
	}
	memmove(&left[at + 1], &left[at], (r->nr_left - at) * sizeof(*left));
	left[at] = (struct reach_left){ .id = id, .seen = true };
	r->nr_left++;
}

/* Cgroups that are gone do not come back: each has an id of its own. */
static void prune(struct reach *r)
{
	size_t kept = 0;

	for (size_t i = 0; i < r->nr_left; i++)
		if (r->left[i].seen)
			r->left[kept++] = r->left[i];
	r->nr_left = kept;
}

/* ---- the walk ---- */

static void stop(struct reach *r)
{
	while (r->depth)
		closedir(r->dirs[--r->depth]);
}

void reach_reset(struct reach *r)
{
	stop(r);
	free(r->left);
	r->left = NULL;
	r->nr_left = 0;
	r->left_room = 0;
	r->ended = false;
	memset(r->met, 0, sizeof(r->met));
}

/* One that was removed meanwhile is no fault. */
static void enter(struct reach *r, int at, const char *name)
{
	int fd = openat(at, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW |
			O_CLOEXEC);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);

	if (dir) {
		r->ends[r->depth] = strlen(r->path);
		r->dirs[r->depth++] = dir;
		return;
	}
	r->partial |= errno != ENOENT && errno != ENODEV;
	if (fd >= 0)
		close(fd);
}

static bool begin(struct reach *r, const char *root)
{
	struct stat st;

	r->path[0] = '\0';
	r->partial = false;
	for (size_t i = 0; i < r->nr_left; i++)
		r->left[i].seen = false;
	enter(r, AT_FDCWD, root);
	if (!r->depth || fstat(dirfd(r->dirs[0]), &st) < 0) {
		stop(r);
		return false;
	}
	r->dev = st.st_dev;
	return true;
}

/*
 * May a section be for one that is inside? In a pattern, as in a path, slashes are
 * between names and nowhere else (FNM_PATHNAME): its beginning matches the path so far.
 */
static bool leads_on(const struct reach *r, const struct config *config)
{
	char part[CONFIG_LINE_MAX];

	if (r->depth == REACH_DEPTH_MAX)
		return false;
	for (size_t i = 0; i < config->count; i++) {
		const char *pattern = config->policies[i].pattern;
		const char *end = strchr(pattern, '/');

		for (unsigned int k = 1; end && k < r->depth; k++)
			end = strchr(end + 1, '/');
		if (!end)
			continue;
		memcpy(part, pattern, end - pattern);
		part[end - pattern] = '\0';
		if (!fnmatch(part, r->path + 1, FNM_PATHNAME | FNM_NOESCAPE))
			return true;
	}
	return false;
}

/* The section that config_match() chose. */
static size_t section_of(const struct config *config,
			 const struct preswap_policy *policy)
{
	const char *section = (const char *)policy -
			      offsetof(struct config_policy, policy);

	return (const struct config_policy *)section - config->policies;
}

/* The child that @path names now. */
static void look(struct reach *r, int at, const char *name,
		 const struct config *config, reach_fn found, void *data)
{
	const struct preswap_policy *policy = config_match(config, r->path);
	struct stat st;
	size_t index;

	if (policy && !fstatat(at, name, &st, AT_SYMLINK_NOFOLLOW) &&
	    st.st_dev == r->dev) {
		r->met[section_of(config, policy)] = true;
		index = find(r, st.st_ino);
		if (reach_has_left(r, st.st_ino))
			r->left[index].seen = true;
		else
			found(data, st.st_ino, r->path);
	}
	if (leads_on(r, config))
		enter(r, at, name);
}

static void tell_unmet(const struct reach *r, const struct config *config)
{
	size_t unmet = 0;

	for (size_t i = 0; i < config->count; i++)
		if (!r->met[i] && ++unmet <= TOLD_MAX)
			log_msg(LOG_INFO,
				"[policy \"%s\"] is for no cgroup that is there now",
				config->policies[i].pattern);
	if (unmet > TOLD_MAX)
		log_msg(LOG_INFO, "and so are %zu more sections",
			unmet - TOLD_MAX);
}

static void end(struct reach *r, const struct config *config)
{
	/* what was not read may be there */
	if (r->partial)
		return;
	prune(r);
	if (!r->ended)
		tell_unmet(r, config);
	r->ended = true;
}

/* False: there is no next one in this folder. */
static bool next_child(struct reach *r, const struct config *config,
		       reach_fn found, void *data)
{
	DIR *dir = r->dirs[r->depth - 1];
	size_t end = r->ends[r->depth - 1], len;
	struct dirent *entry;

	while (errno = 0, (entry = readdir(dir))) {
		if (entry->d_type != DT_DIR || !strcmp(entry->d_name, ".") ||
		    !strcmp(entry->d_name, ".."))
			continue;
		len = strlen(entry->d_name);
		if (end + len + 2 > sizeof(r->path))
			continue;
		r->path[end] = '/';
		memcpy(&r->path[end + 1], entry->d_name, len + 1);
		look(r, dirfd(dir), entry->d_name, config, found, data);
		return true;
	}
	r->partial |= errno && errno != ENOENT;
	return false;
}

bool reach_walk(struct reach *r, const char *root, const struct config *config,
		uint64_t limit_ns, reach_fn found, void *data)
{
	uint64_t start = measure_now_ns();

	if (!config->count)
		return true;
	if (!r->depth && !begin(r, root))
		return false;
	do {
		if (!next_child(r, config, found, data))
			closedir(r->dirs[--r->depth]);
	} while (r->depth && measure_now_ns() - start < limit_ns);
	if (r->depth)
		return false;
	end(r, config);
	return true;
}
