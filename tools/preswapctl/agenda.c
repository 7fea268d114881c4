// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What is known of the future: the coming events, and when programs will
 * start. Neither needs the module or the daemon.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "daemon/config.h"
#include "json.h"
#include "sense/agenda.h"
#include "sense/learned.h"
#include "show/text.h"
#include "show/units.h"

#define DAY_MS		86400000U

/* ---- agenda ---- */

static int read_config(const char *path, struct config **config)
{
	char error[512];

	if (!config_load(path, config, error, sizeof(error)))
		return CTL_OK;
	fprintf(stderr, "preswapctl: %s\n", error);
	return CTL_FAILED;
}

static json_t *json_number(double value)
{
	return isnan(value) ? json_null() : json_integer(llround(value));
}

static json_t *json_entry(const struct agenda_entry *e)
{
	return json_pack("{s:I, s:I, s:i, s:s, s:o, s:o, s:o, s:o, s:o}",
			 "start", (json_int_t)e->start, "end",
			 (json_int_t)e->end, "late_s", (int)e->late_s,
			 "source", agenda_source_name(e->source), "label",
			 json_text(e->label), "app", json_text(e->app), "user",
			 json_text(e->user), "cpu_milli",
			 json_number(e->cpu_milli), "mem_bytes",
			 json_number(e->mem_bytes));
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

/* "Mon 5 Jan 09:00:00" */
static void time_cell(struct table *table, time_t at)
{
	char text[32];
	struct tm tm;

	localtime_r(&at, &tm);
	strftime(text, sizeof(text), "%a %e %b %H:%M:%S", &tm);
	table_cell(table, "%s", text);
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
	char cpu[UNITS_MAX] = "", mem[UNITS_MAX] = "";

	if (!isnan(e->cpu_milli))
		units_cpu(cpu, e->cpu_milli);
	if (!isnan(e->mem_bytes))
		units_bytes(mem, e->mem_bytes);
	table_cell(table, "%s%s%s", cpu, *cpu && *mem ? ", " : "", mem);
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

		time_cell(table, e->start);
		length_cell(table, e);
		table_cell(table, "%s", agenda_source_name(e->source));
		table_cell(table, "%s", *e->user ? text_clean(e->user) : "-");
		table_cell(table, "%.60s", text_clean(e->label));
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

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'f' && (units_parse_ms(optarg, &span_ms) ||
				      span_ms < 1000 || span_ms > 31 * DAY_MS))
			return ctl_usage(ctl, "--for is 1s to 744h");
		if (option == 'c')
			path = optarg;
		if (option == '?')
			return ctl_usage(ctl, "agenda does not take this");
	}
	if (optind < argc)
		return ctl_usage(ctl, "agenda takes no argument %s",
				 argv[optind]);
	status = read_config(path, &config);
	if (status)
		return status;
	status = show_agenda(ctl, config, span_ms);
	config_free(config);
	return status;
}

/* ---- launches ---- */

/* What launches usually use, a minute after their start; NAN: not known. */
static double usual(const struct learned_program *p, int resource,
		    double probability)
{
	double values[PROFILE_KEEP];
	int count = profile_values(&p->effect.profile, resource, 60, -1,
				   values);

	return count ? profile_quantile(values, count, probability) : NAN;
}

static const int shown[] = { 5, 8, 10 };	/* 1 min, 1 h, 1 day */

static void launch_row(struct table *table, struct learned_program *p,
		       const struct launch_forecast *f)
{
	double cpu = usual(p, PRESWAP_RESOURCE_CPU, 0.5);
	double mem = usual(p, PRESWAP_RESOURCE_MEMORY, 0.5);
	char text[UNITS_MAX];

	table_cell(table, "%s", text_clean(p->key));
	table_cell(table, "%llu", (unsigned long long)f->starts);
	time_cell(table, p->used);
	for (size_t i = 0; i < sizeof(shown) / sizeof(*shown); i++) {
		if (f->ready)
			table_cell(table, "%.1f %%",
				   100 * f->at[shown[i]].probability);
		else
			table_cell(table, "-");
	}
	table_cell(table, "%s", f->ready ? f->trusted : "-");
	table_cell(table, "%s", isnan(cpu) ? "-" : units_cpu(text, fmax(0, cpu)));
	table_cell(table, "%s", isnan(mem) ? "-" :
		   units_bytes(text, fmax(0, mem)));
}

static json_t *launch_json(const struct learned_program *p,
			   const struct launch_forecast *f)
{
	json_t *points = json_array();

	for (int h = 0; h < LAUNCH_HORIZONS; h++)
		json_array_append_new(points,
			json_pack("{s:f, s:f, s:f}", "horizon_s",
				  f->at[h].horizon_s, "probability",
				  f->at[h].probability, "loss_ratio",
				  f->at[h].loss_ratio));
	return json_pack("{s:o, s:I, s:I, s:f, s:b, s:s, s:o, s:o, s:o, s:o, s:o}",
			 "program", json_text(p->key), "starts",
			 (json_int_t)f->starts, "last", (json_int_t)p->used,
			 "per_day", f->rate_per_day, "ready", f->ready, "by",
			 f->trusted, "points", points, "cpu_milli_q50",
			 json_number(usual(p, PRESWAP_RESOURCE_CPU, 0.5)),
			 "cpu_milli_q95",
			 json_number(usual(p, PRESWAP_RESOURCE_CPU, 0.95)),
			 "mem_bytes_q50",
			 json_number(usual(p, PRESWAP_RESOURCE_MEMORY, 0.5)),
			 "mem_bytes_q95",
			 json_number(usual(p, PRESWAP_RESOURCE_MEMORY, 0.95)));
}

/* The state is some minutes old: what it says is brought to now. */
static void forecast_now(struct launch *launch, struct launch_forecast *f)
{
	time_t now = time(NULL);
	struct tm tm;

	localtime_r(&now, &tm);
	launch_pass(launch, now, tm.tm_gmtoff);
	launch_forecast(launch, f);
}

static int show_launches(struct ctl *ctl, struct learned *learned)
{
	static const char * const heads[] = {
		"PROGRAM", ">STARTS", "LAST", ">1 MIN", ">1 H", ">1 DAY", "BY",
		">CPU", ">MEMORY", NULL
	};
	struct table *table = ctl->json ? NULL : table_new(heads);
	json_t *array = ctl->json ? json_array() : NULL;
	struct launch_forecast f;

	if (!table && !array)
		return ctl_no_memory();
	for (size_t i = 0; i < learned->nr_programs; i++) {
		struct learned_program *p = learned->programs[i].program;

		forecast_now(&p->launch, &f);
		if (table)
			launch_row(table, p, &f);
		else
			json_array_append_new(array, launch_json(p, &f));
	}
	return table ? ctl_print_table(ctl, table) : json_print(array, true);
}

int cmd_launches(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "state", required_argument, NULL, 's' },
		{}
	};
	const char *path = LEARNED_PATH;
	struct learned *learned;
	int option, status, err;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == '?')
			return ctl_usage(ctl, "launches does not take this");
		path = optarg;
	}
	if (optind < argc)
		return ctl_usage(ctl, "launches takes no argument %s",
				 argv[optind]);
	err = learned_peek(path, &learned);
	if (err) {
		fprintf(stderr, "preswapctl: %s: %s\n", path,
			err == -EINVAL ? "not of this version, or damaged" :
			err == -ENOENT ?
			"there is none; preswapd writes it each ten minutes, and when it ends" :
			strerror(-err));
		return CTL_FAILED;
	}
	status = show_launches(ctl, learned);
	learned_free(learned);
	return status;
}
