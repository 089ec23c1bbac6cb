# SPDX-License-Identifier: Apache-2.0
"""Runs the warps of a block. Lanes that a branch parts go on as groups, which meet again where the machine code says: BSSY names the
lanes that a barrier of convergence waits for, BSYNC waits, BREAK leaves. So a part that both groups execute counts twice, as on a device.
Warps run one after another from one barrier of the block to the next.
"""
from emulation.arithmetic import OPERATIONS
from emulation.lanes import ALL, HALF, LANES, first_lane, lanes_of, mask_where, of_lane
from emulation.memory import ACCESSES, FREE, OTHERS, Costs, SharedMemory
from emulation.operands import (PREDICATES, REGISTERS, TRUE, UNIFORM_TRUE, is_predicate, plain, predicate, predicate_target, register,
                                target)
from emulation.results import put, put_predicate

MOST_INSTRUCTIONS = 30_000_000  # of a warp: more is an endless loop
NOTHING = set("NOP YIELD DEPBAR LDGDEPBAR MEMBAR ERRBAR CCTL NANOSLEEP".split())
AT_BARRIER, SUSPENDED = -1, -2  # instead of the next instruction: the block's barrier; another group goes on


class Warp:
    """The state of 32 threads, and what they have executed: `trace` has the index of every instruction, `costs` those of the accesses."""

    def __init__(self, block, number):
        self.block, self.number = block, number
        self.registers = [0] * REGISTERS
        self.predicates = [0] * PREDICATES
        self.predicates[TRUE] = self.predicates[UNIFORM_TRUE] = ALL
        self.live = self.active = ALL
        self.groups = []  # [(index of the next instruction, lanes)] that are ready
        self.waiting = []  # [(index after the barrier, lanes, lanes waited for)]
        self.convergence = [[0] * LANES for _ in range(16)]  # by barrier and lane: the lanes that it waits for
        self.local, self.trace, self.costs = {}, [], []
        self.vote = 0  # what this warp brings to a barrier that reduces
        self.next = 0

    def local_word(self, base, offset):
        if type(base) is not int:
            raise NotImplementedError("lanes with different local addresses")
        return self.local.get(base + offset, HALF)

    def suspended(self):
        """Goes on with another group; ends the warp if there is none."""
        ready, still = [], []
        for index, lanes, wanted in self.waiting:
            gathered = 0
            for other_index, other_lanes, _ in self.waiting:
                gathered |= other_lanes if other_index == index else 0
            if gathered & wanted & self.live == wanted & self.live:
                ready.append((index, lanes))
            else:
                still.append((index, lanes, wanted))
        self.waiting = still
        for index in {index for index, _ in ready}:
            self.groups.append((index, sum(lanes for other, lanes in ready if other == index)))
        if not self.groups:
            if self.waiting:
                raise ValueError(f"{self.block.code.name}: lanes wait for others that never come")
            return None
        self.next, self.active = self.groups.pop()
        return self.next

    def run(self):
        """Up to the next barrier of the block (True) or to the end (False)."""
        steps, trace, index = self.block.steps, self.trace, self.next
        while True:
            if len(trace) > MOST_INSTRUCTIONS:
                raise ValueError(f"{self.block.code.name}: no end after {MOST_INSTRUCTIONS:,} instructions of a warp")
            trace.append(index)
            after = (steps[index] or self.block.compiled(index))(self)
            if after is None:
                index += 1
            elif after >= 0:
                index = after
            elif after == AT_BARRIER:
                self.next = index + 1
                return True
            elif (index := self.suspended()) is None:
                return False


def guarded(i, execute, access):
    """The step of an instruction: its lanes are the active ones in which its predicate holds."""
    if not i.predicate:
        return lambda warp: execute(warp, warp.active)
    holds = predicate(i.predicate)

    def step(warp):
        mask = holds(warp) & warp.active
        if mask:
            return execute(warp, mask)
        if access:
            warp.costs.append(FREE)
        return None
    return step


def parted(warp, taken, goal, after):
    """A branch that the lanes `taken` take."""
    stay = warp.active & ~taken
    if not stay:
        return goal
    if not taken:
        return None
    warp.groups.append((after, stay))
    warp.active = taken
    return goal


