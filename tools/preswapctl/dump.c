// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Everything, tab-separated: a line's first field says what it is, and fields
 * are only ever added at a line's end. See preswapctl(8).
 */
#include <poll.h>
#include <stdio.h>
#include <time.h>

#include "show/names.h"
#include "state.h"

#define U(value)	((unsigned long long)(value))

static void dump_info(const struct preswap_info *i)
{
	printf("node\t%s\t%u\t%u\t%u\t%u\t%u\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\n",
	       i->version, i->enabled, i->dry_run, i->tick_ms, i->lead_ms,
	       i->usage_ms, U(i->cpu_capacity_milli), U(i->cpu_used_milli),
	       U(i->mem_capacity_bytes), U(i->mem_used_bytes),
	       U(i->swap_free_bytes), U(i->io_capacity_bytes),
	       U(i->io_used_bytes), U(i->net_capacity_bytes),
	       U(i->net_used_bytes));
}

/* A path may hold a tab or a newline: as \t, \n, \\. */
static void dump_path(const char *path)
{
	for (; *path; path++) {
		if (*path == '\t')
			fputs("\\t", stdout);
		else if (*path == '\n')
			fputs("\\n", stdout);
		else if (*path == '\\')
			fputs("\\\\", stdout);
		else
			putchar(*path);
	}
}

static void dump_app(const struct preswap_app *a)
{
	char groups[NAMES_GROUPS_MAX], never_to[NAMES_GROUPS_MAX];
	const struct preswap_policy *p = &a->policy;

	printf("app\t%llu\t", U(a->id));
	dump_path(a->path);
	printf("\t%llu\t%llu\t%llu\t%u\t%llu\t%u\t%llu\n", U(a->cpu_milli),
	       U(a->mem_bytes), U(a->swap_bytes), a->tasks, U(a->io_bytes),
	       a->downtime_us, U(a->net_bytes));
	if (a->has_policy)
		printf("policy\t%llu\t%u\t%s\t%u\t%llu\t%llu\t%s\t%u\t%u\t%u\t%llu\t%u\t%llu\t%s\t%s\t%s\t%u\n",
		       U(a->id), p->priority, names_sensitivity(p->sensitivity),
		       p->swap_eligible, U(p->floor_cpu_milli),
		       U(p->floor_mem_bytes), names_gives(p->gives),
		       p->max_stall_pct, p->needs_approval, p->approved_ms,
		       U(p->floor_io_bytes), p->max_downtime_ms,
		       U(p->floor_net_bytes), names_gives(p->receives),
		       names_groups(groups, p->groups),
		       names_groups(never_to, p->never_to), p->reserve_mem_mib);
}

static void dump_forecast(const struct preswap_forecast *f)
{
	for (uint32_t i = 0; i < f->points_count; i++) {
		const struct preswap_point *p = &f->points[i];

		printf("forecast\t%llu\t%s\t%u\t%u\t%u\t%llu\t%llu\t%llu\t%llu\n",
		       U(f->app_id), names_resource(f->resource), f->age_ms,
		       f->valid_ms, p->horizon_ms, U(p->mean), U(p->q05),
		       U(p->q50), U(p->q95));
	}
}

static void dump_lease(const struct preswap_lease *l)
{
	const struct preswap_why *w = &l->why;

	printf("lease\t%u\t%s\t%llu\t%llu\t%llu\t%llu\t%u\t%s\t%s\t%u\t%llu\t%llu\t%llu\t%llu\t%llu",
	       l->id, names_lease_kind(l->kind), U(l->donor_id),
	       U(l->receiver_id), U(l->amount), U(l->done), l->left_ms,
	       names_reason(l->reason), names_lease_end(l->ended), l->dry_run,
	       U(l->begin_ns), U(l->full_ns), U(l->end_ns), U(l->benefit),
	       U(l->cost));
	printf("\t%llu\t%llu\t%llu\t%llu\t%llu\t%llu\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\t%u\n",
	       U(w->median), U(w->spread), U(w->carried), U(w->base),
	       U(w->room), U(w->shortage), w->chance_permille,
	       w->threshold_pct, w->give, w->barred, w->nested, w->at_floor,
	       w->too_little, w->too_dear, w->banned);
}

static void dump_time(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	printf("time\t%lld%09ld\n", (long long)now.tv_sec, now.tv_nsec);
}

static int dump(struct ctl *ctl)
{
	struct state state = {};
	int status = state_read(ctl, &state);

	if (!status) {
		dump_time();
		dump_info(&state.info);
		for (size_t i = 0; i < state.apps_count; i++)
			dump_app(&state.apps[i]);
		for (size_t i = 0; i < state.forecasts_count; i++)
			dump_forecast(&state.forecasts[i]);
		for (size_t i = 0; i < state.leases_count; i++)
			dump_lease(&state.leases[i]);
		/* main() says what was wrong */
		if (fflush(stdout))
			status = CTL_FAILED;
	}
	state_free(&state);
	return status;
}

/* Once; again and again with an interval, until the iterations are done or for ever. */
int cmd_dump(struct ctl *ctl, int argc, char **argv)
{
	uint32_t interval_ms = 0;
	uint64_t iterations = 0;
	int status = ctl_repeat(ctl, argc, argv, &interval_ms, &iterations);

	if (!status && ctl->json)
		status = ctl_usage(ctl, "dump has no --json; show, info and leases have");
	if (status)
		return status;
	if (!iterations)
		iterations = interval_ms ? UINT64_MAX : 1;
	interval_ms = interval_ms ?: 1000;
	while (!(status = dump(ctl)) && --iterations)
		poll(NULL, 0, (int)interval_ms);
	return status;
}
