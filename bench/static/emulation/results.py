# SPDX-License-Identifier: Apache-2.0
"""Where results go: registers and predicates of the lanes that execute an instruction."""
from emulation.lanes import ALL, lifted, merged
from emulation.operands import NO_PREDICATE, UNIFORM, UNIFORM_PREDICATES


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


def low_bits(read):
    """An operand whose -x is a word of 32 bits."""
    cut = lifted(lambda x: x & ALL)
    return lambda w: cut(read(w))
