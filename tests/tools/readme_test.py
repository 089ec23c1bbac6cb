#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""C++ in the README must be a piece of examples/library/sinusoid.cpp, and every file it names must exist.

usage: readme_test.py ROOT
"""
import pathlib
import re
import sys

root = pathlib.Path(sys.argv[1])
readme = (root / "README.md").read_text(encoding="utf-8")
strip = lambda text: re.sub(r"\s+", " ", text).strip()
example = strip((root / "examples/library/sinusoid.cpp").read_text(encoding="utf-8"))
snippets = re.findall(r"```cpp\n(.*?)```", readme, re.S)
assert snippets, "the README shows no C++"
for snippet in snippets:
    assert strip(snippet) in example, f"not in the example:\n{snippet}"
links = re.findall(r"\]\(([^)#:]+)\)", readme)
assert len(links) > 5
for link in links:
    assert (root / link).exists(), f"the README links {link}, which is not there"
print(f"{len(snippets)} snippets, {len(links)} links")
