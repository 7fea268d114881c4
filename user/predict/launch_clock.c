// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Clocks: did it start at the same time of former periods?
 *
 * For a period P (a minute, 5 min, 15 min, an hour, a day, a day of the same
 * kind, a week) and a window in the future, look at the windows one, two, ...
 * periods before, as far as the last LAUNCH_TIMES starts reach back: the share
 * of those in which it started, newer ones counting more, with ALPHA windows
 * of the constant rate added. Exact to the second, whatever the minute a job
 * is set to; that a cron job of an odd hour is there at all must be found.
 *
 * Example: a job at 4:17 each night, asked at 4:16:30 for 60 s: it was in all
 * of the last 14 windows of P = 1 day, so (8.9 + 0.3 p) / (8.9 + 0.3) = 0.97.
 */
#include <math.h>
#include <string.h>

#include "predict/launch_model.h"

#define DAY_S	86400.0
#define NEWER	0.93
#define ALPHA	0.3
#define DEEP	28	/* periods to look back */

static const struct clock {
	double period_s;
	bool kind;		/* only days of the same kind */
} clocks[LAUNCH_CLOCKS] = {
	{ 60, false }, { 300, false }, { 900, false }, { 3600, false },
	{ DAY_S, false }, { DAY_S, true }, { 7 * DAY_S, false },
};

const char * const launch_clock_name[LAUNCH_CLOCKS] = {
	"minute", "5 minutes", "15 minutes", "hour", "day", "working day",
	"week",
};

static uint32_t times(const struct launch *l)
{
	return l->nr_times < LAUNCH_TIMES ? l->nr_times : LAUNCH_TIMES;
}

/* The @i-th of the starts that are kept, the oldest first. */
static double time_at(const struct launch *l, uint32_t i)
{
	return l->time[(l->nr_times - times(l) + i) % LAUNCH_TIMES];
}

void launch_clock_add(struct launch *l, double at)
{
	l->time[l->nr_times % LAUNCH_TIMES] = at;
	l->nr_times++;
	if (l->nr_times == 3 * LAUNCH_TIMES)
		l->nr_times -= LAUNCH_TIMES;
}

void launch_clock_trim(struct launch *l, double now)
{
	double kept[LAUNCH_TIMES];
	uint32_t count = times(l);

	for (uint32_t i = 0; i < count; i++)
		kept[i] = time_at(l, i);
	while (count && kept[count - 1] > now)
		count--;
	/* what was overwritten does not come back: the rest is all there is */
	if (count < times(l)) {
		if (l->nr_times > LAUNCH_TIMES)
			l->since = count ? kept[0] : now;
		memcpy(l->time, kept, count * sizeof(*kept));
		l->nr_times = count;
	}
	if (l->since > now)
		l->since = now;
	for (int i = 0; i < LAUNCH_BLINDS; i++)
		if (l->blind[i].to > now)
			l->blind[i].from = l->blind[i].to = 0;
}

void launch_clock_blind(struct launch *l, double from, double to)
{
	l->blind[l->nr_blinds % LAUNCH_BLINDS].from = from;
	l->blind[l->nr_blinds % LAUNCH_BLINDS].to = to;
	l->nr_blinds = (l->nr_blinds + 1) % LAUNCH_BLINDS;
}

/* The first start later than @from, as an index. */
static uint32_t first_after(const struct launch *l, double from)
{
	uint32_t low = 0, high = times(l), middle;

	while (low < high) {
		middle = (low + high) / 2;
		if (time_at(l, middle) > from)
			high = middle;
		else
			low = middle + 1;
	}
	return low;
}

static bool started(const struct launch *l, double from, double to)
{
	uint32_t i = first_after(l, from);

	return i < times(l) && time_at(l, i) <= to;
}

static bool watched(const struct launch *l, double from, double to)
{
	for (int i = 0; i < LAUNCH_BLINDS; i++)
		if (l->blind[i].from < to && l->blind[i].to > from)
			return false;
	return true;
}

/* 1970 began on a Thursday. */
static bool weekend(double at)
{
	long day = (long)floor(at / DAY_S) % 7;

	return day == 2 || day == 3;
}

/* Before it, starts may be missing. */
static double reach(const struct launch *l)
{
	return l->nr_times > LAUNCH_TIMES ? fmax(l->since, time_at(l, 0)) :
					    l->since;
}

double launch_clock_probability(const struct launch *l, int clock,
				double from, double to, double prior)
{
	const struct clock *c = &clocks[clock];
	double begin = reach(l), hits = 0, all = 0, weight = 1, back;
	bool kind = weekend((from + to) / 2);

	for (int j = 1; j <= DEEP; j++) {
		back = j * c->period_s;
		if (from - back < begin)
			break;
		if (to - back > from ||
		    (c->kind && weekend((from + to) / 2 - back) != kind) ||
		    !watched(l, from - back, to - back))
			continue;
		if (started(l, from - back, to - back))
			hits += weight;
		all += weight;
		weight *= NEWER;
	}
	return (hits + ALPHA * prior) / (all + ALPHA);
}

int launch_clock_candidates(const struct launch *l, double from, double to,
			    double *at, int max)
{
	int seen = 0, stored = 0;

	/* twice: to count, and to take every so-manieth */
	for (int take = 0; take < 2; take++) {
		int stride = seen / max + 1, index = 0;

		for (int c = 0; c < LAUNCH_CLOCKS; c++) {
			double period = clocks[c].period_s;
			uint32_t i, end;

			if (clocks[c].kind || to - from < period / 1e3)
				continue;
			i = first_after(l, from - period);
			end = first_after(l, fmin(to, from + period) - period);
			for (; i < end; i++, index++)
				if (take && index % stride == 0 &&
				    stored < max)
					at[stored++] = time_at(l, i) + period;
		}
		seen = index;
	}
	return stored;
}
