// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fnmatch.h>
#include <limits.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/foresee.h"
#include "predict/expect.h"

#define SAME_S		2	/* one event, told twice */
#define LOOK_EACH	5	/* steps between looks at the agenda */
#define RECENT		0.1	/* of the usage before an event, a step */
#define NOTE_NEAR_S	10	/* horizons whose forecasts are compared */
#define NOTE_FAR_S	60
/* Probability within 900 s; less moves no quantile. */
#define COMING_LEAST	0.05
#define TARGETS_MAX	16	/* apps that one event's pattern may match */

/* Of one app, beside its series. */
struct foreseen {
	struct learned_program *program;	/* NULL: it was there before */
	struct profile_run run;
	bool over;			/* the run has its last age */
	double begun;
	double recent[SERIES_RESOURCES];
	bool has_recent;
};

/* An event near now, on one app. */
struct active {
	struct learned_event *event;
	uint64_t app_id;
	time_t start;
	struct profile_run run;
	bool begun, over, listed;
	double declared[SERIES_RESOURCES];
};

/* A program that may be launched soon, below an app. */
struct coming {
	struct learned_program *program;
	struct learned_event *record;	/* with and without it */
	uint64_t app_id;
	double probability[PREDICT_DEMAND_HORIZONS];
};

struct foresee {
	struct learned *learned;
	struct agenda *agenda;
	struct active active[FORESEE_EVENTS_MAX];
	size_t nr_active;
	struct coming coming[FORESEE_COMING_MAX];
	size_t nr_coming;
	double upper[SERIES_RESOURCES];
	double now;
	unsigned int steps;
	struct foresee_stats stats;
	size_t adjusting;
};

int foresee_new(struct learned *learned, double now, int32_t offset_s,
		struct foresee **out)
{
	struct foresee *f = calloc(1, sizeof(*f));

	if (!f)
		return -ENOMEM;
	f->learned = learned ?: learned_new();
	if (!f->learned) {
		free(f);
		return -ENOMEM;
	}
	foresee_blind(f, now, offset_s);
	*out = f;
	return 0;
}

void foresee_free(struct foresee *f)
{
	if (!f)
		return;
	learned_free(f->learned);
	agenda_free(f->agenda);
	free(f);
}

void foresee_set_capacity(struct foresee *f, double cpu_milli,
			  double mem_bytes)
{
	f->upper[PRESWAP_RESOURCE_CPU] = cpu_milli;
	f->upper[PRESWAP_RESOURCE_MEMORY] = mem_bytes;
}

void foresee_blind(struct foresee *f, double now, int32_t offset_s)
{
	for (size_t i = 0; i < f->learned->nr_programs; i++)
		launch_blind(&f->learned->programs[i].program->launch, now,
			     offset_s);
	f->now = now;
}

/* ---- launches ---- */

void foresee_app_new(struct foresee *f, struct series_app *app, bool launched,
		     double now, int32_t offset_s)
{
	struct foreseen *seen = calloc(1, sizeof(*seen));
	char key[LEARNED_KEY];

	app->foreseen = seen;
	if (!seen || !launched)
		return;
	learned_key(app->path, key);
	seen->program = learned_program_get(f->learned, key, now, offset_s);
	if (!seen->program)
		return;
	launch_start(&seen->program->launch, now, offset_s);
	profile_begin(&seen->program->effect.profile, &seen->run, now, NULL);
	seen->begun = now;
	f->stats.launches++;
}

/* Only events that act on it end with it; what they taught stays. */
static void drop(struct foresee *f, size_t index)
{
	learned_event_put(f->learned, f->active[index].event);
	f->active[index] = f->active[--f->nr_active];
}

void foresee_app_gone(void *data, struct series_app *app)
{
	struct foreseen *seen = app->foreseen;
	struct foresee *f = data;

	for (size_t i = f->nr_active; i-- > 0; )
		if (f->active[i].app_id == app->id)
			drop(f, i);
	if (!seen || !seen->program)
		return;
	if (!seen->over)
		profile_end(&seen->program->effect.profile, &seen->run,
			    f->now - app->missed);
	learned_program_put(f->learned, seen->program);
	seen->program = NULL;
}

