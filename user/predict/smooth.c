// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * All exponential smoothing of a step, in one loop: of the levels that distances are
 * measured by (history.c), of ETS's models (ets.c), and of the scores that the copula
 * looks at (copula.c). Each has to wait for its last value, ten cycles and more for a
 * few instructions: beside each other they wait only once.
 *
 * The window is smoothed anew each step, from its oldest value on: so nothing is kept,
 * and what was long ago is really forgotten.
 */
#include "predict/bell.h"
#include "predict/smooth.h"

#define PHI	PREDICT_ETS_PHI
#define KEEP	0.99f	/* of the models' errors */
#define MODELS	4
#define EARLY	34	/* steps: 1 / alpha of the slowest, rounded up */

/* Of the levels (the last one is not used), the scores and ETS's models. */
static const v4 alpha_levels = { 0.3f, 0.1f, 0.03f, 1 };
static const v4 alpha_scores = { 0.5f, 0.2f, 0.08f, 0.03f };
static const v4 alpha_ets = { 0.1f, 0.3f, 1, 0.3f };
static const v4 beta_ets = { 0, 0, 0, 0.1f };

struct chains {
	v4 levels, scores;
	v4 level, trend, loss;	/* of ETS's models */
};

/* The mean of all so far, until that is slower. */
static inline v4 early(v4 alpha, unsigned int i)
{
	v4 start = (v4){ 0 } + 1 / (float)(i + 1);
	m4 first = start > alpha;

	return (v4)(((m4)start & first) | ((m4)alpha & ~first));
}

static inline void advance(struct chains *s, const struct predict_history *h,
			   const struct predict_copula *c, unsigned int i,
			   v4 levels, v4 scores, v4 rate)
{
	v4 foreseen = s->level + PHI * s->trend;
	v4 error = h->state[i] - foreseen;

	s->levels += levels * (h->state[i] - s->levels);
	s->scores += scores * (c->score[i] - s->scores);
	/* A missing value is just what was foreseen. */
	rate *= h->there[i];
	s->loss = KEEP * s->loss + h->there[i] * predict_magnitude4(error);
	s->level = foreseen + rate * error;
	s->trend = PHI * s->trend + rate * beta_ets * error;
}

static int least(v4 loss)
{
	int best = 0;

	for (int k = 1; k < MODELS; k++)
		if (loss[k] < loss[best])
			best = k;
	return best;
}

PREDICT_HOT
void predict_smooth(struct predict_history *h, struct predict_copula *c,
		    struct predict_ets *e)
{
	v4 level[PREDICT_HISTORY], trend[PREDICT_HISTORY];
	struct chains s = { 0 };
	int best;

	s.levels += h->state[0];
	s.level += h->state[0];
	for (unsigned int i = 0; i < h->n; i++) {
		if (i < EARLY)
			advance(&s, h, c, i, early(alpha_levels, i),
				early(alpha_scores, i), early(alpha_ets, i));
		else
			advance(&s, h, c, i, alpha_levels, alpha_scores,
				alpha_ets);
		h->level[i] = s.levels[0];
		h->slow[i] = s.levels[1];
		c->level[i] = s.scores;
		level[i] = s.level;
		trend[i] = s.trend;
	}
	h->base = s.levels[2];
	best = least(s.loss);
	for (unsigned int i = 0; i < h->n; i++) {
		e->level[i] = level[i][best];
		e->trend[i] = trend[i][best];
	}
}
