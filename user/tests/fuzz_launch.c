// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * libFuzzer target: any bytes are starts, times and a state from a file, and no
 * launch forecast may break ("make -C user fuzz").
 *
 * The first byte chooses: a state as bytes, checked and used; times as any
 * doubles; or steps that look real. An event's effect is fed alongside.
 */
#include <math.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "predict/event.h"
#include "predict/launch.h"

#define STEPS_MAX	80	/* a gap of weeks takes 50 ms with sanitizers */

static void check(const struct launch *l)
{
	struct launch_forecast f;
	double before = 0;

	launch_forecast(l, &f);
	for (int h = 0; h < LAUNCH_HORIZONS; h++) {
		double p = f.at[h].probability;

		if (!(p > 0 && p < 1 && p >= before) ||
		    !isfinite(f.at[h].loss_ratio))
			__builtin_trap();
		before = p;
	}
}

static void check_event(struct event_effect *e, double now, double value)
{
	struct event_query q = {
		.resource = (long)value & 1, .age_now = value / 100 - 10,
		.age_then = value / 50, .launch = (long)value & 2,
		.declared = (long)value & 4 ? NAN : 5, .upper = 1e9,
		.level = value,
	};
	struct event_quantiles without = { true, 10, 5, 10, 20 }, out;

	event_note(e, &q, now, 10, &without, 10);
	event_settle(e, q.owner, q.resource, now, value);
	event_combine(e, &q, &without, &out);
	if (!(out.q05 >= 0 && out.q05 <= out.q50 && out.q50 <= out.q95 &&
	      out.q95 <= 1e9 && out.mean >= 0))
		__builtin_trap();
}

static double take(const uint8_t **data, size_t *size, double now, int real)
{
	double x;

	if (real) {
		x = now + (**data) * (**data) * 3.7 - 5;
		++*data;
		--*size;
		return x;
	}
	memcpy(&x, *data, sizeof(x));
	*data += sizeof(x);
	*size -= sizeof(x);
	return x;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct launch l;
	static struct event_effect e;
	struct profile_run run;
	double now = 1.7e9, value[PROFILE_RESOURCES] = {};
	int how;

	if (!size)
		return 0;
	how = *data++;
	size--;
	launch_init(&l, now, 3600);
	event_init(&e);
	profile_begin(&e.profile, &run, now, NULL);
	if (how % 3 == 0 && size >= sizeof(l)) {
		memcpy(&l, data, sizeof(l));
		data += sizeof(l);
		size -= sizeof(l);
		if (!launch_valid(&l))
			return 0;
		check(&l);
	}
	for (int step = 0; size > 8 && step < STEPS_MAX; step++) {
		now = take(&data, &size, now, how % 3 == 2);
		switch (*data % 8) {
		case 0:
			launch_blind(&l, now, 3600);
			break;
		case 1:
			launch_pass(&l, now, *data * 100000 - 9000000);
			break;
		default:
			launch_start(&l, now, 3600 * (*data & 1));
		}
		value[0] = *data * 1e3;
		value[1] = now;
		if (profile_sample(&e.profile, &run, now, value) ||
		    *data == 77)
			profile_begin(&e.profile, &run, now, value);
		check_event(&e, now, value[0]);
		if (step % 16 == 0)
			check(&l);
	}
	check(&l);
	if (!launch_valid(&l) || !event_valid(&e))
		__builtin_trap();
	return 0;
}
