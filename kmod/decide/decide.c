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
 * for who makes the snapshot to see, and to raise the base.) How much of the
 * uncertainty counts is the app's choice: latency-sensitive apps are served at
 * the 95 % quantile, normal ones halfway between median and 95 %, batch ones at
 * the median; and less, the less apps vary together, see demand.h. What is too
 * little for a lease is carried to the next receiver's.
 *
 * Headroom. What is free below threshold x capacity, as it would be without
 * any lease: what leases have freed counts as used, and what receivers have
 * grown into is taken out. Otherwise every lease would remove its own reason
 * and end, and the next tick would begin it again. Apps that rise and cannot
 * receive use up headroom first: nothing holds them back.
 *
 *	headroom = threshold * capacity - (used + given - grown) - others' rise
 *
 * Shortage = need - headroom, between 0 and need. Receivers are served in
 * order of priority, then of need; each uses up headroom for the next.
 *
 * Example: 1000 MiB, threshold 80 %, used 950: a batch app 900, a service 50
 * that is expected at 250. Need 200, headroom 800 - 950 < 0, shortage 200:
 * the batch app gives 200. Then used = 750, given = 200: headroom as before,
 * the lease stays. The service bursts to 250: used = 950, given = 200,
 * grown = 200: as before. The burst passes, the forecast falls to 50: need 0,
 * nothing is proposed, and the lease runs out.
 *
 * Noise. A shortage swings by the node's measured noise while nothing happens. What is
 * in force is judged by the greatest that this one may be a part of: the shortage, and
 * what the receiver holds beyond it as far as noise goes. Nothing begins or grows by
 * that. Example: a node of 1 GiB whose balance swings by 20 MiB. At a shortage of 10
 * MiB a lease begins; it stays at one of -5, where there is room, and ends at -20. The
 * receiver's own need must stand, though: once its burst has passed it keeps nothing.
 *
 * Just in time. What is taken early costs the donor for longer and helps
 * nobody. A need that is further off than it takes to free (the shortages up to
 * it, at the node's rate, and a quarter more), and than the slack by which
 * forecasts are late, waits. Example: 48 MiB in 8 s at 16 MiB/s take 3 s: it
 * waits until they are 5.75 s off. What has begun does not stop to wait.
 *
 * Donors give in order of priority, lowest first, each down to its floor
 * before the next is touched; among equals the cheapest, then the one that
 * uses most, so that few are disturbed. One that gives already stays the first
 * until another is cheaper by an eighth, or noise would have them take turns.
 * CPU is given in whole cores, with all of their threads: half of one is not free
 * while the donor uses the other. A donor that leaves k of n cores frees about
 * k/n of its use there. All donors leave the same cores, as only such are free: each
 * as many as the receiver is short of, and more where those of its priority could not
 * free the rest otherwise. They share the cores that are left, which are no fewer than
 * their floors together. (To press the cheapest one alone into its last core would
 * seem to cost a third less, but its load moves to where the others are, and no core
 * would be free of all.) All else is given in any amount.
 *
 * What is taken of memory goes to its files or to swap, and zram keeps a part of that
 * in memory, compressed: so much more is taken for the same gain, and nothing from whom
 * more than 3/4 of it would stay. What can go to swap only is taken as far as there is
 * room; who gives first fills it first.
 *
 * Weight = priority^2 x sensitivity (latency 4, normal 2, batch 1).
 * Benefit = what is expected to be missing of what is covered x weight(receiver)
 * x (1 - unused), the part of what was freed for it lately that it did not use.
 * Cost = taken x weight(donor) x (1 + regret + wanted + moving + slow + far). Regret is what
 * taking from this donor has cost it lately beyond being without. Wanted is what its
 * own forecast says: up to 1 where it will grow, by the part by which it does, as it
 * will soon miss what is taken; down to -1/2 where it will surely shrink, as it would
 * leave that anyway. That it will be back to what it has without leases is no growth.
 * Moving is for tasks that change cores: each loses about 1 ms to cold caches, in a
 * lease of some 3 s a third of a milli-CPU, against what the donor uses; 4 at most.
 * Where swap is slower than files, what goes there costs more.
 * Far is for cores that are left beyond those of one last-level cache, or of one NUMA
 * node: the donor's tasks there go where their data is not, or the receiver's do. Such
 * cores must be worth what they cost themselves, or the lease ends where the cache or
 * the node does. In the cache are as many as there are in one on average, and those
 * that are left for receivers before come first: kmod/cores.c puts the near ones first.
 * Example: a donor of 400 MiB that is expected at 500 costs a quarter more; one that
 * will be at 100 or less three eighths less. One of 1 core with 600 threads costs a
 * fifth more than one with a few. On two nodes of a cache and 4 cores each, what 6
 * cores free costs 1/12 more: of a third of it 0.26 more.
 * A lease begins where 4/5 of the benefit exceed the cost, and goes on where 5/4 of
 * it do, with a demand as high as noise may have hidden.
 */
#include "decide.h"
#include "demand.h"
#include "near.h"
#include "number.h"
#include "order.h"

#ifndef noinline	/* not the kernel */
#define noinline	__attribute__((noinline))
#endif

/* See decide.h. What keeps a lease alive is half of it. */
static const __u64 least_step[DECIDE_RESOURCES] = {
	[DECIDE_CPU] = DECIDE_STEP_CPU,
	[DECIDE_MEMORY] = DECIDE_STEP_MEMORY,
	[DECIDE_IO] = DECIDE_STEP_IO,
	[DECIDE_NET] = DECIDE_STEP_NET,
};

/*
 * A donor using less than DECIDE_CPU_DONOR_MILLI, or freeing less than this by leaving
 * its cores, is not worth moving its tasks for; nor is one that can give less of
 * another resource than its least step.
 */
#define DECIDE_CPU_GAIN_MILLI	8ULL

#define DECIDE_PRIORITIES	11	/* 1..10 */

/* By how much bursts come before they are forecast, or later. */
#define DECIDE_SLACK_MS		2000ULL

#define DECIDE_REGRET_MAX	62000U

#define DECIDE_MOVE_PERMILLE	333ULL	/* of a milli-CPU, a task that moves */
#define DECIDE_MOVING_MAX	4000ULL
#define DECIDE_SLOW_MAX		4000U

/*
 * What work loses, in 1/1000, beyond what holds its data. A node: memory there takes
 * 1.75 times as long (140 to 200 ns against 80 to 100), and who waits for memory a
 * quarter of his time so loses a fifth. A cache: what was in it is read once more, and
 * what threads share goes to and fro. That is an estimate: a third of it.
 */
static const __u32 far_loss[DECIDE_LEVELS] = {
	[DECIDE_LLCS] = 60,
	[DECIDE_NODES] = 200,
};

/*
 * Receivers together look at no more donors than this, or 4 for each app where
 * that is more: on a node of 100,000 apps none of which can give, looking at all
 * for each would take minutes. Those in need first are served first, so it is the
 * last that go without; with up to 128 apps none ever does.
 */
#define DECIDE_LOOKS_MIN	(1U << 14)
#define DECIDE_LOOKS_PER_APP	4

/* What a donor can give, or gives. */
struct look {
	__u64 most;	/* an amount, or cores */
	__u64 frees;	/* what becomes free by that */
};

/* The decision about one resource, under way. */
struct decision {
	const struct decide_snapshot *s;
	struct decide_result *r;
	__u32 resource;
	__u64 capacity;
	__u64 step;		/* the smallest shortage worth a lease */
	__u64 core;		/* milli-CPU of one core */
	struct decide_order receivers, donors;
	struct look look;	/* at the donor whose turn it is */
	__u64 swap;	/* left of it */
	__u64 cores;	/* that there are */
	__u64 floors;	/* of all that leave some: what they leave they share */
	__u64 rest[DECIDE_PRIORITIES];	/* that could be freed yet, by priority; at
					 * most, as floors of others come in */
	__u32 proposals_end, shortages_end;	/* no more of this resource */
	__u32 leases, leases_end;	/* where those of this resource are */
	__u32 looks;	/* how many donors may still be looked at */
	__u32 spent[DECIDE_VERDICTS];	/* that have nothing for anybody, by why */
	struct decide_spread served;	/* of the receivers so far */
	__u64 queued;	/* their shortages, to be freed first */
	__u64 crumbs;	/* of shortages too small for leases of their own */
	__u64 slack;	/* noise, beyond what hysteresis stands anyway */
	__s64 room;	/* headroom left */
};

/* A receiver whose turn it is. */
struct turn {
	__u32 app;
	struct decide_demand demand;	/* with what is carried */
	__u64 carried;	/* for receivers before this one */
	__u64 kept;	/* beyond the shortage, of what it holds */
	__u64 room;
	__u64 shortage;
	__u64 cores;	/* that are as much */
	__u64 missing;	/* of the shortage, as donors give */
	__u64 stands;	/* of both; what is in force is judged by this */
	__u64 spread;	/* of the demand, what is counted: no more than alone */
	__u64 rest;	/* that donors after this one could free, of its priority */
	__u32 priority;	/* of the donors whose turn it is; 0: none yet */
	__u32 leases, leases_end;	/* where its leases are */
	__u64 givers;	/* bits 1 << donor % 64: who has none gives none of them */
	__u32 donors[DECIDE_VERDICTS];	/* that were looked at */
	__u32 counts;	/* 1: a donor that is judged is one of these */
};

static __u32 weight(const struct decide_app *app)
{
	static const __u32 factor[] = { 4, 2, 1 };
	__u32 sensitivity = app->sensitivity > DECIDE_BATCH ?
			    DECIDE_BATCH : app->sensitivity;

	return app->priority * app->priority * factor[sensitivity];
}

static bool managed(const struct decide_app *app)
{
	return app->priority >= 1 && app->priority <= 10;
}

/* Bytes in KiB, so that no product with weights overflows. */
static __u64 units(__u32 resource, __u64 amount)
{
	return resource == DECIDE_CPU ? amount : amount >> 10;
}

/* What the app's forecast says of its own need, -500..1000. */
static __s32 wanted_permille(const struct decide_use *use)
{
	__u64 used = decide_bound(use->used);
	__u64 had = used + decide_bound(use->given);

	if (use->source != DECIDE_FROM_FORECAST || !used)
		return 0;
	if (use->q50 > had)
		return (__s32)(decide_smaller(use->q50 - had, had) * 1000 /
			       had);
	/* as q50 <= q95, the median is below as well */
	return -(__s32)(decide_less(used, decide_larger(use->q50, use->q95)) *
			500 / used);
}

/* What the tasks lose that must move, in 1/1000 of what the app uses. */
static __u32 moving_permille(const struct decide_use *use)
{
	__u64 used = decide_larger(decide_bound(use->used), 1);

	if (!use->moves)	/* mostly; a division takes longer than the rest */
		return 0;
	return (__u32)decide_smaller(use->moves * DECIDE_MOVE_PERMILLE / used,
				     DECIDE_MOVING_MAX);
}

/* Of what the app uses, the part that can go to swap only. */
static __u32 anon_permille(const struct decide_use *use)
{
	__u64 used = decide_larger(decide_bound(use->used), 1);

	if (!use->anon)
		return 0;
	return (__u32)(decide_smaller(use->anon, used) * 1000 / used);
}

/* Of what is taken from it, the part that becomes free on the node. */
static __u32 freed_permille(const struct decide_use *use)
{
	return use->zram_permille < 1000 ? 1000 - use->zram_permille : 0;
}

static __u64 freed_by(const struct decide_use *use, __u64 amount)
{
	return decide_permille(amount, freed_permille(use));
}

/* What must be taken to free so much; more than anybody has if that cannot be. */
static __u64 amount_to_free(const struct decide_use *use, __u64 free)
{
	__u32 permille = freed_permille(use);

	if (!permille)
		return DECIDE_MAX + 1;
	return (free * 1000 + permille - 1) / permille;
}

/* What a unit taken from the app costs, in 1/1000 of a weight of 1. @far: of cores. */
static __u32 price_permille(const struct decision *d, __u32 donor, __u32 far)
{
	const struct decide_app *app = &d->s->apps[donor];
	const struct decide_use *use = &app->use[d->resource];
	__u32 regret = (__u32)decide_smaller(use->regret_permille,
					     DECIDE_REGRET_MAX);
	__u32 slow = (__u32)decide_smaller(d->s->swap_slow_permille,
					   DECIDE_SLOW_MAX);
	__s32 permille;

	permille = 1000 + (__s32)regret + wanted_permille(use);
	return weight(app) * ((__u32)permille + far + moving_permille(use) +
			      slow * anon_permille(use) / 1000);
}

/* The receiver's leases of this resource are among these; few are of others. */
static void find_leases(const struct decision *d, struct turn *turn)
{
	const struct decide_snapshot *s = d->s;
	__u32 i;

	for (i = d->leases; i < d->leases_end; i++) {
		if (s->leases[i].receiver != turn->app ||
		    s->leases[i].resource != d->resource)
			continue;
		if (!turn->leases_end)
			turn->leases = i;
		turn->leases_end = i + 1;
		turn->givers |= 1ULL << s->leases[i].donor % 64;
	}
}

static const struct decide_lease *lease_from(const struct decision *d,
					     const struct turn *turn,
					     __u32 donor)
{
	const struct decide_lease *lease;
	__u32 i;

	if (!(turn->givers >> donor % 64 & 1))
		return NULL;
	for (i = turn->leases; i < turn->leases_end; i++) {
		lease = &d->s->leases[i];
		if (lease->donor == donor && lease->receiver == turn->app &&
		    lease->resource == d->resource)
			return lease;
	}
	return NULL;
}

static bool may_receive(const struct decision *d, const struct decide_app *app)
{
	return managed(app) && app->priority > d->s->min_priority &&
	       !(app->never_gets >> d->resource & 1);
}

/* Does it need enough for a lease, or to keep those that it has? */
static bool is_in_need(const struct decision *d, __u32 index, __u64 need)
{
	__u64 least = d->step, held = d->r->held[index];

	/*
	 * Hysteresis, both ways: what has begun goes on at half the need that
	 * begins one, or at a quarter where there is noise, but a large one does
	 * not live on for a small rest: the burst that it was for has passed. CPU
	 * is held in whole cores, so less of it is a small rest.
	 */
	if (held) {
		held /= d->resource == DECIDE_CPU ? 8 : 4;
		least = decide_larger(held, least / 2);
		least = decide_larger(decide_less(least, d->slack / 2),
				      d->step / 4);
	}
	return need >= least;
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

enum decide_verdict decide_may_give(const struct decide_snapshot *s,
				    __u32 resource, __u32 donor,
				    __u32 receiver)
{
	const struct decide_app *from = &s->apps[donor];
	const struct decide_app *to = &s->apps[receiver];

	if (from->priority >= to->priority)
		return DECIDE_NOT_LOWER;
	if (from->use[resource].bar)
		return DECIDE_BARRED;
	if (from->never_to & to->groups)
		return DECIDE_BANNED;
	/* most are in none, and these two are not one */
	if (from->parent < s->nr_apps && within(s, donor, receiver))
		return DECIDE_NESTED;
	if (to->parent < s->nr_apps && within(s, receiver, donor))
		return DECIDE_NESTED;
	return DECIDE_GIVES;
}

/* Receivers: the most important first, then the neediest. */
static __u64 receiver_key(const struct decide_app *app, __u64 need)
{
	return (10ULL - app->priority) << 60 |
	       ((1ULL << 60) - 1 - decide_smaller(need, (1ULL << 60) - 1));
}

/* What the donor has without leases, so that they do not shrink themselves. */
static __u64 holds(const struct decide_use *use)
{
	return decide_bound(decide_larger(use->used, use->had));
}

/*
 * Donors: the least important first, then the cheapest, then those that give
 * already, then the largest.
 */
static __u64 donor_key(const struct decision *d, __u32 donor, bool gives)
{
	const struct decide_app *app = &d->s->apps[donor];
	const struct decide_use *use = &app->use[d->resource];
	__u64 size = units(d->resource, holds(use));
	__u64 freed = decide_larger(freed_permille(use), 1000 - DECIDE_ZRAM_MAX);
	__u64 price = price_permille(d, donor, 0) * 1000ULL / freed >> 5;	/* 22 bits */

	if (gives)
		return (__u64)app->priority << 60 | (price - price / 8) << 38;
	return (__u64)app->priority << 60 | price << 38 |
	       ((1ULL << 38) - 1 - decide_smaller(size, (1ULL << 38) - 2));
}

static __u32 priority_of(__u64 donor_key)
{
	return (__u32)(donor_key >> 60);
}

/* What can be taken without filling more of the swap: what is out, and files. */
static __u64 without_swap(const struct decide_use *use)
{
	if (!use->anon)
		return DECIDE_MAX;
	return decide_bound(use->given) +
	       decide_less(decide_bound(use->used), use->anon);
}

/* How much can still be taken from the donor, above its floor. */
static __u64 takeable(const struct decision *d, __u32 donor)
{
	const struct decide_use *use = &d->s->apps[donor].use[d->resource];
	__u64 taken = d->r->taken[donor];

	if (use->zram_permille > DECIDE_ZRAM_MAX)
		return 0;
	return decide_smaller(decide_less(holds(use),
					  decide_bound(use->floor) + taken),
			      decide_less(without_swap(use), taken) + d->swap);
}

static void take(struct decision *d, __u32 donor, __u64 amount)
{
	const struct decide_use *use = &d->s->apps[donor].use[d->resource];
	__u64 before = d->r->taken[donor];

	d->r->taken[donor] = before + amount;
	d->swap -= decide_less(before + amount,
			       decide_larger(before, without_swap(use)));
}

static __u64 cores_for(const struct decision *d, __u64 milli)
{
	return (milli + d->core - 1) / d->core;
}

/*
 * Cores that the donor can leave: never the last, and not those that it leaves
 * already for a receiver served before. All donors leave the same ones, so they
 * share what is left, and that is no less than their floors together.
 */
static __u64 cores_to_leave(const struct decision *d, __u32 donor,
			    __u64 wanted)
{
	const struct decide_use *use = &d->s->apps[donor].use[DECIDE_CPU];
	__u64 floors = d->floors, keep;

	if (!d->r->taken[donor])
		floors += decide_bound(use->floor);
	keep = decide_larger(cores_for(d, floors), 1);
	return decide_smaller(wanted, decide_less(decide_less(d->cores, keep),
						  d->r->taken[donor]));
}

/* What a donor that uses @use frees: it uses no more than it has cores. */
static __u64 gain_of_leaving(const struct decision *d, __u64 use, __u64 cores)
{
	return d->cores ?
	       decide_smaller(use, d->capacity) * cores / d->cores : 0;
}

static __u64 gain_of_cores(const struct decision *d, __u32 donor, __u64 cores)
{
	return gain_of_leaving(d, holds(&d->s->apps[donor].use[DECIDE_CPU]),
			       cores);
}

/* The cores that it must leave to free so much; more than all if it cannot. */
static __u64 cores_to_gain(const struct decision *d, __u64 use, __u64 amount)
{
	__u64 most = decide_smaller(use, d->capacity);

	if (amount > most)
		return d->cores + 1;
	return amount ? (amount * d->cores + most - 1) / most : 0;
}

/* Looks at the donor: has it nothing, or nothing more, for any receiver? */
static bool is_spent(struct decision *d, __u32 donor)
{
	const struct decide_use *use = &d->s->apps[donor].use[d->resource];
	__u64 most, frees, least = least_step[d->resource];

	if (use->bar)
		return true;
	if (d->resource == DECIDE_CPU) {
		most = cores_to_leave(d, donor, d->cores);
		frees = gain_of_leaving(d, holds(use), most);
		least = holds(use) < DECIDE_CPU_DONOR_MILLI ?
			DECIDE_MAX : DECIDE_CPU_GAIN_MILLI;
	} else {
		most = takeable(d, donor);
		frees = freed_by(use, most);
	}
	d->look = (struct look){ .most = most, .frees = frees };
	return frees < least;
}

/*
 * Small changes of a lease in force are not worth the disturbance: by less than
 * an eighth upward, by less than half or a step downward.
 */
static __u64 steady(const struct decision *d, const struct turn *turn,
		    const struct decide_use *use,
		    const struct decide_lease *old, __u64 most)
{
	__u64 now = decide_smaller(amount_to_free(use, turn->missing), most);
	__u64 kept, had;

	if (!old)
		return now;
	had = decide_bound(old->amount);
	if (now > had + decide_larger(had / 8, d->step / 4))
		return now;
	kept = decide_smaller(amount_to_free(use, turn->stands), most);
	if (kept < decide_smaller(had / 2, decide_less(had, d->step)))
		return kept;
	return decide_smaller(had, most);
}

/* Of @amount that is expected to be needed, as experience has it. */
static __u64 worth_of(const struct decision *d, __u32 receiver, __u64 amount)
{
	const struct decide_app *app = &d->s->apps[receiver];
	__u32 unused = app->use[d->resource].unused_permille;

	return decide_permille(units(d->resource, amount) * weight(app),
			       unused < 1000 ? 1000 - unused : 0);
}

/* More of it than @p has so far. Return: is that worth its cost? */
static bool add_part(const struct decision *d, const struct turn *turn,
		     struct decide_proposal *p, __u64 amount, __u64 gain,
		     __u32 loss, const struct decide_lease *old)
{
	bool in_force = old && decide_bound(old->amount) > p->amount, is_worth;
	__u64 missing = decide_less(in_force ? turn->stands : turn->missing,
				    p->gain);
	__u64 room = turn->room + turn->shortage, benefit, cost;
	struct decide_demand demand = turn->demand;

	if (in_force) {
		room += turn->kept;
		demand.median += (__s64)(d->slack + d->step / 2);
	}
	benefit = decide_demand_expected(&demand, room - missing,
					 decide_smaller(missing, gain));
	benefit = worth_of(d, p->receiver, benefit);
	/* cores are not taken themselves, but their use */
	cost = units(d->resource, d->resource == DECIDE_CPU ? gain : amount);
	cost = decide_permille(cost, price_permille(d, p->donor, loss));
	is_worth = (in_force ? benefit + benefit / 4 : benefit - benefit / 5) >
		   cost;
	if (is_worth || !p->amount) {
		p->amount += amount;
		p->gain += gain;
		p->benefit += benefit;
		p->cost += cost;
	}
	return is_worth;
}

/*
 * Up to where the donor's next cores are as near as the first of them, in milli-CPU
 * of those that it is to leave, @end of them. @loss is for that.
 */
static __u64 part_end(const struct decision *d, const struct decide_proposal *p,
		      __u64 end, __u32 *loss)
{
	__u64 taken = d->r->taken[p->donor], near;
	__u32 level;

	for (level = DECIDE_LLCS; level < DECIDE_LEVELS; level++) {
		near = decide_near(d->s, level, d->cores, taken) * d->core;
		if (near <= p->amount)
			*loss += far_loss[level];
		else
			end = decide_smaller(end, near);
	}
	return end;
}

static enum decide_verdict propose(struct decision *d, const struct turn *turn,
				   struct decide_proposal *p,
				   const struct decide_lease *old)
{
	__u64 all = p->amount, gain = p->gain, end = all;
	struct decide_result *r = d->r;
	__u32 loss;

	p->amount = 0;
	p->gain = 0;
	do {
		loss = 0;
		if (d->resource == DECIDE_CPU) {
			end = part_end(d, p, all, &loss);
			gain = gain_of_cores(d, p->donor, end / d->core);
		}
		if (add_part(d, turn, p, end - p->amount, gain - p->gain, loss,
			     old))
			continue;
		/* what is near is worth it at least, or nothing is */
		if (p->amount == end)
			return DECIDE_TOO_DEAR;
		break;
	} while (d->resource == DECIDE_CPU && end < all);
	if (r->nr_proposals == d->proposals_end)
		return DECIDE_FULL;
	r->proposals[r->nr_proposals++] = *p;
	return DECIDE_GIVES;
}

/*
 * Is what others left open too little for one more lease? Half of that keeps one
 * in force.
 */
static bool too_little(const struct decision *d, const struct turn *turn,
		       bool in_force)
{
	if (in_force)
		return turn->stands < turn->shortage + turn->kept &&
		       turn->stands < d->step / 4;
	return turn->missing < turn->shortage &&
	       turn->missing < d->step / 2;
}

/*
 * What speaks against an amount of the donor's. That is told in @gives, if the donor
 * gives or somebody asks for reasons.
 */
static enum decide_verdict judge_amount(const struct decision *d,
					const struct turn *turn, __u32 donor,
					const struct decide_lease *old,
					struct look *gives)
{
	const struct decide_use *use = &d->s->apps[donor].use[d->resource];
	enum decide_verdict verdict = DECIDE_GIVES;

	/* crumbs cost a lease and bring nothing */
	if (d->look.frees < least_step[d->resource])
		verdict = DECIDE_AT_FLOOR;
	else if (too_little(d, turn, old))
		verdict = DECIDE_TOO_LITTLE;
	if (verdict != DECIDE_GIVES && !d->r->reasons_max)
		return verdict;
	gives->most = steady(d, turn, use, old, d->look.most);
	gives->frees = freed_by(use, gives->most);
	return verdict == DECIDE_GIVES && !gives->frees ? DECIDE_TOO_LITTLE :
							  verdict;
}

/*
 * As many as the receiver is short of, for these will be free if all leave them;
 * and more where the donors after this one, of its priority, could not free the
 * rest: before one of higher priority gives, all lower ones go down to their floors.
 */
static __u64 cores_wanted(const struct decision *d, const struct turn *turn,
			  __u64 use, __u64 cores, __u64 missing)
{
	return decide_larger(cores,
			     cores_to_gain(d, use, decide_less(missing,
							       turn->rest)));
}

/*
 * As steady(), for cores: by a step beyond those that it has upward, by a quarter of
 * them and a step downward. Noise around a whole core makes none come and go.
 */
static __u64 steady_cores(const struct decision *d, const struct turn *turn,
			  __u64 use, const struct decide_lease *old)
{
	__u64 now = cores_wanted(d, turn, use, turn->cores, turn->missing);
	__u64 had, enough;

	if (!old)
		return now;
	had = decide_bound(old->amount) / d->core;
	if (cores_wanted(d, turn, use,
			 cores_for(d, decide_less(turn->shortage, d->step)),
			 decide_less(turn->missing, d->step)) > had)
		return now;
	enough = cores_wanted(d, turn, use,
			      cores_for(d, turn->shortage + turn->kept + d->step),
			      turn->stands + d->step);
	return enough + decide_larger(had / 4, 1) > had ? had : enough;
}

static void leave_cores(struct decision *d, __u32 donor, __u64 cores,
			__u64 gain)
{
	const struct decide_app *app = &d->s->apps[donor];

	if (!d->r->taken[donor])
		d->floors += decide_bound(app->use[DECIDE_CPU].floor);
	d->r->taken[donor] += cores;
	d->rest[app->priority] = decide_less(d->rest[app->priority], gain);
}

/* Likewise, of cores; in milli-CPU. */
static enum decide_verdict judge_cores(const struct decision *d,
				       const struct turn *turn, __u32 donor,
				       const struct decide_lease *old,
				       struct look *gives)
{
	__u64 use = holds(&d->s->apps[donor].use[DECIDE_CPU]), cores;

	cores = decide_smaller(steady_cores(d, turn, use, old), d->look.most);
	gives->most = cores * d->core;
	gives->frees = gain_of_leaving(d, use, cores);
	if (use < DECIDE_CPU_DONOR_MILLI ||
	    gives->frees < DECIDE_CPU_GAIN_MILLI)
		return DECIDE_AT_FLOOR;
	return too_little(d, turn, old) ? DECIDE_TOO_LITTLE : DECIDE_GIVES;
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

/* What the donor gives is no longer missing. Return: does it give? */
static bool judge(struct decision *d, struct turn *turn, __u32 donor)
{
	bool cpu = d->resource == DECIDE_CPU;
	enum decide_verdict verdict = decide_may_give(d->s, d->resource, donor,
						      turn->app);
	const struct decide_lease *old = NULL;
	struct decide_proposal p;
	struct look gives = {};

	if (verdict == DECIDE_GIVES) {
		old = lease_from(d, turn, donor);
		verdict = cpu ? judge_cores(d, turn, donor, old, &gives) :
				judge_amount(d, turn, donor, old, &gives);
	}
	/* mostly it does not, and nobody asks why */
	if (verdict == DECIDE_GIVES || d->r->reasons_max) {
		p = (struct decide_proposal){
			.donor = donor,
			.receiver = turn->app,
			.resource = d->resource,
			.source = d->s->apps[turn->app].use[d->resource].source,
			.amount = gives.most,
			.gain = gives.frees,
		};
		if (verdict == DECIDE_GIVES)
			verdict = propose(d, turn, &p, old);
		report_reason(d->r, &p, verdict);
	}
	turn->donors[verdict] += turn->counts;
	if (verdict != DECIDE_GIVES)
		return false;
	if (cpu)
		leave_cores(d, donor, p.amount / d->core, p.gain);
	else
		take(d, donor, p.amount);
	turn->missing = decide_less(turn->missing, p.gain);
	turn->stands = decide_less(turn->stands, p.gain);
	/* what was kept as it is covers what it was kept in spite of */
	if (old)
		turn->missing = decide_less(turn->missing, p.gain / 8);
	return true;
}

/* Why donors that need not be looked at do not give, if anybody asked. */
static void tell(struct decision *d, struct turn *turn, __u32 from, __u32 to)
{
	const struct decide_result *r = d->r;
	const struct look look = d->look;
	__u32 i, donor;

	turn->counts = 0;
	for (i = from; i < to && r->nr_reasons < r->reasons_max; i++) {
		donor = decide_order_at(&d->donors, i)->index;
		is_spent(d, donor);	/* for the look */
		judge(d, turn, donor);
	}
	turn->counts = 1;
	d->look = look;
}

static void report_need(struct decision *d, const struct turn *turn,
			__u64 wait_ms)
{
	const struct decide_app *app = &d->s->apps[turn->app];
	struct decide_result *r = d->r;
	__u64 base = decide_bound(app->use[d->resource].base);
	__u64 expected;

	if (r->nr_needs == r->needs_max)
		return;
	expected = decide_demand_expected(&turn->demand, turn->room,
					  turn->shortage);
	r->needs[r->nr_needs++] = (struct decide_need){
		.receiver = turn->app,
		.resource = d->resource,
		.source = app->use[d->resource].source,
		.chance_permille = decide_demand_chance(&turn->demand,
							turn->room),
		.wait_ms = (__u32)wait_ms,
		.median = (__u64)((__s64)base + turn->demand.median -
				  (__s64)turn->carried),
		.spread = turn->spread,
		.carried = turn->carried,
		.kept = turn->kept,
		.base = base,
		.room = turn->room,
		.shortage = turn->shortage,
		.risk = units(d->resource, expected) * weight(app),
	};
}

/* Of all that is proposed for the receiver: @first is the first of it. */
static void report_why(const struct decision *d, const struct turn *turn,
		       __u32 first)
{
	const struct decide_use *use = &d->s->apps[turn->app].use[d->resource];
	struct decide_why *why = &d->r->whys[first];
	__u32 i;

	why->base = decide_bound(use->base);
	why->median = (__u64)((__s64)why->base + turn->demand.median -
			      (__s64)turn->carried);
	why->spread = turn->spread;
	why->carried = turn->carried;
	why->room = turn->room;
	why->shortage = turn->shortage;
	why->chance_permille = decide_demand_chance(&turn->demand, turn->room);
	why->threshold_pct = d->s->threshold_pct[d->resource];
	for (i = 0; i < DECIDE_VERDICTS; i++)
		why->donors[i] = d->spent[i] + turn->donors[i];
}

static void report_shortage(const struct decision *d, const struct turn *turn)
{
	struct decide_result *r = d->r;

	if (r->nr_shortages == d->shortages_end)
		return;
	r->shortages[r->nr_shortages++] = (struct decide_shortage){
		.receiver = turn->app,
		.resource = d->resource,
		.missing = turn->missing,
	};
}

/* The first donor from place @nth on that is not spent, or their number. */
static __u32 next_donor(struct decision *d, __u32 nth)
{
	struct decide_entry *entry, *next;

	while (nth < d->donors.count) {
		entry = decide_order_at(&d->donors, nth);
		if (!entry->skip) {
			if (!is_spent(d, entry->index))
				return nth;
			entry->skip = nth + 1;
		}
		nth = entry->skip;
		/* the next time, two at a time */
		if (nth < d->donors.count) {
			next = decide_order_at(&d->donors, nth);
			if (next->skip)
				entry->skip = next->skip;
		}
	}
	return nth;
}

/* The donor looked at is the turn's next: what is left after it, of its priority? */
static void pass_donor(const struct decision *d, struct turn *turn,
		       __u32 priority)
{
	if (d->resource != DECIDE_CPU)
		return;
	if (turn->priority != priority) {
		turn->priority = priority;
		turn->rest = d->rest[priority];
	}
	turn->rest = decide_less(turn->rest, d->look.frees);
}

static void serve(struct decision *d, struct turn *turn)
{
	struct decide_result *r = d->r;
	__u32 below = d->s->apps[turn->app].priority;
	__u32 i, last, priority, first = r->nr_proposals;
	const struct decide_entry *donor;
	bool held = r->held[turn->app];

	for (last = 0; last < d->donors.count && turn->stands &&
	     !too_little(d, turn, held); last = i + 1) {
		i = next_donor(d, last);
		if (r->reasons_max)
			tell(d, turn, last, i);
		if (i == d->donors.count)
			break;
		donor = &d->donors.entries[i];
		priority = priority_of(donor->key);
		/* the rest is of higher priority yet, or cannot be proposed */
		if (priority >= below ||
		    r->nr_proposals == d->proposals_end) {
			if (r->reasons_max)
				tell(d, turn, i, d->donors.count);
			break;
		}
		if (!d->looks)
			break;
		d->looks--;
		pass_donor(d, turn, priority);
		if (!judge(d, turn, donor->index))
			r->nr_refused++;
	}
	if (r->whys && first < r->nr_proposals)
		report_why(d, turn, first);
	if (turn->missing >= d->step)
		report_shortage(d, turn);
}

/* How much later it is early enough to begin, 0: now. */
static __u64 wait_ms(const struct decision *d, const struct turn *turn)
{
	__u64 in_ms = d->s->apps[turn->app].use[d->resource].in_ms;
	__u64 rate = d->s->rate[d->resource], lead_ms = 0;

	if (d->r->held[turn->app])
		return 0;
	if (rate)
		lead_ms = decide_bound(d->queued + turn->shortage) * 1000 /
			  rate;
	return decide_less(in_ms, lead_ms + lead_ms / 4 + DECIDE_SLACK_MS);
}

/* What is held for the receiver beyond its shortage, as far as noise goes. */
static __u64 kept(const struct decision *d, const struct turn *turn,
		  __u64 wanted)
{
	__u64 most = decide_less(wanted + d->slack, turn->room);

	return decide_less(decide_smaller(d->r->held[turn->app], most),
			   turn->shortage);
}

static void take_turn(struct decision *d, __u32 app)
{
	struct decide_result *r = d->r;
	struct turn turn = { .app = app, .counts = 1 };
	__u64 wanted, wait;

	turn.demand = decide_demand(&d->s->apps[app], d->resource,
				    d->capacity);
	turn.spread = decide_spread_add(&d->served, turn.demand.counted);
	wanted = turn.spread;
	if (turn.demand.median > 0)
		wanted += (__u64)turn.demand.median;
	if (d->room > 0)
		turn.room = decide_smaller((__u64)d->room, DECIDE_MAX);
	turn.shortage = decide_less(wanted, turn.room) + d->crumbs;
	turn.kept = kept(d, &turn, wanted);
	d->room -= (__s64)wanted;
	if (turn.shortage < d->step && !r->held[app]) {
		d->crumbs = turn.shortage;
		return;
	}
	if (!turn.shortage && !turn.kept)
		return;
	turn.cores = cores_for(d, turn.shortage);
	turn.carried = d->crumbs;
	turn.demand.median += (__s64)turn.carried;
	turn.missing = turn.shortage;
	turn.stands = turn.shortage + turn.kept;
	d->crumbs = 0;
	if (r->held[app])
		find_leases(d, &turn);
	r->nr_receivers++;
	wait = wait_ms(d, &turn);
	report_need(d, &turn, wait);
	d->queued += turn.shortage;
	if (wait)
		r->nr_waiting++;
	else
		serve(d, &turn);
}

/* Is there nothing left to say of the receivers that remain? */
static bool is_over(struct decision *d)
{
	const struct decide_result *r = d->r;

	return r->nr_shortages == d->shortages_end &&
	       (r->nr_proposals == d->proposals_end ||
		next_donor(d, 0) == d->donors.count);
}

/* Until donors are in order, @r->taken says which of them give already. */
static void note_leases(struct decision *d)
{
	const struct decide_snapshot *s = d->s;
	struct decide_result *r = d->r;
	const struct decide_lease *lease;
	__u32 i;

	for (i = 0; i < s->nr_apps; i++) {
		r->taken[i] = 0;
		r->held[i] = 0;
	}
	for (i = 0; i < s->nr_leases; i++) {
		lease = &s->leases[i];
		if (lease->resource != d->resource)
			continue;
		if (!d->leases_end)
			d->leases = i;
		d->leases_end = i + 1;
		if (lease->donor < s->nr_apps)
			r->taken[lease->donor] = 1;
		if (lease->receiver < s->nr_apps)
			r->held[lease->receiver] =
				decide_bound(r->held[lease->receiver] +
					     decide_bound(lease->gain));
	}
}

/*
 * What is read of an app is on its way into the cache before its turn comes: 100,000 apps do
 * not fit there. Kernels for x86 are built without this.
 */
static inline void fetch_ahead(const struct decide_snapshot *s, __u32 i,
			       __u32 resource)
{
	const struct decide_app *app = &s->apps[i];

	if (i >= s->nr_apps)
		return;
	__builtin_prefetch(app);
	__builtin_prefetch(&app->use[resource]);
	__builtin_prefetch(&app->use[resource].bar);
}

/*
 * Those who may receive or give, what is needed, and what there is for it. Its
 * frame has left the stack when the deepest calls are made.
 */
static noinline void survey(struct decision *d, struct decide_outlook *outlook)
{
	const struct decide_snapshot *s = d->s;
	__u64 limit = d->capacity / 100 * s->threshold_pct[d->resource];
	__u64 used = decide_bound(s->used[d->resource]);
	__u64 needed = 0, others = 0, grown = 0;
	struct decide_spread receivers = d->served, all = d->served;
	struct decide_demand sum = {};
	__u32 i;

	for (i = 0; i < s->nr_apps; i++) {
		const struct decide_app *app = &s->apps[i];
		const struct decide_use *use = &app->use[d->resource];
		struct decide_demand demand = decide_demand(app, d->resource,
							    d->capacity);
		__u64 need = decide_demand_alone(&demand);
		__u64 rise = demand.median > 0 ? (__u64)demand.median : 0;
		bool gives = d->r->taken[i], spent;

		fetch_ahead(s, i + 16, d->resource);
		d->r->taken[i] = 0;
		used += freed_by(use, decide_bound(use->given));
		grown += decide_less(decide_bound(use->used),
				     decide_bound(use->base));
		if (!may_receive(d, app)) {
			/* less than that is noise, or soon seen */
			if (rise < d->step / 2)
				rise = 0;
			else
				decide_spread_gather(&all, demand.spread);
			others += rise;
		} else if (is_in_need(d, i, need)) {
			decide_order_add(&d->receivers,
					 receiver_key(app, need), i);
			decide_spread_gather(&receivers, demand.counted);
			decide_spread_gather(&all, demand.spread);
			needed += rise;
		}
		if (!managed(app) || !app->eligible)
			continue;
		spent = is_spent(d, i);
		if (spent)
			d->spent[use->bar ? DECIDE_BARRED : DECIDE_AT_FLOOR]++;
		/* who asks for reasons hears of those, too, that have nothing */
		if (!spent || d->r->reasons_max)
			decide_order_add(&d->donors,
					 donor_key(d, i, gives), i);
		if (!spent && d->resource == DECIDE_CPU)
			d->rest[app->priority] += d->look.frees;
	}
	used = decide_less(used, grown);
	outlook->rise = others + needed;
	outlook->spread = decide_spread_sigma(&all);
	outlook->room = decide_less(limit, used);
	outlook->over = decide_less(used, limit);
	sum.median = (__s64)decide_bound(outlook->rise);
	sum.spread = decide_bound(outlook->spread);
	outlook->chance_permille = outlook->over ? 1000 :
		decide_demand_chance(&sum, outlook->room);

	d->room = (__s64)limit - (__s64)(used + others);
	needed += decide_spread_sigma(&receivers);
	d->r->need[d->resource] =
		decide_less(needed, d->room > 0 ? (__u64)d->room : 0);
}

/*
 * Each resource has its own part of the room for an answer: else the cores that
 * somebody less important gets could leave no place for an important one's memory.
 */
static __u32 part_of(__u32 room, __u32 resource)
{
	return (__u32)(((__u64)room + resource) / DECIDE_RESOURCES);
}

static void decide_resource(const struct decide_snapshot *s,
			    struct decide_result *r, __u32 resource)
{
	struct decision d = {
		.s = s,
		.r = r,
		.resource = resource,
		.capacity = decide_bound(s->capacity[resource]),
		.step = least_step[resource],
		.core = decide_core_milli(s),
		.swap = decide_bound(s->swap_free),
		.receivers = { .entries = r->entries, .apps = s->apps,
			       .salt = (__u32)(s->used[resource] >> 12) },
		.donors = { .entries = r->entries + s->nr_apps,
			    .apps = s->apps,
			    .salt = (__u32)(s->used[resource] >> 12) },
		.proposals_end = r->nr_proposals +
				 part_of(r->proposals_max, resource),
		.shortages_end = r->nr_shortages +
				 part_of(r->shortages_max, resource),
		.looks = s->nr_apps * DECIDE_LOOKS_PER_APP,
	};
	__u32 i;

	if (resource == DECIDE_CPU)
		d.capacity = decide_cpu_capacity(s);
	else
		d.step = decide_larger(d.capacity >> DECIDE_STEP_SHIFT,
				       d.step);
	d.slack = decide_less(decide_bound(s->noise[resource]), d.step / 2);
	d.cores = d.capacity / d.core;
	if (d.looks < DECIDE_LOOKS_MIN)
		d.looks = DECIDE_LOOKS_MIN;
	decide_spread_init(&d.served, d.capacity, s->nr_apps,
			   s->correlation_pct);
	note_leases(&d);
	survey(&d, &r->outlook[resource]);
	if (!d.receivers.count)
		return;
	for (i = 0; i < d.receivers.count && !is_over(&d); i++)
		take_turn(&d, decide_order_at(&d.receivers, i)->index);
}

void decide(const struct decide_snapshot *s, struct decide_result *r)
{
	__u32 resource;

	r->nr_proposals = 0;
	r->nr_shortages = 0;
	r->nr_receivers = 0;
	r->nr_waiting = 0;
	r->nr_refused = 0;
	r->nr_needs = 0;
	r->nr_reasons = 0;
	for (resource = 0; resource < DECIDE_RESOURCES; resource++) {
		r->need[resource] = 0;
		r->outlook[resource] = (struct decide_outlook){};
	}
	if (s->nr_apps > DECIDE_APPS_MAX)
		return;
	for (resource = 0; resource < DECIDE_RESOURCES; resource++) {
		__u32 pct = s->threshold_pct[resource];

		if (pct >= 1 && pct <= 100 && s->capacity[resource])
			decide_resource(s, r, resource);
	}
}
