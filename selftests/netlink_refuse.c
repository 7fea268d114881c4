// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * what the netlink family refuses, and that it says why.
 *
 * Every attribute of every command is left out, cut, lengthened, given a
 * wrong type, put out of range; and every command is asked for without rights.
 * What is refused has changed nothing. Forecasts, which are nests in nests, are
 * in netlink_forecasts.c, random mutations in netlink_fuzz.c.
 */
#include <dirent.h>
#include <grp.h>
#include <sched.h>

#include "guest.h"
#include "netlink_state.h"
#include "rawnl.h"

/* ---- commands of plain attributes ---- */

struct field {
	const char *name;
	uint16_t type;
	uint8_t size;
	bool optional;
	uint64_t good;
	const uint64_t *id;	/* the good value, where only known later */
	uint64_t bad[4];
	unsigned int bad_count;
	uint64_t edge[2];	/* just good enough */
	unsigned int edge_count;
};

struct command {
	const char *name;
	uint8_t cmd;
	uint16_t flags;
	uint16_t max_type;
	struct field fields[16];	/* until size 0 */
};

#define BAD(...)							\
	.bad = { __VA_ARGS__ },						\
	.bad_count = sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t)
#define EDGE(...)							\
	.edge = { __VA_ARGS__ },					\
	.edge_count = sizeof((uint64_t[]){ __VA_ARGS__ }) / sizeof(uint64_t)

static uint64_t lease_id;	/* base.lease, as wide as field.id wants */

