/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What leases did: to donors, and for receivers. It makes the next ones dearer
 * or worth less, and ends those that hurt too much.
 *
 * Donors. PSI tells the share of time in which some task of the donor stood
 * still for want of memory. It does not count reading back pages that were not
 * among the most used ones, which on 6.1 is most of what reclaim takes: so each
 * major fault is taken for at least 10 us, what zram needs. What is more than its
 * share without leases (calm) is what being without that memory costs it, its
 * pain; in 1/1000 of the time:
 *
 *	calm   = calm + (share - calm) / 8		without a lease
 *	pain   = share - calm				with one
 *	regret = regret + (20 pain - regret) / 4	with one
 *	regret = regret - regret / 32			without
 *
 * every 2 s, which is how often PSI adds up. So a donor that stands still for
 * 5 % of the time costs twice its weight, and the memory of that is halved in
 * 44 s. A donor whose pain exceeds its bound is left alone for a while. Two
 * seconds in which a lease was in force at some moment are "with" one. In the
 * next two, what was taken is fetched back: that is regretted too, and to call
 * it calm would hide the pain of the next lease.
 *
 * Downtime is all of the donor standing still at once, which PSI calls "full":
 * a policy bounds how much of it leases may cost in an hour. It fills a bucket,
 * which drains evenly, by the bound in an hour:
 *
 *	spent = max(spent - bound * elapsed / 1 h, 0)
 *	spent = spent + full				with a lease, as above
 *
 * Once there is more in it than the bound, the donor is left alone until it is
 * empty: for an hour or, as more than twice the bound counts as that, for two
 * at most. So what comes at once is no more than the bound, and what comes
 * slowly no more than twice that in an hour: a bound of 1 s and a stall of 2 ms
 * in each second lift the bucket by 6.2 s an hour, which is seen after 580 s.
 *
 * Receivers. Of what was freed for one, the part that it grew into while its
 * leases lasted is their payoff; in 1/1000:
 *
 *	payoff = payoff + (part - payoff) / 4		when its last lease ends,
 *							and every review_ms before
 *
 * and no less than 1/8, so that a new pattern gets its chance. Example: three
 * leases for bursts that did not come make the next one worth 0.42.
 */
#ifndef PRESWAP_EFFECT_H
#define PRESWAP_EFFECT_H

#ifdef __KERNEL__
#include <linux/limits.h>
#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>
#include <linux/types.h>
#endif

#define PRESWAP_EFFECT_PERIOD_NS	(2ULL * NSEC_PER_SEC)
#define PRESWAP_EFFECT_HOUR_US		(3600ULL * USEC_PER_SEC)
#define PRESWAP_EFFECT_PRICE		20	/* regret for a unit of pain */
#define PRESWAP_EFFECT_PAYOFF_MIN	125
#define PRESWAP_EFFECT_FAULT_US		10

/* How long a donor has stood still, in all. */
struct preswap_stalls {
	u64 some_us;		/* PSI's totals, of memory: some of its tasks */
	u64 full_us;		/* all of them */
	u64 faults;		/* major ones */
};

/* Of taking memory from a donor. Its sums wrap: only their growth counts. */
struct preswap_pain {
	u64 time_ns;		/* of the last update; 0: none yet */
	u32 some_us, full_us;	/* then */
	u32 faults;
	u32 spent_us;		/* of the downtime it may have */
	u16 calm_permille;
	u16 permille;		/* of the last two seconds with a lease, or 0 */
	u16 regret_permille;
	bool leased:1;		/* at some moment since the last update */
	bool before:1;		/* and before that */
	bool overspent:1;	/* until nothing is spent any more */
};

/* Of giving to a receiver: in any unit in which more than 32 bits count as that. */
struct preswap_payoff {
	u32 grown;		/* most, since its first lease in force began */
	u32 amount;		/* most that was held for it since then */
	u32 lost_permille;	/* 1000 less the payoff: 0 is a good start */
};

static inline u32 preswap_effect_toward(u32 from, u32 to, u32 part)
{
	return to > from ? from + (to - from) / part :
			   from - (from - to) / part;
}

