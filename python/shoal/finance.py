# SPDX-License-Identifier: Apache-2.0
"""Volatility of daily prices: features and a forecaster.

Units: returns are 100 ln(P_t / P_{t-1}), in percent, and variances are in percent^2 per day. Nothing is rescaled.
"""
from __future__ import annotations

import datetime
from typing import Any

import numpy as np

from . import _shoal
from .errors import DataError, InvalidArgument
from .frames import frame_of, place

__all__ = ["VolatilityForecaster", "volatility_features"]

COLUMNS = tuple(_shoal.volatility_columns)
TARGET, OFFSET = "squared_return", "ln_ewma_variance"
FEATURES = COLUMNS[1:-1]  # of the model: all but the target and what happened on the day
DATE_NAMES = ("date", "Date", "DATE", "time", "index", "")


class Panel:
    """Closing prices [dates, assets]; NaN: no price. Dates ascend."""

    def __init__(self, dates, assets, close):
        self.dates, self.assets, self.close = dates, assets, close

    def until(self, date):
        """The panel without the dates after `date`."""
        keep = [day <= date for day in self.dates]
        return Panel([day for day, kept in zip(self.dates, keep) if kept], self.assets, np.ascontiguousarray(self.close[keep]))

    def features(self, next_day=False):
        """(asset, dates, values [dates, columns]) of every asset with enough prices."""
        return _shoal.volatility(self.dates, self.assets, self.close, next_day)


def day_of(value, what):
    """YYYY-MM-DD of a date, of a time at midnight, or of such a text."""
    if hasattr(value, "to_pydatetime"):
        value = value.to_pydatetime()
    if isinstance(value, np.datetime64):
        value = value.astype("datetime64[us]").item()
    if isinstance(value, datetime.datetime):
        if value.time() != datetime.time():
            raise DataError(f"{what}: {value}: prices are daily, this has a time of day")
        value = value.date()
    if isinstance(value, datetime.date):
        return value.isoformat()
    try:
        return datetime.date.fromisoformat(str(value)[:10]).isoformat() if str(value)[10:] in ("", " 00:00:00") else _no_date(value, what)
    except ValueError:
        return _no_date(value, what)


def _no_date(value, what):
    raise DataError(f"{what}: {value!r} is no date")


def panel_of(prices):
    """A panel of a frame dates x assets: dates in the index (pandas) or in its first column."""
    frame = frame_of(prices, "prices")
    if frame is None or frame.is_array:
        raise DataError(f"prices: a {type(prices).__name__} is no frame: give dates x assets, with the dates in the index or in the first column")
    names = list(frame.names)
    if names and (names[0] in DATE_NAMES or not hasattr(prices, "index")):
        days, names = frame.values(0).to_list(), names[1:]
    else:
        days = list(prices.index)
    dates = [day_of(day, f"prices: row {row}") for row, day in enumerate(days)]
    if not names:
        raise DataError("prices: there is no asset")
    close = np.empty((len(dates), len(names)))
    for at, name in enumerate(names):
        column = frame.column(frame.names.index(name))
        if column.is_text:
            raise DataError(f"prices: {place(name)}: texts are no prices")
        close[:, at] = np.where(column.is_missing(), np.nan, column.numbers)
    require_prices(dates, names, close)
    order = np.argsort(dates, kind="stable")
    return Panel([dates[row] for row in order], names, np.ascontiguousarray(close[order]))


def require_prices(dates, names, close):
    """Refuses dates that occur twice and what cannot be prices."""
    first = {}
    for row, day in enumerate(dates):
        if first.setdefault(day, row) != row:
            raise DataError(f"prices: row {row}: the date {day} is that of row {first[day]}, too")
    bad = ~np.isnan(close) & ~(np.isfinite(close) & (close > 0))
    if bad.any():
        row, at = (int(one) for one in np.argwhere(bad)[0])
        raise DataError(f"prices: row {row}: {place(names[at])}: {close[row, at]:g} is no price: it must be above 0. Are these returns? Give prices")


def long_frame(series):
    """Columns of the long form, date by date and then in the order of the assets: date, asset, and those of the features."""
    rows = sorted((day, at, row) for at, (_, dates, _) in enumerate(series) for row, day in enumerate(dates))
    values = np.array([series[at][2][row] for _, at, row in rows]).reshape(len(rows), len(COLUMNS))
    return {"date": [day for day, _, _ in rows], "asset": [series[at][0] for _, at, _ in rows], **{name: values[:, i] for i, name in enumerate(COLUMNS)}}


