// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * From forecasts to what is pushed.
 */
#include <errno.h>
#include <stdlib.h>
#include <math.h>
#include <string.h>

#include "../../selftests/ktap.h"
#include "plan/push.h"

static struct predict_demand_forecast good(void)
{
	struct predict_demand_forecast f = { .samples = 1000 };

	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++)
		f.at[i] = (struct predict_demand_point){
			.horizon_s = predict_demand_horizon_s[i],
			.ready = true, .mean = 1000.4, .q05 = 500.7,
			.q50 = 900.5, .q95 = 2000.1,
			.score = { .loss_ratio = 0.5, .usual_ratio = 0.8,
				   .coverage = 0.9, .scored = 100 },
		};
	return f;
}

static enum plan_verdict plan(const struct predict_demand_forecast *in,
			      uint8_t resource, struct preswap_forecast *out)
{
	return plan_forecast(in, 42, resource, 5000, out);
}

static void test_rounding(void)
{
	struct predict_demand_forecast in = good();
	struct preswap_forecast out;

	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_PUSH,
		    "a good forecast");
	ktap_assert(out.points_count == 8 && out.app_id == 42 &&
		    out.valid_ms == 5000, "%u points", out.points_count);
	ktap_assert(out.points[0].horizon_ms == 1000 &&
		    out.points[7].horizon_ms == 900000, "horizons in ms");
	ktap_assert(out.points[3].mean == 1000 && out.points[3].q05 == 500 &&
		    out.points[3].q50 == 901 && out.points[3].q95 == 2001,
		    "outward: %llu %llu %llu %llu",
		    (unsigned long long)out.points[3].mean,
		    (unsigned long long)out.points[3].q05,
		    (unsigned long long)out.points[3].q50,
		    (unsigned long long)out.points[3].q95);
}

static void test_bounds(void)
{
	struct predict_demand_forecast in = good();
	struct preswap_forecast out;

	in.at[0].mean = 1e30;
	in.at[0].q50 = 1e30;
	in.at[0].q95 = 1e30;
	in.at[1].q05 = -5;
	in.at[1].mean = -1e30;
	plan(&in, PRESWAP_RESOURCE_CPU, &out);
	ktap_assert(out.points[0].q95 == PRESWAP_CPU_MAX_MILLI &&
		    out.points[0].mean == PRESWAP_CPU_MAX_MILLI, "CPU");
	ktap_assert(out.points[1].q05 == 0 && out.points[1].mean == 0, "0");
	plan(&in, PRESWAP_RESOURCE_MEMORY, &out);
	ktap_assert(out.points[0].q95 == PRESWAP_BYTES_MAX, "bytes");
}

static void test_order(void)
{
	struct predict_demand_forecast in = good();
	struct preswap_forecast out;

	in.at[0].q05 = 900;
	in.at[0].q50 = 800;
	in.at[0].q95 = 700;
	in.at[1].q05 = in.at[1].q50 = in.at[1].q95 = 0.2;
	plan(&in, PRESWAP_RESOURCE_CPU, &out);
	for (uint32_t i = 0; i < out.points_count; i++) {
		const struct preswap_point *p = &out.points[i];

		ktap_assert(p->q05 <= p->q50 && p->q50 <= p->q95,
			    "point %u: %llu %llu %llu", i,
			    (unsigned long long)p->q05,
			    (unsigned long long)p->q50,
			    (unsigned long long)p->q95);
		ktap_assert(!i || p->horizon_ms > p[-1].horizon_ms,
			    "horizons at %u", i);
	}
}

static void test_withheld(void)
{
	struct predict_demand_forecast in = good();
	struct preswap_forecast out;

	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++)
		in.at[i].score.loss_ratio = 1.2;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_WITHHOLD,
		    "worse at each horizon");
	for (int i = 4; i < PREDICT_DEMAND_HORIZONS; i++)
		in.at[i].score.loss_ratio = 0.3;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_WITHHOLD,
		    "better only beyond 10 s");
	in.at[3].score.loss_ratio = 1;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_WITHHOLD,
		    "as good as naive is not better");
	in.at[3].score.loss_ratio = NAN;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_WITHHOLD,
		    "not known is not better");
	in.at[3].score.loss_ratio = 0.9;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_PUSH,
		    "better at 10 s");
	ktap_assert(out.points_count == 5 &&
		    out.points[0].horizon_ms == 10000,
		    "only what is better goes out: %u points from %u ms",
		    out.points_count, out.points[0].horizon_ms);
}

