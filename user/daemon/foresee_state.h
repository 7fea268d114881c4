/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What foresee.c watches and foresee_adjust.c brings into the forecasts; for
 * these two only.
 */
#ifndef DAEMON_FORESEE_STATE_H
#define DAEMON_FORESEE_STATE_H

#include <time.h>

#include "daemon/foresee.h"

/* Probability within 900 s; less moves no quantile. */
#define COMING_LEAST	0.05

/* Of one app, beside its series. */
struct foreseen {
	struct learned_program *program;	/* NULL: it was there before */
	struct profile_run run;
	bool over;			/* the run has its last age */
	double begun;			/* less what was skipped, as @run has it */
	double recent[PROFILE_RESOURCES];	/* NAN: not known */
};

/* An event near now, on one app. */
struct active {
	struct learned_event *event;
	uint64_t app_id;
	time_t start;
	struct profile_run run;
	bool begun, over, listed;
	double declared[PROFILE_RESOURCES];
};

/* A program that may be launched soon, below an app. */
struct coming {
	struct learned_program *program;
	struct learned_event *record;	/* with and without it */
	uint64_t app_id;
	double probability[PREDICT_DEMAND_HORIZONS];
};

struct foresee {
	struct learned *learned;
	struct agenda *agenda;
	struct active active[FORESEE_EVENTS_MAX];
	size_t nr_active;
	struct coming coming[FORESEE_COMING_MAX];
	size_t nr_coming;
	double upper[SERIES_RESOURCES];
	double now;
	double skipped;			/* of the time, in all gaps */
	unsigned int steps;
	struct foresee_stats stats;
	size_t adjusting;
};

/* A later event of the same kind has begun on that app by @at. */
bool foresee_overtaken(const struct foresee *f, const struct active *a,
		       double at);

#endif /* DAEMON_FORESEE_STATE_H */
