// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * From experts to one distribution, for one horizon.
 *
 * 1. Every expert e is a distribution F_e of weighted values. They are mixed
 *    as probabilities, F(x) = sum w_e F_e(x): a value that is often taken, as
 *    0 or a whole number, stays a value of the mixture, where averaging
 *    quantiles would invent values between. The quantile at p is the least
 *    value with F(x) >= p.
 * 2. Weights, for each probability p of its own, so that one expert may know
 *    the middle and another the tail. The mixture's own quantile q is the
 *    question that all experts are asked: how likely is a value up to q? With
 *    a = 1 when it came (1/2 when it was just q),
 *
 *	loss_e(p) = (a - F_e(q))^2 s / (2 mean),  w_e = exp(-L_e(p) / 2) / sum
 *
 *    where s = dq/dp, from the quantiles on both sides, and "mean" is the
 *    mean pinball loss lately, s / 2 mean within 0.3..100; L is the sum of
 *    losses with a memory of 100 + 8 h steps, up to 200, 0.3 of those at p and 0.7 of the mean
 *    over all p. For a quantile that is somewhat off, s (F(q) - p)^2 / 2 is
 *    what it costs in pinball loss: so this Brier score, so scaled, is the
 *    expert's pinball loss in units of the usual one. It needs no quantile of
 *    each expert, only a byte, is bounded and mixable (exponential weights
 *    with a constant rate have a regret of ln N / eta against the best expert,
 *    and no rate to choose or to decay). Without the scale, experts that all
 *    are surely within too wide an interval would seem equally good. One that
 *    sleeps (no weight anywhere) has the mean loss of the others.
 * 3. The recurrence expert is mixed in with the weight that it earned
 *    (recur.c).
 * 4. The ends are calibrated (calibrate.c).
 *
 * Example of 2, s / 2 mean = 1: expert A says F(q) = 0.5, B says 0.9, and 20
 * of 20 values are up to q: losses 5 and 0.2, weights 0.08 and 0.92.
 *
 * A slot, one forecast that waits for its outcome, is floats last, rest[p],
 * final[p], then bytes F_e(q)[p][e] in units of 1/254, 255 for asleep.
 */
#include <math.h>
#include <string.h>

#include "predict/bell.h"
#include "predict/horizon.h"
#include "predict/recur.h"

#define LOSS_STEPS	100	/* memory of losses, and more a step ahead: */
#define LOSS_STEPS_MORE	8	/* forecasts that overlap repeat each other */
#define LOSS_STEPS_MAX	200
#define LOSS_ETA	0.5f
#define LOSS_SHARED	0.7f
#define SCALE_MIN	0.3f
#define SCALE_MAX	100.0f
#define REFRESH		4	/* steps */
#define SCORE_FORGET	0.002f	/* a step */
#define NAIVE_KEEP	0.98f
#define ASLEEP		255
#define UNIT		254.0f

#define FIRST_CHANGE	PREDICT_FIRST_CHANGE
#define FIRST_RECUR	PREDICT_FIRST_RECUR
/* So many probabilities share a pass over the experts' weights. */
#define GROUP		3
#define PROBS_ROOM	((PREDICT_PROBS_MAX + GROUP - 1) / GROUP * GROUP)

static size_t slot_bytes(unsigned int nprobs)
{
	size_t n = (1 + 2 * nprobs) * sizeof(float) + nprobs * PREDICT_EXPERTS;

	return (n + 3) / 4 * 4;
}

static unsigned int stride_of(unsigned int steps, unsigned int pending)
{
	return (steps + pending - 1) / pending;
}

static unsigned int slots_of(unsigned int steps, unsigned int stride)
{
	return (steps + stride - 1) / stride;
}

size_t predict_horizon_room(unsigned int steps, unsigned int pending,
			    unsigned int nprobs)
{
	unsigned int slots = slots_of(steps, stride_of(steps, pending));

	return slots * slot_bytes(nprobs) / sizeof(float) +
	       nprobs * PREDICT_EXPERTS;
}

