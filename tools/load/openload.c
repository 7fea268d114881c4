// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Open-loop load that follows a plan, step by step.
 *
 * The plan has one line a step: LOAD BURST NAME. A step lasts --step-ms; in
 * it requests arrive at LOAD * --rate per second, as a Poisson process on a
 * grid of --tick-us, whatever the server does: a request's latency counts from
 * the moment when it should have been sent, so a stall is felt by every request
 * that it holds up (no coordinated omission). What a request is, and what
 * BURST makes of it, is the program's. All that is random depends on --seed
 * alone.
 *
 * Output: see loadplan.h. A step line is also printed when the step's last
 * answer has come.
 */
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "load.h"
#include "openload.h"

#define BATCH		32	/* requests in one write */
/*
 * Sent and not answered, on one connection. The rest wait here, in locked
 * memory: a real client's queue is on another machine, and does not grow in
 * this one's socket buffers just when memory is short.
 */
#define PIPELINE	16
#define UPKEEP_STEP_NS	NSEC_PER_MSEC

struct openload openload = {
	.step_ms = 2500,
	.rate = 2000,
	.tick_us = 1000,
	.seed = 1,
};

static const struct openload_program *program;
static struct openload_conn *conns[OPENLOAD_CONNS_MAX];
static unsigned int nr_conns;
static int epoll_fd;
static char *out_buf;
static void conn_want_write(struct openload_conn *c, bool want)
{
	struct epoll_event ev = {
		.events = EPOLLIN | (want ? EPOLLOUT : 0),
		.data.ptr = c,
	};

	if (c->want_write == want)
		return;
	c->want_write = want;
	if (epoll_ctl(epoll_fd, EPOLL_CTL_MOD, c->fd, &ev))
		die("epoll_ctl: %s", strerror(errno));
}

/* May the request that is n after the next be sent? */
static bool conn_may_send(const struct openload_conn *c, uint32_t n)
{
	return c->sent + n != c->head && c->sent + n - c->tail < PIPELINE;
}

/* Returns false when the socket is full. */
static bool conn_flush_some(struct openload_conn *c)
{
	const struct openload_protocol *protocol = c->protocol;
	const char *last = out_buf + OPENLOAD_OUT_BYTES - protocol->request_max;
	size_t ends[BATCH], len, n = 0, done;
	char *p = out_buf;
	ssize_t put;

	for (; n < BATCH && conn_may_send(c, n) && p <= last; n++) {
		p = protocol->put(p, &c->ring[(c->sent + n) % c->ring_size]);
		ends[n] = p - out_buf;
	}
	/* A request that was sent in part comes out the same again. */
	len = p - out_buf - c->sent_bytes;
	put = write(c->fd, out_buf + c->sent_bytes, len);
	if (put < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return false;
		die("send to %s: %s", protocol->server, strerror(errno));
	}
	done = c->sent_bytes + put;
	for (n = 0; ends[n] < done; n++)
		;
	if (ends[n] == done) {
		c->sent += n + 1;
		c->sent_bytes = 0;
	} else {
		c->sent += n;
		c->sent_bytes = done - (n ? ends[n - 1] : 0);
	}
	return (size_t)put == len;
}

static void conn_flush(struct openload_conn *c)
{
	while (conn_may_send(c, 0)) {
		if (!conn_flush_some(c)) {
			conn_want_write(c, true);
			return;
		}
	}
	conn_want_write(c, false);
}

void openload_upkeep_send(struct openload_conn *c, const char *buf, size_t len)
{
	c->ring[c->head % c->ring_size].op = OPENLOAD_UPKEEP;
	while (len) {
		ssize_t put = write(c->fd, buf, len);

		if (put < 0 && errno != EAGAIN && errno != EINTR)
			die("send to %s: %s", c->protocol->server,
			    strerror(errno));
		if (put > 0) {
			buf += put;
			len -= put;
		}
	}
	c->head++;
	c->sent++;
}

bool openload_upkeep_busy(const struct openload_conn *c)
{
	return c->tail != c->head;
}

void openload_answered(struct openload_conn *c, bool error, uint64_t now)
{
	const struct openload_request *r = &c->ring[c->tail++ % c->ring_size];

	if (r->op == OPENLOAD_UPKEEP)
		return;
	if (program->answered)
		program->answered(r);
	loadplan_answered(r->step, r->op, r->due_ns, error, now);
}

static void conn_line(struct openload_conn *c, uint64_t now)
{
	if (c->tail == c->head)
		die("an answer that nobody asked %s for", c->protocol->server);
	c->line_len = 0;
	c->protocol->line(c, now);
}

