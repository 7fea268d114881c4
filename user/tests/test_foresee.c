// SPDX-License-Identifier: GPL-2.0-or-later
/* R-9, R-13: launches and events in the forecasts that are pushed. */
#include <errno.h>
#include <math.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../selftests/ktap.h"
#include "daemon/foresee.h"
#include "daemon/measure.h"
#include "sense/agenda.h"
#include "sense/statefile.h"

#define MIB		(1024.0 * 1024)
#define BEGIN		1767571200.0

static struct series_table *table;
static struct foresee *foresee;
static struct push_batch batch;
static double now;

static void setup(struct learned *learned)
{
	struct series_limits limits = {
		.max_apps = 32, .cpu_milli = 64000, .io_bytes = 100 * MIB,
	};

	series_free(table);
	foresee_free(foresee);
	table = NULL;
	foresee = NULL;
	now = BEGIN;
	ktap_assert(!series_new(&limits, &table));
	ktap_assert(!foresee_new(learned, now, 0, &foresee));
	foresee_set_limits(foresee, &limits);
	series_on_gone(table, foresee_app_gone, foresee);
}

/* It reads a hundredth of its memory each second. */
static void sample(uint64_t id, const char *path, double mib)
{
	struct preswap_app app = {
		.size = sizeof(app), .id = id, .path = path,
		.cpu_milli = 100, .mem_bytes = mib * MIB,
		.io_bytes = mib * MIB / 100,
	};
	struct series_app *known;

	ktap_assert(!series_sample(table, &app, &known));
	if (!known->foreseen)
		foresee_app_new(foresee, known, now > BEGIN + 2, now, 0);
}

static void step(void)
{
	const struct push_hooks hooks = {
		.adjust = foresee_adjust, .data = foresee,
	};

	series_step(table, 1);
	foresee_step(foresee, table, now, 0);
	push_collect(&batch, table, 5000, &hooks);
	now++;
}

/* The 95 % quantile at @horizon_s in MiB; -1: not pushed. */
static double pushed_of(uint8_t resource, uint64_t id, unsigned int horizon_s)
{
	for (size_t i = 0; i < batch.count; i++) {
		const struct preswap_forecast *f = &batch.forecasts[i];

		if (f->app_id != id || f->resource != resource)
			continue;
		for (uint32_t k = 0; k < f->points_count; k++)
			if (f->points[k].horizon_ms == horizon_s * 1000)
				return f->points[k].q95 / MIB;
	}
	return -1;
}

static double pushed(uint64_t id, unsigned int horizon_s)
{
	return pushed_of(PRESWAP_RESOURCE_MEMORY, id, horizon_s);
}

static void test_key(void)
{
	static const char * const pairs[][2] = {
		{ "/system.slice/cron.service", "system.slice/cron.service" },
		{ "/user.slice/user-1000.slice/session-12.scope",
		  "user.slice/user-1000.slice/session-#.scope" },
		{ "/user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-firefox-4711.scope",
		  "user.slice/user-1000.slice/user@1000.service/app.slice/app-gnome-firefox-#.scope" },
		{ "/system.slice/docker-0123456789abcdef0123456789abcdef.scope",
		  "system.slice/docker-#.scope" },
		{ "/system.slice/run-u77.service",
		  "system.slice/run-#.service" },
		{ "/system.slice/run-r0123456789abcdef.scope",
		  "system.slice/run-#.scope" },
		{ "/k5start/add-on/x11vnc.service",
		  "k5start/add-on/x11vnc.service" },
		{ "/", "" },
	};
	char key[LEARNED_KEY], path[1024];

	for (size_t i = 0; i < sizeof(pairs) / sizeof(*pairs); i++) {
		learned_key(pairs[i][0], key);
		ktap_assert(!strcmp(key, pairs[i][1]), "%s: %s", pairs[i][0],
			    key);
	}
	memset(path, 'x', sizeof(path));
	strcpy(path + sizeof(path) - 8, "end.svc");
	learned_key(path, key);
	ktap_assert(strlen(key) == LEARNED_KEY - 1 &&
		    !strcmp(key + strlen(key) - 7, "end.svc"));
}

/*
 * A build each 300 s or so, which takes 60 s and grows to 500 MiB in its
 * first 20 s, each time as another app.
 */
static double build_mib(double age)
{
	return age < 20 ? 25 * age + 20 : 520;
}