static void step_app(struct foresee *f, struct series_app *app)
{
	struct foreseen *seen = app->foreseen;

	if (!seen || app->missed)
		return;
	for (int r = 0; r < SERIES_RESOURCES; r++) {
		double part = seen->has_recent ? RECENT : 1;

		seen->recent[r] += part * (app->value[r] - seen->recent[r]);
		if (seen->program)
			event_settle(&seen->program->effect, r, f->now,
				     app->value[r]);
	}
	seen->has_recent = true;
	if (seen->program && !seen->over)
		seen->over = profile_sample(&seen->program->effect.profile,
					    &seen->run, f->now, app->value);
}

/* ---- events ---- */

void foresee_set_agenda(struct foresee *f, struct agenda *agenda)
{
	agenda_free(f->agenda);
	f->agenda = agenda;
	f->steps = 0;
	for (size_t i = 0; i < f->nr_active; i++)
		f->active[i].listed = false;
}

static struct series_app *app_by_path(struct series_table *table,
				      const char *path, size_t len)
{
	for (size_t i = 0; i < series_count(table); i++) {
		struct series_app *app = series_at(table, i);
		const char *own = app->path + (*app->path == '/');

		if (!strncmp(own, path, len) && !own[len])
			return app;
	}
	return NULL;
}

/* Itself or the nearest around it. */
static struct series_app *nearest(struct series_table *table, const char *path)
{
	size_t len = strlen(path);
	struct series_app *app;

	while (len) {
		app = app_by_path(table, path, len);
		if (app)
			return app;
		while (len && path[len - 1] != '/')
			len--;
		len -= len > 0;
	}
	return NULL;
}

static size_t targets(struct series_table *table, const char *pattern,
		      struct series_app **out)
{
	size_t count = 0;

	if (!strpbrk(pattern, "*?[")) {
		out[0] = nearest(table, pattern);
		return out[0] != NULL;
	}
	for (size_t i = 0; i < series_count(table) && count < TARGETS_MAX;
	     i++) {
		struct series_app *app = series_at(table, i);

		if (!fnmatch(pattern, app->path + (*app->path == '/'),
			     FNM_PATHNAME))
			out[count++] = app;
	}
	return count;
}

static struct active *find_active(struct foresee *f, const char *key,
				  uint64_t app_id, time_t start)
{
	for (size_t i = 0; i < f->nr_active; i++) {
		struct active *a = &f->active[i];

		if (labs(a->start - start) <= SAME_S && a->app_id == app_id &&
		    !strcmp(a->event->key, key))
			return a;
	}
	return NULL;
}

static void activate(struct foresee *f, const struct agenda_entry *entry,
		     const struct series_app *app)
{
	char key[LEARNED_KEY], path[LEARNED_KEY];
	struct active *a;

	learned_key(app->path, path);
	snprintf(key, sizeof(key), "%s:%.100s|%.100s",
		 agenda_source_name(entry->source), entry->label, path);
	a = find_active(f, key, app->id, entry->start);
	if (a) {
		a->listed = true;
		return;
	}
	if (f->nr_active == FORESEE_EVENTS_MAX) {
		f->stats.left_out++;
		return;
	}
	a = &f->active[f->nr_active];
	*a = (struct active){
		.event = learned_event_get(f->learned, key, f->now),
		.app_id = app->id, .start = entry->start, .listed = true,
	};
	if (!a->event)
		return;
	a->declared[PRESWAP_RESOURCE_CPU] = entry->cpu_milli;
	a->declared[PRESWAP_RESOURCE_MEMORY] = entry->mem_bytes;
	f->nr_active++;
}

