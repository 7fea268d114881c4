/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The past in another order: for forecasts that are deliberately wrong
 * (preswapd-shuffled.c). Time is cut into blocks, and in each of them what was said some
 * while ago is said again, second by second: a burst is foreseen as it was, but at
 * another time.
 */
#ifndef PRESWAP_RIVALS_SHUFFLE_H
#define PRESWAP_RIVALS_SHUFFLE_H

#include <stdint.h>

#define SHUFFLE_BLOCK_S	20u
#define SHUFFLE_REACH_S	240u	/* and no further back */

/* Of a block: splitmix64, so that equal seeds give equal runs. */
static inline uint64_t shuffle_draw(uint64_t seed, uint64_t block)
{
	uint64_t x = seed + (block + 1) * 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/*
 * How many seconds ago was said what is said at @second, of which 0 was the first:
 * a block or more. 0: there is no such past yet.
 */
static inline uint64_t shuffle_lag(uint64_t seed, uint64_t second)
{
	uint64_t block = second / SHUFFLE_BLOCK_S;
	uint64_t past = block * SHUFFLE_BLOCK_S;

	if (past > SHUFFLE_REACH_S)
		past = SHUFFLE_REACH_S;
	if (!past)
		return 0;
	return SHUFFLE_BLOCK_S +
	       shuffle_draw(seed, block) % (past - SHUFFLE_BLOCK_S + 1);
}

#endif /* PRESWAP_RIVALS_SHUFFLE_H */
