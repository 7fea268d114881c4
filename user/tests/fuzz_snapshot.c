// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: any bytes are a recording, and nothing may break. What is
 * read is decided again, and is the same when it is written and read again
 * ("make -C user fuzz").
 *
 * A seed for its corpus is what /sys/kernel/debug/preswap/snapshot says.
 */
#include <stdlib.h>
#include <string.h>

#include "plan/replay.h"

static char *written(const struct snapshot *s, size_t *size)
{
	char *text = NULL;
	FILE *to = open_memstream(&text, size);

	snapshot_write(s, to);
	fclose(to);
	return text;
}

static void check_again(const struct snapshot *s)
{
	static struct snapshot_reader reader;
	struct snapshot again = {};
	size_t size, size_again;
	char *text = written(s, &size), *text_again;

	memset(&reader, 0, sizeof(reader));
	reader.from = fmemopen(text, size, "r");
	if (snapshot_read(&reader, &again) != 1 || *again.absent)
		__builtin_trap();
	text_again = written(&again, &size_again);
	if (size != size_again || memcmp(text, text_again, size))
		__builtin_trap();
	fclose(reader.from);
	snapshot_free(&again);
	free(text);
	free(text_again);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct snapshot_reader reader;
	struct snapshot s = {};
	struct decide_result result;
	int err;

	if (!size)
		return 0;
	memset(&reader, 0, sizeof(reader));
	reader.from = fmemopen((void *)data, size, "r");
	while ((err = snapshot_read(&reader, &s))) {
		if (err < 0 && strncmp(reader.error, "line ", 5))
			__builtin_trap();
		if (err < 0)
			continue;
		check_again(&s);
		if (replay_decide(&s.saw, &s.answered, &result))
			__builtin_trap();
		replay_differences(&s.answered, &result, NULL);
		replay_free(&result);
	}
	fclose(reader.from);
	snapshot_free(&s);
	return 0;
}
