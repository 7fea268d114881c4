// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The decision's steps, each from any state within its bounds, so that what holds
 * after one more holds after any number. What walks the apps is proved for two or
 * three.
 */
#include "proof.h"
#include "../../kmod/decide/decide.c"

#define DONOR		0
#define RECEIVER	1

/* The dearest app: a weight of 400, all regret, growth, moves and slow swap, far cores. */
#define FAR_MAX		260
#define PARTS_MAX	3	/* near, beyond the cache, beyond the node */
#define PRICE_MAX	(400 * (72000 + FAR_MAX))

/*
 * A node of two apps and one lease, with a decision about it under way. Objects
 * of their own: within one structure the solver looks for each byte anywhere.
 */
static struct decide_app apps[2];
static struct decide_lease lease;
static struct decide_proposal proposals[1];
static struct decide_shortage shortages[1];
static struct decide_need needs[1];
static struct decide_entry receivers[2], donors[2];
static __u64 taken[2], held[2];
static struct decide_snapshot s;
static struct decide_result r;
static struct decision d;

static struct decide_app any_app(void)
{
	struct decide_app app;

	/* not nested, see proof_within() */
	app.parent = DECIDE_NONE;
	return app;
}

/* One thread to a core, or two. */
static void assume_core(const struct decision *d)
{
	assume(d->core == DECIDE_MILLI_PER_CPU ||
	       d->core == 2 * DECIDE_MILLI_PER_CPU);
}

static void set_scene(__u32 resource)
{
	struct decide_lease any_lease;
	struct decide_snapshot any_snapshot;
	struct decide_result any_result;
	struct decision any_decision;
	__u32 i;

	for (i = 0; i < 2; i++) {
		apps[i] = any_app();
		taken[i] = any_u64();
		held[i] = any_u64();
		assume(held[i] <= DECIDE_MAX);
	}
	lease = any_lease;
	s = any_snapshot;
	s.apps = apps;
	s.leases = &lease;
	s.nr_apps = 2;
	s.nr_leases = 1;
	assume(s.threshold_pct[resource] <= 100);
	r = any_result;
	r.proposals = proposals;
	r.shortages = shortages;
	r.needs = needs;
	r.whys = NULL;
	r.nr_proposals = 0;
	r.nr_shortages = 0;
	r.nr_needs = 0;
	r.nr_reasons = 0;
	r.reasons_max = 0;
	assume(r.proposals_max <= 1 && r.shortages_max <= 1 && r.needs_max <= 1);
	r.taken = taken;
	r.held = held;
	d = any_decision;
	d.s = &s;
	d.r = &r;
	d.resource = resource;
	assume(d.proposals_end <= r.proposals_max);
	assume(d.shortages_end <= r.shortages_max);
	assume(d.step >= least_step[DECIDE_CPU] && d.step <= DECIDE_MAX);
	assume(d.slack <= DECIDE_MAX && d.swap <= DECIDE_MAX);
	assume_core(&d);
	assume(d.capacity <= (resource == DECIDE_CPU ?
			      DECIDE_CORES_MAX * DECIDE_MILLI_PER_CPU :
			      DECIDE_MAX));
	d.cores = d.capacity / d.core;
	d.receivers = (struct decide_order){ .entries = receivers, .apps = apps };
	d.donors = (struct decide_order){ .entries = donors, .apps = apps };
}

static struct turn any_turn(void)
{
	struct turn turn;

	turn.app = RECEIVER;
	assume(turn.leases_end <= 1);
	turn.counts = 0;	/* that would change nothing else */
	assume(turn.shortage <= 4 * DECIDE_MAX);
	assume(turn.missing <= turn.shortage);
	assume(turn.kept <= DECIDE_MAX);
	assume(turn.stands >= turn.missing &&
	       turn.stands <= turn.shortage + turn.kept);
	assume(turn.room <= DECIDE_MAX);
	assume(turn.demand.spread <= DECIDE_MAX);
	assume(turn.demand.median <= 2 * (__s64)DECIDE_MAX);
	assume(turn.demand.median >= -(__s64)DECIDE_MAX);
	return turn;
}

/* What stands for functions with proofs of their own, and what those assume. */
__u64 some_expected(const struct decide_demand *demand, __u64 room,
		    __u64 covered)
{
	__u64 expected = any_u64();

	(void)room;
	promise(demand->spread <= DECIDE_MAX &&
		demand->median <= 4 * (__s64)DECIDE_MAX &&
		demand->median >= -(__s64)DECIDE_MAX, "as in proof_expected()");
	assume(expected <= covered);
	return expected;
}

