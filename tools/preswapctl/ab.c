// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What preswap does for the apps that receive, by a running A/B test: their stalls
 * and, if they tell, their latency, in slices of time or apps that are served
 * against those that are not.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "../../kmod/decide/ab.h"
#include "ctl.h"
#include "json.h"
#include "plan/ab.h"
#include "show/units.h"

#define AB_WASHOUT_MS	5000	/* of each slice, by default */
#define LOOK_MS		5000	/* whether the module is still there */

/* What is observed, for each slice or app. */
enum measure { CPU_STALL, MEMORY_STALL, LATENCY, MEASURES };

static const struct {
	const char *name, *title;
} measures[MEASURES] = {
	{ "cpu_stall_pct", "CPU stall, %" },
	{ "memory_stall_pct", "memory stall, %" },
	{ "latency_p99_ms", "latency p99, ms" },
};

/* A slice of time, or an app. */
struct unit {
	uint64_t which;			/* number of the slice, id of the app */
	double stall_us[2], time_us;	/* sums over apps and samples */
	double *latency_ms;
	size_t latencies;
};

/* Counters of an app when they were last seen. */
struct last {
	uint64_t id, time_ns;
	uint64_t stall_us[2];
};

/* What an app wrote of its own latency. */
struct log {
	uint64_t app;
	char *path;
};

struct experiment {
	struct ctl *ctl;
	struct preswap_info info;
	uint64_t only;			/* this app; 0: all that may receive */
	uint64_t washout_ns;
	struct unit *units;
	size_t nr_units;
	struct last *lasts;
	size_t nr_lasts;
	struct log *logs;
	size_t nr_logs;
	bool no_memory;
	uint64_t lost;
};

static volatile sig_atomic_t interrupted;

static void on_signal(int number)
{
	(void)number;
	interrupted = 1;
}

/* Grows a table by one zeroed element; NULL without memory. */
static void *grow(void *table, size_t count, size_t size)
{
	char *more = reallocarray(table, count + 1, size);

	if (more)
		memset(more + count * size, 0, size);
	return more;
}

static struct unit *unit_of(struct experiment *e, uint64_t which)
{
	struct unit *more;

	/* slices come one after the other: the last is the likely one */
	for (size_t i = e->nr_units; i--;)
		if (e->units[i].which == which)
			return &e->units[i];
	more = grow(e->units, e->nr_units, sizeof(*more));
	if (!more) {
		e->no_memory = true;
		return NULL;
	}
	e->units = more;
	more[e->nr_units].which = which;
	return &more[e->nr_units++];
}

static struct last *last_of(struct experiment *e, uint64_t id)
{
	struct last *more;

	for (size_t i = 0; i < e->nr_lasts; i++)
		if (e->lasts[i].id == id)
			return &e->lasts[i];
	more = grow(e->lasts, e->nr_lasts, sizeof(*more));
	if (!more) {
		e->no_memory = true;
		return NULL;
	}
	e->lasts = more;
	more[e->nr_lasts].id = id;
	return &more[e->nr_lasts++];
}

/*
 * The unit that the time from @begin_ns to @end_ns of @app belongs to, or NULL:
 * it is in two slices, or in the washout of one.
 */
static struct unit *unit_at(struct experiment *e, uint64_t app,
			    uint64_t begin_ns, uint64_t end_ns)
{
	uint64_t slice_ns = e->info.ab_slice_ms * 1000000ULL;

	if (e->info.ab_unit == DECIDE_AB_APP)
		return unit_of(e, app);
	if (begin_ns / slice_ns != end_ns / slice_ns ||
	    begin_ns % slice_ns < e->washout_ns)
		return NULL;
	return unit_of(e, end_ns / slice_ns);
}

static bool may_receive(const struct experiment *e,
			const struct preswap_app *app)
{
	if (e->only)
		return app->id == e->only;
	return app->has_policy && app->policy.priority > e->info.min_priority;
}

static void on_usage(void *data, uint32_t seq, uint64_t time_ns,
		     const struct preswap_app *app)
{
	struct experiment *e = data;
	const uint64_t stall_us[2] = { app->psi_cpu_some_us,
				       app->psi_mem_some_us };
	struct unit *unit;
	struct last *last;

	(void)seq;
	if (!may_receive(e, app))
		return;
	last = last_of(e, app->id);
	if (!last)
		return;
	unit = last->time_ns ? unit_at(e, app->id, last->time_ns, time_ns) :
			       NULL;
	if (unit) {
		for (int i = 0; i < 2; i++)
			if (stall_us[i] >= last->stall_us[i])
				unit->stall_us[i] += stall_us[i] -
						     last->stall_us[i];
		unit->time_us += (time_ns - last->time_ns) / 1e3;
	}
	last->time_ns = time_ns;
	memcpy(last->stall_us, stall_us, sizeof(stall_us));
}

