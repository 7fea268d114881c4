/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * libpreswap: the client of the preswap kernel module.
 *
 * Functions return 0 or a positive result on success and -errno on failure;
 * preswap_strerror() then has a sentence about it, the kernel's own where it
 * gave one. Common to all that talk to the kernel: -ENODEV the module is not
 * loaded, -EPERM CAP_NET_ADMIN is missing, -ENOMEM, -ETIMEDOUT no answer.
 *
 * Units: CPU in milli-CPU (1000 is one core busy), memory in bytes, I/O and
 * network in bytes per second, times in the unit that the name ends with; "_ns"
 * timestamps are CLOCK_BOOTTIME. An app is a cgroup v2 subtree, named by its id:
 * the inode number of the cgroup's directory.
 *
 * Structures that a caller hands in begin with their size, to be set to
 * sizeof(the structure), so that a later library knows what its caller knows.
 * Those handed to a callback are valid, with their strings, until it returns;
 * a callback may call the library again, and ends an iteration by a result
 * other than 0, which the iterating function returns.
 *
 * A context belongs to one thread at a time; contexts are independent.
 */
#ifndef PRESWAP_PRESWAP_H
#define PRESWAP_PRESWAP_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <linux/preswap.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ---- context ---- */

struct preswap_ctx;

/* @priority is syslog's: LOG_ERR ... LOG_DEBUG. */
typedef void (*preswap_log_fn)(void *data, int priority, const char *format,
			       va_list args);

/*
 * A context with one reference. The module need not be loaded: it is looked
 * for at each request. -ENOMEM, -EPROTONOSUPPORT (no generic netlink).
 */
int preswap_new(struct preswap_ctx **out);
struct preswap_ctx *preswap_ref(struct preswap_ctx *ctx);
/* Drops a reference, the last one frees. Returns NULL; NULL is allowed. */
struct preswap_ctx *preswap_unref(struct preswap_ctx *ctx);

/* Where the library's own messages go; without it they go nowhere. */
void preswap_set_log(struct preswap_ctx *ctx, preswap_log_fn log, void *data);

/* About the last failure in this context; never NULL. */
const char *preswap_strerror(const struct preswap_ctx *ctx);

/* ---- the node ---- */

struct preswap_info {
	size_t size;
	char version[64];		/* the module's */
	uint8_t enabled, dry_run;	/* 0 or 1 */
	uint8_t min_priority;		/* apps below it get nothing */
	uint32_t tick_ms, lead_ms;
	uint32_t usage_ms;		/* period of usage reports */
	uint32_t threshold_cpu_pct, threshold_memory_pct;
	uint64_t cpu_capacity_milli, cpu_used_milli;
	uint64_t mem_capacity_bytes, mem_used_bytes;
	uint64_t swap_free_bytes;
	uint32_t apps, tasks, leases;	/* now; leases in force */
	uint64_t ticks, leases_begun, reclaimed_bytes;	/* since load */
	uint64_t tasks_moved, tasks_lost;		/* since load */
	uint64_t tick_last_ns, tick_max_ns;	/* cost of a tick */
	uint8_t ab_unit;		/* A/B: 0 off, 1 time, 2 apps */
	uint32_t ab_control_pct, ab_slice_ms, ab_seed;
	/* of keys and buttons, of pointers and wheels: since load, by seconds */
	uint64_t input_presses, input_moves;
	uint64_t input_idle_ms;		/* since one of them has grown */
	uint32_t threshold_io_pct;
	uint32_t io_device;		/* major << 20 | minor; 0: none */
	uint64_t io_capacity_bytes;	/* 0: no decisions about I/O */
	uint64_t io_used_bytes;
	uint32_t threshold_net_pct;
	char net_device[16];		/* what is sent over it counts; "": none */
	uint64_t net_capacity_bytes;	/* 0: no decisions about the network */
	uint64_t net_used_bytes;
};

/* Fills @info, whose size the caller has set. -EINVAL: size. */
int preswap_info_get(struct preswap_ctx *ctx, struct preswap_info *info);

/* ---- policies ---- */

