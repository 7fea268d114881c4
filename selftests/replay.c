// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The kernel's decisions, decided again in userspace: those of real leases, as
 * debugfs' snapshot file tells them, and on random snapshots, by a module of
 * their own (preswap_answers, "make test-module").
 */
#include <sys/syscall.h>
#include <sys/utsname.h>

#include "../user/tests/digest.h"
#include "guest.h"
#include "plan/replay.h"

#define SNAPSHOT_FILE	"/sys/kernel/debug/preswap/snapshot"
/* Of its own: in the other one is what earlier tests left. */
#define TRACING		"/sys/kernel/tracing/instances/preswap_replay/"
#define ANSWERS		"/sys/module/preswap_answers/parameters/"
#define ROUNDS		10000
#define GROUPS		100	/* more than the module has room for at first */

static struct preswap_ctx *ctx;
static uint64_t recv_id, low_id;
static struct snapshot got;
static struct snapshot_reader reader;

/* low (1) holds memory, recv (9) will need some. */
static void setup(void)
{
	ctx = ctx ?: open_preswap();
	group_remove("recv");
	group_remove("low");
	set_knob("enabled", 1);
	set_knob("threshold_memory_pct", 10);
	recv_id = group_make("recv");
	low_id = group_make("low");
	set_policy(ctx, recv_id, 9, PRESWAP_SENSITIVITY_LATENCY, false, 0, 0);
	set_policy(ctx, low_id, 1, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	group_spawn("low", hold_bytes, (void *)(100 * MIB));
}

/* The file's text, read in steps of @step bytes; freed by the caller. */
static char *read_steps(size_t step, size_t *size)
{
	int fd = open(SNAPSHOT_FILE, O_RDONLY | O_CLOEXEC);
	size_t room = 1 << 20;
	char *text = malloc(room);
	ssize_t n;

	ktap_assert(fd >= 0 && text, SNAPSHOT_FILE ": %s", strerror(errno));
	for (*size = 0; *size + step < room; *size += (size_t)n) {
		n = read(fd, text + *size, step);
		if (n <= 0)
			break;
	}
	close(fd);
	ktap_assert(!n, "%zu bytes, then %s", *size, strerror(errno));
	return text;
}

/* One snapshot, into got: whole, and the text that userspace would write. */
static void parse(char *text, size_t size)
{
	char *again = NULL;
	size_t size_again;
	FILE *to;

	memset(&reader, 0, sizeof(reader));
	reader.from = fmemopen(text, size, "r");
	ktap_assert(snapshot_read(&reader, &got) == 1, "%s", reader.error);
	ktap_assert(!*got.absent, "lacks %s", got.absent);
	fclose(reader.from);
	to = open_memstream(&again, &size_again);
	snapshot_write(&got, to);
	fclose(to);
	ktap_assert(size == size_again && !memcmp(text, again, size),
		    "userspace writes it otherwise");
	free(again);
	free(text);
}

static void look(size_t step)
{
	size_t size;
	char *text = read_steps(step, &size);

	ktap_assert(size, "nothing was decided");
	parse(text, size);
}

static void check_replay(void)
{
	struct decide_result again;

	ktap_assert(!replay_decide(&got.saw, &got.answered, &again),
		    "no memory");
	ktap_assert(!replay_check(&got, &again, stdout),
		    "decision %llu", (unsigned long long)got.seq);
	replay_free(&again);
}

static long index_of(uint64_t id)
{
	for (uint32_t i = 0; i < got.saw.nr_apps; i++)
		if (got.apps[i].id == id)
			return i;
	return -1;
}

struct seen {
	int snapshots, proposals, leases, reverse;
};

/* All snapshots of @ms. */
static void watch(uint64_t ms, struct seen *seen)
{
	uint64_t end = now_ms() + ms, last = 0;

	memset(seen, 0, sizeof(*seen));
	for (; now_ms() < end; sleep_ms(30)) {
		look(65536);
		if (got.seq == last)
			continue;
		seen->reverse += got.seq < last;
		last = got.seq;
		seen->snapshots++;
		seen->proposals += got.answered.nr_proposals > 0;
		seen->leases += got.saw.nr_leases > 0;
		check_replay();
	}
}

static void test_real_leases(void)
{
	struct seen seen;
	long low;

	setup();
	sleep_ms(1500);
	set_forecast(ctx, recv_id, PRESWAP_RESOURCE_MEMORY, 0, 60 * MIB, 5000,
		     20000);
	watch(5000, &seen);
	ktap_assert(seen.snapshots >= 20 && !seen.reverse,
		    "%d snapshots, %d backwards", seen.snapshots, seen.reverse);
	ktap_assert(seen.proposals >= 10, "%d with proposals", seen.proposals);
	ktap_assert(seen.leases >= 10, "%d with leases", seen.leases);
	low = index_of(low_id);
	ktap_assert(low >= 0 && got.paths[low] &&
		    !strcmp(got.paths[low], "/preswap_test/low"), "%s",
		    low < 0 ? "low is missing" : got.paths[low] ?: "no path");
	ktap_assert(got.leases[0].donor == (uint32_t)low &&
		    got.lease_ids[0], "lease %u of %u", got.lease_ids[0],
		    got.leases[0].donor);
	printf("# %d snapshots, %d with proposals, %d with leases\n",
	       seen.snapshots, seen.proposals, seen.leases);
}

static int keep_begun(void *data, const struct preswap_lease *lease)
{
	struct preswap_lease *begun = data;

	if (lease->begin_ns == got.time_ns)
		*begun = *lease;
	return 0;
}

static bool begins_lease(struct preswap_lease *begun)
{
	look(65536);
	begun->id = 0;
	return !preswap_leases(ctx, keep_begun, begun) && begun->id;
}

/* What "preswapctl explain" says of the lease holds @text. */
static void check_explain(uint32_t id, const char *text)
{
	char command[64], said[4096];
	FILE *from;

	snprintf(command, sizeof(command), "build/user/preswapctl explain %u",
		 id);
	from = popen(command, "r");
	ktap_assert(from, "popen: %s", strerror(errno));
	said[fread(said, 1, sizeof(said) - 1, from)] = '\0';
	ktap_assert(!pclose(from) && strstr(said, text), "no '%s' in:\n%s",
		    text, said);
}

/* The decision that began it has passed, and so has the lease. */
static void test_kept_reason(void)
{
	struct preswap_lease begun, ended;
	struct decide_result again;
	const struct decide_need *need;
	const struct preswap_why *why = &begun.why;
	static char trace[65536];
	char text[128];

	setup();
	ktap_assert(!mkdir(TRACING, 0700), "%s: %s", TRACING, strerror(errno));
	must_write(TRACING "events/preswap/preswap_lease_begin/enable", "1");
	sleep_ms(1500);
	set_forecast(ctx, recv_id, PRESWAP_RESOURCE_MEMORY, 0, 60 * MIB, 5000,
		     20000);
	ktap_assert(wait_until(8000, begins_lease(&begun)), "no lease");
	ktap_assert(!replay_decide(&got.saw, &got.answered, &again),
		    "no memory");
	for (need = again.needs; need < again.needs + again.nr_needs; need++)
		if (need->receiver == index_of(recv_id) &&
		    need->resource == DECIDE_MEMORY)
			break;
	ktap_assert(need < again.needs + again.nr_needs, "no need");
	ktap_assert(why->shortage >= 40 * MIB &&
		    why->median == need->median && why->spread == need->spread &&
		    why->carried == need->carried && why->base == need->base &&
		    why->room == need->room && why->shortage == need->shortage &&
		    why->chance_permille == need->chance_permille,
		    "%llu KiB short, %llu by the decision",
		    (unsigned long long)why->shortage >> 10,
		    (unsigned long long)need->shortage >> 10);
	ktap_assert(why->threshold_pct == 10 && why->give == 1 &&
		    !why->too_dear, "%u %%, %u give", why->threshold_pct,
		    why->give);
	replay_free(&again);
	snprintf(text, sizeof(text), "reclaim %.1f MiB from /preswap_test/low",
		 (double)begun.amount / MIB);
	check_explain(begun.id, text);
	set_knob("enabled", 0);
	ended = get_lease(ctx, begun.id);
	ktap_assert(ended.ended == PRESWAP_LEASE_END_DISABLED &&
		    !memcmp(&ended.why, why, sizeof(*why)), "ended: %u",
		    ended.ended);
	check_explain(begun.id, "; disabled.\nWhy it began:\n  Expected within");
	set_knob("enabled", 1);
	must_write(TRACING "events/preswap/preswap_lease_begin/enable", "0");
	try_read(TRACING "trace", trace, sizeof(trace));
	rmdir(TRACING);
	snprintf(text, sizeof(text), " shortage=%llu chance_permille=%u threshold_pct=10 give=1 ",
		 (unsigned long long)why->shortage, why->chance_permille);
	ktap_assert(strstr(trace, text), "no '%s' in:\n%s", text, trace);
}

/* Ticks go on meanwhile: it is the text of one moment all the same. */
static void test_small_reads(void)
{
	int i;

	for (i = 0; i < 20; i++) {
		look(7);
		check_replay();
	}
}

static void test_mode(void)
{
	struct stat st;

	ktap_assert(!stat(SNAPSHOT_FILE, &st), "%s", strerror(errno));
	ktap_assert((st.st_mode & 07777) == 0400, "mode %o", st.st_mode);
}

/* The module's arrays are replaced by larger ones. */
static void test_many_apps(void)
{
	char name[16];
	uint64_t id;
	int i;

	setup();
	for (i = 0; i < GROUPS; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		id = group_make(name);
		set_policy(ctx, id, 1 + i % 10, PRESWAP_SENSITIVITY_NORMAL,
			   i % 2, 0, 0);
		look(4096);
		check_replay();
	}
	ktap_assert(wait_until(5000, (look(65536), index_of(id) >= 0)),
		    "the last of %d apps is missing in %u", GROUPS,
		    got.saw.nr_apps);
	ktap_assert(got.saw.nr_apps > GROUPS, "%u apps", got.saw.nr_apps);
	check_replay();
	for (i = 0; i < GROUPS; i++) {
		snprintf(name, sizeof(name), "many%d", i);
		group_remove(name);
	}
}

/* No decision while it is off; the last one stays, also when its apps go. */
static void test_apps_gone(void)
{
	uint64_t seq;
	long low;

	setup();
	ktap_assert(wait_until(5000, (look(65536), index_of(low_id) >= 0)),
		    "low is not there");
	set_knob("enabled", 0);
	look(65536);
	seq = got.seq;
	low = index_of(low_id);
	ktap_assert(low >= 0 && got.paths[low], "low has no path");
	group_remove("low");
	ktap_assert(wait_until(5000, (look(65536), !got.paths[low])),
		    "low is gone, and still has the path %s", got.paths[low]);
	ktap_assert(got.seq == seq && got.apps[low].id == low_id,
		    "decision %llu after %llu", (unsigned long long)got.seq,
		    (unsigned long long)seq);
	check_replay();
	set_knob("enabled", 1);
	ktap_assert(wait_until(3000, (look(65536), got.seq > seq)),
		    "no new decision");
	ktap_assert(got.seq == seq + 1 || got.seq < seq + 100, "a jump");
}

static void load_answers(uint64_t seed)
{
	char path[128], args[64];
	struct utsname name;
	int fd;

	uname(&name);
	snprintf(path, sizeof(path),
		 "build/test-module-%.64s/preswap_answers.ko", name.release);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		ktap_skip("%s: %s", path, strerror(errno));
	snprintf(args, sizeof(args), "seed=%llu rounds=%d",
		 (unsigned long long)seed, ROUNDS);
	ktap_assert(!syscall(SYS_finit_module, fd, args, 0), "%s: %s", path,
		    strerror(errno));
	close(fd);
}

static void test_random(void)
{
	static const uint64_t seeds[] = { 0x5eed, 0xfeed, 0xbeca };
	static struct digest d;
	uint64_t digest, proposals;
	size_t s;
	int i;

	for (s = 0; s < sizeof(seeds) / sizeof(*seeds); s++) {
		load_answers(seeds[s]);
		digest = read_u64(ANSWERS "digest");
		proposals = read_u64(ANSWERS "proposals");
		ktap_assert(!syscall(SYS_delete_module, "preswap_answers", 0),
			    "%s", strerror(errno));
		memset(&d, 0, sizeof(d));
		draw_seed = seeds[s];
		for (i = 0; i < ROUNDS; i++)
			digest_next(&d);
		ktap_assert(d.proposals > ROUNDS / 20, "nothing tested");
		ktap_assert(d.value == digest && d.proposals == proposals,
			    "seed %llx: %llx here, %llx in the kernel; %llu, %llu proposals",
			    (unsigned long long)seeds[s],
			    (unsigned long long)d.value,
			    (unsigned long long)digest,
			    (unsigned long long)d.proposals,
			    (unsigned long long)proposals);
	}
}

int main(void)
{
	int status = ktap_run((struct ktap_case[]){
		{ "R-27 R-60 decisions of real leases are the same in userspace",
		  test_real_leases },
		{ "R-27 R-60 a lease keeps why it began, when it has ended, too",
		  test_kept_reason },
		{ "R-27 a snapshot is of one moment, however it is read",
		  test_small_reads },
		{ "R-27 only root reads snapshots", test_mode },
		{ "R-27 R-60 100 apps come while snapshots are read",
		  test_many_apps },
		{ "R-27 the last decision stays when its apps are gone",
		  test_apps_gone },
		{ "R-60 30,000 random snapshots: kernel and userspace answer the same",
		  test_random },
		{}
	});

	group_remove("recv");
	group_remove("low");
	rmdir(GUEST_ROOT);
	return status;
}
