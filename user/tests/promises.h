/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What decide() promises of its answer to any snapshot, for
 * the tests, the fuzzer and the proofs alike. Who includes this says before what
 * becomes of a promise:
 *
 *	#define promise(kept, ...)	printf's arguments say what was broken
 */
#ifndef PRESWAP_TESTS_PROMISES_H
#define PRESWAP_TESTS_PROMISES_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "../../kmod/decide/decide.h"

static inline uint64_t promised_bound(uint64_t value)
{
	return value < DECIDE_MAX ? value : DECIDE_MAX;
}

static inline uint64_t promised_larger(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* CPU is given in whole cores, all else in any amount. */
static inline bool promised_in_amounts(uint32_t resource)
{
	return resource != DECIDE_CPU;
}

/* The smallest shortage of such a resource that is worth a lease. */
static inline uint64_t promised_step(const struct decide_snapshot *s,
				     uint32_t resource)
{
	static const uint64_t least[DECIDE_RESOURCES] = {
		[DECIDE_MEMORY] = 8ULL << 20,
		[DECIDE_IO] = 1ULL << 20,
		[DECIDE_NET] = 128ULL << 10,
	};

	return promised_larger(promised_bound(s->capacity[resource]) / 128,
			       least[resource]);
}

/* The milli-CPU that are given at once. */
static inline uint64_t promised_core(const struct decide_snapshot *s)
{
	if (!s->core_milli)
		return DECIDE_MILLI_PER_CPU;
	return s->core_milli < DECIDE_CORE_MILLI_MAX ? s->core_milli :
						       DECIDE_CORE_MILLI_MAX;
}

static inline bool promised_inside(const struct decide_snapshot *s,
				   uint32_t inner, uint32_t outer)
{
	int depth;

	for (depth = 0; inner < s->nr_apps && depth < 64; depth++) {
		if (inner == outer)
			return true;
		inner = s->apps[inner].parent;
	}
	return false;
}

static inline bool promised_may_receive(const struct decide_snapshot *s,
					uint32_t app, uint32_t resource)
{
	return app < s->nr_apps && s->apps[app].priority <= 10 &&
	       s->apps[app].priority > s->min_priority &&
	       !(s->apps[app].never_gets & 1U << resource);
}

/* What @app had before any lease, of which it gives. */
static inline uint64_t promised_holds(const struct decide_app *app,
				      uint32_t resource)
{
	const struct decide_use *use = &app->use[resource];

	return promised_bound(promised_larger(use->used, use->had));
}

/* The sum of what proposals of @app as donor or receiver (@as) say of it. */
#define promised_sum(r, as, app, of, what) ({				\
	uint64_t sum_ = 0;						\
	uint32_t n_;							\
									\
	for (n_ = 0; n_ < (r)->nr_proposals; n_++)			\
		if ((r)->proposals[n_].as == (app) &&			\
		    (r)->proposals[n_].resource == (of))		\
			sum_ += (r)->proposals[n_].what;		\
	sum_;								\
})

/* What stays on the node of what is taken is not freed. */
static inline void promises_gain(const struct decide_snapshot *s,
				 const struct decide_proposal *p)
{
	uint32_t kept = s->apps[p->donor].use[p->resource].zram_permille;
	uint32_t freed = 1000 - kept;

	promise(kept <= DECIDE_ZRAM_MAX, "taken, and %u of 1000 stay", kept);
	promise(p->gain <= p->amount && p->gain * 1000 <= p->amount * freed &&
		p->gain * 1000 + 2000 > p->amount * freed,
		"%llu taken, %llu freed", (unsigned long long)p->amount,
		(unsigned long long)p->gain);
}

/* What cannot go to files finds room in the swap. */
static inline void promises_swap(const struct decide_snapshot *s,
				 const struct decide_result *r,
				 uint32_t resource)
{
	uint64_t sum = 0;
	uint32_t i;

	for (i = 0; i < s->nr_apps; i++) {
		const struct decide_use *use = &s->apps[i].use[resource];
		uint64_t taken = promised_sum(r, donor, i, resource, amount);
		uint64_t used = promised_bound(use->used);
		uint64_t anon = promised_bound(use->anon);
		uint64_t other = promised_bound(use->given) +
				 (used > anon ? used - anon : 0);

		if (use->anon && taken > other)
			sum += taken - other;
	}
	promise(sum <= promised_bound(s->swap_free), "%llu to a swap of %llu",
		(unsigned long long)sum,
		(unsigned long long)promised_bound(s->swap_free));
}

