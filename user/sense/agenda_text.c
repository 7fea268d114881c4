// SPDX-License-Identifier: GPL-2.0-or-later
/*
 *	event START END LATE SOURCE LABEL APP USER CPU MEMORY
 *	problem TEXT
 *	more PROBLEMS CUT
 *
 * with tabs between; "more" is the last line, so that a part is not taken for
 * the whole. An absent demand is "-".
 */
#include <ctype.h>
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "sense/agenda.h"

#define FIELDS	11

static void put_text(const char *text, FILE *to)
{
	for (; *text; text++)
		fputc(iscntrl((unsigned char)*text) ? ' ' : *text, to);
}

static void put_demand(double value, FILE *to)
{
	if (isnan(value))
		fputs("\t-", to);
	else
		fprintf(to, "\t%.0f", value);
}

int agenda_write(const struct agenda *agenda, FILE *to)
{
	for (size_t i = 0; i < agenda->count; i++) {
		const struct agenda_entry *e = &agenda->entries[i];

		fprintf(to, "event\t%lld\t%lld\t%u\t%s\t", (long long)e->start,
			(long long)e->end, e->late_s,
			agenda_source_name(e->source));
		put_text(e->label, to);
		fputc('\t', to);
		put_text(e->app, to);
		fputc('\t', to);
		put_text(e->user, to);
		put_demand(e->cpu_milli, to);
		put_demand(e->mem_bytes, to);
		put_demand(e->io_bytes, to);
		fputc('\n', to);
	}
	for (size_t i = 0; i < agenda->nr_problems; i++) {
		fputs("problem\t", to);
		put_text(agenda->problems[i], to);
		fputc('\n', to);
	}
	fprintf(to, "more\t%zu\t%zu\n", agenda->problems_more, agenda->cut);
	return ferror(to) ? -EIO : 0;
}

static bool get_number(const char *text, double *value)
{
	char *end;

	*value = strtod(text, &end);
	return end != text && !*end && fabs(*value) < 1e18;
}

static bool get_source(const char *text, enum agenda_source *source)
{
	for (int i = AGENDA_CALENDAR; i <= AGENDA_CRON; i++) {
		*source = i;
		if (!strcmp(text, agenda_source_name(i)))
			return true;
	}
	return false;
}

static bool get_demand(const char *text, double *value)
{
	*value = NAN;
	return !strcmp(text, "-") || (get_number(text, value) && *value >= 0);
}

static int parse_event(struct agenda *agenda, char **field)
{
	struct agenda_entry entry = {
		.label = field[5], .app = field[6], .user = field[7],
	};
	double start, end, late;

	if (!get_number(field[1], &start) || !get_number(field[2], &end) ||
	    !get_number(field[3], &late) || late < 0 || late > UINT32_MAX ||
	    !get_source(field[4], &entry.source) ||
	    !get_demand(field[8], &entry.cpu_milli) ||
	    !get_demand(field[9], &entry.mem_bytes) ||
	    !get_demand(field[10], &entry.io_bytes))
		return -EINVAL;
	entry.start = start;
	entry.end = end;
	entry.late_s = late;
	agenda_add(agenda, &entry);
	return 0;
}

static int parse_line(struct agenda *agenda, char *line, bool *whole)
{
	double problems, cut;
	char *field[FIELDS];
	int count = 0;

	for (char *rest = line; rest && count < FIELDS; )
		field[count++] = strsep(&rest, "\t");
	if (*whole)
		return -EINVAL;
	if (count == FIELDS && !strcmp(field[0], "event"))
		return parse_event(agenda, field);
	if (count == 2 && !strcmp(field[0], "problem")) {
		agenda_problem(agenda, "%s", field[1]);
		return 0;
	}
	if (count != 3 || strcmp(field[0], "more") ||
	    !get_number(field[1], &problems) || !get_number(field[2], &cut) ||
	    problems < 0 || cut < 0)
		return -EINVAL;
	agenda->problems_more += problems;
	agenda->cut += cut;
	*whole = true;
	return 0;
}

int agenda_parse(char *text, struct agenda **out)
{
	struct agenda *agenda = agenda_new(INT64_MIN, INT64_MAX);
	bool whole = false;
	int err = 0;
	char *line;

	if (!agenda)
		return -ENOMEM;
	while (!err && (line = strsep(&text, "\n")))
		if (*line || text)
			err = parse_line(agenda, line, &whole);
	if (!err && !whole)
		err = -EINVAL;
	if (agenda->no_memory)
		err = -ENOMEM;
	agenda_sort(agenda);
	if (err)
		agenda_free(agenda);
	else
		*out = agenda;
	return err;
}
