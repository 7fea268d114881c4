// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Rates: constant, by the clock, after former starts, by the time since.
 *
 *   base(t)    = starts / seconds, of all times (memory: 120 days)
 *   shape(t)   = sum of a_i * s_i(t), where s_0 is base and the others are
 *                starts per second in bins of the time of day, narrow (15 min)
 *                and wide (65 min), of the time of day on days like this one
 *                (working days, weekend), and of the time of the week
 *   excited(t) = b * shape(t) + sum of c_k * sum over starts of
 *                exp(-(t - start) / tau_k) / tau_k
 *   aged(t)    = shape(t) * g(time since the last start), two g an octave
 *
 * Each factor is "seen / expected": seen is what starts were attributed to the
 * term (its share of the sum at the start), expected the integral of the term
 * without its factor. This is expectation maximisation, one start at a time.
 * Bins hold base as if they had seen PRIOR starts of it, so an empty bin of a
 * young table is not a night.
 *
 * Example: 10 starts in 20 days, all at 9:00. base is 0.5 a day; the bins
 * 8:55-9:10 hold 10 starts in 5 h: (10 + 0.15) / (5 h + 0.15 * 48 h) = 20 a
 * day, and with each start more of the sum is a_narrow's.
 */
#include <math.h>

#include "predict/launch_model.h"

#define PRIOR		0.15	/* starts */
#define DAY_S		86400.0
#define DAY_BIN_S	300.0
#define WEEK_BIN_S	900.0
#define DAY_KEEP	0.97	/* a day: 33 days of memory */
#define WEEK_KEEP	0.93	/* a week: 14 weeks */
#define BASE_KEEP	(1 - 1 / (120 * (double)LAUNCH_DAY_BINS))
#define FACTOR_KEEP	0.998	/* a start */
#define STEP_MAX_S	900.0	/* of integration */
#define SHAPE_EXPECTED	2.0	/* what a factor has seen at the beginning */
#define AGE_PRIOR	1.0

static const double tau_s[LAUNCH_KERNELS] = {
	5, 30, 180, 1200, 7200, 43200,
};

static double modulo(double x, double period)
{
	x = fmod(x, period);
	return x < 0 ? x + period : x;
}

static int day_bin(double at)
{
	int bin = modulo(at, DAY_S) / DAY_BIN_S;

	return bin < LAUNCH_DAY_BINS ? bin : LAUNCH_DAY_BINS - 1;
}

/* From Thursday 0:00, as 1970 began. */
static int week_bin(double at)
{
	int bin = modulo(at, 7 * DAY_S) / WEEK_BIN_S;

	return bin < LAUNCH_WEEK_BINS ? bin : LAUNCH_WEEK_BINS - 1;
}

static void add_bins(const struct launch_bin *bins, int count, int first,
		     int last, double *starts, double *seconds)
{
	for (int i = first; i <= last; i++) {
		const struct launch_bin *b = &bins[(i + count) % count];

		*starts += b->starts;
		*seconds += b->seconds;
	}
}

static bool weekend(int day)	/* from Thursday */
{
	return day == 2 || day == 3;
}

/* The same time of the days of one kind; at midnight the kind may change. */
static void add_alike(const struct launch *l, int bin, double *starts,
		      double *seconds)
{
	int day = bin / 96, slot = bin % 96;

	for (int d = 0; d < 7; d++)
		if (weekend(d) == weekend(day))
			add_bins(l->week, LAUNCH_WEEK_BINS,
				 d * 96 + slot - 1, d * 96 + slot + 1, starts,
				 seconds);
}

double launch_rate_base(const struct launch *l)
{
	return (l->base.starts + 0.5) / (l->base.seconds + DAY_S / 2);
}

/* The terms of shape(), without their factors. */
static void terms(const struct launch *l, double at, double *s)
{
	double base = launch_rate_base(l);
	int day = day_bin(at), week = week_bin(at);
	double starts[LAUNCH_SHAPES] = {}, seconds[LAUNCH_SHAPES] = {};

	add_bins(l->day, LAUNCH_DAY_BINS, day - 1, day + 1, &starts[1],
		 &seconds[1]);
	add_bins(l->day, LAUNCH_DAY_BINS, day - 6, day + 6, &starts[2],
		 &seconds[2]);
	add_alike(l, week, &starts[3], &seconds[3]);
	add_bins(l->week, LAUNCH_WEEK_BINS, week - 1, week + 1, &starts[4],
		 &seconds[4]);
	s[0] = base;
	for (int i = 1; i < LAUNCH_SHAPES; i++)
		s[i] = (starts[i] + PRIOR) / (seconds[i] + PRIOR / base);
}

static double factor(const struct launch_factor *f)
{
	return f->seen / f->expected;
}

static double shape(const struct launch *l, double at)
{
	double s[LAUNCH_SHAPES], sum = 0;

	terms(l, at, s);
	for (int i = 0; i < LAUNCH_SHAPES; i++)
		sum += factor(&l->shape[i]) * s[i];
	return sum;
}

static int age_bin(double age)
{
	int bin = age > 1 ? (int)(2 * log2(age)) + 1 : 0;

	return bin < LAUNCH_AGE_BINS ? bin : LAUNCH_AGE_BINS - 1;
}

static double age_begin(int bin)
{
	return bin ? exp2((bin - 1) / 2.0) : 0;
}

/* Long steps where little changes: far from the last start, within a bin. */
static double step_from(const struct launch *l, double at, double to)
{
	double age = l->known ? at - l->last : STEP_MAX_S / 0.35;
	double step = fmin(STEP_MAX_S, 0.35 * (age > 0 ? age : 0) + 0.2);

	return fmin(step, to - at);
}

