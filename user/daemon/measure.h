/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon measures of itself, between two reports.
 */
#ifndef DAEMON_MEASURE_H
#define DAEMON_MEASURE_H

#include "plan/push.h"

/*
 * @updates, @update_ns: of forecasters, and the time for all of them.
 * @worst_ns: the longest from the end of a period until all was pushed.
 * @lost: messages of the module.
 */
struct measure {
	uint64_t updates, update_ns, worst_ns, lost;
};

uint64_t measure_now_ns(void);
/* Seconds since 1970, and how far local time is ahead of that. */
double measure_wall(int32_t *offset_s);
/* Logs it, with the verdicts and losses of the last batch, and begins anew. */
void measure_report(struct measure *measure, size_t apps,
		    const struct push_stats *last);
/* Logs a line for each app and resource that is scored. */
void measure_scores(struct series_table *table);

#endif /* DAEMON_MEASURE_H */
