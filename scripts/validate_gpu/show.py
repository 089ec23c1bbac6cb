# SPDX-License-Identifier: Apache-2.0
"""`show`: prints a result file as text: what passed, the figures of the benchmark, and where the warps of the kernels waited."""
import json

from validate_gpu.show_fixed import number, show_fixed

STALLS = {"long_scoreboard": "global memory", "short_scoreboard": "shared memory", "wait": "arithmetic", "no_instruction": "instruction fetch",
          "barrier": "barrier", "branch_resolving": "branches"}


def records(path):
    """The stages of a file, in order; the last of each name counts."""
    found = {}
    with open(path, encoding="utf-8") as file:
        for line in file:
            record = json.loads(line)
            if "stage" in record:
                found[record["stage"]] = record
    return found


def show_steps(stage):
    print(f"{stage['stage']}: {stage['status']}")
    for step in stage["steps"]:
        data = step.get("data")
        tests = f", {data['tests_passed']} tests passed" if isinstance(data, dict) and "tests_passed" in data else ""
        reason = f": {step['reason']}" if "reason" in step else ""
        print(f"  {step['step']}: {step['status']}{reason}{tests}")


def show_bench(stage):
    for step in stage["steps"]:
        data = step.get("data")
        if not data:
            continue
        rows = {tuple(row["name"].split("/")[:4]): row for row in data["benchmarks"] if "error_occurred" not in row}
        print(f"\n{data['context']['ran_cuda']}; peak {data['context']['peak_of_cuda']}")
        print(f"cpu: {data['context']['machine']}, {data['context']['num_cpus']} cores\n")
        print("| shape | tasks | work | cuda, tasks/s | % of peak | device alone, tasks/s | % of peak | cpu, tasks/s |\n|" + "---|" * 8)
        for (backend, shape, tasks, work), row in rows.items():
            if backend != "cuda":
                continue
            cpu = rows.get(("cpu", shape, tasks, work))
            beside = f"{cpu['tasks/s']:,.0f}" if cpu else ""
            print(f"| {shape} | {tasks} | {work} | {row['tasks/s']:,.0f} | {row['%peak']:.1f} | {row['device_tasks/s']:,.0f} | "
                  f"{row['device_%peak']:.1f} | {beside} |")


def show_ncu(stage):
    print("\nissue slots used, and cycles that a warp waited for each instruction it issued\n")
    print("| shape | kernel | issue slots | warps a scheduler | " + " | ".join(STALLS.values()) + " |\n|" + "---|" * (4 + len(STALLS)))
    for step in stage["steps"]:
        for kernel in (step.get("data") or {}).get("kernels", [])[-1:]:
            stall = [number(kernel[f"smsp__average_warps_issue_stalled_{name}_per_issue_active.ratio"]) for name in STALLS]
            warps = number(kernel["sm__warps_active.avg.pct_of_peak_sustained_active"]) * 64 / 4 / 100
            name = kernel["Kernel Name"].split("(")[0].split("::")[-1]
            print(f"| {step['step']} | {name} | {100 * number(kernel['smsp__issue_active.avg.per_cycle_active']):.0f} % | {warps:.1f} | "
                  + " | ".join(f"{cycles:.2f}" for cycles in stall) + " |")


def show_sweep(stage):
    print("\nlaunch plans: the one that the model chose against the fastest\n\n| shape | chosen | device us | fastest | device us |\n|" + "---|" * 5)
    for step in stage["steps"]:
        plans = [row for row in step.get("data") or [] if "device_us" in row]
        if plans:
            chosen, fastest = plans[0], min(plans, key=lambda row: row["device_us"])  # the program prints its choice first
            print(f"| {step['step']} | {chosen['plan']} | {chosen['device_us']:,.0f} | {fastest['plan']} | {fastest['device_us']:,.0f} |")


def show(path):
    found = records(path)
    for name, stage in found.items():
        if name not in ("bench", "ncu", "sweep"):
            show_steps(stage)
    for name, shown in (("bench", show_bench), ("ncu", show_ncu), ("sweep", show_sweep), ("fixed", show_fixed)):
        if name in found:
            shown(found[name])
    return 0
