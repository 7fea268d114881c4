// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The table of series: apps come, are silent, go.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "../../selftests/ktap.h"
#include "../../kmod/decide/decide.h"
#include "sense/series.h"
#include "sense/statefile.h"

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

/* Apps 1 and 11 have one path; each uses much every 20 s. */
static void sample_path(struct series_table *table, unsigned int id,
			unsigned int t)
{
	struct preswap_app app = { .size = sizeof(app), .id = id,
				   .cpu_milli = t % 20 < 3 ? 900 : 100,
				   .mem_bytes = (50 + t % 20) << 20,
				   .io_bytes = (t % 20 < 5) << 22,
				   .net_bytes = (t % 20 < 5) << 22 };
	struct series_app *known;
	char path[32];

	snprintf(path, sizeof(path), "app/%u", id % 10);
	app.path = path;
	ktap_assert(!series_sample(table, &app, &known), "app %u", id);
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

/* An app that had to wait for room has not just been launched. */
static void test_refused(void)
{
	struct series_table *table = new_table(2);

	sample(table, 1, 5);
	sample(table, 2, 5);
	sample(table, 3, 5);
	series_step(table, 1);
	ktap_assert(!series_by_id(table, 2)->was_refused, "it had room");
	series_forget(table, 1);
	sample(table, 2, 5);
	sample(table, 3, 5);
	ktap_assert(series_by_id(table, 3)->was_refused, "it had none");
	series_step(table, 1);
	series_forget(table, 2);
	sample(table, 3, 5);
	series_step(table, 1);
	/* nobody waits any more */
	sample(table, 4, 5);
	ktap_assert(!series_by_id(table, 4)->was_refused, "it is new");
	series_free(table);
}

static void test_room(void)
{
	struct series_limits limits = {
		.max_apps = 1, .cpu_milli = 4000, .mem_bytes = 1e9,
	};
	struct series_table *table = new_table(3);
	struct preswap_app app = { .id = 3, .path = "c", .has_policy = true };
	struct series_app *known;

	sample(table, 1, 5);
	sample(table, 2, 5);
	ktap_assert(!series_sample(table, &app, &known));
	known = series_by_id(table, 2);
	known->policy_set = true;
	app.id = 4;
	ktap_assert(series_sample(table, &app, &known) == -ENOSPC);
	ktap_assert(series_make_room(table) && !series_by_id(table, 1),
		    "the one without a policy");
	ktap_assert(!series_sample(table, &app, &known));
	ktap_assert(!series_make_room(table) && series_count(table) == 3,
		    "all have one");
	/* fewer are allowed: those that no policy names go */
	series_set_limits(table, &limits);
	ktap_assert(series_count(table) == 3, "%zu", series_count(table));
	series_by_id(table, 2)->policy_set = false;
	series_set_limits(table, &limits);
	ktap_assert(series_count(table) == 2 && !series_by_id(table, 2), "%zu",
		    series_count(table));
	series_free(table);
}

/* The module has not reported it yet: nothing of it is known, not even that it rests. */
static void test_met(void)
{
	struct series_table *table = new_table(2);
	struct preswap_app app = { .id = 7, .path = "/c", .cpu_milli = 5 };
	struct series_app *known, *again;

	ktap_assert(!series_meet(table, &app, &known) && known->id == 7 &&
		    !strcmp(known->path, "/c") && !known->fresh);
	series_step(table, 1);
	ktap_assert(known->missed == 1, "%u", known->missed);
	ktap_assert(!series_sample(table, &app, &again) && again == known &&
		    known->fresh && known->value[PRESWAP_RESOURCE_CPU] == 5);
	ktap_assert(!series_meet(table, &app, &again) && again == known &&
		    known->fresh, "met again, its sample stays");
	series_step(table, 1);
	ktap_assert(!known->missed);
	app.id = 8;
	ktap_assert(!series_meet(table, &app, &known));
	app.id = 9;
	ktap_assert(series_meet(table, &app, &known) == -ENOSPC);
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

/* @count periods, each late by up to @late_ms; the seconds of all, or of the most. */
static unsigned int count_seconds(unsigned int period_ms, unsigned int count,
				  unsigned int late_ms, unsigned int *most)
{
	uint64_t last = 0, begin = 5000000000;
	unsigned int sum = 0, seed = 2, one;

	series_seconds(&last, begin);
	*most = 0;
	for (unsigned int i = 1; i <= count; i++) {
		uint64_t late = late_ms ? rand_r(&seed) % late_ms : 0;

		one = series_seconds(&last, begin +
				     (i * (uint64_t)period_ms + late) *
				     1000000);
		sum += one;
		if (one > *most)
			*most = one;
	}
	return sum;
}

/* A second is a second whatever usage_ms is: horizons are in seconds. */
static void test_periods(void)
{
	static const unsigned int periods[] = {
		100, 250, 499, 600, 700, 1000, 1100, 1200, 1400, 1500, 2000,
		2600, 60000,
	};
	uint64_t last = 5000000000;
	unsigned int most;

	for (size_t i = 0; i < sizeof(periods) / sizeof(*periods); i++) {
		unsigned int sum = count_seconds(periods[i], 1000, 0, &most);

		ktap_assert(sum + 1 >= periods[i] && sum <= periods[i] + 1,
			    "%u s of 1000 times %u ms", sum, periods[i]);
		ktap_assert(most <= periods[i] / 1000 + 1, "%u", most);
	}
	ktap_assert(count_seconds(1000, 5000, 400, &most) == 5000 && most == 1,
		    "late by chance: at most %u s", most);
	/* a timer that is a little slow leaves no second out, now and then */
	ktap_assert(count_seconds(1004, 5000, 0, &most) == 5000 && most == 1,
		    "%u", most);
	ktap_assert(series_seconds(&last, 65000000000) == 60, "a gap");
	ktap_assert(series_seconds(&last, 1000000000) == 1 && last == 1000000000,
		    "another clock");
}

/* Half of the reports are lost: the forecaster hears of all seconds. */
static void count_busy(void *data)
{
	++*(unsigned int *)data;
}

/* What takes long says so, app by app: somebody may wait for a sign of life. */
static void test_busy(void)
{
	struct series_table *table = new_table(10);
	unsigned int signs = 0;

	series_on_busy(table, count_busy, &signs);
	for (int i = 1; i <= 3; i++)
		sample(table, i, 5);
	series_step(table, 1);
	ktap_assert(!signs, "%u of one second", signs);
	series_step(table, 100);
	ktap_assert(signs == 3 && samples(table, 0) == 61, "%u, %llu samples",
		    signs, (unsigned long long)samples(table, 0));
	series_free(table);
}

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

/* In how many of 100 s a resource that moves within @width is forecast anew. */
static unsigned int renewed(const struct series_limits *limits, int resource,
			    double width)
{
	struct preswap_app app = { .size = sizeof(app), .id = 1, .path = "a" };
	struct predict_demand_forecast f;
	struct series_table *table = NULL;
	unsigned int count = 0, seed = 3;
	struct series_app *known;
	double was = 0;

	ktap_assert(!series_new(limits, &table));
	for (int t = 0; t < 300; t++) {
		uint64_t value = width * (1 + (double)rand_r(&seed) / RAND_MAX);

		app.cpu_milli = app.mem_bytes = value;
		app.io_bytes = app.net_bytes = value;
		ktap_assert(!series_sample(table, &app, &known));
		series_step(table, 1);
		predict_demand_forecast(known->demand[resource], &f);
		count += t >= 200 && f.at[0].mean != was;
		was = f.at[0].mean;
	}
	series_free(table);
	return count;
}

/* Half of what the smallest lease is of: decide() looks at nothing below that. */
static void test_calm(void)
{
	static const double least[] = { DECIDE_STEP_CPU, DECIDE_STEP_MEMORY,
					DECIDE_STEP_IO, DECIDE_STEP_NET };
	const struct series_limits small = {
		.max_apps = 9, .cpu_milli = 4000, .mem_bytes = 1 << 29,
		.io_bytes = 1 << 20, .net_bytes = 1 << 20,
	}, large = {
		.max_apps = 9, .cpu_milli = 400000, .mem_bytes = 1ULL << 40,
		.io_bytes = 1ULL << 33, .net_bytes = 1ULL << 33,
	};
	unsigned int less, more;
	double most;

	for (int r = 0; r < SERIES_RESOURCES; r++) {
		less = renewed(&small, r, 0.49 * least[r]);
		more = renewed(&small, r, 0.6 * least[r]);
		/* each fourth second, and when a value is beyond the interval */
		ktap_assert(less >= 25 && less < 50 && more == 100, "%d: %u %u",
			    r, less, more);
		most = r == PRESWAP_RESOURCE_CPU ? least[r] :
		       r == PRESWAP_RESOURCE_MEMORY ? large.mem_bytes / 128 :
						      large.io_bytes / 128;
		less = renewed(&large, r, 0.49 * most);
		more = renewed(&large, r, 0.6 * most);
		ktap_assert(less >= 25 && less < 50 && more == 100,
			    "%d, large: %u %u", r, less, more);
	}
}

/* From now on, a disk and a network of so many MiB/s. */
static void set_rates(struct series_table *table, double io_mib,
		      double net_mib)
{
	struct series_limits limits = {
		.max_apps = 500, .cpu_milli = 4000, .mem_bytes = 1e9,
		.io_bytes = io_mib * (1 << 20),
		.net_bytes = net_mib * (1 << 20),
	};

	series_set_limits(table, &limits);
}

static int rate = PRESWAP_RESOURCE_IO;	/* what the tests of both look at */

static void set_rate(struct series_table *table, double mib)
{
	bool io = rate == PRESWAP_RESOURCE_IO;

	set_rates(table, io ? mib : 0, io ? 0 : mib);
}

static const struct predict_demand *rate_of(struct series_table *table,
					  size_t index)
{
	return series_at(table, index)->demand[rate];
}

static uint64_t rate_samples(struct series_table *table, size_t index)
{
	struct predict_demand_forecast f;

	predict_demand_forecast(rate_of(table, index), &f);
	return f.samples;
}

/* The most that is forecast of it, in MiB/s. */
static double rate_most(struct series_table *table, size_t index)
{
	struct predict_demand_forecast f;
	double most = 0;

	predict_demand_forecast(rate_of(table, index), &f);
	for (int h = 0; h < PREDICT_DEMAND_HORIZONS; h++)
		if (f.at[h].q95 > most)
			most = f.at[h].q95;
	return most / (1 << 20);
}

static void teach(struct series_table *table, unsigned int apps,
		  unsigned int seconds)
{
	for (unsigned int t = 0; t < seconds; t++) {
		for (unsigned int i = 0; i < apps; i++)
			sample_path(table, i + 1, t);
		series_step(table, 1);
	}
}

/* A forecaster is there while the node has a capacity for it. */
static void check_rate(int resource)
{
	struct series_table *table = new_table(500);

	rate = resource;
	teach(table, 2, 1);
	ktap_assert(!rate_of(table, 0) && !rate_of(table, 1), "without capacity");
	ktap_assert(isnan(series_at(table, 0)->value[rate]),
		    "a value that nobody learns");
	set_rate(table, 100);
	ktap_assert(rate_of(table, 0) && rate_of(table, 1), "apps that are known");
	sample_path(table, 1, 0);
	sample_path(table, 2, 0);
	sample_path(table, 3, 0);
	ktap_assert(rate_of(table, 2), "an app that is new");
	ktap_assert(series_step(table, 1) == 9, "three resources of three");
	teach(table, 3, 300);
	ktap_assert(rate_samples(table, 0) == 301, "%llu",
		    (unsigned long long)rate_samples(table, 0));
	ktap_assert(rate_most(table, 0) > 3 && rate_most(table, 0) < 5, "%f",
		    rate_most(table, 0));
	/* another bound, with what was learned; twice as much may be asked */
	set_rate(table, 1);
	ktap_assert(rate_samples(table, 0) == 301, "%llu",
		    (unsigned long long)rate_samples(table, 0));
	ktap_assert(rate_most(table, 0) > 1.9 && rate_most(table, 0) <= 2, "%f",
		    rate_most(table, 0));
	series_at(table, 0)->withheld[rate] = true;
	set_rate(table, 0);
	ktap_assert(!rate_of(table, 0) && !rate_of(table, 2), "without again");
	ktap_assert(!series_at(table, 0)->withheld[rate],
		    "nothing is withheld");
	sample_path(table, 1, 0);
	ktap_assert(series_step(table, 1) == 6, "two resources of three");
	series_free(table);
}

static double cpu_most(struct series_table *table)
{
	struct predict_demand_forecast f;
	double most = 0;

	predict_demand_forecast(series_at(table, 0)->demand[0], &f);
	for (int h = 0; h < PREDICT_DEMAND_HORIZONS; h++)
		most = fmax(most, f.at[h].q95);
	return most;
}

static void use_cpu(struct series_table *table, int seconds)
{
	for (int t = 0; t < seconds; t++) {
		ktap_assert(!sample(table, 1, t % 20 < 5 ? 7500 : 3000));
		series_step(table, 1);
	}
}

/* Cores come and go, memory is plugged in: no app is older than its bounds. */
static void test_capacity(void)
{
	struct series_limits limits = {
		.max_apps = 500, .cpu_milli = 4000, .mem_bytes = 1e9,
	};
	struct series_table *table = new_table(500);
	struct predict_demand_forecast f;

	use_cpu(table, 200);
	ktap_assert(cpu_most(table) == 4000, "%f", cpu_most(table));
	limits.cpu_milli = 8000;
	series_set_limits(table, &limits);
	ktap_assert(samples(table, 0) == 200, "%llu",
		    (unsigned long long)samples(table, 0));
	use_cpu(table, 40);
	ktap_assert(cpu_most(table) > 7000 && cpu_most(table) <= 8000, "%f",
		    cpu_most(table));
	limits.cpu_milli = 2000;
	series_set_limits(table, &limits);
	ktap_assert(cpu_most(table) == 2000, "%f", cpu_most(table));
	/* no bound is no reason for no forecast */
	limits.cpu_milli = 0;
	series_set_limits(table, &limits);
	ktap_assert(series_at(table, 0)->demand[0]);
	use_cpu(table, 40);
	ktap_assert(samples(table, 0) == 280 && cpu_most(table) > 7000, "%f",
		    cpu_most(table));
	limits.mem_bytes = 2048;
	series_set_limits(table, &limits);
	predict_demand_forecast(series_at(table, 0)->demand[1], &f);
	ktap_assert(f.samples == 280 && f.at[0].q95 == 2048, "%f",
		    f.at[0].q95);
	series_free(table);
}

static void test_io(void)
{
	check_rate(PRESWAP_RESOURCE_IO);
}

static void test_net(void)
{
	check_rate(PRESWAP_RESOURCE_NET);
}

/* Saved with a rate or without, read with or without: what there is goes on. */
static void check_kept(unsigned int saved, unsigned int read)
{
	struct series_table *old = new_table(500), *table = new_table(500);
	struct series_kept *kept;
	void *data;
	size_t size;

	set_rates(old, saved & 1 ? 100 : 0, saved & 2 ? 100 : 0);
	set_rates(table, read & 1 ? 100 : 0, read & 2 ? 100 : 0);
	teach(old, 2, 100);
	ktap_assert(!series_pack(old, 1000, &data, &size));
	ktap_assert(!series_unpack(data, size, &kept));
	ktap_assert(series_kept_count(kept) == 2);
	series_resume(table, kept, 1);
	sample_path(table, 1, 100);
	sample_path(table, 2, 100);
	series_step(table, 1);
	ktap_assert(series_resumed(table) == 2, "%zu", series_resumed(table));
	for (size_t k = 0; k < 2; k++) {
		ktap_assert(samples(table, k) == 101, "%llu",
			    (unsigned long long)samples(table, k));
		for (int r = 0; r < 2; r++) {
			uint64_t wanted = saved & 1 << r ? 101 : 1;

			rate = PRESWAP_RESOURCE_IO + r;
			ktap_assert(!rate_of(table, k) == !(read & 1 << r),
				    "%u to %u: %d", saved, read, r);
			ktap_assert(!rate_of(table, k) ||
				    rate_samples(table, k) == wanted,
				    "%u to %u: %llu of %d", saved, read,
				    (unsigned long long)rate_samples(table, k),
				    r);
		}
	}
	series_free(table);
	series_free(old);
}

static void test_rates_kept(void)
{
	/* bits: I/O, network */
	for (unsigned int saved = 0; saved < 4; saved++)
		for (unsigned int read = 0; read < 4; read++)
			check_kept(saved, read);
}

/* A table that has learned a period of 20 s for @seconds. */
static struct series_table *taught(unsigned int apps, unsigned int seconds)
{
	struct series_table *table = new_table(500);

	teach(table, apps, seconds);
	return table;
}

static bool same_forecasts(struct series_table *a, struct series_table *b)
{
	struct predict_demand_forecast x, y;

	for (size_t i = 0; i < series_count(a); i++)
		for (int k = 0; k < SERIES_RESOURCES; k++) {
			if (!series_at(a, i)->demand[k])
				continue;
			predict_demand_forecast(series_at(a, i)->demand[k], &x);
			predict_demand_forecast(series_at(b, i)->demand[k], &y);
			for (int h = 0; h < PREDICT_DEMAND_HORIZONS; h++)
				if (x.at[h].q05 != y.at[h].q05 ||
				    x.at[h].q50 != y.at[h].q50 ||
				    x.at[h].q95 != y.at[h].q95 ||
				    x.at[h].score.scored !=
				    y.at[h].score.scored)
					return false;
		}
	return true;
}

/* Another daemon goes on as this one does, to the last bit. */
static void test_resumed(void)
{
	struct series_table *old = taught(3, 500), *table = new_table(500);
	struct series_kept *kept;
	void *data;
	size_t size;

	ktap_assert(!series_pack(old, 1000, &data, &size));
	ktap_assert(!series_unpack(data, size, &kept));
	ktap_assert(series_kept_count(kept) == 3 &&
		    series_kept_saved(kept) == 1000);
	series_resume(table, kept, 1);
	for (unsigned int t = 500; t < 700; t++) {
		for (unsigned int i = 0; i < 3; i++) {
			sample_path(old, i + 1, t);
			/* another boot: other ids, the same paths */
			sample_path(table, i + 11, t);
		}
		series_step(old, 1);
		series_step(table, 1);
		ktap_assert(same_forecasts(old, table), "second %u", t);
	}
	ktap_assert(series_resumed(table) == 3, "%zu", series_resumed(table));
	series_free(table);
	series_free(old);
}

/* An hour later: ready, and no more is missing than the longest gap. */
static void test_resumed_late(void)
{
	struct series_table *old = taught(1, 500), *table = new_table(500);
	struct predict_demand_forecast f;
	struct series_kept *kept;
	void *data;
	size_t size;

	ktap_assert(!series_pack(old, 1000, &data, &size));
	ktap_assert(!series_unpack(data, size, &kept));
	series_resume(table, kept, 3600);
	sample_path(table, 1, 7);
	series_step(table, 1);
	predict_demand_forecast(series_at(table, 0)->demand[0], &f);
	ktap_assert(f.samples == 500 + SERIES_GAP_MAX_S, "%llu",
		    (unsigned long long)f.samples);
	ktap_assert(f.at[0].ready, "learns anew");
	/* nobody waits for ever: what comes after that is a new app */
	series_step(table, SERIES_RESUME_S + 1);
	series_forget(table, 1);
	sample_path(table, 1, 7);
	ktap_assert(series_resumed(table) == 1, "%zu", series_resumed(table));
	series_free(table);
	series_free(old);
}

/* An app that starts 20 s after the daemon: those were missing, too. */
static void test_resumed_app_late(void)
{
	struct series_table *old = taught(1, 500), *table = new_table(500);
	struct series_kept *kept;
	void *data;
	size_t size;

	ktap_assert(!series_pack(old, 1000, &data, &size));
	ktap_assert(!series_unpack(data, size, &kept));
	series_resume(table, kept, 1);
	for (int t = 0; t < 20; t++)
		series_step(table, 1);
	sample_path(table, 1, 7);
	series_step(table, 1);
	ktap_assert(samples(table, 0) == 500 + 20 + 1, "%llu",
		    (unsigned long long)samples(table, 0));
	series_free(table);
	series_free(old);
}

/* Nothing of a file that is cut or has any bit changed. */
static void test_damaged(void)
{
	struct series_table *old = taught(2, 100);
	struct series_kept *kept;
	unsigned int seed = 4;
	void *data, *copy;
	size_t size;

	ktap_assert(!series_pack(old, 1000, &data, &size));
	copy = malloc(size);
	ktap_assert(copy, "no memory");
	for (int i = 0; i < 2000; i++) {
		size_t at = i < 320 ? (size_t)i / 8 : rand_r(&seed) % size;

		memcpy(copy, data, size);
		((unsigned char *)copy)[at] ^= 1u << (i % 8);
		ktap_assert(series_unpack(copy, size, &kept) == -EINVAL,
			    "bit %d of byte %zu", i % 8, at);
	}
	for (size_t cut = 0; cut < size; cut += 1 + cut / 3) {
		memcpy(copy, data, size);
		ktap_assert(series_unpack(copy, cut, &kept) == -EINVAL,
			    "%zu bytes", cut);
	}
	free(copy);
	free(data);
	series_free(old);
}

/* @data with byte @at to @at + @n replaced; its checksum is right again. */
static int unpack_changed(const void *data, size_t size, size_t at, int byte,
			  size_t n)
{
	struct series_kept *kept;
	char *copy = malloc(size);
	uint64_t checksum;
	int err;

	ktap_assert(copy, "no memory");
	memcpy(copy, data, size);
	memset(copy + at, byte, n);
	checksum = statefile_checksum(copy + sizeof(checksum),
				      size - sizeof(checksum));
	memcpy(copy, &checksum, sizeof(checksum));
	err = series_unpack(copy, size, &kept);
	if (err)
		free(copy);
	else
		series_kept_free(kept);
	return err;
}

/* Of another version or machine, or made to look like one of ours. */
static void test_foreign(void)
{
	static const struct {
		const char *what;
		size_t at, n;
		int byte, err;
	} tests[] = {
		{ "magic", 8, 1, 0, -EINVAL },
		{ "format", 16, 1, 99, -EINVAL },
		{ "forecasters' version", 20, 1, 99, -EINVAL },
		{ "no time", 24, 8, 0xff, -EINVAL },
		{ "more apps", 32, 1, 3, -EINVAL },
		{ "very many apps", 32, 4, 0xff, -EINVAL },
		{ "other states", 36, 1, 0x58, -EINVAL },
		{ "a path without end", 40, 512, 'a', -EINVAL },
		{ "another path", 40, 1, 'b', 0 },
	};
	struct series_table *old = taught(2, 100);
	void *data;
	size_t size;

	ktap_assert(!series_pack(old, 1000, &data, &size));
	for (size_t i = 0; i < sizeof(tests) / sizeof(*tests); i++)
		ktap_assert(unpack_changed(data, size, tests[i].at,
					   tests[i].byte, tests[i].n) ==
			    tests[i].err, "%s", tests[i].what);
	free(data);
	series_free(old);
}

/* What is not worth keeping, and nothing at all. */
static void test_kept_little(void)
{
	struct series_table *table = taught(2, 10);
	struct series_kept *kept;
	void *data;
	size_t size;

	ktap_assert(!series_pack(table, 1, &data, &size));
	ktap_assert(!series_unpack(data, size, &kept));
	ktap_assert(!series_kept_count(kept), "new apps are kept");
	series_kept_free(kept);
	series_free(table);
	table = new_table(500);
	ktap_assert(!series_pack(table, 1, &data, &size));
	ktap_assert(!series_unpack(data, size, &kept));
	ktap_assert(!series_kept_count(kept));
	series_kept_free(kept);
	series_free(table);
}

/* Packs @table, frees it, and reads it into a new one, as a restart does. */
static struct series_table *restarted(struct series_table *table, size_t count)
{
	struct series_table *next = new_table(500);
	struct series_kept *kept;
	void *data;
	size_t size;

	ktap_assert(!series_pack(table, 1000, &data, &size));
	series_free(table);
	ktap_assert(!series_unpack(data, size, &kept));
	ktap_assert(series_kept_count(kept) == count, "%zu apps, not %zu",
		    series_kept_count(kept), count);
	series_resume(next, kept, 1);
	return next;
}

/*
 * A daemon that ends again before all apps were seen, as one does that waits for
 * the module: what it had read of the others is not lost.
 */
static void test_kept_waiting(void)
{
	struct series_table *table = restarted(taught(3, 500), 3);

	table = restarted(table, 3);
	sample_path(table, 2, 7);
	series_step(table, 1);
	ktap_assert(series_resumed(table) == 1);
	/* with a resource more than it was kept with */
	set_rates(table, 100, 0);
	table = restarted(table, 3);
	set_rates(table, 0, 100);
	table = restarted(table, 3);
	for (unsigned int i = 1; i <= 3; i++)
		sample_path(table, i, 7);
	series_step(table, 1);
	ktap_assert(series_resumed(table) == 3, "%zu", series_resumed(table));
	for (size_t i = 0; i < 3; i++)
		ktap_assert(samples(table, i) == 501 + (i == 1), "%llu",
			    (unsigned long long)samples(table, i));
	/* but not for ever */
	for (int t = 0; t <= SERIES_RESUME_S; t++) {
		sample_path(table, 1, t);
		series_step(table, 1);
	}
	series_free(restarted(table, 1));
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-2 the table stays sorted", test_order },
		{ "R-2 the number of apps is bounded", test_limit },
		{ "R-13 who waited for room is not new", test_refused },
		{ "R-8 apps that have a policy come first", test_room },
		{ "R-8 an app that is to come is known, and nothing of it",
		  test_met },
		{ "R-2 silent apps are forgotten", test_gone },
		{ "R-10 each second counts once", test_seconds },
		{ "R-10 seconds add up", test_periods },
		{ "R-10 a long gap shows that it lives", test_busy },
		{ "R-10 lossy input", test_lossy },
		{ "R-10 what cannot matter is foreseen less often", test_calm },
		{ "R-2 no forecast exceeds what the node has now", test_capacity },
		{ "R-2 I/O is only foreseen where there is a capacity", test_io },
		{ "R-3 and so is network", test_net },
		{ "R-17 with I/O or without, what is kept goes on",
		  test_rates_kept },
		{ "R-17 forecasts go on after a restart, bit for bit",
		  test_resumed },
		{ "R-17 or an hour later, as far as that is sensible",
		  test_resumed_late },
		{ "R-17 an app that starts later", test_resumed_app_late },
		{ "R-17 nothing is taken from a damaged file", test_damaged },
		{ "R-17 nor from one of another version", test_foreign },
		{ "R-17 what is not worth keeping", test_kept_little },
		{ "R-17 what waits for its app is kept", test_kept_waiting },
		{}
	});
}
