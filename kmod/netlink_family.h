/* SPDX-License-Identifier: GPL-2.0-only */
/* The family and its groups, for the netlink files alone. */
#ifndef PRESWAP_NETLINK_FAMILY_H
#define PRESWAP_NETLINK_FAMILY_H

#include <net/genetlink.h>

enum { PRESWAP_GROUP_USAGE, PRESWAP_GROUP_EVENTS };

extern struct genl_family preswap_family;

#endif /* PRESWAP_NETLINK_FAMILY_H */
