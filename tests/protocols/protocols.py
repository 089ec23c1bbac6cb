#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Protocol runs with published or closed-form results. usage: protocols.py SHOAL ROOT sinusoid|window|floors|volatility|credit|selection"""
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


def lines_of(report):
    """The losses of a table of models; "model" is the line of the selected steps, "0 steps" the first one."""
    found = {}
    for model in report["models"]:
        found.setdefault("0 steps" if model["name"] == "model" and not model["selected"] else model["name"], model)
    return found


def volatility():
    """The backtest of 20 real stocks: what practitioners take, refitted every year, and the mean of seven seeds."""
    command = [root / "examples/market/run", "--shoal", shoal, "--out", folder / "market"]
    if (code := subprocess.run(list(map(str, command))).returncode) != 0:
        sys.exit(code)
    report = json.loads((folder / "market/backtest/backtest.json").read_text(encoding="utf-8"))
    lines = lines_of(report)
    hold("EWMA", lines["offset"]["loss"], 1.485, 1.487)
    hold("linear", lines["linear"]["loss"], 1.45, 1.456)
    hold("GJR-GARCH", lines["gjr"]["loss"], 1.45, 1.458)
    hold("MAML", lines["model"]["loss"], 1.44, 1.447)
    hold("MAML and linear, averaged", lines["model+linear"]["loss"], 1.44, 1.447)
    hold("t of MAML against EWMA", lines["model"]["against"]["offset"]["t"], -20, -4)
    print("t of MAML:", {name: round(other["t"], 2) for name, other in lines["model"]["against"].items()})
    years = {group["group"]: lines_of(group) for group in report["groups"]}
    for year in ("2008", "2009", "2020"):
        hold(f"MAML less linear, {year}", years[year]["model"]["loss"] - years[year]["linear"]["loss"], -1, -0.005)
    for risk in report["risk"]:
        if risk["model"] == "model" and risk["level"] in (0.01, 0.05):
            hold(f"VaR {risk['level']}: stocks that pass Kupiec", risk["passes"]["kupiec"], 18, 20)
            hold("  and conditional coverage", risk["passes"]["conditional_coverage"], 16, 20)
            hold("  tick", risk["tick"], 0, {0.01: 0.0645, 0.05: 0.2022}[risk["level"]])


def credit():
    """What a few labels of a new segment are worth: simulated segments, real segments each left out once, and states that are alike."""
    command = [root / "examples/credit/run", "--shoal", shoal, "--out", folder / "credit"]
    if (code := subprocess.run(list(map(str, command))).returncode) != 0:
        sys.exit(code)
    for support, bar in ((20, 0.535), (50, 0.527), (100, 0.525)):
        report = json.loads((folder / f"credit/home-job-{support}/backtest.json").read_text(encoding="utf-8"))
        lines = lines_of(report)
        hold(f"home and job, {support} labels: macro log-loss", lines["model"]["macro"]["log_loss"], 0.4, bar)
        hold("  macro AUC less that without adaptation", lines["model"]["macro"]["auc"] - lines["0 steps"]["macro"]["auc"], -0.005, 1)
        gates = {seed["gate"]["decision"] for fold in report["folds"] for seed in fold["seeds"]}
        print("  gates:", gates)
        if gates != {"bias"}:
            sys.exit("a gate is not bias")
    losses, aucs = [], []
    for seed in (1, 2, 3, 7, 8):
        table, run = folder / f"segments-{seed}.csv", folder / f"segments-{seed}"
        subprocess.run([shoal, "data", "simulate", "credit-segments", "--keys", "300", "--rows", "400", "--seed", str(seed), "--out", table, "--quiet"], check=True)
        rows, seconds = train(f"segments-{seed}", "examples/credit/segments.toml", f"tasks.path={table}")
        answer = subprocess.run([shoal, "evaluate", run, "--json", "--quiet", "--steps", "5"], check=True, stdout=subprocess.PIPE, text=True)
        model = json.loads(answer.stdout)["models"][0]
        losses.append(model["loss"])
        aucs.append(model["metrics"]["auc"])
        print(f"segments of seed {seed}: log-loss {losses[-1]:.4f}, AUC {aucs[-1]:.4f}, {seconds}", flush=True)
    hold("simulated segments: mean log-loss", statistics.fmean(losses), 0.3, 0.40)
    hold("  mean AUC", statistics.fmean(aucs), 0.81, 0.9)


def selection():
    """The validation losses of the volatility example, as its runs report them, have the bits that `evaluate` reports for their models."""
    run = lambda *command: subprocess.run([shoal, *map(str, command)], check=True, stdout=subprocess.PIPE, text=True).stdout
    run("data", "get", "sp500", "--features", "har", "--out", folder / "data", "--quiet")
    given = ["--config", root / "examples/market/volatility.toml", "--quiet", "--set", f"tasks.path={folder}/data/sp500-har.csv"]
    for setting in ("train.iterations=2000", "train.keep=best", "train.validate_every=20"):
        given += ["--set", setting]

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

    # Its best model, then its last one.
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


{"sinusoid": sinusoid, "window": window, "floors": floors, "volatility": volatility, "credit": credit, "selection": selection}[what]()
