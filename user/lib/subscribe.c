// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Subscriptions to usage and events.
 */
#include <errno.h>
#include <linux/sock_diag.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/socket.h>
#include <sys/socket.h>
#include <syslog.h>

#include "calls.h"
#include "subscribe.h"

#define EVENTS_BUFFER_BYTES	(4 * 1024 * 1024)
/* A flood must not keep a caller from its other work. */
#define DRAIN_MAX		4096

/* A socket's receive error says that, not how much, was dropped. */
static uint64_t new_drops(struct nl_sock *sock, uint32_t *drops)
{
	uint32_t info[SK_MEMINFO_VARS] = {}, more;
	socklen_t len = sizeof(info);

	if (getsockopt(nl_socket_get_fd(sock), SOL_SOCKET, SO_MEMINFO, info,
		       &len) < 0)
		return 0;
	more = info[SK_MEMINFO_DROPS] - *drops;
	*drops = info[SK_MEMINFO_DROPS];
	return more;
}

bool preswap_is_joined(struct nl_sock *sock)
{
	uint32_t groups[64] = {};
	socklen_t len = sizeof(groups);

	if (getsockopt(nl_socket_get_fd(sock), SOL_NETLINK,
		       NETLINK_LIST_MEMBERSHIPS, groups, &len) < 0)
		return true;
	for (size_t i = 0; i < sizeof(groups) / sizeof(*groups); i++)
		if (groups[i])
			return true;
	return false;
}

static int on_any_seq(struct nl_msg *msg, void *data)
{
	(void)msg;
	(void)data;
	return NL_OK;
}

struct counter {
	nl_recvmsg_msg_cb_t fn;
	void *data;
	int count;
};

static int on_counted(struct nl_msg *msg, void *data)
{
	struct counter *counter = data;

	counter->count++;
	return counter->fn(msg, counter->data);
}

int preswap_drain(struct nl_sock *sock, nl_recvmsg_msg_cb_t fn, void *data,
		  uint32_t *drops, uint64_t *lost)
{
	__cleanup_cb struct nl_cb *cb = nl_cb_alloc(NL_CB_CUSTOM);
	struct counter counter = { .fn = fn, .data = data };
	bool overflow = false;
	int err = cb ? 0 : -ENOMEM;

	*lost = 0;
	if (!cb)
		return err;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_counted, &counter);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_any_seq, NULL);
	while (err != -EAGAIN && counter.count < DRAIN_MAX) {
		err = preswap_errno(nl_recvmsgs(sock, cb));
		if (err == -ENOBUFS)
			overflow = true;
		else if (err && err != -EAGAIN && err != -EINTR)
			return err;
	}
	*lost = new_drops(sock, drops);
	if (overflow && !*lost)
		*lost = 1;
	return counter.count;
}

static void on_usage(void *data, uint32_t seq, uint64_t time_ns,
		     const struct preswap_app *app)
{
	struct preswap_ctx *ctx = data;

	if (ctx->sub.usage)
		ctx->sub.usage(ctx->sub.data, seq, time_ns, app);
}

static int on_message(struct nl_msg *msg, void *data)
{
	struct preswap_ctx *ctx = data;
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	struct preswap_event event;
	int bad = 0;

	if (!genlmsg_valid_hdr(nlh, 0))
		return NL_SKIP;
	switch (genlmsg_hdr(nlh)->cmd) {
	case PRESWAP_CMD_USAGE_NTF:
		bad = preswap_get_usage(nlh, on_usage, ctx);
		break;
	case PRESWAP_CMD_EVENT_NTF:
		bad = preswap_get_event(nlh, &event);
		if (!bad && ctx->sub.event)
			ctx->sub.event(ctx->sub.data, &event);
		break;
	}
	/* each time there are twice as many: another version sends only such */
	ctx->malformed += bad != 0;
	if (bad && !(ctx->malformed & (ctx->malformed - 1)))
		preswap_log(ctx, LOG_WARNING,
			    "malformed message %u ignored, %u so far",
			    genlmsg_hdr(nlh)->cmd, ctx->malformed);
	return NL_OK;
}

static int join(struct preswap_ctx *ctx, struct nl_sock *sock,
		const char *name)
{
	int err, group;

	group = preswap_number(ctx, name);
	if (group < 0)
		return group;
	err = preswap_errno(nl_socket_add_membership(sock, group));
	if (err)
		return preswap_fail(ctx, err, "joining group %s: %s", name,
				    strerror(-err));
	return 0;
}

static int open_events(struct preswap_ctx *ctx, struct nl_sock *sock,
		       unsigned int groups)
{
	int size = EVENTS_BUFFER_BYTES, err;

	err = preswap_errno(genl_connect(sock));
	if (err)
		return preswap_fail(ctx, err, "opening a socket: %s",
				    strerror(-err));
	/* The larger buffer needs CAP_NET_ADMIN; the smaller serves too. */
	if (setsockopt(nl_socket_get_fd(sock), SOL_SOCKET, SO_RCVBUFFORCE,
		       &size, sizeof(size)) < 0)
		nl_socket_set_buffer_size(sock, size, 0);
	nl_socket_set_nonblocking(sock);
	if (groups & PRESWAP_SUBSCRIBE_USAGE)
		err = join(ctx, sock, PRESWAP_MCGRP_USAGE);
	if (!err && groups & PRESWAP_SUBSCRIBE_EVENTS)
		err = join(ctx, sock, PRESWAP_MCGRP_EVENTS);
	return err;
}

PRESWAP_EXPORT int preswap_subscribe(struct preswap_ctx *ctx,
				     const struct preswap_subscribe_opts *opts)
{
	__cleanup_sock struct nl_sock *sock = NULL;
	struct preswap_subscribe_opts full;
	int err;

	err = preswap_copy_in(ctx, &full, opts, sizeof(full));
	if (err)
		return err;
	if (!full.groups || full.groups & ~(PRESWAP_SUBSCRIBE_USAGE |
					    PRESWAP_SUBSCRIBE_EVENTS))
		return preswap_fail(ctx, -EINVAL, "no or unknown groups");
	sock = nl_socket_alloc();
	if (!sock)
		return preswap_fail(ctx, -ENOMEM, "out of memory");
	err = open_events(ctx, sock, full.groups);
	if (err)
		return err;
	preswap_unsubscribe(ctx);
	ctx->events = sock;
	ctx->sub = full;
	ctx->drops = 0;
	sock = NULL;
	return 0;
}

PRESWAP_EXPORT void preswap_unsubscribe(struct preswap_ctx *ctx)
{
	nl_socket_free(ctx->events);
	ctx->events = NULL;
}

PRESWAP_EXPORT int preswap_fd(const struct preswap_ctx *ctx)
{
	return ctx->events ? nl_socket_get_fd(ctx->events) : -ENOTCONN;
}

PRESWAP_EXPORT int preswap_dispatch(struct preswap_ctx *ctx)
{
	uint64_t lost;
	int count;

	if (!ctx->events)
		return preswap_fail(ctx, -ENOTCONN, "not subscribed");
	count = preswap_drain(ctx->events, on_message, ctx, &ctx->drops,
			      &lost);
	if (count < 0)
		return preswap_fail(ctx, count, "receiving: %s",
				    strerror(-count));
	if (lost && ctx->sub.lost)
		ctx->sub.lost(ctx->sub.data, lost);
	if (!count && !lost && !preswap_is_joined(ctx->events))
		return preswap_fail(ctx, -ENODEV,
				    "the preswap module was unloaded");
	return count;
}
