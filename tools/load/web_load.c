// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Open-loop load on a web site, nginx and memcached, that follows a plan.
 *
 *	web_load --nginx PATH --memcached PATH --plan FILE --out FILE [options]
 *
 * The plan, the arrivals and the output are openload.c's. Of all requests,
 * --page-pct are HTTP/1.1 GETs of one of --pages known pages, all else goes to
 * memcached: gets of 8 small values of a fixed set at a time, a tenth of them
 * overwrites one. Where BURST is 1, --new-pct of both ask for what nobody asked
 * for before: the next page of the archive, or a new session of --value-kib,
 * which stays. Pages are PATH/page/NNNN and PATH/archive/NN/NNNN below the
 * server's root, counted from 0; a visitor's answer is there when its last
 * byte is.
 */
#include "load.h"
#include "openload.h"

#define WEB_CONNS	16
#define CACHE_CONNS	4
#define RING		(1U << 13)	/* waiting requests of a connection */
#define POOL_BYTES	(4UL << 20)
#define GET_KEYS	8		/* keys in one get */
#define REQUEST_MAX	512		/* bytes, but for a value */

enum op {
	OP_PAGE,
	OP_ARCHIVE,	/* a page that nobody asked for before */
	OP_GET,
	OP_SET,		/* overwrite a small value */
	OP_STORE,	/* a new large value */
	OPS
};

static const char *const op_names[] = { "page", "archive", "get", "set",
					"store" };

static struct {
	const char *nginx, *memcached;
	uint64_t page_pct, new_pct, pages, archive, value_kib;
	uint64_t base_keys, base_bytes;
} opt = {
	.page_pct = 40,
	.new_pct = 50,
	.pages = 100,
	.archive = 1000,
	.value_kib = 64,
	.base_keys = 4096,
	.base_bytes = 512,
};

static struct openload_conn web[WEB_CONNS];
/* The last one fills, before the load begins. */
static struct openload_conn cache[CACHE_CONNS + 1];
static struct openload_conn *const filler = &cache[CACHE_CONNS];
static char *pool;

static char *put_page(char *p, const struct openload_request *r)
{
	p = stpcpy(p, "GET /");
	if (r->op == OP_ARCHIVE)
		p += sprintf(p, "archive/%02u/%04u", r->key / 100, r->key);
	else
		p += sprintf(p, "page/%04u", r->key);
	return stpcpy(p, " HTTP/1.1\r\nHost: www\r\n\r\n");
}

/* c->left is the body's length, once a header has said it. */
static void page_line(struct openload_conn *c, uint64_t now)
{
	static const char length[] = "Content-Length:";
	const struct openload_request *r = &c->ring[c->tail % c->ring_size];

	if (!strncmp(c->line, "HTTP/1.1 ", 9)) {
		c->error = strncmp(c->line + 9, "200 ", 4) != 0;
		c->left = 0;
	} else if (!strncasecmp(c->line, length, sizeof(length) - 1)) {
		c->left = strtoul(c->line + sizeof(length) - 1, NULL, 10);
	} else if (c->line[0] == '\r') {
		c->skip = c->left;
		c->ends_skipped = c->skip;
		if (r->op == OP_ARCHIVE)
			loadplan.steps[r->step].bytes += c->left;
		if (!c->skip)
			openload_answered(c, c->error, now);
	}
}

static char *put_set(char *p, char kind, uint32_t key, uint32_t from,
		     size_t len)
{
	p += sprintf(p, "set %c:%08x 0 0 %zu\r\n", kind, key, len);
	p = mempcpy(p, pool + from, len);
	return stpcpy(p, "\r\n");
}

static char *put_cached(char *p, const struct openload_request *r)
{
	uint32_t i;

	switch (r->op) {
	case OP_GET:
		p = stpcpy(p, "get");
		/* Any odd stride will do, as long as the keys are spread. */
		for (i = 0; i < GET_KEYS; i++)
			p += sprintf(p, " b:%08x",
				     (uint32_t)((r->key + i * 977) %
						opt.base_keys));
		return stpcpy(p, "\r\n");
	case OP_SET:
		return put_set(p, 'b', r->key, r->from, opt.base_bytes);
	default:
		return put_set(p, 'v', r->key, r->from, opt.value_kib << 10);
	}
}

/* c->left counts a get's values. */
static void cached_line(struct openload_conn *c, uint64_t now)
{
	unsigned long len;

	if (sscanf(c->line, "VALUE %*s %*s %lu", &len) == 1) {
		c->skip = len + 2;
		c->left++;
		return;
	}
	if (!strcmp(c->line, "END\r\n"))
		c->error = c->left != GET_KEYS;
	else
		c->error = strcmp(c->line, "STORED\r\n") != 0;
	c->left = 0;
	openload_answered(c, c->error, now);
}

