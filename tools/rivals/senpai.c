// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Senpai: takes memory from cgroups that do not seem to need it, as long as
 * their pressure (PSI) stays low.
 *
 *	senpai [--mode high|reclaim] --stats FILE CGROUP...
 *
 * A CGROUP is a folder of the cgroup tree. With "high", as Senpai's README
 * says, memory.high is lowered step by step, and raised when there is
 * pressure: what was taken stays free. With "reclaim", as the TMO paper says,
 * memory.reclaim is told to take a little, and no limit stays. On SIGTERM it
 * takes its limits away and leaves what it did as NAME VALUE in FILE.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/sysinfo.h>
#include <unistd.h>

#include "../load/load.h"
#include "senpai.h"

#define CGROUPS_MAX	16
#define NO_LIMIT	UINT64_MAX

struct cgroup {
	const char *path;
	struct senpai state;
	uint64_t total_us;	/* PSI's counter when last read */
};

static struct {
	bool reclaim;
	const char *stats;
	struct cgroup cgroups[CGROUPS_MAX];
	unsigned int count;
	uint64_t memory;	/* bytes of the machine */
} opt;

static struct {
	uint64_t probes, backoffs, pauses, resets, failed;
	uint64_t asked_bytes, reclaimed_bytes;
	uint64_t stalled_us;
	uint64_t limit_min, limit_max;
} done = { .limit_min = NO_LIMIT };

static int open_in(const struct cgroup *c, const char *name, int flags)
{
	char path[4096];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", c->path, name);
	fd = open(path, flags | O_CLOEXEC);
	if (fd < 0)
		die("%s: %s", path, strerror(errno));
	return fd;
}

static void read_in(const struct cgroup *c, const char *name, char *buf,
		    size_t size)
{
	int fd = open_in(c, name, O_RDONLY);
	ssize_t n = read(fd, buf, size - 1);

	if (n < 0)
		die("%s/%s: %s", c->path, name, strerror(errno));
	buf[n] = 0;
	close(fd);
}

/* 0, or why it was refused. */
static int write_in(const struct cgroup *c, const char *name, uint64_t value)
{
	int fd = open_in(c, name, O_WRONLY), err = 0;
	char text[32];

	if (value == NO_LIMIT)
		snprintf(text, sizeof(text), "max");
	else
		snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	if (write(fd, text, strlen(text)) < 0)
		err = errno;
	close(fd);
	return err;
}

static uint64_t read_bytes(const struct cgroup *c, const char *name)
{
	char text[64];

	read_in(c, name, text, sizeof(text));
	return !strncmp(text, "max", 3) ? NO_LIMIT : strtoull(text, NULL, 10);
}

/* The microseconds in which some task waited, since the last call. */
static uint64_t read_stall(struct cgroup *c)
{
	uint64_t total, before = c->total_us;
	char text[256], *at;

	read_in(c, "memory.pressure", text, sizeof(text));
	at = strstr(text, "total=");
	if (strncmp(text, "some ", 5) || !at)
		die("%s/memory.pressure says '%s'", c->path, text);
	total = strtoull(at + strlen("total="), NULL, 10);
	c->total_us = total;
	return total - before;
}

static void count_freed(const struct cgroup *c, uint64_t before)
{
	uint64_t after = read_bytes(c, "memory.current");

	if (after < before)
		done.reclaimed_bytes += before - after;
}

static void set_limit(const struct cgroup *c)
{
	uint64_t limit = c->state.limit;

	if (write_in(c, "memory.high", limit))
		done.failed++;
	if (limit < done.limit_min)
		done.limit_min = limit;
	if (limit > done.limit_max)
		done.limit_max = limit;
}

/* A second of the README's form. */
static void tick_high(struct cgroup *c, uint64_t stalled_us)
{
	uint64_t before, size;

	/* At first, and when somebody else has set it: begin at the size. */
	if (read_bytes(c, "memory.high") != c->state.limit) {
		size = read_bytes(c, "memory.current");
		c->state.limit = senpai_clamp((double)size, opt.memory);
		c->state.stalled_us = 0;
		c->state.wait_s = SENPAI_INTERVAL_S - 1;
		set_limit(c);
		done.resets++;
		return;
	}
	before = c->state.limit;
	switch (senpai_tick(&c->state, stalled_us, opt.memory)) {
	case SENPAI_WAIT:
		return;
	case SENPAI_PROBE:
		size = read_bytes(c, "memory.current");
		set_limit(c);
		count_freed(c, size);
		done.asked_bytes += before - c->state.limit;
		done.probes++;
		break;
	case SENPAI_BACKOFF:
		set_limit(c);
		done.backoffs++;
		break;
	}
}

