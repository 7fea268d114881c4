/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * All forecasts of a moment, as one batch.
 */
#ifndef PLAN_PUSH_H
#define PLAN_PUSH_H

#include "plan/plan.h"
#include "sense/series.h"

/*
 * @pushed, @withheld, @unready: series of the last batch, by verdict.
 * @scored: series that are ready at PLAN_NEAR_S; of them, there:
 * @loss_log_sum: of loss_ratio the logarithm, see push_loss(); @coverage_sum.
 * @loss_better: how many are better than naive.
 * @drifting: series with a horizon, near or far, whose drift is PREDICT_DRIFT
 *	or more.
 */
struct push_stats {
	size_t pushed, withheld, unready;
	size_t scored, loss_better, drifting;
	double loss_log_sum, coverage_sum;
};

/*
 * The loss relative to naive's, by the geometric mean of all series, as ratios have it.
 * Of one series it counts from 1/100 to 100: naive is right all the time of what stands
 * still, and then any error is a thousand of its.
 */
void push_count_loss(struct push_stats *stats, double ratio);
double push_loss(const struct push_stats *stats);

/*
 * @now_ms: by any clock, the caller's; 0: it does not say. While it does, a forecast
 * that is what the module has already is left out, until that would be older than
 * valid_ms, or 5 s, before its next turn: it counts as pushed.
 * @anew: the module may have none of them; the next batch is whole.
 */
struct push_batch {
	uint64_t now_ms;
	bool anew;
	struct preswap_forecast *forecasts;
	size_t count, room;
	uint64_t last_ms;
	struct push_stats stats;
};

/*
 * A series that begins or ceases to be withheld; @near: its forecast for
 * PLAN_NEAR_S.
 */
typedef void (*push_changed_fn)(void *data, const struct series_app *app,
				uint8_t resource, bool withheld,
				const struct predict_demand_point *near);

/* A forecast before it is judged: what else is known may be put into it. */
typedef void (*push_adjust_fn)(void *data, const struct series_app *app,
			       uint8_t resource,
			       struct predict_demand_forecast *forecast);

/*
 * @changed, @adjust: each may be NULL; @data is for both.
 */
struct push_hooks {
	push_changed_fn changed;
	push_adjust_fn adjust;
	void *data;
};

/* What the forecaster alone did lately; @point: of PLAN_NEAR_S, and ready. */
typedef void (*push_score_fn)(void *data, const struct series_app *app,
			      uint8_t resource,
			      const struct predict_demand_point *point);

/* Of each app and resource that is scored there. */
void push_each_score(struct series_table *table, push_score_fn score,
		     void *data);

/* Refills the batch from the table. 0 or -ENOMEM. */
int push_collect(struct push_batch *batch, struct series_table *table,
		 uint32_t valid_ms, const struct push_hooks *hooks);
/*
 * Hands it to the module. An app that went away meanwhile does not keep the
 * others' forecasts back. 0 or -errno.
 */
int push_send(struct preswap_ctx *ctx, const struct push_batch *batch);
void push_free(struct push_batch *batch);

#endif /* PLAN_PUSH_H */
