// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The experts of the mixture: a new one is a line here. Those that go where the
 * level goes, ETS and the walk, are two; all others draw from the values or moves
 * that were seen, and most of them from the same window: so these two begin with
 * half as much weight again.
 */
#include "predict/expert.h"

#define ONE(a, w)	{ PREDICT_BY_##a, PREDICT_BY_NONE }, { w, 1 }
#define TWO(a, w, b, v)	{ PREDICT_BY_##a, PREDICT_BY_##b }, { w, v }

const struct predict_expert predict_experts[PREDICT_EXPERTS] = {
	{ "recent-10", 1, 0.90f, ONE(NONE, 1), 0 },
	{ "recent-50", 1, 0.98f, ONE(NONE, 1), 0 },
	{ "values", 1, 1.0f, ONE(NONE, 1), 0 },
	{ "level-slow", 1, 0.995f, TWO(LEVEL, 0.4f, SLOW, 0.4f), 0 },
	{ "rank-level", 1, 0.995f, TWO(RANK, 0.15f, LEVEL, 0.4f), 0 },
	{ "shape-4", 1, 0.998f, ONE(SHAPE4, 0.7f), 0 },
	{ "shape-12", 1, 0.998f, ONE(SHAPE12, 1.5f), 0 },
	{ "copula", 1, 1, ONE(NONE, 1), 0 },
	{ "ets", 1.5f, 1, ONE(NONE, 1), PREDICT_OF_ETS },
	{ "recall", 1, 1, ONE(NONE, 1), PREDICT_OF_RECALL },
	{ "recall-moves", 1, 1, ONE(NONE, 1), PREDICT_OF_MOVES },
	{ "walk", 1.5f, 1, ONE(NONE, 1), PREDICT_OF_WALK },
};
