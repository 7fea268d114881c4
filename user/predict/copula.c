// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Copula: an autoregression that moves the distribution of all values.
 *
 * Values become normal scores, z = the normal quantile of the value's rank in
 * the window. Scores h steps ahead are regressed, by least squares with a ridge
 * and a memory of 200 steps, on
 *
 *	1, z now, and exponential smoothings of z, alpha 0.5, 0.2, 0.08, 0.03
 *
 * which is an ARMA model whose order need not be known (each horizon has its own
 * coefficients). With the mean m and the variance s2 that it forecasts, and
 * the mean square v of all scores, the values y of the window are weighted by
 * how much likelier their scores have become:
 *
 *	weight = keep^age (exp(-(z(y) - m)^2 / 2 s2 + z(y)^2 / 2 v) + 0.001)
 *
 * scaled so that the largest exponential is 1. Assumption: after this change of
 * scale the dependence on the past is linear (a Gaussian copula). So it needs
 * few moments where the kernels of analog.c need many; heavy tails and outliers
 * do not matter, and 0 or a whole number stays what it is.
 *
 * Example: v = 1, m = 1, s2 = 0.5: z = 1 has exponent 0.5, the most is at z = 2,
 * 1; z = -1 has -3.5: exp(-4.5) = 1 % of the largest.
 */
#include <math.h>
#include <string.h>

#include "predict/bell.h"
#include "predict/copula.h"

#define N		PREDICT_REGRESSORS
#define KEEP		0.995f	/* of the regression */
#define KEEP_VALUES	0.997f
#define RIDGE		10.0	/* moments */
#define PRIOR		5.0	/* moments that say that nothing is foreseen */
#define VARIANCE_MIN	0.02
#define FLOOR		0.001f

/* Rank to score, off by 0.04 at most up to 1/512 from the ends. */
static inline v4 score4(v4 rank)
{
	v4 u = rank - 0.5f, t = 1 - 4 * u * u;

	return u * (3.134f - 0.845f * t + 0.1588f / (t + 0.0534f));
}

static inline v4 larger(v4 a, v4 b)
{
	m4 first = a > b;

	return (v4)(((m4)a & first) | ((m4)b & ~first));
}

static inline float sum4(v4 a)
{
	return (a[0] + a[1]) + (a[2] + a[3]);
}

/* The root in place of @a's lower triangle; @a has a ridge: never singular. */
static void factor(double a[N][N])
{
	for (int j = 0; j < N; j++) {
		double inverse;

		for (int k = 0; k < j; k++)
			a[j][j] -= a[j][k] * a[j][k];
		a[j][j] = sqrt(a[j][j]);
		inverse = 1 / a[j][j];
		for (int i = j + 1; i < N; i++) {
			for (int k = 0; k < j; k++)
				a[i][j] -= a[i][k] * a[j][k];
			a[i][j] *= inverse;
		}
	}
}

static void solve(double (*root)[N], double *b)
{
	for (int j = 0; j < N; j++) {
		for (int k = 0; k < j; k++)
			b[j] -= root[j][k] * b[k];
		b[j] /= root[j][j];
	}
}

/* Sums of products over all moments, the newest of weight 1. */
struct sums {
	v4 levels[4];	/* levels x levels */
	v4 by_score, by_one;
	float square, score, one;
};

static void add_up(struct predict_copula *c, unsigned int n, v4 *last,
		   struct sums *s)
{
	static const v4 alpha = { 0.5f, 0.2f, 0.08f, 0.03f };
	v4 level = { 0 };
	float weight = 1, age = 1;

	for (unsigned int i = n; i--; weight *= KEEP, age *= KEEP_VALUES) {
		c->regressor[0][i] = weight;
		c->age[i] = age;
	}
	for (unsigned int i = 0; i < n; i++) {
		float z = c->score[i], w = c->regressor[0][i];
		v4 x, start = { 0 };

		/* The mean of all so far, until that is slower. */
		start += i < 34 ? 1 / (float)(i + 1) : 0;
		start = larger(start, alpha);
		level += start * (z - level);
		x = w * level;
		c->regressor[1][i] = w * z;
		for (int k = 0; k < 4; k++) {
			c->regressor[2 + k][i] = x[k];
			s->levels[k] += x * level[k];
		}
		s->by_score += x * z;
		s->by_one += x;
		s->square += w * z * z;
		s->score += w * z;
		s->one += w;
	}
	*last = level;
}