__u64 some_permille(__u64 value, __u32 permille)
{
	__u64 part = any_u64();

	promise((value <= 1ULL << 54 && permille <= 1000) ||
		(value <= DECIDE_MAX >> 10 && permille <= PRICE_MAX),
		"as in proof_permille_...()");
	assume(permille > 1000 || part <= value);
	return part;
}

/*
 * Of one donor: of all that it leaves, then up to the end of each part. By more cores no
 * less becomes free, as it is a product with them; that the solver does not prove.
 */
__u64 some_gain(const struct decision *d, __u64 use, __u64 cores)
{
	static __u64 all, all_cores, last, last_cores;
	static bool again;
	__u64 gain = any_u64();

	promise(cores <= d->cores, "as in proof_gain_small()");
	assume(gain <= use && gain <= d->capacity && (cores || !gain));
	if (!again) {
		all = gain;
		all_cores = cores;
	} else {
		promise(cores >= last_cores && cores <= all_cores, "in order");
		assume(gain >= last && gain <= all);
		assume(cores < all_cores || gain == all);
		last = gain;
		last_cores = cores;
	}
	again = true;
	return gain;
}

/* Any: what a donor may leave bounds it. */
__u64 some_cores(const struct decision *d, __u64 use, __u64 amount)
{
	__u64 cores = any_u64();

	(void)use;
	(void)amount;
	assume(cores <= d->cores + 1);
	return cores;
}

__u32 some_moving(const struct decide_use *use)
{
	__u32 moving = any_u32();

	(void)use;
	assume(moving <= DECIDE_MOVING_MAX);
	return moving;
}

/* Divides by what is not known, which no solver here proves: test_decide.c, test_kept(). */
__u64 some_amount(const struct decide_use *use, __u64 free)
{
	__u64 amount = any_u64();

	(void)use;
	promise(free <= 8 * DECIDE_MAX, "no product of it with 1000 overflows");
	assume(amount >= free);
	return amount;
}

__u32 some_share(const struct decide_use *use)
{
	__u32 share = any_u32();

	(void)use;
	assume(share <= 1000);
	return share;
}

__u32 some_price(const struct decision *d, __u32 donor, __u32 far)
{
	__u32 price = any_u32();

	(void)d;
	promise(donor < s.nr_apps && managed(&apps[donor]) && far <= FAR_MAX,
		"as in proof_price()");
	assume(price <= PRICE_MAX);
	return price;
}

/* Of one part: more make formulas that the solver does not get through. */
__u64 some_end(const struct decision *d, const struct decide_proposal *p,
	       __u64 end, __u32 *loss)
{
	__u64 cores = any_u64();

	promise(p->donor < s.nr_apps && p->amount < end && !*loss,
		"as in proof_part_end_small()");
	assume(cores <= d->cores && cores * d->core > p->amount &&
	       cores * d->core == end);
	*loss = any_u32();
	assume(*loss <= FAR_MAX);
	return cores * d->core;
}

/* In any order. */
__u64 some_key(const struct decision *d, __u32 donor, bool gives)
{
	(void)d;
	(void)gives;
	promise(donor < s.nr_apps, "an app that is there");
	return any_u64();
}

/* What the donor has to give from, and must keep: an amount, or cores. */
static __u64 donor_has(void)
{
	if (d.resource == DECIDE_CPU)
		return d.capacity / d.core;
	return holds(&apps[DONOR].use[d.resource]);
}

/* Up to 16 cores, and no number above 2^20 milli-CPU: rounding is division. */
#define SMALL_MILLI	(1ULL << 20)
#define SMALL_CAPACITY	(16 * DECIDE_MILLI_PER_CPU)

/* And of what is given in any amount, 64 MiB. */
#define SMALL_BYTES	(1ULL << 26)

static bool small;

static void assume_small_amounts(const struct turn *turn)
{
	const struct decide_use *use = &apps[DONOR].use[d.resource];

	assume(use->used <= SMALL_BYTES && use->had <= SMALL_BYTES &&
	       use->floor <= SMALL_BYTES && use->given <= SMALL_BYTES &&
	       use->anon <= SMALL_BYTES && d.swap <= SMALL_BYTES &&
	       lease.amount <= SMALL_BYTES && turn->shortage <= SMALL_BYTES &&
	       turn->kept <= SMALL_BYTES && turn->room <= SMALL_BYTES &&
	       d.slack <= SMALL_BYTES && d.capacity <= SMALL_BYTES &&
	       d.step == least_step[d.resource]);
}

static void assume_small(const struct turn *turn)
{
	const struct decide_use *use = &apps[DONOR].use[DECIDE_CPU];

	if (d.resource != DECIDE_CPU) {
		assume_small_amounts(turn);
		return;
	}
	assume(use->used <= SMALL_MILLI && use->had <= SMALL_MILLI &&
	       use->floor <= SMALL_MILLI && lease.amount <= SMALL_MILLI &&
	       turn->shortage <= SMALL_MILLI &&
	       turn->kept <= SMALL_MILLI && d.capacity <= SMALL_CAPACITY &&
	       d.step == least_step[DECIDE_CPU]);
}

