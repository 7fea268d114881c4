// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One series: its history, its experts, its horizons.
 *
 * A step is: score what was forecast for now; let the experts learn; forecast
 * anew. Forecasts are made in the update, because they have to be kept for
 * their scoring anyway; asking for them only reads.
 */
#include <errno.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "predict/inside.h"
#include "predict/recur.h"

#define PERIOD_DEFAULT	600
#define PERIOD_LIMIT	1000
#define PENDING_DEFAULT	12
#define STILL_REFRESH	32	/* steps: what stands still is forecast anew */
#define CALM_REFRESH	4	/* the same of what hardly moves */

struct predict_series {
	struct predict_setup setup;
	unsigned int nhorizons;
	struct predict_ring past;
	struct predict_pool window;
	uint8_t *missing;	/* a bit per place of the window */
	struct predict_recur recur;
	double lower, upper;	/* as the caller gave them */
	double largest;		/* magnitude seen */
	float held;		/* the newest sample */
	uint64_t now;		/* steps; the first value makes it 1 */
	uint64_t seen;		/* of these not missing */
	uint64_t still;		/* the newest in a row that are all the same */
	double period;
	size_t bytes;
	/* the horizons, then their arrays and all others */
	struct predict_horizon horizon[];
};

static int opts_check(const struct predict_series_opts *o)
{
	if (o->size != sizeof(*o) || !o->horizons || !o->probs ||
	    !o->nhorizons || o->nhorizons > PREDICT_HORIZONS_MAX ||
	    !o->nprobs || o->nprobs > PREDICT_PROBS_MAX ||
	    !(o->lower <= o->upper) || o->period_max > PERIOD_LIMIT ||
	    (o->period_max && o->period_max < 2 * PREDICT_PERIOD_MIN) ||
	    o->window > PREDICT_POOL_MAX || o->window % 8 ||
	    o->pending > PREDICT_HORIZON_MAX)
		return -EINVAL;
	for (unsigned int i = 0; i < o->nhorizons; i++)
		if (!o->horizons[i] || o->horizons[i] > PREDICT_HORIZON_MAX ||
		    (i && o->horizons[i] <= o->horizons[i - 1]))
			return -EINVAL;
	for (unsigned int i = 0; i < o->nprobs; i++)
		if (!(o->probs[i] > 0 && o->probs[i] < 1) ||
		    (i && !(o->probs[i] > o->probs[i - 1])))
			return -EINVAL;
	return 0;
}

const char *predict_expert_name(unsigned int index)
{
	if (index < PREDICT_EXPERTS)
		return predict_experts[index].name;
	return index == PREDICT_ONLY_RECUR ? "recurrence" : NULL;
}

static int expert_find(const char *name, int *only)
{
	const char *other;

	*only = -1;
	if (!name)
		return 0;
	for (unsigned int i = 0; (other = predict_expert_name(i)); i++) {
		if (!strcmp(name, other)) {
			*only = (int)i;
			return 0;
		}
	}
	return -ENOENT;
}

static unsigned int window_size(const struct predict_series_opts *o)
{
	return o->window ? o->window : PREDICT_POOL_MAX;
}

/*
 * Two periods, the longest horizon, and the neighbours of the last phase; not
 * less than the window, whose states it holds.
 */
static unsigned int ring_size(const struct predict_series_opts *o,
			      unsigned int period_max)
{
	unsigned int longest = o->horizons[o->nhorizons - 1];
	unsigned int size = 2 * period_max + 8 +
			    (longest < period_max ? longest : period_max);

	return size > window_size(o) ? size : window_size(o);
}

static unsigned int pending(const struct predict_series_opts *o)
{
	return o->pending ? o->pending : PENDING_DEFAULT;
}

/* Floats, then the codes of the past, then a bit per value of the window. */
static size_t floats_needed(const struct predict_series_opts *o,
			    unsigned int period_max)
{
	size_t n = PREDICT_PERIOD_ROOM(period_max) +
		   PREDICT_POOL_ROOM(window_size(o));

	for (unsigned int i = 0; i < o->nhorizons; i++)
		n += predict_horizon_room(o->horizons[i], pending(o),
					  o->nprobs);
	return n;
}

