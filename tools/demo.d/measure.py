# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers of one run of the demo, from the files that the guest left.

All times are CLOCK_BOOTTIME of the guest, in ns, unless the name says s.
"""
import bisect
import json
import math
import os
import statistics

MIB = 1 << 20


class Step:
    def __init__(self, index, name, start, length, planned_burst):
        self.index, self.name, self.start = index, name, start
        self.end = start + length
        self.burst = planned_burst
        self.requests = self.errors = self.bytes = 0
        self.max_ns = self.gap_ns = 0
        self.hist = {}


class Burst:
    """Burst steps in a row."""

    def __init__(self, steps):
        self.start, self.end = steps[0].start, steps[-1].end
        self.bytes = sum(s.bytes for s in steps)


def read_plan(path):
    with open(path) as f:
        rows = [line.split() for line in f if not line.startswith("#")]
    return [(float(load), burst == "1", name) for load, burst, name in rows]


def read_load(path, plan, step_ns):
    """The steps, as redis_load wrote them."""
    steps = []
    with open(path) as f:
        for line in f:
            word = line.split()
            if word[0] == "step":
                s = Step(int(word[1]), word[2], int(word[3]), step_ns,
                         plan[int(word[1])][1])
                (s.requests, s.errors, _, _, s.max_ns, s.gap_ns,
                 s.bytes) = map(int, word[4:11])
                steps.append(s)
            else:
                hist = steps[int(word[1])].hist
                ns, count = int(word[3]), int(word[4])
                hist[ns] = hist.get(ns, 0) + count
    if len(steps) != len(plan):
        raise ValueError(f"{path}: {len(steps)} of {len(plan)} steps")
    return steps


class Samples:
    """The table of watch; counters are interpolated between samples."""

    def __init__(self, path):
        with open(path) as f:
            names = f.readline().split()
            rows = [line.split() for line in f]
        rows = [r for r in rows if len(r) == len(names)]
        self.columns = {
            name: [math.nan if r[i] == "-" else float(r[i]) for r in rows]
            for i, name in enumerate(names)}
        self.times = self.columns["time_ns"]

    def at(self, name, time):
        values = self.columns[name]
        i = bisect.bisect_right(self.times, time)
        if i == 0:
            return values[0]
        if i == len(values):
            return values[-1]
        t0, t1 = self.times[i - 1], self.times[i]
        part = (time - t0) / (t1 - t0)
        return values[i - 1] + (values[i] - values[i - 1]) * part

    def grown(self, name, spans):
        return sum(self.at(name, end) - self.at(name, start)
                   for start, end in spans)

    def top(self, name, start, end):
        i = bisect.bisect_left(self.times, start)
        j = bisect.bisect_right(self.times, end)
        return max(self.columns[name][i:j] or [self.at(name, start)])


def enough_since(samples, burst):
    """Since when, before the burst, was there as much as it took; or None."""
    times = samples.times
    free = samples.columns["mem_available_kib"]
    i = bisect.bisect_right(times, burst.start) - 1
    since = None
    while i >= 0 and free[i] * 1024 >= burst.bytes:
        since = times[i]
        i -= 1
    return since


def quantile(hist, q):
    """Of a histogram {ns: count}, in ms; to 1 %."""
    total = sum(hist.values())
    want, seen = math.ceil(q * total), 0
    for ns in sorted(hist):
        seen += hist[ns]
        if seen >= want:
            return ns / 1e6
    return math.nan


def merged(steps):
    hist = {}
    for s in steps:
        for ns, count in s.hist.items():
            hist[ns] = hist.get(ns, 0) + count
    return hist


def spans_of(steps):
    return [(s.start, s.end) for s in steps]


def latencies(steps, where):
    hist = merged(steps)
    out = {f"redis_{name}_{where}_ms": quantile(hist, q)
           for name, q in (("p50", .5), ("p99", .99), ("p999", .999))}
    out[f"redis_worst_{where}_ms"] = max(s.max_ns for s in steps) / 1e6
    out[f"redis_gap_{where}_ms"] = max(s.gap_ns for s in steps) / 1e6
    out[f"requests_{where}"] = sum(s.requests for s in steps)
    out[f"errors_{where}"] = sum(s.errors for s in steps)
    return out


def pressures(samples, spans, where):
    """What the spans cost, and what the batch app got done in them."""
    seconds = sum(end - start for start, end in spans) / 1e9
    g = samples.grown
    out = {
        f"psi_mem_some_{where}_ms": g("redis_mem_some_us", spans) / 1e3,
        f"psi_mem_full_{where}_ms": g("redis_mem_full_us", spans) / 1e3,
        f"psi_cpu_some_{where}_ms": g("redis_cpu_some_us", spans) / 1e3,
        f"redis_major_faults_{where}": g("redis_majfault", spans),
        f"redis_cpu_{where}_pct": g("redis_cpu_us", spans) / seconds / 1e4,
        f"tools_cpu_{where}_pct": g("tools_cpu_us", spans) / seconds / 1e4,
    }
    units = g("batch_units", spans)
    if not math.isnan(units):
        out[f"batch_units_{where}_per_s"] = units / seconds
        out[f"batch_cpu_{where}_pct"] = (
            g("batch_cpu_us", spans) / seconds / 1e4)
    return out


def bursts_of(steps):
    """Bursts that lie in these steps, in order."""
    bursts, row = [], []
    for s in steps + [None]:
        if s and s.burst:
            row.append(s)
        elif row:
            bursts.append(Burst(row))
            row = []
    return bursts


class Run:
    """One guest: its folder, its steps, its samples."""

    def __init__(self, folder, step_ms):
        self.folder = folder
        plan = read_plan(os.path.join(folder, "plan"))
        self.steps = read_load(os.path.join(folder, "load.txt"), plan,
                               step_ms * 1000000)
        self.samples = Samples(os.path.join(folder, "samples.tsv"))
        self.measured = [s for s in self.steps if s.name == "measure"]
        self.bursts = bursts_of(self.measured)

    def numbers(self):
        burst = [s for s in self.measured if s.burst]
        quiet = [s for s in self.measured if not s.burst]
        whole = [(self.measured[0].start, self.measured[-1].end)]
        at = self.samples.at
        out = {"measured_s": (whole[0][1] - whole[0][0]) / 1e9,
               "bursts": len(self.bursts)}
        out |= latencies(burst, "burst") | latencies(quiet, "quiet")
        out |= pressures(self.samples, spans_of(burst), "burst")
        out |= pressures(self.samples, spans_of(quiet), "quiet")
        out |= pressures(self.samples, whole, "all")
        out["available_at_burst_median_mib"] = statistics.median(
            at("mem_available_kib", b.start) / 1024 for b in self.bursts)
        out["bursts_with_enough_available"] = sum(
            enough_since(self.samples, b) is not None for b in self.bursts)
        out["burst_need_median_mib"] = statistics.median(
            b.bytes / MIB for b in self.bursts)
        out["swap_used_max_mib"] = (
            max(self.samples.columns["swap_free_kib"])
            - min(self.samples.columns["swap_free_kib"])) / 1024
        out |= self.host_wait()
        return out

    def host_wait(self):
        """How long the guest's CPUs waited for the host's, of their time."""
        try:
            with open(os.path.join(self.folder, "host-wait.txt")) as f:
                ran_ms, waited_ms = map(float, f.read().split())
        except (OSError, ValueError):
            return {}
        return {"host_wait_pct": 100 * waited_ms / max(ran_ms + waited_ms, 1)}


def read_apps(folder):
    with open(os.path.join(folder, "apps.txt")) as f:
        return {name: int(number) for name, number in map(str.split, f)}


def read_leases(folder, receiver):
    """The last that was said of each real lease for this receiver."""
    leases, counts = {}, {}
    with open(os.path.join(folder, "events.jsonl")) as f:
        for line in f:
            if not line.endswith("\n"):
                break
            event = json.loads(line)
            lease = event.get("lease")
            counts[event["event"]] = counts.get(event["event"], 0) + 1
            if not lease or lease.get("receiver_id") != receiver:
                continue
            if lease.get("dry_run"):
                counts["dry-run"] = counts.get("dry-run", 0) + 1
                continue
            leases[lease["id"]] = lease
    return sorted(leases.values(), key=lambda x: x["begin_ns"]), counts


def read_forecasts(folder, app):
    """[(time, resource, horizon_ns, q50, q95)] of this app."""
    out, time = [], 0
    with open(os.path.join(folder, "dumps.txt")) as f:
        for line in f:
            if line.startswith("time "):
                time = int(line.split()[1])
                continue
            word = line.rstrip("\n").split("\t")
            if word[0] == "forecast" and int(word[1]) == app:
                made = time - int(word[3]) * 1000000
                out.append((made, word[2], int(word[5]) * 1000000,
                            int(word[8]), int(word[9])))
    return out


def read_dumped_leases(folder, receiver):
    """[(time, kind, amount, done)] of this receiver's leases in force.

    Each dump begins with one of kind None: there may be no leases in it.
    """
    out, time = [], 0
    with open(os.path.join(folder, "dumps.txt")) as f:
        for line in f:
            word = line.rstrip("\n").split("\t")
            if line.startswith("time "):
                time = int(line.split()[1])
                out.append((time, None, 0, 0))
            elif (word[0] == "lease" and int(word[4]) == receiver
                  and word[9] == "in-force" and word[10] == "0"):
                out.append((time, word[2], int(word[5]), int(word[6])))
    return out
