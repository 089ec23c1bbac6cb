# SPDX-License-Identifier: Apache-2.0
"""Reads what compilers print: machine code as nvdisasm lists it, PTX, and the figures of ptxas."""
import collections
import re
import subprocess

Instruction = collections.namedtuple("Instruction", "opcode text place expansion")
Instruction.__doc__ = """opcode with modifiers; place: "file:line" of the innermost inlined function; expansion: whether it
belongs to a routine of the compiler's own (the rare paths of division and square root)."""

# Classes of machine code, by the opcode before its first dot. HFMA2 moves constants: no kernel computes in half precision.
SASS_CLASSES = {
    "ffma": "FFMA FFMA2",
    "fadd_fmul": "FADD FMUL FADD2 FMUL2",
    "fp32_other": "FSEL FSETP FSET FMNMX FMNMX3 FCHK FSWZADD",
    "fp64": "DADD DMUL DFMA DSETP DMNMX",
    "special": "MUFU",
    "conversion": "I2F F2I F2F I2FP F2FP I2I FRND F2IP",
    "integer": "IMAD IADD3 IADD IADD64 LEA LOP3 LOP SHF SHL SHR ISETP IABS SEL VIADD VIMNMX VIMNMX3 VIADDMNMX IMNMX PRMT "
               "POPC FLO BREV PLOP3 BMSK SGXT",
    "move": "MOV MOV64 HFMA2 CS2R S2R S2UR P2R R2P R2UR",
    "shared": "LDS STS LDSM STSM",
    "generic": "LD ST",
    "global": "LDG STG LDGSTS",
    "constant": "LDC LDCU ULDC",
    "local": "LDL STL",
    "atomic": "ATOM ATOMG ATOMS RED REDG",
    "barrier": "BAR WARPSYNC MEMBAR DEPBAR LDGDEPBAR ERRBAR CCTL",
    "warp": "SHFL VOTE VOTEU MATCH REDUX NANOSLEEP",
    "control": "BRA BRX BSSY BSYNC CALL RET EXIT BREAK BMOV JMP BPT B2R WARPSYNC.ALL KILL YIELD RPCMOV",
    "tensor": "HMMA IMMA DMMA HGMMA QMMA",
}
CLASS_OF = {opcode: name for name, opcodes in SASS_CLASSES.items() for opcode in opcodes.split()}


def sass_class(opcode):
    base = opcode.split(".")[0]
    if base in CLASS_OF:
        return CLASS_OF[base]
    return "uniform" if base.startswith("U") else "other"


def short(name):
    """A demangled kernel without the project's namespaces and without parameters. For kernels of the toolkit: what it sorts."""
    if found := re.match(r"(?:void )?(?:\w+::)*cub::.*?(\w+)<(?:[^<(]*policy_hub<([^>]*)>|void)", name):
        return f"cub::{found.group(1)}<{found.group(2) or ''}>"
    name = re.sub(r"\(anonymous namespace\)::", "", name)
    name = re.sub(r"shoal::kernels::|shoal::", "", name)
    name = re.sub(r"^void ", "", name)
    depth = 0
    for at, character in enumerate(name):
        depth += {"<": 1, ">": -1}.get(character, 0)
        if character == "(" and depth == 0:
            return name[:at]
    return name


def place_of(file, line):
    """The place of an instruction: kernels by their path in kernels/, because several folders have a file of the same name; other files by
    their name."""
    return f"{re.split(r'/kernels/', file)[-1] if '/kernels/' in file else file.rsplit('/', 1)[-1]}:{line}"


def read_sass(text):
    """{kernel: ([Instruction], {label: index of an instruction})}, padding dropped."""
    functions, label = {}, re.compile(r"^(\.L_x_\d+|\$\S.*?|[\w$].*?):\s*$")
    for section in re.split(r"^\t\.section \.text ", text, flags=re.M)[1:]:
        head = re.match(r"(.*),\"ax\"", section.split("\n")[0])
        code, labels, place, innermost, expansion = [], {}, "?", True, False
        for line in section.split("\n")[1:]:
            if found := re.match(r'\s*//## File "([^"]+)", line (\d+)', line):
                if innermost:  # the lines after it say where that function is inlined
                    place = place_of(found.group(1), found.group(2))
                innermost = False
            elif found := re.match(r"\s+/\*[0-9a-f]{4,6}\*/\s+(?:\{ )?(?:@!?U?P\w+\s+)?([A-Z0-9_][A-Z0-9_.]*)(.*?);", line):
                innermost = True
                if found.group(1) != "NOP":
                    code.append(Instruction(found.group(1), found.group(1) + found.group(2).rstrip(), place, expansion))
            elif line.startswith("$__internal"):
                expansion = True
            elif found := label.match(line):
                labels[found.group(1)] = len(code)
                if not found.group(1).startswith(".L_x_"):
                    expansion = False
        functions[short(head.group(1))] = (code, labels)
    return functions


