/* SPDX-License-Identifier: GPL-2.0-only */
/* What apps send over the node's network device. */
#ifndef PRESWAP_NET_H
#define PRESWAP_NET_H

#include <linux/if.h>
#include <linux/types.h>

void preswap_net_device(char name[IFNAMSIZ]);
int preswap_net_set_device(const char *name);
u64 preswap_net_capacity(void);
void preswap_net_tick(void);
void preswap_net_init(void);
void preswap_net_exit(void);

#endif /* PRESWAP_NET_H */
