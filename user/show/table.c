// SPDX-License-Identifier: GPL-2.0-or-later
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "show/table.h"
#include "show/text.h"

struct table {
	const char * const *heads;
	size_t columns;
	char **cells;
	size_t count, room;
	bool failed;
};

struct table *table_new(const char * const *heads)
{
	struct table *table = calloc(1, sizeof(*table));

	if (!table)
		return NULL;
	table->heads = heads;
	while (heads[table->columns])
		table->columns++;
	return table;
}

void table_free(struct table *table)
{
	if (!table)
		return;
	for (size_t i = 0; i < table->count; i++)
		free(table->cells[i]);
	free(table->cells);
	free(table);
}

void table_cell(struct table *table, const char *format, ...)
{
	char **cells;
	size_t room;
	va_list args;
	int len;

	if (table->count == table->room) {
		room = table->room ? 2 * table->room : 64;
		cells = reallocarray(table->cells, room, sizeof(*cells));
		if (!cells) {
			table->failed = true;
			return;
		}
		table->cells = cells;
		table->room = room;
	}
	va_start(args, format);
	len = vasprintf(&table->cells[table->count], format, args);
	va_end(args);
	if (len < 0)
		table->failed = true;
	else
		text_clean(table->cells[table->count++]);
}

static const char *head_text(const char *head)
{
	return *head == '>' ? head + 1 : head;
}

static void print_cell(const struct table *table, FILE *to, size_t column,
		       int width, const char *text)
{
	bool last = column + 1 == table->columns;
	int pad = width - (int)text_width(text);

	if (table->heads[column][0] == '>')
		fprintf(to, "%*s%s", pad, "", text);
	else
		fprintf(to, "%s%*s", text, last ? 0 : pad, "");
	fputs(last ? "\n" : "  ", to);
}

int table_print(const struct table *table, FILE *to, bool bold)
{
	int widths[table->columns ?: 1];

	if (table->failed)
		return -ENOMEM;
	for (size_t i = 0; i < table->columns; i++)
		widths[i] = strlen(head_text(table->heads[i]));
	for (size_t i = 0; i < table->count; i++) {
		int len = text_width(table->cells[i]);

		if (len > widths[i % table->columns])
			widths[i % table->columns] = len;
	}
	fputs(bold ? "\033[1m" : "", to);
	for (size_t i = 0; i < table->columns; i++)
		print_cell(table, to, i, widths[i],
			   head_text(table->heads[i]));
	fputs(bold ? "\033[0m" : "", to);
	for (size_t i = 0; i < table->count; i++)
		print_cell(table, to, i % table->columns,
			   widths[i % table->columns], table->cells[i]);
	return 0;
}
