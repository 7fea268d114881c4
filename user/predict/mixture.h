/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All experts as one distribution. */
#ifndef PREDICT_MIXTURE_H
#define PREDICT_MIXTURE_H

#include <stdbool.h>
#include <stdint.h>

#include "predict/copula.h"
#include "predict/expert.h"
#include "predict/grid.h"
#include "predict/place.h"
#include "predict/predict.h"
#include "predict/recall.h"

/* So many probabilities share a pass over the experts' weights. */
#define PREDICT_GROUP		3
#define PREDICT_PROBS_ROOM	((PREDICT_PROBS_MAX + PREDICT_GROUP - 1) / \
				 PREDICT_GROUP * PREDICT_GROUP)

/* Shares are written four at a time, past the window's end. */
#define PREDICT_FIRST_ITEM	(PREDICT_HISTORY + 8)

/* A probability as a byte: in units of 1/254; 255: the expert sleeps. */
#define PREDICT_UNIT	254.0f
#define PREDICT_ASLEEP	255

/*
 * What all horizons of a step share: scratch, not kept.
 *
 * @copula: what that expert knows of all horizons.
 * @past: the longer past; @recall, @moves: moments there like now.
 * @window: the window's values in order, from the places h->sorted.
 * @weight: of each moment, for some of them in @room.
 */
struct predict_step {
	struct predict_history history;
	const struct predict_ring *past;
	struct predict_recall recall, moves;
	struct predict_ordered window;
	struct predict_walk walk;
	struct predict_ets ets;
	const float *weight[PREDICT_ANALOG_EXPERTS];
	float room[PREDICT_ANALOG_EXPERTS][PREDICT_HISTORY + 16];
	struct predict_copula copula;
};

/*
 * All experts for one horizon of a step: scratch, not kept.
 *
 * @weight: of each history expert and moment; @copula: of the last of them.
 * @lead: steps from a moment to its outcome; @moments: with an outcome.
 * @places: the samples of the change experts that have any weight, and of
 *	recurrence, each in its gap of the window.
 * @share: weight of each sample per probability, of sum 1: the window's values
 *	as they are there, from PREDICT_FIRST_ITEM on those of @places.
 * @loose: the same, summed for each gap.
 * @w: weight of each expert per probability, of sum 1; the caller's.
 * @total: sum of the experts' weights, 0 for one that sleeps.
 * @change: the change experts' lists; @used: those in @places.
 * @asked, @found: the last quantile of each share, where that is the same still.
 */
struct predict_mixture {
	unsigned int lead, moments;
	const float *weight[PREDICT_HISTORY_EXPERTS];
	float copula[PREDICT_HISTORY + 16];
	struct predict_places places;
	float share[PREDICT_PROBS_ROOM][PREDICT_FIRST_ITEM + PREDICT_ITEMS];
	float loose[PREDICT_PROBS_ROOM][PREDICT_HISTORY + 1];
	float w[PREDICT_PROBS_ROOM][PREDICT_EXPERTS];
	float total[PREDICT_EXPERTS];
	struct predict_changes change[PREDICT_CHANGE_EXPERTS];
	bool used[PREDICT_CHANGE_EXPERTS];
	float asked[PREDICT_PROBS_ROOM], found[PREDICT_PROBS_ROOM];
};

/*
 * Fills in all of @step but its history, from that and from @past; the longest
 * horizon is @longest.
 */
void predict_step_fill(struct predict_step *step,
		       const struct predict_ring *past, unsigned int longest);

/*
 * The samples of all experts but recurrence, @steps ahead, and who sleeps; of a
 * history of two values or more.
 */
void predict_mixture_collect(struct predict_mixture *m,
			     const struct predict_step *step,
			     unsigned int steps);
/* From the experts' weights, @m->w, all samples and the share of each. */
void predict_mixture_share(struct predict_mixture *m,
			   const struct predict_step *step,
			   unsigned int nprobs);
/* Mixes in @n samples of the recurrence expert, of weight @w. */
void predict_mixture_add(struct predict_mixture *m,
			 const struct predict_step *step, unsigned int nprobs,
			 const struct predict_sample *recur, unsigned int n,
			 float w);

/* The least value where the cumulated @k-th share reaches @p. */
float predict_mixture_find(struct predict_mixture *m,
			   const struct predict_step *step, unsigned int k,
			   float p);
/*
 * By the @k-th share, what is beyond @q at the low end, or at the @top, and what is
 * just there. Returns the next value inward, infinite if there is none.
 */
float predict_mixture_end(const struct predict_mixture *m,
			  const struct predict_step *step, unsigned int k,
			  bool top, float q, float *beyond, float *there);
/* The mean by the @k-th weights, without recurrence. */
double predict_mixture_mean(const struct predict_mixture *m,
			    const struct predict_step *step, unsigned int k);
/*
 * How likely does each expert hold a value up to @q[k]? To
 * @said[k][PREDICT_EXPERTS], but for those that sleep; half of @q's own
 * probability counts.
 */
void predict_mixture_ask(const struct predict_mixture *m,
			 const struct predict_step *step, const float *q,
			 unsigned int n, unsigned char *said);

#endif /* PREDICT_MIXTURE_H */
