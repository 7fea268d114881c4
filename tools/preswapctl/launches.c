// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * When programs will start, by what the daemon has saved; neither it nor the
 * module is needed.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "json.h"
#include "sense/learned.h"
#include "show/text.h"
#include "show/units.h"

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
	double io = usual(p, PRESWAP_RESOURCE_IO, 0.5);
	char text[UNITS_MAX];

	table_cell(table, "%s", text_clean(p->key));
	table_cell(table, "%llu", (unsigned long long)f->starts);
	ctl_time_cell(table, p->used);
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
	table_cell(table, "%s", isnan(io) ? "-" :
		   units_rate(text, fmax(0, io)));
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
	return json_pack("{s:o, s:I, s:I, s:f, s:b, s:s, s:o, s:o, s:o, s:o, s:o, s:o, s:o}",
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
			 json_number(usual(p, PRESWAP_RESOURCE_MEMORY, 0.95)),
			 "io_bytes_q50",
			 json_number(usual(p, PRESWAP_RESOURCE_IO, 0.5)),
			 "io_bytes_q95",
			 json_number(usual(p, PRESWAP_RESOURCE_IO, 0.95)));
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
		">CPU", ">MEMORY", ">I/O", NULL
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

	while ((option = ctl_getopt(argc, argv, options)) >= 0) {
		if (option == '?')
			return ctl_bad_option(ctl);
		path = optarg;
	}
	if (optind < argc)
		return ctl_usage(ctl, "launches takes no argument '%s'",
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
