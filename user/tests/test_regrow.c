// SPDX-License-Identifier: GPL-2.0-or-later
/* What a donor has that grows back from one lease when the next begins (kmod/regrow.h). */
#include <stdint.h>

typedef uint32_t u32;
typedef uint64_t u64;
#define min(a, b)	((a) < (b) ? (a) : (b))

#include "../../kmod/regrow.h"
#include "../../selftests/ktap.h"

#define MIB	(1ULL << 20)

/* The example above regrow.h, of a donor that had 240 MiB, @after the lease. */
static u64 base_after(u32 s, u64 used_mib)
{
	return preswap_regrow_base(used_mib * MIB, 240 * MIB,
				   PRESWAP_REGROW_S - s) / MIB;
}

/*
 * Leases of 80 MiB, each a few seconds after the one before, while the donor grows back
 * by 8 MiB a second: it is left with 160 again and again, not with less each time.
 */
static void test_regrow(void)
{
	u64 used = 240 * MIB, base = 0, least = used;

	ktap_assert(base_after(5, 200) == 240 && base_after(10, 240) == 240,
		    "grows: %llu", (unsigned long long)base_after(5, 200));
	ktap_assert(base_after(16, 160) == 240 && base_after(17, 160) == 160,
		    "stays: %llu", (unsigned long long)base_after(17, 160));
	ktap_assert(base_after(3, 300) == 300 && base_after(40, 160) == 160,
		    "more than before, or long ago");
	for (u32 i = 0; i < 100; i++) {
		u32 gap = 1 + i % 12;

		base = preswap_regrow_base(used, base, PRESWAP_REGROW_S - gap);
		used = min(used, base - 80 * MIB);
		least = min(least, used);
		used = min(240 * MIB, used + gap * 8 * MIB);
	}
	ktap_assert(least == 160 * MIB, "left with %llu MiB",
		    (unsigned long long)(least / MIB));
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-28 who grows back gives no more than before", test_regrow },
		{}
	});
}
