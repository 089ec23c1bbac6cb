# SPDX-License-Identifier: Apache-2.0
"""Models that were adapted to tasks."""
from __future__ import annotations

import copy
import json
import pathlib
import warnings
from typing import Any

import numpy as np

from . import _shoal
from .annotations import Path
from .errors import DataError, TaskFailureWarning
from .overrides import overrides

KEPT_NAMES = 20  # of tasks in a message


def warn_of_failures(failures, tasks, what):
    """One warning for all tasks that failed."""
    if not failures:
        return
    named = ", ".join(f"{key or number!r} ({reason}, step {step})" for number, key, reason, step in failures[:KEPT_NAMES])
    more = f" and {len(failures) - KEPT_NAMES} more" if len(failures) > KEPT_NAMES else ""
    warnings.warn(f"{what}: {len(failures)} of {tasks} tasks failed, their rows are NaN: {named}{more}", TaskFailureWarning, stacklevel=4)


class AdaptedModels:
    """A model for each of many tasks. `adapt` of an estimator and `shoal.load` make them; a program does not.

    Parameters
    ----------
    content : bytes
        A file of adapted models.
    groups : list of str
        The tasks, in the order of the file.
    failures : list of tuple
        Those that failed, as (id, key, reason, step).
    estimator : estimator
        What was adapted; a copy without its adapted models is kept.

    Attributes
    ----------
    groups_ : list of str
        The tasks: texts of their keys, as in the CSV file of the data; of several key columns joined by `/`.
    status_ : array [tasks]
        0 of a task that is good; else why it failed (docs/definitions.md).
    failures_ : list of tuple
        Tasks that failed, as (id, key, reason, step).

    Examples
    --------
    >>> import numpy as np, shoal
    >>> X = np.column_stack([np.repeat(np.arange(30), 20), np.random.default_rng(0).normal(size=600)])
    >>> model = shoal.MetaRegressor(key=0, iterations=10, backend="cpu").fit(X, X[:, 0] * X[:, 1])
    >>> fresh = model.adapt(X[:40], X[:40, 1])
    >>> fresh.groups_, fresh.predict(X[:40]).shape
    (['0', '1'], (40,))
    """

    def __init__(self, content, groups, failures, estimator):
        self.content, self.groups_, self.failures_ = content, groups, failures
        self._estimator = _shape_of(estimator)
        self._run, self._models = None, None  # opened when they are first needed

    def __getstate__(self):
        return {**self.__dict__, "_run": None, "_models": None}

    @property
    def status_(self) -> np.ndarray[Any, Any]:
        """0 of a task that is good; else why it failed, uint8 [tasks]."""
        return _shoal.parse_tensors(self.content, "adapted models")[0]["status"]

    @property
    def weights_(self) -> dict[str, np.ndarray[Any, Any]]:
        """Weights of the models, arrays [tasks, ...] by the names of docs/formats.md."""
        tensors = _shoal.parse_tensors(self.content, "adapted models")[0]
        return {name.removeprefix("fast."): values for name, values in tensors.items() if name.startswith("fast.")}

    def _opened(self, place):
        from .model import EVERY_ROW

        if self._run is None:
            self._run = _shoal.Run.of_bytes(self.content, overrides(place) + EVERY_ROW, None)
        return self._run

    def _predict(self, table, model, trained_else):
        """What the models say of the rows of a table; `trained_else`: tasks without a model take the trained one."""
        if trained_else:
            run = model.whole()
            if self._models is None:
                self._models = run.parse_adapted(self.content)
            return run.predict(table, None, self._models, True)
        try:
            return self._opened(model.place).predict(table, None)
        except DataError as error:
            said, of_program, _ = str(error).partition("; make them with: shoal adapt")
            if not of_program:
                raise
            said = said.replace("model in memory: holds no adapted model", "AdaptedModels: there is no adapted model", 1)
            raise DataError(f"{said}: adapt the estimator to them first") from error

    def _rows(self, X, groups):
        from .frames import rows_as_given
        from .model import rows_of

        frame, tables = self._estimator._fitted_tables(X, groups)
        table, model = tables.table(frame, None, groups), self._estimator._model
        with rows_as_given(()):
            return rows_of(lambda: self._predict(table, model, False), tables, model, len(frame))

    def outputs(self, X: Any, groups: Any = None) -> np.ndarray[Any, Any]:
        """Network outputs in the units of the targets.

        Parameters
        ----------
        X : frame or array [n, columns]
            Rows with the columns of `fit`.
        groups : array [n], optional
            The task of each row, where `fit` had groups.

        Returns
        -------
        array [n, outputs]
            NaN for the rows of tasks whose adaptation failed.

        Raises
        ------
        DataError
            A key without a model, by name.
        """
        return self._rows(X, groups).outputs

    def predict(self, X: Any, groups: Any = None, return_std: bool = False) -> Any:
        """Predictions for the rows of X, each by the model of its key.

        Parameters
        ----------
        X : frame or array [n, columns]
            Rows with the columns of `fit`.
        groups : array [n], optional
            The task of each row, where `fit` had groups.
        return_std : bool
            Also return the standard deviation, of a MetaRegressor with the loss `gaussian-nll`.

        Returns
        -------
        array [n] or [n, targets]
            As `predict` of the estimator gives them, in the order of X. With `return_std` a pair of such arrays.

        Raises
        ------
        DataError
            A key without a model, by name.
        """
        return self._estimator._said(self._rows(X, groups), return_std)

    def predict_proba(self, X: Any, groups: Any = None) -> np.ndarray[Any, Any]:
        """Probabilities of a classifier.

        Parameters
        ----------
        X : frame or array [n, columns]
            Rows with the columns of `fit`.
        groups : array [n], optional
            The task of each row, where `fit` had groups.

        Returns
        -------
        array [n, classes]
            In the order of the estimator's `classes_`.

        Raises
        ------
        AttributeError
            The model is no classifier.
        DataError
            A key without a model, by name.
        """
        if not hasattr(self._estimator, "_probabilities"):
            raise AttributeError("predict_proba: the model is no classifier")
        return self._estimator._probabilities(self._rows(X, groups))

    def save(self, file: Path) -> None:
        """Writes the `.safetensors` file that `shoal predict` and `shoal.load` read.

        Parameters
        ----------
        file : path
            Its name ends in `.safetensors`.

        Raises
        ------
        ResourceError
            The file cannot be written.
        """
        text = json.dumps({"groups": self.groups_, "failures": self.failures_}, ensure_ascii=False)
        _shoal.write_file(str(pathlib.Path(file)), _shoal.with_metadata(self.content, {"adapted": text}))

    def __len__(self) -> int:
        return len(self.groups_)


def _shape_of(estimator):
    """A copy of the fitted estimator without adapted models."""
    shape = copy.copy(estimator)
    shape.__dict__.pop("adapted_", None)
    return shape
