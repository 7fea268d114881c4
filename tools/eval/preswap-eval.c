// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preswap-eval: rolling-origin forecasts of recorded series, as CSV.
 *
 *	preswap-eval [--experts] DIR > forecasts.csv
 *	preswap-eval --regret DIR
 *	preswap-eval --hours SECONDS DIR
 *
 * Every file of DIR is a series, one value a line, oldest first, lines with #
 * being comments; one of fewer than 24 values is left out. Each is walked once; at
 * 20 origins evenly spaced from n/2 to n - 12 the forecasts for 1, 3 and 12 steps
 * are printed, as quantiles. With
 * --experts each expert alone is printed as well, as a method of its name.
 * The column "seconds" is the time of the last update, forecasts included.
 *
 * With --regret it prints a table instead: the mean loss of every forecast from
 * n/2 on, and what the best expert and the best fixed mix of experts would have
 * had, chosen for each series in hindsight (regret.c).
 *
 * With --hours each value stands for so many seconds, and forecasts of 1, 6 and 24
 * hours are judged (hours.c), as CSV.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "hours.h"
#include "protocol.h"
#include "regret.h"
#include "values.h"

#define ORIGINS		20

enum mode { FORECASTS, EXPERTS, REGRET, HOURS };

/* What is asked for; @seconds: of a value, for HOURS. */
struct job {
	enum mode mode;
	unsigned int seconds;
};

/* unique(round(seq(n/2, n - 12, length.out = 20))), as R rounds: to even. */
static size_t origin_at(size_t n, int i)
{
	double first = n / 2.0, last = (double)n - PROTOCOL_HORIZON_LAST;

	return (size_t)rint(first + (last - first) * i / (ORIGINS - 1));
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

/*
 * The shortest decimal that is this float, as forecasts are: a value of the series
 * that is forecast reads as it did there, 37.3 and not 37.2999992, which
 * 37.3 would be outside of.
 */
static void print_float(float q)
{
	char text[32];
	int digits = 6;

	do
		snprintf(text, sizeof(text), "%.*g", digits, (double)q);
	while (digits++ < 9 && strtof(text, NULL) != q);
	printf(",%s", text);
}

static void print_origin(const struct predict_series *s, const char *name,
			 const char *method, size_t origin, double seconds)
{
	for (unsigned int i = 0; i < PROTOCOL_HORIZONS; i++) {
		double q[PROTOCOL_PROBS];

		predict_series_forecast(s, i, NULL, q);
		values_put_name(name);
		printf(",%s,%zu,%u", method, origin, protocol_horizon[i]);
		for (unsigned int k = 0; k < PROTOCOL_PROBS; k++)
			print_float((float)q[k]);
		printf(",%.9f\n", seconds);
	}
}

static int walk(const struct values *y, const char *name, const char *method,
		const char *expert)
{
	struct predict_series *s;
	int origin = 0, err;

	err = protocol_series_new(expert, &s);
	if (err)
		return err;
	for (size_t t = 1; t <= y->n && origin < ORIGINS; t++) {
		double start = now();

		predict_series_update(s, y->v[t - 1]);
		if (t != origin_at(y->n, origin))
			continue;
		print_origin(s, name, method, t, now() - start);
		while (origin < ORIGINS && origin_at(y->n, origin) <= t)
			origin++;
	}
	predict_series_free(s);
	return 0;
}

static int eval_csv(const struct values *y, const char *name, bool experts)
{
	const char *expert;
	int err = walk(y, name, "preswap", NULL);

	for (unsigned int i = 0;
	     experts && !err && (expert = predict_expert_name(i)); i++) {
		char method[64];

		snprintf(method, sizeof(method), "preswap-%s", expert);
		err = walk(y, name, method, expert);
	}
	return err;
}

static int eval_regret(const struct values *y, struct regret_total *total)
{
	struct regret one[PROTOCOL_HORIZONS];
	int err = regret_of(y, one);

	for (int h = 0; !err && h < PROTOCOL_HORIZONS; h++)
		regret_add(&total[h], &one[h]);
	return err;
}

/* With the line, where it is one that is wrong. */
static void complain(const char *path, const struct values *y, int err)
{
	if (err == -EINVAL)
		fprintf(stderr, "preswap-eval: %s:%zu: more than one value in a line\n",
			path, y->line);
	else
		fprintf(stderr, "preswap-eval: %s: %s\n", path, strerror(-err));
}

static int eval_file(const char *dir, const char *name, const struct job *job,
		     struct regret_total *total)
{
	struct values y = { 0 };
	char path[4096];
	int err;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	err = values_read(&y, path);
	if (!err && job->mode == HOURS)
		hours_print(&y, name, job->seconds);
	else if (!err && y.n < PROTOCOL_VALUES_MIN)
		fprintf(stderr, "preswap-eval: %s: left out, %zu values are fewer than %d\n",
			path, y.n, PROTOCOL_VALUES_MIN);
	else if (!err)
		err = job->mode == REGRET ? eval_regret(&y, total) :
			eval_csv(&y, name, job->mode == EXPERTS);
	if (err)
		complain(path, &y, err);
	free(y.v);
	return err;
}

static int eval_dir(const char *dir, const struct job *job)
{
	struct regret_total total[PROTOCOL_HORIZONS] = { 0 };
	struct dirent **names;
	int n = scandir(dir, &names, NULL, alphasort), status = 0;

	if (n < 0) {
		fprintf(stderr, "preswap-eval: %s: %s\n", dir, strerror(errno));
		return 1;
	}
	if (job->mode == HOURS)
		hours_header();
	else if (job->mode != REGRET)
		printf("series,method,origin,horizon,q5,q10,q25,q50,q75,q90,q95,"
		       "seconds\n");
	for (int i = 0; i < n; i++) {
		if (names[i]->d_name[0] != '.' &&
		    eval_file(dir, names[i]->d_name, job, total))
			status = 1;
		free(names[i]);
	}
	free(names);
	if (job->mode == REGRET)
		regret_print(total);
	return status;
}

static bool parse(int argc, char **argv, struct job *job)
{
	char *end;

	if (argc == 2)
		return argv[1][0] != '-';
	if (argc == 3 && !strcmp(argv[1], "--experts"))
		job->mode = EXPERTS;
	else if (argc == 3 && !strcmp(argv[1], "--regret"))
		job->mode = REGRET;
	else if (argc == 4 && !strcmp(argv[1], "--hours"))
		job->mode = HOURS;
	else
		return false;
	if (job->mode != HOURS)
		return true;
	job->seconds = (unsigned int)strtoul(argv[2], &end, 10);
	return !*end && job->seconds >= 1 && job->seconds <= 3600;
}

int main(int argc, char **argv)
{
	static const char usage[] =
		"usage: preswap-eval [--experts | --regret | --hours SECONDS] DIR\n"
		"SECONDS: 1 to 3600, of a value\n";
	struct job job = { .mode = FORECASTS };
	int status;

	if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
		fputs(usage, stdout);
		return 0;
	}
	if (!parse(argc, argv, &job)) {
		fputs(usage, stderr);
		return 2;
	}
	status = eval_dir(argv[argc - 1], &job);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "preswap-eval: writing: %s\n", strerror(errno));
		return 1;
	}
	return status;
}
