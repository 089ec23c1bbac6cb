#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A build with the cuda backend, with and without a device: what doctor, --backend auto and --backend cuda do and report.

usage: auto_backend_test.py SHOAL RUNNER...    (RUNNER: a command that gives the program a device)

"Without a device" is simulated: CUDA_VISIBLE_DEVICES is empty. Most machines that run this have no driver either.
"""
import json
import os
import pathlib
import subprocess
import sys
import tempfile

shoal, runner = os.path.realpath(sys.argv[1]), sys.argv[2:]
TINY = ["--set", "train.iterations=3", "--set", "model.hidden=[5]", "--set", "evaluate.tasks=4"]


def run(device, *arguments, code=0):
    environment = dict(os.environ) if device else {**os.environ, "CUDA_VISIBLE_DEVICES": ""}
    result = subprocess.run([*(runner if device else []), shoal, *arguments], capture_output=True, text=True, check=False, env=environment)
    assert result.returncode == code, f"{arguments}: exit {result.returncode}, not {code}\n{result.stdout}{result.stderr}"
    return result


def backend_line(doctor):
    return {line["name"]: line for line in doctor["backends"]}["cuda"]


def test_without_a_device():
    doctor = json.loads(run(False, "doctor", "--json").stdout)
    cuda = backend_line(doctor)
    assert not cuda["available"] and cuda["detail"].startswith("cudaError"), cuda
    assert "fp32_peak_gflops" not in cuda
    assert doctor["backend"] == "cpu" and doctor["backend_reason"] == "auto: no cuda: " + cuda["detail"], doctor
    assert "would run on: cpu" in run(False, "doctor").stdout
    assert json.loads(run(False, "train", "--out", "cpu", "--json", *TINY).stdout)["backend"] == "cpu"
    record = json.loads(pathlib.Path("cpu/run.json").read_text(encoding="utf-8"))
    assert record["backend"] == "cpu" and record["backend_reason"].startswith("auto: no cuda: cudaError"), record
    for command in (["doctor"], ["train", "--out", "none", *TINY], ["evaluate", "cpu"]):
        refusal = run(False, *command, "--backend", "cuda", code=6).stderr
        assert "backend cuda: cudaError" in refusal, refusal
    assert not os.path.exists("none")


def test_with_a_device():
    doctor = json.loads(run(True, "doctor", "--json").stdout)
    cuda = backend_line(doctor)
    assert cuda["available"] and cuda["fp32_peak_gflops"] > 0 and "lanes x 2 x" in cuda["fp32_peak_from"], cuda
    assert doctor["backend"] == "cuda" and doctor["backend_reason"] == "auto: " + cuda["detail"], doctor
    assert "would run on: cuda (auto: " in run(True, "doctor").stdout
    assert json.loads(run(True, "train", "--out", "cuda", "--json", *TINY).stdout)["backend"] == "cuda"
    record = json.loads(pathlib.Path("cuda/run.json").read_text(encoding="utf-8"))
    assert record["backend"] == "cuda" and record["backend_reason"].startswith("auto: "), record
    assert pathlib.Path("cuda/model.safetensors").read_bytes() == pathlib.Path("cpu/model.safetensors").read_bytes()
    assert json.loads(run(True, "evaluate", "cuda", "--backend", "cpu", "--json").stdout)["backend"] == "cpu"
    assert json.loads(run(True, "doctor", "--backend", "cpu", "--json").stdout)["backend_reason"] == "as asked for"


with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    test_without_a_device()
    test_with_a_device()
    os.chdir("/")
print("passed")
