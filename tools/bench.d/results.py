#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers of one run, from the files that the guest left in its folder.

    results.py FOLDER

prints them as JSON. Keys end in their unit; a number that cannot be is null:
there were no bursts, or the rival holds no leases. All is of the measured
phase, unless the key says else. Times are CLOCK_BOOTTIME of the guest, in ns.
tools/bench.d/inside says what the files are.
"""
import bisect
import json
import math
import os
import shlex
import statistics
import sys

# Raised when a number changes its meaning: what was read before is then void.
MEANING = 1

MIB = 1 << 20
PAGE = 4096
FORECAST_OLD_NS = 10e9
# What is reported as foreseen was forecast this long before the burst.
FORESEEN_S = 2
# Forecasts this far ahead are what leases are made from.
FORECAST_NEAR_NS = 10e9
# A lease that began earlier is not for the burst that it covers: it stands.
STANDING_NS = 20e9
# CPUs are short when the two apps use this share of them, as by preswap's default
CPU_SHORT = 0.8
# kernel_threads names them without what follows a slash or a digit
KERNEL_THREADS = ("kworker", "kdamond", "kswapd")


class Damaged(ValueError):
    """The folder does not hold what a complete run leaves."""


class Step:
    def __init__(self, index, name, start, length, planned_burst):
        self.index, self.name, self.start = index, name, start
        self.end = start + length
        self.burst = planned_burst
        self.requests = self.errors = self.bytes = 0
        self.max_ns = self.gap_ns = 0
        self.hist = {}
        self.kinds = {}
        self.due = None  # when its burst begins, if within it


class Burst:
    """Burst steps in a row."""

    def __init__(self, steps):
        self.start = steps[0].due or steps[0].start
        self.end = steps[-1].end
        self.bytes = sum(s.bytes for s in steps)


def lines_of(path, whole=True):
    """Its lines; without a last one that was cut short, unless whole."""
    try:
        with open(path) as f:
            text = f.read()
    except FileNotFoundError:
        raise Damaged(f"{path} is missing") from None
    return text.splitlines() if whole else text.split("\n")[:-1]


def parsed(path, parse, whole=True):
    """What parse makes of each line; says which one it cannot read."""
    out = []
    for number, line in enumerate(lines_of(path, whole), 1):
        try:
            out.append(parse(line))
        except (ValueError, IndexError, KeyError, TypeError,
                AttributeError) as error:
            raise Damaged(f"{path}:{number}: {error}: {line[:60]!r}") from None
    return out


def read_plan(path):
    def parse(line):
        load, burst, name = line.split()
        return float(load), burst == "1", name

    plan = parsed(path, parse)
    if not plan:
        raise Damaged(f"{path} is empty")
    return plan


def read_load(path, plan, step_ns):
    """The steps, as tools/load/loadplan.h says."""
    steps = []

    def parse(line):
        word = line.split()
        if word[0] == "step":
            i = int(word[1])
            if i != len(steps):
                raise ValueError(f"step {len(steps)} expected")
            s = Step(i, word[2], int(word[3]), step_ns, plan[i][1])
            (s.requests, s.errors, _, _, s.max_ns, s.gap_ns,
             s.bytes) = map(int, word[4:11])
            steps.append(s)
        elif word[0] == "hist":
            hist = steps[int(word[1])].hist
            ns, count = int(word[3]), int(word[4])
            hist[ns] = hist.get(ns, 0) + count
            kind = steps[int(word[1])].kinds.setdefault(word[2], {})
            kind[ns] = kind.get(ns, 0) + count
        elif word[0] == "due":
            steps[int(word[1])].due = int(word[2])
        else:
            raise ValueError("neither step nor hist")

    parsed(path, parse)
    if len(steps) != len(plan):
        raise Damaged(f"{path}: {len(steps)} of {len(plan)} steps")
    for s in steps:
        answers = sum(s.hist.values())
        if not s.requests - s.errors <= answers <= s.requests:
            raise Damaged(f"{path}: step {s.index} has {s.requests} requests, "
                          f"{s.errors} errors, {answers} answers")
    return steps


class Samples:
    """The table of watch; values are interpolated between samples."""

    def __init__(self, path):
        rows = [line.split() for line in lines_of(path)]
        if len(rows) < 4:
            raise Damaged(f"{path}: no samples")
        names, rows = rows[0], rows[1:]
        # the last line may have been cut short
        if len(rows[-1]) != len(names):
            rows.pop()
        for number, row in enumerate(rows, 2):
            if len(row) != len(names):
                raise Damaged(f"{path}:{number}: {len(row)} of {len(names)} "
                              "columns")
        try:
            self.columns = {
                name: [math.nan if r[i] == "-" else float(r[i]) for r in rows]
                for i, name in enumerate(names)}
        except ValueError as error:
            raise Damaged(f"{path}: {error}") from None
        if "time_ns" not in self.columns:
            raise Damaged(f"{path}: no column time_ns")
        self.times = self.columns["time_ns"]
        self.counters = {}

    def has(self, name):
        return not all(map(math.isnan, self.columns.get(name, ())))

    def between(self, values, time):
        i = bisect.bisect_right(self.times, time)
        if i == 0:
            return values[0]
        if i == len(values):
            return values[-1]
        t0, t1 = self.times[i - 1], self.times[i]
        part = (time - t0) / (t1 - t0)
        return values[i - 1] + (values[i] - values[i - 1]) * part

    def at(self, name, time):
        if name not in self.columns:
            return math.nan
        return self.between(self.columns[name], time)

    def counter(self, name):
        """A column that only grows: who counts may have been started anew,
        from nothing, and its file may have been away for a while."""
        if name not in self.counters:
            total, last, out = 0, None, []
            for value in self.columns[name]:
                if not math.isnan(value):
                    if last is not None:
                        total += value - last if value >= last else value
                    last = value
                out.append(total)
            self.counters[name] = out
        return self.counters[name]

    def grown(self, name, spans):
        if not self.has(name):
            return math.nan
        values = self.counter(name)
        return sum(self.between(values, end) - self.between(values, start)
                   for start, end in spans)

    def top(self, name, start, end):
        if name not in self.columns:
            return math.nan
        i = bisect.bisect_left(self.times, start)
        j = bisect.bisect_right(self.times, end)
        return max(self.columns[name][i:j] or [self.at(name, start)])

    def longest_gap(self, start, end):
        times = [t for t in self.times if start <= t <= end]
        return max((b - a for a, b in zip(times, times[1:])), default=math.nan)


def read_pairs(path):
    """{name: number} of lines NAME NUMBER."""
    def parse(line):
        name, number = line.split()
        return name, float(number)

    return dict(parsed(path, parse))


def read_conf(path):
    """A shell file of plain assignments."""
    def parse(line):
        name, _, value = line.partition("=")
        return name, " ".join(shlex.split(value))

    return dict(parsed(path, parse))


def enough_since(samples, burst, need=None):
    """Since when, before the burst, was there as much as it took; or None."""
    times = samples.times
    free = samples.columns["mem_available_kib"]
    need = burst.bytes if need is None else need
    i = bisect.bisect_right(times, burst.start) - 1
    since = None
    while i >= 0 and free[i] * 1024 >= need:
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
    # of fewer than a thousand there is no 99.9 % quantile but the worst
    out = {f"app_{name}_{where}_ms":
           quantile(hist, q) if sum(hist.values()) >= least else math.nan
           for name, q, least in (("p50", .5, 1), ("p99", .99, 100),
                                  ("p999", .999, 1000))}
    for name, values in (("worst", [s.max_ns for s in steps]),
                         ("gap", [s.gap_ns for s in steps])):
        out[f"app_{name}_{where}_ms"] = max(values, default=math.nan) / 1e6
    out[f"requests_{where}"] = sum(s.requests for s in steps)
    out[f"errors_{where}"] = sum(s.errors for s in steps)
    return out


def by_kind(steps, where):
    """Latencies of each kind of request; its worst is to 1 %."""
    kinds = {}
    for s in steps:
        for kind, hist in s.kinds.items():
            for ns, count in hist.items():
                whole = kinds.setdefault(kind, {})
                whole[ns] = whole.get(ns, 0) + count
    out = {}
    for kind, hist in kinds.items():
        for name, q in (("p50", .5), ("p99", .99), ("worst", 1)):
            out[f"kind_{kind}_{name}_{where}_ms"] = quantile(hist, q)
    return out


def pressures(samples, spans, where):
    """What the spans cost, and what the batch app got done in them."""
    seconds = sum(end - start for start, end in spans) / 1e9 or math.nan

    def grown(name):
        return samples.grown(name, spans)

    def cpu_pct(name):
        return grown(name) / seconds / 1e4

    out = {f"psi_{what}_{how}_{where}_ms": grown(f"app_{what}_{how}_us") / 1e3
           for what in ("mem", "cpu", "io") for how in ("some", "full")}
    out |= {
        f"app_major_faults_{where}": grown("app_majfault"),
        f"app_cpu_{where}_pct": cpu_pct("app_cpu_us"),
        f"tools_cpu_{where}_pct": cpu_pct("tools_cpu_us"),
        f"mechanism_cpu_{where}_pct": cpu_pct("mechanism_cpu_us"),
    }
    if samples.has("batch_units"):
        out |= {f"batch_units_{where}_per_s": grown("batch_units") / seconds,
                f"batch_cpu_{where}_pct": cpu_pct("batch_cpu_us")}
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

    def __init__(self, folder, step_ms, samples=Samples):
        self.folder = folder
        plan = read_plan(self.path("plan"))
        self.steps = read_load(self.path("load.txt"), plan, step_ms * 1000000)
        self.samples = samples(self.path("samples.tsv"))
        self.measured = [s for s in self.steps if s.name == "measure"]
        if not self.measured:
            raise Damaged(f"{folder}: no step is named measure")
        self.start, self.end = self.measured[0].start, self.measured[-1].end
        times = self.samples.times
        # the last sample may be a period old when watch is ended
        slack = 2 * statistics.median(
            b - a for a, b in zip(times, times[1:]))
        if times[0] > self.start or times[-1] < self.end - slack:
            raise Damaged(f"{folder}: samples.tsv does not span the measured "
                          "phase")
        self.bursts = bursts_of(self.measured)

    def path(self, name):
        return os.path.join(self.folder, name)

    def need(self, burst):
        """Bytes that a burst takes: what the load says that it stored, or,
        where the load does not know, what the app grew by."""
        if burst.bytes:
            return burst.bytes

        def held(time):
            swapped = self.samples.at("app_swap_bytes", time)
            return (self.samples.at("app_mem_bytes", time)
                    + (0 if math.isnan(swapped) else swapped))

        times = [t for t in self.samples.times
                 if burst.start <= t <= burst.end]
        before = held(burst.start)
        return max(0, max(map(held, times), default=before) - before)


# Leases, forecasts: what preswap's own programs said.

def read_apps(folder):
    return {name: int(number) for name, number in
            read_pairs(os.path.join(folder, "apps.txt")).items()}


def read_leases(folder, receiver):
    """The last that was said of each real lease for this receiver."""
    leases, counts = {}, {}

    def parse(line):
        event = json.loads(line)
        lease = event.get("lease")
        counts[event["event"]] = counts.get(event["event"], 0) + 1
        if not lease or lease.get("receiver_id") != receiver:
            return
        if lease.get("dry_run"):
            counts["dry-run"] = counts.get("dry-run", 0) + 1
        else:
            leases[lease["id"]] = lease

    parsed(os.path.join(folder, "events.jsonl"), parse, whole=False)
    return sorted(leases.values(), key=lambda x: x["begin_ns"]), counts


def read_dumps(folder, parse):
    """[parse(time, fields)] of dumps.txt, without what gives None; a dump
    begins with the field "time"."""
    time = 0

    def parse_line(line):
        nonlocal time
        word = line.split("\t")
        if word[0] == "time":
            time = int(word[1])
        elif not time:
            raise ValueError("before any time")
        return parse(time, word)

    rows = parsed(os.path.join(folder, "dumps.txt"), parse_line, whole=False)
    return [row for row in rows if row is not None]


def read_forecasts(folder, app):
    """[(time, resource, horizon_ns, q50, q95, q05)] of this app."""
    def parse(time, word):
        if word[0] != "forecast" or int(word[1]) != app:
            return None
        return (time - int(word[3]) * 1000000, word[2],
                int(word[5]) * 1000000, int(word[8]), int(word[9]),
                int(word[7]))

    return read_dumps(folder, parse)


def read_dumped_leases(folder, receiver):
    """[(time, kind, amount, done)] of this receiver's leases in force.

    Each dump begins with one of kind None: there may be no leases in it.
    """
    def parse(time, word):
        if word[0] == "time":
            return time, None, 0, 0
        if (word[0] == "lease" and int(word[4]) == receiver
                and word[9] == "in-force" and word[10] == "0"):
            return time, word[2], int(word[5]), int(word[6])
        return None

    return read_dumps(folder, parse)


def covering(leases, kind, burst):
    """Of the leases that were in force in the burst, the first begun."""
    for lease in leases:
        if (lease["kind"] == kind and lease["begin_ns"] < burst.end
                and (not lease["end_ns"] or lease["end_ns"] > burst.start)):
            return lease
    return None


def seconds_before(burst, ns):
    return round((burst.start - ns) / 1e9, 2) if ns else None


def forecast_for(forecasts, resource, burst, before_s):
    """The forecast of this long before the burst, for its time: q50, q95."""
    limit = burst.start - before_s * 1e9
    last = max((f[0] for f in forecasts
                if f[1] == resource and f[0] <= limit), default=0)
    # an older one had been forgotten, or was withheld since
    if last < limit - FORECAST_OLD_NS:
        return None
    made = [f for f in forecasts if f[1] == resource]
    points = [f for f in made if last - 5e8 < f[0] <= last]
    inside = [f for f in points if burst.start <= f[0] + f[2] <= burst.end]
    if not inside:
        inside = [min((f for f in points if f[0] + f[2] >= burst.start),
                      key=lambda f: f[2], default=points[-1])]
    return {"made_s_before": round((burst.start - last) / 1e9, 1),
            "q50": max(f[3] for f in inside),
            "q95": max(f[4] for f in inside)}


def false_alarms(leases, bursts, start, end):
    """Leases that ended in this time with no burst in them. One that lasted
    to the end had no time to see its burst, and is no alarm, false or not."""
    return sum(start < (lease["end_ns"] or end) < end
               and not any(b.start < lease["end_ns"]
                           and b.end > lease["begin_ns"] for b in bursts)
               for lease in leases)


def time_leased(leases, spans):
    """Share of these spans in which a lease was in force, in %."""
    held = total = 0
    for start, end in spans:
        total += end - start
        last = start
        for lease in leases:  # they are sorted by their begin
            begin = max(lease["begin_ns"], last)
            stop = min(lease["end_ns"] or end, end)
            if stop > begin:
                held += stop - begin
                last = stop
    return 100 * held / total if total else math.nan


def median(values):
    values = [v for v in values if v is not None and not math.isnan(v)]
    return statistics.median(values) if values else math.nan


def demand(samples, resource, time):
    """What the app uses, as preswapd measures it: bytes, or milli-CPUs of
    the second before."""
    if resource == "memory":
        return samples.at("app_mem_bytes", time)
    return samples.grown("app_cpu_us", [(time - 1e9, time)]) / 1e3


def peak(samples, resource, start, end):
    times = [t for t in samples.times if start < t <= end] or [end]
    return max(demand(samples, resource, t) for t in times)


def forecast_numbers(run, forecasts, resource):
    """How good the forecasts that leases are made from were."""
    samples = run.samples
    hits = [f[5] <= demand(samples, resource, f[0] + f[2]) <= f[4]
            for f in set(forecasts)
            if f[1] == resource and f[2] <= FORECAST_NEAR_NS
            and run.start <= f[0] + f[2] <= run.end]
    quiet = median(demand(samples, resource, s.end) for s in run.measured
                   if not s.burst)
    likely = possible = 0
    for burst in run.bursts:
        f = forecast_for(forecasts, resource, burst, FORESEEN_S)
        top = peak(samples, resource, burst.start, burst.end)
        # at least half of what came on top of the usual
        likely += bool(f and f["q50"] >= (quiet + top) / 2)
        possible += bool(f and f["q95"] >= (quiet + top) / 2)
    return {f"forecasts_{resource}": len(hits),
            f"forecast_{resource}_inside_5_95_pct":
                100 * sum(hits) / len(hits) if hits else math.nan,
            f"bursts_foreseen_{resource}": likely,
            f"bursts_thought_possible_{resource}": possible}


def daemon_numbers(path):
    """preswapd's own record, from the last line that it logged of it."""
    out = dict.fromkeys(("forecasts_pushed", "forecasts_withheld",
                         "forecast_loss_of_naive"), math.nan)
    try:
        lines = lines_of(path)
    except Damaged:
        return out  # the ramp alone has no daemon
    for line in lines:
        word = line.replace(",", "").split()
        if "pushed" in word and "withheld" in word and "loss" in word:
            try:
                out = {"forecasts_pushed": int(word[word.index("pushed") - 1]),
                       "forecasts_withheld":
                           int(word[word.index("withheld") - 1]),
                       "forecast_loss_of_naive":
                           float(word[word.index("naive's") - 2])}
            except ValueError:
                raise Damaged(f"{path}: {line[:60]!r}") from None
    return out


