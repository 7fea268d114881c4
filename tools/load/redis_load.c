// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Open-loop load on a Redis that follows a plan, step by step.
 *
 *	redis_load --socket PATH --plan FILE --out FILE [options]
 *
 * The plan, the arrivals and the output are openload.c's. Where BURST is 1,
 * LOAD * --burst-mib of new values are stored during the step, and deleted
 * after it. All else reads 16 small values of a fixed set, or overwrites one.
 *
 * A new value is a COPY of one of 64 templates, which Redis makes: it costs
 * Redis the memory and the time to fill it, as a SET does, but this program
 * nothing, which would otherwise take the CPU that it measures the lack of.
 */
#include "load.h"
#include "openload.h"

#define CONNS		4
#define RING		(1U << 16)	/* waiting requests of a connection */
#define POOL_BYTES	(4UL << 20)
#define GET_KEYS	16		/* keys in one MGET */
#define TEMPLATES	64
#define REQUEST_MAX	512		/* bytes, but for SET's value */
#define DEL_KEYS	8		/* keys in one DEL */
#define PURGE_BYTES	(16UL << 20)	/* freed between two MEMORY PURGE */

enum op {
	OP_GET,
	OP_SET,		/* overwrite a small value */
	OP_STORE,	/* a new large value */
	OPS
};

static const char *const op_names[] = { "get", "set", "store" };

static struct {
	const char *socket;
	uint64_t burst_mib, value_kib, base_keys, base_bytes;
} opt = {
	.burst_mib = 160,
	.value_kib = 64,
	.base_keys = 16384,
	.base_bytes = 256,
};

/* The large values that a step has stored, and that are not yet deleted. */
struct stored {
	uint32_t key_lo, key_hi;
	uint32_t waiting;	/* not answered */
};

static struct stored stored[LOADPLAN_STEPS_MAX];
/* The last connection is for upkeep, so that it holds up no request. */
static struct openload_conn conns[CONNS + 1];
static struct openload_conn *const upkeep = &conns[CONNS];
static char *pool;
static uint32_t next_key;

static char *put_word(char *p, const char *word)
{
	return p + sprintf(p, "$%zu\r\n%s\r\n", strlen(word), word);
}

static char *put_key(char *p, char kind, uint32_t key)
{
	return p + sprintf(p, "$10\r\n%c:%08x\r\n", kind, key);
}

/* A small value (kind b) or a template (kind t), from the pool. */
static char *put_set(char *p, char kind, uint32_t key, uint32_t from,
		     size_t len)
{
	p = put_key(put_word(stpcpy(p, "*3\r\n"), "SET"), kind, key);
	p += sprintf(p, "$%zu\r\n", len);
	p = mempcpy(p, pool + from, len);
	return stpcpy(p, "\r\n");
}

static char *put_request(char *p, const struct openload_request *r)
{
	uint32_t i;

	switch (r->op) {
	case OP_GET:
		p += sprintf(p, "*%d\r\n", GET_KEYS + 1);
		p = put_word(p, "MGET");
		/* Any odd stride will do, as long as the keys are spread. */
		for (i = 0; i < GET_KEYS; i++)
			p = put_key(p, 'b',
				    (r->key + i * 977) % opt.base_keys);
		return p;
	case OP_SET:
		return put_set(p, 'b', r->key, r->from, opt.base_bytes);
	default:
		p = put_word(stpcpy(p, "*3\r\n"), "COPY");
		return put_key(put_key(p, 't', r->from), 'v', r->key);
	}
}

/* A simple answer, or the head of one; c->left are items still to come. */
static void answer_line(struct openload_conn *c, uint64_t now)
{
	long len = strtol(c->line + 1, NULL, 10);

	if (c->line[0] == '*' && len > 0) {
		c->left = len;
		return;
	}
	if (c->line[0] == '$' && len >= 0)
		c->skip = len + 2;
	if (c->left && --c->left)
		return;
	/* The value's last bytes may be in the next read: the same moment. */
	openload_answered(c, c->line[0] == '-', now);
}

static enum op pick_op(const struct loadplan_step *s)
{
	double stores = s->load * (double)(opt.burst_mib << 10) /
			(double)opt.value_kib;
	double u = rng_double(&openload.arrivals_seed);

	if (s->burst && u <= stores / openload_mean_requests(s))
		return OP_STORE;
	return rng_double(&openload.arrivals_seed) <= 0.1 ? OP_SET : OP_GET;
}

static struct openload_conn *arrive(unsigned int step,
				    struct openload_request *r)
{
	static unsigned int turn;

