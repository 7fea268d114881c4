// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * A batch app that takes all the CPU it can and holds more memory than is
 * free. A tenth of its working set is hot; the rest is walked at a bounded
 * pace, so that whatever is swapped out is wanted again, and memory that
 * becomes free is refilled at once. A unit of work is one page read whole and
 * written once; the units go to a shared file that others may read while it
 * runs.
 *
 *	batch --bytes N --counters FILE [--workers N] [--hot-pct N]
 *	      [--walk-mib-s N] [--busy-pct N] [--seed N]
 *
 * With --busy-pct it works that share of the time, as one that also waits for
 * a disk does; a tenth of a second that it got too little it makes up for.
 */
#include <fcntl.h>
#include <getopt.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "load.h"

#define PAGE		4096UL
#define WORKERS_MAX	16
/* Pages between two looks at the clock: 1/64 of them would cost nothing. */
#define STRIDE		64

/* One cache line each, so that workers do not share one. */
struct counter {
	volatile uint64_t units;
	volatile uint64_t cold;		/* of them, in the walked part */
	volatile uint64_t filled;	/* bytes, while starting */
	uint64_t pad[5];
};

static struct {
	uint64_t bytes;
	uint64_t workers;
	uint64_t hot_pct;
	uint64_t walk_mib_s;
	uint64_t busy_pct;
	uint64_t seed;
	const char *counters;
} opt = { .workers = 3, .hot_pct = 10, .walk_mib_s = 60, .busy_pct = 100,
	  .seed = 1 };

static uint64_t work_on(uint64_t *page, uint64_t sum)
{
	size_t i;

	for (i = 0; i < PAGE / sizeof(*page); i++)
		sum += page[i];
	page[0] = sum;
	return sum;
}

/*
 * Sleeps until this thread's CPU time is at most busy_pct of the time. What
 * was missed while others had the CPU or memory was short is lost, but for a
 * little: real work that waits does not catch up either.
 */
static void pause_for_others(void)
{
	static uint64_t used_from, from;
	uint64_t now, used, want;
	struct timespec ts;

	if (opt.busy_pct >= 100)
		return;
	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	used = (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
	now = now_ns();
	want = (used - used_from) * 100 / opt.busy_pct;
	if (!from || now > from + want + NSEC_PER_SEC / 10) {
		used_from = used;
		from = now;
	} else if (from + want > now + NSEC_PER_SEC / 200) {
		want = from + want - now;
		ts.tv_sec = want / NSEC_PER_SEC;
		ts.tv_nsec = want % NSEC_PER_SEC;
		clock_nanosleep(CLOCK_BOOTTIME, 0, &ts, NULL);
	}
}

static void __attribute__((noreturn)) worker(unsigned int nr,
					     struct counter *count)
{
	uint64_t seed = opt.seed * 1000003 + nr + 1, sum = seed;
	uint64_t pages = opt.bytes / opt.workers / PAGE;
	uint64_t hot = pages * opt.hot_pct / 100, cold = pages - hot;
	uint64_t rate = opt.walk_mib_s * 256 / opt.workers; /* pages/s */
	uint64_t walked, start, due, i, h = 0, c = 0;
	char *mem;

	mem = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE,
		   MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (mem == MAP_FAILED)
		die("%lu bytes: %s", pages * PAGE, strerror(errno));
	/* Huge pages would make the refill a matter of khugepaged's mood. */
	madvise(mem, pages * PAGE, MADV_NOHUGEPAGE);
	for (i = 0; i < pages; i++) {
		fill_compressible(mem + i * PAGE, PAGE, &seed);
		count->filled += PAGE;
	}

	start = now_ns();
	walked = 0;
	for (;;) {
		for (i = 0; i < STRIDE; i++) {
			sum = work_on((uint64_t *)(mem + h * PAGE), sum);
			h = (h + 1) % hot;
		}
		count->units += STRIDE;

		due = (now_ns() - start) * rate / NSEC_PER_SEC;
		/*
		 * Having been held up is not made up for: else a slow second
		 * would end in a storm of faults that no real walk makes.
		 */
		if (due > walked + rate / 10)
			walked = due - rate / 10;
		for (i = 0; i < STRIDE && walked < due; i++, walked++) {
			sum = work_on((uint64_t *)(mem + (hot + c) * PAGE),
				      sum);
			c = (c + 1) % cold;
			count->units++;
			count->cold++;
		}
		pause_for_others();
	}
}

static struct counter *map_counters(void)
{
	size_t len = WORKERS_MAX * sizeof(struct counter);
	struct counter *count;
	int fd = open(opt.counters, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC,
		      0644);

	if (fd < 0 || ftruncate(fd, len))
		die("%s: %s", opt.counters, strerror(errno));
	count = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (count == MAP_FAILED)
		die("%s: %s", opt.counters, strerror(errno));
	close(fd);
	return count;
}

static void parse_args(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "bytes", required_argument, NULL, 'b' },
		{ "counters", required_argument, NULL, 'c' },
		{ "workers", required_argument, NULL, 'w' },
		{ "hot-pct", required_argument, NULL, 'h' },
		{ "walk-mib-s", required_argument, NULL, 'r' },
		{ "busy-pct", required_argument, NULL, 'p' },
		{ "seed", required_argument, NULL, 's' },
		{}
	};
	int c;

	while ((c = getopt_long(argc, argv, "", opts, NULL)) != -1) {
		switch (c) {
		case 'b':
			opt.bytes = parse_u64("--bytes", optarg, 1 << 20,
					      1ULL << 46);
			break;
		case 'c':
			opt.counters = optarg;
			break;
		case 'w':
			opt.workers = parse_u64("--workers", optarg, 1,
						WORKERS_MAX);
			break;
		case 'h':
			opt.hot_pct = parse_u64("--hot-pct", optarg, 1, 99);
			break;
		case 'r':
			opt.walk_mib_s = parse_u64("--walk-mib-s", optarg, 0,
						   1 << 20);
			break;
		case 'p':
			opt.busy_pct = parse_u64("--busy-pct", optarg, 1, 100);
			break;
		case 's':
			opt.seed = parse_u64("--seed", optarg, 0, UINT32_MAX);
			break;
		default:
			exit(2);
		}
	}
	if (!opt.bytes || !opt.counters || optind != argc)
		die("wants --bytes N and --counters FILE");
}

int main(int argc, char **argv)
{
	struct counter *count;
	unsigned int i;
	pid_t pid;
	int status;

	parse_args(argc, argv);
	count = map_counters();
	for (i = 0; i < opt.workers; i++) {
		pid = fork();
		if (pid < 0)
			die("fork: %s", strerror(errno));
		if (!pid) {
			prctl(PR_SET_PDEATHSIG, SIGKILL);
			worker(i, &count[i]);
		}
	}
	/* Workers never end by themselves: one that did was killed. */
	wait(&status);
	die("a worker ended, status %#x", status);
}
