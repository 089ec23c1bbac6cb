#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""remove_barriers.py SOURCE WORK [FILE...]: removes each barrier and fence of the kernels, and each wait of the backend for its stream, in
turn. The suite must notice: as a data race under ThreadSanitizer, as a use of freed memory, or as wrong bits, in some order of threads or
on streams that run late.

A barrier that passes a flag still passes it, but no longer orders memory.
"""
import os
import pathlib
import re
import shutil
import subprocess
import sys

source, work = map(pathlib.Path, sys.argv[1:3])
tree, build = work / "tree", work / "build"
found_files = [*source.glob("kernels/**/*.cu*"), *source.glob("src/cuda/**/*.?pp")]
files = sys.argv[3:] or sorted(str(file.relative_to(source)) for file in found_files)
barrier = re.compile(r"(?:(?:team_|\bt_?)\.sync|__syncthreads|__syncwarp|__threadfence)\(\);|__syncthreads_or\(|"
                     r"(?:stream_?\.)?synchronize\(\"[^\"]*\"(?:, where)?\);")
votes = {"__syncthreads_or(": "::simt::wait(::simt::Wait::vote, ::simt::Scope::block, "}


def run(*command, **options):
    return subprocess.run(command, capture_output=True, text=True, **options)


def suite_passes():
    made = run("cmake", "--build", str(build), "--target", "cuda_host_tests", "-j", str(os.cpu_count()))
    if made.returncode != 0:
        sys.exit(made.stdout[-3000:])
    # The first finding is enough.
    environment = dict(os.environ, SHOAL_TEST_ROUNDS="60", TSAN_OPTIONS="halt_on_error=1")
    try:
        return run(str(build / "tests/cuda/cuda_host_tests"), "--gtest_fail_fast", env=environment, timeout=600).returncode == 0
    except subprocess.TimeoutExpired:
        return False


shutil.rmtree(work, ignore_errors=True)
shutil.copytree(source, tree, ignore=shutil.ignore_patterns("build*", ".git", "runs"))
configured = run("cmake", "-S", str(tree), "-B", str(build), "-G", "Ninja", "-DCMAKE_BUILD_TYPE=RelWithDebInfo",
                 "-DCMAKE_CXX_FLAGS_RELWITHDEBINFO=-O1 -g1", "-DSHOAL_SANITIZE=thread", "-DSHOAL_SHARED=OFF",
                 "-DSHOAL_INSTALL=OFF", "-DCMAKE_CXX_COMPILER_LAUNCHER=" + (shutil.which("ccache") or ""))
if configured.returncode != 0:
    sys.exit(configured.stderr)
if not suite_passes():
    sys.exit("control: the suite fails with all barriers in place")
missed = 0
for name in files:
    text = (tree / name).read_text()
    for found in barrier.finditer(text):
        line = text.count("\n", 0, found.start()) + 1
        (tree / name).write_text(text[:found.start()] + votes.get(found.group(), ";") + text[found.end():])
        noticed = not suite_passes()
        missed += not noticed
        print(f"{name}:{line}: {found.group()} {'noticed' if noticed else 'MISSED'}", flush=True)
    (tree / name).write_text(text)
sys.exit(f"{missed} removed barriers were not noticed" if missed else 0)
