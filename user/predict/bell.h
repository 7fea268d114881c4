/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Arithmetic that gives the same on every machine. */
#ifndef PREDICT_BELL_H
#define PREDICT_BELL_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

/*
 * Compiled twice, for AVX2 too, and chosen when the program starts: moves and
 * compares of more, and without copies. It sums what it did in the same order
 * and fuses nothing, so the results are the same. (A sanitizer is not ready yet
 * when the choice is made.)
 */
#if defined(__x86_64__) && defined(__GLIBC__) && !defined(__clang__) && \
	!defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define PREDICT_HOT	__attribute__((flatten, target_clones("avx2", "default")))
#else
#define PREDICT_HOT
#endif

/*
 * What gains by eight lanes is written for both, four and eight, with the same sums of
 * the same lanes: the compiler keeps eight lanes in memory where there is no AVX.
 */
#define PREDICT_BOTH	static inline __attribute__((always_inline))
#if defined(__x86_64__) && defined(__GNUC__) && !defined(__clang__)
#define PREDICT_WIDE	__attribute__((flatten, target("avx2")))

static inline bool predict_is_wide(void)
{
	return __builtin_cpu_supports("avx2");
}
#else
#define PREDICT_WIDE

static inline bool predict_is_wide(void)
{
	return false;
}
#endif

/* Fills tables of what never changes; nobody may write to them later. */
#define PREDICT_AT_START	__attribute__((constructor))

/* What is done eight at a time has no rest then: arrays have room for it. */
static inline unsigned int predict_eights(unsigned int n)
{
	return (n + 7) & ~7u;
}

/* Four at once; any alignment. */
typedef float v4 __attribute__((vector_size(16), aligned(4), may_alias));

typedef float v8 __attribute__((vector_size(32), aligned(4), may_alias));

typedef int m4 __attribute__((vector_size(16), aligned(4), may_alias));

typedef int m8 __attribute__((vector_size(32), aligned(4), may_alias));

#define PREDICT_LOW(v)	__builtin_shufflevector(v, v, 0, 1, 2, 3)
#define PREDICT_HIGH(v)	__builtin_shufflevector(v, v, 4, 5, 6, 7)

static inline v4 predict_magnitude4(v4 a)
{
	return (v4)((m4)a & 0x7fffffff);
}

/* About exp(-x): (1 - x/16)^16, and 0 from x = 16 on. */
static inline float predict_decay(float x)
{
	float y = 1 - x * (1 / 16.0f);

	y = y > 0 ? y : 0;
	y *= y;
	y *= y;
	y *= y;
	return y * y;
}

static inline v4 predict_decay4(v4 x)
{
	v4 y = 1 - x * (1 / 16.0f);

	y = (v4)((m4)y & (y > 0));
	y *= y;
	y *= y;
	y *= y;
	return y * y;
}

/* The sum of four that are not negative. */
static inline unsigned int predict_sum4(m4 a)
{
	uint64_t part[2];

	memcpy(part, &a, sizeof(part));
	part[0] += part[1];
	return (uint32_t)part[0] + (uint32_t)(part[0] >> 32);
}

/* How many of @count times 16 values are up to, or below, @v. */
static inline unsigned int predict_count_up_to(const float *value,
					       unsigned int count, float v)
{
	m4 sum = { 0 };

	for (unsigned int i = 0; i < 16 * count; i += 4)
		sum -= *(const v4 *)(value + i) <= v;
	return predict_sum4(sum);
}

static inline unsigned int predict_count_below(const float *value,
					       unsigned int count, float v)
{
	m4 sum = { 0 };

	for (unsigned int i = 0; i < 16 * count; i += 4)
		sum -= *(const v4 *)(value + i) < v;
	return predict_sum4(sum);
}

#endif /* PREDICT_BELL_H */
