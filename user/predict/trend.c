// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Holt's linear trend, damped (Gardner and McKenzie 1985).
 *
 *	level'	= level + phi trend + a (value - level - phi trend)
 *	trend'	= phi trend + b (level' - level - phi trend)
 *	forecast(h) = level' + (phi + phi^2 + ... + phi^h) trend'
 *
 * with b = a / 2 and phi = 0.98 - 0.1 a: a quick expert also stops believing
 * in its trend sooner. Assumption: a ramp goes on for a while and then ends;
 * the damping bounds what it can add to phi / (1 - phi) steps of the trend,
 * 13 for a = 0.5.
 *
 * Example, a = 0.5, b = 0.25, phi = 0.93: level 100, trend 10, value 120
 * gives level 100 + 9.3 + 0.5 x 10.7 = 114.65, trend 9.3 + 0.25 x 5.35
 * = 10.64, forecast(2) = 114.65 + (0.93 + 0.8649) x 10.64 = 133.7.
 */
#include "predict/expert.h"

enum { LEVEL, TREND, STARTED };

static double trend_phi(double a)
{
	return 0.98 - 0.1 * a;
}

static void trend_update(struct predict_expert_state *st, double a,
			 double value)
{
	double step, error;

	if (st->v[STARTED] == 0) {
		st->v[LEVEL] = value;
		st->v[STARTED] = 1;
		return;
	}
	step = trend_phi(a) * st->v[TREND];
	error = a * (value - st->v[LEVEL] - step);
	st->v[LEVEL] += step + error;
	st->v[TREND] = step + a / 2 * error;
}

/* x^n by squaring: a few multiplications where pow() is a few tens of ns. */
static double power(double x, unsigned int n)
{
	double y = 1;

	for (; n; n >>= 1, x *= x)
		if (n & 1)
			y *= x;
	return y;
}

static double trend_point(const struct predict_expert_state *st, double a,
			  unsigned int h)
{
	double phi = trend_phi(a);

	return st->v[LEVEL] +
	       st->v[TREND] * phi * (1 - power(phi, h)) / (1 - phi);
}

const struct predict_expert_ops predict_trend_ops = {
	.update = trend_update,
	.point = trend_point,
};
