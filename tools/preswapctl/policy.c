// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * policy set, get, approve, delete.
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "json.h"
#include "show/names.h"
#include "show/units.h"
#include "state.h"

static int set_option(struct ctl *ctl, int option, const char *value,
		      struct preswap_policy *p)
{
	uint64_t number;

	switch (option) {
	case 'p':
		if (units_parse_number(value, PRESWAP_PRIORITY_MIN,
				       PRESWAP_PRIORITY_MAX, &number))
			return ctl_usage(ctl, "--priority is %d to %d, not '%s'",
					 PRESWAP_PRIORITY_MIN,
					 PRESWAP_PRIORITY_MAX, value);
		p->priority = number;
		return CTL_OK;
	case 's':
		if (names_parse_sensitivity(value, &p->sensitivity))
			return ctl_usage(ctl, "--sensitivity is latency, normal or batch, not '%s'",
					 value);
		return CTL_OK;
	case 'e':
		if (names_parse_yes_no(value, &p->swap_eligible))
			return ctl_usage(ctl, "--swap-eligible is yes or no, not '%s'",
					 value);
		return CTL_OK;
	case 'c':
		if (units_parse_cpu(value, &p->floor_cpu_milli))
			return ctl_usage(ctl, "--floor-cpu is like 500m or 1.5, not '%s'",
					 value);
		return CTL_OK;
	case 'm':
		if (units_parse_bytes(value, &p->floor_mem_bytes))
			return ctl_usage(ctl, "--floor-mem is like 64M, up to 16T, not '%s'",
					 value);
		return CTL_OK;
	case 'i':
		if (units_parse_bytes(value, &p->floor_io_bytes))
			return ctl_usage(ctl, "--floor-io is like 5M (per second), up to 16T, not '%s'",
					 value);
		return CTL_OK;
	case 'n':
		if (units_parse_bytes(value, &p->floor_net_bytes))
			return ctl_usage(ctl, "--floor-net is like 5M (per second), up to 16T, not '%s'",
					 value);
		return CTL_OK;
	case 'R':
		if (units_parse_mib(value, &p->reserve_mem_mib))
			return ctl_usage(ctl, "--reserve-mem is like 64M, in whole MiB, up to 16T, not '%s'",
					 value);
		return CTL_OK;
	case 'g':
		if (names_parse_gives(value, &p->gives))
			return ctl_usage(ctl, "--gives is some of cpu,memory,io,net, not '%s'",
					 value);
		return CTL_OK;
	case 'r':
		if (names_parse_receives(value, &p->receives))
			return ctl_usage(ctl, "--receives is none, or some of cpu,memory,io,net, not '%s'",
					 value);
		return CTL_OK;
	case 'G':
		if (names_parse_groups(value, &p->groups))
			return ctl_usage(ctl, "--groups is none, or like 1,4 (of 1 to 32), not '%s'",
					 value);
		return CTL_OK;
	case 'N':
		if (names_parse_groups(value, &p->never_to))
			return ctl_usage(ctl, "--never-to is none, or like 1,4 (of 1 to 32), not '%s'",
					 value);
		return CTL_OK;
	case 'S':
		if (units_parse_percent(value, &p->max_stall_pct))
			return ctl_usage(ctl, "--max-stall is 1%% to 100%%, not '%s'",
					 value);
		return CTL_OK;
	case 'd':
		if (units_parse_downtime(value, &p->max_downtime_ms))
			return ctl_usage(ctl, "--max-downtime is none, or 10ms to 1h, not '%s'",
					 value);
		return CTL_OK;
	case 'a':
		if (names_parse_yes_no(value, &p->needs_approval))
			return ctl_usage(ctl, "--needs-approval is yes or no, not '%s'",
					 value);
		return CTL_OK;
	default:
		return ctl_bad_option(ctl);
	}
}

/* The module replaces a policy whole: what is not given stays as it is. */
static int begin_with(struct ctl *ctl, struct preswap_policy *policy)
{
	uint64_t id = policy->app_id;
	int err = preswap_policy_get(ctl->ctx, id, policy);

	policy->app_id = id;
	policy->fields = PRESWAP_POLICY_ALL;
	if (err == -ENOENT) {
		policy->sensitivity = PRESWAP_SENSITIVITY_NORMAL;
		policy->swap_eligible = 1;
		policy->gives = PRESWAP_GIVES_ALL;
		policy->receives = PRESWAP_GIVES_ALL;
		return CTL_OK;
	}
	return err ? ctl_failed(ctl, err, "reading the policy") : CTL_OK;
}

