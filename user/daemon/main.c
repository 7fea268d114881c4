// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preswapd: arguments and prerequisites.
 */
#include <errno.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "daemon/log.h"
#include "daemon/loop.h"
#include "sense/learned.h"
#include "sense/statefile.h"

static void usage(void)
{
	puts("usage: preswapd [--config FILE] [--state FILE] [--dry-run] [--verbose]\n"
	      "Forecasts the CPU, memory, I/O and network of each app, and tells the preswap module.\n"
	      "  -c, --config FILE  instead of " CONFIG_PATH "\n"
	      "  -s, --state FILE   what it learns (and FILE.usage, FILE.policies, and the swap\n"
	      "                     log in FILE.leases), instead of " LEARNED_PATH "\n"
	      "  -n, --dry-run      forecast and log, push nothing\n"
	      "  -v, --verbose      log more\n"
	      "  -V, --version\n"
	      "  -h, --help\n"
	      "Signals: HUP reads the configuration again, USR1 logs a report.");
}

/* After the reason, which the whole usage would push away. */
static int wrong_usage(void)
{
	fputs("preswapd --help tells more\n", stderr);
	return 2;
}

/* Once it runs, the default file is as one that was named. */
static int read_config(struct loop_opts *opts, struct config **config)
{
	char error[512];
	int err = config_load(opts->config_path, config, error,
			      sizeof(error));

	if (err)
		log_msg(LOG_ERR, "%s", error);
	opts->config_path = opts->config_path ?: CONFIG_PATH;
	return err;
}

/*
 * The state is this daemon's alone as long as it lives: two would overwrite what
 * the other has learned, and push their forecasts in turns.
 */
static int take_state(const char *path)
{
	int err = statefile_take(path);

	if (err == -EINVAL)
		log_msg(LOG_ERR,
			"%s is a folder or a device: name a file with --state",
			path);
	else if (err == -EWOULDBLOCK)
		log_msg(LOG_ERR,
			"another preswapd uses %s: stop that one (systemctl stop preswapd), or name another file with --state",
			path);
	else if (err)
		log_msg(LOG_WARNING,
			"%s.lock: %s: what is learned will not be kept",
			path, strerror(-err));
	return err == -EINVAL || err == -EWOULDBLOCK ? err : 0;
}

/*
 * Signals go to the loop's descriptor. Memory stays, as the loop must not wait; but not
 * what is never touched, most of the libraries: apps can use that.
 */
static void prepare(void)
{
	sigset_t signals;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	sigprocmask(SIG_BLOCK, &signals, NULL);
	if (mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) < 0)
		log_msg(LOG_WARNING, "memory is not locked: %s",
			strerror(errno));
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "config", required_argument, NULL, 'c' },
		{ "state", required_argument, NULL, 's' },
		{ "dry-run", no_argument, NULL, 'n' },
		{ "verbose", no_argument, NULL, 'v' },
		{ "version", no_argument, NULL, 'V' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct loop_opts opts = { .state_path = LEARNED_PATH };
	struct config *config;
	int option, level = LOG_INFO, err;

	while ((option = getopt_long(argc, argv, "c:s:nvVh", options,
				     NULL)) >= 0) {
		switch (option) {
		case 'c':
			opts.config_path = optarg;
			break;
		case 's':
			opts.state_path = optarg;
			break;
		case 'n':
			opts.dry_run = true;
			break;
		case 'v':
			level = LOG_DEBUG;
			break;
		case 'V':
			puts("preswapd " PRESWAP_VERSION);
			return 0;
		case 'h':
			usage();
			return 0;
		default:
			return wrong_usage();
		}
	}
	if (optind < argc) {
		fprintf(stderr, "preswapd: there is no argument '%s'\n",
			argv[optind]);
		return wrong_usage();
	}
	log_init(level);
	if (read_config(&opts, &config))
		return 1;
	/* systemd makes it for the service (StateDirectory=) */
	if (!strcmp(opts.state_path, LEARNED_PATH))
		mkdir(LEARNED_DIR, 0700);
	if (take_state(opts.state_path)) {
		config_free(config);
		return 1;
	}
	prepare();
	err = loop_run(&opts, config);
	if (err)
		log_msg(LOG_ERR, "%s", strerror(-err));
	return err ? 1 : 0;
}
