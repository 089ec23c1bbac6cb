# SPDX-License-Identifier: Apache-2.0
"""The curves: the varied quantity, its values, and the model in words."""
import os
import typing

import cost_model

BASE = {"tasks": 64, "support": 64, "query": 64, "inputs": 32, "width": 64, "outputs": 1, "depth": 2, "steps": 5, "threads": 1}


class Curve(typing.NamedTuple):
    name: str  # name of the files and of the varied quantity
    varied: str  # the varied field of a point
    title: str  # title of the axis, with its unit
    values: tuple
    base: dict  # fields that differ from BASE
    law: str  # law of the time
    memory_law: str

    def point(self, value):
        return {**BASE, **self.base, self.varied: value}

    def clock(self):
        return "wall_seconds" if self.varied == "threads" else "cpu_seconds"

    def constant(self, values, seconds):
        """The seconds by which the model multiplies the work of a point, if it fixes them: threads are compared with one thread."""
        return seconds[0] / self.work(self.point(1)) if self.varied == "threads" and values[0] == 1 else None

    def work(self, point):
        return cost_model.work_per_thread(point) if self.varied == "threads" else cost_model.work(point)


def cores():
    return len(os.sched_getaffinity(0))


def thread_counts(most):
    powers = [1]
    while powers[-1] * 2 <= most:
        powers.append(powers[-1] * 2)
    return tuple(sorted({*powers, most}))


WORKSPACE = "+ a workspace that does not grow"


def all_curves():
    return [
        Curve("tasks", "tasks", "tasks", (1, 4, 16, 64, 256, 1024, 4096, 16384), {}, "linear", f"linear {WORKSPACE}"),
        Curve("rows", "support", "support rows per task", (1, 4, 16, 64, 256, 1024, 4096), {},
              "linear + the query rows", "linear, and the tapes while they are kept"),
        Curve("width", "width", "width of the hidden layers (units)", (8, 16, 32, 64, 128, 256, 512, 1024), {"tasks": 16},
              "quadratic + a linear part", "quadratic + a linear part"),
        Curve("depth", "depth", "hidden layers", (1, 2, 4, 8, 16, 32), {"tasks": 16}, "linear + the outer layers",
              "linear + the outer layers"),
        Curve("steps", "steps", "inner steps K", (1, 3, 10, 30, 100, 300, 1000), {"tasks": 16}, "linear + the query pass",
              "linear: the trajectory, and the tapes while they are kept"),
        Curve("threads", "threads", "threads", thread_counts(cores()), {"tasks": 1024}, "T(1) / threads",
              "linear + the rows of the tasks"),
    ]


def curve_named(name):
    for curve in all_curves():
        if curve.name == name:
            return curve
    raise ValueError(f"unknown curve {name} (known: {', '.join(c.name for c in all_curves())})")
