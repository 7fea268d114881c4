// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Adaptive conformal inference (Gibbs and Candes 2021), one end at a time, and
 * for distributions with atoms.
 *
 * The tail probability p that was asked for is replaced by f p, where
 *
 *	f <- f (1 - r (outside - p)),	0.05 <= f <= 1.2
 *
 * falls when more values than p were outside and rises when fewer were: in the
 * long run the share is right, whatever the series does. The nearer the
 * middle, the less there is to correct: from p = 0.2 on nothing is. r is 0.02,
 * but 0.005 where f > 1: a tail cut short costs more than a long one.
 *
 * Usage is often a whole number, or 0. Where the end of the interval is a
 * value of probability, say, 0.3, counting it as inside leaves 0 outside, as
 * outside 0.3; 0.05 was said. So it is inside most of the time and outside
 * just often enough ("smoothed" conformal prediction, Vovk et al. 2005), by
 * a hair that costs no accuracy. Instead of by a coin, by a debt: equal input
 * gives equal output.
 *
 * Example: 0 has probability 0.3, all else is above: the lower end is 0, and
 * 0.05 / 0.3 = 1/6 of the zeros should be outside: every sixth forecast has
 * its lower end a hair above 0.
 *
 * Drift is when values do not follow the distribution that was learned. It is
 * seen at the ends, as there it is known how often a value may be outside,
 * whatever the series does:
 *
 *	d <- d + k (x - d),	x = 1 outside, else -p / (1 - p)
 *
 * is the share of values beyond that end lately: 0 when it is p, 1 when it is
 * all. k is 1/20 a step, up to 1/4. From d = 0.3 on, with e = (d - 0.3) / 0.7,
 * the tail's probability is divided by 1 + 30 e, and r is multiplied with
 * 1 + 2 e: wider at once, for as long as it lasts, and faster to learn. Only
 * on that side. Assumption: two misses in a row (of forecasts far ahead, a
 * quarter each), or seven (1 step ahead), are rarely chance.
 *
 * Example: p = 0.05, and after a shift all values are above. Forecasts for 60
 * steps are scored each 8th: d is 0.25, then 0.44, e = 0.2: the upper tail is
 * 0.05 / 6.9 = 0.007, and f falls 1.4 times as fast.
 */
#include "predict/calibrate.h"
#include "predict/predict.h"

#define RATE		0.02f
#define RATE_NARROW	0.005f
#define FACTOR_MIN	0.05f
#define FACTOR_MAX	1.2f
#define TAIL_MAX	0.2
#define DRIFT_RATE	0.05f	/* a step */
#define DRIFT_RATE_MAX	0.25f
#define DRIFT_WIDER	30.0f
#define DRIFT_FASTER	2.0f

void predict_calibration_init(struct predict_calibration *c)
{
	*c = (struct predict_calibration){ .factor = { 1, 1 } };
}

static void drift_learn(float *drift, bool outside, float tail,
			unsigned int steps)
{
	float rate = DRIFT_RATE * (float)steps;

	rate = rate < DRIFT_RATE_MAX ? rate : DRIFT_RATE_MAX;
	*drift += rate * ((outside ? 1 : -tail / (1 - tail)) - *drift);
}

/* e: 0..1 */
static float drift_excess(const struct predict_calibration *c, int end)
{
	float e = (c->drift[end] - PREDICT_DRIFT) / (1 - PREDICT_DRIFT);

	return e > 0 ? e : 0;
}

double predict_calibration_drift(const struct predict_calibration *c)
{
	float d = c->drift[0] > c->drift[1] ? c->drift[0] : c->drift[1];

	return d > 0 ? d : 0;
}

void predict_calibration_learn(struct predict_calibration *c, int end,
			       bool outside, double tail, unsigned int steps)
{
	float f = c->factor[end];
	float step = (f < 1 ? RATE : RATE_NARROW) *
		     (float)((outside ? 1 : 0) - tail);

	step *= steps > 10 ? 10 : (float)steps;
	drift_learn(&c->drift[end], outside, (float)tail, steps);
	step *= 1 + DRIFT_FASTER * drift_excess(c, end);
	f *= 1 - step;
	c->factor[end] = f < FACTOR_MIN ? FACTOR_MIN :
			 f > FACTOR_MAX ? FACTOR_MAX : f;
}

static double tail_factor(const struct predict_calibration *c, int end)
{
	return c->factor[end] / (1 + DRIFT_WIDER * drift_excess(c, end));
}

double predict_calibration_level(const struct predict_calibration *c, double p)
{
	if (p < TAIL_MAX)
		return p * tail_factor(c, 0);
	if (p > 1 - TAIL_MAX)
		return 1 - (1 - p) * tail_factor(c, 1);
	return p;
}

bool predict_calibration_open(struct predict_calibration *c, int end,
			      double out, double atom)
{
	if (!(atom > 0) || !(out > 0))
		return false;
	c->debt[end] += (float)(out < atom ? out / atom : 1);
	if (c->debt[end] < 0.5f)
		return false;
	c->debt[end] -= 1;
	return true;
}
