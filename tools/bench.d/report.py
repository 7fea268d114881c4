#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""The tables of tools/bench outcome.

    report.py FILE.json [--rst] [--repeat OTHER.json]

FILE.json is what tools/bench outcome --json wrote: {"meta": ..., "runs": [...]}.
With --rst they are for Documentation/benchmarks.rst. The ranking's stability is
judged by the first and the second half of the seeds, or, with --repeat, by
another such file: the whole benchmark once more.
"""
import argparse
import json
import math
import signal
import sys
import textwrap

from stats import (LEVEL, Paired, Summary, holm, interval_rank, ranking,
                   ranking_stable)

WIDTH = 100
RST_WIDTH = 110
NOTHING = "nothing"
PRESWAP = "preswap"
SHUFFLED = "preswap-shuffled"
# no rival: the app with nobody beside it, how far the others can get
ALONE = "alone"

CLOCKS = {
    "virtual": "time is counted in instructions, whatever else the host "
               "does; where memory thrashes, the order of events still "
               "differs from run to run, which the rivals that did nothing "
               "show",
    "wall": "real time on an emulated machine; what else the host does shows",
}


class Column:
    """better: -1 less is, 1 more is, 0 neither is."""

    def __init__(self, title, under, key, better, scale=1.0, relative=False):
        self.title, self.under, self.key = title, under, key
        self.better, self.scale, self.relative = better, scale, relative


BURSTS = [Column(title, "in bursts", f"app_{name}_burst_ms", -1)
          for title, name in (("p50", "p50"), ("p99", "p99"),
                              ("p99.9", "p999"), ("worst", "worst"))]
BETWEEN = [Column("p99", "between", "app_p99_quiet_ms", -1)]
STEADY = [Column(title, "all the time", f"app_{name}_quiet_ms", -1)
          for title, name in (("p50", "p50"), ("p99", "p99"),
                              ("p99.9", "p999"), ("worst", "worst"))]
FELT = [
    Column("memory", "stalls, s", "psi_mem_some_all_ms", -1, 1e-3),
    Column("I/O", "stalls, s", "psi_io_some_all_ms", -1, 1e-3),
    Column("waits for", "a CPU, s", "psi_cpu_some_all_ms", -1, 1e-3),
    Column("major", "faults", "app_major_faults_all", -1),
]
BATCH = Column("batch work,", "% of nothing's", "batch_units_all_per_s", 1,
               100, relative=True)
BATCH_ALONE = Column("batch work,", "units/s", "batch_units_all_per_s", 1)
DONE = [
    Column("CPU of its", "own, %", "mechanism_cpu_all_pct", -1),
    Column("CPU of kernel", "threads, %", "kernel_cpu_pct", -1),
    Column("reclaimed,", "MiB", "reclaimed_mib", 0),
    Column("swapped", "out, MiB", "swapped_out_mib", 0),
    Column("refaulted,", "MiB", "refaulted_mib", -1),
]
LEASES = [
    Column("leases", "", "leases", 0),
    Column("false", "alarms", "false_alarms", -1),
    Column("leased", "between, %", "leased_memory_quiet_pct", -1),
    Column("held be-", "tween, MiB", "held_memory_quiet_mib", -1),
    Column("ahead,", "memory", "bursts_ahead_memory", 1),
    Column("stand-", "ing", "bursts_standing_memory", -1),
    Column("missed,", "memory", "bursts_missed_memory", -1),
    Column("lead,", "memory, s", "lead_memory_s_median", 0),
    Column("ahead,", "CPU", "bursts_ahead_cpu", 1),
    Column("missed,", "CPU", "bursts_missed_cpu", -1),
]
FORESEEN = [
    Column("likely,", "memory", "bursts_foreseen_memory", 1),
    Column("likely,", "CPU", "bursts_foreseen_cpu", 1),
    Column("possible,", "memory", "bursts_thought_possible_memory", 1),
    Column("possible,", "CPU", "bursts_thought_possible_cpu", 1),
    Column("inside,", "memory, %", "forecast_memory_inside_5_95_pct", 0),
    Column("inside,", "CPU, %", "forecast_cpu_inside_5_95_pct", 0),
    Column("loss of", "naive's", "forecast_loss_of_naive", -1),
    Column("rolled", "back", "leases_rolled_back", -1),
]


class Outcome:
    """The file's runs, by workload and clock."""

    def __init__(self, data):
        self.meta = data["meta"]
        self.runs = data["runs"]

    def parts(self):
        """[(workload, clock)], as they come."""
        return list(dict.fromkeys((r["workload"], r["clock"])
                                  for r in self.runs))

    def of(self, part):
        return [r for r in self.runs if (r["workload"], r["clock"]) == part]

    def rivals(self, part):
        """In the order of meta, where there; all that were asked for."""
        named = list(self.meta.get("rivals", ()))
        return named + [r for r in dict.fromkeys(
            run["rival"] for run in self.of(part)) if r not in named]

    def values(self, part, rival, key):
        """{seed: number or None} of the runs that ended."""
        return {r["seed"]: r["numbers"].get(key) for r in self.of(part)
                if r["rival"] == rival and "numbers" in r}

    def groups(self, part, key):
        """{rival: values} where there are any."""
        out = {rival: [v for v in self.values(part, rival, key).values()
                       if v is not None] for rival in self.rivals(part)}
        return {rival: values for rival, values in out.items() if values}

    def summary(self, part, rival, column):
        values = self.values(part, rival, column.key)
        if column.relative:
            out = Paired(values,
                         self.values(part, NOTHING, column.key)).ratios
        else:
            out = Summary(values.values())
        for name in ("median", "lo", "hi"):
            if out.n:
                setattr(out, name, getattr(out, name) * column.scale)
        return out

    def count(self, part, rival):
        return len(self.values(part, rival, ""))

    def skipped(self, part, rival):
        """Why it could not run, or None if it could."""
        for run in self.of(part):
            for word in ("skipped", "failed"):
                if run["rival"] == rival and word in run:
                    return run[word]
        return None

    def has_bursts(self, part):
        return bool(self.groups(part, "app_p99_burst_ms"))

    def main_column(self, part):
        key = self.about(part).get("main")
        if key:  # kind_KIND_QUANTILE_burst_ms
            _, kind, name, _, _ = key.split("_")
            return Column(f"{kind},", name, key, -1)
        return BURSTS[1] if self.has_bursts(part) else STEADY[1]

    def batch_column(self, part):
        return BATCH if self.count(part, NOTHING) else BATCH_ALONE

    def about(self, part):
        return self.meta.get("workloads", {}).get(part[0], {})


