// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * I/O as a resource: a burst is foreseen, donors are throttled
 * before it, and their io.max says again what it said.
 *
 * The node's device is null_blk's, which is faster than any need here: what the
 * readers do is what they are let.
 */
#include <stdio.h>
#include <sys/sysmacros.h>

#include "guest.h"

#define TEXT		4096
#define DISK		"/dev/nullb0"
#define READER_STEPS	20		/* a second */

static struct preswap_ctx *ctx;
static uint64_t recv_id, low_id, mid_id;
static char disk[32];			/* "MAJOR:MINOR" */

/* Reads so many bytes a second, if it is let; a little of what it missed, too. */
static void reader(void *arg)
{
	size_t step = (size_t)arg / READER_STEPS, size = MIB / 16, done;
	int fd = open(DISK, O_RDONLY | O_DIRECT | O_CLOEXEC);
	uint64_t due = now_ms(), now;
	void *buf;

	if (fd < 0 || posix_memalign(&buf, 4096, size))
		_exit(98);
	for (;;) {
		for (done = 0; done < step; done += size)
			if (pread(fd, buf, size, (off_t)done) != (ssize_t)size)
				_exit(97);
		due += 1000 / READER_STEPS;
		now = now_ms();
		if (now < due)
			sleep_ms((unsigned int)(due - now));
		else if (now > due + 500)
			due = now;
	}
}

static uint64_t read_so_far(uint64_t id)
{
	return app_of(ctx, id).read_bytes;
}

/* What the app read in @ms, in MiB per second. */
static unsigned int reads_mib(uint64_t id, unsigned int ms)
{
	uint64_t from = read_so_far(id), begin = now_ms();

	sleep_ms(ms);
	return (unsigned int)((read_so_far(id) - from) * 1000 /
			      (now_ms() - begin) / MIB);
}

static void read_limits(const char *group, char *text)
{
	char *end;
	int err = try_read(group_file(group, "io.max"), text, TEXT);

	ktap_assert(!err, "io.max: %s", strerror(-err));
	end = strchr(text, '\n');
	if (end)
		*end = '\0';
}

/* What io.max lets the group read, 0: anything. */
static unsigned long long limit_of(const char *group)
{
	unsigned long long rbps;
	char text[TEXT], *at;

	read_limits(group, text);
	at = strstr(text, "rbps=");
	return at && sscanf(at, "rbps=%llu", &rbps) == 1 ? rbps : 0;
}

static struct search look(uint64_t donor)
{
	return find_leases(ctx, PRESWAP_LEASE_KIND_THROTTLE, donor);
}

static int end_lease(void *data, const struct preswap_lease *lease)
{
	(void)data;
	if (!lease->ended)
		preswap_lease_end(ctx, lease->id);
	return 0;
}

static void set_text_knob(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/preswap/%s", name);
	must_write(path, text);
}

static void find_disk(void)
{
	struct stat st;

	if (access(DISK, F_OK) && system("modprobe -q null_blk nr_devices=1"))
		ktap_skip("no null_blk");
	ktap_assert(wait_until(5000, !stat(DISK, &st)), "no " DISK);
	snprintf(disk, sizeof(disk), "%u:%u", major(st.st_rdev),
		 minor(st.st_rdev));
}

