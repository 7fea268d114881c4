// SPDX-License-Identifier: GPL-2.0-or-later
/* forecasts beside what is usual, and those of another time. */
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

#include "../../tools/rivals/shuffle.h"
#include "plan/plan.h"
#include "predict/grid.h"
#include "predict/pool.h"
#include "test_predict.h"

static const double probs[] = { 0.05, 0.5, 0.95 };

static int ascending(const void *a, const void *b)
{
	float x = *(const float *)a, y = *(const float *)b;

	return (x > y) - (x < y);
}

/* As predict_pool_quantiles() should have them, of all that was ever added. */
static void quantiles(const float *all, int count, int window, int skip,
		      float *q)
{
	int used = count < window ? count : window;
	int left = used > skip ? used - skip : 1;
	float sorted[PREDICT_POOL_MAX];

	for (int i = 0; i < left; i++)
		sorted[i] = all[count - used + i];
	qsort(sorted, left, sizeof(*sorted), ascending);
	for (int k = 0; k < 3; k++)
		q[k] = sorted[(int)(probs[k] * (left - 1) + 0.5)];
}

static void test_quantiles(void)
{
	float room[PREDICT_POOL_ROOM(40)], all[300], q[3], right[3];
	struct predict_pool pool;

	random_state = 5;
	predict_pool_init(&pool, room, 40);
	for (int n = 0; n < 300; n++) {
		/* whole numbers, so that many are equal */
		all[n] = (float)floor(8 * uniform());
		predict_pool_add(&pool, all[n]);
		for (int skip = 0; skip <= 60; skip += 1 + skip / 4) {
			predict_pool_quantiles(&pool, skip, probs, 3, q);
			quantiles(all, n + 1, 40, skip, right);
			for (int k = 0; k < 3; k++)
				ktap_assert(q[k] == right[k],
					    "%d values, but %d: %g at %g, not %g",
					    n + 1, skip, q[k], probs[k],
					    right[k]);
		}
	}
}

enum load { NOISE, RHYTHM, ANY_TIME, LOADS };

static const char * const name[LOADS] = {
	"noise", "bursts each 22 to 26 s", "bursts at any time",
};

/* Second @t of a load; *@next: the next burst, *@left: of the one under way. */
static double value(enum load load, int t, int *next, int *left, double *size)
{
	bool begins = load == RHYTHM ? t == *next :
		      load == ANY_TIME && *left <= 0 && uniform() < 1 / 30.0;

	if (load == NOISE)
		return fmax(100 + 2 * gauss(), 0);
	if (begins) {
		*left = load == RHYTHM ? 3 : 1 + (int)(4 * uniform());
		*next = t + 22 + (int)(5 * uniform());
		*size = 40 + 3 * gauss();
	}
	return fmax(10 + 0.3 * gauss() + ((*left)-- > 0 ? *size : 0), 0);
}

#define SECONDS	1200

static bool withheld(const struct predict_demand_forecast *f)
{
	struct preswap_forecast out;

	return plan_forecast(f, 1, PRESWAP_RESOURCE_CPU, 5000, &out) ==
	       PLAN_WITHHOLD;
}

/*
 * Of the seconds in which forecasts are ready, the share in which they would be
 * withheld, as they are, and as those of another time.
 */
struct shares {
	double right, wrong;
};

static struct shares judge(enum load load, uint64_t seed)
{
	static struct shuffled shuffled;
	struct predict_demand *d = demand_new();
	struct shares share = { 0 };
	int next = 10, left = 0, ready = 0;
	double size = 0;

	shuffled = (struct shuffled){ 0 };
	random_state = 100 * seed + load;
	for (int t = 0; t < SECONDS; t++) {
		double x = value(load, t, &next, &left, &size);
		struct predict_demand_forecast f;
		bool right;

		predict_demand_update(d, x);
		predict_demand_forecast(d, &f);
		right = withheld(&f);
		shuffle_forecast(&shuffled, seed, x, &f);
		if (!f.at[0].ready || t < 2 * (int)SHUFFLE_BLOCK_S)
			continue;
		ready++;
		share.right += right;
		share.wrong += withheld(&f);
	}
	predict_demand_free(d);
	share.right /= ready;
	share.wrong /= ready;
	return share;
}

static void test_judge(void)
{
	static const double wrong_least[LOADS] = { 0, 0.85, 0.35 };

	for (enum load load = 0; load < LOADS; load++) {
		struct shares sum = { 0 };

		for (uint64_t seed = 1; seed <= 6; seed++) {
			struct shares s = judge(load, seed);

			sum.right += s.right / 6;
			sum.wrong += s.wrong / 6;
		}
		printf("# %s: withheld %.3f, of another time %.3f\n",
		       name[load], sum.right, sum.wrong);
		ktap_assert(sum.right <= 0.07, "%s: %.3f", name[load],
			    sum.right);
		ktap_assert(sum.wrong >= wrong_least[load], "%s: %.3f",
			    name[load], sum.wrong);
	}
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-16 what is usual is the quantiles of what was known",
		  test_quantiles },
		{ "R-16 forecasts of another time are told by what is usual",
		  test_judge },
		{ 0 }
	});
}
