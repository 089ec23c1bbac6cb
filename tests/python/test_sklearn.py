# SPDX-License-Identifier: Apache-2.0
"""The estimators inside scikit-learn's tools, with and without metadata routing."""
import numpy as np
import pytest
import shoal
import sklearn
from clients import clients
from sklearn.compose import ColumnTransformer, TransformedTargetRegressor
from sklearn.model_selection import GridSearchCV, GroupKFold, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

FAST = {"support": 6, "query": 4, "hidden": (5,), "inner_lr": 0.05, "iterations": 8, "tasks_per_batch": 6, "backend": "cpu", "n_jobs": 1}


OLD = sklearn.__version__.startswith("1.6.")  # there a scorer does not ask the estimator what it requests


def regressor(**parameters):
    model = shoal.MetaRegressor(**{**FAST, **parameters})
    if OLD and "key" in parameters and sklearn.get_config()["enable_metadata_routing"]:
        model.set_score_request(groups=False)
    return model


def data(**table):
    frame = clients(1, texts=False, **table)
    return frame.drop(columns="y"), frame["y"]


@pytest.fixture(params=[False, True], ids=["plain", "routing"])
def routing(request):
    with sklearn.config_context(enable_metadata_routing=request.param):
        yield request.param


def finite(scores):
    return len(scores) > 0 and np.isfinite(scores).all()


def test_cross_validation_over_keys(routing):
    X, y = data()
    given = {"params": {"groups": X["client"]}} if routing else {"groups": X["client"]}
    assert finite(cross_val_score(regressor(key="client"), X, y, cv=GroupKFold(3), error_score="raise", **given))
    search = GridSearchCV(regressor(key="client"), {"inner_lr": [0.01, 0.1]}, cv=GroupKFold(3), error_score="raise")
    search.fit(X, y, groups=X["client"])
    assert finite(search.cv_results_["mean_test_score"])


def test_held_out_keys_are_scored_on_the_rows_of_evaluate(routing):
    X, y = data()
    train = X["client"].isin(X["client"].unique()[:12])
    model = regressor(key="client", iterations=30).fit(X[train], y[train])
    held, truth = X[~train], y[~train]
    told, rows = model._evaluated(held, truth, None, (1,))
    said, true = rows.of_kind("prediction")[:, 0], truth.to_numpy()[rows.rows]
    np.testing.assert_allclose(np.mean((said - true) ** 2), told["summary"][0]["mean"], rtol=1e-4)
    assert model.score(held, truth) == pytest.approx(1 - np.sum((true - said) ** 2) / np.sum((true - true.mean()) ** 2))


def test_pipelines_keep_the_key(routing):
    X, y = data()
    scaled = ColumnTransformer([("scale", StandardScaler(), ["income", "age"])], remainder="passthrough", verbose_feature_names_out=False)
    pipeline = make_pipeline(scaled.set_output(transform="pandas"), regressor(key="client"))
    given = {"params": {"groups": X["client"]}} if routing else {"groups": X["client"]}
    assert finite(cross_val_score(pipeline, X, y, cv=GroupKFold(3), error_score="raise", **given))
    assert np.isfinite(pipeline.fit(X, y).score(X, y))


def test_pipelines_of_plain_rows(routing):
    X, y = data()
    plain = X.drop(columns="client")
    pipeline = make_pipeline(StandardScaler(), regressor())
    assert finite(cross_val_score(pipeline, plain, y, cv=3, error_score="raise"))
    search = GridSearchCV(pipeline, {"metaregressor__lr": [0.001, 0.01]}, cv=3, error_score="raise").fit(plain, y)
    assert finite(search.cv_results_["mean_test_score"])


def test_groups_are_routed():
    X, y = data()
    plain, groups = X.drop(columns="client"), X["client"]
    with sklearn.config_context(enable_metadata_routing=True):
        asks = regressor().set_fit_request(groups=True).set_score_request(groups=True)
        by_group = cross_val_score(asks, plain, y, cv=GroupKFold(3), params={"groups": groups}, error_score="raise")
        pipeline = make_pipeline(StandardScaler().set_output(transform="pandas"), asks)
        piped = None if OLD else cross_val_score(pipeline, plain, y, cv=GroupKFold(3), params={"groups": groups}, error_score="raise")
    by_key = cross_val_score(regressor(key="client"), X, y, cv=GroupKFold(3), groups=groups, error_score="raise")
    np.testing.assert_array_equal(by_group, by_key)
    assert OLD or finite(piped)


def test_transformed_targets(routing):
    X, y = data()
    for model, rows in ((regressor(), X.drop(columns="client")), (regressor(key="client"), X)):
        transformed = TransformedTargetRegressor(model, func=np.cbrt, inverse_func=lambda v: v**3)
        assert np.isfinite(transformed.fit(rows, y).score(rows, y))
        assert finite(cross_val_score(transformed, rows, y, cv=3, error_score="raise"))
