// SPDX-License-Identifier: GPL-2.0-or-later
/* The forecasting library: single experts, by their worked examples. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "predict/place.h"
#include "predict/recall.h"
#include "test_predict.h"

#define PAST	1200

static int16_t room[PAST];

/* The weight of samples within 1 % of @value. */
static double weight_of(const struct predict_changes *c, double value)
{
	double sum = 0;

	for (unsigned int i = 0; i < c->n; i++) {
		ktap_assert(isfinite(c->value[i]) && c->weight[i] >= 0);
		if (fabs(c->value[i] - value) <= 0.01 * fabs(value))
			sum += c->weight[i];
	}
	return sum;
}

/* The example of recall.c: bursts of 5 9 3, hundreds of steps apart. */
static void test_recall(void)
{
	struct predict_ring past;
	struct predict_recall r, other;
	struct predict_changes c;

	predict_ring_init(&past, room, PAST);
	predict_recall_find(&past, 12, &r, &other);
	ktap_assert(!r.n);
	for (int t = 0; t <= 1500; t++) {
		int phase = t % 500;

		predict_ring_push(&past, phase == 0 ? 5 : phase == 1 ? 9 :
				  phase == 2 ? 3 : 0);
		if (t == 200)
			predict_recall_find(&past, 12, &r, &other);
	}
	ktap_assert(!r.n, "too soon: %u", r.n);
	predict_recall_find(&past, 12, &r, &other);
	ktap_assert(r.n == PREDICT_RECALLED, "%u", r.n);
	predict_recall_samples(&r, &past, false, 1, &c);
	ktap_assert(weight_of(&c, 9) > 0.5, "%g", weight_of(&c, 9));
	predict_recall_samples(&r, &past, false, 2, &c);
	ktap_assert(weight_of(&c, 3) > 0.5, "%g", weight_of(&c, 3));
}

/* Memory that grows by 10 for 60 steps and is freed, each time from higher up. */
static void test_moves(void)
{
	struct predict_ring past;
	struct predict_recall r, other;
	struct predict_changes c;
	double x = 0;

	predict_ring_init(&past, room, PAST);
	for (int t = 0; t < 1170; t++) {
		x = t % 60 ? x + 10 : 37 * (t / 60);
		predict_ring_push(&past, (float)x);
	}
	predict_recall_find(&past, 12, &other, &r);
	predict_recall_samples(&r, &past, true, 12, &c);
	/* 12 of the 32 are of the last 12 steps before it is freed. */
	ktap_assert(weight_of(&c, x + 120) > 0.6, "%g of %g",
		    weight_of(&c, x + 120), x + 120);
}

/* Where all are equal, those are taken that came last. */
static void test_ties(void)
{
	struct predict_ring past;
	struct predict_recall r, other;

	predict_ring_init(&past, room, PAST);
	for (int t = 0; t < 2000; t++)
		predict_ring_push(&past, 7);
	predict_recall_find(&past, 60, &r, &other);
	ktap_assert(r.n == PREDICT_RECALLED);
	for (unsigned int k = 0; k < r.n; k++) {
		unsigned int ago = 60 + k;

		ktap_assert((r.at[k] + ago + 1) % past.size ==
			    past.next % past.size, "%u: %u", k, r.at[k]);
		ktap_assert(fabs(r.weight[k] - 1.0 / PREDICT_RECALLED) < 1e-6);
	}
}

/* @n items among @m values, all whole numbers from @low up to @high. */
static void place_some(unsigned int m, unsigned int n, double low, double high)
{
	struct predict_ordered among = { .n = m };
	struct predict_places places;
	const uint16_t *item;
	unsigned int found = 0, many;

	for (unsigned int i = 0; i < m + 32; i++)
		among.value[i] = i < m ? (float)(i / 2) : INFINITY;
	predict_places_init(&places, &among);
	for (; places.n < n; places.n++)
		places.value[places.n] =
			(float)floor(low + uniform() * (high - low));
	/* In two parts, as recurrence's samples come last. */
	places.n = n / 2;
	predict_places_find(&places, &among, 0);
	places.n = n;
	predict_places_find(&places, &among, n / 2);
	/* Those of the gap that has many are kept in order: once more. */
	for (unsigned int gap = 0; gap < 2 * (m + 1); gap++) {
		unsigned int g = gap % (m + 1);

		item = predict_places_sorted(&places, g, &many);
		for (unsigned int i = 0; i < many; i++) {
			float v = places.value[item[i]];

			ktap_assert(item[i] < n && places.gap[item[i]] == g);
			ktap_assert(!i || v >= places.value[item[i - 1]]);
			ktap_assert(!g || v >= among.value[g - 1]);
			ktap_assert(v < among.value[g]);
		}
		found += many;
	}
	ktap_assert(found == 2 * n, "%u of %u", found, 2 * n);
}

