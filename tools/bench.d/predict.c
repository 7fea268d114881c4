// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * predict - what a forecast costs: of one app and resource, and in memory.
 *
 *	predict [--quick] [--json FILE] [DIR]
 *
 * 200 series are fed in turn, so that none is in a cache near the core when it is its turn,
 * each a second ahead of the one before: every pass has its share of all that is
 * done but every so many seconds. First each learns until its memory is full. Then
 * passes are timed, of this thread alone: an update and the forecast of all horizons for
 * each series. The median of the passes is what it costs here, the least what it
 * takes when nothing else fills the caches or has the other half of the core.
 *
 * Series are made up: noise around a level that wanders; the same with bursts
 * each 24 to 93 s, for which recurrence is in use; and one value that stays. With
 * DIR, those of its files, one value a line as preswap-eval reads them, a value a
 * second and over again, too.
 */
#include <dirent.h>
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "../eval/values.h"
#include "predict/predict.h"

#define SERIES		200
#define LEARN		1600	/* s: all that the 1 s series keeps, and more */
#define PASSES		300
#define QUICK_SERIES	10
#define QUICK_PASSES	20
#define AIM_US		30.0
#define AIM_BYTES	16384
#define AIM_FIT		10000

enum kind { NOISE, BURSTS, STILL, RECORDED, KINDS };

static const char *const kind_name[KINDS] = {
	"noise", "bursts", "still", "recorded"
};

/* Where one series comes from. @y: its values, of RECORDED. */
struct source {
	enum kind kind;
	uint64_t random;
	double level;
	unsigned int t, period;
	const struct values *y;
};

struct recorded {
	struct values *file;
	size_t n;
};

struct cost {
	double median_us, least_us, mean_us;
	size_t bytes;
	unsigned int series, passes;
};

static void __attribute__((noreturn)) die(const char *what, int err)
{
	fprintf(stderr, "predict: %s: %s\n", what, strerror(err));
	exit(1);
}

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return ts.tv_sec * 1e6 + ts.tv_nsec / 1e3;
}

/* A generator of our own: the same load on each machine. */
static double uniform(struct source *s)
{
	s->random = s->random * 6364136223846793005ULL + 1442695040888963407ULL;
	return (double)(s->random >> 33) / 2147483648.0;
}

static double next_value(struct source *s)
{
	unsigned int t = s->t++;
	double v;

	if (s->kind == RECORDED)
		return s->y->v[t % s->y->n];
	if (s->kind == STILL)
		return 500;
	s->level = 0.98 * s->level + 0.02 * 500 + 20 * (uniform(s) - 0.5);
	v = s->level + 100 * (uniform(s) + uniform(s) - 1);
	if (s->kind == BURSTS && t % s->period < 3)
		v += 2000;
	return v;
}

