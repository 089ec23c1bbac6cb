# SPDX-License-Identifier: Apache-2.0
"""A trained model as bytes of its file, opened when it is first needed."""
import csv
import json
import os
import pathlib
import re
import tempfile
import warnings

import numpy as np

from . import _shoal
from .adapted import warn_of_failures
from .errors import DataError, NumericError, UnknownCategoryWarning
from .overrides import overrides

EVERY_ROW = [  # of a table whose rows with targets are all support rows, and whose others are all predicted
    ("tasks.support", "2147483647", "tasks.support", False),
    ("tasks.windows.support", "0", "tasks.windows", False),
    ("tasks.windows.query", "0", "tasks.windows", False),
    ("tasks.windows.stride", "0", "tasks.windows", False),
    ("tasks.windows.purge", "0", "tasks.windows", False),
    ("tasks.purge", "0", "tasks.purge", False),
    ("tasks.stratify", "false", "tasks.stratify", False),
]


class Rows:
    """Outputs [rows, outputs] and responses [rows, responses] of some rows of a table."""

    def __init__(self, rows, outputs, responses, kinds, classes):
        self.rows, self.outputs, self.responses, self.kinds, self.classes = rows, outputs, responses, kinds, classes

    def taken(self, mask):
        return Rows(self.rows[mask], self.outputs[mask], self.responses[mask], self.kinds, self.classes)

    def of_kind(self, kind):
        """The responses of one kind [rows, columns]."""
        return self.responses[:, [i for i, (one, _) in enumerate(self.kinds) if one == kind]]


def rows_of(call, tables, model, count):
    """The predictions that `call` asks the engine for. It refuses a table without rows: where every row is left out, all are NaN."""
    try:
        told = call()
    except DataError:
        if not tables.leaves_all_out():
            raise
        return model.nothing(count)
    return predicted(told, count)


def predicted(told, count):
    """The predictions of a table of `count` rows in the order of its rows; rows that are in no task are NaN."""
    warn_of_unknown(told)
    warn_of_failures(told["failures"], told["tasks"], "predict")
    if told["tasks"] > 0 and told["good"] == 0:
        raise NumericError(f"predict: all {told['tasks']} tasks failed, e.g. {told['failures'][0][2]}")
    outputs = np.full((count, told["output"].shape[1]), np.nan)
    responses = np.full((count, told["response"].shape[1]), np.nan)
    outputs[told["row"]], responses[told["row"]] = told["output"], told["response"]
    return Rows(np.arange(count), outputs, responses, told["responses"], told["classes"])


def warn_of_unknown(told):
    unknown = told["unknown_categories"]
    if unknown:
        warnings.warn(
            f"{len(unknown)} categories that no training row had count as none, e.g. {unknown[0]}", UnknownCategoryWarning, stacklevel=4
        )


