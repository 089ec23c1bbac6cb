# SPDX-License-Identifier: Apache-2.0
"""QuantileMetaRegressor."""
from __future__ import annotations

import numbers
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.metrics import d2_pinball_score
from sklearn.utils.validation import check_is_fitted

from ..annotations import Columns, Path
from ..callbacks import Callback
from ..errors import DataError, InvalidArgument
from .base import MetaEstimator
from .documented import documented
from .regressor import MetaRegressor
from .target import numbers_of


@documented
class QuantileMetaRegressor(RegressorMixin, MetaEstimator):
    """Quantiles for many tasks, by the pinball loss.

    Parameters
    ----------
    <first parameters>
    quantiles : float or list of float
        Levels between 0 and 1. One level gives predictions [n], a list [n, quantiles].
    <other parameters>

    Attributes
    ----------
    <attributes>

    Examples
    --------
    >>> import numpy as np, shoal
    >>> rng = np.random.default_rng(0)
    >>> client, x = np.repeat(np.arange(30), 20), rng.normal(size=600)
    >>> X, y = np.column_stack([client, x]), np.sin(client) * x + 0.1 * rng.normal(size=600)
    >>> model = shoal.QuantileMetaRegressor(key=0, quantiles=[0.05, 0.5, 0.95], inner_lr=0.05, iterations=50)
    >>> model.fit(X, y).predict(X).shape
    (600, 3)
    """

    def __init__(
        self,
        *,
        key: Columns | None = None, time: str | int | None = None, offset: str | int | None = None, categorical: Columns | None = None,
        quantiles: float | Sequence[float] = 0.5,
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
        for name in ("self", "__class__", "quantiles"):
            common.pop(name, None)
        super().__init__(**common)
        self.quantiles = quantiles

    def _levels(self):
        several = list(self.quantiles) if isinstance(self.quantiles, Iterable) and not isinstance(self.quantiles, str) else [self.quantiles]
        if not several or not all(isinstance(one, numbers.Real) for one in several):
            raise InvalidArgument(f"quantiles: {self.quantiles!r} is neither a number nor a list of numbers")
        return [float(one) for one in several]

    def _loss_parameters(self):
        return {"loss": "pinball", "quantiles": self._levels()}

    def _target(self, y, frame, fit):
        if y is None:
            raise InvalidArgument("y: QuantileMetaRegressor requires y to be passed, but the target y is None")
        target = numbers_of(y, frame, None if fit else self._names["targets"])
        if len(target.columns) > 1:
            raise DataError(f"y: {len(target.columns)} columns: quantiles are those of one target")
        return target

    def fit(
        self, X: Any, y: Any, groups: Any = None, *, eval_set: tuple[Any, ...] | None = None, callbacks: Sequence[Callback] | None = None,
        run: Path | None = None, resume: bool = False, verbose: int = 0,
    ) -> QuantileMetaRegressor:  # fmt: skip
        return self._fit(X, y, groups, eval_set, callbacks, run, resume, verbose)

    fit.__doc__ = MetaRegressor.fit.__doc__

    def _responses(self, rows):
        values = rows.of_kind("quantile")
        return values[:, 0] if isinstance(self.quantiles, numbers.Real) and values.shape[1] == 1 else values

    def predict(self, X: Any, groups: Any = None) -> np.ndarray[Any, Any]:
        """Quantiles of the targets of the rows of X.

        Parameters
        ----------
        X : frame or array [n, columns]
            Rows with the columns of `fit`.
        groups : array [n], optional
            The task of each row, where `fit` had groups.

        Returns
        -------
        array [n] or [n, quantiles]
            Of one level, or of a list. Rows of keys in `adapted_` by their model, all others by the trained one.

        Raises
        ------
        DataError
            What is wrong with the data, with column and row.
        NumericError
            Every task failed.
        """
        return self._responses(self._predicted(X, groups))

    def score(self, X: Any, y: Any, sample_weight: Any = None, groups: Any = None) -> float:
        """D2 of the pinball loss, of query rows after adaptation to the support of each task, or, without tasks, of all rows.

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
            1 for exact quantiles, 0 for those of a constant; mean over the levels.

        Raises
        ------
        DataError
            What is wrong with the data, with column and row.
        NumericError
            Every task failed.
        """

        check_is_fitted(self)
        levels = self._model.trained().preprocessing["quantiles"]

        def metric(true, said, weight):
            said = np.asarray(said).reshape(len(said), -1)
            return float(np.mean([d2_pinball_score(true, said[:, i], sample_weight=weight, alpha=level) for i, level in enumerate(levels)]))

        return self._score(X, y, sample_weight, groups, metric)
