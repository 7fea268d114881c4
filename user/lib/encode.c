// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Requests: structures to netlink attributes.
 */
#include <errno.h>
#include <netlink/genl/genl.h>

#include "codec.h"

struct nl_msg *preswap_msg_new(uint8_t cmd, int flags, size_t size)
{
	struct nl_msg *msg = nlmsg_alloc_size(size);

	if (!msg)
		return NULL;
	if (!genlmsg_put(msg, NL_AUTO_PORT, NL_AUTO_SEQ, 0, 0, flags, cmd,
			 PRESWAP_FAMILY_VERSION)) {
		nlmsg_free(msg);
		return NULL;
	}
	return msg;
}

/*
 * A value that is the kernel's default is not sent where an older kernel would
 * refuse it.
 */
int preswap_put_policy(struct nl_msg *msg, const struct preswap_policy *p)
{
	NLA_PUT_U64(msg, PRESWAP_A_POLICY_APP_ID, p->app_id);
	if (p->fields & PRESWAP_POLICY_PRIORITY)
		NLA_PUT_U8(msg, PRESWAP_A_POLICY_PRIORITY, p->priority);
	if (p->fields & PRESWAP_POLICY_SENSITIVITY)
		NLA_PUT_U8(msg, PRESWAP_A_POLICY_SENSITIVITY, p->sensitivity);
	if (p->fields & PRESWAP_POLICY_SWAP_ELIGIBLE)
		NLA_PUT_U8(msg, PRESWAP_A_POLICY_SWAP_ELIGIBLE,
			   p->swap_eligible);
	if (p->fields & PRESWAP_POLICY_FLOOR_CPU)
		NLA_PUT_U64(msg, PRESWAP_A_POLICY_FLOOR_CPU_MILLI,
			    p->floor_cpu_milli);
	if (p->fields & PRESWAP_POLICY_FLOOR_MEM)
		NLA_PUT_U64(msg, PRESWAP_A_POLICY_FLOOR_MEM_BYTES,
			    p->floor_mem_bytes);
	if (p->fields & PRESWAP_POLICY_FLOOR_IO && p->floor_io_bytes)
		NLA_PUT_U64(msg, PRESWAP_A_POLICY_FLOOR_IO_BYTES,
			    p->floor_io_bytes);
	if (p->fields & PRESWAP_POLICY_FLOOR_NET && p->floor_net_bytes)
		NLA_PUT_U64(msg, PRESWAP_A_POLICY_FLOOR_NET_BYTES,
			    p->floor_net_bytes);
	if (p->fields & PRESWAP_POLICY_GIVES && p->gives != PRESWAP_GIVES_ALL)
		NLA_PUT_U8(msg, PRESWAP_A_POLICY_GIVES, p->gives);
	if (p->fields & PRESWAP_POLICY_MAX_STALL && p->max_stall_pct)
		NLA_PUT_U8(msg, PRESWAP_A_POLICY_MAX_STALL_PCT,
			   p->max_stall_pct);
	if (p->fields & PRESWAP_POLICY_MAX_DOWNTIME && p->max_downtime_ms)
		NLA_PUT_U32(msg, PRESWAP_A_POLICY_MAX_DOWNTIME_MS,
			    p->max_downtime_ms);
	if (p->fields & PRESWAP_POLICY_RECEIVES &&
	    p->receives != PRESWAP_GIVES_ALL)
		NLA_PUT_U8(msg, PRESWAP_A_POLICY_RECEIVES, p->receives);
	if (p->fields & PRESWAP_POLICY_GROUPS && p->groups)
		NLA_PUT_U32(msg, PRESWAP_A_POLICY_GROUPS, p->groups);
	if (p->fields & PRESWAP_POLICY_NEVER_TO && p->never_to)
		NLA_PUT_U32(msg, PRESWAP_A_POLICY_NEVER_TO, p->never_to);
	if (p->fields & PRESWAP_POLICY_RESERVE_MEM && p->reserve_mem_mib)
		NLA_PUT_U32(msg, PRESWAP_A_POLICY_RESERVE_MEM_MIB,
			    p->reserve_mem_mib);
	if (p->fields & PRESWAP_POLICY_NEEDS_APPROVAL)
		NLA_PUT_U8(msg, PRESWAP_A_POLICY_NEEDS_APPROVAL,
			   p->needs_approval);
	return 0;

nla_put_failure:
	return -EMSGSIZE;
}

