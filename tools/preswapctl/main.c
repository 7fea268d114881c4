// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preswapctl: see preswapctl(8).
 */
#include <ctype.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "show/absent.h"
#include "show/units.h"

static const struct command {
	const char *name;
	ctl_fn run;
	const char *usage;	/* a line a form; more of one begin with a blank */
	const char *help;
} commands[] = {
	{ "show", cmd_overview, "", "the node and its apps; the default" },
	{ "top", cmd_top, "[--interval 1s] [--iterations N]",
	  "the same, refreshed; q quits" },
	{ "info", cmd_info, "", "the module, its settings and counters" },
	{ "inventory", cmd_inventory, "",
	  "what the node has: cores, memory, swap, disks, links" },
	{ "apps", cmd_apps, "", "usage of each app" },
	{ "tasks", cmd_tasks, "[APP]", "usage of each task" },
	{ "leases", cmd_leases, "[--ended]",
	  "leases in force, or those that ended" },
	{ "log", cmd_log, "[--since TIME] [--app APP] [--state FILE]",
	  "the swap log: what was taken, from whom, for whom, and how it ended" },
	{ "lease", cmd_lease,
	  "add --donor APP [--receiver APP] --cpu CORES|--memory BYTES --for TIME\n"
	  "add --app APP --cpu-weight N|--cpu-max CORES|--io-weight N|\n"
	  " --io-max BYTES --device MAJ:MIN|--memory-low BYTES|--memory-high BYTES\n"
	  " --for TIME\n"
	  "end ID",
	  "begin or end a lease by hand" },
	{ "policy", cmd_policy,
	  "set APP --priority N [--sensitivity latency|normal|batch]\n"
	  " [--swap-eligible yes|no] [--floor-cpu CORES] [--floor-mem BYTES]\n"
	  " [--floor-io BYTES] [--floor-net BYTES] [--reserve-mem BYTES]\n"
	  " [--gives cpu,memory,io,net]\n"
	  " [--receives cpu,memory,io,net|none] [--groups N,N...|none]\n"
	  " [--never-to N,N...|none] [--max-stall PERCENT]\n"
	  " [--max-downtime TIME|none] [--needs-approval yes|no]\n"
	  "approve APP --for TIME|--revoke\n"
	  "get [APP]\n"
	  "delete APP",
	  "declared facts about apps" },
	{ "forecast", cmd_forecast,
	  "set APP cpu|memory|io|net --valid TIME HORIZON:MEAN[:Q05:Q50:Q95]...\n"
	  "set --file FILE\n"
	  "get [APP]",
	  "what the module expects" },
	{ "agenda", cmd_agenda, "[--for TIME] [--config FILE]",
	  "coming events: calendars, timers, cron" },
	{ "launches", cmd_launches, "[--state FILE]",
	  "programs, when they will start and what they then use" },
	{ "ab", cmd_ab,
	  "[--for TIME] [--washout TIME] [--app APP] [--latency [APP=]FILE]...",
	  "what preswap does for the apps, by a running A/B test" },
	{ "events", cmd_events, "[--count N] [--timeout TIME]",
	  "leases and shortages as they happen" },
	{ "explain", cmd_explain, "[LEASE] [--file FILE]",
	  "why the module decided as it did" },
	{ "record", cmd_record, "[--seconds N] [--output FILE] [--interval MS]",
	  "all that it decides, for explain and preswap-replay" },
	{ "dump", cmd_dump, "[--interval TIME] [--iterations N]",
	  "everything, tab-separated, for scripts" },
	{}
};

static void print_help(void)
{
	puts("usage: preswapctl [--json] [COMMAND ...]\n"
	     "       preswapctl --help|--version\n");
	for (const struct command *c = commands; c->name; c++)
		printf("  %-9s %s\n", c->name, c->help);
	puts("\npreswapctl COMMAND --help shows a command's arguments; preswapctl(8) has the\n"
	     "whole. APP is a cgroup's path (system.slice/redis.service) or its id.");
}

/* "usage: preswapctl NAME ARGUMENTS", a line or more for each form. */
static void put_usage(FILE *to, const struct ctl *ctl)
{
	const char *form = ctl->usage, *head = "usage:";
	int len;

	do {
		len = (int)strcspn(form, "\n");
		if (*form == ' ')
			fprintf(to, "           %.*s\n", len, form);
		else
			fprintf(to, "%-6s preswapctl %s%s%.*s\n", head,
				ctl->name, len ? " " : "", len, form);
		head = "";
		form += len;
	} while (*form++);
}

