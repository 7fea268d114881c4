#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Pictures of tools/bench outcome, as SVG.

    draw.py FILE.json OUTDIR		a picture per workload and clock
    draw.py --run FOLDER OUT.svg	a timeline of one run's measured phase

Colours and background follow what the reader's system prefers, light or dark.
"""
import argparse
import math
import os
import sys
from xml.sax.saxutils import escape

import report
import results
import stats
from results import MIB

FONT = "system-ui, 'DejaVu Sans', Helvetica, Arial, sans-serif"
# Okabe and Ito's, which all can tell apart
STYLE = """
svg { --back: #ffffff; --ink: #1b1b1b; --soft: #5c5c5c; --grid: #dcdcdc;
  --one: #0072b2; --two: #d55e00; --three: #009e73; --shade: #f0e8d8; }
@media (prefers-color-scheme: dark) {
  svg { --back: #16181c; --ink: #ececec; --soft: #a8a8a8; --grid: #3a3d42;
    --one: #56b4e9; --two: #ff8c42; --three: #2fc79b; --shade: #33302a; }
}
"""
# What does not know variables (some converters) takes the light ones.
LIGHT = {"back": "#ffffff", "ink": "#1b1b1b", "soft": "#5c5c5c",
         "grid": "#dcdcdc", "one": "#0072b2", "two": "#d55e00",
         "three": "#009e73", "shade": "#f0e8d8"}


class Svg:
    """A picture, written piece by piece. Colours are names of STYLE."""

    def __init__(self, width, height, title):
        self.width, self.height, self.title = width, height, title
        self.parts, self.used = [], set()

    def add(self, tag, content=None, **attributes):
        text = "".join(f' {k.replace("_", "-")}="{escape(str(v), QUOTE)}"'
                       for k, v in attributes.items() if v is not None)
        self.parts.append(f"<{tag}{text}/>" if content is None
                          else f"<{tag}{text}>{content}</{tag}>")

    def colour(self, name, what):
        """A class for the style, and a plain attribute for who has none."""
        if name is None:
            return {}
        self.used.add((name, what))
        return {"class": f"{what}-{name}", what: LIGHT[name]}

    def line(self, x1, y1, x2, y2, colour="ink", width=1.0, dash=None):
        self.add("line", x1=rnd(x1), y1=rnd(y1), x2=rnd(x2), y2=rnd(y2),
                 stroke_width=width, stroke_dasharray=dash,
                 **self.colour(colour, "stroke"))

    def box(self, x, y, width, height, colour, opacity=None, note=None):
        content = f"<title>{escape(note)}</title>" if note else None
        self.add("rect", content, x=rnd(x), y=rnd(y), width=rnd(width),
                 height=rnd(height), fill_opacity=opacity,
                 **self.colour(colour, "fill"))

    def dot(self, x, y, radius, colour, opacity=None):
        self.add("circle", cx=rnd(x), cy=rnd(y), r=radius,
                 fill_opacity=opacity, **self.colour(colour, "fill"))

    def path(self, points, colour, width=1.5):
        if len(points) > 1:
            self.add("polyline", points=listed(points), fill="none",
                     stroke_width=width, stroke_linejoin="round",
                     **self.colour(colour, "stroke"))

    def area(self, points, colour, opacity):
        self.add("polygon", points=listed(points), fill_opacity=opacity,
                 **self.colour(colour, "fill"))

    def text(self, x, y, text, anchor="start", size=12, colour="ink",
             bold=False):
        self.add("text", escape(text), x=rnd(x), y=rnd(y), font_size=size,
                 text_anchor=anchor, font_weight="bold" if bold else None,
                 **self.colour(colour, "fill"))

    def save(self, path):
        classes = "".join(f".{what}-{name} {{ {what}: var(--{name}); }}\n"
                          for name, what in sorted(self.used))
        new = f"{path}.new"
        with open(new, "w", encoding="utf-8") as f:
            f.write("<!-- SPDX-License-Identifier: GPL-2.0-or-later -->\n")
            f.write(f'<svg xmlns="http://www.w3.org/2000/svg" '
                    f'viewBox="0 0 {self.width} {self.height}" '
                    f'width="{self.width}" height="{self.height}" '
                    f'font-family="{escape(FONT, QUOTE)}" role="img">\n'
                    f"<title>{escape(self.title)}</title>\n"
                    f"<style>{STYLE}.fill-back {{ fill: var(--back); }}\n"
                    f"{classes}</style>\n"
                    f'<rect width="{self.width}" height="{self.height}" '
                    f'fill="{LIGHT["back"]}" class="fill-back"/>\n')
            f.write("\n".join(self.parts))
            f.write("\n</svg>\n")
        os.replace(new, path)


QUOTE = {'"': "&quot;"}


def rnd(value):
    return f"{value:.1f}".removesuffix(".0")


def listed(points):
    return " ".join(f"{rnd(x)},{rnd(y)}" for x, y in points)


class Linear:
    """From numbers to places: lo at a, hi at b."""

    def __init__(self, lo, hi, a, b, ticks=5):
        step = nice_step((hi - lo) / ticks if hi > lo else 1)
        self.lo, self.hi = lo, max(math.ceil(hi / step) * step, lo + step)
        self.a, self.b, self.step = a, b, step

    def __call__(self, value):
        part = (value - self.lo) / (self.hi - self.lo)
        return self.a + (self.b - self.a) * min(max(part, 0), 1)

    def ticks(self):
        first = math.ceil(self.lo / self.step)
        last = math.floor(self.hi / self.step + 1e-9)
        return [(i * self.step, True) for i in range(first, last + 1)]


class Log:
    """The same for logarithms; whole powers of ten have ticks with numbers,
    or, where there is less than two of them, 1, 2 and 5."""

    def __init__(self, lo, hi, a, b):
        self.lo, self.hi = math.log10(lo), math.log10(hi)
        if self.hi - self.lo < 0.7:
            self.lo, self.hi = self.lo - 0.3, self.hi + 0.3
        else:
            # not all the way to the next power of ten
            self.lo, self.hi = self.lo - 0.1, self.hi + 0.1
        self.a, self.b = a, b

    def __call__(self, value):
        part = ((math.log10(value) - self.lo) / (self.hi - self.lo)
                if value > 0 else 0)
        return self.a + (self.b - self.a) * min(max(part, 0), 1)

    def ticks(self):
        out = []
        for power in range(math.floor(self.lo), math.ceil(self.hi) + 1):
            for digit in range(1, 10):
                if self.lo <= power + math.log10(digit) <= self.hi:
                    named = digit == 1 or (self.hi - self.lo < 2.5
                                           and digit in (2, 5))
                    out.append((digit * 10.0 ** power, named))
        return out


def nice_step(rough):
    power = 10 ** math.floor(math.log10(rough))
    for digit in (1, 2, 5):
        if rough <= digit * power:
            return digit * power
    return 10 * power


def tick_text(value):
    return f"{value:g}" if abs(value) < 1e5 else f"{value / 1e6:g}M"


# A workload's picture: two panels with a row per rival.

ROW = 30
LEFT = 118
PANEL = 350
GAP = 40


def panel(svg, x, top, rows, scale, label):
    """The frame: a grid, ticks, and what the axis is of."""
    bottom = top + rows * ROW
    for value, named in scale.ticks():
        svg.line(scale(value), top, scale(value), bottom, "grid",
                 1 if named else 0.5)
        if named:
            svg.text(scale(value), bottom + 16, tick_text(value), "middle",
                     11, "soft")
    svg.line(x, bottom, x + PANEL, bottom, "soft")
    svg.text(x + PANEL / 2, bottom + 36, label, "middle", 12)


def whiskers(svg, scale, y, summary, values, colour):
    for value in values:
        svg.dot(scale(value), y, 2, "soft", 0.55)
    if summary.n > 1:
        lo, hi = scale(summary.lo), scale(summary.hi)
        svg.line(lo, y, hi, y, colour, 2)
        for x in (lo, hi):
            svg.line(x, y - 6, x, y + 6, colour, 2)
    svg.dot(scale(summary.median), y, 5, colour)


def scale_of(values, log, x):
    if log and min(values) > 0:
        return Log(min(values), max(values), x, x + PANEL)
    return Linear(0, max(values), x, x + PANEL)


def draw_workload(outcome, part, path):
    rivals = outcome.rivals(part)
    columns = [outcome.main_column(part), outcome.batch_column(part)]
    about = outcome.about(part)
    bursts = " in bursts" if outcome.has_bursts(part) else ""
    labels = [f"p99 latency{bursts}, ms (log; left is better)",
              f"batch work, {columns[1].under} (right is better)"]
    width = LEFT + 2 * PANEL + GAP + 24
    top = 62
    svg = Svg(width, top + len(rivals) * ROW + 84,
              f"{part[0]}: p99 latency and batch work by rival")
    svg.text(16, 24, f"{part[0]}: {about.get('title', '')}".rstrip(": "),
             size=15, bold=True)
    most = max([outcome.count(part, r) for r in rivals] + [0])
    svg.text(16, 44, f"{part[1]} clock, n = {most} run{'s' * (most > 1)} each", size=12,
             colour="soft")
    drawn = False
    for at, (column, label) in enumerate(zip(columns, labels)):
        x = LEFT + at * (PANEL + GAP)
        shown = {r: s for r in rivals
                 if (s := outcome.summary(part, r, column)).n}
        if not shown:
            continue
        drawn = True
        single = {r: one_by_one(outcome, part, r, column) for r in shown}
        values = [v for r in shown for v in single[r]]
        scale = scale_of(values, not at, x)
        panel(svg, x, top, len(rivals), scale, label)
        for row, rival in enumerate(rivals):
            y = top + row * ROW + ROW / 2
            mine = rival.startswith(report.PRESWAP)
            if rival in shown:
                whiskers(svg, scale, y, shown[rival], single[rival],
                         "two" if mine else "one")
            elif not at:
                svg.text(x + 8, y + 4, "cannot run" if
                         outcome.skipped(part, rival) else "not run",
                         size=11, colour="soft")
    if not drawn:
        return False
    for row, rival in enumerate(rivals):
        svg.text(LEFT - 12, top + row * ROW + ROW / 2 + 4, rival, "end",
                 bold=rival == report.PRESWAP)
    svg.text(16, svg.height - 14,
             "large dot: median; whiskers: " + (
                 "95 % confidence interval of the median" if
                 stats.interval_rank(most)[1] >= stats.LEVEL else
                 "the range (too few runs for an interval)")
             + "; small dots: single runs", size=11, colour="soft")
    svg.save(path)
    return True


def one_by_one(outcome, part, rival, column):
    """A column's numbers, run by run, as its summary has them."""
    values = outcome.values(part, rival, column.key)
    if column.relative:
        other = outcome.values(part, report.NOTHING, column.key)
        values = {s: stats.ratio(v, other[s]) for s, v in values.items()
                  if v is not None and other.get(s) is not None}
    return [v * column.scale for v in values.values() if v is not None]


# One run's timeline.

TIME_WIDTH = 880
TIME_LEFT = 70


class Timeline:
    """Panels above each other, with one time axis, in s from the start of
    the measured phase."""

    def __init__(self, run, title, height):
        self.run = run
        self.svg = Svg(TIME_LEFT + TIME_WIDTH + 20, height, title)
        self.svg.text(16, 24, title, size=15, bold=True)
        self.seconds = (run.end - run.start) / 1e9
        self.x = Linear(0, self.seconds, TIME_LEFT, TIME_LEFT + TIME_WIDTH,
                        10)
        self.x.hi = self.seconds

    def at(self, ns):
        return self.x((ns - self.run.start) / 1e9)

    def frame(self, top, height, label, scale=None):
        svg = self.svg
        for burst in self.run.bursts:
            svg.box(self.at(burst.start), top,
                    self.at(burst.end) - self.at(burst.start), height,
                    "shade")
        for value, named in scale.ticks() if scale else ():
            svg.line(TIME_LEFT, scale(value), TIME_LEFT + TIME_WIDTH,
                     scale(value), "grid", 1 if named else 0.4)
            if named:
                svg.text(TIME_LEFT - 6, scale(value) + 4, tick_text(value),
                         "end", 11, "soft")
        svg.line(TIME_LEFT, top + height, TIME_LEFT + TIME_WIDTH,
                 top + height, "soft")
        svg.text(TIME_LEFT, top - 8, label, size=12)

    def legend(self, top, items, opacity=0.35):
        x = TIME_LEFT + TIME_WIDTH
        for text, colour, kind in reversed(items):
            x -= 7 * len(text)
            self.svg.text(x, top - 8, text, size=11, colour="soft")
            if kind == "line":
                self.svg.line(x - 20, top - 12, x - 5, top - 12, colour, 2)
            else:
                self.svg.box(x - 20, top - 17, 15, 10, colour, opacity)
            x -= 34

    def time_axis(self, top):
        for value, _ in self.x.ticks():
            self.svg.line(self.x(value), top, self.x(value), top + 4, "soft")
            self.svg.text(self.x(value), top + 17, tick_text(value),
                          "middle", 11, "soft")
        self.svg.text(TIME_LEFT + TIME_WIDTH / 2, top + 36,
                      f"{self.clock()}s since the measured phase began; "
                      "bursts are shaded", "middle")

    def clock(self):
        conf = results.read_conf(self.run.path("conf"))
        return "virtual " if conf.get("CLOCK") == "virtual" else ""


def series(timeline, values, scale):
    return [(timeline.at(t), scale(v)) for t, v in values
            if v is not None and not math.isnan(v)]


def bands(forecasts, resource, run):
    """[[(target time, q05, q50, q95)]]: of forecasts some 10 s ahead, in
    stretches; where none was made, there is none."""
    points = {}
    for made, what, horizon, q50, q95, q05 in forecasts:
        target = made + horizon
        if what == resource and run.start <= target <= run.end:
            # the longest horizon that leases are made from says most
            if horizon <= results.FORECAST_NEAR_NS:
                second = round(target / 1e9)
                if horizon >= points.get(second, (0,))[0]:
                    points[second] = (horizon, target, q05, q50, q95)
    out, last = [], None
    for _, target, q05, q50, q95 in sorted(points.values(),
                                           key=lambda p: p[1]):
        if last is None or target - last > 2.5e9:
            out.append([])
        out[-1].append((target, q05, q50, q95))
        last = target
    return out


def draw_band(timeline, stretches, scale, factor):
    for stretch in stretches:
        if len(stretch) < 2:
            target, q05, _, q95 = stretch[0]
            x = timeline.at(target)
            timeline.svg.line(x, scale(q05 * factor), x, scale(q95 * factor),
                              "two", 1)
            continue
        upper = [(timeline.at(t), scale(q95 * factor))
                 for t, _, _, q95 in stretch]
        lower = [(timeline.at(t), scale(q05 * factor))
                 for t, q05, _, _ in stretch]
        timeline.svg.area(upper + lower[::-1], "two", 0.25)
        timeline.svg.path([(timeline.at(t), scale(q50 * factor))
                           for t, _, q50, _ in stretch], "two", 1)


def highest(stretches, factor):
    return [q95 * factor for stretch in stretches
            for _, _, _, q95 in stretch]


def draw_memory(timeline, top, height, stretches):
    run = timeline.run
    samples = run.samples
    times = [t for t in samples.times if run.start <= t <= run.end]
    held = [(t, samples.at("app_mem_bytes", t) / MIB) for t in times]
    free = [(t, samples.at("mem_available_kib", t) / 1024) for t in times]
    scale = Linear(0, max([v for _, v in held + free]
                          + highest(stretches, 1 / MIB)), top + height, top)
    timeline.frame(top, height, "memory, MiB", scale)
    draw_band(timeline, stretches, scale, 1 / MIB)
    timeline.svg.path(series(timeline, free, scale), "three")
    timeline.svg.path(series(timeline, held, scale), "one", 2)
    items = [("the app's", "one", "line"), ("available", "three", "line")]
    if stretches:
        items.append(("forecast up to 10 s ahead, 5 to 95 %", "two",
                      "box"))
    timeline.legend(top, items)


def draw_cpu(timeline, top, height, stretches):
    run = timeline.run
    times = [t for t in run.samples.times if run.start <= t <= run.end]
    used = [(t, results.demand(run.samples, "cpu", t) / 1e3) for t in times]
    scale = Linear(0, max([v for _, v in used if not math.isnan(v)]
                          + highest(stretches, 1e-3)), top + height, top, 3)
    timeline.frame(top, height, "the app's CPU, CPUs", scale)
    draw_band(timeline, stretches, scale, 1e-3)
    timeline.svg.path(series(timeline, used, scale), "one", 2)


def draw_leases(timeline, top, leases):
    """A bar a lease, from its begin to its end; the overlapping ones of a
    kind lie below each other. Returns the height."""
    run, svg = timeline.run, timeline.svg
    rows = []
    for kind, name in (("reclaim", "memory"), ("affinity", "CPU")):
        free_at = []
        for lease in leases:
            if lease["kind"] != kind:
                continue
            begin = max(lease["begin_ns"], run.start)
            end = min(lease["end_ns"] or run.end, run.end)
            if end <= begin:
                continue
            lane = next((i for i, t in enumerate(free_at) if t <= begin),
                        len(free_at))
            free_at[lane:lane + 1] = [end]
            rows.append((kind, name, lane, begin, end, lease))
    lanes = {kind: 1 + max([r[2] for r in rows if r[0] == kind] + [0])
             for kind in ("reclaim", "affinity")}
    height = 14 * sum(lanes.values()) + 10
    timeline.frame(top, height, "leases for the app")
    for base, kind, name in ((0, "reclaim", "memory"),
                             (lanes["reclaim"], "affinity", "CPU")):
        y = top + 6 + 14 * base
        svg.text(TIME_LEFT - 6, y + 10, name, "end", 11, "soft")
        for _, _, lane, begin, end, lease in (r for r in rows
                                              if r[0] == kind):
            amount = (f"{lease['amount_bytes'] / MIB:.0f} MiB"
                      if kind == "reclaim" else
                      f"{lease['amount_milli'] / 1000:g} CPU")
            svg.box(timeline.at(begin), y + 14 * lane,
                    max(timeline.at(end) - timeline.at(begin), 1.5), 11,
                    "one" if lease["reason"] == "forecast" else "two", 0.8,
                    f"{amount} ({lease['reason']}), {lease['state']}")
    timeline.legend(top, [("of a forecast", "one", "box"),
                          ("of a trend", "two", "box")], 0.8)
    return height


def draw_latency(timeline, top, height):
    """The worst and p99 of each step."""
    steps = timeline.run.measured
    worst = [s.max_ns / 1e6 for s in steps if s.max_ns]
    if not worst:
        return
    p99 = [(s, results.quantile(s.hist, .99)) for s in steps if s.hist]
    scale = Log(min([v for _, v in p99] + worst), max(worst), top + height,
                top)
    timeline.frame(top, height, "latency of a step's requests, ms", scale)
    floor = top + height
    for s in steps:
        x, end = timeline.at(s.start), timeline.at(s.end)
        if s.max_ns:
            y = scale(s.max_ns / 1e6)
            timeline.svg.box(x + 0.5, y, end - x - 1, floor - y, "one", 0.35,
                             f"worst {s.max_ns / 1e6:.1f} ms")
    for s, value in p99:
        timeline.svg.line(timeline.at(s.start) + 0.5, scale(value),
                          timeline.at(s.end) - 0.5, scale(value), "two", 2)
    timeline.legend(top, [("worst", "one", "box"), ("p99", "two", "line")])


def draw_run(folder, path):
    conf, step_ms, rival = results.check_conf(folder)
    run = results.Run(folder, step_ms)
    leases, forecasts = [], []
    preswap = rival.startswith(report.PRESWAP)
    if preswap:
        app = results.read_apps(folder)["app"]
        leases, _ = results.read_leases(folder, app)
        forecasts = results.read_forecasts(folder, app)
    timeline = Timeline(run, f"{conf.get('WORKLOAD', '')} with {rival}, seed "
                        f"{conf.get('SEED', '?')}", 0)
    top = 66
    draw_memory(timeline, top, 150, bands(forecasts, "memory", run))
    top += 150 + 36
    draw_cpu(timeline, top, 80, bands(forecasts, "cpu", run))
    top += 80 + 36
    if preswap:
        top += draw_leases(timeline, top, leases) + 36
    draw_latency(timeline, top, 120)
    top += 120
    timeline.time_axis(top)
    timeline.svg.height = round(top + 50)
    timeline.svg.save(path)


def file_name(part, clocks):
    return part[0] + (f"-{part[1]}" if len(clocks) > 1 else "") + ".svg"


def main():
    parser = argparse.ArgumentParser(
        description="Pictures of tools/bench outcome, as SVG.")
    parser.add_argument("--run", action="store_true",
                        help="a timeline of one run: FROM is its folder, TO "
                        "an SVG file")
    parser.add_argument("source", metavar="FROM",
                        help="what tools/bench outcome --json wrote")
    parser.add_argument("target", metavar="TO", help="a folder")
    args = parser.parse_args()
    try:
        if args.run:
            draw_run(args.source, args.target)
            return 0
        outcome = report.load(args.source)
    except (OSError, ValueError) as error:
        print(f"draw.py: {args.source}: {error}", file=sys.stderr)
        return 1
    os.makedirs(args.target, exist_ok=True)
    parts = outcome.parts()
    clocks = {clock for _, clock in parts}
    for part in parts:
        path = os.path.join(args.target, file_name(part, clocks))
        if draw_workload(outcome, part, path):
            print(path)
    return 0


if __name__ == "__main__":
    sys.exit(main())