/* Which members of a policy are meant. */
#define PRESWAP_POLICY_PRIORITY		(1u << 0)
#define PRESWAP_POLICY_SENSITIVITY	(1u << 1)
#define PRESWAP_POLICY_SWAP_ELIGIBLE	(1u << 2)
#define PRESWAP_POLICY_FLOOR_CPU	(1u << 3)
#define PRESWAP_POLICY_FLOOR_MEM	(1u << 4)
#define PRESWAP_POLICY_GIVES		(1u << 5)
#define PRESWAP_POLICY_MAX_STALL	(1u << 6)
#define PRESWAP_POLICY_NEEDS_APPROVAL	(1u << 7)
#define PRESWAP_POLICY_FLOOR_IO		(1u << 8)
#define PRESWAP_POLICY_MAX_DOWNTIME	(1u << 9)
#define PRESWAP_POLICY_FLOOR_NET	(1u << 10)
#define PRESWAP_POLICY_RECEIVES		(1u << 11)
#define PRESWAP_POLICY_GROUPS		(1u << 12)
#define PRESWAP_POLICY_NEVER_TO		(1u << 13)
#define PRESWAP_POLICY_RESERVE_MEM	(1u << 14)
#define PRESWAP_POLICY_ALL		0x7fffu

struct preswap_policy {
	size_t size;
	uint64_t app_id;
	uint32_t fields;		/* of PRESWAP_POLICY_* */
	uint8_t priority;		/* 1 lowest .. 10 highest */
	uint8_t sensitivity;		/* enum preswap_sensitivity */
	uint8_t swap_eligible;		/* 1: may give to others */
	uint64_t floor_cpu_milli;	/* never taken below these */
	uint64_t floor_mem_bytes;
	uint8_t gives;			/* bits 1 << enum preswap_resource */
	uint8_t max_stall_pct;		/* 1..100, 0: the default of its
					 * sensitivity: 5, 20, 60 */
	uint8_t needs_approval;		/* 1: gives only while approved */
	uint32_t approved_ms;		/* in answers: left of the approval */
	uint64_t floor_io_bytes;
	uint32_t max_downtime_ms;	/* of all of it, for its leases, in an
					 * hour: 10..3600000; 0: any */
	uint64_t floor_net_bytes;
	uint8_t receives;		/* bits 1 << enum preswap_resource */
	uint32_t groups;		/* that it is in: group n is bit n - 1 */
	uint32_t never_to;		/* groups that it never gives to */
	uint32_t reserve_mem_mib;	/* MiB kept free for it, beyond what it
					 * uses: 0..2^24 */
};

typedef int (*preswap_policy_fn)(void *data,
				 const struct preswap_policy *policy);

/*
 * Sets the policy, in place of the one the app had; members that
 * policy->fields does not name get the kernel's default, but a priority must
 * be given. Leases of the app end. -ENOENT: no such cgroup, -EINVAL, -ERANGE:
 * a value that the kernel refuses.
 */
int preswap_policy_set(struct preswap_ctx *ctx,
		       const struct preswap_policy *policy);
/* -ENOENT: no policy was set for this app. */
int preswap_policy_get(struct preswap_ctx *ctx, uint64_t app_id,
		       struct preswap_policy *policy);
/*
 * Lets an app whose policy needs it give for @duration_ms, at most a week; 0
 * revokes, and ends what it gives. -ENOENT: no policy, -ERANGE: too long.
 */
int preswap_policy_approve(struct preswap_ctx *ctx, uint64_t app_id,
			   uint32_t duration_ms);
/* Back to the default policy. -ENOENT: none was set. */
int preswap_policy_del(struct preswap_ctx *ctx, uint64_t app_id);
/* Each policy that was set. */
int preswap_policies(struct preswap_ctx *ctx, preswap_policy_fn fn,
		     void *data);

/* ---- usage ---- */

/* Counters without "now" count since the module first saw the app. */
struct preswap_app {
	size_t size;
	uint64_t id;
	const char *path;		/* "/a/b", from the cgroup root "/" */
	uint64_t cpu_milli;		/* now: over the last second */
	uint64_t mem_bytes;		/* now */
	uint64_t cpu_ns, run_delay_ns;
	uint64_t rss_bytes, swap_bytes;	/* now */
	uint64_t major_faults, read_bytes, write_bytes, switches;
	uint32_t tasks;			/* now: live threads */
	uint64_t forks, execs, exits;
	uint64_t psi_cpu_some_us, psi_mem_some_us, psi_mem_full_us;
	int64_t trend_cpu_milli;	/* change per second */
	int64_t trend_mem_bytes;	/* change per second */
	bool has_policy;		/* false: the default policy holds */
	struct preswap_policy policy;
	uint64_t io_bytes;		/* now: read and written, as CPU */
	int64_t trend_io_bytes;		/* change per second */
	uint32_t downtime_us;		/* now: spent of max_downtime_ms */
	uint64_t net_bytes;		/* now: sent, as CPU */
	int64_t trend_net_bytes;	/* change per second */
};

