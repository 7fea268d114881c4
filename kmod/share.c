// SPDX-License-Identifier: GPL-2.0-only
/*
 * share - a value in a file of an app's cgroup, for as long as a lease lasts.
 *
 * The worker reads what the file says, writes the lease's value, reads that back
 * as the kernel has it (limits are rounded to pages), and when the lease ends
 * writes the old one. But only where the file still says what was read back:
 * whoever wrote it meanwhile meant it, so theirs stands, and the lease ends as
 * "changed". While a lease is in force the worker looks each second.
 *
 * Files are the worker's alone, without preswap_lock: a write to memory.high
 * reclaims before it returns, for minutes maybe. So these have a worker of their own. A
 * share that is in its worker's hands stays in the list; only that takes it out. What
 * fails for want of memory is tried again.
 *
 * One lease at a time may have a file (io.max: for a device). Two would need
 * rules for who wins and what is the old value. The engine's leases of I/O have one
 * share together, see throttle.c, which is written anew when they change.
 */
#include <linux/cgroup.h>
#include <linux/delay.h>
#include <linux/kdev_t.h>
#include <linux/ktime.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>

#include "app.h"
#include "cgroupfs.h"
#include "lease.h"
#include "share.h"
#include "throttle.h"
#include "trace.h"

/* Of a line of any of these files: io.max has four numbers and their names. */
#define PRESWAP_SHARE_TEXT	144
#define PRESWAP_SHARE_LOOK_NS	NSEC_PER_SEC

struct preswap_share {
	struct list_head list;		/* preswap_lock, as what is not the worker's */
	struct preswap_app *app;	/* reference */
	struct preswap_share_value value;	/* to be written */
	struct preswap_share_value writes;	/* the same; the worker's */
	u64 look_ns;			/* when it was looked at */
	u32 lease_id;			/* 0: a throttle */
	u8 kind;			/* enum preswap_lease_kind */
	bool written;			/* what was in the file is to go back */
	bool known;			/* @now is what the file said then */
	bool anew;			/* @value is not yet written */
	bool ends;
	char was[PRESWAP_SHARE_TEXT];	/* the line before; the worker's */
	char now[PRESWAP_SHARE_TEXT];	/* as it was read back; the worker's */
};

static LIST_HEAD(preswap_shares);		/* preswap_lock */
static struct workqueue_struct *preswap_share_wq;
static struct work_struct preswap_share_works[2];	/* by preswap_share_is_slow() */
static char preswap_share_text[2][PAGE_SIZE];	/* of these */

static const char * const preswap_share_files[] = {
	[PRESWAP_LEASE_KIND_CPU_WEIGHT] = "cpu.weight",
	[PRESWAP_LEASE_KIND_CPU_MAX] = "cpu.max",
	[PRESWAP_LEASE_KIND_IO_WEIGHT] = "io.weight",
	[PRESWAP_LEASE_KIND_IO_MAX] = "io.max",
	[PRESWAP_LEASE_KIND_MEMORY_LOW] = "memory.low",
	[PRESWAP_LEASE_KIND_MEMORY_HIGH] = "memory.high",
};

/* Does a write to its file reclaim? */
static bool preswap_share_is_slow(const struct preswap_share *share)
{
	return share->kind == PRESWAP_LEASE_KIND_MEMORY_HIGH;
}

static void preswap_share_queue(const struct preswap_share *share)
{
	queue_work(preswap_share_wq,
		   &preswap_share_works[preswap_share_is_slow(share)]);
}

/* What the line begins with, of files that have one for each device. */
static void preswap_share_key(const struct preswap_share *share, char *key,
			      size_t size)
{
	key[0] = '\0';
	if (share->kind == PRESWAP_LEASE_KIND_IO_WEIGHT)
		strscpy(key, "default ", size);
	else if (share->kind == PRESWAP_LEASE_KIND_IO_MAX)
		snprintf(key, size, "%u:%u ", MAJOR(share->writes.device),
			 MINOR(share->writes.device));
}

/* The share's line of its file. A device that has none has no limits. */
static int preswap_share_read(const struct preswap_share *share, char *line)
{
	char *text = preswap_share_text[preswap_share_is_slow(share)];
	char *next = text, *at, key[32];
	int err;

	err = preswap_cgroupfs_read(share->app->cgroup,
				    preswap_share_files[share->kind], text,
				    PAGE_SIZE);
	if (err)
		return err;
	preswap_share_key(share, key, sizeof(key));
	while ((at = strsep(&next, "\n"))) {
		if (!*at || strncmp(at, key, strlen(key)))
			continue;
		/* of io.max bytes are the lease's; others may write the rest */
		next = strstr(at, " riops=");
		if (next)
			*next = '\0';
		return strscpy(line, at, PRESWAP_SHARE_TEXT) < 0 ?
		       -EOVERFLOW : 0;
	}
	if (share->kind != PRESWAP_LEASE_KIND_IO_MAX)
		return -ENODATA;
	snprintf(line, PRESWAP_SHARE_TEXT, "%srbps=max wbps=max", key);
	return 0;
}

