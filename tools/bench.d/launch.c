// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * launch - how good launch forecasts are on programs that start by known laws,
 * and what they cost.
 *
 *	launch [--quick] [--json FILE]
 *
 * Each law of user/tests/launch_sim.h runs for 63 days (12 for those that start
 * hundreds of times a day), the first third unscored, with three seeds; forecasts
 * are made at moments drawn evenly. Log loss and Brier score are told relative to
 * those of a constant rate, learned alongside; beside them the oracle, which knows
 * the law, and hourly rates. Horizons at which hardly any or nearly all windows
 * hold a start are left out: there is nothing to be known.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "tests/launch_sim.h"

#define SEEDS	3

struct cost {
	double start_us, pass_us, forecast_us;
};

/* Of this process alone: others use the machine, too. */
static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}

static void add(struct sim_score *sum, const struct sim_score *more)
{
	for (int m = 0; m < SIM_METHODS; m++) {
		sum->log_loss[m] += more->log_loss[m] / SEEDS;
		sum->brier[m] += more->brier[m] / SEEDS;
	}
	sum->positive += more->positive / SEEDS;
	sum->origins += more->origins;
}

static json_t *row(enum sim_kind kind, int h, const struct sim_score *s)
{
	const double *l = s->log_loss, *b = s->brier;
	char oracle[64] = "        -        -";

	if (kind != SIM_DEVELOPER)
		snprintf(oracle, sizeof(oracle), " %8.3f %8.3f",
			 l[SIM_ORACLE] / l[SIM_CONSTANT],
			 b[SIM_ORACLE] / b[SIM_CONSTANT]);
	printf("%-48s %6g %7.4f  %8.3f %8.3f  %8.3f %8.3f %s\n",
	       sim_name[kind], launch_horizon_s[h], s->positive,
	       l[SIM_OWN] / l[SIM_CONSTANT], b[SIM_OWN] / b[SIM_CONSTANT],
	       l[SIM_HOURLY] / l[SIM_CONSTANT],
	       b[SIM_HOURLY] / b[SIM_CONSTANT], oracle);
	return json_pack("{s:s, s:f, s:f, s:[f, f, f, f], s:[f, f, f, f]}",
			 "law", sim_name[kind], "horizon_s",
			 launch_horizon_s[h], "share", s->positive,
			 "log_loss", l[SIM_OWN], l[SIM_CONSTANT],
			 l[SIM_HOURLY],
			 kind == SIM_DEVELOPER ? -1 : l[SIM_ORACLE], "brier",
			 b[SIM_OWN], b[SIM_CONSTANT], b[SIM_HOURLY],
			 kind == SIM_DEVELOPER ? -1 : b[SIM_ORACLE]);
}

static void one_law(enum sim_kind kind, unsigned int origins, json_t *rows)
{
	static struct launch l;
	struct sim_score sum[LAUNCH_HORIZONS] = {}, s[LAUNCH_HORIZONS];
	double days = sim_often(kind) ? 12 : 63;

	for (int seed = 1; seed <= SEEDS; seed++) {
		sim_evaluate(kind, seed, days, days / 3, origins, &l, s);
		for (int h = 0; h < LAUNCH_HORIZONS; h++)
			add(&sum[h], &s[h]);
	}
	for (int h = 0; h < LAUNCH_HORIZONS; h++)
		if (sum[h].positive > 20.0 / sum[h].origins &&
		    sum[h].positive < 0.99 && (h % 2 || h == 10))
			json_array_append_new(rows, row(kind, h, &sum[h]));
	fflush(stdout);
}

/* A year's developer, all calls timed. */
static struct cost measure(void)
{
	static struct launch l;
	struct sim s = { .kind = SIM_DEVELOPER, .random = 7 };
	struct launch_forecast f;
	struct cost cost = {};
	const int starts = 2000;
	double begin, t;

	s.last = t = SIM_BEGIN;
	launch_init(&l, t, SIM_OFFSET);
	for (int i = 0; i < starts; i++) {
		sim_next(&s);
		begin = now_us();
		launch_start(&l, s.last, SIM_OFFSET);
		cost.start_us += (now_us() - begin) / starts;
		begin = now_us();
		launch_forecast(&l, &f);
		cost.forecast_us += (now_us() - begin) / starts;
	}
	begin = now_us();
	for (int i = 1; i <= 100000; i++)
		launch_pass(&l, s.last + i, SIM_OFFSET);
	cost.pass_us = (now_us() - begin) / 100000;
	printf("\n%zu bytes a program and user; a start %.0f us, a second that passes %.2f us, a forecast %.0f us\n",
	       sizeof(l), cost.start_us, cost.pass_us, cost.forecast_us);
	return cost;
}

static int write_json(FILE *json, const char *path, json_t *rows,
		      struct cost cost)
{
	json_t *all = json_pack("{s:o, s:f, s:f, s:f, s:i}", "rows", rows,
				"start_us", cost.start_us, "pass_us",
				cost.pass_us, "forecast_us", cost.forecast_us,
				"bytes", (int)sizeof(struct launch));
	int err = json_dumpf(all, json, JSON_INDENT(1));

	err = fclose(json) || err;
	json_decref(all);
	if (err)
		fprintf(stderr, "launch: %s: %s\n", path, strerror(errno));
	return err ? 1 : 0;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "quick", no_argument, NULL, 'q' },
		{ "json", required_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	static const char usage[] =
		"usage: tools/bench launch [--quick] [--json FILE]\n\n"
		"Launch forecasts against a constant rate: log loss, Brier score, cost.\n\n"
		"  --quick       a tenth of the moments: a test of this program only\n"
		"  --json FILE   write all numbers there\n";
	const char *path = NULL;
	unsigned int origins = 6000;
	json_t *rows = json_array();
	struct cost cost;
	FILE *json = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "qj:h", options, NULL)) >=
	       0) {
		switch (option) {
		case 'q':
			origins = 600;
			break;
		case 'j':
			path = optarg;
			break;
		default:
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? 0 : 2;
		}
	}
	if (optind < argc) {
		fprintf(stderr, "launch: what is '%s'?\n%s", argv[optind],
			usage);
		return 2;
	}
	if (path) {	/* before the work, lest it be lost */
		json = fopen(path, "we");
		if (!json) {
			fprintf(stderr, "launch: %s: %s\n", path,
				strerror(errno));
			return 1;
		}
	}
	printf("%-48s %6s %7s  %17s  %17s  %17s\n", "relative to a constant rate",
	       "s", "share", "preswap", "hourly rates", "oracle");
	printf("%-48s %6s %7s  %8s %8s  %8s %8s  %8s %8s\n", "", "", "",
	       "log loss", "Brier", "log loss", "Brier", "log loss", "Brier");
	for (int kind = 0; kind < SIM_KINDS; kind++)
		one_law(kind, origins, rows);
	cost = measure();
	if (json)
		return write_json(json, path, rows, cost);
	json_decref(rows);
	return 0;
}
