#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""scripts/validate-gpu from end to end: makes the bundle, moves it, and runs every stage of it on an emulated device,
where PATH has a shell, Python and stand-ins for the tools of a GPU machine, and no compiler.

usage: bundle_test.py SOURCE WORK RUNNER...    (WORK: where the bundle is built; RUNNER: gives programs a device)
"""
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

source, work, runner = pathlib.Path(sys.argv[1]), sys.argv[2], sys.argv[3:]
TOOLS = {
    "nvidia-smi": """#!/bin/sh
case "$*" in *-lms*) echo "1980, 650.5, 60"; exec sleep 600 ;; esac
echo "Chip, 580.1, 80 GB, 1, 2, 3, 4, 5, 6, 7, Default, Enabled, Disabled"
""",
    "compute-sanitizer": """#!/bin/sh
while [ "${1#--t}" != "$1" ] || [ "${1#--e}" != "$1" ]; do shift 2; done
exec "$@"
""",
    "ncu": """#!/bin/sh
case " $* " in *" --kernel-name regex:"*) ;; *) exit 1 ;; esac
kernel=task_kernel
case " $* " in *" regex:^fixed_kernel "*) kernel=fixed_kernel ;; esac
while [ "$1" != --log-file ]; do shift; done
log="$2"
while [ "${1##*/}" != shoal-bench ]; do shift; done
"$@" || exit 1
m=l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op
printf '"ID","Kernel Name","gpu__time_duration.sum","%s_ld.sum","%s_st.sum","l1tex__data_pipe_lsu_wavefronts_mem_shared.sum"\\n' $m $m >"$log"
printf '"","","ns","","",""\\n"0","%s","12","0","3","99"\\n' $kernel >>"$log"
""",
}
SMALL = {"SHOAL_TEST_ROUNDS": "3", "SHOAL_BITS_TASKS": "1", "SHOAL_BITS_FILTER": "*sine_k1*", "SHOAL_BENCH_FILTER": "/sine_k1/25/",
         "SHOAL_BENCH_SECONDS": "0.001", "SHOAL_SHAPES": "sine_k1", "SHOAL_NCU_TASKS": "25", "SHOAL_SWEEP_TASKS": "4",
         "SHOAL_PEERS_TASKS": "4", "SHOAL_FIXED_RATES": "--brief", "SHOAL_FIXED_BITS_TASKS": "1,3", "SHOAL_FIXED_LANES": "64",
         "SHOAL_FIXED_TASKS": "3", "SHOAL_FIXED_NCU_TASKS": "3"}
STAGES = "device,suite,bits,bench,sweep,sanitizer,ncu,peers,fixed"


def make_bundle(folder):
    made = subprocess.run([source / "scripts/validate-gpu", "bundle", folder, "--work", work], capture_output=True, text=True, check=False)
    print(made.stdout + made.stderr, flush=True)
    assert made.returncode == 0, made.returncode
    names = {file.name for file in folder.iterdir()}
    assert {"programs.tar.xz", "compiler.tar.xz", "peers", "validate-gpu", "commit"} <= names, names
    for program in ("shoal", "shoal-bench", "shoal-peer", "shoal-device-rates", "cuda_device_tests", "cuda_bits_tests"):
        assert f"{program}: " in made.stdout


def bare_path(folder):
    """A folder with the programs of a GPU machine: a shell, Python, the tools; no compiler."""
    folder.mkdir()
    for name in ("sh", "env", "sleep", "readlink", "dirname"):
        (folder / name).symlink_to(shutil.which(name))
    (folder / "python3").symlink_to(os.path.realpath(sys.executable))
    for name, text in TOOLS.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)
    assert not any(shutil.which(name, path=str(folder)) for name in ("cc", "g++", "nvcc", "cmake", "ld"))
    return str(folder)


def run(bundle, out, path, through, *arguments):
    environment = {"PATH": path, "SHOAL_TOOL_FOLDERS": "", **SMALL}
    if not through:
        environment["CUDA_VISIBLE_DEVICES"] = ""
    return subprocess.run([*through, bundle / "validate-gpu", "run", "--out", out, *arguments], capture_output=True, text=True, check=False,
                          cwd=bundle.parent, env=environment)


def check_fixed(stage):
    """Fixed kernels really ran: plans insist on them, and one was not compiled ahead of time but by the bundle's NVRTC."""
    found = {step["step"]: step["data"] for step in stage["steps"]}
    assert found["compiler"]["kernel_compiler"].startswith("NVRTC 13."), found["compiler"]
    assert found["rates: shoal-device-rates"][0]["differences"] == 0
    for tasks in (1, 3):
        assert found[f"bits: {tasks} tasks"] == {"tests_passed": 1, "tests_failed": [], "tests_skipped": {}}, found
    assert [row["plan"] for row in found["plans: sine_k1"]] == ["generic", "fixed"]
    for rows in (found["threads: sine_k1"], found["cache: sine_k1"]):
        assert [row["plan"] for row in rows] == ["fixed", "fixed-64"] and all(row["same_bits"] for row in rows), rows
    assert found["ncu: sine_k1"]["kernel"]["Kernel Name"] == "fixed_kernel"


