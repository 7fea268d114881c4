// SPDX-License-Identifier: GPL-2.0-or-later
/* Needs as distributions. Its static functions are proved as well. */
#include "proof.h"
#include "../../kmod/decide/demand.c"

/* As after decide_demand(), and with crumbs of receivers before. */
static struct decide_demand any_demand(__u64 most)
{
	struct decide_demand demand;

	assume(demand.median <= 4 * (__s64)most);
	assume(demand.median >= -(__s64)most);
	assume(demand.spread <= most && demand.counted <= demand.spread);
	return demand;
}

void proof_demand(void)
{
	struct decide_demand demand;
	struct decide_app app;
	__u64 capacity = any_u64();
	__u32 resource = any_u32();

	assume(capacity <= DECIDE_MAX && resource < DECIDE_RESOURCES);
	demand = decide_demand(&app, resource, capacity);
	promise(demand.median <= (__s64)DECIDE_MAX &&
		demand.median >= -(__s64)DECIDE_MAX, "the median");
	promise(demand.spread <= DECIDE_MAX, "the spread");
	promise(demand.counted <= demand.spread, "counted of it");
	promise(decide_demand_alone(&demand) <= DECIDE_MAX, "in all");
}

void proof_width(void)
{
	struct decide_demand demand = any_demand(DECIDE_MAX);
	__s64 width = half_width(&demand);

	promise(width * 9 <= (__s64)demand.spread * 10 &&
		width * 9 + 9 > (__s64)demand.spread * 10, "spread / 0.9");
}

/* What stands for it in the proofs below. */
__u32 some_chance(const struct decide_demand *demand, __s64 width, __s64 need)
{
	__u32 chance = any_u32();

	(void)demand;
	(void)width;
	(void)need;
	assume(chance <= 1000);
	return chance;
}

__u64 some_permille(__u64 value, __u32 permille)
{
	__u64 part = any_u64();

	promise(value <= 1ULL << 54 && permille <= 1000,
		"as proof_permille_part() has it");
	assume(part <= value);
	return part;
}

/* Division of a product: only small ones are within reach. */
void proof_chance_above_small(void)
{
	struct decide_demand demand = any_demand(1 << 8);
	__s64 width = half_width(&demand), need;

	assume(width > 0);
	assume(need >= demand.median - width && need <= demand.median + width);
	promise(chance_above(&demand, width, need) <= 1000, "a chance");
	promise(chance_above(&demand, width, demand.median) == 500, "half");
}

/* At any size, no overflow on the way. */
void proof_chance_above(void)
{
	struct decide_demand demand = any_demand(DECIDE_MAX);
	__s64 width = half_width(&demand), need;

	assume(width > 0);
	assume(need >= demand.median - width && need <= demand.median + width);
	chance_above(&demand, width, need);
}

void proof_chance(void)
{
	struct decide_demand demand = any_demand(DECIDE_MAX);

	promise(decide_demand_chance(&demand, any_u64()) <= 1000, "a chance");
}

void proof_expected(void)
{
	struct decide_demand demand = any_demand(DECIDE_MAX);
	__u64 covered = any_u64();

	promise(decide_demand_expected(&demand, any_u64(), covered) <= covered,
		"no more than what is covered");
}

void proof_spread_init(void)
{
	struct decide_spread sum;
	__u64 largest = any_u64();
	__u32 count = any_u32();

	assume(largest <= DECIDE_MAX && count <= DECIDE_APPS_MAX);
	decide_spread_init(&sum, largest, count, any_u32());
	promise(sum.shift < 64 && sum.correlation_pct <= 100, "bounded");
	promise((largest >> sum.shift) * count <= 1ULL << SPREAD_SUM_BITS,
		"that many fit");
	promise(!sum.sum && !sum.squares && !sum.sigma, "none yet");
}

/* One more, of a sum that still fits. */
void proof_spread_gather(void)
{
	struct decide_spread sum;
	__u64 spread = any_u64(), before;

	assume(sum.shift < 64);
	assume(spread >> sum.shift <= 1ULL << SPREAD_SUM_BITS);
	assume(sum.sum <= (1ULL << SPREAD_SUM_BITS) - (spread >> sum.shift));
	assume(sum.squares <= sum.sum * sum.sum);
	before = sum.sum;
	decide_spread_gather(&sum, spread);
	promise(sum.sum >= before && sum.sum <= 1ULL << SPREAD_SUM_BITS, "fits");
	promise(sum.squares <= sum.sum * sum.sum, "squares fit");
}

/* The root's argument fits for any sum that fits. */
__u64 some_root(__u64 value, __u64 guess)
{
	__u64 root = any_u64();

	(void)value;
	assume(root <= guess);
	return root;
}

void proof_sigma(void)
{
	struct decide_spread sum;
	__u64 guess = any_u64();

	assume(sum.sum <= 1ULL << SPREAD_SUM_BITS && sum.correlation_pct <= 100);
	assume(sum.squares <= 1ULL << 2 * SPREAD_SUM_BITS);
	promise(sigma(&sum, guess) <= guess, "no more than the guess");
}

void proof_root_small(void)
{
	__u64 value = any_u64(), guess = any_u64(), found;

	assume(value < 1 << 10 && guess <= 1 << 5);
	assume((guess + 1) * (guess + 1) > value && (guess || !value));
	found = root(value, guess);
	promise(found * found <= value && (found + 1) * (found + 1) > value,
		"the root");
}
