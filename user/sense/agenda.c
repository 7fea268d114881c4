// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sense/agenda.h"

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

void agenda_sort(struct agenda *agenda)
{
	if (agenda->count)
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
		agenda_sort(agenda);
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

	if (!agenda_tells(agenda)) {
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

const char *agenda_source_name(enum agenda_source source)
{
	static const char * const names[] = {
		[AGENDA_CALENDAR] = "calendar", [AGENDA_TIMER] = "timer",
		[AGENDA_CRON] = "cron",
	};

	return names[source];
}
