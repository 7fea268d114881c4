/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the daemon knows of each app: a forecaster per resource, fed once per
 * second with the usage that the module reports. For I/O and for network there is one
 * only where the node's capacity is known: else nothing is decided about it, and each costs
 * memory.
 */
#ifndef SENSE_SERIES_H
#define SENSE_SERIES_H

#include <preswap/preswap.h>
#include "predict/predict.h"

#define SERIES_RESOURCES	4	/* PRESWAP_RESOURCE_CPU, ..., _NET */

/* An app that was not reported for this many steps is forgotten. */
#define SERIES_MISSED_MAX	10
/* A longer silence teaches the forecasters nothing more than this one. */
#define SERIES_GAP_MAX_S	60
/* For so long after its start the daemon waits for apps that it knew before. */
#define SERIES_RESUME_S		600

/* A forecast that was handed to the module, and when. 0: none. */
struct series_told {
	uint64_t hash, ms;
};

/*
 * @demand: of I/O and network it may be NULL.
 * @value: of the current step, when @fresh; of those NAN without a capacity.
 * @missed: steps in a row without a report.
 * @withheld: what plan said last, by resource; for the log.
 * @was_refused: there was no room when it came, or may not have been: it need not be
 *	as young as it seems.
 * @has_policy: in the module, when it was last reported.
 * @told: what the module has of it, as plan sees it.
 * @policy_set: of the policy that the daemon has set for it, or would have (--dry-run),
 *	owned_hash(); 0: none.
 * @policy_checked: the configuration in force was applied to it.
 * @foreseen: what foresee knows of it; freed with the app.
 */
struct series_app {
	uint64_t id;
	char *path;
	struct predict_demand *demand[SERIES_RESOURCES];
	double value[SERIES_RESOURCES];
	bool fresh;
	unsigned int missed;
	bool withheld[SERIES_RESOURCES];
	bool was_refused, has_policy;
	struct series_told told[SERIES_RESOURCES];
	uint64_t policy_set;
	bool policy_checked;
	void *foreseen;
};

/*
 * @max_apps: further apps are refused: the memory is locked.
 * @cpu_milli, @mem_bytes: the node's capacity, no forecast exceeds it; 0: no
 *	bound.
 * @io_bytes, @net_bytes: likewise, 0: no series. More may be asked of a device
 *	than it can do, so that forecasts go up to twice as much.
 */
struct series_limits {
	size_t max_apps;
	double cpu_milli, mem_bytes, io_bytes, net_bytes;
};

/* No forecast of the resource exceeds it; 0: no bound. */
double series_upper(const struct series_limits *limits, int resource);

struct series_table;

int series_new(const struct series_limits *limits, struct series_table **out);
void series_free(struct series_table *table);
/*
 * Apps that are known have them, too, and keep what was learned; of more than are allowed
 * now those go that no policy names.
 */
void series_set_limits(struct series_table *table,
		       const struct series_limits *limits);

/*
 * The usage of one app in the current step; the first one begins its series.
 * -ENOSPC: max_apps, -ENOMEM; the app is then not known.
 */
int series_sample(struct series_table *table, const struct preswap_app *app,
		  struct series_app **out);
/* The same of one that was not reported (yet): only its id and path are meant. */
int series_meet(struct series_table *table, const struct preswap_app *app,
		struct series_app **out);
/*
 * The whole seconds of the step that ends at @time_ns, and its end into *@last_ns (0:
 * none yet): what is left over or lent is the next one's, so that they add up whatever
 * the usage period is. What is late by chance is not.
 */
unsigned int series_seconds(uint64_t *last_ns, uint64_t time_ns);
/* The end of the next step, in seconds since 1970; for the time of day. */
void series_set_clock(struct series_table *table, uint64_t clock);
/*
 * The end of a step that took @seconds: what was sampled is learned, as the
 * last second; seconds without a sample are missing. Forgets apps that went
 * unreported for too long. The number of forecasters updated.
 */
size_t series_step(struct series_table *table, unsigned int seconds);
void series_forget(struct series_table *table, uint64_t id);
/* Forgets the newest app that has no policy; false: all have one. */
bool series_make_room(struct series_table *table);
/* Called for each app that is about to be forgotten. */
void series_on_gone(struct series_table *table,
		    void (*gone)(void *data, struct series_app *app),
		    void *data);

/*
 * Called after each app of a step that took several seconds: each of these is an update,
 * of all apps together up to some 10 s of work (after a suspend).
 */
void series_on_busy(struct series_table *table, void (*busy)(void *data),
		    void *data);

/*
 * What is learned, for a file (R-17; see statefile.h), at @now, seconds since 1970;
 * to be freed. Apps that are new are left out, and of very many the newest. What
 * apps may still go on with (series_resume()) is in it. 0 or -ENOMEM.
 */
int series_pack(struct series_table *table, double now, void **out,
		size_t *size);

/* Such a file's contents. */
struct series_kept;

/*
 * Takes over @data, unless it fails: -EINVAL: not of this version, or damaged;
 * -ENOMEM.
 */
int series_unpack(void *data, size_t size, struct series_kept **out);
/*
 * 0 or -errno (-ENOENT: there is none; -EINVAL: not of this version, or damaged).
 * One that cannot be used is moved to @path.bad.
 */
int series_read(const char *path, struct series_kept **out);
void series_kept_free(struct series_kept *kept);
double series_kept_saved(const struct series_kept *kept);
size_t series_kept_count(const struct series_kept *kept);
/* What was kept of the app of this path, into its fresh forecasters. */
bool series_kept_take(const struct series_kept *kept, struct series_app *app);

/*
 * From now on, for a while, new apps go on with what was kept of their path; it
 * is @old_s seconds old. Takes over @kept. series_resumed(): how many did.
 */
void series_resume(struct series_table *table, struct series_kept *kept,
		   double old_s);
size_t series_resumed(const struct series_table *table);
/* What is still there for apps to go on with; NULL: nothing, or no more. */
const struct series_kept *series_waiting(const struct series_table *table);

size_t series_count(const struct series_table *table);
/* In the order of ids; valid until the next sample, step or forget. */
struct series_app *series_at(struct series_table *table, size_t index);
/* NULL: not known. */
struct series_app *series_by_id(struct series_table *table, uint64_t id);
/*
 * The app of the cgroup @path, without the leading "/", or of the nearest one
 * around it; NULL: none but the root, perhaps.
 */
struct series_app *series_nearest(struct series_table *table,
				  const char *path);

#endif /* SENSE_SERIES_H */
