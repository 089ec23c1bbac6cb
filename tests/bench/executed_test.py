#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""What bench/static counts of executed machine code, against counts made by hand.

usage: executed_test.py SOURCE
"""
import json
import pathlib
import sys
import tempfile

source = pathlib.Path(sys.argv[1]).resolve()
sys.dont_write_bytecode = True
sys.path[:0] = [str(source / "bench/static"), str(source / "tests/bench")]

import executed  # noqa: E402  (after the path)
import roofline  # noqa: E402
from hand_written_code import follow, instructions, listing, tasks_loop, description  # noqa: E402


def equal(got, wanted, what):
    assert got == wanted, f"{what}: {got}, wanted {wanted}"


def raises(words, call):
    try:
        call()
    except (ValueError, NotImplementedError) as error:
        assert words in str(error), f"{error}: lacks {words}"
        return
    raise AssertionError(f"no error about {words}")


def control_flow():
    equal(instructions("FFMA R1, R2, R3, R1"), 1, "one instruction")
    loop = """MOV R1, 0x5
      .L_x_1:
        FFMA R2, R2, R2, R2
        VIADD R1, R1, 0xffffffff
        ISETP.GT.AND P0, PT, R1, RZ, PT
        @P0 BRA `(.L_x_1)"""
    equal(instructions(loop), 1 + 5 * 4, "loop")
    equal(instructions("ISETP.NE.AND P0, PT, RZ, RZ, PT\n@P0 FADD R1, R1, R1\n@!P0 FADD R1, R1, R1"), 3, "instructions without lanes are issued")
    uniform = """UMOV UR4, 0x3
      .L_x_1:
        UIADD3 UR4, UR4, -0x1, URZ
        UISETP.NE.AND UP0, UPT, UR4, URZ, UPT
        @UP0 BRA `(.L_x_1)"""
    equal(instructions(uniform.replace("-0x1", "0xffffffff")), 1 + 3 * 3, "uniform loop")
    call = """MOV R20, 0x30
        CALL.REL.NOINC `($function)
        BRA `(.L_x_3)
      $function:
        FADD R2, R2, R2
        RET.REL.NODEC R20 `(hand)
      .L_x_3:"""
    # The body begins at 0x10: MOV 0x10, CALL 0x20, BRA 0x30, FADD 0x40, RET 0x50; the return goes to what follows the call.
    equal(instructions(call), 5, "call")


def divergence():
    """Lanes 0 to 9 take one side, the others the other side; they meet again at BSYNC."""
    sides = """S2R R1, SR_TID.X
        ISETP.GE.AND P0, PT, R1, 0xa, PT
        BSSY B0, `(.L_x_2)
        @P0 BRA `(.L_x_1)
        FADD R2, R2, R2
        FADD R2, R2, R2
        BRA `(.L_x_2)
      .L_x_1:
        FADD R3, R3, R3
      .L_x_2:
        BSYNC B0
        FADD R4, R4, R4"""
    # Each group executes BSYNC; what follows is executed once.
    equal(instructions(sides), 4 + 3 + 1 + 2 + 1, "two sides")
    without = sides.replace("BSSY B0, `(.L_x_2)", "NOP").replace("BSYNC B0", "NOP")
    raises("does not repeat itself", lambda: instructions(without))  # the groups stay apart, one does all tasks before the other
    lanes = """S2R R1, SR_TID.X
        BSSY B0, `(.L_x_2)
      .L_x_1:
        VIADD R1, R1, 0xffffffff
        ISETP.GE.AND P0, PT, R1, RZ, PT
        @P0 BRA `(.L_x_1)
      .L_x_2:
        BSYNC B0"""
    # The loop of the lane with the most turns: 32. Lanes that leave earlier wait, and each of their 32 groups executes BSYNC.
    equal(instructions(lanes), 2 + 32 * 3 + 32, "a loop as long as that of the last lane")
    vote = """S2R R1, SR_LANEID
        ISETP.EQ.AND P0, PT, R1, 0x7, PT
        VOTE.ANY R2, PT, P0
        ISETP.EQ.U32.AND P1, PT, R2, 0x80, PT
        VOTE.ALL P2, P1
        @P2 BRA `(.L_x_1)
        FADD R2, R2, R2
      .L_x_1:
        VOTE.ALL P3, P0
        @P3 FADD R2, R2, R2
        @P3 EXIT"""
    equal(instructions(vote), 6 + 3, "votes")


def arithmetic():
    """Each value drives a loop, so that a wrong one changes the count."""
    def turns(code, register="R3"):
        loop = f"""{code}
          .L_x_1:
            VIADD {register}, {register}, 0xffffffff
            ISETP.NE.AND P0, PT, {register}, RZ, PT
            @P0 BRA `(.L_x_1)"""
        lines = len(code.strip().split("\n"))
        return (instructions(loop) - lines) / 3

    equal(turns("MOV R3, 0x7"), 7, "MOV")
    equal(turns("MOV R4, 0x7\nIADD3 R3, -R4, 0x9, RZ"), 2, "subtraction")
    equal(turns("MOV R4, 0xffffffff\nIADD3 R5, P0, R4, 0x2, RZ\nIADD3.X R3, RZ, 0x4, RZ, P0, !PT"), 5, "carry")
    equal(turns("IADD3 R5, P0, RZ, 0x2, -RZ\nIADD3.X R3, RZ, 0x4, RZ, P0, !PT"), 5, "nothing is subtracted without a borrow")
    equal(turns("MOV R4, 0x3\nIMAD R3, R4, R4, 0x1"), 10, "IMAD")
    equal(turns("MOV R4, 0x80000000\nIMAD.WIDE.U32 R6, R4, 0x6, RZ\nMOV R3, R7"), 3, "IMAD.WIDE.U32")
    equal(turns("MOV R4, 0xfffffffe\nIMAD.WIDE R6, R4, 0x6, RZ\nIADD3 R3, -R6, RZ, RZ"), 12, "IMAD.WIDE")
    equal(turns("MOV R4, 0xfffffffe\nIMAD.WIDE R6, R4, 0x6, RZ\nIADD3 R3, -R7, 0x2, RZ"), 3, "the upper word of -12")
    equal(turns("MOV R4, 0x3\nLEA R3, R4, 0x1, 0x2"), 13, "LEA")
    equal(turns("MOV R4, 0xc0000000\nMOV R5, 0x1\nLEA.HI R3, R4, 0x1, R5, 0x2"), 8, "LEA.HI")
    equal(turns("MOV R4, 0xfffffff0\nSHF.R.S32.HI R5, RZ, 0x2, R4\nIADD3 R3, -R5, RZ, RZ"), 4, "SHF")
    equal(turns("MOV R4, 0xc\nLOP3.LUT R3, R4, 0xa, RZ, 0x3c, !PT"), 6, "LOP3")
    equal(turns("MOV R4, 0x1234\nPRMT R3, R4, 0x4441, RZ"), 0x12, "PRMT")
    equal(turns("ISETP.LT.AND P0, PT, RZ, 0x1, PT\nSEL R3, 0x5, 0x6, P0".replace("RZ, 0x1", "RZ, 0x1")), 5, "SEL")
    equal(turns("MOV R4, 0xffffffff\nVIMNMX R3, R4, 0x4, !PT"), 4, "the larger of -1 and 4")
    equal(turns("MOV R4, 0xffffffff\nVIMNMX.U32 R3, R4, 0x4, PT"), 4, "the smaller of 2^32 - 1 and 4")
    equal(turns("HFMA2.MMA R4, -RZ, RZ, 0, 1.1920929e-07 # imm=0x2\nMOV R3, R4"), 2, "HFMA2 moves its bits")
    equal(turns("ISETP.NE.AND P2, PT, RZ, 0x1, PT\nP2R R3, PR, RZ, 0x4"), 4, "P2R")
    # The exact sum: 0.5 has a digit at 2^9, and nothing is left of it for the next.
    digits = """F2F.F64.F32 R4, 0.5
        DADD R6, R4, 768
        DADD R8, R6, -768
        DADD R4, R4, -R8
        DSETP.NEU.AND P0, PT, R4, RZ, PT
        @P0 EXIT
        DSETP.GT.AND P1, PT, |R8|, 0.25, PT
        SEL R3, 0x6, 0x7, P1"""
    equal(turns(digits), 6, "doubles")
    equal(turns("FSET.BF.GT.AND R4, RZ, -0.25, PT\nFSEL R4, R4, 2, PT\nFSETP.EQ.AND P1, PT, R4, 1, PT\nSEL R3, 0x3, 0x4, P1"), 3, "FSET, FSEL")
    equal(turns("FMNMX R4, RZ, -3, PT\nFSETP.EQ.AND P1, PT, -R4, 3, PT\nSEL R3, 0x3, 0x4, P1"), 3, "FMNMX")
    # 100 / 7, as the compiler divides integers.
    division = """MOV R5, 0x7
        MOV R4, 0x64
        I2F.U32.RP R6, R5
        MUFU.RCP R6, R6
        VIADD R6, R6, 0xffffffe
        F2I.FTZ.U32.TRUNC.NTZ R7, R6
        MOV R6, RZ
        IADD3 R8, -R7, RZ, RZ
        IMAD R8, R8, R5, RZ
        IMAD.HI.U32 R7, R7, R8, R6
        IMAD.HI.U32 R3, R7, R4, RZ
        IADD3 R8, -R3, RZ, RZ
        IMAD R4, R5, R8, R4
        ISETP.GE.U32.AND P1, PT, R4, R5, PT
        @P1 VIADD R3, R3, 0x1"""
    equal(turns(division), 14, "100 / 7")
    equal(turns("MOV R8, 0x4\nMOV R9, RZ\nMOV R10, 0x3\nISETP.GE.U32.AND P0, PT, R8, R10, PT\n"
                "ISETP.GE.AND.EX P1, PT, R9, RZ, PT, P0\nSEL R3, 0x2, 0x3, P1"), 2, "comparison of 64 bits")
    halves = """MOV R8, 0x4
        ISETP.EQ.U32.AND P0, PT, R8, 0x5, PT
        ISETP.EQ.AND.EX P1, PT, RZ, RZ, PT, P0
        ISETP.NE.U32.AND P0, PT, R8, 0x5, PT
        ISETP.NE.AND.EX P2, PT, RZ, RZ, PT, P0
        PLOP3.LUT P1, PT, P1, !P2, PT, 0xfc, 0x0
        SEL R3, 0x2, 0x3, P1"""
    equal(turns(halves), 3, "equality of 64 bits whose upper halves are equal")
    table = (0).to_bytes(4, "little") + (0x50).to_bytes(4, "little")
    # BRX at 0x30 goes to 0x40 - 0x40 + 0x50 = 0x50, past the FADD at 0x40.
    jump = "MOV R4, 0x4\nLDC R4, c[0x2][R4]\nBRX R4 -0x40\nFADD R1, R1, R1\nFADD R1, R1, R1"
    equal(instructions(jump, data=table), 4, "jump through a table")


def memory():
    words = {"name": "starts", "at": "0x100000000", "bytes": 40, "holds": {"first": 0, "step": 3, "size": 8}}
    pointer = (1 << 32).to_bytes(8, "little")
    # The parameters begin at 0x210: the number of tasks, and the pointer at 0x214.
    load = """LDC R2, c[0x0][0x214]
        LDC R3, c[0x0][0x218]
        LDG.E R4, desc[UR4][R2.64+0x10]
      .L_x_1:
        VIADD R4, R4, 0xffffffff
        ISETP.NE.AND P0, PT, R4, RZ, PT
        @P0 BRA `(.L_x_1)"""
    equal(instructions(load, memory=[words], parameters=pointer), 3 + 6 * 3, "the third row start is 6")
    raises("which no memory of the description has", lambda: instructions(load.replace("0x10]", "0x28]"), memory=[words], parameters=pointer))
    raises("of parameters", lambda: instructions(load, memory=[words]))
    raises("which the listing does not have", lambda: instructions("LDC R1, c[0x3][0x0]"))
    raises("unknown instruction", lambda: instructions("FROB R1"))
    floats = {"name": "x", "at": "0x100000000", "bytes": 4096, "holds": "floats"}

    def cost(access, lane_bytes, **launch):
        prepare = f"S2R R1, SR_LANEID\nIMAD R2, R1, {lane_bytes:#x}, RZ\nMOV R3, 0x1\n"
        return executed.report(follow(prepare + access, memory=[floats], **launch))

    def wavefronts(access, lane_bytes):
        found = cost(access, lane_bytes)
        return found["wavefronts"], found["merged_wavefronts"]

    equal(wavefronts("LDS R4, [R2]", 4), (1, 1), "neighbouring words")
    equal(wavefronts("LDS R4, [R2]", 8), (2, 2), "every second word")
    equal(wavefronts("LDS R4, [R2+0x80]", 128), (32, 32), "one bank")
    equal(wavefronts("LDS R4, [UR5+0x10]", 4), (1, 1), "one word for all")
    equal(wavefronts("STS.64 [R2], R4", 8), (2, 2), "64 bits, all different")
    equal(wavefronts("LDS.128 R4, [R2]", 16), (4, 4), "128 bits, all different")
    equal(wavefronts("LOP3.LUT R2, R2, 0xfffffff0, RZ, 0xc0, !PT\nLDS.128 R4, [R2]", 8), (4, 2), "lanes n and n^1 equal")
    pairs = """LOP3.LUT R4, R1, 0x1, RZ, 0xc0, !PT
        SHF.R.U32.HI R5, RZ, 0x2, R1
        IMAD R4, R5, 0x2, R4
        IMAD R2, R4, 0x10, RZ
        LDS.128 R4, [R2]"""
    equal(wavefronts(pairs, 0), (4, 2), "lanes n and n^2 equal")
    equal(wavefronts("LOP3.LUT R2, R2, 0xffffffe0, RZ, 0xc0, !PT\nLDS.128 R4, [R2]", 16), (4, 4), "equal neighbours, but conflicts of banks")
    equal(wavefronts("LDS.128 R4, [UR5]", 4), (4, 2), "128 bits, one address")
    equal(cost("LDG.E R4, desc[UR4][R2.64]", 4)["sectors"], 4, "128 bytes in a row")
    equal(cost("LDG.E.128 R4, desc[UR4][R2.64]", 16)["sectors"], 16, "512 bytes in a row")
    equal(cost("STG.E desc[UR4][R2.64+0x10], R4", 4)["sectors"], 5, "128 bytes across sectors")
    equal(cost("REDG.E.ADD.64.STRONG.GPU desc[UR4][R2.64], R4", 32)["sectors"], 32, "a sector for each lane")
    copied = cost("LDGSTS.E.128 [R2], desc[UR4][R2.64]", 16)
    equal((copied["wavefronts"], copied["copy_wavefronts"], copied["sectors"]), (0, 4, 16), "copy")


def blocks():
    """Warp 0 leaves a number in shared memory, which both warps read after the barrier."""
    exchange = """S2R R1, SR_TID.X
        ISETP.NE.AND P0, PT, R1, RZ, PT
        MOV R2, 0x4
        @!P0 STS [RZ], R2
        BAR.SYNC.DEFER_BLOCKING 0x0
        LDS R3, [RZ]
      .L_x_1:
        VIADD R3, R3, 0xffffffff
        ISETP.NE.AND P1, PT, R3, RZ, PT
        @P1 BRA `(.L_x_1)"""
    equal(instructions(exchange, block=64), 2 * (6 + 4 * 3), "shared memory and a barrier")
    reduce = """S2R R1, SR_TID.X
        ISETP.EQ.AND P0, PT, R1, 0x21, PT
        BAR.RED.OR.DEFER_BLOCKING 0x0, P0
        B2R.RESULT RZ, P1
        @P1 BRA `(.L_x_1)
        FADD R1, R1, R1
      .L_x_1:
        NOP"""
    equal(instructions(reduce, block=64), 2 * 6, "a lane of warp 1 decides for both")
    equal(instructions(reduce.replace("0x21", "0x41"), block=64), 2 * 7, "nobody decides")
    spill = "MOV R2, 0x3\nSTL [R1+0x8], R2\nLDL R3, [R1+0x8]\nISETP.EQ.AND P0, PT, R3, 0x3, PT\n@P0 BRA `(.L_x_1)\nNOP\n.L_x_1:"
    equal(instructions(spill), 5, "local memory")


