# SPDX-License-Identifier: Apache-2.0
"""TaskBatch borrows arrays, refuses what it would have to convert, by name, and keeps the arrays alive."""
import gc
import os
import pickle
import random
import resource
import subprocess
import sys

import numpy as np
import pytest
import shoal


def dense(tasks=4, support=3, query=2, inputs=2, dtype=np.float32, seed=0):
    rng = np.random.default_rng(seed)
    values = lambda rows, columns: np.ascontiguousarray(rng.normal(size=(tasks, rows, columns)).astype(dtype))  # noqa: E731
    return values(support, inputs), values(support, 1), values(query, inputs), values(query, 1)


def parts(**change):
    x, y = np.ones((6, 2), np.float32), np.ones((6, 1), np.float32)
    arrays = {"support_x": x, "support_y": y, "support_offsets": np.array([0, 2, 6]), "query_x": x.copy(), "query_y": y.copy(),
              "query_offsets": np.array([0, 3, 6]), "ids": np.array([5, 9]), **change}  # fmt: skip
    return {name: value for name, value in arrays.items() if not isinstance(value, str)}


def test_shows_the_callers_arrays():
    given = parts()
    batch = shoal.TaskBatch(**given)
    assert len(batch) == 2
    for name, array in given.items():
        assert getattr(batch, name) is array
    assert batch.support_output_offset is None
    engine = batch._batch.arrays()
    for name, array in given.items():
        assert np.shares_memory(engine[name], array)
        assert not engine[name].flags.writeable


def test_dense_is_the_same_without_a_copy():
    arrays = dense()
    batch = shoal.TaskBatch.from_dense(*arrays)
    assert np.shares_memory(batch._batch.arrays()["support_x"], arrays[0])
    flat = shoal.TaskBatch.from_tasks(zip(*arrays))
    learner = shoal.MetaLearner(inputs=2, outputs=1, hidden=[4], seed=3)
    np.testing.assert_array_equal(learner.evaluate(batch).loss, learner.evaluate(flat).loss)


class OnDevice:
    def __dlpack__(self, **_):
        raise AssertionError("must not be asked")

    def __dlpack_device__(self):
        return (2, 0)


class Cuda:
    __cuda_array_interface__ = {}


class Grad:
    requires_grad = True


