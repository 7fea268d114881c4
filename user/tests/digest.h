/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A number that stands for the answers to random snapshots, how they came about
 * included: the same in userspace and in the kernel, or one decides otherwise.
 */
#ifndef PRESWAP_TESTS_DIGEST_H
#define PRESWAP_TESTS_DIGEST_H

#include "../../kmod/decide/fields.h"
#include "draw.h"

#define DIGEST_PROPOSALS	64
#define DIGEST_NEEDS		(DECIDE_RESOURCES * DRAW_APPS)
#define DIGEST_REASONS		(DECIDE_RESOURCES * DRAW_APPS * DRAW_APPS)

struct digest {
	__u64 value;		/* FNV-1a of all numbers so far */
	__u64 proposals;	/* how many there were */
	struct decide_snapshot snapshot;
	struct decide_app apps[DRAW_APPS];
	struct decide_lease leases[DRAW_LEASES];
	struct decide_proposal proposal[DIGEST_PROPOSALS];
	struct decide_shortage shortage[DIGEST_PROPOSALS];
	struct decide_need need[DIGEST_NEEDS];
	struct decide_reason reason[DIGEST_REASONS];
	struct decide_entry entries[2 * DRAW_APPS];
	__u64 taken[DRAW_APPS], held[DRAW_APPS];
};

static inline void digest_fields(struct digest *d,
				 const struct decide_field *field,
				 const void *from)
{
	unsigned int k, byte;
	__u64 number;

	for (; field->name; field++) {
		for (k = 0; k < field->count; k++) {
			number = decide_field_get(field, from, k);
			for (byte = 0; byte < 8; byte++) {
				d->value ^= number >> (8 * byte) & 0xff;
				d->value *= 0x100000001b3ULL;
			}
		}
	}
}

#define DIGEST_EACH(d, list, array, count) do {				\
	static const struct decide_field fields[] = {			\
		list(DECIDE_FIELD, DECIDE_FIELD_ARRAY) {}		\
	};								\
	__u32 n;							\
									\
	for (n = 0; n < (count); n++)					\
		digest_fields(d, fields, &(array)[n]);			\
} while (0)

/* The next random snapshot (draw_seed) and the answer to it. */
static inline void digest_next(struct digest *d)
{
	struct decide_result result = {
		.proposals = d->proposal,
		.shortages = d->shortage,
		.shortages_max = DIGEST_PROPOSALS,
		.entries = d->entries,
		.taken = d->taken,
		.held = d->held,
		.needs = d->need,
		.needs_max = DIGEST_NEEDS,
		.reasons = d->reason,
		.reasons_max = DIGEST_REASONS,
	};

	draw_node(&d->snapshot, d->apps, d->leases);
	result.proposals_max = draw(8) ? DIGEST_PROPOSALS : draw(3);
	decide(&d->snapshot, &result);
	d->proposals += result.nr_proposals;
	DIGEST_EACH(d, DECIDE_ANSWER_FIELDS, &result, 1);
	DIGEST_EACH(d, DECIDE_PROPOSAL_FIELDS, d->proposal,
		    result.nr_proposals);
	DIGEST_EACH(d, DECIDE_SHORTAGE_FIELDS, d->shortage,
		    result.nr_shortages);
	DIGEST_EACH(d, DECIDE_NEED_FIELDS, d->need, result.nr_needs);
	DIGEST_EACH(d, DECIDE_REASON_FIELDS, d->reason, result.nr_reasons);
}

#endif /* PRESWAP_TESTS_DIGEST_H */
