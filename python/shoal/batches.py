# SPDX-License-Identifier: Apache-2.0
"""Batches of tasks in arrays, which they borrow."""
from __future__ import annotations

import os
from collections.abc import Iterable
from typing import Any

import numpy as np

from . import _shoal
from .annotations import Columns, Path
from .errors import DataError, InvalidArgument

CPU = 1  # DLPack's number of host memory


def checked_array(name, array, dtypes, dimensions):
    """A view of NumPy of an array in host memory; nothing is copied and nothing converted.

    Throws InvalidArgument, naming the array: not an array, on a device, requiring grad, another type or byte order, other dimensions,
    or not contiguous.
    """
    if getattr(array, "requires_grad", False):
        raise InvalidArgument(f"{name}: it requires grad, which the engine does not record: give {name}.detach()")
    if not isinstance(array, np.ndarray):
        if hasattr(array, "__cuda_array_interface__"):
            raise InvalidArgument(f"{name}: it is in the memory of a CUDA device: give an array in host memory")
        if not hasattr(array, "__dlpack__"):
            raise InvalidArgument(f"{name}: a {type(array).__name__} is no array: give one of NumPy, or one with __dlpack__")
        if hasattr(array, "__dlpack_device__") and int(array.__dlpack_device__()[0]) != CPU:
            raise InvalidArgument(f"{name}: it is on a device: give an array in host memory")
        try:
            array = np.from_dlpack(array)
        except (BufferError, RuntimeError, TypeError, ValueError) as error:
            raise InvalidArgument(f"{name}: {error}") from error
    if array.dtype.newbyteorder("=") != array.dtype:
        raise InvalidArgument(f"{name}: its byte order {array.dtype.str!r} is not the machine's")
    if array.dtype not in [np.dtype(one) for one in dtypes]:
        raise InvalidArgument(f"{name}: {array.dtype}, expected {' or '.join(dtypes)}: nothing is converted in silence")
    if array.ndim not in dimensions:
        raise InvalidArgument(f"{name}: {array.ndim} dimensions (shape {array.shape}), expected {' or '.join(map(str, dimensions))}")
    if not array.flags.c_contiguous:
        raise InvalidArgument(f"{name}: it is not C-contiguous: give numpy.ascontiguousarray({name})")
    if not array.flags.aligned:
        raise InvalidArgument(f"{name}: it is not aligned in memory: give {name}.copy()")
    return array


REAL = ("float32", "float64")


