# SPDX-License-Identifier: Apache-2.0
"""Checks what the numerical contract (docs/numerics.md, N1) forbids in a kernel, in PTX and in machine code.

The rules are exact for PTX: there, division and square root are one instruction each, rounded to nearest, and no compiler may contract an
addition or multiplication that states its rounding (`add.rn`). In machine code the same division is a sequence around an approximate
reciprocal, with flushes to zero where they make no difference. Such a sequence is allowed in the compiler's own routines, and where the
PTX of the same source line divides or takes a root. The compiler also moves instructions away from their lines, and divides to count the
iterations of a loop; so a sequence is allowed as well if it is recognisable: an integer division converts its divisor with I2F.RP just
before, a float division checks it with FCHK just after.
"""
import collections
import re

Finding = collections.namedtuple("Finding", "rule kernel detail")

APPROXIMATE = re.compile(r"^(ex2|lg2|sin|cos|tanh|rsqrt)\b|\.approx\b|^div\.full\b")
FLOAT = r"\.(f16|f16x2|bf16|bf16x2|f32|f32x2|f64)\b"
FLOAT_ATOMIC = re.compile(r"^(atom|red|redux|multimem)\b.*" + FLOAT)
CONTRACTIBLE = re.compile(r"^(add|sub|mul)(?!.*\.r[nzmpi]\b)" + r".*" + FLOAT + r"|^mad\b.*" + FLOAT)
NOT_NEAREST = re.compile(r"^(add|sub|mul|fma|div|rcp|sqrt)\b.*\.(rz|rm|rp)\b.*" + FLOAT)
WRITTEN_PAIRS = ("fma.rn.f32x2",)  # no compiler makes these of other operations; they come from __ffma2_rn, in a header of the toolkit
EXPANDED = re.compile(r"^(div|rem)\b|^(rcp|sqrt)\.rn\b")  # these become sequences around MUFU
SASS_APPROXIMATE = re.compile(r"^MUFU\.(EX2|LG2|SIN|COS|TANH|SQRT)\b")
SASS_SEED = re.compile(r"^MUFU\.(RCP|RSQ)")
INTEGER_QUOTIENT = "F2I.FTZ.U32.TRUNC.NTZ"  # converts the approximate quotient of an integer division; no source can write this
NEAR = 40  # instructions
SASS_ATOMIC = re.compile(r"^(ATOM|ATOMG|ATOMS|RED|REDG|REDAS)\b.*\.(F16|F16x2|BF16|BF16x2|F32|F64)\b")
REQUIRED_FLAGS = ("-fmad=false", "-ftz=false", "-prec-div=true", "-prec-sqrt=true")
FORBIDDEN_FLAGS = re.compile(r"^-{1,2}(use_fast_math|fmad=true|ftz=true|prec-div=false|prec-sqrt=false)$")


def check_flags(flags, source):
    for flag in REQUIRED_FLAGS:
        if flag not in flags:
            yield Finding("flags", source, f"compiled without {flag}")
    for flag in flags:
        if FORBIDDEN_FLAGS.match(flag):
            yield Finding("flags", source, f"compiled with {flag}")


def check_ptx(kernel, code, lines):
    """`lines`: {place: source text}, to check that the source itself writes a fused multiply-add."""
    for i in code:
        at = f"{i.opcode} at {i.place}"
        if APPROXIMATE.search(i.opcode):
            yield Finding("approximate", kernel, at)
        if ".ftz" in i.opcode:
            yield Finding("ftz", kernel, at)
        if FLOAT_ATOMIC.search(i.opcode):
            yield Finding("float atomic", kernel, at)
        if CONTRACTIBLE.search(i.opcode):
            yield Finding("contraction", kernel, at + ": no rounding, so it may be contracted")
        if NOT_NEAREST.search(i.opcode):
            yield Finding("rounding", kernel, at)
        if i.opcode.startswith("fma") and i.opcode not in WRITTEN_PAIRS and "fma" not in lines.get(i.place, ""):
            yield Finding("contraction", kernel, at + ": no fma in the source line")


def is_division(code, at):
    """Whether the MUFU.RCP at `at` belongs to a division, by the use of its operand nearby."""
    operands = re.findall(r"R\d+", code[at].text)
    if len(operands) != 2:
        return False
    divisor = operands[1]
    before, after = code[max(0, at - NEAR):at], code[at + 1:at + NEAR]
    return (any(re.match(rf"I2F\S*\.RP {divisor}\b", i.text) for i in before)
            or any(re.match(rf"FCHK P\d, .*\b{divisor}\b", i.text) for i in before + after))


def check_sass(kernel, code, expanded):
    """`expanded`: places where the PTX divides or takes a root."""
    for index, i in enumerate(code):
        at = f"{i.opcode} at {i.place}"
        if SASS_APPROXIMATE.search(i.opcode):
            yield Finding("approximate", kernel, at)
        if SASS_ATOMIC.search(i.opcode):
            yield Finding("float atomic", kernel, at)
        elif not i.expansion and i.place not in expanded:
            if SASS_SEED.search(i.opcode) and not is_division(code, index):
                yield Finding("approximate", kernel, at + ": no division and no root there")
            if ".FTZ" in i.opcode and i.opcode != INTEGER_QUOTIENT:
                yield Finding("ftz", kernel, at + ": no division and no root there")


def check_local(kernel, figures, code):
    """Finds registers that spill, and arrays in local memory."""
    for name in ("spill_stores", "spill_loads"):
        if figures[name] > 0:
            yield Finding("spills", kernel, f"{figures[name]} bytes of {name.replace('_', ' ')}")
    local = sum(i.opcode.split(".")[0] in ("LDL", "STL") and not i.expansion for i in code)
    if figures["stack"] > 0 or local > 0:
        yield Finding("local memory", kernel, f"{figures['stack']} bytes of stack, {local} LDL and STL")


def check_kernel(kernel, ptx, sass, figures, lines):
    expanded = {i.place for i in ptx if EXPANDED.search(i.opcode)}
    yield from check_ptx(kernel, ptx, lines)
    yield from check_sass(kernel, sass, expanded)
    yield from check_local(kernel, figures, sass)
