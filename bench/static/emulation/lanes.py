# SPDX-License-Identifier: Apache-2.0
"""Values of a register in the 32 lanes of a warp: an int if all lanes have the same one, else a tuple of 32 ints. Sets of lanes are masks
of 32 bits. Most values are uniform, so most instructions cost as much as one lane."""
import functools
import itertools
import struct

LANES = 32
ALL = (1 << LANES) - 1  # every lane; also the word with every bit set
HALF = 0x3F000000  # 0.5f: the value of every float (emulation/arithmetic.py)
LANE_NUMBERS = tuple(range(LANES))


def of_lane(value, lane):
    return value if type(value) is int else value[lane]


def each(value):
    """The values of the lanes, for map and zip."""
    return itertools.repeat(value, LANES) if type(value) is int else value


def lifted(function):
    """The function of ints, for values of lanes."""
    def of_values(*values):
        for value in values:
            if type(value) is not int:
                return tuple(map(function, *map(each, values)))
        return function(*values)
    return of_values


def mask_where(condition, a, b):
    """The lanes in which condition(a, b) holds."""
    if type(a) is int and type(b) is int:
        return ALL if condition(a, b) else 0
    return sum(1 << lane for lane, (x, y) in enumerate(zip(each(a), each(b))) if condition(x, y))


def merged(old, new, mask):
    """`new` in the lanes of the mask, `old` in the others."""
    if mask == ALL or (type(old) is int and type(new) is int and old == new):
        return new
    if mask == 0:
        return old
    return tuple(y if mask >> lane & 1 else x for lane, (x, y) in enumerate(zip(each(old), each(new))))


def lanes_of(mask):
    return [lane for lane in LANE_NUMBERS if mask >> lane & 1]


def first_lane(mask):
    return (mask & -mask).bit_length() - 1


def signed(word):
    return word - (1 << 32) if word & 0x80000000 else word


@functools.lru_cache(maxsize=None)
def float_of(word):
    return struct.unpack("<f", struct.pack("<I", word))[0]


def word_of(number):
    try:
        return struct.unpack("<I", struct.pack("<f", number))[0]
    except OverflowError:
        return 0x7F800000 if number > 0 else 0xFF800000
