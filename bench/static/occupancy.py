# SPDX-License-Identifier: Apache-2.0
"""How many blocks an H100's multiprocessor holds (CUDA C++ Programming Guide, technical specifications of compute capability 9.0, and the
allocation granularities of the toolkit's occupancy calculator)."""

REGISTERS, REGISTER_UNIT, MOST_WARPS, MOST_BLOCKS = 65536, 256, 64, 32
SHARED, RESERVED, SHARED_UNIT, MOST_SHARED = 228 << 10, 1 << 10, 128, 227 << 10  # bytes; RESERVED: of every block, beside its own


def rounded_up(number, unit):
    return -(-number // unit) * unit


def blocks(threads, registers, shared):
    """(blocks on a multiprocessor, what limits them); `shared`: bytes of a block, static and dynamic."""
    if shared > MOST_SHARED:
        return 0, "shared"
    warps = -(-threads // 32)
    per_warp = rounded_up(32 * registers, REGISTER_UNIT)
    limits = {"registers": REGISTERS // 4 // per_warp * 4 // warps,  # each scheduler has a quarter
              "shared": SHARED // (rounded_up(shared, SHARED_UNIT) + RESERVED), "warps": MOST_WARPS // warps, "blocks": MOST_BLOCKS}
    least = min(limits.values())
    return least, "+".join(name for name, limit in limits.items() if limit == least)
