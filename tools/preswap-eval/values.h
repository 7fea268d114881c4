/* SPDX-License-Identifier: GPL-2.0-or-later */
/* A recorded series, from a file. */
#ifndef EVAL_VALUES_H
#define EVAL_VALUES_H

#include <stddef.h>

/* @v: @n values, oldest first, NAN where missing; to be freed. */
struct values {
	double *v;
	size_t n, room;
};

/* Of one value a line, lines with # being comments. 0 or -errno. */
int values_read(struct values *y, const char *path);

#endif /* EVAL_VALUES_H */
