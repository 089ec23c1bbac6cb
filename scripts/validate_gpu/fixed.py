# SPDX-License-Identifier: Apache-2.0
"""The stage `fixed`: what only a GPU can say of kernels made for a shape (kernels/fixed). Its parts run one after another, the most
valuable first; each has a share of the stage's time, what it leaves goes to the parts after it, and what was measured is kept.

Environment variables make it smaller: SHOAL_SHAPES, SHOAL_FIXED_RATES (options of shoal-device-rates), SHOAL_FIXED_BITS_TASKS and
SHOAL_FIXED_LANES (by comma), SHOAL_FIXED_TASKS (of a comparison), SHOAL_FIXED_NCU_TASKS."""
import csv
import json
import os
import re
import tempfile
import time

from validate_gpu.packed import with_compiler
from validate_gpu.stage import Failed, NotRun, find_tool
from validate_gpu.stages import refused, wish

SHAPES = {"sine_k1": 8192, "sine_k5": 8192, "market": 4096, "credit": 1024, "large": 264}  # tasks under ncu: several for every place
LANES = "16,32,64,128,256"  # threads of a task
STALLS = ["no_instruction", "short_scoreboard", "long_scoreboard", "wait", "barrier", "mio_throttle", "math_pipe_throttle", "dispatch_stall",
          "not_selected", "branch_resolving", "lg_throttle", "imc_miss", "membar", "selected"]
NCU_METRICS = ["gpu__time_duration.sum", "smsp__inst_executed.sum", "smsp__issue_active.avg.per_cycle_active",
               "sm__inst_executed_pipe_fma.sum", "sm__pipe_fma_cycles_active.avg.pct_of_peak_sustained_active",
               "l1tex__data_pipe_lsu_wavefronts_mem_shared.sum", "l1tex__data_pipe_lsu_wavefronts_mem_shared_op_ld.sum",
               "lts__t_sectors.sum", "lts__t_sectors_op_red.sum", "sm__warps_active.avg.pct_of_peak_sustained_active",
               "launch__registers_per_thread",
               *(f"smsp__average_warps_issue_stalled_{reason}_per_issue_active.ratio" for reason in STALLS)]


def shapes():
    wanted = wish("SHOAL_SHAPES", ",".join(SHAPES)).split(",")
    return [shape for shape in wanted if shape in SHAPES]  # others have no such kernel


class Part:
    """Some steps of a stage, with a share of its time: `share` of all that is left for the parts from this one on."""

    def __init__(self, stage, name, share, home, environment):
        self.stage, self.name, self.home, self.environment = stage, name, home, environment
        self.deadline = time.monotonic() + stage.left() * share

    def step(self, name, command, read, share=1.0, environment=None):
        """`share`: of the part's time that is left."""
        return self.stage.step(f"{self.name}: {name}", command, read, seconds=(self.deadline - time.monotonic()) * share,
                               environment={**self.environment, **(environment or {})})

    def steps(self, names, run):
        """Calls run(name, share of the time) for every name, so that each has its part of the time."""
        for number, name in enumerate(names):
            run(name, 1.0 / (len(names) - number))


def json_lines(outcome):
    """The JSON lines of an output; of a program that was stopped or failed, those that are whole."""
    rows = []
    for line in outcome.stdout.splitlines():
        try:
            rows.append(json.loads(line))
        except ValueError:
            if outcome.code == 0:
                raise
    if not rows and outcome.code == 0:
        raise Failed("it printed no line")
    return rows


def read_compiler(outcome):
    if outcome.code != 0:
        return None
    (cuda,) = [line for line in json.loads(outcome.stdout)["backends"] if line["name"] == "cuda"]
    compiler = cuda.get("kernel_compiler", "none")
    if not compiler.startswith("NVRTC"):
        raise NotRun(f"nothing compiles kernels here: {compiler}")
    return {"kernel_compiler": compiler}


def read_bits(outcome):
    """The tests that passed, failed or were skipped, also those before the time limit: with an insisted plan a test is skipped where no
    such kernel exists."""
    passed = re.findall(r"^\[       OK \] \S+/(\S+) ", outcome.stdout, re.M)
    skipped = re.findall(r"Skipped\n(.*?)\n+\[  SKIPPED \] \S+/(\S+) ", outcome.stdout, re.S)
    found = {"tests_passed": len(passed), "tests_failed": sorted(set(re.findall(r"^\[  FAILED  \] \S+/(\w+)", outcome.stdout, re.M))),
             "tests_skipped": {name: reason.strip() for reason, name in skipped}}
    if outcome.code == 0 and not passed:
        raise NotRun("no fixed kernel ran: " + "; ".join(sorted(set(found["tests_skipped"].values()))), found)
    return found


