// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * R-10 R-53: what forecast-set refuses, and that it takes a batch whole.
 *
 * A spoilt forecast always stands between two good ones, for other apps: when
 * it is refused, theirs is not changed either.
 */
#include "guest.h"
#include "netlink_state.h"
#include "rawnl.h"

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
	REFUSE_WITH(&before, resource = PRESWAP_RESOURCE_MAX + 1);
	REFUSE_WITH(&before, resource = 255);
	REFUSE_WITH(&before, valid_ms = 0);
	REFUSE_WITH(&before, valid_ms = 3600001);
	REFUSE_WITH(&before, horizon[0] = 0);
	REFUSE_WITH(&before, horizon[2] = 86400001);
	REFUSE_WITH(&before, mean = (1ULL << 44) + 1);
	REFUSE_WITH(&before, q95 = (1ULL << 44) + 1);
	TAKE_WITH(resource = PRESWAP_RESOURCE_CPU);
	TAKE_WITH(resource = PRESWAP_RESOURCE_NET);
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

struct pick {
	uint64_t app;
	uint8_t resource;
	unsigned int count;
	struct preswap_forecast found;
};

static int pick(void *data, const struct preswap_forecast *forecast)
{
	struct pick *p = data;

	if (forecast->app_id == p->app && forecast->resource == p->resource) {
		p->found = *forecast;
		p->count++;
	}
	return 0;
}

/* @set must be the one forecast of its app and resource. */
static void reads_back(const struct preswap_forecast *set)
{
	struct pick p = { .app = set->app_id, .resource = set->resource };
	uint32_t i;

	must(base.ctx, preswap_forecasts(base.ctx, pick, &p));
	ktap_assert(p.count == 1, "%u forecasts", p.count);
	ktap_assert(p.found.valid_ms == set->valid_ms &&
		    p.found.points_count == set->points_count,
		    "valid %u ms, %u points", p.found.valid_ms,
		    p.found.points_count);
	for (i = 0; i < set->points_count; i++)
		ktap_assert(!memcmp(&p.found.points[i], &set->points[i],
				    sizeof(set->points[i])), "point %u", i);
}

/* No two values are the same, the last ones are the greatest there may be. */
static struct preswap_forecast forecast_full(uint32_t points, uint64_t most)
{
	struct preswap_forecast f = {
		.size = sizeof(f),
		.app_id = base.c,
		.resource = most == PRESWAP_BYTES_MAX ?
			PRESWAP_RESOURCE_MEMORY : PRESWAP_RESOURCE_CPU,
		.valid_ms = STATE_VALID_MS,
		.points_count = points,
	};
	uint32_t i;

	for (i = 0; i < points; i++) {
		uint64_t value = most - 1000 * (points - 1 - i);

		f.points[i] = (struct preswap_point){
			PRESWAP_HORIZON_MAX_MS - (points - 1 - i),
			value - 3, value - 2, value - 1, value,
		};
	}
	return f;
}

static void test_forecast_reads_back(void)
{
	struct preswap_forecast both[2];
	uint32_t points;

	state_restore();
	for (points = 1; points <= PRESWAP_POINTS_MAX; points++) {
		both[0] = forecast_full(points, PRESWAP_BYTES_MAX);
		both[1] = forecast_full(PRESWAP_POINTS_MAX + 1 - points,
					1ULL << 32);
		must(base.ctx, preswap_forecasts_set(base.ctx, both, 2, NULL));
		reads_back(&both[0]);
		reads_back(&both[1]);
	}
	both[0] = forecast_full(3, PRESWAP_BYTES_MAX);
	both[1] = forecast_full(5, PRESWAP_BYTES_MAX);
	must(base.ctx, preswap_forecasts_set(base.ctx, both, 2, NULL));
	reads_back(&both[1]);
}

/* It is not read any more once its time is over, and another may come. */
static void test_forecast_expires(void)
{
	struct preswap_forecast f = forecast_full(2, PRESWAP_BYTES_MAX);
	struct pick p = { .app = f.app_id, .resource = f.resource };
	int i;

	state_restore();
	for (i = 0; i < 2; i++) {
		f.valid_ms = STATE_VALID_MS;
		must(base.ctx, preswap_forecasts_set(base.ctx, &f, 1, NULL));
		reads_back(&f);
		f.valid_ms = 1;
		must(base.ctx, preswap_forecasts_set(base.ctx, &f, 1, NULL));
		/* the next tick forgets it */
		sleep_ms(300);
		p.count = 0;
		must(base.ctx, preswap_forecasts(base.ctx, pick, &p));
		ktap_assert(!p.count, "%u forecasts", p.count);
	}
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
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
		{ "R-10 a forecast is read as it was set",
		  test_forecast_reads_back },
		{ "R-10 a forecast is forgotten, and comes again",
		  test_forecast_expires },
		{ "R-53 the module works as before", state_test_works },
		{}
	});
}
