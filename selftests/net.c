// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The network as a resource: what each app sends over the node's
 * device is counted, foreseen, and told when it will not do. Nothing takes it yet.
 *
 * The device is a dummy, which is faster than any need here: what the senders send
 * is what is counted.
 */
#include <arpa/inet.h>
#include <sched.h>
#include <stdatomic.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/socket.h>

#include "guest.h"
#include "module.h"

#define DUMMY		"preswap0"
#define OURS		"10.77.0.1"
#define BEYOND		"10.77.0.2"	/* behind the dummy */
#define CAPACITY_MIB	4
#define PAYLOAD		1000
#define PACKET		(PAYLOAD + 8 + 20 + 14)	/* UDP, IP, Ethernet */
#define STEPS		20		/* a second */

struct sender {
	const char *to;
	size_t rate;		/* bytes of packets in a second; 0: all at once */
	size_t lump;		/* bytes of packets, and nothing more */
	bool own_namespace;
	_Atomic uint64_t sent;	/* by itself */
	atomic_bool go, ready;
};

static struct preswap_ctx *ctx;
static struct sender *a, *b;	/* shared with the senders */
static uint64_t a_id, b_id;

/* ---- who sends ---- */

static int connected(const char *to)
{
	struct sockaddr_in address = {
		.sin_family = AF_INET, .sin_port = htons(9),
	};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	inet_pton(AF_INET, to, &address.sin_addr);
	if (fd < 0 || connect(fd, (struct sockaddr *)&address,
			      sizeof(address)))
		_exit(98);
	return fd;
}

/* Nobody listens to what goes to lo: that is told, and no failure. */
static void send_bytes(struct sender *s, int fd, size_t bytes)
{
	static char payload[PAYLOAD];
	size_t done;

	for (done = 0; done < bytes; done += PACKET)
		if (send(fd, payload, sizeof(payload), 0) == PAYLOAD)
			atomic_fetch_add(&s->sent, PACKET);
}

static void sender(void *arg)
{
	struct sender *s = arg;
	uint64_t due, now;
	int fd;

	if (s->own_namespace && unshare(CLONE_NEWNET))
		_exit(97);
	atomic_store(&s->ready, true);
	while (!atomic_load(&s->go))
		sleep_ms(5);
	if (s->own_namespace &&
	    system("ip link set lo up && ip addr add 10.78.0.2/24 dev preswap2 && ip link set preswap2 up"))
		_exit(96);
	fd = connected(s->to);
	send_bytes(s, fd, s->lump);
	for (due = now_ms(); s->rate; ) {
		send_bytes(s, fd, s->rate / STEPS);
		due += 1000 / STEPS;
		now = now_ms();
		if (now < due)
			sleep_ms((unsigned int)(due - now));
		else if (now > due + 500)
			due = now;
	}
	for (;;)
		pause();
}

static pid_t begin(struct sender *s, const char *group, const char *to,
		   size_t rate)
{
	s->to = to;
	s->rate = rate;
	atomic_store(&s->go, true);
	return group_spawn(group, sender, s);
}

/* ---- what is counted ---- */

static uint64_t rate_of(uint64_t id)
{
	return app_of(ctx, id).net_bytes;
}

static struct preswap_info node(void)
{
	struct preswap_info info = { .size = sizeof(info) };

	must(ctx, preswap_info_get(ctx, &info));
	return info;
}

static void set_device(const char *name)
{
	must_write("/sys/kernel/preswap/net_device", name);
}

static bool try_dummy(void)
{
	return !system("ip link add " DUMMY " type dummy && ip addr add " OURS "/24 dev " DUMMY " && ip link set " DUMMY " up");
}

static void make_dummy(void)
{
	ktap_assert(try_dummy(), "no dummy device");
}

/* Where it is built in, there is nothing to load. */
static void load(const char *module)
{
	char command[64];

	snprintf(command, sizeof(command), "modprobe -q %s", module);
	if (system(command))
		return;
}

static void remove_dummy(void)
{
	if (system("ip link del " DUMMY " 2>/dev/null"))
		return;		/* it was not there */
}

