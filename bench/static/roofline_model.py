# SPDX-License-Identifier: Apache-2.0
"""The model behind docs/gpu-performance.md: the time of a task on a multiprocessor is that of the longest of five queues, as if latency
were always hidden. Model, not measured.

The counts of a device runner (instructions of PTX by class, wavefronts of shared memory, sectors of global memory) are used unchanged. The
machine code of PTX is estimated: arithmetic, memory accesses and barriers are one to one; the rest (addresses, comparisons, moves,
branches) shrinks by a ratio. The ratio comes from the two listings, in which each instruction has the weight 8 to the power of its depth
in loops, because listings have no counts.
"""
import collections
import re

import listings

Gpu = collections.namedtuple("Gpu", "name machine multiprocessors lanes peak l2 l2_bytes dram")
# NVIDIA's data sheets, fp32 outside tensor cores. NVIDIA does not state the bandwidth of L2 (bytes/s); these are measurements of others.
GPUS = (Gpu("H100", "sm_90", 132, 128, 67e12, 5.5e12, 50e6, 3.35e12),
        Gpu("A100", "sm_80", 108, 64, 19.5e12, 4.0e12, 40e6, 1.555e12))

# The shapes of the benchmark (bench/shapes.cpp); `first`: tasks of the short run.
Shape = collections.namedtuple("Shape", "name inputs hidden outputs rows steps first")
SHAPES = (Shape("sine_k1", 1, 40, 1, 10, 1, 64), Shape("sine_k5", 1, 40, 1, 10, 5, 64),
          Shape("market", 16, 32, 2, 32, 3, 32), Shape("credit", 32, 64, 1, 64, 5, 8),
          Shape("large", 64, 128, 1, 128, 5, 2))

# Classes of a profile whose instructions are one to one in machine code.
ANCHORS = ("ffma", "fadd", "fmul", "sfu", "f64", "ld_global", "st_global", "ld_shared", "st_shared", "ld_local", "st_local",
           "atom_global", "atom_shared", "barrier", "shuffle", "vote_sync", "mma", "cp_async")
DIVISION = 8  # instructions of the common path of a division or root in machine code
PTX_ANCHOR = re.compile(r"^((fma|add|sub|mul|div|rcp|sqrt)\..*f(32|64)|ld\.(?!param|const)|st\.(?!param)|bar|barrier"
                        r"|atom|red|shfl|vote|cp\.async)")
SASS_ANCHOR = {"ffma", "fadd_fmul", "fp64", "special", "shared", "generic", "global", "local", "atomic", "warp"}


def flops(s):
    """Operations of an exact second-order task (reference: K n (G + H) + n G); a multiply-add counts as 2."""
    first = s.inputs * s.hidden
    forward = 2 * (first + s.hidden * s.hidden + s.hidden * s.outputs)
    gradient, curvature = 3 * forward - 2 * first, 6 * forward - 8 * first
    return s.rows * (s.steps * (gradient + curvature) + gradient)


def least_dram_bytes(s):
    """The rows of support and query once, offsets, status and losses."""
    return 2 * s.rows * (s.inputs + s.outputs) * 4 + 2 * 8 + 4 + 13


