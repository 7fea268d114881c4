// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Open-loop load on a Redis that follows a plan, step by step.
 *
 *	redis_load --socket PATH --plan FILE --out FILE [options]
 *
 * The plan has one line a step: LOAD BURST NAME. A step lasts --step-ms; in
 * it requests arrive at LOAD * --rate per second, as a Poisson process on a
 * grid of --tick-us, whatever Redis does: a request's latency counts from the
 * moment when it should have been sent, so a stall is felt by every request
 * that it holds up (no coordinated omission). Where BURST is 1, LOAD *
 * --burst-mib of new values are stored during the step, and deleted after it.
 * All else reads 16 small values of a fixed set, or overwrites one. The
 * arrivals, the keys and the values depend on --seed alone.
 *
 * A new value is a COPY of one of 64 templates, which Redis makes: it costs
 * Redis the memory and the time to fill it, as a SET does, but this program
 * nothing, which would otherwise take the CPU that it measures the lack of.
 *
 * Output, one line each:
 *	step I NAME START_NS REQUESTS ERRORS P50_NS P99_NS MAX_NS GAP_NS BYTES
 *	hist I OP LATENCY_NS COUNT
 * A step line is also printed when the step's last answer has come. GAP is the
 * longest time in which requests waited and no answer came. Latencies in the
 * histogram are the middle of a bucket, right to 0.8 %; MAX is exact.
 */
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <sched.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "load.h"

#define CONNS		4
#define RING		(1U << 16)	/* waiting requests of a connection */
#define STEPS_MAX	4096
#define NAME_MAX_	16
#define POOL_BYTES	(4UL << 20)
#define GET_KEYS	16		/* keys in one MGET */
#define TEMPLATES	64
#define BATCH		32		/* requests in one write */
#define REQUEST_MAX	512		/* bytes, but for SET's value */
#define DEL_KEYS	8		/* keys in one DEL */
#define PURGE_BYTES	(16UL << 20)	/* freed between two MEMORY PURGE */

/* 64 buckets an octave: the middle of one is right to 1/128. */
#define SUB_BITS	6
#define SUB		(1U << SUB_BITS)
#define BUCKETS		(SUB * 40)

enum op {
	OP_GET,
	OP_SET,		/* overwrite a small value */
	OP_STORE,	/* a new large value */
	OP_UPKEEP,	/* delete, purge, fill: not measured */
	OPS = OP_UPKEEP
};

static const char *const op_names[] = { "get", "set", "store" };

struct request {
	uint64_t due_ns;
	uint32_t key;
	uint32_t from;		/* offset in the pool, or the template */
	uint16_t step;
	uint8_t op;
};

/* Requests are kept from when they are due until they are answered. */
struct conn {
	int fd;
	bool want_write;
	uint32_t tail;		/* next to be answered */
	uint32_t sent;		/* next to be sent */
	uint32_t head;		/* next free */
	size_t sent_bytes;	/* of the request at `sent` */
	struct request *ring;
	/*
	 * The parser: items of an array still to come, bytes of a bulk string
	 * still to skip, a partial line.
	 */
	unsigned int items;
	size_t skip;
	size_t line_len;
	char line[128];
};

struct step {
	double load;
	bool burst;
	char name[NAME_MAX_];
	uint64_t start_ns;
	uint64_t requests, answers, errors;
	uint64_t max_ns, gap_ns;
	uint64_t bytes;		/* stored in it */
	uint32_t key_lo, key_hi;	/* large values stored in it */
	uint32_t stores_waiting;
	bool over, printed, deleted;
	uint32_t *hist;		/* [OPS][BUCKETS] */
};

static struct {
	const char *socket, *plan, *out;
	uint64_t step_ms, rate, tick_us, burst_mib, value_kib;
	uint64_t base_keys, base_bytes, seed, start_ns;
} opt = {
	.step_ms = 2500,
	.rate = 2000,
	.tick_us = 1000,
	.burst_mib = 160,
	.value_kib = 64,
	.base_keys = 16384,
	.base_bytes = 256,
	.seed = 1,
};

