/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A random snapshot as it would be recorded: with paths, ids, and an answer.
 */
#ifndef PRESWAP_TESTS_DRAWN_H
#define PRESWAP_TESTS_DRAWN_H

#include <stdlib.h>
#include <string.h>

#include "draw.h"
#include "plan/replay.h"

#define DRAWN_PROPOSALS	128	/* as many as the module has room for */

struct drawn {
	struct decide_app apps[DRAW_APPS];
	struct decide_lease leases[DRAW_LEASES];
	uint32_t lease_ids[DRAW_LEASES];
	char path[DRAW_APPS][8];
	char *paths[DRAW_APPS];
	struct snapshot snapshot;
};

static inline void drawn_path(struct drawn *d, uint32_t i)
{
	static const char letters[] = "ab/.-\\ \t\n\x01\xc3\xa4=,";
	size_t n = draw(sizeof(d->path[i])), k;

	for (k = 0; k < n; k++)
		d->path[i][k] = letters[draw(sizeof(letters) - 1)];
	d->path[i][n] = '\0';
	d->paths[i] = draw(4) ? d->path[i] : NULL;
}

/* False: no memory. drawn_free() frees the answer. */
static inline bool drawn_make(struct drawn *d)
{
	static const struct decide_result limits = {
		.proposals_max = DRAWN_PROPOSALS,
		.shortages_max = DRAWN_PROPOSALS,
	};
	struct snapshot *s = &d->snapshot;
	uint32_t i;

	draw_node(&s->saw, d->apps, d->leases);
	s->apps = d->apps;
	s->leases = d->leases;
	s->lease_ids = d->lease_ids;
	s->paths = d->paths;
	s->seq = draw_value(1000);
	s->time_ns = draw_value(1000000);
	for (i = 0; i < DRAW_APPS; i++)
		drawn_path(d, i);
	for (i = 0; i < DRAW_LEASES; i++)
		d->lease_ids[i] = (uint32_t)draw_value(100);
	return !replay_decide(&s->saw, &limits, &s->answered);
}

static inline void drawn_free(struct drawn *d)
{
	replay_free(&d->snapshot.answered);
}

#endif /* PRESWAP_TESTS_DRAWN_H */
