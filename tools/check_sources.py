#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks what a compiler does not: which folders include which, circles, the licence line, #pragma once, the length of files and
functions, that every file of the library has a test, the format, that every path, file name and link in a comment or page exists
(named_paths.py), that no page has two titles or explains a name twice (page_structure.py), and that no retired name is used
(retired_identifiers.txt).

usage: check_sources.py ROOT [--clang-format PROGRAM]

The rule of dependencies (docs/architecture.md): a folder may include itself and what ALLOWED names; nothing else.
"""
import argparse
import pathlib
import re
import subprocess
import sys

import function_lengths
import include_circles
import named_paths
import page_structure
import retired_identifiers
import test_map

PUBLIC = "include"
ALLOWED = {  # folder -> folders or single headers it may include, beside itself and the standard library
    "include": set(),
    "kernels": {"shoal/kinds.hpp"},
    "src/core": {PUBLIC, "kernels"},
    "src/reference": {PUBLIC, "src/core"},
    "src/cpu": {PUBLIC, "src/core", "kernels"},
    "src/cuda": {PUBLIC, "src/core", "kernels"},
    "src/data": {PUBLIC, "src/core", "kernels"},
    "src/io": {PUBLIC, "src/core"},
    "src/finance": {PUBLIC, "src/core"},
    "src/risk": {PUBLIC, "src/core"},
    "src/config": {PUBLIC},
    "src/baselines": {PUBLIC},
    "src/run": {PUBLIC, "src/core", "src/config", "src/baselines"},
    "src/backtest": {PUBLIC, "src/core", "src/run"},
    "src/report": {PUBLIC, "src/core", "src/config", "src/data", "src/run"},
    "src/cli": {PUBLIC},
    "src/capi": {PUBLIC},
    "python": {PUBLIC},
    "bench": {PUBLIC, "kernels/device/four_lanes.cuh", "kernels/fixed/products.cuh"},
    "examples": {PUBLIC},
}
THIRD_PARTY = {  # header prefix -> folders that may use it, in .cpp files only (but the program and the Python module may anywhere)
    "nlohmann/": {"src/io", "src/data", "src/run", "src/backtest", "src/report", "src/cli"},
    "date/": {"src/data"},
    "toml++/": {"src/config"},
    "CLI/": {"src/cli"},
    "nanobind/": {"python"},
}
SOURCES = {".hpp", ".cpp", ".cuh", ".cu"}
SEARCHED = ["include", "kernels", "src", "python", "bench", "tests", "examples"]
LONGEST = 461  # lines of a file
DATA = {".csv", ".json", ".npy", ".safetensors", ".svg"}  # files of data may have any length
LONGEST_FUNCTION = 80  # lines, without tables


def folder_of(path):
    parts = path.parts
    return "/".join(parts[:2]) if parts[0] == "src" and len(parts) > 2 else parts[0]


def owner_of(include):
    """The folder that an included path belongs to; None for the standard library."""
    first = include.split("/")[0]
    if include.startswith("shoal/"):
        return PUBLIC
    if first == "kernels":
        return "kernels"
    if "/" in include and f"src/{first}" in ALLOWED:
        return f"src/{first}"
    return None


def check_includes(path, text):
    folder = folder_of(path)
    if folder == "tests" or str(path) == "src/backends.cpp":
        return  # tests may include everything; so may the table of backends
    for number, line in enumerate(text.splitlines(), 1):
        match = re.match(r'\s*#\s*include\s*[<"]([^>"]+)[>"]', line)
        if not match:
            continue
        include = match.group(1)
        for prefix, users in THIRD_PARTY.items():
            if include.startswith(prefix):
                if folder not in users or (path.suffix == ".hpp" and folder not in ("src/cli", "python")):
                    yield f"{path}:{number}: {folder} must not include {include} here"
        owner = owner_of(include)
        if owner and owner != folder and not {owner, include} & ALLOWED.get(folder, set()):
            yield f"{path}:{number}: {folder} must not include {owner} ({include})"


def check_text(path, text):
    lines = text.splitlines()
    mark = "SPDX-License-Identifier: Apache-2.0"
    if not any(mark in line for line in lines[:2]):
        yield f"{path}:1: the first line must be the licence: {mark}"
    if path.suffix in (".hpp", ".cuh") and "#pragma once" not in text:
        yield f"{path}:1: a header needs #pragma once"
    if re.search(r"\bTO" + r"DO\b", text):
        yield f"{path}: an open end (to-do) in the sources"


def check_lengths(root):
    """Checks the lengths of every text of the project: sources, scripts, pages."""
    for name in SEARCHED + ["cmake", "docs", "scripts", "tools", "."]:
        for file in sorted((root / name).rglob("*") if name != "." else root.glob("*")):
            if not file.is_file() or file.suffix in DATA or "__pycache__" in file.parts:
                continue
            path = file.relative_to(root)
            try:
                text = file.read_text(encoding="utf-8")
            except UnicodeDecodeError:
                continue
            lines = text.count("\n")
            if lines > LONGEST:
                yield f"{path}: {lines} lines, more than {LONGEST}: is it one concept?"
            if path.suffix not in SOURCES | {".c", ".py"} and not text.startswith("#!/usr/bin/env python3"):
                continue
            longer = function_lengths.too_long(path, text, LONGEST_FUNCTION)
            for count, first, signature in longer:
                yield f"{path}:{first}: a function of {count} lines, more than {LONGEST_FUNCTION}: {signature[:60]}"


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("root", type=pathlib.Path)
    parser.add_argument("--clang-format", default="")
    arguments = parser.parse_args()
    root = arguments.root.resolve()
    files = sorted(p for name in SEARCHED for p in (root / name).rglob("*") if p.suffix in SOURCES)
    if not files:
        sys.exit(f"{root}: no sources found")
    findings = []
    for file in files:
        path, text = file.relative_to(root), file.read_text(encoding="utf-8")
        findings += check_includes(path, text)
        findings += check_text(path, text)
    findings += check_lengths(root)
    findings += test_map.check(root)
    findings += include_circles.check(root)
    findings += named_paths.check_paths(root)
    findings += page_structure.check_pages(root)
    findings += retired_identifiers.check_retired(root)
    if arguments.clang_format:
        run = subprocess.run([arguments.clang_format, "--dry-run", "-Werror", *map(str, files)], capture_output=True, text=True)
        findings += [line.replace(f"{root}/", "") for line in run.stderr.splitlines() if "error:" in line]
        if run.returncode != 0 and not findings:
            findings.append(f"{arguments.clang_format} failed: {run.stderr.strip()}")
    print("\n".join(findings[:200]))
    print(f"{len(files)} files, {len(findings)} findings")
    sys.exit(1 if findings else 0)


main()
