/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The short trend of an app, in the kernel, at tick rate: it catches ramps
 * that no forecast knew of.
 *
 * Holt's double exponential smoothing. With x the value at a tick:
 *
 *	predicted = level + slope
 *	error     = x - predicted
 *	level     = predicted + error / 4
 *	slope     = slope + error / 32
 *	noise     = noise + (|error| - noise) / 8
 *
 * A trend is believed when it is positive, larger than what a tick's noise alone
 * would give: slope > noise / 4, and when a quarter of it was there in the last
 * three ticks and in the three before: a step, which leaves a slope for seconds,
 * was in one of them only. Example: memory grows by 4 MiB a tick. The slope closes
 * an eighth of its gap in each tick or so; after ten ticks (1 s) it is near 3 MiB
 * while the error has fallen below 4 MiB, and it is believed. White noise of 4 MiB
 * around a constant gives a slope below 0.5 MiB and a noise of 3 MiB, and it is
 * not.
 *
 * That is late for a steep ramp. So what has grown in two ticks in a row, each time
 * by more than 4 times the noise before them, is expected to grow as much again as
 * it has; of the first four ticks, as by then the slope knows better. Example:
 * 16 MiB a tick after a calm are 32 MiB to come at the second tick, 48 at the
 * third; from the fourth on the slope says more, 74 and 100. It ends with the
 * first tick without growth.
 *
 * A ramp that stays below what is forecast is the one that was foreseen: where it ends
 * the forecast knows, and the trend does not. Example: a burst of 40 MiB in two seconds,
 * of which the forecast knew, would be taken for one of 80 at its end.
 */
#ifndef PRESWAP_TREND_H
#define PRESWAP_TREND_H

#include <linux/types.h>

#define PRESWAP_TREND_SETTLE	8	/* values before a trend is believed */
#define PRESWAP_TREND_SPAN	3	/* ticks in which it must be seen, twice */
#define PRESWAP_TREND_PAST	(2 * PRESWAP_TREND_SPAN)
#define PRESWAP_TREND_RUN	4	/* ticks whose growth is expected again */
#define PRESWAP_TREND_GROWTH	0x7fffffffLL	/* in a tick; more is as much */

/* Small, as each app has one for each resource; changes are bounded by the above. */
struct preswap_trend {
	s64 level;
	s64 last;	/* value */
	s32 slope;	/* per tick */
	s32 noise;	/* mean absolute error */
	s32 calm;	/* noise before it began to grow */
	s32 growth[PRESWAP_TREND_PAST];	/* the last tick's first */
	u8 run;		/* ticks in a row that it grew, saturates */
	u8 count;	/* values seen, saturates */
};

/* The growth in @ticks, up to @ago of them ago. */
static inline s64 preswap_trend_grown(const struct preswap_trend *t, u32 ago,
				      u32 ticks)
{
	s64 sum = 0;
	u32 i;

	for (i = ago; i < ago + ticks; i++)
		sum += t->growth[i];
	return sum;
}

static inline void preswap_trend_update_run(struct preswap_trend *t, s64 growth)
{
	if (!t->run)
		t->calm = t->noise;
	if (growth <= 0 || growth <= 4 * (s64)t->calm)
		t->run = 0;
	else if (t->run < PRESWAP_TREND_RUN)
		t->run++;
}

static inline s32 preswap_trend_bound(s64 change)
{
	if (change > PRESWAP_TREND_GROWTH)
		return PRESWAP_TREND_GROWTH;
	if (change < -PRESWAP_TREND_GROWTH)
		return -PRESWAP_TREND_GROWTH;
	return (s32)change;
}

static inline void preswap_trend_update(struct preswap_trend *t, u64 value)
{
	s64 x = (s64)value, growth = x - t->last, error, size;
	u32 i;

	t->last = x;
	if (!t->count) {
		t->level = x;
		t->count = 1;
		return;
	}
	preswap_trend_update_run(t, growth);
	for (i = PRESWAP_TREND_PAST - 1; i; i--)
		t->growth[i] = t->growth[i - 1];
	t->growth[0] = preswap_trend_bound(growth);
	error = x - (t->level + t->slope);
	size = error < 0 ? -error : error;
	t->level += t->slope + error / 4;
	t->slope = preswap_trend_bound(t->slope + error / 32);
	t->noise = preswap_trend_bound(t->noise + (size - t->noise) / 8);
	if (t->count < PRESWAP_TREND_SETTLE)
		t->count++;
}

static inline bool preswap_trend_is_seen(const struct preswap_trend *t)
{
	s64 least = (s64)t->slope * PRESWAP_TREND_SPAN / 4;

	return preswap_trend_grown(t, 0, PRESWAP_TREND_SPAN) >= least &&
	       preswap_trend_grown(t, PRESWAP_TREND_SPAN,
				   PRESWAP_TREND_SPAN) >= least;
}

/* The rise over the next @ticks, 0 unless it is believed. */
static inline u64 preswap_trend_rise(const struct preswap_trend *t, u32 ticks)
{
	u64 rise = 0, grown;

	if (t->count < PRESWAP_TREND_SETTLE)
		return 0;
	if (t->slope > 0 && t->slope > t->noise / 4 &&
	    preswap_trend_is_seen(t))
		rise = (u64)t->slope * ticks;
	if (t->run >= 2) {
		grown = (u64)preswap_trend_grown(t, 0, t->run);
		if (grown > rise)
			rise = grown;
	}
	return rise;
}

/* The same of what no forecast knew; @q95: the forecast, 0 without one. */
static inline u64 preswap_trend_unforeseen(const struct preswap_trend *t,
					   u32 ticks, u64 used, u64 q95)
{
	return used < q95 ? 0 : preswap_trend_rise(t, ticks);
}

#endif /* PRESWAP_TREND_H */
