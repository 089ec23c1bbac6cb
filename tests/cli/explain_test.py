#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Explanations of outputs, against a brute force over all orders of the groups with the parameters of the file of adapted models. Covers
run/explain, run/explain_groups, run/shapley.

usage: explain_test.py SHOAL
"""
import csv
import itertools
import json
import math
import pathlib
import random

from program import ALL_TRAIN, refused, run, run_tests, tensors, write_config, write_rows

CREDIT = """
threads = 1
backend = "cpu"
[tasks]
source = "table"
path = "loans.csv"
key = ["branch"]
features = ["income", "grade", "age", "loan"]
targets = ["bad"]
support = 8
query = 0
missing = "mean"
{more}
{split}
[model]
hidden = [5]
[loss]
name = "bce"
[algorithm]
inner_steps = 3
inner_lr = 0.3
[train]
iterations = 30
tasks_per_batch = 6
lr = 0.05
[evaluate]
steps = [0, 3]
max_failed_share = 0.5
"""
INPUTS = ["income", "income_missing", "grade=a", "grade=b", "grade=c", "age", "loan"]
GROUPS = {"income": ["income", "income_missing"], "grade": INPUTS[2:5], "age": ["age"], "loan": ["loan"]}


def write_loans(path, branches, seed):
    numbers = random.Random(seed)
    lines = []
    for branch in range(branches):
        for _ in range(20):
            income, age, loan = numbers.gauss(50, 20), numbers.randint(20, 70), numbers.gauss(0, 1)
            o = -0.5 - 0.03 * (income - 50) + 0.8 * loan + numbers.gauss(0, 1)
            lines.append([f"{path[0]}{branch}", "" if numbers.random() < 0.15 else round(income, 2), numbers.choice("abc"), age, round(loan, 3),
                          round(0.2 * numbers.gauss(0, 1), 3), int(o > 0)])
    write_rows(path, "branch,income,grade,age,loan,score,bad", lines)


def trained(*more, config="", split=ALL_TRAIN):
    write_loans("loans.csv", 12, 1)
    write_loans("new.csv", 3, 2)
    arguments = write_config("c.toml", CREDIT.format(more=config, split=split))
    run("train", *arguments, "--out", "run", "--quiet", *more)


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def explained(*more):
    report = json.loads(run("explain", "run", "--data", "new.csv", "--out", "e.csv", "--json", "--quiet", *more).stdout)
    rows = rows_of("e.csv")
    pathlib.Path("e.csv").unlink()
    return report, rows


def scalers():
    """Mean, deviation and mean of the present incomes of every number, over all rows of the training file."""
    known = {name: [float(row[name]) for row in rows_of("loans.csv") if row[name]] for name in ("income", "age", "loan")}
    moments = {name: (sum(v) / len(v), math.sqrt(sum((x - sum(v) / len(v)) ** 2 for x in v) / len(v))) for name, v in known.items()}
    return moments


def inputs_of(row, moments):
    def scaled(name):
        mean, deviation = moments[name]
        return ((float(row[name]) if row[name] else mean) - mean) / deviation
    return {"income": scaled("income"), "income_missing": float(not row["income"]), **{f"grade={g}": float(row["grade"] == g) for g in "abc"},
            "age": scaled("age"), "loan": scaled("loan")}


def mean_inputs(moments):
    rows = [inputs_of(row, moments) for row in rows_of("loans.csv")]
    return {name: sum(row[name] for row in rows) / len(rows) for name in INPUTS}


def forward(parameters, x):
    """parameters: [(weight [in][out], bias [out])]."""
    for layer, (weight, bias) in enumerate(parameters):
        z = [b + sum(x[i] * weight[i][j] for i in range(len(x))) for j, b in enumerate(bias)]
        x = z if layer + 1 == len(parameters) else [max(v, 0.0) for v in z]
    return x


def parameters_of(file, task=None):
    """Of a model, or of one task of a file of adapted models; and all numbers in one list."""
    content = tensors(file)
    layers, flat = [], []
    for layer in range(10):
        names = [("" if task is None else "fast.") + f"layers.{layer}.{part}" for part in ("weight", "bias")]
        if names[0] not in content:
            break
        values = []
        for name in names:
            _, shape, numbers = content[name]
            if task is not None:
                size = len(numbers) // shape[0]
                numbers = numbers[task * size : (task + 1) * size]
            values.append(list(numbers))
            flat += numbers
        outputs = len(values[1])
        layers.append(([values[0][i : i + outputs] for i in range(0, len(values[0]), outputs)], values[1]))
    return layers, flat


def brute_force(value, names):
    """The mean of each group's contribution over all orders in which groups join."""
    phi, orders = dict.fromkeys(names, 0.0), list(itertools.permutations(names))
    for order in orders:
        joined, before = set(), value(set())
        for name in order:
            joined.add(name)
            after = value(joined)
            phi[name] += (after - before) / len(orders)
            before = after
    return phi