void predict_horizon_init(struct predict_horizon *h, float *room,
			  unsigned int steps, unsigned int pending,
			  unsigned int nprobs)
{
	memset(h, 0, sizeof(*h));
	h->steps = steps;
	h->stride = stride_of(steps, pending);
	h->slots = slots_of(steps, h->stride);
	h->loss = room;
	h->slot = (unsigned char *)(room + nprobs * PREDICT_EXPERTS);
	predict_calibration_init(&h->calibration);
}

/* NULL: the forecast made at @when is not kept. */
static float *slot_at(const struct predict_horizon *h, uint64_t when,
		      unsigned int nprobs)
{
	if (when % h->stride)
		return NULL;
	return (float *)(h->slot + when / h->stride % h->slots *
			 slot_bytes(nprobs));
}

/* ---- scoring ---- */

static void score_against_naive(struct predict_horizon *h,
				const struct predict_setup *setup,
				double last, double loss, bool inside,
				double value)
{
	float q[PREDICT_PROBS_MAX], keep = fmaxf(1 - SCORE_FORGET *
						 (float)h->stride, 0.9f);

	/* Naive's errors are taken as Laplace distributed of their mean. */
	for (unsigned int k = 0; k < setup->nprobs; k++) {
		double p = setup->probs[k];
		double tail = h->naive_error * log(2 * fmin(p, 1 - p));

		q[k] = (float)fmin(fmax(last + (p < 0.5 ? tail : -tail),
					setup->lower), setup->upper);
	}
	h->naive = keep * h->naive +
		   (float)predict_pinball(q, setup->probs, setup->nprobs,
					  value);
	h->own = keep * h->own + (float)loss;
	h->inside = keep * h->inside + (inside ? 1 : 0);
	h->weight = keep * h->weight + 1;
	h->scored++;
	h->naive_error += fmaxf(1 - NAIVE_KEEP, 1.0f / (float)h->scored) *
			  (float)(fabs(value - last) - h->naive_error);
}

/* Step 2 for one probability: losses of this outcome, asleep ones included. */
static void score_one(const unsigned char *said, float came, float scale,
		      float *loss)
{
	float sum = 0, awake = 0;

	for (int e = 0; e < PREDICT_EXPERTS; e++) {
		float d = came - said[e] * (1 / UNIT);

		if (said[e] == ASLEEP)
			continue;
		loss[e] = scale * d * d;
		sum += loss[e];
		awake += 1;
	}
	for (int e = 0; e < PREDICT_EXPERTS; e++)
		if (said[e] == ASLEEP)
			loss[e] = awake > 0 ? sum / awake : 0;
}

/* s / 2 mean, from the neighbouring quantiles. */
static float loss_scale(const struct predict_horizon *h, const float *q,
			const double *probs, unsigned int n, unsigned int k)
{
	unsigned int a = k ? k - 1 : 0, b = k + 1 < n ? k + 1 : k;
	float mean = h->own / h->weight, scale = 1;

	if (b > a && mean > 0)
		scale = (q[b] - q[a]) / (float)(probs[b] - probs[a]) /
			(2 * mean);
	return fminf(fmaxf(scale, SCALE_MIN), SCALE_MAX);
}

static void score_experts(struct predict_horizon *h,
			  const struct predict_setup *setup, const float *rest,
			  const unsigned char *said, float value)
{
	unsigned int nprobs = setup->nprobs;
	float loss[PREDICT_PROBS_MAX][PREDICT_EXPERTS];
	float mean[PREDICT_EXPERTS] = { 0 };
	float stride = h->stride, keep;
	unsigned int memory = LOSS_STEPS + LOSS_STEPS_MORE * h->steps;

	memory = memory < LOSS_STEPS_MAX ? memory : LOSS_STEPS_MAX;
	keep = fmaxf(1 - stride / (float)memory, 0.5f);
	for (unsigned int k = 0; k < nprobs; k++) {
		score_one(said + k * PREDICT_EXPERTS,
			  value < rest[k] ? 1 : value == rest[k] ? 0.5f : 0,
			  loss_scale(h, rest, setup->probs, nprobs, k),
			  loss[k]);
		for (int e = 0; e < PREDICT_EXPERTS; e++)
			mean[e] += loss[k][e] / (float)nprobs;
	}
	for (unsigned int k = 0; k < nprobs; k++) {
		float *l = h->loss + k * PREDICT_EXPERTS;

		for (int e = 0; e < PREDICT_EXPERTS; e++)
			l[e] = keep * l[e] +
			       stride * ((1 - LOSS_SHARED) * loss[k][e] +
					 LOSS_SHARED * mean[e]);
	}
}

