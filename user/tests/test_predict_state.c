// SPDX-License-Identifier: GPL-2.0-or-later
/* The forecasting library: its state is saved, and only what fits is loaded. */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "test_predict.h"

#define WINDOW	16
#define STEPS	500

static const unsigned int horizons[] = { 1, 50 }, other_horizons[] = { 1, 49 };
static const double probs[] = { 0.1, 0.5, 0.9 };
static const double other_probs[] = { 0.1, 0.6, 0.9 };

static struct predict_series_opts series_opts(void)
{
	return (struct predict_series_opts){
		.size = sizeof(struct predict_series_opts),
		.horizons = horizons, .nhorizons = 2,
		.probs = probs, .nprobs = 3, .upper = INFINITY,
		.period_max = 40, .window = WINDOW, .pending = 6,
	};
}

static struct predict_series *series_new(const struct predict_series_opts *o)
{
	struct predict_series *s = NULL;

	ktap_assert(!predict_series_new(o, &s) && s);
	return s;
}

static struct predict_series *taught(int steps)
{
	const struct predict_series_opts opts = series_opts();
	struct predict_series *s = series_new(&opts);

	random_state = 6;
	for (int t = 0; t < steps; t++)
		predict_series_update(s, 100 + 10 * gauss() +
					 (t % 20 < 2 ? 500 : 0));
	return s;
}

static void *saved(const struct predict_series *s)
{
	void *state = malloc(predict_series_bytes(s));

	ktap_assert(state, "no memory");
	predict_series_save(s, state);
	return state;
}

static bool same(const struct predict_series *a, const struct predict_series *b)
{
	void *x = saved(a), *y = saved(b);
	bool equal = !memcmp(x, y, predict_series_bytes(a));

	free(x);
	free(y);
	return equal;
}

static void test_round_trip(void)
{
	const struct predict_series_opts opts = series_opts();

	/* Before the first value, in the window's first round, later. */
	for (int steps = 0; steps < STEPS; steps = 3 * steps + 5) {
		struct predict_series *s = taught(steps);
		struct predict_series *t = series_new(&opts);
		void *state = saved(s);

		ktap_assert(!predict_series_load(t, state,
						 predict_series_bytes(s)),
			    "%d steps", steps);
		for (int i = 0; i < 100; i++) {
			double x = i % 9 ? 100 + i % 20 : NAN;

			predict_series_update(s, x);
			predict_series_update(t, x);
		}
		ktap_assert(same(s, t), "%d steps", steps);
		free(state);
		predict_series_free(s);
		predict_series_free(t);
	}
}

/* The state of taught() is refused by a series of @o, which stays as it was. */
static void check_refused(const struct predict_series_opts *o, const char *what)
{
	struct predict_series *from = taught(STEPS), *s = series_new(o);
	struct predict_series *fresh = series_new(o);
	void *state = saved(from);

	ktap_assert(predict_series_load(s, state, predict_series_bytes(from)) ==
		    -EINVAL, "%s", what);
	ktap_assert(same(s, fresh), "%s", what);
	free(state);
	predict_series_free(from);
	predict_series_free(s);
	predict_series_free(fresh);
}

static void test_other_options(void)
{
	struct predict_series_opts o;

	/* The first three leave the size as it is. */
	o = series_opts(), o.horizons = other_horizons;
	check_refused(&o, "horizons");
	o = series_opts(), o.probs = other_probs;
	check_refused(&o, "probabilities");
	o = series_opts(), o.expert = "walk";
	check_refused(&o, "expert");
	o = series_opts(), o.nhorizons = 1;
	check_refused(&o, "number of horizons");
	o = series_opts(), o.period_max = 80;
	check_refused(&o, "longest period");
	o = series_opts(), o.window = 2 * WINDOW;
	check_refused(&o, "window");
	o = series_opts(), o.pending = 3;
	check_refused(&o, "pending");
}

/* Bounds are the caller's, not the file's. */
static void test_bounds(void)
{
	struct predict_series_opts o = series_opts();
	struct predict_series *from = taught(STEPS), *s;
	void *state = saved(from);
	double mean, q[3];

	o.upper = 50;
	s = series_new(&o);
	ktap_assert(!predict_series_load(s, state, predict_series_bytes(s)));
	for (int i = 0; i < 2; i++) {
		ktap_assert(!predict_series_forecast(s, i, &mean, q));
		/* All that came was above. */
		ktap_assert(mean == 50 && q[0] == 50 && q[2] == 50,
			    "%g, mean %g", q[0], mean);
	}
	free(state);
	predict_series_free(from);
	predict_series_free(s);
}

