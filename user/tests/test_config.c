// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preswapd.conf, and what is done with its policies.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../selftests/ktap.h"
#include "daemon/apply.h"
#include "daemon/config.h"
#include "daemon/log.h"
#include "daemon/owned.h"

static int parse(const char *text, struct config **config, char *error)
{
	return config_parse(text, strlen(text), "t.conf", config, error, 256);
}

static void test_whole(void)
{
	const char *text =
		"# comment\n; another\n\n[daemon]\n valid_ms = 2500 \n"
		"max_apps=7\n"
		"[policy \"system.slice/redis*.service\"]\n"
		"priority=9\nsensitivity=latency\nswap_eligible=no\n"
		"floor_cpu=500m\nfloor_mem=64M\n"
		"gives=memory\nmax_stall=25%\nneeds_approval=yes\n"
		"max_downtime=500ms\nreceives=none\ngroups=3, 32\nnever_to=1\n"
		"[policy \"/srv/*\"]\npriority=1\nfloor_io = 5M\n"
		"floor_net = 3M\nreserve_mem = 96M\n"
		"gives = io, cpu, net\nmax_downtime = none\n"
		"[policy \"/user.slice/*\"]\npriority=2";
	const struct preswap_policy *p;
	struct config *config;
	char error[256] = "";
	int err = parse(text, &config, error);

	ktap_assert(!err, "%d %s", err, error);
	ktap_assert(config->valid_ms == 2500 && config->max_apps == 7,
		    "%u %u", config->valid_ms, config->max_apps);
	ktap_assert(config->count == 3, "%zu", config->count);
	p = config_match(config, "system.slice/redis-1.service");
	ktap_assert(p && p->priority == 9 &&
		    p->sensitivity == PRESWAP_SENSITIVITY_LATENCY &&
		    p->swap_eligible == 0 && p->floor_cpu_milli == 500 &&
		    p->floor_mem_bytes == 64 << 20 &&
		    p->gives == 1 << PRESWAP_RESOURCE_MEMORY &&
		    p->max_stall_pct == 25 && p->max_downtime_ms == 500 &&
		    p->needs_approval == 1 && !p->receives &&
		    p->groups == (1U << 31 | 4) && p->never_to == 1,
		    "not as written");
	p = config_match(config, "srv/backup");
	ktap_assert(p && p->floor_io_bytes == 5 << 20 &&
		    p->gives == (1 << PRESWAP_RESOURCE_CPU |
				 1 << PRESWAP_RESOURCE_IO |
				 1 << PRESWAP_RESOURCE_NET) &&
		    p->floor_net_bytes == 3 << 20 &&
		    p->reserve_mem_mib == 96 &&
		    !p->max_downtime_ms, "I/O");
	p = config_match(config, "/user.slice/user-1.slice");
	ktap_assert(p && p->priority == 2 && p->swap_eligible == 1 &&
		    p->sensitivity == PRESWAP_SENSITIVITY_NORMAL &&
		    p->gives == PRESWAP_GIVES_ALL && p->max_stall_pct == 20 &&
		    p->needs_approval == 0 && !p->floor_io_bytes &&
		    !p->floor_net_bytes && !p->max_downtime_ms &&
		    p->receives == PRESWAP_GIVES_ALL && !p->groups &&
		    !p->never_to, "defaults");
	ktap_assert(p->fields == PRESWAP_POLICY_ALL, "%x", p->fields);
	ktap_assert(!config_match(config, "user.slice/a/b"),
		    "* must not cross a /");
	ktap_assert(!config_match(config, "system.slice"), "no match");
	config_free(config);
}

static void test_first_wins(void)
{
	struct config *config;
	char error[256];
	int err = parse("[policy \"a/b\"]\npriority=3\n"
			"[policy \"a/*\"]\npriority=4\n", &config, error);

	ktap_assert(!err, "%s", error);
	ktap_assert(config_match(config, "a/b")->priority == 3, "first");
	ktap_assert(config_match(config, "a/c")->priority == 4, "second");
	config_free(config);
}

