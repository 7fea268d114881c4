// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * random mutations of valid messages.
 *
 * Each is made from a valid message of some command, and spoilt: bits turned,
 * cut, lengths and types of attributes changed, spliced with another. Some
 * stay valid by chance. After each one the lists of policies, forecasts and
 * leases are as before, unless the kernel acknowledged a success; then what
 * they hold is within the bounds of the ABI, and the known state is restored.
 * The kernel says nothing about any of it in its log.
 *
 * Where the kernel tells which code a message went through, one that found new
 * ways is kept, and spoilt further.
 *
 *	netlink_fuzz [SEED [COUNT [EVERY]]]
 *
 * With EVERY, the lists are looked at after so many only, and whether what has
 * changed was acknowledged is not: for millions, where the kernel itself watches.
 */
#include <limits.h>

#include "cover.h"
#include "guest.h"
#include "netlink_state.h"
#include "rawnl.h"

#define FUZZ_MAX	2048	/* bytes of a mutation */
#define VALID_MAX	16
#define KEPT_MAX	1024

static uint64_t fuzz_seed;
static unsigned int fuzz_count = 10000, fuzz_every = 1;
static uint64_t fuzz_random;
static struct raw_msg valid[VALID_MAX];
static unsigned int valid_count;
static int kmsg = -1;

/* Mutations that went new ways. */
static struct kept {
	size_t len;
	uint8_t buf[FUZZ_MAX];
} kept[KEPT_MAX];
static unsigned int kept_count;

static struct {
	unsigned int acked, refused, unanswered, restored;
} outcome;

/* xorshift64*: the same seed gives the same mutations. */
static uint32_t any(void)
{
	fuzz_random ^= fuzz_random >> 12;
	fuzz_random ^= fuzz_random << 25;
	fuzz_random ^= fuzz_random >> 27;
	return (uint32_t)((fuzz_random * 0x2545f4914f6cdd1dULL) >> 32);
}

static uint32_t below(uint32_t limit)
{
	return limit ? any() % limit : 0;
}

/* ---- the valid messages ---- */

static struct raw_msg *new_valid(uint8_t cmd, uint16_t flags)
{
	struct raw_msg *m = &valid[valid_count++];

	raw_begin(m, base.sock.family, cmd, flags);
	return m;
}

static void valid_one_id(uint8_t cmd, uint16_t flags, uint16_t type,
			 uint64_t id, size_t size)
{
	raw_put_number(new_valid(cmd, flags), type, id, size);
}

static void valid_policy(void)
{
	struct raw_msg *m = new_valid(PRESWAP_CMD_POLICY_SET, 0);

	raw_put_number(m, PRESWAP_A_POLICY_APP_ID, base.c, 8);
	raw_put_number(m, PRESWAP_A_POLICY_PRIORITY, 5, 1);
	raw_put_number(m, PRESWAP_A_POLICY_SENSITIVITY, 1, 1);
	raw_put_number(m, PRESWAP_A_POLICY_SWAP_ELIGIBLE, 1, 1);
	raw_put_number(m, PRESWAP_A_POLICY_FLOOR_CPU_MILLI, 100, 8);
	raw_put_number(m, PRESWAP_A_POLICY_FLOOR_MEM_BYTES, MIB, 8);
	raw_put_number(m, PRESWAP_A_POLICY_RESERVE_MEM_MIB, 1, 4);
}

static void valid_point(struct raw_msg *m, uint32_t horizon_ms)
{
	struct nlattr *nest = raw_nest(m, PRESWAP_A_FORECAST_POINT);

	raw_put_number(m, PRESWAP_A_POINT_HORIZON_MS, horizon_ms, 4);
	raw_put_number(m, PRESWAP_A_POINT_MEAN, 200, 8);
	raw_put_number(m, PRESWAP_A_POINT_Q05, 100, 8);
	raw_put_number(m, PRESWAP_A_POINT_Q50, 200, 8);
	raw_put_number(m, PRESWAP_A_POINT_Q95, 300, 8);
	raw_nest_end(m, nest);
}

