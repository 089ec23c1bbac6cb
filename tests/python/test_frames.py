# SPDX-License-Identifier: Apache-2.0
"""Frames as tables: texts, whole numbers, dates, order in time, names of columns, and what is refused."""
import datetime
import decimal
import warnings

import numpy as np
import pandas as pd
import polars as pl
import pytest
import shoal
import shoal.finance

FAST = {"support": 4, "query": 3, "hidden": (4,), "inner_lr": 0.05, "iterations": 4, "tasks_per_batch": 4, "backend": "cpu", "n_jobs": 1}
WINDOWS = {"support": 4, "query": 2, "stride": 2}
CLIENTS, MONTHS = 8, 12


def table():
    """Eight clients, twelve months each."""
    rng = np.random.default_rng(0)
    n = CLIENTS * MONTHS
    frame = pd.DataFrame({"client": np.repeat(np.arange(CLIENTS), MONTHS), "month": np.tile(np.arange(MONTHS), CLIENTS)})
    frame["x"], frame["z"] = rng.normal(size=n), rng.normal(size=n)
    return frame, pd.Series(np.sin(frame["client"]) * frame["x"] + 0.1 * rng.normal(size=n), name="y")


def regressor(**parameters):
    return shoal.MetaRegressor(**{"key": "client", **FAST, **parameters})


def classifier(**parameters):
    return shoal.MetaClassifier(**{"key": "client", **FAST, **parameters})


def assert_same_model(one, other):
    for name, values in one.parameters_.items():
        np.testing.assert_array_equal(values, other.parameters_[name], err_msg=name)


# Texts are names.


