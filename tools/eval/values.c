// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "values.h"

static int values_add(struct values *y, double v)
{
	if (y->n == y->room) {
		size_t room = y->room ? 2 * y->room : 1024;
		double *more = realloc(y->v, room * sizeof(*more));

		if (!more)
			return -ENOMEM;
		y->v = more;
		y->room = room;
	}
	y->v[y->n++] = v;
	return 0;
}

/* A column of times before it would be taken for the series. */
static bool value_alone(const char *after)
{
	return !after[strspn(after, " \t\r\n\v\f")];
}

/* A line that is no number is a missing value. */
int values_read(struct values *y, const char *path)
{
	FILE *f = fopen(path, "re");
	char line[256];
	int err = 0;

	if (!f)
		return -errno;
	while (!err && fgets(line, sizeof(line), f)) {
		char *end;
		double v = strtod(line, &end);

		y->line++;
		if (line[0] == '#' || value_alone(line))
			continue;
		if (end != line && !value_alone(end))
			err = -EINVAL;
		else
			err = values_add(y, end == line ? NAN : v);
	}
	if (ferror(f))
		err = -errno;
	fclose(f);
	return err;
}

void values_put_name(const char *name)
{
	if (!name[strcspn(name, ",\"\r\n")]) {
		fputs(name, stdout);
		return;
	}
	putchar('"');
	for (; *name; name++)
		printf(*name == '"' ? "\"\"" : "%c", *name);
	putchar('"');
}
