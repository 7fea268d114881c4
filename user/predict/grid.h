/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Distributions as short lists of weighted values.
 *
 * A grid is PREDICT_GRID equally likely values, ascending: the quantiles at
 * (i + 1/2) / PREDICT_GRID. A sample list is any few weighted values.
 */
#ifndef PREDICT_GRID_H
#define PREDICT_GRID_H

#include "predict/pool.h"

#define PREDICT_GRID		40

struct predict_sample {
	double value, weight;
};

/* @grid from the pool's values; @pool is not empty. */
void predict_grid_fill(double *grid, const struct predict_pool *pool);

/* Sorts by value; insertion, for n of a few tens and nearly sorted lists. */
void predict_samples_sort(struct predict_sample *s, unsigned int n);

/*
 * Merges two sorted lists into @out (room for na + nb), scaling the weights
 * by @wa and @wb: the mixture of the two distributions.
 */
void predict_samples_merge(const struct predict_sample *a, unsigned int na,
			   double wa, const struct predict_sample *b,
			   unsigned int nb, double wb,
			   struct predict_sample *out);

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

double predict_samples_mean(const struct predict_sample *s, unsigned int n);

/*
 * The mean pinball loss, twice: 2 (p (y - q)+ + (1 - p) (q - y)+). For the
 * median alone it is the absolute error.
 */
double predict_pinball(const float *q, const double *probs,
		       unsigned int nprobs, double y);

#endif /* PREDICT_GRID_H */
