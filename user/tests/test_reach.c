// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * which cgroups have a section, in a tree of folders in place of theirs.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../selftests/ktap.h"
#include "daemon/log.h"
#include "daemon/reach.h"

#define LONG_NS	60000000000ULL
#define FOUND_MAX	32

static char root[] = "/tmp/preswap-reach-XXXXXX";
static struct reach reach;

struct found {
	uint64_t ids[FOUND_MAX];
	char paths[FOUND_MAX][64];
	unsigned int count;
};

static void on_found(void *data, uint64_t id, const char *path)
{
	struct found *found = data;

	ktap_assert(found->count < FOUND_MAX && strlen(path) < 64, "%s", path);
	found->ids[found->count] = id;
	strcpy(found->paths[found->count++], path);
}

static const char *full(const char *path)
{
	static char text[256];

	snprintf(text, sizeof(text), "%s%s", root, path);
	return text;
}

static uint64_t make(const char *path)
{
	struct stat st;

	ktap_assert(!mkdir(full(path), 0700) || errno == EEXIST, "%s", path);
	ktap_assert(!stat(full(path), &st));
	return st.st_ino;
}

static int remove_one(const char *path, const struct stat *st, int type,
		      struct FTW *ftw)
{
	(void)st;
	(void)type;
	return ftw->level ? remove(path) : 0;
}

static void make_tree(void)
{
	static const char * const paths[] = {
		"/system.slice", "/system.slice/redis-1.service",
		"/system.slice/redis-1.service/inner",
		"/system.slice/cron.service", "/system.slice/.dot.service",
		"/system.slice/a\\x2db.service", "/system.slice/[x.service",
		"/system.slice/a\\x2db.service/inner",
		"/user.slice", "/user.slice/user-1000.slice",
		"/user.slice/user-1000.slice/session-1.scope",
		"/machine.slice", "/machine.slice/vm.slice",
		"/machine.slice/vm.slice/vm-1.scope",
	};
	int fd;

	reach_reset(&reach);
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	for (size_t i = 0; i < sizeof(paths) / sizeof(*paths); i++)
		make(paths[i]);
	/* neither is a cgroup */
	fd = open(full("/system.slice/redis.service"), O_CREAT | O_WRONLY,
		  0600);
	ktap_assert(fd >= 0 && !close(fd));
	ktap_assert(!symlink("/", full("/system.slice/redis-l.service")));
}

/* Sections with these patterns, NULL at the end. */
static struct config *config_of(const char * const *patterns)
{
	char text[4096] = "", error[512];
	struct config *config;

	for (; *patterns; patterns++)
		snprintf(text + strlen(text), sizeof(text) - strlen(text),
			 "[policy \"%s\"]\npriority=3\n", *patterns);
	ktap_assert(!config_parse(text, strlen(text), "test", &config, error,
				  sizeof(error)), "%s", error);
	return config;
}

#define CONFIG(...) config_of((const char * const []){ __VA_ARGS__, NULL })

static struct found walk(const struct config *config)
{
	struct found found = {};

	ktap_assert(reach_walk(&reach, root, config, LONG_NS, on_found, &found));
	return found;
}

static bool has(const struct found *found, const char *path)
{
	struct stat st;

	ktap_assert(!stat(full(path), &st), "%s", path);
	for (unsigned int i = 0; i < found->count; i++)
		if (!strcmp(found->paths[i], path))
			return found->ids[i] == st.st_ino;
	return false;
}

static const struct config *counted_for;
static unsigned int counted;

static int count_one(const char *path, const struct stat *st, int type,
		     struct FTW *ftw)
{
	(void)st;
	(void)ftw;
	counted += type == FTW_D &&
		   config_match(counted_for, path + strlen(root));
	return 0;
}

/* By config_match() of each path that there is, with no walk of ours. */
static unsigned int expected(const struct config *config)
{
	counted_for = config;
	counted = 0;
	nftw(root, count_one, 16, FTW_PHYS);
	return counted;
}

static void test_found(void)
{
	struct config *config;
	struct found found;

	make_tree();
	config = CONFIG("user.slice/user-1000.slice");
	found = walk(config);
	ktap_assert(found.count == 1 &&
		    has(&found, "/user.slice/user-1000.slice"), "%u",
		    found.count);
	config_free(config);
	reach_reset(&reach);
	config = CONFIG("system.slice/redis*.service", "machine.slice/*",
			"/machine.slice/*/*", "user.slice");
	found = walk(config);
	ktap_assert(found.count == 4 &&
		    has(&found, "/system.slice/redis-1.service") &&
		    has(&found, "/machine.slice/vm.slice") &&
		    has(&found, "/machine.slice/vm.slice/vm-1.scope") &&
		    has(&found, "/user.slice"), "%u", found.count);
	config_free(config);
	reach_reset(&reach);
}