static void valid_forecast(struct raw_msg *m, uint64_t app, uint8_t resource)
{
	struct nlattr *nest = raw_nest(m, PRESWAP_A_BATCH_FORECAST);

	raw_put_number(m, PRESWAP_A_FORECAST_APP_ID, app, 8);
	raw_put_number(m, PRESWAP_A_FORECAST_RESOURCE, resource, 1);
	raw_put_number(m, PRESWAP_A_FORECAST_VALID_MS, STATE_VALID_MS, 4);
	valid_point(m, 1000);
	valid_point(m, 5000);
	raw_nest_end(m, nest);
}

static void valid_lease(void)
{
	struct raw_msg *m = new_valid(PRESWAP_CMD_LEASE_ADD, 0);

	raw_put_number(m, PRESWAP_A_LEASE_KIND, 0, 1);
	raw_put_number(m, PRESWAP_A_LEASE_DONOR_ID, base.a, 8);
	raw_put_number(m, PRESWAP_A_LEASE_RECEIVER_ID, base.b, 8);
	raw_put_number(m, PRESWAP_A_LEASE_AMOUNT, STATE_AMOUNT, 8);
	raw_put_number(m, PRESWAP_A_LEASE_DURATION_MS, STATE_LEASE_MS, 4);
}

static void valid_share(void)
{
	struct raw_msg *m = new_valid(PRESWAP_CMD_LEASE_ADD, 0);

	raw_put_number(m, PRESWAP_A_LEASE_KIND,
		       PRESWAP_LEASE_KIND_CPU_WEIGHT, 1);
	raw_put_number(m, PRESWAP_A_LEASE_DONOR_ID, base.a, 8);
	raw_put_number(m, PRESWAP_A_LEASE_AMOUNT, 50, 8);
	raw_put_number(m, PRESWAP_A_LEASE_DURATION_MS, STATE_LEASE_MS, 4);
}

static void valid_make(void)
{
	struct raw_msg *batch;

	valid_count = 0;
	new_valid(PRESWAP_CMD_INFO_GET, 0);
	new_valid(PRESWAP_CMD_APP_GET, NLM_F_DUMP);
	valid_one_id(PRESWAP_CMD_APP_GET, 0, PRESWAP_A_APP_ID, base.a, 8);
	valid_one_id(PRESWAP_CMD_TASK_GET, NLM_F_DUMP, PRESWAP_A_TASK_APP_ID,
		     base.a, 8);
	valid_policy();
	valid_one_id(PRESWAP_CMD_POLICY_GET, 0, PRESWAP_A_POLICY_APP_ID,
		     base.a, 8);
	new_valid(PRESWAP_CMD_POLICY_GET, NLM_F_DUMP);
	valid_one_id(PRESWAP_CMD_POLICY_DEL, 0, PRESWAP_A_POLICY_APP_ID,
		     base.c, 8);
	batch = new_valid(PRESWAP_CMD_FORECAST_SET, 0);
	valid_forecast(batch, base.a, PRESWAP_RESOURCE_MEMORY);
	valid_forecast(batch, base.b, PRESWAP_RESOURCE_CPU);
	new_valid(PRESWAP_CMD_FORECAST_GET, NLM_F_DUMP);
	new_valid(PRESWAP_CMD_LEASE_GET, NLM_F_DUMP);
	valid_lease();
	valid_share();
	valid_one_id(PRESWAP_CMD_LEASE_END, 0, PRESWAP_A_LEASE_ID, base.lease,
		     4);
}

/* ---- mutations ---- */

/* An attribute of the message, at any depth; NULL if it has none. */
static struct nlattr *any_attr(struct raw_msg *m)
{
	struct nlattr *found = NULL;
	size_t at = NLMSG_HDRLEN + GENL_HDRLEN;
	unsigned int seen = 0;

	while (at + NLA_HDRLEN <= m->len) {
		struct nlattr *attr = (struct nlattr *)(m->buf + at);

		if (!below(++seen))
			found = attr;
		/* into a nest, or past a value */
		at += attr->nla_type & NLA_F_NESTED ||
		      attr->nla_len < NLA_HDRLEN ? NLA_HDRLEN :
						   NLA_ALIGN(attr->nla_len);
	}
	return found;
}

