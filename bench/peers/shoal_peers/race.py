# SPDX-License-Identifier: Apache-2.0
"""One row: each contender is compared, then its best chunk is searched, then all are timed in turn."""

import concurrent.futures
import math
import os
import statistics
import time

from shoal_peers import agreement, chunk_search, rows
from shoal_peers.worker_process import OutOfTime, WorkerFailure

SMALL = 3  # tasks of the comparison in double precision: with chunks of two, a full chunk and a rest
REPETITIONS, FEW, SLOW = 7, 3, 50.0  # a contender that is SLOW times slower than the best is repeated FEW times
A_REPETITION = {"cpu": 0.05, "cuda": 0.02}  # seconds; several calls if one is shorter
COMPILE_SECONDS = 45.0  # of Inductor on a device; a row must have this much time left to begin with it
COMPILED_CHUNK = 1024  # where the search of Inductor begins on a device: compiled once, it serves every batch of the shape
MOST_COMPILED = 3  # number of chunks that are tried with Inductor
PREPARE_SHARE, SEARCH_SHARE = 0.55, 0.8  # shares of a row's time at which the comparisons, and the search of chunks, must be done


class Runner:
    """A contender in the race: its entry in the record, and the data for its next step."""

    def __init__(self, contender, entry):
        self.contender, self.entry, self.out = contender, entry, False
        self.count = self.loaded = self.search_tasks = self.chunk = self.start = 0
        self.refused, self.compiled, self.seconds = {}, 0, 0.0


