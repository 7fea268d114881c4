/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What leases did: to donors, and for receivers. It makes the next ones dearer
 * or worth less, and ends those that hurt too much.
 *
 * Donors. PSI tells the share of time in which the donor stood still for want of a
 * resource: of memory some task of it; of CPU and I/O all of it, as one task that
 * waits while another runs is what sharing a core means. Of memory it does not count
 * reading back pages that were not among the most used ones, which on 6.1 is most of
 * what reclaim takes: so each major fault is taken for at least 10 us, what zram needs.
 *
 * What is more than its share without leases (calm), and more than what was taken must
 * cost, is its pain; in 1/1000 of the time:
 *
 *	calm   = calm + (share - calm) / 8		without a lease
 *	due    = calm + (busy - calm) x lost		with one
 *	pain   = share - due				with one
 *	regret = regret + (20 pain - regret) / 4	with one
 *	regret = regret - regret / 32			without
 *
 * each time that PSI has added up, every 2 s, for the time until then: by a clock of our
 * own a look would now and then find two of its sums, and tell of twice the stalls. An
 * idle donor's PSI does not add up: after 6 s it has not stood still.
 *
 * Lost is the part of its cores, or of its I/O, that it is to leave; busy the time in
 * which it ran or stood still. Who is to leave half stands still for half of the time
 * that it would have worked in, and has what it is left. Of memory nothing is lost:
 * pages that it does not use cost it nothing. Example: a batch job that runs all the
 * time leaves 1 of 4 cores, and may stand still for 25 % of its time. Where it is
 * crowded out on the other three for 85 %, its pain is 60 %.
 *
 * So a donor whose pain is 5 % of the time costs twice its weight, and the memory of
 * that is halved in 44 s. A donor whose pain exceeds its bound is left alone for a
 * while. Two seconds in which a lease was in force at some moment are "with" one. In
 * the next two, what was taken is fetched back: that is regretted too, and to call
 * it calm would hide the pain of the next lease.
 *
 * Downtime is all of the donor standing still at once for memory, PSI's "full":
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

#include "decide/decide.h"

#define PRESWAP_EFFECT_PERIOD_NS	(2LL * NSEC_PER_SEC)
#define PRESWAP_EFFECT_HOUR_US		(3600ULL * USEC_PER_SEC)
#define PRESWAP_EFFECT_PRICE		20	/* regret for a unit of pain */
#define PRESWAP_EFFECT_PAYOFF_MIN	125
#define PRESWAP_EFFECT_FAULT_US		10

#define PRESWAP_EFFECT_ALONE_S		15	/* who suffered is left alone */
/* Of the network nobody gives. */
#define PRESWAP_EFFECT_GIVEN		DECIDE_NET

/* How long a donor has stood still, in all. */
struct preswap_stalls {
	u64 us[PRESWAP_EFFECT_GIVEN];	/* by PSI, see above */
	u64 full_us;	/* of memory: all of its tasks */
	u64 faults;	/* major ones */
	u64 ran_us;	/* of CPU, all of its tasks together */
};

/* Of taking one resource from a donor. */
struct preswap_pain {
	u32 us;
	u32 alone_until_s;	/* nothing is taken; preswap_app_pause() */
	u16 calm_permille;
	u16 lost_permille;	/* most since the last update */
	u16 permille;		/* of the last two seconds with a lease, or 0 */
	u16 regret_permille;
};

