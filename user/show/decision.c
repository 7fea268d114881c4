// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdlib.h>
#include <string.h>

#include "../../kmod/decide/near.h"
#include "show/decision.h"
#include "show/names.h"
#include "show/text.h"

const char *decision_resource(uint32_t resource)
{
	switch (resource) {
	case DECIDE_CPU:
		return "CPU";
	case DECIDE_MEMORY:
		return "memory";
	case DECIDE_IO:
		return "I/O";
	case DECIDE_NET:
		return "network";
	default:
		return "an unknown resource";
	}
}

const char *decision_source(uint32_t source)
{
	switch (source) {
	case DECIDE_FROM_FORECAST:
		return "forecast";
	case DECIDE_FROM_TREND:
		return "trend";
	case DECIDE_FROM_RESERVE:
		return "reserve";
	default:
		return "none";
	}
}

const char *decision_verdict(uint32_t verdict)
{
	switch (verdict) {
	case DECIDE_GIVES:
		return "gives";
	case DECIDE_NOT_LOWER:
		return "not-lower";
	case DECIDE_BARRED:
		return "barred";
	case DECIDE_NESTED:
		return "nested";
	case DECIDE_AT_FLOOR:
		return "at-floor";
	case DECIDE_TOO_LITTLE:
		return "too-little";
	case DECIDE_TOO_DEAR:
		return "too-dear";
	case DECIDE_FULL:
		return "full";
	case DECIDE_BANNED:
		return "banned";
	default:
		return "unknown";
	}
}

char *decision_amount(char *text, uint32_t resource, uint64_t value)
{
	if (value > DECIDE_MAX)
		value = DECIDE_MAX;
	units_resource(text, resource, value);
	return resource == DECIDE_CPU ? strcat(text, " cores") : text;
}

void decision_put_app(FILE *to, const struct snapshot *s, uint32_t index)
{
	char *path;

	if (index >= s->saw.nr_apps) {
		fputs(index == DECIDE_NONE ? "nobody" : "an unknown app", to);
		return;
	}
	path = s->paths[index] ? strdup(s->paths[index]) : NULL;
	if (path)
		fputs(text_clean(path), to);
	else
		fprintf(to, "app %llu",
			(unsigned long long)s->apps[index].id);
	free(path);
}

void decision_put_proposal(FILE *to, const struct snapshot *s,
			   const struct decide_proposal *p)
{
	char amount[UNITS_MAX];

	fprintf(to, "%s of %s from ",
		decision_amount(amount, p->resource, p->amount),
		decision_resource(p->resource));
	decision_put_app(to, s, p->donor);
	fputs(" to ", to);
	decision_put_app(to, s, p->receiver);
}

void decision_put_shortage(FILE *to, const struct snapshot *s,
			   const struct decide_shortage *p)
{
	char amount[UNITS_MAX];

	decision_put_app(to, s, p->receiver);
	fprintf(to, " lacks %s of %s",
		decision_amount(amount, p->resource, p->missing),
		decision_resource(p->resource));
}

static const char *const level_name[DECIDE_LEVELS] = {
	[DECIDE_CPUS] = "CPU",
	[DECIDE_CORES] = "core",
	[DECIDE_LLCS] = "last-level cache",
	[DECIDE_NODES] = "NUMA node",
};

static void put_topology(FILE *to, const uint32_t *topology)
{
	if (!topology[DECIDE_CPUS])
		return;		/* recorded by a version that did not tell */
	fputs("The node has", to);
	for (uint32_t i = 0; i < DECIDE_LEVELS; i++)
		fprintf(to, "%s%u %s%s", i ? ", " : " ", topology[i],
			level_name[i], topology[i] == 1 ? "" : "s");
	fputs(".\n", to);
}

void decision_put_node(FILE *to, const struct snapshot *s,
		       const struct decide_result *why)
{
	char a[UNITS_MAX], b[UNITS_MAX];

	put_topology(to, s->saw.topology);
	for (uint32_t r = 0; r < DECIDE_RESOURCES; r++) {
		const struct decide_outlook *out = &why->outlook[r];

		if (!s->saw.capacity[r]) {
			fprintf(to, "%s: nothing is decided about it, its capacity is not known.\n",
				decision_resource(r));
			continue;
		}
		fprintf(to, "%s: %s of %s used, the threshold is %u %%.",
			decision_resource(r),
			decision_amount(a, r, s->saw.used[r]),
			decision_amount(b, r, s->saw.capacity[r]),
			s->saw.threshold_pct[r]);
		fprintf(to, " Apps will rise by %s together, and %s of uncertainty: ",
			decision_amount(a, r, out->rise),
			decision_amount(b, r, out->spread));
		if (out->over)
			fputs("it is passed already.\n", to);
		else
			fprintf(to, "it will be passed with a probability of %u.%u %%.\n",
				out->chance_permille / 10,
				out->chance_permille % 10);
	}
}

