/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The state of a launch forecaster; its members are for user/predict/launch*.c
 * only. LAUNCH_VERSION changes with any of it.
 */
#ifndef PREDICT_LAUNCH_STATE_H
#define PREDICT_LAUNCH_STATE_H

#include <stdint.h>

#define LAUNCH_VERSION		0x4c610002u
#define LAUNCH_HORIZONS		11

#define LAUNCH_DAY_BINS		288	/* of 5 min */
#define LAUNCH_WEEK_BINS	672	/* of 15 min */
#define LAUNCH_AGE_BINS		44	/* two an octave, from 1 s */
#define LAUNCH_KERNELS		6
#define LAUNCH_SHAPES		5	/* constant, and kinds of profile */
#define LAUNCH_GAPS		48
#define LAUNCH_WIDTHS		5	/* of the gaps' kernels, and none */
#define LAUNCH_TIMES		256
#define LAUNCH_BLINDS		8
#define LAUNCH_CLOCKS		7
#define LAUNCH_EXPERTS		(5 + LAUNCH_CLOCKS + 1)
#define LAUNCH_INPUTS		6	/* of the stack, with its constant */

/* A rate: expected and seen. Their quotient is a factor near 1. */
struct launch_factor {
	float seen, expected;
};

struct launch_bin {
	float starts, seconds;
};

/*
 * @now: of the last call, local time; @offset_s to it.
 * @last: the last start, local time; valid if @known.
 * @since: local time at which watching began.
 */
struct launch {
	uint32_t version;
	int32_t offset_s;
	uint64_t starts;
	uint64_t random;
	double now, last, since;
	uint32_t known;
	uint32_t nr_gaps, nr_times, nr_blinds;	/* ever; the newest are kept */

	struct { double starts, seconds; } base;
	struct launch_bin day[LAUNCH_DAY_BINS];
	struct launch_bin week[LAUNCH_WEEK_BINS];
	struct launch_factor shape[LAUNCH_SHAPES];

	double excite_at;			/* when @excite was so */
	float excite[LAUNCH_KERNELS];
	struct launch_factor kernel[LAUNCH_KERNELS + 1];

	struct launch_factor age[LAUNCH_AGE_BINS];

	float gap[LAUNCH_GAPS];
	float width[LAUNCH_WIDTHS];

	double time[LAUNCH_TIMES];
	struct { double from, to; } blind[LAUNCH_BLINDS];

	float loss[LAUNCH_HORIZONS][LAUNCH_EXPERTS];
	float stack[LAUNCH_HORIZONS][LAUNCH_INPUTS];
	float stack_grad[LAUNCH_HORIZONS][LAUNCH_INPUTS];
	float bend[LAUNCH_HORIZONS][2], bend_grad[LAUNCH_HORIZONS][2];
	/* rolling log loss of what was answered, and of the constant rate */
	float own_loss[LAUNCH_HORIZONS], base_loss[LAUNCH_HORIZONS];
};

#endif /* PREDICT_LAUNCH_STATE_H */
