/* SPDX-License-Identifier: GPL-2.0-only */
/* Every act is a lease: it ends by itself, and is undone. */
#ifndef PRESWAP_LEASE_H
#define PRESWAP_LEASE_H

#include <linux/list.h>
#include <linux/types.h>
#include <uapi/linux/preswap.h>

#include "app.h"
#include "decide/decide.h"

struct netlink_ext_ack;
struct preswap_share;

#define PRESWAP_LEASES_MAX	256	/* in force at a time */
#define PRESWAP_LEASE_LOG	64	/* ended ones that are remembered */

/* What a lease is, without its links: copied into the log and into answers. */
struct preswap_lease_info {
	u32 id;
	u8 kind;		/* enum preswap_lease_kind */
	u8 reason;		/* enum preswap_reason */
	u8 ended;		/* enum preswap_lease_end */
	bool dry_run;		/* decided, not carried out */
	u64 donor_id;
	u64 receiver_id;	/* 0: for nobody */
	u64 amount;		/* bytes (per second), cores x 1000, the file's value */
	u64 gain;		/* what it is expected to free */
	u64 done;		/* what is free now */
	u64 benefit, cost;	/* of who yields: what waited, x 1000, and 0 */
	u64 begin_ns;
	u64 until_ns;
	u64 full_ns;		/* when all was done first; 0: not yet */
	u64 end_ns;
	u32 tasks;		/* whose mask is changed */
	u32 device;		/* of io.max: major << 20 | minor */
	int error;		/* of a share that could not be written */
	struct decide_why why;	/* when it began; all 0: begun by hand */
};

struct preswap_lease {
	struct list_head list;		/* all fields: preswap_lock */
	struct preswap_app *donor;	/* reference */
	struct preswap_app *receiver;	/* reference, or NULL */
	struct preswap_share *share;	/* or NULL */
	u64 review_ns;			/* since then its payoff adds up */
	u64 written_ns;			/* when its share was, last; 0: not yet */
	u64 looked_ns;			/* of who yields: see preswap_yield_floor() */
	s64 owed;			/* likewise */
	struct preswap_lease_info info;
};

/* A lease to begin. */
struct preswap_lease_request {
	struct preswap_app *donor;
	struct preswap_app *receiver;	/* or NULL */
	u8 kind;
	u8 reason;
	u64 amount, gain, benefit, cost;
	const struct decide_why *why;	/* or NULL */
	u32 duration_ms;
	u32 device;
	bool dry_run;
};

extern struct list_head preswap_leases;	/* in force, oldest first */
extern unsigned int preswap_lease_number;	/* of these; preswap_lock, as all here */
extern u64 preswap_lease_total;			/* begun since load */

/* What it is about. The decision knows nothing of shares. */
static inline enum decide_resource
preswap_lease_resource(const struct preswap_lease_info *info)
{
	static const u8 resource[] = {
		[PRESWAP_LEASE_KIND_RECLAIM] = DECIDE_MEMORY,
		[PRESWAP_LEASE_KIND_AFFINITY] = DECIDE_CPU,
		[PRESWAP_LEASE_KIND_CPU_WEIGHT] = DECIDE_CPU,
		[PRESWAP_LEASE_KIND_CPU_MAX] = DECIDE_CPU,
		[PRESWAP_LEASE_KIND_IO_WEIGHT] = DECIDE_IO,
		[PRESWAP_LEASE_KIND_IO_MAX] = DECIDE_IO,
		[PRESWAP_LEASE_KIND_MEMORY_LOW] = DECIDE_MEMORY,
		[PRESWAP_LEASE_KIND_MEMORY_HIGH] = DECIDE_MEMORY,
		[PRESWAP_LEASE_KIND_THROTTLE] = DECIDE_IO,
	};

	return resource[info->kind];
}

u64 preswap_lease_cpu_most(const struct preswap_app *donor);
int preswap_lease_begin(const struct preswap_lease_request *request,
			u64 now_ns, struct preswap_lease_info *info);
int preswap_lease_add(const struct preswap_lease_request *request,
		      struct preswap_lease_info *info,
		      struct netlink_ext_ack *extack);
void preswap_lease_renew(struct preswap_lease *lease, u64 amount, u64 gain,
			 u64 now_ns);
void preswap_lease_end(struct preswap_lease *lease, enum preswap_lease_end why);
int preswap_lease_end_id(u32 id, struct netlink_ext_ack *extack);
void preswap_lease_end_app(struct preswap_app *app,
			   enum preswap_lease_end give_why,
			   enum preswap_lease_end get_why);
void preswap_lease_end_all(enum preswap_lease_end why);
void preswap_lease_end_kind(u8 kind, const struct preswap_app *donor,
			    enum preswap_lease_end why);
void preswap_lease_open(void);
void preswap_lease_close(void);
bool preswap_lease_look(u32 id, struct preswap_lease_info *info);
void preswap_lease_written(u32 id, u64 most);
void preswap_lease_fail(u32 id, int error);
void preswap_lease_changed(u32 id);
void preswap_lease_tick(u64 now_ns, bool stray);
struct preswap_lease *
preswap_lease_find(const struct preswap_lease_request *like);
const struct preswap_lease_info *preswap_lease_log(unsigned int back);

#endif /* PRESWAP_LEASE_H */