def cpu_was_short(samples, burst, cpus):
    """Did both apps together use most of the CPUs in it? Else there was
    nothing to free, and a burst without a CPU lease missed nothing."""
    span = [(burst.start, burst.end)]
    used = samples.grown("app_cpu_us", span) + samples.grown("batch_cpu_us",
                                                             span)
    return used * 1e3 >= CPU_SHORT * cpus * (burst.end - burst.start)


def met(burst, lease):
    """How a lease met a burst: ahead of it; standing, from so long before
    that it was not this burst that was foreseen; or not in time."""
    if not lease or lease["begin_ns"] >= burst.start:
        return "missed"
    if lease["begin_ns"] < burst.start - STANDING_NS:
        return "standing"
    return "ahead"


def meeting_numbers(leases, kind, resource, bursts):
    """Of these bursts: how many had a lease begun for them, how long ahead."""
    if not bursts:
        return dict.fromkeys(
            [f"bursts_{how}_{resource}" for how in ("ahead", "standing",
                                                    "missed")]
            + [f"lead_{resource}_s_median", f"lead_{resource}_full_s_median"],
            math.nan)
    hows, leads, full = [], [], []
    for burst in bursts:
        lease = covering(leases, kind, burst)
        hows.append(met(burst, lease))
        if hows[-1] == "ahead":
            leads.append(seconds_before(burst, lease["begin_ns"]))
            full.append(seconds_before(burst, lease["full_ns"]))
    return {f"bursts_{how}_{resource}": hows.count(how)
            for how in ("ahead", "standing", "missed")} | {
        f"lead_{resource}_s_median": median(leads),
        f"lead_{resource}_full_s_median": median(full)}


