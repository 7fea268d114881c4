/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Keeps the promise of an interval: as many values outside as were said. */
#ifndef PREDICT_CALIBRATE_H
#define PREDICT_CALIBRATE_H

#include <stdbool.h>

/*
 * For the lower [0] and the upper [1] end of the interval:
 *
 * @factor: of the tail's probability, 1 at first.
 * @debt: the share of an atom that should have been outside, not yet paid.
 * @drift: how many values were outside lately: 0 as many as were said, 1 all,
 *	below 0 fewer.
 */
struct predict_calibration {
	float factor[2], debt[2], drift[2];
};

void predict_calibration_init(struct predict_calibration *c);
/* @outside: beyond that end; @tail: how often it should be; @steps: passed. */
void predict_calibration_learn(struct predict_calibration *c, int end,
			       bool outside, double tail, unsigned int steps);
/* The larger drift of both ends, 0..1. */
double predict_calibration_drift(const struct predict_calibration *c);
/* The probability to ask the distribution for, in place of @p. */
double predict_calibration_level(const struct predict_calibration *c, double p);
/*
 * The end lies on an atom of probability @atom, of which @out should be
 * outside: may it be, this time?
 */
bool predict_calibration_open(struct predict_calibration *c, int end,
			      double out, double atom);

#endif /* PREDICT_CALIBRATE_H */
