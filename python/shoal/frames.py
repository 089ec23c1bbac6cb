# SPDX-License-Identifier: Apache-2.0
"""Frames and arrays as columns of the engine: numbers, or texts as codes into levels.

A column becomes what the engine reads from the CSV file that pandas writes of it, with two exceptions: booleans are the numbers 0 and 1,
and the values of text, category and enum columns are names, whatever they look like. The engine drops blanks around a text and has words for
a missing value, so texts that would lose their meaning there are refused.
"""
import contextlib
import datetime
import decimal
import numbers
import re

import narwhals as nw
import numpy as np

from .errors import DataError

LARGEST_EXACT = 2**53  # whole numbers that a double holds exactly
POWERS = np.array([float(f"1e{power}") for power in range(23)])  # of 10 that a double holds exactly
UNITS = ("D", "s", "ms", "us", "ns")  # of dates, from the coarsest
MISSING_WORDS = frozenset(  # texts that the engine takes for a missing value: number_notation.cpp
    ["NA", "N/A", "n/a", "#N/A", "<NA>", "NaN", "nan", "NAN", "-nan", "-NaN", "NULL", "Null", "null", "None"]
)


class Column:
    """Numbers (float64 [rows]) or texts (codes int32 [rows], -1: missing, and their levels). `form`: how dates are written, (unit, zone)."""

    def __init__(self, name, numbers=None, codes=None, levels=None, missing=None, form=None):
        self.name, self.numbers, self.codes, self.levels, self.missing, self.form = name, numbers, codes, levels, missing, form

    @property
    def is_text(self):
        return self.numbers is None

    def is_missing(self):
        """Which rows have no value."""
        if self.is_text:
            return self.codes < 0
        gone = np.isnan(self.numbers)
        return gone if self.missing is None else gone | (self.missing != 0)

    def texts(self):
        """Row by row; None where the value is missing."""
        if not self.is_text:
            raise TypeError(self.name)
        return [None if code < 0 else self.levels[code] for code in self.codes]

    def taken(self, rows):
        """The column of these rows (a mask or places)."""
        if self.is_text:
            return Column(self.name, codes=self.codes[rows], levels=self.levels, form=self.form)
        return Column(self.name, self.numbers[rows], missing=None if self.missing is None else self.missing[rows])

    def renamed(self, name):
        return Column(name, self.numbers, self.codes, self.levels, self.missing, self.form)

    def require_names(self, is_key=False, is_target=False):
        """Refuses texts that the engine would take for missing ones, or two for the same: it reads texts as cells of a CSV file. A key may be `NA`."""
        if not self.is_text:
            return
        used = np.zeros(len(self.levels), bool)
        used[self.codes[self.codes >= 0]] = True
        first = {}
        for code in np.flatnonzero(used).tolist():
            text = self.levels[code]
            cell = text.strip(" \t")
            if not cell:
                why = "is blank, which is no name: make it None where the value is missing, or give it a name"
            elif not is_key and cell in MISSING_WORDS:
                why = "is a word for a missing value, so it cannot be a name: make it None where the value is missing, or rename it"
            elif first.setdefault(cell, text) != text:
                why = f"differs from {first[cell]!r} in blanks alone, which do not count"
            else:
                continue
            row = int(np.argmax(self.codes == code))
            raise DataError(f"{f'y: row {row}' if is_target else place(self.name, row)}: {text!r} {why}")

    def add_to(self, table):
        """Adds the column to a table of the engine, which borrows it."""
        if self.is_text:
            table.add_texts(self.name, np.ascontiguousarray(self.codes), self.levels)
        else:
            table.add_numbers(self.name, np.ascontiguousarray(self.numbers), self.missing)


def of_texts(name, texts, form=None):
    """A column of Python texts; None is missing. `form`: of dates."""
    place, codes = {}, np.empty(len(texts), np.int32)
    for row, text in enumerate(texts):
        codes[row] = -1 if text is None else place.setdefault(text, len(place))
    return Column(name, codes=codes, levels=list(place), form=form)


def digits_of(column):
    """Numbers that are categories, as texts."""
    if np.isinf(column.numbers).any():
        raise DataError(f"{place(column.name, int(np.argmax(np.isinf(column.numbers))))}: inf: infinite values are refused")
    texts = [None if gone else (str(int(v)) if v == int(v) else repr(float(v))) for v, gone in zip(column.numbers, column.is_missing())]
    return of_texts(column.name, texts)