HOSTILE = [  # change, part of the message, exception
    ({"support_x": np.ones((6, 2))[:, ::1].astype(">f4")}, "support_x: its byte order", shoal.InvalidArgument),
    ({"support_x": np.ones((6, 2), np.float16)}, "support_x: float16, expected float32 or float64", shoal.InvalidArgument),
    ({"support_x": np.ones((6, 2), np.int64)}, "support_x: int64", shoal.InvalidArgument),
    ({"support_x": np.ones((6, 2), complex)}, "support_x: complex128", shoal.InvalidArgument),
    ({"support_x": np.ones((6, 2), object)}, "support_x: object", shoal.InvalidArgument),
    ({"support_x": [[1.0, 2.0]] * 6}, "support_x: a list is no array", shoal.InvalidArgument),
    ({"support_x": None}, "support_x: a NoneType is no array", shoal.InvalidArgument),
    ({"support_x": OnDevice()}, "support_x: it is on a device", shoal.InvalidArgument),
    ({"support_x": Cuda()}, "support_x: it is in the memory of a CUDA device", shoal.InvalidArgument),
    ({"support_x": Grad()}, "support_x: it requires grad", shoal.InvalidArgument),
    ({"support_x": np.ones((2, 6), np.float32).T}, "support_x: it is not C-contiguous", shoal.InvalidArgument),
    ({"support_x": np.ones((12, 2), np.float32)[::2]}, "support_x: it is not C-contiguous", shoal.InvalidArgument),
    ({"support_x": np.ones(12, np.float32)}, "support_x: 1 dimensions", shoal.InvalidArgument),
    ({"support_x": np.ones((6, 2, 1), np.float32)}, "support_x: 3 dimensions", shoal.InvalidArgument),
    ({"query_x": np.ones((6, 2))}, "query_x: float64, expected float32", shoal.InvalidArgument),
    ({"query_x": np.ones((6, 3), np.float32)}, "query_x: 3 columns", shoal.DataError),
    ({"query_y": np.ones((6, 2), np.float32)}, "query_y: 2 columns", shoal.DataError),
    ({"query_y": np.ones((6, 1))}, "query_y: float64", shoal.InvalidArgument),
    ({"query_y": np.ones(6, np.int32)}, "query_y: int32", shoal.InvalidArgument),
    ({"query_y": np.zeros(6, np.int64)}, "query_y: labels on one side", shoal.InvalidArgument),
    ({"query_y": np.zeros((6, 1), np.int64)}, "query_y: labels have one dimension", shoal.InvalidArgument),
    ({"support_offsets": np.array([0, 2, 6], np.int32)}, "support_offsets: int32, expected int64", shoal.InvalidArgument),
    ({"support_offsets": np.array([0.0, 2, 6])}, "support_offsets: float64", shoal.InvalidArgument),
    ({"support_offsets": [0, 2, 6]}, "support_offsets: a list", shoal.InvalidArgument),
    ({"support_offsets": np.array([0, 2, 5])}, "support", shoal.DataError),
    ({"support_offsets": np.array([1, 2, 6])}, "support", shoal.DataError),
    ({"support_offsets": np.array([0, 7, 6])}, "support", shoal.DataError),
    ({"support_offsets": np.array([0, 2, 4, 6])}, "support", shoal.DataError),
    ({"support_offsets": np.zeros(0, np.int64)}, "", shoal.DataError),
    ({"ids": np.array([5, 5])}, "5", shoal.DataError),
    ({"ids": np.array([5, 9, 11])}, "", shoal.DataError),
    ({"ids": np.array([5.0, 9.0])}, "ids: float64", shoal.InvalidArgument),
    ({"query_output_offset": np.ones((6, 1), np.float32)}, "query_output_offset: one side has", shoal.DataError),
    ({"support_output_offset": np.ones((6, 1)), "query_output_offset": np.ones((6, 1))}, "support_output_offset: float64", shoal.InvalidArgument),
    ({"support_output_offset": np.ones((5, 1), np.float32), "query_output_offset": np.ones((6, 1), np.float32)}, "", shoal.DataError),
    ({"support_y": np.ones((5, 1), np.float32)}, "", shoal.DataError),
]  # fmt: skip


@pytest.mark.parametrize("case", range(len(HOSTILE)))
def test_refuses(case):
    change, message, kind = HOSTILE[case]
    with pytest.raises(kind) as caught:
        shoal.TaskBatch(**{**parts(), **change})
    assert message in str(caught.value)
    assert caught.value.exit_code in (2, 3)
    assert isinstance(caught.value, ValueError)


def test_misaligned_arrays_are_refused():
    raw = np.zeros(4 * 12 + 1, np.uint8)[1:].view(np.float32).reshape(6, 2)
    with pytest.raises(shoal.InvalidArgument, match="support_x: it is not aligned"):
        shoal.TaskBatch(**parts(support_x=raw))


def test_arrays_may_go_in_any_order():
    learner = shoal.MetaLearner(inputs=2, outputs=1, hidden=[3])
    large = {"tasks": 16, "support": 40, "query": 50}  # smaller arrays NumPy would keep, and a sanitizer would not see them go
    expected = learner.evaluate(shoal.TaskBatch.from_dense(*dense(**large)), [0, 2]).loss
    for order in range(200):
        things = dict(zip("abcd", dense(**large)))
        batch = shoal.TaskBatch.from_dense(*things.values())
        source = shoal.batch_source(batch)
        things["batch"] = batch
        del batch
        names = list(things)
        random.Random(order).shuffle(names)
        for name in names:
            del things[name]
            if order % 20 == 0:
                gc.collect()
        kept = source.evaluation(16, "train")
        np.testing.assert_array_equal(learner.evaluate(kept, [0, 2]).loss, expected)
        del source
        np.testing.assert_array_equal(np.sort(kept.ids), np.arange(16))


