// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Demand of one app and resource, at three resolutions.
 *
 *	1 s	for 1, 2, 5, 10, 30, 60 s; periods up to 10 min
 *	15 s	for 300 and 900 s (20 and 60 steps); periods up to 40 min
 *	15 min	for 1, 6 and 24 h, by the time of day: day.c
 *
 * The coarse one learns from means over its step, which say where the load is
 * going, and is judged by one second from within the step, a different one
 * each time: so its quantiles are those of the demand at a moment, bursts
 * included, and not those of a mean.
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "predict/day.h"
#include "predict/predict.h"

#define FINE_HORIZONS	6
#define FINE_PERIOD	600	/* steps of 1 s */
#define FINE_WINDOW	224
#define COARSE_STEP	15	/* s */
#define COARSE_PERIOD	160	/* steps of 15 s */
#define COARSE_WINDOW	256
#define PENDING		8	/* forecasts kept a horizon */
/* Forecasts scored before the residuals' quantiles are worth anything. */
#define READY_SCORED	20

const unsigned int predict_demand_horizon_s[PREDICT_DEMAND_HORIZONS] = {
	1, 2, 5, 10, 30, 60, 300, 900
};

static const double probs[] = { 0.05, 0.5, 0.95 };

/*
 * @sum, @count: of the samples present in the coarse step under way, @second
 *	of which have passed; @sample: the one to judge by.
 */
struct predict_demand {
	struct predict_series *fine, *coarse;
	double upper, calm;		/* as the caller gave them */
	uint64_t samples, steps;
	double sum, sample;
	unsigned int count, second;
	struct predict_day day;
};

static int series_new(const unsigned int *horizons, unsigned int nhorizons,
		      unsigned int period_max, unsigned int window,
		      double upper, struct predict_series **out)
{
	const struct predict_series_opts opts = {
		.size = sizeof(opts),
		.horizons = horizons,
		.nhorizons = nhorizons,
		.probs = probs,
		.nprobs = 3,
		.lower = 0,
		.upper = upper > 0 ? upper : INFINITY,
		.period_max = period_max,
		.window = window,
		.pending = PENDING,
	};

	return predict_series_new(&opts, out);
}

int predict_demand_new(const struct predict_demand_opts *opts,
		       struct predict_demand **out)
{
	unsigned int coarse[PREDICT_DEMAND_HORIZONS - FINE_HORIZONS];
	double upper = opts ? opts->upper : 0;
	struct predict_demand *d;
	int err;

	if (!out || (opts && opts->size != sizeof(*opts)) || isnan(upper))
		return -EINVAL;
	d = calloc(1, sizeof(*d));
	if (!d)
		return -ENOMEM;
	d->upper = upper;
	d->calm = opts ? opts->calm : 0;
	predict_day_init(&d->day);
	for (int i = FINE_HORIZONS; i < PREDICT_DEMAND_HORIZONS; i++)
		coarse[i - FINE_HORIZONS] =
			predict_demand_horizon_s[i] / COARSE_STEP;
	err = series_new(predict_demand_horizon_s, FINE_HORIZONS, FINE_PERIOD,
			 FINE_WINDOW, upper, &d->fine);
	if (!err)
		err = series_new(coarse,
				 PREDICT_DEMAND_HORIZONS - FINE_HORIZONS,
				 COARSE_PERIOD, COARSE_WINDOW, upper,
				 &d->coarse);
	if (err) {
		predict_demand_free(d);
		return err;
	}
	*out = d;
	return 0;
}

void predict_demand_free(struct predict_demand *d)
{
	if (!d)
		return;
	predict_series_free(d->fine);
	predict_series_free(d->coarse);
	free(d);
}

static void coarse_update(struct predict_demand *d, double value)
{
	/* 7 and 15 are coprime: each second of the step gets its turn. */
	unsigned int turn = d->steps * 7 % COARSE_STEP;

	if (!isnan(value)) {
		value = fmin(fmax(value, 0), PREDICT_VALUE_MAX);
		if (!d->count || d->second <= turn)
			d->sample = value;
		d->sum += value;
		d->count++;
	}
	if (++d->second < COARSE_STEP)
		return;
	if (d->count)
		predict_series_update_pair(d->coarse, d->sum / d->count,
					   d->sample);
	else
		predict_series_update(d->coarse, NAN);
	d->steps++;
	d->second = d->count = 0;
	d->sum = 0;
}

void predict_demand_update(struct predict_demand *d, double value)
{
	d->samples++;
	predict_series_update_calm(d->fine, value, d->calm);
	coarse_update(d, value);
	predict_day_update(&d->day, value);
}

