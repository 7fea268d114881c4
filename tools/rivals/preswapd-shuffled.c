// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preswapd, but what it forecasts is in another order (shuffle.h), so deliberately
 * wrong: what forecasts do that no one should believe (issue F, ablations). It measures
 * itself as it measures launches and events, so its guards may catch it.
 *
 *	SHUFFLE_SEED	a number
 *
 * Linked with the daemon, and --wrap=foresee_adjust.
 */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/foresee.h"
#include "daemon/log.h"
#include "predict/event.h"
#include "../tools/rivals/shuffle.h"

#define SERIES_MOST	64	/* apps of a benchmark's guest, times resources */
#define JUDGED_S	10	/* the horizon that is scored, as foresee does */

/* @said: of the second, modulo their number. */
static struct shuffled {
	uint64_t app_id, seconds;
	uint8_t resource;
	struct event_effect effect;
	struct predict_demand_forecast said[SHUFFLE_REACH_S + 1];
} *series[SERIES_MOST];

void __real_foresee_adjust(void *data, const struct series_app *app,
			   uint8_t resource,
			   struct predict_demand_forecast *forecast);

static struct shuffled *series_of(uint64_t app_id, uint8_t resource)
{
	struct shuffled *s;

	for (int i = 0; i < SERIES_MOST; i++) {
		s = series[i];
		if (!s) {
			s = calloc(1, sizeof(*s));
			if (!s)
				break;
			s->app_id = app_id;
			s->resource = resource;
			event_init(&s->effect);
			series[i] = s;
		}
		if (s->app_id == app_id && s->resource == resource)
			return s;
	}
	log_msg(LOG_ERR, "more than %d series, or no memory", SERIES_MOST);
	exit(1);
}

static struct event_quantiles quantiles(const struct predict_demand_point *p)
{
	return (struct event_quantiles){
		.ready = p->ready, .mean = p->mean, .q05 = p->q05,
		.q50 = p->q50, .q95 = p->q95,
	};
}

/* What both are worth, of which the daemon believes the wrong one. */
static double score(struct shuffled *s, double value,
		    const struct predict_demand_forecast *right,
		    const struct predict_demand_forecast *wrong)
{
	double ratio;

	event_settle(&s->effect, 0, (double)s->seconds, value);
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++) {
		const struct event_quantiles with = quantiles(&wrong->at[i]);
		const struct event_quantiles without = quantiles(&right->at[i]);

		if (right->at[i].horizon_s == JUDGED_S)
			event_note_both(&s->effect, 0, 0, (double)s->seconds,
					JUDGED_S, &with, &without, value);
	}
	ratio = event_ratio(&s->effect, 0, 0, true);
	return isnan(ratio) ? 1 : ratio;
}

void __wrap_foresee_adjust(void *data, const struct series_app *app,
			   uint8_t resource,
			   struct predict_demand_forecast *forecast)
{
	struct shuffled *s = series_of(app->id, resource);
	const size_t kept = sizeof(s->said) / sizeof(s->said[0]);
	const char *seed = getenv("SHUFFLE_SEED");
	const struct predict_demand_forecast right = *forecast, *wrong;
	double ratio;
	uint64_t lag;

	/* what is known of launches and events would be right */
	(void)data;
	lag = shuffle_lag(seed ? strtoull(seed, NULL, 10) : 0, s->seconds);
	s->said[s->seconds % kept] = right;
	wrong = &s->said[(s->seconds - lag) % kept];
	ratio = score(s, app->value[resource], &right, wrong);
	s->seconds++;
	if (!lag)
		return;
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++) {
		forecast->at[i] = wrong->at[i];
		forecast->at[i].score = right.at[i].score;
		forecast->at[i].score.loss_ratio *= ratio;
	}
	for (int i = 0; i < PREDICT_DAY_HORIZONS; i++)
		forecast->day[i].ready = false;
}
