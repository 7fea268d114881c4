// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preswap-eval: rolling-origin forecasts of recorded series, as CSV.
 *
 *	preswap-eval [--experts] DIR > forecasts.csv
 *
 * Every file of DIR is a series, one value a line, oldest first, lines with #
 * being comments. Each is walked once; at 20 origins evenly spaced from n/2 to
 * n - 12 the forecasts for 1, 3 and 12 steps are printed, as quantiles. With
 * --experts each expert alone is printed as well, as a method of its name.
 * The column "seconds" is the time of the last update, forecasts included.
 */
#include <dirent.h>
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "predict/predict.h"

#define ORIGINS		20
#define HORIZON_LAST	12

static const unsigned int horizons[] = { 1, 3, HORIZON_LAST };
static const double probs[] = { .05, .1, .25, .5, .75, .9, .95 };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct values {
	double *v;
	size_t n, room;
};

static int values_add(struct values *y, double v)
{
	if (y->n == y->room) {
		size_t room = y->room ? 2 * y->room : 1024;
		double *more = realloc(y->v, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		y->v = more;
		y->room = room;
	}
	y->v[y->n++] = v;
	return 0;
}

/* A line that is no number is a missing value. */
static int values_read(struct values *y, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[256];
	int err = 0;

	if (!f)
		return -errno;
	while (!err && fgets(line, sizeof(line), f)) {
		char *end;
		double v = strtod(line, &end);

		if (line[0] == '#' || line[strspn(line, " \t\r\n")] == '\0')
			continue;
		err = values_add(y, end == line ? NAN : v);
	}
	if (ferror(f))
		err = -EIO;
	fclose(f);
	return err;
}

/* unique(round(seq(n/2, n - 12, length.out = 20))), as R rounds: to even. */
static size_t origin_at(size_t n, int i)
{
	double first = n / 2.0, last = (double)n - HORIZON_LAST;

	return (size_t)rint(first + (last - first) * i / (ORIGINS - 1));
}

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec + 1e-9 * t.tv_nsec;
}

static void print_origin(const struct predict_series *s, const char *name,
			 const char *method, size_t origin, double seconds)
{
	for (unsigned int i = 0; i < COUNT(horizons); i++) {
		double q[COUNT(probs)];

		predict_series_forecast(s, i, NULL, q);
		printf("%s,%s,%zu,%u", name, method, origin, horizons[i]);
		for (unsigned int k = 0; k < COUNT(probs); k++)
			printf(",%.9g", q[k]);
		printf(",%.9f\n", seconds);
	}
}

static int walk(const struct values *y, const char *name, const char *method,
		const char *expert)
{
	const struct predict_series_opts opts = {
		.size = sizeof(opts),
		.horizons = horizons,
		.nhorizons = COUNT(horizons),
		.probs = probs,
		.nprobs = COUNT(probs),
		.lower = 0,
		.upper = INFINITY,
		.expert = expert,
	};
	struct predict_series *s;
	int origin = 0, err;

	err = predict_series_new(&opts, &s);
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

static int eval_file(const char *dir, const char *name, int experts)
{
	struct values y = { 0 };
	const char *expert;
	char path[4096];
	int err;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	err = values_read(&y, path);
	if (!err && y.n >= 2 * HORIZON_LAST)
		err = walk(&y, name, "preswap", NULL);
	for (unsigned int i = 0; experts && !err && y.n >= 2 * HORIZON_LAST &&
	     (expert = predict_expert_name(i)); i++) {
		char method[64];

		snprintf(method, sizeof(method), "preswap-%s", expert);
		err = walk(&y, name, method, expert);
	}
	free(y.v);
	return err;
}

static int eval_dir(const char *dir, int experts)
{
	struct dirent **names;
	int n = scandir(dir, &names, NULL, alphasort), status = 0;

	if (n < 0) {
		fprintf(stderr, "preswap-eval: %s: %s\n", dir, strerror(errno));
		return 1;
	}
	printf("series,method,origin,horizon,q5,q10,q25,q50,q75,q90,q95,"
	       "seconds\n");
	for (int i = 0; i < n; i++) {
		int err = names[i]->d_name[0] == '.' ? 0 :
			  eval_file(dir, names[i]->d_name, experts);

		if (err) {
			fprintf(stderr, "preswap-eval: %s/%s: %s\n", dir,
				names[i]->d_name, strerror(-err));
			status = 1;
		}
		free(names[i]);
	}
	free(names);
	return status;
}

int main(int argc, char **argv)
{
	int experts = argc == 3 && !strcmp(argv[1], "--experts");

	if (argc != 2 + experts || argv[argc - 1][0] == '-') {
		fprintf(stderr, "usage: preswap-eval [--experts] DIR\n");
		return 2;
	}
	if (eval_dir(argv[argc - 1], experts))
		return 1;
	return fflush(stdout) ? 1 : 0;
}
