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
 * A trend is believed when it is positive and larger than what a tick's noise
 * alone would give: slope > noise / 4. Example: memory grows by 4 MiB a tick.
 * The slope closes an eighth of its gap in each tick or so; after ten ticks
 * (1 s) it is near 3 MiB while the error has fallen below 4 MiB, and it is
 * believed. White noise of 4 MiB around a constant gives a slope below
 * 0.5 MiB and a noise of 3 MiB, and it is not.
 */
#ifndef PRESWAP_TREND_H
#define PRESWAP_TREND_H

#include <linux/types.h>

struct preswap_trend {
	s64 level;
	s64 slope;	/* per tick */
	s64 noise;	/* mean absolute error */
	u32 count;	/* values seen, saturates */
};

#define PRESWAP_TREND_SETTLE	8	/* values before a trend is believed */

static inline void preswap_trend_update(struct preswap_trend *t, u64 value)
{
	s64 x = (s64)value, error, size;

	if (!t->count) {
		t->level = x;
		t->count = 1;
		return;
	}
	error = x - (t->level + t->slope);
	size = error < 0 ? -error : error;
	t->level += t->slope + error / 4;
	t->slope += error / 32;
	t->noise += (size - t->noise) / 8;
	if (t->count < PRESWAP_TREND_SETTLE)
		t->count++;
}

/* The rise over the next @ticks, 0 unless it is believed. */
static inline u64 preswap_trend_rise(const struct preswap_trend *t, u32 ticks)
{
	if (t->count < PRESWAP_TREND_SETTLE || t->slope <= 0 ||
	    t->slope <= t->noise / 4)
		return 0;
	return (u64)t->slope * ticks;
}

#endif /* PRESWAP_TREND_H */
