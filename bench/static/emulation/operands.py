# SPDX-License-Identifier: Apache-2.0
"""Operands of machine code as functions that read them from a warp, and where results go.

Registers R0 to R254 are words 0 to 254 of Warp.registers, UR0 to UR62 words 256 to 318. RZ and URZ read as 0, PT and UPT as true; what is
written to them goes to a place that nothing reads.
"""
import re
from typing import NamedTuple

from emulation.lanes import ALL, lifted, word_of

ZERO, UNIFORM, UNIFORM_ZERO, NOWHERE, REGISTERS = 255, 256, 319, 320, 321
TRUE, UNIFORM_PREDICATES, UNIFORM_TRUE, NO_PREDICATE, PREDICATES = 7, 8, 15, 16, 17
REGISTER = re.compile(r"(U?R)(\d+|Z)$")
PREDICATE = re.compile(r"!?U?P(\d|T)$")
BANK = re.compile(r"c\[0x([0-9a-f]+)\]\[(?:(U?R\w+))?\+?(-?0x[0-9a-f]+)?\]$")

negated = lifted(lambda x: (~x & ALL) + 1)  # 33 bits: 0 becomes 2^32, so that the carry of a subtraction comes out right
inverted = lifted(lambda x: ~x & ALL)
without_sign = lifted(lambda x: x & 0x7FFFFFFF)
other_sign = lifted(lambda x: x ^ 0x80000000)


def is_predicate(text):
    return bool(PREDICATE.match(text))


def register(text):
    """The place of a register that is read."""
    found = REGISTER.match(text)
    if not found:
        raise NotImplementedError(f"operand {text}")
    uniform = found.group(1) == "UR"
    if found.group(2) == "Z":
        return UNIFORM_ZERO if uniform else ZERO
    return int(found.group(2)) + (UNIFORM if uniform else 0)


def target(text):
    """The place of a register that is written."""
    place = register(text)
    return NOWHERE if place in (ZERO, UNIFORM_ZERO) else place


def targets(text, count):
    """The places of `count` neighbouring registers that are written."""
    first = target(text)
    return [NOWHERE if first == NOWHERE else first + k for k in range(count)]


def predicate(text):
    """A function from a warp to the mask of lanes in which the predicate holds."""
    inverse, name = text.startswith("!"), text.lstrip("!")
    place = predicate_place(name)
    if inverse:
        return lambda w: ALL & ~w.predicates[place]
    return lambda w: w.predicates[place]


def predicate_place(name):
    if name.endswith("T"):
        return UNIFORM_TRUE if name == "UPT" else TRUE
    return int(name[-1]) + (UNIFORM_PREDICATES if name.startswith("U") else 0)


def predicate_target(name):
    return NO_PREDICATE if name in ("PT", "UPT") else predicate_place(name)


class ConstantOperand(NamedTuple):
    bank: int
    offset: int
    index: int  # place of the register that is added, or None


def constant_operand(text):
    """An operand like c[0x2][R4+0x10]."""
    found = BANK.match(text)
    if not found:
        raise NotImplementedError(f"operand {text}")
    return ConstantOperand(int(found.group(1), 16), int(found.group(3) or "0", 16), register(found.group(2)) if found.group(2) else None)


def plain(text, launch):
    """Reads an operand without sign and without modifiers."""
    text = text.removesuffix(".reuse")
    if REGISTER.match(text):
        place = register(text)
        return lambda w: w.registers[place]
    if text.startswith("c["):
        found = constant_operand(text)
        if found.index is not None:
            raise NotImplementedError(f"operand {text}")
        constant = launch.constant(found.bank, found.offset, 4)
        return lambda w: constant
    if re.match(r"-?(0x[0-9a-f]+|\d+)$", text):
        value = int(text, 0) & ALL
        return lambda w: value
    raise NotImplementedError(f"operand {text}")


def integer(text, launch):
    """Reads an operand of an integer instruction; -x has 33 bits."""
    if text.startswith("~"):
        read = plain(text[1:], launch)
        return lambda w: inverted(read(w))
    if text.startswith("-") and not text.startswith("-0x") and not text[1:].isdigit():
        read = plain(text[1:], launch)
        return lambda w: negated(read(w))
    return plain(text, launch)


def real_literal(text):
    if re.match(r"[+-]?(INF|QNAN|NAN|SNAN)", text):
        return (0x80000000 if text.startswith("-") else 0) | (0x7F800000 if "INF" in text else 0x7FC00000)
    if re.match(r"-?[\d.]+(e[+-]?\d+)?$", text):
        return word_of(float(text))
    return None


def real(text, launch):
    """Reads an operand of a float instruction as a word, its sign and absolute value applied."""
    literal = real_literal(text)
    if literal is not None:
        return lambda w: literal
    minus = text.startswith("-")
    text = text.lstrip("-").removesuffix(".reuse")
    absolute = text.startswith("|")
    read = plain(text.strip("|"), launch)
    if not minus and not absolute:
        return read
    if absolute and not minus:
        return lambda w: without_sign(read(w))
    if minus and not absolute:
        return lambda w: other_sign(read(w))
    return lambda w: other_sign(without_sign(read(w)))