def reports():
    one = follow("@line a.cuh:5\nFFMA R1, R1, R1, R1\nFFMA R1, R1, R1, R1\n@line b.cuh:7\nFADD R1, R1, R1")
    found = executed.report(one)
    equal((found["ffma"], found["classes"]["fadd_fmul"], found["classes"]["integer"], found["classes"]["control"]), (2, 1, 2, 1), "classes")
    equal(executed.by_line(one)[0], (4.0, "b.cuh:7"), "lines")  # the loop has no line of its own
    inlined = executed.by_line(follow("@line a.cuh:5\n@line c.cuh:9\nFFMA R1, R1, R1, R1\n@line a.cuh:6\nFADD R1, R1, R1"), "c")
    equal(inlined, [(4.0, "elsewhere"), (1.0, "c.cuh:9")], "lines of one file")
    equal(found["code_bytes"], 16 * 8, "bytes of code")
    raises("has no kernel other", lambda: executed.code_of(listing(tasks_loop("NOP")), "other"))
    raises("needs -hex", lambda: executed.code_of('\t.section\t.text.hand,"ax",@progbits\n        /*0000*/ EXIT ;\n', "hand"))
    raises("no end after", lambda: follow(".L_x_1:\nBRA `(.L_x_1)"))
    raises("has no 'workspace'", lambda: executed.launch_description.read('{"kernel": "k", "shape": "s", "teams": 1, "block": 32, "grid": 1,'
                                                                         ' "shared": 0, "memory": [], "runs": []}'))
    raises("not made of warps", lambda: description(block=40))
    raises("overlap", lambda: follow("NOP", memory=[{"name": n, "at": "0x100", "bytes": 8, "holds": "zeros"} for n in "ab"]))


