/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What to do where the module is not loaded, in words. */
#ifndef SHOW_ABSENT_H
#define SHOW_ABSENT_H

#include <stddef.h>

#define ABSENT_MAX	320

/*
 * How to load it, into @text of ABSENT_MAX, and what stands against that as far as
 * it can be seen: none is installed for this kernel, or the kernel wants a signature.
 * @root: "" for this machine; for tests, a folder that holds lib and sys.
 */
void absent_next(const char *root, char *text);

#endif /* SHOW_ABSENT_H */
