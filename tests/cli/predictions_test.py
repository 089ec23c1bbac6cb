#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The columns of predictions: their names, order, texts and meaning for every loss.
Covers run/prediction_*.

usage: predictions_test.py SHOAL
"""
import csv
import json
import math
import os
import pathlib
import random
import struct

from program import refused, run, run_tests, write_rows, write_tensors

FIXED = ["task", "task_id", "row", "time", "phase", "steps"]


def table_text(rows, header):
    write_rows("table.csv", ",".join(header), rows)


def train(loss, more="", tasks="", folder="r"):
    pathlib.Path("t.toml").write_text(f"""
[tasks]
source = "table"
path = "table.csv"
support = 4
query = 0
{tasks}
[model]
hidden = [4]
[loss]
{loss}
[train]
iterations = 4
tasks_per_batch = 4
{more}
""", encoding="utf-8")
    run("train", "--config", "t.toml", "--out", folder, "--quiet", "--set", "evaluate.max_failed_share=1")


def predictions(name="p.csv"):
    with open(name, newline="", encoding="utf-8") as file:
        reader = csv.DictReader(file)
        return reader.fieldnames, list(reader)


def close(text, wanted):
    assert abs(float(text) - wanted) <= 1e-6 * max(1.0, abs(wanted)), (text, wanted)


def softmax(outputs):
    powers = [math.exp(o - max(outputs)) for o in outputs]
    return [p / sum(powers) for p in powers]


def clients(targets, count=12, rows=9):
    """Rows of clients; `targets` makes the last cells from a random generator."""
    numbers = random.Random(5)
    return [[f"c{c}", f"{numbers.gauss(0, 1):.4f}", *targets(numbers)] for c in range(count) for _ in range(rows)]


def test_every_loss_names_its_responses():
    """The response columns are functions of the raw outputs, for every loss."""
    real = lambda n: [f"{n.uniform(1, 3):.3f}0"]  # a text that no number formatter gives back
    two = lambda n: [f"{n.uniform(1, 3):.3f}0", f"+{n.uniform(1, 3):.3f}"]
    sixth = lambda row: [float(row[f"output_{j}"]) for j in range(6) if f"output_{j}" in row]
    cases = [
        ('name = "mse"', ["y"], real, ["prediction"], lambda o: o),
        ('name = "huber"', ["y", "z"], two, ["prediction_y", "prediction_z"], lambda o: o),
        ('name = "bce"', ["y"], lambda n: [n.choice("01")], ["probability"], lambda o: [1 / (1 + math.exp(-o[0]))]),
        ('name = "pinball"\nquantiles = [0.01, 0.5]', ["y"], real, ["q_0.01", "q_0.5"], lambda o: o),
        ('name = "pinball"\nquantiles = [0.1, 0.9]', ["y", "z"], two, ["q_0.1_y", "q_0.9_y", "q_0.1_z", "q_0.9_z"], lambda o: o),
        ('name = "gaussian-nll"', ["y"], real, ["mean", "variance"], lambda o: [o[0], math.exp(o[1])]),
        ('name = "gaussian-nll"', ["y", "z"], two, ["mean_y", "variance_y", "mean_z", "variance_z"],
         lambda o: [o[0], math.exp(o[2]), o[1], math.exp(o[3])]),
        ('name = "qlike"', ["y"], real, ["variance"], lambda o: [math.exp(o[0])]),
    ]
    for i, (loss, targets, values, names, meaning) in enumerate(cases):
        rows = clients(values)
        table_text(rows, ["client", "x", *targets])
        train(loss, tasks=f'key = ["client"]\nfeatures = ["x"]\ntargets = {json.dumps(targets)}', folder=f"r{i}")
        run("predict", f"r{i}", "--data", "table.csv", "--out", "p.csv", "--quiet")
        columns, lines = predictions()
        raw = [name for name in columns if name.startswith("output_")]
        shown = ["target"] if len(targets) == 1 else [f"target_{name}" for name in targets]
        assert columns == ["client", *FIXED, *shown, *raw, *names], (loss, columns)
        assert len(lines) == 12 * 5
        for line in lines:
            given = rows[int(line["row"])]
            assert [line[name] for name in shown] == given[2:] and line["client"] == given[0], line
            assert line["time"] == "" and line["steps"] == "1" and line["task"] == line["client"]
            for name, value in zip(names, meaning(sixth(line))):
                close(line[name], value)


def test_classes_are_named():
    rows = clients(lambda n: [n.choice(["A", "B,b", 'C"'])])
    table_text(rows, ["client", "x", "grade"])
    train('name = "softmax"', tasks='key = ["client"]\nfeatures = ["x"]\ntargets = ["grade"]')
    run("predict", "r", "--data", "table.csv", "--out", "p.csv")
    columns, lines = predictions()
    names = ["A", "B,b", 'C"']
    assert columns == ["client", *FIXED, "target", "output_0", "output_1", "output_2", "label", *("probability_" + n for n in names)], columns
    for line in lines:
        outputs = [float(line[f"output_{j}"]) for j in range(3)]
        assert line["label"] == names[outputs.index(max(outputs))] and line["target"] == rows[int(line["row"])][2]
        for name, p in zip(names, softmax(outputs)):
            close(line["probability_" + name], p)
    # A task that failed has no predictions, not even a label.
    run("predict", "r", "--data", "table.csv", "--out", "p.csv", "--steps", "9", "--set", "algorithm.inner_lr=1e30", code=5)
    columns, lines = predictions()
    assert all(line["label"] == "" and line["probability_A"] == "NaN" and line["output_2"] == "NaN" for line in lines)


def ordered(lines, keys, times):
    """Expects lines in order of the bytes of the key, then time, then row, with all steps of a task together."""
    places = [(*(line[key].encode() for key in keys), times[line["time"]] if line["time"] else 0, int(line["row"])) for line in lines]
    assert places == sorted(places), places
    for before, line in zip(lines, lines[1:]):
        if before["row"] == line["row"]:  # of one task, or of the next window
            assert (before["task"], int(before["steps"])) < (line["task"], int(line["steps"])), line
    return places


def test_lines_are_in_order_of_key_time_and_row():
    numbers = random.Random(8)
    times = {str(2000 + day): day for day in range(14)}
    keys = ["b", "B", "a10", "a9", "é", "a", "x,y", 'q"q', "-1", "c", "d", "e"]
    rows = [[key, time, f"{numbers.gauss(0, 1):.3f}", f"{numbers.gauss(0, 1):.3f}"] for key in keys for time in times]
    numbers.shuffle(rows)
    table_text(rows, ["name", "when", "x", "y"])
    common = 'key = ["name"]\nfeatures = ["x"]\ntargets = ["y"]\n'
    train('name = "mse"', tasks=common + 'time = "when"')
    run("predict", "r", "--data", "table.csv", "--out", "p.csv")
    columns, lines = predictions()
    assert columns[0] == "name" and len(lines) == 12 * 10
    ordered(lines, ["name"], times)
    for line in lines:
        given = rows[int(line["row"])]
        assert [line["name"], line["time"], line["target"]] == [given[0], given[1], given[3]]
    # Without a time, lines are in order of rows.
    train('name = "mse"', tasks=common, folder="rows")
    run("predict", "rows", "--data", "table.csv", "--out", "p.csv")
    ordered(predictions()[1], ["name"], {})
    # With overlapping windows a row is in several tasks; lines are still in order of rows.
    train('name = "mse"', tasks=common + 'time = "when"\nwindows = { support = 4, query = 3, stride = 1 }', folder="w")
    run("evaluate", "w", "--data", "table.csv", "--phase", "all", "--steps", "0,2", "--predictions", "p.csv", "--quiet")
    lines = predictions()[1]
    places = ordered(lines, ["name"], times)
    assert len(lines) == 12 * 8 * 3 * 2 and len(set(places)) < len(places)
    for line in lines:
        assert line["task"].startswith(line["name"] + "/") and line["task"] != line["name"]


def test_key_columns_with_the_name_of_another_are_told_apart():
    rows = [[f"t{c}", c, "q", f"{c + r * 0.5}", f"{r}"] for c in range(12) for r in range(9)]
    table_text(rows, ["task", "row", "key.row", "x", "prediction"])
    train('name = "mse"', tasks='key = ["task", "row", "key.row"]\nfeatures = ["x"]\ntargets = ["prediction"]')
    run("predict", "r", "--data", "table.csv", "--out", "p.csv")
    columns, lines = predictions()
    assert columns == ["key.task", "key.row", "key.key.row", *FIXED, "target", "output_0", "prediction"], columns
    assert {(line["key.task"], line["key.row"], line["key.key.row"], line["task"]) for line in lines} == {
        (f"t{c}", str(c), "q", f"t{c}/{c}/q") for c in range(12)}


def test_targets_that_are_not_there_are_empty():
    rows = clients(lambda n: [f"{n.gauss(0, 1):.2f}"])
    for row in rows[::9]:
        row[2] = ""
    rows[1][2] = "NA"
    table_text(clients(lambda n: [f"{n.gauss(0, 1):.2f}"]), ["client", "x", "y"])
    train('name = "mse"', tasks='key = ["client"]\nfeatures = ["x"]\ntargets = ["y"]')
    table_text(rows, ["client", "x", "y"])
    run("predict", "r", "--data", "table.csv", "--out", "p.csv")
    lines = predictions()[1]
    assert {line["row"] for line in lines if line["target"] == ""} == {str(9 * c) for c in range(12)} | {"1"}
    assert all(line["prediction"] == line["output_0"] != "" for line in lines)
    # Without the target column every row is predicted, and none has a target.
    table_text([row[:2] for row in rows], ["client", "x"])
    run("predict", "r", "--data", "table.csv", "--steps", "0", "--out", "p.csv")
    columns, lines = predictions()
    assert "target" in columns and len(lines) == len(rows) and {line["target"] for line in lines} == {""}
    assert {line["steps"] for line in lines} == {"0"}


def single(value):
    return struct.unpack("f", struct.pack("f", float(value)))[0]


def test_task_files_have_ids_for_keys():
    numbers = random.Random(2)
    for kind in ("y", "labels"):
        entries = []
        for side in ("support", "query"):
            values = [numbers.gauss(0, 1) for _ in range(4)] if kind == "y" else [0, 1, 2, 1]
            shape = ("F32", [4, 1]) if kind == "y" else ("I64", [4])
            entries += [(side + "_x", "F32", [4, 1], [numbers.gauss(0, 1) for _ in range(4)]), (side + "_y", *shape, values),
                        (side + "_offsets", "I64", [4], [0, 2, 3, 4])]
        write_tensors("f.safetensors", entries + [("task_id", "I64", [3], [30, 4, 7])])
        loss = "mse" if kind == "y" else "softmax"
        run("train", "--tasks", "f.safetensors", "--out", loss, "--quiet", "--set", f"loss.name={loss}", "--set", "train.iterations=2")
        run("predict", loss, "--data", "f.safetensors", "--out", "p.csv")
        columns, lines = predictions()
        assert columns[: len(FIXED) + 1] == [*FIXED, "target"], columns
        assert [(line["task"], line["row"]) for line in lines] == [("4", "0"), ("7", "0"), ("30", "0"), ("30", "1")]
        assert all(line["task_id"] == line["task"] and line["phase"] == "train" and line["time"] == "" for line in lines)
        given = [values[2], values[3], values[0], values[1]]
        assert [single(line["target"]) for line in lines] == [single(value) for value in given]
        if kind == "labels":
            assert columns[-4:] == ["label", "probability_0", "probability_1", "probability_2"]
            assert all(line["label"] in "012" and line["target"] in "012" for line in lines)


def test_evaluate_writes_the_predictions_behind_its_losses():
    rows = clients(lambda n: [f"{n.gauss(0, 1):.2f}"])
    table_text(rows, ["client", "x", "y"])
    train('name = "mse"', tasks='key = ["client"]\nfeatures = ["x"]\ntargets = ["y"]\nsplit = { train = 0.5, validation = 0.25, test = 0.25 }')
    report = json.loads(run("evaluate", "r", "--steps", "3,0,1", "--predictions", "p.csv", "--json").stdout)
    assert report["predictions"] == "p.csv" and report["steps"] == [0, 1, 3]
    lines = predictions()[1]
    assert {line["task"] for line in lines} == {task["key"] for task in report["tasks"]} and {line["phase"] for line in lines} == {"test"}
    ordered(lines, ["client"], {})
    for task in report["tasks"]:
        for steps, loss in zip(report["steps"], task["loss"]):
            errors = [(float(line["prediction"]) - float(line["target"])) ** 2 for line in lines
                      if line["task"] == task["key"] and line["steps"] == str(steps)]
            assert len(errors) == 5 and abs(sum(errors) / 5 - loss) < 1e-5 * (1 + loss)
    # The predictions of `predict` for the same rows, digit by digit.
    run("predict", "r", "--data", "table.csv", "--steps", "3", "--out", "all.csv")
    own = [line for line in lines if line["steps"] == "3"]
    asked = {line["row"] for line in own}
    assert [line for line in predictions("all.csv")[1] if line["row"] in asked] == own
    refused(6, "there is no folder", "evaluate", "r", "--predictions", "none/p.csv")
    refused(2, "the command reads this file", "evaluate", "r", "--predictions", "table.csv")
    # Generated tasks have no keys.
    run("train", "--out", "g", "--quiet", "--set", "train.iterations=2", "--set", "evaluate.tasks=20")
    run("evaluate", "g", "--steps", "1", "--set", "evaluate.tasks=4", "--predictions", "p.csv", "--quiet")
    lines = predictions()[1]
    assert [(line["task_id"], line["row"]) for line in lines] == [(str(t), str(r)) for t in range(4) for r in range(10)]
    assert all(abs(float(line["target"])) <= 5 for line in lines)


def test_phases_are_those_of_the_run():
    rows = clients(lambda n: [f"{n.gauss(0, 1):.2f}"], count=40)
    table_text(rows, ["client", "x", "y"])
    train('name = "mse"', tasks='key = ["client"]\nfeatures = ["x"]\ntargets = ["y"]')
    phases = {}
    for phase in ("train", "validation", "test"):
        report = json.loads(run("evaluate", "r", "--phase", phase, "--steps", "0", "--json").stdout)
        phases |= {task["key"]: phase for task in report["tasks"]}
    assert len(phases) == 40
    table_text([*rows, *(["n" + row[0][1:], *row[1:]] for row in rows[:18])], ["client", "x", "y"])
    run("predict", "r", "--data", "table.csv", "--out", "p.csv")
    lines = predictions()[1]
    assert {line["client"]: line["phase"] for line in lines} == phases | {"n0": "new", "n1": "new"}
    adapted = json.loads(run("adapt", "r", "--data", "table.csv", "--out", "a.safetensors", "--json").stdout)["adapted"]
    assert {task["key"]: task["phase"] for task in adapted} == phases | {"n0": "new", "n1": "new"}
    run("predict", "a.safetensors", "--data", "table.csv", "--out", "again.csv")
    assert predictions("again.csv")[1] == lines


def test_tasks_without_an_adapted_model_are_named():
    rows = clients(lambda n: [f"{n.gauss(0, 1):.2f}"])
    table_text(rows, ["client", "x", "y"])
    train('name = "mse"', tasks='key = ["client"]\nfeatures = ["x"]\ntargets = ["y"]')
    table_text(rows[: 9 * 7], ["client", "x", "y"])
    run("adapt", "r", "--data", "table.csv", "--out", "a.safetensors")
    table_text(rows, ["client", "x", "y"])
    refused(3, 'holds no adapted model for 5 of the 12 tasks: "c10", "c11", "c7" and 2 more', "predict", "a.safetensors", "--data", "table.csv", "--out", "p.csv")
    table_text([*rows[: 9 * 7], ["k" * 200, "1", "2"]], ["client", "x", "y"])
    refused(3, 'for 1 of the 8 tasks: "' + "k" * 60 + '..."', "predict", "a.safetensors", "--data", "table.csv", "--out", "p.csv")


def test_a_refused_prediction_leaves_the_old_file():
    rows = clients(lambda n: [f"{n.gauss(0, 1):.2f}"])
    table_text(rows, ["client", "x", "y"])
    train('name = "mse"', tasks='key = ["client"]\nfeatures = ["x"]\ntargets = ["y"]')
    pathlib.Path("p.csv").write_text("old\n", encoding="utf-8")
    rows[3][1] = "x"
    table_text(rows, ["client", "x", "y"])
    refused(3, "table.csv:5", "predict", "r", "--data", "table.csv", "--out", "p.csv")
    assert pathlib.Path("p.csv").read_text(encoding="utf-8") == "old\n" and not [f for f in os.listdir(".") if ".tmp." in f]


run_tests(globals())
