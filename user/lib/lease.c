// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Leases: reading, beginning and ending by hand.
 */
#include "calls.h"

PRESWAP_EXPORT int preswap_leases(struct preswap_ctx *ctx, preswap_lease_fn fn,
				  void *data)
{
	__cleanup_msg struct nl_msg *msg =
		preswap_request_new(ctx, PRESWAP_CMD_LEASE_GET, NLM_F_DUMP);
	__cleanup_answer struct answer answer = {};
	int err;

	if (!msg)
		return -ENOMEM;
	err = preswap_request(ctx, msg, &answer);
	if (err)
		return err;
	return PRESWAP_EACH(lease, ctx, &answer, fn, data);
}

PRESWAP_EXPORT int preswap_lease_add(struct preswap_ctx *ctx,
				     const struct preswap_lease_opts *opts,
				     struct preswap_lease *lease)
{
	__cleanup_msg struct nl_msg *msg =
		preswap_request_new(ctx, PRESWAP_CMD_LEASE_ADD, 0);
	__cleanup_answer struct answer answer = {};
	struct preswap_lease_opts full;
	struct preswap_lease begun;
	int err;

	if (!msg)
		return -ENOMEM;
	err = preswap_copy_in(ctx, &full, opts, sizeof(full));
	if (!err)
		err = preswap_put_lease(msg, &full);
	if (!err)
		err = preswap_request(ctx, msg, &answer);
	if (err || !lease)
		return err;
	if (!answer.count ||
	    preswap_get_lease(answer.msgs[0], &begun))
		return preswap_bad_answer(ctx);
	return preswap_copy_out(ctx, lease, &begun, sizeof(begun));
}

PRESWAP_EXPORT int preswap_lease_end(struct preswap_ctx *ctx, uint32_t id)
{
	__cleanup_msg struct nl_msg *msg =
		preswap_request_new(ctx, PRESWAP_CMD_LEASE_END, 0);
	__cleanup_answer struct answer answer = {};

	if (!msg || nla_put_u32(msg, PRESWAP_A_LEASE_ID, id))
		return -ENOMEM;
	return preswap_request(ctx, msg, &answer);
}
