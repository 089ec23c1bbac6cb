#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""training_cli_test.py SHOAL WORK [RUNNER...]: `shoal train --backend cuda` writes the bytes that `--backend cpu` writes, for generators
and for a table, also when it is stopped and resumed. Without a driver it says so.
"""
import json
import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

shoal, work, runner = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3:]
shutil.rmtree(work, ignore_errors=True)
work.mkdir(parents=True)


def run(*command, **options):
    return subprocess.run([str(c) for c in command], capture_output=True, text=True, **options)


def train(config, backend, folder, *more):
    made = run(*(runner if backend == "cuda" else []), shoal, "train", "--config", config, "--backend", backend, "--out",
               folder, "--quiet", *more)
    if made.returncode != 0:
        sys.exit(f"{config.name}, {backend}: exit {made.returncode}\n{made.stdout}{made.stderr}")


def compare(name, one, other):
    for file in ("model.safetensors", "metrics.jsonl"):
        a, b = (one / file).read_bytes(), (other / file).read_bytes()
        if not a or a != b:
            sys.exit(f"{name}: {file} differs between {one.name} and {other.name}")
    print(f"{name}: the same bytes")


def table(path):
    rows = ["asset,x1,x2,y"]
    for asset in range(30):
        slopes = [random.gauss(0, 1) for _ in range(2)]
        for _ in range(24):
            x = [random.gauss(0, 1) for _ in range(2)]
            y = sum(s * v for s, v in zip(slopes, x)) + random.gauss(0, 0.1)
            rows.append(f"a{asset},{x[0]:.5f},{x[1]:.5f},{y:.5f}")
    path.write_text("\n".join(rows) + "\n")


random.seed(4)
table(work / "t.csv")
base = """seed = 5
[model]
hidden = [8, 8]
[algorithm]
name = "maml"
inner_steps = 2
learned_lr = "layer"
[train]
iterations = {iterations}
tasks_per_batch = 9
optimizer = "adamw"
clip = 0.5
weight_decay = 0.01
checkpoint_every = 5
log_every = 1
[tasks]
"""
sources = {
    "sinusoid": 'source = "sinusoid"\nsupport = 5\nquery = 5\nnoise = 0.1\n',
    "xsinx-window": 'source = "xsinx-window"\nsupport = 4\nquery = 6\n',
    "table": f'source = "table"\npath = {json.dumps("t.csv")}\nkey = ["asset"]\nfeatures = ["x1", "x2"]\n'
             'targets = ["y"]\nsupport = 8\nquery = 8\n'
             'split = { by = "task", train = 0.8, validation = 0.1, test = 0.1 }\n',
}
for name, source in sources.items():
    config = work / f"{name}.toml"
    config.write_text(base.format(iterations=12) + source)
    for backend in ("cpu", "cuda"):
        train(config, backend, work / f"{name}-{backend}")
    compare(name, work / f"{name}-cpu", work / f"{name}-cuda")

# A run is stopped by a signal after it has begun, then resumed, at last on the other backend.
config = work / "long.toml"
config.write_text(base.format(iterations=600) + sources["sinusoid"])
train(config, "cpu", work / "long-cpu")
folder = work / "long-cuda"
process = subprocess.Popen([*runner, shoal, "train", "--config", str(config), "--backend", "cuda", "--out", str(folder), "--quiet"])
metrics = folder / "metrics.jsonl"
while process.poll() is None and not (metrics.exists() and metrics.stat().st_size > 0):
    time.sleep(0.01)
process.send_signal(signal.SIGTERM)
process.wait()
done = len(metrics.read_text().splitlines())
train(config, "cuda", folder, "--resume")
compare(f"stopped after {done} of 600 iterations (exit {process.returncode}) and resumed", work / "long-cpu", folder)

if runner and not pathlib.Path("/dev/nvidiactl").exists():  # without the runner there is no driver
    environment = {k: v for k, v in os.environ.items() if k != "LD_PRELOAD"}
    alone = run(shoal, "train", "--config", config, "--backend", "cuda", "--out", work / "alone", env=environment)
    if alone.returncode != 6 or "backend cuda: cudaError" not in alone.stderr:
        sys.exit(f"without a driver: exit {alone.returncode}\n{alone.stderr}")
    print("without a driver:", alone.stderr.strip())
