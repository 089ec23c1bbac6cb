#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reading streams: peak memory at most twice the numeric payload plus 256 MB. usage: memory_test.py SHOAL [ROWS]"""
import os
import pathlib
import random
import resource
import subprocess
import sys
import tempfile

shoal, rows = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 1_000_000
COLUMNS = 10  # features and the target
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
    subprocess.run([shoal, "inspect", "plan", "--config", folder / "c.toml", "--quiet"], check=True, stdout=subprocess.DEVNULL)
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss * 1024
    payload = rows * COLUMNS * 8
    size = os.path.getsize(folder / "table.csv")
print(f"file {size / 1e6:.0f} MB, payload {payload / 1e6:.0f} MB, peak {peak / 1e6:.0f} MB")
sys.exit(0 if peak <= 2 * payload + 256e6 else "too much memory")
