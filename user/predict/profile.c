// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Each run has a slot, the same at all ages, so what is interpolated and
 * subtracted belongs to one run. A run overwrites the slot's former one age by
 * age.
 *
 * Example: three runs used 100, 120 and 80 MiB at 10 s, 200, 220 and 100 at 20
 * s. At age 15 s: 150, 170, 90. Seen from age 10 s, 10 s more bring 100, 100
 * and 20.
 */
#include <math.h>
#include <stdlib.h>

#include "predict/profile.h"

const double profile_age_s[PROFILE_AGES] = {
	1, 2, 3, 5, 7, 10, 15, 20, 30, 45, 60, 90, 120, 180, 240, 300, 450,
	600, 900, 1200, 1800, 3600,
};

void profile_init(struct profile *p)
{
	p->runs = 0;
	for (int i = 0; i < PROFILE_KEEP; i++)
		p->length[i] = INFINITY;
	for (int r = 0; r < PROFILE_RESOURCES; r++)
		for (int a = 0; a < PROFILE_AGES; a++)
			for (int i = 0; i < PROFILE_KEEP; i++)
				p->value[r][a][i] = NAN;
}

static float bounded(double value)
{
	if (!(value > -PROFILE_VALUE_MAX))
		return -PROFILE_VALUE_MAX;
	return value < PROFILE_VALUE_MAX ? value : PROFILE_VALUE_MAX;
}

void profile_begin(struct profile *p, struct profile_run *run, double begin,
		   const double *base)
{
	*run = (struct profile_run){
		.begin = isfinite(begin) ? begin : 0,
		.slot = p->runs % PROFILE_KEEP,
	};
	for (int r = 0; base && r < PROFILE_RESOURCES; r++)
		run->base[r] = isfinite(base[r]) ? bounded(base[r]) : 0;
	p->length[run->slot] = INFINITY;
	p->runs++;
}

bool profile_sample(struct profile *p, struct profile_run *run, double now,
		    const double *value)
{
	uint32_t slot = run->slot % PROFILE_KEEP;

	while (run->next < PROFILE_AGES &&
	       now - run->begin >= profile_age_s[run->next] - 0.5) {
		for (int r = 0; r < PROFILE_RESOURCES; r++)
			if (isfinite(value[r]))
				p->value[r][run->next][slot] =
					bounded(value[r] - run->base[r]);
		run->next++;
	}
	return run->next >= PROFILE_AGES;
}

void profile_end(struct profile *p, struct profile_run *run, double now)
{
	const double nothing[PROFILE_RESOURCES] = {};

	p->length[run->slot % PROFILE_KEEP] =
		fmax(0, bounded(now - run->begin));
	profile_sample(p, run, INFINITY, nothing);
}

static double at_age(const struct profile *p, int resource, double age,
		     int slot)
{
	const float (*value)[PROFILE_KEEP] = p->value[resource];
	double low, high, part;
	int a = 0;

	if (age >= p->length[slot])
		return 0;
	if (!(age > profile_age_s[0]))
		return value[0][slot];
	if (age >= profile_age_s[PROFILE_AGES - 1])
		return value[PROFILE_AGES - 1][slot];
	while (age >= profile_age_s[a + 1])
		a++;
	low = value[a][slot];
	high = value[a + 1][slot];
	/* the run has not come that far, nor one before it */
	if (isnan(high))
		return NAN;
	/* up to its end it used what it did */
	if (profile_age_s[a + 1] >= p->length[slot] && !isnan(low))
		return low;
	part = (age - profile_age_s[a]) /
	       (profile_age_s[a + 1] - profile_age_s[a]);
	return isnan(low) ? high : low + part * (high - low);
}

static int ascending(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

int profile_values(const struct profile *p, int resource, double age,
		   double since, double *out)
{
	double value, before;
	int count = 0;

	for (int i = 0; i < PROFILE_KEEP; i++) {
		value = at_age(p, resource, age, i);
		before = since >= 0 ? at_age(p, resource, since, i) : 0;
		if (!isnan(value) && !isnan(before))
			out[count++] = value - before;
	}
	qsort(out, count, sizeof(*out), ascending);
	return count;
}

double profile_quantile(const double *values, int count, double probability)
{
	double at;
	int i;

	if (count < 1)
		return 0;
	/* between the middles of count equal parts */
	at = fmin(fmax(probability * count - 0.5, 0), count - 1);
	i = at;
	if (i + 1 >= count)
		return values[count - 1];
	return values[i] + (at - i) * (values[i + 1] - values[i]);
}

bool profile_valid(const struct profile *p)
{
	const float *value = &p->value[0][0][0];
	int count = PROFILE_RESOURCES * PROFILE_AGES * PROFILE_KEEP;

	for (int i = 0; i < PROFILE_KEEP; i++)
		if (!(p->length[i] >= 0))
			return false;
	for (int i = 0; i < count; i++)
		if (!isnan(value[i]) &&
		    !(fabsf(value[i]) <= PROFILE_VALUE_MAX))
			return false;
	return true;
}