static void turn_bits(struct raw_msg *m)
{
	unsigned int bits = 1 + below(8);
	size_t from = NLMSG_HDRLEN;

	while (bits-- && m->len > from)
		m->buf[from + below((uint32_t)(m->len - from))] ^=
			(uint8_t)(1 << below(8));
}

static void set_bytes(struct raw_msg *m)
{
	static const uint8_t telling[] = { 0, 1, 0x7f, 0x80, 0xff };
	unsigned int bytes = 1 + below(8), from = NLMSG_HDRLEN, at;

	if (m->len <= from + bytes)
		return;
	at = from + below((uint32_t)(m->len - from - bytes));
	memset(m->buf + at, telling[below(sizeof(telling))], bytes);
}

static void truncate_message(struct raw_msg *m)
{
	m->len = 1 + below((uint32_t)m->len);
	if (below(4) && m->len >= NLMSG_HDRLEN)
		raw_header(m)->nlmsg_len = (uint32_t)m->len;
}

static void change_length(struct raw_msg *m)
{
	static const uint16_t telling[] = { 0, 1, 3, 4, 5, 8, 12, 13, 255,
					    256, 0x7fff, 0x8000, 0xffff };
	struct nlattr *attr = any_attr(m);

	if (!attr)
		return;
	if (below(2))
		attr->nla_len = telling[below(sizeof(telling) /
					      sizeof(telling[0]))];
	else
		attr->nla_len = (uint16_t)(attr->nla_len + below(9) - 4);
}

static void change_type(struct raw_msg *m)
{
	struct nlattr *attr = any_attr(m);

	if (!attr)
		return;
	if (below(3))
		attr->nla_type = (uint16_t)((attr->nla_type & NLA_F_NESTED) |
					    below(24));
	else
		attr->nla_type ^= (uint16_t)(1 << below(16));
}

static void change_header(struct raw_msg *m)
{
	switch (below(4)) {
	case 0:
		raw_genl(m)->cmd = (uint8_t)below(PRESWAP_CMD_MAX + 3);
		break;
	case 1:
		raw_header(m)->nlmsg_flags ^= (uint16_t)(1 << below(16));
		break;
	case 2:
		raw_header(m)->nlmsg_len += below(64) - 32;
		break;
	default:
		raw_genl(m)->version = (uint8_t)any();
	}
}

static void append_bytes(struct raw_msg *m)
{
	unsigned int bytes = 1 + below(64);

	if (m->len + bytes > FUZZ_MAX)
		return;
	while (bytes--)
		m->buf[m->len++] = (uint8_t)(below(2) ? any() : below(16));
	raw_header(m)->nlmsg_len = (uint32_t)m->len;
}

/* The beginning of one and the end of another. */
static void splice_other(struct raw_msg *m)
{
	const struct raw_msg *other = &valid[below(valid_count)];
	size_t head = NLMSG_HDRLEN + GENL_HDRLEN, keep, from;

	if (m->len < head)
		return;
	keep = head + below((uint32_t)(m->len - head + 1));
	from = head + below((uint32_t)(other->len - head + 1));
	if (below(4)) {
		keep = NLA_ALIGN(keep);
		from = NLA_ALIGN(from);
	}
	if (keep > m->len || keep + other->len - from > FUZZ_MAX)
		return;
	memcpy(m->buf + keep, other->buf + from, other->len - from);
	m->len = keep + other->len - from;
	raw_header(m)->nlmsg_len = (uint32_t)m->len;
}

/* Two messages in one packet. */
static void join(struct raw_msg *m)
{
	const struct raw_msg *other = &valid[below(valid_count)];
	size_t at = NLMSG_ALIGN(m->len);

	if (at + other->len > FUZZ_MAX)
		return;
	memset(m->buf + m->len, 0, at - m->len);
	memcpy(m->buf + at, other->buf, other->len);
	m->len = at + other->len;
}

