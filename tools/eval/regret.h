/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What hindsight would have gained: regret of the mixture, by series. */
#ifndef EVAL_REGRET_H
#define EVAL_REGRET_H

#include "predict/expert.h"
#include "protocol.h"
#include "values.h"

enum regret_loss {
	REGRET_BRIER,		/* what the mixture minimises (horizon.c) */
	REGRET_PINBALL,		/* in mean absolute steps of the series */
	REGRET_LOSSES
};

/*
 * Mean losses over the forecasts from n/2 on, of one series and horizon.
 *
 * @mixture: before recurrence and calibration, which is what can be compared.
 * @single: the best expert, the same for all probabilities.
 * @mix: the best fixed weights, of their own for each probability: for
 *	REGRET_BRIER the best there are but for @gap, for REGRET_PINBALL, which
 *	is not convex in the weights, the best found.
 * @final: as given to the caller; of REGRET_BRIER there is none: NAN.
 */
struct regret {
	unsigned long count;
	double mixture[REGRET_LOSSES], single[REGRET_LOSSES];
	double mix[REGRET_LOSSES], final[REGRET_LOSSES], gap;
};

/* To @out[PROTOCOL_HORIZONS]; 0 or -errno. */
int regret_of(const struct values *y, struct regret *out);

/* Of one horizon over all series: begins as zeros. */
struct regret_total {
	unsigned int series;
	struct regret sum;	/* sums, but for the gap: the largest */
	double log_single[REGRET_LOSSES], log_mix[REGRET_LOSSES];
};

void regret_add(struct regret_total *total, const struct regret *one);
/*
 * Totals of all horizons as a table, to stdout: losses are means over the
 * series, regrets their differences and, in percent, the geometric mean of their
 * ratios.
 */
void regret_print(const struct regret_total *total);

#endif /* EVAL_REGRET_H */
