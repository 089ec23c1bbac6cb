# SPDX-License-Identifier: Apache-2.0
"""Instructions that compute. Integers, predicates and doubles are exact. Every sum, product and root of floats is 0.5, except in the sequence
of an integer division (I2F.RP, MUFU.RCP, F2I.FTZ.U32.TRUNC.NTZ), which is exact; comparisons and choices take what is there. So code takes
the path of ordinary numbers: no division or root is special, an exact sum takes one digit, and a float becomes the integer 1.

Each function of OPERATIONS takes an instruction and its launch, and returns what computes it: a function of the warp and the mask of
lanes.
"""
import operator
import re

from emulation import doubles
from emulation.lanes import ALL, HALF, LANE_NUMBERS, each, first_lane, float_of, lifted, mask_where, merged, signed, word_of
from emulation.operands import (NO_PREDICATE, UNIFORM, UNIFORM_PREDICATES, integer, is_predicate, plain, predicate, predicate_target, real,
                                register, target, targets)

HIGH_BIT = 0x80000000
SHARED_WINDOW = 0x7F00  # upper word of the generic addresses of shared memory


def put(warp, place, value, mask):
    old = warp.registers[place]
    warp.registers[place] = value if mask == warp.live or place >= UNIFORM else merged(old, value, mask)


def put_predicate(warp, place, value, mask):
    if UNIFORM_PREDICATES <= place < NO_PREDICATE:
        mask = ALL
    warp.predicates[place] = warp.predicates[place] & ~mask | value & mask


def result(place, compute):
    def step(warp, mask):
        put(warp, place, compute(warp), mask)
    return step


def fixed_result(places, words):
    def step(warp, mask):
        for place, word in zip(places, words):
            if warp.registers[place] is not word:
                put(warp, place, word, mask)
    return step


def parts(i):
    """(target, predicates written, sources, predicates read) of an instruction like IADD3 R2, P0, R4, R5, RZ, P1."""
    operands = list(i.operands[1:])
    written, sources, read = [], [], []
    for text in operands:
        if not is_predicate(text):
            sources.append(text)
        elif sources:
            read.append(text)
        else:
            written.append(text)
    return target(i.operands[0]), [predicate_target(p) for p in written], sources, [predicate(p) for p in read]


def carry_of(mask):
    """A mask as a value of lanes: 1 where it is set."""
    return 1 if mask == ALL else 0 if mask == 0 else tuple(mask >> lane & 1 for lane in LANE_NUMBERS)


def with_carry(i, sum_of):
    """A sum whose bits above 32 go to the predicates written; `sum_of(warp)` gives it without the carries that come in."""
    place, written, _, read = parts(i)
    low, add = lifted(lambda x: x & ALL), lifted(operator.add)

    def step(warp, mask):
        total = sum_of(warp)
        for carry in read:
            total = add(total, carry_of(carry(warp)))
        put(warp, place, low(total), mask)
        for least, to in enumerate(written, 1):
            put_predicate(warp, to, mask_where(lambda x, n: x >> 32 >= n, total, least), mask)
    return step


def add(i, launch):
    sources = [integer(text, launch) for text in parts(i)[2]]
    if len(sources) == 2:
        plus = lifted(operator.add)
        return with_carry(i, lambda w: plus(sources[0](w), sources[1](w)))
    plus = lifted(lambda a, b, c: a + b + c)
    a, b, c = sources
    return with_carry(i, lambda w: plus(a(w), b(w), c(w)))


def low_bits(read):
    """An operand whose -x is a word of 32 bits."""
    cut = lifted(lambda x: x & ALL)
    return lambda w: cut(read(w))


def pair(text, launch):
    """Reads two neighbouring registers as 64 bits."""
    text = text.removesuffix(".reuse")
    if not re.match(r"U?R\d+$", text):
        low = plain(text, launch)
        if text.startswith("c["):
            raise NotImplementedError(f"64 bits of {text}")
        return low
    place, join = register(text), lifted(lambda low, high: high << 32 | low)
    return lambda w: join(w.registers[place], w.registers[place + 1])


def multiply_add(i, launch):
    place, written, sources, read = parts(i)
    number = (lambda x: x) if "U32" in i.modifiers else signed
    a, b = (low_bits(integer(text, launch)) for text in sources[:2])
    if "WIDE" in i.modifiers or "HI" in i.modifiers:
        if written or read:
            raise NotImplementedError(i.where())
        c = pair(sources[2], launch)
        product = lifted(lambda x, y, z: number(x) * number(y) + z)
        low, high = lifted(lambda x: x & ALL), lifted(lambda x: x >> 32 & ALL)
        if "HI" in i.modifiers:
            return result(place, lambda w: high(product(a(w), b(w), c(w))))
        to = targets(i.operands[0], 2)

        def step(warp, mask):
            total = product(a(warp), b(warp), c(warp))
            put(warp, to[0], low(total), mask)
            put(warp, to[1], high(total), mask)
        return step
    c = integer(sources[2], launch)
    product = lifted(lambda x, y, z: (x * y & ALL) + z)
    return with_carry(i, lambda w: product(a(w), b(w), c(w)))


