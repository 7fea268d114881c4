// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Affinity leases: a donor's tasks leave the last cores, and when the lease
 * ends, however it ends, every mask is what it was.
 */
#include <dirent.h>
#include <pthread.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/utsname.h>

#include "guest.h"

#define SETTLE_MS	2000	/* for masks to follow */
#define FAMILY		12	/* children that one family gets */

static struct preswap_ctx *ctx;
static int cpus, last;		/* online CPUs, and the highest of them */

static struct shared {
	volatile int go;
	volatile int ready;
	volatile int wrong;	/* children that saw a wrong mask */
} *shared;

/* ---- masks ---- */

static cpu_set_t one_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return set;
}

/* The first @n of the CPUs 0 to last. */
static cpu_set_t first_cpus(int n)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	while (n-- > 0)
		CPU_SET(n, &set);
	return set;
}

static const char *mask_text(const cpu_set_t *set)
{
	static char text[4][80];
	static int next;
	char *buf = text[next++ % 4];
	int cpu, n = 0;

	buf[0] = '\0';
	for (cpu = 0; cpu < CPU_SETSIZE && n < 70; cpu++)
		if (CPU_ISSET(cpu, set))
			n += snprintf(buf + n, 8, "%s%d", n ? "," : "", cpu);
	return buf;
}

/* False if the task is gone. */
static bool task_mask(pid_t tid, cpu_set_t *set)
{
	CPU_ZERO(set);
	return !sched_getaffinity(tid, sizeof(*set), set);
}

static bool mask_is(pid_t tid, cpu_set_t want)
{
	cpu_set_t set;

	return task_mask(tid, &set) && CPU_EQUAL(&set, &want);
}

static const char *mask_of(pid_t tid)
{
	cpu_set_t set;

	return task_mask(tid, &set) ? mask_text(&set) : "gone";
}

static void set_mask(pid_t tid, cpu_set_t set)
{
	ktap_assert(!sched_setaffinity(tid, sizeof(set), &set),
		    "setaffinity %d: %s", tid, strerror(errno));
}

/* All threads of a cgroup; -1: more than @max. */
static int group_threads(const char *group, pid_t *tids, int max)
{
	FILE *f = fopen(group_file(group, "cgroup.threads"), "r");
	int n = 0, tid;

	ktap_assert(f, "%s: %s", group, strerror(errno));
	while (fscanf(f, "%d", &tid) == 1) {
		if (n == max) {
			n = -1;
			break;
		}
		tids[n++] = tid;
	}
	fclose(f);
	return n;
}

/* Threads of the cgroup whose mask is not @want; one of them in @odd. */
static int group_others(const char *group, cpu_set_t want, pid_t *odd)
{
	pid_t tids[1024];
	int i, others = 0, n = group_threads(group, tids, 1024);
	cpu_set_t set;

	ktap_assert(n > 0, "%s has %s threads", group, n ? "too many" : "no");
	for (i = 0; i < n; i++) {
		if (!task_mask(tids[i], &set) || CPU_EQUAL(&set, &want))
			continue;
		others++;
		*odd = tids[i];
	}
	return others;
}

#define group_becomes(group, want, ms) do {				\
	pid_t __odd = 0;						\
	int __n = 0;							\
	cpu_set_t __want = want;					\
									\
	ktap_assert(wait_until(ms, !(__n = group_others(group, __want,	\
							&__odd))),	\
		    "%d tasks of %s are not on %s, such as %d: %s", __n,	\
		    group, mask_text(&__want), __odd, mask_of(__odd));	\
} while (0)

/* ---- leases ---- */

static struct preswap_info get_info(void)
{
	struct preswap_info info = { .size = sizeof(info) };

	must(ctx, preswap_info_get(ctx, &info));
	return info;
}

static void next_tick(void)
{
	uint64_t ticks = get_info().ticks;

	ktap_assert(wait_until(10000, get_info().ticks >= ticks + 2),
		    "the engine does not tick");
}