def listed(names):
    """Names of columns: none, one, or several."""
    if names is None:
        return []
    return list(names) if isinstance(names, (list, tuple, np.ndarray)) else [names]


def place(name, row=None):
    return f"column {name!r}" if row is None else f"row {row}: column {name!r}"


def widened(values):
    """float64 of the decimal text that a shorter float is written as: 0.1f becomes 0.1, as in a CSV file."""
    if values.dtype == np.float64:
        return values
    if values.dtype != np.float32:
        return as_printed(values)
    return shortest_decimals(np.ascontiguousarray(values))


def as_printed(values):
    return values.astype(str).astype(np.float64)


def shortest_decimals(values):
    """`values.astype(str).astype(float64)` of float32 without the texts: the shortest decimals m / 10^k that are rounded to these numbers.

    m < 10^9 and 10^k up to 10^22 are exact in double precision, so their quotient is what reading the text gives. Decimals of up to six digits
    lie so far apart that one look finds them all. Numbers for which this does not hold, and ties in the last digit, go by their texts.
    """
    with np.errstate(invalid="ignore"):  # NaNs that signal
        wide = values.astype(np.float64)
    result = np.where(values == 0, wide, np.nan)
    size = np.abs(wide)
    open_ = np.flatnonzero((size >= 1e-12) & (size < 1e13))
    number, by_text = wide[open_], [np.flatnonzero(~((size >= 1e-12) & (size < 1e13)) & (values != 0))]
    exponent = np.floor(np.log10(np.abs(number))).astype(np.int64)
    for digits in range(6, 10):
        power = digits - 1 - exponent
        scale = POWERS[np.abs(power)]
        scaled = np.where(power >= 0, number * scale, number / scale)
        whole = np.rint(scaled)
        decimal = np.where(power >= 0, whole / scale, whole * scale)
        is_tie = np.abs(np.abs(scaled - whole) - 0.5) < 1e-6
        is_close = np.abs(decimal - number) <= 2 * np.spacing(np.abs(values[open_]))
        unclear = is_close & (is_tie | is_between(decimal))
        found = ~unclear & (decimal.astype(np.float32) == values[open_])
        by_text.append(open_[unclear])
        result[open_[found]] = decimal[found]
        left = ~(found | unclear)
        open_, number, exponent = open_[left], number[left], exponent[left]
    rows = np.concatenate([*by_text, open_])
    result[rows] = as_printed(values[rows])
    return result


def is_between(numbers):
    """Doubles that lie next to the middle of two neighbouring floats, where rounding twice might err."""
    bits = numbers.view(np.int64) & ((1 << 29) - 1)  # what a float has no room for
    return np.abs(bits - (1 << 28)) <= 2


def dates(name, values, missing, form=None):
    """datetime64 as the text that pandas writes: days alone where all are midnight, else to the same fraction of a second.

    `form`: that of the dates of another column, in which the same dates have the same texts.
    """
    if form is not None and form[1] is not None:
        raise DataError(f"{place(name)}: dates without a time zone; at fit they had the zone {form[1]}")
    values = values.copy()
    values[missing] = np.datetime64(0, "s")
    if form is None:
        unit = next((unit for unit in UNITS if np.all(values == values.astype(f"datetime64[{unit}]"))), UNITS[-1])
        texts = np.datetime_as_string(values.astype(f"datetime64[{unit}]"), unit=unit).tolist()
    else:
        unit = form[0]
        texts, left = [None] * len(values), np.arange(len(values))
        for finer in UNITS[UNITS.index(unit) :]:
            short = values[left].astype(f"datetime64[{finer}]")
            fits = (short == values[left]) | (finer == UNITS[-1])
            for row, text in zip(left[fits].tolist(), np.datetime_as_string(short[fits], unit=finer).tolist()):
                texts[row] = text
            left = left[~fits]
    return of_texts(name, [None if gone else text.replace("T", " ") for text, gone in zip(texts, missing)], form=(unit, None))


