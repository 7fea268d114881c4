// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * One thread owns everything. Five things wake it: the subscription to the
 * module, signals, a timer of one second, a short one that ends a usage
 * period once all its parts have come, and the worker (worker.c), which hands
 * over what it read.
 */
#include <errno.h>
#include <limits.h>
#include <math.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#include "daemon/apply.h"
#include "daemon/foresee.h"
#include "daemon/log.h"
#include "daemon/loop.h"
#include "daemon/measure.h"
#include "daemon/notify.h"
#include "daemon/owned.h"
#include "daemon/reach.h"
#include "daemon/record.h"
#include "daemon/swap.h"
#include "daemon/worker.h"
#include "plan/push.h"
#include "sense/fnv.h"
#include "show/absent.h"
#include "show/names.h"

#define SETTLE_MS	50	/* the parts of a period come together */
#define SILENCE_MIN_S	3
#define BACKOFF_MAX_S	30
#define REPORT_S	60
#define ALIVE_NS	500000000	/* since the last time */
#define LOOK_S		10	/* that of I/O or network is a setting */
#define SAVE_S		600
#define APPLY_AGAIN_S	5
#define REACH_S		5		/* between looks at the tree of cgroups */
#define REACH_NS	10000000	/* of it, in a second */
/* What came so long ago and has a successor is learned from; nobody is told. */
#define STALE_NS	1500000000ULL
/* Usage periods until what appears is new, and not only new to us. */
#define KNOWN_PERIODS	2
/* And until what was not reported is not the module's. */
#define REACH_PERIODS	2

enum source { MODULE, SIGNALS, SECOND, SETTLE, WORKER, SOURCES };

struct loop {
	struct loop_opts opts;
	struct config *config;
	struct preswap_ctx *ctx;
	struct series_table *table;
	struct push_batch batch;
	struct foresee *foresee;
	struct worker *worker;
	int epoll;
	int fds[SOURCES];		/* MODULE: the library's, WORKER: its own */
	bool stop;

	/* @gone: seen in a callback; acted upon when the library is left. */
	bool connected, gone;
	struct swap_told swap_told;
	int swap_error;		/* of telling it, the last time */
	bool waiting_said, refused_said, full_said;
	unsigned int backoff_s, retry_s;
	unsigned int usage_ms, quiet_s;

	bool period_open;
	uint32_t seq;
	uint64_t time_ns, step_ns;	/* of the period, of the last step */

	struct record record;
	bool behind;			/* leases may have ended unheard */
	char *path;			/* that record was told last */
	int log_error;

	struct owned owned;
	bool owned_changed;		/* since it was saved */

	struct reach reach;
	unsigned int reach_wait;	/* for so many periods more */
	unsigned int reach_s;		/* until the next walk */

	struct measure measure;
	uint64_t alive_ns;		/* when the manager was told so */
	unsigned int report_s;		/* since the last report */
	unsigned int look_s;		/* since the node's capacity was read */
	unsigned int save_s;		/* since what was learned was saved */
	unsigned int periods;		/* since the connection */
	unsigned int apply_wait_s;	/* until policies are tried again */
	uint64_t problems;		/* of the agenda, those that were told */
	int save_error;
};

static void set_timer(int fd, unsigned int first_ms, unsigned int period_ms)
{
	struct itimerspec timer = {
		.it_value = { first_ms / 1000, first_ms % 1000 * 1000000L },
		.it_interval = { period_ms / 1000,
				 period_ms % 1000 * 1000000L },
	};

	timerfd_settime(fd, 0, &timer, NULL);
}

/* ---- the connection ---- */

static void disconnect(struct loop *l)
{
	char load[ABSENT_MAX];

	/* how its leases ended is still to be read */
	if (l->connected)
		preswap_dispatch(l->ctx);
	preswap_unsubscribe(l->ctx);
	l->connected = false;
	l->gone = false;
	l->period_open = false;
	l->periods = 0;
	set_timer(l->fds[SETTLE], 0, 0);
	l->backoff_s = 1;
	l->retry_s = 1;
	if (!l->waiting_said) {
		absent_next("", load);
		log_msg(LOG_NOTICE,
			"the preswap module is not there, waiting for it; %s",
			load);
	}
	l->waiting_said = true;
	notify_manager("STATUS=Waiting for the preswap module.");
}

