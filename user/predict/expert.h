/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The experts: each is a distribution for every horizon, made of weighted
 * values of the recent past.
 *
 * A history expert gives every moment i of the window a weight; its forecast
 * for h steps ahead is the values at i + h with these weights (analog.c). A
 * change expert moves them first (change.c), or draws its own (walk.c). None
 * has a state of its own: what it knows is in the window.
 */
#ifndef PREDICT_EXPERT_H
#define PREDICT_EXPERT_H

#include "predict/grid.h"
#include "predict/history.h"

#define PREDICT_HISTORY_EXPERTS	10
#define PREDICT_CHANGE_EXPERTS	3
#define PREDICT_EXPERTS	(PREDICT_HISTORY_EXPERTS + PREDICT_CHANGE_EXPERTS)
#define PREDICT_CHANGES		64	/* a multiple of 16 */

/* Sorted values and their weights, of sum 1. */
struct predict_changes {
	float value[PREDICT_CHANGES];
	float weight[PREDICT_CHANGES];
	unsigned int n;
};

/*
 * @keep: weight lost a step of age.
 * @by, @width: up to two measures of likeness and their bandwidths.
 * @level: for change experts: move by the change of the level, not of the
 *	value.
 * @changes: at most so many of them, up to PREDICT_CHANGES; 0: a walk.
 */
struct predict_expert {
	const char *name;
	float keep;
	enum predict_measure by[2];
	float width[2];
	int level;
	unsigned int changes;
};

/* First the history experts, then the change experts. */
extern const struct predict_expert predict_experts[PREDICT_EXPERTS];

/* Weight of each moment; 0 from h->n on up to PREDICT_HISTORY. */
void predict_analog_weigh(const struct predict_expert *e,
			  const struct predict_history *h, float *weight);

/*
 * The values of change expert @e, @steps ahead; none when the window is too
 * short, or all of it was missing.
 */
void predict_change_samples(const struct predict_expert *e,
			    const struct predict_history *h,
			    unsigned int steps, struct predict_changes *out);

/* The random walk (walk.c): variances of a step and of the noise on top. */
void predict_walk_learn(const struct predict_history *h, double *step,
			double *noise);
/* Its values, @var around @now. */
void predict_walk_samples(double now, double var, struct predict_changes *out);

#endif /* PREDICT_EXPERT_H */