static void on_lost(void *data, uint64_t count)
{
	struct experiment *e = data;

	e->lost += count;
}

static uint64_t now_ns(clockid_t clock)
{
	struct timespec now;

	clock_gettime(clock, &now);
	return now.tv_sec * 1000000000ULL + now.tv_nsec;
}

/* For @for_ms, 0: until a signal; an exit status. */
static int observe(struct experiment *e, uint32_t for_ms)
{
	struct preswap_subscribe_opts opts = {
		.size = sizeof(opts),
		.groups = PRESWAP_SUBSCRIBE_USAGE,
		.data = e,
		.usage = on_usage,
		.lost = on_lost,
	};
	uint64_t end = now_ns(CLOCK_MONOTONIC) + for_ms * 1000000ULL, now;
	struct sigaction action = { .sa_handler = on_signal };
	struct pollfd input = { .events = POLLIN };
	int err = preswap_subscribe(e->ctl->ctx, &opts), wait = LOOK_MS;

	if (err)
		return ctl_failed(e->ctl, err, "listening to usage");
	sigaction(SIGINT, &action, NULL);
	sigaction(SIGTERM, &action, NULL);
	input.fd = preswap_fd(e->ctl->ctx);
	while (!interrupted && !e->no_memory) {
		now = now_ns(CLOCK_MONOTONIC);
		if (for_ms) {
			if (now >= end)
				break;
			if (end - now < LOOK_MS * 1000000ULL)
				wait = (end - now) / 1000000 + 1;
		}
		if (poll(&input, 1, wait) < 0 && errno != EINTR) {
			perror("preswapctl: poll");
			return CTL_FAILED;
		}
		err = preswap_dispatch(e->ctl->ctx);
		if (err < 0)
			return ctl_failed(e->ctl, err, "reading usage");
	}
	return e->no_memory ? ctl_no_memory() : CTL_OK;
}

static int add_latency(struct experiment *e, uint64_t app, double time_s,
		       double ms, size_t *added)
{
	uint64_t time_ns = time_s * 1e9;
	struct unit *unit = unit_at(e, app, time_ns, time_ns);
	double *more;

	/* only what was observed otherwise, too */
	if (!unit || !unit->time_us)
		return e->no_memory ? ctl_no_memory() : CTL_OK;
	++*added;
	more = reallocarray(unit->latency_ms, unit->latencies + 1,
			    sizeof(*more));
	if (!more)
		return ctl_no_memory();
	unit->latency_ms = more;
	more[unit->latencies++] = ms;
	return CTL_OK;
}

/* Lines "TIME LATENCY": seconds of CLOCK_BOOTTIME, milliseconds. */
static int read_latency(struct experiment *e, const struct log *log)
{
	const char *path = log->path;
	FILE *file = fopen(path, "re");
	int status = CTL_OK, number = 0;
	size_t added = 0;
	char line[256], rest;
	double time_s, ms;

	if (!file) {
		fprintf(stderr, "preswapctl: %s: %s\n", path, strerror(errno));
		return CTL_FAILED;
	}
	while (!status && fgets(line, sizeof(line), file)) {
		number++;
		if (sscanf(line, "%lf %lf %c", &time_s, &ms, &rest) != 2 ||
		    !(time_s >= 0 && time_s < 1e10) || !(ms >= 0)) {
			fprintf(stderr, "preswapctl: %s:%d: expected TIME LATENCY, two numbers\n",
				path, number);
			status = CTL_FAILED;
		} else {
			status = add_latency(e, log->app, time_s, ms, &added);
		}
	}
	fclose(file);
	if (status || added)
		return status;
	fprintf(stderr, "preswapctl: %s: none of its %d lines is of what was observed of app %llu\n",
		path, number, (unsigned long long)log->app);
	return CTL_FAILED;
}