static const struct command commands[] = {
	{ "info-get", PRESWAP_CMD_INFO_GET, 0, 0, {} },
	{ "lease-get", PRESWAP_CMD_LEASE_GET, NLM_F_DUMP, 0, {} },
	{ "forecast-get", PRESWAP_CMD_FORECAST_GET, NLM_F_DUMP, 0, {} },
	{ "app-get", PRESWAP_CMD_APP_GET, 0, PRESWAP_A_APP_ID, {
		{ "id", PRESWAP_A_APP_ID, 8, .id = &base.a, BAD(0, ~0ULL) },
	} },
	{ "task-get", PRESWAP_CMD_TASK_GET, NLM_F_DUMP,
	  PRESWAP_A_TASK_APP_ID, {
		{ "app-id", PRESWAP_A_TASK_APP_ID, 8, true, .id = &base.a },
	} },
	{ "policy-set", PRESWAP_CMD_POLICY_SET, 0,
	  PRESWAP_A_POLICY_RESERVE_MEM_MIB, {
		{ "app-id", PRESWAP_A_POLICY_APP_ID, 8, .id = &base.c,
		  BAD(0, 1, ~0ULL) },
		{ "priority", PRESWAP_A_POLICY_PRIORITY, 1, .good = 5,
		  BAD(0, 11, 255), EDGE(1, 10) },
		{ "sensitivity", PRESWAP_A_POLICY_SENSITIVITY, 1, true,
		  BAD(3, 255), EDGE(0, 2) },
		{ "swap-eligible", PRESWAP_A_POLICY_SWAP_ELIGIBLE, 1, true,
		  BAD(2, 255), EDGE(0, 1) },
		{ "floor-cpu-milli", PRESWAP_A_POLICY_FLOOR_CPU_MILLI, 8, true,
		  BAD((1ULL << 32) + 1, ~0ULL), EDGE(0, 1ULL << 32) },
		{ "floor-mem-bytes", PRESWAP_A_POLICY_FLOOR_MEM_BYTES, 8, true,
		  BAD((1ULL << 44) + 1, ~0ULL), EDGE(0, 1ULL << 44) },
		{ "floor-io-bytes", PRESWAP_A_POLICY_FLOOR_IO_BYTES, 8, true,
		  BAD((1ULL << 44) + 1, ~0ULL), EDGE(0, 1ULL << 44) },
		{ "floor-net-bytes", PRESWAP_A_POLICY_FLOOR_NET_BYTES, 8, true,
		  BAD((1ULL << 44) + 1, ~0ULL), EDGE(0, 1ULL << 44) },
		{ "gives", PRESWAP_A_POLICY_GIVES, 1, true, .good = 3,
		  BAD(0, 16, 255), EDGE(1, 15) },
		{ "max-stall-pct", PRESWAP_A_POLICY_MAX_STALL_PCT, 1, true,
		  .good = 50, BAD(0, 101, 255), EDGE(1, 100) },
		{ "max-downtime-ms", PRESWAP_A_POLICY_MAX_DOWNTIME_MS, 4, true,
		  .good = 500, BAD(0, 9, 3600001, ~0U), EDGE(10, 3600000) },
		{ "needs-approval", PRESWAP_A_POLICY_NEEDS_APPROVAL, 1, true,
		  BAD(2, 255), EDGE(0, 1) },
		{ "receives", PRESWAP_A_POLICY_RECEIVES, 1, true,
		  BAD(16, 255), EDGE(0, 15) },
		{ "groups", PRESWAP_A_POLICY_GROUPS, 4, true,
		  EDGE(0, ~0U) },
		{ "never-to", PRESWAP_A_POLICY_NEVER_TO, 4, true,
		  EDGE(0, ~0U) },
		{ "reserve-mem-mib", PRESWAP_A_POLICY_RESERVE_MEM_MIB, 4, true,
		  BAD((1U << 24) + 1, ~0U), EDGE(0, 1U << 24) },
	} },
	{ "policy-get", PRESWAP_CMD_POLICY_GET, 0, PRESWAP_A_POLICY_APP_ID, {
		{ "app-id", PRESWAP_A_POLICY_APP_ID, 8, .id = &base.a,
		  BAD(0, 1, ~0ULL) },
	} },
	{ "policy-del", PRESWAP_CMD_POLICY_DEL, 0, PRESWAP_A_POLICY_APP_ID, {
		{ "app-id", PRESWAP_A_POLICY_APP_ID, 8, .id = &base.a,
		  BAD(0, 1, ~0ULL) },
	} },
	{ "lease-add", PRESWAP_CMD_LEASE_ADD, 0, PRESWAP_A_LEASE_DEVICE, {
		{ "kind", PRESWAP_A_LEASE_KIND, 1, .good = 0, BAD(8, 255) },
		{ "donor-id", PRESWAP_A_LEASE_DONOR_ID, 8, .id = &base.a,
		  BAD(0, 1, ~0ULL) },
		{ "receiver-id", PRESWAP_A_LEASE_RECEIVER_ID, 8, true,
		  .id = &base.b, BAD(0, ~0ULL) },
		{ "amount", PRESWAP_A_LEASE_AMOUNT, 8, .good = STATE_AMOUNT,
		  BAD(0, 1ULL << 44, (1ULL << 44) + 1, ~0ULL), EDGE(1) },
		{ "duration-ms", PRESWAP_A_LEASE_DURATION_MS, 4,
		  .good = STATE_LEASE_MS, BAD(0, 3600001, 0xffffffff),
		  EDGE(1, 3600000) },
		{ "device", PRESWAP_A_LEASE_DEVICE, 4, true, BAD(1, ~0U),
		  EDGE(0) },
	} },
	{ "lease-end", PRESWAP_CMD_LEASE_END, 0, PRESWAP_A_LEASE_ID, {
		{ "id", PRESWAP_A_LEASE_ID, 4, .id = &lease_id,
		  BAD(0, 0xffffffff) },
	} },
	{ "policy-approve", PRESWAP_CMD_POLICY_APPROVE, 0,
	  PRESWAP_A_POLICY_APPROVED_MS, {
		{ "app-id", PRESWAP_A_POLICY_APP_ID, 8, .id = &base.a,
		  BAD(0, 1, ~0ULL) },
		{ "approved-ms", PRESWAP_A_POLICY_APPROVED_MS, 4, .good = 1000,
		  BAD(604800001, ~0U), EDGE(0, 604800000) },
	} },
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

enum spoil { GOOD, MISSING, EMPTY, SHORT, LONG, NESTED, VALUE, SPOILS };

static const char *const spoil_names[] = {
	"good", "missing", "empty", "short", "long", "nested", "out of range",
};

static void put_field(struct raw_msg *m, const struct field *f,
		      enum spoil spoil, uint64_t value)
{
	size_t size = spoil == EMPTY ? 0 :
		      spoil == SHORT ? f->size - 1U :
		      spoil == LONG ? f->size + 4U : f->size;
	struct nlattr *attr;

	if (spoil == MISSING)
		return;
	if (spoil != VALUE)
		value = f->id ? *f->id : f->good;
	attr = raw_put_number(m, f->type, value, size);
	if (spoil == NESTED)
		attr->nla_type |= NLA_F_NESTED;
}

/* The command, with one of its attributes spoilt. */
static void build(struct raw_msg *m, const struct command *c,
		  const struct field *spoilt, enum spoil spoil, uint64_t value)
{
	const struct field *f;

	lease_id = base.lease;
	raw_begin(m, base.sock.family, c->cmd, c->flags);
	for (f = c->fields; f->size; f++)
		put_field(m, f, f == spoilt ? spoil : GOOD, value);
}

static void refuse_field(const struct state *before, const struct command *c,
			 const struct field *f)
{
	enum spoil spoil;
	unsigned int i;

	for (spoil = MISSING; spoil < VALUE; spoil++) {
		if (spoil == MISSING && f->optional)
			continue;
		build(&message, c, f, spoil, 0);
		refused(before, c->name, f->name, spoil_names[spoil]);
	}
	for (i = 0; i < f->bad_count; i++) {
		build(&message, c, f, VALUE, f->bad[i]);
		refused(before, c->name, f->name, spoil_names[VALUE]);
	}
}

static void refuse_unknown(const struct state *before, const struct command *c)
{
	const uint16_t types[] = { 0, 1, c->max_type + 1, 63, 0x3fff };
	unsigned int i;

	for (i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		build(&message, c, NULL, GOOD, 0);
		raw_put_number(&message, types[i], 0, 8);
		refused(before, c->name, "an attribute", "unknown");
	}
}

static void test_attributes(void)
{
	const struct field *f;
	struct state before;
	unsigned int i;

	state_restore();
	before = state_take();
	for (i = 0; i < COMMANDS; i++) {
		for (f = commands[i].fields; f->size; f++)
			refuse_field(&before, &commands[i], f);
		refuse_unknown(&before, &commands[i]);
	}
}

/* One repeated: the last one counts, but each is checked. */
static void test_duplicates(void)
{
	const struct command *c = &commands[5];
	struct preswap_policy policy = { .size = sizeof(policy) };
	struct state before;

	state_restore();
	before = state_take();
	build(&message, c, NULL, GOOD, 0);
	raw_put_number(&message, PRESWAP_A_POLICY_PRIORITY, 11, 1);
	refused(&before, c->name, "priority", "a bad duplicate");
	raw_begin(&message, base.sock.family, c->cmd, 0);
	raw_put_number(&message, PRESWAP_A_POLICY_PRIORITY, 11, 1);
	raw_put_number(&message, PRESWAP_A_POLICY_PRIORITY, 7, 1);
	raw_put_number(&message, PRESWAP_A_POLICY_APP_ID, base.c, 8);
	refused(&before, c->name, "priority", "a bad first");
	build(&message, c, NULL, GOOD, 0);
	raw_put_number(&message, PRESWAP_A_POLICY_PRIORITY, 7, 1);
	taken(c->name, "priority", "a good duplicate");
	must(base.ctx, preswap_policy_get(base.ctx, base.c, &policy));
	ktap_assert(policy.priority == 7, "priority %u", policy.priority);
}

static void test_edges(void)
{
	const struct field *f;
	unsigned int i, j;

	state_restore();
	for (i = 0; i < COMMANDS; i++) {
		for (f = commands[i].fields; f->size; f++) {
			for (j = 0; j < f->edge_count; j++) {
				build(&message, &commands[i], f, VALUE,
				      f->edge[j]);
				taken(commands[i].name, f->name, "at its edge");
			}
		}
		build(&message, &commands[i], NULL, GOOD, 0);
		taken(commands[i].name, "all", "good");
		state_restore();
	}
}

/* ---- headers ---- */

/* An error is enough: generic netlink's own have no text. */
static void refused_by_core(const struct state *before, int error,
			    const char *what)
{
	struct raw_answer answer = raw_ask(&base.sock, &message);

	ktap_assert(answer.errors == 1 && answer.error == error &&
		    !answer.acks && !answer.parts, "%s: %d, not %d", what,
		    answer.error, error);
	state_assert_same(before, what);
}

static void test_commands(void)
{
	const uint8_t unknown[] = { PRESWAP_CMD_UNSPEC, PRESWAP_CMD_USAGE_NTF,
				    PRESWAP_CMD_EVENT_NTF,
				    PRESWAP_CMD_MAX + 1, 128, 255 };
	const uint8_t no_dump[] = { PRESWAP_CMD_INFO_GET,
				    PRESWAP_CMD_POLICY_SET,
				    PRESWAP_CMD_POLICY_DEL,
				    PRESWAP_CMD_FORECAST_SET,
				    PRESWAP_CMD_LEASE_ADD,
				    PRESWAP_CMD_LEASE_END };
	const uint8_t no_do[] = { PRESWAP_CMD_TASK_GET,
				  PRESWAP_CMD_FORECAST_GET,
				  PRESWAP_CMD_LEASE_GET };
	struct state before;
	unsigned int i;

	state_restore();
	before = state_take();
	for (i = 0; i < sizeof(unknown); i++) {
		raw_begin(&message, base.sock.family, unknown[i], 0);
		refused_by_core(&before, -EOPNOTSUPP, "unknown command");
	}
	for (i = 0; i < sizeof(no_dump); i++) {
		raw_begin(&message, base.sock.family, no_dump[i], NLM_F_DUMP);
		refused_by_core(&before, -EOPNOTSUPP, "dump of a do");
	}
	for (i = 0; i < sizeof(no_do); i++) {
		raw_begin(&message, base.sock.family, no_do[i], 0);
		refused_by_core(&before, -EOPNOTSUPP, "do of a dump");
	}
}

static void test_headers(void)
{
	const struct command *c = &commands[5];
	struct state before;
	unsigned int len;

	state_restore();
	before = state_take();
	for (len = NLMSG_HDRLEN; len < NLMSG_HDRLEN + GENL_HDRLEN; len++) {
		build(&message, c, NULL, GOOD, 0);
		raw_header(&message)->nlmsg_len = len;
		message.len = len;
		refused_by_core(&before, -EINVAL, "no generic header");
	}
	build(&message, c, NULL, GOOD, 0);
	raw_genl(&message)->reserved = 1;
	refused(&before, c->name, "reserved", "not 0");
	build(&message, c, NULL, GOOD, 0);
	raw_header(&message)->nlmsg_flags |= 0x1000;
	refused(&before, c->name, "flags", "not known");
}

/* A message that says it is longer than it is gets no answer at all. */
static void test_truncated(void)
{
	const struct command *c = &commands[5];
	struct raw_answer answer;
	struct state before;
	unsigned int full, len;

	state_restore();
	before = state_take();
	build(&message, c, NULL, GOOD, 0);
	full = (unsigned int)message.len;
	for (len = 1; len < full; len++) {
		build(&message, c, NULL, GOOD, 0);
		message.len = len;
		answer = raw_ask(&base.sock, &message);
		ktap_assert(!answer.acks && !answer.parts, "%u bytes of %u",
			    len, full);
		state_assert_same(&before, "a part of a message");
	}
}

static void test_attribute_lengths(void)
{
	const struct command *c = &commands[5];
	const uint16_t lengths[] = { 0, 1, 3, 0x7fff, 0xffff };
	struct state before;
	struct nlattr *attr;
	unsigned int i;

	state_restore();
	before = state_take();
	for (i = 0; i < sizeof(lengths) / sizeof(lengths[0]); i++) {
		build(&message, c, NULL, GOOD, 0);
		attr = raw_put_number(&message,
				      PRESWAP_A_POLICY_FLOOR_MEM_BYTES, 0, 8);
		attr->nla_len = lengths[i];
		refused(&before, c->name, "nla_len", "a lie");
	}
	for (i = 1; i < 4; i++) {
		build(&message, c, NULL, GOOD, 0);
		message.len += i;
		raw_header(&message)->nlmsg_len += i;
		refused(&before, c->name, "message", "with bytes left over");
	}
}

/* ---- rights ---- */

/* In a child: no ktap there, its exit status tells. */
#define child_assert(cond, ...) do {					\
	if (!(cond)) {							\
		printf("# child: %s:%d: %s: ", __FILE__, __LINE__, #cond); \
		printf("" __VA_ARGS__);					\
		printf("\n");						\
		fflush(stdout);						\
		_exit(1);						\
	}								\
} while (0)

static void child_skip(const char *what)
{
	printf("# child: no %s here\n", what);
	fflush(stdout);
	_exit(0);
}

static void drop_rights(void)
{
	child_assert(!setgroups(0, NULL) &&
		     !setresgid(65534, 65534, 65534) &&
		     !setresuid(65534, 65534, 65534), "%s", strerror(errno));
}

static void in_child(void (*run)(void))
{
	int status;
	pid_t pid;

	fflush(stdout);
	pid = fork();
	ktap_assert(pid >= 0, "fork: %s", strerror(errno));
	if (!pid) {
		run();
		_exit(0);
	}
	ktap_assert(waitpid(pid, &status, 0) == pid && !status,
		    "the child failed: status %#x", status);
}

static bool needs_rights(uint8_t cmd)
{
	return cmd != PRESWAP_CMD_INFO_GET && cmd != PRESWAP_CMD_APP_GET &&
	       cmd != PRESWAP_CMD_POLICY_GET &&
	       cmd != PRESWAP_CMD_FORECAST_GET && cmd != PRESWAP_CMD_LEASE_GET;
}

static void child_command(struct raw_sock *s, const struct command *c)
{
	struct raw_answer answer;

	build(&message, c, NULL, GOOD, 0);
	answer = raw_ask(s, &message);
	if (needs_rights(c->cmd))
		child_assert(answer.error == -EPERM && !answer.acks &&
			     !answer.parts, "%s: %d", c->name, answer.error);
	else
		child_assert(!answer.errors && answer.parts, "%s: %d %s",
			     c->name, answer.error, answer.text);
}

static void child_commands(struct raw_sock *s)
{
	struct raw_answer answer;
	unsigned int i;

	for (i = 0; i < COMMANDS; i++)
		child_command(s, &commands[i]);
	/* asked for the right before the message is looked at */
	raw_begin(&message, s->family, PRESWAP_CMD_FORECAST_SET, 0);
	answer = raw_ask(s, &message);
	child_assert(answer.error == -EPERM && !answer.acks,
		     "forecast-set: %d", answer.error);
}

static void child_unprivileged(void)
{
	struct raw_sock s;

	drop_rights();
	child_assert(!raw_open(&s), "the family is not there");
	child_commands(&s);
}

/* A socket that root has opened gives no rights to who inherits it. */
static void child_inherited(void)
{
	drop_rights();
	child_commands(&base.sock);
}

static void child_user_namespace(void)
{
	struct raw_sock s;

	drop_rights();
	if (unshare(CLONE_NEWUSER))
		child_skip("user namespaces");	/* no way around then */
	child_assert(!raw_open(&s), "the family is not there");
	child_commands(&s);
}

static void child_net_namespace(void)
{
	struct raw_answer answer;
	struct raw_sock s;
	unsigned int i;

	drop_rights();
	if (unshare(CLONE_NEWUSER | CLONE_NEWNET))
		child_skip("user and network namespaces");
	child_assert(raw_open(&s) == -ENOENT, "the family is there");
	for (i = 0; i < COMMANDS; i++) {
		build(&message, &commands[i], NULL, GOOD, 0);
		answer = raw_ask(&s, &message);
		child_assert((answer.error == -ENOENT ||
			      answer.error == -EPERM) && !answer.acks &&
			     !answer.parts, "%s: %d", commands[i].name,
			     answer.error);
	}
}

static void test_unprivileged(void)
{
	struct state before;

	state_restore();
	before = state_take();
	in_child(child_unprivileged);
	state_assert_same(&before, "an unprivileged caller");
	in_child(child_inherited);
	state_assert_same(&before, "an inherited socket");
}

static void test_namespaces(void)
{
	struct state before;

	state_restore();
	before = state_take();
	in_child(child_user_namespace);
	state_assert_same(&before, "a user namespace");
	in_child(child_net_namespace);
	state_assert_same(&before, "a network namespace");
}

static void child_files_in(const char *dir, int write_error, int read_error,
			   unsigned int least)
{
	char path[512], text[64];
	const struct dirent *entry;
	unsigned int files = 0;
	DIR *list = opendir(dir);
	int err;

	child_assert(list, "%s: %s", dir, strerror(errno));
	drop_rights();
	while ((entry = readdir(list))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, entry->d_name);
		err = try_write(path, "1");
		child_assert(err == write_error, "write %s: %d", path, err);
		err = try_read(path, text, sizeof(text));
		child_assert(err == read_error, "read %s: %d", path, err);
		files++;
	}
	child_assert(files >= least, "%u files in %s", files, dir);
}

