/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All exponential smoothing of a step. */
#ifndef PREDICT_SMOOTH_H
#define PREDICT_SMOOTH_H

#include "predict/copula.h"
#include "predict/expert.h"
#include "predict/history.h"

/*
 * Fills in @h's levels, @c's, from its scores, and @e. Of a history of one value or
 * more.
 */
void predict_smooth(struct predict_history *h, struct predict_copula *c,
		    struct predict_ets *e);

#endif /* PREDICT_SMOOTH_H */
