// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * The recurrence expert.
 *
 * For a period P, the forecast for time T is the distribution of
 *
 *	x(T - jP + d),	j = 1..6 periods back, d = -1, 0, 1
 *
 * with weights 0.75^j x (1/4, 1/2, 1/4). Assumption: a job that came every P
 * steps comes again at the same phase, a step early or late. Where the phase
 * has a burst, the distribution is high; on its edges it is wide; elsewhere it
 * is low and narrow, which no pool of residuals can be.
 *
 * Example, P = 30, bursts of 100 at phases 10 and 11, else 5: for phase 9 the
 * d = +1 samples see the burst: a quarter of the weight, q95 = 100, q50 = 5.
 * For phase 10 d = 0 and +1 do: three quarters, q50 = 100. For phase 20: 5.
 *
 * A period that period.c proposes is first watched: its forecasts are scored
 * beside those of the rest of the mixture, with a memory of one period but
 * N >= 40 steps (a wrong short period does well between two bursts),
 *
 *	L <- (1 - 1/N) L + loss,	weight = 1 / (1 + (L_own / 0.85 L_other)^12)
 *
 * capped at 0.9. The 0.85 is because the best of up to six periods is taken, by
 * a short memory: the luckiest of six that are worth nothing seems better than
 * it is. It starts in debt (ratio 1.5 over a quarter of N), so it must
 * foresee one recurrence before it counts. When the bursts stop, the first
 * false alarm puts L_own near L_other, as that has decayed to 1/e meanwhile,
 * and the second ends it.
 *
 * The forecast for T does not depend on when it is made, as long as that is
 * less than P before: one loss serves all horizons.
 *
 * Near horizons have an own weight, as the rest knows the current burst there. It
 * does not know where in the period it is, though: between bursts one may begin at
 * any time. Where recurrence says that T is calm, it has the weight of the horizon
 * that it is proven best at. Example: bursts in 2 of 24 steps are 8 % of what may
 * come next, so q95 of the rest is high all the time; with a weight of 0.2 one step
 * ahead, and 0.9 two steps ahead, it was high between bursts, now it is low.
 */
#include <math.h>
#include <string.h>

#include "predict/bell.h"
#include "predict/recur.h"

#define SCAN_STEPS	8
#define RECENCY		0.75
#define WEIGHT_MAX	0.9
#define WEIGHT_MIN	0.05
#define RATE_STEPS	100.0
#define MEMORY_MIN	40.0	/* steps */
#define MARGIN		0.85	/* better by so much to count half */
#define CALM		0.25	/* width of what is calm, of the standard deviation */
#define CALM_TAIL	0.05
#define RATIO_MAX	1e3
#define SAMPLES_ROOM	((PREDICT_RECUR_SAMPLES + 3) / 4 * 4)

void predict_recur_init(struct predict_recur *r, float *room,
			unsigned int period_max, unsigned int nhorizons)
{
	memset(r, 0, sizeof(*r));
	predict_period_init(&r->found, room, period_max);
	r->nhorizons = nhorizons;
	r->until_scan = SCAN_STEPS;
}

/* Of one forecast; there is room up to a whole number of vectors. */
struct samples {
	unsigned int n;
	float value[SAMPLES_ROOM];
	double weight[SAMPLES_ROOM];
	int before[SAMPLES_ROOM];
};

PREDICT_HOT
unsigned int predict_recur_samples(const struct predict_ring *past,
				   double period, unsigned int h,
				   struct predict_sample *out)
{
	static const double side[3] = { 0.25, 0.5, 0.25 };
	struct samples s;
	double weight = 1, sum = 0;
	int first = (int)ceil((h + 1) / period);

	s.n = 0;
	for (int j = first; j < first + PREDICT_RECUR_BACK; j++) {
		int ago = (int)lrint(j * period) - (int)h;

		if (ago + 1 >= (int)past->used)
			break;
		/* Rounding may put the newer neighbour into the future. */
		for (int d = -1; d <= 1; d++) {
			if (ago + d < 0)
				continue;
			s.value[s.n] = predict_ring_at(past, ago + d);
			s.weight[s.n] = weight * side[d + 1];
			sum += s.weight[s.n++];
		}
		weight *= RECENCY;
	}
	for (unsigned int i = 0; i < s.n; i++)
		s.weight[i] /= sum;
	predict_order(s.value, s.n, s.before);
	for (unsigned int i = 0; i < s.n; i++)
		out[s.before[i]] = (struct predict_sample){
			.value = s.value[i], .weight = s.weight[i],
		};
	return s.n;
}

static double slot_keep(const struct predict_recur_slot *slot)
{
	return 1 - 1 / fmax(slot->period, MEMORY_MIN);
}

void predict_recur_score(struct predict_recur *r,
			 const struct predict_ring *past, double sample,
			 const double *probs, unsigned int nprobs)
{
	struct predict_sample s[PREDICT_RECUR_SAMPLES];
	double q[PREDICT_PROBS_MAX];
	float f[PREDICT_PROBS_MAX];

	for (int i = 0; i < PREDICT_RECUR_SLOTS; i++) {
		struct predict_recur_slot *slot = &r->slot[i];
		unsigned int n;

		if (!(slot->period > 0))
			continue;
		slot->age += 1;
		n = predict_recur_samples(past, slot->period, 1, s);
		if (!n)
			continue;
		predict_samples_quantiles(s, n, probs, nprobs, q);
		for (unsigned int k = 0; k < nprobs; k++)
			f[k] = (float)q[k];
		slot->own = (float)(slot_keep(slot) * slot->own +
				    predict_pinball(f, probs, nprobs, sample));
	}
}

