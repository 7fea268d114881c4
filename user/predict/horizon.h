/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One horizon of a series: forecasts under way, their losses, the mixture. */
#ifndef PREDICT_HORIZON_H
#define PREDICT_HORIZON_H

#include <stdint.h>

#include "predict/expert.h"
#include "predict/grid.h"
#include "predict/pool.h"
#include "predict/predict.h"

#define PREDICT_ERRORS		128	/* residuals kept a horizon */

/* The distributions whose quantiles wait for their outcome. */
enum predict_dist {
	PREDICT_SMOOTH,		/* point mixture + its residuals */
	PREDICT_VALUES,		/* the window of recent values */
	PREDICT_FINAL,
	PREDICT_DISTS
};

/* What all horizons of a series have in common; constant after _new(). */
struct predict_setup {
	double probs[PREDICT_PROBS_MAX];
	unsigned int nprobs;
	double lower, upper;
	int only;		/* an expert's index, or -1 for all */
};

/* predict_setup.only beyond the point experts */
#define PREDICT_ONLY_VALUES	PREDICT_EXPERTS
#define PREDICT_ONLY_RECUR	(PREDICT_EXPERTS + 1)

/*
 * @points, @mix, @q: what was forecast in the last @steps steps, rings
 *	indexed by time modulo @steps: [steps][PREDICT_EXPERTS], [steps],
 *	[steps][PREDICT_DISTS][nprobs]; @share: the share of "smooth" then.
 * @loss, @dist_loss: discounted losses of points and of distributions.
 * @naive_error: discounted mean absolute error of naive.
 * @log_width: logarithm of the stretch that brought the coverage.
 * @own, @naive, @inside, @weight: discounted sums for predict_score.
 * @out_*: the current forecast.
 */
struct predict_horizon {
	unsigned int steps;
	float *points, *mix, *share, *q;
	struct predict_pool errors;
	double loss[PREDICT_EXPERTS];
	double dist_loss[PREDICT_DISTS];
	double naive_error;
	double log_width;
	double own, naive, inside, weight;
	uint64_t scored;
	double out_mean, out_q[PREDICT_PROBS_MAX], out_recurrence;
};

/* Floats of room for a horizon of @steps. */
size_t predict_horizon_room(unsigned int steps, unsigned int nprobs);
void predict_horizon_init(struct predict_horizon *h, float *room,
			  unsigned int steps);

/*
 * The outcome @value at time @now, for the forecast of @steps ago. Returns
 * the loss of all but recurrence, what that is compared with.
 */
double predict_horizon_score(struct predict_horizon *h,
			     const struct predict_setup *setup, uint64_t now,
			     double value);

/*
 * Forecasts from the experts' states, the @values grid of recent values, and
 * @nrecur samples of the recurrence expert with weight @recurrence.
 */
void predict_horizon_forecast(struct predict_horizon *h,
			      const struct predict_setup *setup, uint64_t now,
			      const struct predict_expert_state *states,
			      const double *values,
			      const struct predict_sample *recur,
			      unsigned int nrecur, double recurrence);

#endif /* PREDICT_HORIZON_H */