static void child_knobs(void)
{
	child_files_in("/sys/kernel/preswap", -EACCES, 0, 30);
}

static void child_tables(void)
{
	child_files_in("/sys/kernel/debug/preswap", -EACCES, -EACCES, 1);
}

static void test_files(void)
{
	struct state before;

	state_restore();
	before = state_take();
	in_child(child_knobs);
	in_child(child_tables);
	state_assert_same(&before, "an unprivileged caller");
}

/* ---- leases that a policy or a mode forbids ---- */

static void test_leases(void)
{
	const struct command *c = &commands[8];
	struct state before;

	state_restore();
	before = state_take();
	build(&message, c, &c->fields[1], VALUE, base.b);
	refused(&before, c->name, "donor-id", "not eligible");
	build(&message, c, &c->fields[2], VALUE, base.a);
	refused(&before, c->name, "receiver-id", "the donor itself");
	build(&message, c, &c->fields[3], VALUE, 96 * MIB);
	refused(&before, c->name, "amount", "below the floor");
	build(&message, c, &c->fields[0], VALUE, PRESWAP_LEASE_KIND_AFFINITY);
	refused(&before, c->name, "amount", "the last core");

	set_knob("dry_run", 1);
	before = state_take();
	build(&message, c, NULL, GOOD, 0);
	refused(&before, c->name, "mode", "dry run");
	set_knob("dry_run", 0);
	set_knob("enabled", 0);
	before = state_take();
	refused(&before, c->name, "mode", "disabled");
	set_knob("enabled", 1);
	taken(c->name, "mode", "enabled");
}

