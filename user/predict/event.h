/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * From a known beginning to a better forecast: the quantiles of an
 * app's forecast, together with what followed such beginnings before.
 *
 * A beginning is an event of the calendar, a timer or cron (what follows is
 * added to what the app uses anyway), or the launch of the app itself (what
 * follows is all that it uses). struct event_effect is flat and may be saved.
 *
 * How much of the answer rests on the beginning is earned: forecasts with and
 * without it are kept, compared with what came (pinball loss), and until it has
 * been better, its weight is 0. A demand that a person declared counts from
 * the first time, until its own record speaks against it.
 */
#ifndef PREDICT_EVENT_H
#define PREDICT_EVENT_H

#include "predict/profile.h"

#define EVENT_PENDING	8
/* Before this many comparisons there is no record. */
#define EVENT_SCORED_MIN	6
/* Before this many runs at an age nothing is known of it. */
#define EVENT_RUNS_MIN		2

/* An age further than this is no longer the event's effect. */
#define EVENT_REACH_S	3600.0

/* @ready: the forecast without the beginning means something. */
struct event_quantiles {
	bool ready;
	double mean, q05, q50, q95;
};

/*
 * Before the beginning, in the first minute, and later: what holds for one
 * says little of the others, so each has its record.
 */
#define EVENT_PHASES	3
#define EVENT_YOUNG_S	60.0

/* Rolling losses; each pair was scored on the same moments. */
struct event_record {
	float with, without;		/* where "without" was ready */
	float with_all, naive;		/* the last value, repeated */
	uint32_t scored, scored_all;
};

/* @owner: the app whose value is to come, as many may share an effect. */
struct event_pending {
	double due;			/* 0: free */
	uint64_t owner;
	float with[3], without[3], naive;
	uint16_t ready, phase;
};

struct event_effect {
	struct profile profile;
	struct event_record record[PROFILE_RESOURCES][EVENT_PHASES];
	struct event_pending pending[PROFILE_RESOURCES][EVENT_PENDING];
};

/*
 * What is asked: the ages at the moment of the forecast (negative: it is yet
 * to begin) and at the moment that is forecast.
 *
 * @owner: the app's id.
 * @level: what the app uses now, without its last second's noise: what is
 *	handed to profile_begin() if an event begins.
 * @launch: the app's own launch.
 * @declared: what a person said that it adds, NAN if nothing.
 * @upper: no answer exceeds it; 0: no bound.
 */
struct event_query {
	uint64_t owner;
	int resource;
	double age_now, age_then;
	double level;
	bool launch;
	double declared;
	double upper;
};

void event_init(struct event_effect *e);

/*
 * The forecast as the beginning alone would have it (weight 1); false: it has
 * nothing to say, and @out is @without. q05 <= q50 <= q95, all finite, not
 * below 0, if those of @without are.
 */
bool event_expect(const struct event_effect *e, const struct event_query *q,
		  const struct event_quantiles *without,
		  struct event_quantiles *out);
/* 0..1, by the record. */
double event_weight(const struct event_effect *e, const struct event_query *q,
		    const struct event_quantiles *without);
/* From @out to @with, by 0..1. */
void event_blend(struct event_quantiles *out, double weight,
		 const struct event_quantiles *with);
/* Both: the forecast to be used, and the weight that it took. */
double event_combine(const struct event_effect *e,
		     const struct event_query *q,
		     const struct event_quantiles *without,
		     struct event_quantiles *out);
/*
 * What a forecast's loss is multiplied with by the beginning: below 1 better.
 * 1 without a record.
 */
double event_gain(const struct event_effect *e, const struct event_query *q,
		  const struct event_quantiles *without);

/*
 * Notes the forecast that was made at @now for @horizon later, with weight 1
 * and without, to be compared. Those beyond EVENT_PENDING are not noted.
 */
void event_note(struct event_effect *e, const struct event_query *q,
		double now, double horizon,
		const struct event_quantiles *without, double value_now);
/*
 * The same for two forecasts that were made elsewhere; @phase, below
 * EVENT_PHASES, says in which record.
 */
void event_note_both(struct event_effect *e, uint64_t owner, int resource,
		     int phase, double now, double horizon,
		     const struct event_quantiles *with,
		     const struct event_quantiles *without, double value_now);
/*
 * The record's loss ratio, with / without; NAN: too little was compared.
 * @ready: of the forecast without.
 */
double event_ratio(const struct event_effect *e, int resource, int phase,
		   bool ready);
/* The weight 0..1 that such a ratio earns. */
double event_earned(double ratio);
/* The owner's value of this second: compares what was forecast for it. */
void event_settle(struct event_effect *e, uint64_t owner, int resource,
		  double now, double value);

bool event_valid(const struct event_effect *e);

#endif /* PREDICT_EVENT_H */