/* 20 MiB/s of which 16 may be used; low reads some 8, mid 5. */
static void setup_with(void (*low)(void *), void *arg)
{
	if (!ctx)
		ctx = open_preswap();
	find_disk();
	set_knob("enabled", 0);
	group_remove("recv");
	group_remove("low");
	group_remove("mid");
	set_knob("dry_run", 0);
	set_knob("hold_ms", 1000);
	set_knob("lead_ms", 10000);
	set_knob("lead_io_ms", 3000);
	set_knob("min_priority", 1);
	set_knob("threshold_io_pct", 80);
	set_knob("threshold_memory_pct", 100);
	set_knob("threshold_cpu_pct", 100);
	set_knob("io_capacity_mib", 20);
	set_text_knob("io_device", disk);
	must(ctx, preswap_leases(ctx, end_lease, NULL));
	recv_id = group_make("recv");
	low_id = group_make("low");
	mid_id = group_make("mid");
	if (access(group_file("low", "io.max"), F_OK))
		ktap_skip("no io.max");
	set_policy(ctx, recv_id, 9, PRESWAP_SENSITIVITY_LATENCY, false, 0, 0);
	set_policy(ctx, low_id, 1, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	set_policy(ctx, mid_id, 3, PRESWAP_SENSITIVITY_NORMAL, true, 0, 0);
	group_spawn("low", low, arg);
	group_spawn("mid", reader, (void *)(5 * MIB));
	/* that they began is a ramp, which must have passed */
	sleep_ms(8000);
	set_knob("enabled", 1);
}

static void setup(void)
{
	setup_with(reader, (void *)(8 * MIB));
}

static void teardown(void)
{
	set_knob("enabled", 0);
	group_remove("recv");
	group_remove("low");
	group_remove("mid");
	set_text_knob("io_device", "none");
	set_knob("io_capacity_mib", 0);
	set_knob("threshold_memory_pct", 80);
	set_knob("threshold_cpu_pct", 80);
}

static void foresee(uint64_t mib, uint32_t from_ms, uint32_t valid_ms)
{
	set_forecast(ctx, recv_id, PRESWAP_RESOURCE_IO, 0, mib * MIB, from_ms,
		     valid_ms);
}

static void need(uint64_t mib)
{
	set_need(ctx, recv_id, PRESWAP_RESOURCE_IO, mib * MIB);
}

#define in_force(donor) wait_until(5000, ({				\
	struct search s_ = look(donor);					\
	s_.in_force && s_.found.full_ns; }))

static void test_before_burst(void)
{
	unsigned int before, during, after, mid;
	unsigned long long limit;
	struct search low;
	uint64_t burst;

	setup();
	before = reads_mib(low_id, 1000);
	mid = reads_mib(mid_id, 1000);
	ktap_assert(before >= 6 && before <= 10 && mid >= 3,
		    "they read %u and %u MiB/s", before, mid);
	burst = app_of(ctx, low_id).io_bytes;
	ktap_assert(burst >= 5 * MIB && burst <= 12 * MIB,
		    "R-2 its rate is %llu", (unsigned long long)burst);
	burst = now_ms() + 2500;
	foresee(8, 2500, 6000);
	ktap_assert(in_force(low_id), "no throttle");
	low = look(low_id);
	ktap_assert(low.found.full_ns / 1000000 < burst, "after the burst");
	/* 16 less what they use, 13, are free: some 5 are short */
	ktap_assert(low.found.amount >= 3 * MIB &&
		    low.found.amount <= 7 * MIB, "%llu MiB/s",
		    (unsigned long long)(low.found.amount / MIB));
	ktap_assert(low.found.receiver_id == recv_id &&
		    low.found.reason == PRESWAP_REASON_FORECAST &&
		    low.found.benefit > low.found.cost,
		    "for %llu, reason %u",
		    (unsigned long long)low.found.receiver_id,
		    low.found.reason);
	limit = limit_of("low");
	ktap_assert(limit >= MIB && limit <= 6 * MIB, "io.max: %llu", limit);
	during = reads_mib(low_id, 1500);
	ktap_assert(during * MIB <= limit + MIB,
		    "reads %u MiB/s of %llu", during, limit / MIB);
	ktap_assert(!limit_of("mid") && !look(mid_id).in_force, "mid gave");
	/* the forecast is over: all is as it was */
	ktap_assert(wait_until(12000, look(low_id).has_ended &&
			       !look(low_id).in_force), "it does not end");
	ktap_assert(wait_until(5000, !limit_of("low")), "io.max stays");
	sleep_ms(1000);
	after = reads_mib(low_id, 1500);
	ktap_assert(after + 2 >= before, "%u MiB/s before, %u after", before,
		    after);
	printf("# %u MiB/s, during the lease %u, after it %u\n", before, during,
	       after);
	teardown();
}

/* All that it ever reads, by an app that did nothing before. */
static void read_lump(void *arg)
{
	int fd = open(DISK, O_RDONLY | O_DIRECT | O_CLOEXEC);
	void *buf;

	(void)arg;
	/* until it is known where it is now */
	sleep_ms(1500);
	if (fd < 0 || posix_memalign(&buf, 4096, 8 * MIB) ||
	    pread(fd, buf, 8 * MIB, 0) != 8 * MIB)
		_exit(98);
	for (;;)
		pause();
}

