# SPDX-License-Identifier: Apache-2.0
"""The programs of each stage. Environment variables make stages smaller: SHOAL_SUITE_FILTER and SHOAL_BITS_FILTER (of the tests),
SHOAL_TEST_ROUNDS (their random cases), SHOAL_BITS_TASKS, SHOAL_BENCH_FILTER, SHOAL_BENCH_SECONDS, SHOAL_SHAPES (of sweep, ncu and peers,
by comma), SHOAL_SWEEP_TASKS, SHOAL_NCU_TASKS (of a row under ncu), SHOAL_PEERS_TASKS and SHOAL_PEERS_WORK (by comma)."""
import csv
import json
import os
import re
import statistics
import subprocess
import tempfile

from validate_gpu.packed import with_compiler
from validate_gpu.stage import Failed, NotRun, find_tool

SMI_FIELDS = ["name", "driver_version", "memory.total", "clocks.sm", "clocks.mem", "clocks.max.sm", "clocks.max.mem", "power.draw",
              "power.limit", "temperature.gpu", "compute_mode", "ecc.mode.current", "mig.mode.current"]
SHAPES = {"sine_k1": 8192, "sine_k5": 8192, "market": 8192, "credit": 1024, "large": 256, "wide": 25}  # tasks under ncu
LAYERED = {"large", "wide"}  # a meta-gradient takes some hundred launches
MAIN_KERNEL = ["task_kernel", "layer_rows_kernel"]  # of the other shapes, and of the layered ones
SANITIZERS = ["memcheck", "racecheck", "initcheck", "synccheck"]
NCU_SECTIONS = ["SpeedOfLight", "WarpStateStats", "SchedulerStats", "ComputeWorkloadAnalysis", "MemoryWorkloadAnalysis", "Occupancy",
                "LaunchStats"]
NCU_METRICS = ["gpu__time_duration.sum", "l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_ld.sum",
               "l1tex__data_bank_conflicts_pipe_lsu_mem_shared_op_st.sum", "l1tex__data_pipe_lsu_wavefronts_mem_shared.sum"]
REFUSALS = ["ERR_NVGPUCTRPERM", "LibraryNotLoaded", "Device not supported", "does not have permission", "Unknown Error on device",
            "Failed to initialize the profiler"]


def wish(name, default):
    return os.environ.get(name) or default


def shapes():
    return wish("SHOAL_SHAPES", ",".join(SHAPES)).split(",")


def refused(text):
    """Raises NotRun with the line in which a tool says that it may not or cannot run on this device."""
    for line in text.splitlines():
        if any(words in line for words in REFUSALS):
            raise NotRun(line.strip())


def device(stage, home):
    def read_smi(outcome):
        rows = list(csv.reader(outcome.stdout.splitlines(), skipinitialspace=True))
        if not rows or any(len(row) != len(SMI_FIELDS) for row in rows):
            raise Failed("nvidia-smi did not answer the query")
        return [dict(zip(SMI_FIELDS, row)) for row in rows]

    def read_doctor(outcome):
        return json.loads(outcome.stdout) if outcome.code == 0 else None

    stage.step("nvidia-smi", lambda: [find_tool("nvidia-smi"), "--query-gpu=" + ",".join(SMI_FIELDS), "--format=csv,noheader"], read_smi)
    stage.step("doctor", [home / "shoal", "doctor", "--backend", "cuda", "--json"], read_doctor)


def read_tests(outcome):
    """The number of tests that passed; none is a failure."""
    passed = re.search(r"\[  PASSED  \] (\d+) test", outcome.stdout)
    count = int(passed.group(1)) if passed else 0
    if outcome.code == 0 and count == 0:
        raise Failed("no test ran")
    return {"tests_passed": count, "tests_failed": sorted(set(re.findall(r"^\[  FAILED  \] ([\w/]+\.[\w/]+)", outcome.stdout, re.M)))}


def suite(stage, home):
    for program in sorted(home.glob("cuda_*_tests")):
        if program.name != "cuda_bits_tests":
            chosen = wish("SHOAL_SUITE_FILTER", "*") if program.name == "cuda_device_tests" else "*"  # others take seconds
            stage.step(program.name, [program, "--gtest_filter=" + chosen], read_tests, environment=with_compiler(home))


def bits(stage, home):
    stage.step("cuda_bits_tests", [home / "cuda_bits_tests", "--gtest_filter=" + wish("SHOAL_BITS_FILTER", "*")], read_tests)


def read_bench(outcome):
    """The JSON of shoal-bench; if the run was ended early, the finished rows."""
    text = outcome.stdout[outcome.stdout.find("{"):] if "{" in outcome.stdout else ""
    while text:
        for end in ("", "]}"):
            try:
                return json.loads(text + end)
            except ValueError:
                pass
        cut = text.rfind("\n    {") if text.rstrip().endswith("}") else text.rfind("}") + 1
        text = text[:cut].rstrip().rstrip(",") if 0 < cut < len(text) else ""
    raise Failed("shoal-bench printed no row")


def bench(stage, home):
    with tempfile.TemporaryFile("w+", encoding="utf-8") as clocks:
        try:
            watcher = subprocess.Popen([find_tool("nvidia-smi"), "--query-gpu=clocks.sm,power.draw,temperature.gpu",
                                        "--format=csv,noheader,nounits", "-lms", "500"],
                                       stdin=subprocess.DEVNULL, stdout=clocks, stderr=subprocess.DEVNULL)
        except (NotRun, OSError):
            watcher = None  # the device stage reports that
        record = stage.step("shoal-bench", [home / "shoal-bench", "--backends=cpu,cuda", "--benchmark_format=json",
                                            "--benchmark_min_time=" + wish("SHOAL_BENCH_SECONDS", "0.1"),
                                            "--benchmark_filter=" + wish("SHOAL_BENCH_FILTER", ".")], read_bench)
        if record.get("data"):
            record["output"] = ""  # the data contain everything
        if watcher:
            watcher.terminate()
            watcher.wait()
            clocks.seek(0)
            record["clocks"] = read_clocks(clocks)


