// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * All experts as one distribution, for one horizon.
 *
 * Every expert e is a distribution F_e of weighted values. They are mixed as
 * probabilities, F(x) = sum w_e F_e(x): a value that is often taken, as 0 or a
 * whole number, stays a value of the mixture, where averaging quantiles would
 * invent values between. The quantile at p is the least value with F(x) >= p.
 * The weights w_e are the caller's (horizon.c), for each probability of its
 * own.
 *
 * The history experts weigh the same values, the window's, which are in order:
 * their weights add up to one share of each value, and no list is sorted. The
 * change experts' short lists are placed between them (place.c).
 *
 * Example: outcomes 20 and 30, which A weighs 1/4 and 3/4, B 1/2 each; w 0.8
 * and 0.2: the shares are 0.3 and 0.7, the median is 30, the 5 % quantile 20.
 */
#include <math.h>
#include <string.h>

#include "predict/bell.h"
#include "predict/mixture.h"
#include "predict/smooth.h"

static inline float sum4(v4 a)
{
	return (a[0] + a[1]) + (a[2] + a[3]);
}

/* Up to 16 more than @n are read, all 0. */
static float sum_of(const float *value, unsigned int n)
{
	v4 a = { 0 }, b = { 0 };

	for (unsigned int i = 0; i < n; i += 16) {
		const v4 *v = (const v4 *)(value + i);

		a += v[0] + v[1];
		b += v[2] + v[3];
	}
	return sum4(a + b);
}

