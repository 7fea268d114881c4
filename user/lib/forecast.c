// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Forecasts: pushing batches, reading back.
 */
#include "calls.h"

/* One message's worth; the number taken, or -errno. */
static int set_some(struct preswap_ctx *ctx, const void *forecasts,
		    size_t stride, size_t count, size_t first)
{
	__cleanup_msg struct nl_msg *msg =
		preswap_msg_new(PRESWAP_CMD_FORECAST_SET, 0,
				preswap_batch_room(forecasts, stride, count));
	__cleanup_answer struct answer answer = {};
	size_t bad = 0;
	int put, err;

	if (!msg)
		return preswap_fail(ctx, -ENOMEM, "out of memory");
	put = preswap_put_batch(msg, forecasts, stride, count, &bad);
	if (put < 0)
		return preswap_fail(ctx, put,
				    "forecast %zu: size, or not 1..%d points",
				    first + bad, PRESWAP_POINTS_MAX);
	err = preswap_request(ctx, msg, &answer);
	return err ?: put;
}

PRESWAP_EXPORT int preswap_forecasts_set(struct preswap_ctx *ctx,
				const struct preswap_forecast *forecasts,
				size_t count, size_t *accepted)
{
	size_t done = 0, stride = count ? forecasts->size : 0;
	int put = 0;

	/* All of the structure so far is needed: there is no older one. */
	if (count && stride < sizeof(*forecasts))
		put = preswap_fail(ctx, -EINVAL, "forecast without a size");
	while (done < count && put >= 0) {
		put = set_some(ctx, (const char *)forecasts + done * stride,
			       stride, count - done, done);
		if (put > 0)
			done += put;
	}
	if (accepted)
		*accepted = done;
	return put < 0 ? put : 0;
}

PRESWAP_EXPORT int preswap_forecasts(struct preswap_ctx *ctx,
				     preswap_forecast_fn fn, void *data)
{
	__cleanup_msg struct nl_msg *msg =
		preswap_request_new(ctx, PRESWAP_CMD_FORECAST_GET, NLM_F_DUMP);
	__cleanup_answer struct answer answer = {};
	int err;

	if (!msg)
		return -ENOMEM;
	err = preswap_request(ctx, msg, &answer);
	if (err)
		return err;
	return PRESWAP_EACH(forecast, ctx, &answer, fn, data);
}