def competing(groups):
    """Of {rival: values} those that are rivals."""
    return {rival: values for rival, values in groups.items()
            if rival != ALONE}


def number(value, digits=3):
    """With so many significant digits: 0.931, 83.4, 1820, 12.5k."""
    if value is None:
        return "-"
    if math.isinf(value):
        return "inf"
    for unit, size in (("M", 1e6), ("k", 1e4)):
        if abs(value) >= size:
            size = {"M": 1e6, "k": 1e3}[unit]
            return number(value / size, digits) + unit
    if value == int(value) and abs(value) < 10 ** digits:
        return str(int(value))
    place = digits - 1 - math.floor(math.log10(abs(value)))
    text = f"{round(value, place):.{max(0, min(place, 3))}f}"
    return "0" if float(text) == 0 else text


def enclosed(summary):
    """The interval in brackets; a range that is none in parentheses; nothing
    where it has no width that three digits show."""
    lo, hi = number(summary.lo), number(summary.hi)
    if summary.n < 2 or lo == hi:
        return ""
    text = f"{lo} {hi}"
    return f"[{text}]" if summary.is_interval else f"({text})"


def best_of(summaries, better):
    """The best median, if it is any distinction."""
    medians = [s.median for s in summaries if s.n]
    if not better or len(set(medians)) < 2:
        return None
    return max(medians) if better > 0 else min(medians)


