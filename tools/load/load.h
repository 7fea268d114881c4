/* SPDX-License-Identifier: GPL-2.0-or-later */
/* What the demo's load programs share: a clock, arguments, random numbers. */
#ifndef PRESWAP_LOAD_H
#define PRESWAP_LOAD_H

#include <errno.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define NSEC_PER_SEC	1000000000ULL
#define NSEC_PER_MSEC	1000000ULL
#define NSEC_PER_USEC	1000ULL

static inline void __attribute__((noreturn, format(printf, 1, 2)))
die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fprintf(stderr, "%s: ", program_invocation_short_name);
	vfprintf(stderr, fmt, ap);
	fputc('\n', stderr);
	va_end(ap);
	exit(1);
}

/* CLOCK_BOOTTIME, as everything in preswap: comparable with its events. */
static inline uint64_t now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_BOOTTIME, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static inline uint64_t parse_u64(const char *name, const char *s, uint64_t min,
				 uint64_t max)
{
	char *end;
	unsigned long long v;

	errno = 0;
	v = strtoull(s, &end, 10);
	if (errno || end == s || *end || *s == '-' || v < min || v > max)
		die("%s: '%s' is not a number in %llu..%llu", name, s,
		    (unsigned long long)min, (unsigned long long)max);
	return v;
}

/* xorshift64*: fast, seeded, good enough for page contents and arrivals. */
static inline uint64_t rng_next(uint64_t *s)
{
	*s ^= *s >> 12;
	*s ^= *s << 25;
	*s ^= *s >> 27;
	return *s * 0x2545F4914F6CDD1DULL;
}

/* In (0, 1]. */
static inline double rng_double(uint64_t *s)
{
	return (double)((rng_next(s) >> 11) + 1) * 0x1.0p-53;
}

/*
 * Bytes that compress to about a third: in each 96, 32 are random and the
 * rest repeats. Zeroes would vanish in zram and random bytes would not shrink
 * at all; real heaps are in between.
 */
static inline void fill_compressible(void *buf, size_t len, uint64_t *seed)
{
	uint64_t *p = buf;
	size_t i, n = len / sizeof(*p);

	for (i = 0; i < n; i++)
		p[i] = i % 12 < 4 ? rng_next(seed) : 0x2020202065737562ULL;
}

#endif /* PRESWAP_LOAD_H */
