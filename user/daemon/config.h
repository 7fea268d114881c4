/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * preswapd.conf: see preswapd.conf(5).
 */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include <preswap/preswap.h>
#include "sense/agenda.h"

#define CONFIG_PATH		"/etc/preswap/preswapd.conf"
#define CONFIG_POLICIES_MAX	1024
#define CONFIG_LINE_MAX		1024

struct config_policy {
	char *pattern;			/* fnmatch(3), on the cgroup path; \ is one */
	struct preswap_policy policy;	/* whole, without an app */
};

/* @calendars: files or folders, whole paths. */
struct config_events {
	char *calendars[AGENDA_CALENDARS_MAX];
	size_t nr_calendars;
	bool timers, cron;
};

struct config {
	uint32_t valid_ms;		/* of the forecasts pushed */
	uint32_t max_apps;
	struct config_policy *policies;
	size_t count;
	struct config_events events;
};

/*
 * @path: NULL: CONFIG_PATH, which may be absent.
 *
 * -EINVAL: the file is refused whole and @error, of @size, has
 * "file:line: what is wrong"; other -errno: it could not be read.
 */
int config_load(const char *path, struct config **out, char *error,
		size_t size);
/* The same from memory; @name stands for the file in messages. */
int config_parse(const char *text, size_t len, const char *name,
		 struct config **out, char *error, size_t size);
/* What holds without a file. */
int config_default(struct config **out);
void config_free(struct config *config);
/* Frees the paths. */
void config_events_clear(struct config_events *events);
/* Which agenda they ask for; it has pointers to their paths. */
struct agenda_opts config_agenda(const struct config_events *events,
				 time_t from, time_t span_s);

/* The first policy whose pattern matches, or NULL; "" matches none. */
const struct preswap_policy *config_match(const struct config *config,
					  const char *cgroup_path);

#endif /* DAEMON_CONFIG_H */
