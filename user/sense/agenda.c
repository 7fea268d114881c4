// SPDX-License-Identifier: GPL-2.0-or-later
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "sense/agenda.h"
#include "sense/crontab.h"
#include "sense/ical.h"
#include "sense/timers.h"

struct agenda *agenda_new(time_t from, time_t to)
{
	struct agenda *agenda = calloc(1, sizeof(*agenda));

	if (agenda) {
		agenda->from = from;
		agenda->to = to;
	}
	return agenda;
}

static void entry_free(struct agenda_entry *entry)
{
	free(entry->label);
	free(entry->app);
	free(entry->user);
}

void agenda_free(struct agenda *agenda)
{
	if (!agenda)
		return;
	for (size_t i = 0; i < agenda->count; i++)
		entry_free(&agenda->entries[i]);
	for (size_t i = 0; i < agenda->nr_problems; i++)
		free(agenda->problems[i]);
	free(agenda->entries);
	free(agenda);
}

static int by_start(const void *a, const void *b)
{
	const struct agenda_entry *x = a, *y = b;
	int order = (x->start > y->start) - (x->start < y->start);

	order = order ?: (int)x->source - (int)y->source;
	return order ?: strcmp(x->label, y->label);
}

/* Half of the room beyond the limit is for sorting out the latest. */
static void cut(struct agenda *agenda)
{
	qsort(agenda->entries, agenda->count, sizeof(*agenda->entries),
	      by_start);
	while (agenda->count > AGENDA_MAX) {
		entry_free(&agenda->entries[--agenda->count]);
		agenda->cut++;
	}
}

void agenda_add(struct agenda *agenda, const struct agenda_entry *entry)
{
	struct agenda_entry *entries, *to;
	size_t room;

	if (entry->start < agenda->from || entry->start >= agenda->to)
		return;
	if (agenda->count == 2 * AGENDA_MAX)
		cut(agenda);
	if (agenda->count == agenda->room) {
		room = agenda->room ? 2 * agenda->room : 64;
		entries = reallocarray(agenda->entries, room,
				       sizeof(*entries));
		if (!entries) {
			agenda->no_memory = true;
			return;
		}
		agenda->entries = entries;
		agenda->room = room;
	}
	to = &agenda->entries[agenda->count];
	*to = *entry;
	to->label = strdup(entry->label ?: "");
	to->app = strdup(entry->app ?: "");
	to->user = strdup(entry->user ?: "");
	if (!to->label || !to->app || !to->user) {
		entry_free(to);
		agenda->no_memory = true;
		return;
	}
	agenda->count++;
}

void agenda_problem(struct agenda *agenda, const char *format, ...)
{
	va_list args;
	int used;

	if (agenda->nr_problems == AGENDA_PROBLEMS_MAX) {
		agenda->problems_more++;
		return;
	}
	va_start(args, format);
	used = vasprintf(&agenda->problems[agenda->nr_problems], format, args);
	va_end(args);
	if (used < 0)
		agenda->no_memory = true;
	else
		agenda->nr_problems++;
}

char *agenda_slurp(struct agenda *agenda, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct stat st;
	char *text;
	ssize_t got;
	size_t len = 0;

	if (fd < 0 || fstat(fd, &st) < 0) {
		agenda_problem(agenda, "%s: %s", path, strerror(errno));
		if (fd >= 0)
			close(fd);
		return NULL;
	}
	if (!S_ISREG(st.st_mode) || st.st_size > AGENDA_FILE_MAX) {
		agenda_problem(agenda, "%s: %s", path, S_ISREG(st.st_mode) ?
			       "larger than 8 MiB" : "no regular file");
		close(fd);
		return NULL;
	}
	text = malloc(st.st_size + 1);
	if (!text)
		agenda->no_memory = true;
	while (text && len < (size_t)st.st_size) {
		got = read(fd, text + len, st.st_size - len);
		if (got <= 0)
			break;
		len += got;
	}
	close(fd);
	if (text)
		text[len] = 0;
	return text;
}

static bool is_ics(const char *name)
{
	size_t len = strlen(name);

	return len > 4 && name[0] != '.' && !strcasecmp(name + len - 4, ".ics");
}

static int select_ics(const struct dirent *entry)
{
	return is_ics(entry->d_name);
}

/* Calls @fn for the file, or each calendar in the folder. */
static void each_calendar(const char *path,
			  void (*fn)(void *data, const char *path), void *data)
{
	struct dirent **names;
	char file[PATH_MAX];
	int count = scandir(path, &names, select_ics, alphasort);

	if (count < 0) {
		fn(data, path);
		return;
	}
	for (int i = 0; i < count; i++) {
		snprintf(file, sizeof(file), "%s/%s", path, names[i]->d_name);
		fn(data, file);
		free(names[i]);
	}
	free(names);
}

static void read_calendar(void *data, const char *path)
{
	struct agenda *agenda = data;
	char *text = agenda_slurp(agenda, path);

	if (text)
		ical_read(agenda, path, text);
	free(text);
}

int agenda_read(const struct agenda_opts *opts, struct agenda **out)
{
	struct agenda *agenda = agenda_new(opts->from,
					   opts->from + opts->span_s);

	if (!agenda)
		return -ENOMEM;
	for (size_t i = 0; i < opts->nr_calendars; i++)
		each_calendar(opts->calendars[i], read_calendar, agenda);
	if (opts->cron)
		crontab_read_all(agenda, opts->root);
	if (opts->timers)
		timers_read(agenda);
	cut(agenda);
	if (agenda->no_memory) {
		agenda_free(agenda);
		return -ENOMEM;
	}
	*out = agenda;
	return 0;
}

/* FNV-1a */
static void stir(uint64_t *hash, uint64_t value)
{
	for (int i = 0; i < 8; i++) {
		*hash ^= (value >> (8 * i)) & 0xff;
		*hash *= 1099511628211ULL;
	}
}

static void stir_file(void *data, const char *path)
{
	uint64_t *hash = data;
	struct stat st = {};

	if (stat(path, &st) < 0)
		st.st_size = -1;
	stir(hash, st.st_ino);
	stir(hash, st.st_size);
	stir(hash, st.st_mtim.tv_sec);
	stir(hash, st.st_mtim.tv_nsec);
}

uint64_t agenda_signature(const struct agenda_opts *opts)
{
	uint64_t hash = 14695981039346656037ULL;

	for (size_t i = 0; i < opts->nr_calendars; i++)
		each_calendar(opts->calendars[i], stir_file, &hash);
	if (opts->cron)
		crontab_each_file(opts->root, stir_file, &hash);
	return hash;
}

const char *agenda_source_name(enum agenda_source source)
{
	static const char * const names[] = {
		[AGENDA_CALENDAR] = "calendar", [AGENDA_TIMER] = "timer",
		[AGENDA_CRON] = "cron",
	};

	return names[source];
}
