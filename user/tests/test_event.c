// SPDX-License-Identifier: GPL-2.0-or-later
/* what follows a beginning, and when a forecast rests on it. */
#include <math.h>
#include <string.h>

#include "../../selftests/ktap.h"
#include "predict/event.h"

enum { CPU, MEMORY };

static struct event_effect effect;

static double noise(void)
{
	static uint64_t state = 11;

	state = state * 6364136223846793005ULL + 1442695040888963407ULL;
	return (double)(state >> 33) / 1073741824.0 - 1;	/* -1 .. 1 */
}

static struct event_query query(double now, double then)
{
	return (struct event_query){
		.owner = 7, .resource = MEMORY, .age_now = now, .age_then = then,
		.declared = NAN, .level = 100,
	};
}

/* Runs that use @level from the first second on, ending at @end. */
static void learn_runs(struct profile *p, int runs, double level, double base,
		       double end)
{
	struct profile_run run;
	double value[PROFILE_RESOURCES] = {};
	const double before[PROFILE_RESOURCES] = { base, base };

	for (int i = 0; i < runs; i++) {
		profile_begin(p, &run, 1000, before);
		for (double age = 1; age <= 3600; age++) {
			value[CPU] = value[MEMORY] =
				base + (age < end ? level + 10 * i : 0);
			if (profile_sample(p, &run, 1000 + age, value))
				break;
		}
	}
}

static void test_profile(void)
{
	static struct profile p;
	double values[PROFILE_KEEP];
	int count;

	profile_init(&p);
	ktap_assert(!profile_values(&p, CPU, 10, -1, values));
	learn_runs(&p, 5, 100, 1000, 90);
	count = profile_values(&p, CPU, 15, -1, values);
	ktap_assert(count == 5 && values[0] == 100 && values[4] == 140,
		    "%d: %g %g", count, values[0], values[4]);
	ktap_assert(profile_quantile(values, count, 0.5) == 120);
	/* half way down from 60 s to 90 s */
	profile_values(&p, CPU, 75, -1, values);
	ktap_assert(values[2] == 60, "%g", values[2]);
	profile_values(&p, CPU, 600, -1, values);
	ktap_assert(values[0] == 0 && values[4] == 0);
	/* from 30 s on it loses all that it had */
	profile_values(&p, CPU, 300, 30, values);
	ktap_assert(values[0] == -140 && values[4] == -100, "%g", values[0]);
	/* the newest PROFILE_KEEP runs are kept */
	learn_runs(&p, PROFILE_KEEP, 500, 0, 90);
	count = profile_values(&p, CPU, 10, -1, values);
	ktap_assert(count == PROFILE_KEEP && values[0] == 500, "%g",
		    values[0]);
}

static void test_ended(void)
{
	static struct profile p;
	double value[PROFILE_RESOURCES] = { 700, 700 }, values[PROFILE_KEEP];
	struct profile_run run;

	profile_init(&p);
	profile_begin(&p, &run, 50, NULL);
	for (double t = 51; t < 73; t++)
		profile_sample(&p, &run, t, value);
	ktap_assert(!profile_values(&p, CPU, 30, -1, values));
	profile_end(&p, &run, 73);
	ktap_assert(profile_values(&p, CPU, 22.9, -1, values) == 1 &&
		    values[0] == 700, "until its end: %g", values[0]);
	ktap_assert(profile_values(&p, CPU, 20, -1, values) == 1 &&
		    values[0] == 700);
	ktap_assert(profile_values(&p, CPU, 30, -1, values) == 1 &&
		    values[0] == 0);
	ktap_assert(profile_values(&p, CPU, 23.5, -1, values) == 1 &&
		    values[0] == 0, "just after it: %g", values[0]);
	/* a clock that goes back, and values that are none */
	profile_begin(&p, &run, 1e9, NULL);
	value[0] = NAN;
	profile_sample(&p, &run, -5, value);
	profile_sample(&p, &run, 2e9, value);
	ktap_assert(profile_valid(&p));
	ktap_assert(profile_values(&p, CPU, 10, -1, values) == 1);
}