bool predict_horizon_score(struct predict_horizon *h,
			   const struct predict_setup *setup, uint64_t now,
			   double value, double *rest)
{
	unsigned int n = setup->nprobs;
	const float *slot = slot_at(h, now - h->steps, n), *mixed, *final;
	float v = (float)value;

	if (!slot)
		return false;
	mixed = slot + 1;
	final = mixed + n;
	/* A float of the same value must count as inside, rounded as it is. */
	score_against_naive(h, setup, slot[0],
			    predict_pinball(final, setup->probs, n, v),
			    final[0] <= v && v <= final[n - 1], v);
	score_experts(h, setup, mixed, (const unsigned char *)(final + n), v);
	predict_calibration_learn(&h->calibration, 0, v < final[0],
				  setup->probs[0], h->stride);
	predict_calibration_learn(&h->calibration, 1, v > final[n - 1],
				  1 - setup->probs[n - 1], h->stride);
	*rest = predict_pinball(mixed, setup->probs, n, v);
	return true;
}

/* ---- forecasting ---- */

/*
 * The mixture under way.
 *
 * @lead: steps from a moment to its outcome; @moments: with an outcome.
 * @all: all samples in order; a source is an index into @share. @a, @b: the
 *	lists that it is merged in.
 * @share: weight of each source per probability, of sum 1.
 * @total: sum of the experts' weights, 0 for one that sleeps.
 * @change: the change experts' lists.
 */
struct mixture {
	unsigned int lead, moments;
	const struct predict_sources *all;
	struct predict_sources a, b;
	float share[PROBS_ROOM][PREDICT_SOURCES];
	float w[PROBS_ROOM][PREDICT_EXPERTS];
	float total[PREDICT_EXPERTS];
	struct predict_changes change[PREDICT_CHANGE_EXPERTS];
};

static inline float sum4(v4 a)
{
	return (a[0] + a[1]) + (a[2] + a[3]);
}

/* Up to 16 more than @n are read, of which one is 0 in each pair. */
static float dot(const float *weight, const float *mask, unsigned int n)
{
	v4 a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };

	for (unsigned int i = 0; i < n; i += 16) {
		const v4 *w = (const v4 *)(weight + i);
		const v4 *m = (const v4 *)(mask + i);

		a += w[0] * m[0];
		b += w[1] * m[1];
		c += w[2] * m[2];
		d += w[3] * m[3];
	}
	return sum4((a + b) + (c + d));
}

/* Merges the @n sorted values into all samples there are. */
static void merge(struct mixture *m, const float *value, unsigned int n,
		  unsigned int source)
{
	const struct predict_sources *from = m->all;
	struct predict_sources *to = from == &m->a ? &m->b : &m->a;
	unsigned int rank[PREDICT_CHANGES], moved = 0;
	unsigned int blocks = (from->n + 15) / 16;
	unsigned char before[PREDICT_SOURCES + 1] = { 0 };
	float last[32];

	for (unsigned int i = 0; i < 32; i++)
		last[i] = i < blocks ? from->value[16 * i + 15] : INFINITY;
	/* The block first, then the place in it: nothing to guess. */
	for (unsigned int i = 0; i < n; i++) {
		unsigned int b = predict_count_up_to(last, 2, value[i]);

		rank[i] = 16 * b +
			  predict_count_up_to(from->value + 16 * b, 1,
					      value[i]);
		before[rank[i]]++;
	}
	for (unsigned int i = 0; i < from->n; i++) {
		moved += before[i];
		to->value[i + moved] = from->value[i];
		to->source[i + moved] = from->source[i];
	}
	for (unsigned int i = 0; i < n; i++) {
		to->value[rank[i] + i] = value[i];
		to->source[rank[i] + i] = (uint16_t)(source + i);
	}
	to->n = from->n + n;
	for (unsigned int i = to->n; i < to->n + 32; i++)
		to->value[i] = INFINITY;
	m->all = to;
}

