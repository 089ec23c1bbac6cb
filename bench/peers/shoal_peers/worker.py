# SPDX-License-Identifier: Apache-2.0
"""The worker of the Python contenders: `python worker.py CONTENDER DEVICE THREADS SHAPES_FILE` answers the line protocol of
../README.md on standard input and output. One process per contender: its own threads, memory and failures."""

import gc
import json
import os
import pathlib
import sys
import time

HERE = pathlib.Path(__file__).resolve().parent
# The output of libraries must not mix with the answers.
answers = os.fdopen(os.dup(1), "w", encoding="utf-8")
os.dup2(2, 1)
sys.path.insert(0, str(HERE.parent))
sys.dont_write_bytecode = True

from shoal_peers import contenders, tensors  # noqa: E402  (after the path)


class BadRequest(Exception):
    """A request that is not part of the protocol."""


class Problem:
    """Tasks and parameters of a shape in one precision, as numpy arrays: x [tasks, rows, inputs], y [tasks, rows, outputs]."""

    def __init__(self, shape, count, precision, tasks, parameters):
        import numpy as np

        self.shape, self.precision = shape, precision
        dtype = {"f32": np.float32, "f64": np.float64}[precision]
        content = tensors.read_arrays(tasks)
        have = content["task_id"].shape[0]
        self.tasks = count or have
        if self.tasks > have:
            raise BadRequest(f"{tasks} has fewer than {count} tasks")
        rows = shape["rows"]
        self.data = []
        for side in ("support", "query"):
            offsets = content[side + "_offsets"][: self.tasks + 1]
            if (offsets != np.arange(self.tasks + 1) * rows).any():
                raise BadRequest(f"{tasks}: these contenders take tasks of {rows} rows each")
            for part in ("x", "y"):
                values = content[f"{side}_{part}"][: self.tasks * rows]
                self.data.append(np.ascontiguousarray(values.reshape(self.tasks, rows, -1), dtype=dtype))
        theta = tensors.read_arrays(parameters)
        self.names = [f"layers.{layer}.{part}" for layer in range(len(shape["hidden"]) + 1) for part in ("weight", "bias")]
        self.theta = [np.ascontiguousarray(theta[name], dtype=dtype) for name in self.names]


class Worker:
    def __init__(self, name, device, threads, shapes_file):
        self.contender = contenders.BY_NAME[name]
        self.shapes = {
            shape["name"]: shape for shape in json.loads(pathlib.Path(shapes_file).read_text(encoding="utf-8"))["shapes"]
        }
        if self.contender.framework == "torch":
            from shoal_peers.torch_contenders import TorchSide as Side
        else:
            from shoal_peers.jax_contenders import JaxSide as Side
        self.side = Side(name, device, threads)
        self.problem, self.built = None, {}

    def function(self, work, chunk):
        """The function that does the work once. It is kept until the next load, except for graphs, which occupy memory."""
        if self.problem is None:
            raise BadRequest("load comes first")
        if work not in self.contender.works:
            raise BadRequest(f"{self.contender.name} does not do {work}")
        chunk = int(chunk)
        if chunk < 0 or chunk > self.problem.tasks or (chunk == 0) == self.contender.chunked:
            raise BadRequest(f"chunk {chunk} does not fit {self.problem.tasks} tasks of {self.contender.name}")
        if (work, chunk) not in self.built:
            if self.side.graphs:
                self.built.clear()
                gc.collect()
            self.built[work, chunk] = self.side.build(work, chunk)
        return self.built[work, chunk]

    def load(self, shape, count, precision, tasks, parameters):
        self.built.clear()
        self.problem = Problem(self.shapes[shape], int(count), precision, tasks, parameters)
        self.side.load(self.problem)
        return {"tasks": self.problem.tasks}

    def prepare(self, work, chunk):
        begin = time.perf_counter()
        function = self.function(work, chunk)
        self.side.wait(function())
        return {"seconds": time.perf_counter() - begin}

    def result(self, work, chunk, most, file):
        value = self.side.wait(self.function(work, chunk)())
        prefix = "fast." if work == "adaptation" else "meta_gradient."
        arrays = self.side.arrays(value, int(most) if work == "adaptation" else None)
        tensors.write_arrays(file, {prefix + name: array for name, array in zip(self.problem.names, arrays)})
        return {"file": file}

    def time(self, work, chunk, calls):
        function = self.function(work, chunk)
        wait = self.side.wait
        gc.collect()
        cpu, wall = time.process_time(), time.perf_counter()
        for _ in range(int(calls)):
            wait(function())
        return {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu}

    REQUESTS = {"load": load, "prepare": prepare, "result": result, "time": time}

    def answer(self, line):
        words = line.split("\t")
        if words[0] not in self.REQUESTS:
            raise BadRequest(f"unknown request \"{words[0]}\": known: {', '.join(self.REQUESTS)}, quit")
        return self.REQUESTS[words[0]](self, *words[1:])


def say(content):
    answers.write(json.dumps(content) + "\n")
    answers.flush()


def main():
    name, device, threads, shapes_file = sys.argv[1:]
    try:
        worker = Worker(name, device, int(threads), shapes_file)
    except Exception as error:  # the reason why a framework does not start is the answer
        say({"ok": False, "error": f"{type(error).__name__}: {error}"})
        return 1
    say({"ok": True, "contender": name, **worker.side.about()})
    for line in sys.stdin:
        line = line.rstrip("\n")
        if line == "quit":
            break
        try:
            say({"ok": True, **worker.answer(line)})
        except Exception as error:  # an error is the answer to its request and ends nothing
            worker.built.clear()
            say({"ok": False, "error": f"{type(error).__name__}: {error}"[:2000]})
            worker.side.recover()
    return 0


if __name__ == "__main__":
    sys.exit(main())
