// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Online autocorrelation with a memory that grows with the lag.
 *
 * With z(t) = (x(t) - mean) / sd, clipped to +-CLIP, for each lag L
 *
 *	C(L) <- (1 - 1/M) C(L) + z(t) z(t - L),	   M = 4 x 2^ceil(log2 L) + 64
 *	P <- (1 - 1/M) P + z(t)^2
 *	r(L) = (C(L-1)/2 + C(L) + C(L+1)/2) / (1.5 P)
 *
 * so every lag is judged over about four of its own periods or more: a short
 * pattern is found and forgotten soon, a long one gets the time it needs. The
 * neighbours are summed in because a burst that comes one step early or late
 * puts its product one lag aside; from lag 20 on two on each side, 1 2 3 2 1
 * over 5, as both bursts of a pair may stray.
 *
 * Assumption: what repeats stands out against its surroundings. Under pure
 * noise r(L) has a standard deviation of about 0.8 / sqrt(M); a period counts
 * from MARGIN + 3 / sqrt(M) above the lowest r before it. False ones are
 * cheap: recur.c acts on a period only after it has forecast well.
 *
 * Example: bursts of 10 sd, 1 step wide, every 100 steps, else noise of about
 * 0: the second burst puts 100 into C(100), P is 200: r = 3 x 100 / (5 x 200)
 * = 0.3; M = 576, the threshold 0.05 + 3/24 = 0.175.
 *
 * The cost is one multiply-add a lag and step, 600 in 0.3 us.
 */
#include <math.h>
#include <stdbool.h>
#include <string.h>

#include "predict/bell.h"
#include "predict/period.h"

#define CLIP		10.0
#define MARGIN		0.05
#define WIDE_FROM	20	/* lags */
#define CHUNK		128	/* lags */
#define MOMENT_STEPS	400.0	/* memory of mean and sd */

void predict_period_init(struct predict_period *p, float *room,
			 unsigned int max)
{
	memset(p, 0, sizeof(*p));
	p->c = room;
	p->max = max;
}

static double group_memory(unsigned int group)
{
	return 4.0 * (1u << group) + 64;
}

/* Lags 2^(g-1) < L <= 2^g are of group g. */
static unsigned int group_of(unsigned int lag)
{
	return lag < 2 ? 0 : 32 - (unsigned int)__builtin_clz(lag - 1);
}

static void moments_update(struct predict_period *p, double value)
{
	double a, d = value - p->mean;

	p->seen += 1;
	a = fmax(1 / p->seen, 1 / MOMENT_STEPS);
	/* An outlier may widen the scale, but not swallow it whole. */
	if (p->seen > 16 && p->var > 0) {
		double most = CLIP * sqrt(p->var);

		d = fmin(fmax(d, -most), most);
	}
	p->mean += a * d;
	p->var = (1 - a) * (p->var + a * d * d);
}

static float clipped(double z)
{
	return (float)fmin(fmax(z, -CLIP), CLIP);
}

/*
 * c[i] = keep c[i] + z clip(a code[n - 1 - i] + b), @n up to CHUNK. In two loops:
 * what goes backwards must not change its type, or it is done one by one.
 */
static void accumulate(float *c, unsigned int n, const int16_t *code,
		       float keep, float z, float a, float b)
{
	float past[CHUNK];

	for (unsigned int i = 0; i < n; i++) {
		float x = a * code[i] + b;

		x = x > (float)CLIP ? (float)CLIP : x;
		past[i] = x < -(float)CLIP ? -(float)CLIP : x;
	}
	for (unsigned int i = 0; i < n; i++)
		c[i] = keep * c[i] + z * past[n - 1 - i];
}

/* Lags @from..@to, in pieces, cut where the ring wraps. */
static void accumulate_lags(struct predict_period *p,
			    const struct predict_ring *past, unsigned int from,
			    unsigned int to, float keep, float z, float inv)
{
	float a = past->scale * inv;
	float b = (past->base - (float)p->mean) * inv;

	if (!isfinite(a) || !isfinite(b))
		return;
	while (from <= to) {
		unsigned int back = from % past->size;
		unsigned int at = past->next >= back ?
			past->next - back : past->next + past->size - back;
		unsigned int n = to - from + 1;

		if (n > at + 1)
			n = at + 1;
		if (n > CHUNK)
			n = CHUNK;
		accumulate(p->c + from, n, past->code + at + 1 - n, keep, z, a,
			   b);
		from += n;
	}
}

