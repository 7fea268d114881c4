// SPDX-License-Identifier: GPL-2.0-or-later
/* the swap log: each lease that ended is in it once, or counted as missed. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "told.h"
#include "daemon/log.h"
#include "daemon/record.h"
#include "daemon/worker.h"

#define S	1000000000ULL
#define REMEMBERED 64		/* of leases that ended, by the module */

static char folder[] = "/tmp/preswap-record-XXXXXX";
static char path[64];

static void fresh(void)
{
	char old[80];

	snprintf(old, sizeof(old), "%s" LEASELOG_OLD_SUFFIX, path);
	unlink(path);
	unlink(old);
}

static uint64_t boot_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_BOOTTIME, &now);
	return now.tv_sec * S + now.tv_nsec;
}

static struct preswap_lease lease_of(uint32_t id)
{
	return (struct preswap_lease){
		.size = sizeof(struct preswap_lease), .id = id,
		.kind = PRESWAP_LEASE_KIND_RECLAIM,
		.reason = PRESWAP_REASON_FORECAST,
		.ended = PRESWAP_LEASE_END_EXPIRED, .donor_id = 7,
		.receiver_id = 1ULL << 63, .amount = 64 << 20,
		.done = UINT64_MAX, .begin_ns = id * S, .full_ns = id * S + 1,
		.end_ns = id * S + 2, .tasks = UINT32_MAX, .device = 8 << 20,
		.benefit = 400, .cost = 300,
		.why = { .median = 1, .spread = 2, .carried = 3, .base = 4,
			 .room = 5, .shortage = 6, .chance_permille = 1000,
			 .threshold_pct = 80, .give = 9, .barred = 10,
			 .nested = 11, .at_floor = 12, .too_little = 13,
			 .too_dear = 14, .banned = 15 },
	};
}

/* ---- lines ---- */

static void test_line(void)
{
	struct leaselog_entry e = {
		.end_ms = 1795000000123, .load = "0123abcd-17", .ended = 99,
		.lease = lease_of(42), .donor = "/a\tb\nc\\td", .receiver = "",
	}, back;
	char line[LEASELOG_LINE_MAX], copy[LEASELOG_LINE_MAX];
	static char longest[4097];
	size_t size = leaselog_format(&e, line), i;

	ktap_assert(line[size - 1] == '\n' && strlen(line) == size &&
		    strchr(line, '\n') == line + size - 1);
	line[--size] = 0;
	strcpy(copy, line);
	ktap_assert(!leaselog_parse(copy, &back));
	ktap_assert(!memcmp(&back.lease, &e.lease, sizeof(e.lease)) &&
		    back.end_ms == e.end_ms && back.ended == 99 &&
		    !strcmp(back.load, e.load) && !back.missed);
	ktap_assert(!strcmp(back.donor, e.donor) && !*back.receiver, "%s",
		    back.donor);
	/* no byte of it can change, or be missing at the end, unnoticed */
	for (i = 0; i < size; i++) {
		strcpy(copy, line);
		copy[i] ^= 1;
		ktap_assert(leaselog_parse(copy, &back) == -EINVAL, "byte %zu",
			    i);
		strcpy(copy, line);
		copy[i] = 0;
		ktap_assert(leaselog_parse(copy, &back) == -EINVAL,
			    "cut at %zu", i);
	}
	e.missed = 6;
	e.from_ms = 5;
	size = leaselog_format(&e, line);
	line[size - 1] = 0;
	ktap_assert(!leaselog_parse(line, &back) && back.missed == 6 &&
		    back.from_ms == 5 && back.end_ms == e.end_ms);
	/* the longest paths there are, and each byte takes two */
	memset(longest, '\\', sizeof(longest) - 1);
	e.missed = 0;
	e.donor = e.receiver = longest;
	size = leaselog_format(&e, line);
	ktap_assert(size < LEASELOG_LINE_MAX, "%zu", size);
	line[size - 1] = 0;
	ktap_assert(!leaselog_parse(line, &back) &&
		    !strcmp(back.receiver, longest));
}

/* ---- the file ---- */

struct tally {
	uint32_t leases, last, jumps;
	uint64_t missed, ended;
	char donor[32];
};

static void count(void *data, const struct leaselog_entry *e)
{
	struct tally *t = data;

	t->ended = e->ended;
	t->missed += e->missed;
	if (e->missed)
		return;
	t->jumps += t->leases && e->lease.id != t->last + 1;
	t->last = e->lease.id;
	t->leases++;
	snprintf(t->donor, sizeof(t->donor), "%s", e->donor);
}

