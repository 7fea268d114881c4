/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The effect of treatment against control, with its uncertainty. Pure.
 *
 * Welch's t interval for the difference of two means: it assumes neither equal
 * variances nor equal sizes, and observations that know nothing of each other,
 * which slices of time do, once their beginnings are left out.
 */
#ifndef PLAN_AB_H
#define PLAN_AB_H

#include <stdbool.h>

/* Observations of one group: number, mean, sum of squares around it. */
struct ab_group {
	unsigned int count;
	double mean, squares;
};

/* Welford's update. NaN and infinities are left out. */
void ab_add(struct ab_group *group, double value);

/*
 * @difference: treatment less control, in the unit of the observations.
 * @low, @high: its 95 % interval.
 * @known: false where a group has less than two: there is no interval then.
 */
struct ab_effect {
	double difference, low, high;
	bool known;
};

struct ab_effect ab_effect(const struct ab_group *control,
			   const struct ab_group *treatment);

/* Student's t: the quantile 0.975 for @freedom degrees, at least 1. */
double ab_t975(double freedom);

#endif /* PLAN_AB_H */