typedef int (*preswap_app_fn)(void *data, const struct preswap_app *app);

/* Calls @fn once for the app with this id. -ENOENT: no such app. */
int preswap_app_by_id(struct preswap_ctx *ctx, uint64_t id, preswap_app_fn fn,
		      void *data);
/*
 * Each app. -EAGAIN: the list changed while it was read, and again on each
 * repetition; so in all functions that list. Nothing was called then.
 */
int preswap_apps(struct preswap_ctx *ctx, preswap_app_fn fn, void *data);

/* Counters count since the task's start. */
struct preswap_task {
	size_t size;
	uint64_t app_id;
	uint32_t pid, tgid;		/* in the initial pid namespace */
	char comm[16];
	uint64_t cpu_ns, run_delay_ns;
	uint64_t rss_bytes, swap_bytes;	/* now; 0 unless pid == tgid */
	uint64_t major_faults, read_bytes, write_bytes, switches;
	uint8_t moved;			/* 1: a lease has changed its mask */
};

typedef int (*preswap_task_fn)(void *data, const struct preswap_task *task);

/* Each task of the app, or of all apps when @app_id is 0. */
int preswap_tasks(struct preswap_ctx *ctx, uint64_t app_id, preswap_task_fn fn,
		  void *data);

/* ---- forecasts ---- */

/* Milli-CPU, bytes, or bytes per second; q05 <= q50 <= q95. */
struct preswap_point {
	uint32_t horizon_ms;		/* 1..PRESWAP_HORIZON_MAX_MS */
	uint64_t mean, q05, q50, q95;
};

struct preswap_forecast {
	size_t size;
	uint64_t app_id;
	uint8_t resource;		/* enum preswap_resource */
	uint32_t valid_ms;		/* 1..PRESWAP_FORECAST_VALID_MAX_MS */
	uint32_t age_ms;		/* in answers: since receipt */
	uint32_t points_count;
	struct preswap_point points[PRESWAP_POINTS_MAX]; /* ascending */
};

typedef int (*preswap_forecast_fn)(void *data,
				   const struct preswap_forecast *forecast);

/*
 * Hands over @count forecasts, all of the same size member. They go in one
 * message, which the kernel takes whole or not at all; only what exceeds the
 * largest message (about 200 forecasts) goes in further ones. On failure
 * *@accepted (may be NULL) tells how many of the first were taken.
 * -EINVAL, -ERANGE: a forecast is malformed; -ENOENT: an app is unknown.
 */
int preswap_forecasts_set(struct preswap_ctx *ctx,
			  const struct preswap_forecast *forecasts,
			  size_t count, size_t *accepted);
/* Each forecast that is valid now. */
int preswap_forecasts(struct preswap_ctx *ctx, preswap_forecast_fn fn,
		      void *data);

/* ---- leases ---- */

/*
 * Why the engine began a lease: what was expected of its receiver then, and how
 * many apps gave for it, or were refused as donors. Shortage = what the median
 * exceeds the base by + spread + carried - room.
 */
struct preswap_why {
	uint64_t median;		/* demand within the lead time */
	uint64_t spread;		/* counted on top of it */
	uint64_t carried;		/* for others, too little for a lease */
	uint64_t base;			/* what it had before its leases */
	uint64_t room;			/* below the threshold, for it */
	uint64_t shortage;
	uint32_t chance_permille;	/* of needing more than the room */
	uint32_t threshold_pct;		/* of the capacity; 0: begun by hand */
	uint32_t give;			/* donors */
	uint32_t barred;		/* nothing may be taken from them now */
	uint32_t nested;		/* in the receiver, or around it */
	uint32_t at_floor;		/* too little above their floor */
	uint32_t too_little;		/* ... was still missing */
	uint32_t too_dear;		/* for the benefit */
	uint32_t banned;		/* give to no group of the receiver's */
};

struct preswap_lease {
	size_t size;
	uint32_t id;
	uint8_t kind;			/* enum preswap_lease_kind */
	uint8_t reason;			/* enum preswap_reason */
	uint8_t ended;			/* enum preswap_lease_end, 0: in force */
	uint8_t dry_run;		/* 1: decided, not carried out */
	uint64_t donor_id;
	uint64_t receiver_id;		/* 0: nobody */
	uint64_t amount, done;		/* by kind, see <linux/preswap.h> */
	uint32_t left_ms;
	uint64_t begin_ns;
	uint64_t full_ns;		/* the amount was free; 0: not yet */
	uint64_t end_ns;		/* 0: in force */
	uint32_t tasks;			/* moved */
	uint32_t device;		/* of io.max and throttle: major << 20
					 * | minor */
	uint64_t benefit, cost;		/* in one unit, the decision's; of reason
					 * wait: tasks that waited x 1000, and 0 */
	struct preswap_why why;		/* all 0: begun by hand */
};