/* What begins within the horizons; and what was taken out of the agenda. */
static void look(struct foresee *f, struct series_table *table)
{
	struct series_app *apps[TARGETS_MAX];
	size_t count;

	for (size_t i = 0; f->agenda && i < f->agenda->count; i++) {
		const struct agenda_entry *entry = &f->agenda->entries[i];

		if (entry->start > f->now + FORESEE_AHEAD_S)
			break;
		if (entry->start < f->now - SAME_S || !*entry->app)
			continue;
		count = targets(table, entry->app, apps);
		for (size_t k = 0; k < count; k++)
			activate(f, entry, apps[k]);
	}
	for (size_t i = f->nr_active; i-- > 0; ) {
		struct active *a = &f->active[i];

		if ((!a->listed && a->start > f->now + SAME_S) ||
		    f->now - a->start > EVENT_REACH_S ||
		    a->start - f->now > EVENT_REACH_S)
			drop(f, i);
	}
}

/* ---- launches that are to come ---- */

static void forget_coming(struct foresee *f)
{
	for (size_t i = 0; i < f->nr_coming; i++) {
		learned_program_put(f->learned, f->coming[i].program);
		learned_event_put(f->learned, f->coming[i].record);
	}
	f->nr_coming = 0;
}

/* The cgroup around all of the program's apps. */
static struct series_app *around(struct series_table *table, const char *key)
{
	const char *end = strrchr(key, '/');
	char path[LEARNED_KEY];

	if (!end)
		return NULL;
	snprintf(path, sizeof(path), "%.*s", (int)(end - key), key);
	return nearest(table, path);
}

static void look_at_program(struct foresee *f, struct series_table *table,
			    struct learned_slot *slot)
{
	struct learned_program *p = slot->program;
	struct coming *c = &f->coming[f->nr_coming];
	char key[LEARNED_KEY], path[LEARNED_KEY];
	struct series_app *app;

	if (f->nr_coming == FORESEE_COMING_MAX ||
	    p->launch.starts < LAUNCH_READY ||
	    launch_probability(&p->launch, PREDICT_DEMAND_HORIZONS - 1) <
	    COMING_LEAST)
		return;
	app = around(table, p->key);
	if (!app)
		return;
	learned_key(app->path, path);
	snprintf(key, sizeof(key), "launch:%.100s|%.100s", p->key, path);
	*c = (struct coming){ .program = p, .app_id = app->id };
	c->record = learned_event_get(f->learned, key, f->now);
	if (!c->record)
		return;
	slot->refs++;
	f->nr_coming++;
}

static void look_ahead(struct foresee *f, struct series_table *table)
{
	forget_coming(f);
	for (size_t i = 0; i < f->learned->nr_programs; i++)
		look_at_program(f, table, &f->learned->programs[i]);
}

/* Rising with the horizon, as expect_launch() wants them. */
static void step_coming(struct coming *c, const struct series_app *app,
			double now)
{
	double least = 0;

	for (int h = 0; h < PREDICT_DEMAND_HORIZONS; h++) {
		least = fmax(least, launch_probability(&c->program->launch,
						       h));
		c->probability[h] = least;
	}
	for (int r = 0; r < SERIES_RESOURCES && !app->missed; r++)
		event_settle(&c->record->effect, r, now, app->value[r]);
}

/* A later event of the same kind has begun on that app by @at. */
static bool overtaken(const struct foresee *f, const struct active *a,
		      double at)
{
	for (size_t i = 0; i < f->nr_active; i++) {
		const struct active *b = &f->active[i];

		if (b->event == a->event && b->app_id == a->app_id &&
		    b->start > a->start && b->start <= at)
			return true;
	}
	return false;
}

static void step_event(struct foresee *f, struct active *a,
		       struct series_app *app)
{
	struct foreseen *seen = app->foreseen;
	struct event_effect *effect = &a->event->effect;

	if (!seen || app->missed)
		return;
	for (int r = 0; r < SERIES_RESOURCES; r++)
		event_settle(effect, r, f->now, app->value[r]);
	if (!a->begun && f->now >= a->start) {
		profile_begin(&effect->profile, &a->run, a->start,
			      seen->recent);
		a->event->used = f->now;
		a->begun = true;
	}
	a->over = a->over || overtaken(f, a, f->now);
	if (a->begun && !a->over)
		a->over = profile_sample(&effect->profile, &a->run, f->now,
					 app->value);
}

