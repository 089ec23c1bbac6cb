# SPDX-License-Identifier: Apache-2.0
"""Where the tasks of a training come from."""
from __future__ import annotations

from collections.abc import Callable

from . import _shoal
from .batches import TaskBatch
from .errors import InvalidArgument


class Source:
    """Tasks without end, or those of a batch. The same arguments always give the same tasks."""

    def __init__(self, engine):
        self._engine = engine

    def sample(self, iteration: int, tasks: int, phase: str = "train") -> TaskBatch:
        """A meta-batch of a training.

        Parameters
        ----------
        iteration : int
            Its number, from 0.
        tasks : int
            How many tasks it has.
        phase : {"train", "validation", "test"}
            Whose tasks.

        Returns
        -------
        TaskBatch
            Always the same for the same arguments, float32.
        """
        return TaskBatch._of(self._engine.sample(phase, iteration, tasks))

    def evaluation(self, tasks: int, phase: str = "test") -> TaskBatch:
        """The tasks to evaluate on.

        Parameters
        ----------
        tasks : int
            How many, of a source without end.
        phase : {"train", "validation", "test"}
            Whose tasks.

        Returns
        -------
        TaskBatch
            Always the same for the same arguments, float32.
        """
        return TaskBatch._of(self._engine.evaluation(phase, tasks))


def sinusoid(*, seed: int = 7, support: int = 10, query: int = 10, noise: float = 0.0) -> Source:
    """Sinusoids: y = A sin(x - phase), A ~ U[0.1, 5], phase ~ U[0, pi], x ~ U[-5, 5].

    Parameters
    ----------
    seed : int
        Seed of everything random.
    support : int
        Support rows of a task.
    query : int
        Query rows of a task.
    noise : float
        Standard deviation of noise on the targets.

    Returns
    -------
    Source
        Tasks without end.
    """
    return Source(_shoal.sinusoid(seed, support, query, noise))


def xsinx(
    *, seed: int = 7, support: int = 10, query: int = 10, noise: float = 0.0, law: str = "normal", low: float = -5.0, high: float = 5.0,
) -> Source:  # fmt: skip
    """One function for all tasks: y = x sin x, x ~ N(0, 1) (law "normal") or U(low, high) (law "uniform").

    Parameters
    ----------
    seed : int
        Seed of everything random.
    support : int
        Support rows of a task.
    query : int
        Query rows of a task.
    noise : float
        Standard deviation of noise on the targets.
    law : {"normal", "uniform"}
        Distribution of x.
    low : float
        Smallest x, of `uniform`.
    high : float
        Largest x, of `uniform`.

    Returns
    -------
    Source
        Tasks without end.
    """
    return Source(_shoal.xsinx(seed, support, query, noise, law, low, high))


def xsinx_window(*, seed: int = 7, support: int = 10, query: int = 10, noise: float = 0.0) -> Source:
    """Windows of one function: y = x sin x with x ~ U(c - 1/2, c + 1/2), window centre c ~ U(-5, 5).

    Parameters
    ----------
    seed : int
        Seed of everything random.
    support : int
        Support rows of a task.
    query : int
        Query rows of a task.
    noise : float
        Standard deviation of noise on the targets.

    Returns
    -------
    Source
        Tasks without end.
    """
    return Source(_shoal.xsinx_window(seed, support, query, noise))


def batch_source(batch: TaskBatch, validation: TaskBatch | None = None, *, seed: int = 7) -> Source:
    """Meta-batches drawn from the tasks of a batch: each once an epoch, in random order.

    Parameters
    ----------
    batch : TaskBatch
        The tasks to train on. The source keeps it.
    validation : TaskBatch, optional
        Other tasks, to validate on.
    seed : int
        Decides the order.

    Returns
    -------
    Source
        The tasks of the batch.

    Examples
    --------
    >>> import shoal
    >>> source = shoal.batch_source(shoal.sinusoid().evaluation(40))
    >>> learner = shoal.MetaLearner(inputs=1, outputs=1, backend="cpu")
    >>> shoal.train(learner, source, iterations=20, tasks_per_batch=10)["tasks_seen"]
    200
    """
    return Source(_shoal.batch_source(batch._batch, None if validation is None else validation._batch, seed))


def function_source(function: Callable[[str, int, int], TaskBatch], *, inputs: int, targets: int = 1, offsets: int = 0, classes: int = 0) -> Source:
    """Tasks that a Python function makes: `function(phase, iteration, tasks)` returns a TaskBatch.

    Parameters
    ----------
    function : callable
        `phase` is "train", "validation" or "test". The same arguments must give the same tasks.
    inputs : int
        Columns of x of every batch.
    targets : int
        Columns of y; 0 means class labels.
    offsets : int
        Columns that are added to the network's outputs.
    classes : int
        Number of classes, of labels.

    Returns
    -------
    Source
        What the function makes. An exception of the function ends the training and comes out of it.

    Examples
    --------
    >>> import numpy as np, shoal
    >>> def lines(phase, iteration, tasks):
    ...     rng = np.random.default_rng([iteration, phase == "train"])
    ...     x = rng.normal(size=(2, tasks, 10, 1)).astype(np.float32)
    ...     y = (rng.normal(size=(tasks, 1, 1)) * x).astype(np.float32)
    ...     return shoal.TaskBatch.from_dense(x[0], y[0], x[1], y[1])
    >>> learner = shoal.MetaLearner(inputs=1, outputs=1, inner_steps=3, backend="cpu")
    >>> shoal.train(learner, shoal.function_source(lines, inputs=1), iterations=20, tasks_per_batch=5)["tasks_seen"]
    100
    """

    def batch(*asked):
        made = function(*asked)
        if not isinstance(made, TaskBatch):
            raise InvalidArgument(f"function_source: the function returned a {type(made).__name__} for {asked}, not a TaskBatch")
        return made._batch

    return Source(_shoal.function_source(batch, inputs, targets, offsets, classes))
