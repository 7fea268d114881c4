// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * info, apps, tasks.
 */
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

#include "json.h"
#include "show/units.h"
#include "state.h"

/* What the module was told need not be there: it may come. */
__attribute__((format(printf, 1, 2)))
static const char *absence(const char *format, ...)
{
	char path[64];
	va_list args;

	va_start(args, format);
	vsnprintf(path, sizeof(path), format, args);
	va_end(args);
	return access(path, F_OK) ? " (there is none)" : "";
}

static void print_io(const struct preswap_info *i)
{
	char a[UNITS_MAX], b[UNITS_MAX];

	printf("I/O               %s", units_rate(a, i->io_used_bytes));
	if (i->io_capacity_bytes)
		printf(" of %s", units_rate(b, i->io_capacity_bytes));
	if (i->io_device)
		printf(", device %u:%u%s", i->io_device >> 20,
		       i->io_device & 0xfffff,
		       absence("/sys/dev/block/%u:%u", i->io_device >> 20,
			       i->io_device & 0xfffff));
	puts(i->io_capacity_bytes ? "" : "; nothing is decided about it (io_capacity_mib)");
}

static void print_net(const struct preswap_info *i)
{
	char a[UNITS_MAX], b[UNITS_MAX];

	printf("network           %s", units_rate(a, i->net_used_bytes));
	if (i->net_capacity_bytes)
		printf(" of %s", units_rate(b, i->net_capacity_bytes));
	if (*i->net_device)
		printf(", device %s%s", i->net_device,
		       absence("/sys/class/net/%s", i->net_device));
	puts(i->net_capacity_bytes ? "" : "; it is not looked at (net_device, net_capacity_mib)");
}

static void print_info(const struct preswap_info *i)
{
	char a[UNITS_MAX], b[UNITS_MAX];

	printf("version           %s\n", i->version);
	printf("enabled           %s\n", i->enabled ? "yes" : "no");
	printf("dry run           %s\n", i->dry_run ? "yes" : "no");
	printf("tick              %u ms\n", i->tick_ms);
	printf("lead time         %u ms\n", i->lead_ms);
	printf("usage period      %u ms\n", i->usage_ms);
	printf("least priority    %u\n", i->min_priority);
	printf("threshold         cpu %u %%, memory %u %%, io %u %%, net %u %%\n",
	       i->threshold_cpu_pct, i->threshold_memory_pct,
	       i->threshold_io_pct, i->threshold_net_pct);
	printf("CPU               %s of %s cores\n",
	       units_cpu(a, i->cpu_used_milli),
	       units_cpu(b, i->cpu_capacity_milli));
	printf("memory            %s of %s\n",
	       units_bytes(a, i->mem_used_bytes),
	       units_bytes(b, i->mem_capacity_bytes));
	print_io(i);
	print_net(i);
	printf("swap free         %s\n", units_bytes(a, i->swap_free_bytes));
	printf("apps, tasks       %u, %u\n", i->apps, i->tasks);
	printf("leases            %u in force, %llu begun\n", i->leases,
	       (unsigned long long)i->leases_begun);
	printf("ticks             %llu, the last %.1f us, at most %.1f us\n",
	       (unsigned long long)i->ticks, i->tick_last_ns / 1e3,
	       i->tick_max_ns / 1e3);
	printf("reclaimed         %s\n", units_bytes(a, i->reclaimed_bytes));
	printf("tasks moved       %llu\n", (unsigned long long)i->tasks_moved);
	printf("forks seen late   %llu\n", (unsigned long long)i->tasks_lost);
	printf("user              %llu key presses, %llu pointer moves, idle for %s\n",
	       (unsigned long long)i->input_presses,
	       (unsigned long long)i->input_moves,
	       units_ms(a, i->input_idle_ms));
}

int cmd_info(struct ctl *ctl, int argc, char **argv)
{
	struct preswap_info info = { .size = sizeof(info) };
	int status = ctl_no_args(ctl, argc, argv), err;

	if (status)
		return status;
	err = preswap_info_get(ctl->ctx, &info);
	if (err)
		return ctl_failed(ctl, err, "reading the node's state");
	if (ctl->json)
		return json_print(json_info(&info), true);
	print_info(&info);
	return CTL_OK;
}