void predict_step_fill(struct predict_step *step)
{
	const struct predict_history *h = &step->history;

	for (int e = 0; e < PREDICT_HISTORY_EXPERTS; e++)
		predict_analog_weigh(&predict_experts[e], h, step->weight[e]);
	predict_walk_learn(h, &step->walk_step, &step->walk_noise);
	step->window.n = h->n;
	for (unsigned int i = 0; i < h->n; i++) {
		step->window.value[i] = h->value[h->sorted[i]];
		step->window.source[i] = h->sorted[i];
	}
	for (unsigned int i = h->n; i < h->n + 32; i++)
		step->window.value[i] = INFINITY;
}

static void collect(struct mixture *m, const struct predict_step *step,
		    unsigned int steps)
{
	const struct predict_history *h = &step->history;

	/* The window is too short to see so far: what it can see has to do. */
	m->lead = steps < h->n / 2 ? steps : h->n / 2;
	m->moments = h->n - m->lead;
	m->all = &step->window;
	for (int c = 0; c < PREDICT_CHANGE_EXPERTS; c++) {
		const struct predict_expert *e =
			&predict_experts[PREDICT_HISTORY_EXPERTS + c];

		if (e->changes)
			predict_change_samples(e, h, m->lead, &m->change[c]);
		else
			predict_walk_samples(h->state[h->n - 1],
					     steps * step->walk_step +
					     step->walk_noise, &m->change[c]);
		merge(m, m->change[c].value, m->change[c].n,
		      FIRST_CHANGE + c * PREDICT_CHANGES);
	}
}

static unsigned char byte(float f)
{
	return (unsigned char)((f < 1 ? f : 1) * UNIT + 0.5f);
}

/* Weights of the experts at one probability; false: all are asleep. */
static bool weigh(const struct predict_horizon *h, const float *total,
		  int only, unsigned int k, float *w)
{
	const float *loss = h->loss + k * PREDICT_EXPERTS;
	float least = INFINITY, sum = 0;

	for (int e = 0; e < PREDICT_EXPERTS; e++)
		if (total[e] > 0 && loss[e] < least)
			least = loss[e];
	for (int e = 0; e < PREDICT_EXPERTS; e++) {
		w[e] = total[e] > 0 ?
		       predict_decay(LOSS_ETA * (loss[e] - least)) : 0;
		if (only >= 0 && only < PREDICT_EXPERTS)
			w[e] = e == only && total[e] > 0;
		sum += w[e];
	}
	for (int e = 0; e < PREDICT_EXPERTS && sum > 0; e++)
		w[e] /= sum;
	return sum > 0;
}

static void share_history(struct mixture *m, const struct predict_step *step,
			  unsigned int first)
{
	float c[PREDICT_HISTORY_EXPERTS][GROUP];
	const float *there = step->history.there;

	for (int e = 0; e < PREDICT_HISTORY_EXPERTS; e++)
		for (int k = 0; k < GROUP; k++)
			c[e][k] = m->total[e] > 0 ?
				  m->w[first + k][e] / m->total[e] : 0;
	for (int k = 0; k < GROUP; k++)
		memset(m->share[first + k], 0, m->lead * sizeof(float));
	for (unsigned int i = 0; i < m->moments; i += 4) {
		v4 sum[GROUP] = { 0 };

		for (int e = 0; e < PREDICT_HISTORY_EXPERTS; e++) {
			v4 weight = *(const v4 *)(step->weight[e] + i);

			for (int k = 0; k < GROUP; k++)
				sum[k] += c[e][k] * weight;
		}
		for (int k = 0; k < GROUP; k++)
			*(v4 *)(m->share[first + k] + m->lead + i) = sum[k];
	}
	for (unsigned int i = m->lead; i < step->history.n; i++)
		for (int k = 0; k < GROUP && !(there[i] > 0); k++)
			m->share[first + k][i] = 0;
	for (unsigned int i = step->history.n; i % 16; i++)
		for (int k = 0; k < GROUP; k++)
			m->share[first + k][i] = 0;
}

