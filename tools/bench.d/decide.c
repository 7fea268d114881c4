// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * decide - what a decision costs: kmod/decide on made-up nodes of many apps.
 *
 *	decide [--json FILE]
 *
 * A node has n apps on 64 cores, 256 GiB and 4 GiB/s, 90 % of each in use, a third of
 * the apps eligible donors. None, a tenth or all of the other apps are forecast
 * to use half as much again as now, within the lead time; and once more all, with what
 * was decided then in force. Every case is decided again and again for a fixed time; the median of the single decisions counts, as
 * other work on the machine only adds. A case that takes too long to be decided
 * five times is told as it came out. Growth is that of the least time from the size
 * before, by that of n log n: 1 is as much, 2 is twice as much. Where it is more, look
 * at what the apps take: it may not fit the caches any more.
 */
#include <errno.h>
#include <getopt.h>
#include <math.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <jansson.h>

#include "../../kmod/decide/decide.h"

#define CORES		64ULL
#define MEMORY		(256ULL << 30)
#define IO		(4ULL << 30)
#define NET		(3ULL << 30)	/* 25 Gbit/s */
#define USED_PCT	90ULL
#define PROPOSALS	256		/* as many as the module's tick takes */
#define CASE_NS		700000000ULL	/* of deciding, for each case */
#define RUNS_MAX	100000U

static const uint32_t sizes[] = { 100, 1000, 10000, 100000 };
static const struct load {
	uint32_t rising_pct;
	bool leased;
} loads[] = { { 0, false }, { 10, false }, { 100, false }, { 100, true } };

static const uint64_t capacity[DECIDE_RESOURCES] = {
	[DECIDE_CPU] = CORES * DECIDE_MILLI_PER_CPU,
	[DECIDE_MEMORY] = MEMORY,
	[DECIDE_IO] = IO,
	[DECIDE_NET] = NET,
};

/* A small app's rise is worth a lease, too. */
static const uint64_t rise[DECIDE_RESOURCES] = {
	[DECIDE_CPU] = 250,
	[DECIDE_MEMORY] = 2 * MEMORY / 128,
	[DECIDE_IO] = 2 * IO / 128,
	[DECIDE_NET] = 2 * NET / 128,
};

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct bench {
	struct decide_app *apps;
	struct decide_snapshot snapshot;
	struct decide_result result;
	struct decide_proposal proposals[PROPOSALS];
	struct decide_why whys[PROPOSALS];
	struct decide_shortage shortages[PROPOSALS];
	struct decide_lease leases[PROPOSALS];
	uint64_t *took;		/* ns of each decision */
};

struct cost {
	uint32_t apps, rising_pct, leases, runs;
	uint32_t receivers, proposals;
	uint64_t median_ns, least_ns;
	double growth;		/* 0: there is no size before */
};

static void __attribute__((noreturn)) die(const char *what)
{
	fprintf(stderr, "decide: %s: %s\n", what, strerror(errno));
	exit(1);
}

static void *array(size_t count, size_t size)
{
	void *p = calloc(count, size);

	if (!p)
		die("memory");
	return p;
}

static uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + ts.tv_nsec;
}

/* A generator of our own, so that each machine decides on the same node. */
static uint64_t draw(uint64_t below)
{
	static uint64_t state = 0x5eed;

	state ^= state << 13;
	state ^= state >> 7;
	state ^= state << 17;
	return state % below;
}

static void make_app(struct decide_app *app, uint32_t i, uint32_t n,
		     uint32_t rising)
{
	uint64_t mean;
	int r;

	*app = (struct decide_app){
		.id = i + 1,
		.parent = DECIDE_NONE,
		.eligible = i % 3 == 0,
	};
	app->priority = app->eligible ? 1 + draw(4) : 5 + draw(6);
	app->sensitivity = app->eligible ? DECIDE_BATCH : draw(2);
	for (r = 0; r < DECIDE_RESOURCES; r++) {
		struct decide_use *use = &app->use[r];

		mean = capacity[r] * USED_PCT / 100 / n;
		use->used = mean / 2 + draw(mean + 1);
		use->base = use->used;
		use->floor = use->used / 4;
		if (app->eligible || draw(100) >= rising)
			continue;
		use->source = DECIDE_FROM_FORECAST;
		use->q50 = use->used + use->used / 4;
		use->q95 = use->used + use->used / 2 + rise[r];
	}
}

static void make_node(struct bench *b, uint32_t n, uint32_t rising)
{
	uint32_t i, r;

	b->snapshot = (struct decide_snapshot){
		.threshold_pct = { 80, 80, 80, 80 },
		.correlation_pct = 50,
		.min_priority = 1,
		.nr_apps = n,
		.apps = b->apps,
	};
	memcpy(b->snapshot.capacity, capacity, sizeof(capacity));
	for (i = 0; i < n; i++) {
		make_app(&b->apps[i], i, n, rising);
		for (r = 0; r < DECIDE_RESOURCES; r++)
			b->snapshot.used[r] += b->apps[i].use[r].used;
	}
}