/* For the watchdog: also where much has come at once, as after a suspend. */
static void stay_alive(void *data)
{
	struct loop *l = data;
	uint64_t now = measure_now_ns();

	if (now - l->alive_ns < ALIVE_NS)
		return;
	l->alive_ns = now;
	notify_manager("WATCHDOG=1");
}

static void on_withheld(void *data, const struct series_app *app,
			uint8_t resource, bool withheld,
			const struct predict_demand_point *near)
{
	(void)data;
	log_msg(LOG_DEBUG,
		"%s %s: forecasts %s, loss at %u s %.2f of naive's, %.2f of what is usual",
		app->path, names_resource(resource),
		withheld ? "withheld" : "pushed again", near->horizon_s,
		near->score.loss_ratio, near->score.usual_ratio);
}

static void log_batch(struct loop *l)
{
	static const char * const unit[SERIES_RESOURCES] = {
		[PRESWAP_RESOURCE_CPU] = "milli-cpu",
		[PRESWAP_RESOURCE_MEMORY] = "bytes",
		[PRESWAP_RESOURCE_IO] = "bytes per second",
		[PRESWAP_RESOURCE_NET] = "bytes per second",
	};

	for (size_t i = 0; i < l->batch.count; i++) {
		const struct preswap_forecast *f = &l->batch.forecasts[i];
		const struct preswap_point *p = &f->points[0];

		for (uint32_t k = 1; k < f->points_count &&
		     f->points[k].horizon_ms <= PLAN_NEAR_S * 1000; k++)
			p = &f->points[k];
		log_msg(l->opts.dry_run ? LOG_INFO : LOG_DEBUG,
			"app %llu %s in %u s: %llu, 5%% %llu, 95%% %llu",
			(unsigned long long)f->app_id,
			unit[f->resource],
			p->horizon_ms / 1000, (unsigned long long)p->q50,
			(unsigned long long)p->q05,
			(unsigned long long)p->q95);
	}
}

static void push(struct loop *l)
{
	const struct push_hooks hooks = {
		.changed = on_withheld, .adjust = foresee_adjust,
		.data = l->foresee,
	};
	int err;

	/* who looks on sees all of them */
	l->batch.now_ms = l->opts.dry_run ? 0 : l->time_ns / 1000000;
	err = push_collect(&l->batch, l->table, l->config->valid_ms, &hooks);

	log_batch(l);
	if (!err && !l->opts.dry_run)
		err = push_send(l->ctx, &l->batch);
	if (err == -ENODEV)
		l->gone = true;
	else if (err && !l->refused_said)
		log_msg(LOG_ERR, "forecasts were refused: %s%s",
			preswap_strerror(l->ctx),
			err == -EPERM ? "; run it as root" : "");
	l->refused_said = err != 0;
	l->batch.anew = err;
}

/* The period waited to be read, as the daemon was stopped: for so long, else 0. */
static uint64_t stale_ns(const struct loop *l)
{
	struct timespec now;
	uint64_t late;

	clock_gettime(CLOCK_BOOTTIME, &now);
	late = now.tv_sec * 1000000000ULL + now.tv_nsec - l->time_ns;
	return (int64_t)late > (int64_t)STALE_NS ? late : 0;
}

/* The time of day of the period. */
static double period_wall(const struct loop *l, int32_t *offset_s)
{
	return measure_wall(offset_s) - stale_ns(l) / 1e9;
}

/* All parts of a usage period are here, or the next one has begun. */
static void end_period(struct loop *l, bool is_last)
{
	uint64_t start = measure_now_ns(), spent;
	unsigned int seconds = series_seconds(&l->step_ns, l->time_ns);
	int32_t offset_s;
	double now;

	l->period_open = false;
	set_timer(l->fds[SETTLE], 0, 0);
	if (!seconds)		/* the usage period is below a second */
		return;
	if (++l->periods == SERIES_MISSED_MAX)
		owned_settle(&l->owned);
	l->reach_wait -= l->reach_wait > 0;
	now = period_wall(l, &offset_s);
	series_set_clock(l->table, (uint64_t)now);
	l->measure.updates += series_step(l->table, seconds);
	l->measure.update_ns += measure_now_ns() - start;
	foresee_step(l->foresee, l->table, now, offset_s);
	if (is_last || !stale_ns(l))
		push(l);
	spent = measure_now_ns() - start;
	if (spent > l->measure.worst_ns)
		l->measure.worst_ns = spent;
}

