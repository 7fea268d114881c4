// SPDX-License-Identifier: GPL-2.0-or-later
/* The arithmetic of number.h. */
#include "proof.h"
#include "../../kmod/decide/number.h"

void proof_bounded(void)
{
	__u64 a = any_u64(), b = any_u64();

	promise(decide_smaller(a, b) <= a && decide_smaller(a, b) <= b &&
		(decide_smaller(a, b) == a || decide_smaller(a, b) == b),
		"the smaller");
	promise(decide_larger(a, b) >= a && decide_larger(a, b) >= b &&
		(decide_larger(a, b) == a || decide_larger(a, b) == b),
		"the larger");
	promise(decide_bound(a) <= DECIDE_MAX &&
		(a > DECIDE_MAX || decide_bound(a) == a), "bounded");
	promise(a > b ? decide_less(a, b) + b == a : !decide_less(a, b),
		"the difference, or 0");
}

static void permille(__u64 most, __u32 most_permille)
{
	__u64 value = any_u64(), less = any_u64(), part;
	__u32 permille = any_u32(), fewer = any_u32();

	assume(value <= most && permille <= most_permille);
	assume(less <= value && fewer <= permille);
	part = decide_permille(value, permille);
	promise(part == (unsigned __int128)value * permille / 1000, "exact");
	promise(permille > 1000 || part <= value, "no more than all");
	promise(decide_permille(less, permille) <= part &&
		decide_permille(value, fewer) <= part, "monotone");
}

/* Of benefits and expectations: KiB x weight, bytes. */
void proof_permille_part(void)
{
	permille(1ULL << 54, 1000);
}

/* Of costs: KiB or milli-CPU, by 1/1000 of a weight of 400, all regret, moves, slow swap, far cores. */
void proof_permille_price(void)
{
	permille(DECIDE_MAX >> 10, 400 * (72000 + 260));
}
