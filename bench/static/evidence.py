#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Static evidence about the kernels, without a device: properties of the compiled code, recorded and compared.

usage: evidence.py check|record|show [--build DIR]

For every kernel and machine (sm_80, sm_90, sm_100): registers, spills, stack, static shared memory, instructions by class; for every
benchmark shape: the launch that the backend plans and its occupancy; for every launch that is described (executed_kernels.py): what a task
executes, and the share of an H100's peak that follows. bench/static/evidence.json has them for each version of nvcc. `check`
fails on every difference, in either direction, on every breach of the numerical contract (contract_rules.py) and of the limits on the
number of kernels and on the compiler's time; `record` rewrites the figures of this nvcc (still refusing breaches); `show` prints a table.
A breach that cannot be avoided needs an entry in the file's `reasons`: {"kernel": ..., "rule": ..., "reason": ...}; an entry that no
breach needs is a finding too.
--build: a build folder configured with SHOAL_CUDA=ON; without it build/static is made.
"""
import argparse
import collections
import fnmatch
import json
import pathlib
import subprocess
import sys

import compiled_kernels
import contract_rules
import executed_kernels
import listings

FILE = pathlib.Path(__file__).resolve().parent / "evidence.json"
MOST_KERNELS, MOST_CPU_MINUTES = 120, 15.0
TASK_KERNEL = "task_kernel"
PURPOSES = ("meta_gradient", "adapt", "evaluate", "predict")  # operations of the task kernel


def source_lines():
    folder = compiled_kernels.ROOT / "kernels"
    return {f"{file.relative_to(folder)}:{number}": line for file in sorted(folder.rglob("*.*"))
            for number, line in enumerate(file.read_text().split("\n"), 1)}


def gather(build, architectures):
    """({machine: {kernel: figures}}, breaches, CPU minutes, [Compiled]), flags' breaches included."""
    every, minutes = compiled_kernels.compiled(build, architectures)
    lines, figures, breaches = source_lines(), collections.defaultdict(dict), []
    for source, command in compiled_kernels.commands(build).items():
        breaches += contract_rules.check_flags(compiled_kernels.flags_of(command), pathlib.Path(source).name)
    for one in every:
        text = one.ptx.read_text()
        sass, ptx, calls = listings.read_sass(one.sass.read_text()), listings.read_ptx(text), listings.read_calls(text)
        for kernel, found in listings.read_figures(one.log.read_text()).items():
            if kernel not in sass or kernel not in ptx:
                sys.exit(f"{one.source.name}: {kernel} has no listing for {one.architecture}")
            if kernel in figures[one.architecture]:
                sys.exit(f"two kernels are called {kernel}: the figures would hide one of them")
            code = sass[kernel][0]
            breaches += [b._replace(detail=f"{one.architecture}: {b.detail}") for b in
                         contract_rules.check_kernel(kernel, listings.with_called(ptx, calls, kernel), code, found, lines)]
            figures[one.architecture][kernel] = {**found, "instructions": len(code), "mix": listings.mix_of(code)}
    return dict(figures), breaches, minutes, every


