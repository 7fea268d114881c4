/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Programs that start by known laws, and how well forecasts do on them.
 *
 * Each law tells the probability of a start in any window, given what was
 * before: the best that any forecast can do (the oracle). Only "developer" has
 * a hidden state and no oracle.
 */
#ifndef TEST_LAUNCH_SIM_H
#define TEST_LAUNCH_SIM_H

#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "predict/launch.h"

#define SIM_BEGIN	1767571200.0	/* Monday, 5 January 2026, 0:00 UTC */
#define SIM_OFFSET	3600
#define SIM_HOUR	3600.0
#define SIM_DAY		86400.0
#define SIM_KINDS	12
#define SIM_BINS	10

enum sim_kind {
	SIM_POISSON, SIM_CRON, SIM_WEEKDAYS, SIM_NIGHTLY, SIM_LOOP, SIM_HABIT,
	SIM_OFFICE, SIM_BURSTS, SIM_SESSIONS, SIM_RENEWAL, SIM_CHANGE,
	SIM_DEVELOPER,
};

static const char * const sim_name[SIM_KINDS] = {
	[SIM_POISSON] = "poisson, 20 a day",
	[SIM_CRON] = "cron, each 10 min, 0-2 s late",
	[SIM_WEEKDAYS] = "cron, 9:00 Mon-Fri, 0-2 s late",
	[SIM_NIGHTLY] = "timer, 4:17, up to 5 min late, 1 in 10 left out",
	[SIM_LOOP] = "loop, 433 s +- 5 s after the last",
	[SIM_HABIT] = "habit, once a day, 9:00 +- 20 min",
	[SIM_OFFICE] = "office hours, 4 an hour",
	[SIM_BURSTS] = "bursts at any time",
	[SIM_SESSIONS] = "bursts in office hours",
	[SIM_RENEWAL] = "2 h after the last, lognormal 0.5",
	[SIM_CHANGE] = "50 a day, then 5",
	[SIM_DEVELOPER] = "developer (hidden states)",
};

/* Hundreds of starts a day: fewer days will do. */
static inline bool sim_often(enum sim_kind kind)
{
	return kind == SIM_CRON || kind == SIM_LOOP;
}

/* @last: the last start; @excite: excitation just after it. */
struct sim {
	enum sim_kind kind;
	uint64_t random;
	double last, excite;
	double until;			/* developer: end of the session */
	int hot;			/* developer: builds left in the row */
};

static inline double sim_uniform(struct sim *s)
{
	s->random = s->random * 6364136223846793005ULL +
		    1442695040888963407ULL;
	return ((s->random >> 33) + 0.5) / 2147483648.0;
}

static inline double sim_gauss(struct sim *s)
{
	return sqrt(-2 * log(sim_uniform(s))) *
	       cos(2 * M_PI * sim_uniform(s));
}

static inline double sim_exp(struct sim *s)
{
	return -log(sim_uniform(s));
}

static inline double sim_phi(double x)
{
	return 0.5 * erfc(-x / M_SQRT2);
}

/* Local time. */
static inline double sim_day(double at)
{
	return floor((at - SIM_BEGIN + SIM_OFFSET) / SIM_DAY);
}

static inline double sim_midnight(double day)
{
	return SIM_BEGIN - SIM_OFFSET + day * SIM_DAY;
}

static inline bool sim_weekend(double day)
{
	return fmod(day + 70000, 7) >= 5;	/* day 0 is a Monday */
}

static inline bool sim_office(double at)
{
	double day = sim_day(at), hour = (at - sim_midnight(day)) / SIM_HOUR;

	return !sim_weekend(day) && hour >= 8 && hour < 18;
}

/* ---- laws that are a hazard ---- */

static inline double sim_rate(const struct sim *s, double at)
{
	double age = at - s->last;

	switch (s->kind) {
	case SIM_OFFICE:
		return (sim_office(at) ? 4 : 0.1) / SIM_HOUR;
	case SIM_BURSTS:
		return 6 / SIM_DAY + s->excite / 120 * exp(-age / 120);
	case SIM_SESSIONS:
		return (sim_office(at) ? 0.8 : 0.01) / SIM_HOUR +
		       s->excite / 300 * exp(-age / 300);
	case SIM_CHANGE:
		return (sim_day(at) < 40 ? 50 : 5) / SIM_DAY;
	default:
		return 20 / SIM_DAY;
	}
}

