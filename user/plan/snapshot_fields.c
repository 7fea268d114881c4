// SPDX-License-Identifier: GPL-2.0-or-later
#include "plan/snapshot.h"

#define FIELDS(list) { list(DECIDE_FIELD, DECIDE_FIELD_ARRAY) {} }

const struct decide_field snapshot_node_fields[] =
	FIELDS(DECIDE_SNAPSHOT_FIELDS);
const struct decide_field snapshot_limits_fields[] =
	FIELDS(DECIDE_LIMITS_FIELDS);
const struct decide_field snapshot_app_fields[] = FIELDS(DECIDE_APP_FIELDS);
const struct decide_field snapshot_use_fields[] = FIELDS(DECIDE_USE_FIELDS);
const struct decide_field snapshot_lease_fields[] =
	FIELDS(DECIDE_LEASE_FIELDS);
const struct decide_field snapshot_answer_fields[] =
	FIELDS(DECIDE_ANSWER_FIELDS);
const struct decide_field snapshot_choice_fields[] =
	FIELDS(DECIDE_CHOICE_FIELDS);
const struct decide_field snapshot_outlook_fields[] =
	FIELDS(DECIDE_OUTLOOK_FIELDS);
const struct decide_field snapshot_proposal_fields[] =
	FIELDS(DECIDE_PROPOSAL_FIELDS);
const struct decide_field snapshot_shortage_fields[] =
	FIELDS(DECIDE_SHORTAGE_FIELDS);
const struct decide_field snapshot_need_fields[] = FIELDS(DECIDE_NEED_FIELDS);
const struct decide_field snapshot_reason_fields[] =
	FIELDS(DECIDE_REASON_FIELDS);

/*
 * No field was forgotten: as many initialisers as the structure has members,
 * which the compiler counts. And each has a width that can be read.
 */
#pragma GCC diagnostic error "-Wmissing-field-initializers"
#define ZERO(type, member) 0,
#define ZEROS(type, member) { 0 },
#define WIDTH(type, member) +						\
	CHECKED(sizeof(((struct type *)0)->member))
#define WIDTHS(type, member) +						\
	CHECKED(sizeof(((struct type *)0)->member[0]))
#define CHECKED(size) ((size) != 4 && (size) != 8)
#define WHOLE(type, list, ...)						\
	static const struct type whole_##type __attribute__((unused)) =	\
		{ list(ZERO, ZEROS) __VA_ARGS__ };			\
	_Static_assert(!(0 list(WIDTH, WIDTHS)), "neither __u32 nor __u64")

WHOLE(decide_snapshot, DECIDE_SNAPSHOT_FIELDS, NULL, NULL);
WHOLE(decide_app, DECIDE_APP_FIELDS, {});
WHOLE(decide_use, DECIDE_USE_FIELDS);
WHOLE(decide_lease, DECIDE_LEASE_FIELDS);
WHOLE(decide_proposal, DECIDE_PROPOSAL_FIELDS);
WHOLE(decide_shortage, DECIDE_SHORTAGE_FIELDS);
WHOLE(decide_need, DECIDE_NEED_FIELDS);
WHOLE(decide_reason, DECIDE_REASON_FIELDS);

#define OUTLOOK(F, A)	DECIDE_OUTLOOK_OF(F, 0)
#undef WIDTH
#define WIDTH(type, member) +						\
	CHECKED(sizeof(((struct decide_result *)0)->member))
WHOLE(decide_outlook, OUTLOOK);
_Static_assert(sizeof(snapshot_outlook_fields) ==
	       (DECIDE_RESOURCES * 5 + 1) * sizeof(struct decide_field),
	       "not of every resource");
