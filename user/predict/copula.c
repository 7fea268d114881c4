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

static void solve(const double (*root)[N], double *b)
{
	for (int j = 0; j < N; j++) {
		for (int k = 0; k < j; k++)
			b[j] -= root[j][k] * b[k];
		b[j] /= root[j][j];
	}
}

/* Weights by age, the newest at PREDICT_HISTORY - 1, then 0. */
static float faded[PREDICT_HISTORY + 16], faded_values[PREDICT_HISTORY + 16];

PREDICT_AT_START
static void fill_faded(void)
{
	float weight = 1, age = 1;

	for (unsigned int i = PREDICT_HISTORY; i--;
	     weight *= KEEP, age *= KEEP_VALUES) {
		faded[i] = weight;
		faded_values[i] = age;
	}
}

/* Sums of products over all moments, the newest of weight 1. */
struct sums {
	v4 levels[4];	/* levels x levels */
	v4 by_score, by_one;
	float square, score, one;
};

/* Returns the levels, times the weight @w. */
static inline v4 add(struct sums *s, float z, float w, v4 level)
{
	v4 x = w * level;

	for (int k = 0; k < 4; k++)
		s->levels[k] += x * level[k];
	s->by_score += x * z;
	s->by_one += x;
	s->square += w * z * z;
	s->score += w * z;
	s->one += w;
	return x;
}

/* Of four moments to the places of the first regressor but one, and so on. */
static inline void turn(const v4 *x, v4 *to)
{
	v4 a = __builtin_shufflevector(x[0], x[1], 0, 4, 1, 5);
	v4 b = __builtin_shufflevector(x[2], x[3], 0, 4, 1, 5);
	v4 c = __builtin_shufflevector(x[0], x[1], 2, 6, 3, 7);
	v4 d = __builtin_shufflevector(x[2], x[3], 2, 6, 3, 7);

	to[0] = __builtin_shufflevector(a, b, 0, 1, 4, 5);
	to[1] = __builtin_shufflevector(a, b, 2, 3, 6, 7);
	to[2] = __builtin_shufflevector(c, d, 0, 1, 4, 5);
	to[3] = __builtin_shufflevector(c, d, 2, 3, 6, 7);
}

static void add_up(struct predict_copula *c, unsigned int n, struct sums *s)
{
	const float *weight = faded + PREDICT_HISTORY - n;
	v4 x[4] = { 0 };

	for (unsigned int i = 0; i < n; i++) {
		x[i % 4] = add(s, c->score[i], weight[i], c->level[i]);
		if (i % 4 == 3)
			turn(x, c->regressor[i / 4] + 2);
	}
	for (unsigned int k = n % 4; k && k < 4; k++)
		x[k] = (v4){ 0 };
	if (n % 4)
		turn(x, c->regressor[n / 4] + 2);
	for (unsigned int i = 0; i < n; i += 4) {
		v4 w = *(const v4 *)(weight + i);

		c->regressor[i / 4][0] = w;
		c->regressor[i / 4][1] = w * *(const v4 *)(c->score + i);
	}
}

PREDICT_HOT
void predict_copula_score(struct predict_copula *c,
			  const struct predict_history *h)
{
	unsigned int n = h->n;

	for (unsigned int i = 0; i < n; i += 4)
		*(v4 *)(c->score + i) = score4(*(const v4 *)(h->rank + i));
	memset(c->score + n, 0, 16 * sizeof(*c->score));
	for (unsigned int i = 0; i < n; i++)
		c->outcome[i] = c->score[i] * h->there[i];
	memset(c->outcome + n, 0, 16 * sizeof(*c->outcome));
}

PREDICT_HOT
void predict_copula_fill(struct predict_copula *c,
			 const struct predict_history *h)
{
	unsigned int n = h->n;
	struct sums s = { 0 };
	double scale;
	float b;

	c->age = faded_values + PREDICT_HISTORY - n;
	add_up(c, n, &s);
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
	b = (float)(0.5 / c->square);
	for (unsigned int i = 0; i < n + 16; i++)
		c->own[i] = b * c->score[i] * c->score[i];
	c->now[0] = 1;
	c->now[1] = c->score[n - 1];
	for (int j = 0; j < 4; j++)
		c->now[2 + j] = c->level[n - 1][j];
	solve((const double (*)[N])c->root, c->now);
}

/* Sums of all moments, by four. */
struct fit {
	v4 sum[N], squares, counts;
};

