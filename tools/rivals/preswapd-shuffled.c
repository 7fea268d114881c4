// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preswapd, but what it forecasts is in another order (shuffle.h), so deliberately
 * wrong: what forecasts do that no one should believe (issue F, ablations). It measures
 * itself as if it had meant it, so its guards may catch it.
 *
 *	SHUFFLE_SEED	a number
 *
 * Linked with the daemon, and --wrap=foresee_adjust.
 */
#include <stdlib.h>

#include "daemon/foresee.h"
#include "daemon/log.h"
#include "../tools/rivals/shuffle.h"

#define SERIES_MOST	64	/* apps of a benchmark's guest, times resources */

static struct series {
	uint64_t app_id;
	uint8_t resource;
	struct shuffled shuffled;
} *series[SERIES_MOST];

void __real_foresee_adjust(void *data, const struct series_app *app,
			   uint8_t resource,
			   struct predict_demand_forecast *forecast);

static struct shuffled *series_of(uint64_t app_id, uint8_t resource)
{
	struct series *s;

	for (int i = 0; i < SERIES_MOST; i++) {
		s = series[i];
		if (!s) {
			s = calloc(1, sizeof(*s));
			if (!s)
				break;
			s->app_id = app_id;
			s->resource = resource;
			series[i] = s;
		}
		if (s->app_id == app_id && s->resource == resource)
			return &s->shuffled;
	}
	log_msg(LOG_ERR, "more than %d series, or no memory", SERIES_MOST);
	exit(1);
}

void __wrap_foresee_adjust(void *data, const struct series_app *app,
			   uint8_t resource,
			   struct predict_demand_forecast *forecast)
{
	const char *seed = getenv("SHUFFLE_SEED");

	/* what is known of launches and events would be right */
	(void)data;
	shuffle_forecast(series_of(app->id, resource),
			 seed ? strtoull(seed, NULL, 10) : 0,
			 app->value[resource], forecast);
	for (int i = 0; i < PREDICT_DAY_HORIZONS; i++)
		forecast->day[i].ready = false;
}