static void series_init(struct predict_series *s,
			const struct predict_series_opts *o,
			unsigned int period_max)
{
	float *room = (float *)(s->horizon + o->nhorizons);

	s->nhorizons = o->nhorizons;
	s->setup.nprobs = o->nprobs;
	memcpy(s->setup.probs, o->probs, o->nprobs * sizeof(*o->probs));
	s->lower = o->lower;
	s->upper = o->upper;
	predict_recur_init(&s->recur, room, period_max, o->nhorizons);
	room += PREDICT_PERIOD_ROOM(period_max);
	predict_pool_init(&s->window, room, window_size(o));
	room += PREDICT_POOL_ROOM(window_size(o));
	for (unsigned int i = 0; i < o->nhorizons; i++) {
		predict_horizon_init(&s->horizon[i], room, o->horizons[i],
				     pending(o), o->nprobs);
		room += predict_horizon_room(o->horizons[i], pending(o),
					     o->nprobs);
	}
	predict_ring_init(&s->past, (int16_t *)room, ring_size(o, period_max));
	s->missing = (uint8_t *)(s->past.code + s->past.size);
}

int predict_series_new(const struct predict_series_opts *opts,
		       struct predict_series **out)
{
	struct predict_series *s;
	unsigned int period_max;
	size_t bytes;
	int err, only;

	if (!opts || !out)
		return -EINVAL;
	err = opts_check(opts);
	if (!err)
		err = expert_find(opts->expert, &only);
	if (err)
		return err;
	period_max = opts->period_max ? opts->period_max : PERIOD_DEFAULT;
	bytes = sizeof(*s) + opts->nhorizons * sizeof(*s->horizon) +
		floats_needed(opts, period_max) * sizeof(float) +
		ring_size(opts, period_max) * sizeof(int16_t) +
		window_size(opts) / 8;
	s = calloc(1, bytes);
	if (!s)
		return -ENOMEM;
	s->bytes = bytes;
	s->setup.only = only;
	series_init(s, opts, period_max);
	*out = s;
	return 0;
}

void predict_series_free(struct predict_series *s)
{
	free(s);
}

static double sane(const struct predict_series *s, double value)
{
	double most = PREDICT_VALUE_MAX;

	value = fmin(fmax(value, -most), most);
	/* Possible values are not below the bound, whatever was measured. */
	return fmax(value, s->lower);
}

/*
 * Forecasts stay within what the caller said is possible and within
 * PREDICT_RANGE times what was seen.
 */
static void bounds_update(struct predict_series *s)
{
	double most = PREDICT_RANGE * s->largest;

	s->setup.lower = fmax(s->lower, -most);
	s->setup.upper = fmin(s->upper, most);
	/* The bounds win when all that was seen lies outside of them. */
	if (s->setup.upper < s->lower)
		s->setup.upper = s->lower;
	if (s->setup.lower > s->setup.upper)
		s->setup.lower = s->setup.upper;
}

static void learn(struct predict_series *s, double value, double sample)
{
	s->seen++;
	s->largest = fmax(s->largest, fmax(fabs(value), fabs(sample)));
	bounds_update(s);
	if (s->seen > 1) {
		predict_recur_score(&s->recur, &s->past, sample,
				    s->setup.probs, s->setup.nprobs);
		for (unsigned int i = 0; i < s->nhorizons; i++) {
			struct predict_horizon *h = &s->horizon[i];
			double loss;

			/* Forecasts began with the first value. */
			if (s->now > h->steps &&
			    predict_horizon_score(h, &s->setup, &s->window,
						  s->now, sample, &loss))
				predict_recur_other(&s->recur, i, h->stride,
						    loss);
		}
	}
	predict_recur_learn(&s->recur, &s->past, value);
}

static void keep(struct predict_series *s, float value, float sample,
		 bool missing)
{
	unsigned int at = s->window.next;

	if (missing)
		s->missing[at / 8] |= (uint8_t)(1u << at % 8);
	else
		s->missing[at / 8] &= (uint8_t)~(1u << at % 8);
	predict_pool_add(&s->window, sample);
	predict_ring_push(&s->past, value);
}

void predict_series_step(const struct predict_series *s,
			 struct predict_step *step)
{
	predict_history_fill(&step->history, &s->window, &s->past, s->missing);
	predict_step_fill(step, &s->past,
			  s->horizon[s->nhorizons - 1].steps);
}

/*
 * All that is remembered is one value, and so is each forecast that waits for
 * its outcome: what would be made now is there already. Most series of a machine
 * are such: apps at rest, and those without I/O or network.
 */
static bool stands_still(const struct predict_series *s)
{
	uint64_t longest = s->horizon[s->nhorizons - 1].steps;

	return s->still > longest + (s->still == s->now ? longest :
							  s->past.size);
}

/*
 * All that is remembered is within @band: what was forecast some steps ago is off by
 * less. What is not as it was forecast is no calm, as another level within the band would
 * be missed by all of them. What costs nothing is looked at first.
 */