def shifted_add(i, launch):
    """LEA: (a << s) + b, or its upper half where a has 64 bits."""
    sources = parts(i)[2]
    a, b = low_bits(integer(sources[0], launch)), integer(sources[1], launch)
    shift = plain(sources[-1], launch)
    if "HI" not in i.modifiers:
        total = lifted(lambda x, y, s: (x << s & ALL) + y)
        return with_carry(i, lambda w: total(a(w), b(w), shift(w)))
    if "SX32" in i.modifiers:
        total = lifted(lambda x, y, s: (signed(x) << s >> 32 & ALL) + y)
        return with_carry(i, lambda w: total(a(w), b(w), shift(w)))
    upper = integer(sources[2], launch)
    total = lifted(lambda x, y, h, s: ((h << 32 | x) << s >> 32 & ALL) + y)
    return with_carry(i, lambda w: total(a(w), b(w), upper(w), shift(w)))


def shift_function(modifiers):
    """SHF: the function of low word, distance and high word."""
    wide, wraps, high = "U64" in modifiers or "S64" in modifiers, "W" in modifiers, "HI" in modifiers
    bits = 64 if wide else 32
    signed_high = "S32" in modifiers or "S64" in modifiers

    def distance(s):
        return s % bits if wraps else min(s, bits)

    if "L" in modifiers:
        if high:
            return lambda low, s, up: (up << 32 | low) << distance(s) >> 32 & ALL
        return lambda low, s, up: low << distance(s) & ALL
    if high:
        return lambda low, s, up: (signed(up) if signed_high else up) >> distance(s) & ALL
    return lambda low, s, up: (((signed(up) if signed_high else up) << 32) | low) >> distance(s) & ALL


def shift(i, launch):
    apply, (low, s, up) = lifted(shift_function(i.modifiers)), (plain(text, launch) for text in i.operands[1:4])
    return result(target(i.operands[0]), lambda w: apply(low(w), s(w), up(w)))


def table_function(table):
    """The logical function of three words that a table of 8 bits gives."""
    def apply(a, b, c):
        word = 0
        for case in range(8):
            if table >> case & 1:
                word |= (a if case & 4 else ~a) & (b if case & 2 else ~b) & (c if case & 1 else ~c)
        return word & ALL
    return apply


KNOWN_TABLES = {0xC0: lambda a, b, c: a & b, 0x3C: lambda a, b, c: a ^ b, 0xFC: lambda a, b, c: a | b}


def logic(i, launch):
    operands = list(i.operands)
    nonzero = predicate_target(operands.pop(0)) if is_predicate(operands[0]) else NO_PREDICATE
    place, (a, b, c) = target(operands[0]), (integer(text, launch) for text in operands[1:4])
    table = int(operands[4], 16)
    apply = lifted(KNOWN_TABLES.get(table, table_function(table)))
    also = predicate(operands[5]) if len(operands) > 5 else (lambda w: 0)

    def step(warp, mask):
        value = apply(a(warp), b(warp), c(warp))
        put(warp, place, value, mask)
        if nonzero != NO_PREDICATE:
            put_predicate(warp, nonzero, mask_where(operator.ne, value, 0) | also(warp), mask)
    return step


def predicate_logic(i, _):
    to = [predicate_target(text) for text in i.operands[:2]]
    a, b, c = (predicate(text) for text in i.operands[2:5])
    tables = [table_function(int(text, 16)) for text in i.operands[5:7]]

    def step(warp, mask):
        values = [table(a(warp), b(warp), c(warp)) for table in tables]
        for place, value in zip(to, values):
            put_predicate(warp, place, value, mask)
    return step


COMPARISONS = {"LT": operator.lt, "LE": operator.le, "GT": operator.gt, "GE": operator.ge, "EQ": operator.eq, "NE": operator.ne}
COMBINED = {"AND": operator.and_, "OR": operator.or_, "XOR": operator.xor}


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


def permuted_bytes(a, selector, b):
    source, word = b << 32 | a, 0
    for k in range(4):
        chosen = selector >> 4 * k & 15
        byte = source >> 8 * (chosen & 7) & 255
        if chosen & 8:
            byte = 255 if byte & 128 else 0
        word |= byte << 8 * k
    return word


def of_words(function):
    """An instruction whose result is a function of its integer operands."""
    apply = lifted(function)

    def build(i, launch):
        sources = [low_bits(integer(text, launch)) for text in i.operands[1:] if not is_predicate(text)]
        return result(target(i.operands[0]), lambda w: apply(*(read(w) for read in sources)))
    return build


def special_register(i, launch):
    name = i.operands[1]
    values = {"SR_LANEID": LANE_NUMBERS, "SR_TID.Y": 0, "SR_TID.Z": 0, "SR_CTAID.Y": 0, "SR_CTAID.Z": 0, "SR_CTAID.X": 0,
              "SR_CgaCtaId": 0, "SR_SWINHI": SHARED_WINDOW, "SRZ": 0}
    places = targets(i.operands[0], 2 if i.opcode == "CS2R" and "32" not in i.modifiers else 1)
    if name == "SR_TID.X":
        return result(places[0], lambda w: tuple(32 * w.number + lane for lane in LANE_NUMBERS))
    if name not in values:
        raise NotImplementedError(i.where())
    return fixed_result(places, (values[name], 0))


