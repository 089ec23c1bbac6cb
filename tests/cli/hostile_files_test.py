#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Run folders, models and configurations that were made by somebody else or damaged by a machine: the shoal program refuses them with the
file's name and the right exit code, or skips them. It touches nothing in other folders and never waits for ever.

usage: hostile_files_test.py SHOAL
"""
import fcntl
import hashlib
import json
import os
import pathlib
import resource
import signal
import struct
import subprocess
import time

from program import FAST, run, run_tests, shoal, write_tensors

SANITIZED = any(mark in pathlib.Path(shoal).read_bytes() for mark in (b"__asan_init", b"__tsan_init"))  # sanitizers reserve terabytes
START = ["--out", "RUN", "--quiet", "--set", "train.checkpoint_every=4", "--set", "train.log_every=1", *FAST]


def failed(code, *arguments, words=(), limit=None, **more):
    """Expects a refusal in one message of at most 500 characters; `limit` is a limit on address space, in bytes."""
    preexec = (lambda: resource.setrlimit(resource.RLIMIT_AS, (limit, limit))) if limit and not SANITIZED else None
    result = subprocess.run([shoal, *map(str, arguments)], capture_output=True, text=True, timeout=120, preexec_fn=preexec, **more)
    assert result.returncode == code, f"{arguments}: exit {result.returncode}, not {code}: {result.stderr[:2000]}"
    for word in words:
        assert word in result.stderr, f"{arguments}: {word!r} is not in {result.stderr[:2000]!r}"
    message = result.stderr.rstrip("\n").split("\n")[-1].removeprefix("shoal: error: ")
    assert len(message) <= 500 and message.isprintable(), f"{arguments}: {message[:2000]!r}"
    return message


def header_of(path):
    data = pathlib.Path(path).read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def write_raw(path, header, data=b""):
    text = header if isinstance(header, bytes) else json.dumps(header).encode()
    pathlib.Path(path).write_bytes(struct.pack("<Q", len(text)) + text + data)


def one_task(path):
    rows = [("support_x", "F32", [2, 1], [1, 2]), ("support_y", "F32", [2, 1], [1, 2]), ("support_offsets", "I64", [2], [0, 2])]
    query = [("query_x", "F32", [1, 1], [1]), ("query_y", "F32", [1, 1], [2]), ("query_offsets", "I64", [2], [0, 1])]
    write_tensors(path, rows + query + [("task_id", "I64", [1], [4])])


def test_damage_of_the_newest_checkpoint_is_passed_over():
    run("train", *START)
    model, log = pathlib.Path("RUN/model.safetensors").read_bytes(), pathlib.Path("RUN/metrics.jsonl").read_bytes()
    newest = pathlib.Path("RUN/checkpoints/checkpoint-20.safetensors")
    good = newest.read_bytes()
    size = struct.unpack("<Q", good[:8])[0]
    places = {"in the length": 3, "in the header": 8 + size // 2, "in the manifest": good.index(b"seed"), "in the data": 8 + size + 5}
    for where, place in places.items():
        newest.write_bytes(good[:place] + bytes([good[place] ^ 4]) + good[place + 1 :])
        warned = run("train", *START, "--resume").stderr
        assert "checkpoint-20.safetensors" in warned and "passed over" in warned, f"{where}: {warned}"
        assert pathlib.Path("RUN/model.safetensors").read_bytes() == model, where
        assert pathlib.Path("RUN/metrics.jsonl").read_bytes() == log, where
        assert newest.read_bytes() == good, where


def test_damage_of_a_model_is_seen():
    run("train", *START)
    model = pathlib.Path("RUN/model.safetensors")
    good = model.read_bytes()
    one_task("t.safetensors")
    commands = [["evaluate", "RUN"], ["predict", "RUN", "--data", "t.safetensors", "--out", "p.csv"], ["inspect", "model", "RUN"],
                ["adapt", "RUN", "--data", "t.safetensors", "--out", "a.safetensors"],
                ["train", "--out", "R2", "--set", "train.warm_start=RUN", *FAST],
                ["gradient", "--tasks", "t.safetensors", "--parameters", model, "--out", "g.safetensors", "--set", "model.hidden=[8]"]]
    for place in (len(good) - 6, good.index(b"inner_lr")):
        model.write_bytes(good[:place] + bytes([good[place] ^ 1]) + good[place + 1 :])
        for command in commands:
            failed(4, *command, words=["model.safetensors", "is damaged"])
    header, data = header_of("RUN/model.safetensors")
    model.write_bytes(good)
    header, data = header_of("RUN/model.safetensors")
    del header["__metadata__"]["content_sha256"]
    write_raw("RUN/model.safetensors", header, data)
    for command in commands[:2] + commands[3:]:
        failed(4, *command, words=["content_sha256"])
    # A parameter file without metadata has no hash and needs none.
    del header["__metadata__"]
    write_raw("plain.safetensors", header, data)
    run("gradient", "--tasks", "t.safetensors", "--parameters", "plain.safetensors", "--out", "g.safetensors", "--set", "model.hidden=[8]")
    assert not pathlib.Path("p.csv").exists() and not pathlib.Path("R2").exists() and not pathlib.Path("a.safetensors").exists()
    # Adapted models have a hash of their own.
    model.write_bytes(good)
    run("adapt", "RUN", "--data", "t.safetensors", "--out", "a.safetensors")
    run("predict", "a.safetensors", "--data", "t.safetensors", "--out", "p.csv")
    adapted = pathlib.Path("a.safetensors").read_bytes()
    pathlib.Path("a.safetensors").write_bytes(adapted[:-1] + bytes([adapted[-1] ^ 1]))
    failed(4, "predict", "a.safetensors", "--data", "t.safetensors", "--out", "q.csv", words=["a.safetensors", "is damaged"])


def test_a_read_error_is_an_error():
    failed(6, "train", "--config", "/proc/self/mem", "--out", "RUN", *FAST, words=["/proc/self/mem", "Input/output error"])
    failed(6, "train", "--tasks", "/proc/self/mem", "--out", "RUN", *FAST, words=["/proc/self/mem", "Input/output error"])
    assert not pathlib.Path("RUN").exists()
    run("train", *START)
    os.remove("RUN/run.json")
    os.mkdir("RUN/run.json")
    failed(4, "evaluate", "RUN", words=["run.json", "folder"])


def test_links_in_a_run_folder():
    names = ["model.safetensors", "metrics.jsonl", "run.json", "train.log", "lock", "checkpoints", "checkpoints/checkpoint-20.safetensors"]
    for name in names:
        run("train", *START)
        victim, own = pathlib.Path("victim"), pathlib.Path("RUN") / name
        if own.is_dir():
            victim.mkdir()
            (victim / "checkpoint-4.safetensors.tmp.abcdef").write_text("precious")
            for file in own.iterdir():
                file.unlink()
            own.rmdir()
        else:
            victim.write_text("precious")
            own.unlink()
        own.symlink_to(victim.resolve())
        failed(6, "train", *START, "--resume", words=[name, "symbolic link"])
        left = victim / "checkpoint-4.safetensors.tmp.abcdef" if victim.is_dir() else victim
        assert left.read_text() == "precious", name
        if name == "model.safetensors":
            failed(6, "evaluate", "RUN", words=[name, "symbolic link"])
        subprocess.run(["rm", "-rf", "RUN", "victim"], check=True)
    os.mkdir("real")
    os.symlink("real", "RUN")
    run("train", *START)
    assert pathlib.Path("real/model.safetensors").is_file()


def test_two_processes_in_one_run_folder():
    run("train", *START)
    with open("RUN/lock", encoding="utf-8") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        failed(6, "train", *START, "--resume", words=["RUN", "run folder"])
    run("train", *START, "--resume")


def test_a_second_signal_ends_at_once():
    child = subprocess.Popen([shoal, "train", *START, "--set", "train.iterations=100000000"])
    while not list(pathlib.Path("RUN").glob("checkpoints/*.safetensors")):  # old ones are removed, so any will do
        assert child.poll() is None
        time.sleep(0.01)
    # Both are delivered before the current iteration can end.
    for number in (signal.SIGSTOP, signal.SIGINT, signal.SIGTERM, signal.SIGCONT):
        child.send_signal(number)
    assert child.wait(timeout=100) in (-signal.SIGINT, -signal.SIGTERM)


def test_a_file_that_grows_too_large():
    # The checkpoint of a wide model is larger than the limit.
    command = ["train", "--out", "RUN", "--quiet", "--set", "model.hidden=[200, 200]", "--set", "train.iterations=1"]
    result = subprocess.run([shoal, *command], capture_output=True, text=True, check=False,
                            preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (100000, 100000)))
    assert result.returncode == 6 and "checkpoint-0" in result.stderr and "File too large" in result.stderr, result
    # The run died before its first iteration, so its folder does not prevent another run.
    run(*command)


def test_a_run_that_died_early_leaves_its_folder_free():
    run("train", *START, "--set", "train.iterations=0")
    os.remove("RUN/model.safetensors")
    run("train", *START)
    assert len(pathlib.Path("RUN/metrics.jsonl").read_text(encoding="utf-8").splitlines()) == 20


def test_pipes_and_devices():
    run("train", *START)
    os.mkfifo("pipe.safetensors")
    one_task("t.safetensors")
    for path in ("pipe.safetensors", "/dev/zero"):
        kind = "device" if path == "/dev/zero" else "pipe"
        failed(3, "train", "--tasks", path, "--out", "R2", *FAST, words=[path, kind])
        failed(4, "gradient", "--tasks", "t.safetensors", "--parameters", path, "--out", "g", words=[path, kind])
        failed(4, "train", "--out", "R2", "--set", f"train.warm_start={path}", *FAST, words=[path, kind])
        failed(4, "evaluate", path, words=[path, kind])
        failed(4, "inspect", "model", path, words=[path, kind])
    failed(3, "evaluate", "RUN", "--data", "pipe.safetensors", words=["pipe.safetensors: is a pipe"])
    failed(6, "train", "--config", "pipe.safetensors", "--out", "R2", words=["pipe.safetensors", "nobody writes"])
    failed(6, "train", "--config", "/dev/zero", "--out", "R2", words=["/dev/zero", "longer"], limit=1 << 30)
    assert not pathlib.Path("R2").exists()
    # A configuration may come from another program.
    shown = subprocess.run([shoal, "train", "--config", "/dev/stdin", "--print-config"], input=b"seed = 123\n", capture_output=True, check=True)
    assert b"seed = 123" in shown.stdout
    # The same holds for files that a run folder names.
    run("train", "--tasks", "t.safetensors", "--out", "R3", "--quiet", *FAST)
    os.remove("t.safetensors")
    os.mkfifo("t.safetensors")
    failed(3, "evaluate", "R3", words=["t.safetensors", "pipe"])
    os.remove("R3/model.safetensors")
    os.mkfifo("R3/model.safetensors")
    failed(4, "evaluate", "R3", words=["model.safetensors", "pipe"])


def test_headers_that_are_not_what_they_say():
    bad = {
        "number": b'{"w":{"dtype":"F32","shape":[1e999],"data_offsets":[0,0]}}',
        "digits": b'{"w":{"dtype":"F32","shape":[1' + b"0" * 1000000 + b'],"data_offsets":[0,0]}}',
        "metadata": b'{"__metadata__":{"a":1e999}}',
        "dtype": b'{"w":{"dtype":"' + b"F" * 1000000 + b'","shape":[0],"data_offsets":[0,0]}}',
        "escape": b'{"\\u001b]0;owned\\u0007":{"dtype":"F32"}}',
    }
    for what, header in bad.items():
        name = f"{what}.safetensors"
        write_raw(name, header)
        failed(4, "inspect", "model", name, words=[name])
        failed(4, "evaluate", name, words=[name])
        failed(3, "train", "--tasks", name, "--out", "RUN", words=[name])


def test_many_tensors():
    entry = {"dtype": "F32", "shape": [0], "data_offsets": [0, 0]}
    write_raw("many.safetensors", {"t%d" % i: entry for i in range(100000)})
    write_raw("array.safetensors", b"[" + b"{}," * 1000000 + b"{}]")
    write_raw("metadata.safetensors", {"__metadata__": {"k%d" % i: "v" for i in range(100000)}})
    shown = json.loads(run("inspect", "model", "many.safetensors", "--json").stdout)
    assert len(shown["tensors"]) == 100000
    assert len(json.loads(run("inspect", "model", "metadata.safetensors", "--json").stdout)["metadata"]) == 100000
    failed(4, "inspect", "model", "array.safetensors", words=["not a JSON object"], limit=1 << 30)


def test_a_model_that_claims_a_huge_network():
    # The metadata of a small model claims another network, and has the hash for that claim.
    run("train", *START)
    one_task("t.safetensors")
    run("adapt", "RUN", "--data", "t.safetensors", "--out", "a.safetensors")
    for hidden in ("[30000, 30000]", "[46000, 46000]", "[70000, 70000]", "[2000000000]"):
        for source, name in (("RUN/model.safetensors", "claims.safetensors"), ("a.safetensors", "adapted.safetensors")):
            header, data = header_of(source)
            metadata = header["__metadata__"]
            metadata["config"] = metadata["config"].replace("hidden = [8]", f"hidden = {hidden}")
            assert hidden in metadata["config"]
            rehash(name, header, data)
        limit = 400 << 20  # address space: the program itself takes some of it
        for command in (["predict", "claims.safetensors", "--data", "t.safetensors", "--out", "p.csv"], ["evaluate", "claims.safetensors"],
                        ["adapt", "claims.safetensors", "--data", "t.safetensors", "--out", "b"],
                        ["predict", "adapted.safetensors", "--data", "t.safetensors", "--out", "p.csv"]):
            failed(4, *command, "--threads", "1", words=[command[1]], limit=limit)
        failed(4 if hidden[1] in "34" else 2, "gradient", "--tasks", "t.safetensors", "--parameters", "claims.safetensors", "--out", "g",
               "--set", f"model.hidden={hidden}", "--threads", "1", limit=limit)


def rehash(path, header, data):
    """Writes the file with the hash of its content, in the layout of Shoal's own files (docs/formats.md)."""
    def text(metadata):
        entries = dict(sorted({**header, "__metadata__": metadata}.items()))
        for name in entries:
            if name != "__metadata__":
                entries[name] = dict(sorted(entries[name].items()))
        raw = json.dumps(entries, separators=(",", ":"), ensure_ascii=False).encode()
        raw += b" " * (-len(raw) % 8)
        return struct.pack("<Q", len(raw)) + raw

    metadata = {key: value for key, value in sorted(header["__metadata__"].items()) if key != "content_sha256"}
    metadata["content_sha256"] = hashlib.sha256(text(metadata) + data).hexdigest()
    pathlib.Path(path).write_bytes(text(dict(sorted(metadata.items()))) + data)


