// SPDX-License-Identifier: LGPL-2.1-or-later
/*
 * Changes: from where it is now, it will move as it moved before.
 *
 * For the last 64 moments i whose outcome h steps later is known,
 *
 *	now + value(i + h) - state(i),	weight keep^age
 *
 * Assumption: changes repeat, levels do not, as of a random walk or a ramp. With
 * "recall-moves" (recall.c) and the walk it can forecast what was never seen.
 *
 * Example: 10 20 30 40, h = 2: the changes over two steps were 20 and 20: 60.
 */
#include <math.h>

#include "predict/bell.h"
#include "predict/expert.h"

/*
 * By counting for each how many are less: up to 64 x 64 comparisons without a
 * branch are faster than any few that have to be guessed.
 */
void predict_changes_sort(float *value, const float *weight, unsigned int n,
			  struct predict_changes *out)
{
	unsigned char equal[PREDICT_CHANGES] = { 0 };

	for (unsigned int i = n; i % 16; i++)
		value[i] = INFINITY;
	for (unsigned int i = 0; i < n; i++) {
		unsigned int at = predict_count_below(value, (n + 15) / 16,
						      value[i]);

		at += equal[at]++;
		out->value[at] = value[i];
		out->weight[at] = weight[i];
	}
	out->n = n;
}

void predict_change_samples(const struct predict_expert *e,
			    const struct predict_history *h,
			    unsigned int steps, struct predict_changes *out)
{
	float value[PREDICT_CHANGES], weight[PREDICT_CHANGES];
	float now = h->state[h->n - 1], age = 1, sum = 0;
	unsigned int n = 0;

	for (unsigned int i = h->n - steps; i-- && n < PREDICT_CHANGES;
	     age *= e->keep) {
		if (!(h->there[i + steps] > 0))
			continue;
		weight[n] = age;
		value[n] = now + (h->value[i + steps] - h->state[i]);
		sum += weight[n++];
	}
	for (unsigned int i = 0; i < n; i++)
		weight[i] /= sum;
	predict_changes_sort(value, weight, n, out);
}
