#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shoal program from outside: every command, its files, its exit codes, and that a refusal writes nothing.

usage: commands_test.py SHOAL
"""
import csv
import json
import os
import pathlib
import random
import shutil
import signal
import struct
import subprocess
import sys
import tempfile
import time

shoal = str(pathlib.Path(sys.argv[1]).resolve())
FAST = ["--set", "train.iterations=20", "--set", "model.hidden=[8]", "--set", "evaluate.tasks=20"]


def run(*arguments, code=0, env=None):
    result = subprocess.run([shoal, *map(str, arguments)], capture_output=True, text=True, env={**os.environ, **(env or {})})
    assert result.returncode == code, f"{arguments}: exit {result.returncode}, not {code}\n{result.stdout}{result.stderr}"
    return result


def refused(code, named, *arguments, env=None):
    before = sorted(pathlib.Path(".").rglob("*"))
    result = run(*arguments, code=code, env=env)
    assert named in result.stderr, f"{arguments}: {named!r} is not in {result.stderr!r}"
    assert sorted(pathlib.Path(".").rglob("*")) == before, f"{arguments}: something was written"


def tensors(path):
    """Names, shapes and values of a safetensors file, by the format's own words."""
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8 : 8 + size])
    code = {"F32": "f", "F64": "d", "I64": "q", "I32": "i", "U8": "B"}
    result = {}
    for name, entry in header.items():
        if name != "__metadata__":
            begin, end = (8 + size + offset for offset in entry["data_offsets"])
            letter = code[entry["dtype"]]
            count = (end - begin) // struct.calcsize("<" + letter)
            result[name] = (entry["dtype"], entry["shape"], struct.unpack(f"<{count}{letter}", data[begin:end]))
    return result


