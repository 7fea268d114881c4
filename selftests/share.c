// SPDX-License-Identifier: GPL-2.0-or-later
/* A value in a cgroup's file for as long as a lease lasts, then the old one. */
#include <pthread.h>
#include <linux/loop.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#include "guest.h"

#define TEXT	4096

static struct preswap_ctx *ctx;
static uint64_t app;

/* What a lease of each kind writes, over what, and what the file says then. */
static const struct share {
	uint8_t kind;
	const char *file, *before, *now;
	uint64_t amount;
} shares[] = {
	{ PRESWAP_LEASE_KIND_CPU_WEIGHT, "cpu.weight", "250", "20", 20 },
	{ PRESWAP_LEASE_KIND_CPU_MAX, "cpu.max", "max 50000", "25000 50000",
	  500 },
	{ PRESWAP_LEASE_KIND_MEMORY_LOW, "memory.low", "1048576", "67108864",
	  64 * MIB },
	{ PRESWAP_LEASE_KIND_MEMORY_HIGH, "memory.high", "max", "134217728",
	  128 * MIB },
	{ PRESWAP_LEASE_KIND_IO_WEIGHT, "io.weight", "default 100",
	  "default 300", 300 },
};
#define SHARES	(sizeof(shares) / sizeof(shares[0]))

static void read_group(const char *file, char *text)
{
	char *end;
	int err = try_read(group_file("share", file), text, TEXT);

	ktap_assert(!err, "%s: %s", file, strerror(-err));
	end = strchr(text, '\n');
	if (end)
		*end = '\0';
}

/* The file's first line. */
#define says(file, want) do {						\
	char text_[TEXT];						\
									\
	read_group(file, text_);					\
	ktap_assert(!strcmp(text_, want), "%s says '%s', not '%s'",	\
		    file, text_, want);					\
} while (0)

/* The same, as soon as the worker has done it. */
#define soon_says(file, want) do {					\
	char now_[TEXT];						\
									\
	wait_until(5000, (read_group(file, now_), !strcmp(now_, want)));	\
	says(file, want);						\
} while (0)

static void setup(void)
{
	if (!ctx)
		ctx = open_preswap();
	set_knob("enabled", 0);
	set_knob("enabled", 1);
	set_knob("min_priority", 10);	/* the engine takes nothing */
	group_remove("share");
	app = group_make("share");
	set_policy(ctx, app, 2, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
}

static int try_lease(uint8_t kind, uint64_t amount, uint32_t device,
		     uint64_t receiver, uint32_t ms, uint32_t *id)
{
	struct preswap_lease lease = { .size = sizeof(lease) };
	struct preswap_lease_opts opts = {
		.size = sizeof(opts), .kind = kind, .donor_id = app,
		.receiver_id = receiver, .amount = amount,
		.duration_ms = ms, .device = device,
	};
	int err = preswap_lease_add(ctx, &opts, &lease);

	if (!err) {
		ktap_assert(lease.kind == kind && lease.amount == amount &&
			    lease.done == amount && lease.full_ns &&
			    lease.device == device && !lease.ended,
			    "kind %u, amount %llu, done %llu, ended %u",
			    lease.kind, (unsigned long long)lease.amount,
			    (unsigned long long)lease.done, lease.ended);
		if (id)
			*id = lease.id;
	}
	return err;
}

static uint32_t begin(const struct share *share, uint32_t ms)
{
	uint32_t id;

	must(ctx, try_lease(share->kind, share->amount, 0, 0, ms, &id));
	says(share->file, share->now);
	return id;
}

#define ends_as(id, why) do {						\
	wait_until(10000, get_lease(ctx, id).ended == (why));		\
	ktap_assert(get_lease(ctx, id).ended == (why),			\
		    "it ended as %u, not %u", get_lease(ctx, id).ended, why); \
} while (0)

/* The file with what it said before; skips one that this kernel has not. */
static bool prepare(const struct share *share)
{
	if (access(group_file("share", share->file), F_OK)) {
		printf("# no %s here\n", share->file);
		return false;
	}
	must_write(group_file("share", share->file), share->before);
	return true;
}

