// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: lines of the swap log, whatever the paths and numbers are, are
 * read as they were written; where bytes of them are others, but the checksum is right,
 * nothing breaks, and what is read stays the same from then on.
 *
 * Of the input the first byte says how many bytes of the line are changed, three bytes each
 * say where and to what; the rest are the numbers and the paths.
 */
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "sense/fnv.h"
#include "sense/leaselog.h"

#define SUM_SIZE	10	/* with its tab and newline */

/* With the checksum that belongs to it; as the reader has it, without a newline. */
static void put_sum(char *line)
{
	size_t size = strlen(line);
	uint64_t hash = fnv_add(FNV_BEGIN, line, size);

	snprintf(line + size, SUM_SIZE, "\t%08x", (uint32_t)(hash ^ hash >> 32));
}

/* As it is written: a path that does not fit is left out. */
static const char *fits(const char *path)
{
	return strlen(path) <= PATH_MAX ? path : "";
}

/* What is written of it is what is read. */
static void check_same(const struct leaselog_entry *entry)
{
	static char line[LEASELOG_LINE_MAX], copy[LEASELOG_LINE_MAX];
	struct leaselog_entry back;
	size_t size = leaselog_format(entry, line);

	if (size > sizeof(line) || line[size - 1] != '\n' ||
	    memchr(line, '\n', size - 1))
		abort();
	memcpy(copy, line, size);
	copy[size - 1] = '\0';
	if (leaselog_parse(copy, &back) || back.end_ms != entry->end_ms ||
	    back.ended != entry->ended || back.missed != entry->missed ||
	    back.from_ms != entry->from_ms ||
	    memcmp(&back.lease, &entry->lease, sizeof(back.lease)) ||
	    strcmp(back.load, entry->load) ||
	    strcmp(back.donor, fits(entry->donor)) ||
	    strcmp(back.receiver, fits(entry->receiver)))
		abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char line[LEASELOG_LINE_MAX + SUM_SIZE];
	struct leaselog_entry entry = { .load = "0123abcd-17" }, back;
	const uint8_t *edits = data + 1;
	uint64_t *const numbers[] = {
		&entry.lease.donor_id, &entry.lease.receiver_id,
		&entry.lease.amount, &entry.lease.done, &entry.lease.begin_ns,
		&entry.lease.full_ns, &entry.lease.end_ns,
		&entry.lease.why.median, &entry.lease.why.shortage,
		&entry.end_ms, &entry.ended,
	};
	size_t nr_edits, half, length;
	char *donor, *receiver;

	if (!size || size < 1 + 3 * (nr_edits = data[0] % 32))
		return 0;
	data += 1 + 3 * nr_edits;
	size -= 1 + 3 * nr_edits;
	entry.lease.size = sizeof(entry.lease);
	for (size_t i = 0; i < sizeof(numbers) / sizeof(*numbers) && size >= 8;
	     i++, data += 8, size -= 8)
		memcpy(numbers[i], data, 8);
	half = size / 2 < PATH_MAX ? size / 2 : PATH_MAX;
	donor = strndup((const char *)data, half);
	receiver = strndup((const char *)data + half, half);
	entry.donor = donor;
	entry.receiver = receiver;
	check_same(&entry);
	length = leaselog_format(&entry, line) - SUM_SIZE;
	line[length] = '\0';
	for (size_t i = 0; i < nr_edits; i++, edits += 3)
		/* a line has no newline within */
		if (edits[2] != '\n')
			line[(edits[0] << 8 | edits[1]) % length] =
				(char)edits[2];
	put_sum(line);
	if (!leaselog_parse(line, &back))
		check_same(&back);
	free(donor);
	free(receiver);
	return 0;
}
