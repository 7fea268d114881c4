// SPDX-License-Identifier: GPL-2.0-only
/*
 * decide - who gives what to whom. See decide.h for the contract.
 *
 * The model, for each resource on its own:
 *
 * Need. An app needs what it is expected to use within the lead time beyond
 * what it used when its last lease began (its base; now, if it has none). The
 * base keeps the need alive while the burst runs: an app that has grown into
 * what was freed for it still needs it. (That growth that stays is no burst is
 * for who makes the snapshot to see, and to raise the base.) How much of the uncertainty counts is
 * the app's choice: latency-sensitive apps are served at the 95 % quantile,
 * normal ones halfway between median and 95 %, batch ones at the median.
 *
 * Headroom. What is free below threshold x capacity, as it would be without
 * any lease: what leases have freed counts as used, and what receivers have
 * grown into is taken out. Otherwise every lease would remove its own reason
 * and end, and the next tick would begin it again.
 *
 *	headroom = threshold * capacity - (used + given - grown)
 *
 * Shortage = need - headroom, between 0 and need. Receivers are served in
 * order of priority, then of shortage; each uses up headroom for the next.
 *
 * Example: 1000 MiB, threshold 80 %, used 950: a batch app 900, a service 50
 * that is expected at 250. Need 200, headroom 800 - 950 < 0, shortage 200:
 * the batch app gives 200. Then used = 750, given = 200: headroom as before,
 * the lease stays. The service bursts to 250: used = 950, given = 200,
 * grown = 200: as before. The burst passes, the forecast falls to 50: need 0,
 * nothing is proposed, and the lease runs out.
 *
 * Donors give in order of priority, lowest first, each down to its floor
 * before the next is touched; among equals the one that uses most, so that
 * few are disturbed. CPU is given in whole cores: a donor that leaves k of n
 * cores frees about k/n of its use there.
 *
 * Benefit = shortage covered x weight(receiver), cost = taken x
 * weight(donor), weight = priority^2 x sensitivity (latency 4, normal 2,
 * batch 1). A step is taken only where benefit exceeds cost.
 */
#include "decide.h"

/* The smallest shortage worth a lease, and what keeps one alive: half. */
#define DECIDE_CPU_STEP_MILLI	250ULL
#define DECIDE_MEM_STEP_BYTES	(8ULL << 20)
#define DECIDE_MEM_STEP_SHIFT	7	/* or 1/128 of the memory */

/* A donor using less than this frees nothing worth moving its tasks for. */
#define DECIDE_CPU_DONOR_MILLI	50ULL

/*
 * Receivers together look at no more donors than this, or 4 for each app where
 * that is more: on a node of 100,000 apps none of which can give, looking at all
 * for each would take minutes. Those in need first are served first, so it is the
 * last that go without; with up to 256 apps none ever does.
 */
#define DECIDE_LOOKS_MIN	(1U << 16)
#define DECIDE_LOOKS_PER_APP	4

static __u64 bound(__u64 value)
{
	return value < DECIDE_MAX ? value : DECIDE_MAX;
}

static __u64 less(__u64 value, __u64 by)
{
	return value > by ? value - by : 0;
}