def read_comparison(outcome):
    """Rows of --compare-plans, of which one that names a fixed kernel must be measured."""
    rows = json_lines(outcome)
    reasons = sorted({row["not_run"] for row in rows if "not_run" in row})
    if outcome.code is not None and reasons and not any(row["plan"].startswith("fixed") and "not_run" not in row for row in rows):
        raise NotRun("; ".join(reasons), rows)
    return rows


def rates(part):
    options = wish("SHOAL_FIXED_RATES", "").split()
    part.step("shoal-device-rates", [part.home / "shoal-device-rates", *options], json_lines)


def bits(part):
    if not shapes():
        return  # without a filter all tests would run
    tests = ":".join(f"*/{shape}_maml" for shape in shapes())

    def run(tasks, share):
        part.step(f"{tasks} tasks", [part.home / "cuda_bits_tests", f"--gtest_filter={tests}"], read_bits, share,
                  {"SHOAL_BITS_PLAN": "fixed", "SHOAL_BITS_TASKS": tasks})

    part.steps(wish("SHOAL_FIXED_BITS_TASKS", "1,31,4096").split(","), run)


def compare(part, shape, plans, share, tasks=None):
    part.step(shape, [part.home / "shoal-bench", "--compare-plans", shape, "--plans", ",".join(plans), "--tasks",
                      tasks or wish("SHOAL_FIXED_TASKS", "0")], read_comparison, share)


def plans(part):
    part.steps(shapes(), lambda shape, share: compare(part, shape, ["generic", "fixed"], share))


def lanes():
    return ["fixed-" + number for number in wish("SHOAL_FIXED_LANES", LANES).split(",")]


def threads(part):
    """Numbers of threads per task; what was not compiled ahead of time is compiled now."""
    part.steps(shapes(), lambda shape, share: compare(part, shape, ["fixed", *lanes()], share))


def cache(part):
    """The same kernels in another process, from the cache on disk: only their first calls are of interest."""
    part.steps(shapes(), lambda shape, share: compare(part, shape, ["fixed", *lanes()], share, tasks=wish("SHOAL_FIXED_TASKS", "64")))


def read_counters(log, outcome):
    """What ncu counted of the kernel: names, units, then a row for each launch."""
    text = open(log, encoding="utf-8", errors="replace").read() if os.path.exists(log) else ""
    refused(text + outcome.text())
    rows = list(csv.reader(line for line in text.splitlines() if line.startswith('"')))
    if outcome.code is None and len(rows) < 3:
        return None
    if len(rows) < 3 or "Kernel Name" not in rows[0]:
        why = [row["not_run"] for row in json_lines(outcome) if "not_run" in row] if outcome.stdout.startswith("{") else []
        if why:
            raise NotRun(why[0])
        raise Failed("ncu counted nothing: " + (text + outcome.text()).strip()[-300:])
    counted = dict(zip(rows[0], rows[-1]))
    if "fixed_kernel" not in counted["Kernel Name"]:
        raise Failed(f"ncu counted {counted['Kernel Name']}, not a fixed kernel")
    missing = [name for name in NCU_METRICS if not counted.get(name)]
    kept = {name: counted[name] for name in ["Kernel Name", "Block Size", "Grid Size", *NCU_METRICS] if counted.get(name)}
    return {"units": {name: unit for name, unit in zip(*rows[:2]) if unit and name in kept}, "kernel": kept, "missing": missing}


def counters(part):
    def run(shape, share):
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "ncu.csv")
            # The clocks of the device are not changed.
            part.step(shape, lambda: [
                find_tool("ncu"), "--csv", "--page", "raw", "--log-file", log, "--clock-control", "none", "--target-processes", "all",
                "--kernel-name", "regex:^fixed_kernel", "--launch-count", "1", "--metrics", ",".join(NCU_METRICS),
                part.home / "shoal-bench", "--compare-plans", shape, "--plans", "fixed",
                "--tasks", wish("SHOAL_FIXED_NCU_TASKS", str(SHAPES[shape]))], lambda outcome: read_counters(log, outcome), share)

    part.steps(shapes(), run)


PARTS = [("rates", rates, 40), ("bits", bits, 80), ("plans", plans, 120), ("threads", threads, 120), ("cache", cache, 30), ("ncu", counters, 100)]


def fixed(stage, home):
    with tempfile.TemporaryDirectory(prefix="shoal-kernels-") as cache_folder:
        environment = {"SHOAL_KERNEL_CACHE": cache_folder, **with_compiler(home)}
        stage.step("compiler", [home / "shoal", "doctor", "--backend", "cuda", "--json"], read_compiler, environment=environment)
        weights = [weight for _, _, weight in PARTS]
        for number, (name, run, weight) in enumerate(PARTS):
            run(Part(stage, name, weight / sum(weights[number:]), home, environment))
