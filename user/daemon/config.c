// SPDX-License-Identifier: GPL-2.0-or-later
#include <ctype.h>
#include <errno.h>
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "show/names.h"
#include "show/units.h"

#define VALID_MS_DEFAULT	5000	/* a few usage periods may be lost */
#define MAX_APPS_DEFAULT	1024

enum section { NONE, DAEMON, EVENTS, POLICY };

#define SECTIONS	"[daemon], [events] or [policy \"PATTERN\"]"

struct parser {
	struct config *config;
	enum section section;
	uint32_t daemon_seen;		/* keys of [daemon] so far */
	uint32_t events_seen;		/* of [events] */
	const char *name;
	unsigned int line;
	char *error;
	size_t error_size;
};

__attribute__((format(printf, 2, 3)))
static int refuse(struct parser *p, const char *format, ...)
{
	int used = snprintf(p->error, p->error_size, "%s:%u: ", p->name,
			    p->line);
	va_list args;

	if (used >= 0 && (size_t)used < p->error_size) {
		va_start(args, format);
		vsnprintf(p->error + used, p->error_size - used, format, args);
		va_end(args);
	}
	return -EINVAL;
}

static char *strip(char *text)
{
	char *end;

	while (isspace((unsigned char)*text))
		text++;
	end = text + strlen(text);
	while (end > text && isspace((unsigned char)end[-1]))
		*--end = 0;
	return text;
}

static int check_section(struct parser *p)
{
	static const uint8_t max_stall_pct[] = {
		[PRESWAP_SENSITIVITY_LATENCY] = 5,
		[PRESWAP_SENSITIVITY_NORMAL] = 20,
		[PRESWAP_SENSITIVITY_BATCH] = 60,
	};
	struct config_policy *last;

	if (p->section != POLICY)
		return 0;
	last = &p->config->policies[p->config->count - 1];
	if (!(last->policy.fields & PRESWAP_POLICY_PRIORITY))
		return refuse(p, "policy \"%s\" has no priority",
			      last->pattern);
	last->policy.fields = PRESWAP_POLICY_ALL;
	/* as the module has them, to see whether it has this policy already */
	if (!last->policy.max_stall_pct)
		last->policy.max_stall_pct =
			max_stall_pct[last->policy.sensitivity];
	return 0;
}

static int begin_policy(struct parser *p, char *rest)
{
	struct config *config = p->config;
	struct config_policy *policies;
	size_t len;

	rest = strip(rest);
	len = strlen(rest);
	if (len < 3 || rest[0] != '"' || rest[len - 1] != '"' ||
	    memchr(rest + 1, '"', len - 2))
		return refuse(p, "expected [policy \"PATTERN\"]");
	rest[len - 1] = 0;
	rest += rest[1] == '/' ? 2 : 1;
	for (size_t i = 0; i < config->count; i++)
		if (!strcmp(config->policies[i].pattern, rest))
			return refuse(p, "policy \"%s\" is there twice", rest);
	if (config->count == CONFIG_POLICIES_MAX)
		return refuse(p, "more than %d policies", CONFIG_POLICIES_MAX);
	policies = reallocarray(config->policies, config->count + 1,
				sizeof(*policies));
	if (!policies)
		return -ENOMEM;
	config->policies = policies;
	policies[config->count] = (struct config_policy){
		.pattern = strdup(rest),
		.policy = {
			.size = sizeof(struct preswap_policy),
			.sensitivity = PRESWAP_SENSITIVITY_NORMAL,
			.swap_eligible = 1,
			.gives = PRESWAP_GIVES_ALL,
			.receives = PRESWAP_GIVES_ALL,
		},
	};
	if (!policies[config->count].pattern)
		return -ENOMEM;
	config->count++;
	p->section = POLICY;
	return 0;
}

static int begin_section(struct parser *p, char *text)
{
	size_t len = strlen(text);
	int err = check_section(p);

	if (err)
		return err;
	if (text[len - 1] != ']')
		return refuse(p, "a section's line must end with ]");
	text[len - 1] = 0;
	text = strip(text + 1);
	if (!strcmp(text, "daemon")) {
		p->section = DAEMON;
		return 0;
	}
	if (!strcmp(text, "events")) {
		p->section = EVENTS;
		return 0;
	}
	if (!strncmp(text, "policy", 6) &&
	    (isspace((unsigned char)text[6]) || text[6] == '"'))
		return begin_policy(p, text + 6);
	return refuse(p, "unknown section [%s], not " SECTIONS, text);
}

