// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * One horizon: what each expert is worth, and how its forecasts did.
 *
 * 1. Every expert e is a distribution F_e; they are mixed (mixture.c).
 * 2. Weights, for each probability p of its own, so that one expert may know
 *    the middle and another the tail. The mixture's own quantile q is the
 *    question that all experts are asked: how likely is a value up to q? With
 *    a = 1 when it came (1/2 when it was just q),
 *
 *	loss_e(p) = (a - F_e(q))^2 s / (2 mean),
 *	w_e = prior_e exp(-L_e(p) / (2 sqrt(h))) / sum
 *
 *    where s = dq/dp, from the quantiles on both sides, and "mean" is the
 *    mean pinball loss lately, s / 2 mean within 0.3..100; L is the sum of
 *    losses with a memory of 100 + 8 h steps, up to 200, 0.3 of those at p and
 *    0.7 of the mean over all p. For a quantile that is somewhat off,
 *    s (F(q) - p)^2 / 2 is what it costs in pinball loss: so this Brier score,
 *    so scaled, is the expert's pinball loss in units of the usual one. It
 *    needs no quantile of each expert, only a byte, is bounded and mixable
 *    (exponential weights with a constant rate have a regret of ln N / eta
 *    against the best expert, and no rate to choose or to decay). That is of
 *    outcomes that are independent: those of h steps ahead overlap, one shift
 *    is in h losses in a row, and the chance part of their sum is up to
 *    sqrt(h) times as large. Hence that divisor. prior_e: expert.c. Without the
 *    scale, experts that all are surely within too wide an interval would seem
 *    equally good. One that sleeps (no weight anywhere) has the mean loss of
 *    the others.
 * 3. The recurrence expert is mixed in with the weight that it earned
 *    (recur.c).
 * 4. The ends are calibrated (calibrate.c).
 *
 * Example of 2, s / 2 mean = 1, h = 1: expert A says F(q) = 0.5, B says 0.9, and
 * 20 of 20 values are up to q: losses 5 and 0.2, weights 0.08 and 0.92.
 *
 * A slot, one forecast that waits for its outcome, is floats last, rest[p],
 * final[p], then bytes F_e(q)[p][e] in units of 1/254, 255 for asleep.
 */
#include <math.h>
#include <string.h>

#include "predict/bell.h"
#include "predict/horizon.h"

#define LOSS_STEPS	100	/* memory of losses, and more a step ahead: */
#define LOSS_STEPS_MORE	8	/* forecasts that overlap repeat each other */
#define LOSS_STEPS_MAX	200
#define LOSS_ETA	0.5f	/* over the root of the steps ahead */
#define LOSS_SHARED	0.7f
#define SCALE_MIN	0.3f
#define SCALE_MAX	100.0f
#define NEGLIGIBLE	0.01f	/* weight, of the best one's */
#define REFRESH		4	/* steps */
#define SCORE_FORGET	0.002f	/* a step */
#define NAIVE_KEEP	0.98f

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

static void score_against_others(struct predict_horizon *h,
				 const struct predict_setup *setup,
				 const struct predict_pool *window,
				 double last, const float *final, float value)
{
	float q[PREDICT_PROBS_MAX], keep = fmaxf(1 - SCORE_FORGET *
						 (float)h->stride, 0.9f);
	unsigned int n = setup->nprobs;
	/* A float of the same value must count as inside, rounded as it is. */
	bool inside = final[0] <= value && value <= final[n - 1];

	/* Naive's errors are taken as Laplace distributed of their mean. */
	for (unsigned int k = 0; k < n; k++) {
		double p = setup->probs[k];
		double tail = h->naive_error * log(2 * fmin(p, 1 - p));

		q[k] = (float)fmin(fmax(last + (p < 0.5 ? tail : -tail),
					setup->lower), setup->upper);
	}
	h->naive = keep * h->naive +
		   (float)predict_pinball(q, setup->probs, n, value);
	h->own = keep * h->own +
		 (float)predict_pinball(final, setup->probs, n, value);
	h->inside = keep * h->inside + (inside ? 1 : 0);
	/* What is usual, as it was known when the forecast was made. */
	predict_pool_quantiles(window, h->steps - 1, setup->probs, n, q);
	h->usual = keep * h->usual +
		   (float)predict_pinball(q, setup->probs, n, value);
	h->width = keep * h->width + (final[n - 1] - final[0]);
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
		float d = came - said[e] * (1 / PREDICT_UNIT);

		loss[e] = scale * d * d;
	}
	for (int e = 0; e < PREDICT_EXPERTS; e++) {
		sum += said[e] == PREDICT_ASLEEP ? 0 : loss[e];
		awake += said[e] == PREDICT_ASLEEP ? 0 : 1;
	}
	for (int e = 0; e < PREDICT_EXPERTS && awake < PREDICT_EXPERTS; e++)
		if (said[e] == PREDICT_ASLEEP)
			loss[e] = awake > 0 ? sum / awake : 0;
}

