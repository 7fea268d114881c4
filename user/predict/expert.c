// SPDX-License-Identifier: LGPL-2.1-or-later
/* The experts of the mixture: a new one is a line here. */
#include "predict/expert.h"

/* Alphas about a factor of two apart: each remembers twice as long. */
const struct predict_expert predict_experts[PREDICT_EXPERTS] = {
	{ "naive", &predict_level_ops, 1.0 },
	{ "level-0.6", &predict_level_ops, 0.6 },
	{ "level-0.35", &predict_level_ops, 0.35 },
	{ "level-0.2", &predict_level_ops, 0.2 },
	{ "level-0.1", &predict_level_ops, 0.1 },
	{ "level-0.05", &predict_level_ops, 0.05 },
	{ "level-0.02", &predict_level_ops, 0.02 },
	{ "trend-fast", &predict_trend_ops, 0.5 },
	{ "trend-slow", &predict_trend_ops, 0.15 },
	{ "revert", &predict_revert_ops, 0.01 },
};
