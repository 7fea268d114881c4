// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preswapd, but what it forecasts of one app is what comes: how much would be left to
 * gain by better forecasts (issue F, ablations).
 *
 *	ORACLE_APP	the app: the path of its cgroup, as preswapctl says it
 *	ORACLE_FUTURE	what it used in the same run before: future.h
 *	ORACLE_START	a file that says when the load begins, in ns of CLOCK_BOOTTIME; it may
 *			come later
 *
 * Up to each horizon it forecasts the most from the horizon before on, so that no burst
 * falls between two. Of memory it is what is added to what the app has now: it
 * has not the same each time, as some of it is files.
 * Linked with the daemon, and --wrap=foresee_adjust.
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "daemon/foresee.h"
#include "daemon/log.h"
#include "../tools/rivals/future.h"

/* A record that nobody can have: plan pushes it, whatever the forecaster's was. */
#define ORACLE_LOSS	0.01

void __real_foresee_adjust(void *data, const struct series_app *app,
			   uint8_t resource,
			   struct predict_demand_forecast *forecast);

static const char *setting(const char *name)
{
	const char *value = getenv(name);

	if (value)
		return value;
	log_msg(LOG_ERR, "%s is not set", name);
	exit(1);
}

static const struct future *future_of_run(void)
{
	static struct future future;
	const char *path;
	unsigned int line;
	FILE *file;
	int err;

	if (future.count)
		return &future;
	path = setting("ORACLE_FUTURE");
	file = fopen(path, "r");
	if (!file) {
		log_msg(LOG_ERR, "%s: %m", path);
		exit(1);
	}
	err = future_read(file, &future, &line);
	fclose(file);
	if (err) {
		log_msg(LOG_ERR, "%s:%u: %s", path, line, strerror(-err));
		exit(1);
	}
	return &future;
}

/* Since the load began; NAN: not yet known. */
static double load_ms(void)
{
	static unsigned long long start;
	struct timespec now;
	char end = 0;
	FILE *file;

	if (!start) {
		file = fopen(setting("ORACLE_START"), "r");
		if (!file)
			return NAN;
		/* half written, it is read again */
		if (fscanf(file, "%llu%c", &start, &end) != 2 || end != '\n')
			start = 0;
		fclose(file);
		if (!start)
			return NAN;
	}
	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * 1e3 + now.tv_nsec / 1e6 - start / 1e6;
}

void __wrap_foresee_adjust(void *data, const struct series_app *app,
			   uint8_t resource,
			   struct predict_demand_forecast *forecast)
{
	const struct future *future = future_of_run();
	double now = load_ms(), from = now, now_used, added = 0;
	static bool asked;

	__real_foresee_adjust(data, app, resource, forecast);
	/* before the load's first moment there is nothing to go by */
	if (!(now >= 0) || resource >= FUTURE_RESOURCES ||
	    strcmp(app->path, setting("ORACLE_APP")))
		return;
	now_used = future->at[future_index(future, now)].used[resource];
	if (resource == PRESWAP_RESOURCE_MEMORY)
		added = app->value[resource] - now_used;
	if (!isfinite(added))
		return;
	if (!asked)
		log_msg(LOG_NOTICE, "oracle: knows what %s uses", app->path);
	asked = true;
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++) {
		struct predict_demand_point *p = &forecast->at[i];
		double to = now + p->horizon_s * 1e3;
		double most = fmax(future_most(future, resource, from, to) +
				   added, 0);

		p->ready = true;
		p->mean = p->q05 = p->q50 = p->q95 = most;
		p->recurrence = 0;
		p->score.loss_ratio = ORACLE_LOSS;
		p->score.usual_ratio = ORACLE_LOSS;
		from = to;
	}
	for (int i = 0; i < PREDICT_DAY_HORIZONS; i++)
		forecast->day[i].ready = false;
}
