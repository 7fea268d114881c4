// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * R-32 R-55: the module goes at any time, and leaves nothing behind.
 *
 * A donor forks and exits all the time, holds memory, has threads, and tasks
 * that the user has pinned. Leases take its memory and its cores, listeners
 * read or do not, another program asks for leases without pause - and the
 * module is unloaded, again and again (42 times, 100 with PRESWAP_LONG), at a different
 * moment of the lease each time. Afterwards every task has the mask that it
 * had, and no file, no kobject and no cgroup is held.
 *
 *	unload [CYCLES]
 *
 * selftests/run does not load the module for this one; it says where it is in
 * PRESWAP_MODULE.
 */
#include <poll.h>
#include <pthread.h>
#include <sched.h>
#include <stdatomic.h>
#include <sys/mount.h>
#include <sys/swap.h>
#include <sys/mman.h>

#include "guest.h"
#include "module.h"
#include "rawnl.h"

#define SLEEPERS	200
#define HELD		(48 * MIB)

static uint64_t donor, receiver;
static pid_t pinned[2];
static cpu_set_t all_cpus;
static bool ready;
static unsigned int cycles = 42;

/* What the cycles did together: that they did something at all. */
static struct {
	uint64_t leases, asked, moved, reclaimed, checked, shares;
	uint64_t events, usages;
} total;

/* ---- the load ---- */

static void touch(volatile char *memory, size_t size)
{
	for (size_t at = 0; at < size; at += 4096)
		memory[at]++;
}

static char *hold_memory(size_t size)
{
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		_exit(1);
	touch(memory, size);
	return memory;
}

struct storm {
	size_t memory;
	unsigned int pause_ms;
};

/* Children that live for up to 0.3 s; forking takes long with much memory. */
static void run_storm(void *arg)
{
	const struct storm *storm = arg;
	unsigned int n = 0;

	signal(SIGCHLD, SIG_IGN);
	hold_memory(storm->memory);
	for (;;) {
		pid_t pid = fork();

		if (!pid) {
			sleep_ms(n % 7 * 50);
			_exit(0);
		}
		n++;
		sleep_ms(pid < 0 ? 20 : storm->pause_ms);
	}
}

static void *run_thread(void *arg)
{
	for (;;)
		sleep_ms(10);
	return arg;
}

static void run_hog(void *arg)
{
	char *memory = hold_memory(HELD);
	pthread_t thread;

	for (int i = 0; i < 4; i++)
		pthread_create(&thread, NULL, run_thread, arg);
	for (;;) {
		touch(memory, HELD);
		sleep_ms(20);
	}
}

static void run_pinned(void *arg)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(*(int *)arg, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		_exit(1);
	for (;;)
		sleep_ms(10);
}

static void *run_sleeper(void *arg)
{
	for (;;)
		pause();
	return arg;
}

/* Many tasks, so that a dump of them has many parts. */
static void run_sleepers(void *arg)
{
	pthread_attr_t attr;
	pthread_t thread;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 16384);
	for (int i = 0; i < SLEEPERS; i++)
		pthread_create(&thread, &attr, run_sleeper, arg);
	for (;;)
		pause();
}

static bool is_pinned(pid_t pid)
{
	cpu_set_t set;

	return !sched_getaffinity(pid, sizeof(set), &set) &&
	       CPU_COUNT(&set) == 1;
}

/* Once for all cases: the load knows nothing of the module. */
static void load_start(void)
{
	static struct storm small = { MIB, 5 }, large = { 24 * MIB, 15 };
	static int cpu[2] = { 0, 1 };
	char pids[16] = "160";

	if (ready)
		return;
	ktap_assert(!sched_getaffinity(0, sizeof(all_cpus), &all_cpus),
		    "%s", strerror(errno));
	if (CPU_COUNT(&all_cpus) < 2)
		ktap_skip("needs two CPUs");
	hold_tracepoints();
	donor = group_make("unload_donor");
	receiver = group_make("unload_receiver");
	must_write(group_file("unload_donor", "pids.max"), pids);
	group_spawn("unload_donor", run_storm, &small);
	group_spawn("unload_donor", run_storm, &large);
	group_spawn("unload_donor", run_hog, NULL);
	pinned[0] = group_spawn("unload_donor", run_pinned, &cpu[0]);
	pinned[1] = group_spawn("unload_donor", run_pinned, &cpu[1]);
	group_spawn("unload_receiver", run_sleepers, NULL);
	ktap_assert(wait_until(60000, is_pinned(pinned[0]) &&
				      is_pinned(pinned[1])), "not pinned");
	ktap_assert(wait_until(120000, read_u64(group_file("unload_donor",
				       "memory.current")) > HELD),
		    "the donor holds too little");
	ready = true;
}