/* What is in force may be short of its cost by what noise makes of both. */
static inline bool promised_worth(const struct decide_snapshot *s,
				  const struct decide_proposal *p)
{
	uint32_t i;

	if (p->benefit > p->cost)
		return true;
	for (i = 0; i < s->nr_leases; i++)
		if (s->leases[i].donor == p->donor &&
		    s->leases[i].receiver == p->receiver &&
		    s->leases[i].resource == p->resource)
			return p->benefit + p->benefit / 4 > p->cost;
	return false;
}

static inline void promises_proposal(const struct decide_snapshot *s,
				     const struct decide_result *r, uint32_t n)
{
	const struct decide_proposal *p = &r->proposals[n];
	const struct decide_app *from, *to;
	uint32_t i;

	promise(p->donor < s->nr_apps && p->receiver < s->nr_apps &&
		p->resource < DECIDE_RESOURCES, "an app that is not there");
	from = &s->apps[p->donor];
	to = &s->apps[p->receiver];
	promise(from->eligible, "an ineligible app gives");
	promise(!from->use[p->resource].bar, "a barred app gives");
	promise(from->priority >= 1 && from->priority < to->priority,
		"%u gives to %u", from->priority, to->priority);
	promise(promised_may_receive(s, p->receiver, p->resource),
		"one of %u receives", to->priority);
	promise(!(from->never_to & to->groups), "a banned group gets");
	promise(!promised_inside(s, p->donor, p->receiver) &&
		!promised_inside(s, p->receiver, p->donor), "nested");
	promise(promised_worth(s, p), "not worth it");
	promise(p->amount && p->gain, "nothing is given");
	promise(p->source == to->use[p->resource].source, "another source");
	if (promised_in_amounts(p->resource))
		promises_gain(s, p);
	for (i = 0; i < n; i++)
		promise(r->proposals[i].donor != p->donor ||
			r->proposals[i].receiver != p->receiver ||
			r->proposals[i].resource != p->resource,
			"twice the same lease");
}

/* Never below its floor, and no more than there is. */
static inline void promises_amount(const struct decide_snapshot *s,
				   const struct decide_result *r,
				   uint32_t donor, uint32_t resource)
{
	const struct decide_app *app = &s->apps[donor];
	uint64_t has = promised_holds(app, resource);
	uint64_t floor = promised_bound(app->use[resource].floor);
	uint64_t given = promised_sum(r, donor, donor, resource, amount);

	promise(!given || given + floor <= has, "gives %llu of %llu",
		(unsigned long long)given, (unsigned long long)has);
}

/* Those that leave as many of @cores or more share the rest: it is their floors. */
static inline void promises_shared_cores(const struct decide_snapshot *s,
					 const struct decide_result *r,
					 uint64_t milli, uint64_t cores)
{
	uint64_t core = promised_core(s), floors = 0;
	uint32_t i;

	for (i = 0; i < s->nr_apps; i++)
		if (promised_sum(r, donor, i, DECIDE_CPU, amount) >= milli)
			floors += promised_bound(
					s->apps[i].use[DECIDE_CPU].floor);
	promise((floors + core - 1) / core <= cores - milli / core,
		"floors of %llu in what %llu leave of %llu cores",
		(unsigned long long)floors, (unsigned long long)milli,
		(unsigned long long)cores);
}

static inline void promises_cores(const struct decide_snapshot *s,
				  const struct decide_result *r, uint32_t donor)
{
	const struct decide_app *app = &s->apps[donor];
	uint64_t core = promised_core(s);
	uint64_t cores = promised_bound(s->capacity[DECIDE_CPU]) / core;
	uint64_t floor = promised_bound(app->use[DECIDE_CPU].floor);
	uint64_t keep = promised_larger((floor + core - 1) / core, 1);
	uint64_t milli = promised_sum(r, donor, donor, DECIDE_CPU, amount);

	promise(milli % core == 0, "part of a core");
	promise(!milli || milli / core + keep <= cores,
		"gives %llu cores of %llu, keeps %llu",
		(unsigned long long)milli / core, (unsigned long long)cores,
		(unsigned long long)keep);
	promise(promised_sum(r, donor, donor, DECIDE_CPU, gain) <=
		promised_holds(app, DECIDE_CPU), "more is freed than it uses");
	if (milli)
		promises_shared_cores(s, r, milli, cores);
}

static inline void promises_donor(const struct decide_snapshot *s,
				  const struct decide_result *r, uint32_t donor)
{
	uint32_t resource;

	promises_cores(s, r, donor);
	for (resource = 0; resource < DECIDE_RESOURCES; resource++)
		if (promised_in_amounts(resource))
			promises_amount(s, r, donor, resource);
}