PTX_FUNCTION = re.compile(r"(?:\.visible |\.weak )*\.(?:entry|func)\s+(?:\([^)]*\)\s*)?(.*?)\s*\(?$")


def read_ptx(text):
    """{function: ([Instruction], {label: index})}; functions that belong to a kernel, such as its lambdas, are listed with it, those that it
    calls by themselves."""
    files = {number: name for number, name in re.findall(r'^\s*\.file\s+(\d+)\s+"([^"]+)"', text, re.M)}
    functions, code, labels, place = {}, None, {}, "?"
    for line in text.split("\n"):
        line = line.strip()
        if found := PTX_FUNCTION.match(line):
            code, labels = functions.setdefault(short(found.group(1) or "?"), ([], {}))
        elif found := re.match(r"\.loc\s+(\d+) (\d+)", line):
            place = place_of(files.get(found.group(1), "?"), found.group(2))
        elif found := re.match(r"(\$\w+):", line):
            labels[found.group(1)] = len(code)
        elif code is not None and (found := re.match(r"(?:@!?%p\d+\s+)?([a-z][a-z0-9_]*(?:\.[a-z0-9_:]+)*)\s*(.*);$", line)):
            code.append(Instruction(found.group(1), line.rstrip(";"), place, False))
    return {name: found for name, found in functions.items() if found[0]}


def read_calls(text):
    """{function: the functions that it calls}, of a PTX text."""
    calls, caller, calling = {}, None, False
    for line in map(str.strip, text.split("\n")):
        if calling:
            calls.setdefault(caller, set()).add(short(line.rstrip(",")))
        elif found := PTX_FUNCTION.match(line):
            caller = short(found.group(1))
        calling = re.match(r"(?:@!?%p\d+\s+)?call(?:\.uni)?\s*(?:\(\w+\),)?\s*$", line) is not None
    return calls


def with_called(functions, calls, kernel):
    """Instructions of a kernel and of everything that it calls, of what read_ptx and read_calls return."""
    wanted, found = [kernel], []
    for name in wanted:
        found += functions[name][0]
        wanted += [callee for callee in sorted(calls.get(name, ())) if callee not in wanted]
    return found


def read_figures(log):
    """{kernel: registers, stack, spills, static shared memory, barriers} from ptxas -v."""
    figures, kernel = {}, None
    for line in log.split("\n"):
        if found := re.search(r"Compiling entry function '(.*)' for", line):
            kernel = figures.setdefault(short(found.group(1)), dict(shared=0, spill_stores=0, spill_loads=0, stack=0))
        elif found := re.search(r"(\d+) bytes stack frame, (\d+) bytes spill stores, (\d+) bytes spill loads", line):
            # Adds the figures of the kernel itself and of every function that it calls.
            for name, value in zip(("stack", "spill_stores", "spill_loads"), found.groups()):
                kernel[name] += int(value)
        elif found := re.search(r"Used (\d+) registers", line):
            kernel["registers"] = int(found.group(1))
            for name, pattern in (("barriers", r"used (\d+) barriers"), ("shared", r"(\d+) bytes smem")):
                kernel[name] = int(m.group(1)) if (m := re.search(pattern, line)) else 0
    return figures


def mix_of(code):
    """{class: instructions}, every class that occurs."""
    counts = collections.Counter(sass_class(i.opcode) for i in code)
    return dict(sorted(counts.items()))


def demangled(text):
    """A listing with names as in the source; c++filt reads ".text._Z..." as one word, so it gets a space."""
    text = re.sub(r"^\t\.section\t\.(text|nv\.constant\d)\.", r"\t.section .\1 ", text, flags=re.M)
    return subprocess.run(["c++filt"], input=text, capture_output=True, text=True, check=True).stdout
