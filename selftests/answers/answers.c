// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Decides random snapshots in the kernel, for selftests/replay.c to compare with
 * userspace: insmod preswap_answers.ko seed=S rounds=N, then read the parameters
 * digest and proposals. It is for tests only, and not installed.
 */
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>

#include "../../user/tests/digest.h"

static unsigned long long seed = 1;
module_param(seed, ullong, 0400);

static uint rounds = 1;
module_param(rounds, uint, 0400);

static unsigned long long digest;
module_param(digest, ullong, 0400);

static unsigned long long proposals;
module_param(proposals, ullong, 0400);

static int __init preswap_answers_init(void)
{
	struct digest *d = kzalloc(sizeof(*d), GFP_KERNEL);
	uint i;

	if (!d)
		return -ENOMEM;
	draw_seed = seed;
	for (i = 0; i < rounds; i++) {
		digest_next(d);
		cond_resched();
	}
	digest = d->value;
	proposals = d->proposals;
	kfree(d);
	return 0;
}

static void __exit preswap_answers_exit(void)
{
}

module_init(preswap_answers_init);
module_exit(preswap_answers_exit);

MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Answers of preswap's decision to random snapshots, for its tests");