static void run_builds(int builds)
{
	char path[64];

	for (int i = 0; i < builds; i++) {
		snprintf(path, sizeof(path), "/system.slice/build-%d.scope",
			 100 + i);
		for (int age = 0; age < 300; age++) {
			sample(1, "/system.slice", 50);
			if (age < 60)
				sample(100 + i, path, build_mib(age));
			step();
		}
	}
}

/* What is known of builds: how many start a day, and how long the last one took. */
static void known_of_builds(double *per_day, double *length_s)
{
	const struct learned_program *p = NULL;
	struct launch_forecast forecast;
	struct learned *learned;
	void *data;
	size_t size;

	ktap_assert(!foresee_pack(foresee, &data, &size) &&
		    !learned_unpack(data, size, &learned));
	for (size_t i = 0; i < learned->nr_programs; i++)
		if (strstr(learned->programs[i].program->key, "build-#"))
			p = learned->programs[i].program;
	ktap_assert(p);
	launch_forecast(&p->launch, &forecast);
	*per_day = forecast.rate_per_day;
	*length_s = p->effect.profile.length[(p->effect.profile.runs - 1) %
					     PROFILE_KEEP];
	learned_free(learned);
	free(data);
}

/* While the machine sleeps nothing can start, and nothing gets older. */
static void test_slept(void)
{
	double before, after, length_s;

	setup(NULL);
	sample(1, "/system.slice", 50);
	step();
	run_builds(12);
	known_of_builds(&before, &length_s);
	ktap_assert(fabs(length_s - 60) < 3, "%.1f s", length_s);
	for (int age = 0; age < 30; age++) {
		if (age == 20)
			now += 8 * 3600;
		sample(1, "/system.slice", 50);
		sample(900, "/system.slice/build-900.scope", build_mib(age));
		step();
	}
	for (int i = 0; i < 20; i++) {
		sample(1, "/system.slice", 50);
		step();
	}
	known_of_builds(&after, &length_s);
	ktap_assert(after > 0.8 * before && after < 1.2 * before,
		    "%.1f a day, then %.1f", before, after);
	ktap_assert(fabs(length_s - 30) < 5, "%.1f s", length_s);
	/* nor does the clock that is set back bring anything before its birth */
	sample(901, "/system.slice/build-901.scope", build_mib(0));
	step();
	now -= 2 * 3600;
	for (int i = 0; i < 20; i++) {
		sample(901, "/system.slice/build-901.scope", build_mib(i));
		step();
	}
	for (int i = 0; i < 20; i++)
		step();
	known_of_builds(&after, &length_s);
	ktap_assert(fabs(length_s - 20) < 5, "%.1f s", length_s);
}

static void test_launch(void)
{
	struct series_limits without = { .max_apps = 32, .cpu_milli = 64000 };
	struct foresee_stats stats;
	double early;

	setup(NULL);
	for (int i = 0; i < 60; i++) {
		sample(1, "/system.slice", 50);
		step();
	}
	run_builds(1);
	sample(99, "/system.slice/build-7.scope", build_mib(0));
	step();
	ktap_assert(pushed(99, 10) < 0, "nothing is known of the second");
	run_builds(5);
	stats = foresee_stats(foresee);
	ktap_assert(stats.launches == 7, "%llu",
		    (unsigned long long)stats.launches);
	/* three seconds old: no forecaster has learned anything yet */
	for (int age = 0; age < 3; age++) {
		sample(500, "/system.slice/build-999.scope", build_mib(age));
		step();
	}
	early = pushed(500, 10);
	ktap_assert(early > 300 && early < 420, "%.1f MiB", early);
	early = pushed(500, 30);
	ktap_assert(early > 450 && early < 600, "%.1f MiB", early);
	ktap_assert(foresee_stats(foresee).launches == 8);
	early = pushed_of(PRESWAP_RESOURCE_IO, 500, 10);
	ktap_assert(early > 3 && early < 4.2, "%.1f MiB/s", early);
	/* without a capacity the rest goes on */
	series_set_limits(table, &without);
	foresee_set_limits(foresee, &without);
	sample(500, "/system.slice/build-999.scope", build_mib(3));
	step();
	ktap_assert(pushed_of(PRESWAP_RESOURCE_IO, 500, 10) < 0, "pushed");
	early = pushed(500, 30);
	ktap_assert(early > 450 && early < 600, "%.1f MiB", early);
}

/*
 * An instance of the same program that has run for hours: the others are judged by what
 * they use themselves. Each of these grows for 200 s.
 */
