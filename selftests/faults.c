// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * whichever allocation fails, nothing is half done, lost or left over.
 *
 * It loads a build of the module whose allocations fail on demand and are counted
 * (selftests/faults/, "make fault-module"): first each one while it loads, then
 * each one of every request, then many at random under load.
 */
#include <fcntl.h>
#include <sched.h>
#include <sys/klog.h>

#include "module.h"
#include "netlink_state.h"

#define PARAMETERS	"/sys/module/preswap/parameters/"
#define MOST		400	/* allocations of one act, more are a loop */
#define CHILDREN	12

static const char *path(void)
{
	return getenv("PRESWAP_FAULT_MODULE") ?: "";
}

static uint64_t failed(void)
{
	return read_u64(PARAMETERS "failed");
}

/* The allocation of this number from now on; 0: none. */
static void fail_after(unsigned int n)
{
	char text[16];

	snprintf(text, sizeof(text), "%u", n);
	must_write(PARAMETERS "fail_after", text);
}

/* What was left over says the module itself, when it goes. */
static void assert_no_leak(void)
{
	static char log[1 << 20];
	int n = klogctl(3 /* read all */, log, sizeof(log) - 1);

	ktap_assert(n > 0, "no kernel log: %s", strerror(errno));
	log[n] = '\0';
	ktap_assert(!strstr(log, "preswap-fault:"), "%.60s",
		    strstr(log, "preswap-fault:"));
}

static void check_build(void)
{
	if (access(path(), R_OK))
		ktap_skip("no build with faults: make fault-module");
}

static void test_load(void)
{
	unsigned int n, refused = 0, loaded = 0;
	bool fired = true;
	char args[32];
	int err;

	check_build();
	hold_tracepoints();
	module_unload();
	for (n = 1; n < MOST && fired; n += n < 48 ? 1 : 7) {
		snprintf(args, sizeof(args), "fail_after=%u", n);
		err = module_load(path(), args);
		if (err) {
			ktap_assert(err == -ENOMEM, "allocation %u: %d", n, err);
			assert_gone();
			refused++;
			continue;
		}
		/* ticks begin, and go on without what they could not get */
		sleep_ms(250);
		fired = failed();
		loaded++;
		must_unload();
		assert_gone();
	}
	printf("# %u allocations: refused %u times, loaded %u times\n", n,
	       refused, loaded);
	ktap_assert(refused >= 8 && loaded >= 8, "%u, %u", refused, loaded);
	ktap_assert(!fired, "more than %u allocations", MOST);
	assert_no_leak();
}

/* ---- requests ---- */

static uint64_t extra;		/* an app without a policy */

static int act_policy(void)
{
	struct preswap_policy policy = {
		.size = sizeof(policy), .app_id = extra,
		.fields = PRESWAP_POLICY_PRIORITY, .priority = 4,
	};

	return preswap_policy_set(base.ctx, &policy);
}

static void undo_policy(void)
{
	preswap_policy_del(base.ctx, extra);
}

static int act_forecasts(void)
{
	struct preswap_forecast forecasts[3];
	const uint64_t ids[] = { base.a, base.b, base.c };
	int i;

	for (i = 0; i < 3; i++)
		forecasts[i] = (struct preswap_forecast){
			.size = sizeof(forecasts[i]),
			.app_id = ids[i],
			.resource = PRESWAP_RESOURCE_MEMORY,
			.valid_ms = STATE_VALID_MS,
			.points_count = 1,
			.points = { { 5000, MIB, MIB, MIB, 3 * MIB } },
		};
	return preswap_forecasts_set(base.ctx, forecasts, 3, NULL);
}

static void undo_forecasts(void)
{
	state_forecasts(base.a);
	state_forecasts(base.b);
	state_forecasts(base.c);
}

static uint32_t begun;

static int act_lease(uint8_t kind, uint64_t amount)
{
	struct preswap_lease lease = { .size = sizeof(lease) };
	struct preswap_lease_opts opts = {
		.size = sizeof(opts), .kind = kind, .donor_id = base.a,
		.amount = amount, .duration_ms = STATE_LEASE_MS,
	};
	int err = preswap_lease_add(base.ctx, &opts, &lease);

	begun = err ? 0 : lease.id;
	return err;
}

