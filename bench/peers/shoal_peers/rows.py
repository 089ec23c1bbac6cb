# SPDX-License-Identifier: Apache-2.0
"""The rows of a run (shape, tasks, work), most important first, and which of them this machine can run."""

import collections
import os

from shoal_peers import chunk_search

# Guesses, which affect the length of a row only and never a result: operations per second of a thread and of a device.
CPU_FLOPS, CUDA_FLOPS = 5e10, 1e13
MOST_SECONDS = 6.0  # limit for one call
MOST_MEMORY = 0.2  # share of the host's memory for one copy of a row's tasks or results
CUDA_TAPES = 6e9  # bytes of a contender's first chunk: all contenders have theirs in memory at the same time
REFERENCE_FLOPS = 2e9  # work that the double-precision reference does in a few seconds

Row = collections.namedtuple("Row", "shape tasks work count")  # count: the first `count` tasks are timed


def name_of(row):
    return f"{row.work} {row.shape['name']} {row.tasks}"


def power_below(value):
    return 1 << max(int(value).bit_length() - 1, 0)


def rate(device, threads):
    return CUDA_FLOPS if device == "cuda" else CPU_FLOPS * threads


def search_count(row, device, threads):
    """The number of tasks for the comparison of chunks: all on a device, which needs many; on the CPU as many as take some tenths of a
    second."""
    some = max(power_below(0.2 * rate(device, threads) / row.shape["flops_per_task"]), 16)
    return row.count if device == "cuda" or row.count <= 2 * some else some


def first_chunk(shape, tasks, device):
    """The chunk at which the search begins: in the middle on the CPU; on a device, as many tasks as fit into some gigabytes of tapes."""
    sizes = chunk_search.candidates(tasks)
    if device == "cpu":
        return sizes[len(sizes) // 2]
    width, tensors = max(shape["hidden"]), 20 * len(shape["hidden"]) // 2
    tape = 4 * shape["steps"] * (tensors * shape["rows"] * width + 8 * shape["parameters"])
    return max([size for size in sizes if size * tape <= CUDA_TAPES] or sizes[:1])


def plan(shapes, tasks, works, device, threads):
    """(rows in order, {row's name: why it is not run})."""
    main = 1024 if 1024 in tasks else tasks[0]
    order = {count: number for number, count in enumerate([main] + [count for count in tasks if count != main])}
    rows, left_out = [], {}
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    for place, shape in enumerate(shapes):
        for count in tasks:
            most = rate(device, threads) * MOST_SECONDS / shape["flops_per_task"]
            timed = count if count <= most else power_below(most)
            for work in works:
                row = Row(shape, count, work, timed)
                widest = 2 * shape["rows"] * (shape["inputs"] + shape["outputs"])
                if work == "adaptation":
                    widest = max(widest, shape["parameters"])
                if timed * widest * 4 > MOST_MEMORY * memory:
                    left_out[name_of(row)] = "too large for the memory here"
                elif timed < count and any(other < count and other >= timed for other in tasks):
                    left_out[name_of(row)] = f"too large here: {timed} of its tasks are what another row has"
                elif device == "cuda":  # code compiled for a shape serves its next row, too
                    rows.append(((works.index(work), place, order[count]), row))
                else:
                    rows.append(
                        (
                            (
                                works.index(work) + 1 if count == main else works.index(work) + 1.5 if work == works[0] else 9,
                                works.index(work),
                                order[count],
                                place,
                            ),
                            row,
                        )
                    )
    return [row for _, row in sorted(rows, key=lambda pair: pair[0])], left_out