def held_between(dumped, spans):
    """What leases had freed and held, on average between bursts, in MiB."""
    sums = {}
    for time, kind, _, done in dumped:
        if any(start <= time < end for start, end in spans):
            sums.setdefault(time, 0)
            sums[time] += done if kind == "reclaim" else 0
    return statistics.mean(sums.values()) / MIB if sums else math.nan


def lease_numbers(run, cpus):
    """What preswap foresaw and did, and when."""
    apps = read_apps(run.folder)
    if "app" not in apps:
        raise Damaged(f"{run.path('apps.txt')}: no app")
    every, counts = read_leases(run.folder, apps["app"])
    forecasts = read_forecasts(run.folder, apps["app"])
    leases = [x for x in every if x["begin_ns"] < run.end
              and (not x["end_ns"] or x["end_ns"] > run.start)]
    # a lease from before may have been for a burst of the learning phase
    bursts = bursts_of(run.steps)
    out = {"leases": len(leases), "leases_learning": len(every) - len(leases),
           "shortages": counts.get("shortage", 0)}
    quiet = spans_of(s for s in run.measured if not s.burst)
    out["held_memory_quiet_mib"] = held_between(
        read_dumped_leases(run.folder, apps["app"]), quiet)
    for kind, resource in (("reclaim", "memory"), ("affinity", "cpu")):
        mine = [x for x in leases if x["kind"] == kind]
        out |= {
            f"leases_{resource}": len(mine),
            f"false_alarms_{resource}":
                false_alarms(mine, bursts, run.start, run.end),
            f"leased_{resource}_quiet_pct": time_leased(mine, quiet),
        }
        out |= meeting_numbers(
            mine, kind, resource,
            [b for b in run.bursts if resource == "memory"
             or cpu_was_short(run.samples, b, cpus)])
        out |= forecast_numbers(run, forecasts, resource)
    ends = [x["state"] for x in leases]
    out |= {
        "false_alarms": out["false_alarms_memory"] + out["false_alarms_cpu"],
        "leases_rolled_back": ends.count("backoff"),
        "leases_failed": ends.count("failed"),
        "leases_requested_back": ends.count("requested"),
        "leases_of_forecasts": sum(x["reason"] == "forecast" for x in leases),
        "leases_of_trends": sum(x["reason"] == "trend" for x in leases),
        "leases_of_waits": sum(x["reason"] == "wait" for x in leases),
    }
    try:
        info = json.loads("\n".join(lines_of(run.path("info.json"))))
        out |= {"module_reclaimed_whole_run_mib":
                    info["reclaimed_bytes"] / MIB,
                "module_tasks_moved_whole_run": info["tasks_moved"],
                "module_tick_max_us": info["tick_max_ns"] / 1e3}
    except (ValueError, KeyError) as error:
        raise Damaged(f"{run.path('info.json')}: {error}") from None
    out["masks_restored"] = lines_of(run.path("masks.txt"))[:1] == ["same"]
    return out | daemon_numbers(run.path("preswapd.log"))


