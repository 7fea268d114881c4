// SPDX-License-Identifier: GPL-2.0-or-later
/* The order of apps, whatever their keys and ids: sorted, each once. */
#include "proof.h"

#include "../../kmod/decide/order.h"

#define ENTRIES	3

void proof_order_pick(void)
{
	__u32 from = any_u32(), last = any_u32(), pick;
	__u32 salt = any_u32();

	assume(from <= last && last < DECIDE_APPS_MAX);
	pick = decide_order_pick(from, last, salt);
	promise(pick >= from && pick <= last, "one of them");
}

__u32 some_pick(__u32 from, __u32 last, __u32 salt)
{
	__u32 pick = any_u32();

	(void)salt;
	promise(from <= last && last < DECIDE_APPS_MAX,
		"as in proof_order_pick()");
	assume(pick >= from && pick <= last);
	return pick;
}

/* Each once, with its key. */
static void promise_all(const struct decide_entry *entries, const __u64 *keys)
{
	__u32 seen = 0, i;

	for (i = 0; i < ENTRIES; i++) {
		promise(entries[i].index < ENTRIES &&
			entries[i].key == keys[entries[i].index],
			"with its key");
		promise(!(seen & 1U << entries[i].index), "each once");
		seen |= 1U << entries[i].index;
	}
}

/* What is before the new pivot belongs there, and what is behind it, too. */
void proof_order_split(void)
{
	struct decide_app apps[ENTRIES];
	struct decide_entry entries[ENTRIES];
	struct decide_order order = { .entries = entries, .apps = apps };
	__u64 keys[ENTRIES];
	__u32 i;

	for (i = 0; i < ENTRIES; i++)
		decide_order_add(&order, keys[i], i);
	decide_order_split(&order);
	promise(order.pivot < ENTRIES && !order.done, "one of them");
	for (i = 0; i < ENTRIES; i++) {
		promise(entries[i].skip == (i == order.pivot ? ENTRIES : 0),
			"the pivot before is told");
		promise(i >= order.pivot ||
			decide_order_before(&order, &entries[i],
					    &entries[order.pivot]), "before");
		promise(i <= order.pivot ||
			decide_order_before(&order, &entries[order.pivot],
					    &entries[i]), "behind");
	}
	promise_all(entries, keys);
}

/* A few, sorted by insertion. */
void proof_order_few(void)
{
	struct decide_app apps[ENTRIES];
	struct decide_entry entries[ENTRIES], *at;
	struct decide_order order = { .entries = entries, .apps = apps };
	__u64 keys[ENTRIES];
	__u32 i;

	for (i = 0; i < ENTRIES; i++)
		decide_order_add(&order, keys[i], i);
	for (i = 0; i < ENTRIES; i++) {
		at = decide_order_at(&order, i);
		promise(at == &entries[i] && !at->skip, "in place");
		promise(!i || decide_order_before(&order, at - 1, at), "sorted");
	}
	promise_all(entries, keys);
}