def write_tensors(path, entries):
    header, data = {}, b""
    for name, dtype, shape, values in entries:
        packed = struct.pack(f"<{len(values)}{'f' if dtype == 'F32' else 'q'}", *values)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(data), len(data) + len(packed)]}
        data += packed
    text = json.dumps(header).encode()
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def write_table(path, tasks=12, rows=12, targets=True):
    numbers = random.Random(1)
    with open(path, "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["client", "day", "a", "b"] + (["y"] if targets else []))
        for task in range(tasks):
            for day in range(rows):
                a, b = numbers.gauss(0, 1), numbers.gauss(3, 2)
                writer.writerow([f"c{task}", day, a, b] + ([task * a - b] if targets else []))


TABLE = """
[tasks]
source = "table"
path = "table.csv"
key = ["client"]
time = "day"
features = ["a", "b"]
targets = ["y"]
support = 6
query = 4
split = { by = "task", train = 0.6, validation = 0.1, test = 0.3 }
[model]
hidden = [6]
[algorithm]
inner_steps = 2
[train]
iterations = 15
tasks_per_batch = 4
[evaluate]
max_failed_share = 0.5
"""


def test_usage():
    refused(2, "shoal --help", )
    refused(2, 'unknown command "trian" (did you mean "train"?)', "trian")
    refused(2, 'unknown command "lisst" (did you mean "list"?)', "data", "lisst")
    refused(2, "--out RUN is needed", "train")
    refused(2, "did you mean", "train", "--out", "run", "--set", "train.lrr=1")
    refused(2, "cannot be opened", "train", "--out", "run", "--config", "none.toml")
    refused(2, "SHOAL_ISA", "train", "--out", "run", env={"SHOAL_ISA": "mmx"})
    refused(2, "unknown backend", "train", "--out", "run", "--backend", "tpu")
    refused(6, "cuda", "train", "--out", "run", "--backend", "cuda")
    refused(4, "there is no model", "evaluate", "nothing")
    with open("/dev/full", "w", encoding="utf-8") as full:
        assert subprocess.run([shoal, "doctor"], stdout=full, stderr=subprocess.DEVNULL, check=False).returncode == 6
    assert "shoal" in run("--version").stdout
    assert "train" in run("--help").stdout
    error = json.loads(run("evaluate", "nothing", "--json", code=4).stderr)
    assert error["exit_code"] == 4


def test_precedence():
    pathlib.Path("c.toml").write_text("seed = 1\n[train]\nlr = 0.5\n", encoding="utf-8")
    seed = lambda *a, env=None: run("train", "--print-config", "--config", "c.toml", *a, env=env).stdout.splitlines()[0]
    assert seed() == "seed = 1"
    assert seed(env={"SHOAL_SEED": "2"}) == "seed = 2"
    assert seed("--seed", "3", env={"SHOAL_SEED": "2"}) == "seed = 3"
    isa = lambda *a, env: json.loads(run("doctor", "--json", *a, env=env).stdout)["isa"]
    widest = isa(env={"SHOAL_ISA": ""})
    assert isa(env={"SHOAL_ISA": "scalar"}) == "scalar"
    assert isa("--isa", "auto", env={"SHOAL_ISA": "scalar"}) == widest
    # Every command can be asked.
    run("train", "--out", "m", "--quiet", *FAST)
    for command in (["doctor"], ["inspect", "plan"], ["data", "export"], ["evaluate", "m"], ["adapt", "m", "--data", "x", "--out", "y"],
                    ["predict", "m", "--data", "x", "--out", "y"], ["inspect", "model", "m"], ["gradient"]):
        printed = run(*command, "--print-config", "--seed", "5").stdout
        assert printed.startswith("seed = 5\n"), command
    assert "hidden = [8]" in run("evaluate", "m", "--print-config").stdout
    text = run("train", "--print-config", "--config", "c.toml").stdout
    pathlib.Path("again.toml").write_text(text, encoding="utf-8")
    assert run("train", "--print-config", "--config", "again.toml").stdout == text


def test_train_and_resume():
    run("train", "--out", "a", "--quiet", "--set", "train.checkpoint_every=7", *FAST)
    for name in ("model.safetensors", "metrics.jsonl", "run.json", "train.log"):
        assert pathlib.Path("a", name).exists(), name
    assert json.loads(pathlib.Path("a/run.json").read_text(encoding="utf-8"))["seed"] == 7
    assert [json.loads(line)["iteration"] for line in open("a/metrics.jsonl", encoding="utf-8")] == list(range(1, 21))
    refused(2, "already holds a run", "train", "--out", "a", "--quiet", *FAST)
    # Resuming a finished run changes nothing; resuming from an older checkpoint gives the same bytes.
    model = pathlib.Path("a/model.safetensors").read_bytes()
    log = pathlib.Path("a/metrics.jsonl").read_bytes()
    for _ in range(2):
        run("train", "--out", "a", "--quiet", "--resume", "--set", "train.checkpoint_every=7", *FAST)
        assert pathlib.Path("a/model.safetensors").read_bytes() == model
        assert pathlib.Path("a/metrics.jsonl").read_bytes() == log
        os.remove("a/checkpoints/checkpoint-20.safetensors")
    before = pathlib.Path("a/run.json").read_bytes()
    refused(4, "another run", "train", "--out", "a", "--quiet", "--resume", "--set", "train.lr=0.5", *FAST)
    assert pathlib.Path("a/run.json").read_bytes() == before
    # A damaged checkpoint is named; when none is left, nothing is begun again.
    checkpoints = sorted(pathlib.Path("a/checkpoints").iterdir())
    newest = max(checkpoints, key=lambda file: int(file.stem.split("-")[1]))
    newest.write_bytes(newest.read_bytes()[:50])
    warned = run("train", "--out", "a", "--quiet", "--resume", "--set", "train.checkpoint_every=7", *FAST)
    assert newest.name in warned.stderr and newest.name in pathlib.Path("a/train.log").read_text(encoding="utf-8")
    assert pathlib.Path("a/model.safetensors").read_bytes() == model
    for file in pathlib.Path("a/checkpoints").iterdir():
        file.write_bytes(b"x")
    refused(4, "no checkpoint of it can be read", "train", "--out", "a", "--quiet", "--resume", "--set", "train.checkpoint_every=7", *FAST)
    assert pathlib.Path("a/metrics.jsonl").read_bytes() == log
    # Asked to resume where nothing is, a run begins: a batch system may always say --resume.
    run("train", "--out", "fresh", "--quiet", "--resume", "--set", "train.checkpoint_every=7", *FAST)
    assert pathlib.Path("fresh/model.safetensors").read_bytes() == model


def test_a_signal_leaves_a_checkpoint():
    command = [shoal, "train", "--out", "s", "--set", "train.iterations=1000000", "--set", "train.log_every=1"]
    child = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    child.stderr.readline()
    child.send_signal(signal.SIGTERM)
    child.communicate(timeout=60)
    assert child.returncode == 75, child.returncode
    assert list(pathlib.Path("s/checkpoints").iterdir())


def test_backends_agree():
    run("data", "export", "--out", "t.safetensors", "--set", "evaluate.tasks=5")
    options = ["--tasks", "t.safetensors", "--set", "model.hidden=[5]", "--set", "algorithm.inner_steps=2", "--fast-weights"]
    run("gradient", *options, "--out", "g32.safetensors", "--backend", "cpu")
    run("gradient", *options, "--out", "g64.safetensors", "--backend", "reference")
    single, double = tensors("g32.safetensors"), tensors("g64.safetensors")
    assert single.keys() == double.keys()
    assert "meta_gradient.layers.0.weight" in single and "fast.layers.1.bias" in single
    for name in single:
        kinds = (single[name][0], double[name][0])
        assert kinds == (("U8", "U8") if name == "status" else ("F32", "F64")), name
        for a, b in zip(single[name][2], double[name][2]):
            assert abs(a - b) <= 1e-4 * (1 + abs(b)), name
    refused(2, "--tasks", "gradient", "--out", "g.safetensors")
    refused(3, "cannot be opened", "gradient", "--tasks", "none.safetensors", "--out", "g.safetensors")
    refused(6, "no folder", "gradient", "--tasks", "t.safetensors", "--out", "no/g.safetensors")
    # No good task: zero gradient, written, exit 5.
    huge = ["--set", "algorithm.inner_lr=1e30", "--set", "algorithm.inner_steps=3"]
    run("gradient", *options, *huge, "--out", "bad.safetensors", code=5)
    bad = tensors("bad.safetensors")
    assert set(bad["status"][2]) == {2} and not any(bad["meta_gradient.layers.0.weight"][2])


def test_table_to_predictions():
    write_table("table.csv")
    pathlib.Path("t.toml").write_text(TABLE, encoding="utf-8")
    counts = json.loads(run("inspect", "tasks", "--config", "t.toml", "--json").stdout)
    assert sum(line["tasks"] for line in counts["phases"]) == 12
    assert json.loads(run("inspect", "plan", "--config", "t.toml", "--json").stdout)["parameters"] == 2 * 6 + 6 + 6 + 1
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
    for row in rows:  # row numbers are those of the table
        assert (given[int(row["row"])]["client"], given[int(row["row"])]["day"]) == (row["task"], row["time"])
    write_table("other.csv", tasks=5)
    refused(3, "no adapted model", "predict", "a.safetensors", "--data", "other.csv", "--out", "p3.csv")
    refused(2, "--steps", "predict", "a.safetensors", "--data", "new.csv", "--steps", "1", "--out", "p3.csv")
    pathlib.Path("bad.csv").write_text("client,day,a,b,y\nc0,1,x,2,3\n", encoding="utf-8")
    refused(3, "bad.csv:2", "adapt", "r", "--data", "bad.csv", "--out", "b.safetensors")
    # A new client with two known rows and one to come, another with one known row and nothing to ask.
    pathlib.Path("few.csv").write_text("client,day,a,b,y\nn,0,1,2,3\nn,1,1,2,3\nn,2,1,2,\nm,0,1,2,3\n", encoding="utf-8")
    report = json.loads(run("predict", "r", "--data", "few.csv", "--out", "p4.csv", "--json").stdout)
    assert (report["tasks"], report["rows"], report["left_out"]) == (2, 1, None)
    assert [row["row"] for row in csv.DictReader(open("p4.csv", encoding="utf-8"))] == ["2"]
    # Without targets there is nothing to adapt on; adapted models, or none, can be asked all the same.
    write_table("asked.csv", tasks=3, targets=False)
    refused(3, 'no column "y"', "predict", "r", "--data", "asked.csv", "--out", "p5.csv")
    run("predict", "a.safetensors", "--data", "asked.csv", "--out", "p5.csv")
    assert len(list(csv.DictReader(open("p5.csv", encoding="utf-8")))) == 3 * 12
    run("predict", "r", "--data", "asked.csv", "--steps", "0", "--out", "p6.csv")
    # A task file is known by its content.
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
    # From any folder, whatever the environment says; another seed would test on what was trained on.
    os.makedirs("elsewhere")
    os.chdir("elsewhere")
    moved = json.loads(run("evaluate", "../r", "--json", env={"SHOAL_SEED": "99"}).stdout)["tasks"]
    os.chdir("..")
    assert moved == own
    refused(2, "trained with seed 7", "evaluate", "r", "--seed", "99")
    assert evaluated("--seed", "7") == own
    # The same columns under another configuration: the model's scalers, not ones fitted anew.
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
    # Where the data lay is not part of the model, what it held is.
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
    assert "1 keys with too few rows for a task, e.g. \"late\"" in changed.stderr
    assert json.loads(changed.stdout)["left_out"]["keys"] == 1


def test_errors_in_the_data_name_the_file():
    rows = [("support_x", "F32", [2, 1], [1, 2]), ("support_y", "F32", [2, 1], [1, 2]), ("support_offsets", "I64", [3], [0, 1, 2])]
    empty = [("query_x", "F32", [0, 1], []), ("query_y", "F32", [0, 1], []), ("query_offsets", "I64", [3], [0, 0, 0])]
    write_tensors("t.safetensors", rows + empty + [("task_id", "I64", [2], [4, 9])])
    refused(3, "t.safetensors: task batch", "gradient", "--tasks", "t.safetensors", "--out", "g.safetensors")
    report = json.loads(run("train", "--out", "f", "--json", "--tasks", export("u.safetensors"), *FAST).stdout)
    assert report["evaluated_on"] == "training tasks"
    run("predict", "f", "--data", "t.safetensors", "--out", "p.csv")


def export(name):
    run("data", "export", "--out", name, "--set", "evaluate.tasks=3")
    return name


def test_pipes_and_links_are_not_replaced():
    os.symlink("real.safetensors", "link.safetensors")
    run("data", "export", "--out", "link.safetensors", "--set", "evaluate.tasks=3")
    assert os.path.islink("link.safetensors") and tensors("real.safetensors")["task_id"][1] == [3]
    run("data", "export", "--out", "/dev/null", "--set", "evaluate.tasks=3")
    refused(6, "/dev/full", "data", "export", "--out", "/dev/full", "--set", "evaluate.tasks=3")


def test_diverged_tasks_are_reported():
    result = run("train", "--out", "d", "--json", "--set", "algorithm.inner_lr=1e20", "--set", "algorithm.inner_steps=3", *FAST, code=5)
    report = json.loads(result.stdout)
    assert report["tasks_failed"] > 0
    assert report["evaluation"][-1]["divergence_rate"] == 1.0
    assert "inner loop" in report["evaluation"][-1]["failures"][0]["reason"]


def test_doctor_and_lists():
    doctor = json.loads(run("doctor", "--json").stdout)
    assert doctor["cores"] >= 1 and doctor["instruction_sets"][0]["fma_peak_gflops_per_core"] > 0
    assert {line["name"] for line in doctor["backends"]} == {"cpu", "reference", "cuda"}
    assert doctor["backend_reason"].startswith("auto: "), doctor
    assert json.loads(run("doctor", "--backend", "reference", "--json").stdout)["backend_reason"] == "as asked for"
    assert any(line["name"] == "sp500" for line in json.loads(run("data", "list", "--json").stdout))
    refused(2, "no data set", "data", "get", "nothing")


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    for name, test in tests:
        start = time.monotonic()
        folder = tempfile.mkdtemp(prefix="shoal-cli-")
        os.chdir(folder)
        test()
        os.chdir("/")
        shutil.rmtree(folder)
        print(f"{name}: passed in {time.monotonic() - start:.1f} s")


main()
