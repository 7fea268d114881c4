/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fields of a decision's snapshot and answer, each named once, for all that
 * prints or reads them: a recorded snapshot has a key=value for each.
 *
 * F is a number, A an array of numbers; all are __u32 or __u64, in the order of
 * the structure. A field that is new in decide.h is one line here: userspace does
 * not compile without it.
 */
#ifndef PRESWAP_DECIDE_FIELDS_H
#define PRESWAP_DECIDE_FIELDS_H

#include "decide.h"

/* Of the form in which they are printed; new fields do not change it. */
#define DECIDE_RECORD_VERSION	1

/* All but its pointers. */
#define DECIDE_SNAPSHOT_FIELDS(F, A)	\
	A(decide_snapshot, capacity)	\
	A(decide_snapshot, used)	\
	A(decide_snapshot, rate)	\
	A(decide_snapshot, noise)	\
	A(decide_snapshot, threshold_pct) \
	F(decide_snapshot, core_milli)	\
	A(decide_snapshot, topology)	\
	F(decide_snapshot, correlation_pct) \
	F(decide_snapshot, min_priority) \
	F(decide_snapshot, swap_slow_permille) \
	F(decide_snapshot, swap_free)	\
	F(decide_snapshot, nr_apps)	\
	F(decide_snapshot, nr_leases)

/* All but its uses. */
#define DECIDE_APP_FIELDS(F, A)		\
	F(decide_app, id)		\
	F(decide_app, priority)		\
	F(decide_app, sensitivity)	\
	F(decide_app, eligible)		\
	F(decide_app, parent)		\
	F(decide_app, never_gets)	\
	F(decide_app, groups)		\
	F(decide_app, never_to)

#define DECIDE_USE_FIELDS(F, A)		\
	F(decide_use, used)		\
	F(decide_use, base)		\
	F(decide_use, q50)		\
	F(decide_use, q95)		\
	F(decide_use, floor)		\
	F(decide_use, had)		\
	F(decide_use, given)		\
	F(decide_use, source)		\
	F(decide_use, in_ms)		\
	F(decide_use, bar)		\
	F(decide_use, regret_permille)	\
	F(decide_use, unused_permille)	\
	F(decide_use, moves)		\
	F(decide_use, zram_permille)	\
	F(decide_use, anon)

#define DECIDE_LEASE_FIELDS(F, A)	\
	F(decide_lease, donor)		\
	F(decide_lease, receiver)	\
	F(decide_lease, resource)	\
	F(decide_lease, amount)		\
	F(decide_lease, gain)

/* Of the answer, what the caller sets and the decision depends on. */
#define DECIDE_LIMITS_FIELDS(F, A)	\
	F(decide_result, proposals_max)	\
	F(decide_result, shortages_max)

/* What decide() sets, but for how it came about: what it chose, ... */
#define DECIDE_CHOICE_FIELDS(F, A)	\
	F(decide_result, nr_proposals)	\
	F(decide_result, nr_shortages)	\
	F(decide_result, nr_receivers)	\
	F(decide_result, nr_waiting)	\
	F(decide_result, nr_refused)	\
	A(decide_result, need)

/* ... and what it expects. */
#define DECIDE_OUTLOOK_OF(F, r)		\
	F(decide_result, outlook[r].rise) \
	F(decide_result, outlook[r].spread) \
	F(decide_result, outlook[r].room) \
	F(decide_result, outlook[r].over) \
	F(decide_result, outlook[r].chance_permille)

#define DECIDE_OUTLOOK_FIELDS(F, A)	\
	DECIDE_OUTLOOK_OF(F, 0)		\
	DECIDE_OUTLOOK_OF(F, 1)		\
	DECIDE_OUTLOOK_OF(F, 2)		\
	DECIDE_OUTLOOK_OF(F, 3)

#define DECIDE_ANSWER_FIELDS(F, A)	\
	DECIDE_CHOICE_FIELDS(F, A)	\
	DECIDE_OUTLOOK_FIELDS(F, A)

#define DECIDE_PROPOSAL_FIELDS(F, A)	\
	F(decide_proposal, donor)	\
	F(decide_proposal, receiver)	\
	F(decide_proposal, resource)	\
	F(decide_proposal, source)	\
	F(decide_proposal, amount)	\
	F(decide_proposal, gain)	\
	F(decide_proposal, benefit)	\
	F(decide_proposal, cost)

#define DECIDE_SHORTAGE_FIELDS(F, A)	\
	F(decide_shortage, receiver)	\
	F(decide_shortage, resource)	\
	F(decide_shortage, missing)

#define DECIDE_NEED_FIELDS(F, A)	\
	F(decide_need, receiver)	\
	F(decide_need, resource)	\
	F(decide_need, source)		\
	F(decide_need, chance_permille)	\
	F(decide_need, wait_ms)		\
	F(decide_need, median)		\
	F(decide_need, spread)		\
	F(decide_need, carried)		\
	F(decide_need, kept)		\
	F(decide_need, base)		\
	F(decide_need, room)		\
	F(decide_need, shortage)	\
	F(decide_need, risk)

#define DECIDE_REASON_FIELDS(F, A)	\
	F(decide_reason, receiver)	\
	F(decide_reason, donor)		\
	F(decide_reason, resource)	\
	F(decide_reason, verdict)	\
	F(decide_reason, amount)	\
	F(decide_reason, benefit)	\
	F(decide_reason, cost)

/* Where a field is: @count numbers of @width bytes. */
struct decide_field {
	const char *name;
	__u16 offset;
	__u8 width;
	__u8 count;
};

/* As arguments of the lists: "static ... table[] = { LIST(F, A) {} };" */
#define DECIDE_FIELD(type, member) {					\
	.name = #member,						\
	.offset = offsetof(struct type, member),			\
	.width = sizeof(((struct type *)0)->member),			\
	.count = 1,							\
},
#define DECIDE_FIELD_ARRAY(type, member) {				\
	.name = #member,						\
	.offset = offsetof(struct type, member),			\
	.width = sizeof(((struct type *)0)->member[0]),			\
	.count = sizeof(((struct type *)0)->member) /			\
		 sizeof(((struct type *)0)->member[0]),			\
},

/* The @k-th number of the field, in the structure at @from. */
static inline __u64 decide_field_get(const struct decide_field *field,
				     const void *from, unsigned int k)
{
	const char *at = (const char *)from + field->offset + k * field->width;

	return field->width == sizeof(__u64) ? *(const __u64 *)at :
					       *(const __u32 *)at;
}

#endif /* PRESWAP_DECIDE_FIELDS_H */