def compare(rows, groups, parameters, offset=None, output=0):
    moments = scalers()
    mean, table = mean_inputs(moments), rows_of("new.csv")
    assert rows
    for row in rows:
        given = table[int(row["row"])]
        x, layers = inputs_of(given, moments), parameters[row["task"]][0]
        shift = float(given[offset]) if offset else 0.0

        def value(joined):
            members = {column for group in joined for column in groups[group]}
            return forward(layers, [x[name] if name in members else mean[name] for name in INPUTS])[output] + shift

        phi = brute_force(value, list(groups))
        assert abs(float(row["base"]) - value(set())) < 1e-9 and abs(float(row["output"]) - value(set(groups))) < 1e-9, row
        for name in groups:
            assert abs(float(row[f"phi_{name}"]) - phi[name]) < 1e-9, (name, row, phi)
        total = sum(float(row[f"phi_{name}"]) for name in groups)
        assert abs(float(row["base"]) + total - float(row["output"])) < 1e-10, row


def adapted_parameters(steps):
    run("adapt", "run", "--data", "new.csv", "--steps", steps, "--out", "a.safetensors", "--quiet")
    keys = {task["id"]: task["key"] for task in json.loads(run("adapt", "run", "--data", "new.csv", "--steps", steps, "--out", "a.safetensors", "--json", "--quiet").stdout)["adapted"]}
    ids = tensors("a.safetensors")["task_id"][2]
    parameters = {keys[number]: parameters_of("a.safetensors", place) for place, number in enumerate(ids)}
    pathlib.Path("a.safetensors").unlink()
    return parameters


def test_values_are_those_of_a_brute_force():
    trained()
    report, rows = explained()
    assert report["groups"] == ["income", "grade", "age", "loan"] and report["output"] == "log-odds" and report["steps"] == 3, report
    assert report["rows"] == len(rows) == 3 * 12 and report["good"] == 3, report
    expected = "branch,task,task_id,row,time,phase,steps,base,output,phi_income,phi_grade,phi_age,phi_loan,reason_1,reason_2,reason_3,reason_4,move"
    assert list(rows[0]) == expected.split(","), list(rows[0])
    parameters = adapted_parameters(3)
    compare(rows, GROUPS, parameters)
    theta = parameters_of("run/model.safetensors")[1]
    for row in rows:
        move = max(abs(a - b) for a, b in zip(parameters[row["task"]][1], theta))
        assert move > 0 and abs(float(row["move"]) - move) < 1e-12, (row, move)
        # The groups that raise the log-odds, the largest first.
        raised = sorted((name for name in GROUPS if float(row[f"phi_{name}"]) > 0), key=lambda name: -float(row[f"phi_{name}"]))
        assert [row[f"reason_{i}"] for i in range(1, 5)] == (raised + [""] * 4)[:4], row
    assert any(row["reason_4"] == "" for row in rows) and any(row["reason_1"] for row in rows)
    # Lines are those of predictions: the same rows in the same order, and the output of the float network.
    run("predict", "run", "--data", "new.csv", "--out", "p.csv", "--quiet")
    predicted = rows_of("p.csv")
    for row, other in zip(rows, predicted, strict=True):
        assert all(row[name] == other[name] for name in ("branch", "task", "task_id", "row", "time", "phase", "steps")), (row, other)
        assert abs(float(row["output"]) - float(other["output_0"])) < 1e-4