/* ---- a path that fills a message by itself must not end the list ---- */

#define DEEP_NAME	195
#define DEEP		20

static char deep_name[DEEP_NAME + 1];

static void deep_enter(void)
{
	unsigned int depth;

	memset(deep_name, 'x', DEEP_NAME);
	child_assert(!chdir(GUEST_ROOT), "%s", strerror(errno));
	for (depth = 0; depth < DEEP; depth++)
		child_assert((!mkdir(deep_name, 0755) || errno == EEXIST) &&
			     !chdir(deep_name), "%s", strerror(errno));
	child_assert(!try_write("cgroup.procs", "0"), "%s", strerror(errno));
}

static void deep_leave(void)
{
	unsigned int depth;

	try_write("/sys/fs/cgroup/cgroup.procs", "0");
	for (depth = 0; depth < DEEP; depth++)
		child_assert(!chdir("..") && !rmdir(deep_name), "%s",
			     strerror(errno));
}

/* With the smallest buffer, for which the kernel makes its smallest parts. */
static struct raw_answer dump_small(struct raw_sock *s)
{
	uint8_t buf[4096] __attribute__((aligned(8)));
	struct raw_answer answer = {};
	ssize_t n;

	raw_begin(&message, s->family, PRESWAP_CMD_APP_GET, NLM_F_DUMP);
	child_assert(nl_sendto(s->nl, message.buf, message.len) > 0, "send");
	while ((n = recv(s->fd, buf, sizeof(buf), MSG_DONTWAIT)) > 0) {
		const struct nlmsghdr *h = (const struct nlmsghdr *)buf;

		for (; NLMSG_OK(h, n); h = NLMSG_NEXT(h, n))
			raw_hear_one(&answer, h, NULL, NULL);
	}
	return answer;
}

