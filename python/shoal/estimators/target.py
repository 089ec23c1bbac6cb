# SPDX-License-Identifier: Apache-2.0
"""Targets as columns of the engine's tables."""
import narwhals as nw
import numpy as np
from sklearn.utils.validation import column_or_1d

from ..errors import DataError
from ..frames import Column, frame_of, is_nothing, of_texts, place, refuse_masked, widened
from .tables import free_name

TARGET = "target"  # the column's name where y has none


class Target:
    """Columns of targets, and the text among two that counts as 1."""

    def __init__(self, columns, positive=""):
        self.columns, self.positive = columns, positive

    def taken(self, rows):
        return Target([column.taken(rows) for column in self.columns], self.positive)


def name_of(y, taken):
    """The name of a series, where it is a free text."""
    name = getattr(y, "name", None)
    return name if isinstance(name, str) and name and name not in taken else free_name(TARGET, taken)


def numbers_of(y, frame, names):
    """One column of numbers, or several of a two-dimensional y. `names`: those of fit; None: it is fit."""
    refuse_masked(y, "y")
    series = nw.from_native(y, series_only=True, allow_series=True, pass_through=True)
    several = None if isinstance(series, nw.Series) else frame_of(y, "y")
    if several is not None and len(several.names) > 1:
        columns = [several.column(i) for i in range(len(several.names))]
        prefix = TARGET + "_" if several.is_array else ""
        free = [free_name(prefix + (str(i) if several.is_array else column.name), frame.taken_names) for i, column in enumerate(columns)]
        columns = [column.renamed(name) for name, column in zip(free, columns)]
    else:
        name = names[0] if names else name_of(y, frame.taken_names)
        values = series.to_numpy() if isinstance(series, nw.Series) else np.asarray(y)
        values = column_or_1d(values, warn=True)
        if values.dtype.kind == "O":
            values = np.array([np.nan if is_nothing(value) else value for value in values.tolist()], object).astype(np.float64)
        if values.dtype.kind not in "fiub":
            raise DataError(f"y: {values.dtype} values are no numbers")
        wide = widened(values) if values.dtype.kind == "f" else values.astype(np.float64)
        columns = [Column(name, np.ascontiguousarray(wide))]
    if names:
        if len(names) != len(columns):
            raise DataError(f"y: {len(columns)} columns, at fit there were {len(names)}")
        columns = [column.renamed(name) for name, column in zip(names, columns)]
    for column in columns:
        require_numbers(column, frame)
    return Target(columns)


def require_numbers(column, frame):
    if column.is_text:
        raise DataError(f"y: {place(column.name)}: texts are no numbers")
    if len(column.numbers) != len(frame):
        raise DataError(f"y: Found input variables with inconsistent numbers of samples: [{len(frame)}, {len(column.numbers)}]")
    bad = ~np.isfinite(column.numbers) | column.is_missing()
    if bad.any():
        row = int(np.argmax(bad))
        raise DataError(f"y: row {row}: {column.numbers[row]}: Input contains NaN or infinity")


def text_of(label):
    """What the engine reads of a class in a CSV file."""
    if isinstance(label, (bool, np.bool_)):
        return str(bool(label))
    if isinstance(label, (float, np.floating)) and label == int(label):
        return str(int(label))
    return str(label).strip(" \t")


def labels_in(y):
    """One class per row as an array; missing ones are refused."""
    refuse_masked(y, "y")
    series = nw.from_native(y, series_only=True, allow_series=True, pass_through=True)
    values = series.to_list() if isinstance(series, nw.Series) else y
    if isinstance(values, (list, tuple)) and any(is_nothing(value) for value in values):  # NumPy would write them as texts
        values = np.array(values, object)
    values = column_or_1d(np.asarray(values), warn=True)
    if values.dtype.kind == "f":
        if not np.isfinite(values).all():
            raise DataError(f"y: row {int(np.argmax(~np.isfinite(values)))}: Input contains NaN or infinity")
        return values
    if values.dtype.kind == "O":
        for row, value in enumerate(values.tolist()):
            if is_nothing(value):
                raise DataError(f"y: row {row}: the class is missing: leave out rows without one")
    return values


def labels_of(y, name, classes, rows):
    """Classes as texts; 0 and 1 of two classes as numbers."""
    place_of = {one: text_of(one) for one in classes.tolist()}
    values = y.tolist()
    if len(values) != rows:
        raise DataError(f"y: Found input variables with inconsistent numbers of samples: [{rows}, {len(values)}]")
    for row, value in enumerate(values):
        if value not in place_of:
            raise DataError(f"y: row {row}: class {value!r} is none of those of fit")
    if len(classes) == 2 and set(classes.tolist()) == {0, 1} and y.dtype.kind in "iuf":
        return Target([Column(name, y.astype(np.float64))])
    of_texts(name, [value if isinstance(value, str) else place_of[value] for value in values]).require_names(is_target=True)
    column = of_texts(name, [place_of[value] for value in values])
    return Target([column], place_of[classes.tolist()[1]] if len(classes) == 2 else "")