static int by_size(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

/* NAN: nothing was observed. */
static double observation(struct unit *unit, enum measure measure)
{
	if (measure != LATENCY)
		return unit->time_us ? 100 * unit->stall_us[measure] /
				       unit->time_us : NAN;
	if (!unit->latencies)
		return NAN;
	qsort(unit->latency_ms, unit->latencies, sizeof(double), by_size);
	return unit->latency_ms[(unit->latencies * 99 + 99) / 100 - 1];
}

static void group(struct experiment *e, enum measure measure,
		  struct ab_group groups[2])
{
	for (size_t i = 0; i < e->nr_units; i++)
		ab_add(&groups[!decide_ab_control(e->info.ab_seed,
						  e->units[i].which,
						  e->info.ab_control_pct)],
		       observation(&e->units[i], measure));
}

static int print_table(struct experiment *e)
{
	static const char * const heads[] = {
		"", ">CONTROL", ">TREATMENT", ">DIFFERENCE", ">95 % INTERVAL",
		">N", NULL
	};
	struct table *table = table_new(heads);

	if (!table)
		return ctl_no_memory();
	for (int m = 0; m < MEASURES; m++) {
		struct ab_group groups[2] = {};
		struct ab_effect effect;

		group(e, m, groups);
		if (!groups[0].count && !groups[1].count)
			continue;
		effect = ab_effect(&groups[0], &groups[1]);
		table_cell(table, "%s", measures[m].title);
		for (int g = 0; g < 2; g++) {
			if (groups[g].count)
				table_cell(table, "%.3g", groups[g].mean);
			else
				table_cell(table, "-");
		}
		if (groups[0].count && groups[1].count)
			table_cell(table, "%+.3g", effect.difference);
		else
			table_cell(table, "-");
		if (effect.known)
			table_cell(table, "%+.3g to %+.3g", effect.low,
				   effect.high);
		else
			table_cell(table, "too few");
		table_cell(table, "%u, %u", groups[0].count, groups[1].count);
	}
	printf("A/B by %s, %u %% control, seed %u. N: %s observed, control and treatment.\n",
	       e->info.ab_unit == DECIDE_AB_TIME ? "slices of time" : "apps",
	       e->info.ab_control_pct, e->info.ab_seed,
	       e->info.ab_unit == DECIDE_AB_TIME ? "slices" : "apps");
	return ctl_print_table(e->ctl, table);
}

static json_t *json_group(const struct ab_group *g)
{
	return json_pack("{s:i, s:o}", "count", g->count, "mean",
			 g->count ? json_real(g->mean) : json_null());
}

static int print_json(struct experiment *e)
{
	json_t *top = json_pack("{s:s, s:i, s:I}", "unit",
				e->info.ab_unit == DECIDE_AB_TIME ? "time" :
								    "app",
				"control_pct", e->info.ab_control_pct, "seed",
				(json_int_t)e->info.ab_seed);

	for (int m = 0; m < MEASURES; m++) {
		struct ab_group groups[2] = {};
		struct ab_effect effect;
		json_t *o;

		group(e, m, groups);
		effect = ab_effect(&groups[0], &groups[1]);
		o = json_pack("{s:o, s:o}", "control", json_group(&groups[0]),
			      "treatment", json_group(&groups[1]));
		if (effect.known)
			json_object_update_new(o,
				json_pack("{s:f, s:f, s:f}", "difference",
					  effect.difference, "low", effect.low,
					  "high", effect.high));
		json_object_set_new(top, measures[m].name, o);
	}
	return json_print(top, true);
}

/* Did nobody change the assignment meanwhile? */
static int still_the_same(struct experiment *e)
{
	struct preswap_info now = { .size = sizeof(now) };
	int err = preswap_info_get(e->ctl->ctx, &now);

	if (err)
		return ctl_failed(e->ctl, err, "reading the settings");
	if (now.ab_unit == e->info.ab_unit && now.ab_seed == e->info.ab_seed &&
	    now.ab_control_pct == e->info.ab_control_pct &&
	    now.ab_slice_ms == e->info.ab_slice_ms &&
	    now.enabled == e->info.enabled && now.dry_run == e->info.dry_run)
		return CTL_OK;
	fputs("preswapctl: the settings of the test were changed meanwhile: what was observed is of no use\n",
	      stderr);
	return CTL_FAILED;
}

static int begin(struct experiment *e)
{
	int err = preswap_info_get(e->ctl->ctx, &e->info);

	if (err)
		return ctl_failed(e->ctl, err, "reading the settings");
	if (e->only && e->info.ab_unit == DECIDE_AB_APP) {
		fputs("preswapctl: by apps (ab_unit 2) one app is in one group only, and there is nothing to compare: leave out --app, or write 1 to /sys/kernel/preswap/ab_unit\n",
		      stderr);
		return CTL_FAILED;
	}
	if (!e->info.ab_unit)
		fputs("preswapctl: no A/B test is on: write 1 (by slices of time) or 2 (by apps) to /sys/kernel/preswap/ab_unit\n",
		      stderr);
	else if (!e->info.enabled || e->info.dry_run)
		fputs("preswapctl: preswap is not enabled, or in dry run: both groups are control\n",
		      stderr);
	else if (e->info.ab_unit == DECIDE_AB_TIME &&
		 e->washout_ns >= e->info.ab_slice_ms * 1000000ULL)
		fprintf(stderr, "preswapctl: the washout is as long as a slice of %u ms\n",
			e->info.ab_slice_ms);
	else
		return CTL_OK;
	return CTL_FAILED;
}

static int run(struct experiment *e, uint32_t for_ms)
{
	int status = begin(e), bad = CTL_OK;

	status = status ?: observe(e, for_ms);
	status = status ?: still_the_same(e);
	if (status)
		return status;
	/* without one of them the rest is worth the hours, all the same */
	for (size_t i = 0; i < e->nr_logs; i++)
		bad = read_latency(e, &e->logs[i]) ?: bad;
	if (e->lost)
		fprintf(stderr, "preswapctl: %llu messages were lost; the time between counts as one sample\n",
			(unsigned long long)e->lost);
	status = e->ctl->json ? print_json(e) : print_table(e);
	return status ?: bad;
}

/* Whose: "APP=FILE"; "FILE" alone is of @app, NULL: none was given. An exit status. */
static int find_app(struct experiment *e, struct log *log, const char *app)
{
	char *equals = strchr(log->path, '=');
	const char *name = equals ? log->path : app;
	int status;

	if (!name)
		return ctl_usage(e->ctl, "--latency %s: of which app? Use --latency APP=FILE, or --app",
				 log->path);
	if (equals) {
		*equals = '\0';
		log->path = equals + 1;
	}
	status = ctl_app(e->ctl, name, &log->app);
	if (status)
		return status;
	if (e->only && e->only != log->app)
		return ctl_usage(e->ctl, "--latency is of %s, but only %s is observed",
				 name, app);
	for (const struct log *other = e->logs; other < log; other++)
		if (other->app == log->app)
			return ctl_usage(e->ctl, "two --latency of one app: %s, %s",
					 other->path, log->path);
	return CTL_OK;
}

static int parse_args(struct experiment *e, int argc, char **argv,
		      const char **app, uint32_t *for_ms)
{
	static const struct option options[] = {
		{ "for", required_argument, NULL, 'f' },
		{ "washout", required_argument, NULL, 'w' },
		{ "app", required_argument, NULL, 'a' },
		{ "latency", required_argument, NULL, 'l' },
		{}
	};
	struct log *more;
	uint32_t ms;
	int option;

	while ((option = ctl_getopt(argc, argv, options)) >= 0) {
		switch (option) {
		case 'f':
			if (units_parse_ms(optarg, for_ms) || !*for_ms)
				return ctl_usage(e->ctl, "--for is like 30m or 8h, not '%s'",
						 optarg);
			break;
		case 'w':
			if (units_parse_ms(optarg, &ms))
				return ctl_usage(e->ctl, "--washout is like 5s, not '%s'",
						 optarg);
			e->washout_ns = ms * 1000000ULL;
			break;
		case 'a':
			*app = optarg;
			break;
		case 'l':
			more = grow(e->logs, e->nr_logs, sizeof(*more));
			if (!more)
				return ctl_no_memory();
			e->logs = more;
			more[e->nr_logs++].path = optarg;
			break;
		default:
			return ctl_bad_option(e->ctl);
		}
	}
	if (optind != argc)
		return ctl_usage(e->ctl, "ab takes no argument '%s'", argv[optind]);
	return CTL_OK;
}

int cmd_ab(struct ctl *ctl, int argc, char **argv)
{
	struct experiment e = {
		.ctl = ctl,
		.info = { .size = sizeof(e.info) },
		.washout_ns = AB_WASHOUT_MS * 1000000ULL,
	};
	const char *app = NULL;
	uint32_t for_ms = 0;
	int status = parse_args(&e, argc, argv, &app, &for_ms);

	if (!status && app)
		status = ctl_app(ctl, app, &e.only);
	for (size_t i = 0; !status && i < e.nr_logs; i++)
		status = find_app(&e, &e.logs[i], app);
	status = status ?: run(&e, for_ms);
	for (size_t i = 0; i < e.nr_units; i++)
		free(e.units[i].latency_ms);
	free(e.units);
	free(e.lasts);
	free(e.logs);
	return status;
}
