/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Messages to structures and back: pure functions over nl_msg, no socket.
 */
#ifndef PRESWAP_LIB_CODEC_H
#define PRESWAP_LIB_CODEC_H

#include <netlink/msg.h>
#include <preswap/preswap.h>

/*
 * Messages have a generic netlink header; the family is filled in when they
 * are sent. @size is the most that it may hold.
 */
struct nl_msg *preswap_msg_new(uint8_t cmd, int flags, size_t size);

/* The largest message that is sent: the default send buffer holds it. */
#define PRESWAP_MSG_MAX		(128 * 1024)

/* Encoders: 0, or -EMSGSIZE when the message has no room. */
int preswap_put_policy(struct nl_msg *msg, const struct preswap_policy *p);
int preswap_put_forecast(struct nl_msg *msg, const struct preswap_forecast *f);
int preswap_put_lease(struct nl_msg *msg, const struct preswap_lease_opts *o);

/* Room for these, up to PRESWAP_MSG_MAX, and for one more of any length. */
size_t preswap_batch_room(const void *forecasts, size_t stride, size_t count);
/*
 * As many of @count forecasts, @stride bytes apart, as @msg can hold; what did
 * not fit whole is left out. Returns how many, -EINVAL for one that cannot be
 * encoded (its number is then *@bad).
 */
int preswap_put_batch(struct nl_msg *msg, const void *forecasts, size_t stride,
		      size_t count, size_t *bad);

/*
 * Decoders of a whole message. -EBADMSG: an attribute has the wrong length, or
 * one that must be there is missing.
 */
int preswap_get_info(const struct nlmsghdr *nlh, struct preswap_info *out);
int preswap_get_app(const struct nlmsghdr *nlh, struct preswap_app *out);
int preswap_get_task(const struct nlmsghdr *nlh, struct preswap_task *out);
int preswap_get_policy(const struct nlmsghdr *nlh, struct preswap_policy *out);
int preswap_get_forecast(const struct nlmsghdr *nlh,
			 struct preswap_forecast *out);
int preswap_get_lease(const struct nlmsghdr *nlh, struct preswap_lease *out);
int preswap_get_event(const struct nlmsghdr *nlh, struct preswap_event *out);

typedef void (*preswap_usage_fn)(void *data, uint32_t seq, uint64_t time_ns,
				 const struct preswap_app *app);
/* Each whole app of a usage message; the number of apps that were not. */
int preswap_get_usage(const struct nlmsghdr *nlh, preswap_usage_fn fn,
		      void *data);
/* Each forecast of a batch, as the kernel would see it. */
int preswap_get_batch(const struct nlmsghdr *nlh, preswap_forecast_fn fn,
		      void *data);

/*
 * The text that the kernel attached to an error or to the end of a dump;
 * NULL: none. @nlh is NLMSG_ERROR or NLMSG_DONE; valid as long as it is.
 */
const char *preswap_get_extack(const struct nlmsghdr *nlh);

#endif /* PRESWAP_LIB_CODEC_H */
