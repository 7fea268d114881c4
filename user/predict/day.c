// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Hours ahead: what is usual at that time of day, and how today differs.
 *
 * A day has 96 slots of 15 min. With v the mean of the last step, s its slot, T
 * the slot h steps later, p the profile (each slot's usual value: the mean of
 * its days, of the last ten or so) and L the slow level,
 *
 *	expected(h) = L + c1 (p[T] - L) + c2 (v - L) + c3 (p[s] - L)
 *
 * The c are learned for each horizon, by least squares with a memory of a week
 * and a prior worth some hours (ridge): c1 near 1 and c2 = -c3 say "as usual, and
 * today's difference stays", c1 = c3 = 0 that the time of day tells nothing. So a
 * day's pattern is found, not assumed.
 *
 * The interval is that of what came less what was expected: its quantiles follow
 * by a step of what size the errors have,
 *
 *	q(p) <- q(p) + rate size (p - [error < q(p)]),	rate = max(0.04, 1 / sqrt n)
 *
 * which is adaptive conformal prediction without a window. What comes is one second
 * out of a step, a different one each time: so it is the value at a moment, bursts
 * included, as with the nearer horizons (demand.c).
 *
 * Assumption: a day's pattern, where there is one, is by the clock. A slot not seen
 * yet has the level for its profile.
 *
 * Example: 100 at night, 300 from 9 to 17 h; today's morning has 360. At noon, 6 h
 * ahead: p[T] = 100, p[s] = 300, L = 167; with c = (1, 0.2, -0.2):
 * 167 - 67 + 0.2 x 193 - 0.2 x 133 = 112.
 *
 * The clock may jump: what lies between is missing. Fixed memory, one pass; the cost
 * is an addition a second, and 3 x 3 equations every 15 min.
 */
#include <math.h>
#include <stddef.h>
#include <string.h>

#include "predict/day.h"
#include "predict/grid.h"

#define FACTORS		PREDICT_DAY_FACTORS
#define DAYS		10	/* memory of the profile */
#define LEVEL_STEPS	192.0f
#define WEEK_KEEP	(1 - 1 / 672.0f)
#define PRIOR		8.0f	/* steps that the prior is worth */
#define RATE_MIN	0.04f
#define SCORE_KEEP	0.99f
#define READY_SCORED	96	/* a day */
#define FAR		6.0f	/* more spreads away are taken for this */

const unsigned int predict_day_horizon_s[PREDICT_DAY_HORIZONS] = {
	3600, 21600, 86400
};
static const float prob[3] = { 0.05f, 0.5f, 0.95f };
/* of c, before anything is known: today's difference fades */
static const float prior[PREDICT_DAY_HORIZONS][FACTORS] = {
	{ 0.5f, 0.8f, -0.4f }, { 0.5f, 0.4f, -0.2f }, { 0.5f, 0.2f, 0 },
};

void predict_day_init(struct predict_day *d)
{
	memset(d, 0, sizeof(*d));
	d->sample = NAN;
	for (unsigned int i = 0; i < PREDICT_DAY_STEPS; i++)
		d->profile[i] = d->last[i] = NAN;
}

static unsigned int slot_at(uint64_t clock)
{
	return (unsigned int)(clock / PREDICT_DAY_STEP % PREDICT_DAY_STEPS);
}

static unsigned int steps_of(unsigned int index)
{
	return predict_day_horizon_s[index] / PREDICT_DAY_STEP;
}

static float usual(const struct predict_day *d, unsigned int slot)
{
	return isnan(d->profile[slot]) ? d->level : d->profile[slot];
}

/* Of a step of value @v in @slot, for one @steps later. */
static void factors(const struct predict_day *d, unsigned int slot, float v,
		    unsigned int steps, float *f)
{
	unsigned int target = (slot + steps) % PREDICT_DAY_STEPS;

	f[0] = usual(d, target) - d->level;
	f[1] = v - d->level;
	f[2] = usual(d, slot) - d->level;
}

