// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preswap-replay: decides recorded decisions again. See preswap-replay(8).
 */
#include <errno.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/config.h"
#include "plan/replay.h"
#include "plan/whatif.h"
#include "show/decision.h"
#include "show/table.h"

#define EXIT_SAME	0
#define EXIT_DIFFERS	1	/* or damaged */
#define EXIT_FAILED	2

static const char usage[] =
	"usage: preswap-replay [OPTION]... FILE\n\n"
	"Decides each snapshot of FILE (preswapctl record; - is standard input) again,\n"
	"and tells where the answer is not the recorded one, bit for bit.\n\n"
	"With one of these, tells side by side what would have been decided instead:\n"
	"  --policy CONFIG         policies of a preswapd.conf(5)\n"
	"  --threshold-cpu PCT     1 to 100\n"
	"  --threshold-memory PCT  1 to 100\n"
	"  --threshold-io PCT      1 to 100\n"
	"  --threshold-net PCT     1 to 100\n"
	"  --correlation PCT       0 to 100\n"
	"  --min-priority N        0 to 10\n\n"
	"Exit status: 0 all are the same (or were compared); 1 one differs, or is\n"
	"damaged; 2 wrong usage, or a file cannot be read or written.\n";

struct counts {
	unsigned long same, differ, damaged, old;
	char absent[64];	/* what the first old one lacks */
	const struct whatif *whatif;	/* NULL: compare with the recorded */
	struct whatif_sum was, is;
};

static void put_answer(const struct snapshot *s, const char *what,
		       const struct decide_result *answer)
{
	uint32_t i;

	if (!answer->nr_proposals && !answer->nr_shortages)
		printf("  %s: nothing\n", what);
	for (i = 0; i < answer->nr_proposals; i++) {
		printf("  %s: ", what);
		decision_put_proposal(stdout, s, &answer->proposals[i]);
		putchar('\n');
	}
	for (i = 0; i < answer->nr_shortages; i++) {
		printf("  %s: ", what);
		decision_put_shortage(stdout, s, &answer->shortages[i]);
		putchar('\n');
	}
}

static void put_difference(const struct snapshot *s,
			   const struct decide_result *again)
{
	printf("snapshot %llu, %.3f s after boot, differs:\n",
	       (unsigned long long)s->seq, (double)s->time_ns / 1e9);
	put_answer(s, "was", &s->answered);
	put_answer(s, "is", again);
	replay_check(s, again, stdout);
}

static int compare(const struct snapshot *s, struct counts *counts)
{
	struct decide_result again;
	int err = replay_decide(&s->saw, &s->answered, &again);

	if (err)
		return err;
	if (*s->absent && !counts->old++)
		strcpy(counts->absent, s->absent);
	if (replay_check(s, &again, NULL)) {
		counts->differ++;
		put_difference(s, &again);
	} else {
		counts->same++;
	}
	replay_free(&again);
	return 0;
}

/* Counts what is decided as recorded, and then under the other policy. */
static int try_whatif(struct snapshot *s, struct counts *counts)
{
	struct decide_result was, is;
	int err = replay_decide(&s->saw, &s->answered, &was);

	if (err)
		return err;
	err = whatif_add(&counts->was, s, &was);
	whatif_apply(counts->whatif, s);
	if (!err)
		err = replay_decide(&s->saw, &s->answered, &is);
	if (!err) {
		err = whatif_add(&counts->is, s, &is);
		if (replay_differences(&was, &is, NULL))
			counts->differ++;
		else
			counts->same++;
		replay_free(&is);
	}
	replay_free(&was);
	return err;
}

static int replay(const char *path, struct counts *counts)
{
	static struct snapshot_reader reader;
	struct snapshot s = {};
	int err;

	reader.from = snapshot_open(path);
	if (!reader.from) {
		fprintf(stderr, "preswap-replay: %s: %s\n", path,
			strerror(errno));
		return -errno;
	}
	while ((err = snapshot_read(&reader, &s))) {
		if (err > 0)
			err = counts->whatif ? try_whatif(&s, counts) :
					       compare(&s, counts);
		else
			fprintf(stderr, "preswap-replay: %s: %s\n", path,
				reader.error);
		if (err == -ENOMEM)
			fputs("preswap-replay: out of memory\n", stderr);
		counts->damaged += err == -EINVAL;
		if (err && err != -EINVAL)
			break;
	}
	fclose(reader.from);
	snapshot_free(&s);
	return err;
}

static void put_row(struct table *table, const char *what, double was,
		    double is)
{
	table_cell(table, "%s", what);
	table_cell(table, "%.6g", was);
	table_cell(table, "%.6g", is);
}

static unsigned long all(const struct counts *counts)
{
	return counts->same + counts->differ + counts->damaged;
}

