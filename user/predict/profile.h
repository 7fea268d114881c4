/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What follows a beginning: usage by the time since a launch or an event, as
 * learned from former ones.
 *
 * At each age of profile_age_s[] the usage of the last PROFILE_KEEP runs is
 * kept, less what it was before the beginning. A run that ends early has 0
 * from then on: so the ends are in it as well. Between ages it is linear in
 * the age. Flat, without pointers; nothing is allocated, nothing fails.
 * Values are in the unit that was fed; those that are not finite are ignored.
 */
#ifndef PREDICT_PROFILE_H
#define PREDICT_PROFILE_H

#include <stdbool.h>
#include <stdint.h>

#define PROFILE_AGES		22
#define PROFILE_KEEP		20
#define PROFILE_RESOURCES	3	/* CPU, memory, I/O */
#define PROFILE_VALUE_MAX	1e30f

/* 1 s to 1 h, half as much again from one to the next. */
extern const double profile_age_s[PROFILE_AGES];

/*
 * @value: NAN where nothing was seen. @runs: begun, ever. @length: how long a
 * run took, in seconds; INFINITY: it did not end, as far as was seen.
 */
struct profile {
	uint32_t runs;
	float length[PROFILE_KEEP];
	float value[PROFILE_RESOURCES][PROFILE_AGES][PROFILE_KEEP];
};

/* One run on its way; the caller keeps it. */
struct profile_run {
	double begin;			/* seconds, of any clock */
	float base[PROFILE_RESOURCES];
	uint32_t slot;
	uint32_t next;			/* age to be filled */
};

void profile_init(struct profile *p);
/* @base: the usage before it, by resource; NULL: 0. */
void profile_begin(struct profile *p, struct profile_run *run, double begin,
		   const double *base);
/*
 * The usage now; true when the run is over: it reached the last age. A clock
 * that was set back does no harm.
 */
bool profile_sample(struct profile *p, struct profile_run *run, double now,
		    const double *value);
/* It ended now: it uses nothing more. */
void profile_end(struct profile *p, struct profile_run *run, double now);

/*
 * The values at @age (s) of former runs, ascending, into @out of PROFILE_KEEP;
 * how many. @since >= 0: less what they were at that age. Ages beyond the last
 * are the last. A NaN is age 0.
 */
int profile_values(const struct profile *p, int resource, double age,
		   double since, double *out);
/* Of @count ascending values, interpolated; 0 if there are none. */
double profile_quantile(const double *values, int count, double probability);

/* Whether one that came from a file can be used. */
bool profile_valid(const struct profile *p);

#endif /* PREDICT_PROFILE_H */