static struct step steps[STEPS_MAX];
static unsigned int nr_steps;
/* The last connection is for upkeep, so that it holds up no request. */
static struct conn conns[CONNS + 1];
static struct conn *const upkeep = &conns[CONNS];
static int epoll_fd;
static char *pool;
static char *out_buf;		/* BATCH requests of the longest kind */
static uint64_t arrivals_seed, keys_seed;
static uint32_t next_key;
/* For GAP: when the last answer came, or waiting began. */
static uint64_t progress_ns;
static uint64_t waiting;

static unsigned int bucket_of(uint64_t ns)
{
	unsigned int octave;

	if (ns < SUB)
		return ns;
	octave = 63 - __builtin_clzll(ns) - SUB_BITS;
	if (octave > BUCKETS / SUB - 2)
		return BUCKETS - 1;
	return (octave + 1) * SUB + (ns >> octave) - SUB;
}

static uint64_t bucket_middle(unsigned int b)
{
	unsigned int octave;

	if (b < SUB)
		return b;
	octave = b / SUB - 1;
	return ((uint64_t)(SUB + b % SUB) << octave) +
	       ((1ULL << octave) >> 1);
}

static uint64_t step_quantile(const struct step *s, double q)
{
	uint64_t total = 0, sum = 0, want;
	unsigned int b, op;

	for (b = 0; b < OPS * BUCKETS; b++)
		total += s->hist[b];
	want = (uint64_t)ceil(q * (double)total);
	for (b = 0; b < BUCKETS; b++) {
		for (op = 0; op < OPS; op++)
			sum += s->hist[op * BUCKETS + b];
		if (sum && sum >= want)
			return bucket_middle(b);
	}
	return 0;
}

static char *put_word(char *p, const char *word)
{
	return p + sprintf(p, "$%zu\r\n%s\r\n", strlen(word), word);
}

static char *put_key(char *p, char kind, uint32_t key)
{
	return p + sprintf(p, "$10\r\n%c:%08x\r\n", kind, key);
}

/* A small value (kind b) or a template (kind t), from the pool. */
static char *put_set(char *p, char kind, uint32_t key, uint32_t from,
		     size_t len)
{
	p = put_key(put_word(stpcpy(p, "*3\r\n"), "SET"), kind, key);
	p += sprintf(p, "$%zu\r\n", len);
	p = mempcpy(p, pool + from, len);
	return stpcpy(p, "\r\n");
}

static char *put_request(char *p, const struct request *r)
{
	uint32_t i;

	switch (r->op) {
	case OP_GET:
		p += sprintf(p, "*%d\r\n", GET_KEYS + 1);
		p = put_word(p, "MGET");
		/* Any odd stride will do, as long as the keys are spread. */
		for (i = 0; i < GET_KEYS; i++)
			p = put_key(p, 'b',
				    (r->key + i * 977) % opt.base_keys);
		return p;
	case OP_SET:
		return put_set(p, 'b', r->key, r->from, opt.base_bytes);
	default:
		p = put_word(stpcpy(p, "*3\r\n"), "COPY");
		return put_key(put_key(p, 't', r->from), 'v', r->key);
	}
}

static void conn_want_write(struct conn *c, bool want)
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