/* ---- masks ---- */

/* A task that is on its way out keeps the mask it has. */
static bool is_leaving(pid_t pid)
{
	char path[64], stat[512], *at;
	unsigned long flags;
	char state;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (try_read(path, stat, sizeof(stat)))
		return true;
	at = strrchr(stat, ')');
	if (!at || sscanf(at + 1, " %c %*d %*d %*d %*d %*d %lu", &state,
			  &flags) != 2)
		return true;
	return state == 'Z' || state == 'X' || flags & 4; /* PF_EXITING */
}

static void assert_mask(pid_t pid, unsigned int cycle)
{
	cpu_set_t want = all_cpus, has;
	int i;

	for (i = 0; i < 2; i++) {
		if (pid != pinned[i])
			continue;
		CPU_ZERO(&want);
		CPU_SET(i, &want);
	}
	CPU_ZERO(&has);
	if (sched_getaffinity(pid, sizeof(has), &has))
		return;		/* gone */
	total.checked++;
	ktap_assert(CPU_EQUAL(&want, &has) || is_leaving(pid),
		    "cycle %u: task %d has %d CPUs (first %d), not %d", cycle,
		    pid, CPU_COUNT(&has), CPU_ISSET(0, &has) ? 0 : 1,
		    CPU_COUNT(&want));
}

static void assert_masks(const char *group, unsigned int cycle)
{
	FILE *list = fopen(group_file(group, "cgroup.threads"), "re");
	int pid;

	ktap_assert(list, "%s: %s", group, strerror(errno));
	while (fscanf(list, "%d", &pid) == 1)
		assert_mask(pid, cycle);
	fclose(list);
}

/* ---- what goes on while the module is unloaded ---- */

struct reader {
	pthread_t thread;
	struct preswap_ctx *ctx;
	atomic_bool stop;
	uint64_t events, usages;
};

static void on_usage(void *data, uint32_t seq, uint64_t time_ns,
		     const struct preswap_app *app)
{
	struct reader *reader = data;

	(void)seq, (void)time_ns, (void)app;
	reader->usages++;
}

static void on_event(void *data, const struct preswap_event *event)
{
	struct reader *reader = data;

	(void)event;
	reader->events++;
}

static void *run_reader(void *arg)
{
	struct reader *reader = arg;

	while (!atomic_load(&reader->stop)) {
		struct pollfd fd = { preswap_fd(reader->ctx), POLLIN, 0 };

		if (poll(&fd, 1, 20) > 0)
			preswap_dispatch(reader->ctx);
	}
	return NULL;
}

static void subscribe(struct preswap_ctx *ctx, void *data)
{
	struct preswap_subscribe_opts opts = {
		.size = sizeof(opts),
		.groups = PRESWAP_SUBSCRIBE_USAGE | PRESWAP_SUBSCRIBE_EVENTS,
		.data = data,
		.usage = on_usage,
		.event = on_event,
	};

	must(ctx, preswap_subscribe(ctx, &opts));
}

/* A share is for nobody. */
static int ask_lease(struct preswap_ctx *ctx, unsigned int kind,
		     uint64_t amount)
{
	struct preswap_lease_opts opts = {
		.size = sizeof(opts),
		.kind = (uint8_t)kind,
		.donor_id = donor,
		.receiver_id = kind > PRESWAP_LEASE_KIND_AFFINITY ? 0 : receiver,
		.amount = amount,
		.duration_ms = 60000,
	};

	return preswap_lease_add(ctx, &opts, NULL);
}

/* Begins leases until the module is gone, and while it goes. */
struct asker {
	pthread_t thread;
	struct preswap_ctx *ctx;
	atomic_bool stop;
	uint64_t begun;
};