def plans(build, figures):
    """{machine: {"kernel shape": launch and occupancy}}; for every purpose of the task kernel."""
    questions, result = [], {machine: {} for machine in figures}
    for machine, kernels in figures.items():
        found = kernels[TASK_KERNEL]
        questions += [f"{machine} {purpose} {found['registers']} {found['shared']}" for purpose in PURPOSES]
    answers = subprocess.run([compiled_kernels.built(build, "plan_occupancy")], input="\n".join(questions) + "\n",
                             capture_output=True, text=True, check=True).stdout
    for line in answers.splitlines():
        machine, purpose, shape, threads, shared, blocks, limits, workspace, regime = line.split(" ", 8)
        if int(blocks) < 1:
            sys.exit(f"{machine}: {purpose} cannot run on shape {shape}: {threads} threads, {shared} bytes of shared memory")
        result[machine][f"{purpose} {shape}"] = {
            "regime": regime, "threads": int(threads), "shared": int(shared), "blocks": int(blocks),
            "warps": int(blocks) * int(threads) // 32, "limited_by": limits, "workspace": int(workspace)}
    return result


def executed(build, every):
    """{machine: {"kernel shape": what a task executes}}, where that machine is compiled."""
    if not any(one.architecture == executed_kernels.MACHINE for one in every):
        return {}
    try:
        return {executed_kernels.MACHINE: executed_kernels.figures(build, every)}
    except (ValueError, NotImplementedError) as error:
        sys.exit(f"executed machine code: {error}")


def unexplained(breaches, reasons):
    """Findings: breaches without a reason, and reasons without a breach."""
    used, findings = set(), []
    for breach in breaches:
        fitting = [n for n, r in enumerate(reasons)
                   if r["rule"] == breach.rule and fnmatch.fnmatchcase(breach.kernel, r["kernel"])]
        used.update(fitting)
        if not fitting:
            findings.append(f"{breach.kernel}: {breach.rule}: {breach.detail}")
    findings += [f"reason for {r['kernel']}, {r['rule']}: nothing needs it any more"
                 for n, r in enumerate(reasons) if n not in used]
    return [f"{line} ({count} times)" if count > 1 else line for line, count in collections.Counter(findings).items()]


def leaves(tree, path=()):
    if isinstance(tree, dict):
        for key, value in tree.items():
            yield from leaves(value, path + (key,))
    else:
        yield path, tree


def differences(recorded, found):
    """One line per figure that differs from the recorded one, in either direction."""
    old, new = dict(leaves(recorded)), dict(leaves(found))
    for path in sorted(set(old) | set(new)):
        if old.get(path) != new.get(path):
            yield f"{', '.join(path)}: {old.get(path, 'not recorded')} -> {new.get(path, 'gone')}"


def written(tree, indent=0):
    """JSON with one line for every object that consists of values and small objects only."""
    if not isinstance(tree, (dict, list)) or len(text := json.dumps(tree)) < 500 and indent > 2 or not tree:
        return json.dumps(tree)
    inner, outer = "\n" + " " * (indent + 1), "\n" + " " * indent
    if isinstance(tree, list):
        return "[" + inner + ("," + inner).join(written(v, indent + 1) for v in tree) + outer + "]"
    members = (f"{json.dumps(key)}: {written(value, indent + 1)}" for key, value in tree.items())
    return "{" + inner + ("," + inner).join(members) + outer + "}"


def show(figures, launches, executed_code):
    print(f"{'machine':7} {'kernel':34} {'regs':>4} {'spill':>5} {'stack':>5} {'shared':>6} {'instr':>6}  mix, per cent")
    for machine, kernels in figures.items():
        for name, f in kernels.items():
            mix = ", ".join(f"{c} {100 * n / f['instructions']:.0f}" for c, n in
                            sorted(f["mix"].items(), key=lambda item: -item[1]) if 100 * n >= f["instructions"])
            print(f"{machine:7} {name:34} {f['registers']:4} {f['spill_stores'] + f['spill_loads']:5} {f['stack']:5} "
                  f"{f['shared']:6} {f['instructions']:6}  {mix}")
    print(f"\n{'machine':7} {'launch':26} {'threads':>7} {'shared':>7} {'blocks':>6} {'warps':>5}  limited by, regime")
    for machine, rows in launches.items():
        for name, p in rows.items():
            print(f"{machine:7} {name:26} {p['threads']:7} {p['shared']:7} {p['blocks']:6} {p['warps']:5}  "
                  f"{p['limited_by']}, {p['regime']}")
    print(f"\n{'launch':26} {'instr':>9} {'ffma':>5} {'waves':>7} {'merged':>7} {'sectors':>7} {'limit':>7} {'counted':>7} {'quarters':>8} "
          f"{'simulated':>9} {'fetched':>7}")
    for rows in executed_code.values():
        for name, f in rows.items():
            print(f"{name:26} {f['instructions']:9} {f['ffma'] / f['instructions']:5.0%} {f['wavefronts']:7} {f['merged_wavefronts']:7} "
                  f"{f['sectors']:7} {f['limit']:>7} {f['counted_share']:7.1%} {f['counted_share_in_quarters']:8.1%} "
                  f"{f['simulated_share']:9.1%} {f['fetched_share']:7.1%}")


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("action", choices=("check", "record", "show"))
    parser.add_argument("--build", type=pathlib.Path)
    parser.add_argument("--architectures", nargs="+", metavar="sm_NN", choices=compiled_kernels.ARCHITECTURES,
                        default=compiled_kernels.ARCHITECTURES, help="check or show these alone (default: all of them)")
    arguments = parser.parse_args()
    if arguments.action == "record" and set(arguments.architectures) != set(compiled_kernels.ARCHITECTURES):
        parser.error("record takes all architectures: the figures of one compiler stand together")
    build = compiled_kernels.configured(arguments.build and arguments.build.resolve())
    version = compiled_kernels.nvcc_version()
    kept = json.loads(FILE.read_text()) if FILE.exists() else {"reasons": [], "nvcc": {}}
    figures, breaches, minutes, every = gather(build, arguments.architectures)
    found = {"kernels": figures, "plans": plans(build, figures), "executed": executed(build, every)}
    kernels = max(len(k) for k in figures.values())
    print(f"nvcc {version}: {kernels} kernels (at most {MOST_KERNELS}), {' '.join(arguments.architectures)} compiled in {minutes:.1f} "
          f"CPU minutes (at most {MOST_CPU_MINUTES:.0f})")
    findings = unexplained(breaches, kept["reasons"])
    if kernels > MOST_KERNELS:
        findings.append(f"{kernels} kernels are more than {MOST_KERNELS}")
    if minutes > MOST_CPU_MINUTES:
        findings.append(f"{minutes:.1f} CPU minutes of nvcc are more than {MOST_CPU_MINUTES:.0f}")
    if arguments.action == "show":
        show(figures, found["plans"], found["executed"])
    if arguments.action == "record" and not findings:
        kept["nvcc"][version] = found
        FILE.write_text(written(kept) + "\n")
        print(f"recorded in {FILE.relative_to(compiled_kernels.ROOT)}")
    if arguments.action == "check":
        if version not in kept["nvcc"]:
            known = ", ".join(sorted(kept["nvcc"])) or "none"
            findings.append(f"no figures are recorded for nvcc {version} (recorded: {known}): nothing was compared; look at "
                            "`evidence.py show`, then `evidence.py record`")
        else:
            recorded = {part: {machine: figures for machine, figures in by_machine.items() if machine in arguments.architectures}
                        for part, by_machine in kept["nvcc"][version].items()}
            findings += differences(recorded, found)
    for finding in findings[:100]:
        print("FINDING " + finding)
    if len(findings) > 100:
        print(f"... and {len(findings) - 100} more")
    if findings and arguments.action != "show":
        sys.exit(f"{len(findings)} findings. Where the new figures are meant: bench/static/evidence.py record")


if __name__ == "__main__":
    main()