static void test_expected(void)
{
	struct event_quantiles without = { true, 100, 90, 100, 110 }, with;
	struct event_query q = query(-5, 10);

	event_init(&effect);
	ktap_assert(!event_expect(&effect, &q, &without, &with));
	ktap_assert(with.q95 == 110);
	learn_runs(&effect.profile, 3, 400, 100, 5000);
	ktap_assert(event_expect(&effect, &q, &without, &with));
	ktap_assert(with.q05 == 500 && with.q50 == 510 && with.q95 == 520, "%.1f %.1f %.1f", with.q05,
		    with.q50, with.q95);
	/* a forecast that foresees it itself is not added to */
	without = (struct event_quantiles){ true, 500, 120, 515, 600 };
	ktap_assert(event_expect(&effect, &q, &without, &with));
	ktap_assert(with.q05 == 500 && with.q50 == 515 && with.q95 == 600);
	without = (struct event_quantiles){ true, 100, 90, 100, 110 };
	/* once it runs, its use is in the forecast already */
	q = query(20, 30);
	ktap_assert(event_expect(&effect, &q, &without, &with));
	ktap_assert(fabs(with.q50 - 100) < 1, "%.1f", with.q50);
	/* before it begins, and long after, it has no effect */
	q = query(-20, -10);
	ktap_assert(!event_expect(&effect, &q, &without, &with));
	q = query(-20, EVENT_REACH_S + 1);
	ktap_assert(!event_expect(&effect, &q, &without, &with));
	q = query(-5, 10);
	q.upper = 300;
	ktap_assert(event_expect(&effect, &q, &without, &with));
	ktap_assert(with.q95 == 300 && fabs(with.mean - 300) < 1e-9);
}

/*
 * Events each 600 s that bring @jump; the forecast without them repeats the
 * last value. How much of the loss at 10 s is left, over all seconds of the
 * events' first 30, after learning from ten of them.
 */
static double loss_left(double jump, double jitter, double *weight)
{
	double value[PROFILE_RESOURCES] = {}, loss = 0, plain = 0,
	       due_q[16] = {}, due_plain[16] = {};
	struct profile_run run = { .next = PROFILE_AGES };
	struct event_quantiles without, out;

	event_init(&effect);
	*weight = 0;
	for (int t = 600; t < 600 * 30; t++) {
		int age = t % 600, to = age >= 590 ? age - 600 : age;
		struct event_query q = query(to, to + 10);
		double now;

		now = 1000 + 5 * noise() +
			     (age < 300 ? jump + jitter * noise() : 0);

		value[CPU] = value[MEMORY] = now;
		q.level = age ? now : 1000;
		if (age < 30 && t > 600 * 10) {
			double w = now - due_q[t % 16],
			       p = now - due_plain[t % 16];

			loss += w > 0 ? 0.95 * w : -0.05 * w;
			plain += p > 0 ? 0.95 * p : -0.05 * p;
		}
		event_settle(&effect, 7, MEMORY, t, now);
		if (age == 0) {
			double base[PROFILE_RESOURCES] = { 1000, 1000 };

			profile_begin(&effect.profile, &run, t, base);
		}
		profile_sample(&effect.profile, &run, t, value);
		without = (struct event_quantiles){
			true, now, now - 8, now, now + 8,
		};
		if (to > -10)
			event_note(&effect, &q, t, 10, &without, now);
		*weight = fmax(*weight, event_combine(&effect, &q, &without,
						      &out));
		due_q[(t + 10) % 16] = out.q95;
		due_plain[(t + 10) % 16] = without.q95;
	}
	return loss / plain;
}

static void test_earned(void)
{
	double weight, left = loss_left(400, 20, &weight);

	ktap_assert(left < 0.35, "%.3f of the loss is left", left);
	ktap_assert(weight > 0.9, "weight %.2f", weight);
}