static int add_lease(uint64_t donor, uint64_t milli, uint32_t ms, uint32_t *id)
{
	struct preswap_lease lease = { .size = sizeof(lease) };
	struct preswap_lease_opts opts = {
		.size = sizeof(opts),
		.kind = PRESWAP_LEASE_KIND_AFFINITY,
		.donor_id = donor,
		.amount = milli,
		.duration_ms = ms,
	};
	int err = preswap_lease_add(ctx, &opts, &lease);

	*id = lease.id;
	return err;
}

static uint32_t begin(uint64_t donor, uint32_t ms)
{
	uint32_t id;

	must(ctx, add_lease(donor, 1000, ms, &id));
	return id;
}

static void end(uint32_t id)
{
	must(ctx, preswap_lease_end(ctx, id));
}

#define ends_with(id, why) do {						\
	ktap_assert(wait_until(3000, get_lease(ctx, id).ended),		\
		    "lease %u is in force", id);			\
	ktap_assert(get_lease(ctx, id).ended == (why), "it ended by %u",	\
		    get_lease(ctx, id).ended);				\
} while (0)

/* ---- cgroups and processes ---- */

static const char *const groups[] = {
	"donor/deep", "donor", "other", "plain/a", "plain/b", "plain",
};

static uint64_t donor_group(const char *group)
{
	uint64_t id = group_make(group);

	set_policy(ctx, id, 2, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	return id;
}

/* A donor's cgroup, and nothing left of the cases before. */
static uint64_t fresh_donor(void)
{
	size_t i;

	if (cpus < 2)
		ktap_skip("needs 2 CPUs");
	set_knob("enabled", 0);		/* ends what is in force */
	set_knob("enabled", 1);
	for (i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		group_remove(groups[i]);
	memset(shared, 0, sizeof(*shared));
	return donor_group("donor");
}

static void move_to(const char *group, pid_t pid)
{
	char text[16];

	snprintf(text, sizeof(text), "%d", pid);
	must_write(group_file(group, "cgroup.procs"), text);
}

static void sleeper(void *arg)
{
	(void)arg;
	for (;;)
		pause();
}

static void *idle_thread(void *arg)
{
	sleeper(arg);
	return NULL;
}

/* A process in the cgroup that the module has seen there. */
static pid_t spawn_in(const char *group, void (*run)(void *), void *arg)
{
	char file[64], at[256], want[128];
	pid_t pid = group_spawn(group, run, arg);

	snprintf(file, sizeof(file), "/proc/%d/cgroup", pid);
	snprintf(want, sizeof(want), "/preswap_test/%s\n", group);
	ktap_assert(wait_until(5000, !try_read(file, at, sizeof(at)) &&
			       strstr(at, want)),
		    "process %d does not get into %s", pid, group);
	next_tick();
	return pid;
}

/* A child, and a child of that. */
static void spawn_two(void)
{
	if (fork())
		return;
	if (fork())
		sleeper(NULL);
	sleeper(NULL);
}

/* Threads and children at once, and one more pair every 100 ms. */
static void family(void *arg)
{
	pthread_t thread;
	int i;

	(void)arg;
	for (i = 0; i < 3; i++)
		if (pthread_create(&thread, NULL, idle_thread, NULL))
			_exit(98);
	spawn_two();
	shared->ready = 1;
	for (i = 0; i < FAMILY; i++) {
		sleep_ms(100);
		spawn_two();
	}
	shared->ready = 2;
	sleeper(NULL);
}

static void begin_family(void)
{
	shared->ready = 0;
	group_spawn("donor", family, NULL);
	ktap_assert(wait_until(5000, shared->ready), "no family");
}

/* The whole family, grown or not, is off the last core, and grows there. */
static void family_is_off(void)
{
	cpu_set_t less = first_cpus(cpus - 1);
	pid_t odd = 0;
	int n = 0;

	group_becomes("donor", less, SETTLE_MS);
	ktap_assert(wait_until(20000, shared->ready == 2), "it does not grow");
	/* what is forked has its parent's mask at once */
	n = group_others("donor", less, &odd);
	ktap_assert(!n, "%d of the family are not off, such as %d: %s", n, odd,
		    mask_of(odd));
}

static int group_count(const char *group)
{
	pid_t tids[1024];

	return group_threads(group, tids, 1024);
}

/* ---- how a lease ends ---- */

static void test_ended(void)
{
	uint64_t id = fresh_donor(), moved = get_info().tasks_moved;
	uint32_t lease;

	begin_family();
	group_becomes("donor", first_cpus(cpus), 0);
	lease = begin(id, 60000);
	family_is_off();
	next_tick();
	ktap_assert((int)get_lease(ctx, lease).tasks == group_count("donor"),
		    "the lease has %u tasks of %d", get_lease(ctx, lease).tasks,
		    group_count("donor"));
	ktap_assert(get_lease(ctx, lease).done == 1000 && get_lease(ctx, lease).full_ns,
		    "done %llu", (unsigned long long)get_lease(ctx, lease).done);
	end(lease);
	group_becomes("donor", first_cpus(cpus), SETTLE_MS);
	ends_with(lease, PRESWAP_LEASE_END_REQUESTED);
	/* 30 tasks, of which 6 were there at the begin */
	ktap_assert(get_info().tasks_moved - moved >= 36, "%llu moves",
		    (unsigned long long)(get_info().tasks_moved - moved));
}

static void test_expired(void)
{
	uint64_t id = fresh_donor(), start;
	uint32_t lease;

	begin_family();
	start = now_ms();
	lease = begin(id, 1500);
	group_becomes("donor", first_cpus(cpus - 1), 1000);
	group_becomes("donor", first_cpus(cpus), 1500 + SETTLE_MS);
	ktap_assert(now_ms() - start >= 1500, "it ended after %llu ms",
		    (unsigned long long)(now_ms() - start));
	ends_with(lease, PRESWAP_LEASE_END_EXPIRED);
}

static void test_disabled(void)
{
	uint64_t id = fresh_donor();
	uint32_t lease, refused;

	begin_family();
	lease = begin(id, 60000);
	family_is_off();
	set_knob("enabled", 0);
	group_becomes("donor", first_cpus(cpus), SETTLE_MS);
	ends_with(lease, PRESWAP_LEASE_END_DISABLED);
	ktap_assert(add_lease(id, 1000, 1000, &refused) == -EPERM,
		    "a lease while disabled");
	set_knob("enabled", 1);
}

static void test_policy(void)
{
	uint64_t id = fresh_donor();
	uint32_t lease, refused;

	begin_family();
	lease = begin(id, 60000);
	family_is_off();
	set_policy(ctx, id, 2, PRESWAP_SENSITIVITY_BATCH, false, 0, 0);
	group_becomes("donor", first_cpus(cpus), SETTLE_MS);
	ends_with(lease, PRESWAP_LEASE_END_POLICY);
	ktap_assert(add_lease(id, 1000, 1000, &refused) == -EPERM,
		    "a lease of one that may not give");
	set_policy(ctx, id, 2, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	lease = begin(id, 60000);
	group_becomes("donor", first_cpus(cpus - 1), SETTLE_MS);
	must(ctx, preswap_policy_del(ctx, id));
	group_becomes("donor", first_cpus(cpus), SETTLE_MS);
	ends_with(lease, PRESWAP_LEASE_END_POLICY);
}

/* Its processes go elsewhere, then it is removed. */
static void test_emptied(void)
{
	uint64_t id = fresh_donor();
	uint32_t lease;
	pid_t pid[4];
	int i;

	group_make("other");
	for (i = 0; i < 4; i++)
		pid[i] = spawn_in("donor", sleeper, NULL);
	lease = begin(id, 60000);
	group_becomes("donor", first_cpus(cpus - 1), SETTLE_MS);
	ktap_assert(group_count("donor") == 4, "%d tasks", group_count("donor"));
	for (i = 0; i < 4; i++)
		move_to("other", pid[i]);
	group_becomes("other", first_cpus(cpus), SETTLE_MS);
	ktap_assert(!get_lease(ctx, lease).ended, "the lease has ended");
	/* the cpuset's mask comes at once, the module sees it at its tick */
	next_tick();
	move_to("donor", pid[0]);
	ktap_assert(wait_until(SETTLE_MS,
			       mask_is(pid[0], first_cpus(cpus - 1))),
		    "back in the donor, on %s", mask_of(pid[0]));
	move_to("other", pid[0]);
	group_becomes("other", first_cpus(cpus), SETTLE_MS);
	group_remove("donor");
	ends_with(lease, PRESWAP_LEASE_END_DONOR_GONE);
	group_becomes("other", first_cpus(cpus), 0);
}

/* The same where no cpuset sets masks on the way. */
static void test_moved_without_cpuset(void)
{
	uint64_t plain, a;
	uint32_t lease;
	struct stat st;
	pid_t pid;

	fresh_donor();
	plain = group_make("plain");
	ktap_assert(plain && !mkdir(group_file("plain/a", ""), 0755) &&
		    !mkdir(group_file("plain/b", ""), 0755), "mkdir: %s",
		    strerror(errno));
	ktap_assert(access(group_file("plain/a", "cpuset.cpus"), F_OK),
		    "there is a cpuset");
	ktap_assert(!stat(group_file("plain/a", ""), &st), "stat");
	a = st.st_ino;
	set_policy(ctx, a, 2, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	pid = spawn_in("plain/a", sleeper, NULL);
	lease = begin(a, 60000);
	group_becomes("plain/a", first_cpus(cpus - 1), SETTLE_MS);
	move_to("plain/b", pid);
	group_becomes("plain/b", first_cpus(cpus), SETTLE_MS);
	next_tick();
	move_to("plain/a", pid);
	ktap_assert(wait_until(SETTLE_MS, mask_is(pid, first_cpus(cpus - 1))),
		    "back, on %s", mask_of(pid));
	end(lease);
	group_becomes("plain/a", first_cpus(cpus), SETTLE_MS);
}

/* ---- storms ---- */

/* Forks and reaps all the time; every 16th child stays for two seconds. */
static void forker(void *arg)
{
	int i;

	(void)arg;
	signal(SIGCHLD, SIG_IGN);
	for (i = 0; ; i++) {
		pid_t pid = fork();

		if (!pid) {
			if (i % 16 == 0)
				sleep_ms(2000);
			_exit(0);
		}
		if (pid > 0 && i % 16)
			waitpid(pid, NULL, 0);
		if (pid < 0)
			sleep_ms(10);
	}
}

static void *short_thread(void *arg)
{
	if (arg)
		sleep_ms(1500);
	return NULL;
}

static void threader(void *arg)
{
	pthread_t thread;
	int i;

	(void)arg;
	for (i = 0; ; i++) {
		bool stays = i % 16 == 0;

		if (pthread_create(&thread, NULL, short_thread,
				   stays ? arg : NULL)) {
			sleep_ms(10);
			continue;
		}
		if (stays)
			pthread_detach(thread);
		else
			pthread_join(thread, NULL);
	}
}

static void begin_storm(void)
{
	int i;

	for (i = 0; i < 3; i++)
		group_spawn("donor", forker, NULL);
	group_spawn("donor", threader, shared);
	sleep_ms(500);
}

/* No task of the storm is on a wrong mask, again and again for a second. */
static void storm_is_on(cpu_set_t want)
{
	uint64_t until = now_ms() + 1000;
	pid_t odd = 0;
	int n;

	group_becomes("donor", want, SETTLE_MS);
	while (now_ms() < until) {
		n = group_others("donor", want, &odd);
		ktap_assert(!n, "%d tasks are not on %s, such as %d: %s", n,
			    mask_text(&want), odd, mask_of(odd));
		sleep_ms(20);
	}
}

static void test_storm(void)
{
	uint64_t id = fresh_donor();
	uint64_t before = get_info().tasks_moved;
	int i;

	begin_storm();
	for (i = 0; i < 40; i++) {
		begin(id, 200);
		/* some end before they expire, some overlap the next */
		if (i % 3 == 0)
			ktap_assert(wait_until(2000, get_info().leases == 0),
				    "it does not expire");
		else
			sleep_ms((unsigned int)(i * 37 % 230));
		if (cpus == 2)
			ktap_assert(wait_until(2000, get_info().leases == 0),
				    "it does not expire");
	}
	ktap_assert(wait_until(2000, get_info().leases == 0), "a lease is left");
	storm_is_on(first_cpus(cpus));
	ktap_assert(get_info().tasks_moved - before >= 80, "only %llu moves",
		    (unsigned long long)(get_info().tasks_moved - before));
}

/* A storm under leases that grow and shrink: needs a core more. */
static void test_storm_steps(void)
{
	uint64_t id = fresh_donor();
	uint32_t one, two;
	int i;

	if (cpus < 3)
		ktap_skip("needs 3 CPUs");
	begin_storm();
	one = begin(id, 60000);
	for (i = 0; i < 15; i++) {
		two = begin(id, 60000);
		sleep_ms((unsigned int)(i * 37 % 230));
		end(i % 2 ? one : two);
		if (i % 2)
			one = two;
		sleep_ms((unsigned int)(i * 53 % 170));
	}
	storm_is_on(first_cpus(cpus - 1));
	end(one);
	storm_is_on(first_cpus(cpus));
}

/* ---- what users say ---- */

static void test_user_masks(void)
{
	uint64_t id = fresh_donor();
	pid_t there, here, later, free;
	uint32_t lease;

	there = spawn_in("donor", sleeper, NULL);
	here = spawn_in("donor", sleeper, NULL);
	later = spawn_in("donor", sleeper, NULL);
	free = spawn_in("donor", sleeper, NULL);
	set_mask(there, one_cpu(last));
	set_mask(here, one_cpu(0));
	lease = begin(id, 60000);
	ktap_assert(wait_until(SETTLE_MS, mask_is(free, first_cpus(cpus - 1))),
		    "a task without a mask is on %s", mask_of(free));
	next_tick();
	ktap_assert(mask_is(there, one_cpu(last)),
		    "one that may only run on the core is on %s",
		    mask_of(there));
	ktap_assert(mask_is(here, one_cpu(0)), "one that is off is on %s",
		    mask_of(here));
	set_mask(later, one_cpu(last));
	next_tick();
	ktap_assert(mask_is(later, one_cpu(last)),
		    "set during the lease, now %s", mask_of(later));
	end(lease);
	ktap_assert(wait_until(SETTLE_MS, mask_is(free, first_cpus(cpus))),
		    "given back: %s", mask_of(free));
	next_tick();
	ktap_assert(mask_is(there, one_cpu(last)), "after: %s", mask_of(there));
	ktap_assert(mask_is(here, one_cpu(0)), "after: %s", mask_of(here));
	ktap_assert(mask_is(later, one_cpu(last)),
		    "set during the lease, after it %s", mask_of(later));
}

/* A user's mask that a lease cuts comes back as it was. */
static void test_user_mask_cut(void)
{
	uint64_t id = fresh_donor();
	cpu_set_t user;
	uint32_t lease;
	pid_t pid;

	if (cpus < 3)
		ktap_skip("needs 3 CPUs");
	user = one_cpu(last);
	CPU_SET(1, &user);
	pid = spawn_in("donor", sleeper, NULL);
	set_mask(pid, user);
	lease = begin(id, 60000);
	ktap_assert(wait_until(SETTLE_MS, mask_is(pid, one_cpu(1))),
		    "it is on %s", mask_of(pid));
	end(lease);
	ktap_assert(wait_until(SETTLE_MS, mask_is(pid, user)), "it is on %s",
		    mask_of(pid));
}

static void fork_on_go(void *arg)
{
	(void)arg;
	while (!shared->go)
		sleep_ms(5);
	if (!fork())
		sleeper(NULL);
	shared->ready = 1;
	sleeper(NULL);
}

/*
 * After the lease a user sets the very mask that the lease had set: that is
 * the user's now, in children too.
 */
static void test_user_same_mask(void)
{
	uint64_t id = fresh_donor();
	cpu_set_t less = first_cpus(cpus - 1);
	uint32_t lease;
	pid_t pid;

	pid = spawn_in("donor", fork_on_go, NULL);
	lease = begin(id, 60000);
	group_becomes("donor", less, SETTLE_MS);
	end(lease);
	group_becomes("donor", first_cpus(cpus), SETTLE_MS);
	set_mask(pid, less);
	shared->go = 1;
	ktap_assert(wait_until(3000, shared->ready), "no child");
	next_tick();
	next_tick();
	group_becomes("donor", less, 0);
	lease = begin(id, 500);
	ends_with(lease, PRESWAP_LEASE_END_EXPIRED);
	next_tick();
	group_becomes("donor", less, 0);
}

/* ---- cpusets ---- */

static void write_cpuset(cpu_set_t set)
{
	must_write(group_file("donor", "cpuset.cpus"), mask_text(&set));
}

/* Narrowed to @narrow during the lease, widened after it. */
static void cpuset_case(cpu_set_t narrow)
{
	uint64_t id = fresh_donor();
	uint32_t lease;

	begin_family();
	lease = begin(id, 60000);
	group_becomes("donor", first_cpus(cpus - 1), SETTLE_MS);
	write_cpuset(narrow);
	group_becomes("donor", narrow, SETTLE_MS);
	end(lease);
	next_tick();
	ktap_assert(wait_until(20000, shared->ready == 2), "it does not grow");
	next_tick();
	group_becomes("donor", narrow, 0);
	write_cpuset(first_cpus(cpus));
	group_becomes("donor", first_cpus(cpus), SETTLE_MS);
}

static void test_cpuset_narrowed(void)
{
	cpuset_case(one_cpu(0));
}

static void test_cpuset_on_core(void)
{
	cpuset_case(one_cpu(last));
}

/* Narrowed and widened while the lease is in force. */
static void test_cpuset_and_back(void)
{
	uint64_t id = fresh_donor();
	uint32_t lease;

	begin_family();
	lease = begin(id, 60000);
	group_becomes("donor", first_cpus(cpus - 1), SETTLE_MS);
	write_cpuset(one_cpu(0));
	next_tick();
	write_cpuset(first_cpus(cpus));
	next_tick();
	end(lease);
	ktap_assert(wait_until(20000, shared->ready == 2), "it does not grow");
	group_becomes("donor", first_cpus(cpus), SETTLE_MS);
}

/* A cpuset written just when the lease ends, at many moments around it. */
static void test_cpuset_at_end(void)
{
	uint64_t id = fresh_donor();
	uint32_t lease;
	int i;

	begin_family();
	ktap_assert(wait_until(20000, shared->ready == 2), "no family");
	for (i = 0; i < 15; i++) {
		lease = begin(id, 60000);
		group_becomes("donor", first_cpus(cpus - 1), SETTLE_MS);
		end(lease);
		usleep((useconds_t)(i * 700));
		write_cpuset(first_cpus(cpus - 1));
		next_tick();
		next_tick();
		group_becomes("donor", first_cpus(cpus - 1), 0);
		write_cpuset(first_cpus(cpus));
		group_becomes("donor", first_cpus(cpus), SETTLE_MS);
	}
}

/* ---- bounds ---- */

static void test_floor(void)
{
	uint64_t id = fresh_donor();
	uint32_t lease;

	spawn_in("donor", sleeper, NULL);
	set_policy(ctx, id, 2, PRESWAP_SENSITIVITY_BATCH, true, 0,
		   (uint64_t)cpus * 1000);
	ktap_assert(add_lease(id, 1000, 1000, &lease) == -ERANGE,
		    "a lease below the floor");
	ktap_assert(preswap_strerror(ctx)[0], "no reason is given");
	set_policy(ctx, id, 2, PRESWAP_SENSITIVITY_BATCH, true, 0,
		   (uint64_t)(cpus - 1) * 1000 - 1);
	ktap_assert(add_lease(id, 2000, 1000, &lease) == -ERANGE,
		    "two cores of a donor that may give one");
	must(ctx, add_lease(id, 1000, 60000, &lease));
	ktap_assert(add_lease(id, 1000, 1000, &lease) == -ERANGE,
		    "the floor holds for both leases together");
	group_becomes("donor", first_cpus(cpus - 1), SETTLE_MS);
}

/* The donor's floor is for a task that may not run everywhere, too. */
static void test_floor_of_mask(void)
{
	uint64_t id = fresh_donor();
	cpu_set_t user, less;
	uint32_t lease;
	pid_t pid, free;

	if (cpus < 4)
		ktap_skip("needs 4 CPUs");
	user = one_cpu(last);
	CPU_SET(last - 1, &user);
	CPU_SET(1, &user);
	less = user;
	CPU_CLR(last, &less);
	pid = spawn_in("donor", sleeper, NULL);
	free = spawn_in("donor", sleeper, NULL);
	set_mask(pid, user);
	set_policy(ctx, id, 2, PRESWAP_SENSITIVITY_BATCH, true, 0, 2000);
	must(ctx, add_lease(id, 2000, 60000, &lease));
	ktap_assert(wait_until(SETTLE_MS, mask_is(free, first_cpus(cpus - 2))),
		    "a task without a mask is on %s", mask_of(free));
	ktap_assert(wait_until(SETTLE_MS, mask_is(pid, less)),
		    "of %s it has %s", mask_text(&user), mask_of(pid));
	end(lease);
	ktap_assert(wait_until(SETTLE_MS, mask_is(pid, user)), "it is on %s",
		    mask_of(pid));
}

static void test_last_core(void)
{
	uint64_t id = fresh_donor();
	uint32_t lease;
	int i;

	spawn_in("donor", sleeper, NULL);
	ktap_assert(add_lease(id, (uint64_t)cpus * 1000, 1000, &lease) ==
		    -ERANGE, "all cores in one lease");
	for (i = 1; i < cpus; i++) {
		begin(id, 60000);
		group_becomes("donor", first_cpus(cpus - i), SETTLE_MS);
	}
	ktap_assert(add_lease(id, 1000, 1000, &lease) == -ERANGE,
		    "the last core in a lease of its own");
	group_becomes("donor", first_cpus(1), 0);
}

/* Two leases of one donor, ended in the order of their begin or the other. */
static void two_leases(bool oldest_first)
{
	uint64_t id = fresh_donor();
	uint32_t lease[2];

	if (cpus < 3)
		ktap_skip("needs 3 CPUs");
	begin_family();
	lease[0] = begin(id, 60000);
	lease[1] = begin(id, 60000);
	group_becomes("donor", first_cpus(cpus - 2), SETTLE_MS);
	end(lease[oldest_first ? 0 : 1]);
	group_becomes("donor", first_cpus(cpus - 1), SETTLE_MS);
	end(lease[oldest_first ? 1 : 0]);
	ktap_assert(wait_until(20000, shared->ready == 2), "it does not grow");
	group_becomes("donor", first_cpus(cpus), SETTLE_MS);
}

static void test_two_oldest_first(void)
{
	two_leases(true);
}

static void test_two_youngest_first(void)
{
	two_leases(false);
}

/* ---- who is left alone ---- */

struct kthread {
	pid_t pid;
	cpu_set_t mask;
};

static bool is_kthread(pid_t pid)
{
	char path[64], text[512], *at;
	unsigned int flags;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (try_read(path, text, sizeof(text)))
		return false;
	at = strrchr(text, ')');
	if (!at || sscanf(at + 2, "%*c %*d %*d %*d %*d %*d %u", &flags) != 1)
		return false;
	return flags & 0x00200000;	/* PF_KTHREAD */
}

static int kthreads(struct kthread *list, int max)
{
	DIR *dir = opendir("/proc");
	struct dirent *entry;
	int n = 0;

	ktap_assert(dir, "/proc: %s", strerror(errno));
	while (n < max && (entry = readdir(dir))) {
		list[n].pid = atoi(entry->d_name);
		if (list[n].pid && is_kthread(list[n].pid) &&
		    task_mask(list[n].pid, &list[n].mask))
			n++;
	}
	closedir(dir);
	return n;
}

struct moved {
	int count;
	struct preswap_task one;	/* of them, the last seen */
};

static int count_moved(void *data, const struct preswap_task *task)
{
	struct moved *moved = data;

	if (!task->moved)
		return 0;
	moved->count++;
	moved->one = *task;
	return 0;
}

static struct moved get_moved(uint64_t app)
{
	struct moved moved = {};

	must(ctx, preswap_tasks(ctx, app, count_moved, &moved));
	return moved;
}

/* @n tasks of an app, of all with 0, are marked as moved, if not at once. */
static void marked_are(uint64_t app, int n)
{
	struct moved moved = {};

	if (wait_until(SETTLE_MS, (moved = get_moved(app)).count == n))
		return;
	ktap_assert(false, "%d of app %llu, not %d, are marked, such as %s %u of app %llu on %s",
		    moved.count, (unsigned long long)app, n, moved.one.comm,
		    moved.one.pid, (unsigned long long)moved.one.app_id,
		    mask_of((pid_t)moved.one.pid));
}

static void test_others(void)
{
	static struct kthread before[512];
	uint64_t id = fresh_donor(), other = donor_group("other");
	int i, n = kthreads(before, 512);
	pid_t pid, mine = getpid();

	ktap_assert(n > 20, "%d kernel threads", n);
	pid = spawn_in("other", sleeper, NULL);
	spawn_in("donor", sleeper, NULL);
	begin(id, 60000);
	group_becomes("donor", first_cpus(cpus - 1), SETTLE_MS);
	next_tick();
	ktap_assert(mask_is(pid, first_cpus(cpus)), "another app's is on %s",
		    mask_of(pid));
	ktap_assert(mask_is(mine, first_cpus(cpus)), "the test is on %s",
		    mask_of(mine));
	for (i = 0; i < n; i++)
		ktap_assert(!is_kthread(before[i].pid) ||
			    mask_is(before[i].pid, before[i].mask),
			    "kernel thread %d was on %s, is on %s",
			    before[i].pid, mask_text(&before[i].mask),
			    mask_of(before[i].pid));
	marked_are(id, 1);
	marked_are(other, 0);
	marked_are(0, 1);
}

static void test_clean(void)
{
	size_t i;

	fresh_donor();
	for (i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		group_remove(groups[i]);
	ktap_assert(!get_info().leases, "%u leases", get_info().leases);
	marked_are(0, 0);
}

int main(void)
{
	cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	last = cpus - 1;
	shared = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		      MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (shared == MAP_FAILED || preswap_new(&ctx))
		return 1;
	return ktap_run((struct ktap_case[]){
		{ "R-29 off the core and back when it is ended", test_ended },
		{ "R-32 back when the lease expires", test_expired },
		{ "R-32 back when preswap is disabled", test_disabled },
		{ "R-32 back when the policy changes", test_policy },
		{ "R-32 back when the donor is emptied", test_emptied },
		{ "R-32 back in a cgroup without cpuset",
		  test_moved_without_cpuset },
		{ "R-29 a storm of forks under 40 leases", test_storm },
		{ "R-29 a storm under leases in steps", test_storm_steps },
		{ "R-29 users' masks stand", test_user_masks },
		{ "R-29 a user's mask that was cut comes back",
		  test_user_mask_cut },
		{ "R-29 the same mask set by a user stands",
		  test_user_same_mask },
		{ "R-29 a cpuset narrowed to what is left", test_cpuset_narrowed },
		{ "R-29 a cpuset narrowed to the core", test_cpuset_on_core },
		{ "R-29 a cpuset narrowed and widened", test_cpuset_and_back },
		{ "R-29 a cpuset written as the lease ends",
		  test_cpuset_at_end },
		{ "R-23 not below the floor", test_floor },
		{ "R-23 nor of what a user's mask leaves", test_floor_of_mask },
		{ "R-23 not the last core", test_last_core },
		{ "R-29 two leases, the older ends first",
		  test_two_oldest_first },
		{ "R-29 two leases, the younger ends first",
		  test_two_youngest_first },
		{ "R-29 others are left alone", test_others },
		{ "R-32 nothing is left", test_clean },
		{} });
}
