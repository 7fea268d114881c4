// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reversion to a mean: a first-order autoregression, AR(1).
 *
 *	mean' = mean + a (value - mean),	d = value - mean'
 *	rho = sum d d_before / sum d_before^2,	0 <= rho <= 1
 *	forecast(h) = mean' + rho^h d
 *
 * with both sums discounted by 1 - a. Assumption: the load strays from its
 * usual level and comes back, a share 1 - rho each step; rho = 1 is naive,
 * rho = 0 the mean. A negative rho, as of alternating values, is taken as 0:
 * that is a period, for the recurrence expert.
 *
 * Example: mean 100, rho 0.9, value 150: forecast(1) = 145, (10) = 117.4,
 * (60) = 100.1.
 */
#include "predict/expert.h"

enum { MEAN, DEVIATION, PRODUCT, SQUARE, COUNT };

static void revert_update(struct predict_expert_state *st, double alpha,
			  double value)
{
	double a, d;

	st->v[COUNT] += 1;
	a = 1 / st->v[COUNT];
	if (a < alpha)
		a = alpha;
	st->v[MEAN] += a * (value - st->v[MEAN]);
	d = value - st->v[MEAN];
	st->v[PRODUCT] += a * (d * st->v[DEVIATION] - st->v[PRODUCT]);
	st->v[SQUARE] += a * (st->v[DEVIATION] * st->v[DEVIATION] -
			      st->v[SQUARE]);
	st->v[DEVIATION] = d;
}

static double revert_point(const struct predict_expert_state *st, double alpha,
			   unsigned int h)
{
	double rho = 0, d = st->v[DEVIATION];

	(void)alpha;
	if (st->v[SQUARE] > 0)
		rho = st->v[PRODUCT] / st->v[SQUARE];
	if (!(rho > 0))
		return st->v[MEAN];
	if (rho > 1)
		rho = 1;
	return st->v[MEAN] + predict_power(rho, h) * d;
}

const struct predict_expert_ops predict_revert_ops = {
	.update = revert_update,
	.point = revert_point,
};
