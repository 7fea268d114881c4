// SPDX-License-Identifier: GPL-2.0-only
/*
 * throttle - hold a donor's I/O below what its leases leave it.
 *
 * A donor that did @base bytes per second when its first lease began, and whose
 * leases hold @held back, is left base - held: a share in its io.max, of the
 * device that the knob io_device names. Reads and writes have limits of their
 * own, so what is left is split as the donor read and wrote then; but each gets an
 * eighth of it at least, or the donor's floor where that is more, as it may change
 * from one to the other at any time. A tighter limit of the file's own stays.
 * Example: a backup that reads 80 MB/s and writes 20, of which 60 are taken: 40 are
 * left, 32 to read and 8 to write.
 *
 * When somebody else writes the file, or it cannot be written, the leases end and
 * the donor is left alone for a while.
 */
#include <linux/ktime.h>
#include <linux/math64.h>
#include <linux/minmax.h>

#include "app.h"
#include "knobs.h"
#include "share.h"
#include "throttle.h"

#define PRESWAP_THROTTLE_LEAST		(1ULL << 20)	/* bytes per second */
#define PRESWAP_THROTTLE_PAUSE_S	60

static u64 preswap_throttle_limit(const struct preswap_app *app, u64 left,
				  u32 permille)
{
	return max3(div_u64(left * permille, 1000), left / 8,
		    max(app->policy.floor[DECIDE_IO], PRESWAP_THROTTLE_LEAST));
}

static void preswap_throttle_apply(struct preswap_app *app)
{
	struct preswap_app_throttle *t = &app->throttle;
	u64 left = t->base - min(t->base, t->held);
	struct preswap_share_value value = {
		.amount = preswap_throttle_limit(app, left, t->reads_permille),
		.amount_out = preswap_throttle_limit(app, left,
						     1000 - t->reads_permille),
		.tightens = true,
	};

	t->in_force = false;
	/* the knob may name another one by now: the share's line stays its own */
	if (!t->share)
		t->device = preswap_knob(io_device);
	value.device = t->device;
	if (t->share)
		preswap_share_change(t->share, value.amount,
				     value.amount_out);
	else if (t->device)
		t->share = preswap_share_begin(app, PRESWAP_LEASE_KIND_IO_MAX,
					       &value, 0);
}

/* Ask the app to leave @held bytes per second of what it did; 0: nothing. */
void preswap_throttle_hold(struct preswap_app *app, u64 held)
{
	struct preswap_app_throttle *t = &app->throttle;

	lockdep_assert_held(&preswap_lock);
	if (held == t->held)
		return;
	if (!t->held) {
		t->base = preswap_app_io(app);
		t->reads_permille = t->base ?
			div64_u64(app->io.reads * 1000, t->base) : 500;
	}
	t->held = held;
	if (held) {
		preswap_throttle_apply(app);
	} else if (t->share) {
		preswap_share_end(t->share);
		t->share = NULL;
		t->in_force = false;
	}
}

/* By how much it does less than when its first lease began, up to what is held. */
u64 preswap_throttle_done(const struct preswap_app *app)
{
	const struct preswap_app_throttle *t = &app->throttle;

	return min(t->held, t->base - min(t->base, preswap_app_io(app)));
}

/*
 * At each tick: what there was no memory for is tried again. Return: is what is held
 * written?
 */
bool preswap_throttle_settle(struct preswap_app *app)
{
	struct preswap_app_throttle *t = &app->throttle;

	lockdep_assert_held(&preswap_lock);
	if (t->held && !t->share)
		preswap_throttle_apply(app);
	return t->in_force;
}

void preswap_throttle_written(struct preswap_app *app,
			      const struct preswap_share *share)
{
	lockdep_assert_held(&preswap_lock);
	if (app->throttle.share == share)
		app->throttle.in_force = true;
}

/* The share is over, though leases are not. */
void preswap_throttle_lost(struct preswap_app *app,
			   const struct preswap_share *share,
			   enum preswap_lease_end why)
{
	struct preswap_app_throttle *t = &app->throttle;

	lockdep_assert_held(&preswap_lock);
	if (t->share != share)
		return;
	t->share = NULL;
	t->in_force = false;
	preswap_app_pause(app, DECIDE_IO, ktime_get_boottime_ns(),
			  PRESWAP_THROTTLE_PAUSE_S);
	preswap_lease_end_kind(PRESWAP_LEASE_KIND_THROTTLE, app, why);
}

/* Not while somebody's lease has the file, or one of before is undone. */
bool preswap_throttle_possible(const struct preswap_app *app)
{
	const struct preswap_app_throttle *t = &app->throttle;

	return t->share || !preswap_share_taken(app, PRESWAP_LEASE_KIND_IO_MAX,
						preswap_knob(io_device));
}
