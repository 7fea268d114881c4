// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sense/crontab.h"

#define CRON_APP	"system.slice/cron.service"
#define LABEL_MAX	200
#define LINES_MAX	10000	/* more than anybody has written */

/* ---- the time fields ---- */

static const char * const months[] = {
	"jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct",
	"nov", "dec", NULL
};
static const char * const weekdays[] = {
	"sun", "mon", "tue", "wed", "thu", "fri", "sat", NULL
};

static const struct field {
	unsigned int min, max;
	const char * const *names;	/* of min and on */
	const char *wrong;
} fields[] = {
	{ 0, 59, NULL, "bad minute" },
	{ 0, 23, NULL, "bad hour" },
	{ 1, 31, NULL, "bad day of month" },
	{ 1, 12, months, "bad month" },
	{ 0, 7, weekdays, "bad day of week" },
};

static const struct {
	const char *name, *fields;
} nicknames[] = {
	{ "@yearly", "0 0 1 1 *" }, { "@annually", "0 0 1 1 *" },
	{ "@monthly", "0 0 1 * *" }, { "@weekly", "0 0 * * 0" },
	{ "@daily", "0 0 * * *" }, { "@midnight", "0 0 * * *" },
	{ "@hourly", "0 * * * *" },
};

static const char *skip_blanks(const char *text)
{
	return text + strspn(text, " \t");
}

/* A number or a name; NULL: neither, or out of range. */
static const char *parse_value(const char *text, const struct field *f,
			       unsigned int *value)
{
	size_t len = 0;

	if (isdigit((unsigned char)*text)) {
		for (*value = 0; isdigit((unsigned char)*text); text++) {
			*value = *value * 10 + (*text - '0');
			if (*value > 1000)
				return NULL;
		}
		return *value >= f->min && *value <= f->max ? text : NULL;
	}
	while (isalpha((unsigned char)text[len]))
		len++;
	for (unsigned int i = 0; f->names && f->names[i]; i++)
		if (len == 3 && !strncasecmp(text, f->names[i], 3)) {
			*value = f->min + i;
			return text + len;
		}
	return NULL;
}

/* "*", "5", "1-5", each with or without "/step" */
static const char *parse_range(const char *text, const struct field *f,
			       uint64_t *bits)
{
	/* one beyond the field is the first value alone */
	const struct field step_field = { 1, 1000, NULL, NULL };
	unsigned int first = f->min, last = f->max, step = 1;
	bool many = *text == '*';

	if (many) {
		text++;
	} else {
		text = parse_value(text, f, &first);
		last = first;
		if (text && *text == '-') {
			text = parse_value(text + 1, f, &last);
			many = true;
		}
	}
	if (text && *text == '/') {
		/* as cron has it: a step needs a range */
		text = many ? parse_value(text + 1, &step_field, &step) : NULL;
	}
	if (!text || last < first)
		return NULL;
	for (unsigned int i = first; i <= last; i += step)
		*bits |= 1ULL << i;
	return text;
}

static const char *parse_field(const char *text, const struct field *f,
			       uint64_t *bits)
{
	*bits = 0;
	for (;; text++) {
		text = parse_range(text, f, bits);
		if (!text || *text != ',')
			break;
	}
	if (!text || (*text != ' ' && *text != '\t' && *text))
		return NULL;
	return skip_blanks(text);
}

static const char *parse_fields(const char *text, struct crontab_when *out,
				const char **error)
{
	uint64_t bits[5];
	bool star[5];

	for (int i = 0; i < 5; i++) {
		star[i] = *text == '*';
		text = parse_field(text, &fields[i], &bits[i]);
		if (!text) {
			*error = fields[i].wrong;
			return NULL;
		}
	}
	*out = (struct crontab_when){
		.minute = bits[0], .hour = bits[1], .day = bits[2],
		.month = bits[3], .weekday = bits[4],
		.any_day = star[2], .any_weekday = star[4],
		.by_clock = star[0] || star[1],
	};
	if (out->weekday & (1 << 7))
		out->weekday |= 1;
	return text;
}

const char *crontab_parse_when(const char *line, struct crontab_when *out,
			       const char **error)
{
	size_t len = strcspn(line, " \t");
	const char *rest = skip_blanks(line + len);

	if (*line != '@')
		return parse_fields(line, out, error);
	if (len == 7 && !strncasecmp(line, "@reboot", len)) {
		*out = (struct crontab_when){ .reboot = true };
		return rest;
	}
	for (size_t i = 0; i < sizeof(nicknames) / sizeof(*nicknames); i++)
		if (strlen(nicknames[i].name) == len &&
		    !strncasecmp(line, nicknames[i].name, len))
			return parse_fields(nicknames[i].fields, out, error) ?
			       rest : NULL;
	*error = "unknown @ name";
	return NULL;
}

