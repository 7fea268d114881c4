// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The probabilities of a start within each horizon, one less the one before,
 * are those of a start between the two; the age is then taken from the middle.
 * More than one start is not looked at.
 *
 * Example: it starts within 5 s with 0.6, within 10 s with 0.9, and has used
 * 200 at the age of 2.5 s, 300 at that of 7.5. In 10 s the addition is 300 with
 * 0.6, 200 with 0.3 and 0 with 0.1: its median is 300, its 5 % quantile 0.
 */
#include <math.h>
#include <stdlib.h>

#include "predict/expect.h"

struct part {
	double value, weight;
};

#define PARTS_MAX	(EXPECT_HORIZONS_MAX * PROFILE_KEEP + 1)

static int ascending(const void *a, const void *b)
{
	double x = ((const struct part *)a)->value;
	double y = ((const struct part *)b)->value;

	return (x > y) - (x < y);
}

static double quantile(const struct part *parts, int count, double p)
{
	double sum = 0;

	for (int i = 0; i < count; i++) {
		sum += parts[i].weight;
		if (sum >= p)
			return parts[i].value;
	}
	return parts[count - 1].value;
}

/* Parts whose weights are together 1; 0: nothing is known. */
static int make_parts(const struct profile *profile,
		      const struct expect_query *q, struct part *parts)
{
	double values[PROFILE_KEEP], before = 0, from = 0, share, age;
	int count = 0, n;

	for (int i = 0; i <= q->index && i < EXPECT_HORIZONS_MAX; i++) {
		share = fmax(0, fmin(1, q->probability[i]) - before);
		age = q->horizon_s[q->index] -
		      (from + q->horizon_s[i]) / 2;
		n = profile_values(profile, q->resource, age, -1, values);
		if (n < EVENT_RUNS_MIN)
			return 0;
		for (int k = 0; k < n; k++)
			parts[count++] = (struct part){ values[k], share / n };
		before += share;
		from = q->horizon_s[i];
	}
	parts[count++] = (struct part){ 0, 1 - before };
	return count;
}

static double more(double other, double value, double upper)
{
	if (upper > 0 && value > upper)
		value = upper;
	return value > other ? value : other;
}

bool expect_launch(const struct profile *profile, const struct expect_query *q,
		   const struct event_quantiles *without,
		   struct event_quantiles *out)
{
	struct part parts[PARTS_MAX];
	double mean = 0;
	int count;

	*out = *without;
	if (!without->ready || !isfinite(q->level))
		return false;
	count = make_parts(profile, q, parts);
	if (!count)
		return false;
	qsort(parts, count, sizeof(*parts), ascending);
	for (int i = 0; i < count; i++)
		mean += parts[i].value * parts[i].weight;
	out->mean = more(out->mean, q->level + mean, q->upper);
	out->q05 = more(out->q05, q->level + quantile(parts, count, 0.05),
			q->upper);
	out->q50 = more(out->q50, q->level + quantile(parts, count, 0.5),
			q->upper);
	out->q95 = more(out->q95, q->level + quantile(parts, count, 0.95),
			q->upper);
	return true;
}
