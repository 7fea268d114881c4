/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The inside of a series, for the evaluation: what its experts say, and what
 * they would forecast with other weights. Nothing here changes the series.
 */
#ifndef PREDICT_INSIDE_H
#define PREDICT_INSIDE_H

#include "predict/horizon.h"

const struct predict_setup *predict_series_setup(const struct predict_series *s);
/* What all horizons share; after the first value. */
void predict_series_step(const struct predict_series *s,
			 struct predict_step *step);
/* horizons[@index], which is in range. */
const struct predict_horizon *
predict_series_horizon(const struct predict_series *s, unsigned int index);

#endif /* PREDICT_INSIDE_H */
