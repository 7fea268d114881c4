/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Distributions as short lists of weighted values. */
#ifndef PREDICT_GRID_H
#define PREDICT_GRID_H

#include <math.h>

#include "predict/bell.h"

struct predict_sample {
	double value, weight;
};

/*
 * To @before, how many of @value come before each: those that are less, and of those
 * that are equal the earlier ones. Without a branch, as there is nothing to guess by. Both
 * have room for a multiple of four.
 */
static inline void predict_order(float *value, unsigned int n, int *before)
{
	static const m4 lane = { 0, 1, 2, 3 };

	for (unsigned int i = n; i % 4; i++)
		value[i] = INFINITY;
	for (unsigned int i = 0; i < n; i += 4) {
		v4 v = *(const v4 *)(value + i);
		m4 count = { 0 };

		for (unsigned int k = 0; k < i; k++)
			count -= value[k] <= v;
		for (int k = 0; k < 4; k++)
			count -= (value[i + k] < v) |
				 ((value[i + k] == v) & (k < lane));
		for (unsigned int k = i + 4; k < n; k++)
			count -= value[k] < v;
		*(m4 *)(before + i) = count;
	}
}

/*
 * Quantiles of @n >= 1 sorted samples at ascending @probs: each value stands
 * at the middle of its weight, straight lines between.
 *
 * Example: values 10, 20, 30 of weights 1, 2, 1 stand at 0.125, 0.5, 0.875;
 * the quantile at 0.25 is 10 + 10 x 0.125 / 0.375 = 13.3.
 */
void predict_samples_quantiles(const struct predict_sample *s, unsigned int n,
			       const double *probs, unsigned int nprobs,
			       double *q);

/*
 * The mean pinball loss, twice: 2 (p (y - q)+ + (1 - p) (q - y)+). For the
 * median alone it is the absolute error.
 */
double predict_pinball(const float *q, const double *probs,
		       unsigned int nprobs, double y);

/*
 * How much is lost beside another: below 1 less. 1 where both lose nothing; at most
 * 1000, as what stands still loses nothing by naive.
 */
double predict_loss_ratio(double own, double other);

#endif /* PREDICT_GRID_H */
