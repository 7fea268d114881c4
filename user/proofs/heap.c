// SPDX-License-Identifier: GPL-2.0-or-later
/* The order of apps, whatever their keys and ids: sorted, each once. */
#include "proof.h"
#include "../../kmod/decide/heap.h"

#define ENTRIES	3

static void heap_of(__u32 count)
{
	struct decide_app apps[ENTRIES];
	struct decide_entry entries[ENTRIES], *at, before;
	struct decide_heap heap = { .entries = entries, .apps = apps };
	__u32 seen = 0, i;
	__u64 keys[ENTRIES];

	for (i = 0; i < count; i++)
		decide_heap_add(&heap, keys[i], i);
	decide_heap_build(&heap);
	for (i = 0; i < count; i++) {
		at = decide_heap_at(&heap, i);
		promise(at >= entries && at < entries + count, "one of them");
		promise(at->index < count && at->key == keys[at->index],
			"with its key");
		promise(!(seen & 1U << at->index), "each once");
		seen |= 1U << at->index;
		promise(!i || decide_heap_before(&heap, &before, at), "sorted");
		before = *at;
	}
	/* looked at again, out of order, it is where it was */
	i = any_u32();
	assume(i < count);
	at = decide_heap_at(&heap, count - 1);
	promise(at->index == before.index, "the last one");
	promise(decide_heap_at(&heap, i) == &entries[count - 1 - i], "in place");
}

void proof_heap_2(void)
{
	heap_of(2);
}

void proof_heap_3(void)
{
	heap_of(3);
}
