/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What would keep the event loop waiting, done on a thread of its own: reading
 * the agenda (files, systemd) and writing the state file. Whole objects are
 * handed over; nothing is shared.
 */
#ifndef DAEMON_WORKER_H
#define DAEMON_WORKER_H

#include "daemon/config.h"
#include "sense/agenda.h"

struct worker;

/* What it writes: what is learned by name, and the forecasters of apps. */
enum worker_file {
	WORKER_LEARNED,
	WORKER_USAGE,
	WORKER_FILES
};

#define WORKER_USAGE_SUFFIX	".usage"

/*
 * @state_path: of WORKER_LEARNED, the other one has a suffix; NULL: nothing is
 * written.
 */
int worker_start(const struct config_events *events, const char *state_path,
		 struct worker **out);
/* Writes what it was given, and ends; what worker_error() is then. NULL is allowed. */
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

#endif /* DAEMON_WORKER_H */
