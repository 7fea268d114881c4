// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "state.h"

/* Room for one more of an array; NULL without memory. */
static void *grow(void *items, size_t count, size_t *room, size_t size)
{
	void *more = items;

	if (count < *room)
		return items;
	more = reallocarray(items, *room ? 2 * *room : 32, size);
	if (more)
		*room = *room ? 2 * *room : 32;
	return more;
}

#define APPEND(state, member, item) ({					\
	void *more_ = grow((state)->member, (state)->member##_count,	\
			   &(state)->member##_room, sizeof(*(item)));	\
	if (more_) {							\
		(state)->member = more_;				\
		(state)->member[(state)->member##_count++] = *(item);	\
	}								\
	more_ ? 0 : -ENOMEM;						\
})

static int add_app(void *data, const struct preswap_app *app)
{
	struct state *state = data;
	struct preswap_app copy = *app;
	int err;

	copy.path = strdup(app->path);
	if (!copy.path)
		return -ENOMEM;
	err = APPEND(state, apps, &copy);
	if (err)
		free((char *)copy.path);
	return err;
}

static int add_forecast(void *data, const struct preswap_forecast *forecast)
{
	struct state *state = data;

	return APPEND(state, forecasts, forecast);
}

static int add_lease(void *data, const struct preswap_lease *lease)
{
	struct state *state = data;

	return APPEND(state, leases, lease);
}

int state_read_apps(struct ctl *ctl, struct state *state)
{
	int err = preswap_apps(ctl->ctx, add_app, state);

	return err ? ctl_failed(ctl, err, "reading apps") : CTL_OK;
}

static struct preswap_app *find_app(const struct state *state, uint64_t id)
{
	for (size_t i = 0; i < state->apps_count; i++)
		if (state->apps[i].id == id)
			return &state->apps[i];
	return NULL;
}

int state_reread_apps(struct ctl *ctl, struct state *state)
{
	struct state old = *state;
	int status;

	state->apps = NULL;
	state->apps_count = state->apps_room = 0;
	status = state_read_apps(ctl, state);
	for (size_t i = 0; i < old.apps_count; i++)
		if (find_app(state, old.apps[i].id) ||
		    APPEND(state, apps, &old.apps[i]))
			free((char *)old.apps[i].path);
	free(old.apps);
	return status;
}

void state_forget_app(struct state *state, uint64_t id)
{
	struct preswap_app *app = find_app(state, id);

	if (!app)
		return;
	free((char *)app->path);
	*app = state->apps[--state->apps_count];
}

int state_read_forecasts(struct ctl *ctl, struct state *state)
{
	int err = preswap_forecasts(ctl->ctx, add_forecast, state);

	return err ? ctl_failed(ctl, err, "reading forecasts") : CTL_OK;
}

int state_read_leases(struct ctl *ctl, struct state *state)
{
	int err = preswap_leases(ctl->ctx, add_lease, state);

	return err ? ctl_failed(ctl, err, "reading leases") : CTL_OK;
}

int state_read(struct ctl *ctl, struct state *state)
{
	int err;

	state->info.size = sizeof(state->info);
	err = preswap_info_get(ctl->ctx, &state->info);
	if (err)
		return ctl_failed(ctl, err, "reading the node's state");
	return state_read_apps(ctl, state) ?:
	       state_read_forecasts(ctl, state) ?:
	       state_read_leases(ctl, state);
}

void state_free(struct state *state)
{
	for (size_t i = 0; i < state->apps_count; i++)
		free((char *)state->apps[i].path);
	free(state->apps);
	free(state->forecasts);
	free(state->leases);
	*state = (struct state){};
}

const char *state_path(const struct state *state, uint64_t id, char *text)
{
	const struct preswap_app *app = find_app(state, id);

	if (!id)
		return "-";
	if (app)
		return app->path;
	snprintf(text, 24, "%llu", (unsigned long long)id);
	return text;
}

bool state_forecast(const struct state *state, uint64_t app_id,
		    uint8_t resource, struct preswap_point *most)
{
	const struct preswap_forecast *f = NULL;

	for (size_t i = 0; i < state->forecasts_count && !f; i++)
		if (state->forecasts[i].app_id == app_id &&
		    state->forecasts[i].resource == resource)
			f = &state->forecasts[i];
	if (!f || !f->points_count)
		return false;
	*most = f->points[0];
	for (uint32_t i = 1; i < f->points_count; i++) {
		const struct preswap_point *p = &f->points[i];

		if (p->horizon_ms > state->info.lead_ms)
			break;
		most->horizon_ms = p->horizon_ms;
		if (p->q50 > most->q50)
			most->q50 = p->q50;
		if (p->q95 > most->q95)
			most->q95 = p->q95;
	}
	return true;
}