static struct tally read_log(uint64_t damaged)
{
	struct tally t = {};
	uint64_t bad;
	int err = leaselog_read(path, count, &t, &bad);

	ktap_assert(!err && bad == damaged, "%d, %llu damaged", err,
		    (unsigned long long)bad);
	return t;
}

static int append(uint32_t id)
{
	char line[LEASELOG_LINE_MAX];
	struct leaselog_entry e = {
		.end_ms = 1795000000123, .load = "0123abcd-17",
		.lease = lease_of(id), .donor = "/system.slice/batch.service",
		.receiver = "/system.slice/redis-server.service",
	};

	return leaselog_append(path, line, leaselog_format(&e, line));
}

static void write_raw(const char *text)
{
	FILE *file = fopen(path, "a");

	ktap_assert(file && fputs(text, file) >= 0 && !fclose(file));
}

static void test_damage(void)
{
	struct tally t;
	struct stat st;
	uint64_t bad;

	fresh();
	ktap_assert(leaselog_read(path, count, &t, &bad) == -ENOENT);
	ktap_assert(!append(1) && !append(2));
	ktap_assert(!stat(path, &st) && (st.st_mode & 0777) == 0600);
	/* half a line at its end, as power failed: the next one is whole */
	write_raw("lease\t17950000");
	ktap_assert(read_log(0).leases == 2, "it may be in writing");
	ktap_assert(!append(3));
	write_raw("\n\nlease\nmissed\t1\tx\t2\t3\t4\t00000000\n");
	ktap_assert(!append(4));
	t = read_log(5);
	ktap_assert(t.leases == 4 && !t.jumps, "%u leases", t.leases);
}

/* 40,000 leases: the newest of them are there, without a hole, in a bounded size. */
static void test_bounds(void)
{
	static char lines[200 * 512];
	struct stat st, old;
	struct tally t;
	char name[80];
	uint32_t id = 0;

	fresh();
	while (id < 40000) {
		size_t size = 0;

		for (int i = 0; i < 100; i++) {
			struct leaselog_entry e = {
				.load = "0123abcd-17", .lease = lease_of(++id),
				.donor = "/system.slice/batch.service",
				.receiver = "/system.slice/redis-server.service",
			};
			char line[LEASELOG_LINE_MAX];
			size_t more = leaselog_format(&e, line);

			ktap_assert(size + more <= sizeof(lines));
			memcpy(lines + size, line, more);
			size += more;
		}
		ktap_assert(!leaselog_append(path, lines, size));
	}
	snprintf(name, sizeof(name), "%s" LEASELOG_OLD_SUFFIX, path);
	ktap_assert(!stat(path, &st) && !stat(name, &old));
	ktap_assert(st.st_size <= LEASELOG_BYTES_MAX &&
		    old.st_size <= LEASELOG_BYTES_MAX, "%lld, %lld bytes",
		    (long long)st.st_size, (long long)old.st_size);
	t = read_log(0);
	printf("# %u of 40000 leases in %lld KB\n", t.leases,
	       (long long)(st.st_size + old.st_size) >> 10);
	ktap_assert(t.last == 40000 && !t.jumps && t.leases >= 12000,
		    "%u leases to %u, %u jumps", t.leases, t.last, t.jumps);
}

/* The disk is full within a line: none of it stays, and the log goes on later. */
static void test_full(void)
{
	struct rlimit limit = { 0, RLIM_INFINITY };
	struct tally t;
	int err;

	fresh();
	signal(SIGXFSZ, SIG_IGN);
	ktap_assert(!append(1));
	limit.rlim_cur = 300;
	setrlimit(RLIMIT_FSIZE, &limit);
	err = append(2);
	limit.rlim_cur = RLIM_INFINITY;
	setrlimit(RLIMIT_FSIZE, &limit);
	ktap_assert(err == -EFBIG, "%d", err);
	ktap_assert(read_log(0).leases == 1);
	ktap_assert(!append(2));
	t = read_log(0);
	ktap_assert(t.leases == 2 && !t.jumps);
}

/* ---- what is written ---- */

static bool full;

static bool put(void *data, const char *line, size_t size)
{
	(void)data;
	return !full && !leaselog_append(path, line, size);
}

static const char *name_of(void *data, uint64_t id)
{
	(void)data;
	return id == 7 ? "/batch" : NULL;
}

