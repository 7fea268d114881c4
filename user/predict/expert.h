/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A point expert: small state, one value in, one point per horizon out.
 *
 * What all experts may rely on: values are finite and at most
 * PREDICT_VALUE_MAX in magnitude, update() comes before point(), h >= 1. What
 * they must give: a finite point; the caller clamps it.
 */
#ifndef PREDICT_EXPERT_H
#define PREDICT_EXPERT_H

#include <stddef.h>

/* Room for the state of any expert. */
struct predict_expert_state {
	double v[5];
};

struct predict_expert_ops {
	void (*update)(struct predict_expert_state *st, double param,
		       double value);
	double (*point)(const struct predict_expert_state *st, double param,
			unsigned int h);
};

struct predict_expert {
	const char *name;
	const struct predict_expert_ops *ops;
	double param;
};

#define PREDICT_EXPERTS		10

extern const struct predict_expert predict_experts[PREDICT_EXPERTS];

/* x^n by squaring: a few multiplications where pow() is a few tens of ns. */
static inline double predict_power(double x, unsigned int n)
{
	double y = 1;

	for (; n; n >>= 1, x *= x)
		if (n & 1)
			y *= x;
	return y;
}

extern const struct predict_expert_ops predict_level_ops;
extern const struct predict_expert_ops predict_trend_ops;
extern const struct predict_expert_ops predict_revert_ops;

#endif /* PREDICT_EXPERT_H */
