// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * preswap-replay: decides recorded decisions again. See preswap-replay(8).
 */
#include <errno.h>
#include <getopt.h>
#include <string.h>

#include "plan/replay.h"
#include "show/decision.h"

#define EXIT_SAME	0
#define EXIT_DIFFERS	1	/* or damaged */
#define EXIT_FAILED	2

static const char usage[] =
	"usage: preswap-replay FILE\n\n"
	"Decides each snapshot of FILE (preswapctl record; - is standard input) again,\n"
	"and tells where the answer is not the recorded one, bit for bit.\n\n"
	"Exit status: 0 all are the same; 1 one differs, or is damaged; 2 wrong usage,\n"
	"or FILE cannot be read.\n";

struct counts {
	unsigned long same, differ, damaged, old;
	char absent[64];	/* what the first old one lacks */
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
	replay_differences(&s->answered, again, stdout);
}

static int compare(const struct snapshot *s, struct counts *counts)
{
	struct decide_result again;
	int err = replay_decide(&s->saw, &s->answered, &again);

	if (err)
		return err;
	if (*s->absent && !counts->old++)
		strcpy(counts->absent, s->absent);
	if (replay_differences(&s->answered, &again, NULL)) {
		counts->differ++;
		put_difference(s, &again);
	} else {
		counts->same++;
	}
	replay_free(&again);
	return 0;
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
			err = compare(&s, counts);
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

static void put_summary(const struct counts *counts)
{
	printf("%lu snapshots: %lu decided the same, %lu differ, %lu damaged\n",
	       counts->same + counts->differ + counts->damaged, counts->same,
	       counts->differ, counts->damaged);
	if (counts->old)
		printf("%lu lack fields (%s), taken as 0: they are of an older version\n",
		       counts->old, counts->absent);
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "help", no_argument, NULL, 'h' },
		{}
	};
	struct counts counts = {};
	int option, err;

	while ((option = getopt_long(argc, argv, "h", options, NULL)) >= 0) {
		if (option != 'h') {
			fputs(usage, stderr);
			return EXIT_FAILED;
		}
		fputs(usage, stdout);
		return EXIT_SAME;
	}
	if (optind + 1 != argc) {
		fputs(usage, stderr);
		return EXIT_FAILED;
	}
	err = replay(argv[optind], &counts);
	put_summary(&counts);
	if (err)
		return EXIT_FAILED;
	if (!(counts.same + counts.differ + counts.damaged)) {
		fputs("preswap-replay: there is no snapshot in it\n", stderr);
		return EXIT_FAILED;
	}
	return counts.differ || counts.damaged ? EXIT_DIFFERS : EXIT_SAME;
}
