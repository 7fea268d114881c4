// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: any bytes are samples, and no forecast may break
 * ("make -C user fuzz").
 *
 * The first byte chooses how the others are read: as doubles, which gives
 * every bit pattern, or as single bytes, which gives series that look real
 * and long ones from few bytes.
 */
#include <math.h>
#include <stdint.h>
#include <string.h>

#include "predict/day.h"

static void check(const struct predict_demand *d, double largest)
{
	struct predict_demand_forecast f;

	predict_demand_forecast(d, &f);
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS + PREDICT_DAY_HORIZONS;
	     i++) {
		const struct predict_demand_point *p =
			i < PREDICT_DEMAND_HORIZONS ? &f.at[i] :
			&f.day[i - PREDICT_DEMAND_HORIZONS];

		if (!(p->q05 >= 0 && p->q05 <= p->q50 && p->q50 <= p->q95 &&
		      p->q95 <= PREDICT_RANGE * largest && p->mean >= 0 &&
		      p->mean <= PREDICT_RANGE * largest &&
		      isfinite(p->score.loss_ratio)))
			__builtin_trap();
	}
}

/* Half a step of the day of each sample. */
static void check_day(struct predict_day *day, double x, double largest)
{
	struct predict_demand_point p;

	for (unsigned int k = 0; k < PREDICT_DAY_STEP / 2; k++)
		predict_day_update(day, x);
	for (unsigned int i = 0; i < PREDICT_DAY_HORIZONS; i++) {
		predict_day_forecast(day, i, 0, &p);
		if (!(p.q05 >= 0 && p.q05 <= p.q50 && p.q50 <= p.q95 &&
		      p.q95 <= PREDICT_RANGE * largest && p.mean >= 0 &&
		      p.mean <= PREDICT_RANGE * largest &&
		      isfinite(p.score.loss_ratio)))
			__builtin_trap();
	}
	if (!predict_day_is_sane(day))
		__builtin_trap();
}

static double sample(const uint8_t *data, size_t width)
{
	double x;

	if (width == 1)
		return *data == 255 ? NAN : *data * 1000.0;
	memcpy(&x, data, sizeof(x));
	return x;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct predict_demand *d;
	struct predict_day day;
	double largest = 0;
	size_t width;

	if (!size || predict_demand_new(NULL, &d))
		return 0;
	predict_day_init(&day);
	width = data[0] & 1 ? 1 : sizeof(double);
	for (data++, size--; size >= width; data += width, size -= width) {
		double x = sample(data, width);

		predict_demand_update(d, x);
		largest = fmax(largest, fmin(x, PREDICT_VALUE_MAX));
		check(d, largest);
		check_day(&day, x, largest);
	}
	predict_demand_free(d);
	return 0;
}
