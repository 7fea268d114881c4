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
 * without any order that is the constant rate. The log odds of the average are
 * bent by a line, learned slowly, so that what is said is what comes.
 *
 * Learning is at starts only. All paths between two starts are known when the
 * second comes, so the loss over all origins between them is computed then,
 * each origin counting 1 / horizon: as much as windows that do not overlap.
 * Origins whose window holds the start are taken at three points. For the
 * others, the rates and gaps have their integral; what has none (clocks, stack)
 * is compared with the shape of the day at drawn origins, half of them where a
 * clock or gap expects something, with weights that undo the choice.
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
#define BEND_RATE	0.1
#define BEND_DULL	10.0
#define NEAR		3	/* origins with the start in their window */
#define FAR		6	/* origins without */
#define CANDIDATES	32
#define NODES		256
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
			l->loss[h][k] = k == BASE ? 0 : k < CLOCK ? 1 : 2;
		for (int i = 1; i < LAUNCH_INPUTS; i++) {
			l->stack[h][i] = 1.0 / (LAUNCH_INPUTS - 1);
			l->stack_grad[h][i] = 1;
		}
		l->stack_grad[h][0] = 1;
		l->bend[h][1] = 1;
		l->bend_grad[h][0] = l->bend_grad[h][1] = BEND_DULL;
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
		least = l->loss[h][k] < least ? l->loss[h][k] : least;
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

static double averaged(const struct launch *l, int h, const double *p)
{
	double w[LAUNCH_EXPERTS], sum = 0;

	weights(l, h, 0, LAUNCH_EXPERTS, w);
	for (int k = 0; k < LAUNCH_EXPERTS; k++)
		sum += w[k] * p[k];
	return launch_clip(sum, P_LEAST, P_MOST);
}

double launch_mix(const struct launch *l, int h, const double *p)
{
	double x = odds(averaged(l, h, p));

	x = l->bend[h][0] + l->bend[h][1] * x;
	return launch_clip(1 / (1 + exp(-x)), P_LEAST, P_MOST);
}

/* What one gap between starts has to say on one horizon. */
struct lesson {
	double add[LAUNCH_EXPERTS];	/* loss */
	double own, base;
	/* for the stack, which learns when all of this is scored */
	struct {
		double p[LAUNCH_EXPERTS], y, weight;
	} seen[NEAR + FAR];
	int count;
};

static double *next_seen(struct lesson *lesson, double y, double weight)
{
	lesson->seen[lesson->count].y = y;
	lesson->seen[lesson->count].weight = weight;
	return lesson->seen[lesson->count++].p;
}

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
	double weight = len / horizon / NEAR, from, *p;

	for (int i = 0; i < NEAR; i++) {
		p = next_seen(lesson, 1, weight);
		from = l->now - len * (i + launch_random(l)) / NEAR;
		launch_mix_experts(l, h, from, from + horizon, p);
		for (int k = 0; k < LAUNCH_EXPERTS; k++)
			lesson->add[k] -= weight * log(p[k]);
		lesson->own -= weight * log(launch_mix(l, h, p));
		lesson->base -= weight * log(p[BASE]);
	}
}

/* Origins in (0, span), since the last start, whose window holds a moment. */
struct origins {
	double from, to;
};

static struct origins origins_of(double moment, double span, double horizon)
{
	return (struct origins){ fmax(0, moment - horizon),
				 fmin(moment, span) };
}

/* Moments for which a clock or a gap expects a start, since the last one. */
static int candidates(const struct launch *l, double span, double horizon,
		      double *moment)
{
	double at[CANDIDATES];
	int count = launch_clock_candidates(l, l->last, l->last + span, at,
					    CANDIDATES / 2);
	int kept = 0;

	count += launch_gap_candidates(l, span, at + count, CANDIDATES / 2);
	for (int i = 0; i < count; i++) {
		struct origins o = origins_of(at[i] - l->last, span, horizon);

		if (o.to - o.from > 1e-3)
			moment[kept++] = at[i] - l->last;
	}
	return kept;
}

/* One of FAR origins in (0, @span), and what it stands for. */
static double draw_origin(struct launch *l, double span, double horizon,
			  const double *moment, int count, bool clocked,
			  double *weight)
{
	double from = launch_random(l) * span, density = 0;
	struct origins o;

	if (clocked && count) {
		o = origins_of(moment[(int)(launch_random(l) * count)], span,
			       horizon);
		from = o.from + launch_random(l) * (o.to - o.from);
	}
	for (int i = 0; i < count; i++) {
		o = origins_of(moment[i], span, horizon);
		if (from >= o.from && from <= o.to)
			density += 1 / (o.to - o.from) / count;
	}
	density = count ? (density + 1 / span) / 2 : 1 / span;
	*weight = 1 / (horizon * density * FAR);
	return l->last + from;
}

/* What rates and gaps expected on the way from the last start to this one. */
struct path {
	int count;
	struct {
		double mid;		/* since the last start */
		struct launch_hazard rate;
		double gap;
	} at[NODES];
};