static void share_changes(struct mixture *m, unsigned int k)
{
	for (int c = 0; c < PREDICT_CHANGE_EXPERTS; c++) {
		float *share = m->share[k] + FIRST_CHANGE + c * PREDICT_CHANGES;
		float w = m->w[k][PREDICT_HISTORY_EXPERTS + c];

		for (unsigned int i = 0; i < m->change[c].n; i++)
			share[i] = w * m->change[c].weight[i];
	}
}

/* 1 for a value below @q, 1/2 for @q, 0 above; 0 up to a multiple of 16. */
static void fill_mask(const float *value, unsigned int n, float q, float *mask)
{
	for (unsigned int i = 0; i < n; i++)
		mask[i] = (value[i] < q ? 0.5f : 0) +
			  (value[i] <= q ? 0.5f : 0);
	for (unsigned int i = n; i % 16; i++)
		mask[i] = 0;
}

/* Step 2's F_e(q) of all experts, for each of @q. */
static void ask(const struct mixture *m, const struct predict_step *step,
		const float *q, unsigned int n, unsigned char *said)
{
	const float *there = step->history.there + m->lead;
	float mask[GROUP][PREDICT_HISTORY];

	for (unsigned int k = 0; k < n; k++) {
		fill_mask(step->history.value + m->lead, m->moments, q[k],
			  mask[k]);
		for (unsigned int i = 0; i < m->moments; i++)
			mask[k][i] *= there[i];
	}
	for (unsigned int k = n; k < GROUP; k++)
		memset(mask[k], 0, sizeof(mask[k]));
	for (int e = 0; e < PREDICT_HISTORY_EXPERTS; e++) {
		v4 a[GROUP] = { 0 }, b[GROUP] = { 0 };

		if (!(m->total[e] > 0))
			continue;
		for (unsigned int i = 0; i < m->moments; i += 8) {
			v4 w = *(const v4 *)(step->weight[e] + i);
			v4 x = *(const v4 *)(step->weight[e] + i + 4);

			for (int k = 0; k < GROUP; k++) {
				a[k] += w * *(const v4 *)(mask[k] + i);
				b[k] += x * *(const v4 *)(mask[k] + i + 4);
			}
		}
		for (unsigned int k = 0; k < n; k++)
			said[k * PREDICT_EXPERTS + e] =
				byte(sum4(a[k] + b[k]) / m->total[e]);
	}
	for (int c = 0; c < PREDICT_CHANGE_EXPERTS; c++) {
		const struct predict_changes *list = &m->change[c];

		for (unsigned int k = 0; k < n && list->n; k++) {
			float f = 0;

			fill_mask(list->value, list->n, q[k], mask[0]);
			for (unsigned int i = 0; i < list->n; i++)
				f += mask[0][i] * list->weight[i];
			said[k * PREDICT_EXPERTS + PREDICT_HISTORY_EXPERTS +
			     c] = byte(f);
		}
	}
}

/*
 * The first sample where the cumulated @share reaches @p. By blocks, as a sum
 * one by one has to wait for each addition.
 */
static unsigned int find(const struct mixture *m, const float *share, float p)
{
	float sum = 0, need = p * (1 - 1e-6f);
	unsigned int i = 0;

	for (; i + 8 < m->all->n; i += 8) {
		const uint16_t *s = m->all->source + i;
		float a = share[s[0]] + share[s[1]];
		float b = share[s[2]] + share[s[3]];
		float c = share[s[4]] + share[s[5]];
		float d = share[s[6]] + share[s[7]];

		a = (a + b) + (c + d);
		if (sum + a >= need)
			break;
		sum += a;
	}
	for (; i + 1 < m->all->n; i++) {
		sum += share[m->all->source[i]];
		if (sum >= need)
			break;
	}
	/* Rounding may miss the last bit: back to a sample with weight. */
	while (i && !(share[m->all->source[i]] > 0))
		i--;
	return i;
}

