/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Proofs of the decision with CBMC, for all inputs within the bounds that each
 * assumes; tools/proofs has the table of them and runs them. A local variable
 * that is not set holds any value, and so does what any_...() returns.
 */
#ifndef PRESWAP_PROOFS_PROOF_H
#define PRESWAP_PROOFS_PROOF_H

#include "../../kmod/decide/decide.h"

#define assume(cond)		__CPROVER_assume(cond)
#define promise(kept, text, ...) __CPROVER_assert(kept, text)

static inline __u32 any_u32(void)
{
	__u32 any;

	return any;
}

static inline __u64 any_u64(void)
{
	__u64 any;

	return any;
}

#endif /* PRESWAP_PROOFS_PROOF_H */