typedef int (*know_fn)(struct series_table *table, const struct preswap_app *app,
		       struct series_app **out);

/* @fn: series_sample() or series_meet(). NULL: there is no room for it. */
static struct series_app *know(struct loop *l, know_fn fn,
			       const struct preswap_app *app, bool launched)
{
	struct series_app *known;
	int err = fn(l->table, app, &known);
	int32_t offset_s;
	double now;

	if (err == -ENOSPC &&
	    (app->has_policy || config_match(l->config, app->path)) &&
	    series_make_room(l->table))
		err = fn(l->table, app, &known);
	if (err) {
		if (!l->full_said)
			log_msg(LOG_WARNING, "%s and later apps: %s",
				app->path, err == -ENOSPC ?
				"more than max_apps" : strerror(-err));
		l->full_said = true;
		return NULL;
	}
	if (!known->foreseen) {
		now = period_wall(l, &offset_s);
		foresee_app_new(l->foresee, known,
				launched && !known->was_refused, now, offset_s);
		known->policy_checked |= reach_has_left(&l->reach, app->id);
		/* it would have: as if it had, where there is no room for all */
		if (l->opts.dry_run)
			known->policy_set = config_match(l->config, app->path) != NULL;
	}
	return known;
}

static void apply(struct loop *l, struct series_app *known,
		  const struct preswap_app *app)
{
	uint64_t set;
	int err;

	if (l->opts.dry_run || l->gone)
		return;
	set = known->policy_set ?: owned_take(&l->owned, app->id);
	known->policy_set = set;
	if (l->apply_wait_s)
		return;
	err = apply_policy(l->ctx, l->config, known, app);
	l->owned_changed |= known->policy_set != set;
	if (err == -ENODEV)
		l->gone = true;
	else if (apply_again(err))
		l->apply_wait_s = APPLY_AGAIN_S;
}

static void on_usage(void *data, uint32_t seq, uint64_t time_ns,
		     const struct preswap_app *app)
{
	struct loop *l = data;
	struct series_app *known;

	l->quiet_s = 0;
	stay_alive(l);
	if (l->period_open && seq != l->seq)
		end_period(l, false);
	if (!l->period_open)
		set_timer(l->fds[SETTLE], SETTLE_MS, 0);
	l->period_open = true;
	l->seq = seq;
	l->time_ns = time_ns;
	known = know(l, series_sample, app, l->periods >= KNOWN_PERIODS);
	if (known)
		apply(l, known, app);
}

/*
 * A cgroup with a section. What the module reports is applied as it comes; the module
 * makes an app of any other when that has a policy.
 */
static void on_reached(void *data, uint64_t id, const char *path)
{
	struct series_app *known;
	struct loop *l = data;
	const struct preswap_app app = { .id = id, .path = path };

	if (l->opts.dry_run || l->gone || l->apply_wait_s)
		return;
	known = series_by_id(l->table, id);
	if (known && (known->policy_checked || !known->missed))
		return;
	/* what the first walk finds need not be new */
	known = know(l, series_meet, &app, l->reach.ended);
	if (!known)
		return;
	apply(l, known, &app);
	/* the module has no app of it, so that nothing is to be known of one */
	if (!known->policy_set)
		series_forget(l->table, id);
}

static void reach(struct loop *l)
{
	const char *root;

	l->reach_s -= l->reach_s > 0;
	if (l->reach_s || l->reach_wait || !l->connected || l->gone ||
	    preswap_cgroup_root(l->ctx, &root))
		return;
	if (reach_walk(&l->reach, root, l->config, REACH_NS, on_reached, l))
		l->reach_s = REACH_S;
}

/* For it to stay as a person leaves it, also without an app. */
static void on_app_gone(void *data, struct series_app *app)
{
	struct loop *l = data;

	if (app->policy_checked && config_match(l->config, app->path))
		reach_leave(&l->reach, app->id);
	foresee_app_gone(l->foresee, app);
}

static void on_event(void *data, const struct preswap_event *event)
{
	struct loop *l = data;

	if (event->kind == PRESWAP_EVENT_LEASE_END && event->has_lease)
		record_lease(&l->record, &event->lease);
	if (event->kind == PRESWAP_EVENT_APP_GONE)
		series_forget(l->table, event->app_id);
}

