# SPDX-License-Identifier: Apache-2.0
"""With which arguments and memory a kernel starts: what emulation/ must know beside the machine code.

A description is a JSON object that a host program prints, because only the host knows how the kernel's arguments are laid out:

    {"kernel": "fixed_kernel<Sine>",      as the listing names it, without namespaces and parameters (listings.short)
     "shape": "sine_k5",                  a shape of roofline_model.SHAPES
     "block": 32, "grid": 1,              threads of a block; blocks
     "shared": 45952,                     dynamic shared memory of a block, bytes
     "teams": 2,                          tasks that a block works on at the same time
     "workspace": 35200,                  device memory that a team writes and reads again in every task, bytes
     "memory": [                          every range of device memory that the kernel reads
       {"name": "support_x", "at": "0x100000000", "bytes": 1600, "holds": "floats"},
       {"name": "status",    "at": "0x100001000", "bytes": 40,   "holds": "zeros"},
       {"name": "widths",    "at": "0x100002000", "bytes": 16,   "holds": {"bytes": "01000000280000002800000001000000"}},
       {"name": "row_starts","at": "0x100003000", "bytes": 88,   "holds": {"first": 0, "step": 10, "size": 8}}],
     "runs": [{"tasks": 2, "parameters": "0000000001..."},   the bytes of all parameters as they lie in memory, in hexadecimal
              {"tasks": 4, "parameters": "0000000001..."}]}  two runs that differ in the number of tasks alone

Addresses are invented: nothing is stored there. `holds` says what a load gives: "floats" (every float is 0.5), "zeros", the bytes
themselves, or integers of `size` bytes (4 or 8) that begin at `first` and grow by `step`. A kernel that takes one struct as
`const __grid_constant__` has that struct's bytes as its parameters. tests/cuda/launch_description.hpp prints all this.
The cost of a task is the second run less the first, over the difference of their tasks.
"""
import bisect
import json
from typing import NamedTuple

from emulation.lanes import HALF

PARAMETERS = 0x210  # where the parameters begin in bank 0 of sm_90
STACK = 0x28  # bank 0: where a thread's local memory ends


class Region(NamedTuple):
    name: str
    at: int
    size: int
    kind: str  # floats, zeros, bytes or integers
    data: bytes
    first: int
    step: int
    width: int

    def word(self, address):
        offset = address - self.at
        if self.kind == "floats":
            return HALF
        if self.kind == "zeros":
            return 0
        if self.kind == "bytes":
            return int.from_bytes(self.data[offset:offset + 4], "little")
        number = (self.first + offset // self.width * self.step) % (1 << 8 * self.width)
        return number >> 8 * (offset % self.width) & 0xFFFFFFFF


def region_of(entry):
    holds, size = entry["holds"], entry["bytes"]
    data = bytes.fromhex(holds["bytes"]) if isinstance(holds, dict) and "bytes" in holds else b""
    integers = isinstance(holds, dict) and "step" in holds
    kind = "integers" if integers else "bytes" if data or isinstance(holds, dict) else holds
    if kind not in ("floats", "zeros", "bytes", "integers"):
        raise ValueError(f"memory {entry['name']}: it holds {holds!r}; known are floats, zeros, bytes and integers")
    if kind == "bytes" and len(data) != size:
        raise ValueError(f"memory {entry['name']}: {len(data)} bytes are given for {size}")
    if integers and holds["size"] not in (4, 8):
        raise ValueError(f"memory {entry['name']}: integers of {holds['size']} bytes; known are 4 and 8")
    return Region(entry["name"], int(entry["at"], 16), size, kind, data, holds["first"] if integers else 0,
                  holds["step"] if integers else 0, holds["size"] if integers else 4)


class Launch:
    """One run of a description: what the machine code of one kernel reads from constants and device memory."""

    def __init__(self, block, grid, parameters, regions, banks):
        self.block, self.grid = block, grid
        self.parameters, self.banks = parameters, banks
        self.regions = sorted(regions, key=lambda region: region.at)
        self.starts = [region.at for region in self.regions]
        for one, next_one in zip(self.regions, self.regions[1:]):
            if one.at + one.size > next_one.at:
                raise ValueError(f"memory {one.name} and {next_one.name} overlap")

    def constant(self, bank, offset, size):
        """An unsigned integer of `size` bytes of a constant bank."""
        if bank == 0:
            known = {0x0: self.block, 0x4: 1, 0x8: 1, 0xC: self.grid, 0x10: 1, 0x14: 1, STACK: 1 << 16}
            if offset < PARAMETERS:
                return known.get(offset, 0)
            data, offset = self.parameters, offset - PARAMETERS
        elif bank in self.banks:
            data = self.banks[bank]
        else:
            raise ValueError(f"the kernel reads bank {bank} of constants, which the listing does not have")
        if not 0 <= offset <= len(data) - size:
            raise ValueError(f"the kernel reads {size} bytes at {offset:#x} of bank {bank}, which has {len(data)} bytes"
                             + (" of parameters" if bank == 0 else ""))
        return int.from_bytes(data[offset:offset + size], "little")

    def region(self, address, size):
        at = bisect.bisect_right(self.starts, address) - 1
        if at < 0 or address + size > self.regions[at].at + self.regions[at].size:
            raise ValueError(f"the kernel loads {size} bytes from {address:#x}, which no memory of the description has")
        return self.regions[at]


class Description(NamedTuple):
    kernel: str
    shape: str
    teams: int
    shared: int
    workspace: int
    tasks: tuple
    runs: tuple  # functions of the code's banks: Launch

    @property
    def more_tasks(self):
        return self.tasks[1] - self.tasks[0]


def read(text):
    try:
        tree = json.loads(text)
        regions = [region_of(entry) for entry in tree["memory"]]
        runs = [(run["tasks"], bytes.fromhex(run["parameters"])) for run in tree["runs"]]
        block, grid, shared = tree["block"], tree["grid"], tree["shared"]
        about = tree["kernel"], tree["shape"], tree["teams"], shared, tree["workspace"]
    except KeyError as missing:
        raise ValueError(f"the description of the launch has no {missing}") from None
    if len(runs) != 2 or runs[0][0] >= runs[1][0]:
        raise ValueError("a description has two runs, the second with more tasks")
    if block % 32 or block < 32:
        raise ValueError(f"a block of {block} threads is not made of warps")

    def launch(parameters):
        return lambda banks: Launch(block, grid, parameters, regions, banks)

    return Description(*about, tuple(tasks for tasks, _ in runs), tuple(launch(parameters) for _, parameters in runs))