/* Returns false when the socket is full. */
static bool conn_flush_some(struct conn *c)
{
	size_t ends[BATCH], len, n = 0, done;
	char *p = out_buf;
	ssize_t put;

	for (; n < BATCH && c->sent + n != c->head; n++) {
		p = put_request(p, &c->ring[(c->sent + n) % RING]);
		ends[n] = p - out_buf;
	}
	/* A request that was sent in part comes out the same again. */
	len = p - out_buf - c->sent_bytes;
	put = write(c->fd, out_buf + c->sent_bytes, len);
	if (put < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return false;
		die("send: %s", strerror(errno));
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

static void conn_flush(struct conn *c)
{
	while (c->sent != c->head) {
		if (!conn_flush_some(c)) {
			conn_want_write(c, true);
			return;
		}
	}
	conn_want_write(c, false);
}

/* The upkeep connection waits for each answer, and has no ring to send. */
static void upkeep_send(const char *buf, size_t len)
{
	struct request *r = &upkeep->ring[upkeep->head % RING];

	r->op = OP_UPKEEP;
	while (len) {
		ssize_t put = write(upkeep->fd, buf, len);

		if (put < 0 && errno != EAGAIN && errno != EINTR)
			die("send: %s", strerror(errno));
		if (put > 0) {
			buf += put;
			len -= put;
		}
	}
	upkeep->head++;
	upkeep->sent++;
}

static bool upkeep_busy(void)
{
	return upkeep->tail != upkeep->head;
}

static void request_answered(const struct request *r, bool error, uint64_t now)
{
	struct step *s = &steps[r->step];
	uint64_t ns;

	if (r->op == OP_UPKEEP)
		return;
	ns = now > r->due_ns ? now - r->due_ns : 0;
	s->answers++;
	s->errors += error;
	s->hist[r->op * BUCKETS + bucket_of(ns)]++;
	if (ns > s->max_ns)
		s->max_ns = ns;
	if (r->op == OP_STORE)
		s->stores_waiting--;
	/* Answers that come in one read are one moment: no gap in it. */
	if (now > progress_ns && now - progress_ns > s->gap_ns)
		s->gap_ns = now - progress_ns;
	progress_ns = now;
	waiting--;
}

/* A whole line has come: a simple answer, or the head of one. */
static void conn_line(struct conn *c, uint64_t now)
{
	long len = strtol(c->line + 1, NULL, 10);

	if (c->tail == c->head)
		die("an answer that nobody asked for");
	c->line_len = 0;
	if (c->line[0] == '*' && len > 0) {
		c->items = len;
		return;
	}
	if (c->line[0] == '$' && len >= 0)
		c->skip = len + 2;
	if (c->items && --c->items)
		return;
	/* The value's last bytes may be in the next read: the same moment. */
	request_answered(&c->ring[c->tail++ % RING], c->line[0] == '-', now);
}

static void conn_parse(struct conn *c, const char *p, size_t len, uint64_t now)
{
	const char *nl;
	size_t n;

	while (len) {
		if (c->skip) {
			n = len < c->skip ? len : c->skip;
			c->skip -= n;
			p += n;
			len -= n;
			continue;
		}
		nl = memchr(p, '\n', len);
		n = nl ? (size_t)(nl - p) + 1 : len;
		if (c->line_len + n >= sizeof(c->line))
			die("an answer of more than a line");
		memcpy(c->line + c->line_len, p, n);
		c->line_len += n;
		c->line[c->line_len] = '\0';
		p += n;
		len -= n;
		if (nl)
			conn_line(c, now);
	}
}

static void conn_read(struct conn *c)
{
	static char buf[256 << 10];
	ssize_t len = read(c->fd, buf, sizeof(buf));

	if (!len)
		die("Redis closed the connection");
	if (len < 0) {
		if (errno == EAGAIN || errno == EINTR)
			return;
		die("receive: %s", strerror(errno));
	}
	/* Read first, then look at the clock: the answer is here by now. */
	conn_parse(c, buf, len, now_ns());
}

static void conn_open(struct conn *c)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = c };

	if (strlen(opt.socket) >= sizeof(addr.sun_path))
		die("--socket: too long");
	strcpy(addr.sun_path, opt.socket);
	c->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
	if (c->fd < 0 ||
	    connect(c->fd, (struct sockaddr *)&addr, sizeof(addr)))
		die("%s: %s", opt.socket, strerror(errno));
	c->ring = calloc(RING, sizeof(*c->ring));
	if (!c->ring)
		die("out of memory");
	if (fcntl(c->fd, F_SETFL, O_NONBLOCK) ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, c->fd, &ev))
		die("%s: %s", opt.socket, strerror(errno));
}