static void on_lost(void *data, uint64_t count)
{
	struct loop *l = data;

	l->measure.lost += count;
	log_msg(LOG_WARNING, "%llu messages of the module were lost",
		(unsigned long long)count);
	l->behind = true;
}

static void library_log(void *data, int priority, const char *format,
			va_list args)
{
	(void)data;
	log_args(priority, format, args);
}

static void tell_swap(struct loop *l)
{
	int err = swap_tell("", &l->swap_told);

	if (err && err != l->swap_error)
		log_msg(LOG_WARNING,
			"the module was not told how slow the swap is: %s",
			strerror(-err));
	l->swap_error = err;
}

static void take_over(struct loop *l, const struct preswap_info *info)
{
	struct series_limits limits = {
		.max_apps = l->config->max_apps,
		.cpu_milli = info->cpu_capacity_milli,
		.mem_bytes = info->mem_capacity_bytes,
		.io_bytes = info->io_capacity_bytes,
		.net_bytes = info->net_capacity_bytes,
	};

	series_set_limits(l->table, &limits);
	foresee_set_limits(l->foresee, &limits);
	if (!l->opts.dry_run)
		tell_swap(l);
	if (info->usage_ms > l->config->valid_ms && info->usage_ms != l->usage_ms)
		log_msg(LOG_WARNING, "usage comes each %u ms, and forecasts are valid for %u ms: most of the time none is; lower usage_ms, or raise valid_ms",
			info->usage_ms, l->config->valid_ms);
	l->usage_ms = info->usage_ms;
	l->look_s = 0;
}

static void look_again(struct loop *l)
{
	struct preswap_info info = { .size = sizeof(info) };
	int err = preswap_info_get(l->ctx, &info);

	l->look_s = 0;
	if (!err) {
		/* the module may have had no memory to tell that one ended */
		if (info.leases_begun - info.leases > l->record.ended)
			l->behind = true;
		take_over(l, &info);
	} else if (err == -ENODEV) {
		l->gone = true;
	}
}

/* ---- the swap log ---- */

static bool put_record(void *data, const char *line, size_t size)
{
	struct loop *l = data;

	return worker_log(l->worker, line, size);
}

static const char *record_path(void *data, uint64_t app_id)
{
	struct loop *l = data;
	struct series_app *app = series_by_id(l->table, app_id);

	if (app)
		return app->path;
	free(l->path);
	l->path = NULL;
	return preswap_cgroup_path(l->ctx, app_id, &l->path) ? NULL : l->path;
}

struct ended {
	struct preswap_lease leases[RECORD_KNOWN];
	size_t count;
};

static int on_lease(void *data, const struct preswap_lease *lease)
{
	struct ended *ended = data;

	if (lease->ended && ended->count < RECORD_KNOWN)
		ended->leases[ended->count++] = *lease;
	return 0;
}

/* What ended while nobody listened, as far as the module remembers it. */
static void catch_up(struct loop *l)
{
	struct preswap_info info = { .size = sizeof(info) };
	static struct ended ended;
	int err;

	ended.count = 0;
	/* the counts first: what ends in between is one of the leases */
	err = preswap_info_get(l->ctx, &info);
	err = err ?: preswap_leases(l->ctx, on_lease, &ended);
	l->behind = err != 0;
	if (err == -ENODEV)
		l->gone = true;
	if (err)
		return;
	record_catch_up(&l->record, ended.leases, ended.count,
			info.leases_begun - info.leases);
}

static void tell_log(struct loop *l)
{
	int err = worker_log_error(l->worker);

	if (err && err != l->log_error)
		log_msg(LOG_WARNING, "%s" LEASELOG_SUFFIX ": %s: leases that end are not written down; some 200 of them wait for that, later ones are only counted",
			l->opts.state_path, strerror(-err));
	if (!err && l->log_error)
		log_msg(LOG_NOTICE, "%s" LEASELOG_SUFFIX " is written again",
			l->opts.state_path);
	l->log_error = err;
}

