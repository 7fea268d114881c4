// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Simple exponential smoothing.
 *
 *	level' = level + a (value - level),	forecast(h) = level'
 *
 * with a = max(alpha, 1/n) for the n-th value, so that the first values are
 * averaged and the start does not linger. Assumption: the series is a level
 * that wanders, plus noise; the more it wanders, the larger the alpha that
 * fits. alpha = 1 is naive: the last value.
 *
 * Example, alpha 0.5: 10, 20, 40 gives levels 10, 15, 27.5; the forecast for
 * every horizon is 27.5.
 */
#include "predict/expert.h"

enum { LEVEL, COUNT };

static void level_update(struct predict_expert_state *st, double alpha,
			 double value)
{
	double a;

	st->v[COUNT] += 1;
	a = 1 / st->v[COUNT];
	if (a < alpha)
		a = alpha;
	st->v[LEVEL] += a * (value - st->v[LEVEL]);
}

static double level_point(const struct predict_expert_state *st, double alpha,
			  unsigned int h)
{
	(void)alpha;
	(void)h;
	return st->v[LEVEL];
}

const struct predict_expert_ops predict_level_ops = {
	.update = level_update,
	.point = level_point,
};