/* The root, and a cgroup whose path the module leaves out, as it is too long. */
static void test_no_path(void)
{
	struct config *config;
	char error[256];
	int err = parse("[policy \"*\"]\npriority=3\n", &config, error);

	ktap_assert(!err, "%s", error);
	ktap_assert(!config_match(config, "") && !config_match(config, "/"));
	ktap_assert(config_match(config, "/a") && config_match(config, "a"));
	config_free(config);
}

/* systemd writes a "-" in a name as \x2d: who copies that path means it. */
static void test_backslash(void)
{
	struct config *config;
	char error[256];
	int err = parse("[policy \"system.slice/system-a\\x2db.slice/*\"]\n"
			"priority=3\n[policy \"a[*]\"]\npriority=4\n",
			&config, error);

	ktap_assert(!err, "%s", error);
	ktap_assert(config_match(config,
				 "system.slice/system-a\\x2db.slice/c.service"));
	ktap_assert(!config_match(config,
				  "system.slice/system-ax2db.slice/c.service"));
	ktap_assert(config_match(config, "a*") && !config_match(config, "ab"));
	config_free(config);
}

static void test_events(void)
{
	struct config *config;
	char error[256];
	int err = parse("[events]\ncalendar = /srv/a.ics\t/srv/cal\ncron=no\n",
			&config, error);

	ktap_assert(!err, "%s", error);
	ktap_assert(config->events.nr_calendars == 2 &&
		    !strcmp(config->events.calendars[0], "/srv/a.ics") &&
		    !strcmp(config->events.calendars[1], "/srv/cal"));
	ktap_assert(config->events.timers && !config->events.cron);
	config_free(config);
	ktap_assert(!config_default(&config) && config->events.timers &&
		    config->events.cron && !config->events.nr_calendars);
	config_free(config);
}

