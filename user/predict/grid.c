// SPDX-License-Identifier: LGPL-2.1-or-later
#include <math.h>

#include "predict/grid.h"

void predict_samples_quantiles(const struct predict_sample *s, unsigned int n,
			       const double *probs, unsigned int nprobs,
			       double *q)
{
	double total = 0, before = 0, mid = 0, last = 0;
	unsigned int k = 0;

	for (unsigned int i = 0; i < n; i++)
		total += s[i].weight;
	for (unsigned int i = 0; i < n && k < nprobs; i++) {
		last = mid;
		mid = before + s[i].weight / 2;
		before += s[i].weight;
		for (; k < nprobs && probs[k] * total <= mid; k++) {
			q[k] = s[i].value;
			if (i && mid > last)
				q[k] -= (s[i].value - s[i - 1].value) *
					(mid - probs[k] * total) /
					(mid - last);
			/* 1e30 - (1e30 - 1) is 0: rounding must not unsort. */
			if (i && q[k] < s[i - 1].value)
				q[k] = s[i - 1].value;
			if (k && q[k] < q[k - 1])
				q[k] = q[k - 1];
		}
	}
	while (k < nprobs)
		q[k++] = s[n - 1].value;
}

double predict_pinball(const float *q, const double *probs,
		       unsigned int nprobs, double y)
{
	double sum = 0;

	for (unsigned int k = 0; k < nprobs; k++) {
		double d = y - q[k];

		sum += d > 0 ? probs[k] * d : (probs[k] - 1) * d;
	}
	return 2 * sum / nprobs;
}

double predict_loss_ratio(double own, double other)
{
	const double most = 1000;

	if (other > 0)
		return fmin(own / other, most);
	return own > 0 ? most : 1;
}
