/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * A known state of the module, and a checksum of it.
 *
 * Three apps: "a" may give, "b" may get, "c" is in the middle. All have a
 * policy and forecasts, and "a" has two leases. The module decides nothing by
 * itself (no priority exceeds min_priority) and reclaims next to nothing, so
 * that what changes was changed by a message.
 */
#ifndef PRESWAP_SELFTESTS_NETLINK_STATE_H
#define PRESWAP_SELFTESTS_NETLINK_STATE_H

#include <sys/mman.h>

#include "guest.h"
#include "rawnl.h"

#define STATE_VALID_MS	3600000
#define STATE_LEASE_MS	3600000
/* below what reclaim begins with: the lease exists, and does nothing */
#define STATE_AMOUNT	(128ULL << 10)

struct state {
	uint64_t policies, forecasts, leases, knobs;
};

static struct {
	struct preswap_ctx *ctx;
	struct raw_sock sock;
	uint64_t a, b, c;		/* ids */
	uint32_t lease;			/* the one that takes memory */
} base;

/* Locked: leases that mutations begin must not eat it up. */
static inline void state_hold(void *arg)
{
	char *memory = mmap(NULL, 64 * MIB, PROT_READ | PROT_WRITE,
			    MAP_PRIVATE | MAP_ANONYMOUS | MAP_LOCKED, -1, 0);

	if (memory == MAP_FAILED || write(*(int *)arg, "x", 1) != 1)
		_exit(1);
	for (;;)
		pause();
}

static inline void state_spawn(void)
{
	int ready[2];
	char byte;

	ktap_assert(!pipe(ready), "pipe: %s", strerror(errno));
	group_spawn("state_a", state_hold, &ready[1]);
	close(ready[1]);
	ktap_assert(read(ready[0], &byte, 1) == 1, "the donor died");
	close(ready[0]);
}

/* Once per program. */
static inline void state_setup(void)
{
	int err;

	if (base.ctx)
		return;
	group_remove("state_a");
	base.a = group_make("state_a");
	base.b = group_make("state_b");
	base.c = group_make("state_c");
	set_knob("min_priority", PRESWAP_PRIORITY_MAX);
	set_knob("reclaim_rate_mib", 1);
	state_spawn();
	err = raw_open(&base.sock);
	ktap_assert(!err, "netlink: %s", strerror(-err));
	base.ctx = open_preswap();
}

/* ---- to the known state ---- */

struct state_ids {
	unsigned int count;
	uint64_t id[1024];
};

static inline void state_note_lease(void *data, const struct nlmsghdr *part)
{
	struct state_ids *ids = data;

	if (raw_number(part, PRESWAP_A_LEASE_ENDED, 1) || ids->count == 1024)
		return;
	ids->id[ids->count++] = raw_number(part, PRESWAP_A_LEASE_ID, 0);
}

static inline void state_note_policy(void *data, const struct nlmsghdr *part)
{
	uint64_t id = raw_number(part, PRESWAP_A_POLICY_APP_ID, 0);
	struct state_ids *ids = data;

	if (id != base.a && id != base.b && id != base.c && ids->count < 1024)
		ids->id[ids->count++] = id;
}

static inline struct state_ids state_ids_of(uint8_t cmd, raw_visit note)
{
	static struct raw_msg m;
	struct state_ids ids = {};

	raw_begin(&m, base.sock.family, cmd, NLM_F_DUMP);
	raw_ask_each(&base.sock, &m, note, &ids);
	return ids;
}

static inline uint32_t state_lease(unsigned int kind, uint64_t receiver,
				   uint64_t amount)
{
	struct preswap_lease_opts opts = {
		.size = sizeof(opts),
		.kind = (uint8_t)kind,
		.donor_id = base.a,
		.receiver_id = receiver,
		.amount = amount,
		.duration_ms = STATE_LEASE_MS,
	};
	struct preswap_lease lease = { .size = sizeof(lease) };

	must(base.ctx, preswap_lease_add(base.ctx, &opts, &lease));
	return lease.id;
}

static inline void state_forecasts(uint64_t app)
{
	set_forecast(base.ctx, app, PRESWAP_RESOURCE_CPU, 100, 300, 2000,
		     STATE_VALID_MS);
	set_forecast(base.ctx, app, PRESWAP_RESOURCE_MEMORY, MIB, 2 * MIB,
		     2000, STATE_VALID_MS);
}

static inline void state_restore(void)
{
	struct state_ids ids;
	unsigned int i;

	state_setup();
	ids = state_ids_of(PRESWAP_CMD_LEASE_GET, state_note_lease);
	for (i = 0; i < ids.count; i++)
		preswap_lease_end(base.ctx, (uint32_t)ids.id[i]);
	ids = state_ids_of(PRESWAP_CMD_POLICY_GET, state_note_policy);
	for (i = 0; i < ids.count; i++)
		preswap_policy_del(base.ctx, ids.id[i]);
	set_policy(base.ctx, base.a, 2, PRESWAP_SENSITIVITY_BATCH, true,
		   MIB, 0);
	set_policy(base.ctx, base.b, 8, PRESWAP_SENSITIVITY_LATENCY, false,
		   0, 500);
	set_policy(base.ctx, base.c, 5, PRESWAP_SENSITIVITY_NORMAL, false,
		   0, 0);
	state_forecasts(base.a);
	state_forecasts(base.b);
	state_forecasts(base.c);
	base.lease = state_lease(PRESWAP_LEASE_KIND_RECLAIM, base.b,
				 STATE_AMOUNT);
	state_lease(PRESWAP_LEASE_KIND_AFFINITY, 0, 1000);
}