/* Of taking from a donor. Its sums wrap: only their growth counts. */
struct preswap_effect {
	u64 time_ns;		/* of the last update, or boot; sched_clock() */
	u32 full_us, faults, ran_us;	/* then */
	u32 spent_us;		/* of the downtime it may have */
	u8 leased;		/* bits 1 << resource: since the last update */
	u8 before;		/* and before that */
	bool overspent;		/* until nothing is spent any more */
	struct preswap_pain pain[PRESWAP_EFFECT_GIVEN];
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

static inline u32 preswap_effect_grown(u32 *last, u64 now)
{
	u32 grown = (u32)now - *last;

	*last = now;
	return grown;
}

/* @bound_ms: downtime that it may have in an hour; 0: any */
static inline void preswap_effect_spend(struct preswap_effect *effect,
					u32 full_us, u64 elapsed_us,
					u32 bound_ms)
{
	u64 bound_us = (u64)bound_ms * USEC_PER_MSEC, spent = effect->spent_us;

	elapsed_us = min(elapsed_us, PRESWAP_EFFECT_HOUR_US);
	spent -= min(spent, div64_u64(bound_us * elapsed_us,
				      PRESWAP_EFFECT_HOUR_US));
	if ((effect->leased | effect->before) & 1U << DECIDE_MEMORY)
		spent += full_us;
	effect->spent_us = min(min(spent, 2 * bound_us), (u64)U32_MAX);
	if (effect->spent_us > bound_us)
		effect->overspent = true;
	else if (!effect->spent_us)
		effect->overspent = false;
}

/* @ran: for this part of the time, in 1/1000, or longer */
static inline void preswap_pain_update(struct preswap_pain *pain, u32 share,
				       u32 ran, bool leased, bool before)
{
	u32 calm = pain->calm_permille, busy = min(share + ran, 1000U);

	pain->permille = 0;
	if (!leased && !before) {
		pain->calm_permille = preswap_effect_toward(calm, share, 8);
		pain->regret_permille -= pain->regret_permille / 32;
		return;
	}
	share -= min(share, calm + (busy - min(busy, calm)) *
			    pain->lost_permille / 1000);
	pain->regret_permille = preswap_effect_toward(
		pain->regret_permille, share * PRESWAP_EFFECT_PRICE, 4);
	if (leased)
		pain->permille = share;
	pain->lost_permille = 0;
}

/*
 * Until when the donor's stalls are known, @psi_ns being when PSI last added them up;
 * 0: there is nothing new.
 */
static inline u64 preswap_effect_due(const struct preswap_effect *effect,
				     u64 psi_ns, u64 now_ns)
{
	if ((s64)(psi_ns - effect->time_ns) >= PRESWAP_EFFECT_PERIOD_NS / 2)
		return psi_ns;
	return (s64)(now_ns - effect->time_ns) >= 3 * PRESWAP_EFFECT_PERIOD_NS ?
	       now_ns : 0;
}

/**
 * preswap_effect_update() - look at a donor's stalls, when it is due
 * @effect: what is known
 * @stalls: the donor's so far
 * @until_ns: preswap_effect_due()
 * @bound_ms: downtime that it may have in an hour; 0: any
 */
static inline void preswap_effect_update(struct preswap_effect *effect,
					 const struct preswap_stalls *stalls,
					 u64 until_ns, u32 bound_ms)
{
	u64 elapsed_us = max(div64_u64(until_ns - effect->time_ns,
				       NSEC_PER_USEC), 1ULL);
	u64 full_us = preswap_effect_grown(&effect->full_us, stalls->full_us);
	u64 ran_us = preswap_effect_grown(&effect->ran_us, stalls->ran_us);
	u64 fault_us = PRESWAP_EFFECT_FAULT_US *
		(u64)preswap_effect_grown(&effect->faults, stalls->faults);
	u32 r, ran = min_t(u64, div64_u64(ran_us * 1000, elapsed_us), 1000);

	effect->time_ns = until_ns;
	preswap_effect_spend(effect, full_us, elapsed_us, bound_ms);
	for (r = 0; r < PRESWAP_EFFECT_GIVEN; r++) {
		struct preswap_pain *pain = &effect->pain[r];
		u64 us = preswap_effect_grown(&pain->us, stalls->us[r]);

		if (r == DECIDE_MEMORY)
			us = max(us, fault_us);
		preswap_pain_update(pain,
				    min_t(u64, div64_u64(us * 1000, elapsed_us),
					  1000),
				    ran, effect->leased & 1U << r,
				    effect->before & 1U << r);
	}
	effect->before = effect->leased;
	effect->leased = 0;
}

/**
 * preswap_effect_hold() - leases take a resource from the donor, at this tick
 * @effect: what is known
 * @r: which
 * @part: so much they take,
 * @of: of this; 0: it need not stand still for that
 */
static inline void preswap_effect_hold(struct preswap_effect *effect, u32 r,
				       u64 part, u64 of)
{
	struct preswap_pain *pain = &effect->pain[r];

	effect->leased |= 1U << r;
	if (of)
		pain->lost_permille = max_t(u64, pain->lost_permille,
			div64_u64(min(part, of) * 1000, of));
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
