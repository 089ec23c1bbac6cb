#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Builds without CUDA: SHOAL_CUDA=AUTO says that there is no compiler, and a build without CUDA reads no CUDA file.

usage: without_nvcc_test.py SOURCE BUILD CMAKE    (BUILD: a Ninja build with SHOAL_CUDA=OFF)
"""
import os
import subprocess
import sys
import tempfile

source, build, cmake = sys.argv[1:]


def test_auto_without_a_compiler():
    environment = {"PATH": "/usr/bin:/bin", "HOME": os.environ.get("HOME", "/")}
    with tempfile.TemporaryDirectory() as folder:
        result = subprocess.run([cmake, "-S", source, "-B", folder, "-G", "Ninja", "-DSHOAL_CUDA=AUTO", "-DSHOAL_BUILD_TESTS=OFF"],
                                capture_output=True, text=True, check=False, env=environment)
        assert result.returncode == 0, result.stdout + result.stderr
        assert "no CUDA compiler: building without the CUDA backend" in result.stdout, result.stdout
        with open(os.path.join(folder, "build.ninja"), encoding="utf-8") as file:
            text = file.read()
        assert "task_kernels.cu" not in text and "runtime/device.cpp" not in text


def test_no_cuda_file_is_read():
    deps = subprocess.run(["ninja", "-C", build, "-t", "deps"], capture_output=True, text=True, check=True).stdout.splitlines()
    files = {line.strip() for line in deps if line.startswith("    ")}
    assert len(files) > 100, "no dependencies are known: is it built?"
    found = sorted(file for file in files if os.path.basename(file).startswith(("cuda_runtime", "cublas", "cuda.h")) and "/tests/simt/" not in file or "/usr/local/cuda" in file)
    assert not found, found


test_auto_without_a_compiler()
test_no_cuda_file_is_read()
print("passed")
