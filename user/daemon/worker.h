/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What would keep the event loop waiting, done on threads of their own: one has the
 * agenda read (files, systemd), which may hang, one writes the state files and the swap
 * log. Whole objects are handed over; nothing is shared.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include <stdbool.h>

#include "daemon/config.h"
#include "sense/agenda.h"

struct worker;

/* What it writes: what is learned by name, the forecasters of apps, and owned.h's. */
enum worker_file {
	WORKER_LEARNED,
	WORKER_USAGE,
	WORKER_OWNED,
	WORKER_FILES
};

#define WORKER_USAGE_SUFFIX	".usage"
#define WORKER_OWNED_SUFFIX	".policies"
/* Lines of the swap log that wait to be written; some 200. */
#define WORKER_LOG_MAX		(64u << 10)

/*
 * @state_path: of WORKER_LEARNED, the other one and the swap log (leaselog.h) have
 * suffixes; NULL: nothing is written.
 */
int worker_start(const struct config_events *events, const char *state_path,
		 struct worker **out);
/*
 * Writes what it was given, and ends; what worker_error() is then. For an agenda that
 * hangs it waits for a second. NULL is allowed.
 */
int worker_stop(struct worker *worker);

/* Readable when there is something to take, or a file was written, or was not. */
int worker_fd(const struct worker *worker);
/* A new agenda, which is the caller's; NULL: none. */
struct agenda *worker_take(struct worker *worker);
/* The reason why one of the files was not written; 0: the last ones were. */
int worker_error(struct worker *worker);
/* Other sources from now on; read at once. 0 or -ENOMEM. */
int worker_configure(struct worker *worker,
		     const struct config_events *events);
/* To be written; takes over @data. */
void worker_save(struct worker *worker, enum worker_file file, void *data,
		 size_t size);
/*
 * A line of the swap log, to be written; what cannot be is kept, and tried again each few
 * seconds. False: there is no room for more.
 */
bool worker_log(struct worker *worker, const char *line, size_t size);
/* As worker_error(), of the swap log. */
int worker_log_error(struct worker *worker);

#endif /* DAEMON_WORKER_H */
