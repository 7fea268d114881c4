/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Why a lease began, in words: what the module keeps with it.
 */
#ifndef SHOW_WHY_H
#define SHOW_WHY_H

#include <preswap/preswap.h>
#include <stdio.h>

#define WHY_MAX		160

/* "expects 250.0 MiB, had 50.0 MiB, ..."; "-": begun by hand. @text: WHY_MAX. */
char *why_short(char *text, const struct preswap_lease *lease);
/* The same in sentences, with the donors, each line after two blanks. */
void why_put(FILE *to, const struct preswap_lease *lease);

#endif /* SHOW_WHY_H */
