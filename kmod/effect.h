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
 * Receivers. Of what was freed for one, the part that it grew into while its
 * leases lasted is their payoff; in 1/1000:
 *
 *	payoff = payoff + (part - payoff) / 4		when its last lease ends
 *
 * and no less than 1/8, so that a new pattern gets its chance. Example: three
 * leases for bursts that did not come make the next one worth 0.42.
 */
#ifndef PRESWAP_EFFECT_H
#define PRESWAP_EFFECT_H

#include <linux/math64.h>
#include <linux/minmax.h>
#include <linux/time64.h>
#include <linux/types.h>

#define PRESWAP_EFFECT_PERIOD_NS	(2ULL * NSEC_PER_SEC)
#define PRESWAP_EFFECT_PRICE		20	/* regret for a unit of pain */
#define PRESWAP_EFFECT_PAYOFF_MIN	125
#define PRESWAP_EFFECT_FAULT_US		10

/* Of taking memory from a donor. */
struct preswap_pain {
	u64 stall_us;		/* PSI's total at the last update */
	u64 faults;		/* major ones, then */
	u64 time_ns;		/* of that; 0: none yet */
	u32 calm_permille;
	u32 permille;		/* of the last two seconds with a lease, or 0 */
	u32 regret_permille;
	bool leased;		/* at some moment since the last update */
	bool before;		/* and before that */
};

/* Of giving to a receiver. */
struct preswap_payoff {
	u64 grown;		/* most, since its first lease in force began */
	u64 amount;		/* most that was held for it since then */
	u32 lost_permille;	/* 1000 less the payoff: 0 is a good start */
};

static inline u32 preswap_effect_toward(u32 from, u32 to, u32 part)
{
	return to > from ? from + (to - from) / part :
			   from - (from - to) / part;
}

/**
 * preswap_pain_update() - look at a donor's stalls, at most every period
 * @pain: what is known
 * @stall_us: PSI's total of the donor, "some" of memory
 * @faults: its major faults so far
 * @now_ns: CLOCK_BOOTTIME
 * @leased: leases hold back memory from it; call it in each tick for that
 */
static inline void preswap_pain_update(struct preswap_pain *pain, u64 stall_us,
				       u64 faults, u64 now_ns, bool leased)
{
	u64 elapsed_ns = now_ns - pain->time_ns, stall = 0;
	u32 share;

	pain->leased |= leased;
	if (pain->time_ns && elapsed_ns < PRESWAP_EFFECT_PERIOD_NS)
		return;
	if (stall_us > pain->stall_us)
		stall = stall_us - pain->stall_us;
	if (faults > pain->faults)
		stall = max(stall, min_t(u64, faults - pain->faults, 1U << 30) *
				   PRESWAP_EFFECT_FAULT_US);
	/* us x 10^6 / ns are 1/1000 */
	stall = min_t(u64, stall, 1U << 30) * 1000000;
	share = min_t(u64, div64_u64(stall, max(elapsed_ns, 1ULL)), 1000);
	if (!pain->time_ns)
		share = 0;
	pain->stall_us = stall_us;
	pain->faults = faults;
	pain->time_ns = now_ns;
	pain->permille = 0;
	if (pain->leased || pain->before) {
		share -= min(share, pain->calm_permille);
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
	payoff->grown = max(payoff->grown, grown);
	payoff->amount = max(payoff->amount, amount);
}

/* The last one has ended. */
static inline void preswap_payoff_end(struct preswap_payoff *payoff)
{
	u64 part = min(payoff->grown, payoff->amount);
	u32 lost;

	if (payoff->amount) {
		/* amounts fit 44 bits */
		lost = 1000 - (u32)div64_u64(part * 1000, payoff->amount);
		lost = preswap_effect_toward(payoff->lost_permille, lost, 4);
		payoff->lost_permille =
			min_t(u32, lost, 1000 - PRESWAP_EFFECT_PAYOFF_MIN);
	}
	payoff->grown = 0;
	payoff->amount = 0;
}

#endif /* PRESWAP_EFFECT_H */
