// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * All sources. It pulls in libical and libsystemd, and with libical 40 MB of
 * Unicode's tables: the daemon, whose memory is locked, leaves this to
 * preswap-agenda.
 */
#include <errno.h>
#include <stdlib.h>

#include "sense/agenda.h"
#include "sense/crontab.h"
#include "sense/ical.h"
#include "sense/timers.h"

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
		agenda_each_calendar(opts->calendars[i], read_calendar, agenda);
	if (opts->cron)
		crontab_read_all(agenda, opts->root);
	if (opts->timers)
		timers_read(agenda);
	agenda_sort(agenda);
	if (agenda->no_memory) {
		agenda_free(agenda);
		return -ENOMEM;
	}
	*out = agenda;
	return 0;
}