static void test_each(void)
{
	unsigned int i, done = 0;
	uint32_t id;

	setup();
	for (i = 0; i < SHARES; i++) {
		if (!prepare(&shares[i]))
			continue;
		id = begin(&shares[i], 60000);
		must(ctx, preswap_lease_end(ctx, id));
		soon_says(shares[i].file, shares[i].before);
		ends_as(id, PRESWAP_LEASE_END_REQUESTED);
		done++;
	}
	ktap_assert(done >= 4, "only %u files", done);
}

static unsigned int a_disk(void)
{
	struct stat st;
	static const char *const disks[] = {
		"/dev/vda", "/dev/sda", "/dev/zram0", "/dev/loop0",
	};
	unsigned int i;

	for (i = 0; i < sizeof(disks) / sizeof(disks[0]); i++)
		if (!stat(disks[i], &st) && S_ISBLK(st.st_mode))
			return major(st.st_rdev) << 20 | minor(st.st_rdev);
	ktap_skip("no block device");
}

static void test_io_max(void)
{
	char limited[128], before[128];
	unsigned int disk;
	uint32_t id;

	setup();
	if (access(group_file("share", "io.max"), F_OK))
		ktap_skip("no io.max");
	disk = a_disk();
	/* without limits before, and with one that is not the lease's */
	must(ctx, try_lease(PRESWAP_LEASE_KIND_IO_MAX, 4 * MIB, disk, 0, 60000,
			    &id));
	snprintf(limited, sizeof(limited),
		 "%u:%u rbps=4194304 wbps=4194304 riops=max wiops=max",
		 disk >> 20, disk & 0xfffff);
	says("io.max", limited);
	must(ctx, preswap_lease_end(ctx, id));
	soon_says("io.max", "");

	snprintf(before, sizeof(before),
		 "%u:%u rbps=max wbps=1048576 riops=77 wiops=max", disk >> 20,
		 disk & 0xfffff);
	must_write(group_file("share", "io.max"), before);
	must(ctx, try_lease(PRESWAP_LEASE_KIND_IO_MAX, 4 * MIB, disk, 0, 60000,
			    &id));
	snprintf(limited, sizeof(limited),
		 "%u:%u rbps=4194304 wbps=4194304 riops=77 wiops=max",
		 disk >> 20, disk & 0xfffff);
	says("io.max", limited);
	/* operations are others' to limit: the lease's bytes go back all the same */
	snprintf(before, sizeof(before), "%u:%u riops=55", disk >> 20,
		 disk & 0xfffff);
	must_write(group_file("share", "io.max"), before);
	sleep_ms(2500);
	ktap_assert(!get_lease(ctx, id).ended, "it ended as %u",
		    get_lease(ctx, id).ended);
	must(ctx, preswap_lease_end(ctx, id));
	snprintf(before, sizeof(before),
		 "%u:%u rbps=max wbps=1048576 riops=55 wiops=max", disk >> 20,
		 disk & 0xfffff);
	soon_says("io.max", before);
	ktap_assert(try_lease(PRESWAP_LEASE_KIND_IO_MAX, MIB, 4095U << 20, 0,
			      60000, NULL) == -ENXIO, "a device that is none");
}

/* Loop devices of our own: their number is the kernel's to choose. */
#define LOOPS	60

static unsigned int loops[LOOPS];

static void remove_loops(void)
{
	int control = open("/dev/loop-control", O_RDWR | O_CLOEXEC), i;

	for (i = 0; control >= 0 && i < LOOPS; i++)
		if (loops[i] && !ioctl(control, LOOP_CTL_REMOVE, loops[i]))
			loops[i] = 0;
	close(control);
}