static void test_noise(void)
{
	struct predict_demand_forecast in = good();
	struct preswap_forecast out;

	/* better by far at 1, 2 and 10 s: 5 s is as good as naive */
	in.at[2].score.loss_ratio = 1.02;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_PUSH &&
		    out.points_count == PREDICT_DEMAND_HORIZONS,
		    "%u points: 5 s is missing", out.points_count);
	in.at[2].score.loss_ratio = 1.15;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_PUSH &&
		    out.points_count == PREDICT_DEMAND_HORIZONS - 1,
		    "%u points: 15 %% worse is not noise", out.points_count);
	/* the near ones together are worse: only the better one goes */
	for (int i = 0; i < 3; i++)
		in.at[i].score.loss_ratio = 1.09;
	in.at[3].score.loss_ratio = 0.95;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_PUSH &&
		    out.points[0].horizon_ms == 10000, "%u ms",
		    out.points[0].horizon_ms);
	/* hours ahead go along where they are better than naive */
	in = good();
	for (int i = 0; i < PREDICT_DAY_HORIZONS; i++) {
		in.day[i] = in.at[7];
		in.day[i].horizon_s = predict_day_horizon_s[i];
	}
	in.day[1].score.loss_ratio = 1;
	in.day[2].ready = false;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_PUSH &&
		    out.points_count == PREDICT_DEMAND_HORIZONS + 1 &&
		    out.points[8].horizon_ms == 3600000, "%u points",
		    out.points_count);
	/* far ones stand for themselves */
	in = good();
	in.at[7].score.loss_ratio = 1.01;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_PUSH &&
		    out.points_count == PREDICT_DEMAND_HORIZONS - 1,
		    "%u points", out.points_count);
}

/* what beats naive, but does worse than what is usual */
static void test_usual(void)
{
	struct predict_demand_forecast in = good();
	struct preswap_forecast out;

	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++)
		in.at[i].score.usual_ratio = 1.1;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_PUSH &&
		    out.points_count == PREDICT_DEMAND_HORIZONS,
		    "10 %% worse may be noise: %u points", out.points_count);
	in.at[1].score.usual_ratio = 1.2;
	in.at[7].score.usual_ratio = 1.16;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_PUSH &&
		    out.points_count == PREDICT_DEMAND_HORIZONS - 2,
		    "but not 16 and 20 %%: %u points", out.points_count);
	/* the near ones together: only what is better by itself goes */
	in.at[0].score.usual_ratio = 1.5;
	in.at[2].score.usual_ratio = 0.99;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_PUSH &&
		    out.points[0].horizon_ms == 5000 &&
		    out.points[1].horizon_ms == 30000, "%u ms, %u ms",
		    out.points[0].horizon_ms, out.points[1].horizon_ms);
	in.at[2].score.usual_ratio = 1.1;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_WITHHOLD,
		    "worse at the near ones");
	in = good();
	for (int i = 0; i < 4; i++)
		in.at[i].score.usual_ratio = NAN;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_WITHHOLD,
		    "not known is not as good");
}

static void test_not_ready(void)
{
	struct predict_demand_forecast in = good();
	struct preswap_forecast out;

	for (int i = 0; i < 4; i++)
		in.at[i].ready = false;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_NOT_READY,
		    "no near horizon is ready");
	in.at[0].ready = true;
	in.at[0].q95 = NAN;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_NOT_READY,
		    "a number that is none");
	in.at[0].q95 = INFINITY;
	ktap_assert(plan(&in, PRESWAP_RESOURCE_CPU, &out) == PLAN_NOT_READY,
		    "infinite");
}

static void feed(struct series_table *table, double value)
{
	struct preswap_app app = { .size = sizeof(app), .id = 5, .path = "a",
				   .cpu_milli = value, .mem_bytes = 1 << 20,
				   .io_bytes = value * 1024,
				   .net_bytes = value * 1024 };
	struct series_app *known;

	series_sample(table, &app, &known);
	series_step(table, 1);
}

static unsigned int changes;

static void on_change(void *data, const struct series_app *app,
		      uint8_t resource, bool withheld,
		      const struct predict_demand_point *near)
{
	(void)data;
	(void)app;
	(void)resource;
	ktap_assert(near->horizon_s == PLAN_NEAR_S, "%u s", near->horizon_s);
	changes += withheld;
}