def branch(i, code, launch):
    goal = code.index(label_address(i, code)) if "`(" in i.operands[-1] else None
    conditions = [predicate(text) for text in i.operands if is_predicate(text)]
    after = code.index(i.address) + 1
    if goal is None:
        raise NotImplementedError(i.where())
    if "DIV" in i.modifiers:
        expected = plain(i.operands[0].lstrip("~"), launch)
        inverse = ALL if i.operands[0].startswith("~") else 0

        def if_diverged(warp, _):
            wanted = expected(warp) ^ inverse
            if wanted & warp.live != warp.active:
                raise NotImplementedError(f"a collective instruction of part of a warp: {i.where()}")
        return if_diverged
    if not conditions:
        return lambda warp, mask: parted(warp, mask, goal, after)

    def step(warp, mask):
        for holds in conditions:
            mask &= holds(warp)
        return parted(warp, mask, goal, after)
    return step


def label_address(i, code):
    text = i.operands[-1]
    name = text[text.index("`(") + 2:-1]
    if name not in code.labels:
        raise ValueError(f"{code.name}: no label {name}, to which {i.where()} goes")
    return code.labels[name]


def computed_branch(i, code, _):
    """BRX: to an address of a table, relative to the next instruction. RET: to the address in a register, in the function of the label."""
    if i.opcode == "BRX":
        name, _, offset = i.operands[0].partition(" ")
        base = i.address + 16 + int(offset, 16)
    else:
        name, base = i.operands[0].partition(" ")[0], label_address(i, code)
    place, after = register(name), code.index(i.address) + 1

    def step(warp, mask):
        value = warp.registers[place]
        goals = {value} if type(value) is int else {value[lane] for lane in lanes_of(mask)}
        for goal in sorted(goals)[1:]:
            lanes = mask & mask_where(lambda x, y: x == y, value, goal)
            warp.groups.append((code.index(base + goal & ALL), lanes))
            mask &= ~lanes
            warp.active &= ~lanes
        return parted(warp, mask, code.index(base + min(goals) & ALL), after)
    return step


def call(i, code, _):
    goal, after = code.index(label_address(i, code)), code.index(i.address) + 1
    return lambda warp, mask: parted(warp, mask, goal, after)


def barrier_number(text):
    return int(text[1:])


def converge_at(i, code, _):
    number = barrier_number(i.operands[0])

    def step(warp, mask):
        for lane in lanes_of(mask):
            warp.convergence[number][lane] = mask
    return step


def wait_for_lanes(i, code, launch):
    """BSYNC waits for the lanes of its barrier, WARPSYNC for all, or for those of a mask."""
    after = code.index(i.address) + 1
    if i.opcode == "WARPSYNC":
        if "COLLECTIVE" in i.modifiers:
            return unsupported_collective(i, code, launch)
        of_lanes = plain(i.operands[0], launch) if i.operands else lambda w: ALL
    else:
        number = barrier_number(i.operands[0])
        of_lanes = lambda w: tuple(w.convergence[number])

    def step(warp, mask):
        wanted = of_lane(of_lanes(warp), first_lane(mask)) & warp.live
        if wanted & ~mask == 0:
            return None
        if mask != warp.active:
            warp.groups.append((after, warp.active & ~mask))
        warp.waiting.append((after, mask, wanted))
        return SUSPENDED
    return step


def leave(i, code, _):
    """BREAK: the barrier no longer waits for these lanes."""
    number = barrier_number(i.operands[-1])

    def step(warp, mask):
        for lane in range(LANES):
            warp.convergence[number][lane] &= ~mask
        warp.waiting = [(index, lanes, wanted & ~mask) for index, lanes, wanted in warp.waiting]
    return step


def move_barrier(i, code, _):
    """BMOV: a barrier of convergence saved in a register or restored."""
    to, source = i.operands

    if to.startswith("B"):
        place, number = register(source), barrier_number(to)

        def restore(warp, mask):
            value = warp.registers[place]
            for lane in lanes_of(mask):
                warp.convergence[number][lane] = value if type(value) is int else value[lane]
        return restore
    number, place = barrier_number(source), target(to)
    return lambda warp, mask: put(warp, place, tuple(warp.convergence[number]), mask)


