// SPDX-License-Identifier: GPL-2.0-or-later
/* Plans and measured steps of the load generators. See loadplan.h. */
#include <math.h>

#include "load.h"
#include "loadplan.h"

/* 64 buckets an octave: the middle of one is right to 1/128. */
#define SUB_BITS	6
#define SUB		(1U << SUB_BITS)
#define BUCKETS		(SUB * 40)

static struct loadplan_step steps[LOADPLAN_STEPS_MAX];

struct loadplan loadplan = { .steps = steps };

static const char *const *op_names;
static unsigned int nr_op_names;
/* For GAP: when the last answer came, or waiting began. */
static uint64_t progress_ns;

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

static uint64_t step_quantile(const struct loadplan_step *s, double q)
{
	uint64_t total = 0, sum = 0, want;
	unsigned int b, op;

	for (b = 0; b < nr_op_names * BUCKETS; b++)
		total += s->hist[b];
	want = (uint64_t)ceil(q * (double)total);
	for (b = 0; b < BUCKETS; b++) {
		for (op = 0; op < nr_op_names; op++)
			sum += s->hist[op * BUCKETS + b];
		if (sum && sum >= want)
			return bucket_middle(b);
	}
	return 0;
}

void loadplan_read(const char *path, const char *const *ops,
		   unsigned int nr_ops)
{
	FILE *f = fopen(path, "re");
	char line[128];
	int burst;

	op_names = ops;
	nr_op_names = nr_ops;
	if (!f)
		die("%s: %s", path, strerror(errno));
	while (fgets(line, sizeof(line), f)) {
		struct loadplan_step *s = &steps[loadplan.nr_steps];

		if (line[0] == '#' || line[0] == '\n')
			continue;
		if (loadplan.nr_steps == LOADPLAN_STEPS_MAX)
			die("%s: more than %d steps", path, LOADPLAN_STEPS_MAX);
		if (sscanf(line, "%lf %d %15s", &s->load, &burst, s->name) !=
			    3 ||
		    !(s->load >= 0 && s->load < 1000))
			die("%s:%u: want LOAD BURST NAME", path,
			    loadplan.nr_steps + 1);
		s->burst = burst;
		s->hist = calloc(nr_ops * BUCKETS, sizeof(*s->hist));
		if (!s->hist)
			die("out of memory");
		loadplan.nr_steps++;
	}
	fclose(f);
	if (!loadplan.nr_steps)
		die("%s: no steps", path);
}

void loadplan_due(unsigned int step, uint64_t due_ns)
{
	steps[step].requests++;
	if (!loadplan.waiting++)
		progress_ns = due_ns;
}

void loadplan_answered(unsigned int step, unsigned int op, uint64_t due_ns,
		       bool error, uint64_t now_ns)
{
	struct loadplan_step *s = &steps[step];
	uint64_t ns = now_ns > due_ns ? now_ns - due_ns : 0;

	s->answers++;
	s->errors += error;
	s->hist[op * BUCKETS + bucket_of(ns)]++;
	if (ns > s->max_ns)
		s->max_ns = ns;
	/* Answers that come in one read are one moment: no gap in it. */
	if (now_ns > progress_ns && now_ns - progress_ns > s->gap_ns)
		s->gap_ns = now_ns - progress_ns;
	progress_ns = now_ns;
	loadplan.waiting--;
}

void loadplan_print_step(FILE *f, unsigned int i)
{
	const struct loadplan_step *s = &steps[i];

	fprintf(f, "step %u %s %llu %llu %llu %llu %llu %llu %llu %llu\n", i,
		s->name, (unsigned long long)s->start_ns,
		(unsigned long long)s->requests, (unsigned long long)s->errors,
		(unsigned long long)step_quantile(s, 0.5),
		(unsigned long long)step_quantile(s, 0.99),
		(unsigned long long)s->max_ns, (unsigned long long)s->gap_ns,
		(unsigned long long)s->bytes);
	fflush(f);
}

void loadplan_write(const char *path, void (*more)(FILE *f))
{
	FILE *f = fopen(path, "we");
	unsigned int i, op, b;

	if (!f)
		die("%s: %s", path, strerror(errno));
	for (i = 0; i < loadplan.nr_steps; i++) {
		loadplan_print_step(f, i);
		for (op = 0; op < nr_op_names; op++) {
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
	if (more)
		more(f);
	if (fclose(f))
		die("%s: %s", path, strerror(errno));
}
