#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Some forecasts with their intervals beside what came, as SVG.

    picture.py SERIES_DIR FORECASTS.csv OUT.svg [NAME...]

The CSV is of preswap-eval; NAMEs are series, by default the folder's first four. A
series has a panel: its values from the first origin on, and for each origin the
forecast of 12 steps, at the time it is for: light 5 to 95 %, dark 25 to 75 %, a line
for the median.
"""
import csv
import os
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)),
                                os.pardir, "bench.d"))

from draw import Linear, Svg, tick_text  # noqa: E402 # after the path is set

HORIZON = 12
WIDTH, LEFT, RIGHT = 760, 70, 14
PANEL, GAP, TOP = 130, 44, 30


def read_series(path):
    with open(path, encoding="utf-8") as f:
        return [float(line) for line in f
                if line.strip() and not line.startswith("#")]


def read_forecasts(path):
    """{series: [(origin, {quantile: value})]}"""
    found = {}
    with open(path, encoding="utf-8", newline="") as f:
        for row in csv.DictReader(f):
            if row["method"] == "preswap" and int(row["horizon"]) == HORIZON:
                found.setdefault(row["series"], []).append(
                    (int(row["origin"]), {q: float(row[q]) for q in
                                          ("q5", "q25", "q50", "q75", "q95")}))
    return found


def draw_panel(svg, top, name, values, forecasts):
    """Time t, from 1, is values[t - 1]."""
    first = forecasts[0][0]
    most = max(values[first - 1:] + [q["q95"] for _, q in forecasts])
    x = Linear(first, len(values), LEFT, WIDTH - RIGHT)
    x.hi = len(values)
    y = Linear(0, most, top + PANEL, top, ticks=3)
    svg.text(LEFT, top - 8, name, bold=True)
    for value, _ in y.ticks():
        svg.line(LEFT, y(value), WIDTH - RIGHT, y(value), "grid")
        svg.text(LEFT - 6, y(value) + 4, tick_text(value), "end", 11, "soft")
    inside = 0
    for origin, q in forecasts:
        at, came = x(origin + HORIZON), values[origin + HORIZON - 1]
        inside += q["q5"] <= came <= q["q95"]
        note = f"{q['q5']:.4g} to {q['q95']:.4g}, came {came:.4g}"
        for low, high, opacity in (("q5", "q95", 0.25), ("q25", "q75", 0.5)):
            svg.box(at - 5, y(q[high]), 10, max(y(q[low]) - y(q[high]), 1),
                    "one", opacity, note)
        svg.line(at - 5, y(q["q50"]), at + 5, y(q["q50"]), "one", 2)
    svg.path([(x(t), y(values[t - 1])) for t in range(first, len(values) + 1)],
             "two", 1)
    svg.text(WIDTH - RIGHT, top - 8, f"{inside} of {len(forecasts)} inside",
             "end", 11, "soft")


def main():
    if len(sys.argv) < 4:
        sys.exit(__doc__)
    folder, table, out = sys.argv[1:4]
    forecasts = read_forecasts(table)
    names = sys.argv[4:] or sorted(forecasts)[:4]
    lost = [name for name in names if name not in forecasts]
    if lost or not names:
        sys.exit(f"picture.py: {table} has no forecasts of {', '.join(lost) or 'any series'}")
    svg = Svg(WIDTH, TOP + len(names) * (PANEL + GAP),
              f"Forecasts {HORIZON} steps ahead, and what came")
    for i, name in enumerate(names):
        draw_panel(svg, TOP + i * (PANEL + GAP), name,
                   read_series(os.path.join(folder, name)), forecasts[name])
    svg.save(out)


if __name__ == "__main__":
    main()