class Page:
    """Writes text: plain for a terminal, or reStructuredText."""

    def __init__(self, rst, out):
        self.rst, self.out = rst, out

    def line(self, text=""):
        print(text.rstrip(), file=self.out)

    def heading(self, text, mark):
        self.line()
        self.line(text)
        self.line(mark * len(text))
        self.line()

    def paragraph(self, text):
        if not self.rst:
            text = text.replace("**", "")
        for line in textwrap.wrap(text, 80 if self.rst else 96):
            self.line(line)
        self.line()

    def items(self, texts):
        mark = "* " if self.rst else "- "
        for text in texts:
            for line in textwrap.wrap(text, 80 if self.rst else 96,
                                      initial_indent=mark,
                                      subsequent_indent="  "):
                self.line(line)
        self.line()

    def mark(self, text):
        return f"**{text}**" if self.rst else f"*{text}"

    def table(self, heads, rows, gap=2):
        """heads: lists of the columns' titles, a list a line. rows: lists of
        cells, each a list of lines; or (name, text) across the table."""
        columns = len(heads[0])
        widths = [max(len(h[i]) for h in heads) for i in range(columns)]
        for row in rows:
            if isinstance(row, list):
                for i, cell in enumerate(row):
                    widths[i] = max([widths[i]] + [len(c) for c in cell])
            else:
                widths[0] = max(widths[0], len(row[0]))

        def put(cells):
            self.line((" " * gap).join(c.ljust(w)
                                       for c, w in zip(cells, widths)))

        rule = (" " * gap).join("=" * w for w in widths)
        if self.rst:
            self.line(rule)
        for head in heads:
            # an empty first cell would go on with the line above
            put([h or ("\\" if self.rst and i == 0 and head is heads[0]
                       else "") for i, h in enumerate(head)])
        self.line(rule if self.rst else "-" * len(rule))
        for row in rows:
            if isinstance(row, list):
                for i in range(max(map(len, row))):
                    put([c[i] if i < len(c) else "" for c in row])
                continue
            name, text = row
            room = len(rule) - widths[0] - gap
            for i, line in enumerate(textwrap.wrap(text, max(room, 40))):
                self.line(("" if i else name).ljust(widths[0] + gap) + line)
            if self.rst:
                self.line("-" * widths[0] + " " * gap + "-" * room)
        if self.rst:
            self.line(rule)
        self.line()