static void poll_until(uint64_t until_ns)
{
	struct epoll_event ev[CONNS + 1];
	uint64_t now = now_ns();
	struct timespec ts = {};
	int i, n;

	if (until_ns > now) {
		ts.tv_sec = (until_ns - now) / NSEC_PER_SEC;
		ts.tv_nsec = (until_ns - now) % NSEC_PER_SEC;
	}
	n = epoll_pwait2(epoll_fd, ev, CONNS + 1, &ts, NULL);
	for (i = 0; i < n; i++) {
		struct conn *c = ev[i].data.ptr;

		if (ev[i].events & (EPOLLIN | EPOLLERR | EPOLLHUP))
			conn_read(c);
		if (ev[i].events & EPOLLOUT)
			conn_flush(c);
	}
}

/* Puts a request in the queue; the caller flushes. */
static struct conn *request_add(unsigned int step, enum op op, uint64_t due)
{
	static unsigned int turn;
	struct conn *c = &conns[turn++ % CONNS];
	struct step *s = &steps[step];
	struct request *r;

	if (c->head - c->tail == RING)
		die("Redis is %u requests behind", CONNS * RING);
	r = &c->ring[c->head++ % RING];
	*r = (struct request){ .due_ns = due, .step = step, .op = op };
	if (op == OP_STORE) {
		r->key = next_key++;
		r->from = r->key % TEMPLATES;
		s->key_hi = next_key;
		s->stores_waiting++;
		s->bytes += opt.value_kib << 10;
	} else {
		r->key = rng_next(&keys_seed) % opt.base_keys;
		r->from = rng_next(&keys_seed) % (POOL_BYTES - opt.base_bytes);
	}
	s->requests++;
	if (!waiting++)
		progress_ns = due;
	return c;
}

static enum op pick_op(const struct step *s, double store_share)
{
	double u = rng_double(&arrivals_seed);

	if (s->burst && u <= store_share)
		return OP_STORE;
	return rng_double(&arrivals_seed) <= 0.1 ? OP_SET : OP_GET;
}

static void print_step(FILE *f, unsigned int i)
{
	const struct step *s = &steps[i];

	fprintf(f, "step %u %s %llu %llu %llu %llu %llu %llu %llu %llu\n", i,
		s->name, (unsigned long long)s->start_ns,
		(unsigned long long)s->requests, (unsigned long long)s->errors,
		(unsigned long long)step_quantile(s, 0.5),
		(unsigned long long)step_quantile(s, 0.99),
		(unsigned long long)s->max_ns, (unsigned long long)s->gap_ns,
		(unsigned long long)s->bytes);
	fflush(f);
}

static void report_steps(void)
{
	static unsigned int next;

	while (next < nr_steps && steps[next].over &&
	       steps[next].answers == steps[next].requests)
		print_step(stdout, next++);
}

/*
 * Delete what a burst stored, a few keys at a time. The memory goes back to
 * the kernel by MEMORY PURGE in pieces: one purge of a whole burst would
 * itself be a stall. Returns false when there is nothing left to do.
 */
static bool clean_up(void)
{
	static unsigned int clean;
	static size_t freed;
	char buf[REQUEST_MAX], *p = buf;
	struct step *s;
	uint32_t n, i;

	while (clean < nr_steps && steps[clean].over &&
	       !steps[clean].stores_waiting &&
	       steps[clean].key_lo == steps[clean].key_hi && !freed)
		clean++;
	s = &steps[clean];
	if (clean == nr_steps || !s->over || s->stores_waiting)
		return false;
	if (upkeep_busy())
		return true;
	if (freed >= PURGE_BYTES || (freed && s->key_lo == s->key_hi)) {
		freed = 0;
		p = put_word(put_word(stpcpy(p, "*2\r\n"), "MEMORY"), "PURGE");
		upkeep_send(buf, p - buf);
		return true;
	}
	n = s->key_hi - s->key_lo < DEL_KEYS ? s->key_hi - s->key_lo : DEL_KEYS;
	p = put_word(p + sprintf(p, "*%u\r\n", n + 1), "DEL");
	for (i = 0; i < n; i++)
		p = put_key(p, 'v', s->key_lo++);
	freed += n * (opt.value_kib << 10);
	upkeep_send(buf, p - buf);
	return true;
}

