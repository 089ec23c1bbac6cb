# SPDX-License-Identifier: Apache-2.0
"""Machine code as nvdisasm lists it with `-gi -hex`: instructions with their operands, source lines and control words, and the banks of
constants that belong to a kernel.

An instruction of sm_70 to sm_90 has 128 bits. The 21 above bit 105 tell the scheduler when the next one may follow, because the
hardware does not check dependencies: cycles to wait (4 bits), a hint to yield (1), the scoreboard that a result sets (3), the one that is
released when the operands have been read (3), the scoreboards to wait for (6). 7 stands for no scoreboard. NVIDIA does not document
these fields; public microbenchmarks do.
"""
import re
from typing import NamedTuple

PLACE = re.compile(r'\s*//## File "([^"]+)", line (\d+)')
INSTRUCTION = re.compile(r"\s+/\*([0-9a-f]{4,6})\*/\s+(.*?)\s*;?\s*/\* 0x([0-9a-f]{16}) \*/\s*$")
SECOND_WORD = re.compile(r"\s+/\* 0x([0-9a-f]{16}) \*/\s*$")
LABEL = re.compile(r"^(\.L_x_\d+|\$\S.*?|[\w$].*?):\s*$")
DATA = re.compile(r"\s*/\*[0-9a-f]+\*/\s+\.byte\s+(.*)$")
SECTION = re.compile(r"^\t\.section[ \t]\.(text|nv\.constant\d)[. ](.*),\"ax?\"")
BYTES = 16  # of an instruction


class Control(NamedTuple):
    stall: int
    yields: int
    write: int  # scoreboard that the result sets
    read: int  # scoreboard that is released when the operands have been read
    wait: int  # mask of scoreboards


class Instruction(NamedTuple):
    address: int
    predicate: str  # "P0", "!UP1" or ""
    opcode: str
    modifiers: tuple
    operands: tuple
    places: tuple  # "file:line" of the innermost inlined function first
    control: Control
    word: int  # the first 64 bits
    text: str

    def where(self):
        return f"{self.text} at {self.address:#x} ({self.places[0] if self.places else 'no line'})"


class MachineCode(NamedTuple):
    name: str
    instructions: list
    labels: dict  # name -> address
    banks: dict  # number -> bytes, of the banks that the kernel brings along

    def index(self, address):
        if address % BYTES or not 0 <= address < BYTES * len(self.instructions):
            raise ValueError(f"{self.name}: no instruction at {address:#x}")
        return address // BYTES


def split_operands(text):
    """The operands of an instruction: commas inside brackets separate nothing."""
    parts, depth, begin = [], 0, 0
    for at, character in enumerate(text):
        depth += (character in "[({") - (character in "])}")
        if character == "," and depth == 0:
            parts.append(text[begin:at].strip())
            begin = at + 1
    last = text[begin:].strip()
    return tuple(parts + [last] if last else parts)


def control_of(second_word):
    bits = second_word >> 41
    return Control(bits & 15, bits >> 4 & 1, bits >> 5 & 7, bits >> 8 & 7, bits >> 11 & 63)


def instruction_of(address, text, words, places):
    text = re.sub(r"\(\*.*?\*\)", "", text).strip()
    found = re.match(r"(?:@(!?U?P\w+)\s+)?(\S+)\s*(.*)$", text)
    opcode, *modifiers = found.group(2).split(".")
    return Instruction(address, found.group(1) or "", opcode, tuple(modifiers), split_operands(found.group(3)), tuple(places),
                       control_of(words[1]), words[0], text)


def read_function(name, lines, place_of):
    code, labels, places, pending, fresh = [], {}, [], None, False
    for line in lines:
        if found := PLACE.match(line):
            places = places if not fresh else []
            places, fresh = places + [place_of(found.group(1), found.group(2))], False
        elif found := INSTRUCTION.match(line):
            pending, fresh = (int(found.group(1), 16), found.group(2), int(found.group(3), 16), places), True
            if pending[0] != BYTES * len(code):
                raise ValueError(f"{name}: the listing jumps to {pending[0]:#x}")
        elif pending and (found := SECOND_WORD.match(line)):
            address, text, first, at = pending
            code.append(instruction_of(address, text, (first, int(found.group(1), 16)), at))
            pending = None
        elif found := LABEL.match(line):
            labels[found.group(1)] = BYTES * len(code)
    return MachineCode(name, code, labels, {})


def sections(text):
    """[(kind, name, lines)] of the sections with code and constants."""
    found = []
    for line in text.split("\n"):
        if re.match(r"\t\.section[ \t]", line):
            head = SECTION.match(line)
            found.append((head.group(1), head.group(2), []) if head else (None, "", []))
        elif found:
            found[-1][2].append(line)
    return [section for section in found if section[0]]


def only_code(listing):
    """The listing without its other sections, which are ten times as long."""
    return "\n".join("\n".join([f'\t.section\t.{kind}.{name},"a{"x" if kind == "text" else ""}"', *lines])
                     for kind, name, lines in sections(listing)) + "\n"


def read(text, place_of=lambda file, line: f"{file.rsplit('/', 1)[-1]}:{line}"):
    """{kernel as the listing names it: MachineCode}"""
    functions, banks = {}, {}
    for kind, name, lines in sections(text):
        if kind == "text":
            functions[name] = read_function(name, lines, place_of)
        else:
            data = (found.group(1) for line in lines if (found := DATA.match(line)))
            banks.setdefault(name, {})[int(kind[-1])] = bytes(int(word, 16) for row in data for word in row.split(","))
    for name, function in functions.items():
        function.banks.update({number: data for number, data in banks.get(name, {}).items() if number != 0})
        if not function.instructions:
            raise ValueError(f"{name}: the listing has no words of machine code: nvdisasm needs -hex")
    return functions