static double slow_mib(double age)
{
	return age < 200 ? 2.5 * age + 20 : 520;
}

static void step_with_old(uint64_t id, int age)
{
	sample(1, "/system.slice", 50);
	sample(50, "/system.slice/build-50.scope", 60);
	if (age >= 0)
		sample(id, "/system.slice/build-7.scope", slow_mib(age));
	step();
}

static void test_old_instance(void)
{
	double early;

	setup(NULL);
	for (int i = 0; i < 10; i++) {
		sample(1, "/system.slice", 50);
		step();
	}
	for (int i = 0; i < 3700; i++)
		step_with_old(0, -1);
	for (int i = 0; i < 20; i++)
		for (int age = 0; age < 300; age++)
			step_with_old(100 + i, age < 290 ? age : -1);
	for (int age = 0; age < 3; age++)
		step_with_old(500, age);
	early = pushed(500, 10);
	ktap_assert(early > 45 && early < 55, "%.1f MiB", early);
}

/*
 * A job each 700 s: longer than any period that the forecaster looks for. Before
 * it begins, the slice around it is told.
 */
static void test_coming(void)
{
	double before = -1, quiet = -1;
	char path[64];

	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++)
		ktap_assert(launch_horizon_s[i] == predict_demand_horizon_s[i]);
	setup(NULL);
	for (int i = 0; i < 14; i++) {
		snprintf(path, sizeof(path), "/system.slice/job-%d.scope",
			 100 + i);
		for (int age = 0; age < 700; age++) {
			double job = age < 60 ? build_mib(age) : 0;

			sample(1, "/system.slice", 50 + job);
			if (age < 60)
				sample(100 + i, path, job);
			step();
			if (i == 13 && age > 300 && age < 600)
				quiet = fmax(quiet, pushed(1, 30));
		}
		before = pushed(1, 30);
	}
	ktap_assert(before > 400 && before < 640, "%.1f MiB", before);
	ktap_assert(quiet < 150, "%.1f MiB while nothing is to come", quiet);
}

/* ---- events ---- */

static struct agenda *agenda_with(double start, const char *label,
				  const char *app, double mib)
{
	struct agenda *agenda = agenda_new(BEGIN - 1e6, BEGIN + 1e6);

	agenda_add(agenda, &(struct agenda_entry){
		.start = start, .end = start, .source = AGENDA_CALENDAR,
		.label = (char *)label, .app = (char *)app,
		.cpu_milli = NAN, .mem_bytes = mib * MIB,
	});
	return agenda;
}

/*
 * A backup that takes 400 MiB for 100 s at random times, at which the calendar
 * says so; the highest forecast 10 s before it begins.
 */
static double before_backup(int backups, const char *app, uint64_t id)
{
	double most = -1;
	unsigned int seed = 5;

	for (int i = 0; i < backups; i++) {
		int wait = 400 + rand_r(&seed) % 200;
		double start = now + wait;

		foresee_set_agenda(foresee, agenda_with(start, "backup", app,
							NAN));
		most = -1;
		for (; now < start + 200; ) {
			bool on = now >= start && now < start + 100;

			sample(7, "/system.slice/db.service",
			       100 + (on ? 400 : 0) +
			       (int)now % 3);
			step();
			if (now < start - 5)
				most = fmax(most, pushed(id, 10));
		}
	}
	return most;
}

static void test_event(void)
{
	double most;

	setup(NULL);
	most = before_backup(1, "system.slice/db.service", 7);
	ktap_assert(most < 200, "nothing is known of the first: %.1f", most);
	most = before_backup(2, "system.slice/db.service", 7);
	ktap_assert(most < 200, "two are no record: %.1f", most);
	most = before_backup(1, "system.slice/db.service", 7);
	ktap_assert(most > 450 && most < 560, "the fourth: %.1f MiB", most);
	most = before_backup(3, "system.slice/db.service", 7);
	ktap_assert(most > 450 && most < 560, "%.1f MiB", most);
	ktap_assert(foresee_stats(foresee).events >= 1);
}

/* The same loads, and a calendar that has nothing to do with them. */
static void test_unrelated(void)
{
	unsigned int seed = 9;
	double most = -1;

	setup(NULL);
	for (int i = 0; i < 8; i++) {
		double start = now + 500 + rand_r(&seed) % 100;

		foresee_set_agenda(foresee, agenda_with(start, "lunch",
					"system.slice/db.service", NAN));
		most = -1;
		for (; now < start + 100; ) {
			sample(7, "/system.slice/db.service",
			       100 + rand_r(&seed) % 10);
			step();
			if (now < start - 5)
				most = fmax(most, pushed(7, 10));
		}
	}
	ktap_assert(most < 125, "%.1f MiB", most);
}