/* Among others, before and behind all of them, in one gap. */
static void test_place(void)
{
	random_state = 4;
	for (unsigned int n = 0; n <= PREDICT_ITEMS; n += 13) {
		for (unsigned int m = 0; m <= PREDICT_HISTORY; m += 16) {
			place_some(m, n, -10, 140);
			place_some(m, n, -500, 0);
			place_some(m, n, 200, 300);
			place_some(m, n, 3, 4);
		}
	}
}

static struct predict_series *series_of(const char *expert)
{
	static const unsigned int horizon[] = { 1, 40 };
	static const double prob[] = { 0.05, 0.5, 0.95 };
	const struct predict_series_opts o = {
		.size = sizeof(o), .horizons = horizon, .nhorizons = 2,
		.probs = prob, .nprobs = 3, .lower = -INFINITY,
		.upper = INFINITY, .expert = expert,
	};
	struct predict_series *s = NULL;

	ktap_assert(!predict_series_new(&o, &s) && s);
	return s;
}

/* AR(1), coefficient 0.9, cubed: a heavy tail does not matter. */
static void test_copula(void)
{
	struct predict_series *s = series_of("copula");
	double q[3], z = 0;

	random_state = 9;
	for (int t = 0; t < 400; t++) {
		z = 0.9 * z + sqrt(1 - 0.81) * gauss();
		predict_series_update(s, t % 50 == 7 ? NAN : z * z * z);
	}
	for (int t = 0; t < 4; t++)
		predict_series_update(s, 1.5 * 1.5 * 1.5);
	ktap_assert(!predict_series_forecast(s, 0, NULL, q));
	ktap_assert(cbrt(q[1]) > 1 && cbrt(q[1]) < 1.8 && cbrt(q[0]) > 0 &&
		    cbrt(q[2]) < 3, "%g %g %g", q[0], q[1], q[2]);
	ktap_assert(!predict_series_forecast(s, 1, NULL, q));
	ktap_assert(fabs(cbrt(q[1])) < 1 && cbrt(q[0]) < -0.8, "%g %g %g",
		    q[0], q[1], q[2]);
	predict_series_free(s);
}

/* Values that are often taken stay what they are. */
static void test_copula_atoms(void)
{
	struct predict_series *s = series_of("copula");
	double q[3];

	for (int t = 0; t < 300; t++)
		predict_series_update(s, t & 1 ? 9 : 0);
	ktap_assert(!predict_series_forecast(s, 0, NULL, q));
	ktap_assert(q[1] == 0 && q[2] == 0, "%g %g %g", q[0], q[1], q[2]);
	for (int t = 0; t < 300; t++)
		predict_series_update(s, 4);
	ktap_assert(!predict_series_forecast(s, 0, NULL, q));
	ktap_assert(q[0] == 4 && q[1] == 4 && q[2] == 4);
	predict_series_free(s);
}

/* The examples of ets.c: a ramp goes on, noise is around its level. */
static void test_ets(void)
{
	struct predict_series *s = series_of("ets");
	double q[3];

	for (int t = 1; t <= 300; t++)
		predict_series_update(s, t % 40 == 9 ? NAN : 10 * t);
	ktap_assert(!predict_series_forecast(s, 1, NULL, q));
	ktap_assert(fabs(q[1] - 3400) < 1, "%g %g %g", q[0], q[1], q[2]);
	predict_series_free(s);

	s = series_of("ets");
	random_state = 5;
	for (int t = 0; t < 300; t++)
		predict_series_update(s, uniform() < 0.5 ? 100 : 110);
	for (int last = 100; last <= 110; last += 10) {
		predict_series_update(s, last);
		ktap_assert(!predict_series_forecast(s, 0, NULL, q));
		ktap_assert(fabs(q[0] - 100) < 4 && fabs(q[2] - 110) < 4,
			    "%g %g after %d", q[0], q[2], last);
	}
	predict_series_free(s);
}

