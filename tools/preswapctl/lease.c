// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * leases, lease add, lease end.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "lease.h"
#include "show/names.h"
#include "show/units.h"
#include "show/why.h"
#include "state.h"

const char *lease_amount(char *text, const struct preswap_lease *lease,
			 uint64_t value)
{
	switch (lease->kind) {
	case PRESWAP_LEASE_KIND_AFFINITY:
	case PRESWAP_LEASE_KIND_CPU_MAX:
		return units_cpu(text, value);
	case PRESWAP_LEASE_KIND_CPU_WEIGHT:
	case PRESWAP_LEASE_KIND_IO_WEIGHT:
		snprintf(text, UNITS_MAX, "%llu", (unsigned long long)value);
		return text;
	case PRESWAP_LEASE_KIND_IO_MAX:
	case PRESWAP_LEASE_KIND_THROTTLE:
		return units_rate(text, value);
	}
	return units_bytes(text, value);
}

void lease_cells(struct table *table, const struct preswap_lease *l,
		 const char *donor, const char *receiver)
{
	char a[UNITS_MAX], b[UNITS_MAX], c[UNITS_MAX], why[WHY_MAX];

	table_cell(table, "%u%s", l->id, l->dry_run ? " (dry)" : "");
	table_cell(table, "%s", names_lease_kind(l->kind));
	table_cell(table, "%s", donor);
	table_cell(table, "%s", receiver);
	table_cell(table, "%s", lease_amount(a, l, l->amount));
	table_cell(table, "%s", lease_amount(b, l, l->done));
	if (l->full_ns)
		table_cell(table, "%s",
			   units_ms(c, (l->full_ns - l->begin_ns) / 1000000));
	else
		table_cell(table, "-");
	if (l->ended)
		table_cell(table, "%s", l->end_ns ? units_ms(c,
			   (l->end_ns - l->begin_ns) / 1000000) : "-");
	else
		table_cell(table, "%s", units_ms(c, l->left_ms));
	table_cell(table, "%s", names_reason(l->reason));
	table_cell(table, "%llu/%llu", (unsigned long long)l->benefit,
		   (unsigned long long)l->cost);
	table_cell(table, "%s", names_lease_end(l->ended));
	table_cell(table, "%s", why_short(why, l));
}

static void lease_row(struct table *table, const struct state *state,
		      const struct preswap_lease *l)
{
	char donor[24], receiver[24];

	lease_cells(table, l, state_path(state, l->donor_id, donor),
		    state_path(state, l->receiver_id, receiver));
}

static int print_leases(struct ctl *ctl, const struct state *state,
			bool ended)
{
	static const char * const now[] = {
		">ID", "KIND", "DONOR", "RECEIVER", ">AMOUNT", ">DONE",
		">FULL-AFTER", ">LEFT", "REASON", ">BENEFIT/COST", "STATE",
		"WHY", NULL
	};
	static const char * const past[] = { LEASE_ENDED_HEADS, NULL };
	struct table *table = ctl->json ? NULL : table_new(ended ? past : now);
	json_t *array = ctl->json ? json_array() : NULL;

	if (!table && !array)
		return ctl_no_memory();
	for (size_t i = 0; i < state->leases_count; i++) {
		const struct preswap_lease *lease = &state->leases[i];

		if (ended != (lease->ended != PRESWAP_LEASE_END_NONE))
			continue;
		if (array)
			json_array_append_new(array, json_lease(lease));
		else
			lease_row(table, state, lease);
	}
	return array ? json_print(array, true) : ctl_print_table(ctl, table);
}

int cmd_leases(struct ctl *ctl, int argc, char **argv)
{
	struct state state = {};
	bool ended = argc == 2 && !strcmp(argv[1], "--ended");
	int status;

	if (argc > 1 + ended)
		return ctl_usage(ctl, "leases takes no argument '%s'",
				 argv[1 + ended]);
	status = state_read_leases(ctl, &state);
	if (!status && !ctl->json)
		status = state_read_apps(ctl, &state);
	if (!status)
		status = print_leases(ctl, &state, ended);
	state_free(&state);
	return status;
}