/* ---- the checksum ---- */

struct state_sum {
	uint64_t sum;
	uint64_t attrs;		/* bits of the attributes that count */
	uint16_t owner;		/* only of our apps: the attribute of the id */
};

static inline void state_add(void *data, const struct nlmsghdr *part)
{
	struct state_sum *s = data;

	if (s->owner) {
		uint64_t id = raw_number(part, s->owner, 0);

		if (id != base.a && id != base.b && id != base.c)
			return;
	}
	raw_for_each_attr(attr, part) {
		const uint8_t *byte = (const uint8_t *)attr;
		unsigned int i;

		if (!(s->attrs & 1ULL << (attr->nla_type & NLA_TYPE_MASK)))
			continue;
		for (i = 0; i < attr->nla_len; i++)
			s->sum = (s->sum ^ byte[i]) * 0x100000001b3ULL;
	}
}

static inline uint64_t state_sum(uint8_t cmd, uint16_t flags, uint64_t attrs,
				 uint16_t owner)
{
	struct raw_answer answer = { .interrupted = true };
	static struct raw_msg m;
	struct state_sum s = {};
	int tries;

	for (tries = 0; tries < 10 && answer.interrupted; tries++) {
		s = (struct state_sum){ 0xcbf29ce484222325ULL, attrs, owner };
		raw_begin(&m, base.sock.family, cmd, flags);
		answer = raw_ask_each(&base.sock, &m, state_add, &s);
	}
	ktap_assert(!answer.interrupted && answer.acks == 1 && !answer.errors,
		    "command %u: %u acks, %u errors (%d)", cmd, answer.acks,
		    answer.errors, answer.error);
	return s.sum;
}

#define STATE_UPTO(attr)	((2ULL << (attr)) - 1)
#define STATE_LEASE_ATTRS						\
	(1U << PRESWAP_A_LEASE_ID | 1U << PRESWAP_A_LEASE_KIND |	\
	 1U << PRESWAP_A_LEASE_DONOR_ID | 1U << PRESWAP_A_LEASE_RECEIVER_ID | \
	 1U << PRESWAP_A_LEASE_AMOUNT | 1U << PRESWAP_A_LEASE_BEGIN_NS | \
	 1U << PRESWAP_A_LEASE_END_NS | 1U << PRESWAP_A_LEASE_REASON |	\
	 1U << PRESWAP_A_LEASE_ENDED | 1U << PRESWAP_A_LEASE_DRY_RUN)

/* What the lists say, without what time or work changes by itself. */
static inline struct state state_lists(void)
{
	return (struct state){
		.policies = state_sum(PRESWAP_CMD_POLICY_GET, NLM_F_DUMP,
				      STATE_UPTO(PRESWAP_A_POLICY_MAX), 0),
		.forecasts = state_sum(PRESWAP_CMD_FORECAST_GET, NLM_F_DUMP,
				       STATE_UPTO(PRESWAP_A_FORECAST_POINT),
				       PRESWAP_A_FORECAST_APP_ID),
		.leases = state_sum(PRESWAP_CMD_LEASE_GET, NLM_F_DUMP,
				    STATE_LEASE_ATTRS, 0),
	};
}

static inline struct state state_take(void)
{
	struct state state = state_lists();

	state.knobs = state_sum(PRESWAP_CMD_INFO_GET, 0,
			STATE_UPTO(PRESWAP_A_INFO_THRESHOLD_MEMORY_PCT), 0);
	return state;
}

static inline bool state_equal(const struct state *x, const struct state *y)
{
	return !memcmp(x, y, sizeof(*x));
}

/* Fails the test case, and says what has changed. */
#define state_assert_same(before, what) do {				\
	struct state now_ = state_take();				\
									\
	ktap_assert(state_equal(&now_, (before)), "%s changed%s%s%s%s", what, \
		    now_.policies != (before)->policies ? " policies" : "", \
		    now_.forecasts != (before)->forecasts ? " forecasts" : "", \
		    now_.leases != (before)->leases ? " leases" : "",	\
		    now_.knobs != (before)->knobs ? " knobs" : "");	\
} while (0)

/* ---- what is expected ---- */

static struct raw_msg message;	/* the one that is asked */

/* Sends the message, which must be refused with a text. */
static inline void refused(const struct state *before, const char *command,
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

static inline void taken(const char *command, const char *field,
			 const char *what)
{
	struct raw_answer answer = raw_ask(&base.sock, &message);

	ktap_assert(answer.acks == 1 && !answer.errors,
		    "%s %s %s: %d (%s)", command, field, what, answer.error,
		    answer.text);
}

/* The last case: nothing is lost, and the cgroups go. */
static inline void state_test_works(void)
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

#endif /* PRESWAP_SELFTESTS_NETLINK_STATE_H */