static void *run_asker(void *arg)
{
	struct asker *asker = arg;

	while (!atomic_load(&asker->stop)) {
		if (!ask_lease(asker->ctx, PRESWAP_LEASE_KIND_RECLAIM, MIB))
			asker->begun++;
		if (!ask_lease(asker->ctx, PRESWAP_LEASE_KIND_AFFINITY, 1000))
			asker->begun++;
		sched_yield();
	}
	return NULL;
}

/* ---- a cycle ---- */

struct cycle {
	struct preswap_ctx *ctx, *deaf;
	struct reader reader;
	struct asker asker;
	bool asks;
};

/* In static memory: after a failure its threads run on. */
static struct cycle cycle;

static void cycle_begin(struct cycle *c, unsigned int number)
{
	int small = 4096;
	uint64_t gone;

	must_load();
	set_knob("usage_ms", 100);
	set_knob("tick_ms", 10);
	c->ctx = open_preswap();
	c->deaf = open_preswap();
	c->reader.ctx = open_preswap();
	c->asker.ctx = open_preswap();
	c->asks = number % 2;
	subscribe(c->deaf, NULL);
	setsockopt(preswap_fd(c->deaf), SOL_SOCKET, SO_RCVBUF, &small,
		   sizeof(small));
	subscribe(c->reader.ctx, &c->reader);
	pthread_create(&c->reader.thread, NULL, run_reader, &c->reader);

	/* a cgroup that goes while an app of it is there */
	gone = group_make("unload_gone");
	set_policy(c->ctx, gone, 3, PRESWAP_SENSITIVITY_NORMAL, true, 0, 0);
	set_policy(c->ctx, donor, 2, PRESWAP_SENSITIVITY_BATCH, true, MIB, 0);
	set_policy(c->ctx, receiver, 8, PRESWAP_SENSITIVITY_LATENCY, false, 0,
		   0);
}

static void cycle_leases(struct cycle *c)
{
	must(c->ctx, ask_lease(c->ctx, PRESWAP_LEASE_KIND_RECLAIM, 4 * MIB));
	must(c->ctx, ask_lease(c->ctx, PRESWAP_LEASE_KIND_AFFINITY, 1000));
	must(c->ctx, ask_lease(c->ctx, PRESWAP_LEASE_KIND_CPU_WEIGHT, 40));
	total.shares += read_u64(group_file("unload_donor", "cpu.weight")) == 40;
	group_remove("unload_gone");
	if (c->asks)
		pthread_create(&c->asker.thread, NULL, run_asker, &c->asker);
}

static void cycle_note(struct cycle *c)
{
	struct preswap_info info = { .size = sizeof(info) };

	must(c->ctx, preswap_info_get(c->ctx, &info));
	total.leases += info.leases_begun;
	total.moved += info.tasks_moved;
	total.reclaimed += info.reclaimed_bytes;
}

static void cycle_end(struct cycle *c)
{
	if (c->asks) {
		atomic_store(&c->asker.stop, true);
		pthread_join(c->asker.thread, NULL);
	}
	atomic_store(&c->reader.stop, true);
	pthread_join(c->reader.thread, NULL);
	total.events += c->reader.events;
	total.usages += c->reader.usages;
	total.asked += c->asker.begun;
	preswap_unref(c->ctx);
	preswap_unref(c->deaf);
	preswap_unref(c->reader.ctx);
	preswap_unref(c->asker.ctx);
}

static void cycle_run(unsigned int number)
{
	/* before the worker has begun, while it works, after it has ended */
	static const unsigned int wait_ms[] = { 0, 1, 3, 10, 30, 100, 250 };

	cycle = (struct cycle){};
	cycle_begin(&cycle, number);
	cycle_leases(&cycle);
	sleep_ms(wait_ms[number % 7]);
	cycle_note(&cycle);
	must_unload();
	assert_gone();
	assert_masks("unload_donor", number);
	ktap_assert(read_u64(group_file("unload_donor", "cpu.weight")) == 100,
		    "cycle %u: the donor keeps its share", number);
	cycle_end(&cycle);
	/* children of those that were forking just now */
	assert_masks("unload_donor", number);
	assert_masks("unload_receiver", number);
}