def move(i, launch):
    read = low_bits(integer(i.operands[1], launch))
    return result(target(i.operands[0]), read)


def to_uniform(i, launch):
    read, place = plain(i.operands[-1], launch), target(i.operands[0])

    def step(warp, mask):
        value = read(warp)
        put(warp, place, value if type(value) is int else value[first_lane(mask)], mask)
    return step


def half_pair(i, _):
    """HFMA2 moves a constant: no kernel computes in half precision. The word of the instruction has its bits."""
    return fixed_result([target(i.operands[0])], [i.word >> 32])


def float_result(i, _):
    return fixed_result([target(i.operands[0])], [HALF])


def compare_doubles(i, launch):
    return set_predicates(i, doubles.comparison(i, launch), predicate(i.operands[4]))


def unusual_never(i, _):
    """FCHK asks for operands of a division that are unusual."""
    place = predicate_target(i.operands[0])
    return lambda warp, mask: put_predicate(warp, place, 0, mask)


def to_float(i, launch):
    if "RP" not in i.modifiers:
        if "F64" in i.modifiers:
            raise NotImplementedError(i.where())
        return float_result(i, launch)
    read, number = low_bits(integer(i.operands[1], launch)), (lambda x: x) if "U32" in i.modifiers else signed
    convert = lifted(lambda x: word_of(float(number(x))))
    return result(target(i.operands[0]), lambda w: convert(read(w)))


def special_function(i, launch):
    if "RCP" not in i.modifiers:
        return float_result(i, launch)
    read = real(i.operands[1], launch)
    apply = lifted(lambda x: word_of(1.0 / float_of(x)) if x != HALF and x & 0x7FFFFFFF else HALF)
    return result(target(i.operands[0]), lambda w: apply(read(w)))


def to_integer(i, launch):
    if {"U32", "TRUNC", "NTZ"} <= set(i.modifiers):
        read, cut = real(i.operands[1], launch), lifted(lambda x: min(max(0, int(float_of(x))), ALL) if x & 0x7FFFFFFF < 0x7F800000 else 0)
        return result(target(i.operands[0]), lambda w: cut(read(w)))
    wide = "S64" in i.modifiers or "U64" in i.modifiers
    return fixed_result(targets(i.operands[0], 2 if wide else 1), (1, 0))


def convert_float(i, launch):
    return doubles.from_float(i, launch, put) if i.modifiers == ("F64", "F32") else float_result(i, launch)


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


def byte_of(i):
    return next((8 * int(m[1]) for m in i.modifiers if re.match(r"B[0-3]$", m)), 0)


def find_leading_one(i, launch):
    read, count_down = plain(i.operands[1], launch), "SH" in i.modifiers
    if "U32" not in i.modifiers:
        raise NotImplementedError(i.where())
    apply = lifted(lambda x: (x.bit_length() - 1) & ALL if not count_down or x == 0 else 32 - x.bit_length())
    return result(target(i.operands[0]), lambda w: apply(read(w)))


FLOATS = "FFMA FADD FMUL FRND FSWZADD I2FP F2FP"
OPERATIONS = {
    **dict.fromkeys(FLOATS.split(), float_result), "FCHK": unusual_never, "DSETP": compare_doubles,
    "DADD": doubles.computation(lambda a, b: a + b, put), "DMUL": doubles.computation(lambda a, b: a * b, put),
    "DFMA": doubles.computation(lambda a, b, c: a * b + c, put), **dict.fromkeys("MOV UMOV".split(), move),
    **dict.fromkeys("IADD3 UIADD3 VIADD IADD".split(), add), **dict.fromkeys("IMAD UIMAD".split(), multiply_add),
    **dict.fromkeys("LEA ULEA".split(), shifted_add), **dict.fromkeys("SHF USHF".split(), shift),
    **dict.fromkeys("LOP3 ULOP3".split(), logic), **dict.fromkeys("PLOP3 UPLOP3".split(), predicate_logic),
    **dict.fromkeys("ISETP UISETP".split(), compare_integers), **dict.fromkeys("SEL USEL FSEL".split(), select),
    **dict.fromkeys("VIMNMX VIMNMX3 VIADDMNMX IMNMX".split(), extreme), **dict.fromkeys("S2R S2UR CS2R".split(), special_register),
    **dict.fromkeys("PRMT UPRMT".split(), of_words(permuted_bytes)), **dict.fromkeys("POPC UPOPC".split(), of_words(int.bit_count)),
    "IABS": of_words(lambda x: abs(signed(x))), "BREV": of_words(lambda x: int(f"{x:032b}"[::-1], 2)),
    "FSETP": compare_floats, "FSET": comparison_as_number, "FMNMX": float_extreme, "HFMA2": half_pair, "R2UR": to_uniform, "I2F": to_float, "F2I": to_integer, "F2F": convert_float,
    "MUFU": special_function, "P2R": predicates_to_register, "R2P": register_to_predicates, "FLO": find_leading_one,
}
