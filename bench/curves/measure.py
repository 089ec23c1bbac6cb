# SPDX-License-Identifier: Apache-2.0
"""Runs the points of the curves: one process each, interleaved, repeated; medians."""
import json
import platform
import statistics
import subprocess
import sys
import time

import cost_model
import curves

MEASURED = ("cpu_seconds", "wall_seconds", "memory_bytes")


class Failed(Exception):
    """A point that gave no measurement, with the reason."""


def available_bytes():
    """Memory that a program can get: that of the system, limited by the control group if that has a limit."""
    with open("/proc/meminfo", encoding="ascii") as file:
        limits = [1024 * int(line.split()[1]) for line in file if line.startswith("MemAvailable:")]
    try:
        with open("/sys/fs/cgroup/memory.max", encoding="ascii") as file:
            limits += [int(text) for text in [file.read().strip()] if text.isdigit()]
    except OSError:
        pass
    return min(limits)


def run_point(program, point, milliseconds, timeout=None):
    """Runs shoal-curves for a point and returns its output."""
    words = [program, f"--milliseconds={milliseconds}", *(f"--{name}={value}" for name, value in point.items())]
    try:
        result = subprocess.run(words, capture_output=True, text=True, check=False, timeout=timeout)
    except OSError as error:
        raise Failed(f"{program}: {error.strerror}") from error
    if result.returncode != 0:
        raise Failed(f"{' '.join(words)}: exit {result.returncode}: {result.stderr.strip()}")
    found = json.loads(result.stdout)
    if found["parameters"] != cost_model.parameters(point):
        raise Failed(f"{' '.join(words)}: {found['parameters']} parameters, the model counts {cost_model.parameters(point)}")
    return found


def chosen_points(names, quick, available):
    """([(curve, value)], [what was left out, and why]); neighbours in the list are of different curves."""
    wanted, skipped = [], []
    for curve in curves.all_curves():
        if names and curve.name not in names:
            continue
        values = curve.values if not quick or len(curve.values) < 3 else curve.values[:-1:2]
        fitting = [value for value in values if cost_model.fits(curve.point(value), available)]
        skipped += [{"curve": curve.name, "value": value,
                     "why": f"may need {cost_model.most_memory(curve.point(value)) / 1e9:.3g} GB, "
                            f"{available / 1e9:.3g} GB are available"} for value in values if value not in fitting]
        wanted.append([(curve, value) for value in fitting])
    longest = max((len(points) for points in wanted), default=0)
    return [points[i] for i in range(longest) for points in wanted if i < len(points)], skipped


def run_curves(program, names, quick, minutes, rounds, milliseconds):
    """Measures the curves; returns the content of a results file: points with their medians, what was skipped, the machine."""
    points, skipped = chosen_points(names, quick, available_bytes())
    end = time.monotonic() + 60 * minutes
    results = {(curve.name, value): [] for curve, value in points}
    machine = {}
    for turn in range(rounds):
        for place, (curve, value) in enumerate(points, 1):
            left = end - time.monotonic()
            before = results[curve.name, value]
            if left <= 0 or (before and before[-1]["took"] > left):
                continue
            show(f"round {turn + 1}/{rounds}, point {place}/{len(points)}: {curve.name} = {value}")
            start = time.monotonic()
            try:
                found = run_point(program, curve.point(value), milliseconds, left)
            except subprocess.TimeoutExpired:
                continue
            before.append({**found, "took": time.monotonic() - start})
            machine = {"processor": found["machine"], "isa": found["isa"]}
    show("")
    if not machine:
        reasons = [f"{one['curve']} = {one['value']}: {one['why']}" for one in skipped[:3]]
        raise Failed("; ".join([f"no point was measured in {minutes:g} minutes", *reasons]))
    skipped += [{"curve": name, "value": value, "why": f"no time left ({minutes:g} minutes)"}
                for (name, value), found in results.items() if not found]
    return {"machine": {**machine, "cores": curves.cores(), "memory_bytes": available_bytes(), "system": platform.platform()},
            "when": time.strftime("%Y-%m-%d"), "rounds": rounds, "milliseconds": milliseconds, "skipped": skipped,
            "points": [summary(curve, value, results[curve.name, value]) for curve in curves.all_curves()
                       for value in curve.values if results.get((curve.name, value))]}


def summary(curve, value, found):
    medians = {name: statistics.median(one[name] for one in found) for name in MEASURED}
    spread = {name: [min(one[name] for one in found), max(one[name] for one in found)] for name in MEASURED}
    return {"curve": curve.name, "value": value, "point": curve.point(value), "plan": found[-1]["plan"], "repeats": len(found),
            **medians, "range": spread}


def show(line):
    """Shows progress, on terminals only."""
    if sys.stderr.isatty():
        print(f"\r\033[K{line}", end="", file=sys.stderr, flush=True)