float predict_horizon_scale(const struct predict_setup *setup, const float *q,
			    unsigned int k, float mean)
{
	const double *probs = setup->probs;
	unsigned int a = k ? k - 1 : 0, b = k + 1 < setup->nprobs ? k + 1 : k;
	float scale = 1;

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
			  predict_horizon_scale(setup, rest, k,
						h->own / h->weight),
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
			   const struct predict_setup *setup,
			   const struct predict_pool *window, uint64_t now,
			   double value, double *rest)
{
	unsigned int n = setup->nprobs;
	const float *slot = slot_at(h, now - h->steps, n), *mixed, *final;
	float v = (float)value;

	if (!slot)
		return false;
	mixed = slot + 1;
	final = mixed + n;
	score_against_others(h, setup, window, slot[0], final, v);
	score_experts(h, setup, mixed, (const unsigned char *)(final + n), v);
	predict_calibration_learn(&h->calibration, 0, v < final[0],
				  setup->probs[0], h->stride);
	predict_calibration_learn(&h->calibration, 1, v > final[n - 1],
				  1 - setup->probs[n - 1], h->stride);
	*rest = predict_pinball(mixed, setup->probs, n, v);
	return true;
}

/* ---- forecasting ---- */

/* Those of expert.c, one after the other. */
static float prior[PREDICT_EXPERTS];

PREDICT_AT_START
static void fill_prior(void)
{
	for (int e = 0; e < PREDICT_EXPERTS; e++)
		prior[e] = predict_experts[e].prior;
}

/* Weights of the experts at one probability; false: all are asleep. */
static bool weigh(const struct predict_horizon *h, const float *total,
		  int only, unsigned int k, float *w)
{
	const float *loss = h->loss + k * PREDICT_EXPERTS;
	float least = INFINITY, sum = 0;
	float eta = LOSS_ETA / sqrtf((float)h->steps);
	float more[PREDICT_EXPERTS];

	for (int e = 0; e < PREDICT_EXPERTS; e++)
		more[e] = total[e] > 0 ? loss[e] : INFINITY;
	for (int e = 0; e < PREDICT_EXPERTS; e++)
		least = more[e] < least ? more[e] : least;
	for (int e = 0; e < PREDICT_EXPERTS; e++) {
		float x = prior[e] * predict_decay(eta * (loss[e] - least));

		x = x < NEGLIGIBLE ? 0 : x;
		w[e] = total[e] > 0 ? x : 0;
	}
	for (int e = 0; e < PREDICT_EXPERTS && only >= 0 &&
			only < PREDICT_EXPERTS; e++)
		w[e] = e == only && total[e] > 0;
	for (int e = 0; e < PREDICT_EXPERTS; e++)
		sum += w[e];
	if (!(sum > 0))
		return false;
	for (int e = 0; e < PREDICT_EXPERTS; e++)
		w[e] /= sum;
	return true;
}

/*
 * Moves the end @q of the interval off its atom by a hair, when it is time to and
 * there are other values beyond.
 */
static float open_end(struct predict_horizon *h,
		      const struct predict_mixture *m,
		      const struct predict_step *step, unsigned int k,
		      float tail, float q)
{
	float outside, atom, next;

	next = predict_mixture_end(m, step, k, k > 0, q, &outside, &atom);
	if (!isfinite(next) ||
	    !predict_calibration_open(&h->calibration, k > 0, tail - outside,
				      atom))
		return q;
	return q + (next - q) * (1 / 1024.0f);
}

static double clamped(const struct predict_setup *setup, double v)
{
	return fmin(fmax(v, setup->lower), setup->upper);
}

static void final_quantiles(struct predict_horizon *h,
			    const struct predict_setup *setup,
			    const struct predict_step *step,
			    struct predict_mixture *m, double mean, bool open)
{
	const struct predict_calibration *c = &h->calibration;
	float raw[PREDICT_PROBS_MAX];
	unsigned int n = setup->nprobs;
	float low = (float)predict_calibration_level(c, setup->probs[0]);
	float high = (float)predict_calibration_level(c, setup->probs[n - 1]);
	float *q = h->out_q;

