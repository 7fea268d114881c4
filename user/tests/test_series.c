// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of series: apps come, are silent, go.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "../../selftests/ktap.h"
#include "sense/series.h"

static struct series_table *new_table(size_t max_apps)
{
	struct series_limits limits = {
		.max_apps = max_apps, .cpu_milli = 4000, .mem_bytes = 1e9,
	};
	struct series_table *table = NULL;
	int err = series_new(&limits, &table);

	ktap_assert(!err, "%d", err);
	return table;
}

static int sample(struct series_table *table, uint64_t id, uint64_t cpu)
{
	struct preswap_app app = { .size = sizeof(app), .id = id,
				   .path = "a/b", .cpu_milli = cpu,
				   .mem_bytes = 4096 };
	struct series_app *known;

	return series_sample(table, &app, &known);
}

static uint64_t samples(struct series_table *table, size_t index)
{
	struct predict_demand_forecast f;

	predict_demand_forecast(series_at(table, index)->demand[0], &f);
	return f.samples;
}

static void test_order(void)
{
	struct series_table *table = new_table(500);
	unsigned int seed = 9;

	for (int i = 0; i < 300; i++)
		ktap_assert(!sample(table, 1 + rand_r(&seed) % 100, 5),
			    "sample %d", i);
	ktap_assert(series_count(table) <= 100, "%zu", series_count(table));
	for (size_t i = 1; i < series_count(table); i++)
		ktap_assert(series_at(table, i - 1)->id <
			    series_at(table, i)->id, "order at %zu", i);
	for (uint64_t id = 0; id < 102; id++)
		series_forget(table, id);
	ktap_assert(!series_count(table), "%zu left", series_count(table));
	series_free(table);
}

static void test_limit(void)
{
	struct series_table *table = new_table(3);

	for (int i = 1; i <= 3; i++)
		ktap_assert(!sample(table, i, 5), "app %d", i);
	ktap_assert(sample(table, 4, 5) == -ENOSPC, "a fourth app");
	ktap_assert(!sample(table, 2, 6), "known apps go on");
	series_forget(table, 1);
	ktap_assert(!sample(table, 4, 5), "room again");
	series_free(table);
}

static void test_gone(void)
{
	struct series_table *table = new_table(10);

	sample(table, 1, 5);
	sample(table, 2, 5);
	ktap_assert(series_step(table, 1) == 4, "two resources of two apps");
	for (int i = 0; i < SERIES_MISSED_MAX - 1; i++) {
		sample(table, 2, 5);
		series_step(table, 1);
	}
	ktap_assert(series_count(table) == 2, "a short silence is forgiven");
	sample(table, 2, 5);
	series_step(table, 1);
	ktap_assert(series_count(table) == 1 && series_at(table, 0)->id == 2,
		    "%zu apps after %d silent steps", series_count(table),
		    SERIES_MISSED_MAX);
	series_free(table);
}

static void test_seconds(void)
{
	struct series_table *table = new_table(10);

	sample(table, 1, 5);
	series_step(table, 1);
	ktap_assert(samples(table, 0) == 1, "one second");
	sample(table, 1, 5);
	series_step(table, 5);
	ktap_assert(samples(table, 0) == 6, "lost periods are missing values");
	ktap_assert(!series_step(table, 0) && samples(table, 0) == 6,
		    "no time, no value");
	sample(table, 1, 5);
	series_step(table, 1000000);
	ktap_assert(samples(table, 0) == 6 + SERIES_GAP_MAX_S,
		    "a long gap is bounded: %llu",
		    (unsigned long long)samples(table, 0));
	series_free(table);
}

/* Half of the reports are lost: the forecaster hears of all seconds. */
static void test_lossy(void)
{
	struct series_table *table = new_table(10);
	struct predict_demand_forecast f;
	unsigned int seed = 5;

	for (int t = 0; t < 400; t++) {
		if (rand_r(&seed) % 2 || !t)
			sample(table, 1, 1000);
		series_step(table, 1);
	}
	ktap_assert(series_count(table) == 1, "forgotten");
	ktap_assert(samples(table, 0) == 400, "%llu",
		    (unsigned long long)samples(table, 0));
	predict_demand_forecast(series_at(table, 0)->demand[0], &f);
	for (int i = 0; i < 4; i++)
		ktap_assert(f.at[i].q50 > 990 && f.at[i].q50 < 1010,
			    "a flat load of 1000 is forecast as %.0f",
			    f.at[i].q50);
	series_free(table);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-2 the table stays sorted", test_order },
		{ "R-2 the number of apps is bounded", test_limit },
		{ "R-2 silent apps are forgotten", test_gone },
		{ "R-10 each second counts once", test_seconds },
		{ "R-10 lossy input", test_lossy },
		{}
	});
}
