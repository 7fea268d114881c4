// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * A random walk with normal steps: naive, with the spread that it should have.
 *
 *	now + z sqrt(h var(step) + var(noise)),	z normal
 *
 * var(step) being the mean square of state(i) - state(i - 1) and var(noise)
 * that of value(i) - state(i), with a memory of 100 steps. Assumption: steps
 * are independent and many small ones add up. Where that is so, it knows the
 * spread h steps ahead from all single steps, where ets.c has but a few
 * changes over h steps that do not overlap: it is what keeps the mixture from
 * being worse than naive.
 *
 * Where steps are often 0 it stays just where it is with the probability
 * still^h, still being the share of such steps, and what moves has all of the
 * variance: a long 0 is not blurred by a walk around it.
 *
 * Example: steps of +-2, h = 9: sd 6; from 100 on the 5 % quantile is 90.1.
 */
#include <math.h>

#include "predict/bell.h"
#include "predict/expert.h"

#define KEEP	0.99
#define POINTS	32

/* Normal quantiles at (i + 1/2) / 32, the upper half. */
static const float normal[POINTS / 2] = {
	0.03918f, 0.11777f, 0.19710f, 0.27769f, 0.36013f, 0.44510f,
	0.53341f, 0.62610f, 0.72451f, 0.83051f, 0.94678f, 1.07752f,
	1.22986f, 1.41780f, 1.67594f, 2.15387f
};

/* Discounted sums over the steps. */
struct sums {
	double square, noise, still, count;
};

static inline void add(struct sums *s, const struct predict_history *h,
		       unsigned int i, double weight)
{
	double d = (double)h->state[i] - h->state[i - 1];
	double e = (double)h->value[i] - h->state[i];

	s->square += weight * d * d;
	s->noise += weight * e * e;
	s->still += d == 0 ? weight : 0;
	s->count += weight;
}

PREDICT_HOT
void predict_walk_learn(const struct predict_history *h,
			struct predict_walk *w)
{
	/* Every second step each: in one sum each step waits for the last. */
	struct sums a = { 0 }, b = { 0 };
	double age = 1;
	unsigned int i = h->n;

	for (; i > 2; i -= 2, age *= KEEP * KEEP) {
		add(&a, h, i - 1, age);
		add(&b, h, i - 2, age * KEEP);
	}
	if (i == 2)
		add(&a, h, 1, age);
	a.square += b.square;
	a.noise += b.noise;
	a.still += b.still;
	a.count += b.count;
	w->step = a.count > 0 ? a.square / a.count : 0;
	w->noise = a.count > 0 ? a.noise / a.count : 0;
	/* With noise on top it is nowhere just so. */
	w->still = a.count > 0 && !(a.noise > 0) ? a.still / a.count : 0;
}

PREDICT_HOT
void predict_walk_samples(const struct predict_walk *w, double now,
			  unsigned int steps, struct predict_changes *out)
{
	double stay = 1, sd;

	for (unsigned int i = 0; i < steps && stay > 1e-3; i++)
		stay *= w->still;
	sd = stay < 1 ? sqrt((steps * w->step + w->noise) / (1 - stay)) : 0;
	for (int i = 0; i < POINTS / 2; i++) {
		double d = sd * normal[i];

		out->value[POINTS / 2 - 1 - i] = (float)(now - d);
		out->value[POINTS / 2 + 1 + i] = (float)(now + d);
	}
	for (int i = 0; i <= POINTS; i++)
		out->weight[i] = (float)((1 - stay) / POINTS);
	out->value[POINTS / 2] = (float)now;
	out->weight[POINTS / 2] = (float)stay;
	out->n = POINTS + 1;
}
