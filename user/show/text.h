/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names come from any user of the machine: of tasks, of cgroups.
 */
#ifndef SHOW_TEXT_H
#define SHOW_TEXT_H

#include <stddef.h>

/*
 * Replaces what would steer a terminal (control characters), in place;
 * returns @text.
 */
char *text_clean(char *text);
/* The same for all bytes outside ASCII too. */
char *text_ascii(char *text);
/* Characters of UTF-8, each as one column. */
size_t text_width(const char *text);
/* No more than that many of them, in place; returns @text. */
char *text_cut(char *text, size_t width);

#endif /* SHOW_TEXT_H */
