# SPDX-License-Identifier: Apache-2.0
"""Random tables of clients, and the configuration of the command line for them."""
import numpy as np
import pandas as pd
import shoal


def clients(seed, *, keys=24, rows=16, two_keys=False, texts=True, missing=False, time=None, offset=False, target="real", first=0):
    """A frame with a column `y`."""
    rng = np.random.default_rng(seed)
    count = rng.integers(rows // 2 + 6, rows + 8, keys)
    key = np.repeat(np.arange(first, first + keys), count)
    n = len(key)
    frame = pd.DataFrame({"client": [f"c{k}" for k in key] if seed % 2 else key})
    if two_keys:
        frame["desk"] = [f"d/{k % 3}" for k in key]
    if time == "number":
        frame["month"] = np.concatenate([rng.permutation(c) for c in count])
    if time == "date":
        frame["month"] = pd.to_datetime("2020-01-31") + pd.to_timedelta(np.concatenate([np.arange(c) for c in count]) * 7, unit="D")
    frame["income"] = np.round(rng.lognormal(8, 1, n), int(rng.integers(0, 6)))
    frame["age"] = rng.integers(18, 90, n)
    frame["ratio"] = rng.normal(size=n).astype(np.float32 if seed % 3 == 0 else np.float64)
    if texts:
        frame["region"] = rng.choice(["north", "south", "a b", "é"], n)
        if seed % 4 == 0:
            frame["region"] = frame["region"].astype("category")
    if missing:
        frame.loc[rng.random(n) < 0.1, "income"] = np.nan
        frame.loc[rng.random(n) < 0.1, "ratio"] = np.nan
    if offset:
        frame["base"] = rng.normal(size=n)
    score = np.sin(key) * frame["ratio"].fillna(0).to_numpy(np.float64) + 0.01 * frame["age"].to_numpy()
    if target == "real":
        frame["y"] = score * 30 + rng.normal(size=n)
    elif target == "positive":
        frame["y"] = np.exp(score)
    elif target == "binary":
        frame["y"] = (rng.random(n) < 1 / (1 + np.exp(-score))).astype(int)
    elif target == "words":
        frame["y"] = np.where(rng.random(n) < 0.5, "good", "bad")
    else:
        frame["y"] = rng.choice(["low", "mid", "high"], n)
    return frame


def toml_of(value):
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        return '"' + value + '"'
    if isinstance(value, (list, tuple)):
        return "[" + ", ".join(map(toml_of, value)) + "]"
    return repr(value)


def config(path, **keys):
    """The text of a configuration; `a__b` stands for `a.b`."""
    keys = {"tasks__source": "table", "tasks__path": str(path), "tasks__split__train": 1.0, "tasks__split__validation": 0.0,
            "tasks__split__test": 0.0, "backend": "cpu", "threads": 1, "seed": 7, **keys}  # fmt: skip
    return "".join(f"{name.replace('__', '.')} = {toml_of(value)}\n" for name, value in keys.items())


# Estimators that train in no time.
FAST = {"key": "client", "support": 6, "query": 4, "hidden": (5,), "inner_lr": 0.05, "iterations": 8, "tasks_per_batch": 6, "backend": "cpu", "n_jobs": 1}


def regressor(**parameters):
    return shoal.MetaRegressor(**{**FAST, **parameters})


def data(seed=1, **table):
    frame = clients(seed, **table)
    return frame.drop(columns="y"), frame["y"]


def labels_in(words, X):
    return np.resize(np.array(words), len(X))
