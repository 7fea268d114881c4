// SPDX-License-Identifier: GPL-2.0-or-later
/* The coming events; neither the module nor the daemon is needed. */
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "daemon/config.h"
#include "json.h"
#include "sense/agenda.h"
#include "show/text.h"
#include "show/units.h"

#define DAY_MS		86400000U

static int read_config(const char *path, struct config **config)
{
	char error[512];

	if (!config_load(path, config, error, sizeof(error)))
		return CTL_OK;
	fprintf(stderr, "preswapctl: %s\n", error);
	return CTL_FAILED;
}

static json_t *json_entry(const struct agenda_entry *e)
{
	return json_pack("{s:I, s:I, s:i, s:s, s:o, s:o, s:o, s:o, s:o, s:o}",
			 "start", (json_int_t)e->start, "end",
			 (json_int_t)e->end, "late_s", (int)e->late_s,
			 "source", agenda_source_name(e->source), "label",
			 json_text(e->label), "app", json_text(e->app), "user",
			 json_text(e->user), "cpu_milli",
			 json_number(e->cpu_milli), "mem_bytes",
			 json_number(e->mem_bytes), "io_bytes_per_second",
			 json_number(e->io_bytes));
}

static int agenda_json(const struct agenda *agenda)
{
	json_t *events = json_array(), *problems = json_array();

	for (size_t i = 0; i < agenda->count; i++)
		json_array_append_new(events, json_entry(&agenda->entries[i]));
	for (size_t i = 0; i < agenda->nr_problems; i++)
		json_array_append_new(problems,
				      json_text(agenda->problems[i]));
	return json_print(json_pack("{s:o, s:I, s:o}", "events", events,
				    "left_out", (json_int_t)agenda->cut,
				    "problems", problems), true);
}

static void length_cell(struct table *table, const struct agenda_entry *e)
{
	char text[UNITS_MAX];

	if (e->end > e->start)
		table_cell(table, "%s",
			   units_ms(text, (e->end - e->start) * 1000));
	else
		table_cell(table, "-");
}

static void adds_cell(struct table *table, const struct agenda_entry *e)
{
	char cpu[UNITS_MAX] = "", mem[UNITS_MAX] = "", io[UNITS_MAX] = "";

	if (!isnan(e->cpu_milli))
		units_cpu(cpu, e->cpu_milli);
	if (!isnan(e->mem_bytes))
		units_bytes(mem, e->mem_bytes);
	if (!isnan(e->io_bytes))
		units_rate(io, e->io_bytes);
	table_cell(table, "%s%s%s%s%s", cpu, *cpu && *mem ? ", " : "", mem,
		   (*cpu || *mem) && *io ? ", " : "", io);
}

static int agenda_table(struct ctl *ctl, const struct agenda *agenda)
{
	static const char * const heads[] = {
		"START", ">FOR", "SOURCE", "USER", "EVENT", "APP", "ADDS",
		NULL
	};
	struct table *table = table_new(heads);

	if (!table)
		return ctl_no_memory();
	for (size_t i = 0; i < agenda->count; i++) {
		const struct agenda_entry *e = &agenda->entries[i];

		ctl_time_cell(table, e->start);
		length_cell(table, e);
		table_cell(table, "%s", agenda_source_name(e->source));
		table_cell(table, "%s", *e->user ? text_clean(e->user) : "-");
		table_cell(table, "%s", text_cut(text_clean(e->label), 60));
		table_cell(table, "%s", *e->app ? text_clean(e->app) : "-");
		adds_cell(table, e);
	}
	return ctl_print_table(ctl, table);
}

static void tell_problems(const struct agenda *agenda)
{
	for (size_t i = 0; i < agenda->nr_problems; i++)
		fprintf(stderr, "preswapctl: %s\n",
			text_clean(agenda->problems[i]));
	if (agenda->problems_more)
		fprintf(stderr, "preswapctl: and %zu more problems\n",
			agenda->problems_more);
	if (agenda->cut)
		fprintf(stderr, "preswapctl: %zu later repetitions are left out\n",
			agenda->cut);
}

static int show_agenda(struct ctl *ctl, const struct config *config,
		       uint32_t span_ms)
{
	struct agenda_opts opts = config_agenda(&config->events, time(NULL),
						(span_ms + 999) / 1000);
	struct agenda *agenda;
	int status, err = agenda_run(&opts, &agenda);

	if (err) {
		fprintf(stderr, "preswapctl: preswap-agenda: %s\n",
			strerror(-err));
		return CTL_FAILED;
	}
	if (!ctl->json)
		tell_problems(agenda);
	status = ctl->json ? agenda_json(agenda) : agenda_table(ctl, agenda);
	agenda_free(agenda);
	return status;
}

int cmd_agenda(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "for", required_argument, NULL, 'f' },
		{ "config", required_argument, NULL, 'c' },
		{}
	};
	const char *path = NULL;
	uint32_t span_ms = DAY_MS;
	struct config *config;
	int option, status;

	while ((option = ctl_getopt(argc, argv, options)) >= 0) {
		if (option == 'f' && (units_parse_ms(optarg, &span_ms) ||
				      span_ms < 1000 || span_ms > 31 * DAY_MS))
			return ctl_usage(ctl, "--for is 1s to 744h, not '%s'",
					 optarg);
		if (option == 'c')
			path = optarg;
		if (option == '?')
			return ctl_bad_option(ctl);
	}
	if (optind < argc)
		return ctl_usage(ctl, "agenda takes no argument '%s'",
				 argv[optind]);
	status = read_config(path, &config);
	if (status)
		return status;
	status = show_agenda(ctl, config, span_ms);
	config_free(config);
	return status;
}