PREDICT_HOT
void predict_period_update(struct predict_period *p,
			   const struct predict_ring *past, double value)
{
	unsigned int from = 1, last = p->max + 2;
	float z, inv;

	moments_update(p, value);
	if (!(p->var > 0))
		return;
	inv = (float)(1 / sqrt(p->var));
	/* A scale beyond float's range has nothing to tell. */
	if (!isfinite(inv) || !(inv > 0))
		return;
	z = clipped((value - p->mean) * inv);
	if (last > past->used)
		last = past->used;
	for (unsigned int g = 0; g < PREDICT_PERIOD_GROUPS; g++) {
		double keep = 1 - 1 / group_memory(g);
		unsigned int to = 1u << g;

		p->power[g] = (float)(keep * p->power[g] + (double)z * z);
		if (from > last)
			continue;
		if (to > last)
			to = last;
		accumulate_lags(p, past, from, to, (float)keep, z, inv);
		from = to + 1;
	}
}

/* r(L) of the opening comment, 1 <= L <= max. */
static double correlation(const struct predict_period *p, unsigned int lag)
{
	const float *c = p->c + lag;
	double power = p->power[group_of(lag)];

	if (!(power > 0))
		return 0;
	if (lag < WIDE_FROM)
		return (0.5 * c[-1] + c[0] + 0.5 * c[1]) / (1.5 * power);
	return (c[-2] + 2 * c[-1] + 3 * c[0] + 2 * c[1] + c[2]) / (5 * power);
}

static bool is_peak(const struct predict_period *p, unsigned int lag, double r)
{
	unsigned int reach = lag / 8 < 2 ? 2 : lag / 8 > 8 ? 8 : lag / 8;

	for (unsigned int i = 1; i <= reach; i++) {
		if (lag > i && correlation(p, lag - i) > r)
			return false;
		if (lag + i <= p->max && correlation(p, lag + i) > r)
			return false;
	}
	return true;
}

/*
 * The fraction: the peak near 2, 3, 4 times the lag tells the period to a
 * half, a third, a quarter of a step, and a parabola through the last one
 * somewhat better.
 */
static double refine(const struct predict_period *p, unsigned int lag)
{
	double period = lag, a, b, c;
	unsigned int at = lag, times = 1;

	for (unsigned int m = 2; m <= 4; m++) {
		unsigned int mid = (unsigned int)lrint(period * m), best = mid;
		unsigned int reach = 1 + m / 2;

		if (mid + reach > p->max)
			break;
		for (unsigned int l = mid - reach; l <= mid + reach; l++)
			if (correlation(p, l) > correlation(p, best))
				best = l;
		if (correlation(p, best) < 0.5 * correlation(p, lag))
			break;
		period = (double)best / m;
		at = best;
		times = m;
	}
	a = correlation(p, at - 1);
	b = correlation(p, at);
	c = at < p->max ? correlation(p, at + 1) : a;
	if (b > a && b > c)
		period = (at + 0.5 * (a - c) / (a - 2 * b + c)) / times;
	return period;
}

/* Twice or thrice a period that is already there says nothing new. */
static bool is_multiple(unsigned int lag, double r, const unsigned int *found,
			const double *found_r, unsigned int n)
{
	for (unsigned int i = 0; i < n; i++) {
		double ratio = (double)lag / found[i];

		if (ratio > 1.5 && r < 1.15 * found_r[i] &&
		    fabs(ratio - rint(ratio)) * found[i] <= 1 + rint(ratio) / 2)
			return true;
	}
	return false;
}

static void insert(unsigned int lag, double r, unsigned int *found,
		   double *found_r, unsigned int *n)
{
	unsigned int k = *n;

	if (k == PREDICT_PERIOD_TOP) {
		if (r <= found_r[k - 1])
			return;
		k--;
	} else {
		(*n)++;
	}
	for (; k && found_r[k - 1] < r; k--) {
		found[k] = found[k - 1];
		found_r[k] = found_r[k - 1];
	}
	found[k] = lag;
	found_r[k] = r;
}

unsigned int predict_period_find(const struct predict_period *p,
				 double *period)
{
	unsigned int found[PREDICT_PERIOD_TOP], n = 0;
	double found_r[PREDICT_PERIOD_TOP], lowest = correlation(p, 2);

	for (unsigned int lag = 3; lag <= p->max; lag++) {
		double r = correlation(p, lag);
		double need = MARGIN + 3 / sqrt(group_memory(group_of(lag)));

		if (r < lowest)
			lowest = r;
		if (lag >= PREDICT_PERIOD_MIN && r > need &&
		    r - lowest > need && is_peak(p, lag, r) &&
		    !is_multiple(lag, r, found, found_r, n))
			insert(lag, r, found, found_r, &n);
	}
	for (unsigned int i = 0; i < n; i++)
		period[i] = refine(p, found[i]);
	return n;
}
