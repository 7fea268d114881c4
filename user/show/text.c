// SPDX-License-Identifier: GPL-2.0-or-later
#include <stdbool.h>

#include "show/text.h"

char *text_clean(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++) {
		if (*c < ' ' || *c == 0x7f)
			*c = '?';
		/* U+0080 to U+009F steer too: U+009B is ESC [ */
		if (*c == 0xc2 && c[1] >= 0x80 && c[1] < 0xa0)
			c[0] = c[1] = '?';
	}
	return text;
}

/* A byte within a character of UTF-8, not its first. */
static bool goes_on(char c)
{
	return (c & 0xc0) == 0x80;
}

size_t text_width(const char *text)
{
	size_t width = 0;

	for (; *text; text++)
		width += !goes_on(*text);
	return width;
}

char *text_cut(char *text, size_t width)
{
	char *end = text;

	for (; *end; end++)
		if (!goes_on(*end) && !width--)
			break;
	*end = 0;
	return text;
}

char *text_ascii(char *text)
{
	for (unsigned char *c = (unsigned char *)text; *c; c++)
		if (*c < ' ' || *c >= 0x7f)
			*c = '?';
	return text;
}