static inline void promises_counts(const struct decide_snapshot *s,
				   const struct decide_result *r)
{
	promise(r->nr_proposals <= r->proposals_max, "proposals beyond room");
	promise(r->nr_shortages <= r->shortages_max, "shortages beyond room");
	promise(r->nr_needs <= r->needs_max, "needs beyond room");
	promise(r->nr_reasons <= r->reasons_max, "reasons beyond room");
	promise(r->nr_waiting <= r->nr_receivers, "%u of %u wait",
		r->nr_waiting, r->nr_receivers);
	promise(r->nr_needs <= r->nr_receivers, "%u needs of %u", r->nr_needs,
		r->nr_receivers);
	promise(r->nr_receivers <= DECIDE_RESOURCES * (uint64_t)s->nr_apps,
		"%u receivers", r->nr_receivers);
}

static inline void promises_shortages(const struct decide_snapshot *s,
				      const struct decide_result *r)
{
	uint32_t i;

	for (i = 0; i < r->nr_shortages; i++) {
		const struct decide_shortage *what = &r->shortages[i];

		promise(what->resource < DECIDE_RESOURCES && what->missing &&
			promised_may_receive(s, what->receiver, what->resource),
			"a shortage of nobody, or of nothing");
	}
}

static inline void promises_outlook(const struct decide_result *r)
{
	uint32_t i;

	for (i = 0; i < DECIDE_RESOURCES; i++) {
		promise(r->outlook[i].chance_permille <= 1000, "a chance of %u",
			r->outlook[i].chance_permille);
		promise(!r->outlook[i].room || !r->outlook[i].over,
			"below the threshold, and above");
	}
}

/* All that holds of one answer by itself. */
static inline void promises(const struct decide_snapshot *s,
			    const struct decide_result *r)
{
	uint32_t i;

	promises_counts(s, r);
	for (i = 0; i < r->nr_proposals; i++)
		promises_proposal(s, r, i);
	for (i = 0; r->nr_proposals && i < s->nr_apps; i++)
		promises_donor(s, r, i);
	for (i = 0; r->nr_proposals && i < DECIDE_RESOURCES; i++)
		if (promised_in_amounts(i))
			promises_swap(s, r, i);
	promises_shortages(s, r);
	promises_outlook(r);
}

/* Those that give are the proposals, in the same order; there was room for all. */
static inline void promises_reasons(const struct decide_result *r)
{
	uint32_t i, n = 0;

	for (i = 0; i < r->nr_reasons; i++) {
		const struct decide_reason *why = &r->reasons[i];
		const struct decide_proposal *p = &r->proposals[n];

		promise(why->verdict < DECIDE_VERDICTS, "verdict %u", why->verdict);
		if (why->verdict != DECIDE_GIVES)
			continue;
		n++;
		promise(n <= r->nr_proposals, "a reason for no proposal");
		promise(why->donor == p->donor &&
			why->receiver == p->receiver &&
			why->resource == p->resource, "a reason of another");
		promise(why->amount == p->amount &&
			why->benefit == p->benefit && why->cost == p->cost,
			"a reason with other numbers");
	}
	promise(n == r->nr_proposals, "reasons for %u of %u proposals", n,
		r->nr_proposals);
	/* and of donors that were passed over without a look */
	promise(r->nr_reasons >= n + r->nr_refused, "%u reasons, %u refused",
		r->nr_reasons, r->nr_refused);
	promise(r->nr_needs == r->nr_receivers, "%u needs of %u", r->nr_needs,
		r->nr_receivers);
}

/* The same input, the same output, but for how it came about. */
static inline void promises_same(const struct decide_result *a,
				 const struct decide_result *b)
{
	promise(a->nr_proposals == b->nr_proposals &&
		!memcmp(a->proposals, b->proposals,
			a->nr_proposals * sizeof(*a->proposals)),
		"other proposals: %u and %u", a->nr_proposals, b->nr_proposals);
	promise(a->nr_shortages == b->nr_shortages &&
		!memcmp(a->shortages, b->shortages,
			a->nr_shortages * sizeof(*a->shortages)),
		"other shortages: %u and %u", a->nr_shortages, b->nr_shortages);
	promise(a->nr_receivers == b->nr_receivers &&
		a->nr_waiting == b->nr_waiting &&
		a->nr_refused == b->nr_refused, "other counts");
	promise(!memcmp(a->need, b->need, sizeof(a->need)), "other needs");
	promise(!memcmp(a->outlook, b->outlook, sizeof(a->outlook)),
		"another outlook");
}