static int policy_set(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "priority", required_argument, NULL, 'p' },
		{ "sensitivity", required_argument, NULL, 's' },
		{ "swap-eligible", required_argument, NULL, 'e' },
		{ "floor-cpu", required_argument, NULL, 'c' },
		{ "floor-mem", required_argument, NULL, 'm' },
		{ "floor-io", required_argument, NULL, 'i' },
		{ "floor-net", required_argument, NULL, 'n' },
		{ "reserve-mem", required_argument, NULL, 'R' },
		{ "gives", required_argument, NULL, 'g' },
		{ "receives", required_argument, NULL, 'r' },
		{ "groups", required_argument, NULL, 'G' },
		{ "never-to", required_argument, NULL, 'N' },
		{ "max-stall", required_argument, NULL, 'S' },
		{ "max-downtime", required_argument, NULL, 'd' },
		{ "needs-approval", required_argument, NULL, 'a' },
		{}
	};
	struct preswap_policy policy = { .size = sizeof(policy) }, unused = {};
	int option, status, err;

	/* First all arguments, then the module; getopt moves APP to the end. */
	while ((option = ctl_getopt(argc, argv, options)) >= 0) {
		status = set_option(ctl, option, optarg, &unused);
		if (status)
			return status;
	}
	if (optind + 1 != argc)
		return ctl_usage(ctl, "policy set takes one APP");
	status = ctl_app(ctl, argv[optind], &policy.app_id);
	status = status ?: begin_with(ctl, &policy);
	if (status)
		return status;
	optind = 0;
	while ((option = ctl_getopt(argc, argv, options)) >= 0)
		set_option(ctl, option, optarg, &policy);
	if (!policy.priority)
		return ctl_usage(ctl, "the app has no policy yet: --priority is needed");
	err = preswap_policy_set(ctl->ctx, &policy);
	if (err)
		return ctl_failed(ctl, err, "setting the policy");
	return CTL_OK;
}

static int policy_approve(struct ctl *ctl, int argc, char **argv)
{
	static const struct option options[] = {
		{ "for", required_argument, NULL, 'f' },
		{ "revoke", no_argument, NULL, 'r' },
		{}
	};
	uint32_t duration_ms = 0;
	bool revoke = false;
	int option, status, err;
	uint64_t id;

	while ((option = ctl_getopt(argc, argv, options)) >= 0) {
		if (option == 'r')
			revoke = true;
		else if (option != 'f')
			return ctl_bad_option(ctl);
		else if (units_parse_ms(optarg, &duration_ms) || !duration_ms ||
			 duration_ms > PRESWAP_APPROVAL_MAX_MS)
			return ctl_usage(ctl, "--for is like 30m or 8h, up to 168h, not '%s'",
					 optarg);
	}
	if (optind + 1 != argc || revoke == (duration_ms > 0))
		return ctl_usage(ctl, "policy approve takes one APP, and --for TIME or --revoke");
	status = ctl_app(ctl, argv[optind], &id);
	if (status)
		return status;
	err = preswap_policy_approve(ctl->ctx, id, duration_ms);
	if (err)
		return ctl_failed(ctl, err, "approving for %s", argv[optind]);
	return CTL_OK;
}

static int policy_delete(struct ctl *ctl, int argc, char **argv)
{
	uint64_t id;
	int err, status;

	if (argc != 2)
		return ctl_usage(ctl, "policy delete takes one APP");
	status = ctl_app(ctl, argv[1], &id);
	if (status)
		return status;
	err = preswap_policy_del(ctl->ctx, id);
	if (err)
		return ctl_failed(ctl, err, "deleting the policy of %s",
				  argv[1]);
	return CTL_OK;
}

struct policy_list {
	struct table *table;
	json_t *array;
	const struct state *state;
};