static void put_whatif(const struct counts *counts)
{
	static const char * const heads[] = { "", ">RECORDED", ">OTHER", NULL };
	const struct whatif_sum *was = &counts->was, *is = &counts->is;
	struct table *table = table_new(heads);

	if (!table) {
		fputs("preswap-replay: out of memory\n", stderr);
		return;
	}
	put_row(table, "decisions with leases", was->with_leases,
		is->with_leases);
	put_row(table, "decisions that leave somebody short",
		was->with_shortages, is->with_shortages);
	put_row(table, "leases begun", was->begun, is->begun);
	put_row(table, "memory taken, MiB seconds",
		was->taken_s[DECIDE_MEMORY] / 0x1p20,
		is->taken_s[DECIDE_MEMORY] / 0x1p20);
	put_row(table, "CPU taken, core seconds",
		was->taken_s[DECIDE_CPU] / 1e3, is->taken_s[DECIDE_CPU] / 1e3);
	put_row(table, "I/O taken, MiB", was->taken_s[DECIDE_IO] / 0x1p20,
		is->taken_s[DECIDE_IO] / 0x1p20);
	put_row(table, "network taken, MiB", was->taken_s[DECIDE_NET] / 0x1p20,
		is->taken_s[DECIDE_NET] / 0x1p20);
	table_print(table, stdout, false);
	table_free(table);
	printf("%lu snapshot%s: %lu would be decided the same, %lu otherwise, %lu are damaged\n",
	       all(counts), all(counts) == 1 ? "" : "s", counts->same,
	       counts->differ, counts->damaged);
}

static void put_summary(const struct counts *counts)
{
	if (counts->whatif) {
		put_whatif(counts);
		return;
	}

	printf("%lu snapshot%s: %lu decided the same, %lu differ, %lu damaged\n",
	       all(counts), all(counts) == 1 ? "" : "s", counts->same,
	       counts->differ, counts->damaged);
	if (counts->old)
		printf("%lu lack fields (%s), taken as 0: they are of an older version\n",
		       counts->old, counts->absent);
}

static const struct preswap_policy *policy_of(const void *data,
					      const char *path)
{
	return config_match(data, path);
}

/* A number within these bounds, or the end. */
static int number(const char *option, const char *text, uint64_t least,
		  uint64_t most)
{
	uint64_t value;

	if (units_parse_number(text, least, most, &value)) {
		fprintf(stderr, "preswap-replay: --%s is %llu to %llu, not '%s'\n",
			option, (unsigned long long)least,
			(unsigned long long)most, text);
		exit(EXIT_FAILED);
	}
	return (int)value;
}

static struct config *load(const char *path)
{
	struct config *config;
	char error[256];

	if (config_load(path, &config, error, sizeof(error))) {
		fprintf(stderr, "preswap-replay: %s\n", error);
		exit(EXIT_FAILED);
	}
	return config;
}

/* After the reason, which the whole usage would push away. */
static int wrong_usage(void)
{
	fputs("preswap-replay --help tells more\n", stderr);
	return EXIT_FAILED;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{ "policy", required_argument, NULL, 'p' },
		{ "threshold-cpu", required_argument, NULL, 'c' },
		{ "threshold-memory", required_argument, NULL, 'm' },
		{ "threshold-io", required_argument, NULL, 'i' },
		{ "threshold-net", required_argument, NULL, 't' },
		{ "correlation", required_argument, NULL, 'r' },
		{ "min-priority", required_argument, NULL, 'n' },
		{}
	};
	struct whatif whatif = {
		.threshold_pct = { -1, -1, -1, -1 },
		.correlation_pct = -1,
		.min_priority = -1,
	};
	struct config *config = NULL;
	struct counts counts = {};
	int option, err, at;

	while ((option = getopt_long(argc, argv, "h", options, &at)) >= 0) {
		switch (option) {
		case 'h':
			fputs(usage, stdout);
			return EXIT_SAME;
		case 'p':
			config_free(config);
			config = load(optarg);
			whatif.policy = policy_of;
			whatif.data = config;
			break;
		case 'c':
			whatif.threshold_pct[DECIDE_CPU] =
				number(options[at].name, optarg, 1, 100);
			break;
		case 'm':
			whatif.threshold_pct[DECIDE_MEMORY] =
				number(options[at].name, optarg, 1, 100);
			break;
		case 'i':
			whatif.threshold_pct[DECIDE_IO] =
				number(options[at].name, optarg, 1, 100);
			break;
		case 't':
			whatif.threshold_pct[DECIDE_NET] =
				number(options[at].name, optarg, 1, 100);
			break;
		case 'r':
			whatif.correlation_pct =
				number(options[at].name, optarg, 0, 100);
			break;
		case 'n':
			whatif.min_priority =
				number(options[at].name, optarg, 0, 10);
			break;
		default:
			return wrong_usage();
		}
		counts.whatif = &whatif;
	}
	if (optind + 1 != argc) {
		fputs("preswap-replay: needs one FILE, of preswapctl record\n",
		      stderr);
		return wrong_usage();
	}
	err = replay(argv[optind], &counts);
	if (!err || all(&counts))
		put_summary(&counts);
	config_free(config);
	whatif_free(&counts.was);
	whatif_free(&counts.is);
	if (err)
		return EXIT_FAILED;
	if (all(&counts) == counts.damaged)
		fprintf(stderr, "preswap-replay: %s: no decision that can be read is in it; preswapctl record writes such a file\n",
			argv[optind]);
	if (!all(&counts))
		return EXIT_FAILED;
	if (fflush(stdout) || ferror(stdout)) {
		fprintf(stderr, "preswap-replay: writing: %s\n",
			strerror(errno));
		return EXIT_FAILED;
	}
	return (counts.differ && !counts.whatif) || counts.damaged ?
	       EXIT_DIFFERS : EXIT_SAME;
}
