# SPDX-License-Identifier: Apache-2.0
"""shoal.finance: the bits of the program's features and forecasts, and what is no price."""
import csv
import pathlib

import numpy as np
import pandas as pd
import polars as pl
import pytest
import shoal
from shoal.finance import COLUMNS, VolatilityForecaster, volatility_features

SMALL = {"hidden": (4,), "iterations": 20, "tasks_per_batch": 6, "backend": "cpu", "n_jobs": 1}


def prices(seed=0, days=400, assets=5, gaps=False):
    rng = np.random.default_rng(seed)
    scale = 0.01 * np.exp(0.3 * rng.normal(size=assets))
    close = 50 * np.exp((scale * rng.normal(size=(days, assets))).cumsum(axis=0))
    frame = pd.DataFrame(np.round(close, 4), pd.bdate_range("2015-01-01", periods=days, name="date"), [f"A{i}" for i in range(assets)])
    if gaps:
        frame = frame.mask(rng.random(frame.shape) < 0.03)
    return frame


def program_features(run, folder, frame, name, *more):
    frame.to_csv(folder / "prices.csv", date_format="%Y-%m-%d")
    run("data", "features", "prices.csv", "--features", "har", "--out", name, "--quiet", *more)
    return pd.read_csv(folder / name, float_precision="round_trip")


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("next_day", [False, True])
def test_features_are_those_of_the_program(gaps, next_day, shoal_program, tmp_path):
    frame = prices(1, gaps=gaps)
    expected = program_features(shoal_program, tmp_path, frame, "har.csv", *(["--next"] if next_day else []))
    told = volatility_features(frame, next_day=next_day)
    assert list(told.columns) == list(expected.columns) == ["date", "asset", *COLUMNS]
    assert told["date"].tolist() == expected["date"].tolist() and told["asset"].tolist() == expected["asset"].tolist()
    np.testing.assert_array_equal(told[list(COLUMNS)].to_numpy(), expected[list(COLUMNS)].to_numpy())


def test_frames_of_every_library():
    frame = prices(2)
    expected = volatility_features(frame)
    flat = frame.reset_index()
    for other in (flat, pl.from_pandas(flat), frame.iloc[::-1], frame.set_axis(frame.index.strftime("%Y-%m-%d"))):
        pd.testing.assert_frame_equal(volatility_features(other), expected)


def changed(row, column, value):
    frame = prices(3)
    frame.iloc[row, column] = value
    return frame


@pytest.mark.parametrize("frame, message", [
    (lambda: prices(3).pct_change().iloc[1:], "is no price: it must be above 0. Are these returns"),
    (lambda: changed(7, 2, -1.0), "row 7: column 'A2': -1 is no price"),
    (lambda: changed(7, 2, 0.0), "row 7: column 'A2': 0 is no price"),
    (lambda: changed(9, 1, np.inf), "row 9: column 'A1': inf is no price"),
    (lambda: pd.concat([prices(3), prices(3).iloc[4:5]]), "row 400: the date 2015-01-07 is that of row 4"),
    (lambda: prices(3).astype(str), "column 'A0': texts are no prices"),
    (lambda: prices(3).reset_index(drop=True), "row 0: 0 is no date"),
    (lambda: prices(3).set_axis(pd.date_range("2015-01-01 10:00", periods=400)), "row 0: 2015-01-01 10:00:00: prices are daily"),
    (lambda: prices(3)[[]], "there is no asset"),
    (lambda: prices(3).to_numpy(), "a ndarray is no frame"),
    (lambda: None, "a NoneType is no frame"),
    (lambda: prices(3, days=60), ""),
])  # fmt: skip
def test_refuses_what_is_no_price(frame, message):
    with pytest.raises(shoal.DataError, match=message):
        volatility_features(frame())


def variances(file):
    with open(file, encoding="utf-8", newline="") as stream:
        return {(line["time"], line["asset"]): np.float32(line["variance"]) for line in csv.DictReader(stream)}


def assert_same_variances(wide, expected):
    told = {(day.strftime("%Y-%m-%d"), asset): np.float32(value) for day, row in wide.iterrows() for asset, value in row.items() if not np.isnan(value)}
    assert told == expected


