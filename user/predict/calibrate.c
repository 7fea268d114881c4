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
 */
#include "predict/calibrate.h"

#define RATE		0.02f
#define RATE_NARROW	0.005f
#define FACTOR_MIN	0.05f
#define FACTOR_MAX	1.2f
#define TAIL_MAX	0.2

void predict_calibration_init(struct predict_calibration *c)
{
	*c = (struct predict_calibration){ .factor = { 1, 1 } };
}

void predict_calibration_learn(struct predict_calibration *c, int end,
			       bool outside, double tail, unsigned int steps)
{
	float f = c->factor[end];
	float step = (f < 1 ? RATE : RATE_NARROW) *
		     (float)((outside ? 1 : 0) - tail);

	step *= steps > 10 ? 10 : (float)steps;
	f *= 1 - step;
	c->factor[end] = f < FACTOR_MIN ? FACTOR_MIN :
			 f > FACTOR_MAX ? FACTOR_MAX : f;
}

double predict_calibration_level(const struct predict_calibration *c, double p)
{
	if (p < TAIL_MAX)
		return p * c->factor[0];
	if (p > 1 - TAIL_MAX)
		return 1 - (1 - p) * c->factor[1];
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
