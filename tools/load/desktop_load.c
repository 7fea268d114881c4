// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A desktop's user, open-loop, who follows a plan, step by step.
 *
 *	desktop_load --shell SOCKET --cgroup DIR --plan FILE --out FILE
 *		     [options] PROGRAM [ARG]...
 *
 * The plan has one line a step: LOAD BURST NAME. A step lasts --step-ms. Where
 * BURST turns 1 the user wants PROGRAM open, at a moment in that step that is
 * random; uses it from --settle-ms later on, and closes it when BURST is 0
 * again. All the time, keys go to the shell. Both come as Poisson processes of
 * LOAD * --use-rate and LOAD * --key-rate per second. A latency counts from
 * when the user wanted something, whether the program is ready for it or not:
 * what a program that still starts holds up is felt in full (no coordinated
 * omission). All that is random depends on --seed alone.
 *
 * PROGRAM is started in the cgroup DIR; it says "ready" on stdout, answers a
 * line "ID EVENT NUMBER" on stdin by "ID", in order, and ends with its stdin.
 * One that is killed counts as an error and is opened again at once; what waits
 * for it waits on. So does the shell, which is there when this starts.
 *
 * Output: see loadplan.h; OP is launch, use or key, BYTES is always 0. At the end
 * "due STEP NS" for each launch.
 */
#include <fcntl.h>
#include <getopt.h>
#include <math.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/epoll.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"
#include "loadplan.h"

#define REQUESTS_MAX	(1U << 16)
#define REOPENS_MAX	100
#define CANNOT_EXEC	127
#define RECONNECT_NS	(50 * NSEC_PER_MSEC)

enum op {
	OP_LAUNCH,
	OP_USE,
	OP_KEY,
	OPS,
	OP_CLOSE = OPS	/* not measured */
};

static const char *const op_names[] = { "launch", "use", "key" };

struct request {
	uint64_t due_ns;
	const char *event;
	uint32_t number;
	uint16_t step;
	uint8_t op;
};

/* In order of when they are due; all known before the first. */
struct queue {
	struct request *requests;
	uint32_t nr;
	uint32_t due;		/* next to become due */
	uint32_t sent;		/* next to be sent */
	uint32_t tail;		/* next to be answered */
};

enum state { CLOSED, STARTING, OPEN, CLOSING };

struct program {
	struct queue queue;
	enum state state;
	int fd;
	pid_t pid;		/* of the one that is opened and closed */
	unsigned int reopens;
	size_t line_len;
	char line[64];
};

static struct {
	const char *shell, *cgroup, *plan, *out;
	char **command;
	uint64_t step_ms, use_rate, key_rate, settle_ms, seed, start_ns;
} opt = {
	.step_ms = 2000,
	.use_rate = 5,
	.key_rate = 5,
	.settle_ms = 2500,
	.seed = 1,
};

static struct program shell = { .fd = -1 }, browser = { .fd = -1 };
static int epoll_fd;

static struct request *queue_add(struct queue *q, enum op op, uint64_t due)
{
	struct request *r = &q->requests[q->nr++];
	uint64_t step = (due - opt.start_ns) / (opt.step_ms * NSEC_PER_MSEC);

	if (q->nr > REQUESTS_MAX)
		die("more than %u requests", REQUESTS_MAX);
	*r = (struct request){ .due_ns = due, .op = op, .step = step };
	return r;
}

static uint64_t poisson_next(uint64_t t, double rate, uint64_t *seed)
{
	return t + (uint64_t)(-log(rng_double(seed)) / rate * 1e9);
}

static const char *pick_use(uint64_t *seed)
{
	double u = rng_double(seed);

	return u < 0.6 ? "scroll" : u < 0.85 ? "key" : "click";
}

static uint64_t step_start(unsigned int i)
{
	return opt.start_ns + i * opt.step_ms * NSEC_PER_MSEC;
}

/* Opened somewhere in step `first`, closed when step `end` begins. */
static void add_burst(unsigned int first, unsigned int end, uint64_t *seed)
{
	uint64_t t = step_start(first) + (uint64_t)(rng_double(seed) *
			(double)(opt.step_ms * NSEC_PER_MSEC - 1));
	struct request *r;

	queue_add(&browser.queue, OP_LAUNCH, t);
	t += opt.settle_ms * NSEC_PER_MSEC;
	while ((t = poisson_next(t, loadplan.steps[first].load * (double)opt.use_rate,
				 seed)) < step_start(end)) {
		r = queue_add(&browser.queue, OP_USE, t);
		r->event = pick_use(seed);
		r->number = rng_next(seed) >> 33;
	}
	queue_add(&browser.queue, OP_CLOSE, step_start(end));
}

