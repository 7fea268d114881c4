// SPDX-License-Identifier: GPL-2.0-or-later
/* the thread that reads the agenda and writes what was learned. */
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../selftests/ktap.h"
#include "daemon/worker.h"
#include "sense/learned.h"

static char folder[] = "/tmp/preswap-worker-XXXXXX";

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

	ktap_assert(mkdtemp(folder));
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
	rmdir(folder);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-9 an agenda is handed over", test_agenda },
		{ "R-17 what was learned is written", test_state },
		{}
	});
}