static inline double sim_step(const struct sim *s, double at)
{
	double age = at - s->last;

	if (s->kind == SIM_BURSTS || s->kind == SIM_SESSIONS)
		return fmin(60, 2 + age / 20);
	return 60;
}

/* The integral of the hazard; and, backwards, when it reaches @goal. */
static inline double sim_hazard(const struct sim *s, double from, double to)
{
	double sum = 0, step;

	for (double at = from; at < to; at += step) {
		step = fmin(sim_step(s, at), to - at);
		sum += step * sim_rate(s, at + step / 2);
	}
	return sum;
}

static inline double sim_reach(const struct sim *s, double goal)
{
	double at = s->last, step, add;

	for (;; at += step, goal -= add) {
		step = sim_step(s, at);
		add = step * sim_rate(s, at + step / 2);
		if (add >= goal)
			return at + step * goal / add;
	}
}

/* ---- laws that are a plan: at most one start for each slot ---- */

/* The slot that @at is in; a start of it is not before its begin. */
static inline double sim_slot_s(const struct sim *s)
{
	return s->kind == SIM_CRON ? 600 : SIM_DAY;
}

static inline double sim_slot(const struct sim *s, double at)
{
	return floor((at - sim_midnight(0)) / sim_slot_s(s));
}

/* Probability that slot @n has started by @at. */
static inline double sim_slot_cdf(const struct sim *s, double n, double at)
{
	double in = at - sim_midnight(0) - n * sim_slot_s(s);

	switch (s->kind) {
	case SIM_CRON:
		return fmin(1, fmax(0, in / 2));
	case SIM_WEEKDAYS:
		return sim_weekend(n) ? 0 :
		       fmin(1, fmax(0, (in - 9 * SIM_HOUR) / 2));
	case SIM_NIGHTLY:
		return 0.9 * fmin(1, fmax(0, (in - 4.2833 * SIM_HOUR) / 300));
	default:
		if (sim_weekend(n))
			return 0.2 * sim_phi((in - 11 * SIM_HOUR) / SIM_HOUR);
		return 0.9 * sim_phi((in - 9 * SIM_HOUR) / 1200);
	}
}

static inline double sim_slot_next(struct sim *s)
{
	double n = sim_slot(s, s->last), u, low, high, middle;

	for (;;) {
		n++;
		u = sim_uniform(s);
		low = sim_midnight(0) + n * sim_slot_s(s);
		high = low + sim_slot_s(s);
		if (sim_slot_cdf(s, n, high) < u)
			continue;
		for (int i = 0; i < 50; i++) {
			middle = (low + high) / 2;
			if (sim_slot_cdf(s, n, middle) < u)
				low = middle;
			else
				high = middle;
		}
		return high;
	}
}

static inline double sim_slot_none(const struct sim *s, double from,
				   double to)
{
	double none = 1, begun;

	for (double n = sim_slot(s, from); n <= sim_slot(s, to); n++) {
		if (n == sim_slot(s, s->last))
			continue;	/* it has had its start */
		begun = sim_slot_cdf(s, n, from);
		none *= fmax(0, 1 - sim_slot_cdf(s, n, to)) /
			fmax(1e-12, 1 - begun);
	}
	return none;
}

/* ---- laws of the gap ---- */

static inline double sim_gap_cdf(const struct sim *s, double gap)
{
	if (s->kind == SIM_LOOP)
		return sim_phi((gap - 433) / 5);
	return gap > 0 ? sim_phi(log(gap / 7200) / 0.5) : 0;
}

/* ---- a developer: sessions, rows of builds, single ones ---- */