static uint64_t seed_of(unsigned int what)
{
	uint64_t seed = opt.seed * 16 + what;
	int i;

	/* The first numbers after small seeds are like each other. */
	for (i = 0; i < 16; i++)
		rng_next(&seed);
	return seed;
}

static void make_requests(void)
{
	uint64_t burst_seed = seed_of(1), key_seed = seed_of(2), t;
	unsigned int i, end;
	struct request *r;

	shell.queue.requests = calloc(REQUESTS_MAX + 1, sizeof(struct request));
	browser.queue.requests = calloc(REQUESTS_MAX + 1,
					sizeof(struct request));
	if (!shell.queue.requests || !browser.queue.requests)
		die("out of memory");
	for (i = 0; i < loadplan.nr_steps; i++) {
		if (!(loadplan.steps[i].load > 0))
			die("%s: a step without load", opt.plan);
		loadplan.steps[i].start_ns = t = step_start(i);
		while ((t = poisson_next(t,
					 loadplan.steps[i].load * (double)opt.key_rate,
					 &key_seed)) < step_start(i + 1)) {
			r = queue_add(&shell.queue, OP_KEY, t);
			r->event = "key";
			r->number = rng_next(&key_seed) >> 33;
		}
	}
	for (i = 0; i < loadplan.nr_steps; i = end + 1) {
		for (end = i; end < loadplan.nr_steps && loadplan.steps[end].burst; end++)
			;
		if (end > i)
			add_burst(i, end, &burst_seed);
	}
}

static void request_answered(const struct request *r, uint64_t now)
{
	if (r->op != OP_CLOSE)
		loadplan_answered(r->step, r->op, r->due_ns, false, now);
}

static void program_connected(struct program *p, int fd, enum state state)
{
	struct epoll_event ev = { .events = EPOLLIN, .data.ptr = p };

	if (fcntl(fd, F_SETFL, O_NONBLOCK) ||
	    epoll_ctl(epoll_fd, EPOLL_CTL_ADD, fd, &ev))
		die("epoll: %s", strerror(errno));
	p->fd = fd;
	p->state = state;
	p->line_len = 0;
	p->queue.sent = p->queue.tail;
}

/* The shell is started again by others, if it ends. */
static bool shell_connect(void)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(opt.shell) >= sizeof(addr.sun_path))
		die("--shell: too long");
	strcpy(addr.sun_path, opt.shell);
	if (fd < 0)
		die("socket: %s", strerror(errno));
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr))) {
		close(fd);
		return false;
	}
	program_connected(&shell, fd, OPEN);
	return true;
}

static void __attribute__((noreturn)) browser_exec(int fd)
{
	char path[4096];
	int procs;

	snprintf(path, sizeof(path), "%s/cgroup.procs", opt.cgroup);
	procs = open(path, O_WRONLY | O_CLOEXEC);
	if (procs < 0 || write(procs, "0", 1) != 1) {
		fprintf(stderr, "%s: %s\n", path, strerror(errno));
		_exit(CANNOT_EXEC);
	}
	if (dup2(fd, 0) == 0 && dup2(fd, 1) == 1)
		execvp(opt.command[0], opt.command);
	fprintf(stderr, "%s: %s\n", opt.command[0], strerror(errno));
	_exit(CANNOT_EXEC);
}

static void browser_start(void)
{
	int fds[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, fds))
		die("socketpair: %s", strerror(errno));
	browser.pid = fork();
	if (browser.pid < 0)
		die("fork: %s", strerror(errno));
	if (!browser.pid)
		browser_exec(fds[1]);
	close(fds[1]);
	program_connected(&browser, fds[0], STARTING);
}

/* Returns true if it ended as it was asked to. */
static bool browser_reap(void)
{
	int status;

	/* Its end of the socket is closed: it ends, or has. */
	if (waitpid(browser.pid, &status, 0) != browser.pid)
		die("waitpid: %s", strerror(errno));
	if (WIFEXITED(status) && WEXITSTATUS(status) == CANNOT_EXEC)
		die("%s cannot be started", opt.command[0]);
	return browser.state == CLOSING && !status;
}