/* ---- when that is ---- */

static bool matches(const struct crontab_when *w, const struct tm *tm)
{
	bool day = w->day >> tm->tm_mday & 1;
	bool weekday = w->weekday >> tm->tm_wday & 1;

	if (!(w->minute >> tm->tm_min & 1) || !(w->hour >> tm->tm_hour & 1) ||
	    !(w->month >> (tm->tm_mon + 1) & 1))
		return false;
	return w->any_day || w->any_weekday ? day && weekday : day || weekday;
}

/*
 * The local times of each minute from an hour before the agenda on: asking for
 * them once for each line would take most of the time.
 */
struct minutes {
	time_t first;
	size_t count;
	struct tm *tm;
};

#define BEFORE	60	/* minutes */

static int minutes_get(const struct agenda *agenda, struct minutes *m)
{
	m->first = (agenda->from + 59) / 60 * 60;
	m->count = agenda->to > m->first ?
		   (size_t)(agenda->to - m->first + 59) / 60 : 0;
	m->tm = calloc(m->count + BEFORE, sizeof(*m->tm));
	if (!m->tm)
		return -ENOMEM;
	for (size_t i = 0; i < m->count + BEFORE; i++) {
		time_t at = m->first + ((time_t)i - BEFORE) * 60;

		localtime_r(&at, &m->tm[i]);
	}
	return 0;
}

/* A local time that the clock left out or showed already. */
static bool is_due(const struct crontab_when *w, const struct minutes *m,
		   size_t minute)
{
	const struct tm *tm = &m->tm[BEFORE + minute], *hour = tm - 60,
			*before = tm - 1;
	time_t at = m->first + (time_t)minute * 60;
	struct tm skipped;

	/* the same hour and minute an hour ago */
	if (!w->by_clock && hour->tm_hour == tm->tm_hour)
		return false;
	if (matches(w, tm))
		return true;
	if (w->by_clock || tm->tm_gmtoff - before->tm_gmtoff <= 0)
		return false;
	for (time_t late = at - (tm->tm_gmtoff - before->tm_gmtoff); late < at;
	     late += 60) {
		time_t as_before = late + tm->tm_gmtoff;

		gmtime_r(&as_before, &skipped);
		if (matches(w, &skipped))
			return true;
	}
	return false;
}

/* The days and hours that cannot match are passed over as a whole. */
static size_t next_try(const struct crontab_when *w, const struct minutes *m,
		       size_t minute)
{
	const struct tm *tm = &m->tm[BEFORE + minute];

	if (w->hour >> tm->tm_hour & 1 || !w->by_clock)
		return minute + 1;
	return minute + (60 - tm->tm_min);
}

static void add_occurrences(struct agenda *agenda, const struct minutes *m,
			    const struct crontab_when *w,
			    const struct agenda_entry *entry)
{
	struct agenda_entry each = *entry;
	int count = 0;

	for (size_t i = 0; i < m->count; i = next_try(w, m, i)) {
		if (!is_due(w, m, i))
			continue;
		if (count++ >= AGENDA_EACH_MAX) {
			agenda->cut++;
			continue;
		}
		each.start = each.end = m->first + (time_t)i * 60;
		agenda_add(agenda, &each);
	}
}

/* ---- files ---- */

struct reader {
	struct agenda *agenda;
	const char *name;
	unsigned int line;
	const char *user;		/* NULL: a field of each line */
	struct minutes minutes;
};

/* NAME=value, NAME = "value"; not a time. */
static bool is_setting(const char *line)
{
	size_t len = 0;

	if (*line == '"' || *line == '\'')
		return strchr(line, '=') != NULL;
	while (isalnum((unsigned char)line[len]) || line[len] == '_')
		len++;
	return len && line[skip_blanks(line + len) - line] == '=' &&
	       !isdigit((unsigned char)*line);
}

