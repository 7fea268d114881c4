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

/* Two at once; any alignment. */
typedef double d2 __attribute__((vector_size(16), aligned(8), may_alias));
typedef long l2 __attribute__((vector_size(16), aligned(8), may_alias));

#define KEEP	0.99
#define POINTS	32

/* Normal quantiles at (i + 1/2) / 32, the upper half. */
static const float normal[POINTS / 2] = {
	0.03918f, 0.11777f, 0.19710f, 0.27769f, 0.36013f, 0.44510f,
	0.53341f, 0.62610f, 0.72451f, 0.83051f, 0.94678f, 1.07752f,
	1.22986f, 1.41780f, 1.67594f, 2.15387f
};

/* Discounted sums over the steps, of every second step each: two chains. */
struct sums {
	d2 square, noise, still, count;
};

/* Weights of steps by age, the oldest first. */
static double faded[PREDICT_HISTORY];

PREDICT_AT_START
static void fill_faded(void)
{
	double age = 1;

	_Static_assert(PREDICT_HISTORY % 2 == 0, "filled by two");
	for (int i = PREDICT_HISTORY; i; i -= 2, age *= KEEP * KEEP) {
		faded[i - 1] = age;
		faded[i - 2] = age * KEEP;
	}
}

static inline d2 both(const float *x)
{
	return (d2){ x[0], x[1] };
}

/* The steps to @i and to @i + 1. */
static inline void add(struct sums *s, const struct predict_history *h,
		       unsigned int i, d2 weight)
{
	d2 d = both(h->state + i) - both(h->state + i - 1);
	d2 e = both(h->value + i) - both(h->state + i);

	s->square += weight * d * d;
	s->noise += weight * e * e;
	s->still += (d2)((l2)weight & (d == 0));
	s->count += weight;
}

PREDICT_HOT
void predict_walk_learn(const struct predict_history *h,
			struct predict_walk *w)
{
	const double *age = faded + PREDICT_HISTORY - h->n;
	struct sums s = { 0 };
	double square, noise, still, count;
	unsigned int i = h->n;

	for (; i > 2; i -= 2)
		add(&s, h, i - 2, *(const d2 *)(age + i - 2));
	if (i == 2) {
		double d = (double)h->state[1] - h->state[0];
		double e = (double)h->value[1] - h->state[1];

		s.square[1] += age[1] * d * d;
		s.noise[1] += age[1] * e * e;
		s.still[1] += d == 0 ? age[1] : 0;
		s.count[1] += age[1];
	}
	square = s.square[1] + s.square[0];
	noise = s.noise[1] + s.noise[0];
	still = s.still[1] + s.still[0];
	count = s.count[1] + s.count[0];
	w->step = count > 0 ? square / count : 0;
	w->noise = count > 0 ? noise / count : 0;
	/* With noise on top it is nowhere just so. */
	w->still = count > 0 && !(noise > 0) ? still / count : 0;
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
