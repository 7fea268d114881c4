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
 * @score: normal scores of the window's values; @known: 0 where the value was
 *	missing, else 1; @outcome: both multiplied. 0 up to 16 past the end.
 * @regressor: of each moment, times its weight in the regression.
 * @root: the regressors' mean products, plus the ridge, as a lower triangle
 *	times its transpose.
 * @now: @root's inverse times the regressors now.
 * @square: mean square of the scores.
 * @age: weight of a value by its age alone, the newest 1.
 */
struct predict_copula {
	float score[PREDICT_HISTORY + 16], outcome[PREDICT_HISTORY + 16];
	float known[PREDICT_HISTORY + 16], age[PREDICT_HISTORY + 16];
	float regressor[PREDICT_REGRESSORS][PREDICT_HISTORY];
	double root[PREDICT_REGRESSORS][PREDICT_REGRESSORS];
	double now[PREDICT_REGRESSORS];
	double square;
};

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
