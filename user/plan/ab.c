// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>

#include "plan/ab.h"

void ab_add(struct ab_group *group, double value)
{
	double from_mean;

	if (!isfinite(value))
		return;
	from_mean = value - group->mean;
	group->mean += from_mean / ++group->count;
	group->squares += from_mean * (value - group->mean);
}

/*
 * Fisher's expansion around the normal quantile; right to 0.1 % from 5 degrees
 * on. Below, the exact values of whole degrees, rounded to the safe side.
 */
double ab_t975(double freedom)
{
	static const double few[] = { 12.7062, 4.3027, 3.1824, 2.7764 };
	const double z = 1.959963985, z3 = z * z * z, z5 = z3 * z * z,
		     z7 = z5 * z * z;
	double v = freedom;

	if (!(v >= 5))
		return few[v >= 1 ? (int)v - 1 : 0];
	return z + (z3 + z) / (4 * v) +
	       (5 * z5 + 16 * z3 + 3 * z) / (96 * v * v) +
	       (3 * z7 + 19 * z5 + 17 * z3 - 15 * z) / (384 * v * v * v);
}

struct ab_effect ab_effect(const struct ab_group *control,
			   const struct ab_group *treatment)
{
	struct ab_effect effect = {
		.difference = treatment->mean - control->mean,
		.known = control->count >= 2 && treatment->count >= 2,
	};
	double a, b, freedom, margin = 0;

	if (!effect.known)
		return effect;
	/* variances of the means */
	a = control->squares / (control->count - 1) / control->count;
	b = treatment->squares / (treatment->count - 1) / treatment->count;
	if (a + b > 0) {
		freedom = (a + b) * (a + b) /
			  (a * a / (control->count - 1) +
			   b * b / (treatment->count - 1));
		margin = ab_t975(freedom) * sqrt(a + b);
	}
	effect.low = effect.difference - margin;
	effect.high = effect.difference + margin;
	return effect;
}