static __u64 donor_keeps(void)
{
	__u64 floor = decide_bound(apps[DONOR].use[d.resource].floor);

	if (d.resource != DECIDE_CPU)
		return floor;
	/* with those that share what it leaves; its own is in it if it gave */
	if (!taken[DONOR])
		floor += d.floors;
	else
		floor = d.floors;
	return decide_larger(cores_for(&d, floor), 1);
}

static bool in_force(void)
{
	return lease.donor == DONOR && lease.receiver == RECEIVER &&
	       lease.resource == d.resource;
}

/* Whatever it has given before, one more receiver takes it to no less. */
static void judge_one(__u32 resource)
{
	const struct decide_app *from, *to;
	struct turn turn = any_turn();
	__u64 missing = turn.missing, has, keeps, before, unit, swap;
	bool gives;

	set_scene(resource);
	unit = resource == DECIDE_CPU ? d.core : 1;
	from = &apps[DONOR];
	to = &apps[RECEIVER];
	assume(managed(from) && managed(to));
	if (small)
		assume_small(&turn);
	assume(d.floors <= SMALL_MILLI && (!taken[DONOR] || d.floors >=
	       decide_bound(from->use[DECIDE_CPU].floor)));
	has = donor_has();
	keeps = donor_keeps();
	before = taken[DONOR];
	swap = d.swap;
	/* others may have joined those that share the cores it left: not now */
	assume(!before || (before <= has && (resource == DECIDE_CPU ||
					     before + keeps <= has)));
	/* as is_spent() looked at it; any gain */
	d.look.most = resource == DECIDE_CPU ?
		      cores_to_leave(&d, DONOR, d.cores) : takeable(&d, DONOR);
	gives = judge(&d, &turn, DONOR);
	promise(taken[DONOR] == before || (taken[DONOR] <= has &&
					   taken[DONOR] + keeps <= has),
		"never below the floor, never more than there is");
	promise(d.swap <= swap, "no more to swap than there is room");
	promise(r.nr_proposals <= r.proposals_max, "within room");
	if (!r.nr_proposals) {
		promise(taken[DONOR] == before && !gives, "nothing given");
		return;
	}
	promise(from->priority < to->priority, "of lower priority");
	promise(!from->use[resource].bar, "not barred");
	promise(!(from->never_to & to->groups), "not to a banned group");
	promise(proposals[0].donor == DONOR &&
		proposals[0].receiver == RECEIVER &&
		proposals[0].resource == resource, "of these two");
	promise(proposals[0].amount == (taken[DONOR] - before) * unit,
		"what is given is counted");
	promise(proposals[0].benefit +
		(in_force() ? proposals[0].benefit / 4 : 0) >
		proposals[0].cost, "worth it");
	promise(gives && turn.missing <= decide_less(missing, proposals[0].gain),
		"covers what it frees");
}

void proof_judge_memory_small(void)
{
	small = true;
	judge_one(DECIDE_MEMORY);
}

void proof_judge_io_small(void)
{
	small = true;
	judge_one(DECIDE_IO);
}

void proof_judge_net_small(void)
{
	small = true;
	judge_one(DECIDE_NET);
}

void proof_judge_cpu_small(void)
{
	small = true;
	judge_one(DECIDE_CPU);
}

void proof_gain_small(void)
{
	struct decision cpu;
	__u64 use = any_u64(), cores = any_u64(), gain;

	assume(cpu.capacity <= SMALL_CAPACITY && use <= SMALL_MILLI);
	assume_core(&cpu);
	cpu.cores = cpu.capacity / cpu.core;
	assume(cores <= cpu.cores);
	gain = gain_of_leaving(&cpu, use, cores);
	promise(gain <= use && gain <= cpu.capacity && (cores || !gain),
		"no more than it uses");
}

/* Each part of a lease is at least a core, and no more than what is to be left. */
void proof_part_end_small(void)
{
	struct decide_proposal p;
	__u64 cores = any_u64(), end;
	__u32 loss, parts;

	set_scene(DECIDE_CPU);
	assume(d.capacity <= SMALL_CAPACITY && cores <= d.cores &&
	       taken[DONOR] <= d.cores - cores);
	assume(s.topology[DECIDE_LLCS] <= 16 && s.topology[DECIDE_NODES] <= 16);
	p.donor = DONOR;
	p.amount = 0;
	for (parts = 0; parts < PARTS_MAX && p.amount < cores * d.core; parts++) {
		loss = 0;
		end = part_end(&d, &p, cores * d.core, &loss);
		promise(end > p.amount && end <= cores * d.core &&
			end % d.core == 0, "some whole cores");
		promise(loss <= FAR_MAX, "no more than all");
		promise(s.topology[DECIDE_LLCS] > 1 ||
			s.topology[DECIDE_NODES] > 1 ||
			(end == cores * d.core && !loss),
			"one where all is one");
		p.amount = end;
	}
	promise(p.amount == cores * d.core, "three parts at most");
}