/* (A + PRIOR I) c = b + PRIOR prior, A in units of the spread; by Cramer. */
static void coefficients(const struct predict_day_ahead *h, const float *before,
			 float *c)
{
	float m[FACTORS][FACTORS + 1];

	for (int i = 0; i < FACTORS; i++) {
		for (int k = 0; k < FACTORS; k++)
			m[i][k] = h->a[i][k] + (i == k ? PRIOR : 0);
		m[i][FACTORS] = h->b[i] + PRIOR * before[i];
	}
	/* symmetric and positive: no pivot is 0 */
	for (int i = 0; i < FACTORS; i++)
		for (int k = i + 1; k < FACTORS; k++) {
			float x = m[k][i] / m[i][i];

			for (int j = i; j <= FACTORS; j++)
				m[k][j] -= x * m[i][j];
		}
	for (int i = FACTORS - 1; i >= 0; i--) {
		c[i] = m[i][FACTORS];
		for (int k = i + 1; k < FACTORS; k++)
			c[i] -= m[i][k] * c[k];
		c[i] /= m[i][i];
	}
}

static float expected(const struct predict_day *d, unsigned int index,
		      const float *f)
{
	float c[FACTORS], sum = d->level;

	coefficients(&d->ahead[index], prior[index], c);
	for (int i = 0; i < FACTORS; i++)
		sum += c[i] * f[i];
	return sum;
}

static float pinball(const float *q, float centre, float value)
{
	float sum = 0;

	for (int k = 0; k < 3; k++) {
		float off = value - fmaxf(centre + q[k], 0);

		sum += off > 0 ? prob[k] * off : (prob[k] - 1) * off;
	}
	return sum / 3;
}

static void follow(float *q, float *size, float error, uint32_t n)
{
	float rate = fmaxf(RATE_MIN, 1 / sqrtf((float)n + 1));

	*size += fmaxf(0.02f, 1 / ((float)n + 1)) * (fabsf(error) - *size);
	for (int k = 0; k < 3; k++)
		q[k] += 3 * rate * *size *
			(prob[k] - (error < q[k] ? 1 : 0));
}

static void learn_ahead(struct predict_day *d, unsigned int index,
			const float *f, float last, float value)
{
	struct predict_day_ahead *h = &d->ahead[index];
	float centre = expected(d, index, f), scale = d->spread, y;

	h->own = SCORE_KEEP * h->own + pinball(h->q, centre, value);
	h->naive = SCORE_KEEP * h->naive + pinball(h->naive_q, last, value);
	h->inside = SCORE_KEEP * h->inside +
		    (value >= fmaxf(centre + h->q[0], 0) &&
		     value <= fmaxf(centre + h->q[2], 0));
	h->width = SCORE_KEEP * h->width + (h->q[2] - h->q[0]);
	h->weight = SCORE_KEEP * h->weight + 1;
	follow(h->q, &h->size, value - centre, h->scored);
	follow(h->naive_q, &h->naive_size, value - last, h->scored);
	h->scored++;
	if (!(scale > 0))
		return;
	y = fminf(fmaxf((value - d->level) / scale, -FAR), FAR);
	for (int i = 0; i < FACTORS; i++) {
		float x = fminf(fmaxf(f[i] / scale, -FAR), FAR);

		for (int k = 0; k < FACTORS; k++)
			h->a[i][k] = WEEK_KEEP * h->a[i][k] +
				     x * fminf(fmaxf(f[k] / scale, -FAR), FAR);
		h->b[i] = WEEK_KEEP * h->b[i] + x * y;
	}
}

/* The step in @slot has ended: its mean, and the value at a moment in it. */
static void learn(struct predict_day *d, unsigned int slot, float mean,
		  float sample)
{
	uint64_t days = d->steps / PREDICT_DAY_STEPS;
	float rate;

	for (unsigned int i = 0; i < PREDICT_DAY_HORIZONS; i++) {
		unsigned int steps = steps_of(i), from;
		float f[FACTORS];

		from = (slot + PREDICT_DAY_STEPS - steps) % PREDICT_DAY_STEPS;
		if (isnan(d->last[from]))
			continue;
		factors(d, from, d->last[from], steps, f);
		learn_ahead(d, i, f, d->last[from], sample);
	}
	rate = d->steps < LEVEL_STEPS ? 1 / (float)(d->steps + 1) :
					1 / LEVEL_STEPS;
	d->spread += rate * (fabsf(mean - d->level) - d->spread);
	d->level += rate * (mean - d->level);
	if (isnan(d->profile[slot]))
		d->profile[slot] = mean;
	d->profile[slot] += (mean - d->profile[slot]) /
			    (float)((days < DAYS ? days : DAYS - 1) + 1);
	d->last[slot] = mean;
	d->steps++;
}

static void begin_step(struct predict_day *d)
{
	d->sum = 0;
	d->count = 0;
	d->sample = NAN;
}

