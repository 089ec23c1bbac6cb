# SPDX-License-Identifier: Apache-2.0
"""What a training tells while it runs."""
from __future__ import annotations

import contextlib
import signal
import threading
from typing import Any

__all__ = ["Callback", "ProgressBar"]


class Callback:
    """Base of callbacks: called every `log_every` iterations.

    `model` is the learner or the estimator that trains. A learner has the parameters of the iteration, and to evaluate it in a callback
    changes no bit of the training. An estimator has its parameters and `history_`; it is fitted when the training has ended, so that
    `predict` and the like raise NotFittedError until `after_training`, after an earlier `fit` too.

    Examples
    --------
    >>> import shoal
    >>> class Enough(shoal.callbacks.Callback):
    ...     def after_iteration(self, model, metrics):
    ...         return metrics["iteration"] >= 5
    >>> learner = shoal.MetaLearner(inputs=1, outputs=1, backend="cpu")
    >>> shoal.train(learner, shoal.sinusoid(), 1000, 4, callbacks=[Enough()], log_every=1)["iteration"]
    5
    """

    def before_training(self, model: Any) -> None:
        """Called before the first iteration.

        Parameters
        ----------
        model : estimator or MetaLearner
            What trains.
        """

    def after_iteration(self, model: Any, metrics: dict[str, Any]) -> bool | None:
        """Called after every iteration that is logged.

        Parameters
        ----------
        model : estimator or MetaLearner
            What trains.
        metrics : dict
            `iteration`, `query_loss_before`, `query_loss`, `good`, `failed` and, after a validation, `validation_iteration` and
            `validation_loss`.

        Returns
        -------
        bool
            True ends the training after this iteration.
        """

    def after_training(self, model: Any) -> None:
        """Called after the last iteration, whatever ended the training.

        Parameters
        ----------
        model : estimator or MetaLearner
            What trains.
        """


class ProgressBar(Callback):
    """A bar of tqdm where it is installed, else ten lines.

    Parameters
    ----------
    iterations : int
        How many iterations there will be.

    Examples
    --------
    >>> import shoal
    >>> learner = shoal.MetaLearner(inputs=1, outputs=1, backend="cpu")
    >>> bar = shoal.callbacks.ProgressBar(50)
    >>> told = shoal.train(learner, shoal.sinusoid(), 50, 4, callbacks=[bar])
    """

    def __init__(self, iterations: int) -> None:
        self.iterations = iterations
        self._bar: Any = None
        self._told = 0

    def before_training(self, model: Any) -> None:
        """Opens the bar.

        Parameters
        ----------
        model : estimator or MetaLearner
            What trains.
        """
        try:
            from tqdm.auto import tqdm

            self._bar = tqdm(total=self.iterations, unit="it")
        except ImportError:
            self._bar = None

    def after_iteration(self, model: Any, metrics: dict[str, Any]) -> None:
        """Moves the bar.

        Parameters
        ----------
        model : estimator or MetaLearner
            What trains.
        metrics : dict
            What Callback says.
        """
        done = metrics["iteration"]
        if self._bar is not None:
            self._bar.set_postfix(query_loss=f"{metrics['query_loss']:.4g}", refresh=False)  # update writes, ten times a second at most
            self._bar.update(done - self._bar.n)
        elif done * 10 // self.iterations > self._told:
            self._told = done * 10 // self.iterations
            print(f"iteration {done} of {self.iterations}: query loss {metrics['query_loss']:.5g}")

    def after_training(self, model: Any) -> None:
        """Closes the bar.

        Parameters
        ----------
        model : estimator or MetaLearner
            What trains.
        """
        if self._bar is not None:
            self._bar.close()


class Callbacks:
    """Several callbacks as the function that the engine calls."""

    def __init__(self, model, callbacks, history):
        self.model, self.callbacks, self.history = model, list(callbacks), history
        self.may_wait = all(type(callback) is ProgressBar for callback in self.callbacks)  # they end nothing and look at no model
        self._interrupted = False

    @contextlib.contextmanager
    def interrupts_kept(self):
        """Ctrl-C ends the training between two iterations, and is raised once the block has kept the model. A second one is raised at once.

        Only the main thread is told of signals, and a handler that is not Python's own stays in place.
        """
        ours = threading.current_thread() is threading.main_thread() and signal.getsignal(signal.SIGINT) is signal.default_int_handler
        if ours:
            signal.signal(signal.SIGINT, self._interrupt)
        try:
            yield
        finally:
            if ours:
                signal.signal(signal.SIGINT, signal.default_int_handler)
        self.look()

    def _interrupt(self, number, frame):
        if self._interrupted:
            signal.default_int_handler(number, frame)
        self._interrupted = True

    def look(self):
        """The engine calls this between iterations, every 200 ms."""
        if self._interrupted:
            self._interrupted = False
            raise KeyboardInterrupt

    def begin(self):
        for callback in self.callbacks:
            callback.before_training(self.model)

    def __call__(self, metrics):
        self.history.append(dict(metrics))
        return any([bool(callback.after_iteration(self.model, metrics)) for callback in self.callbacks])

    def end(self):
        for callback in self.callbacks:
            callback.after_training(self.model)
