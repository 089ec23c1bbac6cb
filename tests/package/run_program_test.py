#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A program that uses the installed library writes the same bytes as the command line, and predicts the same numbers in memory.

usage: run_program_test.py PROGRAM SHOAL   (PROGRAM: examples/runs/runs.cpp, SHOAL: the command line)
"""
import csv
import os
import pathlib
import random
import subprocess
import sys
import tempfile

program, shoal = (str(pathlib.Path(path).resolve()) for path in sys.argv[1:3])
CONFIG = """
backend = "cpu"
threads = 1
[tasks]
source = "table"
path = "clients.csv"
key = ["client"]
features = ["income", "grade"]
targets = ["spent"]
time = "month"
support = 6
query = 3
[model]
hidden = [8]
[algorithm]
inner_steps = 3
inner_lr = 0.05
[train]
iterations = 40
tasks_per_batch = 5
validate_every = 10
"""


def write_table(path, clients, seed):
    """A table of clients with ten months each; every client spends a share of the income of its own."""
    numbers = random.Random(seed)
    with open(path, "w", newline="", encoding="utf-8") as file:
        table = csv.writer(file)
        table.writerow(["client", "month", "income", "grade", "spent"])
        for client in clients:
            share = numbers.uniform(0.2, 0.8)
            for month in range(10):
                income = numbers.uniform(1000, 3000)
                table.writerow([f"client {client}", month, f"{income:.2f}", numbers.choice("abc"), f"{share * income:.2f}"])


def run(*command):
    result = subprocess.run([str(word) for word in command], capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{command}: exit {result.returncode}\n{result.stdout}{result.stderr}"
    return result.stdout


os.chdir(tempfile.mkdtemp(prefix="shoal-run-program-"))
write_table("clients.csv", range(30), 1)
write_table("new-clients.csv", range(100, 107), 2)
pathlib.Path("clients.toml").write_text(CONFIG, encoding="utf-8")
for folder in ("theirs", "ours"):
    pathlib.Path(folder).mkdir()

in_memory = run(program, "clients.toml", "ours", "new-clients.csv")
run(shoal, "train", "--config", "clients.toml", "--set", "train.tasks_per_batch=8", "--out", "theirs/run", "--quiet")
run(shoal, "adapt", "theirs/run", "--data", "new-clients.csv", "--out", "theirs/adapted.safetensors", "--quiet")
run(shoal, "predict", "theirs/run", "--data", "new-clients.csv", "--out", "theirs/predictions.csv", "--quiet")

files = ["run/model.safetensors", "run/metrics.jsonl", "run/run.json", "adapted.safetensors", "predictions.csv"]
for name in files:
    ours, theirs = (pathlib.Path(folder, name).read_bytes() for folder in ("ours", "theirs"))
    assert ours and ours == theirs, f"{name}: {len(ours)} and {len(theirs)} bytes, not the same"
with open("theirs/predictions.csv", newline="", encoding="utf-8") as file:
    expected = [f"{row['task']},{row['row']},{row['output_0']}" for row in csv.DictReader(file)]
assert len(expected) == 7 * 4, len(expected)
assert in_memory.splitlines() == expected, "predictions in memory are not those of the file"
assert subprocess.run([program, "clients.toml", "ours", "new-clients.csv"], capture_output=True, check=False).returncode == 2, "it holds a run"
print(f"{len(files)} files and {len(expected)} predictions are those of the command line")
