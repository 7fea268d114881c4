// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table is an array of pointers, sorted by id: an app appears seldom, and
 * is found and walked often.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../kmod/decide/decide.h"
#include "sense/series.h"

#define RATE_UPPER	2	/* times the capacity */
#define SECOND_NS	1000000000LL
#define LATE_NS		50000000	/* so near to seconds, a usage period is some */

struct series_table {
	struct series_limits limits;
	struct series_app **apps;
	size_t count, room;
	void (*gone)(void *data, struct series_app *app);
	void *gone_data;
	void (*busy)(void *data);
	void *busy_data;
	struct series_kept *kept;	/* NULL: nothing, or not any more */
	double kept_s;			/* its age */
	unsigned int waited_s;		/* for apps to go on with it */
	size_t resumed;
	uint64_t clock;			/* seconds since 1970; 0: not known */
	bool refused, refused_before;	/* an app, in this step, in the last */
};

int series_new(const struct series_limits *limits, struct series_table **out)
{
	struct series_table *table = calloc(1, sizeof(*table));

	if (!table)
		return -ENOMEM;
	table->limits = *limits;
	*out = table;
	return 0;
}

static void app_free(struct series_app *app)
{
	for (int i = 0; i < SERIES_RESOURCES; i++)
		predict_demand_free(app->demand[i]);
	free(app->foreseen);
	free(app->path);
	free(app);
}

static void app_gone(struct series_table *table, struct series_app *app)
{
	if (table->gone)
		table->gone(table->gone_data, app);
	app_free(app);
}

void series_on_gone(struct series_table *table,
		    void (*gone)(void *data, struct series_app *app),
		    void *data)
{
	table->gone = gone;
	table->gone_data = data;
}

void series_on_busy(struct series_table *table, void (*busy)(void *data),
		    void *data)
{
	table->busy = busy;
	table->busy_data = data;
}

void series_free(struct series_table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++)
		app_free(table->apps[i]);
	free(table->apps);
	series_kept_free(table->kept);
	free(table);
}

void series_resume(struct series_table *table, struct series_kept *kept,
		   double old_s)
{
	series_kept_free(table->kept);
	table->kept = kept;
	table->kept_s = old_s > 0 ? old_s : 0;
	table->waited_s = 0;
}

const struct series_kept *series_waiting(const struct series_table *table)
{
	return table->kept;
}

size_t series_resumed(const struct series_table *table)
{
	return table->resumed;
}

/* Its forecasters, as they were, and the time that has passed since. */
static void resume(struct series_table *table, struct series_app *app)
{
	double gap = fmin(table->kept_s, SERIES_GAP_MAX_S);

	if (!table->kept || !series_kept_take(table->kept, app))
		return;
	table->resumed++;
	for (int i = 0; i < SERIES_RESOURCES; i++)
		for (int k = 1; k < gap && app->demand[i]; k++)
			predict_demand_update(app->demand[i], NAN);
}

double series_upper(const struct series_limits *limits, int resource)
{
	switch (resource) {
	case PRESWAP_RESOURCE_CPU:
		return limits->cpu_milli;
	case PRESWAP_RESOURCE_MEMORY:
		return limits->mem_bytes;
	case PRESWAP_RESOURCE_IO:
		return RATE_UPPER * limits->io_bytes;
	default:
		return RATE_UPPER * limits->net_bytes;
	}
}

/*
 * Half the smallest shortage that is worth a lease: what moves by less, and always has
 * lately, is of no concern for the decision.
 */
static double calm(const struct series_limits *limits, int resource)
{
	static const double least[SERIES_RESOURCES] = {
		[PRESWAP_RESOURCE_CPU] = DECIDE_STEP_CPU,
		[PRESWAP_RESOURCE_MEMORY] = DECIDE_STEP_MEMORY,
		[PRESWAP_RESOURCE_IO] = DECIDE_STEP_IO,
		[PRESWAP_RESOURCE_NET] = DECIDE_STEP_NET,
	};
	const double capacity[SERIES_RESOURCES] = {
		[PRESWAP_RESOURCE_MEMORY] = limits->mem_bytes,
		[PRESWAP_RESOURCE_IO] = limits->io_bytes,
		[PRESWAP_RESOURCE_NET] = limits->net_bytes,
	};

	return fmax(least[resource],
		    capacity[resource] / (1 << DECIDE_STEP_SHIFT)) / 2;
}