static void keep(const struct raw_msg *m)
{
	struct kept *to;

	if (m->len > FUZZ_MAX)
		return;
	to = &kept[kept_count < KEPT_MAX ? kept_count++ : below(KEPT_MAX)];
	memcpy(to->buf, m->buf, m->len);
	to->len = m->len;
}

static void begin_mutation(struct raw_msg *m)
{
	const struct raw_msg *from;

	if (kept_count && below(2)) {
		const struct kept *k = &kept[below(kept_count)];

		memcpy(m->buf, k->buf, k->len);
		m->len = k->len;
		return;
	}
	from = &valid[below(valid_count)];
	memcpy(m->buf, from->buf, from->len);
	m->len = from->len;
}

static void mutate(struct raw_msg *m)
{
	static void (*const kinds[])(struct raw_msg *) = {
		turn_bits, turn_bits, set_bytes, truncate_message,
		change_length, change_length, change_type, change_type,
		change_header, append_bytes, splice_other, splice_other, join,
	};
	unsigned int times;

	begin_mutation(m);
	times = 1 + below(3);
	while (times--)
		kinds[below(sizeof(kinds) / sizeof(kinds[0]))](m);
	/* ours to test is our family, not the neighbours */
	raw_header(m)->nlmsg_type = (uint16_t)(below(20) ? base.sock.family :
							   (int)below(16));
}

/* ---- what may never be ---- */

struct bounds {
	unsigned int broken;
	char what[128];
};

#define bound(b, cond) do {						\
	if (!(cond)) {							\
		(b)->broken++;						\
		snprintf((b)->what, sizeof((b)->what), "%s", #cond);	\
	}								\
} while (0)

static void bound_policy(void *data, const struct nlmsghdr *part)
{
	uint64_t priority = raw_number(part, PRESWAP_A_POLICY_PRIORITY, 0);
	uint64_t cpu = raw_number(part, PRESWAP_A_POLICY_FLOOR_CPU_MILLI,
				  ULLONG_MAX);
	uint64_t mem = raw_number(part, PRESWAP_A_POLICY_FLOOR_MEM_BYTES,
				  ULLONG_MAX);
	struct bounds *b = data;

	bound(b, priority >= PRESWAP_PRIORITY_MIN &&
		 priority <= PRESWAP_PRIORITY_MAX);
	bound(b, raw_number(part, PRESWAP_A_POLICY_SENSITIVITY, 99) <=
		 PRESWAP_SENSITIVITY_MAX);
	bound(b, raw_number(part, PRESWAP_A_POLICY_SWAP_ELIGIBLE, 99) <= 1);
	bound(b, cpu <= PRESWAP_CPU_MAX_MILLI);
	bound(b, mem <= PRESWAP_BYTES_MAX);
	bound(b, raw_number(part, PRESWAP_A_POLICY_RESERVE_MEM_MIB,
			    ULLONG_MAX) <= PRESWAP_BYTES_MAX >> 20);
}

/* Returns its horizon. */
static uint64_t bound_point(struct bounds *b, const struct nlattr *point,
			    uint64_t last)
{
	uint64_t at = raw_nested_number(point, PRESWAP_A_POINT_HORIZON_MS, 0);
	uint64_t q05 = raw_nested_number(point, PRESWAP_A_POINT_Q05,
					 ULLONG_MAX);
	uint64_t q50 = raw_nested_number(point, PRESWAP_A_POINT_Q50, 0);
	uint64_t q95 = raw_nested_number(point, PRESWAP_A_POINT_Q95,
					 ULLONG_MAX);

	bound(b, q05 <= q50 && q50 <= q95 && q95 <= PRESWAP_BYTES_MAX);
	bound(b, at > last && at <= PRESWAP_HORIZON_MAX_MS);
	return at;
}