/* Limits of all of them: lines of more than 70 bytes. */
static unsigned int limit_loops(void)
{
	char path[64], line[128];
	unsigned int device = 0;
	struct stat st;
	int control, i, number;

	if (access("/dev/loop-control", F_OK) && system("modprobe -q loop"))
		ktap_skip("no loop devices");
	control = open("/dev/loop-control", O_RDWR | O_CLOEXEC);
	for (i = 0; control >= 0 && i < LOOPS; i++) {
		number = ioctl(control, LOOP_CTL_ADD, 100 + i);
		if (number < 0)
			break;
		loops[i] = (unsigned int)number;
		snprintf(path, sizeof(path), "/dev/loop%d", number);
		if (!wait_until(2000, !stat(path, &st)))
			break;
		device = major(st.st_rdev) << 20 | minor(st.st_rdev);
		snprintf(line, sizeof(line),
			 "%u:%u rbps=1000000000000 wbps=1000000000000 riops=1000000000 wiops=1000000000",
			 device >> 20, device & 0xfffff);
		must_write(group_file("share", "io.max"), line);
	}
	close(control);
	if (control < 0 || i < LOOPS)
		ktap_skip("no loop devices (%d)", i);
	return device;
}

/* A limit in what is not read would have been given back as "max". */
static void test_long_file(void)
{
	static char before[4 * TEXT], after[4 * TEXT];
	unsigned int device;
	int err;

	setup();
	if (access(group_file("share", "io.max"), F_OK))
		ktap_skip("no io.max");
	device = limit_loops();
	try_read(group_file("share", "io.max"), before, sizeof(before));
	ktap_assert(strlen(before) > 4096, "%zu bytes", strlen(before));
	err = try_lease(PRESWAP_LEASE_KIND_IO_MAX, 4 * MIB, device, 0, 60000,
			NULL);
	ktap_assert(err == -EOVERFLOW && strstr(preswap_strerror(ctx), "4 KiB"),
		    "%d (%s)", err, preswap_strerror(ctx));
	try_read(group_file("share", "io.max"), after, sizeof(after));
	ktap_assert(!strcmp(before, after), "it was written");
}

static struct {
	volatile bool adding, over;
	unsigned int answers;	/* to others, while a share is asked for */
} asked;

static void *ask(void *arg)
{
	struct preswap_info info = { .size = sizeof(info) };
	struct preswap_ctx *other = arg;
	bool adding;

	while (!asked.over) {
		adding = asked.adding;
		if (!preswap_info_get(other, &info))
			asked.answers += adding && asked.adding;
	}
	return NULL;
}

/* Who asks for a share waits until its file is written; the others do not. */
static void test_alone(void)
{
	struct preswap_ctx *other;
	pthread_t thread;
	unsigned int i;
	uint32_t id;

	setup();
	prepare(&shares[0]);
	other = open_preswap();
	asked.answers = 0;
	ktap_assert(!pthread_create(&thread, NULL, ask, other), "no thread");
	for (i = 0; i < 20; i++) {
		asked.adding = true;
		must(ctx, try_lease(shares[0].kind, shares[0].amount, 0, 0,
				    60000, &id));
		asked.adding = false;
		must(ctx, preswap_lease_end(ctx, id));
		soon_says("cpu.weight", shares[0].before);
	}
	asked.over = true;
	pthread_join(thread, NULL);
	preswap_unref(other);
	printf("# %u answers in %u requests\n", asked.answers, i);
	/* one comes before the request or with its answer, more only beside it */
	ktap_assert(asked.answers >= 20 * i, "%u answers", asked.answers);
}

/*
 * A write to memory.high takes as long as there is to reclaim. Others' files are written
 * and given back meanwhile.
 */
