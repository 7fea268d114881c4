// SPDX-License-Identifier: GPL-2.0-or-later
#include <time.h>

#include "daemon/log.h"
#include "daemon/measure.h"
#include "show/names.h"

uint64_t measure_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

double measure_wall(int32_t *offset_s)
{
	struct timespec now;
	struct tm tm;

	/* localtime_r() alone would stay in the zone that was set at the start */
	tzset();
	clock_gettime(CLOCK_REALTIME, &now);
	localtime_r(&now.tv_sec, &tm);
	*offset_s = tm.tm_gmtoff;
	return now.tv_sec + now.tv_nsec / 1e9;
}

void measure_report(struct measure *m, size_t apps,
		    const struct push_stats *last)
{
	double coverage = 0.9;

	if (last->scored)
		coverage = last->coverage_sum / last->scored;
	log_msg(LOG_INFO,
		"%zu apps; forecasts: %zu pushed, %zu withheld, %zu not ready; loss at %d s %.2f of naive's, better in %zu of %zu; coverage %.0f %%, drift in %zu",
		apps, last->pushed, last->withheld, last->unready,
		PLAN_NEAR_S, push_loss(last), last->loss_better, last->scored,
		100 * coverage, last->drifting);
	log_msg(LOG_INFO,
		"%llu updates of %.1f us, at most %.1f ms a period; %llu messages lost",
		(unsigned long long)m->updates,
		m->updates ? m->update_ns / 1e3 / m->updates : 0.0,
		m->worst_ns / 1e6, (unsigned long long)m->lost);
	*m = (struct measure){};
}

static void log_score(void *data, const struct series_app *app,
		      uint8_t resource,
		      const struct predict_demand_point *point)
{
	const struct predict_score *score = &point->score;

	(void)data;
	log_msg(LOG_INFO,
		"%s %s at %u s: loss %.2f of naive's, %.2f of what is usual, coverage %.0f %%, width %.4g, drift %.2f%s",
		app->path, names_resource(resource), point->horizon_s,
		score->loss_ratio, score->usual_ratio, 100 * score->coverage,
		score->width, score->drift, app->withheld[resource] ? ", withheld" : "");
}

void measure_scores(struct series_table *table)
{
	push_each_score(table, log_score, NULL);
}