LOST = """
import ctypes
import numpy as np
array = np.ones(5000, np.uint8)
place = array.ctypes.data
del array
ctypes.string_at(place, 4000)
"""


@pytest.mark.skipif("SHOAL_SANITIZED" not in os.environ, reason="needs AddressSanitizer")
def test_the_sanitizer_sees_arrays_of_numpy():
    done = subprocess.run([sys.executable, "-c", LOST], capture_output=True, text=True, check=False)
    assert done.returncode != 0 and "heap-use-after-free" in done.stderr, done.stderr


def test_costs_no_memory():
    rows = 5_000_000
    x = np.zeros((rows, 20), np.float32)
    y, offsets = np.zeros((rows, 1), np.float32), np.array([0, rows])
    small = np.zeros((1, 20), np.float32), np.zeros((1, 1), np.float32), np.array([0, 1])
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    batch = shoal.TaskBatch(x, y, offsets, *small)
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before <= 8 * 1024
    assert np.shares_memory(batch._batch.arrays()["support_x"], x)


def test_pickles_and_files(tmp_path):
    batch = shoal.TaskBatch(**parts(support_output_offset=np.ones((6, 1), np.float32), query_output_offset=np.ones((6, 1), np.float32)))
    copy = pickle.loads(pickle.dumps(batch))
    shoal.write_tasks(tmp_path / "t.safetensors", batch)
    for other in (copy, shoal.read_tasks(tmp_path / "t.safetensors")):
        for name in ("support_x", "support_y", "query_x", "ids", "query_output_offset", "support_offsets"):
            np.testing.assert_array_equal(getattr(other, name), getattr(batch, name))
    with pytest.raises(shoal.Error) as caught:
        shoal.read_tasks(tmp_path / "none.safetensors")
    assert caught.value.exit_code == 3


def test_dlpack_arrays_are_borrowed():
    class Lent:
        def __init__(self, array):
            self.array = array

        def __dlpack__(self, **options):
            return self.array.__dlpack__(**options)

        def __dlpack_device__(self):
            return self.array.__dlpack_device__()

    given = parts()
    batch = shoal.TaskBatch(**{name: Lent(array) for name, array in given.items()})
    assert np.shares_memory(batch._batch.arrays()["query_x"], given["query_x"])


def shaped(*shape):
    return np.ones(shape, np.float32)


@pytest.mark.parametrize("arrays, message", [
    ((shaped(2, 6, 2), shaped(3, 4), shaped(2, 6, 2), shaped(2, 6)), "support_y: 3 tasks of 4 rows, support_x has 2 of 6"),
    ((shaped(2, 6, 2), shaped(6, 2), shaped(2, 6, 2), shaped(2, 6)), "support_y: 6 tasks of 2 rows, support_x has 2 of 6"),
    ((shaped(2, 6, 2), shaped(2, 6), shaped(2, 6, 2), shaped(3, 4, 1)), "query_y: 3 tasks of 4 rows, query_x has 2 of 6"),
    ((shaped(2, 6, 2), shaped(2, 6), shaped(3, 4, 2), shaped(3, 4)), ""),
])  # fmt: skip
def test_dense_tasks_keep_their_rows(arrays, message):
    with pytest.raises(shoal.DataError) as caught:
        shoal.TaskBatch.from_dense(*arrays)
    assert message in str(caught.value)


def test_tasks_keep_their_rows():
    good = (shaped(3, 1), shaped(3), shaped(2, 1), shaped(2))
    assert len(shoal.TaskBatch.from_tasks([good, good])) == 2
    shifted = [(shaped(4, 1), shaped(6), shaped(2, 1), shaped(2)), (shaped(6, 1), shaped(4), shaped(2, 1), shaped(2))]
    with pytest.raises(shoal.DataError, match=r"task 0: support_y: shape \(6,\), support_x has shape \(4, 1\)"):
        shoal.TaskBatch.from_tasks(shifted)
    with pytest.raises(shoal.DataError, match=r"task 1: query_y: shape \(\)"):
        shoal.TaskBatch.from_tasks([good, (*good[:3], np.float32(1))])