/* A service that does not run before: the slice around it is told. */
static void test_ancestor(void)
{
	double most = -1, start;

	setup(NULL);
	for (int i = 0; i < 5; i++) {
		start = now + 450;
		foresee_set_agenda(foresee, agenda_with(start, "nightly",
					"system.slice/nightly.service", NAN));
		most = -1;
		for (; now < start + 150; ) {
			bool on = now >= start && now < start + 60;

			sample(1, "/system.slice", 200 + (on ? 300 : 0));
			if (on)
				sample(1000 + i, "/system.slice/nightly.service",
				       300);
			step();
			if (now < start - 5)
				most = fmax(most, pushed(1, 10));
		}
	}
	ktap_assert(most > 450 && most < 560, "%.1f MiB", most);
}

static void test_declared(void)
{
	double most = -1, start;

	setup(NULL);
	for (int i = 0; i < 200; i++) {
		sample(7, "/system.slice/db.service", 100);
		step();
	}
	start = now + 60;
	foresee_set_agenda(foresee, agenda_with(start, "sale",
						"system.slice/d?.service",
						250));
	while (now < start - 5) {
		sample(7, "/system.slice/db.service", 100);
		step();
		most = fmax(most, pushed(7, 10));
	}
	ktap_assert(most > 340 && most < 360, "%.1f MiB", most);
	/* taken out of the calendar */
	foresee_set_agenda(foresee, agenda_new(BEGIN, BEGIN + 1e6));
	sample(7, "/system.slice/db.service", 100);
	step();
	ktap_assert(pushed(7, 10) < 110, "%.1f MiB", pushed(7, 10));
	ktap_assert(!foresee_stats(foresee).events);
}

/* More events than are watched: how many is told. */
static void test_crowded(void)
{
	struct agenda *agenda;
	char label[32];

	setup(NULL);
	sample(7, "/system.slice/db.service", 100);
	agenda = agenda_new(BEGIN, BEGIN + 900);
	for (int i = 0; i < FORESEE_EVENTS_MAX + 44; i++) {
		snprintf(label, sizeof(label), "event %d", i);
		agenda_add(agenda, &(struct agenda_entry){
			.start = BEGIN + 100, .end = BEGIN + 100,
			.label = label, .app = (char *)"system.slice",
			.cpu_milli = NAN, .mem_bytes = NAN,
		});
	}
	foresee_set_agenda(foresee, agenda);
	sample(1, "/system.slice", 50);
	step();
	ktap_assert(foresee_stats(foresee).events == FORESEE_EVENTS_MAX &&
		    foresee_stats(foresee).left_out == 44, "%zu, %zu",
		    foresee_stats(foresee).events,
		    foresee_stats(foresee).left_out);
}

/* Jobs of each minute do not keep out what a person declared, however many they are. */
static void test_frequent(void)
{
	struct agenda *agenda = agenda_new(BEGIN, BEGIN + 9000);
	char label[32];
	double start = BEGIN + 3000;

	setup(NULL);
	for (int t = 1; t <= 55; t++) {
		for (int i = 0; i < 18; i++) {
			snprintf(label, sizeof(label), "job %d", i);
			agenda_add(agenda, &(struct agenda_entry){
				.start = BEGIN + 60 * t, .end = BEGIN + 60 * t,
				.label = label, .app = (char *)"system.slice",
				.cpu_milli = NAN, .mem_bytes = NAN,
				.io_bytes = NAN,
			});
		}
	}
	agenda_add(agenda, &(struct agenda_entry){
		.start = start, .end = start, .label = (char *)"sale",
		.app = (char *)"system.slice/db.service", .cpu_milli = NAN,
		.mem_bytes = 250 * MIB, .io_bytes = NAN,
	});
	agenda_sort(agenda);
	foresee_set_agenda(foresee, agenda);
	while (now < start - 5) {
		sample(1, "/system.slice", 50);
		sample(7, "/system.slice/db.service", 100);
		step();
	}
	ktap_assert(pushed(7, 10) > 340 && pushed(7, 10) < 360, "%.1f MiB",
		    pushed(7, 10));
}

