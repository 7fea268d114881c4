/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The swap log is kept: each lease that ended becomes a line, once, though it may
 * be told twice, by its event and by the module's list of those that ended last. What
 * neither told is counted, and said.
 */
#ifndef DAEMON_RECORD_H
#define DAEMON_RECORD_H

#include "sense/leaselog.h"

/* More than the module remembers of those that ended. */
#define RECORD_KNOWN	128

/*
 * @put: a line, to be written; false: there is no room now. It is then missed.
 * @path: of an app, NULL: not known; valid until the next call.
 */
struct record_ops {
	bool (*put)(void *data, const char *line, size_t size);
	const char *(*path)(void *data, uint64_t app_id);
	void *data;
};

/*
 * @known: the last that are in the log.
 * @load, @ended, @last_ms: of the last line: which load of the module, how many of its
 *	leases had ended, and when that was.
 * @missed, @from_ms: a line that there was no room for yet.
 */
struct record {
	struct record_ops ops;
	struct {
		uint32_t id;
		uint64_t begin_ns;
	} known[RECORD_KNOWN];
	unsigned int next;
	char load[LEASELOG_LOAD_MAX];
	uint64_t ended, last_ms;
	uint64_t missed, from_ms;
};

/* From where the log in @path ends. */
void record_begin(struct record *r, const struct record_ops *ops,
		  const char *path);
/* The module is that of this load. */
void record_connect(struct record *r, const char *load);
/* A name for the module as it is loaded, of LEASELOG_LOAD_MAX. */
void record_load(const char *root, char *load);

/* A lease has ended. */
void record_lease(struct record *r, const struct preswap_lease *lease);
/*
 * What the module tells now: @ended leases of this load at least, the last @count of
 * which are @leases, the last one first.
 */
void record_catch_up(struct record *r, const struct preswap_lease *leases,
		     size_t count, uint64_t ended);
/* Says what was missed, if there is room for it by now. */
void record_tell_missed(struct record *r);

#endif /* DAEMON_RECORD_H */
