# SPDX-License-Identifier: Apache-2.0
"""The engine itself: a learner over batches of tasks."""
from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from . import _shoal
from .batches import REAL, TaskBatch, checked_array
from .errors import InvalidArgument, ModelError
from .evaluation import EvaluationTable
from .overrides import KEYS, overrides, whole_number, whole_numbers


class MetaGradient:
    """A meta-gradient, task by task. Values of failed tasks are NaN.

    Attributes
    ----------
    gradient : dict
        Mean over good tasks, by the names of parameters and learned rates.
    query_loss_before, query_loss : array [tasks]
        At theta, and after the inner steps.
    status : uint8 [tasks]
        0: good.
    failed_step : int32 [tasks]
        -1 of a good task.
    mean_query_loss_before, mean_query_loss : float
        Over good tasks.
    good : int
    fast_weights : dict or None
        Weights after the inner steps [tasks, ...], where they were asked for.
    """

    def __init__(self, learner, told):
        self.gradient = learner._named(told["theta"], told["rates"])
        self.query_loss_before, self.query_loss = told["query_loss_before"], told["query_loss"]
        self.status, self.failed_step, self.good = told["status"], told["failed_step"], told["good"]
        self.mean_query_loss_before, self.mean_query_loss = told["mean_query_loss_before"], told["mean_query_loss"]
        self.fast_weights = learner._per_task(told["fast_weights"]) if "fast_weights" in told else None


class Adapted:
    """Weights of the tasks of a batch after some inner steps.

    Attributes
    ----------
    weights : dict
        [tasks, ...] by the names of parameters.
    status : uint8 [tasks]
    failed_step : int32 [tasks]
    """

    def __init__(self, learner, told):
        self._phi = told["phi"]
        self.weights = learner._per_task(told["phi"])
        self.status, self.failed_step = told["status"], told["failed_step"]


class StepLosses:
    """Query losses [steps, tasks] after several numbers of steps."""

    def __init__(self, told):
        self.steps, self.loss, self.status, self.failed_step = told["steps"], told["loss"], told["status"], told["failed_step"]
        self._summary = told["summary"]

    def summary(self) -> EvaluationTable:
        """The table of `shoal evaluate`.

        Returns
        -------
        EvaluationTable
            A line for each number of steps.
        """
        return EvaluationTable(self._summary)


