#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Circles: headers of the project that include each other, directly or through others.

usage: include_circles.py ROOT
"""
import pathlib
import re
import sys

SOURCES = {".hpp", ".cpp", ".cuh", ".cu"}
PLACES = ["", "include", "src", "tests"]  # the folders that a path in an #include is relative to, beside the file's own


def includes_of(root, file):
    for name in re.findall(r'^\s*#\s*include\s*[<"]([^>"]+)[>"]', file.read_text(encoding="utf-8"), re.M):
        for place in [file.parent, *(root / place for place in PLACES)]:
            if (place / name).is_file():
                yield (place / name).resolve()
                break


def check(root):
    """One line for every circle, with the files along it."""
    files = [file.resolve() for folder in ("include", "kernels", "src", "bench", "tests", "examples")
             for file in sorted((root / folder).rglob("*")) if file.suffix in SOURCES]
    graph = {file: list(includes_of(root, file)) for file in files}
    done, findings = set(), []

    def visit(file, path):
        if file in path:
            names = [str(each.relative_to(root.resolve())) for each in [*path[path.index(file):], file]]
            findings.append(f"{names[0]}: a circle: {' -> '.join(names)}")
        elif file not in done:
            for other in graph.get(file, []):
                visit(other, [*path, file])
            done.add(file)

    for file in files:
        visit(file, [])
    return findings


if __name__ == "__main__":
    print("\n".join(check(pathlib.Path(sys.argv[1]))))