enum { SHARE = 256 };	/* options of a share: SHARE + its kind */

/* "8:0"; an exit status. */
static int add_device(struct ctl *ctl, const char *value, uint32_t *device)
{
	unsigned int major, minor;
	char end;

	if (sscanf(value, "%u:%u%c", &major, &minor, &end) != 2 ||
	    !major || major >= 1U << 12 || minor >= 1U << 20)
		return ctl_usage(ctl, "--device is like 8:0 (see lsblk), not '%s'",
				 value);
	*device = major << 20 | minor;
	return CTL_OK;
}

static int add_share(struct ctl *ctl, uint8_t kind, const char *value,
		     struct preswap_lease_opts *lease)
{
	lease->kind = kind;
	switch (kind) {
	case PRESWAP_LEASE_KIND_CPU_WEIGHT:
	case PRESWAP_LEASE_KIND_IO_WEIGHT:
		if (units_parse_number(value, 1, PRESWAP_WEIGHT_MAX,
				       &lease->amount))
			return ctl_usage(ctl, "%s is 1 to %u, not '%s'",
					 names_lease_kind(kind),
					 PRESWAP_WEIGHT_MAX, value);
		return CTL_OK;
	case PRESWAP_LEASE_KIND_CPU_MAX:
		if (units_parse_cpu(value, &lease->amount) || !lease->amount)
			return ctl_usage(ctl, "--cpu-max is like 500m or 1.5, not '%s'",
					 value);
		return CTL_OK;
	}
	if (units_parse_bytes(value, &lease->amount) || !lease->amount)
		return ctl_usage(ctl, "%s is like 64M, up to 16T, not '%s'",
				 names_lease_kind(kind), value);
	return CTL_OK;
}

/* One option of lease add; an exit status. */
static int add_option(struct ctl *ctl, int option, const char *value,
		      struct preswap_lease_opts *lease)
{
	if (option >= SHARE)
		return add_share(ctl, (uint8_t)(option - SHARE), value, lease);
	switch (option) {
	case 'd':
		return ctl_app(ctl, value, &lease->donor_id);
	case 'r':
		return ctl_app(ctl, value, &lease->receiver_id);
	case 't':
		return ctl_usage(ctl, "a throttle is only begun by the module itself; use --io-max BYTES --device MAJ:MIN");
	case 'D':
		return add_device(ctl, value, &lease->device);
	case 'c':
		lease->kind = PRESWAP_LEASE_KIND_AFFINITY;
		if (units_parse_cpu(value, &lease->amount) || !lease->amount)
			return ctl_usage(ctl, "--cpu is like 500m or 1.5, not '%s'",
					 value);
		return CTL_OK;
	case 'm':
		lease->kind = PRESWAP_LEASE_KIND_RECLAIM;
		if (units_parse_bytes(value, &lease->amount) || !lease->amount)
			return ctl_usage(ctl, "--memory is like 64M, up to 16T, not '%s'",
					 value);
		return CTL_OK;
	case 'f':
		if (units_parse_ms(value, &lease->duration_ms) ||
		    !lease->duration_ms ||
		    lease->duration_ms > PRESWAP_LEASE_MAX_MS)
			return ctl_usage(ctl, "--for is like 30s, up to 1h, not '%s'",
					 value);
		return CTL_OK;
	default:
		return ctl_bad_option(ctl);
	}
}

