# SPDX-License-Identifier: Apache-2.0
"""shoal.onnx: exported models are valid and say what the models say."""
import numpy as np
import pandas as pd
import pytest
import shoal
from clients import clients
from shoal.networks import preprocessing_in

onnx = pytest.importorskip("onnx", reason="not run: onnx is not installed")
runtime = pytest.importorskip("onnxruntime", reason="not run: onnxruntime is not installed")
export = pytest.importorskip("shoal.onnx").export

LOSSES = [  # table, parameters
    ({}, {}), ({}, {"loss": "huber"}), ({}, {"loss": "gaussian-nll"}), ({"target": "positive"}, {"loss": "qlike"}), ({"target": "binary"}, {}),
    ({"target": "words"}, {}), ({"target": "classes"}, {}), ({"target": "binary"}, {"loss": "softmax"}), ({}, {"quantiles": 0.5}),
    ({}, {"quantiles": [0.1, 0.5, 0.9]}),
]  # fmt: skip
ACTIVATIONS = ("identity", "relu", "tanh", "sigmoid", "softplus", "silu", "gelu")
ONE_OUTPUT = (0, 1, 3, 4, 5, 8)  # losses that take an offset


def model_of(case):
    rng = np.random.default_rng(case)
    table, parameters = LOSSES[case % len(LOSSES)]
    offset = case % len(LOSSES) in ONE_OUTPUT and rng.random() < 0.4
    missing = rng.random() < 0.4
    frame = clients(case, keys=10, rows=10, texts=rng.random() < 0.7, missing=missing, offset=offset, **table)
    classifies = "target" in table and table["target"] != "positive"
    kind = shoal.QuantileMetaRegressor if "quantiles" in parameters else shoal.MetaClassifier if classifies else shoal.MetaRegressor
    scale = bool(rng.random() < 0.8) or case % len(LOSSES) in (2, 3)  # without scaling, their exponentials overflow
    model = kind(
        key="client", offset="base" if offset else None, missing="mean" if missing else "error", hidden=[(7,), (6, 5), ()][case % 3],
        skip=bool(rng.random() < 0.4), activation=ACTIVATIONS[case % len(ACTIVATIONS)], support=4, query=4, iterations=3, tasks_per_batch=4,
        inner_lr=0.005 if scale else 1e-9, backend="cpu", n_jobs=1,
        keep_adapted=False, scale=scale, scale_targets=["auto", "true", "false"][case // 3 % 3] if "target" not in table else "auto", **parameters,
    )  # fmt: skip
    X, y = frame.drop(columns="y"), frame["y"]
    return model.fit(X, y), X, y


def inputs_of(X, columns, model, session):
    given = {}
    if columns["features"]:
        # a shorter float is the decimal number that it is written as, as everywhere in the package
        columns_of = [X[name].astype(str) if X[name].dtype == np.float32 else X[name] for name in columns["features"]]
        given["features"] = np.column_stack([column.astype(float) for column in columns_of])
    if columns["categories"]:
        given["categories"] = X[columns["categories"]].astype(object).where(X[columns["categories"]].notna(), "").to_numpy().astype(object)
    if model.offset:
        given["offset"] = X[[model.offset]].to_numpy(float)
    assert {one.name for one in session.get_inputs()} - {"group"} == set(given)
    return given


def close(said, expected, model):
    """Rounding grows with the deviation by which outputs return to the units of the targets."""
    scale = max([1.0, *preprocessing_in(model._model)["target_deviation"]])
    return (np.abs(said - expected) <= 3e-6 * (scale + np.abs(expected))).all()


@pytest.mark.parametrize("case", range(200))
def test_random_models(case, tmp_path):
    model, X, y = model_of(case)
    file = str(tmp_path / "m.onnx")
    columns = export(model, file)
    onnx.checker.check_model(file, full_check=True)
    loaded = onnx.load(file)
    assert loaded.ir_version == 8 and {one.domain: one.version for one in loaded.opset_import}[""] == 17
    assert not any(one.data_location == onnx.TensorProto.EXTERNAL for one in loaded.graph.initializer)
    session = runtime.InferenceSession(file)
    given = inputs_of(X, columns, model, session)
    said = session.run(None, given)
    assert close(said[0], model.outputs(X), model)
    if isinstance(model, shoal.MetaClassifier):
        assert close(said[1], model.predict_proba(X), model)
        assert said[1].shape == (len(X), len(model.classes_))
    if case % 4 == 0:
        adapted = model.adapt(X, y)
        export(adapted, file)
        group = np.array([adapted.groups_.index(str(key)) for key in X["client"]])
        everybody = runtime.InferenceSession(file).run(["outputs"], {**given, "group": group})[0]
        assert close(everybody, adapted.outputs(X), model)
        one = adapted.groups_[3]
        export(adapted, file, group=one)
        rows = (X["client"].astype(str) == one).to_numpy()
        alone = runtime.InferenceSession(file).run(["outputs"], {name: value[rows] for name, value in given.items()})[0]
        assert close(alone, adapted.outputs(X[rows]), model)


def test_unknown_categories_and_missing_values(tmp_path):
    frame = clients(1, missing=True)
    X, y = frame.drop(columns="y"), frame["y"]
    model = shoal.MetaRegressor(key="client", missing="mean", iterations=3, hidden=(5,), backend="cpu", keep_adapted=False).fit(X, y)
    columns = export(model, tmp_path / "m.onnx")
    assert columns == {"features": ["income", "age", "ratio"], "categories": ["region"]}
    strange = X.assign(region="nowhere", income=np.nan)
    session = runtime.InferenceSession(str(tmp_path / "m.onnx"))
    with pytest.warns(shoal.UnknownCategoryWarning):
        expected = model.outputs(strange)
    assert close(session.run(["outputs"], inputs_of(strange, columns, model, session))[0], expected, model)


def test_refuses(tmp_path):
    X, y = clients(1).drop(columns="y"), clients(1)["y"]
    model = shoal.MetaRegressor(key="client", iterations=2, hidden=(3,), backend="cpu").fit(X, y)
    with pytest.raises(shoal.DataError, match="group: 'nobody' is none of the 24"):
        export(model.adapted_, tmp_path / "m.onnx", group="nobody")
    with pytest.raises(shoal.InvalidArgument, match="an estimator has one model"):
        export(model, tmp_path / "m.onnx", group="c1")
    for wrong in (None, shoal.MetaRegressor(), pd.DataFrame()):
        with pytest.raises(shoal.InvalidArgument, match="model: a"):
            export(wrong, tmp_path / "m.onnx")
    assert not (tmp_path / "m.onnx").exists()


@pytest.mark.parametrize("missing", ["error", "drop", "mean"])
@pytest.mark.parametrize("target", ["real", "binary", "classes"])
def test_missing_values_are_no_means_unless_the_model_takes_them_so(missing, target, tmp_path):
    frame = clients(1, target=target)
    X, y = frame.drop(columns="y"), frame["y"]
    kind = shoal.MetaRegressor if target == "real" else shoal.MetaClassifier
    model = kind(key="client", missing=missing, iterations=3, hidden=(5,), backend="cpu", keep_adapted=False).fit(X, y)
    columns = export(model, tmp_path / "m.onnx")
    session = runtime.InferenceSession(str(tmp_path / "m.onnx"))
    given = inputs_of(X, columns, model, session)
    given["features"][2, 1] = np.nan
    given["categories"][5, 0] = ""
    lost = [2, 5] if missing != "mean" else []
    for said in session.run(None, given):
        assert np.flatnonzero(np.isnan(said).any(axis=1)).tolist() == lost
        assert np.isnan(said[lost]).all()
    with_gaps = X.copy()
    with_gaps.loc[2, "age"] = np.nan
    with_gaps.loc[5, "region"] = None
    said = session.run(["outputs"], given)[0]
    if missing == "error":
        good = np.setdiff1d(np.arange(len(X)), lost)
        assert close(said[good], model.outputs(X)[good], model)
    else:
        expected = model.outputs(with_gaps)
        assert np.isnan(expected).tolist() == np.isnan(said).tolist()
        assert close(np.nan_to_num(said), np.nan_to_num(expected), model)


def test_a_group_that_there_is_not_ends_the_inference(tmp_path):
    frame = clients(1, texts=False)
    X, y = frame.drop(columns="y"), frame["y"]
    model = shoal.MetaRegressor(key="client", iterations=3, hidden=(5,), backend="cpu").fit(X, y)
    columns = export(model.adapted_, tmp_path / "m.onnx")
    session = runtime.InferenceSession(str(tmp_path / "m.onnx"))
    given = {name: value[:2] for name, value in inputs_of(X, columns, model, session).items()}
    assert np.isfinite(session.run(["outputs"], {**given, "group": np.array([0, 23])})[0]).all()
    for group in (-1, -24, 24):
        with pytest.raises(Exception, match="Gather|indices|out of"):
            session.run(["outputs"], {**given, "group": np.array([0, group])})


def test_a_file_that_cannot_be_written(tmp_path):
    X, y = clients(1).drop(columns="y"), clients(1)["y"]
    model = shoal.MetaRegressor(key="client", iterations=2, hidden=(3,), backend="cpu").fit(X, y)
    with pytest.raises(shoal.ResourceError, match="cannot be opened for writing"):
        export(model, tmp_path / "none" / "m.onnx")
