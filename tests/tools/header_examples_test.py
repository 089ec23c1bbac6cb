#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Checks that every public header has an example at its head, between `// Example:` and `#pragma once`, and that the examples compile in a
program that has a `learner`, `tasks` and a `source`.

usage: header_examples_test.py ROOT COMPILER
"""
import pathlib
import re
import subprocess
import sys


def example_of(text):
    head = text.split("#pragma once")[0]
    lines = head.split("// Example:\n", 1)[1].splitlines() if "// Example:\n" in head else []
    return [line[len("//   "):] for line in lines if line.startswith("//   ")]


def piece_of(header, example, number):
    """The example as code: definitions unchanged, statements inside a function."""
    code = [line for line in example if not line.startswith("#include")]
    if not re.match(r"(void|int|class|struct|template)\b", code[0]):
        code = ["void example([[maybe_unused]] shoal::MetaLearner& learner, [[maybe_unused]] const shoal::TaskBatch& tasks,",
                "             [[maybe_unused]] const shoal::TaskSource& source) {", "{", *code, "}", "}"]
    return [f"namespace example_{number} {{", f'#line 1 "{header.name}, example"', *code, "}"]


def main():
    root, compiler = pathlib.Path(sys.argv[1]), sys.argv[2]
    missing, includes, pieces = set(), {"#include <cstdio>", "#include <shoal/shoal.hpp>"}, []
    for header in sorted((root / "include/shoal").glob("*.hpp")):
        example = example_of(header.read_text(encoding="utf-8"))
        if not example:
            missing.add(header.name)
            continue
        includes |= {line for line in example if line.startswith("#include")}
        pieces += piece_of(header, example, len(pieces))
    assert not missing, f"headers without an example at their head: {sorted(missing)}"
    run = subprocess.run([compiler, "-std=c++20", "-fsyntax-only", f"-I{root / 'include'}", "-x", "c++", "-"],
                         input="\n".join([*sorted(includes), *pieces, ""]), capture_output=True, text=True)
    assert run.returncode == 0, run.stderr
    print("the examples of the headers are right")


main()
