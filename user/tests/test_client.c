// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * The library without a module: contexts, errors, lost messages, cgroups.
 */
#include <errno.h>
#include <netlink/genl/ctrl.h>
#include <netlink/genl/genl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../../selftests/ktap.h"
#include "lib/cgroup.h"
#include "lib/subscribe.h"

static struct preswap_ctx *new_ctx(void)
{
	struct preswap_ctx *ctx = NULL;
	int err = preswap_new(&ctx);

	if (err == -EPROTONOSUPPORT)
		ktap_skip("no generic netlink here");
	ktap_assert(!err, "%d", err);
	return ctx;
}

static int no_app(void *data, const struct preswap_app *app)
{
	(void)data;
	(void)app;
	return 0;
}

static void test_refs(void)
{
	struct preswap_ctx *ctx = new_ctx();

	ktap_assert(preswap_ref(ctx) == ctx, "ref");
	ktap_assert(!preswap_unref(ctx), "unref");
	ktap_assert(*preswap_strerror(ctx), "still there");
	ktap_assert(preswap_fd(ctx) == -ENOTCONN, "no subscription");
	ktap_assert(preswap_dispatch(ctx) == -ENOTCONN, "no subscription");
	preswap_unref(ctx);
	preswap_unref(NULL);
}

static void test_no_module(void)
{
	struct preswap_ctx *ctx = new_ctx();
	struct preswap_subscribe_opts sub = {
		.size = sizeof(sub), .groups = PRESWAP_SUBSCRIBE_USAGE,
	};
	struct preswap_info info = { .size = sizeof(info) };
	int err = preswap_info_get(ctx, &info);

	if (!err) {
		preswap_unref(ctx);
		ktap_skip("the module is loaded");
	}
	ktap_assert(err == -ENODEV, "%d", err);
	ktap_assert(strstr(preswap_strerror(ctx), "not loaded"), "%s",
		    preswap_strerror(ctx));
	ktap_assert(preswap_apps(ctx, no_app, NULL) == -ENODEV, "apps");
	ktap_assert(preswap_subscribe(ctx, &sub) == -ENODEV, "subscribe");
	ktap_assert(preswap_lease_end(ctx, 1) == -ENODEV, "lease");
	preswap_unref(ctx);
}

static void test_sizes(void)
{
	struct preswap_ctx *ctx = new_ctx();
	struct preswap_subscribe_opts sub = { .size = sizeof(sub) };
	struct preswap_forecast forecast = {};
	struct preswap_policy policy = {};
	size_t accepted = 9;

	ktap_assert(preswap_policy_set(ctx, &policy) == -EINVAL, "policy");
	ktap_assert(preswap_forecasts_set(ctx, &forecast, 1, &accepted) ==
		    -EINVAL && !accepted, "forecast");
	ktap_assert(!preswap_forecasts_set(ctx, &forecast, 0, NULL),
		    "no forecasts, no message");
	ktap_assert(preswap_subscribe(ctx, &sub) == -EINVAL, "no groups");
	sub.groups = 8;
	ktap_assert(preswap_subscribe(ctx, &sub) == -EINVAL, "unknown group");
	preswap_unref(ctx);
}

#define LOSSY_GROUP	5
#define LOSSY_SENT	200

static int on_count(struct nl_msg *msg, void *data)
{
	(void)msg;
	++*(unsigned int *)data;
	return NL_OK;
}

static void send_one(struct nl_sock *from)
{
	static char load[2000];
	struct nl_msg *msg = nlmsg_alloc_simple(NLMSG_MIN_TYPE + 1, 0);

	nlmsg_append(msg, load, sizeof(load), 0);
	nl_send_auto(from, msg);
	nlmsg_free(msg);
}

/* The kernel's own user-to-user protocol stands for the module. */
static struct nl_sock *open_lossy(bool listens)
{
	struct nl_sock *sock = nl_socket_alloc();

	nl_socket_disable_auto_ack(sock);
	if (nl_connect(sock, NETLINK_USERSOCK)) {
		nl_socket_free(sock);
		return NULL;
	}
	if (listens) {
		nl_socket_add_membership(sock, LOSSY_GROUP);
		nl_socket_set_nonblocking(sock);
		nl_socket_set_buffer_size(sock, 16384, 0);
	} else {
		nl_socket_set_peer_port(sock, 0);
		nl_socket_set_peer_groups(sock, 1 << (LOSSY_GROUP - 1));
	}
	return sock;
}