static const struct record_ops ops = { .put = put, .path = name_of };

static void begin(struct record *r, const char *load)
{
	record_begin(r, &ops, path);
	record_connect(r, load);
}

/* As the module tells it after @ended leases: the last of them first. */
static void catch_up(struct record *r, uint32_t ended)
{
	struct preswap_lease leases[REMEMBERED];
	size_t n = 0;

	for (uint32_t id = ended; id && n < REMEMBERED; id--)
		leases[n++] = lease_of(id);
	record_catch_up(r, leases, n, ended);
}

static void ends(struct record *r, uint32_t from, uint32_t to)
{
	for (; from <= to; from++) {
		struct preswap_lease lease = lease_of(from);

		record_lease(r, &lease);
	}
}

static void expect(uint32_t leases, uint64_t missed, uint64_t ended)
{
	struct tally t = read_log(0);

	ktap_assert(t.leases == leases && t.missed == missed &&
		    t.ended == ended, "%u leases, %llu missed, %llu ended",
		    t.leases, (unsigned long long)t.missed,
		    (unsigned long long)t.ended);
}

static void test_once(void)
{
	struct record r;

	fresh();
	begin(&r, "one");
	catch_up(&r, 0);
	ends(&r, 1, 10);
	expect(10, 0, 10);
	ktap_assert(!strcmp(read_log(0).donor, "/batch"));
	/* events were dropped, and what came was told already */
	ends(&r, 12, 12);
	catch_up(&r, 13);
	ends(&r, 5, 13);
	expect(13, 0, 13);
	/* a daemon after this one, which was killed */
	begin(&r, "one");
	catch_up(&r, 13);
	expect(13, 0, 13);
	/* away for as much as the module remembers */
	begin(&r, "one");
	catch_up(&r, 13 + REMEMBERED);
	expect(13 + REMEMBERED, 0, 13 + REMEMBERED);
	/* and for six more than that */
	begin(&r, "one");
	catch_up(&r, 13 + 2 * REMEMBERED + 6);
	expect(13 + 2 * REMEMBERED, 6, 13 + 2 * REMEMBERED + 6);
	catch_up(&r, 13 + 2 * REMEMBERED + 6);
	expect(13 + 2 * REMEMBERED, 6, 13 + 2 * REMEMBERED + 6);
}

/* A lease's number says nothing once the module was loaded again. */
static void test_reload(void)
{
	struct preswap_lease other = lease_of(3);
	struct record r;

	fresh();
	begin(&r, "one");
	ends(&r, 1, 5);
	record_connect(&r, "two");
	other.begin_ns++;
	record_lease(&r, &other);
	record_catch_up(&r, &other, 1, 1);
	expect(6, 0, 1);
	/* a first daemon, long after the module was loaded */
	fresh();
	begin(&r, "three");
	catch_up(&r, 100);
	expect(64, 36, 100);
}

static void test_no_room(void)
{
	struct record r;

	fresh();
	begin(&r, "one");
	ends(&r, 1, 2);
	full = true;
	ends(&r, 3, 7);
	full = false;
	record_tell_missed(&r);
	expect(2, 5, 7);
	ends(&r, 8, 8);
	full = true;
	ends(&r, 9, 9);
	full = false;
	ends(&r, 10, 10);
	record_tell_missed(&r);
	expect(4, 6, 10);
}

/* The wall clock's time is that of the end, not of when it was told. */
static void keep_end(void *data, const struct leaselog_entry *e)
{
	*(uint64_t *)data = e->end_ms;
}

static void test_time(void)
{
	struct preswap_lease lease = lease_of(1);
	struct timespec now;
	uint64_t end_ms = 0, bad;
	/* a machine may not be up for long */
	uint64_t half_ns = boot_ns() / 2;
	int64_t ago, half_ms = (int64_t)(half_ns / 1000000);
	struct record r;

	fresh();
	begin(&r, "one");
	lease.end_ns = boot_ns() - half_ns;
	record_lease(&r, &lease);
	clock_gettime(CLOCK_REALTIME, &now);
	ktap_assert(!leaselog_read(path, keep_end, &end_ms, &bad));
	ago = now.tv_sec * 1000LL + now.tv_nsec / 1000000 - (int64_t)end_ms;
	ktap_assert(ago >= half_ms - 5 && ago < half_ms + 100000,
		    "%lld ms ago, not %lld", (long long)ago, (long long)half_ms);
}

/* ---- by the worker ---- */