/* One that names a pattern: of all apps, but the root, and who has no path. */
static void test_pattern(void)
{
	struct agenda *agenda = agenda_new(BEGIN, BEGIN + 900);

	setup(NULL);
	agenda_add(agenda, &(struct agenda_entry){
		.start = BEGIN + 100, .end = BEGIN + 100,
		.label = (char *)"sale", .app = (char *)"*",
		.cpu_milli = NAN, .mem_bytes = NAN,
	});
	foresee_set_agenda(foresee, agenda);
	sample(1, "/", 50);
	sample(2, "", 50);
	sample(3, "/a", 50);
	sample(4, "/b", 50);
	sample(5, "/b/c", 50);
	step();
	ktap_assert(foresee_stats(foresee).events == 2, "%zu",
		    foresee_stats(foresee).events);
}

/* R-17: what was learned outlives the daemon; a damaged file does not harm. */
static void test_saved(void)
{
	char path[] = "/tmp/preswap-learned-XXXXXX", bad[64];
	struct learned *learned = NULL;
	unsigned char *data, *copy;
	double early;
	size_t size;
	int fd = mkstemp(path);

	ktap_assert(fd >= 0);
	close(fd);
	setup(NULL);
	run_builds(7);
	ktap_assert(!foresee_pack(foresee, (void **)&data, &size));
	ktap_assert(!statefile_write(path, data, size));
	ktap_assert(!learned_read(path, &learned));
	ktap_assert(learned->nr_programs == 1 &&
		    learned->programs[0].program->launch.starts == 6, "%zu",
		    learned->nr_programs);
	setup(learned);
	for (int i = 0; i < 5; i++) {
		sample(1, "/system.slice", 50);
		step();
	}
	for (int age = 0; age < 3; age++) {
		sample(500, "/system.slice/build-999.scope", build_mib(age));
		step();
	}
	early = pushed(500, 10);
	ktap_assert(early > 300 && early < 420, "%.1f MiB", early);
	for (size_t i = 0; i < size; i += 97) {
		data[i] ^= 0x10;
		ktap_assert(learned_unpack(data, size, &learned) == -EINVAL,
			    "byte %zu", i);
		data[i] ^= 0x10;
	}
	for (size_t i = 0; i < size; i += 991)
		ktap_assert(learned_unpack(data, i, &learned) == -EINVAL);
	/* all is as it was written, but no calendar has the time of its last use */
	copy = malloc(size);
	ktap_assert(copy, "no memory");
	memcpy(copy, data, size);
	memcpy(copy + 40 + LEARNED_KEY, &(double){ 1e300 }, sizeof(double));
	*(uint64_t *)(void *)(copy + 32) =
		statefile_checksum(copy + 40, size - 40);
	ktap_assert(learned_unpack(copy, size, &learned) == -EINVAL);
	free(copy);
	data[size - 1]++;
	ktap_assert(!statefile_write(path, data, size));
	ktap_assert(learned_read(path, &learned) == -EINVAL);
	ktap_assert(access(path, F_OK) < 0);
	snprintf(bad, sizeof(bad), "%s.bad", path);
	ktap_assert(!access(bad, F_OK));
	unlink(bad);
	ktap_assert(learned_read(path, &learned) == -ENOENT);
	free(data);
}

static void put(const char *path, const char *text)
{
	FILE *file = fopen(path, "w");

	ktap_assert(file && fputs(text, file) >= 0 && !fclose(file), "%s",
		    path);
}

static void has(const char *path, const char *text)
{
	char got[64] = "";
	FILE *file = fopen(path, "r");

	ktap_assert(file && fgets(got, sizeof(got), file) && !fclose(file) &&
		    !strcmp(got, text), "%s: %s", path, got);
}

/*
 * R-17: beside the state file, where others may write too, links and pipes wait:
 * no other file is written to, and nothing waits for a reader.
 */
