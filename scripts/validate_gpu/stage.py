# SPDX-License-Identifier: Apache-2.0
"""A stage: programs that run one after another, each with a time limit, and their outcomes.

A step that passed, failed, ran out of time or was not run (a missing tool, a refused counter, no time left) is recorded with its reason. A
stage has passed only if all its steps have. A step never stops the next one.
"""
import glob
import os
import shutil
import signal
import subprocess
import tempfile
import time

PASSED, FAILED, OUT_OF_TIME, NOT_RUN = "passed", "failed", "out of time", "not run"
MOST_OUTPUT = 20000  # the last characters of each program's output are kept
TOOL_FOLDERS = os.environ.get("SHOAL_TOOL_FOLDERS", "/usr/local/cuda/bin:/usr/local/cuda-*/bin:/opt/nvidia/nsight-compute/*")


class NotRun(Exception):
    """The step could not do its work here: a tool or a permission is missing. `data` is kept."""

    def __init__(self, reason, data=None):
        super().__init__(reason)
        self.data = data


class Failed(Exception):
    """The step did its work, and something is wrong."""


class Outcome:
    """The outcome of a program: exit code (None: time limit), seconds, output."""

    def __init__(self, code, seconds, stdout, stderr):
        self.code, self.seconds, self.stdout, self.stderr = code, seconds, stdout, stderr

    def text(self):
        return self.stdout + self.stderr


def find_tool(name):
    """The path of a tool of the toolkit; raises NotRun if there is none."""
    found = shutil.which(name)
    for pattern in TOOL_FOLDERS.split(":"):
        for folder in sorted(glob.glob(pattern), reverse=True):
            found = found or shutil.which(name, path=folder)
    if not found:
        raise NotRun(f"{name}: no such program in PATH or {TOOL_FOLDERS}")
    return found


def end_group(child):
    """Ends a program and its children, if any are left."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(child.pid, number)
        except ProcessLookupError:
            return
        try:
            child.wait(timeout=5)
        except subprocess.TimeoutExpired:
            pass


def run_program(command, seconds, environment=None):
    """Runs a command in its own process group, which is ended at the time limit."""
    begin = time.monotonic()
    with tempfile.TemporaryFile() as out, tempfile.TemporaryFile() as err:
        child = subprocess.Popen([str(word) for word in command], stdin=subprocess.DEVNULL, stdout=out, stderr=err,
                                 start_new_session=True, env={**os.environ, **(environment or {})})
        try:
            code = child.wait(timeout=seconds)
        except subprocess.TimeoutExpired:
            code = None
        finally:  # also when this program is terminated
            end_group(child)
        texts = []
        for file in (out, err):
            file.seek(0)
            texts.append(file.read().decode("utf-8", "replace"))
    return Outcome(code, time.monotonic() - begin, *texts)


class Stage:
    def __init__(self, name, seconds):
        self.name, self.steps, self.begin = name, [], time.monotonic()
        self.deadline = self.begin + seconds

    def left(self):
        return self.deadline - time.monotonic()

    def step(self, name, command, read=None, seconds=None, environment=None):
        """Runs `command` (a list, or a function that makes it and may raise NotRun). `read(outcome)` reads its output, even after the time
        limit: it returns data to keep, or raises Failed or NotRun."""
        record = {"step": name, "status": PASSED, "seconds": 0.0}
        self.steps.append(record)
        try:
            words = command() if callable(command) else command
            limit = self.left() if seconds is None else min(self.left(), seconds)
            if limit <= 0:
                raise NotRun("no time left")
            outcome = run_program(words, limit, environment)
            record.update(exit=outcome.code, seconds=round(outcome.seconds, 2), output=outcome.text()[-MOST_OUTPUT:],
                          command=[os.path.basename(str(words[0]))] + [str(word) for word in words[1:]])
            if outcome.code is None:
                record.update(status=OUT_OF_TIME, reason=f"stopped after {outcome.seconds:.0f} s")
            elif outcome.code != 0:
                record.update(status=FAILED, reason=f"exit code {outcome.code}")
            if read:
                record["data"] = read(outcome)
        except NotRun as reason:
            record.update(status=NOT_RUN, reason=str(reason))
            if reason.data is not None:
                record["data"] = reason.data
        except Failed as reason:
            if record["status"] == PASSED:
                record.update(status=FAILED, reason=str(reason))
        except OSError as reason:
            record.update(status=NOT_RUN, reason=str(reason))
        except Exception as reason:  # the output of a program can be anything, and must stop no other step
            record.update(status=FAILED, reason=f"its output was not understood: {reason!r}")
        return record

    def result(self):
        found = [step["status"] for step in self.steps]
        if found and all(status == PASSED for status in found):
            status = PASSED
        elif all(status == NOT_RUN for status in found):
            status = NOT_RUN
        else:
            status = FAILED if FAILED in found or OUT_OF_TIME not in found else OUT_OF_TIME
        result = {"stage": self.name, "status": status, "seconds": round(time.monotonic() - self.begin, 2)}
        reasons = [f"{step['step']}: {step['status']}: {step['reason']}" for step in self.steps if step["status"] != PASSED]
        if reasons:
            result["reasons"] = reasons
        result["steps"] = self.steps
        return result
