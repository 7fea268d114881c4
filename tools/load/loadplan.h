/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The plan that a load generator follows, and what it measured of each step.
 *
 * The plan has one line a step: LOAD BURST NAME. What is measured is written
 * as, one line each:
 *	step I NAME START_NS REQUESTS ERRORS P50_NS P99_NS MAX_NS GAP_NS BYTES
 *	hist I OP LATENCY_NS COUNT
 * GAP is the longest time in which requests waited and no answer came; BYTES
 * are those of new values. Latencies in the histogram are the middle of a
 * bucket, right to 0.8 %; MAX is exact.
 */
#ifndef PRESWAP_LOADPLAN_H
#define PRESWAP_LOADPLAN_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#define LOADPLAN_STEPS_MAX	4096

struct loadplan_step {
	double load;
	bool burst;
	char name[16];
	uint64_t start_ns;
	uint64_t requests, answers, errors;
	uint64_t max_ns, gap_ns;
	uint64_t bytes;		/* of new values */
	bool over;		/* all its requests are sent, or wait */
	uint32_t *hist;		/* [ops][buckets] */
};

extern struct loadplan {
	struct loadplan_step *steps;
	unsigned int nr_steps;
	uint64_t waiting;	/* requests that are due and not answered */
} loadplan;

/* Ends the program if the file is no plan. */
void loadplan_read(const char *path, const char *const *ops,
		   unsigned int nr_ops);
/* A request is due, of the step that it counts in. */
void loadplan_due(unsigned int step, uint64_t due_ns);
/* It is answered; a latency counts from when it was due. */
void loadplan_answered(unsigned int step, unsigned int op, uint64_t due_ns,
		       bool error, uint64_t now_ns);
void loadplan_print_step(FILE *f, unsigned int step);
/* All steps; then what more() adds, if there is one. */
void loadplan_write(const char *path, void (*more)(FILE *f));

#endif /* PRESWAP_LOADPLAN_H */
