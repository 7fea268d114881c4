/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Everything that the module tells, read at one moment.
 */
#ifndef CTL_STATE_H
#define CTL_STATE_H

#include "ctl.h"

struct state {
	struct preswap_info info;
	struct preswap_app *apps;	/* their paths are the state's own */
	size_t apps_count, apps_room;
	struct preswap_forecast *forecasts;
	size_t forecasts_count, forecasts_room;
	struct preswap_lease *leases;
	size_t leases_count, leases_room;
};

/* An exit status; to be freed after success and failure. */
int state_read(struct ctl *ctl, struct state *state);
int state_read_apps(struct ctl *ctl, struct state *state);
/* Again: apps that are gone stay known, until they are forgotten. */
int state_reread_apps(struct ctl *ctl, struct state *state);
void state_forget_app(struct state *state, uint64_t id);
int state_read_forecasts(struct ctl *ctl, struct state *state);
int state_read_leases(struct ctl *ctl, struct state *state);
void state_free(struct state *state);

/* Its path, or its id as text in @text of 24. "/" is the root, "-" none. */
const char *state_path(const struct state *state, uint64_t id, char *text);

/*
 * The most that is forecast for a resource of an app within the lead time;
 * false: no forecast.
 */
bool state_forecast(const struct state *state, uint64_t app_id,
		    uint8_t resource, struct preswap_point *most);

#endif /* CTL_STATE_H */