static bool per_cent(uint64_t pct)
{
	return rng_double(&openload.arrivals_seed) * 100 <= (double)pct;
}

static enum op pick_op(const struct loadplan_step *s)
{
	bool page = per_cent(opt.page_pct);
	bool new = per_cent(s->burst ? opt.new_pct : 0);

	if (page)
		return new ? OP_ARCHIVE : OP_PAGE;
	if (new)
		return OP_STORE;
	return per_cent(10) ? OP_SET : OP_GET;
}

static struct openload_conn *arrive(unsigned int step,
				    struct openload_request *r)
{
	static unsigned int web_turn, cache_turn;
	static uint32_t next_page, next_session;
	uint32_t random = rng_next(&openload.keys_seed) >> 32;

	r->op = pick_op(&loadplan.steps[step]);
	switch (r->op) {
	case OP_PAGE:
		r->key = random % opt.pages;
		break;
	case OP_ARCHIVE:
		if (next_page == opt.archive)
			die("step %u: the archive has only %u pages", step,
			    next_page);
		r->key = next_page++;
		break;
	case OP_STORE:
		r->key = next_session++;
		r->from = random % (POOL_BYTES - (opt.value_kib << 10));
		loadplan.steps[step].bytes += opt.value_kib << 10;
		break;
	default:
		r->key = random % opt.base_keys;
		r->from = random % (POOL_BYTES - opt.base_bytes);
	}
	return r->op <= OP_ARCHIVE ? &web[web_turn++ % WEB_CONNS] :
				     &cache[cache_turn++ % CACHE_CONNS];
}

/* The small values; and each page once, as a site that runs has them cached. */
static void fill(void)
{
	struct openload_request r = { .op = OP_SET };
	char *buf = malloc(REQUEST_MAX + opt.base_bytes);

	if (!buf)
		die("out of memory");
	for (r.key = 0; r.key < opt.base_keys; r.key++) {
		r.from = r.key % (POOL_BYTES - opt.base_bytes);
		openload_upkeep_send(filler, buf, put_cached(buf, &r) - buf);
		openload_upkeep_wait(filler, 63);
	}
	openload_upkeep_wait(filler, 0);
	r.op = OP_PAGE;
	for (r.key = 0; r.key < opt.pages; r.key++) {
		struct openload_conn *c = &web[r.key % WEB_CONNS];

		openload_upkeep_send(c, buf, put_page(buf, &r) - buf);
		openload_upkeep_wait(c, 0);
		if (c->error)
			die("nginx has no page %u", r.key);
	}
	free(buf);
}

static const struct openload_number numbers[] = {
	{ "page-pct", &opt.page_pct, 0, 100 },
	{ "new-pct", &opt.new_pct, 0, 100 },
	{ "pages", &opt.pages, 1, 10000 },
	{ "archive", &opt.archive, 0, 10000 },
	{ "value-kib", &opt.value_kib, 1, 128 },
	{ "base-keys", &opt.base_keys, 1, 1 << 24 },
	{ "base-bytes", &opt.base_bytes, 1, 65536 },
	{}
};

static const struct openload_text texts[] = {
	{ "nginx", &opt.nginx },
	{ "memcached", &opt.memcached },
	{}
};

static const struct openload_program program = {
	.wants = "--nginx PATH, --memcached PATH, --plan FILE and --out FILE",
	.numbers = numbers,
	.texts = texts,
	.ops = op_names,
	.nr_ops = OPS,
	.arrive = arrive,
};

int main(int argc, char **argv)
{
	static const struct openload_protocol nginx = {
		.server = "nginx",
		.request_max = REQUEST_MAX,
		.put = put_page,
		.line = page_line,
	};
	struct openload_protocol memcached = {
		.server = "memcached",
		.put = put_cached,
		.line = cached_line,
	};
	size_t value_max;
	unsigned int i;
	uint64_t seed;

	openload_init(&program, argc, argv);
	value_max = opt.value_kib << 10;
	if (value_max < opt.base_bytes)
		value_max = opt.base_bytes;
	memcached.request_max = REQUEST_MAX + value_max;
	seed = openload.seed;
	pool = malloc(POOL_BYTES);
	if (!pool)
		die("out of memory");
	fill_compressible(pool, POOL_BYTES, &seed);
	for (i = 0; i < WEB_CONNS; i++)
		openload_connect(&web[i], &nginx, opt.nginx, RING);
	for (i = 0; i <= CACHE_CONNS; i++)
		openload_connect(&cache[i], &memcached, opt.memcached, RING);
	openload_become_realtime();
	fill();
	openload_run();
	return 0;
}
