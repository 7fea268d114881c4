// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "daemon/worker.h"
#include "sense/leaselog.h"
#include "sense/statefile.h"

#define STACK_BYTES	(256 << 10)	/* what is touched is locked */
#define LOOK_S		5		/* at the clock, and for room on the disk */
#define READ_S		30		/* timers tell only the next elapse */
#define END_S		1		/* for the reader, whose sources may hang */
#define SPAN_S		86400
#define BEFORE_S	60		/* what began just now is in it, too */

/*
 * @lock covers all that follows it. Two threads: a source that hangs, as on a dead mount,
 * keeps nothing from being written.
 */
struct worker {
	pthread_t writer;		/* the reader is detached */
	int fd;
	char *paths[WORKER_FILES];	/* NULL: not written */
	char *log_path;			/* the same */
	char writing[WORKER_LOG_MAX];	/* the writer's, until it is written */
	size_t writing_size;

	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool stop, fresh;
	bool reads;			/* the reader has not ended */
	bool left;			/* to the reader: nobody else has it any more */
	struct config_events events;
	struct agenda *agenda;
	void *data[WORKER_FILES];	/* to be written */
	size_t size[WORKER_FILES];
	int error[WORKER_FILES];	/* of the last time */
	char lines[WORKER_LOG_MAX];	/* of the swap log, to be written */
	size_t lines_size;
	int log_error;
};

/* @to gets copies of the paths. */
static int copy_events(struct config_events *to,
		       const struct config_events *from)
{
	*to = *from;
	to->nr_calendars = 0;
	for (size_t i = 0; i < from->nr_calendars; i++) {
		to->calendars[i] = strdup(from->calendars[i]);
		if (!to->calendars[i]) {
			config_events_clear(to);
			return -ENOMEM;
		}
		to->nr_calendars++;
	}
	return 0;
}

static void wake_loop(struct worker *w)
{
	uint64_t one = 1;

	if (write(w->fd, &one, sizeof(one)) < 0)
		return;			/* it is readable already */
}

static void hand_over(struct worker *w, struct agenda *agenda)
{
	pthread_mutex_lock(&w->lock);
	agenda_free(w->agenda);
	w->agenda = agenda;
	pthread_mutex_unlock(&w->lock);
	wake_loop(w);
}

static bool has_state_locked(const struct worker *w)
{
	for (int i = 0; i < WORKER_FILES; i++)
		if (w->data[i])
			return true;
	return w->lines_size && !w->writing_size;
}

static void write_file(struct worker *w, enum worker_file file)
{
	void *data;
	size_t size;
	int err;

	pthread_mutex_lock(&w->lock);
	data = w->data[file];
	size = w->size[file];
	w->data[file] = NULL;
	pthread_mutex_unlock(&w->lock);
	if (!data)
		return;
	err = statefile_write(w->paths[file], data, size);
	free(data);
	pthread_mutex_lock(&w->lock);
	w->error[file] = err;
	pthread_mutex_unlock(&w->lock);
	wake_loop(w);
}

/* What could not be written is in the way of what comes, until it is. */
static void write_log(struct worker *w)
{
	int err;

	pthread_mutex_lock(&w->lock);
	if (!w->writing_size) {
		memcpy(w->writing, w->lines, w->lines_size);
		w->writing_size = w->lines_size;
		w->lines_size = 0;
	}
	pthread_mutex_unlock(&w->lock);
	if (!w->writing_size)
		return;
	err = leaselog_append(w->log_path, w->writing, w->writing_size);
	if (!err)
		w->writing_size = 0;
	pthread_mutex_lock(&w->lock);
	w->log_error = err;
	pthread_mutex_unlock(&w->lock);
	wake_loop(w);
}

static void write_state(struct worker *w)
{
	for (int i = 0; i < WORKER_FILES; i++)
		write_file(w, i);
	write_log(w);
}

static struct timespec after(unsigned int seconds)
{
	struct timespec at;

	clock_gettime(CLOCK_MONOTONIC, &at);
	at.tv_sec += seconds;
	return at;
}

