// SPDX-License-Identifier: GPL-2.0-or-later
/* What the benchmark's oracle knows, and what its shuffled forecasts are. */
#include <string.h>

#include "../../selftests/ktap.h"
#include "../../tools/rivals/future.h"
#include "../../tools/rivals/shuffle.h"

static int read_text(const char *text, struct future *f, unsigned int *line)
{
	FILE *file = fmemopen((void *)text, strlen(text), "r");
	int err = future_read(file, f, line);

	fclose(file);
	return err;
}

static void test_future(void)
{
	/* bytes: 100 up to 1 s, 900 for half a second, 200 from then on */
	static const char text[] = "-500 0 100\n0 250 100\n1000 0 900\n1500 0 200\n";
	static const struct {
		double from, to, most;
	} cases[] = {
		{ -9000, -8000, 100 },	/* before the first: as the first */
		{ 0, 999, 100 },
		{ 0, 1000, 900 },
		{ 0, 60000, 900 },	/* a burst between two horizons */
		{ 1000, 1499, 900 },
		{ 1000, 1500, 200 },	/* what is now is not what comes */
		{ 1500, 99000, 200 },	/* after the last: as the last */
	};
	struct future f;
	unsigned int line;

	ktap_assert(!read_text(text, &f, &line) && f.count == 4, "%zu lines",
		    f.count);
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		double most = future_most(&f, 1, cases[i].from, cases[i].to);

		ktap_assert(most == cases[i].most, "%g to %g: %g",
			    cases[i].from, cases[i].to, most);
	}
	ktap_assert(future_most(&f, 0, -500, 0) == 250, "%g",
		    future_most(&f, 0, -500, 0));
	future_free(&f);
}

static void test_future_refused(void)
{
	static const struct {
		const char *text;
		unsigned int line;
	} cases[] = {
		{ "\n", 1 }, { "1 2\n", 1 }, { "1 2 3 4\n", 1 },
		{ "1 2 3\n2 x 3\n", 2 }, { "1 2 3\n1 2 3\n", 2 },
		{ "1 2 3\n2 -1 3\n", 2 }, { "1 2 nan\n", 1 }, { "inf 2 3\n", 1 },
	};
	struct future f;
	unsigned int line;

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
		int err = read_text(cases[i].text, &f, &line);

		ktap_assert(err == -EINVAL && line == cases[i].line && !f.at,
			    "%s: %d in line %u", cases[i].text, err, line);
	}
}

static void test_shuffle(void)
{
	uint64_t sums[2] = { 0 }, lags = 0;
	unsigned int same = 0, blocks = 0;

	for (uint64_t second = 0; second < 100000; second++) {
		uint64_t lag = shuffle_lag(1, second), other;

		if (second < SHUFFLE_BLOCK_S) {
			ktap_assert(!lag, "second %d", (int)second);
			continue;
		}
		ktap_assert(lag >= SHUFFLE_BLOCK_S && lag <= SHUFFLE_REACH_S &&
			    lag <= second, "%d s ago in second %d", (int)lag,
			    (int)second);
		/* a block is said as it was */
		other = shuffle_lag(1, second - second % SHUFFLE_BLOCK_S);
		ktap_assert(lag == other, "second %d", (int)second);
		if (second % SHUFFLE_BLOCK_S || second < 1000)
			continue;
		blocks++;
		lags += lag;
		same += lag == shuffle_lag(1, second - 1);
		sums[0] += lag;
		sums[1] += shuffle_lag(2, second);
	}
	/* uniform: mean 130, standard error 0.9; another order by another seed */
	ktap_assert(lags > 126 * blocks && lags < 134 * blocks, "mean %g",
		    (double)lags / blocks);
	ktap_assert(same < blocks / 50, "%u of %u as the block before", same,
		    blocks);
	ktap_assert(sums[0] != sums[1], "seeds do nothing");
}

int main(void)
{
	return ktap_run((struct ktap_case[]){
		{ "the most that comes within a time", test_future },
		{ "what is no future is refused, with its line",
		  test_future_refused },
		{ "the past in another order, block by block", test_shuffle },
		{}
	});
}