/*
 * What its own forecast adds to the price of what is taken from an app, in the
 * unit of its regret: 1000 where it will double, -500 where it will be gone.
 */
static inline int32_t promised_wanted(const struct decide_use *use)
{
	uint64_t used = promised_bound(use->used);
	uint64_t had = used + promised_bound(use->given);
	uint64_t high = promised_larger(use->q50, use->q95), grows;

	if (use->source != DECIDE_FROM_FORECAST || !used)
		return 0;
	if (use->q50 > had) {
		grows = use->q50 - had;
		return (int32_t)((grows < had ? grows : had) * 1000 / had);
	}
	return high < used ? -(int32_t)((used - high) * 500 / used) : 0;
}

/*
 * What an app gets does not depend on those below it: without their needs, @after
 * promise_no_needs_below(), it gets the same as @before, which is after
 * promise_make_separable(). That leaves room for a price to stay as it is without
 * the forecast that was a part of it.
 */
static inline void promise_make_separable(const struct decide_snapshot *s,
					  struct decide_app *apps)
{
	uint32_t i, k;

	for (i = 0; i < s->nr_apps; i++) {
		for (k = 0; k < DECIDE_RESOURCES; k++) {
			uint32_t *regret = &apps[i].use[k].regret_permille;

			*regret = (*regret < 60000 ? *regret : 60000) + 500;
		}
	}
}

static inline void promise_no_needs_below(const struct decide_snapshot *s,
					  struct decide_app *apps,
					  uint32_t priority)
{
	uint32_t i, k;

	for (i = 0; i < s->nr_apps; i++) {
		if (apps[i].priority >= priority)
			continue;
		for (k = 0; k < DECIDE_RESOURCES; k++) {
			struct decide_use *use = &apps[i].use[k];

			if (!promised_may_receive(s, i, k))
				continue;
			use->regret_permille =
				(uint32_t)((int32_t)use->regret_permille +
					   promised_wanted(use));
			use->source = DECIDE_FROM_NOTHING;
		}
	}
}

/* Return: how many got something. */
static inline uint32_t promises_above(const struct decide_snapshot *s,
				      const struct decide_result *before,
				      const struct decide_result *after,
				      uint32_t priority)
{
	uint32_t i, k, served = 0;

	for (i = 0; i < s->nr_apps; i++) {
		if (s->apps[i].priority < priority)
			continue;
		for (k = 0; k < DECIDE_RESOURCES; k++) {
			uint64_t had = promised_sum(before, receiver, i, k, gain);
			uint64_t has = promised_sum(after, receiver, i, k, gain);

			promise(has == had, "app %u gets %llu, and %llu", i,
				(unsigned long long)had,
				(unsigned long long)has);
			served += has != 0;
		}
	}
	return served;
}

/* What @receiver goes without, of what it needs of this resource. */
static inline uint64_t promised_lack(const struct decide_result *r,
				     uint32_t receiver, uint32_t of)
{
	uint64_t got = promised_sum(r, receiver, receiver, of, gain), lack;
	uint32_t i;

	for (i = 0; i < r->nr_needs; i++) {
		if (r->needs[i].receiver != receiver ||
		    r->needs[i].resource != of)
			continue;
		lack = r->needs[i].shortage - r->needs[i].carried;
		return lack > got ? lack - got : 0;
	}
	return 0;
}

/*
 * A receiver whose priority rises is short of no more, but for what is too
 * little for a lease. Of what is given in any amount, and where demand is
 * certain and at hand: it may be short of what is too unlikely to be worth a
 * lease, and in what is in force things stay as they are. Return: does this
 * snapshot say anything of @receiver?
 */
static inline bool promise_make_monotone(struct decide_snapshot *s,
					 struct decide_app *apps,
					 uint32_t receiver, uint32_t resource)
{
	uint32_t i;

	s->nr_leases = 0;
	for (i = 0; i < s->nr_apps; i++) {
		apps[i].use[resource].q95 = apps[i].use[resource].q50;
		apps[i].use[resource].in_ms = 0;
	}
	return promised_may_receive(s, receiver, resource) &&
	       apps[receiver].priority >= 1 && apps[receiver].priority <= 9;
}

static inline void promise_monotone(const struct decide_snapshot *s,
				    uint32_t resource, uint64_t before,
				    uint64_t after)
{
	promise(after < before + promised_step(s, resource),
		"short of %llu, was %llu", (unsigned long long)after,
		(unsigned long long)before);
}

#endif /* PRESWAP_TESTS_PROMISES_H */
