// SPDX-License-Identifier: GPL-2.0-only
/*
 * net - what apps send over the node's network device.
 *
 * The model. A packet is an app's whose socket sent it: the socket knows the
 * cgroup of the task that made it. It is counted where it enters a queue, at the
 * tracepoint net_dev_queue, with its length then: segments that the device will
 * cut it into, and the headers of all but one, are not in that. A packet passes
 * there again for each device below a bond or a bridge, so only one device
 * counts: the one that is named. A container's packets come to it by way of a
 * veth, and lose their socket where the node routes them; so what enters a veth outside
 * the initial namespace counts too, though some of it goes to the next container only.
 * Where the node bridges them they keep it, and count at the device once more.
 * What is received is not counted: by then it has been carried, and nobody here can
 * give any of it up. Nor is what no socket sent: answers of the kernel, and what the
 * node forwards for others.
 *
 * Several CPUs. The tracepoint is passed with bottom halves disabled, by the sender
 * or in softirq, on every CPU at once. The socket is the packet's, which holds it
 * and so its cgroup; the app is looked up, never made, and is valid under RCU. It
 * has one sum, which the tick takes and sets to 0: nothing is lost or counted
 * twice. The device is an index, set anew by each tick, so that a device that goes
 * leaves no pointer behind, and one that comes is found.
 *
 * The cost. Without a device or a capacity the tracepoint has no probe, and costs
 * nothing. With them, a packet of another device of this namespace costs a
 * comparison (30 instructions with the call); a counted one a lookup for each level
 * of its cgroup and one atomic addition: 170 instructions three levels down, 3 % of
 * what it takes to send 1,000 bytes by UDP to a device that drops them.
 */
#include <linux/netdevice.h>
#include <linux/skbuff.h>
#include <linux/spinlock.h>
#include <linux/tracepoint.h>
#include <net/inet_sock.h>
#include <net/net_namespace.h>
#include <net/rtnetlink.h>
#include <trace/events/net.h>

#include "app.h"
#include "knobs.h"
#include "net.h"

static DEFINE_SPINLOCK(preswap_net_lock);	/* the name */
static char preswap_net_name[IFNAMSIZ];		/* "": none */
static int preswap_net_index;	/* of that device now; 0: it is not there */
static struct tracepoint *preswap_net_tracepoint;
static bool preswap_net_registered;	/* the tick's */

/* The device's name, "" for none. */
void preswap_net_device(char name[IFNAMSIZ])
{
	spin_lock(&preswap_net_lock);
	strscpy(name, preswap_net_name, IFNAMSIZ);
	spin_unlock(&preswap_net_lock);
}

/**
 * preswap_net_set_device() - count what is sent over this device
 * @name: in the initial network namespace, where it need not be yet; "": none
 *
 * Return: 0, -EINVAL if no device can have this name, -EOPNOTSUPP on a kernel
 * that does not tell whose packets are.
 */
int preswap_net_set_device(const char *name)
{
	if (*name && !dev_valid_name(name))
		return -EINVAL;
	if (*name && !preswap_net_tracepoint)
		return -EOPNOTSUPP;
	spin_lock(&preswap_net_lock);
	strscpy(preswap_net_name, name, IFNAMSIZ);
	spin_unlock(&preswap_net_lock);
	return 0;
}

static bool preswap_net_has_device(void)
{
	return data_race(*preswap_net_name);
}

/* Bytes per second; 0: not looked at. */
u64 preswap_net_capacity(void)
{
	return preswap_net_has_device() ?
	       (u64)preswap_knob(net_capacity_mib) << 20 : 0;
}

#if IS_ENABLED(CONFIG_SOCK_CGROUP_DATA)
static bool preswap_net_is_counted(const struct net_device *dev)
{
	if (net_eq(dev_net(dev), &init_net))
		return dev->ifindex == READ_ONCE(preswap_net_index);
	return dev->rtnl_link_ops && !strcmp(dev->rtnl_link_ops->kind, "veth");
}

static void preswap_net_on_queue(void *data, struct sk_buff *skb)
{
	struct preswap_app *app;
	struct sock *sk;

	if (!skb->sk || !preswap_net_is_counted(skb->dev))
		return;
	/* of a connection that is not there yet, or no more */
	sk = sk_to_full_sk(skb->sk);
	if (!sk || !sk_fullsock(sk))
		return;
	rcu_read_lock();
	app = preswap_app_nearest(sock_cgroup_ptr(&sk->sk_cgrp_data));
	if (app)
		atomic64_add(skb->len, &app->net.sent);
	rcu_read_unlock();
}

static void preswap_net_match(struct tracepoint *tracepoint, void *data)
{
	if (!strcmp(tracepoint->name, "net_dev_queue"))
		preswap_net_tracepoint = tracepoint;
}

static void preswap_net_find_tracepoint(void)
{
	check_trace_callback_type_net_dev_queue(preswap_net_on_queue);
	for_each_kernel_tracepoint(preswap_net_match, NULL);
}
#else
#define preswap_net_on_queue	NULL	/* never registered */

static void preswap_net_find_tracepoint(void)
{
}
#endif

static void preswap_net_resolve(void)
{
	char name[IFNAMSIZ];
	struct net_device *dev;

	preswap_net_device(name);
	rcu_read_lock();
	dev = dev_get_by_name_rcu(&init_net, name);
	WRITE_ONCE(preswap_net_index, dev ? dev->ifindex : 0);
	rcu_read_unlock();
}

static void preswap_net_unregister(void)
{
	if (preswap_net_registered)
		tracepoint_probe_unregister(preswap_net_tracepoint,
					    preswap_net_on_queue, NULL);
	preswap_net_registered = false;
}

/*
 * The device as it is now, and the probe if it is wanted. The engine's tick alone
 * calls this, without preswap_lock: to set a probe waits for other CPUs.
 */
void preswap_net_tick(void)
{
	if (!preswap_net_capacity()) {
		preswap_net_unregister();
		return;
	}
	preswap_net_resolve();
	if (!preswap_net_registered)
		/* no memory: the next tick tries again */
		preswap_net_registered =
			!tracepoint_probe_register(preswap_net_tracepoint,
						   preswap_net_on_queue, NULL);
}

void preswap_net_init(void)
{
	preswap_net_find_tracepoint();
}

/* After the last tick. */
void preswap_net_exit(void)
{
	preswap_net_unregister();
	/* a probe that was unset by a tick may be running yet, too */
	tracepoint_synchronize_unregister();
}
