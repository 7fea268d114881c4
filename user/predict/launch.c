// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Time and starts come in here; the models are in launch_rate.c, launch_gap.c
 * and launch_clock.c, their mixture in launch_mix.c.
 */
#include <math.h>
#include <string.h>

#include "predict/launch_model.h"

#define GAP_LEAST_S	0.05	/* two starts at one moment */
#define TIME_MAX	1e11	/* some 3000 years */
#define OFFSET_MAX	86400

const double launch_horizon_s[LAUNCH_HORIZONS] = {
	1, 2, 5, 10, 30, 60, 300, 900, 3600, 14400, 86400,
};

static int32_t offset_of(int32_t offset_s)
{
	return offset_s < -OFFSET_MAX ? -OFFSET_MAX :
	       offset_s > OFFSET_MAX ? OFFSET_MAX : offset_s;
}

void launch_init(struct launch *l, double now, int32_t offset_s)
{
	memset(l, 0, sizeof(*l));
	l->version = LAUNCH_VERSION;
	l->random = 0x9e3779b97f4a7c15ULL;
	l->offset_s = offset_of(offset_s);
	if (isfinite(now))
		l->now = launch_clip(now + l->offset_s, -TIME_MAX, TIME_MAX);
	l->since = l->now;
	launch_rate_init(l);
	launch_gap_init(l);
	launch_mix_init(l);
}

static void lose_sight(struct launch *l, double now)
{
	if (now > l->now)
		launch_clock_blind(l, l->now, now);
	else
		launch_clock_trim(l, now);
	l->known = 0;
	l->now = now;
	l->excite_at = fmin(l->excite_at, now);
}

/* Whether time could go on, watched, to @now; false: it was lost sight of. */
static bool advance(struct launch *l, double now, int32_t offset_s)
{
	int32_t shift = offset_of(offset_s) - l->offset_s;

	/* the hour that a summer begins or ends with is no time that passed */
	if (shift) {
		l->now += shift;
		l->excite_at += shift;
		l->last += shift;
		if (shift < 0)
			launch_clock_trim(l, l->now);
	}
	l->offset_s += shift;
	now = launch_clip(now + l->offset_s, -TIME_MAX, TIME_MAX);
	if (now < l->now || now - l->now > LAUNCH_STEP_MAX_S) {
		lose_sight(l, now);
		return false;
	}
	launch_rate_pass(l, now);
	l->now = now;
	return true;
}

void launch_pass(struct launch *l, double now, int32_t offset_s)
{
	if (isfinite(now))
		advance(l, now, offset_s);
}

void launch_blind(struct launch *l, double now, int32_t offset_s)
{
	if (!isfinite(now))
		return;
	l->offset_s = offset_of(offset_s);
	lose_sight(l, launch_clip(now + l->offset_s, -TIME_MAX, TIME_MAX));
}

void launch_start(struct launch *l, double now, int32_t offset_s)
{
	if (!isfinite(now))
		return;
	advance(l, now, offset_s);
	if (l->known && l->now - l->last < GAP_LEAST_S)
		l->last = l->now - GAP_LEAST_S;
	if (l->known) {
		launch_mix_learn(l);
		launch_gap_add(l, l->now - l->last);
	}
	launch_rate_start(l);
	launch_clock_add(l, l->now);
	l->last = l->now;
	l->known = 1;
	l->starts++;
}

double launch_probability(const struct launch *l, int horizon)
{
	double p[LAUNCH_EXPERTS];

	launch_mix_experts(l, horizon, l->now,
			   l->now + launch_horizon_s[horizon], p);
	return launch_mix(l, horizon, p);
}

void launch_forecast(const struct launch *l, struct launch_forecast *out)
{
	double least = 0;

	*out = (struct launch_forecast){
		.starts = l->starts,
		.rate_per_day = 86400 * launch_rate_base(l),
		.ready = l->starts >= LAUNCH_READY,
		.trusted = launch_mix_trusted(l, 5),
	};
	for (int h = 0; h < LAUNCH_HORIZONS; h++) {
		struct launch_point *at = &out->at[h];

		at->horizon_s = launch_horizon_s[h];
		at->probability = fmax(least, launch_probability(l, h));
		at->loss_ratio = l->base_loss[h] > 0 ?
			launch_clip(l->own_loss[h] / l->base_loss[h], 0,
				    1000) : 1;
		least = at->probability;
	}
}