static void put_policy(FILE *to, const struct decide_app *app)
{
	fprintf(to, " (priority %u, %s)", app->priority,
		names_sensitivity((uint8_t)app->sensitivity));
}

/* The unit of risk, benefit and cost. */
static const char *weighed(uint32_t resource)
{
	switch (resource) {
	case DECIDE_CPU:
		return "milli-CPU x weight";
	case DECIDE_MEMORY:
		return "KiB x weight";
	default:
		return "KiB/s x weight";
	}
}

/* What the app is expected to use, from what, and what that lacks. */
static void put_expected(FILE *to, const struct snapshot *s,
			 const struct decide_need *need)
{
	uint32_t r = need->resource;
	char a[UNITS_MAX], b[UNITS_MAX], c[UNITS_MAX];

	fprintf(to, "  Expected within the lead time: %s, and %s more of uncertainty (%s); it has %s.\n",
		decision_amount(a, r, need->median),
		decision_amount(b, r, need->spread),
		decision_source(need->source),
		decision_amount(c, r, need->base));
	fprintf(to, "  Below the threshold (%u %% of %s) there is room for %s of it: ",
		s->saw.threshold_pct[r],
		decision_amount(a, r, s->saw.capacity[r]),
		decision_amount(b, r, need->room));
	fprintf(to, "%s are short, with a probability of %u.%u %%; risk %llu %s.\n",
		decision_amount(c, r, need->shortage),
		need->chance_permille / 10, need->chance_permille % 10,
		(unsigned long long)need->risk, weighed(r));
	if (need->carried)
		fprintf(to, "  %s of that are for others that are short of too little for a lease.\n",
			decision_amount(a, r, need->carried));
	if (need->kept)
		fprintf(to, "  It keeps %s more that it holds, as noise may bring the need for it back.\n",
			decision_amount(a, r, need->kept));
	if (need->wait_ms)
		fprintf(to, "  It is early enough to begin in %s.\n",
			units_ms(a, need->wait_ms));
}

static const char *bar_text(uint32_t bar, uint32_t resource)
{
	switch (bar) {
	case DECIDE_NO_MEANS:
		if (resource == DECIDE_NET)
			return "nothing takes network from apps yet";
		return resource == DECIDE_IO ?
		       "its cgroup has no I/O controller" :
		       "its cgroup has no memory controller";
	case DECIDE_HOLDS_NESTED:
		return "what it holds is that of apps within it";
	case DECIDE_BACKS_OFF:
		return "it suffered or gave nothing lately, and is left alone";
	case DECIDE_FORBIDDEN:
		return "its policy excludes this";
	case DECIDE_UNAPPROVED:
		return "its policy asks for an approval, and there is none";
	default:
		return "nothing can be taken from it now";
	}
}

/* Of the cores that it leaves, after those for receivers before, the far ones. */
static void put_far(FILE *to, const struct decide_snapshot *saw,
		    const struct decide_result *result,
		    const struct decide_reason *why)
{
	uint64_t core = decide_core_milli(saw), taken = 0, near;
	const struct decide_proposal *p = result->proposals;

	for (; p < result->proposals + result->nr_proposals &&
	     (p->resource != DECIDE_CPU || p->receiver != why->receiver); p++)
		if (p->resource == DECIDE_CPU && p->donor == why->donor)
			taken += p->amount / core;
	for (uint32_t i = DECIDE_LLCS; i < DECIDE_LEVELS; i++) {
		near = core * decide_near(saw, i,
					  decide_cpu_capacity(saw) / core, taken);
		if (why->amount > near)
			fprintf(to, ", %.4g of them beyond one %s",
				(double)(why->amount - near) /
				DECIDE_MILLI_PER_CPU, level_name[i]);
	}
}

/* Of cores, and of what zram keeps, what the donor gives is not what becomes free. */
static void put_given(FILE *to, const struct snapshot *s,
		      const struct decide_result *result,
		      const struct decide_reason *why)
{
	char a[UNITS_MAX];
	uint32_t i;

	if (why->resource != DECIDE_CPU) {
		fprintf(to, " gives %s",
			decision_amount(a, why->resource, why->amount));
	} else {
		fprintf(to, " leaves %.4g of %.4g cores",
			(double)why->amount / DECIDE_MILLI_PER_CPU,
			(double)s->saw.capacity[DECIDE_CPU] /
			DECIDE_MILLI_PER_CPU);
		put_far(to, &s->saw, result, why);
	}
	for (i = 0; i < result->nr_proposals; i++) {
		const struct decide_proposal *p = &result->proposals[i];

		if (p->donor == why->donor && p->receiver == why->receiver &&
		    p->resource == why->resource && p->gain != p->amount)
			fprintf(to, ", which frees %s",
				decision_amount(a, why->resource, p->gain));
	}
}

