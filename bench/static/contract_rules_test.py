#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""The rules of contract_rules.py notice what they forbid: each kernel here breaks one of them and is compiled like the project's; a kernel
that breaks none must pass. The comparison of evidence.py is tested with figures changed in both directions.

usage: contract_rules_test.py [BUILD], the folder that keeps the disassembler (default: build/static)
"""
import pathlib
import sys
import tempfile

import compiled_kernels
import contract_rules
import evidence
import listings

FLAGS = ["-std=c++20", "-fmad=false", "-ftz=false", "-prec-div=true", "-prec-sqrt=true", "-lineinfo"]

BUILD = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else compiled_kernels.ROOT / "build/static").resolve()
ONLY_IN_PTX = {"shared atomic"}  # in machine code this is a loop of compare and swap

# name: (rules that must report, more flags, body of kernel(float* a, int* n))
KERNELS = {
    "clean": (set(), [], "int q = n[0] / n[1];"
                         " for (int i = 0; i < n[2]; i += n[3]) a[i] = fmaf(a[i], a[1], sqrtf(a[2]) / a[q]);"
                         " atomicAdd(n, 1); a[3] = 1.0f / a[4] + a[5] * a[6] + n[7] % 10 + n[8] / (unsigned)n[9];"),
    "exponential": ({"approximate"}, [], "a[0] = __expf(a[1]);"),
    "sine of a function that is called": ({"approximate"}, [], "struct S { static __device__ __noinline__ float sine(float x)"
                                                               " { return __sinf(x); } }; a[0] = S::sine(a[1]);"),
    "sine": ({"approximate"}, [], "a[0] = __sinf(a[1]);"),
    "reciprocal root": ({"approximate"}, [], "a[0] = rsqrtf(a[1]);"),
    "fast division": ({"approximate"}, [], "a[0] = __fdividef(a[1], a[2]);"),
    "fast mathematics": ({"approximate", "ftz", "contraction"}, ["-use_fast_math"], "a[0] = a[1] / a[2] + sqrtf(a[3]);"),
    "flush to zero": ({"ftz"}, ["-ftz=true"], "a[0] = a[1] + a[2];"),
    "flushing instruction": ({"ftz"}, [], 'asm("add.rn.ftz.f32 %0, %0, %1;" : "+f"(a[0]) : "f"(a[1]));'),
    "atomic add": ({"float atomic"}, [], "atomicAdd(a, a[1]);"),
    "atomic double": ({"float atomic"}, [], "atomicAdd(reinterpret_cast<double*>(a), 1.0);"),
    "shared atomic": ({"float atomic"}, [], "__shared__ float s; s = 0; __syncthreads(); atomicAdd(&s, a[threadIdx.x]);"
                                            " __syncthreads(); a[0] = s;"),
    "contraction": ({"contraction"}, ["-fmad=true"], "a[0] = a[1] * a[2] + a[3];"),
    "silent multiply-add": ({"contraction"}, [], 'asm("mad.rn.f32 %0, %1, %2, %0;" : "+f"(a[0]) : "f"(a[1]), "f"(a[2]));'),
    "rounding": ({"rounding"}, [], "a[0] = __fadd_rz(a[1], a[2]);"),
    "spills": ({"spills", "local memory"}, ["-maxrregcount=16"],
               "float x[48]; for (int i = 0; i < 48; ++i) x[i] = a[i * n[0]]; __syncthreads();"
               " for (int i = 0; i < 48; ++i) a[i] = x[i] * x[47 - i] + x[(i * 7) % 48];"),
    "indexed array": ({"local memory"}, [], "float x[64]; for (int i = 0; i < 64; ++i) x[n[i]] = a[i];"
                                             " for (int i = 0; i < 64; ++i) a[i] = x[n[i + 64]];"),
}


def breaches(folder, name, flags, body):
    source = folder / "rule.cu"
    source.write_text(f"__global__ void rule_kernel(float* a, int* n) {{ {body} }}\n")
    lines = {"rule.cu:1": source.read_text()}
    one = compiled_kernels.Compiled(folder / name.replace(" ", "_"), source, "sm_90")
    # The project's own flags would undo -use_fast_math.
    one.make(flags + ["-lineinfo"] if "-use_fast_math" in flags else FLAGS + flags,
             compiled_kernels.disassembler(BUILD), name)
    text = one.ptx.read_text()
    sass, ptx = listings.read_sass(one.sass.read_text()), listings.with_called(listings.read_ptx(text), listings.read_calls(text), "rule_kernel")
    figures = listings.read_figures(one.log.read_text())
    found = list(contract_rules.check_kernel("rule_kernel", ptx, sass["rule_kernel"][0],
                                             figures["rule_kernel"], lines))
    # Where possible, machine code alone must show what PTX shows.
    alone = {f.rule for f in contract_rules.check_sass("rule_kernel", sass["rule_kernel"][0], set())}
    return {f.rule for f in found}, alone, found


def check_rules(failures):
    with tempfile.TemporaryDirectory() as folder:
        for name, (wanted, flags, body) in KERNELS.items():
            got, alone, found = breaches(pathlib.Path(folder), name, flags, body)
            in_both = {"approximate", "float atomic"} if name not in ONLY_IN_PTX else set()
            good = got == wanted and (wanted & in_both) <= alone
            print(f"{name}: {', '.join(sorted(got)) or 'nothing'}")
            if not good:
                print(f"  wanted {sorted(wanted)}, machine code alone shows {sorted(alone)}: {found}")
            failures += [] if good else [name]


def check_flags(failures):
    for flags, wanted in ((FLAGS, 0), (FLAGS + ["-use_fast_math"], 1), (FLAGS + ["--fmad=true"], 1),
                          ([f for f in FLAGS if f != "-fmad=false"], 1), ([], len(contract_rules.REQUIRED_FLAGS))):
        if len(list(contract_rules.check_flags(flags, "x.cu"))) != wanted:
            failures.append(f"flags {flags}")


def check_comparison(failures):
    old = {"sm_90": {"k": {"registers": 40, "spill_stores": 0, "mix": {"ffma": 10}}}}
    moved = {"more": {"registers": 41, "spill_stores": 0, "mix": {"ffma": 10}},
             "fewer": {"registers": 39, "spill_stores": 0, "mix": {"ffma": 10}},
             "spill": {"registers": 40, "spill_stores": 8, "mix": {"ffma": 10}},
             "class": {"registers": 40, "spill_stores": 0, "mix": {"ffma": 10, "local": 1}}}
    for name, kernel in moved.items():
        if len(list(evidence.differences(old, {"sm_90": {"k": kernel}}))) != 1:
            failures.append(f"comparison: {name}")
    if list(evidence.differences(old, old)) or len(list(evidence.differences(old, {}))) != 3:
        failures.append("comparison: same and gone")
    breach = contract_rules.Finding("spills", "a_kernel<4>", "8 bytes")
    reason = {"kernel": "a_kernel*", "rule": "spills", "reason": "why not"}
    if evidence.unexplained([breach], [reason]) or len(evidence.unexplained([breach], [])) != 1:
        failures.append("reasons: a breach")
    if len(evidence.unexplained([], [reason])) != 1:
        failures.append("reasons: one too many")


def main():
    failures = []
    check_flags(failures)
    check_comparison(failures)
    check_rules(failures)
    sys.exit(f"not as wanted: {failures}" if failures else 0)


main()
