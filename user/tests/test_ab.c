// SPDX-License-Identifier: GPL-2.0-or-later
/* A/B: the assignment, and the interval of the effect. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../kmod/decide/ab.h"
#include "../../selftests/ktap.h"
#include "plan/ab.h"

/* Shares, and that neighbours and seeds know nothing of each other. */
static void test_assignment(void)
{
	unsigned int pct, seed, same = 0, runs = 0, i;

	for (pct = 0; pct <= 100; pct += 10) {
		unsigned int control = 0;

		for (i = 0; i < 100000; i++)
			control += decide_ab_control(7, i, pct);
		ktap_assert(abs((int)control - (int)pct * 1000) <= 600,
			    "%u %%: %u of 100000", pct, control);
	}
	for (seed = 0; seed < 100; seed++) {
		for (i = 0; i < 1000; i++) {
			bool is = decide_ab_control(seed, i, 50);

			same += is == decide_ab_control(seed + 1, i, 50);
			runs += is == decide_ab_control(seed, i + 1, 50);
		}
	}
	ktap_assert(abs((int)same - 50000) < 800, "seeds: %u of 100000", same);
	ktap_assert(abs((int)runs - 50000) < 800, "slices: %u of 100000", runs);
}

/* From tables of Student's t. */
static void test_quantile(void)
{
	static const double known[][2] = {
		{ 1, 12.706 }, { 2, 4.303 }, { 3, 3.182 }, { 4, 2.776 },
		{ 5, 2.571 }, { 10, 2.228 }, { 30, 2.042 }, { 1e9, 1.960 },
	};
	unsigned int i;

	for (i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		double t = ab_t975(known[i][0]);

		ktap_assert(fabs(t / known[i][1] - 1) < 0.002, "%g: %f",
			    known[i][0], t);
	}
	ktap_assert(ab_t975(1.9) > 12 && ab_t975(3.9) > 3.18, "unsafe");
}

/*
 * Control 20 22 19 25, treatment 15 17 14 16 18: means 21.5 and 16, variances
 * 7 and 2.5; of the means 1.75 and 0.5; 4.76 degrees, t of 4 2.776: +- 4.16.
 */
static void test_effect(void)
{
	static const double a[] = { 20, 22, 19, 25, NAN, INFINITY };
	static const double b[] = { 15, 17, 14, 16, 18 };
	struct ab_group control = {}, treatment = {};
	struct ab_effect effect;
	unsigned int i;

	for (i = 0; i < 6; i++)
		ab_add(&control, a[i]);
	ab_add(&treatment, b[0]);
	effect = ab_effect(&control, &treatment);
	ktap_assert(!effect.known, "one is no group");
	for (i = 1; i < 5; i++)
		ab_add(&treatment, b[i]);
	effect = ab_effect(&control, &treatment);
	ktap_assert(effect.known && effect.difference == -5.5, "%f",
		    effect.difference);
	ktap_assert(fabs(effect.low + 9.66) < 0.02 &&
		    fabs(effect.high + 1.34) < 0.02, "%f to %f", effect.low,
		    effect.high);
}

/* Of 10,000 experiments without an effect 95 % say so. */
static void test_coverage(void)
{
	unsigned int inside = 0, round, i;

	srand48(1);
	for (round = 0; round < 10000; round++) {
		struct ab_group group[2] = {};
		struct ab_effect effect;

		for (i = 0; i < 30; i++)
			ab_add(&group[i % 3 == 0], (i % 3 ? 1 : 3) *
			       (drand48() + drand48() + drand48() - 1.5));
		effect = ab_effect(&group[0], &group[1]);
		inside += effect.low <= 0 && effect.high >= 0;
	}
	ktap_assert(inside >= 9400 && inside <= 9600, "%u of 10000", inside);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-26 assignment: shares, independence", test_assignment },
		{ "R-26 Student's t", test_quantile },
		{ "R-26 the effect and its interval", test_effect },
		{ "R-26 the interval's coverage", test_coverage },
		{}
	});
}