static bool is_calm(const struct predict_series *s, double band)
{
	const struct predict_pool *w = &s->window;
	const float *q = s->horizon[0].out_q;
	float value = predict_ring_at(&s->past, 0);

	return s->now > CALM_REFRESH && value >= q[0] &&
	       value <= q[s->setup.nprobs - 1] &&
	       (double)w->fifo[w->order[w->used - 1]] - w->fifo[w->order[0]] <=
	       band && predict_ring_range(&s->past) <= band;
}

static void repeat(struct predict_series *s)
{
	for (unsigned int i = 0; i < s->nhorizons; i++)
		predict_horizon_repeat(&s->horizon[i], &s->setup, s->now,
				       predict_ring_at(&s->past, 0));
}

/*
 * The samples of recurrence for horizon @index, their weight, and the period that
 * they are of. Return: how many.
 */
static unsigned int recur(const struct predict_series *s, unsigned int index,
			  double proven, double proven_period,
			  struct predict_sample *out, double *weight,
			  double *period)
{
	unsigned int steps = s->horizon[index].steps, n;

	*weight = predict_recur_weight(&s->recur, index, period);
	if (proven > *weight) {
		n = predict_recur_samples(&s->past, proven_period, steps, out);
		if (n && predict_recur_is_calm(&s->recur, out, n)) {
			*weight = proven;
			*period = proven_period;
			return n;
		}
	}
	return *weight > 0 ?
	       predict_recur_samples(&s->past, *period, steps, out) : 0;
}

static void forecast(struct predict_series *s, double band)
{
	bool recurs = s->setup.only < 0 || s->setup.only == PREDICT_ONLY_RECUR;
	double proven = 0, proven_period = 0;
	struct predict_step step;

	if (stands_still(s) && s->now % STILL_REFRESH)
		return;
	if (band > 0 && s->now % CALM_REFRESH && is_calm(s, band)) {
		repeat(s);
		return;
	}
	predict_series_step(s, &step);
	s->period = 0;
	if (recurs)
		proven = predict_recur_proven(&s->recur, &proven_period);
	for (unsigned int i = 0; i < s->nhorizons; i++) {
		struct predict_sample samples[PREDICT_RECUR_SAMPLES];
		struct predict_horizon *h = &s->horizon[i];
		double period = 0, weight = 0;
		unsigned int n = 0;

		if (recurs)
			n = recur(s, i, proven, proven_period, samples,
				  &weight, &period);
		if (n && weight >= 0.5 && !(s->period > 0))
			s->period = period;
		if (n && s->setup.only == PREDICT_ONLY_RECUR)
			weight = 1;
		predict_horizon_forecast(h, &s->setup, s->now, &step, samples,
					 n, n ? weight : 0);
	}
}

static void update(struct predict_series *s, double value, double sample,
		   double band)
{
	bool missing = isnan(value) || isnan(sample);

	if (!s->seen && missing)
		return;
	s->now++;
	if (!missing) {
		value = sane(s, value);
		sample = sane(s, sample);
		learn(s, value, sample);
		if (!((float)sample == s->held &&
		      (float)value == predict_ring_at(&s->past, 0)))
			s->still = 0;
		s->still++;
		s->held = (float)sample;
		keep(s, (float)value, (float)sample, false);
	} else {
		/* Held, so that the phases of the past stay where they were. */
		keep(s, predict_ring_at(&s->past, 0), s->held, true);
		s->still = 0;
	}
	forecast(s, band);
}

void predict_series_update_pair(struct predict_series *s, double value,
				double sample)
{
	update(s, value, sample, 0);
}

void predict_series_update(struct predict_series *s, double value)
{
	update(s, value, value, 0);
}

void predict_series_update_calm(struct predict_series *s, double value,
				double band)
{
	update(s, value, value, band);
}

static double within(const struct predict_series *s, double v)
{
	return fmin(fmax(v, s->setup.lower), s->setup.upper);
}

int predict_series_forecast(const struct predict_series *s, unsigned int index,
			    double *mean, double *q)
{
	const struct predict_horizon *h;

	if (index >= s->nhorizons)
		return -EINVAL;
	h = &s->horizon[index];
	/* Rounding to a float must not leave the bounds. */
	if (mean)
		*mean = within(s, h->out_mean);
	for (unsigned int k = 0; q && k < s->setup.nprobs; k++)
		q[k] = within(s, h->out_q[k]);
	return 0;
}

