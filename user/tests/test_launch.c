// SPDX-License-Identifier: GPL-2.0-or-later
/* when programs start, against laws that are known. */
#include <string.h>

#include "../../selftests/ktap.h"
#include "launch_sim.h"

#define COUNT(a)	(sizeof(a) / sizeof((a)[0]))

enum { H1, H2, H5, H10, H30, H60, H300, H900, H3600, H14400, H86400 };

static struct launch launch;

/*
 * At most: our log loss and Brier score over those of a constant rate, the log
 * loss over that of hourly rates, and over the oracle's.
 */
static const struct demand {
	enum sim_kind kind;
	int horizon;
	double constant, brier, hourly, oracle;
} demands[] = {
	{ SIM_POISSON, H60, 1.02, 1.02, 1.02, 1.02 },
	{ SIM_POISSON, H900, 1.02, 1.02, 1.02, 1.02 },
	{ SIM_POISSON, H3600, 1.02, 1.02, 1.02, 1.03 },
	{ SIM_CRON, H10, 0.1, 0.15, 0.1, 3 },
	{ SIM_CRON, H60, 0.02, 0.02, 0.02, 3 },
	{ SIM_WEEKDAYS, H900, 0.05, 0.05, 0.05, INFINITY },
	{ SIM_WEEKDAYS, H3600, 0.05, 0.05, 0.1, INFINITY },
	{ SIM_WEEKDAYS, H86400, 0.25, 0.2, 0.25, INFINITY },
	{ SIM_NIGHTLY, H900, 0.4, 0.5, 0.6, 2.5 },
	{ SIM_NIGHTLY, H3600, 0.4, 0.5, 0.7, 2 },
	{ SIM_LOOP, H10, 0.4, 0.6, 0.4, 1.3 },
	{ SIM_LOOP, H60, 0.08, 0.08, 0.08, 1.5 },
	{ SIM_HABIT, H900, 0.75, 0.95, 0.95, 1.8 },
	{ SIM_HABIT, H3600, 0.55, 0.7, 0.85, 2 },
	{ SIM_OFFICE, H900, 0.72, 0.7, 0.9, 1.15 },
	{ SIM_OFFICE, H3600, 0.5, 0.4, 0.75, 1.3 },
	{ SIM_BURSTS, H60, 0.85, 0.9, 0.85, 1.15 },
	{ SIM_BURSTS, H900, 0.8, 0.8, 0.8, 1.12 },
	{ SIM_SESSIONS, H60, 0.85, 1, 0.9, 1.2 },
	{ SIM_SESSIONS, H900, 0.7, 0.85, 0.85, 1.2 },
	{ SIM_SESSIONS, H3600, 0.5, 0.5, 0.7, 1.3 },
	{ SIM_RENEWAL, H900, 0.95, 0.98, 0.95, 1.05 },
	{ SIM_RENEWAL, H3600, 0.95, 0.95, 0.95, 1.05 },
	{ SIM_CHANGE, H900, 0.9, 0.9, 0.9, 1.08 },
	{ SIM_CHANGE, H3600, 0.65, 0.6, 0.65, 1.15 },
	{ SIM_DEVELOPER, H60, 0.7, 0.9, 0.85, INFINITY },
	{ SIM_DEVELOPER, H900, 0.45, 0.5, 0.65, INFINITY },
	{ SIM_DEVELOPER, H3600, 0.2, 0.2, 0.35, INFINITY },
};

static const struct sim_score *scores_of(enum sim_kind kind)
{
	static struct sim_score scores[SIM_KINDS][LAUNCH_HORIZONS];
	static bool done[SIM_KINDS];

	if (!done[kind])
		sim_evaluate(kind, 3, sim_often(kind) ? 12 : 56,
			     sim_often(kind) ? 6 : 21, 2500, &launch,
			     scores[kind]);
	ktap_assert(launch_valid(&launch), "%s", sim_name[kind]);
	done[kind] = true;
	return scores[kind];
}

