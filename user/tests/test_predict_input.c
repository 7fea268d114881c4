// SPDX-License-Identifier: GPL-2.0-or-later
/* The forecasting library: what it survives, checks and costs. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "test_predict.h"
#include "predict/ring.h"

static void check_sane(const struct predict_demand *d, double largest)
{
	struct predict_demand_forecast f;

	predict_demand_forecast(d, &f);
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++) {
		const struct predict_demand_point *p = &f.at[i];

		ktap_assert(isfinite(p->mean) && isfinite(p->q05) &&
			    isfinite(p->q50) && isfinite(p->q95), "%d", i);
		ktap_assert(p->q05 >= 0 && p->q05 <= p->q50 &&
			    p->q50 <= p->q95 && p->mean >= 0,
			    "%d: %g %g %g, mean %g", i, p->q05, p->q50, p->q95,
			    p->mean);
		ktap_assert(p->q95 <= PREDICT_RANGE * largest &&
			    p->mean <= PREDICT_RANGE * largest,
			    "%d: %g of %g", i, p->q95, largest);
		ktap_assert(p->score.loss_ratio >= 0 &&
			    isfinite(p->score.loss_ratio), "%d", i);
		ktap_assert(p->score.drift >= 0 && p->score.drift <= 1, "%d", i);
		ktap_assert(!p->score.scored == isnan(p->score.width) &&
			    !(p->score.width < 0), "%d: %g", i,
			    p->score.width);
		ktap_assert(p->recurrence >= 0 && p->recurrence <= 1, "%d", i);
		ktap_assert(p->horizon_s == predict_demand_horizon_s[i]);
	}
}

static double garbage(int kind, int t)
{
	static const double odd[] = {
		NAN, INFINITY, -INFINITY, -1e300, 1e300, 5e-324, 0, -0.0, 1e30,
		1e-30, 1, -5,
	};

	switch (kind) {
	case 0:
		return odd[(int)(uniform() * COUNT(odd))];
	case 1:
		return 42;
	case 2:
		return t & 1 ? 1e9 : 0;
	case 3:
		return 5e-324 * (t % 7);
	case 4:
		return NAN;
	case 5:
		return t < 500 ? NAN : t % 3 ? 7 : NAN;
	case 6:
		return pow(1.1, t % 1000);
	case 7:
		return pow(3, t % 64);
	case 8:
		return pow(10, 340 * uniform() - 310);
	case 9:
		/* Naive is right to the last bit, the mixture is not. */
		return t == 0 || t == 2 ? 0.25 : 5e-324;
	default:
		return t == 900 ? 1e30 : uniform();
	}
}

static void test_garbage(void)
{
	for (int kind = 0; kind < 11; kind++) {
		struct predict_demand *d = demand_new();
		double largest = 0;

		random_state = 11;
		check_sane(d, 0);
		for (int t = 0; t < 2500; t++) {
			double x = garbage(kind, t);

			predict_demand_update(d, x);
			largest = fmax(largest, fmin(x, PREDICT_VALUE_MAX));
			check_sane(d, largest);
		}
		predict_demand_free(d);
	}
}

static void test_constant(void)
{
	struct predict_demand *d = demand_new();
	struct predict_demand_forecast f;

	for (int t = 0; t < 3000; t++)
		predict_demand_update(d, 42);
	predict_demand_forecast(d, &f);
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++)
		ktap_assert(fabs(f.at[i].q05 - 42) < 1e-4 &&
			    fabs(f.at[i].q95 - 42) < 1e-4 &&
			    fabs(f.at[i].mean - 42) < 1e-4, "%d: %g %g", i,
			    f.at[i].q05, f.at[i].q95);
	ktap_assert(f.period_s == 0, "%g", f.period_s);
	predict_demand_free(d);
}

/*
 * What stands still is not forecast anew each second. Two series of one value,
 * one of them after a burst and so later so, are as one, and when the value
 * changes at last both know it as soon as any other.
 */