/* A level that was left is not what comes next, nor is it a trend for ever. */
static void test_ets_damped(void)
{
	struct predict_series *s = series_of("ets");
	double q[3];

	random_state = 6;
	for (int t = 0; t < 400; t++)
		predict_series_update(s, (t < 380 ? 50 : 90) + gauss());
	ktap_assert(!predict_series_forecast(s, 0, NULL, q));
	ktap_assert(fabs(q[1] - 90) < 3, "%g", q[1]);
	ktap_assert(!predict_series_forecast(s, 1, NULL, q));
	ktap_assert(q[1] > 80 && q[1] < 135, "%g", q[1]);
	predict_series_free(s);
}

/* A counter at 0, but for some whole numbers: none of them is ever off. */
static void test_ring_exact(void)
{
	struct predict_ring past;
	static float fed[8000];

	predict_ring_init(&past, room, PAST);
	for (int t = 0; t < 8000; t++) {
		/* Ranges rise and fall by 100 times, and are odd. */
		fed[t] = t % 1900 == 7 ? 26989 : t % 700 == 9 ? 271 :
			 t % 31 == 5 ? 3 : 0;
		predict_ring_push(&past, fed[t]);
		for (int ago = 0; ago < PAST && ago <= t; ago += 1 + t % 7) {
			float v = predict_ring_at(&past, ago);

			ktap_assert(fed[t - ago] != 0 || v == 0,
				    "%d, %d ago: %g", t, ago, v);
			ktap_assert(fabsf(v - fed[t - ago]) <= 1,
				    "%d, %d ago: %g, not %g", t, ago, v,
				    fed[t - ago]);
		}
	}
}

/*
 * Spikes that have left even the longer past: naive knows that all is @standing, and
 * so is every quantile.
 */
static void silence(double standing)
{
	static const unsigned int horizons[] = { 1, 3, 12 };
	static const double probs[] = { .05, .1, .25, .5, .75, .9, .95 };
	const struct predict_series_opts opts = {
		.size = sizeof(opts),
		.horizons = horizons, .nhorizons = COUNT(horizons),
		.probs = probs, .nprobs = COUNT(probs),
		.lower = 0, .upper = INFINITY,
	};
	struct predict_series *s;
	double q[COUNT(probs)];

	ktap_assert(!predict_series_new(&opts, &s));
	for (int t = 0; t < 8000; t++) {
		double v = t == 67 ? 6969 : t == 68 ? 42887 : t == 450 ? 25069 :
			   t == 451 ? 22537 : 0;

		predict_series_update(s, standing + v);
		for (unsigned int i = 0; i < COUNT(horizons) && t > 1700; i++) {
			predict_series_forecast(s, i, NULL, q);
			for (unsigned int k = 0; k < COUNT(probs); k++)
				ktap_assert((float)q[k] == (float)standing,
					    "%d, %u steps ahead: %.9g", t,
					    horizons[i], q[k]);
		}
	}
	predict_series_free(s);
}

static void test_ring_silence(void)
{
	silence(0);
	silence(37.3);
	silence(1234567.8);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-11 recall: what came after a rare burst", test_recall },
		{ "R-11 recall: moves on a level never seen", test_moves },
		{ "R-11 recall: ties", test_ties },
		{ "R-11 mixture: samples in order", test_place },
		{ "R-11 copula: an autoregression", test_copula },
		{ "R-11 copula: atoms", test_copula_atoms },
		{ "R-11 ets: a ramp, noise around a level", test_ets },
		{ "R-11 ets: a level that shifts", test_ets_damped },
		{ "R-11 ring: 0 stays 0", test_ring_exact },
		{ "R-16 silence after spikes is no worse than naive",
		  test_ring_silence },
		{ 0 }
	});
}
