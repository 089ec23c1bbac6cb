#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Tables as other programs write them: notations, words for missing values, delimiters, encodings, compression, pipes, many files. A table
that is read must equal the same table in plain form; a refusal must name file, line, column, value and key. Covers data/byte_stream,
data/decompression, data/delimiter, data/table_files.

usage: reading_test.py SHOAL
"""
import gzip
import hashlib
import json
import os
import pathlib
import random
import struct
import subprocess
import threading

from program import ALL_TRAIN, refused, run, run_tests, shoal, table_config, tensors, write_config

CONFIG = table_config("table.csv", ALL_TRAIN, support=2, sections="""[model]
hidden = [3]
[train]
iterations = 2
tasks_per_batch = 2
""")
EXPORT = ["data", "export", "--config", "c.toml", "--phase", "train", "--out", "t.safetensors"]


def rows(count=24):
    numbers = random.Random(3)
    return [(f"c{i % 4}", round(numbers.gauss(0, 900), 3), numbers.randint(1, 99), i % 2) for i in range(count)]


def write(text, name="table.csv", config=CONFIG):
    write_config("c.toml", config)
    pathlib.Path(name).write_bytes(text if isinstance(text, bytes) else text.encode())


def plain(given=None):
    return "client,a,b,y\n" + "".join(f"{c},{a},{b},{y}\n" for c, a, b, y in given or rows())


def settings(**keys):
    return [part for key, value in keys.items() for part in ("--set", f"tasks.{key}={json.dumps(value, ensure_ascii=False)}")]


def exported(*more):
    """The tensors of the table's tasks, and the messages."""
    told = run(*EXPORT, *more).stderr
    values = tensors("t.safetensors")
    os.remove("t.safetensors")
    return values, told


def same_as_plain(text, *more, name="table.csv"):
    write(plain())
    expected, _ = exported("--set", "tasks.path=table.csv")
    write(text, name)
    found, told = exported("--set", f"tasks.path={name}", *more)
    assert found == expected, f"{more}: another table was read"
    return told


def refused_table(text, named, *more, code=3, config=CONFIG, name="table.csv"):
    write(text, name, config)
    named = [named] if isinstance(named, str) else named
    for word in named:
        refused(code, word, "train", "--config", "c.toml", "--out", "r", "--set", f"tasks.path={name}", *more)


def test_every_spelling_of_nan_is_missing_and_every_infinity_refused():
    for word in ["Nan", "nAN", "-NaN", "+nan", "nan(ind)", "-nan(snan)", "NAN(0x7)", "1.#IND", "-1.#QNAN"]:
        given = rows()
        lines = plain(given).splitlines(keepends=True)
        c, a, b, y = given[4]
        lines[5] = f"{c},{word},{b},{y}\n"
        write("".join(lines))
        run("train", "--config", "c.toml", "--out", f"r{word}", "--set", "tasks.missing=mean", "--set", "evaluate.max_failed_share=0", "--quiet")
        kinds = json.loads(json.loads(run("inspect", "model", f"r{word}", "--json").stdout)["metadata"]["preprocessing"])["inputs"]
        assert kinds == ["a", "a_missing", "b"], (word, kinds)
        refused(3, 'table.csv:6: column "a": the value is missing', "train", "--config", "c.toml", "--out", "r")
    for word in ["inf", "-Inf", "+INFINITY", "1e400", "-1e400", "1" + "0" * 400, "1.#INF"]:
        for column in (1, 3):
            lines = [line.split(",") for line in plain().splitlines()]
            lines[7][column] = word
            text = "\n".join(",".join(line) for line in lines) + "\n"
            shown = word if len(word) <= 100 else word[:100] + "..."
            for policy in ("error", "drop", "mean"):
                refused_table(text, f'table.csv:8: column "{"ay"[column // 3]}": "{shown}" is infinite', "--set", f"tasks.missing={policy}")
    for word in ["1e-400", "0." + "0" * 400 + "1"]:  # a number that is too small is zero in every notation
        lines = plain().splitlines(keepends=True)
        write("".join(lines[:1] + [f"c0,{word},1,0\n"] + lines[1:]))
        exported()