static int act_reclaim(void)
{
	return act_lease(PRESWAP_LEASE_KIND_RECLAIM, STATE_AMOUNT);
}

static int act_share(void)
{
	return act_lease(PRESWAP_LEASE_KIND_CPU_WEIGHT, 33);
}

static void undo_lease(void)
{
	/* its end needs memory for its event at most */
	must(base.ctx, preswap_lease_end(base.ctx, begun));
	ktap_assert(wait_until(5000, read_u64(group_file("state_a",
							 "cpu.weight")) == 100),
		    "the share is not given back");
}

static int see_app(void *data, const struct preswap_app *app)
{
	(void)app;
	++*(unsigned int *)data;
	return 0;
}

static int act_dump(void)
{
	unsigned int count = 0;
	int err = preswap_apps(base.ctx, see_app, &count);

	return err ?: count >= 3 ? 0 : -ENODATA;
}

static int act_info(void)
{
	struct preswap_info info = { .size = sizeof(info) };

	return preswap_info_get(base.ctx, &info);
}

static void undo_nothing(void)
{
}

static const struct act {
	const char *name;
	int (*act)(void);
	void (*undo)(void);
	unsigned int least;	/* failures that are refusals */
	bool logs;		/* what began and failed is in the log */
} acts[] = {
	{ "info-get", act_info, undo_nothing, 1, false },
	{ "app-get", act_dump, undo_nothing, 0, false },
	{ "policy-set", act_policy, undo_policy, 1, false },
	{ "forecast-set", act_forecasts, undo_forecasts, 1, false },
	{ "lease-add reclaim", act_reclaim, undo_lease, 2, false },
	{ "lease-add cpu.weight", act_share, undo_lease, 3, true },
};

static void assert_unchanged(struct state *before, const struct act *a)
{
	struct state_ids in_force =
		state_ids_of(PRESWAP_CMD_LEASE_GET, state_note_lease);

	ktap_assert(in_force.count == 2, "%s: %u leases in force", a->name,
		    in_force.count);
	ktap_assert(read_u64(group_file("state_a", "cpu.weight")) == 100,
		    "%s: the file was written", a->name);
	if (a->logs)
		before->leases = state_take().leases;
	state_assert_same(before, a->name);
}

struct tally {
	unsigned int refused, done;
};

/* One after the other fails, until none does. */
static void fail_in_turn(const struct act *a, struct state *before,
			 struct tally *tally)
{
	uint64_t so_far = failed() - 1;
	unsigned int n;
	int err;

	for (n = 1; n < MOST && failed() != so_far; n++) {
		so_far = failed();
		fail_after(n);
		err = a->act();
		fail_after(0);
		if (!err) {
			tally->done++;
			a->undo();
			continue;
		}
		tally->refused++;
		ktap_assert(err == -ENOMEM && failed() != so_far,
			    "%s, %u: %d (%s)", a->name, n, err,
			    preswap_strerror(base.ctx));
		assert_unchanged(before, a);
	}
	ktap_assert(n < MOST, "%s is never without a failure", a->name);
}

static void fail_each(const struct act *a)
{
	struct state before = state_take();
	struct tally tally = {};
	int round;

	/* a fork somewhere may fail in its place */
	for (round = 0; round < 10; round++)
		if (!round || tally.refused < a->least)
			fail_in_turn(a, &before, &tally);
	printf("# %s: refused %u times, done %u times\n", a->name,
	       tally.refused, tally.done);
	ktap_assert(tally.refused >= a->least, "%s was refused %u times",
		    a->name, tally.refused);
}

/* What is open to a module that was loaded before. */
static void forget(void)
{
	if (!base.ctx)
		return;
	raw_close(&base.sock);
	preswap_unref(base.ctx);
	base.ctx = NULL;
}

static void load(void)
{
	int err;

	check_build();
	forget();
	module_unload();
	err = module_load(path(), "");
	ktap_assert(!err, "load: %s", strerror(-err));
	set_knob("usage_ms", 60000);	/* few allocations but those of acts */
	extra = group_make("extra");
}