static int try_connect(struct loop *l)
{
	struct preswap_subscribe_opts sub = {
		.size = sizeof(sub), .data = l,
		.groups = PRESWAP_SUBSCRIBE_USAGE | PRESWAP_SUBSCRIBE_EVENTS,
		.usage = on_usage, .event = on_event, .lost = on_lost,
	};
	struct preswap_info info = { .size = sizeof(info) };
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = MODULE };
	char load[LEASELOG_LOAD_MAX];
	int err = preswap_info_get(l->ctx, &info);
	int32_t offset_s;
	double now;

	err = err ?: preswap_subscribe(l->ctx, &sub);
	if (err)
		return err;
	l->fds[MODULE] = preswap_fd(l->ctx);
	if (epoll_ctl(l->epoll, EPOLL_CTL_ADD, l->fds[MODULE], &event) < 0)
		return -errno;
	take_over(l, &info);
	record_load("", load);
	record_connect(&l->record, load);
	if (!l->opts.dry_run && owned_connect(&l->owned, l->table, load)) {
		l->owned_changed = true;
		reach_reset(&l->reach);
	}
	l->reach_wait = REACH_PERIODS;
	l->behind = true;
	l->batch.anew = true;
	if (!l->connected) {
		now = measure_wall(&offset_s);
		foresee_blind(l->foresee, now, offset_s);
	}
	l->quiet_s = 0;
	if (!l->connected)
		log_msg(LOG_NOTICE, "connected to preswap %s, usage each %u ms",
			info.version, info.usage_ms);
	l->connected = true;
	l->waiting_said = false;
	notify_manager("STATUS=Forecasting.");
	return 0;
}

static void retry(struct loop *l)
{
	int err;

	if (l->retry_s && --l->retry_s)
		return;
	err = try_connect(l);
	if (!err)
		return;
	if (err != -ENODEV)
		log_msg(LOG_WARNING, "connecting: %s",
			preswap_strerror(l->ctx));
	l->backoff_s = l->backoff_s * 2 < BACKOFF_MAX_S ? l->backoff_s * 2 :
							  BACKOFF_MAX_S;
	l->retry_s = l->backoff_s;
}

/* A module that was reloaded has other groups: nothing comes from the old. */
static void check_silence(struct loop *l)
{
	unsigned int limit = 5 * l->usage_ms / 1000;

	if (limit < SILENCE_MIN_S)
		limit = SILENCE_MIN_S;
	if (++l->quiet_s <= limit)
		return;
	log_msg(LOG_DEBUG, "no usage for %u s, subscribing again", l->quiet_s);
	if (try_connect(l))
		l->gone = true;
}

/* ---- signals and timers ---- */

static void report(struct loop *l)
{
	struct foresee_stats stats = foresee_stats(l->foresee);

	measure_report(&l->measure, series_count(l->table), &l->batch.stats);
	log_msg(LOG_INFO,
		"%llu launches seen, %zu events near, %zu left out; %zu forecasts rest on them",
		(unsigned long long)stats.launches, stats.events,
		stats.left_out, stats.adjusted);
	l->report_s = 0;
}

/* ---- what the worker reads and writes ---- */

static void tell_problems(struct loop *l, const struct agenda *agenda)
{
	uint64_t hash = FNV_BEGIN;

	for (size_t i = 0; i < agenda->nr_problems; i++)
		hash = fnv_add(hash, agenda->problems[i],
			       strlen(agenda->problems[i]));
	if (hash == l->problems)
		return;
	l->problems = hash;
	for (size_t i = 0; i < agenda->nr_problems; i++)
		log_msg(LOG_WARNING, "%s", agenda->problems[i]);
	if (agenda->problems_more)
		log_msg(LOG_WARNING, "and %zu more problems with events",
			agenda->problems_more);
}

static void tell_unsaved(struct loop *l, int err)
{
	if (err && err != l->save_error)
		log_msg(LOG_WARNING, "%s: %s: what is learned is not saved",
			l->opts.state_path, strerror(-err));
	l->save_error = err;
}

static void on_worker(struct loop *l)
{
	struct agenda *agenda = worker_take(l->worker);

	tell_unsaved(l, worker_error(l->worker));
	tell_log(l);
	if (!agenda)
		return;
	tell_problems(l, agenda);
	log_msg(LOG_DEBUG, "%zu events within a day, %zu left out",
		agenda->count, agenda->cut);
	foresee_set_agenda(l->foresee, agenda);
}

static void save_owned(struct loop *l)
{
	void *data;
	size_t size;

	if (!l->owned_changed || l->opts.dry_run ||
	    owned_pack(&l->owned, l->table, &data, &size))
		return;
	worker_save(l->worker, WORKER_OWNED, data, size);
	l->owned_changed = false;
}