/* What leaves too little of what the donor has above its floor. */
static void put_too_little(FILE *to, const struct decide_snapshot *saw,
			   uint32_t donor, uint32_t resource)
{
	const struct decide_use *use = &saw->apps[donor].use[resource];
	uint64_t hand = snapshot_by_hand(saw, donor, resource);
	uint64_t files = decide_less(use->used, use->anon);
	uint64_t above = decide_less(use->used, use->floor);
	char a[UNITS_MAX], b[UNITS_MAX];

	if (use->zram_permille > DECIDE_ZRAM_MAX)
		fprintf(to, ": no, zram would keep %.1f %% of what is taken",
			(use->zram_permille < 1000 ? use->zram_permille :
						     1000) / 10.0);
	else if (use->anon && above > files + saw->swap_free)
		fprintf(to, ": no, %s of it is in files, and the swap has room for %s",
			decision_amount(a, resource, files),
			decision_amount(b, resource, saw->swap_free));
	else if (hand)
		fprintf(to, ": no, too little is left above its floor of %s and the %s taken by hand",
			decision_amount(a, resource,
					decide_less(use->floor, hand)),
			decision_amount(b, resource, hand));
	else
		fprintf(to, ": no, too little is left above its floor of %s",
			decision_amount(a, resource, use->floor));
}

static void put_reason(FILE *to, const struct snapshot *s,
		       const struct decide_result *result,
		       const struct decide_reason *why)
{
	const struct decide_app *donor = &s->apps[why->donor];
	char a[UNITS_MAX];

	fputs("    ", to);
	decision_put_app(to, s, why->donor);
	put_policy(to, donor);
	switch (why->verdict) {
	case DECIDE_GIVES:
		put_given(to, s, result, why);
		break;
	case DECIDE_NOT_LOWER:
		fprintf(to, ": no, its priority is not below %u",
			s->apps[why->receiver].priority);
		break;
	case DECIDE_BARRED:
		fprintf(to, ": no, %s",
			bar_text(donor->use[why->resource].bar,
				 why->resource));
		break;
	case DECIDE_NESTED:
		fputs(": no, it contains the receiver, or lies in it", to);
		break;
	case DECIDE_AT_FLOOR:
		put_too_little(to, &s->saw, why->donor, why->resource);
		break;
	case DECIDE_TOO_LITTLE:
		fputs(": no, what is still missing is not worth one more lease",
		      to);
		break;
	case DECIDE_TOO_DEAR:
		fprintf(to, ": no, the benefit of %s does not exceed its cost enough",
			decision_amount(a, why->resource, why->amount));
		break;
	case DECIDE_FULL:
		fputs(": no, one decision has no room for more leases", to);
		break;
	case DECIDE_BANNED:
		fputs(": no, its policy bans giving to a group of the receiver's",
		      to);
		break;
	default:
		fprintf(to, ": no, for reason %u", why->verdict);
	}
	if (why->benefit || why->cost)
		fprintf(to, "; benefit %llu, cost %llu %s",
			(unsigned long long)why->benefit,
			(unsigned long long)why->cost, weighed(why->resource));
	fputs(".\n", to);
}

/* What this receiver gets, and from how many. */
static void put_taken(FILE *to, const struct snapshot *s,
		      const struct decide_result *why,
		      const struct decide_need *need)
{
	uint64_t sum = 0, missing = 0;
	char a[UNITS_MAX], b[UNITS_MAX];
	uint32_t donors = 0, i;

	for (i = 0; i < why->nr_proposals; i++) {
		const struct decide_proposal *p = &why->proposals[i];

		if (p->receiver != need->receiver ||
		    p->resource != need->resource)
			continue;
		sum += p->gain;
		donors++;
	}
	for (i = 0; i < why->nr_shortages; i++)
		if (why->shortages[i].receiver == need->receiver &&
		    why->shortages[i].resource == need->resource)
			missing = why->shortages[i].missing;
	fprintf(to, "  Freed: %s, by %u app%s.",
		decision_amount(a, need->resource, sum), donors,
		donors == 1 ? "" : "s");
	if (missing)
		fprintf(to, " %s cannot be covered.",
			decision_amount(b, need->resource, missing));
	fputc('\n', to);
	if (s->saw.nr_apps && why->nr_reasons == why->reasons_max)
		fputs("  There are more donors than are told.\n", to);
}

void decision_put_need(FILE *to, const struct snapshot *s,
		       const struct decide_result *why,
		       const struct decide_need *need)
{
	bool any = false;

	decision_put_app(to, s, need->receiver);
	put_policy(to, &s->apps[need->receiver]);
	fprintf(to, " will be short of %s.\n",
		decision_resource(need->resource));
	put_expected(to, s, need);
	for (uint32_t i = 0; i < why->nr_reasons; i++) {
		const struct decide_reason *reason = &why->reasons[i];

		if (reason->receiver != need->receiver ||
		    reason->resource != need->resource)
			continue;
		if (!any)
			fputs("  Donors, in the order in which they are considered:\n",
			      to);
		any = true;
		put_reason(to, s, why, reason);
	}
	if (!any && !need->wait_ms)
		fputs("  There is no donor: no app has a policy and may give.\n",
		      to);
	if (!need->wait_ms)
		put_taken(to, s, why, need);
}