static void test_lump(void)
{
	uint64_t most = 0, now, end, id;

	if (!ctx)
		ctx = open_preswap();
	find_disk();
	group_remove("lump");
	id = group_make("lump");
	set_policy(ctx, id, 1, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	group_spawn("lump", read_lump, NULL);
	for (end = now_ms() + 4500; now_ms() < end; sleep_ms(50)) {
		now = app_of(ctx, id).io_bytes;
		most = now > most ? now : most;
	}
	printf("# %llu KiB/s of %llu KiB\n", (unsigned long long)(most >> 10),
	       (unsigned long long)(read_so_far(id) >> 10));
	/* some of it may be of the next period, and is lost then to this mean */
	ktap_assert(most >= MIB, "it was lost");
	group_remove("lump");
}

/* Its own limits are no looser meanwhile, and the same again afterwards. */
static void test_own_limits(void)
{
	char before[128], text[TEXT];

	setup();
	snprintf(before, sizeof(before),
		 "%s rbps=max wbps=524288 riops=max wiops=777", disk);
	must_write(group_file("low", "io.max"), before);
	foresee(8, 2500, 6000);
	ktap_assert(in_force(low_id), "no throttle");
	read_limits("low", text);
	ktap_assert(limit_of("low") && strstr(text, " wbps=524288 ") &&
		    strstr(text, " wiops=777"), "io.max says '%s'", text);
	ktap_assert(wait_until(12000, look(low_id).has_ended &&
			       !look(low_id).in_force), "it does not end");
	wait_until(5000, (read_limits("low", text), !strcmp(text, before)));
	ktap_assert(!strcmp(text, before), "io.max says '%s'", text);
	teardown();
}

static void test_floor_then_next(void)
{
	struct preswap_policy floor = {
		.size = sizeof(floor), .fields = PRESWAP_POLICY_PRIORITY |
			PRESWAP_POLICY_SENSITIVITY |
			PRESWAP_POLICY_SWAP_ELIGIBLE | PRESWAP_POLICY_FLOOR_IO,
		.priority = 1, .sensitivity = PRESWAP_SENSITIVITY_BATCH,
		.swap_eligible = true, .floor_io_bytes = 6 * MIB,
	};

	setup();
	floor.app_id = low_id;
	must(ctx, preswap_policy_set(ctx, &floor));
	foresee(8, 2500, 8000);
	ktap_assert(in_force(mid_id), "mid does not give");
	ktap_assert(look(low_id).found.amount <= 4 * MIB,
		    "low gives %llu MiB/s of 8, with a floor of 6",
		    (unsigned long long)(look(low_id).found.amount / MIB));
	ktap_assert(!limit_of("low") || limit_of("low") >= 6 * MIB,
		    "low may read %llu", limit_of("low"));
	teardown();
}

static void test_theirs(void)
{
	char want[128], text[TEXT];

	setup();
	foresee(8, 2500, 30000);
	ktap_assert(in_force(low_id), "no throttle");
	snprintf(want, sizeof(want),
		 "%s rbps=6291456 wbps=max riops=max wiops=max", disk);
	must_write(group_file("low", "io.max"), want);
	ktap_assert(wait_until(5000, look(low_id).has_ended), "it stands");
	ktap_assert(look(low_id).ended.ended == PRESWAP_LEASE_END_CHANGED,
		    "ended %u", look(low_id).ended.ended);
	sleep_ms(1500);
	ktap_assert(!look(low_id).in_force, "taken again at once");
	read_limits("low", text);
	ktap_assert(!strcmp(text, want), "io.max says '%s'", text);
	teardown();
}

static void test_lease_by_hand(void)
{
	struct preswap_lease lease = { .size = sizeof(lease) };
	struct preswap_lease_opts opts = {
		.size = sizeof(opts), .kind = PRESWAP_LEASE_KIND_THROTTLE,
		.amount = 10 * MIB, .duration_ms = 60000,
	};
	unsigned int ma, mi;

	setup();
	opts.donor_id = low_id;
	ktap_assert(preswap_lease_add(ctx, &opts, &lease) == -EINVAL,
		    "a throttle by hand");
	ktap_assert(sscanf(disk, "%u:%u", &ma, &mi) == 2, "%s", disk);
	opts.kind = PRESWAP_LEASE_KIND_IO_MAX;
	opts.amount = 7 * MIB;
	opts.device = ma << 20 | mi;
	must(ctx, preswap_lease_add(ctx, &opts, &lease));
	foresee(8, 2500, 8000);
	/* a person has low's file: mid gives */
	ktap_assert(in_force(mid_id), "mid does not give");
	ktap_assert(!look(low_id).in_force && limit_of("low") == 7 * MIB,
		    "low gives too");
	must(ctx, preswap_lease_end(ctx, lease.id));
	teardown();
}

/* As the reader, but it does something with what it reads: no time is left over. */
static void worker(void *arg)
{
	size_t size = MIB / 16, done;
	int fd = open(DISK, O_RDONLY | O_DIRECT | O_CLOEXEC);
	uint64_t until, of_ms = (size_t)arg;
	void *buf;

	if (fd < 0 || posix_memalign(&buf, 4096, size))
		_exit(98);
	for (done = 0;; done = (done + size) % MIB) {
		if (pread(fd, buf, size, (off_t)done) != (ssize_t)size)
			_exit(97);
		for (until = now_ms() + of_ms; now_ms() < until;)
			;
	}
}

/* For the same amount, and not too soon. */
static void is_dearer(const struct preswap_lease *first,
		      const struct preswap_lease *then)
{
	double dearer = (double)then->cost / (double)then->amount /
			((double)first->cost / (double)first->amount);
	uint64_t alone_ms = (then->begin_ns - first->end_ns) / 1000000;

	printf("# left alone for %llu ms, then %.2f times as dear\n",
	       (unsigned long long)alone_ms, dearer);
	ktap_assert(alone_ms >= 15000 && alone_ms <= 20000, "alone for %llu ms",
		    (unsigned long long)alone_ms);
	ktap_assert(dearer >= 1.5, "no dearer");
}

static void set_max_stall(uint64_t id, uint8_t percent)
{
	struct preswap_policy p = { .size = sizeof(p) };

	must(ctx, preswap_policy_get(ctx, id, &p));
	p.fields |= PRESWAP_POLICY_MAX_STALL;
	p.max_stall_pct = percent;
	must(ctx, preswap_policy_set(ctx, &p));
}

/*
 * A reader that wants a fixed rate and is let a part of it waits all of its time. The
 * part that it is to leave, some 60 %, is due; the rest is pain.
 */
static void test_suffers(void)
{
	struct preswap_lease first, then;

	setup();
	set_max_stall(low_id, 20);
	need(8);
	ktap_assert(in_force(low_id), "no throttle");
	ktap_assert(wait_until(8000, !look(low_id).in_force), "it suffers on");
	first = look(low_id).ended;
	ktap_assert(first.ended == PRESWAP_LEASE_END_BACKOFF, "ended %u",
		    first.ended);
	ktap_assert(wait_until(5000, !limit_of("low")), "io.max stays");
	ktap_assert(in_force(mid_id), "the next does not give");
	ktap_assert(wait_until(25000, look(low_id).in_force), "for ever");
	then = look(low_id).found;
	is_dearer(&first, &then);
	teardown();
}

/* It does a part of what it did, in that part of its time: no pain. */
static void test_slower(void)
{
	uint64_t begin_ns;

	setup_with(worker, (void *)(uintptr_t)7);
	set_max_stall(low_id, 20);
	need(8);
	ktap_assert(in_force(low_id), "no throttle");
	begin_ns = look(low_id).found.begin_ns;
	sleep_ms(8000);
	printf("# regret %ld, reads %u MiB/s of %llu\n",
	       regret_of(low_id, PRESWAP_RESOURCE_IO), reads_mib(low_id, 1000),
	       limit_of("low") / MIB);
	ktap_assert(look(low_id).in_force &&
		    look(low_id).found.begin_ns == begin_ns, "it ended");
	ktap_assert(regret_of(low_id, PRESWAP_RESOURCE_IO) < 2000, "regret %ld",
		    regret_of(low_id, PRESWAP_RESOURCE_IO));
	teardown();
}

static int try_knob(const char *name, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), "/sys/kernel/preswap/%s", name);
	return try_write(path, text);
}

