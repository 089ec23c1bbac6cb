# SPDX-License-Identifier: Apache-2.0
"""The estimators: scikit-learn's rules, frames, tasks, files, callbacks."""
import copy
import io
import os
import pickle
import pickletools
import signal
import subprocess
import sys
import threading

import joblib
import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
import shoal
from clients import FAST, data, regressor
from sklearn.base import clone


def test_fits_adapts_and_predicts():
    X, y = data()
    model = regressor().fit(X, y)
    assert model.n_iter_ == 8 and len(model.history_) == 8 and model.failures_ == []
    assert model.adapted_.groups_ == sorted(model.adapted_.groups_) or len(model.adapted_.groups_) == 24
    assert (model.adapted_.status_ == 0).all()
    shuffled = X.sample(frac=1, random_state=0)
    np.testing.assert_array_equal(model.predict(shuffled), pd.Series(model.predict(X), X.index).loc[shuffled.index].to_numpy())
    np.testing.assert_array_equal(model.adapted_.predict(X), model.predict(X))
    new = data(1001, keys=3, first=50)[0]
    trained = regressor(keep_adapted=False).fit(X, y)
    assert not hasattr(trained, "adapted_")
    both = pd.concat([X, new], ignore_index=True)
    np.testing.assert_array_equal(model.predict(both)[len(X) :], trained.predict(new))
    np.testing.assert_array_equal(model.predict(both)[: len(X)], model.predict(X))
    with pytest.raises(shoal.DataError, match="no adapted model"):
        model.adapted_.predict(new)
    table = model.evaluate(X, y)
    assert [line["steps"] for line in table.to_dict()] == [0, 1, 5, 10] and "loss" in str(table)


def test_score_uses_the_rows_of_evaluate():
    X, y = data(3, target="binary")
    model = shoal.MetaClassifier(**FAST).fit(X, y)
    told, rows = model._evaluated(X, y, None, (1,))
    assert len(rows.rows) == told["summary"][0]["tasks"] * 4
    p = rows.of_kind("probability")[:, 0]
    losses = -np.where(y.to_numpy()[rows.rows] == 1, np.log(p), np.log1p(-p)).reshape(-1)
    np.testing.assert_allclose(losses.mean(), told["summary"][0]["mean"], rtol=1e-4)
    assert 0 <= model.score(X, y) <= 1
    assert model.score(X, y, sample_weight=np.ones(len(X))) == model.score(X, y)


def test_every_loss_predicts():
    X, y = data()
    mean, deviation = regressor(loss="gaussian-nll").fit(X, y).predict(X, return_std=True)
    assert mean.shape == deviation.shape == (len(X),) and (deviation > 0).all()
    with pytest.raises(shoal.InvalidArgument, match="return_std"):
        regressor().fit(X, y).predict(X, return_std=True)
    X, y = data(1, target="positive")
    assert (regressor(loss="qlike").fit(X, y).predict(X) > 0).all()
    quantiles = {name: value for name, value in FAST.items()}
    assert shoal.QuantileMetaRegressor(**quantiles).fit(X, y).predict(X).shape == (len(X),)
    many = shoal.QuantileMetaRegressor(quantiles=[0.1, 0.5, 0.9], **quantiles).fit(X, y)
    assert many.predict(X).shape == (len(X), 3) and np.isfinite(many.score(X, y))
    X, y = data(3, target="classes")
    classifier = shoal.MetaClassifier(**FAST).fit(X, y)
    assert classifier.classes_.tolist() == ["high", "low", "mid"]
    probability = classifier.predict_proba(X)
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-6)
    assert (classifier.classes_[probability.argmax(axis=1)] == classifier.predict(X)).all()
    assert (classifier.decision_function(X).argmax(axis=1) == probability.argmax(axis=1)).all()
    two = np.column_stack([np.asarray(data()[1]), np.asarray(data()[1]) * 2])
    assert regressor().fit(data()[0], two).predict(data()[0]).shape == two.shape


