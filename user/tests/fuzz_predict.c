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

#include "predict/predict.h"

static void check(const struct predict_demand *d, double largest)
{
	struct predict_demand_forecast f;

	predict_demand_forecast(d, &f);
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++) {
		const struct predict_demand_point *p = &f.at[i];

		if (!(p->q05 >= 0 && p->q05 <= p->q50 && p->q50 <= p->q95 &&
		      p->q95 <= PREDICT_RANGE * largest && p->mean >= 0 &&
		      p->mean <= PREDICT_RANGE * largest &&
		      isfinite(p->score.loss_ratio)))
			__builtin_trap();
	}
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
	double largest = 0;
	size_t width;

	if (!size || predict_demand_new(NULL, &d))
		return 0;
	width = data[0] & 1 ? 1 : sizeof(double);
	for (data++, size--; size >= width; data += width, size -= width) {
		double x = sample(data, width);

		predict_demand_update(d, x);
		largest = fmax(largest, fmin(x, PREDICT_VALUE_MAX));
		check(d, largest);
	}
	predict_demand_free(d);
	return 0;
}