void proof_share_small(void)
{
	struct decide_use use;

	assume(use.used <= 1U << 20);
	promise(anon_permille(&use) <= 1000, "all at most");
}

/* At most all regret, all that it would grow by, all moves, the slowest swap. */
void proof_price(void)
{
	__u32 far = any_u32();

	set_scene(DECIDE_MEMORY);
	assume(managed(&apps[DONOR]));
	assume(far <= FAR_MAX);
	promise(price_permille(&d, DONOR, far) <= PRICE_MAX, "bounded");
}

__s32 some_wanted(const struct decide_use *use)
{
	__s32 wanted = (__s32)any_u32();

	(void)use;
	assume(wanted >= -500 && wanted <= 1000);
	return wanted;
}

void proof_wanted_small(void)
{
	struct decide_use use;
	__s32 wanted;

	assume(use.used <= 1U << 16 && use.q50 <= 1U << 20 &&
	       use.q95 <= 1U << 20);
	wanted = wanted_permille(&use);
	promise(wanted >= -500 && wanted <= 1000, "half less to twice");
}

void proof_moving(void)
{
	struct decide_use use;

	promise(moving_permille(&use) <= DECIDE_MOVING_MAX, "4 at most");
}

/* Any nesting, also in circles. */
void proof_within(void)
{
	struct decide_app apps[3];
	struct decide_snapshot s = { .apps = apps, .nr_apps = 3 };
	__u32 inner = any_u32(), outer = any_u32();

	assume(inner < 3 && outer < 3);
	promise(within(&s, inner, inner), "in itself");
	promise(apps[inner].parent != outer || within(&s, inner, outer),
		"in its parent");
	promise(apps[inner].parent < 3 || inner == outer ||
		!within(&s, inner, outer), "in no other");
}

__u64 some_sigma(const struct decide_spread *sum, __u64 guess)
{
	__u64 sigma = any_u64();

	(void)sum;
	promise(guess <= 1ULL << 28, "as in proof_spread_gather()");
	assume(sigma <= guess);
	return sigma;
}

__u32 some_chance(const struct decide_demand *demand, __u64 room)
{
	__u32 chance = any_u32();

	(void)demand;
	(void)room;
	assume(chance <= 1000);
	return chance;
}

bool some_spent(struct decision *d, __u32 donor)
{
	promise(donor < s.nr_apps, "an app that is there");
	d->look.frees = any_u64();
	assume(d->look.frees <= d->capacity);
	return any_u32() & 1;
}

/* Who is put among those that give, and that receive. */
static void survey_two(__u32 resource)
{
	struct decide_outlook outlook;
	__u32 i;

	set_scene(resource);
	assume(s.correlation_pct <= 100);
	taken[0] = 0;
	taken[1] = 0;
	d.served = (struct decide_spread){ .shift = 18 };
	for (i = 0; i < DECIDE_PRIORITIES; i++)
		d.rest[i] = 0;
	for (i = 0; i < DECIDE_VERDICTS; i++)
		d.spent[i] = 0;
	survey(&d, &outlook);
	promise(d.donors.count <= 2 && d.receivers.count <= 2, "within room");
	for (i = 0; i < d.donors.count; i++) {
		const struct decide_app *app = &apps[donors[i].index];

		promise(donors[i].index < 2, "an app that is there");
		promise(app->eligible && managed(app), "who gives is eligible");
	}
	for (i = 0; i < d.receivers.count; i++) {
		promise(receivers[i].index < 2, "an app that is there");
		promise(may_receive(&d, &apps[receivers[i].index]),
			"who receives may");
	}
	promise(outlook.chance_permille <= 1000, "a chance");
	promise(!outlook.room || !outlook.over, "below, or above");
	promise(d.room <= (__s64)DECIDE_MAX &&
		d.room >= -6 * (__s64)DECIDE_MAX, "headroom");
}

void proof_survey_memory(void)
{
	survey_two(DECIDE_MEMORY);
}

void proof_survey_io(void)
{
	survey_two(DECIDE_IO);
}

void proof_survey_net(void)
{
	survey_two(DECIDE_NET);
}

void proof_survey_cpu(void)
{
	survey_two(DECIDE_CPU);
}
