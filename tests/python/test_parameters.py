# SPDX-License-Identifier: Apache-2.0
"""Parameters and arguments of the estimators: which there are, what files say of them, and what is refused by name."""
import pathlib
import re

import numpy as np
import pytest
import shoal
from clients import FAST, data, labels_in, regressor, toml_of
from sklearn.base import clone

NOT_PARAMETERS = {  # of the configuration: what speaks of files, of the machine, of columns or of generators
    "seed", "threads", "backend", "isa", "math", "tasks.source", "tasks.noise", "tasks.law", "tasks.low", "tasks.high", "tasks.tau", "tasks.level_sd",
    "tasks.path", "tasks.delimiter", "tasks.decimal", "tasks.thousands", "tasks.units", "tasks.missing_words", "tasks.skip_rows", "tasks.comment",
    "tasks.features", "tasks.targets", "tasks.positive", "tasks.key", "tasks.time", "tasks.offset", "tasks.categorical", "tasks.hold_out",
    "model.outputs", "loss.name",
}  # fmt: skip


def test_parameters_are_those_of_the_configuration():
    page = (pathlib.Path(__file__).parents[2] / "docs/configuration.md").read_text(encoding="utf-8")
    lines = re.findall(r"^\| `([a-z_.0-9]+)` \|.*\| `([^`]*)`[^|]*\|$", page, re.MULTILINE)
    keys = {key: default for key, default in lines if key.split(".")[0] in ("tasks", "model", "loss", "algorithm", "train")}
    assert len(keys) > 60
    known = {**shoal.MetaClassifier().get_params(), **shoal.QuantileMetaRegressor().get_params(), **shoal.MetaRegressor().get_params()}
    for key, default in keys.items():
        if key in NOT_PARAMETERS or ".windows." in key or ".split." in key:
            continue
        name = "algorithm" if key == "algorithm.name" else key.split(".")[-1]
        assert name in known, key
        if name == "quantiles" or key == "train.validate_every":  # needed; decided by the data
            continue
        value = known[name]
        said = "none" if value is None else toml_of(value) if isinstance(value, (bool, str, tuple)) else value
        assert said == (float(default) if isinstance(said, (int, float)) else default), key


class Own(shoal.MetaRegressor):
    """A regressor of somebody's own, with a parameter of its own."""

    def __init__(self, width=5, iterations=8):
        super().__init__(**{**FAST, "hidden": (width,), "iterations": iterations})
        self.width = width


def test_derived_estimators_fit_save_and_load(tmp_path):
    X, y = data(1)
    model = Own().fit(X, y)
    np.testing.assert_array_equal(model.predict(X), regressor().fit(X, y).predict(X))
    assert clone(model).get_params() == {"width": 5, "iterations": 8}
    model.save(tmp_path / "m.safetensors")
    again = shoal.load(tmp_path / "m.safetensors")
    assert type(again) is shoal.MetaRegressor and again.hidden == [5] and again.key == "client"
    np.testing.assert_array_equal(again.outputs(X), regressor(keep_adapted=False).fit(X, y).outputs(X))


def test_what_a_file_says_of_the_training(tmp_path):
    X, y = data(1)
    other, truth = data(1001, keys=6, first=40)
    model = regressor(iterations=40, lr=0.5, validate_every=5).fit(X, y, eval_set=(other, truth))
    model.save(tmp_path / "m.safetensors")
    assert int(model._model.metadata()["selected_iteration"]) < 40
    assert model.n_iter_ == 40 and shoal.load(tmp_path / "m.safetensors").n_iter_ == 40


@pytest.mark.parametrize("make", [np.random.RandomState, np.random.default_rng])
def test_random_states_are_generators_too(make, tmp_path):
    X, y = data(1)
    model = regressor(random_state=make(3)).fit(X, y)
    model.save(tmp_path / "m.safetensors")
    again = shoal.load(tmp_path / "m.safetensors")
    assert isinstance(again.random_state, int)
    refit = clone(again).fit(X, y)
    for name, value in model.parameters_.items():
        np.testing.assert_array_equal(value, refit.parameters_[name])
    other = regressor(random_state=make(4)).fit(X, y)
    assert not np.array_equal(other.parameters_["layers.0.weight"], model.parameters_["layers.0.weight"])
    with pytest.raises(shoal.InvalidArgument, match="random_state: 'seven' is neither"):
        regressor(random_state="seven").fit(X, y)


def test_adapted_models_have_deviations():
    X, y = data(1)
    model = regressor(loss="gaussian-nll").fit(X, y)
    for said, expected in zip(model.adapted_.predict(X, return_std=True), model.predict(X, return_std=True)):
        np.testing.assert_array_equal(said, expected)
    for other in (regressor().fit(X, y), shoal.QuantileMetaRegressor(**FAST).fit(X, y)):
        with pytest.raises(shoal.InvalidArgument, match="return_std"):
            other.adapted_.predict(X, return_std=True)