def main():
    with tempfile.TemporaryDirectory(prefix="shoal-bundle-") as folder:
        root = pathlib.Path(folder)
        make_bundle(root / "made")
        os.makedirs(root / "elsewhere")
        bundle, out = root / "elsewhere" / "bundle", root / "result.jsonl"
        (root / "made").rename(bundle)
        path = bare_path(root / "bin")

        refused = run(bundle, out, path, [])
        assert refused.returncode == 6 and "no usable CUDA device: cudaError" in refused.stderr, refused.stderr
        names = {file.name for file in bundle.iterdir()}
        assert {"shoal", "shoal-bench", "shoal-peer", "shoal-device-rates", "cuda_device_tests", "cuda_bits_tests", "libcudart.so.13"} <= names, names
        assert not out.exists()

        result = run(bundle, out, path, runner, "--stages", STAGES, "--minutes", "30")
        print(result.stdout + result.stderr, flush=True)
        lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
        stages = {line["stage"]: line for line in lines[1:]}
        assert list(stages) == STAGES.split(","), list(stages)
        missing = {name for name, stage in stages.items() if stage["status"] == "not run"}
        for name in missing:  # without PyTorch and JAX only Shoal is measured
            assert name == "peers" and "no peer takes part: " in stages[name]["reasons"][0], stages[name]
        alone = stages["peers"]["steps"][0]["output"]
        assert "sine_k1, 4 tasks, exact second order" in alone and "* shoal" in alone, alone
        assert all(stage["status"] == "passed" for name, stage in stages.items() if name not in missing), stages
        assert result.returncode == (1 if missing else 0)
        assert stages["device"]["steps"][1]["data"]["backend"] == "cuda"
        assert stages["suite"]["steps"][0]["data"]["tests_passed"] > 5
        assert stages["bits"]["steps"][0]["data"]["tests_passed"] == 10
        rows = {row["name"]: row for row in stages["bench"]["steps"][0]["data"]["benchmarks"]}
        assert rows["cuda/sine_k1/25/meta_gradient/real_time"]["device_us"] > 0
        assert "cpu/sine_k1/25/train/real_time" in rows
        plans = stages["sweep"]["steps"][0]["data"]
        assert len(plans) > 4 and all(plan["same_bits"] for plan in plans[:-1]) and plans[-1]["chosen"] == plans[0]["plan"], plans
        check_fixed(stages["fixed"])
        assert [step["data"]["tests_passed"] for step in stages["sanitizer"]["steps"]] == [stages["suite"]["steps"][0]["data"]["tests_passed"]] * 4
    print("passed")


main()