static void test_cycles(void)
{
	uint64_t begin = now_ms();
	unsigned int i;

	load_start();
	for (i = 1; i <= cycles; i++) {
		cycle_run(i);
		if (i % 10)
			continue;
		printf("# cycle %u, %llu s: %llu masks checked, %llu changed, %llu MiB reclaimed\n",
		       i, (unsigned long long)(now_ms() - begin) / 1000,
		       (unsigned long long)total.checked,
		       (unsigned long long)total.moved,
		       (unsigned long long)(total.reclaimed / MIB));
		fflush(stdout);
	}
	printf("# %llu leases, %llu asked for meanwhile, %llu events, %llu usages\n",
	       (unsigned long long)total.leases,
	       (unsigned long long)total.asked,
	       (unsigned long long)total.events,
	       (unsigned long long)total.usages);
}

static void test_load_was_real(void)
{
	ktap_assert(total.leases >= 2 * cycles, "%llu leases",
		    (unsigned long long)total.leases);
	ktap_assert(total.asked > 0, "no lease was asked for meanwhile");
	ktap_assert(total.moved > cycles, "%llu masks changed",
		    (unsigned long long)total.moved);
	ktap_assert(total.reclaimed > MIB, "%llu bytes reclaimed",
		    (unsigned long long)total.reclaimed);
	ktap_assert(total.shares == cycles, "%llu shares",
		    (unsigned long long)total.shares);
	ktap_assert(total.checked > 20 * cycles, "%llu masks checked",
		    (unsigned long long)total.checked);
	ktap_assert(total.events > cycles && total.usages > 10,
		    "%llu events, %llu usages",
		    (unsigned long long)total.events,
		    (unsigned long long)total.usages);
}

/* ---- in use ---- */

/* Loaded, with a lease in force. */
static struct preswap_ctx *begin_in_use(void)
{
	struct preswap_ctx *ctx;

	load_start();
	module_unload();	/* what a failed case has left */
	must_load();
	ctx = open_preswap();
	set_policy(ctx, donor, 2, PRESWAP_SENSITIVITY_BATCH, true, MIB, 0);
	set_policy(ctx, receiver, 8, PRESWAP_SENSITIVITY_LATENCY, false, 0,
		   0);
	must(ctx, ask_lease(ctx, PRESWAP_LEASE_KIND_AFFINITY, 1000));
	return ctx;
}

/* Refused, and nothing has ended by that. */
static void assert_in_use(struct preswap_ctx *ctx)
{
	struct preswap_info info = { .size = sizeof(info) };
	int err = module_unload();

	ktap_assert(err == -EWOULDBLOCK, "unload: %d, not in use", err);
	must(ctx, preswap_info_get(ctx, &info));
	ktap_assert(info.leases == 1, "%u leases in force", info.leases);
}

static void end_in_use(struct preswap_ctx *ctx)
{
	assert_gone();
	assert_masks("unload_donor", 0);
	preswap_unref(ctx);
}

static void test_open_dump(void)
{
	static struct raw_msg m;
	struct preswap_ctx *ctx = begin_in_use();
	struct raw_sock s;

	ktap_assert(!raw_open(&s), "the family is not there");
	raw_begin(&m, s.family, PRESWAP_CMD_TASK_GET, NLM_F_DUMP);
	ktap_assert(nl_sendto(s.nl, m.buf, m.len) > 0, "send");
	ktap_assert(recv(s.fd, m.buf, sizeof(m.buf), 0) > 0, "%s",
		    strerror(errno));
	assert_in_use(ctx);
	raw_close(&s);
	/* a closed socket lets go a little later */
	ktap_assert(wait_until(5000, !module_unload()), "still in use");
	end_in_use(ctx);
}

static void test_open_table(void)
{
	struct preswap_ctx *ctx = begin_in_use();
	int fd = open("/sys/kernel/debug/preswap/snapshot", O_RDONLY | O_CLOEXEC);
	char text[64];

	ktap_assert(fd >= 0, "%s", strerror(errno));
	ktap_assert(wait_until(5000, pread(fd, text, sizeof(text), 0) > 0), "%s",
		    strerror(errno));
	assert_in_use(ctx);
	close(fd);
	must_unload();
	end_in_use(ctx);
}

/* ---- where it may not be loaded ---- */

static void run_namespace(void *arg)
{
	int err;

	(void)arg;
	if (unshare(CLONE_NEWCGROUP))
		_exit(2);
	err = module_load(module_path(), "");
	if (!err)
		module_unload();
	_exit(err == -EXDEV ? 0 : 1);
}