def test_groups_reasons_and_an_offset():
    """Groups across features; without a step the parameters are the model's and nothing moves; the offset is in the base."""
    trained(config='offset = "score"')
    write_rows("codes.csv", "text,group", [["Income, or none given", "money"], ["The rest", "rest"], ["Grade", "grade"]])
    pathlib.Path("explain.toml").write_text('[explain]\nreasons = "codes.csv"\ngroups = { rest = ["age"], money = ["income", "income_missing", "loan"], grade = ["grade=a", "grade"] }\n', encoding="utf-8")
    report, rows = explained("--config", "explain.toml", "--steps", "0")
    assert report["groups"] == ["grade", "money", "rest"] and report["steps"] == 0, report
    groups = {"grade": INPUTS[2:5], "money": ["income", "income_missing", "loan"], "rest": ["age"]}
    compare(rows, groups, {row["task"]: parameters_of("run/model.safetensors") for row in rows}, offset="score")
    texts = {"money": "Income, or none given", "rest": "The rest", "grade": "Grade"}
    assert {row["move"] for row in rows} == {"0"} and len({row["base"] for row in rows}) > 1
    for row in rows:
        raised = sorted((name for name in groups if float(row[f"phi_{name}"]) > 0), key=lambda name: -float(row[f"phi_{name}"]))
        assert [row[f"reason_{i}"] for i in range(1, 5)] == ([texts[name] for name in raised] + [""] * 4)[:4], row
    warned = run("predict", "run", "--data", "new.csv", "--out", "p.csv", "--config", "explain.toml").stderr
    assert "explain.groups: has no effect here: it is for shoal explain" in warned, warned


def test_a_linear_model_gives_coefficient_times_deviation():
    trained("--set", "model.hidden=[]")
    _, rows = explained("--steps", "0")
    weight, _ = parameters_of("run/model.safetensors")[0][0]
    moments = scalers()
    mean, table = mean_inputs(moments), rows_of("new.csv")
    for row in rows:
        x = inputs_of(table[int(row["row"])], moments)
        for group, members in GROUPS.items():
            expected = sum(weight[INPUTS.index(name)][0] * (x[name] - mean[name]) for name in members)
            assert abs(float(row[f"phi_{group}"]) - expected) < 1e-9, (group, row, expected)


def test_a_class_and_units_of_targets():
    trained("--set", "loss.name=softmax", "--set", 'tasks.targets=["grade"]', "--set", 'tasks.features=["income", "age", "loan"]')
    explain = ["explain", "run", "--data", "new.csv", "--out", "e.csv"]
    refused(2, "explain.class: names the class whose output is explained, one of a, b, c", *explain)
    refused(2, 'there is no class "d"', *explain, "--set", "explain.class=d")
    report, rows = explained("--set", "explain.class=b")
    assert report["output"] == "output_1", report
    run("predict", "run", "--data", "new.csv", "--out", "p.csv", "--quiet")
    for row, other in zip(rows, rows_of("p.csv"), strict=True):
        assert abs(float(row["output"]) - float(other["output_1"])) < 1e-4, (row, other)
    pathlib.Path("run").rename("softmax")
    # Targets in tens are scaled by the run; base and phi are in their units.
    trained("--set", "loss.name=mse", "--set", 'tasks.targets=["age"]', "--set", 'tasks.features=["income", "loan"]', "--set", "tasks.scale_targets=true")
    refused(2, "only loss softmax has classes", *explain, "--set", "explain.class=b")
    report, rows = explained()
    run("predict", "run", "--data", "new.csv", "--out", "p.csv", "--quiet")
    for row, other in zip(rows, rows_of("p.csv"), strict=True):
        total = float(row["base"]) + float(row["phi_income"]) + float(row["phi_loan"])
        assert abs(total - float(other["prediction"])) < 1e-3 * abs(total) and abs(total - float(row["output"])) < 1e-9, (row, other)