void predict_demand_set_clock(struct predict_demand *d, uint64_t clock)
{
	predict_day_set_clock(&d->day, clock);
}

static void point_fill(const struct predict_series *s, unsigned int index,
		       struct predict_demand_point *p)
{
	double q[3];

	predict_series_forecast(s, index, &p->mean, q);
	p->q05 = q[0];
	p->q50 = q[1];
	p->q95 = q[2];
	p->recurrence = predict_series_recurrence(s, index);
	predict_series_score(s, index, &p->score);
	p->ready = p->score.scored >= READY_SCORED;
}

void predict_demand_forecast(const struct predict_demand *d,
			     struct predict_demand_forecast *out)
{
	out->samples = d->samples;
	out->period_s = predict_series_period(d->fine);
	if (!(out->period_s > 0))
		out->period_s = COARSE_STEP * predict_series_period(d->coarse);
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++) {
		struct predict_demand_point *p = &out->at[i];

		if (i < FINE_HORIZONS) {
			point_fill(d->fine, i, p);
		} else if (d->steps) {
			point_fill(d->coarse, i - FINE_HORIZONS, p);
		} else {
			/* Before the first coarse step: what there is. */
			*p = out->at[FINE_HORIZONS - 1];
			p->ready = false;
			p->score = (struct predict_score){
				.loss_ratio = 1, .usual_ratio = 1,
				.coverage = NAN, .width = NAN,
			};
		}
		p->horizon_s = predict_demand_horizon_s[i];
	}
	for (unsigned int i = 0; i < PREDICT_DAY_HORIZONS; i++)
		predict_day_forecast(&d->day, i, d->upper, &out->day[i]);
}

size_t predict_demand_bytes(const struct predict_demand *d)
{
	return sizeof(*d) + predict_series_bytes(d->fine) +
	       predict_series_bytes(d->coarse);
}

/* The parts of a state: this, and the two series, each aligned. */
struct state {
	uint64_t samples, steps;
	double sum, sample;
	uint32_t count, second;
	uint64_t fine_bytes, coarse_bytes;
	struct predict_day day;
};

static size_t aligned(size_t bytes)
{
	return (bytes + 15) / 16 * 16;
}

size_t predict_demand_state_bytes(const struct predict_demand *d)
{
	return aligned(sizeof(struct state)) +
	       aligned(predict_series_bytes(d->fine)) +
	       aligned(predict_series_bytes(d->coarse));
}

void predict_demand_save(const struct predict_demand *d, void *to)
{
	const struct state state = {
		.samples = d->samples,
		.steps = d->steps,
		.sum = d->sum,
		.sample = d->sample,
		.count = d->count,
		.second = d->second,
		.fine_bytes = predict_series_bytes(d->fine),
		.coarse_bytes = predict_series_bytes(d->coarse),
		.day = d->day,
	};
	char *at = to;

	/* what aligns is written, too: the file is the same each time */
	memset(to, 0, predict_demand_state_bytes(d));
	memcpy(at, &state, sizeof(state));
	at += aligned(sizeof(state));
	predict_series_save(d->fine, at);
	predict_series_save(d->coarse, at + aligned(state.fine_bytes));
}

int predict_demand_load(struct predict_demand *d, const void *from,
			size_t size)
{
	const struct predict_demand_opts opts = {
		.size = sizeof(opts), .upper = d->upper, .calm = d->calm,
	};
	const char *at = from;
	struct predict_demand *n, old;
	struct state state;
	int err;

	if (size != predict_demand_state_bytes(d))
		return -EINVAL;
	memcpy(&state, from, sizeof(state));
	if (state.fine_bytes != predict_series_bytes(d->fine) ||
	    state.coarse_bytes != predict_series_bytes(d->coarse) ||
	    state.second >= COARSE_STEP || state.count > state.second ||
	    !isfinite(state.sum) || !isfinite(state.sample) ||
	    !predict_day_is_sane(&state.day))
		return -EINVAL;
	err = predict_demand_new(&opts, &n);
	if (err)
		return err;
	at += aligned(sizeof(state));
	err = predict_series_load(n->fine, at, state.fine_bytes);
	at += aligned(state.fine_bytes);
	err = err ?: predict_series_load(n->coarse, at, state.coarse_bytes);
	if (!err) {
		n->samples = state.samples;
		n->steps = state.steps;
		n->sum = state.sum;
		n->sample = state.sample;
		n->count = state.count;
		n->second = state.second;
		n->day = state.day;
		old = *d;
		*d = *n;
		*n = old;
	}
	predict_demand_free(n);
	return err;
}
