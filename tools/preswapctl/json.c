// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"
#include "json.h"
#include "show/names.h"
#include "show/text.h"

#define NUMBER(object, from, member)					\
	json_object_set_new(object, #member,				\
			    json_integer((json_int_t)(from)->member))
#define BOOLEAN(object, from, member)					\
	json_object_set_new(object, #member, json_boolean((from)->member))
#define TEXT(object, key, text)						\
	json_object_set_new(object, key, json_text(text))

json_t *json_text(const char *text)
{
	json_t *json = json_string(text);
	char *copy;

	if (json)
		return json;
	copy = strdup(text);
	json = copy ? json_string(text_ascii(copy)) : NULL;
	free(copy);
	return json;
}

json_t *json_info(const struct preswap_info *info)
{
	json_t *o = json_object();

	TEXT(o, "version", info->version);
	BOOLEAN(o, info, enabled);
	BOOLEAN(o, info, dry_run);
	NUMBER(o, info, min_priority);
	NUMBER(o, info, tick_ms);
	NUMBER(o, info, lead_ms);
	NUMBER(o, info, usage_ms);
	NUMBER(o, info, threshold_cpu_pct);
	NUMBER(o, info, threshold_memory_pct);
	NUMBER(o, info, cpu_capacity_milli);
	NUMBER(o, info, cpu_used_milli);
	NUMBER(o, info, mem_capacity_bytes);
	NUMBER(o, info, mem_used_bytes);
	NUMBER(o, info, swap_free_bytes);
	NUMBER(o, info, apps);
	NUMBER(o, info, tasks);
	NUMBER(o, info, leases);
	NUMBER(o, info, ticks);
	NUMBER(o, info, tick_last_ns);
	NUMBER(o, info, tick_max_ns);
	NUMBER(o, info, leases_begun);
	NUMBER(o, info, reclaimed_bytes);
	NUMBER(o, info, tasks_moved);
	NUMBER(o, info, tasks_lost);
	NUMBER(o, info, ab_unit);
	NUMBER(o, info, ab_control_pct);
	NUMBER(o, info, ab_slice_ms);
	NUMBER(o, info, ab_seed);
	NUMBER(o, info, input_presses);
	NUMBER(o, info, input_moves);
	NUMBER(o, info, input_idle_ms);
	NUMBER(o, info, threshold_io_pct);
	NUMBER(o, info, io_device);
	NUMBER(o, info, io_capacity_bytes);
	NUMBER(o, info, io_used_bytes);
	NUMBER(o, info, threshold_net_pct);
	TEXT(o, "net_device", info->net_device);
	NUMBER(o, info, net_capacity_bytes);
	NUMBER(o, info, net_used_bytes);
	return o;
}

json_t *json_policy(const struct preswap_policy *policy)
{
	char groups[NAMES_GROUPS_MAX];
	json_t *o = json_object();

	NUMBER(o, policy, app_id);
	NUMBER(o, policy, priority);
	TEXT(o, "sensitivity", names_sensitivity(policy->sensitivity));
	BOOLEAN(o, policy, swap_eligible);
	NUMBER(o, policy, floor_cpu_milli);
	NUMBER(o, policy, floor_mem_bytes);
	NUMBER(o, policy, floor_io_bytes);
	NUMBER(o, policy, floor_net_bytes);
	NUMBER(o, policy, reserve_mem_mib);
	TEXT(o, "gives", names_gives(policy->gives));
	TEXT(o, "receives", names_gives(policy->receives));
	TEXT(o, "groups", names_groups(groups, policy->groups));
	TEXT(o, "never_to", names_groups(groups, policy->never_to));
	NUMBER(o, policy, max_stall_pct);
	NUMBER(o, policy, max_downtime_ms);
	BOOLEAN(o, policy, needs_approval);
	NUMBER(o, policy, approved_ms);
	return o;
}

json_t *json_app(const struct preswap_app *app)
{
	json_t *o = json_object();

	NUMBER(o, app, id);
	TEXT(o, "path", app->path);
	NUMBER(o, app, cpu_milli);
	NUMBER(o, app, mem_bytes);
	NUMBER(o, app, cpu_ns);
	NUMBER(o, app, run_delay_ns);
	NUMBER(o, app, rss_bytes);
	NUMBER(o, app, swap_bytes);
	NUMBER(o, app, major_faults);
	NUMBER(o, app, read_bytes);
	NUMBER(o, app, write_bytes);
	NUMBER(o, app, switches);
	NUMBER(o, app, tasks);
	NUMBER(o, app, forks);
	NUMBER(o, app, execs);
	NUMBER(o, app, exits);
	NUMBER(o, app, psi_cpu_some_us);
	NUMBER(o, app, psi_mem_some_us);
	NUMBER(o, app, psi_mem_full_us);
	NUMBER(o, app, trend_cpu_milli);
	NUMBER(o, app, trend_mem_bytes);
	NUMBER(o, app, io_bytes);
	NUMBER(o, app, trend_io_bytes);
	NUMBER(o, app, net_bytes);
	NUMBER(o, app, trend_net_bytes);
	NUMBER(o, app, downtime_us);
	json_object_set_new(o, "policy", app->has_policy ?
			    json_policy(&app->policy) : json_null());
	return o;
}

json_t *json_task(const struct preswap_task *task)
{
	json_t *o = json_object();

	NUMBER(o, task, app_id);
	NUMBER(o, task, pid);
	NUMBER(o, task, tgid);
	TEXT(o, "comm", task->comm);
	NUMBER(o, task, cpu_ns);
	NUMBER(o, task, run_delay_ns);
	NUMBER(o, task, rss_bytes);
	NUMBER(o, task, swap_bytes);
	NUMBER(o, task, major_faults);
	NUMBER(o, task, read_bytes);
	NUMBER(o, task, write_bytes);
	NUMBER(o, task, switches);
	BOOLEAN(o, task, moved);
	return o;
}

/* The unit in the key: mean_milli, mean_bytes. */
static void set_quantity(json_t *o, const char *name, const char *unit,
			 uint64_t value)
{
	char key[64];

	snprintf(key, sizeof(key), "%s_%s", name, unit);
	json_object_set_new(o, key, json_integer((json_int_t)value));
}

const char *json_unit(uint32_t resource)
{
	switch (resource) {
	case PRESWAP_RESOURCE_CPU:
		return "milli";
	case PRESWAP_RESOURCE_MEMORY:
		return "bytes";
	}
	return "bytes_per_second";
}

json_t *json_forecast(const struct preswap_forecast *forecast)
{
	json_t *o = json_object(), *points = json_array(), *point;
	const char *unit = json_unit(forecast->resource);

	NUMBER(o, forecast, app_id);
	TEXT(o, "resource", names_resource(forecast->resource));
	NUMBER(o, forecast, valid_ms);
	NUMBER(o, forecast, age_ms);
	for (uint32_t i = 0; i < forecast->points_count; i++) {
		const struct preswap_point *p = &forecast->points[i];

		point = json_object();
		NUMBER(point, p, horizon_ms);
		set_quantity(point, "mean", unit, p->mean);
		set_quantity(point, "q05", unit, p->q05);
		set_quantity(point, "q50", unit, p->q50);
		set_quantity(point, "q95", unit, p->q95);
		json_array_append_new(points, point);
	}
	json_object_set_new(o, "points", points);
	return o;
}

static const char *lease_unit(uint8_t kind)
{
	switch (kind) {
	case PRESWAP_LEASE_KIND_AFFINITY:
	case PRESWAP_LEASE_KIND_CPU_MAX:
		return "milli";
	case PRESWAP_LEASE_KIND_CPU_WEIGHT:
	case PRESWAP_LEASE_KIND_IO_WEIGHT:
		return "weight";
	case PRESWAP_LEASE_KIND_IO_MAX:
	case PRESWAP_LEASE_KIND_THROTTLE:
		return "bytes_per_second";
	}
	return "bytes";
}

static json_t *json_why(const struct preswap_why *why, const char *unit)
{
	json_t *o = json_object();

	set_quantity(o, "median", unit, why->median);
	set_quantity(o, "spread", unit, why->spread);
	set_quantity(o, "carried", unit, why->carried);
	set_quantity(o, "base", unit, why->base);
	set_quantity(o, "room", unit, why->room);
	set_quantity(o, "shortage", unit, why->shortage);
	NUMBER(o, why, chance_permille);
	NUMBER(o, why, threshold_pct);
	NUMBER(o, why, give);
	NUMBER(o, why, barred);
	NUMBER(o, why, nested);
	NUMBER(o, why, at_floor);
	NUMBER(o, why, too_little);
	NUMBER(o, why, too_dear);
	NUMBER(o, why, banned);
	return o;
}

json_t *json_lease(const struct preswap_lease *lease)
{
	const char *unit = lease_unit(lease->kind);
	json_t *o = json_object();

	NUMBER(o, lease, id);
	TEXT(o, "kind", names_lease_kind(lease->kind));
	TEXT(o, "reason", names_reason(lease->reason));
	TEXT(o, "state", names_lease_end(lease->ended));
	BOOLEAN(o, lease, dry_run);
	NUMBER(o, lease, donor_id);
	NUMBER(o, lease, receiver_id);
	set_quantity(o, "amount", unit, lease->amount);
	set_quantity(o, "done", unit, lease->done);
	NUMBER(o, lease, left_ms);
	NUMBER(o, lease, begin_ns);
	NUMBER(o, lease, full_ns);
	NUMBER(o, lease, end_ns);
	NUMBER(o, lease, tasks);
	NUMBER(o, lease, device);
	NUMBER(o, lease, benefit);
	NUMBER(o, lease, cost);
	json_object_set_new(o, "why", lease->why.threshold_pct ?
			    json_why(&lease->why, unit) : json_null());
	return o;
}

json_t *json_event(const struct preswap_event *event)
{
	json_t *o = json_object();

	TEXT(o, "event", names_event(event->kind));
	NUMBER(o, event, time_ns);
	if (event->has_lease) {
		json_object_set_new(o, "lease", json_lease(&event->lease));
		return o;
	}
	NUMBER(o, event, app_id);
	if (event->kind == PRESWAP_EVENT_SHORTAGE) {
		TEXT(o, "resource", names_resource(event->resource));
		set_quantity(o, "need", json_unit(event->resource),
			     event->need);
	}
	return o;
}

json_t *json_number(double value)
{
	return isnan(value) ? json_null() : json_integer(llround(value));
}

int json_print(json_t *json, bool pretty)
{
	int err = -1;

	if (json)
		err = json_dumpf(json, stdout, JSON_PRESERVE_ORDER |
				 (pretty ? JSON_INDENT(2) : JSON_COMPACT));
	json_decref(json);
	/* what could not be written is told at the end */
	if (err && !ferror(stdout))
		return ctl_no_memory();
	putchar('\n');
	return CTL_OK;
}