def test_losses_that_are_set_after_fit_are_those_of_the_next_fit():
    X, y = data(1)
    model = regressor().fit(X, y)
    said = model.predict(X)
    np.testing.assert_array_equal(model.set_params(loss="gaussian-nll").predict(X), said)
    with pytest.raises(shoal.InvalidArgument, match="loss 'mse' has no standard deviation"):
        model.predict(X, return_std=True)
    assert len(model.fit(X, y).predict(X, return_std=True)) == 2
    words = labels_in(["good", "bad"], X)
    classifier = shoal.MetaClassifier(**FAST).fit(X, words)
    expected = classifier.predict_proba(X)
    np.testing.assert_array_equal(classifier.set_params(loss="softmax").predict_proba(X), expected)
    assert classifier.adapt(X, words).predict_proba(X).shape == (len(X), 2)
    assert np.isfinite(classifier.score(X, words)) and classifier.fit(X, words).outputs(X).shape == (len(X), 2)
    quantiles = shoal.QuantileMetaRegressor(quantiles=[0.1, 0.9], **FAST).fit(X, y)
    levels, score = quantiles.predict(X), quantiles.score(X, y)
    for later in (0.5, [0.1, 0.5, 0.9]):
        np.testing.assert_array_equal(quantiles.set_params(quantiles=later).predict(X), levels)
        assert quantiles.score(X, y) == score


PARAMETERS = [  # parameters, part of the message
    ({"windows": {"query": 2}, "time": "month"}, "windows"), ({"windows": {"query": "2", "support": 4}, "time": "month"}, "windows: query: '2'"),
    ({"windows": [4, 2], "time": "month"}, "windows: [4, 2] is no dictionary"), ({"hidden": 40}, "hidden"), ({"hidden": "40"}, "hidden"),
    ({"n_jobs": 1.5}, "n_jobs: 1.5 is no whole number"), ({"n_jobs": "2"}, "n_jobs"), ({"missing": None}, "missing: None is no value"),
    ({"inner_lr": "0.1"}, "inner_lr: '0.1' is a text"), ({"scale": "true"}, "scale: 'true' is a text"), ({"support": "6"}, "support: '6' is a text"),
]  # fmt: skip


@pytest.mark.parametrize("parameters, message", PARAMETERS)
def test_parameters_of_another_kind_are_refused_by_name(parameters, message):
    X, y = data(1, time="number")
    with pytest.raises(shoal.InvalidArgument) as caught:
        regressor(**parameters).fit(X if "time" in parameters else X.drop(columns="month"), y)
    assert message in str(caught.value)


@pytest.mark.parametrize("quantiles", ["0.5", ["0.5"], None, []])
def test_quantiles_are_numbers(quantiles):
    with pytest.raises(shoal.InvalidArgument, match="quantiles: .* is neither a number nor a list of numbers"):
        shoal.QuantileMetaRegressor(quantiles=quantiles, **FAST).fit(*data(1))


def test_arguments_of_another_kind_are_refused_by_name(tmp_path):
    X, y = data(1)
    model = regressor().fit(X, y)
    (tmp_path / "file").write_text("a file")
    calls = [  # call, class, part of the message
        (lambda: model.evaluate(X, y, steps=[]), shoal.InvalidArgument, "steps: the list is empty"),
        (lambda: model.evaluate(X, y, steps=3), shoal.InvalidArgument, "steps: 3 is no list"),
        (lambda: model.evaluate(X, y, steps=[1.5]), shoal.InvalidArgument, "steps: 1.5 is no whole number"),
        (lambda: model.adapt(X, y, steps=1.5), shoal.InvalidArgument, "steps: 1.5 is no whole number"),
        (lambda: model.score(X, y, sample_weight=np.ones(3)), shoal.DataError, "sample_weight: expected a number for each of"),
        (lambda: model.score(X, y, sample_weight=np.ones(len(X) + 3)), shoal.DataError, "sample_weight"),
        (lambda: regressor().fit(X, y, eval_set=(X,)), shoal.InvalidArgument, "eval_set: expected (X, y) or (X, y, groups), got a tuple of 1"),
        (lambda: regressor().fit(X, y, eval_set=X), shoal.InvalidArgument, "got a DataFrame"),
        (lambda: regressor().fit(X, y, resume=True), shoal.InvalidArgument, "resume: there is nothing to go on with"),
        (lambda: model.save(tmp_path / "file"), shoal.ResourceError, "cannot be made a folder"),
        (lambda: model.save(tmp_path / "file" / "run"), shoal.ResourceError, "cannot be made a folder"),
        (lambda: model.save(tmp_path / "none" / "m.safetensors"), shoal.ResourceError, "cannot be opened for writing"),
        (lambda: model.adapted_.predict(X.assign(client="new")), shoal.DataError, 'AdaptedModels: there is no adapted model for 1 of the 1 tasks: "new"'),
    ]
    for call, kind, message in calls:
        with pytest.raises(kind) as caught:
            call()
        assert message in str(caught.value) and "shoal adapt" not in str(caught.value)


def test_paths_and_endings(tmp_path):
    X, y = data(1)
    model = regressor().fit(X, y)
    model.save(tmp_path / "M.SAFETENSORS")
    assert (tmp_path / "M.SAFETENSORS").is_file()
    np.testing.assert_array_equal(shoal.load(tmp_path / "M.SAFETENSORS").outputs(X), regressor(keep_adapted=False).fit(X, y).outputs(X))
    expected = regressor(warm_start=str(tmp_path / "M.SAFETENSORS")).fit(X, y)
    warm = regressor(warm_start=tmp_path / "M.SAFETENSORS").fit(X, y)
    np.testing.assert_array_equal(warm.parameters_["layers.0.weight"], expected.parameters_["layers.0.weight"])
    warm.save(tmp_path / "warm")
    assert shoal.load(tmp_path / "warm").warm_start == str(tmp_path / "M.SAFETENSORS")