def test_more_words_for_missing():
    for word in [".", "?", "-", "-99.99", "missing", "$ -", "inf", r"\N", "C:\\"]:
        text = plain().replace("c1,", f"c1,{word}#", 1).replace("#", ",", 1).splitlines()
        at = next(i for i, line in enumerate(text) if f",{word}," in line)
        cells = text[at].split(",")
        text[at] = ",".join([cells[0], word, *cells[3:]])
        text = "\n".join(text) + "\n"
        if word == "-99.99":
            write(text)
        elif word != "inf":
            refused_table(text, ["table.csv:%d" % (at + 1), f'"{word}" is not a number', f"tasks.missing_words = [{json.dumps(word)}]"])
        else:
            refused_table(text, 'tasks.missing_words = ["inf"]')
        told = exported(*settings(missing="drop", missing_words=[word]))[1]
        assert "1 row with a missing value" in told, told
        # The same with the usual words for missing values, to which the list adds.
        write(text + "c1,NA,1,1\n")
        assert "2 rows with a missing value" in exported(*settings(missing="drop", missing_words=[word]))[1]
    # A number in the list is compared as a number.
    write(plain() + "c1,-99.990,1,1\nc1,-9.999e1,1,1\n")
    assert "2 rows" in exported(*settings(missing="drop", missing_words=["-99.99"]))[1]


def test_keys_are_missing_only_when_empty():
    for key in ["NA", "None", "nan", "null", "-", "NaN"]:
        text = plain().replace("c1,", f"{key},")
        write(text)
        run("train", "--config", "c.toml", "--out", f"r{key}", "--quiet", *settings(missing_words=["-"]))
        report = run("evaluate", f"r{key}", "--phase", "train", "--json")
        assert key in {task["key"] for task in json.loads(report.stdout)["tasks"]}, key
    refused_table(plain().replace("c1,", ",", 1), ['table.csv:3: column "client"', "missing"])


def test_numbers_in_other_notations_are_never_categories():
    def with_a(notation):
        return "client,a,b,y\n" + "".join(f'{c},"{notation(a)}",{b},{y}\n' for c, a, b, y in rows())

    swiss = lambda x: f"{x:,.3f}".replace(",", "’")
    european = lambda x: f"{x:,.3f}".replace(",", "#").replace(".", ",").replace("#", ".")
    french = lambda x: f"{x:,.3f}".replace(",", "\u202f").replace(".", ",")
    for notation, keys, advice in [
        (lambda x: f"{x}%", {"units": ["%"]}, 'tasks.units = ["%"]'),
        (lambda x: f"{x} %", {"units": ["%"]}, 'tasks.units = ["%"]'),
        (lambda x: f"{x} months", {"units": ["months"]}, 'tasks.units = ["months"]'),
        (lambda x: f"${x}", {"units": ["$"]}, 'tasks.units = ["$"]'),
        (lambda x: f"{'-' if x < 0 else ''}${abs(x)}", {"units": ["$"]}, 'tasks.units = ["$"]'),
        (lambda x: f"EUR {x}", {"units": ["EUR"]}, 'tasks.units = ["EUR"]'),
        (lambda x: f"{'-' if x < 0 else ''}${abs(x):,.3f}", {"units": ["$"], "thousands": ","}, 'tasks.units = ["$"]'),
        (european, {"decimal": ",", "thousands": "."}, 'tasks.decimal = ","'),
        (french, {"decimal": ",", "thousands": "\u202f"}, "tasks."),
        (lambda x: str(x).replace(".", ","), {"decimal": ","}, 'tasks.decimal = ","'),
        (lambda x: f"{x:,.3f}", {"thousands": ","}, 'tasks.thousands = ","'),
        (swiss, {"thousands": "’"}, "tasks.thousands"),
    ]:
        text = with_a(notation)
        refused_table(text, ["table.csv:", 'column "a": "', advice])
        same_as_plain(text, *settings(**keys))
    same_as_plain(with_a(lambda x: str(x).replace("-", "\u2212")))  # the typographic minus is a minus
    for notation, advice in [
        (lambda x: f"({abs(x)})", "minus sign"), (lambda x: f"{abs(x)}-", "sign in front"), (lambda x: hex(abs(int(x))), "decimal digits"),
        (lambda x: f"{x:.4E}".replace("E", "D"), "exponent with e"), (lambda x: f"USD{abs(x)}", 'tasks.units = ["USD"]'),
    ]:
        refused_table(with_a(notation), ["table.csv:2: ", 'column "a"', advice])
    # A decimal comma is never read as a separator of thousands, nor such a separator as a decimal sign.
    refused_table("client,a,b,y\n" + 'c0,"1,20",1,0\n' * 3, 'table.csv:2: column "a": "1,20" ', *settings(thousands=","))
    # The same for a target, and with a trained model.
    refused_table(plain().replace(",1\n", ",1 EUR\n"), ['column "y": "1 EUR" is not a number', 'tasks.units = ["EUR"]'])
    write(plain())
    run("train", "--config", "c.toml", "--out", "r", "--quiet")
    write(with_a(lambda x: f"{x}%"), "new.csv")
    refused(3, 'new.csv:2: column "a"', "predict", "r", "--data", "new.csv", "--out", "p.csv")
    run("predict", "r", "--data", "new.csv", "--out", "p.csv", *settings(units=["%"]))
    run("predict", "r", "--data", "table.csv", "--out", "q.csv")
    assert pathlib.Path("p.csv").read_bytes() == pathlib.Path("q.csv").read_bytes()


