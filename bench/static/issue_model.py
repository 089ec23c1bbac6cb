# SPDX-License-Identifier: Apache-2.0
"""What the simulation of issue (issue/) assumes of an H100, and the way to it. Model, not measured.

Exact are the instructions, their order, their stall counts and scoreboards, and the wavefronts of every access of shared memory. Assumed are the
latencies and rates below and in issue/, that device memory always takes the time of L2, that no two registers are in one
bank, and that warps which share nothing begin anywhere in their rounds.

The instruction caches are fitted, because NVIDIA documents none. An H200 ran an early version of the fixed kernels, whose rounds go through
124 to 133 KB of code, on grids of five blocks per multiprocessor; of the sine kernel's blocks four fit at the same time. Simulated over measured
time, with the values of FETCH: sine K = 1 1.06, K = 5 0.95, market 1.09, credit 1.05. Without the caches: 0.38, 0.57, 0.64, 0.76. The four
figures determine the caches badly: 15 cycles to the shared cache, 80 beyond it and no prefetch fit nearly as well (0.95, 0.89, 1.08,
1.04), and so do 128 to 256 lines of a scheduler. Firm is that about 768 lines (96 KB) are shared: with 512 or with 1,024 lines nothing
fits. So take the result as a warning about the size of the code that a round goes through, not as a prediction to the per cent.
"""
import json
import subprocess

from emulation.memory import ACCESSES

MACHINE = {"shared_latency": 24, "l2_latency": 350}  # cycles
FETCH = {"cache_lines": 128, "miss": 35, "port": 1, "prefetch": 1, "shared_lines": 768, "far_miss": 200}
LINE = 128  # bytes

# The pipe of an opcode, as issue/program.hpp names them.
PIPES = {
    "F": "FFMA FADD FMUL HFMA2",
    "H": "IMAD",
    "A": "IADD3 VIADD IADD LOP3 SHF LEA ISETP FSETP FSET FMNMX FSEL SEL PRMT IABS VIMNMX VIMNMX3 VIADDMNMX PLOP3 MOV P2R R2P VOTE CS2R FCHK",
    "X": "MUFU F2I I2F F2F POPC FLO",
    "L": "LDS",
    "S": "STS",
    "G": "LDG LD",
    "M": "LDL",
    "T": "STG ST RED REDG STL",
    "C": "LDGSTS",
    "D": "DEPBAR",
    "B": "BAR",
    "J": "BRA",
}
PIPE_OF = {opcode: pipe for pipe, opcodes in PIPES.items() for opcode in opcodes.split()}


def program(executed, merged):
    """The input of the simulation: the code, and the rounds of the block's warps. `merged`: the wavefronts are those of the rule that merges
    equal neighbours."""
    code = executed.code.instructions
    pipes = [PIPE_OF.get(i.opcode, "O") for i in code]
    lines = [str(len(code))]
    for pipe, i in zip(pipes, code):
        c = i.control
        lines.append(f"{pipe} {c.stall} {c.write} {c.read} {c.wait} {i.address}")
    lines.append(str(len(executed.rounds)))
    costly, shared = [i.opcode in ACCESSES for i in code], [pipe in "LS" for pipe in pipes]
    for one in executed.rounds:
        lines.append(str(len(one.trace)))
        costs = iter(one.costs)
        for index in one.trace:
            cost = next(costs) if costly[index] else None
            lines.append(f"{index} {cost.merged if merged else cost.wavefronts}" if shared[index] else str(index))
    return "\n".join(lines) + "\n"


def simulate(simulator, text, blocks, fetch=None, rounds=3):
    """The steady state of `blocks` blocks on a multiprocessor: cycles per round of one block, shares of pipes, idle cycles by reason."""
    settings = {"blocks": blocks, "rounds": rounds, **MACHINE, **(fetch or {})}
    done = subprocess.run([str(simulator), *(f"{name}={value}" for name, value in settings.items())], input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise ValueError(done.stderr.strip())
    return json.loads(done.stdout)


def round_code(executed):
    """Bytes of the lines of code that a round goes through."""
    return LINE * len({executed.code.instructions[index].address // LINE for one in executed.rounds for index in one.trace})