def volatility_features(prices: Any, *, next_day: bool = False) -> Any:
    """Features of daily closing prices: the table of `shoal data get sp500 --features har` and of `shoal data features`, bit for bit.

    Everything in a row but `squared_return` and `log_return` is known at the close of the day before.

    Parameters
    ----------
    prices : frame [dates, assets]
        Closing prices above 0, one column for each asset. Dates are in the index (pandas), or in the first column. NaN where an asset has
        no price that day. Returns are found out where one is not above 0; `1 + returns`, their absolute values and logarithms of
        prices look like prices, and so do prices of weeks or months: all of them pass.
    next_day : bool
        Add a row for the day after the last, whose `squared_return` and `log_return` are NaN.

    Returns
    -------
    pandas.DataFrame
        `date` (text), `asset`, and the columns of docs/definitions.md: `squared_return` (percent^2), logarithms of variances (percent^2) and
        standardised returns. An asset needs 67 prices.

    Raises
    ------
    DataError
        What is no price, with row and column: a value that is not above 0.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from shoal.finance import volatility_features
    >>> days = pd.bdate_range("2024-01-01", periods=80)
    >>> walk = 100 * np.exp(0.01 * np.random.default_rng(0).normal(size=(80, 2)).cumsum(axis=0))
    >>> volatility_features(pd.DataFrame(walk, days, ["A", "B"])).shape
    (26, 13)
    """
    import pandas as pd

    return pd.DataFrame(long_frame(panel_of(prices).features(next_day)))


