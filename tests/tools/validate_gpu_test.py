#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""`validate-gpu run` on a bundle of stand-ins: its records when programs pass, fail, hang, refuse or are missing.

usage: validate_gpu_test.py SOURCE
"""
import io
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tarfile
import tempfile
import time

source = pathlib.Path(sys.argv[1]).resolve()


def doctor(available, detail, compiler="NVRTC 13.0"):
    return json.dumps({"backends": [{"name": "cuda", "available": available, "detail": detail, "kernel_compiler": compiler}]})


ROW = '    {\n      "name": "cpu/sine_k1/25/meta_gradient/real_time",\n      "run_type": "iteration",\n      "tasks/s": 1.5e+03\n    }'
PROGRAMS = {
    "shoal": f"""#!/bin/sh
if [ "$FAKE_DEVICE" = no ]; then
  echo '{doctor(False, "cudaErrorNoDevice")}'
elif [ "$FAKE_COMPILER" = no ]; then
  echo '{doctor(True, "a chip", "none: no NVRTC")}'
else
  echo '{doctor(True, "a chip")}'
fi
""",
    "cuda_device_tests": """#!/bin/sh
echo "arguments: $* rounds: $SHOAL_TEST_ROUNDS"
case "$FAKE_SUITE" in
  fail) echo "[  PASSED  ] 2 tests."; echo "[  FAILED  ] 1 test, listed below:"; echo "[  FAILED  ] Bits/Same.All/0"; exit 1 ;;
  none) echo "[  PASSED  ] 0 tests." ;;
  hang) echo started; sleep 600 & echo $! >child; wait ;;
  *) echo "[  PASSED  ] 3 tests." ;;
esac
""",
    "cuda_bits_tests": """#!/bin/sh
[ "$SHOAL_BITS_PLAN" = fixed ] || { echo '[  PASSED  ] 60 tests.'; exit 0; }
echo "arguments: $*"
each() { echo "[       OK ] Shapes/Bits.Same/sine_k1_maml (3 ms)"; }
without() { printf 'a.cpp:9: Skipped\nno room for %s\n\n[  SKIPPED ] Shapes/Bits.Same/%s_maml (0 ms)\n' "$1" "$1"; }
case "$FAKE_FIXED" in
  none) without sine_k1; without large; echo "[  PASSED  ] 0 tests." ;;
  differs) each; echo "[  FAILED  ] Shapes/Bits.Same/market_maml, where GetParam() = 1 (9 ms)"; exit 1 ;;
  hang) each; sleep 600 ;;
  *) each; without large; echo "[  PASSED  ] 1 test." ;;
esac
""",
    "shoal-device-rates": """#!/bin/sh
[ -f "${LD_LIBRARY_PATH%%:*}/libnvrtc.so.13" ] && [ "${SHOAL_KERNEL_CACHE#/}" != "$SHOAL_KERNEL_CACHE" ] || exit 9
echo '{"measure": "reciprocal", "exponent": 0, "mantissas": 8388608, "differences": 0, "differences_of_seeds_within_4_ulp": 0, "largest_error_of_the_seed_in_ulp": 1}'
echo '{"measure": "shared_load_16", "addresses": "n = n^1", "warps": 8, "wavefronts_per_load": 2.031}'
[ "$FAKE_FIXED" = hang ] && { printf '{"measure": "prod'; sleep 600; }
echo '{"measure": "product_8x4", "products": 2, "warps": 4, "share_of_fma_peak": 0.8125}'
echo '{"measure": "reduction_8", "addresses": "neighbouring", "adds_per_ns": 812.5, "cycles_of_a_block_per_warp_instruction": 20.5}'
for warps in 1 4; do
  echo '{"measure": "straight_code", "kib": 128, "multiprocessors": 132, "warps_per_scheduler": '$warps', "warps_apart": false,' \
       '"cycles_per_instruction": 1.'$warps'7}'
done
""",
    "shoal-bench": f"""#!/bin/sh
