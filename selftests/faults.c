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
#include <sys/sysmacros.h>

#include "module.h"
#include "netlink_state.h"

#define PARAMETERS	"/sys/module/preswap/parameters/"
#define MOST		400	/* allocations of one act, more are a loop */
#define CHILDREN	12
#define TEXT		4096

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
static uint64_t giver;		/* that of leases, with a task */
static pid_t giver_task;

/*
 * @least: failures that are refusals.
 * @logs: what began and failed is in the log.
 * @kind, @amount, @file, @before, @now: of leases; what the giver's file says without it
 *	and with it.
 */
struct act {
	const char *name;
	int (*act)(const struct act *a);
	void (*undo)(const struct act *a);
	unsigned int least;
	bool logs;
	uint8_t kind;
	uint64_t amount;
	const char *file, *before, *now;
};

static int act_policy(const struct act *a)
{
	struct preswap_policy policy = {
		.size = sizeof(policy), .app_id = extra,
		.fields = PRESWAP_POLICY_PRIORITY, .priority = 4,
	};

	(void)a;
	return preswap_policy_set(base.ctx, &policy);
}

static void undo_policy(const struct act *a)
{
	(void)a;
	preswap_policy_del(base.ctx, extra);
}

static int act_forecasts(const struct act *a)
{
	struct preswap_forecast forecasts[3];
	const uint64_t ids[] = { base.a, base.b, base.c };
	int i;

	(void)a;
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

static void undo_forecasts(const struct act *a)
{
	(void)a;
	state_forecasts(base.a);
	state_forecasts(base.b);
	state_forecasts(base.c);
}

/* ---- leases ---- */

static uint32_t begun;

static int begin_lease(uint64_t donor, uint8_t kind, uint64_t amount,
		       uint32_t device)
{
	struct preswap_lease lease = { .size = sizeof(lease) };
	struct preswap_lease_opts opts = {
		.size = sizeof(opts), .kind = kind, .donor_id = donor,
		.amount = amount, .duration_ms = STATE_LEASE_MS,
		.device = device,
	};
	int err = preswap_lease_add(base.ctx, &opts, &lease);

	begun = err ? 0 : lease.id;
	return err;
}

static int act_reclaim(const struct act *a)
{
	return begin_lease(base.a, a->kind, a->amount, 0);
}

static void undo_reclaim(const struct act *a)
{
	(void)a;
	must(base.ctx, preswap_lease_end(base.ctx, begun));
}

/* A file of a group, up to its first newline. */
static const char *line_of(const char *group, const char *file)
{
	static char text[TEXT];
	int err = try_read(group_file(group, file), text, sizeof(text));

	ktap_assert(!err, "%s: %s", file, strerror(-err));
	text[strcspn(text, "\n")] = '\0';
	return text;
}

static const char *giver_line(const struct act *a)
{
	return line_of("giver", a->file);
}

static int cpus_of(pid_t pid)
{
	cpu_set_t mask;

	CPU_ZERO(&mask);
	ktap_assert(!sched_getaffinity(pid, sizeof(mask), &mask), "%s",
		    strerror(errno));
	return CPU_COUNT(&mask);
}

/* Wholly in force, or wholly not. */
static bool is_in_force(const struct act *a)
{
	return a->file ? !strcmp(giver_line(a), a->now) :
			 cpus_of(giver_task) == 1;
}

static bool is_undone(const struct act *a)
{
	return a->file ? !strcmp(giver_line(a), a->before) :
			 cpus_of(giver_task) == 2;
}

/* What was granted comes into force, also where that fails at first. */
static int act_lease(const struct act *a)
{
	unsigned int device = 0;
	int err;

	if (a->kind == PRESWAP_LEASE_KIND_IO_MAX) {
		unsigned int major, minor;

		ktap_assert(sscanf(a->now, "%u:%u", &major, &minor) == 2);
		device = major << 20 | minor;
	}
	err = begin_lease(giver, a->kind, a->amount, device);
	if (!err)
		ktap_assert(wait_until(10000, is_in_force(a)),
			    "%s is granted, and not in force: '%s', %d CPUs",
			    a->name, a->file ? giver_line(a) : "",
			    cpus_of(giver_task));
	return err;
}

/* Also while each third allocation fails. */
static void undo_lease(const struct act *a)
{
	must_write(PARAMETERS "fail_every", "3");
	must(base.ctx, preswap_lease_end(base.ctx, begun));
	ktap_assert(wait_until(10000, is_undone(a)),
		    "%s is not undone: '%s', %d CPUs", a->name,
		    a->file ? giver_line(a) : "", cpus_of(giver_task));
	must_write(PARAMETERS "fail_every", "0");
	/* so that the next one is not busy */
	sleep_ms(50);
}

static int see_app(void *data, const struct preswap_app *app)
{
	(void)app;
	++*(unsigned int *)data;
	return 0;
}

static int act_dump(const struct act *a)
{
	unsigned int count = 0;
	int err = preswap_apps(base.ctx, see_app, &count);

	(void)a;
	return err ?: count >= 3 ? 0 : -ENODATA;
}

static int act_info(const struct act *a)
{
	struct preswap_info info = { .size = sizeof(info) };

	(void)a;
	return preswap_info_get(base.ctx, &info);
}

static void undo_nothing(const struct act *a)
{
	(void)a;
}

#define SHARE(kind_, amount_, file_, before_, now_) {			\
	.name = "lease-add " file_, .act = act_lease, .undo = undo_lease, \
	.least = 3, .logs = true, .kind = PRESWAP_LEASE_KIND_##kind_,	\
	.amount = amount_, .file = file_, .before = before_, .now = now_ }