static void check_kind(enum sim_kind kind)
{
	for (size_t i = 0; i < COUNT(demands); i++) {
		const struct demand *d = &demands[i];
		const struct sim_score *s;
		double own;

		if (d->kind != kind)
			continue;
		s = &scores_of(kind)[d->horizon];
		own = s->log_loss[SIM_OWN];
		ktap_assert(own <= d->constant * s->log_loss[SIM_CONSTANT],
			    "%s, %g s: log loss %.4f, constant %.4f",
			    sim_name[kind], launch_horizon_s[d->horizon], own,
			    s->log_loss[SIM_CONSTANT]);
		ktap_assert(own <= d->hourly * s->log_loss[SIM_HOURLY],
			    "%s, %g s: log loss %.4f, hourly %.4f",
			    sim_name[kind], launch_horizon_s[d->horizon], own,
			    s->log_loss[SIM_HOURLY]);
		ktap_assert(s->brier[SIM_OWN] <=
			    d->brier * s->brier[SIM_CONSTANT],
			    "%s, %g s: Brier %.4f, constant %.4f",
			    sim_name[kind], launch_horizon_s[d->horizon],
			    s->brier[SIM_OWN], s->brier[SIM_CONSTANT]);
		if (isfinite(d->oracle))
			ktap_assert(own <= d->oracle *
				    s->log_loss[SIM_ORACLE],
				    "%s, %g s: log loss %.4f, oracle %.4f",
				    sim_name[kind],
				    launch_horizon_s[d->horizon], own,
				    s->log_loss[SIM_ORACLE]);
	}
}

static void test_poisson(void) { check_kind(SIM_POISSON); }
static void test_cron(void) { check_kind(SIM_CRON); }
static void test_weekdays(void) { check_kind(SIM_WEEKDAYS); }
static void test_nightly(void) { check_kind(SIM_NIGHTLY); }
static void test_loop(void) { check_kind(SIM_LOOP); }
static void test_habit(void) { check_kind(SIM_HABIT); }
static void test_office(void) { check_kind(SIM_OFFICE); }
static void test_bursts(void) { check_kind(SIM_BURSTS); }
static void test_sessions(void) { check_kind(SIM_SESSIONS); }
static void test_renewal(void) { check_kind(SIM_RENEWAL); }
static void test_change(void) { check_kind(SIM_CHANGE); }
static void test_developer(void) { check_kind(SIM_DEVELOPER); }

/* Over all laws: of what was said to be 30 %, 30 % came. */
static void test_calibrated(void)
{
	struct sim_bin bins[SIM_BINS] = {};

	for (int kind = 0; kind < SIM_KINDS; kind++)
		for (int h = H10; h <= H3600; h++)
			for (int b = 0; b < SIM_BINS; b++) {
				const struct sim_bin *from =
					&scores_of(kind)[h].bins[b];

				bins[b].said += from->said;
				bins[b].came += from->came;
				bins[b].count += from->count;
			}
	for (int b = 0; b < SIM_BINS; b++) {
		double said = bins[b].said / bins[b].count;
		double came = bins[b].came / bins[b].count;

		ktap_assert(bins[b].count >= 300, "bin %d: %llu", b,
			    (unsigned long long)bins[b].count);
		ktap_assert(fabs(said - came) < 0.06,
			    "bin %d: said %.3f, came %.3f", b, said, came);
	}
}

static void check_sane(const char *when)
{
	struct launch_forecast f;
	double before = 0;

	launch_forecast(&launch, &f);
	for (int h = 0; h < LAUNCH_HORIZONS; h++) {
		double p = f.at[h].probability;

		ktap_assert(p > 0 && p < 1 && p >= before, "%s, %g s: %g",
			    when, f.at[h].horizon_s, p);
		ktap_assert(f.at[h].loss_ratio >= 0 &&
			    f.at[h].loss_ratio <= 1000, "%s", when);
		before = p;
	}
	ktap_assert(f.rate_per_day > 0 && isfinite(f.rate_per_day), "%s",
		    when);
	ktap_assert(launch_valid(&launch), "%s", when);
}