static inline double sim_developer(struct sim *s)
{
	double at = s->last;

	if (s->hot > 0) {
		s->hot--;
		at += 20 + 60 * exp(0.6 * sim_gauss(s));
	} else {
		at += 900 * sim_exp(s);
		s->hot = sim_uniform(s) < 0.5 ? 6 * sim_exp(s) : 0;
	}
	while (at > s->until) {
		double day = sim_day(at) + 1, hour = at - sim_midnight(day - 1);

		if (hour < 12.5 * SIM_HOUR && !sim_weekend(day - 1) &&
		    s->until < sim_midnight(day - 1) + 13 * SIM_HOUR) {
			at = sim_midnight(day - 1) +
			     (13 + 0.3 * sim_gauss(s)) * SIM_HOUR;
			s->until = at + (4.5 + sim_gauss(s)) * SIM_HOUR;
		} else {
			while (sim_weekend(day) || sim_uniform(s) < 0.1)
				day++;
			at = sim_midnight(day) +
			     (9 + 0.5 * sim_gauss(s)) * SIM_HOUR;
			s->until = sim_midnight(day) + 12.2 * SIM_HOUR;
		}
		at += 600 * sim_exp(s);
		s->hot = 0;
	}
	return at;
}

/* ---- all of them ---- */

static inline void sim_next(struct sim *s)
{
	double next, left;

	switch (s->kind) {
	case SIM_CRON:
	case SIM_WEEKDAYS:
	case SIM_NIGHTLY:
	case SIM_HABIT:
		next = sim_slot_next(s);
		break;
	case SIM_LOOP:
		next = s->last + 433 + 5 * sim_gauss(s);
		break;
	case SIM_RENEWAL:
		next = s->last + 7200 * exp(0.5 * sim_gauss(s));
		break;
	case SIM_DEVELOPER:
		next = sim_developer(s);
		break;
	default:
		next = sim_reach(s, sim_exp(s));
	}
	left = next - s->last;
	s->excite = s->kind == SIM_BURSTS ?
			s->excite * exp(-left / 120) + 0.8 :
			s->excite * exp(-left / 300) + 0.7;
	s->last = next;
}

/* Of a start in (@from, @to] when the last one was s->last; NaN: unknown. */
static inline double sim_oracle(const struct sim *s, double from, double to)
{
	double none;

	switch (s->kind) {
	case SIM_CRON:
	case SIM_WEEKDAYS:
	case SIM_NIGHTLY:
	case SIM_HABIT:
		none = sim_slot_none(s, from, to);
		break;
	case SIM_LOOP:
	case SIM_RENEWAL:
		none = (1 - sim_gap_cdf(s, to - s->last)) /
		       fmax(1e-12, 1 - sim_gap_cdf(s, from - s->last));
		break;
	case SIM_DEVELOPER:
		return NAN;
	default:
		none = exp(-sim_hazard(s, from, to));
	}
	return 1 - fmin(1, none);
}

/* ---- evaluation ---- */

enum { SIM_OWN, SIM_CONSTANT, SIM_HOURLY, SIM_ORACLE, SIM_METHODS };

struct sim_bin {
	double said, came;		/* sums */
	uint64_t count;
};

struct sim_score {
	double log_loss[SIM_METHODS], brier[SIM_METHODS];	/* means */
	uint64_t origins;
	double positive;		/* share of windows with a start */
	struct sim_bin bins[SIM_BINS];	/* of what we said */
};

/* Base rates, learned along: a constant and one for each hour of the day. */
struct sim_rates {
	double starts, seconds, hour_starts[24], hour_seconds[24];
};

static inline int sim_hour(double at)
{
	return (int)((at - sim_midnight(sim_day(at))) / SIM_HOUR) % 24;
}

static inline void sim_rates_pass(struct sim_rates *r, double from, double to)
{
	double end;

	r->seconds += to - from;
	for (double at = from; at < to; at = end) {
		end = fmin(to, sim_midnight(0) + SIM_HOUR *
			   (floor((at - sim_midnight(0)) / SIM_HOUR + 1e-9) +
			    1));
		r->hour_seconds[sim_hour(at + 1e-3)] += end - at;
		if (end <= at)
			break;
	}
}