def test_rehash_knows_the_hash():
    run("train", *START)
    header, data = header_of("RUN/model.safetensors")
    rehash("again.safetensors", header, data)
    assert header_of("again.safetensors")[0]["__metadata__"] == header["__metadata__"]


def test_a_model_whose_preprocessing_cannot_be():
    rows = "".join(f"k{i % 5},{i},{i % 3}\n" for i in range(60))
    pathlib.Path("t.csv").write_text("k,x,y\n" + rows, encoding="utf-8")
    pathlib.Path("t.toml").write_text(
        '[tasks]\nsource = "table"\npath = "t.csv"\nkey = ["k"]\nfeatures = ["x"]\ntargets = ["y"]\nsupport = 4\n', encoding="utf-8"
    )
    run("train", "--config", "t.toml", "--out", "T", "--quiet", "--set", "train.iterations=2")
    header, data = header_of("T/model.safetensors")
    right = json.loads(header["__metadata__"]["preprocessing"])
    for key, value in [("labels", ["a", "b"]), ("deviation", [-1.0]), ("deviation", [0.0]), ("mean", [1e308, 1.0]), ("fill", [])]:
        header["__metadata__"]["preprocessing"] = json.dumps({**right, key: value})
        rehash("forged.safetensors", header, data)
        for command in (["evaluate", "forged.safetensors"], ["predict", "forged.safetensors", "--out", "P.csv"]):
            failed(4, *command, "--data", "t.csv", words=["preprocessing"])
    assert not pathlib.Path("P.csv").exists()


def test_a_pipe_that_nobody_reads():
    os.mkfifo("nobody")
    failed(6, "data", "export", "--set", "tasks.source=sinusoid", "--out", "nobody", *FAST, words=["nobody: is a pipe that nobody reads"])


def test_data_get_runs_no_code_of_the_folder():
    pathlib.Path("gzip.py").write_text("open('RAN_gzip', 'w').close()\n", encoding="utf-8")
    os.mkdir("pip")
    for name in ("__init__", "__main__"):
        pathlib.Path(f"pip/{name}.py").write_text("open('RAN_pip', 'w').close()\n", encoding="utf-8")
    run("data", "get", "sp500", "--out", "data", code=6, env={"PIP_NO_INDEX": "1", "PYTHONPATH": os.getcwd()})
    assert not list(pathlib.Path(".").glob("RAN_*")) and not pathlib.Path("data").exists()


run_tests(globals())
