#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Counts the machine code that one task of a kernel executes on an H100 (sm_90): instructions by class, wavefronts of shared memory under
both rules, sectors of device memory. No device is needed.

usage: executed.py LISTING DESCRIPTION [--lines N [--file NAME]] [--json]

LISTING: a .cubin, or what `nvdisasm -gi -hex` prints of one. DESCRIPTION: how the kernel is launched (emulation/launch_description.py).

A block runs twice, with fewer and with more tasks; the difference is the cost of a task without the set-up of the block. All lanes of all
warps of the block are followed, so divergent code counts as often as a warp issues it. Integers, addresses and the control flow that
depends on them are exact, and so is every count of a kernel whose control flow depends on no float. Where it does, the path is that of
ordinary numbers (emulation/arithmetic.py): divisions and exact sums take their fast path, every comparison of two computed floats finds
them equal. Tasks whose gradients are tiny, or fail, execute more.
"""
import argparse
import collections
import json
import pathlib
import subprocess
import sys
from typing import NamedTuple

import listings
from emulation import launch_description, machine_code
from emulation.memory import ACCESSES
from emulation.warp import Block

COPY = "LDGSTS"  # from device to shared memory


class Round(NamedTuple):
    """What a warp executes between the end of one task and that of the next: indices of instructions, and the costs of the accesses
    among them."""
    trace: list
    costs: list


class Executed(NamedTuple):
    code: machine_code.MachineCode
    rounds: list  # one for each warp of the block
    tasks: int  # that the block does in a round

    def counts(self):
        """{index of an instruction: how often the block executes it per task}"""
        total = collections.Counter()
        for one in self.rounds:
            total.update(one.trace)
        return {index: count / self.tasks for index, count in total.items()}

    def sums(self):
        """{wavefronts, merged_wavefronts: of loads and stores; copy_wavefronts: of copies from device memory; sectors}, per task."""
        total = collections.Counter()
        opcodes = [i.opcode for i in self.code.instructions]
        for one in self.rounds:
            accesses = (opcodes[index] for index in one.trace if opcodes[index] in ACCESSES)
            for opcode, cost in zip(accesses, one.costs, strict=True):
                total["sectors"] += cost.sectors
                if opcode == COPY:
                    total["copy_wavefronts"] += cost.wavefronts
                else:
                    total["wavefronts"] += cost.wavefronts
                    total["merged_wavefronts"] += cost.merged
        return {name: round(total[name] / self.tasks) for name in ("wavefronts", "merged_wavefronts", "copy_wavefronts", "sectors")}


def rotated(short, long, is_access, kernel, number):
    """The round that `long` has and `short` has not. Both begin alike; where they part, the longer run does another round, and ends as the
    shorter one does."""
    more = len(long.trace) - len(short.trace)
    first = next((k for k, (a, b) in enumerate(zip(short.trace, long.trace)) if a != b), len(short.trace))
    if more <= 0 or long.trace[first + more:] != short.trace[first:]:
        raise ValueError(f"{kernel}: warp {number} does not repeat itself with more tasks: {len(short.trace):,} and {len(long.trace):,} "
                         f"instructions, which part after {first:,}")
    skipped = sum(is_access[index] for index in long.trace[:first])
    trace = long.trace[first:first + more]
    return Round(trace, long.costs[skipped:skipped + sum(is_access[index] for index in trace)])


def follow(code, description):
    """Executed of one kernel."""
    short, long = (Block(code, run(code.banks)).run() for run in description.runs)
    is_access = [i.opcode in ACCESSES for i in code.instructions]
    rounds = [rotated(a, b, is_access, code.name, number) for number, (a, b) in enumerate(zip(short, long))]
    return Executed(code, rounds, description.more_tasks)


def report(executed):
    """One task's figures."""
    classes, instructions = collections.Counter(), executed.code.instructions
    opcodes, counts = collections.Counter(), executed.counts()
    for index, count in counts.items():
        classes[listings.sass_class(instructions[index].opcode)] += count
        if instructions[index].opcode in ACCESSES:
            opcodes[instructions[index].opcode] += count
    total = sum(classes.values())
    return {"instructions": round(total), "ffma": round(classes["ffma"]),
            "classes": {name: round(count) for name, count in sorted(classes.items())},
            "accesses": {name: round(count) for name, count in sorted(opcodes.items())},
            **executed.sums(),
            "code_bytes": machine_code.BYTES * len(instructions),
            "executed_code_bytes": machine_code.BYTES * sum(1 for _ in counts)}


def by_line(executed, file=""):
    """[(instructions per task, source line)], the most first. The line is that of the innermost inlined function, or of the innermost one
    in a file whose name begins so."""
    lines = collections.Counter()
    for index, count in executed.counts().items():
        places = [place for place in executed.code.instructions[index].places if place.startswith(file)]
        lines[places[0] if places else "elsewhere"] += count
    return [(count, line) for line, count in lines.most_common()]


def listing_of(file, nvdisasm="nvdisasm"):
    """The listing of a .cubin with demangled names, or the file itself if it is a listing."""
    file = pathlib.Path(file)
    if file.suffix != ".cubin":
        return file.read_text()
    done = subprocess.run([str(nvdisasm), "-gi", "-hex", str(file)], capture_output=True, text=True)
    if done.returncode != 0:
        raise ValueError(f"nvdisasm {file}: {done.stderr[-500:]}")
    return listings.demangled(machine_code.only_code(done.stdout))


def code_of(listing, kernel):
    functions = {listings.short(name): code for name, code in machine_code.read(listing, listings.place_of).items()}
    if kernel not in functions:
        raise ValueError(f"the listing has no kernel {kernel}; it has {', '.join(sorted(functions)) or 'none'}")
    return functions[kernel]


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("listing", type=pathlib.Path)
    parser.add_argument("description", type=pathlib.Path)
    parser.add_argument("--lines", type=int, default=0, metavar="N", help="the N source lines with the most instructions")
    parser.add_argument("--file", default="", help="with --lines: the innermost lines in the files whose names begin so")
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--nvdisasm", default="nvdisasm")
    arguments = parser.parse_args()
    try:
        description = launch_description.read(arguments.description.read_text())
        executed = follow(code_of(listing_of(arguments.listing, arguments.nvdisasm), description.kernel), description)
    except (ValueError, NotImplementedError) as error:
        sys.exit(f"{arguments.listing}: {error}")
    figures = report(executed)
    if arguments.json:
        print(json.dumps({"shape": description.shape, **figures}))
    else:
        print(f"{description.shape}: {figures['instructions']:,} warp instructions a task, "
              f"{100 * figures['ffma'] / figures['instructions']:.1f} % FFMA")
        for name in ("classes", "accesses"):
            print(f"  {name}: " + ", ".join(f"{c} {n:,}" for c, n in sorted(figures[name].items(), key=lambda item: -item[1])))
        print(f"  wavefronts {figures['wavefronts']:,}, equal neighbours merged {figures['merged_wavefronts']:,} "
              f"(copies: {figures['copy_wavefronts']:,} more); sectors {figures['sectors']:,}; "
              f"{figures['executed_code_bytes']:,} of {figures['code_bytes']:,} bytes of code")
    for count, line in by_line(executed, arguments.file)[:arguments.lines]:
        print(f"{count:10,.0f}  {line}")


if __name__ == "__main__":
    main()
