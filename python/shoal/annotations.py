# SPDX-License-Identifier: Apache-2.0
"""What annotations call things."""
import os
from collections.abc import Sequence
from typing import Union

Columns = Union[str, int, Sequence[str], Sequence[int]]  # names of columns, or positions in arrays
Path = Union[str, "os.PathLike[str]"]