compare() {{
  fake=$FAKE_FIXED
  [ "$1" = large ] && fake=none
  for plan in $(echo "$2" | tr , ' '); do
    case "$fake-$plan" in
      none-fixed*) echo '{{"shape": "'$1'", "tasks": '$3', "plan": "'$plan'", "not_run": "no \\"room\\" for '$1'"}}' ;;
      hang-fixed*) sleep 600 ;;
      *) echo '{{"shape": "'$1'", "tasks": '$3', "plan": "'$plan'", "device_us": 50.0, "device_tasks/s": 2e6, "device_GFLOP/s": 1e3,' \
              '"device_%peak": 51.25, "call_us": 500000.0, "tasks/s": 1234567.0, "first_call_s": 3.75, "against": "generic",' \
              '"against_device_us": 125.0, "against_call_us": 200.0, "same_bits": true}}' ;;
    esac
  done
}}
case "$1" in --compare-plans) compare "$2" "$4" "$6"; exit 0 ;; esac
case "$1" in --sweep-plans)
  [ "$FAKE_SWEEP" = yes ] && {{ echo "{{\\"shape\\": \\"$2\\", \\"tasks\\": \\"$4\\"}}"; exit 0; }}
  echo "shoal-bench: error: plans differ" >&2; exit 5 ;;
esac
printf '%s\\n' '{{' "  \\"context\\": {{\\"executable\\": \\"$0\\"}}," '  "benchmarks": ['
cat <<'ROWS'
{ROW},
{ROW}
ROWS
[ "$FAKE_BENCH" = hang ] && {{ printf ',\\n    {{\\n      "name": "cut'; sleep 600; }}
[ "$FAKE_BENCH" = die ] && exit 5
printf '  ]\\n}}\\n'
""",
}
TOOLS = {
    "nvidia-smi": """#!/bin/sh
case "$*" in
  *-lms*) while :; do echo "1980, 650.5, 60"; sleep 0.1; done ;;
  *) echo "Chip, 580.1, 80 GB, 1, 2, 3, 4, 5, 6, 7, Default, Enabled, Disabled" ;;
esac
""",
    "compute-sanitizer": """#!/bin/sh
case "$FAKE_SANITIZER" in
  found) [ "$2" = racecheck ] && { echo "========= ERROR SUMMARY: 1 error"; exit 99; } ;;
  refuses) echo "========= Device not supported. Please refer to the documentation"; exit 1 ;;
esac
while [ "${1#--t}" != "$1" ] || [ "${1#--e}" != "$1" ]; do shift 2; done
exec "$@"
""",
    "ncu": """#!/bin/sh
while [ "$1" != --log-file ]; do shift; done
log="$2"
echo "$*" | grep -q -- "--clock-control none" || exit 9
case "$FAKE_NCU" in
  refuses) echo "==ERROR== ERR_NVGPUCTRPERM - The user does not have permission to access counters" >"$log"; exit 1 ;;
  empty) echo "==WARNING== No kernels were profiled." >"$log" ;;
  fewer) printf '"ID","Kernel Name","gpu__time_duration.sum"\\n"","","ns"\\n"0","task_kernel","12"\\n' >"$log" ;;
  fixed) printf '"ID","Kernel Name","smsp__inst_executed.sum","smsp__average_warps_issue_stalled_no_instruction_per_issue_active.ratio"\n' >"$log"
     printf '"","","inst",""\n"0","void fixed_kernel<Market>(a)","1,234,567","0.75"\n' >>"$log" ;;
  *) kernel="task_kernel(a, b)"
     [ "$FAKE_NCU" = other ] && kernel=sort_kernel
     m=l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op
     printf '"ID","Kernel Name","gpu__time_duration.sum","%s_ld.sum","%s_st.sum","l1tex__data_pipe_lsu_wavefronts_mem_shared.sum"\\n' $m $m >"$log"
     printf '"","","ns","","",""\\n"0","%s","12","0","3","99"\\n' "$kernel" >>"$log"
     if [ "$FAKE_NCU" = cut ]; then printf '"1","%s","1' "$kernel" >>"$log"; fi ;;
