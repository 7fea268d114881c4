/* SPDX-License-Identifier: GPL-2.0-only */
/* Bounded arithmetic of the decision. */
#ifndef PRESWAP_DECIDE_NUMBER_H
#define PRESWAP_DECIDE_NUMBER_H

#include "decide.h"

static inline __u64 decide_smaller(__u64 a, __u64 b)
{
	return a < b ? a : b;
}

static inline __u64 decide_larger(__u64 a, __u64 b)
{
	return a > b ? a : b;
}

/* What a snapshot says, made harmless. */
static inline __u64 decide_bound(__u64 value)
{
	return decide_smaller(value, DECIDE_MAX);
}

/* @value - @by, or 0. */
static inline __u64 decide_less(__u64 value, __u64 by)
{
	return value > by ? value - by : 0;
}

/* The product must fit 64 bits: amounts with up to 1000 do, and units with prices. */
static inline __u64 decide_permille(__u64 value, __u32 permille)
{
	return value * permille / 1000;
}

#endif /* PRESWAP_DECIDE_NUMBER_H */
