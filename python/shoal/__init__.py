# SPDX-License-Identifier: Apache-2.0
"""Batched meta-learning: one model that adapts to every client, asset or desk.

The estimators (MetaRegressor, MetaClassifier, QuantileMetaRegressor) take frames with a column that names the task. TaskBatch,
MetaLearner and train are the engine itself. Everything gives the bits that the `shoal` program gives.
"""
from typing import TYPE_CHECKING, Any

from . import _shoal, callbacks
from .batches import TaskBatch, read_tasks, write_tasks
from .errors import (
    DataError,
    Error,
    InvalidArgument,
    ModelError,
    NumericError,
    ResourceError,
    TaskFailureWarning,
    UnknownCategoryWarning,
)
from .learner import MetaLearner
from .sources import batch_source, function_source, sinusoid, xsinx, xsinx_window
from .training import train

if TYPE_CHECKING:
    from .adapted import AdaptedModels
    from .datasets import get_dataset
    from .estimators import MetaClassifier, MetaRegressor, QuantileMetaRegressor
    from .files import load

__version__: str = _shoal.version

_ON_DEMAND = {  # names whose modules need scikit-learn, which `import shoal` does not load
    "MetaClassifier": "estimators",
    "MetaRegressor": "estimators",
    "QuantileMetaRegressor": "estimators",
    "AdaptedModels": "adapted",
    "get_dataset": "datasets",
    "load": "files",
}

__all__ = [
    "AdaptedModels",
    "DataError",
    "Error",
    "InvalidArgument",
    "MetaClassifier",
    "MetaLearner",
    "MetaRegressor",
    "ModelError",
    "NumericError",
    "QuantileMetaRegressor",
    "ResourceError",
    "TaskBatch",
    "TaskFailureWarning",
    "UnknownCategoryWarning",
    "batch_source",
    "callbacks",
    "function_source",
    "get_dataset",
    "load",
    "read_tasks",
    "sinusoid",
    "train",
    "write_tasks",
    "xsinx",
    "xsinx_window",
]


def __getattr__(name: str) -> Any:
    if name in _ON_DEMAND:
        import importlib

        return getattr(importlib.import_module(f".{_ON_DEMAND[name]}", __name__), name)
    raise AttributeError(f"module 'shoal' has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__
