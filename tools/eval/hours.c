// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdio.h>

#include "hours.h"
#include "predict/day.h"

#define DAY		86400
#define DAYS_FIRST	2	/* these are for learning only */

void hours_header(void)
{
	printf("series,horizon_s,days,loss_ratio,coverage\n");
}

void hours_print(const struct values *y, const char *name, unsigned int seconds)
{
	double ratio[PREDICT_DAY_HORIZONS] = { 0 };
	double coverage[PREDICT_DAY_HORIZONS] = { 0 };
	struct predict_demand_point point;
	struct predict_day day;
	unsigned int days = 0;

	predict_day_init(&day);
	for (size_t t = 0; t < y->n * seconds; t++) {
		predict_day_update(&day, y->v[t / seconds]);
		/* what the score remembers is about the last day */
		if ((t + 1) % DAY || t < DAYS_FIRST * DAY)
			continue;
		days++;
		for (unsigned int i = 0; i < PREDICT_DAY_HORIZONS; i++) {
			predict_day_forecast(&day, i, 0, &point);
			ratio[i] += point.score.loss_ratio;
			coverage[i] += point.score.coverage;
		}
	}
	for (unsigned int i = 0; i < PREDICT_DAY_HORIZONS && days; i++) {
		values_put_name(name);
		printf(",%u,%u,%.4f,%.4f\n", predict_day_horizon_s[i], days,
		       ratio[i] / days, coverage[i] / days);
	}
}
