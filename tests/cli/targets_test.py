#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Targets of the shoal program: the domain of the loss in every command, two words, scaling that is invisible from outside, features
without deviation.

usage: targets_test.py SHOAL
"""
import csv
import json
import math
import os
import pathlib
import random

from program import refused, run, run_tests, table_config, tensors, write_config, write_rows, write_tensors

def configure(name, path, loss='name = "mse"', more="", iterations=10):
    return write_config(name, table_config(path, 'split = { by = "task", train = 0.5, validation = 0.0, test = 0.5 }', more, sections=f"""
[model]
hidden = [4]
[loss]
{loss}
[algorithm]
inner_steps = 2
inner_lr = 0.05
[train]
iterations = {iterations}
tasks_per_batch = 100
[evaluate]
steps = [0, 2]
max_failed_share = 0
"""))


def write(path, target, tasks=12, rows=12, feature=lambda a: a):
    """Writes rows of keys c0, c1, ...; `target` is a function of two standard normals and the row's number."""
    numbers = random.Random(3)
    lines = []
    for task in range(tasks):
        for row in range(rows):
            a, b = numbers.gauss(0, 1), numbers.gauss(0, 1)
            lines.append([f"c{task}", feature(a), b, target(a, b, row)])
    write_rows(path, "client,a,b,y", lines)
    return path


def targets_of(path):
    return [float(row["y"]) for row in csv.DictReader(open(path, encoding="utf-8"))]


def test_tables_outside_the_domain_are_refused_by_every_command():
    write("good.csv", lambda a, b, row: int(a > 0))
    bce = 'name = "bce"'
    run("train", *configure("good.toml", "good.csv", bce), "--out", "r", "--quiet")
    write("bad.csv", lambda a, b, row: 1 + int(a > 0))
    bad = configure("bad.toml", "bad.csv", bce)
    line = 2 + targets_of("bad.csv").index(2)
    named = f'bad.csv:{line}: column "y": 2 is not between 0 and 1; loss bce needs'
    for command in (["train", "--out", "n"], ["data", "export", "--out", "n"], ["inspect", "tasks"], ["inspect", "plan"]):
        refused(3, named, *command, *bad)
        refused(3, 'the column holds "1" and "2": name the one that counts as 1, e.g. tasks.positive = "2"', *command, *bad)
    refused(3, named, "evaluate", "r", "--data", "bad.csv")
    for command in (["adapt"], ["predict"]):  # these commands use support rows
        refused(3, "is not between 0 and 1", *command, "r", "--data", "bad.csv", "--out", "n")
    run("predict", "r", "--data", "bad.csv", "--steps", "0", "--out", "n")
    # Probabilities are targets like any other.
    write("soft.csv", lambda a, b, row: 1 / (1 + math.exp(-a)))
    run("train", *configure("soft.toml", "soft.csv", bce), "--out", "soft", "--quiet")


def task_file(path, targets, labels=False):
    count = len(targets) // 2
    side = lambda name, y: [(name + "_x", "F32", [count, 1], list(range(count))),
                            (name + "_y", "I64", [count], y) if labels else (name + "_y", "F32", [count, 1], y),
                            (name + "_offsets", "I64", [2], [0, count])]
    write_tensors(path, side("support", targets[:count]) + side("query", targets[count:]) + [("task_id", "I64", [1], [77])])
    return path


