# SPDX-License-Identifier: GPL-2.0-or-later
"""A run as pictures of characters, for the terminal: a column is a second."""
import math

from draw import bands
from results import MIB, quantile

LABEL = 7  # columns before the picture, which has 72: 79 in all
BLOCKS = " ▁▂▃▄▅▆▇█"
BAND = "░"


def column(value, height):
    """From below, the characters of a bar that is @value of @height cells high."""
    eighths = 0 if math.isnan(value) else round(value * 8)
    return [BLOCKS[min(max(eighths - 8 * row, 0), 8)] for row in range(height)]


def chart(values, top, height, band=()):
    """Lines, the highest first: bars of @values, @top is full; behind them what lies in
    @band, {column: (low, high)}."""
    columns = []
    for x, value in enumerate(values):
        cells = column(min(value / top, 1) * height, height)
        if x in band:
            low, high = (min(v / top, 1) * height for v in band[x])
            for row in range(height):
                # as far as the bar leaves the cell
                if cells[row] == " " and low < row + 0.5 < high:
                    cells[row] = BAND
        columns.append(cells)
    return ["".join(cells[row] for cells in columns) for row in reversed(range(height))]


def labelled(lines, labels):
    """@labels: {line: text} at the axis."""
    return [f"{labels.get(i, ''):>{LABEL - 1}}│{line}".rstrip()
            for i, line in enumerate(lines)]


class Seconds:
    """The measured phase of a run, a second a column."""

    def __init__(self, run):
        self.run = run
        self.count = round((run.end - run.start) / 1e9)
        self.starts = [run.start + x * 10**9 for x in range(self.count)]

    def of(self, names, best):
        """The best of the sums of these columns of samples, in each second."""
        samples = self.run.samples
        out = []
        for start in self.starts:
            times = [start] + [t for t in samples.times if start < t < start + 10**9]
            out.append(best(sum(samples.at(n, t) for n in names) for t in times))
        return out

    def redis(self):
        """What Redis holds, swapped out or not, in MiB."""
        return [v / MIB for v in self.of(("app_mem_bytes", "app_swap_bytes"), max)]

    def band(self, forecasts):
        """{column: (q50, q95)} of memory, MiB, as it was forecast up to 10 s before."""
        out = {}
        for stretch in bands(forecasts, "memory", self.run):
            for x, start in enumerate(self.starts):
                before = [p for p in stretch if p[0] < start + 10**9]
                if before and stretch[-1][0] >= start:
                    out[x] = tuple(q / MIB for q in before[-1][2:])
        return out

    def p99(self):
        """In ms, of the step that each second is in; 0 where nothing was asked."""
        out = []
        for start in self.starts:
            step = next(s for s in self.run.measured if s.start <= start < s.end)
            out.append(quantile(step.hist, 0.99) if step.hist else 0)
        return out

    def lent(self, dumped):
        """MiB that leases had freed, by the last look before each second's end."""
        sums = {}
        for time, kind, _, done in dumped:
            sums[time] = sums.get(time, 0) + (done / MIB if kind == "reclaim" else 0)
        looks = sorted(sums)
        out = []
        for start in self.starts:
            last = [t for t in looks if t < start + 10**9][-1:]
            out.append(sums[last[0]] if last else 0)
        return out

    def cores(self, leases):
        """A line where a lease of cores was in force."""
        return "".join(
            "━" if any(x["kind"] == "affinity" and x["begin_ns"] < start + 10**9
                       and (not x["end_ns"] or x["end_ns"] > start) for x in leases) else " "
            for start in self.starts)

    def axis(self):
        text = ""
        for x in range(0, self.count, 12):
            text = text.ljust(x) + f"{x} s"
        return " " * LABEL + text


def latency_rows(values):
    """Bars by the logarithm: 1 ms is nothing, 10 s two rows."""
    return chart([math.log10(max(v, 1)) for v in values], 4, 2)


def picture(title, run, top, told=None):
    """Lines. @top: MiB of the highest bar; @told: (forecasts, leases, dumped) of preswap."""
    seconds = Seconds(run)
    free = [v / 1024 for v in seconds.of(("mem_available_kib",), min)]
    forecasts, leases, dumped = told or ([], [], [])
    out = [title, ""]
    out += labelled(chart(seconds.redis(), top, 5, seconds.band(forecasts)),
                    {0: f"{top:.0f}", 1: "Redis,", 2: "MiB", 4: "0"})
    out += labelled(chart(free, top, 2), {0: "avail-", 1: "able"})
    if told:
        out += labelled(chart(seconds.lent(dumped), top, 2), {0: "freed,", 1: "leased"})
        cores = seconds.cores(leases)
        if cores.strip():
            out += labelled([cores], {0: "cores"})
    out += labelled(latency_rows(seconds.p99()), {0: "p99"})
    out += [seconds.axis()]
    return out


def pictures(without, with_, told):
    """Of both runs, to one scale. @told: (forecasts, leases, dumped) of preswap."""
    top = max([max(Seconds(run).redis()) for run in (without, with_)]
              + [high for _, high in Seconds(with_).band(told[0]).values()])
    top = 20 * math.ceil(top / 20)
    return (picture("Without preswap", without, top) + [""]
            + picture(f"With preswap ({BAND}: what it foresaw, 50 to 95 %)", with_, top, told)
            + ["", "p99 of requests, by its logarithm: nothing is 1 ms, two full lines are 10 s."])