def whole_numbers(name, values, missing, exact):
    """Whole numbers; as texts of digits where `exact` ones (keys, times, categories) are beyond what a double holds."""
    small = values.size == 0 or (int(values.max()) <= LARGEST_EXACT and int(values.min()) >= -LARGEST_EXACT)
    if exact and not small:
        return of_texts(name, [None if gone else str(value) for value, gone in zip(values.tolist(), missing)])
    return Column(name, values.astype(np.float64), missing=missing.astype(np.uint8) if missing.any() else None)


def is_nothing(value):
    """Whether an object stands for a missing value: None, NaN, NA or NaT."""
    if isinstance(value, (numbers.Number, np.datetime64)):
        return bool(value != value)
    return value is None or type(value).__name__ in ("NAType", "NaTType")


def is_number(value):
    return isinstance(value, (bool, np.bool_, numbers.Real)) and not isinstance(value, (decimal.Decimal, np.timedelta64))


def as_double(value, name, row):
    try:
        return float(value)
    except OverflowError:
        raise DataError(f"{place(name, row)}: {value} is beyond the range of double precision") from None


def of_objects(name, values, exact=False, form=None):
    """A column of Python objects: all texts, all numbers or all dates; None and NaN are missing."""
    missing = np.array([is_nothing(v) for v in values], bool)
    present = [(row, v) for row, v in enumerate(values) if not missing[row]]
    if present and all(isinstance(v, str) for _, v in present):
        return of_texts(name, [None if gone else str(v) for v, gone in zip(values, missing)])
    if all(is_number(v) for _, v in present):
        large = any(isinstance(v, numbers.Integral) and abs(int(v)) > LARGEST_EXACT for _, v in present)
        if exact and large and all(isinstance(v, numbers.Integral) or float(v).is_integer() for _, v in present):
            return of_texts(name, [None if gone else str(int(v)) for v, gone in zip(values, missing)])
        return Column(name, np.array([np.nan if gone else as_double(v, name, row) for row, (v, gone) in enumerate(zip(values, missing))], np.float64))
    if all(isinstance(v, datetime.date) and not isinstance(v, datetime.datetime) for _, v in present):
        days = np.array([datetime.date(1970, 1, 1) if gone else v for v, gone in zip(values, missing)], "datetime64[D]")
        return dates(name, days, missing, form)
    first = type(present[0][1])
    if not (first is str or is_number(present[0][1])):
        advice = "; make the column one of dates (pandas.to_datetime)" if issubclass(first, datetime.date) else ""
        raise Unreadable(f"{place(name, present[0][0])}: a {first.__name__}: a column must be a string or a number in every row{advice}")
    row, value = next((row, v) for row, v in present if not (isinstance(v, str) if first is str else is_number(v)))
    raise Unreadable(
        f"{place(name, row)}: a {type(value).__name__} among values of {first.__name__}: a column must be a string or a number in every row"
    )


class Unreadable(DataError, TypeError):
    """A value of a type that is no column's."""


def of_array(name, values, exact, form=None):
    """A column of a NumPy array."""
    refuse_masked(values, place(name))
    kind = values.dtype.kind
    if kind == "b":
        return Column(name, values.astype(np.float64))
    if kind in "iu":
        return whole_numbers(name, values, np.zeros(len(values), bool), exact)
    if kind == "f":
        if values.dtype.itemsize > 8:
            raise DataError(f"{place(name)}: {values.dtype} has more digits than float64")
        return Column(name, np.ascontiguousarray(widened(values)))
    if kind == "M":
        return dates(name, values, np.isnat(values), form)
    if kind in "UST":
        return of_texts(name, [str(v) for v in values.tolist()])
    if kind == "O":
        return of_objects(name, values.tolist(), exact, form)
    raise DataError(f"{place(name)}: values of type {values.dtype} are neither numbers nor texts nor dates")


