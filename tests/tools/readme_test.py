#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""C++ code on a page for users must be part of a program in examples/, which the build compiles.

usage: readme_test.py ROOT
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
strip = lambda text: re.sub(r"\s+", " ", text).strip()
programs = [strip(file.read_text(encoding="utf-8")) for file in sorted(root.glob("examples/*/*.cpp"))]
found = 0
for page in (root / "README.md", *sorted(root.glob("docs/*.md"))):
    for snippet in re.findall(r"```cpp\n(.*?)```", page.read_text(encoding="utf-8"), re.S):
        assert any(strip(snippet) in program for program in programs), f"{page.name} has C++ that is in no example:\n{snippet}"
        found += 1
assert found >= 3, f"only {found} pieces of C++ were found on the pages"
print(f"{found} pieces of C++, each in one of {len(programs)} programs")
