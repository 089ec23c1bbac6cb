# SPDX-License-Identifier: Apache-2.0
"""Instructions that access memory: what they load, and what they cost.

Device memory is that of the launch's description; what a kernel stores there is counted and forgotten. Shared memory keeps the words
that are not 0.5, so that integers come back and floats cost nothing. Local memory keeps everything.

An access of shared memory takes as many wavefronts as a bank of 4 bytes has different words to give. Wide accesses are served in
parts: 8 bytes in two halves of the warp, 16 bytes in four quarters. The second count follows the rule that the parts are half as many where
the lanes n and n^1, or n and n^2, have equal addresses in the whole warp. An access of device memory takes the sectors of 32 bytes that it
touches.
"""
import re
from typing import NamedTuple

from emulation.arithmetic import SHARED_WINDOW
from emulation.lanes import ALL, HALF, LANE_NUMBERS, each, lanes_of, lifted, merged, of_lane
from emulation.operands import NOWHERE, constant_operand, is_predicate, plain, predicate_target, register, target, targets
from emulation.results import fixed_result, put

SECTOR, BANKS = 32, 32
WINDOW = SHARED_WINDOW << 32  # generic addresses from here to the next 2^32 are those of shared memory


class Cost(NamedTuple):
    wavefronts: int  # wide accesses in quarters and halves of a warp
    merged: int  # the same where equal neighbours are served together
    sectors: int


FREE = Cost(0, 0, 0)


def wavefronts_of(addresses, mask, size, parts):
    total, lanes = 0, 32 // parts
    for part in range(parts):
        banks = {}
        for lane in range(part * lanes, (part + 1) * lanes):
            if mask >> lane & 1:
                first = addresses[lane] >> 2
                for word in range(first, (addresses[lane] + size - 1 >> 2) + 1):
                    banks.setdefault(word % BANKS, set()).add(word)
        total += max(map(len, banks.values()), default=0)
    return total