static void bound_forecast(void *data, const struct nlmsghdr *part)
{
	uint64_t valid_ms = raw_number(part, PRESWAP_A_FORECAST_VALID_MS, 0);
	struct bounds *b = data;
	unsigned int points = 0;
	uint64_t last = 0;

	bound(b, valid_ms >= 1 && valid_ms <= PRESWAP_FORECAST_VALID_MAX_MS);
	bound(b, raw_number(part, PRESWAP_A_FORECAST_RESOURCE, 99) <=
		 PRESWAP_RESOURCE_MAX);
	raw_for_each_attr(attr, part) {
		if (raw_is(attr, PRESWAP_A_FORECAST_POINT)) {
			last = bound_point(b, attr, last);
			points++;
		}
	}
	bound(b, points >= 1 && points <= PRESWAP_POINTS_MAX);
}

static void bound_lease(void *data, const struct nlmsghdr *part)
{
	uint64_t amount = raw_number(part, PRESWAP_A_LEASE_AMOUNT, 0);
	struct bounds *b = data;

	bound(b, amount >= 1 && amount <= PRESWAP_BYTES_MAX);
	bound(b, raw_number(part, PRESWAP_A_LEASE_LEFT_MS, ULLONG_MAX) <=
		 PRESWAP_LEASE_MAX_MS);
	bound(b, raw_number(part, PRESWAP_A_LEASE_KIND, 99) <=
		 PRESWAP_LEASE_KIND_MAX);
	bound(b, raw_number(part, PRESWAP_A_LEASE_REASON, 99) ==
		 PRESWAP_REASON_MANUAL);
}

static void check_list(uint8_t cmd, raw_visit visit)
{
	static struct raw_msg m;
	struct bounds b = {};

	raw_begin(&m, base.sock.family, cmd, NLM_F_DUMP);
	raw_ask_each(&base.sock, &m, visit, &b);
	ktap_assert(!b.broken, "command %u: %u times not %s", cmd, b.broken,
		    b.what);
}

static void check_bounds(void)
{
	check_list(PRESWAP_CMD_POLICY_GET, bound_policy);
	check_list(PRESWAP_CMD_FORECAST_GET, bound_forecast);
	check_list(PRESWAP_CMD_LEASE_GET, bound_lease);
}

/* ---- the kernel's log ---- */

static void kmsg_open(void)
{
	kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	ktap_assert(kmsg >= 0, "/dev/kmsg: %s", strerror(errno));
	lseek(kmsg, 0, SEEK_END);
}

/*
 * A line "priority,number,time,flags;text" that may not be there. The core's
 * "netlink: ..." (a wrong length, bytes left over) may: it comes for every
 * family, and none can turn it off.
 */