def test_refusals():
    trained("--set", "train.iterations=1")
    explain = ["explain", "run", "--data", "new.csv", "--out", "e.csv", "--quiet"]

    def groups(text):
        return [*explain, "--set", f"explain.groups={text}"]
    every = 'income = ["income"], grade = ["grade"], age = ["age"]'
    refused(2, 'explain.groups.loan: the model has no column "loann" (did you mean "loan"?)', *groups(f'{{ {every}, loan = ["loann"] }}'))
    refused(2, 'explain.groups.x: column "age" is in group "age" already', *groups(f'{{ {every}, loan = ["loan"], x = ["age"] }}'))
    refused(2, 'explain.groups.y: column "income_missing" is in group "income" already', *groups(f'{{ {every}, loan = ["loan"], y = ["income_missing"] }}'))
    refused(2, 'explain.groups: column "loan" is in no group', *groups(f"{{ {every} }}"))
    refused(2, "expected a table of lists of texts", *groups('["income"]'))
    refused(2, "expected a list of texts", *groups("{ income = [1] }"))
    write_rows("codes.csv", "group,text", [["income", "Income"], ["grade", ""], ["age", "Age"], ["loan", "Loan"]])
    refused(3, 'codes.csv: group "grade" has no text', *explain, "--set", "explain.reasons=codes.csv")
    write_rows("codes.csv", "group,text", [["income", "Income"], ["income", "x"]])
    refused(3, 'codes.csv: group "income" occurs twice', *explain, "--set", "explain.reasons=codes.csv")
    write_rows("codes.csv", "group,words", [["income", "Income"]])
    refused(2, "codes.csv", *explain, "--set", "explain.reasons=codes.csv")
    refused(2, "codes.csv", *explain[:-2], "codes.csv", "--set", "explain.reasons=codes.csv")
    run("adapt", "run", "--data", "new.csv", "--out", "a.safetensors", "--quiet")
    refused(2, "needs the trained model", "explain", "a.safetensors", "--data", "new.csv", "--out", "e.csv")
    # The mean row takes the data of the training; they may have moved.
    run(*explain)
    before = pathlib.Path("e.csv").read_bytes()
    pathlib.Path("e.csv").unlink()
    pathlib.Path("loans.csv").rename("moved.csv")
    refused(3, "loans.csv: explain needs the data that the model was trained on", *explain)
    assert "no effect" not in run(*explain, "--set", "tasks.path=moved.csv").stderr
    assert pathlib.Path("e.csv").read_bytes() == before
    pathlib.Path("e.csv").unlink()
    # Thirteen features are one too many, until groups are named.
    numbers = random.Random(3)
    names = [f"f{i}" for i in range(13)]
    write_rows("wide.csv", "k,y," + ",".join(names), [[k, numbers.random(), *(numbers.random() for _ in names)] for k in range(8) for _ in range(6)])
    config = write_config("w.toml", f'[tasks]\nsource = "table"\npath = "wide.csv"\nkey = ["k"]\nfeatures = {json.dumps(names)}\ntargets = ["y"]\nsupport = 3\nquery = 1\n{ALL_TRAIN}\n'
                                    "[model]\nhidden = [2]\n[train]\niterations = 1\n")
    run("train", *config, "--out", "wide", "--quiet")
    wide = ["explain", "wide", "--data", "wide.csv", "--out", "e.csv", "--quiet"]
    refused(2, "explain.groups: 13 features, one group each, are more than the 12", *wide)
    run(*wide, "--set", "explain.groups={ a = " + json.dumps(names[:7]) + ", b = " + json.dumps(names[7:]) + " }")


run_tests(globals())