/* Answers, reports and upkeep until it is time for the next request. */
static void idle_until(uint64_t until_ns)
{
	uint64_t now;

	do {
		report_steps();
		now = now_ns();
		if (clean_up() && until_ns > now + NSEC_PER_MSEC)
			poll_until(now + NSEC_PER_MSEC);
		else
			poll_until(until_ns);
	} while (now_ns() < until_ns);
}

static unsigned int poisson(double mean)
{
	double left = exp(-mean), p = 1;
	unsigned int n = 0;

	/* Knuth's; a tick's mean is a few, far from where exp() underflows. */
	while ((p *= rng_double(&arrivals_seed)) > left)
		n++;
	return n;
}

static void run_step(unsigned int i)
{
	struct step *s = &steps[i];
	uint64_t tick = opt.tick_us * NSEC_PER_USEC;
	uint64_t end = s->start_ns + opt.step_ms * NSEC_PER_MSEC;
	double mean = s->load * (double)opt.rate * (double)tick / 1e9;
	double stores = s->load * (double)(opt.burst_mib << 10) /
			(double)opt.value_kib;
	double requests = mean * (double)(end - s->start_ns) / (double)tick;
	unsigned int n, touched;
	uint64_t due;

	s->key_lo = s->key_hi = next_key;
	for (due = s->start_ns; due < end; due += tick) {
		n = poisson(mean);
		if (!n)
			continue;
		idle_until(due);
		for (touched = 0; n--;) {
			struct conn *c = request_add(
				i, pick_op(s, stores / requests), due);

			touched |= 1U << (c - conns);
		}
		for (n = 0; n < CONNS; n++) {
			if (touched & 1U << n)
				conn_flush(&conns[n]);
		}
	}
	idle_until(end);
	s->over = true;
}

static void run_plan(void)
{
	unsigned int i;
	uint64_t limit;

	for (i = 0; i < nr_steps; i++) {
		steps[i].start_ns = opt.start_ns +
				    i * opt.step_ms * NSEC_PER_MSEC;
		run_step(i);
	}
	/* What still waits has its time; a Redis that hangs has not. */
	limit = now_ns() + 20 * NSEC_PER_SEC;
	while ((waiting || clean_up()) && now_ns() < limit)
		idle_until(now_ns() + NSEC_PER_MSEC);
	report_steps();
	if (waiting)
		die("%llu requests were never answered",
		    (unsigned long long)waiting);
}

static void fill(char kind, uint32_t keys, size_t len)
{
	char *buf = malloc(len + REQUEST_MAX), *end;
	uint32_t k;

	if (!buf)
		die("out of memory");
	for (k = 0; k < keys; k++) {
		end = put_set(buf, kind, k,
			      rng_next(&keys_seed) % (POOL_BYTES - len), len);
		upkeep_send(buf, end - buf);
		while (upkeep->head - upkeep->tail >= 64)
			poll_until(now_ns() + NSEC_PER_SEC);
	}
	while (upkeep_busy())
		poll_until(now_ns() + NSEC_PER_SEC);
	free(buf);
}

static void read_plan(void)
{
	FILE *f = fopen(opt.plan, "re");
	char line[128];
	int burst;

	if (!f)
		die("%s: %s", opt.plan, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		struct step *s = &steps[nr_steps];

		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (nr_steps == STEPS_MAX)
			die("%s: more than %d steps", opt.plan, STEPS_MAX);
		if (sscanf(line, "%lf %d %15s", &s->load, &burst, s->name) !=
			    3 ||
		    !(s->load >= 0 && s->load < 1000))
			die("%s:%u: want LOAD BURST NAME", opt.plan,
			    nr_steps + 1);
		s->burst = burst;
		s->hist = calloc(OPS * BUCKETS, sizeof(*s->hist));
		if (!s->hist)
			die("out of memory");
		nr_steps++;
	}
	fclose(f);
	if (!nr_steps)
		die("%s: no steps", opt.plan);
}