static struct loadplan_step *step_now(void)
{
	uint64_t i = (now_ns() - opt.start_ns) /
		     (opt.step_ms * NSEC_PER_MSEC);

	return &loadplan.steps[i < loadplan.nr_steps ? i : loadplan.nr_steps - 1];
}

static void program_ended(struct program *p)
{
	enum state state = p->state;
	bool asked = false;

	close(p->fd);
	p->fd = -1;
	if (p == &browser)
		asked = browser_reap();
	p->state = CLOSED;
	if (state == CLOSING)
		p->queue.tail++;
	if (asked)
		return;
	step_now()->errors++;
	fprintf(stderr, "%s ended by itself\n",
		p == &browser ? "the program" : "the shell");
	if (++p->reopens > REOPENS_MAX)
		die("%u times is too often", p->reopens);
	if (p == &browser && state != CLOSING)
		browser_start();
}

static void program_line(struct program *p, uint64_t now)
{
	struct queue *q = &p->queue;
	struct request *r = &q->requests[q->tail];

	p->line[p->line_len] = '\0';
	p->line_len = 0;
	if (p->state == STARTING && !strcmp(p->line, "ready")) {
		p->state = OPEN;
		/* Not so if it had to be opened again. */
		if (r->op == OP_LAUNCH) {
			request_answered(r, now);
			q->sent = ++q->tail;
		}
		return;
	}
	if (p->state == STARTING || q->tail == q->sent ||
	    strtoul(p->line, NULL, 10) != q->tail)
		die("answered '%s', which was not asked", p->line);
	request_answered(r, now);
	q->tail++;
}

