// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preswapd itself, with the module: that it keeps the swap log, that it goes on
 * after it was stopped, whose word a policy is, and which cgroups the
 * file reaches. From the top of the tree.
 */
#include <stdio.h>

#include "module.h"
#include "sense/leaselog.h"

#define FOLDER	"/tmp/preswap_daemon"
#define STATE	FOLDER "/learned"
#define LEASES	STATE LEASELOG_SUFFIX
#define REMEMBERED	64	/* of leases that ended, by the module */

static struct preswap_ctx *ctx;
static uint64_t donor, receiver;
static pid_t daemon_pid;

/* ---- the daemon ---- */

/* How often @text is in its log. */
static unsigned int log_has(const char *text)
{
	static char log[1 << 20];
	unsigned int count = 0;
	char *at = log;

	if (try_read(FOLDER "/log", log, sizeof(log)))
		return 0;
	while ((at = strstr(at, text))) {
		at++;
		count++;
	}
	return count;
}

static void daemon_start(void)
{
	unsigned int before = log_has("connected to preswap");

	fflush(stdout);
	daemon_pid = fork();
	ktap_assert(daemon_pid >= 0, "%s", strerror(errno));
	if (!daemon_pid) {
		int log = open(FOLDER "/log", O_WRONLY | O_CREAT | O_APPEND,
			       0600);

		dup2(log, STDERR_FILENO);
		execl("build/user/preswapd", "preswapd", "--config",
		      FOLDER "/conf", "--state", STATE, "--verbose", NULL);
		_exit(97);
	}
	ktap_assert(wait_until(20000, log_has("connected to preswap") > before),
		    "preswapd does not come up");
}

static int daemon_end(int signal)
{
	int status = -1;

	kill(daemon_pid, signal);
	waitpid(daemon_pid, &status, 0);
	daemon_pid = 0;
	return status;
}

static void write_text(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ktap_assert(file && fputs(text, file) >= 0 && !fclose(file), "%s", path);
}