@pytest.mark.parametrize("missing", ["error", "drop", "mean"])
@pytest.mark.parametrize("word", ["NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "-nan", "-NaN", "NULL", "Null", "null", "None", "", "  ", " NA "])
def test_texts_that_mean_missing_are_refused_as_categories(word, missing):
    X, y = table()
    X["country"] = np.where(X["client"] % 2 == 1, word, "DE")
    with pytest.raises(shoal.DataError, match="^row 12: column 'country': "):
        regressor(missing=missing).fit(X, y)


def test_the_words_for_missing_are_those_of_the_engine():
    """A word that is not refused is a name to the engine, too."""
    X, y = table()
    for word in ("na", "none", "NONE", "N.A.", "-", "?", "inf", "0", "nil"):
        X["country"] = np.where(X["client"] % 2 == 1, word, "DE")
        model = regressor(missing="drop").fit(X, y)
        assert model.left_out_.get("missing", 0) == 0 and len(model.adapted_) == CLIENTS


def test_only_nulls_are_missing():
    X, y = table()
    X["country"] = np.where(X["client"] % 2 == 1, None, "DE")
    assert len(regressor(missing="drop").fit(X, y).adapted_) == CLIENTS // 2
    X["country"] = X["country"].astype("category")
    assert len(regressor(missing="drop").fit(X, y).adapted_) == CLIENTS // 2


def test_texts_that_differ_in_blanks_alone_are_refused():
    X, y = table()
    X["country"] = np.where(X["client"] == 1, "DE ", "DE")
    with pytest.raises(shoal.DataError, match="row 12: column 'country': 'DE ' differs from 'DE' in blanks alone"):
        regressor().fit(X, y)
    X["client"] = np.where(X["client"] == 1, "0 ", X["client"].astype(str))
    with pytest.raises(shoal.DataError, match="row 12: column 'client': '0 ' differs from '0'"):
        regressor().fit(X[["client", "x"]], y)
    with pytest.raises(shoal.DataError, match="row 12: column 'group'"):
        regressor(key=None).fit(X[["x"]], y, groups=X["client"])
    with pytest.raises(shoal.DataError, match="row 12: column 'country'"):
        shoal.TaskBatch.from_frame(X.assign(y=y), key="month", targets="y", features=["x", "country"], support=2, query=2)


def test_keys_may_be_named_as_missing_values():
    X, y = table()
    X["client"] = np.array(["NA", "None", "nan", "null", "a", "b", "c", "d"])[X["client"]]
    model = regressor(missing="drop").fit(X, y)
    assert len(model.adapted_) == CLIENTS and "NA" in model.adapted_.groups_
    X["client"] = X["client"].replace({"NA": " "})
    with pytest.raises(shoal.DataError, match="row 0: column 'client': ' ' is blank"):
        regressor(missing="drop").fit(X, y)


# Whole numbers keep their digits.

LARGE = 2**53


@pytest.mark.parametrize("dtype", [object, "int64", "Int64"])
def test_large_whole_numbers_are_different_keys(dtype):
    X, y = table()
    X["client"] = pd.Series([LARGE + c for c in X["client"].tolist()], dtype=dtype)
    model = regressor().fit(X, y)
    assert sorted(model.adapted_.groups_) == [str(LARGE + c) for c in range(CLIENTS)]
    assert len(regressor(key=None).fit(X.drop(columns="client"), y, groups=X["client"]).adapted_) == CLIENTS
    if dtype is object:
        by_place = regressor(key=0).fit(X.to_numpy(), y)
        assert by_place.adapted_.groups_ == model.adapted_.groups_
    if dtype != "int64":
        X.loc[0, "client"] = None
        with pytest.raises(shoal.DataError, match="^row 0: column 'client' .*is missing"):
            regressor(missing="drop").fit(X, y)
        X["client"] = X["client"].where(X["client"] != LARGE + 1)
        assert len(regressor(missing="mean").fit(X, y).adapted_) == CLIENTS  # rows without a key are one


@pytest.mark.parametrize("dtype", [object, "int64"])
def test_large_whole_numbers_are_different_categories(dtype):
    X, y = table()
    X["grade"] = pd.Series([LARGE + c % 3 for c in X["client"].tolist()], dtype=dtype)
    as_numbers = regressor(categorical="grade").fit(X, y)
    X["grade"] = X["grade"].astype(str)
    assert_same_model(as_numbers, regressor(categorical="grade").fit(X, y))


def test_objects_beyond_double_precision_are_refused():
    X, y = table()
    with pytest.raises(shoal.DataError, match="row 0: column 'age': 1000.* beyond the range of double precision"):
        regressor().fit(X.assign(age=pd.Series([10**400] * len(X), dtype=object)), y)


# With windows, `adapted_` is of the last rows in the order of the engine.


def instants():
    return pd.to_datetime("2020-10-24 21:00", utc=True) + pd.to_timedelta(table()[0]["month"] * 30, "min")


IN_TIME = {
    "days without zeros": (lambda month: [f"2020-1-{m + 1}" for m in month], ""),
    "months without zeros": (lambda month: [f"2020-{m + 1}" for m in month], ""),
    "the hour that comes twice": (lambda month: instants().dt.tz_convert("Europe/Berlin"), ""),
    "beyond double precision": (lambda month: month + 2**60, ""),
    "names of months": (lambda month: [pd.Timestamp(2020, m + 1, 1).strftime("%b %Y") for m in month], "%b %Y"),
    "numbers": (lambda month: month, ""),
}


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("kind", IN_TIME)
def test_windows_adapt_to_the_last_rows_in_time(kind, reverse):
    X, y = table()
    make, time_format = IN_TIME[kind]
    last = (X["month"] >= MONTHS - 4).to_numpy()
    X = X.assign(month=make(X["month"]))
    if reverse:
        X, y, last = X.iloc[::-1], y.iloc[::-1], last[::-1]
    model = regressor(time="month", windows=WINDOWS, time_format=time_format).fit(X, y)
    expected = model.adapt(X[last], y[last])
    np.testing.assert_array_equal(model.adapted_.weights_["layers.0.weight"], expected.weights_["layers.0.weight"])
    assert model.adapted_.groups_ == expected.groups_ and len(expected) == CLIENTS


@pytest.mark.parametrize("column", ["x", "base"])
def test_windows_count_the_rows_that_take_part(column):
    X, y = table()
    X["base"] = X["z"]
    X.loc[(X["month"] >= 10) | ((X["client"] == 2) & (X["month"] >= 8)), column] = np.nan
    model = regressor(time="month", windows=WINDOWS, missing="drop", offset="base").fit(X, y)
    first = np.where(X["client"] == 2, 4, 6)
    used = ((X["month"] >= first) & X[column].notna()).to_numpy()
    expected = model.adapt(X[used], y[used])
    assert len(model.adapted_) == CLIENTS
    np.testing.assert_array_equal(model.adapted_.weights_["layers.0.weight"], expected.weights_["layers.0.weight"])


def test_windows_adapt_to_the_only_row_of_a_key():
    X, y = table()
    keep = ((X["client"] != 3) | (X["month"] == 5)).to_numpy()
    model = regressor(time="month", windows=WINDOWS).fit(X[keep], y[keep])
    assert len(model.adapted_) == CLIENTS
    np.testing.assert_array_equal(model.adapted_.predict(X), model.predict(X))


def test_windows_without_support_keep_no_models():
    X, y = table()
    with pytest.raises(shoal.InvalidArgument, match="keep_adapted"):
        regressor(time="month", windows={"query": 2}).fit(X, y)
    assert not hasattr(regressor(time="month", windows={"query": 2}, keep_adapted=False).fit(X, y), "adapted_")


# Dates.


def dated(X, kind):
    dates = pd.Timestamp("2020-01-31") + pd.to_timedelta(30 * X["month"], "D")
    if kind == "zone":
        return X.assign(month=dates.dt.tz_localize("Europe/Berlin"))
    if kind == "objects":
        return X.assign(month=dates.dt.date)
    return X.assign(month=dates)


@pytest.mark.parametrize("kind", ["naive", "zone", "objects", "polars"])
def test_dates_are_no_features(kind):
    X, y = table()
    X = dated(X, kind)
    if kind == "polars":
        X = pl.from_pandas(X)
    for categorical in (None, "month"):
        with pytest.raises(shoal.DataError, match="column 'month': dates are no features: give it as time or key"):
            regressor(categorical=categorical).fit(X, y)
    with pytest.raises(shoal.DataError, match="column 'month': dates are no features"):
        shoal.TaskBatch.from_frame(X, key="client", targets="z", support=4, query=3)
    assert regressor(time="month").fit(X, y).n_iter_ == 4


@pytest.mark.parametrize("zone", [None, "Europe/Berlin"])
@pytest.mark.parametrize("unit", ["h", "ns"])
@pytest.mark.parametrize("where", ["key", "groups"])
def test_dates_as_keys_have_one_text(where, unit, zone, tmp_path):
    X, y = table()
    X["client"] = pd.Timestamp("2020-01-01 23:00") + pd.to_timedelta(X["client"], "h") + pd.to_timedelta(X["client"] % 2, "ns" if unit == "ns" else "s")
    if zone:
        X["client"] = X["client"].dt.tz_localize(zone)
    as_given = (lambda rows: (rows, {})) if where == "key" else (lambda rows: (rows.drop(columns="client"), {"groups": rows["client"]}))
    plain, groups = as_given(X)
    model = regressor(key="client" if where == "key" else None).fit(plain, y, **groups)
    assert len(model.adapted_) == CLIENTS
    model.adapted_.save(tmp_path / "adapted.safetensors")
    loaded = shoal.load(tmp_path / "adapted.safetensors")
    expected = model.predict(plain, **groups)
    for client in X["client"].unique():
        rows = (X["client"] == client).to_numpy()
        alone, group = as_given(X[rows])
        np.testing.assert_array_equal(model.adapted_.predict(alone, **group), expected[rows])
        np.testing.assert_array_equal(loaded.predict(alone, **group), expected[rows])
    if zone:
        elsewhere, group = as_given(X.assign(client=X["client"].dt.tz_convert("Asia/Tokyo")))
        np.testing.assert_array_equal(model.adapted_.predict(elsewhere, **group), expected)
    other = X["client"].dt.tz_localize(None) if zone else X["client"].dt.tz_localize("UTC")
    with pytest.raises(shoal.DataError, match="time zone|the zone"):
        rows, group = as_given(X.assign(client=other))
        model.predict(rows, **group)


@pytest.mark.parametrize("library", ["pandas", "polars"])
def test_groups_of_windows_keep_their_zone(library):
    X, y = table()
    groups = pd.Series(pd.Timestamp("2020-01-01", tz="Europe/Berlin") + pd.to_timedelta(X["client"], "h"))
    groups = groups if library == "pandas" else pl.from_pandas(groups)
    plain = X.drop(columns="client")
    model = regressor(key=None, time="month", windows=WINDOWS).fit(plain, y, groups=groups)
    assert len(model.adapted_) == CLIENTS
    np.testing.assert_array_equal(model.adapted_.predict(plain, groups=groups), model.predict(plain, groups=groups))


def test_days_match_times_at_midnight():
    X, y = table()
    X["client"] = pd.Timestamp("2020-01-01") + pd.to_timedelta(12 * X["client"], "h")
    model = regressor().fit(X, y)
    day = X[X["client"] == pd.Timestamp("2020-01-02")]
    np.testing.assert_array_equal(model.adapted_.predict(day.assign(client=datetime.date(2020, 1, 2))), model.adapted_.predict(day))


@pytest.mark.parametrize("zone", ["UTC", "Europe/Berlin", None])
def test_nanoseconds_are_kept(zone, shoal_program, tmp_path):
    X, y = table()
    X["month"] = pd.Timestamp("2020-01-01 12:00", tz=zone) + pd.to_timedelta(X["month"] * 100, "ns")
    model = regressor(time="month").fit(X, y)
    assert len(model.adapted_) == CLIENTS
    X.assign(y=y).to_csv(tmp_path / "t.csv", index=False)
    shoal_program("train", "--out", "RUN", "--quiet", "--set", "tasks.source=table", "--set", "tasks.path=t.csv", "--set", 'tasks.key=["client"]',
                  "--set", "tasks.time=month", "--set", 'tasks.features=["x", "z"]', "--set", 'tasks.targets=["y"]', "--set", "tasks.support=4",
                  "--set", "tasks.query=3", "--set", "model.hidden=[4]", "--set", "algorithm.inner_lr=0.05", "--set", "train.iterations=4",
                  "--set", "train.tasks_per_batch=4", "--set", "backend=cpu", "--set", "tasks.split.train=1.0", "--set", "tasks.split.validation=0.0",
                  "--set", "tasks.split.test=0.0", "--set", "seed=7")  # fmt: skip
    loaded = shoal.load(tmp_path / "RUN")
    assert_same_model(model, loaded)


# Names of columns.


@pytest.mark.parametrize("names", [(1, 0, 2, 3), (10, 20, 30, 40), ("client", 0, 1, 2)])
def test_names_that_are_whole_numbers_are_names(names):
    X, y = table()
    expected = regressor().fit(X, y)
    if all(isinstance(name, int) for name in names):
        named = X.set_axis(list(names), axis=1)
        model = regressor(key=names[0]).fit(named, y)
        np.testing.assert_array_equal(model.predict(named), expected.predict(X))
        np.testing.assert_array_equal(model.predict(X.to_numpy()), expected.predict(X))
        with pytest.raises(shoal.DataError, match="key: X has no column 5"):
            regressor(key=5).fit(named, y)
    else:
        with pytest.raises((shoal.DataError, TypeError)):
            regressor(key=3).fit(X.set_axis(list(names), axis=1), y)


@pytest.mark.parametrize("library", [pd.DataFrame, pl.from_pandas])
def test_arrays_and_frames_go_by_place(library):
    X, y = table()
    of_frame = regressor().fit(library(X), y)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        np.testing.assert_array_equal(of_frame.predict(X.to_numpy()), of_frame.predict(library(X)))
    of_array = regressor(key=0).fit(X.to_numpy(), y)
    with pytest.warns(UserWarning, match="fitted without feature names"):
        np.testing.assert_array_equal(of_array.predict(library(X)), of_array.predict(X.to_numpy()))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        assert np.isfinite(of_frame.score(X.to_numpy(), y)) and np.isfinite(of_array.score(library(X), y))
        with pytest.raises(ValueError, match="features"):
            of_array.predict(library(X[["client", "x"]]))


def test_numbered_and_named_frames_go_by_place():
    X, y = table()
    numbered = X.set_axis([10, 20, 30, 40], axis=1)
    model = regressor(key=10).fit(numbered, y)
    expected = model.predict(numbered)
    for frame in (X, pl.from_pandas(X)):
        with pytest.warns(UserWarning, match="fitted without feature names"):
            np.testing.assert_array_equal(model.predict(frame), expected)
    for wrong in (numbered[[20, 10, 30, 40]], X.set_axis([1, 2, 3, 4], axis=1)):
        with pytest.raises(shoal.DataError, match="names and order must be the same"):
            model.predict(wrong)
    with pytest.warns(UserWarning, match="does not have valid feature names"):
        np.testing.assert_array_equal(regressor().fit(X, y).predict(numbered), expected)
    with pytest.raises(shoal.DataError, match="at fit they were"):
        regressor().fit(pl.from_pandas(X), y).predict(pl.from_pandas(X[["x", "z", "month", "client"]]))


def test_targets_may_have_any_name():
    X, y = table()
    expected = regressor().fit(X, y).predict(X)
    plain = X.drop(columns="client")
    by_groups = regressor(key=None).fit(plain, y.rename("group"), groups=X["client"])
    np.testing.assert_array_equal(by_groups.predict(plain, groups=X["client"]), expected)
    assert shoal.MetaRegressor(**FAST).fit(X[["x"]], y.rename("task")).predict(X[["x"]]).shape == (len(X),)
    for name in ("client", "x", "target", "task"):
        np.testing.assert_array_equal(regressor().fit(X, y.rename(name)).predict(X), expected)
    two = pd.DataFrame({"x": y, "client": 2 * y})
    model = regressor().fit(X, two)
    np.testing.assert_array_equal(model.predict(X), regressor().fit(X, two.to_numpy()).predict(X))
    assert np.isfinite(model.score(X, two))


# Classes.


@pytest.mark.parametrize("nothing", [None, np.nan, pd.NA, pd.NaT])
@pytest.mark.parametrize("missing", ["error", "drop"])
def test_missing_classes_are_refused_with_their_row(missing, nothing):
    X, y = table()
    words = pd.Series(np.where(y > 0, "good", "bad"), dtype=object)
    words[5] = nothing
    for values in (words, words.to_numpy(), words.to_list()):
        with pytest.raises(shoal.DataError, match="^y: row 5: the class is missing"):
            classifier(missing=missing).fit(X, values)
    if nothing is not pd.NaT:
        for dtype in ("category", "string"):
            with pytest.raises(shoal.DataError, match="^y: row 5: the class is missing"):
                classifier(missing=missing).fit(X, words.astype(dtype))
        with pytest.raises(shoal.DataError, match="^y: row 5: the class is missing"):
            classifier(missing=missing).fit(X, pl.Series(words.where(words.notna(), None).to_list()))
        counts = pd.Series((y > 0).astype(int), dtype=object)
        counts[5] = nothing
        with pytest.raises(shoal.DataError, match="^y: row 5: "):
            classifier(missing=missing).fit(X, counts)
        with pytest.raises(shoal.DataError, match="^y: row 5: .*NaN"):
            regressor(missing=missing).fit(X, counts)


def test_blanks_around_classes_do_not_count():
    X, y = table()
    words = np.array(["good ", "fair", "bad"])[np.arange(len(X)) % 3]
    model = classifier().fit(X, words)
    assert set(model.predict(X)) <= {"good ", "fair", "bad"} and model.predict_proba(X).shape == (len(X), 3)
    two = np.where(y > 0, "good ", "bad")
    assert set(classifier().fit(X, two).predict(X)) <= {"good ", "bad"}
    with pytest.raises(shoal.DataError, match="^y: row 3: 'good ' differs from 'good' in blanks alone"):
        classifier().fit(X, np.where(np.arange(len(X)) == 3, "good ", np.where(np.arange(len(X)) % 2, "bad", "good")).astype(object))
    with pytest.raises(shoal.DataError, match="'NA' is a word for a missing value"):
        classifier().fit(X, np.where(y > 0, "NA", "bad"))


# What is refused, with column and row.

N = CLIENTS * MONTHS
REFUSED = [  # parameters, X, part of the message
    ({"categorical": "grade"}, lambda X: X.assign(grade=np.where(np.arange(N) == 3, np.inf, 1.0)), "row 3: column 'grade': inf: infinite values"),
    ({}, lambda X: X.assign(age=pd.Series([np.zeros(2)] * N)), "row 0: column 'age': a ndarray: a column must be a string or a number in every row"),
    ({}, lambda X: X.assign(age=pd.Series([1] * (N - 1) + [np.zeros(2)], dtype=object)), f"row {N - 1}: column 'age': a ndarray among values of int"),
    ({}, lambda X: X.assign(age=pd.Series([pd.Timestamp("2020-01-01")] * N, dtype=object)), "row 0: column 'age': a Timestamp: a column must be"),
    ({}, lambda X: X.assign(age=pd.Series([decimal.Decimal(1)] * N, dtype=object)), "row 0: column 'age': a Decimal: a column must be"),
    ({}, lambda X: X.assign(age=pd.Series([[1]] * N)), "row 0: column 'age': a list: a column must be"),
    ({}, lambda X: pd.concat([X, X[["x"]]], axis=1), "column 'x': X has two columns of this name"),
    ({}, lambda X: X["x"], "X: a Series is one column"),
    ({}, lambda X: pl.from_pandas(X)["x"], "X: a Series is one column"),
    ({}, lambda X: pl.from_pandas(X).lazy(), "X: a LazyFrame has no rows yet: collect it first"),
    ({}, lambda X: pl.from_pandas(X).with_columns(age=pl.lit(None)), "row 0: column 'age': NaN: the value is missing"),
    ({"key": 0}, lambda X: np.ma.masked_array(X.to_numpy(), mask=np.arange(4 * N).reshape(N, 4) == 9), "X: row 2: a masked value"),
]


@pytest.mark.parametrize("case", range(len(REFUSED)))
def test_refuses_frames_with_column_and_row(case):
    parameters, make, message = REFUSED[case]
    X, y = table()
    with pytest.raises(shoal.Error) as caught:
        regressor(**parameters).fit(make(X), y)
    assert message in str(caught.value), str(caught.value)


def test_columns_of_nulls_are_missing_numbers():
    X, y = table()
    model = regressor(missing="mean").fit(pl.from_pandas(X).with_columns(age=pl.lit(None)), y)
    assert np.isfinite(model.predict(pl.from_pandas(X).with_columns(age=pl.lit(None)))).all()


def test_refuses_series_and_lazy_frames_of_prices():
    prices = pd.Series(100.0, pd.bdate_range("2020-01-01", periods=80), name="A")
    with pytest.raises(shoal.DataError, match="prices: a Series is one column"):
        shoal.finance.volatility_features(prices)
    with pytest.raises(shoal.DataError, match="prices: a LazyFrame"):
        shoal.finance.volatility_features(pl.DataFrame({"date": ["2020-01-01"], "A": [1.0]}).lazy())
    twice = pd.concat([prices.to_frame(), prices.to_frame()], axis=1)
    with pytest.raises(shoal.DataError, match="column 'A': prices has two columns"):
        shoal.finance.volatility_features(twice)


def test_refuses_masked_targets_and_groups():
    X, y = table()
    mask = np.arange(N) == 7
    with pytest.raises(shoal.DataError, match="y: row 7: a masked value"):
        regressor().fit(X, np.ma.masked_array(y, mask=mask))
    with pytest.raises(shoal.DataError, match="y: row 7: a masked value"):
        classifier().fit(X, np.ma.masked_array((y > 0).astype(int), mask=mask))
    with pytest.raises(shoal.DataError, match="row 7: a masked value"):
        regressor(key=None).fit(X[["x"]], y, groups=np.ma.masked_array(X["client"], mask=mask))


def test_the_engine_names_rows_of_y():
    X, y = table()
    with pytest.raises(shoal.DataError, match="^y: row 3: "):
        regressor(loss="qlike").fit(X, np.where(np.arange(N) == 3, -1.0, np.exp(y)))
    with pytest.raises(shoal.DataError, match="^y: row 3: "):
        regressor().fit(X, np.where(np.arange(N) == 3, 1e300, y))
    with pytest.raises(shoal.DataError, match="^y, or that of eval_set: row 3: "):
        other = (X.assign(client=X["client"] + 100), np.where(np.arange(N) == 3, -1.0, np.exp(y)))
        regressor(loss="qlike", validate_every=2).fit(X, np.exp(y), eval_set=other)
    model = regressor(loss="qlike").fit(X, np.exp(y))
    for call in (model.adapt, model.evaluate, model.score):
        with pytest.raises(shoal.DataError, match="^y: row 3: "):
            call(X, np.where(np.arange(N) == 3, -1.0, np.exp(y)))
    with pytest.raises(shoal.DataError, match="^row 4: column 'x': "):
        model.adapted_.predict(X.assign(x=np.where(np.arange(N) == 4, 1e300, X["x"])))
    with pytest.raises(shoal.DataError, match="^row 4: column 'x': "):
        regressor(scale=False).fit(X.assign(x=np.where(np.arange(N) == 4, 1e300, X["x"])), y)
