// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Events as they happen, one line each.
 */
#include <errno.h>
#include <getopt.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "json.h"
#include "lease.h"
#include "show/names.h"
#include "show/text.h"
#include "show/units.h"
#include "show/why.h"
#include "state.h"

/* Nothing tells that the module was unloaded: so often it is looked after. */
#define LOOK_MS		1000
#define READ_MS		1000

struct follow {
	struct ctl *ctl;
	struct state state;		/* for the apps' paths */
	uint64_t read_ms;		/* when it was read */
	uint64_t left;			/* events until the end */
	int status;
};

static uint64_t now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * 1000ULL + now.tv_nsec / 1000000;
}

/*
 * An app that appeared since the last look has no path yet. That takes the module's lock
 * for long where there are many: once a second.
 */
static const char *path_of(struct follow *f, uint64_t id, char *text)
{
	const char *path = state_path(&f->state, id, text);
	uint64_t now = now_ms();

	if (path != text || now - f->read_ms < READ_MS)
		return path;
	f->read_ms = now;
	state_reread_apps(f->ctl, &f->state);
	return state_path(&f->state, id, text);
}

static void print_path(struct follow *f, const char *before, uint64_t id)
{
	char number[24], *copy = strdup(path_of(f, id, number));

	if (copy)
		printf(" %s%s", before, text_clean(copy));
	free(copy);
}

/* To read again would not find it. */
static void print_gone(struct follow *f, uint64_t id)
{
	char number[24], *copy = strdup(state_path(&f->state, id, number));

	if (copy)
		printf(" %s", text_clean(copy));
	free(copy);
	state_forget_app(&f->state, id);
}

static void print_lease(struct follow *f, const struct preswap_lease *l)
{
	char amount[UNITS_MAX], done[UNITS_MAX], time[UNITS_MAX], why[WHY_MAX];

	printf(" %s%u %s", l->dry_run ? "dry-run " : "", l->id,
	       names_lease_kind(l->kind));
	printf(" %s", lease_amount(amount, l, l->amount));
	print_path(f, "from ", l->donor_id);
	print_path(f, "to ", l->receiver_id);
	printf(" (%s)", names_reason(l->reason));
	if (!l->ended)
		printf(" for %s, benefit %llu, cost %llu; %s",
		       units_ms(time, l->left_ms),
		       (unsigned long long)l->benefit,
		       (unsigned long long)l->cost, why_short(why, l));
	else
		printf(" %s, %s done", names_lease_end(l->ended),
		       lease_amount(done, l, l->done));
}

static void print_event(struct follow *f, const struct preswap_event *e)
{
	char amount[UNITS_MAX];

	printf("%.3f %s", e->time_ns / 1e9, names_event(e->kind));
	if (e->has_lease)
		print_lease(f, &e->lease);
	else if (e->kind == PRESWAP_EVENT_APP_GONE)
		print_gone(f, e->app_id);
	else
		print_path(f, "", e->app_id);
	if (e->kind == PRESWAP_EVENT_SHORTAGE)
		printf(" %s %s missing", names_resource(e->resource),
		       units_resource(amount, e->resource, e->need));
	putchar('\n');
}

static void on_event(void *data, const struct preswap_event *event)
{
	struct follow *f = data;

	if (!f->left)
		return;
	f->left--;
	if (f->ctl->json)
		f->status = json_print(json_event(event), false);
	else
		print_event(f, event);
	fflush(stdout);
}

static void on_lost(void *data, uint64_t count)
{
	(void)data;
	fprintf(stderr, "preswapctl: %llu messages were lost\n",
		(unsigned long long)count);
}

/* Until the count or the time is reached; @timeout_ms 0: no limit. */
static int follow(struct follow *f, uint32_t timeout_ms)
{
	struct pollfd input = { .fd = preswap_fd(f->ctl->ctx),
				.events = POLLIN };
	uint64_t end = now_ms() + timeout_ms, now;
	int err, wait;

	while (f->left && !f->status) {
		now = now_ms();
		if (timeout_ms && now >= end)
			break;
		wait = timeout_ms && end - now < LOOK_MS ? (int)(end - now) :
							   LOOK_MS;
		err = poll(&input, 1, wait);
		if (err < 0 && errno != EINTR)
			break;
		err = preswap_dispatch(f->ctl->ctx);
		if (err < 0)
			return ctl_failed(f->ctl, err, "receiving events");
		if (ferror(stdout))
			break;
	}
	return f->status;
}

static int parse_args(struct ctl *ctl, int argc, char **argv, uint64_t *count,
		      uint32_t *timeout_ms)
{
	static const struct option options[] = {
		{ "count", required_argument, NULL, 'n' },
		{ "timeout", required_argument, NULL, 't' },
		{}
	};
	int option;

	while ((option = ctl_getopt(argc, argv, options)) >= 0) {
		if (option == 'n' &&
		    units_parse_number(optarg, 1, UINT32_MAX, count))
			return ctl_usage(ctl, "--count is a number from 1, not '%s'",
					 optarg);
		if (option == 't' && (units_parse_ms(optarg, timeout_ms) ||
				      !*timeout_ms || *timeout_ms > INT32_MAX))
			return ctl_usage(ctl, "--timeout is like 30s, not '%s'",
					 optarg);
		if (option == '?')
			return ctl_bad_option(ctl);
	}
	if (optind < argc)
		return ctl_usage(ctl, "events takes no argument '%s'",
				 argv[optind]);
	return CTL_OK;
}

int cmd_events(struct ctl *ctl, int argc, char **argv)
{
	struct follow f = { .ctl = ctl, .left = UINT64_MAX };
	struct preswap_subscribe_opts opts = {
		.size = sizeof(opts), .groups = PRESWAP_SUBSCRIBE_EVENTS,
		.data = &f, .event = on_event, .lost = on_lost,
	};
	uint32_t timeout_ms = 0;
	int status = parse_args(ctl, argc, argv, &f.left, &timeout_ms), err;

	if (status)
		return status;
	err = preswap_subscribe(ctl->ctx, &opts);
	if (err)
		return ctl_failed(ctl, err, "subscribing to events");
	f.read_ms = now_ms();
	status = state_read_apps(ctl, &f.state) ?: follow(&f, timeout_ms);
	state_free(&f.state);
	return status;
}