	for (unsigned int k = 0; k < n; k++) {
		double p = predict_calibration_level(c, setup->probs[k]);

		raw[k] = predict_mixture_find(m, step, k, (float)p);
		q[k] = k && raw[k] < q[k - 1] ? q[k - 1] : raw[k];
	}
	if (open && n > 2) {
		float a = open_end(h, m, step, 0, low, raw[0]);
		float b = open_end(h, m, step, n - 1, 1 - high, raw[n - 1]);

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

/* The mixture of all but recurrence; false: nothing is known yet. */
static bool blend(const struct predict_horizon *h,
		  const struct predict_setup *setup,
		  const struct predict_step *step, struct predict_mixture *m)
{
	if (step->history.n < 2)
		return false;
	predict_mixture_collect(m, step, h->steps);
	memset(m->w, 0, sizeof(m->w));
	for (unsigned int k = 0; k < setup->nprobs; k++)
		if (!weigh(h, m->total, setup->only, k, m->w[k]))
			return false;
	predict_mixture_share(m, step, setup->nprobs);
	return true;
}

/* The same of fixed weights, those awake taking over from those asleep. */
static bool blend_fixed(const struct predict_horizon *h,
			const struct predict_setup *setup,
			const struct predict_step *step,
			const float (*weight)[PREDICT_EXPERTS],
			struct predict_mixture *m)
{
	if (step->history.n < 2)
		return false;
	predict_mixture_collect(m, step, h->steps);
	memset(m->w, 0, sizeof(m->w));
	for (unsigned int k = 0; k < setup->nprobs; k++) {
		float sum = 0;

		for (int e = 0; e < PREDICT_EXPERTS; e++)
			if (m->total[e] > 0)
				sum += m->w[k][e] = weight[k][e];
		if (!(sum > 0))
			return false;
		for (int e = 0; e < PREDICT_EXPERTS; e++)
			m->w[k][e] /= sum;
	}
	predict_mixture_share(m, step, setup->nprobs);
	return true;
}

/* The mixture's quantiles, and what each expert says of them. */
static void ask(const struct predict_setup *setup,
		const struct predict_step *step, struct predict_mixture *m,
		float *q, unsigned char *said)
{
	memset(said, PREDICT_ASLEEP, setup->nprobs * PREDICT_EXPERTS);
	for (unsigned int k = 0; k < setup->nprobs; k++)
		q[k] = predict_mixture_find(m, step, k, (float)setup->probs[k]);
	predict_mixture_ask(m, step, q, setup->nprobs, said);
}

bool predict_horizon_mix(const struct predict_horizon *h,
			 const struct predict_setup *setup,
			 const struct predict_step *step,
			 const float (*weight)[PREDICT_EXPERTS],
			 struct predict_mix *out)
{
	struct predict_mixture m;

	if (!(weight ? blend_fixed(h, setup, step, weight, &m) :
		       blend(h, setup, step, &m)))
		return false;
	ask(setup, step, &m, out->q, &out->said[0][0]);
	memcpy(out->weight, m.w, sizeof(out->weight));
	return true;
}

static void keep(float *slot, const struct predict_setup *setup,
		 const struct predict_step *step, struct predict_mixture *m,
		 bool known)
{
	unsigned int n = setup->nprobs;
	unsigned char *said = (unsigned char *)(slot + 1 + 2 * n);
	float *q = slot + 1;

	slot[0] = step->history.state[step->history.n - 1];
	if (known) {
		ask(setup, step, m, q, said);
		return;
	}
	memset(said, PREDICT_ASLEEP, n * PREDICT_EXPERTS);
	for (unsigned int k = 0; k < n; k++)
		q[k] = slot[0];
}

void predict_horizon_forecast(struct predict_horizon *h,
			      const struct predict_setup *setup, uint64_t now,
			      const struct predict_step *step,
			      const struct predict_sample *recur,
			      unsigned int nrecur, double recurrence)
{
	const struct predict_history *past = &step->history;
	float *slot = slot_at(h, now, setup->nprobs);
	struct predict_mixture m;
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
		mean = predict_mixture_mean(&m, step, setup->nprobs / 2);
	if (known && nrecur) {
		predict_mixture_add(&m, step, setup->nprobs, recur, nrecur,
				    (float)recurrence);
		mean *= 1 - recurrence;
		for (unsigned int i = 0; i < nrecur; i++)
			mean += recurrence * recur[i].weight * recur[i].value;
	}
	if (known)
		final_quantiles(h, setup, step, &m, mean, slot != NULL);
	else
		hold(h, setup, past->value[past->n - 1]);
	if (slot)
		memcpy(slot + 1 + setup->nprobs, h->out_q,
		       setup->nprobs * sizeof(float));
}

void predict_horizon_repeat(struct predict_horizon *h,
			    const struct predict_setup *setup, uint64_t now,
			    float last)
{
	float *slot = slot_at(h, now, setup->nprobs);
	const float *before;

	if (!slot)
		return;
	before = slot_at(h, now - h->stride, setup->nprobs);
	if (slot != before)
		memcpy(slot, before, slot_bytes(setup->nprobs));
	slot[0] = last;
}
