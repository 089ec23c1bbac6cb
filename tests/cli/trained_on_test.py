#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Reports about data are true: which tasks a model was trained on, whatever file they come in. An override without effect causes a
message.
Covers config/unused_keys, run/manifest, run/unused_overrides.

usage: trained_on_test.py SHOAL
"""
import json
import pathlib
import shutil
import struct

from program import FAST, TABLE, refused, run, run_tests, tensors, write_table


def trained(folder="r", *more, tasks=40, text=TABLE):
    write_table("table.csv", tasks=tasks)
    pathlib.Path("t.toml").write_text(text, encoding="utf-8")
    run("train", "--config", "t.toml", "--out", folder, "--quiet", *more)


def evaluated(folder, *more):
    return json.loads(run("evaluate", folder, "--steps", "0", "--json", *more).stdout)


def keys(report, condition=lambda task: True):
    return {task["key"] for task in report["tasks"] if condition(task)}


def test_own_data_keeps_the_split_wherever_it_lies():
    trained()
    own = evaluated("r")
    assert own["phase"] == "test" and own["trained_on"] is False and own["trained_on_tasks"] == 0
    shutil.copy("table.csv", "copy.csv")
    copied = run("evaluate", "r", "--steps", "0", "--json", "--data", "copy.csv")
    report = json.loads(copied.stdout)
    assert {**report, "data": ""} == {**own, "data": ""} and "trained on" not in copied.stderr
    learned = evaluated("r", "--phase", "train", "--data", "copy.csv")
    assert learned["trained_on"] is True and learned["trained_on_tasks"] == len(learned["tasks"]) > 0
    assert all(task["trained_on"] and task["phase"] == "train" for task in learned["tasks"])
    assert keys(evaluated("r", "--phase", "train")) == keys(learned)
    validation = evaluated("r", "--phase", "validation")
    assert validation["trained_on"] is False
    told = run("evaluate", "r", "--steps", "0", "--json", "--data", "copy.csv", "--phase", "all")
    everything = json.loads(told.stdout)
    assert len(everything["tasks"]) == 40 and everything["trained_on"] is True
    assert keys(everything, lambda task: task["trained_on"]) == keys(learned)
    assert keys(everything, lambda task: task["phase"] == "test") == keys(own)
    assert f"copy.csv: the model was trained on {len(learned['tasks'])} of these 40 tasks: \"c" in told.stderr
    assert run("evaluate", "r", "--data", "copy.csv", "--phase", "all", "--quiet").stderr == ""
    refused(2, "trained with seed 7", "evaluate", "r", "--data", "copy.csv", "--seed", "8")
    refused(2, "known: train, validation, test, held-out, all", "evaluate", "r", "--phase", "testing")


def test_other_data_is_told_by_task():
    trained()
    seen = keys(evaluated("r", "--phase", "train"))
    lines = pathlib.Path("table.csv").read_text(encoding="utf-8").splitlines()
    more = [line.replace("c", "n", 1) for line in lines[1:25]]
    pathlib.Path("new.csv").write_text("\n".join(lines + more) + "\n", encoding="utf-8")
    report = evaluated("r", "--data", "new.csv")
    assert report["phase"] == "all" and len(report["tasks"]) == 42 and report["trained_on_tasks"] == len(seen)
    assert keys(report, lambda task: task["trained_on"]) == seen
    assert keys(report, lambda task: task["phase"] == "new") == {"n0", "n1"}
    # A requested phase selects tasks by their phase in the run; new tasks are test tasks.
    assert keys(evaluated("r", "--data", "new.csv", "--phase", "train")) == seen
    assert keys(evaluated("r", "--data", "new.csv", "--phase", "test")) == keys(evaluated("r")) | {"n0", "n1"}
    pathlib.Path("only.csv").write_text("\n".join(lines[:1] + more) + "\n", encoding="utf-8")
    assert evaluated("r", "--data", "only.csv")["trained_on"] is False
    refused(3, "only.csv: no tasks in phase train: none of the 2 tasks", "evaluate", "r", "--data", "only.csv", "--phase", "train")
    # The same tasks from a task file.
    run("data", "export", "--config", "t.toml", "--phase", "train", "--out", "x.safetensors")
    exported = evaluated("r", "--data", "x.safetensors")
    assert exported["trained_on_tasks"] == len(seen) == len(exported["tasks"])
    run("data", "export", "--config", "t.toml", "--phase", "test", "--out", "y.safetensors")
    assert evaluated("r", "--data", "y.safetensors")["trained_on"] is False


def test_task_files_are_known_by_their_content():
    run("data", "export", "--out", "a.safetensors", "--set", "evaluate.tasks=5", "--seed", "1")
    run("data", "export", "--out", "b.safetensors", "--set", "evaluate.tasks=5", "--seed", "2")  # the same ids
    run("train", "--tasks", "a.safetensors", "--out", "r", "--quiet", *FAST)
    shutil.copy("a.safetensors", "copy.safetensors")
    for data in ([], ["--data", "a.safetensors"], ["--data", "copy.safetensors"]):
        result = run("evaluate", "r", "--json", *data)
        report = json.loads(result.stdout)
        assert report["trained_on"] is True and report["trained_on_tasks"] == 5 and "the model was trained on these tasks" in result.stderr
    other = evaluated("r", "--data", "b.safetensors")
    assert other["trained_on"] is False and {task["phase"] for task in other["tasks"]} == {"new"}


def test_generated_tasks_of_training_are_trained_on():
    run("train", "--out", "g", "--quiet", *FAST, "--set", "train.tasks_per_batch=2")
    few = ["--set", "evaluate.tasks=50"]
    run("data", "export", "--out", "e.safetensors", "--set", "evaluate.tasks=5")
    assert evaluated("g", "--data", "e.safetensors")["trained_on"] is False
    assert evaluated("g", *few)["trained_on"] is False
    assert evaluated("g", "--phase", "train", *few)["trained_on_tasks"] == 40  # 20 iterations of 2
    assert evaluated("g", "--phase", "train", "--seed", "8", *few)["trained_on"] is False
    refused(2, "choose one phase", "evaluate", "g", "--phase", "all")


def test_a_warm_start_counts():
    trained("first", "--set", "algorithm.name=pooled", "--seed", "1")
    trained("second", "--set", "train.warm_start=first", "--seed", "2")
    report = evaluated("second")
    known = keys(evaluated("first", "--phase", "train"))
    assert keys(report, lambda task: task["trained_on"]) == keys(report) & known and report["trained_on"] is True
    assert {task["phase"] for task in report["tasks"]} == {"test"}


def without(path, names):
    """The model in the form in which models were written before they listed their tasks."""
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    for name in [*names, "content_sha256"]:
        header["__metadata__"].pop(name, None)
    return header, data[8 + size :]


def write_model(path, header, payload):
    text = json.dumps(header).encode()
    pathlib.Path("without_hash.safetensors").write_bytes(struct.pack("<Q", len(text)) + text + payload)
    run("inspect", "model", "without_hash.safetensors", "--json", "--out", path)


def test_older_models_find_their_tasks_in_their_own_data():
    trained()
    want = {phase: evaluated("r", "--phase", phase) for phase in ("train", "test", "all")}
    header, payload = without("r/model.safetensors", ["train_tasks", "validation_tasks", "test_tasks"])
    write_model("old.safetensors", header, payload)
    for phase, report in want.items():
        old = evaluated("old.safetensors", "--phase", phase, "--data", "table.csv")
        assert {**old, "model": ""} == {**report, "model": "", "data": old["data"]}, phase
    with open("table.csv", "a", encoding="utf-8") as table:
        table.write("late,0,1,2,3\n")
    unknown = evaluated("old.safetensors", "--data", "table.csv")
    assert unknown["trained_on"] is None and {task["phase"] for task in unknown["tasks"]} == {"new"}
    # Malformed lists are refused.
    good = without("r/model.safetensors", [])[0]["__metadata__"]["train_tasks"]
    for bad in ("x", good[:-1], "A" + good[:-4], good + "AAAAAAAAAAA=", "!" + good[1:]):
        header, payload = without("r/model.safetensors", [])
        header["__metadata__"]["train_tasks"] = bad
        write_model("bad.safetensors", header, payload)
        refused(4, 'metadata "train_tasks"', "evaluate", "bad.safetensors", "--data", "table.csv")


def test_own_rows_in_other_tasks_are_not_called_new():
    trained()
    windows = ["--set", "tasks.windows={support = 4, query = 2}", "--set", "evaluate.max_failed_share=1"]
    result = run("evaluate", "r", "--json", "--steps", "0", "--phase", "all", *windows)
    assert json.loads(result.stdout)["trained_on"] is None and "cut into other tasks" in result.stderr


def test_ids_in_the_model_are_those_of_the_tasks():
    trained()
    run("data", "export", "--config", "t.toml", "--phase", "train", "--out", "x.safetensors")
    import base64
    text = without("r/model.safetensors", [])[0]["__metadata__"]["train_tasks"]
    raw = base64.b64decode(text, validate=True)
    assert list(struct.unpack(f"<{len(raw) // 8}q", raw)) == sorted(tensors("x.safetensors")["task_id"][2])


def test_overrides_without_effect_are_refused_or_told():
    trained("sgd", "--set", "algorithm.name=meta-sgd")
    trained("maml")
    run("adapt", "maml", "--data", "table.csv", "--out", "a.safetensors")
    predict = ["--data", "table.csv", "--out", "p.csv"]
    rate = ["--set", "algorithm.inner_lr=0.5"]
    refused(2, "algorithm.inner_lr: has no effect here: the model has learned its rates", "evaluate", "sgd", *rate)
    refused(2, "the model has learned its rates", "predict", "sgd", *predict, *rate)
    refused(2, "the models have been adapted already", "predict", "a.safetensors", *predict, *rate)
    refused(2, "the models have been adapted already", "predict", "a.safetensors", *predict, "--set", "algorithm.inner_steps=5")
    refused(2, "evaluate.steps or --steps", "evaluate", "maml", "--set", "algorithm.inner_steps=5")
    refused(2, "no adaptation step is asked for", "evaluate", "maml", "--steps", "0", *rate)
    refused(2, "--steps says how many", "adapt", "maml", *predict, "--steps", "1", "--set", "algorithm.inner_steps=5")
    told = lambda *arguments: run(*arguments, "--quiet").stderr
    for setting, why in (("train.lr=0.5", "trained already"), ("tasks.path=x.csv", "--data says"), ("evaluate.steps=[1]", "train and evaluate"),
                         ("tasks.query=2", "every row after the support"), ("tasks.split.train=0.5", "only the run's own data is split")):
        more = ["--set", "tasks.split.test=0.4"] if "split" in setting else []
        line = f"warning: {setting.split('=')[0]}: has no effect here: "
        text = told("predict", "maml", *predict, "--set", setting, *more)
        assert line in text and why in text, text
    assert "--set evaluate.tasks: has no effect: it is for generated tasks" in told("evaluate", "maml", "--set", "evaluate.tasks=3")
    assert "evaluate.steps: has no effect here" in told("evaluate", "maml", "--steps", "1", "--set", "evaluate.steps=[1]")
    # Overrides that have an effect, and those that repeat the run's value, cause no message.
    for setting in ("algorithm.inner_lr=0.5", "algorithm.max_move=100", "train.chunk=2", "train.iterations=15", "threads=1", "tasks.support=4"):
        assert told("evaluate", "maml", "--steps", "1", "--set", setting) == "", setting
    assert told("evaluate", "sgd", "--set", "algorithm.inner_lr=0.01") == ""
    # The configuration of another run causes a message and is not refused.
    pathlib.Path("other.toml").write_text(TABLE.replace("inner_steps = 2", "inner_steps = 2\ninner_lr = 0.3"), encoding="utf-8")
    assert "algorithm.inner_lr: has no effect here" in told("evaluate", "sgd", "--config", "other.toml", "--set", "algorithm.name=meta-sgd")
    # The same in training.
    for setting, why in (("loss.delta=2", "nothing in this configuration"), ("train.momentum=0.5", "train.optimizer"), ("train.final_lr=0.1", "cosine"),
                         ("tasks.noise=1", "generated tasks"), ("tasks.low=1", "nothing in this configuration")):
        text = told("train", "--config", "t.toml", "--out", setting, "--set", setting)
        assert f"warning: --set {setting.split('=')[0]}: has no effect: " in text and why in text, text
    pathlib.Path("same.toml").write_text(TABLE, encoding="utf-8")
    assert told("predict", "maml", *predict, "--config", "same.toml") == ""


run_tests(globals())
