// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "plan/push.h"
#include "sense/fnv.h"

#define LOSS_MOST	100.0
/* What is told at a horizon is of less use the older it is. */
#define TOLD_MS		5000

static const struct predict_demand_point *
near_point(const struct predict_demand_forecast *forecast)
{
	for (int i = PREDICT_DEMAND_HORIZONS - 1; i > 0; i--)
		if (forecast->at[i].horizon_s <= PLAN_NEAR_S)
			return &forecast->at[i];
	return &forecast->at[0];
}

static int reserve(struct push_batch *batch, size_t room)
{
	struct preswap_forecast *forecasts;

	if (room <= batch->room)
		return 0;
	forecasts = reallocarray(batch->forecasts, room, sizeof(*forecasts));
	if (!forecasts)
		return -ENOMEM;
	batch->forecasts = forecasts;
	batch->room = room;
	return 0;
}

static bool drifts(const struct predict_demand_forecast *forecast)
{
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++)
		if (forecast->at[i].ready &&
		    forecast->at[i].score.drift >= (double)PREDICT_DRIFT)
			return true;
	return false;
}

void push_count_loss(struct push_stats *stats, double ratio)
{
	stats->loss_log_sum += log(fmin(fmax(ratio, 1 / LOSS_MOST), LOSS_MOST));
	stats->loss_better += ratio < 1;
	stats->scored++;
}

double push_loss(const struct push_stats *stats)
{
	return stats->scored ? exp(stats->loss_log_sum / stats->scored) : 1;
}

/* Before it is adjusted: how good the forecaster alone is. */
static void count_scores(struct push_stats *stats,
			 const struct predict_demand_forecast *forecast)
{
	const struct predict_demand_point *point = near_point(forecast);

	stats->drifting += drifts(forecast);
	if (!point->ready)
		return;
	push_count_loss(stats, point->score.loss_ratio);
	stats->coverage_sum += point->score.coverage;
}

void push_each_score(struct series_table *table, push_score_fn score,
		     void *data)
{
	struct predict_demand_forecast forecast;
	const struct predict_demand_point *point;
	const struct series_app *app;

	for (size_t i = 0; i < series_count(table); i++) {
		app = series_at(table, i);
		for (uint8_t r = 0; r < SERIES_RESOURCES; r++) {
			if (!app->demand[r])
				continue;
			predict_demand_forecast(app->demand[r], &forecast);
			point = near_point(&forecast);
			if (point->ready)
				score(data, app, r, point);
		}
	}
}

static uint64_t hash_of(const struct preswap_forecast *f)
{
	uint64_t hash = FNV_BEGIN;

	for (uint32_t i = 0; i < f->points_count; i++) {
		const struct preswap_point *p = &f->points[i];
		const uint64_t all[] = { p->horizon_ms, p->mean, p->q05,
					 p->q50, p->q95 };

		hash = fnv_add(hash, all, sizeof(all));
	}
	return hash;
}

/* The module has just this, and will have it until the batch after this one. */
static bool is_told(const struct push_batch *batch, struct series_told *told,
		    const struct preswap_forecast *f)
{
	uint64_t hash = hash_of(f), now = batch->now_ms;
	uint64_t most_ms = f->valid_ms < TOLD_MS ? f->valid_ms : TOLD_MS;

	if (now && batch->last_ms && !batch->anew && told->hash == hash &&
	    now - told->ms + 2 * (now - batch->last_ms) <= most_ms)
		return true;
	*told = (struct series_told){ .hash = hash, .ms = now };
	return false;
}

static void collect_one(struct push_batch *batch, struct series_app *app,
			uint8_t resource, uint32_t valid_ms,
			const struct push_hooks *hooks)
{
	struct push_stats *stats = &batch->stats;
	struct predict_demand_forecast forecast;
	bool withheld;

	predict_demand_forecast(app->demand[resource], &forecast);
	count_scores(stats, &forecast);
	if (hooks->adjust)
		hooks->adjust(hooks->data, app, resource, &forecast);
	switch (plan_forecast(&forecast, app->id, resource, valid_ms,
			      &batch->forecasts[batch->count])) {
	case PLAN_PUSH:
		batch->count += !is_told(batch, &app->told[resource],
					 &batch->forecasts[batch->count]);
		stats->pushed++;
		withheld = false;
		break;
	case PLAN_WITHHOLD:
		stats->withheld++;
		withheld = true;
		break;
	default:
		stats->unready++;
		return;
	}
	if (withheld != app->withheld[resource] && hooks->changed)
		hooks->changed(hooks->data, app, resource, withheld,
			       near_point(&forecast));
	app->withheld[resource] = withheld;
}

int push_collect(struct push_batch *batch, struct series_table *table,
		 uint32_t valid_ms, const struct push_hooks *hooks)
{
	size_t count = series_count(table);
	int err = reserve(batch, count * SERIES_RESOURCES);

	batch->count = 0;
	batch->stats = (struct push_stats){};
	if (err)
		return err;
	for (size_t i = 0; i < count; i++)
		for (uint8_t r = 0; r < SERIES_RESOURCES; r++)
			if (series_at(table, i)->demand[r])
				collect_one(batch, series_at(table, i), r,
					    valid_ms, hooks);
	batch->last_ms = batch->now_ms;
	batch->anew = false;
	return 0;
}

int push_send(struct preswap_ctx *ctx, const struct push_batch *batch)
{
	size_t done = 0, sent;
	int err;

	while (done < batch->count) {
		err = preswap_forecasts_set(ctx, &batch->forecasts[done],
					    batch->count - done, &sent);
		if (err != -ENOENT)
			return err;
		/* The message with the unknown app was refused whole: up to that. */
		done += sent;
		do
			err = preswap_forecasts_set(ctx,
					&batch->forecasts[done++], 1, NULL);
		while (!err && done < batch->count);
		if (err && err != -ENOENT)
			return err;
	}
	return 0;
}

void push_free(struct push_batch *batch)
{
	free(batch->forecasts);
	*batch = (struct push_batch){};
}