def with_zone(name, series, form=None):
    """Times with their offset from UTC, as pandas writes them; in the zone of `form`, where the same instants have the same texts."""
    zone = series.dtype.time_zone
    if form is not None and form[1] is None:
        raise DataError(f"{place(name)}: dates in the time zone {zone}; at fit they had none")
    if form is not None and form[1] != zone:
        zone = form[1]
        series = series.dt.convert_time_zone(zone)
    local = series.dt.replace_time_zone(None).to_numpy()
    instant = series.dt.convert_time_zone("UTC").dt.replace_time_zone(None).to_numpy()
    missing = np.isnat(local)
    ahead = np.where(missing, 0, (local - instant).astype("timedelta64[s]").astype(np.int64))
    texts = []
    unit = np.datetime_data(local.dtype)[0]
    written = np.datetime_as_string(local, unit="us" if unit in ("s", "ms") else unit).tolist()
    for text, gone, seconds in zip(written, missing.tolist(), ahead.tolist()):
        if gone:
            texts.append(None)
            continue
        whole, fraction = text.replace("T", " ").split(".")
        if len(fraction) > 6 and fraction.endswith("000"):
            fraction = fraction[:6]
        minutes = abs(round(seconds / 60))
        texts.append(f"{whole}{'.' + fraction if int(fraction) else ''}{'-' if seconds < 0 else '+'}{minutes // 60:02d}:{minutes % 60:02d}")
    return of_texts(name, texts, form=("ns", zone))


def of_series(name, series, exact, form=None):
    """A column of a frame."""
    dtype = series.dtype
    missing = series.is_null().to_numpy().astype(bool)
    if dtype == nw.Boolean:
        values = series.fill_null(False).to_numpy().astype(np.float64) if missing.any() else series.to_numpy().astype(np.float64)
        return Column(name, values, missing=missing.astype(np.uint8) if missing.any() else None)
    if dtype.is_integer():
        values = series.fill_null(0).to_numpy() if missing.any() else series.to_numpy()
        return whole_numbers(name, values, missing, exact)
    if dtype.is_float():
        values = np.asarray(series.to_numpy(), dtype=np.float32 if dtype == nw.Float32 else None)
        values = widened(values if values.dtype.kind == "f" else values.astype(np.float64))
        return Column(name, np.ascontiguousarray(values), missing=missing.astype(np.uint8) if missing.any() else None)
    if dtype in (nw.String, nw.Categorical, nw.Enum):
        try:
            texts = series.cast(nw.String).to_list()
        except Exception as error:  # a category that is no text
            raise DataError(f"{place(name)}: its categories are no texts") from error
        return of_texts(name, [None if gone else text for text, gone in zip(texts, missing)])
    if dtype == nw.Date:
        days = [datetime.date(1970, 1, 1) if gone else v for v, gone in zip(series.to_list(), missing)]
        return dates(name, np.array(days, "datetime64[D]"), missing, form)
    if dtype == nw.Datetime:
        if dtype.time_zone is not None:
            return with_zone(name, series, form)
        return dates(name, series.to_numpy(), missing, form)
    if dtype == nw.Unknown and missing.all():  # nothing says of what type the values would be
        return Column(name, np.full(len(missing), np.nan))
    if dtype == nw.Object:
        return of_objects(name, series.to_list(), exact, form)
    raise DataError(f"{place(name)}: values of type {dtype} are neither numbers nor texts nor dates")


@contextlib.contextmanager
def rows_as_given(targets, has_eval_set=False):
    """What the engine says of a row of its table is said of X or y, or, where it may be either, also of `eval_set`."""
    try:
        yield
    except DataError as error:
        found = re.fullmatch(r'table row (\d+): column "((?:[^"\\]|\\.)*)"(.*)', str(error), re.DOTALL)
        if found is None:
            raise
        row, name, why = found[1], found[2], found[3].replace("table row ", "row ")
        if name in targets:
            raise type(error)(f"y{', or that of eval_set' if has_eval_set else ''}: row {row}{why}") from None
        raise type(error)(f"{'X or eval_set: ' if has_eval_set else ''}{place(name, row)}{why}") from None


