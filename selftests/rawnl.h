/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * Netlink messages byte by byte, wrong ones included, and what comes back.
 *
 * The library builds only valid messages. Here a message is a buffer, and
 * whoever fills it may lie about every length in it.
 */
#ifndef PRESWAP_SELFTESTS_RAWNL_H
#define PRESWAP_SELFTESTS_RAWNL_H

#include <linux/genetlink.h>
#include <linux/netlink.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <netlink/netlink.h>
#include <sys/socket.h>

#include "guest.h"

#define RAW_MSG_MAX	65536

struct raw_msg {
	size_t len;		/* what is sent; the header may say otherwise */
	uint8_t buf[RAW_MSG_MAX] __attribute__((aligned(8)));
};

struct raw_sock {
	struct nl_sock *nl;
	int fd;
	int family;
	uint32_t seq;
};

/* All that came back for what was sent. */
struct raw_answer {
	unsigned int acks;	/* of success */
	unsigned int errors;
	unsigned int parts;	/* messages that are neither */
	bool interrupted;	/* a dump that changed underneath */
	int error;		/* the last one, -errno; 0: none */
	char text[256];		/* the kernel's about it */
};

typedef void (*raw_visit)(void *data, const struct nlmsghdr *part);

/* ---- build ---- */

static inline struct nlmsghdr *raw_header(struct raw_msg *m)
{
	return (struct nlmsghdr *)m->buf;
}

static inline struct genlmsghdr *raw_genl(struct raw_msg *m)
{
	return (struct genlmsghdr *)(m->buf + NLMSG_HDRLEN);
}

static inline void raw_begin(struct raw_msg *m, int family, uint8_t cmd,
			     uint16_t flags)
{
	m->len = NLMSG_HDRLEN + GENL_HDRLEN;
	memset(m->buf, 0, m->len);
	*raw_header(m) = (struct nlmsghdr){
		.nlmsg_len = (uint32_t)m->len,
		.nlmsg_type = (uint16_t)family,
		.nlmsg_flags = NLM_F_REQUEST | NLM_F_ACK | flags,
	};
	*raw_genl(m) = (struct genlmsghdr){
		.cmd = cmd,
		.version = PRESWAP_FAMILY_VERSION,
	};
}

/* Returns the attribute, for those who want to spoil it. */
static inline struct nlattr *raw_put(struct raw_msg *m, uint16_t type,
				     const void *data, size_t len)
{
	struct nlattr *attr = (struct nlattr *)(m->buf + m->len);

	memset(attr, 0, NLA_HDRLEN + NLA_ALIGN(len));
	attr->nla_type = type;
	attr->nla_len = (uint16_t)(NLA_HDRLEN + len);
	memcpy((uint8_t *)attr + NLA_HDRLEN, data, len);
	m->len += NLA_HDRLEN + NLA_ALIGN(len);
	raw_header(m)->nlmsg_len = (uint32_t)m->len;
	return attr;
}

/* A number in @size bytes; beyond eight, zeros follow. */
static inline struct nlattr *raw_put_number(struct raw_msg *m, uint16_t type,
					    uint64_t value, size_t size)
{
	uint8_t bytes[32] = {};

	memcpy(bytes, &value, sizeof(value));
	return raw_put(m, type, bytes, size);
}

static inline struct nlattr *raw_nest(struct raw_msg *m, uint16_t type)
{
	return raw_put(m, type | NLA_F_NESTED, "", 0);
}

static inline void raw_nest_end(struct raw_msg *m, struct nlattr *nest)
{
	nest->nla_len = (uint16_t)(m->buf + m->len - (uint8_t *)nest);
}

/* ---- send and hear ---- */

/* 0 or -errno; without a family of this name -ENOENT. */
static inline int raw_open(struct raw_sock *s)
{
	int on = 1, buffer = 1 << 20;

	*s = (struct raw_sock){ .nl = nl_socket_alloc(), .fd = -1 };
	if (!s->nl || genl_connect(s->nl)) {
		nl_socket_free(s->nl);
		return -EPROTO;
	}
	s->fd = nl_socket_get_fd(s->nl);
	setsockopt(s->fd, SOL_NETLINK, NETLINK_EXT_ACK, &on, sizeof(on));
	setsockopt(s->fd, SOL_NETLINK, NETLINK_CAP_ACK, &on, sizeof(on));
	setsockopt(s->fd, SOL_SOCKET, SO_RCVBUFFORCE, &buffer, sizeof(buffer));
	s->family = genl_ctrl_resolve(s->nl, PRESWAP_FAMILY_NAME);
	return s->family < 0 ? -ENOENT : 0;
}

static inline void raw_close(struct raw_sock *s)
{
	nl_socket_free(s->nl);
	s->nl = NULL;
}