/* A second of the paper's form. */
static void tick_reclaim(struct cgroup *c, uint64_t stalled_us)
{
	uint64_t size, bytes;

	c->state.stalled_us += stalled_us;
	if (c->state.wait_s) {
		c->state.wait_s--;
		return;
	}
	size = read_bytes(c, "memory.current");
	bytes = senpai_reclaim(size, c->state.stalled_us);
	c->state.stalled_us = 0;
	c->state.wait_s = SENPAI_INTERVAL_S - 1;
	if (!bytes) {
		done.pauses++;
		return;
	}
	done.probes++;
	done.asked_bytes += bytes;
	if (write_in(c, "memory.reclaim", bytes))
		done.failed++;
	count_freed(c, size);
}

static void tick(void)
{
	struct cgroup *c;
	uint64_t stalled_us;

	for (c = opt.cgroups; c < opt.cgroups + opt.count; c++) {
		stalled_us = read_stall(c);
		done.stalled_us += stalled_us;
		if (opt.reclaim)
			tick_reclaim(c, stalled_us);
		else
			tick_high(c, stalled_us);
	}
}

static void write_stats(void)
{
	FILE *f = fopen(opt.stats, "w");

	if (!f)
		die("%s: %s", opt.stats, strerror(errno));
	fprintf(f, "probes %llu\n", (unsigned long long)done.probes);
	fprintf(f, "asked_bytes %llu\n", (unsigned long long)done.asked_bytes);
	fprintf(f, "reclaimed_bytes %llu\n",
		(unsigned long long)done.reclaimed_bytes);
	fprintf(f, "refused %llu\n", (unsigned long long)done.failed);
	fprintf(f, "stalled_us %llu\n", (unsigned long long)done.stalled_us);
	if (opt.reclaim) {
		fprintf(f, "pauses %llu\n", (unsigned long long)done.pauses);
	} else {
		fprintf(f, "backoffs %llu\n",
			(unsigned long long)done.backoffs);
		fprintf(f, "resets %llu\n", (unsigned long long)done.resets);
		fprintf(f, "limit_min_bytes %llu\n",
			(unsigned long long)done.limit_min);
		fprintf(f, "limit_max_bytes %llu\n",
			(unsigned long long)done.limit_max);
	}
	if (fclose(f))
		die("%s: %s", opt.stats, strerror(errno));
}

static void parse_args(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "mode", required_argument, NULL, 'm' },
		{ "stats", required_argument, NULL, 's' },
		{}
	};
	struct sysinfo info;
	int c;

	while ((c = getopt_long(argc, argv, "", opts, NULL)) != -1) {
		switch (c) {
		case 'm':
			if (strcmp(optarg, "high") && strcmp(optarg, "reclaim"))
				die("--mode: 'high' or 'reclaim'");
			opt.reclaim = !strcmp(optarg, "reclaim");
			break;
		case 's':
			opt.stats = optarg;
			break;
		default:
			exit(2);
		}
	}
	opt.count = argc - optind;
	if (!opt.stats || !opt.count || opt.count > CGROUPS_MAX)
		die("wants --stats FILE and 1 to %d cgroups", CGROUPS_MAX);
	for (c = 0; c < (int)opt.count; c++)
		opt.cgroups[c].path = argv[optind + c];
	sysinfo(&info);
	opt.memory = (uint64_t)info.totalram * info.mem_unit;
}

int main(int argc, char **argv)
{
	const struct timespec second = { .tv_sec = 1 };
	unsigned int i;
	sigset_t set;

	parse_args(argc, argv);
	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigaddset(&set, SIGINT);
	sigprocmask(SIG_BLOCK, &set, NULL);

	for (i = 0; i < opt.count; i++)
		read_stall(&opt.cgroups[i]);
	while (sigtimedwait(&set, NULL, &second) < 0) {
		if (errno == EAGAIN)
			tick();
		else if (errno != EINTR)
			die("sigtimedwait: %s", strerror(errno));
	}
	for (i = 0; i < opt.count && !opt.reclaim; i++)
		write_in(&opt.cgroups[i], "memory.high", NO_LIMIT);
	write_stats();
	return 0;
}