# Counters, as they were when the measured phase began and ended.

def counters_grown(run, name):
    before = read_pairs(run.path(f"measure.{name}"))
    after = read_pairs(run.path(f"end.{name}"))
    if not before or not after:
        raise Damaged(f"{run.path(name)}: measure.{name} or end.{name} is "
                      "empty")
    return before, after


def kernel_numbers(run, seconds):
    """CPU of the kernel's threads. One that ended in between takes what it
    ran with it: for a kind of which more ended than ran, 0 is said."""
    before, after = counters_grown(run, "kthreads")
    sums = dict.fromkeys(KERNEL_THREADS + ("other",), 0)
    for name, ns in after.items():
        kind = name if name in KERNEL_THREADS else "other"
        sums[kind] += max(0, ns - before.get(name, 0))
    out = {f"kernel_cpu_{kind}_pct": ns / seconds / 1e7
           for kind, ns in sums.items()}
    out["kernel_cpu_pct"] = sum(out.values())
    return out


def memory_numbers(run):
    """What the whole guest reclaimed, and wanted back."""
    before, after = counters_grown(run, "vmstat")

    def mib(*names):
        if not all(name in before and name in after for name in names):
            return math.nan
        return sum(after[n] - before[n] for n in names) * PAGE / MIB

    out = {
        "reclaimed_mib": mib("pgsteal_anon", "pgsteal_file"),
        "reclaimed_kswapd_mib": mib("pgsteal_kswapd"),
        "reclaimed_direct_mib": mib("pgsteal_direct"),
        "swapped_out_mib": mib("pswpout"),
        "swapped_in_mib": mib("pswpin"),
        "refaulted_mib": mib("workingset_refault_anon",
                             "workingset_refault_file"),
        "refaulted_anon_mib": mib("workingset_refault_anon"),
        "refaulted_file_mib": mib("workingset_refault_file"),
    }
    # What is reclaimed from one cgroup on demand counts only in the sum.
    out["reclaimed_proactive_mib"] = out["reclaimed_mib"] - mib(*(
        n for n in after if n.startswith("pgsteal_")
        and n not in ("pgsteal_anon", "pgsteal_file", "pgsteal_proactive")))
    for name in ("app", "batch"):
        before, after = counters_grown(run, f"{name}.memory.stat")
        out[f"{name}_refaulted_mib"] = mib("workingset_refault_anon",
                                           "workingset_refault_file")
    return out