struct launch_hazard launch_rate_hazard(const struct launch *l, double from,
					double to)
{
	struct launch_hazard sum = {
		.base = launch_rate_base(l) * (to - from),
	};
	double step, rate, fade;

	for (double at = from; at < to; at += step) {
		step = step_from(l, at, to);
		if (!(step > 1e-6))
			break;
		rate = shape(l, at + step / 2);
		sum.shape += rate * step;
		if (l->known)
			rate *= factor(&l->age[age_bin(at + step / 2 -
						       l->last)]);
		sum.aged += rate * step;
	}
	sum.excited = factor(&l->kernel[LAUNCH_KERNELS]) * sum.shape;
	for (int k = 0; k < LAUNCH_KERNELS; k++) {
		fade = exp(-fmax(0, from - l->excite_at) / tau_s[k]);
		sum.excited += factor(&l->kernel[k]) * l->excite[k] * fade *
			       -expm1(-(to - from) / tau_s[k]);
	}
	return sum;
}

void launch_rate_init(struct launch *l)
{
	for (int i = 0; i < LAUNCH_SHAPES; i++)
		l->shape[i] = (struct launch_factor){
			SHAPE_EXPECTED / LAUNCH_SHAPES, SHAPE_EXPECTED,
		};
	for (int k = 0; k < LAUNCH_KERNELS; k++)
		l->kernel[k] = (struct launch_factor){ 0.02, 1 };
	l->kernel[LAUNCH_KERNELS] = (struct launch_factor){ 2, 2 };
	for (int i = 0; i < LAUNCH_AGE_BINS; i++)
		l->age[i] = (struct launch_factor){ AGE_PRIOR, AGE_PRIOR };
	l->excite_at = l->now;
}

/* Within one bin of the day. */
static void pass_bin(struct launch *l, double from, double seconds)
{
	double s[LAUNCH_SHAPES];

	terms(l, from, s);
	for (int i = 0; i < LAUNCH_SHAPES; i++)
		l->shape[i].expected += s[i] * seconds;
	l->day[day_bin(from)].seconds += seconds;
	l->week[week_bin(from)].seconds += seconds;
	l->base.seconds += seconds;
}

/* Older days count less, each time that a bin comes round. */
static void enter_bin(struct launch *l, double at)
{
	struct launch_bin *day = &l->day[day_bin(at)];
	struct launch_bin *week = &l->week[week_bin(at)];

	day->starts *= DAY_KEEP;
	day->seconds *= DAY_KEEP;
	if (day_bin(at) % 3 == 0) {
		week->starts *= WEEK_KEEP;
		week->seconds *= WEEK_KEEP;
	}
	l->base.starts *= BASE_KEEP;
	l->base.seconds *= BASE_KEEP;
}

void launch_rate_pass(struct launch *l, double to)
{
	double at = l->now, end;

	while (at < to) {
		end = (floor(at / DAY_BIN_S) + 1) * DAY_BIN_S;
		pass_bin(l, at, fmin(end, to) - at);
		if (end <= to)
			enter_bin(l, end + 1);
		at = end;
	}
}

/* What was expected in each bin of age since the last start. */
static void learn_age(struct launch *l, double gap)
{
	double from, to, step;

	for (int i = 0; i < LAUNCH_AGE_BINS; i++) {
		from = age_begin(i);
		to = i + 1 < LAUNCH_AGE_BINS ? fmin(gap, age_begin(i + 1)) :
					       gap;
		if (from >= gap)
			break;
		step = (to - from) / ceil((to - from) / 3600);
		for (double at = from + step / 2; at < to; at += step)
			l->age[i].expected += shape(l, l->last + at) * step;
	}
	l->age[age_bin(gap)].seen += 1;
}

/* Shares this start among the terms that may have brought it. */
static void share(struct launch_factor *f, const double *term, int count)
{
	double sum = 0;

	for (int i = 0; i < count; i++)
		sum += factor(&f[i]) * term[i];
	for (int i = 0; i < count && sum > 0; i++) {
		f[i].seen += factor(&f[i]) * term[i] / sum;
		f[i].seen *= FACTOR_KEEP;
		f[i].expected *= FACTOR_KEEP;
		/* neither may die out */
		f[i].seen = launch_clip(f[i].seen, 1e-4, 1e9);
		f[i].expected = launch_clip(f[i].expected, 1e-2, 1e9);
	}
}

static void learn_excitation(struct launch *l, double gap, double rate)
{
	double term[LAUNCH_KERNELS + 1], fade;

	for (int k = 0; k < LAUNCH_KERNELS; k++) {
		fade = exp(-gap / tau_s[k]);
		l->kernel[k].expected += l->excite[k] * (1 - fade);
		l->excite[k] *= fade;
		term[k] = l->excite[k] / tau_s[k];
	}
	term[LAUNCH_KERNELS] = rate;
	if (l->known) {
		l->kernel[LAUNCH_KERNELS].expected +=
			launch_rate_hazard(l, l->last, l->now).shape;
		share(l->kernel, term, LAUNCH_KERNELS + 1);
	}
	for (int k = 0; k < LAUNCH_KERNELS; k++)
		l->excite[k] += 1;
	l->excite_at = l->now;
}

void launch_rate_start(struct launch *l)
{
	double s[LAUNCH_SHAPES], rate = shape(l, l->now);

	if (l->known)
		learn_age(l, l->now - l->last);
	learn_excitation(l, fmax(0, l->now - l->excite_at), rate);
	terms(l, l->now, s);
	share(l->shape, s, LAUNCH_SHAPES);
	l->day[day_bin(l->now)].starts += 1;
	l->week[week_bin(l->now)].starts += 1;
	l->base.starts += 1;
}