static void save(struct loop *l)
{
	int32_t offset_s;
	void *data;
	size_t size;

	l->save_s = 0;
	if (!foresee_pack(l->foresee, &data, &size))
		worker_save(l->worker, WORKER_LEARNED, data, size);
	if (!series_pack(l->table, measure_wall(&offset_s), &data, &size))
		worker_save(l->worker, WORKER_USAGE, data, size);
	/* also where it could not be written when it changed */
	l->owned_changed = true;
	save_owned(l);
}

static void reload(struct loop *l)
{
	struct config *config;
	char error[512];

	if (!l->opts.config_path)
		return;
	if (config_load(l->opts.config_path, &config, error, sizeof(error))) {
		log_msg(LOG_ERR, "%s", error);
		log_msg(LOG_ERR, "the configuration in force is kept");
		return;
	}
	config_free(l->config);
	l->config = config;
	l->full_said = false;
	if (worker_configure(l->worker, &config->events))
		log_msg(LOG_ERR, "the sources of events are the old ones: %s",
			strerror(ENOMEM));
	for (size_t i = 0; i < series_count(l->table); i++)
		series_at(l->table, i)->policy_checked = false;
	reach_reset(&l->reach);
	l->reach_s = 0;
	/* The limit of apps is taken over with the node's capacity. */
	if (l->connected && try_connect(l))
		l->gone = true;
	log_msg(LOG_NOTICE, "configuration reloaded, %zu polic%s",
		config->count, config->count == 1 ? "y" : "ies");
}

static void on_signal(struct loop *l)
{
	struct signalfd_siginfo info;

	if (read(l->fds[SIGNALS], &info, sizeof(info)) != sizeof(info))
		return;
	switch (info.ssi_signo) {
	case SIGHUP:
		reload(l);
		break;
	case SIGUSR1:
		measure_scores(l->table);
		report(l);
		break;
	default:
		l->stop = true;
	}
}

static void on_second(struct loop *l)
{
	stay_alive(l);
	l->apply_wait_s -= l->apply_wait_s > 0;
	reach(l);
	if (l->connected)
		check_silence(l);
	else
		retry(l);
	if (++l->look_s >= LOOK_S && l->connected && !l->gone)
		look_again(l);
	if (++l->report_s >= REPORT_S && l->connected)
		report(l);
	if (++l->save_s >= SAVE_S)
		save(l);
	save_owned(l);
	/* by then it knows most apps' paths */
	if (l->behind && l->periods && l->connected && !l->gone)
		catch_up(l);
	record_tell_missed(&l->record);
}

static void handle(struct loop *l, enum source source)
{
	uint64_t expired;

	switch (source) {
	case MODULE:
		if (l->connected && preswap_dispatch(l->ctx) < 0)
			l->gone = true;
		break;
	case SIGNALS:
		on_signal(l);
		break;
	case SECOND:
		if (read(l->fds[SECOND], &expired, sizeof(expired)) > 0)
			on_second(l);
		break;
	case WORKER:
		on_worker(l);
		break;
	default:
		if (read(l->fds[SETTLE], &expired, sizeof(expired)) > 0 &&
		    l->period_open)
			end_period(l, true);
	}
}

static int add(struct loop *l, enum source source, int fd)
{
	struct epoll_event event = { .events = EPOLLIN, .data.u32 = source };

	l->fds[source] = fd;
	if (fd < 0 || epoll_ctl(l->epoll, EPOLL_CTL_ADD, fd, &event) < 0)
		return -errno;
	return 0;
}

static void tell_unused(const char *path, int err, const char *so)
{
	if (err == -EINVAL)
		log_msg(LOG_WARNING,
			"%s cannot be used, it is now %s.bad: %s", path, path,
			so);
	else if (err && err != -ENOENT)
		log_msg(LOG_WARNING, "%s: %s: %s, it is now %s.bad", path,
			strerror(-err), so, path);
}

/* The forecasters of apps that are still there go on where they were. */
static void load_usage(struct loop *l, double now)
{
	struct series_kept *kept;
	char path[PATH_MAX];
	int err;

	snprintf(path, sizeof(path), "%s%s", l->opts.state_path,
		 WORKER_USAGE_SUFFIX);
	err = series_read(path, &kept);
	tell_unused(path, err, "learning anew");
	if (err)
		return;
	log_msg(LOG_INFO, "%zu apps are known from %.0f s ago",
		series_kept_count(kept), fmax(now - series_kept_saved(kept), 0));
	series_resume(l->table, kept, now - series_kept_saved(kept));
}

