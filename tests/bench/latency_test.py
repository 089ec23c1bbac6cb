#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Cycles that bench/static simulates for executed machine code, against cycles counted by hand; the counted share and the occupancy.

usage: latency_test.py SOURCE ISSUE_SIMULATION
"""
import json
import pathlib
import subprocess
import sys
import tempfile

source = pathlib.Path(sys.argv[1]).resolve()
simulator = sys.argv[2]
sys.dont_write_bytecode = True
sys.path[:0] = [str(source / "bench/static"), str(source / "tests/bench")]

import counted_share  # noqa: E402  (after the path)
import executed  # noqa: E402
import issue_model  # noqa: E402
import latency  # noqa: E402
import listings  # noqa: E402
import occupancy  # noqa: E402
from hand_written_code import description, description_text, follow, listing, tasks_loop  # noqa: E402

LOOP = 2 + 1 + 3  # cycles of the three instructions around the body: two of the integer pipe, and a branch, which takes 2 more


def close(got, wanted, what, tolerance=0.02):
    assert abs(got - wanted) <= tolerance * wanted, f"{what}: {got}, wanted {wanted}"


def simulated(body, blocks=1, fetch=None, rounds=20, merged=True, **launch):
    """The result of the simulation, cycles and misses per task."""
    one = follow(body, **launch)
    result = issue_model.simulate(simulator, issue_model.program(one, merged), blocks, fetch, rounds)
    return {**result, "cycles": result["cycles"] / one.tasks, "misses": result["misses"] / one.tasks}


def cycles(body, **options):
    return simulated(body, **options)["cycles"]


def stalls_and_scoreboards():
    close(cycles("FFMA R1, R1, R1, R1 # stall=4\n" * 8), 32 + LOOP, "a chain")
    close(cycles("FFMA R1, R1, R1, R1\n" * 8), 8 + LOOP, "independent instructions")
    close(cycles("IMAD R1, R1, R1, R1\n" * 8), 15 + LOOP, "IMAD every second cycle")
    close(cycles("MUFU.RSQ R1, R1\n" * 4), 4 * 8, "MUFU every eighth cycle")
    # Issued at 0, the wavefront begins at 4 and is over at 5; the value is there 22 cycles later.
    close(cycles("LDS R1, [R2] # write=0\nFADD R1, R1, R1 # wait=1"), 27 + 1 + LOOP, "a load of shared memory")
    close(cycles("LDS R1, [R2] # write=0\nFADD R1, R1, R1"), 2 + LOOP, "nobody waits")
    close(cycles("LDL R1, [R2] # write=1\nFADD R1, R1, R1 # wait=2"), 33 + 1 + LOOP, "a load of local memory")
    x = {"name": "x", "at": "0x0", "bytes": 4096, "holds": "floats"}
    load = "MOV R2, RZ\nMOV R3, RZ\nLDG.E R1, desc[UR4][R2.64] # write=0\nFADD R1, R1, R1 # wait=1"
    close(cycles(load, memory=[x]), 3 + 350 + 1 + LOOP, "a load of device memory")
    copy = "MOV R2, RZ\nMOV R3, RZ\nLDGSTS.E [R2], desc[UR4][R2.64]\nDEPBAR.LE SB0, 0x0"
    close(cycles(copy, memory=[x]), 3 + 350 + 1 + LOOP, "a copy that is waited for")


def sharing():
    chain = "FFMA R1, R1, R1, R1 # stall=4\n" * 40
    close(cycles(chain, blocks=4) * 4, 160 + LOOP, "four warps, four schedulers")
    close(cycles(chain, blocks=16) * 16, 4 * 43, "four warps of a scheduler fill the gaps of each other")
    close(cycles("FFMA R1, R1, R1, R1\n" * 40, blocks=8) * 8, 2 * 43, "a scheduler issues one instruction per cycle")
    # 32 wavefronts each; one pipe for all schedulers.
    conflict = "S2R R1, SR_LANEID\nIMAD R2, R1, 0x80, RZ # stall=4\n" + "LDS R3, [R2]\n" * 10
    close(cycles(conflict, blocks=4), 320, "the pipe of shared memory", 0.03)
    wide = "S2R R1, SR_LANEID\nLOP3.LUT R1, R1, 0x1e, RZ, 0xc0, !PT\nIMAD R2, R1, 0x8, RZ # stall=4\n" + "LDS.128 R4, [R2]\n" * 40
    close(cycles(wide, blocks=8), 80, "equal neighbours merged", 0.05)
    close(cycles(wide, blocks=8, merged=False), 160, "quarters of a warp", 0.05)
    # Warp 1 has 100 cycles more before the barrier; warp 0 waits for it.
    uneven = """S2R R1, SR_TID.X
        ISETP.GE.AND P0, PT, R1, 0x20, PT
        @!P0 BRA `(.L_x_1)
        """ + "FFMA R2, R2, R2, R2 # stall=10\n" * 10 + ".L_x_1:\nBAR.SYNC.DEFER_BLOCKING 0x0"
    close(cycles(uneven, block=64), 2 + 3 + 100 + 20 + LOOP, "a barrier")


def instruction_caches():
    straight = "FFMA R1, R1, R1, R1\n" * (8 * 16 - 4)  # with the loop and what is around it 16 lines of 8 instructions and one
    plain = cycles(straight)
    fits = {"cache_lines": 32, "miss": 50}
    close(cycles(straight, fetch=fits), plain, "code that fits")
    thrash = simulated(straight, fetch={"cache_lines": 8, "miss": 50})
    lines = thrash["misses"]
    assert 16 <= lines <= 17, lines
    close(thrash["cycles"], plain + lines * 50, "a cyclic walk through more lines than fit misses each")
    # While the 8 instructions of a line execute, the next line is on its way: 50 - 8 cycles are left. The walk wraps around once.
    ahead = simulated(straight, fetch={"cache_lines": 8, "miss": 50, "prefetch": 1})
    assert plain + lines * 20 < ahead["cycles"] < plain + lines * 46, ahead
    far = cycles(straight, fetch={"cache_lines": 8, "miss": 50, "shared_lines": 12, "far_miss": 200})
    close(far, plain + lines * 200, "beyond the shared cache")
    close(cycles(straight, fetch={"cache_lines": 8, "miss": 50, "shared_lines": 32, "far_miss": 200}), plain + lines * 50, "in the shared cache")
    narrow = {"cache_lines": 8, "miss": 10, "port": 40}
    close(cycles(straight, blocks=4, fetch=narrow), lines * 40, "four schedulers, one port", 0.05)
    assert 0.2 < thrash["idle"]["fetch"] < 0.25, thrash  # one scheduler of four has a warp


def refusals():
    for given, words in ((["blocks=0"], "at least 1"), (["speed=3"], "unknown setting"), (["miss=-1"], "negative")):
        done = subprocess.run([simulator, *given], input="", capture_output=True, text=True)
        assert done.returncode == 1 and words in done.stderr, done
    done = subprocess.run([simulator], input="1\nF 1 7 7 0 0\n1\n2\n0 5\n", capture_output=True, text=True)
    assert done.returncode == 1 and "no program" in done.stderr, done


def waves():
    assert latency.time_of_waves(lambda blocks: 100 if blocks == 4 else 300, [4, 1]) == (4 * 100 + 300) / 5


def shares():
    code = executed.code_of(listing(tasks_loop("FFMA R1, R1, R1, R1\n" * 29)), "hand")
    compiled = {"registers": 40, "spill_stores": 8, "spill_loads": 4, "shared": 0}
    found = counted_share.figures_of(code, description(), compiled, simulator)
    # 32 instructions and 29 multiply-adds a task. The DRAM term is that of the shape: 193 bytes at 3.35 TB/s for 132 multiprocessors.
    assert found["instructions"] == 32 and found["spill_bytes"] == 12 and found["limited_by"] == "blocks", found
    assert found["terms"]["issue"] == 8 and found["terms"]["fp32"] == 7 and found["tasks_per_multiprocessor"] == 32, found
    dram = 193 / 3.35e12 * 132 * 67e12 / (132 * 128 * 2)
    assert found["limit"] == "DRAM" and found["terms"]["DRAM"] == round(dram), (found, dram)
    close(found["counted_share"], 1_592_000 / 256 / dram, "share", 0.001)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        (folder / "k.sass").write_text(listing(tasks_loop("FFMA R1, R1, R1, R1\n" * 29)))
        (folder / "k.json").write_text(description_text())
        command = [sys.executable, source / "bench/static/counted_share.py", folder / "k.sass", folder / "k.json", "--simulator", simulator]
        done = subprocess.run([*command, "--registers", "40", "--spills", "12"], capture_output=True, text=True, check=True)
        assert json.loads(done.stdout) == found, done.stdout
        done = subprocess.run([*command, "--registers", "40", "--static-shared", "300000"], capture_output=True, text=True)
        assert done.returncode == 1 and "no multiprocessor holds a block" in done.stderr, done
    terms = {"issue": 100.0, "shared": 80.0, "shared in quarters": 160.0}
    assert counted_share.share_by(terms, "shared in quarters", 50) == (0.5, "issue")
    assert counted_share.share_by(terms, "shared", 50) == (0.3125, "shared in quarters")
    # What all multiprocessors keep in L2 comes from there: 132 x 4 x 90 kB fit in 50 MB, 100 kB do not.
    figures = {"classes": {}, "instructions": 0, "merged_wavefronts": 0, "wavefronts": 0, "sectors": 0}
    small, large = (counted_share.terms_of(figures, counted_share.shape_of("sine_k5"), 4, size)["DRAM"] for size in (90_000, 100_000))
    close(large - small, 200_000 / 193 * dram, "a workspace larger than L2", 0.001)
    try:
        counted_share.shape_of("nothing")
        raise AssertionError("a shape without a name")
    except ValueError as error:
        assert "sine_k5" in str(error)


def occupancies():
    """The toolkit's calculator has the last word; its answers stand in evidence.json."""
    versions = json.loads((source / "bench/static/evidence.json").read_text())["nvcc"]
    compared = 0
    for figures in versions.values():
        kernel = figures["kernels"]["sm_90"]["task_kernel"]
        for plan in figures["plans"]["sm_90"].values():
            if plan["regime"] != "layer by layer":
                shared = plan["shared"] + kernel["shared"]
                found = occupancy.blocks(plan["threads"], kernel["registers"], shared)
                assert found[0] == plan["blocks"], (plan, found)
                assert set(found[1].split("+")) == set(plan["limited_by"].split("+")), (plan, found)
                compared += 1
    assert compared >= 10, compared
    assert occupancy.blocks(32, 40, 227 * 1024 + 1)[0] == 0
    assert occupancy.blocks(32, 40, 45_952) == (4, "shared")  # five need 1,408 bytes more, because each takes another 1,024
    assert occupancy.blocks(32, 216, 0) == (8, "registers")  # each scheduler has registers for two such warps, not for nine in four
    assert listings.sass_class("LDGSTS.E") == "global"


for part in (stalls_and_scoreboards, sharing, instruction_caches, refusals, waves, shares, occupancies):
    part()
    print(f"{part.__name__}: as counted by hand")