static void test_still(void)
{
	struct predict_demand *never = demand_new(), *long_ago = demand_new();
	struct predict_demand_forecast f, g;
	int t;

	for (t = 0; t < 4000; t++) {
		predict_demand_update(never, 42);
		predict_demand_update(long_ago, t >= 200 && t < 210 ? 420 : 42);
	}
	predict_demand_forecast(never, &f);
	predict_demand_forecast(long_ago, &g);
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++) {
		const struct predict_demand_point *p = &f.at[i], *q = &g.at[i];

		ktap_assert(p->q05 == 42 && p->q50 == 42 && p->q95 == 42, "%d", i);
		ktap_assert(q->q05 == 42 && q->q50 == 42 && q->q95 == 42, "%d", i);
		ktap_assert(p->score.scored == q->score.scored &&
			    p->score.coverage == 1, "%d: %llu %llu", i,
			    (unsigned long long)p->score.scored,
			    (unsigned long long)q->score.scored);
	}
	ktap_assert(f.at[0].score.scored == 3999 &&
		    f.at[5].score.scored == (4000 - 60) / 8, "%llu %llu",
		    (unsigned long long)f.at[0].score.scored,
		    (unsigned long long)f.at[5].score.scored);
	predict_demand_update(never, 84);
	predict_demand_forecast(never, &f);
	/* 42 comes back, or 84 stays: nothing says which */
	ktap_assert(f.at[0].q95 == 84 && f.at[0].q05 == 42, "%g %g",
		    f.at[0].q05, f.at[0].q95);
	for (t = 0; t < 20; t++)
		predict_demand_update(never, 84);
	predict_demand_forecast(never, &f);
	ktap_assert(f.at[0].q50 == 84 && f.at[1].q50 == 84 &&
		    f.at[0].q05 == 84, "%g %g", f.at[0].q05, f.at[1].q50);
	predict_demand_free(never);
	predict_demand_free(long_ago);
}

static void test_missing(void)
{
	struct predict_demand *d = demand_new();
	struct predict_demand_forecast f;

	predict_demand_update(d, NAN);
	predict_demand_forecast(d, &f);
	ktap_assert(f.samples == 1 && !f.at[0].ready && f.at[0].q95 == 0);
	ktap_assert(isnan(f.at[0].score.coverage) &&
		    f.at[0].score.loss_ratio == 1);
	for (int t = 0; t < 100; t++)
		predict_demand_update(d, 10);
	for (int t = 0; t < 100; t++)
		predict_demand_update(d, NAN);
	predict_demand_forecast(d, &f);
	ktap_assert(f.samples == 201);
	ktap_assert(f.at[0].score.scored == 99, "%llu",
		    (unsigned long long)f.at[0].score.scored);
	ktap_assert(f.at[0].ready && f.at[0].q50 == 10, "%g", f.at[0].q50);
	ktap_assert(!f.at[7].ready);
	predict_demand_free(d);
}

/*
 * After each 0 twenty samples are missing, and a 100 comes: held at 0,
 * they are over half of the window, and are not to count.
 */
static void test_held(void)
{
	const unsigned int horizon = 1;
	const double probs[] = { 0.25, 0.75 };
	const struct predict_series_opts opts = {
		.size = sizeof(opts), .horizons = &horizon, .nhorizons = 1,
		.probs = probs, .nprobs = 2, .upper = INFINITY,
		.expert = "values",
	};
	struct predict_series *s;
	double q[2];

	ktap_assert(!predict_series_new(&opts, &s));
	for (int t = 0; t < 35 * 20; t++)
		predict_series_update(s, t % 35 == 14 ? 0 :
					 t % 35 > 14 ? NAN : 100);
	ktap_assert(!predict_series_forecast(s, 0, NULL, q));
	ktap_assert(q[0] == 100 && q[1] == 100, "%g %g", q[0], q[1]);
	predict_series_free(s);
}

/* Once it has left, an outlier costs no precision any more. */
static void test_outlier_leaves(void)
{
	struct predict_ring r;
	int16_t room[64];

	predict_ring_init(&r, room, 64);
	predict_ring_push(&r, 1e9f);
	for (int i = 0; i < 200; i++)
		predict_ring_push(&r, 1 + i % 3);
	for (int ago = 0; ago < 64; ago++)
		ktap_assert(fabsf(predict_ring_at(&r, ago) -
				  (1 + (199 - ago) % 3)) < 0.001,
			    "%d: %g", ago, predict_ring_at(&r, ago));
}

static void test_upper(void)
{
	const struct predict_demand_opts opts = {
		.size = sizeof(opts), .upper = 1000,
	};
	struct predict_demand_forecast f;
	struct predict_demand *d;

	random_state = 2;
	ktap_assert(!predict_demand_new(&opts, &d));
	for (int t = 0; t < 1000; t++)
		predict_demand_update(d, 950 + 100 * gauss());
	predict_demand_forecast(d, &f);
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++)
		ktap_assert(f.at[i].q95 <= 1000 && f.at[i].mean <= 1000,
			    "%d: %g", i, f.at[i].q95);
	ktap_assert(f.at[0].q95 > 990, "%g", f.at[0].q95);
	predict_demand_free(d);
}