/* The number after @key, U64_MAX for "max". */
static u64 preswap_share_limit(const char *line, const char *key)
{
	const char *at = strstr(line, key);
	u64 limit;

	return at && sscanf(at + strlen(key), "%llu", &limit) == 1 ? limit :
								     U64_MAX;
}

/* The lease's amount as the file wants it; @was for what stays as it is. */
static void preswap_share_format(const struct preswap_share *share,
				 const char *was, char *text)
{
	const struct preswap_share_value *value = &share->writes;
	u64 in = value->amount, out = value->amount_out;
	unsigned int period = 100000;
	char key[32];

	preswap_share_key(share, key, sizeof(key));
	switch (share->kind) {
	case PRESWAP_LEASE_KIND_CPU_MAX:
		/* "max 100000" or "50000 100000", in us */
		if (sscanf(was, "%*s %u", &period) != 1 || !period)
			period = 100000;
		snprintf(text, PRESWAP_SHARE_TEXT, "%llu %u",
			 div_u64(value->amount * period, MSEC_PER_SEC), period);
		break;
	case PRESWAP_LEASE_KIND_IO_MAX:
		if (value->tightens) {
			in = min(in, preswap_share_limit(was, "rbps="));
			out = min(out, preswap_share_limit(was, "wbps="));
		}
		snprintf(text, PRESWAP_SHARE_TEXT, "%srbps=%llu wbps=%llu", key,
			 in, out);
		break;
	default:
		if (value->tightens)
			in = min(in, preswap_share_limit(was, ""));
		snprintf(text, PRESWAP_SHARE_TEXT, "%s%llu", key, in);
	}
}

static int preswap_share_write(const struct preswap_share *share,
			       const char *line)
{
	int err = preswap_cgroupfs_write(share->app->cgroup,
					 preswap_share_files[share->kind], line);

	trace_preswap_share(share->lease_id, share->app->id, share->kind, line,
			    err);
	return err;
}

/*
 * Does the lease leave the file as it was? The kernel may refuse to be written what it says
 * itself: the weight of an idle cgroup.
 */
static bool preswap_share_is_same(const struct preswap_share *share)
{
	return !strcmp(share->was, share->now);
}

static int preswap_share_apply(struct preswap_share *share)
{
	int err = preswap_share_read(share, share->was);

	if (err)
		return err;
	preswap_share_format(share, share->was, share->now);
	return preswap_share_is_same(share) ? 0 :
	       preswap_share_write(share, share->now);
}

/* Return: 0 if the file says what the lease wrote, 1 if not, or -errno. */
static int preswap_share_compare(struct preswap_share *share)
{
	char line[PRESWAP_SHARE_TEXT];
	int err;

	if (!share->known)
		return preswap_share_read(share, share->now);
	err = preswap_share_read(share, line);
	return err ?: strcmp(line, share->now) != 0;
}

/* Another value, where the file still says what was written. As compare. */
static int preswap_share_rewrite(struct preswap_share *share)
{
	int differs = share->known ? preswap_share_compare(share) : 0;

	if (differs)
		return differs;
	preswap_share_format(share, share->was, share->now);
	share->known = false;
	return preswap_share_write(share, share->now);
}

/* The next one to look at, of the slow or the others; @at: from there on. */
static struct preswap_share *preswap_share_next(struct list_head *at, bool slow,
						u64 now_ns)
{
	struct preswap_share *share = list_entry(at, typeof(*share), list);

	list_for_each_entry_from(share, &preswap_shares, list)
		if (preswap_share_is_slow(share) == slow &&
		    (share->ends || share->anew || !share->look_ns ||
		     now_ns - share->look_ns >= PRESWAP_SHARE_LOOK_NS))
			return share;
	return NULL;
}

/* Whoever it was for hears how it went. */
static void preswap_share_tell_written(const struct preswap_share *share)
{
	if (share->lease_id)
		preswap_lease_written(share->lease_id, share->value.tightens ?
				      preswap_share_limit(share->now, "") :
				      U64_MAX);
	else if (!share->anew)
		preswap_throttle_written(share->app, share);
}

static void preswap_share_tell_failed(const struct preswap_share *share,
				      int err)
{
	if (share->lease_id)
		preswap_lease_fail(share->lease_id, err);
	else
		preswap_throttle_lost(share->app, share,
				      PRESWAP_LEASE_END_FAILED);
}

static void preswap_share_tell_changed(const struct preswap_share *share)
{
	if (share->lease_id)
		preswap_lease_changed(share->lease_id);
	else
		preswap_throttle_lost(share->app, share,
				      PRESWAP_LEASE_END_CHANGED);
}

/*
 * One share, with the lock but for what is done to the file. Return: false when
 * it is over.
 */