static void test_odd_times(void)
{
	double t = SIM_BEGIN;

	launch_init(&launch, t, SIM_OFFSET);
	check_sane("fresh");
	for (int i = 0; i < 50; i++) {
		launch_start(&launch, t += 60, SIM_OFFSET);
		launch_start(&launch, t, SIM_OFFSET);
	}
	check_sane("equal times");
	launch_start(&launch, t - 30 * SIM_DAY, SIM_OFFSET);
	check_sane("a month back");
	launch_pass(&launch, t - 40 * SIM_DAY, SIM_OFFSET);
	check_sane("and more");
	launch_start(&launch, t + 10 * 365 * SIM_DAY, SIM_OFFSET);
	check_sane("ten years on");
	launch_start(&launch, 0, SIM_OFFSET);
	launch_start(&launch, -1e15, 0);
	launch_start(&launch, 1e300, 0);
	launch_pass(&launch, NAN, 0);
	launch_start(&launch, INFINITY, 0);
	launch_blind(&launch, -INFINITY, 0);
	check_sane("no times at all");
	launch_pass(&launch, t, INT32_MAX);
	launch_pass(&launch, t, INT32_MIN);
	launch_pass(&launch, t, 0);
	check_sane("absurd offsets");
	launch_init(&launch, NAN, 0);
	check_sane("from nothing");
}

/* What the clock shows at 9:00 is 9:00 before and after summer time. */
static void test_summer(void)
{
	double t = SIM_BEGIN - SIM_OFFSET + 9 * SIM_HOUR;
	struct launch_forecast f;

	launch_init(&launch, t - 60, 3600);
	for (int day = 0; day < 30; day++, t += SIM_DAY) {
		launch_start(&launch, t, 3600);
		launch_pass(&launch, t + SIM_HOUR, 3600);
	}
	launch_pass(&launch, t - SIM_HOUR - 31, 7200);
	launch_forecast(&launch, &f);
	ktap_assert(f.at[H60].probability > 0.9, "%.3f",
		    f.at[H60].probability);
	launch_pass(&launch, t - 31, 7200);
	launch_forecast(&launch, &f);
	ktap_assert(f.at[H60].probability < 0.3, "%.3f",
		    f.at[H60].probability);
}

/* The clock is set back a little just after a start: what was before it is kept. */
static void test_set_back(void)
{
	double t, after;
	struct launch_forecast f;

	for (int days = 1; days <= 3; days++) {
		launch_init(&launch, SIM_BEGIN, 0);
		for (t = SIM_BEGIN; t <= SIM_BEGIN + days * SIM_DAY; t += 600)
			launch_start(&launch, t, 0);
		t -= 600;
		for (double at = t - 5; at <= t + 555; at++)
			launch_pass(&launch, at, 0);
		launch_forecast(&launch, &f);
		after = f.at[H60].probability;
		ktap_assert(after > 0.4, "of %d days: %.3f", days, after);
	}
}

/* Time that nobody watched is no time without starts. */
static void test_blind(void)
{
	double t = SIM_BEGIN, watched, slept;
	struct launch_forecast f;

	launch_init(&launch, t, 0);
	for (int i = 0; i < 200; i++)
		launch_start(&launch, t += 1000, 0);
	launch_blind(&launch, t + 30 * SIM_DAY, 0);
	launch_forecast(&launch, &f);
	slept = f.rate_per_day;
	ktap_assert(slept > 68 && slept < 90, "%.1f a day", slept);
	launch_init(&launch, t = SIM_BEGIN, 0);
	for (int i = 0; i < 200; i++)
		launch_start(&launch, t += 1000, 0);
	launch_pass(&launch, t + 30 * SIM_DAY, 0);
	launch_forecast(&launch, &f);
	watched = f.rate_per_day;
	ktap_assert(watched < 8, "%.1f a day", watched);
	/* nor are nights without a job that would have come */
	t = SIM_BEGIN + 4.2833 * SIM_HOUR;
	launch_init(&launch, SIM_BEGIN, 0);
	for (int night = 0; night < 14; night++)
		launch_start(&launch, t + night * SIM_DAY, 0);
	launch_blind(&launch, t + 20 * SIM_DAY - 60, 0);
	launch_pass(&launch, t + 20 * SIM_DAY - 30, 0);
	launch_forecast(&launch, &f);
	ktap_assert(f.at[H60].probability > 0.9, "%.3f",
		    f.at[H60].probability);
}