static void end_step(struct predict_day *d)
{
	unsigned int slot = slot_at(d->clock);

	if (d->count)
		learn(d, slot, (float)(d->sum / d->count), d->sample);
	else
		d->last[slot] = NAN;
	begin_step(d);
}

/* Steps from @from on, up to before @to, were not seen. */
static void forget(struct predict_day *d, uint64_t from, uint64_t to)
{
	if (to < from || to - from > PREDICT_DAY_STEPS)
		from = to - PREDICT_DAY_STEPS;	/* all; may wrap, as slots do */
	for (; from != to; from++)
		d->last[from % PREDICT_DAY_STEPS] = NAN;
}

void predict_day_set_clock(struct predict_day *d, uint64_t clock)
{
	uint64_t was = d->clock / PREDICT_DAY_STEP, is = clock / PREDICT_DAY_STEP;

	/* set back a little: it stands till then, or a day would be lost */
	d->stands = 0;
	if (clock < d->clock && d->clock - clock < PREDICT_DAY_STEP) {
		d->stands = (uint32_t)(d->clock - clock);
		return;
	}
	if (is != was) {
		/* of most of a step its mean is known */
		if (2 * d->count < PREDICT_DAY_STEP)
			begin_step(d);
		end_step(d);
		forget(d, was + 1, is);
	}
	d->clock = clock;
}

void predict_day_update(struct predict_day *d, double value)
{
	/* 7 and 900 are coprime: each second of a step has its turn */
	uint64_t turn = d->steps * 7 % PREDICT_DAY_STEP;

	if (!isnan(value)) {
		value = fmin(fmax(value, 0), PREDICT_VALUE_MAX);
		if (!d->count || d->clock % PREDICT_DAY_STEP <= turn)
			d->sample = (float)value;
		d->sum += value;
		d->count++;
		d->most = fmax(d->most, value);
	}
	if (d->stands) {
		d->stands--;
		return;
	}
	d->clock++;
	if (d->clock % PREDICT_DAY_STEP == 0) {
		d->clock--;
		end_step(d);
		d->clock++;
	}
}

void predict_day_forecast(const struct predict_day *d, unsigned int index,
			  double upper, struct predict_demand_point *out)
{
	const struct predict_day_ahead *h = &d->ahead[index];
	unsigned int slot = (slot_at(d->clock) + PREDICT_DAY_STEPS - 1) %
			    PREDICT_DAY_STEPS;
	float f[FACTORS], centre;
	double q[3], top = fmin(upper > 0 ? upper : INFINITY,
			  PREDICT_RANGE * d->most);

	factors(d, slot, isnan(d->last[slot]) ? usual(d, slot) : d->last[slot],
		steps_of(index), f);
	centre = expected(d, index, f);
	for (int k = 0; k < 3; k++) {
		q[k] = fmin(fmax(centre + h->q[k], 0), top);
		if (k && q[k] < q[k - 1])
			q[k] = q[k - 1];
	}
	*out = (struct predict_demand_point){
		.horizon_s = predict_day_horizon_s[index],
		.ready = h->scored >= READY_SCORED,
		.mean = fmin(fmax(centre, 0), top),
		.q05 = q[0], .q50 = q[1], .q95 = q[2],
		.score = {
			.loss_ratio = 1, .usual_ratio = 1,
			.coverage = NAN, .width = NAN,
			.scored = h->scored,
		},
	};
	if (!h->scored)
		return;
	out->score.coverage = h->inside / h->weight;
	out->score.width = h->width / h->weight;
	out->score.loss_ratio = predict_loss_ratio(h->own, h->naive);
}

static bool all_finite(const float *v, unsigned int n)
{
	while (n--)
		if (!isfinite(v[n]))
			return false;
	return true;
}

bool predict_day_is_sane(const struct predict_day *d)
{
	for (unsigned int i = 0; i < PREDICT_DAY_HORIZONS; i++) {
		const struct predict_day_ahead *h = &d->ahead[i];

		/* its floats, from a to weight, have nothing between them */
		if (!all_finite(&h->a[0][0],
				offsetof(struct predict_day_ahead, scored) /
				sizeof(float)) ||
		    (h->scored && !(h->weight > 0)))
			return false;
	}
	for (unsigned int i = 0; i < PREDICT_DAY_STEPS; i++)
		if (isinf(d->last[i]) || isinf(d->profile[i]))
			return false;
	return d->stands < PREDICT_DAY_STEP && isfinite(d->sum) && !isinf(d->sample) && isfinite(d->level) &&
	       isfinite(d->spread) && isfinite(d->most);
}