static char io_before[80], io_now[80];	/* of the disk that there is */

static const struct act acts[] = {
	{ "info-get", act_info, undo_nothing, .least = 1 },
	{ "app-get", act_dump, undo_nothing, .least = 0 },
	{ "policy-set", act_policy, undo_policy, .least = 1 },
	{ "forecast-set", act_forecasts, undo_forecasts, .least = 1 },
	{ "lease-add reclaim", act_reclaim, undo_reclaim, .least = 2,
	  .kind = PRESWAP_LEASE_KIND_RECLAIM, .amount = STATE_AMOUNT },
	{ "lease-add affinity", act_lease, undo_lease, .least = 2,
	  .kind = PRESWAP_LEASE_KIND_AFFINITY, .amount = 1000 },
	SHARE(CPU_WEIGHT, 33, "cpu.weight", "250", "33"),
	SHARE(CPU_MAX, 500, "cpu.max", "max 50000", "25000 50000"),
	SHARE(IO_WEIGHT, 300, "io.weight", "default 70", "default 300"),
	SHARE(IO_MAX, 4 * MIB, "io.max", io_before, io_now),
	SHARE(MEMORY_LOW, 16 * MIB, "memory.low", "1048576", "16777216"),
	SHARE(MEMORY_HIGH, 128 * MIB, "memory.high", "max", "134217728"),
};

/* A disk that has limits already, of which a lease leaves the operations. */
static void find_disk(void)
{
	struct stat st;
	char disk[32];

	if (stat("/dev/zram0", &st) && stat("/dev/nullb0", &st))
		return;
	snprintf(disk, sizeof(disk), "%u:%u", major(st.st_rdev),
		 minor(st.st_rdev));
	snprintf(io_before, sizeof(io_before),
		 "%s rbps=max wbps=1048576 riops=77 wiops=max", disk);
	snprintf(io_now, sizeof(io_now),
		 "%s rbps=4194304 wbps=4194304 riops=77 wiops=max", disk);
}

/* The file with what it said before; false: this kernel has none. */
static bool prepare(const struct act *a)
{
	if (!a->file)
		return true;
	if (access(group_file("giver", a->file), F_OK) || !*a->before) {
		printf("# no %s here\n", a->file);
		return false;
	}
	must_write(group_file("giver", a->file), a->before);
	ktap_assert(is_undone(a), "%s: '%s'", a->file, giver_line(a));
	return true;
}