static void test_namespace(void)
{
	int status;
	pid_t pid;

	module_unload();
	group_make("unload_namespace");
	pid = group_spawn("unload_namespace", run_namespace, NULL);
	ktap_assert(waitpid(pid, &status, 0) == pid && !status,
		    "status %#x: was it loaded?", status);
	group_remove("unload_namespace");
	assert_gone();
	must_load();
	must_unload();
}

/* ---- what it must not change ---- */

/* The options of cgroup2 as the first of its mounts shows them. */
static void cgroup2_options(char options[256])
{
	static char text[1 << 16];
	char *at;

	ktap_assert(!try_read("/proc/mounts", text, sizeof(text)), "no mounts");
	at = strstr(text, " /sys/fs/cgroup cgroup2 ");
	ktap_assert(at && sscanf(at, " /sys/fs/cgroup cgroup2 %255s", options) == 1,
		    "cgroup2 is not mounted there");
}

/* They are the hierarchy's: one more mount can change them for all. */
static void test_mount_options(void)
{
	static const char *const options[] = {
		"nsdelegate,memory_recursiveprot",
		"memory_localevents,favordynmods,nsdelegate",
		"memory_recursiveprot",
		"",
		"nsdelegate",	/* as it was */
	};
	char before[256], loaded[256], after[256];
	unsigned int i;

	module_unload();
	for (i = 0; i < sizeof(options) / sizeof(*options); i++) {
		ktap_assert(!mount("cgroup2", "/sys/fs/cgroup", "cgroup2",
				   MS_REMOUNT, options[i]), "%s: %s",
			    options[i], strerror(errno));
		cgroup2_options(before);
		must_load();
		cgroup2_options(loaded);
		must_unload();
		cgroup2_options(after);
		ktap_assert(!strcmp(before, loaded) && !strcmp(before, after),
			    "before '%s', loaded '%s', after '%s'", before,
			    loaded, after);
		ktap_assert(i == 3 || strstr(before, strrchr(options[i], ',') ?:
					     options[i]),
			    "'%s' is not in '%s'", options[i], before);
	}
}

/* ---- what is left ---- */

static unsigned int dying_cgroups(void)
{
	char text[256], *at;

	if (try_read(GUEST_ROOT "/cgroup.stat", text, sizeof(text)))
		return 9999;
	at = strstr(text, "nr_dying_descendants ");
	return at ? (unsigned int)strtoul(at + 21, NULL, 10) : 9999;
}

/* Each CPU keeps up to 64 freed slots of swap for later, and what they are charged to. */
static void let_go_of_swap(void)
{
	char text[1024], device[128];

	if (try_read("/proc/swaps", text, sizeof(text)) ||
	    sscanf(text, "%*[^\n]\n%127s", device) != 1)
		return;
	ktap_assert(!swapoff(device) && !swapon(device, 0), "%s: %s", device,
		    strerror(errno));
}

/*
 * A reference too many would keep a removed cgroup for ever. So does, until it
 * is dropped, what the kernel cached on the account of its tasks.
 */
static void test_leftovers(void)
{
	load_start();
	must_write("/proc/sys/vm/drop_caches", "3");
	let_go_of_swap();
	ktap_assert(wait_until(10000, !dying_cgroups()),
		    "%u removed cgroups are held", dying_cgroups());
	group_remove("unload_donor");
	group_remove("unload_receiver");
}

int main(int argc, char **argv)
{
	int failed;

	if (getenv("PRESWAP_LONG"))
		cycles = 100;
	if (argc > 1)
		cycles = (unsigned int)strtoul(argv[1], NULL, 0);
	failed = ktap_run((struct ktap_case[]){
		{ "R-32 R-55 unloaded under load again and again, every mask is back",
		  test_cycles },
		{ "R-55 the load was real", test_load_was_real },
		{ "R-55 an open dump refuses the unload", test_open_dump },
		{ "R-55 an open debugfs table refuses the unload",
		  test_open_table },
		{ "R-55 a cgroup namespace refuses the load", test_namespace },
		{ "R-55 cgroup2 keeps its mount options", test_mount_options },
		{ "R-55 no removed cgroup is held", test_leftovers },
		{}
	});
	/* a failed case has left them, and they would hold stdout open */
	try_write(group_file("unload_donor", "cgroup.kill"), "1");
	try_write(group_file("unload_receiver", "cgroup.kill"), "1");
	return failed;
}
