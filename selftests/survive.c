// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * what happens to the machine under leases in force: its clock is set, it
 * sleeps, a CPU goes and comes back, nobody reads what the module tells.
 */
#include <sched.h>
#include <stdio.h>
#include <sys/socket.h>

#include "guest.h"

#define CPU_1	"/sys/devices/system/cpu/cpu1/online"

static struct preswap_ctx *ctx;
static uint64_t donor;
static pid_t task;

static void idle(void *arg)
{
	(void)arg;
	for (;;)
		sleep_ms(20);
}

static void setup(void)
{
	if (!ctx)
		ctx = open_preswap();
	try_write(CPU_1, "1");		/* gone when a case has failed */
	if (sysconf(_SC_NPROCESSORS_ONLN) != 2)
		ktap_skip("needs two CPUs");
	set_knob("enabled", 0);
	set_knob("enabled", 1);
	set_knob("min_priority", 10);
	set_knob("usage_ms", 100);
	if (task)
		reap(task);
	group_remove("survive");
	donor = group_make("survive");
	set_policy(ctx, donor, 2, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	task = group_spawn("survive", idle, NULL);
}

static int cpus_of(pid_t pid)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	ktap_assert(!sched_getaffinity(pid, sizeof(set), &set), "%s",
		    strerror(errno));
	return CPU_COUNT(&set);
}

#define soon_has_cpus(count)						\
	ktap_assert(wait_until(10000, cpus_of(task) == (count)),	\
		    "the donor has %d CPUs", cpus_of(task))

static uint32_t begin(uint32_t ms)
{
	struct preswap_lease lease = { .size = sizeof(lease) };
	struct preswap_lease_opts opts = {
		.size = sizeof(opts), .kind = PRESWAP_LEASE_KIND_AFFINITY,
		.donor_id = donor, .amount = 1000, .duration_ms = ms,
	};

	must(ctx, preswap_lease_add(ctx, &opts, &lease));
	soon_has_cpus(1);
	return lease.id;
}

static struct preswap_info get_info(void)
{
	struct preswap_info info = { .size = sizeof(info) };

	must(ctx, preswap_info_get(ctx, &info));
	return info;
}

static void assert_ticks(void)
{
	uint64_t ticks = get_info().ticks;

	ktap_assert(wait_until(10000, get_info().ticks >= ticks + 3),
		    "the engine does not tick");
}

static void set_clock(int64_t seconds)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	ts.tv_sec += seconds;
	ktap_assert(!clock_settime(CLOCK_REALTIME, &ts), "%s", strerror(errno));
}

/* A day on and two back: nothing ends, nothing lasts longer. */
static void test_clock(void)
{
	struct preswap_lease before, after;
	uint64_t begin_ms;
	uint32_t id;

	setup();
	set_forecast(ctx, donor, PRESWAP_RESOURCE_CPU, 100, 300, 2000, 600000);
	id = begin(4000);
	before = get_lease(ctx, id);
	begin_ms = now_ms();
	set_clock(86400);
	after = get_lease(ctx, id);
	set_clock(-2 * 86400);
	ktap_assert(!after.ended && before.left_ms - after.left_ms < 2000,
		    "%u ms were left, then %u", before.left_ms, after.left_ms);
	after = get_lease(ctx, id);
	ktap_assert(after.left_ms <= before.left_ms, "%u ms, then %u",
		    before.left_ms, after.left_ms);
	assert_ticks();
	soon_has_cpus(2);
	set_clock(86400);
	ktap_assert(now_ms() - begin_ms < 10000, "it lasted %llu ms",
		    (unsigned long long)(now_ms() - begin_ms));
	ktap_assert(get_lease(ctx, id).ended == PRESWAP_LEASE_END_EXPIRED,
		    "it ended as %u", get_lease(ctx, id).ended);
}

/*
 * Tasks are frozen for some five seconds, and go on. The time counts: a lease that was
 * to end meanwhile ends, another lasts.
 */
