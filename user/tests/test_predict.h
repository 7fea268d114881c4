/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the tests of the forecasting library share. */
#ifndef TEST_PREDICT_H
#define TEST_PREDICT_H

#include <stdint.h>

#include "../../selftests/ktap.h"
#include "predict/predict.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

/* A generator of our own: the same numbers on every machine. */
static uint64_t random_state;

static inline double uniform(void)
{
	random_state = random_state * 6364136223846793005ULL +
		       1442695040888963407ULL;
	return (double)(random_state >> 33) / 2147483648.0;
}

static inline double gauss(void)
{
	double sum = 0;

	for (int i = 0; i < 12; i++)
		sum += uniform();
	return sum - 6;
}

static inline struct predict_demand *demand_new(void)
{
	struct predict_demand *d = NULL;

	ktap_assert(!predict_demand_new(NULL, &d) && d);
	return d;
}

#endif /* TEST_PREDICT_H */
