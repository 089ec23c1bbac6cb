#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""shoal-device-rates on an emulated device: the kernels' reciprocal has the bits of the quotient for every mantissa, and every measurement
prints its lines, whose times mean nothing there.

usage: device_rates_test.py PROGRAM RUNNER...
"""
import collections
import json
import os
import subprocess
import sys

program, runner = sys.argv[1], sys.argv[2:]


def run(command, code, **environment):
    result = subprocess.run(command, capture_output=True, text=True, check=False, env={**os.environ, **environment})
    assert result.returncode == code, f"{command}: exit {result.returncode}, not {code}\n{result.stdout}{result.stderr}"
    return result


rows = [json.loads(line) for line in run([*runner, program, "--brief"], 0).stdout.splitlines()]
(reciprocal,) = [row for row in rows if row["measure"] == "reciprocal"]
assert reciprocal["mantissas"] == 1 << 23 and reciprocal["differences"] == 0, reciprocal
assert reciprocal["differences_of_seeds_within_4_ulp"] == 0, "whatever seed the hardware gives, the bits are the same"
counts = collections.Counter(row["measure"] for row in rows)
assert counts == {"reciprocal": 1, "shared_load_16": 16, "product_8x4": 6, "reduction_8": 3, "straight_code": 10}, counts
assert {row["addresses"] for row in rows if row["measure"] == "shared_load_16"} >= {"distinct", "n = n^1", "n = n^2"}
assert [row["warps"] for row in rows if row["measure"] == "product_8x4"] == [4, 6, 8] * 2
assert {(row["kib"], row["warps_per_scheduler"]) for row in rows if row["measure"] == "straight_code"} == {
    (kib, warps) for kib in (8, 16) for warps in (1, 2, 4)}
assert "usage" in run([program, "--all"], 2).stderr
assert "cudaSetDevice: cudaError" in run([program], 6, CUDA_VISIBLE_DEVICES="").stderr
print("passed")
