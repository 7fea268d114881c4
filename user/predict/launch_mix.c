// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From experts to one probability, for each horizon on its own.
 *
 * The experts are the rates (launch_rate.c), the gaps, each clock, and a
 * "stack": a logistic regression on the others' log odds, which adds up
 * evidence that each of them has only a part of (what time it is, how long
 * ago the last start was) and bends what is too sure or too timid. They are
 * averaged with weights exp(-log loss), the loss fading over MEMORY windows: so
 * the mixture is never much worse than the best of them, and for starts
 * without any order that is the constant rate.
 *
 * Learning is at starts only. All paths between two starts are known when the
 * second comes, so the loss over all origins between them is computed then,
 * each origin counting 1 / horizon: as much as windows that do not overlap.
 * Origins whose window holds the start are taken at three points. For the
 * others, the rates and gaps have their integral; what has none (clocks, stack)
 * is compared with the shape of the day at drawn origins, half of them where
 * the clocks expect something, with weights that undo the choice.
 *
 * Example: a gap of 600 s, horizon 60 s: 9 windows without a start, 1 with.
 */
#include <math.h>
#include <string.h>

#include "predict/launch_model.h"

enum { BASE, SHAPE, EXCITED, AGED, GAP, CLOCK, STACK = CLOCK + LAUNCH_CLOCKS };

#define MEMORY		200.0	/* windows */
#define SHARE		0.002	/* no expert's weight falls below it for good */
#define P_LEAST		1e-9
#define P_MOST		(1 - 1e-6)
#define STACK_RATE	0.15
#define NEAR		3	/* origins with the start in their window */
#define FAR		6	/* origins without */
#define CANDIDATES	32
#define TRUST_GRAIN	1.0

double launch_random(struct launch *l)
{
	l->random = l->random * 6364136223846793005ULL +
		    1442695040888963407ULL;
	return (l->random >> 33) / 2147483648.0;
}

void launch_mix_init(struct launch *l)
{
	for (int h = 0; h < LAUNCH_HORIZONS; h++) {
		for (int k = 0; k < LAUNCH_EXPERTS; k++)
			l->loss[h][k] = k < CLOCK ? 0 : 1;
		for (int i = 1; i < LAUNCH_INPUTS; i++) {
			l->stack[h][i] = 1.0 / (LAUNCH_INPUTS - 1);
			l->stack_grad[h][i] = 1;
		}
		l->stack_grad[h][0] = 1;
	}
}

static double from_hazard(double hazard)
{
	return launch_clip(-expm1(-hazard), P_LEAST, P_MOST);
}

static double odds(double p)
{
	return log(p / (1 - p));
}

static void weights(const struct launch *l, int h, int first, int end,
		    double *w)
{
	double least = INFINITY, sum = 0;

	for (int k = first; k < end; k++)
		least = fmin(least, l->loss[h][k]);
	for (int k = first; k < end; k++) {
		w[k] = exp(-(l->loss[h][k] - least));
		sum += w[k];
	}
	for (int k = first; k < end; k++)
		w[k] = w[k] / sum * (1 - SHARE) + SHARE / (end - first);
}

/* The inputs of the stack: a constant, and log odds. */
static void inputs(const struct launch *l, int h, const double *p, double *x)
{
	double w[LAUNCH_EXPERTS], sum = 0;

	weights(l, h, CLOCK, STACK, w);
	for (int k = CLOCK; k < STACK; k++)
		sum += w[k] * p[k];
	x[0] = 1;
	x[1] = odds(p[SHAPE]);
	x[2] = odds(p[EXCITED]);
	x[3] = odds(p[AGED]);
	x[4] = odds(p[GAP]);
	x[5] = odds(sum);
}

static double stacked(const struct launch *l, int h, const double *p)
{
	double x[LAUNCH_INPUTS], sum = 0;

	inputs(l, h, p, x);
	for (int i = 0; i < LAUNCH_INPUTS; i++)
		sum += l->stack[h][i] * x[i];
	return launch_clip(1 / (1 + exp(-launch_clip(sum, -40, 40))), P_LEAST,
			   P_MOST);
}

void launch_mix_experts(const struct launch *l, int h, double from, double to,
			double *p)
{
	struct launch_hazard rate = launch_rate_hazard(l, from, to);

	p[BASE] = from_hazard(rate.base);
	p[SHAPE] = from_hazard(rate.shape);
	p[EXCITED] = from_hazard(rate.excited);
	p[AGED] = from_hazard(rate.aged);
	p[GAP] = l->known ? from_hazard(launch_gap_hazard(l, from - l->last,
							  to - l->last)) :
			    p[BASE];
	for (int c = 0; c < LAUNCH_CLOCKS; c++)
		p[CLOCK + c] = launch_clip(
			launch_clock_probability(l, c, from, to, p[BASE]),
			P_LEAST, P_MOST);
	p[STACK] = stacked(l, h, p);
}

double launch_mix(const struct launch *l, int h, const double *p)
{
	double w[LAUNCH_EXPERTS], sum = 0;

	weights(l, h, 0, LAUNCH_EXPERTS, w);
	for (int k = 0; k < LAUNCH_EXPERTS; k++)
		sum += w[k] * p[k];
	return launch_clip(sum, P_LEAST, P_MOST);
}

/* What one gap between starts has to say on one horizon. */
struct lesson {
	double add[LAUNCH_EXPERTS];	/* loss */
	double own, base;
};

