/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The library's structures as JSON; keys carry their unit.
 */
#ifndef CTL_JSON_H
#define CTL_JSON_H

#include <jansson.h>
#include <preswap/preswap.h>

/* Each returns a new object, NULL without memory. */
json_t *json_info(const struct preswap_info *info);
json_t *json_app(const struct preswap_app *app);
json_t *json_task(const struct preswap_task *task);
json_t *json_policy(const struct preswap_policy *policy);
json_t *json_forecast(const struct preswap_forecast *forecast);
json_t *json_lease(const struct preswap_lease *lease);
json_t *json_event(const struct preswap_event *event);

/* What a resource's amounts are in, as in their keys: "mean_bytes". */
const char *json_unit(uint32_t resource);

/* Names need not be UTF-8, JSON must be. */
json_t *json_text(const char *text);

/* Rounded; NAN: null. */
json_t *json_number(double value);

/* Prints and frees; exit status. @pretty: several lines. */
int json_print(json_t *json, bool pretty);

/*
 * Forecasts from a document of json_forecast()'s form, one or an array of
 * them: app_id or path, resource, valid_ms, points. Allocates *@out. 0, or
 * -EINVAL with @error filled.
 */
int json_read_forecasts(struct preswap_ctx *ctx, const char *path,
			struct preswap_forecast **out, size_t *count,
			char *error, size_t size);

#endif /* CTL_JSON_H */