static inline void sim_rates_start(struct sim_rates *r, double at)
{
	r->starts++;
	r->hour_starts[sim_hour(at)]++;
}

static inline double sim_constant(const struct sim_rates *r)
{
	return (r->starts + 0.5) / (r->seconds + SIM_DAY / 2);
}

static inline double sim_hourly(const struct sim_rates *r, double from,
				double to)
{
	double base = sim_constant(r), sum = 0, step;

	for (double at = from; at < to; at += step) {
		int h = sim_hour(at);

		step = fmin(300, to - at);
		sum += step * (r->hour_starts[h] + 0.5) /
		       (r->hour_seconds[h] + 0.5 / base);
	}
	return sum;
}

static inline double sim_clip(double p)
{
	return fmin(1 - 1e-6, fmax(1e-9, p));
}

static inline void sim_add(struct sim_score *score, const double *p, bool y)
{
	int bin = fmin(SIM_BINS - 1, floor(p[SIM_OWN] * SIM_BINS));

	for (int m = 0; m < SIM_METHODS; m++) {
		double q = sim_clip(p[m]);

		score->log_loss[m] -= log(y ? q : 1 - q);
		score->brier[m] += (y - q) * (y - q);
	}
	score->origins++;
	score->positive += y;
	score->bins[bin].said += p[SIM_OWN];
	score->bins[bin].came += y;
	score->bins[bin].count++;
}

/*
 * Runs the law for @days, the first @learn of them without scoring, and scores
 * @origins moments drawn evenly from the others, for each horizon.
 */
static inline void sim_evaluate(enum sim_kind kind, uint64_t seed, double days,
				double learn, unsigned int origins,
				struct launch *l,
				struct sim_score score[LAUNCH_HORIZONS])
{
	struct sim s = { .kind = kind, .random = seed * 2654435761u + 12345 };
	double end = SIM_BEGIN + days * SIM_DAY, begin, origin, at;
	double pace = (days - learn) * SIM_DAY / origins, *starts;
	size_t count = 0, room = 1 << 20, next = 0;
	struct sim_rates rates = {};
	struct sim now, draws = { .random = seed + 99 };

	memset(score, 0, LAUNCH_HORIZONS * sizeof(*score));
	starts = malloc(room * sizeof(*starts));
	s.last = SIM_BEGIN;
	now = s;
	while (s.last < end + SIM_DAY && count < room) {
		sim_next(&s);
		starts[count++] = s.last;
	}
	begin = at = SIM_BEGIN;
	launch_init(l, at, SIM_OFFSET);
	origin = begin + learn * SIM_DAY;
	while (origin < end) {
		double upto = fmin(origin, at + 60);

		if (next < count && starts[next] <= upto) {
			sim_rates_pass(&rates, at, starts[next]);
			at = starts[next++];
			launch_start(l, at, SIM_OFFSET);
			sim_rates_start(&rates, at);
			sim_next(&now);
			continue;
		}
		sim_rates_pass(&rates, at, upto);
		at = upto;
		launch_pass(l, at, SIM_OFFSET);
		if (at < origin)
			continue;

		struct launch_forecast f;

		launch_forecast(l, &f);
		for (int h = 0; h < LAUNCH_HORIZONS; h++) {
			double to = at + launch_horizon_s[h];
			double p[SIM_METHODS] = {
				f.at[h].probability,
				-expm1(-sim_constant(&rates) * (to - at)),
				-expm1(-sim_hourly(&rates, at, to)),
				sim_oracle(&now, at, to),
			};

			sim_add(&score[h], p, next < count &&
				starts[next] <= to);
		}
		origin += pace * sim_exp(&draws);
	}
	for (int h = 0; h < LAUNCH_HORIZONS; h++) {
		for (int m = 0; m < SIM_METHODS; m++) {
			score[h].log_loss[m] /= score[h].origins;
			score[h].brier[m] /= score[h].origins;
		}
		score[h].positive /= score[h].origins;
	}
	free(starts);
}

#endif /* TEST_LAUNCH_SIM_H */