int ctl_usage(struct ctl *ctl, const char *format, ...)
{
	va_list args;

	fputs("preswapctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fputc('\n', stderr);
	put_usage(stderr, ctl);
	return CTL_USAGE;
}

int ctl_bad_option(struct ctl *ctl)
{
	put_usage(stderr, ctl);
	return CTL_USAGE;
}

int ctl_getopt(int argc, char **argv, const struct option *options)
{
	static char me[] = "preswapctl";
	char *name = argv[0];
	int option;

	argv[0] = me;
	option = getopt_long(argc, argv, "", options, NULL);
	argv[0] = name;
	return option;
}

int ctl_failed(struct ctl *ctl, int err, const char *format, ...)
{
	const char *text = preswap_strerror(ctl->ctx), *next = NULL;
	char load[ABSENT_MAX];
	va_list args;

	if (err == -ENODEV) {
		absent_next("", load);
		next = load;
	}
	/* where the module has a reason of its own, root does not help */
	else if (err == -EPERM && !strcmp(text, strerror(EPERM)))
		next = "needs CAP_NET_ADMIN (run as root)";
	else if (err == -EAGAIN)
		next = "try again";
	fputs("preswapctl: ", stderr);
	va_start(args, format);
	vfprintf(stderr, format, args);
	va_end(args);
	fprintf(stderr, ": %s%s%s\n", text, next ? "; " : "", next ?: "");
	return CTL_FAILED;
}

int ctl_no_memory(void)
{
	fputs("preswapctl: out of memory\n", stderr);
	return CTL_FAILED;
}

int ctl_no_args(struct ctl *ctl, int argc, char **argv)
{
	if (argc > 1)
		return ctl_usage(ctl, "%s takes no argument '%s'", ctl->name,
				 argv[1]);
	return CTL_OK;
}

int ctl_repeat(struct ctl *ctl, int argc, char **argv, uint32_t *interval_ms,
	       uint64_t *iterations)
{
	static const struct option options[] = {
		{ "interval", required_argument, NULL, 'i' },
		{ "iterations", required_argument, NULL, 'n' },
		{}
	};
	int option;

	while ((option = ctl_getopt(argc, argv, options)) >= 0) {
		if (option == 'i' && (units_parse_ms(optarg, interval_ms) ||
				      *interval_ms < 100 ||
				      *interval_ms > 3600000))
			return ctl_usage(ctl, "--interval is 100ms to 1h, not '%s'",
					 optarg);
		if (option == 'n' && units_parse_number(optarg, 1, UINT32_MAX,
							iterations))
			return ctl_usage(ctl, "--iterations is a number from 1, not '%s'",
					 optarg);
		if (option == '?')
			return ctl_bad_option(ctl);
	}
	if (optind < argc)
		return ctl_usage(ctl, "%s takes no argument '%s'", ctl->name,
				 argv[optind]);
	return CTL_OK;
}

int ctl_app(struct ctl *ctl, const char *text, uint64_t *id)
{
	int err;

	if (!units_parse_number(text, 1, UINT64_MAX, id))
		return CTL_OK;
	err = preswap_cgroup_id(ctl->ctx, text, id);
	if (!err)
		return CTL_OK;
	fprintf(stderr, "preswapctl: app '%s': %s%s\n", text,
		preswap_strerror(ctl->ctx),
		err == -ENOENT ? "; preswapctl apps lists them" : "");
	return CTL_FAILED;
}

void ctl_time_cell(struct table *table, time_t at)
{
	char text[32];
	struct tm tm;

	localtime_r(&at, &tm);
	strftime(text, sizeof(text), "%a %e %b %H:%M:%S", &tm);
	table_cell(table, "%s", text);
}

int ctl_print_table(struct ctl *ctl, struct table *table)
{
	int err = table_print(table, stdout, ctl->color);

	table_free(table);
	return err ? ctl_no_memory() : CTL_OK;
}

/* --json may stand anywhere before a "--". */
static int take_json(int argc, char **argv, bool *json)
{
	int kept = 1, i;

	for (i = 1; i < argc && strcmp(argv[i], "--"); i++) {
		if (!strcmp(argv[i], "--json"))
			*json = true;
		else
			argv[kept++] = argv[i];
	}
	while (i < argc)
		argv[kept++] = argv[i++];
	argv[kept] = NULL;
	return kept;
}

static bool asks_help(int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (!strcmp(argv[i], "--help") || !strcmp(argv[i], "-h"))
			return true;
	return false;
}

static int run(struct ctl *ctl, const struct command *c, int argc,
	       char **argv)
{
	int err, status;

	ctl->name = c->name;
	ctl->usage = c->usage;
	if (asks_help(argc, argv)) {
		put_usage(stdout, ctl);
		puts(c->help);
		return CTL_OK;
	}
	err = preswap_new(&ctl->ctx);
	if (err) {
		fprintf(stderr, "preswapctl: netlink: %s\n", strerror(-err));
		return CTL_FAILED;
	}
	status = c->run(ctl, argc, argv);
	preswap_unref(ctl->ctx);
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "preswapctl: writing: %s\n", strerror(errno));
		return CTL_FAILED;
	}
	return status;
}

int main(int argc, char **argv)
{
	struct ctl ctl = {
		.color = isatty(STDOUT_FILENO) && !getenv("NO_COLOR"),
	};
	static char *show[] = { "show", NULL };

	argc = take_json(argc, argv, &ctl.json);
	if (argc < 2)
		return run(&ctl, &commands[0], 1, show);
	if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ||
	    !strcmp(argv[1], "help")) {
		print_help();
		return CTL_OK;
	}
	if (!strcmp(argv[1], "--version") || !strcmp(argv[1], "-V")) {
		puts("preswapctl " PRESWAP_VERSION);
		return CTL_OK;
	}
	for (const struct command *c = commands; c->name; c++)
		if (!strcmp(c->name, argv[1]))
			return run(&ctl, c, argc - 1, argv + 1);
	/* the list would push the reason off the screen */
	fprintf(stderr, "preswapctl: no %s '%s'; preswapctl --help lists them\n",
		*argv[1] == '-' ? "option" : "command", argv[1]);
	return CTL_USAGE;
}