static void setup(void)
{
	if (!ctx)
		ctx = open_preswap();
	mkdir(FOLDER, 0700);
	set_knob("min_priority", 10);
	group_remove("donor");
	group_remove("receiver");
	donor = group_make("donor");
	receiver = group_make("receiver");
	set_policy(ctx, donor, 2, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	set_policy(ctx, receiver, 9, PRESWAP_SENSITIVITY_LATENCY, false, 0, 0);
	group_spawn("donor", hold_bytes, (void *)(16 * MIB));
	ktap_assert(wait_until(20000, group_memory("donor") > 16 * MIB));
	sleep_ms(500);			/* for the module to see it */
}

/* ---- the swap log ---- */

struct tally {
	unsigned int leases, wrong;
	uint64_t missed, ended;
	struct leaselog_entry last;
};

static void count(void *data, const struct leaselog_entry *e)
{
	struct tally *t = data;

	t->missed += e->missed;
	t->ended = e->ended;
	if (e->missed)
		return;
	t->leases++;
	t->wrong += strcmp(e->donor, "/preswap_test/donor") ||
		    strcmp(e->receiver, "/preswap_test/receiver") ||
		    e->lease.id != e->ended;
	t->last = *e;
}

static struct tally read_log(void)
{
	struct tally t = {};
	uint64_t damaged = 0;
	int err = leaselog_read(LEASES, count, &t, &damaged);

	ktap_assert(!err || err == -ENOENT, "%s", strerror(-err));
	ktap_assert(!damaged, "%llu damaged lines",
		    (unsigned long long)damaged);
	return t;
}

/* Too little to begin with: each has another amount. */
static void lease(unsigned int number)
{
	struct preswap_lease_opts opts = {
		.size = sizeof(opts), .kind = PRESWAP_LEASE_KIND_RECLAIM,
		.donor_id = donor, .receiver_id = receiver,
		.amount = 65536 + number, .duration_ms = 60000,
	};
	struct preswap_lease begun = { .size = sizeof(begun) };

	must(ctx, preswap_lease_add(ctx, &opts, &begun));
	must(ctx, preswap_lease_end(ctx, begun.id));
}

static void leases(unsigned int count)
{
	static unsigned int number;

	while (count--)
		lease(number++);
}

static void expect(unsigned int leases, uint64_t missed)
{
	struct tally t;

	ktap_assert(wait_until(15000, read_log().leases >= leases &&
			       read_log().missed >= missed),
		    "%u leases in the log, %llu missed", read_log().leases,
		    (unsigned long long)read_log().missed);
	t = read_log();
	ktap_assert(t.leases == leases && t.missed == missed && !t.wrong &&
		    t.ended == leases + missed,
		    "%u leases, %llu missed, %u wrong, %llu ended", t.leases,
		    (unsigned long long)t.missed, t.wrong,
		    (unsigned long long)t.ended);
}

/* Lines that preswapctl log prints, for the donor. */
static unsigned int shown(void)
{
	FILE *pipe = popen("build/user/preswapctl log --since 1h --app preswap_test/donor --state "
			   STATE " | tail -n +2 | grep -c /preswap_test/receiver", "r");
	unsigned int lines = 0;

	ktap_assert(pipe && fscanf(pipe, "%u", &lines) == 1 && !pclose(pipe));
	return lines;
}

/*
 * By a daemon that is there, one that was away, and one that was away for longer than the
 * module remembers.
 */
static void test_log(void)
{
	struct preswap_lease_opts opts = {
		.size = sizeof(opts), .kind = PRESWAP_LEASE_KIND_RECLAIM,
		.donor_id = donor, .receiver_id = receiver, .amount = 4242,
		.duration_ms = 60000,
	};
	uint64_t begin = (uint64_t)time(NULL) * 1000;
	struct tally t;

	setup();
	write_text(FOLDER "/conf", "[events]\ntimers=no\ncron=no\n");
	daemon_start();
	leases(200);
	expect(200, 0);
	daemon_end(SIGKILL);
	leases(20);
	daemon_start();
	expect(220, 0);
	daemon_end(SIGKILL);
	leases(REMEMBERED + 6);
	daemon_start();
	expect(220 + REMEMBERED, 6);
	ktap_assert(log_has("6 leases that ended are not in the swap log") == 1);
	t = read_log();
	ktap_assert(t.last.end_ms >= begin &&
		    t.last.end_ms <= (uint64_t)time(NULL) * 1000 + 1000 &&
		    t.last.lease.kind == PRESWAP_LEASE_KIND_RECLAIM &&
		    t.last.lease.amount == 65536 + 289 &&
		    t.last.lease.reason == PRESWAP_REASON_MANUAL &&
		    t.last.lease.ended == PRESWAP_LEASE_END_REQUESTED,
		    "kind %u, %llu, reason %u, end %u", t.last.lease.kind,
		    (unsigned long long)t.last.lease.amount,
		    t.last.lease.reason, t.last.lease.ended);
	ktap_assert(shown() == 220 + REMEMBERED, "%u lines", shown());
	/* the last it hears of a module */
	opts.donor_id = donor;
	opts.receiver_id = receiver;
	must(ctx, preswap_lease_add(ctx, &opts, NULL));
	must_unload();
	expect(221 + REMEMBERED, 6);
	t = read_log();
	ktap_assert(t.last.lease.ended == PRESWAP_LEASE_END_UNLOAD &&
		    t.last.lease.amount == 4242, "end %u",
		    t.last.lease.ended);
	ktap_assert(daemon_end(SIGTERM) == 0);
	must_load();
}

/* ---- stopped ---- */

/* See spin(). */
static void idle_instructions(void)
{
	int i;

	for (i = 0; i < 1000; i++)
		__asm__ volatile(".fill 400, 1, 0x90" ::: "memory");
}

/* Some of each second, another part of each: its mean is a better guess than its last. */
static void work_unevenly(void *arg)
{
	uint32_t x = 1;

	(void)arg;
	for (;;) {
		uint64_t begin = now_ms();

		x = x * 1664525 + 1013904223;
		while (now_ms() < begin + (x >> 16) % 600)
			idle_instructions();
		sleep_ms((unsigned int)(begin + 1000 - now_ms()));
	}
}

static int count_of_receiver(void *data, const struct preswap_forecast *f)
{
	*(unsigned int *)data += f->app_id == receiver &&
				 f->resource == PRESWAP_RESOURCE_CPU;
	return 0;
}

/* Of the receiver's CPU, in the module. */
static unsigned int forecasts(void)
{
	unsigned int count = 0;

	must(ctx, preswap_forecasts(ctx, count_of_receiver, &count));
	return count;
}

/* So often it was told one. */
static unsigned int told(void)
{
	char text[64];

	snprintf(text, sizeof(text), "app %llu milli-cpu in ",
		 (unsigned long long)receiver);
	return log_has(text);
}

/*
 * For 12 s, and forecasts are valid for 2: they end in time, and when it goes on it learns
 * from what it was told meanwhile, but says only what it expects now.
 */
static void test_stopped(void)
{
	unsigned int before, connected, in_log;
	uint64_t stopped;

	setup();
	write_text(FOLDER "/conf", "[daemon]\nvalid_ms=2000\n"
		   "[events]\ntimers=no\ncron=no\n");
	group_spawn("receiver", work_unevenly, NULL);
	daemon_start();
	connected = log_has("connected to preswap");
	in_log = read_log().leases;
	ktap_assert(wait_until(60000, told() >= 5 && forecasts()),
		    "no forecast");
	kill(daemon_pid, SIGSTOP);
	stopped = now_ms();
	before = told();
	ktap_assert(forecasts() == 1, "they went with it");
	ktap_assert(wait_until(6000, !forecasts()), "they stay");
	ktap_assert(now_ms() - stopped >= 500 && now_ms() - stopped < 4000,
		    "ended after %llu ms",
		    (unsigned long long)(now_ms() - stopped));
	leases(5);
	while (now_ms() - stopped < 12000)
		sleep_ms(100);
	ktap_assert(!forecasts() && told() == before, "it said something");
	kill(daemon_pid, SIGCONT);
	ktap_assert(wait_until(10000, forecasts()), "no forecast any more");
	sleep_ms(1500);
	printf("# told %u times after that\n", told() - before);
	ktap_assert(told() - before <= 4, "told %u times", told() - before);
	ktap_assert(wait_until(15000, read_log().leases == in_log + 5),
		    "%u leases in the log, there were %u", read_log().leases,
		    in_log);
	ktap_assert(kill(daemon_pid, 0) == 0 &&
		    log_has("connected to preswap") == connected,
		    "it began anew");
	ktap_assert(!log_has("messages of the module were lost"));
	ktap_assert(daemon_end(SIGTERM) == 0);
}

/* ---- policies ---- */

#define QUIET	"[events]\ntimers=no\ncron=no\n"
#define GIVEN	QUIET "[policy \"preswap_test/donor\"]\npriority=3\nsensitivity=batch\n"

static int take_priority(void *data, const struct preswap_app *app)
{
	*(unsigned int *)data = app->has_policy ? app->policy.priority : 0;
	return 0;
}

/* 0: it has no policy, or is not there (yet). */
static unsigned int priority(uint64_t id)
{
	unsigned int found = 0;

	return preswap_app_by_id(ctx, id, take_priority, &found) ? 0 : found;
}

static void restart(int signal, const char *conf)
{
	/* it writes what it has set within a second */
	sleep_ms(2500);
	daemon_end(signal);
	write_text(FOLDER "/conf", conf);
	daemon_start();
}

/*
 * A person's word stands until the file is read again; what the file gave goes with its
 * section, also where no daemon saw that; a module that was reloaded has all of it again.
 */
static void test_policies(void)
{
	setup();
	must(ctx, preswap_policy_del(ctx, donor));
	write_text(FOLDER "/conf", GIVEN);
	daemon_start();
	ktap_assert(wait_until(20000, priority(donor) == 3), "it is not set");
	must(ctx, preswap_policy_del(ctx, donor));
	sleep_ms(4000);
	ktap_assert(!priority(donor), "deleted by hand, it is %u again",
		    priority(donor));
	kill(daemon_pid, SIGHUP);
	ktap_assert(wait_until(20000, priority(donor) == 3),
		    "it is not set when the file was read again");
	must_unload();
	must_load();
	ktap_assert(wait_until(40000, priority(donor) == 3),
		    "it is not set in a module that was reloaded");
	set_policy(ctx, receiver, 9, PRESWAP_SENSITIVITY_LATENCY, false, 0, 0);
	restart(SIGKILL, QUIET);
	ktap_assert(wait_until(20000, !priority(donor)),
		    "without its section it stays");
	ktap_assert(priority(receiver) == 9, "%u by hand", priority(receiver));
	restart(SIGTERM, GIVEN);
	ktap_assert(wait_until(20000, priority(donor) == 3));
	set_policy(ctx, donor, 5, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	restart(SIGTERM, QUIET);
	sleep_ms(4000);
	ktap_assert(priority(donor) == 5, "changed by hand, it is %u",
		    priority(donor));
	ktap_assert(daemon_end(SIGTERM) == 0);
}

#define REACHED	QUIET							\
	"[policy \"preswap_test/empty\"]\npriority=4\n"			\
	"[policy \"preswap_test/outer\"]\npriority=6\n"			\
	"[policy \"preswap_test/outer/*\"]\npriority=2\nswap_eligible=no\n"	\
	"[policy \"preswap_test/absent\"]\npriority=2\n"

/*
 * The module reports neither a cgroup without tasks, nor one inside of one that has a
 * policy: they have their sections all the same, and what a person deletes stays so.
 */
static void test_reached(void)
{
	uint64_t empty, outer, inner;

	setup();
	empty = group_make("empty");
	outer = group_make("outer");
	write_text(FOLDER "/conf", REACHED);
	daemon_start();
	ktap_assert(wait_until(20000, priority(empty) == 4 &&
			       priority(outer) == 6),
		    "without tasks: %u %u", priority(empty), priority(outer));
	ktap_assert(wait_until(10000,
			log_has("[policy \"preswap_test/absent\"] is for no cgroup")));
	inner = group_make("outer/inner");
	group_spawn("outer/inner", hold_bytes, (void *)(4 * MIB));
	ktap_assert(wait_until(20000, priority(inner) == 2),
		    "inside of one with a policy: %u", priority(inner));
	ktap_assert(priority(outer) == 6);
	/* it is known to the daemon as any other, before it is deleted */
	sleep_ms(3000);
	must(ctx, preswap_policy_del(ctx, empty));
	must(ctx, preswap_policy_del(ctx, inner));
	sleep_ms(13000);
	ktap_assert(!priority(empty) && !priority(inner),
		    "deleted by hand, they are %u and %u again",
		    priority(empty), priority(inner));
	kill(daemon_pid, SIGHUP);
	ktap_assert(wait_until(20000, priority(empty) == 4 &&
			       priority(inner) == 2),
		    "they are not set when the file was read again");
	must_unload();
	must_load();
	ktap_assert(wait_until(60000, priority(empty) == 4 &&
			       priority(outer) == 6 && priority(inner) == 2),
		    "they are not set in a module that was reloaded");
	restart(SIGKILL, QUIET);
	ktap_assert(wait_until(20000, !priority(empty) && !priority(inner) &&
			       !priority(outer)),
		    "without their sections they stay");
	ktap_assert(daemon_end(SIGTERM) == 0);
}

static void end_all(void)
{
	if (daemon_pid)
		daemon_end(SIGKILL);
	group_remove("outer/inner");
	group_remove("outer");
	group_remove("empty");
	group_remove("donor");
	group_remove("receiver");
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-34 each lease is in the swap log, or counted as missed",
		  test_log },
		{ "R-32 it is stopped for a while, and goes on", test_stopped },
		{ "R-25 a policy by hand stands, one of the file goes with its section",
		  test_policies },
		{ "R-8 a section reaches what the module does not report",
		  test_reached },
		{ "R-32 and ends", end_all },
		{}
	});
}
