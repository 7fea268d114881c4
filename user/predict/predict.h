/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Online forecasting: one value in, a distribution per horizon out.
 *
 * Two levels:
 *
 *   predict_demand	one app and resource, fed once a second; answers for
 *			the module's horizons of 1 s to 15 min, and for 1
 *			to 24 h. This is what the daemon uses.
 *   predict_series	one series in abstract steps, with the horizons and
 *			probabilities that the caller names. predict_demand
 *			is made of two of these (1 s and 15 s steps).
 *
 * Values are any nonnegative quantity (milli-CPU, bytes, bytes per second);
 * a forecast is in the unit of what was fed. What is forecast is the value
 * at the moment now + horizon, not a mean up to then.
 *
 * For any input, forecasts are finite, within the bounds of the options,
 * nondecreasing in the probability, and at most PREDICT_RANGE times the
 * largest magnitude seen. All memory is taken by _new(); of what comes
 * later only _load() allocates or fails for lack of memory. Equal input gives equal output.
 * An object belongs to one thread at a time; there is no global state.
 */
#ifndef PREDICT_PREDICT_H
#define PREDICT_PREDICT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Values are clamped to this before anything else; it fits a float. */
#define PREDICT_VALUE_MAX	1e30
/* No forecast exceeds this many times the largest magnitude seen. */
#define PREDICT_RANGE		10.0

/* From here on drift is reported, and answered. */
#define PREDICT_DRIFT		0.3f

/*
 * How good forecasts of one horizon have been lately.
 *
 * @loss_ratio: rolling pinball loss divided by that of naive, which repeats
 *	the last value with quantiles from its own recent errors. Below 1 is
 *	better than naive. Where nothing is to be known beyond the last value
 *	it is 1.00 to 1.02. At most 1000; 1 until something was scored.
 * @usual_ratio: the same divided by that of what is usual: the quantiles of the
 *	window of recent values, whatever was last. Naive is easily beaten where load
 *	comes in bursts, even by who foresees them at wrong times; this is not. Around 1,
 *	at times up to 1.15, where there is nothing to foresee. At most 1000; 1 until something was scored,
 *	and for hours ahead.
 * @coverage: rolling share, 0..1, of values that fell between the lowest and
 *	the highest probability asked for (0.05 and 0.95 for predict_demand:
 *	0.9 is right). NaN until something was scored.
 * @width: rolling mean of that interval's width, in the values' unit. NaN until
 *	something was scored.
 * @drift: 0..1, how many values lately, of the last 20 steps or 4 forecasts,
 *	were beyond one end of that interval: 0 as many as were promised or
 *	fewer, 1 all. From PREDICT_DRIFT on the interval is wider and learns
 *	faster (calibrate.c).
 * @scored: forecasts compared with what came, since the beginning.
 */
struct predict_score {
	double loss_ratio;
	double usual_ratio;
	double coverage;
	double width;
	double drift;
	uint64_t scored;
};

/* ---- demand ---- */

#define PREDICT_DEMAND_HORIZONS	8	/* 1 2 5 10 30 60 300 900 s */

/* The horizons in seconds, ascending. */
extern const unsigned int predict_demand_horizon_s[PREDICT_DEMAND_HORIZONS];

#define PREDICT_DAY_HORIZONS	3	/* 1 6 24 h */

/* The same beyond. */
extern const unsigned int predict_day_horizon_s[PREDICT_DAY_HORIZONS];

/*
 * @size: sizeof(struct predict_demand_opts), for later additions.
 * @upper: no forecast exceeds this (the node's capacity); 0 or less: no
 *	bound. Samples above it are taken as they are. The lower bound is 0.
 * @calm: what the caller does not care about: while a demand stays within so much
 *	for 20 minutes, it is forecast anew each fourth second only, and when a value
 *	is beyond the interval of the last forecast. 0 or less: each second.
 */
struct predict_demand_opts {
	size_t size;
	double upper, calm;
};

/*
 * The forecast for one horizon; q05 <= q50 <= q95.
 *
 * @recurrence: 0..1, the weight of the recurrence expert: how much of this
 *	forecast rests on a burst pattern having repeated.
 * @ready: enough forecasts of this horizon were scored for the quantiles to
 *	mean something. Before, the numbers are finite but not for acting on.
 */
struct predict_demand_point {
	unsigned int horizon_s;
	bool ready;
	double mean;
	double q05, q50, q95;
	double recurrence;
	struct predict_score score;
};

/*
 * @samples: values fed so far, missing ones included.
 * @period_s: the strongest period that is in use, in seconds; 0 for none.
 * @day: hours ahead, at the time of day that it will be then; its recurrence is 0.
 */
struct predict_demand_forecast {
	uint64_t samples;
	double period_s;
	struct predict_demand_point at[PREDICT_DEMAND_HORIZONS];
	struct predict_demand_point day[PREDICT_DAY_HORIZONS];
};

struct predict_demand;

/* @opts may be NULL. 0, -EINVAL (opts->size, NaN), -ENOMEM. */
int predict_demand_new(const struct predict_demand_opts *opts,
		       struct predict_demand **out);
