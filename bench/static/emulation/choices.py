# SPDX-License-Identifier: Apache-2.0
"""Comparisons, predicates, and what depends on them."""
import operator
import re

from emulation import doubles
from emulation.lanes import ALL, LANE_NUMBERS, each, float_of, lifted, mask_where, merged, signed
from emulation.operands import integer, is_predicate, plain, predicate, predicate_target, real, target
from emulation.results import low_bits, put_predicate, result

HIGH_BIT = 0x80000000
COMPARISONS = {"LT": operator.lt, "LE": operator.le, "GT": operator.gt, "GE": operator.ge, "EQ": operator.eq, "NE": operator.ne}
COMBINED = {"AND": operator.and_, "OR": operator.or_, "XOR": operator.xor}


def table_function(table):
    """The logical function of three words that a table of 8 bits gives."""
    def apply(a, b, c):
        word = 0
        for case in range(8):
            if table >> case & 1:
                word |= (a if case & 4 else ~a) & (b if case & 2 else ~b) & (c if case & 1 else ~c)
        return word & ALL
    return apply


def predicate_logic(i, _):
    to = [predicate_target(text) for text in i.operands[:2]]
    a, b, c = (predicate(text) for text in i.operands[2:5])
    tables = [table_function(int(text, 16)) for text in i.operands[5:7]]

    def step(warp, mask):
        values = [table(a(warp), b(warp), c(warp)) for table in tables]
        for place, value in zip(to, values):
            put_predicate(warp, place, value, mask)
    return step


def set_predicates(i, holds, condition):
    """Writes (holds, combined with a predicate) and its opposite to the two targets."""
    to = [predicate_target(text) for text in i.operands[:2]]
    combine = COMBINED[next(m for m in i.modifiers if m in COMBINED)]

    def step(warp, mask):
        value, other = holds(warp), condition(warp)
        put_predicate(warp, to[0], combine(value, other), mask)
        put_predicate(warp, to[1], combine(~value & ALL, other), mask)
    return step


def compare_integers(i, launch):
    """ISETP. With EX it compares the upper halves of 64 bits, and the last predicate has the result of the lower halves."""
    name, flip = i.modifiers[0], 0 if "U32" in i.modifiers else HIGH_BIT
    a, b, other = low_bits(integer(i.operands[2], launch)), low_bits(integer(i.operands[3], launch)), predicate(i.operands[4])
    compare, strict = COMPARISONS[name], COMPARISONS[name[0] + "T" if name[0] in "LG" else name]

    def holds(warp):
        return mask_where(lambda x, y: compare(x ^ flip, y ^ flip), a(warp), b(warp))

    if "EX" not in i.modifiers:
        return set_predicates(i, holds, other)
    lower = predicate(i.operands[5])

    def holds_in_64_bits(warp):
        x, y = a(warp), b(warp)
        equal, low = mask_where(operator.eq, x, y), lower(warp)
        return mask_where(lambda p, q: strict(p ^ flip, q ^ flip), x, y) & ~equal | equal & low
    return set_predicates(i, holds_in_64_bits, other)


def float_comparison(name, a, b):
    """A function of the warp: the lanes in which it holds. Nothing is ever no number."""
    if name in ("NAN", "NUM"):
        return lambda w: ALL if name == "NUM" else 0
    compare = COMPARISONS[name.removesuffix("U") if len(name) == 3 else name]
    return lambda w: mask_where(lambda x, y: compare(float_of(x), float_of(y)), a(w), b(w))


def compare_floats(i, launch):
    a, b = (real(text, launch) for text in i.operands[2:4])
    return set_predicates(i, float_comparison(i.modifiers[0], a, b), predicate(i.operands[4]))


def comparison_as_number(i, launch):
    """FSET: a word with every bit set, or with BF the float 1, where the comparison holds, else 0."""
    name, combine = next(m for m in i.modifiers if m not in ("BF", "FTZ")), COMBINED[i.modifiers[-1]]
    holds = float_comparison(name, *(real(text, launch) for text in i.operands[1:3]))
    other, yes = predicate(i.operands[3]), 0x3F800000 if "BF" in i.modifiers else ALL
    return result(target(i.operands[0]), lambda w: merged(0, yes, combine(holds(w), other(w))))


def float_extreme(i, launch):
    a, b, smallest = real(i.operands[1], launch), real(i.operands[2], launch), predicate(i.operands[3])
    low, high = (lifted(lambda x, y, choose=choose: choose(x, y, key=float_of)) for choose in (min, max))
    return result(target(i.operands[0]), lambda w: merged(high(a(w), b(w)), low(a(w), b(w)), smallest(w)))


def select(i, launch):
    operand = real if i.opcode == "FSEL" else integer
    a, b, choice = operand(i.operands[1], launch), operand(i.operands[2], launch), predicate(i.operands[3])
    return result(target(i.operands[0]), lambda w: merged(b(w), a(w), choice(w)))


def extreme(i, launch):
    """VIMNMX, VIMNMX3 and VIADDMNMX: the smallest, if the predicate holds, or the largest; the first two of the last are added before."""
    if "RELU" in i.modifiers:
        raise NotImplementedError(i.where())
    sources = [low_bits(integer(text, launch)) for text in i.operands[1:-1] if not is_predicate(text)]
    smallest, key = predicate(i.operands[-1]), (lambda x: x) if "U32" in i.modifiers else signed
    low, high = lifted(lambda *x: min(x, key=key)), lifted(lambda *x: max(x, key=key))
    plus = lifted(lambda a, b: a + b & ALL)

    def compute(warp):
        values = [read(warp) for read in sources]
        if i.opcode == "VIADDMNMX":
            values = [plus(*values[:2]), *values[2:]]
        return merged(high(*values), low(*values), smallest(warp))
    return result(target(i.operands[0]), compute)


def compare_doubles(i, launch):
    return set_predicates(i, doubles.comparison(i, launch), predicate(i.operands[4]))


def unusual_never(i, _):
    """FCHK asks for operands of a division that are unusual."""
    place = predicate_target(i.operands[0])
    return lambda warp, mask: put_predicate(warp, place, 0, mask)


def byte_of(i):
    return next((8 * int(m[1]) for m in i.modifiers if re.match(r"B[0-3]$", m)), 0)


def predicates_to_register(i, launch):
    shift_by, mask_of = byte_of(i), int(i.operands[3], 16)
    read, place = plain(i.operands[2], launch), target(i.operands[0])

    def compute(warp):
        bits = tuple(sum((p >> lane & 1) << k for k, p in enumerate(warp.predicates[:7])) for lane in LANE_NUMBERS)
        return tuple(word & ~(mask_of << shift_by) | (b & mask_of) << shift_by for word, b in zip(each(read(warp)), bits))
    return result(place, compute)


def register_to_predicates(i, launch):
    shift_by, mask_of, read = byte_of(i), int(i.operands[2], 16), plain(i.operands[1], launch)

    def step(warp, mask):
        value = read(warp)
        for k in range(7):
            if mask_of >> k & 1:
                put_predicate(warp, k, mask_where(lambda x, bit: x >> bit & 1, value, k + shift_by), mask)
    return step
