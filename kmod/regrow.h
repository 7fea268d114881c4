/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a donor is taken to have when a lease begins, while it still grows back from
 * the one before: else each would take what the last one had left it. For 16 s that is
 * the former base; after that what it has, as it may have become smaller for good.
 *
 * Example: it had 240 MiB, gave 80, grows back by 8 MiB a second, and is to give 80
 * again after 5 s. It has 200 then; 160 are left to it, as before, and not 120.
 *
 * Seconds are kept modulo 2^16, for the app's size: once in 18 hours a donor is taken for
 * 17 s to grow back that has become smaller long ago. It is then asked for less than its
 * lease says, until the lease ends.
 */
#ifndef PRESWAP_REGROW_H
#define PRESWAP_REGROW_H

#define PRESWAP_REGROW_S	16

/* @used: now; @base: the former; @left_s: PRESWAP_REGROW_S when the lease ended. */
static inline u64 preswap_regrow_base(u64 used, u64 base, u32 left_s)
{
	return base > used && left_s <= PRESWAP_REGROW_S ? base : used;
}

#endif /* PRESWAP_REGROW_H */
