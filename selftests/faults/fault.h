/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Read before all else in a build of the module for tests: each allocation asks
 * whether it shall fail, and what is allocated and freed is counted. fault.c
 * has the switches. Debian's kernels have no fault injection of their own.
 */
#ifndef PRESWAP_FAULT_H
#define PRESWAP_FAULT_H

#include <linux/cpumask.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <net/genetlink.h>

bool preswap_fault(void);
void preswap_fault_count(const void *p, int change);
void preswap_fault_leaks(void);

/* @alloc: an expression, the kernel's own allocation; NULL if it fails. */
#define preswap_fault_or(alloc) ({					\
	void *p_ = preswap_fault() ? NULL : (alloc);			\
									\
	preswap_fault_count(p_, 1);					\
	p_;								\
})

static inline void *preswap_fault_kmalloc(size_t size, gfp_t gfp)
{
	return preswap_fault_or(kmalloc(size, gfp));
}

static inline void *preswap_fault_kvcalloc(size_t n, size_t size, gfp_t gfp)
{
	return preswap_fault_or(kvcalloc(n, size, gfp));
}

static inline void *preswap_fault_cache(struct kmem_cache *cache, gfp_t gfp)
{
	return preswap_fault_or(kmem_cache_zalloc(cache, gfp));
}

static inline bool preswap_fault_cpumask(cpumask_var_t *mask, gfp_t gfp)
{
	return !preswap_fault() && zalloc_cpumask_var(mask, gfp);
}

static inline struct sk_buff *preswap_fault_skb(size_t size, gfp_t gfp)
{
	return preswap_fault() ? NULL : genlmsg_new(size, gfp);
}

static inline void preswap_fault_kfree(const void *p)
{
	preswap_fault_count(p, -1);
	kfree(p);
}

static inline void preswap_fault_kvfree(const void *p)
{
	preswap_fault_count(p, -1);
	kvfree(p);
}

static inline void preswap_fault_uncache(struct kmem_cache *cache, void *p)
{
	preswap_fault_count(p, -1);
	kmem_cache_free(cache, p);
}

#ifndef PRESWAP_FAULT_INSIDE
#undef kmalloc
#undef kzalloc
#undef kcalloc
#undef kvcalloc
#undef kfree
#undef kvfree
#undef kmem_cache_zalloc
#undef kmem_cache_free
#undef zalloc_cpumask_var
#undef genlmsg_new
#define kmalloc(size, gfp)		preswap_fault_kmalloc(size, gfp)
#define kzalloc(size, gfp)		preswap_fault_kmalloc(size, (gfp) | __GFP_ZERO)
#define kcalloc(n, size, gfp)						\
	preswap_fault_kmalloc(array_size(n, size), (gfp) | __GFP_ZERO)
#define kvcalloc(n, size, gfp)		preswap_fault_kvcalloc(n, size, gfp)
#define kfree(p)			preswap_fault_kfree(p)
#define kvfree(p)			preswap_fault_kvfree(p)
#define kmem_cache_zalloc(cache, gfp)	preswap_fault_cache(cache, gfp)
#define kmem_cache_free(cache, p)	preswap_fault_uncache(cache, p)
#define zalloc_cpumask_var(mask, gfp)	preswap_fault_cpumask(mask, gfp)
#define genlmsg_new(size, gfp)		preswap_fault_skb(size, gfp)

/* Not counted: it says itself what is left when it is destroyed. */
#define preswap_fault_alloc_workqueue(...)	alloc_workqueue(__VA_ARGS__)
static inline struct workqueue_struct *
preswap_fault_workqueue(const char *name, unsigned int flags, int active)
{
	return preswap_fault() ? NULL :
	       preswap_fault_alloc_workqueue("%s", flags, active, name);
}
#undef alloc_workqueue
#define alloc_workqueue(name, flags, active)				\
	preswap_fault_workqueue(name, flags, active)

/* main.c's: with nothing left over, whether it loads or not. */
#undef module_init
#undef module_exit
#define module_init(load)						\
	int __init init_module(void)					\
	{								\
		int err = load();					\
									\
		if (err)						\
			preswap_fault_leaks();				\
		return err;						\
	}								\
	___ADDRESSABLE(init_module, __initdata)
#define module_exit(unload)						\
	void __exit cleanup_module(void)				\
	{								\
		unload();						\
		preswap_fault_leaks();					\
	}								\
	___ADDRESSABLE(cleanup_module, __exitdata)
#endif

#endif /* PRESWAP_FAULT_H */