static void walk(const struct launch *l, double gap, struct path *path)
{
	double step, coarse = gap / (NODES / 2), from = 0;

	for (path->count = 0; from < gap && path->count < NODES;
	     path->count++, from += step) {
		step = fmax(coarse, fmin(0.35 * from + 0.2, 900));
		if (path->count == NODES - 1 || step > gap - from)
			step = gap - from;
		path->at[path->count].mid = from + step / 2;
		path->at[path->count].rate =
			launch_rate_hazard(l, l->last + from,
					   l->last + from + step);
		path->at[path->count].gap =
			launch_gap_hazard(l, from, from + step);
	}
}

/*
 * The mean hazard of the empty windows: a moment counts as often as windows
 * of this length, inside @gap, cover it.
 */
static void empty_windows(const struct path *path, double gap, double horizon,
			  struct launch_hazard *rate, double *by_gap)
{
	double cover, mid;

	*rate = (struct launch_hazard){};
	*by_gap = 0;
	for (int i = 0; i < path->count; i++) {
		mid = path->at[i].mid;
		cover = fmin(fmin(mid, gap - mid),
			     fmin(horizon, gap - horizon)) / horizon;
		rate->base += cover * path->at[i].rate.base;
		rate->shape += cover * path->at[i].rate.shape;
		rate->excited += cover * path->at[i].rate.excited;
		rate->aged += cover * path->at[i].rate.aged;
		*by_gap += cover * path->at[i].gap;
	}
}

/* The rate that is best so far: what differs little from it is drawn well. */
static int calmest(const struct launch *l, int h)
{
	int best = BASE;

	for (int k = BASE + 1; k < GAP; k++)
		if (l->loss[h][k] < l->loss[h][best])
			best = k;
	return best;
}

/* Origins whose windows stayed empty. */
static void far_origins(struct launch *l, int h, double gap,
			const struct path *path, struct lesson *lesson)
{
	double horizon = launch_horizon_s[h], span = gap - horizon;
	double moment[CANDIDATES], weight, from, *p;
	int calm = calmest(l, h);
	struct launch_hazard rate;
	double drawn[LAUNCH_EXPERTS] = {}, own = 0, by_gap, known;
	int count = candidates(l, span, horizon, moment);

	empty_windows(path, gap, horizon, &rate, &by_gap);
	lesson->add[BASE] += rate.base;
	lesson->add[EXCITED] += rate.excited;
	lesson->add[AGED] += rate.aged;
	lesson->add[GAP] += by_gap;
	lesson->add[SHAPE] += rate.shape;
	known = calm == BASE ? rate.base : calm == SHAPE ? rate.shape :
		calm == EXCITED ? rate.excited : rate.aged;
	lesson->base += rate.base;
	for (int i = 0; i < FAR; i++) {
		double d;

		from = draw_origin(l, span, horizon, moment, count, i % 2,
				   &weight);
		p = next_seen(lesson, 0, weight);
		launch_mix_experts(l, h, from, from + horizon, p);
		d = -log1p(-p[calm]);
		for (int k = CLOCK; k < LAUNCH_EXPERTS; k++)
			drawn[k] += weight * (-log1p(-p[k]) - d);
		own += weight * (-log1p(-launch_mix(l, h, p)) - d);
	}
	/* a drawn sum may come out below what is possible */
	for (int k = CLOCK; k < LAUNCH_EXPERTS; k++)
		lesson->add[k] += fmax(0, known + drawn[k]);
	lesson->own += fmax(0, known + own);
}

/* The last step, so that what is said is what comes. */
static void learn_bend(struct launch *l, int h, const double *p, double y,
		       double weight)
{
	double x[2] = { 1, odds(averaged(l, h, p)) };
	double error = launch_clip(weight * (launch_mix(l, h, p) - y), -3, 3);

	for (int i = 0; i < 2; i++) {
		double slope = error * x[i];

		l->bend_grad[h][i] += slope * slope;
		l->bend[h][i] -= BEND_RATE * slope / sqrt(l->bend_grad[h][i]);
	}
	l->bend[h][0] = launch_clip(l->bend[h][0], -2, 2);
	l->bend[h][1] = launch_clip(l->bend[h][1], 0.3, 2);
}

static void apply(struct launch *l, int h, const struct lesson *lesson)
{
	double keep = 1 - 1 / MEMORY, least = INFINITY;

	for (int k = 0; k < LAUNCH_EXPERTS; k++) {
		l->loss[h][k] = keep * l->loss[h][k] +
				launch_clip(lesson->add[k], -20, 20);
		least = l->loss[h][k] < least ? l->loss[h][k] : least;
	}
	for (int k = 0; k < LAUNCH_EXPERTS; k++)
		l->loss[h][k] -= least;
	for (int i = 0; i < lesson->count; i++) {
		learn_bend(l, h, lesson->seen[i].p, lesson->seen[i].y,
			   lesson->seen[i].weight);
		learn_stack(l, h, lesson->seen[i].p, lesson->seen[i].y,
			    lesson->seen[i].weight);
	}
	l->own_loss[h] = keep * l->own_loss[h] + lesson->own;
	l->base_loss[h] = keep * l->base_loss[h] + lesson->base;
}

void launch_mix_learn(struct launch *l)
{
	double gap = l->now - l->last;
	struct path path;

	walk(l, gap, &path);
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
			far_origins(l, h, gap, &path, &lesson);
		apply(l, h, &lesson);
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