def read_clocks(lines):
    """Smallest, median and largest values that nvidia-smi reported while the benchmark ran."""
    columns = {"sm_mhz": [], "watt": [], "celsius": []}
    for row in csv.reader(lines, skipinitialspace=True):
        for column, cell in zip(columns.values(), row):
            try:
                column.append(float(cell))
            except ValueError:
                pass
    return {name: [min(seen), statistics.median(seen), max(seen)] for name, seen in columns.items() if seen}


def sweep(stage, home):
    def read(outcome):
        return [json.loads(line) for line in outcome.stdout.splitlines()]

    for shape in shapes():
        stage.step(shape, [home / "shoal-bench", "--sweep-plans", shape, "--tasks", wish("SHOAL_SWEEP_TASKS", "0")], read)


def sanitizer(stage, home):
    for number, tool in enumerate(SANITIZERS):
        stage.step(tool, lambda tool=tool: [find_tool("compute-sanitizer"), "--tool", tool, "--error-exitcode", "99",
                                            home / "cuda_device_tests", "--gtest_filter=" + wish("SHOAL_SUITE_FILTER", "*")],
                   lambda outcome: refused(outcome.text()) or read_tests(outcome), seconds=stage.left() / (len(SANITIZERS) - number),
                   environment={"SHOAL_TEST_ROUNDS": wish("SHOAL_TEST_ROUNDS", "16")})


def read_ncu(log, shape, outcome):
    """The kernels in ncu's table (--page raw: names, units, then a row for each launch), which must contain the main kernel."""
    text = open(log, encoding="utf-8", errors="replace").read() if os.path.exists(log) else ""
    refused(text + outcome.text())
    rows = list(csv.reader(line for line in text.splitlines() if line.startswith('"')))
    if len(rows) < 3 or "Kernel Name" not in rows[0]:
        raise Failed("ncu counted nothing: " + (text + outcome.text()).strip()[-300:])
    names, units = rows[0], rows[1]
    kernels = [row[names.index("Kernel Name")] for row in rows[2:]]
    if not any(MAIN_KERNEL[shape in LAYERED] in kernel for kernel in kernels):
        raise Failed(f"no {MAIN_KERNEL[shape in LAYERED]} among what ncu counted: " + ", ".join(sorted(set(kernels))))
    keep = [i for i, name in enumerate(names) if "__" in name or name in ("Kernel Name", "Block Size", "Grid Size")]
    missing = [name for name in NCU_METRICS if not any(row[names.index(name)] for row in rows[2:])] if all(
        name in names for name in NCU_METRICS) else [name for name in NCU_METRICS if name not in names]
    if missing:
        raise NotRun("counters that ncu did not give: " + ", ".join(missing))
    return {"units": {names[i]: units[i] for i in keep if units[i]}, "kernels": [{names[i]: row[i] for i in keep} for row in rows[2:]]}


def ncu(stage, home):
    sections = [word for name in NCU_SECTIONS for word in ("--section", name)]
    wanted = shapes()
    for number, shape in enumerate(wanted):
        with tempfile.TemporaryDirectory() as folder:
            log = os.path.join(folder, "ncu.csv")
            # The clocks of the device are not changed.
            stage.step(shape, lambda shape=shape, log=log: [
                find_tool("ncu"), "--csv", "--page", "raw", "--log-file", log, "--clock-control", "none", "--target-processes", "all",
                "--kernel-name", "regex:^(task_kernel|layer_)", "--launch-count", "40" if shape in LAYERED else "2",
                "--metrics", ",".join(NCU_METRICS), *sections, home / "shoal-bench",
                "--backends=cuda", "--benchmark_min_time=0.000001",
                f"--benchmark_filter=^cuda/{shape}/{wish('SHOAL_NCU_TASKS', SHAPES.get(shape, 25))}/meta_gradient"],
                lambda outcome, shape=shape, log=log: read_ncu(log, shape, outcome), seconds=stage.left() / (len(wanted) - number))


def peers(stage, home):
    """Measures PyTorch and JAX of this machine's python3 beside Shoal; at the time limit the finished rows count."""
    with tempfile.TemporaryDirectory() as folder:
        out = os.path.join(folder, "peers.json")

        def command():
            if not (home / "peers" / "run").exists():
                raise NotRun("this bundle has no peers")
            minutes = max(stage.left() - 20, 10) / 60  # the rest is for ending the contenders
            return [home / "peers" / "run", "--device", "cuda", "--minutes", f"{minutes:.3f}", "--out", out,
                    "--shapes", wish("SHOAL_SHAPES", "sine_k1,sine_k5,market,credit,large"), "--tasks", wish("SHOAL_PEERS_TASKS", "1024,16384"),
                    "--work", wish("SHOAL_PEERS_WORK", "second_order")]

        stage.step("peers", command, lambda outcome: read_peers(out, outcome))


def read_peers(out, outcome):
    """The output of peers/run; without any peer there is nothing to compare with."""
    if not os.path.exists(out) or not os.path.getsize(out):
        raise Failed("peers/run wrote no row: " + outcome.text().strip()[-500:])
    with open(out, encoding="utf-8") as file:
        content = json.load(file)
    if len(content["contenders"]) < 2:
        raise NotRun("no peer takes part: " + "; ".join(sorted(set(content["absent"].values()))))
    return content