/* A step of the regression down its log loss. */
static void learn_stack(struct launch *l, int h, const double *p, double y,
			double weight)
{
	double x[LAUNCH_INPUTS], slope, error;

	inputs(l, h, p, x);
	error = weight * (stacked(l, h, p) - y);
	error = launch_clip(error, -3, 3);
	for (int i = 0; i < LAUNCH_INPUTS; i++) {
		slope = error * x[i];
		l->stack_grad[h][i] += slope * slope;
		l->stack[h][i] -= STACK_RATE * slope /
				  sqrt(l->stack_grad[h][i]);
		l->stack[h][i] = launch_clip(l->stack[h][i], -4, 4);
	}
}

/* Origins from which the start was within the horizon. */
static void near_origins(struct launch *l, int h, double gap,
			 struct lesson *lesson)
{
	double horizon = launch_horizon_s[h], len = fmin(gap, horizon);
	double weight = len / horizon / NEAR, p[LAUNCH_EXPERTS], from;

	for (int i = 0; i < NEAR; i++) {
		from = l->now - len * (i + launch_random(l)) / NEAR;
		launch_mix_experts(l, h, from, from + horizon, p);
		for (int k = 0; k < LAUNCH_EXPERTS; k++)
			lesson->add[k] -= weight * log(p[k]);
		lesson->own -= weight * log(launch_mix(l, h, p));
		lesson->base -= weight * log(p[BASE]);
		learn_stack(l, h, p, 1, weight);
	}
}

/* An origin in the first @span seconds, and what it stands for. */
static double draw_origin(struct launch *l, double span, double horizon,
			  const double *candidate, int count, bool clocked,
			  double *weight)
{
	double from = launch_random(l) * span, density;
	int hits = 0;

	if (clocked && count) {
		int i = launch_random(l) * count;

		from = launch_clip(candidate[i] - l->last -
				   launch_random(l) * horizon, 0, span);
	}
	for (int i = 0; i < count; i++) {
		double until = candidate[i] - l->last - from;

		hits += until >= 0 && until < horizon;
	}
	density = count ? 0.5 / span + 0.5 * hits / (count * horizon) :
			  1 / span;
	*weight = 1 / (horizon * density * FAR);
	return l->last + from;
}

/* Origins whose windows stayed empty. */
static void far_origins(struct launch *l, int h, double gap,
			struct lesson *lesson)
{
	double horizon = launch_horizon_s[h], span = gap - horizon;
	double candidate[CANDIDATES], p[LAUNCH_EXPERTS], weight, from;
	double first = l->last + horizon / 2, end = l->now - horizon / 2;
	struct launch_hazard rate = launch_rate_hazard(l, first, end);
	int count = launch_clock_candidates(l, l->last, l->last + span,
					    candidate, CANDIDATES);

	lesson->add[BASE] += rate.base;
	lesson->add[EXCITED] += rate.excited;
	lesson->add[AGED] += rate.aged;
	lesson->add[GAP] += launch_gap_hazard(l, first - l->last,
					      end - l->last);
	for (int k = 0; k < LAUNCH_EXPERTS; k++)
		if (k == SHAPE || k >= CLOCK)
			lesson->add[k] += rate.shape;
	lesson->own += rate.shape;
	lesson->base += rate.base;
	for (int i = 0; i < FAR; i++) {
		double shape;

		from = draw_origin(l, span, horizon, candidate, count, i % 2,
				   &weight);
		launch_mix_experts(l, h, from, from + horizon, p);
		shape = -log1p(-p[SHAPE]);
		for (int k = CLOCK; k < LAUNCH_EXPERTS; k++)
			lesson->add[k] += weight * (-log1p(-p[k]) - shape);
		lesson->own += weight * (-log1p(-launch_mix(l, h, p)) - shape);
		learn_stack(l, h, p, 0, weight);
	}
}

static void apply(struct launch *l, int h, double windows,
		  const struct lesson *lesson)
{
	double keep = exp(-windows / MEMORY), least = INFINITY;

	for (int k = 0; k < LAUNCH_EXPERTS; k++) {
		l->loss[h][k] = keep * l->loss[h][k] +
				launch_clip(lesson->add[k], -20, 20);
		least = fmin(least, l->loss[h][k]);
	}
	for (int k = 0; k < LAUNCH_EXPERTS; k++)
		l->loss[h][k] -= least;
	l->own_loss[h] = keep * l->own_loss[h] + lesson->own;
	l->base_loss[h] = keep * l->base_loss[h] + lesson->base;
}

void launch_mix_learn(struct launch *l)
{
	double gap = l->now - l->last;

	for (int h = 0; h < LAUNCH_HORIZONS; h++) {
		double windows = fmin(1, gap / launch_horizon_s[h]);
		struct lesson lesson = {};

		/*
		 * A small part of a window is learned from in as small a part
		 * of the cases, and then as a whole.
		 */
		if (launch_random(l) >= windows)
			continue;
		near_origins(l, h, gap, &lesson);
		if (windows < 1) {
			for (int k = 0; k < LAUNCH_EXPERTS; k++)
				lesson.add[k] /= windows;
			lesson.own /= windows;
			lesson.base /= windows;
		}
		if (gap > launch_horizon_s[h])
			far_origins(l, h, gap, &lesson);
		apply(l, h, 1, &lesson);
	}
}

const char *launch_mix_trusted(const struct launch *l, int h)
{
	static const char * const name[] = {
		[BASE] = "rate", [SHAPE] = "time of week",
		[EXCITED] = "burst", [AGED] = "time since",
		[GAP] = "interval",
	};
	int best = 0;

	for (int k = 1; k < LAUNCH_EXPERTS; k++)
		if (l->loss[h][k] + TRUST_GRAIN < l->loss[h][best])
			best = k;
	if (best == STACK)
		return "all together";
	return best < CLOCK ? name[best] : launch_clock_name[best - CLOCK];
}
