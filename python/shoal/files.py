# SPDX-License-Identifier: Apache-2.0
"""Models out of files: of this package and of the `shoal` program."""
from __future__ import annotations

import json
import os
import pathlib
from typing import Any

import numpy as np

from . import _shoal
from .adapted import AdaptedModels
from .annotations import Path
from .errors import DataError, ModelError
from .estimators import MetaClassifier, MetaRegressor, QuantileMetaRegressor
from .model import Model

CLASSES = {one.__name__: one for one in (MetaClassifier, MetaRegressor, QuantileMetaRegressor)}


def load(path: Path) -> Any:
    """An estimator, or AdaptedModels, out of a run folder or a `.safetensors` file.

    Reads what `save` wrote, and every run, model and file of adapted models of the command line that was trained on a table.

    Parameters
    ----------
    path : path
        A run folder, or a `.safetensors` file.

    Returns
    -------
    estimator or AdaptedModels
        What was saved. An estimator has no `adapted_`, because its file has only the trained model.

    Raises
    ------
    ModelError
        No such model, or a damaged one.

    Examples
    --------
    >>> import tempfile, numpy as np, shoal
    >>> X = np.column_stack([np.repeat(np.arange(30), 20), np.random.default_rng(0).normal(size=600)])
    >>> model = shoal.MetaRegressor(key=0, iterations=10, backend="cpu").fit(X, X[:, 0] * X[:, 1])
    >>> fresh = model.adapt(X[:40], X[:40, 1])
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     model.save(f"{folder}/run")
    ...     fresh.save(f"{folder}/fresh.safetensors")
    ...     print(shoal.load(f"{folder}/run").n_iter_, len(shoal.load(f"{folder}/fresh.safetensors")))
    10 2
    """
    path = pathlib.Path(os.fspath(path))
    file = path / "model.safetensors" if path.is_dir() else path
    if not file.exists():
        raise ModelError(f"{file}: there is no model (has the run finished?)")
    content = file.read_bytes()
    _, metadata = _shoal.parse_tensors(content, str(file))
    run = _shoal.Run.of_bytes(content, [], None)
    estimator = _estimator(content, metadata, run, str(file))
    if not run.is_adapted:
        return estimator
    adapted = json.loads(metadata["adapted"]) if "adapted" in metadata else {"groups": None, "failures": []}
    groups = adapted["groups"]
    if groups is None:
        groups = [str(one) for one in _shoal.parse_tensors(content, str(file))[0]["task_id"].tolist()]
    return AdaptedModels(content, groups, [tuple(one) for one in adapted["failures"]], estimator)


def _estimator(content, metadata, run, file):
    if "estimator" in metadata:
        stored = json.loads(metadata["estimator"])
        if stored["class"] not in CLASSES:
            raise ModelError(f'{file}: metadata "estimator": unknown class {stored["class"]!r}')
        estimator = CLASSES[stored["class"]](**stored["parameters"])
        fitted = stored["fitted"]
    else:
        estimator, fitted = _of_command_line(run, file)
    estimator._model = Model(content, estimator._place())
    estimator._names = fitted["names"]
    estimator.n_features_in_ = fitted["n_features_in"]
    if "feature_names_in" in fitted:
        estimator.feature_names_in_ = np.array(fitted["feature_names_in"], dtype=object)
    if "classes" in fitted:
        estimator.classes_ = np.array(fitted["classes"])
    estimator.n_iter_ = int(fitted.get("n_iter", metadata.get("selected_iteration", 0)))
    estimator.history_, estimator.failures_, estimator.left_out_ = [], [], {}
    return estimator


def _of_command_line(run, file):
    """An estimator for a model of the `shoal` program: its columns, loss and labels."""
    data = run.preprocessing
    if data is None:
        raise ModelError(f"{file}: was not trained on a table; take shoal.MetaLearner for such models")
    names = list(dict.fromkeys([*data["key"], *([data["time"]] if data["time"] else []), *([data["offset"]] if data["offset"] else []), *data["features"]]))
    places = {"key": list(data["key"]), "time": data["time"] or None, "offset": data["offset"] or None}
    fitted = {
        "n_features_in": len(names),
        "feature_names_in": names,
        "names": {
            "key": data["key"], "time": data["time"], "offset": data["offset"], "features": data["features"], "targets": data["targets"],
            "groups": False, "dealt": False, "categorical": data["categorical"], "positive": data["positive"],
        },
    }  # fmt: skip
    if run.loss in ("bce", "softmax"):
        if len(data["targets"]) != 1:
            raise DataError(f"{file}: a classifier has one target, this model has {len(data['targets'])}")
        labels = data["labels"] or ["0", "1"]
        fitted["classes"] = [int(one) for one in labels] if all(one.lstrip("-").isdigit() for one in labels) else labels
        return MetaClassifier(loss=run.loss, missing=data["missing"], **places), fitted
    if run.loss == "pinball":
        return QuantileMetaRegressor(quantiles=data["quantiles"], missing=data["missing"], **places), fitted
    return MetaRegressor(loss=run.loss, missing=data["missing"], **places), fitted
