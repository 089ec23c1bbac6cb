# SPDX-License-Identifier: Apache-2.0
"""Instructions of doubles, which are exact: the exact sum takes a float apart by them, and how often depends on what is left."""
import operator
import struct

from emulation.lanes import ALL, float_of, lifted, mask_where
from emulation.operands import plain, real, real_literal, targets
from emulation.results import put


def double_of(low, high):
    return struct.unpack("<d", struct.pack("<II", low, high))[0]


def words_of(number):
    return struct.unpack("<II", struct.pack("<d", number))


def operand(text, launch):
    """Reads a double: a pair of registers, or a number."""
    if real_literal(text) is not None:
        number = float(text)
        return lambda w: number
    minus, text = text.startswith("-"), text.lstrip("-").removesuffix(".reuse")
    absolute, text = text.startswith("|"), text.strip("|")
    if text in ("RZ", "URZ"):
        return lambda w: 0.0
    if "[" in text or "R" not in text:
        raise NotImplementedError(f"operand {text}")
    name, number = text.rstrip("0123456789"), int(text.lstrip("UR"))
    low, high = plain(text, launch), plain(f"{name}{number + 1}", launch)
    join = lifted_numbers(lambda x, y: (lambda d: -d if minus else d)(abs(double_of(x, y)) if absolute else double_of(x, y)))
    return lambda w: join(low(w), high(w))


def lifted_numbers(function):
    """As lifted, for values that are floats or tuples of floats."""
    def of_values(*values):
        if any(type(value) is tuple for value in values):
            return tuple(function(*(value[lane] if type(value) is tuple else value for value in values)) for lane in range(32))
        return function(*values)
    return of_values


split = lifted_numbers(words_of)


def stored(i, compute):
    """A double that goes to a pair of registers."""
    low, high = targets(i.operands[0], 2)

    def step(warp, mask):
        words = split(compute(warp))
        lanes = type(words[0]) is tuple
        put(warp, low, tuple(w[0] for w in words) if lanes else words[0], mask)
        put(warp, high, tuple(w[1] for w in words) if lanes else words[1], mask)
    return step


def computation(function):
    """DADD, DMUL and DFMA."""
    apply = lifted_numbers(function)

    def build(i, launch):
        reads = [operand(text, launch) for text in i.operands[1:]]
        return stored(i, lambda w: apply(*(read(w) for read in reads)))
    return build


def from_float(i, launch):
    read, widen = real(i.operands[1], launch), lifted(float_of)
    return stored(i, lambda w: widen(read(w)))


COMPARISONS = {"LT": operator.lt, "LE": operator.le, "GT": operator.gt, "GE": operator.ge, "EQ": operator.eq, "NE": operator.ne}


def comparison(i, launch):
    """The lanes in which a DSETP holds."""
    name, (a, b) = i.modifiers[0], (operand(text, launch) for text in i.operands[2:4])
    if name in ("NAN", "NUM"):
        return lambda w: ALL if name == "NUM" else 0
    compare = COMPARISONS[name.removesuffix("U") if len(name) == 3 else name]

    def holds(warp):
        x, y = a(warp), b(warp)
        if type(x) is float and type(y) is float:
            return ALL if compare(x, y) else 0
        return mask_where(compare, x if type(x) is tuple else (x,) * 32, y if type(y) is tuple else (y,) * 32)
    return holds