/* NULL is allowed. */
void predict_demand_free(struct predict_demand *d);

/*
 * The sample of this second; call it once for each second. NaN says that the
 * sample is missing: time passes, nothing is learned. Infinities and negative
 * values are clamped to [0, PREDICT_VALUE_MAX].
 */
void predict_demand_update(struct predict_demand *d, double value);

/*
 * The second of the next sample is @clock, by any clock that has days of 86,400 s
 * in which the load may have a pattern (UTC does). To be told when it was set, or
 * after a time without samples; without it, days count from the first sample.
 */
void predict_demand_set_clock(struct predict_demand *d, uint64_t clock);

/* Fills all of @out; before the first sample it forecasts 0, not ready. */
void predict_demand_forecast(const struct predict_demand *d,
			     struct predict_demand_forecast *out);

/* Bytes of one predict_demand, everything included. */
size_t predict_demand_bytes(const struct predict_demand *d);

/*
 * What it has learned, to go on after a restart: flat bytes, for the same
 * build on the same kind of machine. The caller sees to it that they come back
 * undamaged; a version that keeps other things has another PREDICT_STATE.
 *
 * _save() writes _state_bytes() bytes to @to, which is aligned to 8 bytes.
 * _load() takes them into @d, which is fresh from _new() and keeps its bounds:
 * 0, or -EINVAL for what cannot be such a state, and @d is as it was; -ENOMEM.
 */
#define PREDICT_STATE	7u
size_t predict_demand_state_bytes(const struct predict_demand *d);
void predict_demand_save(const struct predict_demand *d, void *to);
int predict_demand_load(struct predict_demand *d, const void *from,
			size_t size);

/* ---- series ---- */

#define PREDICT_HORIZONS_MAX	8
#define PREDICT_PROBS_MAX	9
#define PREDICT_HORIZON_MAX	1024	/* steps */

/*
 * @size: sizeof(struct predict_series_opts).
 * @horizons: @nhorizons ascending step counts, 1..PREDICT_HORIZON_MAX.
 * @probs: @nprobs ascending probabilities, inside (0, 1).
 * @lower, @upper: bounds of possible values; forecasts are clamped to them.
 *	-INFINITY and INFINITY for none.
 * @period_max: longest period to look for, in steps: 8..1000; 0: 600. A
 *	period needs about three repeats to be relied upon.
 * @window: how many recent values the experts look at, a multiple of 8; 0:
 *	256, the most.
 * @pending: how many forecasts of a horizon may wait for their outcome; of a
 *	longer horizon not every one is scored; 0: 12.
 * @expert: NULL for the mixture; else the name of the only expert to use
 *	(see predict_expert_name()).
 *
 * The arrays are copied.
 */
struct predict_series_opts {
	size_t size;
	const unsigned int *horizons;
	unsigned int nhorizons;
	const double *probs;
	unsigned int nprobs;
	double lower, upper;
	unsigned int period_max;
	unsigned int window;
	unsigned int pending;
	const char *expert;
};

struct predict_series;

/* 0, -EINVAL (an option out of its range), -ENOENT (@expert), -ENOMEM. */
int predict_series_new(const struct predict_series_opts *opts,
		       struct predict_series **out);
void predict_series_free(struct predict_series *s);

/* The value of the next step; NaN: missing. */
void predict_series_update(struct predict_series *s, double value);

/*
 * The same, but while all that is remembered is within @band it is forecast anew each
 * fourth step only, and when a value is beyond the last interval: what there is stands
 * for the others, and is judged by them.
 */
void predict_series_update_calm(struct predict_series *s, double value,
				double band);

/*
 * As predict_series_update(), where the state is moved by @value (a mean over
 * the step, say) but errors are taken against @sample, one value from within
 * the step: so the quantiles are those of single values. Both NaN or neither.
 */
void predict_series_update_pair(struct predict_series *s, double value,
				double sample);

/*
 * The forecast for horizons[@index]: @mean and the nprobs quantiles @q; either
 * may be NULL. 0, or -EINVAL when @index is out of range.
 */
int predict_series_forecast(const struct predict_series *s, unsigned int index,
			    double *mean, double *q);

/* 0, or -EINVAL when @index is out of range. */
int predict_series_score(const struct predict_series *s, unsigned int index,
			 struct predict_score *out);

/* Weight 0..1 of the recurrence expert in horizons[@index]. */
double predict_series_recurrence(const struct predict_series *s,
				 unsigned int index);
/* The strongest period in use, in steps; 0 for none. */
double predict_series_period(const struct predict_series *s);

size_t predict_series_bytes(const struct predict_series *s);

/* As for a predict_demand; the state has predict_series_bytes() bytes. */
void predict_series_save(const struct predict_series *s, void *to);
int predict_series_load(struct predict_series *s, const void *from,
			size_t size);

/* The experts' names, index from 0; NULL past the last. */
const char *predict_expert_name(unsigned int index);

#endif /* PREDICT_PREDICT_H */