static void assert_unchanged(struct state *before, const struct act *a)
{
	struct state_ids in_force =
		state_ids_of(PRESWAP_CMD_LEASE_GET, state_note_lease);

	ktap_assert(in_force.count == 2, "%s: %u leases in force", a->name,
		    in_force.count);
	ktap_assert(!a->file || is_undone(a), "%s was written: '%s'", a->file,
		    giver_line(a));
	ktap_assert(cpus_of(giver_task) == 2, "%s: the task was moved",
		    a->name);
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
	bool fired = true;
	unsigned int n;
	int err;

	for (n = 1; n < MOST && fired; n++) {
		uint64_t so_far = failed();

		fail_after(n);
		err = a->act(a);
		fail_after(0);
		fired = failed() != so_far;
		if (!err) {
			tally->done++;
			a->undo(a);
			continue;
		}
		tally->refused++;
		ktap_assert(err == -ENOMEM && fired, "%s, %u: %d (%s)",
			    a->name, n, err, preswap_strerror(base.ctx));
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

static void sleep_on(void *arg)
{
	(void)arg;
	for (;;)
		sleep_ms(20);
}

static void test_requests(void)
{
	unsigned int i, done = 0;

	load();
	state_restore();
	if (sysconf(_SC_NPROCESSORS_ONLN) != 2)
		ktap_skip("needs two CPUs");
	find_disk();
	giver = group_make("giver");
	set_policy(base.ctx, giver, 2, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	giver_task = group_spawn("giver", sleep_on, NULL);
	sleep_ms(500);			/* for the module to see it */
	for (i = 0; i < sizeof(acts) / sizeof(acts[0]); i++) {
		if (!prepare(&acts[i]))
			continue;
		fail_each(&acts[i]);
		done++;
	}
	ktap_assert(done >= 10, "%u acts", done);
	group_remove("giver");
}

/* ---- the engine's ---- */

#define DISK	"/dev/nullb0"

/* 8 MiB each second. */
static void reader(void *arg)
{
	int fd = open(DISK, O_RDONLY | O_DIRECT | O_CLOEXEC);
	void *buf;

	(void)arg;
	if (fd < 0 || posix_memalign(&buf, 4096, MIB / 4))
		_exit(98);
	for (;;) {
		if (pread(fd, buf, MIB / 4, 0) != (ssize_t)MIB / 4)
			_exit(97);
		sleep_ms(31);
	}
}

static struct preswap_ctx *ctx;

static void setup_throttle(char *disk, size_t size)
{
	struct stat st;

	if (access(DISK, F_OK) && system("modprobe -q null_blk nr_devices=1"))
		ktap_skip("no null_blk");
	ktap_assert(wait_until(5000, !stat(DISK, &st)), "no " DISK);
	snprintf(disk, size, "%u:%u", major(st.st_rdev), minor(st.st_rdev));
	load();
	ctx = open_preswap();
	group_remove("low");
	extra = group_make("recv");
	giver = group_make("low");
	if (access(group_file("low", "io.max"), F_OK))
		ktap_skip("no io.max");
	set_knob("threshold_memory_pct", 100);
	set_knob("threshold_cpu_pct", 100);
	set_knob("hold_ms", 1000);
	set_knob("io_capacity_mib", 10);
	must_write("/sys/kernel/preswap/io_device", disk);
	set_policy(ctx, extra, 9, PRESWAP_SENSITIVITY_LATENCY, false, 0, 0);
	set_policy(ctx, giver, 1, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	group_spawn("low", reader, NULL);
	/* that it began is a ramp, which must have passed */
	set_knob("enabled", 0);
	sleep_ms(6000);
}

static struct search throttles(void)
{
	return find_leases(ctx, PRESWAP_LEASE_KIND_THROTTLE, giver);
}

static bool is_limited(const char *before)
{
	return strcmp(line_of("low", "io.max"), before);
}

/* One that was not there yet when @before ended. */
static bool has_failed(uint32_t before)
{
	struct search s = throttles();

	return s.has_ended && s.ended.id > before &&
	       s.ended.ended == PRESWAP_LEASE_END_FAILED;
}

/*
 * The allocation of a throttle that fails is the lease's, the share's, or one of what is
 * done to the file: it is tried again, or the lease ends as failed and the donor is left
 * alone. The undoing is tried again, too.
 */
static void test_throttle(void)
{
	static const unsigned int fails[] = { 1, 2, 4 };
	char disk[32], before[80];
	unsigned int i, limited = 0;

	setup_throttle(disk, sizeof(disk));
	snprintf(before, sizeof(before),
		 "%s rbps=67108864 wbps=max riops=7777 wiops=max", disk);
	must_write(group_file("low", "io.max"), before);
	set_need(ctx, extra, PRESWAP_RESOURCE_IO, 8 * MIB);
	for (i = 0; i < 3; i++) {
		uint32_t last = throttles().ended.id;
		uint64_t so_far = failed();

		fail_after(fails[i]);
		set_knob("enabled", 1);
		ktap_assert(wait_until(10000, failed() != so_far &&
				       (is_limited(before) || has_failed(last))),
			    "neither a throttle nor a failed one when %u fails",
			    fails[i]);
		limited += is_limited(before);
		must_write(PARAMETERS "fail_every", "3");
		set_knob("enabled", 0);
		ktap_assert(wait_until(10000, !is_limited(before)),
			    "io.max stays '%s'", line_of("low", "io.max"));
		must_write(PARAMETERS "fail_every", "0");
		ktap_assert(!throttles().in_force, "still in force");
	}
	printf("# limited %u times of 3\n", limited);
	ktap_assert(limited >= 2, "%u times", limited);
	group_remove("low");
	preswap_unref(ctx);
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
		int err = begin_lease(base.a, kind,
				      kind == PRESWAP_LEASE_KIND_RECLAIM ?
				      STATE_AMOUNT :
				      kind == PRESWAP_LEASE_KIND_AFFINITY ?
				      1000 : 33, 0);

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
		{ "R-32 R-30 the engine's throttles: io.max is as it was",
		  test_throttle },
		{ "R-32 under load: tasks are found again, acts undone",
		  test_storm },
		{ "R-32 nothing is left over", test_left },
		{}
	});
}
