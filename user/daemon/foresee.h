/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What is known beforehand, in the forecasts: apps that are launched again, and
 * events that the agenda has. No system calls, no clock: times are
 * handed in, as seconds since 1970 in UTC.
 *
 * An app that appears is a launch of its program (learned_key() of its path).
 * What former launches used at the same age stands in for a forecast until the
 * app has one, and beside it in the first hour, by its record
 * (predict/event.h).
 *
 * A launch that is probable within the horizons is put into the forecast of the
 * nearest cgroup around it: the app itself is not there yet.
 *
 * An event that names an app acts on the app with that path, on all that match
 * if it is a pattern, or, if there is none yet (a timer's service does not run
 * before), on the nearest cgroup around it that there is; never on the root.
 * One that names none is only shown.
 */
#ifndef DAEMON_FORESEE_H
#define DAEMON_FORESEE_H

#include "plan/push.h"
#include "sense/agenda.h"
#include "sense/learned.h"

#define FORESEE_EVENTS_MAX	256
/* Programs whose next launch is put into forecasts, at a time. */
#define FORESEE_COMING_MAX	32
/* The longest horizon that is pushed. */
#define FORESEE_AHEAD_S		900

struct foresee;

/*
 * @launches: since the beginning. @events: being watched now. @left_out: those
 * for which there was no room at the last look.
 * @adjusted: forecasts of the last second that rest on one or the other.
 */
struct foresee_stats {
	uint64_t launches;
	size_t events, left_out, adjusted;
};

/* Takes over @learned; NULL: nothing is known yet. 0 or -ENOMEM. */
int foresee_new(struct learned *learned, double now, int32_t offset_s,
		struct foresee **out);
void foresee_free(struct foresee *f);
/* No forecast exceeds what they allow. */
void foresee_set_limits(struct foresee *f, const struct series_limits *limits);
/* Takes it over. */
void foresee_set_agenda(struct foresee *f, struct agenda *agenda);

/* An app that was not in the table. @launched: it is known to be new. */
void foresee_app_new(struct foresee *f, struct series_app *app, bool launched,
		     double now, int32_t offset_s);
/* For series_on_gone(); @data is the struct foresee. */
void foresee_app_gone(void *data, struct series_app *app);
/* Nobody watched since the last step. */
void foresee_blind(struct foresee *f, double now, int32_t offset_s);
/* After series_step(): another second. */
void foresee_step(struct foresee *f, struct series_table *table, double now,
		  int32_t offset_s);
/* For push_collect(); @data is the struct foresee. */
void foresee_adjust(void *data, const struct series_app *app,
		    uint8_t resource,
		    struct predict_demand_forecast *forecast);

struct foresee_stats foresee_stats(const struct foresee *f);
/* For the state file; to be freed. 0 or -ENOMEM. */
int foresee_pack(const struct foresee *f, void **data, size_t *size);

#endif /* DAEMON_FORESEE_H */