static void setup(void)
{
	static bool held;

	if (!ctx)
		ctx = open_preswap();
	if (try_write("/sys/kernel/preswap/net_device", "lo") == -EOPNOTSUPP)
		ktap_skip("sockets without cgroups");
	load("dummy numdummies=0");
	if (!held)
		hold_tracepoint("net/net_dev_queue");
	held = true;
	if (!a) {
		a = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
		ktap_assert(a != MAP_FAILED, "no memory");
		b = a + 1;
	}
	group_remove("a");
	group_remove("b");
	memset(a, 0, 2 * sizeof(*a));
	remove_dummy();
	if (!try_dummy())
		ktap_skip("no dummy devices");
	set_knob("enabled", 1);
	set_knob("dry_run", 0);
	set_knob("threshold_net_pct", 80);
	set_knob("lead_net_ms", 3000);
	set_knob("net_capacity_mib", CAPACITY_MIB);
	set_device(DUMMY);
	a_id = group_make("a");
	b_id = group_make("b");
	set_policy(ctx, a_id, 9, PRESWAP_SENSITIVITY_LATENCY, false, 0, 0);
	set_policy(ctx, b_id, 1, PRESWAP_SENSITIVITY_BATCH, true, 0, 0);
	/* the tick has the device, and what the groups did before has passed */
	sleep_ms(300);
}

static void teardown(void)
{
	group_remove("a");
	group_remove("b");
	set_device("none");
	set_knob("net_capacity_mib", 0);
	remove_dummy();
}

/* Over some seconds, what is counted and what was sent: in KiB a second. */
struct rates {
	unsigned int counted[2], sent[2], node;
};

static struct rates watch(void)
{
	uint64_t counted[2] = {}, sent[2], begin, used = 0;
	const int seconds = 5;
	struct rates r;
	int i;

	/* the mean of a period, which lags behind it by half of two */
	sleep_ms(2500);
	begin = now_ms();
	sent[0] = atomic_load(&a->sent);
	sent[1] = atomic_load(&b->sent);
	for (i = 0; i < seconds; i++) {
		sleep_ms(1000);
		counted[0] += rate_of(a_id);
		counted[1] += rate_of(b_id);
		used += node().net_used_bytes;
	}
	sent[0] = atomic_load(&a->sent) - sent[0];
	sent[1] = atomic_load(&b->sent) - sent[1];
	for (i = 0; i < 2; i++) {
		r.counted[i] = (unsigned int)(counted[i] / seconds / 1024);
		r.sent[i] = (unsigned int)(sent[i] * 1000 /
					   (now_ms() - begin) / 1024);
	}
	r.node = (unsigned int)(used / seconds / 1024);
	printf("# KiB/s: a %u of %u, b %u of %u, node %u\n", r.counted[0],
	       r.sent[0], r.counted[1], r.sent[1], r.node);
	return r;
}

static bool about(unsigned int is, unsigned int wanted)
{
	return is >= wanted * 4 / 5 && is <= wanted * 6 / 5;
}

static void test_rates(void)
{
	struct preswap_info info;
	struct rates r;

	setup();
	begin(a, "a", BEYOND, 2 * MIB);
	begin(b, "b", BEYOND, MIB / 2);
	r = watch();
	ktap_assert(r.sent[0] > 1024 && r.sent[1] > 256, "too slow to tell");
	ktap_assert(about(r.counted[0], r.sent[0]) &&
		    about(r.counted[1], r.sent[1]), "counted otherwise");
	ktap_assert(about(r.node, r.sent[0] + r.sent[1]), "node");
	info = node();
	ktap_assert(info.net_capacity_bytes == CAPACITY_MIB * MIB &&
		    info.threshold_net_pct == 80 &&
		    !strcmp(info.net_device, DUMMY), "%s does %llu",
		    info.net_device,
		    (unsigned long long)info.net_capacity_bytes);
	/* nobody looks without a capacity, nor without a device */
	set_knob("net_capacity_mib", 0);
	sleep_ms(2500);
	ktap_assert(!rate_of(a_id) && !rate_of(b_id), "counted nevertheless");
	ktap_assert(!node().net_capacity_bytes, "a capacity");
	set_knob("net_capacity_mib", CAPACITY_MIB);
	ktap_assert(wait_until(4000, rate_of(a_id) > MIB / 2), "not again");
	set_device("none");
	sleep_ms(2500);
	ktap_assert(!rate_of(a_id) && !*node().net_device &&
		    !node().net_capacity_bytes, "without a device");
	teardown();
}

