// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Runs preswap-agenda, which stands beside this program or in libexec.
 */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "sense/agenda.h"

#define HELPER		"preswap-agenda"
#define OUTPUT_MAX	(16 << 20)
#define ARGS_MAX	(2 * AGENDA_CALENDARS_MAX + 8)

extern char **environ;

static int find_helper(char *path, size_t size)
{
	static const char * const places[] = {
		"%.*s/" HELPER, "%.*s/../libexec/preswap/" HELPER,
	};
	char self[PATH_MAX];
	ssize_t len = readlink("/proc/self/exe", self, sizeof(self));

	while (len > 0 && self[len - 1] != '/')
		len--;
	for (int i = 0; len > 0 && i < 2; i++)
		if (snprintf(path, size, places[i], (int)len - 1, self) <
		    (int)size && !access(path, X_OK))
			return 0;
	return -ENOENT;
}

static void fill_args(const struct agenda_opts *opts, char **argv,
		      char numbers[2][24])
{
	int n = 0;

	snprintf(numbers[0], sizeof(numbers[0]), "%lld",
		 (long long)opts->from);
	snprintf(numbers[1], sizeof(numbers[1]), "%lld",
		 (long long)opts->span_s);
	argv[n++] = (char *)HELPER;
	argv[n++] = (char *)"--from";
	argv[n++] = numbers[0];
	argv[n++] = (char *)"--span";
	argv[n++] = numbers[1];
	if (opts->cron)
		argv[n++] = (char *)"--cron";
	if (opts->timers)
		argv[n++] = (char *)"--timers";
	for (size_t i = 0; i < opts->nr_calendars; i++) {
		argv[n++] = (char *)"--calendar";
		argv[n++] = (char *)opts->calendars[i];
	}
	argv[n] = NULL;
}

/* Our blocked signals are not the child's. */
static int spawn(const char *path, char **argv, int output, pid_t *pid)
{
	posix_spawn_file_actions_t files;
	posix_spawnattr_t attr;
	sigset_t none;
	int err;

	sigemptyset(&none);
	posix_spawnattr_init(&attr);
	posix_spawnattr_setflags(&attr, POSIX_SPAWN_SETSIGMASK);
	posix_spawnattr_setsigmask(&attr, &none);
	posix_spawn_file_actions_init(&files);
	posix_spawn_file_actions_adddup2(&files, output, STDOUT_FILENO);
	err = posix_spawn(pid, path, &files, &attr, argv, environ);
	posix_spawn_file_actions_destroy(&files);
	posix_spawnattr_destroy(&attr);
	return -err;
}

static long now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* All that it says, until it ends; 0 or -errno. */
static int collect(int fd, unsigned int limit_ms, char **out)
{
	struct pollfd ready = { .fd = fd, .events = POLLIN };
	long deadline = now_ms() + (limit_ms ?: AGENDA_RUN_MS), left;
	size_t len = 0, room = 0;
	char *text = NULL, *more;
	int err = 0;
	ssize_t got;

	for (;;) {
		if (room - len < 4096) {
			room = room ? 2 * room : 65536;
			more = room <= OUTPUT_MAX ? realloc(text, room) : NULL;
			if (!more) {
				err = room <= OUTPUT_MAX ? -ENOMEM : -EFBIG;
				break;
			}
			text = more;
		}
		left = deadline - now_ms();
		if (left <= 0 || poll(&ready, 1, left) <= 0) {
			err = -ETIMEDOUT;
			break;
		}
		got = read(fd, text + len, room - len - 1);
		if (got <= 0) {
			err = got < 0 ? -errno : 0;
			break;
		}
		len += got;
	}
	if (err) {
		free(text);
		return err;
	}
	text[len] = 0;
	*out = text;
	return 0;
}

/* Who ends us from a terminal or by cgroup ends it, too: that is no fault of it. */
static int ended(int status)
{
	int number = WIFSIGNALED(status) ? WTERMSIG(status) : 0;

	if (!status)
		return 0;
	return number == SIGINT || number == SIGTERM || number == SIGHUP ?
	       -EINTR : -EIO;
}

static int run(const struct agenda_opts *opts, struct agenda **out)
{
	char path[PATH_MAX], numbers[2][24], *argv[ARGS_MAX], *text = NULL;
	int ends[2], status = 0, err = find_helper(path, sizeof(path));
	pid_t pid;

	if (err)
		return err;
	fill_args(opts, argv, numbers);
	if (pipe2(ends, O_CLOEXEC) < 0)
		return -errno;
	err = spawn(path, argv, ends[1], &pid);
	close(ends[1]);
	if (!err) {
		err = collect(ends[0], opts->limit_ms, &text);
		if (err)
			kill(pid, SIGKILL);
		while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
			;
		err = err ?: ended(status);
	}
	close(ends[0]);
	err = err ?: agenda_parse(text, out);
	free(text);
	return err;
}

/* Of @name, into @all; that it failed is a problem of its own. 0 or -errno. */
static int add_source(struct agenda *all, const struct agenda_opts *opts,
		      const char *name)
{
	struct agenda *part;
	int err = run(opts, &part);

	if (err == -EINTR)
		return err;
	if (err) {
		agenda_problem(all, "%s: preswap-agenda: %s", name,
			       strerror(-err));
		return 0;
	}
	for (size_t i = 0; i < part->count; i++)
		agenda_add(all, &part->entries[i]);
	for (size_t i = 0; i < part->nr_problems; i++)
		agenda_problem(all, "%s", part->problems[i]);
	all->problems_more += part->problems_more;
	all->cut += part->cut;
	agenda_free(part);
	return 0;
}

/* What breaks it in one source, or hangs, does not cost the others. */
static int run_each(const struct agenda_opts *opts, struct agenda **out)
{
	struct agenda_opts one = { .root = opts->root, .from = opts->from,
				   .span_s = opts->span_s };
	struct agenda *all = agenda_new(opts->from, opts->from + opts->span_s);
	int err = all ? 0 : -ENOMEM;

	one.limit_ms = (opts->limit_ms ?: AGENDA_RUN_MS) / 2;
	one.nr_calendars = 1;
	for (size_t i = 0; !err && i < opts->nr_calendars; i++) {
		one.calendars[0] = opts->calendars[i];
		err = add_source(all, &one, opts->calendars[i]);
	}
	one.nr_calendars = 0;
	one.cron = true;
	if (!err && opts->cron)
		err = add_source(all, &one, "crontabs");
	one.cron = false;
	one.timers = true;
	if (!err && opts->timers)
		err = add_source(all, &one, "timers");
	if (!err && all->no_memory)
		err = -ENOMEM;
	if (err) {
		agenda_free(all);
		return err;
	}
	agenda_sort(all);
	*out = all;
	return 0;
}

int agenda_run(const struct agenda_opts *opts, struct agenda **out)
{
	int err = run(opts, out);

	if (err != -EIO && err != -ETIMEDOUT)
		return err;
	return opts->nr_calendars + opts->cron + opts->timers > 1 ?
	       run_each(opts, out) : err;
}