def profiles():
    """Profiles by both rules are told apart by their names, and one without the other is refused."""
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)

        def write(file, wavefronts):
            (folder / file).write_text(json.dumps({"kernels": [{"kernel": "k(int)", "shared_wavefronts": wavefronts}]}))
            return folder / file

        files = [write(f"{shape.name}.8{rule}.json", count) for shape in roofline.model.SHAPES for rule, count in (("", 40), (".merged", 20))]
        runs, merged = roofline.read_profiles(files)
        equal([roofline.with_folder("tile.cuh:7", kernel) for kernel in ("task_kernel", "layer_rows_kernel")],
              ["team/tile.cuh:7", "layered/tile.cuh:7"], "files of one name")
        equal([roofline.with_folder(line, "task_kernel") for line in ("lanes.hpp:3", "a/b.hpp:4", "strange.h:5")],
              ["math/lanes.hpp:3", "a/b.hpp:4", "strange.h:5"], "folders of files")
        equal((runs["market"][8]["k"]["shared_wavefronts"], merged["market"][8]["k"]["shared_wavefronts"]), (40, 20), "rules")
        for given, words in ((files[:-1], "both rules of large"), ([write("market.json", 1)], "a profile is named")):
            try:
                roofline.read_profiles(given)
            except SystemExit as error:
                assert words in str(error), error
            else:
                raise AssertionError(f"no error about {words}")


from emulation import warp as emulated_warp  # noqa: E402

emulated_warp.MOST_INSTRUCTIONS = 5000  # endless loops end soon
for part in (control_flow, divergence, arithmetic, memory, blocks, reports, profiles):
    part()
    print(f"{part.__name__}: as counted by hand")