static void test_traps(void)
{
	char folder[] = "/tmp/preswap-state-XXXXXX", path[64], trap[64];
	struct series_kept *kept;
	struct learned *learned;
	void *data;
	size_t size;

	ktap_assert(mkdtemp(folder) && !chdir(folder));
	snprintf(path, sizeof(path), "%s/learned", folder);
	snprintf(trap, sizeof(trap), "%s/victim", folder);
	put(trap, "precious");
	ktap_assert(!symlink(trap, "learned.new"));
	ktap_assert(!statefile_write(path, "12345678", 8));
	has(trap, "precious");
	has(path, "12345678");
	ktap_assert(!mkfifo("learned.new", 0666));
	ktap_assert(!statefile_write(path, "87654321", 8));
	has(path, "87654321");
	ktap_assert(!symlink(trap, "learned.lock"));
	ktap_assert(statefile_take(path) == -ELOOP);
	ktap_assert(!unlink("learned.lock") && !mkfifo("learned.lock", 0666));
	ktap_assert(statefile_take(path) == -ENXIO);
	ktap_assert(!unlink(path) && !mkfifo(path, 0666));
	ktap_assert(statefile_read(path, &data, &size) == -EINVAL);
	/* one that cannot be read may be a good one: it stays */
	ktap_assert(!unlink(path) && !symlink(path, path));
	ktap_assert(learned_read(path, &learned) == -ELOOP);
	ktap_assert(!unlink("learned.bad"), "%s: %s", path, strerror(errno));
	ktap_assert(!symlink(path, path));
	ktap_assert(series_read(path, &kept) == -ELOOP);
	ktap_assert(!unlink("learned.bad"), "%s: %s", path, strerror(errno));
	unlink("learned.lock");
	unlink(trap);
	ktap_assert(!chdir("/") && !rmdir(folder));
}

/* R-13: the time of day is that of the zone that is set, also while it runs. */
static void test_zone(void)
{
	static const char * const zones[] = {
		"Asia/Dubai", "Asia/Tokyo", "Asia/Dubai",
	};
	char path[64];
	int32_t offset;

	if (unshare(CLONE_NEWNS) ||
	    mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) ||
	    access("/etc/localtime", F_OK))
		ktap_skip("no private /etc/localtime");
	unsetenv("TZ");
	for (int i = 0; i < 3; i++) {
		snprintf(path, sizeof(path), "/usr/share/zoneinfo/%s", zones[i]);
		ktap_assert(!mount(path, "/etc/localtime", NULL, MS_BIND, NULL),
			    "%s: %s", path, strerror(errno));
		measure_wall(&offset);
		ktap_assert(offset == (i % 2 ? 9 : 4) * 3600, "%s: %d s", path,
			    offset);
	}
}

static void test_bounded(void)
{
	struct learned *l = learned_new();
	struct learned_program *first;
	char key[LEARNED_KEY];

	ktap_assert(l);
	first = learned_program_get(l, "first", 1, 0);
	for (int i = 0; i < 2 * LEARNED_PROGRAMS_MAX; i++) {
		struct learned_program *p;

		snprintf(key, sizeof(key), "program %d", i);
		p = learned_program_get(l, key, 10 + i, 0);
		ktap_assert(p && !strcmp(p->key, key));
		learned_program_put(l, p);
	}
	ktap_assert(l->nr_programs == LEARNED_PROGRAMS_MAX);
	ktap_assert(!strcmp(first->key, "first"), "one in use stays");
	/* the newest are there */
	snprintf(key, sizeof(key), "program %d", LEARNED_PROGRAMS_MAX + 5);
	for (size_t i = 0, seen = 0; i <= l->nr_programs; i++) {
		ktap_assert(i < l->nr_programs || seen);
		if (i < l->nr_programs)
			seen += !strcmp(l->programs[i].program->key, key);
	}
	learned_free(l);
}

int main(void)
{
	int status = ktap_run((struct ktap_case[]){
		{ "R-13 programs by their cgroup's name", test_key },
		{ "R-13 a new app is forecast by former launches",
		  test_launch },
		{ "R-13 an old instance does not judge a new one",
		  test_old_instance },
		{ "R-13 a machine that sleeps, a clock that is set",
		  test_slept },
		{ "R-13 a probable launch: the slice around it",
		  test_coming },
		{ "R-9 what follows an event is forecast before it",
		  test_event },
		{ "R-9 an unrelated event changes nothing", test_unrelated },
		{ "R-9 a service yet to start: the slice around it",
		  test_ancestor },
		{ "R-9 a declared demand, and its end", test_declared },
		{ "R-9 more events than are watched", test_crowded },
		{ "R-9 a declared event beside many frequent ones",
		  test_frequent },
		{ "R-9 an event for a pattern, never for the root", test_pattern },
		{ "R-17 what was learned is saved and checked", test_saved },
		{ "R-17 no other file is written to", test_traps },
		{ "R-13 a time zone that is changed", test_zone },
		{ "R-13 bounded, the longest unused goes", test_bounded },
		{}
	});

	series_free(table);
	foresee_free(foresee);
	push_free(&batch);
	return status;
}
