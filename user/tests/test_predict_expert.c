// SPDX-License-Identifier: GPL-2.0-or-later
/* The forecasting library: single experts, by their worked examples. */
#include <math.h>
#include <stdbool.h>
#include <string.h>

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
		ktap_assert(!i || c->value[i] >= c->value[i - 1], "%u", i);
		if (fabs(c->value[i] - value) <= 0.01 * fabs(value))
			sum += c->weight[i];
	}
	return sum;
}

/* The example of recall.c: bursts of 5 9 3, hundreds of steps apart. */
static void test_recall(void)
{
	struct predict_ring past;
	struct predict_recall r;
	struct predict_changes c;

	predict_ring_init(&past, room, PAST);
	predict_recall_find(&past, 12, false, &r);
	ktap_assert(!r.n);
	for (int t = 0; t <= 1500; t++) {
		int phase = t % 500;

		predict_ring_push(&past, phase == 0 ? 5 : phase == 1 ? 9 :
				  phase == 2 ? 3 : 0);
		if (t == 200)
			predict_recall_find(&past, 12, false, &r);
	}
	ktap_assert(!r.n, "too soon: %u", r.n);
	predict_recall_find(&past, 12, false, &r);
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
	struct predict_recall r;
	struct predict_changes c;
	double x = 0;

	predict_ring_init(&past, room, PAST);
	for (int t = 0; t < 1170; t++) {
		x = t % 60 ? x + 10 : 37 * (t / 60);
		predict_ring_push(&past, (float)x);
	}
	predict_recall_find(&past, 12, true, &r);
	predict_recall_samples(&r, &past, true, 12, &c);
	/* 12 of the 32 are of the last 12 steps before it is freed. */
	ktap_assert(weight_of(&c, x + 120) > 0.6, "%g of %g",
		    weight_of(&c, x + 120), x + 120);
}

/* Where all are equal, those are taken that came last. */
static void test_ties(void)
{
	struct predict_ring past;
	struct predict_recall r;

	predict_ring_init(&past, room, PAST);
	for (int t = 0; t < 2000; t++)
		predict_ring_push(&past, 7);
	predict_recall_find(&past, 60, false, &r);
	ktap_assert(r.n == PREDICT_RECALLED);
	for (unsigned int k = 0; k < r.n; k++) {
		ktap_assert(r.ago[k] == 60 + k, "%u: %u", k, r.ago[k]);
		ktap_assert(fabs(r.weight[k] - 1.0 / PREDICT_RECALLED) < 1e-6);
	}
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-11 recall: what came after a rare burst", test_recall },
		{ "R-11 recall: moves on a level never seen", test_moves },
		{ "R-11 recall: ties", test_ties },
		{ 0 }
	});
}
