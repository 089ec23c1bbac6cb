#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Protocol runs with published or closed-form results. usage: protocols.py SHOAL ROOT sinusoid|window|floors|volatility|selection"""
import json
import pathlib
import re
import resource
import statistics
import subprocess
import sys
import tempfile
import time

shoal, root, what = sys.argv[1], pathlib.Path(sys.argv[2]), sys.argv[3]
folder = pathlib.Path(tempfile.mkdtemp(prefix="shoal-protocol-"))


def train(name, config, *settings):
    """The rows of the final table by number of steps, and the time taken: wall-clock time, and processor time of all cores."""
    cpu = lambda: sum(resource.getrusage(resource.RUSAGE_CHILDREN)[:2])
    sets = [part for setting in settings for part in ("--set", setting)]
    start, cpu_start = time.monotonic(), cpu()
    command = [shoal, "train", "--config", root / config, "--out", folder / name, "--json", *sets]
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True)
    seconds = f"{time.monotonic() - start:.1f} s ({cpu() - cpu_start:.1f} s of cpu)"
    if result.returncode != 0:
        sys.exit(f"{command}: exit {result.returncode}\n{result.stderr}")
    return {row["steps"]: row for row in json.loads(result.stdout)["evaluation"]}, seconds


def hold(text, value, low, high):
    print(f"{text}: {value:.6g} (must lie in [{low:g}, {high:g}])")
    if not low <= value <= high:
        sys.exit("out of bounds")


def sinusoid():
    for steps, bar in ((5, 0.085), (1, 0.40)):
        means = []
        for seed in (1, 2, 3):
            rows, seconds = train(f"k{steps}-{seed}", "examples/sinusoid.toml", "train.iterations=70000", f"seed={seed}",
                                  f"algorithm.inner_steps={steps}", f"evaluate.steps=[0, {steps}]")
            print(f"K = {steps}, seed {seed}: {rows[steps]['mean']:.4f} after {steps} steps, {seconds}", flush=True)
            hold("  failed tasks", rows[steps]["tasks"] - rows[steps]["good"], 0, 0)
            means.append(rows[steps]["mean"])
        hold(f"K = {steps}: mean of three seeds", statistics.fmean(means), 0, bar)


def window():
    config = "examples/article/window.toml"
    hold("pooled line", train("line", config, "algorithm.name=pooled")[0][0]["mean"], 4.7, 5.1)
    hold("after one step", train("one", config, "algorithm.inner_steps=1")[0][1]["mean"], 0, 1.05)
    hold("after five steps", train("five", config)[0][5]["mean"], 0, 0.32)


def floors():
    """The mean squared error of the best line on x sin x for several laws of x (closed forms), which a linear model trained over all tasks
    reaches."""
    laws = [("normal", 0, 0, 0.335123), ("uniform", -1, 1, 0.066339), ("uniform", -5, 5, 4.816811), ("uniform", 0, 1, 0.002985),
            ("uniform", 0, 5, 1.972940)]
    for law, low, high, floor in laws:
        settings = ["tasks.source=xsinx", f"tasks.law={law}", "tasks.query=100", "algorithm.name=pooled", "evaluate.steps=[0]",
                    "train.iterations=6000", "evaluate.tasks=4000"]
        if law == "uniform":
            settings += [f"tasks.low={low}", f"tasks.high={high}"]
        row = train(f"{law}{low}{high}", "examples/article/window.toml", *settings)[0][0]
        standard_error = row["half_width"] / 1.96
        hold(f"x sin x, {law} {low} {high}", row["mean"], floor - 3 * standard_error, floor + 3 * standard_error)


def volatility():
    command = [root / "examples/market/volatility", "--shoal", shoal, "--out", folder / "volatility"]
    result = subprocess.run(list(map(str, command)), stdout=subprocess.PIPE, text=True)
    print(result.stdout)
    if result.returncode != 0:
        sys.exit(result.returncode)
    qlike = {m.group(1).strip(): float(m.group(2)) for m in re.finditer(r"^(.{32}) +([\d.]+) ", result.stdout, re.M)}
    hold("EWMA", qlike["EWMA (0.94)"], 1.4855, 1.4874)
    hold("MAML", qlike["MAML, 5 steps"], 1.40, min(1.46, qlike["EWMA (0.94)"]))


def selection():
    """The validation losses of the volatility example, as its runs report them, have the bits that `evaluate` reports for their models."""
    run = lambda *command: subprocess.run([shoal, *map(str, command)], check=True, stdout=subprocess.PIPE, text=True).stdout
    run("data", "get", "sp500", "--features", "har", "--out", folder / "data", "--quiet")
    given = ["--config", root / "examples/market/volatility.toml", "--quiet", "--set", f"tasks.path={folder}/data/sp500-har.csv"]

    def trained(name, *settings):
        return json.loads(run("train", *given, "--out", folder / name, "--resume", "--json",
                              *(part for setting in settings for part in ("--set", setting))))

    def curve(name):
        lines = map(json.loads, (folder / name / "metrics.jsonl").read_text().splitlines())
        return {line["iteration"]: line["validation_loss"] for line in lines if "validation_loss" in line}

    def expect(text, name, loss):
        got = json.loads(run("evaluate", folder / name, "--phase", "validation", "--steps", 5, "--json", "--quiet"))["summary"][0]["mean"]
        print(f"{text}: {loss!r} reported, {got!r} evaluated", flush=True)
        if got != loss:
            sys.exit("not the same")

    # The example unchanged: its best model, then its last one.
    report = trained("whole")
    looks = curve("whole")
    if report["selected_iteration"] != min(looks, key=lambda iteration: (looks[iteration], iteration)):
        sys.exit(f"iteration {report['selected_iteration']} was selected of {looks}")
    expect(f"best, iteration {report['selected_iteration']}", "whole", report["validation_loss"])
    trained("whole", "train.keep=last")
    expect("last", "whole", looks[max(looks)])
    # The whole curve, by a run that is extended again and again; it must equal that of a run without interruption.
    steady = ["train.schedule=constant", "train.keep=last"]
    for iterations in range(20, 201, 20):
        trained("steady", f"train.iterations={iterations}", *steady)
        expect(f"iteration {iterations}", "steady", curve("steady")[iterations])
    trained("straight", "train.iterations=200", *steady)
    for file in ("model.safetensors", "metrics.jsonl", "checkpoints/checkpoint-200.safetensors"):
        if (folder / "steady" / file).read_bytes() != (folder / "straight" / file).read_bytes():
            sys.exit(f"{file} differs between a run that went on and one that never paused")


{"sinusoid": sinusoid, "window": window, "floors": floors, "volatility": volatility, "selection": selection}[what]()