static void test_knobs(void)
{
	static const struct {
		const char *text;
		int err;
	} devices[] = {
		{ "", -EINVAL }, { "8", -EINVAL }, { "8:", -EINVAL },
		{ "8:0x", -EINVAL }, { "0:1", -EINVAL }, { "vda", -EINVAL },
		{ "8:0 8:1", -EINVAL }, { "4096:0", -ERANGE },
		{ "8:1048576", -ERANGE },
	};
	char text[64];
	size_t i;

	setup();
	foresee(8, 2500, 30000);
	ktap_assert(in_force(low_id), "no throttle");
	/* a write of no bytes never reaches the module */
	for (i = 1; i < sizeof(devices) / sizeof(devices[0]); i++) {
		int err = try_knob("io_device", devices[i].text);

		ktap_assert(err == devices[i].err, "'%s': %d",
			    devices[i].text, err);
	}
	ktap_assert(try_knob("io_capacity_mib", "1048577") == -ERANGE &&
		    try_knob("threshold_io_pct", "0") == -ERANGE,
		    "out of range");
	ktap_assert(!try_read("/sys/kernel/preswap/io_device", text,
			      sizeof(text)) && !strncmp(text, disk,
			      strlen(disk)), "io_device says %s", text);
	ktap_assert(look(low_id).in_force, "a refused write ended it");
	/* without a device nothing is taken, and what was goes back */
	set_text_knob("io_device", "none\n");
	ktap_assert(wait_until(3000, !look(low_id).in_force), "it stands");
	ktap_assert(look(low_id).ended.ended == PRESWAP_LEASE_END_DISABLED,
		    "ended %u", look(low_id).ended.ended);
	ktap_assert(wait_until(3000, !limit_of("low")), "io.max stays");
	sleep_ms(1000);
	ktap_assert(!look(low_id).in_force, "taken without a device");
	teardown();
}