def restart_numbers(run):
    """The batch app's ends: killed, or over, and started again."""
    path = run.path("batch.restarts")
    times = parsed(path, int) if os.path.exists(path) else []
    return {"batch_restarts": sum(run.start <= t < run.end for t in times),
            "batch_restarts_learning": sum(t < run.start for t in times)}


def other_numbers(run, file, prefix):
    """NAME VALUE lines, of the rival or of the host, may be missing."""
    path = run.path(file)
    if not os.path.exists(path):
        return {}
    return {prefix + name: value for name, value in read_pairs(path).items()}


def burst_numbers(run):
    samples = run.samples
    needs = [run.need(b) for b in run.bursts]
    since = [enough_since(samples, b, need)
             for b, need in zip(run.bursts, needs)]
    return {
        "bursts": len(run.bursts),
        "burst_need_median_mib": median(n / MIB for n in needs),
        "available_at_burst_median_mib": median(
            samples.at("mem_available_kib", b.start) / 1024
            for b in run.bursts),
        "bursts_with_enough_available": sum(s is not None for s in since),
        "lead_enough_available_s_median": median(
            seconds_before(b, s) for b, s in zip(run.bursts, since)),
        "available_min_mib": min(
            (v for t, v in zip(samples.times,
                               samples.columns["mem_available_kib"])
             if run.start <= t <= run.end), default=math.nan) / 1024,
    }


