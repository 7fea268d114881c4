// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Policies of apps.
 */
#include "calls.h"

PRESWAP_EXPORT int preswap_policy_set(struct preswap_ctx *ctx,
				      const struct preswap_policy *policy)
{
	__cleanup_msg struct nl_msg *msg =
		preswap_request_new(ctx, PRESWAP_CMD_POLICY_SET, 0);
	__cleanup_answer struct answer answer = {};
	struct preswap_policy full;
	int err;

	if (!msg)
		return -ENOMEM;
	err = preswap_copy_in(ctx, &full, policy, sizeof(full));
	if (!err)
		err = preswap_put_policy(msg, &full);
	return err ?: preswap_request(ctx, msg, &answer);
}

PRESWAP_EXPORT int preswap_policy_get(struct preswap_ctx *ctx, uint64_t app_id,
				      struct preswap_policy *policy)
{
	__cleanup_msg struct nl_msg *msg =
		preswap_request_new(ctx, PRESWAP_CMD_POLICY_GET, 0);
	__cleanup_answer struct answer answer = {};
	struct preswap_policy full;
	int err;

	if (!msg || nla_put_u64(msg, PRESWAP_A_POLICY_APP_ID, app_id))
		return -ENOMEM;
	err = preswap_request(ctx, msg, &answer);
	if (err)
		return err;
	if (!answer.count ||
	    preswap_get_policy(answer.msgs[0], &full))
		return preswap_bad_answer(ctx);
	return preswap_copy_out(ctx, policy, &full, sizeof(full));
}

PRESWAP_EXPORT int preswap_policy_approve(struct preswap_ctx *ctx,
					  uint64_t app_id, uint32_t duration_ms)
{
	__cleanup_msg struct nl_msg *msg =
		preswap_request_new(ctx, PRESWAP_CMD_POLICY_APPROVE, 0);
	__cleanup_answer struct answer answer = {};

	if (!msg || nla_put_u64(msg, PRESWAP_A_POLICY_APP_ID, app_id) ||
	    nla_put_u32(msg, PRESWAP_A_POLICY_APPROVED_MS, duration_ms))
		return -ENOMEM;
	return preswap_request(ctx, msg, &answer);
}

PRESWAP_EXPORT int preswap_policy_del(struct preswap_ctx *ctx, uint64_t app_id)
{
	__cleanup_msg struct nl_msg *msg =
		preswap_request_new(ctx, PRESWAP_CMD_POLICY_DEL, 0);
	__cleanup_answer struct answer answer = {};

	if (!msg || nla_put_u64(msg, PRESWAP_A_POLICY_APP_ID, app_id))
		return -ENOMEM;
	return preswap_request(ctx, msg, &answer);
}

PRESWAP_EXPORT int preswap_policies(struct preswap_ctx *ctx,
				    preswap_policy_fn fn, void *data)
{
	__cleanup_msg struct nl_msg *msg =
		preswap_request_new(ctx, PRESWAP_CMD_POLICY_GET, NLM_F_DUMP);
	__cleanup_answer struct answer answer = {};
	int err;

	if (!msg)
		return -ENOMEM;
	err = preswap_request(ctx, msg, &answer);
	if (err)
		return err;
	return PRESWAP_EACH(policy, ctx, &answer, fn, data);
}