esac
""",
}


def write_programs(folder, programs):
    folder.mkdir(exist_ok=True)
    for name, text in programs.items():
        (folder / name).write_text(text, encoding="utf-8")
        (folder / name).chmod(0o755)


class Bundle:
    def __init__(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="shoal-bundle-"))
        write_programs(self.folder, PROGRAMS)
        shutil.copy(source / "scripts/validate-gpu", self.folder)
        shutil.copytree(source / "scripts/validate_gpu", self.folder / "validate_gpu", ignore=shutil.ignore_patterns("bundle.py", "__pycache__"))
        (self.folder / "commit").write_text("abc\n", encoding="utf-8")
        self.tools = self.folder / "tools"
        write_programs(self.tools, TOOLS)
        self.out = self.folder / "result.jsonl"

    def run(self, *arguments, code=0, tools=True, **environment):
        """Returns the stages of this call by name."""
        path = (f"{self.tools}:" if tools else "") + f"{os.path.dirname(sys.executable)}:/usr/bin:/bin"
        before = len(self.lines())
        result = subprocess.run([self.folder / "validate-gpu", "run", "--out", self.out, *arguments], capture_output=True, text=True,
                                check=False, cwd=self.folder, timeout=120,
                                env={**os.environ, "PATH": path, "SHOAL_TOOL_FOLDERS": "", **environment})
        assert result.returncode == code, f"{arguments}: exit {result.returncode}, not {code}\n{result.stdout}{result.stderr}"
        lines = self.lines()[before:]
        assert not lines or "call" in lines[0], lines
        self.said = result.stdout + result.stderr
        return {line["stage"]: line for line in lines[1:]}

    def lines(self):
        return [json.loads(line) for line in self.out.read_text(encoding="utf-8").splitlines()] if self.out.exists() else []


def statuses(stages):
    return {name: stage["status"] for name, stage in stages.items()}


def test_refusals(bundle):
    bundle.run(code=6, FAKE_DEVICE="no")
    assert "no usable CUDA device: cudaErrorNoDevice" in bundle.said and not bundle.out.exists()
    bundle.run("--stages", "suite,nothing", code=2)
    assert "unknown stage nothing" in bundle.said
    bundle.run("--minutes", "0", code=2)
    bundle.run("--minutes", "soon", code=2)
    bundle.run("--out", "no/such/folder/file", code=6)
    for arguments in (["run"], ["run", "--out", "x"], [], ["bundle", "a", "b"]):
        result = subprocess.run([source / "scripts/validate-gpu", *arguments], capture_output=True, text=True, check=False, cwd=bundle.folder)
        assert result.returncode == 2, (arguments, result.stderr)
    assert not (bundle.folder / "x").exists()
    full = bundle.folder / "full"
    full.mkdir()
    (full / "mine").write_text("kept", encoding="utf-8")
    result = subprocess.run([source / "scripts/validate-gpu", "bundle", full], capture_output=True, text=True, check=False)
    assert result.returncode == 2 and "left alone" in result.stderr and (full / "mine").exists()


def test_all_is_well(bundle):
    stages = bundle.run()
    assert statuses(stages) == dict.fromkeys(["device", "suite", "bits", "bench"], "passed"), bundle.said
    assert bundle.lines()[0]["call"]["commit"] == "abc"
    assert str(bundle.folder) not in bundle.out.read_text(encoding="utf-8"), "the file tells where the bundle lay"
    assert stages["device"]["steps"][0]["data"][0]["driver_version"] == "580.1"
    assert stages["suite"]["steps"][0]["data"] == {"tests_passed": 3, "tests_failed": []}
    bench = stages["bench"]["steps"][0]
    assert [row["tasks/s"] for row in bench["data"]["benchmarks"]] == [1500, 1500]
    assert "--backends=cpu,cuda" in bench["command"]
    # A second call appends.
    stages = bundle.run("--stages", "sanitizer,ncu,sweep", FAKE_SWEEP="yes", SHOAL_SHAPES="market,credit")
    assert set(statuses(stages).values()) == {"passed"}, bundle.said
    assert len(bundle.lines()) == 5 + 4
    assert [step["step"] for step in stages["sanitizer"]["steps"]] == ["memcheck", "racecheck", "initcheck", "synccheck"]
    assert "rounds: 16" in stages["sanitizer"]["steps"][3]["output"]
    assert [step["step"] for step in stages["ncu"]["steps"]] == ["market", "credit"]
    assert stages["ncu"]["steps"][0]["data"]["kernels"][0]["Kernel Name"] == "task_kernel(a, b)"
    assert stages["sweep"]["steps"][1]["data"] == [{"shape": "credit", "tasks": "0"}]


def test_show(bundle):
    """The text form of a result file has the counts and figures of the file for each stage."""
    (recorded,) = (source / "docs/gpu-results").glob("h200-2026-11-29.jsonl")
    result = subprocess.run([source / "scripts/validate-gpu", "show", recorded], capture_output=True, text=True, check=True)
    assert "  cuda_device_tests: passed, 132 tests passed" in result.stdout
    rows = {}
    for line in recorded.read_text(encoding="utf-8").splitlines():
        if json.loads(line).get("stage") == "bench":
            rows = {row["name"]: row for row in json.loads(line)["steps"][0]["data"]["benchmarks"]}
    for name, row in rows.items():
        backend, shape, tasks, work, _ = name.split("/")
        if backend == "cuda":
            assert f"| {shape} | {tasks} | {work} | {row['tasks/s']:,.0f} | {row['%peak']:.1f} |" in result.stdout, name
    assert rows and result.stdout.count("| task_kernel |") == 3


def test_missing_tools(bundle):
    stages = bundle.run("--stages", "device,suite,sanitizer,ncu,sweep,peers,bits", code=1, tools=False)
    assert statuses(stages) == {"device": "failed", "suite": "passed", "sanitizer": "not run", "ncu": "not run", "sweep": "failed",
                                "peers": "not run", "bits": "passed"}, bundle.said
    assert stages["device"]["reasons"][0].startswith("nvidia-smi: not run: nvidia-smi: no such program")
    assert "compute-sanitizer: no such program" in stages["sanitizer"]["reasons"][0]
    assert "5" in stages["sweep"]["reasons"][0], stages["sweep"]
    assert "has no peers" in stages["peers"]["reasons"][0]


PEERS = """#!/bin/sh
echo "$*" >asked
while [ "$1" != --out ]; do shift; done
case "$FAKE_PEERS" in
  none) echo '{"contenders": {"shoal": ""}, "absent": {"jax-vmap": "jax cannot be imported"}, "rows": []}' >"$2" ;;
  die) exit 6 ;;
  hang) echo '{"contenders": {"shoal": "", "jax-vmap": ""}, "absent": {}, "rows": [1]}' >"$2"; sleep 600 ;;
  *) echo '{"contenders": {"shoal": "", "jax-vmap": ""}, "absent": {}, "rows": [1, 2]}' >"$2" ;;
