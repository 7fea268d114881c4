/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Aligned columns of text.
 */
#ifndef SHOW_TABLE_H
#define SHOW_TABLE_H

#include <stdbool.h>
#include <stdio.h>

struct table;

/*
 * @heads: the columns' heads, NULL at the end; one that begins with '>' is
 * aligned to the right (the sign is not shown). NULL: no memory.
 */
struct table *table_new(const char * const *heads);
void table_free(struct table *table);
/* The next cell, row by row. A failure to take memory shows in the print. */
__attribute__((format(printf, 2, 3)))
void table_cell(struct table *table, const char *format, ...);
/* 0 or -ENOMEM. @bold: the heads stand out, for a terminal. */
int table_print(const struct table *table, FILE *to, bool bold);

#endif /* SHOW_TABLE_H */
