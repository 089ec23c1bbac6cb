#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The share of an H100's fp32 peak that a kernel's counts allow: useful operations over the longest of five terms, each in cycles of a
multiprocessor per task.

- fp32: executed FFMA, FADD and FMUL, in warps, at four per cycle;
- issue: all executed instructions, at four per cycle;
- shared: wavefronts of loads and stores, at one per cycle, once by the rule that merges equal neighbours and once in quarters of a warp
  (emulation/memory.py);
- L2: sectors of device memory over the bandwidth of L2, as if the first cache never hit;
- DRAM: roofline_model.dram_bytes.

The instructions, wavefronts and sectors are counted (executed.py); the bandwidths are those of roofline_model.GPUS. `simulated_share` is
what remains with latency, `fetched_share` with the fitted instruction caches too (latency.py): model, not measured.

usage: counted_share.py LISTING DESCRIPTION --registers N [--spills BYTES] [--static-shared BYTES] [--simulator PROGRAM]

Prints one JSON object; LISTING, DESCRIPTION and PROGRAM as for latency.py, the rest as ptxas says it of the kernel. executed_kernels.py does
this for the compiled kernels.
"""
import argparse
import json
import pathlib
import sys

import executed as executed_code
import issue_model
import latency
import occupancy
import roofline_model as model
from emulation import launch_description

GPU = model.GPUS[0]
CYCLE = GPU.multiprocessors * GPU.lanes * 2 / GPU.peak  # seconds


def shape_of(name):
    for shape in model.SHAPES:
        if shape.name == name:
            return shape
    raise ValueError(f"no shape {name}; known are {', '.join(s.name for s in model.SHAPES)}")


def terms_of(figures, shape, resident_teams, workspace):
    """{term: cycles of a multiprocessor per task}"""
    fp32 = figures["classes"].get("ffma", 0) + figures["classes"].get("fadd_fmul", 0)
    bytes_per_cycle = CYCLE / GPU.multiprocessors
    kept = GPU.multiprocessors * resident_teams * workspace <= GPU.l2_bytes
    dram = model.least_dram_bytes(shape) + (0 if kept else 2 * workspace)
    return {"fp32": fp32 * 32 / GPU.lanes, "issue": figures["instructions"] / 4, "shared": figures["merged_wavefronts"],
            "shared in quarters": figures["wavefronts"], "L2": figures["sectors"] * 32 / (GPU.l2 * bytes_per_cycle),
            "DRAM": dram / (GPU.dram * bytes_per_cycle)}


def share_by(terms, left_out, useful):
    """(share, limiting term) without one of the two rules for shared memory."""
    kept = {name: cycles for name, cycles in terms.items() if name != left_out}
    limit = max(kept, key=kept.get)
    return useful / kept[limit], limit


def figures_of(code, description, compiled, simulator):
    """One shape's JSON object. `compiled`: registers, spills and static shared memory of the kernel, from listings.read_figures."""
    shape, one = shape_of(description.shape), executed_code.follow(code, description)
    figures, threads = executed_code.report(one), 32 * len(one.rounds)
    shared = compiled["shared"] + description.shared
    blocks, limited_by = occupancy.blocks(threads, compiled["registers"], shared)
    if blocks == 0:
        raise ValueError(f"{description.kernel}: no multiprocessor holds a block of {threads} threads, {compiled['registers']} registers "
                         f"and {shared} bytes")
    terms = terms_of(figures, shape, blocks * description.teams, description.workspace)
    useful = model.flops(shape) / (2 * GPU.lanes)
    merged, limit = share_by(terms, "shared in quarters", useful)
    quarters, limit_in_quarters = share_by(terms, "shared", useful)
    text = issue_model.program(one, merged=True)

    def simulated(fetch):
        return useful / (issue_model.simulate(simulator, text, blocks, fetch)["cycles"] / one.tasks)

    return {"registers": compiled["registers"], "spill_bytes": compiled["spill_stores"] + compiled["spill_loads"],
            "shared_per_task": shared // description.teams,
            "tasks_per_multiprocessor": blocks * description.teams, "warps": blocks * threads // 32, "limited_by": limited_by,
            **{name: figures[name] for name in ("instructions", "ffma", "classes", "accesses", "wavefronts", "merged_wavefronts",
                                                "copy_wavefronts", "sectors")},
            "round_code_bytes": issue_model.round_code(one), "terms": {name: round(cycles) for name, cycles in terms.items()},
            "limit": limit, "counted_share": round(merged, 3), "limit_in_quarters": limit_in_quarters,
            "counted_share_in_quarters": round(quarters, 3), "simulated_share": round(simulated(None), 3),
            "fetched_share": round(simulated(issue_model.FETCH), 3)}


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("listing", type=pathlib.Path)
    parser.add_argument("description", type=pathlib.Path)
    parser.add_argument("--registers", type=int, required=True)
    parser.add_argument("--spills", type=int, default=0)
    parser.add_argument("--static-shared", type=int, default=0)
    parser.add_argument("--simulator", type=pathlib.Path)
    parser.add_argument("--nvdisasm", default="nvdisasm")
    arguments = parser.parse_args()
    compiled = {"registers": arguments.registers, "spill_stores": arguments.spills, "spill_loads": 0, "shared": arguments.static_shared}
    try:
        description = launch_description.read(arguments.description.read_text())
        code = executed_code.code_of(executed_code.listing_of(arguments.listing, arguments.nvdisasm), description.kernel)
        print(json.dumps(figures_of(code, description, compiled, latency.simulator_of(arguments.simulator)), indent=1))
    except (ValueError, NotImplementedError) as error:
        sys.exit(f"{arguments.listing}: {error}")


if __name__ == "__main__":
    main()
