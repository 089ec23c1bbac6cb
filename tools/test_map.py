#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Finds the tests of the files of the library. tests/ mirrors src/ and kernels/ (the tests of kernels lie in tests/kernels and
tests/cuda), and a file has a test that

  bears its name, or its first words: tests/data/time_test.cpp is that of src/data/time_format.cpp, too;
  includes its header;
  says so in its opening comment: "Covers row_reader, level_*, layered/tile." (names of the mirrored folder, without ending, with or
  without the folders inside it; * stands for anything), or "Covers data/row_reader." from elsewhere.

A header without a .cpp or .cu of its own has the tests of the files that include it.

usage: test_map.py ROOT [FILE...]    prints the tests of these files, or of all
"""
import fnmatch
import pathlib
import re
import sys

PROGRAMS = {"src/cli"}  # tested as programs, by their output
SOURCES = {".hpp", ".cpp", ".cuh", ".cu"}
COMPILED = {".cpp", ".cu"}


def mirrored(path):
    """The folder of tests that a file of the library belongs to, and that of a test."""
    return "tests/" + (path.parts[1] if path.parts[0] == "src" else path.parts[0])


class Unit:
    """The files with one name in one folder: a header, its source, or both."""

    def __init__(self, path):
        self.name, self.folder = path.stem, mirrored(path)
        self.names = {path.stem, "/".join([*path.parent.parts[self.folder.count("/") + (path.parts[0] == "src"):], path.stem])}
        self.files, self.tests, self.used_by = [], set(), set()


def library_units(root):
    units = {}
    for folder in ("src", "kernels"):
        for file in sorted((root / folder).rglob("*")):
            path = file.relative_to(root)
            if path.suffix not in SOURCES or (folder == "src" and (len(path.parts) < 3 or "/".join(path.parts[:2]) in PROGRAMS)):
                continue
            unit = units.setdefault((path.parent, path.stem), Unit(path))
            unit.files.append(path)
    return list(units.values())


def included_by(text):
    return re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', text, re.M)


def covered_by(text):
    """The names that the opening comment of a test says it covers."""
    head = re.sub(r"\n\s*(//|#)?\s*", " ", text.split("#include")[0][:2000])
    return re.findall(r"[\w*/]+", " ".join(re.findall(r"\bCovers ([\w*/, ]+)\.", head)))


def mapped(root):
    """The units of the library with their tests, and findings about tests that name files that do not exist."""
    units, findings = library_units(root), []
    by_header = {}
    for unit in units:
        for path in unit.files:
            by_header["/".join(path.parts[1:] if path.parts[0] == "src" else path.parts)] = unit
    for test in sorted((root / "tests").rglob("*")):
        if test.suffix not in SOURCES | {".py"}:
            continue
        path, text = test.relative_to(root), test.read_text(encoding="utf-8")
        folders = {"/".join(path.parts[:2])} | ({"tests/kernels"} if path.parts[1] == "cuda" else set())
        here = [unit for unit in units if unit.folder in folders]
        if path.stem.endswith("_test"):
            first_words = path.stem[: -len("test")]
            for unit in here:
                if f"{unit.name}_".startswith(first_words):
                    unit.tests.add(str(path))
        for header in included_by(text):
            if header in by_header:
                by_header[header].tests.add(str(path))
        for pattern in covered_by(text):
            folder, _, name = pattern.partition("/")
            meant = [unit for unit in here if fnmatch.filter(unit.names, pattern)]
            meant = meant or [unit for unit in units if unit.folder == f"tests/{folder}" and fnmatch.filter(unit.names, name)]
            if not meant:
                findings.append(f"{path}: covers {pattern}, which is no file of the folder that it mirrors")
            for unit in meant:
                unit.tests.add(str(path))
    for unit in units:
        for file in unit.files:
            for header in included_by((root / file).read_text(encoding="utf-8")):
                if header in by_header and by_header[header] is not unit:
                    by_header[header].used_by.add(unit)
    changes = True
    while changes:
        changes = False
        for unit in units:
            if any(path.suffix in COMPILED for path in unit.files):
                continue
            tests = set().union(unit.tests, *(user.tests for user in unit.used_by))
            changes = changes or tests != unit.tests
            unit.tests = tests
    return units, findings


def check(root):
    units, findings = mapped(root)
    for unit in units:
        if not unit.tests:
            findings.append(f"{unit.files[-1]}: no test in {unit.folder} bears its name, includes it or says that it covers {unit.name}")
    return findings


if __name__ == "__main__":
    top = pathlib.Path(sys.argv[1]).resolve()
    for each in mapped(top)[0]:
        for file in each.files:
            if not sys.argv[2:] or str(file) in sys.argv[2:]:
                print(f"{file}: {', '.join(sorted(each.tests)) or 'none'}")
