// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * record: the module's decisions, one after another, into a compressed file.
 */
#include <errno.h>
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "ctl.h"
#include "json.h"
#include "show/absent.h"
#include "show/units.h"
#include "snapshots.h"

#define SNAPSHOT_FILE	"/sys/kernel/debug/preswap/snapshot"
/* Half a tick, unless it was changed: then none is missed. */
#define INTERVAL_MS	50

struct record {
	const char *output;
	uint64_t seconds;		/* 0: until interrupted */
	uint32_t interval_ms;
	char temporary[4096];
	FILE *to;
	int fd;				/* the same file */
	struct snapshot snapshot;
	uint64_t count, missed, bytes;
	int error;			/* of writing; 0: none */
};

static volatile sig_atomic_t interrupted;

static void on_signal(int signal)
{
	(void)signal;
	interrupted = 1;
}

static int say_why(int err)
{
	const char *next = "";
	char load[ABSENT_MAX] = "";

	if (err == -ENOENT && access("/sys/module/preswap", F_OK)) {
		next = "; the preswap module is not loaded; ";
		absent_next("", load);
	} else if (err == -ENOENT) {
		next = "; debugfs is not there: mount -t debugfs none /sys/kernel/debug";
	} else if (err == -EACCES) {
		next = "; it is for root";
	}
	fprintf(stderr, "preswapctl: " SNAPSHOT_FILE ": %s%s%s\n",
		strerror(-err), next, load);
	return err;
}

int snapshots_now(struct snapshot *s)
{
	static struct snapshot_reader reader;
	int err;

	memset(&reader, 0, sizeof(reader));
	reader.from = fopen(SNAPSHOT_FILE, "re");
	if (!reader.from)
		return say_why(-errno);
	err = snapshot_read(&reader, s);
	fclose(reader.from);
	if (err < 0)
		fprintf(stderr, "preswapctl: " SNAPSHOT_FILE ": %s\n",
			reader.error);
	return err;
}

static int failed(const struct record *r, const char *what)
{
	fprintf(stderr, "preswapctl: %s: %s: %s\n", r->output, what,
		strerror(errno));
	return CTL_FAILED;
}

static int begin(struct record *r)
{
	struct stat st;
	int fd;

	/* the recording takes the place of what is there: not of /dev/null */
	if (!stat(r->output, &st) && !S_ISREG(st.st_mode)) {
		fprintf(stderr, "preswapctl: %s is a folder or a device: name a file with --output\n",
			r->output);
		return CTL_FAILED;
	}
	if ((size_t)snprintf(r->temporary, sizeof(r->temporary), "%s.XXXXXX",
			     r->output) >= sizeof(r->temporary)) {
		errno = ENAMETOOLONG;
		return failed(r, "making it");
	}
	fd = mkostemp(r->temporary, O_CLOEXEC);
	if (fd < 0)
		return failed(r, "making it");
	r->fd = dup(fd);
	r->to = snapshot_compress(fd);
	if (r->fd >= 0 && r->to)
		return CTL_OK;
	failed(r, "making it");
	unlink(r->temporary);
	return CTL_FAILED;
}

/*
 * The whole file takes the place of an older one, or none does. @status: of
 * what was to be recorded.
 */
static int finish(struct record *r, int status)
{
	struct stat st;
	int err = r->error;

	/* both, whatever the first says */
	if (fclose(r->to) && !err)
		err = -errno;
	if (!err && (!r->count || fsync(r->fd) || fstat(r->fd, &st) ||
		     rename(r->temporary, r->output)))
		err = r->count ? -errno : -ENODATA;
	close(r->fd);
	if (!err) {
		r->bytes = (uint64_t)st.st_size;
		return CTL_OK;
	}
	unlink(r->temporary);
	if (err == -ENODATA && !status)
		fputs("preswapctl: no decision was made meanwhile: nothing is recorded; is preswap enabled?\n",
		      stderr);
	else if (err != -ENODATA)
		fprintf(stderr, "preswapctl: %s: writing it: %s\n", r->output,
			strerror(-err));
	return CTL_FAILED;
}

