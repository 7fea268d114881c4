/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A recorded decision, decided again, with how it came about.
 */
#ifndef PLAN_REPLAY_H
#define PLAN_REPLAY_H

#include "plan/snapshot.h"

/* More reasons than this are not told: 100,000 apps have 10^10. */
#define REPLAY_REASONS_MAX	(1U << 20)

/*
 * Decides on @saw with the room for proposals and shortages that @limits had,
 * and tells needs and reasons, too. 0, or -ENOMEM; then @result is empty.
 */
int replay_decide(const struct decide_snapshot *saw,
		  const struct decide_result *limits,
		  struct decide_result *result);
void replay_free(struct decide_result *result);

/*
 * In how many numbers of what it chooses @again differs from another answer; each
 * is a line in @to, unless that is NULL.
 */
unsigned int replay_differences(const struct decide_result *recorded,
				const struct decide_result *again, FILE *to);
/* The same of all numbers that the recording @s has of its answer. */
unsigned int replay_check(const struct snapshot *s,
			  const struct decide_result *again, FILE *to);

#endif /* PLAN_REPLAY_H */