def dram_bytes(gpu, shape, plan):
    """The bytes that a task moves past L2. If the workspaces of all resident teams are larger than L2, nothing of them survives there:
    every float is written once and read once. For layer by layer this is only the data itself, a lower bound."""
    resident = plan["blocks"] * plan["workspace"] * gpu.multiprocessors
    warps_of_team = 1 if plan["regime"].startswith("warp") else plan["threads"] // 32
    teams = plan["threads"] // 32 // warps_of_team
    return least_dram_bytes(shape) + (2 * plan["workspace"] // teams if resident > gpu.l2_bytes else 0)


def least_wavefronts(s):
    """Wavefronts of products in tiles of 4 x 4 outputs per lane, lanes 4 x 8: per step 16 multiply-adds per lane and 48 words per warp."""
    return flops(s) / 2 / 32 / 16 * 48 / 32


def depths(code, labels):
    """The number of loops around every instruction: a branch back to a label ends a loop, and branches to the same label are one loop."""
    ends = {}
    for at, i in enumerate(code):
        if i.opcode.startswith("bra") or i.opcode.startswith("BRA"):
            target = re.search(r"(\$L\w+|\.L_x_\d+)\)?$", i.text.strip())
            if target and labels.get(target.group(1), at + 1) <= at:
                ends[labels[target.group(1)]] = at
    change = [0] * (len(code) + 1)
    for begin, end in ends.items():
        change[begin] += 1
        change[end + 1] -= 1
    depth, result = 0, []
    for at in range(len(code)):
        depth += change[at]
        result.append(depth)
    return result


def overhead(code, labels, is_anchor, base):
    """The number of other instructions per anchor."""
    anchors = rest = 0.0
    for i, depth in zip(code, depths(code, labels)):
        if i.expansion:
            continue
        weight = base ** min(depth, 6)
        if is_anchor(i):
            anchors += weight
        else:
            rest += weight
    return rest / anchors


def shrinkage(ptx, sass, base=8.0):
    """The factor by which the rest of PTX shrinks in machine code."""
    def in_sass(i):
        return listings.sass_class(i.opcode) in SASS_ANCHOR or i.opcode.startswith("BAR")
    return (overhead(*sass, in_sass, base) / overhead(*ptx, lambda i: bool(PTX_ANCHOR.match(i.opcode)), base))


Counts = collections.namedtuple("Counts", "classes wavefronts ideal sectors lanes")
NOTHING = {"classes": {}, "shared_wavefronts": 0, "shared_wavefronts_ideal": 0, "global_sectors": 0,
           "average_active_lanes": 32.0, "warp_instructions": 0}


def main_kernel(run):
    """The name of the kernel that executes the most instructions."""
    return max(run, key=lambda name: run[name]["warp_instructions"])


def is_steady(runs):
    """Whether two profiles {tasks: {kernel: counts}} separate the cost of a block from that of a task."""
    tasks = sorted(runs)
    blocks, more = (runs[t][main_kernel(runs[t])]["blocks"] for t in (tasks[0], tasks[-1]))
    return len(tasks) > 1 and blocks * tasks[-1] - more * tasks[0] > 0.1 * blocks * tasks[-1]


def steady(runs):
    """{kernel: Counts} of one more task: count = blocks of the main kernel x set-up + tasks x cost. From one profile alone, or if the
    launches grow with the tasks, the set-up is included."""
    tasks = sorted(runs)
    short, long = runs[tasks[0]], runs[tasks[-1]]
    blocks, more = (run[main_kernel(run)]["blocks"] for run in (short, long))
    result = {}
    for name, two in long.items():
        one = short.get(name, NOTHING)

        def cost(of):
            if not is_steady(runs):
                return of(two) / tasks[-1]
            return max(0.0, (blocks * of(two) - more * of(one)) / (blocks * tasks[-1] - more * tasks[0]))

        result[name] = Counts({c: cost(lambda k, c=c: k["classes"].get(c, {"warp": 0})["warp"]) for c in two["classes"]},
                              cost(lambda k: k["shared_wavefronts"]), cost(lambda k: k["shared_wavefronts_ideal"]),
                              cost(lambda k: k["global_sectors"]),
                              two["average_active_lanes"])
    return result


Prediction = collections.namedtuple("Prediction", "terms issue_low issue_high time limit share tasks_per_second")


def predict(gpu, shape, kernels, ratios, plan):
    """Cycles of a multiprocessor per task. Kernels run one after another, so their times add up; each is the longest of its terms."""
    cycle = gpu.multiprocessors * gpu.lanes * 2 / gpu.peak  # seconds
    sums, low, high, time, longest, limit = collections.Counter(), 0.0, 0.0, 0.0, 0.0, ""
    main = max(kernels, key=lambda name: sum(kernels[name].classes.values()))
    for name, counts in kernels.items():
        classes = counts.classes
        anchors = sum(classes.get(c, 0.0) for c in ANCHORS) + (DIVISION - 1) * classes.get("sfu", 0.0)
        rest = sum(n for c, n in classes.items() if c not in ANCHORS)
        terms = {"fp32": sum(classes.get(c, 0.0) for c in ("ffma", "fadd", "fmul")) * 32 / gpu.lanes,
                 "issue": (anchors + rest * ratios.get(name, 1.0)) / 4,
                 "shared": counts.wavefronts,
                 "L2": counts.sectors * 32 / gpu.l2 * gpu.multiprocessors / cycle,
                 "DRAM": dram_bytes(gpu, shape, plan) / gpu.dram * gpu.multiprocessors / cycle if name == main else 0.0}
        sums.update(terms)
        low, high, time = low + anchors / 4, high + (anchors + rest) / 4, time + max(terms.values())
        if max(terms.values()) > longest:
            longest, limit = max(terms.values()), max(terms, key=terms.get)
    share = flops(shape) / (2 * gpu.lanes) / time
    return Prediction(sums, low, high, time, limit, share, gpu.multiprocessors / (time * cycle))
