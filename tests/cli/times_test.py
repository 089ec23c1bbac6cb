#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Times of tables: the program reads them as instants or exact whole numbers, writes them as the file does, and refuses wrong ones with
the right exit code and without writing anything.

usage: times_test.py SHOAL
"""
import csv
import json
import pathlib

from program import TABLE, refused, run, run_tests, tensors, write_rows


def write(times, path="table.csv"):
    """Writes one asset per task; x counts the rows of a task in the given order of times, and the file has them in reverse order."""
    rows = list(enumerate(times))[::-1]
    write_rows(path, "client,day,a,b,y", [[asset, time, row, row % 3, row % 2] for asset in ("A", "B") for row, time in rows])


def config(more="", split='by = "task", train = 1.0, validation = 0.0, test = 0.0'):
    text = TABLE.replace('by = "task", train = 0.6, validation = 0.1, test = 0.3', split).replace("query = 4", f"query = 0\nscale = false\n{more}")
    pathlib.Path("t.toml").write_text(text, encoding="utf-8")


def rows_of_a_task():
    run("data", "export", "--config", "t.toml", "--phase", "train", "--out", "T.st", "--quiet")
    found = tensors("T.st")
    pick = lambda side: [int(x) for x in found[f"{side}_x"][2][::2]][: found[f"{side}_offsets"][2][1]]
    return pick("support") + pick("query")


def test_rows_follow_time():
    half_hours = [f"2003-10-26T{h:02}:{m}:00+02:00" for h in range(3) for m in ("00", "30")] + \
                 [f"2003-10-26T{h:02}:{m}:00+01:00" for h in range(2, 5) for m in ("00", "30")]
    for times, more in (
        ([f"2018-{month}" for month in range(1, 13)], ""),
        ([f"2018M{month}" for month in range(1, 13)], ""),
        ([f"{year}Q{quarter}" for year in (2018, 2019) for quarter in range(1, 5)], ""),
        (half_hours, ""),
        ([str(1582218195625938945 + 100 * i) for i in range(12)], ""),
        ([f"{day}.{month}.2018" for month in (9, 10) for day in (9, 10, 11, 30)], 'time_format = "%d.%m.%Y"'),
        ([f"{day:02}{month:02}2018" for month in (9, 10) for day in (9, 10, 11, 30)], 'time_format = "%d%m%Y"'),
        ([f"2018.{month}" for month in range(1, 13)], 'time_format = "%Y.%m"'),
    ):
        write(times)
        config(more)
        assert rows_of_a_task() == list(range(len(times))), times


def test_predictions_repeat_the_text_of_the_file():
    times = [str(1582218195625938945 + 100 * i) for i in range(10)] + ["1582218195625940000", "+1582218195625940001", "01582218195625940002"]
    write(times)
    config()
    run("train", "--config", "t.toml", "--out", "r", "--quiet")
    report = json.loads(run("predict", "r", "--data", "table.csv", "--out", "p.csv", "--json").stdout)
    assert report["rows"] == 2 * (len(times) - 6)
    given = list(csv.DictReader(open("table.csv", encoding="utf-8")))
    rows = list(csv.DictReader(open("p.csv", encoding="utf-8")))
    assert [row["time"] for row in rows if row["task"] == "A"] == times[6:]
    assert all(given[int(row["row"])]["day"] == row["time"] for row in rows)
    # A later file in another layout, with the model's preprocessing.
    write([f"{i:02}/01/2018" for i in range(1, 13)], "later.csv")
    refused(3, 'later.csv:2: column "day" (time): "12/01/2018"', "predict", "r", "--data", "later.csv", "--out", "q.csv")


def test_windows_are_named_by_the_text_of_the_file():
    write([f"2018-{month}" for month in range(1, 13)])
    config("windows = { support = 3, query = 3 }")
    run("train", "--config", "t.toml", "--out", "r", "--quiet")
    tasks = json.loads(run("evaluate", "r", "--data", "table.csv", "--phase", "all", "--steps", "0", "--json").stdout)["tasks"]
    assert sorted(task["key"] for task in tasks) == sorted(f"{asset}/2018-{month}" for asset in "AB" for month in (4, 7, 10))
    write(["2018-01-01T00:00Z", "2018-01-01T01:00+01:00"] + [f"2018-01-02T0{i}:00Z" for i in range(6)])
    refused(3, '"2018-01-01T00:00Z" twice (the other is "2018-01-01T01:00+01:00" at table.csv:8)', "data", "export", "--config", "t.toml", "--out", "T.st")


def test_wrong_times_and_boundaries_are_refused():
    export = ("data", "export", "--config", "t.toml", "--out", "T.st")
    days = [f"2018-{month:02}-{day:02}" for month in (1, 2) for day in range(1, 29)]
    for wrong in ("2018-02-30", "2018-02", "2018-W09", "30/02/2018", "2018-02-28T00:00", "43159", "2018-02-28.5", "\u0662018-02-28"):
        write(days + [wrong])
        config()
        refused(3, f'table.csv:2: column "day" (time): "{wrong}"', *export)
    for times, named in (
        ([f"2018.{month}" for month in range(1, 13)], "is a decimal number"),
        ([f"{day}102003" for day in range(20, 32)], 'set tasks.time_format = "%d%m%Y"'),
        ([f"{i}.5" for i in range(12)], "is not a whole number"),
        (["9223372036854775808"], "64 bits"),
        ([f"2018-01-01T00:00:{i:02}.0123456789" for i in range(12)], "nine digits"),
    ):
        write(times)
        refused(3, 'table.csv:2: column "day" (time): ', *export)
        refused(3, named, *export)
    write(days)
    for boundary, named in (("01/02/2018", "is not a time"), ("2018-01-15T12:00", "lies inside a day"), ("2018-02-30", "is not a date"), ("7", "is a whole number")):
        config("windows = { support = 3, query = 3 }", f'by = "time", test_from = "{boundary}"')
        refused(2, f'tasks.split.test_from = "{boundary}": ', *export)
        refused(2, named, *export)
    for wrong in ("dd/mm/yyyy", "%d/%m", "%Q"):
        config(f'time_format = "{wrong}"')
        refused(2, f'tasks.time_format = "{wrong}": ', *export)


def test_a_boundary_may_be_coarser_than_the_times():
    write([f"2018-{month:02}-{day:02}" for month in (1, 2) for day in range(1, 29)])
    for boundary in ("2018-02", "2018-2-1", "2018-02-01", "20180201", "2018-02-01T00:00"):
        config("windows = { support = 7, query = 7 }", f'by = "time", test_from = "{boundary}"')
        counts = json.loads(run("inspect", "tasks", "--config", "t.toml", "--json").stdout)["phases"]
        assert {line["phase"]: line["tasks"] for line in counts} == {"train": 6, "validation": 0, "test": 8}, (boundary, counts)


run_tests(globals())