static void test_other_devices(void)
{
	struct rates r;

	setup();
	begin(a, "a", "127.0.0.1", MIB);
	begin(b, "b", BEYOND, MIB);
	r = watch();
	ktap_assert(r.sent[0] > 256, "nothing was sent over lo");
	ktap_assert(!r.counted[0], "lo is counted");
	ktap_assert(about(r.counted[1], r.sent[1]), "the other is not");
	set_device("lo");
	r = watch();
	ktap_assert(about(r.counted[0], r.sent[0]) && !r.counted[1],
		    "as it was named");
	teardown();
}

/* A container's packets come by way of a veth, which takes their sockets. */
static void test_namespace(void)
{
	char command[192];
	struct rates r;
	pid_t pid;

	setup();
	load("veth");
	a->to = "10.78.0.1";
	a->rate = MIB;
	a->own_namespace = true;
	pid = group_spawn("a", sender, a);
	ktap_assert(wait_until(5000, atomic_load(&a->ready)), "no namespace");
	snprintf(command, sizeof(command),
		 "ip link add preswap1 type veth peer name preswap2 netns %d && ip addr add 10.78.0.1/24 dev preswap1 && ip link set preswap1 up",
		 pid);
	ktap_assert(!system(command), "no veth");
	atomic_store(&a->go, true);
	begin(b, "b", "10.78.0.2", MIB);
	r = watch();
	ktap_assert(r.sent[0] > 256 && r.sent[1] > 256, "too slow to tell");
	ktap_assert(about(r.counted[0], r.sent[0]), "the container's");
	ktap_assert(!r.counted[1], "what is sent to it, too");
	teardown();
}

/* All at once, by an app that did nothing before. */
static void test_lump(void)
{
	uint64_t most = 0, end;

	setup();
	a->lump = MIB;
	begin(a, "a", BEYOND, 0);
	for (end = now_ms() + 3000; now_ms() < end; sleep_ms(50)) {
		uint64_t now = rate_of(a_id);

		most = now > most ? now : most;
	}
	printf("# %llu KiB/s of %llu KiB\n", (unsigned long long)(most >> 10),
	       (unsigned long long)(atomic_load(&a->sent) >> 10));
	/* it may lie in two periods */
	ktap_assert(most >= MIB * 2 / 5 && most <= MIB * 6 / 5, "lost");
	teardown();
}

static void test_device_goes(void)
{
	uint64_t sent;
	char text[64];

	setup();
	begin(a, "a", BEYOND, MIB);
	ktap_assert(wait_until(5000, rate_of(a_id) > MIB / 2), "not counted");
	remove_dummy();
	sleep_ms(2500);
	ktap_assert(!rate_of(a_id), "it is gone");
	ktap_assert(!try_read("/sys/kernel/preswap/net_device", text,
			      sizeof(text)) && !strcmp(text, DUMMY "\n"),
		    "net_device says %s", text);
	/* another one of that name, with another index */
	make_dummy();
	ktap_assert(wait_until(5000, rate_of(a_id) > MIB / 2),
		    "not counted again");
	ktap_assert(!system("ip link set " DUMMY " down && ip link set " DUMMY " name preswap9 && ip link set preswap9 up"),
		    "not renamed");
	sent = atomic_load(&a->sent);
	sleep_ms(2500);
	ktap_assert(atomic_load(&a->sent) > sent + MIB / 2,
		    "nothing is sent over it");
	ktap_assert(!rate_of(a_id), "it has another name");
	ktap_assert(!system("ip link del preswap9"), "not removed");
	teardown();
}

/* ---- what is foreseen ---- */