static void conn_parse(struct openload_conn *c, const char *p, size_t len,
		       uint64_t now)
{
	const char *nl;
	size_t n;

	while (len) {
		if (c->skip) {
			n = len < c->skip ? len : c->skip;
			c->skip -= n;
			p += n;
			len -= n;
			if (!c->skip && c->ends_skipped) {
				c->ends_skipped = false;
				openload_answered(c, c->error, now);
			}
			continue;
		}
		nl = memchr(p, '\n', len);
		n = nl ? (size_t)(nl - p) + 1 : len;
		if (c->line_len + n >= sizeof(c->line))
			die("%s sent a line that is too long",
			    c->protocol->server);
		memcpy(c->line + c->line_len, p, n);
		c->line_len += n;
		c->line[c->line_len] = '\0';
		p += n;
		len -= n;
		if (nl)
			conn_line(c, now);
	}
}

static void conn_read(struct openload_conn *c)
{
	static char buf[256 << 10];
	ssize_t len = read(c->fd, buf, sizeof(buf));

	if (!len)
		die("%s closed the connection", c->protocol->server);
	if (len < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		die("receive from %s: %s", c->protocol->server,
		    strerror(errno));
	}
	/* Read first, then look at the clock: the answer is here by now. */
	conn_parse(c, buf, len, now_ns());
}

void openload_connect(struct openload_conn *c,
		      const struct openload_protocol *protocol,
		      const char *path, uint32_t ring_size)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

	if (protocol->request_max > OPENLOAD_OUT_BYTES ||
	    nr_conns == OPENLOAD_CONNS_MAX)
		die("too long a request, or too many connections");
	if (strlen(path) >= sizeof(addr.sun_path))
		die("%s: too long", path);
	strcpy(addr.sun_path, path);
	c->protocol = protocol;
	c->ring_size = ring_size;
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 ||
	    connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("%s: %s", path, strerror(errno));
	c->ring = calloc(ring_size, sizeof(*c->ring));
	if (!c->ring)
		die("out of memory");
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK) ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &ev))
		die("%s: %s", path, strerror(errno));
	conns[nr_conns++] = c;
}

static void poll_until(uint64_t until_ns)
{
	struct epoll_event ev[OPENLOAD_CONNS_MAX];
	uint64_t now = now_ns();
	struct timespec ts = {};
	int i, n;

	if (until_ns > now) {
		ts.tv_sec = (until_ns - now) / NSEC_PER_SEC;
		ts.tv_nsec = (until_ns - now) % NSEC_PER_SEC;
	}
	n = epoll_pwait2(epoll_fd, ev, OPENLOAD_CONNS_MAX, &ts, NULL);
	for (i = 0; i < n; i++) {
		struct openload_conn *c = ev[i].data.ptr;

		if (ev[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))
			conn_read(c);
		conn_flush(c);
	}
}

void openload_upkeep_wait(struct openload_conn *c, uint32_t at_most)
{
	while (c->head - c->tail > at_most)
		poll_until(now_ns() + NSEC_PER_SEC);
}

/* Puts a request in the queue; the caller flushes. */
static void request_add(unsigned int step, uint64_t due)
{
	struct openload_request r = { .due_ns = due, .step = step };
	struct openload_conn *c = program->arrive(step, &r);

	if (c->head - c->tail == c->ring_size)
		die("%s is %u requests behind on one connection",
		    c->protocol->server, c->ring_size);
	c->ring[c->head++ % c->ring_size] = r;
	c->touched = true;
	loadplan_due(step, due);
}

static void flush_touched(void)
{
	unsigned int i;

	for (i = 0; i < nr_conns; i++) {
		if (conns[i]->touched)
			conn_flush(conns[i]);
		conns[i]->touched = false;
	}
}

static void report_steps(void)
{
	static unsigned int next;

	while (next < loadplan.nr_steps && loadplan.steps[next].over &&
	       loadplan.steps[next].answers == loadplan.steps[next].requests)
		loadplan_print_step(stdout, next++);
}

static bool upkeep(void)
{
	return program->upkeep && program->upkeep();
}

/* Answers, reports and upkeep until it is time for the next request. */
static void idle_until(uint64_t until_ns)
{
	uint64_t now;

	do {
		report_steps();
		now = now_ns();
		if (upkeep() && until_ns > now + UPKEEP_STEP_NS)
			poll_until(now + UPKEEP_STEP_NS);
		else
			poll_until(until_ns);
	} while (now_ns() < until_ns);
}

static unsigned int poisson(double mean)
{
	double left = exp(-mean), p = 1;
	unsigned int n = 0;

	/* Knuth's; a tick's mean is a few, far from where exp() underflows. */
	while ((p *= rng_double(&openload.arrivals_seed)) > left)
		n++;
	return n;
}

static double tick_mean(const struct loadplan_step *s)
{
	return s->load * (double)openload.rate *
	       (double)(openload.tick_us * NSEC_PER_USEC) / 1e9;
}

double openload_mean_requests(const struct loadplan_step *s)
{
	return tick_mean(s) * (double)(openload.step_ms * NSEC_PER_MSEC) /
	       (double)(openload.tick_us * NSEC_PER_USEC);
}

