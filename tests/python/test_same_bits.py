# SPDX-License-Identifier: Apache-2.0
"""The estimators give the bits of the command line: random tables, fitted from frames and arrays, against `shoal train` on the CSV file
that pandas writes."""
import csv
import json

import numpy as np
import pandas as pd
import polars as pl
import pytest
import shoal
from clients import clients, config
from safetensors.numpy import load_file

CASES = [  # table, estimator's parameters, keys of the configuration
    ({}, {}, {}),
    ({"two_keys": True}, {}, {}),
    ({"missing": True}, {"missing": "mean"}, {"tasks__missing": "mean"}),
    ({"missing": True}, {"missing": "drop"}, {"tasks__missing": "drop"}),
    ({"time": "number"}, {"time": "month"}, {"tasks__time": "month"}),
    ({"time": "date"}, {"time": "month", "purge": 1}, {"tasks__time": "month", "tasks__purge": 1}),
    ({"offset": True}, {"offset": "base"}, {"tasks__offset": "base"}),
    ({"time": "number"}, {"time": "month", "windows": {"support": 5, "query": 3}},
     {"tasks__time": "month", "tasks__windows__support": 5, "tasks__windows__query": 3}),
    ({}, {"categorical": ["age"], "max_categories": 200}, {"tasks__categorical": ["age", "region"]}),
    ({}, {"loss": "huber", "delta": 0.5}, {"loss__name": "huber", "loss__delta": 0.5}),
    ({}, {"loss": "gaussian-nll"}, {"loss__name": "gaussian-nll"}),
    ({"target": "positive"}, {"loss": "qlike"}, {"loss__name": "qlike"}),
    ({"target": "binary"}, {}, {"loss__name": "bce"}),
    ({"target": "binary"}, {"pos_weight": 3.0}, {"loss__name": "bce", "loss__pos_weight": 3.0}),
    ({"target": "words"}, {}, {"loss__name": "bce", "tasks__positive": "good"}),
    ({"target": "words"}, {"stratify": True}, {"loss__name": "bce", "tasks__positive": "good", "tasks__stratify": True}),
    ({"target": "classes"}, {}, {"loss__name": "softmax"}),
    ({}, {"quantiles": 0.5}, {"loss__name": "pinball", "loss__quantiles": [0.5]}),
    ({}, {"quantiles": [0.1, 0.9]}, {"loss__name": "pinball", "loss__quantiles": [0.1, 0.9]}),
    ({}, {"algorithm": "anil", "inner_steps": 2}, {"algorithm__name": "anil", "algorithm__inner_steps": 2}),
    ({}, {"algorithm": "meta-sgd"}, {"algorithm__name": "meta-sgd"}),
    ({}, {"algorithm": "pooled"}, {"algorithm__name": "pooled"}),
    ({}, {"scale": False, "scale_targets": "false"}, {"tasks__scale": False, "tasks__scale_targets": False}),
    ({}, {"optimizer": "sgd", "lr": 0.01, "clip": 1.0, "schedule": "cosine"},
     {"train__optimizer": "sgd", "train__lr": 0.01, "train__clip": 1.0, "train__schedule": "cosine"}),
    ({}, {"gate": "auto"}, {"algorithm__gate": "auto"}),
    ({}, {"sampling": "rows", "learned_lr": "layer-step", "inner_steps": 2},
     {"train__sampling": "rows", "algorithm__learned_lr": "layer-step", "algorithm__inner_steps": 2}),
]  # fmt: skip


def estimator_of(table, parameters):
    target = table.get("target", "real")
    kind = shoal.QuantileMetaRegressor if "quantiles" in parameters else shoal.MetaRegressor if target in ("real", "positive") else shoal.MetaClassifier
    key = ["client", "desk"] if table.get("two_keys") else "client"
    return kind(**{"key": key, "support": 6, "query": 4, "hidden": (5,), "inner_lr": 0.05, "iterations": 8, "tasks_per_batch": 6, "backend": "cpu",
                   "n_jobs": 1, **parameters})  # fmt: skip


def features_of(frame, estimator):
    others = {"y", "client", "desk", estimator.time, estimator.offset}
    return [name for name in frame.columns if name not in others]


def trained_by_the_program(run, folder, frame, estimator, keys):
    frame.to_csv(folder / "t.csv", index=False)
    asked = {"tasks__key": ["client", "desk"] if "desk" in frame else ["client"], "tasks__features": features_of(frame, estimator),
             "tasks__targets": ["y"], "tasks__support": 6, "tasks__query": 4, "model__hidden": [5], "algorithm__inner_lr": 0.05,
             "train__iterations": 8, "train__tasks_per_batch": 6, **keys}  # fmt: skip
    (folder / "c.toml").write_text(config(folder / "t.csv", **asked), encoding="utf-8")
    run("train", "--config", "c.toml", "--out", "RUN", "--quiet")
    return folder / "RUN"


def assert_same(one, other):
    assert set(one) == set(other)
    for name in one:
        np.testing.assert_array_equal(np.asarray(one[name]), np.asarray(other[name]), err_msg=name)
        assert np.asarray(one[name]).dtype == np.asarray(other[name]).dtype


def outputs_in(file, count):
    with open(file, encoding="utf-8", newline="") as stream:
        lines = list(csv.DictReader(stream))
    names = [name for name in lines[0] if name.startswith("output_")]
    values = np.full((count, len(names)), np.nan)
    for line in lines:
        values[int(line["row"])] = [np.float32(line[name]) for name in names]
    return values, lines


