// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Holt's linear trend, damped (Gardner and McKenzie 1985).
 *
 *	level'	= level + phi trend + a (value - level - phi trend)
 *	trend'	= phi trend + a / 2 (level' - level - phi trend)
 *	forecast(h) = level' + (phi + phi^2 + ... + phi^h) trend'
 *
 * with phi = 0.995 - 0.05 a: a quick expert also stops believing
 * in its trend sooner. Assumption: a ramp goes on for a while and then ends;
 * the damping bounds what it can add to phi / (1 - phi) steps of the trend,
 * 32 for a = 0.5.
 *
 * Example, a = 0.5, phi = 0.97: level 100, trend 10, value 120 gives level
 * 100 + 9.7 + 0.5 x 10.3 = 114.85, trend 9.7 + 0.25 x 5.15 = 10.99,
 * forecast(2) = 114.85 + (0.97 + 0.9409) x 10.99 = 135.8.
 */
#include "predict/expert.h"

enum { LEVEL, TREND, STARTED };

static double trend_phi(double a)
{
	return 0.995 - 0.05 * a;
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

static double trend_point(const struct predict_expert_state *st, double a,
			  unsigned int h)
{
	double phi = trend_phi(a);

	return st->v[LEVEL] +
	       st->v[TREND] * phi * (1 - predict_power(phi, h)) / (1 - phi);
}

const struct predict_expert_ops predict_trend_ops = {
	.update = trend_update,
	.point = trend_point,
};
