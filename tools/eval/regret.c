// SPDX-License-Identifier: GPL-2.0-or-later
/*
 * Regret: how much less the loss would have been with weights chosen when all
 * was known.
 *
 * A player mixes the same experts as the forecaster, as probabilities
 * (mixture.c), with weights w(p, e): the forecaster itself ("own"), each
 * expert alone, or a fixed mix. An expert that sleeps has no weight then, the
 * others have it in proportion; where F is needed, it says what the mix says.
 * When all sleep that a player has, it forecasts what the forecaster does.
 *
 * Brier: the forecaster asks all experts about its own quantile q (horizon.c).
 * Its loss, that of an expert alone and of any fixed mix, are
 *
 *	sum over t, p of s (a - w(p) . F(q))^2
 *
 * with F from the same bytes, the same q and the same s for all. That is a
 * quadratic form of w(p) for each p, so the best fixed mix is found exactly
 * (simplex.c).
 *
 * Pinball: of each player's own quantiles. These are not linear in w, and the
 * loss is not convex. But at the player's own q its gradient is that of the
 * Brier loss, as F(q) = p: d pinball = (p - a) s dF, s = dq/dp. So each round
 * walks the series with a fixed mix, asks at its own q, and takes the minimum
 * of that form as the next mix, or goes half-way back when it was worse than
 * the best so far. What it finds is the best or worse: the regret is that or
 * more. The best expert at each p is where it begins, with the best mix by
 * Brier loss as the first try.
 *
 * Example: losses 1.10 of the mixture, 1.00 of the best expert: regret 0.10,
 * 10 %. Regret may be negative: weights that are fixed do not follow a change.
 */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "predict/inside.h"
#include "regret.h"
#include "simplex.h"

#define HORIZONS	PROTOCOL_HORIZONS
#define PROBS		PROTOCOL_PROBS
#define EXPERTS		PREDICT_EXPERTS
#define ROUNDS		8
#define PENDING		(PROTOCOL_HORIZON_LAST + 1)

_Static_assert(EXPERTS <= SIMPLEX_MAX, "a weight for each expert");

typedef float weights[PREDICT_PROBS_MAX][EXPERTS];

/*
 * @own: the forecaster's weights of the moment, not @weight.
 * @asked: forecasts that wait for their outcome, by time.
 * @brier, @pinball: sums by probability; @final: of the forecasts given.
 * @form: the Brier loss at @asked's quantiles, of any weights.
 */
struct player {
	bool own;
	weights weight[HORIZONS];
	struct predict_mix asked[HORIZONS][PENDING];
	bool known[HORIZONS][PENDING];
	double brier[HORIZONS][PROBS], pinball[HORIZONS][PROBS];
	double final[HORIZONS];
	struct simplex_form form[HORIZONS][PROBS];
};

static struct player *players_new(unsigned int n)
{
	struct player *p = calloc(n, sizeof(*p));

	for (unsigned int i = 0; p && i < n; i++)
		for (int h = 0; h < HORIZONS; h++)
			for (int k = 0; k < PROBS; k++)
				p[i].form[h][k].n = EXPERTS;
	return p;
}

static void score_one(struct player *p, unsigned int h, unsigned int k,
		      const struct predict_mix *asked, double scale, float y)
{
	double came = y < asked->q[k] ? 1 : y == asked->q[k] ? 0.5 : 0;
	double f[EXPERTS], mixed = 0;

	for (int e = 0; e < EXPERTS; e++) {
		f[e] = asked->said[k][e] / (double)PREDICT_UNIT;
		mixed += asked->weight[k][e] * f[e];
	}
	for (int e = 0; e < EXPERTS; e++)
		if (asked->said[k][e] == PREDICT_ASLEEP)
			f[e] = mixed;
	p->brier[h][k] += scale * (came - mixed) * (came - mixed);
	p->pinball[h][k] += predict_pinball(&asked->q[k], &protocol_prob[k], 1,
					    y);
	simplex_add(&p->form[h][k], scale, came, f);
}

