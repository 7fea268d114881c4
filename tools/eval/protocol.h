/* SPDX-License-Identifier: GPL-2.0-or-later */
/* The forecast benchmark's horizons, in steps, and probabilities. */
#ifndef EVAL_PROTOCOL_H
#define EVAL_PROTOCOL_H

#include "predict/predict.h"

#define PROTOCOL_HORIZONS	3
#define PROTOCOL_PROBS		7
#define PROTOCOL_HORIZON_LAST	12
#define PROTOCOL_VALUES_MIN	(2 * PROTOCOL_HORIZON_LAST)

extern const unsigned int protocol_horizon[PROTOCOL_HORIZONS];
extern const double protocol_prob[PROTOCOL_PROBS];

/* As predict_series_new(); @expert: its name, or NULL for the mixture. */
int protocol_series_new(const char *expert, struct predict_series **out);

#endif /* EVAL_PROTOCOL_H */