/* What could not be written is tried again after LOOK_S. */
static void pause_writer(struct worker *w)
{
	struct timespec until = after(LOOK_S);
	int err = 0;

	pthread_mutex_lock(&w->lock);
	while (!w->stop && !has_state_locked(w) && !err)
		err = w->writing_size ?
		      pthread_cond_timedwait(&w->wake, &w->lock, &until) :
		      pthread_cond_wait(&w->wake, &w->lock);
	pthread_mutex_unlock(&w->lock);
}

/* Sleeps up to LOOK_S; true: the sources are other ones. */
static bool pause_reader(struct worker *w, struct config_events *events)
{
	struct timespec until = after(LOOK_S);
	bool fresh;

	pthread_mutex_lock(&w->lock);
	while (!w->stop && !w->fresh &&
	       !pthread_cond_timedwait(&w->wake, &w->lock, &until))
		;
	fresh = w->fresh;
	if (fresh) {
		config_events_clear(events);
		*events = w->events;
		w->events = (struct config_events){};
		w->fresh = false;
	}
	pthread_mutex_unlock(&w->lock);
	return fresh;
}

static bool stopped(struct worker *w)
{
	bool stop;

	pthread_mutex_lock(&w->lock);
	stop = w->stop;
	pthread_mutex_unlock(&w->lock);
	return stop;
}

/* That there is none is told as other problems are. */
static struct agenda *failed(const struct agenda_opts *opts, int err)
{
	struct agenda *agenda = agenda_new(opts->from, opts->from);

	if (agenda)
		agenda_problem(agenda, "events are not known: preswap-agenda: %s",
			       strerror(-err));
	return agenda;
}

static void *run_writer(void *data)
{
	struct worker *w = data;

	while (!stopped(w)) {
		pause_writer(w);
		write_state(w);
	}
	write_state(w);
	write_log(w);		/* what came behind lines that had to wait */
	return NULL;
}

static void read_agenda(struct worker *w, const struct config_events *events)
{
	struct agenda_opts opts = config_agenda(events, time(NULL) - BEFORE_S,
						SPAN_S + BEFORE_S);
	struct agenda *agenda;
	int err = agenda_run(&opts, &agenda);

	if (err)
		agenda = err == -EINTR ? NULL : failed(&opts, err);
	if (agenda)
		hand_over(w, agenda);
}

static void free_worker(struct worker *w)
{
	pthread_cond_destroy(&w->wake);
	pthread_mutex_destroy(&w->lock);
	if (w->fd >= 0)
		close(w->fd);
	agenda_free(w->agenda);
	config_events_clear(&w->events);
	for (int i = 0; i < WORKER_FILES; i++) {
		free(w->data[i]);
		free(w->paths[i]);
	}
	free(w->log_path);
	free(w);
}

static void *run_reader(void *data)
{
	struct config_events events = {};
	struct worker *w = data;
	time_t read_at = 0, now;
	bool left;

	while (!stopped(w)) {
		if (pause_reader(w, &events))
			read_at = 0;
		now = time(NULL);
		if (read_at && now - read_at < READ_S && now >= read_at)
			continue;
		read_at = now;
		if (!stopped(w))
			read_agenda(w, &events);
	}
	config_events_clear(&events);
	pthread_mutex_lock(&w->lock);
	w->reads = false;
	left = w->left;
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	if (left)
		free_worker(w);
	return NULL;
}

/* All is written then; true: the reader hangs, and has the worker for its own. */
static bool stop_threads(struct worker *w, int *err)
{
	struct timespec until;
	bool left;

	pthread_mutex_lock(&w->lock);
	w->stop = true;
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	pthread_join(w->writer, NULL);
	*err = worker_error(w);
	until = after(END_S);
	pthread_mutex_lock(&w->lock);
	while (w->reads &&
	       !pthread_cond_timedwait(&w->wake, &w->lock, &until))
		;
	w->left = left = w->reads;
	pthread_mutex_unlock(&w->lock);
	return left;
}