/* The forecast of @steps before @now against what came. True: there was one. */
static bool score(struct player *p, unsigned int h, size_t now, double value,
		  const struct predict_series *s)
{
	const struct predict_horizon *horizon = predict_series_horizon(s, h);
	size_t at = (now - protocol_horizon[h]) % PENDING;
	const struct predict_mix *asked = &p->asked[h][at];

	if (!p->known[h][at])
		return false;
	for (unsigned int k = 0; k < PROBS; k++)
		score_one(p, h, k, asked,
			  predict_horizon_scale(predict_series_setup(s),
						asked->q, k,
						horizon->own / horizon->weight),
			  (float)value);
	return true;
}

static void ask(struct player *p, const struct predict_series *s,
		const struct predict_step *step, size_t now)
{
	const struct predict_setup *setup = predict_series_setup(s);
	size_t at = now % PENDING;

	for (unsigned int h = 0; h < HORIZONS; h++) {
		const struct predict_horizon *horizon =
			predict_series_horizon(s, h);
		struct predict_mix *out = &p->asked[h][at];

		p->known[h][at] =
			(!p->own && predict_horizon_mix(horizon, setup, step,
							p->weight[h], out)) ||
			predict_horizon_mix(horizon, setup, step, NULL, out);
	}
}

/* Adds the loss of @given, what the caller got. */
static void score_final(struct player *p, unsigned int h, const double *given,
			double value)
{
	float q[PROBS];

	for (int k = 0; k < PROBS; k++)
		q[k] = (float)given[k];
	p->final[h] += predict_pinball(q, protocol_prob, PROBS, value);
}

/*
 * Walks the series with @n players; the first keeps the score of what the
 * caller got. @count[HORIZONS]: forecasts that were scored, of each player.
 */
static int walk(const struct values *y, struct player *p, unsigned int n,
		unsigned long *count)
{
	double given[HORIZONS][PENDING][PROBS];
	struct predict_step step;
	struct predict_series *s;
	bool begun = false;
	int err = protocol_series_new(NULL, &s);

	if (err)
		return err;
	memset(count, 0, HORIZONS * sizeof(*count));
	for (size_t t = 1; t <= y->n; t++) {
		double value = y->v[t - 1];

		predict_series_update(s, value);
		for (unsigned int h = 0; h < HORIZONS; h++) {
			size_t made = t - protocol_horizon[h];

			if (t < y->n / 2 + protocol_horizon[h] ||
			    isnan(value) || !score(p, h, t, value, s))
				continue;
			for (unsigned int i = 1; i < n; i++)
				score(&p[i], h, t, value, s);
			score_final(p, h, given[h][made % PENDING], value);
			count[h]++;
		}
		begun |= !isnan(value);
		if (t < y->n / 2 || !begun)
			continue;
		predict_series_step(s, &step);
		for (unsigned int i = 0; i < n; i++)
			ask(&p[i], s, &step, t);
		for (unsigned int h = 0; h < HORIZONS; h++)
			predict_series_forecast(s, h, NULL,
						given[h][t % PENDING]);
	}
	predict_series_free(s);
	return 0;
}

static double mean(const double *by_prob)
{
	double sum = 0;

	for (int k = 0; k < PROBS; k++)
		sum += by_prob[k] / PROBS;
	return sum;
}

static void to_float(const double *w, float *out)
{
	for (int e = 0; e < EXPERTS; e++)
		out[e] = (float)w[e];
}

/* ---- players ---- */

/* First the forecaster, then each expert alone. */
static struct player *singles_new(void)
{
	struct player *p = players_new(1 + EXPERTS);

	if (!p)
		return NULL;
	p->own = true;
	for (int e = 0; e < EXPERTS; e++)
		for (int h = 0; h < HORIZONS; h++)
			for (int k = 0; k < PROBS; k++)
				p[1 + e].weight[h][k][e] = 1;
	return p;
}

static void compare_singles(const struct player *p, unsigned int h,
			    struct regret *out)
{
	const struct player *single = p + 1;

