#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Drops each term of the Hessian-vector product in turn: the gradient tests must fail every time.

usage: mutate_hessian.py SOURCE BUILD CXX

Needs a build of reference_tests in BUILD. The mutated header is compiled into task_run.cpp alone and linked before the library.
"""
import pathlib
import subprocess
import sys
import tempfile

source, build, compiler = pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), sys.argv[3]
HEADER = "src/reference/hessian_vector.hpp"
TERMS = {  # dropped term: (expression in the source, its replacement)
    "ub (bias direction)": ("r[j] += u[bias.offset + j];", ";"),
    "a U (forward)": ("r[j] += pass.input[at][i] * u[ij];", ";"),
    "Ra W (forward)": ("r[j] += ra[i] * phi[ij];", ";"),
    "f' in Ra": ("ra[j] = pass.slope[at][j] * r[j];", "ra[j] = r[j];"),
    "x U_S (skip)": ("ro[j] += row.x[i] * u[skip->offset + i * ro.size() + j];", ";"),
    "second derivative of the loss": ("row_curvature(net.loss, pass.output, row.target, ro)", "std::vector<double>(ro.size(), 0.0)"),
    "x^T Rd (skip)": ("hv[skip->offset + i * rd.size() + j] += row.x[i] * rd[j];", ";"),
    "Ra^T d": ("hv[ij] += r_input[at][i] * delta[at][j];", ";"),
    "a^T Rd": ("hv[ij] += pass.input[at][i] * rd[j];", ";"),
    "Rd W^T": ("rda += rd[j] * phi[ij];", ";"),
    "d U^T": ("rda += delta[at][j] * u[ij];", ";"),
    "f' in Rd": ("double below = rda * pass.slope[at - 1][i];", "double below = rda;"),
    "f'' Rz": ("below += da * pass.curve[at - 1][i] * rz[at - 1][i];", ";"),
    "Rd (bias)": ("hv[bias.offset + j] += rd[j];", ";"),
}


def run(*command):
    return subprocess.run([str(part) for part in command], capture_output=True, text=True)


def main():
    text = (source / HEADER).read_text(encoding="utf-8")
    objects = sorted((build / "tests").rglob("reference_tests.dir/**/*.o"))
    libraries = [build / "src" / path for path in ("core/libshoal_core.a", "cpu/libshoal_cpu.a", "libshoal_registry.a", "reference/libshoal_reference.a")]
    assert objects and all(path.exists() for path in libraries), f"{build} holds no build of reference_tests"
    survivors = []
    for name, (old, new) in {"nothing (control)": ("", ""), **TERMS}.items():
        assert not old or text.count(old) == 1, f"{name}: found {text.count(old)} times: {old}"
        with tempfile.TemporaryDirectory() as folder:
            mutant = pathlib.Path(folder, "reference/hessian_vector.hpp")
            mutant.parent.mkdir()
            mutant.write_text(text.replace(old, new) if old else text, encoding="utf-8")
            unit, program = pathlib.Path(folder, "task_run.o"), pathlib.Path(folder, "tests")
            includes = [f"-I{folder}", f"-I{source}/src", f"-I{source}/include", f"-I{source}"]
            built = run(compiler, "-std=c++20", "-O2", "-ffp-contract=off", "-w", *includes, "-c", source / "src/reference/task_run.cpp", "-o", unit)
            assert built.returncode == 0, built.stderr
            linked = run(compiler, unit, *objects, "-Wl,--start-group", *libraries, "-Wl,--end-group", "-lgtest_main", "-lgtest", "-lgmock", "-lpthread", "-o", program)
            assert linked.returncode == 0, linked.stderr
            failed = run(program, "--gtest_filter=*GradientTrust*/maml*:*anil*:*boil*:*meta_sgd*").returncode != 0
        print(f"{name:32} {'noticed' if failed else 'passes'}", flush=True)
        if failed != bool(old):
            survivors.append(name)
    sys.exit(f"not as it must be: {', '.join(survivors)}" if survivors else 0)


main()
