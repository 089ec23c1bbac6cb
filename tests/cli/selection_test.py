#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Model selection by validation, extended runs, and the progress that train reports.
Covers run/model_selection.

usage: selection_test.py SHOAL
"""
import json
import math
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess

from program import FAST, TABLE, refused, run, run_tests, shoal

# Three tenths of the tasks are validation tasks.
SPLIT = TABLE.replace("validation = 0.1, test = 0.3", "validation = 0.3, test = 0.1").replace("iterations = 15\n", "")


def write_table(tasks=20, rows=12):
    """A table with another slope in every task, targets around 0 and a deviation near 1."""
    numbers = random.Random(1)
    with open("table.csv", "w", encoding="utf-8") as file:
        file.write("client,day,a,b,y\n")
        for task in range(tasks):
            for day in range(rows):
                a, b = numbers.gauss(0, 1), numbers.gauss(0, 1)
                file.write(f"c{task},{day},{a},{b},{math.sin(task) * a - 0.5 * b}\n")


def config(*train, iterations=40):
    """Writes c.toml with more lines in [train]; the rate is so large that the validation loss goes up and down."""
    write_table()
    lines_of_train = "".join(line + "\n" for line in ("[train]", f"iterations = {iterations}", "lr = 0.3", *train))
    pathlib.Path("c.toml").write_text(SPLIT.replace("[train]\n", lines_of_train), encoding="utf-8")


def train(out, *arguments, code=0, quiet="--quiet"):
    return run("train", "--config", "c.toml", "--out", out, *([quiet] if quiet else []), *arguments, code=code)


def settings(*pairs):
    return [part for pair in pairs for part in ("--set", pair)]


def lines(run_folder):
    return [json.loads(line) for line in pathlib.Path(run_folder, "metrics.jsonl").read_text(encoding="utf-8").splitlines()]


def curve(run_folder):
    return {line["iteration"]: line["validation_loss"] for line in lines(run_folder) if "validation_loss" in line}


def metadata(model):
    data = pathlib.Path(model).read_bytes()
    return json.loads(data[8 : 8 + struct.unpack("<Q", data[:8])[0]])["__metadata__"]


def weights(model):
    """The bytes of the tensors, without the header."""
    data = pathlib.Path(model).read_bytes()
    return data[8 + struct.unpack("<Q", data[:8])[0] :]


def bytes_of(run_folder):
    """The results of a run: model, metrics and its newest checkpoint."""
    newest = max(pathlib.Path(run_folder, "checkpoints").iterdir(), key=lambda file: int(file.stem.split("-")[1]))
    return [pathlib.Path(run_folder, name).read_bytes() for name in ("model.safetensors", "metrics.jsonl")] + [newest.name,
                                                                                                           newest.read_bytes()]


def evaluated(run_folder, steps, phase="validation"):
    report = json.loads(run("evaluate", run_folder, "--phase", phase, "--steps", steps, "--json", "--quiet").stdout)
    return report["summary"][0]


def first_lowest(losses):
    return min(losses, key=lambda iteration: (losses[iteration], iteration))


def test_the_curve_is_what_evaluate_says():
    config("validate_every = 3")
    report = json.loads(train("whole", "--json").stdout)
    losses = curve("whole")
    assert list(losses) == list(range(3, 40, 3))
    best = first_lowest(losses)
    assert best != 39, "the case must tell the best from the last"
    assert report["iterations"] == 40
    assert (report["selected_iteration"], report["validation_loss"]) == (best, losses[best])
    about = metadata("whole/model.safetensors")
    assert (about["selected_iteration"], about["validation_loss"]) == (str(best), json.dumps(losses[best]))
    for iterations in losses:
        name = f"alone-{iterations}"
        train(name, *settings(f"train.iterations={iterations}", "train.keep=last"))
        assert evaluated(name, 2)["mean"] == losses[iterations], iterations
        same = weights(f"{name}/model.safetensors") == weights("whole/model.safetensors")
        assert same == (iterations == best), iterations
    # A run reports the results of the model that it keeps.
    assert report["evaluation"] == json.loads(run("evaluate", "whole", "--json", "--quiet").stdout)["summary"]


def test_when_there_is_a_look():
    config()
    train("usual", *settings("train.iterations=45"))
    assert list(curve("usual")) == [20, 40], "a table with validation tasks is looked at every 20 iterations"
    never = json.loads(train("never", "--json", *settings("train.validate_every=0")).stdout)
    assert curve("never") == {} and (never["selected_iteration"], never["validation_loss"]) == (40, None)
    assert "validation_loss" not in metadata("never/model.safetensors")
    last = json.loads(train("last", "--json", *settings("train.keep=last")).stdout)
    assert (last["selected_iteration"], last["validation_loss"]) == (40, curve("last")[40])
    assert weights("last/model.safetensors") == weights("never/model.safetensors")
    # Without validation tasks there is no validation; if the configuration asks for one, it is refused.
    none = settings("tasks.split.train=0.7", "tasks.split.validation=0", "tasks.split.test=0.3")
    train("none", *none)
    assert curve("none") == {}
    for key in ("train.validate_every=5", "evaluate.select_steps=true"):
        refused(2, key.split("=")[0] + ": there are no validation tasks", "train", "--config", "c.toml", "--out", "x", *none, *settings(key))
    refused(2, "train.patience", "train", "--config", "c.toml", "--out", "x", *none, *settings("train.patience=2"))
    refused(2, "train.validate_every: expected an integer from 0", "train", "--out", "x", *settings("train.validate_every=-1"))
    refused(2, 'unknown choice "first"; known: best, last', "train", "--out", "x", *settings("train.keep=first"))
    # Generators and task files are validated only on request; all tasks of a task file are training tasks.
    run("train", "--out", "g", "--quiet", *FAST, *settings("train.iterations=40"))
    assert curve("g") == {}
    run("train", "--out", "h", "--quiet", *FAST, *settings("train.validate_every=10", "evaluate.query_grid=7", "train.keep=last"))
    assert list(curve("h")) == [10, 20]
    assert weights("h/model.safetensors") != weights("g/model.safetensors")
    grid = json.loads(run("evaluate", "h", "--phase", "validation", "--steps", "1", "--json", *settings("evaluate.query_grid=0", "evaluate.tasks=1000")).stdout)
    assert grid["summary"][0]["mean"] == curve("h")[20], "evaluate.* changes nothing of a training"
    run("data", "export", "--config", "c.toml", "--phase", "train", "--out", "t.safetensors")
    assert "not split" not in run("train", "--tasks", "t.safetensors", "--out", "f", *settings("train.iterations=40")).stderr.split("iteration")[0]
    assert curve("f") == {}
    told = run("train", "--tasks", "t.safetensors", "--out", "e", *settings("train.iterations=40", "train.validate_every=10")).stderr
    assert "a task file is not split: validation uses the training tasks" in told and list(curve("e")) == [10, 20, 30, 40]


def test_a_thousand_validation_tasks_at_most():
    write_table(tasks=1300, rows=3)
    text = TABLE.replace("support = 6", "support = 2").replace("query = 4", "query = 1").replace(
        "train = 0.6, validation = 0.1, test = 0.3", "train = 0.1, validation = 0.9, test = 0.0")
    pathlib.Path("c.toml").write_text(text, encoding="utf-8")
    train("r", *settings("train.validate_every=15", "train.keep=last"))
    report = json.loads(run("evaluate", "r", "--phase", "validation", "--steps", "2", "--json", "--quiet").stdout)
    losses = [task["loss"][0] for task in report["tasks"]]
    assert len(losses) > 1000
    look = next(line for line in lines("r") if "validation_loss" in line)
    assert look["good"] == 1000 and look["failed"] == 0
    assert look["validation_loss"] == sum(losses[:1000]) / 1000, "the first in order of id"


def test_tasks_that_fail_choose_no_model():
    config("validate_every = 4")
    diverges = settings("algorithm.inner_lr=1e20", "evaluate.select_steps=true", "evaluate.steps=[2, 3]", "train.iterations=8")
    said = train("d", *diverges, code=5, quiet=None).stderr
    assert [line["validation_loss"] for line in lines("d") if "validation_loss" in line] == [None, None]
    assert "all validation tasks failed in every validation: the last model is kept" in said, said
    assert "iteration 8 of 8: all 4 tasks failed; all 6 validation tasks failed at iteration 8" in said, said
    about = metadata("d/model.safetensors")
    assert about["selected_iteration"] == "8" and "selected_steps" not in about and "validation_loss" not in about


def test_patience():
    config("validate_every = 2")
    train("whole")
    losses = curve("whole")
    for patience in (1, 2):
        without_gain, lowest, end = 0, math.inf, 40
        for iteration, loss in losses.items():
            without_gain, lowest = (0, loss) if loss < lowest else (without_gain + 1, lowest)
            if without_gain == patience:
                end = iteration
                break
        report = json.loads(train("p", "--json", *settings(f"train.patience={patience}")).stdout)
        assert report["iterations"] == end and report["validation_loss"] == lowest
        assert patience > 1 or end < 40, "the case must end a run"
        assert ("train.patience ended the training" in pathlib.Path("p/train.log").read_text(encoding="utf-8")) == (end < 40)
        before = bytes_of("p")
        train("p", "--resume", *settings(f"train.patience={patience}"))
        assert bytes_of("p") == before
        # With more patience the run continues, and equals one that had it from the start.
        train("p", "--resume")
        assert bytes_of("p") == bytes_of("whole")
        if end < 40:
            refused(4, "the run would have ended before iteration 40", "train", "--config", "c.toml", "--out", "p", "--resume",
                    *settings(f"train.patience={patience}"))
        shutil.rmtree("p")


def test_selected_steps():
    config("validate_every = 5")
    slow = settings("algorithm.inner_lr=0.02")
    select = [*slow, *settings("evaluate.select_steps=true", "evaluate.steps=[0, 1, 2, 3, 7]")]
    report = json.loads(train("s", "--json", *select).stdout)
    means = {steps: evaluated("s", steps)["mean"] for steps in (0, 1, 2, 3, 7)}
    best = first_lowest(means)
    assert best not in (0, 2), "the case must tell the best from the usual"
    assert report["selected_steps"] == best and metadata("s/model.safetensors")["selected_steps"] == str(best)
    # adapt and predict use the selected number of steps unless told otherwise.
    for command, out in (("adapt", "a"), ("predict", "p")):
        made = lambda *more: (run(command, "s", "--data", "table.csv", "--quiet", "--out", out, *more), pathlib.Path(out).read_bytes())[1]
        usual, chosen = made(), made("--steps", best)
        assert usual == chosen and usual != made("--steps", "2"), command
        assert made(*settings("algorithm.inner_steps=6")) != usual, command
    plain = json.loads(train("plain", "--json", *slow).stdout)
    assert "selected_steps" not in plain and weights("plain/model.safetensors") == weights("s/model.safetensors")


def test_killed_and_resumed():
    """Sends SIGKILL or SIGTERM after a random line of progress. The pipe is short, so that the run waits until its lines are read."""
    config("validate_every = 3", "checkpoint_every = 4", "log_every = 1", iterations=120)
    train("whole")
    assert first_lowest(curve("whole")) != 120, "the case must tell the best from the last"
    draw = random.Random(5)
    for attempt in range(20):
        number, code = (signal.SIGKILL, -signal.SIGKILL) if attempt % 2 else (signal.SIGTERM, 75)
        line_count = draw.randrange(1, 110)
        with subprocess.Popen([shoal, "train", "--config", "c.toml", "--out", "k", "--json"], stderr=subprocess.PIPE,
                              stdout=subprocess.DEVNULL, bufsize=0, pipesize=4096) as child:
            for _ in range(line_count):
                child.stderr.readline()
            child.send_signal(number)
            child.communicate(timeout=300)
        assert child.returncode == code, child.returncode
        train("k", "--resume")
        assert bytes_of("k") == bytes_of("whole"), f"signal {number} after line {line_count}"
        shutil.rmtree("k")


def test_a_longer_run_is_the_one_that_began_so():
    config("checkpoint_every = 0")
    for name, first, then, more in (("a", 20, 40, []), ("b", 7, 40, settings("train.validate_every=3")),
                                    ("c", 150, 1010, settings("train.tasks_per_batch=1")), ("d", 0, 230, []),
                                    ("e", 25, 40, settings("train.validate_every=0", "train.log_every=10"))):
        longer = [*settings(f"train.iterations={then}"), *more]
        train(name, *settings(f"train.iterations={first}"), *more)
        train(name, "--resume", *longer)
        train(f"{name}-straight", *longer)
        assert bytes_of(name) == bytes_of(f"{name}-straight"), name
    # A run cannot be shortened; a cosine schedule depends on the number of iterations, so that such a run cannot be extended either.
    refused(4, "has done 40 iterations", "train", "--config", "c.toml", "--out", "a", "--resume", *settings("train.iterations=20"))
    cosine = settings("train.schedule=cosine", "train.iterations=20")
    train("cosine", *cosine)
    train("cosine", "--resume", *cosine)
    before = bytes_of("cosine"), pathlib.Path("cosine/run.json").read_bytes()
    refused(4, "the cosine schedule makes every rate depend on iterations = 20", "train", "--config", "c.toml", "--out", "cosine", "--resume",
            *cosine, *settings("train.iterations=40"))
    assert (bytes_of("cosine"), pathlib.Path("cosine/run.json").read_bytes()) == before


def test_what_changes_no_bit_may_differ_on_resume():
    config("validate_every = 3")
    train("whole")
    other = settings("train.checkpoint_every=5", "train.log_every=4", "evaluate.steps=[0, 4]", "evaluate.tasks=3", "evaluate.max_failed_share=1.0",
                     "evaluate.query_grid=3", "threads=1", "backend=cpu", "isa=scalar", "train.keep=last")
    stop = settings("train.iterations=17")
    for begun, resumed in ((stop, []), ([*stop, *other], []), (stop, other)):
        train("r", *begun)
        train("r", "--resume", *resumed)
        assert curve("r") == curve("whole")
        last = resumed == other
        assert metadata("r/model.safetensors")["selected_iteration"] == ("40" if last else metadata("whole/model.safetensors")["selected_iteration"])
        if not last:
            assert pathlib.Path("r/model.safetensors").read_bytes() == pathlib.Path("whole/model.safetensors").read_bytes()
        shutil.rmtree("r")
    for key in ("train.validate_every=4", "train.lr=0.2", "train.tasks_per_batch=5", "algorithm.inner_steps=3", "seed=8"):
        refused(4, key.split(".")[-1].replace("=", " = "), "train", "--config", "c.toml", "--out", "whole", "--resume", *settings(key))


def test_progress():
    config("validate_every = 4", "log_every = 1")
    told = train("words", quiet=None).stderr.splitlines()
    words = [line for line in told if line.startswith("iteration ")]
    assert [line.split()[1] for line in words] == [str(i) for i in range(4, 41, 4)], told
    assert all(" of 40: query loss " in line and "; validation loss " in line for line in words)
    assert not any(line.startswith("{") for line in told)
    for iterations in (3, 10, 11, 29, 95):
        told = train(f"w{iterations}", *settings(f"train.iterations={iterations}"), quiet=None).stderr.splitlines()
        words = [line for line in told if line.startswith("iteration ")]
        assert len(words) == min(iterations, 10) and words[-1].startswith(f"iteration {iterations} of {iterations}:"), told
    result = train("json", "--json", quiet=None)
    json.loads(result.stdout)
    told = [json.loads(line) for line in result.stderr.splitlines() if not line.startswith("shoal: ")]
    assert [line["iteration"] for line in told if "query_loss" in line] == list(range(1, 41))
    assert {line["iteration"]: line["validation_loss"] for line in told if "validation_loss" in line} == curve("json")
    result = train("quiet", "--json")
    assert result.stderr == "" and json.loads(result.stdout)
    assert os.path.exists("quiet/model.safetensors")


run_tests(globals())
