# SPDX-License-Identifier: GPL-2.0-or-later
"""Statistics for few runs, without a guess at how numbers are distributed.

The median's confidence interval is from order statistics: of n independent
values, sorted, the k-th smallest and the k-th largest enclose the median
unless fewer than k values fall on one side of it, each with probability 1/2.
So the interval holds with

    1 - 2 * P(B < k),   B binomial with n and 1/2,

whatever the distribution. For 95 %, n = 10 has k = 2: the second smallest to
the second largest, which cover 97.9 %. Below n = 6 even the whole range
covers less than 95 %: it is given, and said to be no interval.
"""
import itertools
import math
import statistics

LEVEL = 0.95


def below(n, k):
    """P(B < k), B binomial with n and 1/2."""
    return sum(math.comb(n, i) for i in range(k)) / 2 ** n


def interval_rank(n, level=LEVEL):
    """(k, coverage) of the narrowest interval that has the level; the range
    has k = 1, whether it has it or not."""
    k = 1
    while 2 * (k + 1) <= n + 1 and 1 - 2 * below(n, k + 1) >= level:
        k += 1
    return k, max(0.0, 1 - 2 * below(n, k))


class Summary:
    """Median and interval of some values; None among them is left out.

    is_interval: lo to hi has at least the level; else it is but the range.
    """

    def __init__(self, values, level=LEVEL):
        values = sorted(v for v in values if v is not None)
        self.n = len(values)
        self.median = self.lo = self.hi = None
        self.coverage, self.is_interval = 0.0, False
        if values:
            k, self.coverage = interval_rank(self.n, level)
            self.median = statistics.median(values)
            self.lo, self.hi = values[k - 1], values[-k]
            self.is_interval = self.coverage >= level

    def apart(self, other):
        """Neither's interval reaches into the other's."""
        return self.hi < other.lo or other.hi < self.lo


def ratio(a, b):
    """a / b; nothing to nothing is 1."""
    if b:
        return a / b
    return math.inf if a else 1.0


def sign_test(less, more):
    """Two-sided p of so uneven a split, were each side as likely."""
    n = less + more
    return min(1.0, 2 * below(n, min(less, more) + 1)) if n else 1.0


class Paired:
    """Two rivals by the same seeds: {seed: value} each.

    ratios: Summary of a / b, pair by pair; less, more, p: the sign test.
    """

    def __init__(self, a, b):
        seeds = [s for s in a if s in b
                 and a[s] is not None and b[s] is not None]
        self.ratios = Summary(ratio(a[s], b[s]) for s in seeds)
        self.less = sum(a[s] < b[s] for s in seeds)
        self.more = sum(a[s] > b[s] for s in seeds)
        self.p = sign_test(self.less, self.more)


def holm(ps):
    """The same p, corrected for how many there are (Holm)."""
    order = sorted(range(len(ps)), key=lambda i: ps[i])
    out, worst = [0.0] * len(ps), 0.0
    for place, i in enumerate(order):
        worst = max(worst, min(1.0, ps[i] * (len(ps) - place)))
        out[i] = worst
    return out


def ranking(groups, less_is_better=True):
    """[(rank, name, Summary)], best first, of {name: values}.

    A rival's rank is 1 + the number of those that are clearly better: whose
    interval lies wholly on the better side of its own. Rivals whose intervals
    overlap may so share a rank.
    """
    known = {name: Summary(values) for name, values in groups.items()}
    known = {name: s for name, s in known.items() if s.n}
    sign = 1 if less_is_better else -1

    def clearly_better(a, b):
        return a.apart(b) and (a.median - b.median) * sign < 0

    ranked = [(1 + sum(clearly_better(other, s) for other in known.values()),
               name, s) for name, s in known.items()]
    return sorted(ranked, key=lambda r: (r[0], r[2].median * sign, r[1]))


class Swap:
    """A pair whose medians are in another order the second time."""

    def __init__(self, a, b, first_overlap, second_overlap):
        self.a, self.b = a, b
        self.first_overlap = first_overlap
        self.second_overlap = second_overlap

    @property
    def clear(self):
        """No chance explains it: they were apart, both times."""
        return not self.first_overlap and not self.second_overlap


class Stability:
    """pairs: how many were compared; swaps: those in another order; apart:
    pairs whose intervals were apart both times, in the same order."""

    def __init__(self):
        self.pairs, self.apart, self.swaps = 0, 0, []

    @property
    def same_order(self):
        return not self.swaps

    @property
    def stable(self):
        """No pair that was apart the one time changed its order."""
        return all(s.first_overlap and s.second_overlap for s in self.swaps)


def ranking_stable(first_half, second_half):
    """Does repeating the whole benchmark change the ranking? Each half is
    {name: values}; names that only one has are left out."""
    first = {n: Summary(v) for n, v in first_half.items()}
    second = {n: Summary(v) for n, v in second_half.items()}
    names = [n for n in first if n in second and first[n].n and second[n].n]
    out = Stability()
    for a, b in itertools.combinations(names, 2):
        out.pairs += 1
        overlaps = [not half[a].apart(half[b]) for half in (first, second)]
        before, after = (half[a].median - half[b].median
                         for half in (first, second))
        if before * after < 0:
            out.swaps.append(Swap(a, b, *overlaps))
        elif not any(overlaps):
            out.apart += 1
    return out