/* What was decided is carried out, and its donors use that much less. */
static void carry_out(struct bench *b)
{
	struct decide_snapshot *s = &b->snapshot;
	uint32_t i;

	decide(s, &b->result);
	for (i = 0; i < b->result.nr_proposals; i++) {
		const struct decide_proposal *p = &b->proposals[i];
		struct decide_use *use = &b->apps[p->donor].use[p->resource];

		b->leases[i] = (struct decide_lease){
			.donor = p->donor,
			.receiver = p->receiver,
			.resource = p->resource,
			.amount = p->amount,
			.gain = p->gain,
		};
		use->had = use->used + use->given;
		use->given += p->gain;
		use->used = use->had - use->given;
		s->used[p->resource] -= p->gain;
	}
	s->leases = b->leases;
	s->nr_leases = b->result.nr_proposals;
}

static int by_size(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static struct cost measure(struct bench *b, uint32_t n,
			   const struct load *load)
{
	struct cost cost = { .apps = n, .rising_pct = load->rising_pct };
	uint64_t begin, end;

	make_node(b, n, load->rising_pct);
	if (load->leased)
		carry_out(b);
	cost.leases = b->snapshot.nr_leases;
	decide(&b->snapshot, &b->result);	/* warms the caches up */
	begin = now_ns();
	do {
		uint64_t from = now_ns();

		decide(&b->snapshot, &b->result);
		end = now_ns();
		b->took[cost.runs++] = end - from;
	} while (end - begin < CASE_NS && cost.runs < RUNS_MAX);
	qsort(b->took, cost.runs, sizeof(*b->took), by_size);
	cost.median_ns = b->took[cost.runs / 2];
	cost.least_ns = b->took[0];
	cost.receivers = b->result.nr_receivers;
	cost.proposals = b->result.nr_proposals;
	return cost;
}

static double growth(const struct cost *from, const struct cost *to)
{
	double more = (double)to->apps / from->apps *
		      log(to->apps) / log(from->apps);

	return (double)to->least_ns / from->least_ns / more;
}

static void print(const struct cost *c)
{
	printf("%7u  %8zu  %4u %%  %6u  %9u  %9u  %10.1f  %10.1f  %6.1f",
	       c->apps, c->apps * sizeof(struct decide_app) >> 10,
	       c->rising_pct, c->leases, c->receivers, c->proposals,
	       c->median_ns / 1e3, c->least_ns / 1e3,
	       (double)c->least_ns / c->apps);
	printf(c->growth ? "  %6.2f" : "       -", c->growth);
	printf("  %6u%s\n", c->runs, c->runs < 5 ? "  (few runs)" : "");
	fflush(stdout);
}

static json_t *as_json(const struct cost *c)
{
	return json_pack("{s:i, s:i, s:i, s:i, s:i, s:i, s:I, s:I, s:f}",
			 "apps", c->apps, "rising_pct", c->rising_pct,
			 "leases", c->leases,
			 "receivers", c->receivers, "proposals", c->proposals,
			 "runs", c->runs, "median_ns", (json_int_t)c->median_ns,
			 "least_ns", (json_int_t)c->least_ns,
			 "growth", c->growth);
}

static FILE *parse(int argc, char **argv, const char **path)
{
	static const struct option options[] = {
		{ "json", required_argument, NULL, 'j' },
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	static const char usage[] = "usage: tools/bench decide [--json FILE]\n\n"
		"  --json FILE   write all numbers there, times in ns\n";
	FILE *json = NULL;
	int option;

	*path = NULL;
	while ((option = getopt_long(argc, argv, "h", options, NULL)) != -1) {
		if (option == 'h') {
			fputs(usage, stdout);
			exit(0);
		}
		if (option != 'j') {
			fputs(usage, stderr);
			exit(2);
		}
		*path = optarg;
	}
	if (optind < argc) {
		fprintf(stderr, "decide: what is '%s'?\n%s", argv[optind],
			usage);
		exit(2);
	}
	if (*path) {
		json = fopen(*path, "we");
		if (!json)
			die(*path);
	}
	return json;
}

int main(int argc, char **argv)
{
	const uint32_t most = sizes[COUNT(sizes) - 1];
	const char *path;
	FILE *json = parse(argc, argv, &path);
	json_t *all = json_array();
	struct bench b = {
		.apps = array(most, sizeof(*b.apps)),
		.took = array(RUNS_MAX, sizeof(*b.took)),
	};
	struct cost cost, smaller[COUNT(loads)] = {};
	size_t s, k;

	b.result = (struct decide_result){
		.proposals = b.proposals,
		.whys = b.whys,
		.proposals_max = PROPOSALS,
		.shortages = b.shortages,
		.shortages_max = PROPOSALS,
		.entries = array(2 * most, sizeof(*b.result.entries)),
		.held = array(most, sizeof(*b.result.held)),
		.taken = array(most, sizeof(*b.result.taken)),
	};
	printf("One decision over %d resources.\n\n"
	       "   apps       KiB  rising  leases  receivers  proposals"
	       "  median, us   least, us  ns/app  growth    runs\n",
	       DECIDE_RESOURCES);
	for (s = 0; s < COUNT(sizes); s++) {
		for (k = 0; k < COUNT(loads); k++) {
			cost = measure(&b, sizes[s], &loads[k]);
			cost.growth = s ? growth(&smaller[k], &cost) : 0;
			smaller[k] = cost;
			print(&cost);
			json_array_append_new(all, as_json(&cost));
		}
	}
	if (json && (json_dumpf(all, json, JSON_INDENT(1)) || fclose(json)))
		die(path);
	json_decref(all);
	free(b.apps);
	free(b.took);
	free(b.result.entries);
	free(b.result.held);
	free(b.result.taken);
	return 0;
}
