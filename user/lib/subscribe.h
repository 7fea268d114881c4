/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Receiving from a socket that may overflow; apart from the family, so that
 * it is tested with another netlink protocol.
 */
#ifndef PRESWAP_LIB_SUBSCRIBE_H
#define PRESWAP_LIB_SUBSCRIBE_H

#include "internal.h"

/*
 * Hands each message that has arrived to @fn, without waiting. @drops counts
 * the messages that the kernel dropped; *@lost gets the number of new ones.
 * The number of messages, or -errno.
 */
int preswap_drain(struct nl_sock *sock, nl_recvmsg_msg_cb_t fn, void *data,
		  uint32_t *drops, uint64_t *lost);
/* Whether it is in a group still: when a family goes, its sockets leave. */
bool preswap_is_joined(struct nl_sock *sock);

#endif /* PRESWAP_LIB_SUBSCRIBE_H */
