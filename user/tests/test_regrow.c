// SPDX-License-Identifier: GPL-2.0-or-later
/* What a donor has that grows back from one lease when the next begins (kmod/regrow.h). */
#include <stdint.h>

typedef uint16_t u16;
typedef uint32_t u32;
typedef uint64_t u64;
typedef long long s64;
#define U16_MAX		UINT16_MAX
#define min(a, b)	((a) < (b) ? (a) : (b))
#define max(a, b)	((a) > (b) ? (a) : (b))
#define div64_u64(a, b)	((a) / (b))

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

/* What is left of 240 MiB to a donor that has @used and gives 80. */
static u64 left_mib(u64 used, s64 available)
{
	struct preswap_regrow all = {
		.want = (240 - used) * MIB, .have = available * (s64)MIB,
	};

	return 240 - preswap_regrow_gone(all.want, preswap_regrow_there(&all)) -
	       80;
}

static void test_gone(void)
{
	/* the second example */
	ktap_assert(left_mib(200, 20) == 140, "%llu MiB left",
		    (unsigned long long)left_mib(200, 20));
	ktap_assert(left_mib(200, 40) == 160 && left_mib(200, 4000) == 160,
		    "enough is there");
	ktap_assert(left_mib(200, 0) == 120 && left_mib(200, -50) == 120,
		    "nothing is there");
	ktap_assert(left_mib(240, 0) == 160, "wants nothing");
	ktap_assert(preswap_regrow_gone(1ULL << 44, 0) == U16_MAX,
		    "more than can be told");
}

/*
 * 400 MiB, a donor that takes up to 240, and a receiver that has 60 and bursts by 80 in
 * each lease: it finds all of that each time. For a while others have 130 MiB and not 100:
 * the donor is left with 30 less for as long.
 */
static void test_bursts(void)
{
	u64 used = 240, base = 0;

	for (u32 i = 0; i < 90; i++) {
		u64 others = i >= 30 && i < 60 ? 130 : 100, least, room, free;
		u32 gap = 1 + i % 12;
		struct preswap_regrow all;

		base = preswap_regrow_base(used, base, PRESWAP_REGROW_S - gap);
		free = 400 - min(400, 60 + others + used);
		all.want = (base - used) * MIB;
		all.have = (s64)(free * MIB);
		least = base - 80 - preswap_regrow_gone(all.want,
						preswap_regrow_there(&all));
		used = min(used, least);
		free = 400 - 60 - others - used;
		/* what is gone is rounded down, to a MiB */
		ktap_assert(free >= 79 && used >= (others > 100 ? 130 : 159),
			    "burst %u: %llu MiB free, %llu left", i,
			    (unsigned long long)free, (unsigned long long)used);
		room = 400 - 60 - others;
		used = min(min(240, room), used + gap * 8);
	}
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-28 who grows back gives no more than before", test_regrow },
		{ "R-28 what is no longer there is not held back from anybody",
		  test_gone },
		{ "R-28 bursts find what was leased, and donors keep the rest",
		  test_bursts },
		{}
	});
}
