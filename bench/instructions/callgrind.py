# SPDX-License-Identifier: Apache-2.0
"""Runs shoal-instructions under callgrind and reads what it has counted."""
import collections
import os
import pathlib
import re
import shutil
import subprocess
import tempfile

COUNTED = "shoal_counted_call"  # bench/instructions/counted_call.cpp
MINUTES_A_CASE = 5


class Failed(Exception):
    """A run that gave no count, with the reason."""


class NotHere(Exception):
    """What is missing on this machine, so that nothing can be counted."""


def version():
    """Of valgrind, as it tells it."""
    if not shutil.which("valgrind"):
        raise NotHere("valgrind is not installed (Debian: apt-get install valgrind)")
    return subprocess.run(["valgrind", "--version"], capture_output=True, text=True, check=True).stdout.strip()


def compiler_of(program):
    """Compiler and flags that built the program."""
    try:
        result = subprocess.run([program, "--compiler"], capture_output=True, text=True, check=False)
    except OSError as error:
        raise Failed(f"{program}: {error.strerror}") from error
    if result.returncode != 0:
        raise Failed(f"{program} --compiler: exit {result.returncode}: {result.stderr.strip()}")
    return result.stdout.strip()


def read(text):
    """(all instructions, {function: its own instructions}) of a callgrind file."""
    total = re.findall(r"^(?:totals|summary): (\d+)$", text, re.M)
    if not total:
        raise Failed("the file of callgrind has no total")
    names, own, function, is_call = {}, collections.Counter(), None, False
    for line in text.splitlines():
        if match := re.match(r"fn=\((\d+)\)(?: (.*))?$", line):
            if match.group(2):
                names[match.group(1)] = match.group(2)
            function = names[match.group(1)]
        elif match := re.match(r"cfn=\((\d+)\) (.*)$", line):
            names[match.group(1)] = match.group(2)
        elif line.startswith("calls="):
            is_call = True  # the next line is the callee's cost
        elif match := re.match(r"[+\-*\d]\S* (\d+)$", line):
            if not is_call and function is not None:
                own[function] += int(match.group(1))
            is_call = False
    return int(total[-1]), dict(own)


def count(program, shape, sizes, plan):
    """(instructions, {function: its own}, the plan as the backend tells it) of a counted call; `sizes`: tasks, rows, steps."""
    with tempfile.TemporaryDirectory() as folder:
        file = pathlib.Path(folder) / "callgrind.out"
        command = ["valgrind", "--tool=callgrind", f"--callgrind-out-file={file}", f"--toggle-collect={COUNTED}",
                   program, shape, *map(str, sizes)]
        try:
            result = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60 * MINUTES_A_CASE,
                                    env={**os.environ, "SHOAL_CPU_PLAN": plan})
        except subprocess.TimeoutExpired as late:
            raise Failed(f"{shape}: no count after {MINUTES_A_CASE} minutes") from late
        if result.returncode == 6:
            raise NotHere(result.stderr.strip().splitlines()[-1])
        if result.returncode != 0 or not file.exists():
            raise Failed(f"{shape}: {' '.join(command)}: exit {result.returncode}: {result.stderr.strip()[-2000:]}")
        total, own = read(file.read_text(encoding="utf-8"))
        if total == 0:
            raise Failed(f"{shape}: nothing was counted: is {COUNTED} still a function of its own?")
        return total, own, result.stdout.strip()