/* Up to 16 more than @n are read, of which one is 0 in each pair. */
PREDICT_BOTH
float dot(const float *weight, const float *mask, unsigned int n, bool wide)
{
	v4 a = { 0 }, b = { 0 }, c = { 0 }, d = { 0 };
	v8 ab = { 0 }, cd = { 0 };

	for (unsigned int i = 0; i < n && wide; i += 16) {
		ab += *(const v8 *)(weight + i) * *(const v8 *)(mask + i);
		cd += *(const v8 *)(weight + i + 8) *
		      *(const v8 *)(mask + i + 8);
	}
	if (wide)
		return sum4((PREDICT_LOW(ab) + PREDICT_HIGH(ab)) +
			    (PREDICT_LOW(cd) + PREDICT_HIGH(cd)));
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

PREDICT_HOT
void predict_step_fill(struct predict_step *step,
		       const struct predict_ring *past, unsigned int longest)
{
	struct predict_history *h = &step->history;

	if (h->n) {
		predict_copula_score(&step->copula, h);
		predict_smooth(h, &step->copula, &step->ets);
		predict_history_measure(h);
	}
	for (int e = 0; e < PREDICT_ANALOG_EXPERTS; e++)
		step->weight[e] = predict_analog_weigh(e, h, step->room[e]);
	if (h->n > 1)
		predict_copula_fill(&step->copula, h);
	step->past = past;
	predict_recall_find(past, longest, &step->recall, &step->moves);
	predict_walk_learn(h, &step->walk);
	step->window.n = h->n;
	for (unsigned int i = 0; i < h->n; i++)
		step->window.value[i] = h->value[h->sorted[i]];
	for (unsigned int i = h->n; i < h->n + 32; i++)
		step->window.value[i] = INFINITY;
}

PREDICT_BOTH
void totals(struct predict_mixture *m, const struct predict_step *step,
	    bool wide)
{
	const float *there = step->history.there + m->lead;

	for (int e = 0; e < PREDICT_HISTORY_EXPERTS; e++)
		m->total[e] = dot(m->weight[e], there, m->moments, wide);
	for (int c = 0; c < PREDICT_CHANGE_EXPERTS; c++)
		m->total[PREDICT_HISTORY_EXPERTS + c] = m->change[c].n > 0;
}

PREDICT_WIDE
static void totals_wide(struct predict_mixture *m,
			const struct predict_step *step)
{
	totals(m, step, true);
}

static void change_samples(const struct predict_expert *e,
			   const struct predict_step *step, unsigned int lead,
			   unsigned int steps, struct predict_changes *out)
{
	const struct predict_history *h = &step->history;

	switch (e->kind) {
	case PREDICT_OF_ETS:
		predict_ets_samples(&step->ets, h, lead, out);
		break;
	case PREDICT_OF_RECALL:
		predict_recall_samples(&step->recall, step->past, false, steps,
				       out);
		break;
	case PREDICT_OF_MOVES:
		predict_recall_samples(&step->moves, step->past, true, steps,
				       out);
		break;
	default:
		predict_walk_samples(&step->walk, h->state[h->n - 1], steps,
				     out);
	}
	for (unsigned int i = out->n; i % 16; i++)
		out->value[i] = out->weight[i] = 0;
}

void predict_mixture_collect(struct predict_mixture *m,
			     const struct predict_step *step,
			     unsigned int steps)
{
	const struct predict_history *h = &step->history;

	/* The window is too short to see so far: what it can see has to do. */
	m->lead = steps < h->n / 2 ? steps : h->n / 2;
	m->moments = h->n - m->lead;
	for (int e = 0; e < PREDICT_ANALOG_EXPERTS; e++)
		m->weight[e] = step->weight[e];
	predict_copula_weigh(&step->copula, h, m->lead, m->copula);
	m->weight[PREDICT_ANALOG_EXPERTS] = m->copula;
	for (int c = 0; c < PREDICT_CHANGE_EXPERTS; c++)
		change_samples(&predict_experts[PREDICT_HISTORY_EXPERTS + c],
			       step, m->lead, steps, &m->change[c]);
	if (predict_is_wide())
		totals_wide(m, step);
	else
		totals(m, step, false);
}

/*
 * The experts' weights of each moment, times @c, to a sum for each probability; @n is
 * a multiple of eight.
 */
static void add_up(const float *const *weight,
		   const float (*c)[PREDICT_GROUP], unsigned int n,
		   float *restrict a, float *restrict b, float *restrict d)
{
	/* All of them, or the compiler takes one moment after the other. */
	for (unsigned int i = 0; i < n; i++) {
		float sum[PREDICT_GROUP] = { 0 };

		for (int e = 0; e < PREDICT_HISTORY_EXPERTS; e++)
			for (int k = 0; k < PREDICT_GROUP; k++)
				sum[k] += c[e][k] * weight[e][i];
		a[i] = sum[0];
		b[i] = sum[1];
		d[i] = sum[2];
	}
}

static void share_history(struct predict_mixture *m,
			  const struct predict_step *step, unsigned int first)
{
	const float *there = step->history.there;
	float (*share)[PREDICT_FIRST_ITEM + PREDICT_ITEMS] = m->share + first;
	float c[PREDICT_HISTORY_EXPERTS][PREDICT_GROUP];

	for (int e = 0; e < PREDICT_HISTORY_EXPERTS; e++)
		for (int k = 0; k < PREDICT_GROUP; k++) {
			float w = m->w[first + k][e];

			c[e][k] = w > 0 ? w / m->total[e] : 0;
		}
	for (int k = 0; k < PREDICT_GROUP; k++)
		memset(share[k], 0, m->lead * sizeof(float));
	add_up(m->weight, c, predict_eights(m->moments), share[0] + m->lead,
	       share[1] + m->lead, share[2] + m->lead);
	for (unsigned int i = m->lead;
	     i < step->history.n && !step->history.whole; i++)
		for (int k = 0; k < PREDICT_GROUP && !(there[i] > 0); k++)
			m->share[first + k][i] = 0;
	for (unsigned int i = step->history.n; i % 16; i++)
		for (int k = 0; k < PREDICT_GROUP; k++)
			m->share[first + k][i] = 0;
}

static void add_loose(const uint16_t *restrict gap, unsigned int n,
		      float *restrict a, const float *restrict more_a,
		      float *restrict b, const float *restrict more_b,
		      float *restrict c, const float *restrict more_c)
{
	for (unsigned int i = 0; i < n; i++) {
		a[gap[i]] += more_a[i];
		b[gap[i]] += more_b[i];
		c[gap[i]] += more_c[i];
	}
}

/* Finds the gaps of items from @from on, of known shares. */
static void place(struct predict_mixture *m, const struct predict_step *step,
		  unsigned int nprobs, unsigned int from)
{
	struct predict_places *p = &m->places;
	unsigned int at = PREDICT_FIRST_ITEM + from;

	predict_places_find(p, &step->window, from);
	/* All in one gap have to wait for each other: so a group at once. */
	for (unsigned int k = 0; k < nprobs; k += PREDICT_GROUP)
		add_loose(p->gap + from, p->n - from,
			  m->loose[k], m->share[k] + at,
			  m->loose[k + 1], m->share[k + 1] + at,
			  m->loose[k + 2], m->share[k + 2] + at);
}

static void scale(float *restrict to, const float *restrict from,
		  unsigned int n, float by)
{
	n = predict_eights(n);
	for (unsigned int i = 0; i < n; i++)
		to[i] = by * from[i];
}

static void forget_asked(struct predict_mixture *m)
{
	for (unsigned int k = 0; k < PREDICT_PROBS_ROOM; k++)
		m->asked[k] = -1;
}

/* The samples of those change experts that have any weight. */
static void share_changes(struct predict_mixture *m,
			  const struct predict_step *step, unsigned int nprobs)
{
	struct predict_places *p = &m->places;

	predict_places_init(p, &step->window);
	/* Also of those that fill up the last group: their weights are 0. */
	nprobs = (nprobs + PREDICT_GROUP - 1) / PREDICT_GROUP * PREDICT_GROUP;
	for (unsigned int k = 0; k < nprobs; k++)
		memset(m->loose[k], 0, (step->window.n + 1) * sizeof(float));
	for (int c = 0; c < PREDICT_CHANGE_EXPERTS; c++) {
		const struct predict_changes *from = &m->change[c];
		float any = 0;

		for (unsigned int k = 0; k < nprobs; k++)
			any += m->w[k][PREDICT_HISTORY_EXPERTS + c];
		m->used[c] = any > 0;
		if (!m->used[c])
			continue;
		for (unsigned int k = 0; k < nprobs; k++)
			scale(m->share[k] + PREDICT_FIRST_ITEM + p->n,
			      from->weight, from->n,
			      m->w[k][PREDICT_HISTORY_EXPERTS + c]);
		memcpy(p->value + p->n, from->value,
		       from->n * sizeof(*p->value));
		p->n += from->n;
	}
	place(m, step, nprobs, 0);
	forget_asked(m);
}

PREDICT_HOT
void predict_mixture_share(struct predict_mixture *m,
			   const struct predict_step *step,
			   unsigned int nprobs)
{
	for (unsigned int k = 0; k < nprobs; k += PREDICT_GROUP)
		share_history(m, step, k);
	share_changes(m, step, nprobs);
}

/* Recurrence's samples into each share, the others scaled to what is left. */
PREDICT_HOT
void predict_mixture_add(struct predict_mixture *m,
			 const struct predict_step *step, unsigned int nprobs,
			 const struct predict_sample *recur, unsigned int n,
			 float w)
{
	struct predict_places *p = &m->places;
	unsigned int from = p->n;

	nprobs = (nprobs + PREDICT_GROUP - 1) / PREDICT_GROUP * PREDICT_GROUP;
	p->n += n;
	for (unsigned int i = 0; i < n; i++)
		p->value[from + i] = (float)recur[i].value;
	for (unsigned int k = 0; k < nprobs; k++) {
		float *share = m->share[k];

		for (unsigned int i = 0; i < PREDICT_FIRST_ITEM + from; i++)
			share[i] *= 1 - w;
		for (unsigned int i = 0; i <= step->window.n; i++)
			m->loose[k][i] *= 1 - w;
		for (unsigned int i = 0; i < n; i++)
			share[PREDICT_FIRST_ITEM + from + i] =
				w * (float)recur[i].weight;
	}
	place(m, step, nprobs, from);
	forget_asked(m);
}

/* Eight values of the window, and what is loose in eight gaps. */
static inline float sum_of_8(const float *share, const uint8_t *s,
			     const float *loose)
{
	float a = share[s[0]] + share[s[1]], b = share[s[2]] + share[s[3]];
	float c = share[s[4]] + share[s[5]], d = share[s[6]] + share[s[7]];

	return ((a + b) + (c + d)) +
	       sum4(*(const v4 *)loose + *(const v4 *)(loose + 4));
}

/* The item of @gap where they reach @need, from the bottom. */
static float find_up_in_gap(struct predict_mixture *m, unsigned int gap,
			    const float *share, float need)
{
	unsigned int n, i = 0;
	const uint16_t *item = predict_places_sorted(&m->places, gap, &n);
	float sum = 0;

	for (; i + 1 < n; i++) {
		sum += share[PREDICT_FIRST_ITEM + item[i]];
		if (sum >= need)
			break;
	}
	/* Rounding may miss the last bit: back to a sample with weight. */
	while (i && !(share[PREDICT_FIRST_ITEM + item[i]] > 0))
		i--;
	return m->places.value[item[i]];
}

/* The item of @gap where they exceed @most, from the top. */
static float find_down_in_gap(struct predict_mixture *m, unsigned int gap,
			      const float *share, float most)
{
	unsigned int i;
	const uint16_t *item = predict_places_sorted(&m->places, gap, &i);
	float sum = 0;

	while (--i) {
		sum += share[PREDICT_FIRST_ITEM + item[i]];
		if (sum > most)
			break;
	}
	return m->places.value[item[i]];
}

/* The first from the bottom where all up to it reach @need. */
static float find_up(struct predict_mixture *m,
		     const struct predict_step *step, unsigned int k,
		     float need)
{
	const float *share = m->share[k], *loose = m->loose[k];
	const uint8_t *sorted = step->history.sorted;
	unsigned int i = 0, n = step->window.n;
	float sum = 0;

	for (; i + 8 <= n; i += 8) {
		float more = sum_of_8(share, sorted + i, loose + i);

		if (sum + more >= need)
			break;
		sum += more;
	}
	for (; i < n; i++) {
		if (sum + loose[i] >= need)
			return find_up_in_gap(m, i, share, need - sum);
		sum += loose[i];
		sum += share[sorted[i]];
		if (sum >= need)
			return step->window.value[i];
	}
	return loose[n] > 0 ? find_up_in_gap(m, n, share, need - sum) :
			      step->window.value[n - 1];
}

/* The last from the top where all above it are no more than @most. */
static float find_down(struct predict_mixture *m,
		       const struct predict_step *step, unsigned int k,
		       float most)
{
	const float *share = m->share[k], *loose = m->loose[k];
	const uint8_t *sorted = step->history.sorted;
	unsigned int end = step->window.n;
	float sum = 0;

	for (; end >= 8; end -= 8) {
		float more = sum_of_8(share, sorted + end - 8, loose + end - 7);

		if (sum + more > most)
			break;
		sum += more;
	}
	for (; end; end--) {
		if (sum + loose[end] > most)
			return find_down_in_gap(m, end, share, most - sum);
		sum += loose[end];
		sum += share[sorted[end - 1]];
		if (sum > most)
			return step->window.value[end - 1];
	}
	return loose[0] > 0 ? find_down_in_gap(m, 0, share, most - sum) :
			      step->window.value[0];
}

/* By blocks, as a sum one by one has to wait for each addition. */
PREDICT_HOT
float predict_mixture_find(struct predict_mixture *m,
			   const struct predict_step *step, unsigned int k,
			   float p)
{
	/* The middle is asked for twice. */
	if (m->asked[k] == p)
		return m->found[k];
	m->asked[k] = p;
	m->found[k] = p <= 0.5f ? find_up(m, step, k, p * (1 - 1e-6f)) :
				  find_down(m, step, k, 1 - p + 1e-6f);
	return m->found[k];
}

/* A sum of what is beyond @q, one of what is there, and the next value. */
struct end {
	float q, beyond, there, next;
};

static inline void end_add(struct end *e, float value, float share)
{
	if (value < e->q)
		e->beyond += share;
	else if (value == e->q)
		e->there += share;
	else if (value < e->next)
		e->next = value;
}

PREDICT_HOT
float predict_mixture_end(const struct predict_mixture *m,
			  const struct predict_step *step, unsigned int k,
			  bool top, float q, float *beyond, float *there)
{
	const struct predict_places *p = &m->places;
	const float *value = step->window.value, *share = m->share[k];
	float sign = top ? -1 : 1;	/* at the top, the other way round */
	struct end e = { .q = sign * q, .next = INFINITY };
	unsigned int n = step->window.n;

	for (unsigned int i = 0; i <= n; i++) {
		unsigned int gap = top ? n - i : i;
		unsigned int at = top ? n - i - 1 : i;
		bool any = i < n;

		if (any && sign * value[at] < e.q) {
			e.beyond += m->loose[k][gap];
			e.beyond += share[step->history.sorted[at]];
			continue;
		}
		for (uint16_t s = p->first[gap]; s != PREDICT_NO_ITEM;
		     s = p->next[s])
			end_add(&e, sign * p->value[s],
				share[PREDICT_FIRST_ITEM + s]);
		if (any)
			end_add(&e, sign * value[at],
				share[step->history.sorted[at]]);
		if (e.next < INFINITY)
			break;
	}
	*beyond = e.beyond;
	*there = e.there;
	return sign * e.next;
}

PREDICT_BOTH
double mean(const struct predict_mixture *m, const struct predict_step *step,
	    unsigned int k, bool wide)
{
	const float *value = step->history.value, *share = m->share[k];
	double sum = 0;

	/* Not before the lead: there are no moments to weigh. */
	for (unsigned int i = m->lead & ~15u; i < step->history.n; i += 64) {
		unsigned int n = step->history.n - i;

		sum += dot(share + i, value + i, n < 64 ? n : 64, wide);
	}
	for (int c = 0; c < PREDICT_CHANGE_EXPERTS; c++)
		if (m->used[c])
			sum += (double)m->w[k][PREDICT_HISTORY_EXPERTS + c] *
			       dot(m->change[c].weight, m->change[c].value,
				   m->change[c].n, wide);
	return sum;
}

PREDICT_WIDE
static double mean_wide(const struct predict_mixture *m,
			const struct predict_step *step, unsigned int k)
{
	return mean(m, step, k, true);
}

double predict_mixture_mean(const struct predict_mixture *m,
			    const struct predict_step *step, unsigned int k)
{
	return predict_is_wide() ? mean_wide(m, step, k) :
				   mean(m, step, k, false);
}

static unsigned char byte(float f)
{
	return (unsigned char)((f < 1 ? f : 1) * PREDICT_UNIT + 0.5f);
}

/*
 * To @mask[k], @full for a value below @q[k], half of it for @q[k], else 0. All up to 16
 * past the end are read, and @full is 0 there: so is @mask.
 */
PREDICT_BOTH
void fill_masks(const float *value, const float *full, unsigned int n,
		const float *q, float (*mask)[PREDICT_HISTORY + 16], bool wide)
{
	n = (n + 15) & ~15u;
	for (unsigned int i = 0; i < n && wide; i += 8) {
		v8 v = *(const v8 *)(value + i);
		v8 half = 0.5f * *(const v8 *)(full + i);

		for (int k = 0; k < PREDICT_GROUP; k++)
			*(v8 *)(mask[k] + i) = (v8)((m8)half & (v < q[k])) +
					       (v8)((m8)half & (v <= q[k]));
	}
	for (unsigned int i = 0; i < n && !wide; i += 4) {
		v4 v = *(const v4 *)(value + i);
		v4 half = 0.5f * *(const v4 *)(full + i);

		for (int k = 0; k < PREDICT_GROUP; k++)
			*(v4 *)(mask[k] + i) = (v4)((m4)half & (v < q[k])) +
					       (v4)((m4)half & (v <= q[k]));
	}
}

/* The weights of a history expert up to each quantile. */
static void weigh_up(const float *weight, float (*mask)[PREDICT_HISTORY + 16],
		     unsigned int n, float *up)
{
	v4 a[PREDICT_GROUP] = { 0 }, b[PREDICT_GROUP] = { 0 };

	for (unsigned int i = 0; i < n; i += 8) {
		v4 w = *(const v4 *)(weight + i);
		v4 x = *(const v4 *)(weight + i + 4);

		for (int k = 0; k < PREDICT_GROUP; k++) {
			a[k] += w * *(const v4 *)(mask[k] + i);
			b[k] += x * *(const v4 *)(mask[k] + i + 4);
		}
	}
	for (int k = 0; k < PREDICT_GROUP; k++)
		up[k] = sum4(a[k] + b[k]);
}

/* Of two experts, as a sum has to wait for the last one. */
PREDICT_BOTH
void weigh_up_two(const float *weight, const float *other,
		  float (*mask)[PREDICT_HISTORY + 16], unsigned int n,
		  float (*up)[PREDICT_GROUP])
{
	v8 a[PREDICT_GROUP] = { 0 }, b[PREDICT_GROUP] = { 0 };

	for (unsigned int i = 0; i < n; i += 8) {
		v8 w = *(const v8 *)(weight + i), x = *(const v8 *)(other + i);

		for (int k = 0; k < PREDICT_GROUP; k++) {
			v8 full = *(const v8 *)(mask[k] + i);

			a[k] += w * full;
			b[k] += x * full;
		}
	}
	for (int k = 0; k < PREDICT_GROUP; k++) {
		up[0][k] = sum4(PREDICT_LOW(a[k]) + PREDICT_HIGH(a[k]));
		up[1][k] = sum4(PREDICT_LOW(b[k]) + PREDICT_HIGH(b[k]));
	}
}

/* Of up to PREDICT_GROUP of @q. */
PREDICT_BOTH
void ask_group(const struct predict_mixture *m, const struct predict_step *step,
	       const float *asked, unsigned int n, unsigned char *said,
	       bool wide)
{
	const float *there = step->history.there + m->lead;
	float mask[PREDICT_GROUP][PREDICT_HISTORY + 16], q[PREDICT_GROUP];
	float up[PREDICT_HISTORY_EXPERTS][PREDICT_GROUP];

	for (unsigned int k = 0; k < PREDICT_GROUP; k++)
		q[k] = asked[k < n ? k : 0];
	fill_masks(step->history.value + m->lead, there, m->moments, q, mask,
		   wide);
	_Static_assert(PREDICT_HISTORY_EXPERTS % 2 == 0, "taken by two");
	for (int e = 0; e < PREDICT_HISTORY_EXPERTS && wide; e += 2)
		weigh_up_two(m->weight[e], m->weight[e + 1], mask, m->moments,
			     up + e);
	for (int e = 0; e < PREDICT_HISTORY_EXPERTS && !wide; e++)
		weigh_up(m->weight[e], mask, m->moments, up[e]);
	for (int e = 0; e < PREDICT_HISTORY_EXPERTS; e++)
		for (unsigned int k = 0; k < n && m->total[e] > 0; k++)
			said[k * PREDICT_EXPERTS + e] =
				byte(up[e][k] / m->total[e]);
	for (int c = 0; c < PREDICT_CHANGE_EXPERTS; c++) {
		const struct predict_changes *list = &m->change[c];

		if (!list->n)
			continue;
		fill_masks(list->value, list->weight, list->n, q, mask, wide);
		for (unsigned int k = 0; k < n; k++)
			said[k * PREDICT_EXPERTS + PREDICT_HISTORY_EXPERTS +
			     c] = byte(sum_of(mask[k], list->n));
	}
}

PREDICT_WIDE
static void ask_group_wide(const struct predict_mixture *m,
			   const struct predict_step *step, const float *q,
			   unsigned int n, unsigned char *said)
{
	ask_group(m, step, q, n, said, true);
}

void predict_mixture_ask(const struct predict_mixture *m,
			 const struct predict_step *step, const float *q,
			 unsigned int n, unsigned char *said)
{
	for (unsigned int k = 0; k < n; k += PREDICT_GROUP) {
		unsigned int few = n - k < PREDICT_GROUP ? n - k : PREDICT_GROUP;

		if (predict_is_wide())
			ask_group_wide(m, step, q + k, few,
				       said + k * PREDICT_EXPERTS);
		else
			ask_group(m, step, q + k, few,
				  said + k * PREDICT_EXPERTS, false);
	}
}