static void test_lost(void)
{
	struct nl_sock *from = open_lossy(false), *to = open_lossy(true);
	unsigned int got = 0;
	uint32_t drops = 0;
	uint64_t lost = 9;
	int count;

	if (!from || !to)
		ktap_skip("no NETLINK_USERSOCK here");
	count = preswap_drain(to, on_count, &got, &drops, &lost);
	ktap_assert(!count && !got && !lost, "%d messages of none", count);
	for (int i = 0; i < LOSSY_SENT; i++)
		send_one(from);
	count = preswap_drain(to, on_count, &got, &drops, &lost);
	if (!count && !lost)
		ktap_skip("multicast is not allowed here");
	ktap_assert(lost > 0 && got > 0, "%llu lost, %u came",
		    (unsigned long long)lost, got);
	ktap_assert(lost + got == LOSSY_SENT, "%llu lost and %u came of %d",
		    (unsigned long long)lost, got, LOSSY_SENT);
	send_one(from);
	got = 0;
	count = preswap_drain(to, on_count, &got, &drops, &lost);
	ktap_assert(count == 1 && got == 1 && !lost,
		    "whole again after a loss: %d, %llu lost", count,
		    (unsigned long long)lost);
	/* as the kernel takes it out when the family goes */
	ktap_assert(preswap_is_joined(to), "it listens");
	nl_socket_drop_membership(to, LOSSY_GROUP);
	ktap_assert(!preswap_is_joined(to), "it listens to nobody");
	nl_socket_free(from);
	nl_socket_free(to);
}

static void test_mountinfo(void)
{
	char v2[] = "41 31 0:38 / /sys/fs/my\\040cg rw,relatime shared:9 - cgroup2 cgroup2 rw\n";
	char v1[] = "32 31 0:29 / /sys/fs/cgroup/cpu rw - cgroup cgroup rw,cpu\n";
	char part[] = "41 31 0:38 /a /mnt rw - cgroup2 cgroup2 rw\n";
	char broken[] = "41 31 - cgroup2";
	char *at;

	ktap_assert(cgroup_mount_of(v2, &at) && !strcmp(at, "/sys/fs/my cg"),
		    "v2");
	ktap_assert(!cgroup_mount_of(v1, &at), "v1");
	ktap_assert(!cgroup_mount_of(part, &at), "only a part of the tree");
	ktap_assert(!cgroup_mount_of(broken, &at), "broken");
}

static void test_paths(void)
{
	static const char * const cases[][2] = {
		{ "a/b", "/r/a/b" }, { "/a", "/r/a" }, { "/r/a", "/r/a" },
		{ "/", "/r/" }, { "/r", "/r/" }, { "/rx", "/r/rx" },
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		char *full = cgroup_full_path("/r", cases[i][0]);

		ktap_assert(!strcmp(full, cases[i][1]), "%s is %s",
			    cases[i][0], full);
		free(full);
	}
	ktap_assert(cgroup_has_dotdot("../a") && cgroup_has_dotdot("a/..") &&
		    cgroup_has_dotdot("a/../b") && cgroup_has_dotdot(".."),
		    "climbing out");
	ktap_assert(!cgroup_has_dotdot("a..b/c..") &&
		    !cgroup_has_dotdot("..a"), "dots in names");
}

static void test_cgroups(void)
{
	struct preswap_ctx *ctx = new_ctx();
	char *path = NULL, text[4096];
	const char *root;
	uint64_t id = 0;
	struct stat st;

	if (preswap_cgroup_root(ctx, &root))
		ktap_skip("no cgroup v2 here");
	ktap_assert(!preswap_cgroup_id(ctx, "/", &id) && id, "the root");
	ktap_assert(!stat(root, &st) && st.st_ino == id, "its inode");
	ktap_assert(!preswap_cgroup_path(ctx, id, &path) &&
		    !strcmp(path, "/"),
		    "and back");
	free(path);
	ktap_assert(preswap_cgroup_id(ctx, "no/such", &id) == -ENOENT,
		    "absent");
	ktap_assert(preswap_cgroup_id(ctx, "/..", &id) == -EINVAL, "..");
	ktap_assert(preswap_cgroup_id(ctx, "", &id) == -EINVAL, "empty");
	ktap_assert(preswap_cgroup_id(ctx, "cgroup.procs", &id) == -EINVAL,
		    "a file");
	ktap_assert(preswap_cgroup_path(ctx, 1ULL << 60, &path) == -ENOENT,
		    "an id of none");
	snprintf(text, sizeof(text), "%s/preswap-test-%d", root, rand());
	if (!mkdir(text, 0755)) {
		int err = preswap_cgroup_id(ctx, text, &id);

		err = err ?: preswap_cgroup_path(ctx, id, &path);
		rmdir(text);
		ktap_assert(!err && !strcmp(path, text + strlen(root)),
			    "%d %s", err, path);
		free(path);
	}
	preswap_unref(ctx);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "lib: contexts are counted", test_refs },
		{ "R-57 without the module every call says so",
		  test_no_module },
		{ "lib: structures must have their size", test_sizes },
		{ "R-2 lost messages are counted, not fatal", test_lost },
		{ "lib: the cgroup mount is found", test_mountinfo },
		{ "lib: cgroup names become paths", test_paths },
		{ "lib: cgroup ids and paths", test_cgroups },
		{}
	});
}
