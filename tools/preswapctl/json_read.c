// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Forecasts from a file, in the form in which they are printed.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "show/names.h"

struct reader {
	struct preswap_ctx *ctx;
	const char *path;
	size_t index;			/* of the forecast */
	char *error;
	size_t size;
};

static int refuse(struct reader *r, const char *what)
{
	snprintf(r->error, r->size, "%s: forecast %zu: %s", r->path, r->index,
		 what);
	return -EINVAL;
}

/* A nonnegative integer member; false: absent or something else. */
static bool number(const json_t *object, const char *key, uint64_t max,
		   uint64_t *value)
{
	const json_t *member = json_object_get(object, key);
	json_int_t found = json_integer_value(member);

	if (!json_is_integer(member) || found < 0 || (uint64_t)found > max)
		return false;
	*value = found;
	return true;
}

static bool quantity(const json_t *object, const char *name, uint8_t resource,
		     uint64_t *value)
{
	char key[32];

	snprintf(key, sizeof(key), "%s_%s", name, json_unit(resource));
	return number(object, key, resource == PRESWAP_RESOURCE_CPU ?
		      PRESWAP_CPU_MAX_MILLI : PRESWAP_BYTES_MAX, value);
}

static int refuse_point(struct reader *r, uint8_t resource)
{
	const char *unit = json_unit(resource);
	char text[160];

	snprintf(text, sizeof(text),
		 "a point needs horizon_ms, mean_%s, q05_%s, q50_%s, q95_%s",
		 unit, unit, unit, unit);
	return refuse(r, text);
}

static int read_points(struct reader *r, const json_t *points,
		       struct preswap_forecast *out)
{
	const json_t *item;
	uint64_t horizon;
	size_t i;

	if (!json_array_size(points) ||
	    json_array_size(points) > PRESWAP_POINTS_MAX)
		return refuse(r, "points must be an array of 1 to 16");
	json_array_foreach(points, i, item) {
		struct preswap_point *p = &out->points[i];

		if (!number(item, "horizon_ms", PRESWAP_HORIZON_MAX_MS,
			    &horizon) ||
		    !quantity(item, "mean", out->resource, &p->mean) ||
		    !quantity(item, "q05", out->resource, &p->q05) ||
		    !quantity(item, "q50", out->resource, &p->q50) ||
		    !quantity(item, "q95", out->resource, &p->q95))
			return refuse_point(r, out->resource);
		p->horizon_ms = horizon;
	}
	out->points_count = json_array_size(points);
	return 0;
}

static int read_one(struct reader *r, const json_t *item,
		    struct preswap_forecast *out)
{
	const char *path = json_string_value(json_object_get(item, "path"));
	const char *resource =
		json_string_value(json_object_get(item, "resource"));
	uint64_t valid;

	*out = (struct preswap_forecast){ .size = sizeof(*out) };
	if (path) {
		if (preswap_cgroup_id(r->ctx, path, &out->app_id))
			return refuse(r, preswap_strerror(r->ctx));
	} else if (!number(item, "app_id", INT64_MAX, &out->app_id)) {
		return refuse(r, "app_id or path is missing");
	}
	if (!resource || names_parse_resource(resource, &out->resource))
		return refuse(r, "resource must be cpu, memory, io or net");
	if (!number(item, "valid_ms", PRESWAP_FORECAST_VALID_MAX_MS, &valid))
		return refuse(r, "valid_ms must be 1 to 3600000");
	out->valid_ms = valid;
	return read_points(r, json_object_get(item, "points"), out);
}

int json_read_forecasts(struct preswap_ctx *ctx, const char *path,
			struct preswap_forecast **out, size_t *count,
			char *error, size_t size)
{
	struct reader r = { .ctx = ctx, .path = path, .error = error,
			    .size = size };
	bool input = !strcmp(path, "-");
	json_error_t problem;
	json_t *root = input ? json_loadf(stdin, 0, &problem) :
			       json_load_file(path, 0, &problem);
	int err = 0;

	if (!root && problem.line < 0) {	/* it names the file itself */
		snprintf(error, size, "%s", problem.text);
		return -EINVAL;
	}
	if (!root) {
		snprintf(error, size, "%s:%d: %s", path, problem.line,
			 problem.text);
		return -EINVAL;
	}
	*count = json_is_array(root) ? json_array_size(root) : 1;
	*out = calloc(*count ?: 1, sizeof(**out));
	if (!*out)
		err = refuse(&r, "out of memory");
	for (; !err && r.index < *count; r.index++)
		err = read_one(&r, json_is_array(root) ?
			       json_array_get(root, r.index) : root,
			       &(*out)[r.index]);
	json_decref(root);
	if (err)
		free(*out);
	return err;
}