static int put_point(struct nl_msg *msg, const struct preswap_point *p)
{
	struct nlattr *nest = nla_nest_start(msg, PRESWAP_A_FORECAST_POINT);

	if (!nest)
		return -EMSGSIZE;
	NLA_PUT_U32(msg, PRESWAP_A_POINT_HORIZON_MS, p->horizon_ms);
	NLA_PUT_U64(msg, PRESWAP_A_POINT_MEAN, p->mean);
	NLA_PUT_U64(msg, PRESWAP_A_POINT_Q05, p->q05);
	NLA_PUT_U64(msg, PRESWAP_A_POINT_Q50, p->q50);
	NLA_PUT_U64(msg, PRESWAP_A_POINT_Q95, p->q95);
	nla_nest_end(msg, nest);
	return 0;

nla_put_failure:
	return -EMSGSIZE;
}

int preswap_put_forecast(struct nl_msg *msg, const struct preswap_forecast *f)
{
	struct nlattr *nest = nla_nest_start(msg, PRESWAP_A_BATCH_FORECAST);

	if (!nest)
		return -EMSGSIZE;
	NLA_PUT_U64(msg, PRESWAP_A_FORECAST_APP_ID, f->app_id);
	NLA_PUT_U8(msg, PRESWAP_A_FORECAST_RESOURCE, f->resource);
	NLA_PUT_U32(msg, PRESWAP_A_FORECAST_VALID_MS, f->valid_ms);
	for (uint32_t i = 0; i < f->points_count; i++)
		if (put_point(msg, &f->points[i]) < 0)
			goto nla_put_failure;
	nla_nest_end(msg, nest);
	return 0;

nla_put_failure:
	nla_nest_cancel(msg, nest);
	return -EMSGSIZE;
}

/* Messages are zeroed when they are made: all that one may hold costs more than these. */
size_t preswap_batch_room(const void *forecasts, size_t stride, size_t count)
{
	const size_t head = NLMSG_HDRLEN + GENL_HDRLEN;
	const size_t each = NLA_HDRLEN + nla_total_size(sizeof(uint64_t)) +
			    nla_total_size(sizeof(uint8_t)) +
			    nla_total_size(sizeof(uint32_t));
	const size_t point = NLA_HDRLEN + nla_total_size(sizeof(uint32_t)) +
			     4 * nla_total_size(sizeof(uint64_t));
	size_t room = head + each + PRESWAP_POINTS_MAX * point;

	for (size_t i = 0; i < count && room < PRESWAP_MSG_MAX; i++) {
		const struct preswap_forecast *f =
			(const void *)((const char *)forecasts + i * stride);

		/* one with more of them is refused */
		if (f->points_count <= PRESWAP_POINTS_MAX)
			room += each + f->points_count * point;
	}
	return room < PRESWAP_MSG_MAX ? room : PRESWAP_MSG_MAX;
}

int preswap_put_batch(struct nl_msg *msg, const void *forecasts, size_t stride,
		      size_t count, size_t *bad)
{
	int put = 0;

	for (size_t i = 0; i < count; i++) {
		const struct preswap_forecast *f =
			(const void *)((const char *)forecasts + i * stride);

		if (f->size != stride || f->points_count == 0 ||
		    f->points_count > PRESWAP_POINTS_MAX) {
			*bad = i;
			return -EINVAL;
		}
		if (preswap_put_forecast(msg, f) < 0)
			break;
		put++;
	}
	return put;
}

int preswap_put_lease(struct nl_msg *msg, const struct preswap_lease_opts *o)
{
	NLA_PUT_U8(msg, PRESWAP_A_LEASE_KIND, o->kind);
	NLA_PUT_U64(msg, PRESWAP_A_LEASE_DONOR_ID, o->donor_id);
	if (o->receiver_id)
		NLA_PUT_U64(msg, PRESWAP_A_LEASE_RECEIVER_ID, o->receiver_id);
	NLA_PUT_U64(msg, PRESWAP_A_LEASE_AMOUNT, o->amount);
	NLA_PUT_U32(msg, PRESWAP_A_LEASE_DURATION_MS, o->duration_ms);
	if (o->device)
		NLA_PUT_U32(msg, PRESWAP_A_LEASE_DEVICE, o->device);
	return 0;

nla_put_failure:
	return -EMSGSIZE;
}