	r->op = pick_op(&loadplan.steps[step]);
	if (r->op == OP_STORE) {
		struct stored *s = &stored[step];

		r->key = next_key++;
		r->from = r->key % TEMPLATES;
		if (!s->key_hi)
			s->key_lo = r->key;
		s->key_hi = next_key;
		s->waiting++;
		loadplan.steps[step].bytes += opt.value_kib << 10;
	} else {
		r->key = rng_next(&openload.keys_seed) % opt.base_keys;
		r->from = rng_next(&openload.keys_seed) %
			  (POOL_BYTES - opt.base_bytes);
	}
	return &conns[turn++ % CONNS];
}

static void answered(const struct openload_request *r)
{
	if (r->op == OP_STORE)
		stored[r->step].waiting--;
}

/*
 * Delete what a burst stored, a few keys at a time. The memory goes back to
 * the kernel by MEMORY PURGE in pieces: one purge of a whole burst would
 * itself be a stall. Returns false when there is nothing left to do.
 */
static bool clean_up(void)
{
	static unsigned int clean;
	static size_t freed;
	char buf[REQUEST_MAX], *p = buf;
	struct stored *s = stored;
	uint32_t n, i;

	for (; clean < loadplan.nr_steps && loadplan.steps[clean].over; clean++) {
		s = &stored[clean];
		if (s->waiting || s->key_lo != s->key_hi || freed)
			break;
	}
	if (clean == loadplan.nr_steps || !loadplan.steps[clean].over ||
	    s->waiting)
		return false;
	if (openload_upkeep_busy(upkeep))
		return true;
	if (freed >= PURGE_BYTES || (freed && s->key_lo == s->key_hi)) {
		freed = 0;
		p = put_word(put_word(stpcpy(p, "*2\r\n"), "MEMORY"), "PURGE");
		openload_upkeep_send(upkeep, buf, p - buf);
		return true;
	}
	n = s->key_hi - s->key_lo < DEL_KEYS ? s->key_hi - s->key_lo : DEL_KEYS;
	p = put_word(p + sprintf(p, "*%u\r\n", n + 1), "DEL");
	for (i = 0; i < n; i++)
		p = put_key(p, 'v', s->key_lo++);
	freed += n * (opt.value_kib << 10);
	openload_upkeep_send(upkeep, buf, p - buf);
	return true;
}

static void fill(char kind, uint32_t keys, size_t len)
{
	char *buf = malloc(len + REQUEST_MAX), *end;
	uint32_t k;

	if (!buf)
		die("out of memory");
	for (k = 0; k < keys; k++) {
		end = put_set(buf, kind, k,
			      rng_next(&openload.keys_seed) %
				      (POOL_BYTES - len),
			      len);
		openload_upkeep_send(upkeep, buf, end - buf);
		openload_upkeep_wait(upkeep, 63);
	}
	openload_upkeep_wait(upkeep, 0);
	free(buf);
}

static const struct openload_number numbers[] = {
	{ "burst-mib", &opt.burst_mib, 0, 1 << 20 },
	{ "value-kib", &opt.value_kib, 1, 1024 },
	{ "base-keys", &opt.base_keys, 1, 1 << 24 },
	{ "base-bytes", &opt.base_bytes, 1, 65536 },
	{}
};

static const struct openload_text texts[] = {
	{ "socket", &opt.socket },
	{}
};

static const struct openload_program program = {
	.wants = "--socket PATH, --plan FILE and --out FILE",
	.numbers = numbers,
	.texts = texts,
	.ops = op_names,
	.nr_ops = OPS,
	.arrive = arrive,
	.answered = answered,
	.upkeep = clean_up,
};

int main(int argc, char **argv)
{
	struct openload_protocol redis = {
		.server = "Redis",
		.put = put_request,
		.line = answer_line,
	};
	unsigned int i;
	uint64_t seed;

	openload_init(&program, argc, argv);
	redis.request_max = REQUEST_MAX + opt.base_bytes;
	seed = openload.seed;
	pool = malloc(POOL_BYTES);
	if (!pool)
		die("out of memory");
	fill_compressible(pool, POOL_BYTES, &seed);
	for (i = 0; i <= CONNS; i++)
		openload_connect(&conns[i], &redis, opt.socket, RING);
	openload_become_realtime();
	fill('t', TEMPLATES, opt.value_kib << 10);
	fill('b', opt.base_keys, opt.base_bytes);
	openload_run();
	return 0;
}