class Report:
    def __init__(self, outcome, page, repeat=None):
        self.outcome, self.page, self.repeat = outcome, page, repeat

    def cells(self, name, summaries, bests, stacked):
        row = [[name]]
        for summary, best in zip(summaries, bests):
            if not summary.n:
                row.append(["-"])
                continue
            text = number(summary.median)
            if name != ALONE and best is not None and summary.median == best:
                text = self.page.mark(text)
            inside = enclosed(summary)
            if stacked:
                row.append([text, inside])
            else:
                row.append([f"{text} {inside}".rstrip()])
        return row

    def fitted(self, heads, make_rows):
        """The widest of some layouts that fits the page."""
        for stacked, gap in ((False, 2), (False, 1), (True, 2)):
            rows = make_rows(stacked)
            lines = heads + [
                [max(cell, key=len) for cell in row] for row in rows
                if isinstance(row, list)]
            width = (sum(max(map(len, column)) for column in zip(*lines))
                     + gap * (len(heads[0]) - 1))
            if width <= (RST_WIDTH if self.page.rst else WIDTH):
                break
        self.page.table(heads, rows, gap)

    def block(self, part, columns, rivals, reasons=True):
        """A table: a row a rival, medians with intervals."""
        outcome = self.outcome
        columns = [c for c in columns if outcome.groups(part, c.key)]
        table = {r: [outcome.summary(part, r, c) for c in columns]
                 for r in rivals if outcome.count(part, r)}
        if not columns or not table:
            return False
        bests = [best_of([row[i] for r, row in table.items() if r != ALONE],
                         c.better) for i, c in enumerate(columns)]
        heads = [["rival"] + [c.title for c in columns],
                 [""] + [c.under for c in columns]]

        def make_rows(stacked):
            rows = []
            for rival in rivals:
                if rival in table:
                    rows.append(self.cells(rival, table[rival], bests,
                                           stacked))
                if reasons and (rival not in table
                                or outcome.skipped(part, rival)):
                    why = outcome.skipped(part, rival)
                    rows.append((rival, f"cannot run: {why}" if why
                                 else "not run yet"))
            return rows

        self.fitted(heads, make_rows)
        return True

    def counts(self, part):
        """How many runs, in words, and what encloses their median."""
        counts = {r: self.outcome.count(part, r)
                  for r in self.outcome.rivals(part)}
        counts = {r: n for r, n in counts.items() if n}
        if not counts:
            return "no runs"
        low, high = min(counts.values()), max(counts.values())
        coverage = interval_rank(high)[1] * 100
        text = f"n = {high}"
        if low != high:
            text += (" (but " + ", ".join(f"{r} {n}"
                                          for r, n in counts.items()
                                          if n != high) + ")")
        if high < 2:
            return text + ", what one run gave"
        if coverage < 100 * LEVEL:
            return (text + f", median (range; it covers {coverage:.1f} %: too "
                    "few runs for a 95 % interval)")
        return text + f", median [95 % interval, covers {coverage:.1f} %]"

    def caption(self, part):
        what = self.outcome.about(part).get("latency", "requests")
        return (f"**Latency** of {what}, ms; less is better. "
                f"{part[1].capitalize()} clock, {self.counts(part)}.")

    def tables(self, part):
        outcome, page = self.outcome, self.page
        rivals = outcome.rivals(part)
        page.paragraph(self.caption(part))
        columns = (BURSTS + BETWEEN if outcome.has_bursts(part) else STEADY)
        if not self.block(part, columns, rivals):
            page.items(f"{r}: " + (outcome.skipped(part, r) or "not run yet")
                       for r in rivals)
            return
        kinds = outcome.about(part).get("kinds", "").split()
        if kinds:
            page.paragraph("**By kind of request**, in bursts, ms; less is "
                           "better.")
            self.block(part, [
                Column(f"{kind},", word, f"kind_{kind}_{name}_burst_ms", -1)
                for kind in kinds for word, name in (
                    ("p50", "p50"), ("p99", "p99"), ("worst", "worst"))],
                rivals, reasons=False)
        self.notes(part, "errors_all", "of the load, requests failed:")
        units = outcome.about(part).get("units", "units")
        page.paragraph(
            "**What else the apps felt**, whole measured phase. Stalls, waits "
            "and faults of the protected app: less is better. Work of the "
            f"batch app ({units}): more is better.")
        self.block(part, FELT + [outcome.batch_column(part)], rivals,
                   reasons=False)
        self.notes(part, "batch_restarts",
                   "the batch app ended, and was started again:")
        page.paragraph(
            "**What the mechanism took and did**, whole measured phase, "
            "whole guest. CPU is in % of one CPU. Of CPU and refaults less "
            "is better; reclaim is a means.")
        self.block(part, DONE, rivals, reasons=False)
        self.own_words(part)

    def notes(self, part, key, what):
        """Of what should not be: who has how many."""
        texts = []
        for rival, values in self.outcome.groups(part, key).items():
            if any(values):
                s = Summary(values)
                texts.append(f"{rival}: {what} {number(s.median)} "
                             f"{enclosed(s)}".rstrip() + " times a run")
        if texts:
            self.page.items(texts)

    def own_words(self, part):
        """What the rivals said of themselves, which no column is for."""
        texts = []
        for rival in self.outcome.rivals(part):
            said = {}
            for run in self.outcome.of(part):
                if run["rival"] == rival and "numbers" in run:
                    for key, value in run["numbers"].items():
                        if key.startswith("rival_"):
                            said.setdefault(key[6:], []).append(value)
            words = [f"{name} {number(Summary(values).median)}"
                     for name, values in said.items()]
            if words:
                texts.append(f"{rival}: {', '.join(words)}")
        if texts:
            self.page.paragraph("What rivals counted themselves, in the "
                                "whole run (medians):")
            self.page.items(texts)

    def leases(self, part):
        outcome, page = self.outcome, self.page
        mine = [r for r in outcome.rivals(part)
                if outcome.groups(part, "leases").get(r)]
        if not mine:
            return
        bursts = number(Summary(
            outcome.groups(part, "bursts")[mine[0]]).median)
        page.paragraph(
            f"**What preswap did**, with {bursts} bursts a run. Of false "
            "alarms, of what is leased or held between bursts, of standing "
            "leases and missed bursts less is better.")
        self.block(part, LEASES, mine, reasons=False)
        page.paragraph(
            f"**What preswap foresaw**, of {bursts} bursts a run: more is "
            "better. Inside: 90 % is right. Of loss and roll-backs less is "
            "better.")
        self.block(part, FORESEEN, mine, reasons=False)

    def ratios(self, part, own, rivals):
        """One of preswap by each of the rivals, seed by seed."""
        outcome = self.outcome
        columns = [outcome.main_column(part), FELT[0], BATCH]
        if outcome.has_bursts(part):
            columns[1:1] = BETWEEN
        others = [r for r in rivals
                  if r not in (own, ALONE) and outcome.count(part, r)]
        if not others or not outcome.count(part, own):
            return
        pairs = {(r, c.key): Paired(outcome.values(part, own, c.key),
                                    outcome.values(part, r, c.key))
                 for r in others for c in columns}
        pairs = {k: p for k, p in pairs.items() if p.ratios.n}
        corrected = {}
        for c in columns:
            mine = [k for k in pairs if k[1] == c.key]
            corrected |= zip(mine, holm([pairs[k].p for k in mine]))
        heads = [[own, *(x for c in columns for x in (c.title, "p"))],
                 ["relative to", *(x for c in columns
                                   for x in (c.under.split(",")[0], ""))]]
        heads[0][-2], heads[1][-2] = "batch", "work"

        def make_rows(stacked):
            rows = []
            for rival in others:
                row = [[rival]]
                for c in columns:
                    pair = pairs.get((rival, c.key))
                    if not pair:
                        row += [["-"], [""]]
                        continue
                    s = pair.ratios
                    cell = [number(s.median), enclosed(s)]
                    row += [cell if stacked else [" ".join(cell).rstrip()],
                            [p_text(corrected[rival, c.key])]]
                rows.append(row)
            return rows

        self.page.paragraph(
            f"**{own}'s number divided by the rival's**, seed by seed. Of "
            "latency and stalls below 1 is better, of batch work above 1. " +
            (f"p is corrected for the {len(others)} rivals of a column; "
             if len(others) > 1 else "p: ") + "below .05 it is hardly chance.")
        self.fitted(heads, make_rows)

    def halves(self, part, key):
        """Two benchmarks' values: {rival: values} each; what they are."""
        if self.repeat:
            return (self.outcome.groups(part, key),
                    self.repeat.groups(part, key),
                    "the whole benchmark twice")
        seeds = sorted({r["seed"] for r in self.outcome.of(part)
                        if "numbers" in r})
        first = set(seeds[:len(seeds) // 2])
        out = ({}, {})
        if len(first) < 2:
            return (*out, "")
        for rival in self.outcome.rivals(part):
            for seed, v in self.outcome.values(part, rival, key).items():
                if v is not None:
                    out[seed not in first].setdefault(rival, []).append(v)
        text = (f"the first {len(first)} seeds and the other "
                f"{len(seeds) - len(first)}")
        return (*out, text + (", by ranges" if len(first) < 6 else ""))

    def ranking(self, part):
        texts = []
        columns = [self.outcome.main_column(part), BATCH]
        for column, name in zip(columns, ("p99 of latency" + (
                " in bursts" if self.outcome.has_bursts(part) else ""),
                "batch work")):
            groups = competing(self.outcome.groups(part, column.key))
            if len(groups) < 2 or min(map(len, groups.values())) < 2:
                continue
            places = {}
            for rank, rival, _ in ranking(groups, column.better < 0):
                places.setdefault(rank, []).append(rival)
            texts.append(f"By {name}: " + "; ".join(
                f"{rank}. {', '.join(names)}"
                for rank, names in places.items()) + ".")
            first, second, what = self.halves(part, column.key)
            if first and second:
                texts[-1] += " " + stability(ranking_stable(
                    competing(first), competing(second)), what)
        if texts:
            n = min(self.outcome.count(part, r)
                    for r in self.outcome.rivals(part)
                    if r != ALONE and self.outcome.count(part, r))
            self.page.paragraph("**Ranking**; rivals of one rank are no "
                                "different, by this measure." + (
                                    "" if interval_rank(n)[1] >= LEVEL else
                                    " It is by ranges, for want of runs: "
                                    "take it for a guess."))
            self.page.items(texts)

    def head(self):
        meta, page = self.outcome.meta, self.page
        if page.rst:
            page.line(".. SPDX-License-Identifier: GPL-2.0-or-later")
            page.line(".. made by tools/bench.d/report.py --rst")
            page.line()
        else:
            page.heading("preswap beside its rivals", "=")
        changed = " with changes" if meta.get("changed") else ""
        page.paragraph(
            f"Guests with Linux {meta.get('kernel', '?')} and "
            f"{meta.get('cpus', '?')} emulated CPUs; commit "
            f"{meta.get('commit', '?')}{changed}.")
        rivals = meta.get("rivals", {})
        if any(title != name for name, title in rivals.items()):
            page.paragraph("**Rivals**, in the tables' order:")
            page.items(f"{name}: {title}" for name, title in rivals.items())

    def how_to_read(self):
        page = self.page
        clocks = dict.fromkeys(clock for _, clock in self.outcome.parts())
        mark = "is in bold" if page.rst else "has a star"
        page.heading("How to read the tables", "-")
        page.items([
            *(f"{clock.capitalize()} clock: {CLOCKS[clock]}."
              for clock in clocks if clock in CLOCKS),
            "Each rival ran n times, the n-th time all with the same load "
            "(seed). A cell is the median of its runs; in brackets the exact "
            "95 % confidence interval of the median, from order statistics, "
            "which assumes nothing of how numbers are distributed. With "
            f"fewer than 6 runs, in parentheses, the range. Neither, where it "
            f"has no width. The best median of a column {mark}.",
            "Latency counts from when a request should have been sent. p99: "
            "99 of 100 were answered within this time. Worst: the slowest of "
            "a run. Requests that are due after a burst count as between, "
            "also while what the burst held up is still being answered.",
            "Stalls, waits (PSI): time in which some task of the protected "
            "app was held up for want of memory or I/O, or waited for a CPU. "
            "Major faults: its page faults that had to read.",
            "Batch work is relative to the run of the same seed with the "
            "rival \"nothing\".",
            "CPU of kernel threads: they work for whoever asks, so compare "
            "with \"nothing\". Reclaimed: from whomever, as the kernel "
            "counts; DAMON's own reclaim is not in it, but in what was "
            "swapped out. Refaulted: of what was reclaimed, wanted back.",
            "A lease is what preswap takes from the batch app for a burst. A "
            "false alarm is a lease that saw none. A burst was met ahead by "
            "a lease that began at most 20 s before it; standing, by one "
            "from longer ago, which foresaw nothing; else it was missed. "
            "Lead: how long ahead. Leased and held between: for how much of "
            "the time between bursts a lease of memory was in force, and "
            "how much it held on average. CPU: of those bursts in which both "
            "apps together used most of the CPUs; where there were none, no "
            "number.",
            "Likely, possible: bursts of which a forecast, made 2 s before, "
            "said at least half, by its median or by its 95 % point. "
            "Inside: how often the demand was "
            "between the 5 % and the 95 % point. Loss: error of the forecasts "
            "10 s ahead, relative to saying that all stays as it is.",
            "p: chance of so uneven a split of the pairs, were there no "
            "difference (sign test, Holm's correction).",
            "Rank: one more than the number of rivals that were clearly "
            "better: whose interval lies wholly on the better side.",
        ])

    def write(self):
        self.head()
        clocks = {clock for _, clock in self.outcome.parts()}
        for part in self.outcome.parts():
            title = self.outcome.about(part).get("title", "")
            name = part[0] + (f" ({part[1]} clock)" if len(clocks) > 1
                              else "")
            self.page.heading(f"{name}: {title}" if title else name, "-")
            self.tables(part)
            self.leases(part)
            self.ratios(part, PRESWAP, self.outcome.rivals(part))
            # what does no harm is no worse than nothing
            self.ratios(part, SHUFFLED, ["nothing"])
            self.ranking(part)
        self.how_to_read()


def p_text(p):
    return "<.001" if p < 0.001 else f"{p:.3f}".lstrip("0") if p < 1 else "1"


def stability(result, what):
    """What a repetition changed of the ranking, in words."""
    text = f"Repeated ({what}): "
    if result.same_order:
        text += f"none of {result.pairs} pairs changed its order"
    else:
        text += (f"{len(result.swaps)} of {result.pairs} pairs changed their "
                 "order: " + ", ".join(
                     f"{s.a} and {s.b} ({overlap_text(s)})"
                     for s in result.swaps))
    text += f"; {result.apart} pairs were apart both times."
    return text + (" No clear difference was reversed." if result.stable
                   else " So the ranking is NOT stable.")


def overlap_text(swap):
    if swap.first_overlap and swap.second_overlap:
        return "overlapping both times"
    if swap.clear:
        return "APART both times"
    return "APART the " + ("second" if swap.first_overlap else "first") + \
        " time"


def load(path):
    with open(path) as f:
        data = json.load(f)
    if not isinstance(data, dict) or not {"meta", "runs"} <= set(data):
        raise ValueError("no meta, or no runs")
    for run in data["runs"]:
        if not {"workload", "rival", "seed", "clock"} <= set(run) or not (
                {"numbers", "skipped", "failed"} & set(run)):
            raise ValueError(f"not a run: {str(run)[:80]}")
    return Outcome(data)


def main():
    parser = argparse.ArgumentParser(
        description="The tables of tools/bench outcome.")
    parser.add_argument("file", help="what tools/bench outcome --json wrote")
    parser.add_argument("--rst", action="store_true",
                        help="for Documentation/benchmarks.rst")
    parser.add_argument("--repeat", metavar="OTHER.json",
                        help="the whole benchmark once more: does it rank "
                        "the same?")
    args = parser.parse_args()
    try:
        outcome = load(args.file)
        repeat = load(args.repeat) if args.repeat else None
    except (OSError, ValueError) as error:
        print(f"report.py: {args.file}: {error}", file=sys.stderr)
        return 1
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    Report(outcome, Page(args.rst, sys.stdout), repeat).write()
    return 0


if __name__ == "__main__":
    sys.exit(main())
