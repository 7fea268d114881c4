# SPDX-License-Identifier: GPL-2.0-or-later
"""Numbers of one run of the demo, from the files that the guest left.

tools/bench.d/results.py reads them; here its app is called redis.
"""
import os
import statistics
import sys

sys.path.insert(0, os.path.join(os.path.dirname(os.path.realpath(__file__)),
                                os.pardir, "bench.d"))

import results  # noqa: E402 # after the path is set
from results import (  # noqa: E402,F401 # report's
    MIB, covering, enough_since, false_alarms, forecast_for, read_apps,
    read_dumped_leases, read_forecasts, read_leases, seconds_before)


class Samples(results.Samples):
    def __init__(self, path):
        super().__init__(path)
        for name in list(self.columns):
            if name.startswith("redis_"):
                self.columns["app_" + name[6:]] = self.columns[name]


def of_redis(numbers):
    """Without what the demo does not measure."""
    return {f"redis_{key[4:]}" if key.startswith("app_") else key: value
            for key, value in numbers.items() if value == value}


class Run(results.Run):
    """One guest: its folder, its steps, its samples."""

    def __init__(self, folder, step_ms):
        super().__init__(folder, step_ms, Samples)

    def numbers(self):
        burst = [s for s in self.measured if s.burst]
        quiet = [s for s in self.measured if not s.burst]
        at = self.samples.at
        out = {"measured_s": (self.end - self.start) / 1e9,
               "bursts": len(self.bursts)}
        out |= results.latencies(burst, "burst")
        out |= results.latencies(quiet, "quiet")
        for steps, where in ((burst, "burst"), (quiet, "quiet"),
                             (self.measured, "all")):
            out |= results.pressures(self.samples, results.spans_of(steps),
                                     where)
        out["available_at_burst_median_mib"] = statistics.median(
            at("mem_available_kib", b.start) / 1024 for b in self.bursts)
        out["bursts_with_enough_available"] = sum(
            enough_since(self.samples, b) is not None for b in self.bursts)
        out["burst_need_median_mib"] = statistics.median(
            b.bytes / MIB for b in self.bursts)
        out["swap_used_max_mib"] = (
            max(self.samples.columns["swap_free_kib"])
            - min(self.samples.columns["swap_free_kib"])) / 1024
        return of_redis(out | self.host_wait())

    def host_wait(self):
        """How long the guest's CPUs waited for the host's, of their time."""
        try:
            with open(os.path.join(self.folder, "host-wait.txt")) as f:
                ran_ms, waited_ms = map(float, f.read().split())
        except (OSError, ValueError):
            return {}
        return {"host_wait_pct": 100 * waited_ms / max(ran_ms + waited_ms, 1)}
