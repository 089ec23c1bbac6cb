# SPDX-License-Identifier: Apache-2.0
"""Keyword parameters as keys of docs/configuration.md."""
import json
import numbers
import os
from collections.abc import Iterable

import numpy as np

from .errors import InvalidArgument

KEYS = {  # parameter: key of the configuration
    **{name: f"tasks.{name}" for name in ("support", "query", "max_categories", "time_format", "missing", "purge", "stratify", "scale", "scale_targets")},
    **{name: f"model.{name}" for name in ("hidden", "activation", "skip", "init", "init_sd")},
    "loss": "loss.name",
    **{name: f"loss.{name}" for name in ("delta", "pos_weight", "quantiles", "floor")},
    "algorithm": "algorithm.name",
    **{name: f"algorithm.{name}" for name in ("inner_steps", "inner_lr", "learned_lr", "step_weights", "max_move", "gate")},
    **{
        name: f"train.{name}"
        for name in (
            "iterations", "tasks_per_batch", "sampling", "chunk", "optimizer", "lr", "beta1", "beta2", "epsilon", "weight_decay", "momentum", "clip",
            "schedule", "final_lr", "validate_every", "keep", "patience", "checkpoint_every", "log_every", "warm_start",
        )
    },
    "seed": "seed",
    "threads": "threads",
    **{name: name for name in ("backend", "isa", "math")},
}


TEXTS = {"time_format", "missing", "scale_targets", "activation", "init", "loss", "algorithm", "learned_lr", "gate", "sampling", "optimizer", "schedule",
         "keep", "warm_start", "backend", "isa", "math"}  # fmt: skip


def whole_number(value, name):
    """An int; everything else is refused by name."""
    if not isinstance(value, numbers.Integral) or isinstance(value, bool):
        raise InvalidArgument(f"{name}: {value!r} is no whole number")
    return int(value)


def whole_numbers(values, name):
    """A list of int that is not empty."""
    if isinstance(values, (str, bytes)) or not isinstance(values, Iterable):
        raise InvalidArgument(f"{name}: {values!r} is no list of whole numbers")
    numbers_in = [whole_number(value, name) for value in values]
    if not numbers_in:
        raise InvalidArgument(f"{name}: the list is empty")
    return numbers_in


def toml(name, value):
    """A value as TOML."""
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, (int, float)):
        return repr(value)
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).replace("\x7f", "\\u007f")
    if isinstance(value, (list, tuple, np.ndarray)):
        return "[" + ", ".join(toml(name, one) for one in value) + "]"
    raise InvalidArgument(f"{name}: {value!r} is no number, text or list of them")


def override(key, value, name=None):
    """(key, value, what errors call it, whether the value is the text itself)."""
    name = name or key
    if isinstance(value, os.PathLike):
        value = os.fspath(value)
    if isinstance(value, str):
        return (key, value, name, True)
    return (key, toml(name, value), name, False)


def overrides(parameters):
    """Overrides of parameters that are not None."""
    for name, value in parameters.items():
        if isinstance(value, str) and name not in TEXTS:
            raise InvalidArgument(f"{name}: {value!r} is a text, which it does not take")
    return [override(KEYS[name], value, name) for name, value in parameters.items() if value is not None]
