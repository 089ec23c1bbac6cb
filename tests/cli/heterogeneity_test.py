#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Heterogeneity of tasks, baselines beside a run, groups of rows, and the gate, as the program tells them. Covers run/pooled_baseline,
run/row_sampling.

usage: heterogeneity_test.py SHOAL
"""
import csv
import json
import math
import pathlib
import random
import struct

from program import refused, run, run_tests, tensors, write_rows

CREDIT = """
[tasks]
source = "table"
path = "loans.csv"
key = ["branch"]
features = ["a", "b", "c"]
targets = ["bad"]
support = 20
query = 0
scale = false
split = {{ by = "task", train = 0.6, validation = 0.2, test = 0.2 }}
[model]
hidden = []
[loss]
name = "bce"
[algorithm]
inner_steps = 5
inner_lr = 0.3
{gate}
[train]
iterations = 60
tasks_per_batch = 20
lr = 0.05
[evaluate]
steps = [0, 5]
max_failed_share = 0.5
"""


def logistic(o):
    return 1.0 / (1.0 + math.exp(-o))


def write_loans(level, spread, branches=60, rows=60, seed=1):
    numbers = random.Random(seed)
    lines = []
    for branch in range(branches):
        intercept = -0.5 + level * numbers.gauss(0, 1)
        slopes = [s + spread * numbers.gauss(0, 1) for s in (0.8, -0.5, 0.3)]
        for _ in range(rows):
            x = [numbers.gauss(0, 1) for _ in slopes]
            lines.append([f"b{branch}", *x, int(numbers.random() < logistic(intercept + sum(map(lambda s, v: s * v, slopes, x))))])
    write_rows("loans.csv", "branch,a,b,c,bad", lines)


def config(gate="", name="c.toml"):
    pathlib.Path(name).write_text(CREDIT.format(gate=gate), encoding="utf-8")
    return ["--config", name]


def answer(*arguments):
    return json.loads(run(*arguments, "--json", "--quiet").stdout)


def rows_of(path):
    with open(path, newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def metadata(model):
    data = pathlib.Path(model).read_bytes()
    return json.loads(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])["__metadata__"]


def log_loss(probability, target):
    return -math.log(probability if target else 1.0 - probability)


def task_means(rows, value):
    """The mean over tasks of the mean over their rows."""
    tasks = {}
    for row in rows:
        tasks.setdefault(row["task"], []).append(value(row))
    return sum(sum(values) / len(values) for values in tasks.values()) / len(tasks)


def test_advice_follows_what_differs():
    for level, spread, advice in ((0.0, 0.0, "pooled"), (1.0, 0.0, "bias"), (0.8, 1.0, "all")):
        write_loans(level, spread)
        found = answer("heterogeneity", *config())
        assert found["advice"] == advice, (advice, found)
        assert found["tasks"] == 36 and found["rows"] == 36 * 60 and found["bias"]["df"] == 35, found
        assert (found["bias"]["p"] < 0.001) == (level > 0), found
        assert (found["slopes"]["p"] < 0.001) == (spread > 0), found
        assert found["linear"]["gradient"] <= 1e-8 and found["linear"]["ridge"] == 0, found
        text = run("heterogeneity", *config(), "--quiet").stdout
        assert f"advice  {advice}: " in text, text


def test_heterogeneity_is_that_of_its_linear_model():
    """From the coefficients that are reported, by the definition: scale = false, so the inputs are the columns."""
    write_loans(0.8, 0.3)
    found = answer("heterogeneity", *config())
    run("train", *config(), "--out", "run", "--quiet")
    same = answer("heterogeneity", "run")
    assert (same["bias"], same["slopes"]) == (found["bias"], found["slopes"])
    train = {task["key"] for task in answer("evaluate", "run", "--phase", "train")["tasks"]}
    linear = found["linear"]["outputs"][0]
    score, information = {}, {}
    for row in rows_of("loans.csv"):
        if row["branch"] not in train:
            continue
        p = logistic(linear["intercept"] + sum(linear["coefficients"][c] * float(row[c]) for c in "abc"))
        score[row["branch"]] = score.get(row["branch"], 0.0) + int(row["bad"]) - p
        information[row["branch"]] = information.get(row["branch"], 0.0) + p * (1 - p)
    q = sum(score[b] ** 2 / information[b] for b in train)
    tau2 = sum(score[b] ** 2 - information[b] for b in train) / sum(i**2 for i in information.values())
    assert abs(q / found["bias"]["q"] - 1) < 1e-6 and abs(tau2 - found["bias"]["tau2"]) < 1e-6, (q, tau2, found)
    assert abs(sum(score.values())) < 1e-4  # the fit's own equation


def test_baselines_stand_in_the_table():
    write_loans(0.8, 0.0)
    run("train", *config(), "--out", "run", "--quiet")
    report = answer("evaluate", "run", "--baselines", "auto")
    models = {model["name"]: model for model in report["models"] if model["steps"] in (5, None)}
    assert list(models) == ["model", "constant", "linear", "linear-bias", "empirical-bayes"], list(models)
    # The table recomputes the losses from the outputs, in double.
    assert abs(models["model"]["loss"] - report["summary"][1]["mean"]) < 1e-6 and models["model"]["selected"]
    names = [name for name in models if name != "model"]
    for name in names:
        written = answer("baseline", name, *config(), "--out", f"{name}.csv")
        rows = rows_of(f"{name}.csv")
        assert written["rows"] == len(rows) == 12 * 40, written
        loss = task_means(rows, lambda row: log_loss(float(row["probability"]), int(row["target"])))
        assert abs(loss - models[name]["loss"]) < 1e-9, (name, loss, models[name])
        against = models[name]["against"]["model"]
        assert models[name]["tasks"] == 12 and abs(against["mean"] - (models[name]["loss"] - models["model"]["loss"])) < 1e-9
        assert 0 < against["p"] <= 1 and abs(models["model"]["against"][name]["mean"] + against["mean"]) < 1e-12
    # An intercept of one's own is worth something here, and a constant is worse than features.
    assert models["linear-bias"]["loss"] < models["linear"]["loss"] < models["constant"]["loss"], models
    train = {task["key"] for task in answer("evaluate", "run", "--phase", "train")["tasks"]}
    bad = [int(row["bad"]) for row in rows_of("loans.csv") if row["branch"] in train]
    assert abs(float(rows_of("constant.csv")[0]["probability"]) - sum(bad) / len(bad)) < 1e-9
    theirs = answer("evaluate", "run", "--baselines", "linear", "--compare", "theirs=linear.csv:probability")["models"]
    assert [model["name"] for model in theirs] == ["model", "model", "linear", "theirs"]
    assert abs(theirs[2]["loss"] - theirs[3]["loss"]) < 1e-9
    text = run("evaluate", "run", "--baselines", "linear", "--quiet").stdout
    assert "\nmodel" in text and "\nlinear " in text and "\nmodel, 5 steps, minus linear: " in text, text
    assert len(answer("evaluate", "run")["models"]) == len(answer("evaluate", "run", "--baselines", "none")["models"]) == 2
    # On other data the baselines are those of the run's own training tasks.
    pathlib.Path("other.csv").write_text(pathlib.Path("loans.csv").read_text(encoding="utf-8").replace("b", "z").replace("zranch,a,z,c,zad", "branch,a,b,c,bad"), encoding="utf-8")
    other = answer("evaluate", "run", "--data", "other.csv", "--baselines", "linear")
    assert [model["tasks"] for model in other["models"]] == [60, 60, 60], other["models"]


def test_pooled_is_the_network_trained_without_meta_learning():
    """The baseline has the bits of a run with algorithm pooled whose batches are drawn by rows."""
    write_loans(0.8, 0.0, branches=30, rows=40)
    small = ["--set", "model.hidden=[4]", "--set", "train.iterations=25", "--set", "evaluate.steps=[0, 2, 5]", "--quiet"]
    run("train", *config(), "--out", "run", *small)
    pooled = ["--set", "algorithm.name=pooled", "--set", "train.sampling=rows"]
    run("train", *config(), "--out", "pooled", *small, *pooled)
    lines = {model["name"]: model for model in answer("evaluate", "run", "--baselines", "pooled,pooled-tuned")["models"] if model["steps"] in (0, None)}
    theirs = {model["steps"]: model for model in answer("evaluate", "pooled")["models"]}
    assert lines["pooled"]["loss"] == theirs[0]["loss"] and lines["pooled"]["metrics"] == theirs[0]["metrics"], (lines, theirs)
    assert lines["model"]["loss"] != lines["pooled"]["loss"]
    # Validation chooses the steps of the tuned one, as it would choose those of the run.
    run("train", *config(), "--out", "selected", *small, *pooled, "--set", "evaluate.select_steps=true")
    chosen = next(model for model in answer("evaluate", "selected")["models"] if model["selected"])
    assert lines["pooled-tuned"]["loss"] == chosen["loss"], (lines, chosen)
    for name, steps in (("pooled", 0), ("pooled-tuned", chosen["steps"])):
        written = answer("baseline", name, *config(), "--out", f"{name}.csv", *small[:-1])
        run("evaluate", "pooled", "--predictions", "p.csv", "--steps", steps, "--quiet")
        ours, of_run = rows_of(f"{name}.csv"), rows_of("p.csv")
        assert written["rows"] == len(ours) == len(of_run) > 0
        for row, other in zip(ours, of_run, strict=True):
            assert float(row["output_0"]) == struct.unpack("f", struct.pack("f", float(other["output_0"])))[0], (name, row, other)
            assert (row["task"], row["row"]) == (other["task"], other["row"])
    # Rows of test tasks decide nothing: with other targets there, the outputs are the same.
    test = {row["branch"] for row in ours}
    table = rows_of("loans.csv")
    write_rows("loans.csv", "branch,a,b,c,bad", [[row["branch"], row["a"], row["b"], row["c"], 1 - int(row["bad"]) if row["branch"] in test else row["bad"]] for row in table])
    answer("baseline", "pooled", *config(), "--out", "other.csv", *small[:-1])
    same = [(row["row"], row["output_0"]) for row in rows_of("pooled.csv")]
    assert [(row["row"], row["output_0"]) for row in rows_of("other.csv")] == same
    refused(2, "pooled-tuned: validation tasks choose its steps", "baseline", "pooled-tuned", *config(), "--out", "x.csv", *small[:-1],
            "--set", "train.validate_every=0", "--set", 'tasks.split={ by = "task", train = 0.7, validation = 0.0, test = 0.3 }')


def test_groups_of_rows():
    """Every group has the table of its rows: metrics from the predictions, counts of its tasks and keys."""
    write_loans(0.5, 0.0, branches=24, rows=30)
    table = rows_of("loans.csv")
    write_rows("loans.csv", "branch,a,b,c,bad,product", [[row["branch"], row["a"], row["b"], row["c"], row["bad"], ["card", "", "lease"][number % 3]] for number, row in enumerate(table)])
    run("train", *config(), "--out", "run", "--quiet")
    report = answer("evaluate", "run", "--by", "product", "--predictions", "p.csv", "--baselines", "linear")
    answer("baseline", "linear", *config(), "--out", "linear.csv")
    kinds = {number: row["product"] or "(missing)" for number, row in enumerate(rows_of("loans.csv"))}
    assert [(group["by"], group["group"]) for group in report["groups"]] == [("product", "(missing)"), ("product", "card"), ("product", "lease")], report["groups"]
    for group in report["groups"]:
        assert [(model["name"], model["steps"]) for model in group["models"]] == [("model", 0), ("model", 5), ("linear", None)]
        for model in group["models"]:
            lines = rows_of("linear.csv") if model["steps"] is None else [row for row in rows_of("p.csv") if int(row["steps"]) == model["steps"]]
            own = [row for row in lines if kinds[int(row["row"])] == group["group"]]
            loss = sum(log_loss(float(row["probability"]), int(row["target"])) for row in own) / len(own)
            assert model["rows"] == len(own) and abs(model["metrics"]["log_loss"] - loss) < 1e-6, (group["group"], model, loss)
            assert model["tasks"] == model["macro"]["keys"] == len({row["task"] for row in own})
            assert abs(model["loss"] - task_means(own, lambda row: log_loss(float(row["probability"]), int(row["target"])))) < 1e-6
        assert set(group["models"][1]["against"]) == {"model, 0 steps", "linear"}
    assert sum(group["models"][0]["rows"] for group in report["groups"]) == report["models"][0]["rows"]
    text = run("evaluate", "run", "--by", "product", "--quiet").stdout
    assert "\nproduct card: on the " in text and "\nproduct lease: on the " in text, text
    assert "groups" not in answer("evaluate", "run")
    refused(2, 'loans.csv has no such column', "evaluate", "run", "--by", "produkt", "--quiet")
    refused(2, "--by year: the table has no tasks.time", "evaluate", "run", "--by", "year", "--quiet")
    write_rows("many.csv", "branch,a,b,c,bad,number", [[f"z{number // 30}", 1, 2, 3, number % 2, number] for number in range(3300)])
    refused(3, "more than 1000", "evaluate", "run", "--data", "many.csv", "--by", "number", "--quiet")


def test_groups_of_years():
    lines = [[f"b{b}", f"{2015 + d // 6}-{1 + d % 6:02}-15", (b * 7 + d * 3) % 5, (b + d) % 2] for b in range(8) for d in range(30)]
    write_rows("dated.csv", "branch,date,a,bad", lines)
    pathlib.Path("d.toml").write_text('[tasks]\nsource = "table"\npath = "dated.csv"\nkey = ["branch"]\ntime = "date"\nfeatures = ["a"]\ntargets = ["bad"]\n'
                                      'windows = { support = 6, query = 3, stride = 3 }\nsplit = { by = "time", test_from = "2018" }\n[model]\nhidden = []\n[loss]\nname = "bce"\n'
                                      "[train]\niterations = 3\n[evaluate]\nsteps = [0]\n", encoding="utf-8")
    run("train", "--config", "d.toml", "--out", "dated", "--quiet")
    groups = answer("evaluate", "dated", "--by", "year")["groups"]
    assert [(group["by"], group["group"]) for group in groups] == [("year", "2018"), ("year", "2019")], groups
    assert all(group["models"][0]["rows"] == 48 and "over 6 times" in group["models"][0]["interval"] for group in groups), groups
    assert [group["group"] for group in answer("evaluate", "dated", "--by", "date")["groups"]][:2] == ["2018-01-15", "2018-02-15"]


def test_refusals_of_baselines():
    write_loans(0.3, 0.0, branches=20, rows=30)
    run("train", *config(), "--out", "run", "--quiet", "--set", "train.iterations=3")
    evaluate = ["evaluate", "run", "--quiet"]
    refused(2, 'no baseline "lineer" (did you mean "linear"?)', *evaluate, "--baselines", "lineer")
    refused(2, "named twice", *evaluate, "--baselines", "linear,linear")
    refused(2, "tasks.offset", *evaluate, "--baselines", "offset")
    refused(2, "loss qlike", *evaluate, "--baselines", "gjr")
    refused(2, "is taken", *evaluate, "--compare", "linear=x.csv:p")
    refused(2, "NAME=FILE:COLUMN", *evaluate, "--compare", "x.csv")
    write_rows("p.csv", "row,p", [[0, 0.5], [1, 1.5]])
    refused(2, '"q"', *evaluate, "--compare", "x=p.csv:q")
    refused(3, "line 3: column \"p\": 1.5 is no probability", *evaluate, "--compare", "x=p.csv:p")
    write_rows("p.csv", "row,p", [[0, 0.5], [0, 0.5]])
    refused(3, "line 3: row 0 occurs twice", *evaluate, "--compare", "x=p.csv:p")
    write_rows("p.csv", "row,p", [[0, 0.5], [1.5, 0.5]])
    refused(3, "1.5 is no row", *evaluate, "--compare", "x=p.csv:p")
    write_rows("p.csv", "row,p", [[0, 0.5], [1, 0.5]])
    refused(3, "of no task", *evaluate, "--compare", "x=p.csv:p")
    refused(2, "is not defined for loss huber", "baseline", "linear", *config(), "--set", "loss.name=huber", "--out", "x.csv")
    refused(2, "risk.return", "baseline", "gjr", *config(), "--out", "x.csv")
    refused(2, "split by time", "baseline", "linear", *config(), "--until", "2020-01-01", "--out", "x.csv")
    refused(2, "no baseline", "baseline", "tree", *config(), "--out", "x.csv")
    assert "not for softmax\n" in run("heterogeneity", *config(), "--set", "loss.name=softmax", code=2).stderr
    refused(6, "no folder", "baseline", "linear", *config(), "--out", "nowhere/x.csv")
    refused(2, "the command reads", "baseline", "linear", *config(), "--out", "loans.csv")
    refused(2, "--config C.toml or a RUN", "heterogeneity")
    refused(2, "bce, mse and qlike", "heterogeneity", *config(), "--set", "loss.name=huber")


def write_returns(assets=4, days=260):
    numbers = random.Random(3)
    lines = []
    for asset in range(assets):
        h = 1.0
        for day in range(days):
            r = math.sqrt(h) * numbers.gauss(0, 1)
            lines.append([f"s{asset}", f"{2000 + day // 120}-{day // 10 % 12 + 1:02}-{day % 10 + 1:02}", round(math.log(h), 6), r * r, r])
            h = 0.05 + (0.05 + 0.1 * (r < 0)) * r * r + 0.85 * h
    write_rows("returns.csv", "asset,date,ln_h,r2,r", lines)


MARKET = """
[tasks]
source = "table"
path = "returns.csv"
key = ["asset"]
time = "date"
features = ["ln_h"]
targets = ["r2"]
offset = "ln_h"
windows = { support = 40, query = 10, stride = 10, purge = 0 }
split = { by = "time", validation_from = "2001-02-01", test_from = "2001-06-01" }
[model]
hidden = [4]
[loss]
name = "qlike"
floor = 0.01
[algorithm]
inner_lr = 0.01
[train]
iterations = 5
tasks_per_batch = 4
[evaluate]
steps = [0, 1]
[risk]
return = "r"
"""


def test_garch_forecasts_follow_the_recursion():
    write_returns()
    pathlib.Path("m.toml").write_text(MARKET, encoding="utf-8")
    table = rows_of("returns.csv")
    for until, arguments in (("2001-06-01", []), ("2001-03-05", ["--until", "2001-03-05"])):
        report = answer("baseline", "gjr", "--config", "m.toml", "--out", "gjr.csv", *arguments)
        forecasts = {int(row["row"]): row for row in rows_of("gjr.csv")}
        assert report["rows"] == len(forecasts) == sum(row["date"] >= until for row in table)
        for p in report["parameters"]:
            mine = [(number, row) for number, row in enumerate(table) if row["asset"] == p["key"]]
            past = [float(row["r"]) for _, row in mine if row["date"] < until]
            assert p["rows"] == len(past)
            h = sum(r * r for r in past) / len(past)
            loglikelihood = 0.0
            for number, row in mine:
                r = float(row["r"])
                if row["date"] >= until:
                    assert abs(float(forecasts[number]["variance"]) / h - 1) < 1e-9
                    assert forecasts[number]["time"] == row["date"] and forecasts[number]["asset"] == row["asset"]
                else:
                    loglikelihood -= 0.5 * (math.log(2 * math.pi * h) + r * r / h)
                h = p["omega"] + (p["alpha"] + p["gamma"] * (r < 0)) * r * r + p["beta"] * h
            assert abs(loglikelihood / p["loglikelihood"] - 1) < 1e-9
    run("train", "--config", "m.toml", "--out", "run", "--quiet")
    models = answer("evaluate", "run", "--baselines", "auto", "--compare", "mine=gjr.csv:variance")["models"]
    assert [m["name"] for m in models[1:]] == ["model", "constant", "offset", "linear", "linear-bias", "empirical-bayes", "garch", "gjr", "mine"]
    losses = {m["name"]: m["loss"] for m in models}

    def qlike(row, h):
        x = max(float(row["target"]), 0.01)
        return x / h - math.log(x / h) - 1

    answer("baseline", "gjr", "--config", "m.toml", "--out", "gjr.csv")
    h = {int(row["row"]): float(row["variance"]) for row in rows_of("gjr.csv")}
    run("evaluate", "run", "--predictions", "p.csv", "--steps", "0", "--quiet")
    gjr = task_means(rows_of("p.csv"), lambda row: qlike(row, h[int(row["row"])]))
    assert abs(gjr - losses["gjr"]) < 1e-7, (gjr, losses)  # the table has the targets as floats
    assert losses["mine"] != losses["gjr"]  # it knows less of the past
    # The offset alone, by hand; and the rows of windows count once in the linear fit.
    offset = task_means(rows_of("p.csv"), lambda row: qlike(row, math.exp(float(table[int(row["row"])]["ln_h"]))))
    assert abs(offset - losses["offset"]) < 1e-6
    linear = answer("baseline", "linear", "--config", "m.toml", "--out", "linear.csv")["linear"]
    assert linear["rows"] == 4 * 130, linear  # 13 windows' worth of days, not 9 x 50 a key
    earlier = answer("baseline", "linear", "--config", "m.toml", "--until", "2001-04-01", "--out", "earlier.csv")
    assert earlier["rows"] > len(rows_of("linear.csv"))


def test_gate_off_changes_no_byte():
    write_loans(0.8, 0.0, branches=20, rows=30)
    run("train", *config(), "--out", "one", "--quiet")
    run("train", *config('gate = "off"'), "--out", "two", "--quiet")
    assert pathlib.Path("one/model.safetensors").read_bytes() == pathlib.Path("two/model.safetensors").read_bytes()
    assert "gate" not in metadata("one/model.safetensors")
    refused(2, "trained without a gate", "evaluate", "one", "--set", "algorithm.gate=auto")


def test_gate_keeps_the_pooled_model():
    write_loans(0.0, 0.0)
    trained = answer("train", *config('gate = "auto"'), "--out", "run")
    assert trained["gate"]["decision"] == "pooled" and "do not differ" in trained["gate"]["reason"], trained["gate"]
    assert json.loads(metadata("run/model.safetensors")["gate"]) == trained["gate"]
    report = answer("evaluate", "run")
    assert report["gate"] == trained["gate"]
    assert all(task["loss"][0] == task["loss"][1] for task in report["tasks"])
    assert trained["evaluation"][0]["mean"] == trained["evaluation"][1]["mean"] == report["summary"][1]["mean"]
    ungated = answer("evaluate", "run", "--set", "algorithm.gate=off")
    assert "gate" not in ungated and any(task["loss"][0] != task["loss"][1] for task in ungated["tasks"])
    run("adapt", "run", "--data", "loans.csv", "--out", "a.safetensors", "--quiet")
    theta, fast = tensors("run/model.safetensors"), tensors("a.safetensors")
    for name, (_, _, values) in theta.items():
        if "fast." + name in fast:
            assert fast["fast." + name][2] == values * 60, name
    run("predict", "run", "--data", "loans.csv", "--out", "p.csv", "--quiet")
    run("predict", "a.safetensors", "--data", "loans.csv", "--out", "q.csv", "--quiet")
    run("predict", "run", "--data", "loans.csv", "--steps", "0", "--out", "z.csv", "--quiet")
    outputs = [[row["output_0"] for row in rows_of(name)] for name in ("p.csv", "q.csv", "z.csv")]
    assert outputs[0] == outputs[1] == outputs[2]
    assert "gate: pooled: " in run("evaluate", "run", "--quiet").stdout


def test_gate_moves_the_bias_alone_to_its_posterior_mode():
    write_loans(1.0, 0.0)
    gate = answer("train", *config('gate = "auto"'), "--out", "run")["gate"]
    assert gate["decision"] == "bias", gate
    variance = gate["intercept_variance"]
    assert variance == gate["heterogeneity"]["bias"]["tau2"] > 0.3
    adapted = run("adapt", "run", "--data", "loans.csv", "--out", "a.safetensors", "--quiet") and tensors("a.safetensors")
    theta = tensors("run/model.safetensors")
    weight, (bias,) = theta["layers.0.weight"][2], theta["layers.0.bias"][2]
    assert adapted["fast.layers.0.weight"][2] == weight * 60
    biases = dict(zip(adapted["task_id"][2], adapted["fast.layers.0.bias"][2]))
    assert len(set(biases.values())) > 50
    # The query rows are in P.csv; the others of a branch are its support.
    run("predict", "a.safetensors", "--data", "loans.csv", "--out", "p.csv", "--quiet")
    predicted = rows_of("p.csv")
    ids = {row["task"]: int(row["task_id"]) for row in predicted}
    query = {int(row["row"]) for row in predicted}
    slope = {branch: (biases[ids[branch]] - bias) / variance for branch in ids}
    count = dict.fromkeys(ids, 0)
    for number, row in enumerate(rows_of("loans.csv")):
        if number not in query:
            output = sum(w * float(row[c]) for w, c in zip(weight, "abc")) + biases[ids[row["branch"]]]
            slope[row["branch"]] += logistic(output) - int(row["bad"])
            count[row["branch"]] += 1
    assert set(count.values()) == {20}
    assert max(map(abs, slope.values())) < 1e-4, slope
    run("predict", "run", "--data", "loans.csv", "--out", "q.csv", "--quiet")
    assert [row["output_0"] for row in rows_of("q.csv")] == [row["output_0"] for row in predicted]
    # What evaluate says is the loss of these predictions.
    report = answer("evaluate", "run", "--predictions", "e.csv")
    rows = [row for row in rows_of("e.csv") if row["steps"] == "5"]
    loss = task_means(rows, lambda row: log_loss(float(row["probability"]), int(row["target"])))
    assert abs(loss - report["summary"][1]["mean"]) < 1e-5 and loss < report["summary"][0]["mean"]
    for threads in ("1", "2"):
        run("adapt", "run", "--data", "loans.csv", "--out", "b.safetensors", "--quiet", "--threads", threads)
        assert pathlib.Path("a.safetensors").read_bytes() == pathlib.Path("b.safetensors").read_bytes()


def test_gate_lets_adaptation_through_when_it_helps():
    write_loans(0.5, 1.2)
    gate = answer("train", *config('gate = "auto"'), "--out", "run")["gate"]
    assert gate["decision"] == "all", gate
    trial = gate["trial"]
    assert trial["p"] < 0.05 and trial["steps"] == 5 and trial["tasks"] == 12 and trial["all_loss"] < trial["bias_loss"], trial
    gated, free = (answer("evaluate", "run", *more) for more in ([], ["--set", "algorithm.gate=off"]))
    assert gated["tasks"] == free["tasks"]
    # An adaptation that does nothing is not let through, whatever the slopes say.
    gate = answer("train", *config('gate = "auto"'), "--out", "still", "--set", "algorithm.inner_lr=0.0001")["gate"]
    assert gate["heterogeneity"]["advice"] == "all" and gate["decision"] != "all" and "not better" in gate["reason"], gate
    # Nor one that nobody could try.
    pathlib.Path("c.toml").write_text(CREDIT.format(gate='gate = "auto"').replace("validation = 0.2, test = 0.2", "validation = 0.0, test = 0.4"), encoding="utf-8")
    gate = answer("train", "--config", "c.toml", "--out", "untried")["gate"]
    assert gate["trial"] is None and gate["decision"] != "all" and "no validation tasks" in gate["reason"], gate


def test_refusals_of_the_gate():
    write_loans(0.3, 0.0, branches=20, rows=30)
    refused(2, "bce, mse and qlike", "train", *config('gate = "auto"'), "--out", "run", "--set", "loss.name=huber")
    refused(2, "known: off, auto", "train", *config('gate = "on"'), "--out", "run")


run_tests(globals())
