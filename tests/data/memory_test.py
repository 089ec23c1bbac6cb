#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Peak memory is at most twice the numeric payload plus 256 MB, for a table, for a table of ROWS tasks of which one is large, and for a
task file with ten times the rows. usage: memory_test.py SHOAL [ROWS]"""
import json
import math
import os
import pathlib
import random
import struct
import subprocess
import sys
import tempfile

shoal, rows = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
COLUMNS = 10  # features and the target
# Measures the peak memory of one command, in a process that has no other child.
MEASURE = """import resource, subprocess, sys
subprocess.run(sys.argv[1:], check=True, stdout=subprocess.DEVNULL)
print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024)"""


def check(what, peak, payload):
    print(f"{what}: payload {payload / 1e6:.0f} MB, peak {peak / 1e6:.0f} MB")
    if peak > 2 * payload + 256e6:
        sys.exit("too much memory")


with tempfile.TemporaryDirectory() as name:
    folder = pathlib.Path(name)
    numbers = random.Random(1)
    lines = [",".join(f"{numbers.gauss(0, 1):.9f}" for _ in range(COLUMNS)) for _ in range(997)]
    with open(folder / "table.csv", "w", encoding="utf-8") as file:
        file.write("id," + ",".join(f"x{c}" for c in range(COLUMNS)) + "\n")
        for row in range(rows):
            file.write(f"{row // 50},{lines[row % 997]}\n")
    features = [f"x{c}" for c in range(COLUMNS - 1)]
    (folder / "c.toml").write_text(f"""[tasks]
source = "table"
path = "table.csv"
key = ["id"]
features = {features}
targets = ["x{COLUMNS - 1}"]
""", encoding="utf-8")
    peak_of = lambda *command: int(subprocess.run([sys.executable, "-c", MEASURE, shoal, *map(str, command)], check=True, capture_output=True, text=True).stdout)
    check("table", peak_of("inspect", "plan", "--config", folder / "c.toml"), rows * COLUMNS * 8)
    with open(folder / "tasks.csv", "w", encoding="utf-8") as file:
        file.write("id," + ",".join(f"x{c}" for c in range(COLUMNS)) + "\n")
        for task in range(rows):
            file.write(f"{task},{lines[task % 997]}\n" * 3)
        file.write(f"large,{lines[0]}\n" * (rows // 5))
    (folder / "tasks.toml").write_text((folder / "c.toml").read_text(encoding="utf-8").replace("table.csv", "tasks.csv") + """support = 2
query = 0
[model]
hidden = [4]
[train]
iterations = 2
tasks_per_batch = 16
""", encoding="utf-8")
    payload = (3 * rows + rows // 5) * COLUMNS * 8
    check("a task a row and a large one", peak_of("train", "--config", folder / "tasks.toml", "--out", folder / "many", "--quiet"), payload)
    check("its evaluation", peak_of("evaluate", folder / "many", "--steps", "0,1"), payload)
    rows *= 10  # writing a task file is fast
    tasks = rows // 1000
    sides = {f"{side}_{part}": ("F32", [rows // 2, width]) for side in ("support", "query") for part, width in (("x", COLUMNS - 1), ("y", 1))}
    sides |= {f"{side}_offsets": ("I64", [tasks + 1]) for side in ("support", "query")} | {"task_id": ("I64", [tasks])}
    offsets = struct.pack(f"<{tasks + 1}q", *range(0, rows // 2 + 1, rows // 2 // tasks))
    header, at = {}, 0
    for name, (dtype, shape) in sides.items():
        size = math.prod(shape) * (4 if dtype == "F32" else 8)
        header[name], at = {"dtype": dtype, "shape": shape, "data_offsets": [at, at + size]}, at + size
    text = json.dumps(header).encode()
    with open(folder / "tasks.safetensors", "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name, (dtype, shape) in sides.items():
            if dtype == "F32":
                file.write(struct.pack("<997f", *(numbers.gauss(0, 1) for _ in range(997))) * (math.prod(shape) // 997 + 1))
                file.truncate(8 + len(text) + header[name]["data_offsets"][1])
                file.seek(0, os.SEEK_END)
            else:
                file.write(offsets if name != "task_id" else struct.pack(f"<{tasks}q", *range(tasks)))
    train = ("train", "--tasks", folder / "tasks.safetensors", "--out", folder / "run", "--set", "train.iterations=2", "--set", "model.hidden=[4]", "--quiet")
    check("task file", peak_of(*train), at)