def test_task_files_outside_the_domain_are_refused_by_every_command():
    small = ["--set", "model.hidden=[3]", "--set", "train.iterations=2", "--set", "evaluate.steps=[0,1]"]
    cases = [("bce", [0, 1, 1, 0], [0, 3, 1, 0], [0, 1, 3, 0], "3 is not between 0 and 1"),
             ("qlike", [1, 2, 1, 2], [1, 0, 1, 2], [1, 2, -1, 2], " is not positive"),
             ("mse", [1, 2, 3, 4], [1, math.inf, 3, 4], [1, 2, math.nan, 4], " is not a finite number")]
    for loss, good, support, query, words in cases:
        name = ["--set", f"loss.name={loss}"]
        run("train", "--tasks", task_file("good.st", good), "--out", loss, "--quiet", *name, *small)
        for targets, place in ((support, "support target of task 0 (id 77), row 1 (support_y): "), (query, "query target of task 0 (id 77), row 0 (query_y): ")):
            task_file("bad.st", targets)
            for command in (["train", *small], ["gradient"]):
                refused(3, "bad.st: " + place, *command, "--tasks", "bad.st", "--out", "n", *name)
                refused(3, words, *command, "--tasks", "bad.st", "--out", "n", *name)
            refused(3, "bad.st: " + place, "evaluate", loss, "--data", "bad.st")
        for command in ("adapt", "predict"):
            run(command, loss, "--data", task_file("bad.st", query), "--out", "n")
            os.remove("n")
            refused(3, "bad.st: support target of task 0 (id 77), row 1", command, loss, "--data", task_file("bad.st", support), "--out", "n")
    # Labels must be below the model's number of classes.
    name = ["--set", "loss.name=softmax"]
    run("train", "--tasks", task_file("good.st", [0, 1, 1, 0], labels=True), "--out", "softmax", "--quiet", *name, *small)
    task_file("bad.st", [0, 1, 2, 0], labels=True)
    refused(3, "bad.st: task batch: query label of task 0 (id 77), row 0 (query_y) is 2, but there are only 2 classes", "evaluate", "softmax", "--data", "bad.st")
    refused(3, "query label of task 0 (id 77), row 0 (query_y)", "gradient", "--tasks", "bad.st", "--out", "n", *name, "--set", "model.outputs=2")
    task_file("bad.st", [0, -1, 1, 0], labels=True)
    refused(3, "row 1 (support_y): -1 is negative", "train", "--tasks", "bad.st", "--out", "n", *name, *small)


def test_classes_have_one_name_each():
    softmax = configure("s.toml", "s.csv", 'name = "softmax"')
    for values, words in (
        (["0.25", "1", "2"], 's.csv:2: column "y": "0.25" is not a name of a class: whole numbers and words are'),
        (["1", "0", "1.0"], 's.csv:4: column "y": "1.0" and "1" are one number: write a class in one way'),
        (["7", "07", "8"], 's.csv:3: column "y": "07" and "7" are one number'),
    ):
        write("s.csv", lambda a, b, row: values[row % 3])
        refused(3, words, "train", *softmax, "--out", "n")
    for values in (["1.0", "0.0", "2.0"], ["9007199254740993", "9007199254740992", "0"], ["1", "one", "B+"]):
        write("s.csv", lambda a, b, row: values[row % 3])
        run("train", *softmax, "--out", "classes" + values[0], "--quiet")


def test_generated_targets_have_a_domain_too():
    for loss, words in (("bce", "is not between 0 and 1; loss bce"), ("qlike", "is not positive")):
        for command in (["train", "--out", "n"], ["inspect", "plan"]):
            refused(3, words, *command, "--set", f"loss.name={loss}")


def test_two_words_and_the_positive_one():
    write("words.csv", lambda a, b, row: "bad" if a > 0 else "good")
    write("numbers.csv", lambda a, b, row: int(a > 0))
    bce = 'name = "bce"'
    refused(3, '"bad" and "good": name the one that counts as 1, e.g. tasks.positive = "bad"', "train", *configure("t.toml", "words.csv", bce), "--out", "n")
    run("train", *configure("w.toml", "words.csv", bce, 'positive = "bad"'), "--out", "words", "--quiet")
    run("train", *configure("n.toml", "numbers.csv", bce), "--out", "numbers", "--quiet")
    losses = lambda model: [task["loss"] for task in json.loads(run("evaluate", model, "--json").stdout)["tasks"]]
    assert losses("words") == losses("numbers")
    # New clients: the model reads its two words and refuses another one.
    write("new.csv", lambda a, b, row: "" if row > 6 else "bad" if b > 0 else "good", tasks=3)
    run("predict", "words", "--data", "new.csv", "--out", "p.csv", "--quiet")
    write("third.csv", lambda a, b, row: "ugly", tasks=3)
    refused(3, 'third.csv:2: column "y": "ugly" is neither "good" nor "bad"', "evaluate", "words", "--data", "third.csv")
    refused(2, "tasks.positive is not what the model was trained with", "evaluate", "words", "--set", "tasks.positive=good")
    refused(2, "only loss bce has them", "train", *configure("m.toml", "numbers.csv", more='positive = "1"'), "--out", "n")


LOSSES = {
    "mse": ('name = "mse"', lambda o, y: (o[0] - y) ** 2),
    "huber": ('name = "huber"\ndelta = 20000.0', lambda o, y: 0.5 * (o[0] - y) ** 2 if abs(o[0] - y) <= 20000 else 20000 * (abs(o[0] - y) - 10000)),
    "pinball": ('name = "pinball"\nquantiles = [0.1, 0.9]', lambda o, y: sum(max(q * (y - p), (q - 1) * (y - p)) for q, p in zip((0.1, 0.9), o)) / 2),
    "gaussian-nll": ('name = "gaussian-nll"', lambda o, y: (o[1] + (y - o[0]) ** 2 * math.exp(-o[1])) / 2),
}


