#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The peak memory of the program (sys.argv[1]) is that of its data and of the threads that work, for one large task among small ones, and
for many threads with few tasks. The system counts the peaks."""
import os
import pathlib
import subprocess
import sys
import tempfile

from program import run, shoal

# Measures the peak memory of one command, in a process that has no other child.
MEASURE = """import resource, subprocess, sys
result = subprocess.run(sys.argv[1:], stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024, result.returncode)"""


def peak(*command):
    measured = subprocess.run([sys.executable, "-c", MEASURE, shoal, *map(str, command)], check=True, capture_output=True, text=True)
    memory, code = map(int, measured.stdout.split())
    assert code == 0, f"{command}: exit {code}\n{measured.stderr}"
    return memory


def write_table(path, rows_of, features):
    """A key column, features and the target."""
    line = ",0.5" * features + ",1\n"
    with open(path, "w", encoding="utf-8") as file:
        file.write("id," + ",".join(f"x{i}" for i in range(features)) + ",y\n")
        for key, rows in rows_of.items():
            file.write((key + line) * rows)


def write_config(features, support):
    pathlib.Path("config.toml").write_text(
        f"""[tasks]
source = "table"
path = "table.csv"
key = ["id"]
features = {[f"x{i}" for i in range(features)]}
targets = ["y"]
support = {support}
query = 0
split = {{ by = "task", train = 1.0, validation = 0.0, test = 0.0 }}
[model]
hidden = [4]
[train]
iterations = 1
tasks_per_batch = 16
""", encoding="utf-8")


def one_large_task_among_small_ones():
    large, features = 1_000_000, 8
    limit = 2 * large * (features + 1) * 8 + 256e6

    def check(what, *command):
        memory = peak(*command)
        print(f"{what}: {memory / 1e6:.0f} MB, limit {limit / 1e6:.0f} MB")
        assert memory <= limit, "too much memory"

    write_table("table.csv", {"big": large, **{f"s{i}": 5 for i in range(15)}}, features)
    write_config(features, 2)
    for threads in (1, 3):
        check(f"training, {threads} threads", "train", "--config", "config.toml", "--threads", threads, "--out", f"run{threads}", "--quiet")
    assert pathlib.Path("run1/model.safetensors").read_bytes() == pathlib.Path("run3/model.safetensors").read_bytes()
    check("evaluate", "evaluate", "run1", "--data", "table.csv", "--phase", "all", "--threads", 2)
    write_table("table.csv", {"big": large}, features)
    write_config(features, large - 10)
    check("a large support set", "train", "--config", "config.toml", "--threads", 2, "--out", "support", "--quiet")


def threads_without_a_task_cost_nothing():
    """The sum of a worker takes 48 bytes per parameter; two tasks need two workers only."""
    width = 500
    parameters = width * width + 4 * width + 1
    common = ("train", "--set", f"model.hidden=[{width},{width}]", "--set", "train.tasks_per_batch=2", "--set", "train.iterations=2",
              "--set", "evaluate.tasks=2", "--set", "evaluate.steps=[0]", "--quiet", "--threads")
    one, two, many = (peak(*common, threads, "--out", f"threads{threads}") for threads in (1, 2, 200))
    print(f"1 thread: {one / 1e6:.0f} MB, 2: {two / 1e6:.0f} MB, 200: {many / 1e6:.0f} MB")
    assert many <= two + 16e6, "198 threads have no task"
    assert two <= one + 150 * parameters + 16e6
    run(*common, 2_000_000_000, "--out", "threads2000000000")  # more than any machine has: memory must not depend on this number
    for threads in (2, 200, 2_000_000_000):
        assert pathlib.Path(f"threads{threads}/model.safetensors").read_bytes() == pathlib.Path("threads1/model.safetensors").read_bytes()


with tempfile.TemporaryDirectory(prefix="shoal-memory-") as folder:
    os.chdir(folder)
    threads_without_a_task_cost_nothing()
    one_large_task_among_small_ones()
    os.chdir("/")
