# SPDX-License-Identifier: Apache-2.0
"""MetaClassifier."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.metrics import accuracy_score
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_is_fitted

from ..annotations import Columns, Path
from ..callbacks import Callback
from ..errors import DataError, InvalidArgument
from ..frames import is_nothing, of_texts
from .base import MetaEstimator
from .documented import documented
from .regressor import MetaRegressor
from .target import labels_in, labels_of, name_of, text_of

LOSSES = ("auto", "bce", "softmax")


@documented
class MetaClassifier(ClassifierMixin, MetaEstimator):
    """Classification for many tasks: every key (client, asset, desk) is a task, and the model learns to adapt to new ones.

    Parameters
    ----------
    <first parameters>
    loss : {"auto", "bce", "softmax"}
        With `auto`, `bce` for two classes and `softmax` for more.
    pos_weight : float
        Weight of the second class, of the loss `bce`.
    <other parameters>

    Attributes
    ----------
    classes_ : array [classes]
        The classes, in order.
    <attributes>

    Examples
    --------
    >>> import numpy as np, shoal
    >>> rng = np.random.default_rng(0)
    >>> client, x = np.repeat(np.arange(30), 20), rng.normal(size=600)
    >>> X, y = np.column_stack([client, x]), np.where(np.sin(client) * x > 0, "up", "down")
    >>> model = shoal.MetaClassifier(key=0, inner_steps=3, inner_lr=0.05, iterations=50).fit(X, y)
    >>> model.predict_proba(X).shape, model.classes_.tolist()
    ((600, 2), ['down', 'up'])
    """

    def __init__(
        self,
        *,
        key: Columns | None = None, time: str | int | None = None, offset: str | int | None = None, categorical: Columns | None = None,
        loss: str = "auto", pos_weight: float = 1.0,
        support: int = 10, query: int = 10, max_categories: int = 100, time_format: str = "", windows: dict[str, int] | None = None,
        missing: str = "error", purge: int = 0, stratify: bool = False, scale: bool = True,
        scale_targets: str = "auto",
        hidden: Sequence[int] = (40, 40), activation: str = "relu", skip: bool = False, init: str = "glorot", init_sd: float = 0.01,
        algorithm: str = "maml", inner_steps: int = 1, inner_lr: float = 0.01, learned_lr: str = "none", step_weights: Sequence[float] = (),
        max_move: float = 0.0, gate: str = "off",
        iterations: int = 1000, tasks_per_batch: int = 25, sampling: str = "tasks", chunk: int = 0, optimizer: str = "adam", lr: float = 0.001,
        beta1: float = 0.9, beta2: float = 0.999, epsilon: float = 1e-8, weight_decay: float = 0.0,
        momentum: float = 0.9, clip: float = 0.0, schedule: str = "constant", final_lr: float = 0.0, validate_every: int | None = None,
        keep: str = "best", patience: int = 0, checkpoint_every: int = 0,
        log_every: int = 0, warm_start: Any = "",
        backend: str = "auto", isa: str = "auto", math: str = "exact", n_jobs: int | None = None, random_state: Any = 7, keep_adapted: bool = True,
    ) -> None:  # fmt: skip
        common = dict(locals())
        for name in ("self", "__class__", "loss", "pos_weight"):
            common.pop(name, None)
        super().__init__(**common)
        self.loss, self.pos_weight = loss, pos_weight

    def _is_binary(self):
        """Whether the network has one output, the second of two classes: that of the model, where there is one, whatever `loss` says by now."""
        if self.__sklearn_is_fitted__():
            return self._model.loss() == "bce"
        return self.loss == "bce" or (self.loss == "auto" and len(self.classes_) == 2)

    def _loss_parameters(self):
        if self.loss not in LOSSES:
            raise InvalidArgument(f"loss: {self.loss!r} is none of {', '.join(LOSSES)}")
        if self.loss == "bce" and len(self.classes_) != 2:
            raise InvalidArgument(f"loss: bce has two classes, y has {len(self.classes_)}")
        if self._is_binary():
            return {"loss": "bce", "pos_weight": self.pos_weight if self.pos_weight != 1.0 else None}
        return {"loss": "softmax"}

    def _target(self, y, frame, fit):
        if y is None:
            raise InvalidArgument("y: MetaClassifier requires y to be passed, but the target y is None")
        name = name_of(y, frame.taken_names) if fit else self._names["targets"][0]
        values = labels_in(y)
        if fit:
            check_classification_targets(values)
            self.classes_ = np.unique(values)
            if len(self.classes_) < 2:
                raise DataError(f"y: MetaClassifier needs at least 2 classes, the data have only one class: {self.classes_[0]!r}")
        target = labels_of(values, name, self.classes_, len(frame))
        if not self._is_binary():  # all classes are alike: of two, too, none is the positive one
            target.positive = ""
            if not target.columns[0].is_text:  # the classes 0 and 1
                target.columns[0] = of_texts(name, [text_of(value) for value in target.columns[0].numbers.tolist()])
        return target

    def fit(
        self, X: Any, y: Any, groups: Any = None, *, eval_set: tuple[Any, ...] | None = None, callbacks: Sequence[Callback] | None = None,
        run: Path | None = None, resume: bool = False, verbose: int = 0,
    ) -> MetaClassifier:  # fmt: skip
        return self._fit(X, y, groups, eval_set, callbacks, run, resume, verbose)

    fit.__doc__ = MetaRegressor.fit.__doc__

    def _order(self):
        """The engine's class of each of classes_."""
        labels = self._model.trained().preprocessing["labels"]
        return [labels.index(text_of(one)) for one in self.classes_.tolist()]

    def _probabilities(self, rows):
        values = rows.of_kind("probability")
        if self._is_binary():
            return np.column_stack([1.0 - values[:, 0], values[:, 0]])
        return values[:, self._order()]

    def _responses(self, rows):
        scores = self._probabilities(rows)
        labels = self.classes_[np.argmax(np.nan_to_num(scores, nan=-1.0), axis=1)]
        lost = np.isnan(scores).any(axis=1)
        if lost.any():
            labels = labels.astype(np.float64 if labels.dtype.kind in "iufb" else object)
            labels[lost] = np.nan
        return labels

    def predict(self, X: Any, groups: Any = None) -> np.ndarray[Any, Any]:
        """Classes of the rows of X.

        Parameters
        ----------
        X : frame or array [n, columns]
            Rows with the columns of `fit`.
        groups : array [n], optional
            The task of each row, where `fit` had groups.

        Returns
        -------
        array [n]
            Rows of keys in `adapted_` by their model, all others by the trained one; NaN of a task whose adaptation failed.

        Raises
        ------
        DataError
            What is wrong with the data, with column and row.
        NumericError
            Every task failed.
        """
        return self._responses(self._predicted(X, groups))

    def predict_proba(self, X: Any, groups: Any = None) -> np.ndarray[Any, Any]:
        """Probabilities of the classes.

        Parameters
        ----------
        X : frame or array [n, columns]
            Rows with the columns of `fit`.
        groups : array [n], optional
            The task of each row, where `fit` had groups.

        Returns
        -------
        array [n, classes]
            In the order of `classes_`.

        Raises
        ------
        DataError
            What is wrong with the data, with column and row.
        NumericError
            Every task failed.
        """
        return self._probabilities(self._predicted(X, groups))

    def decision_function(self, X: Any, groups: Any = None) -> np.ndarray[Any, Any]:
        """Scores that grow with the probabilities.

        Parameters
        ----------
        X : frame or array [n, columns]
            Rows with the columns of `fit`.
        groups : array [n], optional
            The task of each row, where `fit` had groups.

        Returns
        -------
        array [n] or [n, classes]
            Log-odds of the second of two classes, or a score of each class.

        Raises
        ------
        DataError
            What is wrong with the data, with column and row.
        NumericError
            Every task failed.
        """
        rows = self._predicted(X, groups)
        return rows.outputs[:, 0] if self._is_binary() else rows.outputs[:, self._order()]

    def score(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> float:
        """Accuracy of query rows after adaptation to the support of each task, or, without tasks, of all rows.

        Parameters
        ----------
        X : frame or array [n, columns]
            Rows with the columns of `fit`.
        y : array [n]
            Their targets.
        sample_weight : array [n], optional
            Weights of the rows in the metric.
        groups : array [n], optional
            The task of each row, where `fit` had groups.

        Returns
        -------
        float
            Share of the rows that are right. Rows of a class that `fit` never saw can train no model, so they are in no task, and all of them
            count as wrong.

        Raises
        ------
        DataError
            What is wrong with the data, with column and row.
        NumericError
            Every task failed.
        """
        strange = np.zeros(0, np.int64) if y is None else self._rows_of_unknown_classes(y)

        def metric(true, said, weight):
            if len(strange) > 0 and not self._names["dealt"]:
                true = np.concatenate([true, np.asarray(y)[strange]])
                said = np.concatenate([said, np.full(len(strange), self.classes_[0])])
                weight = None if weight is None else np.concatenate([weight, np.asarray(sample_weight)[strange]])
            return accuracy_score(true, said, sample_weight=weight)

        return self._score(X, y, sample_weight, groups, metric, without=strange)

    def _rows_of_unknown_classes(self, y):
        """Rows whose label is none of those of fit; a missing label is no class."""
        check_is_fitted(self)
        known = set(self.classes_.tolist())
        values = np.asarray(y).ravel().tolist()
        return np.array([row for row, value in enumerate(values) if not is_nothing(value) and value not in known], np.int64)
