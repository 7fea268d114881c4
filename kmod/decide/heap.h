/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Apps in order, sorted no further than somebody looks: building it takes n
 * steps, each next one log n. Most decisions look at a few donors of many.
 *
 * A heap in the first @left entries, and behind it what was taken out, the
 * first one last.
 */
#ifndef PRESWAP_DECIDE_HEAP_H
#define PRESWAP_DECIDE_HEAP_H

#include "decide.h"

#ifndef noinline	/* not the kernel */
#define noinline	__attribute__((noinline))
#endif

struct decide_heap {
	struct decide_entry *entries;
	const struct decide_app *apps;
	__u32 count;
	__u32 left;
};

/* Rare: apart, what is done for each entry stays small. */
static noinline bool decide_heap_tie(const struct decide_app *apps, __u32 a,
				     __u32 b)
{
	return apps[a].id != apps[b].id ? apps[a].id < apps[b].id : a < b;
}

/* By key, then by what makes the order of apps in the snapshot not matter. */
static inline bool decide_heap_before(const struct decide_heap *heap,
				      const struct decide_entry *a,
				      const struct decide_entry *b)
{
	if (a->key != b->key)
		return a->key < b->key;
	return decide_heap_tie(heap->apps, a->index, b->index);
}

static inline void decide_heap_add(struct decide_heap *heap, __u64 key,
				   __u32 index)
{
	heap->entries[heap->count++] = (struct decide_entry){
		.key = key,
		.index = index,
	};
}

static inline void decide_heap_sift(struct decide_heap *heap, __u32 at)
{
	struct decide_entry *e = heap->entries, moved = e[at];
	__u32 child;

	while ((child = 2 * at + 1) < heap->left) {
		if (child + 1 < heap->left &&
		    decide_heap_before(heap, &e[child + 1], &e[child]))
			child++;
		if (!decide_heap_before(heap, &e[child], &moved))
			break;
		e[at] = e[child];
		at = child;
	}
	e[at] = moved;
}

/* After the last decide_heap_add(). */
static inline void decide_heap_build(struct decide_heap *heap)
{
	__u32 i;

	heap->left = heap->count;
	for (i = heap->count / 2; i; i--)
		decide_heap_sift(heap, i - 1);
}

/* The entry in place @nth, below heap->count; it stays where it is. */
static inline struct decide_entry *decide_heap_at(struct decide_heap *heap,
						  __u32 nth)
{
	struct decide_entry *e = heap->entries, first;

	while (heap->count - heap->left <= nth) {
		first = e[0];
		e[0] = e[--heap->left];
		e[heap->left] = first;
		decide_heap_sift(heap, 0);
	}
	return &e[heap->count - 1 - nth];
}

#endif /* PRESWAP_DECIDE_HEAP_H */
