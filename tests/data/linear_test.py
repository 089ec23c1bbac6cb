#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Ten times as many columns, labels or tensors take less than fifteen times the instructions, up to a million of each. callgrind counts
the instructions, because times mean little on a busy machine. usage: linear_test.py SHOAL"""
import json
import os
import pathlib
import re
import shutil
import struct
import subprocess
import sys
import tempfile

shoal = sys.argv[1]
SIZES = (100_000, 1_000_000)
MOST = 15.0


def columns(size):
    names = [f"c{i}" for i in range(size)]
    with open("columns.csv", "w", encoding="utf-8") as file:
        file.write("id," + ",".join(names) + "\n")
        for row in range(4):
            file.write(f"{row // 2}" + f",{row}" * size + "\n")
    return table("columns.csv", "c0", f"c{size - 1}", "mse")


def labels(size):
    with open("labels.csv", "w", encoding="utf-8") as file:
        file.write("id,x,y\n")
        file.writelines(f"{row % 1000},{row % 7},label {row}\n" for row in range(size))
    return table("labels.csv", "x", "y", "softmax")


def tensors(size):
    header = {f"tensor.{i}": {"dtype": "F32", "shape": [1], "data_offsets": [4 * i, 4 * i + 4]} for i in range(size)}
    text = json.dumps(header).encode()
    pathlib.Path("t.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + bytes(4 * size))
    return ["inspect", "model", "t.safetensors"]


def table(path, feature, target, loss):
    pathlib.Path("c.toml").write_text(f"""[tasks]
source = "table"
path = "{path}"
key = ["id"]
features = ["{feature}"]
targets = ["{target}"]
support = 1
query = 0
[loss]
name = "{loss}"
""", encoding="utf-8")
    return ["inspect", "tasks", "--config", "c.toml"]


def instructions(arguments):
    result = subprocess.run(["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", shoal, *arguments], capture_output=True, text=True)
    # A foreign file of tensors is read completely before it is refused as a model.
    assert result.returncode in (0, 4), f"{arguments}: exit {result.returncode}\n{result.stderr[-2000:]}"
    return int(re.search(r"Collected : (\d+)", result.stderr).group(1))


if shutil.which("valgrind") is None:
    print("skipped: there is no valgrind")
    sys.exit(77)
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    floor = instructions(["--version"])
    failed = False
    for make in (columns, labels, tensors):
        small, large = (instructions(make(size)) - floor for size in SIZES)
        print(f"{make.__name__}: {small / 1e6:.0f} M instructions for {SIZES[0]}, {large / 1e6:.0f} M for {SIZES[1]}: {large / small:.1f} times")
        failed = failed or large > MOST * small
    os.chdir("/")
sys.exit(1 if failed else 0)