static bool harmful(const char *line)
{
	static const char *const words[] = {
		"preswap", "WARNING", "BUG", "Oops", "Call Trace", "refcount",
		"UBSAN", "KASAN", "kmemleak", "RCU",
	};
	unsigned int i;

	if ((strtoul(line, NULL, 10) & 7) <= 3)
		return true;
	for (i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (strstr(line, words[i]))
			return true;
	return false;
}

static void kmsg_check(void)
{
	char line[8192];
	ssize_t n;

	while ((n = read(kmsg, line, sizeof(line) - 1)) > 0 ||
	       (n < 0 && errno == EPIPE)) {
		line[n < 0 ? 0 : n] = '\0';
		ktap_assert(n < 0 || !harmful(line), "the kernel says: %s",
			    line);
	}
}

/* ---- the test ---- */

static void print_message(const struct raw_msg *m)
{
	size_t i;

	printf("# message:");
	for (i = 0; i < m->len && i < 512; i++)
		printf(" %02x", m->buf[i]);
	printf("\n");
}

static void count_outcome(const struct raw_answer *answer)
{
	if (answer->acks)
		outcome.acked++;
	else if (answer->errors)
		outcome.refused++;
	else
		outcome.unanswered++;
}

/*
 * Without the flag a success is not acknowledged: does each message in the
 * buffer have it? join() makes two, of which the kernel takes one by one.
 */
static bool asks_for_acks(const struct raw_msg *m)
{
	size_t at, len;

	for (at = 0; at + NLMSG_HDRLEN <= m->len; at += NLMSG_ALIGN(len)) {
		struct nlmsghdr header;

		memcpy(&header, m->buf + at, sizeof(header));
		len = header.nlmsg_len;
		if (len < NLMSG_HDRLEN || at + len > m->len)
			break;
		if (!(header.nlmsg_flags & NLM_F_ACK))
			return false;
	}
	return true;
}

static struct raw_answer send_mutation(struct raw_msg *m)
{
	struct raw_answer answer;

	mutate(m);
	cover_begin();
	answer = raw_ask(&base.sock, m);
	if (cover_new())
		keep(m);
	count_outcome(&answer);
	return answer;
}

/* Returns the state after them: the one before, unless one was acknowledged. */
static struct state fuzz_some(struct raw_msg *m, struct state before)
{
	struct raw_answer answer;
	struct state after;
	unsigned int i;
	bool asked;

	for (i = 0; i < fuzz_every; i++)
		answer = send_mutation(m);
	asked = asks_for_acks(m) && fuzz_every == 1;
	after = state_lists();
	if (state_equal(&before, &after))
		return before;
	if (!answer.acks && asked)
		print_message(m);
	ktap_assert(answer.acks || !asked, "changed without a success: %d %s",
		    answer.error, answer.text);
	check_bounds();
	outcome.restored++;
	state_restore();
	valid_make();
	return state_lists();
}

static void test_valid(void)
{
	unsigned int i;

	kmsg_open();
	state_restore();
	valid_make();
	for (i = 0; i < valid_count; i++) {
		struct raw_answer answer = raw_ask(&base.sock, &valid[i]);

		ktap_assert(!answer.errors && (answer.acks || answer.parts),
			    "message %u: %d %s", i, answer.error, answer.text);
	}
}

static void test_mutations(void)
{
	static struct raw_msg m;
	uint64_t begin = now_ms();
	struct state state;
	unsigned int i;

	printf("# seed %llu, %u mutations\n", (unsigned long long)fuzz_seed,
	       fuzz_count);
	fflush(stdout);
	state_restore();
	valid_make();
	state = state_lists();
	cover_open();
	for (i = 0; i < fuzz_count; i += fuzz_every) {
		state = fuzz_some(&m, state);
		if (i / 500 != (i + fuzz_every) / 500)
			kmsg_check();
	}
	printf("# %u acknowledged, %u refused, %u unanswered; %u restored; %llu ms\n",
	       outcome.acked, outcome.refused, outcome.unanswered,
	       outcome.restored, (unsigned long long)(now_ms() - begin));
	if (cover.area)
		printf("# %u steps through the code, found by %u\n",
		       cover.steps, kept_count);
	ktap_assert(outcome.refused >= fuzz_count / 2, "only %u refused",
		    outcome.refused);
	ktap_assert(outcome.restored > 0, "no mutation was ever valid");
}

static void test_after(void)
{
	struct preswap_info info = { .size = sizeof(info) };
	struct state before;
	uint64_t ticks;

	state_restore();
	before = state_take();
	must(base.ctx, preswap_info_get(base.ctx, &info));
	ticks = info.ticks;
	sleep_ms(500);
	must(base.ctx, preswap_info_get(base.ctx, &info));
	ktap_assert(info.ticks > ticks, "the engine stands still");
	state_assert_same(&before, "half a second");
	state_test_works();
	kmsg_check();
}

int main(int argc, char **argv)
{
	fuzz_seed = argc > 1 ? strtoull(argv[1], NULL, 0) :
			       (uint64_t)time(NULL) ^ now_ms() << 20;
	if (argc > 2)
		fuzz_count = (unsigned int)strtoul(argv[2], NULL, 0);
	if (argc > 3)
		fuzz_every = (unsigned int)strtoul(argv[3], NULL, 0) ?: 1;
	fuzz_random = fuzz_seed ? fuzz_seed : 1;
	return ktap_run((struct ktap_case[]){
		{ "R-53 valid messages of all commands are taken",
		  test_valid },
		{ "R-53 random mutations change nothing unacknowledged",
		  test_mutations },
		{ "R-53 the module works as before, the kernel said nothing",
		  test_after },
		{}
	});
}
