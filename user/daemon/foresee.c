// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <fnmatch.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/foresee_state.h"

#define GAP_S		90	/* longer than any usage period */
#define SAME_S		2	/* one event, told twice */
#define LOOK_EACH	5	/* steps between looks at the agenda */
#define RECENT		0.1	/* of the usage before an event, a step */
#define TARGETS_MAX	16	/* apps that one event's pattern may match */

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

void foresee_set_limits(struct foresee *f, const struct series_limits *limits)
{
	for (int r = 0; r < SERIES_RESOURCES; r++)
		f->upper[r] = series_upper(limits, r);
}

void foresee_blind(struct foresee *f, double now, int32_t offset_s)
{
	for (size_t i = 0; i < f->learned->nr_programs; i++)
		launch_blind(&f->learned->programs[i].program->launch, now,
			     offset_s);
	f->now = now;
}

/*
 * The machine slept, or its clock was set: nobody watched, and no app is the older for
 * it. Before any time is taken for one that passed.
 */
static void pass_gap(struct foresee *f, double now, int32_t offset_s)
{
	if (fabs(now - f->now) <= GAP_S)
		return;
	f->skipped += now - f->now;
	foresee_blind(f, now, offset_s);
}

/* ---- launches ---- */

void foresee_app_new(struct foresee *f, struct series_app *app, bool launched,
		     double now, int32_t offset_s)
{
	struct foreseen *seen = calloc(1, sizeof(*seen));
	char key[LEARNED_KEY];

	pass_gap(f, now, offset_s);
	app->foreseen = seen;
	for (int r = 0; seen && r < PROFILE_RESOURCES; r++)
		seen->recent[r] = NAN;
	if (!seen || !launched)
		return;
	learned_key(app->path, key);
	seen->program = learned_program_get(f->learned, key, now, offset_s);
	if (!seen->program)
		return;
	launch_start(&seen->program->launch, now, offset_s);
	seen->begun = now - f->skipped;
	profile_begin(&seen->program->effect.profile, &seen->run, seen->begun,
		      NULL);
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
			    f->now - f->skipped - app->missed);
	learned_program_put(f->learned, seen->program);
	seen->program = NULL;
}

static void step_app(struct foresee *f, struct series_app *app)
{
	struct foreseen *seen = app->foreseen;

	if (!seen || app->missed)
		return;
	for (int r = 0; r < PROFILE_RESOURCES; r++) {
		if (isnan(app->value[r]) || isnan(seen->recent[r]))
			seen->recent[r] = app->value[r];
		seen->recent[r] += RECENT * (app->value[r] - seen->recent[r]);
		if (seen->program)
			event_settle(&seen->program->effect, app->id, r,
				     f->now, app->value[r]);
	}
	if (seen->program && !seen->over)
		seen->over = profile_sample(&seen->program->effect.profile,
					    &seen->run, f->now - f->skipped,
					    app->value);
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

static size_t targets(struct series_table *table, const char *pattern,
		      struct series_app **out)
{
	size_t count = 0;

	if (!strpbrk(pattern, "*?[")) {
		out[0] = series_nearest(table, pattern);
		return out[0] != NULL;
	}
	for (size_t i = 0; i < series_count(table) && count < TARGETS_MAX;
	     i++) {
		struct series_app *app = series_at(table, i);
		const char *path = app->path + (*app->path == '/');

		/* neither the root, nor one whose path is not known */
		if (*path && !fnmatch(pattern, path,
				      FNM_PATHNAME | FNM_NOESCAPE))
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

static bool is_declared(const double *amounts)
{
	for (int r = 0; r < PROFILE_RESOURCES; r++)
		if (!isnan(amounts[r]))
			return true;
	return false;
}

/*
 * A person's word counts at once: where all places are taken, of those that are yet to be
 * learned the one that is furthest ahead goes. Return: whether there is a place.
 */
static bool make_way(struct foresee *f, const struct active *a)
{
	struct active *last = NULL;

	if (f->nr_active < FORESEE_EVENTS_MAX)
		return true;
	f->stats.left_out++;
	for (size_t i = 0; i < f->nr_active && is_declared(a->declared); i++) {
		struct active *other = &f->active[i];

		if (!is_declared(other->declared) && other->start > f->now &&
		    (!last || other->start > last->start))
			last = other;
	}
	if (last)
		drop(f, (size_t)(last - f->active));
	return last;
}

static void activate(struct foresee *f, const struct agenda_entry *entry,
		     const struct series_app *app)
{
	char key[LEARNED_KEY], path[LEARNED_KEY];
	struct active *a, fresh = {
		.app_id = app->id, .start = entry->start, .listed = true,
		.declared = {
			[PRESWAP_RESOURCE_CPU] = entry->cpu_milli,
			[PRESWAP_RESOURCE_MEMORY] = entry->mem_bytes,
			[PRESWAP_RESOURCE_IO] = entry->io_bytes,
		},
	};

	learned_key(app->path, path);
	snprintf(key, sizeof(key), "%s:%.100s|%.100s",
		 agenda_source_name(entry->source), entry->label, path);
	a = find_active(f, key, app->id, entry->start);
	if (a) {
		a->listed = true;
		return;
	}
	if (!make_way(f, &fresh))
		return;
	fresh.event = learned_event_get(f->learned, key, f->now);
	if (fresh.event)
		f->active[f->nr_active++] = fresh;
	else
		f->stats.left_out++;
}

/* What begins within the horizons; and what was taken out of the agenda. */
static void look(struct foresee *f, struct series_table *table)
{
	struct series_app *apps[TARGETS_MAX];
	size_t count;

	f->stats.left_out = 0;
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

		/* one that a later one has overtaken says nothing any more */
		if ((!a->listed && a->start > f->now + SAME_S) ||
		    foresee_overtaken(f, a, f->now) ||
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
	return series_nearest(table, path);
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
	for (int r = 0; r < PROFILE_RESOURCES && !app->missed; r++)
		event_settle(&c->record->effect, app->id, r, now,
			     app->value[r]);
}

bool foresee_overtaken(const struct foresee *f, const struct active *a,
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
	for (int r = 0; r < PROFILE_RESOURCES; r++)
		event_settle(effect, app->id, r, f->now, app->value[r]);
	if (!a->begun && f->now >= a->start) {
		profile_begin(&effect->profile, &a->run, a->start,
			      seen->recent);
		a->event->used = f->now;
		a->begun = true;
	}
	a->over = a->over || foresee_overtaken(f, a, f->now);
	if (a->begun && !a->over)
		a->over = profile_sample(&effect->profile, &a->run, f->now,
					 app->value);
}

void foresee_step(struct foresee *f, struct series_table *table, double now,
		  int32_t offset_s)
{
	pass_gap(f, now, offset_s);
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
		struct series_app *app =
			series_by_id(table, f->coming[i].app_id);

		if (app)
			step_coming(&f->coming[i], app, now);
	}
	/* events first: what was before them is not to hold their beginning */
	for (size_t i = 0; i < f->nr_active; i++) {
		struct series_app *app =
			series_by_id(table, f->active[i].app_id);

		if (app)
			step_event(f, &f->active[i], app);
	}
	for (size_t i = 0; i < series_count(table); i++)
		step_app(f, series_at(table, i));
	f->stats.events = f->nr_active;
}

struct foresee_stats foresee_stats(const struct foresee *f)
{
	return f->stats;
}

int foresee_pack(const struct foresee *f, void **data, size_t *size)
{
	return learned_pack(f->learned, data, size);
}