static void test_suspend(void)
{
	struct preswap_lease_opts share = {
		.size = sizeof(share), .kind = PRESWAP_LEASE_KIND_CPU_WEIGHT,
		.amount = 42, .duration_ms = 120000,
	};
	struct preswap_lease lasts = { .size = sizeof(lasts) };
	uint64_t before;
	uint32_t ends;
	int err;

	setup();
	if (try_write("/sys/power/pm_test", "freezer"))
		ktap_skip("this kernel cannot test suspend");
	share.donor_id = donor;
	must(ctx, preswap_lease_add(ctx, &share, &lasts));
	ends = begin(1500);
	before = now_ms();
	err = try_write("/sys/power/state", "mem");
	if (err)
		err = try_write("/sys/power/state", "freeze");
	try_write("/sys/power/pm_test", "none");
	if (err)
		ktap_skip("no suspend here: %s", strerror(-err));
	ktap_assert(now_ms() - before >= 2000, "slept for %llu ms",
		    (unsigned long long)(now_ms() - before));
	assert_ticks();
	ktap_assert(wait_until(10000, get_lease(ctx, ends).ended),
		    "its time has passed");
	soon_has_cpus(2);
	ktap_assert(!get_lease(ctx, lasts.id).ended, "ended as %u",
		    get_lease(ctx, lasts.id).ended);
	must(ctx, preswap_lease_end(ctx, lasts.id));
}

static void test_hotplug(void)
{
	uint32_t id;
	pid_t child;

	setup();
	if (access(CPU_1, W_OK))
		ktap_skip("CPU 1 cannot go");
	id = begin(120000);
	must_write(CPU_1, "0");
	assert_ticks();
	ktap_assert(get_lease(ctx, id).ended == PRESWAP_LEASE_END_CHANGED,
		    "it ended as %u", get_lease(ctx, id).ended);
	child = group_spawn("survive", idle, NULL);
	sleep_ms(300);
	must_write(CPU_1, "1");
	soon_has_cpus(2);
	ktap_assert(wait_until(5000, cpus_of(child) == 2),
		    "the child has %d CPUs", cpus_of(child));
	reap(child);
	/* and all over again */
	sleep_ms(1500);
	id = begin(120000);
	must(ctx, preswap_lease_end(ctx, id));
	soon_has_cpus(2);

	/* begun while it is gone there is one core, which nobody gives */
	must_write(CPU_1, "0");
	assert_ticks();
	ktap_assert(preswap_lease_add(ctx, &(struct preswap_lease_opts){
			.size = sizeof(struct preswap_lease_opts),
			.kind = PRESWAP_LEASE_KIND_AFFINITY, .donor_id = donor,
			.amount = 1000, .duration_ms = 1000 }, NULL) == -ERANGE,
		    "the last core was given");
	must_write(CPU_1, "1");
	soon_has_cpus(2);
}

static void on_usage(void *data, uint32_t seq, uint64_t time_ns,
		     const struct preswap_app *app)
{
	(void)data, (void)seq, (void)time_ns, (void)app;
}

/* Twenty that listen and do not read: the module goes on as if they were not. */
static void test_deaf(void)
{
	struct preswap_subscribe_opts opts = {
		.size = sizeof(opts),
		.groups = PRESWAP_SUBSCRIBE_USAGE | PRESWAP_SUBSCRIBE_EVENTS,
		.usage = on_usage,
	};
	struct preswap_ctx *deaf[20];
	int small = 4096, i;
	uint32_t id;

	setup();
	for (i = 0; i < 20; i++) {
		deaf[i] = open_preswap();
		must(deaf[i], preswap_subscribe(deaf[i], &opts));
		setsockopt(preswap_fd(deaf[i]), SOL_SOCKET, SO_RCVBUF, &small,
			   sizeof(small));
	}
	sleep_ms(3000);
	for (i = 0; i < 30; i++) {
		id = begin(60000);
		must(ctx, preswap_lease_end(ctx, id));
		soon_has_cpus(2);
	}
	assert_ticks();
	for (i = 0; i < 20; i++)
		preswap_unref(deaf[i]);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-32 the clock is set", test_clock },
		{ "R-32 the machine sleeps", test_suspend },
		{ "R-32 a CPU goes, and comes back", test_hotplug },
		{ "R-32 listeners that do not read", test_deaf },
		{}
	});
}
