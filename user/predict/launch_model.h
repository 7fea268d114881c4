/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the launch forecaster: the models that its experts are.
 *
 * Between two starts every model's hazard runs on a path that is known
 * beforehand: time of day and age go on, excitation fades. So each answers for
 * any origin since the last start, also looking back, and the probability of
 * no start between two moments is exp(-integral of the hazard).
 */
#ifndef PREDICT_LAUNCH_MODEL_H
#define PREDICT_LAUNCH_MODEL_H

#include <stdbool.h>

#include "predict/launch.h"

/* What the rate models expect between two moments. */
struct launch_hazard {
	double base;		/* a constant rate */
	double shape;		/* by time of day and week */
	double excited;		/* that, and what former starts set off */
	double aged;		/* shape, by the time since the last start */
};

/* ---- launch_rate.c ---- */
double launch_rate_base(const struct launch *l);
/* @from, @to: local time, not before the last start. */
struct launch_hazard launch_rate_hazard(const struct launch *l, double from,
					double to);
void launch_rate_init(struct launch *l);
/* Time passes, watched, up to @to. */
void launch_rate_pass(struct launch *l, double to);
/* A start at l->now, before l->last is moved to it. */
void launch_rate_start(struct launch *l);

/* ---- launch_gap.c: the distribution of times between starts ---- */
void launch_gap_init(struct launch *l);
/* Minus the logarithm of the probability of none between these ages. */
double launch_gap_hazard(const struct launch *l, double from_age,
			 double to_age);
void launch_gap_add(struct launch *l, double gap);
/* When the next start was due by the last gaps, within @span of the last. */
int launch_gap_candidates(const struct launch *l, double span, double *at,
			  int max);

/* ---- launch_clock.c: what was at the same time of former periods ---- */
void launch_clock_add(struct launch *l, double at);
/* Drops what is after @now: the clock was set back. */
void launch_clock_trim(struct launch *l, double now);
void launch_clock_blind(struct launch *l, double from, double to);
double launch_clock_probability(const struct launch *l, int clock,
				double from, double to, double prior);
/*
 * Moments in (@from, @to) for which a clock expects a start: up to @max of
 * them into @at, evenly out of all; how many were stored.
 */
int launch_clock_candidates(const struct launch *l, double from, double to,
			    double *at, int max);
extern const char * const launch_clock_name[LAUNCH_CLOCKS];

/* ---- launch_mix.c: from experts to one probability ---- */
void launch_mix_init(struct launch *l);
/* Each expert's probability of a start in (@from, @to]. */
void launch_mix_experts(const struct launch *l, int horizon, double from,
			double to, double *p);
double launch_mix(const struct launch *l, int horizon, const double *p);
/* Learns from the time between the last start and one at l->now. */
void launch_mix_learn(struct launch *l);
const char *launch_mix_trusted(const struct launch *l, int horizon);

double launch_random(struct launch *l);		/* in [0, 1) */

static inline double launch_clip(double x, double low, double high)
{
	/* written so that a NaN becomes @low */
	return x > low ? (x < high ? x : high) : low;
}

#endif /* PREDICT_LAUNCH_MODEL_H */