static void run_step(unsigned int i)
{
	struct loadplan_step *s = &loadplan.steps[i];
	uint64_t tick = openload.tick_us * NSEC_PER_USEC;
	uint64_t end = s->start_ns + openload.step_ms * NSEC_PER_MSEC;
	double mean = tick_mean(s);
	unsigned int n;
	uint64_t due;

	for (due = s->start_ns; due < end; due += tick) {
		n = poisson(mean);
		if (!n)
			continue;
		idle_until(due);
		while (n--)
			request_add(i, due);
		flush_touched();
	}
	idle_until(end);
	s->over = true;
}

static void run_plan(void)
{
	unsigned int i;
	uint64_t limit;

	for (i = 0; i < loadplan.nr_steps; i++) {
		loadplan.steps[i].start_ns = openload.start_ns +
				    i * openload.step_ms * NSEC_PER_MSEC;
		run_step(i);
	}
	/* What still waits has its time; a server that hangs has not. */
	limit = now_ns() + 20 * NSEC_PER_SEC;
	while ((loadplan.waiting || upkeep()) && now_ns() < limit)
		idle_until(now_ns() + NSEC_PER_MSEC);
	report_steps();
	if (loadplan.waiting)
		die("%llu requests were never answered",
		    (unsigned long long)loadplan.waiting);
}

void openload_run(void)
{
	if (!openload.start_ns)
		openload.start_ns = now_ns() + NSEC_PER_SEC / 2;
	if (now_ns() > openload.start_ns)
		die("ready %llu ms after --start-ns",
		    (unsigned long long)((now_ns() - openload.start_ns) /
					 NSEC_PER_MSEC));
	run_plan();
	loadplan_write(openload.out, NULL);
}

static const struct openload_number common_numbers[] = {
	{ "step-ms", &openload.step_ms, 10, 600000 },
	{ "rate", &openload.rate, 1, 1000000 },
	{ "tick-us", &openload.tick_us, 50, 10000 },
	{ "seed", &openload.seed, 1, UINT32_MAX },
	{ "start-ns", &openload.start_ns, 0, UINT64_MAX },
	{}
};

static const struct openload_text common_texts[] = {
	{ "plan", &openload.plan },
	{ "out", &openload.out },
	{}
};

/* These two return false when there is no option of that name. */
static bool number_option(const struct openload_number *n, const char *name)
{
	for (; n->name; n++) {
		if (strcmp(n->name, name))
			continue;
		*n->val = parse_u64(name, optarg, n->min, n->max);
		return true;
	}
	return false;
}

static bool text_option(const struct openload_text *t, const char *name)
{
	for (; t->name; t++) {
		if (strcmp(t->name, name))
			continue;
		*t->val = optarg;
		return true;
	}
	return false;
}

static bool texts_there(const struct openload_text *t)
{
	while (t->name && *t->val)
		t++;
	return !t->name;
}

static void parse_args(int argc, char **argv)
{
	const struct openload_number *numbers[] = { common_numbers,
						    program->numbers };
	const struct openload_text *texts[] = { common_texts, program->texts };
	struct option opts[32] = {};
	unsigned int i, nr = 0;
	int c, at;

	for (i = 0; i < 2; i++) {
		const struct openload_number *n = numbers[i];
		const struct openload_text *t = texts[i];

		for (; n->name && nr < 31; n++)
			opts[nr++] = (struct option){ n->name,
						      required_argument,
						      NULL, 0 };
		for (; t->name && nr < 31; t++)
			opts[nr++] = (struct option){ t->name,
						      required_argument,
						      NULL, 0 };
	}
	while ((c = getopt_long(argc, argv, "", opts, &at)) != -1) {
		if (c)
			exit(2);
		for (i = 0; i < 2; i++) {
			if (number_option(numbers[i], opts[at].name) ||
			    text_option(texts[i], opts[at].name))
				break;
		}
	}
	if (!texts_there(common_texts) || !texts_there(program->texts) ||
	    optind != argc)
		die("wants %s", program->wants);
}

void openload_init(const struct openload_program *p, int argc, char **argv)
{
	program = p;
	parse_args(argc, argv);
	loadplan_read(openload.plan, program->ops, program->nr_ops);
	openload.arrivals_seed = openload.seed * 2 + 1;
	openload.keys_seed = openload.seed * 3 + 2;
	out_buf = malloc(OPENLOAD_OUT_BYTES);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!out_buf || epoll_fd < 0)
		die("%s", strerror(errno));
}

/* The one who measures must not be who waits. */
void openload_become_realtime(void)
{
	struct sched_param rt = { .sched_priority = 1 };

	if (mlockall(MCL_CURRENT | MCL_FUTURE) ||
	    sched_setscheduler(0, SCHED_FIFO, &rt))
		die("lock memory, become real-time: %s", strerror(errno));
}