class Frame:
    """The columns of X, by place and by name. `labels`: the names of a frame before they were texts."""

    def __init__(self, names, rows, columns, is_array, labels=None):
        self.names, self.rows, self._columns, self.is_array = names, rows, columns, is_array
        self.labels = names if labels is None else labels
        self.taken_names = set(names)
        self._features = {}  # columns that were made before

    def __len__(self):
        return self.rows

    @property
    def is_named(self):
        """Whether all columns came with texts for names."""
        return not self.is_array and all(isinstance(label, str) for label in self.labels)

    def place_of(self, wanted, what):
        """The place of a column that is named, or counted in an array."""
        is_whole = isinstance(wanted, numbers.Integral) and not isinstance(wanted, bool)
        if is_whole and (self.is_array or self.is_named):
            if not 0 <= wanted < len(self.names):
                raise DataError(f"{what}: there is no column {wanted}: X has {len(self.names)}")
            return int(wanted)
        for names in (self.labels, self.names) if is_whole else (self.names,):
            if wanted in names:
                return names.index(wanted)
        raise DataError(f"{what}: X has no column {wanted!r}: its columns are {', '.join(map(repr, self.labels[:20]))}")

    def column(self, at, exact=False, form=None):
        """`exact`: whole numbers keep all their digits. `form`: how dates are written."""
        values, name = self._columns[at], self.names[at]
        return of_array(name, values, exact, form) if isinstance(values, np.ndarray) else of_series(name, values, exact, form)

    def feature(self, name, is_category):
        """A column that is an input of the model."""
        known = self._features.get((name, is_category))
        if known is not None:
            return known
        column = self.column(self.names.index(name), exact=is_category)
        if column.form is not None:
            raise DataError(f"{place(name)}: dates are no features: give it as time or key, or make numbers of them")
        self._features[name, is_category] = digits_of(column) if is_category and not column.is_text else column
        return self._features[name, is_category]

    def reserving(self, names):
        """The same frame; targets have none of these names, either."""
        self.taken_names.update(names)
        return self

    def renamed(self, names):
        """The frame with other names, by place."""
        return Frame(list(names), self.rows, self._columns, self.is_array)

    def taken(self, rows):
        """The frame of these rows (ascending places)."""
        columns = [values[rows] if isinstance(values, np.ndarray) else values[rows.tolist()] for values in self._columns]
        return Frame(self.names, len(rows), columns, self.is_array, self.labels)

    def values(self, at):
        """A column as it came: an array, or a series of narwhals."""
        return self._columns[at]

    def kind(self, at):
        """`f` for a column of floats, else another letter."""
        values = self._columns[at]
        return values.dtype.kind if isinstance(values, np.ndarray) else ("f" if values.dtype.is_float() else "x")


def refuse_masked(values, what):
    """A mask would be lost: arrays have no missing values but NaN."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        row = int(np.argmax(np.ma.getmaskarray(values).reshape(len(values), -1).any(axis=1)))
        raise DataError(f"{what}: row {row}: a masked value; write NaN instead: filled(numpy.nan)")


def frame_of(X, what="X"):
    """A Frame of an eager frame that narwhals knows, of an object with `__arrow_c_stream__`, or of a 2-D array; None for other objects."""
    refuse_masked(X, what)
    labels = getattr(X, "columns", None) if type(X).__module__.split(".")[0] == "pandas" else None
    if labels is not None and not labels.is_unique:
        raise twice_in(what, labels[labels.duplicated()][0])
    frame = nw.from_native(X, allow_series=True, pass_through=True)
    if isinstance(frame, nw.Series):
        raise DataError(f"{what}: a Series is one column: give a frame, e.g. by to_frame()")
    if isinstance(frame, nw.LazyFrame) and not hasattr(X, "__arrow_c_stream__"):
        raise DataError(f"{what}: a {type(X).__name__} has no rows yet: collect it first")
    if not isinstance(frame, nw.DataFrame) and hasattr(X, "__arrow_c_stream__"):
        frame = nw.from_native(from_arrow(X, what), eager_only=True)
    if isinstance(frame, nw.DataFrame):
        labels = list(frame.columns)
        names = [str(name) for name in labels]
        twice = {name for name in names if names.count(name) > 1}
        if twice:
            raise twice_in(what, sorted(twice)[0])
        return Frame(names, len(frame), list(frame.iter_columns()), False, labels)  # by place: names may be numbers
    if isinstance(X, np.ndarray) and X.ndim == 2:
        return Frame([f"x{i}" for i in range(X.shape[1])], X.shape[0], [X[:, i] for i in range(X.shape[1])], True)
    return None


def twice_in(what, name):
    return DataError(f"{place(str(name))}: {what} has two columns of this name")


def from_arrow(stream, what):
    """A frame of polars or of pyarrow, whichever is there."""
    try:
        import polars

        return polars.DataFrame(stream)
    except ImportError:
        pass
    try:
        import pyarrow

        return pyarrow.table(stream)
    except ImportError:
        raise DataError(f"{what}: a {type(stream).__name__} hands out an Arrow stream, which needs polars or pyarrow") from None
