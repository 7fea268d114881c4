// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Samples numbers in files at a fixed period into a table, cheaply enough to
 * run beside what it watches, and never late: files stay open, nothing is forked,
 * the program is locked in memory and real-time.
 *
 *	watch --period-ms N --out FILE NAME=PATH[:KEY[:FIELD]]...
 *
 * A column is the first number in the file; or the number after KEY at the
 * start of a line; or the one after FIELD= (or FIELD) in that line. A PATH
 * that starts with '@' is batch's counter file: the sum of its units; of one
 * that starts with '#' the column is the size, in bytes. What
 * cannot be read is "-". The first column is CLOCK_BOOTTIME in ns. Ends on
 * SIGTERM.
 */
#include <ctype.h>
#include <fcntl.h>
#include <getopt.h>
#include <sched.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "load.h"

#define COLUMNS_MAX	64
#define COUNTER_STRIDE	64	/* struct counter in batch.c */

struct column {
	const char *name;
	const char *path;
	const char *key;
	const char *field;
	struct file *file;
};

/* Read once a sample, however many columns are in it. */
struct file {
	const char *path;
	int fd;
	ssize_t len;
	char text[16384];
};

static struct column columns[COLUMNS_MAX];
static unsigned int nr_columns;
static struct file files[COLUMNS_MAX];
static unsigned int nr_files;
static volatile sig_atomic_t stop;

static void on_term(int sig)
{
	(void)sig;
	stop = 1;
}

static struct file *find_file(const char *path)
{
	unsigned int i;

	for (i = 0; i < nr_files; i++) {
		if (!strcmp(files[i].path, path))
			return &files[i];
	}
	files[nr_files] = (struct file){ .path = path, .fd = -1 };
	return &files[nr_files++];
}

static void read_file(struct file *f)
{
	if (f->fd < 0)
		f->fd = open(f->path, O_RDONLY | O_CLOEXEC);
	f->len = f->fd < 0 ? -1 : pread(f->fd, f->text, sizeof(f->text) - 1, 0);
	if (f->len >= 0) {
		f->text[f->len] = '\0';
	} else if (f->fd >= 0) {
		/* A cgroup that was removed and made again. */
		close(f->fd);
		f->fd = -1;
	}
}

static void add_column(char *spec)
{
	struct column *c = &columns[nr_columns];
	char *p = strchr(spec, '=');

	if (!p || nr_columns == COLUMNS_MAX)
		die("'%s' is not NAME=PATH, or one too many", spec);
	*p++ = '\0';
	c->name = spec;
	c->path = strsep(&p, ":");
	c->key = strsep(&p, ":");
	c->field = p;
	c->file = find_file(strchr("@#", *c->path) ? c->path + 1 : c->path);
	nr_columns++;
}

static const char *find_key(const char *text, const char *key)
{
	size_t len = strlen(key);

	while (text && (strncmp(text, key, len) || isalnum(text[len]) ||
			text[len] == '_')) {
		text = strchr(text, '\n');
		if (text)
			text++;
	}
	return text ? text + len : NULL;
}

static const char *find_field(const char *text, const char *field)
{
	const char *eol = strchrnul(text, '\n');
	const char *p = strstr(text, field);

	return p && p < eol ? p + strlen(field) : NULL;
}

static int sum_counters(const char *buf, ssize_t len, uint64_t *val)
{
	uint64_t unit;
	ssize_t at;

	*val = 0;
	for (at = 0; at + COUNTER_STRIDE <= len; at += COUNTER_STRIDE) {
		memcpy(&unit, buf + at, sizeof(unit));
		*val += unit;
	}
	return 0;
}

static int file_size(const struct file *f, uint64_t *val)
{
	struct stat st;

	if (fstat(f->fd, &st))
		return -errno;
	*val = st.st_size;
	return 0;
}

static int read_column(const struct column *c, uint64_t *val)
{
	const struct file *f = c->file;
	const char *p = f->text;

	if (f->len < 0)
		return -EIO;
	if (*c->path == '@')
		return sum_counters(f->text, f->len, val);
	if (*c->path == '#')
		return file_size(f, val);
	if (c->key && *c->key)
		p = find_key(p, c->key);
	if (p && c->field && *c->field)
		p = find_field(p, c->field);
	if (!p)
		return -ENOENT;
	while (*p && *p != '\n' && !isdigit(*p))
		p++;
	if (!isdigit(*p))
		return -ENODATA;
	*val = strtoull(p, NULL, 10);
	return 0;
}

static void sample(FILE *out)
{
	unsigned int i;
	uint64_t val = 0;

	for (i = 0; i < nr_files; i++)
		read_file(&files[i]);
	fprintf(out, "%llu", (unsigned long long)now_ns());
	for (i = 0; i < nr_columns; i++) {
		if (read_column(&columns[i], &val))
			fputs("\t-", out);
		else
			fprintf(out, "\t%llu", (unsigned long long)val);
	}
	fputc('\n', out);
}

int main(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "period-ms", required_argument, NULL, 'p' },
		{ "out", required_argument, NULL, 'o' },
		{}
	};
	struct sched_param rt = { .sched_priority = 1 };
	struct sigaction sa = { .sa_handler = on_term };
	uint64_t period_ms = 200, next;
	const char *path = NULL;
	struct timespec ts;
	unsigned int i;
	FILE *out;
	int c;

	while ((c = getopt_long(argc, argv, "", opts, NULL)) != -1) {
		if (c == 'p')
			period_ms = parse_u64("--period-ms", optarg, 1, 60000);
		else if (c == 'o')
			path = optarg;
		else
			exit(2);
	}
	for (; optind < argc; optind++)
		add_column(argv[optind]);
	if (!path || !nr_columns)
		die("wants --out FILE and columns");
	out = fopen(path, "we");
	if (!out)
		die("%s: %s", path, strerror(errno));
	sigaction(SIGTERM, &sa, NULL);
	sigaction(SIGINT, &sa, NULL);
	if (mlockall(MCL_CURRENT | MCL_FUTURE) ||
	    sched_setscheduler(0, SCHED_FIFO, &rt))
		die("lock memory, become real-time: %s", strerror(errno));

	fputs("time_ns", out);
	for (i = 0; i < nr_columns; i++)
		fprintf(out, "\t%s", columns[i].name);
	fputc('\n', out);
	for (next = now_ns(); !stop; next += period_ms * NSEC_PER_MSEC) {
		ts.tv_sec = next / NSEC_PER_SEC;
		ts.tv_nsec = next % NSEC_PER_SEC;
		clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &ts, NULL);
		sample(out);
	}
	if (fclose(out))
		die("%s: %s", path, strerror(errno));
	return 0;
}
