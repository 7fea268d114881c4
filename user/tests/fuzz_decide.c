// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: any bytes are a snapshot, and decide() keeps its promises
 * ("make -C user fuzz").
 *
 * A number is one byte that says how it is written, and what that asks for:
 * sensible ones take two bytes, absurd ones one, any other nine. All arrays are
 * exactly as long as decide() was told.
 */
#include <stdio.h>
#include <stdlib.h>

#include "../../kmod/decide/fields.h"

#define promise(kept, ...) do {						\
	if (!(kept)) {							\
		fprintf(stderr, "%s:%d: ", __FILE__, __LINE__);		\
		fprintf(stderr, __VA_ARGS__);				\
		fputc('\n', stderr);					\
		__builtin_trap();					\
	}								\
} while (0)
#include "promises.h"

#define APPS_MAX	24
#define LEASES_MAX	16
#define ROOM_MAX	64

struct bytes {
	const uint8_t *at;
	size_t left;
	uint64_t last;		/* the number before */
};

static uint64_t take(struct bytes *b, size_t width)
{
	uint64_t value = 0;

	if (width > b->left)
		width = b->left;
	memcpy(&value, b->at, width);
	b->at += width;
	b->left -= width;
	return value;
}

static uint64_t number(struct bytes *b)
{
	uint8_t how = (uint8_t)take(b, 1);

	switch (how & 15) {
	case 0:
		b->last = 0;
		break;
	case 1:
		b->last = UINT64_MAX - (how >> 4);
		break;
	case 2:
		b->last = take(b, 8);
		break;
	case 3:
		b->last = take(b, 4) << (how >> 4);
		break;
	case 4:
		b->last = (1ULL << take(b, 1) % 64) - (how >> 4 & 1);
		break;
	case 5:
		b->last = DECIDE_MAX - 8 + (how >> 4);
		break;
	case 6:
		break;
	case 7:
		b->last += (how >> 4) - 8;
		break;
	case 8:
	case 9:
		b->last = take(b, 1) * 50;
		break;
	case 10:
		b->last = take(b, 2);
		break;
	case 11:
		b->last = take(b, 2) << 20;
		break;
	case 12:
	case 13:
		b->last = take(b, 1) << 23;
		break;
	default:
		b->last = how >> 4;
		break;
	}
	return b->last;
}

static void fill(struct bytes *b, const struct decide_field *field, void *to)
{
	unsigned int k;

	for (; field->name; field++) {
		for (k = 0; k < field->count; k++) {
			uint64_t value = number(b);
			char *at = (char *)to + field->offset +
				   k * field->width;

			if (field->width == sizeof(value))
				memcpy(at, &value, sizeof(value));
			else
				*(uint32_t *)at = (uint32_t)value;
		}
	}
}

#define FILL(b, list, to) do {						\
	static const struct decide_field fields[] = {			\
		list(DECIDE_FIELD, DECIDE_FIELD_ARRAY) {}		\
	};								\
									\
	fill(b, fields, to);						\
} while (0)

static void *array(size_t count, size_t size)
{
	void *p = malloc(count * size);

	if (!p)
		abort();
	return p;
}

/* The apps, which may be changed. Too many of them are none. */
static struct decide_app *make(struct bytes *b, struct decide_snapshot *s)
{
	struct decide_lease *leases;
	struct decide_app *apps;
	uint32_t i, k;

	memset(s, 0, sizeof(*s));
	FILL(b, DECIDE_SNAPSHOT_FIELDS, s);
	if (s->nr_apps <= DECIDE_APPS_MAX)
		s->nr_apps %= APPS_MAX + 1;
	s->nr_leases %= LEASES_MAX + 1;
	if (s->nr_apps > DECIDE_APPS_MAX) {
		s->nr_leases = 0;
		return NULL;
	}
	apps = array(s->nr_apps, sizeof(*apps));
	leases = array(s->nr_leases, sizeof(*leases));
	for (i = 0; i < s->nr_apps; i++) {
		FILL(b, DECIDE_APP_FIELDS, &apps[i]);
		for (k = 0; k < DECIDE_RESOURCES; k++)
			FILL(b, DECIDE_USE_FIELDS, &apps[i].use[k]);
	}
	for (i = 0; i < s->nr_leases; i++)
		FILL(b, DECIDE_LEASE_FIELDS, &leases[i]);
	s->apps = apps;
	s->leases = leases;
	return apps;
}

/* @garbage: what the scratch space holds before, which must not matter. */
static struct decide_result answer(const struct decide_snapshot *s,
				   uint32_t proposals, uint32_t shortages,
				   bool reasons, int garbage)
{
	uint32_t n = s->apps ? s->nr_apps : 0;
	struct decide_result r = {
		.proposals_max = proposals,
		.shortages_max = shortages,
		.needs_max = reasons ? DECIDE_RESOURCES * n : 0,
		.reasons_max = reasons ? DECIDE_RESOURCES * n * n : 0,
	};

	r.proposals = array(proposals, sizeof(*r.proposals));
	r.shortages = array(shortages, sizeof(*r.shortages));
	r.needs = array(r.needs_max, sizeof(*r.needs));
	r.reasons = array(r.reasons_max, sizeof(*r.reasons));
	r.entries = array(2 * n, sizeof(*r.entries));
	r.taken = array(n, sizeof(*r.taken));
	r.held = array(n, sizeof(*r.held));
	memset(r.entries, garbage, 2 * n * sizeof(*r.entries));
	memset(r.taken, garbage, n * sizeof(*r.taken));
	memset(r.held, garbage, n * sizeof(*r.held));
	decide(s, &r);
	promises(s, &r);
	return r;
}

static void drop(struct decide_result *r)
{
	free(r->proposals);
	free(r->shortages);
	free(r->needs);
	free(r->reasons);
	free(r->entries);
	free(r->taken);
	free(r->held);
}

static void check_monotone(struct decide_snapshot *s, struct decide_app *apps,
			   uint32_t receiver, uint32_t resource)
{
	struct decide_result before, after;

	if (!promise_make_monotone(s, apps, receiver, resource))
		return;
	before = answer(s, ROOM_MAX, ROOM_MAX, true, 0);
	apps[receiver].priority++;
	after = answer(s, ROOM_MAX, ROOM_MAX, true, 0);
	promise_monotone(s, resource,
			 promised_lack(&before, receiver, resource),
			 promised_lack(&after, receiver, resource));
	drop(&before);
	drop(&after);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = { .at = data, .left = size };
	uint32_t proposals = take(&b, 1) % (ROOM_MAX + 1);
	uint32_t shortages = take(&b, 1) % (ROOM_MAX + 1);
	uint32_t least = take(&b, 1) % 12, which = take(&b, 1);
	struct decide_result first, second;
	struct decide_snapshot s;
	struct decide_app *apps;

	apps = make(&b, &s);
	first = answer(&s, proposals, shortages, false, 0xff);
	second = answer(&s, proposals, shortages, true, 0x5a);
	promises_same(&first, &second);
	promises_reasons(&second);
	drop(&second);
	drop(&first);
	if (apps) {
		promise_make_separable(&s, apps);
		first = answer(&s, proposals, shortages, false, 0);
		promise_no_needs_below(&s, apps, least);
		second = answer(&s, proposals, shortages, false, 0);
		promises_above(&s, &first, &second, least);
		drop(&first);
		drop(&second);
		check_monotone(&s, apps, which % APPS_MAX,
			       DECIDE_MEMORY + which / 64 % 3);
	}
	free((void *)s.leases);
	free(apps);
	return 0;
}