static void source_init(struct source *s, enum kind kind, unsigned int i,
			const struct recorded *recorded)
{
	*s = (struct source){
		.kind = kind,
		.random = 7 + i,
		.level = 500,
		.period = 24 + i % 70,
	};
	if (kind != RECORDED)
		return;
	s->y = &recorded->file[i % recorded->n];
	s->t = (unsigned int)(i / recorded->n * 37);
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static double pass(struct predict_demand **d, struct source *s, unsigned int n)
{
	struct predict_demand_forecast f;
	double value[SERIES], begin;

	for (unsigned int i = 0; i < n; i++)
		value[i] = next_value(&s[i]);
	begin = now_us();
	for (unsigned int i = 0; i < n; i++) {
		predict_demand_update(d[i], value[i]);
		predict_demand_forecast(d[i], &f);
	}
	return (now_us() - begin) / n;
}

static struct cost measure(enum kind kind, const struct recorded *recorded,
			   bool quick)
{
	struct predict_demand *d[SERIES];
	struct source s[SERIES];
	double took[PASSES];
	struct cost cost = {
		.series = quick ? QUICK_SERIES : SERIES,
		.passes = quick ? QUICK_PASSES : PASSES,
	};
	int err;

	for (unsigned int i = 0; i < cost.series; i++) {
		source_init(&s[i], kind, i, recorded);
		err = predict_demand_new(NULL, &d[i]);
		if (err)
			die("memory", -err);
		for (unsigned int t = 0; t < LEARN + i; t++)
			predict_demand_update(d[i], next_value(&s[i]));
	}
	cost.bytes = predict_demand_bytes(d[0]);
	for (unsigned int p = 0; p < cost.passes; p++) {
		took[p] = pass(d, s, cost.series);
		cost.mean_us += took[p] / cost.passes;
	}
	qsort(took, cost.passes, sizeof(*took), by_size);
	cost.median_us = took[cost.passes / 2];
	cost.least_us = took[0];
	for (unsigned int i = 0; i < cost.series; i++)
		predict_demand_free(d[i]);
	return cost;
}

/* At 1 Hz, on half a core. */
static unsigned int fits(double us)
{
	return (unsigned int)(0.5 * 1e6 / us);
}

static const char *met(bool median, bool least)
{
	return median ? "met" : least ? "at best" : "missed";
}

static json_t *row(enum kind kind, const struct cost *c)
{
	printf("%-10s %11.1f %11.1f %11.1f %9u %9u\n", kind_name[kind],
	       c->median_us, c->least_us, c->mean_us, fits(c->median_us),
	       fits(c->least_us));
	fflush(stdout);
	return json_pack("{s:s, s:i, s:i, s:f, s:f, s:f, s:I, s:i, s:i}",
			 "load", kind_name[kind], "series", c->series,
			 "passes", c->passes, "median_us", c->median_us,
			 "least_us", c->least_us, "mean_us", c->mean_us,
			 "bytes", (json_int_t)c->bytes, "fit_median",
			 fits(c->median_us), "fit_least", fits(c->least_us));
}

/* The aims, each by the costliest load. */
static void print_aims(const struct cost *worst)
{
	printf("\n%-46s %9s %9s %9s %9s\n", "", "aim", "median", "least", "");
	printf("%-46s %9.1f %9.1f %9.1f %9s\n",
	       "us for an update and all horizons", AIM_US, worst->median_us,
	       worst->least_us, met(worst->median_us <= AIM_US,
				    worst->least_us <= AIM_US));
	printf("%-46s %9d %9u %9u %9s\n",
	       "apps x resources at 1 Hz on half a core", AIM_FIT,
	       fits(worst->median_us), fits(worst->least_us),
	       met(fits(worst->median_us) >= AIM_FIT,
		   fits(worst->least_us) >= AIM_FIT));
	printf("%-46s %9d %9zu %9zu %9s\n", "bytes for one", AIM_BYTES,
	       worst->bytes, worst->bytes, met(worst->bytes <= AIM_BYTES, false));
}

static int visible(const struct dirent *e)
{
	return e->d_name[0] != '.';
}

static void read_dir(struct recorded *r, const char *dir)
{
	struct dirent **names;
	int n = scandir(dir, &names, visible, alphasort);

	if (n < 0)
		die(dir, errno);
	r->file = calloc((size_t)n + 1, sizeof(*r->file));
	if (!r->file)
		die("memory", ENOMEM);
	for (int i = 0; i < n; i++) {
		struct values *y = &r->file[r->n];
		char path[4096];
		int err;

		snprintf(path, sizeof(path), "%s/%s", dir, names[i]->d_name);
		err = values_read(y, path);
		if (err)
			die(path, -err);
		if (y->n)
			r->n++;
		free(names[i]);
	}
	free(names);
	if (!r->n)
		die(dir, ENODATA);
}

static void write_json(FILE *json, const char *path, json_t *rows)
{
	json_t *all = json_pack("{s:o, s:f, s:i, s:i}", "rows", rows,
				"aim_us", AIM_US, "aim_bytes", AIM_BYTES,
				"aim_fit", AIM_FIT);

	if (json_dumpf(all, json, JSON_INDENT(1)) || fclose(json))
		die(path, errno);
	json_decref(all);
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
		"usage: tools/bench predict [--quick] [--json FILE] [DIR]\n\n"
		"  --quick       few series and passes: a test of this program only\n"
		"  --json FILE   write all numbers there\n"
		"  DIR           recorded series, a file each, one value a line\n";
	struct cost cost, worst = {};
	struct recorded recorded = {};
	const char *path = NULL;
	json_t *rows = json_array();
	bool quick = false;
	FILE *json = NULL;
	int option;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		switch (option) {
		case 'q':
			quick = true;
			break;
		case 'j':
			path = optarg;
			break;
		default:
			fputs(usage, option == 'h' ? stdout : stderr);
			return option == 'h' ? 0 : 2;
		}
	}
	if (argc - optind > 1) {
		fputs(usage, stderr);
		return 2;
	}
	if (optind < argc)
		read_dir(&recorded, argv[optind]);
	if (path) {	/* before the work, lest it be lost */
		json = fopen(path, "we");
		if (!json)
			die(path, errno);
	}
	printf("An update and the forecast of all horizons, of CPU time; how many fit on half a core.\n\n"
	       "%-10s %11s %11s %11s %9s %9s\n", "load", "median, us",
	       "least, us", "mean, us", "fit", "at best");
	for (enum kind kind = 0; kind < KINDS; kind++) {
		if (kind == RECORDED && !recorded.n)
			continue;
		cost = measure(kind, &recorded, quick);
		json_array_append_new(rows, row(kind, &cost));
		if (cost.median_us > worst.median_us)
			worst = cost;
	}
	print_aims(&worst);
	if (json)
		write_json(json, path, rows);
	else
		json_decref(rows);
	for (size_t i = 0; i < recorded.n; i++)
		free(recorded.file[i].v);
	free(recorded.file);
	return 0;
}
