# SPDX-License-Identifier: Apache-2.0
"""What the estimators share: parameters, fitting, adapting, files."""
from __future__ import annotations

import numbers
import pathlib
import shutil
import tempfile
import warnings
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sklearn.base import BaseEstimator
from sklearn.utils.validation import check_is_fitted

from .. import _shoal
from ..adapted import AdaptedModels, warn_of_failures
from ..annotations import Columns, Path
from ..callbacks import Callbacks, ProgressBar
from ..errors import DataError, InvalidArgument, NumericError, ResourceError
from ..evaluation import EvaluationTable
from ..frames import Column, rows_as_given
from ..model import Model, predicted, rows_of, with_estimator
from ..overrides import overrides, whole_number, whole_numbers
from .tables import Tables, checked_frame, rows_of_values
from .target import Target

LARGEST_ADAPTED = 1 << 30  # bytes of adapted models that fit keeps
PLACES = ("key", "time", "offset", "categorical")  # parameters that name columns
TAKES_GROUPS = ("fit", "score", "predict", "predict_proba", "decision_function")
NOT_KEYS = {*PLACES, "windows", "n_jobs", "random_state", "keep_adapted"}


class MetaEstimator(BaseEstimator):
    """Base of the estimators; see MetaRegressor for their parameters."""

    def __init__(
        self,
        *,
        key: Columns | None = None, time: str | int | None = None, offset: str | int | None = None, categorical: Columns | None = None,
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
        self.key, self.time, self.offset, self.categorical = key, time, offset, categorical
        self.support, self.query, self.max_categories = support, query, max_categories
        self.time_format, self.windows, self.missing, self.purge = time_format, windows, missing, purge
        self.stratify, self.scale, self.scale_targets = stratify, scale, scale_targets
        self.hidden, self.activation, self.skip, self.init, self.init_sd = hidden, activation, skip, init, init_sd
        self.algorithm, self.inner_steps, self.inner_lr = algorithm, inner_steps, inner_lr
        self.learned_lr, self.step_weights, self.max_move, self.gate = learned_lr, step_weights, max_move, gate
        self.iterations, self.tasks_per_batch, self.sampling, self.chunk = iterations, tasks_per_batch, sampling, chunk
        self.optimizer, self.lr, self.beta1, self.beta2, self.epsilon = optimizer, lr, beta1, beta2, epsilon
        self.weight_decay, self.momentum, self.clip = weight_decay, momentum, clip
        self.schedule, self.final_lr = schedule, final_lr
        self.validate_every, self.keep, self.patience = validate_every, keep, patience
        self.checkpoint_every, self.log_every, self.warm_start = checkpoint_every, log_every, warm_start
        self.backend, self.isa, self.math, self.n_jobs = backend, isa, math, n_jobs
        self.random_state, self.keep_adapted = random_state, keep_adapted

    # What the engine is asked for.

    def _loss_parameters(self):
        raise NotImplementedError

    def _seed(self):
        state = self.random_state
        if isinstance(state, numbers.Integral):
            return int(state)
        if isinstance(state, np.random.Generator):
            return int(state.integers(2**31 - 1))
        if state is None or state is np.random or isinstance(state, np.random.RandomState):
            return int((np.random if state is None else state).randint(2**31 - 1))
        raise InvalidArgument(f"random_state: {state!r} is neither a whole number nor a RandomState or Generator of NumPy")

    def _place(self):
        """Where the work runs."""
        jobs = 0 if self.n_jobs is None else max(0, whole_number(self.n_jobs, "n_jobs"))
        return {"backend": self.backend, "isa": self.isa, "math": self.math, "threads": jobs}

    def _overrides(self, tables, seed):
        """The configuration of a training."""
        defaults = {name: value for name, value in MetaEstimator().get_params(deep=False).items() if name not in NOT_KEYS}
        given = {name: getattr(self, name) for name in defaults}
        chosen = {name: value for name, value in given.items() if not same(value, defaults[name])}
        chosen.update({name: given[name] for name in ("support", "query", "hidden", "inner_steps", "inner_lr", "iterations", "tasks_per_batch")})
        if self.warm_start is None or self.warm_start is False:  # what scikit-learn's tools set it to
            chosen.pop("warm_start", None)
        for name, value in chosen.items():
            if value is None:
                raise InvalidArgument(f"{name}: None is no value of it")
        chosen.update(algorithm=self.algorithm, seed=seed, **self._place(), **self._loss_parameters())
        windows = self._windows()
        if windows.get("query", 0) > 0:  # they say which rows make a task
            del chosen["support"], chosen["query"]
        if tables.is_dealt:
            chosen.update(algorithm="pooled", support=0, query=0)
            for name in ("inner_steps", "inner_lr", "learned_lr", "step_weights", "max_move", "gate", "stratify"):
                chosen.pop(name, None)
        return overrides(chosen) + tables.overrides(windows)

    def _windows(self):
        if self.windows is not None and not isinstance(self.windows, Mapping):
            raise InvalidArgument(f"windows: {self.windows!r} is no dictionary")
        windows = {name: whole_number(value, f"windows: {name}") for name, value in (self.windows or {}).items()}
        unknown = set(windows) - {"support", "query", "stride", "purge"}
        if unknown:
            raise InvalidArgument(f"windows: unknown entry {sorted(unknown)[0]!r}: it has support, query, stride and purge")
        return windows

    # Fitting.

    def _fit(self, X, y, groups, eval_set, callbacks, run, resume, verbose):
        before = dict(self.__dict__)
        self._forget()
        try:
            return self._fit_anew(X, y, groups, eval_set, callbacks, run, resume, verbose)
        except BaseException:
            if not self.__sklearn_is_fitted__():  # no new model came out: the estimator stays what it was
                self.__dict__.clear()
                self.__dict__.update(before)
            raise

    def _forget(self):
        """Makes the estimator an unfitted one: what a former fit left says nothing of the one that begins."""
        for name in [name for name in self.__dict__ if name in ("_model", "_names") or (name.endswith("_") and not name.startswith("_"))]:
            del self.__dict__[name]

    def _fit_anew(self, X, y, groups, eval_set, callbacks, run, resume, verbose):
        if resume and run is None:
            raise InvalidArgument("resume: there is nothing to go on with: name the folder in run")
        seed = self._drawn_seed = self._seed()
        frame, tables = self._tables(X, groups, seed, reset=True)
        target = self._target(y, frame.reserving(tables.key), fit=True)
        table = tables.table(frame, target, groups)
        self._names = tables.names()
        validation = self._validation_table(eval_set, tables)
        asked = self._overrides(tables, seed)
        _shoal.config_toml(asked)  # refuses parameters that are out of range
        self._require_room(tables)
        self.history_ = []
        told = Callbacks(self, [*(callbacks or []), *([ProgressBar(self.iterations)] if verbose else [])], self.history_)
        told.begin()
        try:
            with told.interrupts_kept(), rows_as_given(tables.targets, validation is not None):
                report, content = self._train(asked, table, validation, run, resume, told)
                all_failed = report["tasks_seen"] > 0 and report["tasks_failed"] == report["tasks_seen"]
                if report["interrupted"] or not all_failed:
                    self._keep(content, report)
        finally:
            told.end()
        report["rethrow"]()
        if all_failed:
            raise NumericError(f"all {report['tasks_seen']} tasks failed in training, e.g. {report['failures'][:1]}")
        if not tables.is_dealt and self.keep_adapted:
            rows = tables.last_rows(frame, groups, self._windows(), self.time_format)
            if rows is not None and len(rows) == 0:
                return self
            if rows is not None:
                frame, target = frame.taken(rows), target.taken(rows)
                groups = None if groups is None else rows_of_values(groups, rows)
            self.adapted_ = self._adapt_frame(frame, target, groups, None)
        return self

    def _tables(self, X, groups, seed, reset):
        frame = checked_frame(self, X, reset=reset)
        places = {name: getattr(self, name) for name in PLACES}
        places["offset_is_feature"] = getattr(self, "_offset_is_feature", False)
        return frame, Tables(frame, groups, places, seed, self.max_categories, self.missing)

    def _validation_table(self, eval_set, tables):
        if eval_set is None:
            return None
        if not isinstance(eval_set, (tuple, list)) or len(eval_set) not in (2, 3):
            length = f" of {len(eval_set)}" if isinstance(eval_set, (tuple, list)) else ""
            raise InvalidArgument(f"eval_set: expected (X, y) or (X, y, groups), got a {type(eval_set).__name__}{length}")
        X, y, *groups = eval_set
        frame = checked_frame(self, X, reset=False)
        if tables.is_dealt:
            raise InvalidArgument("eval_set: validation is by tasks: it needs key or groups")
        return tables.table(frame, self._target(y, frame, fit=False), groups[0] if groups else None)

    def _train(self, asked, table, validation, run, resume, told):
        """Trains in the folder `run`, or in one that goes away; returns the report and the model's bytes."""
        scratch = pathlib.Path(tempfile.mkdtemp(prefix="shoal-"))
        try:
            folder = pathlib.Path(run) if run is not None else scratch / "run"
            stopped = scratch / "stopped.safetensors"
            report = _shoal.train_run(asked, str(folder), table, validation, resume, str(stopped), told, self._notify)
            file = stopped if report["stopped"] else folder / "model.safetensors"
            return report, file.read_bytes()
        finally:
            shutil.rmtree(scratch, ignore_errors=True)

    def _notify(self, kind, text):
        if kind == "warning":
            warnings.warn(text, stacklevel=2)

    def _keep(self, content, report):
        self.n_iter_ = report["iteration"]
        self._model = Model(with_estimator(content, self), self._place())
        self.left_out_ = report["left_out"]
        self.failures_ = report["failures"]

    def _require_room(self, tables):
        """Refuses, before training, adapted models that are too large to keep, or have no rows to adapt on."""
        if tables.is_dealt or not self.keep_adapted:
            return
        windows = self._windows()
        if windows.get("query") and not windows.get("support"):
            raise InvalidArgument("windows: without support rows there is nothing to adapt on: give support, or set keep_adapted=False")
        widths = [tables.inputs(), *self.hidden, 1]
        parameters = sum((a + 1) * b for a, b in zip(widths, widths[1:]))
        size = tables.groups_in() * parameters * (8 if self.backend == "reference" else 4)
        if size > LARGEST_ADAPTED:
            raise ResourceError(f"the adapted models of all keys would take {size >> 20} MiB, more than {LARGEST_ADAPTED >> 20}: set keep_adapted=False")

    # Using the model.

    @property
    def parameters_(self) -> dict[str, np.ndarray[Any, Any]]:
        """Trained parameters and learned rates, arrays by the names of docs/formats.md."""
        check_is_fitted(self)
        return self._model.tensors()

    def __sklearn_is_fitted__(self):
        return "_model" in self.__dict__

    def _fitted_tables(self, X, groups):
        check_is_fitted(self)
        frame = checked_frame(self, X, reset=False)
        return frame, Tables.of_names(frame, groups, self._names, self.missing)

    def adapt(self, X: Any, y: Any, groups: Any = None, steps: int | None = None) -> AdaptedModels:
        """Models of the keys of X, adapted on all their rows; the estimator stays as it is.

        Parameters
        ----------
        X : frame or array [n, columns]
            Rows with the columns of `fit`.
        y : array [n]
            Their targets.
        groups : array [n], optional
            The task of each row, where `fit` had groups.
        steps : int, optional
            Adaptation steps; None: those of the training.

        Returns
        -------
        AdaptedModels
            A model for every key; failed ones are named in a TaskFailureWarning.

        Raises
        ------
        DataError
            What is wrong with the data, with column and row.
        InvalidArgument
            The estimator was fitted without key and groups.
        """
        frame, tables = self._fitted_tables(X, groups)
        if tables.is_dealt:
            raise InvalidArgument("adapt: the model was fitted without key and groups, so it has no tasks")
        return self._adapt_frame(frame, self._target(y, frame, fit=False), groups, steps)

    def _adapt_frame(self, frame, target, groups, steps):
        tables = Tables.of_names(frame, groups, self._names, self.missing)
        steps = None if steps is None else whole_number(steps, "steps")
        with rows_as_given(tables.targets):
            adapted = self._model.whole().adapt(tables.table(frame, target, groups), steps)
        models = AdaptedModels(adapted.bytes(), list(adapted.groups), adapted.failures, self)
        warn_of_failures(adapted.failures, len(models.groups_), "adapt")
        return models

    def _predicted(self, X, groups=None):
        """Outputs and responses of the rows of X, in their order."""
        frame, tables = self._fitted_tables(X, groups)
        table = tables.table(frame, None, groups)
        models = getattr(self, "adapted_", None)
        with rows_as_given(()):
            if models is None:
                return rows_of(lambda: self._model.whole().predict(table, 0), tables, self._model, len(frame))
            return rows_of(lambda: models._predict(table, self._model, trained_else=True), tables, self._model, len(frame))

    def _windowed(self, X, y, latest=False):
        """What the trained model says of the query rows of X, cut as in training; rows without a target are query rows. `latest`: the rows after
        the newest targets alone."""
        frame, tables = self._fitted_tables(X, None)
        target = Target([Column(self._names["targets"][0], np.ascontiguousarray(np.asarray(y, np.float64)))])
        told = self._model.trained().predict(tables.table(frame, target, None), latest=latest)
        rows = told["row"]
        return predicted(told, len(frame)).taken(np.sort(rows))

    def outputs(self, X: Any, groups: Any = None) -> np.ndarray[Any, Any]:
        """Network outputs in the units of the targets, as `shoal predict` writes them.

        Parameters
        ----------
        X : frame or array [n, columns]
            Rows with the columns of `fit`.
        groups : array [n], optional
            The task of each row, where `fit` had groups.

        Returns
        -------
        array [n, outputs]
            Rows of keys in `adapted_` by their model, all others by the trained one.

        Raises
        ------
        DataError
            What is wrong with the data, with column and row.
        NumericError
            Every task failed.
        """
        return self._predicted(X, groups).outputs

    def _evaluated(self, X, y, groups, steps, without=()):
        """The evaluation of the tasks of X, and the outputs and responses of their query rows. Rows of `without` are in no task."""
        steps = whole_numbers(steps, "steps")
        frame, tables = self._fitted_tables(X, groups)
        if tables.is_dealt:
            raise InvalidArgument("evaluate: the model was fitted without key and groups, so it has no tasks to adapt to")
        kept = np.setdiff1d(np.arange(len(frame)), without)
        if len(without) > 0:
            frame, y, groups = frame.taken(kept), np.asarray(y)[kept], None if groups is None else np.asarray(groups)[kept]
        target = self._target(y, frame, fit=False)
        with rows_as_given(tables.targets):
            told, rows = self._model.evaluate(tables.table(frame, target, groups), steps, len(frame))
        rows.rows = kept[rows.rows]
        return told, rows

    def evaluate(self, X: Any, y: Any, groups: Any = None, steps: Sequence[int] = (0, 1, 5, 10)) -> EvaluationTable:
        """Query losses of the tasks of X after several numbers of adaptation steps: the table of `shoal evaluate`.

        Every task is split into support and query as in the training.

        Parameters
        ----------
        X : frame or array [n, columns]
            Rows with the columns of `fit`.
        y : array [n]
            Their targets.
        groups : array [n], optional
            The task of each row, where `fit` had groups.
        steps : list of int
            Numbers of adaptation steps.

        Returns
        -------
        EvaluationTable
            Prints as a table; `to_dict()` has the numbers.

        Raises
        ------
        DataError
            What is wrong with the data, with column and row.
        InvalidArgument
            The estimator was fitted without key and groups.
        """
        told, _ = self._evaluated(X, y, groups, steps)
        return EvaluationTable(told["summary"])

    def _said(self, rows, return_std):
        """What `predict` returns of these rows."""
        if return_std:
            raise InvalidArgument("return_std: only a MetaRegressor with the loss 'gaussian-nll' has a standard deviation")
        return self._responses(rows)

    def _score(self, X, y, sample_weight, groups, metric, without=()):
        """metric(targets, predictions, weights) of query rows after adaptation; of all rows without tasks. Rows of `without` are in no task."""
        check_is_fitted(self)
        require_weights(sample_weight, y)
        if self._names["dealt"]:
            return metric(y, self._responses(self._predicted(X)), sample_weight)
        steps = self._model.steps()
        told, rows = self._evaluated(X, y, groups, (steps,), without)
        take = lambda values: None if values is None else np.asarray(values)[rows.rows]  # noqa: E731
        good = ~np.isnan(rows.outputs).any(axis=1)
        warn_of_failures(told["summary"][0]["failures"], told["summary"][0]["tasks"], "score")
        rows = rows.taken(good)
        weights = take(sample_weight)
        return metric(take(y)[good], self._responses(rows), None if weights is None else weights[good])

    # Files.

    def save(self, path: Path) -> None:
        """Writes a run folder, or one `.safetensors` file: what the commands of `shoal` take and `shoal.load` reads.

        Parameters
        ----------
        path : path
            A folder, or a file if it ends in `.safetensors`. Adapted models are not in it: `adapted_.save` writes them. An estimator of a
            class of your own is stored as that of Shoal which it derives from, and a `random_state` that is a generator as the seed it gave.

        Raises
        ------
        ResourceError
            The file cannot be written.
        """
        check_is_fitted(self)
        path = pathlib.Path(path)
        if path.suffix.lower() != ".safetensors":
            try:
                path.mkdir(parents=True, exist_ok=True)
            except OSError as error:
                raise ResourceError(f"{path}: cannot be made a folder: {error.strerror}") from error
            path = path / "model.safetensors"
        _shoal.write_file(str(path), with_estimator(self._model.content, self))

    def get_metadata_routing(self):
        """As every estimator has it. A model whose tasks are named by `key` asks for no groups, so that a splitter may have them.

        Returns
        -------
        MetadataRequest
            What each method asks for.
        """
        requests = super().get_metadata_routing()
        if self.key is not None:
            for method in TAKES_GROUPS:
                request = getattr(requests, method, None)
                if request is not None and "groups" in request.requests and request.requests["groups"] is None:
                    request.add_request(param="groups", alias=False)
        return requests

    def __sklearn_tags__(self):
        tags = super().__sklearn_tags__()
        tags.input_tags.allow_nan = self.missing != "error"
        tags.input_tags.string = True
        return tags


def require_weights(weights, y):
    """Refuses weights that are not one number for each row."""
    if weights is None:
        return
    weights = np.asarray(weights)
    if weights.dtype.kind not in "fiub" or weights.shape != (len(y),):
        raise DataError(f"sample_weight: expected a number for each of {len(y)} rows, got {weights.dtype} values of shape {weights.shape}")


def same(a, b):
    """Whether two values of a parameter mean the same."""
    if isinstance(a, (list, tuple)) and isinstance(b, (list, tuple)):
        return list(a) == list(b)
    return type(a) is type(b) and a == b