/* One key of a section: its bit says whether it was there before. */
static int seen(struct parser *p, uint32_t *bits, uint32_t bit,
		const char *key)
{
	if (*bits & bit)
		return refuse(p, "%s is there twice", key);
	*bits |= bit;
	return 0;
}

static int set_daemon(struct parser *p, const char *key, const char *value)
{
	uint64_t number;
	bool valid = !strcmp(key, "valid_ms");
	uint64_t max = valid ? PRESWAP_FORECAST_VALID_MAX_MS : 65536;

	if (!valid && strcmp(key, "max_apps"))
		return refuse(p, "unknown key %s in [daemon], not valid_ms or max_apps",
			      key);
	if (units_parse_number(value, 1, max, &number))
		return refuse(p, "%s must be 1 to %llu, is '%s'", key,
			      (unsigned long long)max, value);
	if (valid)
		p->config->valid_ms = number;
	else
		p->config->max_apps = number;
	return seen(p, &p->daemon_seen, valid ? 1 : 2, key);
}

/* Whole paths, with blanks between them. */
static int set_calendars(struct parser *p, char *value)
{
	struct config_events *events = &p->config->events;
	char *path, *rest = NULL;

	if (!*value)
		return refuse(p, "calendar must be paths of files or folders");
	for (path = strtok_r(value, " \t", &rest); path;
	     path = strtok_r(NULL, " \t", &rest)) {
		if (*path != '/')
			return refuse(p, "calendar must be whole paths, is '%s'",
				      path);
		if (events->nr_calendars == AGENDA_CALENDARS_MAX)
			return refuse(p, "more than %d calendars",
				      AGENDA_CALENDARS_MAX);
		events->calendars[events->nr_calendars] = strdup(path);
		if (!events->calendars[events->nr_calendars])
			return -ENOMEM;
		events->nr_calendars++;
	}
	return 0;
}

static int set_events(struct parser *p, const char *key, char *value)
{
	uint8_t yes;
	bool timers = !strcmp(key, "timers");
	int err;

	if (!strcmp(key, "calendar")) {
		err = seen(p, &p->events_seen, 1, key);
		return err ?: set_calendars(p, value);
	}
	if (!timers && strcmp(key, "cron"))
		return refuse(p, "unknown key %s in [events], not calendar, timers or cron",
			      key);
	if (names_parse_yes_no(value, &yes))
		return refuse(p, "%s must be yes or no, is '%s'", key, value);
	if (timers)
		p->config->events.timers = yes;
	else
		p->config->events.cron = yes;
	return seen(p, &p->events_seen, timers ? 2 : 4, key);
}

static int parse_priority(const char *value, struct preswap_policy *policy)
{
	uint64_t number;
	int err = units_parse_number(value, PRESWAP_PRIORITY_MIN,
				     PRESWAP_PRIORITY_MAX, &number);

	if (!err)
		policy->priority = number;
	return err;
}

static int parse_sensitivity(const char *value, struct preswap_policy *policy)
{
	return names_parse_sensitivity(value, &policy->sensitivity);
}

static int parse_eligible(const char *value, struct preswap_policy *policy)
{
	return names_parse_yes_no(value, &policy->swap_eligible);
}

static int parse_floor_cpu(const char *value, struct preswap_policy *policy)
{
	return units_parse_cpu(value, &policy->floor_cpu_milli);
}

static int parse_floor_mem(const char *value, struct preswap_policy *policy)
{
	return units_parse_bytes(value, &policy->floor_mem_bytes);
}

static int parse_floor_io(const char *value, struct preswap_policy *policy)
{
	return units_parse_bytes(value, &policy->floor_io_bytes);
}

static int parse_floor_net(const char *value, struct preswap_policy *policy)
{
	return units_parse_bytes(value, &policy->floor_net_bytes);
}

static int parse_reserve_mem(const char *value, struct preswap_policy *policy)
{
	return units_parse_mib(value, &policy->reserve_mem_mib);
}

static int parse_gives(const char *value, struct preswap_policy *policy)
{
	return names_parse_gives(value, &policy->gives);
}

