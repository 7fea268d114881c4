// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From experts to one distribution, for one horizon.
 *
 * 1. Points. Each expert's point is weighted by w = (its discounted absolute
 *    error)^-8, relative to the best: an expert with 1.1 times the best's
 *    error gets 0.47 of its weight, with twice 0.004. m = sum w f / sum w.
 * 2. "Smooth": m plus the empirical distribution of the last 128 errors of m.
 * 3. "Values": the empirical distribution of the last 256 values. It beats
 *    (2) where a series jumps between a few levels and no point is right.
 *    Errors over h steps overlap, so 128 of them are worth fewer and cover too
 *    little: both (2) and (3) are stretched about their middle by e^s, where s
 *    goes up by 0.005 x (1 - a) for a value outside the final interval and
 *    down by 0.005 x a for one inside, a being the share that should be
 *    outside (0.1), within -0.3..0.5.
 * 4. "Rest": the quantiles of (2) and (3), averaged with weights of
 *    (discounted pinball loss)^-8. Averaging quantiles keeps the shape and
 *    the width; mixing the probabilities would cover more than is asked.
 * 5. The recurrence expert's distribution is mixed in with the weight that it
 *    earned (recur.c). Probabilities are mixed, not quantiles: between bursts
 *    "rest" knows of bursts at any time, and only mixing lets the 0.95
 *    quantile come down to what the recurrence expert knows.
 *
 * Example of 5: "rest" says 100 with probability 1/6, else 5, at all times;
 * recurrence, of weight 0.9, says 5 now. Then 100 has 0.1/6 = 1.7 %: q95 = 5.
 */
#include <math.h>
#include <string.h>

#include "predict/horizon.h"
#include "predict/recur.h"

#define POINT_KEEP	0.98
#define DIST_KEEP	0.98
#define WIDTH_STEP	0.005
#define WIDTH_MIN	-0.3
#define WIDTH_MAX	0.5
#define SCORE_KEEP	0.998

size_t predict_horizon_room(unsigned int steps, unsigned int nprobs)
{
	return PREDICT_POOL_ROOM(PREDICT_ERRORS) +
	       (size_t)steps * (PREDICT_EXPERTS + 2 + PREDICT_DISTS * nprobs);
}

void predict_horizon_init(struct predict_horizon *h, float *room,
			  unsigned int steps)
{
	memset(h, 0, sizeof(*h));
	h->steps = steps;
	predict_pool_init(&h->errors, room, PREDICT_ERRORS);
	h->points = room + PREDICT_POOL_ROOM(PREDICT_ERRORS);
	h->mix = h->points + (size_t)steps * PREDICT_EXPERTS;
	h->share = h->mix + steps;
	h->q = h->share + steps;
}

static void score_against_naive(struct predict_horizon *h,
				const struct predict_setup *setup,
				double last, double loss, bool inside,
				double value)
{
	float q[PREDICT_PROBS_MAX];

	/* Naive's errors are taken as Laplace distributed of their mean. */
	for (unsigned int k = 0; k < setup->nprobs; k++) {
		double p = setup->probs[k];
		double tail = h->naive_error * log(2 * fmin(p, 1 - p));

		q[k] = (float)fmin(fmax(last + (p < 0.5 ? tail : -tail),
					setup->lower), setup->upper);
	}
	h->naive = SCORE_KEEP * h->naive +
		   predict_pinball(q, setup->probs, setup->nprobs, value);
	h->log_width += WIDTH_STEP * ((inside ? 0 : 1) - setup->probs[0] -
				      (1 - setup->probs[setup->nprobs - 1]));
	h->log_width = fmin(fmax(h->log_width, WIDTH_MIN), WIDTH_MAX);
	h->own = SCORE_KEEP * h->own + loss;
	h->inside = SCORE_KEEP * h->inside + (inside ? 1 : 0);
	h->weight = SCORE_KEEP * h->weight + 1;
	h->scored++;
	h->naive_error += fmax(1 - DIST_KEEP, 1.0 / (double)h->scored) *
			  (fabs(value - last) - h->naive_error);
}

/* Step 4 for quantiles of the past; it commutes with taking quantiles. */
static void rest_quantiles(const float *q, double share, unsigned int n,
			   float *rest)
{
	const float *smooth = q + PREDICT_SMOOTH * n;
	const float *values = q + PREDICT_VALUES * n;

	for (unsigned int k = 0; k < n; k++)
		rest[k] = (float)(share * smooth[k] + (1 - share) * values[k]);
}

double predict_horizon_score(struct predict_horizon *h,
			     const struct predict_setup *setup, uint64_t now,
			     double value)
{
	unsigned int at = now % h->steps, n = setup->nprobs;
	const float *points = h->points + (size_t)at * PREDICT_EXPERTS;
	const float *q = h->q + (size_t)at * PREDICT_DISTS * n;
	const float *final = q + PREDICT_FINAL * n;
	double loss[PREDICT_DISTS];
	float rest[PREDICT_PROBS_MAX];

	for (int i = 0; i < PREDICT_EXPERTS; i++)
		h->loss[i] = POINT_KEEP * h->loss[i] + fabs(value - points[i]);
	for (int i = 0; i < PREDICT_DISTS; i++) {
		loss[i] = predict_pinball(q + i * n, setup->probs, n, value);
		h->dist_loss[i] = DIST_KEEP * h->dist_loss[i] + loss[i];
	}
	rest_quantiles(q, h->share[at], n, rest);
	/* A float of the same value must count as inside, rounded as it is. */
	score_against_naive(h, setup, points[0], loss[PREDICT_FINAL],
			    final[0] <= (float)value &&
			    (float)value <= final[n - 1], value);
	predict_pool_add(&h->errors, (float)(value - h->mix[at]));
	return predict_pinball(rest, setup->probs, n, value);
}

