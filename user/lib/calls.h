/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What the functions that list or get have in common.
 */
#ifndef PRESWAP_LIB_CALLS_H
#define PRESWAP_LIB_CALLS_H

#include <errno.h>
#include <string.h>
#include <netlink/attr.h>
#include <netlink/genl/genl.h>

#include "codec.h"
#include "request.h"

/* Copies to a caller that may know an older, shorter structure. */
static inline int preswap_copy_out(struct preswap_ctx *ctx, void *to,
				   const void *from, size_t size)
{
	size_t theirs;

	memcpy(&theirs, to, sizeof(theirs));
	if (theirs < sizeof(size_t))
		return preswap_fail(ctx, -EINVAL, "structure without a size");
	memcpy((char *)to + sizeof(size_t), (const char *)from + sizeof(size_t),
	       (theirs < size ? theirs : size) - sizeof(size_t));
	return 0;
}

/* Copies from a caller that may know an older structure; the rest is 0. */
static inline int preswap_copy_in(struct preswap_ctx *ctx, void *to,
				  const void *from, size_t size)
{
	size_t theirs;

	memcpy(&theirs, from, sizeof(theirs));
	if (theirs < sizeof(size_t))
		return preswap_fail(ctx, -EINVAL, "structure without a size");
	memset(to, 0, size);
	memcpy(to, from, theirs < size ? theirs : size);
	return 0;
}

static inline int preswap_bad_answer(struct preswap_ctx *ctx)
{
	return preswap_fail(ctx, -EBADMSG, "the kernel's answer is malformed");
}

/* Decodes each message of an answer to a @kind and calls fn with it. */
#define PRESWAP_EACH(kind, ctx, answer, fn, data) ({			\
	struct preswap_##kind item_;					\
	int err_ = 0;							\
									\
	for (size_t i_ = 0; i_ < (answer)->count && !err_; i_++) {	\
		if (preswap_get_##kind((answer)->msgs[i_], &item_))	\
			err_ = preswap_bad_answer(ctx);			\
		else							\
			err_ = (fn)(data, &item_);			\
	}								\
	err_;								\
})

#endif /* PRESWAP_LIB_CALLS_H */
