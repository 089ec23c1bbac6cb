#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs examples/market/run and examples/credit/run on small simulated data, from data to report, and again: finished parts are kept.

usage: examples_test.py ROOT SHOAL
"""
import json
import pathlib
import subprocess
import sys
import tempfile

root, shoal = pathlib.Path(sys.argv[1]), sys.argv[2]


def example(name, out, *arguments):
    command = [root / "examples" / name / "run", "--shoal", shoal, "--out", out, "--simulated", *arguments]
    result = subprocess.run(list(map(str, command)), capture_output=True, text=True, check=False)
    assert result.returncode == 0, f"{name}: exit code {result.returncode}\n{result.stdout}{result.stderr}"
    return result.stdout


def sections(report):
    page = report.read_text(encoding="utf-8")
    names = ("summary", "data", "split", "baselines", "var", "calibration", "adaptation", "heterogeneity", "segments", "stability", "limits", "manifest")
    for name in names:
        assert f'id="{name}"' in page, (report, name)
    assert page.count("<svg") >= 2 and "<script" not in page and "http://" not in page and "https://" not in page, report
    return json.loads(report.with_suffix(".json").read_text(encoding="utf-8"))


def market(folder):
    small = ["--keys", "5"]
    for setting in ("tasks.windows.support=120", "train.iterations=40", "train.tasks_per_batch=10", "backtest.seeds=[7, 8]", "risk.residuals=300"):
        small += ["--set", setting]
    text = example("market", folder / "market", *small)
    backtest = json.loads((folder / "market/backtest/backtest.json").read_text(encoding="utf-8"))
    names = [model["name"] for model in backtest["models"]]
    for name in ("model", "offset", "linear", "gjr", "pooled", "model+linear"):
        assert name in names, names
    assert {"model", "hs", "gjr", "linear"} <= {risk["model"] for risk in backtest["risk"]}, backtest["risk"]
    first = (folder / "market/report.html").read_bytes()
    sections(folder / "market/report.html")
    assert "linear" in text, text
    example("market", folder / "market", *small)
    assert (folder / "market/report.html").read_bytes() == first


def credit(folder):
    text = example("credit", folder / "credit", "--keys", "60", "--set", "train.iterations=60")
    assert "advice" in text and "empirical-bayes" in text, text
    sections(folder / "credit/segments.html")


with tempfile.TemporaryDirectory() as scratch:
    market(pathlib.Path(scratch))
    credit(pathlib.Path(scratch))
