// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * what the netlink family refuses, and that it says why.
 *
 * Every attribute of every command is left out, cut, lengthened, given a
 * wrong type, put out of range; forecasts, which are nests in nests, also at
 * each level. What is refused has changed nothing. Random mutations are in
 * netlink_fuzz.c.
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
	struct field fields[8];		/* until size 0 */
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
	{ "policy-set", PRESWAP_CMD_POLICY_SET, 0, PRESWAP_A_POLICY_MAX, {
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
	} },
	{ "policy-get", PRESWAP_CMD_POLICY_GET, 0, PRESWAP_A_POLICY_APP_ID, {
		{ "app-id", PRESWAP_A_POLICY_APP_ID, 8, .id = &base.a,
		  BAD(0, 1, ~0ULL) },
	} },
	{ "policy-del", PRESWAP_CMD_POLICY_DEL, 0, PRESWAP_A_POLICY_APP_ID, {
		{ "app-id", PRESWAP_A_POLICY_APP_ID, 8, .id = &base.a,
		  BAD(0, 1, ~0ULL) },
	} },
	{ "lease-add", PRESWAP_CMD_LEASE_ADD, 0, PRESWAP_A_LEASE_DURATION_MS, {
		{ "kind", PRESWAP_A_LEASE_KIND, 1, .good = 0, BAD(2, 255) },
		{ "donor-id", PRESWAP_A_LEASE_DONOR_ID, 8, .id = &base.a,
		  BAD(0, 1, ~0ULL) },
		{ "receiver-id", PRESWAP_A_LEASE_RECEIVER_ID, 8, true,
		  .id = &base.b, BAD(0, ~0ULL) },
		{ "amount", PRESWAP_A_LEASE_AMOUNT, 8, .good = STATE_AMOUNT,
		  BAD(0, 1ULL << 44, (1ULL << 44) + 1, ~0ULL), EDGE(1) },
		{ "duration-ms", PRESWAP_A_LEASE_DURATION_MS, 4,
		  .good = STATE_LEASE_MS, BAD(0, 3600001, 0xffffffff),
		  EDGE(1, 3600000) },
	} },
	{ "lease-end", PRESWAP_CMD_LEASE_END, 0, PRESWAP_A_LEASE_ID, {
		{ "id", PRESWAP_A_LEASE_ID, 4, .id = &lease_id,
		  BAD(0, 0xffffffff) },
	} },
};

#define COMMANDS	(sizeof(commands) / sizeof(commands[0]))

enum spoil { GOOD, MISSING, EMPTY, SHORT, LONG, NESTED, VALUE, SPOILS };

static const char *const spoil_names[] = {
	"good", "missing", "empty", "short", "long", "nested", "out of range",
};

static struct raw_msg message;

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

/* Sends the message, which must be refused with a text. */
static void refused(const struct state *before, const char *command,
		    const char *field, const char *what)
{
	struct raw_answer answer = raw_ask(&base.sock, &message);

	ktap_assert(answer.errors == 1 && !answer.acks && !answer.parts,
		    "%s %s %s: %u errors, %u acks, %u parts", command, field,
		    what, answer.errors, answer.acks, answer.parts);
	ktap_assert(answer.error < 0 && answer.error != -ENOMEM,
		    "%s %s %s: error %d", command, field, what, answer.error);
	ktap_assert(answer.text[0], "%s %s %s: %d without a text", command,
		    field, what, answer.error);
	state_assert_same(before, what);
}

