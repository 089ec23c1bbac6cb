# SPDX-License-Identifier: Apache-2.0
"""Examples in docstrings, on the page of the package and in the README run."""
import doctest
import importlib
import importlib.util
import pathlib
import pkgutil
import re

import numpy as np
import pandas as pd
import pytest
import shoal

ROOT = pathlib.Path(__file__).resolve().parents[2]
MODULES = sorted(name for _, name, _ in pkgutil.walk_packages(shoal.__path__, "shoal.") if not name.startswith("shoal._"))
WITH_EXAMPLES = {f"shoal.{name}" for name in ("adapted", "batches", "callbacks", "estimators.classifier", "estimators.quantile", "estimators.regressor",
                                              "files", "finance", "learner", "onnx", "sources", "torch", "training")}  # fmt: skip


@pytest.mark.parametrize("name", MODULES)
def test_docstrings(name):
    if name in ("shoal.torch", "shoal.onnx"):
        pytest.importorskip(name.split(".")[1])
    failed, tried = doctest.testmod(importlib.import_module(name))
    assert failed == 0
    assert tried > 0 or name not in WITH_EXAMPLES


def blocks_of(page):
    return re.findall(r"```python\n(.*?)```", (ROOT / page).read_text(encoding="utf-8"), re.DOTALL)


def test_the_page(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names, ran = {}, 0
    for block in blocks_of("docs/python.md"):
        code = compile(block, "docs/python.md", "exec")
        if any(f"import {name}" in block and importlib.util.find_spec(name.split(".")[-1]) is None for name in ("shoal.torch", "shoal.onnx", "mlflow")):
            continue
        exec(code, names)
        ran += 1
    assert ran >= 11
    assert pathlib.Path("runs/clients/model.safetensors").exists() and pathlib.Path("runs/quick/run.json").exists()
    told = capsys.readouterr().out
    assert "steps" in told and "row 0: column 'income': inf" in told


def test_the_readme(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({"client": np.repeat(np.arange(30), 40), "month": np.tile(np.arange(40), 30), "income": rng.normal(size=1200),
                          "utilisation": rng.random(1200), "region": rng.choice(["north", "south"], 1200)})  # fmt: skip
    frame["defaulted"] = (rng.random(1200) < 0.3).astype(int)
    frame.to_csv("clients.csv", index=False)
    names = {"X_new": frame.drop(columns="defaulted"), "y_new": frame["defaulted"], "X_next": frame.drop(columns="defaulted")}
    (block,) = blocks_of("README.md")
    exec(compile(block, "README.md", "exec"), names)
    assert pathlib.Path("runs/clients/model.safetensors").exists()