def test_settings_that_cannot_be():
    write(plain())
    for key, value in [("decimal", ""), ("decimal", "1"), ("decimal", ".,"), ("thousands", "."), ("thousands", "ab"), ("delimiter", ";;"),
                       ("delimiter", "5"), ("delimiter", '"'), ("units", ["-"]), ("units", [""]), ("units", ["("]), ("skip_rows", -1), ("max_categories", -1)]:
        for named in (f"tasks.{key}", "is also the decimal sign" if key == "thousands" and value == "." else "expected"):
            refused(2, named, "train", "--config", "c.toml", "--out", "r", *settings(**{key: value}))


def test_text_becomes_categories_only_when_few():
    texts = lambda levels: "client,a,b,y\n" + "".join(f"c{i % 4},word {chr(97 + i % 26)}{chr(97 + i // 26 % levels)},1,{i % 2}\n" for i in range(26 * levels))
    write(texts(3))
    assert json.loads(run("inspect", "tasks", "--config", "c.toml", "--json").stdout)["inputs"] == 79
    refused_table(texts(4), ['table.csv:2: column "a": "word aa" is text, one of 104 different texts', "tasks.categorical", "tasks.max_categories"])
    for keys in ({"categorical": ["a"]}, {"max_categories": 104}):
        assert json.loads(run("inspect", "tasks", "--config", "c.toml", "--json", *settings(**keys)).stdout)["inputs"] == 105
    refused_table(texts(3), "one of 78 different texts", *settings(max_categories=77))
    # Codes, dates and ranges are words; numbers with a unit are numbers if the unit is listed.
    for words in (["A1", "B2", "C3"], ["2018-01", "2018-02", "2018-03"], ["18-25", "26-40", "41-60"], ["X-7", "X-8", "X-9"], ["10:30", "11:30", "9:45"]):
        write("client,a,b,y\n" + "".join(f"c{i % 4},{words[i % 3]},1,{i % 2}\n" for i in range(24)))
        assert json.loads(run("inspect", "tasks", "--config", "c.toml", "--json").stdout)["inputs"] == 4, words
    write("client,a,b,y\n" + "".join(f"c{i % 4},{36 + 24 * (i % 2)} months,1,{i % 2}\n" for i in range(24)))
    assert json.loads(run("inspect", "tasks", "--config", "c.toml", "--json", *settings(categorical=["a"])).stdout)["inputs"] == 3


def test_delimiters():
    for character, name in [(";", "semicolons"), ("\t", "tabs"), ("|", "bars")]:
        text = plain().replace(",", character)
        assert name in same_as_plain(text)
        assert same_as_plain(text, *settings(delimiter=character)).count("separated") == 0
        quoted = "".join(character.join(f'"{cell}"' for cell in line.split(",")) + "\n" for line in plain().splitlines())
        assert name in same_as_plain(quoted)
    # The usual European export: semicolons and decimal commas.
    told = same_as_plain(plain().replace(",", ";").replace(".", ","), *settings(decimal=","))
    assert "semicolons" in told
    assert "separated" not in same_as_plain("sep=;\r\n" + plain().replace(",", ";"))  # the file itself names its separator
    spaced = "".join("  ".join(line.split(",")) + " \n" for line in plain().splitlines())
    refused_table(spaced, ["table.csv:1", 'no column "', 'tasks.delimiter = " "'])
    same_as_plain(spaced, *settings(delimiter=" "))
    refused_table(plain(), ["table.csv:1", 'no column "', 'tasks.delimiter = ","'], *settings(delimiter=";"))
    # A misspelt column is named, whatever separates the fields.
    refused_table(plain().replace(",", ";").replace("client;a", "client;A1"), ["table.csv:1", 'no column "a"', "semicolons"])
    both = plain().replace(",", ";", 1)
    refused_table(both, ["table.csv:1", "no column"])
    # The format is detected for another file of the same run, too.
    write(plain().replace(",", ";"))
    run("train", "--config", "c.toml", "--out", "r", "--quiet")
    write(plain().replace(",", "|"), "new.csv")
    assert "bars" in run("predict", "r", "--data", "new.csv", "--out", "p.csv").stderr
    assert len(pathlib.Path("p.csv").read_text(encoding="utf-8").splitlines()) == 17


