// SPDX-License-Identifier: GPL-2.0-or-later
/* Apps in order, as far as somebody looks; and what that takes. */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>

#include "../../kmod/decide/decide.h"
#include "../../selftests/ktap.h"

/* How many entries were compared with a pivot. */
static uint64_t compared;

#define DECIDE_ORDER_FEW	(compared += order->pivot - order->done, 16U)
#include "../../kmod/decide/order.h"

#define MOST	20000

static struct decide_app apps[MOST];
static struct decide_entry entries[MOST], sorted[MOST];
static struct decide_order order;

enum keys { ANY, FEW, EQUAL, UP, DOWN, UP_DOWN, KEYS };

static uint64_t key_of(enum keys keys, uint32_t i, uint32_t n)
{
	switch (keys) {
	case ANY:
		return (uint64_t)mrand48() << 32 | (uint32_t)mrand48();
	case FEW:
		return (uint64_t)lrand48() % 5;
	case UP:
		return i;
	case DOWN:
		return n - i;
	case UP_DOWN:
		return i < n / 2 ? i : n - i;
	default:
		return 7;
	}
}

static int by_key_id_index(const void *a, const void *b)
{
	const struct decide_entry *x = a, *y = b;
	uint64_t id_x = apps[x->index].id, id_y = apps[y->index].id;

	if (x->key != y->key)
		return x->key < y->key ? -1 : 1;
	if (id_x != id_y)
		return id_x < id_y ? -1 : 1;
	return (x->index > y->index) - (x->index < y->index);
}

static void make(enum keys keys, uint32_t n)
{
	uint32_t i;

	order = (struct decide_order){ .entries = entries, .apps = apps };
	for (i = 0; i < n; i++) {
		apps[i].id = (uint64_t)lrand48() % n;
		decide_order_add(&order, key_of(keys, i, n), i);
		sorted[i] = entries[i];
	}
	qsort(sorted, n, sizeof(*sorted), by_key_id_index);
	compared = 0;
}

static void check_at(uint32_t nth)
{
	struct decide_entry *at = decide_order_at(&order, nth);

	ktap_assert(at == &entries[nth] && at->index == sorted[nth].index &&
		    at->key == sorted[nth].key && !at->skip,
		    "%u of %u: app %u, not %u, skip %u", nth, order.count,
		    at->index, sorted[nth].index, at->skip);
}

/* Wherever it is looked at first, and once more. */
static void test_sorted(void)
{
	uint32_t n, i, keys;

	for (n = 1; n < 300; n++) {
		for (keys = 0; keys < KEYS; keys++) {
			make(keys, n);
			for (i = 0; i < 4; i++)
				check_at((uint32_t)lrand48() % n);
			for (i = 0; i < n; i++)
				check_at(i);
		}
	}
}

/*
 * A quicksort of n compares 1.39 n log2 n on average, and the first takes 2 n; the
 * first of a few more than sorting these.
 */
static void test_work(void)
{
	uint32_t n, keys;
	double most;

	for (n = 200; n <= MOST; n *= 10) {
		for (keys = 0; keys < KEYS; keys++) {
			make(keys, n);
			check_at(0);
			ktap_assert(compared <= 6 * n, "%u: %llu for the first of %u",
				    keys, (unsigned long long)compared, n);
			check_at(n - 1);
			most = 2 * n * log2(n);
			ktap_assert(compared <= most, "%u: %llu for %u, not %.0f",
				    keys, (unsigned long long)compared, n, most);
		}
	}
}

int main(void)
{
	srand48(1);
	return ktap_run((struct ktap_case[]){
		{ "R-27 by key, then by id, from wherever one looks",
		  test_sorted },
		{ "R-20 the first take some n steps, all some n log n, in these orders",
		  test_work },
		{}
	});
}
