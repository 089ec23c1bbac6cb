#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The output of shoal-bench: every row and every counter, their consistency, and errors.

usage: output_test.py SHOAL_BENCH [RUNNER]    (RUNNER: a command that CUDA programs run through)
"""
import json
import os
import shlex
import subprocess
import sys

bench = os.path.realpath(sys.argv[1])
runner = shlex.split(" ".join(sys.argv[2:]))
FLOPS = {"sine_k1": 398e3, "sine_k5": 1.592e6, "market": 2.55e6, "credit": 31.3e6, "large": 249e6}  # to three digits


def run(*arguments, code=0, through=()):
    result = subprocess.run([*through, bench, *arguments], capture_output=True, text=True, check=False,
                            env={**os.environ, "CUDA_VISIBLE_DEVICES": os.environ.get("CUDA_VISIBLE_DEVICES", "")} if not through else None)
    assert result.returncode == code, f"{arguments}: exit {result.returncode}, not {code}\n{result.stdout}{result.stderr}"
    return result


def close(a, b):
    assert abs(a - b) <= 2e-3 * abs(b), (a, b)


def check_row(row, context):
    backend, shape, tasks, work, clock = row["name"].split("/")
    assert clock == "real_time" and "error_occurred" not in row, row
    close(row["GFLOP/s"], row["tasks/s"] * row["flops/task"] * 1e-9)
    close(row["input_GB/s"], row["tasks/s"] * row["input_bytes/task"] * 1e-9)
    assert row["time_unit"] == "us"
    close(row["tasks/s"], int(tasks) / (row["real_time"] * 1e-6))
    if shape in FLOPS:
        assert abs(row["flops/task"] / FLOPS[shape] - 1) < 5e-3, row
    if backend == "reference":
        assert "%peak" not in row
        return work
    peak = float(context["peak_of_" + backend].split()[0])
    close(row["%peak"], 100 * row["GFLOP/s"] / peak)
    timed = {name for name in row if name.startswith("device_")}
    if backend != "cuda":
        assert not timed, row
        return work
    assert timed == {"device_us", "device_tasks/s", "device_GFLOP/s", "device_%peak"}, row
    close(row["device_tasks/s"], int(tasks) / (row["device_us"] * 1e-6))
    close(row["device_GFLOP/s"], row["device_tasks/s"] * row["flops/task"] * 1e-9)
    close(row["device_%peak"], 100 * row["device_GFLOP/s"] / peak)
    assert row["device_us"] <= row["real_time"], row
    return work


def rows_of(*arguments, through=()):
    report = json.loads(run("--benchmark_min_time=0.001", "--benchmark_format=json", *arguments, through=through).stdout)
    works = [check_row(row, report["context"]) for row in report["benchmarks"]]
    return report, works


def test_rows():
    report, works = rows_of("--benchmark_filter=/sine_k1/25/")
    assert sorted(works) == ["meta_gradient"] * 2 + ["meta_step"] * 2 + ["train"] * 2, works
    context = report["context"]
    assert "measured: independent fused multiply-adds" in context["peak_of_cpu"]
    assert context["not_run_cuda"], context
    assert context["shoal"]
    names = run("--benchmark_list_tests", "--benchmark_filter=^cpu").stdout.split()
    for shape in ("sine_k1", "sine_k5", "market", "credit", "large", "wide"):
        assert f"cpu/{shape}/25/meta_gradient/real_time" in names, names
    everywhere = ["cpu/sine_k1/65536/meta_gradient", "cpu/wide/25/meta_step"]
    assert all(f"{name}/real_time" in names for name in everywhere), names
    assert "reference/wide/25/meta_gradient" in context["too_large_here"].split(), context
    assert "cpu/credit/25/train/real_time" not in names


def test_options():
    report, _ = rows_of("--backends=cpu", "--threads", "1", "--isa=scalar", "--benchmark_filter=sine_k1/25/meta_gradient")
    assert "scalar, 1 threads" in report["context"]["peak_of_cpu"] and len(report["benchmarks"]) == 1
    assert "--backends" in run("--help").stdout
    for code, named, *arguments in [
        (2, "no row matches", "--benchmark_filter=nothing"),
        (2, "--backend", "--backend=cpu"),
        (2, "not auto", "--backends=auto"),
        (2, "unknown backend", "--backends=cpu,tpu"),
        (2, "unknown instruction set", "--isa=mmx"),
        (2, "--threads", "--threads=-1"),
        (2, "--threads", "--threads=two"),
        (2, "needs a value", "--isa"),
        (2, "extra", "extra"),
        (6, "backend cuda is not available", "--backends=cpu,cuda"),
        (6, "cuda", "--compare-plans=sine_k1", "--tasks=1"),
    ]:
        result = run(*arguments, code=code)
        assert named in result.stderr, (arguments, result.stderr)


def test_on_a_device():
    report, works = rows_of("--backends=cpu,cuda", "--benchmark_filter=/sine_k1/25/", through=runner)
    assert sorted(works) == ["meta_gradient"] * 2 + ["meta_step"] * 2 + ["train"] * 2, works
    assert "not measured" in report["context"]["peak_of_cuda"] and "lanes x 2 x" in report["context"]["peak_of_cuda"]


def compared(*arguments, code=0):
    return [json.loads(line) for line in run("--compare-plans", *arguments, code=code, through=runner).stdout.splitlines()]


def test_compared_plans():
    """A plan that insists on a kernel made for the shape is measured against the generic one, with the same bits, or says why it cannot run."""
    rows = compared("sine_k1", "--plans", "generic,fixed,64x10", "--tasks", "3")
    assert [row["plan"] for row in rows] == ["generic", "fixed", "64x10"] and {row["against"] for row in rows} == {"generic"}, rows
    for row in rows:
        assert row["same_bits"] and row["tasks"] == 3, row
        close(row["device_tasks/s"], 3 / (row["device_us"] * 1e-6))
        close(row["device_GFLOP/s"], row["device_tasks/s"] * FLOPS["sine_k1"] * 1e-9)
        close(row["tasks/s"], 3 / (row["call_us"] * 1e-6))
        assert row["first_call_s"] > 0 and row["device_%peak"] > 0 and row["against_call_us"] > 0, row
    assert rows[0]["against_device_us"] == rows[0]["device_us"]
    (row,) = compared("wide", "--plans=fixed", "--tasks=1", code=6)
    assert "no kernel is made for such a shape" in row["not_run"], row
    for named, *arguments in [("unknown shape", "tall"), ("cuda_plan takes", "sine_k1", "--plans", "fast", "--tasks", "1"),
                              ("--plans names launch plans", "sine_k1", "--plans", "generic,,fixed")]:
        result = run("--compare-plans", *arguments, code=2, through=runner)
        assert named in result.stderr, (arguments, result.stderr)


for test in [test_on_a_device, test_compared_plans] if runner else [test_rows, test_options]:
    test()
    print(f"{test.__name__}: passed")