def test_windows_keep_models_of_the_last_rows():
    X, y = data(5, time="number")
    model = regressor(time="month", windows={"support": 5, "query": 3}).fit(X, y)
    last = X.sort_values("month").groupby("client").tail(5).index.sort_values()
    expected = model.adapt(X.loc[last], y.loc[last])
    assert model.adapted_.groups_ == expected.groups_ and len(expected) == 24
    for name, value in expected.weights_.items():
        np.testing.assert_array_equal(value, model.adapted_.weights_[name])
    assert np.isfinite(model.score(X, y)) and np.isfinite(model.predict(X)).all()


def test_frames_of_every_library_give_the_same_model():
    X, y = data(4, texts=True, time="date")
    expected = regressor(time="month").fit(X, y)
    plain = X.assign(region=X["region"].astype(str))
    for frame in (pl.from_pandas(plain), pa.Table.from_pandas(plain, preserve_index=False), plain.convert_dtypes()):
        model = regressor(time="month").fit(frame, y)
        for name, value in expected.parameters_.items():
            np.testing.assert_array_equal(value, model.parameters_[name])
        np.testing.assert_array_equal(model.predict(frame), expected.predict(X))


class Relation:
    """Hands out an Arrow stream and is no frame."""

    def __init__(self, table):
        self.table = table

    def __arrow_c_stream__(self, requested_schema=None):
        return self.table.__arrow_c_stream__(requested_schema)


def test_arrow_streams_are_read():
    X, y = data(1)
    model = regressor().fit(Relation(pa.Table.from_pandas(X, preserve_index=False)), y)
    np.testing.assert_array_equal(model.predict(X), regressor().fit(X, y).predict(X))


def changed(**columns):
    return data(1)[0].assign(**columns)


ROWS = len(data(1)[0])
HOSTILE = [  # X, part of the message
    (lambda: changed(age=np.where(np.arange(ROWS) == 3, np.inf, 1.0)), "row 3: column 'age': inf"),
    (lambda: changed(age=np.where(np.arange(ROWS) == 3, np.nan, 1.0)), "row 3: column 'age': NaN"),
    (lambda: changed(age=[None if i == 5 else "a" for i in range(ROWS)]), "row 5: column 'age': NaN"),
    (lambda: changed(age=[1 if i != 4 else "a" for i in range(ROWS)]), "row 4: column 'age': a str among values of int"),
    (lambda: changed(age=[{} if i == 2 else 1 for i in range(ROWS)]), "row 2: column 'age': a dict"),
    (lambda: changed(age=[[1]] * ROWS), "column 'age'"),
    (lambda: changed(age=pd.Series([1 + 2j] * ROWS)), "column 'age'"),
    (lambda: changed(age=pd.Timedelta("1D")), "column 'age'"),
    (lambda: changed(client=np.where(np.arange(ROWS) == 3, None, "a")), "row 3: column 'client': the key is missing"),
    (lambda: changed(client=0.5), "column 'client': keys are text"),
    (lambda: changed(client=1.0), "column 'client': keys are text"),
    (lambda: changed(region=[f"r{i}" for i in range(ROWS)]), "column 'region': %d different texts" % ROWS),
    (lambda: data(1)[0].drop(columns="client"), "X has no column 'client'"),
    (lambda: data(1)[0][["client"]], "no feature is left"),
    (lambda: data(1)[0].iloc[:0], "0 sample(s)"),
    (lambda: pd.concat([data(1)[0], data(1)[0][["age"]]], axis=1), "'age'"),
    (lambda: data(1)[0].to_dict(), ""),
    (lambda: "text", ""),
    (lambda: None, ""),
    (lambda: np.zeros((ROWS, 2, 2)), ""),
    (lambda: np.zeros(ROWS), ""),
    (lambda: pl.from_pandas(changed()).with_columns(age=pl.lit([1, 2])), "column 'age'"),
    (lambda: pl.from_pandas(changed()).with_columns(age=pl.lit(1).cast(pl.Decimal(10, 2))), "column 'age'"),
    (lambda: pl.from_pandas(changed()).with_columns(age=pl.lit(b"x")), "column 'age'"),
    (lambda: pl.from_pandas(changed()).lazy(), ""),
]


@pytest.mark.parametrize("case", range(len(HOSTILE)))
def test_refuses_frames(case):
    make, message = HOSTILE[case]
    X, y = make(), data(1)[1]
    with pytest.raises((ValueError, TypeError)) as caught:
        regressor().fit(X, y)
    assert message in str(caught.value), str(caught.value)