class MetaLearner:
    """Parameters, learned rates and optimizer state, and the two loops over them.

    Parameters
    ----------
    inputs : int
        Columns of the rows.
    outputs : int
        Outputs of the network.
    **options : object
        Keys of docs/configuration.md by their last name: `hidden`, `activation`, `skip`, `init`, `init_sd`; `loss`, `delta`,
        `pos_weight`, `quantiles`, `floor`; `algorithm`, `inner_steps`, `inner_lr`, `learned_lr`, `step_weights`, `max_move`;
        `optimizer`, `lr`, `beta1`, `beta2`, `epsilon`, `weight_decay`, `momentum`, `clip`, `chunk`; `seed`, `backend`, `threads`,
        `isa`, `math`.

    Raises
    ------
    InvalidArgument
        An unknown option, or a value out of range, by name.

    Examples
    --------
    >>> import shoal
    >>> learner = shoal.MetaLearner(inputs=1, outputs=1, inner_steps=5)
    >>> shoal.train(learner, shoal.sinusoid(), iterations=3, tasks_per_batch=4)["iteration"]
    3
    """

    OPTIONS = {name for name, key in KEYS.items() if not key.startswith("tasks.")} - {
        "iterations", "tasks_per_batch", "sampling", "gate", "validate_every", "keep", "patience", "checkpoint_every", "log_every", "warm_start",
        "schedule", "final_lr",
    }  # fmt: skip

    def __init__(self, *, inputs: int, outputs: int, **options: Any) -> None:
        for name in options:
            if name not in self.OPTIONS:
                raise InvalidArgument(f"{name}: unknown option; known are {', '.join(sorted(self.OPTIONS))}")
        inputs, outputs = whole_number(inputs, "inputs"), whole_number(outputs, "outputs")
        self.inputs, self.outputs, self.options = inputs, outputs, options
        self._learner = _shoal.Learner(overrides(options), inputs, outputs)
        self._layout, self._rates = self._learner.layout, self._learner.rate_layout

    @property
    def dtype(self) -> type:
        """Type of numbers: float64 of the backend `reference`, else float32."""
        return np.float64 if self._learner.double else np.float32

    def _per_task(self, phi):
        return {name: phi[:, at : at + size].reshape(len(phi), *shape) for name, shape, at, size in self._layout}

    def _named(self, theta, rates):
        named = {name: theta[at : at + size].reshape(shape) for name, shape, at, size in self._layout}
        named.update({name: rates[at : at + size].reshape(shape) for name, shape, at, size in self._rates})
        return named

    @property
    def parameters(self) -> dict[str, np.ndarray[Any, Any]]:
        """Parameters and learned rates by the names of docs/formats.md. Assigning such a dictionary sets them."""
        return self._named(*self._learner.parameters())

    @parameters.setter
    def parameters(self, values: Mapping[str, Any]) -> None:
        self._learner.set_parameters(*self._flat(values))

    def _flat(self, values):
        """(parameters, learned rates) of a dictionary as two arrays."""
        flat = []
        places = [*self._layout, *self._rates]
        unknown = set(values) - {name for name, *_ in places}
        if unknown:
            raise ModelError(f"parameters: unknown name {sorted(unknown)[0]!r}")
        for layout in (self._layout, self._rates):
            pieces = []
            for name, shape, _, _ in layout:
                if name not in values:
                    raise ModelError(f"parameters: {name!r} is missing")
                value = np.asarray(values[name])
                if list(value.shape) != list(shape):
                    raise ModelError(f"parameters: {name!r} has shape {list(value.shape)}, expected {list(shape)}")
                if value.dtype.kind != "f":
                    raise ModelError(f"parameters: {name!r} is {value.dtype}, expected {np.dtype(self.dtype)}")
                pieces.append(value.astype(self.dtype).ravel())
            flat.append(np.concatenate(pieces) if pieces else np.zeros(0, self.dtype))
        return flat

    def meta_step(self, batch: TaskBatch) -> MetaGradient:
        """Adapts every task and updates the parameters once. No update when no task is good.

        Parameters
        ----------
        batch : TaskBatch
            The tasks of this iteration.

        Returns
        -------
        MetaGradient
            What the update was made of: `gradient` (dict), `query_loss_before`, `query_loss`, `status` and `failed_step` [tasks],
            `mean_query_loss`.

        Raises
        ------
        InvalidArgument
            A batch that does not fit the learner.
        """
        return MetaGradient(self, self._learner.meta_step(batch._batch))

    def meta_gradient(self, batch: TaskBatch, fast_weights: bool = False) -> MetaGradient:
        """The same without an update.

        Parameters
        ----------
        batch : TaskBatch
            Tasks with support and query rows.
        fast_weights : bool
            Also keep the weights of every task after the inner steps.

        Returns
        -------
        MetaGradient
            `gradient` (dict), `query_loss_before`, `query_loss`, `status` and `failed_step` [tasks], `mean_query_loss`, and
            `fast_weights` (dict of arrays [tasks, ...]) where they were asked for.

        Raises
        ------
        InvalidArgument
            A batch that does not fit the learner.
        """
        return MetaGradient(self, self._learner.meta_gradient(batch._batch, fast_weights))

    def adapt(self, batch: TaskBatch, steps: int) -> Adapted:
        """The inner loop alone, on the support rows.

        Parameters
        ----------
        batch : TaskBatch
            Tasks to adapt to; their query rows do not matter.
        steps : int
            Adaptation steps.

        Returns
        -------
        Adapted
            `weights` (dict of arrays [tasks, ...]), `status` and `failed_step` [tasks].

        Raises
        ------
        InvalidArgument
            A batch that does not fit the learner, or steps below 0.
        """
        return Adapted(self, self._learner.adapt(batch._batch, whole_number(steps, "steps")))

    def evaluate(self, batch: TaskBatch, steps: Sequence[int] = (0, 1, 5, 10)) -> StepLosses:
        """Query losses after several numbers of adaptation steps.

        Parameters
        ----------
        batch : TaskBatch
            Tasks with support and query rows.
        steps : list of int
            Numbers of adaptation steps.

        Returns
        -------
        StepLosses
            `loss`, `status` and `failed_step` [steps, tasks], `steps` ascending, and `summary()`.

        Raises
        ------
        InvalidArgument
            A batch that does not fit the learner, or steps below 0.
        """
        return StepLosses(self._learner.evaluate(batch._batch, whole_numbers(steps, "steps")))

    def predict(self, adapted: Adapted, x: Any, offsets: Any) -> np.ndarray[Any, Any]:
        """Outputs of the adapted networks.

        Parameters
        ----------
        adapted : Adapted
            What `adapt` returned, of this learner.
        x : array [rows, inputs]
            Rows in the learner's type, C-contiguous.
        offsets : int64 [tasks + 1]
            The rows of task t are offsets[t] .. offsets[t + 1].

        Returns
        -------
        array [rows, outputs]
            NaN for the rows of tasks that failed.

        Raises
        ------
        InvalidArgument
            An array of another kind than is asked for, by name.
        """
        x = checked_array("x", x, REAL, (2,))
        starts = checked_array("offsets", offsets, ("int64",), (1,))
        if len(starts) != len(adapted.status) + 1 or starts[0] != 0 or starts[-1] != len(x) or (np.diff(starts) < 0).any():
            raise InvalidArgument(f"offsets: they must rise from 0 to the {len(x)} rows of x, one step for each of {len(adapted.status)} tasks")
        if x.shape[1] != self.inputs:
            raise InvalidArgument(f"x: {x.shape[1]} columns, the learner has {self.inputs} inputs")
        if x.dtype != self.dtype:
            raise InvalidArgument(f"x: {x.dtype}, expected {np.dtype(self.dtype)}")
        return np.asarray(self._learner.predict(adapted._phi.ravel(), adapted.status, x, starts))
