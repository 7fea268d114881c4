// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdlib.h>

#include "plan/replay.h"

void replay_free(struct decide_result *r)
{
	free(r->proposals);
	free(r->shortages);
	free(r->entries);
	free(r->taken);
	free(r->held);
	free(r->needs);
	free(r->reasons);
	*r = (struct decide_result){};
}

static uint32_t reasons_of(const struct decide_snapshot *saw)
{
	uint64_t most = (uint64_t)saw->nr_apps * saw->nr_apps *
			DECIDE_RESOURCES;

	return most < REPLAY_REASONS_MAX ? (uint32_t)most : REPLAY_REASONS_MAX;
}

/* One more of each, so that none is NULL. */
static bool make_room(const struct decide_snapshot *saw,
		      struct decide_result *r)
{
	r->proposals = calloc(r->proposals_max + 1UL, sizeof(*r->proposals));
	r->shortages = calloc(r->shortages_max + 1UL, sizeof(*r->shortages));
	r->needs = calloc(r->needs_max + 1UL, sizeof(*r->needs));
	r->reasons = calloc(r->reasons_max + 1UL, sizeof(*r->reasons));
	r->entries = calloc(2UL * saw->nr_apps + 1, sizeof(*r->entries));
	r->taken = calloc(saw->nr_apps + 1UL, sizeof(*r->taken));
	r->held = calloc(saw->nr_apps + 1UL, sizeof(*r->held));
	return r->proposals && r->shortages && r->needs && r->reasons &&
	       r->entries && r->taken && r->held;
}

int replay_decide(const struct decide_snapshot *saw,
		  const struct decide_result *limits, struct decide_result *r)
{
	*r = (struct decide_result){
		.proposals_max = limits->proposals_max,
		.shortages_max = limits->shortages_max,
		.needs_max = saw->nr_apps * DECIDE_RESOURCES,
		.reasons_max = reasons_of(saw),
	};
	if (!make_room(saw, r)) {
		replay_free(r);
		return -ENOMEM;
	}
	decide(saw, r);
	return 0;
}

/* @index below 0: there is only one. */
static unsigned int differences(const char *what, long index,
				const struct decide_field *field,
				const void *recorded, const void *again,
				FILE *to)
{
	unsigned int count = 0;
	uint64_t a, b;

	for (; field->name; field++) {
		for (unsigned int k = 0; k < field->count; k++) {
			a = decide_field_get(field, recorded, k);
			b = decide_field_get(field, again, k);
			if (a == b)
				continue;
			count++;
			if (!to)
				continue;
			fputs(what, to);
			if (index >= 0)
				fprintf(to, " %ld", index);
			fprintf(to, ": %s", field->name);
			if (field->count > 1)
				fprintf(to, "[%u]", k);
			fprintf(to, " was %llu, is %llu\n",
				(unsigned long long)a, (unsigned long long)b);
		}
	}
	return count;
}

static uint32_t fewer(uint32_t a, uint32_t b)
{
	return a < b ? a : b;
}

unsigned int replay_differences(const struct decide_result *recorded,
				const struct decide_result *again, FILE *to)
{
	unsigned int count = differences("answer", -1, snapshot_choice_fields,
					 recorded, again, to);
	uint32_t i;

	for (i = 0; i < fewer(recorded->nr_proposals, again->nr_proposals); i++)
		count += differences("proposal", i, snapshot_proposal_fields,
				     &recorded->proposals[i],
				     &again->proposals[i], to);
	for (i = 0; i < fewer(recorded->nr_shortages, again->nr_shortages); i++)
		count += differences("shortage", i, snapshot_shortage_fields,
				     &recorded->shortages[i],
				     &again->shortages[i], to);
	return count;
}

unsigned int replay_check(const struct snapshot *s,
			  const struct decide_result *again, FILE *to)
{
	unsigned int count = replay_differences(&s->answered, again, to);

	if (s->has_outlook)
		count += differences("answer", -1, snapshot_outlook_fields,
				     &s->answered, again, to);
	return count;
}
