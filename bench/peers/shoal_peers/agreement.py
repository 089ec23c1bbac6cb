# SPDX-License-Identifier: Apache-2.0
"""Whether two results agree: || a - b || / || b || over all tensors. Fast weights are compared by their distance from theta, because most
of each is the theta that all contenders were given."""

import math

from shoal_peers import tensors

TOLERANCE = {"fp64": 1e-9, "fp32": 1e-4}


class Disagreement(Exception):
    """The results do not agree; the text says by how much."""


def relative_error(result, expected, parameters):
    """The relative error between two files; `parameters` is the file of theta. Raises Disagreement if they do not have the same tensors."""
    a, b = tensors.read_plain(result), tensors.read_plain(expected)
    if set(a) != set(b):
        raise Disagreement(f"has {', '.join(sorted(a)) or 'nothing'}, not {', '.join(sorted(b))}")
    theta = tensors.read_plain(parameters)
    difference = size = 0.0
    for name in sorted(b):
        if len(a[name]) != len(b[name]):
            raise Disagreement(f"{name} has {len(a[name])} numbers, not {len(b[name])}")
        start = theta[name[len("fast.") :]] if name.startswith("fast.") else [0.0]
        difference += sum((x - y) ** 2 for x, y in zip(a[name], b[name]))
        period = len(start)
        size += sum((y - start[at % period]) ** 2 for at, y in enumerate(b[name]))
    return math.sqrt(difference / size) if size > 0 else math.inf if difference > 0 else 0.0


def require(result, expected, parameters, precision):
    """The relative error; raises Disagreement above the tolerance, or if it is not a number."""
    error = relative_error(result, expected, parameters)
    if not error <= TOLERANCE[precision]:
        raise Disagreement(f"{precision}: relative error {error:.2g}, more than {TOLERANCE[precision]:g}")
    return error