static const struct push_hooks hooks = { .changed = on_change };

/* Each second of it: what goes out is better than naive where it is near. */
static void check_batch(struct series_table *table, struct push_batch *batch)
{
	struct predict_demand_forecast f;
	const struct preswap_forecast *out;

	push_collect(batch, table, 5000, &hooks);
	for (size_t i = 0; i < batch->count; i++) {
		out = &batch->forecasts[i];
		predict_demand_forecast(
			series_at(table, 0)->demand[out->resource], &f);
		for (int h = 0; h < PREDICT_DEMAND_HORIZONS; h++)
			for (uint32_t k = 0; k < out->points_count; k++)
				ktap_assert(out->points[k].horizon_ms !=
					    f.at[h].horizon_s * 1000 ||
					    f.at[h].score.loss_ratio <
					    (f.at[h].horizon_s <= PLAN_NEAR_S ?
					     PLAN_LOSS_NOISE : 1),
					    "pushed at %u s with loss %.2f",
					    f.at[h].horizon_s,
					    f.at[h].score.loss_ratio);
	}
}

/* One that stands still does not hide what the others are. */
static void test_loss(void)
{
	struct push_stats stats = {}, still = {};

	ktap_assert(push_loss(&stats) == 1, "%g of none", push_loss(&stats));
	for (int i = 0; i < 10; i++)
		push_count_loss(&stats, i % 2 ? 0.5 : 2);
	ktap_assert(fabs(push_loss(&stats) - 1) < 1e-12, "%g",
		    push_loss(&stats));
	for (int i = 0; i < 9; i++)
		push_count_loss(&still, 0.8);
	push_count_loss(&still, 1000);
	ktap_assert(push_loss(&still) > 1 && push_loss(&still) < 1.5 &&
		    still.loss_better == 9, "%g, better %zu",
		    push_loss(&still), still.loss_better);
	push_count_loss(&still, 0);
	ktap_assert(push_loss(&still) > 0.7 && push_loss(&still) < 1, "%g",
		    push_loss(&still));
}

struct seen {
	unsigned int of[SERIES_RESOURCES];
	struct predict_score memory;
};

static void on_score(void *data, const struct series_app *app,
		     uint8_t resource, const struct predict_demand_point *point)
{
	struct seen *seen = data;

	(void)app;
	seen->of[resource] += point->horizon_s == PLAN_NEAR_S;
	if (resource == PRESWAP_RESOURCE_MEMORY)
		seen->memory = point->score;
}

/* What is measured of the forecaster: of both series of an app of noise. */
static void test_scores(void)
{
	struct series_limits limits = { .max_apps = 4, .cpu_milli = 4000 };
	struct push_batch batch = {};
	struct series_table *table;
	unsigned int seed = 4;

	ktap_assert(!series_new(&limits, &table), "memory");
	for (int t = 0; t < 700; t++) {
		struct seen seen = {};

		feed(table, 400 + rand_r(&seed) % 50 + (t < 600 ? 0 : 1000));
		push_each_score(table, on_score, &seen);
		ktap_assert(seen.of[PRESWAP_RESOURCE_CPU] == (t >= 49) &&
			    seen.of[PRESWAP_RESOURCE_MEMORY] == (t >= 49) &&
			    !seen.of[PRESWAP_RESOURCE_IO], "%d", t);
		ktap_assert(t < 49 || (seen.memory.scored > 0 &&
				       seen.memory.width >= 0 &&
				       seen.memory.coverage <= 1),
			    "%d: width %g", t, seen.memory.width);
		push_collect(&batch, table, 5000, &hooks);
		/* 10 s, and then 20 that were scored, each second second. */
		ktap_assert(batch.stats.scored == (t >= 49 ? 2 : 0), "%d: %zu",
			    t, batch.stats.scored);
		if (t == 599)
			ktap_assert(!batch.stats.drifting, "%zu",
				    batch.stats.drifting);
		/* The load's level has shifted, the memory's has not. */
		if (t == 630)
			ktap_assert(batch.stats.drifting == 1, "%zu",
				    batch.stats.drifting);
	}
	ktap_assert(batch.stats.coverage_sum > 1.6 &&
		    batch.stats.coverage_sum <= 2, "%.2f",
		    batch.stats.coverage_sum);
	series_free(table);
	push_free(&batch);
}

