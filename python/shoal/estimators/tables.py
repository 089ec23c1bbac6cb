# SPDX-License-Identifier: Apache-2.0
"""X, y and groups as tables of the engine, and what the configuration says of their columns."""
import warnings

import narwhals as nw
import numpy as np
from sklearn.utils.validation import validate_data

from .. import _shoal
from ..errors import DataError, InvalidArgument
from ..frames import Column, frame_of, listed, of_array, of_series, place, refuse_masked
from ..overrides import override

ROWS_PER_TASK = 256  # of rows that no column deals into tasks
GROUP, DEALT = "group", "task"  # names of columns that are not in X


def checked_frame(estimator, X, reset):
    """The columns of X, checked by scikit-learn's rules for names and numbers of features: where one of `fit` and this X has no names, places count."""
    frame = frame_of(X)
    if frame is None or frame.is_array:
        X = validate_data(estimator, X, reset=reset, dtype=None, ensure_all_finite=False)
        frame = frame_of(np.asarray(X))
        return frame if reset else frame.renamed(names_at_fit(estimator) or frame.names)
    if type(X).__module__.split(".")[0] == "pandas":
        validate_data(estimator, X, reset=reset, skip_check_array=True)
    elif reset:
        estimator.n_features_in_ = len(frame.names)
        estimator.feature_names_in_ = np.array(frame.names, dtype=object)
    elif not hasattr(estimator, "feature_names_in_"):
        validate_data(estimator, np.zeros((1, len(frame.names))), reset=False)
        warnings.warn(f"X has feature names, but {type(estimator).__name__} was fitted without feature names", stacklevel=2)
    if len(frame) == 0:
        raise DataError("X: found array with 0 sample(s) while a minimum of 1 is required")
    if not frame.names:
        raise DataError(f"X: found array with 0 feature(s) (shape=({len(frame)}, 0)) while a minimum of 1 is required")
    known = None if reset else names_at_fit(estimator) or [f"x{i}" for i in range(len(frame.names))]
    if known is None or known == frame.names:
        return frame
    both_named = hasattr(estimator, "feature_names_in_") and frame.is_named
    both_numbered = "columns" in getattr(estimator, "_names", {}) and not hasattr(estimator, "feature_names_in_") and not frame.is_named
    if both_named or both_numbered:
        raise DataError(f"X: the columns are {frame.names}, at fit they were {known}: names and order must be the same")
    return frame.renamed(known)


def names_at_fit(estimator):
    """The names of the columns of a frame that the estimator was fitted with; None: it was an array."""
    names = getattr(estimator, "feature_names_in_", None)
    return getattr(estimator, "_names", {}).get("columns") if names is None else list(names)


def column_of_values(values, name, rows, exact=False, form=None):
    """A one-dimensional array-like, one value per row, as a column."""
    refuse_masked(values, name)
    series = nw.from_native(values, series_only=True, allow_series=True, pass_through=True)
    if isinstance(series, nw.Series):
        column = of_series(name, series, exact, form)
    else:
        array = np.asarray(values)
        if array.ndim != 1:
            raise DataError(f"{name}: expected one value per row, got an array of shape {array.shape}")
        column = of_array(name, array, exact, form)
    count = len(column.codes if column.is_text else column.numbers)
    if count != rows:
        raise DataError(f"{name}: Found input variables with inconsistent numbers of samples: [{rows}, {count}]")
    return column


def rows_of_values(values, rows):
    """Some rows of a one-dimensional array-like; a series stays one, with its type."""
    series = nw.from_native(values, series_only=True, allow_series=True, pass_through=True)
    return series[rows.tolist()].to_native() if isinstance(series, nw.Series) else np.asarray(values)[rows]