PREDICT_HOT
void predict_copula_fill(struct predict_copula *c,
			 const struct predict_history *h)
{
	unsigned int n = h->n;
	struct sums s = { 0 };
	double scale;
	v4 level;

	for (unsigned int i = 0; i < n; i += 4)
		*(v4 *)(c->score + i) = score4(*(const v4 *)(h->rank + i));
	memset(c->score + n, 0, 16 * sizeof(*c->score));
	memcpy(c->known, h->there, n * sizeof(*c->known));
	memset(c->known + n, 0, 16 * sizeof(*c->known));
	memset(c->age + n, 0, 16 * sizeof(*c->age));
	for (unsigned int i = 0; i < n; i++)
		c->outcome[i] = c->score[i] * c->known[i];
	memset(c->outcome + n, 0, 16 * sizeof(*c->outcome));
	for (int j = 0; j < N; j++)
		for (unsigned int i = n; i % 4; i++)
			c->regressor[j][i] = 0;
	add_up(c, n, &level, &s);
	scale = 1.0 / s.one;
	c->root[0][0] = 1;
	c->root[1][0] = s.score * scale;
	c->root[1][1] = s.square * scale;
	for (int j = 0; j < 4; j++) {
		c->root[2 + j][0] = s.by_one[j] * scale;
		c->root[2 + j][1] = s.by_score[j] * scale;
		for (int k = 0; k <= j; k++)
			c->root[2 + j][2 + k] = s.levels[k][j] * scale;
	}
	c->square = (s.square + PRIOR) / (s.one + PRIOR);
	for (int j = 0; j < N; j++)
		c->root[j][j] += RIDGE * scale;
	factor(c->root);
	c->now[0] = 1;
	c->now[1] = c->score[n - 1];
	for (int j = 0; j < 4; j++)
		c->now[2 + j] = level[j];
	solve(c->root, c->now);
}

/* Mean and variance of the score @lead steps from now. */
static void foresee(const struct predict_copula *c,
		    const struct predict_history *h, unsigned int lead,
		    double *mean, double *variance)
{
	v4 sum[N] = { { 0 } }, squares = { 0 }, counts = { 0 };
	double root[N][N], b[N], fit = 0, square, count;

	/* Past the end, outcomes are 0 and unknown. */
	for (unsigned int i = 0; i + lead < h->n; i += 4) {
		v4 z = *(const v4 *)(c->outcome + lead + i);
		v4 weight = *(const v4 *)(c->regressor[0] + i);

		counts += weight * *(const v4 *)(c->known + lead + i);
		squares += weight * z * z;
		for (int j = 0; j < N; j++)
			sum[j] += z * *(const v4 *)(c->regressor[j] + i);
	}
	count = sum4(counts);
	square = sum4(squares);
	*mean = 0;
	*variance = c->square;
	if (!(count > 0))
		return;
	memcpy(root, c->root, sizeof(root));
	for (int j = 0; j < N; j++)
		b[j] = sum4(sum[j]) / count;
	solve(root, b);
	for (int j = 0; j < N; j++) {
		*mean += b[j] * c->now[j];
		fit += b[j] * b[j];
	}
	*variance = (square - fit * count + PRIOR) / (count + PRIOR);
	*variance = fmin(fmax(*variance, VARIANCE_MIN), c->square);
}

PREDICT_HOT
void predict_copula_weigh(const struct predict_copula *c,
			  const struct predict_history *h, unsigned int lead,
			  float *weight)
{
	unsigned int n = h->n - lead;
	double mean, variance;
	float a, b, m, least = INFINITY;
	v4 low = { INFINITY, INFINITY, INFINITY, INFINITY };

	foresee(c, h, lead, &mean, &variance);
	m = (float)mean;
	a = (float)(0.5 / variance);
	b = (float)(0.5 / c->square);
	for (unsigned int i = 0; i < n; i += 4) {
		v4 z = *(const v4 *)(c->score + lead + i), d = z - m;

		d = a * d * d - b * z * z;
		*(v4 *)(weight + i) = d;
		low = -larger(-low, -d);
	}
	for (int k = 0; k < 4; k++)
		least = low[k] < least ? low[k] : least;
	for (unsigned int i = 0; i < n; i += 4)
		*(v4 *)(weight + i) = *(const v4 *)(c->age + lead + i) *
			(predict_decay4(*(v4 *)(weight + i) - least) + FLOOR);
	memset(weight + n, 0, (PREDICT_HISTORY - n) * sizeof(*weight));
}