static void wait_written(uint32_t leases)
{
	struct tally t = {};
	uint64_t bad;

	for (int i = 0; i < 300 && t.leases < leases; i++) {
		usleep(100000);
		t = (struct tally){};
		leaselog_read(path, count, &t, &bad);
	}
	ktap_assert(t.leases == leases && !t.jumps, "%u of %u", t.leases,
		    leases);
}

static bool give(struct worker *w, uint32_t id)
{
	char line[LEASELOG_LINE_MAX];
	struct leaselog_entry e = {
		.load = "one", .lease = lease_of(id), .donor = "", .receiver = "",
	};

	return worker_log(w, line, leaselog_format(&e, line));
}

/* It waits for nothing; what cannot be written stays, in a bounded size, for later. */
static void test_worker(void)
{
	struct config_events none = {};
	char state[64], moved[80];
	struct worker *w;
	uint32_t id;

	fresh();
	snprintf(state, sizeof(state), "%s/learned", folder);
	ktap_assert(!worker_start(&none, state, &w));
	for (id = 1; id <= 20; id++)
		ktap_assert(give(w, id));
	wait_written(20);
	ktap_assert(!worker_log_error(w));
	/* something is in its way */
	snprintf(moved, sizeof(moved), "%s.moved", path);
	ktap_assert(!rename(path, moved) && !mkdir(path, 0700));
	for (; id <= 2000 && give(w, id); id++)
		;
	ktap_assert(id > 150 && id < 1000, "%u lines fit", id);
	for (int i = 0; i < 300 && !worker_log_error(w); i++)
		usleep(100000);
	ktap_assert(worker_log_error(w) == -EISDIR, "%d", worker_log_error(w));
	ktap_assert(!rmdir(path) && !rename(moved, path));
	wait_written(id - 1);
	ktap_assert(!worker_log_error(w));
	/* what it was given last is written before it ends */
	ktap_assert(give(w, id));
	ktap_assert(!worker_stop(w));
	ktap_assert(read_log(0).last == id);
	fresh();
	rmdir(folder);
}

/* Of an app's name each backslash is one, as systemd escapes with; * and ? are patterns. */
static void test_names(void)
{
	static const struct {
		const char *app;
		bool found;
	} cases[] = {
		{ "/user.slice/app-org.x\\x2dy.scope", true },
		{ "user.slice/app-org.x\\x2dy.scope", true },
		{ "user.slice/app-*.scope", true },
		{ "user.slice", true },
		{ "/user.slice/app-org.x\\x2dy.scope/", true },
		{ "user.slice/", true },
		{ "user.slice/app-org.xx2dy.scope", false },
		{ "user.slice/app-org.x-y.scope", false },
		{ "user.slice/app", false },
	};
	char line[LEASELOG_LINE_MAX], command[8192];
	struct leaselog_entry e = {
		.end_ms = 1795000000123, .load = "0123abcd-17",
		.lease = lease_of(1), .donor = "/user.slice/app-org.x\\x2dy.scope",
		.receiver = "/system.slice/redis-server.service",
	};

	fresh();
	ktap_assert(!leaselog_append(path, line, leaselog_format(&e, line)));
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		snprintf(command, sizeof(command),
			 "%s/preswapctl log --state %s/learned --app '%s' 2>&1",
			 programs, folder, cases[i].app);
		ktap_assert(!tell_line(command), "%s", said);
		ktap_assert(!strstr(said, "redis-server") == !cases[i].found,
			    "%s: %s", cases[i].app, said);
	}
	fresh();
}

int main(void)
{
	log_init(LOG_EMERG);
	if (!find_programs())
		return 1;
	mkdtemp(folder);
	snprintf(path, sizeof(path), "%s/learned" LEASELOG_SUFFIX, folder);
	return ktap_run((struct ktap_case[]){
		{ "R-34 a line holds all of a lease, and shows damage",
		  test_line },
		{ "R-34 damaged lines are left out and counted", test_damage },
		{ "R-34 the log's size is bounded, the newest stay",
		  test_bounds },
		{ "R-34 a full disk spoils no line", test_full },
		{ "R-34 each lease once, what was missed is counted",
		  test_once },
		{ "R-34 the module is loaded again", test_reload },
		{ "R-34 without room leases are missed, and that is said",
		  test_no_room },
		{ "R-34 the time is that of the end", test_time },
		{ "R-34 an app's leases are found by its name", test_names },
		{ "R-34 the loop does not wait for the disk", test_worker },
		{}
	});
}
