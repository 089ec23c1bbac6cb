# SPDX-License-Identifier: Apache-2.0
"""The driver's end of a worker: a process in a group of its own that answers one JSON line for every request line."""

import json
import os
import queue
import signal
import subprocess
import tempfile
import threading


class WorkerFailure(Exception):
    """The worker refused, died, or did not answer in time; the text says which."""


class OutOfTime(WorkerFailure):
    """The worker did not answer in time, and was ended."""


class WorkerProcess:
    """A worker process. `cores`: the cores that it is pinned to; none: it is not pinned."""

    def __init__(self, name, command, environment, cores, start_seconds):
        self.name, self.talk = name, tempfile.TemporaryFile()
        pin = (lambda: os.sched_setaffinity(0, cores)) if cores else None
        self.child = subprocess.Popen(
            [str(word) for word in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self.talk,
            env={**os.environ, **environment},
            start_new_session=True,
            preexec_fn=pin,
            text=True,
            encoding="utf-8",
        )
        self.lines = queue.Queue()
        threading.Thread(target=self.read, daemon=True).start()
        self.about = self.answer(start_seconds)

    def read(self):
        for line in self.child.stdout:
            self.lines.put(line)
        self.lines.put(None)

    def answer(self, seconds):
        try:
            line = self.lines.get(timeout=max(seconds, 0.01))
        except queue.Empty:
            self.end()
            raise OutOfTime(f"no answer within {seconds:.0f} s") from None
        if line is None:
            self.child.wait()
            raise WorkerFailure(f"ended with exit code {self.child.returncode}: {self.last_talk()}")
        try:
            content = json.loads(line)
        except ValueError:
            self.end()
            raise WorkerFailure(f"its answer is no JSON: {line.strip()[:200]}") from None
        if not content.pop("ok", False):
            raise WorkerFailure(content.get("error", "an error without a message"))
        return content

    def ask(self, *words, seconds):
        if self.child.poll() is not None:
            raise WorkerFailure("has ended")
        try:
            self.child.stdin.write("\t".join(str(word) for word in words) + "\n")
            self.child.stdin.flush()
        except OSError as error:
            raise WorkerFailure(f"{error}: {self.last_talk()}") from None
        return self.answer(seconds)

    def last_talk(self):
        self.talk.seek(0)
        lines = self.talk.read().decode("utf-8", "replace").strip().splitlines()
        return lines[-1][:300] if lines else "no message"

    def alive(self):
        return self.child.poll() is None

    def end(self):
        """Ends the worker and its children."""
        try:
            self.child.stdin.close()
        except OSError:
            pass
        for number in (signal.SIGTERM, signal.SIGKILL):
            try:
                os.killpg(self.child.pid, number)
            except ProcessLookupError:
                break
            try:
                self.child.wait(timeout=3)
            except subprocess.TimeoutExpired:
                continue
        self.child.wait()
        self.child.stdout.close()


def worker_environment(device, threads):
    """Variables that set the number of threads of a worker, and describe() of them."""
    if device == "cuda":
        return {"XLA_PYTHON_CLIENT_PREALLOCATE": "false", "PYTHONUNBUFFERED": "1"}
    count = str(threads)
    variables = {name: count for name in ("OMP_NUM_THREADS", "MKL_NUM_THREADS", "OPENBLAS_NUM_THREADS", "NPROC")}
    flags = "--xla_cpu_multi_thread_eigen=" + ("false" if threads == 1 else "true")
    return {
        **variables,
        "XLA_FLAGS": flags,
        "JAX_PLATFORMS": "cpu",
        "CUDA_VISIBLE_DEVICES": "",
        "TORCHINDUCTOR_COMPILE_THREADS": "1",
    }
