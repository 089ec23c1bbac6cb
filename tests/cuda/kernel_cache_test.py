#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Kernels compiled at run time, across processes: the next process takes them from the cache on disk, also after damage; what doctor says
of the compiler and of the cache.

usage: kernel_cache_test.py TESTS SHOAL RUNNER...    (TESTS: cuda_nvrtc_tests; RUNNER: a command that gives a program a device)
"""
import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile

tests, shoal, runner = sys.argv[1], sys.argv[2], sys.argv[3:]


def run(command, **variables):
    environment = {name: value for name, value in os.environ.items() if name not in ("SHOAL_KERNEL_CACHE", "XDG_CACHE_HOME")}
    return subprocess.run([*runner, *command], capture_output=True, text=True, check=False, env={**environment, **variables})


def compilations(folder):
    """Of two compilers of one process, after one another."""
    done = run([tests, "--gtest_filter=CompiledKernelTest.ComesFromTheCache"], SHOAL_TEST_KERNEL_CACHE=str(folder), SHOAL_TEST_NEEDS_NVRTC="1")
    assert done.returncode == 0, done.stdout + done.stderr
    return [int(count) for count in re.findall(r"compilations: (\d+)", done.stdout)]


def test_the_next_process_compiles_nothing(folder):
    assert compilations(folder) == [1, 0]
    assert compilations(folder) == [0, 0]
    (entry,) = folder.iterdir()
    text = bytearray(entry.read_bytes())
    text[len(text) // 2] ^= 1
    entry.write_bytes(text)
    assert compilations(folder) == [1, 0], "a damaged entry is compiled again and replaced"
    assert compilations(folder) == [0, 0]
    assert len(list(folder.iterdir())) == 1


def test_a_folder_that_is_not_the_users_alone_is_not_used(folder):
    folder.chmod(0o777)
    assert compilations(folder) == [1, 1]
    folder.chmod(0o700)
    assert compilations(folder) == [0, 0]


def cuda_of_doctor(**variables):
    done = run([shoal, "doctor", "--json"], **variables)
    assert done.returncode == 0, done.stderr
    lines = {line["name"]: line for line in json.loads(done.stdout)["backends"]}
    assert "kernel_compiler" not in lines["cpu"]
    return lines["cuda"]


def test_doctor(home):
    folder = home / ".cache/shoal/kernels"
    cuda = cuda_of_doctor(HOME=str(home))
    assert re.fullmatch(r"NVRTC 13\.\d+", cuda["kernel_compiler"]), cuda
    assert cuda["kernel_cache"] == f"{folder} (made when it is needed)", cuda
    assert not folder.exists()
    folder.mkdir(parents=True)
    folder.chmod(0o775)
    assert cuda_of_doctor(SHOAL_KERNEL_CACHE=str(folder))["kernel_cache"].startswith(f"not used: {folder} can be written by other users (mode 0775)")
    text = run([shoal, "doctor"], SHOAL_KERNEL_CACHE="off").stdout
    assert re.search(r"kernels at run time: NVRTC 13\.\d+; their folder: none\n", text), text
    refusal = run([shoal, "doctor"], SHOAL_KERNEL_CACHE="kernels")
    assert refusal.returncode == 2, refusal
    assert 'SHOAL_KERNEL_CACHE = "kernels" is neither off nor the absolute path of a folder' in refusal.stderr, refusal.stderr


with tempfile.TemporaryDirectory() as top:
    cache = pathlib.Path(top) / "cache"
    test_the_next_process_compiles_nothing(cache)
    test_a_folder_that_is_not_the_users_alone_is_not_used(cache)
    test_doctor(pathlib.Path(top))
print("passed")