static bool all_finite(const float *x, size_t count)
{
	for (size_t i = 0; i < count; i++)
		if (!isfinite(x[i]))
			return false;
	return true;
}

static bool bins_valid(const struct launch_bin *b, int count)
{
	for (int i = 0; i < count; i++)
		if (!(b[i].starts >= 0 && b[i].starts < 1e15f &&
		      b[i].seconds >= 0 && b[i].seconds < 1e15f))
			return false;
	return true;
}

static bool factors_valid(const struct launch_factor *f, int count)
{
	for (int i = 0; i < count; i++)
		if (!(f[i].seen >= 0 && f[i].seen < 1e15f &&
		      f[i].expected > 0 && f[i].expected < 1e15f))
			return false;
	return true;
}

static bool time_valid(double at)
{
	return at >= -2 * TIME_MAX && at <= 2 * TIME_MAX;
}

static bool ring_valid(const struct launch *l)
{
	double before = -INFINITY;
	uint32_t count = l->nr_times < LAUNCH_TIMES ? l->nr_times :
						      LAUNCH_TIMES;

	for (uint32_t i = 0; i < count; i++) {
		double at = l->time[(l->nr_times - count + i) % LAUNCH_TIMES];

		if (!time_valid(at) || at < before || at > l->now)
			return false;
		before = at;
	}
	for (int i = 0; i < LAUNCH_BLINDS; i++)
		if (!time_valid(l->blind[i].from) ||
		    !time_valid(l->blind[i].to))
			return false;
	return true;
}

static bool bends_valid(const struct launch *l)
{
	for (int h = 0; h < LAUNCH_HORIZONS; h++)
		for (int i = 0; i < 2; i++)
			if (!(l->bend_grad[h][i] > 0) ||
			    !(l->bend_grad[h][i] < 1e30f))
				return false;
	return true;
}

bool launch_valid(const struct launch *l)
{
	size_t grid = LAUNCH_HORIZONS * LAUNCH_INPUTS;

	for (int i = 0; i < LAUNCH_GAPS; i++)
		if (!(l->gap[i] >= 0 && l->gap[i] < 1e12f))
			return false;
	for (int i = 0; i < LAUNCH_WIDTHS; i++)
		if (!(l->width[i] > 0 && l->width[i] < 1e6f))
			return false;
	for (int k = 0; k < LAUNCH_KERNELS; k++)
		if (!(l->excite[k] >= 0 && l->excite[k] < 1e15f))
			return false;
	for (size_t i = 0; i < grid; i++)
		if (!((&l->stack_grad[0][0])[i] > 0))
			return false;
	return l->version == LAUNCH_VERSION && l->known <= 1 &&
	       l->nr_gaps < 3 * LAUNCH_GAPS && l->nr_times < 3 * LAUNCH_TIMES &&
	       l->nr_blinds < LAUNCH_BLINDS && time_valid(l->now) &&
	       time_valid(l->last) && time_valid(l->since) &&
	       time_valid(l->excite_at) && (!l->known || l->last <= l->now) &&
	       l->base.starts >= 0 && l->base.starts < 1e15 &&
	       l->base.seconds >= 0 && l->base.seconds < 1e15 &&
	       l->offset_s >= -OFFSET_MAX && l->offset_s <= OFFSET_MAX &&
	       bins_valid(l->day, LAUNCH_DAY_BINS) &&
	       bins_valid(l->week, LAUNCH_WEEK_BINS) &&
	       factors_valid(l->shape, LAUNCH_SHAPES) &&
	       factors_valid(l->kernel, LAUNCH_KERNELS + 1) &&
	       factors_valid(l->age, LAUNCH_AGE_BINS) && ring_valid(l) &&
	       all_finite(&l->loss[0][0], LAUNCH_HORIZONS * LAUNCH_EXPERTS) &&
	       all_finite(&l->stack[0][0], grid) &&
	       all_finite(&l->stack_grad[0][0], grid) &&
	       all_finite(&l->bend[0][0], 2 * LAUNCH_HORIZONS) &&
	       bends_valid(l) && all_finite(l->own_loss, LAUNCH_HORIZONS) &&
	       all_finite(l->base_loss, LAUNCH_HORIZONS);
}
