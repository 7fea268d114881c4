// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * With a beginning: the level now plus what former beginnings added from this
 * age to that. Where the forecast without it foresees more (or less, where
 * something is about to end), that is taken, quantile by quantile: a forecaster
 * that has found the rhythm itself is not to count the same demand twice. For a
 * launch there is nothing before: the distribution is that of the former
 * launches at that age.
 *
 * The weight: 0 unless the record's loss ratio r = with / without is below
 * WORTH; else 1 / (1 + r^8): 0.63 at 0.93, 0.996 at 0.5. Losses fade over
 * some 50 comparisons. Where there is no forecast without it (a new app), the
 * same is asked against the last value, and the answer is all or nothing.
 *
 * Example: q05 90, q50 100, q95 110 without, level 100; a backup added 400, 410
 * and 420 at that age: 500, 510, 520.
 */
#include <math.h>
#include <string.h>

#include "predict/event.h"

#define KEEP		0.98f
#define WORTH		0.95
#define SETTLE_LATE_S	5.0
#define LOSS_MAX	1e30f

void event_init(struct event_effect *e)
{
	memset(e, 0, sizeof(*e));
	profile_init(&e->profile);
}

static double within(double value, double upper)
{
	if (!(value > 0))
		return 0;
	if (upper > 0 && value > upper)
		return upper;
	return value;
}

/* The distribution of @level plus the values. */
static void set(struct event_quantiles *out, double level,
		const double *sorted, int count, double upper)
{
	double sum = 0;

	for (int i = 0; i < count; i++)
		sum += within(level + sorted[i], upper) / count;
	out->mean = sum;
	out->q05 = within(level + profile_quantile(sorted, count, 0.05), upper);
	out->q50 = within(level + profile_quantile(sorted, count, 0.5), upper);
	out->q95 = within(level + profile_quantile(sorted, count, 0.95), upper);
}

/* The more of the two, or the less. */
static void further(struct event_quantiles *out,
		    const struct event_quantiles *other, bool more)
{
	double (*choose)(double a, double b) = more ? fmax : fmin;

	out->mean = choose(out->mean, other->mean);
	out->q05 = choose(out->q05, other->q05);
	out->q50 = choose(out->q50, other->q50);
	out->q95 = choose(out->q95, other->q95);
}

/* What the beginning adds from now to then; how many values. */
static int additions(const struct event_effect *e, const struct event_query *q,
		     double *add)
{
	int count = profile_values(&e->profile, q->resource, q->age_then,
				   q->launch ? -1 : q->age_now, add);

	if (count >= EVENT_RUNS_MIN)
		return count;
	if (isnan(q->declared) || q->launch)
		return 0;
	/* from its beginning on it is there */
	add[0] = q->age_now < 0 ? q->declared : 0;
	return 1;
}

bool event_expect(const struct event_effect *e, const struct event_query *q,
		  const struct event_quantiles *without,
		  struct event_quantiles *out)
{
	double add[PROFILE_KEEP];
	int count = 0;

	*out = *without;
	if (q->age_then >= 0 && q->age_then <= EVENT_REACH_S)
		count = additions(e, q, add);
	if (!count || (!q->launch && (!without->ready || isnan(q->level))))
		return false;
	out->ready = true;
	set(out, q->launch ? 0 : q->level, add, count, q->upper);
	if (!q->launch)
		further(out, without, profile_quantile(add, count, 0.5) >= 0);
	return true;
}

static double ratio(float with, float without)
{
	return without > 0 ? with / without : with > 0 ? INFINITY : 1;
}

static int phase(const struct event_query *q)
{
	return q->age_now < 0 ? 0 : q->age_now < EVENT_YOUNG_S ? 1 : 2;
}

double event_ratio(const struct event_effect *e, int resource, int phase,
		   bool ready)
{
	const struct event_record *r = &e->record[resource][phase];

	if (ready)
		return r->scored < EVENT_SCORED_MIN ? NAN :
		       ratio(r->with, r->without);
	return r->scored_all < EVENT_SCORED_MIN ? NAN :
	       ratio(r->with_all, r->naive);
}

double event_earned(double r)
{
	return r < WORTH ? 1 / (1 + pow(r, 8)) : 0;
}

static double earned(const struct event_effect *e,
		     const struct event_query *q, bool ready)
{
	return event_ratio(e, q->resource, phase(q), ready);
}

double event_weight(const struct event_effect *e, const struct event_query *q,
		    const struct event_quantiles *without)
{
	double r = earned(e, q, without->ready);

	if (isnan(r))
		return isnan(q->declared) || q->launch ? 0 : 1;
	if (!(r < WORTH))
		return 0;
	return without->ready ? event_earned(r) : 1;
}

