// SPDX-License-Identifier: GPL-2.0-or-later
/* the threads that read the agenda and write what was learned. */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../../selftests/ktap.h"
#include "daemon/worker.h"
#include "sense/learned.h"

static char folder[] = "/tmp/preswap-worker-XXXXXX";
static char helper[PATH_MAX];

static double now_s(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec + now.tv_nsec / 1e9;
}

/* Where the worker looks for preswap-agenda. */
static bool find_helper(void)
{
	ssize_t len = readlink("/proc/self/exe", helper,
			       sizeof(helper) - sizeof("preswap-agenda"));

	if (len <= 0)
		return false;
	helper[len] = 0;
	strcpy(strrchr(helper, '/') + 1, "preswap-agenda");
	unlink(helper);
	return true;
}

__attribute__((format(printf, 1, 2)))
static void write_helper(const char *format, ...)
{
	va_list args;
	FILE *file = fopen(helper, "w");

	ktap_assert(file, "%s", helper);
	va_start(args, format);
	vfprintf(file, format, args);
	va_end(args);
	fchmod(fileno(file), 0755);
	ktap_assert(!fclose(file));
}

static struct agenda *wait_for_agenda(struct worker *w)
{
	struct pollfd ready = { .fd = worker_fd(w), .events = POLLIN };

	/* it reads each 30 s anyhow */
	return poll(&ready, 1, 20000) == 1 ? worker_take(w) : NULL;
}

/* There is no preswap-agenda beside the tests: that is told, once taken. */
static void test_agenda(void)
{
	struct config_events events = { .calendars = { "/nowhere.ics" },
					.nr_calendars = 1 };
	struct agenda *agenda;
	struct worker *w;

	ktap_assert(!worker_start(&events, NULL, &w));
	agenda = wait_for_agenda(w);
	ktap_assert(agenda && !agenda->count && agenda->nr_problems == 1 &&
		    strstr(agenda->problems[0], "preswap-agenda"), "%s",
		    agenda && agenda->nr_problems ? agenda->problems[0] : "");
	agenda_free(agenda);
	ktap_assert(!worker_take(w), "it is handed over once");
	/* other sources are read at once, also where no file changed */
	events.timers = true;
	ktap_assert(!worker_configure(w, &events));
	agenda = wait_for_agenda(w);
	ktap_assert(agenda);
	agenda_free(agenda);
	worker_stop(w);
}

static void save(struct worker *w, const char *text)
{
	worker_save(w, WORKER_LEARNED, strdup(text), strlen(text));
}

static void content_is(const char *path, const char *text)
{
	char got[64] = "";
	FILE *file = fopen(path, "r");

	ktap_assert(file, "%s", path);
	ktap_assert(fgets(got, sizeof(got), file) && !strcmp(got, text), "%s",
		    got);
	fclose(file);
}

static void test_state(void)
{
	struct config_events none = {};
	struct worker *w;
	char path[128];
	struct stat st;

	snprintf(path, sizeof(path), "%s/learned", folder);
	ktap_assert(!worker_start(&none, path, &w));
	save(w, "first");
	for (int i = 0; i < 300 && access(path, F_OK); i++)
		usleep(100000);
	content_is(path, "first");
	ktap_assert(!stat(path, &st) && (st.st_mode & 0777) == 0600);
	/* the last that it was given is written before it ends */
	for (int i = 0; i < 20; i++)
		save(w, i < 19 ? "older" : "last");
	ktap_assert(!worker_stop(w));
	content_is(path, "last");
	/* where nothing can be written, that is told, and nothing else breaks */
	snprintf(path, sizeof(path), "%s/no/learned", folder);
	ktap_assert(!worker_start(&none, path, &w));
	save(w, "lost");
	for (int i = 0; i < 300 && !worker_error(w); i++)
		usleep(100000);
	ktap_assert(worker_error(w) == -ENOENT, "%d", worker_error(w));
	ktap_assert(worker_stop(w) == -ENOENT);
	worker_stop(NULL);
	/* nor is what was given last lost without a word */
	ktap_assert(!worker_start(&none, path, &w));
	save(w, "lost");
	ktap_assert(worker_stop(w) == -ENOENT);
	snprintf(path, sizeof(path), "%s/learned", folder);
	unlink(path);
}

