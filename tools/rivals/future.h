/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What an app used in a run before, as a forecast of the same run again: for the
 * forecaster that knows the future (preswapd-oracle.c).
 */
#ifndef PRESWAP_RIVALS_FUTURE_H
#define PRESWAP_RIVALS_FUTURE_H

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#define FUTURE_RESOURCES	2	/* PRESWAP_RESOURCE_CPU, _MEMORY */

/* @ms: since the load began, ascending; @used: milli-CPU, bytes. */
struct future_moment {
	double ms, used[FUTURE_RESOURCES];
};

struct future {
	struct future_moment *at;
	size_t count;
};

static inline void future_free(struct future *f)
{
	free(f->at);
	*f = (struct future){};
}

/*
 * Lines of "MS CPU MEMORY". 0, -EINVAL (another line, not ascending, or none at all:
 * @line says which), -ENOMEM.
 */
static inline int future_read(FILE *file, struct future *f, unsigned int *line)
{
	struct future_moment m = { .ms = -INFINITY }, *more;
	double before;
	char text[128];
	int end;

	*f = (struct future){};
	for (*line = 1; fgets(text, sizeof(text), file); ++*line) {
		before = m.ms;
		end = 0;
		if (sscanf(text, "%lf %lf %lf %n", &m.ms, &m.used[0],
			   &m.used[1], &end) != 3 || text[end] ||
		    !(m.ms > before) || !isfinite(m.ms) ||
		    !(m.used[0] >= 0) || !(m.used[1] >= 0))
			break;
		more = reallocarray(f->at, f->count + 1, sizeof(m));
		if (!more) {
			future_free(f);
			return -ENOMEM;
		}
		f->at = more;
		f->at[f->count++] = m;
	}
	if (f->count && feof(file))
		return 0;
	future_free(f);
	return -EINVAL;
}

/* The moment that @ms is in, which lasts until the next one. */
static inline size_t future_index(const struct future *f, double ms)
{
	size_t low = 0, high = f->count;

	while (high - low > 1) {
		size_t middle = low + (high - low) / 2;

		if (f->at[middle].ms <= ms)
			low = middle;
		else
			high = middle;
	}
	return low;
}

/* The most that is used after @from_ms until @to_ms. */
static inline double future_most(const struct future *f, int resource,
				 double from_ms, double to_ms)
{
	size_t last = future_index(f, to_ms), i = future_index(f, from_ms);
	double most = f->at[last].used[resource];

	while (++i < last)
		most = fmax(most, f->at[i].used[resource]);
	return most;
}

#endif /* PRESWAP_RIVALS_FUTURE_H */
