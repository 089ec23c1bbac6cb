# SPDX-License-Identifier: Apache-2.0
"""What the simulation of issue (issue/) assumes of an H100, and the way to it. Model, not measured.

Exact are the instructions, their order, their stall counts and scoreboards, and the wavefronts of every access of shared memory. Assumed
are the latencies and rates below and in issue/, that device memory always takes the time of L2, that no two registers are in one bank, and
that warps which share nothing begin anywhere in their rounds. None of these was fitted. Simulated over measured time for the task kernel,
which an H200 ran (docs/gpu-performance.md): sine_k1 1.10, sine_k5 1.06, market 0.90, credit 0.91.

The instruction caches are fitted, because NVIDIA documents none. An H200 ran an early version of kernels whose shape the compiler knows;
their rounds go through 124 to 133 KB of code. Endless caches give 0.32 (sine, K = 1), 0.47 (K = 5), 0.68 (market) and 0.76 (credit) of the
measured time, the values of FETCH 1.06, 0.94, 1.08 and 1.04. This takes the grid to have had the five blocks per multiprocessor that the
program launches unless told otherwise; of the sine kernel's blocks four fit at the same time, so that the fifth ran alone.

The four rates do not determine the caches. Firm is the size of the shared one: the error is 20 % for 512 lines, 11 % for 640, 6 % for 768,
8 % for 896 and 45 % for 1,024. 128 or 256 lines of a scheduler make no difference, and 15 cycles to the shared cache, 80 beyond it and no
prefetch fit as well as FETCH. For the task kernel, which the fit has not seen, the caches make the simulation worse: 1.48, 1.44, 1.05 and
1.01 times the measured time. So a round of more than about 80 KB of code is a warning, and the figure with caches is a lower bound.
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
    "A": "IADD3 VIADD IADD LOP3 SHF LEA ISETP FSETP FSET FMNMX FSEL SEL PRMT IABS VIMNMX VIMNMX3 VIADDMNMX PLOP3 MOV P2R R2P VOTE "
         "CS2R FCHK",
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
    """The input of the simulation: the code, and the rounds of the block's warps. `merged`: wavefronts by the rule that merges equal
    neighbours."""
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
    command = [str(simulator), *(f"{name}={value}" for name, value in settings.items())]
    done = subprocess.run(command, input=text, capture_output=True, text=True)
    if done.returncode != 0:
        raise ValueError(done.stderr.strip())
    return json.loads(done.stdout)


def round_code(executed):
    """Bytes of the lines of code that a round goes through."""
    return LINE * len({executed.code.instructions[index].address // LINE for one in executed.rounds for index in one.trace})
