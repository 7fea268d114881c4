/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * By how much the node's balance of a resource (what is expected to be needed less
 * what there is, leases left out) swings while nothing happens. A lease is not
 * ended for less, as a later tick would begin it anew.
 *
 * Once a second, with x the balance:
 *
 *	size  = |x - 2 x(1 s ago) + x(2 s ago)| / 2
 *	swing = swing + swing / 64 + size / 1024	where size > swing
 *	swing = swing - swing / 16			else
 *
 * So ramps are no noise, and bursts hardly: a fifth of the sizes is below swing, which
 * of white noise is 0.39 times the standard deviation, and takes some minutes to get
 * there. Example: a burst of 3 GiB on a calm node, from one second to the next, makes
 * two sizes of 1.5 GiB, and a swing of 3 MiB. Bursts that come back all the time, each
 * foreseen seconds before, change the balance in up to two of three seconds: the median
 * of the sizes was a third of such a burst, and kept its lease until the next one.
 *
 * Noise is taken to go 13 swings either way: 5 standard deviations, which one value
 * in 3 million exceeds.
 */
#ifndef PRESWAP_NOISE_H
#define PRESWAP_NOISE_H

#ifdef __KERNEL__
#include <linux/minmax.h>
#include <linux/time64.h>
#include <linux/types.h>
#endif

#include "decide/number.h"

#define PRESWAP_NOISE_SWINGS	13
#define PRESWAP_NOISE_SHIFT	8	/* for milli-CPU, of which there are few */

struct preswap_noise {
	u64 time_ns;	/* of the last value */
	s64 last, before;
	u64 swing;	/* << PRESWAP_NOISE_SHIFT */
	u8 count;	/* values seen, saturates */
};

static inline void preswap_noise_update(struct preswap_noise *noise,
					const struct decide_outlook *outlook,
					u64 now_ns)
{
	s64 balance = (s64)decide_bound(outlook->rise + outlook->spread +
					outlook->over) - (s64)outlook->room;
	s64 bend = balance - 2 * noise->last + noise->before;
	u64 size = (u64)(bend < 0 ? -bend : bend) / 2 << PRESWAP_NOISE_SHIFT;

	if (noise->count && now_ns - noise->time_ns < NSEC_PER_SEC)
		return;
	noise->time_ns = now_ns;
	noise->before = noise->last;
	noise->last = balance;
	if (noise->count < 2)
		noise->count++;
	else if (size > noise->swing)
		noise->swing = min(noise->swing + noise->swing / 64 +
				   size / 1024, size);
	else
		noise->swing -= noise->swing / 16;
}

static inline u64 preswap_noise_most(const struct preswap_noise *noise)
{
	return noise->swing * PRESWAP_NOISE_SWINGS >> PRESWAP_NOISE_SHIFT;
}

#endif /* PRESWAP_NOISE_H */
