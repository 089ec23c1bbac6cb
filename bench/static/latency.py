#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Simulates how long the warps of an H100's multiprocessor take for a task: what latency costs, beside the counts of executed.py.
Model, not measured; issue_model.py says what is assumed and how the instruction caches were fitted.

usage: latency.py LISTING DESCRIPTION --blocks N [--simulator PROGRAM]
       latency.py --fit MEASURED [--simulator PROGRAM]

LISTING and DESCRIPTION: as for executed.py. N: blocks on a multiprocessor. Prints one JSON object: cycles of a multiprocessor per task and
the reasons why schedulers idle, with endless instruction caches and with the fitted ones, for both rules of wide accesses of shared memory.
--fit tries sizes and times of the instruction caches against measured rates and prints the best. MEASURED is a JSON list of
{"listing": FILE, "description": FILE, "waves": [4, 1], "tasks_per_second": 4.88e6}, files relative to its folder; waves: how many blocks a
multiprocessor has at the same time until the grid is done (five blocks of which four fit: 4, then 1).
PROGRAM: issue_simulation, built from issue/; without it the target of build/static is built.
"""
import argparse
import concurrent.futures
import itertools
import json
import math
import os
import pathlib
import sys

import compiled_kernels
import executed as executed_code
import issue_model
import roofline_model
from emulation import launch_description

GPU = roofline_model.GPUS[0]
CYCLE = GPU.multiprocessors * GPU.lanes * 2 / GPU.peak  # seconds
FIT = {"cache_lines": (128, 256), "miss": (15, 35), "prefetch": (0, 1), "shared_lines": (512, 640, 768, 896, 1024),
       "far_miss": (80, 100, 200, 300)}
SHOWN = 12


def simulator_of(given):
    if given:
        return given
    return compiled_kernels.built(compiled_kernels.configured(None), "issue_simulation", "tests/bench")


def followed(listing, description_file, nvdisasm="nvdisasm"):
    """(Executed, Description)"""
    description = launch_description.read(description_file.read_text())
    code = executed_code.code_of(executed_code.listing_of(listing, nvdisasm), description.kernel)
    return executed_code.follow(code, description), description


def both(simulator, executed, blocks):
    """{"merged" or "quarters": {"endless caches" or "fitted caches": result}}, cycles per task."""
    result = {}
    for rule in ("merged", "quarters"):
        text = issue_model.program(executed, rule == "merged")
        result[rule] = {}
        for name, fetch in (("endless caches", None), ("fitted caches", issue_model.FETCH)):
            one = issue_model.simulate(simulator, text, blocks, fetch)
            result[rule][name] = {"cycles": round(one["cycles"] / executed.tasks), "issue": one["issue"], "idle": one["idle"]}
    return result


def time_of_waves(simulate, waves):
    """Cycles per round of a block when a grid's blocks run in waves: a wave takes its blocks times the cycles of each."""
    return sum(blocks * simulate(blocks) for blocks in waves) / sum(waves)


def fit(simulator, file):
    cases = []
    for entry in json.loads(file.read_text()):
        one, description = followed(file.parent / entry["listing"], file.parent / entry["description"])
        wanted = GPU.multiprocessors * one.tasks / entry["tasks_per_second"] / CYCLE
        cases.append((description.shape, issue_model.program(one, True), entry["waves"], wanted))

    def ratios(fetch):
        return {shape: time_of_waves(lambda blocks: issue_model.simulate(simulator, text, blocks, fetch, 2)["cycles"], waves) / wanted
                for shape, text, waves, wanted in cases}

    def error(found):
        return math.sqrt(sum(math.log(ratio) ** 2 for ratio in found.values()) / len(found))

    every = [dict(zip(FIT, values)) for values in itertools.product(*FIT.values())]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        found = list(pool.map(ratios, [None, *every]))
    print("simulated over measured time, endless caches: " + ", ".join(f"{s} {r:.2f}" for s, r in found[0].items()))
    ranked = sorted(zip(found[1:], every), key=lambda item: error(item[0]))
    for ratio, fetch in ranked[:SHOWN]:
        print(f"{100 * error(ratio):5.1f} %  " + ", ".join(f"{s} {r:.2f}" for s, r in ratio.items()) + f"  {fetch}")
    print("the best with one value given, which shows what the rates determine:")
    for name, values in FIT.items():
        best = {value: next(error(ratio) for ratio, fetch in ranked if fetch[name] == value) for value in values}
        print(f"  {name}: " + ", ".join(f"{value} {100 * e:.1f} %" for value, e in best.items()))


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("listing", type=pathlib.Path, nargs="?")
    parser.add_argument("description", type=pathlib.Path, nargs="?")
    parser.add_argument("--blocks", type=int)
    parser.add_argument("--fit", type=pathlib.Path)
    parser.add_argument("--simulator", type=pathlib.Path)
    parser.add_argument("--nvdisasm", default="nvdisasm")
    arguments = parser.parse_args()
    if not arguments.fit and not (arguments.listing and arguments.description and arguments.blocks):
        parser.error("either LISTING DESCRIPTION --blocks N or --fit MEASURED")
    try:
        simulator = simulator_of(arguments.simulator)
        if arguments.fit:
            fit(simulator, arguments.fit)
            return
        one, description = followed(arguments.listing, arguments.description, arguments.nvdisasm)
        print(json.dumps({"shape": description.shape, "blocks": arguments.blocks, "round_code_bytes": issue_model.round_code(one),
                          **both(simulator, one, arguments.blocks)}, indent=1))
    except (ValueError, NotImplementedError) as error:
        sys.exit(f"latency.py: {error}")


if __name__ == "__main__":
    main()
