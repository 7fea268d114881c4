/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Distributions as short lists of weighted values. */
#ifndef PREDICT_GRID_H
#define PREDICT_GRID_H

struct predict_sample {
	double value, weight;
};

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

#endif /* PREDICT_GRID_H */
