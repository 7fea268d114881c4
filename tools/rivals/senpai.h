/* SPDX-License-Identifier: GPL-2.0-or-later */
/*
 * What Senpai decides, apart from reading and writing files. Its rules and
 * numbers are those that its README and --help state
 * (github.com/facebookincubator/senpai); for the form that sets no limit, those
 * of Weiner et al., "TMO: Transparent Memory Offloading in Datacenters"
 * (ASPLOS 2022), and of the Senpai plugin in github.com/facebookincubator/oomd.
 */
#ifndef PRESWAP_RIVALS_SENPAI_H
#define PRESWAP_RIVALS_SENPAI_H

#include <stdint.h>

/* Seconds from one probe to the next: the default of all three. */
#define SENPAI_INTERVAL_S	6
/* Stall of an interval that is aimed at, us: Senpai's --pressure, 10 ms. */
#define SENPAI_TARGET_US	10000
/* At most so much is taken at once: --max-probe; the plugin's max_probe too. */
#define SENPAI_MAX_PROBE	0.01
/* And given back: --max-backoff of the README's run (its default is 1.0). */
#define SENPAI_MAX_BACKOFF	0.1
/* The most is taken at 1/10 of the target or less: its --coeff-probe. */
#define SENPAI_COEFF_PROBE	10
/* The most is given back at 20 times the target: its --coeff-backoff. */
#define SENPAI_COEFF_BACKOFF	20
/* No limit is set below, bytes: its --min-size. */
#define SENPAI_MIN_BYTES	(100ULL << 20)
/* Without a limit: nothing is taken above 0.1 %, the plugin's pressure_pct. */
#define SENPAI_THRESHOLD	0.001

#define SENPAI_PAGE		4096ULL

enum senpai_action { SENPAI_WAIT, SENPAI_PROBE, SENPAI_BACKOFF };

/* One cgroup under a limit. */
struct senpai {
	uint64_t limit;		/* bytes, memory.high */
	uint64_t stalled_us;	/* since the limit last changed */
	unsigned int wait_s;	/* until the next probe */
};

/* A quadratic curve that is 1 from @full on. */
static inline double senpai_curve(double error, double full)
{
	double share = error / full;

	return share < 1 ? share * share : 1;
}

/* Share of the limit to take away, of an interval that was quiet enough. */
static inline double senpai_probe(uint64_t stalled_us)
{
	double error = (double)SENPAI_TARGET_US / (stalled_us ? stalled_us : 1);

	return SENPAI_MAX_PROBE * senpai_curve(error, SENPAI_COEFF_PROBE);
}

/* Share of the limit to give back. */
static inline double senpai_backoff(uint64_t stalled_us)
{
	double error = (double)stalled_us / SENPAI_TARGET_US;

	return SENPAI_MAX_BACKOFF * senpai_curve(error, SENPAI_COEFF_BACKOFF);
}

/* Whole pages; @max is the machine's memory. */
static inline uint64_t senpai_clamp(double bytes, uint64_t max)
{
	if (bytes < SENPAI_MIN_BYTES)
		return SENPAI_MIN_BYTES;
	if (bytes > (double)max)
		return max & ~(SENPAI_PAGE - 1);
	return (uint64_t)bytes & ~(SENPAI_PAGE - 1);
}

/*
 * A second later, with a further @stalled_us of stall. Too much of it is
 * answered at once, too little when the interval is over.
 */
static inline enum senpai_action senpai_tick(struct senpai *s,
					     uint64_t stalled_us, uint64_t max)
{
	enum senpai_action action;
	double change;

	s->stalled_us += stalled_us;
	if (s->stalled_us > SENPAI_TARGET_US) {
		action = SENPAI_BACKOFF;
		change = senpai_backoff(s->stalled_us);
	} else if (s->wait_s) {
		s->wait_s--;
		return SENPAI_WAIT;
	} else {
		action = SENPAI_PROBE;
		change = -senpai_probe(s->stalled_us);
	}
	s->limit = senpai_clamp((double)s->limit * (1 + change), max);
	s->stalled_us = 0;
	s->wait_s = SENPAI_INTERVAL_S - 1;
	return action;
}

/*
 * Bytes to reclaim after an interval with @stalled_us of stall: as the paper
 * has it, less the nearer the pressure is to the threshold, nothing above; at
 * most the plugin's share of the size.
 */
static inline uint64_t senpai_reclaim(uint64_t size, uint64_t stalled_us)
{
	double pressure = stalled_us / (SENPAI_INTERVAL_S * 1e6);
	double bytes;

	if (pressure >= SENPAI_THRESHOLD || size <= SENPAI_MIN_BYTES)
		return 0;
	bytes = (double)size * SENPAI_MAX_PROBE *
		(1 - pressure / SENPAI_THRESHOLD);
	if (bytes > (double)(size - SENPAI_MIN_BYTES))
		bytes = (double)(size - SENPAI_MIN_BYTES);
	return (uint64_t)bytes & ~(SENPAI_PAGE - 1);
}

#endif /* PRESWAP_RIVALS_SENPAI_H */
