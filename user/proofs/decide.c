// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The decision, function by function, each from any state that the ones before
 * can leave: what holds after one step from any such state holds after any
 * number, so of a node of any size. Only what walks the apps is proved for two.
 */
#include "proof.h"
#include "../../kmod/decide/decide.c"

#define DONOR		0
#define RECEIVER	1

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

	/* not nested in another, see proof_within() */
	assume(app.parent >= 2);
	return app;
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
	assume(d.step >= DECIDE_CPU_STEP_MILLI && d.step <= DECIDE_MAX);
	assume(d.capacity <= (resource == DECIDE_CPU ?
			      DECIDE_CORES_MAX * DECIDE_MILLI_PER_CORE :
			      DECIDE_MAX));
	d.receivers = (struct decide_heap){ .entries = receivers, .apps = apps };
	d.donors = (struct decide_heap){ .entries = donors, .apps = apps };
}

static struct turn any_turn(void)
{
	struct turn turn;

	turn.app = RECEIVER;
	assume(turn.shortage <= 4 * DECIDE_MAX);
	assume(turn.missing <= turn.shortage);
	assume(turn.room <= DECIDE_MAX);
	assume(turn.demand.spread <= DECIDE_MAX);
	assume(turn.demand.median <= 2 * (__s64)DECIDE_MAX);
	assume(turn.demand.median >= -(__s64)DECIDE_MAX);
	return turn;
}

/* What the donor has to give from, and must keep: bytes or cores. */
static __u64 donor_has(void)
{
	if (d.resource == DECIDE_CPU)
		return d.capacity / DECIDE_MILLI_PER_CORE;
	return holds(&apps[DONOR].use[DECIDE_MEMORY]);
}

static __u64 donor_keeps(void)
{
	__u64 floor = decide_bound(apps[DONOR].use[d.resource].floor);

	if (d.resource == DECIDE_CPU)
		return decide_larger(cores_for(floor), 1);
	return floor;
}

/* Whatever it has given before, one more receiver takes it to no less. */
static void judge_one(__u32 resource)
{
	const __u64 unit = resource == DECIDE_CPU ? DECIDE_MILLI_PER_CORE : 1;
	const struct decide_app *from, *to;
	struct turn turn = any_turn();
	__u64 has, keeps, before, covered;

	set_scene(resource);
	from = &apps[DONOR];
	to = &apps[RECEIVER];
	assume(managed(from) && managed(to));
	has = donor_has();
	keeps = donor_keeps();
	before = taken[DONOR];
	assume(!before || (before <= has && before + keeps <= has));
	covered = judge(&d, &turn, DONOR);
	promise(!taken[DONOR] || (taken[DONOR] <= has &&
				    taken[DONOR] + keeps <= has),
		"never below the floor, never more than there is");
	promise(r.nr_proposals <= r.proposals_max, "within room");
	if (!r.nr_proposals) {
		promise(taken[DONOR] == before && !covered, "nothing given");
		return;
	}
	promise(from->priority < to->priority, "of lower priority");
	promise(!from->use[resource].bar, "not barred");
	promise(proposals[0].donor == DONOR &&
		proposals[0].receiver == RECEIVER &&
		proposals[0].resource == resource, "of these two");
	promise(proposals[0].amount == (taken[DONOR] - before) * unit,
		"what is given is counted");
	promise(proposals[0].benefit > proposals[0].cost, "worth it");
	promise(proposals[0].amount && proposals[0].gain, "something");
	promise(covered >= proposals[0].gain, "covers what it frees");
}

void proof_judge_memory(void)
{
	judge_one(DECIDE_MEMORY);
}

void proof_judge_cpu(void)
{
	judge_one(DECIDE_CPU);
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

/* What stands for functions with proofs of their own. */
__u64 some_sigma(const struct decide_spread *sum, __u64 guess)
{
	__u64 sigma = any_u64();

	(void)sum;
	assume(sigma <= guess && sigma <= 1ULL << 28);
	return sigma;
}

void some_serve(struct decision *d, struct turn *turn)
{
	promise(turn->missing == turn->shortage && turn->app < d->s->nr_apps,
		"what serve() begins with");
}

__u64 some_judge(struct decision *d, const struct turn *turn, __u32 donor)
{
	__u64 gain = any_u64();

	promise(donor < d->s->nr_apps &&
		d->s->apps[donor].priority < d->s->apps[turn->app].priority,
		"what judge() is asked");
	assume(gain <= 2 * DECIDE_MAX);
	return gain;
}

bool some_spent(const struct decision *d, __u32 donor)
{
	promise(donor < d->s->nr_apps, "an app that is there");
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

void proof_survey_cpu(void)
{
	survey_two(DECIDE_CPU);
}

/*
 * One receiver's turn, of up to DECIDE_APPS_MAX: what the others leave is
 * -2^62 at least, as each takes no more than 2^45.
 */
static void turn_of_one(__u32 resource)
{
	__s64 before;
	__u64 queued;

	set_scene(resource);
	assume(managed(&apps[RECEIVER]));
	before = d.room;
	assume(before <= (__s64)DECIDE_MAX && before >= -(1LL << 62));
	queued = d.queued;
	assume(queued <= 1ULL << 62);
	assume(d.crumbs < d.step);
	assume(d.served.shift <= 34 && d.served.sum <= 1ULL << 27);
	assume(d.served.squares <= 1ULL << 54);
	assume(d.served.sigma <= d.served.sum);
	assume(d.capacity >> d.served.shift <= 1ULL << 27);
	assume(d.served.correlation_pct <= 100);
	r.nr_receivers = 0;
	r.nr_waiting = 0;
	take_turn(&d, RECEIVER);
	promise(d.room <= before &&
		d.room >= before - 2 * (__s64)DECIDE_MAX, "what it takes");
	promise(d.queued - queued <= 4 * DECIDE_MAX, "what it waits for");
	promise(d.crumbs < d.step, "crumbs are small");
	promise(r.nr_waiting <= r.nr_receivers && r.nr_receivers <= 1 &&
		r.nr_needs <= r.needs_max, "counts");
}

void proof_turn_memory(void)
{
	turn_of_one(DECIDE_MEMORY);
}

void proof_turn_cpu(void)
{
	turn_of_one(DECIDE_CPU);
}

/* Two donors in order, the lower one first. */
void proof_serve(void)
{
	struct turn turn = any_turn();
	__u32 looks;

	set_scene(DECIDE_MEMORY);
	d.donors.count = 2;
	d.donors.left = 0;
	donors[0] = (struct decide_entry){ .index = 1 };
	donors[1] = (struct decide_entry){ .index = 0 };
	r.nr_refused = 0;
	turn.missing = turn.shortage;
	looks = d.looks;
	serve(&d, &turn);
	promise(r.nr_shortages <= r.shortages_max, "within room");
	promise(d.looks <= looks && looks - d.looks <= 2 &&
		r.nr_refused <= looks - d.looks, "looks are counted");
	promise(turn.missing <= turn.shortage, "no more is missing");
	promise(!r.nr_shortages || (shortages[0].receiver == RECEIVER &&
				      shortages[0].missing == turn.missing),
		"a shortage is told");
}