static void program_read(struct program *p)
{
	static char buf[4096];
	ssize_t len = read(p->fd, buf, sizeof(buf)), i;
	uint64_t now = now_ns();

	if (len < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (len <= 0) {
		program_ended(p);
		return;
	}
	for (i = 0; i < len; i++) {
		if (buf[i] == '\n')
			program_line(p, now);
		else if (p->line_len < sizeof(p->line) - 1)
			p->line[p->line_len++] = buf[i];
	}
}

static void request_send(struct program *p, uint32_t id)
{
	const struct request *r = &p->queue.requests[id];
	char line[64];
	int len = snprintf(line, sizeof(line), "%u %s %u\n", id, r->event,
			   r->number);

	/*
	 * What a user does in a minute fits a socket's buffer. One that was
	 * closed just now is noticed by reading, and all is sent again.
	 */
	if (send(p->fd, line, len, MSG_NOSIGNAL) != len && errno != EPIPE &&
	    errno != ECONNRESET)
		die("send: %s", strerror(errno));
}

/* Sends what is due, as far as the program's state lets it. */
static void program_advance(struct program *p)
{
	struct queue *q = &p->queue;

	if (p == &shell && p->state == CLOSED && !shell_connect())
		return;
	if (p == &browser && p->state == CLOSED && q->tail < q->due)
		browser_start();
	while (p->state == OPEN && q->sent < q->due) {
		if (q->requests[q->sent].op != OP_CLOSE) {
			request_send(p, q->sent++);
			continue;
		}
		/* The user waits for what was asked for before. */
		if (q->tail != q->sent)
			return;
		q->sent++;
		p->state = CLOSING;
		shutdown(p->fd, SHUT_WR);
	}
}

static uint64_t next_due(const struct queue *q)
{
	return q->due < q->nr ? q->requests[q->due].due_ns : UINT64_MAX;
}

static void mark_due(struct queue *q, uint64_t now)
{
	for (; next_due(q) <= now; q->due++) {
		if (q->requests[q->due].op == OP_CLOSE)
			continue;
		loadplan_due(q->requests[q->due].step,
			     q->requests[q->due].due_ns);
	}
}

static void poll_until(uint64_t until_ns)
{
	struct epoll_event ev[2];
	uint64_t now = now_ns();
	struct timespec ts = {};
	int i, n;

	if (until_ns > now) {
		ts.tv_sec = (until_ns - now) / NSEC_PER_SEC;
		ts.tv_nsec = (until_ns - now) % NSEC_PER_SEC;
	}
	n = epoll_pwait2(epoll_fd, ev, 2, &ts, NULL);
	for (i = 0; i < n; i++)
		program_read(ev[i].data.ptr);
}

static void run(void)
{
	uint64_t end = step_start(loadplan.nr_steps), limit = end + 30 * NSEC_PER_SEC;
	uint64_t now, until;

	while ((now = now_ns()) < limit) {
		mark_due(&shell.queue, now);
		mark_due(&browser.queue, now);
		program_advance(&shell);
		program_advance(&browser);
		if (now >= end && shell.queue.tail == shell.queue.nr &&
		    browser.queue.tail == browser.queue.nr)
			return;
		until = next_due(&shell.queue);
		if (next_due(&browser.queue) < until)
			until = next_due(&browser.queue);
		/* A shell that ended may be there again soon. */
		if (shell.state == CLOSED && until > now + RECONNECT_NS)
			until = now + RECONNECT_NS;
		if (until > end + NSEC_PER_SEC)
			until = now + NSEC_PER_SEC;
		poll_until(until);
	}
	die("%llu requests were never answered",
	    (unsigned long long)loadplan.waiting);
}

static void write_launches(FILE *f)
{
	const struct request *r = browser.queue.requests;
	const struct request *end = r + browser.queue.nr;

	for (; r < end; r++) {
		if (r->op == OP_LAUNCH)
			fprintf(f, "due %u %llu\n", r->step,
				(unsigned long long)r->due_ns);
	}
}

static void parse_args(int argc, char **argv)
{
	static const struct {
		const char *name;
		uint64_t *val, min, max;
	} numbers[] = {
		{ "step-ms", &opt.step_ms, 10, 600000 },
		{ "use-rate", &opt.use_rate, 1, 1000 },
		{ "key-rate", &opt.key_rate, 1, 1000 },
		{ "settle-ms", &opt.settle_ms, 0, 600000 },
		{ "seed", &opt.seed, 1, UINT32_MAX },
		{ "start-ns", &opt.start_ns, 0, UINT64_MAX },
	};
	static const struct {
		const char *name, **val;
	} words[] = {
		{ "shell", &opt.shell },
		{ "cgroup", &opt.cgroup },
		{ "plan", &opt.plan },
		{ "out", &opt.out },
	};
	const size_t nr = sizeof(numbers) / sizeof(numbers[0]);
	const size_t nr_words = sizeof(words) / sizeof(words[0]);
	struct option opts[16] = {};
	size_t i;
	int c;

	for (i = 0; i < nr + nr_words; i++)
		opts[i] = (struct option){
			i < nr ? numbers[i].name : words[i - nr].name,
			required_argument, NULL, 256 + i
		};
	/* The program's own options are not for us. */
	while ((c = getopt_long(argc, argv, "+", opts, NULL)) != -1) {
		if (c < 256)
			exit(2);
		i = c - 256;
		if (i >= nr)
			*words[i - nr].val = optarg;
		else
			*numbers[i].val = parse_u64(numbers[i].name, optarg,
						    numbers[i].min,
						    numbers[i].max);
	}
	if (!opt.shell || !opt.cgroup || !opt.plan || !opt.out ||
	    optind == argc)
		die("wants --shell, --cgroup, --plan, --out and a program");
	opt.command = argv + optind;
}

int main(int argc, char **argv)
{
	struct sched_param rt = { .sched_priority = 1 };

	parse_args(argc, argv);
	loadplan_read(opt.plan, op_names, OPS);
	epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (epoll_fd < 0)
		die("%s", strerror(errno));
	if (!shell_connect())
		die("%s: %s", opt.shell, strerror(errno));
	/* The one who measures must not be who waits; what it starts may be. */
	if (mlockall(MCL_CURRENT | MCL_FUTURE) ||
	    sched_setscheduler(0, SCHED_FIFO | SCHED_RESET_ON_FORK, &rt))
		die("lock memory, become real-time: %s", strerror(errno));
	if (!opt.start_ns)
		opt.start_ns = now_ns() + NSEC_PER_SEC / 2;
	if (now_ns() > opt.start_ns)
		die("ready too late for --start-ns");
	make_requests();
	run();
	loadplan_write(opt.out, write_launches);
	return 0;
}
