/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apps in order, sorted no further than somebody looks: on average the first few of n
 * take some n steps, and all of them n log n. Most decisions look at a few donors
 * of many.
 *
 * It is a quicksort that puts off what comes later (incremental quicksort, Paredes and
 * Navarro, 2006). The first @done entries are in order. What follows is not, but is
 * before the pivot in place @pivot; then there is what is before the next pivot, which
 * is in the place that this one's @skip tells, and so on.
 *
 * How two compare is no branch in the loop over many: a processor foresees half of
 * those, and each of the others costs it as much as comparing three more. Pivots
 * are taken from anywhere, and from elsewhere each time (@salt), so that no order in which
 * apps may come is a bad one for long.
 */
#ifndef PRESWAP_DECIDE_ORDER_H
#define PRESWAP_DECIDE_ORDER_H

#include "decide.h"

/* So many are sorted by insertion. */
#ifndef DECIDE_ORDER_FEW
#define DECIDE_ORDER_FEW	16
#endif

struct decide_order {
	struct decide_entry *entries;
	const struct decide_app *apps;
	__u32 count;
	__u32 done;
	__u32 pivot;		/* @count: there is none */
	__u32 salt;		/* anything */
};

/* By key, then by what makes the order of apps in the snapshot not matter. */
static inline bool decide_order_before(const struct decide_order *order,
				       const struct decide_entry *a,
				       const struct decide_entry *b)
{
	const struct decide_app *x, *y;

	if (a->key != b->key)
		return a->key < b->key;
	x = &order->apps[a->index];
	y = &order->apps[b->index];
	return x->id != y->id ? x->id < y->id : a->index < b->index;
}

/* All of them before the first decide_order_at(). */
static inline void decide_order_add(struct decide_order *order, __u64 key,
				    __u32 index)
{
	order->entries[order->count++] = (struct decide_entry){
		.key = key,
		.index = index,
	};
	order->pivot = order->count;
}

/* But for @skip, which is 0 in all but pivots. */
static inline void decide_order_move(struct decide_entry *to,
				     const struct decide_entry *from)
{
	to->key = from->key;
	to->index = from->index;
}

/* One of these places: multiples of 2^32 / 1.618 lie anywhere in 2^32. */
static inline __u32 decide_order_pick(__u32 from, __u32 last, __u32 salt)
{
	__u64 any = ((__u64)from + last + salt) * 0x9e3779b1U & 0xffffffffU;

	return from + (__u32)(any >> 12) % (last - from + 1);
}

/* One of those that are not in order, up to the pivot, becomes the next pivot. */
static inline void decide_order_split(struct decide_order *order)
{
	__u32 from = order->done, last = order->pivot - 1, to = from, i;
	struct decide_entry *e = order->entries, pivot, entry;

	i = decide_order_pick(from, last, order->salt);
	decide_order_move(&pivot, &e[i]);
	decide_order_move(&e[i], &e[last]);
	for (i = from; i < last; i++) {
		decide_order_move(&entry, &e[i]);
		decide_order_move(&e[i], &e[to]);
		decide_order_move(&e[to], &entry);
		to += decide_order_before(order, &entry, &pivot);
	}
	decide_order_move(&e[last], &e[to]);
	decide_order_move(&e[to], &pivot);
	e[to].skip = order->pivot;
	order->pivot = to;
}

/* All that are not in order, up to the pivot. */
static inline void decide_order_insert(struct decide_order *order)
{
	struct decide_entry *e = order->entries, entry;
	__u32 i, to;

	for (i = order->done + 1; i < order->pivot; i++) {
		decide_order_move(&entry, &e[i]);
		for (to = i; to > order->done &&
		     decide_order_before(order, &entry, &e[to - 1]); to--)
			decide_order_move(&e[to], &e[to - 1]);
		decide_order_move(&e[to], &entry);
	}
	order->done = order->pivot;
}

/* As far as @nth, at least. */
static inline void decide_order_sort(struct decide_order *order, __u32 nth)
{
	struct decide_entry *pivot;

	while (order->done <= nth) {
		while (order->pivot - order->done > DECIDE_ORDER_FEW)
			decide_order_split(order);
		decide_order_insert(order);
		if (order->done == order->count)
			break;
		pivot = &order->entries[order->done++];
		order->pivot = pivot->skip;
		pivot->skip = 0;
	}
}

/* The entry in place @nth, below order->count; it stays where it is. */
static inline struct decide_entry *decide_order_at(struct decide_order *order,
						   __u32 nth)
{
	if (order->done <= nth)
		decide_order_sort(order, nth);
	return &order->entries[nth];
}

#endif /* PRESWAP_DECIDE_ORDER_H */
