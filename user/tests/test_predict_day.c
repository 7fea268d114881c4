// SPDX-License-Identifier: GPL-2.0-or-later
/* The forecasting library: hours ahead, by the time of day. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "predict/day.h"
#include "test_predict.h"

#define DAY	86400

/* From 9 to 17 h 300, else 100; days from the sixth on are busier by 60. */
static double office(uint64_t clock)
{
	unsigned int hour = clock % DAY / 3600;

	return (hour >= 9 && hour < 17 ? 300 : 100) +
	       (clock / DAY >= 6 ? 60 : 0);
}

static void feed(struct predict_day *d, uint64_t from, uint64_t to,
		 double (*value)(uint64_t clock), double noise)
{
	predict_day_set_clock(d, from);
	for (uint64_t t = from; t < to; t++)
		predict_day_update(d, value(t) + noise * gauss());
}

/*
 * Of the last of ten days, judged once an hour: the pattern is known, and so is
 * that days are busier now. Naive is wrong by 200 for a third of the hours.
 */
static void test_office(void)
{
	struct predict_day d;
	struct predict_demand_point p;
	double off[PREDICT_DAY_HORIZONS] = { 0 };

	random_state = 11;
	predict_day_init(&d);
	feed(&d, 0, 9 * DAY, office, 10);
	for (uint64_t t = 9 * DAY; t < 10 * DAY; t += 3600) {
		feed(&d, t, t + 3600, office, 10);
		for (unsigned int i = 0; i < PREDICT_DAY_HORIZONS; i++) {
			predict_day_forecast(&d, i, 0, &p);
			ktap_assert(p.horizon_s == predict_day_horizon_s[i] &&
				    p.ready);
			/* of the step that begins a horizon after the last one */
			off[i] += fabs(p.q50 - office(t + 3600 - 900 +
						      p.horizon_s));
		}
	}
	for (unsigned int i = 0; i < PREDICT_DAY_HORIZONS; i++) {
		predict_day_forecast(&d, i, 0, &p);
		ktap_assert(off[i] / 24 < 25, "%u s: off by %g", p.horizon_s,
			    off[i] / 24);
		ktap_assert(p.score.coverage > 0.84 && p.score.coverage < 0.99,
			    "%u s: %g", p.horizon_s, p.score.coverage);
	}
	predict_day_forecast(&d, 1, 0, &p);
	ktap_assert(p.score.loss_ratio < 0.5, "6 h: %g", p.score.loss_ratio);
}

/* Each day is 200 more or less than the one before. */
static double moody(uint64_t clock)
{
	return clock / DAY % 2 ? 400 : 200;
}

/* What today is like counts for the next hours, and by itself not for tomorrow. */
static void test_today(void)
{
	struct predict_day d;
	struct predict_demand_point hour, day;

	random_state = 16;
	predict_day_init(&d);
	feed(&d, 0, 14 * DAY + 6 * 3600, moody, 10);
	predict_day_forecast(&d, 0, 0, &hour);
	predict_day_forecast(&d, 2, 0, &day);
	ktap_assert(moody(14 * DAY) == 200 && fabs(hour.q50 - 200) < 25 &&
		    day.q50 > 280, "%g, %g", hour.q50, day.q50);
}

static double even(uint64_t clock)
{
	(void)clock;
	return 200;
}

/* No pattern: the level, and no worse than who repeats the last step. */
static void test_none(void)
{
	struct predict_day d;
	struct predict_demand_point p;

	random_state = 12;
	predict_day_init(&d);
	feed(&d, 1000, 12 * DAY, even, 30);
	for (unsigned int i = 0; i < PREDICT_DAY_HORIZONS; i++) {
		predict_day_forecast(&d, i, 0, &p);
		ktap_assert(p.score.loss_ratio < 1.02, "%u s: %g", p.horizon_s,
			    p.score.loss_ratio);
		ktap_assert(fabs(p.q50 - 200) < 12 && fabs(p.q95 - 249) < 20 &&
			    fabs(p.q05 - 151) < 20, "%g %g %g", p.q05, p.q50,
			    p.q95);
	}
}

