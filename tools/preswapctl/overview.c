// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "overview.h"
#include "show/units.h"

#define RESOURCES	3	/* that are given: CPU, memory, I/O */

static const char *paint(const struct ctl *ctl, const char *color)
{
	return ctl->color ? color : "";
}

static void print_node(const struct ctl *ctl, const struct preswap_info *i)
{
	char used[UNITS_MAX], all[UNITS_MAX], free[UNITS_MAX];
	char cpu[UNITS_MAX], cores[UNITS_MAX];
	const char *state = !i->enabled ? "disabled" :
			    i->dry_run ? "dry run" : "enabled";
	const char *color = i->enabled && !i->dry_run ? "\033[32m" :
							"\033[33m";

	printf("node: CPU %s of %s cores, memory %s of %s, ",
	       units_cpu(cpu, i->cpu_used_milli),
	       units_cpu(cores, i->cpu_capacity_milli),
	       units_bytes(used, i->mem_used_bytes),
	       units_bytes(all, i->mem_capacity_bytes));
	if (i->io_capacity_bytes)
		printf("I/O %s of %s, ", units_rate(used, i->io_used_bytes),
		       units_rate(all, i->io_capacity_bytes));
	if (i->net_capacity_bytes)
		printf("network %s of %s, ", units_rate(used, i->net_used_bytes),
		       units_rate(all, i->net_capacity_bytes));
	printf("swap free %s, %s%s%s, lead %u ms, %u lease%s\n",
	       units_bytes(free, i->swap_free_bytes),
	       paint(ctl, color), state, paint(ctl, "\033[0m"), i->lead_ms,
	       i->leases, i->leases == 1 ? "" : "s");
}

/* "0.25..1.50", the middle and the upper end. */
static void forecast_cell(struct table *table, const struct state *state,
			  const struct preswap_app *app, uint8_t resource)
{
	char middle[UNITS_MAX], upper[UNITS_MAX];
	struct preswap_point most;

	if (state_forecast(state, app->id, resource, &most))
		table_cell(table, "%s..%s",
			   units_resource(middle, resource, most.q50),
			   units_resource(upper, resource, most.q95));
	else
		table_cell(table, "-");
}

/* What an app gives, or gets, by the leases in force. */
static void lease_cell(struct table *table, const struct state *state,
		       uint64_t app_id, bool gives)
{
	static const uint8_t resource_of[] = {
		[PRESWAP_LEASE_KIND_RECLAIM] = PRESWAP_RESOURCE_MEMORY,
		[PRESWAP_LEASE_KIND_AFFINITY] = PRESWAP_RESOURCE_CPU,
		[PRESWAP_LEASE_KIND_THROTTLE] = PRESWAP_RESOURCE_IO,
	};
	char all[RESOURCES * (UNITS_MAX + 3)] = "", text[UNITS_MAX];
	uint64_t sum[RESOURCES] = {};

	for (size_t i = 0; i < state->leases_count; i++) {
		const struct preswap_lease *l = &state->leases[i];

		if (l->ended || l->dry_run ||
		    (gives ? l->donor_id : l->receiver_id) != app_id)
			continue;
		if (l->kind == PRESWAP_LEASE_KIND_RECLAIM ||
		    l->kind == PRESWAP_LEASE_KIND_AFFINITY ||
		    l->kind == PRESWAP_LEASE_KIND_THROTTLE)
			sum[resource_of[l->kind]] += l->amount;
	}
	for (uint8_t r = 0; r < RESOURCES; r++) {
		if (!sum[r])
			continue;
		if (*all)
			strcat(all, " + ");
		strcat(all, units_resource(text, r, sum[r]));
	}
	table_cell(table, "%s", *all ? all : "-");
}

static void app_row(struct table *table, const struct state *state,
		    const struct preswap_app *app)
{
	char cpu[UNITS_MAX], mem[UNITS_MAX], rate[UNITS_MAX];

	table_cell(table, "%s", app->path);
	if (app->has_policy)
		table_cell(table, "%u", app->policy.priority);
	else
		table_cell(table, "-");
	table_cell(table, "%s", units_cpu(cpu, app->cpu_milli));
	forecast_cell(table, state, app, PRESWAP_RESOURCE_CPU);
	table_cell(table, "%s", units_bytes(mem, app->mem_bytes));
	forecast_cell(table, state, app, PRESWAP_RESOURCE_MEMORY);
	if (state->info.io_capacity_bytes) {
		table_cell(table, "%s", units_rate(rate, app->io_bytes));
		forecast_cell(table, state, app, PRESWAP_RESOURCE_IO);
	}
	if (state->info.net_capacity_bytes) {
		table_cell(table, "%s", units_rate(rate, app->net_bytes));
		forecast_cell(table, state, app, PRESWAP_RESOURCE_NET);
	}
	lease_cell(table, state, app->id, true);
	lease_cell(table, state, app->id, false);
}

static int busier(const void *a, const void *b)
{
	const struct preswap_app *x = a, *y = b;

	if (x->cpu_milli != y->cpu_milli)
		return x->cpu_milli < y->cpu_milli ? 1 : -1;
	if (x->mem_bytes != y->mem_bytes)
		return x->mem_bytes < y->mem_bytes ? 1 : -1;
	return x->id < y->id ? -1 : 1;
}

int overview_print(struct ctl *ctl, struct state *state, size_t rows)
{
	/* of I/O and network where something is decided about them */
	const char *heads[] = {
		"APP", ">PRIO", ">CPU", ">FORECAST", ">MEMORY", ">FORECAST",
		[6 ... 12] = NULL
	};
	struct table *table;
	size_t n = 6;

	if (state->info.io_capacity_bytes) {
		heads[n++] = ">I/O";
		heads[n++] = ">FORECAST";
	}
	if (state->info.net_capacity_bytes) {
		heads[n++] = ">NET";
		heads[n++] = ">FORECAST";
	}
	heads[n++] = ">GIVES";
	heads[n++] = ">GETS";
	table = table_new(heads);
	if (!table)
		return ctl_no_memory();
	if (!rows || rows > state->apps_count)
		rows = state->apps_count;
	if (rows)
		qsort(state->apps, state->apps_count, sizeof(*state->apps),
		      busier);
	print_node(ctl, &state->info);
	for (size_t i = 0; i < rows; i++)
		app_row(table, state, &state->apps[i]);
	return ctl_print_table(ctl, table);
}

static int print_json(const struct state *state)
{
	json_t *o = json_object(), *apps = json_array(),
	       *forecasts = json_array(), *leases = json_array();

	json_object_set_new(o, "node", json_info(&state->info));
	for (size_t i = 0; i < state->apps_count; i++)
		json_array_append_new(apps, json_app(&state->apps[i]));
	for (size_t i = 0; i < state->forecasts_count; i++)
		json_array_append_new(forecasts,
				      json_forecast(&state->forecasts[i]));
	for (size_t i = 0; i < state->leases_count; i++)
		if (!state->leases[i].ended)
			json_array_append_new(leases,
					      json_lease(&state->leases[i]));
	json_object_set_new(o, "apps", apps);
	json_object_set_new(o, "forecasts", forecasts);
	json_object_set_new(o, "leases", leases);
	return json_print(o, true);
}

int cmd_overview(struct ctl *ctl, int argc, char **argv)
{
	struct state state = {};
	int status = ctl_no_args(ctl, argc, argv);

	if (status)
		return status;
	status = state_read(ctl, &state);
	if (!status)
		status = ctl->json ? print_json(&state) :
				     overview_print(ctl, &state, 0);
	state_free(&state);
	return status;
}
