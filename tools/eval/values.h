/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recorded series, from a file. */
#ifndef EVAL_VALUES_H
#define EVAL_VALUES_H

#include <stddef.h>

/*
 * @v: @n values, oldest first, NAN where missing; to be freed. @line: of the file,
 * the last that was read.
 */
struct values {
	double *v;
	size_t n, room, line;
};

/*
 * Of one value a line, lines with # being comments. 0 or -errno: -EINVAL where a
 * line has more than a value.
 */
int values_read(struct values *y, const char *path);

/* A file's name, as a field of CSV: it may have what parts these. */
void values_put_name(const char *name);

#endif /* EVAL_VALUES_H */