static void write_out(void)
{
	FILE *f = fopen(opt.out, "we");
	unsigned int i, op, b;

	if (!f)
		die("%s: %s", opt.out, strerror(errno));
	for (i = 0; i < nr_steps; i++) {
		print_step(f, i);
		for (op = 0; op < OPS; op++) {
			for (b = 0; b < BUCKETS; b++) {
				uint32_t n = steps[i].hist[op * BUCKETS + b];

				if (n)
					fprintf(f, "hist %u %s %llu %u\n", i,
						op_names[op],
						(unsigned long long)
							bucket_middle(b),
						n);
			}
		}
	}
	if (fclose(f))
		die("%s: %s", opt.out, strerror(errno));
}

static void parse_args(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint64_t *val, min, max;
	} numbers[] = {
		{ "step-ms", &opt.step_ms, 10, 600000 },
		{ "rate", &opt.rate, 1, 1000000 },
		{ "tick-us", &opt.tick_us, 50, 10000 },
		{ "burst-mib", &opt.burst_mib, 0, 1 << 20 },
		{ "value-kib", &opt.value_kib, 1, 1024 },
		{ "base-keys", &opt.base_keys, 1, 1 << 24 },
		{ "base-bytes", &opt.base_bytes, 1, 65536 },
		{ "seed", &opt.seed, 1, UINT32_MAX },
		{ "start-ns", &opt.start_ns, 0, UINT64_MAX },
	};
	struct option opts[16] = {
		{ "socket", required_argument, NULL, 256 },
		{ "plan", required_argument, NULL, 257 },
		{ "out", required_argument, NULL, 258 },
	};
	size_t i, nr = sizeof(numbers) / sizeof(numbers[0]);
	int c;

	for (i = 0; i < nr; i++)
		opts[3 + i] = (struct option){ numbers[i].name,
					       required_argument, NULL, i };
	while ((c = getopt_long(argc, argv, "", opts, NULL)) != -1) {
		if (c == 256)
			opt.socket = optarg;
		else if (c == 257)
			opt.plan = optarg;
		else if (c == 258)
			opt.out = optarg;
		else if (c >= 0 && (size_t)c < nr)
			*numbers[c].val =
				parse_u64(numbers[c].name, optarg,
					  numbers[c].min, numbers[c].max);
		else
			exit(2);
	}
	if (!opt.socket || !opt.plan || !opt.out || optind != argc)
		die("wants --socket PATH, --plan FILE and --out FILE");
}

int main(int argc, char **argv)
{
	struct sched_param rt = { .sched_priority = 1 };
	unsigned int i;
	uint64_t seed;

	parse_args(argc, argv);
	read_plan();
	seed = opt.seed;
	arrivals_seed = opt.seed * 2 + 1;
	keys_seed = opt.seed * 3 + 2;
	pool = malloc(POOL_BYTES);
	out_buf = malloc(BATCH * (REQUEST_MAX + opt.base_bytes));
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (!pool || !out_buf || epoll_fd < 0)
		die("%s", strerror(errno));
	fill_compressible(pool, POOL_BYTES, &seed);
	for (i = 0; i <= CONNS; i++)
		conn_open(&conns[i]);
	/* The one who measures must not be who waits. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE) ||
	    sched_setscheduler(0, SCHED_FIFO, &rt))
		die("lock memory, become real-time: %s", strerror(errno));
	fill('t', TEMPLATES, opt.value_kib << 10);
	fill('b', opt.base_keys, opt.base_bytes);
	if (!opt.start_ns)
		opt.start_ns = now_ns() + NSEC_PER_SEC / 2;
	run_plan();
	write_out();
	return 0;
}