int predict_series_score(const struct predict_series *s, unsigned int index,
			 struct predict_score *out)
{
	const struct predict_horizon *h;

	if (index >= s->nhorizons)
		return -EINVAL;
	h = &s->horizon[index];
	out->scored = h->scored;
	out->coverage = h->weight > 0 ? h->inside / h->weight : NAN;
	out->width = h->weight > 0 ? h->width / h->weight : NAN;
	out->drift = predict_calibration_drift(&h->calibration);
	out->loss_ratio = predict_loss_ratio(h->own, h->naive);
	out->usual_ratio = predict_loss_ratio(h->own, h->usual);
	return 0;
}

double predict_series_recurrence(const struct predict_series *s,
				 unsigned int index)
{
	return index < s->nhorizons ? s->horizon[index].out_recurrence : 0;
}

double predict_series_period(const struct predict_series *s)
{
	return s->period;
}

const struct predict_setup *predict_series_setup(const struct predict_series *s)
{
	return &s->setup;
}

const struct predict_horizon *
predict_series_horizon(const struct predict_series *s, unsigned int index)
{
	return &s->horizon[index];
}

size_t predict_series_bytes(const struct predict_series *s)
{
	return s->bytes;
}

/* ---- state ---- */

/* All pointers in @to become those of @from, or NULL. */
static void set_pointers(struct predict_series *to,
			 const struct predict_series *from)
{
	to->past.code = from ? from->past.code : NULL;
	to->window.fifo = from ? from->window.fifo : NULL;
	to->window.order = from ? from->window.order : NULL;
	to->missing = from ? from->missing : NULL;
	to->recur.found.c = from ? from->recur.found.c : NULL;
	for (unsigned int i = 0; i < to->nhorizons; i++) {
		to->horizon[i].slot = from ? from->horizon[i].slot : NULL;
		to->horizon[i].loss = from ? from->horizon[i].loss : NULL;
	}
}

void predict_series_save(const struct predict_series *s, void *to)
{
	memcpy(to, s, s->bytes);
	set_pointers(to, NULL);
}

/* A ring is filled from its start, and then goes round. */
static bool ring_fits(unsigned int next, unsigned int used, unsigned int size)
{
	return used < size ? next == used : used == size && next < size;
}

/* Of the same options; and indices that lead nowhere else. */
static bool state_fits(const struct predict_series *s,
		       const struct predict_series *n)
{
	if (n->bytes != s->bytes || n->nhorizons != s->nhorizons ||
	    n->setup.nprobs != s->setup.nprobs ||
	    n->setup.only != s->setup.only ||
	    memcmp(n->setup.probs, s->setup.probs, sizeof(s->setup.probs)) ||
	    n->past.size != s->past.size ||
	    !ring_fits(n->past.next, n->past.used, n->past.size) ||
	    n->window.size != s->window.size ||
	    !ring_fits(n->window.next, n->window.used, n->window.size) ||
	    n->recur.found.max != s->recur.found.max ||
	    n->recur.nhorizons != s->recur.nhorizons ||
	    !n->recur.until_scan || n->seen > n->now ||
	    !(n->largest >= 0 && n->largest <= PREDICT_VALUE_MAX))
		return false;
	for (unsigned int i = 0; i < s->nhorizons; i++)
		if (n->horizon[i].steps != s->horizon[i].steps ||
		    n->horizon[i].stride != s->horizon[i].stride ||
		    n->horizon[i].slots != s->horizon[i].slots)
			return false;
	return true;
}

/* Each place of the window that is used is once in its order. */
static bool order_fits(const struct predict_pool *window, const uint8_t *order)
{
	bool seen[PREDICT_POOL_MAX] = {};

	for (unsigned int i = 0; i < window->used; i++) {
		if (order[i] >= window->size || seen[order[i]])
			return false;
		seen[order[i]] = true;
	}
	return true;
}

int predict_series_load(struct predict_series *s, const void *from,
			size_t size)
{
	size_t order = (size_t)((const char *)s->window.order -
				(const char *)s);
	double lower = s->lower, upper = s->upper;
	struct predict_series *n;

	if (size != s->bytes)
		return -EINVAL;
	n = malloc(size);
	if (!n)
		return -ENOMEM;
	memcpy(n, from, size);
	if (!state_fits(s, n) ||
	    !order_fits(&n->window, (const uint8_t *)n + order)) {
		free(n);
		return -EINVAL;
	}
	set_pointers(n, s);
	memcpy(s, n, size);
	free(n);
	s->lower = lower;
	s->upper = upper;
	bounds_update(s);
	return 0;
}
