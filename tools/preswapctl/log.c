// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The swap log, as the daemon has written it; neither it nor the module is needed.
 */
#include <errno.h>
#include <fnmatch.h>
#include <getopt.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "ctl.h"
#include "json.h"
#include "lease.h"
#include "lib/cgroup.h"
#include "sense/leaselog.h"
#include "sense/learned.h"
#include "show/units.h"

/*
 * @app: only leases of it, a path without its first slash, a pattern, or an id; NULL: all.
 */
struct log {
	const char *app;
	uint64_t since_ms;
	struct table *table;
	json_t *array;
};

/* Also of what is inside the app. */
static bool is_of(const char *path, uint64_t id, const char *app)
{
	size_t len = strlen(app);
	uint64_t number;

	if (!units_parse_number(app, 1, UINT64_MAX, &number))
		return id == number;
	path += *path == '/';
	return !fnmatch(app, path, FNM_NOESCAPE) ||
	       (!strncmp(path, app, len) && (path[len] == '/' || !path[len]));
}

static char *time_text(uint64_t ms, char text[32])
{
	time_t at = (time_t)(ms / 1000);
	struct tm tm;

	localtime_r(&at, &tm);
	strftime(text, 32, "%F %T", &tm);
	return text;
}

/* On standard error: a table of leases has no place for what is none. */
static void tell_missed(const struct leaselog_entry *e)
{
	char from[32], until[32];

	if (e->from_ms)
		fprintf(stderr, "preswapctl: of %s to %s %llu leases are missing\n",
			time_text(e->from_ms, from), time_text(e->end_ms, until),
			(unsigned long long)e->missed);
	else
		fprintf(stderr, "preswapctl: before %s %llu leases are missing\n",
			time_text(e->end_ms, until),
			(unsigned long long)e->missed);
}

static json_t *json_missed(const struct leaselog_entry *e)
{
	return json_pack("{s:I, s:o, s:I}", "missed", (json_int_t)e->missed,
			 "from_ms", e->from_ms ?
			 json_integer((json_int_t)e->from_ms) : json_null(),
			 "until_ms", (json_int_t)e->end_ms);
}

/* The path, or where it was not known any more the number. */
static json_t *json_app_name(const char *path, uint64_t id)
{
	return *path ? json_text(path) : id ? json_integer((json_int_t)id) :
	       json_null();
}

static json_t *json_entry(const struct leaselog_entry *e)
{
	json_t *o = json_lease(&e->lease);

	json_object_set_new(o, "ended_ms", json_integer((json_int_t)e->end_ms));
	json_object_set_new(o, "load", json_text(e->load));
	json_object_set_new(o, "donor",
			    json_app_name(e->donor, e->lease.donor_id));
	json_object_set_new(o, "receiver",
			    json_app_name(e->receiver, e->lease.receiver_id));
	json_object_del(o, "left_ms");
	return o;
}

/* The same in the table; @text has room for a number. */
static const char *name(const char *path, uint64_t id, char text[24])
{
	if (*path)
		return path;
	snprintf(text, 24, id ? "%llu" : "-", (unsigned long long)id);
	return text;
}

static void add_row(struct table *table, const struct leaselog_entry *e)
{
	char donor[24], receiver[24];

	ctl_time_cell(table, (time_t)(e->end_ms / 1000));
	lease_cells(table, &e->lease, name(e->donor, e->lease.donor_id, donor),
		    name(e->receiver, e->lease.receiver_id, receiver));
}

static void on_entry(void *data, const struct leaselog_entry *e)
{
	struct log *log = data;

	if (e->end_ms < log->since_ms)
		return;
	if (log->app && !e->missed &&
	    !is_of(e->donor, e->lease.donor_id, log->app) &&
	    !is_of(e->receiver, e->lease.receiver_id, log->app))
		return;
	if (log->array)
		json_array_append_new(log->array, e->missed ? json_missed(e) :
							      json_entry(e));
	else if (e->missed)
		tell_missed(e);
	else
		add_row(log->table, e);
}

static int show_log(struct ctl *ctl, struct log *log, const char *state_path)
{
	static const char * const heads[] = { "ENDED", LEASE_ENDED_HEADS, NULL };
	char path[PATH_MAX];
	uint64_t damaged;
	int err;

	if (ctl->json)
		log->array = json_array();
	else
		log->table = table_new(heads);
	if (!log->array && !log->table)
		return ctl_no_memory();
	snprintf(path, sizeof(path), "%s" LEASELOG_SUFFIX, state_path);
	err = leaselog_read(path, on_entry, log, &damaged);
	if (damaged)
		fprintf(stderr, "preswapctl: %s: %llu damaged lines are left out\n",
			path, (unsigned long long)damaged);
	if (!err)
		return log->array ? json_print(log->array, true) :
				    ctl_print_table(ctl, log->table);
	json_decref(log->array);
	table_free(log->table);
	fprintf(stderr, "preswapctl: %s: %s\n", path, err == -ENOENT ?
		"there is none; preswapd writes it when a lease has ended" :
		strerror(-err));
	return CTL_FAILED;
}

/* As the log has it: from the cgroup root, without slashes around it. */
static const char *from_root(struct ctl *ctl, char *path)
{
	const char *root;

	if (preswap_cgroup_root(ctl->ctx, &root))
		root = "";
	for (size_t len = strlen(path); len && path[len - 1] == '/'; len--)
		path[len - 1] = 0;
	return cgroup_from_root(root, path);
}

int cmd_log(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "since", required_argument, NULL, 't' },
		{ "app", required_argument, NULL, 'a' },
		{ "state", required_argument, NULL, 's' },
		{}
	};
	const char *path = LEARNED_PATH;
	uint64_t now_ms = (uint64_t)time(NULL) * 1000;
	struct log log = {};
	uint64_t since_ms;
	int option;

	while ((option = ctl_getopt(argc, argv, options)) >= 0) {
		switch (option) {
		case 't':
			if (units_parse_long_ms(optarg, &since_ms) ||
			    !since_ms)
				return ctl_usage(ctl, "--since is how long ago, like 8h or 30d, not '%s'",
						 optarg);
			log.since_ms = now_ms > since_ms ?
				       now_ms - since_ms : 0;
			break;
		case 'a':
			log.app = from_root(ctl, optarg);
			break;
		case 's':
			path = optarg;
			break;
		default:
			return ctl_bad_option(ctl);
		}
	}
	if (optind < argc)
		return ctl_usage(ctl, "log takes no argument '%s'",
				 argv[optind]);
	return show_log(ctl, &log, path);
}