/* Of I/O and network there is a forecast only where the node has a capacity for it. */
static void check_rate(uint8_t resource)
{
	struct series_limits limits = { .max_apps = 4, .cpu_milli = 4000 };
	struct push_batch batch = {};
	struct series_table *table;
	double *capacity = resource == PRESWAP_RESOURCE_IO ?
			   &limits.io_bytes : &limits.net_bytes;
	size_t pushed = 0;

	ktap_assert(!series_new(&limits, &table), "memory");
	for (int t = 0; t < 600; t++) {
		feed(table, t % 20 < 5 ? 1500 : 100);
		if (t == 300) {
			*capacity = 100 << 20;
			series_set_limits(table, &limits);
		}
		push_collect(&batch, table, 5000, &hooks);
		ktap_assert(batch.stats.pushed + batch.stats.withheld +
			    batch.stats.unready == (t < 300 ? 2 : 3),
			    "%d: %zu unready", t, batch.stats.unready);
		for (size_t i = 0; i < batch.count; i++)
			pushed += batch.forecasts[i].resource ==
				  resource;
		ktap_assert(t >= 300 || !pushed, "%d: without capacity", t);
	}
	ktap_assert(pushed > 50, "only %zu of a clear pattern", pushed);
	*capacity = 0;
	series_set_limits(table, &limits);
	push_collect(&batch, table, 5000, &hooks);
	ktap_assert(batch.stats.pushed + batch.stats.withheld == 2, "gone");
	push_free(&batch);
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

static double told_q95;

static void foresee_fixed(void *data, const struct series_app *app,
			  uint8_t resource,
			  struct predict_demand_forecast *forecast)
{
	(void)data;
	(void)app;
	*forecast = good();
	if (resource == PRESWAP_RESOURCE_CPU)
		forecast->at[7].q95 = told_q95;
}

/*
 * Which of 16 batches, a second apart, have the CPU's forecast: a bit each, the first
 * one highest. It is another one from batch 10 on; before batch @anew the module
 * forgets all.
 */
static unsigned int told(uint64_t from_ms, uint32_t valid_ms, int anew)
{
	const struct push_hooks fixed = { .adjust = foresee_fixed };
	struct series_limits limits = { .max_apps = 4, .cpu_milli = 4000 };
	struct push_batch batch = {};
	struct series_table *table;
	unsigned int seen = 0;

	ktap_assert(!series_new(&limits, &table), "memory");
	for (int t = 0; t < 16; t++) {
		feed(table, 100);
		told_q95 = t < 10 ? 3000 : 3001;
		batch.now_ms = from_ms ? from_ms + t * 1000 : 0;
		batch.anew |= t == anew;
		push_collect(&batch, table, valid_ms, &fixed);
		ktap_assert(batch.stats.pushed == 2, "%d: %zu", t,
			    batch.stats.pushed);
		seen <<= 1;
		for (size_t i = 0; i < batch.count; i++)
			seen |= batch.forecasts[i].resource ==
				PRESWAP_RESOURCE_CPU;
	}
	push_free(&batch);
	series_free(table);
	return seen;
}

/* What the module has is not said again before it would be too old. */
static void test_told(void)
{
	unsigned int seen;

	seen = told(77000, 5000, -1);
	ktap_assert(seen == 0x88a2, "each fourth, and the new one: %x", seen);
	seen = told(77000, 5000, 5);
	ktap_assert(seen == 0x8c62, "all anew: %x", seen);
	/* at half a minute its point for the next 10 s would be of the past */
	seen = told(77000, 60000, -1);
	ktap_assert(seen == 0x88a2, "none is older than 5 s: %x", seen);
	seen = told(77000, 3000, -1);
	ktap_assert(seen == 0xaaaa, "each second one: %x", seen);
	seen = told(77000, 2900, -1);
	ktap_assert(seen == 0xffff, "they are soon too old: %x", seen);
	seen = told(0, 5000, -1);
	ktap_assert(seen == 0xffff, "nobody knows how old: %x", seen);
}

static void test_real_forecaster(void)
{
	struct series_limits limits = { .max_apps = 4, .cpu_milli = 4000 };
	struct push_batch batch = {};
	struct series_table *table;
	unsigned int seed = 3;
	size_t pushed = 0;
	double walk = 2000;

	changes = 0;
	ktap_assert(!series_new(&limits, &table), "memory");
	push_collect(&batch, table, 5000, &hooks);
	ktap_assert(!batch.count, "no app, no forecast");
	feed(table, 5);
	push_collect(&batch, table, 5000, &hooks);
	ktap_assert(!batch.count && batch.stats.unready == 2,
		    "one value is not enough: %zu", batch.count);
	/* A burst each 20 s, then a random walk, where naive is hard to beat. */
	for (int t = 0; t < 600; t++) {
		feed(table, t % 20 < 5 ? 1500 : 100);
		check_batch(table, &batch);
		pushed += batch.stats.pushed;
	}
	ktap_assert(pushed > 100, "only %zu forecasts of a clear pattern",
		    pushed);
	for (int t = 0; t < 1000; t++) {
		walk += (int)(rand_r(&seed) % 401) - 200;
		walk = fmin(fmax(walk, 0), 4000);
		feed(table, walk);
		check_batch(table, &batch);
	}
	push_free(&batch);
	series_free(table);
}

/* ---- sending, with a module that is played here ---- */

#define A_MESSAGE	64	/* forecasts */

static unsigned int messages, refusals;
static bool got[1000], is_gone[1000];	/* by app; the second: it is not known */

/* As the library: until a message is refused, which it is whole. */
int preswap_forecasts_set(struct preswap_ctx *ctx,
			  const struct preswap_forecast *forecasts,
			  size_t count, size_t *accepted)
{
	size_t done = 0, n;
	int err = 0;

	(void)ctx;
	while (done < count && !err) {
		n = count - done < A_MESSAGE ? count - done : A_MESSAGE;
		messages++;
		for (size_t i = done; i < done + n; i++)
			if (is_gone[forecasts[i].app_id])
				err = -ENOENT;
		refusals += err != 0;
		for (size_t i = done; i < done + n && !err; i++)
			got[forecasts[i].app_id] = true;
		done += err ? 0 : n;
	}
	if (accepted)
		*accepted = done;
	return err;
}

/* @gone0 and @gone1, which may be one, are not known; all others have it. */
static void check_send(size_t gone0, size_t gone1, unsigned int most)
{
	struct preswap_forecast forecasts[1000] = {};
	struct push_batch batch = { .forecasts = forecasts, .count = 1000 };

	for (size_t i = 0; i < 1000; i++)
		forecasts[i].app_id = i;
	memset(got, 0, sizeof(got));
	messages = refusals = 0;
	is_gone[gone0] = is_gone[gone1] = true;
	ktap_assert(!push_send(NULL, &batch));
	for (size_t i = 0; i < 1000; i++)
		ktap_assert(got[i] == (i != gone0 && i != gone1), "%zu", i);
	ktap_assert(messages <= most, "%zu, %zu: %u messages", gone0, gone1,
		    messages);
	is_gone[gone0] = is_gone[gone1] = false;
}

/* An app that went away costs some messages more, wherever it is, not one for each. */
static void test_send(void)
{
	struct push_batch batch = { .count = 0 };

	for (size_t gone = 0; gone < 1000; gone += 37) {
		check_send(gone, gone, 16 + 1 + A_MESSAGE + 1);
		check_send(gone, 1000 - 1 - gone, 16 + 2 * (2 + A_MESSAGE));
	}
	check_send(70, 71, 16 + 4 + 7 + 1);
	messages = 0;
	ktap_assert(!push_send(NULL, &batch) && !messages);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-10 numbers are rounded outward", test_rounding },
		{ "R-10 numbers stay in the ABI's bounds", test_bounds },
		{ "R-10 quantiles and horizons ascend", test_order },
		{ "R-16 worse than naive is withheld", test_withheld },
		{ "R-16 a horizon that noise makes equal to naive is kept", test_noise },
		{ "R-16 worse than what is usual is withheld", test_usual },
		{ "R-10 what is not ready is not pushed", test_not_ready },
		{ "R-16 coverage and drift are counted, and told of each resource",
		  test_scores },
		{ "R-16 the loss of all series together", test_loss },
		{ "R-10 I/O, while there is a capacity", test_io },
		{ "R-10 network, while there is a capacity", test_net },
		{ "R-16 with the real forecaster, each second",
		  test_real_forecaster },
		{ "R-10 the module is told what it does not know", test_told },
		{ "R-10 an app that is gone keeps nothing back", test_send },
		{}
	});
}