static void test_refused(void)
{
	static const struct {
		const char *text, *error;
	} cases[] = {
		{ "valid_ms=5", "t.conf:1: valid_ms is before any section: [daemon], [events] or [policy \"PATTERN\"]" },
		{ "[daemon]\nvalid_ms=0", "t.conf:2: valid_ms must be 1 to" },
		{ "[daemon]\nvalid_ms=3600001", "t.conf:2: valid_ms must" },
		{ "[daemon]\nvalid_ms=5s", "t.conf:2: valid_ms must" },
		{ "[daemon]\nvalid_ms=5\nvalid_ms=6",
		  "t.conf:3: valid_ms is there twice" },
		{ "[daemon]\nfoo=1", "t.conf:2: unknown key foo in [daemon], not valid_ms or max_apps" },
		{ "[daemon]\nfoo", "t.conf:2: expected KEY=VALUE" },
		{ "[daemon", "t.conf:1: a section's line must end" },
		{ "[demon]", "t.conf:1: unknown section [demon], not [daemon], [events] or [policy \"PATTERN\"]" },
		{ "[events]\ntimers=maybe",
		  "t.conf:2: timers must be yes or no, is 'maybe'" },
		{ "[events]\ncron=yes\ncron=no", "t.conf:3: cron is there twice" },
		{ "[events]\ncalendar=",
		  "t.conf:2: calendar must be paths of files or folders" },
		{ "[events]\ncalendar=/a b",
		  "t.conf:2: calendar must be whole paths, is 'b'" },
		{ "[events]\ncalendar=/a\ncalendar=/b",
		  "t.conf:3: calendar is there twice" },
		{ "[events]\ncalendar=/1 /2 /3 /4 /5 /6 /7 /8 /9 /a /b /c /d /e /f /g /h",
		  "t.conf:2: more than 16 calendars" },
		{ "[events]\ntimer=yes", "t.conf:2: unknown key timer in [events], not calendar, timers or cron" },
		{ "[policy]", "t.conf:1: unknown section [policy]" },
		{ "[policy foo]", "t.conf:1: expected [policy \"PATTERN\"]" },
		{ "[policy \"\"]", "t.conf:1: expected [policy" },
		{ "[policy \"a\"\"]", "t.conf:1: expected [policy" },
		{ "[policy \"a\"]\n", "t.conf:1: policy \"a\" has no prio" },
		{ "[policy \"a\"]\nfloor_mem=1M\n[daemon]",
		  "t.conf:3: policy \"a\" has no priority" },
		{ "[policy \"a\"]\npriority=0",
		  "t.conf:2: priority must be 1 to 10, is '0'" },
		{ "[policy \"a\"]\npriority=11", "t.conf:2: priority must" },
		{ "[policy \"a\"]\npriority=5\nsensitivity=high",
		  "t.conf:3: sensitivity must be latency, normal or batch" },
		{ "[policy \"a\"]\npriority=5\ngives=disk",
		  "t.conf:3: gives must be some of cpu,memory,io" },
		{ "[policy \"a\"]\npriority=5\nreceives=nothing",
		  "t.conf:3: receives must be none, or some of cpu" },
		{ "[policy \"a\"]\npriority=5\ngroups=0",
		  "t.conf:3: groups must be none, or like 1,4 (of 1 to 32)" },
		{ "[policy \"a\"]\npriority=5\ngroups=33",
		  "t.conf:3: groups must be none, or like 1,4" },
		{ "[policy \"a\"]\npriority=5\nnever_to=2,2",
		  "t.conf:3: never_to must be none, or like 1,4" },
		{ "[policy \"a\"]\npriority=5\nnever_to=web",
		  "t.conf:3: never_to must be none, or like 1,4" },
		{ "[policy \"a\"]\npriority=5\nmax_stall=0%",
		  "t.conf:3: max_stall must be 1% to 100%" },
		{ "[policy \"a\"]\npriority=5\nmax_downtime=9ms",
		  "t.conf:3: max_downtime must be none, or 10ms to 1h" },
		{ "[policy \"a\"]\npriority=5\nmax_downtime=3601s",
		  "t.conf:3: max_downtime must be none, or 10ms to 1h" },
		{ "[policy \"a\"]\npriority=5\nmax_downtime=2",
		  "t.conf:3: max_downtime must be none, or 10ms to 1h" },
		{ "[policy \"a\"]\npriority=5\nmax_stall=12.5%",
		  "t.conf:3: max_stall must be 1% to 100%" },
		{ "[policy \"a\"]\npriority=5\nneeds_approval=maybe",
		  "t.conf:3: needs_approval must be yes or no" },
		{ "[policy \"a\"]\npriority=5\nswap_eligible=1",
		  "t.conf:3: swap_eligible must be yes or no" },
		{ "[policy \"a\"]\npriority=5\nfloor_cpu=-1",
		  "t.conf:3: floor_cpu must be" },
		{ "[policy \"a\"]\npriority=5\nfloor_mem=99T",
		  "t.conf:3: floor_mem must be" },
		{ "[policy \"a\"]\npriority=5\nreserve_mem=1000K",
		  "t.conf:3: reserve_mem must be like 64M or 1.5G, in whole MiB" },
		{ "[policy \"a\"]\npriority=5\nfloor_io=fast",
		  "t.conf:3: floor_io must be like 5M" },
		{ "[policy \"a\"]\npriority=5\ngives=io,io",
		  "t.conf:3: gives must be some of cpu,memory,io" },
		{ "[policy \"a\"]\npriority=5\npriority=5",
		  "t.conf:3: priority is there twice" },
		{ "[policy \"a\"]\npriority=5\n[policy \"a\"]\npriority=5",
		  "t.conf:3: policy \"a\" is there twice" },
		{ "[policy \"a\"]\ncolor=5", "t.conf:2: unknown key color in [policy], not priority, sensitivity, swap_eligible, floor_cpu, floor_mem, floor_io, floor_net, reserve_mem, gives, receives, groups, never_to, max_stall, max_downtime or needs_approval" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		struct config *config = NULL;
		char error[256] = "";
		int err = parse(cases[i].text, &config, error);

		ktap_assert(err == -EINVAL && !config, "case %zu: %d", i, err);
		ktap_assert(!strncmp(error, cases[i].error,
				     strlen(cases[i].error)),
			    "case %zu: '%s'", i, error);
	}
}

static void test_limits(void)
{
	static char text[64 * (CONFIG_POLICIES_MAX + 2)];
	struct config *config;
	char error[256];
	size_t len = 0;
	int err;

	memset(text, 'x', 2 * CONFIG_LINE_MAX);
	err = config_parse(text, 2 * CONFIG_LINE_MAX, "t", &config, error,
			   sizeof(error));
	ktap_assert(err == -EINVAL && strstr(error, "line longer"), "%s",
		    error);
	err = config_parse("#a\0b\n", 5, "t", &config, error, sizeof(error));
	ktap_assert(err == -EINVAL && strstr(error, "not text"), "%s", error);
	for (int i = 0; i < CONFIG_POLICIES_MAX; i++)
		len += sprintf(text + len, "[policy \"%d\"]\npriority=1\n", i);
	err = config_parse(text, len, "t", &config, error, sizeof(error));
	ktap_assert(!err, "%s", error);
	ktap_assert(config->count == CONFIG_POLICIES_MAX, "%zu",
		    config->count);
	config_free(config);
	len += sprintf(text + len, "[policy \"x\"]\npriority=1\n");
	err = config_parse(text, len, "t", &config, error, sizeof(error));
	ktap_assert(err == -EINVAL && strstr(error, "more than 1024"), "%s",
		    error);
	err = config_parse("", 0, "t", &config, error, sizeof(error));
	ktap_assert(!err, "an empty file");
	ktap_assert(config->valid_ms == 5000 && !config->count, "defaults");
	config_free(config);
}

/* Any change of a good file is taken or refused, without a fault. */
static void test_mutated(void)
{
	static const char good[] =
		"[daemon]\nvalid_ms=2500\n[policy \"a/*\"]\npriority=9\n"
		"sensitivity=latency\nswap_eligible=no\nfloor_cpu=500m\n";
	static const char bytes[] = "[]\"=\n\0#9x. ";
	struct config *config;
	char text[sizeof(good)], error[64];
	unsigned int seed = 1, taken = 0, refused = 0;

	for (int i = 0; i < 20000; i++) {
		memcpy(text, good, sizeof(good));
		for (int k = rand_r(&seed) % 4; k >= 0; k--)
			text[rand_r(&seed) % (sizeof(good) - 1)] =
				bytes[rand_r(&seed) % (sizeof(bytes) - 1)];
		if (config_parse(text, rand_r(&seed) % sizeof(good), "t",
				 &config, error, sizeof(error))) {
			refused++;
			continue;
		}
		taken++;
		config_free(config);
	}
	ktap_assert(taken > 100 && refused > 100, "%u taken, %u refused",
		    taken, refused);
}

static void test_file(void)
{
	char path[] = "/tmp/preswap-config-XXXXXX", error[256];
	int fd = mkstemp(path), err;
	struct config *config;

	ktap_assert(fd >= 0, "mkstemp");
	for (int i = 0; i < 1000; i++)
		dprintf(fd, "# a line to make the file long %d\n", i);
	dprintf(fd, "[daemon]\nvalid_ms=77\n");
	close(fd);
	err = config_load(path, &config, error, sizeof(error));
	unlink(path);
	ktap_assert(!err && config->valid_ms == 77, "%d", err);
	config_free(config);
	err = config_load(path, &config, error, sizeof(error));
	ktap_assert(err == -ENOENT && strstr(error, path), "%s", error);
	err = config_load("/", &config, error, sizeof(error));
	ktap_assert(err == -EISDIR && !strcmp(error, "/: Is a directory"), "%s",
		    error);
}

static void test_apply(void)
{
	struct preswap_policy want = { .priority = 5, .swap_eligible = 1 };
	struct series_app known = {};
	struct preswap_app app = {};

	ktap_assert(apply_decide(NULL, &known, &app) == APPLY_NOTHING,
		    "nothing to do");
	ktap_assert(apply_decide(&want, &known, &app) == APPLY_SET, "new");
	app.has_policy = true;
	app.policy = want;
	ktap_assert(apply_decide(&want, &known, &app) == APPLY_NOTHING,
		    "it has it already");
	app.policy.never_to = 1;
	ktap_assert(apply_decide(&want, &known, &app) == APPLY_SET,
		    "it gives to others");
	app.policy.never_to = 0;
	app.policy.gives = 1;
	ktap_assert(apply_decide(&want, &known, &app) == APPLY_SET,
		    "it gives other things");
	app.policy = want;
	app.policy.priority = 6;
	ktap_assert(apply_decide(&want, &known, &app) == APPLY_SET,
		    "another one before it was checked");
	known.policy_set = owned_hash(&want);
	known.policy_checked = true;
	ktap_assert(apply_decide(&want, &known, &app) == APPLY_NOTHING,
		    "changed by hand: stays");
	app.has_policy = false;
	ktap_assert(apply_decide(&want, &known, &app) == APPLY_NOTHING,
		    "deleted by hand: stays so");
	known.policy_checked = false;
	ktap_assert(apply_decide(&want, &known, &app) == APPLY_SET,
		    "until the file is read again");
	ktap_assert(apply_decide(NULL, &known, &app) == APPLY_NOTHING,
		    "nothing to take back");
	app.has_policy = true;
	ktap_assert(apply_decide(NULL, &known, &app) == APPLY_NOTHING,
		    "no longer in the file, but changed by hand");
	app.policy = want;
	ktap_assert(apply_decide(NULL, &known, &app) == APPLY_DELETE,
		    "no longer in the file");
	known.policy_set = 0;
	ktap_assert(apply_decide(NULL, &known, &app) == APPLY_NOTHING,
		    "set by somebody else");
}

/* Only what cannot succeed is given up: a policy protects its app. */
static void test_again(void)
{
	ktap_assert(apply_again(-ETIMEDOUT) && apply_again(-ENOMEM) &&
		    apply_again(-ENODEV));
	ktap_assert(!apply_again(0) && !apply_again(-EINVAL) &&
		    !apply_again(-EPERM) && !apply_again(-ENOENT));
}

/* A cgroup's name is any user's choice, and root looks at the log. */
static void test_log(void)
{
	char got[128] = "";
	int saved = dup(STDERR_FILENO), ends[2];

	ktap_assert(saved >= 0 && !pipe(ends));
	dup2(ends[1], STDERR_FILENO);
	log_msg(LOG_WARNING, "policy of %s: %s", "a/\033]0;x\007\n<0>b",
		"no");
	dup2(saved, STDERR_FILENO);
	close(saved);
	ktap_assert(read(ends[0], got, sizeof(got) - 1) > 0);
	close(ends[0]);
	close(ends[1]);
	ktap_assert(strstr(got, "policy of a/?]0;x?" "?<0>b: no\n"), "%s", got);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-8 a whole file is read as written", test_whole },
		{ "R-8 the first matching policy holds", test_first_wins },
		{ "R-8 what has no path matches no pattern", test_no_path },
		{ "R-8 names as systemd writes them", test_backslash },
		{ "R-9 where events come from", test_events },
		{ "R-8 a bad file is refused with its line", test_refused },
		{ "R-8 limits of a file hold", test_limits },
		{ "R-8 mutated files do no harm", test_mutated },
		{ "R-8 files of any length, absent files", test_file },
		{ "R-8 a policy is applied once, and after a reload",
		  test_apply },
		{ "R-8 and again where it may succeed", test_again },
		{ "R-51 a name in the log is only a name", test_log },
		{}
	});
}
