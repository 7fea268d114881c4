/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * iCalendar files (RFC 5545), by libical: events with RRULE, RDATE, EXDATE,
 * changed and cancelled occurrences (RECURRENCE-ID, STATUS), time zones, whole
 * days, DURATION. Times without a zone, and whole days, are local.
 *
 * Properties of ours: X-PRESWAP-APP, a cgroup's path; X-PRESWAP-CPU (like 500m,
 * 2) and X-PRESWAP-MEMORY (like 512M), what the event adds to the app's use.
 */
#ifndef SENSE_ICAL_H
#define SENSE_ICAL_H

#include "sense/agenda.h"

/* @text is a file's; @name is for messages. */
void ical_read(struct agenda *agenda, const char *name, const char *text);

#endif /* SENSE_ICAL_H */
