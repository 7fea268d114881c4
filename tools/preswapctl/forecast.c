// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * forecast set, get.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "forecast.h"
#include "json.h"
#include "show/names.h"
#include "show/units.h"
#include "state.h"

int forecast_parse_point(const char *text, struct preswap_forecast *forecast)
{
	int (*parse)(const char *, uint64_t *) =
		forecast->resource == PRESWAP_RESOURCE_CPU ?
		units_parse_cpu : units_parse_bytes;
	struct preswap_point point = {};
	uint64_t values[4];
	char copy[256], *at, *part;
	int count = 0, err;

	if (strlen(text) >= sizeof(copy) ||
	    forecast->points_count == PRESWAP_POINTS_MAX)
		return -ERANGE;
	strcpy(copy, text);
	part = strtok_r(copy, ":", &at);
	err = part ? units_parse_ms(part, &point.horizon_ms) : -EINVAL;
	while (!err && (part = strtok_r(NULL, ":", &at)))
		err = count < 4 ? parse(part, &values[count++]) : -EINVAL;
	if (err || (count != 1 && count != 4))
		return err ?: -EINVAL;
	point.mean = values[0];
	point.q05 = values[count == 4 ? 1 : 0];
	point.q50 = values[count == 4 ? 2 : 0];
	point.q95 = values[count == 4 ? 3 : 0];
	forecast->points[forecast->points_count++] = point;
	return 0;
}

static int set_file(struct ctl *ctl, const char *path)
{
	struct preswap_forecast *forecasts;
	char error[256];
	size_t count;
	int err;

	if (json_read_forecasts(ctl->ctx, path, &forecasts, &count, error,
				sizeof(error))) {
		fprintf(stderr, "preswapctl: %s\n", error);
		return CTL_FAILED;
	}
	err = preswap_forecasts_set(ctl->ctx, forecasts, count, NULL);
	free(forecasts);
	if (err)
		return ctl_failed(ctl, err, "%s", path);
	return CTL_OK;
}

static int set_args(struct ctl *ctl, int argc, char **argv,
		    struct preswap_forecast *f)
{
	int err, status;

	if (argc < 3)
		return ctl_usage(ctl, "forecast set needs an app, its resource, and a point like 10s:64M");
	if (!f->valid_ms)
		return ctl_usage(ctl, "forecast set: for how long? --valid TIME, up to 1h");
	if (names_parse_resource(argv[1], &f->resource))
		return ctl_usage(ctl, "the resource is cpu, memory, io or net, not '%s'",
				 argv[1]);
	for (int i = 2; i < argc; i++)
		if (forecast_parse_point(argv[i], f))
			return ctl_usage(ctl, "point '%s' is not like 10s:%s",
					 argv[i],
					 f->resource == PRESWAP_RESOURCE_CPU ?
					 "1.5" : "64M:32M:60M:128M");
	status = ctl_app(ctl, argv[0], &f->app_id);
	if (status)
		return status;
	err = preswap_forecasts_set(ctl->ctx, f, 1, NULL);
	if (err)
		return ctl_failed(ctl, err, "setting the forecast");
	return CTL_OK;
}

static int forecast_set(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "valid", required_argument, NULL, 'v' },
		{ "file", required_argument, NULL, 'f' },
		{}
	};
	struct preswap_forecast forecast = { .size = sizeof(forecast) };
	const char *file = NULL;
	int option;

	while ((option = ctl_getopt(argc, argv, options)) >= 0) {
		if (option == 'f')
			file = optarg;
		else if (option == '?')
			return ctl_bad_option(ctl);
		else if (units_parse_ms(optarg, &forecast.valid_ms) ||
			 !forecast.valid_ms ||
			 forecast.valid_ms > PRESWAP_FORECAST_VALID_MAX_MS)
			return ctl_usage(ctl, "--valid is like 5s, up to 1h, not '%s'",
					 optarg);
	}
	if (!file)
		return set_args(ctl, argc - optind, argv + optind, &forecast);
	if (optind < argc || forecast.valid_ms)
		return ctl_usage(ctl, "--file takes nothing beside it");
	return set_file(ctl, file);
}

struct forecast_list {
	struct table *table;
	json_t *array;
	const struct state *state;
	uint64_t app_id;		/* 0: all */
};

static void add_points(struct forecast_list *list,
		       const struct preswap_forecast *f)
{
	uint8_t r = f->resource;
	char text[UNITS_MAX], id[24];

	for (uint32_t i = 0; i < f->points_count; i++) {
		const struct preswap_point *p = &f->points[i];
		struct table *t = list->table;

		table_cell(t, "%s", state_path(list->state, f->app_id, id));
		table_cell(t, "%s", names_resource(f->resource));
		table_cell(t, "%s", units_ms(text, f->age_ms));
		table_cell(t, "%s", units_ms(text, p->horizon_ms));
		table_cell(t, "%s", units_resource(text, r, p->mean));
		table_cell(t, "%s", units_resource(text, r, p->q05));
		table_cell(t, "%s", units_resource(text, r, p->q50));
		table_cell(t, "%s", units_resource(text, r, p->q95));
	}
}

static int add_forecast(void *data, const struct preswap_forecast *forecast)
{
	struct forecast_list *list = data;

	if (list->app_id && list->app_id != forecast->app_id)
		return 0;
	if (list->array)
		return json_array_append_new(list->array,
					     json_forecast(forecast));
	add_points(list, forecast);
	return 0;
}

static int list_forecasts(struct ctl *ctl, struct forecast_list *list)
{
	static const char * const heads[] = {
		"APP", "RESOURCE", ">AGE", ">IN", ">MEAN", ">5%", ">50%",
		">95%", NULL
	};
	int err;

	list->array = ctl->json ? json_array() : NULL;
	list->table = ctl->json ? NULL : table_new(heads);
	if (!list->array && !list->table)
		return ctl_no_memory();
	err = preswap_forecasts(ctl->ctx, add_forecast, list);
	if (err) {
		json_decref(list->array);
		table_free(list->table);
		return ctl_failed(ctl, err, "reading forecasts");
	}
	return list->array ? json_print(list->array, true) :
			     ctl_print_table(ctl, list->table);
}

static int forecast_get(struct ctl *ctl, int argc, char **argv)
{
	struct state state = {};
	struct forecast_list list = { .state = &state };
	int status = CTL_OK;

	if (argc > 2)
		return ctl_usage(ctl, "forecast get takes one APP");
	if (argc == 2)
		status = ctl_app(ctl, argv[1], &list.app_id);
	if (!status && !ctl->json)
		status = state_read_apps(ctl, &state);
	if (!status)
		status = list_forecasts(ctl, &list);
	state_free(&state);
	return status;
}

int cmd_forecast(struct ctl *ctl, int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "set"))
		return forecast_set(ctl, argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "get"))
		return forecast_get(ctl, argc - 1, argv + 1);
	return ctl_usage(ctl, "forecast what? set or get");
}
