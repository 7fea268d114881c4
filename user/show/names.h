/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The ABI's enums in words.
 */
#ifndef SHOW_NAMES_H
#define SHOW_NAMES_H

#include <stddef.h>
#include <stdint.h>

/* "unknown" for a value that a later kernel has added. */
const char *names_resource(uint8_t value);
const char *names_sensitivity(uint8_t value);
const char *names_lease_kind(uint8_t value);
const char *names_reason(uint8_t value);
const char *names_lease_end(uint8_t value);
const char *names_event(uint8_t value);

/* 0, or -EINVAL. "cpu", "memory", "io", "net". */
int names_parse_resource(const char *text, uint8_t *value);
int names_parse_sensitivity(const char *text, uint8_t *value);
/* Some of these, with commas between: bits 1 << resource. */
int names_parse_gives(const char *text, uint8_t *value);
const char *names_gives(uint8_t value);
/* Likewise, or "none". */
int names_parse_receives(const char *text, uint8_t *value);
/* Groups: numbers from 1 to 32 with commas between, or "none": bits. */
#define NAMES_GROUPS_MAX	96
int names_parse_groups(const char *text, uint32_t *value);
char *names_groups(char text[NAMES_GROUPS_MAX], uint32_t value);
int names_parse_yes_no(const char *text, uint8_t *value);

#endif /* SHOW_NAMES_H */