static void read_line(struct reader *r, const char *line)
{
	char user[64] = "", label[LABEL_MAX];
	const char *error = NULL, *rest;
	struct crontab_when when;
	size_t len;

	line = skip_blanks(line);
	if (!*line || *line == '#')
		return;
	if (is_setting(line)) {
		if (!strncmp(line, "CRON_TZ", 7))
			agenda_problem(r->agenda,
				       "%s:%u: CRON_TZ is ignored, as cron does",
				       r->name, r->line);
		return;
	}
	rest = crontab_parse_when(line, &when, &error);
	if (rest && !r->user) {
		len = strcspn(rest, " \t");
		if (len && len < sizeof(user))
			snprintf(user, sizeof(user), "%.*s", (int)len, rest);
		else
			error = "bad user";
		rest = skip_blanks(rest + len);
	}
	if (!error && (!rest || !*rest))
		error = "no command";
	if (error) {
		agenda_problem(r->agenda, "%s:%u: %s", r->name, r->line,
			       error);
		return;
	}
	if (when.reboot)
		return;
	snprintf(label, sizeof(label), "%s", rest);
	add_occurrences(r->agenda, &r->minutes, &when, &(struct agenda_entry){
		.source = AGENDA_CRON, .label = label,
		.app = (char *)CRON_APP, .user = r->user ? (char *)r->user :
							   user,
		.late_s = 1, .cpu_milli = NAN, .mem_bytes = NAN,
		.io_bytes = NAN,
	});
}

void crontab_read(struct agenda *agenda, const char *name, const char *text,
		  const char *user)
{
	struct reader r = { .agenda = agenda, .name = name, .user = user };
	char line[1024];

	if (minutes_get(agenda, &r.minutes)) {
		agenda->no_memory = true;
		return;
	}
	while (*text) {
		size_t len = strcspn(text, "\n");

		if (++r.line > LINES_MAX) {
			agenda_problem(agenda, "%s:%u: those beyond are left out",
				       name, r.line);
			break;
		}
		if (len >= sizeof(line)) {
			agenda_problem(agenda, "%s:%u: longer than %zu characters",
				       name, r.line, sizeof(line) - 1);
		} else {
			memcpy(line, text, len);
			line[len] = 0;
			if (len && line[len - 1] == '\r')
				line[len - 1] = 0;
			read_line(&r, line);
		}
		text += len + (text[len] == '\n');
	}
	free(r.minutes.tm);
}

/* As cron and run-parts take them: no dots, so no package's leftovers. */
static int select_name(const struct dirent *entry)
{
	const char *name = entry->d_name;

	return name[strspn(name, "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				 "abcdefghijklmnopqrstuvwxyz0123456789_-")] ==
	       0;
}

static int select_user(const struct dirent *entry)
{
	return entry->d_name[0] != '.' &&
	       strncmp(entry->d_name, "tmp.", 4);
}

/* cron takes a system crontab only from root, and if none else may write. */
static bool is_trusted(struct agenda *agenda, const char *root,
		       const char *path)
{
	struct stat st;

	if (*root || stat(path, &st) < 0 ||
	    (!st.st_uid && !(st.st_mode & 022)))
		return true;
	agenda_problem(agenda, "%s: not root's, or others may write it: ignored, as cron does",
		       path);
	return false;
}

struct reading {
	struct agenda *agenda;
	const char *root;
	bool users;			/* a file's name is its user's */
};

static void read_file(void *data, const char *path)
{
	const struct reading *r = data;
	char *text;

	if (!r->users && !is_trusted(r->agenda, r->root, path))
		return;
	text = agenda_slurp(r->agenda, path);
	if (text)
		crontab_read(r->agenda, path, text,
			     r->users ? strrchr(path, '/') + 1 : NULL);
	free(text);
}

static const struct {
	const char *path;
	bool users;
} folders[] = { { "etc/cron.d", false }, { "var/spool/cron/crontabs", true } };

#define FOLDERS		(sizeof(folders) / sizeof(*folders))

/* Calls @fn for each crontab in the folder; 0 or -errno. */
static int each_in(const char *path, bool users,
		   void (*fn)(void *data, const char *path), void *data)
{
	struct dirent **names;
	char file[PATH_MAX];
	int count = scandir(path, &names, users ? select_user : select_name,
			    alphasort);

	if (count < 0)
		return -errno;
	for (int i = 0; i < count; i++) {
		if (snprintf(file, sizeof(file), "%s/%s", path,
			     names[i]->d_name) < (int)sizeof(file))
			fn(data, file);
		free(names[i]);
	}
	free(names);
	return 0;
}

void crontab_read_all(struct agenda *agenda, const char *root)
{
	struct reading r = { .agenda = agenda, .root = root };
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "%s/etc/crontab", root);
	if (!access(path, F_OK))
		read_file(&r, path);
	for (size_t i = 0; i < FOLDERS; i++) {
		snprintf(path, sizeof(path), "%s/%s", root, folders[i].path);
		r.users = folders[i].users;
		err = each_in(path, r.users, read_file, &r);
		/* no cron, no folder */
		if (err && err != -ENOENT)
			agenda_problem(agenda, "%s: %s", path,
				       strerror(-err));
	}
}
