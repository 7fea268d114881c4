// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The context: its life, its log, its last error.
 */
#include <errno.h>
#include <linux/netlink.h>
#include <netlink/genl/genl.h>
#include <netlink/socket.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>

#include "codec.h"
#include "internal.h"

#define ANSWER_TIMEOUT_S	5
#define RECEIVE_BUFFER_BYTES	(1024 * 1024)
/* The kernel makes no larger part of a dump than 32 KiB, and no larger answer. */
#define ANSWER_BYTES		(64 * 1024)

void preswap_log(struct preswap_ctx *ctx, int priority, const char *format,
		 ...)
{
	va_list args;

	if (!ctx->log)
		return;
	va_start(args, format);
	ctx->log(ctx->log_data, priority, format, args);
	va_end(args);
}

int preswap_fail(struct preswap_ctx *ctx, int err, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(ctx->error, sizeof(ctx->error), format, args);
	va_end(args);
	return err;
}

int preswap_errno(int nle)
{
	switch (nle < 0 ? -nle : nle) {
	case NLE_SUCCESS:
		return 0;
	case NLE_INTR:
		return -EINTR;
	case NLE_NOMEM:
		return errno == ENOBUFS ? -ENOBUFS : -ENOMEM;
	case NLE_AGAIN:
		return -EAGAIN;
	case NLE_PERM:
	case NLE_NOACCESS:
		return -EPERM;
	case NLE_OBJ_NOTFOUND:
		return -ENOENT;
	case NLE_PROTO_MISMATCH:
	case NLE_AF_NOSUPPORT:
	case NLE_OPNOTSUPP:
		return -EPROTONOSUPPORT;
	case NLE_MSGSIZE:
		return -EMSGSIZE;
	default:
		return -EIO;
	}
}

static int open_request(struct preswap_ctx *ctx)
{
	struct timeval timeout = { .tv_sec = ANSWER_TIMEOUT_S };
	int on = 1, fd, err;

	ctx->request = nl_socket_alloc();
	if (!ctx->request)
		return -ENOMEM;
	err = genl_connect(ctx->request);
	if (err)
		return preswap_errno(err);
	fd = nl_socket_get_fd(ctx->request);
	/* Without these two, an error has no text, and echoes the request. */
	setsockopt(fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &timeout, sizeof(timeout));
	err = nl_socket_set_buffer_size(ctx->request, RECEIVE_BUFFER_BYTES,
					2 * PRESWAP_MSG_MAX);
	/* Dumps come in parts as large as that; asking for their size first costs. */
	err = err ?: nl_socket_set_msg_buf_size(ctx->request, ANSWER_BYTES);
	nl_socket_disable_msg_peek(ctx->request);
	return preswap_errno(err);
}

PRESWAP_EXPORT int preswap_new(struct preswap_ctx **out)
{
	struct preswap_ctx *ctx = calloc(1, sizeof(*ctx));
	int err;

	if (!ctx)
		return -ENOMEM;
	ctx->refs = 1;
	err = open_request(ctx);
	if (err) {
		preswap_unref(ctx);
		return err;
	}
	*out = ctx;
	return 0;
}

PRESWAP_EXPORT struct preswap_ctx *preswap_ref(struct preswap_ctx *ctx)
{
	ctx->refs++;
	return ctx;
}

PRESWAP_EXPORT struct preswap_ctx *preswap_unref(struct preswap_ctx *ctx)
{
	if (!ctx || --ctx->refs)
		return NULL;
	preswap_unsubscribe(ctx);
	nl_socket_free(ctx->request);
	free(ctx->cgroup_root);
	free(ctx);
	return NULL;
}

PRESWAP_EXPORT void preswap_set_log(struct preswap_ctx *ctx,
				    preswap_log_fn log, void *data)
{
	ctx->log = log;
	ctx->log_data = data;
}

PRESWAP_EXPORT const char *preswap_strerror(const struct preswap_ctx *ctx)
{
	return ctx->error[0] ? ctx->error : "no error";
}