static int parse_receives(const char *value, struct preswap_policy *policy)
{
	return names_parse_receives(value, &policy->receives);
}

static int parse_groups(const char *value, struct preswap_policy *policy)
{
	return names_parse_groups(value, &policy->groups);
}

static int parse_never_to(const char *value, struct preswap_policy *policy)
{
	return names_parse_groups(value, &policy->never_to);
}

static int parse_max_stall(const char *value, struct preswap_policy *policy)
{
	return units_parse_percent(value, &policy->max_stall_pct);
}

static int parse_max_downtime(const char *value, struct preswap_policy *policy)
{
	return units_parse_downtime(value, &policy->max_downtime_ms);
}

static int parse_approval(const char *value, struct preswap_policy *policy)
{
	return names_parse_yes_no(value, &policy->needs_approval);
}

static const struct policy_key {
	const char *name;
	uint32_t bit;
	int (*parse)(const char *value, struct preswap_policy *policy);
	const char *form;
} policy_keys[] = {
	{ "priority", PRESWAP_POLICY_PRIORITY, parse_priority, "1 to 10" },
	{ "sensitivity", PRESWAP_POLICY_SENSITIVITY, parse_sensitivity,
	  "latency, normal or batch" },
	{ "swap_eligible", PRESWAP_POLICY_SWAP_ELIGIBLE, parse_eligible,
	  "yes or no" },
	{ "floor_cpu", PRESWAP_POLICY_FLOOR_CPU, parse_floor_cpu,
	  "like 500m or 1.5" },
	{ "floor_mem", PRESWAP_POLICY_FLOOR_MEM, parse_floor_mem,
	  "like 64M or 1.5G" },
	{ "floor_io", PRESWAP_POLICY_FLOOR_IO, parse_floor_io,
	  "like 5M or 1.5M (per second)" },
	{ "floor_net", PRESWAP_POLICY_FLOOR_NET, parse_floor_net,
	  "like 5M or 1.5M (per second)" },
	{ "reserve_mem", PRESWAP_POLICY_RESERVE_MEM, parse_reserve_mem,
	  "like 64M or 1.5G, in whole MiB" },
	{ "gives", PRESWAP_POLICY_GIVES, parse_gives,
	  "some of cpu,memory,io,net" },
	{ "receives", PRESWAP_POLICY_RECEIVES, parse_receives,
	  "none, or some of cpu,memory,io,net" },
	{ "groups", PRESWAP_POLICY_GROUPS, parse_groups,
	  "none, or like 1,4 (of 1 to 32)" },
	{ "never_to", PRESWAP_POLICY_NEVER_TO, parse_never_to,
	  "none, or like 1,4 (of 1 to 32)" },
	{ "max_stall", PRESWAP_POLICY_MAX_STALL, parse_max_stall,
	  "1% to 100%" },
	{ "max_downtime", PRESWAP_POLICY_MAX_DOWNTIME, parse_max_downtime,
	  "none, or 10ms to 1h (in an hour)" },
	{ "needs_approval", PRESWAP_POLICY_NEEDS_APPROVAL, parse_approval,
	  "yes or no" },
	{}
};

static int set_policy(struct parser *p, const char *key, const char *value)
{
	struct preswap_policy *policy =
		&p->config->policies[p->config->count - 1].policy;
	char names[256];		/* of all */

	for (const struct policy_key *k = policy_keys; k->name; k++) {
		if (strcmp(k->name, key))
			continue;
		if (k->parse(value, policy))
			return refuse(p, "%s must be %s, is '%s'", key,
				      k->form, value);
		return seen(p, &policy->fields, k->bit, key);
	}
	names[0] = '\0';
	for (const struct policy_key *k = policy_keys; k->name; k++) {
		if (k != policy_keys)
			strcat(names, k[1].name ? ", " : " or ");
		strcat(names, k->name);
	}
	return refuse(p, "unknown key %s in [policy], not %s", key, names);
}

