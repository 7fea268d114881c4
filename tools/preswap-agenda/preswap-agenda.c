// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preswap-agenda - reads calendars, crontabs and systemd's timers, and prints
 * what will begin, for preswapd and preswapctl, in the form of agenda_write().
 *
 * A program of its own, because libical brings 40 MB that the daemon would hold
 * locked in memory, and because calendars come from elsewhere: what a bad one
 * breaks is only this.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sense/agenda.h"
#include "show/units.h"

#define OOM_SCORE	"500\n"

static int usage(FILE *to)
{
	fputs("usage: preswap-agenda [--calendar PATH]... [--cron] [--timers] [--from TIME] [--span SECONDS]\n"
	      "Prints what will begin; 'preswapctl agenda' shows it to people.\n",
	      to);
	return to == stdout ? 0 : 2;
}

static int add_calendar(struct agenda_opts *opts, const char *path)
{
	if (opts->nr_calendars == AGENDA_CALENDARS_MAX)
		return -1;
	opts->calendars[opts->nr_calendars++] = path;
	return 0;
}

static int parse_args(int argc, char **argv, struct agenda_opts *opts)
{
	static const struct option options[] = {
		{ "calendar", required_argument, NULL, 'a' },
		{ "cron", no_argument, NULL, 'c' },
		{ "timers", no_argument, NULL, 't' },
		{ "from", required_argument, NULL, 'f' },
		{ "span", required_argument, NULL, 's' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	uint64_t number = 0;
	int option;

	while ((option = getopt_long(argc, argv, "", options, NULL)) >= 0) {
		if (option == 'h')
			exit(usage(stdout));
		if ((option == 'f' || option == 's') &&
		    units_parse_number(optarg, 1, 1ULL << 36, &number))
			return -1;
		if (option == 'a' && add_calendar(opts, optarg))
			return -1;
		if (option == '?')
			return -1;
		if (option == 'f')
			opts->from = number;
		if (option == 's')
			opts->span_s = number;
		opts->cron |= option == 'c';
		opts->timers |= option == 't';
	}
	return optind < argc ? -1 : 0;
}

/*
 * The daemon is protected from the OOM killer, and what it starts is too; but a
 * large calendar takes some hundred MB, and others are not to be killed for it.
 */
static void give_up_protection(void)
{
	FILE *score = fopen("/proc/self/oom_score_adj", "we");

	if (!score)
		return;
	fputs(OOM_SCORE, score);
	fclose(score);
}

int main(int argc, char **argv)
{
	struct agenda_opts opts = {
		.root = "", .from = time(NULL), .span_s = 86400,
	};
	struct agenda *agenda;
	int err;

	if (parse_args(argc, argv, &opts))
		return usage(stderr);
	give_up_protection();
	err = agenda_read(&opts, &agenda);
	if (!err) {
		err = agenda_write(agenda, stdout);
		agenda_free(agenda);
	}
	if (!err && fflush(stdout))
		err = -errno;
	if (err)
		fprintf(stderr, "preswap-agenda: %s\n", strerror(-err));
	return err ? 1 : 0;
}