/* One whose capacity is a setting. */
static bool is_rate(int resource)
{
	return resource == PRESWAP_RESOURCE_IO ||
	       resource == PRESWAP_RESOURCE_NET;
}

static int demand_new(const struct series_limits *limits, int resource,
		      struct predict_demand **out)
{
	struct predict_demand_opts opts = {
		.size = sizeof(opts), .upper = series_upper(limits, resource),
		.calm = calm(limits, resource),
	};

	return predict_demand_new(&opts, out);
}

static int copy(const struct predict_demand *from, struct predict_demand *to)
{
	size_t size = predict_demand_state_bytes(from);
	void *state = malloc(size);
	int err = -ENOMEM;

	if (state) {
		predict_demand_save(from, state);
		err = predict_demand_load(to, state, size);
	}
	free(state);
	return err;
}

/* With what it has learned; without memory for it, it stays as it is. */
static void rebound(struct series_app *app, int resource,
		    const struct series_limits *limits)
{
	struct predict_demand *old = app->demand[resource], *fresh = NULL;

	if (is_rate(resource) && !series_upper(limits, resource))
		app->withheld[resource] = false;
	else if (demand_new(limits, resource, &fresh))
		return;
	if (fresh && old && copy(old, fresh)) {
		predict_demand_free(fresh);
		return;
	}
	app->demand[resource] = fresh;
	predict_demand_free(old);
}

void series_set_limits(struct series_table *table,
		       const struct series_limits *limits)
{
	const struct series_limits old = table->limits;

	table->limits = *limits;
	for (int r = 0; r < SERIES_RESOURCES; r++) {
		if (series_upper(limits, r) == series_upper(&old, r))
			continue;
		for (size_t i = 0; i < table->count; i++)
			rebound(table->apps[i], r, limits);
	}
	while (table->count > limits->max_apps && series_make_room(table))
		;
}