/* Rising values have the order 0, 1, 2...: where it is, it must stay one. */
static void test_order(void)
{
	const struct predict_series_opts opts = series_opts();
	struct predict_series *from = series_new(&opts), *s = series_new(&opts);
	size_t bytes = predict_series_bytes(from);
	uint8_t rising[WINDOW], *order;
	void *state;

	for (int i = 0; i < WINDOW; i++) {
		predict_series_update(from, i);
		rising[i] = (uint8_t)i;
	}
	state = saved(from);
	order = memmem(state, bytes, rising, WINDOW);
	ktap_assert(order, "no order");
	order[3] = WINDOW;
	ktap_assert(predict_series_load(s, state, bytes) == -EINVAL, "beyond");
	order[3] = 4;
	ktap_assert(predict_series_load(s, state, bytes) == -EINVAL, "twice");
	order[3] = 3;
	ktap_assert(predict_series_load(s, state, bytes - 1) == -EINVAL, "cut");
	ktap_assert(!predict_series_load(s, state, bytes), "mended");
	free(state);
	predict_series_free(from);
	predict_series_free(s);
}

/* While the window fills, the next value goes behind those that there are. */
static void test_place(void)
{
	const struct predict_series_opts opts = series_opts();
	struct predict_series *a = taught(WINDOW - 2), *s = series_new(&opts);
	/* size, used and next */
	const uint32_t there[3] = { WINDOW, WINDOW - 2, WINDOW - 2 };
	size_t bytes = predict_series_bytes(a);
	uint32_t *place;
	void *state = saved(a);

	place = memmem(state, bytes, there, sizeof(there));
	ktap_assert(place, "no place");
	place[2] = 3;
	ktap_assert(predict_series_load(s, state, bytes) == -EINVAL, "behind");
	place[1] = WINDOW + 1;
	ktap_assert(predict_series_load(s, state, bytes) == -EINVAL, "used");
	place[1] = place[2] = WINDOW;
	ktap_assert(predict_series_load(s, state, bytes) == -EINVAL, "next");
	free(state);
	predict_series_free(a);
	predict_series_free(s);
}

/* One that is half into a 15 s step, into one of another capacity. */
static void test_demand(void)
{
	const struct predict_demand_opts opts = {
		.size = sizeof(opts), .upper = 300,
	};
	struct predict_demand *d = demand_new(), *e = demand_new(), *small;
	struct predict_demand_forecast f, g;
	size_t bytes = predict_demand_state_bytes(d);
	uint64_t *state = malloc(bytes);

	ktap_assert(state && !predict_demand_new(&opts, &small));
	for (int t = 0; t < 1000; t++)
		predict_demand_update(d, 100 + t % 30 * 10);
	predict_demand_save(d, state);
	ktap_assert(predict_demand_load(e, state, bytes - 16) == -EINVAL);
	ktap_assert(!predict_demand_load(e, state, bytes));
	ktap_assert(!predict_demand_load(small, state, bytes));
	for (int t = 1000; t < 1040; t++) {
		predict_demand_update(d, 100 + t % 30 * 10);
		predict_demand_update(e, 100 + t % 30 * 10);
	}
	memset(&f, 0, sizeof(f));
	memset(&g, 0, sizeof(g));
	predict_demand_forecast(d, &f);
	predict_demand_forecast(e, &g);
	ktap_assert(!memcmp(&f, &g, sizeof(f)), "goes on elsewhere");
	predict_demand_forecast(small, &g);
	ktap_assert(g.samples == 1000 && g.at[7].q95 <= 300, "q95 %g",
		    g.at[7].q95);
	free(state);
	predict_demand_free(d);
	predict_demand_free(e);
	predict_demand_free(small);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-17 a series goes on, to the last bit", test_round_trip },
		{ "R-17 not with other options", test_other_options },
		{ "R-17 within the bounds of now", test_bounds },
		{ "R-17 the window's order is checked", test_order },
		{ "R-17 and its place in the window", test_place },
		{ "R-17 a demand goes on", test_demand },
		{ 0 }
	});
}
