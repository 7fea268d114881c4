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
#include "predict/expert.h"

void predict_change_samples(const struct predict_expert *e,
			    const struct predict_history *h,
			    unsigned int steps, struct predict_changes *out)
{
	float now = h->state[h->n - 1], age = 1, sum = 0;
	unsigned int n = 0;

	for (unsigned int i = h->n - steps; i-- && n < PREDICT_CHANGES;
	     age *= e->keep) {
		if (!(h->there[i + steps] > 0))
			continue;
		out->weight[n] = age;
		out->value[n] = now + (h->value[i + steps] - h->state[i]);
		sum += out->weight[n++];
	}
	for (unsigned int i = 0; i < n; i++)
		out->weight[i] /= sum;
	out->n = n;
}