@pytest.mark.parametrize("case", range(2 * len(CASES)))
def test_random_tables(case, shoal_program, tmp_path):
    table, parameters, keys = CASES[case % len(CASES)]
    frame = clients(case, **table)
    estimator = estimator_of(table, parameters)
    X, y = frame.drop(columns="y"), frame["y"]
    if case % 3 == 1:
        X, y = pl.from_pandas(X), pl.from_pandas(y)
    if case % 3 == 2:
        X, y = X.convert_dtypes(dtype_backend="pyarrow") if "month" not in X else X, y.to_numpy()
    estimator.fit(X, pd.Series(y, name="y") if isinstance(y, np.ndarray) else y)
    run = trained_by_the_program(shoal_program, tmp_path, frame, estimator, keys)
    assert_same(load_file(run / "model.safetensors"), estimator.parameters_)

    # Models of new clients, and what both sides say of rows without targets.
    new = clients(case + 1000, **{**table, "keys": 7, "first": 100})
    if case % 2 != (case + 1000) % 2:
        raise AssertionError("the keys of both tables have one type")
    new.to_csv(tmp_path / "new.csv", index=False)
    whole = ["--set", "tasks.support=2147483647", "--set", "tasks.stratify=false", "--set", "tasks.purge=0"]
    if "windows" in parameters:
        whole += ["--set", "tasks.windows.query=0", "--set", "tasks.windows.support=0"]
    shoal_program("adapt", "RUN", "--data", "new.csv", "--out", "A.safetensors", "--quiet", *whole)
    adapted = estimator.adapt(new.drop(columns="y"), new["y"])
    stored = load_file(tmp_path / "A.safetensors")
    assert_same({n.removeprefix("fast."): v for n, v in stored.items() if n.startswith("fast.")}, adapted.weights_)
    new.drop(columns="y").to_csv(tmp_path / "rows.csv", index=False)
    shoal_program("predict", "A.safetensors", "--data", "rows.csv", "--out", "P.csv", "--quiet", *whole)
    expected, lines = outputs_in(tmp_path / "P.csv", len(new))
    np.testing.assert_array_equal(adapted.outputs(new.drop(columns="y")), expected)
    if "probability" in lines[0]:
        probability = np.array([np.float32(line["probability"]) for line in sorted(lines, key=lambda line: int(line["row"]))])
        np.testing.assert_array_equal(adapted.predict_proba(new.drop(columns="y"))[:, 1], probability)

    # The evaluation.
    told = json.loads(shoal_program("evaluate", "RUN", "--data", "new.csv", "--steps", "0,1,3", "--json", "--quiet"))
    lines = estimator.evaluate(new.drop(columns="y"), new["y"], steps=(0, 1, 3)).to_dict()
    assert [line["mean"] for line in lines] == [line["mean"] for line in told["summary"]]


def test_arrays_and_groups_have_the_bits_of_frames():
    frame = clients(2, texts=False)
    X, y = frame.drop(columns="y"), frame["y"]
    by_name = estimator_of({}, {}).fit(X, y)
    by_place = estimator_of({}, {"key": 0}).fit(X.to_numpy(np.float64), y.to_numpy())
    by_group = estimator_of({}, {"key": None}).fit(X.drop(columns="client"), y, groups=X["client"])
    for other in (by_place, by_group):
        assert_same(by_name.parameters_, other.parameters_)
        np.testing.assert_array_equal(by_name.adapted_.weights_["layers.0.weight"], other.adapted_.weights_["layers.0.weight"])


def test_runs_cross(shoal_program, tmp_path):
    """Each side reads what the other wrote."""
    frame = clients(3, target="binary", time="number")
    X, y = frame.drop(columns="y"), frame["y"]
    estimator = estimator_of({"target": "binary"}, {"time": "month"}).fit(X, y)
    run = trained_by_the_program(shoal_program, tmp_path, frame, estimator, {"loss__name": "bce", "tasks__time": "month"})
    loaded = shoal.load(run)
    assert isinstance(loaded, shoal.MetaClassifier)
    bare = estimator_of({"target": "binary"}, {"time": "month", "keep_adapted": False}).fit(X, y)
    np.testing.assert_array_equal(loaded.predict_proba(X), bare.predict_proba(X))
    np.testing.assert_array_equal(loaded.adapt(X, y).weights_["layers.0.bias"], estimator.adapted_.weights_["layers.0.bias"])

    bare.save(tmp_path / "saved")
    X.to_csv(tmp_path / "rows.csv", index=False)
    shoal_program("predict", "saved", "--data", "rows.csv", "--steps", "0", "--out", "P.csv", "--quiet")
    np.testing.assert_array_equal(outputs_in(tmp_path / "P.csv", len(X))[0], bare.outputs(X))
    estimator.adapted_.save(tmp_path / "adapted.safetensors")
    shoal_program("predict", "adapted.safetensors", "--data", "rows.csv", "--out", "Q.csv", "--quiet", "--set", "tasks.support=2147483647")
    np.testing.assert_array_equal(outputs_in(tmp_path / "Q.csv", len(X))[0], estimator.outputs(X))
    again = shoal.load(tmp_path / "adapted.safetensors")
    assert again.groups_ == estimator.adapted_.groups_
    np.testing.assert_array_equal(again.outputs(X), estimator.outputs(X))


def test_evaluation_of_the_program_reads_a_saved_model(shoal_program, tmp_path):
    frame = clients(5)
    estimator = estimator_of({}, {}).fit(frame.drop(columns="y"), frame["y"])
    estimator.save(tmp_path / "RUN")
    frame.to_csv(tmp_path / "t.csv", index=False)
    assert "steps" in shoal_program("evaluate", "RUN", "--data", "t.csv", "--phase", "all", "--quiet")
