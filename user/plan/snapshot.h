/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A decision as text: what decide() saw and what it answered, as the module
 * prints it in debugfs. A recording is any number of these, one after another:
 *
 *	snapshot 1 SEQ TIME_NS		version, number of the decision, when
 *	node KEY=NUMBER...		struct decide_snapshot
 *	limits KEY=NUMBER...		the room that decide() had for its answer
 *	app KEY=NUMBER... [path=PATH]	nr_apps times, each followed by
 *	use resource=N KEY=NUMBER...	one for each resource
 *	lease id=N KEY=NUMBER...	nr_leases times
 *	answer KEY=NUMBER...		struct decide_result
 *	proposal KEY=NUMBER...		nr_proposals times
 *	shortage KEY=NUMBER...		nr_shortages times
 *	end SEQ
 *
 * The keys are those of kmod/decide/fields.h. An array's numbers are separated
 * by commas. In a path a blank, a tab, a newline and a backslash are \ooo,
 * octal. A field that a recording lacks is 0, and so are the numbers at the end
 * of an array and the uses of a resource without capacity; one that is not known
 * is an error.
 */
#ifndef PLAN_SNAPSHOT_H
#define PLAN_SNAPSHOT_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include "../../kmod/decide/fields.h"

#define SNAPSHOT_LEASES_MAX	4096U
#define SNAPSHOT_ANSWERS_MAX	65536U	/* proposals; and shortages */
#define SNAPSHOT_LINE_MAX	32768	/* a path of 4096 bytes, escaped, fits */

/* Begins as {}, may be read into again and again; snapshot_free() at last. */
struct snapshot {
	uint64_t seq;
	uint64_t time_ns;		/* CLOCK_BOOTTIME */
	struct decide_snapshot saw;	/* its apps and leases are these: */
	struct decide_app *apps;
	struct decide_lease *leases;
	char **paths;			/* of the apps; NULL: not known */
	uint32_t *lease_ids;
	struct decide_result answered;	/* its limits, answer, proposals and
					 * shortages */
	bool has_outlook;		/* the recording has, of the answer */
	char absent[64];		/* the first field that the recording
					 * lacks; "" when it is whole */
	uint32_t apps_room, leases_room, proposals_room, shortages_room;
};

/* Begins with @from set and the rest 0. */
struct snapshot_reader {
	FILE *from;
	uint64_t line;
	char error[256];		/* of the last snapshot_read() < 0 */
	/* its own: */
	char text[SNAPSHOT_LINE_MAX];
	bool again;			/* the line is still to be read */
	struct snapshot *to;
	uint32_t kinds;			/* of lines that came */
	uint32_t nr_apps, nr_leases, nr_proposals, nr_shortages;
	uint32_t uses;			/* resources that the last app has */
};

/*
 * Return: 1, a snapshot was read; 0, there is no more; -EINVAL, this one is
 * damaged or unknown, and the next call goes on with the next one; another
 * -errno, nothing more can be read. @reader->error says what and in which line.
 */
int snapshot_read(struct snapshot_reader *reader, struct snapshot *snapshot);
/* As the module writes it. Errors are @to's own (ferror). */
void snapshot_write(const struct snapshot *snapshot, FILE *to);
void snapshot_free(struct snapshot *snapshot);

/* What a person takes from the app @donor; its floor has it, too. */
uint64_t snapshot_by_hand(const struct decide_snapshot *saw, uint32_t donor,
			  uint32_t resource);

/* A file to read, compressed by gzip or not; "-" is standard input. */
FILE *snapshot_open(const char *path);
/* A compressed file to write; fclose() closes @fd, too. */
FILE *snapshot_compress(int fd);

extern const struct decide_field snapshot_node_fields[];
extern const struct decide_field snapshot_limits_fields[];
extern const struct decide_field snapshot_app_fields[];
extern const struct decide_field snapshot_use_fields[];
extern const struct decide_field snapshot_lease_fields[];
extern const struct decide_field snapshot_answer_fields[];	/* these two: */
extern const struct decide_field snapshot_choice_fields[];
extern const struct decide_field snapshot_outlook_fields[];
extern const struct decide_field snapshot_proposal_fields[];
extern const struct decide_field snapshot_shortage_fields[];
extern const struct decide_field snapshot_need_fields[];
extern const struct decide_field snapshot_reason_fields[];

#endif /* PLAN_SNAPSHOT_H */
