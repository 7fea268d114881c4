/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a donor would have without leases.
 *
 * When one begins while it still grows back from the one before, that is not what it has:
 * else each would take what the last one had left it. For 16 s it is the former base;
 * after that what it has, as it may have become smaller for good.
 *
 * Example: it had 240 MiB, gave 80, grows back by 8 MiB a second, and is to give 80
 * again after 5 s. It has 200 then; 160 are left to it, as before, and not 120.
 *
 * But not all that it had may be there for it. Others have grown, or kept what was freed
 * for a burst: then it gives what it could not have anyway, and nothing becomes free. Of its
 * base, what exceeds what it has and its part of what there is, is gone; as much as its
 * leases hold back at most, so that it never gives more than twice that. There is what is
 * available on the node, without donors' files and those that are mapped, as both count as
 * available and are in use; and what receivers have grown by.
 *
 * Example: the same, but 20 MiB are there as it is to give 80 again. It could come to 220
 * at most: 20 of its 240 are gone, and it is left 140. With 160, 60 would be free.
 *
 * Seconds are kept modulo 2^16, for the app's size: once in 18 hours a donor is taken for
 * 17 s to grow back that has become smaller long ago. It is then asked for less than its
 * lease says, until the lease ends.
 */
#ifndef PRESWAP_REGROW_H
#define PRESWAP_REGROW_H

#define PRESWAP_REGROW_S	16

/* Bytes. @used: now; @base: the former; @left_s: PRESWAP_REGROW_S when the lease ended. */
static inline u64 preswap_regrow_base(u64 used, u64 base, u32 left_s)
{
	return base > used && left_s <= PRESWAP_REGROW_S ? base : used;
}

/* Of all that grow back. */
struct preswap_regrow {
	u64 want;		/* bytes that it takes for each to have its base */
	s64 have;		/* bytes that there are for that */
};

#define PRESWAP_REGROW_ALL	1024
/* What was reclaimed is seen by then: CPUs keep some free pages for themselves. */
#define PRESWAP_REGROW_SETTLE_S	4
#define PRESWAP_REGROW_STEP_MIB	8

/* Return: of what each wants, the part that is there, of PRESWAP_REGROW_ALL. */
static inline u32 preswap_regrow_there(const struct preswap_regrow *all)
{
	u64 have = max(all->have, 0LL);

	return have >= all->want ? PRESWAP_REGROW_ALL :
	       (u32)div64_u64(have * PRESWAP_REGROW_ALL, all->want);
}

/* Return: MiB that are gone of what it would grow by, 64 GiB at most. */
static inline u16 preswap_regrow_gone(u64 bytes, u32 there)
{
	return min((bytes >> 20) * (PRESWAP_REGROW_ALL - there) /
		   PRESWAP_REGROW_ALL, (u64)U16_MAX);
}

#endif /* PRESWAP_REGROW_H */