class TaskBatch:
    """Many tasks of different sizes, without padding. Rows of all tasks lie one after another; offsets say where each task begins.

    The arrays are borrowed, never copied: C-contiguous ones in host memory of NumPy, or of anything with `__dlpack__`. They must not
    be changed while the batch is in use.

    Parameters
    ----------
    support_x : float32 or float64 [rows, inputs]
        Rows to adapt on.
    support_y : the same type [rows] or [rows, targets], or int64 [rows]
        Their targets, or their class labels.
    support_offsets : int64 [tasks + 1]
        The support rows of task t are offsets[t] .. offsets[t + 1].
    query_x : the same type [rows, inputs]
        Rows to be measured on.
    query_y : as support_y
        Their targets, or their class labels.
    query_offsets : int64 [tasks + 1]
        The query rows of task t are offsets[t] .. offsets[t + 1].
    ids : int64 [tasks], optional
        Names of the tasks; None means 0, 1, ....
    support_output_offset : the same type [rows, outputs], optional
        Added to the network's outputs of support rows.
    query_output_offset : the same type [rows, outputs], optional
        Added to the network's outputs of query rows.

    Raises
    ------
    InvalidArgument
        An array of another kind than is asked for, by name.
    DataError
        Offsets that fall or do not end at the number of rows, columns that differ, ids that occur twice.

    Examples
    --------
    >>> import numpy as np, shoal
    >>> x = np.zeros((6, 1), np.float32)
    >>> batch = shoal.TaskBatch(x, x, np.array([0, 3, 6]), x, x, np.array([0, 2, 6]))
    >>> len(batch), batch.support_x is x
    (2, True)
    """

    def __init__(
        self, support_x: Any, support_y: Any, support_offsets: Any, query_x: Any, query_y: Any, query_offsets: Any, ids: Any = None,
        support_output_offset: Any = None,
        query_output_offset: Any = None,
    ) -> None:  # fmt: skip
        self._fields = {"support_x": support_x, "query_x": query_x, "support_y": support_y, "query_y": query_y}
        x = checked_array("support_x", support_x, REAL, (2,))
        real = (str(x.dtype),)
        sides: dict[str, tuple[Any, ...]] = {}
        for side, given_x, y, offsets, output_offset in (
            ("support", support_x, support_y, support_offsets, support_output_offset),
            ("query", query_x, query_y, query_offsets, query_output_offset),
        ):
            values = checked_array(f"{side}_x", given_x, real, (2,))
            targets = checked_array(f"{side}_y", y, (*real, "int64"), (1, 2))
            labels = targets if targets.dtype == np.int64 else None
            if labels is not None and labels.ndim != 1:
                raise InvalidArgument(f"{side}_y: labels have one dimension, these have {labels.ndim}")
            if labels is None and targets.ndim == 1:
                targets = targets.reshape(-1, 1)
            starts = checked_array(f"{side}_offsets", offsets, ("int64",), (1,))
            shift = None
            if output_offset is not None:
                shift = checked_array(f"{side}_output_offset", output_offset, real, (1, 2))
                shift = shift.reshape(len(shift), -1)
                self._fields[f"{side}_output_offset"] = output_offset
            sides[side] = (values, None if labels is not None else targets, labels, starts, shift)
            self._fields[f"{side}_offsets"] = offsets
        if (sides["support"][2] is None) != (sides["query"][2] is None):
            raise InvalidArgument("query_y: labels on one side and numbers on the other")
        if ids is None:
            ids = np.arange(max(0, len(sides["support"][3]) - 1), dtype=np.int64)
        self._fields["ids"] = ids
        numbers = checked_array("ids", ids, ("int64",), (1,))
        for name in ("x", "y"):
            a, b = sides["support"][0 if name == "x" else 1], sides["query"][0 if name == "x" else 1]
            if a is not None and a.shape[1] != b.shape[1]:
                raise DataError(f"query_{name}: {b.shape[1]} columns, support_{name} has {a.shape[1]}")
        if (sides["support"][4] is None) != (sides["query"][4] is None):
            raise DataError("query_output_offset: one side has an output offset and the other has none")
        if sides["support"][4] is not None and sides["support"][4].shape[1] != sides["query"][4].shape[1]:
            raise DataError("query_output_offset: its columns are not those of support_output_offset")
        borrow = _shoal.Batch.borrow_float32 if real == ("float32",) else _shoal.Batch.borrow_float64
        arrays = [*sides["support"], *sides["query"], numbers]
        self._batch = borrow(*arrays)

    @classmethod
    def _of(cls, batch):
        """Of a batch of the engine."""
        self = cls.__new__(cls)
        self._batch = batch
        self._fields = batch.arrays()
        for side in ("support", "query"):
            self._fields.setdefault(f"{side}_output_offset", None)
        return self

    @classmethod
    def from_dense(cls, support_x: Any, support_y: Any, query_x: Any, query_y: Any, ids: Any = None) -> TaskBatch:
        """Tasks of equal sizes, which it borrows too.

        Parameters
        ----------
        support_x : float32 or float64 [tasks, rows, inputs]
            Rows to adapt on.
        support_y : the same type [tasks, rows] or [tasks, rows, targets], or int64 [tasks, rows]
            Their targets, or their class labels.
        query_x : the same type [tasks, rows, inputs]
            Rows to be measured on.
        query_y : as support_y
            Their targets, or their class labels.
        ids : int64 [tasks], optional
            Names of the tasks; None means 0, 1, ....

        Returns
        -------
        TaskBatch
            A batch over the same memory.

        Raises
        ------
        InvalidArgument
            An array of another kind than is asked for, by name.
        DataError
            Numbers of tasks or of rows that differ.
        """
        arrays, offsets, counts = {}, {}, {}
        for name, array in (("support_x", support_x), ("support_y", support_y), ("query_x", query_x), ("query_y", query_y)):
            view = checked_array(name, array, (*REAL, "int64"), (2, 3))
            if name.endswith("x") and view.ndim != 3:
                raise InvalidArgument(f"{name}: 2 dimensions, expected [tasks, rows, inputs]")
            tasks, rows = counts[name] = view.shape[:2]
            of_x = counts[f"{name[:-1]}x"]
            if (tasks, rows) != of_x:
                raise DataError(f"{name}: {tasks} tasks of {rows} rows, {name[:-1]}x has {of_x[0]} of {of_x[1]}")
            arrays[name] = view.reshape(tasks * rows, *view.shape[2:])
            offsets[name] = np.arange(tasks + 1, dtype=np.int64) * rows
        return cls(
            arrays["support_x"], arrays["support_y"], offsets["support_x"], arrays["query_x"], arrays["query_y"], offsets["query_x"], ids
        )

    @classmethod
    def from_tasks(cls, tasks: Iterable[tuple[Any, Any, Any, Any]], ids: Any = None) -> TaskBatch:
        """Tasks of different sizes, one after another; copies them.

        Parameters
        ----------
        tasks : list of (support_x, support_y, query_x, query_y)
            Arrays [rows, inputs] and [rows] or [rows, targets] of each task.
        ids : int64 [tasks], optional
            Names of the tasks; None means 0, 1, ....

        Returns
        -------
        TaskBatch
            A batch with arrays of its own.

        Raises
        ------
        DataError
            There are no tasks, their columns differ, or x and y of a task have different numbers of rows.
        """
        tasks = list(tasks)
        if not tasks:
            raise DataError("tasks: there are none")
        arrays = {}
        for at, side in ((0, "support"), (2, "query")):
            x, y = ([np.asarray(task[i]) for task in tasks] for i in (at, at + 1))
            for number, (rows, targets) in enumerate(zip(x, y)):
                if rows.shape[:1] != targets.shape[:1]:
                    raise DataError(f"task {number}: {side}_y: shape {targets.shape}, {side}_x has shape {rows.shape}: the numbers of rows differ")
            arrays[f"{side}_x"], arrays[f"{side}_y"] = np.concatenate(x), np.concatenate(y)
            arrays[f"{side}_offsets"] = np.cumsum([0, *[len(one) for one in x]], dtype=np.int64)
        return cls(**arrays, ids=ids)

    @classmethod
    def from_frame(
        cls, frame: Any, *, key: Columns, targets: Columns, features: Columns | None = None, time: str | int | None = None,
        offset: str | int | None = None, categorical: Columns | None = None, loss: str = "mse", seed: int = 7, dtype: Any = np.float32,
        **options: Any,
    ) -> TaskBatch:  # fmt: skip
        """Tasks of the rows of a frame, one for each key; copies. The tasks are those that the estimators train on.

        Parameters
        ----------
        frame : frame or array [n, columns]
            As X of the estimators, with the targets.
        key : str or list of str
            Columns that name the task (positions in arrays).
        targets : str or list of str
            Columns to predict.
        features : list of str, optional
            Columns to predict from; None means every other column.
        time : str, optional
            Column that orders the rows of a task.
        offset : str, optional
            Column that is added to the network's output.
        categorical : list of str, optional
            Features that are categories though their values are numbers; text columns are by themselves.
        loss : str
            What the targets are for: `bce` takes 0 and 1, `softmax` class labels, all others numbers.
        seed : int
            Which rows are support and which are query, where no time says so.
        dtype : float32 or float64
            Type of the batch; float64 is for the backend `reference`.
        **options : object
            `support`, `query`, `purge`, `stratify`, `missing`, `max_categories`, `scale` and `scale_targets` of docs/configuration.md. Unlike
            there, nothing is scaled unless it is asked for.

        Returns
        -------
        TaskBatch
            A batch with arrays of its own.

        Raises
        ------
        DataError
            What is wrong with the data, with column and row.

        Examples
        --------
        >>> import numpy as np, shoal
        >>> rows = np.column_stack([np.repeat([1, 2], 6), np.arange(12), np.arange(12) ** 2]).astype(float)
        >>> batch = shoal.TaskBatch.from_frame(rows, key=0, targets=2, support=4, query=2)
        >>> batch.support_x.shape, batch.query_y.shape
        ((8, 1), (4, 1))
        """
        from .frame_tasks import tasks_of_frame  # needs narwhals, which `import shoal` does not load

        return cls._of(tasks_of_frame(frame, key, targets, features, time, offset, categorical, loss, seed, dtype, options))

    def __len__(self) -> int:
        return self._batch.size

    def __getattr__(self, name: str) -> Any:
        fields = self.__dict__.get("_fields", {})
        if name in fields:
            return fields[name]
        if name.endswith("_output_offset"):
            return None
        raise AttributeError(f"TaskBatch has no attribute {name!r}")

    def __getstate__(self):
        return {name: np.array(value) for name, value in self._fields.items() if value is not None}

    def __setstate__(self, state):
        self.__init__(**state)


def read_tasks(file: Path) -> TaskBatch:
    """The tasks of a task file (docs/formats.md).

    Parameters
    ----------
    file : path
        What `write_tasks` or the `shoal` program wrote.

    Returns
    -------
    TaskBatch
        A batch with arrays of its own.

    Raises
    ------
    DataError
        No such file, or a damaged one.
    """
    return TaskBatch._of(_shoal.read_tasks(os.fspath(file)))


def write_tasks(file: Path, batch: TaskBatch) -> None:
    """Writes a task file, which the commands of `shoal` read.

    Parameters
    ----------
    file : path
        Its name ends in `.safetensors`.
    batch : TaskBatch
        What to write.

    Raises
    ------
    ResourceError
        The file cannot be written.
    """
    _shoal.write_tasks(os.fspath(file), batch._batch)
