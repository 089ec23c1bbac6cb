#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The shoal program refuses malformed CSV, .npy, TOML and safetensors files with the file's name, the location (line, byte, tensor or
task), the column, key or tensor and the right exit code, and writes nothing.

usage: malformed_test.py SHOAL
"""
import collections
import json
import os
import pathlib
import struct
import subprocess
import sys
import tempfile

shoal = str(pathlib.Path(sys.argv[1]).resolve())
counts = collections.Counter()


def refused(kind, what, name, content, code, words, *command):
    """Expects that all `words` are in the message, which names the file first."""
    pathlib.Path(name).write_bytes(content if isinstance(content, bytes) else content.encode())
    before = {path: path.stat().st_mtime_ns for path in pathlib.Path(".").rglob("*")}
    result = subprocess.run([shoal, *command], capture_output=True, text=True, check=False)
    where = f"{kind}, {what}: {result.stderr!r}"
    assert result.returncode == code, f"{where}: exit {result.returncode}, not {code}"
    message = result.stderr.removeprefix("shoal: error: ")
    assert message != result.stderr and message.count("\n") == 1, f"{where}: not one message"
    assert name in message.split(" ")[0], f"{where}: does not begin with the file"
    for word in words:
        assert word in message, f"{where}: {word!r} is not in it"
    assert {path: path.stat().st_mtime_ns for path in pathlib.Path(".").rglob("*")} == before, f"{where}: something was written"
    counts[kind] += 1


def table(path, loss="mse", more="", time='time = "t"'):
    columns = ('"id"', '"x"', '"y"') if path.endswith(".csv") else ('"c0"', '"c1"', '"c2"')
    return f"""[tasks]
