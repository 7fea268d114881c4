// SPDX-License-Identifier: GPL-2.0-or-later
/* The forecasting library: drift is detected, answered, and reported. */
#include <math.h>
#include <stdbool.h>

#include "predict/calibrate.h"
#include "test_predict.h"

#define SHIFT	4000	/* s */
#define AFTER	300	/* s */
#define SEEDS	6

/* The example of calibrate.c. */
static void test_example(void)
{
	struct predict_calibration c;

	predict_calibration_init(&c);
	ktap_assert(predict_calibration_drift(&c) == 0);
	for (int i = 0; i < 2; i++)
		predict_calibration_learn(&c, 1, true, 0.05, 8);
	ktap_assert(fabs(predict_calibration_drift(&c) - 0.4375) < 1e-6, "%g",
		    predict_calibration_drift(&c));
	ktap_assert(fabs((1 - predict_calibration_level(&c, 0.95)) /
			 c.factor[1] - 0.05 / 6.9) < 1e-4, "%g",
		    predict_calibration_level(&c, 0.95));
	ktap_assert(predict_calibration_level(&c, 0.05) == 0.05 &&
		    predict_calibration_level(&c, 0.5) == 0.5);

	predict_calibration_init(&c);
	for (int i = 1; i <= 7; i++) {
		predict_calibration_learn(&c, 0, true, 0.05, 1);
		ktap_assert((predict_calibration_drift(&c) >= PREDICT_DRIFT) ==
			    (i == 7), "%d: %g", i,
			    predict_calibration_drift(&c));
	}
	/* Promised misses are none, and below 0 nothing is reported. */
	for (int i = 0; i < 100; i++)
		predict_calibration_learn(&c, 0, false, 0.05, 1);
	ktap_assert(predict_calibration_drift(&c) == 0);
}

/* Of noise of 10 around 400, and from second 1000 on around 1000. */
static void test_shift(void)
{
	struct predict_demand *d = demand_new();
	struct predict_demand_forecast f;
	int quiet = 0, first = 0, last = 0;

	random_state = 4;
	for (int t = 0; t < 2000; t++) {
		const struct predict_score *s = &f.at[5].score;

		predict_demand_update(d, (t < 1000 ? 400 : 1000) +
					 10 * gauss());
		predict_demand_forecast(d, &f);
		for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++)
			ktap_assert(f.at[i].score.drift >= 0 &&
				    f.at[i].score.drift <= 1, "%d", i);
		if (t >= 200 && t < 1000)
			quiet += s->drift >= PREDICT_DRIFT;
		/* The 5 to 95 % of a normal distribution are 3.29 wide. */
		if (t == 999)
			ktap_assert(s->width > 29 && s->width < 39, "%g",
				    s->width);
		/* Later it is noise again, where it is rarely seen. */
		if (t < 1000 || t >= 1400 || !(s->drift >= PREDICT_DRIFT))
			continue;
		first = first ? first : t;
		last = t;
	}
	/* 26 s on average of 30 seeds. */
	ktap_assert(quiet <= 40, "%d s of 800", quiet);
	ktap_assert(first - 1000 <= 16, "after %d s", first - 1000);
	/* Those of before the shift miss for 60 s, and are remembered. */
	ktap_assert(last - 1000 >= 56 && last - 1000 <= 120, "until %d s",
		    last - 1000);
	predict_demand_free(d);
}

/*
 * Of the forecasts for 300 (0) and 900 s (1) made in the 300 s after a shift of
 * six standard deviations, those that held; AR(1) around a level that wanders.
 */
static void count_covered(uint64_t seed, int *inside)
{
	static struct predict_demand_forecast f[1000];
	static const int lead[2] = { 300, 900 };
	struct predict_demand *d = demand_new();
	double ar = 0, level = 400;

	random_state = seed;
	for (int t = 0; t < SHIFT + AFTER + lead[1]; t++) {
		double x;

		ar = 0.9 * ar + 10 * gauss();
		level += 0.3 * gauss() + (t == SHIFT ? 150 : 0);
		x = fmax(0, level + ar);
		for (int i = 0; i < 2; i++) {
			int made = t - lead[i];
			const struct predict_demand_point *p;

			if (made < SHIFT || made >= SHIFT + AFTER)
				continue;
			p = &f[made % 1000].at[6 + i];
			inside[i] += p->q05 <= x && x <= p->q95;
		}
		predict_demand_update(d, x);
		predict_demand_forecast(d, &f[t % 1000]);
	}
	predict_demand_free(d);
}

static void test_answer(void)
{
	int inside[2] = { 0 };
	double covered[2];

	for (uint64_t seed = 1; seed <= SEEDS; seed++)
		count_covered(seed, inside);
	for (int i = 0; i < 2; i++)
		covered[i] = 100.0 * inside[i] / (SEEDS * AFTER);
	/* Without the answer they are 67.8 and 56.7 %, of the same seeds. */
	ktap_assert(covered[0] >= 70, "300 s: %.1f", covered[0]);
	ktap_assert(covered[1] >= 65, "900 s: %.1f", covered[1]);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-12 drift, the worked example", test_example },
		{ "R-16 a shift is reported as drift, noise is not",
		  test_shift },
		{ "R-12 after a shift the interval is wider", test_answer },
		{ 0 }
	});
}
