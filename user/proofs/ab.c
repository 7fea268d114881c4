// SPDX-License-Identifier: GPL-2.0-or-later
/* Who is in the control group; its hash is meant to overflow. */
#include "proof.h"
#include "../../kmod/decide/ab.h"

/* Whatever it mixes to, the same for both groups. */
static __u64 mixed;

__u64 some_mix(__u64 x)
{
	(void)x;
	return mixed;
}

void proof_ab(void)
{
	__u32 seed = any_u32(), pct = any_u32(), more = any_u32();
	__u64 which = any_u64();

	mixed = any_u64();
	assume(more >= pct);
	promise(!decide_ab_control(seed, which, 0), "nobody at 0 %");
	promise(pct < 100 || decide_ab_control(seed, which, pct),
		"all at 100 %");
	promise(!decide_ab_control(seed, which, pct) ||
		decide_ab_control(seed, which, more), "a larger group");
}