static void test_slow(void)
{
	struct preswap_lease lease = { .size = sizeof(lease) };
	struct preswap_lease_opts opts = {
		.size = sizeof(opts), .kind = PRESWAP_LEASE_KIND_MEMORY_HIGH,
		.amount = 8 * MIB, .duration_ms = 60000,
	};
	char text[TEXT] = "";
	uint64_t id;
	int i;

	setup();
	prepare(&shares[0]);
	/* the worker has a tenth of the CPUs */
	group_make("spin");
	must_write(GUEST_ROOT "/cpu.weight", "1000");
	for (i = 0; i < 2 * sysconf(_SC_NPROCESSORS_ONLN); i++)
		group_spawn("spin", spin, NULL);
	id = group_make("slow");
	set_policy(ctx, id, 2, PRESWAP_SENSITIVITY_BATCH, true, 8 * MIB, 0);
	group_spawn("slow", hold_noise, (void *)(200 * MIB));
	ktap_assert(wait_until(60000, group_memory("slow") >= 200 * MIB),
		    "it does not grow");
	opts.donor_id = id;
	must(ctx, preswap_lease_add(ctx, &opts, &lease));
	ktap_assert(!get_lease(ctx, lease.id).full_ns,
		    "all was reclaimed within a second, %llu MiB are left",
		    (unsigned long long)(group_memory("slow") / MIB));
	begin(&shares[0], 2000);
	soon_says("cpu.weight", shares[0].before);
	ktap_assert(!get_lease(ctx, lease.id).full_ns && !lease.ended,
		    "what is slow was over before that");
	group_remove("spin");
	must_write(GUEST_ROOT "/cpu.weight", "100");
	must(ctx, preswap_lease_end(ctx, lease.id));
	/* once it is written; who dies meanwhile takes as long */
	must_write(group_file("slow", "cgroup.kill"), "1");
	ktap_assert(wait_until(60000, !try_read(group_file("slow", "memory.high"),
						text, sizeof(text)) &&
			       !strcmp(text, "max\n")),
		    "it is not given back: %s", text);
	ktap_assert(wait_until(60000, !try_read(group_file("slow", "cgroup.procs"),
						text, sizeof(text)) &&
			       !text[0]), "it does not end");
	group_remove("slow");
}

static void test_theirs(void)
{
	uint32_t in_force, ending;

	setup();
	prepare(&shares[0]);
	in_force = begin(&shares[0], 60000);
	must_write(group_file("share", "cpu.weight"), "77");
	ends_as(in_force, PRESWAP_LEASE_END_CHANGED);
	says("cpu.weight", "77");
	/* right before the end, when nobody looks any more */
	ending = begin(&shares[0], 60000);
	must_write(group_file("share", "cpu.weight"), "78");
	must(ctx, preswap_lease_end(ctx, ending));
	ends_as(ending, PRESWAP_LEASE_END_CHANGED);
	says("cpu.weight", "78");
	/* the file is free for the next one */
	ending = begin(&shares[0], 60000);
	must(ctx, preswap_lease_end(ctx, ending));
	soon_says("cpu.weight", "78");
}

static void test_ends(void)
{
	uint32_t low, weight;

	setup();
	prepare(&shares[0]);
	prepare(&shares[2]);
	low = begin(&shares[2], 1500);
	weight = begin(&shares[0], 60000);
	soon_says("memory.low", shares[2].before);
	ends_as(low, PRESWAP_LEASE_END_EXPIRED);
	says("cpu.weight", shares[0].now);
	set_knob("enabled", 0);
	soon_says("cpu.weight", shares[0].before);
	ends_as(weight, PRESWAP_LEASE_END_DISABLED);
	set_knob("enabled", 1);
	weight = begin(&shares[0], 60000);
	set_policy(ctx, app, 2, PRESWAP_SENSITIVITY_BATCH, false, 0, 0);
	soon_says("cpu.weight", shares[0].before);
	ends_as(weight, PRESWAP_LEASE_END_POLICY);
}

/* A cgroup of the same name is another one: it does not get the old value. */
static void test_gone(void)
{
	uint32_t id;

	setup();
	prepare(&shares[0]);
	id = begin(&shares[0], 60000);
	group_remove("share");
	group_make("share");
	/* as the lease left it there, for this not to be seen as changed */
	must_write(group_file("share", "cpu.weight"), shares[0].now);
	ends_as(id, PRESWAP_LEASE_END_DONOR_GONE);
	sleep_ms(500);
	says("cpu.weight", shares[0].now);
}

