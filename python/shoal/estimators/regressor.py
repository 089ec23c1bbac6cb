# SPDX-License-Identifier: Apache-2.0
"""MetaRegressor."""
from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import r2_score

from ..annotations import Columns, Path
from ..callbacks import Callback
from ..errors import InvalidArgument
from .base import MetaEstimator
from .documented import documented
from .target import numbers_of

LOSSES = ("mse", "huber", "gaussian-nll", "qlike")


@documented
class MetaRegressor(RegressorMixin, MetaEstimator):
    """Regression for many tasks: every key (client, asset, desk) is a task, and the model learns to adapt to new ones.

    Parameters
    ----------
    <first parameters>
    loss : {"mse", "huber", "gaussian-nll", "qlike"}
        `gaussian-nll` also predicts a standard deviation; `qlike` predicts a variance, of targets above 0.
    delta : float
        Where `huber` turns from quadratic to linear, in units of the scaled targets.
    floor : float, optional
        Smaller targets count as this, of `qlike`.
    <other parameters>

    Attributes
    ----------
    <attributes>

    Examples
    --------
    >>> import numpy as np, shoal
    >>> rng = np.random.default_rng(0)
    >>> client = np.repeat(np.arange(30), 20)
    >>> x = rng.normal(size=600)
    >>> y = np.sin(client) * x + 0.01 * rng.normal(size=600)
    >>> model = shoal.MetaRegressor(key=0, support=10, inner_steps=3, inner_lr=0.05, iterations=50)
    >>> X = np.column_stack([client, x])
    >>> model.fit(X, y).predict(X).shape
    (600,)
    """

    def __init__(
        self,
        *,
        key: Columns | None = None, time: str | int | None = None, offset: str | int | None = None, categorical: Columns | None = None,
        loss: str = "mse", delta: float = 1.0, floor: float | None = None,
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
        for name in ("self", "__class__", "loss", "delta", "floor"):
            common.pop(name, None)
        super().__init__(**common)
        self.loss, self.delta, self.floor = loss, delta, floor

    def _loss_parameters(self):
        if self.loss not in LOSSES:
            raise InvalidArgument(f"loss: {self.loss!r} is none of {', '.join(LOSSES)}")
        return {
            "loss": self.loss,
            "delta": self.delta if self.loss == "huber" else None,
            "floor": self.floor if self.loss == "qlike" else None,
        }

    def _target(self, y, frame, fit):
        if y is None:
            raise InvalidArgument("y: MetaRegressor requires y to be passed, but the target y is None")
        return numbers_of(y, frame, None if fit else self._names["targets"])

    def fit(
        self, X: Any, y: Any, groups: Any = None, *, eval_set: tuple[Any, ...] | None = None, callbacks: Sequence[Callback] | None = None,
        run: Path | None = None, resume: bool = False, verbose: int = 0,
    ) -> MetaRegressor:  # fmt: skip
        """Meta-trains: every key, or every group, is a task.

        Parameters
        ----------
        X : frame or array [n, columns]
            A frame of pandas, polars or pyarrow, an object with an Arrow stream, or a two-dimensional array.
        y : array [n] or [n, targets]
            What is predicted.
        groups : array [n], optional
            The task of each row, instead of `key`.
        eval_set : (X, y) or (X, y, groups), optional
            Rows of other keys: the validation tasks of `validate_every`, `patience` and `keep`.
        callbacks : list of shoal.callbacks.Callback, optional
            Called every `log_every` iterations; they may end the training.
        run : path, optional
            Also writes the run folder of `shoal train --out`.
        resume : bool
            Goes on from the newest checkpoint of `run`, where there is one.
        verbose : int
            1 shows a progress bar.

        Returns
        -------
        estimator
            Itself, fitted.

        Raises
        ------
        DataError
            What is wrong with the data, with column and row.
        InvalidArgument
            A parameter that is out of range.
        NumericError
            Every task failed.
        KeyboardInterrupt
            After Ctrl-C, between two iterations: the estimator is fitted with what it has.
        """
        return self._fit(X, y, groups, eval_set, callbacks, run, resume, verbose)

    def _responses(self, rows):
        kind = {"gaussian-nll": "mean", "qlike": "variance"}.get(self._model.loss(), "prediction")
        values = rows.of_kind(kind)
        return values[:, 0] if values.shape[1] == 1 else values

    def predict(self, X: Any, groups: Any = None, return_std: bool = False) -> Any:
        """Predictions for the rows of X.

        Parameters
        ----------
        X : frame or array [n, columns]
            Rows with the columns of `fit`.
        groups : array [n], optional
            The task of each row, where `fit` had groups.
        return_std : bool
            Also return the standard deviation, of the loss `gaussian-nll`.

        Returns
        -------
        array [n] or [n, targets]
            Rows of keys in `adapted_` by their model, all others by the trained one. With `return_std` a pair of such arrays.

        Raises
        ------
        DataError
            What is wrong with the data, with column and row.
        NumericError
            Every task failed.
        """
        return self._said(self._predicted(X, groups), return_std)

    def _said(self, rows, return_std):
        if not return_std:
            return self._responses(rows)
        if self._model.loss() != "gaussian-nll":
            raise InvalidArgument(f"return_std: loss {self._model.loss()!r} has no standard deviation; take 'gaussian-nll'")
        deviation = np.sqrt(rows.of_kind("variance"))
        return self._responses(rows), (deviation[:, 0] if deviation.shape[1] == 1 else deviation)

    def score(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> float:
        """R2 of query rows after adaptation to the support of each task, or, without tasks, of all rows.

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
            1 for exact predictions, 0 for those of a constant.

        Raises
        ------
        DataError
            What is wrong with the data, with column and row.
        NumericError
            Every task failed.
        """
        return self._score(X, y, sample_weight, groups, lambda true, said, weight: r2_score(true, said, sample_weight=weight))

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.target_tags.multi_output = self.loss != "qlike"
        tags.target_tags.positive_only = self.loss == "qlike"
        return tags