def check_conf(folder):
    conf = read_conf(os.path.join(folder, "conf"))
    try:
        return conf, int(conf["STEP_MS"]), conf["RIVAL"]
    except (KeyError, ValueError) as error:
        raise Damaged(f"{folder}/conf: {error}") from None


def numbers(folder):
    """All numbers of the run in this folder; raises Damaged."""
    conf, step_ms, rival = check_conf(folder)
    run = Run(folder, step_ms)
    begin = parsed(run.path("start_ns"), int)
    if len(begin) != 1 or abs(run.steps[0].start - begin[0]) > 1e9:
        raise Damaged(f"{folder}: the load did not begin at start_ns")
    if not run.samples.has("batch_units"):
        raise Damaged(f"{folder}: samples.tsv has no batch_units")
    seconds = (run.end - run.start) / 1e9
    out = {"measured_s": seconds,
           "samples_longest_gap_ms":
               run.samples.longest_gap(run.start, run.end) / 1e6}
    for where, steps in (("burst", [s for s in run.measured if s.burst]),
                         ("quiet", [s for s in run.measured if not s.burst]),
                         ("all", run.measured)):
        out |= latencies(steps, where) | by_kind(steps, where)
        out |= pressures(run.samples, spans_of(steps), where)
    out |= burst_numbers(run)
    out |= memory_numbers(run)
    out |= kernel_numbers(run, seconds)
    out["mechanism_and_kernel_cpu_pct"] = (
        out["mechanism_cpu_all_pct"] + out["kernel_cpu_pct"])
    out |= restart_numbers(run)
    if rival.startswith("preswap"):
        out |= lease_numbers(run, int(conf.get("CPUS", 2)))
    out |= other_numbers(run, "rival.txt", "rival_")
    return {key: presentable(value) for key, value in out.items()}


