# SPDX-License-Identifier: Apache-2.0
"""The tasks of a frame, cut as the engine cuts tables."""
import numpy as np

from . import _shoal
from .errors import DataError, InvalidArgument
from .frames import frame_of, listed
from .overrides import override

OPTIONS = {"support": 10, "query": 10, "purge": 0, "stratify": False, "missing": "error", "scale": False, "scale_targets": False, "max_categories": 100}


def tasks_of_frame(frame, key, targets, features, time, offset, categorical, loss, seed, dtype, options):
    """A batch of the engine with every task of the frame: see TaskBatch.from_frame."""
    for name in options:
        if name not in OPTIONS:
            raise InvalidArgument(f"{name}: unknown option; known are {', '.join(sorted(OPTIONS))}")
    given = frame_of(frame, "frame")
    if given is None:
        raise DataError(f"frame: a {type(frame).__name__} is neither a frame of pandas, polars or pyarrow nor a two-dimensional array")
    places = {
        what: [given.names[given.place_of(one, what)] for one in listed(wanted)]
        for what, wanted in (("key", key), ("targets", targets), ("time", time), ("offset", offset), ("categorical", categorical))
    }
    if not places["key"] or not places["targets"]:
        raise InvalidArgument("from_frame: key and targets name at least one column each")
    others = {name for what in ("key", "targets", "time", "offset") for name in places[what]}
    if features is None:
        chosen = [name for name in given.names if name not in others]
    else:
        chosen = [given.names[given.place_of(one, "features")] for one in listed(features)]
    table, texts = _shoal.Table(), []
    for name in dict.fromkeys([*others, *chosen]):
        if name in chosen:
            column = given.feature(name, name in places["categorical"])
        else:
            column = given.column(given.names.index(name), exact=name in places["key"] or name in places["time"])
        column.require_names(is_key=name in places["key"])
        if name in chosen and column.is_text:
            texts.append(name)
        column.add_to(table)
    asked = {
        "tasks.source": "table", "tasks.key": places["key"], "tasks.targets": places["targets"], "tasks.features": chosen,
        "tasks.split.train": 1.0, "tasks.split.validation": 0.0, "tasks.split.test": 0.0, "loss.name": loss, "seed": seed,
        **{f"tasks.{name}": value for name, value in {**OPTIONS, **options}.items()},
    }  # fmt: skip
    if loss == "pinball":
        asked["loss.quantiles"] = [0.5]  # the tasks do not depend on the levels
    if texts:
        asked["tasks.categorical"] = texts
    for what in ("time", "offset"):
        if places[what]:
            asked[f"tasks.{what}"] = places[what][0]
    wide = np.dtype(dtype) == np.float64
    if not wide and np.dtype(dtype) != np.float32:
        raise InvalidArgument(f"dtype: {np.dtype(dtype)}, expected float32 or float64")
    return table.tasks([override(name, value) for name, value in asked.items()], wide)
