/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The experts: each is a distribution for every horizon, made of weighted
 * values of the recent past.
 *
 * A history expert gives every moment i of the window a weight; its forecast
 * for h steps ahead is the values at i + h with these weights (analog.c,
 * copula.c). A change expert has a short list of samples: past values moved to
 * where it is now (ets.c), those of a longer past (recall.c), or of its own
 * (walk.c). None has a state of its own: what it knows is in the window and the
 * ring.
 */
#ifndef PREDICT_EXPERT_H
#define PREDICT_EXPERT_H

#include "predict/grid.h"
#include "predict/history.h"

#define PREDICT_ANALOG_EXPERTS	7
#define PREDICT_HISTORY_EXPERTS	(PREDICT_ANALOG_EXPERTS + 1)	/* the copula */
#define PREDICT_CHANGE_EXPERTS	4
#define PREDICT_EXPERTS	(PREDICT_HISTORY_EXPERTS + PREDICT_CHANGE_EXPERTS)
#define PREDICT_CHANGES		64	/* a multiple of 16 */

/* Values in any order, and their weights, of sum 1. */
struct predict_changes {
	float value[PREDICT_CHANGES];
	float weight[PREDICT_CHANGES];
	unsigned int n;
};

/* What a change expert's samples are made of. */
enum predict_kind {
	PREDICT_OF_ETS,		/* a level and its errors (ets.c) */
	PREDICT_OF_RECALL,	/* like moments of the longer past (recall.c) */
	PREDICT_OF_MOVES,	/* like moves there */
	PREDICT_OF_WALK,	/* none: a random walk (walk.c) */
};

/*
 * @prior: its weight in the mixture where losses are equal, relative to others.
 * @keep: weight lost a step of age; of the analogs.
 * @by, @width: up to two measures of likeness and their bandwidths.
 * @kind: of change experts; those use nothing else.
 */
struct predict_expert {
	const char *name;
	float prior;
	float keep;
	enum predict_measure by[2];
	float width[2];
	enum predict_kind kind;
};

/* First the analogs, then the copula, then the change experts. */
extern const struct predict_expert predict_experts[PREDICT_EXPERTS];

/*
 * Weight of each moment, 0 up to 16 past the end; in @room of PREDICT_HISTORY + 16, or
 * where it always is.
 */
const float *predict_analog_weigh(unsigned int expert,
				  const struct predict_history *h, float *room);

/* Exponential smoothing (ets.c, smooth.c): at each moment, of the model that is best. */
#define PREDICT_ETS_PHI	0.9f
struct predict_ets {
	float level[PREDICT_HISTORY], trend[PREDICT_HISTORY];
};

/* Its values, @steps ahead; none where all of the window was missing. */
void predict_ets_samples(const struct predict_ets *e,
			 const struct predict_history *h, unsigned int steps,
			 struct predict_changes *out);

/*
 * The random walk (walk.c).
 *
 * @step, @noise: variances of a step and of the noise on top.
 * @still: the share of steps that are 0.
 */
struct predict_walk {
	double step, noise, still;
};

void predict_walk_learn(const struct predict_history *h,
			struct predict_walk *w);
/* Its values, @steps from @now. */
void predict_walk_samples(const struct predict_walk *w, double now,
			  unsigned int steps, struct predict_changes *out);

#endif /* PREDICT_EXPERT_H */