@pytest.mark.parametrize("parameters, message", [
    ({"inner_lr": -1.0}, "inner_lr"), ({"hidden": (0,)}, "hidden"), ({"activation": "sine"}, "activation"), ({"iterations": "many"}, "iterations"),
    ({"loss": "bce"}, "loss"), ({"windows": {"size": 3}}, "windows: unknown entry 'size'"), ({"key": "nobody"}, "X has no column 'nobody'"),
    ({"time": "nothing"}, "time"), ({"missing": "guess"}, "missing"), ({"algorithm": "mamle"}, "algorithm"), ({"backend": "tpu"}, "backend"),
    ({"quantile": 1}, ""), ({"key": None, "time": "age"}, "time: it orders"), ({"support": -1}, "support"), ({"max_move": object()}, "max_move"),
])  # fmt: skip
def test_refuses_parameters(parameters, message):
    with pytest.raises((ValueError, TypeError)) as caught:
        regressor(**parameters).fit(*data(1))
    assert message in str(caught.value)


def test_warns_of_unknown_categories_and_failed_tasks():
    X, y = data(1)
    model = regressor().fit(X, y)
    with pytest.warns(shoal.UnknownCategoryWarning, match="region"):
        model.predict(X.assign(region="west"))
    with pytest.raises(shoal.NumericError):
        regressor(max_move=1e-12).fit(X, y)


def test_groups_and_eval_set():
    X, y = data(1)
    plain, groups = X.drop(columns="client"), X["client"]
    model = regressor(key=None).fit(plain, y, groups=groups)
    assert len(model.adapted_) == 24
    with pytest.raises(shoal.InvalidArgument, match="groups"):
        model.predict(plain)
    np.testing.assert_array_equal(model.predict(plain, groups=groups), regressor().fit(X, y).predict(X))
    other, truth = data(1001, keys=6, first=40)
    model = regressor(validate_every=2).fit(X, y, eval_set=(other, truth))
    assert sum("validation_loss" in line for line in model.history_) == 4
    with pytest.raises(shoal.DataError, match="both|and in that"):
        regressor(validate_every=2).fit(X, y, eval_set=(X, y))


class Ends(shoal.callbacks.Callback):
    def __init__(self, at, error=None):
        self.at, self.error = at, error

    def after_iteration(self, model, metrics):
        if metrics["iteration"] == self.at:
            if self.error:
                raise self.error
            return True


def test_stopped_fits_leave_a_model_and_go_on(tmp_path):
    X, y = data(1)
    whole = regressor().fit(X, y, run=tmp_path / "whole")
    short = regressor(iterations=5).fit(X, y)
    for name, error in (("stop", None), ("error", RuntimeError("mine")), ("ctrl-c", KeyboardInterrupt())):
        model = regressor()
        if error:
            with pytest.raises(type(error)):
                model.fit(X, y, callbacks=[Ends(5, error)], run=tmp_path / name)
        else:
            model.fit(X, y, callbacks=[Ends(5)], run=tmp_path / name)
        assert model.n_iter_ == 5
        np.testing.assert_array_equal(model.parameters_["layers.0.weight"], short.parameters_["layers.0.weight"])
        assert np.isfinite(model.predict(X)).all()
        again = regressor().fit(X, y, run=tmp_path / name, resume=True)
        np.testing.assert_array_equal(again.parameters_["layers.0.weight"], whole.parameters_["layers.0.weight"])
        assert (tmp_path / name / "model.safetensors").read_bytes() == (tmp_path / "whole" / "model.safetensors").read_bytes()


def test_ctrl_c_leaves_a_model():
    X, y = data(1)
    model = regressor(iterations=100_000_000)
    timer = threading.Timer(0.5, lambda: os.kill(os.getpid(), signal.SIGINT))
    timer.start()
    with pytest.raises(KeyboardInterrupt):
        model.fit(X, y)
    timer.join()
    assert 0 < model.n_iter_ < 100_000_000 and np.isfinite(model.predict(X)).all()