	out->mixture[REGRET_BRIER] = mean(p->brier[h]);
	out->mixture[REGRET_PINBALL] = mean(p->pinball[h]);
	out->final[REGRET_BRIER] = NAN;
	out->final[REGRET_PINBALL] = p->final[h];
	out->single[REGRET_BRIER] = INFINITY;
	out->single[REGRET_PINBALL] = INFINITY;
	for (int e = 0; e < EXPERTS; e++) {
		double brier[PROBS], alone[EXPERTS] = { 0 };

		alone[e] = 1;
		/* At the forecaster's quantiles, as it is judged itself. */
		for (int k = 0; k < PROBS; k++)
			brier[k] = simplex_loss(&p->form[h][k], alone);
		out->single[REGRET_BRIER] =
			fmin(out->single[REGRET_BRIER], mean(brier));
		out->single[REGRET_PINBALL] =
			fmin(out->single[REGRET_PINBALL],
			     mean(single[e].pinball[h]));
	}
}

/* The best fixed mix by Brier loss; to @mix as well. */
static void compare_mix(const struct player *p, unsigned int h,
			struct player *mix, struct regret *out)
{
	double brier[PROBS], w[SIMPLEX_MAX];

	for (int k = 0; k < PROBS; k++) {
		out->gap += simplex_minimise(&p->form[h][k], w) / PROBS;
		brier[k] = simplex_loss(&p->form[h][k], w);
		to_float(w, mix->weight[h][k]);
	}
	out->mix[REGRET_BRIER] = mean(brier);
}

/* The best so far at a horizon and probability. */
struct best {
	float w[EXPERTS];
	double loss;
};

static void best_single(const struct player *single, unsigned int h,
			unsigned int k, struct best *best)
{
	best->loss = INFINITY;
	for (int e = 0; e < EXPERTS; e++) {
		if (!(single[e].pinball[h][k] < best->loss))
			continue;
		best->loss = single[e].pinball[h][k];
		memcpy(best->w, single[e].weight[h][k], sizeof(best->w));
	}
}

/* After a walk with @mix: keeps it if it is better; the next to try. */
static void improve(struct best *best, struct player *mix, unsigned int h,
		    unsigned int k)
{
	float *try = mix->weight[h][k];
	double w[SIMPLEX_MAX];

	if (mix->pinball[h][k] < best->loss) {
		best->loss = mix->pinball[h][k];
		memcpy(best->w, try, sizeof(best->w));
		simplex_minimise(&mix->form[h][k], w);
		to_float(w, try);
	} else {
		for (int e = 0; e < EXPERTS; e++)
			try[e] = (try[e] + best->w[e]) / 2;
	}
}

static void forget(struct player *p)
{
	memset(p->pinball, 0, sizeof(p->pinball));
	for (int h = 0; h < HORIZONS; h++)
		for (int k = 0; k < PROBS; k++)
			p->form[h][k] = (struct simplex_form){ .n = EXPERTS };
}

static int search(const struct values *y, const struct player *single,
		  struct player *mix, struct regret *out)
{
	struct best best[HORIZONS][PROBS];
	unsigned long count[HORIZONS];

	for (int h = 0; h < HORIZONS; h++)
		for (int k = 0; k < PROBS; k++)
			best_single(single, h, k, &best[h][k]);
	for (int round = 0; round < ROUNDS; round++) {
		int err;

		forget(mix);
		err = walk(y, mix, 1, count);
		if (err)
			return err;
		for (int h = 0; h < HORIZONS; h++)
			for (int k = 0; k < PROBS; k++)
				improve(&best[h][k], mix, h, k);
	}
	for (int h = 0; h < HORIZONS; h++)
		for (int k = 0; k < PROBS; k++)
			out[h].mix[REGRET_PINBALL] += best[h][k].loss / PROBS;
	return 0;
}

