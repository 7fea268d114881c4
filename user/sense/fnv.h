/* SPDX-License-Identifier: GPL-2.0-or-later */
/* FNV-1a, 64 bits: whether something is what it was. */
#ifndef SENSE_FNV_H
#define SENSE_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV_BEGIN	14695981039346656037ULL
#define FNV_PRIME	1099511628211ULL

static inline uint64_t fnv_add(uint64_t hash, const void *data, size_t size)
{
	const unsigned char *at = data;

	while (size--)
		hash = (hash ^ *at++) * FNV_PRIME;
	return hash;
}

#endif /* SENSE_FNV_H */
