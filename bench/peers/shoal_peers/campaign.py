# SPDX-License-Identifier: Apache-2.0
"""A whole run: the contenders, their workers, the files that they share, and the rows one after another."""

import concurrent.futures
import os
import pathlib
import subprocess
import time

from shoal_peers import agreement, contenders, environment, rows
from shoal_peers.race import Race
from shoal_peers.worker_process import WorkerFailure, WorkerProcess, worker_environment

MOST_FAST_WEIGHTS = 64  # number of tasks whose fast weights are compared
START_SECONDS, LONGEST_REQUEST = 180.0, 600.0
LONGEST_ROW, NO_BOUND = 3600.0, 30 * 24 * 60  # seconds; minutes of a run without --minutes


class Campaign:
    def __init__(self, options, program, python, versions, missing, scratch, say):
        self.options, self.program, self.python, self.say = options, program, python, say
        self.scratch = pathlib.Path(scratch)
        self.device, self.threads = options.device, options.threads
        self.cores = sorted(os.sched_getaffinity(0))[-options.threads :] if self.device == "cpu" else []
        self.mkl = environment.mkl_for_amd(scratch) if self.device == "cpu" else {}
        self.taking_part, self.absent = [], {}
        for contender in contenders.ALL:
            needs = [] if contender.framework == "shoal" else [contender.framework] + [contender.needs] * bool(contender.needs)
            lacking = [missing.get(name, f"{name} is not there") for name in needs if name not in versions]
            if options.contenders and contender.name not in options.contenders and contender.name != "shoal":
                continue
            if self.device not in contender.devices:
                continue
            if lacking:
                self.absent[contender.name] = lacking[0]
            else:
                self.taking_part.append(contender)
        self.workers, self.kept, self.failed_starts = {}, {}, {}
        self.deadline = time.monotonic() + 60 * (options.minutes or NO_BOUND)

    def left(self):
        return self.deadline - time.monotonic()

    # Workers.

    def worker(self, name, framework):
        """The worker of that name; starts it if it does not run."""
        if name in self.failed_starts:
            raise WorkerFailure(self.failed_starts[name])
        worker = self.workers.get(name)
        if worker is None or not worker.alive():
            if framework == "shoal":
                backend = "reference" if name == "reference" else self.device
                command = [self.program, "work", backend, self.threads if name != "reference" else 1]
            else:
                script = pathlib.Path(__file__).with_name("worker.py")
                command = [self.python, "-W", "ignore", script, name, self.device, self.threads, self.scratch / "shapes.json"]
            try:
                variables = {**worker_environment(self.device, self.threads), **(self.mkl if framework == "torch" else {})}
                self.workers[name] = worker = WorkerProcess(
                    name, command, variables, self.cores, max(min(START_SECONDS, self.left()), 1.0)
                )
            except (WorkerFailure, OSError) as failure:
                self.failed_starts[name] = f"does not start: {failure}"
                raise WorkerFailure(self.failed_starts[name]) from None
        return worker

    def ask(self, contender, *words, seconds=LONGEST_REQUEST):
        return self.worker(contender.name, contender.framework).ask(*words, seconds=max(min(seconds, self.left()), 0.5))

    def end(self):
        with concurrent.futures.ThreadPoolExecutor(16) as pool:
            list(pool.map(WorkerProcess.end, self.workers.values()))

    # Files: tasks and parameters, made once per shape; expected results.

    def files(self, shape, count):
        """(task file of at least `count` tasks, parameters file)."""
        key = ("files", shape["name"])
        if key not in self.kept or self.kept[key][2] < count:
            for old in self.kept.get(key, ())[:1]:
                os.remove(old)
            tasks, parameters = self.scratch / f"{shape['name']}.{count}.tasks", self.scratch / f"{shape['name']}.parameters"
            subprocess.run([str(self.program), "export", shape["name"], str(count), str(tasks), str(parameters)], check=True)
            self.kept[key] = (tasks, parameters, count)
        return self.kept[key][:2]

    def load(self, contender, shape, count, precision, seconds=LONGEST_REQUEST):
        self.ask(contender, "load", shape["name"], count, precision, *self.files(shape, count), seconds=seconds)

    def key_of(self, who, shape, work, count):
        """The key of an expected result; a task file of another size has other tasks."""
        return who, shape["name"], work, count, self.kept["files", shape["name"]][2]

    def expected(self, who, shape, work, count):
        """The file of the result of `who` (reference in fp64, or shoal in fp32) for the first `count` tasks."""
        key = self.key_of(who, shape, work, count)
        if key not in self.kept:
            file = self.scratch / f"{who}.{shape['name']}.{work}.{count}"
            precision = "f64" if who == "reference" else "f32"
            worker = self.worker(who, "shoal")
            worker.ask("load", shape["name"], count, precision, *self.files(shape, count), seconds=max(self.left(), 1.0))
            worker.ask("result", work, 0, MOST_FAST_WEIGHTS, file, seconds=max(self.left(), 1.0))
            self.kept[key] = file
        return self.kept[key]

    def compare(self, contender, row, chunk, count, precision, against, seconds=LONGEST_REQUEST):
        """The relative error of the contender's result for its loaded tasks; raises Disagreement if it is too large."""
        file = self.scratch / f"{contender.name}.result"
        self.ask(contender, "result", row.work, chunk, MOST_FAST_WEIGHTS, file, seconds=seconds)
        expected = self.expected(against, row.shape, row.work, count)
        error = agreement.require(file, expected, self.files(row.shape, count)[1], precision)
        os.remove(file)
        return error

    def run(self, plan, on_row):
        """Runs the rows in order; calls on_row(record) after each. Returns the names of those for which no time was left."""
        not_run = {}
        for number, row in enumerate(plan):
            left = self.left()
            if left < 5:
                not_run[rows.name_of(row)] = "no time left"
                continue
            share = left / (len(plan) - number)
            seconds = min(1.7 * share, left - 2, LONGEST_ROW)
            self.say(f"{rows.name_of(row)} ...")
            on_row(Race(self, row, seconds).run())
        return not_run