/* The mean absolute step from n/2 on, and something where there is none. */
static double unit(const struct values *y)
{
	double sum = 0, least = INFINITY, most = -INFINITY;
	size_t count = 0;

	for (size_t t = y->n / 2; t < y->n; t++) {
		double step = fabs(y->v[t] - y->v[t - 1]);

		least = fmin(least, y->v[t]);
		most = fmax(most, y->v[t]);
		if (isnan(step))
			continue;
		sum += step;
		count++;
	}
	return fmax(count ? sum / count : 0, 1e-9 + 1e-4 * (most - least));
}

static void scale(struct regret *r, unsigned long count, double step)
{
	const double by[REGRET_LOSSES] = { count, count * step };

	r->count = count;
	for (int l = 0; l < REGRET_LOSSES && count; l++) {
		r->mixture[l] /= by[l];
		r->single[l] /= by[l];
		r->mix[l] /= by[l];
		r->final[l] /= by[l];
	}
	r->gap /= count ? count : 1;
}

int regret_of(const struct values *y, struct regret *out)
{
	struct player *p = singles_new(), *mix = players_new(1);
	unsigned long count[HORIZONS];
	int err = p && mix ? 0 : -ENOMEM;

	memset(out, 0, HORIZONS * sizeof(*out));
	if (!err)
		err = walk(y, p, 1 + EXPERTS, count);
	for (int h = 0; !err && h < HORIZONS; h++) {
		compare_singles(p, h, &out[h]);
		compare_mix(p, h, mix, &out[h]);
	}
	if (!err)
		err = search(y, p + 1, mix, out);
	for (int h = 0; !err && h < HORIZONS; h++)
		scale(&out[h], count[h], unit(y));
	free(mix);
	free(p);
	return err;
}

/* ---- all series ---- */

/* As score.py: a series that is foreseen to the last digit must not decide. */
static double log_ratio(double a, double b)
{
	return log((a + 1e-6) / (b + 1e-6));
}

void regret_add(struct regret_total *total, const struct regret *one)
{
	if (!one->count)
		return;
	total->series++;
	total->sum.count += one->count;
	total->sum.gap = fmax(total->sum.gap, one->gap);
	for (int l = 0; l < REGRET_LOSSES; l++) {
		total->sum.mixture[l] += one->mixture[l];
		total->sum.single[l] += one->single[l];
		total->sum.mix[l] += one->mix[l];
		total->sum.final[l] += one->final[l];
		total->log_single[l] += log_ratio(one->mixture[l],
						  one->single[l]);
		total->log_mix[l] += log_ratio(one->mixture[l], one->mix[l]);
	}
}

static void print_line(const struct regret_total *total, unsigned int h, int l)
{
	static const char *const name[] = { "brier", "pinball" };
	const struct regret *m = &total->sum;
	double n = total->series;

	printf("%-3u %-8s %6lu", protocol_horizon[h], name[l], m->count);
	if (isnan(m->final[l]))
		printf(" %8s", "");
	else
		printf(" %8.4f", m->final[l] / n);
	printf(" %8.4f %8.4f %8.4f %+8.4f %+6.1f%% %+8.4f %+6.1f%%\n",
	       m->mixture[l] / n, m->single[l] / n, m->mix[l] / n,
	       (m->mixture[l] - m->single[l]) / n,
	       100 * expm1(total->log_single[l] / n),
	       (m->mixture[l] - m->mix[l]) / n,
	       100 * expm1(total->log_mix[l] / n));
}

void regret_print(const struct regret_total *total)
{
	double gap = 0;

	printf("%-3s %-8s %6s %8s %8s %8s %8s   %-15s   %s\n", "h", "loss",
	       "count", "final", "mixture", "single", "mix", "regret: single",
	       "regret: mix");
	for (unsigned int h = 0; h < HORIZONS && total->series; h++) {
		for (int l = 0; l < REGRET_LOSSES; l++)
			print_line(&total[h], h, l);
		gap = fmax(gap, total[h].sum.gap);
	}
	printf("%u series, every forecast from n/2 on; the best mix by brier loss is exact to %.0e\n",
	       total->series, gap);
}
