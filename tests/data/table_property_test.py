#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Random tables, read by the program and by the independent table_oracle.py: both give exactly the same tasks in the same order, and the
same scalers and labels. A table with one wrong value is refused with its line, column and value.

usage: table_property_test.py SHOAL [TABLES [FIRST]] (FIRST: number of the first table, to repeat one)
"""
import collections
import json
import os
import pathlib
import random
import struct
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent.parent / "cli"))
from program import run, tensors  # noqa: E402
from random_table import RandomTable  # noqa: E402
from table_oracle import expected_tasks  # noqa: E402

counts = collections.Counter()


def as_float32(value):
    return struct.unpack("<f", struct.pack("<f", value))[0]


def metadata_of(path):
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + size])["__metadata__"]


def compare(table, where):
    expected = expected_tasks(table)
    if not expected.tasks:
        assert "no task" in run("data", "export", "--config", "c.toml", "--phase", "train", "--out", "T.st", code=3).stderr, where
        counts["without tasks"] += 1
        return
    run("data", "export", "--config", "c.toml", "--phase", "train", "--out", "T.st", "--quiet")
    found = tensors("T.st")
    assert found["task_id"][2] == tuple(task.id for task in expected.tasks), f"{where}: other tasks, or in another order"
    for side in ("support", "query"):
        rows = [getattr(task, side) for task in expected.tasks]
        offsets = [0]
        for of_task in rows:
            offsets.append(offsets[-1] + len(of_task))
        assert found[f"{side}_offsets"][2] == tuple(offsets), f"{where}: {side}: other numbers of rows"
        flat = [row for of_task in rows for row in of_task]
        x = tuple(as_float32(value) for row in flat for value in expected.inputs(row))
        assert found[f"{side}_x"][2] == x, f"{where}: {side}: features differ: {found[f'{side}_x'][2]}, expected {x}"
        y = tuple(expected.target(row) if table.labels else as_float32(expected.target(row)) for row in flat)
        assert found[f"{side}_y"][2] == y, f"{where}: {side}: targets differ: {found[f'{side}_y'][2]}, expected {y}"
    counts["read alike"] += 1
    counts["tasks"] += len(expected.tasks)
    if counts["read alike"] % 25 == 1:  # also the scalers and labels that a model stores
        run("train", "--config", "c.toml", "--out", "R", "--quiet")
        kept = json.loads(metadata_of("R/model.safetensors")["preprocessing"])
        assert kept["mean"] == expected.mean and kept["deviation"] == expected.deviation, f"{where}: {kept}"
        assert kept["labels"] == expected.labels, f"{where}: {kept['labels']}, expected {expected.labels}"
        counts["models"] += 1


def refuse(table, wrong, where):
    result = run("data", "export", "--config", "c.toml", "--phase", "train", "--out", "T.st", code=3)
    for part in (f"t.csv:{wrong.row + 2}: ", f'column "{wrong.column}"', wrong.shown):
        assert part in result.stderr, f"{where}: {wrong}: {part!r} is not in {result.stderr!r}"
    assert not pathlib.Path("T.st").exists(), where
    counts["refused"] += 1


def main():
    tables = int(sys.argv[2]) if len(sys.argv) > 2 else 500
    first = int(sys.argv[3]) if len(sys.argv) > 3 else 0
    for number in range(first, first + tables):
        rng = random.Random(number)
        table = RandomTable(rng)
        wrong = table.spoil(rng) if number % 4 == 3 else None
        with tempfile.TemporaryDirectory(prefix="shoal-table-") as folder:
            os.chdir(folder)
            table.write("t.csv", "c.toml")
            where = f"table {number} ({table.layout.name}):\n{pathlib.Path('c.toml').read_text()}\n{pathlib.Path('t.csv').read_text()}"
            counts[table.layout.name] += 1
            if wrong:
                refuse(table, wrong, where)
            else:
                compare(table, where)
            os.chdir("/")
    print(", ".join(f"{name}: {count}" for name, count in sorted(counts.items())))
    assert first or counts["read alike"] > tables // 2 and counts["refused"] > tables // 5


main()