static void test_dry_run(void)
{
	setup();
	set_knob("dry_run", 1);
	foresee(8, 2500, 8000);
	ktap_assert(wait_until(5000, look(low_id).in_force), "not decided");
	ktap_assert(look(low_id).found.dry_run && !limit_of("low"),
		    "carried out");
	set_knob("dry_run", 0);
	teardown();
}

/*
 * A limit of somebody's own makes the donor suffer, too. For that it would be left alone
 * for 15 s; for the limit it is for a minute.
 */
static void test_theirs_hurts(void)
{
	char want[128];

	setup();
	set_max_stall(low_id, 20);
	need(8);
	ktap_assert(in_force(low_id), "no throttle");
	snprintf(want, sizeof(want), "%s rbps=1048576", disk);
	must_write(group_file("low", "io.max"), want);
	ktap_assert(wait_until(5000, look(low_id).has_ended), "it stands");
	ktap_assert(look(low_id).ended.ended == PRESWAP_LEASE_END_CHANGED,
		    "ended %u", look(low_id).ended.ended);
	sleep_ms(4000);
	snprintf(want, sizeof(want), "%s rbps=max", disk);
	must_write(group_file("low", "io.max"), want);
	ktap_assert(!wait_until(30000, look(low_id).in_force),
		    "taken again after %llu ms",
		    (unsigned long long)(look(low_id).found.begin_ns -
					 look(low_id).ended.end_ns) / 1000000);
	teardown();
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-2 the first that an app reads counts", test_lump },
		{ "R-30 I/O is freed before a burst, and given back",
		  test_before_burst },
		{ "R-23 I/O: a donor keeps its floor, the next one gives",
		  test_floor_then_next },
		{ "R-30 I/O: limits that the donor had are not loosened",
		  test_own_limits },
		{ "R-30 I/O: what others write to io.max stands", test_theirs },
		{ "R-30 I/O: and its donor is left alone for a minute",
		  test_theirs_hurts },
		{ "R-30 I/O: a file that a person has is left to them",
		  test_lease_by_hand },
		{ "R-24 R-33 I/O: a donor that stands still is left alone",
		  test_suffers },
		{ "R-24 I/O: a donor that is slower by what it left goes on",
		  test_slower },
		{ "R-53 io_device: what is refused, what it ends", test_knobs },
		{ "R-25 I/O: a dry run decides and writes nothing",
		  test_dry_run },
		{}
	});
}