/*
 * Moves an end of the interval off its atom by a hair, when it is time to and
 * there are other values beyond.
 */
static float open_end(struct predict_horizon *h, const struct mixture *m,
		      const float *share, int end, float tail,
		      unsigned int at)
{
	float q = m->all->value[at], before = 0, atom = 0;
	int step = end ? -1 : 1, i = end ? (int)m->all->n - 1 : 0;

	for (; i >= 0 && i < (int)m->all->n; i += step) {
		if (m->all->value[i] == q)
			atom += share[m->all->source[i]];
		else if (end ? m->all->value[i] < q : m->all->value[i] > q)
			break;
		else
			before += share[m->all->source[i]];
	}
	if (i < 0 || i >= (int)m->all->n)
		return q;
	if (!predict_calibration_open(&h->calibration, end,
				      tail - before, atom))
		return q;
	return q + (m->all->value[i] - q) * (1 / 1024.0f);
}

static double clamped(const struct predict_setup *setup, double v)
{
	return fmin(fmax(v, setup->lower), setup->upper);
}

/* Recurrence's samples into each share, the others scaled to what is left. */
static void share_recur(struct mixture *m, unsigned int nprobs,
			const struct predict_sample *recur, unsigned int n,
			float w)
{
	float value[PREDICT_RECUR_SAMPLES];

	for (unsigned int i = 0; i < n; i++)
		value[i] = (float)recur[i].value;
	merge(m, value, n, FIRST_RECUR);
	for (unsigned int k = 0; k < nprobs; k++) {
		for (unsigned int i = 0; i < FIRST_RECUR; i++)
			m->share[k][i] *= 1 - w;
		for (unsigned int i = 0; i < n; i++)
			m->share[k][FIRST_RECUR + i] =
				w * (float)recur[i].weight;
	}
}

static double mean_of(const struct mixture *m, const struct predict_step *step,
		      const float *share)
{
	const float *value = step->history.value;
	double sum = 0;

	/* Not before the lead: there are no moments to weigh. */
	for (unsigned int i = m->lead & ~15u; i < step->history.n; i += 64) {
		unsigned int n = step->history.n - i;

		sum += dot(share + i, value + i, n < 64 ? n : 64);
	}
	for (int c = 0; c < PREDICT_CHANGE_EXPERTS; c++)
		for (unsigned int i = 0; i < m->change[c].n; i++)
			sum += share[FIRST_CHANGE + c * PREDICT_CHANGES + i] *
			       m->change[c].value[i];
	return sum;
}

static void final_quantiles(struct predict_horizon *h,
			    const struct predict_setup *setup,
			    const struct mixture *m, double mean, bool open)
{
	const struct predict_calibration *c = &h->calibration;
	unsigned int at[PREDICT_PROBS_MAX], n = setup->nprobs;
	float low = (float)predict_calibration_level(c, setup->probs[0]);
	float high = (float)predict_calibration_level(c, setup->probs[n - 1]);
	float *q = h->out_q;

	for (unsigned int k = 0; k < n; k++) {
		at[k] = find(m, m->share[k], (float)predict_calibration_level(
				     c, setup->probs[k]));
		q[k] = m->all->value[at[k]];
		if (k && q[k] < q[k - 1])
			q[k] = q[k - 1];
	}
	if (open && n > 2) {
		float a = open_end(h, m, m->share[0], 0, low, at[0]);
		float b = open_end(h, m, m->share[n - 1], 1, 1 - high,
				   at[n - 1]);

		/* Quantiles on the same atom move along. */
		for (unsigned int k = 0; k < n && a < b; k++)
			q[k] = fminf(fmaxf(q[k], a), b);
	}
	for (unsigned int k = 0; k < n; k++)
		q[k] = (float)clamped(setup, q[k]);
	h->out_mean = (float)clamped(setup, mean);
}