/* In how many of @seconds, values within @width of @level, it is forecast anew. */
static unsigned int renewed(struct predict_demand *d, unsigned int seconds,
			    double level, double width)
{
	struct predict_demand_forecast f;
	unsigned int count = 0;
	double was;

	predict_demand_forecast(d, &f);
	while (seconds--) {
		was = f.at[0].mean;
		predict_demand_update(d, level + width * (uniform() - 0.5));
		predict_demand_forecast(d, &f);
		count += f.at[0].mean != was;
	}
	return count;
}

/*
 * What moves by less than anybody cares for is forecast each fourth second, and
 * when it leaves its interval, no less
 * well for that; from the second on in which it moves by more, each second, for as
 * long as that is remembered.
 */
static void test_calm(void)
{
	const struct predict_demand_opts opts = {
		.size = sizeof(opts), .calm = 10,
	};
	struct predict_demand *each = demand_new(), *d;
	struct predict_demand_forecast f, g;
	unsigned int count;

	ktap_assert(!predict_demand_new(&opts, &d));
	random_state = 5;
	renewed(each, 2000, 100, 9.9);
	count = renewed(each, 400, 100, 9.9);
	ktap_assert(count == 400, "%u without", count);
	random_state = 5;
	renewed(d, 2000, 100, 9.9);
	count = renewed(d, 400, 100, 9.9);
	/* and one in ten of the others, which are beyond the interval */
	ktap_assert(count >= 110 && count <= 160, "%u", count);
	predict_demand_forecast(d, &f);
	predict_demand_forecast(each, &g);
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++) {
		const struct predict_score *a = &f.at[i].score;
		const struct predict_score *b = &g.at[i].score;

		ktap_assert(a->scored == b->scored, "%d: %llu %llu", i,
			    (unsigned long long)a->scored,
			    (unsigned long long)b->scored);
		ktap_assert(fabs(a->loss_ratio / b->loss_ratio - 1) < 0.03 &&
			    fabs(a->coverage - b->coverage) < 0.03,
			    "%d: loss %g %g, coverage %g %g", i, a->loss_ratio,
			    b->loss_ratio, a->coverage, b->coverage);
	}
	for (int k = 0; k < 3; k++) {
		predict_demand_update(d, 100);
		predict_demand_forecast(d, &f);
		predict_demand_update(d, 111 + k);
		predict_demand_forecast(d, &g);
		ktap_assert(f.at[0].mean != g.at[0].mean, "%d: %g", k,
			    g.at[0].mean);
	}
	count = renewed(d, 1200, 100, 9.9);
	ktap_assert(count == 1200, "%u after that", count);
	renewed(d, 100, 100, 9.9);
	count = renewed(d, 400, 100, 9.9);
	ktap_assert(count >= 110 && count <= 160, "%u when it is forgotten",
		    count);
	predict_demand_free(d);

	/* another level, no further away than what is not cared about */
	ktap_assert(!predict_demand_new(&opts, &d));
	renewed(d, 2000, 100, 1);
	count = renewed(d, 8, 105, 1);
	ktap_assert(count >= 4, "%u at another level", count);
	predict_demand_free(d);
	predict_demand_free(each);
}

static void test_deterministic(void)
{
	struct predict_demand *a = demand_new(), *b = demand_new();
	struct predict_demand_forecast fa, fb;

	random_state = 9;
	for (int t = 0; t < 2000; t++) {
		double x = 100 + 10 * gauss() + (t % 40 < 3 ? 500 : 0);

		predict_demand_update(a, x);
		predict_demand_update(b, x);
	}
	memset(&fa, 0, sizeof(fa));
	memset(&fb, 0, sizeof(fb));
	predict_demand_forecast(a, &fa);
	predict_demand_forecast(b, &fb);
	ktap_assert(!memcmp(&fa, &fb, sizeof(fa)));
	predict_demand_free(a);
	predict_demand_free(b);
}

static void test_memory(void)
{
	struct predict_demand *d = demand_new();
	size_t bytes = predict_demand_bytes(d);

	ktap_assert(bytes > 1024 && bytes <= 16 * 1024, "%zu bytes", bytes);
	predict_demand_free(d);
	predict_demand_free(NULL);
}