def test_ctrl_c_ends_long_adaptations():
    X, y = data(1)
    model = regressor().fit(X, y)
    many = pd.concat([X] * 500, ignore_index=True)
    many["client"] = [f"n{i}" for i in np.repeat(np.arange(500 * X["client"].nunique()), 1 + len(many) // (500 * X["client"].nunique()))][: len(many)]
    for call in (lambda: model.adapt(many, np.tile(y, 500), steps=50_000), lambda: model.evaluate(many, np.tile(y, 500), steps=(50_000,))):
        timer = threading.Timer(2.0, lambda: os.kill(os.getpid(), signal.SIGINT))
        timer.start()
        with pytest.raises(KeyboardInterrupt):
            call()
        timer.join()
    assert np.isfinite(model.predict(X)).all()


def roots_in(stored):
    """The packages that a pickle asks for, by the opcodes in it."""
    roots, pushed, memo = set(), [], []
    for opcode, argument, _ in pickletools.genops(stored):
        if opcode.name == "MEMOIZE":
            memo.append(pushed[-1])
        elif opcode.name in ("BINGET", "LONG_BINGET"):
            pushed.append(memo[argument])
        elif opcode.name == "GLOBAL":
            roots.add(argument.split(".")[0])
            pushed.append(None)
        elif opcode.name == "STACK_GLOBAL":
            roots.add(pushed[-2].split(".")[0])
            pushed.append(None)
        elif opcode.name != "FRAME":
            pushed.append(argument if isinstance(argument, str) else None)
    return roots


def test_pickles_hold_no_row_and_no_foreign_object(tmp_path):
    X, y = data(1)
    X = X.assign(ratio=np.linspace(0.12345678, 0.87654321, len(X)))
    model = regressor().fit(X, y)
    stored = pickle.dumps(model)
    assert roots_in(stored) <= {"shoal", "numpy", "builtins", "copyreg"}
    for value in X["ratio"].to_numpy()[5:50]:
        assert value.tobytes() not in stored and repr(float(value)).encode() not in stored
    (tmp_path / "m.pickle").write_bytes(stored)
    X.to_pickle(tmp_path / "X.pickle")
    code = "import pickle, pandas, sys; m = pickle.load(open('m.pickle', 'rb')); sys.stdout.buffer.write(m.predict(pandas.read_pickle('X.pickle')).tobytes())"
    done = subprocess.run([sys.executable, "-c", code], cwd=tmp_path, capture_output=True, check=True)
    np.testing.assert_array_equal(np.frombuffer(done.stdout), model.predict(X))
    for other in (copy.deepcopy(model), copy.copy(model), pickle.loads(stored)):
        np.testing.assert_array_equal(other.predict(X), model.predict(X))
        np.testing.assert_array_equal(other.adapt(X, y).weights_["layers.0.bias"], model.adapted_.weights_["layers.0.bias"])
    joblib.dump(model, tmp_path / "m.joblib")
    np.testing.assert_array_equal(joblib.load(tmp_path / "m.joblib").predict(X), model.predict(X))
    adapted = pickle.load(io.BytesIO(pickle.dumps(model.adapted_)))
    assert roots_in(pickle.dumps(model.adapted_)) <= {"shoal", "numpy", "builtins", "copyreg"}
    np.testing.assert_array_equal(adapted.predict(X), model.predict(X))
    assert clone(model).get_params() == model.get_params()


def test_saves_and_loads(tmp_path):
    X, y = data(3, target="classes")
    model = shoal.MetaClassifier(**{**FAST, "keep_adapted": False}).fit(X, y)
    for name in ("m.safetensors", "folder"):
        model.save(tmp_path / name)
        again = shoal.load(tmp_path / name)
        assert type(again) is shoal.MetaClassifier and again.get_params() == {**model.get_params(), "hidden": [5], "step_weights": []}
        np.testing.assert_array_equal(again.predict_proba(X), model.predict_proba(X))
        assert (again.predict(X) == model.predict(X)).all()
    for bad in ("nothing", __file__):
        with pytest.raises(shoal.ModelError):
            shoal.load(bad)
    damaged = bytearray((tmp_path / "m.safetensors").read_bytes())
    damaged[-1] ^= 1
    (tmp_path / "d.safetensors").write_bytes(bytes(damaged))
    with pytest.raises(shoal.ModelError, match="damaged"):
        shoal.load(tmp_path / "d.safetensors")
