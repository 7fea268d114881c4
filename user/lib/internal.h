/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside libpreswap: the context, and typed cleanup of foreign handles.
 */
#ifndef PRESWAP_LIB_INTERNAL_H
#define PRESWAP_LIB_INTERNAL_H

#include <stdlib.h>
#include <netlink/netlink.h>
#include <netlink/msg.h>
#include <preswap/preswap.h>

#define PRESWAP_EXPORT __attribute__((visibility("default")))

struct preswap_ctx {
	unsigned int refs;
	struct nl_sock *request;
	int family;			/* its netlink type; 0: not known */

	struct nl_sock *events;		/* NULL: no subscription */
	struct preswap_subscribe_opts sub;
	uint32_t drops;			/* of the events socket, so far */
	uint32_t malformed;		/* messages there, so far */

	char *cgroup_root;
	preswap_log_fn log;
	void *log_data;
	char error[256];
};

__attribute__((format(printf, 3, 4)))
void preswap_log(struct preswap_ctx *ctx, int priority, const char *format,
		 ...);
/* Remembers the text for preswap_strerror(); returns @err. */
__attribute__((format(printf, 3, 4)))
int preswap_fail(struct preswap_ctx *ctx, int err, const char *format, ...);

/* -errno for a result of libnl that did not come from the kernel. */
int preswap_errno(int nle);

static inline void preswap_free_msg(struct nl_msg **msg)
{
	nlmsg_free(*msg);
}

static inline void preswap_free_cb(struct nl_cb **cb)
{
	nl_cb_put(*cb);
}

static inline void preswap_free_sock(struct nl_sock **sock)
{
	nl_socket_free(*sock);
}

static inline void preswap_free_str(char **text)
{
	free(*text);
}

#define __cleanup_msg	__attribute__((cleanup(preswap_free_msg)))
#define __cleanup_cb	__attribute__((cleanup(preswap_free_cb)))
#define __cleanup_sock	__attribute__((cleanup(preswap_free_sock)))
#define __cleanup_str	__attribute__((cleanup(preswap_free_str)))

#endif /* PRESWAP_LIB_INTERNAL_H */
