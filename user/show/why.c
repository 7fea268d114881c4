// SPDX-License-Identifier: GPL-2.0-or-later
#include "show/decision.h"
#include "show/names.h"
#include "show/why.h"

static uint32_t resource_of(const struct preswap_lease *lease)
{
	switch (lease->kind) {
	case PRESWAP_LEASE_KIND_AFFINITY:
		return PRESWAP_RESOURCE_CPU;
	case PRESWAP_LEASE_KIND_THROTTLE:
		return PRESWAP_RESOURCE_IO;
	}
	return PRESWAP_RESOURCE_MEMORY;
}

char *why_short(char *text, const struct preswap_lease *lease)
{
	char expected[UNITS_MAX], base[UNITS_MAX], room[UNITS_MAX],
	     shortage[UNITS_MAX];
	const struct preswap_why *why = &lease->why;
	uint32_t r = resource_of(lease);

	if (lease->reason == PRESWAP_REASON_WAIT)
		snprintf(text, WHY_MAX, "%llu.%02llu tasks waited for a CPU",
			 (unsigned long long)lease->benefit / 1000,
			 (unsigned long long)lease->benefit % 1000 / 10);
	else if (why->threshold_pct)
		snprintf(text, WHY_MAX,
			 "expects %s, had %s, room for %s: %s short (%u.%u %%)",
			 decision_amount(expected, r, why->median + why->spread),
			 decision_amount(base, r, why->base),
			 decision_amount(room, r, why->room),
			 decision_amount(shortage, r, why->shortage),
			 why->chance_permille / 10, why->chance_permille % 10);
	else
		snprintf(text, WHY_MAX, "-");
	return text;
}

static void put_count(FILE *to, uint32_t count, const char *what, bool *any)
{
	if (!count)
		return;
	fprintf(to, "%s %u %s", *any ? "," : "", count, what);
	*any = true;
}

static void put_donors(FILE *to, const struct preswap_why *why)
{
	bool any = false;

	fprintf(to, "  Donors: %u gave; refused:", why->give);
	put_count(to, why->barred, "from which nothing could be taken then",
		  &any);
	put_count(to, why->at_floor, "with too little above their floor", &any);
	put_count(to, why->nested, "that contain the receiver, or lie in it",
		  &any);
	put_count(to, why->banned,
		  "whose policy bans a group that the receiver is in", &any);
	put_count(to, why->too_dear,
		  "where the benefit did not exceed the cost enough", &any);
	put_count(to, why->too_little,
		  "as what was still missing was not worth one more lease",
		  &any);
	fputs(any ? ".\n" : " none.\n", to);
}

void why_put(FILE *to, const struct preswap_lease *lease)
{
	const struct preswap_why *why = &lease->why;
	char a[UNITS_MAX], b[UNITS_MAX], c[UNITS_MAX];
	uint32_t r = resource_of(lease);

	if (lease->reason == PRESWAP_REASON_WAIT) {
		fprintf(to, "  %llu.%02llu of the receiver's tasks, on average, were waiting for a CPU. The donor's cpu.weight is lower meanwhile: it has what nobody else wants.\n",
			(unsigned long long)lease->benefit / 1000,
			(unsigned long long)lease->benefit % 1000 / 10);
		return;
	}
	if (!why->threshold_pct) {
		fputs("  It was begun by hand.\n", to);
		return;
	}
	fprintf(to, "  Expected within the lead time: %s, and %s more of uncertainty (%s); the receiver had %s.\n",
		decision_amount(a, r, why->median),
		decision_amount(b, r, why->spread), names_reason(lease->reason),
		decision_amount(c, r, why->base));
	fprintf(to, "  Below the threshold (%u %%) there was room for %s of it: ",
		why->threshold_pct, decision_amount(a, r, why->room));
	fprintf(to, "%s were short, with a probability of %u.%u %%.\n",
		decision_amount(b, r, why->shortage),
		why->chance_permille / 10, why->chance_permille % 10);
	if (why->carried)
		fprintf(to, "  %s of that were for others that were short of too little for a lease.\n",
			decision_amount(a, r, why->carried));
	put_donors(to, why);
	fprintf(to, "  Benefit %llu, cost %llu.\n",
		(unsigned long long)lease->benefit,
		(unsigned long long)lease->cost);
}