def shared_cost(addresses, mask, size):
    parts = 1 if size <= 4 else 2 if size <= 8 else 4
    quarters = wavefronts_of(addresses, mask, size, parts)

    def equal_neighbours(distance):
        return all(addresses[lane] == addresses[lane ^ distance] for lane in LANE_NUMBERS
                   if mask >> lane & 1 and mask >> (lane ^ distance) & 1)

    if parts > 1 and (equal_neighbours(1) or equal_neighbours(2)):
        return Cost(quarters, wavefronts_of(addresses, mask, size, parts // 2), 0)
    return Cost(quarters, quarters, 0)


def global_cost(addresses, mask, size):
    """An access is aligned to its size, so that it lies in one sector."""
    return Cost(0, 0, len({addresses[lane] // SECTOR for lane in lanes_of(mask)}))


def width_of(i):
    """Bytes of an access."""
    for name, size in (("128", 16), ("64", 8), ("U8", 1), ("S8", 1), ("U16", 2), ("S16", 2)):
        if name in i.modifiers:
            return size
    return 4


def address_reader(text, launch):
    """(base, offset) of an operand like desc[UR4][R2.64+0x10] or [R5+UR6+0x20]: a function of the warp, and a number."""
    inside = re.search(r"\[([^\[\]]*)\]$", text)
    if not inside:
        raise NotImplementedError(f"address {text}")
    offset, reads = 0, []
    for term in filter(None, re.split(r"\+", inside.group(1))):
        if re.match(r"-?0x", term):
            offset += int(term, 16)
            continue
        name, _, kind = term.removesuffix(".reuse").partition(".")
        if kind == "64":
            place, join = register(name), lifted(lambda low, high: high << 32 | low)
            reads.append(lambda w, place=place, join=join: join(w.registers[place], w.registers[place + 1])
                         if place not in (255, 319) else 0)
        else:
            scale = int(kind[1:]) if kind.startswith("X") else 1
            read, times = plain(name, launch), lifted(lambda x, scale=scale: x * scale)
            reads.append(read if scale == 1 else lambda w, read=read, times=times: times(read(w)))
    if not reads:
        return (lambda w: 0), offset
    if len(reads) == 1:
        return reads[0], offset
    add = lifted(lambda a, b: a + b)

    def base(warp):
        total = reads[0](warp)
        for read in reads[1:]:
            total = add(total, read(warp))
        return total
    return base, offset


class Costs:
    """The costs of accesses, computed once for every pattern of addresses: moving all addresses by whole words (shared memory) or sectors
    (device memory) changes nothing."""

    def __init__(self):
        self.known = {}

    def of(self, function, base, offset, mask, size):
        step = 4 if function is shared_cost else SECTOR
        key = (function, base, offset % step, mask, size)
        if key not in self.known:
            addresses = tuple(address + offset % step for address in each(base)) if type(base) is tuple else (base + offset % step,) * 32
            self.known[key] = function(addresses, mask, size)
        return self.known[key]


class SharedMemory:
    """The words of a block's shared memory that are not 0.5."""

    def __init__(self):
        self.words = {}

    def load(self, base, offset, mask, count):
        """`count` values of lanes."""
        if not self.words:
            return [HALF] * count
        if type(base) is int:
            return [self.words.get(base + offset + 4 * k, HALF) for k in range(count)]
        values = [tuple(self.words.get(address + offset + 4 * k, HALF) if mask >> lane & 1 else HALF
                        for lane, address in enumerate(base)) for k in range(count)]
        return [HALF if all(word == HALF for word in value) else value for value in values]

    def store(self, base, offset, mask, values):
        if not self.words and all(value is HALF for value in values):
            return
        for lane in lanes_of(mask):
            address = (base if type(base) is int else base[lane]) + offset
            for k, value in enumerate(values):
                word = value if type(value) is int else value[lane]
                if word == HALF:
                    self.words.pop(address + 4 * k, None)
                else:
                    self.words[address + 4 * k] = word


def loaded(launch, base, offset, mask, size):
    """The values of lanes that a load of device memory gives."""
    lanes = lanes_of(mask) if type(base) is tuple else lanes_of(mask)[:1]
    count, words = max(1, size // 4), {}
    for lane in lanes:
        address = (base[lane] if type(base) is tuple else base) + offset
        region = launch.region(address, size)
        words[lane] = [region.word(address + 4 * k if size >= 4 else address & ~3) for k in range(count)]
        if size < 4:
            words[lane] = [words[lane][0] >> 8 * (address & 3) & (1 << 8 * size) - 1]
    if type(base) is int or all(w == words[lanes[0]] for w in words.values()):
        return words[lanes[0]]
    return [tuple(words[lane][k] if lane in words else 0 for lane in LANE_NUMBERS) for k in range(count)]


def memory_operands(i):
    """(operands that are registers, operands that are addresses)"""
    addresses = [text for text in i.operands if text.endswith("]") and not text.startswith("c[")]
    return [text for text in i.operands if text not in addresses and not is_predicate(text)], addresses


def source_values(i, text, size, launch):
    """Reads the registers that a store stores."""
    text = text.removesuffix(".reuse")
    if size <= 4:
        read = plain(text, launch)
        return lambda w: [read(w)]
    if text == "RZ":
        return lambda w: [0] * (size // 4)
    places = [register(text) + k for k in range(size // 4)]
    return lambda w: [w.registers[place] for place in places]


def load_shared(i, launch):
    size, to = width_of(i), targets(i.operands[0], max(1, width_of(i) // 4))
    base_of, offset = address_reader(i.operands[1], launch)

    def step(warp, mask):
        base = base_of(warp)
        warp.costs.append(warp.block.costs.of(shared_cost, base, offset, mask, size))
        for place, value in zip(to, warp.block.shared.load(base, offset, mask, len(to))):
            put(warp, place, value, mask)
    if size < 4:
        raise NotImplementedError(i.where())
    return step


def store_shared(i, launch):
    size = width_of(i)
    base_of, offset = address_reader(i.operands[0], launch)
    values_of = source_values(i, i.operands[1], size, launch)
    if size < 4:
        raise NotImplementedError(i.where())

    def step(warp, mask):
        base = base_of(warp)
        warp.costs.append(warp.block.costs.of(shared_cost, base, offset, mask, size))
        warp.block.shared.store(base, offset, mask, values_of(warp))
    return step


def load_global(i, launch):
    size, registers = width_of(i), memory_operands(i)
    to = targets(registers[0][0], max(1, size // 4))
    base_of, offset = address_reader(registers[1][0], launch)

    def step(warp, mask):
        base = base_of(warp)
        warp.costs.append(warp.block.costs.of(global_cost, base, offset, mask, size))
        for place, value in zip(to, loaded(launch, base, offset, mask, size)):
            put(warp, place, value, mask)
    return step


def generic(i, launch):
    """LD and ST: an address of shared or of device memory."""
    is_load = i.opcode == "LD"
    (registers, addresses), size = memory_operands(i), width_of(i)
    to = targets(registers[0], max(1, size // 4)) if is_load else []
    values_of = None if is_load else source_values(i, registers[-1], size, launch)
    base_of, offset = address_reader(addresses[0], launch)
    in_window = lifted(lambda address: address - WINDOW)

    def step(warp, mask):
        base, shared = base_of(warp), warp.block.shared
        inside = {of_lane(base, lane) + offset >> 32 == SHARED_WINDOW for lane in lanes_of(mask)}
        if len(inside) > 1:
            raise NotImplementedError(f"lanes in shared and in device memory: {i.where()}")
        is_shared = inside == {True}
        base = in_window(base) if is_shared else base
        warp.costs.append(warp.block.costs.of(shared_cost if is_shared else global_cost, base, offset, mask, size))
        if is_load:
            values = shared.load(base, offset, mask, len(to)) if is_shared else loaded(launch, base, offset, mask, size)
            for place, value in zip(to, values):
                put(warp, place, value, mask)
        elif is_shared:
            shared.store(base, offset, mask, values_of(warp))
    if size < 4:
        raise NotImplementedError(i.where())
    return step


def store_global(i, launch):
    """STG, and RED, whose result nobody sees."""
    size = width_of(i)
    base_of, offset = address_reader(memory_operands(i)[1][0], launch)

    def step(warp, mask):
        warp.costs.append(warp.block.costs.of(global_cost, base_of(warp), offset, mask, size))
    return step


def copy_to_shared(i, launch):
    """LDGSTS: the copied words are floats, and cost what the load and the store cost."""
    size, addresses = width_of(i), memory_operands(i)[1]
    (to, to_offset), (base_of, offset) = address_reader(addresses[0], launch), address_reader(addresses[1], launch)

    def step(warp, mask):
        place, base = to(warp), base_of(warp)
        stored = warp.block.costs.of(shared_cost, place, to_offset, mask, size)
        read = warp.block.costs.of(global_cost, base, offset, mask, size)
        warp.costs.append(Cost(stored.wavefronts, stored.merged, read.sectors))
        warp.block.shared.store(place, to_offset, mask, loaded(launch, base, offset, mask, size))
    return step


def local_load(i, launch):
    to = targets(i.operands[0], max(1, width_of(i) // 4))
    base_of, offset = address_reader(i.operands[1], launch)

    def step(warp, mask):
        warp.costs.append(FREE)
        for k, place in enumerate(to):
            put(warp, place, warp.local_word(base_of(warp), offset + 4 * k), mask)
    return step


def local_store(i, launch):
    base_of, offset = address_reader(i.operands[0], launch)
    values_of = source_values(i, i.operands[1], width_of(i), launch)

    def step(warp, mask):
        warp.costs.append(FREE)
        base = base_of(warp)
        if type(base) is not int:
            raise NotImplementedError(f"lanes with different local addresses: {i.where()}")
        for k, value in enumerate(values_of(warp)):
            address = base + offset + 4 * k
            warp.local[address] = merged(warp.local.get(address, HALF), value, ALL if mask == warp.live else mask)
    return step


def load_constant(i, launch):
    size, found = width_of(i), constant_operand(i.operands[1])
    to = targets(i.operands[0], max(1, size // 4))
    if size < 4:
        if found.index is not None or "S8" in i.modifiers or "S16" in i.modifiers:
            raise NotImplementedError(i.where())
        return fixed_result(to, [launch.constant(found.bank, found.offset, size)])
    if found.index is None:
        values = [launch.constant(found.bank, found.offset + 4 * k, 4) for k in range(len(to))]
        return fixed_result(to, values)

    def step(warp, mask):
        at = warp.registers[found.index]
        lanes = lanes_of(mask) if type(at) is tuple else [0]
        for k, place in enumerate(to):
            words = {lane: launch.constant(found.bank, of_lane(at, lane) + found.offset + 4 * k & ALL, 4) for lane in lanes}
            value = tuple(words.get(lane, 0) for lane in LANE_NUMBERS) if len(set(words.values())) > 1 else words[lanes[0]]
            put(warp, place, value, mask)
    return step


def lane_exchange(i, launch):
    """SHFL: a value of another lane; the predicate says whether there is one."""
    valid, place = predicate_target(i.operands[0]), target(i.operands[1])
    value_of, distance_of, limits_of = (plain(text, launch) for text in i.operands[2:5])
    kind = i.modifiers[0]

    def source(lane, distance, limits):
        segment = limits >> 8 & 31
        first, last = lane & segment, (lane & segment) | (limits & 31 & ~segment)
        other = {"IDX": first | (distance & 31 & ~segment), "BFLY": lane ^ (distance & 31), "UP": lane - (distance & 31),
                 "DOWN": lane + (distance & 31)}[kind]
        return other if (other >= (limits & 31) if kind == "UP" else other <= last) else lane

    def step(warp, mask):
        value, distances, limits = value_of(warp), distance_of(warp), limits_of(warp)
        if type(value) is not int:
            value = tuple(value[source(lane, d, c)] for lane, d, c in zip(LANE_NUMBERS, each(distances), each(limits)))
        if place != NOWHERE:
            put(warp, place, value, mask)
        warp.predicates[valid] = warp.predicates[valid] | mask
    return step


ACCESSES = {
    "LDS": load_shared, "STS": store_shared, "LDG": load_global, "STG": store_global, "LD": generic, "ST": generic,
    "RED": store_global, "REDG": store_global, "LDGSTS": copy_to_shared, "LDL": local_load, "STL": local_store,
}  # what costs something
OTHERS = {"LDC": load_constant, "ULDC": load_constant, "SHFL": lane_exchange}