/* A job that is no more loses what it had. */
static void test_ends(void)
{
	struct launch_forecast f;
	double t = SIM_BEGIN;

	launch_init(&launch, t, 0);
	for (int i = 0; i < 300; i++)
		launch_start(&launch, t += 600, 0);
	launch_pass(&launch, t + 570, 0);
	launch_forecast(&launch, &f);
	ktap_assert(f.at[H60].probability > 0.9, "%.3f",
		    f.at[H60].probability);
	for (int i = 1; i <= 20; i++)
		launch_pass(&launch, t + 570 + i * 600, 0);
	launch_forecast(&launch, &f);
	ktap_assert(f.at[H60].probability < 0.35, "%.3f",
		    f.at[H60].probability);
	for (int i = 1; i <= 7; i++)
		launch_pass(&launch, t + i * SIM_DAY, 0);
	launch_forecast(&launch, &f);
	ktap_assert(f.at[H60].probability < 0.1, "%.3f",
		    f.at[H60].probability);
}

/* The same input gives the same state; a copy is as good as the original. */
static void test_flat(void)
{
	static struct launch copy, again;
	double t = SIM_BEGIN;

	launch_init(&launch, t, SIM_OFFSET);
	launch_init(&again, t, SIM_OFFSET);
	for (int i = 0; i < 100; i++) {
		t += 700 + 10 * (i % 7);
		launch_start(&launch, t, SIM_OFFSET);
		launch_start(&again, t, SIM_OFFSET);
	}
	ktap_assert(!memcmp(&launch, &again, sizeof(launch)));
	memcpy(&copy, &launch, sizeof(copy));
	launch_start(&launch, t + 500, SIM_OFFSET);
	launch_start(&copy, t + 500, SIM_OFFSET);
	ktap_assert(!memcmp(&launch, &copy, sizeof(launch)));
	ktap_assert(sizeof(launch) <= 12288, "%zu bytes", sizeof(launch));
	copy.loss[3][4] = NAN;
	ktap_assert(!launch_valid(&copy));
	copy = launch;
	copy.time[5] = copy.now + 1e6;
	ktap_assert(!launch_valid(&copy));
	copy = launch;
	copy.version++;
	ktap_assert(!launch_valid(&copy));
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-13 Poisson: not worse than the base rate", test_poisson },
		{ "R-13 cron each ten minutes", test_cron },
		{ "R-13 cron on working days", test_weekdays },
		{ "R-13 a nightly timer with a random delay", test_nightly },
		{ "R-13 a loop of an odd period", test_loop },
		{ "R-13 a habit, once a day", test_habit },
		{ "R-13 office hours", test_office },
		{ "R-13 bursts", test_bursts },
		{ "R-13 bursts in office hours", test_sessions },
		{ "R-13 a time after the last", test_renewal },
		{ "R-13 a rate that changes", test_change },
		{ "R-13 a developer's day", test_developer },
		{ "R-13 calibrated over all of them", test_calibrated },
		{ "R-13 clocks that jump", test_odd_times },
		{ "R-13 a clock set back a little", test_set_back },
		{ "R-13 summer time", test_summer },
		{ "R-13 time not watched teaches nothing", test_blind },
		{ "R-13 a job that ends", test_ends },
		{ "R-13, R-17 the state is flat and checked", test_flat },
		{}
	});
}
