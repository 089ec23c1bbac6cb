#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shoal program from outside: usage, configuration, training, gradients and their exit codes; a command that refuses writes nothing.
Covers data/configured_source.

usage: commands_test.py SHOAL
"""
import json
import os
import pathlib
import shutil
import signal
import struct
import subprocess

from program import FAST, refused, run, run_tests, shoal, tensors


def test_usage():
    refused(2, "shoal --help", )
    refused(2, 'unknown command "trian" (did you mean "train"?)', "trian")
    refused(2, 'unknown command "lisst" (did you mean "list"?)', "data", "lisst")
    refused(2, "--out RUN is needed", "train")
    refused(2, "did you mean", "train", "--out", "run", "--set", "train.lrr=1")
    refused(2, "cannot be opened", "train", "--out", "run", "--config", "none.toml")
    refused(2, "SHOAL_ISA", "train", "--out", "run", env={"SHOAL_ISA": "mmx"})
    refused(2, 'SHOAL_THREADS=many: threads: expected a value of type integer', "doctor", env={"SHOAL_THREADS": "many"})
    refused(2, "--threads -1: threads: expected an integer from 0", "train", "--out", "run", "--threads", "-1")
    refused(2, "--set train.lr=-1: train.lr: expected a number from 0 up", "train", "--out", "run", "--set", "train.lr=-1")
    for steps in ("", "-3", "1.5", "x"):
        refused(2, "--steps", "evaluate", "nothing", "--steps", steps)
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
    for variable, flag, low, high in (("THREADS", "threads", "2", "1"), ("ISA", "isa", '"avx2"', '"scalar"'),
                                      ("BACKEND", "backend", '"cpu"', '"reference"')):
        of = lambda *more: run("train", "--print-config", "--config", "c.toml", *more,
                               env={"SHOAL_" + variable: low.strip('"')}).stdout.splitlines()
        assert f"{flag} = {low}" in of(), variable
        assert f"{flag} = {high}" in of("--" + flag, high.strip('"')), variable
    isa = lambda *a, env: json.loads(run("doctor", "--json", *a, env=env).stdout)["isa"]
    widest = isa(env={"SHOAL_ISA": ""})
    assert isa(env={"SHOAL_ISA": "scalar"}) == "scalar"
    assert isa("--isa", "auto", env={"SHOAL_ISA": "scalar"}) == widest
    # Every command prints its configuration.
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
    # A damaged checkpoint is named; when no good one is left, the run does not start again.
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
    # With --resume and no run to resume, a run begins, so that a batch system may always pass --resume.
    run("train", "--out", "fresh", "--quiet", "--resume", "--set", "train.checkpoint_every=7", *FAST)
    assert pathlib.Path("fresh/model.safetensors").read_bytes() == model


def test_checkpoints_log_and_warm_start():
    names = lambda folder: sorted(int(file.stem.split("-")[1]) for file in pathlib.Path(folder, "checkpoints").iterdir())
    run("train", "--out", "p", "--quiet", "--set", "algorithm.name=pooled", "--set", "train.checkpoint_every=6", "--set", "train.log_every=5", *FAST)
    assert names("p") == [12, 18, 20]
    assert [json.loads(line)["iteration"] for line in open("p/metrics.jsonl", encoding="utf-8")] == [5, 10, 15, 20]
    # Without iterations the model is the initial one; learned rates start at inner_lr.
    start = ["--set", "train.warm_start=p", "--set", "train.iterations=0", "--set", "model.hidden=[8]", "--set", "algorithm.name=meta-sgd"]
    run("train", "--out", "w", "--quiet", *start)
    pooled, warm = tensors("p/model.safetensors"), tensors("w/model.safetensors")
    assert all(warm[name] == pooled[name] for name in pooled)
    assert {value for name in warm.keys() - pooled.keys() for value in warm[name][2]} == {struct.unpack("f", struct.pack("f", 0.01))[0]}
    # The model that the run started from is one of its inputs.
    run("train", "--out", "q", "--quiet", "--set", "algorithm.name=pooled", *FAST)
    shutil.copy("q/model.safetensors", "p/model.safetensors")
    refused(4, "another run", "train", "--out", "w", "--quiet", "--resume", *start)


def test_a_signal_leaves_a_checkpoint():
    command = [shoal, "train", "--out", "s", "--json", "--set", "train.iterations=1000000", "--set", "train.log_every=1"]
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
    # Without a good task a zero gradient is written, and the exit code is 5.
    huge = ["--set", "algorithm.inner_lr=1e30", "--set", "algorithm.inner_steps=3"]
    run("gradient", *options, *huge, "--out", "bad.safetensors", code=5)
    bad = tensors("bad.safetensors")
    assert set(bad["status"][2]) == {2} and not any(bad["meta_gradient.layers.0.weight"][2])


def test_diverged_tasks_are_reported():
    result = run("train", "--out", "d", "--json", "--set", "algorithm.inner_lr=1e20", "--set", "algorithm.inner_steps=3", *FAST, code=5)
    report = json.loads(result.stdout)
    assert report["tasks_failed"] > 0
    assert report["evaluation"][-1]["divergence_rate"] == 1.0
    assert "inner loop" in report["evaluation"][-1]["failures"][0]["reason"]


def test_doctor_and_lists():
    doctor = json.loads(run("doctor", "--json").stdout)
    assert doctor["cores"] >= 1 and doctor["instruction_sets"][0]["fma_peak_gflops_per_core"] > 0
    emulated = [line["isa"] for line in doctor["instruction_sets"] if line.get("fma_is_emulated")]
    assert emulated in ([], ["scalar"]) and ("scalar" in emulated) == ("no fma instruction" in run("doctor").stdout)
    assert {line["name"] for line in doctor["backends"]} == {"cpu", "reference", "cuda"}
    assert doctor["backend_reason"].startswith("auto: "), doctor
    assert json.loads(run("doctor", "--backend", "reference", "--json").stdout)["backend_reason"] == "as asked for"
    assert any(line["name"] == "sp500" for line in json.loads(run("data", "list", "--json").stdout))
    refused(2, "no data set", "data", "get", "nothing")


run_tests(globals())