/* @bound_ms: downtime that it may have in an hour; 0: any */
static inline void preswap_pain_spend(struct preswap_pain *pain, u32 full_us,
				      u64 elapsed_ns, u32 bound_ms)
{
	u64 bound_us = (u64)bound_ms * USEC_PER_MSEC, spent = pain->spent_us;
	u64 elapsed_us = min(div64_u64(elapsed_ns, NSEC_PER_USEC),
			     PRESWAP_EFFECT_HOUR_US);

	spent -= min(spent, div64_u64(bound_us * elapsed_us,
				      PRESWAP_EFFECT_HOUR_US));
	if (pain->leased || pain->before)
		spent += full_us;
	pain->spent_us = min(min(spent, 2 * bound_us), (u64)U32_MAX);
	if (pain->spent_us > bound_us)
		pain->overspent = true;
	else if (!pain->spent_us)
		pain->overspent = false;
}

/**
 * preswap_pain_update() - look at a donor's stalls, at most every period
 * @pain: what is known
 * @stalls: the donor's so far
 * @now_ns: CLOCK_BOOTTIME
 * @leased: leases hold back memory from it; call it in each tick for that
 * @bound_ms: downtime that it may have in an hour; 0: any
 */
static inline void preswap_pain_update(struct preswap_pain *pain,
				       const struct preswap_stalls *stalls,
				       u64 now_ns, bool leased, u32 bound_ms)
{
	u64 elapsed_ns = now_ns - pain->time_ns, stall;
	bool known = pain->time_ns;
	u32 share;

	pain->leased |= leased;
	if (known && elapsed_ns < PRESWAP_EFFECT_PERIOD_NS)
		return;
	stall = max_t(u64, (u32)stalls->some_us - pain->some_us,
		      (u64)((u32)stalls->faults - pain->faults) *
		      PRESWAP_EFFECT_FAULT_US);
	/* us x 10^6 / ns are 1/1000 */
	stall = min_t(u64, stall, 1U << 30) * 1000000;
	share = min_t(u64, div64_u64(stall, max(elapsed_ns, 1ULL)), 1000);
	if (known)
		preswap_pain_spend(pain, (u32)stalls->full_us - pain->full_us,
				   elapsed_ns, bound_ms);
	else
		share = 0;
	pain->some_us = stalls->some_us;
	pain->full_us = stalls->full_us;
	pain->faults = stalls->faults;
	pain->time_ns = now_ns;
	pain->permille = 0;
	if (pain->leased || pain->before) {
		share -= min_t(u32, share, pain->calm_permille);
		pain->regret_permille = preswap_effect_toward(
			pain->regret_permille, share * PRESWAP_EFFECT_PRICE, 4);
		if (pain->leased)
			pain->permille = share;
	} else {
		pain->calm_permille = preswap_effect_toward(
			pain->calm_permille, share, 8);
		pain->regret_permille -= pain->regret_permille / 32;
	}
	pain->before = pain->leased;
	pain->leased = leased;
}

/* While leases are in force for a receiver. */
static inline void preswap_payoff_update(struct preswap_payoff *payoff,
					 u64 grown, u64 amount)
{
	payoff->grown = min_t(u64, max(grown, (u64)payoff->grown), U32_MAX);
	payoff->amount = min_t(u64, max(amount, (u64)payoff->amount), U32_MAX);
}

/* The last one has ended, or is reviewed. */
static inline void preswap_payoff_end(struct preswap_payoff *payoff)
{
	u64 part = min(payoff->grown, payoff->amount);
	u32 lost;

	if (payoff->amount) {
		lost = 1000 - (u32)div64_u64(part * 1000, payoff->amount);
		lost = preswap_effect_toward(payoff->lost_permille, lost, 4);
		payoff->lost_permille =
			min_t(u32, lost, 1000 - PRESWAP_EFFECT_PAYOFF_MIN);
	}
	payoff->grown = 0;
	payoff->amount = 0;
}

#endif /* PRESWAP_EFFECT_H */
