/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Crontabs as Debian's cron reads them (crontab(5)): when each line runs.
 *
 * /etc/crontab, /etc/cron.d/ and /var/spool/cron/crontabs/. Names of months
 * and days, lists, ranges, steps, @daily and its like; day of month or day of
 * week, when both are given. A job at a fixed time that falls into the hour
 * which summer time leaves out runs after it, and one in the hour that comes
 * twice runs once; those with "*" run by the clock. @reboot is no future event.
 * CRON_TZ is told as a problem: Debian's cron does not know it.
 */
#ifndef SENSE_CRONTAB_H
#define SENSE_CRONTAB_H

#include <stdbool.h>
#include <stdint.h>

#include "sense/agenda.h"

/* Bit n: runs when the field is n; Sunday is 0. */
struct crontab_when {
	uint64_t minute;
	uint32_t hour, day, month, weekday;
	bool any_day, any_weekday;	/* the field begins with "*" */
	bool by_clock;			/* minute or hour begins with "*" */
	bool reboot;
};

/*
 * The time fields at the beginning of a line. On success the text behind them,
 * else NULL and @error points to what is wrong.
 */
const char *crontab_parse_when(const char *line, struct crontab_when *out,
			       const char **error);

/*
 * A file's text: @user NULL: lines name their user (a system crontab), else
 * whose it is. @name: for messages.
 */
void crontab_read(struct agenda *agenda, const char *name, const char *text,
		  const char *user);
/* All of the machine's, or below @root. */
void crontab_read_all(struct agenda *agenda, const char *root);

#endif /* SENSE_CRONTAB_H */
