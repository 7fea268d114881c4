/* SPDX-License-Identifier: GPL-2.0-or-later */
/* How good forecasts of 1, 6 and 24 hours are on a recorded series. */
#ifndef EVAL_HOURS_H
#define EVAL_HOURS_H

#include "values.h"

void hours_header(void);
/*
 * Each value of @y stands for @seconds. Prints a line for each horizon: loss as a
 * part of naive's and coverage, means of the days from the third on. A shorter
 * series is left out.
 */
void hours_print(const struct values *y, const char *name, unsigned int seconds);

#endif /* EVAL_HOURS_H */
