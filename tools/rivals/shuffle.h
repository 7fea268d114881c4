/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * The past in another order: for forecasts that are deliberately wrong
 * (preswapd-shuffled.c). Time is cut into blocks, and in each of them what was said some
 * while ago is said again, second by second: a burst is foreseen as it was, but at
 * another time.
 */
#ifndef PRESWAP_RIVALS_SHUFFLE_H
#define PRESWAP_RIVALS_SHUFFLE_H

#include <stdint.h>

#include "predict/grid.h"
#include "predict/predict.h"

#define SHUFFLE_BLOCK_S	20u
#define SHUFFLE_REACH_S	240u	/* and no further back */

/* Of a block: splitmix64, so that equal seeds give equal runs. */
static inline uint64_t shuffle_draw(uint64_t seed, uint64_t block)
{
	uint64_t x = seed + (block + 1) * 0x9e3779b97f4a7c15ULL;

	x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9ULL;
	x = (x ^ (x >> 27)) * 0x94d049bb133111ebULL;
	return x ^ (x >> 31);
}

/*
 * How many seconds ago was said what is said at @second, of which 0 was the first:
 * a block or more. 0: there is no such past yet.
 */
static inline uint64_t shuffle_lag(uint64_t seed, uint64_t second)
{
	uint64_t block = second / SHUFFLE_BLOCK_S;
	uint64_t past = block * SHUFFLE_BLOCK_S;

	if (past > SHUFFLE_REACH_S)
		past = SHUFFLE_REACH_S;
	if (!past)
		return 0;
	return SHUFFLE_BLOCK_S +
	       shuffle_draw(seed, block) % (past - SHUFFLE_BLOCK_S + 1);
}

#define SHUFFLE_JUDGED	4	/* horizons, up to 10 s; the others go by the last */
#define SHUFFLE_KEEP	0.998
#define SHUFFLE_PAST	(SHUFFLE_REACH_S + 10 + 1)

/*
 * One series.
 *
 * @said: by the forecaster, of the second modulo their number.
 * @right, @wrong: rolling losses of that, and of what is said in its place.
 */
struct shuffled {
	uint64_t seconds;
	double right[SHUFFLE_JUDGED], wrong[SHUFFLE_JUDGED];
	struct predict_demand_forecast said[SHUFFLE_PAST];
};

static inline double shuffle_loss(const struct predict_demand_point *p,
				  double value)
{
	static const double probs[] = { 0.05, 0.5, 0.95 };
	const float q[] = { (float)p->q05, (float)p->q50, (float)p->q95 };

	return predict_pinball(q, probs, 3, (float)value);
}

/* What was said for now, and what was said in its place. */
static inline void shuffle_judge(struct shuffled *s, uint64_t seed, int index,
				 double value)
{
	uint64_t when, lag;

	if (s->seconds < predict_demand_horizon_s[index])
		return;
	when = s->seconds - predict_demand_horizon_s[index];
	lag = shuffle_lag(seed, when);
	if (!lag)
		return;
	s->right[index] = SHUFFLE_KEEP * s->right[index] +
		shuffle_loss(&s->said[when % SHUFFLE_PAST].at[index], value);
	s->wrong[index] = SHUFFLE_KEEP * s->wrong[index] +
		shuffle_loss(&s->said[(when - lag) % SHUFFLE_PAST].at[index],
			     value);
}

/*
 * Once a second: @forecast becomes that of another time, with the scores that it
 * deserves. @value: this second's.
 */
static inline void shuffle_forecast(struct shuffled *s, uint64_t seed,
				    double value,
				    struct predict_demand_forecast *forecast)
{
	const struct predict_demand_forecast right = *forecast, *wrong;
	uint64_t lag = shuffle_lag(seed, s->seconds);
	double ratio = 1;

	s->said[s->seconds % SHUFFLE_PAST] = right;
	wrong = &s->said[(s->seconds - lag) % SHUFFLE_PAST];
	for (int i = 0; i < PREDICT_DEMAND_HORIZONS; i++) {
		if (i < SHUFFLE_JUDGED) {
			shuffle_judge(s, seed, i, value);
			ratio = s->right[i] > 0 ? s->wrong[i] / s->right[i] : 1;
		}
		if (!lag)
			continue;
		forecast->at[i] = wrong->at[i];
		forecast->at[i].score = right.at[i].score;
		forecast->at[i].score.loss_ratio *= ratio;
		forecast->at[i].score.usual_ratio *= ratio;
	}
	s->seconds++;
}

#endif /* PRESWAP_RIVALS_SHUFFLE_H */