class Tables:
    """Makes tables with the same columns: those of X, of the groups, and of the targets."""

    def __init__(self, frame, groups, places, seed, max_categories, missing):
        self.missing, self.is_dealt, self.seed, self.key_forms = missing, False, seed, []
        self.columns = None if frame.is_named or frame.is_array else frame.names
        self.key = [frame.names[frame.place_of(one, "key")] for one in listed(places["key"])]
        self.time = named(frame, places["time"], "time")
        self.offset = named(frame, places["offset"], "offset")
        self.categorical = [frame.names[frame.place_of(one, "categorical")] for one in listed(places["categorical"])]
        self.has_groups = False
        if groups is not None:
            if self.key:
                raise InvalidArgument("groups: the tasks are named by key already")
            self.key, self.has_groups = [free_name(GROUP, frame.names)], True
        elif not self.key:
            if self.time:
                raise InvalidArgument("time: it orders the rows of a task, so it needs key or groups")
            self.key, self.is_dealt = [free_name(DEALT, frame.names)], True
        others = {*self.key, self.time, "" if places["offset_is_feature"] else self.offset}
        self.features = [name for name in frame.names if name not in others]
        if not self.features:
            raise DataError("X: every column has another role: no feature is left")
        self.targets, self.positive = [], ""
        self._columns = {name: frame.feature(name, name in self.categorical) for name in self.features}
        keys = self._key_columns(frame, groups)
        self.key_forms = [column.form for column in keys]
        self._size = self._groups_in(keys)
        for name, column in self._columns.items():
            if column.is_text and name not in self.categorical:
                if len(column.levels) > max_categories:
                    raise DataError(
                        f"{place(name)}: {len(column.levels)} different texts, more than max_categories = {max_categories}: is it a key? "
                        "List it under categorical if it is a category"
                    )
                self.categorical.append(name)

    @classmethod
    def of_names(cls, frame, groups, names, missing):
        """For new rows of a fitted model."""
        tables = cls.__new__(cls)
        tables.missing, tables.seed = missing, 0
        tables.key, tables.time, tables.offset = names["key"], names["time"], names["offset"]
        tables.features, tables.targets = names["features"], names["targets"]
        tables.has_groups, tables.is_dealt = names["groups"], names["dealt"]
        tables.categorical, tables.positive = names["categorical"], names["positive"]
        tables.key_forms = names.get("key_forms", [])
        if tables.has_groups and groups is None:
            raise InvalidArgument("groups: the model was fitted with groups, so it needs those of these rows")
        if not tables.has_groups and groups is not None:
            raise InvalidArgument("groups: the model was fitted without groups")
        return tables

    def names(self):
        """What `of_names` takes. Only where they are needed: `columns`, names of a frame that scikit-learn does not keep, and `key_forms`."""
        more = {"columns": self.columns, "key_forms": self.key_forms if any(self.key_forms) else None}
        return {
            "key": self.key, "time": self.time, "offset": self.offset, "features": self.features, "targets": self.targets,
            "groups": self.has_groups, "dealt": self.is_dealt, "categorical": self.categorical, "positive": self.positive,
            **{name: value for name, value in more.items() if value},
        }  # fmt: skip

    def table(self, frame, target, groups):
        """The engine's table: keys, time, offset, features and, where they are given, targets."""
        table = _shoal.Table()
        self._incomplete = np.zeros(len(frame), bool)

        def add(column):
            self._incomplete |= column.is_missing()
            column.add_to(table)

        for column in self._key_columns(frame, groups):
            add(column)
        for name in dict.fromkeys(one for one in (self.time, self.offset) if one and one not in (*self.key, *self.features)):
            is_time = name == self.time
            column = frame.column(frame.names.index(name), exact=True) if is_time else frame.feature(name, False)
            self._require_values(column, is_time)
            add(column)
        for name in self.features:
            column = frame.feature(name, name in self.categorical)
            self._require_values(column, False)
            add(column)
        if target is not None:
            for column in target.columns:
                column.add_to(table)
            if not self.targets:
                self.targets, self.positive = [column.name for column in target.columns], target.positive
        return table

    def leaves_all_out(self):
        """Whether `missing` leaves out every row of the last `table`."""
        return self.missing == "drop" and bool(self._incomplete.all())

    def _require_values(self, column, is_time):
        """Refuses infinities, texts that are no names, and missing values where `missing` does."""
        column.require_names()
        if not column.is_text and np.isinf(column.numbers).any():
            raise DataError(f"{place(column.name, int(np.argmax(np.isinf(column.numbers))))}: inf: infinite values are refused")
        if self.missing == "error" and column.is_missing().any():
            what = "NaT" if is_time else "NaN"
            raise DataError(
                f"{place(column.name, int(np.argmax(column.is_missing())))}: {what}: the value is missing; set missing='drop' or missing='mean'"
            )

    def _key_columns(self, frame, groups):
        if self.is_dealt:
            return [dealt(len(frame), self.key[0], self.seed)]
        forms = self.key_forms or [None] * len(self.key)
        if self.has_groups:
            columns = [column_of_values(groups, self.key[0], len(frame), exact=True, form=forms[0])]
        else:
            columns = [frame.column(frame.names.index(name), exact=True, form=form) for name, form in zip(self.key, forms)]
        for column in columns:
            column.require_names(is_key=True)
            if column.is_text:
                continue
            whole = np.where(column.is_missing(), 0, column.numbers)
            floats = not self.has_groups and not frame.is_array and frame.kind(frame.names.index(column.name)) == "f"
            if floats or (whole != np.trunc(whole)).any():
                raise DataError(f"{place(column.name)}: keys are text, whole numbers or dates, not fractional numbers")
        for column in columns:
            if self.missing == "error" and column.is_missing().any():
                raise DataError(f"{place(column.name, int(np.argmax(column.is_missing())))}: the key is missing")
        return columns

    @staticmethod
    def _groups_in(keys):
        values = [np.asarray(c.codes if c.is_text else c.numbers) for c in keys]
        return len(np.unique(np.stack(values, axis=1), axis=0)) if len(values) > 1 else len(np.unique(values[0]))

    def groups_in(self):
        """How many tasks there are."""
        return self._size

    def inputs(self):
        """An upper bound of the network's inputs."""
        return sum(len(column.levels) if column.is_text else 2 for column in self._columns.values())

    def last_rows(self, frame, groups, windows, time_format):
        """Of windows: the last `support` rows of every key in time, of those that take part; None without windows, for all rows."""
        if not windows.get("query"):
            return None
        rows = np.arange(len(frame))
        if self.missing == "drop":
            inputs = [frame.feature(name, name in self.categorical) for name in (*self.features, *([self.offset] if self.offset else []))]
            rows = rows[~np.any([column.is_missing() for column in inputs], axis=0)]
        before, after = self._neighbours(frame, groups, rows, time_format)
        previous = np.full(len(frame), -1)
        previous[after] = before
        newest, alone = np.setdiff1d(after, before), np.setdiff1d(rows, np.concatenate([before, after]))  # alone: the only row of its key
        last = [alone[:0]]
        for step in range(windows.get("support", 0)):
            last += [newest] if step else [newest, alone]
            newest = previous[newest]
            newest = newest[newest >= 0]
        return np.sort(np.concatenate(last))

    def _neighbours(self, frame, groups, rows, time_format):
        """Pairs of rows of a key that follow each other in the engine's order of time: windows of one row to learn from and one to predict."""
        table = _shoal.Table()
        for column in self._key_columns(frame, groups):
            column.taken(rows).add_to(table)
        if self.time not in self.key:
            frame.column(frame.names.index(self.time), exact=True).taken(rows).add_to(table)
        number, again = "row", "same_row"  # a feature and a target
        while {number, again} & {*self.key, self.time}:
            number, again = number + "_", again + "_"
        for name in (number, again):
            Column(name, rows.astype(np.float64)).add_to(table)
        asked = {
            "tasks.source": "table", "tasks.key": self.key, "tasks.time": self.time, "tasks.features": [number], "tasks.targets": [again],
            "tasks.time_format": time_format, "tasks.missing": self.missing, "tasks.scale": False, "tasks.scale_targets": False,
            "tasks.windows.support": 1, "tasks.windows.query": 1, "tasks.windows.stride": 1,
            "tasks.split.train": 1.0, "tasks.split.validation": 0.0, "tasks.split.test": 0.0, "loss.name": "mse",
        }  # fmt: skip
        arrays = table.tasks([override(key, value) for key, value in asked.items()], True).arrays()
        return [np.asarray(arrays[side]).ravel().astype(np.int64) for side in ("support_y", "query_y")]

    def overrides(self, windows):
        """The configuration of these columns: every task is for training."""
        asked = {
            "tasks.source": "table", "tasks.key": self.key, "tasks.features": self.features, "tasks.targets": self.targets,
            "tasks.split.train": 1.0, "tasks.split.validation": 0.0, "tasks.split.test": 0.0,
        }  # fmt: skip
        if self.categorical:
            asked["tasks.categorical"] = self.categorical
        for key, value in (("tasks.time", self.time), ("tasks.offset", self.offset), ("tasks.positive", self.positive)):
            if value:
                asked[key] = value
        asked.update({f"tasks.windows.{name}": value for name, value in windows.items()})
        return [override(key, value) for key, value in asked.items()]


def named(frame, wanted, what):
    return "" if wanted is None else frame.names[frame.place_of(wanted, what)]


def free_name(wanted, taken):
    while wanted in taken:
        wanted += "_"
    return wanted


def dealt(rows, name, seed):
    """A column that deals rows into tasks of nearly equal sizes, in an order that the seed decides."""
    tasks = -(-rows // ROWS_PER_TASK)
    order = np.random.Generator(np.random.Philox(key=seed)).permutation(rows)
    numbers = np.empty(rows, np.float64)
    numbers[order] = np.arange(rows) % tasks
    return Column(name, numbers)