def test_losses_and_predictions_are_in_the_units_of_the_target():
    dollars = lambda a, b, row: 150000 + 110000 * a + 30000 * b
    write("dollars.csv", dollars)
    write("kilo.csv", lambda a, b, row: dollars(a, b, row) / 1000)
    given = targets_of("dollars.csv")
    for name, (loss, term) in LOSSES.items():
        trained = run("train", *configure("d.toml", "dollars.csv", loss), "--out", name, "--json")
        report = json.loads(trained.stdout)
        assert 1e5 < report["scaling"]["targets"]["y"]["deviation"] < 1.3e5, report["scaling"]
        assert 'target "y" is scaled by its mean' in trained.stderr
        # evaluate's losses are those of the written predictions against the file's own targets.
        run("predict", name, "--data", "dollars.csv", "--out", "p.csv", "--quiet")
        by_task = {}
        for row in csv.DictReader(open("p.csv", encoding="utf-8")):
            outputs = [float(row[column]) for column in row if column.startswith("output_")]
            by_task.setdefault(row["task"], []).append(term(outputs, given[int(row["row"])]))
        evaluated = json.loads(run("evaluate", name, "--data", "dollars.csv", "--phase", "all", "--steps", "2", "--json").stdout)
        assert len(evaluated["tasks"]) == 12
        for task in evaluated["tasks"]:
            expected = sum(by_task[task["key"]]) / len(by_task[task["key"]])
            assert math.isclose(task["loss"][0], expected, rel_tol=1e-4), (name, task, expected)
        # The run's own reports are in the same units: its table, and the first line of its log at the untrained weights.
        again = json.loads(run("evaluate", name, "--json").stdout)["summary"]
        assert [line["mean"] for line in report["evaluation"]] == [line["mean"] for line in again]
        first = json.loads(pathlib.Path(name, "metrics.jsonl").read_text(encoding="utf-8").splitlines()[0])
        run("train", *configure("z.toml", "dollars.csv", loss, iterations=0), "--out", name + "0", "--quiet")
        untrained = json.loads(run("evaluate", name + "0", "--phase", "train", "--steps", "0,2", "--json").stdout)["summary"]
        for key, line in (("query_loss_before", untrained[0]), ("query_loss", untrained[1])):
            assert math.isclose(first[key], line["mean"], rel_tol=1e-5), (name, key, first, line)
    # The unit of the target does not matter: in thousands of dollars all results are the same, a thousand times smaller.
    run("train", *configure("k.toml", "kilo.csv"), "--out", "kilo", "--quiet")
    for folder, data in (("mse", "dollars.csv"), ("kilo", "kilo.csv")):
        run("predict", folder, "--data", data, "--out", folder + "-p.csv", "--quiet")
    rows = lambda file: [float(row["output_0"]) for row in csv.DictReader(open(file, encoding="utf-8"))]
    assert all(math.isclose(d, 1000 * k, rel_tol=1e-3, abs_tol=10) for d, k in zip(rows("mse-p.csv"), rows("kilo-p.csv")))


def test_scaling_makes_training_possible_and_can_be_turned_off():
    write("dollars.csv", lambda a, b, row: 150000 + 110000 * a)
    steps = ["--set", "train.iterations=150", "--set", "train.lr=0.02"]
    # 1.2e10 is the variance of the target.
    mean = lambda *more, code=0: json.loads(run("train", *configure("d.toml", "dollars.csv"), *steps, "--json", *more, code=code).stdout)["evaluation"][1]["mean"]
    assert mean("--out", "on") < 0.1 * 1.2e10
    off = mean("--out", "off", "--set", "tasks.scale_targets=false", code=5)
    assert off is None or off > 1.2e10
    assert "scaling" not in pathlib.Path("off/train.log").read_text(encoding="utf-8")
    assert '"deviation"' in pathlib.Path("on/train.log").read_text(encoding="utf-8")
    warm = lambda start, *more: run("train", *configure("d.toml", "dollars.csv", iterations=0), "--set", f"train.warm_start={start}", "--out", start + "-warm", "--quiet", *more)
    assert "were scaled otherwise than those of this run" in warm("off").stderr and "warning" not in warm("on").stderr
    refused(2, "tasks.scale_targets is not what the model was trained with", "evaluate", "on", "--set", "tasks.scale_targets=false")
    refused(2, "scale_targets: unknown choice", "train", *configure("d.toml", "dollars.csv"), "--out", "n", "--set", "tasks.scale_targets=maybe")


