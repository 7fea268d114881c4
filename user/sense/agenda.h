/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Known future events: what calendars, systemd timers and crontabs say
 * will begin within a time, as one sorted list.
 *
 * Nothing is acted upon here and nothing is guessed: an entry that cannot be
 * understood is told as a problem, "file:line: what is wrong", and the others
 * stand. Reading takes file access and calls to systemd (some milliseconds, at
 * most AGENDA_BUS_MS): not in an event loop.
 */
#ifndef SENSE_AGENDA_H
#define SENSE_AGENDA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <time.h>

#define AGENDA_MAX		4096	/* entries */
#define AGENDA_EACH_MAX		64	/* of one calendar event or cron line */
#define AGENDA_PROBLEMS_MAX	64
#define AGENDA_CALENDARS_MAX	16
#define AGENDA_FILE_MAX		(8 << 20)	/* bytes */
#define AGENDA_BUS_MS		3000
#define AGENDA_RUN_MS		20000

enum agenda_source { AGENDA_CALENDAR, AGENDA_TIMER, AGENDA_CRON };

/*
 * @start, @end: seconds since 1970; equal when it has no known end.
 * @late_s: it may begin this much later (a timer's accuracy).
 * @label: the same for each occurrence: what is learned is kept under it.
 * @app: a cgroup's path without the leading "/", or "" if it names none.
 * @user: "" where it does not apply.
 * @cpu_milli, @mem_bytes, @io_bytes (a second): what it is declared to add; NAN:
 *	not declared.
 */
struct agenda_entry {
	time_t start, end;
	unsigned int late_s;
	enum agenda_source source;
	char *label, *app, *user;
	double cpu_milli, mem_bytes, io_bytes;
};

/*
 * @cut: occurrences left out for AGENDA_MAX or AGENDA_EACH_MAX; the earliest
 *	are kept.
 * @problems_more: problems beyond those that are kept.
 */
struct agenda {
	struct agenda_entry *entries;
	size_t count, room, cut;
	char *problems[AGENDA_PROBLEMS_MAX];
	size_t nr_problems, problems_more;
	bool no_memory;
	unsigned int steps;		/* of calendars' rules, so far */
	time_t from, to;
};

/*
 * @root: "" for this machine; for tests, a folder with etc and var.
 * @calendars: files, or folders whose *.ics files are meant.
 * @limit_ms: for agenda_run(); 0: AGENDA_RUN_MS.
 */
struct agenda_opts {
	const char *root;
	const char *calendars[AGENDA_CALENDARS_MAX];
	size_t nr_calendars;
	bool timers, cron;
	time_t from;
	time_t span_s;
	unsigned int limit_ms;
};

/* What begins in [from, from + span_s). 0 or -ENOMEM; *@out is to be freed. */
int agenda_read(const struct agenda_opts *opts, struct agenda **out);
/*
 * The same by the program preswap-agenda, which has the libraries for it; the
 * root is always "". Where it fails, or takes too long, each source is read by one of its
 * own, in half that time, and what fails again is a problem. -ENOENT: it is not installed;
 * -EIO: it failed for the only source, and has told why on standard error; -ETIMEDOUT: it
 * took too long for that.
 */
int agenda_run(const struct agenda_opts *opts, struct agenda **out);
void agenda_free(struct agenda *agenda);

const char *agenda_source_name(enum agenda_source source);

/*
 * As lines of fields between tabs, and back. Control characters become blanks.
 * 0, -ENOMEM, -EINVAL: not of this form.
 */
int agenda_write(const struct agenda *agenda, FILE *to);
int agenda_parse(char *text, struct agenda **out);

/* ---- for the sources ---- */

struct agenda *agenda_new(time_t from, time_t to);
/*
 * Takes copies of the strings; left out when outside the time, or when there
 * is no room.
 */
void agenda_add(struct agenda *agenda, const struct agenda_entry *entry);
__attribute__((format(printf, 2, 3)))
void agenda_problem(struct agenda *agenda, const char *format, ...);
/* Whether one more problem is kept, and not only counted. */
static inline bool agenda_tells(const struct agenda *agenda)
{
	return agenda->nr_problems < AGENDA_PROBLEMS_MAX;
}
/* In order, and no more than AGENDA_MAX. */
void agenda_sort(struct agenda *agenda);
/* Calls @fn for the file, or for each calendar in the folder. */
void agenda_each_calendar(const char *path,
			  void (*fn)(void *data, const char *path),
			  void *data);
/* A text file of at most AGENDA_FILE_MAX; NULL: told as a problem. */
char *agenda_slurp(struct agenda *agenda, const char *path);

#endif /* SENSE_AGENDA_H */
