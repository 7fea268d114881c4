/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One request and all of its answer, before anything is done with it: so a
 * caller's callback may make the next request, and a list that changed while
 * it was read is read again.
 */
#ifndef PRESWAP_LIB_REQUEST_H
#define PRESWAP_LIB_REQUEST_H

#include "internal.h"

struct answer {
	struct nlmsghdr **msgs;		/* in @parts */
	size_t count;
	/* The rest is request.c's own. */
	unsigned char **parts;		/* what one read gave, each */
	size_t nparts;
	uint32_t seq;
	int err;
	bool done, interrupted;
	char text[192];			/* the kernel's */
};

/*
 * Fills @answer, to be emptied by answer_free() after success and after
 * failure. -errno, with the context's error text set.
 */
int preswap_request(struct preswap_ctx *ctx, struct nl_msg *msg,
		    struct answer *answer);
void answer_free(struct answer *answer);

/* Of the module's family, or of one of its groups; -errno with the error text. */
int preswap_number(struct preswap_ctx *ctx, const char *group);

#define __cleanup_answer __attribute__((cleanup(answer_free)))

/* A new request with room for a few attributes; NULL sets the error text. */
struct nl_msg *preswap_request_new(struct preswap_ctx *ctx, uint8_t cmd,
				   int flags);

#define PRESWAP_SMALL_MSG	4096

#endif /* PRESWAP_LIB_REQUEST_H */