double event_gain(const struct event_effect *e, const struct event_query *q,
		  const struct event_quantiles *without)
{
	double r = earned(e, q, without->ready);

	return isnan(r) ? 1 : fmin(r, 1000);
}

void event_blend(struct event_quantiles *out, double weight,
		 const struct event_quantiles *with)
{
	out->mean += weight * (with->mean - out->mean);
	out->q05 += weight * (with->q05 - out->q05);
	out->q50 += weight * (with->q50 - out->q50);
	out->q95 += weight * (with->q95 - out->q95);
}

double event_combine(const struct event_effect *e,
		     const struct event_query *q,
		     const struct event_quantiles *without,
		     struct event_quantiles *out)
{
	double w = event_weight(e, q, without);
	struct event_quantiles with;

	*out = *without;
	if (!(w > 0) || !event_expect(e, q, without, &with))
		return 0;
	out->ready = true;
	if (!without->ready)
		w = 1;
	event_blend(out, w, &with);
	return w;
}

void event_note_both(struct event_effect *e, uint64_t owner, int resource,
		     int phase, double now, double horizon,
		     const struct event_quantiles *with,
		     const struct event_quantiles *without, double value_now)
{
	struct event_pending *free = NULL;

	if (!isfinite(now) || !isfinite(value_now) || !(horizon > 0))
		return;
	for (int i = 0; i < EVENT_PENDING; i++) {
		struct event_pending *p = &e->pending[resource][i];

		/* one for a moment is enough */
		if (p->due > 0 && fabs(p->due - now - horizon) < 0.5)
			return;
		if (!(p->due > 0) && !free)
			free = p;
	}
	if (!free)
		return;
	*free = (struct event_pending){
		.due = now + horizon, .owner = owner,
		.ready = without->ready, .phase = phase,
		.with = { with->q05, with->q50, with->q95 },
		.without = { without->q05, without->q50, without->q95 },
		.naive = value_now,
	};
}

void event_note(struct event_effect *e, const struct event_query *q,
		double now, double horizon,
		const struct event_quantiles *without, double value_now)
{
	struct event_quantiles with;

	if (event_expect(e, q, without, &with))
		event_note_both(e, q->owner, q->resource, phase(q), now,
				horizon, &with, without, value_now);
}

static float pinball(const float *q, double value)
{
	static const double probability[3] = { 0.05, 0.5, 0.95 };
	double sum = 0, d;

	for (int i = 0; i < 3; i++) {
		d = value - q[i];
		sum += d >= 0 ? probability[i] * d : (probability[i] - 1) * d;
	}
	return sum < LOSS_MAX ? sum : LOSS_MAX;
}

static void fade(float *loss, float add)
{
	*loss = fminf(KEEP * *loss + add, LOSS_MAX);
}

static void score(struct event_record *r, const struct event_pending *p,
		  double value)
{
	const float naive[3] = { p->naive, p->naive, p->naive };
	float with = pinball(p->with, value);

	fade(&r->with_all, with);
	fade(&r->naive, pinball(naive, value));
	r->scored_all++;
	if (!p->ready)
		return;
	fade(&r->with, with);
	fade(&r->without, pinball(p->without, value));
	r->scored++;
}

void event_settle(struct event_effect *e, uint64_t owner, int resource,
		  double now, double value)
{
	for (int i = 0; i < EVENT_PENDING; i++) {
		struct event_pending *p = &e->pending[resource][i];

		if (!(p->due > 0))
			continue;
		/* a clock that was set back would leave it there for ever */
		if (now - p->due > SETTLE_LATE_S ||
		    p->due - now > EVENT_REACH_S) {
			p->due = 0;
			continue;
		}
		if (p->owner != owner || now < p->due - 0.5)
			continue;
		if (isfinite(value))
			score(&e->record[resource][p->phase % EVENT_PHASES], p,
			      fmin(fmax(value, 0), PROFILE_VALUE_MAX));
		p->due = 0;
	}
}

static bool record_valid(const struct event_record *r)
{
	return r->with >= 0 && r->with <= LOSS_MAX && r->without >= 0 &&
	       r->without <= LOSS_MAX && r->with_all >= 0 &&
	       r->with_all <= LOSS_MAX && r->naive >= 0 &&
	       r->naive <= LOSS_MAX;
}

bool event_valid(const struct event_effect *e)
{
	for (int r = 0; r < PROFILE_RESOURCES; r++) {
		for (int i = 0; i < EVENT_PHASES; i++)
			if (!record_valid(&e->record[r][i]))
				return false;
		for (int i = 0; i < EVENT_PENDING; i++)
			if (isnan(e->pending[r][i].due))
				return false;
	}
	return profile_valid(&e->profile);
}
