// SPDX-License-Identifier: GPL-2.0-or-later
#include <math.h>

#include "protocol.h"

const unsigned int protocol_horizon[] = { 1, 3, PROTOCOL_HORIZON_LAST };
const double protocol_prob[] = { .05, .1, .25, .5, .75, .9, .95 };

int protocol_series_new(const char *expert, struct predict_series **out)
{
	const struct predict_series_opts opts = {
		.size = sizeof(opts),
		.horizons = protocol_horizon,
		.nhorizons = PROTOCOL_HORIZONS,
		.probs = protocol_prob,
		.nprobs = PROTOCOL_PROBS,
		.lower = 0,
		.upper = INFINITY,
		.expert = expert,
	};

	return predict_series_new(&opts, out);
}
