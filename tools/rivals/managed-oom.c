// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * What systemd-oomd asks of PID 1, where PID 1 is not systemd: which cgroups
 * it shall watch. It calls io.systemd.ManagedOOM.SubscribeManagedOOMCGroups
 * by varlink (varlink.org: JSON objects, each ended by a NUL), and would be
 * told of changes for as long as the connection lives; here there are none.
 *
 *	managed-oom --socket PATH [--pressure CGROUP=PERCENT] [--swap CGROUP]
 *
 * A CGROUP is a path from the cgroup tree's root: ManagedOOMMemoryPressure=kill
 * with ManagedOOMMemoryPressureLimit=PERCENT, and ManagedOOMSwap=kill.
 */
#include <getopt.h>
#include <jansson.h>
#include <signal.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "../load/load.h"

#define SUBSCRIBE	"io.systemd.ManagedOOM.SubscribeManagedOOMCGroups"
#define MESSAGE_MAX	65536

static const char *socket_path;

static void add_cgroup(json_t *cgroups, const char *property, const char *path,
		       json_t *limit)
{
	json_t *cgroup = json_pack("{s:s, s:s, s:s}", "mode", "kill",
				   "path", path, "property", property);

	if (limit)
		json_object_set_new(cgroup, "limit", limit);
	if (json_array_append_new(cgroups, cgroup))
		die("out of memory");
}

/* CGROUP=PERCENT; on the wire, 100 % is the largest 32-bit number. */
static void add_pressure(json_t *cgroups, char *arg)
{
	char *percent = strrchr(arg, '=');
	uint64_t limit;

	if (!percent)
		die("--pressure: '%s' is not CGROUP=PERCENT", arg);
	*percent++ = 0;
	limit = parse_u64("--pressure", percent, 1, 100);
	add_cgroup(cgroups, "ManagedOOMMemoryPressure", arg,
		   json_integer((json_int_t)(limit * UINT32_MAX / 100)));
}

static json_t *parse_args(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "socket", required_argument, NULL, 'o' },
		{ "pressure", required_argument, NULL, 'p' },
		{ "swap", required_argument, NULL, 's' },
		{}
	};
	json_t *cgroups = json_array();
	int c;

	while ((c = getopt_long(argc, argv, "", opts, NULL)) != -1) {
		switch (c) {
		case 'o':
			socket_path = optarg;
			break;
		case 'p':
			add_pressure(cgroups, optarg);
			break;
		case 's':
			add_cgroup(cgroups, "ManagedOOMSwap", optarg, NULL);
			break;
		default:
			exit(2);
		}
	}
	if (!socket_path || optind != argc)
		die("wants --socket PATH");
	return cgroups;
}

static int listen_at(const char *path)
{
	struct sockaddr_un addr = { .sun_family = AF_UNIX };
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (strlen(path) >= sizeof(addr.sun_path))
		die("--socket: %s is too long", path);
	strcpy(addr.sun_path, path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&addr, sizeof(addr)) ||
	    listen(fd, 4))
		die("%s: %s", path, strerror(errno));
	return fd;
}

/* The next object, or NULL when the peer has gone. */
static json_t *receive(int fd)
{
	static char buf[MESSAGE_MAX];
	size_t used = 0;
	json_error_t error;
	json_t *message;
	ssize_t n;

	/* One byte at a time: there are a handful of calls in all. */
	do {
		if (used == sizeof(buf))
			return NULL;
		n = read(fd, buf + used, 1);
		if (n <= 0)
			return NULL;
	} while (buf[used++]);
	message = json_loads(buf, 0, &error);
	if (!message)
		printf("not JSON: %s\n", error.text);
	return message;
}

static bool reply(int fd, json_t *message)
{
	char *text = json_dumps(message, JSON_COMPACT);
	size_t len = text ? strlen(text) + 1 : 0, sent = 0;
	ssize_t n;

	while (sent < len) {
		n = send(fd, text + sent, len - sent, MSG_NOSIGNAL);
		if (n < 0)
			break;
		sent += n;
	}
	free(text);
	json_decref(message);
	return len && sent == len;
}

static bool answer(int fd, json_t *call, json_t *cgroups)
{
	const char *method = json_string_value(json_object_get(call, "method"));
	bool more = json_is_true(json_object_get(call, "more"));

	if (!method || strcmp(method, SUBSCRIBE)) {
		printf("asked for %s, which is not there\n",
		       method ? method : "nothing");
		return reply(fd, json_pack("{s:s, s:{s:s}}", "error",
					   "org.varlink.service.MethodNotFound",
					   "parameters", "method",
					   method ? method : ""));
	}
	if (!more)
		return reply(fd, json_pack("{s:s, s:{}}", "error",
					   "org.varlink.service.ExpectedMore",
					   "parameters"));
	printf("subscribed, %zu cgroups\n", json_array_size(cgroups));
	return reply(fd, json_pack("{s:{s:O}, s:b}", "parameters", "cgroups",
				   cgroups, "continues", true));
}

static void serve(int fd, json_t *cgroups)
{
	json_t *call;
	bool ok = true;

	while (ok && (call = receive(fd))) {
		ok = answer(fd, call, cgroups);
		json_decref(call);
	}
	printf("the subscriber has gone\n");
}

int main(int argc, char **argv)
{
	json_t *cgroups = parse_args(argc, argv);
	int server = listen_at(socket_path), fd;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (;;) {
		fd = accept4(server, NULL, NULL, SOCK_CLOEXEC);
		if (fd < 0)
			die("accept: %s", strerror(errno));
		serve(fd, cgroups);
		close(fd);
	}
}