static int add_args(struct ctl *ctl, int argc, char **argv,
		    struct preswap_lease_opts *lease)
{
	static const struct option options[] = {
		{ "donor", required_argument, NULL, 'd' },
		{ "app", required_argument, NULL, 'd' },
		{ "receiver", required_argument, NULL, 'r' },
		{ "cpu", required_argument, NULL, 'c' },
		{ "memory", required_argument, NULL, 'm' },
		{ "for", required_argument, NULL, 'f' },
		{ "device", required_argument, NULL, 'D' },
		{ "throttle", required_argument, NULL, 't' },
		{ "cpu-weight", required_argument, NULL,
		  SHARE + PRESWAP_LEASE_KIND_CPU_WEIGHT },
		{ "cpu-max", required_argument, NULL,
		  SHARE + PRESWAP_LEASE_KIND_CPU_MAX },
		{ "io-weight", required_argument, NULL,
		  SHARE + PRESWAP_LEASE_KIND_IO_WEIGHT },
		{ "io-max", required_argument, NULL,
		  SHARE + PRESWAP_LEASE_KIND_IO_MAX },
		{ "memory-low", required_argument, NULL,
		  SHARE + PRESWAP_LEASE_KIND_MEMORY_LOW },
		{ "memory-high", required_argument, NULL,
		  SHARE + PRESWAP_LEASE_KIND_MEMORY_HIGH },
		{}
	};
	int option, status, amounts = 0, donors = 0;

	while ((option = ctl_getopt(argc, argv, options)) >= 0) {
		amounts += option == 'c' || option == 'm' || option >= SHARE;
		donors += option == 'd';
		status = add_option(ctl, option, optarg, lease);
		if (status)
			return status;
	}
	if (optind < argc)
		return ctl_usage(ctl, "lease add takes no argument '%s'",
				 argv[optind]);
	if (!lease->donor_id)
		return ctl_usage(ctl, "lease add: whose? --donor APP, or --app APP");
	if (donors > 1)
		return ctl_usage(ctl, "lease add: one --donor or --app, not %d: a lease is one app's", donors);
	if (!amounts)
		return ctl_usage(ctl, "lease add: how much? --memory BYTES, --cpu CORES, or another amount");
	if (amounts > 1)
		return ctl_usage(ctl, "lease add: one amount, not %d: a lease has one resource", amounts);
	if (!lease->duration_ms)
		return ctl_usage(ctl, "lease add: how long? --for TIME, up to 1h");
	return CTL_OK;
}

static int lease_add(struct ctl *ctl, int argc, char **argv)
{
	struct preswap_lease_opts opts = { .size = sizeof(opts) };
	struct preswap_lease lease = { .size = sizeof(lease) };
	char amount[UNITS_MAX], time[UNITS_MAX];
	int status = add_args(ctl, argc, argv, &opts), err;

	if (status)
		return status;
	err = preswap_lease_add(ctl->ctx, &opts, &lease);
	if (err)
		return ctl_failed(ctl, err, "beginning the lease");
	if (ctl->json)
		return json_print(json_lease(&lease), true);
	printf("lease %u: %s %s for %s\n", lease.id,
	       names_lease_kind(lease.kind),
	       lease_amount(amount, &lease, lease.amount),
	       units_ms(time, opts.duration_ms));
	return CTL_OK;
}

static int lease_end(struct ctl *ctl, int argc, char **argv)
{
	uint64_t id;
	int err;

	if (argc != 2 || units_parse_number(argv[1], 1, UINT32_MAX, &id))
		return ctl_usage(ctl, "lease end takes one lease's number; preswapctl leases lists them");
	err = preswap_lease_end(ctl->ctx, id);
	if (err == -ENOENT) {
		fprintf(stderr, "preswapctl: no lease in force has number %s; preswapctl leases lists them\n",
			argv[1]);
		return CTL_FAILED;
	}
	if (err)
		return ctl_failed(ctl, err, "ending lease %s", argv[1]);
	return CTL_OK;
}

int cmd_lease(struct ctl *ctl, int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "add"))
		return lease_add(ctl, argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "end"))
		return lease_end(ctl, argc - 1, argv + 1);
	return ctl_usage(ctl, "lease what? add or end");
}