source = "table"
path = "{path}"
key = [{columns[0]}]
features = [{columns[1]}]
targets = [{columns[2]}]
{time}
support = 1
query = 0
split = {{ by = "task", train = 1.0, validation = 0.0, test = 0.0 }}
{more}
[loss]
name = "{loss}"
[train]
iterations = 2
"""


def csv_files():
    head = "id,t,x,y\n"
    good = head + "a,1,1,1\na,2,2,2\n"
    bad = [
        ("empty", "", [":1:"]),
        ("blank lines alone", "\n\r\n\n", [":1:"]),
        ("a header alone", head, [":1:", "no rows"]),
        ("a column without a name", "id,t,,y\na,1,1,1\n", [":1:", 'no column "x"']),
        ("a column twice", "id,t,x,x\na,1,1,1\n", [":1:", 'column "x"']),
        ("no such feature", "id,t,z,y\na,1,1,1\n", [":1:", 'column "x"']),
        ("no such target", "id,t,x,Y\na,1,1,1\n", [":1:", 'column "y"']),
        ("no such key", "ID,t,x,y\na,1,1,1\n", [":1:", 'column "id"']),
        ("no such time", "id,T,x,y\na,1,1,1\n", [":1:", 'column "t"']),
        ("a header below a blank line, a column twice", "\nid,t,x,x\n", [":2:", 'column "x"']),
        ("too few fields", good + "a,3,1\n", [":4:", 'column "y"']),
        ("too many fields", good + "a,3,1,1,1\n", [":4:", "5 fields"]),
        ("text for a target", good + "a,3,1,one\n", [":4:", 'column "y"']),
        ("text among a feature's numbers", good + "a,3,one,1\n", [":4:", 'column "x"']),
        ("a decimal comma", good + 'a,3,"1,5",1\n', [":4:", 'column "x"']),
        ("a number with a unit", good + "a,3,1,1%\n", [":4:", 'column "y"']),
        ("a hexadecimal number", good + "a,3,1,0x10\n", [":4:", 'column "y"']),
        ("two signs", good + "a,3,1,+-1\n", [":4:", 'column "y"']),
        ("thousands", good + "a,3,1,1 000\n", [":4:", 'column "y"']),
        ("a missing feature", good + "a,3,,1\n", [":4:", 'column "x"']),
        ("a missing target", good + "a,3,1,NA\n", [":4:", 'column "y"']),
        ("a missing key", good + ",3,1,1\n", [":4:", 'column "id"']),
        ("a missing time", good + "a,,1,1\n", [":4:", 'column "t"']),
        ("a quote that stays open", good + 'a,3,1,"1\n', [":4:", "column 4"]),
        ("a quote inside a field", good + 'a,3,1"2,1\n', [":4:", "column 3"]),
        ("text behind a quote", good + '"a"b,3,1,1\n', [":4:", "column 1"]),
        ("text below a line break in quotes", head + '"a\nb",1,1,1\na,2,1,one\n', [":4:", 'column "y"']),
        ("a zero byte", good.encode() + b"a,3,\0,1\n", [":4:", "column 3"]),
        ("a lone carriage return", good + "a,3,1,1\ra,4,1,1\n", [":4:"]),
        ("Latin-1", good.encode() + b"M\xfcller,3,1,1\n", [":4:", 'column 1 ("id")']),
        ("UTF-16", "id,t,x,y\n".encode("utf-16"), [":1:"]),
        ("a cut character", good.encode() + b"a\xe2\x82,3,1,1\n", [":4:", "column 1"]),
        ("months first", head + "a,12/31/2019,1,1\na,01/02/2020,1,1\n", [":2:", 'column "t"', "12/31/2019"]),
        ("days first", head + "a,31.12.2019,1,1\na,02.01.2020,1,1\n", [":2:", 'column "t"', "31.12.2019"]),
        ("a month among days", head + "a,2020-01-10,1,1\na,2020-1-9,1,1\na,2020-01,1,1\n", [":4:", 'column "t"', '"2020-01" is a month']),
        ("a day that does not exist", head + "a,2019-02-28,1,1\na,2019-02-29,1,1\n", [":3:", 'column "t"', '"2019-02-29" is not a date']),
        ("a fraction as a time", head + "a,1,1,1\na,1.5,1,1\n", [":3:", 'column "t"', '"1.5" is not a whole number']),
        ("days first, without separators", head + "a,31122003,1,1\na,01012004,1,1\n", [":2:", 'column "t"', "%d%m%Y"]),
        ("dates among numbers", head + "a,1,1,1\na,2,1,1\na,2020-01-01,1,1\n", [":4:", 'column "t"']),
    ]
    pathlib.Path("table.toml").write_text(table("bad.csv"), encoding="utf-8")
    for what, content, words in bad:
        refused("CSV", what, "bad.csv", content, 3, words, "train", "--config", "table.toml", "--out", "run")
    pathlib.Path("qlike.toml").write_text(table("bad.csv", "qlike"), encoding="utf-8")
    for command in (("train", "--out", "run"), ("data", "export", "--out", "t.safetensors"), ("inspect", "tasks")):
        refused("CSV", "a target that is not positive", "bad.csv", good + "a,3,1,0\n", 3, [":4:", 'column "y"'], *command, "--config", "qlike.toml")
    pathlib.Path("softmax.toml").write_text(table("bad.csv", "softmax", "[model]\noutputs = 2"), encoding="utf-8")
    refused("CSV", "more classes than outputs", "bad.csv", good + "a,3,1,3\n", 3, ["3 classes", "2 outputs"], "train", "--out", "run", "--config", "softmax.toml")
    windows = 'windows = { support = 1, query = 1 }'
    pathlib.Path("windows.toml").write_text(table("bad.csv", more=windows), encoding="utf-8")
    refused("CSV", "a time twice in windows", "bad.csv", good + "a,2,1,3\n", 3, [":4:", 'column "t"', 'key "a"'], "train", "--out", "run", "--config", "windows.toml")


def npy(header, data, version=1):
    size = struct.pack("<H" if version == 1 else "<I", len(header))
    return b"\x93NUMPY" + bytes([version, 0]) + size + header.encode() + data


def npy_files():
    data = struct.pack("<9d", 1, 1, 1, 1, 2, 2, 1, 3, 3)
    header = lambda descr="<f8", order="False", shape="(3, 3)": f"{{'descr': '{descr}', 'fortran_order': {order}, 'shape': {shape}, }}\n"
    place = 10 + len(header())
    nan = struct.pack("<d", float("nan"))
    bad = [
        ("empty", b"", ["byte 0"]),
        ("another magic", b"\x93NUMPZ\x01\x00" + data, ["byte 0"]),
        ("cut in the magic", b"\x93NUM", ["byte 0"]),
        ("an unknown version", npy(header(), data, 9), ["byte 6"]),
        ("a header beyond the file", npy(header(), b"")[:40], ["byte 8"]),
        ("no descr", npy("{'fortran_order': False, 'shape': (3, 3)}", data), ["byte 10", "descr"]),
        ("no shape", npy("{'descr': '<f8', 'fortran_order': False}", data), ["byte 10", "shape"]),
        ("no order", npy("{'descr': '<f8', 'shape': (3, 3)}", data), ["byte 10", "fortran_order"]),
        ("big-endian", npy(header(">f8"), data), ["byte 10", ">f8"]),
        ("objects", npy(header("|O8"), data), ["byte 10", "|O8"]),
        ("half precision", npy(header("<f2"), data), ["byte 10", "<f2"]),
        ("complex", npy(header("<c8"), data), ["byte 10", "<c8"]),
        ("text", npy(header("<U8"), data), ["byte 10", "<U8"]),
        ("Fortran order", npy(header(order="True"), data), ["byte 10", "fortran_order"]),
        ("one dimension", npy(header(shape="(9,)"), data), ["byte 10", "two-dimensional"]),
        ("three dimensions", npy(header(shape="(1, 3, 3)"), data), ["byte 10", "two-dimensional"]),
        ("letters for a shape", npy(header(shape="(a, b)"), data), ["byte 10", "shape"]),
        ("a negative shape", npy(header(shape="(-3, 3)"), data), ["byte 10", "shape"]),
        ("no columns", npy(header(shape="(3, 0)"), b""), ["byte 10", "columns"]),
        ("no rows", npy(header(shape="(0, 3)"), b""), ["byte 10", "no rows"]),
        ("too few columns", npy(header(shape="(9, 1)"), data), ["byte 10", 'column "c2"']),
        ("too little data", npy(header(), data[8:]), [f"byte {place}", "(3, 3)"]),
        ("too much data", npy(header(), data + b"x"), [f"byte {place}", "(3, 3)"]),
        ("a size that wraps", npy(header(shape="(2305843009213693952, 8)"), data), ["do not fit"]),
        ("a missing feature", npy(header(), data[:32] + nan + data[40:]), [f"byte {place + 24}", "row 1", 'column "c1"']),
        ("a missing target", npy(header(), data[:64] + nan), [f"byte {place + 48}", "row 2", 'column "c2"']),
    ]
    pathlib.Path("npy.toml").write_text(table("bad.npy", time=""), encoding="utf-8")
    for what, content, words in bad:
        refused("NPY", what, "bad.npy", content, 3, words, "train", "--config", "npy.toml", "--out", "run")


def toml_files():
    bad = [
        ("a value that is missing", "seed = \n", [":1:8"]),
        ("a key twice", "seed = 1\nseed = 2\n", [":2:", "seed"]),
        ("a table twice", "[train]\n[train]\n", [":2:", "train"]),
        ("an open bracket", "[train\nlr = 1\n", [":1:"]),
        ("an open text", '[model]\ninit = "he\n', [":2:"]),
        ("not UTF-8", b"seed = 7 # \xff\n", [":1:"]),
        ("an unknown key", "sed = 7\n", [":1:7", 'did you mean "seed"']),
        ("an unknown key in a table", "[train]\nlrr = 1\n", [":2:7", "train.lrr", 'did you mean "train.lr"']),
        ("a key in the wrong table", "[algorithm]\nlr = 1\n", [":2:6", "algorithm.lr", 'did you mean "train.lr"']),
        ("an unknown table", "[trian]\nlr = 1\n", [":1:1", "trian", 'did you mean "train"']),
        ("a value for a table", "train = 3\n", [":1:9", "train"]),
        ("a table for a value", "[seed]\nx = 1\n", [":1:1", "seed"]),
        ("a text for an integer", 'seed = "7"\n', [":1:8", "seed", "integer"]),
        ("a fraction for an integer", "[tasks]\nsupport = 1.5\n", [":2:11", "tasks.support", "integer"]),
        ("a negative number", "[train]\niterations = -1\n", [":2:14", "train.iterations"]),
        ("an integer out of range", "seed = 99999999999999999999\n", [":1:"]),
        ("an infinite rate", "[train]\nlr = inf\n", [":2:6", "train.lr", "finite"]),
        ("an integer for a switch", "[model]\nskip = 1\n", [":2:8", "model.skip", "true or false"]),
        ("a text for a list", '[tasks]\nkey = "id"\n', [":2:7", "tasks.key", "list"]),
        ("a mixed list", '[model]\nhidden = [8, "x"]\n', [":2:10", "model.hidden"]),
        ("a width of zero", "[model]\nhidden = [0]\n", [":2:10", "model.hidden"]),
        ("a bare date", "[tasks]\nsplit = { by = \"time\", test_from = 2006-01-01 }\n", [":2:", "tasks.split.test_from", "quotes"]),
        ("a number for windows", "[tasks]\nwindows = 21\n", [":2:11", "tasks.windows", "table"]),
        ("an unknown backend", 'backend = "gpu"\n', [":1:11", "backend", '"gpu"']),
        ("an unknown loss", '[loss]\nname = "mae"\n', [":2:8", "loss.name", '"mae"']),
        ("an unknown activation", '[model]\nactivation = "mish"\n', [":2:14", "model.activation", '"mish"']),
        ("an unknown policy", '[tasks]\nmissing = "median"\n', [":2:11", "tasks.missing", "known: error, drop, mean"]),
        ("a share above one", "[evaluate]\nmax_failed_share = 2\n", [":2:20", "evaluate.max_failed_share"]),
    ]
    for what, content, words in bad:
        refused("TOML", what, "bad.toml", content, 2, words, "train", "--config", "bad.toml", "--out", "run")


def safetensors(entries, data=None, raw=None):
    header, blob = {}, b""
    for name, dtype, shape, values in entries:
        packed = struct.pack(f"<{len(values)}{ {'F32': 'f', 'F64': 'd', 'I64': 'q', 'I32': 'i'}[dtype] }", *values)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [len(blob), len(blob) + len(packed)]}
        blob += packed
    text = raw if raw is not None else json.dumps(header).encode()
    return struct.pack("<Q", len(text)) + text + (blob if data is None else data)


def task_entries(**changes):
    tensors = {
        "support_x": ("F32", [3, 2], [1, 2, 3, 4, 5, 6]),
        "support_y": ("F32", [3, 1], [1, 2, 3]),
        "support_offsets": ("I64", [3], [0, 1, 3]),
        "query_x": ("F32", [2, 2], [1, 2, 3, 4]),
        "query_y": ("F32", [2, 1], [1, 2]),
        "query_offsets": ("I64", [3], [0, 1, 2]),
        "task_id": ("I64", [2], [42, 7]),
    }
    tensors.update(changes)
    return [(name, *value) for name, value in tensors.items() if value]


def safetensors_files():
    good = safetensors(task_entries())
    size = struct.unpack("<Q", good[:8])[0]
    header = good[8 : 8 + size]
    shifted = lambda old, new: safetensors([], good[8 + size :], header.replace(old, new))
    bad = [
        ("empty", b"", ["0 bytes"]),
        ("cut in the length", good[:5], ["5 bytes"]),
        ("cut in the header", good[:40], ["byte 0"]),
        ("a length beyond the file", b"\xff" * 8 + good[8:], ["byte 0"]),
        ("not JSON", safetensors([], b"", b'{"a":'), ["byte 1"]),
        ("a list", safetensors([], b"", b"[]"), ["not a JSON object"]),
        ("cut in the data", good[:-4], ['tensor "task_id"']),
        ("bytes behind the data", good + b"\0" * 8, [f"byte {len(good)}"]),
        ("a hole", shifted(b"[24, 36]", b"[28, 36]"), ['tensor "support_y"']),
        ("an overlap", shifted(b"[24, 36]", b"[20, 32]"), ['tensor "support_y"']),
        ("an unknown dtype", shifted(b'"F32"', b'"F16"'), ['tensor "support_x"', "F16"]),
        ("a negative extent", shifted(b"[3, 2]", b"[-3, 2]"), ['tensor "support_x"']),
        ("a shape that is too large", shifted(b"[3, 2]", b"[4611686018427387904, 4611686018427387904]"), ['tensor "support_x"']),
        ("a key twice", safetensors([], b"", b'{"a":{},"a":{}}'), ['"a"']),
        ("an unknown field", shifted(b'"shape": [3, 2]', b'"shape": [3, 2], "x": 1'), ['tensor "support_x"', '"x"']),
        ("another tensor", safetensors(task_entries(extra=("I64", [1], [1]))), ['tensor "extra"']),
        ("integers for inputs", safetensors(task_entries(support_x=("I32", [3, 2], [1] * 6))), ['tensor "support_x"', "F32 or F64"]),
        ("one dimension of inputs", safetensors(task_entries(query_x=("F32", [4], [1] * 4))), ['tensor "query_x"']),
        ("offsets that are not whole", safetensors(task_entries(support_offsets=("F32", [3], [0, 1, 3]))), ['tensor "support_offsets"']),
        ("offsets that start at 1", safetensors(task_entries(support_offsets=("I64", [3], [1, 1, 3]))), ["support", "begin at 1"]),
        ("offsets that fall", safetensors(task_entries(support_offsets=("I64", [3], [0, 4, 3]))), ["support", "task 1"]),
        ("offsets that end early", safetensors(task_entries(support_offsets=("I64", [3], [0, 1, 2]))), ["support"]),
        ("too few offsets", safetensors(task_entries(query_offsets=("I64", [2], [0, 2]))), ["query"]),
        ("an id twice", safetensors(task_entries(task_id=("I64", [2], [7, 7]))), ["id 7", "twice"]),
        ("no tasks", safetensors(task_entries(task_id=("I64", [0], []))), ["no tasks"]),
        ("columns that differ", safetensors(task_entries(query_x=("F32", [2, 1], [1, 2]))), ["query"]),
        ("labels against numbers", safetensors(task_entries(query_y=("I64", [2], [0, 1]))), ['tensor "query_y"']),
        ("a negative label", safetensors(task_entries(support_y=("I64", [3], [0, 1, 1]), query_y=("I64", [2], [0, -1]))), ["query", "negative"]),
        ("an empty query", safetensors(task_entries(query_offsets=("I64", [3], [0, 2, 2]))), ["id 7", "query"]),
    ]
    bad += [(f"no {name}", safetensors(task_entries(**{name: None})), [f'tensor "{name}"']) for name, *_ in task_entries()]
    for what, content, words in bad:
        refused("safetensors, tasks", what, "bad.safetensors", content, 3, words, "train", "--tasks", "bad.safetensors", "--out", "run")
    refused("safetensors, tasks", "a target that is not positive", "bad.safetensors", safetensors(task_entries(query_y=("F32", [2, 1], [1, -2]))), 3,
            ["query target", "id 7"], "train", "--tasks", "bad.safetensors", "--out", "run", "--set", "loss.name=qlike")

    pathlib.Path("good.safetensors").write_bytes(good)
    weights = {"layers.0.weight": ("F32", [2, 1], [1, 2]), "layers.0.bias": ("F32", [1], [0])}
    entries = lambda **changes: [(name, *value) for name, value in {**weights, **changes}.items() if value]
    bad = [
        ("empty", b"", ["0 bytes"]),
        ("no weight", safetensors(entries(**{"layers.0.weight": None})), ['tensor "layers.0.weight"']),
        ("no bias", safetensors(entries(**{"layers.0.bias": None})), ['tensor "layers.0.bias"']),
        ("another layer", safetensors(entries(**{"layers.1.bias": ("F32", [1], [0])})), ['tensor "layers.1.bias"']),
        ("another shape", safetensors(entries(**{"layers.0.weight": ("F32", [1, 2], [1, 2])})), ['tensor "layers.0.weight"', "[1, 2]", "[2, 1]"]),
        ("integers", safetensors(entries(**{"layers.0.bias": ("I64", [1], [0])})), ['tensor "layers.0.bias"']),
        ("a rate that is not learned", safetensors(entries(**{"inner_lr.layers.0": ("F32", [], [1])})), ['tensor "inner_lr.layers.0"']),
    ]
    for what, content, words in bad:
        refused("safetensors, parameters", what, "bad.safetensors", content, 4, words, "gradient", "--tasks", "good.safetensors",
                "--set", "model.hidden=[]", "--parameters", "bad.safetensors", "--out", "g.safetensors")
        if what != "a rate that is not learned":
            refused("safetensors, model", what, "bad.safetensors", content, 4, ["bad.safetensors"], "evaluate", "bad.safetensors")


with tempfile.TemporaryDirectory(prefix="shoal-malformed-") as folder:
    os.chdir(folder)
    csv_files()
    npy_files()
    toml_files()
    safetensors_files()
    os.chdir("/")
print(f"{sum(counts.values())} malformed inputs refused: " + ", ".join(f"{count} {kind}" for kind, count in counts.items()))
assert sum(counts.values()) >= 60
