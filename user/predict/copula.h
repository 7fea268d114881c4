/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Regression between normal scores (copula.c). */
#ifndef PREDICT_COPULA_H
#define PREDICT_COPULA_H

#include "predict/bell.h"
#include "predict/history.h"

#define PREDICT_REGRESSORS	6	/* 1, the score, its four levels */

/*
 * Scratch of a step, what all horizons share.
 *
 * @score: normal scores of the window's values; @outcome: the same, 0 where the value
 *	was missing; @own: the exponent by which they are likely by themselves. 0 up to
 *	16 past the end.
 * @level: the score's four levels at each moment (smooth.c).
 * @regressor: of each moment, times its weight in the regression; four moments each,
 *	0 up to the end of the last four.
 * @root: the regressors' mean products, plus the ridge, as a lower triangle
 *	times its transpose.
 * @now: @root's inverse times the regressors now.
 * @square: mean square of the scores.
 * @age: weight of a value by its age alone, the newest 1; 0 past the end.
 */
struct predict_copula {
	float score[PREDICT_HISTORY + 16], outcome[PREDICT_HISTORY + 16];
	float own[PREDICT_HISTORY + 16];
	const float *age;
	v4 level[PREDICT_HISTORY];
	v4 regressor[PREDICT_HISTORY / 4][PREDICT_REGRESSORS];
	double root[PREDICT_REGRESSORS][PREDICT_REGRESSORS];
	double now[PREDICT_REGRESSORS];
	double square;
};

/* The scores; all else, from these and what is smoothed. */
void predict_copula_score(struct predict_copula *c,
			  const struct predict_history *h);
void predict_copula_fill(struct predict_copula *c,
			 const struct predict_history *h);
/*
 * The weight of each moment for outcomes @lead steps later, as
 * predict_analog_weigh().
 */
void predict_copula_weigh(const struct predict_copula *c,
			  const struct predict_history *h, unsigned int lead,
			  float *weight);

#endif /* PREDICT_COPULA_H */
