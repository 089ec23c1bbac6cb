# SPDX-License-Identifier: Apache-2.0
"""safetensors (docs/formats.md): the workers read it as numpy arrays, the driver, which has no numpy, as plain numbers."""

import array
import json
import struct

CODES = {"F32": ("<f4", "f"), "F64": ("<f8", "d"), "I64": ("<i8", "q"), "I32": ("<i4", "i"), "U8": ("u1", "B")}
NAMES = {"float32": "F32", "float64": "F64", "int64": "I64"}


def entries(path):
    """{name: (dtype, shape, first byte in the file, bytes)}."""
    with open(path, "rb") as file:
        size = struct.unpack("<Q", file.read(8))[0]
        header = json.loads(file.read(size))
    return {
        name: (
            entry["dtype"],
            entry["shape"],
            8 + size + entry["data_offsets"][0],
            entry["data_offsets"][1] - entry["data_offsets"][0],
        )
        for name, entry in header.items()
        if name != "__metadata__"
    }


def read_plain(path):
    """{name: array of numbers}."""
    result = {}
    with open(path, "rb") as file:
        for name, (dtype, _, begin, size) in entries(path).items():
            file.seek(begin)
            result[name] = array.array(CODES[dtype][1], file.read(size))
    return result


def read_arrays(path):
    """{name: numpy array}, mapped from the file, so that workers share its pages."""
    import numpy as np

    return {
        name: np.memmap(path, dtype=CODES[dtype][0], mode="c", offset=begin, shape=tuple(shape))
        for name, (dtype, shape, begin, size) in entries(path).items()
        if size > 0
    }


def write_arrays(path, tensors):
    """Writes numpy arrays."""
    header, at = {}, 0
    for name in sorted(tensors):
        value = tensors[name]
        header[name] = {"dtype": NAMES[str(value.dtype)], "shape": list(value.shape), "data_offsets": [at, at + value.nbytes]}
        at += value.nbytes
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for name in sorted(tensors):
            file.write(tensors[name].tobytes(order="C"))
