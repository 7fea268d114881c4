// SPDX-License-Identifier: GPL-2.0-or-later
/* What preswap-eval --regret compares with: best in hindsight, and really so. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../tools/eval/regret.h"
#include "../../tools/eval/simplex.h"
#include "test_predict.h"

/* The example of simplex.c: a quarter of the weight, loss 3/16 + 9/16. */
static void test_simplex_example(void)
{
	static const double f[] = { 0, 1 };
	struct simplex_form form = { .n = 2 };
	double w[SIMPLEX_MAX], gap;

	for (int i = 0; i < 4; i++)
		simplex_add(&form, 1, i == 3, f);
	gap = simplex_minimise(&form, w);
	ktap_assert(fabs(w[0] - 0.75) < 1e-6 && fabs(w[1] - 0.25) < 1e-6,
		    "%g %g", w[0], w[1]);
	ktap_assert(fabs(simplex_loss(&form, w) - 0.75) < 1e-9, "%g",
		    simplex_loss(&form, w));
	ktap_assert(gap <= 1e-8, "%g", gap);
}

/* Of thirteen that say at random, no weights tried are better by the gap. */
static void test_simplex_best(void)
{
	struct simplex_form form = { .n = 13 };
	double w[SIMPLEX_MAX], other[SIMPLEX_MAX], gap, least, sum = 0;

	random_state = 1;
	for (int t = 0; t < 300; t++) {
		double f[SIMPLEX_MAX], came = uniform() < 0.3;

		for (int e = 0; e < 13; e++)
			f[e] = (e + 1) / 14.0 * came + uniform() * 0.5;
		simplex_add(&form, 0.3 + uniform(), came, f);
	}
	gap = simplex_minimise(&form, w);
	least = simplex_loss(&form, w);
	ktap_assert(gap >= 0 && gap <= 1e-8 * form.constant, "gap %g", gap);
	for (int e = 0; e < 13; e++) {
		ktap_assert(w[e] >= 0, "%d: %g", e, w[e]);
		sum += w[e];
	}
	ktap_assert(fabs(sum - 1) < 1e-9, "sum %g", sum);
	for (int i = 0; i < 2000; i++) {
		for (int e = 0; e < 13; e++)
			sum = (e ? sum : 0) + (other[e] = -log(1 - uniform()));
		/* Near the best as well as anywhere. */
		for (int e = 0; e < 13; e++)
			other[e] = i % 2 ? other[e] / sum :
				   0.99 * w[e] + 0.01 * other[e] / sum;
		ktap_assert(simplex_loss(&form, other) >= least - gap, "%d", i);
	}
}

static void make(struct values *y, double (*next)(int t))
{
	y->n = y->room = 800;
	y->v = malloc(y->n * sizeof(*y->v));
	ktap_assert(y->v, "no memory");
	random_state = 2;
	for (size_t t = 0; t < y->n; t++)
		y->v[t] = next((int)t);
}

static double noise(int t)
{
	(void)t;
	return 100 + 10 * gauss();
}

static double steps(int t)
{
	return 100 + 50 * (t / 100 % 2) + 5 * gauss();
}

static double gaps(int t)
{
	double v = 100 + 10 * gauss();

	return t < 410 || t % 7 == 0 ? NAN : v;
}

/* Bounds that hold by how they are defined, for any series. */
static void check(double (*next)(int t), unsigned long count,
		  struct regret *out)
{
	struct values y;

	make(&y, next);
	ktap_assert(!regret_of(&y, out));
	for (int h = 0; h < PROTOCOL_HORIZONS; h++) {
		const struct regret *r = &out[h];
		/* Sums of floats, and the bytes of what was said. */
		double slack = 1e-6;

		if (count)
			ktap_assert(r->count == count + 1 - protocol_horizon[h],
				    "h %d: %lu", h, r->count);
		for (int l = 0; l < REGRET_LOSSES; l++) {
			ktap_assert(r->mix[l] > 0 &&
				    r->mix[l] <= r->single[l] + slack,
				    "h %d loss %d: mix %g, single %g", h, l,
				    r->mix[l], r->single[l]);
			ktap_assert(isfinite(r->mixture[l]), "h %d", h);
		}
		ktap_assert(r->gap >= 0 && r->gap < 1e-6, "gap %g", r->gap);
	}
	free(y.v);
}

/*
 * Nothing is to be foreseen, so all that hindsight gains is fit to noise: not
 * nothing, and of the best expert hardly any.
 */
static void test_noise(void)
{
	struct regret r[PROTOCOL_HORIZONS];

	check(noise, 400, r);
	for (int h = 0; h < PROTOCOL_HORIZONS; h++) {
		for (int l = 0; l < REGRET_LOSSES; l++) {
			double single = r[h].mixture[l] / r[h].single[l] - 1;
			double mix = r[h].mixture[l] / r[h].mix[l] - 1;

			ktap_assert(single > -0.01 && single < 0.03,
				    "h %d loss %d: %.4f", h, l, single);
			ktap_assert(mix > 0 && mix < 0.08, "h %d loss %d: %.4f",
				    h, l, mix);
		}
		/* The loss of all quantiles right, from 10 normal steps. */
		ktap_assert(r[h].mixture[REGRET_PINBALL] > 0.4 &&
			    r[h].mixture[REGRET_PINBALL] < 0.6, "h %d: %.3f", h,
			    r[h].mixture[REGRET_PINBALL]);
	}
}

static void test_steps(void)
{
	struct regret r[PROTOCOL_HORIZONS];

	check(steps, 400, r);
	for (int h = 0; h < PROTOCOL_HORIZONS; h++)
		ktap_assert(r[h].mixture[REGRET_BRIER] <
			    1.15 * r[h].single[REGRET_BRIER], "h %d: %g of %g",
			    h, r[h].mixture[REGRET_BRIER],
			    r[h].single[REGRET_BRIER]);
}

/* The first value comes when the forecasts count already. */
static void test_gaps(void)
{
	struct regret r[PROTOCOL_HORIZONS];

	check(gaps, 0, r);
	for (int h = 0; h < PROTOCOL_HORIZONS; h++)
		ktap_assert(r[h].count > 300 && r[h].count < 340, "%lu",
			    r[h].count);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "the worked example of the best mix", test_simplex_example },
		{ "no weights are better than the best mix",
		  test_simplex_best },
		{ "regret on noise", test_noise },
		{ "regret where the level switches", test_steps },
		{ "regret with missing values", test_gaps },
		{ 0 }
	});
}