static bool preswap_share_handle(struct preswap_share *share, u64 now_ns)
{
	bool ends = share->ends, anew = share->anew && !ends, known;
	int err = 0, differs = 0;

	if (ends && !share->written)
		return false;
	share->writes = share->value;
	share->anew = false;
	mutex_unlock(&preswap_lock);
	if (!share->written) {
		err = preswap_share_apply(share);
		share->written = !err;
	} else if (anew) {
		differs = preswap_share_rewrite(share);
	}
	known = share->known;
	if (share->written && !differs) {
		differs = preswap_share_compare(share);
		share->known = known || !differs;
		/* what cannot be read was not seen to be another's */
		if (ends && differs <= 0 && !preswap_share_is_same(share))
			differs = preswap_share_write(share, share->was);
	}
	mutex_lock(&preswap_lock);
	share->look_ns = now_ns;
	/* its file or its cgroup has gone */
	if (differs == -ENOENT)
		err = differs;
	if (err) {
		preswap_share_tell_failed(share, err);
		return false;
	}
	if (differs > 0) {
		preswap_share_tell_changed(share);
		return false;
	}
	/* to be tried again */
	if (anew && differs)
		share->anew = true;
	if (!known && share->known)
		preswap_share_tell_written(share);
	/* ended meanwhile, or not to be written just now: another round */
	return !ends || differs;
}

static void preswap_share_run(struct work_struct *work)
{
	bool slow = work != preswap_share_works;
	u64 now_ns = ktime_get_boottime_ns();
	struct preswap_share *share;
	struct list_head *at;

	mutex_lock(&preswap_lock);
	at = preswap_shares.next;
	while ((share = preswap_share_next(at, slow, now_ns))) {
		bool more = preswap_share_handle(share, now_ns);

		at = share->list.next;
		if (more)
			continue;
		list_del(&share->list);
		preswap_app_put(share->app);
		kfree(share);
	}
	mutex_unlock(&preswap_lock);
}

/**
 * preswap_share_begin() - write a value to a file of an app's cgroup, soon
 * @app: whose file
 * @kind: which file, enum preswap_lease_kind
 * @value: what
 * @lease_id: which lease's, that the worker tells how it went; 0: a throttle's
 *
 * Return: NULL without memory.
 */
struct preswap_share *
preswap_share_begin(struct preswap_app *app, u8 kind,
		    const struct preswap_share_value *value, u32 lease_id)
{
	struct preswap_share *share = kzalloc(sizeof(*share),
					      GFP_NOWAIT | __GFP_NOWARN);

	lockdep_assert_held(&preswap_lock);
	if (!share)
		return NULL;
	refcount_inc(&app->ref);
	share->app = app;
	share->lease_id = lease_id;
	share->kind = kind;
	share->value = *value;
	share->writes = *value;
	list_add_tail(&share->list, &preswap_shares);
	preswap_share_queue(share);
	return share;
}

/* Other amounts for a share in force. */
void preswap_share_change(struct preswap_share *share, u64 amount,
			  u64 amount_out)
{
	lockdep_assert_held(&preswap_lock);
	share->value.amount = amount;
	share->value.amount_out = amount_out;
	share->anew = true;
	preswap_share_queue(share);
}

/* Its lease has ended: give the file back. The caller forgets @share. */
void preswap_share_end(struct preswap_share *share)
{
	lockdep_assert_held(&preswap_lock);
	share->ends = true;
	preswap_share_queue(share);
}

/* Has a lease this file, or had it until it is given back? */
bool preswap_share_taken(const struct preswap_app *app, u8 kind, u32 device)
{
	const struct preswap_share *share;

	list_for_each_entry(share, &preswap_shares, list)
		if (share->app == app && share->kind == kind &&
		    share->value.device == device)
			return true;
	return false;
}

/* Look whether files still say what leases wrote. */
void preswap_share_tick(u64 now_ns)
{
	struct preswap_share *share;
	unsigned int slow;

	lockdep_assert_held(&preswap_lock);
	for (slow = 0; slow < 2; slow++) {
		share = preswap_share_next(preswap_shares.next, slow, now_ns);
		if (share)
			preswap_share_queue(share);
	}
}

int preswap_share_init(void)
{
	INIT_WORK(&preswap_share_works[0], preswap_share_run);
	INIT_WORK(&preswap_share_works[1], preswap_share_run);
	/* memory.high reclaims: see reclaim.c. Each of the two may run and be queued again. */
	preswap_share_wq = alloc_workqueue("preswap_share",
					   WQ_UNBOUND | WQ_FREEZABLE, 4);
	return preswap_share_wq ? 0 : -ENOMEM;
}

/*
 * All leases have ended. What cannot be written back for a second, which only a
 * lack of memory explains, is left as it is.
 */
void preswap_share_exit(void)
{
	struct preswap_share *share, *next;
	unsigned int round;

	for (round = 0; round < 20 && !list_empty(&preswap_shares); round++) {
		if (round)
			msleep(50);
		queue_work(preswap_share_wq, &preswap_share_works[0]);
		queue_work(preswap_share_wq, &preswap_share_works[1]);
		flush_workqueue(preswap_share_wq);
	}
	destroy_workqueue(preswap_share_wq);
	list_for_each_entry_safe(share, next, &preswap_shares, list) {
		pr_warn("%s of app %llu keeps a lease's value, not \"%s\"\n",
			preswap_share_files[share->kind], share->app->id,
			share->was);
		list_del(&share->list);
		preswap_app_put(share->app);
		kfree(share);
	}
}
