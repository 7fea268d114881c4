// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdio.h>
#include <stdlib.h>

#include "json.h"
#include "overview.h"
#include "show/units.h"

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

	printf("node: CPU %s of %s cores, memory %s of %s, swap free %s, %s%s%s, lead %u ms, %u lease%s\n",
	       units_cpu(cpu, i->cpu_used_milli),
	       units_cpu(cores, i->cpu_capacity_milli),
	       units_bytes(used, i->mem_used_bytes),
	       units_bytes(all, i->mem_capacity_bytes),
	       units_bytes(free, i->swap_free_bytes),
	       paint(ctl, color), state, paint(ctl, "\033[0m"), i->lead_ms,
	       i->leases, i->leases == 1 ? "" : "s");
}

/* "0.25..1.50", the middle and the upper end. */
static void forecast_cell(struct table *table, const struct state *state,
			  const struct preswap_app *app, uint8_t resource)
{
	char *(*format)(char *, uint64_t) =
		resource == PRESWAP_RESOURCE_CPU ? units_cpu : units_bytes;
	char middle[UNITS_MAX], upper[UNITS_MAX];
	struct preswap_point most;

	if (state_forecast(state, app->id, resource, &most))
		table_cell(table, "%s..%s", format(middle, most.q50),
			   format(upper, most.q95));
	else
		table_cell(table, "-");
}

/* What an app gives, or gets, by the leases in force. */
static void lease_cell(struct table *table, const struct state *state,
		       uint64_t app_id, bool gives)
{
	char cpu[UNITS_MAX], mem[UNITS_MAX];
	uint64_t milli = 0, bytes = 0;

	for (size_t i = 0; i < state->leases_count; i++) {
		const struct preswap_lease *l = &state->leases[i];

		if (l->ended || l->dry_run ||
		    (gives ? l->donor_id : l->receiver_id) != app_id)
			continue;
		if (l->kind == PRESWAP_LEASE_KIND_AFFINITY)
			milli += l->amount;
		else if (l->kind == PRESWAP_LEASE_KIND_RECLAIM)
			bytes += l->amount;
	}
	units_cpu(cpu, milli);
	units_bytes(mem, bytes);
	if (milli && bytes)
		table_cell(table, "%s + %s", cpu, mem);
	else
		table_cell(table, "%s", milli ? cpu : bytes ? mem : "-");
}

static void app_row(struct table *table, const struct state *state,
		    const struct preswap_app *app)
{
	char cpu[UNITS_MAX], mem[UNITS_MAX];

	table_cell(table, "%s", app->path);
	if (app->has_policy)
		table_cell(table, "%u", app->policy.priority);
	else
		table_cell(table, "-");
	table_cell(table, "%s", units_cpu(cpu, app->cpu_milli));
	forecast_cell(table, state, app, PRESWAP_RESOURCE_CPU);
	table_cell(table, "%s", units_bytes(mem, app->mem_bytes));
	forecast_cell(table, state, app, PRESWAP_RESOURCE_MEMORY);
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
	static const char * const heads[] = {
		"APP", ">PRIO", ">CPU", ">FORECAST", ">MEMORY", ">FORECAST",
		">GIVES", ">GETS", NULL
	};
	struct table *table = table_new(heads);

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
