// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preswapctl events, with a module that is played here: each dispatch() is one
 * event, and the list of apps is what it has by then.
 */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../selftests/ktap.h"
#include "../../tools/preswapctl/state.c"
#include "../../tools/preswapctl/events.c"

static struct preswap_subscribe_opts subscribed;
static const struct preswap_event *events;
/* Apps of these ids, a digit each: at first, and whenever it is asked again. */
static const char *has, *has_then;
static unsigned int reads;		/* of the list of apps */
static unsigned int pause_ms;		/* before each event */

int preswap_subscribe(struct preswap_ctx *ctx,
		      const struct preswap_subscribe_opts *opts)
{
	(void)ctx;
	subscribed = *opts;
	return 0;
}

/* Readable at once. */
int preswap_fd(const struct preswap_ctx *ctx)
{
	static int fd = -1;

	(void)ctx;
	if (fd < 0)
		fd = open("/dev/null", O_RDONLY);
	return fd;
}

int preswap_dispatch(struct preswap_ctx *ctx)
{
	(void)ctx;
	usleep(pause_ms * 1000);
	subscribed.event(subscribed.data, events++);
	return 1;
}

int preswap_apps(struct preswap_ctx *ctx, preswap_app_fn fn, void *data)
{
	char path[8];
	int err = 0;

	(void)ctx;
	for (const char *id = reads++ ? has_then : has; *id && !err; id++) {
		struct preswap_app app = { .id = *id - '0', .path = path };

		snprintf(path, sizeof(path), "/app%c", *id);
		err = fn(data, &app);
	}
	return err;
}

int preswap_info_get(struct preswap_ctx *ctx, struct preswap_info *info)
{
	(void)ctx;
	(void)info;
	return -ENODEV;
}

int preswap_forecasts(struct preswap_ctx *ctx, preswap_forecast_fn fn,
		      void *data)
{
	(void)ctx;
	(void)fn;
	(void)data;
	return -ENODEV;
}

int preswap_leases(struct preswap_ctx *ctx, preswap_lease_fn fn, void *data)
{
	(void)ctx;
	(void)fn;
	(void)data;
	return -ENODEV;
}

/* ---- of the rest of preswapctl ---- */

int ctl_usage(struct ctl *ctl, const char *format, ...)
{
	(void)ctl;
	(void)format;
	return CTL_USAGE;
}

int ctl_bad_option(struct ctl *ctl)
{
	(void)ctl;
	return CTL_USAGE;
}

int ctl_failed(struct ctl *ctl, int err, const char *format, ...)
{
	(void)ctl;
	(void)err;
	(void)format;
	return CTL_FAILED;
}

int ctl_getopt(int argc, char **argv, const struct option *options)
{
	return getopt_long(argc, argv, "", options, NULL);
}

int json_print(json_t *object, bool indent)
{
	(void)object;
	(void)indent;
	return CTL_FAILED;
}

json_t *json_event(const struct preswap_event *e)
{
	(void)e;
	return NULL;
}

const char *lease_amount(char *text, const struct preswap_lease *l,
			 uint64_t amount)
{
	(void)l;
	(void)amount;
	text[0] = 0;
	return text;
}

/* ---- */

static char *said;

static void follow_events(const struct preswap_event *all, unsigned int count)
{
	static char number[16];
	char *argv[] = { (char *)"events", (char *)"--count", number, NULL };
	int saved = dup(STDOUT_FILENO), fd = fileno(tmpfile()), status;
	struct ctl ctl = {};
	ssize_t size;

	fflush(stdout);
	dup2(fd, STDOUT_FILENO);
	snprintf(number, sizeof(number), "%u", count);
	events = all;
	reads = 0;
	optind = 1;
	status = cmd_events(&ctl, 3, argv);
	fflush(stdout);
	dup2(saved, STDOUT_FILENO);
	close(saved);
	free(said);
	size = lseek(fd, 0, SEEK_END);
	said = calloc(1, size + 1);
	ktap_assert(pread(fd, said, size, 0) == size);
	ktap_assert(status == CTL_OK, "%d", status);
}

#define SHORT(app) { .kind = PRESWAP_EVENT_SHORTAGE, .app_id = (app) }
#define GONE(app) { .kind = PRESWAP_EVENT_APP_GONE, .app_id = (app) }
#define ENDED(from, to) {						\
	.kind = PRESWAP_EVENT_LEASE_END, .has_lease = true,		\
	.lease = { .donor_id = (from), .receiver_id = (to), .ended = 1 } }

/* Of a crowd of apps that come and go nothing is asked again and again. */
static void test_storm(void)
{
	static const struct preswap_event all[] = {
		SHORT(1), GONE(1), SHORT(1), SHORT(5), GONE(6), SHORT(7),
		GONE(8), GONE(9),
	};

	has = has_then = "123";
	pause_ms = 0;
	follow_events(all, 8);
	ktap_assert(reads == 1, "%u times", reads);
	ktap_assert(strstr(said, "app-gone /app1\n"), "%s", said);
	ktap_assert(strstr(said, "app-gone 8\n"), "%s", said);
	ktap_assert(strstr(said, "shortage 5 "), "%s", said);
	pause_ms = 1100;
	follow_events((const struct preswap_event[]){ GONE(8), GONE(9) }, 2);
	ktap_assert(reads == 1, "%u times, for what is gone", reads);
	follow_events((const struct preswap_event[]){ SHORT(8), SHORT(9) }, 2);
	ktap_assert(reads == 3, "%u times, for what may be there", reads);
}

/* What was known is known when the list, without it, was read again. */
static void test_merge(void)
{
	static const struct preswap_event all[] = {
		SHORT(4), ENDED(1, 4), GONE(1), ENDED(1, 2),
	};

	has = "12";
	has_then = "24";
	pause_ms = 1100;
	follow_events(all, 4);
	ktap_assert(reads == 3, "%u times", reads);
	ktap_assert(strstr(said, "shortage /app4 "), "%s", said);
	ktap_assert(strstr(said, "from /app1 to /app4 "), "%s", said);
	ktap_assert(strstr(said, "app-gone /app1\n"), "%s", said);
	ktap_assert(strstr(said, "from 1 to /app2 "), "%s", said);
	free(said);
	said = NULL;
}

static void test_state(void)
{
	struct ctl ctl = {};
	struct state state = {};
	char text[24];

	has = has_then = "123";
	ktap_assert(state_read_apps(&ctl, &state) == CTL_OK);
	has_then = "345";
	ktap_assert(state_reread_apps(&ctl, &state) == CTL_OK);
	ktap_assert(state.apps_count == 5, "%zu", state.apps_count);
	for (uint64_t id = 1; id <= 5; id++)
		ktap_assert(state_path(&state, id, text) != text, "%s", text);
	state_forget_app(&state, 1);
	state_forget_app(&state, 1);
	ktap_assert(state.apps_count == 4 &&
		    !strcmp(state_path(&state, 1, text), "1") &&
		    !strcmp(state_path(&state, 0, text), "-") &&
		    !strcmp(state_path(&state, 5, text), "/app5"));
	state_free(&state);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-27 apps that are gone keep their names", test_state },
		{ "R-27 also where others have come", test_merge },
		{ "R-27 the list of apps is read once a second at most",
		  test_storm },
		{}
	});
}