typedef int (*preswap_lease_fn)(void *data, const struct preswap_lease *lease);

struct preswap_lease_opts {
	size_t size;
	uint8_t kind;			/* enum preswap_lease_kind */
	uint64_t donor_id;
	uint64_t receiver_id;		/* 0: nobody */
	uint64_t amount;		/* by kind, see <linux/preswap.h> */
	uint32_t duration_ms;		/* 1..PRESWAP_LEASE_MAX_MS */
	uint32_t device;		/* of io.max: major << 20 | minor */
};

/* Each lease in force, and those that ended last: see the ended member. */
int preswap_leases(struct preswap_ctx *ctx, preswap_lease_fn fn, void *data);
/*
 * Begins a lease by hand; @lease (may be NULL) is filled with it. -ENOENT: an
 * app is unknown, -EINVAL, -ERANGE: refused, see preswap_strerror().
 */
int preswap_lease_add(struct preswap_ctx *ctx,
		      const struct preswap_lease_opts *opts,
		      struct preswap_lease *lease);
/* Ends a lease and undoes its act. -ENOENT: no such lease in force. */
int preswap_lease_end(struct preswap_ctx *ctx, uint32_t id);

/* ---- subscriptions ---- */

struct preswap_event {
	size_t size;
	uint8_t kind;			/* enum preswap_event_kind */
	uint64_t time_ns;
	bool has_lease;			/* lease begin and end */
	uint64_t app_id;		/* shortage, app gone */
	uint8_t resource;		/* shortage */
	uint64_t need;			/* shortage: what was missing */
	struct preswap_lease lease;	/* the last: it may grow */
};

#define PRESWAP_SUBSCRIBE_USAGE		(1u << 0)
#define PRESWAP_SUBSCRIBE_EVENTS	(1u << 1)

/*
 * @usage: one app's usage; a period's apps share @seq and @time_ns.
 * @event: something happened.
 * @lost: at least @count messages did not fit into the socket's buffer,
 *	because this program was slow; what follows is whole again.
 * Each may be NULL.
 */
struct preswap_subscribe_opts {
	size_t size;
	unsigned int groups;		/* of PRESWAP_SUBSCRIBE_* */
	void *data;
	void (*usage)(void *data, uint32_t seq, uint64_t time_ns,
		      const struct preswap_app *app);
	void (*event)(void *data, const struct preswap_event *event);
	void (*lost)(void *data, uint64_t count);
};

/*
 * Joins the groups, in place of a former subscription of this context. When
 * the module is unloaded nothing more comes, and it must be called again
 * after the module is back. -EINVAL: no or unknown groups.
 */
int preswap_subscribe(struct preswap_ctx *ctx,
		      const struct preswap_subscribe_opts *opts);
void preswap_unsubscribe(struct preswap_ctx *ctx);
/* For poll(): readable when there is something. -ENOTCONN: no subscription. */
int preswap_fd(const struct preswap_ctx *ctx);
/*
 * Handles what has arrived, and does not wait; from a callback it must not be
 * called. The number of messages, or -ENOTCONN, -ENOMEM, -EIO; -ENODEV: nothing
 * has arrived, and nothing will: the module was unloaded. Nothing wakes poll() then.
 */
int preswap_dispatch(struct preswap_ctx *ctx);

/* ---- cgroups ---- */

/* Mount point of the cgroup v2 tree; valid with @ctx. -ENOENT: none. */
int preswap_cgroup_root(struct preswap_ctx *ctx, const char **root);
/*
 * The id of a cgroup. @path is absolute below the mount point, or relative to
 * it; a leading slash that is not the mount point's stands for the cgroup
 * root. -ENOENT: does not exist, -EINVAL: is no cgroup, empty, or contains "..".
 */
int preswap_cgroup_id(struct preswap_ctx *ctx, const char *path, uint64_t *id);
/* Its path, "/a/b" from the cgroup root "/"; free() it. -ENOENT: no such cgroup. */
int preswap_cgroup_path(struct preswap_ctx *ctx, uint64_t id, char **path);

#ifdef __cplusplus
}
#endif

#endif /* PRESWAP_PRESWAP_H */