static void test_requests(void)
{
	unsigned int i;

	load();
	state_restore();
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++)
		fail_each(&acts[i]);
}

/* ---- many, under load ---- */

static void run_forks(void *arg)
{
	int i;

	(void)arg;
	for (i = 0; i < CHILDREN; i++) {
		if (fork())
			continue;
		/* one that stays, whose children come and go */
		for (;;) {
			pid_t pid = fork();

			if (!pid)
				_exit(0);
			waitpid(pid, NULL, 0);
			sleep_ms(5);
		}
	}
	for (;;)
		pause();
}

struct seen {
	pid_t pid;
	bool there;
};

static int see_task(void *data, const struct preswap_task *task)
{
	struct seen *seen = data;

	seen->there |= (pid_t)task->pid == seen->pid;
	return 0;
}

/* Each task of the group is followed, and has all CPUs. */
static bool all_is_well(void)
{
	FILE *list = fopen(group_file("state_a", "cgroup.threads"), "re");
	struct seen seen;
	cpu_set_t mask;
	bool well = true;
	int pid;

	ktap_assert(list, "%s", strerror(errno));
	while (fscanf(list, "%d", &pid) == 1) {
		seen = (struct seen){ .pid = pid };
		CPU_ZERO(&mask);
		if (sched_getaffinity(pid, sizeof(mask), &mask))
			continue;
		if (preswap_tasks(base.ctx, base.a, see_task, &seen) ||
		    !seen.there || CPU_COUNT(&mask) != 2)
			well = well && kill(pid, 0) && errno == ESRCH;
	}
	fclose(list);
	return well;
}

static void test_storm(void)
{
	struct preswap_info info = { .size = sizeof(info) };
	unsigned int granted = 0, denied = 0;
	uint64_t end;

	load();
	state_restore();
	if (sysconf(_SC_NPROCESSORS_ONLN) != 2)
		ktap_skip("needs two CPUs");
	group_spawn("state_a", run_forks, NULL);
	must_write(PARAMETERS "fail_every", "3");
	for (end = now_ms() + 8000; now_ms() < end;) {
		static const uint8_t kinds[] = {
			PRESWAP_LEASE_KIND_RECLAIM, PRESWAP_LEASE_KIND_AFFINITY,
			PRESWAP_LEASE_KIND_CPU_WEIGHT,
		};
		uint8_t kind = kinds[(granted + denied) % 3];
		int err = act_lease(kind, kind == PRESWAP_LEASE_KIND_RECLAIM ?
				    STATE_AMOUNT :
				    kind == PRESWAP_LEASE_KIND_AFFINITY ? 1000 :
				    33);

		ktap_assert(!err || err == -ENOMEM || err == -ERANGE ||
			    err == -EBUSY, "lease-add: %d (%s)", err,
			    preswap_strerror(base.ctx));
		granted += !err;
		denied += !!err;
		sleep_ms(20);
		if (!err)
			preswap_lease_end(base.ctx, begun);
	}
	must_write(PARAMETERS "fail_every", "0");
	must(base.ctx, preswap_info_get(base.ctx, &info));
	printf("# %llu failed, %u leases begun, %u refused, %llu forks seen late\n",
	       (unsigned long long)failed(), granted, denied,
	       (unsigned long long)info.tasks_lost);
	ktap_assert(failed() > 100 && granted > 10 && denied > 10 &&
		    info.tasks_lost > 10, "too little happened");
	set_knob("enabled", 0);
	ktap_assert(wait_until(30000, all_is_well()),
		    "tasks are lost, or not where they were");
	ktap_assert(read_u64(group_file("state_a", "cpu.weight")) == 100,
		    "the share is not given back");
}

static void test_left(void)
{
	check_build();
	/* after the cases before, whatever became of them */
	group_remove("state_a");
	forget();
	must_unload();
	assert_gone();
	assert_no_leak();
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-32 loading: it loads whole, or leaves nothing", test_load },
		{ "R-32 requests: done whole, or refused and nothing changed",
		  test_requests },
		{ "R-32 under load: tasks are found again, acts undone",
		  test_storm },
		{ "R-32 nothing is left over", test_left },
		{}
	});
}