/* A source that hangs keeps nothing from being written, and nobody from ending. */
static void test_hang(void)
{
	struct config_events events = { .cron = true };
	char state[128], begun[128];
	struct worker *w;
	double start;
	FILE *file;
	int pid = 0;

	snprintf(state, sizeof(state), "%s/learned", folder);
	snprintf(begun, sizeof(begun), "%s/begun", folder);
	write_helper("#!/bin/sh\necho $$ >%s.new\nmv %s.new %s\nexec sleep 1000\n",
		     begun, begun, begun);
	ktap_assert(!worker_start(&events, state, &w));
	for (int i = 0; i < 300 && access(begun, F_OK); i++)
		usleep(100000);
	file = fopen(begun, "r");
	ktap_assert(file && fscanf(file, "%d", &pid) == 1 && !fclose(file));
	start = now_s();
	save(w, "meanwhile");
	for (int i = 0; i < 100 && access(state, F_OK); i++)
		usleep(100000);
	content_is(state, "meanwhile");
	save(w, "last");
	ktap_assert(!worker_stop(w));
	printf("# %.1f s\n", now_s() - start);
	ktap_assert(now_s() - start < 10, "%.1f s", now_s() - start);
	content_is(state, "last");
	ktap_assert(!kill(pid, SIGKILL), "it was not left alone");
	/* and the thread that waited for it ends by itself */
	unlink(state);
	unlink(begun);
	unlink(helper);
	usleep(200000);
}

/* Nor does it cost what the other sources say. */
static void test_slow_source(void)
{
	struct agenda_opts opts = {
		.root = "", .cron = true, .nr_calendars = 1,
		.calendars = { "/hangs.ics" }, .from = 1000, .span_s = 1000,
		.limit_ms = 3000,
	};
	struct agenda_entry job = {
		.start = 1060, .end = 1060, .source = AGENDA_CRON,
		.label = (char *)"job", .app = (char *)"a", .user = (char *)"",
		.cpu_milli = NAN, .mem_bytes = NAN, .io_bytes = NAN,
	};
	struct agenda *agenda = agenda_new(1000, 2000);
	double start = now_s();
	char out[128];
	FILE *file;

	snprintf(out, sizeof(out), "%s/out", folder);
	agenda_add(agenda, &job);
	file = fopen(out, "w");
	ktap_assert(file && !agenda_write(agenda, file) && !fclose(file));
	agenda_free(agenda);
	write_helper("#!/bin/sh\ncase \"$*\" in *calendar*) exec sleep 1000; esac\nexec cat %s\n",
		     out);
	ktap_assert(!agenda_run(&opts, &agenda));
	ktap_assert(agenda->count == 1 && agenda->entries[0].start == 1060 &&
		    agenda->nr_problems == 1 &&
		    strstr(agenda->problems[0],
			   "/hangs.ics: preswap-agenda: Connection timed out"),
		    "%zu, %s", agenda->count,
		    agenda->nr_problems ? agenda->problems[0] : "");
	ktap_assert(now_s() - start >= 4.5, "%.1f s", now_s() - start);
	agenda_free(agenda);
	opts.cron = false;
	opts.limit_ms = 100;
	ktap_assert(agenda_run(&opts, &agenda) == -ETIMEDOUT,
		    "it is the only one");
	unlink(out);
	unlink(helper);
}

int main(void)
{
	int status;

	if (!find_helper() || !mkdtemp(folder))
		return 1;
	status = ktap_run((struct ktap_case[]){
		{ "R-9 an agenda is handed over", test_agenda },
		{ "R-17 what was learned is written", test_state },
		{ "R-17 also where a source of events hangs", test_hang },
		{ "R-9 which does not cost the others", test_slow_source },
		{}
	});
	rmdir(folder);
	return status;
}