static void app_row(struct table *table, const struct preswap_app *a)
{
	char cpu[UNITS_MAX], mem[UNITS_MAX], swap[UNITS_MAX], io[UNITS_MAX];
	char net[UNITS_MAX];

	table_cell(table, "%llu", (unsigned long long)a->id);
	table_cell(table, "%s", a->path);
	table_cell(table, "%u", a->tasks);
	table_cell(table, "%s", units_cpu(cpu, a->cpu_milli));
	table_cell(table, "%.1f", a->cpu_ns / 1e9);
	table_cell(table, "%.1f", a->run_delay_ns / 1e9);
	table_cell(table, "%s", units_bytes(mem, a->mem_bytes));
	table_cell(table, "%s", units_bytes(swap, a->swap_bytes));
	table_cell(table, "%s", units_rate(io, a->io_bytes));
	table_cell(table, "%s", units_rate(net, a->net_bytes));
	table_cell(table, "%llu", (unsigned long long)a->major_faults);
	table_cell(table, "%.1f", a->psi_mem_some_us / 1e6);
	table_cell(table, "%.3f", a->downtime_us / 1e6);
}

int cmd_apps(struct ctl *ctl, int argc, char **argv)
{
	static const char * const heads[] = {
		">ID", "APP", ">TASKS", ">CPU", ">CPU-S", ">DELAY-S",
		">MEMORY", ">SWAP", ">I/O", ">NET", ">MAJFLT", ">MEM-STALL-S",
		">DOWNTIME-S", NULL
	};
	struct table *table = NULL;
	json_t *array = NULL;
	struct state state = {};
	int status = ctl_no_args(ctl, argc, argv) ?:
		     state_read_apps(ctl, &state);

	if (status)
		goto out;
	if (ctl->json)
		array = json_array();
	else
		table = table_new(heads);
	if (!array && !table) {
		status = ctl_no_memory();
		goto out;
	}
	for (size_t i = 0; i < state.apps_count; i++) {
		if (array)
			json_array_append_new(array, json_app(&state.apps[i]));
		else
			app_row(table, &state.apps[i]);
	}
	status = array ? json_print(array, true) : ctl_print_table(ctl, table);
out:
	state_free(&state);
	return status;
}

struct task_list {
	struct table *table;
	json_t *array;
	const struct state *state;
};

static int add_task(void *data, const struct preswap_task *t)
{
	struct task_list *list = data;
	char rss[UNITS_MAX], swap[UNITS_MAX], id[24];

	if (list->array)
		return json_array_append_new(list->array, json_task(t));
	table_cell(list->table, "%u", t->pid);
	table_cell(list->table, "%s", t->comm);
	table_cell(list->table, "%s", state_path(list->state, t->app_id, id));
	table_cell(list->table, "%.3f", t->cpu_ns / 1e9);
	table_cell(list->table, "%.3f", t->run_delay_ns / 1e9);
	table_cell(list->table, "%s", units_bytes(rss, t->rss_bytes));
	table_cell(list->table, "%s", units_bytes(swap, t->swap_bytes));
	table_cell(list->table, "%llu", (unsigned long long)t->major_faults);
	table_cell(list->table, "%llu", (unsigned long long)t->switches);
	table_cell(list->table, "%s", t->moved ? "yes" : "-");
	return 0;
}

static int list_tasks(struct ctl *ctl, uint64_t app_id,
		      const struct state *state)
{
	static const char * const heads[] = {
		">PID", "COMM", "APP", ">CPU-S", ">DELAY-S", ">RSS", ">SWAP",
		">MAJFLT", ">SWITCHES", "MOVED", NULL
	};
	struct task_list list = { .state = state };
	int err;

	if (ctl->json)
		list.array = json_array();
	else
		list.table = table_new(heads);
	if (!list.array && !list.table)
		return ctl_no_memory();
	err = preswap_tasks(ctl->ctx, app_id, add_task, &list);
	if (err) {
		json_decref(list.array);
		table_free(list.table);
		return ctl_failed(ctl, err, "reading tasks");
	}
	return list.array ? json_print(list.array, true) :
			    ctl_print_table(ctl, list.table);
}

int cmd_tasks(struct ctl *ctl, int argc, char **argv)
{
	struct state state = {};
	uint64_t app_id = 0;
	int status = CTL_OK;

	if (argc > 2)
		return ctl_usage(ctl, "tasks takes one APP");
	if (argc == 2)
		status = ctl_app(ctl, argv[1], &app_id);
	if (!status && !ctl->json)
		status = state_read_apps(ctl, &state);
	if (!status)
		status = list_tasks(ctl, app_id, &state);
	state_free(&state);
	return status;
}