static int add_policy(void *data, const struct preswap_policy *p)
{
	struct policy_list *list = data;
	char cpu[UNITS_MAX], mem[UNITS_MAX], io[UNITS_MAX], left[UNITS_MAX];
	char net[UNITS_MAX], downtime[UNITS_MAX], reserve[UNITS_MAX], id[24];
	char groups[NAMES_GROUPS_MAX], never_to[NAMES_GROUPS_MAX];

	if (list->array)
		return json_array_append_new(list->array, json_policy(p));
	table_cell(list->table, "%s", state_path(list->state, p->app_id, id));
	table_cell(list->table, "%u", p->priority);
	table_cell(list->table, "%s", names_sensitivity(p->sensitivity));
	table_cell(list->table, "%s", p->swap_eligible ? "yes" : "no");
	table_cell(list->table, "%s", units_cpu(cpu, p->floor_cpu_milli));
	table_cell(list->table, "%s", units_bytes(mem, p->floor_mem_bytes));
	table_cell(list->table, "%s", units_rate(io, p->floor_io_bytes));
	table_cell(list->table, "%s", units_rate(net, p->floor_net_bytes));
	table_cell(list->table, "%s",
		   units_bytes(reserve, (uint64_t)p->reserve_mem_mib << 20));
	table_cell(list->table, "%s",
		   p->swap_eligible ? names_gives(p->gives) : "-");
	table_cell(list->table, "%s", names_gives(p->receives));
	table_cell(list->table, "%s", names_groups(groups, p->groups));
	table_cell(list->table, "%s", names_groups(never_to, p->never_to));
	table_cell(list->table, "%u %%", p->max_stall_pct);
	table_cell(list->table, "%s", p->max_downtime_ms ?
		   units_ms(downtime, p->max_downtime_ms) : "none");
	table_cell(list->table, "%s", !p->needs_approval ? "not needed" :
		   p->approved_ms ? units_ms(left, p->approved_ms) : "missing");
	return 0;
}

static int get_policies(struct ctl *ctl, uint64_t app_id,
			struct policy_list *list)
{
	struct preswap_policy policy = { .size = sizeof(policy) };
	int err;

	if (!app_id)
		return preswap_policies(ctl->ctx, add_policy, list);
	err = preswap_policy_get(ctl->ctx, app_id, &policy);
	return err ?: add_policy(list, &policy);
}

static int policy_get(struct ctl *ctl, int argc, char **argv)
{
	static const char * const heads[] = {
		"APP", ">PRIO", "SENSITIVITY", "MAY-GIVE", ">FLOOR-CPU",
		">FLOOR-MEM", ">FLOOR-IO", ">FLOOR-NET",
		">RESERVE-MEM", "GIVES", "RECEIVES", "GROUPS", "NEVER-TO",
		">MAX-STALL", ">MAX-DOWNTIME", "APPROVED", NULL
	};
	struct policy_list list = {};
	struct state state = {};
	uint64_t id = 0;
	int status = CTL_OK, err;

	if (argc > 2)
		return ctl_usage(ctl, "policy get takes one APP");
	if (argc == 2)
		status = ctl_app(ctl, argv[1], &id);
	if (!status && !ctl->json)
		status = state_read_apps(ctl, &state);
	if (status)
		goto out;
	list.state = &state;
	list.array = ctl->json ? json_array() : NULL;
	list.table = ctl->json ? NULL : table_new(heads);
	if (!list.array && !list.table) {
		status = ctl_no_memory();
		goto out;
	}
	err = get_policies(ctl, id, &list);
	if (err) {
		json_decref(list.array);
		table_free(list.table);
		status = ctl_failed(ctl, err, "reading the policy");
	} else {
		status = list.array ? json_print(list.array, true) :
				      ctl_print_table(ctl, list.table);
	}
out:
	state_free(&state);
	return status;
}

int cmd_policy(struct ctl *ctl, int argc, char **argv)
{
	if (argc > 1 && !strcmp(argv[1], "set"))
		return policy_set(ctl, argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "get"))
		return policy_get(ctl, argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "delete"))
		return policy_delete(ctl, argc - 1, argv + 1);
	if (argc > 1 && !strcmp(argv[1], "approve"))
		return policy_approve(ctl, argc - 1, argv + 1);
	return ctl_usage(ctl, "policy what? set, get, approve or delete");
}