def future(folder):
    """What the app used in this run, "MS CPU MEMORY" from the load's beginning on, as
    tools/rivals/future.h reads it: milli-CPU, and bytes with what was swapped out."""
    start = int(lines_of(os.path.join(folder, "start_ns"))[0])
    samples = Samples(os.path.join(folder, "samples.tsv"))
    cpu = samples.counter("app_cpu_us")
    memory = [sum(v for v in pair if not math.isnan(v)) for pair in zip(
        samples.columns["app_mem_bytes"], samples.columns["app_swap_bytes"])]
    return [f"{(time - start) / 1e6:.0f} "
            f"{(cpu[i + 1] - cpu[i]) / (samples.times[i + 1] - time) * 1e6:.0f} "
            f"{memory[i]:.0f}" for i, time in enumerate(samples.times[:-1])]


def presentable(value):
    if isinstance(value, (bool, int)):
        return value
    return round(value, 4) if math.isfinite(value) else None


def main():
    if len(sys.argv) != 2 or sys.argv[1].startswith("-"):
        print("usage: results.py FOLDER", file=sys.stderr)
        return 2
    try:
        json.dump(numbers(sys.argv[1]), sys.stdout, indent=1, allow_nan=False)
    except Damaged as error:
        print(f"results.py: {error}", file=sys.stderr)
        return 1
    print()
    return 0


if __name__ == "__main__":
    sys.exit(main())