static int start_threads(struct worker *w)
{
	pthread_attr_t attr;
	pthread_t reader;
	int err, ended;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	err = -pthread_create(&w->writer, &attr, run_writer, w);
	if (!err) {
		pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
		w->reads = true;
		err = -pthread_create(&reader, &attr, run_reader, w);
		if (err) {
			w->reads = false;
			stop_threads(w, &ended);
		}
	}
	pthread_attr_destroy(&attr);
	return err;
}

static int set_paths(struct worker *w, const char *state_path)
{
	if (!state_path)
		return 0;
	w->paths[WORKER_LEARNED] = strdup(state_path);
	if (!w->paths[WORKER_LEARNED] ||
	    asprintf(&w->paths[WORKER_USAGE], "%s%s", state_path,
		     WORKER_USAGE_SUFFIX) < 0 ||
	    asprintf(&w->paths[WORKER_OWNED], "%s%s", state_path,
		     WORKER_OWNED_SUFFIX) < 0)
		return -ENOMEM;
	if (asprintf(&w->log_path, "%s" LEASELOG_SUFFIX, state_path) < 0)
		return -ENOMEM;
	return 0;
}

static void init_lock(struct worker *w)
{
	pthread_condattr_t clock;

	pthread_mutex_init(&w->lock, NULL);
	pthread_condattr_init(&clock);
	pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
	pthread_cond_init(&w->wake, &clock);
	pthread_condattr_destroy(&clock);
}

int worker_start(const struct config_events *events, const char *state_path,
		 struct worker **out)
{
	struct worker *w = calloc(1, sizeof(*w));
	int err = 0;

	if (!w)
		return -ENOMEM;
	init_lock(w);
	w->fresh = true;
	w->fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
	if (w->fd < 0)
		err = -errno;
	err = err ?: copy_events(&w->events, events);
	err = err ?: set_paths(w, state_path);
	err = err ?: start_threads(w);
	if (err) {
		free_worker(w);
		return err;
	}
	*out = w;
	return 0;
}

int worker_error(struct worker *w)
{
	int err = 0;

	pthread_mutex_lock(&w->lock);
	for (int i = 0; i < WORKER_FILES; i++)
		err = err ?: w->error[i];
	pthread_mutex_unlock(&w->lock);
	return err;
}

int worker_log_error(struct worker *w)
{
	int err;

	pthread_mutex_lock(&w->lock);
	err = w->log_error;
	pthread_mutex_unlock(&w->lock);
	return err;
}

int worker_stop(struct worker *w)
{
	int err;

	if (!w)
		return 0;
	if (!stop_threads(w, &err))
		free_worker(w);
	return err;
}

int worker_fd(const struct worker *w)
{
	return w->fd;
}

struct agenda *worker_take(struct worker *w)
{
	struct agenda *agenda;
	uint64_t count;

	if (read(w->fd, &count, sizeof(count)) < 0 && errno != EAGAIN)
		return NULL;
	pthread_mutex_lock(&w->lock);
	agenda = w->agenda;
	w->agenda = NULL;
	pthread_mutex_unlock(&w->lock);
	return agenda;
}

int worker_configure(struct worker *w, const struct config_events *events)
{
	struct config_events copy;
	int err = copy_events(&copy, events);

	if (err)
		return err;
	pthread_mutex_lock(&w->lock);
	config_events_clear(&w->events);
	w->events = copy;
	w->fresh = true;
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
	return 0;
}

void worker_save(struct worker *w, enum worker_file file, void *data,
		 size_t size)
{
	if (!w->paths[file]) {
		free(data);
		return;
	}
	pthread_mutex_lock(&w->lock);
	free(w->data[file]);
	w->data[file] = data;
	w->size[file] = size;
	pthread_cond_broadcast(&w->wake);
	pthread_mutex_unlock(&w->lock);
}

bool worker_log(struct worker *w, const char *line, size_t size)
{
	bool fits;

	if (!w->log_path)
		return true;
	pthread_mutex_lock(&w->lock);
	fits = size <= sizeof(w->lines) - w->lines_size;
	if (fits) {
		memcpy(w->lines + w->lines_size, line, size);
		w->lines_size += size;
		pthread_cond_broadcast(&w->wake);
	}
	pthread_mutex_unlock(&w->lock);
	return fits;
}
