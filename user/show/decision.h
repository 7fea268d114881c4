/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A decision in words.
 */
#ifndef SHOW_DECISION_H
#define SHOW_DECISION_H

#include <stdio.h>

#include "plan/replay.h"
#include "show/units.h"

/* "CPU", "memory", "I/O". */
const char *decision_resource(uint32_t resource);
const char *decision_source(uint32_t source);
const char *decision_verdict(uint32_t verdict);
/* In its unit: "1.50 cores", "200.0 MiB", "5.0 MiB/s"; @text: UNITS_MAX. */
char *decision_amount(char *text, uint32_t resource, uint64_t value);

/* The path of the app at this index, or its id. */
void decision_put_app(FILE *to, const struct snapshot *s, uint32_t index);
/* "200.0 MiB of memory from A to B". */
void decision_put_proposal(FILE *to, const struct snapshot *s,
			   const struct decide_proposal *p);
/* "A lacks 200.0 MiB of memory". */
void decision_put_shortage(FILE *to, const struct snapshot *s,
			   const struct decide_shortage *p);

/* Why the receiver is short, and what was thought of each donor. */
void decision_put_need(FILE *to, const struct snapshot *s,
		       const struct decide_result *why,
		       const struct decide_need *need);
/* What is used of each resource, and the threshold. */
void decision_put_node(FILE *to, const struct snapshot *s,
		       const struct decide_result *why);

#endif /* SHOW_DECISION_H */
