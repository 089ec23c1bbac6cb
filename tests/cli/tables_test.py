#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shoal program on tables: training, evaluation, adaptation and predictions, with the preprocessing of a trained run.

usage: tables_test.py SHOAL
"""
import csv
import json
import os
import pathlib
import shutil

from program import TABLE, refused, run, run_tests, tensors, write_table


def test_table_to_predictions():
    write_table("table.csv")
    pathlib.Path("t.toml").write_text(TABLE, encoding="utf-8")
    counts = json.loads(run("inspect", "tasks", "--config", "t.toml", "--json").stdout)
    assert sum(line["tasks"] for line in counts["phases"]) == 12
    plan = json.loads(run("inspect", "plan", "--config", "t.toml", "--json").stdout)
    assert plan["parameters"] == 2 * 6 + 6 + 6 + 1 and "lanes = " in plan["cpu"]
    run("train", "--config", "t.toml", "--out", "r", "--quiet")
    table = json.loads(run("evaluate", "r", "--steps", "0,2", "--json").stdout)
    assert [line["steps"] for line in table["summary"]] == [0, 2]
    assert all(task["key"].startswith("c") for task in table["tasks"])
    shown = json.loads(run("inspect", "model", "r", "--json").stdout)
    assert json.loads(shown["metadata"]["preprocessing"])["inputs"] == ["a", "b"]
    assert {line["name"]: line["shape"] for line in shown["tensors"]}["layers.0.weight"] == [2, 6]

    write_table("new.csv", tasks=3, targets=True)
    run("adapt", "r", "--data", "new.csv", "--steps", "2", "--out", "a.safetensors")
    adapted = tensors("a.safetensors")
    assert adapted["fast.layers.0.weight"][1] == [3, 2, 6]
    run("predict", "a.safetensors", "--data", "new.csv", "--out", "p1.csv")
    run("predict", "r", "--data", "new.csv", "--out", "p2.csv")
    assert pathlib.Path("p1.csv").read_text(encoding="utf-8") == pathlib.Path("p2.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(open("p1.csv", encoding="utf-8")))
    assert len(rows) == 3 * 6 and {row["task"] for row in rows} == {"c0", "c1", "c2"}
    given = list(csv.DictReader(open("new.csv", encoding="utf-8")))
    for row in rows:  # row numbers refer to the table
        assert (given[int(row["row"])]["client"], given[int(row["row"])]["day"]) == (row["task"], row["time"])
    write_table("other.csv", tasks=5)
    refused(3, "no adapted model", "predict", "a.safetensors", "--data", "other.csv", "--out", "p3.csv")
    refused(2, "--steps", "predict", "a.safetensors", "--data", "new.csv", "--steps", "1", "--out", "p3.csv")
    pathlib.Path("bad.csv").write_text("client,day,a,b,y\nc0,1,x,2,3\n", encoding="utf-8")
    refused(3, "bad.csv:2", "adapt", "r", "--data", "bad.csv", "--out", "b.safetensors")
    # A new client with two known rows and one to predict, and another with one known row and nothing to predict.
    pathlib.Path("few.csv").write_text("client,day,a,b,y\nn,0,1,2,3\nn,1,1,2,3\nn,2,1,2,\nm,0,1,2,3\n", encoding="utf-8")
    report = json.loads(run("predict", "r", "--data", "few.csv", "--out", "p4.csv", "--json").stdout)
    assert (report["tasks"], report["rows"], report["left_out"]) == (2, 1, None)
    assert [row["row"] for row in csv.DictReader(open("p4.csv", encoding="utf-8"))] == ["2"]
    # Without targets there is nothing to adapt on; adapted models, or the model itself, can still predict.
    write_table("asked.csv", tasks=3, targets=False)
    refused(3, 'no column "y"', "predict", "r", "--data", "asked.csv", "--out", "p5.csv")
    run("predict", "a.safetensors", "--data", "asked.csv", "--out", "p5.csv")
    assert len(list(csv.DictReader(open("p5.csv", encoding="utf-8")))) == 3 * 12
    run("predict", "r", "--data", "asked.csv", "--steps", "0", "--out", "p6.csv")
    # A task file is recognised by its content.
    run("data", "export", "--config", "t.toml", "--out", "tasks.st", "--phase", "train")
    run("adapt", "r", "--data", "tasks.st", "--out", "b.safetensors")
    result = run("evaluate", "r", "--data", "few.csv", "--json", code=3)
    assert "few.csv:4" in result.stderr


def test_a_trained_run_keeps_its_preprocessing_and_its_split():
    os.makedirs("work")
    write_table("work/table.csv")
    pathlib.Path("work/t.toml").write_text(TABLE, encoding="utf-8")
    run("train", "--config", "work/t.toml", "--out", "r", "--quiet")
    evaluated = lambda *a, code=0, env=None: json.loads(run("evaluate", "r", "--json", *a, code=code, env=env).stdout)["tasks"]
    own = evaluated()
    # The result does not depend on the folder and the environment. Another seed would test on tasks that were trained on.
    os.makedirs("elsewhere")
    os.chdir("elsewhere")
    moved = json.loads(run("evaluate", "../r", "--json", env={"SHOAL_SEED": "99"}).stdout)["tasks"]
    os.chdir("..")
    assert moved == own
    refused(2, "trained with seed 7", "evaluate", "r", "--seed", "99")
    assert evaluated("--seed", "7") == own
    # The same columns with another configuration: the scalers are the model's and are not fitted again.
    scaled = pathlib.Path("work/scaled.csv")
    with open("work/table.csv", encoding="utf-8") as source, open(scaled, "w", encoding="utf-8") as target:
        for i, line in enumerate(source):
            cells = line.rstrip("\n").split(",")
            target.write(line if i == 0 else ",".join([cells[0], cells[1], str(100 * float(cells[2])), *cells[3:]]) + "\n")
    pathlib.Path("work/s.toml").write_text(TABLE.replace("table.csv", "scaled.csv"), encoding="utf-8")
    assert evaluated("--config", "work/s.toml", "--set", "evaluate.max_failed_share=1") != own
    pathlib.Path("work/same.toml").write_text(TABLE, encoding="utf-8")
    assert evaluated("--config", "work/same.toml") == own
    refused(2, "tasks.features is not what the model was trained with", "evaluate", "r", "--set", 'tasks.features=["a"]')
    # The location of the data is not part of the model; their content is.
    model = pathlib.Path("r/model.safetensors").read_bytes()
    shutil.copytree("work", "moved")
    run("train", "--config", "moved/t.toml", "--out", "again", "--quiet")
    assert pathlib.Path("again/model.safetensors").read_bytes() == model
    assert b"moved" not in model and b"work" not in model
    shutil.rmtree("moved")
    refused(3, "give --data", "evaluate", "again")
    with open("work/table.csv", "a", encoding="utf-8") as table:
        table.write("late,0,1,2,3\n")
    changed = run("evaluate", "r", "--json")
    assert "has changed since" in changed.stderr
    assert "1 key with too few rows for a task, e.g. \"late\"" in changed.stderr
    assert json.loads(changed.stdout)["left_out"]["keys"] == 1


run_tests(globals())