static __u64 smaller(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static __u64 weight(const struct decide_app *app)
{
	static const __u32 factor[] = { 4, 2, 1 };
	__u32 sensitivity = app->sensitivity > DECIDE_BATCH ?
			    DECIDE_BATCH : app->sensitivity;

	return (__u64)app->priority * app->priority * factor[sensitivity];
}

static bool managed(const struct decide_app *app)
{
	return app->priority >= 1 && app->priority <= 10;
}

/* What the app is expected to use, at the certainty that suits it. */
static __u64 demand(const struct decide_app *app, __u32 resource)
{
	const struct decide_use *use = &app->use[resource];
	__u64 q50 = bound(use->q50), q95 = bound(use->q95), want;

	if (use->source == DECIDE_FROM_NOTHING)
		want = 0;
	else if (app->sensitivity == DECIDE_LATENCY)
		want = q95;
	else if (app->sensitivity == DECIDE_NORMAL)
		want = q50 / 2 + q95 / 2;
	else
		want = q50;
	return want > bound(use->used) ? want : bound(use->used);
}

static __u64 need(const struct decide_app *app, __u32 resource)
{
	return less(demand(app, resource), bound(app->use[resource].base));
}

static __u64 step(const struct decide_snapshot *s, __u32 resource)
{
	__u64 share = bound(s->capacity[resource]) >> DECIDE_MEM_STEP_SHIFT;

	if (resource == DECIDE_CPU)
		return DECIDE_CPU_STEP_MILLI;
	return share > DECIDE_MEM_STEP_BYTES ? share : DECIDE_MEM_STEP_BYTES;
}

/* What leases in force hold for a receiver; 0: it has none. */
static __u64 receives(const struct decide_snapshot *s, __u32 receiver,
		      __u32 resource)
{
	__u64 sum = 0;
	__u32 i;

	for (i = 0; i < s->nr_leases; i++)
		if (s->leases[i].receiver == receiver &&
		    s->leases[i].resource == resource)
			sum = bound(sum + bound(s->leases[i].amount));
	return sum;
}

static const struct decide_lease *lease_between(const struct decide_snapshot *s,
						__u32 donor, __u32 receiver,
						__u32 resource)
{
	__u32 i;

	for (i = 0; i < s->nr_leases; i++)
		if (s->leases[i].donor == donor &&
		    s->leases[i].receiver == receiver &&
		    s->leases[i].resource == resource)
			return &s->leases[i];
	return NULL;
}

static bool is_receiver(const struct decide_snapshot *s, __u32 index,
			__u32 resource)
{
	const struct decide_app *app = &s->apps[index];
	__u64 least = step(s, resource), held;

	if (!managed(app) || app->priority <= s->min_priority)
		return false;
	/* too little with a lease or without: no need to look for one */
	if (need(app, resource) < least / 2)
		return false;
	/*
	 * Hysteresis, both ways: what has begun goes on at half the need that
	 * begins one, but a large one does not live on for a small rest: the
	 * burst that it was for has passed. CPU is held in whole cores, so
	 * less of it is a small rest.
	 */
	held = receives(s, index, resource);
	if (held) {
		held /= resource == DECIDE_CPU ? 8 : 4;
		least = held > least / 2 ? held : least / 2;
	}
	return need(app, resource) >= least;
}

/* Is @inner the same as @outer, or nested in it? */
static bool within(const struct decide_snapshot *s, __u32 inner, __u32 outer)
{
	__u32 depth;

	for (depth = 0; inner < s->nr_apps && depth < 64; depth++) {
		if (inner == outer)
			return true;
		inner = s->apps[inner].parent;
	}
	return false;
}

/* What speaks against the donor before any amount is worked out. */
static enum decide_verdict may_give(const struct decide_snapshot *s,
				    __u32 donor, __u32 receiver, __u32 resource)
{
	const struct decide_app *from = &s->apps[donor];
	const struct decide_app *to = &s->apps[receiver];

	if (from->priority >= to->priority)
		return DECIDE_NOT_LOWER;
	if (!from->use[resource].can_give)
		return DECIDE_NOTHING_TO_TAKE;
	if (within(s, donor, receiver) || within(s, receiver, donor))
		return DECIDE_NESTED;
	return DECIDE_GIVES;
}

/* Receivers: the most important first, then the neediest. */
static bool receiver_before(const struct decide_snapshot *s, __u32 resource,
			    __u32 a, __u32 b)
{
	const struct decide_app *x = &s->apps[a], *y = &s->apps[b];
	__u64 need_x = need(x, resource), need_y = need(y, resource);

	if (x->priority != y->priority)
		return x->priority > y->priority;
	if (need_x != need_y)
		return need_x > need_y;
	return x->id != y->id ? x->id < y->id : a < b;
}

/* What the donor has without leases, so that they do not shrink themselves. */
static __u64 holds(const struct decide_use *use)
{
	__u64 used = bound(use->used), had = bound(use->had);

	return used > had ? used : had;
}

/* Donors: the least important first, then the cheapest, then the largest. */
static bool donor_before(const struct decide_snapshot *s, __u32 resource,
			 __u32 a, __u32 b)
{
	const struct decide_app *x = &s->apps[a], *y = &s->apps[b];
	__u64 size_x = holds(&x->use[resource]);
	__u64 size_y = holds(&y->use[resource]);

	if (x->priority != y->priority)
		return x->priority < y->priority;
	if (weight(x) != weight(y))
		return weight(x) < weight(y);
	if (size_x != size_y)
		return size_x > size_y;
	return x->id != y->id ? x->id < y->id : a < b;
}

typedef bool (*before_fn)(const struct decide_snapshot *s, __u32 resource,
			  __u32 a, __u32 b);

static void sift(const struct decide_snapshot *s, __u32 resource,
		 before_fn before, __u32 *order, __u32 root, __u32 count)
{
	for (;;) {
		__u32 child = 2 * root + 1, tmp;

		if (child >= count)
			return;
		if (child + 1 < count &&
		    before(s, resource, order[child], order[child + 1]))
			child++;
		if (!before(s, resource, order[root], order[child]))
			return;
		tmp = order[root];
		order[root] = order[child];
		order[child] = tmp;
		root = child;
	}
}

/* Heap sort: n log n at worst, no recursion, no extra memory. */
static void sort_order(const struct decide_snapshot *s, __u32 resource,
		       before_fn before, __u32 *order, __u32 count)
{
	__u32 i, tmp;

	for (i = count / 2; i-- > 0;)
		sift(s, resource, before, order, i, count);
	for (i = count; i-- > 1;) {
		tmp = order[0];
		order[0] = order[i];
		order[i] = tmp;
		sift(s, resource, before, order, 0, i);
	}
}

/* Free below the threshold if there were no leases; negative when short. */
static __s64 headroom(const struct decide_snapshot *s, __u32 resource)
{
	__u64 limit = bound(s->capacity[resource]) / 100 *
		      s->threshold_pct[resource];
	__u64 used = bound(s->used[resource]);
	__u32 i;

	for (i = 0; i < s->nr_apps; i++) {
		const struct decide_use *use = &s->apps[i].use[resource];

		used += bound(use->given);
	}
	for (i = 0; i < s->nr_apps; i++) {
		const struct decide_use *use = &s->apps[i].use[resource];

		used = less(used, less(bound(use->used), bound(use->base)));
	}
	return (__s64)limit - (__s64)used;
}

/* How much the donor can still give, above its floor. */
static __u64 giveable(const struct decide_snapshot *s,
		      const struct decide_result *r, __u32 donor,
		      __u32 resource)
{
	const struct decide_use *use = &s->apps[donor].use[resource];

	return less(less(holds(use), bound(use->floor)), r->taken[donor]);
}

/*
 * Cores that the donor can leave: never the last, never below its floor, and
 * not those that it leaves already for a receiver served before.
 */
static __u64 cores_to_leave(const struct decide_snapshot *s,
			    const struct decide_result *r, __u32 donor,
			    __u64 wanted)
{
	const struct decide_use *use = &s->apps[donor].use[DECIDE_CPU];
	__u64 cores = bound(s->capacity[DECIDE_CPU]) / DECIDE_MILLI_PER_CORE;
	__u64 keep = (bound(use->floor) + DECIDE_MILLI_PER_CORE - 1) /
		     DECIDE_MILLI_PER_CORE;

	if (!keep)
		keep = 1;
	return smaller(wanted, less(less(cores, keep), r->taken[donor]));
}

/* Small changes of a lease in force are not worth the disturbance. */
static __u64 steady(const struct decide_lease *old, __u64 amount, __u64 most)
{
	if (old && amount <= old->amount + old->amount / 8 &&
	    amount >= old->amount / 2)
		return smaller(old->amount, most);
	return amount;
}

static enum decide_verdict propose(const struct decide_snapshot *s,
				   struct decide_result *r,
				   struct decide_proposal *p, __u64 covered)
{
	__u64 units = p->resource == DECIDE_MEMORY ? 10 : 0;

	/* in KiB, so that no product of bytes and weights overflows */
	p->benefit = (covered >> units) * weight(&s->apps[p->receiver]);
	p->cost = (p->gain >> units) * weight(&s->apps[p->donor]);
	if (p->benefit <= p->cost)
		return DECIDE_TOO_DEAR;
	if (r->nr_proposals == r->proposals_max)
		return DECIDE_FULL;
	r->proposals[r->nr_proposals++] = *p;
	return DECIDE_GIVES;
}

static enum decide_verdict take_memory(const struct decide_snapshot *s,
				       struct decide_result *r,
				       struct decide_proposal *p, __u64 missing)
{
	__u64 most = giveable(s, r, p->donor, DECIDE_MEMORY);
	const struct decide_lease *old = NULL;
	enum decide_verdict verdict;

	if (most)
		old = lease_between(s, p->donor, p->receiver, DECIDE_MEMORY);
	p->amount = steady(old, smaller(missing, most), most);
	p->gain = p->amount;
	/* crumbs cost a lease and bring nothing */
	if (p->amount < smaller(missing, DECIDE_MEM_STEP_BYTES) || !p->amount)
		return DECIDE_AT_FLOOR;
	verdict = propose(s, r, p, smaller(missing, p->gain));
	if (verdict == DECIDE_GIVES)
		r->taken[p->donor] += p->amount;
	return verdict;
}

static enum decide_verdict take_cpu(const struct decide_snapshot *s,
				    struct decide_result *r,
				    struct decide_proposal *p, __u64 cores,
				    __u64 missing)
{
	__u64 all = bound(s->capacity[DECIDE_CPU]) / DECIDE_MILLI_PER_CORE;
	__u64 use = holds(&s->apps[p->donor].use[DECIDE_CPU]);
	__u64 leave = cores_to_leave(s, r, p->donor, cores);
	enum decide_verdict verdict;

	p->amount = leave * DECIDE_MILLI_PER_CORE;
	if (!leave || use < DECIDE_CPU_DONOR_MILLI)
		return DECIDE_AT_FLOOR;
	/* a donor can use no more than it has cores: no overflow, no excess */
	p->gain = smaller(use, all * DECIDE_MILLI_PER_CORE) / all * leave;
	if (!p->gain)
		p->gain = 1;
	verdict = propose(s, r, p, smaller(missing, p->gain));
	if (verdict == DECIDE_GIVES)
		r->taken[p->donor] += leave;
	return verdict;
}

static void report_reason(struct decide_result *r,
			  const struct decide_proposal *p,
			  enum decide_verdict verdict)
{
	if (r->nr_reasons == r->reasons_max)
		return;
	r->reasons[r->nr_reasons++] = (struct decide_reason){
		.receiver = p->receiver,
		.donor = p->donor,
		.resource = p->resource,
		.verdict = verdict,
		.amount = p->amount,
		.benefit = p->benefit,
		.cost = p->cost,
	};
}

/* Return: what the donor frees for the receiver; 0: it is refused. */
static __u64 judge(const struct decide_snapshot *s, struct decide_result *r,
		   __u32 donor, __u32 receiver, __u32 resource, __u64 cores,
		   __u64 missing)
{
	struct decide_proposal p = {
		.donor = donor,
		.receiver = receiver,
		.resource = resource,
		.source = s->apps[receiver].use[resource].source,
	};
	enum decide_verdict verdict = may_give(s, donor, receiver, resource);

	if (verdict == DECIDE_GIVES)
		verdict = resource == DECIDE_MEMORY ?
			  take_memory(s, r, &p, missing) :
			  take_cpu(s, r, &p, cores, missing);
	report_reason(r, &p, verdict);
	return verdict == DECIDE_GIVES ? p.gain : 0;
}

static __u64 consider(const struct decide_snapshot *s, struct decide_result *r,
		      __u32 donor, __u32 receiver, __u32 resource, __u64 cores,
		      __u64 missing)
{
	__u64 gain = judge(s, r, donor, receiver, resource, cores, missing);

	if (!gain)
		r->nr_refused++;
	return gain;
}

/* Why donors that need not be looked at do not give, if anybody asked. */
static void tell(const struct decide_snapshot *s, struct decide_result *r,
		 const __u32 *donors, __u32 count, __u32 receiver,
		 __u32 resource, __u64 cores, __u64 missing)
{
	__u32 i;

	for (i = 0; i < count && r->nr_reasons < r->reasons_max; i++)
		judge(s, r, donors[i], receiver, resource, cores, missing);
}

static void report_need(const struct decide_snapshot *s,
			struct decide_result *r, __u32 receiver,
			__u32 resource, __s64 room, __u64 shortage)
{
	const struct decide_app *app = &s->apps[receiver];

	if (r->nr_needs == r->needs_max)
		return;
	r->needs[r->nr_needs++] = (struct decide_need){
		.receiver = receiver,
		.resource = resource,
		.source = app->use[resource].source,
		.demand = demand(app, resource),
		.base = bound(app->use[resource].base),
		.room = room > 0 ? (__u64)room : 0,
		.shortage = shortage,
	};
}

static void report_shortage(struct decide_result *r, __u32 receiver,
			    __u32 resource, __u64 missing)
{
	if (r->nr_shortages == r->shortages_max)
		return;
	r->shortages[r->nr_shortages++] = (struct decide_shortage){
		.receiver = receiver,
		.resource = resource,
		.missing = missing,
	};
}

/* The donors of a resource, in the order in which they give. */
struct donors {
	const __u32 *order;
	__u32 count;
	__u32 spent;	/* the first ones, which have no more for anybody */
	__u32 looks;	/* how many may still be looked at */
};

static bool is_spent(const struct decide_snapshot *s,
		     const struct decide_result *r, __u32 donor, __u32 resource)
{
	const struct decide_use *use = &s->apps[donor].use[resource];

	if (!use->can_give)
		return true;
	if (resource == DECIDE_MEMORY)
		return !giveable(s, r, donor, resource);
	return holds(use) < DECIDE_CPU_DONOR_MILLI ||
	       !cores_to_leave(s, r, donor, 1);
}

static void serve(const struct decide_snapshot *s, struct decide_result *r,
		  __u32 receiver, __u32 resource, struct donors *donors,
		  __u64 shortage)
{
	__u64 cores = (shortage + DECIDE_MILLI_PER_CORE - 1) /
		      DECIDE_MILLI_PER_CORE;
	__u64 missing = shortage;
	__u32 i, donor;

	while (donors->spent < donors->count &&
	       is_spent(s, r, donors->order[donors->spent], resource))
		donors->spent++;
	tell(s, r, &donors->order[0], donors->spent, receiver, resource,
	     cores, missing);
	for (i = donors->spent; i < donors->count && missing; i++) {
		donor = donors->order[i];
		/* the rest is of higher priority yet, or cannot be proposed */
		if (s->apps[donor].priority >= s->apps[receiver].priority ||
		    r->nr_proposals == r->proposals_max) {
			tell(s, r, &donors->order[i], donors->count - i,
			     receiver, resource, cores, missing);
			break;
		}
		if (!donors->looks)
			break;
		donors->looks--;
		missing = less(missing, consider(s, r, donor, receiver,
						 resource, cores, missing));
	}
	if (missing >= step(s, resource))
		report_shortage(r, receiver, resource, missing);
}

static void decide_resource(const struct decide_snapshot *s,
			    struct decide_result *r, __u32 resource)
{
	__u32 *receivers = r->order, *givers = r->order + s->nr_apps;
	struct donors donors = {
		.order = givers,
		.looks = s->nr_apps * DECIDE_LOOKS_PER_APP,
	};
	__u32 nr_receivers = 0, i;
	__s64 room = headroom(s, resource);

	for (i = 0; i < s->nr_apps; i++) {
		r->taken[i] = 0;
		if (is_receiver(s, i, resource))
			receivers[nr_receivers++] = i;
		if (managed(&s->apps[i]) && s->apps[i].eligible)
			givers[donors.count++] = i;
	}
	if (!nr_receivers)
		return;
	sort_order(s, resource, receiver_before, receivers, nr_receivers);
	sort_order(s, resource, donor_before, givers, donors.count);
	if (donors.looks < DECIDE_LOOKS_MIN)
		donors.looks = DECIDE_LOOKS_MIN;

	for (i = 0; i < nr_receivers; i++) {
		__u64 wanted = need(&s->apps[receivers[i]], resource);
		__u64 shortage = wanted;
		__s64 left = room;

		if (left > 0)
			shortage = less(wanted, (__u64)left);
		room -= (__s64)wanted;
		if (!shortage || (shortage < step(s, resource) &&
				  !receives(s, receivers[i], resource)))
			continue;
		r->nr_receivers++;
		r->need[resource] += shortage;
		report_need(s, r, receivers[i], resource, left, shortage);
		serve(s, r, receivers[i], resource, &donors, shortage);
	}
}

void decide(const struct decide_snapshot *s, struct decide_result *r)
{
	__u32 resource;

	r->nr_proposals = 0;
	r->nr_shortages = 0;
	r->nr_receivers = 0;
	r->nr_refused = 0;
	r->nr_needs = 0;
	r->nr_reasons = 0;
	if (s->nr_apps > DECIDE_APPS_MAX)
		return;
	for (resource = 0; resource < DECIDE_RESOURCES; resource++) {
		__u32 pct = s->threshold_pct[resource];

		r->need[resource] = 0;
		if (pct >= 1 && pct <= 100 && s->capacity[resource])
			decide_resource(s, r, resource);
	}
}
