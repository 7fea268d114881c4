/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Random snapshots, the same for one seed in userspace and in the kernel.
 */
#ifndef PRESWAP_TESTS_DRAW_H
#define PRESWAP_TESTS_DRAW_H

#include "../../kmod/decide/decide.h"

#define DRAW_MIB	(1024ULL * 1024)
#define DRAW_APPS	12
#define DRAW_LEASES	8

static __u64 draw_seed;

static inline __u64 draw(__u64 below)
{
	draw_seed ^= draw_seed << 13;
	draw_seed ^= draw_seed >> 7;
	draw_seed ^= draw_seed << 17;
	return below ? draw_seed % below : 0;
}

/* Mostly sensible, sometimes absurd. */
static inline __u64 draw_value(__u64 usual)
{
	switch (draw(16)) {
	case 0:
		return 0;
	case 1:
		return ~0ULL;
	case 2:
		return draw_seed;
	default:
		return draw(usual);
	}
}

static inline void draw_app(struct decide_app *app, __u32 i)
{
	static const __u64 usual[DECIDE_RESOURCES] = {
		[DECIDE_CPU] = 5000,
		[DECIDE_MEMORY] = 1000 * DRAW_MIB,
		[DECIDE_IO] = 50 * DRAW_MIB,
		[DECIDE_NET] = 5 * DRAW_MIB,
	};
	int r;

	*app = (struct decide_app){ .id = i };
	app->priority = draw(12);
	app->sensitivity = draw(4);
	app->eligible = draw(2);
	app->parent = draw(4) ? DECIDE_NONE : draw(DRAW_APPS + 2);
	app->never_gets = draw(4) ? 0 : draw_value(16);
	app->groups = draw(2) ? 0 : draw_value(16);
	app->never_to = draw(2) ? 0 : draw_value(16);
	for (r = 0; r < DECIDE_RESOURCES; r++) {
		struct decide_use *use = &app->use[r];

		use->used = draw_value(usual[r]);
		use->base = draw(3) ? use->used : draw_value(usual[r]);
		use->had = draw(3) ? 0 : draw_value(usual[r]);
		use->q50 = draw_value(usual[r]);
		use->q95 = draw_value(usual[r]);
		use->floor = draw_value(usual[r]);
		use->given = draw(3) ? 0 : draw_value(usual[r]);
		use->source = draw(4);
		use->in_ms = draw(2) ? 0 : draw(20000);
		use->bar = draw(4) ? 0 : draw(7);
		use->regret_permille = draw(2) ? 0 : draw_value(3000);
		use->unused_permille = draw(2) ? 0 : draw_value(1000);
		use->moves = draw(2) ? 0 : draw_value(1000);
	}
	app->use[DECIDE_MEMORY].zram_permille = draw(2) ? 0 : draw_value(1000);
	app->use[DECIDE_MEMORY].anon = draw(2) ? 0 :
				       draw_value(1000 * DRAW_MIB);
}

static inline void draw_lease(struct decide_lease *lease, __u32 apps)
{
	*lease = (struct decide_lease){ .donor = draw(apps) };
	lease->receiver = draw(5) ? draw(apps) : DECIDE_NONE;
	lease->resource = draw(DECIDE_RESOURCES);
	lease->amount = draw_value(1000 * DRAW_MIB);
	lease->gain = draw_value(1000 * DRAW_MIB);
}

/* @apps has room for DRAW_APPS, @leases for DRAW_LEASES. */
static inline void draw_node(struct decide_snapshot *snapshot,
			     struct decide_app *apps,
			     struct decide_lease *leases)
{
	/* of the whole node: in use, and freed in a second */
	static const __u64 usual[DECIDE_RESOURCES] = {
		[DECIDE_CPU] = 64000,
		[DECIDE_MEMORY] = 4000 * DRAW_MIB,
		[DECIDE_IO] = 200 * DRAW_MIB,
		[DECIDE_NET] = 20 * DRAW_MIB,
	}, rate[DECIDE_RESOURCES] = {
		[DECIDE_CPU] = 64000,
		[DECIDE_MEMORY] = 400 * DRAW_MIB,
		[DECIDE_IO] = 200 * DRAW_MIB,
		[DECIDE_NET] = 20 * DRAW_MIB,
	};
	__u32 i;

	*snapshot = (struct decide_snapshot){ .apps = apps, .leases = leases };
	for (i = 0; i < DECIDE_RESOURCES; i++) {
		snapshot->capacity[i] = draw_value(usual[i]);
		snapshot->used[i] = draw_value(usual[i]);
		snapshot->threshold_pct[i] = draw(110);
		snapshot->rate[i] = draw(2) ? 0 : draw_value(rate[i]);
	}
	for (i = 0; i < DECIDE_RESOURCES; i++)
		snapshot->noise[i] = draw(2) ? 0 : draw_value(usual[i] / 16);
	snapshot->core_milli = draw(4) ? 1000 * (__u32)draw(9) :
					 (__u32)draw(1ULL << 32);
	for (i = 0; i < DECIDE_LEVELS; i++)
		snapshot->topology[i] = draw(4) ? (__u32)draw(9) :
						  (__u32)draw(1ULL << 32);
	snapshot->correlation_pct = draw(120);
	snapshot->min_priority = draw(11);
	snapshot->swap_free = draw(2) ? 0 : draw_value(1000 * DRAW_MIB);
	snapshot->swap_slow_permille = draw(2) ? 0 : draw_value(4000);
	snapshot->nr_apps = draw(DRAW_APPS + 1);
	snapshot->nr_leases = snapshot->nr_apps ? draw(DRAW_LEASES + 1) : 0;
	for (i = 0; i < snapshot->nr_apps; i++)
		draw_app(&apps[i], i);
	for (i = 0; i < snapshot->nr_leases; i++)
		draw_lease(&leases[i], snapshot->nr_apps);
}

#endif /* PRESWAP_TESTS_DRAW_H */