static void test_refused(void)
{
	const struct {
		uint8_t kind;
		uint64_t amount;
		uint32_t device;
		uint64_t receiver;
		int err;
	} bad[] = {
		{ PRESWAP_LEASE_KIND_CPU_WEIGHT, 10001, 0, 0, -EINVAL },
		{ PRESWAP_LEASE_KIND_IO_WEIGHT, 10001, 0, 0, -EINVAL },
		{ PRESWAP_LEASE_KIND_CPU_WEIGHT, 50, 8 << 20, 0, -EINVAL },
		{ PRESWAP_LEASE_KIND_IO_MAX, MIB, 0, 0, -EINVAL },
		{ PRESWAP_LEASE_KIND_CPU_WEIGHT, 50, 0, app, -EINVAL },
		{ PRESWAP_LEASE_KIND_CPU_MAX, 499, 0, 0, -EINVAL },
		{ PRESWAP_LEASE_KIND_MEMORY_HIGH, 32 * MIB - 1, 0, 0, -EINVAL },
		/* what only the kernel knows to be too little */
		{ PRESWAP_LEASE_KIND_CPU_WEIGHT, 0, 0, 0, -ERANGE },
	};
	char before[TEXT], line[TEXT];
	unsigned int i;
	uint32_t id;

	setup();
	set_policy(ctx, app, 2, PRESWAP_SENSITIVITY_BATCH, true, 32 * MIB, 500);
	for (i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		int err = try_lease(bad[i].kind, bad[i].amount, bad[i].device,
				    bad[i].receiver ? app : 0, 60000, NULL);

		ktap_assert(err == bad[i].err, "%u: %d (%s)", i, err,
			    preswap_strerror(ctx));
	}
	read_group("cpu.weight", before);
	/* one at a time */
	id = begin(&shares[0], 60000);
	ktap_assert(try_lease(PRESWAP_LEASE_KIND_CPU_WEIGHT, 30, 0, 0, 60000,
			      NULL) == -EBUSY, "a second one");
	must(ctx, preswap_lease_end(ctx, id));
	soon_says("cpu.weight", before);
	/* what takes nothing from it needs no leave; the rest does */
	set_policy(ctx, app, 9, PRESWAP_SENSITIVITY_LATENCY, false, 0, 0);
	must(ctx, try_lease(PRESWAP_LEASE_KIND_MEMORY_LOW, MIB, 0, 0, 60000,
			    NULL));
	ktap_assert(try_lease(PRESWAP_LEASE_KIND_CPU_WEIGHT, 30, 0, 0, 60000,
			      NULL) == -EPERM, "not eligible");
	/* a cgroup without the controller has no such file */
	must_write(GUEST_ROOT "/cgroup.subtree_control", "-io");
	set_policy(ctx, app, 2, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	i = (unsigned int)-try_lease(PRESWAP_LEASE_KIND_IO_WEIGHT, 30, 0, 0,
				     60000, NULL);
	snprintf(line, sizeof(line), "%s", preswap_strerror(ctx));
	must_write(GUEST_ROOT "/cgroup.subtree_control", "+io");
	ktap_assert(i == ENOENT && strstr(line, "controller"), "%u: %s", i,
		    line);
}

int main(void)
{
	int status = ktap_run((struct ktap_case[]){
		{ "R-30 each file is written, and has its old value again",
		  test_each },
		{ "R-30 io.max of a device, its other limits untouched",
		  test_io_max },
		{ "R-30 io.max that is too long to be read", test_long_file },
		{ "R-30 who asks for a share holds up nobody else", test_alone },
		{ "R-30 nor does memory.high, which reclaims", test_slow },
		{ "R-30 what somebody else writes meanwhile stands",
		  test_theirs },
		{ "R-32 expired, disabled, forbidden: given back", test_ends },
		{ "R-32 not to a cgroup that has the name now", test_gone },
		{ "R-30 what is refused, and nothing is changed", test_refused },
		{}
	});

	group_remove("share");
	remove_loops();
	return status;
}
