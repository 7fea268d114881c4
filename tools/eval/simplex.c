// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Pairwise Frank-Wolfe: weight moves from the expert whose gradient is largest
 * to the one whose is smallest, as far as is best on that line. With g the
 * gradient, A the square form and d the difference of the two unit vectors,
 *
 *	gap = g . w - min(g) >= loss(w) - loss(best),	step = -g . d / 2 d'Ad
 *
 * Example: f = (0, 1), outcomes 0, 0, 0, 1: the loss of w = (1 - x, x) is
 * 3 x^2 + (1 - x)^2, least at x = 1/4, where g = (0, 0) up to a constant.
 */
#include "simplex.h"

#define ROUNDS	100000
#define GAP	1e-9		/* of the loss */

void simplex_add(struct simplex_form *form, double scale, double target,
		 const double *f)
{
	for (unsigned int i = 0; i < form->n; i++) {
		for (unsigned int j = 0; j < form->n; j++)
			form->square[i][j] += scale * f[i] * f[j];
		form->linear[i] += scale * target * f[i];
	}
	form->constant += scale * target * target;
}

static void gradient(const struct simplex_form *form, const double *w,
		     double *g)
{
	for (unsigned int i = 0; i < form->n; i++) {
		g[i] = -2 * form->linear[i];
		for (unsigned int j = 0; j < form->n; j++)
			g[i] += 2 * form->square[i][j] * w[j];
	}
}

double simplex_loss(const struct simplex_form *form, const double *w)
{
	double g[SIMPLEX_MAX], sum = form->constant;

	gradient(form, w, g);
	for (unsigned int i = 0; i < form->n; i++)
		sum += w[i] * (g[i] / 2 - form->linear[i]);
	return sum;
}

/* Takes weight from one expert, gives it to another; returns the gap before. */
static double move(const struct simplex_form *form, double *w)
{
	unsigned int from = form->n, to = 0;
	double g[SIMPLEX_MAX], gap = 0, curve, step;

	gradient(form, w, g);
	for (unsigned int i = 0; i < form->n; i++) {
		if (w[i] > 0 && (from == form->n || g[i] > g[from]))
			from = i;
		if (g[i] < g[to])
			to = i;
		gap += w[i] * g[i];
	}
	gap -= g[to];
	curve = form->square[from][from] + form->square[to][to] -
		2 * form->square[from][to];
	step = (g[from] - g[to]) / 2;
	step = curve > 0 && step < curve * w[from] ? step / curve : w[from];
	w[from] -= step;
	w[to] += step;
	return gap;
}

double simplex_minimise(const struct simplex_form *form, double *w)
{
	double gap = 0;

	for (unsigned int i = 0; i < form->n; i++)
		w[i] = 1.0 / form->n;
	for (int round = 0; round < ROUNDS; round++) {
		gap = move(form, w);
		if (gap <= GAP * form->constant)
			break;
	}
	return gap;
}