class VolatilityForecaster:
    """Daily variances of assets: one model that adapts to each asset, by the defaults of examples/market/volatility.toml.

    A task is one asset over 500 days, from which the variance of the next 21 is forecast; without adaptation and training it is the RiskMetrics
    forecast. All variances are in percent^2 per day; nothing is rescaled.

    Parameters
    ----------
    support : int
        Days of a window that the model adapts on.
    horizon : int
        Days that are forecast from a window.
    **parameters : object
        Others of `shoal.MetaRegressor`, over these defaults.

    Attributes
    ----------
    model_ : shoal.MetaRegressor
        The trained model; `model_.save(path)` writes it for the `shoal` program.

    Examples
    --------
    >>> import numpy as np, pandas as pd
    >>> from shoal.finance import VolatilityForecaster
    >>> days = pd.bdate_range("2018-01-01", periods=900)
    >>> prices = pd.DataFrame(100 * np.exp(0.01 * np.random.default_rng(0).normal(size=(900, 3)).cumsum(axis=0)), days, ["A", "B", "C"])
    >>> forecaster = VolatilityForecaster(iterations=20, backend="cpu").fit(prices, until="2020-12-31")
    >>> forecaster.forecast(prices).index.tolist()
    ['A', 'B', 'C']
    """

    DEFAULTS = {
        "hidden": (16,), "activation": "tanh", "skip": True, "inner_steps": 5, "inner_lr": 0.01, "iterations": 6000, "tasks_per_batch": 50,
        "lr": 0.001, "schedule": "cosine", "sampling": "rows", "keep": "last", "floor": 0.01,
    }  # fmt: skip

    def __init__(self, *, support: int = 500, horizon: int = 21, **parameters: Any) -> None:
        from .estimators import MetaRegressor

        fixed = {"key", "time", "offset", "loss", "windows", "keep_adapted", "query", "categorical"} & set(parameters)
        if fixed:
            raise InvalidArgument(f"{sorted(fixed)[0]}: a forecast of volatility decides it itself")
        unknown = sorted(set(parameters) - set(MetaRegressor().get_params()))
        if unknown:
            raise InvalidArgument(f"{unknown[0]}: MetaRegressor has no such parameter")
        self.support, self.horizon, self.parameters = support, horizon, parameters

    def _estimator(self):
        from .estimators import MetaRegressor

        windows = {"support": self.support, "query": self.horizon, "stride": self.horizon, "purge": 0}
        estimator = MetaRegressor(
            key="asset", time="date", offset=OFFSET, loss="qlike", windows=windows, keep_adapted=False, **{**self.DEFAULTS, **self.parameters}
        )
        estimator._offset_is_feature = True  # as in the file of the defaults
        return estimator

    @staticmethod
    def _rows(panel, next_day=False):
        """X and y of a panel."""
        import pandas as pd

        table = pd.DataFrame(long_frame(panel.features(next_day)))
        return table[["asset", "date", *FEATURES]], table[TARGET]

    def fit(self, prices: Any, until: Any = None, **fit_parameters: Any) -> VolatilityForecaster:
        """Trains on daily prices.

        Parameters
        ----------
        prices : frame [dates, assets]
            Closing prices, as `volatility_features` takes them.
        until : date, optional
            The last date that is used; later prices are left out.
        **fit_parameters : object
            Those of `MetaRegressor.fit`: `callbacks`, `run`, `resume`, `verbose`.

        Returns
        -------
        VolatilityForecaster
            Itself.

        Raises
        ------
        DataError
            What is no price, with row and column: a value that is not above 0.
        """
        panel = panel_of(prices)
        if until is not None:
            panel = panel.until(day_of(until, "until"))
        X, y = self._rows(panel)
        self.model_ = self._estimator().fit(X, y, **fit_parameters)
        return self

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The parameters, as `sklearn.base.clone` and the searches of scikit-learn ask for them.

        Parameters
        ----------
        deep : bool
            Of no effect: no parameter has parameters of its own.

        Returns
        -------
        dict
            `support`, `horizon`, and those of `shoal.MetaRegressor` that were given.
        """
        return {"support": self.support, "horizon": self.horizon, **self.parameters}

    def set_params(self, **parameters: Any) -> VolatilityForecaster:
        """Changes parameters, for the next `fit`.

        Parameters
        ----------
        **parameters : object
            As the class takes them.

        Returns
        -------
        VolatilityForecaster
            Itself.

        Raises
        ------
        InvalidArgument
            A parameter that there is not, or that a forecast of volatility decides itself.
        """
        changed = VolatilityForecaster(**{**self.get_params(), **parameters})
        self.support, self.horizon, self.parameters = changed.support, changed.horizon, changed.parameters
        return self

    def _require_fitted(self):
        if not hasattr(self, "model_"):
            from sklearn.exceptions import NotFittedError

            raise NotFittedError("this VolatilityForecaster is not fitted yet: call fit first")

    def walk(self, prices: Any, start: Any) -> Any:
        """Variances of every day from `start` on, as they were forecast at that time: adaptation goes on, and nothing is trained again.

        A window of `horizon` days is forecast from the `support` days before it, so no forecast knows a later price.

        Parameters
        ----------
        prices : frame [dates, assets]
            Closing prices, as `volatility_features` takes them, from at least `support` days before `start`.
        start : date
            The first date of the result.

        Returns
        -------
        pandas.DataFrame [dates, assets]
            Variances in percent^2 per day; NaN where an asset has no window on that day.

        Raises
        ------
        DataError
            What is no price, with row and column: a value that is not above 0.
        """
        self._require_fitted()
        panel = panel_of(prices)
        X, y = self._rows(panel)
        told = self.model_._windowed(X, y)
        return self._wide(X.iloc[told.rows], told.of_kind("variance")[:, 0], panel.assets, day_of(start, "start"))

    def forecast(self, prices: Any) -> Any:
        """The variance of the day after the last price, adapted on the newest `support` days of each asset.

        Parameters
        ----------
        prices : frame [dates, assets]
            Closing prices, as `volatility_features` takes them.

        Returns
        -------
        pandas.Series [assets]
            Variances in percent^2 per day; NaN of an asset without a price on the last day, or with too few: its features begin at the 68th
            price, and `support` days of them are needed.

        Raises
        ------
        DataError
            What is no price, with row and column: a value that is not above 0.
        """
        self._require_fitted()
        panel = panel_of(prices)
        X, y = self._rows(panel, next_day=True)
        told = self.model_._windowed(X, y, latest=True)
        wide = self._wide(X.iloc[told.rows], told.of_kind("variance")[:, 0], panel.assets, "")
        series = wide.iloc[-1].copy()
        series.name = wide.index[-1]
        days = y.notna().groupby(X["asset"]).sum()  # on which a model can adapt
        series[[asset for asset in panel.assets if days.get(asset, 0) < self.support]] = np.nan
        return series

    @staticmethod
    def _wide(rows, variance, assets, start):
        import pandas as pd

        table = pd.DataFrame({"date": rows["date"].to_numpy(), "asset": rows["asset"].to_numpy(), "variance": variance})
        table = table[table["date"] >= start]
        wide = table.pivot(index="date", columns="asset", values="variance").reindex(columns=assets)
        wide.index = pd.DatetimeIndex(pd.to_datetime(wide.index), name="date")
        wide.columns.name = None
        return wide
