// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Reading: the node, apps, tasks.
 */
#include "calls.h"

PRESWAP_EXPORT int preswap_info_get(struct preswap_ctx *ctx,
				    struct preswap_info *info)
{
	__cleanup_msg struct nl_msg *msg =
		preswap_request_new(ctx, PRESWAP_CMD_INFO_GET, 0);
	__cleanup_answer struct answer answer = {};
	struct preswap_info full;
	int err;

	if (!msg)
		return -ENOMEM;
	err = preswap_request(ctx, msg, &answer);
	if (err)
		return err;
	if (!answer.count ||
	    preswap_get_info(answer.msgs[0], &full))
		return preswap_bad_answer(ctx);
	return preswap_copy_out(ctx, info, &full, sizeof(full));
}

PRESWAP_EXPORT int preswap_app_by_id(struct preswap_ctx *ctx, uint64_t id,
				     preswap_app_fn fn, void *data)
{
	__cleanup_msg struct nl_msg *msg =
		preswap_request_new(ctx, PRESWAP_CMD_APP_GET, 0);
	__cleanup_answer struct answer answer = {};
	int err;

	if (!msg || nla_put_u64(msg, PRESWAP_A_APP_ID, id))
		return -ENOMEM;
	err = preswap_request(ctx, msg, &answer);
	if (err)
		return err;
	return PRESWAP_EACH(app, ctx, &answer, fn, data);
}

PRESWAP_EXPORT int preswap_apps(struct preswap_ctx *ctx, preswap_app_fn fn,
				void *data)
{
	__cleanup_msg struct nl_msg *msg =
		preswap_request_new(ctx, PRESWAP_CMD_APP_GET, NLM_F_DUMP);
	__cleanup_answer struct answer answer = {};
	int err;

	if (!msg)
		return -ENOMEM;
	err = preswap_request(ctx, msg, &answer);
	if (err)
		return err;
	return PRESWAP_EACH(app, ctx, &answer, fn, data);
}

PRESWAP_EXPORT int preswap_tasks(struct preswap_ctx *ctx, uint64_t app_id,
				 preswap_task_fn fn, void *data)
{
	__cleanup_msg struct nl_msg *msg =
		preswap_request_new(ctx, PRESWAP_CMD_TASK_GET, NLM_F_DUMP);
	__cleanup_answer struct answer answer = {};
	int err;

	if (!msg)
		return -ENOMEM;
	if (app_id && nla_put_u64(msg, PRESWAP_A_TASK_APP_ID, app_id))
		return -ENOMEM;
	err = preswap_request(ctx, msg, &answer);
	if (err)
		return err;
	return PRESWAP_EACH(task, ctx, &answer, fn, data);
}