static inline void raw_text(struct raw_answer *answer,
			    const struct nlmsghdr *h, size_t skip)
{
	const uint8_t *at = (const uint8_t *)h + NLMSG_HDRLEN + skip;
	const uint8_t *end = (const uint8_t *)h + h->nlmsg_len;

	if (!(h->nlmsg_flags & NLM_F_ACK_TLVS))
		return;
	while (at + NLA_HDRLEN <= end) {
		const struct nlattr *attr = (const struct nlattr *)at;

		if (attr->nla_len < NLA_HDRLEN || at + attr->nla_len > end)
			return;
		if ((attr->nla_type & NLA_TYPE_MASK) == NLMSGERR_ATTR_MSG)
			snprintf(answer->text, sizeof(answer->text), "%.*s",
				 attr->nla_len - NLA_HDRLEN,
				 (const char *)at + NLA_HDRLEN);
		at += NLA_ALIGN(attr->nla_len);
	}
}

static inline void raw_hear_end(struct raw_answer *answer,
				const struct nlmsghdr *h, size_t skip)
{
	int error;

	memcpy(&error, (const uint8_t *)h + NLMSG_HDRLEN, sizeof(error));
	if (!error) {
		answer->acks++;
		return;
	}
	answer->errors++;
	answer->error = error;
	raw_text(answer, h, skip);
}

static inline void raw_hear_one(struct raw_answer *answer,
				const struct nlmsghdr *h, raw_visit visit,
				void *data)
{
	if (h->nlmsg_flags & NLM_F_DUMP_INTR)
		answer->interrupted = true;
	if (h->nlmsg_type == NLMSG_ERROR) {
		raw_hear_end(answer, h, sizeof(struct nlmsgerr));
	} else if (h->nlmsg_type == NLMSG_DONE) {
		raw_hear_end(answer, h, sizeof(int));
	} else {
		answer->parts++;
		if (visit)
			visit(data, h);
	}
}

/*
 * Requests are answered while they are sent, and dumps go on while they are
 * received: when nothing is there any more, nothing more comes.
 */
static inline void raw_hear(struct raw_sock *s, struct raw_answer *answer,
			    raw_visit visit, void *data)
{
	static uint8_t buf[RAW_MSG_MAX] __attribute__((aligned(8)));
	ssize_t n;

	for (;;) {
		const struct nlmsghdr *h = (const struct nlmsghdr *)buf;

		n = recv(s->fd, buf, sizeof(buf), MSG_DONTWAIT);
		if (n < 0 && (errno == EINTR || errno == ENOBUFS))
			continue;
		if (n <= 0)
			return;
		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n))
			raw_hear_one(answer, h, visit, data);
	}
}

/* Send it as it is, but for the sequence number. */
static inline struct raw_answer raw_ask_each(struct raw_sock *s,
					     struct raw_msg *m,
					     raw_visit visit, void *data)
{
	struct raw_answer answer = {};

	raw_header(m)->nlmsg_seq = ++s->seq;
	if (nl_sendto(s->nl, m->buf, m->len) < 0) {
		answer.errors = 1;
		answer.error = -EIO;
	}
	raw_hear(s, &answer, visit, data);
	return answer;
}

static inline struct raw_answer raw_ask(struct raw_sock *s, struct raw_msg *m)
{
	return raw_ask_each(s, m, NULL, NULL);
}

/* ---- look at parts ---- */

#define raw_for_each_attr_in(attr, from, to)				\
	for (const struct nlattr *attr = (const struct nlattr *)(from);	\
	     (const uint8_t *)attr + NLA_HDRLEN <=			\
		(const uint8_t *)(to) && attr->nla_len >= NLA_HDRLEN;	\
	     attr = (const struct nlattr *)				\
		((const uint8_t *)attr + NLA_ALIGN(attr->nla_len)))

/* Each attribute of an answer. */
#define raw_for_each_attr(attr, part)					\
	raw_for_each_attr_in(attr,					\
		(const uint8_t *)(part) + NLMSG_HDRLEN + GENL_HDRLEN,	\
		(const uint8_t *)(part) + (part)->nlmsg_len)

static inline bool raw_is(const struct nlattr *attr, uint16_t type)
{
	return (attr->nla_type & NLA_TYPE_MASK) == type;
}

static inline uint64_t raw_value(const struct nlattr *attr)
{
	size_t len = attr->nla_len - NLA_HDRLEN;
	uint64_t value = 0;

	memcpy(&value, (const uint8_t *)attr + NLA_HDRLEN, len < 8 ? len : 8);
	return value;
}

/* A number of an answer, @missing if it is not there. */
static inline uint64_t raw_number(const struct nlmsghdr *part, uint16_t type,
				  uint64_t missing)
{
	raw_for_each_attr(attr, part)
		if (raw_is(attr, type))
			return raw_value(attr);
	return missing;
}

/* The same, of a nest. */
static inline uint64_t raw_nested_number(const struct nlattr *nest,
					 uint16_t type, uint64_t missing)
{
	raw_for_each_attr_in(attr, (const uint8_t *)nest + NLA_HDRLEN,
			     (const uint8_t *)nest + nest->nla_len)
		if (raw_is(attr, type))
			return raw_value(attr);
	return missing;
}

#endif /* PRESWAP_SELFTESTS_RAWNL_H */
