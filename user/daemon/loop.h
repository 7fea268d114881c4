/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The daemon's state and its event loop.
 */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include <stdbool.h>

#include "daemon/config.h"

/*
 * @config_path: NULL: built-in values; it is read again at SIGHUP.
 * @state_path: what is learned for longer than the daemon lives.
 */
struct loop_opts {
	const char *config_path;
	const char *state_path;
	bool dry_run;			/* push nothing, set no policy */
};

/*
 * Runs until SIGTERM or SIGINT. Takes over @config. 0 or -errno. SIGTERM,
 * SIGINT, SIGHUP and SIGUSR1 must be blocked.
 */
int loop_run(const struct loop_opts *opts, struct config *config);

#endif /* DAEMON_LOOP_H */
