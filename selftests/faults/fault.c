// SPDX-License-Identifier: GPL-2.0-or-later
/* Which allocations fail, and what has not been freed; see fault.h. */
#include <linux/atomic.h>

static atomic_t preswap_fault_after = ATOMIC_INIT(0);
static atomic_t preswap_fault_turn = ATOMIC_INIT(0);
static atomic_t preswap_fault_failed = ATOMIC_INIT(0);
static atomic_t preswap_fault_live = ATOMIC_INIT(0);

static int preswap_fault_set(const char *text, const struct kernel_param *kp)
{
	int value, err = kstrtoint(text, 0, &value);

	if (!err)
		atomic_set(kp->arg, value);
	return err;
}

static int preswap_fault_get(char *text, const struct kernel_param *kp)
{
	return sysfs_emit(text, "%d\n", atomic_read(kp->arg));
}

static const struct kernel_param_ops preswap_fault_ops = {
	.set = preswap_fault_set,
	.get = preswap_fault_get,
};

module_param_cb(fail_after, &preswap_fault_ops, &preswap_fault_after, 0600);
MODULE_PARM_DESC(fail_after, "the allocation of this number from now on fails");
module_param_cb(failed, &preswap_fault_ops, &preswap_fault_failed, 0600);
MODULE_PARM_DESC(failed, "how many have failed");
module_param_cb(live, &preswap_fault_ops, &preswap_fault_live, 0400);
MODULE_PARM_DESC(live, "objects that are not freed yet");
static int preswap_fault_every;
module_param_named(fail_every, preswap_fault_every, int, 0600);
MODULE_PARM_DESC(fail_every, "each so many fails; 0: none");

/* Shall this allocation fail? */
bool preswap_fault(void)
{
	int every = READ_ONCE(preswap_fault_every);

	if (atomic_dec_if_positive(&preswap_fault_after) != 0 &&
	    (!every || (unsigned int)atomic_inc_return(&preswap_fault_turn) %
		       every))
		return false;
	atomic_inc(&preswap_fault_failed);
	return true;
}

void preswap_fault_count(const void *p, int change)
{
	if (!ZERO_OR_NULL_PTR(p))
		atomic_add(change, &preswap_fault_live);
}

/* In the log, for the test to find. */
void preswap_fault_leaks(void)
{
	int live = atomic_read(&preswap_fault_live);

	if (live)
		pr_err("preswap-fault: %d objects are left\n", live);
}
