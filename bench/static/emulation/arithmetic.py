# SPDX-License-Identifier: Apache-2.0
"""Instructions that compute. Integers, predicates and doubles are exact. Every sum, product and root of floats is 0.5, except in the
sequence of an integer division (I2F.RP, MUFU.RCP, F2I.FTZ.U32.TRUNC.NTZ), which is exact; comparisons and choices take what is there. So
code takes the path of ordinary numbers: no division or root is special, an exact sum takes one digit, and a float becomes the integer 1.

Each function of OPERATIONS takes an instruction and its launch, and returns what computes it: a function of the warp and the mask of
lanes.
"""
import operator
import re

from emulation import choices, doubles
from emulation.lanes import ALL, HALF, LANE_NUMBERS, first_lane, float_of, lifted, mask_where, signed, word_of
from emulation.operands import NO_PREDICATE, integer, is_predicate, plain, predicate, predicate_target, real, register, target, targets
from emulation.results import fixed_result, low_bits, put, put_predicate, result

SHARED_WINDOW = 0x7F00  # upper word of the generic addresses of shared memory


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


KNOWN_TABLES = {0xC0: lambda a, b, c: a & b, 0x3C: lambda a, b, c: a ^ b, 0xFC: lambda a, b, c: a | b}


def logic(i, launch):
    operands = list(i.operands)
    nonzero = predicate_target(operands.pop(0)) if is_predicate(operands[0]) else NO_PREDICATE
    place, (a, b, c) = target(operands[0]), (integer(text, launch) for text in operands[1:4])
    table = int(operands[4], 16)
    apply = lifted(KNOWN_TABLES.get(table, choices.table_function(table)))
    also = predicate(operands[5]) if len(operands) > 5 else (lambda w: 0)

    def step(warp, mask):
        value = apply(a(warp), b(warp), c(warp))
        put(warp, place, value, mask)
        if nonzero != NO_PREDICATE:
            put_predicate(warp, nonzero, mask_where(operator.ne, value, 0) | also(warp), mask)
    return step


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
    return doubles.from_float(i, launch) if i.modifiers == ("F64", "F32") else float_result(i, launch)


def find_leading_one(i, launch):
    read, count_down = plain(i.operands[1], launch), "SH" in i.modifiers
    if "U32" not in i.modifiers:
        raise NotImplementedError(i.where())
    apply = lifted(lambda x: (x.bit_length() - 1) & ALL if not count_down or x == 0 else 32 - x.bit_length())
    return result(target(i.operands[0]), lambda w: apply(read(w)))


def for_each(opcodes, make):
    return dict.fromkeys(opcodes.split(), make)


OPERATIONS = {
    **for_each("FFMA FADD FMUL FRND FSWZADD I2FP F2FP", float_result),
    **for_each("MOV UMOV", move),
    **for_each("IADD3 UIADD3 VIADD IADD", add),
    **for_each("IMAD UIMAD", multiply_add),
    **for_each("LEA ULEA", shifted_add),
    **for_each("SHF USHF", shift),
    **for_each("LOP3 ULOP3", logic),
    **for_each("PLOP3 UPLOP3", choices.predicate_logic),
    **for_each("ISETP UISETP", choices.compare_integers),
    **for_each("SEL USEL FSEL", choices.select),
    **for_each("VIMNMX VIMNMX3 VIADDMNMX IMNMX", choices.extreme),
    **for_each("S2R S2UR CS2R", special_register),
    **for_each("PRMT UPRMT", of_words(permuted_bytes)),
    **for_each("POPC UPOPC", of_words(int.bit_count)),
    "IABS": of_words(lambda x: abs(signed(x))),
    "BREV": of_words(lambda x: int(f"{x:032b}"[::-1], 2)),
    "FLO": find_leading_one,
    "FSETP": choices.compare_floats,
    "FSET": choices.comparison_as_number,
    "FMNMX": choices.float_extreme,
    "FCHK": choices.unusual_never,
    "DSETP": choices.compare_doubles,
    "DADD": doubles.computation(lambda a, b: a + b),
    "DMUL": doubles.computation(lambda a, b: a * b),
    "DFMA": doubles.computation(lambda a, b, c: a * b + c),
    "HFMA2": half_pair,
    "R2UR": to_uniform,
    "I2F": to_float,
    "F2I": to_integer,
    "F2F": convert_float,
    "MUFU": special_function,
    "P2R": choices.predicates_to_register,
    "R2P": choices.register_to_predicates,
}