static void taken(const char *command, const char *field, const char *what)
{
	struct raw_answer answer = raw_ask(&base.sock, &message);

	ktap_assert(answer.acks == 1 && !answer.errors,
		    "%s %s %s: %d (%s)", command, field, what, answer.error,
		    answer.text);
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

/* ---- forecasts ---- */

struct plan {
	uint64_t app;
	unsigned int resource;
	uint64_t valid_ms;
	unsigned int points;
	uint64_t horizon[PRESWAP_POINTS_MAX + 1];
	uint64_t mean, q05, q50, q95;
	/* how it is spoilt */
	uint16_t leave_out;		/* attribute of the forecast */
	uint16_t leave_out_point;	/* attribute of the last point */
	uint16_t resize, resize_point;	/* the same, with a size too many */
	int resize_by;
	uint16_t extra, extra_point;	/* an attribute that is not known */
	bool flat, flat_point;		/* nests without the flag */
};

static struct plan plan_good(void)
{
	return (struct plan){
		.app = base.c,
		.resource = PRESWAP_RESOURCE_MEMORY,
		.valid_ms = STATE_VALID_MS,
		.points = 3,
		.horizon = { 1000, 2000, 5000 },
		.mean = 20, .q05 = 10, .q50 = 20, .q95 = 30,
	};
}

static void put_part(struct raw_msg *m, uint16_t type, uint64_t value,
		     size_t size, uint16_t leave_out, uint16_t resize, int by)
{
	if (type == leave_out)
		return;
	raw_put_number(m, type, value,
		       type == resize ? (size_t)((int)size + by) : size);
}

static void put_point(struct raw_msg *m, const struct plan *p, unsigned int i)
{
	bool last = i == p->points - 1;
	uint16_t out = last ? p->leave_out_point : 0;
	uint16_t re = last ? p->resize_point : 0;
	struct nlattr *nest = raw_nest(m, PRESWAP_A_FORECAST_POINT);

	put_part(m, PRESWAP_A_POINT_HORIZON_MS, p->horizon[i], 4, out, re,
		 p->resize_by);
	put_part(m, PRESWAP_A_POINT_MEAN, p->mean, 8, out, re, p->resize_by);
	put_part(m, PRESWAP_A_POINT_Q05, p->q05, 8, out, re, p->resize_by);
	put_part(m, PRESWAP_A_POINT_Q50, p->q50, 8, out, re, p->resize_by);
	put_part(m, PRESWAP_A_POINT_Q95, p->q95, 8, out, re, p->resize_by);
	if (last && p->extra_point)
		raw_put_number(m, p->extra_point, 0, 8);
	raw_nest_end(m, nest);
	if (last && p->flat_point)
		nest->nla_type &= (uint16_t)~NLA_F_NESTED;
}

static void put_forecast(struct raw_msg *m, const struct plan *p)
{
	struct nlattr *nest = raw_nest(m, PRESWAP_A_BATCH_FORECAST);
	unsigned int i;

	put_part(m, PRESWAP_A_FORECAST_APP_ID, p->app, 8, p->leave_out,
		 p->resize, p->resize_by);
	put_part(m, PRESWAP_A_FORECAST_RESOURCE, p->resource, 1, p->leave_out,
		 p->resize, p->resize_by);
	put_part(m, PRESWAP_A_FORECAST_VALID_MS, p->valid_ms, 4, p->leave_out,
		 p->resize, p->resize_by);
	for (i = 0; i < p->points; i++)
		put_point(m, p, i);
	if (p->extra)
		raw_put_number(m, p->extra, 0, 4);
	raw_nest_end(m, nest);
	if (p->flat)
		nest->nla_type &= (uint16_t)~NLA_F_NESTED;
}

/* Between two good ones for other apps, which must not be taken either. */
static void build_batch(const struct plan *p)
{
	struct plan first = plan_good(), last = plan_good();

	first.app = base.a;
	last.app = base.b;
	raw_begin(&message, base.sock.family, PRESWAP_CMD_FORECAST_SET, 0);
	put_forecast(&message, &first);
	put_forecast(&message, p);
	put_forecast(&message, &last);
}

static void refuse_plan(const struct state *before, const struct plan *p,
			const char *what)
{
	build_batch(p);
	refused(before, "forecast-set", "batch", what);
}

static void take_plan(const struct plan *p, const char *what)
{
	build_batch(p);
	taken("forecast-set", "batch", what);
}

/* Refuse a good plan with one member changed, or take it. */
#define REFUSE_WITH(before, assignment) do {				\
	struct plan p = plan_good();					\
									\
	p.assignment;							\
	refuse_plan(before, &p, #assignment);				\
} while (0)
#define TAKE_WITH(assignment) do {					\
	struct plan p = plan_good();					\
									\
	p.assignment;							\
	take_plan(&p, #assignment);					\
} while (0)

static void refuse_forecast_parts(const struct state *before)
{
	uint16_t type;

	for (type = PRESWAP_A_FORECAST_APP_ID;
	     type <= PRESWAP_A_FORECAST_VALID_MS; type++) {
		struct plan p = plan_good();

		p.leave_out = type;
		refuse_plan(before, &p, "a forecast's part missing");
		p = plan_good();
		p.resize = type;
		p.resize_by = -1;
		refuse_plan(before, &p, "a forecast's part short");
		p.resize_by = 4;
		refuse_plan(before, &p, "a forecast's part long");
	}
	REFUSE_WITH(before, points = 0);
	REFUSE_WITH(before, extra = PRESWAP_A_FORECAST_PAD);
	REFUSE_WITH(before, extra = PRESWAP_A_FORECAST_AGE_MS);
	REFUSE_WITH(before, extra = PRESWAP_A_FORECAST_MAX + 1);
	REFUSE_WITH(before, flat = true);
}

static void refuse_point_parts(const struct state *before)
{
	uint16_t type;

	for (type = PRESWAP_A_POINT_HORIZON_MS; type <= PRESWAP_A_POINT_Q95;
	     type++) {
		struct plan p = plan_good();

		p.leave_out_point = type;
		refuse_plan(before, &p, "a point's part missing");
		p = plan_good();
		p.resize_point = type;
		p.resize_by = -1;
		refuse_plan(before, &p, "a point's part short");
		p.resize_by = 4;
		refuse_plan(before, &p, "a point's part long");
	}
	REFUSE_WITH(before, extra_point = PRESWAP_A_POINT_PAD);
	REFUSE_WITH(before, extra_point = PRESWAP_A_POINT_MAX + 1);
	REFUSE_WITH(before, flat_point = true);
}

static void test_forecast_structure(void)
{
	struct state before;

	state_restore();
	before = state_take();
	refuse_forecast_parts(&before);
	refuse_point_parts(&before);
	REFUSE_WITH(&before, app = 0);
	REFUSE_WITH(&before, app = ~0ULL);
	REFUSE_WITH(&before, app = base.a + 123456789);
	TAKE_WITH(points = 3);
}

static void test_forecast_values(void)
{
	struct state before;

	state_restore();
	before = state_take();
	REFUSE_WITH(&before, resource = PRESWAP_RESOURCE_IO);
	REFUSE_WITH(&before, resource = PRESWAP_RESOURCE_NET);
	REFUSE_WITH(&before, resource = PRESWAP_RESOURCE_MAX + 1);
	REFUSE_WITH(&before, resource = 255);
	REFUSE_WITH(&before, valid_ms = 0);
	REFUSE_WITH(&before, valid_ms = 3600001);
	REFUSE_WITH(&before, horizon[0] = 0);
	REFUSE_WITH(&before, horizon[2] = 86400001);
	REFUSE_WITH(&before, mean = (1ULL << 44) + 1);
	REFUSE_WITH(&before, q95 = (1ULL << 44) + 1);
	TAKE_WITH(resource = PRESWAP_RESOURCE_CPU);
	TAKE_WITH(valid_ms = 1);
	TAKE_WITH(valid_ms = 3600000);
	TAKE_WITH(horizon[0] = 1);
	TAKE_WITH(horizon[2] = 86400000);
	TAKE_WITH(mean = 1ULL << 44);
	TAKE_WITH(q95 = 1ULL << 44);
}

/* q05 <= q50 <= q95, horizons rise. */
static void test_forecast_order(void)
{
	struct state before;

	state_restore();
	before = state_take();
	REFUSE_WITH(&before, q05 = 21);
	REFUSE_WITH(&before, q50 = 9);
	REFUSE_WITH(&before, q50 = 31);
	REFUSE_WITH(&before, q95 = 19);
	REFUSE_WITH(&before, horizon[1] = 1000);
	REFUSE_WITH(&before, horizon[1] = 999);
	REFUSE_WITH(&before, horizon[2] = 2000);
	REFUSE_WITH(&before, horizon[0] = 2000);
	TAKE_WITH(q05 = 20);
	TAKE_WITH(q95 = 20);
	TAKE_WITH(horizon[1] = 1001);
	TAKE_WITH(horizon[2] = 2001);
}

static void test_forecast_cpu_bound(void)
{
	struct plan p = plan_good();
	struct state before;

	state_restore();
	before = state_take();
	p.resource = PRESWAP_RESOURCE_CPU;
	p.q95 = (1ULL << 32) + 1;
	refuse_plan(&before, &p, "q95 of CPU");
	p.q95 = 1ULL << 32;
	p.mean = (1ULL << 32) + 1;
	refuse_plan(&before, &p, "mean of CPU");
	p.mean = 1ULL << 32;
	take_plan(&p, "2^32 milli-CPU");
}

static void test_forecast_points(void)
{
	struct plan p = plan_good();
	struct state before;
	unsigned int i;

	state_restore();
	before = state_take();
	for (i = 0; i <= PRESWAP_POINTS_MAX; i++)
		p.horizon[i] = 1000 * (i + 1);
	p.points = PRESWAP_POINTS_MAX + 1;
	refuse_plan(&before, &p, "17 points");
	p.points = PRESWAP_POINTS_MAX;
	take_plan(&p, "16 points");
}

static void test_forecast_batch(void)
{
	struct state before;
	struct nlattr *attr;
	unsigned int i;

	state_restore();
	before = state_take();
	raw_begin(&message, base.sock.family, PRESWAP_CMD_FORECAST_SET, 0);
	refused(&before, "forecast-set", "batch", "missing");
	raw_nest(&message, PRESWAP_A_BATCH_FORECAST);
	refused(&before, "forecast-set", "batch", "empty");
	for (i = 1; i <= 4096; i++)
		raw_nest(&message, PRESWAP_A_BATCH_FORECAST);
	refused(&before, "forecast-set", "batch", "of 4097");
	build_batch(&(struct plan){});
	refused(&before, "forecast-set", "batch", "with an empty one");
	raw_begin(&message, base.sock.family, PRESWAP_CMD_FORECAST_SET, 0);
	attr = raw_nest(&message, PRESWAP_A_BATCH_FORECAST + 1);
	refused(&before, "forecast-set", "batch", "of another type");
	attr->nla_type = PRESWAP_A_BATCH_FORECAST | NLA_F_NESTED |
			 NLA_F_NET_BYTEORDER;
	refused(&before, "forecast-set", "batch", "in network byte order");
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
	struct plan p = plan_good();
	struct raw_answer answer;
	unsigned int i;

	for (i = 0; i < COMMANDS; i++)
		child_command(s, &commands[i]);
	build_batch(&p);
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

static void child_files_in(const char *dir, int write_error, int read_error)
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
	child_assert(files >= 4, "%u files in %s", files, dir);
}

static void child_knobs(void)
{
	child_files_in("/sys/kernel/preswap", -EACCES, 0);
}

static void child_tables(void)
{
	child_files_in("/sys/kernel/debug/preswap", -EACCES, -EACCES);
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

static void test_works(void)
{
	struct preswap_info info = { .size = sizeof(info) };

	state_restore();
	must(base.ctx, preswap_info_get(base.ctx, &info));
	ktap_assert(info.leases == 2, "%u leases", info.leases);
	ktap_assert(info.tasks_lost == 0, "%llu tasks lost",
		    (unsigned long long)info.tasks_lost);
	group_remove("state_a");
	group_remove("state_b");
	group_remove("state_c");
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "R-53 each attribute spoilt is refused with a text",
		  test_attributes },
		{ "R-53 each duplicate is checked", test_duplicates },
		{ "R-53 edge values are taken", test_edges },
		{ "R-10 R-53 forecasts lacking or spoiling a part are refused",
		  test_forecast_structure },
		{ "R-10 R-53 forecast values out of range are refused",
		  test_forecast_values },
		{ "R-10 R-53 quantiles and horizons are in order",
		  test_forecast_order },
		{ "R-10 R-53 2^32 milli-CPU are the most of CPU",
		  test_forecast_cpu_bound },
		{ "R-10 R-53 16 points are taken, 17 refused",
		  test_forecast_points },
		{ "R-10 R-53 a batch is taken whole or not at all",
		  test_forecast_batch },
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
		{ "R-53 the module works as before", test_works },
		{}
	});
}