static struct series_app *app_by_id(struct series_table *table, uint64_t id)
{
	size_t low = 0, high = series_count(table);

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (series_at(table, middle)->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	if (low < series_count(table) && series_at(table, low)->id == id)
		return series_at(table, low);
	return NULL;
}

void foresee_step(struct foresee *f, struct series_table *table, double now,
		  int32_t offset_s)
{
	f->now = now;
	f->stats.adjusted = f->adjusting;
	f->adjusting = 0;
	for (size_t i = 0; i < f->learned->nr_programs; i++)
		launch_pass(&f->learned->programs[i].program->launch, now,
			    offset_s);
	if (f->steps++ % LOOK_EACH == 0) {
		look(f, table);
		look_ahead(f, table);
	}
	for (size_t i = 0; i < f->nr_coming; i++) {
		struct series_app *app = app_by_id(table,
						   f->coming[i].app_id);

		if (app)
			step_coming(&f->coming[i], app, now);
	}
	/* events first: what was before them is not to hold their beginning */
	for (size_t i = 0; i < f->nr_active; i++) {
		struct series_app *app = app_by_id(table,
						   f->active[i].app_id);

		if (app)
			step_event(f, &f->active[i], app);
	}
	for (size_t i = 0; i < series_count(table); i++)
		step_app(f, series_at(table, i));
	f->stats.events = f->nr_active;
}

/* ---- into the forecasts ---- */

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
	/* a person said so, and nothing speaks against it */
	if (gain >= 1)
		gain = 0.99 / fmax(point->ready ? point->score.loss_ratio : 1,
				   0.99);
	to_point(&with, gain, point);
	return true;
}

/* Before the beginning it is what profile_begin() would get. */
static double level_of(const struct series_app *app, uint8_t resource,
		       bool before)
{
	const struct foreseen *seen = app->foreseen;

	return before && seen && seen->has_recent ? seen->recent[resource] :
						    app->value[resource];
}

static bool apply_event(struct foresee *f, struct active *a,
			const struct series_app *app, uint8_t resource,
			struct predict_demand_point *point)
{
	struct event_query query = {
		.resource = resource, .age_now = f->now - a->start,
		.age_then = f->now + point->horizon_s - a->start,
		.level = level_of(app, resource, f->now < a->start),
		.declared = a->declared[resource],
		.upper = f->upper[resource],
	};

	if (query.age_then < 0 ||
	    overtaken(f, a, f->now + point->horizon_s))
		return false;
	return apply(f, &a->event->effect, &query, app->value[resource],
		     point);
}

static bool apply_launch(struct foresee *f, const struct series_app *app,
			 uint8_t resource, struct predict_demand_point *point)
{
	const struct foreseen *seen = app->foreseen;
	struct event_query query = {
		.resource = resource, .launch = true, .declared = NAN,
		.upper = f->upper[resource],
	};

	if (!seen || !seen->program)
		return false;
	query.age_now = f->now - seen->begun;
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
	struct event_quantiles without = from_point(point), with, out;
	struct event_effect *effect = &c->record->effect;
	double ratio, w;

	if (!expect_launch(&c->program->effect.profile, &query, &without,
			   &with))
		return false;
	if (noted(f->now, point->horizon_s) &&
	    c->probability[index] > COMING_LEAST)
		event_note_both(effect, resource, 0, f->now, point->horizon_s,
				&with, &without, app->value[resource]);
	ratio = event_ratio(effect, resource, 0, true);
	w = event_earned(ratio);
	if (!(w > 0) || c->probability[index] < COMING_LEAST)
		return false;
	out = without;
	out.mean += w * (with.mean - out.mean);
	out.q05 += w * (with.q05 - out.q05);
	out.q50 += w * (with.q50 - out.q50);
	out.q95 += w * (with.q95 - out.q95);
	to_point(&out, ratio, point);
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

struct foresee_stats foresee_stats(const struct foresee *f)
{
	return f->stats;
}

int foresee_pack(const struct foresee *f, void **data, size_t *size)
{
	return learned_pack(f->learned, data, size);
}
