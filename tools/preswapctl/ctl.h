/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What the subcommands of preswapctl share.
 */
#ifndef CTL_H
#define CTL_H

#include <preswap/preswap.h>
#include <time.h>

#include "show/table.h"

#define CTL_OK		0
#define CTL_FAILED	1
#define CTL_USAGE	2

struct option;

struct ctl {
	struct preswap_ctx *ctx;
	bool json;
	bool color;			/* standard output is a terminal */
	const char *name, *usage;	/* of the running command */
};

/* Each command: argv[0] is its name; returns an exit status. */
typedef int (*ctl_fn)(struct ctl *ctl, int argc, char **argv);

int cmd_overview(struct ctl *ctl, int argc, char **argv);
int cmd_top(struct ctl *ctl, int argc, char **argv);
int cmd_info(struct ctl *ctl, int argc, char **argv);
int cmd_apps(struct ctl *ctl, int argc, char **argv);
int cmd_tasks(struct ctl *ctl, int argc, char **argv);
int cmd_leases(struct ctl *ctl, int argc, char **argv);
int cmd_lease(struct ctl *ctl, int argc, char **argv);
int cmd_log(struct ctl *ctl, int argc, char **argv);
int cmd_policy(struct ctl *ctl, int argc, char **argv);
int cmd_inventory(struct ctl *ctl, int argc, char **argv);
int cmd_ab(struct ctl *ctl, int argc, char **argv);
int cmd_forecast(struct ctl *ctl, int argc, char **argv);
int cmd_events(struct ctl *ctl, int argc, char **argv);
int cmd_dump(struct ctl *ctl, int argc, char **argv);
int cmd_record(struct ctl *ctl, int argc, char **argv);
int cmd_agenda(struct ctl *ctl, int argc, char **argv);
int cmd_launches(struct ctl *ctl, int argc, char **argv);
int cmd_explain(struct ctl *ctl, int argc, char **argv);

/* These print to stderr and return the exit status. */
__attribute__((format(printf, 2, 3)))
int ctl_usage(struct ctl *ctl, const char *format, ...);
/* The same where getopt has said what is wrong. */
int ctl_bad_option(struct ctl *ctl);
/* getopt_long() of long options, whose messages name the program. */
int ctl_getopt(int argc, char **argv, const struct option *options);
/* @err is the library's: its text, and what to do about it. */
__attribute__((format(printf, 3, 4)))
int ctl_failed(struct ctl *ctl, int err, const char *format, ...);

/* No arguments beyond the command's name; else a usage error. */
int ctl_no_args(struct ctl *ctl, int argc, char **argv);
/* [--interval TIME] [--iterations N]: what is not given stays. An exit status. */
int ctl_repeat(struct ctl *ctl, int argc, char **argv, uint32_t *interval_ms,
	       uint64_t *iterations);
/* APP, a path or an id; an exit status. */
int ctl_app(struct ctl *ctl, const char *text, uint64_t *id);
/* Prints and frees the table; an exit status. */
int ctl_print_table(struct ctl *ctl, struct table *table);
/* "Mon 5 Jan 09:00:00" */
void ctl_time_cell(struct table *table, time_t at);
int ctl_no_memory(void);

#endif /* CTL_H */