/* Three days without it, and the clock a few seconds back. */
static void test_clock(void)
{
	struct predict_day d, before;
	struct predict_demand_point p, q;

	random_state = 13;
	predict_day_init(&d);
	feed(&d, 0, 5 * DAY, office, 5);
	before = d;
	predict_day_set_clock(&d, 5 * DAY - 30);
	ktap_assert(d.stands == 30, "%u s", d.stands);
	d.stands = 0;
	ktap_assert(!memcmp(&d, &before, sizeof(d)), "30 s back");
	/* told each second or once, it is in step again */
	predict_day_set_clock(&d, 5 * DAY - 30);
	for (int i = 0; i < 40; i++)
		predict_day_update(&d, 5);
	ktap_assert(d.clock == 5 * DAY + 10, "%lld s ahead",
		    (long long)(d.clock - 5 * DAY - 10));
	for (int i = 0; i < 100; i++) {
		predict_day_set_clock(&d, 5 * DAY - 10 + i);
		predict_day_update(&d, 5);
	}
	ktap_assert(d.clock == 5 * DAY + 90, "%lld s ahead",
		    (long long)(d.clock - 5 * DAY - 90));

	feed(&d, 8 * DAY + 6 * 3600, 8 * DAY + 7 * 3600, office, 5);
	predict_day_forecast(&d, 1, 0, &p);
	ktap_assert(p.q50 > 260, "13 h, after a gap: %g", p.q50);
	/* nothing of three days ago is taken for yesterday's */
	for (unsigned int i = 0; i < PREDICT_DAY_STEPS; i++)
		ktap_assert(isnan(d.last[i]) || (i >= 24 && i < 28), "%u", i);

	predict_day_set_clock(&d, 2 * DAY);
	predict_day_forecast(&d, 0, 0, &q);
	ktap_assert(isfinite(q.q95) && predict_day_is_sane(&d));
}

static void test_bounds(void)
{
	static const double odd[] = {
		NAN, INFINITY, -INFINITY, -5, 0, 1e300, 4.9e-324, 1e30, 7
	};
	struct predict_day d;
	struct predict_demand_point p;

	random_state = 14;
	predict_day_init(&d);
	for (unsigned int i = 0; i < PREDICT_DAY_HORIZONS; i++) {
		predict_day_forecast(&d, i, 0, &p);
		ktap_assert(!p.ready && p.q05 == 0 && p.q95 == 0 && p.mean == 0);
	}
	for (unsigned int t = 0; t < 4 * DAY; t++) {
		predict_day_update(&d, odd[t / 700 % 9]);
		if (t % 450)
			continue;
		if (t % 40050 == 0)
			predict_day_set_clock(&d, (uint64_t)t * 977 % 777777);
		ktap_assert(predict_day_is_sane(&d), "at %u", t);
		for (unsigned int i = 0; i < PREDICT_DAY_HORIZONS; i++) {
			predict_day_forecast(&d, i, 5e29, &p);
			ktap_assert(p.q05 >= 0 && p.q05 <= p.q50 &&
				    p.q50 <= p.q95 && p.q95 <= 5e29 &&
				    isfinite(p.mean), "at %u: %g %g %g", t,
				    p.q05, p.q50, p.q95);
		}
	}
	/* an hour of zeros and more is forecast as such */
	predict_day_init(&d);
	for (unsigned int t = 0; t < 2 * DAY; t++)
		predict_day_update(&d, 0);
	predict_day_forecast(&d, 0, 0, &p);
	ktap_assert(p.q05 == 0 && p.q95 == 0 && p.mean == 0 &&
		    p.score.coverage == 1 && p.score.loss_ratio == 1,
		    "%g, coverage %g, ratio %g", p.q95, p.score.coverage,
		    p.score.loss_ratio);
}

/* Through the demand: it comes back as it was, and what is damaged does not. */
static void test_state(void)
{
	struct predict_demand *d = demand_new(), *e = demand_new();
	struct predict_demand_forecast f, g;
	size_t size = predict_demand_state_bytes(d);
	char *state = aligned_alloc(16, (size + 15) / 16 * 16);

	random_state = 15;
	predict_demand_set_clock(d, 1700000000);
	for (int t = 0; t < 6 * 3600; t++)
		predict_demand_update(d, 300 + 10 * gauss());
	predict_demand_save(d, state);
	ktap_assert(!predict_demand_load(e, state, size));
	predict_demand_forecast(d, &f);
	predict_demand_forecast(e, &g);
	ktap_assert(!memcmp(f.day, g.day, sizeof(f.day)) &&
		    f.day[0].q50 > 280, "%g", f.day[0].q50);
	for (int i = 0; i < 100; i++) {
		predict_demand_update(d, 400);
		predict_demand_update(e, 400);
	}
	predict_demand_forecast(d, &f);
	predict_demand_forecast(e, &g);
	ktap_assert(!memcmp(f.day, g.day, sizeof(f.day)));
	predict_demand_free(d);
	predict_demand_free(e);
	free(state);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-10 a day's pattern, and a busier week, up to a day ahead",
		  test_office },
		{ "R-10 what today is like counts", test_today },
		{ "R-10 without a pattern no worse than naive", test_none },
		{ "R-10 the clock jumps, or is set back a little", test_clock },
		{ "R-10 odd values: finite, in order, within bounds",
		  test_bounds },
		{ "R-17 saved and loaded", test_state },
		{}
	});
}