/* Past the end, outcomes are 0 and unknown. */
PREDICT_BOTH
struct fit fit(const struct predict_copula *c, const struct predict_history *h,
	       unsigned int lead, bool wide)
{
	const float *outcome = c->outcome + lead, *known = h->there + lead;
	struct fit f = { 0 };
	v8 sum[N / 2] = { 0 };

	for (unsigned int i = 0; i + lead < h->n; i += 4) {
		const v4 *r = c->regressor[i / 4];
		v4 z = *(const v4 *)(outcome + i), by_weight;
		v8 both = __builtin_shufflevector(z, z, 0, 1, 2, 3, 0, 1, 2, 3);

		f.counts += r[0] * *(const v4 *)(known + i);
		if (wide) {
			v8 product = both * *(const v8 *)r;

			sum[0] += product;
			sum[1] += both * *(const v8 *)(r + 2);
			sum[2] += both * *(const v8 *)(r + 4);
			by_weight = PREDICT_LOW(product);
		} else {
			by_weight = z * r[0];
			f.sum[0] += by_weight;
			for (int j = 1; j < N; j++)
				f.sum[j] += z * r[j];
		}
		f.squares += by_weight * z;
	}
	for (int j = 0; j < N && wide; j += 2) {
		f.sum[j] = PREDICT_LOW(sum[j / 2]);
		f.sum[j + 1] = PREDICT_HIGH(sum[j / 2]);
	}
	return f;
}

/* Mean and variance of the score, by @f. */
static void foresee(const struct predict_copula *c, const struct fit *f,
		    double *mean, double *variance)
{
	double b[N], in_all = 0, square, count;

	count = sum4(f->counts);
	square = sum4(f->squares);
	*mean = 0;
	*variance = c->square;
	if (!(count > 0))
		return;
	for (int j = 0; j < N; j++)
		b[j] = sum4(f->sum[j]) / count;
	solve(c->root, b);
	for (int j = 0; j < N; j++) {
		*mean += b[j] * c->now[j];
		in_all += b[j] * b[j];
	}
	*variance = (square - in_all * count + PRIOR) / (count + PRIOR);
	*variance = fmin(fmax(*variance, VARIANCE_MIN), c->square);
}

/*
 * To @exponent, for each of @n scores from @lead on, by fours; returns the least of them.
 */
PREDICT_BOTH
float exponents(const struct predict_copula *c, unsigned int lead,
		unsigned int n, float a, float m, float *exponent, bool wide)
{
	const float *score = c->score + lead, *own = c->own + lead;
	v8 low8 = (v8){ 0 } + INFINITY;
	float least = INFINITY;
	v4 low = (v4){ 0 } + INFINITY;
	unsigned int i = 0;

	for (; i + 4 < n && wide; i += 8) {
		v8 d = *(const v8 *)(score + i) - m;
		m8 less;

		d = a * d * d - *(const v8 *)(own + i);
		*(v8 *)(exponent + i) = d;
		less = d < low8;
		low8 = (v8)(((m8)d & less) | ((m8)low8 & ~less));
	}
	if (wide)
		low = -larger(-PREDICT_LOW(low8), -PREDICT_HIGH(low8));
	for (; i < n; i += 4) {
		v4 d = *(const v4 *)(score + i) - m;

		d = a * d * d - *(const v4 *)(own + i);
		*(v4 *)(exponent + i) = d;
		low = -larger(-low, -d);
	}
	for (int k = 0; k < 4; k++)
		least = low[k] < least ? low[k] : least;
	return least;
}

static void to_weights(float *restrict weight, const float *restrict age,
		       unsigned int n, float least)
{
	for (unsigned int i = 0; i < n; i++)
		weight[i] = age[i] * (predict_decay(weight[i] - least) + FLOOR);
}

PREDICT_BOTH
void weigh(const struct predict_copula *c, const struct predict_history *h,
	   unsigned int lead, float *weight, bool wide)
{
	unsigned int n = h->n - lead;
	struct fit f = fit(c, h, lead, wide);
	double mean, variance;
	float least;

	foresee(c, &f, &mean, &variance);
	least = exponents(c, lead, n, (float)(0.5 / variance), (float)mean,
			  weight, wide);
	to_weights(weight, c->age + lead, predict_eights(n), least);
	memset(weight + n, 0, 16 * sizeof(*weight));
}

PREDICT_WIDE
static void weigh_wide(const struct predict_copula *c,
		       const struct predict_history *h, unsigned int lead,
		       float *weight)
{
	weigh(c, h, lead, weight, true);
}

void predict_copula_weigh(const struct predict_copula *c,
			  const struct predict_history *h, unsigned int lead,
			  float *weight)
{
	if (predict_is_wide())
		weigh_wide(c, h, lead, weight);
	else
		weigh(c, h, lead, weight, false);
}
