# SPDX-License-Identifier: Apache-2.0
"""The cost of a meta-gradient by the equations: arithmetic and memory.

A point is a dictionary of tasks, support, query (rows of a task), inputs, width, outputs, depth (hidden layers), steps (K)
and threads.
"""
import re

FLOAT_BYTES = 4
MOST_LANES = 16  # most tasks that a thread computes at once
DIGIT_BYTES = 6 * 8  # bytes per parameter of an exact sum over tasks (src/core/exact_sum.hpp)
INDEX_BYTES, RESULT_BYTES = 3 * 8, 2 * 4 + 4 + 1  # bytes per task: offsets and id; losses, failed step, status
MOST_TAPE_BYTES = 256e6  # per thread: above the budget of every plan
SHARE_OF_MEMORY = 0.7


def parameters(point):
    d, h, o, depth = point["inputs"], point["width"], point["outputs"], point["depth"]
    return d * h + h + (depth - 1) * (h * h + h) + h * o + o


def forward(point):
    """F: operations of a forward pass of one row; a multiply-add counts as two."""
    d, h, o, depth = point["inputs"], point["width"], point["outputs"], point["depth"]
    return 2 * (d * h + (depth - 1) * h * h + h * o)


def work(point):
    """Operations of one call: K (G + H) for each support row, G for each query row."""
    first = point["inputs"] * point["width"]
    gradient, curvature = 3 * forward(point) - 2 * first, 6 * forward(point) - 8 * first
    a_task = point["steps"] * point["support"] * (gradient + curvature) + point["query"] * gradient
    return point["tasks"] * a_task


def work_per_thread(point):
    return work(point) / point["threads"]


def input_bytes(point):
    """Bytes of the rows of all tasks, with their offsets and ids."""
    rows = point["support"] + point["query"]
    return point["tasks"] * (rows * (point["inputs"] + point["outputs"]) * FLOAT_BYTES + INDEX_BYTES)


def planned_bytes(plan):
    """Workspace of one thread in bytes, from the plan's text (`shoal inspect plan`); None if the text does not have it."""
    found = re.search(r"at most (\d+) bytes of workspace a thread", plan)
    return int(found.group(1)) if found else None


def outside_workspace(point):
    """Bytes of the rows and results of the tasks, and of the exact sums: one per thread, and the one that they are merged into."""
    return input_bytes(point) + point["tasks"] * RESULT_BYTES + (point["threads"] + 1) * DIGIT_BYTES * parameters(point)


def memory(point, plan):
    """Bytes that a call should need beyond the program: no constant is fitted. None if the plan's text does not have the workspace."""
    workspace = planned_bytes(plan)
    return None if workspace is None else outside_workspace(point) + point["threads"] * workspace


def most_memory(point):
    """An upper limit for every layout and tape policy, to refuse points before they run."""
    size, steps = parameters(point), point["steps"]
    tape = FLOAT_BYTES * MOST_LANES * steps * point["support"] * (4 * point["depth"] * point["width"] + 2 * point["outputs"])
    workspace = FLOAT_BYTES * MOST_LANES * (steps + 8) * size + min(tape, MOST_TAPE_BYTES)
    packed = FLOAT_BYTES * MOST_LANES * (point["support"] + point["query"]) * (point["inputs"] + point["outputs"])
    return outside_workspace(point) + point["threads"] * (workspace + packed)


def fits(point, available):
    return most_memory(point) <= SHARE_OF_MEMORY * available
