// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The kernel's own words about a refused request.
 */
#include <linux/netlink.h>
#include <netlink/attr.h>
#include <string.h>

#include "codec.h"

/* Where the attributes of an acknowledgement begin; NULL: it has none. */
static struct nlattr *ack_attrs(const struct nlmsghdr *nlh, int *len)
{
	size_t skip = NLMSG_HDRLEN, head = sizeof(int);
	const struct nlmsgerr *err = nlmsg_data(nlh);

	if (!(nlh->nlmsg_flags & NLM_F_ACK_TLVS))
		return NULL;
	if (nlh->nlmsg_type == NLMSG_ERROR) {
		head = sizeof(*err);
		if (nlh->nlmsg_len < skip + head)
			return NULL;
		if (!(nlh->nlmsg_flags & NLM_F_CAPPED) &&
		    err->msg.nlmsg_len > NLMSG_HDRLEN)
			head += err->msg.nlmsg_len - NLMSG_HDRLEN;
	}
	skip += NLMSG_ALIGN(head);
	if (skip >= nlh->nlmsg_len)
		return NULL;
	*len = nlh->nlmsg_len - skip;
	return (struct nlattr *)((char *)nlh + skip);
}

const char *preswap_get_extack(const struct nlmsghdr *nlh)
{
	struct nlattr *tb[NLMSGERR_ATTR_MAX + 1], *attrs, *text;
	int len;

	attrs = ack_attrs(nlh, &len);
	if (!attrs || nla_parse(tb, NLMSGERR_ATTR_MAX, attrs, len, NULL) < 0)
		return NULL;
	text = tb[NLMSGERR_ATTR_MSG];
	if (!text || nla_len(text) < 1 ||
	    !memchr(nla_data(text), 0, nla_len(text)))
		return NULL;
	return nla_data(text);
}
