# SPDX-License-Identifier: Apache-2.0
"""What a fit leaves behind, and targets: classes, quantiles, rows without a value."""

import numpy as np
import pandas as pd
import pytest
import shoal
from clients import FAST, data, labels_in, regressor
from sklearn.exceptions import NotFittedError


def test_a_refused_fit_changes_nothing(tmp_path):
    X, y = data(1)
    model = shoal.MetaClassifier(**FAST).fit(X, labels_in(["good", "bad"], X), run=tmp_path / "run")
    said, state = model.predict(X), dict(model.__dict__)
    other = X.rename(columns={"age": "years"})
    with pytest.raises(shoal.Error, match="already holds a run"):
        model.fit(X, labels_in(["low", "high"], X), run=tmp_path / "run")
    with pytest.raises(ValueError):
        model.fit(other, labels_in(["low", "high", "mid"], X), eval_set=(X, y))
    assert model.__dict__ == state and model.classes_.tolist() == ["bad", "good"]
    assert (model.predict(X) == said).all()
    fitted = regressor().fit(X, y)
    expected = fitted.predict(X)
    with pytest.raises(shoal.InvalidArgument, match="inner_lr"):
        fitted.set_params(inner_lr=-1.0).fit(other, y)
    np.testing.assert_array_equal(fitted.predict(X), expected)
    with pytest.raises(shoal.NumericError, match="all .* tasks failed in training"):
        fitted.set_params(inner_lr=0.05, max_move=1e-12).fit(other, y)
    np.testing.assert_array_equal(fitted.predict(X), expected)
    assert fitted.feature_names_in_.tolist() == X.columns.tolist()


class Looks(shoal.callbacks.Callback):
    """Predicts, and keeps what came of it."""

    def __init__(self, X):
        self.X, self.said = X, []

    def look(self, model):
        try:
            self.said.append(model.predict(self.X))
        except NotFittedError:
            self.said.append(None)

    def before_training(self, model):
        self.look(model)

    def after_iteration(self, model, metrics):
        self.look(model)

    def after_training(self, model):
        self.look(model)


def test_a_callback_never_sees_the_model_of_an_earlier_fit():
    X, y = data(1)
    model = regressor()
    for targets in (y, -y):
        looks = Looks(X)
        model.fit(X, targets, callbacks=[looks])
        assert len(looks.said) == 10 and all(one is None for one in looks.said[:-1])
        trained = regressor(keep_adapted=False).fit(X, targets)
        np.testing.assert_array_equal(looks.said[-1], trained.predict(X))


def test_quantiles_are_those_of_one_target():
    X, y = data(1)
    model = shoal.QuantileMetaRegressor(**FAST)
    with pytest.raises(shoal.DataError, match="y: 2 columns: quantiles are those of one target"):
        model.fit(X, np.column_stack([y, 100 - y]))
    expected = model.fit(X, y).predict(X)
    np.testing.assert_array_equal(model.fit(X, y.to_frame()).predict(X), expected)


@pytest.mark.parametrize("words", [[0, 1], [1, 2], [-1.0, 1.0], [False, True], ["good", "bad"]])
def test_softmax_takes_any_two_classes(words):
    X = data(1)[0]
    y = labels_in(words, X)
    model = shoal.MetaClassifier(loss="softmax", **FAST).fit(X, y)
    assert model.classes_.tolist() == sorted(words)
    probability = model.predict_proba(X)
    assert probability.shape == (len(X), 2) and np.isfinite(model.score(X, y))
    np.testing.assert_allclose(probability.sum(axis=1), 1, rtol=1e-6)
    assert (model.predict(X) == model.classes_[probability.argmax(axis=1)]).all()
    binary = shoal.MetaClassifier(loss="auto", **FAST).fit(X, y)
    assert (binary.predict(X) == model.classes_[(binary.predict_proba(X)[:, 1] > 0.5).astype(int)]).all()


def test_rows_that_all_lack_a_value_are_nan():
    X, y = data(1)
    model = regressor(missing="drop").fit(X, y)
    some = X[:3].assign(age=[np.nan, 30, 40])
    assert np.isnan(model.predict(some)[0]) and np.isfinite(model.predict(some)[1:]).all()
    one = X[:1].assign(age=np.nan)
    for said in (model.predict(one), model.adapted_.predict(one), model.outputs(one)[:, 0]):
        assert said.shape == (1,) and np.isnan(said).all()
    with pytest.raises(shoal.DataError, match="there is no adapted model"):
        model.adapted_.predict(X[:1].assign(client="new"))
    both = regressor(missing="drop", loss="gaussian-nll").fit(X, y).predict(one, return_std=True)
    assert np.isnan(both).all() and np.shape(both) == (2, 1)
    assert np.isnan(regressor(missing="drop").fit(X, np.column_stack([y, y])).predict(one)).tolist() == [[True, True]]
    levels = shoal.QuantileMetaRegressor(quantiles=[0.1, 0.5, 0.9], missing="drop", **FAST).fit(X, y)
    assert np.isnan(levels.predict(one)).all() and levels.predict(one).shape == (1, 3)
    for words in (["good", "bad"], ["low", "mid", "high"]):
        classifier = shoal.MetaClassifier(missing="drop", **FAST).fit(X, labels_in(words, X))
        assert np.isnan(classifier.predict_proba(one)).all() and classifier.predict_proba(one).shape == (1, len(words))
        assert pd.isna(classifier.predict(one)).all()


def test_a_class_that_fit_never_saw_counts_as_wrong():
    X, _ = data(1)
    y = labels_in(["good", "bad", "good"], X)
    model = shoal.MetaClassifier(**FAST).fit(X, y)
    strange = np.zeros(len(X), bool)
    strange[[3, 50, 51]] = True
    told, rows = model._evaluated(X[~strange].reset_index(drop=True), y[~strange], None, (1,))
    right = round(model.score(X[~strange], y[~strange]) * len(rows.rows))
    with_rare = np.where(strange, "rare", y)
    assert model.score(X, with_rare) == pytest.approx(right / (len(rows.rows) + 3))
    weights = np.where(strange, 0.0, 1.0)
    assert model.score(X, with_rare, sample_weight=weights) == pytest.approx(model.score(X[~strange], y[~strange]))
    plain = X.drop(columns="client")
    by_group = shoal.MetaClassifier(**{**FAST, "key": None}).fit(plain, y, groups=X["client"])
    assert by_group.score(plain, with_rare, groups=X["client"]) == pytest.approx(model.score(X, with_rare))
    with pytest.raises(ValueError):
        model.score(X, np.where(strange, None, y.astype(object)))