static void test_series_options(void)
{
	const unsigned int horizons[] = { 1, 3 }, falling[] = { 3, 1 };
	const double probs[] = { 0.1, 0.9 }, wrong[] = { 0.1, 1 };
	struct predict_series_opts good = {
		.size = sizeof(good), .horizons = horizons, .nhorizons = 2,
		.probs = probs, .nprobs = 2, .lower = -INFINITY,
		.upper = INFINITY,
	}, o;
	struct predict_series *s;
	struct predict_score score;
	double q[2];

	ktap_assert(!predict_series_new(&good, &s));
	for (int t = 0; t < 100; t++)
		predict_series_update(s, -50 - t % 5);
	ktap_assert(!predict_series_forecast(s, 1, NULL, q));
	/* It has seen what comes three steps after -54: -52. */
	ktap_assert(q[0] >= -52.01 && q[1] <= -51.99 && q[0] <= q[1], "%g %g",
		    q[0], q[1]);
	ktap_assert(predict_series_forecast(s, 2, NULL, q) == -22);
	ktap_assert(predict_series_score(s, 2, &score) == -22);
	predict_series_free(s);

	o = good, o.horizons = falling;
	ktap_assert(predict_series_new(&o, &s) == -22);
	o = good, o.probs = wrong;
	ktap_assert(predict_series_new(&o, &s) == -22);
	o = good, o.size = 8;
	ktap_assert(predict_series_new(&o, &s) == -22);
	o = good, o.lower = NAN;
	ktap_assert(predict_series_new(&o, &s) == -22);
	o = good, o.period_max = 5000;
	ktap_assert(predict_series_new(&o, &s) == -22);
	o = good, o.window = 257;
	ktap_assert(predict_series_new(&o, &s) == -22);
	o = good, o.expert = "no such expert";
	ktap_assert(predict_series_new(&o, &s) == -2);
}

/* A window that is longer than the past that the longest period needs. */
static void test_short_period(void)
{
	const unsigned int horizon = 3;
	const double probs[] = { 0.1, 0.9 };
	const struct predict_series_opts opts = {
		.size = sizeof(opts), .horizons = &horizon, .nhorizons = 1,
		.probs = probs, .nprobs = 2, .upper = INFINITY,
		.period_max = 8,
	};
	struct predict_series *s;
	double q[2];

	ktap_assert(!predict_series_new(&opts, &s));
	for (int t = 0; t < 500; t++)
		predict_series_update(s, 100 + t % 5);
	/* 104 was last: three steps on it is 102. */
	predict_series_forecast(s, 0, NULL, q);
	ktap_assert(fabs(q[0] - 102) < 0.1 && fabs(q[1] - 102) < 0.1, "%g %g",
		    q[0], q[1]);
	predict_series_free(s);
}

static void test_experts(void)
{
	const unsigned int horizons[] = { 1, 12 };
	const double probs[] = { 0.05, 0.5, 0.95 };
	struct predict_series_opts o = {
		.size = sizeof(o), .horizons = horizons, .nhorizons = 2,
		.probs = probs, .nprobs = 3, .upper = INFINITY,
	};
	unsigned int n = 0;

	for (; (o.expert = predict_expert_name(n)); n++) {
		struct predict_series *s;
		double q[3];

		random_state = 4;
		ktap_assert(!predict_series_new(&o, &s), "%s", o.expert);
		for (int t = 0; t < 500; t++)
			predict_series_update(s, 100 + 10 * gauss());
		predict_series_forecast(s, 1, NULL, q);
		/* Noise around a level is no walk: its interval is wide. */
		if (!strcmp(o.expert, "walk")) {
			predict_series_free(s);
			continue;
		}
		ktap_assert(q[0] > 60 && q[0] < q[1] && q[1] < q[2] &&
			    q[2] < 145, "%s: %g %g %g", o.expert, q[0], q[1],
			    q[2]);
		predict_series_free(s);
	}
	ktap_assert(n >= 10, "%u experts", n);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-10 no value breaks the forecast", test_garbage },
		{ "R-10 a constant stays", test_constant },
		{ "R-10 what stands still, and no more", test_still },
		{ "R-10 missing samples", test_missing },
		{ "R-10 what is held in their place does not count",
		  test_held },
		{ "R-10 an outlier is forgotten", test_outlier_leaves },
		{ "R-10 capacity bounds the forecast", test_upper },
		{ "R-10 what hardly moves is forecast less often", test_calm },
		{ "R-10 options are checked", test_series_options },
		{ "R-10 a short period and a long window", test_short_period },
		{ "R-11 each expert works alone", test_experts },
		{ "R-16 memory is bounded", test_memory },
		{ "R-27 equal input, equal forecast", test_deterministic },
		{ 0 }
	});
}