/* The app's index, or where it would be. */
static size_t find(const struct series_table *table, uint64_t id)
{
	size_t low = 0, high = table->count;

	while (low < high) {
		size_t middle = low + (high - low) / 2;

		if (table->apps[middle]->id < id)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static bool known(const struct series_table *table, size_t index, uint64_t id)
{
	return index < table->count && table->apps[index]->id == id;
}

static int app_new(const struct series_limits *limits,
		   const struct preswap_app *from, struct series_app **out)
{
	struct series_app *app = calloc(1, sizeof(*app));
	int err = 0;

	if (!app)
		return -ENOMEM;
	app->id = from->id;
	app->path = strdup(from->path);
	if (!app->path)
		err = -ENOMEM;
	for (int i = 0; i < SERIES_RESOURCES && !err; i++)
		if (!is_rate(i) || series_upper(limits, i))
			err = demand_new(limits, i, &app->demand[i]);
	if (err) {
		app_free(app);
		return err;
	}
	*out = app;
	return 0;
}

static int insert(struct series_table *table, size_t index,
		  const struct preswap_app *from)
{
	struct series_app *app, **apps;
	size_t room;
	int err;

	if (table->count >= table->limits.max_apps) {
		table->refused = true;
		return -ENOSPC;
	}
	if (table->count == table->room) {
		room = table->room ? 2 * table->room : 64;
		apps = realloc(table->apps, room * sizeof(*apps));
		if (!apps)
			return -ENOMEM;
		table->apps = apps;
		table->room = room;
	}
	err = app_new(&table->limits, from, &app);
	if (err)
		return err;
	app->was_refused = table->refused || table->refused_before;
	resume(table, app);
	memmove(&table->apps[index + 1], &table->apps[index],
		(table->count - index) * sizeof(*table->apps));
	table->apps[index] = app;
	table->count++;
	return 0;
}

int series_meet(struct series_table *table, const struct preswap_app *from,
		struct series_app **out)
{
	size_t index = find(table, from->id);
	int err = known(table, index, from->id) ? 0 :
						  insert(table, index, from);

	if (!err)
		*out = table->apps[index];
	return err;
}

int series_sample(struct series_table *table, const struct preswap_app *from,
		  struct series_app **out)
{
	struct series_app *app;
	int err = series_meet(table, from, &app);

	if (err)
		return err;
	app->value[PRESWAP_RESOURCE_CPU] = from->cpu_milli;
	app->value[PRESWAP_RESOURCE_MEMORY] = from->mem_bytes;
	app->value[PRESWAP_RESOURCE_IO] = table->limits.io_bytes ?
					  from->io_bytes : NAN;
	app->value[PRESWAP_RESOURCE_NET] = table->limits.net_bytes ?
					   from->net_bytes : NAN;
	app->has_policy = from->has_policy;
	app->fresh = true;
	*out = app;
	return 0;
}

/* How many forecasters it has. */
static size_t app_step(struct series_app *app, unsigned int seconds,
		       uint64_t clock)
{
	size_t updated = 0;

	if (seconds > SERIES_GAP_MAX_S)
		seconds = SERIES_GAP_MAX_S;
	for (int i = 0; i < SERIES_RESOURCES; i++) {
		if (!app->demand[i])
			continue;
		updated++;
		for (unsigned int gap = 1; gap < seconds; gap++)
			predict_demand_update(app->demand[i], NAN);
		if (clock)
			predict_demand_set_clock(app->demand[i], clock);
		predict_demand_update(app->demand[i],
				      app->fresh ? app->value[i] : NAN);
	}
	app->missed = app->fresh ? 0 : app->missed + 1;
	app->fresh = false;
	return updated;
}

void series_set_clock(struct series_table *table, uint64_t clock)
{
	table->clock = clock;
}

unsigned int series_seconds(uint64_t *last_ns, uint64_t time_ns)
{
	int64_t passed = (int64_t)(time_ns - *last_ns), rest;
	int64_t seconds = (passed + SECOND_NS / 2) / SECOND_NS;

	if (!*last_ns || passed < -SECOND_NS) {
		*last_ns = time_ns;
		return 1;
	}
	if (passed < SECOND_NS / 2)
		return 0;
	rest = passed - seconds * SECOND_NS;
	*last_ns = time_ns;
	if (rest > LATE_NS || rest < -LATE_NS)
		*last_ns -= (uint64_t)rest;
	return seconds < UINT_MAX ? (unsigned int)seconds : UINT_MAX;
}

size_t series_step(struct series_table *table, unsigned int seconds)
{
	size_t kept = 0, updated = 0;

	if (!seconds)
		return 0;
	table->refused_before = table->refused;
	table->refused = false;
	table->kept_s += seconds;
	table->waited_s += seconds;
	if (table->kept && table->waited_s > SERIES_RESUME_S) {
		series_kept_free(table->kept);
		table->kept = NULL;
	}
	for (size_t i = 0; i < table->count; i++) {
		struct series_app *app = table->apps[i];

		updated += app_step(app, seconds, table->clock);
		if (seconds > 1 && table->busy)
			table->busy(table->busy_data);
		if (app->missed < SERIES_MISSED_MAX)
			table->apps[kept++] = app;
		else
			app_gone(table, app);
	}
	table->count = kept;
	return updated;
}

void series_forget(struct series_table *table, uint64_t id)
{
	size_t index = find(table, id);

	if (!known(table, index, id))
		return;
	app_gone(table, table->apps[index]);
	table->count--;
	memmove(&table->apps[index], &table->apps[index + 1],
		(table->count - index) * sizeof(*table->apps));
}

bool series_make_room(struct series_table *table)
{
	for (size_t i = table->count; i-- > 0; ) {
		const struct series_app *app = table->apps[i];

		if (app->has_policy || app->policy_set)
			continue;
		series_forget(table, app->id);
		return true;
	}
	return false;
}

size_t series_count(const struct series_table *table)
{
	return table->count;
}

struct series_app *series_at(struct series_table *table, size_t index)
{
	return table->apps[index];
}

struct series_app *series_by_id(struct series_table *table, uint64_t id)
{
	size_t index = find(table, id);

	return known(table, index, id) ? table->apps[index] : NULL;
}

static struct series_app *by_path(struct series_table *table, const char *path,
				  size_t len)
{
	for (size_t i = 0; i < table->count; i++) {
		const char *own = table->apps[i]->path;

		own += *own == '/';
		if (!strncmp(own, path, len) && !own[len])
			return table->apps[i];
	}
	return NULL;
}

struct series_app *series_nearest(struct series_table *table, const char *path)
{
	size_t len = strlen(path);
	struct series_app *app;

	while (len) {
		app = by_path(table, path, len);
		if (app)
			return app;
		while (len && path[len - 1] != '/')
			len--;
		len -= len > 0;
	}
	return NULL;
}