def test_columns_that_nobody_asks_for_may_be_anything():
    lines = plain().splitlines()
    widened = lambda head, cell: f"{head[0]}{lines[0]}{head[1]}\n" + "".join(f"{cell[0]}{line}{cell[1]}\n" for line in lines[1:])
    for head, cell in [((",", ""), ("7,", "")), (("", ",z,z"), ("", ",1,2")), (("", ",,"), ("", ",,")), (("", ","), ("", ",")),
                       (("", ""), ("", ",")), (("", ","), ("", "")), ((",,", ",,"), ("x,,", ",,y")), (("", ",z"), ("", ',"a, b"'))]:
        same_as_plain(widened(head, cell))
    refused_table(widened(("", ",b"), ("", ",1")), ["table.csv:1", 'column "b" occurs twice (columns 3 and 5)'])
    refused_table(plain() + "c1,1,2\n", ["table.csv:26", 'column "y" is missing'])
    # Rows with a name but no column for it: every field would be one column off.
    refused_table(lines[0] + "\n" + "".join(f"{i},{line}\n" for i, line in enumerate(lines[1:])), "table.csv:2: 5 fields, the header has 4")


def test_lines_that_are_no_rows():
    preamble = 'Report "of today;\n\xfc and more,,\n'.encode("latin-1")
    same_as_plain(preamble + plain().encode(), *settings(skip_rows=2))
    same_as_plain("# written by hand\n" + plain().replace("c1,", "# c1 begins\nc1,", 1) + "#end\n", *settings(comment="#"))
    same_as_plain("//\n" + plain() + "\n   \n\n", *settings(comment="//"))
    for delimiter in (",", ";"):  # the usual one, and one that must be detected
        write(plain().replace(",", delimiter))
        refused(2, f'tasks.comment = "{delimiter}": begins with the delimiter', "train", "--config", "c.toml", "--out", "r", *settings(comment=delimiter))
    write(preamble + plain().encode() + b"c1,x,1,1\n")
    refused(3, 'table.csv:28: column "a": "x"', "train", "--config", "c.toml", "--out", "r", *settings(skip_rows=2))
    refused_table("a\nb\n", ["table.csv:", "tasks.skip_rows"], *settings(skip_rows=9))


def test_other_encodings_are_named():
    for encoding, name in [("utf-16", "UTF-16"), ("utf-16-be", "UTF-16BE"), ("utf-16-le", "UTF-16LE"), ("utf-32", "UTF-32")]:
        refused_table(plain().encode(encoding), ["table.csv:1", name, f"iconv -f {name} -t UTF-8"])
    refused_table(b"\xfe\xff" + plain().encode("utf-16-be"), "iconv -f UTF-16 ")
    refused_table(plain().replace("c1", "Müller").encode("latin-1"), ["table.csv:3", "is not UTF-8", "M\\xfcller", "iconv -f WINDOWS-1252"])
    same_as_plain(b"\xef\xbb\xbf" + plain().encode())


def test_other_formats_are_named():
    for start, name, advice in [(b"PAR1\x15\x04", "Parquet", "read_parquet"), (b"PK\x03\x04\x14\0", "spreadsheet", "read_excel"),
                                (b"ARROW1\0\0", "Arrow", "read_feather"), (b"BZh91AY&SY", "bzip2", "bzip2 -dk"), (b"\xfd7zXZ\0\0", "xz", "xz -dk")]:
        refused_table(start + b"\0" * 40, ["table.csv: ", name, advice])
    refused_table("no parquet at all\n", ["t.parquet: ", "Parquet", "to_csv"], name="t.parquet")