/* What the walk finds is what config_match() says, whatever is in a pattern. */
static void test_patterns(void)
{
	static const char * const patterns[] = {
		"*", "*/*", "*/*/*", "*/*/*/*", "system.slice/*.service",
		"system.slice/a\\x2db.service", "system.slice/a\\*",
		"system.slice/a\\x2db.service/*",
		"system.slice/[[]*", "system.slice/[x.service", "?*/[!a]*",
		"system.slice/", "system.slice//redis*", "../*", "./system.slice",
		"system.slice/../user.slice", "user.slice/user-[0-9]*.slice/*",
		"[a-z/]*", "user[.]slice/*", "*.slice/user-1000.slice", "",
		"system.slice/.*", "*ystem.slice/redis-1.service/*",
	};
	struct config *config;
	struct found found;
	char text[128], error[128];

	make_tree();
	for (size_t i = 0; i < sizeof(patterns) / sizeof(*patterns); i++) {
		snprintf(text, sizeof(text), "[policy \"%s\"]\npriority=3\n",
			 patterns[i]);
		if (config_parse(text, strlen(text), "test", &config, error,
				 sizeof(error)))
			continue;
		found = walk(config);
		ktap_assert(found.count == expected(config), "%s: %u, not %u",
			    patterns[i], found.count, expected(config));
		for (unsigned int k = 0; k < found.count; k++)
			ktap_assert(has(&found, found.paths[k]), "%s: %s",
				    patterns[i], found.paths[k]);
		reach_reset(&reach);
		config_free(config);
	}
}

/* New cgroups are found later, also inside of one that has a section. */
static void test_later(void)
{
	struct config *config;
	struct found found;

	make_tree();
	config = CONFIG("machine.slice", "machine.slice/*/*.scope");
	ktap_assert(walk(config).count == 2);
	make("/machine.slice/new.slice");
	make("/machine.slice/new.slice/b.scope");
	found = walk(config);
	ktap_assert(found.count == 3 &&
		    has(&found, "/machine.slice/new.slice/b.scope"), "%u",
		    found.count);
	reach_reset(&reach);
	config_free(config);
}

/* The loop goes on after one cgroup, and what is removed meanwhile does no harm. */
static void test_little(void)
{
	struct found found = {};
	unsigned int calls = 1, before = 0;
	struct config *config;

	make_tree();
	config = CONFIG("*", "*/*", "*/*/*");
	while (!reach_walk(&reach, root, config, 0, on_found, &found)) {
		ktap_assert(found.count <= before + 1, "%u at once",
			    found.count - before);
		before = found.count;
		ktap_assert(++calls < 100, "it does not end");
	}
	ktap_assert(found.count == expected(config) && calls > found.count,
		    "%u in %u calls", found.count, calls);
	found.count = 0;
	for (int i = 0; i < 4; i++)
		reach_walk(&reach, root, config, 0, on_found, &found);
	nftw(root, remove_one, 16, FTW_DEPTH | FTW_PHYS);
	ktap_assert(reach_walk(&reach, root, config, LONG_NS, on_found, &found));
	found = walk(config);
	ktap_assert(!found.count, "%u", found.count);
	/* in the middle of one the configuration is read again */
	make_tree();
	ktap_assert(!reach_walk(&reach, root, config, 0, on_found, &found));
	reach_reset(&reach);
	config_free(config);
	config = CONFIG("user.slice");
	ktap_assert(walk(config).count == 1);
	reach_reset(&reach);
	config_free(config);
}

/* A person's word stands until the file is read again, or the cgroup is gone. */
static void test_left(void)
{
	struct config *config;
	struct found found;
	uint64_t id;

	make_tree();
	id = make("/system.slice/cron.service");
	config = CONFIG("system.slice/*.service");
	ktap_assert(walk(config).count == 5);
	reach_leave(&reach, id);
	reach_leave(&reach, id);
	ktap_assert(reach_has_left(&reach, id) &&
		    !reach_has_left(&reach, id + 1) && reach.nr_left == 1);
	for (int i = 0; i < 3; i++) {
		found = walk(config);
		ktap_assert(found.count == 4 &&
			    !has(&found, "/system.slice/cron.service"), "%u",
			    found.count);
	}
	reach_reset(&reach);
	ktap_assert(walk(config).count == 5, "it was read again");
	reach_leave(&reach, id);
	ktap_assert(!rmdir(full("/system.slice/cron.service")));
	ktap_assert(walk(config).count == 4 && !reach_has_left(&reach, id) &&
		    !reach.nr_left, "it is gone");
	/* while a walk is under way, which has just passed it */
	found.count = 0;
	while (!found.count)
		ktap_assert(!reach_walk(&reach, root, config, 0, on_found,
					&found));
	id = found.ids[0];
	reach_leave(&reach, id);
	walk(config);
	ktap_assert(reach_has_left(&reach, id));
	/* of very many the first are kept, in a bounded memory */
	for (uint64_t i = 0; i < REACH_LEFT_MAX + 10; i++)
		reach_leave(&reach, (1ULL << 40) + i);
	ktap_assert(reach.nr_left == REACH_LEFT_MAX &&
		    reach_has_left(&reach, id));
	reach_reset(&reach);
	ktap_assert(!reach.nr_left);
	config_free(config);
}