static int parse_line(struct parser *p, char *text)
{
	char *equals, *key, *value;

	text = strip(text);
	if (!*text || *text == '#' || *text == ';')
		return 0;
	if (*text == '[')
		return begin_section(p, text);
	equals = strchr(text, '=');
	if (!equals)
		return refuse(p, "expected KEY=VALUE or [SECTION], found '%s'",
			      text);
	*equals = 0;
	key = strip(text);
	value = strip(equals + 1);
	if (p->section == DAEMON)
		return set_daemon(p, key, value);
	if (p->section == EVENTS)
		return set_events(p, key, value);
	if (p->section == POLICY)
		return set_policy(p, key, value);
	return refuse(p, "%s is before any section: " SECTIONS, key);
}

static int parse_text(struct parser *p, const char *text, size_t len)
{
	const char *end = text + len, *next;
	char line[CONFIG_LINE_MAX];
	int err = 0;

	for (; text < end && !err; text = next + 1) {
		p->line++;
		next = memchr(text, '\n', end - text) ?: end;
		len = next - text;
		if (len >= sizeof(line))
			return refuse(p, "line longer than %d characters",
				      CONFIG_LINE_MAX - 1);
		if (memchr(text, 0, len))
			return refuse(p, "the file is not text");
		memcpy(line, text, len);
		line[len] = 0;
		err = parse_line(p, line);
	}
	return err ?: check_section(p);
}

int config_default(struct config **out)
{
	*out = calloc(1, sizeof(**out));
	if (!*out)
		return -ENOMEM;
	(*out)->valid_ms = VALID_MS_DEFAULT;
	(*out)->max_apps = MAX_APPS_DEFAULT;
	(*out)->events.timers = true;
	(*out)->events.cron = true;
	return 0;
}

int config_parse(const char *text, size_t len, const char *name,
		 struct config **out, char *error, size_t size)
{
	struct parser p = { .name = name, .error = error, .error_size = size };
	int err = config_default(&p.config);

	if (!err)
		err = parse_text(&p, text, len);
	if (err == -ENOMEM)
		snprintf(error, size, "%s: out of memory", name);
	if (err) {
		config_free(p.config);
		return err;
	}
	*out = p.config;
	return 0;
}

int config_load(const char *path, struct config **out, char *error,
		size_t size)
{
	size_t len = 0, room = 0, got;
	char *text = NULL, *more;
	FILE *file = fopen(path ?: CONFIG_PATH, "re");
	int err = file ? 0 : -errno;

	if (!path && err == -ENOENT) {
		err = config_default(out);
		if (!err)
			return 0;
	}
	path = path ?: CONFIG_PATH;
	while (!err) {
		if (len == room) {
			room = room ? 2 * room : 4096;
			more = realloc(text, room);
			if (!more) {
				err = -ENOMEM;
				break;
			}
			text = more;
		}
		got = fread(text + len, 1, room - len, file);
		len += got;
		if (ferror(file))
			err = errno ? -errno : -EIO;
		if (!got)
			break;
	}
	if (file)
		fclose(file);
	if (err)
		snprintf(error, size, "%s: %s", path, strerror(-err));
	else
		err = config_parse(text, len, path, out, error, size);
	free(text);
	return err;
}

void config_events_clear(struct config_events *events)
{
	for (size_t i = 0; i < events->nr_calendars; i++)
		free(events->calendars[i]);
	events->nr_calendars = 0;
}

struct agenda_opts config_agenda(const struct config_events *events,
				 time_t from, time_t span_s)
{
	struct agenda_opts opts = {
		.root = "", .timers = events->timers, .cron = events->cron,
		.nr_calendars = events->nr_calendars,
		.from = from, .span_s = span_s,
	};

	for (size_t i = 0; i < events->nr_calendars; i++)
		opts.calendars[i] = events->calendars[i];
	return opts;
}

void config_free(struct config *config)
{
	if (!config)
		return;
	config_events_clear(&config->events);
	for (size_t i = 0; i < config->count; i++)
		free(config->policies[i].pattern);
	free(config->policies);
	free(config);
}

const struct preswap_policy *config_match(const struct config *config,
					  const char *cgroup_path)
{
	if (*cgroup_path == '/')
		cgroup_path++;
	/* the root, and what the module cannot tell the path of: it is too long */
	if (!*cgroup_path)
		return NULL;
	for (size_t i = 0; i < config->count; i++)
		if (!fnmatch(config->policies[i].pattern, cgroup_path,
			     FNM_PATHNAME | FNM_NOESCAPE))
			return &config->policies[i].policy;
	return NULL;
}
