# SPDX-License-Identifier: Apache-2.0
"""Machine code for tests: writes what nvdisasm prints, from lines like "LDS R1, [R2] # stall=2 write=0 wait=3"."""
import json
import re

import executed
from emulation import launch_description, machine_code

FREE = 7  # no scoreboard


def words_of(text, address):
    """A line's text and words. Only the control fields are encoded, and the immediate of HFMA2 in imm=."""
    text, _, fields = text.partition("#")
    given = {name: int(value, 0) for name, value in re.findall(r"(\w+)=(\w+)", fields)}
    unknown = given.keys() - {"stall", "write", "read", "wait", "imm"}
    assert not unknown, unknown
    bits = (given.get("stall", 1) | given.get("write", FREE) << 5 | given.get("read", FREE) << 8 | given.get("wait", 0) << 11)
    return (f"        /*{address:04x}*/                   {text.strip()} ;  /* 0x{given.get('imm', 0) << 32:016x} */\n"
            f"                                             /* 0x{bits << 41:016x} */\n")


def listing(source, name="hand", data=b""):
    text, address = f'\t.section\t.text.{name},"ax",@progbits\n{name}:\n', 0
    for line in filter(None, (line.strip() for line in source.split("\n"))):
        if line.endswith(":"):
            text += line + "\n"
        elif line.startswith("@line "):
            text += f'\t//## File "/a/{line[6:].split(":")[0]}", line {line.split(":")[1]}\n'
        else:
            text += words_of(line, address)
            address += machine_code.BYTES
    if data:
        text += (f'\t.section\t.nv.constant2.{name},"a",@progbits\n\t.sectionflags\t@""\n        /*0000*/ \t.byte\t'
                 + ", ".join(f"{byte:#04x}" for byte in data) + "\n")
    return text


def tasks_loop(body):
    """A kernel that does the body once per task: four instructions before and after, of which three belong to each task."""
    return f"""
        LDC R0, c[0x0][0x210]
      .L_x_0:
        {body}
        VIADD R0, R0, 0xffffffff
        ISETP.NE.AND P6, PT, R0, RZ, PT
        @P6 BRA `(.L_x_0)
        EXIT
    """


OF_LOOP = 3


def description_text(block=32, memory=(), parameters=b"", shape="sine_k5", tasks=(1, 3), **more):
    runs = [{"tasks": count, "parameters": (count.to_bytes(4, "little") + parameters).hex()} for count in tasks]
    return json.dumps({"kernel": "hand", "shape": shape, "block": block, "grid": 1, "shared": 1024, "teams": 1, "workspace": 0,
                       "memory": list(memory), "runs": runs, **more})


def description(**given):
    return launch_description.read(description_text(**given))


def follow(body, data=b"", block=32, **launch):
    """Executed of a kernel that does the body once per task."""
    code = executed.code_of(listing(tasks_loop(body), data=data), "hand")
    return executed.follow(code, description(block=block, **launch))


def instructions(body, **launch):
    """Warp instructions of the body per task, summed over the warps of the block."""
    one = follow(body, **launch)
    return executed.report(one)["instructions"] - OF_LOOP * len(one.rounds)
