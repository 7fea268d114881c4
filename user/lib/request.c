// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sending a request, and receiving its answer whole.
 */
#include <errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <syslog.h>

#include "codec.h"
#include "request.h"

/* A list that changes during each of so many readings is given up. */
#define DUMP_TRIES	8

void answer_free(struct answer *answer)
{
	for (size_t i = 0; i < answer->nparts; i++)
		free(answer->parts[i]);
	free(answer->parts);
	free(answer->msgs);
	*answer = (struct answer){};
}

static void note_error(struct answer *answer, const struct nlmsghdr *nlh,
		       int err)
{
	const char *text = preswap_get_extack(nlh);

	answer->err = err;
	if (text)
		snprintf(answer->text, sizeof(answer->text), "%s", text);
}

/* Room for one more pointer: doubled when it is full. */
static void *more(void *list, size_t count)
{
	if (count & (count - 1) || count == 1)
		return list;
	return reallocarray(list, count ? 2 * count : 2, sizeof(void *));
}

static void take_message(struct answer *answer, struct nlmsghdr *nlh)
{
	struct nlmsghdr **msgs;
	int err = 0;

	/* What is left of an earlier request that timed out is not for us. */
	if (nlh->nlmsg_seq != answer->seq)
		return;
	if (nlh->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;
	switch (nlh->nlmsg_type) {
	case NLMSG_NOOP:
	case NLMSG_OVERRUN:
		return;
	case NLMSG_DONE:	/* of a dump; of other requests the answer to ACK */
	case NLMSG_ERROR:
		if (nlmsg_datalen(nlh) >= (int)sizeof(err))
			memcpy(&err, nlmsg_data(nlh), sizeof(err));
		if (err < 0)
			note_error(answer, nlh, err);
		answer->done = true;
		return;
	}
	msgs = more(answer->msgs, answer->count);
	if (!msgs) {
		answer->err = -ENOMEM;
		return;
	}
	answer->msgs = msgs;
	answer->msgs[answer->count++] = nlh;
}

/* Messages of a read stay where they are: a dump has a hundred in each. */
static int take_part(struct answer *answer, unsigned char *part, int len)
{
	unsigned char **parts = more(answer->parts, answer->nparts);
	struct nlmsghdr *nlh = (struct nlmsghdr *)part;

	if (!parts) {
		free(part);
		return -ENOMEM;
	}
	answer->parts = parts;
	answer->parts[answer->nparts++] = part;
	for (; nlmsg_ok(nlh, len) && !answer->done; nlh = nlmsg_next(nlh, &len))
		take_message(answer, nlh);
	return 0;
}

static int receive(struct preswap_ctx *ctx, struct answer *answer)
{
	struct sockaddr_nl from;
	unsigned char *part;
	int n, err;

	while (!answer->done) {
		n = nl_recv(ctx->request, &from, &part, NULL);
		if (n > 0 && from.nl_pid) {
			free(part);	/* not the kernel's */
			continue;
		}
		err = n > 0 ? take_part(answer, part, n) : preswap_errno(n);
		if (!err || err == -EINTR)
			continue;
		if (err == -EAGAIN)
			return preswap_fail(ctx, -ETIMEDOUT,
					    "the kernel did not answer");
		return preswap_fail(ctx, err, "receiving the answer: %s",
				    strerror(-err));
	}
	return answer->err;
}

/*
 * A socket of its own, as libnl counts the answers of one: those to requests are
 * received here, past its count.
 */
int preswap_number(struct preswap_ctx *ctx, const char *group)
{
	__cleanup_sock struct nl_sock *sock = nl_socket_alloc();
	int err = sock ? preswap_errno(genl_connect(sock)) : -ENOMEM;
	int number;

	if (err)
		return preswap_fail(ctx, err, "opening a socket: %s",
				    strerror(-err));
	number = group ? genl_ctrl_resolve_grp(sock, PRESWAP_FAMILY_NAME,
					       group) :
			 genl_ctrl_resolve(sock, PRESWAP_FAMILY_NAME);
	if (number < 0)
		return preswap_fail(ctx, -ENODEV,
				    "the preswap module is not loaded");
	return number;
}

/* A reloaded module has another number. */
static int resolve(struct preswap_ctx *ctx, bool again)
{
	int family;

	if (ctx->family && !again)
		return 0;
	family = preswap_number(ctx, NULL);
	ctx->family = family < 0 ? 0 : family;
	return family < 0 ? family : 0;
}

static int exchange(struct preswap_ctx *ctx, struct nl_msg *msg,
		    struct answer *answer)
{
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	int err;

	nlh->nlmsg_type = ctx->family;
	nlh->nlmsg_seq = nl_socket_use_seq(ctx->request);
	answer_free(answer);
	answer->seq = nlh->nlmsg_seq;
	err = nl_send_auto(ctx->request, msg);
	if (err < 0) {
		err = preswap_errno(err);
		return preswap_fail(ctx, err, "sending the request: %s",
				    strerror(-err));
	}
	err = receive(ctx, answer);
	if (answer->text[0])
		preswap_fail(ctx, err, "%s", answer->text);
	else if (answer->err)
		preswap_fail(ctx, err, "%s", strerror(-answer->err));
	return err;
}

int preswap_request(struct preswap_ctx *ctx, struct nl_msg *msg,
		    struct answer *answer)
{
	int family, again, err = resolve(ctx, false);

	if (err)
		return err;
	for (int try = 0; try < DUMP_TRIES; try++) {
		err = exchange(ctx, msg, answer);
		if (err == -ENOENT && !answer->text[0]) {
			/* No such family, or no such object? */
			family = ctx->family;
			again = resolve(ctx, true);
			if (again)
				return again;
			if (ctx->family != family)
				continue;
		}
		if (err || !answer->interrupted)
			return err;
		preswap_log(ctx, LOG_DEBUG, "a list changed, reading again");
	}
	return preswap_fail(ctx, -EAGAIN,
			    "the list changed each time it was read");
}

struct nl_msg *preswap_request_new(struct preswap_ctx *ctx, uint8_t cmd,
				   int flags)
{
	struct nl_msg *msg = preswap_msg_new(cmd, flags, PRESWAP_SMALL_MSG);

	if (!msg)
		preswap_fail(ctx, -ENOMEM, "out of memory");
	return msg;
}
