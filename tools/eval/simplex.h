/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The best fixed convex mix in hindsight, for squared loss: a sum of
 *
 *	s (a - w . f)^2 = w' (s f f') w - 2 (s a f) . w + s a^2
 *
 * over any number of outcomes is one quadratic form of the weights w, so
 * nothing but that form has to be kept.
 */
#ifndef EVAL_SIMPLEX_H
#define EVAL_SIMPLEX_H

#define SIMPLEX_MAX	16	/* weights */

struct simplex_form {
	unsigned int n;
	double square[SIMPLEX_MAX][SIMPLEX_MAX], linear[SIMPLEX_MAX], constant;
};

/* Adds @scale (@target - w . @f)^2; @f has form->n values. */
void simplex_add(struct simplex_form *form, double scale, double target,
		 const double *f);
/* The sum of all that was added, at @w. */
double simplex_loss(const struct simplex_form *form, const double *w);
/*
 * The weights, none negative and of sum 1, where the sum is least. Returns the
 * duality gap: no others have a sum that is less by more than that.
 */
double simplex_minimise(const struct simplex_form *form, double *w);

#endif /* EVAL_SIMPLEX_H */
