# SPDX-License-Identifier: Apache-2.0
"""The training loop of a learner."""
from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from typing import Any

from . import _shoal
from .annotations import Path
from .callbacks import Callback, Callbacks
from .errors import InvalidArgument
from .learner import MetaLearner
from .overrides import overrides
from .sources import Source


def _content(source: Source, tasks: int) -> str:
    """SHA-256 of the source's first meta-batch: two sources that begin alike are one, whatever they are called."""
    digest = hashlib.sha256()
    for name, values in sorted(source.sample(0, tasks)._fields.items()):
        if values is not None:
            digest.update(f"{name} {values.dtype} {values.shape}\n".encode())
            digest.update(values.tobytes())
    return digest.hexdigest()


def train(
    learner: MetaLearner, source: Source, iterations: int, tasks_per_batch: int, callbacks: Sequence[Callback] = (), run: Path | None = None,
    resume: bool = False, *, log_every: int = 0, validate_every: int = 0, checkpoint_every: int = 0) -> dict[str, Any]:  # fmt: skip
    """Meta-trains a learner on the tasks of a source.

    Ctrl-C and exceptions of callbacks end the training between two iterations: the learner has the state of the last one, a `run`
    has a checkpoint of it, and then the exception comes out.

    Parameters
    ----------
    learner : MetaLearner
        What is trained.
    source : Source
        Where the tasks come from.
    iterations : int
        Meta-iterations.
    tasks_per_batch : int
        Tasks of one meta-iteration.
    callbacks : list of shoal.callbacks.Callback
        Called every `log_every` iterations and after the last.
    run : path, optional
        Folder for metrics and checkpoints.
    resume : bool
        Goes on from the newest checkpoint of `run`, bit for bit.
    log_every : int
        Iterations between calls of callbacks; 0 means at least a hundred calls in a training.
    validate_every : int
        Iterations between validations on the source's validation tasks; 0 means never.
    checkpoint_every : int
        Iterations between checkpoints of `run`; 0 means at the end alone.

    Returns
    -------
    dict
        `iteration`, `stopped`, `tasks_seen`, `tasks_failed`, `selected_iteration` and `history`.

    Raises
    ------
    InvalidArgument
        A number out of range, or a `run` that holds a training already.
    ModelError
        With `resume`, a `run` of another learner, other settings or another source: one whose first meta-batch differs.
    KeyboardInterrupt
        After Ctrl-C.

    Examples
    --------
    >>> import shoal
    >>> learner = shoal.MetaLearner(inputs=1, outputs=1, inner_steps=5, backend="cpu")
    >>> told = shoal.train(learner, shoal.sinusoid(), iterations=100, tasks_per_batch=4)
    >>> told["iteration"], told["history"][-1]["good"]
    (100, 4)
    """
    if not isinstance(source, Source):
        raise InvalidArgument(f"source: a {type(source).__name__} is no source of tasks; shoal.batch_source(batch) makes one of a TaskBatch")
    if resume and run is None:
        raise InvalidArgument("resume: there is nothing to go on with: name the folder in run")
    every = log_every or max(1, iterations // 100)
    history: list[dict[str, Any]] = []
    told = Callbacks(learner, callbacks, history)
    manifest = f"MetaLearner inputs={learner.inputs} outputs={learner.outputs}\n{_shoal.config_toml(overrides(learner.options))}"
    manifest += f"\ntasks_per_batch={tasks_per_batch}\n"
    if run is not None:
        manifest += f"first meta-batch {_content(source, tasks_per_batch)}\n"
    told.begin()
    try:
        summary = _shoal.train(
            learner._learner, source._engine, iterations, tasks_per_batch, every, validate_every, checkpoint_every, told,
            os.fspath(run) if run is not None else "", manifest, resume,
        )  # fmt: skip
    finally:
        told.end()
    return {**summary, "history": history}
