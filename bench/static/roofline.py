#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Writes the generated part of docs/gpu-performance.md: the cost of a task by shape, and the share of the fp32 peak that the model of
roofline_model.py predicts. Model, not measured.

usage: roofline.py --runner CMD [--build DIR] [--profiles DIR] [--stdout]
       roofline.py --profile SHAPE.TASKS[.merged].json... [--build DIR] [--stdout]

CMD runs a CUDA program without a device and, with PROFILE=FILE before the program, counts the instructions of its kernels. PAIRS=1 lets it
count wavefronts by the rule that merges equal neighbours. Each shape is run with two numbers of tasks, to separate the cost of a block from
that of a task, and by both rules; the profiles are kept in --profiles (default: build/profiles) as SHAPE.TASKS.json and
SHAPE.TASKS.merged.json, from which --profile makes the page again without a runner.
--build: a build folder configured with SHOAL_CUDA=ON and PTX in the binary; without it build/static is made.
"""
import argparse
import collections
import json
import pathlib
import re
import shlex
import subprocess
import sys

import compiled_kernels
import evidence
import executed_kernels
import listings
import roofline_model as model

PAGE = compiled_kernels.ROOT / "docs/gpu-performance.md"
KERNELS = compiled_kernels.ROOT / "kernels"
BEGIN, END = "<!-- generated: bench/static/roofline.py -->", "<!-- end of what is generated -->"
KERNEL = "meta_gradient"  # the launch whose plan is in evidence.json
MOST_INSTRUCTIONS = 3e10  # thread-instructions in one run: half a minute to two
LINES = 14  # length of a shape's list of source lines
WEIGHTS = (1, 4, 8, 16)  # weights of a loop; the model uses 8, the others show the sensitivity


def kernels_of(file):
    """{kernel: its counts} of one profile."""
    kernels = {listings.short(k["kernel"]): k for k in json.loads(file.read_text())["kernels"]}
    if not kernels:
        sys.exit(f"{file}: no kernel was run")
    return kernels


def run_profile(runner, program, folder, shape, tasks):
    """The profiles by both rules."""
    files = [folder / f"{shape.name}.{tasks}.json", folder / f"{shape.name}.{tasks}.merged.json"]
    for pairs, file in enumerate(files):
        command = [*shlex.split(runner), f"PAIRS={pairs}", f"PROFILE={file}", str(program), shape.name, str(tasks)]
        done = subprocess.run(command, capture_output=True, text=True)
        if done.returncode != 0:
            sys.exit(f"{' '.join(command)}\n{done.stdout[-2000:]}{done.stderr[-2000:]}")
    print(done.stdout.strip())
    return files


def run_profiles(runner, build, folder):
    program = compiled_kernels.built(build, "profile_tasks")
    folder.mkdir(parents=True, exist_ok=True)
    files = []
    for shape in model.SHAPES:
        files += run_profile(runner, program, folder, shape, shape.first)
        run = kernels_of(files[-1])
        kernel = run[model.main_kernel(run)]
        tasks = 2 * 132 * max(1, kernel["blocks_per_sm_estimate"]) * max(1, round(shape.first / kernel["blocks"]))
        if tasks / shape.first * kernel["thread_instructions"] <= MOST_INSTRUCTIONS:
            files += run_profile(runner, program, folder, shape, tasks)
    return files


def read_profiles(files):
    """({shape: {tasks: {kernel: counts}}}, the same by the rule that merges equal neighbours)"""
    runs, merged = collections.defaultdict(dict), collections.defaultdict(dict)
    for file in files:
        named = re.fullmatch(r"(\w+)\.(\d+)(\.merged)?\.json", file.name)
        if not named:
            sys.exit(f"{file}: a profile is named SHAPE.TASKS.json or SHAPE.TASKS.merged.json")
        (merged if named.group(3) else runs)[named.group(1)][int(named.group(2))] = kernels_of(file)
    missing = [s.name for s in model.SHAPES if not runs[s.name] or runs[s.name].keys() != merged[s.name].keys()]
    if missing:
        sys.exit(f"no profiles by both rules of {', '.join(missing)}")
    return runs, merged


def read_ratios(build, wanted):
    """{machine: {kernel: {base of weights: shrinkage}}} of the kernels that the profiles ran."""
    every, _ = compiled_kernels.compiled(build, tuple(g.machine for g in model.GPUS))
    ratios = collections.defaultdict(dict)
    for one in every:
        sass, ptx = listings.read_sass(one.sass.read_text()), listings.read_ptx(one.ptx.read_text())
        for kernel in wanted & sass.keys() & ptx.keys():
            ratios[one.architecture][kernel] = {base: model.shrinkage(ptx[kernel], sass[kernel], base) for base in WEIGHTS}
    unknown = {kernel for kernel in wanted if any(kernel not in ratios[g.machine] for g in model.GPUS)}
    if unknown:
        sys.exit(f"the profiles ran {', '.join(sorted(unknown))}, which is not among the compiled kernels: were they made from "
                 "other sources?")
    return ratios


def number(x):
    return f"{x:,.0f}" if x >= 100 else f"{x:.2g}"


def work_table(runs, merged):
    yield ("| shape | flop | multiply-adds executed / needed | wavefronts | equal neighbours merged | without conflicts "
           "| least for 4 x 4 tiles | sectors of 32 B | compulsory DRAM bytes | lanes |")
    yield "|---|---|---|---|---|---|---|---|---|---|"
    for shape in model.SHAPES:
        kernels = model.steady(runs[shape.name])

        def total(of):
            return number(sum(of(c) for c in kernels.values()))

        last = runs[shape.name][max(runs[shape.name])]
        by_other_rule = sum(c.wavefronts for c in model.steady(merged[shape.name]).values())
        executed = sum(c.classes.get("ffma", 0.0) for c in kernels.values()) * 64 / model.flops(shape)
        setup = "" if model.is_steady(runs[shape.name]) else " (with set-up)"
        yield (f"| {shape.name}{setup} | {number(model.flops(shape))} | {executed:.2f} | {total(lambda c: c.wavefronts)} "
               f"| {number(by_other_rule)} | {total(lambda c: c.ideal)} | {number(model.least_wavefronts(shape))} | {total(lambda c: c.sectors)} "
               f"| {number(model.least_dram_bytes(shape))} | {kernels[model.main_kernel(last)].lanes:.1f} |")


def plans_of(version):
    plans = json.loads(evidence.FILE.read_text())["nvcc"].get(version, {}).get("plans", {})
    return plans or sys.exit(f"{evidence.FILE.name} has no plans for nvcc {version}: evidence.py record")


def prediction_table(gpu, runs, ratios, plans):
    yield "| shape | fp32 | issue (its bounds) | shared | L2 | DRAM | limit | share of fp32 peak | tasks/s |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for shape in model.SHAPES:
        shrunk = {kernel: by_base[8] for kernel, by_base in ratios[gpu.machine].items()}
        p = model.predict(gpu, shape, model.steady(runs[shape.name]), shrunk, plans[gpu.machine][f"{KERNEL} {shape.name}"])
        t = p.terms
        bounds = f"{number(p.issue_low)} - {number(p.issue_high)}"
        yield (f"| {shape.name} | {number(t['fp32'])} | {number(t['issue'])} ({bounds}) | {number(t['shared'])} "
               f"| {number(t['L2'])} | {number(t['DRAM'])} | {p.limit} | **{100 * p.share:.0f} %** | {number(p.tasks_per_second)} |")


def executed_table(version):
    """What machine code executes, from evidence.json."""
    yield ("| launch | instructions | FFMA | wavefronts | merged | issue | shared | L2 | DRAM | limit | share | in quarters | simulated "
           "| with caches |")
    yield "|---|---|---|---|---|---|---|---|---|---|---|---|---|---|"
    rows = json.loads(evidence.FILE.read_text())["nvcc"][version].get("executed", {}).get(executed_kernels.MACHINE, {})
    if not rows:
        sys.exit(f"{evidence.FILE.name} has no executed machine code for nvcc {version}: evidence.py record")
    for name, f in rows.items():
        t = f["terms"]
        yield (f"| {name} | {f['instructions']:,} | {100 * f['ffma'] / f['instructions']:.0f} % | {f['wavefronts']:,} "
               f"| {f['merged_wavefronts']:,} | {t['issue']:,} | {t['shared']:,} | {t['L2']:,} | {t['DRAM']:,} | {f['limit']} | **{100 * f['counted_share']:.0f} %** "
               f"| {100 * f['counted_share_in_quarters']:.0f} % | {100 * f['simulated_share']:.1f} % | {100 * f['fetched_share']:.1f} % |")


def plan_table(plans):
    yield "| machine | shape | regime | threads | shared bytes | workspace bytes | blocks | warps | limited by |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for machine, rows in plans.items():
        for shape in model.SHAPES:
            if p := rows.get(f"{KERNEL} {shape.name}"):
                yield (f"| {machine} | {shape.name} | {p['regime']} | {p['threads']} | {p['shared']:,} | {p['workspace']:,} | {p['blocks']} "
                       f"| {p['warps']} | {p['limited_by']} |")


def with_folder(line, kernel):
    """A runner names files without their folders. Of two kernel files of one name, the task kernel's is in team/, another's in layered/."""
    name = line.rsplit(":", 1)[0]
    found = sorted(str(file.relative_to(KERNELS).parent) for file in KERNELS.rglob(name)) if "/" not in name else []
    own = "team" if kernel == "task_kernel" else "layered"
    folder = own if own in found else found[0] if len(found) == 1 else "."
    return line if folder == "." else f"{folder}/{line}"


def line_table(run):
    main = model.main_kernel(run)
    kernel = {**run[main], "hot_lines": [{**line, "line": with_folder(line["line"], main)} for line in run[main]["hot_lines"]]}
    warp, waves, sectors = (max(1, kernel[n]) for n in ("warp_instructions", "shared_wavefronts", "global_sectors"))
    files = collections.Counter()
    for line in kernel["hot_lines"]:
        files[line["line"].rsplit(":", 1)[0]] += 100 * line["warp"] / warp
    files["other lines"] = 100 - sum(files.values())
    yield "Instructions by file: " + ", ".join(f"{name} {share:.0f} %" for name, share in files.most_common()) + "."
    yield ""
    yield "| source line | instructions | lanes | wavefronts | without conflicts | sectors |"
    yield "|---|---|---|---|---|---|"
    for line in kernel["hot_lines"][:LINES]:
        yield (f"| {line['line']} | {100 * line['warp'] / warp:.1f} % | {line['thread'] / max(1, line['warp']):.0f} "
               f"| {100 * line['shared_wavefronts'] / waves:.1f} % | {100 * line['shared_ideal'] / waves:.1f} % "
               f"| {100 * line['global_sectors'] / sectors:.1f} % |")


def page(build, runs, merged):
    version = compiled_kernels.nvcc_version()
    mains = {model.main_kernel(run) for shape in runs.values() for run in shape.values()}
    ratios, plans = read_ratios(build, mains), plans_of(version)
    yield f"nvcc {version}. **Model, not measured.**"
    yield ""
    yield "### What a task takes"
    yield ""
    yield from work_table(runs, merged)
    for gpu in model.GPUS:
        yield ""
        yield f"### {gpu.name}: cycles of a multiprocessor for a task, and the prediction (model, not measured)"
        yield ""
        yield from prediction_table(gpu, runs, ratios, plans)
        yield ""
        for kernel, r in sorted(ratios[gpu.machine].items()):
            others = ", ".join(f"{r[base]:.2f}" for base in WEIGHTS if base != 8)
            yield (f"The rest of `{kernel}`'s PTX shrinks to {r[8]:.2f} in {gpu.machine} code (loops weighing 1, 4, 16: "
                   f"{others}).")
    yield ""
    yield (f"### {model.GPUS[0].name}: executed machine code of a task, the share that its counts allow, and the simulated share (model, "
           "not measured)")
    yield ""
    yield from executed_table(version)
    yield ""
    yield "### Launches and their occupancy (toolkit's calculator, figures of evidence.json)"
    yield ""
    yield from plan_table(plans)
    for shape in model.SHAPES:
        yield ""
        yield f"### Source lines of {shape.name}: shares of what its main kernel executes (PTX, innermost inlined line)"
        yield ""
        yield from line_table(runs[shape.name][max(runs[shape.name])])


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--runner")
    parser.add_argument("--profile", type=pathlib.Path, nargs="+")
    parser.add_argument("--profiles", type=pathlib.Path, default=compiled_kernels.ROOT / "build/profiles")
    parser.add_argument("--build", type=pathlib.Path)
    parser.add_argument("--stdout", action="store_true", help="print the part instead of writing it into the page")
    arguments = parser.parse_args()
    if bool(arguments.runner) == bool(arguments.profile):
        parser.error("either --runner or --profile")
    build = compiled_kernels.configured(arguments.build and arguments.build.resolve())
    files = arguments.profile or run_profiles(arguments.runner, build, arguments.profiles.resolve())
    text = "\n".join(page(build, *read_profiles(files)))
    if arguments.stdout:
        print(text)
        return
    before, _, rest = PAGE.read_text().partition(BEGIN)
    _, end, after = rest.partition(END)
    if not end:
        sys.exit(f"{PAGE} lacks the lines {BEGIN} and {END}")
    PAGE.write_text(f"{before}{BEGIN}\n{text}\n{END}{after}")
    print(f"wrote {PAGE.relative_to(compiled_kernels.ROOT)}")


if __name__ == "__main__":
    main()