/* What a walk logs. */
static const char *logged(const struct config *config)
{
	static char text[4096];
	int saved = dup(STDERR_FILENO), ends[2];
	ssize_t size;

	ktap_assert(saved >= 0 && !pipe(ends));
	dup2(ends[1], STDERR_FILENO);
	walk(config);
	fputc('\n', stderr);
	dup2(saved, STDERR_FILENO);
	close(saved);
	close(ends[1]);
	size = read(ends[0], text, sizeof(text) - 1);
	close(ends[0]);
	ktap_assert(size > 0);
	text[size] = 0;
	return text;
}

static void test_told(void)
{
	struct config *config;
	const char *log;

	log_init(LOG_INFO);
	make_tree();
	config = CONFIG("user.slice/user-1001.slice", "user.slice/*",
			"user.slice/user-1000.slice");
	log = logged(config);
	ktap_assert(strstr(log, "[policy \"user.slice/user-1001.slice\"]"),
		    "it matches nothing: %s", log);
	ktap_assert(!strstr(log, "slice/*"), "%s", log);
	ktap_assert(strstr(log, "[policy \"user.slice/user-1000.slice\"]"),
		    "an earlier one has its cgroup: %s", log);
	log = logged(config);
	ktap_assert(!strcmp(log, "\n"), "once: %s", log);
	reach_reset(&reach);
	ktap_assert(strstr(logged(config), "1001"), "it was read again");
	reach_reset(&reach);
	config_free(config);
	config = CONFIG("1", "2", "3", "4", "5", "6", "7", "8", "9", "10");
	log = logged(config);
	ktap_assert(strstr(log, "\"8\"") && !strstr(log, "\"9\"") &&
		    strstr(log, "2 more sections"), "%s", log);
	log_init(LOG_NOTICE);
	reach_reset(&reach);
	config_free(config);
}

static void make_chain(const char *name, int depth)
{
	int at = open(root, O_DIRECTORY | O_RDONLY), next;

	while (depth--) {
		ktap_assert(at >= 0 && !mkdirat(at, name, 0700));
		next = openat(at, name, O_DIRECTORY | O_RDONLY);
		close(at);
		at = next;
	}
	close(at);
}

/* Deeper than the walk, a path that is too long, no root, no sections. */
static void test_bounds(void)
{
	char deep[REACH_DEPTH_MAX * 2 + 9] = "*", name[256], *error = name;
	struct config *config;
	struct found found = {};

	make_tree();
	config = CONFIG("user.slice");
	ktap_assert(!reach_walk(&reach, "/nowhere/at/all", config, LONG_NS,
				on_found, &found) && !found.count);
	config_free(config);
	ktap_assert(!config_parse("", 0, "test", &config, error, sizeof(name)));
	ktap_assert(!walk(config).count);
	config_free(config);
	memset(name, 'n', 255);
	name[255] = '\0';
	make_chain(name, REACH_PATH_MAX / 256 + 1);
	make_chain("d", REACH_DEPTH_MAX + 3);
	for (int i = 0; i < REACH_DEPTH_MAX + 1; i++)
		strcat(deep, "/*");
	config = CONFIG(deep);
	ktap_assert(!walk(config).count);
	reach_reset(&reach);
	config_free(config);
}

static void clean(void)
{
	nftw(root, remove_one, 64, FTW_DEPTH | FTW_PHYS);
	ktap_assert(!rmdir(root));
}

int main(void)
{
	log_init(LOG_NOTICE);
	if (!mkdtemp(root))
		return 1;
	return ktap_run((struct ktap_case[]){
		{ "R-8 a section reaches a cgroup without tasks", test_found },
		{ "R-8 a pattern means the same in the tree and in a report",
		  test_patterns },
		{ "R-8 cgroups that come later are found", test_later },
		{ "R-32 a little of the tree at a time", test_little },
		{ "R-25 what a person left alone is left alone", test_left },
		{ "R-8 a section that is for nothing is told of", test_told },
		{ "R-32 bounds of the walk hold", test_bounds },
		{ "R-32 it leaves nothing", clean },
		{}
	});
}