static void child_long_path(void)
{
	struct raw_answer answer;
	unsigned int i;

	deep_enter();
	for (i = 0; i < 8; i++) {
		/* new: asking for the family takes a larger buffer */
		struct raw_sock s = { .nl = nl_socket_alloc() };

		sleep_ms(50);
		child_assert(s.nl && !genl_connect(s.nl), "no socket");
		s.fd = nl_socket_get_fd(s.nl);
		s.family = base.sock.family;
		answer = dump_small(&s);
		child_assert(answer.acks == 1 && !answer.errors &&
			     answer.parts > 3, "%u apps, error %d",
			     answer.parts, answer.error);
		raw_close(&s);
	}
	deep_leave();
}

static void test_long_path(void)
{
	state_restore();
	in_child(child_long_path);
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-53 each attribute spoilt is refused with a text",
		  test_attributes },
		{ "R-53 each duplicate is checked", test_duplicates },
		{ "R-53 edge values are taken", test_edges },
		{ "R-53 unknown commands are refused", test_commands },
		{ "R-53 spoilt headers are refused", test_headers },
		{ "R-53 truncated messages change nothing", test_truncated },
		{ "R-53 attributes that lie about their length are refused",
		  test_attribute_lengths },
		{ "R-23 R-25 leases that a policy or a mode forbids are refused",
		  test_leases },
		{ "R-53 an unprivileged caller reads, and changes nothing",
		  test_unprivileged },
		{ "R-53 namespaces give no rights", test_namespaces },
		{ "R-53 an unprivileged caller writes no knob, reads no table",
		  test_files },
		{ "R-2 an app with a path too long for a message is listed",
		  test_long_path },
		{ "R-53 the module works as before", state_test_works },
		{}
	});
}