class Model:
    """The bytes of a model's file and where it runs; pickled as they are."""

    def __init__(self, content, place):
        self.content, self.place = content, place
        self._opened = {}

    def __getstate__(self):
        return {"content": self.content, "place": self.place}

    def __setstate__(self, state):
        self.__dict__.update(state)
        self._opened = {}

    def _open(self, name, more):
        if name not in self._opened:
            self._opened[name] = _shoal.Run.of_bytes(self.content, overrides(self.place) + more, None)
        return self._opened[name]

    def trained(self):
        """Cuts a table into support and query as the training did."""
        return self._open("trained", [])

    def whole(self):
        """Takes every row with a target as a support row, and predicts every other."""
        return self._open("whole", EVERY_ROW)

    def tensors(self):
        return _shoal.parse_tensors(self.content, "model in memory")[0]

    def metadata(self):
        return _shoal.parse_tensors(self.content, "model in memory")[1]

    def loss(self):
        """The loss of the training, which says what the outputs are."""
        return self.whole().loss

    def nothing(self, count):
        """What is predicted of `count` rows that are in no task: NaN."""
        tensors, loss = self.tensors(), self.loss()
        layers = sum(re.fullmatch(r"layers\.[0-9]+\.bias", name) is not None for name in tensors)
        outputs = len(tensors[f"layers.{layers - 1}.bias"])
        if loss == "gaussian-nll":
            kinds = ["mean"] * (outputs // 2) + ["variance"] * (outputs // 2)
        else:
            kinds = [{"bce": "probability", "softmax": "probability", "pinball": "quantile", "qlike": "variance"}.get(loss, "prediction")] * outputs
        lost = np.full((count, outputs), np.nan)
        return Rows(np.arange(count), lost, lost.copy(), [(kind, kind) for kind in kinds], self.whole().preprocessing["labels"])

    def steps(self):
        """Adaptation steps that adapt and predict take."""
        return self.trained().steps

    def evaluate(self, table, steps, count):
        """What `shoal evaluate` says, and the query rows' predictions after the last of the steps."""
        handle, file = tempfile.mkstemp(prefix="shoal-", suffix=".csv")
        os.close(handle)
        try:
            told = self.trained().evaluate(table, [int(one) for one in steps], file)
            rows = read_predictions(file, max(int(one) for one in steps), self.trained().preprocessing["labels"])
        finally:
            pathlib.Path(file).unlink(missing_ok=True)
        warn_of_unknown(told)
        return told, rows


KINDS = {"q": "quantile"}  # of responses whose names do not begin with their kind


def read_predictions(file, steps, classes):
    """The rows of a file of predictions after `steps` steps, in the order of the table."""
    found = {}
    with open(file, encoding="utf-8", newline="") as stream:
        lines = csv.reader(stream)
        header = next(lines)
        at_row, at_steps = header.index("row"), header.index("steps")
        outputs = [i for i, name in enumerate(header) if name.startswith("output_")]
        first = outputs[-1] + 1
        kinds = [(KINDS.get(name.split("_")[0], name.split("_")[0]), name) for name in header[first:]]
        place = {name: float(i) for i, name in enumerate(classes)}
        for line in lines:
            if int(line[at_steps]) != steps:
                continue
            responses = [place.get(text, np.nan) if kind == "label" else float(text or "nan") for text, (kind, _) in zip(line[first:], kinds)]
            found[int(line[at_row])] = ([float(line[i] or "nan") for i in outputs], responses)
    rows = sorted(found)
    return Rows(
        np.array(rows, dtype=np.int64),
        np.array([found[row][0] for row in rows], dtype=np.float64).reshape(len(rows), len(outputs)),
        np.array([found[row][1] for row in rows], dtype=np.float64).reshape(len(rows), len(kinds)),
        kinds,
        classes,
    )


def with_estimator(content, estimator):
    """The model's bytes with the estimator's class and parameters in their metadata: of a derived class, those of the class of this package."""
    kind = next(one for one in type(estimator).__mro__ if one.__module__.startswith("shoal.estimators."))
    parameters = {name: plain(getattr(estimator, name)) for name in kind._get_param_names()}
    if isinstance(estimator.random_state, (np.random.RandomState, np.random.Generator)) or estimator.random_state is np.random:
        parameters["random_state"] = getattr(estimator, "_drawn_seed", None)
    fitted = {"n_features_in": int(estimator.n_features_in_), "names": estimator._names, "n_iter": estimator.n_iter_}
    if hasattr(estimator, "feature_names_in_"):
        fitted["feature_names_in"] = [str(name) for name in estimator.feature_names_in_]
    if hasattr(estimator, "classes_"):
        fitted["classes"] = [plain(one) for one in estimator.classes_]
    text = json.dumps({"class": kind.__name__, "parameters": parameters, "fitted": fitted}, ensure_ascii=False)
    return _shoal.with_metadata(content, {"estimator": text})


def plain(value):
    """A value as JSON takes it."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    if isinstance(value, (list, tuple, np.ndarray)):
        return [plain(one) for one in value]
    if value is None or isinstance(value, (bool, int, float, str)):
        return value
    if isinstance(value, dict):
        return {str(key): plain(one) for key, one in value.items()}
    return repr(value)