/* Nothing new is not an error. Decisions count from 1 again in a new module. */
static int take(struct record *r)
{
	uint64_t last = r->snapshot.seq;
	int err = snapshots_now(&r->snapshot);

	if (err <= 0 || r->snapshot.seq == last)
		return err;
	if (r->count && r->snapshot.seq > last)
		r->missed += r->snapshot.seq - last - 1;
	r->count++;
	errno = 0;
	snapshot_write(&r->snapshot, r->to);
	if (ferror(r->to))
		r->error = errno ? -errno : -EIO;
	return r->error;
}

static void add_ms(struct timespec *ts, uint32_t ms)
{
	ts->tv_sec += ms / 1000;
	ts->tv_nsec += ms % 1000 * 1000000L;
	if (ts->tv_nsec >= 1000000000) {
		ts->tv_sec++;
		ts->tv_nsec -= 1000000000;
	}
}

/* What was taken is kept, whatever ends it. */
static int take_all(struct record *r)
{
	struct timespec next, now;
	time_t end;
	int err;

	clock_gettime(CLOCK_MONOTONIC, &next);
	end = next.tv_sec + (time_t)r->seconds;
	for (;;) {
		err = take(r);
		if (err < 0 || interrupted)
			break;
		add_ms(&next, r->interval_ms);
		clock_gettime(CLOCK_MONOTONIC, &now);
		if (r->seconds && now.tv_sec >= end)
			break;
		/* one that took longer does not make the next ones hurry */
		if (now.tv_sec > next.tv_sec ||
		    (now.tv_sec == next.tv_sec && now.tv_nsec > next.tv_nsec))
			next = now;
		clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &next, NULL);
	}
	return err < 0 ? CTL_FAILED : CTL_OK;
}

static void catch_signals(void)
{
	/* what is being read or written goes on; the sleep ends */
	const struct sigaction action = {
		.sa_handler = on_signal,
		.sa_flags = SA_RESTART,
	};

	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	sigaction(SIGHUP, &action, NULL);
}

static int report(struct ctl *ctl, const struct record *r)
{
	char size[UNITS_MAX];

	if (ctl->json)
		return json_print(json_pack("{s:o, s:I, s:I, s:I}",
			"file", json_text(r->output), "snapshots", (json_int_t)r->count,
			"missed", (json_int_t)r->missed,
			"file_bytes", (json_int_t)r->bytes), true);
	printf("%s: %llu decisions, %s; %llu were missed in between\n",
	       r->output, (unsigned long long)r->count,
	       units_bytes(size, r->bytes), (unsigned long long)r->missed);
	return CTL_OK;
}

/* Milliseconds, or with a unit as elsewhere. */
static int parse_interval(const char *text, uint32_t *ms)
{
	uint64_t number;

	if (!units_parse_number(text, 1, 60000, &number)) {
		*ms = (uint32_t)number;
		return 0;
	}
	return units_parse_ms(text, ms) || !*ms || *ms > 60000 ? -EINVAL : 0;
}

static int parse_args(struct ctl *ctl, int argc, char **argv,
		      struct record *r)
{
	static const struct option options[] = {
		{ "seconds", required_argument, NULL, 's' },
		{ "output", required_argument, NULL, 'o' },
		{ "interval", required_argument, NULL, 'i' },
		{}
	};
	int option;

	while ((option = ctl_getopt(argc, argv, options)) >= 0) {
		if (option == 's' &&
		    units_parse_number(optarg, 1, 86400 * 365, &r->seconds))
			return ctl_usage(ctl, "--seconds is a number from 1, not '%s'",
					 optarg);
		if (option == 'o')
			r->output = optarg;
		if (option == 'i' && parse_interval(optarg, &r->interval_ms))
			return ctl_usage(ctl, "--interval is 1 to 60000 ms, not '%s'",
					 optarg);
		if (option == '?')
			return ctl_bad_option(ctl);
	}
	if (optind < argc)
		return ctl_usage(ctl, "record takes no argument '%s'",
				 argv[optind]);
	return CTL_OK;
}

int cmd_record(struct ctl *ctl, int argc, char **argv)
{
	struct record r = {
		.output = "preswap-record.gz",
		.interval_ms = INTERVAL_MS,
	};
	int status = parse_args(ctl, argc, argv, &r) ?: begin(&r), kept;

	if (status)
		return status;
	catch_signals();
	status = take_all(&r);
	snapshot_free(&r.snapshot);
	kept = finish(&r, status);
	return kept ?: report(ctl, &r) ?: status;
}
