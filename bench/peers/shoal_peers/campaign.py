# SPDX-License-Identifier: Apache-2.0
"""A whole run: for every row each contender is first compared, then searched for its best chunk, then all are timed in turn."""

import concurrent.futures
import math
import os
import pathlib
import statistics
import subprocess
import time

from shoal_peers import agreement, chunk_search, contenders, environment, rows
from shoal_peers.worker_process import OutOfTime, WorkerFailure, WorkerProcess, worker_environment

SMALL = 3  # tasks of the comparison in double precision: with chunks of two, a whole one and a rest
MOST_FAST_WEIGHTS = 64  # tasks whose fast weights are compared
REPETITIONS, FEW, SLOW = 7, 3, 50.0  # a contender SLOW times behind the best is repeated FEW times
A_REPETITION = {"cpu": 0.05, "cuda": 0.02}  # seconds, several calls where one is shorter
START_SECONDS, LONGEST_REQUEST = 180.0, 600.0
COMPILE_SECONDS = 45.0  # of Inductor on a device, as a row must have them to begin with it
PREPARE_SHARE, SEARCH_SHARE = 0.55, 0.8  # of a row's time by which contenders are compared, and their chunks found
LONGEST_ROW, NO_BOUND = 3600.0, 30 * 24 * 60  # seconds; minutes of a run that has no --minutes


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
        """The worker of that name, started when it is not there or has ended."""
        if name in self.failed_starts:
            raise WorkerFailure(self.failed_starts[name])
        worker = self.workers.get(name)
        if worker is None or not worker.alive():
            if framework == "shoal":
                backend = "reference" if name == "reference" else self.device
                command = [self.program, "work", backend, self.threads if name != "reference" else 1]
            else:
                command = [
                    self.python,
                    "-W",
                    "ignore",
                    pathlib.Path(__file__).with_name("worker.py"),
                    name,
                    self.device,
                    self.threads,
                    self.scratch / "shapes.json",
                ]
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

    # Files: tasks and parameters, made once a shape; expected results.

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
        """Of an expected result; a task file of another size has other tasks."""
        return who, shape["name"], work, count, self.kept["files", shape["name"]][2]

    def expected(self, who, shape, work, count):
        """The file of what `who` (reference in fp64, or shoal in fp32) finds on the first `count` tasks."""
        key = self.key_of(who, shape, work, count)
        if key not in self.kept:
            file = self.scratch / f"{who}.{shape['name']}.{work}.{count}"
            precision = "f64" if who == "reference" else "f32"
            worker = self.worker(who, "shoal")
            worker.ask("load", shape["name"], count, precision, *self.files(shape, count), seconds=max(self.left(), 1.0))
            worker.ask("result", work, 0, MOST_FAST_WEIGHTS, file, seconds=max(self.left(), 1.0))
            self.kept[key] = file
        return self.kept[key]

    def compare(self, contender, row, chunk, count, precision, against):
        file = self.scratch / f"{contender.name}.result"
        self.ask(contender, "result", row.work, chunk, MOST_FAST_WEIGHTS, file)
        expected = self.expected(against, row.shape, row.work, count)
        error = agreement.require(file, expected, self.files(row.shape, count)[1], precision)
        os.remove(file)
        return error

    # One row.

    def run_row(self, row, seconds):
        """The row's record. `seconds`: what it may take; contenders that come too late are named in it."""
        begin = time.monotonic()
        prepare_end, search_end, end = (begin + share * seconds for share in (PREPARE_SHARE, SEARCH_SHARE, 1.0))
        record = {"shape": row.shape["name"], "tasks": row.tasks, "work": row.work, "count": row.count, "contenders": {}}
        reference_count = min(row.count, max(rows.power_below(rows.REFERENCE_FLOPS / row.shape["flops_per_task"]), 1))
        self.files(row.shape, max(row.count, SMALL))
        taking_part = [contender for contender in self.taking_part if row.work in contender.works]
        for contender in taking_part:
            record["contenders"][contender.name] = {"status": "not run", "reason": "no time left"}
        state = {contender.name: {} for contender in taking_part}

        def attempt(step, contender, end):
            """Runs a step of a contender that is still in the race; what it raises is why the contender is out."""
            entry, mine = record["contenders"][contender.name], state[contender.name]
            if contender.slow_compile and self.device == "cuda" and seconds < COMPILE_SECONDS:
                mine["out"] = True
                entry["reason"] = f"this row has {seconds:.0f} s, and compiling alone takes {COMPILE_SECONDS:.0f} s"
            if "out" in mine:
                return
            if time.monotonic() > end and contender.name != "shoal":
                mine["out"] = True
                return
            started = time.monotonic()
            try:
                step(contender, entry, mine)
            except agreement.Disagreement as failure:
                mine["out"] = True
                entry.update(status="disagrees", reason=str(failure))
            except OutOfTime as failure:
                mine["out"] = True
                entry.update(status="not run", reason=f"no time left: {failure}")
            except WorkerFailure as failure:
                mine["out"] = True
                entry.update(status="failed", reason=str(failure))
            entry["seconds"] = round(entry.get("seconds", 0.0) + time.monotonic() - started, 2)

        def prepare(contender, entry, mine):
            """Double precision against the reference, then the first chunk in fp32."""
            entry["agreement"] = {}
            left = lambda: max(prepare_end - time.monotonic(), 1.0)
            if contender.framework == "shoal":
                count = reference_count
                self.load(contender, row.shape, count, "f32")
                entry["agreement"] = {
                    "fp32": self.compare(contender, row, 0, count, "fp32", "reference"),
                    "tasks": count,
                    "against": "reference",
                }
                mine["count"], mine["chunk"] = row.count, 0
                return
            key = ("fp64", contender.name, row.shape["name"], row.work)
            if key not in self.kept:
                self.load(contender, row.shape, SMALL, "f64", left())
                file = self.scratch / f"{contender.name}.small"
                self.ask(
                    contender,
                    "result",
                    row.work,
                    min(2, SMALL) if contender.chunked else 0,
                    MOST_FAST_WEIGHTS,
                    file,
                    seconds=left(),
                )
                self.kept[key] = agreement.require(
                    file, self.kept[self.key_of("reference", row.shape, row.work, SMALL)], self.files(row.shape, SMALL)[1], "fp64"
                )
            entry["agreement"]["fp64"] = self.kept[key]
            mine["count"] = min(row.count, contender.cap or row.count)
            mine["search"] = rows.search_count(row, self.device, self.threads) if contender.chunked else mine["count"]
            self.load(contender, row.shape, mine["search"], "f32", left())
            mine["loaded"] = mine["search"]
            start = 0
            if contender.chunked:
                start = self.kept.get(("chunk", contender.name, row.shape["name"], row.work), 0)  # of a row like this
                if not 0 < start <= mine["search"]:
                    start = rows.first_chunk(row.shape, mine["search"], self.device)
                if self.device == "cuda" and contender.slow_compile:
                    start = min(start, 1024)  # compiled once, it serves every batch of the shape
                start = min(chunk_search.candidates(mine["search"]), key=lambda size: abs(size - start))
            mine["start"] = mine["chunk"] = start
            entry["prepare_seconds"] = 0.0
            try:
                entry["prepare_seconds"] = self.ask(contender, "prepare", row.work, start, seconds=left())["seconds"]
            except OutOfTime:
                raise
            except WorkerFailure:  # of a chunk too large for the memory; the search says so and goes on
                if not contender.chunked:
                    raise
                self.load(contender, row.shape, mine["search"], "f32", left())

        def search(contender, entry, mine):
            if contender.framework == "shoal":
                entry["chunk"] = 0
            elif contender.chunked:
                self.waiting -= 1
                longest = [entry["prepare_seconds"]]

                def measure(chunk):
                    if chunk != mine["start"] and (
                        time.monotonic() + 1.5 * longest[0] > mine["search_end"] or contender.slow_compile and len(longest) > 3
                    ):
                        return None
                    try:
                        longest.append(
                            self.ask(contender, "prepare", row.work, chunk, seconds=search_end - time.monotonic())["seconds"]
                        )
                        return self.seconds_of(contender, row.work, chunk, A_REPETITION[self.device]) / mine["search"]
                    except WorkerFailure as failure:
                        if isinstance(failure, OutOfTime) and chunk == mine["start"]:
                            raise
                        mine.setdefault("refused", {})[chunk] = str(failure)
                        self.load(contender, row.shape, mine["search"], "f32")
                        return None

                mine["search_end"] = time.monotonic() + max((search_end - time.monotonic()) / (self.waiting + 1), longest[0])
                chunk, entry["search"] = chunk_search.search(mine["search"], mine["start"], measure)
                for step in entry["search"]:
                    if step["chunk"] in mine.get("refused", {}):
                        step["error"] = mine["refused"][step["chunk"]]
                entry["search_tasks"] = mine["search"]
                if chunk is None:
                    raise WorkerFailure("no chunk runs: " + next(iter(mine.get("refused", {}).values()), "no time left"))
                mine["chunk"] = entry["chunk"] = chunk
                self.kept["chunk", contender.name, row.shape["name"], row.work] = chunk

        def check(contender, entry, mine):
            """The result that is timed, compared; then how long one call takes."""
            count = mine["count"]
            if mine.get("loaded") != count:
                self.load(contender, row.shape, count, "f32")
            if contender.framework != "shoal":
                against = "reference" if count <= reference_count else "shoal"
                entry["agreement"].update(
                    fp32=self.compare(contender, row, mine["chunk"], count, "fp32", against), tasks=count, against=against
                )
            mine["seconds"] = self.seconds_of(contender, row.work, mine["chunk"], A_REPETITION[self.device])
            entry["timed_tasks"] = count

        # What everybody is compared with comes first, so that the comparisons may run at the same time.
        try:
            for count in {SMALL, reference_count} | {
                min(row.count, c.cap) for c in taking_part if c.cap and min(row.count, c.cap) <= reference_count
            }:
                self.expected("reference", row.shape, row.work, count)
            for count in {row.count} | {min(row.count, c.cap) for c in taking_part if c.cap}:
                if count > reference_count:
                    self.expected("shoal", row.shape, row.work, count)
        except WorkerFailure as failure:
            record["contenders"]["shoal"].update(status="failed", reason=str(failure))
            return record
        self.waiting = sum(contender.chunked for contender in taking_part)
        # On a device compilers run side by side, on the host's cores; nothing is timed meanwhile.
        with concurrent.futures.ThreadPoolExecutor(
            max(1, min(len(taking_part), os.cpu_count())) if self.device == "cuda" else 1
        ) as pool:
            list(
                pool.map(
                    lambda contender: attempt(prepare, contender, prepare_end),
                    sorted(taking_part, key=lambda contender: contender.slow_compile),
                )
            )
        for contender in taking_part:
            attempt(search, contender, search_end)
        for contender in taking_part:
            attempt(check, contender, end)
        self.time_in_turn(row, record, [c for c in taking_part if "out" not in state[c.name]], state, end)
        return record

    def seconds_of(self, contender, work, chunk, target):
        """Seconds of a call by the clock that counts: the least of three measurements of at least `target` each."""
        clock, calls, best = clock_of(self.device, self.threads), 1, math.inf
        measured = 0
        while measured < 3:
            spent = self.ask(contender, "time", work, chunk, calls)
            if spent["wall"] < target and calls < 4096:
                calls = min(max(2 * calls, math.ceil(1.2 * calls * target / max(spent["wall"], 1e-6))), 4096)
                continue
            best, measured = min(best, spent[clock] / calls), measured + 1
            if spent["wall"] > 20 * target:  # long enough to be taken at its word
                break
        return max(best, 1e-9)

    def time_in_turn(self, row, record, racing, state, end):
        """Round after round over all contenders, so that a machine that drifts hits all alike."""
        if not racing:
            return
        per_task = {c.name: state[c.name]["seconds"] / state[c.name]["count"] for c in racing}
        best = min(per_task.values())
        wanted = {name: FEW if seconds > SLOW * best else REPETITIONS for name, seconds in per_task.items()}
        calls = {c.name: max(1, math.ceil(A_REPETITION[self.device] / state[c.name]["seconds"])) for c in racing}
        out = set()
        for repetition in range(REPETITIONS):
            if repetition >= FEW and time.monotonic() > end:
                break
            for contender in racing:
                entry, name = record["contenders"][contender.name], contender.name
                if repetition >= wanted[name] or name in out or self.left() < 2 * calls[name] * state[name]["seconds"]:
                    continue
                try:
                    spent = self.ask(contender, "time", row.work, state[name]["chunk"], calls[name])
                except WorkerFailure as failure:
                    out.add(name)
                    entry.update(status="failed", reason=str(failure))
                    continue
                entry.setdefault("wall", []).append(spent["wall"] / calls[name])
                entry.setdefault("cpu", []).append(spent["cpu"] / calls[name])
                entry["calls"] = calls[name]
        for contender in racing:
            entry = record["contenders"][contender.name]
            if entry.get("wall") and contender.name not in out:
                entry["status"] = "timed"
                entry.pop("reason", None)
                for clock in ("wall", "cpu"):
                    entry[clock + "_median"] = statistics.median(entry[clock])
        judge(record, self.device, self.threads)

    def run(self, plan, on_row):
        """Runs the rows in order; on_row(record) after each. Gives the names of those for which no time was left."""
        not_run = {}
        for number, row in enumerate(plan):
            left = self.left()
            if left < 5:
                not_run[rows.name_of(row)] = "no time left"
                continue
            share = left / (len(plan) - number)
            seconds = min(1.7 * share, left - 2, LONGEST_ROW)
            self.say(f"{rows.name_of(row)} ...")
            on_row(self.run_row(row, seconds))
        return not_run


def clock_of(device, threads):
    """CPU seconds where one core does everything and others may share the machine; else wall seconds."""
    return "cpu" if device == "cpu" and threads == 1 else "wall"


def judge(record, device, threads):
    """Adds tasks a second, the ratio to Shoal and the winner, by the clock that counts."""
    clock = clock_of(device, threads)
    timed = {name: entry for name, entry in record["contenders"].items() if entry["status"] == "timed"}
    for entry in timed.values():
        entry["tasks_per_second"] = entry["timed_tasks"] / max(entry[clock + "_median"], 1e-12)
    if not timed:
        return
    record["clock"] = clock
    record["winner"] = max(timed, key=lambda name: timed[name]["tasks_per_second"])
    if "shoal" in timed:
        for entry in timed.values():
            entry["ratio_to_shoal"] = entry["tasks_per_second"] / timed["shoal"]["tasks_per_second"]