/* (best / loss)^8, and 1 for the best even where it is 0. */
static double loss_weight(double loss, double best)
{
	double r = loss > best ? best / loss : 1;

	r *= r;
	r *= r;
	return r * r;
}

static double mix_points(const struct predict_horizon *h, int only,
			 const float *points)
{
	double best = INFINITY, sum = 0, weight = 0;

	if (only >= 0 && only < PREDICT_EXPERTS)
		return points[only];
	for (int i = 0; i < PREDICT_EXPERTS; i++)
		best = fmin(best, h->loss[i]);
	for (int i = 0; i < PREDICT_EXPERTS; i++) {
		double w = loss_weight(h->loss[i], best);

		sum += w * points[i];
		weight += w;
	}
	return sum / weight;
}

static double clamped(const struct predict_setup *setup, double v)
{
	return fmin(fmax(v, setup->lower), setup->upper);
}

/* @grid moved by @by and stretched about its middle, within bounds. */
static void adjust(const struct predict_setup *setup, double *grid, double by,
		   double width)
{
	double middle = 0.5 * (grid[PREDICT_GRID / 2 - 1] +
			       grid[PREDICT_GRID / 2]);

	for (int i = 0; i < PREDICT_GRID; i++)
		grid[i] = clamped(setup, by + middle +
				  width * (grid[i] - middle));
}

static void smooth_grid(const struct predict_horizon *h,
			const struct predict_setup *setup, double mix,
			double width, double *grid)
{
	if (h->errors.used)
		predict_grid_fill(grid, &h->errors);
	else
		memset(grid, 0, PREDICT_GRID * sizeof(*grid));
	adjust(setup, grid, mix, width);
}

/* The share of "smooth" in "rest". */
static double smooth_share(const struct predict_horizon *h, int only)
{
	double a = h->dist_loss[PREDICT_SMOOTH];
	double b = h->dist_loss[PREDICT_VALUES];
	double wa, wb;

	if (only >= 0 && only < PREDICT_EXPERTS)
		return 1;
	if (only >= PREDICT_ONLY_VALUES)
		return 0;
	wa = loss_weight(a, fmin(a, b));
	wb = loss_weight(b, fmin(a, b));
	return wa / (wa + wb);
}

static void to_samples(const double *grid, struct predict_sample *out)
{
	for (int i = 0; i < PREDICT_GRID; i++)
		out[i] = (struct predict_sample){ grid[i], 1.0 / PREDICT_GRID };
}

static void keep(float *out, const struct predict_setup *setup,
		 const struct predict_sample *s, unsigned int n, double *q)
{
	predict_samples_quantiles(s, n, setup->probs, setup->nprobs, q);
	for (unsigned int k = 0; k < setup->nprobs; k++) {
		q[k] = clamped(setup, q[k]);
		out[k] = (float)q[k];
	}
}

static void forecast_points(struct predict_horizon *h, float *points,
			    const struct predict_expert_state *states)
{
	for (int i = 0; i < PREDICT_EXPERTS; i++) {
		const struct predict_expert *e = &predict_experts[i];

		points[i] = (float)e->ops->point(&states[i], e->param,
						 h->steps);
	}
}

void predict_horizon_forecast(struct predict_horizon *h,
			      const struct predict_setup *setup, uint64_t now,
			      const struct predict_expert_state *states,
			      const double *values,
			      const struct predict_sample *recur,
			      unsigned int nrecur, double recurrence)
{
	struct predict_sample all[PREDICT_GRID + PREDICT_RECUR_SAMPLES];
	unsigned int at = now % h->steps, n = setup->nprobs;
	float *points = h->points + (size_t)at * PREDICT_EXPERTS;
	float *q = h->q + (size_t)at * PREDICT_DISTS * n;
	struct predict_sample rest[PREDICT_GRID];
	double smooth[PREDICT_GRID], recent[PREDICT_GRID];
	double width = exp(h->log_width), mix, share;

	forecast_points(h, points, states);
	mix = clamped(setup, mix_points(h, setup->only, points));
	h->mix[at] = (float)mix;
	smooth_grid(h, setup, mix, width, smooth);
	to_samples(smooth, rest);
	keep(q + PREDICT_SMOOTH * n, setup, rest, PREDICT_GRID, h->out_q);
	memcpy(recent, values, sizeof(recent));
	adjust(setup, recent, 0, width);
	to_samples(recent, rest);
	keep(q + PREDICT_VALUES * n, setup, rest, PREDICT_GRID, h->out_q);
	share = smooth_share(h, setup->only);
	h->share[at] = (float)share;
	for (int i = 0; i < PREDICT_GRID; i++)
		rest[i].value = share * smooth[i] + (1 - share) * recent[i];
	predict_samples_merge(rest, PREDICT_GRID, 1 - recurrence, recur,
			      nrecur, recurrence, all);
	keep(q + PREDICT_FINAL * n, setup, all, PREDICT_GRID + nrecur,
	     h->out_q);
	h->out_mean = clamped(setup, predict_samples_mean(
				all, PREDICT_GRID + nrecur));
	h->out_recurrence = recurrence;
}