def test_forecasts_are_those_of_the_program(shoal_program, tmp_path):
    frame, until = prices(4), "2016-03-31"
    features = ", ".join(f'"{name}"' for name in COLUMNS[1:-1])
    (tmp_path / "c.toml").write_text(
        f"""backend = "cpu"
[tasks]
source = "table"
path = "train.csv"
key = ["asset"]
time = "date"
features = [{features}]
targets = ["squared_return"]
offset = "ln_ewma_variance"
windows = {{ support = 60, query = 10, stride = 10, purge = 0 }}
split = {{ train = 1.0, validation = 0.0, test = 0.0 }}
[model]
hidden = [4]
activation = "tanh"
skip = true
[loss]
name = "qlike"
floor = 0.01
[algorithm]
inner_steps = 5
inner_lr = 0.01
[train]
iterations = 20
tasks_per_batch = 6
lr = 0.001
schedule = "cosine"
sampling = "rows"
keep = "last"
"""
    )
    program_features(shoal_program, tmp_path, frame[:until], "train.csv")
    program_features(shoal_program, tmp_path, frame, "all.csv")
    shoal_program("train", "--config", "c.toml", "--out", "RUN", "--quiet")
    shoal_program("predict", "RUN", "--data", "all.csv", "--out", "P.csv", "--quiet")
    forecaster = VolatilityForecaster(support=60, horizon=10, **SMALL).fit(frame, until=until)
    for name, value in shoal.load(tmp_path / "RUN").parameters_.items():
        np.testing.assert_array_equal(value, forecaster.model_.parameters_[name])
    expected = variances(tmp_path / "P.csv")
    assert_same_variances(forecaster.walk(frame, "2015-01-01"), expected)
    assert_same_variances(forecaster.walk(frame, "2016-04-01"), {key: value for key, value in expected.items() if key[0] >= "2016-04-01"})

    program_features(shoal_program, tmp_path, frame, "tomorrow.csv", "--next")
    shoal_program("predict", "RUN", "--data", "tomorrow.csv", "--latest", "--out", "Q.csv", "--quiet")
    tomorrow = forecaster.forecast(frame)
    assert {asset: np.float32(value) for asset, value in tomorrow.items()} == {asset: value for (_, asset), value in variances(tmp_path / "Q.csv").items()}
    assert tomorrow.name > frame.index[-1] and (tomorrow > 0).all()

    forecaster.model_.save(tmp_path / "SAVED")
    shoal_program("predict", "SAVED", "--data", "all.csv", "--out", "R.csv", "--quiet")
    assert variances(tmp_path / "R.csv") == expected


def test_later_prices_change_no_earlier_forecast():
    frame, start = prices(5), "2016-01-01"
    forecaster = VolatilityForecaster(support=60, horizon=10, **SMALL).fit(frame, until="2015-12-31")
    before = forecaster.walk(frame, start)
    day = frame.index[330]
    shuffled = frame.copy()
    later = shuffled.index >= day
    shuffled[later] = frame[later].sample(frac=1, random_state=0).to_numpy()
    after = forecaster.walk(shuffled, start)
    earlier = before.index <= day
    assert earlier.sum() > 30 and not before[~earlier].equals(after[~earlier])
    pd.testing.assert_frame_equal(before[earlier], after[earlier])


def test_defaults_are_those_of_the_example():
    tomllib = pytest.importorskip("tomllib")  # of Python 3.11 and later
    file = pathlib.Path(__file__).parents[2] / "examples/market/volatility.toml"
    config = tomllib.loads(file.read_text(encoding="utf-8"))
    estimator = VolatilityForecaster()._estimator()
    windows = {**config["tasks"]["windows"], "purge": 0}
    assert estimator.windows == windows and config["loss"]["name"] == estimator.loss and config["algorithm"].pop("name") == estimator.algorithm
    del config["train"]["validate_every"]  # there are no validation tasks
    for name, value in {**config["model"], **config["algorithm"], **config["train"], "floor": config["loss"]["floor"]}.items():
        given = getattr(estimator, name)
        assert (list(given) if isinstance(given, tuple) else given) == value, name
    assert [config["tasks"]["features"], *config["tasks"]["targets"], config["tasks"]["offset"]] == [list(COLUMNS[1:-1]), COLUMNS[0], COLUMNS[1]]


def test_refuses_parameters():
    with pytest.raises(shoal.InvalidArgument, match="loss"):
        VolatilityForecaster(loss="mse")
    from sklearn.exceptions import NotFittedError

    with pytest.raises(NotFittedError):
        VolatilityForecaster().walk(prices(), "2016-01-01")
    with pytest.raises(shoal.InvalidArgument, match="nothing"):
        shoal.get_dataset("nothing")


def test_too_few_prices_give_no_forecast():
    frame = prices(6)
    forecaster = VolatilityForecaster(support=60, horizon=10, **SMALL).fit(frame, until="2015-12-31")
    enough = 67 + 60  # the first features are those of the 68th price
    for days in (67, 70, 90, enough - 1):
        assert forecaster.forecast(frame[:days]).isna().all()
    assert (forecaster.forecast(frame[:enough]) > 0).all()
    late = frame[:enough].copy()
    late.iloc[0, 2] = np.nan
    assert forecaster.forecast(late).isna().tolist() == [False, False, True, False, False]
    gone = frame[:200].copy()
    gone.iloc[-1, 1] = np.nan
    assert forecaster.forecast(gone).isna().tolist() == [False, True, False, False, False]


def test_forecasters_are_cloned():
    from sklearn.base import clone

    forecaster = VolatilityForecaster(support=60, hidden=(4,))
    assert clone(forecaster).get_params() == {"support": 60, "horizon": 21, "hidden": (4,)}
    assert forecaster.set_params(horizon=5, lr=0.1) is forecaster
    assert forecaster.get_params(deep=False) == {"support": 60, "horizon": 5, "hidden": (4,), "lr": 0.1}
    for wrong, message in (({"loss": "mse"}, "loss: a forecast"), ({"size": 3}, "size: MetaRegressor has no such parameter")):
        with pytest.raises(shoal.InvalidArgument, match=message):
            forecaster.set_params(**wrong)
    assert forecaster.get_params() == {"support": 60, "horizon": 5, "hidden": (4,), "lr": 0.1}
