#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""bench/peers without PyTorch, JAX or a network: the worker of Shoal, the comparison, the search, a whole run with stand-ins.

usage: peers_test.py SOURCE SHOAL_PEER SHOAL
"""

import json
import math
import os
import pathlib
import struct
import subprocess
import sys
import tempfile
import xml.dom.minidom

source, peer, shoal = (pathlib.Path(word).resolve() for word in sys.argv[1:4])
sys.dont_write_bytecode = True
sys.path.insert(0, str(source / "bench/peers"))
from shoal_peers import agreement, chunk_search, contenders, documents, environment, rows, table, tensors  # noqa: E402
from shoal_peers.worker_process import OutOfTime, WorkerFailure, WorkerProcess  # noqa: E402

scratch = tempfile.TemporaryDirectory(prefix="shoal-peers-test-")
folder = pathlib.Path(scratch.name)
SHAPES = json.loads(subprocess.run([peer, "shapes"], capture_output=True, text=True, check=True).stdout)["shapes"]


def raises(kind, words, call):
    try:
        call()
    except kind as error:
        assert words in str(error), error
        return
    raise AssertionError(f"no {kind.__name__} with {words!r}")


def write(name, numbers):
    """A file of F64 tensors."""
    header, data = {}, b""
    for key, values in numbers.items():
        header[key] = {"dtype": "F64", "shape": [len(values)], "data_offsets": [len(data), len(data) + 8 * len(values)]}
        data += struct.pack(f"<{len(values)}d", *values)
    head = json.dumps(header).encode()
    (folder / name).write_bytes(struct.pack("<Q", len(head)) + head + data)
    return folder / name


def test_shapes_are_those_of_the_benchmark():
    assert [shape["name"] for shape in SHAPES] == ["sine_k1", "sine_k5", "market", "credit", "large", "wide"], SHAPES
    market = SHAPES[2]
    assert market == {
        "name": "market",
        "inputs": 16,
        "hidden": [32, 32],
        "outputs": 2,
        "rows": 32,
        "steps": 3,
        "activation": "tanh",
        "loss": "mse",
        "inner_rate": 0.01,
        "parameters": 1666,
        "flops_per_task": 2547712,
    }, market


def ask(worker, *words):
    return worker.ask(*words, seconds=60)


def test_worker_of_shoal():
    tasks, theta = folder / "t", folder / "p"
    subprocess.run([peer, "export", "market", "5", tasks, theta], check=True)
    worker = WorkerProcess("shoal", [peer, "work", "cpu", "1"], {}, [], 60)
    assert worker.about["backend"] == "cpu" and worker.about["threads"] == 1, worker.about
    for words, said in [
        (["time", "second_order", 0, 1], "load comes first"),
        (["sing"], "load comes first"),
        (["load", "market"], "takes 5 words"),
        (["load", "tiny", 0, "f32", tasks, theta], "unknown shape"),
        (["load", "market", 6, "f32", tasks, theta], "fewer than 6"),
        (["load", "market", 0, "f64", tasks, theta], "does not compute in f64"),
        (["load", "market", "some", "f32", tasks, theta], "COUNT must be a whole number"),
    ]:
        raises(WorkerFailure, said, lambda words=words: ask(worker, *words))
    assert ask(worker, "load", "market", 0, "f32", tasks, theta) == {"tasks": 5}
    for words, said in [
        (["sing"], "unknown request"),
        (["prepare", "third_order", 0], "unknown work"),
        (["prepare", "adaptation", 2], "CHUNK must be 0"),
    ]:
        raises(WorkerFailure, said, lambda words=words: ask(worker, *words))
    spent = ask(worker, "time", "first_order", 0, 3)
    assert spent["wall"] > 0 and spent["cpu"] > 0 and ask(worker, "prepare", "second_order", 0)["seconds"] > 0
    for work, algorithm in (("second_order", "maml"), ("first_order", "fomaml")):
        ask(worker, "result", work, 0, 64, folder / "mine")
        config = folder / "c.toml"
        config.write_text(
            f'[model]\nhidden = [32, 32]\nactivation = "tanh"\n[loss]\nname = "mse"\n[algorithm]\nname = "{algorithm}"\n'
            "inner_steps = 3\ninner_lr = 0.01\n",
            encoding="utf-8",
        )
        subprocess.run(
            [
                shoal,
                "gradient",
                "--config",
                config,
                "--tasks",
                tasks,
                "--parameters",
                theta,
                "--fast-weights",
                "--backend",
                "cpu",
                "--quiet",
                "--out",
                folder / "theirs",
            ],
            check=True,
        )
        mine, theirs = tensors.read_plain(folder / "mine"), tensors.read_plain(folder / "theirs")
        assert len(mine) == 6 and all(values == theirs[name] for name, values in mine.items()), work
        assert max(abs(value) for value in mine["meta_gradient.layers.1.weight"]) > 0
    ask(worker, "result", "adaptation", 0, 2, folder / "mine")
    mine, theirs = tensors.read_plain(folder / "mine"), tensors.read_plain(folder / "theirs")
    assert all(
        values == theirs[name][: len(values)] and len(values) * 5 == len(theirs[name]) * 2 for name, values in mine.items()
    )
    assert tensors.entries(folder / "mine")["fast.layers.0.weight"][1] == [2, 16, 32]
    worker.end()
    for words, code in (
        ([], 2),
        (["export", "market", "0", "a", "b"], 2),
        (["export", "market", "1", "/no/folder/a", "b"], 6),
        (["work", "tpu", "1"], 2),
    ):
        assert subprocess.run([peer, *words], capture_output=True, check=False, cwd=folder).returncode == code, words


def test_workers_that_fail():
    raises(
        WorkerFailure, "exit code 3: so it is", lambda: WorkerProcess("w", ["sh", "-c", "echo so it is >&2; exit 3"], {}, [], 60)
    )
    raises(WorkerFailure, "no JSON", lambda: WorkerProcess("w", ["sh", "-c", "echo hello; sleep 60"], {}, [], 60))
    raises(OutOfTime, "no answer", lambda: WorkerProcess("w", ["sleep", "60"], {}, [], 0.2))
    worker = WorkerProcess("w", ["sh", "-c", "echo '{\"ok\": true}'; read line; sleep 600"], {}, [], 60)
    raises(OutOfTime, "no answer", lambda: worker.ask("time", seconds=0.2))
    assert not worker.alive()
    raises(WorkerFailure, "has ended", lambda: worker.ask("time", seconds=1))


def test_comparison():
    theta = write("theta", {"a": [1.0, 2.0], "b": [3.0]})
    gradient = {"meta_gradient.a": [1.0, -2.0], "meta_gradient.b": [2.0]}
    expected = write("expected", gradient)
    assert agreement.require(expected, expected, theta, "fp64") == 0.0
    near = write("near", {**gradient, "meta_gradient.b": [2.0 + 3e-5]})
    assert abs(agreement.require(near, expected, theta, "fp32") - 1e-5) < 1e-9
    raises(
        agreement.Disagreement,
        "fp64: relative error 1e-05, more than 1e-09",
        lambda: agreement.require(near, expected, theta, "fp64"),
    )
    far = write("far", {**gradient, "meta_gradient.a": [1.0, -2.0006]})
    raises(agreement.Disagreement, "fp32: relative error 0.0002", lambda: agreement.require(far, expected, theta, "fp32"))
    for numbers, said in (
        (dict(gradient, **{"meta_gradient.b": [math.nan]}), "nan"),
        ({"meta_gradient.a": [1.0, -2.0]}, "has meta_gradient.a, not"),
        (dict(gradient, **{"meta_gradient.b": [2.0, 2.0]}), "has 2 numbers, not 1"),
    ):
        wrong = write("wrong", numbers)
        raises(agreement.Disagreement, said, lambda wrong=wrong: agreement.require(wrong, expected, theta, "fp32"))
    # Fast weights of two tasks: a move of 0.001 with an error of one part in ten is a disagreement, however near to theta it is.
    moved = {"fast.a": [1.001, 2.0, 1.0, 2.001], "fast.b": [3.0, 3.0]}
    fast, off = write("fast", moved), write("off", {**moved, "fast.b": [3.0, 3.0001]})
    assert agreement.require(fast, fast, theta, "fp32") == 0.0
    raises(agreement.Disagreement, "relative error 0.071", lambda: agreement.require(off, fast, theta, "fp32"))
    zero = write("zero", {name: [0.0] * len(values) for name, values in gradient.items()})
    assert agreement.relative_error(expected, zero, theta) == math.inf and agreement.relative_error(zero, zero, theta) == 0.0


def test_search():
    assert (
        chunk_search.candidates(25) == [1, 2, 4, 8, 16, 25]
        and chunk_search.candidates(1) == [1]
        and chunk_search.candidates(16) == [1, 2, 4, 8, 16]
    )
    for tasks in (1, 7, 25, 1024, 16384):
        for best in chunk_search.candidates(tasks):
            for start in (1, 16, tasks):
                asked = []
                cost = lambda chunk: asked.append(chunk) or 1 + abs(math.log2(chunk) - math.log2(best))
                found, record = chunk_search.search(tasks, start, cost)
                assert found == best, (tasks, best, start, record)
                assert len(asked) == len(set(asked)) == len(record) <= 12, "no chunk is measured twice"
    found, record = chunk_search.search(1024, 1024, lambda chunk: 1 / chunk if chunk <= 100 else None)  # larger chunks do not fit
    assert found == 64 and {"chunk": 1024, "seconds_per_task": None} in record, record
    assert chunk_search.search(64, 16, lambda chunk: None)[0] is None


def test_rows():
    plan, left_out = rows.plan(SHAPES, [25, 1024, 16384], list(contenders.WORKS), "cpu", 1)
    names = [rows.name_of(row) for row in plan]
    assert names[:6] == [f"second_order {shape['name']} 1024" for shape in SHAPES], names[:6]
    assert len(names) == len(set(names)) and len(names) + len(left_out) == 6 * 3 * 3 and not set(names) & set(left_out)
    assert (
        "too large here" in left_out["second_order wide 16384"]
        and next(row for row in plan if row.shape["name"] == "wide").count == 128
    )
    plan, left_out = rows.plan(SHAPES[:2], [1024, 16384], ["second_order"], "cuda", 1)
    assert [rows.name_of(row).split(" ", 1)[1] for row in plan] == [
        "sine_k1 1024",
        "sine_k1 16384",
        "sine_k5 1024",
        "sine_k5 16384",
    ] and not left_out
    assert rows.search_count(plan[1], "cuda", 1) == 16384 and rows.first_chunk(SHAPES[4], 16384, "cuda") == 512
    assert (
        rows.search_count(rows.Row(SHAPES[4], 1024, "second_order", 1024), "cpu", 1) == 32
        and rows.first_chunk(SHAPES[4], 32, "cpu") == 8
    )


def run(*arguments, code=0, **environment):
    done = subprocess.run(
        [source / "bench/peers/run", *arguments],
        capture_output=True,
        text=True,
        check=False,
        timeout=500,
        cwd=folder,
        env={
            **os.environ,
            "SHOAL_PEERS_PROGRAM": str(peer),
            "SHOAL_PEERS_PYTHON": str(source / "tests/bench/peers_stand_in.py"),
            **environment,
        },
    )
    assert done.returncode == code, f"{arguments}: exit {done.returncode}, not {code}\n{done.stdout}{done.stderr}"
    return done


def test_whole_run():
    out = folder / "out.json"
    done = run("--shapes", "sine_k1", "--tasks", "30,4", "--work", "second_order,adaptation", "--out", out)
    content = json.loads(out.read_text(encoding="utf-8"))
    assert [(row["work"], row["tasks"]) for row in content["rows"]] == [
        ("second_order", 30),
        ("second_order", 4),
        ("adaptation", 30),
        ("adaptation", 4),
    ]
    assert (
        "No module named 'learn2learn'" in content["absent"]["learn2learn"] and "learn2learn takes no part" in done.stderr
    ), done.stderr
    row = content["rows"][0]
    seen = {name: (entry["status"], entry.get("reason", "")) for name, entry in row["contenders"].items()}
    assert seen["torch-vmap"][0] == "disagrees" and "fp64: relative error" in seen["torch-vmap"][1], seen
    assert seen["jax-vmap"][0] == "disagrees" and "fp32: relative error" in seen["jax-vmap"][1], seen
    assert seen["jax-linearize"][0] == "disagrees" and "nan" in seen["jax-linearize"][1], seen
    assert seen["torch-batched"] == ("failed", "no chunk runs: ended with exit code 9: no message"), seen["torch-batched"]
    assert seen["jax-scan"][0] == "failed" and "out of memory" in seen["jax-scan"][1], seen
    assert seen["torch-vmap-inductor"] == ("failed", "does not start: ended with exit code 3: no such library"), seen
    assert seen["shoal"][0] == seen["torch-adjoint"][0] == seen["torch-loop"][0] == "timed", seen
    assert all("wall" not in entry for name, entry in row["contenders"].items() if entry["status"] != "timed")
    adjoint, loop = row["contenders"]["torch-adjoint"], row["contenders"]["torch-loop"]
    assert len(adjoint["wall"]) == len(adjoint["cpu"]) == 7 and adjoint["wall_median"] == sorted(adjoint["wall"])[3] > 0
    assert (
        adjoint["chunk"] in [step["chunk"] for step in adjoint["search"]]
        and adjoint["timed_tasks"] == 30
        and loop["timed_tasks"] == 25
    )
    assert (
        adjoint["agreement"]["fp64"] < 1e-12
        and adjoint["agreement"]["fp32"] < 1e-5
        and adjoint["agreement"]["against"] == "reference"
    )
    assert row["winner"] == max(
        (name for name in seen if seen[name][0] == "timed"), key=lambda name: row["contenders"][name]["tasks_per_second"]
    )
    again = run("--from", out).stdout
    assert again.strip() == done.stdout.strip(), "a stored run prints what it printed"
    assert f"* {row['winner']}" in again and "torch-vmap: disagrees: fp64" in again and "timed on 25 tasks" in again
    few = run("--shapes", "sine_k1", "--tasks", "4", "--minutes", "0.01", "--contenders", "torch-adjoint", "--out", out, code=1)
    assert "no time left" in few.stdout and len(json.loads(out.read_text(encoding="utf-8"))["not_run"]) == 3


def test_refusals():
    for code, said, *arguments in (
        (2, "unknown shape tiny", "--shapes", "tiny"),
        (2, "unknown work", "--work", "third"),
        (2, "whole numbers", "--tasks", "0"),
        (2, "whole numbers", "--tasks", "4,4"),
        (2, "must lie above 0", "--minutes", "0"),
        (2, "cores", "--threads", "9999"),
        (2, "unknown contender", "--contenders", "keras"),
        (2, "not what --out writes", "--from", source / "README.md"),
        (6, "No such file or directory", "--out", "/no/folder/x", "--shapes", "sine_k1"),
        (6, "there is no", "--program", "/no/shoal-peer"),
    ):
        assert said in run(*arguments, code=code).stderr, arguments
    assert "backend cuda is not available" in run("--device", "cuda", "--shapes", "sine_k1", code=6).stderr
    assert "no such program" in run("--shapes", "sine_k1", code=6, SHOAL_PEERS_PYTHON="/no/python").stderr


def test_reasons_of_pip():
    talk = "  error: subprocess-exited-with-error\n  x.c:1:2: fatal error: y.h: No such file or directory\nERROR: Failed\n"
    assert environment.last_words(talk) == "x.c:1:2: fatal error: y.h: No such file or directory"
    assert (
        environment.last_words("Collecting\nERROR: No matching distribution found\n") == "ERROR: No matching distribution found"
    )
    assert environment.last_words("") == "no message" and environment.last_words("a\nlast\n") == "last"


def entry(rate, tasks, chunk=0, repetitions=7):
    call = tasks / rate
    return {
        "status": "timed",
        "tasks_per_second": rate,
        "ratio_to_shoal": rate / 1000,
        "timed_tasks": tasks,
        "wall": [call] * repetitions,
        "cpu": [call] * repetitions,
        "wall_median": call,
        "cpu_median": call,
        "chunk": chunk,
        "agreement": {"fp32": 2e-7},
    }


def stored():
    """A run in which a peer wins the second row."""
    row = lambda shape, peers: {
        "shape": shape,
        "tasks": 1024,
        "count": 1024,
        "work": "second_order",
        "clock": "cpu",
        "contenders": {"shoal": entry(1000, 1024), **peers},
    }
    content = {
        "device": "cpu",
        "threads": 1,
        "date": "2026-11-01T00:00:00Z",
        "commit": "0123456789abcdef",
        "command": "bench/peers/run",
        "machine": {"processor": "A chip", "system": "Linux"},
        "versions": {"shoal": "0.1.0", "jax": "1"},
        "absent": {"higher": "no"},
        "contenders": {"shoal": "Shoal", "jax-taskgrad": "JAX"},
        "workers": {},
        "not_run": {"adaptation wide 16384": "too large"},
        "rows": [
            row(
                "market",
                {
                    "jax-taskgrad": entry(500, 1024, 16),
                    "torch-loop": entry(3, 25, 0, 3),
                    "jax-vmap": {"status": "disagrees", "reason": "a | b"},
                },
            ),
            row("large", {"jax-taskgrad": entry(1250, 1024, 2)}),
        ],
    }
    content["rows"][0]["winner"], content["rows"][1]["winner"] = "shoal", "jax-taskgrad"
    return content


def test_documents():
    content, docs = stored(), folder / "docs"
    docs.mkdir()
    documents.write(content, docs)
    page = docs / "benchmarks.md"
    text = page.read_text(encoding="utf-8")
    assert "| market, 1,024 tasks, exact second order | **1 k** | jax-taskgrad | 500 | 2.00 : 1 |" in text, text
    assert "| large, 1,024 tasks, exact second order | 1 k | **jax-taskgrad** | **1.25 k** | 0.80 : 1 |" in text, text
    assert (
        "\n| **jax-taskgrad** | 1.25 k | 1.25 |" in text
        and "\n| shoal | 1 k | 1 |" in text
        and "\n| **shoal** | 1 k | 1 |" in text
    ), text
    assert "| jax-vmap | disagrees: a / b |" in text and "higher: no" in text and "adaptation wide 16384 (too large)" in text
    page.write_text("Before.\n" + text + "\nAfter.\n", encoding="utf-8")
    content["rows"].pop()
    documents.write(content, docs)
    text = page.read_text(encoding="utf-8")
    assert (
        text.startswith("Before.\n") and text.endswith("\n\nAfter.\n") and text.count("generated:") == 1 and "| large" not in text
    ), text
    alone = {**content["rows"][0], "contenders": {"shoal": content["rows"][0]["contenders"]["shoal"]}, "winner": "shoal"}
    assert "| 1 k | none timed | - | - |" in documents.summary({**content, "rows": [alone]})[-1], "nobody wins alone"
    documents.write({**content, "device": "cuda", "workers": {"torch-vmap": {"device": "A device"}}}, docs)
    text = page.read_text(encoding="utf-8")
    assert "After.\n\n<!-- generated: bench/peers/run cuda -->\n## On A device" in text and text.count("generated:") == 2, text
    assert "is 2.00 times as fast as the best peer (jax-taskgrad)" in table.closing_text(content)
    assert "jax-taskgrad is 1.25 times as fast as Shoal" in table.closing_text(stored())
    assert [record["shape"] for record, _, _ in table.wins(stored())] == ["market", "large"]


def test_charts_are_readable():
    content, docs = stored(), folder / "drawn"
    content["rows"][0]["contenders"]["torch-adjoint-inductor"] = entry(700, 1024, 64)
    documents.write(content, docs)
    files = list((docs / "benchmarks").glob("*.svg"))
    assert [file.name for file in files] == ["peers-cpu-second_order-1024.svg"], files
    drawing = xml.dom.minidom.parse(str(files[0])).documentElement
    width, height = (float(drawing.getAttribute(name)) for name in ("width", "height"))
    boxes = []
    for node in drawing.getElementsByTagName("text"):
        x, y, size, words = *(float(node.getAttribute(name)) for name in ("x", "y", "font-size")), node.firstChild.data
        wide = 0.6 * size * len(words)
        x -= {"end": wide, "middle": wide / 2}.get(node.getAttribute("text-anchor"), 0)
        boxes.append((x, y - size, x + wide, y, words))
        assert 0 <= x and x + wide <= width and 0 <= y - size and y <= height, f"{words} leaves the picture"
    for number, a in enumerate(boxes):
        for b in boxes[:number]:
            assert a[0] >= b[2] or b[0] >= a[2] or a[1] >= b[3] or b[1] >= a[3], f"{a[4]!r} and {b[4]!r} overlap"
    assert {"market", "large", "0.7  torch-adjoint-inductor", "1.25  jax-taskgrad"} <= {box[4] for box in boxes}, boxes
    for node in drawing.getElementsByTagName("rect")[1:]:
        x, y, wide, high = (float(node.getAttribute(name)) for name in ("x", "y", "width", "height"))
        assert all(box[0] >= x + wide or box[2] <= x or box[1] >= y + high or box[3] <= y for box in boxes), "words lie on a bar"
    bars = [float(node.getAttribute("width")) for node in drawing.getElementsByTagName("rect")[5:]]
    assert len(bars) == 6 and bars[0] > bars[2] > bars[1] > bars[3] and bars[5] > bars[4] == bars[0], bars


for name, test in list(globals().items()):
    if name.startswith("test_"):
        test()
        print(f"{name}: passed", flush=True)