def test_exported_tasks_are_not_scaled():
    write("dollars.csv", lambda a, b, row: 150000 + 110000 * a)
    config = configure("d.toml", "dollars.csv")
    run("train", *config, "--out", "r", "--quiet")
    run("data", "export", *config, "--out", "t.st", "--phase", "test", "--quiet")
    exported = tensors("t.st")
    assert all(min(abs(y - given) for given in targets_of("dollars.csv")) < 1 for y in exported["query_y"][2])
    # The model reads targets in the user's units, and reports losses in them.
    losses = lambda *more: {task["id"]: task["loss"] for task in json.loads(run("evaluate", "r", "--json", *more).stdout)["tasks"]}
    own, files = losses(), losses("--data", "t.st")
    assert own.keys() == files.keys()
    assert all(math.isclose(x, y, rel_tol=1e-3) for task in own for x, y in zip(own[task], files[task]))


def test_an_offset_is_what_zero_weights_predict():
    write("t.csv", lambda a, b, row: 5000 + 1000 * a)
    lines = pathlib.Path("t.csv").read_text(encoding="utf-8").splitlines()
    pathlib.Path("t.csv").write_text("\n".join([lines[0] + ",base"] + [f"{line},{4000 + i}" for i, line in enumerate(lines[1:])]) + "\n", encoding="utf-8")
    flat = ["--set", "model.hidden=[]", "--set", "model.init=truncated-normal", "--set", "model.init_sd=1e-30"]
    run("train", *configure("o.toml", "t.csv", more='offset = "base"', iterations=0), "--out", "o", "--quiet", *flat)
    assert "target_deviation" in json.loads(run("inspect", "model", "o", "--json").stdout)["metadata"]["preprocessing"]
    run("predict", "o", "--data", "t.csv", "--steps", "0", "--out", "p.csv", "--quiet")
    rows = list(csv.DictReader(open("p.csv", encoding="utf-8")))
    assert len(rows) == 72 and all(abs(float(row["output_0"]) - (4000 + int(row["row"]))) < 1e-2 for row in rows)


def test_constant_features_are_named_and_harmless():
    write("t.csv", lambda a, b, row: b, feature=lambda a: 14.62)
    trained = run("train", *configure("c.toml", "t.csv"), "--out", "r")
    assert '1 feature is constant over the meta-train rows and not scaled: "a"' in trained.stderr
    assert json.loads(run("inspect", "tasks", *configure("c.toml", "t.csv"), "--json").stdout)["scaling"]["constant"] == ["a"]
    assert "constant" in run("inspect", "tasks", *configure("c.toml", "t.csv")).stdout
    write("n.csv", lambda a, b, row: b, feature=lambda a: 14.63)
    predictions = {}
    for data in ("t.csv", "n.csv"):
        run("predict", "r", "--data", data, "--steps", "0", "--out", "p.csv", "--quiet")
        predictions[data] = [float(row["output_0"]) for row in csv.DictReader(open("p.csv", encoding="utf-8"))]
    assert all(abs(x - y) < 0.1 for x, y in zip(*predictions.values()))


def test_scalers_that_overflow_are_refused():
    write("t.csv", lambda a, b, row: b, feature=lambda a: 1e200 * a)
    refused(3, "too large to be standardised", "train", *configure("c.toml", "t.csv"), "--out", "n")



def test_features_beyond_single_precision_are_refused():
    write("big.csv", lambda a, b, row: a, feature=lambda a: 1e39 if a > 2 else a)
    line = next(n for n, text in enumerate(open("big.csv", encoding="utf-8"), 1) if ",1e+39," in text)
    place = f'big.csv:{line}: column "a": 1e+39 is beyond the range of single precision'
    plain = configure("big.toml", "big.csv", more="scale = false")
    for command in (["train", "--out", "big"], ["data", "export", "--out", "B.st"], ["inspect", "tasks"]):
        refused(3, place, *command, *plain)
    write("small.csv", lambda a, b, row: a)
    run("train", *configure("small.toml", "small.csv"), "--out", "small", "--quiet")
    for command in (["evaluate", "small"], ["predict", "small", "--out", "P.csv"]):
        refused(3, place, *command, "--data", "big.csv")

run_tests(globals())
