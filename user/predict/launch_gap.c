// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Renewal: what the last times between starts say of the next.
 *
 * Each of the last 48 gaps g, newer ones with more weight, is a logistic
 * distribution around g. How wide is not assumed: widths of 0.1, 1, 8 and 40 %
 * of g (0.3 s at least) are tried side by side, together with "none of them,
 * the constant rate". Each has a weight: how often, lately, it gave a new gap
 * its probability.
 *
 * Example: a job every 600 +- 5 s. 1 % is 6 s; after a few gaps that width has
 * nearly all of the weight. 590 s after the last start, the next 10 s hold
 * some 0.35 of the probability that is left.
 */
#include <math.h>

#include "predict/launch_model.h"

#define NEWER		0.97
#define WEIGHT_KEEP	0.97
#define NARROW_S	0.3
#define LEAST		1e-12

static const double width[LAUNCH_WIDTHS - 1] = { 0.001, 0.01, 0.08, 0.4 };

void launch_gap_init(struct launch *l)
{
	for (int i = 0; i < LAUNCH_WIDTHS; i++)
		l->width[i] = 0.3;
}

static int gaps(const struct launch *l)
{
	return l->nr_gaps < LAUNCH_GAPS ? l->nr_gaps : LAUNCH_GAPS;
}

/* Probability of a gap longer than @age by each width. */
static void survival(const struct launch *l, double age, double *s)
{
	double weight = 1, sum = 0, d;

	s[LAUNCH_WIDTHS - 1] = exp(-launch_rate_base(l) * age);
	for (int w = 0; w < LAUNCH_WIDTHS - 1; w++)
		s[w] = 0;
	for (int i = 0; i < gaps(l); i++) {
		double g = l->gap[(l->nr_gaps - 1 - i) % LAUNCH_GAPS];

		for (int w = 0; w < LAUNCH_WIDTHS - 1; w++) {
			/* of a logistic of that standard deviation */
			d = (age - g) / (0.5513 * (NARROW_S + width[w] * g));
			if (d < 30)
				s[w] += d < -30 ? weight :
						  weight / (1 + exp(d));
		}
		sum += weight;
		weight *= NEWER;
	}
	for (int w = 0; w < LAUNCH_WIDTHS - 1; w++)
		s[w] = sum > 0 ? s[w] / sum : s[LAUNCH_WIDTHS - 1];
}

static double mixed(const struct launch *l, double age)
{
	double s[LAUNCH_WIDTHS], sum = 0, all = 0;

	survival(l, age, s);
	for (int w = 0; w < LAUNCH_WIDTHS; w++) {
		sum += l->width[w] * s[w];
		all += l->width[w];
	}
	return launch_clip(sum / all, LEAST, 1);
}

double launch_gap_hazard(const struct launch *l, double from_age,
			 double to_age)
{
	double before = mixed(l, from_age), after = mixed(l, to_age);

	/* far beyond all that was seen */
	if (before <= LEAST)
		return launch_rate_base(l) * (to_age - from_age);
	return fmax(0, log(before / after));
}

void launch_gap_add(struct launch *l, double gap)
{
	double below[LAUNCH_WIDTHS], above[LAUNCH_WIDTHS], p[LAUNCH_WIDTHS];
	double sum = 0;

	survival(l, fmax(0, gap - 0.5), above);
	survival(l, gap + 0.5, below);
	for (int w = 0; w < LAUNCH_WIDTHS; w++) {
		p[w] = l->width[w] * fmax(above[w] - below[w], 1e-9);
		sum += p[w];
	}
	for (int w = 0; w < LAUNCH_WIDTHS && l->nr_gaps; w++)
		l->width[w] = WEIGHT_KEEP * l->width[w] + p[w] / sum + 0.002;
	l->gap[l->nr_gaps % LAUNCH_GAPS] = gap;
	l->nr_gaps++;
	if (l->nr_gaps == 3 * LAUNCH_GAPS)	/* it never overflows */
		l->nr_gaps -= LAUNCH_GAPS;
}

int launch_gap_candidates(const struct launch *l, double span, double *at,
			  int max)
{
	int stored = 0;

	for (int i = 0; i < gaps(l) && i < max; i++) {
		double g = l->gap[(l->nr_gaps - 1 - i) % LAUNCH_GAPS];

		if (g < span)
			at[stored++] = l->last + g;
	}
	return stored;
}
