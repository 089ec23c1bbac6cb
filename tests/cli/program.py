#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Functions of the tests of this folder: run the shoal program (sys.argv[1]), expect refusals, read and write its files; every test runs
in a folder of its own."""
import csv
import json
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

shoal = str(pathlib.Path(sys.argv[1]).resolve())
FAST = ["--set", "train.iterations=20", "--set", "model.hidden=[8]", "--set", "evaluate.tasks=20"]


def run(*arguments, code=0, env=None):
    result = subprocess.run([shoal, *map(str, arguments)], capture_output=True, text=True, env={**os.environ, **(env or {})})
    assert result.returncode == code, f"{arguments}: exit {result.returncode}, not {code}\n{result.stdout}{result.stderr}"
    return result


def refused(code, named, *arguments, env=None):
    before = sorted(pathlib.Path(".").rglob("*"))
    result = run(*arguments, code=code, env=env)
    assert named in result.stderr, f"{arguments}: {named!r} is not in {result.stderr!r}"
    assert sorted(pathlib.Path(".").rglob("*")) == before, f"{arguments}: something was written"


def tensors(path):
    """Names, shapes and values of a safetensors file, read by the definition of the format."""
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    code = {"F32": "f", "F64": "d", "I64": "q", "I32": "i", "U8": "B"}
    result = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            letter = code[entry["dtype"]]
            count = (end - begin) // struct.calcsize("<" + letter)
            result[name] = (entry["dtype"], entry["shape"], struct.unpack(f"<{count}{letter}", data[begin:end]))
    return result


def write_tensors(path, entries):
    header, data = {}, b""
    for name, dtype, shape, values in entries:
        packed = struct.pack(f"<{len(values)}{'f' if dtype == 'F32' else 'q'}", *values)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    text = json.dumps(header).encode()
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_rows(path, header, rows):
    """Writes a CSV file; the header is one text with commas."""
    with open(path, "w", newline="", encoding="utf-8") as file:
        csv.writer(file, lineterminator="\n").writerows([header.split(","), *rows])


def write_table(path, tasks=12, rows=12, targets=True):
    numbers = random.Random(1)
    lines = []
    for task in range(tasks):
        for day in range(rows):
            a, b = numbers.gauss(0, 1), numbers.gauss(3, 2)
            lines.append([f"c{task}", day, a, b] + ([task * a - b] if targets else []))
    write_rows(path, "client,day,a,b" + (",y" if targets else ""), lines)


ALL_TRAIN = 'split = { by = "task", train = 1.0, validation = 0.0, test = 0.0 }'


def table_config(path, *more, features=("a", "b"), support=6, query=0, sections=""):
    """The text of a configuration: tasks from the table at `path`, one per client, with the lines `more` in the same section as the usual
    ones, and with other sections."""
    lines = ["[tasks]", 'source = "table"', f"path = {json.dumps(path)}", 'key = ["client"]', f"features = {json.dumps(list(features))}",
             'targets = ["y"]', f"support = {support}", f"query = {query}", *more]
    return "\n".join(lines) + "\n" + sections


def write_config(name, text):
    """Writes it and returns the arguments that name it."""
    pathlib.Path(name).write_text(text, encoding="utf-8")
    return ["--config", name]


TABLE = """
[tasks]
source = "table"
path = "table.csv"
key = ["client"]
time = "day"
features = ["a", "b"]
targets = ["y"]
support = 6
query = 4
split = { by = "task", train = 0.6, validation = 0.1, test = 0.3 }
[model]
hidden = [6]
[algorithm]
inner_steps = 2
[train]
iterations = 15
tasks_per_batch = 4
[evaluate]
max_failed_share = 0.5
"""


def run_tests(tests):
    """Runs the functions named test_... of `tests`, a module's globals."""
    for name, test in list(tests.items()):
        if not name.startswith("test_"):
            continue
        start = time.monotonic()
        folder = tempfile.mkdtemp(prefix="shoal-cli-")
        os.chdir(folder)
        test()
        os.chdir("/")
        shutil.rmtree(folder)
        print(f"{name}: passed in {time.monotonic() - start:.1f} s")