/* All that is known is one value, or that some are missing. */
static void hold(struct predict_horizon *h, const struct predict_setup *setup,
		 float value)
{
	h->out_mean = (float)clamped(setup, value);
	for (unsigned int k = 0; k < setup->nprobs; k++)
		h->out_q[k] = h->out_mean;
}

static void totals(struct mixture *m, const struct predict_step *step)
{
	const struct predict_history *h = &step->history;
	float there[PREDICT_HISTORY];

	memcpy(there, h->there + m->lead, m->moments * sizeof(*there));
	for (unsigned int i = m->moments; i % 16; i++)
		there[i] = 0;
	for (int e = 0; e < PREDICT_HISTORY_EXPERTS; e++)
		m->total[e] = dot(step->weight[e], there, m->moments);
	for (int c = 0; c < PREDICT_CHANGE_EXPERTS; c++)
		m->total[PREDICT_HISTORY_EXPERTS + c] = m->change[c].n > 0;
}

/* The mixture of all but recurrence; false: nothing is known yet. */
static bool blend(const struct predict_horizon *h,
		  const struct predict_setup *setup,
		  const struct predict_step *step, struct mixture *m)
{
	if (step->history.n < 2)
		return false;
	collect(m, step, h->steps);
	totals(m, step);
	memset(m->w, 0, sizeof(m->w));
	for (unsigned int k = 0; k < setup->nprobs; k++)
		if (!weigh(h, m->total, setup->only, k, m->w[k]))
			return false;
	for (unsigned int k = 0; k < setup->nprobs; k += GROUP)
		share_history(m, step, k);
	for (unsigned int k = 0; k < setup->nprobs; k++)
		share_changes(m, k);
	return true;
}

static void keep(float *slot, const struct predict_setup *setup,
		 const struct predict_step *step, const struct mixture *m,
		 bool known)
{
	unsigned int n = setup->nprobs;
	unsigned char *said = (unsigned char *)(slot + 1 + 2 * n);
	float *q = slot + 1;

	slot[0] = step->history.state[step->history.n - 1];
	memset(said, ASLEEP, n * PREDICT_EXPERTS);
	for (unsigned int k = 0; k < n; k++)
		q[k] = known ? m->all->value[find(m, m->share[k],
					     (float)setup->probs[k])] : slot[0];
	for (unsigned int k = 0; k < n && known; k += GROUP)
		ask(m, step, q + k, n - k < GROUP ? n - k : GROUP,
		    said + k * PREDICT_EXPERTS);
}

void predict_horizon_forecast(struct predict_horizon *h,
			      const struct predict_setup *setup, uint64_t now,
			      const struct predict_step *step,
			      const struct predict_sample *recur,
			      unsigned int nrecur, double recurrence)
{
	const struct predict_history *past = &step->history;
	float *slot = slot_at(h, now, setup->nprobs);
	struct mixture m;
	double mean = 0;
	bool known;

	/*
	 * A distribution far ahead is as good a few steps later, unless it
	 * knows when a burst comes.
	 */
	if (!slot && !nrecur && h->out_recurrence == 0 && h->stride > 2 &&
	    now % REFRESH && now > h->steps)
		return;
	known = blend(h, setup, step, &m);
	h->out_recurrence = (float)recurrence;
	if (slot)
		keep(slot, setup, step, &m, known);
	if (known)
		mean = mean_of(&m, step, m.share[setup->nprobs / 2]);
	if (known && nrecur) {
		share_recur(&m, setup->nprobs, recur, nrecur,
			    (float)recurrence);
		mean *= 1 - recurrence;
		for (unsigned int i = 0; i < nrecur; i++)
			mean += recurrence * recur[i].weight * recur[i].value;
	}
	if (known)
		final_quantiles(h, setup, &m, mean, slot != NULL);
	else
		hold(h, setup, past->value[past->n - 1]);
	if (slot)
		memcpy(slot + 1 + setup->nprobs, h->out_q,
		       setup->nprobs * sizeof(float));
}