def zstd_frame(data):
    """A frame of raw blocks, by the definition of the format (RFC 8878)."""
    frame = b"\x28\xb5\x2f\xfd" + b"\x00\x58"  # no single segment, no checksum; a window of 2 MiB
    blocks = [data[i : i + 50000] for i in range(0, len(data), 50000)] or [b""]
    for i, block in enumerate(blocks):
        frame += struct.pack("<I", (len(block) << 3) | (i == len(blocks) - 1))[:3] + block
    return frame


def test_compressed_files():
    data = plain(rows(4000)).encode()
    middle = data.index(b"\n", len(data) // 2) + 1
    write(data)
    expected = exported()[0]
    for name, content in [("t.csv.gz", gzip.compress(data)), ("t.csv.zst", zstd_frame(data)),
                          ("several.csv.gz", gzip.compress(data[:middle]) + gzip.compress(data[middle:]) + b"\0" * 100),
                          ("several.csv.zst", zstd_frame(data[:middle]) + zstd_frame(data[middle:])), ("misnamed.csv", gzip.compress(data))]:
        write(content, name)
        assert exported("--set", f"tasks.path={name}")[0] == expected, name
        refused_table(content[: len(content) // 2], f"{name}: ", name=name)
    damaged = bytearray(gzip.compress(data))
    damaged[len(damaged) // 2] ^= 0x55
    refused_table(bytes(damaged), "t.csv.gz: gzip: damaged", name="t.csv.gz")
    refused_table(gzip.compress(data) + b"more", "t.csv.gz: gzip: damaged", name="t.csv.gz")
    refused_table(zstd_frame(data) + b"more", "t.csv.zst: zstd: damaged", name="t.csv.zst")
    refused_table(gzip.compress(plain().encode() + b"c1,x,1,1\n"), 't.csv.gz:26: column "a": "x"', name="t.csv.gz")
    refused_table(gzip.compress(plain().encode("utf-16")), "UTF-16", name="t.csv.gz")
    # A compressed array: its size is not known beforehand.
    cells = [float(v) for i, (_, a, b, y) in enumerate(rows()) for v in (i % 4, a, b, y)]
    header = b"{'descr': '<f8', 'fortran_order': False, 'shape': (24, 4), }\n"
    array = b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + struct.pack("<96d", *cells)
    config = CONFIG.replace('"client"', '"c0"').replace('"a", "b"', '"c1", "c2"').replace('"y"', '"c3"')
    found = []
    for name, content in [("t.npy", array), ("t.npy.gz", gzip.compress(array)), ("t.npy.zst", zstd_frame(array))]:
        write(content, name, config)
        found.append(exported("--set", f"tasks.path={name}")[0])
    assert found[0] == found[1] == found[2]
    refused_table(gzip.compress(array[:-8]), "the file ends inside row 23", config=config, name="t.npy.gz")
    refused_table(gzip.compress(array + b"x"), "more data than the shape", config=config, name="t.npy.gz")


def test_a_file_that_grows_without_measure_is_refused():
    # A frame of RLE blocks (RFC 8878): 128 KiB of line feeds in four bytes, 1.25 GiB in 40 kB.
    block = struct.pack("<I", (131072 << 3) | (1 << 1))[:3] + b"\n"
    refused_table(b"\x28\xb5\x2f\xfd\x00\x58" + block * 10000, ["bomb.csv.zst: ", "more than 1000 : 1"], name="bomb.csv.zst")


def test_pipes_and_devices_are_refused_at_once():
    write(plain())
    os.mkfifo("p")
    for path, kind in [("p", "a pipe"), ("/dev/zero", "a device"), ("/dev/null", "a device"), (".", "a folder; name a file")]:
        for command in (["inspect", "tasks", "--config", "c.toml"], ["train", "--config", "c.toml", "--out", "r"]):
            result = subprocess.run([shoal, *command, "--set", f"tasks.path={path}"], capture_output=True, text=True, timeout=60, check=False)
            assert result.returncode == 3 and f"is {kind}" in result.stderr, result.stderr
            assert path == "." or "write it to a file" in result.stderr, result.stderr
    piped = subprocess.run([shoal, "inspect", "tasks", "--config", "c.toml", "--set", "tasks.path=/dev/stdin"], input=plain(), capture_output=True, text=True, timeout=60, check=False)
    assert piped.returncode == 3 and "/dev/stdin: is a pipe" in piped.stderr, piped.stderr
    with open("table.csv", encoding="utf-8") as table:  # a file behind the descriptor is read
        subprocess.run([shoal, "inspect", "tasks", "--config", "c.toml", "--set", "tasks.path=/dev/stdin"], stdin=table, capture_output=True, timeout=60, check=True)
    run("train", "--config", "c.toml", "--out", "r", "--quiet")
    writer = threading.Thread(target=lambda: subprocess.run(["timeout", "5", "sh", "-c", "cat table.csv > p"], check=False))
    writer.start()
    for command in (["predict", "r", "--data", "p", "--out", "o.csv"], ["evaluate", "r", "--data", "p"]):
        result = subprocess.run([shoal, *command], capture_output=True, text=True, timeout=60, check=False)
        assert result.returncode == 3 and "is a pipe" in result.stderr, result.stderr
    writer.join()


def test_one_file_per_asset():
    os.makedirs("prices")
    text = plain()
    by_key = {f"c{k}": "a,b,y\n" + "".join(line.split(",", 1)[1] + "\n" for line in text.splitlines() if line.startswith(f"c{k},")) for k in range(4)}
    for name, content in by_key.items():
        pathlib.Path(f"prices/{name}.csv").write_text(content, encoding="utf-8")
    pathlib.Path("prices/notes.txt").write_text("not a table", encoding="utf-8")
    write(text, "all.csv", CONFIG.replace("table.csv", "prices/*.csv").replace('"client"', '"$file"'))
    run("train", "--config", "c.toml", "--out", "r", "--quiet")
    tasks = json.loads(run("evaluate", "r", "--phase", "train", "--json").stdout)["tasks"]
    assert sorted(task["key"] for task in tasks) == [f"c{k}.csv" for k in range(4)]
    inputs = json.loads(json.loads(run("inspect", "model", "r", "--json").stdout)["metadata"]["inputs"])
    assert inputs == {f"{name}.csv": hashlib.sha256(content.encode()).hexdigest() for name, content in by_key.items()}
    # The same rows as one table: the same scalers.
    scalers = json.loads(json.loads(run("inspect", "model", "r", "--json").stdout)["metadata"]["preprocessing"])
    write(text, "all.csv")
    run("train", "--config", "c.toml", "--out", "one", "--quiet", "--set", "tasks.path=all.csv")
    one = json.loads(json.loads(run("inspect", "model", "one", "--json").stdout)["metadata"]["preprocessing"])
    assert all(abs(x - y) < 1e-9 for x, y in zip(scalers["mean"], one["mean"]))
    config = CONFIG.replace("table.csv", "prices/*.csv").replace('"client"', '"$file"')
    # One file has changed, and one is new.
    pathlib.Path("prices/c1.csv").write_text(by_key["c1"] + "1,2,1\n", encoding="utf-8")
    pathlib.Path("prices/c9.csv").write_text(by_key["c1"], encoding="utf-8")
    told = run("evaluate", "r", "--phase", "train").stderr
    assert "prices/c1.csv has changed" in told and "prices/c9.csv: the model was not trained on this file" in told, told
    refused(2, "reads this file", "predict", "r", "--data", "prices/*.csv", "--out", "prices/c9.csv")
    os.remove("prices/c9.csv")
    run("predict", "r", "--data", "prices/*.csv", "--out", "p.csv")
    # Errors name the file that they are in.
    write("a,b,y\n1,1,1\n1,x,1\n", "prices/c2.csv", config)
    refused(3, 'prices/c2.csv:3: column "b": "x"', "train", "--config", "c.toml", "--out", "new")
    write("a,y\n1,1\n1,1\n", "prices/c2.csv", config)
    refused(3, 'prices/c2.csv:1: there is no column "b"', "train", "--config", "c.toml", "--out", "new")
    write(",b,y\n1,1,1\n", "prices/c2.csv", config)
    refused(3, 'prices/c2.csv:1: there is no column "a"', "train", "--config", "c.toml", "--out", "new")
    write("a,b,y\n", "prices/c2.csv", config)
    refused(3, "prices/c2.csv:1: no rows", "train", "--config", "c.toml", "--out", "new")
    refused(3, "no file matches the pattern", "train", "--config", "c.toml", "--out", "new", "--set", "tasks.path=nowhere/*.csv")
    # If the pattern covers several folders, files with the same name are distinguished in the run's inputs, but not in $file.
    for name in ("x", "y"):
        os.makedirs(f"{name}")
        pathlib.Path(f"{name}/prices.csv").write_text(text, encoding="utf-8")
    write(text, "all.csv", CONFIG.replace("table.csv", "[xy]/prices.csv"))
    run("train", "--config", "c.toml", "--out", "two", "--quiet")
    assert set(json.loads(json.loads(run("inspect", "model", "two", "--json").stdout)["metadata"]["inputs"])) == {"x/prices.csv", "y/prices.csv"}
    refused(3, "has the same name", "train", "--config", "c.toml", "--out", "new", *settings(key=["$file"]))
    # The name of an existing file is no pattern, nor is the name of a folder in front of a pattern.
    os.makedirs("[old]/deep")
    write(text, "[old]/table[1].csv")
    run("inspect", "tasks", "--config", "c.toml", "--set", "tasks.path=[old]/table[1].csv")
    write(text, "[old]/deep/t.csv")
    for path in ("[old]/*/t.csv", ".//[old]//deep//*.csv"):
        run("inspect", "tasks", "--config", "c.toml", "--set", f"tasks.path={path}")
    refused(3, "[old]/none.csv: cannot be opened", "inspect", "tasks", "--config", "c.toml", "--set", "tasks.path=[old]/none.csv")


def test_a_column_has_one_part_to_play():
    for keys, named in [({"features": ["a", "y"]}, 'column "y" is a target and a feature'), ({"features": ["a", "b", "a"]}, 'column "a" is named twice in features'),
                        ({"targets": ["y", "y"]}, 'column "y" is named twice in targets'), ({"targets": ["client"]}, "is a target and part of the key"),
                        ({"offset": "y"}, "is a target and the offset"), ({"offset": "client"}, "is the offset and part of the key"),
                        ({"key": ["client", "client"]}, "is named twice in key"), ({"features": ["a", ""]}, "empty name")]:
        write(plain())
        refused(2, named, "train", "--config", "c.toml", "--out", "r", *settings(**keys))


def test_whole_numbers_beyond_two_to_the_53():
    big = [2**53, 2**53 + 1, 2**63 - 1, 2**63, 2**64 + 1, -(2**53) - 1]
    lines = "".join(f"{key},{i},{i % 3},{label}\n" for key in big for i, label in enumerate([2**53 + 1, 2**53, 10**30, -(10**30), 2**53 + 1]))
    write("client,a,b,y\n" + lines)
    run("train", "--config", "c.toml", "--out", "r", "--quiet", "--set", "loss.name=softmax")
    labels = json.loads(json.loads(run("inspect", "model", "r", "--json").stdout)["metadata"]["preprocessing"])["labels"]
    assert labels == [str(-(10**30)), str(2**53), str(2**53 + 1), str(10**30)], labels
    tasks = json.loads(run("evaluate", "r", "--phase", "train", "--json").stdout)["tasks"]
    assert sorted(task["key"] for task in tasks) == sorted(map(str, big))
    header = b"{'descr': '<i8', 'fortran_order': False, 'shape': (20, 4), }\n"
    ids = [2**53, 2**53 + 1, 2**63 - 1, -(2**63)]
    cells = [cell for key in ids for i in range(5) for cell in (key, i, i % 3, i % 2)]
    config = CONFIG.replace('"client"', '"c0"').replace('"a", "b"', '"c1", "c2"').replace('"y"', '"c3"')
    write(b"\x93NUMPY\x01\0" + struct.pack("<H", len(header)) + header + struct.pack("<80q", *cells), "t.npy", config)
    run("train", "--config", "c.toml", "--out", "n", "--quiet", "--set", "tasks.path=t.npy")
    tasks = json.loads(run("evaluate", "n", "--phase", "train", "--json").stdout)["tasks"]
    assert sorted(task["key"] for task in tasks) == sorted(map(str, ids))


def test_a_name_or_value_of_a_file_cannot_steer_the_terminal():
    write("client,a,b,y\nc0,1,2,\x1b[31m" + "x" * 300 + "\n")
    result = run("train", "--config", "c.toml", "--out", "r", code=3)
    assert "\x1b" not in result.stderr and "\\x1b[31m" in result.stderr and len(result.stderr) < 500, result.stderr


run_tests(globals())
