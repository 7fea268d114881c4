/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Quantities as people write and read them.
 */
#ifndef SHOW_UNITS_H
#define SHOW_UNITS_H

#include <stddef.h>
#include <stdint.h>

/* Each parser: 0, -EINVAL (not of the form), -ERANGE (above the ABI's bound). */

/* "500m" (milli), "2", "1.5" (cores) to milli-CPU. */
int units_parse_cpu(const char *text, uint64_t *milli);
/* "4096", "64K", "64M", "1.5G", "1T", each also with "iB" or "B"; 1K = 1024. */
int units_parse_bytes(const char *text, uint64_t *bytes);
/* The same, in whole MiB. */
int units_parse_mib(const char *text, uint32_t *mib);
/* "250ms", "30s", "5m", "1h"; a bare number has no meaning and is refused. */
int units_parse_ms(const char *text, uint32_t *ms);
/* The same, up to 100 years, and "2d". */
int units_parse_long_ms(const char *text, uint64_t *ms);
/* The same, as a policy bounds downtime: "none" (0), or 10 ms to 1 h. */
int units_parse_downtime(const char *text, uint32_t *ms);
/* "1%" to "100%", whole ones. */
int units_parse_percent(const char *text, uint8_t *percent);
/* Decimal digits only, @min to @max. */
int units_parse_number(const char *text, uint64_t min, uint64_t max,
		       uint64_t *value);

#define UNITS_MAX	32	/* room for any formatted quantity */

/* Each returns @text, which has room for UNITS_MAX. */
char *units_cpu(char *text, uint64_t milli);		/* "1.25" cores */
char *units_bytes(char *text, uint64_t bytes);		/* "1.5 GiB" */
char *units_rate(char *text, uint64_t bytes);		/* "1.5 GiB/s" */
char *units_ms(char *text, uint64_t ms);		/* "2.5 s" */
/* As one of these, by enum preswap_resource. */
char *units_resource(char *text, uint32_t resource, uint64_t value);

#endif /* SHOW_UNITS_H */
