/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What of the kernel's instrumented code, the module, this thread has been
 * through (KCOV): there under tools/vm/debug-kernel's 6.12-kasan, for a module
 * that was built with KCOV_INSTRUMENT=y.
 */
#ifndef PRESWAP_SELFTESTS_COVER_H
#define PRESWAP_SELFTESTS_COVER_H

#include <fcntl.h>
#include <linux/kcov.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#define COVER_FILE	"/sys/kernel/debug/kcov"
#define COVER_SIZE	(1UL << 16)	/* places of one message */
#define COVER_SEEN_BITS	16

static struct {
	unsigned long *area;		/* NULL: this kernel has none of it */
	uint8_t seen[1 << COVER_SEEN_BITS];	/* steps, by hash */
	unsigned int steps;
} cover;

static inline bool cover_open(void)
{
	int fd = open(COVER_FILE, O_RDWR | O_CLOEXEC);
	void *area;

	if (fd < 0)
		return false;
	if (ioctl(fd, KCOV_INIT_TRACE, COVER_SIZE))
		goto fail;
	area = mmap(NULL, COVER_SIZE * sizeof(unsigned long),
		    PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (area == MAP_FAILED)
		goto fail;
	/* both stay until the process ends */
	if (ioctl(fd, KCOV_ENABLE, KCOV_TRACE_PC))
		goto fail;
	cover.area = area;
	return true;
fail:
	close(fd);
	return false;
}

static inline void cover_begin(void)
{
	if (cover.area)
		__atomic_store_n(&cover.area[0], 0, __ATOMIC_RELAXED);
}

/* Steps from one place to the next that were never taken before. */
static inline unsigned int cover_new(void)
{
	unsigned long last = 0, n, i;
	unsigned int fresh = 0;

	if (!cover.area)
		return 0;
	n = __atomic_load_n(&cover.area[0], __ATOMIC_RELAXED);
	for (i = 1; i <= n && i < COVER_SIZE; i++) {
		uint64_t step = (cover.area[i] ^ last << 1) *
				0x9e3779b97f4a7c15ULL;
		uint8_t *seen = &cover.seen[step >> (64 - COVER_SEEN_BITS)];

		fresh += !*seen;
		*seen = 1;
		last = cover.area[i];
	}
	cover.steps += fresh;
	return fresh;
}

#endif /* PRESWAP_SELFTESTS_COVER_H */