/* An event that brings nothing gets no weight, and does no harm. */
static void test_unearned(void)
{
	double weight, left = loss_left(0, 0, &weight);

	ktap_assert(left < 1.03, "%.3f of the loss", left);
	ktap_assert(weight == 0, "weight %.2f", weight);
}

static void test_declared(void)
{
	struct event_quantiles without = { true, 100, 90, 100, 110 }, out;
	struct event_query q = query(-5, 10);
	double w;

	event_init(&effect);
	ktap_assert(event_combine(&effect, &q, &without, &out) == 0);
	q.declared = 300;
	w = event_combine(&effect, &q, &without, &out);
	ktap_assert(w == 1 && fabs(out.q50 - 400) < 1, "%.2f %.1f", w,
		    out.q50);
	/* ten times it brought nothing */
	for (int i = 0; i < 10; i++) {
		event_note(&effect, &q, 1000 + 60 * i, 15, &without, 100);
		event_settle(&effect, 7, MEMORY, 1015 + 60 * i, 100);
	}
	w = event_combine(&effect, &q, &without, &out);
	ktap_assert(w == 0 && out.q50 == 100, "%.2f", w);
}

/* A new app has no forecast of its own: former launches give one. */
static void test_launch(void)
{
	struct event_quantiles without = {}, out;
	struct event_query q = query(2, 12);
	double w;

	q.launch = true;
	event_init(&effect);
	learn_runs(&effect.profile, 4, 800, 0, 5000);
	ktap_assert(event_combine(&effect, &q, &without, &out) == 0,
		    "not without a record");
	ktap_assert(!out.ready);
	for (int i = 0; i < 8; i++) {
		event_note(&effect, &q, 1000 + 60 * i, 10, &without, 100);
		event_settle(&effect, 7, MEMORY, 1010 + 60 * i, 815);
	}
	w = event_combine(&effect, &q, &without, &out);
	ktap_assert(w == 1 && out.ready && fabs(out.q50 - 815) < 1 &&
		    out.q05 >= 800 && out.q95 <= 830, "%.2f %.1f", w, out.q50);
	ktap_assert(event_gain(&effect, &q, &without) < 0.1, "%.3f",
		    event_gain(&effect, &q, &without));
}

static void test_odd(void)
{
	struct event_quantiles without = { true, 1, 0, 1, 2 }, out;
	struct event_query q = query(NAN, NAN);

	event_init(&effect);
	learn_runs(&effect.profile, 3, 1e300, 0, 5000);
	event_combine(&effect, &q, &without, &out);
	ktap_assert(isfinite(out.q95) && isfinite(out.mean));
	q = query(-1, 5);
	q.declared = 1e300;
	event_note(&effect, &q, NAN, 10, &without, 3);
	event_note(&effect, &q, 1e18, 10, &without, INFINITY);
	event_settle(&effect, 7, MEMORY, -1e18, NAN);
	event_combine(&effect, &q, &without, &out);
	ktap_assert(isfinite(out.q95) && out.q05 <= out.q50 &&
		    out.q50 <= out.q95);
	ktap_assert(event_valid(&effect));
	effect.record[0][0].with = NAN;
	ktap_assert(!event_valid(&effect));
	ktap_assert(sizeof(effect) < 7168, "%zu bytes", sizeof(effect));
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-13 a profile keeps the newest runs", test_profile },
		{ "R-13 a run that ends uses nothing more", test_ended },
		{ "R-9 an event's addition is in the quantiles",
		  test_expected },
		{ "R-9 an event that helps earns its weight", test_earned },
		{ "R-9 an event that brings nothing has none",
		  test_unearned },
		{ "R-9 a declared demand counts until it is refuted",
		  test_declared },
		{ "R-13 a launch's demand, before there is a forecast",
		  test_launch },
		{ "R-9 input that is none", test_odd },
		{}
	});
}