void predict_recur_other(struct predict_recur *r, unsigned int horizon,
			 unsigned int steps, double loss)
{
	float l = (float)loss;

	r->rate[horizon] += (l - r->rate[horizon]) *
			    (float)(steps / (RATE_STEPS + steps - 1));
	for (int i = 0; i < PREDICT_RECUR_SLOTS; i++) {
		struct predict_recur_slot *slot = &r->slot[i];
		float keep = (float)slot_keep(slot);

		for (unsigned int k = 0; k < steps && slot->period > 0; k++)
			slot->other[horizon] = keep * slot->other[horizon] + l;
	}
}

static double slot_ratio(const struct predict_recur_slot *slot,
			 unsigned int horizon)
{
	return predict_loss_ratio(slot->own, slot->other[horizon]);
}

/* Of the horizon where the others lose most. */
static double slot_best_ratio(const struct predict_recur *r, int i)
{
	float most = 0;

	for (unsigned int h = 0; h < r->nhorizons; h++) {
		float other = r->slot[i].other[h];

		most = other > most ? other : most;
	}
	return predict_loss_ratio(r->slot[i].own, most);
}

/*
 * Free, or the one that forecasts worst, and not well. Short, middle and long
 * periods have two slots each: a long one needs long to be judged, which must
 * not keep a short one out.
 */
static struct predict_recur_slot *slot_to_use(struct predict_recur *r,
					      double period)
{
	struct predict_recur_slot *worst = NULL;
	int first = period < 32 ? 0 : period < 128 ? 2 : 4;
	double most = 0.7;

	for (int i = first; i < first + 2; i++) {
		struct predict_recur_slot *slot = &r->slot[i];
		double ratio;

		if (!(slot->period > 0))
			return slot;
		if (slot->age < 1.2 * slot->period)
			continue;
		ratio = slot_best_ratio(r, i);
		if (ratio > most) {
			most = ratio;
			worst = slot;
		}
	}
	return worst;
}

static void slot_start(struct predict_recur *r, struct predict_recur_slot *slot,
		       double period)
{
	double steps = 0.25 * fmax(period, MEMORY_MIN);
	double rate = 0;

	memset(slot, 0, sizeof(*slot));
	slot->period = period;
	for (unsigned int h = 0; h < r->nhorizons; h++) {
		slot->other[h] = steps * r->rate[h];
		rate = r->rate[h] > rate ? r->rate[h] : rate;
	}
	slot->own = 1.5 * steps * rate;
}

static void propose(struct predict_recur *r, double period)
{
	struct predict_recur_slot *slot;

	for (int i = 0; i < PREDICT_RECUR_SLOTS; i++) {
		slot = &r->slot[i];
		if (slot->period > 0 && fabs(slot->period - period) <=
		    fmax(1.5, 0.02 * period)) {
			slot->period = period;
			return;
		}
	}
	slot = slot_to_use(r, period);
	if (slot)
		slot_start(r, slot, period);
}

void predict_recur_learn(struct predict_recur *r,
			 const struct predict_ring *past, double value)
{
	double period[PREDICT_PERIOD_TOP];
	unsigned int n;

	predict_period_update(&r->found, past, value);
	if (--r->until_scan)
		return;
	r->until_scan = SCAN_STEPS;
	n = predict_period_find(&r->found, period);
	for (unsigned int i = 0; i < n; i++)
		propose(r, period[i]);
}

static double weight_of(double ratio)
{
	double x = ratio / MARGIN, weight;

	x = x * x * x;
	x *= x;
	weight = 1 / (1 + x * x);
	return weight < WEIGHT_MIN ? 0 : fmin(weight, WEIGHT_MAX);
}

/* Of the slot that is best at @horizon; at any, where that is r->nhorizons. */
static double best_weight(const struct predict_recur *r, unsigned int horizon,
			  double *period)
{
	double best = RATIO_MAX;

	*period = 0;
	for (int i = 0; i < PREDICT_RECUR_SLOTS; i++) {
		double ratio;

		if (!(r->slot[i].period > 0))
			continue;
		ratio = horizon < r->nhorizons ?
			slot_ratio(&r->slot[i], horizon) : slot_best_ratio(r, i);
		if (ratio < best) {
			best = ratio;
			*period = r->slot[i].period;
		}
	}
	return *period > 0 ? weight_of(best) : 0;
}

double predict_recur_weight(const struct predict_recur *r,
			    unsigned int horizon, double *period)
{
	return best_weight(r, horizon, period);
}

double predict_recur_proven(const struct predict_recur *r, double *period)
{
	return best_weight(r, r->nhorizons, period);
}

bool predict_recur_is_calm(const struct predict_recur *r,
			   const struct predict_sample *s, unsigned int n)
{
	unsigned int low = 0, high = n - 1;
	double tail = s[low].weight, width;

	while (low < high && tail <= CALM_TAIL)
		tail += s[++low].weight;
	tail = s[high].weight;
	while (high > low && tail <= CALM_TAIL)
		tail += s[--high].weight;
	width = s[high].value - s[low].value;
	return width * width < CALM * CALM * r->found.var;
}