class Race:
    """`seconds` is the time limit of the row; contenders that come too late are named in its record."""

    def __init__(self, campaign, row, seconds):
        self.campaign, self.row, self.seconds = campaign, row, seconds
        self.device, self.threads = campaign.device, campaign.threads
        begin = time.monotonic()
        self.prepare_end, self.search_end, self.end = (begin + share * seconds for share in (PREPARE_SHARE, SEARCH_SHARE, 1.0))
        self.record = {"shape": row.shape["name"], "tasks": row.tasks, "work": row.work, "count": row.count, "contenders": {}}
        self.reference_count = min(row.count, max(rows.power_below(rows.REFERENCE_FLOPS / row.shape["flops_per_task"]), 1))
        self.runners = []
        for contender in campaign.taking_part:
            if row.work in contender.works:
                entry = self.record["contenders"][contender.name] = {"status": "not run", "reason": "no time left"}
                self.runners.append(Runner(contender, entry))
        self.waiting = sum(runner.contender.chunked for runner in self.runners)

    def run(self):
        """Runs the row; returns its record."""
        try:
            self.expect()
        except WorkerFailure as failure:
            self.record["contenders"]["shoal"].update(status="failed", reason=str(failure))
            return self.record
        # On a device compilers run at the same time, on the cores of the host; nothing is timed meanwhile.
        with concurrent.futures.ThreadPoolExecutor(os.cpu_count() if self.device == "cuda" else 1) as pool:
            slow_last = sorted(self.runners, key=lambda runner: runner.contender.slow_compile)
            list(pool.map(lambda runner: self.attempt(self.prepare, runner, self.prepare_end), slow_last))
        for runner in self.runners:
            self.attempt(self.search, runner, self.search_end)
        for runner in self.runners:
            self.attempt(self.check, runner, self.end)
        self.time_in_turn([runner for runner in self.runners if not runner.out])
        judge(self.record, self.device, self.threads)
        return self.record

    def expect(self):
        """Makes the results that all contenders are compared with, first of all, so that the comparisons can run at the same time."""
        row = self.row
        self.campaign.files(row.shape, max(row.count, SMALL))
        timed = {row.count} | {min(row.count, runner.contender.cap) for runner in self.runners if runner.contender.cap}
        for count in {SMALL, self.reference_count} | {count for count in timed if count <= self.reference_count}:
            self.campaign.expected("reference", row.shape, row.work, count)
        for count in sorted(count for count in timed if count > self.reference_count):
            self.campaign.expected("shoal", row.shape, row.work, count)

    def attempt(self, step, runner, end):
        """Runs a step of a contender that is still in the race; an exception of the step is the reason why the contender is out."""
        contender, entry = runner.contender, runner.entry
        if contender.slow_compile and self.device == "cuda" and self.seconds < COMPILE_SECONDS:
            runner.out = True
            entry["reason"] = f"this row has {self.seconds:.0f} s, and compiling alone takes {COMPILE_SECONDS:.0f} s"
        if not runner.out and time.monotonic() > end and contender.name != "shoal":
            runner.out = True
        if runner.out:
            return
        started = time.monotonic()
        status = None
        try:
            step(runner)
        except agreement.Disagreement as failure:
            status, reason = "disagrees", str(failure)
        except OutOfTime as failure:
            status, reason = "not run", f"no time left: {failure}"
        except WorkerFailure as failure:
            status, reason = "failed", str(failure)
        if status:
            runner.out = True
            entry.update(status=status, reason=reason)
        entry["seconds"] = round(entry.get("seconds", 0.0) + time.monotonic() - started, 2)

    # The steps.

    def prepare(self, runner):
        """Compares double precision with the reference, then the first chunk in fp32."""
        campaign, row, contender, entry = self.campaign, self.row, runner.contender, runner.entry
        left = lambda: max(self.prepare_end - time.monotonic(), 1.0)
        if contender.framework == "shoal":
            campaign.load(contender, row.shape, self.reference_count, "f32")
            error = campaign.compare(contender, row, 0, self.reference_count, "fp32", "reference")
            entry["agreement"] = {"fp32": error, "tasks": self.reference_count, "against": "reference"}
            runner.count = row.count
            return
        key = ("fp64", contender.name, row.shape["name"], row.work)
        if key not in campaign.kept:
            campaign.load(contender, row.shape, SMALL, "f64", left())
            campaign.kept[key] = campaign.compare(contender, row, 2 * contender.chunked, SMALL, "fp64", "reference", left())
        entry["agreement"] = {"fp64": campaign.kept[key]}
        runner.count = min(row.count, contender.cap or row.count)
        runner.search_tasks = rows.search_count(row, self.device, self.threads) if contender.chunked else runner.count
        campaign.load(contender, row.shape, runner.search_tasks, "f32", left())
        runner.loaded = runner.search_tasks
        runner.start = runner.chunk = self.first_chunk(runner)
        entry["prepare_seconds"] = 0.0
        try:
            entry["prepare_seconds"] = campaign.ask(contender, "prepare", row.work, runner.start, seconds=left())["seconds"]
        except OutOfTime:
            raise
        except WorkerFailure:  # the chunk is too large for the memory; the search records that and continues
            if not contender.chunked:
                raise
            campaign.load(contender, row.shape, runner.search_tasks, "f32", left())

    def first_chunk(self, runner):
        """The chunk at which the search begins: the best one of a similar row, else a guess."""
        contender, shape = runner.contender, self.row.shape
        if not contender.chunked:
            return 0
        chunk = self.campaign.kept.get(("chunk", contender.name, shape["name"], self.row.work), 0)
        if not 0 < chunk <= runner.search_tasks:
            chunk = rows.first_chunk(shape, runner.search_tasks, self.device)
        if self.device == "cuda" and contender.slow_compile:
            chunk = min(chunk, COMPILED_CHUNK)
        return min(chunk_search.candidates(runner.search_tasks), key=lambda size: abs(size - chunk))

    def search(self, runner):
        contender, entry = runner.contender, runner.entry
        if not contender.chunked:
            entry["chunk"] = 0
            return
        self.waiting -= 1
        now, longest = time.monotonic(), entry["prepare_seconds"]
        end = now + max((self.search_end - now) / (self.waiting + 1), longest)
        chunk, entry["search"] = chunk_search.search(
            runner.search_tasks, runner.start, lambda chunk: self.measure(runner, chunk, longest, end)
        )
        for step in entry["search"]:
            if step["chunk"] in runner.refused:
                step["error"] = runner.refused[step["chunk"]]
        entry["search_tasks"] = runner.search_tasks
        if chunk is None:
            raise WorkerFailure("no chunk runs: " + next(iter(runner.refused.values()), "no time left"))
        runner.chunk = entry["chunk"] = chunk
        self.campaign.kept["chunk", contender.name, self.row.shape["name"], self.row.work] = chunk

    def measure(self, runner, chunk, longest, end):
        """Seconds per task with that chunk; None if it does not run, or if there is no time to try it."""
        campaign, contender, work = self.campaign, runner.contender, self.row.work
        too_many = contender.slow_compile and runner.compiled >= MOST_COMPILED
        if chunk != runner.start and (too_many or time.monotonic() + 1.5 * longest > end):
            return None
        runner.compiled += 1
        try:
            campaign.ask(contender, "prepare", work, chunk, seconds=self.search_end - time.monotonic())
            return self.seconds_of(contender, chunk) / runner.search_tasks
        except WorkerFailure as failure:
            if isinstance(failure, OutOfTime) and chunk == runner.start:
                raise
            runner.refused[chunk] = str(failure)
            campaign.load(contender, self.row.shape, runner.search_tasks, "f32")
            return None

    def check(self, runner):
        """Compares the result that will be timed; then measures how long one call takes."""
        campaign, row, contender, count = self.campaign, self.row, runner.contender, runner.count
        if runner.loaded != count:
            campaign.load(contender, row.shape, count, "f32")
        if contender.framework != "shoal":
            against = "reference" if count <= self.reference_count else "shoal"
            error = campaign.compare(contender, row, runner.chunk, count, "fp32", against)
            runner.entry["agreement"].update(fp32=error, tasks=count, against=against)
        runner.seconds = self.seconds_of(contender, runner.chunk)
        runner.entry["timed_tasks"] = count

    def seconds_of(self, contender, chunk):
        """Seconds of a call by the clock of clock_of(): the least of three measurements that are long enough."""
        target, clock, calls, seen = A_REPETITION[self.device], clock_of(self.device, self.threads), 1, []
        while len(seen) < 3:
            spent = self.campaign.ask(contender, "time", self.row.work, chunk, calls)
            if spent["wall"] < target and calls < 4096:
                calls = min(max(2 * calls, math.ceil(1.2 * calls * target / max(spent["wall"], 1e-6))), 4096)
                continue
            seen.append(spent[clock] / calls)
            if spent["wall"] > 20 * target:  # long enough to need no repetition
                break
        return max(min(seen), 1e-9)

    def time_in_turn(self, racing):
        """Times all contenders round after round, so that a change of the machine's speed affects all alike."""
        best = min((runner.seconds / runner.count for runner in racing), default=0.0)
        for repetition in range(REPETITIONS):
            if repetition >= FEW and time.monotonic() > self.end:
                break
            for runner in racing:
                entry, calls = runner.entry, max(1, math.ceil(A_REPETITION[self.device] / runner.seconds))
                wanted = FEW if runner.seconds / runner.count > SLOW * best else REPETITIONS
                if runner.out or repetition >= wanted or self.campaign.left() < 2 * calls * runner.seconds:
                    continue
                try:
                    spent = self.campaign.ask(runner.contender, "time", self.row.work, runner.chunk, calls)
                except WorkerFailure as failure:
                    runner.out = True
                    entry.update(status="failed", reason=str(failure))
                    continue
                for clock in ("wall", "cpu"):
                    entry.setdefault(clock, []).append(spent[clock] / calls)
                entry["calls"] = calls
        for runner in racing:
            if runner.entry.get("wall") and not runner.out:
                runner.entry["status"] = "timed"
                runner.entry.pop("reason", None)
                for clock in ("wall", "cpu"):
                    runner.entry[clock + "_median"] = statistics.median(runner.entry[clock])


def clock_of(device, threads):
    """CPU seconds if one core does everything, because others may share the machine; else wall-clock seconds."""
    return "cpu" if device == "cpu" and threads == 1 else "wall"


def judge(record, device, threads):
    """Adds tasks per second, the ratio to Shoal and the winner, by the clock of clock_of()."""
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
