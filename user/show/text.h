/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Names come from any user of the machine: of tasks, of cgroups.
 */
#ifndef SHOW_TEXT_H
#define SHOW_TEXT_H

/*
 * Replaces what would steer a terminal (control characters), in place;
 * returns @text.
 */
char *text_clean(char *text);
/* The same for all bytes outside ASCII too. */
char *text_ascii(char *text);

#endif /* SHOW_TEXT_H */