def end(i, code, _):
    after = code.index(i.address) + 1

    def step(warp, mask):
        warp.live &= ~mask
        if warp.active & ~mask:
            warp.groups.append((after, warp.active & ~mask))
        return SUSPENDED
    return step


def block_barrier(i, code, launch):
    if "RED" not in i.modifiers and "SYNC" not in i.modifiers:
        raise NotImplementedError(i.where())
    brought = predicate(i.operands[1]) if "RED" in i.modifiers else None

    def step(warp, mask):
        if mask != warp.live:
            raise ValueError(f"part of a warp is at a barrier of the block: {i.where()}")
        if brought:
            warp.vote = brought(warp) & mask
            warp.block.votes[warp.number] = (warp.vote, mask)
            warp.block.reduction = next(m for m in i.modifiers if m in ("OR", "AND", "POPC"))
        return AT_BARRIER
    return step


def barrier_result(i, code, _):
    place = predicate_target(next(text for text in i.operands if is_predicate(text)))
    return lambda warp, mask: put_predicate(warp, place, warp.block.reduced(), mask)


def vote(i, code, _):
    holds, kind = predicate(i.operands[-1]), i.modifiers[0]
    words = [target(text) for text in i.operands[:-1] if not is_predicate(text)]
    decisions = [predicate_target(text) for text in i.operands[:-1] if is_predicate(text)]

    def step(warp, mask):
        ballot = holds(warp) & mask
        decided = {"ANY": ballot != 0, "ALL": ballot == mask, "EQ": ballot in (0, mask)}[kind]
        for place in words:
            put(warp, place, ballot, mask)
        for place in decisions:
            put_predicate(warp, place, ALL if decided else 0, mask)
    return step


def unsupported_collective(i, code, _):
    def step(warp, mask):
        raise NotImplementedError(f"a collective instruction of part of a warp: {i.where()}")
    return step


CONTROL = {"BRA": branch, "BRX": computed_branch, "RET": computed_branch, "CALL": call, "BSSY": converge_at, "BSYNC": wait_for_lanes,
           "WARPSYNC": wait_for_lanes, "BREAK": leave, "BMOV": move_barrier, "EXIT": end, "BAR": block_barrier, "B2R": barrier_result,
           "VOTE": vote, "VOTEU": vote, "ENDCOLLECTIVE": unsupported_collective}


class Block:
    """One block of a launch. `run` returns its warps."""

    def __init__(self, code, launch):
        self.code, self.launch = code, launch
        self.steps = [None] * (len(code.instructions) + 1)
        self.costs, self.shared = Costs(), SharedMemory()
        self.votes, self.reduction = {}, "OR"
        self.warps = [Warp(self, number) for number in range(launch.block // LANES)]

    def reduced(self):
        ballots = self.votes.values()
        if self.reduction == "POPC":
            raise NotImplementedError("a barrier that counts")
        decided = any(vote for vote, _ in ballots) if self.reduction == "OR" else all(vote == mask for vote, mask in ballots)
        return ALL if decided else 0

    def compiled(self, index):
        """The step of an instruction, made when it is executed for the first time."""
        if index >= len(self.code.instructions):
            raise ValueError(f"{self.code.name}: execution runs past the end")
        i = self.code.instructions[index]
        if i.opcode in NOTHING:
            execute = lambda warp, mask: None
        elif i.opcode in CONTROL:
            execute = CONTROL[i.opcode](i, self.code, self.launch)
        else:
            make = OPERATIONS.get(i.opcode) or ACCESSES.get(i.opcode) or OTHERS.get(i.opcode)
            if not make:
                raise NotImplementedError(f"{self.code.name}: unknown instruction {i.where()}")
            execute = make(i, self.launch)
        self.steps[index] = guarded(i, execute, i.opcode in ACCESSES)
        return self.steps[index]

    def run(self):
        running = self.warps
        while running:
            at_barrier = [warp.run() for warp in running]
            still = [warp for warp, waits in zip(running, at_barrier) if waits]
            running = still
        return self.warps