static void load_record(struct loop *l)
{
	const struct record_ops ops = {
		.put = put_record, .path = record_path, .data = l,
	};
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%s" LEASELOG_SUFFIX, l->opts.state_path);
	record_begin(&l->record, &ops, path);
}

static void load_owned(struct loop *l)
{
	char path[PATH_MAX];

	if (l->opts.dry_run)
		return;
	snprintf(path, sizeof(path), "%s%s", l->opts.state_path,
		 WORKER_OWNED_SUFFIX);
	tell_unused(path, owned_read(path, &l->owned),
		    "policies that were set stay");
}

/* One that cannot be used is set aside; without one all is learned anew. */
static int load(struct loop *l)
{
	struct learned *learned = NULL;
	int32_t offset_s;
	double now = measure_wall(&offset_s);
	int err = learned_read(l->opts.state_path, &learned);

	tell_unused(l->opts.state_path, err, "learning anew");
	load_usage(l, now);
	load_record(l);
	load_owned(l);
	err = foresee_new(learned, now, offset_s, &l->foresee);
	if (err)
		learned_free(learned);
	return err;
}

static int setup(struct loop *l)
{
	struct series_limits limits = { .max_apps = l->config->max_apps };
	int flags = TFD_NONBLOCK | TFD_CLOEXEC;
	sigset_t signals;
	int err;

	sigemptyset(&signals);
	sigaddset(&signals, SIGTERM);
	sigaddset(&signals, SIGINT);
	sigaddset(&signals, SIGHUP);
	sigaddset(&signals, SIGUSR1);
	l->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (l->epoll < 0)
		return -errno;
	err = add(l, SIGNALS, signalfd(-1, &signals,
				       SFD_NONBLOCK | SFD_CLOEXEC));
	err = err ?: add(l, SECOND, timerfd_create(CLOCK_MONOTONIC, flags));
	err = err ?: add(l, SETTLE, timerfd_create(CLOCK_MONOTONIC, flags));
	err = err ?: series_new(&limits, &l->table);
	err = err ?: load(l);
	err = err ?: worker_start(&l->config->events, l->opts.state_path,
				  &l->worker);
	err = err ?: add(l, WORKER, worker_fd(l->worker));
	err = err ?: preswap_new(&l->ctx);
	if (err)
		return err;
	series_on_gone(l->table, on_app_gone, l);
	series_on_busy(l->table, stay_alive, l);
	preswap_set_log(l->ctx, library_log, NULL);
	set_timer(l->fds[SECOND], 1000, 1000);
	return 0;
}

static void teardown(struct loop *l)
{
	/* what has come until now; what comes later is caught up with */
	if (l->connected && !l->gone)
		preswap_dispatch(l->ctx);
	if (l->worker && l->foresee)
		save(l);
	tell_unsaved(l, worker_stop(l->worker));
	preswap_unref(l->ctx);
	series_free(l->table);
	foresee_free(l->foresee);
	push_free(&l->batch);
	free(l->path);
	owned_settle(&l->owned);
	reach_reset(&l->reach);
	config_free(l->config);
	for (int i = SIGNALS; i < WORKER; i++)
		if (l->fds[i] >= 0)
			close(l->fds[i]);
	if (l->epoll >= 0)
		close(l->epoll);
}

int loop_run(const struct loop_opts *opts, struct config *config)
{
	struct loop l = {
		.opts = *opts, .config = config, .epoll = -1,
		.fds = { -1, -1, -1, -1, -1 },
	};
	struct epoll_event events[SOURCES];
	int err = setup(&l), count;

	if (!err && try_connect(&l))
		disconnect(&l);
	if (!err)
		notify_manager("READY=1");
	while (!err && !l.stop) {
		count = epoll_wait(l.epoll, events, SOURCES, -1);
		if (count < 0 && errno != EINTR)
			err = -errno;
		for (int i = 0; i < count; i++)
			handle(&l, events[i].data.u32);
		if (l.gone)
			disconnect(&l);
	}
	notify_manager("STOPPING=1");
	teardown(&l);
	return err;
}
