// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Sending a request, and receiving its answer whole.
 */
#include <errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdio.h>
#include <string.h>
#include <syslog.h>

#include "codec.h"
#include "request.h"

/* A list that changes during each of so many readings is given up. */
#define DUMP_TRIES	8

void answer_free(struct answer *answer)
{
	for (size_t i = 0; i < answer->count; i++)
		nlmsg_free(answer->msgs[i]);
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

static int on_valid(struct nl_msg *msg, void *data)
{
	struct answer *answer = data;
	struct nl_msg **msgs;
	size_t room;

	if (answer->count == answer->room) {
		room = answer->room ? 2 * answer->room : 16;
		msgs = realloc(answer->msgs, room * sizeof(*msgs));
		if (!msgs) {
			answer->err = -ENOMEM;
			return NL_OK;
		}
		answer->msgs = msgs;
		answer->room = room;
	}
	/* libnl made it for us alone */
	nlmsg_get(msg);
	answer->msgs[answer->count++] = msg;
	return NL_OK;
}
/* The end of a dump carries its error, which libnl does not look at. */
static int on_finish(struct nl_msg *msg, void *data)
{
	struct answer *answer = data;
	struct nlmsghdr *nlh = nlmsg_hdr(msg);
	int err = 0;

	if (nlmsg_datalen(nlh) >= (int)sizeof(err))
		memcpy(&err, nlmsg_data(nlh), sizeof(err));
	if (err < 0)
		note_error(answer, nlh, err);
	answer->done = true;
	return NL_OK;
}

static int on_ack(struct nl_msg *msg, void *data)
{
	struct answer *answer = data;

	(void)msg;
	answer->done = true;
	return NL_STOP;
}

static int on_interrupted(struct nl_msg *msg, void *data)
{
	struct answer *answer = data;

	(void)msg;
	answer->interrupted = true;
	return NL_OK;
}

/* What is left of an earlier request that timed out is not for us. */
static int on_seq(struct nl_msg *msg, void *data)
{
	struct answer *answer = data;

	return nlmsg_hdr(msg)->nlmsg_seq == answer->seq ? NL_OK : NL_SKIP;
}

static int on_error(struct sockaddr_nl *from, struct nlmsgerr *nlerr,
		    void *data)
{
	struct answer *answer = data;
	const struct nlmsghdr *nlh =
		(const void *)((char *)nlerr - NLMSG_HDRLEN);

	(void)from;
	if (nlh->nlmsg_seq != answer->seq)
		return NL_SKIP;
	note_error(answer, nlh, nlerr->error);
	answer->done = true;
	return NL_STOP;
}

static struct nl_cb *callbacks(struct answer *answer)
{
	struct nl_cb *cb = nl_cb_alloc(NL_CB_CUSTOM);

	if (!cb)
		return NULL;
	nl_cb_set(cb, NL_CB_VALID, NL_CB_CUSTOM, on_valid, answer);
	nl_cb_set(cb, NL_CB_FINISH, NL_CB_CUSTOM, on_finish, answer);
	nl_cb_set(cb, NL_CB_ACK, NL_CB_CUSTOM, on_ack, answer);
	nl_cb_set(cb, NL_CB_DUMP_INTR, NL_CB_CUSTOM, on_interrupted, answer);
	nl_cb_set(cb, NL_CB_SEQ_CHECK, NL_CB_CUSTOM, on_seq, answer);
	nl_cb_err(cb, NL_CB_CUSTOM, on_error, answer);
	return cb;
}

static int receive(struct preswap_ctx *ctx, struct answer *answer)
{
	__cleanup_cb struct nl_cb *cb = callbacks(answer);
	int err;

	if (!cb)
		return preswap_fail(ctx, -ENOMEM, "out of memory");
	while (!answer->done) {
		err = nl_recvmsgs(ctx->request, cb);
		if (err >= 0 || answer->done)
			continue;
		err = preswap_errno(err);
		if (err == -EINTR)
			continue;
		if (err == -EAGAIN)
			return preswap_fail(ctx, -ETIMEDOUT,
					    "the kernel did not answer");
		return preswap_fail(ctx, err, "receiving the answer: %s",
				    strerror(-err));
	}
	return answer->err;
}

/* A reloaded module has another number. */
static int resolve(struct preswap_ctx *ctx, bool again)
{
	int family;

	if (ctx->family && !again)
		return 0;
	family = genl_ctrl_resolve(ctx->request, PRESWAP_FAMILY_NAME);
	if (family < 0) {
		ctx->family = 0;
		return preswap_fail(ctx, -ENODEV,
				    "the preswap module is not loaded");
	}
	ctx->family = family;
	return 0;
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
	int family, err = resolve(ctx, false);

	if (err)
		return err;
	for (int try = 0; try < DUMP_TRIES; try++) {
		err = exchange(ctx, msg, answer);
		if (err == -ENOENT && !answer->text[0]) {
			/* No such family, or no such object? */
			family = ctx->family;
			if (resolve(ctx, true))
				return -ENODEV;
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
