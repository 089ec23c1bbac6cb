#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Runs the shoal program on a machine that fails: the program is killed, its system calls fail, its checkpoints are damaged. The result
must be the bytes of an undisturbed run, or a refusal (exit 3, 4 or 6, one message, no output). A command that was refused because of the
machine must give the bytes of the undisturbed run when the machine works again.

usage: reliability.py SHOAL FAULTS [--seed N] [--docs FILE.md]    (FAULTS: the library that faults.c makes)
"""
import argparse
import collections
import os
import pathlib
import random
import shutil
import struct
import subprocess
import sys
import tempfile
import time

KILLS_AT_RANDOM = 105
KILLS_AT_CALLS = 110
FAILURES_OF_TRAIN = 312
FAILURES_OF_OTHERS = 240
DAMAGES = 84
TRAIN = ["train", "--out", "RUN", "--quiet", "--threads", "2", "--set", "train.iterations=30", "--set", "train.checkpoint_every=5", "--set",
         "train.log_every=1", "--set", "train.validate_every=10", "--set", "model.hidden=[8]", "--set", "evaluate.tasks=20", "--set", "tasks.support=5", "--set", "train.tasks_per_batch=8"]
KEPT = ["model.safetensors", "metrics.jsonl", "checkpoints/checkpoint-30.safetensors"]
COMMANDS = {
    "evaluate": (["evaluate", "STRAIGHT", "--json", "--threads", "2"], None),
    "predict": (["predict", "STRAIGHT", "--data", "tasks.safetensors", "--out", "out", "--quiet", "--threads", "2"], "out"),
    "adapt": (["adapt", "STRAIGHT", "--data", "tasks.safetensors", "--out", "out", "--quiet", "--threads", "2"], "out"),
    "gradient": (["gradient", "--tasks", "tasks.safetensors", "--parameters", "STRAIGHT/model.safetensors", "--set", "model.hidden=[8]",
                  "--out", "out", "--quiet", "--threads", "2"], "out"),
    "data export": (["data", "export", "--config", "c.toml", "--out", "out", "--quiet"], "out"),
    "inspect model": (["inspect", "model", "STRAIGHT", "--json"], None),
}
# The failures of each call. A lasting failure (+) is a disk that stays full, or a process without descriptors or memory.
FAULTS = {
    "open": ["EIO", "EACCES", "EMFILE", "EINTR", "ENOSPC", "EMFILE+"],
    "read": ["EIO", "EINTR", "short", "EIO+"],
    "write": ["EIO", "ENOSPC", "EINTR", "short", "ENOSPC+"],
    "fsync": ["EIO", "ENOSPC", "EINTR", "EIO+"],
    "rename": ["EIO", "ENOSPC", "EACCES"],
    "close": ["EIO", "EINTR"],
    "ftruncate": ["EIO", "EINTR"],
    "flock": ["EIO", "EINTR"],
    "fstat": ["EIO"],
    "stat": ["EIO", "EACCES"],
    "lstat": ["EIO", "EACCES"],
    "mkdir": ["EIO", "ENOSPC", "EACCES"],
    "unlink": ["EIO", "EACCES"],
    "opendir": ["EIO", "EMFILE"],
    "readdir": ["EIO"],
    "mmap": ["ENOMEM"],
    "malloc": ["ENOMEM", "ENOMEM+"],
    "pthread_create": ["EAGAIN"],
}


class Table:
    """A table: what was done, how often, and the outcome."""

    def __init__(self):
        self.rows, self.wrong = collections.OrderedDict(), []

    def add(self, group, what, end, detail=""):
        row = self.rows.setdefault((group, what), collections.Counter())
        row[end] += 1
        if end == "wrong":
            self.wrong.append(f"{group}, {what}: {detail}")
            print(f"WRONG: {self.wrong[-1]}", file=sys.stderr, flush=True)

    def count(self, group):
        return sum(sum(row.values()) for (name, _), row in self.rows.items() if name == group)

    def text(self):
        lines = ["| what happened | times | the straight run's bytes | refused | wrong |", "|---|---:|---:|---:|---:|"]
        for (group, what), row in self.rows.items():
            lines.append(f"| {group}: {what} | {sum(row.values())} | {row['same']} | {row['refused']} | {row['wrong']} |")
        total = collections.Counter()
        for row in self.rows.values():
            total += row
        lines.append(f"| all | {sum(total.values())} | {total['same']} | {total['refused']} | {total['wrong']} |")
        return "\n".join(lines)


class Harness:
    def __init__(self, shoal, faults, seed):
        self.shoal, self.faults, self.random, self.table = shoal, faults, random.Random(seed), Table()
        subprocess.run([shoal, *TRAIN[:1], "--out", "STRAIGHT", *TRAIN[3:]], check=True)
        self.straight = {name: pathlib.Path("STRAIGHT", name).read_bytes() for name in KEPT}
        pathlib.Path("c.toml").write_text("[tasks]\nsupport = 5\n[evaluate]\ntasks = 6\n", encoding="utf-8")
        subprocess.run([shoal, "data", "export", "--config", "c.toml", "--out", "tasks.safetensors", "--quiet"], check=True)

    def run(self, arguments, fault=None, counts=None):
        """Returns the exit code (negative: the signal), standard output and standard error."""
        env = dict(os.environ)
        if fault or counts:
            env["LD_PRELOAD"] = self.faults
        if fault:
            env["SHOAL_FAULT"] = fault
        if counts:
            env["SHOAL_FAULT_COUNTS"] = counts
        done = subprocess.run([self.shoal, *arguments], capture_output=True, env=env, check=False, timeout=600)
        return done.returncode, done.stdout, done.stderr.decode(errors="replace")

    def counts(self, arguments):
        code, _, error = self.run(arguments, counts="counts")
        assert code == 0, error
        lines = pathlib.Path("counts").read_text(encoding="utf-8").splitlines()
        return {name: int(number) for name, number in (line.split() for line in lines)}

    def difference(self):
        """The first file of RUN that differs from the undisturbed run's; empty if there is none."""
        for name, content in self.straight.items():
            file = pathlib.Path("RUN", name)
            if not file.exists() or file.read_bytes() != content:
                return name
        return ""

    def finish(self):
        """Resumes RUN on a machine that works; returns "same", "refused" or "wrong", and why."""
        code, _, error = self.run([*TRAIN, "--resume"])
        if code == 0:
            name = self.difference()
            left = [str(file) for file in pathlib.Path("RUN").rglob("*.tmp.*")]
            return ("same", "") if not name and not left else ("wrong", name or f"left behind: {left}")
        return ("refused", error) if self.is_refusal(code, error) else ("wrong", f"exit {code}: {error}")

    @staticmethod
    def is_refusal(code, error):
        messages = error.count("shoal: error: ") + error.count('{"error":')
        return code in (3, 4, 6) and messages == 1 and "internal" not in error

    def kill_at_random(self, kills):
        start = time.monotonic()
        self.run([*TRAIN])
        whole = time.monotonic() - start
        while self.table.count("killed") < kills:
            shutil.rmtree("RUN", ignore_errors=True)
            hits = 0
            for _ in range(3):
                child = subprocess.Popen([self.shoal, *TRAIN, "--resume"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
                time.sleep(self.random.uniform(0, whole))
                child.kill()
                hits += child.wait() == -9
            end, why = self.finish()
            for _ in range(hits):
                self.table.add("killed", "at a random instant", end if end != "refused" else "wrong", why)
        shutil.rmtree("RUN", ignore_errors=True)

    def kill_at_calls(self, kills):
        counts = self.counts([*TRAIN])
        places = [(call, n) for call in ("open", "write", "fsync", "rename", "close", "unlink") for n in range(1, counts[call] + 1)]
        for call, n in self.random.sample(places, min(kills, len(places))):
            shutil.rmtree("RUN", ignore_errors=True)
            code, _, error = self.run([*TRAIN], fault=f"{call}:{n}:kill")
            end, why = self.finish() if code == -9 else ("wrong", f"exit {code}: {error}")
            self.table.add("killed", f"before a call of {call}", end if end != "refused" else "wrong", f"{n}: {why}")

    def places(self, counts, wanted):
        """Divides `wanted` faults over the calls and failures: every occurrence of a rare call, some of a frequent one."""
        kinds = [(call, what) for call, whats in FAULTS.items() if counts[call] > 0 for what in whats]
        result = []
        while len(result) < wanted:
            for call, what in kinds:
                result.append((call, self.random.randint(1, counts[call]), what))
        return result[: max(wanted, len(kinds))]

    def fail_calls_of_train(self, failures):
        shutil.rmtree("RUN", ignore_errors=True)
        counts = self.counts([*TRAIN])
        resumed = self.counts([*TRAIN, "--resume"])
        for call, n, what in self.places(counts, failures):
            shutil.rmtree("RUN", ignore_errors=True)
            arguments = [*TRAIN]
            if self.random.random() < 0.4 and resumed[call] > 0:  # a resume of a run that was killed
                self.run(arguments, fault=f"rename:{self.random.randint(3, 7)}:kill")
                arguments, n = [*TRAIN, "--resume"], self.random.randint(1, resumed[call])
            code, _, error = self.run(arguments, fault=f"{call}:{n}:{what}")
            row = f"{what.rstrip('+')} in {call}" + (", from then on" if what.endswith("+") else "")
            if code == 0:
                name = self.difference()
                self.table.add("train", row, "wrong" if name else "same", f"{n}: {name} differs")
            elif not self.is_refusal(code, error):
                self.table.add("train", row, "wrong", f"{n}: exit {code}: {error[:300]}")
            else:
                end, why = self.finish()
                self.table.add("train", row, "refused" if end == "same" else "wrong", f"{n}: {error[:300]}; then {why[:300]}")

    def fail_calls_of_others(self, failures):
        for command, (arguments, output) in COMMANDS.items():
            counts = self.counts(arguments)
            _, wanted_text, _ = self.run(arguments)
            wanted = pathlib.Path(output).read_bytes() if output else b""
            for call, n, what in self.places(counts, failures // len(COMMANDS)):
                if output:
                    os.remove(output) if pathlib.Path(output).exists() else None
                code, text, error = self.run(arguments, fault=f"{call}:{n}:{what}")
                there = pathlib.Path(output).read_bytes() if output and pathlib.Path(output).exists() else None
                left = [str(file) for file in pathlib.Path(".").glob("*.tmp.*")]
                row = f"{what.rstrip('+')} in {call}" + (", from then on" if what.endswith("+") else "")
                if code == 0 and text == wanted_text and (not output or there == wanted):
                    end = "same"
                elif self.is_refusal(code, error) and (there is None or there == wanted) and text in (b"", wanted_text[: len(text)]):
                    end = "refused"
                else:
                    end = "wrong"
                if left and call != "unlink":
                    end = "wrong"
                for file in left:
                    os.remove(file)
                self.table.add(command, "a call fails", end, f"{row} {n}: exit {code}, left {left}: {error[:300]}")

    def damage(self, damages):
        shutil.rmtree("RUN", ignore_errors=True)
        self.run([*TRAIN], fault="rename:6:kill")  # an unfinished run: some checkpoints, no model
        shutil.rmtree("BEFORE", ignore_errors=True)
        shutil.copytree("RUN", "BEFORE")
        checkpoints = sorted(pathlib.Path("BEFORE/checkpoints").glob("checkpoint-*.safetensors"), key=lambda p: int(p.stem.split("-")[1]))
        newest = checkpoints[-1].name
        good = checkpoints[-1].read_bytes()
        size = struct.unpack("<Q", good[:8])[0]
        kinds = {
            "a flipped bit in the data": lambda: self.flip(good, 8 + size, len(good)),
            "a flipped bit in the header": lambda: self.flip(good, 0, 8 + size),
            "64 bytes of zeros": lambda: self.zeros(good),
            "an end that is missing": lambda: good[: self.random.randrange(len(good))],
            "bytes behind the end": lambda: good + bytes(self.random.randrange(1, 100)),
            "the content of another checkpoint": lambda: checkpoints[0].read_bytes(),
        }
        for i in range(damages):
            kind = list(kinds)[i % len(kinds)]
            shutil.rmtree("RUN", ignore_errors=True)
            shutil.copytree("BEFORE", "RUN")
            pathlib.Path("RUN/checkpoints", newest).write_bytes(kinds[kind]())
            end, why = self.finish()
            self.table.add("newest checkpoint", kind, "same" if end == "same" else "wrong", why)
        for _ in range(8):
            shutil.rmtree("RUN", ignore_errors=True)
            shutil.copytree("BEFORE", "RUN")
            for file in checkpoints:
                pathlib.Path("RUN/checkpoints", file.name).write_bytes(self.flip(file.read_bytes(), 0, file.stat().st_size))
            end, why = self.finish()
            self.table.add("all checkpoints", "a flipped bit", end, why)

    def flip(self, content, begin, end):
        place = self.random.randrange(begin, end)
        return content[:place] + bytes([content[place] ^ 1 << self.random.randrange(8)]) + content[place + 1 :]

    def zeros(self, content):
        place = self.random.randrange(len(content) - 64)
        changed = content[:place] + bytes(64) + content[place + 64 :]
        return changed if changed != content else self.flip(content, 0, len(content))


def page(table, seed):
    groups = ", ".join(f"{table.count(group)} x {group}" for group in dict.fromkeys(group for group, _ in table.rows))
    return f"""# Reliability

Written by `scripts/reliability --docs`; the test `reliability.run` (label `long`) does the same and fails when anything is wrong. Seed {seed}.

A training run of 30 iterations (a checkpoint every five, a line of the log every one, a look at the validation tasks every ten), and the commands that read what it leaves, on a
machine that fails. What counts are bytes: `model.safetensors`, `metrics.jsonl` and the last checkpoint of a run that went straight
through; for the other commands their output.

- *killed*: SIGKILL, at a random instant or just before the N-th call to the system; then `train --resume`.
- *train*, *evaluate*, ...: the N-th call to the system fails (a library that is loaded before the C library, `tests/reliability/faults.c`), once or
  from then on. The command ends in the straight run's bytes, or is refused in one message (exit 3, 4 or 6) without output; a refused
  `train` is then resumed on a machine that works, and that must end in the straight run's bytes too.
- *newest checkpoint*, *all checkpoints*: damaged before `train --resume`. A damaged newest one must be passed over; without a whole one
  the run is refused.

{groups}.

{table.text()}
"""


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("shoal")
    parser.add_argument("faults")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--docs", type=pathlib.Path)
    arguments = parser.parse_args()
    docs = arguments.docs.resolve() if arguments.docs else None
    shoal, faults = os.path.realpath(arguments.shoal), os.path.realpath(arguments.faults)
    with tempfile.TemporaryDirectory(prefix="shoal-reliability-") as folder:
        os.chdir(folder)
        harness = Harness(shoal, faults, arguments.seed)
        for step in (
            lambda: harness.kill_at_random(KILLS_AT_RANDOM),
            lambda: harness.kill_at_calls(KILLS_AT_CALLS),
            lambda: harness.fail_calls_of_train(FAILURES_OF_TRAIN),
            lambda: harness.fail_calls_of_others(FAILURES_OF_OTHERS),
            lambda: harness.damage(DAMAGES),
        ):
            step()
            shutil.rmtree("RUN", ignore_errors=True)
        os.chdir("/")
    text = page(harness.table, arguments.seed)
    print(text)
    if docs:
        docs.write_text(text, encoding="utf-8")
    print("\n".join(harness.table.wrong))
    sys.exit(1 if harness.table.wrong else 0)


main()