esac
"""


def test_peers(bundle):
    write_programs(bundle.folder / "peers", {"run": PEERS})
    stages = bundle.run("--stages", "peers", SHOAL_PEERS_TASKS="25")
    assert stages["peers"]["steps"][0]["data"]["rows"] == [1, 2], stages
    asked = (bundle.folder / "asked").read_text(encoding="utf-8").split()
    words = dict(zip(asked[::2], asked[1::2]))
    assert words["--device"] == "cuda" and words["--tasks"] == "25" and words["--work"] == "second_order", asked
    assert "sine_k1" in words["--shapes"] and 6.5 < float(words["--minutes"]) < 7.5, asked
    stages = bundle.run("--stages", "peers", code=1, FAKE_PEERS="none")
    assert stages["peers"]["status"] == "not run" and "jax cannot be imported" in stages["peers"]["reasons"][0], stages
    stages = bundle.run("--stages", "peers", code=1, FAKE_PEERS="die")
    assert stages["peers"]["status"] == "failed" and stages["peers"]["reasons"] == ["peers: failed: exit code 6"], stages
    stages = bundle.run("--stages", "peers", "--minutes", "0.05", code=1, FAKE_PEERS="hang")
    assert stages["peers"]["status"] == "out of time" and stages["peers"]["steps"][0]["data"]["rows"] == [1], stages


def pack_compiler(bundle):
    with tarfile.open(bundle.folder / "compiler.tar.xz", "w:xz") as tar:
        for name in ("libnvrtc.so.13", "libnvrtc-builtins.so.13.0"):
            member = tarfile.TarInfo("compiler/" + name)
            member.size = len(name)
            tar.addfile(member, io.BytesIO(name.encode()))


def test_packed_files(bundle):
    """Programs come packed; what is damaged is refused and left, and a second call finds the files."""
    with tarfile.open(bundle.folder / "programs.tar.xz", "w:xz") as tar:
        for name in PROGRAMS:
            tar.add(bundle.folder / name, name)
            os.remove(bundle.folder / name)
    whole = (bundle.folder / "programs.tar.xz").read_bytes()
    for damaged in (b"damaged", whole[: len(whole) // 2]):
        (bundle.folder / "programs.tar.xz").write_bytes(damaged)
        bundle.run("--stages", "bits", code=6)
        assert "the bundle cannot be unpacked: " in bundle.said and not bundle.out.exists(), bundle.said
    (bundle.folder / "programs.tar.xz").write_bytes(whole)
    for _ in range(2):
        assert statuses(bundle.run("--stages", "bits")) == {"bits": "passed"}
        assert not (bundle.folder / "programs.tar.xz").exists()


def steps_of(stages):
    return {step["step"]: step for step in stages["fixed"]["steps"]}


def test_fixed(bundle):
    pack_compiler(bundle)
    stages = bundle.run("--stages", "fixed", code=1, FAKE_NCU="fixed", SHOAL_SHAPES="sine_k1,large,wide", SHOAL_FIXED_LANES="16,128")
    steps = steps_of(stages)
    assert [name for name, step in steps.items() if step["status"] != "passed"] == ["plans: large", "threads: large", "cache: large"], stages
    assert steps["compiler"]["data"] == {"kernel_compiler": "NVRTC 13.0"}
    assert len(steps["rates: shoal-device-rates"]["data"]) == 6
    for tasks in (1, 31, 4096):
        found = steps[f"bits: {tasks} tasks"]
        assert found["data"] == {"tests_passed": 1, "tests_failed": [], "tests_skipped": {"large_maml": "no room for large"}}, found
        assert found["command"][1] == "--gtest_filter=*/sine_k1_maml:*/large_maml", found
    assert [row["plan"] for row in steps["plans: sine_k1"]["data"]] == ["generic", "fixed"]
    assert [row["plan"] for row in steps["threads: sine_k1"]["data"]] == ["fixed", "fixed-16", "fixed-128"]
    assert steps["threads: sine_k1"]["data"][0]["tasks"] == 0 and steps["cache: sine_k1"]["data"][0]["tasks"] == 64
    # A shape without such a kernel says why, and keeps what was measured.
    large = steps["plans: large"]
    assert large["status"] == "not run" and large["reason"] == 'no "room" for large', large
    assert large["data"][0]["plan"] == "generic" and large["data"][0]["device_us"] == 50.0, large
    counted = steps["ncu: sine_k1"]["data"]
    assert counted["kernel"]["smsp__inst_executed.sum"] == "1,234,567" and "lts__t_sectors.sum" in counted["missing"], counted
    assert "ncu: wide" not in steps
    show = subprocess.run([source / "scripts/validate-gpu", "show", bundle.out], capture_output=True, text=True, check=True).stdout
    for line in ("kernels are compiled by NVRTC 13.0", "| 0 | 8,388,608 | 0 | 0 | 1 |", "| n = n^1 | 8 | 2.031 |", "| 2 | 4 | 81.2 % |",
                 "| neighbouring | 812.5 | 20.5 |", "| KiB | 132 SM, 1 | 132 SM, 4 |", "| 128 | 1.17 | 1.47 |", "| 4096 tasks | 1 | none | large_maml |",
                 "| sine_k1 | 0 | fixed | 1,234,567 | 50 | 51.2 | 2.50 generic | same |", 'large, fixed: not run: no "room" for large',
                 "| sine_k1 | fixed-16 | 3.25 | 3.25 |", "| sine_k1 | 1,234,567 |  |  |  |  |  | 0.75 |"):
        assert line in show, (line, show)


def test_fixed_without_tools(bundle):
    pack_compiler(bundle)
    stages = bundle.run("--stages", "fixed", code=1, tools=False, FAKE_COMPILER="no", SHOAL_SHAPES="sine_k1", FAKE_FIXED="none")
    steps = steps_of(stages)
    assert steps["compiler"]["reason"] == "nothing compiles kernels here: none: no NVRTC"
    assert steps["bits: 31 tasks"]["status"] == "not run" and steps["bits: 31 tasks"]["reason"] == "no fixed kernel ran: no room for large; no room for sine_k1"
    assert steps["ncu: sine_k1"]["reason"].startswith("ncu: no such program")
    assert steps["rates: shoal-device-rates"]["status"] == "passed" and steps["plans: sine_k1"]["data"][0]["tasks/s"] == 1234567
    os.remove(bundle.folder / "shoal-device-rates")
    steps = steps_of(bundle.run("--stages", "fixed", code=1, FAKE_NCU="refuses", SHOAL_SHAPES="sine_k1"))
    assert {name: step["status"] for name, step in steps.items()} == {
        "compiler": "passed", "rates: shoal-device-rates": "not run", "bits: 1 tasks": "passed", "bits: 31 tasks": "passed",
        "bits: 4096 tasks": "passed", "plans: sine_k1": "passed", "threads: sine_k1": "passed", "cache: sine_k1": "passed",
        "ncu: sine_k1": "not run"}, steps
    assert "ERR_NVGPUCTRPERM" in steps["ncu: sine_k1"]["reason"]
    steps = steps_of(bundle.run("--stages", "fixed", code=1, FAKE_FIXED="differs", FAKE_NCU="other", SHOAL_SHAPES="sine_k1"))
    assert steps["bits: 1 tasks"]["status"] == "failed"
    assert steps["bits: 1 tasks"]["data"] == {"tests_passed": 1, "tests_failed": ["market_maml"], "tests_skipped": {}}, steps
    assert steps["ncu: sine_k1"]["reason"] == "ncu counted sort_kernel, not a fixed kernel", steps


def test_fixed_keeps_what_was_measured(bundle):
    pack_compiler(bundle)
    begin = time.monotonic()
    stages = bundle.run("--stages", "fixed", "--minutes", "0.2", code=1, FAKE_FIXED="hang", FAKE_NCU="fixed", SHOAL_SHAPES="sine_k1")
    assert time.monotonic() - begin < 60
    steps = steps_of(stages)
    assert stages["fixed"]["status"] == "out of time", stages["fixed"]["reasons"]
    assert steps["ncu: sine_k1"]["status"] == "passed", "the last part has its share of the time"
    for name, kept in (("rates: shoal-device-rates", 2), ("plans: sine_k1", 1)):
        assert steps[name]["status"] == "out of time" and len(steps[name]["data"]) == kept, steps[name]
    assert steps["bits: 1 tasks"]["status"] == "out of time" and steps["bits: 1 tasks"]["data"]["tests_passed"] == 1, steps


def test_failures_stop_nothing(bundle):
    stages = bundle.run("--stages", "suite,bench,bits", code=1, FAKE_SUITE="fail", FAKE_BENCH="die")
    assert statuses(stages) == {"suite": "failed", "bench": "failed", "bits": "passed"}
    assert stages["suite"]["steps"][0]["data"]["tests_failed"] == ["Bits/Same.All/0"]
    assert stages["bench"]["reasons"] == ["shoal-bench: failed: exit code 5"]
    assert len(stages["bench"]["steps"][0]["data"]["benchmarks"]) == 2
    stages = bundle.run("--stages", "suite", code=1, FAKE_SUITE="none")
    assert stages["suite"]["reasons"] == ["cuda_device_tests: failed: no test ran"]
    stages = bundle.run("--stages", "sanitizer", code=1, FAKE_SANITIZER="found")
    assert stages["sanitizer"]["reasons"] == ["racecheck: failed: exit code 99"]
    os.remove(bundle.folder / "cuda_bits_tests")
    stages = bundle.run("--stages", "bits,suite", code=1)
    assert statuses(stages) == {"bits": "not run", "suite": "passed"}


def test_refused_counters(bundle):
    stages = bundle.run("--stages", "ncu,sanitizer", code=1, FAKE_NCU="refuses", FAKE_SANITIZER="refuses", SHOAL_SHAPES="credit")
    assert statuses(stages) == {"ncu": "not run", "sanitizer": "not run"}
    assert "ERR_NVGPUCTRPERM" in stages["ncu"]["reasons"][0] and "Device not supported" in stages["sanitizer"]["reasons"][0]
    stages = bundle.run("--stages", "ncu", code=1, FAKE_NCU="empty", SHOAL_SHAPES="credit")
    assert stages["ncu"]["reasons"][0].startswith("credit: failed: ncu counted nothing"), stages["ncu"]["reasons"]
    stages = bundle.run("--stages", "ncu", code=1, FAKE_NCU="fewer", SHOAL_SHAPES="credit")
    assert "counters that ncu did not give: l1tex__data_bank" in stages["ncu"]["reasons"][0]
    stages = bundle.run("--stages", "ncu", code=1, FAKE_NCU="other", SHOAL_SHAPES="credit")
    assert "no task_kernel among what ncu counted: sort_kernel" in stages["ncu"]["reasons"][0], stages["ncu"]["reasons"]
    stages = bundle.run("--stages", "ncu", code=1, SHOAL_SHAPES="large")
    assert "no layer_rows_kernel among what ncu counted" in stages["ncu"]["reasons"][0]
    # An unexpected error in one stage does not stop the others.
    stages = bundle.run("--stages", "ncu,bits", code=1, FAKE_NCU="cut", SHOAL_SHAPES="credit")
    assert statuses(stages) == {"ncu": "failed", "bits": "passed"}
    assert "its output was not understood: IndexError" in stages["ncu"]["reasons"][0], stages["ncu"]["reasons"]


def assert_child_is_gone(bundle):
    state = pathlib.Path("/proc/" + (bundle.folder / "child").read_text(encoding="utf-8").strip() + "/stat")
    assert not state.exists() or state.read_text(encoding="utf-8").split()[2] == "Z", "a program outlived its limit"


def test_time_limits(bundle):
    begin = time.monotonic()
    stages = bundle.run("--minutes", "0.05", "--stages", "bench,suite", code=1, FAKE_BENCH="hang")
    assert time.monotonic() - begin < 60
    assert statuses(stages) == {"bench": "out of time", "suite": "not run"}, bundle.said
    assert len(stages["bench"]["steps"][0]["data"]["benchmarks"]) == 2  # the benchmarks that it had finished
    assert stages["bench"]["steps"][0]["clocks"]["sm_mhz"] == [1980, 1980, 1980]
    assert stages["suite"]["reasons"] == ["cuda_device_tests: not run: no time left"]
    stages = bundle.run("--minutes", "0.02", "--stages", "suite", code=1, FAKE_SUITE="hang")
    assert stages["suite"]["status"] == "out of time" and "started" in stages["suite"]["steps"][0]["output"]
    assert_child_is_gone(bundle)


def test_being_told_to_end(bundle):
    call = subprocess.Popen([bundle.folder / "validate-gpu", "run", "--out", bundle.out, "--stages", "suite"], cwd=bundle.folder,
                            env={**os.environ, "FAKE_SUITE": "hang"}, stdout=subprocess.DEVNULL)
    begin = time.monotonic()
    while not (bundle.folder / "child").exists() and time.monotonic() - begin < 60:
        time.sleep(0.05)
    call.terminate()
    assert call.wait(timeout=60) == 143
    assert_child_is_gone(bundle)


for name, test in sorted(globals().items()):
    if name.startswith("test_"):
        bundle_of_stand_ins = Bundle()
        test(bundle_of_stand_ins)
        shutil.rmtree(bundle_of_stand_ins.folder)
        print(f"{name}: passed")