struct heard {
	unsigned int shortages, leases;
	struct preswap_event shortage;
};

static void hear(void *data, const struct preswap_event *event)
{
	struct heard *heard = data;

	heard->leases += event->kind == PRESWAP_EVENT_LEASE_BEGIN;
	if (event->kind != PRESWAP_EVENT_SHORTAGE ||
	    event->resource != PRESWAP_RESOURCE_NET)
		return;
	heard->shortages++;
	heard->shortage = *event;
}

/* 4 MiB/s of which 80 % may be used: 2 are, by whom nothing can take them. */
static void test_shortage(void)
{
	struct heard heard = {};
	struct preswap_subscribe_opts opts = {
		.size = sizeof(opts), .groups = PRESWAP_SUBSCRIBE_EVENTS,
		.data = &heard, .event = hear,
	};
	struct preswap_ctx *listener = open_preswap();
	char *text = malloc(1 << 20), *use;
	bool told;

	ktap_assert(text, "no memory");
	setup();
	set_knob("threshold_memory_pct", 100);
	set_knob("threshold_cpu_pct", 100);
	begin(b, "b", BEYOND, 2 * MIB);
	/* that it began is a ramp, which must have passed */
	sleep_ms(8000);
	must(listener, preswap_subscribe(listener, &opts));
	set_forecast(ctx, a_id, PRESWAP_RESOURCE_NET, 0, MIB, 2500, 8000);
	sleep_ms(1500);
	preswap_dispatch(listener);
	ktap_assert(!heard.shortages, "it fits: %llu short",
		    (unsigned long long)heard.shortage.need);
	set_forecast(ctx, a_id, PRESWAP_RESOURCE_NET, 0, 3 * MIB, 2500, 8000);
	told = wait_until(3000, (preswap_dispatch(listener),
				 heard.shortages));
	ktap_assert(told, "not told");
	/* of 3.2 MiB/s, 2 and 3 are some 1.8 too many */
	ktap_assert(heard.shortage.app_id == a_id &&
		    heard.shortage.need > MIB &&
		    heard.shortage.need < 3 * MIB, "%llu short",
		    (unsigned long long)heard.shortage.need);
	ktap_assert(!heard.leases, "a lease");
	/* and why */
	ktap_assert(!try_read("/sys/kernel/debug/preswap/snapshot", text,
			      1 << 20), "no snapshot");
	use = strstr(text, "path=/preswap_test/b\n");
	use = use ? strstr(use, "use resource=3 ") : NULL;
	ktap_assert(use && strstr(use, " bar=1 ") &&
		    strstr(use, " bar=1 ") < strchr(use, '\n'),
		    "b could give: %.200s", use ?: "");
	set_knob("threshold_memory_pct", 80);
	set_knob("threshold_cpu_pct", 80);
	preswap_unref(listener);
	free(text);
	teardown();
}

/* ---- the module's comings and goings ---- */

static void test_unload(void)
{
	uint64_t counted = 0;
	unsigned int i;

	setup();
	begin(a, "a", BEYOND, 4 * MIB);
	begin(b, "b", BEYOND, 4 * MIB);
	for (i = 0; i < 30; i++) {
		must_unload();
		assert_gone();
		must_load();
		set_knob("tick_ms", 10);
		set_knob("usage_ms", 100);
		set_knob("net_capacity_mib", CAPACITY_MIB);
		set_device(DUMMY);
		sleep_ms(i % 6 * 40);
		counted += node().net_used_bytes;
	}
	ktap_assert(counted, "nothing was counted meanwhile");
	teardown();
	preswap_unref(ctx);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-3 R-18 what apps send over the node's device",
		  test_rates },
		{ "R-3 nothing of other devices", test_other_devices },
		{ "R-3 what comes out of another namespace", test_namespace },
		{ "R-2 the first that an app sends counts", test_lump },
		{ "R-18 the device goes, comes, has another name",
		  test_device_goes },
		{ "R-19 R-20 a shortage is told, and why nobody gives",
		  test_shortage },
		{ "R-32 the module is unloaded while apps send", test_unload },
		{}
	});
}
