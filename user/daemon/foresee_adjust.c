// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is foreseen, into the forecasts: of an app's own launch, of the events
 * that act on it, of launches that are to come below it, in this order.
 */
#include <math.h>

#include "daemon/foresee_state.h"
#include "predict/expect.h"

#define NOTE_NEAR_S	10	/* horizons whose forecasts are compared */
#define NOTE_FAR_S	60

static struct event_quantiles from_point(const struct predict_demand_point *p)
{
	return (struct event_quantiles){
		.ready = p->ready, .mean = p->mean, .q05 = p->q05,
		.q50 = p->q50, .q95 = p->q95,
	};
}

/* @gain: of the loss; it decides whether the forecast is worth pushing. */
static void to_point(const struct event_quantiles *q, double gain,
		     struct predict_demand_point *p)
{
	p->score.loss_ratio = p->ready ? p->score.loss_ratio * gain : gain;
	p->score.usual_ratio = p->ready ? p->score.usual_ratio * gain : gain;
	p->ready = q->ready;
	p->mean = q->mean;
	p->q05 = q->q05;
	p->q50 = q->q50;
	p->q95 = q->q95;
}

/* Whether this forecast is one of those that are compared; not each second. */
static bool noted(double now, unsigned int horizon_s)
{
	long second = llround(now);

	return (horizon_s == NOTE_NEAR_S && second % 2 == 0) ||
	       (horizon_s == NOTE_FAR_S && second % 20 == 0);
}

/* Of what a person said, and nothing speaks against: so that it is believed. */
static double declared_gain(const struct predict_demand_point *point)
{
	const struct predict_score *s = &point->score;
	double worst = point->ready ? fmax(s->loss_ratio, s->usual_ratio) : 1;

	return 0.99 / fmax(worst, 0.99);
}

static bool apply(struct foresee *f, struct event_effect *effect,
		  const struct event_query *query, double value,
		  struct predict_demand_point *point)
{
	struct event_quantiles without = from_point(point), with;
	double gain;

	if (noted(f->now, point->horizon_s))
		event_note(effect, query, f->now, point->horizon_s, &without,
			   value);
	if (!(event_combine(effect, query, &without, &with) > 0))
		return false;
	gain = event_gain(effect, query, &without);
	if (gain >= 1)
		gain = declared_gain(point);
	to_point(&with, gain, point);
	return true;
}

/* Before the beginning it is what profile_begin() would get. */
static double level_of(const struct series_app *app, uint8_t resource,
		       bool before)
{
	const struct foreseen *seen = app->foreseen;

	return before && seen && !isnan(seen->recent[resource]) ?
	       seen->recent[resource] : app->value[resource];
}

static bool apply_event(struct foresee *f, struct active *a,
			const struct series_app *app, uint8_t resource,
			struct predict_demand_point *point)
{
	struct event_query query = {
		.owner = app->id, .resource = resource,
		.age_now = f->now - a->start,
		.age_then = f->now + point->horizon_s - a->start,
		.level = level_of(app, resource, f->now < a->start),
		.declared = a->declared[resource],
		.upper = f->upper[resource],
	};

	if (query.age_then < 0 ||
	    foresee_overtaken(f, a, f->now + point->horizon_s))
		return false;
	return apply(f, &a->event->effect, &query, app->value[resource],
		     point);
}

static bool apply_launch(struct foresee *f, const struct series_app *app,
			 uint8_t resource, struct predict_demand_point *point)
{
	const struct foreseen *seen = app->foreseen;
	struct event_query query = {
		.owner = app->id, .resource = resource, .launch = true,
		.declared = NAN,
		.upper = f->upper[resource],
	};

	if (!seen || !seen->program)
		return false;
	query.age_now = f->now - f->skipped - seen->begun;
	query.age_then = query.age_now + point->horizon_s;
	return apply(f, &seen->program->effect, &query, app->value[resource],
		     point);
}

/* The horizons of launches begin as those of demand do. */
static bool apply_coming(struct foresee *f, struct coming *c,
			 const struct series_app *app, uint8_t resource,
			 int index, struct predict_demand_point *point)
{
	struct expect_query query = {
		.resource = resource, .horizon_s = launch_horizon_s,
		.probability = c->probability, .index = index,
		.level = level_of(app, resource, true),
		.upper = f->upper[resource],
	};
	struct event_quantiles without = from_point(point), with;
	struct event_effect *effect = &c->record->effect;
	double ratio, w;

	if (!expect_launch(&c->program->effect.profile, &query, &without,
			   &with))
		return false;
	if (noted(f->now, point->horizon_s) &&
	    c->probability[index] > COMING_LEAST)
		event_note_both(effect, app->id, resource, 0, f->now,
				point->horizon_s, &with, &without,
				app->value[resource]);
	ratio = event_ratio(effect, resource, 0, true);
	w = event_earned(ratio);
	if (!(w > 0) || c->probability[index] < COMING_LEAST)
		return false;
	event_blend(&without, w, &with);
	to_point(&without, ratio, point);
	return true;
}

static bool apply_all_coming(struct foresee *f, const struct series_app *app,
			     uint8_t resource,
			     struct predict_demand_forecast *forecast)
{
	bool changed = false;

	for (size_t k = 0; k < f->nr_coming; k++)
		for (int i = 0; i < PREDICT_DEMAND_HORIZONS &&
		     f->coming[k].app_id == app->id; i++)
			changed |= apply_coming(f, &f->coming[k], app,
						resource, i,
						&forecast->at[i]);
	return changed;
}

void foresee_adjust(void *data, const struct series_app *app,
		    uint8_t resource,
		    struct predict_demand_forecast *forecast)
{
	struct foresee *f = data;
	bool changed = false;

	/* what launches and events do to the network is not learned */
	if (resource >= PROFILE_RESOURCES)
		return;
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++)
		changed |= apply_launch(f, app, resource, &forecast->at[i]);
	for (size_t k = 0; k < f->nr_active; k++)
		for (int i = 0; i < PREDICT_DEMAND_HORIZONS &&
		     f->active[k].app_id == app->id; i++)
			changed |= apply_event(f, &f->active[k], app, resource,
					       &forecast->at[i]);
	changed |= apply_all_coming(f, app, resource, forecast);
	f->adjusting += changed;
}
